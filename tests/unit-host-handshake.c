/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: from the first byte to READY, what is no legal frame, who somebody is, and time. */
#include "wire-peer.h"

static void a_session_begins_with_welcome_and_auth_ok(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *p = wire_connect(w, false);
	struct message message;
	wire_hello(p);
	wire_auth(p, 1, "ann", 5);
	wire_expect(p, &message, WIRE_AUTH_OK);
	assert_int_equal(message.auth_ok.user, 1);
	assert_int_equal(message.auth_ok.role, ROLE_MEMBER);
	assert_true(message.auth_ok.device >> 63);
	assert_int_equal(message.auth_ok.mark, 4);
	assert_int_equal(message.auth_ok.text_limit, WIRE_TEXT_LIMIT);
	assert_text(message.auth_ok.nick, "ann");
	assert_text(message.auth_ok.motd, "hi");
	wire_expect_nothing(p);
	world_free(w);
}

static void welcome_names_the_host_and_carries_an_unknown_odd_tag(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct message a, b, message = { .type = WIRE_HELLO };
	message.hello.magic = WIRE_MAGIC;
	message.hello.version_low = 1;
	message.hello.version_high = 9;
	message.hello.features = UINT64_MAX;
	struct wire_peer *p = wire_connect(w, false), *q = wire_connect(w, false);
	wire_put(p, &message);
	wire_put(q, &message);
	wire_expect(p, &a, WIRE_WELCOME);
	wire_expect(q, &b, WIRE_WELCOME);
	assert_int_equal(a.welcome.version, 1);
	assert_int_equal(a.welcome.features, 0);
	assert_int_equal(a.welcome.frame_limit, WIRE_LIMIT);
	assert_text(a.welcome.software, "test");
	assert_memory_equal(a.welcome.host, b.welcome.host, WIRE_KEY_SIZE);
	assert_memory_not_equal(a.welcome.nonce, b.welcome.nonce, WIRE_KEY_SIZE);
	assert_in_range(a.welcome.tail.length, 4, 20);
	assert_int_equal(a.welcome.tail.data[1] % 2, 1);
	assert_in_range(wire_get(a.welcome.tail.data, 2), 0x7001, 0x7fff);
	world_free(w);
}

static void hello_of_another_kind_is_refused(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct message message = { .type = WIRE_HELLO };
	struct wire_peer *p = wire_connect(w, false);
	message.hello.magic = WIRE_MAGIC + 1;
	message.hello.version_low = message.hello.version_high = 1;
	wire_put(p, &message);
	wire_expect_end(p, TCHAT_ERR_BAD_MAGIC);
	message.hello.magic = WIRE_MAGIC;
	for (int i = 0; i < 2; i++) {
		p = wire_connect(w, false);
		message.hello.version_low = i == 0 ? 2 : 0;
		message.hello.version_high = i == 0 ? 3 : 0;
		wire_put(p, &message);
		wire_expect_end(p, TCHAT_ERR_VERSION);
	}
	world_free(w);
}

static void another_protocol_is_told_by_its_first_byte(void **state)
{
	static const char *const others[] = { "GET / HTTP/1.1\r\n", "h", "\x16\x03\x01", "\r", "SSH-2.0", "\x01" };
	struct world *w = world_new(NULL, NULL);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct wire_peer *p = wire_connect(w, false);
		wire_send(p, others[i], strlen(others[i]));
		wire_expect_end(p, TCHAT_ERR_BAD_FRAME);
	}
	world_free(w);
}

/* A connection in one of the three states. */
static struct wire_peer *peer_in(struct world *w, enum wire_state state, uint8_t salt)
{
	struct wire_peer *p = wire_connect(w, false);
	struct message message;
	if (state != WIRE_NEW)
		wire_hello(p);
	if (state == WIRE_READY) {
		wire_auth(p, salt, "ann", 1);
		wire_expect(p, &message, WIRE_AUTH_OK);
		p->device = message.auth_ok.device;
	}
	return p;
}

