/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client keeps of a host: the outbox over restarts, cursors, cached messages, slots, and failing disks. */
#include "base/errors.h"
#include "wire/frame.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "client-folder.h"
#include "fault_vfs.h"

static struct client_place place;

static int set_up(void **state)
{
	client_place_make(&place);
	return 0;
}

static int tear_down(void **state)
{
	atomic_store(&faults.write, 0);
	atomic_store(&faults.full, 0);
	atomic_store(&faults.sync, 0);
	atomic_store(&faults.read, 0);
	client_place_delete(place.top);
	return 0;
}

static struct client_store *open_store(void)
{
	return client_place_open(&place, "host", (struct client_sqlite_config){ .vfs = FAULT_VFS });
}

static void work(struct client_store *store)
{
	client_sqlite_work(store);
	while (store->operations->completed(store) != NULL)
		;
}

static int add(struct client_store *store, const char *text)
{
	struct outbox *outbox = store->outbox;
	const struct outbox_post post = { .counter = outbox->next(outbox),
		                          .room = 1,
		                          .kind = KIND_TEXT,
		                          .name = "lobby",
		                          .text = text,
		                          .length = strlen(text),
		                          .ref = "r",
		                          .target = 1u << 20,
		                          .reply = 3 };
	return outbox->add(outbox, &post);
}

static void expect_post(struct client_store *store, uint64_t counter, uint8_t kind, const char *text)
{
	struct outbox_post post;
	assert_int_equal(store->outbox->get(store->outbox, counter, &post), 0);
	assert_int_equal(post.counter, counter);
	assert_int_equal(post.kind, kind);
	assert_int_equal(post.cancelled, kind == KIND_VOID);
	assert_string_equal(post.text, text);
	assert_int_equal(post.length, strlen(text));
	assert_string_equal(post.name, "lobby");
	assert_string_equal(post.ref, "r");
	assert_int_equal(post.target, 1u << 20);
	assert_int_equal(post.reply, 3);
}

static void expect_counters(struct client_store *store, uint64_t lowest, uint64_t safe, uint64_t next)
{
	struct outbox *outbox = store->outbox;
	assert_int_equal(outbox->lowest(outbox), lowest);
	assert_int_equal(outbox->safe(outbox), safe);
	assert_int_equal(outbox->next(outbox), next);
}

/* --- The outbox */

static void a_post_is_safe_when_it_is_stored_and_is_there_in_the_next_life(void **state)
{
	struct client_store *store = open_store();
	uint8_t salt[WIRE_KEY_SIZE];
	memcpy(salt, store->salt, sizeof salt);
	expect_counters(store, 1, 0, 1);
	assert_int_equal(add(store, "one"), 0);
	assert_int_equal(add(store, "two \xc3\xa4"), 0);
	assert_int_equal(add(store, ""), 0);
	expect_counters(store, 1, 0, 4);
	assert_false(store->outbox->is_safe(store->outbox, 1));
	unsigned syncs = atomic_load(&faults.syncs);
	work(store);
	assert_true(atomic_load(&faults.syncs) > syncs);
	expect_counters(store, 1, 3, 4);
	assert_true(store->outbox->is_safe(store->outbox, 3));
	client_store_free(store);
	store = open_store();
	assert_memory_equal(salt, store->salt, sizeof salt);
	expect_counters(store, 1, 3, 4);
	expect_post(store, 1, KIND_TEXT, "one");
	expect_post(store, 2, KIND_TEXT, "two \xc3\xa4");
	expect_post(store, 3, KIND_TEXT, "");
	client_store_free(store);
}

