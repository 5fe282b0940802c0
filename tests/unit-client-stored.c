/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session with a store on disk: what is shown and sent when, its own end at every step, and hosts that were rolled
 * back. */
#include "base/errors.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client-folder.h"
#include "fake-host.h"
#include "fault_vfs.h"

static struct client_place place;

static int set_up(void **state)
{
	client_place_make(&place);
	return 0;
}

static int tear_down(void **state)
{
	atomic_store(&faults.full, 0);
	atomic_store(&faults.sync, 0);
	client_place_delete(place.top);
	return 0;
}

/* A session, its host and its store. */
struct life {
	struct fake fake;
	struct client_store *store;
};

static void open_store(struct life *life)
{
	life->store = client_place_open(&place, "host", (struct client_sqlite_config){ .vfs = FAULT_VFS, .cache_age = TCHAT_NEVER });
}

static void life_begin(struct life *life, struct session_config config)
{
	config.stored = true;
	fake_open(&life->fake, config);
	open_store(life);
	life->fake.mark = life->store->outbox->settled(life->store->outbox) - 1; /* the host knows that much */
	session_store(life->fake.session, life->store, life->fake.now);
}

/* The store does what there is to do, and the session hears of it. */
static void work(struct life *life)
{
	client_sqlite_work(life->store);
	session_stored(life->fake.session, life->fake.now);
}

static void life_end(struct life *life)
{
	client_store_free(life->store);
	fake_close(&life->fake);
}

/* The process is gone: what was not committed never was. */
static void life_dies(struct life *life)
{
	atomic_store(&faults.full, FAULT_LOG | FAULT_DATABASE);
	life_end(life);
	atomic_store(&faults.full, 0);
}

static void post(struct life *life, uint32_t room, const char *text)
{
	assert_true(session_post(life->fake.session, room, KIND_TEXT, text, strlen(text), "ref") > 0);
}

static void took(struct life *life, uint64_t counter, const char *text)
{
	struct message message = fake_take(&life->fake, WIRE_POST);
	assert_int_equal(message.post.id.counter, counter);
	assert_int_equal(message.post.kind, text != NULL ? KIND_TEXT : KIND_VOID);
	assert_int_equal(message.post.body.length, text != NULL ? strlen(text) : 0);
	if (text != NULL)
		assert_memory_equal(message.post.body.data, text, strlen(text));
}

static void ack(struct life *life, uint64_t counter, uint64_t seq, uint8_t flags)
{
	fake_send(&life->fake, &(struct message){ .type = WIRE_ACK,
	                                          .ack = { .id = { FAKE_DEVICE, counter },
	                                                   .room = FAKE_ROOM,
	                                                   .seq = seq,
	                                                   .time = clock_wall(),
	                                                   .flags = flags } });
}

static void expect_pending(struct life *life, uint64_t counter, const char *text, bool again)
{
	const struct session_event *event = fake_event(&life->fake, SESSION_PENDING);
	assert_int_equal(event->counter, counter);
	assert_string_equal(event->text, text);
	assert_string_equal(event->name, "lobby");
	assert_string_equal(event->ref, "ref");
	assert_int_equal(event->again, again);
}

static void expect_accepted(struct life *life, uint64_t counter)
{
	assert_int_equal(fake_event(&life->fake, SESSION_ACK)->counter, counter);
	assert_int_equal(fake_event(&life->fake, SESSION_MESSAGE)->counter, counter);
}

static void expect_message(struct life *life, uint64_t seq, const char *text, bool replay)
{
	const struct session_event *event = fake_event(&life->fake, SESSION_MESSAGE);
	assert_int_equal(event->seq, seq);
	assert_string_equal(event->text, text);
	assert_int_equal(event->replay, replay);
}

/* JOIN, and JOINED of a room with this history. */
static void join(struct life *life, uint64_t epoch, uint64_t first, uint64_t last)
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

