/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: TLS over streams that are short, late, cut off, and over peers that do not keep to the rules. */
#include "base/errors.h"
#include "fault_stream.h"
#include "net/loop.h"
#include "net/stream_filter.h"
#include "net/stream_tls.h"
#include "trust/credentials.h"

#include <gnutls/gnutls.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { BIG = 400000, SMALL = 3000, RECORDED = 65536, TURNS = 10000000, HELLO_RECORD = 22, STEP = 3 };

/* --- A filter below TLS that watches the wire, and can cut it. */

struct tap {
	struct stream stream;
	size_t sent, writes, taken;
	size_t cut; /* after so many bytes the peer is gone, or SIZE_MAX */
	uint8_t bytes[RECORDED];
};

static ssize_t tap_read(struct stream *stream, void *bytes, size_t length)
{
	ssize_t n = stream_read(stream->below, bytes, length);
	if (n > 0)
		((struct tap *)(void *)stream)->taken += (size_t)n;
	return n;
}

static ssize_t tap_writev(struct stream *stream, const struct iovec *parts, int count)
{
	struct tap *tap = (struct tap *)(void *)stream;
	struct iovec some = { NULL, 0 };
	assert_true(count <= 1);
	if (count == 0)
		return 0;
	some = parts[0];
	if (some.iov_len > tap->cut - tap->sent)
		some.iov_len = tap->cut - tap->sent;
	ssize_t n = some.iov_len > 0 ? stream_writev(stream->below, &some, 1) : 0;
	if (n < 0)
		return n;
	for (size_t i = 0; i < (size_t)n; i++)
		if (tap->sent + i < sizeof tap->bytes)
			tap->bytes[tap->sent + i] = ((const uint8_t *)some.iov_base)[i];
	tap->sent += (size_t)n;
	tap->writes++;
	if (tap->sent < tap->cut)
		return n;
	stream_shutdown(stream->below);
	return (ssize_t)parts[0].iov_len;
}

static void tap_free(struct stream *stream)
{
	free(stream);
}

static const struct stream_ops tap_ops = { .read = tap_read, .writev = tap_writev, .free = tap_free };

static struct tap *tap_new(struct stream *below)
{
	struct tap *tap = calloc(1, sizeof *tap);
	assert_non_null(tap);
	stream_filter_init(&tap->stream, &tap_ops, below);
	tap->cut = SIZE_MAX;
	return tap;
}

/* --- Two ends */

struct end {
	struct stream *stream;
	struct tap *tap;
	const uint8_t *bytes; /* to be sent */
	size_t length, sent;
	uint8_t *got;
	size_t received;
	bool shuts;           /* ends its side after the last byte */
	bool shut, ended;
	int err;
};

struct scene {
	struct trust_identity *host_key, *user_key;
	struct end host, user;
	uint8_t *pattern;
	int verdict;          /* what check says */
	int checks;
	struct trust_pin checked;
	size_t sent_at_check; /* what the client had written by then */
};

static int check(void *arg, const struct trust_pin *pin, const struct trust_pin *former)
{
	struct scene *scene = arg;
	assert_null(former);
	scene->checks++;
	scene->checked = *pin;
	scene->sent_at_check = scene->user.tap->sent;
	return scene->verdict;
}

static const char advisory[] = "TLS, please";

static struct stream *host_stream(struct scene *scene, struct stream *below)
{
	const struct tls_config config = { .identity = scene->host_key, .host = true, .advisory = advisory,
		                           .advisory_length = sizeof advisory - 1 };
	struct stream *stream;
	assert_int_equal(stream_tls_new(&config, below, &stream), 0);
	return stream;
}

static struct stream *user_stream(struct scene *scene, struct stream *below)
{
	const struct tls_config config = { .identity = scene->user_key, .check = check, .arg = scene };
	struct stream *stream;
	assert_int_equal(stream_tls_new(&config, below, &stream), 0);
	return stream;
}

