/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rooms: joining and leaving, direct ones, rosters, being thrown out. */
#include "fake-host.h"

#include "base/errors.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void member(struct fake *fake, uint8_t change, uint32_t user, const char *nick, const char *by)
{
	fake_send(fake, &(struct message){ .type = WIRE_MEMBER,
	                                   .member = { .room = change == MEMBER_RENAMED ? 0 : FAKE_ROOM,
	                                               .user = user,
	                                               .change = change,
	                                               .nick = wire_text(nick),
	                                               .by = wire_text(by) } });
}

static void the_roster_follows_who_comes_and_goes(void **state)
{
	struct fake fake;
	struct session_member shown;
	struct session_room info;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	member(&fake, MEMBER_JOINED, 20, "cyd", NULL);
	member(&fake, MEMBER_JOINED, 3, "bob", NULL);
	assert_string_equal(fake_event(&fake, SESSION_JOINED)->nick, "cyd");
	assert_string_equal(fake_event(&fake, SESSION_JOINED)->nick, "bob");
	assert_true(session_room(fake.session, room, &info));
	assert_true(info.roster);
	assert_int_equal(info.members, 3);
	assert_true(session_member_at(fake.session, room, 0, &shown));
	assert_string_equal(shown.nick, "bob");
	assert_true(session_member_at(fake.session, room, 2, &shown));
	assert_string_equal(shown.nick, "cyd");
	assert_false(session_member_at(fake.session, room, 3, &shown));
	member(&fake, MEMBER_RENAMED, 3, "rob", NULL);
	const struct session_event *event = fake_event(&fake, SESSION_RENAMED);
	assert_string_equal(event->nick, "rob");
	assert_string_equal(event->other, "bob");
	assert_false(event->own);
	fake_send(&fake, &(struct message){ .type = WIRE_PRESENCE,
	                                    .presence = { .user = 3, .away = 1, .reason = wire_text("tea") } });
	event = fake_event(&fake, SESSION_AWAY);
	assert_string_equal(event->nick, "rob");
	assert_string_equal(event->text, "tea");
	assert_true(session_member_at(fake.session, room, 0, &shown));
	assert_true(shown.away);
	member(&fake, MEMBER_LEFT, 3, NULL, NULL);
	assert_string_equal(fake_event(&fake, SESSION_LEFT)->nick, "rob");
	member(&fake, MEMBER_KICKED, 20, "cyd", "op");
	event = fake_event(&fake, SESSION_KICKED);
	assert_string_equal(event->nick, "cyd");
	assert_string_equal(event->other, "op");
	assert_false(event->own);
	assert_true(session_room(fake.session, room, &info));
	assert_int_equal(info.members, 1);
	member(&fake, MEMBER_RENAMED, FAKE_USER, "eve", NULL);
	assert_true(fake_event(&fake, SESSION_RENAMED)->own);
	assert_string_equal(session_own_nick(fake.session), "eve");
	fake_quiet(&fake);
	fake_close(&fake);
}

static void a_large_room_has_a_count_and_no_roster(void **state)
{
	struct fake fake;
	struct session_member shown;
	struct session_room info;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	uint32_t room = (uint32_t)session_join(fake.session, "lobby");
	fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, JOIN_LIVE, 1, 0);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_users(&fake, fake_take(&fake, WIRE_NAMES).names.request, 300);
	assert_int_equal(fake_event(&fake, SESSION_ROSTER)->count, 300);
	assert_true(session_room(fake.session, room, &info));
	assert_false(info.roster);
	assert_false(session_member_at(fake.session, room, 0, &shown));
	/* All of them are listed when asked for. */
	assert_int_equal(session_names(fake.session, room), 0);
	fake_users(&fake, fake_take(&fake, WIRE_NAMES).names.request, 300);
	for (int i = 0; i < 256; i++)
		fake_event(&fake, SESSION_NAME);
	struct message names = fake_take(&fake, WIRE_NAMES);
	assert_int_equal(names.names.after, FAKE_USER + 255);
	fake_send(&fake, &(struct message){ .type = WIRE_USERS,
	                                    .users = { .request = names.names.request, .room = FAKE_ROOM, .total = 300 } });
	assert_int_equal(fake_event(&fake, SESSION_NAMES_END)->count, 300);
	/* An answer to nothing. */
	fake_send(&fake, &(struct message){ .type = WIRE_USERS, .users = { .request = 0 } });
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
	fake_close(&fake);
}

