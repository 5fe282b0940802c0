/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line editor, curses and restore on a real terminal, through drive-terminal. */
#include "config.h"

#include "pty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char drive[] = "tests/drive-terminal";
static char folder[] = "/tmp/tchat-pty-terminal-XXXXXX";
static char inputrc[64], inputrc_variable[96];

static void write_inputrc(const char *text)
{
	FILE *file = fopen(inputrc, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct pty *start_with(const char *option, const char *variable)
{
	const char *const argv[] = { drive, option, NULL };
	const char *const environment[] = { inputrc_variable, variable, NULL };
	struct pty *pty = pty_start(12, 60, argv, environment);
	pty_wait_text(pty, "ready");
	return pty;
}

static struct pty *start(void)
{
	write_inputrc("");
	return start_with(NULL, NULL);
}

static void quit(struct pty *pty)
{
	pty_type(pty, "\003/quit\r");
	int status = pty_wait_exit(pty);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	pty_assert_restored(pty);
	pty_stop(pty);
}

static void typing_shows_at_once_with_the_cursor_behind_it(void **state)
{
	struct pty *pty = start();
	assert_true(pty_is_alternate_screen(pty));
	pty_wait_mode(pty, 2004, 1);
	pty_type(pty, "héllo 漢");
	pty_wait_row(pty, -1, "> héllo 漢");
	pty_wait_cursor(pty, 11, 10);
	assert_true(pty_cursor_is_visible(pty));
	pty_type(pty, "\r");
	pty_wait_text(pty, "sent 10 bytes 1 lines: héllo 漢");
	pty_wait_cursor(pty, 11, 2);
	quit(pty);
}

static void emacs_keys_edit(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "two three\001one \033f\033[1;5C\027");
	pty_wait_row(pty, -1, "> one two");
	pty_wait_row(pty, -2, "emacs bytes=8 ");
	pty_type(pty, "\037");
	pty_wait_row(pty, -1, "> one two three");
	quit(pty);
}

static void vi_mode_of_inputrc_acts_on_a_lone_escape(void **state)
{
	write_inputrc("$if tchat\nset editing-mode vi\n$endif\n");
	struct pty *pty = start_with(NULL, NULL);
	pty_wait_row(pty, -2, "insert");
	pty_type(pty, "one two");
	pty_wait_row(pty, -1, "> one two");
	pty_type(pty, "\033");
	pty_wait_row(pty, -2, "command");
	pty_type(pty, "bcwfour");
	pty_wait_row(pty, -1, "> one four");
	pty_wait_row(pty, -2, "insert");
	quit(pty);
}

static void bindings_for_tchat_in_inputrc_hold(void **state)
{
	write_inputrc("$if tchat\n\"\\C-xa\": \"hello from inputrc\"\n$endif\n");
	struct pty *pty = start_with(NULL, NULL);
	pty_type(pty, "\030a");
	pty_wait_row(pty, -1, "> hello from inputrc");
	quit(pty);
}

static void a_bad_inputrc_does_not_stop_the_start(void **state)
{
	write_inputrc("set no-such-thing on\n$nonsense\n\"\\C-xa\": \"still here\"\n");
	struct pty *pty = start_with(NULL, NULL);
	pty_type(pty, "\030a");
	pty_wait_row(pty, -1, "> still here");
	quit(pty);
}

static void search_finds_a_character_split_over_two_reads(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "caf\303\251\r");
	pty_wait_text(pty, "sent 5 bytes");
	pty_type(pty, "tea\r");
	pty_wait_text(pty, "sent 3 bytes");
	pty_type(pty, "\022");
	pty_wait_row(pty, -1, "(reverse-i-search)`':");
	pty_type(pty, "\303");
	/* Something visible between the halves, so that they are two reads for sure. */
	pty_resize(pty, 13, 60);
	pty_wait_row(pty, -2, "13x60");
	pty_type(pty, "\251");
	pty_wait_row(pty, -1, "(reverse-i-search)`é': café");
	pty_type(pty, "\003");
	pty_wait_no_text(pty, "reverse");
	quit(pty);
}

static void tab_completes_and_twice_lists(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "b\t");
	pty_wait_row(pty, -1, "> bob:");
	pty_wait_cursor(pty, 11, 7);
	pty_type(pty, "\003a\t");
	pty_wait_row(pty, -1, "> ann");
	pty_type(pty, "\t\t");
	pty_wait_row(pty, -3, "ann anna");
	pty_type(pty, "a");
	pty_wait_no_text(pty, "ann anna");
	quit(pty);
}

