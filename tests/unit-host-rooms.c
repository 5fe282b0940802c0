/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: rooms and who is in them, direct rooms, rosters, nicks, kicks. */
#include "wire-peer.h"

static void expect_member(struct wire_peer *p, uint64_t room, const struct wire_peer *whom, int change,
                          const char *nick)
{
	struct message message;
	wire_expect(p, &message, WIRE_MEMBER);
	assert_int_equal(message.member.room, room);
	assert_int_equal(message.member.user, whom->user);
	assert_int_equal(message.member.change, change);
	assert_text(message.member.nick, nick);
}

static uint32_t part(struct wire_peer *p, uint64_t room)
{
	struct message message = { .type = WIRE_PART };
	message.part.request = ++p->request;
	message.part.room = room;
	wire_put(p, &message);
	return p->request;
}

static uint32_t nick(struct wire_peer *p, const char *name)
{
	struct message message = { .type = WIRE_NICK };
	message.nick.request = ++p->request;
	message.nick.nick = wire_text(name);
	wire_put(p, &message);
	return p->request;
}

static uint32_t kick(struct wire_peer *p, uint64_t room, const char *whom)
{
	struct message message = { .type = WIRE_MODERATE };
	message.moderate.request = ++p->request;
	message.moderate.room = room;
	message.moderate.action = MODERATE_KICK;
	message.moderate.nick = wire_text(whom);
	message.moderate.reason = wire_text("enough");
	wire_put(p, &message);
	return p->request;
}

static uint32_t names(struct wire_peer *p, uint64_t room, uint32_t after, int limit)
{
	struct message message = { .type = WIRE_NAMES };
	message.names.request = ++p->request;
	message.names.room = room;
	message.names.after = after;
	message.names.limit = (uint16_t)limit;
	wire_put(p, &message);
	return p->request;
}

static void joining_tells_the_room_and_the_members(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob");
	struct message message;
	uint32_t request = wire_join(a, ROOM_PUBLIC, "lobby", JOIN_LIVE);
	wire_expect(a, &message, WIRE_JOINED);
	assert_int_equal(message.joined.request, request);
	assert_int_equal(message.joined.room, 1);
	assert_int_equal(message.joined.kind, ROOM_PUBLIC);
	assert_int_equal(message.joined.flags, JOIN_LIVE);
	assert_int_not_equal(message.joined.epoch, 0);
	assert_int_equal(message.joined.first, 1);
	assert_int_equal(message.joined.last, 0);
	assert_int_equal(message.joined.members, 1);
	assert_text(message.joined.name, "lobby");
	assert_null(message.joined.topic.data);
	wire_join(b, ROOM_PUBLIC, "LOBBY", 0);
	wire_expect(b, &message, WIRE_JOINED);
	assert_int_equal(message.joined.room, 1);
	assert_int_equal(message.joined.flags, 0);
	assert_int_equal(message.joined.members, 2);
	expect_member(a, 1, b, MEMBER_JOINED, "bob");
	wire_expect_nothing(b);
	/* Again: the same answer, and nobody is told. */
	wire_enter(b, "lobby", JOIN_LIVE);
	wire_expect_nothing(a);
	world_free(w);
}

static void joining_makes_a_room_that_is_not_there(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob");
	uint64_t room = wire_enter(a, "Grün", JOIN_LIVE);
	assert_int_equal(room, 2);
	assert_int_equal(wire_enter(b, "grÜN", JOIN_LIVE), room);
	/* Both at once make one. */
	wire_join(a, ROOM_PUBLIC, "twice", JOIN_LIVE);
	wire_join(b, ROOM_PUBLIC, "twice", JOIN_LIVE);
	struct message message;
	wire_until(a, &message, WIRE_JOINED);
	room = message.joined.room;
	wire_until(b, &message, WIRE_JOINED);
	assert_int_equal(message.joined.room, room);
	world_free(w);
}

static void a_room_needs_a_valid_name(void **state)
{
	static const char *const names_bad[] = { NULL, "", "a b", "\xff", "\x1b", "#x",
		"sixtyfive bytessixtyfivebytessixtyfivebytessixtyfivebytessixtyfive" };
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann");
	for (size_t i = 0; i < sizeof names_bad / sizeof names_bad[0]; i++)
		wire_expect_error(a, wire_join(a, ROOM_PUBLIC, names_bad[i], 0), TCHAT_ERR_BAD_NAME);
	wire_expect_error(a, wire_join(a, 3, "x", 0), TCHAT_ERR_BAD_KIND);
	world_free(w);
}