static void every_type_in_every_state_is_handled_refused_or_skipped(void **state)
{
	static const enum wire_state states[] = { WIRE_NEW, WIRE_GREETED, WIRE_READY };
	static const uint8_t zeros[64];
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *other = wire_member(w, 255, "other");
	wire_enter(other, "lobby", JOIN_LIVE);
	for (int s = 0; s < 3; s++) {
		for (int type = 0; type < 256; type++) {
			for (size_t length = 0; length <= sizeof zeros; length += 8) {
				struct wire_peer *p = peer_in(w, states[s], 1);
				struct message message;
				wire_frame(p, (uint8_t)type, zeros, length);
				world_run(w);
				int legal = message_legal((uint8_t)type, WIRE_CLIENT, states[s]);
				if (legal == TCHAT_ERR_UNKNOWN_TYPE && type % 2 == 1 && states[s] != WIRE_NEW)
					wire_expect_nothing(p);
				else if (legal == TCHAT_ERR_UNKNOWN_TYPE && states[s] == WIRE_NEW)
					wire_expect_end(p, TCHAT_ERR_BAD_FRAME);
				else if (legal != 0)
					wire_expect_end(p, legal);
				else if (message_decode(&message, (uint8_t)type, zeros, length) != 0)
					wire_until(p, &message, WIRE_ERROR);
				wire_close(p);
			}
		}
	}
	wire_post(other, 1, "unharmed");
	struct message message;
	wire_until(other, &message, WIRE_ACK);
	world_free(w);
}

static void lengths_at_the_limits_are_kept(void **state)
{
	struct world *w = world_new(NULL, NULL);
	static const struct {
		enum wire_state state;
		size_t limit;
	} cases[] = { { WIRE_GREETED, WIRE_LIMIT_BEFORE_AUTH }, { WIRE_READY, WIRE_LIMIT } };
	uint8_t *bytes = calloc(1, WIRE_LIMIT + 1);
	for (int i = 0; i < 2; i++) {
		struct wire_peer *p = peer_in(w, cases[i].state, 1);
		struct message message;
		wire_frame(p, WIRE_PING, bytes, 0);
		wire_expect(p, &message, WIRE_PONG);
		assert_int_equal(message.pong.payload.length, 0);
		wire_frame(p, WIRE_PING, bytes, cases[i].limit);
		wire_expect(p, &message, WIRE_PONG);
		assert_int_equal(message.pong.payload.length, cases[i].limit);
		wire_frame(p, WIRE_PING, bytes, cases[i].limit + 1);
		wire_expect_end(p, TCHAT_ERR_FRAME_TOO_LARGE);
		wire_close(p);
		p = peer_in(w, cases[i].state, 1);
		wire_send(p, "\x40\xff\xff\xff", 4);
		wire_expect_end(p, TCHAT_ERR_FRAME_TOO_LARGE);
		wire_close(p);
	}
	free(bytes);
	world_free(w);
}

static void an_unknown_even_tag_ends_the_connection(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *p = peer_in(w, WIRE_READY, 1);
	wire_frame(p, WIRE_NICK, "\0\0\0\1\0\2\0\1x\x70\0\0\0", 13);
	wire_expect_end(p, TCHAT_ERR_UNKNOWN_TAG);
	world_free(w);
}

