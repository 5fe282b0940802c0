/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: what a hostile member or a stranger can make others pay, in memory and in rooms. */
#include "wire-peer.h"

enum { ROUNDS = 20, REPEATS = 30, LARGE = 15000 };

static size_t queued(const struct world *w)
{
	struct host_counters counters;
	host_counters(w->host, &counters);
	return counters.queued;
}

static const char *large_text(void)
{
	static char text[LARGE + 1];
	memset(text, 'x', LARGE);
	return text;
}

static void repeats_beside_a_message_do_not_weigh_on_who_reads_slowly(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *slow = wire_member(w, 1, "slow"), *a = wire_member(w, 2, "eve"), *b = wire_member(w, 3, "bob");
	wire_enter(slow, "lobby", JOIN_LIVE);
	wire_enter(a, "lobby", 0);
	wire_enter(b, "lobby", 0);
	wire_post(a, 1, large_text());
	wire_skip(a);
	wire_skip(slow);
	slow->budget = 0;
	for (int i = 0; i < ROUNDS; i++) {
		for (int k = 0; k < REPEATS; k++)
			wire_post_as(a, 1, a->device, 1, KIND_TEXT, large_text());
		wire_post(b, 1, "hi");
		world_run(w);
	}
	assert_true(queued(w) < ROUNDS * 4096);
	wire_allow(slow, ALL);
	struct message message;
	for (int i = 0; i < ROUNDS; i++) {
		wire_expect(slow, &message, WIRE_MSG);
		assert_int_equal(message.msg.seq, 2 + i);
		assert_text(message.msg.body, "hi");
	}
	world_free(w);
}

static void a_sender_that_does_not_read_keeps_little_of_what_it_sent(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 2, "eve"), *b = wire_member(w, 3, "bob");
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_enter(b, "lobby", 0);
	wire_skip(a);
	a->budget = 0;
	for (int i = 0; i < ROUNDS; i++) {
		for (int k = 0; k < REPEATS; k++) {
			wire_post(a, 1, large_text());
			if (k == 0)
				wire_post(b, 1, "hi");
		}
		world_run(w);
	}
	assert_true(queued(w) < ROUNDS * 4096);
	wire_allow(a, ALL);
	struct message message;
	for (uint64_t seq = 1; seq <= ROUNDS * (REPEATS + 1); seq++) {
		wire_expect(a, &message, seq % (REPEATS + 1) == 2 ? WIRE_MSG : WIRE_ACK);
		assert_int_equal(message.type == WIRE_MSG ? message.msg.seq : message.ack.seq, seq);
	}
	world_free(w);
}

static void a_stranger_who_asks_and_does_not_read_is_cut_off(void **state)
{
	enum { PING_SIZE = FRAME_HEADER + 1000, PINGS = 60 };
	static uint8_t pings[PINGS * PING_SIZE];
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_connect(w, false), *b = wire_connect(w, false);
	struct message message;
	wire_hello(a);
	wire_hello(b);
	for (int i = 0; i < PINGS; i++)
		frame_header(pings + i * PING_SIZE, WIRE_PING, PING_SIZE - FRAME_HEADER);
	a->budget = 0;
	wire_send(a, pings, 10 * PING_SIZE);
	world_run(w);
	assert_non_null(a->peer);
	assert_false(host_peer_wants_input(a->peer));
	assert_true(queued(w) < 20000);
	wire_allow(a, ALL);
	for (int i = 0; i < 10; i++)
		wire_expect(a, &message, WIRE_PONG);
	assert_true(host_peer_wants_input(a->peer));
	b->budget = 0;
	wire_send(b, pings, sizeof pings);
	world_run(w);
	assert_null(b->peer);
	world_free(w);
}

static void a_counter_that_would_overflow_is_refused(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_connect(w, false), *b = wire_connect(w, false);
	struct message message;
	wire_hello(a);
	wire_auth(a, 1, "eve", UINT64_MAX);
	wire_expect_end(a, TCHAT_ERR_BAD_FRAME);
	wire_hello(b);
	wire_auth(b, 2, "bob", UINT64_MAX / 2);
	wire_expect(b, &message, WIRE_AUTH_OK);
	assert_true(message.auth_ok.mark == UINT64_MAX / 2 - 1);
	world_free(w);
}

static int direct(struct wire_peer *p, const char *nick)
{
	struct message message;
	uint32_t request = wire_join(p, ROOM_DIRECT, nick, 0);
	world_run(p->world);
	for (int type; (type = wire_next(p, &message)) != 0;) {
		if (type == WIRE_JOINED && message.joined.request == request)
			return 0;
		if (type == WIRE_ERROR)
			return -(int)message.error.code;
	}
	fail_msg("no answer");
	return 0;
}