/* The ends over a pair, each through a fault filter unless most is 0. */
static void scene_join(struct scene *scene, unsigned seed, unsigned again_of, unsigned most)
{
	struct stream *ends[2];
	assert_int_equal(stream_pair(ends), 0);
	scene->host = (struct end){ .tap = tap_new(ends[0]), .got = malloc(BIG) };
	scene->user = (struct end){ .tap = tap_new(ends[1]), .got = malloc(BIG) };
	struct stream *host = &scene->host.tap->stream, *user = &scene->user.tap->stream;
	if (most > 0) {
		host = fault_stream_new(host, seed, again_of, most);
		user = fault_stream_new(user, seed + 1, again_of, most);
	}
	scene->host.stream = host_stream(scene, host);
	scene->user.stream = user_stream(scene, user);
}

static void scene_part(struct scene *scene)
{
	stream_free(scene->host.stream);
	stream_free(scene->user.stream);
	free(scene->host.got);
	free(scene->user.got);
	scene->host = scene->user = (struct end){ .err = 0 };
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);
	scene->host_key = trust_identity_new();
	scene->user_key = trust_identity_new();
	scene->pattern = malloc(BIG);
	for (size_t i = 0; i < BIG; i++)
		scene->pattern[i] = (uint8_t)(i * 31 + (i >> 8) * 7);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	trust_identity_free(scene->host_key);
	trust_identity_free(scene->user_key);
	free(scene->pattern);
	free(scene);
	return 0;
}

/* One turn of an end, as a loop would give it: it reads, then writes what it has. True when anything moved. */
static bool end_turn(struct end *end)
{
	bool moved = false;
	if (!end->ended && end->err == 0) {
		uint8_t bytes[20000];
		ssize_t n = stream_read(end->stream, bytes, sizeof bytes);
		if (n > 0) {
			assert_true(end->received + (size_t)n <= BIG);
			memcpy(end->got + end->received, bytes, (size_t)n);
			end->received += (size_t)n;
		}
		end->ended = n == 0;
		if (n < 0 && n != TCHAT_ERR_AGAIN)
			end->err = (int)n;
		moved |= n >= 0;
	}
	if (end->err != 0 || end->shut)
		return moved;
	if (end->sent < end->length) {
		const struct iovec part = { (void *)(uintptr_t)(end->bytes + end->sent), end->length - end->sent };
		ssize_t n = stream_writev(end->stream, &part, 1);
		if (n > 0)
			end->sent += (size_t)n;
		else if (n != TCHAT_ERR_AGAIN)
			end->err = (int)n;
		return moved || n > 0;
	}
	ssize_t n = stream_writev(end->stream, NULL, 0);
	if (n < 0 && n != TCHAT_ERR_AGAIN)
		end->err = (int)n;
	if (end->shuts && n == 0)
		end->shut = stream_shutdown(end->stream) == 0;
	return moved || end->shut;
}

static size_t on_the_wire(const struct scene *scene)
{
	const struct tap *host = scene->host.tap, *user = scene->user.tap;
	return host->sent + host->taken + user->sent + user->taken;
}

/* Turns until both say that it is over, by done, or nothing moved for a while. */
static void run(struct scene *scene, bool (*done)(const struct scene *scene))
{
	int idle = 0;
	for (int turn = 0; turn < TURNS && idle < 400 && !done(scene); turn++) {
		size_t before = on_the_wire(scene);
		bool moved = end_turn(&scene->user);
		moved |= end_turn(&scene->host);
		idle = moved || on_the_wire(scene) != before ? 0 : idle + 1;
	}
}

static bool is_joined(const struct scene *scene)
{
	return stream_tls_is_ready(scene->host.stream) && stream_tls_is_ready(scene->user.stream);
}

static bool is_over(const struct scene *scene)
{
	const struct end *host = &scene->host, *user = &scene->user;
	return (host->ended || host->err != 0) && (user->ended || user->err != 0);
}

static bool never(const struct scene *scene)
{
	return false;
}

static void say(struct end *end, const void *bytes, size_t length)
{
	end->bytes = bytes;
	end->length = length;
	end->sent = 0;
}

static void join(struct scene *scene)
{
	scene_join(scene, 0, 0, 0);
	run(scene, is_joined);
	assert_true(is_joined(scene));
}

/* --- Both ends keep to the rules */

