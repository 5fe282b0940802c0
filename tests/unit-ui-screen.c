/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ui: golden screens of the whole layout and of what lies over it. */
#include "golden_screen.h"

#include "ui/screen.h"
#include "ui/term_memory.h"

#include <limits.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE UINT64_C(60000000)
#define MORNING (UINT64_C(1746433800) * 1000000) /* Monday, 5 May 2025, 08:30 UTC */

/* A small world: two days in a room. */
struct world {
	struct message_list *list;
	struct message_pane *pane;
	struct room_row rooms[5];
	struct member_row members[7];
	struct screen_view view;
	struct cells *cells;
};

static uint64_t say(struct world *world, uint64_t minutes, enum message_kind kind, const char *nick, const char *text)
{
	struct shown_message message = {
		.wall = MORNING + minutes * MINUTE,
		.kind = (uint8_t)kind,
		.nick = nick,
		.nick_length = strlen(nick),
		.text = text,
		.text_length = strlen(text),
		.own = strcmp(nick, "joris") == 0,
		.mention = strstr(text, "joris") != NULL && kind <= MESSAGE_ACTION,
	};
	uint64_t serial = message_list_append(world->list, &message);
	assert_true(serial != 0);
	return serial;
}

static void talk(struct world *world)
{
	say(world, 0, MESSAGE_TOPIC, "", "ann set the topic: release on Friday, freeze today");
	say(world, 0, MESSAGE_TEXT, "ann", "Morning! Who takes the release notes?");
	say(world, 1, MESSAGE_TEXT, "bartholomew-the-wise", "I can. The list is at https://example.org/notes/2025-05, have a "
	    "look before noon and add what is missing, please.");
	say(world, 1, MESSAGE_JOIN, "", "田中さん joined");
	say(world, 2, MESSAGE_TEXT, "田中さん", "おはようございます。今日のリリースについて、変更点の一覧を確認しました。"
	    "問題ありません。");
	say(world, 2, MESSAGE_ACTION, "ann", "waves");
	say(world, 15, MESSAGE_TEXT, "ann", "joris: can you check the build on the old machine?");
	say(world, 16, MESSAGE_TEXT, "joris", "On it.");
	say(world, 16, MESSAGE_TEXT, "joris", "cc: warning: 3 files\n    src/a.c\n    src/b.c\n    src/c.c");
	say(world, 20, MESSAGE_LEAVE, "", "carl left: lunch");
	say(world, 24 * 60, MESSAGE_TEXT, "ann", "Good: all green 🎉");
	message_list_set_unread(world->list, say(world, 24 * 60 + 1, MESSAGE_TEXT, "bo", "Ship it 🚀"));
	say(world, 24 * 60 + 2, MESSAGE_ERROR, "", "the host did not take your topic: not allowed");
	uint64_t failed = say(world, 24 * 60 + 3, MESSAGE_TEXT, "joris", "This one the host refused.");
	message_list_set_state(world->list, failed, MESSAGE_FAILED, 0);
	uint64_t pending = say(world, 24 * 60 + 3, MESSAGE_TEXT, "joris", "This one is under way");
	message_list_set_state(world->list, pending, MESSAGE_PENDING, 0);
}

static void world_open(struct world *world)
{
	*world = (struct world){
		.list = message_list_new(1000, 2000),
		.rooms = {
			{ "lobby", ROOM_ROW_PUBLIC, 0, 0, false, false }, { "release", ROOM_ROW_PUBLIC, 0, 0, true, false },
			{ "random", ROOM_ROW_PUBLIC, 1234, 0, false, true }, { "ops", ROOM_ROW_PRIVATE, 12, 2, false, false },
			{ "ann", ROOM_ROW_DIRECT, 1, 0, false, false },
		},
		.members = {
			{ "joris", MEMBER_PLAIN, false, true }, { "田中さん", MEMBER_PLAIN, false, false },
			{ "bartholomew-the-wise", MEMBER_MODERATOR, false, false }, { "ann", MEMBER_OWNER, false, false },
			{ "Bo", MEMBER_PLAIN, false, false }, { "carl", MEMBER_PLAIN, true, false },
			{ "dora", MEMBER_PLAIN, true, false },
		},
	};
	world->pane = message_pane_new(world->list);
	message_pane_set_own(world->pane, "joris");
	member_list_sort(world->members, 7);
	world->view = (struct screen_view){
		.room = "release",
		.topic = "release on Friday, freeze today",
		.pane = world->pane,
		.rooms = world->rooms,
		.room_count = 5,
		.members = world->members,
		.member_count = 7,
		.member_total = 7,
		.status = { .connection = STATUS_CONNECTED, .host = "chat.example.org", .lag = 12, .nick = "joris",
		            .pending = 1, .failed = 1, .rooms_unread = 3, .mentions = 2, .clock = "08:33" },
		.input = { .prompt = "› ", .text = "", .hint = "message #release" },
	};
}

