/* SPDX-License-Identifier: GPL-3.0-or-later */
/* app: strangers at a host: what they may send, how long they may stay, how many they may be; on a clock of its own. */
#include "app/guests.h"
#include "app/half_open.h"
#include "base/errors.h"
#include "host/host.h"
#include "net/loop.h"
#include "net/stream_tls.h"
#include "store/memory.h"
#include "virtual_time.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 300, ROUNDS = 40 };

static struct {
	struct loop *loop;
	struct loop_hook hook;
	struct store *store;
	struct host *host;
	struct guests *guests;
	struct trust_identity *host_key, *user_key;
	int gone, strangers_gone, last_err;
} scene;

static uint8_t origin_of_next;

void __wrap_stream_origin(const struct stream *stream, uint8_t origin[STREAM_ORIGIN]);

void __wrap_stream_origin(const struct stream *stream, uint8_t origin[STREAM_ORIGIN])
{
	memset(origin, 0, STREAM_ORIGIN);
	origin[0] = origin_of_next;
}

static void on_gone(void *arg)
{
	scene.gone++;
}

static void on_stranger_gone(void *arg, const char *address, int err)
{
	assert_string_equal(address, "unix");
	scene.strangers_gone++;
	scene.last_err = err;
}

static void settle(void *arg)
{
	host_flush(scene.host, loop_now(scene.loop));
	guests_flush(scene.guests);
}

static void open_host(enum host_access access, bool encrypted)
{
	const struct store_memory_config memory = { .environment = NULL };
	memset(&scene, 0, sizeof scene);
	scene.host_key = trust_identity_new();
	scene.user_key = trust_identity_new();
	scene.loop = loop_new(0);
	scene.store = store_memory_new(&memory);
	const struct host_config config = {
		.environment = &environment_system, .store = scene.store, .software = "test", .access = access,
		.pin = encrypted ? trust_identity_pin(scene.host_key) : NULL,
	};
	scene.host = host_new(&config);
	const struct guests_config guests = { scene.loop, scene.host, encrypted ? scene.host_key : NULL, on_gone,
		                              on_stranger_gone, NULL };
	scene.guests = guests_new(&guests);
	assert_non_null(scene.guests);
	loop_hook_add(scene.loop, &scene.hook, settle, NULL);
	origin_of_next = 1;
}

static int close_host(void **state)
{
	guests_free(scene.guests);
	loop_free(scene.loop);
	store_free(scene.store);
	host_free(scene.host);
	trust_identity_free(scene.host_key);
	trust_identity_free(scene.user_key);
	return 0;
}

/* Rounds until time has come, which flies when nothing is ready; but for what is ready, none for 0. */
static void wait_for(tchat_time length)
{
	tchat_time end = virtual_time.now + length;
	do
		assert_int_equal(loop_run_once(scene.loop, end - virtual_time.now), 0);
	while (virtual_time.now < end);
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(loop_run_once(scene.loop, 0), 0);
}

/* The other end of a connection that the host accepted. */
static struct stream *knock(unsigned flags)
{
	struct stream *ends[2];
	assert_int_equal(stream_pair(ends), 0);
	guests_admit(scene.guests, ends[0], flags);
	return ends[1];
}

static ssize_t put(struct stream *stream, const void *bytes, size_t length)
{
	const struct iovec part = { (void *)(uintptr_t)bytes, length };
	return stream_writev(stream, &part, 1);
}

/* Whether the host closed it, all that it said aside. */
static bool is_ended(struct stream *stream)
{
	uint8_t bytes[4096];
	ssize_t n;
	while ((n = stream_read(stream, bytes, sizeof bytes)) > 0)
		;
	return n != TCHAT_ERR_AGAIN;
}

static struct stream *knock_encrypted(void)
{
	const struct tls_config config = { .identity = scene.user_key };
	struct stream *stream;
	assert_int_equal(stream_tls_new(&config, knock(0), &stream), 0);
	return stream;
}

static void shake(struct stream *stream)
{
	for (int i = 0; i < 10 && !stream_tls_is_ready(stream); i++) {
		is_ended(stream);
		wait_for(0);
	}
	assert_true(stream_tls_is_ready(stream));
	wait_for(0);
}

static void put_message(struct stream *stream, const struct message *message)
{
	struct buffer bytes;
	buffer_init(&bytes, 65536);
	assert_int_equal(message_encode(&bytes, message), 0);
	assert_int_equal(put(stream, buffer_data(&bytes), buffer_length(&bytes)), buffer_length(&bytes));
	buffer_free(&bytes);
}