static void each_end_learns_the_other_ends_key(void **state)
{
	struct scene *scene = *state;
	scene->checks = 0;
	scene_join(scene, 0, 0, 0);
	assert_false(stream_tls_is_ready(scene->user.stream));
	assert_null(stream_peer_pin(scene->user.stream));
	run(scene, is_joined);
	assert_true(is_joined(scene));
	assert_memory_equal(stream_peer_pin(scene->host.stream), trust_identity_pin(scene->user_key), TRUST_PIN_SIZE);
	assert_memory_equal(stream_peer_pin(scene->user.stream), trust_identity_pin(scene->host_key), TRUST_PIN_SIZE);
	assert_int_equal(scene->checks, 1);
	assert_memory_equal(&scene->checked, trust_identity_pin(scene->host_key), TRUST_PIN_SIZE);
	scene_part(scene);
}

static void a_stream_without_tls_is_ready_and_has_no_key(void **state)
{
	struct stream *ends[2];
	assert_int_equal(stream_pair(ends), 0);
	assert_true(stream_tls_is_ready(ends[0]));
	assert_null(stream_peer_pin(ends[0]));
	stream_tls_trust(ends[0]);
	stream_free(ends[0]);
	stream_free(ends[1]);
}

static void move_both_ways(struct scene *scene, size_t length, unsigned seed, unsigned again_of, unsigned most)
{
	scene_join(scene, seed, again_of, most);
	stream_tls_trust(scene->host.stream);
	say(&scene->host, scene->pattern, length);
	say(&scene->user, scene->pattern + 1, length - 1);
	scene->host.shuts = scene->user.shuts = true;
	run(scene, is_over);
	assert_int_equal(scene->host.err, 0);
	assert_int_equal(scene->user.err, 0);
	assert_int_equal(scene->user.received, length);
	assert_int_equal(scene->host.received, length - 1);
	assert_memory_equal(scene->user.got, scene->pattern, length);
	assert_memory_equal(scene->host.got, scene->pattern + 1, length - 1);
	scene_part(scene);
}

static void much_survives_short_reads_and_writes_both_ways(void **state)
{
	move_both_ways(*state, BIG, 0, 0, 0);
	for (unsigned seed = 1; seed < 8; seed++)
		move_both_ways(*state, BIG, seed, 3, 6000);
}

static void single_bytes_and_refusals_everywhere_change_nothing(void **state)
{
	for (unsigned seed = 1; seed < 8; seed++)
		move_both_ways(*state, SMALL, seed, 2, 1 + seed / 2);
}

static void one_end_may_stop_speaking_and_go_on_listening(void **state)
{
	struct scene *scene = *state;
	join(scene);
	say(&scene->user, "last", 4);
	scene->user.shuts = true;
	run(scene, never);
	assert_true(scene->host.ended);
	assert_memory_equal(scene->host.got, "last", 4);
	assert_false(scene->user.ended);
	const struct iovec more = { (void *)(uintptr_t) "more", 4 };
	assert_int_equal(stream_writev(scene->user.stream, &more, 1), TCHAT_ERR_CLOSED);
	say(&scene->host, "answer", 6);
	scene->host.shuts = true;
	run(scene, never);
	assert_memory_equal(scene->user.got, "answer", 6);
	assert_true(scene->user.ended);
	assert_int_equal(scene->user.err, 0);
	scene_part(scene);
}

static void an_end_without_farewell_is_no_end(void **state)
{
	struct scene *scene = *state;
	join(scene);
	stream_shutdown(scene->user.stream->below);
	run(scene, is_over);
	assert_false(scene->host.ended);
	assert_int_equal(scene->host.err, TCHAT_ERR_CLOSED);
	scene_part(scene);
}

static void a_reset_is_no_end(void **state)
{
	struct scene *scene = *state;
	uint8_t byte;
	join(scene);
	const struct iovec unread = { scene->pattern, 100 };
	assert_int_equal(stream_writev(scene->host.stream, &unread, 1), 100);
	stream_free(scene->user.stream);
	assert_int_equal(stream_read(scene->host.stream, &byte, 1), TCHAT_ERR_CLOSED);
	assert_int_equal(stream_writev(scene->host.stream, &unread, 1), TCHAT_ERR_CLOSED);
	scene->user.stream = NULL;
	scene_part(scene);
}