static void a_paste_of_a_megabyte_is_one_draft_and_sends_nothing(void **state)
{
	struct pty *pty = start();
	size_t line = 2096, count = 500, length = 0;
	char *paste = malloc(count * (line + 1) + 64);
	length += (size_t)sprintf(paste, "\033[200~");
	for (size_t i = 0; i < count; i++) {
		memset(paste + length, (int)('a' + i % 26), line);
		memcpy(paste + length, "\004\003\033[A", 5); /* keys that a paste must not press */
		length += line;
		paste[length++] = '\r';
	}
	length--;
	length += (size_t)sprintf(paste + length, "\033[201~");
	pty_send(pty, paste, length);
	free(paste);
	/* Of ^D ^C ESC [ A only "[A" is text. */
	char bytes[64];
	snprintf(bytes, sizeof bytes, "bytes=%zu lines=500", count * (line - 3) + count - 1);
	pty_wait_row(pty, -2, bytes);
	assert_false(pty_has_text(pty, "sent"));
	pty_type(pty, "\037");
	pty_wait_row(pty, -2, "bytes=0 ");
	quit(pty);
}

static void alt_enter_makes_lines_and_enter_sends_them(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "one\033\rtwo");
	pty_wait_row(pty, -2, "lines=2");
	pty_type(pty, "\r");
	pty_wait_text(pty, "sent 7 bytes 2 lines: one↵two");
	quit(pty);
}

static void wide_characters_are_replaced_whole(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "漢字漢字");
	pty_wait_row(pty, -1, "> 漢字漢字");
	pty_type(pty, "\001x");
	pty_wait_row(pty, -1, "> x漢字漢字");
	pty_type(pty, "\033[C\177y");
	pty_wait_row(pty, -1, "> xy字漢字");
	struct pty_cell cell;
	pty_cell(pty, -1, 4, &cell);
	assert_string_equal(cell.text, "字");
	assert_int_equal(cell.width, 2);
	/* At the last column: only what has room for both halves. */
	pty_type(pty, "\003");
	pty_wait_row(pty, -2, "bytes=0 ");
	for (int i = 0; i < 28; i++)
		pty_type(pty, "漢");
	pty_wait_row(pty, -2, "bytes=84 ");
	pty_type(pty, "a字");
	pty_wait_row(pty, -2, "bytes=88 ");
	pty_wait_row(pty, -1, "漢a字");
	assert_int_equal(pty_find_row(pty, "12x60"), 10);
	quit(pty);
}

static void marks_stay_on_their_base(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "x\314\243\314\202z");
	pty_wait_row(pty, -1, "> x\314\243\314\202z");
	struct pty_cell cell;
	pty_cell(pty, -1, 3, &cell);
	assert_string_equal(cell.text, "z");
	quit(pty);
}

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

static void keys_mouse_focus_and_answers_are_told_apart(void **state)
{
	write_inputrc("");
	struct pty *pty = start_with("--mouse", NULL);
	pty_wait_mode(pty, 1006, 1);
	pty_type(pty, "\033[5~");
	pty_wait_text(pty, "page up");
	pty_type(pty, "\033[<0;8;4M");
	pty_wait_text(pty, "mouse 1 at 3,7");
	pty_type(pty, "\033[O");
	pty_wait_text(pty, "focus 0");
	pty_type(pty, "\033[?62;1c\033[12;3R\033]11;rgb:0/0/0\007x");
	pty_wait_row(pty, -2, "bytes=1 ");
	quit(pty);
}

static void resizing_to_one_cell_and_back_repaints(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "stay");
	pty_wait_row(pty, -1, "> stay");
	for (int round = 0; round < 5; round++) {
		pty_resize(pty, 200, 300);
		pty_wait_row(pty, 198, "200x300");
		pty_wait_row(pty, 199, "> stay");
		pty_resize(pty, 1, 1);
		pty_resize(pty, 2, 7);
		pty_wait_row(pty, 0, "2x7 ema");
		pty_resize(pty, 12, 60);
		pty_wait_row(pty, -2, "12x60");
		pty_wait_row(pty, -1, "> stay");
	}
	pty_wait_cursor(pty, 11, 6);
	quit(pty);
}

static void control_l_writes_the_screen_anew(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "here");
	pty_wait_row(pty, -1, "> here");
	pty_forget(pty);
	pty_type(pty, "\014");
	pty_wait_raw(pty, "ready");
	pty_wait_raw(pty, "here");
	quit(pty);
}

static void an_idle_program_writes_nothing(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "x");
	pty_wait_row(pty, -1, "> x");
	pty_wait_cursor(pty, 11, 3);
	pty_assert_quiet(pty, 1500);
	pty_forget(pty);
	pty_type(pty, "y");
	pty_wait_row(pty, -1, "> xy");
	pty_wait_cursor(pty, 11, 4);
	size_t length;
	pty_raw(pty, &length);
	assert_true(length < 100);
	quit(pty);
}

static void a_flood_is_shown_to_its_end(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "/flood 5000\r");
	pty_wait_row(pty, 8, "flood 1");
	quit(pty);
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

