/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: hosts joined to clients that are nothing but raw frames, on a virtual clock. */
#ifndef TCHAT_TESTS_WIRE_PEER_H
#define TCHAT_TESTS_WIRE_PEER_H

#include "base/buffer.h"
#include "base/errors.h"
#include "host/host.h"
#include "store/memory.h"
#include "store/store.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Unlimited reading. */
#define ALL ((size_t)1 << 40)

struct wire_peer {
	struct world *world;
	struct host_peer *peer; /* NULL when closed */
	struct buffer got;      /* bytes from the host */
	size_t taken;           /* of got, that next() returned */
	size_t budget;          /* bytes that it may still read */
	enum host_closing closing;
	uint32_t request;
	uint64_t device, counter;
	uint32_t user;
	uint32_t frame_limit; /* of WELCOME */
	uint8_t host_nonce[WIRE_KEY_SIZE], user_nonce[WIRE_KEY_SIZE]; /* of WELCOME and HELLO */
	struct wire_peer *next;
};

struct world {
	struct environment environment;
	struct store *store;
	struct host *host;
	tchat_time now, wall;
	uint64_t seed;
	struct wire_peer *peers;
};

static inline uint64_t world_random(struct world *w)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return w->seed * UINT64_C(0x2545f4914f6cdd1d) >> 11;
}

static inline tchat_time world_wall(void *arg)
{
	return ++((struct world *)arg)->wall;
}

static inline void world_bytes(void *arg, void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)bytes)[i] = (uint8_t)world_random(arg);
}

/* A host over the world's store; more: what else its configuration says, or NULL. */
static inline void world_open(struct world *w, const struct host_limits *limits, const struct host_config *more)
{
	struct host_config config = more == NULL ? (struct host_config){ 0 } : *more;
	config.environment = &w->environment;
	config.store = w->store;
	config.software = "test";
	config.motd = "hi";
	if (limits != NULL)
		config.limits = *limits;
	/* These clocks stand still while much is said. */
	if (config.limits.rate == 0)
		config.limits.rate = config.limits.burst = 1000000;
	w->host = host_new(&config);
	assert_non_null(w->host);
}

/* With a memory store, or the given one. */
static inline struct world *world_make(const struct host_limits *limits, struct store *store,
                                       const struct host_config *more)
{
	struct world *w = calloc(1, sizeof *w);
	assert_non_null(w);
	w->environment = (struct environment){ world_wall, world_bytes, w };
	w->now = 1000;
	w->wall = UINT64_C(1700000000000000);
	w->seed = 88172645463325252u;
	struct store_memory_config memory = { .environment = &w->environment };
	w->store = store != NULL ? store : store_memory_new(&memory);
	assert_non_null(w->store);
	world_open(w, limits, more);
	return w;
}

static inline struct world *world_new(const struct host_limits *limits, struct store *store)
{
	return world_make(limits, store, NULL);
}

static inline void world_forget_peers(struct world *w)
{
	while (w->peers != NULL) {
		struct wire_peer *p = w->peers;
		w->peers = p->next;
		buffer_free(&p->got);
		free(p);
	}
}

static inline void world_free(struct world *w)
{
	store_free(w->store);
	host_free(w->host);
	world_forget_peers(w);
	free(w);
}

static inline struct wire_peer *wire_connect_as(struct world *w, const struct host_peer_info *info)
{
	struct wire_peer *p = calloc(1, sizeof *p);
	assert_non_null(p);
	p->world = w;
	p->budget = ALL;
	buffer_init(&p->got, 64 << 20);
	struct host_peer_info own = *info;
	own.user = p;
	p->peer = host_peer_new(w->host, &own, w->now);
	p->next = w->peers;
	w->peers = p;
	return p;
}

static inline struct wire_peer *wire_connect(struct world *w, bool owner)
{
	return wire_connect_as(w, &(struct host_peer_info){ .address = "[::1]:5", .account_is_owner = owner });
}

static inline void wire_close(struct wire_peer *p)
{
	if (p->peer != NULL)
		host_peer_closed(p->peer, p->world->now);
	p->peer = NULL;
}

/* Writes what the host has for the peer, as far as its budget goes, as a socket would. */
static inline void wire_drain(struct wire_peer *p)
{
	while (p->peer != NULL) {
		struct iovec parts[7];
		int count = host_peer_output(p->peer, parts, 7);
		size_t taken = 0, offered = 0;
		for (int i = 0; i < count; i++) {
			size_t step = parts[i].iov_len < p->budget ? parts[i].iov_len : p->budget;
			assert_int_equal(buffer_put(&p->got, parts[i].iov_base, step), 0);
			offered += parts[i].iov_len;
			taken += step;
			p->budget -= step;
		}
		if (count > 0)
			host_peer_consumed(p->peer, taken, p->world->now);
		p->closing = host_peer_closing(p->peer);
		if (count == 0 || taken < offered)
			break;
	}
	if (p->peer != NULL && p->closing == HOST_DROP)
		wire_close(p);
}