static void world_close(struct world *world)
{
	message_pane_free(world->pane);
	message_list_free(world->list);
	cells_free(world->cells);
}

static void draw(struct world *world, int rows, int columns)
{
	if (world->cells == NULL)
		world->cells = cells_new(rows, columns);
	assert_int_equal(cells_resize(world->cells, rows, columns), 0);
	screen_draw(world->cells, &world->view);
}

static void check(struct world *world, const char *name, int rows, int columns)
{
	draw(world, rows, columns);
	assert_int_equal(golden_screen_check(name, world->cells), 0);
}

static void set_input(struct world *world, const char *text, size_t cursor)
{
	world->view.input.text = text;
	world->view.input.length = strlen(text);
	world->view.input.cursor = cursor;
}

static void wide_windows_show_rooms_and_members(void **state)
{
	struct world world;
	world_open(&world);
	talk(&world);
	check(&world, "screen-120x30", 30, 120);
	check(&world, "screen-100x24", 24, 100);
	world_close(&world);
}

static void changed_messages_and_answers_show_what_became_of_them(void **state)
{
	struct world world;
	world_open(&world);
	uint64_t first = say(&world, 0, MESSAGE_TEXT, "ann", "Shall we take the old machine or the new one, which is faster?");
	uint64_t second = say(&world, 1, MESSAGE_TEXT, "bo", "the password is 1234");
	uint64_t third = say(&world, 2, MESSAGE_TEXT, "joris", "The new one, of course");
	say(&world, 3, MESSAGE_TEXT, "carl", "fine");
	message_list_set_frame(world.list, first, NULL, "(edited)  👍 3  🎉");
	message_list_set_deleted(world.list, second, "(deleted)");
	message_list_set_frame(world.list, third, "> ann: Shall we take the old machine or the new one, which is …", "✅");
	message_pane_select(world.pane, third);
	world.view.status.mode = STATUS_MODE_SELECT;
	check(&world, "screen-changed", 12, 70);
	check(&world, "screen-changed-40", 10, 40);
	world_close(&world);
}

static void eighty_columns_belong_to_the_messages(void **state)
{
	struct world world;
	world_open(&world);
	talk(&world);
	check(&world, "screen-80x24", 24, 80);
	world.view.show_members = SCREEN_SIDE_ON;
	check(&world, "screen-80x24-members", 24, 80);
	world_close(&world);
}

static void small_windows_stay_usable(void **state)
{
	struct world world;
	world_open(&world);
	talk(&world);
	set_input(&world, "does it fit into forty columns and ten rows?", 44);
	check(&world, "screen-40x10", 10, 40);
	check(&world, "screen-20x5", 5, 20);
	check(&world, "screen-8x3", 3, 8);
	check(&world, "screen-1x1", 1, 1);
	world_close(&world);
}

static void scrolled_back_the_pane_says_what_is_below(void **state)
{
	struct world world;
	world_open(&world);
	talk(&world);
	draw(&world, 14, 70);
	message_pane_scroll(world.pane, -6);
	check(&world, "screen-scrolled", 14, 70);
	say(&world, 24 * 60 + 4, MESSAGE_TEXT, "bo", "unseen");
	say(&world, 24 * 60 + 4, MESSAGE_TEXT, "bo", "unseen, too");
	check(&world, "screen-scrolled-new", 14, 70);
	world_close(&world);
}

static void a_match_is_selected_and_marked(void **state)
{
	struct world world;
	world_open(&world);
	talk(&world);
	draw(&world, 12, 70);
	uint64_t found = message_pane_find(world.pane, "RELEASE", 7, message_list_end(world.list), -1);
	assert_true(found != 0);
	message_pane_set_needle(world.pane, "RELEASE");
	message_pane_select(world.pane, found);
	world.view.status.mode = STATUS_MODE_SEARCH;
	check(&world, "screen-search", 12, 70);
	world_close(&world);
}

static void trouble_with_the_connection_is_always_in_view(void **state)
{
	struct world world;
	world_open(&world);
	talk(&world);
	world.view.status.connection = STATUS_WAITING;
	world.view.status.countdown = 7;
	world.view.status.insecure = true;
	world.view.status.mode = STATUS_MODE_COMMAND;
	check(&world, "screen-waiting-80", 8, 80);
	check(&world, "screen-waiting-40", 8, 40);
	world.view.status.connection = STATUS_CONNECTED;
	world.view.status.lag = 2345;
	check(&world, "screen-slow-40", 8, 40);
	world_close(&world);
}

static void a_long_draft_grows_to_its_cap_and_scrolls_inside(void **state)
{
	static const char draft[] = "Dear all,\n\nthis is a draft of several lines; the third one is longer than the window is "
	                            "wide, so that it breaks.\n\tA tab, a flag 🇩🇪, a family 👨‍👩‍👧 and 田中さん.\nbye\n";
	struct world world;
	world_open(&world);
	talk(&world);
	set_input(&world, draft, 0);
	check(&world, "screen-draft-start", 20, 60);
	set_input(&world, draft, sizeof draft - 1);
	check(&world, "screen-draft-end", 20, 60);
	set_input(&world, draft, (size_t)(strstr(draft, "👨") - draft));
	check(&world, "screen-draft-small", 9, 40);
	world_close(&world);
}