static void rooms_are_limited_per_user_and_in_all(void **state)
{
	struct host_limits limits = { .rooms = 5, .rooms_per_user = 3, .rooms_made = 3 };
	struct world *w = world_new(&limits, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann");
	uint64_t room[4];
	char name[8];
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "r%d", i);
		room[i] = wire_enter(a, name, 0);
	}
	wire_expect_error(a, wire_join(a, ROOM_PUBLIC, "r3", 0), TCHAT_ERR_TOO_MANY_ROOMS);
	part(a, room[0]);
	wire_skip(a);
	wire_expect_error(a, wire_join(a, ROOM_PUBLIC, "r4", 0), TCHAT_ERR_TOO_MANY_ROOMS); /* has made three */
	/* Rooms in use stay, those that nobody uses make place. */
	struct wire_peer *b = wire_member(w, 2, "bob");
	wire_enter(b, "b0", 0);
	wire_enter(b, "b1", 0);
	wire_expect_error(b, wire_join(b, ROOM_PUBLIC, "b2", 0), TCHAT_ERR_TOO_MANY_ROOMS);
	struct host_counters counters;
	host_counters(w->host, &counters);
	assert_int_equal(counters.rooms, 5);
	world_free(w);
}

static void parting_is_told_once_and_ends_the_membership(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member_of(w, true, 1, "ann"), *a2 = wire_member_of(w, true, 2, "ann");
	struct wire_peer *b = wire_member(w, 3, "bob");
	struct message message;
	uint64_t room = wire_enter(a, "tea", JOIN_LIVE);
	wire_enter(b, "tea", JOIN_LIVE);
	wire_enter(a2, "tea", JOIN_LIVE);
	wire_skip(a);
	wire_expect_nothing(b); /* the user was there already */
	uint32_t request = part(a, room);
	wire_expect(a, &message, WIRE_DONE);
	assert_int_equal(message.done.request, request);
	wire_expect_nothing(a);
	expect_member(b, room, a, MEMBER_LEFT, "ann");
	expect_member(a2, room, a, MEMBER_LEFT, "ann");
	wire_expect_error(a, part(a, room), TCHAT_ERR_NOT_MEMBER);
	wire_expect_error(a, part(a, 99), TCHAT_ERR_NO_ROOM);
	wire_post(b, room, "alone");
	wire_expect(b, &message, WIRE_ACK);
	wire_expect_nothing(a);
	wire_expect_nothing(a2);
	world_free(w);
}

static void the_last_connection_that_goes_leaves_all_rooms(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member_of(w, true, 1, "ann"), *a2 = wire_member_of(w, true, 2, "ann");
	struct wire_peer *b = wire_member(w, 3, "bob");
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_enter(a2, "lobby", JOIN_LIVE);
	wire_enter(b, "lobby", JOIN_LIVE);
	wire_close(a);
	wire_expect_nothing(b);
	wire_close(a2);
	expect_member(b, 1, a, MEMBER_LEFT, "ann");
	world_free(w);
}

static void rosters_come_in_pages_in_order_of_user_id(void **state)
{
	struct world *w = world_new(NULL, NULL);
	enum { MANY = 20 };
	struct wire_peer *p[MANY];
	struct message message;
	for (uint8_t i = 0; i < MANY; i++)
		p[i] = wire_member(w, i, "ann");
	for (int i = MANY - 1; i >= 0; i--)
		wire_enter(p[i], "lobby", 0);
	uint32_t after = 0, seen = 0;
	for (int page = 0;; page++) {
		uint32_t request = names(p[0], 1, after, 7);
		wire_until(p[0], &message, WIRE_USERS);
		assert_int_equal(message.users.request, request);
		assert_int_equal(message.users.total, MANY);
		struct message member;
		while (wire_record(&message.users.records, &member, WIRE_MEMBER)) {
			assert_int_equal(member.member.change, MEMBER_PRESENT);
			assert_true(member.member.user > after);
			after = member.member.user;
			seen++;
		}
		if ((message.users.flags & PAGE_MORE) == 0)
			break;
		assert_int_equal(seen, 7 * (page + 1));
	}
	assert_int_equal(seen, MANY);
	wire_enter(p[1], "elsewhere", 0);
	wire_expect_error(p[0], names(p[0], 2, 0, 9), TCHAT_ERR_NOT_MEMBER);
	wire_expect_error(p[0], names(p[0], 77, 0, 9), TCHAT_ERR_NO_ROOM);
	world_free(w);
}