static void after_ones_own_farewell_any_end_will_do(void **state)
{
	struct scene *scene = *state;
	join(scene);
	scene->host.shuts = true;
	run(scene, never);
	assert_true(scene->user.ended);
	stream_shutdown(scene->user.stream->below);
	run(scene, is_over);
	assert_true(scene->host.ended);
	assert_int_equal(scene->host.err, 0);
	scene_part(scene);
}

static void a_handshake_cut_anywhere_ends_both_and_readies_no_host(void **state)
{
	struct scene *scene = *state;
	join(scene);
	size_t host_bytes = scene->host.tap->sent, user_bytes = scene->user.tap->sent;
	scene_part(scene);
	for (size_t cut = 0; cut < user_bytes; cut += STEP) {
		scene_join(scene, 0, 0, 0);
		scene->user.tap->cut = cut;
		run(scene, is_over);
		assert_false(stream_tls_is_ready(scene->host.stream));
		assert_int_equal(scene->host.err, TCHAT_ERR_CLOSED);
		scene_part(scene);
	}
	for (size_t cut = 1; cut < host_bytes; cut += STEP) {
		scene_join(scene, 0, 0, 0);
		scene->host.tap->cut = cut;
		run(scene, is_over);
		assert_int_equal(scene->user.err, TCHAT_ERR_CLOSED);
		scene_part(scene);
	}
}

/* --- What goes over the wire */

static void a_flight_is_one_write(void **state)
{
	struct scene *scene = *state;
	join(scene);
	assert_int_equal(scene->host.tap->writes, 1);
	assert_true(scene->user.tap->writes <= 2);
	size_t sent = scene->host.tap->sent;
	/* Many small parts make one record, much makes full ones. */
	struct iovec parts[64];
	for (int i = 0; i < 64; i++)
		parts[i] = (struct iovec){ scene->pattern + 100 * i, i % 7 == 0 ? 0 : 100 };
	assert_int_equal(stream_writev(scene->host.stream, parts, 64), 5400);
	assert_int_equal(scene->host.tap->writes, 2);
	assert_int_equal(scene->host.tap->sent - sent, 5400 + 22);
	sent = scene->host.tap->sent;
	parts[0] = (struct iovec){ scene->pattern, 10 };
	parts[1] = (struct iovec){ scene->pattern + 10, 40000 };
	assert_int_equal(stream_writev(scene->host.stream, parts, 2), 40010);
	assert_int_equal(scene->host.tap->writes, 3);
	assert_int_equal(scene->host.tap->sent - sent, 40010 + 3 * 22);
	run(scene, never);
	assert_int_equal(scene->user.received, 45410);
	assert_memory_equal(scene->user.got + 5400, scene->pattern, 40010);
	scene_part(scene);
}

static void what_was_decrypted_and_not_read_is_pending(void **state)
{
	struct scene *scene = *state;
	uint8_t bytes[64];
	join(scene);
	assert_int_equal(stream_pending(scene->user.stream), 0);
	say(&scene->host, scene->pattern, 100);
	end_turn(&scene->host);
	say(&scene->host, scene->pattern + 100, 50);
	end_turn(&scene->host);
	assert_int_equal(stream_pending(scene->user.stream), 0);
	assert_int_equal(stream_read(scene->user.stream, bytes, 64), 64);
	assert_true(stream_pending(scene->user.stream) >= 36);
	assert_int_equal(stream_read(scene->user.stream, bytes, 36), 36);
	assert_memory_equal(bytes, scene->pattern + 64, 36);
	assert_true(stream_pending(scene->user.stream) > 0);
	assert_int_equal(stream_read(scene->user.stream, bytes, 64), 50);
	assert_memory_equal(bytes, scene->pattern + 100, 50);
	assert_int_equal(stream_pending(scene->user.stream), 0);
	assert_int_equal(stream_read(scene->user.stream, bytes, 64), TCHAT_ERR_AGAIN);
	scene_part(scene);
}

