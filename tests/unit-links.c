/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where links begin and end. */
#include "ui/links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* All links of a text, each in brackets. */
static const char *links(const char *text)
{
	static char out[4096];
	size_t length = strlen(text), start, end, used = 0;
	/* No byte behind the length is read: the sanitizer sees it. */
	char *exact = test_malloc(length + 1);
	memcpy(exact, text, length);
	out[0] = '\0';
	for (size_t from = 0; links_next(exact, length, from, length, &start, &end); from = end)
		used += (size_t)snprintf(out + used, sizeof out - used, "[%.*s]", (int)(end - start), exact + start);
	test_free(exact);
	return out;
}

static void links_are_found_without_what_is_around_them(void **state)
{
	assert_string_equal(links("see https://example.org/a."), "[https://example.org/a]");
	assert_string_equal(links("http://a, HTTPS://b; (tchat://c:1/#r)!"), "[http://a][HTTPS://b][tchat://c:1/#r]");
	assert_string_equal(links("<https://x.org/?q=1&r=:2>\"http://y\"\nhttps://z"), "[https://x.org/?q=1&r=:2][http://y][https://z]");
	assert_string_equal(links("漢https://no.org (https://例え.jp/漢)"), "[https://例え.jp/漢]");
}

static void what_is_no_link_is_none(void **state)
{
	static const char *const texts[] = { "", ":", "://", "https:", "https:/", "https://", "https:// x", "ftp://x", "xhttps://y",
		                             "9http://y", "javascript:alert(1)", "https//x", "a: b", "https://\n" };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_string_equal(links(texts[i]), "");
}

static void a_link_without_end_is_cut(void **state)
{
	static char text[3 * LINKS_LONGEST];
	size_t start, end;
	memset(text, 'x', sizeof text);
	memcpy(text, "go https://", 11);
	assert_true(links_next(text, sizeof text, 0, sizeof text, &start, &end));
	assert_int_equal(start, 3);
	assert_int_equal(end, 8 + LINKS_LONGEST);
	/* Only what begins in the part asked for counts. */
	assert_false(links_next(text, sizeof text, 0, 8, &start, &end));
	assert_false(links_next(text, sizeof text, 9, sizeof text, &start, &end));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_are_found_without_what_is_around_them),
		cmocka_unit_test(what_is_no_link_is_none),
		cmocka_unit_test(a_link_without_end_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
