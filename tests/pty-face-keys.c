/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typing, on the real program: inputrc, search and completion of readline, pastes, drafts, what ^C and ^D do. */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void vi_mode_shows_and_a_lone_escape_acts(void **state)
{
	scene_write("inputrc", "$if tchat\nset editing-mode vi\n$endif\n");
	struct pty *ann = scene_host(24, 80, "ann");
	pty_wait_row(ann, -2, "INSERT");
	pty_type(ann, "one two");
	pty_wait_row(ann, -1, "one two");
	pty_type(ann, "\033");
	pty_wait_row(ann, -2, "NORMAL");
	pty_type(ann, "bcwfour");
	pty_wait_row(ann, -1, "#lobby> one four");
	pty_type(ann, "\r");
	pty_wait_text(ann, "ann   one four");
}

static void bindings_of_inputrc_hold(void **state)
{
	scene_write("inputrc", "$if tchat\n\"\\C-xg\": \"good morning\"\n$endif\n$if other\n\"\\C-xg\": \"no\"\n$endif\n");
	struct pty *ann = scene_host(24, 80, "ann");
	pty_type(ann, "\030g");
	pty_wait_row(ann, -1, "#lobby> good morning");
}

static void searching_the_history_takes_half_a_character(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	scene_say(ann, "caf\303\251 au lait");
	pty_wait_text(ann, "ann   caf");
	scene_say(ann, "tea");
	pty_wait_text(ann, "tea");
	pty_type(ann, "\022");
	pty_wait_row(ann, -1, "(reverse-i-search)`':");
	pty_type(ann, "\303");
	pty_resize(ann, 25, 80); /* a frame between the halves: they are two reads */
	pty_wait_row(ann, 24, "(reverse-i-search)");
	pty_type(ann, "\251");
	pty_wait_row(ann, -1, "(reverse-i-search)`\303\251': caf\303\251 au lait");
	pty_type(ann, "\003");
	pty_wait_no_text(ann, "reverse");
}

static void tab_completes_commands_nicks_rooms_and_emoji(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bobby");
	pty_wait_text(ann, "bobby joined");
	pty_type(ann, "bo\t");
	pty_wait_row(ann, -1, "#lobby> bobby:");
	pty_type(ann, "\003hi @bo\t");
	pty_wait_row(ann, -1, "#lobby> hi @bobby");
	pty_type(ann, "\003/ki\tbo\t");
	pty_wait_row(ann, -1, "#lobby> /kick bobby");
	pty_type(ann, "\003/part #lo\t");
	pty_wait_row(ann, -1, "#lobby> /part #lobby");
	pty_type(ann, "\003/names #lo\t\r"); /* the blank behind it does no harm */
	pty_wait_text(ann, "#lobby, 2 members:");
	pty_type(ann, "/quit \t");
	pty_wait_row(ann, -1, "#lobby> /quit all");
	scene_say(ann, "\003/topic boats and oars");
	pty_wait_row(ann, 0, "boats and oars");
	pty_type(ann, "/topic \t"); /* to be changed, not typed again */
	pty_wait_row(ann, -1, "#lobby> /topic boats and oars");
	pty_type(ann, "\003:tad\t");
	pty_wait_row(ann, -1, "#lobby> \360\237\216\211");
	pty_type(ann, "\003/n\t\t");
	pty_wait_row(ann, -3, "/nick   /names");
	pty_wait_text(ann, "bobby joined"); /* the list covers nothing */
	pty_type(ann, "i");
	pty_wait_no_text(ann, "/names");
	scene_say(bob, "/join boats");
	pty_wait_row(bob, -1, "#boats>");
	scene_say(bob, "/msg ann hi");
	pty_wait_text(bob, "to @ann: hi");
	pty_type(bob, "/msg an\t"); /* who is in another room */
	pty_wait_row(bob, -1, "#boats> /msg ann");
}

static void a_paste_of_a_megabyte_is_one_draft_that_is_asked_about(void **state)
{
	enum { LINES = 500, WIDTH = 2096 };
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	char *paste = malloc(LINES * (WIDTH + 1) + 64);
	assert_non_null(paste);
	size_t length = (size_t)sprintf(paste, "\033[200~");
	for (int i = 0; i < LINES; i++) {
		memset(paste + length, 'a' + i % 26, WIDTH);
		memcpy(paste + length, "\004\003\032", 3); /* keys that a paste must not press */
		length += WIDTH;
		paste[length++] = '\r';
	}
	length--;
	length += (size_t)sprintf(paste + length, "the end\033[201~");
	pty_send(ann, paste, length);
	free(paste);
	pty_wait_row(ann, -1, "the end");
	assert_false(pty_has_text(ann, "ann   "));
	pty_type(ann, "\r");
	pty_wait_text(ann, "Send 500 lines (");
	pty_type(ann, "n");
	pty_wait_no_text(ann, "Send 500 lines");
	pty_wait_row(ann, -1, "the end");
	scene_say(bob, "nothing came so far");
	pty_wait_text(ann, "nothing came so far");
	pty_type(ann, "\r");
	pty_wait_text(ann, "Send 500 lines (");
	pty_type(ann, "y");
	pty_wait_text(bob, "the end");
	pty_wait_row(ann, -1, "#lobby>");
	pty_wait_no_text(ann, "sending");
}