static void large_rooms_do_not_tell_of_members(void **state)
{
	struct host_limits limits = { .fan_out = 3 };
	struct world *w = world_new(&limits, NULL);
	struct wire_peer *p[5];
	for (uint8_t i = 0; i < 5; i++)
		p[i] = wire_member(w, i, "ann");
	for (int i = 0; i < 3; i++)
		wire_enter(p[i], "lobby", JOIN_LIVE);
	wire_skip(p[0]);
	wire_enter(p[3], "lobby", JOIN_LIVE);
	nick(p[3], "dan");
	wire_close(p[3]);
	wire_expect_nothing(p[0]);
	wire_enter(p[4], "lobby", JOIN_LIVE);
	struct message message;
	wire_post(p[4], 1, "but messages come");
	wire_expect(p[0], &message, WIRE_MSG);
	world_free(w);
}

/* --- Direct rooms */

static void a_direct_room_opens_for_both(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member_of(w, true, 1, "ann"), *a2 = wire_member_of(w, true, 2, "ann");
	struct wire_peer *b = wire_member(w, 3, "bob");
	struct message message;
	uint32_t request = wire_join(a, ROOM_DIRECT, "BOB", JOIN_LIVE);
	wire_expect(a, &message, WIRE_JOINED);
	uint64_t room = message.joined.room;
	assert_int_equal(message.joined.request, request);
	assert_int_equal(message.joined.kind, ROOM_DIRECT);
	assert_int_equal(message.joined.members, 2);
	assert_text(message.joined.name, "bob");
	wire_expect(a2, &message, WIRE_JOINED);
	assert_int_equal(message.joined.request, 0);
	assert_text(message.joined.name, "bob");
	wire_expect(b, &message, WIRE_JOINED);
	assert_int_equal(message.joined.request, 0);
	assert_int_equal(message.joined.flags, 0);
	assert_int_equal(message.joined.room, room);
	assert_text(message.joined.name, "ann");
	/* From the other side it is the same room, and nobody is told again. */
	wire_join(b, ROOM_DIRECT, "ann", JOIN_LIVE);
	wire_expect(b, &message, WIRE_JOINED);
	assert_int_equal(message.joined.room, room);
	wire_expect_nothing(a);
	wire_post(a, room, "psst");
	wire_expect(a, &message, WIRE_ACK);
	wire_expect(b, &message, WIRE_MSG);
	wire_expect_nothing(a2); /* not attached */
	world_free(w);
}

static void a_direct_room_needs_another_user(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann");
	wire_expect_error(a, wire_join(a, ROOM_DIRECT, "ann", 0), TCHAT_ERR_NO_USER);
	wire_expect_error(a, wire_join(a, ROOM_DIRECT, "nobody", 0), TCHAT_ERR_NO_USER);
	wire_expect_error(a, wire_join(a, ROOM_DIRECT, "\xff", 0), TCHAT_ERR_NO_USER);
	world_free(w);
}

static void who_is_away_learns_of_a_direct_room_at_the_next_start(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann");
	struct message message;
	wire_close(wire_member(w, 2, "bob"));
	wire_join(a, ROOM_DIRECT, "bob", JOIN_LIVE);
	wire_expect(a, &message, WIRE_JOINED);
	uint64_t room = message.joined.room;
	wire_post(a, room, "one");
	wire_expect(a, &message, WIRE_ACK);
	for (int i = 0; i < 2; i++) {
		struct wire_peer *b = wire_member(w, 2, "bob");
		wire_expect(b, &message, WIRE_JOINED);
		assert_int_equal(message.joined.room, room);
		assert_int_equal(message.joined.last, i + 1);
		wire_history(b, room, 0, 50, HISTORY_ATTACH);
		wire_expect(b, &message, WIRE_PAGE);
		assert_int_equal(message.page.flags, PAGE_LIVE);
		wire_close(b);
		wire_post(a, room, "more, while away");
		wire_expect(a, &message, WIRE_ACK);
	}
	world_free(w);
}

