/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: limits on what one user, one address and one room may take; that they are changed while it runs. */
#include "door-peer.h"

enum { ANN = 7, BEN = 8, EVE = 9 };

static struct world *hall(const struct host_limits *limits)
{
	return door_world_over(HOST_ACCESS_OPEN, limits, NULL);
}

static struct wire_peer *come(struct world *w, int key, const char *nick)
{
	return door_member(w, key, nick, 0, nick);
}

static int acks(struct wire_peer *p)
{
	struct message message;
	int count = 0, type;
	world_run(p->world);
	while ((type = wire_next(p, &message)) != 0)
		count += type == WIRE_ACK;
	return count;
}

static void who_floods_is_not_read_and_the_others_are(void **state)
{
	struct host_limits limits = { .rate = 10, .burst = 20 };
	struct world *w = hall(&limits);
	struct wire_peer *ann = come(w, ANN, "ann"), *ben = come(w, BEN, "ben");
	uint64_t room = wire_enter(ann, "tea", 0);
	wire_enter(ben, "tea", 0);
	world_pass(w, TCHAT_SECONDS(10));
	for (int i = 0; i < 100; i++)
		wire_post(ann, room, "flood");
	assert_int_equal(acks(ann), 20);
	assert_false(host_peer_wants_input(ann->peer));
	assert_true(host_peer_wants_input(ben->peer));
	wire_post(ben, room, "hello");
	assert_int_equal(acks(ben), 1);
	world_pass(w, TCHAT_SECONDS(1));
	assert_in_range(acks(ann), 9, 11);
	world_pass(w, TCHAT_SECONDS(6));
	assert_in_range(acks(ann), 59, 61);
	world_pass(w, TCHAT_SECONDS(10));
	assert_in_range(acks(ann), 8, 12);
	assert_true(host_peer_wants_input(ann->peer));
	world_free(w);
}

static void a_flood_over_several_connections_is_one(void **state)
{
	struct host_limits limits = { .rate = 10, .burst = 20 };
	struct world *w = hall(&limits);
	struct wire_peer *one = come(w, ANN, "ann"), *two = door_connect(w, ANN);
	struct message message = { .type = WIRE_AUTH };
	memset(message.auth.salt, 99, sizeof message.auth.salt);
	message.auth.lowest_unsettled = 1;
	message.auth.nick = wire_text("other");
	wire_put(two, &message);
	door_enter(two, &message);
	uint64_t room = wire_enter(one, "tea", 0);
	wire_enter(two, "tea", 0);
	world_pass(w, TCHAT_SECONDS(10));
	for (int i = 0; i < 100; i++)
		wire_post(one, room, "flood");
	assert_int_equal(acks(one), 20);
	for (int i = 0; i < 100; i++)
		wire_post(two, room, "flood");
	assert_int_equal(acks(two), 0);
	world_free(w);
}

static void long_messages_and_other_frames_count_as_well(void **state)
{
	struct host_limits limits = { .rate = 1, .burst = 20 };
	struct world *w = hall(&limits);
	struct wire_peer *ann = come(w, ANN, "ann");
	static char text[8001];
	memset(text, 'x', sizeof text - 1);
	uint64_t room = wire_enter(ann, "tea", 0);
	world_pass(w, TCHAT_SECONDS(30));
	for (int i = 0; i < 10; i++)
		wire_post(ann, room, text);
	assert_int_equal(acks(ann), 3); /* eight each; the third begins within the burst */
	world_free(w);
	w = hall(&limits);
	ann = come(w, ANN, "ann");
	for (int i = 0; i < 50; i++)
		wire_frame(ann, WIRE_PING, "hi", 2);
	struct message message;
	int pongs = 0;
	world_run(w);
	while (wire_next(ann, &message) == WIRE_PONG)
		pongs++;
	assert_int_equal(pongs, 20);
	world_free(w);
}

static void owners_are_read_as_fast_as_they_write(void **state)
{
	struct host_limits limits = { .rate = 1, .burst = 1 };
	struct world *w = hall(&limits);
	struct wire_peer *owner = door_owner(w);
	uint64_t room = wire_enter(owner, "tea", 0);
	for (int i = 0; i < 500; i++)
		wire_post(owner, room, "text");
	assert_int_equal(acks(owner), 500);
	world_free(w);
}

static void who_is_throttled_may_go_and_end(void **state)
{
	struct host_limits limits = { .rate = 1, .burst = 5 };
	struct world *w = hall(&limits);
	struct wire_peer *ann = come(w, ANN, "ann"), *ben = come(w, BEN, "ben");
	uint64_t room = wire_enter(ann, "tea", 0);
	wire_enter(ben, "tea", 0);
	for (int i = 0; i < 50; i++)
		wire_post(ann, room, "flood");
	for (int i = 0; i < 50; i++)
		wire_post(ben, room, "flood");
	world_run(w);
	wire_close(ann);
	host_peer_input_ended(ben->peer, w->now);
	world_pass(w, TCHAT_SECONDS(100));
	assert_int_not_equal(ben->closing, HOST_OPEN);
	world_free(w);
}

