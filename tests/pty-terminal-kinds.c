/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Terminals of many kinds, through drive-terminal: what each is given, and those that cannot show a screen. */
#include "drive-terminal.h"

static void the_terminals_size_counts_not_the_environments(void **state)
{
	write_inputrc("");
	struct pty *pty = start_with(NULL, "LINES=5");
	pty_wait_row(pty, -2, "12x60");
	quit(pty);
	pty = start_with(NULL, "COLUMNS=20");
	pty_wait_row(pty, -2, "12x60");
	quit(pty);
	/* Nor when the screen comes back. */
	setenv("COLUMNS", "20", 1);
	pty = start_with(NULL, "LINES=5");
	unsetenv("COLUMNS");
	pty_type(pty, "/hide\r");
	pty_wait_raw(pty, "\033[?1049l");
	pty_forget(pty);
	pty_type(pty, "z");
	pty_wait_raw(pty, "\033[?1049h");
	pty_wait_row(pty, -2, "12x60");
	pty_wait_row(pty, -1, "> z");
	quit(pty);
}

static void synchronised_updates_only_where_the_terminal_knows_them(void **state)
{
	static const char *const argv[] = { drive, NULL };
	const char *const environment[] = { inputrc_variable, NULL };
	write_inputrc("");
	for (int knows = 0; knows < 2; knows++) {
		struct pty *pty = pty_start(12, 60, argv, environment);
		pty_answer_synchronised(pty, knows);
		pty_wait_text(pty, "ready");
		pty_type(pty, "one\r");
		pty_wait_text(pty, "sent 3");
		if (knows) {
			pty_wait_raw(pty, "\033[?2026h");
			pty_wait_raw(pty, "\033[?2026l");
		} else {
			assert_int_equal(pty_mode(pty, 2026), -1);
		}
		quit(pty);
	}
}

static void a_vt100_without_colours_works(void **state)
{
	write_inputrc("");
	struct pty *pty = start_with(NULL, "TERM=vt100");
	pty_type(pty, "plain");
	pty_wait_row(pty, -1, "> plain");
	assert_int_equal(pty_mode(pty, 2004), -1);
	assert_null(strstr(pty_raw(pty, NULL), "\033[3"));
	quit(pty);
}

static bool has_colour(struct pty *pty)
{
	for (int row = 0; row < 12; row++) {
		for (int column = 0; column < 60; column++) {
			struct pty_cell cell;
			pty_cell(pty, row, column, &cell);
			if (cell.foreground != -1 || cell.background != -1)
				return true;
		}
	}
	return false;
}

/* Describes terminals that few systems have installed, in a folder for terminfo. */
static void describe_terminals(void)
{
	char command[256], source[96];
	snprintf(source, sizeof source, "%s/terminals", folder);
	FILE *file = fopen(source, "w");
	assert_non_null(file);
	fputs("test-16|16 colours,\n\tcolors#16, pairs#256, use=xterm-256color,\n"
		"test-direct|direct colours,\n\tRGB, colors#0x1000000, pairs#0x7FFFF,\n"
		"\tsetab=\\E[%?%p1%{8}%<%t4%p1%d%e48\\:2\\:\\:%p1%{65536}%/%d\\:%p1%{256}%/%{255}%&%d\\:%p1%{255}%&%d%;m,\n"
		"\tsetaf=\\E[%?%p1%{8}%<%t3%p1%d%e38\\:2\\:\\:%p1%{65536}%/%d\\:%p1%{256}%/%{255}%&%d\\:%p1%{255}%&%d%;m,\n"
		"\tuse=xterm-256color,\n", file);
	fclose(file);
	snprintf(command, sizeof command, "tic -x -o %s/terminfo %s", folder, source);
	assert_int_equal(system(command), 0);
}

static void terminals_of_8_16_256_and_direct_colours_work(void **state)
{
	static const char *const terms[] = { "TERM=xterm", "TERM=test-16", "TERM=xterm-256color", "TERM=screen",
		"TERM=tmux-256color", "TERM=linux", "TERM=rxvt", "TERM=test-direct" };
	describe_terminals();
	char terminfo[256];
	snprintf(terminfo, sizeof terminfo,
		"TERMINFO_DIRS=%s/terminfo:/etc/terminfo:/lib/terminfo:/usr/share/terminfo", folder);
	for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
		write_inputrc("");
		const char *const argv[] = { drive, NULL };
		const char *const environment[] = { inputrc_variable, terms[i], terminfo, NULL };
		struct pty *pty = pty_start(12, 60, argv, environment);
		pty_type(pty, "colour");
		pty_wait_row(pty, -1, "> colour");
		if (!has_colour(pty))
			fail_msg("no colours with %s", terms[i]);
		quit(pty);
	}
}

static void no_color_leaves_colours_out(void **state)
{
	struct pty *pty = start();
	assert_true(has_colour(pty));
	quit(pty);
	pty = start_with(NULL, "NO_COLOR=1");
	pty_type(pty, "plain");
	pty_wait_row(pty, -1, "> plain");
	assert_false(has_colour(pty));
	quit(pty);
}

/* Starts with this environment, which cannot show a screen: one line that says so, and nothing else. */
static void refuses(const char *variable, const char *line)
{
	const char *const argv[] = { drive, NULL };
	const char *const environment[] = { inputrc_variable, variable, NULL };
	struct pty *pty = pty_start(12, 100, argv, environment);
	int status = pty_wait_exit(pty);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	assert_non_null(strstr(pty_row(pty, 0), line));
	assert_string_equal(pty_row(pty, 1), "");
	assert_null(strchr(pty_raw(pty, NULL), '\033'));
	pty_assert_restored(pty);
	pty_stop(pty);
}

static void terminals_that_cannot_do_it_get_one_clear_line(void **state)
{
	refuses("TERM=dumb", "this terminal cannot place its cursor");
	refuses("TERM=no-such-terminal", "the terminal type in TERM is not known here");
	refuses("TERM=", "TERM is not set");
	refuses("TERM", "TERM is not set");
}

static void a_locale_without_utf_8_gets_it_for_characters(void **state)
{
	write_inputrc("");
	struct pty *pty = start_with(NULL, "LC_ALL=C");
	pty_type(pty, "\303\251");
	pty_wait_row(pty, -1, "> é");
	pty_wait_row(pty, -2, "utf8");
	quit(pty);
}

static void title_and_clipboard_are_written_when_switched_on(void **state)
{
	write_inputrc("");
	struct pty *pty = start_with("--title", NULL);
	pty_type(pty, "/title room\r");
	pty_wait_raw(pty, "\033]2;room\007");
	quit(pty);
	pty = start_with("--clipboard", NULL);
	pty_type(pty, "/copy hello\r");
	pty_wait_raw(pty, "\033]52;c;aGVsbG8=\007");
	quit(pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_terminals_size_counts_not_the_environments),
		cmocka_unit_test(synchronised_updates_only_where_the_terminal_knows_them),
		cmocka_unit_test(a_vt100_without_colours_works),
		cmocka_unit_test(terminals_of_8_16_256_and_direct_colours_work),
		cmocka_unit_test(no_color_leaves_colours_out),
		cmocka_unit_test(terminals_that_cannot_do_it_get_one_clear_line),
		cmocka_unit_test(a_locale_without_utf_8_gets_it_for_characters),
		cmocka_unit_test(title_and_clipboard_are_written_when_switched_on),
	};
	return cmocka_run_group_tests(tests, set_up, clean_up);
}