static void resume(struct life *life, uint8_t status, uint64_t epoch, uint64_t seq, struct message_id id, uint64_t first,
                   uint64_t last)
{
	struct message message = fake_take(&life->fake, WIRE_RESUME);
	assert_int_equal(message.resume.epoch, FAKE_EPOCH);
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

static void page(struct life *life, uint64_t from, const struct line *lines, size_t count)
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

static void ready(struct life *life)
{
	fake_event(&life->fake, SESSION_ROOM_READY);
}

static void rest(struct life *life)
{
	fake_roster(&life->fake);
	fake_quiet(&life->fake);
}

/* A first life with "one" (counter 1) as seq 2 of the lobby, behind a message of bob's. */
static void first_life(struct life *life, uint32_t *room)
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

static const struct line hello = { { 5, 1 }, "hello" };
static const struct line one = { { 0x8000000000000001, 1 }, "one" };

/* --- */

static void a_post_is_shown_and_sent_when_it_is_stored(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	post(&life, room, "two");
	fake_quiet(&life.fake);
	assert_int_equal(session_pending(life.fake.session), 1);
	work(&life);
	expect_pending(&life, 2, "two", false);
	took(&life, 2, "two");
	fake_quiet(&life.fake);
	life_end(&life);
}

/* Where the process ends, what the host has then, and what the next life has to do. */
static void a_post_arrives_once_wherever_the_client_ends(void **state)
{
	for (int end = 0; end < 5; end++) {
		struct life life;
		uint32_t room;
		client_place_delete(place.root);
		first_life(&life, &room);
		uint8_t salt[WIRE_KEY_SIZE];
		memcpy(salt, life.fake.salt, sizeof salt);
		post(&life, room, "two");
		if (end >= 1)
			client_sqlite_work(life.store); /* 1: it is stored, and nobody heard of it */
		if (end >= 2) {
			session_stored(life.fake.session, life.fake.now); /* 2: and sent */
			took(&life, 2, "two");
		}
		if (end >= 3)
			ack(&life, 2, 3, 0); /* 3: and accepted */
		if (end >= 4)
			client_sqlite_work(life.store); /* 4: and that is stored */
		life_dies(&life);

		life_begin(&life, (struct session_config){ 0 });
		if (end == 1 || end == 2 || end == 3)
			expect_pending(&life, 2, "two", true);
		assert_int_equal(session_pending(life.fake.session), end >= 1 && end <= 3);
		life.fake.mark = end >= 2 ? 2 : 1;
		fake_connect(&life.fake);
		assert_memory_equal(salt, life.fake.salt, sizeof salt);
		assert_int_equal(life.fake.lowest_unsettled, end == 4 ? 3 : 2);
		if (end == 0 || end == 4) {
			fake_quiet(&life.fake);
			session_join(life.fake.session, "lobby");
		}
		join(&life, FAKE_EPOCH, 1, end >= 2 ? 3 : 2);
		if (end < 4)
			resume(&life, RESUME_OK, FAKE_EPOCH, 2, one.id, 1, end >= 2 ? 3 : 2);
		else
			resume(&life, RESUME_OK, FAKE_EPOCH, 3, (struct message_id){ FAKE_DEVICE, 2 }, 1, 3);
		if (end >= 1 && end <= 3)
			took(&life, 2, "two");
		page(&life, end == 4 ? 4 : 3, (const struct line[]){ { { FAKE_DEVICE, 2 }, "two" } }, end == 2 || end == 3);
		if (end == 2 || end == 3)
			expect_message(&life, 3, "two", true);
		ready(&life);
		if (end == 1) {
			ack(&life, 2, 3, 0);
			expect_accepted(&life, 2);
		}
		if (end == 2 || end == 3) {
			ack(&life, 2, 3, ACK_DUPLICATE);
			assert_true(fake_event(&life.fake, SESSION_ACK)->duplicate);
		}
		rest(&life);
		assert_int_equal(session_pending(life.fake.session), 0);
		life_end(&life);
	}
}

static void what_was_missed_comes_exactly_behind_what_was_seen(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	life_dies(&life);
	life_begin(&life, (struct session_config){ .history = 10 });
	/* What was read is there before there is a connection. */
	session_join(life.fake.session, "lobby");
	fake_quiet(&life.fake);
	work(&life);
	expect_message(&life, 1, "hello", true);
	const struct session_event *event = fake_event(&life.fake, SESSION_MESSAGE);
	assert_int_equal(event->seq, 2);
	assert_true(event->own);
	assert_int_equal(event->counter, 0); /* it is of another life */
	fake_quiet(&life.fake);
	fake_connect(&life.fake);
	join(&life, FAKE_EPOCH, 1, 4);
	resume(&life, RESUME_OK, FAKE_EPOCH, 2, one.id, 1, 4);
	page(&life, 3, (const struct line[]){ { { 5, 3 }, "three" }, { { 5, 4 }, "four" } }, 2);
	expect_message(&life, 3, "three", true);
	expect_message(&life, 4, "four", true);
	ready(&life);
	fake_msg(&life.fake, 5, "five");
	expect_message(&life, 5, "five", false);
	rest(&life);
	/* A break of the network alone. */
	fake_break(&life.fake);
	fake_connect(&life.fake);
	join(&life, FAKE_EPOCH, 1, 5);
	resume(&life, RESUME_OK, FAKE_EPOCH, 5, (struct message_id){ 5, 5 }, 1, 5);
	page(&life, 6, NULL, 0);
	ready(&life);
	rest(&life);
	life_end(&life);
	/* Long after: all of it is no longer kept. */
	life_begin(&life, (struct session_config){ 0 });
	fake_connect(&life.fake);
	session_join(life.fake.session, "lobby");
	join(&life, FAKE_EPOCH, 100, 99);
	resume(&life, RESUME_GAP, FAKE_EPOCH, 5, (struct message_id){ 5, 5 }, 100, 99);
	assert_int_equal(fake_event(&life.fake, SESSION_GAP)->count, 94);
	page(&life, 100, NULL, 0);
	ready(&life);
	rest(&life);
	life_end(&life);
}

static void a_room_that_one_left_begins_anew(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	assert_int_equal(session_part(life.fake.session, room), 0);
	fake_send(&life.fake,
	          &(struct message){ .type = WIRE_DONE, .done = { .request = fake_take(&life.fake, WIRE_PART).part.request } });
	fake_event(&life.fake, SESSION_ROOM_PARTED);
	life_end(&life);
	life_begin(&life, (struct session_config){ .history = 1 });
	fake_connect(&life.fake);
	session_join(life.fake.session, "lobby");
	join(&life, FAKE_EPOCH, 1, 9);
	page(&life, 9, (const struct line[]){ { { 5, 9 }, "nine" } }, 1);
	expect_message(&life, 9, "nine", true);
	ready(&life);
	rest(&life);
	life_end(&life);
}

static void old_messages_are_there_while_the_host_is_away(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	fake_break(&life.fake);
	assert_int_equal(session_history(life.fake.session, room, 0, 1, 0), 0);
	fake_quiet(&life.fake);
	work(&life);
	const struct session_event *event = fake_event(&life.fake, SESSION_PAST);
	assert_int_equal(event->seq, 2);
	assert_string_equal(event->text, "one");
	assert_true(event->own);
	event = fake_event(&life.fake, SESSION_PAST_END);
	assert_int_equal(event->seq, 2);
	assert_true(event->more);
	assert_int_equal(session_history(life.fake.session, room, 2, 10, 0), 0);
	work(&life);
	assert_string_equal(fake_event(&life.fake, SESSION_PAST)->text, "hello");
	assert_false(fake_event(&life.fake, SESSION_PAST_END)->more);
	assert_int_equal(session_history(life.fake.session, room, 1, 10, 0), 0);
	life_end(&life); /* with a reading under way */
}

static void expect_found(struct life *life, uint64_t seq, const char *text)
{
	const struct session_event *event = fake_event(&life->fake, SESSION_FOUND);
	assert_int_equal(event->seq, seq);
	assert_string_equal(event->text, text);
	assert_int_equal(event->asked, 7);
}

static void expect_found_end(struct life *life, uint64_t seq, bool more)
{
	const struct session_event *event = fake_event(&life->fake, SESSION_FOUND_END);
	assert_int_equal(event->seq, seq);
	assert_int_equal(event->more, more);
	assert_int_equal(event->asked, 7);
	fake_quiet(&life->fake);
}

static void what_was_read_is_searched_while_the_host_is_away(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	fake_msg(&life.fake, 3, "HELLO again");
	expect_message(&life, 3, "HELLO again", false);
	fake_break(&life.fake);
	struct session *session = life.fake.session;
	assert_int_equal(session_search(session, room, "hello", 0, 10, 7), 0);
	fake_quiet(&life.fake);
	work(&life);
	expect_found(&life, 3, "HELLO again");
	expect_found(&life, 1, "hello");
	expect_found_end(&life, 1, false);
	assert_int_equal(session_search(session, room, "Hello", 0, 1, 7), 0);
	work(&life);
	expect_found(&life, 3, "HELLO again");
	expect_found_end(&life, 3, true);
	assert_int_equal(session_search(session, room, "hello", 3, 1, 7), 0);
	work(&life);
	expect_found(&life, 1, "hello");
	expect_found_end(&life, 1, false);
	assert_int_equal(session_search(session, room, "nowhere", 0, 1, 7), 0);
	work(&life);
	expect_found_end(&life, 1, false);
	assert_int_equal(session_search(session, room, "hello", 0, 1, 7), 0);
	life_end(&life); /* with a search under way */
}

static void what_was_deleted_is_not_offered_for_posting_again(void **state)
{
	struct life life;
	uint32_t room;
	uint8_t target[8];
	first_life(&life, &room);
	life_end(&life);
	open_store(&life);
	assert_int_equal(life.store->own_count, 1);
	client_store_free(life.store);
	life_begin(&life, (struct session_config){ 0 });
	fake_connect(&life.fake);
	session_join(life.fake.session, "lobby");
	join(&life, FAKE_EPOCH, 1, 2);
	resume(&life, RESUME_OK, FAKE_EPOCH, 2, one.id, 1, 2);
	page(&life, 3, NULL, 0);
	ready(&life);
	rest(&life);
	for (uint64_t seq = 3; seq < 5; seq++) { /* of another message, of that one */
		wire_set(target, sizeof target, seq - 2);
		fake_send(&life.fake, &(struct message){ .type = WIRE_MSG,
		                                         .msg = { .room = FAKE_ROOM,
		                                                  .seq = seq,
		                                                  .time = clock_wall(),
		                                                  .id = { 5, seq },
		                                                  .kind = KIND_DELETE,
		                                                  .nick = wire_text("bob"),
		                                                  .target = { target, sizeof target } } });
		assert_int_equal(fake_event(&life.fake, SESSION_MESSAGE)->kind, KIND_DELETE);
		work(&life);
		if (seq == 3)
			continue;
		life_end(&life);
		open_store(&life);
		assert_int_equal(life.store->own_count, 0);
		client_store_free(life.store);
	}
}

static void read_marks_are_kept(void **state)
{
	struct life life;
	struct session_room shown;
	uint32_t room;
	first_life(&life, &room);
	session_read(life.fake.session, room, 1);
	session_read(life.fake.session, room, 3); /* not there yet */
	assert_true(session_room(life.fake.session, room, &shown));
	assert_int_equal(shown.read, 1);
	life_end(&life);
	life_begin(&life, (struct session_config){ 0 });
	room = (uint32_t)session_join(life.fake.session, "lobby");
	assert_true(session_room(life.fake.session, room, &shown));
	assert_int_equal(shown.read, 1);
	life_end(&life);
}

static void marks_of_the_host_and_of_the_store_go_together(void **state)
{
	struct life life;
	struct session_room shown;
	uint32_t room;
	first_life(&life, &room);
	session_read(life.fake.session, room, 1);
	life_end(&life);
	life_begin(&life, (struct session_config){ 0 });
	room = (uint32_t)session_join(life.fake.session, "lobby");
	fake_connect(&life.fake);
	fake_joined(&life.fake, fake_take(&life.fake, WIRE_JOIN).join.request, 0, 1, 5);
	fake_send(&life.fake, &(struct message){ .type = WIRE_MARK, .mark = { FAKE_ROOM, 3 } });
	fake_event(&life.fake, SESSION_ROOM_JOINED);
	assert_int_equal(fake_event(&life.fake, SESSION_READ)->seq, 3);
	assert_true(session_room(life.fake.session, room, &shown));
	assert_int_equal(shown.read, 3);
	life_end(&life);
	life_begin(&life, (struct session_config){ 0 });
	room = (uint32_t)session_join(life.fake.session, "lobby");
	assert_true(session_room(life.fake.session, room, &shown));
	assert_int_equal(shown.read, 3);
	life_end(&life);
}

static void what_is_posted_before_the_host_is_known_goes_into_its_store(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	post(&life, room, "two");
	work(&life);
	life_end(&life);
	fake_open(&life.fake, (struct session_config){ .stored = true });
	room = (uint32_t)session_join(life.fake.session, "lobby");
	post(&life, room, "three");
	fake_quiet(&life.fake);
	session_dialling(life.fake.session);
	session_connected(life.fake.session, NULL, life.fake.now);
	fake_take(&life.fake, WIRE_HELLO);
	struct message welcome = { .type = WIRE_WELCOME, .welcome = { .version = 1, .frame_limit = WIRE_LIMIT } };
	memset(welcome.welcome.host, 1, WIRE_KEY_SIZE);
	fake_send(&life.fake, &welcome);
	const struct session_event *event = fake_event(&life.fake, SESSION_HOST);
	assert_memory_equal(event->host, welcome.welcome.host, WIRE_KEY_SIZE);
	assert_int_equal(event->key_count, 0);
	fake_quiet(&life.fake); /* it does not hear who we are before the store is there */
	open_store(&life);
	session_store(life.fake.session, life.store, life.fake.now);
	expect_pending(&life, 2, "two", true);
	assert_int_equal(fake_take(&life.fake, WIRE_AUTH).auth.lowest_unsettled, 2);
	work(&life);
	expect_pending(&life, 3, "three", false);
	assert_int_equal(session_pending(life.fake.session), 2);
	fake_quiet(&life.fake);
	life_end(&life);
	/* Without a store it all goes on in memory. */
	fake_open(&life.fake, (struct session_config){ .stored = true });
	room = (uint32_t)session_join(life.fake.session, "lobby");
	post(&life, room, "x");
	session_store(life.fake.session, NULL, life.fake.now);
	expect_pending(&life, 1, "x", false);
	fake_connect(&life.fake);
	fake_close(&life.fake);
}

/* As the app does it. */
static void work_and_tell(struct life *life)
{
	char why[CLIENT_WHY_SIZE];
	client_sqlite_work(life->store);
	int trouble = client_sqlite_trouble(life->store, why);
	session_unstored(life->fake.session, trouble, why, life->fake.now);
	session_stored(life->fake.session, life->fake.now);
}

static void on_a_full_disk_it_goes_on_in_memory_and_says_so_once(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	assert_true(session_is_kept(life.fake.session));
	atomic_store(&faults.full, FAULT_LOG);
	for (uint64_t counter = 2; counter < 4; counter++) {
		post(&life, room, "full");
		work_and_tell(&life);
		if (counter == 2)
			assert_int_equal(fake_event(&life.fake, SESSION_UNSTORED)->code, TCHAT_ERR_NO_SPACE);
		expect_pending(&life, counter, "full", false);
		took(&life, counter, "full");
	}
	assert_false(session_is_kept(life.fake.session));
	atomic_store(&faults.full, 0);
	post(&life, room, "again");
	expect_pending(&life, 4, "again", false);
	took(&life, 4, "again");
	work_and_tell(&life);
	assert_int_equal(fake_event(&life.fake, SESSION_UNSTORED)->code, 0);
	assert_true(session_is_kept(life.fake.session));
	/* A disk that fails: for good. */
	atomic_store(&faults.sync, FAULT_LOG);
	post(&life, room, "five");
	work_and_tell(&life);
	atomic_store(&faults.sync, 0);
	assert_int_equal(fake_event(&life.fake, SESSION_UNSTORED)->code, TCHAT_ERR_STORE);
	expect_pending(&life, 5, "five", false);
	took(&life, 5, "five");
	for (uint64_t counter = 2; counter < 6; counter++) {
		ack(&life, counter, counter + 1, 0);
		expect_accepted(&life, counter);
	}
	work_and_tell(&life);
	fake_quiet(&life.fake);
	assert_int_equal(session_pending(life.fake.session), 0);
	life_end(&life);
}

static void without_a_store_it_goes_on_in_memory_and_says_so_once(void **state)
{
	struct life life;
	fake_open(&life.fake, (struct session_config){ .stored = true });
	uint32_t room = (uint32_t)session_join(life.fake.session, "lobby");
	post(&life, room, "x");
	session_unstored(life.fake.session, TCHAT_ERR_STORE, "read-only", life.fake.now);
	session_unstored(life.fake.session, TCHAT_ERR_STORE, "read-only", life.fake.now);
	const struct session_event *event = fake_event(&life.fake, SESSION_UNSTORED);
	assert_int_equal(event->code, TCHAT_ERR_STORE);
	assert_string_equal(event->text, "read-only");
	expect_pending(&life, 1, "x", false);
	fake_connect(&life.fake);
	fake_take(&life.fake, WIRE_JOIN);
	fake_quiet(&life.fake);
	fake_close(&life.fake);
}

static void what_was_taken_back_stays_so_wherever_the_client_ends(void **state)
{
	for (int end = 0; end < 3; end++) {
		struct life life;
		uint32_t room;
		client_place_delete(place.root);
		first_life(&life, &room);
		post(&life, room, "two");
		work(&life);
		expect_pending(&life, 2, "two", false);
		took(&life, 2, "two");
		assert_int_equal(session_cancel(life.fake.session, 2), 0);
		fake_quiet(&life.fake); /* not said before it can no more be forgotten */
		if (end >= 1)
			client_sqlite_work(life.store);
		if (end >= 2) {
			session_stored(life.fake.session, life.fake.now);
			took(&life, 2, NULL);
		}
		life_dies(&life);
		life_begin(&life, (struct session_config){ 0 });
		if (end == 0)
			expect_pending(&life, 2, "two", true);
		fake_connect(&life.fake);
		if (end == 0) {
			fake_take(&life.fake, WIRE_JOIN);
			fake_quiet(&life.fake);
			life_end(&life);
			continue;
		}
		took(&life, 2, NULL);
		assert_int_equal(session_pending(life.fake.session), 1);
		fake_send(&life.fake, &(struct message){ .type = WIRE_NACK,
		                                         .nack = { .id = { FAKE_DEVICE, 2 },
		                                                   .code = -TCHAT_ERR_CANCELLED,
		                                                   .flags = NACK_PERMANENT } });
		fake_quiet(&life.fake);
		assert_int_equal(session_pending(life.fake.session), 0);
		life_end(&life);
	}
}

static void numbers_that_a_copy_used_up_are_left_out(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	life_end(&life);
	life_begin(&life, (struct session_config){ 0 });
	life.fake.mark = 40;
	fake_connect(&life.fake);
	room = (uint32_t)session_join(life.fake.session, "lobby");
	join(&life, FAKE_EPOCH, 1, 2);
	resume(&life, RESUME_OK, FAKE_EPOCH, 2, one.id, 1, 2);
	page(&life, 3, NULL, 0);
	ready(&life);
	post(&life, room, "new");
	work(&life);
	expect_pending(&life, 41, "new", false);
	fake_roster(&life.fake);
	took(&life, 41, "new");
	life_end(&life);
}

static void expect_lost(struct life *life, uint64_t counter, const char *text)
{
	const struct session_event *event = fake_event(&life->fake, SESSION_LOST);
	assert_int_equal(event->counter, counter);
	assert_string_equal(event->text, text);
	assert_int_equal(event->kind, KIND_TEXT);
	assert_string_equal(event->name, "lobby");
}

static void a_host_that_was_rolled_back_is_told_and_our_messages_are_offered(void **state)
{
	for (int same_epoch = 0; same_epoch < 2; same_epoch++) {
		const uint64_t epoch = same_epoch != 0 ? FAKE_EPOCH : FAKE_EPOCH + 1;
		struct life life;
		uint32_t room;
		client_place_delete(place.root);
		first_life(&life, &room);
		post(&life, room, "two");
		work(&life);
		expect_pending(&life, 2, "two", false);
		took(&life, 2, "two");
		ack(&life, 2, 3, 0);
		expect_accepted(&life, 2);
		work(&life);
		life_dies(&life);
		/* "two" is gone, and somebody else has seq 3 now. */
		const struct line lines[] = { hello, one, { { 5, 9 }, "other" } };
		for (int again = 0; again < 2; again++) {
			life_begin(&life, (struct session_config){ 0 });
			life.fake.mark = 2;
			fake_connect(&life.fake);
			room = (uint32_t)session_join(life.fake.session, "lobby");
			join(&life, epoch, 1, 3);
			if (again == 0) {
				if (same_epoch)
					resume(&life, RESUME_OTHER_EPOCH, epoch, 3, (struct message_id){ FAKE_DEVICE, 2 }, 1, 3);
				fake_event(&life.fake, SESSION_RESTARTED);
				page(&life, 1, lines, 3);
				expect_message(&life, 1, "hello", false);
				expect_message(&life, 2, "one", false);
				expect_message(&life, 3, "other", false);
			} else {
				struct message message = fake_take(&life.fake, WIRE_RESUME);
				assert_int_equal(message.resume.seq, 3);
				assert_int_equal(message.resume.id.counter, 9);
				fake_send(&life.fake, &(struct message){ .type = WIRE_RESUMED,
				                                         .resumed = { .request = message.resume.request,
				                                                      .room = FAKE_ROOM,
				                                                      .epoch = epoch,
				                                                      .first = 1,
				                                                      .last = 3 } });
				page(&life, 4, NULL, 0);
			}
			ready(&life);
			expect_lost(&life, 2, "two");
			rest(&life);
			if (again == 0)
				life_end(&life); /* nobody answered; the next life asks again */
		}
		assert_int_equal(session_repost(life.fake.session, 1), TCHAT_ERR_NOT_FOUND);
		assert_int_equal(session_repost(life.fake.session, 2), 1);
		work(&life);
		assert_int_equal(fake_event(&life.fake, SESSION_PENDING)->counter, 3);
		took(&life, 3, "two");
		ack(&life, 3, 4, 0);
		expect_accepted(&life, 3);
		assert_int_equal(session_repost(life.fake.session, 0), TCHAT_ERR_NOT_FOUND);
		fake_quiet(&life.fake);
		life_end(&life);
	}
}

/* What fell into a gap before it could be seen is not kept any longer, as other old messages are not. */
static void what_a_rolled_back_host_keeps_no_longer_is_not_offered(void **state)
{
	struct life life;
	uint32_t room;
	struct buffer records;
	first_life(&life, &room);
	fake_break(&life.fake);
	life.fake.mark = 1;
	fake_connect(&life.fake);
	join(&life, FAKE_EPOCH + 1, 1, 4);
	fake_event(&life.fake, SESSION_RESTARTED);
	struct message message = fake_take(&life.fake, WIRE_HISTORY);
	buffer_init(&records, 1 << 20);
	fake_record(&records, 5, (struct message_id){ 5, 9 }, "new");
	fake_send(&life.fake, &(struct message){ .type = WIRE_PAGE,
	                                         .page = { .request = message.history.request,
	                                                   .room = FAKE_ROOM,
	                                                   .flags = PAGE_LIVE,
	                                                   .floor = 5,
	                                                   .next = 6,
	                                                   .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
	assert_int_equal(fake_event(&life.fake, SESSION_GAP)->count, 4);
	expect_message(&life, 5, "new", false);
	ready(&life);
	rest(&life);
	life_end(&life);
}

/* The room was left and entered again before the answer came. */
static void what_was_posted_before_a_room_was_entered_anew_is_offered_too(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	post(&life, room, "two");
	work(&life);
	expect_pending(&life, 2, "two", false);
	took(&life, 2, "two");
	assert_int_equal(session_part(life.fake.session, room), 0);
	fake_send(&life.fake, &(struct message){ .type = WIRE_DONE,
	                                         .done = { .request = fake_take(&life.fake, WIRE_PART).part.request } });
	fake_event(&life.fake, SESSION_ROOM_PARTED);
	assert_true(session_join(life.fake.session, "lobby") != (int)room);
	join(&life, FAKE_EPOCH, 1, 2);
	page(&life, 1, (const struct line[]){ hello, one }, 2);
	expect_message(&life, 1, "hello", true);
	expect_message(&life, 2, "one", true);
	ready(&life);
	fake_roster(&life.fake);
	ack(&life, 2, 3, 0);
	expect_accepted(&life, 2);
	fake_break(&life.fake);
	life.fake.mark = 2;
	fake_connect(&life.fake);
	join(&life, FAKE_EPOCH + 1, 1, 2);
	fake_event(&life.fake, SESSION_RESTARTED);
	page(&life, 1, (const struct line[]){ hello, one }, 2);
	expect_message(&life, 1, "hello", false);
	expect_message(&life, 2, "one", false);
	ready(&life);
	expect_lost(&life, 2, "two");
	rest(&life);
	life_end(&life);
}

/* What one did not want to see may still be there. */
static void what_lies_before_the_messages_that_were_wanted_is_not_said_to_be_lost(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	life_end(&life);
	life_begin(&life, (struct session_config){ .history = 1 });
	room = (uint32_t)session_join(life.fake.session, "lobby");
	assert_int_equal(session_part(life.fake.session, room), 0);
	fake_event(&life.fake, SESSION_ROOM_PARTED);
	assert_true(session_join(life.fake.session, "lobby") > 0);
	life.fake.mark = 1;
	fake_connect(&life.fake);
	join(&life, FAKE_EPOCH + 1, 1, 3);
	page(&life, 3, (const struct line[]){ { { 5, 9 }, "new" } }, 1);
	expect_message(&life, 3, "new", true);
	ready(&life);
	rest(&life);
	life_end(&life);
}

/* Before it could be shown what was read last. */
static void nothing_is_shown_of_a_room_that_was_left(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	life_end(&life);
	life_begin(&life, (struct session_config){ .history = 10 });
	room = (uint32_t)session_join(life.fake.session, "lobby");
	assert_int_equal(session_part(life.fake.session, room), 0);
	fake_event(&life.fake, SESSION_ROOM_PARTED);
	work(&life);
	fake_quiet(&life.fake);
	life_end(&life);
}

/* The host remembers so many answers; a life that ends early must not have to ask for more. */
static void no_more_is_sent_than_the_next_life_may_ask_for(void **state)
{
	struct life life;
	life_begin(&life, (struct session_config){ .history = 10, .flight_posts = 2 });
	fake_connect(&life.fake);
	uint32_t room = (uint32_t)session_join(life.fake.session, "lobby");
	join(&life, FAKE_EPOCH, 1, 0);
	page(&life, 1, NULL, 0);
	ready(&life);
	rest(&life);
	for (int i = 0; i < 4; i++)
		post(&life, room, "x");
	work(&life);
	for (uint64_t i = 1; i <= 4; i++)
		expect_pending(&life, i, "x", false);
	took(&life, 1, "x");
	took(&life, 2, "x");
	for (uint64_t i = 1; i <= 2; i++) {
		ack(&life, i, i, 0);
		expect_accepted(&life, i);
	}
	fake_quiet(&life.fake);
	work(&life);
	took(&life, 3, "x");
	took(&life, 4, "x");
	life_end(&life);
}

static void a_host_that_forgot_what_it_decided_was_rolled_back(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	life_end(&life);
	life_begin(&life, (struct session_config){ 0 });
	life.fake.mark = 0;
	fake_connect(&life.fake);
	assert_int_equal(life.fake.lowest_unsettled, 2);
	took(&life, 1, ""); /* it still waits for that number */
	room = (uint32_t)session_join(life.fake.session, "lobby");
	join(&life, FAKE_EPOCH, 1, 2);
	resume(&life, RESUME_OK, FAKE_EPOCH, 2, one.id, 1, 2);
	page(&life, 3, NULL, 0);
	ready(&life);
	expect_lost(&life, 1, "one");
	assert_int_equal(session_forget_lost(life.fake.session, 0), 1);
	assert_int_equal(session_forget_lost(life.fake.session, 0), TCHAT_ERR_NOT_FOUND);
	rest(&life);
	life_end(&life);
	open_store(&life);
	assert_int_equal(life.store->own_count, 0);
	client_store_free(life.store);
}

int main(void)
{
	setlocale(LC_ALL, "C.UTF-8");
	fault_vfs_register();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_post_is_shown_and_sent_when_it_is_stored),
		TEST(a_post_arrives_once_wherever_the_client_ends),
		TEST(what_was_missed_comes_exactly_behind_what_was_seen),
		TEST(a_room_that_one_left_begins_anew),
		TEST(old_messages_are_there_while_the_host_is_away),
		TEST(what_was_read_is_searched_while_the_host_is_away),
		TEST(what_was_deleted_is_not_offered_for_posting_again),
		TEST(read_marks_are_kept),
		TEST(marks_of_the_host_and_of_the_store_go_together),
		TEST(what_is_posted_before_the_host_is_known_goes_into_its_store),
		TEST(on_a_full_disk_it_goes_on_in_memory_and_says_so_once),
		TEST(without_a_store_it_goes_on_in_memory_and_says_so_once),
		TEST(what_was_taken_back_stays_so_wherever_the_client_ends),
		TEST(numbers_that_a_copy_used_up_are_left_out),
		TEST(a_host_that_was_rolled_back_is_told_and_our_messages_are_offered),
		TEST(what_a_rolled_back_host_keeps_no_longer_is_not_offered),
		TEST(what_was_posted_before_a_room_was_entered_anew_is_offered_too),
		TEST(what_lies_before_the_messages_that_were_wanted_is_not_said_to_be_lost),
		TEST(nothing_is_shown_of_a_room_that_was_left),
		TEST(no_more_is_sent_than_the_next_life_may_ask_for),
		TEST(a_host_that_forgot_what_it_decided_was_rolled_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