static void a_handshake_waits_for_the_peer_whatever_is_wanted(void **state)
{
	struct scene *scene = *state;
	scene_join(scene, 0, 0, 0);
	const struct iovec part = { scene->pattern, 10 };
	assert_int_equal(stream_writev(scene->user.stream, &part, 1), TCHAT_ERR_AGAIN);
	assert_int_equal(stream_interest(scene->user.stream, LOOP_WRITE), LOOP_READ);
	assert_int_equal(stream_interest(scene->user.stream, 0), LOOP_READ);
	run(scene, is_joined);
	assert_int_equal(stream_interest(scene->user.stream, 0), 0);
	assert_int_equal(stream_interest(scene->user.stream, LOOP_WRITE), LOOP_WRITE);
	scene_part(scene);
}

static void what_the_socket_does_not_take_is_pushed_on(void **state)
{
	struct scene *scene = *state;
	join(scene);
	const struct iovec part = { scene->pattern, 60000 };
	size_t written = 0;
	ssize_t n;
	while ((n = stream_writev(scene->host.stream, &part, 1)) > 0)
		written += (size_t)n;
	assert_int_equal(n, TCHAT_ERR_AGAIN);
	assert_int_equal(stream_interest(scene->host.stream, 0), LOOP_WRITE);
	assert_int_equal(stream_writev(scene->host.stream, NULL, 0), TCHAT_ERR_AGAIN);
	assert_int_equal(stream_shutdown(scene->host.stream), TCHAT_ERR_AGAIN);
	uint8_t bytes[65536];
	for (size_t got = 0; got < written; got += (size_t)n) {
		n = stream_read(scene->user.stream, bytes, sizeof bytes);
		if (n == TCHAT_ERR_AGAIN)
			n = 0;
		assert_true(n >= 0);
		stream_writev(scene->host.stream, NULL, 0);
	}
	assert_int_equal(stream_shutdown(scene->host.stream), 0);
	assert_int_equal(stream_interest(scene->host.stream, 0), 0);
	assert_int_equal(stream_read(scene->user.stream, bytes, sizeof bytes), 0);
	scene_part(scene);
}

static void a_wrong_host_sees_no_certificate(void **state)
{
	struct scene *scene = *state;
	scene->verdict = TCHAT_ERR_HOST_CHANGED;
	scene->checks = 0;
	scene_join(scene, 0, 0, 0);
	run(scene, never);
	assert_int_equal(scene->checks, 1);
	assert_int_equal(scene->user.err, TCHAT_ERR_HOST_CHANGED);
	assert_false(stream_tls_is_ready(scene->user.stream));
	assert_null(stream_peer_pin(scene->user.stream));
	assert_false(stream_tls_is_ready(scene->host.stream));
	/* All that ever left is one plaintext record, the ClientHello. */
	const struct tap *tap = scene->user.tap;
	assert_int_equal(tap->bytes[0], HELLO_RECORD);
	assert_int_equal(tap->sent, 5 + (tap->bytes[3] << 8 | tap->bytes[4]));
	assert_int_equal(tap->sent, scene->sent_at_check);
	assert_int_equal(stream_writev(scene->user.stream, NULL, 0), TCHAT_ERR_HOST_CHANGED);
	assert_int_equal(tap->sent, scene->sent_at_check);
	scene->verdict = 0;
	scene_part(scene);
}

/* --- Peers that do not keep to the rules */

static void a_plain_client_gets_the_advisory_and_the_end(void **state)
{
	struct scene *scene = *state;
	struct stream *ends[2];
	uint8_t bytes[64];
	assert_int_equal(stream_pair(ends), 0);
	struct stream *host = host_stream(scene, ends[0]);
	const struct iovec hello = { (void *)(uintptr_t) "\x02\x00\x00\x10tchat...", 12 };
	assert_int_equal(stream_writev(ends[1], &hello, 1), 12);
	assert_int_equal(stream_read(host, bytes, sizeof bytes), TCHAT_ERR_AGAIN);
	assert_int_equal(stream_read(ends[1], bytes, sizeof bytes), (ssize_t)sizeof advisory - 1);
	assert_memory_equal(bytes, advisory, sizeof advisory - 1);
	assert_int_equal(stream_read(ends[1], bytes, sizeof bytes), 0);
	assert_int_equal(stream_interest(host, 0), LOOP_READ);
	assert_int_equal(stream_read(host, bytes, sizeof bytes), TCHAT_ERR_AGAIN);
	stream_free(ends[1]);
	assert_int_equal(stream_read(host, bytes, sizeof bytes), TCHAT_ERR_PLAIN);
	stream_free(host);
}