/* Waits for a frame of this type. */
static void expect(struct stream *stream, uint8_t type)
{
	static uint8_t bytes[65536];
	struct frame frame = { .type = 0 };
	size_t have = 0;
	for (int i = 0; i < ROUNDS; i++) {
		ssize_t n = stream_read(stream, bytes + have, sizeof bytes - have);
		have += n > 0 ? (size_t)n : 0;
		for (size_t at = 0, size = 1; size > 0 && at < have; at += size) {
			size = (size_t)frame_peek(&frame, bytes + at, have - at, FRAME_MAXIMUM);
			if (size > 0 && frame.type == type)
				return;
		}
		wait_for(0);
	}
	fail_msg("no frame of type %x, the last one was %x", (unsigned)type, (unsigned)frame.type);
}

static void say_hello(struct stream *stream)
{
	struct message hello = { .type = WIRE_HELLO };
	hello.hello.magic = WIRE_MAGIC;
	hello.hello.version_low = hello.hello.version_high = 1;
	put_message(stream, &hello);
	expect(stream, WIRE_WELCOME);
}

static void say_who(struct stream *stream)
{
	struct message auth = { .type = WIRE_AUTH };
	memset(auth.auth.salt, 7, sizeof auth.auth.salt);
	auth.auth.lowest_unsettled = 1;
	auth.auth.nick = wire_text("ann");
	put_message(stream, &auth);
}

static void who_says_nothing_is_gone_after_ten_seconds(void **state)
{
	open_host(HOST_ACCESS_OPEN, true);
	struct stream *stream = knock(0);
	wait_for(HALF_OPEN_TIME - TCHAT_MS(2));
	assert_false(is_ended(stream));
	wait_for(TCHAT_MS(4));
	assert_true(is_ended(stream));
	assert_int_equal(scene.strangers_gone, 1);
	assert_int_equal(scene.last_err, TCHAT_ERR_TIMED_OUT);
	stream_free(stream);
}

static void a_byte_now_and_then_buys_no_time(void **state)
{
	open_host(HOST_ACCESS_OPEN, true);
	struct stream *stream = knock(0);
	assert_int_equal(put(stream, "\x16", 1), 1);
	wait_for(TCHAT_SECONDS(9));
	assert_int_equal(put(stream, "\x03", 1), 1);
	wait_for(TCHAT_MS(990));
	assert_false(is_ended(stream));
	wait_for(TCHAT_MS(20));
	assert_true(is_ended(stream));
	stream_free(stream);
}

static void tls_and_auth_have_one_deadline(void **state)
{
	open_host(HOST_ACCESS_OPEN, true);
	struct stream *stream = knock_encrypted();
	wait_for(TCHAT_SECONDS(6));
	shake(stream);
	say_hello(stream);
	wait_for(TCHAT_MS(3990));
	assert_false(is_ended(stream));
	wait_for(TCHAT_MS(20));
	assert_true(is_ended(stream));
	assert_int_equal(scene.strangers_gone, 0); /* it was a peer already */
	assert_int_equal(scene.gone, 1);
	stream_free(stream);
}

static void who_came_in_stays_and_may_send_much(void **state)
{
	static uint8_t much[20000];
	open_host(HOST_ACCESS_OPEN, true);
	struct stream *stream = knock_encrypted();
	shake(stream);
	say_hello(stream);
	say_who(stream);
	expect(stream, WIRE_AUTH_OK);
	frame_header(much, 0x7f, sizeof much - FRAME_HEADER); /* an odd type is skipped */
	assert_int_equal(put(stream, much, sizeof much), sizeof much);
	wait_for(TCHAT_SECONDS(20));
	assert_false(is_ended(stream));
	stream_free(stream);
}

static void a_stranger_may_not_send_much(void **state)
{
	static uint8_t much[20000];
	open_host(HOST_ACCESS_OPEN, true);
	struct stream *stream = knock_encrypted();
	shake(stream);
	say_hello(stream);
	frame_header(much, 0x7f, sizeof much - FRAME_HEADER);
	put(stream, much, sizeof much);
	wait_for(TCHAT_SECONDS(1));
	assert_true(is_ended(stream));
	stream_free(stream);
}

static void who_waits_at_the_door_has_more_time(void **state)
{
	open_host(HOST_ACCESS_ASK, true);
	struct stream *stream = knock_encrypted();
	shake(stream);
	say_hello(stream);
	say_who(stream);
	expect(stream, WIRE_KNOCK);
	wait_for(TCHAT_SECONDS(30));
	assert_false(is_ended(stream));
	stream_free(stream);
}