/* Rounds until nothing is due. */
static inline void world_run(struct world *w)
{
	for (int i = 0; i < 1000; i++) {
		host_flush(w->host, w->now);
		struct host_peer *peer;
		bool any = false;
		while ((peer = host_next_dirty(w->host)) != NULL) {
			any = true;
			wire_drain(host_peer_user(peer));
		}
		if (!any && host_deadline(w->host) > w->now)
			return;
		if (!any && host_deadline(w->host) <= w->now)
			host_tick(w->host, w->now);
	}
	fail_msg("the host does not come to rest");
}

/* Lets time pass, with all that is due on its way. */
static inline void world_pass(struct world *w, tchat_time time)
{
	tchat_time end = w->now + time;
	world_run(w);
	while (host_deadline(w->host) <= end) {
		tchat_time due = host_deadline(w->host);
		w->now = due > w->now ? due : w->now;
		host_tick(w->host, w->now);
		world_run(w);
	}
	w->now = end;
}

/* The peer may read so many bytes more. */
static inline void wire_allow(struct wire_peer *p, size_t budget)
{
	p->budget = budget;
	wire_drain(p);
}

static inline void wire_send(struct wire_peer *p, const void *bytes, size_t length)
{
	if (p->peer != NULL)
		host_peer_input(p->peer, bytes, length, p->world->now);
}

static inline void wire_put(struct wire_peer *p, const struct message *message)
{
	struct buffer b;
	buffer_init(&b, 1 << 20);
	assert_int_equal(message_encode(&b, message), 0);
	wire_send(p, buffer_data(&b), buffer_length(&b));
	buffer_free(&b);
}

static inline void wire_frame(struct wire_peer *p, uint8_t type, const void *payload, size_t length)
{
	uint8_t *bytes = malloc(FRAME_HEADER + length);
	assert_non_null(bytes);
	frame_header(bytes, type, length);
	if (length > 0)
		memcpy(bytes + FRAME_HEADER, payload, length);
	wire_send(p, bytes, FRAME_HEADER + length);
	free(bytes);
}

/* The next frame that came from the host: its type, 0 when there is none. Valid until more comes. */
static inline int wire_next(struct wire_peer *p, struct message *message)
{
	struct frame frame;
	if (buffer_length(&p->got) == p->taken)
		return 0;
	int size = frame_peek(&frame, buffer_data(&p->got) + p->taken, buffer_length(&p->got) - p->taken, WIRE_LIMIT);
	assert_true(size >= 0);
	if (size == 0)
		return 0;
	assert_int_equal(message_decode(message, frame.type, frame.payload, frame.length), 0);
	assert_int_equal(message_legal(frame.type, WIRE_HOST, WIRE_READY) *
	                         message_legal(frame.type, WIRE_HOST, WIRE_GREETED),
	                 0);
	p->taken += (size_t)size;
	return message->type;
}

/* As next, after letting the host run, and it has to be of this type. */
static inline void wire_expect(struct wire_peer *p, struct message *message, int type)
{
	world_run(p->world);
	int got = wire_next(p, message);
	if (got != type)
		fail_msg("expected %s, got %s", message_name((uint8_t)type), got == 0 ? "nothing" : message_name((uint8_t)got));
}

/* Skips frames up to one of this type. */
static inline void wire_until(struct wire_peer *p, struct message *message, int type)
{
	world_run(p->world);
	int got;
	while ((got = wire_next(p, message)) != type)
		if (got == 0)
			fail_msg("%s did not come", message_name((uint8_t)type));
}

static inline void wire_expect_nothing(struct wire_peer *p)
{
	struct message message;
	world_run(p->world);
	int got = wire_next(p, &message);
	if (got != 0)
		fail_msg("unexpected %s", message_name((uint8_t)got));
}

/* ERROR of this code without a request, and nothing more behind it. */
static inline void wire_expect_end(struct wire_peer *p, int err)
{
	struct message message;
	wire_until(p, &message, WIRE_ERROR);
	assert_int_equal(message.error.request, 0);
	assert_int_equal(message.error.code, -err);
	assert_int_equal(p->closing, HOST_FLUSH);
	wire_expect_nothing(p);
}

static inline void wire_expect_error(struct wire_peer *p, uint32_t request, int err)
{
	struct message message;
	wire_expect(p, &message, WIRE_ERROR);
	assert_int_equal(message.error.request, request);
	assert_int_equal(message.error.code, -err);
	assert_int_equal(p->closing, HOST_OPEN);
}

static inline void wire_skip(struct wire_peer *p)
{
	struct message message;
	world_run(p->world);
	while (wire_next(p, &message) != 0)
		;
}