/* Walks over all output: every ESC must begin something that curses or tchat sends, and no C1 appears. */
static void assert_only_own_sequences(const char *raw, size_t length)
{
	static const char finals[] = "ABCDGHJKLMPSTX@cdfghlmnprt", background[] = "]11;?\033\\";
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)raw[i];
		if (c < 0x20 && c != '\033' && strchr("\r\n\b\t\a\016\017", c) == NULL)
			fail_msg("control %02x at %zu", c, i);
		if (c == 0xc2 && (unsigned char)raw[i + 1] < 0xa0)
			fail_msg("C1 at %zu", i);
		if (c != '\033')
			continue;
		c = (unsigned char)raw[++i];
		if (c == ']' && strncmp(raw + i, background, sizeof background - 1) == 0) {
			i += sizeof background - 2;
		} else if (c == '[') {
			for (i++; i < length && (unsigned char)raw[i] < 0x40;)
				i++;
			if (strchr(finals, raw[i]) == NULL)
				fail_msg("CSI ... %c at %zu", raw[i], i);
		} else if (c == '(' || c == ')') {
			i++;
		} else if (strchr("=>78M", c) == NULL) {
			fail_msg("ESC %c at %zu", c, i);
		}
	}
}

static void only_own_escape_sequences_reach_the_terminal(void **state)
{
	struct pty *pty = start();
	pty_type(pty, "\033[200~a\033]0;owned\007b\302\2335nc\302\205d\033[201~");
	pty_wait_row(pty, -1, "> a]0;ownedb5ncd");
	pty_type(pty, "\026\033\026\007x\r");
	pty_wait_text(pty, "sent");
	pty_type(pty, "/title nothing\r/copy nothing\r");
	pty_wait_row(pty, -2, "bytes=0 ");
	pty_type(pty, "\003/quit\r");
	pty_wait_exit(pty);
	size_t length;
	const char *raw = pty_raw(pty, &length);
	assert_only_own_sequences(raw, length);
	pty_stop(pty);
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

static int set_up(void **state)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(inputrc, sizeof inputrc, "%s/inputrc", folder);
	snprintf(inputrc_variable, sizeof inputrc_variable, "INPUTRC=%s", inputrc);
	return 0;
}

static int clean_up(void **state)
{
	char command[96];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typing_shows_at_once_with_the_cursor_behind_it),
		cmocka_unit_test(emacs_keys_edit),
		cmocka_unit_test(vi_mode_of_inputrc_acts_on_a_lone_escape),
		cmocka_unit_test(bindings_for_tchat_in_inputrc_hold),
		cmocka_unit_test(a_bad_inputrc_does_not_stop_the_start),
		cmocka_unit_test(search_finds_a_character_split_over_two_reads),
		cmocka_unit_test(tab_completes_and_twice_lists),
		cmocka_unit_test(a_paste_of_a_megabyte_is_one_draft_and_sends_nothing),
		cmocka_unit_test(alt_enter_makes_lines_and_enter_sends_them),
		cmocka_unit_test(wide_characters_are_replaced_whole),
		cmocka_unit_test(marks_stay_on_their_base),
		cmocka_unit_test(the_terminals_size_counts_not_the_environments),
		cmocka_unit_test(a_second_screen_after_the_first_works),
		cmocka_unit_test(control_c_cancels_and_never_kills),
		cmocka_unit_test(control_d_on_an_empty_line_ends),
		cmocka_unit_test(keys_mouse_focus_and_answers_are_told_apart),
		cmocka_unit_test(resizing_to_one_cell_and_back_repaints),
		cmocka_unit_test(control_l_writes_the_screen_anew),
		cmocka_unit_test(an_idle_program_writes_nothing),
		cmocka_unit_test(a_flood_is_shown_to_its_end),
		cmocka_unit_test(a_crash_leaves_the_terminal_as_it_was),
		cmocka_unit_test(termination_leaves_the_terminal_as_it_was),
		cmocka_unit_test(a_closed_window_ends_the_program),
		cmocka_unit_test(control_z_and_fg_keep_everything),
		cmocka_unit_test(control_z_without_a_shell_does_not_freeze),
		cmocka_unit_test(stopped_from_outside_and_continued_it_repaints),
		cmocka_unit_test(a_screen_given_back_is_taken_again_by_the_next_draw),
		cmocka_unit_test(synchronised_updates_only_where_the_terminal_knows_them),
		cmocka_unit_test(a_vt100_without_colours_works),
		cmocka_unit_test(terminals_of_8_16_256_and_direct_colours_work),
		cmocka_unit_test(no_color_leaves_colours_out),
		cmocka_unit_test(terminals_that_cannot_do_it_get_one_clear_line),
		cmocka_unit_test(a_locale_without_utf_8_gets_it_for_characters),
		cmocka_unit_test(only_own_escape_sequences_reach_the_terminal),
		cmocka_unit_test(title_and_clipboard_are_written_when_switched_on),
	};
	return cmocka_run_group_tests(tests, set_up, clean_up);
}