static void a_question_lies_over_the_messages(void **state)
{
	struct world world;
	world_open(&world);
	talk(&world);
	struct dialogue *dialogue = dialogue_question("Send 500 lines?",
	    "The draft has 500 lines (1.0 MiB). It goes to 7 members of release.");
	dialogue_answer(dialogue, 'y', "send it");
	dialogue_answer(dialogue, 'e', "edit on");
	dialogue_answer(dialogue, 'n', "throw it away");
	world.view.dialogue = dialogue;
	check(&world, "screen-question", 18, 70);
	check(&world, "screen-question-small", 7, 30);
	dialogue_free(dialogue);
	world_close(&world);
}

static void the_room_switcher_shows_the_best_match_first(void **state)
{
	struct world world;
	world_open(&world);
	talk(&world);
	struct dialogue *dialogue = dialogue_chooser("Switch to", true);
	dialogue_item(dialogue, "#lobby", "");
	dialogue_item(dialogue, "#release", "here");
	dialogue_item(dialogue, "#random", "1234 unread");
	dialogue_item(dialogue, "·ops", "2 mentions");
	dialogue_item(dialogue, "@ann", "1 unread");
	world.view.dialogue = dialogue;
	check(&world, "screen-switcher", 18, 70);
	dialogue_type(dialogue, "ra", 2);
	check(&world, "screen-switcher-typed", 18, 70);
	dialogue_free(dialogue);
	world_close(&world);
}

static void help_wraps_and_scrolls(void **state)
{
	static const char text[] =
		"Type a line and press Enter to send it. What begins with / is a command.\n"
		"\n"
		"# Keys\n"
		"F1\tthis help\n"
		"Alt-Enter\ta new line in the draft; the input grows, and scrolls when it is as high as it may be\n"
		"PgUp PgDn\tscroll the messages\n"
		"\n"
		"# Commands\n"
		"/join ROOM\topen a room\n"
		"/search WORDS\tfind them in what is kept of the room\n";
	struct world world;
	world_open(&world);
	struct help_screen *help = help_screen_new("tchat help", text);
	assert_non_null(help);
	world.view.help = help;
	check(&world, "screen-help", 16, 70);
	draw(&world, 8, 40);
	help_screen_page(help, 1);
	check(&world, "screen-help-small", 8, 40);
	help_screen_scroll(help, INT_MAX);
	check(&world, "screen-help-small-end", 8, 40);
	help_screen_free(help);
	world_close(&world);
}

static void hostile_text_cannot_leave_its_place(void **state)
{
	struct world world;
	world_open(&world);
	say(&world, 0, MESSAGE_TEXT, "\x1b[31mred\x07", "\x1b]0;title\x07 \x1b[2J\x9b" "31m\r\nsecond line\rthird");
	say(&world, 1, MESSAGE_TEXT, "\xe2\x80\xaegnp.exe", "\xe2\x80\xaeturned \xe2\x81\xa6" "around");
	say(&world, 2, MESSAGE_TEXT, "zalgo", "z\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88 and so on");
	say(&world, 3, MESSAGE_TEXT, "", "\xcc\x81\xcc\x82 no base, no nick \xff\xfe\xc0\xaf\xed\xa0\x80");
	world.view.room = "evil\x1b[0m\nroom";
	world.view.topic = "\xe2\x80\xae" "cipot \x1b]52;c;AAAA\x07";
	world.view.status.host = "host\x1b[5m";
	world.rooms[0].name = "\xe2\x80\xae" "moor\n";
	world.members[0].nick = "a\x1b[1mn\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81n";
	set_input(&world, "\x1b[31m\x01\xff draft", 3);
	check(&world, "screen-hostile", 12, 120);
	world_close(&world);
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wide_windows_show_rooms_and_members),
		cmocka_unit_test(changed_messages_and_answers_show_what_became_of_them),
		cmocka_unit_test(eighty_columns_belong_to_the_messages),
		cmocka_unit_test(small_windows_stay_usable),
		cmocka_unit_test(scrolled_back_the_pane_says_what_is_below),
		cmocka_unit_test(a_match_is_selected_and_marked),
		cmocka_unit_test(trouble_with_the_connection_is_always_in_view),
		cmocka_unit_test(a_long_draft_grows_to_its_cap_and_scrolls_inside),
		cmocka_unit_test(a_question_lies_over_the_messages),
		cmocka_unit_test(the_room_switcher_shows_the_best_match_first),
		cmocka_unit_test(help_wraps_and_scrolls),
		cmocka_unit_test(hostile_text_cannot_leave_its_place),
	};
	return cmocka_run_group_tests_name("ui-screen", tests, NULL, NULL);
}