static void a_closed_direct_room_opens_again_with_the_next_message(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob");
	struct message message;
	wire_join(a, ROOM_DIRECT, "bob", JOIN_LIVE);
	wire_expect(a, &message, WIRE_JOINED);
	uint64_t room = message.joined.room;
	wire_expect(b, &message, WIRE_JOINED);
	part(b, room);
	wire_expect(b, &message, WIRE_DONE);
	wire_expect_nothing(a);
	wire_post(b, room, "from outside");
	wire_expect(b, &message, WIRE_NACK);
	assert_int_equal(message.nack.code, -TCHAT_ERR_NOT_MEMBER);
	wire_post(a, room, "still there?");
	wire_expect(a, &message, WIRE_ACK);
	wire_expect(b, &message, WIRE_JOINED);
	assert_int_equal(message.joined.last, 1);
	wire_post(b, room, "yes");
	wire_expect(b, &message, WIRE_ACK);
	wire_expect(a, &message, WIRE_MSG);
	world_free(w);
}

static void others_cannot_enter_a_direct_room(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *c = wire_member(w, 3, "eve");
	struct message message;
	wire_member(w, 2, "bob");
	wire_join(a, ROOM_DIRECT, "bob", JOIN_LIVE);
	wire_expect(a, &message, WIRE_JOINED);
	uint64_t room = message.joined.room;
	wire_expect_error(c, wire_history(c, room, 0, 10, 0), TCHAT_ERR_NOT_MEMBER);
	wire_expect_error(c, names(c, room, 0, 10), TCHAT_ERR_NOT_MEMBER);
	wire_post(c, room, "me too");
	wire_expect(c, &message, WIRE_NACK);
	char key[32];
	snprintf(key, sizeof key, "%u:%u", a->user, a->user + 2);
	wire_join(c, ROOM_PUBLIC, key, 0);
	wire_expect(c, &message, WIRE_JOINED);
	assert_int_not_equal(message.joined.room, room);
	world_free(w);
}

/* --- Nicks and presence */

static void a_rename_is_told_once_to_all_who_share_a_room(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member_of(w, true, 1, "ann"), *a2 = wire_member_of(w, true, 2, "ann");
	struct wire_peer *b = wire_member(w, 3, "bob"), *c = wire_member(w, 4, "eve");
	struct message message;
	wire_enter(a, "x", 0);
	wire_enter(b, "x", 0);
	wire_enter(a, "y", 0);
	wire_enter(b, "y", 0);
	wire_skip(a);
	uint32_t request = nick(a, "Zoë");
	expect_member(a, 0, a, MEMBER_RENAMED, "Zoë");
	wire_expect(a, &message, WIRE_DONE);
	assert_int_equal(message.done.request, request);
	assert_text(message.done.nick, "Zoë");
	expect_member(a2, 0, a, MEMBER_RENAMED, "Zoë");
	expect_member(b, 0, a, MEMBER_RENAMED, "Zoë");
	wire_expect_nothing(b);
	wire_expect_nothing(c);
	wire_expect_error(c, nick(c, "zoË"), TCHAT_ERR_NAME_TAKEN);
	wire_expect_error(c, nick(c, "a b"), TCHAT_ERR_BAD_NAME);
	wire_expect_error(c, nick(c, NULL), TCHAT_ERR_BAD_NAME);
	nick(c, "ann"); /* free */
	expect_member(c, 0, c, MEMBER_RENAMED, "ann");
	wire_expect(c, &message, WIRE_DONE);
	nick(c, "ANN"); /* one's own, written otherwise */
	expect_member(c, 0, c, MEMBER_RENAMED, "ANN");
	wire_expect(c, &message, WIRE_DONE);
	nick(c, "ANN");
	wire_expect(c, &message, WIRE_DONE);
	world_free(w);
}

static void presence_is_told_to_others_and_kept_for_the_roster(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob");
	struct message message = { .type = WIRE_PRESENCE };
	wire_enter(a, "lobby", 0);
	wire_enter(b, "lobby", 0);
	wire_skip(a);
	message.presence.away = 1;
	message.presence.reason = wire_text("tea");
	wire_put(a, &message);
	wire_expect_nothing(a);
	wire_expect(b, &message, WIRE_PRESENCE);
	assert_int_equal(message.presence.user, a->user);
	assert_int_equal(message.presence.away, 1);
	assert_text(message.presence.reason, "tea");
	names(b, 1, 0, 256);
	wire_expect(b, &message, WIRE_USERS);
	struct message member;
	assert_true(wire_record(&message.users.records, &member, WIRE_MEMBER));
	assert_int_equal(member.member.away, 1);
	world_free(w);
}

/* --- Kicks */