/* The answers to a session's bytes, given in two pieces cut at every point, are the same. */
static void a_session_may_be_cut_at_every_byte(void **state)
{
	struct buffer session;
	buffer_init(&session, 1 << 20);
	struct message m[6] = { { .type = WIRE_HELLO }, { .type = WIRE_AUTH }, { .type = WIRE_JOIN },
		                { .type = WIRE_POST },  { .type = WIRE_PING }, { .type = WIRE_BYE } };
	m[0].hello.magic = WIRE_MAGIC;
	m[0].hello.version_low = m[0].hello.version_high = 1;
	m[1].auth.lowest_unsettled = 1;
	m[1].auth.nick = wire_text("ann");
	m[2].join.request = 7;
	m[2].join.flags = JOIN_LIVE;
	m[2].join.name = wire_text("lobby");
	m[3].post.room = 1;
	m[3].post.kind = KIND_TEXT;
	m[3].post.body = wire_text("hello");
	m[4].ping.payload = wire_text("echo");
	struct world *w = world_new(NULL, NULL);
	m[3].post.id = (struct message_id){ peer_in(w, WIRE_READY, 0)->device, 1 };
	world_free(w);
	for (int i = 0; i < 6; i++)
		assert_int_equal(message_encode(&session, &m[i]), 0);
	size_t length = buffer_length(&session);
	for (size_t cut = 0; cut <= length; cut++) {
		w = world_new(NULL, NULL);
		struct wire_peer *p = wire_connect(w, false);
		struct message message;
		wire_send(p, buffer_data(&session), cut);
		if (cut % 3 != 0)
			world_run(w);
		wire_send(p, buffer_data(&session) + cut, length - cut);
		wire_expect(p, &message, WIRE_WELCOME);
		wire_expect(p, &message, WIRE_AUTH_OK);
		wire_expect(p, &message, WIRE_JOINED);
		assert_int_equal(message.joined.request, 7);
		/* Where the cut falls between POST and PING, they are of different rounds. */
		world_run(w);
		int first = wire_next(p, &message);
		wire_expect(p, &message, first == WIRE_ACK ? WIRE_PONG : WIRE_ACK);
		wire_expect_nothing(p);
		assert_int_equal(p->closing, HOST_FLUSH);
		struct host_counters counters;
		host_counters(w->host, &counters);
		assert_int_equal(counters.posts, 1);
		world_free(w);
	}
	buffer_free(&session);
}

static void who_half_closes_still_gets_its_answers(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *p = wire_member(w, 1, "ann");
	struct message message;
	wire_enter(p, "lobby", JOIN_LIVE);
	wire_post(p, 1, "last words");
	host_peer_input_ended(p->peer, w->now);
	wire_expect(p, &message, WIRE_ACK);
	wire_expect_nothing(p);
	assert_int_equal(p->closing, HOST_FLUSH);
	p = wire_connect(w, false);
	host_peer_input_ended(p->peer, w->now);
	world_run(w);
	assert_int_equal(p->closing, HOST_FLUSH);
	world_free(w);
}

static void random_bytes_harm_nobody_else(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *other = wire_member(w, 255, "other");
	wire_enter(other, "lobby", JOIN_LIVE);
	for (int i = 0; i < 3000; i++) {
		struct wire_peer *p = peer_in(w, i % 3 == 0 ? WIRE_NEW : i % 3 == 1 ? WIRE_GREETED : WIRE_READY, 7);
		uint8_t bytes[300];
		size_t length = world_random(w) % sizeof bytes;
		world_bytes(w, bytes, sizeof bytes);
		/* Mostly known types, short lengths, and fields that are often small. */
		for (size_t at = 0; at + 80 < sizeof bytes && i % 2 == 0; at += 64) {
			bytes[at] = (uint8_t)(world_random(w) % 0x50);
			bytes[at + 1] = bytes[at + 2] = 0;
			bytes[at + 3] = 60;
			for (size_t k = 4; k < 60; k++)
				bytes[at + k] &= (uint8_t)(world_random(w) % 4);
		}
		wire_send(p, bytes, length);
		world_run(w);
		wire_close(p);
	}
	wire_skip(other);
	wire_post(other, 1, "unharmed");
	struct message message;
	wire_expect(other, &message, WIRE_ACK);
	world_free(w);
}

static void nothing_is_read_after_an_error(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *p = peer_in(w, WIRE_READY, 1);
	wire_send(p, "\x4a\0\0\0\x40\0\0\0", 8);
	assert_false(host_peer_wants_input(p->peer));
	wire_send(p, "\x40\0\0\0", 4);
	wire_expect_end(p, TCHAT_ERR_UNKNOWN_TYPE);
	world_free(w);
}

/* --- Who somebody is */

static void a_taken_nick_gets_a_number(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct message message;
	static const char *const given[] = { "Ann", "ANN2", "ann3" };
	static const char *const wishes[] = { "Ann", "ANN", "ann" };
	for (uint8_t i = 0; i < 3; i++) {
		struct wire_peer *p = wire_connect(w, false);
		wire_hello(p);
		wire_auth(p, i, wishes[i], 1);
		wire_expect(p, &message, WIRE_AUTH_OK);
		assert_text(message.auth_ok.nick, given[i]);
	}
	world_free(w);
}

