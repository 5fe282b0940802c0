/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts that break the rules, and services that are no hosts: the connection ends, and nothing else comes of it. */
#include "fake-host.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void unknown_odd_frames_are_skipped_and_even_ones_end_it(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	fake_bytes(&fake, "\x81\0\0\3abc", 7);
	fake_quiet(&fake);
	fake_bytes(&fake, "\x80\0\0\3abc", 7);
	fake_failed(&fake, TCHAT_ERR_UNKNOWN_TYPE);
	assert_false(session_final(fake.session));
	fake_close(&fake);
}

static void another_service_is_told_from_a_host(void **state)
{
	static const char *const greetings[] = { "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 Bad Request\r\n", "\x15\3\1\0\2\2\x46",
		                                 "220 mail ESMTP\r\n", "\x42\0\0\0" };
	for (size_t i = 0; i < sizeof greetings / sizeof greetings[0]; i++) {
		struct fake fake;
		fake_open(&fake, (struct session_config){ 0 });
		session_connected(fake.session, NULL, fake.now);
		fake_take(&fake, WIRE_HELLO);
		fake_bytes(&fake, greetings[i], i == 2 ? 7 : i == 4 ? 4 : strlen(greetings[i]));
		fake_failed(&fake, TCHAT_ERR_BAD_MAGIC);
		assert_true(fake.event.final);
		assert_int_equal(session_dial_at(fake.session), TCHAT_NEVER);
		fake_close(&fake);
	}
}

static void frames_of_every_type_in_the_wrong_state_end_it(void **state)
{
	for (int when = 0; when < 3; when++) {
		for (int type = 0; type < 256; type += 2) {
			struct fake fake;
			fake_open(&fake, (struct session_config){ 0 });
			if (when == 2) {
				fake_connect(&fake);
			} else {
				session_connected(fake.session, NULL, fake.now);
				fake_take(&fake, WIRE_HELLO);
			}
			if (when == 1) {
				fake_send(&fake, &(struct message){ .type = WIRE_WELCOME,
				                                    .welcome = { .version = 1, .frame_limit = 65536 } });
				fake_take(&fake, WIRE_AUTH);
			}
			uint8_t frame[4 + 200] = { (uint8_t)type, 0, 0, 200 };
			frame[4] = 1;
			fake_bytes(&fake, frame, sizeof frame);
			bool allowed = type == WIRE_PING && when > 0;
			assert_true(allowed || session_closing(fake.session));
			fake_close(&fake);
		}
	}
}

static void a_frame_over_the_limit_ends_it(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	fake_bytes(&fake, "\x41\1\0\1", 4);
	fake_failed(&fake, TCHAT_ERR_FRAME_TOO_LARGE);
	fake_close(&fake);
}

static void an_unknown_version_is_final(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	session_connected(fake.session, NULL, fake.now);
	fake_take(&fake, WIRE_HELLO);
	fake_send(&fake, &(struct message){ .type = WIRE_WELCOME, .welcome = { .version = 2, .frame_limit = 65536 } });
	fake_failed(&fake, TCHAT_ERR_VERSION);
	assert_true(fake.event.final);
	fake_close(&fake);
}

static void what_a_host_does_not_read_is_given_up_when_closing(void **state)
{
	const struct message wrong = { .type = WIRE_AUTH_OK, .auth_ok = { .user = 1, .text_limit = 9, .nick = wire_text("x") } };
	struct fake fake;
	struct iovec iov;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	fake_send(&fake, &wrong);
	assert_true(session_closing(fake.session));
	tchat_time end = fake.now + TCHAT_SECONDS(10);
	for (int i = 0; i < 3 && session_deadline(fake.session) <= end; i++) {
		fake.now = session_deadline(fake.session) > fake.now ? session_deadline(fake.session) : fake.now;
		assert_int_equal(session_output(fake.session, &iov, 1), 1);
		session_tick(fake.session, fake.now);
	}
	assert_int_equal(fake.now, end);
	assert_int_equal(session_output(fake.session, &iov, 1), 0);
	assert_int_equal(session_deadline(fake.session), TCHAT_NEVER);
	/* The next connection has its own time. */
	fake_break(&fake);
	fake_connect(&fake);
	fake_send(&fake, &wrong);
	session_tick(fake.session, fake.now);
	assert_int_equal(session_deadline(fake.session), fake.now + TCHAT_SECONDS(10));
	fake_failed(&fake, TCHAT_ERR_WRONG_STATE);
	fake_close(&fake);
}