static void a_draft_of_several_lines_grows_and_comes_back_from_the_history(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	pty_type(ann, "one\033\rtwo\033\rthree");
	pty_wait_row(ann, -3, "#lobby> one");
	pty_wait_row(ann, -2, "two");
	pty_wait_row(ann, -1, "three");
	for (int i = 0; i < 20; i++)
		pty_type(ann, "\033\rmore");
	pty_wait_row(ann, 15, "●"); /* the cap: eight rows at the bottom */
	assert_true(pty_has_text(ann, "#lobby"));
	pty_type(ann, "\003one\033\rtwo\r");
	pty_wait_text(bob, "ann   one");
	pty_wait_text(bob, "two");
	pty_wait_row(ann, -1, "#lobby>");
	pty_type(ann, "\033[A");
	pty_wait_row(ann, -2, "#lobby> one");
	pty_wait_row(ann, -1, "two");
}

static void drafts_and_their_undo_belong_to_their_room(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	scene_say(ann, "/join dev");
	pty_wait_row(ann, -1, "#dev>");
	pty_type(ann, "for dev only\027"); /* ^W: without the last word */
	pty_wait_row(ann, -1, "#dev> for dev");
	pty_type(ann, "\033[1;3A");
	pty_wait_row(ann, 0, "#lobby");
	pty_wait_row(ann, -1, "#lobby>");
	pty_type(ann, "for all");
	pty_wait_row(ann, -1, "#lobby> for all");
	pty_type(ann, "\033[1;3B");
	pty_wait_row(ann, -1, "#dev> for dev");
	pty_type(ann, "\037"); /* undo, in the room where it was typed */
	pty_wait_row(ann, -1, "#dev> for dev only");
	pty_type(ann, "\033[1;3A");
	pty_wait_row(ann, -1, "#lobby> for all");
}

static void drafts_and_history_survive_a_restart(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	const char *arguments[] = { "--join", scene_address("4"), "--nick", "bob", NULL };
	struct pty *bob = scene_start(24, 80, arguments, NULL);
	pty_wait_row(bob, -1, "#lobby>");
	scene_say(bob, "said before");
	pty_wait_text(ann, "said before");
	pty_type(bob, "not yet said");
	pty_wait_row(bob, -1, "not yet said");
	pty_signal(bob, SIGTERM);
	scene_ended(bob, 0);
	struct pty *again = scene_start(24, 80, arguments, NULL);
	pty_wait_row(again, -1, "#lobby> not yet said");
	pty_type(again, "\003\033[A");
	pty_wait_row(again, -1, "#lobby> said before");
}

static void a_kill_takes_no_more_than_seconds_of_what_was_typed(void **state)
{
	scene_host(24, 80, "ann");
	const char *arguments[] = { "--join", scene_address("4"), "--nick", "bob", NULL };
	struct pty *bob = scene_start(24, 80, arguments, NULL);
	pty_wait_row(bob, -1, "#lobby>");
	scene_say(bob, "said before");
	pty_type(bob, "/join dev\rnot yet said");
	pty_wait_row(bob, -1, "#dev> not yet said");
	scene_wait_file("state/tchat/drafts", "not yet said");
	scene_wait_file("state/tchat/input-history", "said before");
	pty_type(bob, ", really"); /* and again */
	scene_wait_file("state/tchat/drafts", "not yet said, really");
	pty_signal(bob, SIGKILL);
	pty_wait_exit(bob);
	struct pty *again = scene_start(24, 80, arguments, NULL);
	pty_wait_row(again, -1, "#lobby>");
	scene_say(again, "/join dev");
	pty_wait_row(again, -1, "#dev> not yet said, really");
	pty_type(again, "\003\r\033[A\033[A\033[A");
	pty_wait_row(again, -1, "#dev> said before");
}

static void control_c_cancels_and_control_d_leaves(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	pty_type(ann, "half a line");
	pty_wait_row(ann, -1, "half a line");
	pty_type(ann, "\004");
	pty_type(ann, "\003\003\003");
	pty_wait_row(ann, -1, "#lobby>");
	pty_wait_no_text(ann, "half");
	pty_type(ann, "\037");
	pty_wait_row(ann, -1, "half a line"); /* and undo brings it back */
	pty_type(ann, "\003\004");
	scene_ended(ann, 0);
}

/* As a terminal with the keyboard protocol sends it: a lone ESC takes time to be told from Alt. */
static void an_escape_too_many_does_not_take_the_slash_off_a_command(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	pty_type(ann, "\033[27u/topic secret\r");
	pty_wait_row(ann, 0, "secret");
	pty_wait_no_text(ann, "ann   topic");
	pty_type(ann, "one two\033[27ubnot ");
	pty_wait_row(ann, -1, "one not two"); /* in a line it is readline's */
}

static void control_l_repairs_the_screen(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	pty_type(ann, "here");
	pty_wait_row(ann, -1, "here");
	pty_forget(ann);
	pty_type(ann, "\014");
	pty_wait_raw(ann, "Your host is open");
	pty_wait_raw(ann, "here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(vi_mode_shows_and_a_lone_escape_acts),
		SCENE(bindings_of_inputrc_hold),
		SCENE(searching_the_history_takes_half_a_character),
		SCENE(tab_completes_commands_nicks_rooms_and_emoji),
		SCENE(a_paste_of_a_megabyte_is_one_draft_that_is_asked_about),
		SCENE(a_draft_of_several_lines_grows_and_comes_back_from_the_history),
		SCENE(drafts_and_their_undo_belong_to_their_room),
		SCENE(drafts_and_history_survive_a_restart),
		SCENE(a_kill_takes_no_more_than_seconds_of_what_was_typed),
		SCENE(control_c_cancels_and_control_d_leaves),
		SCENE(an_escape_too_many_does_not_take_the_slash_off_a_command),
		SCENE(control_l_repairs_the_screen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