static void many_of_one_nick_all_get_different_ones(void **state)
{
	struct world *w = world_new(NULL, NULL);
	enum { MANY = 300 };
	char seen[MANY][40];
	for (int i = 0; i < MANY; i++) {
		struct message message = { .type = WIRE_AUTH };
		struct wire_peer *p = wire_connect(w, false);
		wire_hello(p);
		wire_set(message.auth.salt, 4, (uint64_t)i);
		message.auth.nick = wire_text("sixteen_letters_");
		wire_put(p, &message);
		wire_expect(p, &message, WIRE_AUTH_OK);
		assert_true(wire_copy(seen[i], sizeof seen[i], message.auth_ok.nick));
		assert_true(strlen(seen[i]) <= 16);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(seen[i], seen[j]);
	}
	world_free(w);
}

static void an_unusable_nick_becomes_guest(void **state)
{
	static const char *const wishes[] = { NULL, "", "a b", "\x1b[31m", "\xff", "seventeen_letters", "#a" };
	struct world *w = world_new(NULL, NULL);
	for (uint8_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
		char expected[16];
		snprintf(expected, sizeof expected, i == 0 ? "guest" : "guest%d", i + 1);
		struct wire_peer *p = wire_connect(w, false);
		struct message message;
		wire_hello(p);
		wire_auth(p, i, wishes[i], 1);
		wire_expect(p, &message, WIRE_AUTH_OK);
		assert_text(message.auth_ok.nick, expected);
	}
	world_free(w);
}

static void the_same_salt_is_the_same_user_and_fences_the_older_connection(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *old = wire_member(w, 1, "ann");
	struct wire_peer *other = wire_member(w, 2, "bob");
	uint64_t room = wire_enter(other, "lobby", JOIN_LIVE);
	wire_enter(old, "lobby", JOIN_LIVE);
	wire_skip(other);
	wire_post(old, room, "one");
	world_run(w);
	struct wire_peer *p = wire_connect(w, false);
	struct message message;
	wire_hello(p);
	wire_auth(p, 1, "ann", 1);
	wire_expect(p, &message, WIRE_AUTH_OK);
	assert_int_equal(message.auth_ok.user, old->user);
	assert_int_equal(message.auth_ok.device, old->device);
	assert_int_equal(message.auth_ok.mark, 1);
	assert_text(message.auth_ok.nick, "ann");
	wire_expect_end(old, TCHAT_ERR_FENCED);
	wire_close(old);
	/* The user never went, and is a member still. */
	wire_expect(other, &message, WIRE_MSG);
	wire_expect_nothing(other);
	p->device = old->device;
	p->counter = 1;
	wire_post(p, room, "two");
	wire_expect(p, &message, WIRE_ACK);
	world_free(w);
}

static void a_user_is_remembered_ten_minutes(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *p = wire_member(w, 1, "ann");
	uint32_t user = p->user;
	uint64_t device = p->device;
	wire_close(p);
	world_pass(w, TCHAT_SECONDS(599));
	struct wire_peer *q = wire_member(w, 2, "ann"); /* still taken */
	p = wire_member(w, 1, "ann");
	assert_int_equal(p->user, user);
	wire_close(p);
	wire_close(q);
	world_pass(w, TCHAT_SECONDS(601));
	p = wire_member(w, 1, "ann");
	assert_int_not_equal(p->user, user);
	assert_int_equal(p->device, device);
	world_free(w);
}

static void who_says_goodbye_leaves_its_nick(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *p = wire_member(w, 1, "bot");
	struct message message;
	wire_enter(p, "lobby", JOIN_LIVE);
	wire_put(p, &(struct message){ .type = WIRE_BYE, .bye.code = -TCHAT_ERR_LEAVING });
	world_run(w);
	wire_close(p);
	p = wire_connect(w, false);
	wire_hello(p);
	wire_auth(p, 2, "bot", 1);
	wire_expect(p, &message, WIRE_AUTH_OK);
	assert_text(message.auth_ok.nick, "bot");
	world_free(w);
}

