/* SPDX-License-Identifier: GPL-3.0-or-later */
/* People who talk, each on a full screen of the real program: rooms, names, unread marks, search. */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* The row that contains text: it contains the other text as well. */
static void assert_row_has(struct pty *pty, const char *text, const char *other)
{
	int row = pty_find_row(pty, text);
	if (row < 0 || strstr(pty_row(pty, row), other) == NULL) {
		pty_dump(pty, text);
		fail_msg("no row with both '%s' and '%s'", text, other);
	}
}

static void three_terminals_talk(void **state)
{
	struct pty *ann = scene_host(28, 100, "ann");
	struct pty *bob = scene_join(24, 80, "6", "bob");
	struct pty *cy = scene_join(10, 40, "unix", "cy");
	pty_wait_text(ann, "bob joined");
	pty_wait_text(ann, "3 members");
	scene_say(bob, "hello from bob");
	pty_wait_text(ann, "hello from bob");
	pty_wait_text(cy, "bob: hello from bob");
	scene_say(cy, "/me waves");
	pty_wait_text(bob, "*   cy waves");
	pty_wait_text(cy, "* cy waves");
	scene_say(ann, "//slash");
	pty_wait_text(bob, "/slash");
	/* The same order on all screens, each line once. */
	assert_true(pty_find_row(bob, "hello from bob") < pty_find_row(bob, "cy waves"));
	assert_true(pty_find_row(bob, "cy waves") < pty_find_row(bob, "/slash"));
	pty_wait_no_text(bob, "…");
	scene_say(bob, "/quit");
	scene_ended(bob, 0);
	pty_wait_text(ann, "bob left");
	pty_wait_text(ann, "2 members");
}

static void a_new_name_shows_everywhere(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(bob, "/msg ann hello you");
	pty_wait_text(ann, "@bob");
	scene_say(bob, "/nick robert");
	pty_wait_text(bob, "you are now robert");
	pty_wait_text(ann, "bob is now robert");
	pty_wait_text(ann, " @robert"); /* the room that was @bob */
	scene_say(ann, "/nick robert");
	pty_wait_text(ann, "robert: this name is taken");
	struct pty *other = scene_join(24, 80, "4", "robert");
	pty_wait_text(other, "the name that you wished is taken or not possible here:");
	pty_wait_text(other, "you are robert2");
	pty_wait_text(ann, "robert2 joined");
}

static void a_topic_stands_in_the_title_bar_and_in_the_room(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(ann, "/topic all about boats");
	pty_wait_row(bob, 0, "#lobby  all about boats");
	pty_wait_text(bob, "ann set the topic: all about boats");
	struct pty *cy = scene_join(24, 80, "4", "cy");
	pty_wait_row(cy, 0, "all about boats");
	scene_say(bob, "/topic");
	pty_wait_text(bob, "Topic: all about boats");
}

static void who_is_put_out_of_a_room_is_told_and_can_come_back(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(ann, "/join dev");
	pty_wait_row(ann, -1, "#dev>");
	pty_wait_text(ann, "1 member"); /* the host has her there, before bob comes */
	scene_say(bob, "/join dev");
	pty_wait_text(ann, "bob joined");
	scene_say(ann, "/kick bob too loud");
	pty_wait_text(ann, "bob was kicked by ann: too loud");
	pty_wait_text(ann, "1 member");
	pty_wait_text(bob, "you were kicked by ann: too loud");
	pty_wait_text(bob, "/join dev comes back, /part closes it");
	scene_say(bob, "hello?");
	pty_wait_text(bob, "you are not in this room");
	scene_say(bob, "/join dev");
	pty_wait_text(ann, "2 members");
	scene_say(ann, "/kick bob");
	pty_wait_text(ann, "1 member");
	scene_say(bob, "/part");
	pty_wait_row(bob, -1, "#lobby>");
}

static void putting_out_of_the_lobby_disconnects(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(ann, "/kick bob bad manners");
	pty_wait_text(bob, "you were kicked by ann: bad manners");
	pty_wait_text(bob, "the connection ended: kicked. /reconnect tries again");
	pty_wait_row(bob, -2, "offline");
	scene_say(bob, "/reconnect");
	scene_say(bob, "/quit");
	pty_wait_exit(bob);
	pty_assert_restored(bob);
	scene_say(ann, "/kick nobody");
	pty_wait_text(ann, "nobody: no such user");
}

static int rows_with(const struct pty *pty, const char *text)
{
	int count = 0;
	for (int row = 0; row < 24; row++)
		count += strstr(pty_row(pty, row), text) != NULL;
	return count;
}

static bool is_refused_twice(struct pty *pty, void *arg)
{
	return rows_with(pty, "not accepted: muted") == 2;
}

