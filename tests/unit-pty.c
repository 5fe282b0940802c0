/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal harness itself: what it says about a screen is true. */
#include "pty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static struct pty *shell(const char *script)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	return pty_start(5, 40, argv, NULL);
}

static void a_programs_output_appears_and_its_status_is_known(void **state)
{
	struct pty *pty = shell("printf 'one\\nt\\303\\251o\\n'; exit 3");
	pty_wait_text(pty, "téo");
	assert_int_equal(pty_find_row(pty, "téo"), 1);
	assert_string_equal(pty_row(pty, 0), "one");
	int status = pty_wait_exit(pty);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	pty_assert_restored(pty);
	pty_stop(pty);
}

static void cells_tell_width_and_attributes(void **state)
{
	struct pty *pty = shell("printf '\\033[1;7;38;5;200m\\346\\274\\242x'; read -r line");
	pty_wait_cursor(pty, 0, 3);
	struct pty_cell cell;
	pty_cell(pty, 0, 0, &cell);
	assert_string_equal(cell.text, "漢");
	assert_int_equal(cell.width, 2);
	assert_true(cell.bold && cell.reverse && !cell.italic);
	assert_int_equal(cell.foreground, 200);
	assert_int_equal(cell.background, -1);
	pty_stop(pty);
}

static void two_terminals_run_side_by_side(void **state)
{
	struct pty *one = shell("read -r line; echo \"got $line\"; read -r line");
	struct pty *two = shell("read -r line; echo \"got $line\"; read -r line");
	pty_type(two, "two\n");
	pty_type(one, "one\n");
	pty_wait_text(one, "got one");
	pty_wait_text(two, "got two");
	pty_stop(one);
	pty_stop(two);
}

static void a_query_is_answered_and_modes_are_noted(void **state)
{
	struct pty *pty = shell("stty raw -echo; printf '\\033[?2004;1006h\\033[?2004l\\033[6n'; head -c 6 | od -An -c; printf \"\\r\\ndone\"");
	pty_wait_text(pty, "done");
	assert_true(pty_has_text(pty, "033   [   1   ;   1   R"));
	assert_int_equal(pty_mode(pty, 2004), 0);
	assert_int_equal(pty_mode(pty, 1006), 1);
	assert_int_equal(pty_mode(pty, 1004), -1);
	pty_stop(pty);
}

static void environment_is_set_and_removed_and_the_size_is_seen(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c", "stty size; echo \"<$COLOUR><${TERM-none}>\"", NULL };
	const char *const environment[] = { "COLOUR=blue", "TERM", NULL };
	struct pty *pty = pty_start(7, 33, argv, environment);
	pty_wait_exit(pty);
	assert_true(pty_has_text(pty, "7 33"));
	assert_true(pty_has_text(pty, "<blue><none>"));
	pty_stop(pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_programs_output_appears_and_its_status_is_known),
		cmocka_unit_test(cells_tell_width_and_attributes),
		cmocka_unit_test(two_terminals_run_side_by_side),
		cmocka_unit_test(a_query_is_answered_and_modes_are_noted),
		cmocka_unit_test(environment_is_set_and_removed_and_the_size_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