static void only_so_many_users_are_remembered(void **state)
{
	struct host_limits limits = { .remembered = 3 };
	struct world *w = world_new(&limits, NULL);
	struct wire_peer *first = wire_member(w, 0, "ann");
	uint32_t user = first->user;
	wire_close(first);
	for (uint8_t i = 1; i < 10; i++) {
		wire_close(wire_member(w, i, "bob"));
		struct host_counters counters;
		host_counters(w->host, &counters);
		assert_true(counters.users <= 3);
	}
	assert_int_not_equal(wire_member(w, 0, "ann")->user, user);
	world_free(w);
}

static void a_returning_user_may_wish_for_another_nick(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *p = wire_member(w, 1, "ann");
	uint32_t user = p->user;
	wire_close(p);
	p = wire_connect(w, false);
	struct message message;
	wire_hello(p);
	wire_auth(p, 1, "carol", 1);
	wire_expect(p, &message, WIRE_AUTH_OK);
	assert_int_equal(message.auth_ok.user, user);
	assert_text(message.auth_ok.nick, "carol");
	wire_member(w, 2, "ann"); /* free again */
	world_free(w);
}

static void connections_of_the_account_are_owners_told_apart_by_nick(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member_of(w, true, 1, "ann");
	struct wire_peer *b = wire_member_of(w, true, 2, "ANN");
	struct wire_peer *c = wire_member_of(w, true, 3, NULL);
	struct wire_peer *d = wire_member_of(w, true, 4, "dan");
	assert_int_equal(b->user, a->user);
	assert_int_not_equal(b->device, a->device);
	assert_int_equal(c->user, a->user);
	assert_int_not_equal(d->user, a->user);
	/* The salt alone makes nobody an owner. */
	struct wire_peer *e = wire_connect(w, false);
	struct message message;
	wire_hello(e);
	wire_auth(e, 1, "ann", 1);
	wire_expect(e, &message, WIRE_AUTH_OK);
	assert_int_equal(message.auth_ok.role, ROLE_MEMBER);
	assert_int_not_equal(message.auth_ok.user, a->user);
	assert_int_not_equal(message.auth_ok.device, a->device);
	wire_expect_nothing(a);
	world_free(w);
}

/* --- Time and limits */

static void who_is_not_ready_in_ten_seconds_goes(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_connect(w, false), *b = wire_connect(w, false);
	wire_hello(b);
	world_pass(w, TCHAT_MS(9900));
	wire_expect_nothing(a);
	world_pass(w, TCHAT_MS(200));
	wire_expect_end(a, TCHAT_ERR_TOO_SLOW);
	wire_expect_end(b, TCHAT_ERR_TOO_SLOW);
	/* Who takes no output either is dropped. */
	world_pass(w, TCHAT_SECONDS(11));
	assert_null(a->peer);
	world_free(w);
}

static void silence_is_broken_by_a_ping_and_then_ended(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob");
	struct message message;
	world_pass(w, TCHAT_MS(59900));
	wire_expect_nothing(a);
	world_pass(w, TCHAT_MS(200));
	wire_expect(a, &message, WIRE_PING);
	wire_expect(b, &message, WIRE_PING);
	message.type = WIRE_PONG;
	wire_put(b, &message);
	world_pass(w, TCHAT_SECONDS(60));
	wire_expect_end(a, TCHAT_ERR_TOO_SLOW);
	wire_expect(b, &message, WIRE_PING);
	world_free(w);
}

static void an_idle_host_has_nothing_due_for_a_minute(void **state)
{
	struct world *w = world_new(NULL, NULL);
	assert_true(host_deadline(w->host) == TCHAT_NEVER);
	wire_member(w, 1, "ann");
	world_run(w);
	assert_int_equal(host_deadline(w->host), w->now + TCHAT_SECONDS(60));
	world_free(w);
}

static void output_that_stalls_for_a_minute_ends_the_connection(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *p = wire_member(w, 1, "ann");
	p->budget = 0;
	wire_frame(p, WIRE_PING, "12345678", 8);
	world_pass(w, TCHAT_SECONDS(59));
	assert_non_null(p->peer);
	wire_allow(p, 1);
	world_pass(w, TCHAT_SECONDS(59));
	assert_non_null(p->peer);
	world_pass(w, TCHAT_SECONDS(2));
	assert_null(p->peer);
	world_free(w);
}