static void being_kicked_ends_the_stay_and_not_the_session(void **state)
{
	struct fake fake;
	struct session_room info;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 9);
	member(&fake, MEMBER_KICKED, FAKE_USER, "ann", "op");
	const struct session_event *event = fake_event(&fake, SESSION_KICKED);
	assert_true(event->own);
	assert_string_equal(event->other, "op");
	assert_int_equal(fake_event(&fake, SESSION_ROOM_PARTED)->code, TCHAT_ERR_KICKED);
	assert_false(session_room(fake.session, room, &info));
	/* Not joined again by itself, but by the user, under the same handle. */
	fake_break(&fake);
	fake_connect(&fake);
	fake_quiet(&fake);
	assert_int_equal(session_join(fake.session, "lobby"), room);
	fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, JOIN_LIVE, 1, 12);
	assert_false(fake_event(&fake, SESSION_ROOM_JOINED)->again);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_close(&fake);
}

static void a_refused_join_is_told(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	assert_int_equal(session_join(fake.session, ""), TCHAT_ERR_BAD_NAME);
	assert_int_equal(session_join(fake.session, "#"), TCHAT_ERR_BAD_NAME);
	assert_int_equal(session_open_direct(fake.session, "#x"), TCHAT_ERR_BAD_NAME);
	int room = session_open_direct(fake.session, "nobody");
	struct message join = fake_take(&fake, WIRE_JOIN);
	assert_int_equal(join.join.kind, ROOM_DIRECT);
	session_post(fake.session, (uint32_t)room, KIND_TEXT, "hi", 2, NULL);
	fake_event(&fake, SESSION_PENDING);
	fake_send(&fake, &(struct message){ .type = WIRE_ERROR,
	                                    .error = { .request = join.join.request, .code = -TCHAT_ERR_NO_USER } });
	const struct session_event *event = fake_event(&fake, SESSION_ERROR);
	assert_int_equal(event->request, REQUEST_DIRECT);
	assert_int_equal(event->code, TCHAT_ERR_NO_USER);
	assert_string_equal(event->name, "nobody");
	assert_int_equal(fake_event(&fake, SESSION_ROOM_PARTED)->code, TCHAT_ERR_NO_USER);
	/* The post still uses up its counter: the host refuses it. */
	struct message message = fake_take(&fake, WIRE_POST);
	assert_int_equal(message.post.room, 0);
	fake_send(&fake, &(struct message){ .type = WIRE_NACK,
	                                    .nack = { .id = { FAKE_DEVICE, 1 },
	                                              .code = -TCHAT_ERR_NOT_MEMBER,
	                                              .flags = NACK_PERMANENT } });
	assert_int_equal(fake_event(&fake, SESSION_NACK)->room, room);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void direct_joined(struct fake *fake, uint32_t request, uint64_t room, const char *name, uint64_t last)
{
	fake_send(fake, &(struct message){ .type = WIRE_JOINED,
	                                   .joined = { .request = request,
	                                               .room = room,
	                                               .kind = ROOM_DIRECT,
	                                               .flags = request != 0 ? JOIN_LIVE : 0,
	                                               .epoch = 1,
	                                               .first = 1,
	                                               .last = last,
	                                               .members = 2,
	                                               .name = wire_text(name) } });
}

static void a_direct_room_that_somebody_opens_is_followed_from_its_start(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	direct_joined(&fake, 0, FAKE_ROOM, "bob", 2);
	const struct session_event *event = fake_event(&fake, SESSION_ROOM_JOINED);
	uint32_t room = event->room;
	assert_true(event->direct);
	assert_false(event->own);
	assert_string_equal(event->name, "bob");
	fake_page(&fake, fake_asked_page(&fake, 1), 1, 2, PAGE_LIVE);
	fake_messages(&fake, 1, 2, true);
	fake_event(&fake, SESSION_ROOM_READY);
	/* Told again, or opened by us too: nothing new. */
	direct_joined(&fake, 0, FAKE_ROOM, "bob", 2);
	assert_int_equal(session_open_direct(fake.session, "Bob"), room);
	fake_take(&fake, WIRE_NAMES);
	fake_quiet(&fake);
	/* One whose other side is forgotten still has its messages. */
	direct_joined(&fake, 0, 9, "", 2);
	assert_string_equal(fake_event(&fake, SESSION_ROOM_JOINED)->name, "room-9");
	fake_close(&fake);
}

static void a_nick_that_became_another_persons_gets_none_of_the_first_ones_posts(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	int room = session_open_direct(fake.session, "bob");
	direct_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, 5, "bob", 0);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_ROOM_READY);
	session_post(fake.session, (uint32_t)room, KIND_TEXT, "secret", 6, NULL);
	fake_event(&fake, SESSION_PENDING);
	fake_break(&fake);
	fake_connect(&fake);
	direct_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, 6, "bob", 0);
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME); /* live was not asked for */
	fake_connect(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_JOINED,
	                                    .joined = { .request = fake_take(&fake, WIRE_JOIN).join.request,
	                                                .room = 6,
	                                                .kind = ROOM_DIRECT,
	                                                .epoch = 2,
	                                                .first = 1,
	                                                .name = wire_text("bob") } });
	assert_int_equal(fake_event(&fake, SESSION_ERROR)->code, TCHAT_ERR_NO_USER);
	fake_event(&fake, SESSION_ROOM_PARTED);
	/* Under the number of the first: the host knows whether it has it already. */
	assert_int_equal(fake_take(&fake, WIRE_POST).post.room, 5);
	fake_close(&fake);
}