static void a_plain_client_that_goes_on_talking_is_cut_off(void **state)
{
	struct scene *scene = *state;
	struct stream *ends[2];
	uint8_t bytes[1024];
	ssize_t n = TCHAT_ERR_AGAIN;
	assert_int_equal(stream_pair(ends), 0);
	struct stream *host = host_stream(scene, ends[0]);
	memset(bytes, 'x', sizeof bytes);
	const struct iovec talk = { bytes, sizeof bytes };
	for (int i = 0; i < 20 && n == TCHAT_ERR_AGAIN; i++) {
		assert_int_equal(stream_writev(ends[1], &talk, 1), sizeof bytes);
		n = stream_read(host, bytes, sizeof bytes);
	}
	assert_int_equal(n, TCHAT_ERR_PLAIN);
	stream_free(host);
	stream_free(ends[1]);
}

static void a_host_that_does_not_encrypt_is_told_from_one_that_does(void **state)
{
	struct scene *scene = *state;
	struct stream *ends[2];
	uint8_t bytes[64];
	assert_int_equal(stream_pair(ends), 0);
	struct stream *user = user_stream(scene, ends[0]);
	const struct iovec welcome = { (void *)(uintptr_t) "\x04\x00\x00\x10hello", 9 };
	assert_int_equal(stream_writev(ends[1], &welcome, 1), 9);
	assert_int_equal(stream_read(user, bytes, sizeof bytes), TCHAT_ERR_PLAIN);
	assert_int_equal(stream_read(user, bytes, sizeof bytes), TCHAT_ERR_PLAIN);
	assert_int_equal(stream_writev(user, NULL, 0), TCHAT_ERR_PLAIN);
	stream_free(user);
	stream_free(ends[1]);
}

static void a_stranger_may_send_eight_kilobytes(void **state)
{
	struct scene *scene = *state;
	join(scene);
	say(&scene->user, scene->pattern, 9000);
	run(scene, never);
	assert_int_equal(scene->host.err, TCHAT_ERR_FULL);
	assert_true(scene->host.received < 8192);
	scene_part(scene);

	join(scene);
	stream_tls_trust(scene->host.stream);
	say(&scene->user, scene->pattern, 9000);
	run(scene, never);
	assert_int_equal(scene->host.err, 0);
	assert_int_equal(scene->host.received, 9000);
	scene_part(scene);
}

/* A large handshake message in parts: nothing of it is ever whole, so the budget has to end it. */
static void a_stranger_may_not_send_a_large_hello(void **state)
{
	struct scene *scene = *state;
	struct stream *ends[2];
	uint8_t bytes[1005] = { HELLO_RECORD, 3, 1, 1000 >> 8, 1000 & 255, 1, 1, 212, 192 };
	uint8_t answer[64];
	ssize_t n = TCHAT_ERR_AGAIN;
	size_t sent = 0;
	assert_int_equal(stream_pair(ends), 0);
	struct stream *host = host_stream(scene, ends[0]);
	for (int i = 0; i < 120 && n == TCHAT_ERR_AGAIN; i++) {
		const struct iovec part = { bytes, sizeof bytes };
		sent += (size_t)stream_writev(ends[1], &part, 1);
		memset(bytes + 5, 0, 4);
		n = stream_read(host, answer, sizeof answer);
	}
	assert_true(n == TCHAT_ERR_FULL || n == TCHAT_ERR_TLS);
	assert_true(sent < 12000);
	stream_free(host);
	stream_free(ends[1]);
}

static void a_record_that_cannot_be_ends_the_connection(void **state)
{
	static const uint8_t heads[][5] = {
		{ 22, 3, 1, 0x41, 1 },    /* too long */
		{ 22, 9, 1, 0, 100 },     /* of another protocol */
		{ 22, 3, 1, 0xff, 0xff },
	};
	struct scene *scene = *state;
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		struct stream *ends[2];
		uint8_t bytes[64];
		assert_int_equal(stream_pair(ends), 0);
		struct stream *host = host_stream(scene, ends[0]);
		const struct iovec part = { (void *)(uintptr_t)heads[i], 5 };
		assert_int_equal(stream_writev(ends[1], &part, 1), 5);
		assert_int_equal(stream_read(host, bytes, sizeof bytes), TCHAT_ERR_TLS);
		stream_free(host);
		stream_free(ends[1]);
	}
}