static void what_is_tried_again_stands_there_once(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(ann, "/mute bob");
	pty_wait_text(bob, "you are muted in #lobby");
	scene_say(bob, "anybody there");
	pty_wait_text(bob, "not accepted: muted");
	assert_row_has(bob, "anybody there", "✗");
	scene_say(bob, "/retry");
	pty_wait(bob, is_refused_twice, NULL, "a second refusal");
	assert_int_equal(rows_with(bob, "anybody there"), 1);
	assert_row_has(bob, "anybody there", "✗");
	pty_wait_row(bob, -2, " 1 not sent");
	scene_say(ann, "/unmute bob");
	pty_wait_text(bob, "you are a plain member of #lobby");
	scene_say(bob, "/retry");
	pty_wait_text(ann, "anybody there");
	pty_wait_no_text(bob, "✗");
	pty_wait_no_text(bob, "not sent");
	assert_int_equal(rows_with(bob, "anybody there"), 1);
}

static void a_direct_message_leaves_the_room_shown(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(bob, "/msg ann just for you");
	pty_wait_text(bob, "to @ann: just for you");
	pty_wait_row(bob, 0, "#lobby");
	pty_wait_text(ann, "@bob            @1");
	pty_wait_row(ann, -2, "1 room unread");
	pty_wait_raw(ann, "\a");
	pty_type(ann, "\033a");
	pty_wait_row(ann, 0, "@bob");
	pty_wait_text(ann, "new messages");
	pty_wait_text(ann, "bob   just for you");
	pty_wait_no_text(ann, "unread");
	scene_say(ann, "thanks");
	pty_wait_no_text(ann, "new messages"); /* who answers has read */
	scene_say(bob, "/msg ann");
	pty_wait_row(bob, 0, "@ann");
	pty_wait_text(bob, "thanks");
	pty_wait_row(bob, -1, "@ann>");
}

static void what_could_not_be_sent_is_told_where_the_writer_is(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	scene_say(ann, "/msg zorro are you there");
	pty_wait_text(ann, "@zorro: no such user");
	pty_wait_text(ann, "not sent to @zorro (nobody of this name is here): are you");
	pty_type(ann, "/msg zorro\rhalf a line");
	pty_wait_row(ann, -1, "#lobby> half a line"); /* it is not lost with the room */
	pty_type(ann, "\003");
	assert_false(pty_has_text(ann, " Rooms"));
	scene_say(ann, "/join no/such name");
	pty_wait_text(ann, "is not a name for a room");
	scene_say(ann, "/kik bob");
	pty_wait_text(ann, "unknown command /kik; did you mean /kick?");
	scene_say(ann, "/foo"); /* /op is as short */
	pty_wait_text(ann, "unknown command /foo; /help lists them");
	scene_say(ann, "/nick two words");
	pty_wait_text(ann, "this cannot be a name; a short one");
	scene_say(ann, "/msg");
	pty_wait_text(ann, "usage: /msg NICK [TEXT]");
}

static void what_is_typed_without_a_room_stays(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	scene_say(ann, "/part");
	pty_wait_no_text(ann, "#lobby>");
	scene_say(ann, "hello");
	pty_wait_text(ann, "you are in no room; /join one first");
	pty_wait_row(ann, -1, "> hello");
	pty_type(ann, "\003");
	scene_say(ann, "/join lobby");
	pty_wait_row(ann, -1, "#lobby>");
}

static void help_covers_the_screen_and_goes_away(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	scene_say(ann, "/help");
	pty_wait_row(ann, 0, "tchat: help");
	pty_wait_text(ann, "Alt-Enter");
	pty_type(ann, "\033[6~\033[6~\033[6~");
	pty_wait_text(ann, "/quit [all]");
	pty_type(ann, "\033OP"); /* F1, any other key */
	pty_wait_row(ann, 0, "#lobby");
	pty_type(ann, "\033OP");
	pty_wait_row(ann, 0, "tchat: help");
	pty_type(ann, "\033");
	pty_wait_row(ann, 0, "#lobby");
	scene_say(ann, "/help kick");
	pty_wait_text(ann, "/kick NICK [REASON]");
}

static void names_and_who_is_away(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	pty_wait_text(ann, "2 members");
	scene_say(bob, "/away lunch");
	pty_wait_text(bob, "You are away");
	pty_wait_row(bob, -2, "bob (away)");
	scene_say(ann, "/names");
	pty_wait_text(ann, "#lobby, 2 members: ann (owner), bob (away)");
	scene_say(bob, "/away");
	pty_wait_text(bob, "You are back");
}

