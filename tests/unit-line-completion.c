/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line editor: candidates for completion, listed and put in. */
#include "editor-keys.h"

static void a_single_candidate_is_put_in_with_its_suffix(void **state)
{
	static const char *const one[] = { "ann", NULL };
	offer = one;
	offer_suffix = ": ";
	offer_start = 0;
	type("a\t");
	assert_line("ann: ", 5);
	assert_string_equal(asked_line, "a");
	assert_int_equal(asked_cursor, 1);
	offer_suffix = NULL;
	offer_start = 8;
	type("hé @a\t");
	assert_string_equal(asked_line, "ann: hé @a");
	offer_start = 10;
	line_editor_cancel(editor);
	type("ann: hé @a\033[D\t");
	assert_line("ann: hé @anna", 13);
	size_t count;
	line_editor_matches(editor, &count);
	assert_int_equal(count, 0);
}

static void an_ambiguous_completion_lists_at_the_second_tab(void **state)
{
	static const char *const some[] = { "/join", "/joke", "/jolly", NULL };
	size_t count;
	offer = some;
	offer_start = 0;
	offer_suffix = " ";
	type("/j\t");
	assert_line("/jo", 3);
	line_editor_matches(editor, &count);
	assert_int_equal(count, 0);
	type("\t\t");
	assert_line("/jo", 3);
	const char *const *matches = line_editor_matches(editor, &count);
	assert_int_equal(count, 3);
	assert_string_equal(matches[0], "/join");
	assert_string_equal(matches[2], "/jolly");
	type("i");
	line_editor_matches(editor, &count);
	assert_int_equal(count, 0);
}

static void candidates_need_not_begin_with_what_was_typed(void **state)
{
	static const char *const faces[] = { "🙂", "🙃", NULL };
	static const char *const face[] = { "🙂", NULL };
	size_t count;
	offer = faces;
	offer_start = 3;
	type("ha :sm\t\t");
	assert_line("ha :sm", 6);
	line_editor_matches(editor, &count);
	assert_int_equal(count, 2);
	offer = face;
	line_editor_cancel(editor);
	type("ha :sm\t");
	assert_line("ha 🙂", 7);
	static const char *const shorter[] = { "ok1", "ok2", NULL };
	offer = shorter;
	line_editor_cancel(editor);
	type("ha :smile\t");
	assert_line("ha :smile", 9);
	line_editor_cancel(editor);
	line_editor_undo(editor);
	line_editor_set_text(editor, "ha 🙂", 7);
	/* An empty word after a character of several bytes. */
	static const char *const word[] = { "x", NULL };
	offer = word;
	offer_start = 7;
	type("\t");
	assert_line("ha 🙂x", 8);
}

static void menu_completion_from_inputrc_walks_the_candidates(void **state)
{
	static const char *const some[] = { "anna", "ann", NULL };
	use_inputrc("\"\\C-xm\": menu-complete\n");
	offer = some;
	offer_start = 3;
	type("hi a\030m");
	assert_line("hi anna", 7);
	type("\030m");
	assert_line("hi ann", 6);
}

static void no_completer_and_no_candidates_do_nothing(void **state)
{
	offer_start = 0;
	type("abc\t\t");
	assert_line("abc", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_single_candidate_is_put_in_with_its_suffix),
		EACH(an_ambiguous_completion_lists_at_the_second_tab),
		EACH(candidates_need_not_begin_with_what_was_typed),
		EACH(menu_completion_from_inputrc_walks_the_candidates),
		EACH(no_completer_and_no_candidates_do_nothing),
	};
	return cmocka_run_group_tests(tests, start, finish);
}
