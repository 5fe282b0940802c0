/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: two ends with TLS between them, over a wire that is watched and may be cut. */
#ifndef TCHAT_TESTS_TLS_SCENE_H
#define TCHAT_TESTS_TLS_SCENE_H

#include "base/errors.h"
#include "fault_stream.h"
#include "net/loop.h"
#include "net/stream_filter.h"
#include "net/stream_tls.h"
#include "trust/credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BIG = 400000, SMALL = 3000, RECORDED = 65536, TURNS = 10000000, HELLO_RECORD = 22, STEP = 3 };

/* --- A filter below TLS that watches the wire, and can cut it. */

struct tap {
	struct stream stream;
	size_t sent, writes, taken;
	size_t cut; /* after so many bytes the peer is gone, or SIZE_MAX */
	uint8_t bytes[RECORDED];
};

static inline ssize_t tap_read(struct stream *stream, void *bytes, size_t length)
{
	ssize_t n = stream_read(stream->below, bytes, length);
	if (n > 0)
		((struct tap *)(void *)stream)->taken += (size_t)n;
	return n;
}

static inline ssize_t tap_writev(struct stream *stream, const struct iovec *parts, int count)
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

static inline void tap_free(struct stream *stream)
{
	free(stream);
}

static const struct stream_ops tap_ops = { .read = tap_read, .writev = tap_writev, .free = tap_free };

static inline struct tap *tap_new(struct stream *below)
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

static inline int check(void *arg, const struct trust_pin *pin, const struct trust_pin *former)
{
	struct scene *scene = arg;
	assert_null(former);
	scene->checks++;
	scene->checked = *pin;
	scene->sent_at_check = scene->user.tap->sent;
	return scene->verdict;
}

static const char advisory[] = "TLS, please";

static inline struct stream *host_stream(struct scene *scene, struct stream *below)
{
	const struct tls_config config = { .identity = scene->host_key, .host = true, .advisory = advisory,
		                           .advisory_length = sizeof advisory - 1 };
	struct stream *stream;
	assert_int_equal(stream_tls_new(&config, below, &stream), 0);
	return stream;
}

static inline struct stream *user_stream(struct scene *scene, struct stream *below)
{
	const struct tls_config config = { .identity = scene->user_key, .check = check, .arg = scene };
	struct stream *stream;
	assert_int_equal(stream_tls_new(&config, below, &stream), 0);
	return stream;
}

/* The ends over a pair, each through a fault filter unless most is 0. */
static inline void scene_join(struct scene *scene, unsigned seed, unsigned again_of, unsigned most)
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

static inline void scene_part(struct scene *scene)
{
	stream_free(scene->host.stream);
	stream_free(scene->user.stream);
	free(scene->host.got);
	free(scene->user.got);
	scene->host = scene->user = (struct end){ .err = 0 };
}

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
{
	struct scene *scene = *state;
	trust_identity_free(scene->host_key);
	trust_identity_free(scene->user_key);
	free(scene->pattern);
	free(scene);
	return 0;
}

/* One turn of an end, as a loop would give it: it reads, then writes what it has. True when anything moved. */
static inline bool end_turn(struct end *end)
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

static inline size_t on_the_wire(const struct scene *scene)
{
	const struct tap *host = scene->host.tap, *user = scene->user.tap;
	return host->sent + host->taken + user->sent + user->taken;
}

/* Turns until both say that it is over, by done, or nothing moved for a while. */
static inline void run(struct scene *scene, bool (*done)(const struct scene *scene))
{
	int idle = 0;
	for (int turn = 0; turn < TURNS && idle < 400 && !done(scene); turn++) {
		size_t before = on_the_wire(scene);
		bool moved = end_turn(&scene->user);
		moved |= end_turn(&scene->host);
		idle = moved || on_the_wire(scene) != before ? 0 : idle + 1;
	}
}

static inline bool is_joined(const struct scene *scene)
{
	return stream_tls_is_ready(scene->host.stream) && stream_tls_is_ready(scene->user.stream);
}

static inline bool is_over(const struct scene *scene)
{
	const struct end *host = &scene->host, *user = &scene->user;
	return (host->ended || host->err != 0) && (user->ended || user->err != 0);
}

static inline bool never(const struct scene *scene)
{
	return false;
}

static inline void say(struct end *end, const void *bytes, size_t length)
{
	end->bytes = bytes;
	end->length = length;
	end->sent = 0;
}

static inline void join(struct scene *scene)
{
	scene_join(scene, 0, 0, 0);
	run(scene, is_joined);
	assert_true(is_joined(scene));
}

#endif
