/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sinks of the log. */
#include "system/log.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/text.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct log {
	enum log_kind kind;
	enum log_level level;
	int fd;
	unsigned long lost;
	char path[];
};

static const struct {
	const char *name;
	int priority; /* of syslog(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARNING] = { "warning", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

/* JOURNAL_STREAM names the device and inode of what systemd connected. */
bool log_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;
	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &status) == 0 &&
	       status.st_dev == (dev_t)device && status.st_ino == (ino_t)inode;
}

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
}

int log_open(struct log **out, enum log_kind kind, const char *path, enum log_level level)
{
	size_t size = kind == LOG_KIND_FILE ? strlen(path) + 1 : 1;
	struct log *log = calloc(1, sizeof *log + size);
	if (log == NULL)
		return TCHAT_ERR_MEMORY;
	log->kind = kind;
	log->level = level;
	log->fd = kind == LOG_KIND_FILE ? open_file(path) : STDERR_FILENO;
	if (kind == LOG_KIND_FILE)
		memcpy(log->path, path, size);
	if (log->fd < 0) {
		free(log);
		return TCHAT_ERR_SYSTEM;
	}
	*out = log;
	return 0;
}

int log_reopen(struct log *log)
{
	if (log == NULL || log->kind != LOG_KIND_FILE)
		return 0;
	int fd = open_file(log->path);
	if (fd < 0)
		return TCHAT_ERR_SYSTEM;
	close(log->fd);
	log->fd = fd;
	return 0;
}

void log_set_level(struct log *log, enum log_level level)
{
	if (log != NULL)
		log->level = level;
}

bool log_is_ready(const struct log *log)
{
	if (log == NULL || log->kind == LOG_KIND_NONE)
		return false;
	struct pollfd sink = { .fd = log->fd, .events = POLLOUT };
	return poll(&sink, 1, 0) != 0;
}

static int put_front(const struct log *log, enum log_level level, char *line, size_t size)
{
	struct tm parts;
	time_t now = (time_t)(clock_wall() / TCHAT_SECONDS(1));
	switch (log->kind) {
	case LOG_KIND_JOURNAL:
		return snprintf(line, size, "<%d>", levels[level].priority);
	case LOG_KIND_FILE:
		if (gmtime_r(&now, &parts) == NULL)
			memset(&parts, 0, sizeof parts);
		return snprintf(line, size, "%04d-%02d-%02dT%02d:%02d:%02dZ %s ", parts.tm_year + 1900, parts.tm_mon + 1,
		                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, levels[level].name);
	default:
		return snprintf(line, size, "tchat: ");
	}
}

void log_write(struct log *log, enum log_level level, const char *text)
{
	char line[LOG_LINE];
	struct buffer clean;
	if (log == NULL || log->kind == LOG_KIND_NONE || level > log->level)
		return;
	buffer_init(&clean, TEXT_CLEAN_MAX(strlen(text)) + 1);
	if (text_clean(&clean, text, strlen(text), TEXT_LINE) != 0 || buffer_put(&clean, "", 1) != 0 || !log_is_ready(log)) {
		log->lost++;
	} else {
		int front = put_front(log, level, line, sizeof line);
		const char *shown = (const char *)buffer_data(&clean);
		size_t rest = utf8_cut(shown, strlen(shown), sizeof line - (size_t)front - 1);
		memcpy(line + front, shown, rest);
		line[front + (int)rest] = '\n';
		int length = front + (int)rest + 1;
		if (write(log->fd, line, (size_t)length) != length)
			log->lost++;
	}
	buffer_free(&clean);
}

unsigned long log_take_lost(struct log *log)
{
	unsigned long lost = log == NULL ? 0 : log->lost;
	if (log != NULL)
		log->lost = 0;
	return lost;
}

void log_close(struct log *log)
{
	if (log != NULL && log->kind == LOG_KIND_FILE)
		close(log->fd);
	free(log);
}