static void a_direct_room_takes_the_others_new_nick(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	uint32_t room = (uint32_t)session_open_direct(fake.session, "bob1");
	direct_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, FAKE_ROOM, "bob1", 0);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_users(&fake, fake_take(&fake, WIRE_NAMES).names.request, 2);
	fake_event(&fake, SESSION_ROSTER);
	member(&fake, MEMBER_RENAMED, FAKE_USER + 1, "rob", NULL);
	fake_event(&fake, SESSION_RENAMED);
	member(&fake, MEMBER_RENAMED, FAKE_USER, "eve", NULL);
	fake_event(&fake, SESSION_RENAMED);
	assert_int_equal(session_room_find(fake.session, "rob", true), room);
	assert_int_equal(session_open_direct(fake.session, "rob"), room);
	/* It is the name to come back under. */
	fake_break(&fake);
	fake_connect(&fake);
	struct message join = fake_take(&fake, WIRE_JOIN);
	assert_int_equal(join.join.name.length, 3);
	assert_memory_equal(join.join.name.data, "rob", 3);
	fake_close(&fake);
}

static void a_nick_that_changed_before_the_roster_came_names_the_direct_room(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	uint32_t room = (uint32_t)session_open_direct(fake.session, "bob");
	direct_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, FAKE_ROOM, "bob", 0);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_ROOM_READY);
	member(&fake, MEMBER_RENAMED, FAKE_USER + 1, "bob1", NULL);
	fake_event(&fake, SESSION_RENAMED);
	fake_users(&fake, fake_take(&fake, WIRE_NAMES).names.request, 2);
	assert_string_equal(fake_event(&fake, SESSION_ROSTER)->name, "bob1");
	assert_int_equal(session_room_find(fake.session, "bob1", true), room);
	fake_close(&fake);
}

static void a_roster_out_of_order_ends_the_connection(void **state)
{
	for (uint32_t second = 8; second <= 10; second++) {
		struct fake fake;
		struct buffer records;
		uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
		session_names(fake.session, room);
		buffer_init(&records, 1 << 16);
		for (int i = 0; i < 2; i++)
			message_encode(&records, &(struct message){ .type = WIRE_MEMBER,
			                                            .member = { .room = FAKE_ROOM,
			                                                        .user = i == 0 ? 9 : second,
			                                                        .nick = wire_text("bob") } });
		fake_send(&fake, &(struct message){ .type = WIRE_USERS,
		                                    .users = { .request = fake_take(&fake, WIRE_NAMES).names.request,
		                                               .room = FAKE_ROOM,
		                                               .total = 2,
		                                               .records = { buffer_data(&records),
		                                                            buffer_length(&records) } } });
		buffer_free(&records);
		assert_int_equal(session_closing(fake.session), second <= 9);
		fake_close(&fake);
	}
}

static void a_room_with_open_posts_is_not_taken_again(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	session_post(fake.session, room, KIND_TEXT, "x", 1, NULL);
	fake_event(&fake, SESSION_PENDING);
	fake_take(&fake, WIRE_POST);
	session_part(fake.session, room);
	fake_send(&fake, &(struct message){ .type = WIRE_DONE, .done = { .request = fake_take(&fake, WIRE_PART).part.request } });
	fake_event(&fake, SESSION_ROOM_PARTED);
	int again = session_join(fake.session, "lobby");
	assert_true(again > 0 && again != (int)room);
	assert_int_equal(session_room_find(fake.session, "lobby", false), again);
	fake_send(&fake, &(struct message){ .type = WIRE_ACK,
	                                    .ack = { .id = { FAKE_DEVICE, 1 }, .room = FAKE_ROOM, .seq = 1 } });
	assert_int_equal(fake_event(&fake, SESSION_ACK)->room, room);
	fake_event(&fake, SESSION_NOTHING);
	fake_close(&fake);
}

