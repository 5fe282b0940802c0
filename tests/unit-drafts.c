/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drafts on the disk. */
#include "app/drafts.h"

#include "base/errors.h"
#include "one-file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

static void put(const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void drafts_come_back_for_their_room_and_host(void **state)
{
	size_t cursor;
	unlink(path);
	struct drafts *drafts = drafts_open(path);
	assert_null(drafts_get(drafts, "a:1", "#lobby", &cursor));
	assert_int_equal(drafts_set(drafts, "a:1", "#lobby", "two\nlines \xC3\xA9", 3), 0);
	assert_int_equal(drafts_set(drafts, "b:1", "#lobby", "other", 5), 0);
	assert_int_equal(drafts_save(drafts, true), 0);
	drafts_free(drafts);
	struct stat about;
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	drafts = drafts_open(path);
	assert_string_equal(drafts_get(drafts, "a:1", "#lobby", &cursor), "two\nlines \xC3\xA9");
	assert_int_equal(cursor, 3);
	assert_null(drafts_get(drafts, "a:1", "@lobby", &cursor));
	assert_int_equal(drafts_set(drafts, "a:1", "#lobby", NULL, 0), 0);
	assert_int_equal(drafts_save(drafts, true), 0);
	drafts_free(drafts);
	drafts = drafts_open(path);
	assert_null(drafts_get(drafts, "a:1", "#lobby", &cursor));
	assert_string_equal(drafts_get(drafts, "b:1", "#lobby", &cursor), "other");
	drafts_free(drafts);
}

static void a_broken_file_of_drafts_is_an_empty_one(void **state)
{
	static const char *const texts[] = { "", "{", "{}", "[1, null, [], {\"host\": 3, \"room\": \"r\", \"text\": {}}]", "\xff" };
	size_t cursor;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		put(texts[i]);
		struct drafts *drafts = drafts_open(path);
		assert_non_null(drafts);
		assert_null(drafts_get(drafts, "", "r", &cursor));
		assert_null(drafts_get(drafts, "h", "r", &cursor));
		assert_int_equal(drafts_set(drafts, "h", "r", "x", 1), 0);
		assert_int_equal(drafts_save(drafts, true), 0);
		drafts_free(drafts);
		drafts = drafts_open(path);
		assert_string_equal(drafts_get(drafts, "h", "r", &cursor), "x");
		drafts_free(drafts);
	}
}

static void drafts_have_a_limit_and_the_oldest_go(void **state)
{
	char room[32];
	size_t cursor;
	unlink(path);
	struct drafts *drafts = drafts_open(path);
	for (int i = 0; i <= DRAFTS_MAX; i++) {
		snprintf(room, sizeof room, "#%d", i);
		assert_int_equal(drafts_set(drafts, "h", room, "x", 0), 0);
	}
	assert_null(drafts_get(drafts, "h", "#0", &cursor));
	assert_non_null(drafts_get(drafts, "h", "#1", &cursor));
	char *large = calloc(1, DRAFTS_TEXT_MAX + 2);
	memset(large, 'x', DRAFTS_TEXT_MAX + 1);
	assert_int_equal(drafts_set(drafts, "h", "#1", large, 0), TCHAT_ERR_TOO_LONG);
	assert_null(drafts_get(drafts, "h", "#1", &cursor));
	large[DRAFTS_TEXT_MAX] = '\0';
	for (int i = 0; i < 5; i++) {
		snprintf(room, sizeof room, "#large%d", i);
		assert_int_equal(drafts_set(drafts, "h", room, large, 0), 0);
	}
	free(large);
	assert_null(drafts_get(drafts, "h", "#large0", &cursor));
	assert_non_null(drafts_get(drafts, "h", "#large4", &cursor));
	assert_int_equal(drafts_set(drafts, "h", "bad", "\xff", 0), TCHAT_ERR_BAD_TEXT);
	assert_int_equal(drafts_save(drafts, true), 0);
	drafts_free(drafts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(drafts_come_back_for_their_room_and_host, begin),
		cmocka_unit_test_setup(a_broken_file_of_drafts_is_an_empty_one, begin),
		cmocka_unit_test_setup(drafts_have_a_limit_and_the_oldest_go, begin),
	};
	return cmocka_run_group_tests(tests, set_up, clean_up);
}
