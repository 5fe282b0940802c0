/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session's connection: handshake, keep-alive, reconnecting, leaving, requests. */
#include "fake-host.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void the_handshake_says_who_we_are(void **state)
{
	struct fake fake;
	uint8_t salt[WIRE_KEY_SIZE] = "0123456789abcdef";
	char nick[8] = "";
	fake_open(&fake, (struct session_config){ .nick = "ann", .software = "tchat 1", .salt = salt });
	assert_int_equal(session_dial_at(fake.session), 0);
	session_dialling(fake.session);
	assert_int_equal(session_dial_at(fake.session), TCHAT_NEVER);
	session_connected(fake.session, NULL, fake.now);
	struct message hello = fake_take(&fake, WIRE_HELLO);
	assert_int_equal(hello.hello.version_low, 1);
	assert_int_equal(hello.hello.version_high, 1);
	assert_memory_equal(hello.hello.software.data, "tchat 1", 7);
	/* The unknown TLV: an odd tag from 0x7001 on. */
	uint64_t tag = wire_get(hello.hello.tail.data, 2);
	assert_true(tag >= 0x7001 && tag <= 0x7fff && tag % 2 == 1);
	fake_quiet(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_WELCOME,
	                                    .welcome = { .version = 1, .frame_limit = 4096, .host = "HOST" } });
	struct message auth = fake_take(&fake, WIRE_AUTH);
	assert_memory_equal(auth.auth.salt, salt, WIRE_KEY_SIZE);
	assert_int_equal(auth.auth.lowest_unsettled, 1);
	assert_true(wire_copy(nick, sizeof nick, auth.auth.nick));
	assert_string_equal(nick, "ann");
	fake_send(&fake, &(struct message){ .type = WIRE_AUTH_OK,
	                                    .auth_ok = { .user = 3,
	                                                 .role = ROLE_OWNER,
	                                                 .device = 5,
	                                                 .text_limit = 16384,
	                                                 .nick = wire_text("ann2"),
	                                                 .motd = wire_text("hi") } });
	const struct session_event *event = fake_event(&fake, SESSION_CONNECTED);
	assert_string_equal(event->nick, "ann2");
	assert_string_equal(event->text, "hi");
	assert_false(event->own_wish);
	assert_false(event->restarted);
	assert_int_equal(event->role, ROLE_OWNER);
	assert_memory_equal(event->host, "HOST", 5);
	assert_true(session_ready(fake.session));
	assert_string_equal(session_own_nick(fake.session), "ann2");
	fake_take(&fake, WIRE_PING);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void a_device_is_random_unless_given(void **state)
{
	struct fake fake;
	uint8_t salts[2][WIRE_KEY_SIZE];
	fake_open(&fake, (struct session_config){ 0 });
	for (int i = 0; i < 2; i++) {
		session_connected(fake.session, NULL, fake.now);
		fake_take(&fake, WIRE_HELLO);
		fake_send(&fake, &(struct message){ .type = WIRE_WELCOME, .welcome = { .version = 1, .frame_limit = 4096 } });
		struct message auth = fake_take(&fake, WIRE_AUTH);
		assert_null(auth.auth.nick.data);
		memcpy(salts[i], auth.auth.salt, WIRE_KEY_SIZE);
		fake_break(&fake);
	}
	assert_memory_equal(salts[0], salts[1], WIRE_KEY_SIZE); /* the same in the next connection */
	fake_close(&fake);
	static const uint8_t nothing[WIRE_KEY_SIZE];
	assert_memory_not_equal(salts[0], nothing, WIRE_KEY_SIZE);
}

static void every_split_of_the_bytes_gives_the_same_events(void **state)
{
	for (size_t split = 1; split < 80; split++) {
		struct fake fake;
		fake_open(&fake, (struct session_config){ .nick = "ann" });
		fake.split = split;
		fake_connect(&fake);
		uint32_t room = fake_lobby(&fake, 4);
		fake_msg(&fake, 5, "five");
		fake_msg(&fake, 6, "six");
		const struct session_event *event = fake_event(&fake, SESSION_MESSAGE);
		assert_int_equal(event->seq, 5);
		assert_int_equal(event->room, room);
		assert_string_equal(event->text, "five");
		assert_string_equal(event->nick, "bob");
		assert_string_equal(event->name, "lobby");
		assert_int_equal(fake_event(&fake, SESSION_MESSAGE)->seq, 6);
		fake_quiet(&fake);
		fake_close(&fake);
	}
}

