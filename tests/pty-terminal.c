/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line editor and curses on a real terminal, through drive-terminal: what keys do, and what is drawn. */
#include "drive-terminal.h"

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
	pty_assert_own_sequences(pty);
	pty_stop(pty);
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
		cmocka_unit_test(keys_mouse_focus_and_answers_are_told_apart),
		cmocka_unit_test(resizing_to_one_cell_and_back_repaints),
		cmocka_unit_test(control_l_writes_the_screen_anew),
		cmocka_unit_test(an_idle_program_writes_nothing),
		cmocka_unit_test(a_flood_is_shown_to_its_end),
		cmocka_unit_test(only_own_escape_sequences_reach_the_terminal),
	};
	return cmocka_run_group_tests(tests, set_up, clean_up);
}