static void who_does_not_encrypt_is_told(void **state)
{
	struct message hello = { .type = WIRE_HELLO }, error;
	struct frame frame;
	uint8_t bytes[256];
	open_host(HOST_ACCESS_OPEN, true);
	struct stream *stream = knock(0);
	hello.hello.magic = WIRE_MAGIC;
	put_message(stream, &hello);
	wait_for(0);
	ssize_t n = stream_read(stream, bytes, sizeof bytes);
	assert_true(n > 0);
	assert_int_equal(frame_peek(&frame, bytes, (size_t)n, FRAME_MAXIMUM), n);
	assert_int_equal(message_decode(&error, frame.type, frame.payload, frame.length), 0);
	assert_int_equal(error.type, WIRE_ERROR);
	assert_int_equal(error.error.code, -TCHAT_ERR_NEEDS_TLS);
	assert_int_equal(stream_read(stream, bytes, sizeof bytes), 0);
	stream_free(stream);
	wait_for(0);
	assert_int_equal(scene.last_err, TCHAT_ERR_PLAIN);
}

static void the_owners_pair_is_not_encrypted(void **state)
{
	open_host(HOST_ACCESS_ASK, true);
	struct stream *stream = knock(GUESTS_OWNER | GUESTS_INSIDE);
	wait_for(0);
	say_hello(stream);
	say_who(stream);
	expect(stream, WIRE_AUTH_OK);
	wait_for(TCHAT_SECONDS(30));
	assert_false(is_ended(stream));
	stream_free(stream);
}

static void an_insecure_host_is_as_it_was(void **state)
{
	static struct stream *streams[MANY];
	open_host(HOST_ACCESS_ASK, false);
	for (size_t i = 0; i < MANY; i++)
		streams[i] = knock(0);
	say_hello(streams[0]);
	say_who(streams[0]);
	expect(streams[0], WIRE_AUTH_OK);
	for (size_t i = 0; i < MANY; i++) {
		assert_false(is_ended(streams[i]));
		stream_free(streams[i]);
	}
}

static void idle_strangers_make_place_for_others_of_their_address(void **state)
{
	static struct stream *streams[HALF_OPEN_ORIGIN + 1];
	open_host(HOST_ACCESS_OPEN, true);
	for (size_t i = 0; i < HALF_OPEN_ORIGIN; i++)
		streams[i] = knock(0);
	streams[HALF_OPEN_ORIGIN] = knock(0);
	assert_true(is_ended(streams[HALF_OPEN_ORIGIN])); /* a crowd does not put itself out */
	stream_free(streams[HALF_OPEN_ORIGIN]);
	wait_for(HALF_OPEN_GRACE);
	streams[HALF_OPEN_ORIGIN] = knock_encrypted();
	assert_true(is_ended(streams[0]));
	assert_int_equal(scene.last_err, TCHAT_ERR_BUSY);
	assert_false(is_ended(streams[1]));
	shake(streams[HALF_OPEN_ORIGIN]);
	for (size_t i = 0; i <= HALF_OPEN_ORIGIN; i++)
		stream_free(streams[i]);
}

static void all_strangers_together_are_256(void **state)
{
	static struct stream *streams[MANY];
	size_t left = 0;
	open_host(HOST_ACCESS_OPEN, true);
	for (size_t i = 0; i < MANY; i++) {
		origin_of_next = (uint8_t)(i / HALF_OPEN_ORIGIN);
		if (i == HALF_OPEN_ALL)
			wait_for(HALF_OPEN_GRACE);
		streams[i] = knock(0);
	}
	for (size_t i = 0; i < MANY; i++) {
		left += !is_ended(streams[i]);
		assert_int_equal(is_ended(streams[i]), i < MANY - HALF_OPEN_ALL);
		stream_free(streams[i]);
	}
	assert_int_equal(left, HALF_OPEN_ALL);
}

static void at_the_end_strangers_go_at_once(void **state)
{
	open_host(HOST_ACCESS_OPEN, true);
	struct stream *stream = knock(0);
	wait_for(0);
	assert_false(guests_are_gone(scene.guests));
	guests_end(scene.guests);
	assert_true(guests_are_gone(scene.guests));
	assert_true(is_ended(stream));
	stream_free(stream);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, close_host)
	const struct CMUnitTest tests[] = {
		TEST(who_says_nothing_is_gone_after_ten_seconds),
		TEST(a_byte_now_and_then_buys_no_time),
		TEST(tls_and_auth_have_one_deadline),
		TEST(who_came_in_stays_and_may_send_much),
		TEST(a_stranger_may_not_send_much),
		TEST(who_waits_at_the_door_has_more_time),
		TEST(who_does_not_encrypt_is_told),
		TEST(the_owners_pair_is_not_encrypted),
		TEST(an_insecure_host_is_as_it_was),
		TEST(idle_strangers_make_place_for_others_of_their_address),
		TEST(all_strangers_together_are_256),
		TEST(at_the_end_strangers_go_at_once),
	};
	return cmocka_run_group_tests_name("guests", tests, NULL, NULL);
}
