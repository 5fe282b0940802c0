/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line editor: histories and searching them, and drafts that are put away and come back. */
#include "editor-keys.h"

static void searching_shows_its_prompt_and_finds_a_split_character(void **state)
{
	enter("café au lait");
	enter("tea");
	type("\022");
	assert_string_equal(line_editor_prompt(editor), "(reverse-i-search)`': ");
	assert_true(line_editor_is_busy(editor));
	/* The tokenizer holds the first half back until the second one comes. */
	struct tokenizer *tokenizer = tokenizer_new(100);
	struct token token;
	tokenizer_feed(tokenizer, "\303", 1, 1);
	assert_false(tokenizer_next(tokenizer, 1, &token));
	tokenizer_feed(tokenizer, "\251", 1, 2);
	assert_true(tokenizer_next(tokenizer, 2, &token));
	line_editor_feed(editor, &token);
	tokenizer_free(tokenizer);
	assert_string_equal(line_editor_prompt(editor), "(reverse-i-search)`é': ");
	assert_string_equal(line_editor_text(editor), "café au lait");
	assert_true(type("\r") & LINE_EDITOR_LINE);
	assert_submitted("café au lait");
	assert_string_equal(line_editor_prompt(editor), "");
	assert_false(line_editor_is_busy(editor));
}

static void history_goes_up_and_down_and_keeps_the_draft(void **state)
{
	enter("one");
	enter("two");
	line_editor_remember(editor, "two");
	type("draft\033[A");
	assert_line("two", 3);
	type("\033[A");
	assert_line("one", 3);
	type("\033[A");
	assert_line("one", 3);
	type("\033[B\033[B");
	assert_line("draft", 5);
}

static void histories_of_rooms_are_apart(void **state)
{
	struct line_history *room = line_history_new(editor);
	enter("everywhere");
	line_editor_use_history(editor, room);
	type("\033[A");
	assert_line("", 0);
	enter("here");
	type("\033[A");
	assert_line("here", 4);
	line_editor_use_history(editor, NULL);
	assert_line("", 0);
	type("\033[A");
	assert_line("everywhere", 10);
	line_editor_use_history(editor, room);
	type("\033[A\033[A\033[A");
	assert_line("here", 4);
	line_editor_use_history(editor, NULL);
	line_history_free(room);
	type("\033[A");
	assert_line("everywhere", 10);
}

static void a_history_is_bounded(void **state)
{
	for (int i = 0; i < 500; i++) {
		char line[16];
		snprintf(line, sizeof line, "line %d", i);
		line_editor_remember(editor, line);
	}
	for (int i = 0; i < 200; i++)
		type("\033[A");
	assert_line("line 400", 8);
}

static void history_survives_in_a_file_with_lines_and_marks(void **state)
{
	enter("plain");
	line_editor_remember(editor, "two\n#1 lines\n\n#12345");
	line_editor_remember(editor, "#42 first");
	assert_int_equal(line_editor_save_history(editor, history_file), 0);
	struct stat about;
	assert_int_equal(stat(history_file, &about), 0);
	assert_int_equal(about.st_mode & 077, 0);
	struct line_history *other = line_history_new(editor);
	line_editor_use_history(editor, other);
	assert_int_equal(line_editor_load_history(editor, history_file), 0);
	type("\033[A");
	assert_line("#42 first", 9);
	type("\033[A");
	assert_string_equal(line_editor_text(editor), "two\n#1 lines\n\n#12345");
	type("\020\020\020\020");
	line_editor_set_text(editor, "", 0);
	type("\020\020\020");
	assert_line("plain", 5);
	line_editor_use_history(editor, NULL);
	line_history_free(other);
	assert_int_equal(line_editor_load_history(editor, "/proc/nonexistent/history"), TCHAT_ERR_NOT_FOUND);
	assert_int_equal(line_editor_save_history(editor, "/proc/nonexistent/history"), TCHAT_ERR_SYSTEM);
}

static void drafts_keep_cursor_and_undo_over_a_switch(void **state)
{
	type("one two");
	line_editor_paste(editor, " three", 6);
	type("\001");
	struct line_draft *first = line_editor_save(editor);
	assert_line("", 0);
	assert_string_equal(line_draft_text(first), "one two three");
	line_editor_undo(editor);
	assert_line("", 0);
	type("other");
	struct line_draft *second = line_editor_save(editor);
	line_editor_restore(editor, first);
	assert_line("one two three", 0);
	line_editor_undo(editor);
	assert_string_equal(line_editor_text(editor), "one two");
	first = line_editor_save(editor);
	line_editor_restore(editor, second);
	assert_line("other", 5);
	line_editor_undo(editor);
	assert_line("", 0);
	type("gone");
	line_editor_restore(editor, first);
	assert_string_equal(line_editor_text(editor), "one two");
	line_editor_restore(editor, NULL);
	assert_line("", 0);
	struct line_draft *file = line_draft_new("aé", 2);
	assert_int_equal(line_draft_cursor(file), 1);
	line_editor_restore(editor, file);
	assert_line("aé", 1);
	line_draft_free(line_editor_save(editor));
	line_draft_free(NULL);
}

static void switching_in_the_middle_of_history_keeps_what_the_user_wrote(void **state)
{
	enter("sent");
	type("unfinished\033[A");
	assert_line("sent", 4);
	struct line_draft *draft = line_editor_save(editor);
	assert_string_equal(line_draft_text(draft), "unfinished");
	line_editor_restore(editor, draft);
	type("\033[A again");
	assert_line("sent again", 10);
	draft = line_editor_save(editor);
	assert_string_equal(line_draft_text(draft), "sent again");
	line_editor_restore(editor, draft);
	line_editor_undo(editor);
	assert_string_equal(line_editor_text(editor), "unfinished");
	type("\033[A");
	assert_line("sent", 4);
	type("\022se");
	draft = line_editor_save(editor);
	assert_string_equal(line_editor_prompt(editor), "");
	line_draft_free(draft);
	type("\033[A");
	assert_line("sent", 4);
}

static void a_new_editor_searches_an_empty_history(void **state)
{
	enter("from before");
	each_teardown(state);
	each_setup(state);
	type("\022before");
	assert_string_equal(line_editor_text(editor), "");
	assert_string_equal(line_editor_prompt(editor), "(failed reverse-i-search)`before': ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(searching_shows_its_prompt_and_finds_a_split_character),
		EACH(history_goes_up_and_down_and_keeps_the_draft),
		EACH(histories_of_rooms_are_apart),
		EACH(a_history_is_bounded),
		EACH(history_survives_in_a_file_with_lines_and_marks),
		EACH(drafts_keep_cursor_and_undo_over_a_switch),
		EACH(switching_in_the_middle_of_history_keeps_what_the_user_wrote),
		EACH(a_new_editor_searches_an_empty_history),
	};
	return cmocka_run_group_tests(tests, start, finish);
}