static void unread_rooms_are_counted_and_visited_in_their_order(void **state)
{
	struct pty *ann = scene_host(24, 120, "ann");
	struct pty *bob = scene_join(24, 100, "4", "bob");
	scene_say(bob, "/join dev");
	pty_wait_row(bob, -1, "#dev>");
	scene_say(bob, "/join ops");
	pty_wait_row(bob, -1, "#ops>");
	scene_say(ann, "/join dev");
	pty_wait_row(ann, -1, "#dev>");
	scene_say(ann, "one");
	scene_say(ann, "two");
	pty_wait_text(bob, "#dev             2");
	scene_say(ann, "/join lobby");
	pty_wait_row(ann, -1, "#lobby>");
	scene_say(ann, "bob, look here");
	pty_wait_text(bob, "#lobby          @1");
	pty_wait_row(bob, -2, "2 rooms unread");
	pty_type(bob, "\033a"); /* where the name was said first */
	pty_wait_row(bob, 0, "#lobby");
	pty_wait_text(bob, "» bob, look here");
	pty_type(bob, "\033a");
	pty_wait_row(bob, 0, "#dev");
	assert_true(pty_find_row(bob, "new messages") == pty_find_row(bob, "one") - 1);
	pty_wait_no_text(bob, "unread");
	pty_type(bob, "\033[1;3A"); /* Alt-Up */
	pty_wait_row(bob, 0, "#lobby");
	pty_type(bob, "\033OQ"); /* F2 */
	pty_wait_text(bob, "Go to room");
	pty_type(bob, "dv\r");
	pty_wait_row(bob, 0, "#dev");
	assert_false(pty_has_text(bob, "new messages")); /* it was seen */
}

static void without_the_focus_nothing_is_read(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(ann, "before");
	pty_wait_text(bob, "before");
	pty_type(bob, "\033[Ox");
	pty_wait_row(bob, -1, "> x"); /* and so the focus is gone */
	scene_say(ann, "meanwhile");
	pty_wait_text(bob, "meanwhile");
	assert_true(pty_find_row(bob, "new messages") == pty_find_row(bob, "meanwhile") - 1);
	pty_type(bob, "\033[I");
	scene_say(ann, "after");
	pty_wait_text(bob, "after");
	assert_true(pty_find_row(bob, "new messages") == pty_find_row(bob, "meanwhile") - 1);
}

static void search_lists_and_jumps_into_the_context_and_back(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	FILE *bot = scene_bot("bot");
	for (int i = 0; i < 200; i++)
		fprintf(bot, "line %d%s\n", i, i == 20 ? " Needle one" : i == 60 ? " needle two" : "");
	assert_int_equal(pclose(bot), 0);
	pty_wait_text(ann, "line 199");
	scene_say(ann, "/search NEEDLE");
	pty_wait_text(ann, "Found: NEEDLE");
	pty_wait_text(ann, "bot: line 60 needle two");
	pty_wait_text(ann, "bot: line 20 Needle one");
	assert_true(pty_find_row(ann, "bot: line 60 needle two") < pty_find_row(ann, "bot: line 20 Needle one"));
	pty_type(ann, "one\r"); /* narrows the list */
	pty_wait_text(ann, "line 20 Needle one");
	pty_wait_text(ann, "line 19");
	pty_wait_text(ann, "line 21");
	pty_wait_row(ann, -2, "SEARCH");
	pty_type(ann, "\033n");
	pty_wait_text(ann, "line 60 needle two");
	pty_type(ann, "typing goes on");
	pty_wait_row(ann, -1, "typing goes on");
	pty_type(ann, "\033");
	pty_wait_text(ann, "line 199");
	pty_wait_no_text(ann, "SEARCH");
	pty_type(ann, "\003");
	scene_say(ann, "/search nowhere to be found");
	pty_wait_text(ann, "'nowhere to be found' is in no message of this room");
}

static void a_click_shows_a_room_and_the_wheel_scrolls(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	assert_true(pty_mode(ann, 1000) != 1); /* off by default: selecting text works */
	scene_say(ann, "/set mouse on");
	scene_say(ann, "/join dev");
	pty_wait_row(ann, 0, "#dev");
	pty_wait_row(ann, 2, "#lobby");
	assert_int_equal(pty_mode(ann, 1006), 1);
	pty_type(ann, "\033[<0;4;3M\033[<0;4;3m");
	pty_wait_row(ann, 0, "#lobby");
	FILE *bot = scene_bot("bot");
	for (int i = 0; i < 100; i++)
		fprintf(bot, "line %d\n", i);
	assert_int_equal(pclose(bot), 0);
	pty_wait_text(ann, "line 99");
	pty_type(ann, "\033[<64;50;10M");
	pty_wait_text(ann, "scrolled back");
	pty_type(ann, "\033[<65;50;10M");
	pty_wait_no_text(ann, "scrolled back");
}

