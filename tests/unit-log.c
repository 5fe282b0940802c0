/* SPDX-License-Identifier: GPL-3.0-or-later */
/* system: lines of a log. Standard error is a pipe or a file here. */
#include "system/log.h"

#include "base/errors.h"

#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/tchat-unit-log-XXXXXX";
static char path[64], moved[64];
static char text[4 * LOG_LINE];

/* What a file has. */
static const char *contents(const char *name)
{
	FILE *file = fopen(name, "re");
	size_t length = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
	text[length] = '\0';
	if (file != NULL)
		fclose(file);
	return text;
}

/* What two lines of a log with its sink on standard error become. */
static const char *on_standard_error(enum log_kind kind)
{
	struct log *log;
	int kept = dup(STDERR_FILENO), fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(kept >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	assert_int_equal(log_open(&log, kind, NULL, LOG_LEVEL_INFO), 0);
	log_write(log, LOG_LEVEL_INFO, "one");
	log_write(log, LOG_LEVEL_ERROR, "two");
	log_write(log, LOG_LEVEL_DEBUG, "three");
	log_close(log);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(fd);
	return contents(path);
}

static void each_kind_has_its_form(void **state)
{
	assert_string_equal(on_standard_error(LOG_KIND_STDERR), "tchat: one\ntchat: two\n");
	assert_string_equal(on_standard_error(LOG_KIND_JOURNAL), "<6>one\n<3>two\n");
	assert_string_equal(on_standard_error(LOG_KIND_NONE), "");
}

static void a_file_is_ones_own_and_begins_with_time_and_level(void **state)
{
	struct stat status;
	struct log *log;
	unlink(path);
	assert_int_equal(log_open(&log, LOG_KIND_FILE, path, LOG_LEVEL_WARNING), 0);
	log_write(log, LOG_LEVEL_WARNING, "careful");
	log_write(log, LOG_LEVEL_INFO, "not this");
	log_set_level(log, LOG_LEVEL_DEBUG);
	log_write(log, LOG_LEVEL_DEBUG, "but this");
	log_close(log);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	contents(path);
	assert_int_equal(strspn(text, "0123456789-:TZ"), 20);
	assert_int_equal(strncmp(text + 20, " warning careful\n", 17), 0);
	assert_non_null(strstr(text, "Z debug but this\n"));
	assert_null(strstr(text, "not this"));
}

static void an_event_is_a_line_whatever_it_holds(void **state)
{
	static char huge[3 * LOG_LINE];
	struct log *log;
	unlink(path);
	assert_int_equal(log_open(&log, LOG_KIND_FILE, path, LOG_LEVEL_INFO), 0);
	log_write(log, LOG_LEVEL_INFO, "ann\n<0>forged \x1b[2J\r\xff end");
	contents(path);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_null(strpbrk(text, "\x1b\r"));
	assert_non_null(strstr(text, "forged"));
	for (size_t i = 0; i + 2 < sizeof huge; i += 2)
		memcpy(huge + i, "\xc3\xa4", 3);
	log_write(log, LOG_LEVEL_INFO, huge);
	contents(path);
	const char *second = strchr(text, '\n') + 1;
	assert_ptr_equal(strchr(second, '\n'), text + strlen(text) - 1);
	assert_true(strlen(second) <= LOG_LINE);
	assert_true(strlen(second) > LOG_LINE - 8);
	assert_int_equal((unsigned char)text[strlen(text) - 2], 0xa4); /* no character is cut */
	log_close(log);
}

static void a_file_moved_away_is_made_again(void **state)
{
	struct log *log;
	unlink(path);
	assert_int_equal(log_open(&log, LOG_KIND_FILE, path, LOG_LEVEL_INFO), 0);
	assert_int_equal(rename(path, moved), 0);
	log_write(log, LOG_LEVEL_INFO, "old");
	assert_int_equal(log_reopen(log), 0);
	log_write(log, LOG_LEVEL_INFO, "new");
	assert_non_null(strstr(contents(moved), " old\n"));
	assert_null(strstr(contents(moved), " new\n"));
	assert_non_null(strstr(contents(path), " new\n"));
	/* What cannot be opened leaves the old one in use. */
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(log_reopen(log), TCHAT_ERR_SYSTEM);
	assert_int_equal(rmdir(path), 0);
	log_write(log, LOG_LEVEL_INFO, "lost with the file");
	assert_int_equal(log_take_lost(log), 0);
	log_close(log);
	struct log *none;
	assert_int_equal(log_open(&none, LOG_KIND_FILE, "/nonexistent/log", LOG_LEVEL_INFO), TCHAT_ERR_SYSTEM);
}

static void who_does_not_read_the_log_stops_nobody(void **state)
{
	char bytes[65536];
	struct log *log;
	int ends[2], kept = dup(STDERR_FILENO);
	assert_int_equal(pipe(ends), 0);
	memset(bytes, 'x', sizeof bytes);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], bytes, sizeof bytes) > 0)
		continue;
	while (write(ends[1], bytes, 1) > 0)
		continue;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	dup2(ends[1], STDERR_FILENO);
	assert_int_equal(log_open(&log, LOG_KIND_STDERR, NULL, LOG_LEVEL_INFO), 0);
	bool was_ready = log_is_ready(log);
	log_write(log, LOG_LEVEL_INFO, "one");
	log_write(log, LOG_LEVEL_INFO, "two");
	while (!log_is_ready(log))
		assert_true(read(ends[0], bytes, sizeof bytes) > 0);
	unsigned long lost = log_take_lost(log), again = log_take_lost(log);
	log_write(log, LOG_LEVEL_INFO, "three");
	log_close(log);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(ends[0]);
	close(ends[1]);
	assert_false(was_ready);
	assert_int_equal(lost, 2);
	assert_int_equal(again, 0);
}

static void the_journal_is_known_by_its_stream(void **state)
{
	struct stat status;
	char stream[64];
	unsetenv("JOURNAL_STREAM");
	assert_false(log_is_journal());
	assert_int_equal(fstat(STDERR_FILENO, &status), 0);
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	assert_true(log_is_journal());
	setenv("JOURNAL_STREAM", "1:1", 1);
	assert_false(log_is_journal());
	setenv("JOURNAL_STREAM", "nonsense", 1);
	assert_false(log_is_journal());
}

static void no_log_at_all_is_fine(void **state)
{
	log_write(NULL, LOG_LEVEL_ERROR, "nowhere");
	log_set_level(NULL, LOG_LEVEL_DEBUG);
	assert_int_equal(log_reopen(NULL), 0);
	assert_int_equal(log_take_lost(NULL), 0);
	log_close(NULL);
}

static int make_folder(void **state)
{
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/log", folder);
	snprintf(moved, sizeof moved, "%s/log.1", folder);
	return 0;
}

static int remove_folder(void **state)
{
	unlink(path);
	unlink(moved);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_form),
		cmocka_unit_test(a_file_is_ones_own_and_begins_with_time_and_level),
		cmocka_unit_test(an_event_is_a_line_whatever_it_holds),
		cmocka_unit_test(a_file_moved_away_is_made_again),
		cmocka_unit_test(who_does_not_read_the_log_stops_nobody),
		cmocka_unit_test(the_journal_is_known_by_its_stream),
		cmocka_unit_test(no_log_at_all_is_fine),
	};
	setlocale(LC_ALL, "");
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
