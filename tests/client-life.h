/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: lives of a client, one after another over the same store on disk; each is a session with its scripted host,
 * and may end at any step. */
#ifndef TCHAT_TESTS_CLIENT_LIFE_H
#define TCHAT_TESTS_CLIENT_LIFE_H

#include "base/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client-folder.h"
#include "fake-host.h"
#include "fault_vfs.h"

static struct client_place place;

static inline int set_up(void **state)
{
	client_place_make(&place);
	return 0;
}

static inline int tear_down(void **state)
{
	atomic_store(&faults.full, 0);
	atomic_store(&faults.sync, 0);
	temporary_folder_delete(place.top);
	return 0;
}

/* A session, its host and its store. */
struct life {
	struct fake fake;
	struct client_store *store;
};

static inline void open_store(struct life *life)
{
	const struct client_sqlite_config config = { .vfs = FAULT_VFS, .cache_age = TCHAT_NEVER };
	life->store = client_place_open(&place, "host", config);
}

static inline void life_begin(struct life *life, struct session_config config)
{
	config.stored = true;
	fake_open(&life->fake, config);
	open_store(life);
	life->fake.mark = life->store->outbox->settled(life->store->outbox) - 1; /* the host knows that much */
	session_store(life->fake.session, life->store, life->fake.now);
}

/* The store does what there is to do, and the session hears of it. */
static inline void work(struct life *life)
{
	client_sqlite_work(life->store);
	session_stored(life->fake.session, life->fake.now);
}

static inline void life_end(struct life *life)
{
	client_store_free(life->store);
	fake_close(&life->fake);
}

/* The next one, with a wish to be in the lobby: its handle. */
static inline uint32_t life_again(struct life *life, struct session_config config)
{
	life_end(life);
	life_begin(life, config);
	return (uint32_t)session_join(life->fake.session, "lobby");
}

/* The process is gone: what was not committed never was. */
static inline void life_dies(struct life *life)
{
	atomic_store(&faults.full, FAULT_LOG | FAULT_DATABASE);
	life_end(life);
	atomic_store(&faults.full, 0);
}

static inline void post(struct life *life, uint32_t room, const char *text)
{
	assert_true(session_post(life->fake.session, room, KIND_TEXT, text, strlen(text), "ref") > 0);
}

static inline void took(struct life *life, uint64_t counter, const char *text)
{
	struct message message = fake_take(&life->fake, WIRE_POST);
	assert_int_equal(message.post.id.counter, counter);
	assert_int_equal(message.post.kind, text != NULL ? KIND_TEXT : KIND_VOID);
	assert_int_equal(message.post.body.length, text != NULL ? strlen(text) : 0);
	if (text != NULL)
		assert_memory_equal(message.post.body.data, text, strlen(text));
}

static inline void ack(struct life *life, uint64_t counter, uint64_t seq, uint8_t flags)
{
	fake_send(&life->fake, &(struct message){ .type = WIRE_ACK,
	                                          .ack = { .id = { FAKE_DEVICE, counter },
	                                                   .room = FAKE_ROOM,
	                                                   .seq = seq,
	                                                   .time = clock_wall(),
	                                                   .flags = flags } });
}

static inline void expect_pending(struct life *life, uint64_t counter, const char *text, bool again)
{
	const struct session_event *event = fake_event(&life->fake, SESSION_PENDING);
	assert_int_equal(event->counter, counter);
	assert_string_equal(event->text, text);
	assert_string_equal(event->name, "lobby");
	assert_string_equal(event->ref, "ref");
	assert_int_equal(event->again, again);
}

static inline void expect_accepted(struct life *life, uint64_t counter)
{
	assert_int_equal(fake_event(&life->fake, SESSION_ACK)->counter, counter);
	assert_int_equal(fake_event(&life->fake, SESSION_MESSAGE)->counter, counter);
}

static inline void expect_message(struct life *life, uint64_t seq, const char *text, bool replay)
{
	const struct session_event *event = fake_event(&life->fake, SESSION_MESSAGE);
	assert_int_equal(event->seq, seq);
	assert_string_equal(event->text, text);
	assert_int_equal(event->replay, replay);
}

