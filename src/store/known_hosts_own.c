/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of the hosts that this account runs: <process>.pin in the runtime folder. */
#include "base/base64.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/paths.h"
#include "store/known_hosts.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PIN_TEXT = BASE64URL_LENGTH(ADDRESS_PIN_SIZE),
	FILES_MAXIMUM = 4096, /* looked at */
};

/* The process that the file is of; 0 for other files. */
static pid_t process_of(const char *file)
{
	size_t digits = strspn(file, "0123456789");
	return digits > 0 && digits < 10 && strcmp(file + digits, ".pin") == 0 ? (pid_t)strtol(file, NULL, 10) : 0;
}

/* Calls visit for each file, until it returns true. */
static bool each_file(bool (*visit)(const char *path, pid_t process, const uint8_t *pin), const uint8_t *pin)
{
	char folder[PATHS_MAX], path[2 * PATHS_MAX];
	if (paths_find(PATHS_RUNTIME, folder) != 0)
		return false;
	DIR *files = opendir(folder);
	if (files == NULL)
		return false;
	bool done = false;
	const struct dirent *file;
	for (int i = 0; !done && i < FILES_MAXIMUM && (file = readdir(files)) != NULL; i++) {
		pid_t process = process_of(file->d_name);
		if (process <= 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
		done = visit(path, process, pin);
	}
	closedir(files);
	return done;
}

static bool is_left_over(const char *path, pid_t process, const uint8_t *pin)
{
	if (kill(process, 0) != 0 && errno == ESRCH)
		unlink(path);
	return false;
}

int known_hosts_own_add(const uint8_t pin[ADDRESS_PIN_SIZE])
{
	char path[PATHS_MAX], name[32], text[PIN_TEXT + 2];
	each_file(is_left_over, NULL);
	snprintf(name, sizeof name, "%ld.pin", (long)getpid());
	int err = paths_make(PATHS_RUNTIME, name, path);
	if (err != 0)
		return err;
	base64url_write(pin, ADDRESS_PIN_SIZE, text);
	strcat(text, "\n");
	return file_replace(path, text, strlen(text));
}

void known_hosts_own_remove(void)
{
	char path[PATHS_MAX], name[32];
	snprintf(name, sizeof name, "%ld.pin", (long)getpid());
	if (paths_of(PATHS_RUNTIME, name, path) == 0)
		unlink(path);
}

static bool has_pin(const char *path, pid_t process, const uint8_t *pin)
{
	uint8_t held[ADDRESS_PIN_SIZE];
	struct buffer text;
	buffer_init(&text, PIN_TEXT + 1 + 4096); /* file_read() reads in pieces */
	bool found = file_read(path, PIN_TEXT + 1, &text) == 0 && buffer_length(&text) == PIN_TEXT + 1 &&
	             base64url_read(held, sizeof held, (const char *)buffer_data(&text), PIN_TEXT) &&
	             memcmp(held, pin, sizeof held) == 0;
	buffer_free(&text);
	return found;
}

bool known_hosts_is_own(const uint8_t pin[ADDRESS_PIN_SIZE])
{
	return each_file(has_pin, pin);
}