static void what_was_settled_or_cancelled_stays_so(void **state)
{
	struct client_store *store = open_store();
	struct outbox_post post;
	for (int i = 0; i < 5; i++)
		assert_int_equal(add(store, "x"), 0);
	work(store);
	store->outbox->settle(store->outbox, 2);
	assert_int_equal(store->outbox->cancel(store->outbox, 3), 0);
	assert_false(store->outbox->is_safe(store->outbox, 3));
	work(store);
	assert_true(store->outbox->is_safe(store->outbox, 3));
	assert_int_equal(store->outbox->settled(store->outbox), 1);
	store->outbox->settle(store->outbox, 1);
	expect_counters(store, 3, 5, 6);
	assert_int_equal(store->outbox->settled(store->outbox), 1); /* not before it is stored */
	work(store);
	assert_int_equal(store->outbox->settled(store->outbox), 3);
	assert_int_equal(store->outbox->cancel(store->outbox, 1), TCHAT_ERR_NOT_FOUND);
	client_store_free(store);
	store = open_store();
	expect_counters(store, 3, 5, 6);
	assert_int_equal(store->outbox->settled(store->outbox), 3);
	expect_post(store, 3, KIND_VOID, "");
	expect_post(store, 4, KIND_TEXT, "x");
	for (uint64_t i = 3; i <= 5; i++)
		store->outbox->settle(store->outbox, i);
	work(store);
	client_store_free(store);
	store = open_store();
	expect_counters(store, 6, 5, 6); /* counters are used once, also when nothing waits */
	assert_int_equal(store->outbox->get(store->outbox, 5, &post), TCHAT_ERR_NOT_FOUND);
	assert_int_equal(store->outbox->jump(store->outbox, 100), 0);
	assert_int_equal(store->outbox->jump(store->outbox, 7), 0);
	assert_int_equal(add(store, "hundred"), 0);
	work(store);
	expect_counters(store, 100, 100, 101);
	client_store_free(store);
	store = open_store();
	expect_counters(store, 100, 100, 101);
	expect_post(store, 100, KIND_TEXT, "hundred");
	client_store_free(store);
}

static void a_full_outbox_opens_again_whatever_of_it_is_settled(void **state)
{
	const struct client_sqlite_config config = { .vfs = FAULT_VFS, .posts = 4 };
	struct client_store *store = client_place_open(&place, "host", config);
	for (int i = 0; i < 4; i++)
		assert_int_equal(add(store, "x"), 0);
	assert_int_equal(add(store, "x"), TCHAT_ERR_FULL);
	store->outbox->settle(store->outbox, 3);
	store->outbox->settle(store->outbox, 4); /* 1 and 2 wait: the span is what it was */
	work(store);
	client_store_free(store);
	store = client_place_open(&place, "host", config);
	expect_counters(store, 1, 4, 5);
	assert_int_equal(add(store, "x"), TCHAT_ERR_FULL);
	client_store_free(store);
	/* It took more once. */
	store = client_place_open(&place, "host", (struct client_sqlite_config){ .vfs = FAULT_VFS, .posts = 2, .post_bytes = 50 });
	expect_counters(store, 1, 4, 5);
	expect_post(store, 2, KIND_TEXT, "x");
	for (uint64_t counter = 1; counter <= 2; counter++) {
		assert_int_equal(add(store, "x"), TCHAT_ERR_FULL);
		store->outbox->settle(store->outbox, counter);
	}
	assert_int_equal(add(store, ""), TCHAT_ERR_FULL); /* its bytes */
	client_store_free(store);
}