static void a_room_under_a_new_name_keeps_its_handle(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	int bob = session_open_direct(fake.session, "bob");
	direct_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, FAKE_ROOM, "bob", 0);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_take(&fake, WIRE_NAMES);
	/* We did not hear that bob is rob now. */
	int rob = session_open_direct(fake.session, "rob");
	assert_int_not_equal(rob, bob);
	session_post(fake.session, (uint32_t)rob, KIND_TEXT, "hi", 2, NULL);
	fake_event(&fake, SESSION_PENDING);
	direct_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, FAKE_ROOM, "rob", 0);
	const struct session_event *event = fake_event(&fake, SESSION_ROOM_JOINED);
	assert_int_equal(event->room, bob);
	assert_string_equal(event->name, "rob");
	assert_int_equal(fake_take(&fake, WIRE_POST).post.room, FAKE_ROOM);
	fake_send(&fake, &(struct message){ .type = WIRE_ACK,
	                                    .ack = { .id = { FAKE_DEVICE, 1 }, .room = FAKE_ROOM, .seq = 1 } });
	assert_int_equal(fake_event(&fake, SESSION_ACK)->room, bob);
	assert_int_equal(fake_event(&fake, SESSION_MESSAGE)->room, bob);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void leaving_a_room_ignores_what_is_still_on_its_way(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 9);
	assert_int_equal(session_part(fake.session, room), 0);
	uint32_t request = fake_take(&fake, WIRE_PART).part.request;
	fake_msg(&fake, 10, "late");
	assert_int_equal(session_join(fake.session, "lobby"), room); /* back again before the answer */
	fake_quiet(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_DONE, .done = { .request = request } });
	fake_event(&fake, SESSION_ROOM_PARTED);
	fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, JOIN_LIVE, 1, 11);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_roster(&fake);
	fake_msg(&fake, 12, "x");
	fake_messages(&fake, 12, 12, false);
	fake_close(&fake);
}

static void rooms_are_bounded_and_places_are_used_again(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	char name[16];
	for (int i = 0; i < SESSION_ROOMS_MAX; i++) {
		snprintf(name, sizeof name, "room%d", i);
		assert_true(session_join(fake.session, name) > 0);
	}
	assert_int_equal(session_join(fake.session, "onemore"), TCHAT_ERR_TOO_MANY_ROOMS);
	assert_int_equal(session_part(fake.session, session_room_find(fake.session, "room7", false)), 0);
	assert_true(session_join(fake.session, "onemore") > 0);
	assert_int_equal(session_room_find(fake.session, "room7", false), 0);
	struct session_room info;
	size_t count = 0;
	while (session_room_at(fake.session, count, &info))
		count++;
	assert_int_equal(count, SESSION_ROOMS_MAX);
	fake_close(&fake);
}

/* Another connection of ours left the room while a page of it was under way, which set the host sending. */
static void what_comes_before_a_room_is_entered_is_of_an_earlier_stay(void **state)
{
	struct fake fake;
	fake_open_lobby(&fake, (struct session_config){ 0 }, 9);
	member(&fake, MEMBER_LEFT, FAKE_USER, NULL, NULL);
	fake_event(&fake, SESSION_ROOM_PARTED);
	session_join(fake.session, "lobby");
	uint32_t request = fake_take(&fake, WIRE_JOIN).join.request;
	fake_msg(&fake, 10, "late");
	fake_send(&fake, &(struct message){ .type = WIRE_GAP, .gap = { .room = FAKE_ROOM, .from = 11 } });
	fake_quiet(&fake);
	fake_joined(&fake, request, JOIN_LIVE, 1, 11);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_roster(&fake);
	fake_msg(&fake, 12, "live");
	assert_int_equal(fake_event(&fake, SESSION_MESSAGE)->seq, 12);
	fake_close(&fake);
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_roster_follows_who_comes_and_goes),
		cmocka_unit_test(a_large_room_has_a_count_and_no_roster),
		cmocka_unit_test(being_kicked_ends_the_stay_and_not_the_session),
		cmocka_unit_test(a_refused_join_is_told),
		cmocka_unit_test(a_direct_room_that_somebody_opens_is_followed_from_its_start),
		cmocka_unit_test(a_nick_that_became_another_persons_gets_none_of_the_first_ones_posts),
		cmocka_unit_test(a_direct_room_takes_the_others_new_nick),
		cmocka_unit_test(a_nick_that_changed_before_the_roster_came_names_the_direct_room),
		cmocka_unit_test(a_roster_out_of_order_ends_the_connection),
		cmocka_unit_test(a_room_with_open_posts_is_not_taken_again),
		cmocka_unit_test(a_room_under_a_new_name_keeps_its_handle),
		cmocka_unit_test(leaving_a_room_ignores_what_is_still_on_its_way),
		cmocka_unit_test(rooms_are_bounded_and_places_are_used_again),
		cmocka_unit_test(what_comes_before_a_room_is_entered_is_of_an_earlier_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
