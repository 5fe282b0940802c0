/* SPDX-License-Identifier: GPL-3.0-or-later */
/* app: the names of hosts' folders. */
#include "app/data_place.h"

#include "base/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_name(const char *typed, const char *name)
{
	char got[DATA_PLACE_NAME];
	data_place_name(typed, got);
	assert_string_equal(got, name);
}

static void all_ways_to_write_an_address_give_one_name(void **state)
{
	static const char *const cases[][2] = {
		{ "50000", "50000" },
		{ ":50000", "50000" },
		{ "*", "50000" },
		{ "*:050000", "50000" },
		{ "127.0.0.1", "127.0.0.1:50000" },
		{ "127.0.0.1:50000", "127.0.0.1:50000" },
		{ "LocalHost:7", "localhost:7" },
		{ "[::1]:50000", "::1:50000" },
		{ "::1", "::1:50000" },
		{ "fe80::1%eth0", "fe80::1%25eth0:50000" },
		{ "unix:/run/A b", "unix:%2Frun%2FA%20b" },
		{ "unix:/\303\244", "unix:%2F%C3%A4" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect_name(cases[i][0], cases[i][1]);
}

static void port_0_and_what_is_no_address_have_none(void **state)
{
	expect_name("0", "");
	expect_name("127.0.0.1:0", "");
	expect_name("[::1]:00", "");
	expect_name("127.0.0.1:70000", "");
	expect_name("unix:", "");
}

static void a_relative_socket_is_named_by_its_whole_path(void **state)
{
	char folder[PATHS_MAX], typed[PATHS_MAX + 16], relative[DATA_PLACE_NAME], absolute[DATA_PLACE_NAME];
	assert_int_equal(chdir("/tmp"), 0);
	assert_non_null(getcwd(folder, sizeof folder));
	snprintf(typed, sizeof typed, "unix:%s/socket", folder);
	data_place_name(typed, absolute);
	data_place_name("unix:socket", relative);
	assert_string_equal(relative, absolute);
}

/* Each byte of it takes three, which no file name has room for. */
static void long_names_are_cut_and_differ_all_the_same(void **state)
{
	char typed[] = "unix:/                                                                                                  a";
	char first[DATA_PLACE_NAME], second[DATA_PLACE_NAME];
	data_place_name(typed, first);
	typed[sizeof typed - 2] = 'b';
	data_place_name(typed, second);
	assert_in_range(strlen(first), 200, 255);
	assert_string_not_equal(first, second);
	assert_int_equal(strncmp(first, second, 200), 0);
	assert_null(strchr(first, '/'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_ways_to_write_an_address_give_one_name),
		cmocka_unit_test(port_0_and_what_is_no_address_have_none),
		cmocka_unit_test(a_relative_socket_is_named_by_its_whole_path),
		cmocka_unit_test(long_names_are_cut_and_differ_all_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