static void a_full_host_says_so(void **state)
{
	struct host_limits limits = { .peers = 2 };
	struct world *w = world_new(&limits, NULL);
	wire_connect(w, false);
	wire_connect(w, false);
	struct wire_peer *p = wire_connect(w, false);
	wire_expect_end(p, TCHAT_ERR_HOST_FULL);
	int more = 0;
	while (wire_connect(w, false)->peer != NULL)
		assert_true(++more < 1000);
	world_free(w);
}

static void shutdown_says_goaway_to_all(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *ready = wire_member(w, 1, "ann"), *fresh = wire_connect(w, false);
	struct message message;
	host_shutdown(w->host, 1500, w->now);
	wire_expect(ready, &message, WIRE_GOAWAY);
	assert_int_equal(message.goaway.code, -TCHAT_ERR_SHUTDOWN);
	assert_int_equal(message.goaway.retry_ms, 1500);
	assert_int_equal(ready->closing, HOST_FLUSH);
	wire_expect_end(fresh, TCHAT_ERR_SHUTDOWN);
	wire_expect_end(wire_connect(w, false), TCHAT_ERR_SHUTDOWN);
	world_free(w);
}

static void events_tell_who_came_and_went_in_clean_text(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct host_event event;
	wire_close(wire_member(w, 1, "ann"));
	assert_true(host_next_event(w->host, &event));
	assert_int_equal(event.type, HOST_EVENT_CAME);
	assert_string_equal(event.nick, "ann");
	assert_string_equal(event.text, "[::1]:5");
	assert_true(host_next_event(w->host, &event));
	assert_int_equal(event.type, HOST_EVENT_WENT);
	assert_string_equal(event.nick, "ann");
	assert_false(host_next_event(w->host, &event));
	for (int i = 0; i < 300; i++)
		wire_close(wire_connect(w, false));
	struct host_counters counters;
	host_counters(w->host, &counters);
	assert_int_equal(counters.events_lost, 44);
	assert_int_equal(counters.peers, 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_begins_with_welcome_and_auth_ok),
		cmocka_unit_test(welcome_names_the_host_and_carries_an_unknown_odd_tag),
		cmocka_unit_test(hello_of_another_kind_is_refused),
		cmocka_unit_test(another_protocol_is_told_by_its_first_byte),
		cmocka_unit_test(every_type_in_every_state_is_handled_refused_or_skipped),
		cmocka_unit_test(lengths_at_the_limits_are_kept),
		cmocka_unit_test(an_unknown_even_tag_ends_the_connection),
		cmocka_unit_test(a_session_may_be_cut_at_every_byte),
		cmocka_unit_test(who_half_closes_still_gets_its_answers),
		cmocka_unit_test(random_bytes_harm_nobody_else),
		cmocka_unit_test(nothing_is_read_after_an_error),
		cmocka_unit_test(a_taken_nick_gets_a_number),
		cmocka_unit_test(many_of_one_nick_all_get_different_ones),
		cmocka_unit_test(an_unusable_nick_becomes_guest),
		cmocka_unit_test(the_same_salt_is_the_same_user_and_fences_the_older_connection),
		cmocka_unit_test(a_user_is_remembered_ten_minutes),
		cmocka_unit_test(who_says_goodbye_leaves_its_nick),
		cmocka_unit_test(only_so_many_users_are_remembered),
		cmocka_unit_test(a_returning_user_may_wish_for_another_nick),
		cmocka_unit_test(connections_of_the_account_are_owners_told_apart_by_nick),
		cmocka_unit_test(who_is_not_ready_in_ten_seconds_goes),
		cmocka_unit_test(silence_is_broken_by_a_ping_and_then_ended),
		cmocka_unit_test(an_idle_host_has_nothing_due_for_a_minute),
		cmocka_unit_test(output_that_stalls_for_a_minute_ends_the_connection),
		cmocka_unit_test(a_full_host_says_so),
		cmocka_unit_test(shutdown_says_goaway_to_all),
		cmocka_unit_test(events_tell_who_came_and_went_in_clean_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