static void errors_of_the_host_say_whether_to_come_back(void **state)
{
	static const struct {
		int err;
		bool final;
	} cases[] = { { TCHAT_ERR_KICKED, true },    { TCHAT_ERR_FENCED, true },     { TCHAT_ERR_VERSION, true },
		      { TCHAT_ERR_HOST_FULL, false }, { TCHAT_ERR_TOO_SLOW, false } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fake fake;
		fake_open(&fake, (struct session_config){ 0 });
		fake_connect(&fake);
		fake_send(&fake, &(struct message){ .type = WIRE_ERROR, .error = { .code = (uint16_t)-cases[i].err } });
		assert_true(session_closing(fake.session));
		session_disconnected(fake.session, TCHAT_ERR_CLOSED, fake.now);
		const struct session_event *event = fake_event(&fake, SESSION_DISCONNECTED);
		assert_int_equal(event->code, cases[i].err);
		assert_int_equal(event->final, cases[i].final);
		assert_int_equal(session_final(fake.session), cases[i].final);
		session_retry_now(fake.session);
		assert_int_equal(session_dial_at(fake.session), 0);
		fake_close(&fake);
	}
}

static void a_handshake_that_takes_ten_seconds_is_given_up(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	assert_int_equal(session_deadline(fake.session), TCHAT_NEVER);
	session_connected(fake.session, NULL, fake.now);
	fake_take(&fake, WIRE_HELLO);
	assert_int_equal(session_deadline(fake.session), fake.now + TCHAT_SECONDS(10));
	session_tick(fake.session, fake.now + TCHAT_SECONDS(10) - 1);
	assert_false(session_closing(fake.session));
	fake.now += TCHAT_SECONDS(10);
	session_tick(fake.session, fake.now);
	fake_failed(&fake, TCHAT_ERR_TIMED_OUT);
	fake_close(&fake);
}

static void silence_is_asked_about_once_and_then_ends_it(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	assert_int_equal(session_deadline(fake.session), fake.now + TCHAT_SECONDS(60));
	fake.now += TCHAT_SECONDS(60);
	session_tick(fake.session, fake.now);
	struct message ping = fake_take(&fake, WIRE_PING);
	uint8_t payload[16];
	memcpy(payload, ping.ping.payload.data, ping.ping.payload.length);
	fake.now += TCHAT_MS(40);
	fake_send(&fake, &(struct message){ .type = WIRE_PONG, .pong = { .payload = { payload, ping.ping.payload.length } } });
	assert_int_equal(fake_event(&fake, SESSION_LAG)->rtt, TCHAT_MS(40));
	assert_int_equal(session_lag(fake.session), TCHAT_MS(40));
	assert_int_equal(session_deadline(fake.session), fake.now + TCHAT_SECONDS(60));
	/* The second time nobody answers. */
	fake.now += TCHAT_SECONDS(60);
	session_tick(fake.session, fake.now);
	fake_take(&fake, WIRE_PING);
	assert_int_equal(session_deadline(fake.session), fake.now + TCHAT_SECONDS(60));
	session_tick(fake.session, fake.now + TCHAT_SECONDS(60) - 1);
	fake_quiet(&fake);
	fake.now += TCHAT_SECONDS(60);
	session_tick(fake.session, fake.now);
	fake_failed(&fake, TCHAT_ERR_TIMED_OUT);
	fake_close(&fake);
}

static void a_long_sleep_still_leaves_the_host_time_to_answer(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	fake.now += TCHAT_SECONDS(36000);
	session_tick(fake.session, fake.now);
	fake_take(&fake, WIRE_PING);
	assert_int_equal(session_deadline(fake.session), fake.now + TCHAT_SECONDS(60));
	fake_close(&fake);
}