/* Comes in, or is sent away with this error. */
static void enter_or(struct world *w, int key, int salt, const char *address, int err)
{
	struct wire_peer *p = door_connect_from(w, key, address);
	struct message message = { .type = WIRE_AUTH };
	memset(message.auth.salt, salt, sizeof message.auth.salt);
	message.auth.lowest_unsettled = 1;
	wire_put(p, &message);
	if (err != 0)
		wire_expect_end(p, err);
	else
		wire_expect(p, &message, WIRE_AUTH_OK);
}

static void one_user_has_so_many_connections(void **state)
{
	struct host_limits limits = { .per_user = 3 };
	struct world *w = hall(&limits);
	for (int salt = 1; salt <= 3; salt++)
		enter_or(w, ANN, salt, "192.0.2.1:1", 0);
	enter_or(w, ANN, 4, "192.0.2.2:1", TCHAT_ERR_TOO_MANY_CONNECTIONS);
	enter_or(w, BEN, 1, "192.0.2.2:1", 0);
	for (int salt = 1; salt <= 5; salt++)
		enter_or(w, OWNER_KEY, salt, "192.0.2.1:1", 0);
	world_free(w);
}

static void strangers_of_one_address_have_so_many_and_admitted_ones_more(void **state)
{
	struct host_limits limits = { .per_address = 3 };
	struct world *w = hall(&limits);
	struct wire_peer *owner = door_owner(w);
	for (int i = 0; i < 3; i++)
		enter_or(w, 20 + i, 1, "[2001:db8::1]:7", 0);
	enter_or(w, 30, 1, "[2001:db8::2]:7", TCHAT_ERR_TOO_MANY_CONNECTIONS); /* the same network */
	enter_or(w, 31, 1, "[2001:db8:0:1::1]:7", 0);
	enter_or(w, 32, 1, "192.0.2.1:7", 0);
	enter_or(w, 33, 1, "192.0.2.2:7", 0);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, 5, 1, 0, NULL));
	struct wire_peer *p = door_connect_from(w, 30, "[2001:db8::2]:7");
	struct message message;
	door_auth(p, 30, "zoe", 5);
	wire_expect(p, &message, WIRE_AUTH_OK);
	world_free(w);
}

static void a_device_that_comes_back_has_its_own_place(void **state)
{
	struct host_limits limits = { .per_user = 2, .per_address = 3 };
	struct world *w = hall(&limits);
	for (int round = 0; round < 3; round++) /* its last connection was not seen to end */
		for (int salt = 1; salt <= 2; salt++)
			enter_or(w, ANN, salt, "192.0.2.1:1", 0);
	enter_or(w, BEN, 1, "192.0.2.1:2", 0);
	enter_or(w, BEN, 1, "192.0.2.1:3", 0);
	enter_or(w, EVE, 1, "192.0.2.1:4", TCHAT_ERR_TOO_MANY_CONNECTIONS);
	enter_or(w, BEN, 1, "192.0.2.9:3", 0); /* from elsewhere: a place is free */
	enter_or(w, EVE, 1, "192.0.2.1:4", 0);
	enter_or(w, BEN, 1, "192.0.2.1:3", TCHAT_ERR_TOO_MANY_CONNECTIONS);
	world_free(w);
}

static void who_leaves_makes_room(void **state)
{
	struct host_limits limits = { .per_address = 1 };
	struct world *w = hall(&limits);
	for (int key = 20; key < 25; key++) {
		struct wire_peer *p = door_connect_from(w, key, "192.0.2.1:7");
		struct message message;
		door_auth(p, key, NULL, 0);
		wire_expect(p, &message, WIRE_AUTH_OK);
		enter_or(w, 30, 1, "192.0.2.1:8", TCHAT_ERR_TOO_MANY_CONNECTIONS);
		wire_close(p);
		world_run(w);
	}
	world_free(w);
}

static void a_room_holds_so_many(void **state)
{
	struct host_limits limits = { .members = 2 };
	struct world *w = hall(&limits);
	struct wire_peer *ann = come(w, ANN, "ann"), *ben = come(w, BEN, "ben"), *eve = come(w, EVE, "eve");
	wire_enter(ann, "tea", 0);
	wire_enter(ben, "tea", 0);
	wire_expect_error(eve, wire_join(eve, ROOM_PUBLIC, "tea", 0), TCHAT_ERR_ROOM_FULL);
	wire_enter(eve, "bar", 0);
	wire_enter(door_owner(w), "tea", 0);
	world_free(w);
}