/* A client of GnuTLS itself, joined to a host's stream. */
struct raw {
	struct stream *host;
	gnutls_session_t session;
	int fd;
	int shaken; /* what its handshake ended with */
	int err;    /* what the host's stream ended with */
	size_t received;
};

static void raw_run(struct raw *raw)
{
	uint8_t bytes[4096];
	for (int i = 0; i < 20; i++) {
		if (raw->shaken == GNUTLS_E_AGAIN)
			raw->shaken = gnutls_handshake(raw->session);
		ssize_t n = raw->err == 0 ? stream_read(raw->host, bytes, sizeof bytes) : 0;
		if (n > 0)
			raw->received += (size_t)n;
		if (n < 0 && n != TCHAT_ERR_AGAIN)
			raw->err = (int)n;
	}
}

static void raw_join(struct raw *raw, struct scene *scene, const char *priority)
{
	struct stream *ends[2];
	assert_int_equal(stream_pair(ends), 0);
	*raw = (struct raw){ .host = host_stream(scene, ends[0]), .shaken = GNUTLS_E_AGAIN };
	raw->fd = dup(stream_fd(ends[1]));
	stream_free(ends[1]);
	if (priority == NULL) {
		assert_int_equal(trust_session_new(scene->user_key, false, &raw->session), 0);
	} else {
		static gnutls_certificate_credentials_t nobody;
		if (nobody == NULL)
			gnutls_certificate_allocate_credentials(&nobody);
		assert_int_equal(gnutls_init(&raw->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK), 0);
		assert_int_equal(gnutls_priority_set_direct(raw->session, priority, NULL), 0);
		assert_int_equal(gnutls_credentials_set(raw->session, GNUTLS_CRD_CERTIFICATE, nobody), 0);
	}
	gnutls_transport_set_int(raw->session, raw->fd);
	raw_run(raw);
}

static void raw_part(struct raw *raw)
{
	stream_free(raw->host);
	gnutls_deinit(raw->session);
	close(raw->fd);
}

static void a_client_without_certificate_does_not_get_in(void **state)
{
	struct raw raw;
	raw_join(&raw, *state, "NORMAL");
	assert_int_equal(raw.err, TCHAT_ERR_TLS);
	assert_false(stream_tls_is_ready(raw.host));
	char byte;
	assert_int_equal(gnutls_record_recv(raw.session, &byte, 1), GNUTLS_E_FATAL_ALERT_RECEIVED);
	raw_part(&raw);
}

static void a_client_of_older_versions_does_not_get_in(void **state)
{
	struct raw raw;
	raw_join(&raw, *state, "NORMAL:-VERS-ALL:+VERS-TLS1.2");
	assert_int_equal(raw.err, TCHAT_ERR_TLS);
	assert_int_equal(raw.shaken, GNUTLS_E_FATAL_ALERT_RECEIVED);
	raw_part(&raw);
}

static void empty_records_in_a_row_end_the_connection(void **state)
{
	struct raw raw;
	raw_join(&raw, *state, NULL);
	assert_int_equal(raw.shaken, 0);
	stream_tls_trust(raw.host);
	for (int i = 0; i < 10; i++)
		assert_int_equal(gnutls_record_send2(raw.session, "", 0, 1, 0), 0);
	assert_int_equal(gnutls_record_send(raw.session, "x", 1), 1);
	raw_run(&raw);
	assert_int_equal(raw.err, 0);
	assert_int_equal(raw.received, 1);
	for (int i = 0; i < 200; i++)
		assert_int_equal(gnutls_record_send2(raw.session, "", 0, 1, 0), 0);
	raw_run(&raw);
	assert_int_equal(raw.err, TCHAT_ERR_TLS);
	raw_part(&raw);
}