static void pings_of_the_host_are_echoed(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_PING, .ping = { .payload = wire_text("hello") } });
	struct message pong = fake_take(&fake, WIRE_PONG);
	assert_int_equal(pong.pong.payload.length, 5);
	assert_memory_equal(pong.pong.payload.data, "hello", 5);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void pings_come_back_in_order_with_their_payload(void **state)
{
	struct fake fake;
	uint8_t payload[3] = { 0xff, 0, 1 };
	fake_open(&fake, (struct session_config){ 0 });
	assert_int_equal(session_ping(fake.session, "x", 1, fake.now), TCHAT_ERR_AGAIN);
	fake_connect(&fake);
	assert_int_equal(session_ping(fake.session, payload, 3, fake.now), 0);
	assert_int_equal(session_ping(fake.session, NULL, 0, fake.now), 0);
	assert_int_equal(fake_take(&fake, WIRE_PING).ping.payload.length, 3);
	assert_int_equal(fake_take(&fake, WIRE_PING).ping.payload.length, 0);
	fake.now += 500;
	fake_send(&fake, &(struct message){ .type = WIRE_PONG, .pong = { .payload = { payload, 3 } } });
	const struct session_event *event = fake_event(&fake, SESSION_PONG);
	assert_int_equal(event->rtt, 500);
	assert_int_equal(event->length, 3);
	assert_memory_equal(event->text, payload, 3);
	fake_send(&fake, &(struct message){ .type = WIRE_PONG, .pong = { .payload = { payload, 0 } } });
	fake_event(&fake, SESSION_PONG);
	/* An echo of something else. */
	assert_int_equal(session_ping(fake.session, payload, 3, fake.now), 0);
	fake_send(&fake, &(struct message){ .type = WIRE_PONG, .pong = { .payload = wire_text("abc") } });
	fake_take(&fake, WIRE_PING);
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
	/* An echo of nothing. */
	fake_connect(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_PONG, .pong = { .payload = { payload, 0 } } });
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
	fake_close(&fake);
}

static void retries_wait_longer_and_longer_with_jitter(void **state)
{
	struct fake fake;
	tchat_time total = 0, longest = 0, previous = 0;
	int equal = 0;
	fake_open(&fake, (struct session_config){ 0 });
	for (int i = 0; i < 200; i++) {
		session_dialling(fake.session);
		assert_int_equal(session_dial_at(fake.session), TCHAT_NEVER);
		session_disconnected(fake.session, TCHAT_ERR_REFUSED, fake.now);
		const struct session_event *event = fake_event(&fake, SESSION_DISCONNECTED);
		assert_int_equal(event->code, TCHAT_ERR_REFUSED);
		assert_int_equal(event->retry_at, session_dial_at(fake.session));
		tchat_time wait = session_dial_at(fake.session) - fake.now;
		tchat_time bound = i == 0 ? 200 : i < 7 ? 500u << (i - 1) : 30000;
		assert_true(wait < TCHAT_MS(bound));
		total += i >= 10 ? wait : 0;
		longest = wait > longest ? wait : longest;
		equal += wait == previous;
		previous = wait;
		fake.now = session_dial_at(fake.session);
	}
	assert_true(total / 190 > TCHAT_SECONDS(10) && total / 190 < TCHAT_SECONDS(20));
	assert_true(longest > TCHAT_SECONDS(27));
	assert_true(equal < 3);
	/* A connection that held for a while starts the count anew. */
	fake_connect(&fake);
	fake.now += TCHAT_SECONDS(11);
	fake_break(&fake);
	assert_true(session_dial_at(fake.session) < fake.now + TCHAT_MS(200));
	/* One that fell at once does not. */
	for (int i = 0; i < 40; i++) {
		fake_connect(&fake);
		fake_break(&fake);
		longest = i == 0 ? 0 : longest;
		longest = session_dial_at(fake.session) - fake.now > longest ? session_dial_at(fake.session) - fake.now : longest;
	}
	assert_true(longest > TCHAT_SECONDS(15));
	fake_close(&fake);
}

static void goaway_says_when_to_come_back(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_GOAWAY,
	                                    .goaway = { .code = -TCHAT_ERR_SHUTDOWN,
	                                                .retry_ms = 5000,
	                                                .reason = wire_text("update") } });
	const struct session_event *event = fake_event(&fake, SESSION_GOAWAY);
	assert_int_equal(event->code, TCHAT_ERR_SHUTDOWN);
	assert_string_equal(event->text, "update");
	fake_break(&fake);
	assert_true(session_dial_at(fake.session) >= fake.now + TCHAT_SECONDS(5));
	assert_true(session_dial_at(fake.session) < fake.now + TCHAT_SECONDS(6));
	fake_close(&fake);
}

static void a_host_that_ends_for_good_is_not_dialled_again(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_GOAWAY, .goaway = { .code = -TCHAT_ERR_SHUTDOWN } });
	fake_event(&fake, SESSION_GOAWAY);
	fake_break(&fake);
	const struct session_event *event = &fake.event; /* DISCONNECTED */
	assert_true(event->final);
	assert_int_equal(event->code, TCHAT_ERR_SHUTDOWN);
	assert_true(session_dial_at(fake.session) == TCHAT_NEVER);
	session_retry_now(fake.session);
	assert_true(session_dial_at(fake.session) == 0);
	fake_close(&fake);
}