static void names_and_topics_have_their_lengths(void **state)
{
	struct host_limits limits = { .nick = 5, .room_name = 5, .topic = 5, .text = 10 };
	struct world *w = hall(&limits);
	struct wire_peer *ann = come(w, ANN, "ann");
	struct message message;
	wire_expect_error(ann, rename_to(ann, "annabel"), TCHAT_ERR_BAD_NAME);
	rename_done(ann, "annab");
	uint64_t room = wire_enter(ann, "rooms", 0);
	wire_expect_error(ann, wire_join(ann, ROOM_PUBLIC, "parlour", 0), TCHAT_ERR_BAD_NAME);
	wire_post_as(ann, room, ann->device, ++ann->counter, KIND_TOPIC, "too long");
	wire_expect(ann, &message, WIRE_NACK);
	assert_int_equal(message.nack.code, -TCHAT_ERR_TOO_LONG);
	wire_post(ann, room, "0123456789a");
	wire_expect(ann, &message, WIRE_NACK);
	assert_int_equal(message.nack.code, -TCHAT_ERR_TOO_LONG);
	world_free(w);
}

/* POST's payload is as long as was told, and longer by one. */
static void a_frame_is_as_large_as_its_sender_was_told(void **state)
{
	enum { FRAME = 5000 };
	struct host_limits limits = { .frame = FRAME };
	static char text[FRAME + 2];
	struct world *w = hall(&limits);
	struct wire_peer *ann = come(w, ANN, "ann"), *ben = come(w, BEN, "ben");
	assert_int_equal(ann->frame_limit, FRAME);
	uint64_t room = wire_enter(ann, "tea", 0);
	wire_enter(ben, "tea", 0);
	memset(text, 'x', FRAME - MSG_BODY);
	wire_post(ann, room, text);
	assert_int_equal(acks(ann), 1);
	/* Who was told more may go on sending it. */
	host_set_limits(w->host, &(struct host_limits){ .frame = 4096 });
	wire_post(ann, room, text);
	assert_int_equal(acks(ann), 1);
	text[FRAME - MSG_BODY] = 'x';
	wire_post(ben, room, text);
	wire_expect_end(ben, TCHAT_ERR_FRAME_TOO_LARGE);
	world_free(w);
}

static void the_door_and_invitations_have_their_numbers(void **state)
{
	struct host_limits limits = { .knocks = 2, .knocks_per_address = 1, .invitations = 1 };
	struct world *w = door_world_over(HOST_ACCESS_ASK, &limits, NULL);
	struct wire_peer *owner = door_owner(w);
	door_knocker(w, ANN, "ann");
	struct wire_peer *same = door_connect_from(w, 40, "192.0.0.8:9"); /* ann's address */
	door_auth(same, 40, "eve", 0);
	wire_expect_end(same, TCHAT_ERR_DOOR_FULL);
	door_knocker(w, BEN, "ben");
	door_refused(w, EVE, "eve", 0, TCHAT_ERR_DOOR_FULL);
	wire_skip(owner);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, 5, 1, 0, NULL));
	wire_expect_error(owner, door_invite(owner, INVITE_HOST, 6, 1, 0, NULL), TCHAT_ERR_TOO_MANY_INVITATIONS);
	world_free(w);
}

static void other_limits_hold_at_once_and_nobody_has_to_go(void **state)
{
	struct host_limits limits = { .rate = 1, .burst = 5, .per_user = 3 };
	struct world *w = hall(&limits);
	struct wire_peer *ann = come(w, ANN, "ann");
	uint64_t room = wire_enter(ann, "tea", 0);
	enter_or(w, ANN, 2, "192.0.2.1:1", 0);
	enter_or(w, ANN, 3, "192.0.2.1:1", 0);
	world_pass(w, TCHAT_SECONDS(10));
	for (int i = 0; i < 100; i++)
		wire_post(ann, room, "flood");
	assert_int_equal(acks(ann), 5);
	host_set_limits(w->host, &(struct host_limits){ .rate = 1000000, .burst = 1000, .per_user = 1, .nick = 3 });
	assert_int_equal(acks(ann), 95);
	enter_or(w, ANN, 4, "192.0.2.1:1", TCHAT_ERR_TOO_MANY_CONNECTIONS);
	assert_int_equal(ann->closing, HOST_OPEN);
	wire_expect_error(ann, rename_to(ann, "anna"), TCHAT_ERR_BAD_NAME);
	/* The host goes on with them. */
	struct host_counters counters;
	host_counters(w->host, &counters);
	assert_int_equal(counters.ready, 3);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_floods_is_not_read_and_the_others_are),
		cmocka_unit_test(a_flood_over_several_connections_is_one),
		cmocka_unit_test(long_messages_and_other_frames_count_as_well),
		cmocka_unit_test(owners_are_read_as_fast_as_they_write),
		cmocka_unit_test(who_is_throttled_may_go_and_end),
		cmocka_unit_test(one_user_has_so_many_connections),
		cmocka_unit_test(strangers_of_one_address_have_so_many_and_admitted_ones_more),
		cmocka_unit_test(a_device_that_comes_back_has_its_own_place),
		cmocka_unit_test(who_leaves_makes_room),
		cmocka_unit_test(a_room_holds_so_many),
		cmocka_unit_test(names_and_topics_have_their_lengths),
		cmocka_unit_test(a_frame_is_as_large_as_its_sender_was_told),
		cmocka_unit_test(the_door_and_invitations_have_their_numbers),
		cmocka_unit_test(other_limits_hold_at_once_and_nobody_has_to_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