/* Each step in a process of its own that ends without a word. */
static void dies(void (*step)(struct client_store *store))
{
	pid_t child = fork();
	if (child == 0) {
		step(open_store());
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void step_add(struct client_store *store)
{
	if (add(store, "one") != 0 || add(store, "two") != 0)
		_exit(1);
	work(store);
	if (add(store, "never stored") != 0)
		_exit(1);
}

static void step_settle(struct client_store *store)
{
	store->outbox->settle(store->outbox, 1);
	work(store);
	store->outbox->settle(store->outbox, 2);
}

static void what_was_committed_survives_a_sudden_end_and_nothing_else_does(void **state)
{
	dies(step_add);
	struct client_store *store = open_store();
	expect_counters(store, 1, 2, 3);
	expect_post(store, 2, KIND_TEXT, "two");
	client_store_free(store);
	dies(step_settle);
	store = open_store();
	expect_counters(store, 2, 2, 3);
	client_store_free(store);
}

/* --- Disks that fail */

static void expect_trouble(struct client_store *store, int err)
{
	char why[CLIENT_WHY_SIZE];
	assert_int_equal(client_sqlite_trouble(store, why), err);
	assert_int_equal(why[0] != '\0', err != 0);
}

static void a_full_disk_makes_memory_do_until_there_is_place(void **state)
{
	struct client_store *store = open_store();
	assert_int_equal(add(store, "one"), 0);
	work(store);
	store->outbox->settle(store->outbox, 1);
	atomic_store(&faults.full, FAULT_LOG);
	assert_int_equal(add(store, "two"), 0);
	client_sqlite_work(store);
	assert_int_equal(add(store, "three"), 0); /* before anybody heard of it */
	expect_counters(store, 2, 1, 4);
	store->operations->completed(store);
	expect_trouble(store, TCHAT_ERR_NO_SPACE);
	expect_counters(store, 2, 3, 4);
	assert_int_equal(add(store, "four"), 0);
	assert_int_equal(store->outbox->cancel(store->outbox, 3), 0);
	assert_true(store->outbox->is_safe(store->outbox, 3));
	store->outbox->settle(store->outbox, 2);
	work(store);
	expect_counters(store, 3, 4, 5);
	assert_int_equal(store->outbox->settled(store->outbox), 1); /* the next life may ask for them again */
	atomic_store(&faults.full, 0);
	work(store);
	expect_trouble(store, 0);
	expect_counters(store, 3, 4, 5);
	assert_int_equal(store->outbox->settled(store->outbox), 3);
	assert_int_equal(add(store, "five"), 0);
	expect_counters(store, 3, 4, 6);
	work(store);
	client_store_free(store);
	store = open_store();
	expect_counters(store, 3, 5, 6);
	expect_post(store, 3, KIND_VOID, "");
	expect_post(store, 4, KIND_TEXT, "four");
	expect_post(store, 5, KIND_TEXT, "five");
	client_store_free(store);
}

static void what_waits_for_place_on_a_full_disk_is_bounded(void **state)
{
	static char text[1 << 20];
	struct client_store *store = open_store();
	memset(text, 'x', sizeof text - 1);
	atomic_store(&faults.full, FAULT_LOG);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(add(store, text), 0);
		work(store);
	}
	atomic_store(&faults.full, 0);
	expect_trouble(store, TCHAT_ERR_STORE);
	expect_counters(store, 1, 16, 17);
	client_store_free(store);
	store = open_store();
	expect_counters(store, 1, 0, 1);
	client_store_free(store);
}

static void after_an_error_of_the_disk_nothing_more_is_written(void **state)
{
	atomic_uint *const errors[] = { &faults.sync, &faults.write };
	for (size_t i = 0; i < 2; i++) {
		struct client_store *store = open_store();
		uint64_t next = store->outbox->next(store->outbox);
		assert_int_equal(add(store, "one"), 0);
		work(store);
		atomic_store(errors[i], FAULT_LOG);
		assert_int_equal(add(store, "two"), 0);
		work(store);
		atomic_store(errors[i], 0);
		expect_trouble(store, TCHAT_ERR_STORE);
		/* Memory has to do. */
		assert_int_equal(add(store, "three"), 0);
		expect_counters(store, 1, next + 2, next + 3);
		assert_int_equal(store->outbox->cancel(store->outbox, next + 2), 0);
		assert_true(store->outbox->is_safe(store->outbox, next + 2));
		unsigned writes = atomic_load(&faults.writes), syncs = atomic_load(&faults.syncs);
		store->outbox->settle(store->outbox, next);
		assert_int_equal(store->outbox->settled(store->outbox), 1);
		work(store);
		expect_trouble(store, TCHAT_ERR_STORE);
		client_store_free(store);
		assert_int_equal(atomic_load(&faults.writes), writes);
		assert_int_equal(atomic_load(&faults.syncs), syncs);
		/* What was stored before is there. */
		store = open_store();
		expect_post(store, next, KIND_TEXT, "one");
		client_store_free(store);
	}
}

/* --- Rooms and messages */

static void change(struct client_store *store, struct client_row *row, uint64_t seq, uint64_t time, const char *text,
                   uint8_t kind, uint64_t target)
{
	uint8_t record[256] = { 0 };
	size_t length = FRAME_HEADER + MSG_BODY + strlen(text);
	frame_header(record, WIRE_MSG, length - FRAME_HEADER);
	wire_set(record + FRAME_HEADER + MSG_SEQ, 8, seq);
	record[FRAME_HEADER + MSG_KIND] = kind;
	wire_set(record + FRAME_HEADER + MSG_BODY_LENGTH, 4, strlen(text));
	memcpy(record + FRAME_HEADER + MSG_BODY, text, strlen(text));
	row->seq = seq;
	row->has_id = true;
	row->id = (struct message_id){ 9, seq };
	store->operations->message(store, row, time, target, record, length);
}

static void message(struct client_store *store, struct client_row *row, uint64_t seq, uint64_t time, const char *text)
{
	change(store, row, seq, time, text, KIND_TEXT, 0);
}

/* Reads, and expects these seqs. */
static void expect_read(struct client_store *store, const struct client_row *row, uint64_t before, uint32_t limit,
                        uint64_t first, uint64_t last, bool more)
{
	struct client_read read = { .row = row->row, .before = before, .limit = limit };
	store->operations->read(store, &read);
	client_sqlite_work(store);
	assert_ptr_equal(store->operations->completed(store), &read);
	assert_null(store->operations->completed(store));
	assert_int_equal(read.error, 0);
	assert_int_equal(read.more, more);
	const uint8_t *at = buffer_data(&read.records);
	size_t length = buffer_length(&read.records);
	for (uint64_t seq = first; first != 0 && seq <= last; seq++) {
		struct frame frame;
		int size = frame_peek(&frame, at, length, FRAME_MAXIMUM);
		assert_true(size > 0);
		assert_int_equal(frame.type, WIRE_MSG);
		assert_int_equal(wire_get(frame.payload + MSG_SEQ, 8), seq);
		at += size;
		length -= (size_t)size;
	}
	assert_int_equal(length, 0);
	buffer_free(&read.records);
	buffer_free(&read.changes);
}

static void cursors_and_messages_are_kept_together(void **state)
{
	struct client_store *store = open_store();
	struct client_row *lobby = store->operations->row(store, false, "lobby", "Lobby");
	struct client_row *bob = store->operations->row(store, true, "lobby", "Lobby");
	assert_ptr_not_equal(lobby, bob);
	assert_ptr_equal(store->operations->row(store, false, "lobby", "LOBBY"), lobby);
	lobby->room = 1;
	lobby->epoch = UINT64_MAX;
	lobby->read = 3;
	bob->room = 2;
	bob->epoch = 5;
	store->operations->keep(store, lobby);
	store->operations->keep(store, bob);
	for (uint64_t seq = 1; seq <= 20; seq++)
		message(store, lobby, seq, clock_wall(), "text");
	message(store, bob, 7, clock_wall(), "text");
	uint8_t host[WIRE_KEY_SIZE];
	memset(host, 0xfe, sizeof host);
	store->operations->know(store, 4711, host);
	work(store);
	expect_read(store, lobby, 0, 5, 16, 20, true);
	expect_read(store, lobby, 16, 20, 1, 15, false);
	expect_read(store, lobby, 16, 15, 1, 15, false);
	expect_read(store, lobby, 1, 5, 0, 0, false);
	expect_read(store, bob, 0, 5, 7, 7, false);
	message(store, lobby, 21, clock_wall(), "not stored");
	struct client_store *live = store;
	char copy[sizeof place.root];
	snprintf(copy, sizeof copy, "%s/copy", place.top);
	client_place_copy(place.root, copy);
	client_store_free(live);
	strcpy(place.root, copy);
	store = open_store();
	lobby = store->operations->row(store, false, "lobby", "x");
	assert_string_equal(lobby->name, "Lobby");
	assert_true(lobby->epoch == UINT64_MAX);
	assert_int_equal(lobby->seq, 20);
	assert_true(lobby->has_id);
	assert_int_equal(lobby->id.device, 9);
	assert_int_equal(lobby->id.counter, 20);
	assert_int_equal(lobby->read, 3);
	assert_int_equal(lobby->room, 1);
	assert_int_equal(store->device, 4711);
	assert_memory_equal(store->host, host, sizeof host);
	expect_read(store, lobby, 0, 1, 20, 20, true);
	store->operations->forget(store, lobby);
	work(store);
	expect_read(store, lobby, 0, 1, 0, 0, false);
	expect_read(store, store->operations->row(store, true, "lobby", "x"), 0, 5, 7, 7, false);
	client_store_free(store);
}

/* Clocks jump, and what looks old goes first; and a full disk keeps nothing. */
static void nothing_is_read_across_a_hole(void **state)
{
	struct client_store *store = open_store();
	struct client_row *lobby = store->operations->row(store, false, "lobby", "Lobby");
	for (uint64_t seq = 1; seq <= 20; seq++)
		if (seq != 4 && seq != 11 && seq != 12)
			message(store, lobby, seq, clock_wall(), "text");
	work(store);
	expect_read(store, lobby, 0, 30, 13, 20, false);
	expect_read(store, lobby, 0, 8, 13, 20, false);
	expect_read(store, lobby, 0, 7, 14, 20, true);
	expect_read(store, lobby, 13, 30, 0, 0, false);
	expect_read(store, lobby, 12, 30, 0, 0, false);
	expect_read(store, lobby, 11, 30, 5, 10, false);
	expect_read(store, lobby, 21, 2, 19, 20, true);
	expect_read(store, lobby, 22, 2, 0, 0, false);
	client_store_free(store);
}

static void what_is_settled_is_told_when_it_is_stored(void **state)
{
	struct client_store *store = open_store();
	for (int i = 0; i < 3; i++)
		assert_int_equal(add(store, "x"), 0);
	work(store);
	store->outbox->settle(store->outbox, 1);
	assert_int_equal(store->outbox->settled(store->outbox), 1);
	work(store);
	assert_int_equal(store->outbox->settled(store->outbox), 2);
	client_store_free(store);
}

/* The bytes of all files of the store. */
static bool is_on_the_disk(const char *text)
{
	char command[512];
	snprintf(command, sizeof command, "grep -rq '%s' '%s'", text, place.root);
	return system(command) == 0;
}

static void changes_are_kept_and_a_deletion_takes_the_text_from_the_disk(void **state)
{
	struct client_store *store = open_store();
	struct client_row *lobby = store->operations->row(store, false, "lobby", "Lobby");
	struct client_row *other = store->operations->row(store, false, "other", "Other");
	message(store, lobby, 1, clock_wall(), "first secret");
	message(store, lobby, 2, clock_wall(), "second");
	message(store, other, 1, clock_wall(), "of another room");
	change(store, lobby, 3, clock_wall(), "edited secret", KIND_EDIT, 1);
	change(store, lobby, 4, clock_wall(), "+1", KIND_REACTION, 1);
	change(store, lobby, 5, clock_wall(), "to what is not here", KIND_EDIT, 900);
	work(store);
	struct client_read read = { .row = lobby->row, .before = 3, .limit = 5 };
	store->operations->read(store, &read);
	client_sqlite_work(store);
	assert_ptr_equal(store->operations->completed(store), &read);
	struct frame frame;
	int size = frame_peek(&frame, buffer_data(&read.changes), buffer_length(&read.changes), FRAME_MAXIMUM);
	assert_true(size > 0);
	assert_int_equal(wire_get(frame.payload + MSG_SEQ, 8), 4); /* newest first */
	size_t left = buffer_length(&read.changes) - (size_t)size;
	assert_int_equal(frame_peek(&frame, buffer_data(&read.changes) + size, left, FRAME_MAXIMUM), left);
	assert_int_equal(wire_get(frame.payload + MSG_SEQ, 8), 3);
	buffer_free(&read.records);
	buffer_free(&read.changes);
	assert_true(is_on_the_disk("first secret"));
	change(store, lobby, 6, clock_wall(), "", KIND_DELETE, 1);
	work(store);
	expect_read(store, lobby, 0, 9, 1, 6, false);
	expect_read(store, other, 0, 9, 1, 1, false);
	client_store_free(store);
	assert_false(is_on_the_disk("secret"));
	assert_true(is_on_the_disk("second"));
	assert_true(is_on_the_disk("of another room"));
}

static void numbers_that_are_left_out_are_settled(void **state)
{
	struct client_store *store = open_store();
	assert_int_equal(store->outbox->jump(store->outbox, 9), 0);
	assert_int_equal(store->outbox->settled(store->outbox), 1);
	work(store);
	assert_int_equal(store->outbox->settled(store->outbox), 9);
	expect_counters(store, 9, 8, 9);
	client_store_free(store);
}

static void own_messages_are_kept_up_to_a_number(void **state)
{
	struct client_store *store = open_store();
	for (uint64_t i = 1; i <= 1005; i++) {
		char text[32];
		snprintf(text, sizeof text, "own %d", (int)i);
		store->operations->own(store, &(struct client_own){ i, 1, KIND_TEXT, 5, i, 6, text, strlen(text) });
	}
	store->operations->own(store, &(struct client_own){ 1005, 2, KIND_ACTION, 50, 7, 8, "again", 5 });
	store->operations->disown(store, 1004);
	work(store);
	client_store_free(store);
	for (int life = 0; life < 2; life++) {
		store = open_store();
		assert_int_equal(store->own_count, 1000);
		assert_int_equal(store->own[0].counter, 5);
		assert_memory_equal(store->own[0].text, "own 5", store->own[0].length);
		const struct client_own *last = &store->own[999];
		assert_int_equal(last->counter, 1005);
		assert_int_equal(last->row, 2);
		assert_int_equal(last->kind, KIND_ACTION);
		assert_int_equal(last->epoch, 50);
		assert_int_equal(last->seq, 7);
		assert_int_equal(last->time, 8);
		assert_int_equal(last->length, 5);
		assert_memory_equal(last->text, "again", 5);
		client_store_free(store);
	}
}

static tchat_time wall_of(void *arg)
{
	return *(tchat_time *)arg;
}

static void random_of(void *arg, void *bytes, size_t length)
{
	environment_system.random(NULL, bytes, length);
}

static void the_cache_is_bounded_by_count_and_age_and_never_emptied_at_once(void **state)
{
	tchat_time now = 1000;
	const struct environment environment = { wall_of, random_of, &now };
	struct client_store *store = client_place_open(
		&place, "host",
		(struct client_sqlite_config){ .environment = &environment, .cache_count = 500, .cache_age = 5000 });
	struct client_row *row = store->operations->row(store, false, "lobby", "lobby");
	store->operations->keep(store, row);
	for (uint64_t seq = 1; seq <= 1000; seq++) {
		message(store, row, seq, seq, "text");
		if (seq % 100 == 0)
			work(store);
	}
	expect_read(store, row, 0, 1000, 501, 1000, false);
	now = 1000000000;
	message(store, row, 1001, now, "text");
	work(store);
	expect_read(store, row, 0, 1000, 567, 1001, false);
	for (int i = 0; i < 20; i++) {
		message(store, row, 1002 + (uint64_t)i, now, "text");
		work(store);
	}
	expect_read(store, row, 0, 1000, 1001, 1021, false);
	client_store_free(store);
}

/* --- Slots */

static void a_second_process_has_a_slot_of_its_own(void **state)
{
	struct client_store *first = open_store(), *second = open_store(), *third;
	assert_memory_not_equal(first->salt, second->salt, sizeof first->salt);
	assert_int_equal(add(second, "waits"), 0);
	work(second);
	uint8_t salt[WIRE_KEY_SIZE], first_salt[WIRE_KEY_SIZE];
	memcpy(salt, second->salt, sizeof salt);
	memcpy(first_salt, first->salt, sizeof salt);
	client_store_free(first);
	client_store_free(second);
	/* The one with something pending first, then the lowest. */
	first = open_store();
	assert_memory_equal(first->salt, salt, sizeof salt);
	second = open_store();
	assert_memory_equal(second->salt, first_salt, sizeof salt);
	third = open_store();
	assert_memory_not_equal(third->salt, salt, sizeof salt);
	client_store_free(third);
	client_store_free(second);
	client_store_free(first);
	third = client_place_open(&place, "hos", (struct client_sqlite_config){ 0 });
	assert_memory_not_equal(third->salt, first_salt, sizeof salt);
	client_store_free(third);
}

static void a_slot_of_the_same_label_is_preferred(void **state)
{
	struct client_store *ann = client_place_open(&place, "host", (struct client_sqlite_config){ .label = "ann" });
	struct client_store *bob = client_place_open(&place, "host", (struct client_sqlite_config){ .label = "bob" });
	uint8_t salt[WIRE_KEY_SIZE];
	memcpy(salt, bob->salt, sizeof salt);
	client_store_free(ann);
	client_store_free(bob);
	for (int i = 0; i < 2; i++) {
		bob = client_place_open(&place, "host", (struct client_sqlite_config){ .label = "bob" });
		assert_memory_equal(bob->salt, salt, sizeof salt);
		client_store_free(bob);
	}
	ann = client_place_open(&place, "host", (struct client_sqlite_config){ .label = "ann" });
	assert_memory_not_equal(ann->salt, salt, sizeof salt);
	assert_int_equal(add(ann, "waits"), 0);
	work(ann);
	client_store_free(ann);
	bob = client_place_open(&place, "host", (struct client_sqlite_config){ .label = "bob" });
	assert_memory_not_equal(bob->salt, salt, sizeof salt);
	client_store_free(bob);
}

static void expect_cannot_open(const char *words)
{
	char why[CLIENT_WHY_SIZE] = "";
	struct client_store *store = client_sqlite_new(&(struct client_sqlite_config){
		.root = place.root, .key = (const uint8_t *)"host", .key_length = 4, .by_hand = true });
	client_sqlite_work(store);
	assert_true(client_sqlite_opened(store, why) < 0);
	assert_int_not_equal(client_sqlite_opened(store, why), TCHAT_ERR_AGAIN);
	if (strstr(why, words) == NULL)
		fail_msg("'%s' does not say '%s'", why, words);
	client_store_free(store);
}

static void files_are_private_and_a_lax_folder_is_refused(void **state)
{
	struct stat status;
	char path[300];
	client_store_free(open_store());
	snprintf(path, sizeof path, "%s/686f7374/0/client.db", place.root);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	snprintf(path, sizeof path, "%s/686f7374/0", place.root);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(chmod(path, 0755), 0);
	expect_cannot_open("private");
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(chmod(place.root, 0750), 0);
	expect_cannot_open("private");
	assert_int_equal(chmod(place.root, 0700), 0);
	snprintf(path, sizeof path, "%s/686f7374/0/client.db", place.root);
	int fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "this is no database, whatever it is called", 42), 42);
	close(fd);
	expect_cannot_open("not a database");
}