static inline bool wire_text_is(struct wire_bytes bytes, const char *text)
{
	return bytes.length == strlen(text) && (bytes.length == 0 || memcmp(bytes.data, text, bytes.length) == 0);
}

/* The next frame of records, which has to be of this type; left goes on behind it. False: there is none. */
static inline bool wire_record(struct wire_bytes *left, struct message *record, int type)
{
	struct frame frame;
	if (left->length == 0)
		return false;
	int size = frame_peek(&frame, left->data, left->length, WIRE_LIMIT);
	assert_true(size > 0);
	assert_int_equal(frame.type, type);
	assert_int_equal(message_decode(record, frame.type, frame.payload, frame.length), 0);
	left->data += size;
	left->length -= (size_t)size;
	return true;
}

#define assert_text(bytes, text) assert_true(wire_text_is(bytes, text))

/* --- A session */

static inline void wire_hello(struct wire_peer *p)
{
	struct message message = { .type = WIRE_HELLO };
	message.hello.magic = WIRE_MAGIC;
	message.hello.version_low = message.hello.version_high = 1;
	message.hello.tail = (struct wire_bytes){ (const uint8_t *)"\x70\x01\x00\x02hi", 6 };
	world_bytes(p->world, message.hello.nonce, sizeof message.hello.nonce);
	memcpy(p->user_nonce, message.hello.nonce, sizeof p->user_nonce);
	wire_put(p, &message);
	wire_expect(p, &message, WIRE_WELCOME);
	memcpy(p->host_nonce, message.welcome.nonce, sizeof p->host_nonce);
	p->frame_limit = message.welcome.frame_limit;
}

static inline void wire_auth(struct wire_peer *p, uint8_t salt, const char *nick, uint64_t lowest)
{
	struct message message = { .type = WIRE_AUTH };
	memset(message.auth.salt, salt, sizeof message.auth.salt);
	message.auth.lowest_unsettled = lowest;
	message.auth.nick = wire_text(nick);
	wire_put(p, &message);
}

/* A connection that is READY. */
static inline struct wire_peer *wire_member_of(struct world *w, bool owner, uint8_t salt, const char *nick)
{
	struct wire_peer *p = wire_connect(w, owner);
	struct message message;
	wire_hello(p);
	wire_auth(p, salt, nick, 1);
	wire_expect(p, &message, WIRE_AUTH_OK);
	p->device = message.auth_ok.device;
	p->counter = message.auth_ok.mark;
	p->user = message.auth_ok.user;
	return p;
}

static inline struct wire_peer *wire_member(struct world *w, uint8_t salt, const char *nick)
{
	return wire_member_of(w, false, salt, nick);
}

static inline uint32_t wire_join(struct wire_peer *p, int kind, const char *name, int flags)
{
	struct message message = { .type = WIRE_JOIN };
	message.join.request = ++p->request;
	message.join.kind = (uint8_t)kind;
	message.join.flags = (uint8_t)flags;
	message.join.name = wire_text(name);
	wire_put(p, &message);
	return p->request;
}

/* Joins and waits; the room's id. */
static inline uint64_t wire_enter(struct wire_peer *p, const char *name, int flags)
{
	struct message message;
	uint32_t request = wire_join(p, ROOM_PUBLIC, name, flags);
	wire_until(p, &message, WIRE_JOINED);
	assert_int_equal(message.joined.request, request);
	return message.joined.room;
}

/* The same of a room of two, whatever else the host tells meanwhile. */
static inline uint64_t wire_direct(struct wire_peer *p, const char *nick)
{
	struct message message;
	uint32_t request = wire_join(p, ROOM_DIRECT, nick, JOIN_LIVE);
	do
		wire_until(p, &message, WIRE_JOINED);
	while (message.joined.request != request);
	return message.joined.room;
}

static inline void wire_post_as(struct wire_peer *p, uint64_t room, uint64_t device, uint64_t counter, int kind,
                                const char *text)
{
	struct message message = { .type = WIRE_POST };
	message.post.room = room;
	message.post.id = (struct message_id){ device, counter };
	message.post.kind = (uint8_t)kind;
	message.post.body = wire_text(text);
	wire_put(p, &message);
}

static inline void wire_post(struct wire_peer *p, uint64_t room, const char *text)
{
	wire_post_as(p, room, p->device, ++p->counter, KIND_TEXT, text);
}

static inline uint32_t wire_history(struct wire_peer *p, uint64_t room, uint64_t from, int limit, int flags)
{
	struct message message = { .type = WIRE_HISTORY };
	message.history.request = ++p->request;
	message.history.room = room;
	message.history.from = from;
	message.history.limit = (uint16_t)limit;
	message.history.flags = (uint8_t)flags;
	wire_put(p, &message);
	return p->request;
}

#endif