/* JOIN, and JOINED of a room with this history. */
static inline void join(struct life *life, uint64_t epoch, uint64_t first, uint64_t last)
{
	fake_send(&life->fake,
	          &(struct message){ .type = WIRE_JOINED,
	                             .joined = { .request = fake_take(&life->fake, WIRE_JOIN).join.request,
	                                         .room = FAKE_ROOM,
	                                         .epoch = epoch,
	                                         .first = first,
	                                         .last = last,
	                                         .members = 1,
	                                         .name = wire_text("lobby") } });
	fake_event(&life->fake, SESSION_ROOM_JOINED);
}

/* RESUME from this message, and RESUMED; status RESUME_OK: the cursor is of this epoch. */
static inline void resume(struct life *life, uint8_t status, uint64_t epoch, uint64_t seq, struct message_id id,
                          uint64_t first, uint64_t last)
{
	struct message message = fake_take(&life->fake, WIRE_RESUME);
	assert_int_equal(message.resume.epoch, status == RESUME_OK ? epoch : FAKE_EPOCH);
	assert_int_equal(message.resume.seq, seq);
	assert_int_equal(message.resume.id.device, id.device);
	assert_int_equal(message.resume.id.counter, id.counter);
	fake_send(&life->fake, &(struct message){ .type = WIRE_RESUMED,
	                                          .resumed = { .request = message.resume.request,
	                                                       .room = FAKE_ROOM,
	                                                       .epoch = epoch,
	                                                       .first = first,
	                                                       .last = last,
	                                                       .status = status } });
}

/* A page from the seq that was asked for, with these records, up to the head. */
struct line {
	struct message_id id;
	const char *text;
};

static inline void page(struct life *life, uint64_t from, const struct line *lines, size_t count)
{
	struct message message = fake_take(&life->fake, WIRE_HISTORY);
	assert_int_equal(message.history.from, from);
	struct buffer records;
	buffer_init(&records, 1 << 20);
	for (size_t i = 0; i < count; i++)
		fake_record(&records, from + i, lines[i].id, lines[i].text);
	fake_send(&life->fake, &(struct message){ .type = WIRE_PAGE,
	                                          .page = { .request = message.history.request,
	                                                    .room = FAKE_ROOM,
	                                                    .flags = PAGE_LIVE,
	                                                    .floor = 1,
	                                                    .next = from + count,
	                                                    .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
}

static inline void ready(struct life *life)
{
	fake_event(&life->fake, SESSION_ROOM_READY);
}

static inline void rest(struct life *life)
{
	fake_roster(&life->fake);
	fake_quiet(&life->fake);
}

static const struct line hello = { { 5, 1 }, "hello" };
static const struct line one = { { 0x8000000000000001, 1 }, "one" };

/* A first life with "one" (counter 1) as seq 2 of the lobby, behind a message of bob's. */
static inline void first_life(struct life *life, uint32_t *room)
{
	life_begin(life, (struct session_config){ .history = 10 });
	fake_connect(&life->fake);
	*room = (uint32_t)session_join(life->fake.session, "lobby");
	join(life, FAKE_EPOCH, 1, 1);
	page(life, 1, (const struct line[]){ { { 5, 1 }, "hello" } }, 1);
	expect_message(life, 1, "hello", true);
	ready(life);
	rest(life);
	post(life, *room, "one");
	work(life);
	expect_pending(life, 1, "one", false);
	took(life, 1, "one");
	ack(life, 1, 2, 0);
	expect_accepted(life, 1);
	work(life);
	fake_quiet(&life->fake);
}

/* "two" (counter 2) is posted, stored and sent. */
static inline void post_two(struct life *life, uint32_t room)
{
	post(life, room, "two");
	work(life);
	expect_pending(life, 2, "two", false);
	took(life, 2, "two");
}

/* The room is left by its user. */
static inline void part(struct life *life, uint32_t room)
{
	assert_int_equal(session_part(life->fake.session, room), 0);
	const uint32_t request = fake_take(&life->fake, WIRE_PART).part.request;
	fake_send(&life->fake, &(struct message){ .type = WIRE_DONE, .done = { .request = request } });
	fake_event(&life->fake, SESSION_ROOM_PARTED);
}

#endif
