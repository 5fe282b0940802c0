/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client keeps of a host: cursors, cached messages, slots, and the thread that writes. */
#include "client-outbox.h"

#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>

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

static void a_store_whose_numbers_make_no_sense_is_refused(void **state)
{
	static const char *const wrong[] = {
		"UPDATE outbox SET counter = -1", "UPDATE outbox SET counter = 1 << 62", "UPDATE meta SET value = -1 WHERE key = 'next'",
		"UPDATE room SET id = -1", "UPDATE room SET id = 1 << 23",
	};
	char path[300], why[CLIENT_WHY_SIZE];
	snprintf(path, sizeof path, "%s/686f7374/0/client.db", place.root);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct client_store *store = open_store();
		assert_int_equal(add(store, "text"), 0);
		store->operations->keep(store, store->operations->row(store, false, "lobby", "lobby"));
		work(store);
		client_store_free(store);
		sqlite3 *handle;
		assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
		assert_int_equal(sqlite3_exec(handle, wrong[i], NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(handle);
		const struct client_sqlite_config config = { .root = place.root, .key = (const uint8_t *)"host", .key_length = 4,
			                                     .by_hand = true };
		store = client_sqlite_new(&config);
		client_sqlite_work(store);
		assert_int_equal(client_sqlite_opened(store, why), TCHAT_ERR_SYSTEM);
		assert_non_null(strstr(why, "malformed"));
		client_store_free(store);
		temporary_folder_delete(place.root);
	}
}

int main(void)
{
	fault_vfs_register();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(cursors_and_messages_are_kept_together),
		TEST(nothing_is_read_across_a_hole),
		TEST(changes_are_kept_and_a_deletion_takes_the_text_from_the_disk),
		TEST(the_cache_is_bounded_by_count_and_age_and_never_emptied_at_once),
		TEST(a_second_process_has_a_slot_of_its_own),
		TEST(a_slot_of_the_same_label_is_preferred),
		TEST(files_are_private_and_a_lax_folder_is_refused),
		TEST(a_store_whose_numbers_make_no_sense_is_refused),
		TEST(hosts_not_seen_for_long_make_place_unless_something_is_pending),
		TEST(the_thread_wakes_and_writes_what_is_left_at_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
