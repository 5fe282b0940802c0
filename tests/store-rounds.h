/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests of stores: requests that are waited for, batches under construction, reads that are checked. */
#ifndef TCHAT_TESTS_STORE_ROUNDS_H
#define TCHAT_TESTS_STORE_ROUNDS_H

#include "base/errors.h"
#include "store/store.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { POSTS = 64, RECORD = FRAME_HEADER + MSG_BODY, PATIENCE = 60 };

static sem_t store_woken;

static inline void store_woke(void *arg)
{
	sem_post(arg);
}

/* Each store that a test makes goes through here. */
static inline struct store *listen_to(struct store *store)
{
	assert_non_null(store);
	sem_init(&store_woken, 0, 0);
	store_wake(store, store_woke, &store_woken);
	return store;
}

/* The next completion, waited for. */
static inline struct store_request *completion(struct store *store)
{
	struct store_request *request;
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	while ((request = store_completed(store)) == NULL)
		if (sem_timedwait(&store_woken, &until) != 0 && errno != EINTR)
			fail_msg("the store did not complete a request");
	return request;
}

static inline void run(struct store *store, struct store_request *request, int err)
{
	store_submit(store, request);
	assert_ptr_equal(completion(store), request);
	assert_null(store_completed(store));
	assert_int_equal(request->error, err);
}

static inline struct store_room open_room(struct store *store, const char *key, bool create, int err)
{
	struct store_room room = { .request = { .type = STORE_ROOM }, .kind = ROOM_PUBLIC, .create = create };
	snprintf(room.key, sizeof room.key, "%s", key);
	snprintf(room.name, sizeof room.name, "%s", key);
	run(store, &room.request, err);
	return room;
}

static inline uint64_t open_device(struct store *store, uint64_t device, uint64_t lowest)
{
	struct store_device open = { .request = { .type = STORE_DEVICE }, .device = device, .lowest_unsettled = lowest };
	run(store, &open.request, 0);
	return open.mark;
}

/* A batch under construction: at most two rooms, records of any length. */
struct round {
	struct store_batch batch;
	struct store_part parts[2];
	struct store_post posts[POSTS];
};

static inline struct round *round_new(uint64_t room, uint64_t other)
{
	struct round *r = calloc(1, sizeof *r);
	r->batch = (struct store_batch){ .request = { .type = STORE_BATCH }, .time = 12345, .parts = r->parts,
		                         .part_count = other == 0 ? 1 : 2, .posts = r->posts };
	r->parts[0] = (struct store_part){ .room = room, .block = block_new(1 << 20) };
	r->parts[1] = (struct store_part){ .room = other, .block = other == 0 ? NULL : block_new(1 << 20) };
	return r;
}

static inline struct store_post *round_add(struct round *r, uint32_t part, uint64_t device, uint64_t counter, int kind,
                                           const char *text, int refusal)
{
	struct store_post *post = &r->posts[r->batch.post_count++];
	size_t length = strlen(text);
	*post = (struct store_post){ .device = device, .counter = counter, .part = part, .refusal = (uint16_t)-refusal };
	post->hash = store_hash((uint8_t)kind, 0, text, length, NULL, 0);
	if (refusal != 0)
		return post;
	struct block *block = r->parts[part].block;
	uint8_t *to = block->bytes + block->length;
	memset(to, 0, RECORD);
	frame_header(to, WIRE_MSG, MSG_BODY + length);
	wire_set(to + FRAME_HEADER + MSG_ROOM, 8, r->parts[part].room);
	wire_set(to + FRAME_HEADER + MSG_DEVICE, 8, device);
	wire_set(to + FRAME_HEADER + MSG_COUNTER, 8, counter);
	to[FRAME_HEADER + MSG_KIND] = (uint8_t)kind;
	wire_set(to + FRAME_HEADER + MSG_BODY_LENGTH, 4, length);
	wire_set(to + FRAME_HEADER + MSG_SENDER, 4, device);
	memcpy(to + RECORD, text, length);
	post->offset = block->length;
	post->length = (uint32_t)(RECORD + length);
	block->length += post->length;
	return post;
}

static inline void round_free(struct round *r)
{
	block_give(r->parts[0].block);
	block_give(r->parts[1].block);
	free(r);
}

/* One post of a text at a time; how it came out. */
static inline struct store_post post_at(struct store *store, uint64_t room, uint64_t device, uint64_t counter,
                                        const char *text, uint64_t time, int err)
{
	struct round *r = round_new(room, 0);
	r->batch.time = time;
	struct store_post *p = round_add(r, 0, device, counter, KIND_TEXT, text, 0);
	run(store, &r->batch.request, err);
	struct store_post result = *p;
	round_free(r);
	return result;
}

static inline void post(struct store *store, uint64_t room, uint64_t device, uint64_t counter, const char *text)
{
	assert_int_equal(post_at(store, room, device, counter, text, 12345, 0).outcome, STORE_ACCEPTED);
}

static inline struct store_read read_room(struct store *store, uint64_t room, uint64_t from, uint32_t limit,
                                          uint32_t bytes, bool forward)
{
	struct store_read read = { .request = { .type = STORE_READ }, .room = room, .from = from, .limit = limit,
		                   .max_bytes = bytes, .forward = forward };
	run(store, &read.request, 0);
	uint64_t seq = read.first;
	for (size_t at = 0; read.records != NULL && at < read.records->length; seq++) {
		struct frame frame;
		int size = frame_peek(&frame, read.records->bytes + at, read.records->length - at, WIRE_LIMIT);
		assert_true(size > 0);
		assert_int_equal(wire_get(frame.payload + MSG_SEQ, 8), seq);
		at += (size_t)size;
	}
	assert_true(read.records == NULL ? read.first == 0 && read.last == 0 : seq == read.last + 1);
	return read;
}

/* value NULL: delete. The key is its text's bytes. */
static inline void put_record(struct store *store, uint8_t kind, const char *key, const char *value, int err)
{
	struct store_record record = { .request = { .type = STORE_RECORD }, .kind = kind,
		                       .key_length = (uint8_t)strlen(key), .value = value,
		                       .length = value == NULL ? 0 : (uint32_t)strlen(value) };
	memcpy(record.key, key, record.key_length);
	run(store, &record.request, err);
}

struct records {
	char text[1024]; /* "kind key=value;" of each, in order */
	size_t count;
	char each[16][64];
};

static inline void record_seen(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value,
                               size_t length)
{
	struct records *records = arg;
	assert_non_null(value);
	assert_in_range(records->count, 0, 15);
	snprintf(records->each[records->count++], 64, "%d %.*s=%.*s;", kind, (int)key_length, (const char *)key, (int)length,
	         (const char *)value);
}

static inline int record_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* text: all records, sorted. */
static inline void expect_records(struct store *store, const char *text)
{
	struct records records = { .count = 0 };
	assert_int_equal(store_records(store, record_seen, &records), 0);
	qsort(records.each, records.count, sizeof records.each[0], record_order);
	for (size_t i = 0; i < records.count; i++)
		strcat(records.text, records.each[i]);
	assert_string_equal(records.text, text);
}

static inline void expect_read(struct store *store, uint64_t room, uint64_t from, uint32_t limit, bool forward,
                               uint64_t first, uint64_t last, bool more)
{
	struct store_read read = read_room(store, room, from, limit, 1 << 20, forward);
	assert_int_equal(read.first, first);
	assert_int_equal(read.last, last);
	assert_int_equal(read.more, more);
	block_give(read.records);
}

#endif
