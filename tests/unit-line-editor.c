/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line editor: readline's editing through whole tokens, pastes, giving up, vi's commands. */
#include "editor-keys.h"

#include <readline/readline.h>

static int vi_setup(void **state)
{
	int failed = each_setup(state);
	use_inputrc("set editing-mode vi\nset keymap vi-insert\nset keyseq-timeout 120000\n\"\\C-x\\C-r\": re-read-init-file\n");
	return failed;
}

static int vi_teardown(void **state)
{
	line_editor_cancel(editor);
	use_inputrc("set editing-mode emacs\n");
	return each_teardown(state);
}

static void keys_edit_and_enter_submits(void **state)
{
	assert_int_equal(type("hello"), LINE_EDITOR_REDRAW);
	assert_line("hello", 5);
	type("\001X\005Y\033[D\033[D-");
	assert_line("Xhell-oY", 6);
	assert_int_equal(type("\r"), LINE_EDITOR_REDRAW | LINE_EDITOR_LINE);
	assert_submitted("Xhell-oY");
	assert_null(line_editor_take_line(editor));
	assert_line("", 0);
}

static void keys_of_many_terminals_move_and_delete(void **state)
{
	static const char *const homes[] = { "\033[H", "\033OH", "\033[1~", "\033[7~", "\001" };
	static const char *const ends[] = { "\033[F", "\033OF", "\033[4~", "\033[8~", "\005" };
	type("one two three");
	for (size_t i = 0; i < sizeof homes / sizeof homes[0]; i++) {
		type(homes[i]);
		assert_line("one two three", 0);
		type(ends[i]);
		assert_line("one two three", 13);
	}
	type("\033[1;5D\033Od");
	assert_line("one two three", 4);
	type("\033[3~");
	assert_line("one wo three", 4);
	type("\033[1;5C\033[3;5~");
	assert_line("one wo", 6);
}

static void characters_are_moved_over_and_deleted_whole(void **state)
{
	type("aé漢🙂");
	assert_line("aé漢🙂", 10);
	type("\033[D");
	assert_line("aé漢🙂", 6);
	type("\177");
	assert_line("aé🙂", 3);
}

static void control_d_ends_an_empty_line_only(void **state)
{
	type("ab\001");
	assert_int_equal(type("\004") & LINE_EDITOR_EOF, 0);
	assert_line("b", 0);
	type("\004");
	assert_line("", 0);
	type("x\177");
	assert_int_equal(type("\004"), LINE_EDITOR_REDRAW | LINE_EDITOR_EOF);
	assert_null(line_editor_take_line(editor));
	assert_int_equal(type("ok"), LINE_EDITOR_REDRAW);
	assert_line("ok", 2);
}

static void a_quoted_nul_is_left_out(void **state)
{
	type("ab\033[D");
	type_bytes("\026\000", 2);
	type("x");
	assert_line("axb", 2);
}

static void inputrc_sees_the_programs_name(void **state)
{
	use_inputrc("$if tchat\n\"\\C-xq\": \"one\\rtwo\\r\"\n$endif\n$if other\n\"\\C-xw\": \"no\"\n$endif\n");
	assert_true(type("\030q") & LINE_EDITOR_LINE);
	assert_submitted("one");
	assert_submitted("two");
	type("\030w");
	assert_line("", 0);
}

static void undo_takes_back(void **state)
{
	type("one \r");
	free(line_editor_take_line(editor));
	type("keep");
	line_editor_paste(editor, " pasted", 7);
	assert_line("keep pasted", 11);
	type("x");
	line_editor_undo(editor);
	assert_line("keep pasted", 11);
	line_editor_undo(editor);
	assert_line("keep", 4);
	line_editor_paste(editor, "s", 1);
	line_editor_undo(editor);
	assert_line("keep", 4);
	type("\025");
	assert_line("", 0);
	type("\037");
	assert_line("keep", 4);
}

static void a_paste_executes_nothing_and_is_one_undo(void **state)
{
	type("<>\033[D");
	int bits = type("\033[200~a\rb\r\nc\td\001e\003\033[Af\200\302\233é\033[201~");
	assert_int_equal(bits, LINE_EDITOR_REDRAW);
	assert_line("<a\nb\nc\tde[Afé>", 14);
	line_editor_undo(editor);
	assert_line("<>", 1);
}