static void leaving_waits_for_every_answer(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, "bye", 3, NULL), 1);
	fake_event(&fake, SESSION_PENDING);
	assert_int_equal(session_names(fake.session, room), 0);
	session_leave(fake.session);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, "more", 4, NULL), TCHAT_ERR_LEAVING);
	fake_take(&fake, WIRE_POST);
	uint32_t request = fake_take(&fake, WIRE_NAMES).names.request;
	fake_quiet(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_ACK,
	                                    .ack = { .id = { FAKE_DEVICE, 1 }, .room = FAKE_ROOM, .seq = 1 } });
	fake_event(&fake, SESSION_ACK);
	fake_event(&fake, SESSION_MESSAGE);
	fake_quiet(&fake);
	fake_users(&fake, request, 1);
	fake_event(&fake, SESSION_NAME);
	fake_event(&fake, SESSION_NAMES_END);
	assert_int_equal(fake_take(&fake, WIRE_BYE).bye.code, -TCHAT_ERR_LEAVING);
	assert_true(session_closing(fake.session));
	session_disconnected(fake.session, 0, fake.now);
	const struct session_event *event = fake_event(&fake, SESSION_DISCONNECTED);
	assert_true(event->final);
	assert_int_equal(event->code, TCHAT_ERR_LEAVING);
	session_retry_now(fake.session);
	assert_int_equal(session_dial_at(fake.session), TCHAT_NEVER);
	fake_close(&fake);
}

static void leaving_with_a_post_waits_for_the_next_connection(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	session_post(fake.session, room, KIND_TEXT, "bye", 3, NULL);
	fake_event(&fake, SESSION_PENDING);
	session_leave(fake.session);
	fake_break(&fake);
	assert_false(fake.event.final);
	assert_int_not_equal(session_dial_at(fake.session), TCHAT_NEVER);
	fake_close(&fake);
}

static void leaving_without_a_connection_is_at_once(void **state)
{
	struct fake fake;
	fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	fake_break(&fake);
	session_leave(fake.session);
	const struct session_event *event = fake_event(&fake, SESSION_DISCONNECTED);
	assert_true(event->final);
	assert_int_equal(event->code, TCHAT_ERR_LEAVING);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void leaving_after_the_host_threw_us_out_is_at_once_whatever_waits(void **state)
{
	for (int pending = 0; pending < 2; pending++) {
		struct fake fake;
		uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
		if (pending > 0) {
			session_post(fake.session, room, KIND_TEXT, "bye", 3, NULL);
			fake_event(&fake, SESSION_PENDING);
		}
		fake_send(&fake, &(struct message){ .type = WIRE_ERROR, .error = { .code = -TCHAT_ERR_KICKED } });
		session_disconnected(fake.session, TCHAT_ERR_CLOSED, fake.now);
		assert_int_equal(fake_event(&fake, SESSION_DISCONNECTED)->code, TCHAT_ERR_KICKED);
		session_leave(fake.session);
		const struct session_event *event = fake_event(&fake, SESSION_DISCONNECTED);
		assert_true(event->final);
		assert_int_equal(event->code, TCHAT_ERR_LEAVING);
		fake_quiet(&fake);
		fake_close(&fake);
	}
}

static void a_first_connection_with_a_room_is_still_made_before_leaving(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	session_join(fake.session, "lobby");
	session_leave(fake.session);
	fake_quiet(&fake);
	assert_int_equal(session_dial_at(fake.session), 0);
	fake_connect(&fake);
	fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, JOIN_LIVE, 1, 0);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_roster(&fake);
	fake_take(&fake, WIRE_BYE);
	fake_close(&fake);
}