static void a_crowd_cannot_take_all_direct_rooms_of_a_member(void **state)
{
	struct host_limits limits = { .rooms_per_user = 3 };
	struct world *w = world_new(&limits, NULL);
	struct wire_peer *ann = wire_member(w, 1, "ann"), *crowd[4];
	wire_member(w, 2, "bob");
	for (int i = 0; i < 4; i++) {
		char nick[8];
		snprintf(nick, sizeof nick, "eve%c", 'a' + i);
		crowd[i] = wire_member(w, (uint8_t)(10 + i), nick);
		assert_int_equal(direct(crowd[i], "ann"), i < 3 ? 0 : TCHAT_ERR_TOO_MANY_ROOMS);
	}
	wire_skip(ann);
	assert_int_equal(direct(ann, "bob"), 0);
	/* Those whom the host forgot make place for others, and ann is told. */
	for (int i = 0; i < 3; i++)
		wire_close(crowd[i]);
	for (int i = 0; i < 11; i++) {
		struct message message = { .type = WIRE_PING };
		world_pass(w, TCHAT_SECONDS(55));
		wire_put(ann, &message);
		wire_put(crowd[3], &message);
		wire_skip(ann);
	}
	assert_int_equal(direct(crowd[3], "ann"), 0);
	struct message message;
	wire_expect(ann, &message, WIRE_MEMBER);
	assert_int_equal(message.member.change, MEMBER_LEFT);
	assert_int_equal(message.member.user, ann->user);
	wire_expect(ann, &message, WIRE_MEMBER);
	wire_expect(ann, &message, WIRE_JOINED);
	world_free(w);
}

static void a_flood_of_renames_keeps_others_waiting_for_two_rounds_at_most(void **state)
{
	enum { OTHERS = 20, RENAMES = 2000 };
	struct host_limits limits = { .round = 8192 };
	struct world *w = world_new(&limits, NULL);
	struct wire_peer *a = wire_member(w, 1, "eve"), *others[OTHERS];
	wire_enter(a, "lobby", 0);
	for (int i = 0; i < OTHERS; i++) {
		char nick[8];
		snprintf(nick, sizeof nick, "ann%c", 'a' + i);
		others[i] = wire_member(w, (uint8_t)(2 + i), nick);
		wire_enter(others[i], "lobby", 0);
	}
	for (int i = 0; i < OTHERS; i++)
		wire_skip(others[i]);
	wire_skip(a);
	struct buffer flood;
	buffer_init(&flood, 1 << 20);
	for (uint32_t i = 0; i < RENAMES; i++) {
		struct message message = { .type = WIRE_NICK, .nick = { .request = i + 1, .nick = wire_text(i % 2 ? "eve" : "eva") } };
		assert_int_equal(message_encode(&flood, &message), 0);
	}
	wire_send(a, buffer_data(&flood), buffer_length(&flood));
	buffer_free(&flood);
	assert_true(queued(w) < 4 * limits.round);
	assert_false(host_peer_wants_input(a->peer));
	struct message message = { .type = WIRE_PING };
	wire_put(others[3], &message);
	int type = 0;
	for (int i = 0; i < 2; i++) {
		host_flush(w->host, w->now);
		assert_true(queued(w) < 12 * limits.round);
		for (struct host_peer *peer; (peer = host_next_dirty(w->host)) != NULL;)
			wire_drain(host_peer_user(peer));
	}
	while ((type = wire_next(others[3], &message)) == WIRE_MEMBER)
		;
	assert_int_equal(type, WIRE_PONG);
	int done = 0;
	world_run(w);
	while ((type = wire_next(a, &message)) != 0)
		done += type == WIRE_DONE;
	assert_int_equal(done, RENAMES);
	assert_true(host_peer_wants_input(a->peer));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeats_beside_a_message_do_not_weigh_on_who_reads_slowly),
		cmocka_unit_test(a_sender_that_does_not_read_keeps_little_of_what_it_sent),
		cmocka_unit_test(a_stranger_who_asks_and_does_not_read_is_cut_off),
		cmocka_unit_test(a_counter_that_would_overflow_is_refused),
		cmocka_unit_test(a_flood_of_renames_keeps_others_waiting_for_two_rounds_at_most),
		cmocka_unit_test(a_crowd_cannot_take_all_direct_rooms_of_a_member),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