static void a_host_that_asks_and_never_reads_is_given_up(void **state)
{
	struct fake fake;
	static uint8_t payload[60000];
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	int sent = 0;
	for (; sent < 1000 && !session_closing(fake.session); sent++)
		fake_send(&fake, &(struct message){ .type = WIRE_PING, .ping = { .payload = { payload, sizeof payload } } });
	assert_true(sent < 20);
	session_disconnected(fake.session, 0, fake.now);
	assert_int_equal(fake_event(&fake, SESSION_DISCONNECTED)->code, TCHAT_ERR_TOO_SLOW);
	fake_close(&fake);
}

static void answers_to_nothing_end_it(void **state)
{
	static const struct message answers[] = {
		{ .type = WIRE_DONE, .done = { .request = 999 } },
		{ .type = WIRE_ERROR, .error = { .request = 999, .code = 96 } },
		{ .type = WIRE_JOINED, .joined = { .request = 999, .room = 1, .first = 1 } },
		{ .type = WIRE_PAGE, .page = { .request = 999 } },
		{ .type = WIRE_RESUMED, .resumed = { .request = 999, .first = 1 } },
		{ .type = WIRE_USERS, .users = { .request = 999 } },
		{ .type = WIRE_ACK, .ack = { .id = { 0x8000000000000001, 1 }, .room = 1, .seq = 1 } },
		{ .type = WIRE_NACK, .nack = { .id = { 0x8000000000000001, 1 }, .code = 97, .flags = NACK_PERMANENT } },
		{ .type = WIRE_GAP, .gap = { .room = 1, .from = 1 } },
		{ .type = WIRE_MSG, .msg = { .room = 1, .seq = 1 } },
	};
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct fake fake;
		fake_open(&fake, (struct session_config){ 0 });
		fake_connect(&fake);
		fake_send(&fake, &answers[i]);
		fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
		fake_close(&fake);
	}
}

static void texts_of_a_hostile_host_are_made_text(void **state)
{
	struct fake fake;
	fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	static const uint8_t body[] = { 'a', 0xff, 'b', 0, 0xc3 };
	fake_send(&fake, &(struct message){ .type = WIRE_MSG,
	                                    .msg = { .room = FAKE_ROOM,
	                                             .seq = 1,
	                                             .sender = 8,
	                                             .kind = KIND_TEXT,
	                                             .body = { body, sizeof body },
	                                             .nick = { body, sizeof body } } });
	const struct session_event *event = fake_event(&fake, SESSION_MESSAGE);
	assert_string_equal(event->text, "a\uFFFDb\uFFFD\uFFFD");
	assert_int_equal(event->length, strlen(event->text));
	assert_string_equal(event->nick, "a\uFFFDb\uFFFD\uFFFD");
	fake_close(&fake);
}

/* Whatever a host sends, the session ends the connection or goes on; sanitizers watch the memory. */
static void random_frames_never_do_harm(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ .history = 10 });
	for (int round = 0; round < 3000; round++) {
		session_retry_now(fake.session);
		fake_connect(&fake);
		if (round % 2 == 0)
			session_join(fake.session, "lobby");
		fake_bytes(&fake, "\x41\0\0", 3); /* the rest of the header is random too */
		for (int i = 0; i < 8 && !session_closing(fake.session); i++) {
			uint8_t frame[4 + 255];
			fake.environment.random(&fake, frame, sizeof frame);
			frame[0] = (uint8_t)(2 + 2 * (frame[0] % 37));
			frame[1] = frame[2] = 0;
			for (size_t at = 4; at < sizeof frame; at++)
				frame[at] = frame[at] % 3 != 0 ? 0 : frame[at] % 8;
			fake_bytes(&fake, frame + (i == 0 ? 3 : 0), (size_t)(4 + frame[3]) - (i == 0 ? 3 : 0));
		}
		struct iovec iov[1];
		while (session_output(fake.session, iov, 1) > 0)
			session_consumed(fake.session, iov[0].iov_len);
		buffer_consume(&fake.received, SIZE_MAX);
		session_disconnected(fake.session, 0, fake.now);
		while (session_next_event(fake.session, &fake.event)) {
		}
	}
	fake_close(&fake);
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_odd_frames_are_skipped_and_even_ones_end_it),
		cmocka_unit_test(another_service_is_told_from_a_host),
		cmocka_unit_test(frames_of_every_type_in_the_wrong_state_end_it),
		cmocka_unit_test(a_frame_over_the_limit_ends_it),
		cmocka_unit_test(an_unknown_version_is_final),
		cmocka_unit_test(what_a_host_does_not_read_is_given_up_when_closing),
		cmocka_unit_test(a_host_that_asks_and_never_reads_is_given_up),
		cmocka_unit_test(answers_to_nothing_end_it),
		cmocka_unit_test(texts_of_a_hostile_host_are_made_text),
		cmocka_unit_test(random_frames_never_do_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