static void a_megabyte_paste_is_one_draft_and_quick(void **state)
{
	size_t length = 1 << 20;
	char *paste = malloc(length + 13);
	memcpy(paste, "\033[200~", 6);
	for (size_t i = 0; i < length; i++)
		paste[6 + i] = i % 2097 == 2096 ? '\r' : (char)('a' + i % 26);
	memcpy(paste + 6 + length, "\033[201~", 7);
	assert_int_equal(type_bytes(paste, length + 12), LINE_EDITOR_REDRAW);
	assert_int_equal(line_editor_length(editor), length);
	size_t lines = 1;
	for (const char *at = line_editor_text(editor); (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, 501);
	/* Completion in a text without blanks must not look back over all of it, nor search from its start each
	 * time. */
	struct timespec before, after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	offer_start = length;
	type("\t\t\t");
	offer_start = length - 3;
	type("\t\t\tx\177");
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 60);
	assert_int_equal(line_editor_length(editor), length);
	for (int undo = 0; undo < 3; undo++) /* the rubout, the x, the paste */
		line_editor_undo(editor);
	assert_line("", 0);
	free(paste);
}

static void what_exceeds_the_maximum_is_cut_at_a_character(void **state)
{
	size_t length = TEXT_MAXIMUM + 10;
	char *paste = malloc(length);
	memset(paste, 'x', length);
	memcpy(paste + TEXT_MAXIMUM - 1, "é", 2);
	assert_int_equal(line_editor_paste(editor, paste, length), TCHAT_ERR_TOO_LONG);
	assert_int_equal(line_editor_length(editor), TEXT_MAXIMUM - 1);
	assert_int_equal(line_editor_paste(editor, "ab", 2), TCHAT_ERR_TOO_LONG);
	assert_int_equal(line_editor_length(editor), TEXT_MAXIMUM);
	type("yyy");
	assert_int_equal(line_editor_length(editor), TEXT_MAXIMUM);
	paste[length - 1] = '\0';
	assert_int_equal(line_editor_set_text(editor, paste, 0), TCHAT_ERR_TOO_LONG);
	free(paste);
}

static void newlines_make_a_draft_of_several_lines_with_up_and_down(void **state)
{
	enter("old");
	type("first");
	line_editor_newline(editor);
	type("sec");
	line_editor_newline(editor);
	type("third");
	assert_line("first\nsec\nthird", 15);
	type("\033[A");
	assert_line("first\nsec\nthird", 9);
	type("\033OA");
	assert_line("first\nsec\nthird", 3);
	type("\033[B");
	assert_line("first\nsec\nthird", 9);
	type("\033[A\033[A");
	assert_line("old", 3);
	type("\033[B");
	assert_string_equal(line_editor_text(editor), "first\nsec\nthird");
	assert_true(type("\r") & LINE_EDITOR_LINE);
	assert_submitted("first\nsec\nthird");
}

static void a_number_shows_in_the_prompt(void **state)
{
	type("\0334");
	assert_string_equal(line_editor_prompt(editor), "(arg: 4) ");
	type("x");
	assert_line("xxxx", 4);
	assert_string_equal(line_editor_prompt(editor), "");
}

static void cancel_ends_a_question_then_the_line_then_nothing(void **state)
{
	enter("find me");
	type("draft\022find");
	assert_string_equal(line_editor_text(editor), "find me");
	assert_true(line_editor_cancel(editor));
	assert_line("draft", 5);
	assert_string_equal(line_editor_prompt(editor), "");
	assert_false(line_editor_is_busy(editor));
	type("\0337");
	assert_true(line_editor_cancel(editor));
	assert_string_equal(line_editor_prompt(editor), "");
	type("x\033");
	assert_true(line_editor_is_busy(editor));
	assert_true(line_editor_cancel(editor));
	type("\0334\033");
	assert_true(line_editor_cancel(editor));
	assert_false(line_editor_is_busy(editor));
	type("b");
	assert_line("draftxb", 7);
	assert_true(line_editor_cancel(editor));
	assert_line("", 0);
	assert_false(line_editor_cancel(editor));
	line_editor_undo(editor);
	assert_line("draftxb", 7);
	line_editor_cancel(editor);
	type("\033[A");
	assert_line("find me", 7);
	assert_true(line_editor_cancel(editor));
	assert_line("", 0);
	type("\033[A");
	assert_line("find me", 7);
}