static void hosts_not_seen_for_long_make_place_unless_something_is_pending(void **state)
{
	const struct client_sqlite_config few = { .hosts = 3 };
	struct timespec times[2] = { { 0, 0 }, { 0, 0 } };
	struct stat status;
	char path[300];
	for (int i = 0; i < 4; i++) {
		const char key[2] = { (char)('a' + i), 0 };
		struct client_store *store = client_place_open(&place, key, few);
		if (i == 1) {
			assert_int_equal(add(store, "waits"), 0);
			work(store);
		}
		client_store_free(store);
		snprintf(path, sizeof path, "%s/%x/0/client.db", place.root, 'a' + i);
		if (i < 3) {
			times[1].tv_sec = 1000 + i;
			assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
		}
	}
	snprintf(path, sizeof path, "%s/61", place.root);
	assert_int_equal(stat(path, &status), -1);
	client_store_free(client_place_open(&place, "e", few));
	snprintf(path, sizeof path, "%s/62", place.root);
	assert_int_equal(stat(path, &status), 0);
}

/* --- The thread */

static void woken(void *arg)
{
	int *ends = arg;
	while (write(ends[1], "", 1) < 0)
		;
}

static void until(struct client_store *store, int *ends, bool (*done)(struct client_store *store))
{
	while (!done(store)) {
		struct pollfd wait = { .fd = ends[0], .events = POLLIN };
		assert_int_equal(poll(&wait, 1, 30000), 1);
		char byte;
		assert_int_equal(read(ends[0], &byte, 1), 1);
		char why[CLIENT_WHY_SIZE];
		if (client_sqlite_opened(store, why) == 0)
			store->operations->completed(store);
	}
}

