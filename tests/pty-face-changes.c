/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages about messages, on the real program: edits, deletions, signs, answers, and how their message is picked. */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* Another text stands in the row below. */
static void assert_above(struct pty *pty, const char *text, const char *below)
{
	int row = pty_find_row(pty, text);
	if (row < 0 || strstr(pty_row(pty, row + 1), below) == NULL) {
		pty_dump(pty, text);
		fail_msg("'%s' does not stand right above '%s'", text, below);
	}
}

/* A message of the room is to be picked now. */
static void select_in(struct pty *pty)
{
	pty_type(pty, "\033[15~"); /* F5 */
	pty_wait_row(pty, -2, "SELECT");
}

static void an_edit_shows_in_its_place_on_all_screens(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(ann, "helo word");
	pty_wait_text(bob, "helo word");
	scene_say(bob, "what?");
	pty_wait_text(ann, "what?");
	pty_wait_text(bob, "ann");
	scene_say(ann, "/edit hello world");
	pty_wait_text(bob, "hello world (edited)");
	pty_wait_text(ann, "hello world (edited)");
	pty_wait_no_text(bob, "helo word");
	assert_true(pty_find_row(bob, "hello world (edited)") < pty_find_row(bob, "what?"));
	/* Without a text, the old one is there to be changed. */
	scene_say(ann, "/edit");
	pty_wait_row(ann, -1, "/edit hello world");
	pty_type(ann, "!\r");
	pty_wait_text(bob, "hello world! (edited)");
	/* Who comes later sees what counts. */
	struct pty *cy = scene_join(10, 40, "unix", "cy");
	pty_wait_text(cy, "hello world! (edited)");
	pty_wait_no_text(cy, "helo");
}

static void a_deletion_asks_and_leaves_a_place(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(ann, "a secret");
	pty_wait_text(bob, "a secret");
	scene_say(ann, "/delete");
	pty_wait_text(ann, "Delete this message?");
	pty_type(ann, "k");
	pty_wait_no_text(ann, "Delete this message?");
	assert_true(pty_has_text(bob, "a secret"));
	scene_say(bob, "/reply so what");
	pty_wait_text(ann, "> ann: a secret");
	scene_say(ann, "/delete");
	pty_wait_text(ann, "Delete this message?");
	pty_type(ann, "d");
	pty_wait_text(bob, "(deleted)");
	pty_wait_no_text(bob, "secret"); /* not even in what quotes it */
	pty_wait_text(bob, "> ann: (deleted)");
	scene_say(bob, "/edit so");
	pty_wait_text(ann, "so (edited)");
	assert_above(ann, "> ann: (deleted)", "so (edited)");
}

static void signs_are_counted_beside_their_message(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	struct pty *cy = scene_join(24, 80, "unix", "cy");
	scene_say(ann, "lunch");
	pty_wait_text(bob, "lunch");
	pty_wait_text(cy, "lunch");
	scene_say(bob, "/react ok");
	pty_wait_text(ann, "lunch ok");
	scene_say(cy, "/react ok");
	pty_wait_text(ann, "lunch ok 2");
	scene_say(cy, "/react yum");
	pty_wait_text(bob, "lunch ok 2  yum");
	scene_say(ann, "/edit dinner");
	pty_wait_text(bob, "dinner (edited)  ok 2  yum");
	/* By its name; what is no name of one stays away. */
	scene_say(bob, "/react :Wave:");
	pty_wait_text(ann, "yum  \360\237\221\213");
	scene_say(bob, "/react :wvae:");
	pty_wait_text(bob, "there is no emoji :wvae:; did you mean :wave:?");
	scene_say(bob, "/react :quixotry:");
	pty_wait_text(bob, "there is no emoji :quixotry:");
	scene_say(ann, "/edit tea");
	pty_wait_text(bob, "tea (edited)  ok 2  yum  \360\237\221\213");
	assert_false(pty_has_text(ann, "wvae"));
	/* Nobody gives the same twice. */
	scene_say(cy, "/react yum");
	scene_say(cy, "after");
	pty_wait_text(ann, "after");
	assert_true(pty_has_text(ann, "tea (edited)  ok 2  yum"));
	assert_false(pty_has_text(ann, "yum 2"));
}

static void an_answer_quotes_what_it_answers(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(bob, "/reply too early");
	pty_wait_text(bob, "there is no message of others here");
	scene_say(ann, "tea or coffee");
	pty_wait_text(bob, "tea or coffee");
	scene_say(bob, "/reply tea");
	pty_wait_text(ann, "> ann: tea or coffee");
	assert_above(ann, "> ann: tea or coffee", "   tea");
	scene_say(ann, "/edit tea or milk");
	pty_wait_text(bob, "> ann: tea or milk");
}

static void a_message_is_picked_by_keys(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(ann, "first");
	scene_say(ann, "second");
	scene_say(ann, "third");
	pty_wait_text(bob, "third");
	pty_type(bob, "a draft");
	pty_wait_row(bob, -1, "a draft");
	select_in(bob);
	pty_wait_row(bob, -1, "r reply");
	pty_type(bob, "\033[A\033[Axr"); /* x is no key of these, and not typed either */
	pty_wait_row(bob, -1, "/reply a draft");
	pty_wait_no_text(bob, "SELECT");
	scene_say(ann, "more"); /* what comes makes no other message of it */
	pty_wait_text(bob, "more");
	pty_type(bob, "\r");
	pty_wait_text(ann, "> ann: first");
	assert_above(ann, "> ann: first", "a draft");
	/* One's own */
	pty_wait_text(bob, "> ann: first");
	select_in(ann);
	pty_type(ann, "kkke");
	pty_wait_row(ann, -1, "/edit second");
	pty_type(ann, " edition\r");
	pty_wait_text(bob, "second edition (edited)");
	select_in(ann);
	pty_type(ann, "kk+");
	pty_wait_row(ann, -1, "/react");
	pty_type(ann, "ok\r");
	pty_wait_text(bob, "third ok");
	select_in(ann);
	pty_type(ann, "kkd");
	pty_wait_text(ann, "Delete this message?");
	pty_type(ann, "d");
	pty_wait_text(bob, "(deleted)");
	pty_wait_no_text(bob, "third");
	/* Nothing is picked any more. */
	select_in(ann);
	pty_type(ann, "\033");
	pty_wait_no_text(ann, "SELECT");
	scene_say(ann, "/edit most");
	pty_wait_text(bob, "most (edited)");
}

static void what_is_not_allowed_is_said(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(ann, "mine");
	pty_wait_text(bob, "mine");
	select_in(bob);
	pty_type(bob, "e");
	pty_wait_row(bob, -1, "/edit mine");
	pty_type(bob, "\r");
	pty_wait_text(bob, "the change was not accepted");
	pty_wait_text(bob, "mine");
	assert_false(pty_has_text(bob, "(edited)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(an_edit_shows_in_its_place_on_all_screens),
		SCENE(a_deletion_asks_and_leaves_a_place),
		SCENE(signs_are_counted_beside_their_message),
		SCENE(an_answer_quotes_what_it_answers),
		SCENE(a_message_is_picked_by_keys),
		SCENE(what_is_not_allowed_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
