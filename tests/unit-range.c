/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire/range: ranges of addresses as people write them. */
#include "wire/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *normal(const char *text)
{
	static char shown[RANGE_TEXT];
	struct range range;
	if (!range_parse(&range, text))
		return NULL;
	range_format(&range, shown);
	return shown;
}

static void a_range_is_shown_as_people_write_it(void **state)
{
	assert_string_equal(normal("192.0.2.7"), "192.0.2.7");
	assert_string_equal(normal("192.0.2.7/32"), "192.0.2.7");
	assert_string_equal(normal("192.0.2.7/24"), "192.0.2.0/24");
	assert_string_equal(normal("192.0.2.255/25"), "192.0.2.128/25");
	assert_string_equal(normal("0.0.0.0/0"), "0.0.0.0/0");
	assert_string_equal(normal("2001:DB8:0:0::1"), "2001:db8::1");
	assert_string_equal(normal("2001:db8:ffff::1/33"), "2001:db8:8000::/33");
	assert_string_equal(normal("::/0"), "::/0");
	assert_string_equal(normal("::ffff:192.0.2.7"), "192.0.2.7");
}

static void what_is_no_range_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "/", "192.0.2", "192.0.2.7/", "192.0.2.7/33", "192.0.2.7/-1", "192.0.2.7/ 8", "192.0.2.7/8x", "2001:db8::/129",
		"2001:db8::1%eth0", "[::1]", "host", "192.0.2.7/99999999999999999999",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (normal(wrong[i]) != NULL)
			fail_msg("\"%s\" was taken for a range", wrong[i]);
}

static void a_peer_has_its_address_without_port_or_zone(void **state)
{
	static const char *const peers[][2] = {
		{ "192.0.2.7:40112", "192.0.2.7" }, { "[2001:db8::7]:1", "2001:db8::7" }, { "[fe80::1%eth0]:5", "fe80::1" },
	};
	struct range range;
	char shown[RANGE_TEXT];
	for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
		assert_true(range_of_peer(&range, peers[i][0]));
		range_format(&range, shown);
		assert_string_equal(shown, peers[i][1]);
	}
	assert_false(range_of_peer(&range, "unix:/run/tchat/host"));
	assert_false(range_of_peer(&range, "192.0.2.7/8:1"));
	assert_false(range_of_peer(&range, ""));
}

static bool covers(const char *outer, const char *inner)
{
	struct range a, b;
	assert_true(range_parse(&a, outer) && range_parse(&b, inner));
	return range_covers(&a, &b);
}

static void a_range_covers_what_lies_in_it(void **state)
{
	assert_true(covers("192.0.2.0/24", "192.0.2.255"));
	assert_true(covers("192.0.2.0/25", "192.0.2.127"));
	assert_false(covers("192.0.2.0/25", "192.0.2.128"));
	assert_true(covers("192.0.2.7", "192.0.2.7"));
	assert_false(covers("192.0.2.7", "192.0.2.0/24"));
	assert_true(covers("::/0", "192.0.2.7"));
	assert_false(covers("0.0.0.0/0", "2001:db8::1"));
}

static void a_range_is_widened_but_never_narrowed(void **state)
{
	static const char *const cases[][2] = {
		{ "192.0.2.7", "192.0.0.0/16" }, { "192.0.0.0/8", "192.0.0.0/8" }, { "2001:db8:1:2:3::4", "2001:db8:1:2::/64" },
		{ "2001:db8::/32", "2001:db8::/32" },
	};
	char shown[RANGE_TEXT];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct range range;
		assert_true(range_parse(&range, cases[i][0]));
		range_widen(&range, 16, 64);
		range_format(&range, shown);
		assert_string_equal(shown, cases[i][1]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_is_shown_as_people_write_it),
		cmocka_unit_test(what_is_no_range_is_refused),
		cmocka_unit_test(a_peer_has_its_address_without_port_or_zone),
		cmocka_unit_test(a_range_covers_what_lies_in_it),
		cmocka_unit_test(a_range_is_widened_but_never_narrowed),
	};
	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