static bool is_open(struct client_store *store)
{
	char why[CLIENT_WHY_SIZE];
	return client_sqlite_opened(store, why) == 0;
}

static bool all_safe(struct client_store *store)
{
	return store->outbox->safe(store->outbox) == 300;
}

static void the_thread_wakes_and_writes_what_is_left_at_the_end(void **state)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	struct client_sqlite_config config = { .root = place.root, .key = (const uint8_t *)"host", .key_length = 4,
		                               .wake = woken, .arg = ends };
	struct client_store *store = client_sqlite_new(&config);
	until(store, ends, is_open);
	for (int i = 0; i < 300; i++)
		assert_int_equal(add(store, "text"), 0);
	until(store, ends, all_safe);
	for (uint64_t i = 1; i <= 299; i++)
		store->outbox->settle(store->outbox, i);
	client_store_free(store);
	store = client_sqlite_new(&config);
	until(store, ends, is_open);
	expect_counters(store, 300, 300, 301);
	client_store_free(store);
	client_store_free(client_sqlite_new(&config)); /* given up before it was open */
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	fault_vfs_register();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_post_is_safe_when_it_is_stored_and_is_there_in_the_next_life),
		TEST(what_was_settled_or_cancelled_stays_so),
		TEST(a_full_outbox_opens_again_whatever_of_it_is_settled),
		TEST(what_was_committed_survives_a_sudden_end_and_nothing_else_does),
		TEST(a_full_disk_makes_memory_do_until_there_is_place),
		TEST(what_waits_for_place_on_a_full_disk_is_bounded),
		TEST(after_an_error_of_the_disk_nothing_more_is_written),
		TEST(cursors_and_messages_are_kept_together),
		TEST(nothing_is_read_across_a_hole),
		TEST(what_is_settled_is_told_when_it_is_stored),
		TEST(changes_are_kept_and_a_deletion_takes_the_text_from_the_disk),
		TEST(numbers_that_are_left_out_are_settled),
		TEST(own_messages_are_kept_up_to_a_number),
		TEST(the_cache_is_bounded_by_count_and_age_and_never_emptied_at_once),
		TEST(a_second_process_has_a_slot_of_its_own),
		TEST(a_slot_of_the_same_label_is_preferred),
		TEST(files_are_private_and_a_lax_folder_is_refused),
		TEST(hosts_not_seen_for_long_make_place_unless_something_is_pending),
		TEST(the_thread_wakes_and_writes_what_is_left_at_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
