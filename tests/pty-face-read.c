/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What somebody has read, on two screens of one account, and at the next start. */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_read_on_one_screen_is_read_on_the_other(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	struct pty *other = scene_join(24, 100, "unix", "ann");
	struct pty *bob = scene_join(24, 100, "4", "bob");
	scene_say(ann, "/join dev");
	pty_wait_row(ann, -1, "#dev>");
	scene_say(other, "/join dev");
	pty_wait_row(other, -1, "#dev>");
	scene_say(bob, "one");
	scene_say(bob, "two");
	pty_wait_text(ann, "#lobby           2");
	pty_wait_text(other, "#lobby           2");
	pty_type(ann, "\033a");
	pty_wait_row(ann, 0, "#lobby");
	pty_wait_text(ann, "new messages");
	pty_wait_no_text(other, "room unread");
	pty_type(other, "\033[1;3A"); /* Alt-Up */
	pty_wait_row(other, 0, "#lobby");
	pty_wait_text(other, "two");
	assert_false(pty_has_text(other, "new messages"));
	/* What comes now is new on both. */
	pty_type(ann, "\033[1;3B"); /* Alt-Down */
	pty_wait_row(ann, 0, "#dev");
	pty_type(other, "\033[1;3B");
	pty_wait_row(other, 0, "#dev");
	scene_say(bob, "three");
	pty_wait_text(other, "#lobby           1");
	pty_type(other, "\033a");
	pty_wait_row(other, 0, "#lobby");
	pty_wait_text(other, "three");
	pty_wait_text(other, "new messages");
	assert_true(pty_find_row(other, "new messages") == pty_find_row(other, "three") - 1);
	pty_wait_no_text(ann, "room unread");
}

static void what_was_said_meanwhile_stands_below_a_line_at_the_next_start(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	struct pty *bob = scene_join(24, 100, "4", "bob");
	scene_say(ann, "seen");
	pty_wait_text(bob, "seen");
	scene_say(bob, "/quit");
	scene_ended(bob, 0);
	scene_say(ann, "meanwhile");
	scene_say(ann, "and more");
	pty_wait_text(ann, "and more");
	bob = scene_join(24, 100, "4", "bob");
	pty_wait_text(bob, "and more");
	pty_wait_text(bob, "new messages");
	assert_true(pty_find_row(bob, "new messages") == pty_find_row(bob, "meanwhile") - 1);
	assert_false(pty_has_text(bob, "room unread"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(what_is_read_on_one_screen_is_read_on_the_other),
		SCENE(what_was_said_meanwhile_stands_below_a_line_at_the_next_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
