/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal is as it was when the program ends, however it ends, and while it is stopped. */
#include "drive-terminal.h"

#include <signal.h>

static void a_second_screen_after_the_first_works(void **state)
{
	write_inputrc("");
	struct pty *pty = start_with("--twice", NULL);
	pty_type(pty, "again");
	pty_wait_row(pty, -1, "> again");
	pty_wait_row(pty, -2, "bytes=5 ");
	quit(pty);
}

static void control_c_cancels_and_never_kills(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "half a line\003");
	pty_wait_row(pty, -2, "bytes=0 ");
	pty_type(pty, "\003");
	pty_wait_text(pty, "nothing to cancel");
	pty_type(pty, "\037");
	pty_wait_row(pty, -1, "> half a line");
	quit(pty);
}

static void control_d_on_an_empty_line_ends(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "\004");
	assert_int_equal(pty_wait_exit(pty), 0);
	assert_true(pty_has_text(pty, "bye"));
	pty_assert_restored(pty);
	pty_stop(pty);
}

/* Each of the ways to die: what was typed or sent, and the signal that the program dies of (0: it ends
 * itself). */
static void dies(const char *keys, int sent, int expected)
{
	struct pty *pty = start();
	pty_type(pty, keys);
	if (sent != 0)
		pty_signal(pty, sent);
	int status = pty_wait_exit(pty);
	if (expected == 0) {
		assert_true(WIFEXITED(status));
		assert_true(pty_has_text(pty, "bye"));
	} else if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), expected);
	} else {
		fail_msg("ended with status %x", (unsigned)status);
	}
	pty_assert_restored(pty);
	pty_stop(pty);
}

static void a_crash_leaves_the_terminal_as_it_was(void **state)
{
	dies("/segv\r", 0, SIGSEGV);
	dies("/abort\r", 0, SIGABRT);
	dies("", SIGBUS, SIGBUS);
	dies("", SIGFPE, SIGFPE);
	dies("", SIGILL, SIGILL);
}

static void termination_leaves_the_terminal_as_it_was(void **state)
{
	dies("half", SIGTERM, 0);
	dies("half", SIGHUP, 0);
	dies("half", SIGINT, 0);
}

static void a_closed_window_ends_the_program(void **state)
{
	struct pty *pty = start();
	pty_hang_up(pty);
	int status = pty_wait_exit(pty);
	assert_true(WIFEXITED(status));
	pty_stop(pty);
}

static void control_z_and_fg_keep_everything(void **state)
{
	char script[512];
	write_inputrc("");
	snprintf(script, sizeof script, "set -m; %s; echo stopped-now; "
		"stty -a | grep -o ' icanon'; read -r line; fg; echo after", drive);
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const environment[] = { inputrc_variable, NULL };
	struct pty *pty = pty_start(12, 60, argv, environment);
	pty_wait_text(pty, "ready");
	pty_type(pty, "draft");
	pty_wait_row(pty, -1, "> draft");
	pty_type(pty, "\032");
	pty_wait_text(pty, "stopped-now");
	pty_wait_text(pty, "icanon");
	assert_false(pty_is_alternate_screen(pty));
	pty_wait_mode(pty, 2004, 0);
	assert_true(pty_cursor_is_visible(pty));
	pty_resize(pty, 14, 50);
	pty_forget(pty);
	pty_type(pty, "\n");
	pty_wait_row(pty, -2, "14x50");
	pty_wait_row(pty, -1, "> draft");
	assert_true(pty_is_alternate_screen(pty));
	pty_wait_mode(pty, 2004, 1);
	pty_type(pty, " more");
	pty_wait_row(pty, -1, "> draft more");
	/* The screen came back once, not once more for the SIGCONT. */
	const char *first = strstr(pty_raw(pty, NULL), "\033[?1049h");
	assert_non_null(first);
	assert_null(strstr(first + 1, "\033[?1049h"));
	pty_type(pty, "\003/quit\r");
	pty_wait_text(pty, "after");
	pty_wait_exit(pty);
	pty_assert_restored(pty);
	pty_stop(pty);
}

static void control_z_without_a_shell_does_not_freeze(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "\032");
	pty_wait_text(pty, "no shell to go back to");
	quit(pty);
}

static void stopped_from_outside_and_continued_it_repaints(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "x");
	pty_wait_row(pty, -1, "> x");
	pty_signal(pty, SIGSTOP);
	pty_wait_stopped(pty);
	pty_forget(pty);
	pty_signal(pty, SIGCONT);
	pty_wait_raw(pty, "ready");
	pty_wait_row(pty, -1, "> x");
	pty_wait_mode(pty, 2004, 1);
	quit(pty);
}

static void a_screen_given_back_is_taken_again_by_the_next_draw(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "/hide\r");
	pty_wait_raw(pty, "\033[?1049l");
	pty_wait_raw(pty, "ready");
	pty_type(pty, "z");
	pty_wait_row(pty, -1, "> z");
	assert_true(pty_is_alternate_screen(pty));
	quit(pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_screen_after_the_first_works),
		cmocka_unit_test(control_c_cancels_and_never_kills),
		cmocka_unit_test(control_d_on_an_empty_line_ends),
		cmocka_unit_test(a_crash_leaves_the_terminal_as_it_was),
		cmocka_unit_test(termination_leaves_the_terminal_as_it_was),
		cmocka_unit_test(a_closed_window_ends_the_program),
		cmocka_unit_test(control_z_and_fg_keep_everything),
		cmocka_unit_test(control_z_without_a_shell_does_not_freeze),
		cmocka_unit_test(stopped_from_outside_and_continued_it_repaints),
		cmocka_unit_test(a_screen_given_back_is_taken_again_by_the_next_draw),
	};
	return cmocka_run_group_tests(tests, set_up, clean_up);
}