static void the_nick_is_asked_for_and_kept(void **state)
{
	struct fake fake;
	char nick[16];
	fake_open(&fake, (struct session_config){ .nick = "ann" });
	fake_connect(&fake);
	assert_int_equal(session_nick(fake.session, "-x"), TCHAT_ERR_BAD_NAME);
	assert_int_equal(session_nick(fake.session, ""), TCHAT_ERR_BAD_NAME);
	assert_int_equal(session_nick(fake.session, "eve"), 0);
	assert_int_equal(session_nick(fake.session, "joe"), 0);
	uint32_t first = fake_take(&fake, WIRE_NICK).nick.request, second = fake_take(&fake, WIRE_NICK).nick.request;
	fake_send(&fake, &(struct message){ .type = WIRE_ERROR,
	                                    .error = { .request = first, .code = -TCHAT_ERR_NAME_TAKEN } });
	const struct session_event *event = fake_event(&fake, SESSION_ERROR);
	assert_int_equal(event->request, REQUEST_NICK);
	assert_int_equal(event->code, TCHAT_ERR_NAME_TAKEN);
	assert_string_equal(event->nick, "eve");
	fake_send(&fake, &(struct message){ .type = WIRE_DONE, .done = { .request = second, .nick = wire_text("joe") } });
	assert_string_equal(fake_event(&fake, SESSION_NICK)->nick, "joe");
	assert_string_equal(session_own_nick(fake.session), "joe");
	fake_break(&fake);
	session_connected(fake.session, NULL, fake.now);
	fake_take(&fake, WIRE_HELLO);
	fake_send(&fake, &(struct message){ .type = WIRE_WELCOME, .welcome = { .version = 1, .frame_limit = 65536 } });
	assert_true(wire_copy(nick, sizeof nick, fake_take(&fake, WIRE_AUTH).auth.nick));
	assert_string_equal(nick, "joe");
	fake_close(&fake);
}

static void being_away_is_said_again_after_a_reconnect(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	assert_int_equal(session_away(fake.session, true, "lunch"), 0);
	fake_connect(&fake);
	struct message presence = fake_take(&fake, WIRE_PRESENCE);
	assert_int_equal(presence.presence.away, 1);
	assert_memory_equal(presence.presence.reason.data, "lunch", 5);
	assert_int_equal(session_away(fake.session, false, NULL), 0);
	assert_int_equal(fake_take(&fake, WIRE_PRESENCE).presence.away, 0);
	fake_break(&fake);
	fake_connect(&fake);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void a_kick_is_asked_for_and_done(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	assert_int_equal(session_kick(fake.session, room, "bob", "spam"), 0);
	struct message moderate = fake_take(&fake, WIRE_MODERATE);
	assert_int_equal(moderate.moderate.action, MODERATE_KICK);
	assert_int_equal(moderate.moderate.room, FAKE_ROOM);
	fake_send(&fake, &(struct message){ .type = WIRE_DONE, .done = { .request = moderate.moderate.request } });
	const struct session_event *event = fake_event(&fake, SESSION_DONE);
	assert_int_equal(event->request, REQUEST_KICK);
	assert_string_equal(event->nick, "bob");
	/* Without a connection there is nobody to ask; what was asked is answered. */
	assert_int_equal(session_kick(fake.session, room, "bob", NULL), 0);
	session_disconnected(fake.session, TCHAT_ERR_CLOSED, fake.now);
	assert_int_equal(fake_event(&fake, SESSION_ERROR)->code, TCHAT_ERR_CLOSED);
	fake_event(&fake, SESSION_DISCONNECTED);
	assert_int_equal(session_kick(fake.session, room, "bob", NULL), TCHAT_ERR_AGAIN);
	assert_int_equal(session_kick(fake.session, 77, "bob", NULL), TCHAT_ERR_NOT_FOUND);
	fake_close(&fake);
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_handshake_says_who_we_are),
		cmocka_unit_test(a_device_is_random_unless_given),
		cmocka_unit_test(every_split_of_the_bytes_gives_the_same_events),
		cmocka_unit_test(errors_of_the_host_say_whether_to_come_back),
		cmocka_unit_test(a_handshake_that_takes_ten_seconds_is_given_up),
		cmocka_unit_test(silence_is_asked_about_once_and_then_ends_it),
		cmocka_unit_test(a_long_sleep_still_leaves_the_host_time_to_answer),
		cmocka_unit_test(pings_of_the_host_are_echoed),
		cmocka_unit_test(pings_come_back_in_order_with_their_payload),
		cmocka_unit_test(retries_wait_longer_and_longer_with_jitter),
		cmocka_unit_test(goaway_says_when_to_come_back),
		cmocka_unit_test(a_host_that_ends_for_good_is_not_dialled_again),
		cmocka_unit_test(leaving_waits_for_every_answer),
		cmocka_unit_test(leaving_with_a_post_waits_for_the_next_connection),
		cmocka_unit_test(leaving_without_a_connection_is_at_once),
		cmocka_unit_test(leaving_after_the_host_threw_us_out_is_at_once_whatever_waits),
		cmocka_unit_test(a_first_connection_with_a_room_is_still_made_before_leaving),
		cmocka_unit_test(the_nick_is_asked_for_and_kept),
		cmocka_unit_test(being_away_is_said_again_after_a_reconnect),
		cmocka_unit_test(a_kick_is_asked_for_and_done),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