static void cancel_leaves_quoted_insert_without_eating_the_next_key(void **state)
{
	type("\026");
	line_editor_cancel(editor);
	type("\001");
	type("z");
	assert_string_equal(line_editor_text(editor), "z");
}

/* One step of a user in a hurry. */
static void random_step(uint32_t dice, struct line_draft **drafts, struct line_history **histories)
{
	static const char *const keys[] = { "a", "é", "漢", " ", "\r", "\t", "\t\t", "\177", "\001", "\005", "\013", "\031", "\022",
		"\022a", "\023", "\007", "\020", "\016", "\033[A", "\033[B", "\033[D", "\033b", "\033d", "\0333", "\026", "\030\025",
		"\037", "\033", "\004", "\024", "\033r", "\033<", "\033>", "\030\030", "\000", "/", "n", "i", "x", "u", "\033." };
	size_t slot = dice >> 8 & 3;
	switch (dice >> 16 & 15) {
	case 0:
		line_draft_free(drafts[slot]);
		drafts[slot] = line_editor_save(editor);
		line_editor_restore(editor, drafts[(slot + 1) & 3]);
		drafts[(slot + 1) & 3] = NULL;
		break;
	case 1:
		line_editor_use_history(editor, histories[slot]);
		break;
	case 2:
		line_editor_cancel(editor);
		break;
	case 3:
		line_editor_paste(editor, "two\nlines", 9);
		break;
	case 4:
		line_editor_undo(editor);
		break;
	case 5:
		line_editor_set_text(editor, "set by hand", dice & 15);
		break;
	case 6:
		type_bytes("\026\000\000", 3);
		break;
	default:
		type(keys[(dice >> 20) % (sizeof keys / sizeof keys[0])]);
	}
	for (char *line; (line = line_editor_take_line(editor)) != NULL; free(line))
		line_editor_remember(editor, line);
}

static void random_use_keeps_the_editor_whole(void **state)
{
	static const char *const some[] = { "anna", "ann", NULL };
	struct line_draft *drafts[4] = { NULL };
	struct line_history *histories[4] = { NULL };
	uint32_t seed = 4711;
	offer = some;
	offer_start = 0;
	for (int i = 1; i < 4; i++)
		histories[i] = line_history_new(editor);
	for (int step = 0; step < 20000; step++) {
		seed = seed * 1664525 + 1013904223;
		random_step(seed, drafts, histories);
		assert_true(line_editor_cursor(editor) <= line_editor_length(editor));
		assert_int_equal(strlen(line_editor_text(editor)), line_editor_length(editor));
	}
	line_editor_use_history(editor, NULL);
	for (int i = 0; i < 4; i++) {
		line_draft_free(drafts[i]);
		line_history_free(histories[i]);
	}
}

static void a_bracket_never_blocks(void **state)
{
	use_inputrc("set blink-matching-paren on\n");
	rl_set_paren_blink_timeout(10000000);
	struct timespec before, after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	type("((((((((((()))))))))))");
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 60);
	assert_line("((((((((((()))))))))))", 22);
}

static void a_command_that_wants_more_keys_than_there_are_neither_ends_nor_sends(void **state)
{
	struct token whole = { .kind = TOKEN_SEQUENCE, .bytes = (const uint8_t *)"abc\033[200~", .length = 9 };
	line_editor_feed(editor, &whole);
	assert_line("abc", 3);
	assert_null(line_editor_take_line(editor));
	type("\026");
	type("\030");
	type("\030");
	assert_null(line_editor_take_line(editor));
}

static void only_one_editor_at_a_time(void **state)
{
	const struct line_editor_options options = { 100, 10, NULL, NULL };
	assert_null(line_editor_new(&options));
}

static void submitted_lines_are_bounded(void **state)
{
	char inputrc_text[600] = "\"\\C-xn\": \"";
	for (int i = 0; i < 100; i++)
		strcat(inputrc_text, "a\\r");
	strcat(inputrc_text, "\"\n");
	use_inputrc(inputrc_text);
	type("\030n");
	int count = 0;
	for (char *line; (line = line_editor_take_line(editor)) != NULL; count++)
		free(line);
	assert_int_equal(count, 64);
}