static void a_kick_takes_out_of_the_room_only(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *o = wire_member_of(w, true, 1, "own"), *a = wire_member(w, 2, "ann");
	struct message message;
	uint64_t room = wire_enter(o, "tea", JOIN_LIVE);
	wire_enter(a, "tea", JOIN_LIVE);
	wire_skip(o);
	wire_expect_error(a, kick(a, room, "own"), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(o, kick(o, room, "nobody"), TCHAT_ERR_NO_USER);
	wire_expect_error(o, kick(o, 1, "ann"), TCHAT_ERR_NO_USER); /* not in the lobby */
	wire_expect_error(o, kick(o, 99, "ann"), TCHAT_ERR_NO_ROOM);
	wire_expect_error(o, kick(o, room, "own"), TCHAT_ERR_NOT_ALLOWED);
	kick(o, room, "Ann");
	wire_expect(o, &message, WIRE_MEMBER);
	assert_int_equal(message.member.change, MEMBER_KICKED);
	assert_text(message.member.by, "own");
	assert_text(message.member.reason, "enough");
	wire_expect(o, &message, WIRE_DONE);
	expect_member(a, room, a, MEMBER_KICKED, "ann");
	wire_post(a, room, "let me in");
	wire_expect(a, &message, WIRE_NACK);
	assert_int_equal(message.nack.code, -TCHAT_ERR_NOT_MEMBER);
	assert_int_equal(a->closing, HOST_OPEN);
	wire_enter(a, "tea", JOIN_LIVE);
	world_free(w);
}

static void a_kick_from_the_lobby_disconnects_for_a_minute(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *o = wire_member_of(w, true, 1, "own"), *a = wire_member(w, 2, "ann");
	struct message message;
	wire_enter(o, "lobby", JOIN_LIVE);
	wire_enter(a, "lobby", JOIN_LIVE);
	kick(o, 1, "ann");
	expect_member(a, 1, a, MEMBER_KICKED, "ann");
	wire_expect_end(a, TCHAT_ERR_KICKED);
	wire_close(a);
	wire_until(o, &message, WIRE_DONE);
	wire_expect_nothing(o); /* no LEFT on top of KICKED */
	world_pass(w, TCHAT_SECONDS(59));
	a = wire_connect(w, false);
	wire_hello(a);
	wire_auth(a, 2, "ann", 1);
	wire_expect_end(a, TCHAT_ERR_KICKED);
	wire_close(a);
	world_pass(w, TCHAT_SECONDS(2));
	wire_member(w, 2, "ann");
	world_free(w);
}

static void only_an_owner_ends_the_host(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *o = wire_member_of(w, true, 1, "own"), *a = wire_member(w, 2, "ann");
	struct message message = { .type = WIRE_MODERATE };
	message.moderate.request = 9;
	message.moderate.action = MODERATE_END;
	wire_put(a, &message);
	wire_expect_error(a, 9, TCHAT_ERR_NOT_ALLOWED);
	assert_false(host_wants_end(w->host));
	message.type = WIRE_MODERATE;
	memset(&message.moderate, 0, sizeof message.moderate);
	message.moderate.request = 9;
	message.moderate.action = MODERATE_END;
	wire_put(o, &message);
	wire_expect(o, &message, WIRE_DONE);
	assert_true(host_wants_end(w->host));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joining_tells_the_room_and_the_members),
		cmocka_unit_test(joining_makes_a_room_that_is_not_there),
		cmocka_unit_test(a_room_needs_a_valid_name),
		cmocka_unit_test(rooms_are_limited_per_user_and_in_all),
		cmocka_unit_test(parting_is_told_once_and_ends_the_membership),
		cmocka_unit_test(the_last_connection_that_goes_leaves_all_rooms),
		cmocka_unit_test(rosters_come_in_pages_in_order_of_user_id),
		cmocka_unit_test(large_rooms_do_not_tell_of_members),
		cmocka_unit_test(a_direct_room_opens_for_both),
		cmocka_unit_test(a_direct_room_needs_another_user),
		cmocka_unit_test(who_is_away_learns_of_a_direct_room_at_the_next_start),
		cmocka_unit_test(a_closed_direct_room_opens_again_with_the_next_message),
		cmocka_unit_test(others_cannot_enter_a_direct_room),
		cmocka_unit_test(a_rename_is_told_once_to_all_who_share_a_room),
		cmocka_unit_test(presence_is_told_to_others_and_kept_for_the_roster),
		cmocka_unit_test(a_kick_takes_out_of_the_room_only),
		cmocka_unit_test(a_kick_from_the_lobby_disconnects_for_a_minute),
		cmocka_unit_test(only_an_owner_ends_the_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