/* Empty records, two before each of so many bytes: how the host's stream ends, or 0. */
static int empty_between(struct scene *scene, size_t length)
{
	struct raw raw;
	raw_join(&raw, scene, NULL);
	stream_tls_trust(raw.host);
	for (int i = 0; i < 100 && raw.err == 0; i++) {
		assert_int_equal(gnutls_record_send2(raw.session, "", 0, 1, 0), 0);
		assert_int_equal(gnutls_record_send2(raw.session, "", 0, 1, 0), 0);
		assert_int_equal(gnutls_record_send(raw.session, scene->pattern, length), length);
		raw_run(&raw);
	}
	int err = raw.err;
	assert_int_equal(raw.received, err == 0 ? 100 * length : raw.received);
	raw_part(&raw);
	return err;
}

static void empty_records_among_few_bytes_end_the_connection(void **state)
{
	assert_int_equal(empty_between(*state, 1), TCHAT_ERR_TLS);
	assert_int_equal(empty_between(*state, 2000), 0);
}

static void key_updates_in_a_row_end_the_connection(void **state)
{
	struct raw raw;
	raw_join(&raw, *state, NULL);
	stream_tls_trust(raw.host);
	assert_int_equal(gnutls_session_key_update(raw.session, GNUTLS_KU_PEER), 0);
	assert_int_equal(gnutls_record_send(raw.session, "x", 1), 1);
	raw_run(&raw);
	assert_int_equal(raw.err, 0);
	assert_int_equal(raw.received, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(gnutls_session_key_update(raw.session, 0), 0);
	raw_run(&raw);
	assert_int_equal(raw.err, TCHAT_ERR_TLS);
	raw_part(&raw);
}

static void a_client_gets_no_ticket(void **state)
{
	struct raw raw;
	char byte;
	raw_join(&raw, *state, NULL);
	assert_int_equal(raw.shaken, 0);
	assert_int_equal(gnutls_record_recv(raw.session, &byte, 1), GNUTLS_E_AGAIN);
	assert_int_equal(gnutls_session_get_flags(raw.session) & GNUTLS_SFLAGS_SESSION_TICKET, 0);
	raw_part(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_end_learns_the_other_ends_key),
		cmocka_unit_test(a_stream_without_tls_is_ready_and_has_no_key),
		cmocka_unit_test(much_survives_short_reads_and_writes_both_ways),
		cmocka_unit_test(single_bytes_and_refusals_everywhere_change_nothing),
		cmocka_unit_test(one_end_may_stop_speaking_and_go_on_listening),
		cmocka_unit_test(an_end_without_farewell_is_no_end),
		cmocka_unit_test(a_reset_is_no_end),
		cmocka_unit_test(after_ones_own_farewell_any_end_will_do),
		cmocka_unit_test(a_handshake_cut_anywhere_ends_both_and_readies_no_host),
		cmocka_unit_test(a_flight_is_one_write),
		cmocka_unit_test(what_was_decrypted_and_not_read_is_pending),
		cmocka_unit_test(a_handshake_waits_for_the_peer_whatever_is_wanted),
		cmocka_unit_test(what_the_socket_does_not_take_is_pushed_on),
		cmocka_unit_test(a_wrong_host_sees_no_certificate),
		cmocka_unit_test(a_plain_client_gets_the_advisory_and_the_end),
		cmocka_unit_test(a_plain_client_that_goes_on_talking_is_cut_off),
		cmocka_unit_test(a_host_that_does_not_encrypt_is_told_from_one_that_does),
		cmocka_unit_test(a_stranger_may_send_eight_kilobytes),
		cmocka_unit_test(a_stranger_may_not_send_a_large_hello),
		cmocka_unit_test(a_record_that_cannot_be_ends_the_connection),
		cmocka_unit_test(a_client_without_certificate_does_not_get_in),
		cmocka_unit_test(a_client_of_older_versions_does_not_get_in),
		cmocka_unit_test(empty_records_in_a_row_end_the_connection),
		cmocka_unit_test(empty_records_among_few_bytes_end_the_connection),
		cmocka_unit_test(key_updates_in_a_row_end_the_connection),
		cmocka_unit_test(a_client_gets_no_ticket),
	};
	return cmocka_run_group_tests_name("net-tls", tests, set_up, tear_down);
}