static void vi_escape_acts_at_once_and_the_mode_shows(void **state)
{
	assert_int_equal(line_editor_mode(editor), LINE_EDITOR_VI_INSERT);
	type("hello world");
	struct timespec before, after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	type("\033");
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_int_equal(line_editor_mode(editor), LINE_EDITOR_VI_COMMAND);
	assert_true(after.tv_sec - before.tv_sec < 60);
	type("bcwthere");
	assert_line("hello there", 11);
	assert_int_equal(line_editor_mode(editor), LINE_EDITOR_VI_INSERT);
	type("\033[D\033[D!");
	assert_line("hello the!re", 10);
	type("\0330x");
	assert_line("ello the!re", 0);
	type("u");
	assert_string_equal(line_editor_text(editor), "hello the!re");
	assert_true(type("\r") & LINE_EDITOR_LINE);
	assert_submitted("hello the!re");
	assert_int_equal(line_editor_mode(editor), LINE_EDITOR_VI_INSERT);
}

static void vi_cancel_and_switching_go_back_to_inserting(void **state)
{
	type("abc\033d");
	assert_true(line_editor_is_busy(editor));
	assert_true(line_editor_cancel(editor));
	assert_false(line_editor_is_busy(editor));
	type("x");
	assert_line("ab", 1);
	assert_true(line_editor_cancel(editor));
	assert_int_equal(line_editor_mode(editor), LINE_EDITOR_VI_INSERT);
	type("one two\033b");
	struct line_draft *draft = line_editor_save(editor);
	assert_int_equal(line_editor_mode(editor), LINE_EDITOR_VI_INSERT);
	type("zzz\033");
	line_editor_restore(editor, draft);
	assert_line("one two", 4);
	type("x\033u");
	assert_string_equal(line_editor_text(editor), "one two");
	type("\033?one\r");
}

static void vi_commands_go_by_cluster(void **state)
{
	static const char family[] = "👨\xE2\x80\x8D👩\xE2\x80\x8D👧";
	type("a🇩🇪b");
	type(family);
	type("\033");
	assert_int_equal(line_editor_cursor(editor), 10);
	type("h");
	assert_int_equal(line_editor_cursor(editor), 9);
	type("h");
	assert_int_equal(line_editor_cursor(editor), 1);
	type("l");
	assert_int_equal(line_editor_cursor(editor), 9);
	type("hx");
	assert_int_equal(line_editor_length(editor), 2 + sizeof family - 1);
	assert_int_equal(line_editor_cursor(editor), 1);
	type("u$");
	assert_int_equal(line_editor_cursor(editor), 10);
	type("X");
	assert_int_equal(line_editor_cursor(editor), 9);
	type("x");
	assert_line("a🇩🇪", 1);
	type("x");
	assert_line("a", 0);
}

#define VI(test) cmocka_unit_test_setup_teardown(test, vi_setup, vi_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(keys_edit_and_enter_submits),
		EACH(keys_of_many_terminals_move_and_delete),
		EACH(characters_are_moved_over_and_deleted_whole),
		EACH(control_d_ends_an_empty_line_only),
		EACH(a_quoted_nul_is_left_out),
		EACH(inputrc_sees_the_programs_name),
		EACH(undo_takes_back),
		EACH(a_paste_executes_nothing_and_is_one_undo),
		EACH(a_megabyte_paste_is_one_draft_and_quick),
		EACH(what_exceeds_the_maximum_is_cut_at_a_character),
		EACH(newlines_make_a_draft_of_several_lines_with_up_and_down),
		EACH(a_number_shows_in_the_prompt),
		EACH(cancel_ends_a_question_then_the_line_then_nothing),
		EACH(cancel_leaves_quoted_insert_without_eating_the_next_key),
		EACH(random_use_keeps_the_editor_whole),
		VI(random_use_keeps_the_editor_whole),
		EACH(a_bracket_never_blocks),
		EACH(a_command_that_wants_more_keys_than_there_are_neither_ends_nor_sends),
		EACH(only_one_editor_at_a_time),
		EACH(submitted_lines_are_bounded),
		VI(vi_escape_acts_at_once_and_the_mode_shows),
		VI(vi_cancel_and_switching_go_back_to_inserting),
		VI(vi_commands_go_by_cluster),
	};
	return cmocka_run_group_tests(tests, start, finish);
}