static void a_failed_first_try_leaves_one_line_and_a_status(void **state)
{
	const char *arguments[] = { "--join", "127.0.0.1:1", NULL };
	struct pty *pty = scene_start(24, 80, arguments, NULL);
	scene_ended(pty, 69);
	assert_row_has(pty, "nobody listens on 127.0.0.1:1", "is the host running");
}

static void a_bad_address_at_the_start_can_be_put_right(void **state)
{
	const char *nothing[] = { NULL };
	scene_host(24, 80, "ann");
	struct pty *bob = scene_start(24, 80, nothing, scene_stranger("bob"));
	pty_wait_text(bob, "Where to?");
	pty_type(bob, "127.0.0.1:99999\r");
	pty_wait_text(bob, "127.0.0.1:99999: ports are numbers from 1 to 65535");
	pty_wait_text(bob, "> 127.0.0.1:99999");
	pty_resize(bob, 10, 40);
	pty_wait_text(bob, "127.0.0.1:99999: ports are numbers from");
	pty_wait_text(bob, "> 127.0.0.1:99999");
	pty_resize(bob, 5, 20);
	pty_wait_text(bob, "from 1 to 65535");
	pty_wait_row(bob, 3, "> 127.0.0.1:99999");
	pty_resize(bob, 24, 80);
	pty_wait_text(bob, "Where to?");
	pty_type(bob, "\177\177\177\177\177\177");
	pty_wait_no_text(bob, "ports are numbers");
	const char *port = strrchr(scene_address("4"), ':');
	pty_type(bob, port);
	pty_type(bob, "\r");
	pty_wait_text(bob, "is new to you");
}

static void order_is_kept_and_shown(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	struct pty *bob = scene_join(24, 100, "4", "bob");
	pty_wait_text(ann, "2 members");
	scene_say(ann, "/op bob");
	pty_wait_text(ann, "bob is a moderator of #lobby, by ann");
	pty_wait_text(bob, "you are a moderator of #lobby, by ann");
	pty_wait_text(ann, "+bob"); /* in the list of members */
	scene_say(bob, "/mute ann");
	pty_wait_text(bob, "ann: not allowed; only a moderator");
	scene_say(ann, "/deop bob");
	pty_wait_text(bob, "you are a plain member of #lobby, and may write, by ann");
	scene_say(ann, "/mute bob 10");
	pty_wait_text(ann, "'10' is not a time");
	scene_say(ann, "/mute bob 10m too loud");
	pty_wait_text(bob, "you are muted in #lobby");
	scene_say(bob, "/audit");
	pty_wait_text(bob, "#lobby: not allowed; only moderators");
	scene_say(bob, "/status");
	pty_wait_text(bob, "not allowed; only owners may");
	pty_wait_text(ann, "-bob");
	scene_say(bob, "hello?");
	pty_wait_text(bob, "not accepted: muted");
	scene_say(ann, "/bans");
	pty_wait_text(ann, "muted  bob, until ");
	scene_say(ann, "/audit");
	pty_wait_text(ann, "ann muted bob for 10 minutes");
	scene_say(ann, "/private den");
	pty_wait_row(ann, -1, "#den>");
	pty_wait_text(ann, "1 member"); /* she is in it; the host may say so to her after what it says to others */
	scene_say(bob, "/join den");
	pty_wait_text(bob, "this room is private");
	scene_say(ann, "/invite @bob");
	pty_wait_text(ann, "ann invited bob into #den");
	pty_wait_text(bob, "ann invites you into the private room #den");
	scene_say(ann, "/ban bob for good");
	pty_wait_text(ann, "ann banned bob in #den");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(three_terminals_talk),
		SCENE(a_new_name_shows_everywhere),
		SCENE(a_topic_stands_in_the_title_bar_and_in_the_room),
		SCENE(who_is_put_out_of_a_room_is_told_and_can_come_back),
		SCENE(putting_out_of_the_lobby_disconnects),
		SCENE(order_is_kept_and_shown),
		SCENE(what_is_tried_again_stands_there_once),
		SCENE(a_direct_message_leaves_the_room_shown),
		SCENE(what_could_not_be_sent_is_told_where_the_writer_is),
		SCENE(what_is_typed_without_a_room_stays),
		SCENE(help_covers_the_screen_and_goes_away),
		SCENE(names_and_who_is_away),
		SCENE(unread_rooms_are_counted_and_visited_in_their_order),
		SCENE(without_the_focus_nothing_is_read),
		SCENE(search_lists_and_jumps_into_the_context_and_back),
		SCENE(a_click_shows_a_room_and_the_wheel_scrolls),
		SCENE(a_failed_first_try_leaves_one_line_and_a_status),
		SCENE(a_bad_address_at_the_start_can_be_put_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
