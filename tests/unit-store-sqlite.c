/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store: what the durable back end keeps over restarts, which history it takes for another one, which it refuses. */
#include "store-sql.h"

static void sql(const struct place *place, const char *text)
{
	sqlite3 *handle;
	assert_int_equal(sqlite3_open(place->database, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

/* to keeps its place in the file system if it is there. */
static void copy_file(const char *from, const char *to)
{
	char bytes[4096];
	int source = open(from, O_RDONLY), sink = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(source >= 0 && sink >= 0);
	for (ssize_t n; (n = read(source, bytes, sizeof bytes)) > 0;)
		assert_int_equal(write(sink, bytes, (size_t)n), n);
	close(source);
	close(sink);
}

/* --- Restarts */

static void a_restart_keeps_rooms_messages_topics_marks_and_outcomes(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	struct store_room a = open_room(store, "a", true, 0), b = open_room(store, "b", true, 0);
	open_device(store, 7, 5);
	struct round *r = round_new(a.id, b.id);
	round_add(r, 0, 7, 5, KIND_TEXT, "one", 0);
	round_add(r, 1, 7, 6, KIND_TOPIC, "tea", 0);
	round_add(r, 0, 7, 7, KIND_TEXT, "too long", TCHAT_ERR_TOO_LONG);
	round_add(r, 0, 7, 8, KIND_TEXT, "two", 0);
	run(store, &r->batch.request, 0);
	struct store_read before = read_room(store, a.id, 1, 10, 1 << 20, true);
	for (int life = 0; life < 3; life++) {
		store_free(store);
		store = place_open(place, (struct store_sqlite_config){ 0 });
		struct store_room again = open_room(store, "a", false, 0);
		assert_int_equal(again.id, a.id);
		assert_int_equal(again.epoch, a.epoch);
		assert_int_equal(again.head, 2);
		again = open_room(store, "b", true, 0);
		assert_false(again.created);
		assert_string_equal(again.topic, "tea");
		assert_string_equal(again.name, "b");
		struct store_read after = read_room(store, a.id, 1, 10, 1 << 20, true);
		assert_int_equal(after.records->length, before.records->length);
		assert_memory_equal(after.records->bytes, before.records->bytes, before.records->length);
		block_give(after.records);
		assert_int_equal(open_device(store, 7, 5), 8);
		expect_outcome(store, a.id, 5, "one", 0, STORE_DUPLICATE, 1);
		expect_outcome(store, a.id, 5, "other", 0, STORE_CLONED, 0);
		expect_outcome(store, a.id, 7, "too long", 0, STORE_REFUSED, 0);
		expect_outcome(store, a.id, 8, "two", TCHAT_ERR_TOO_LONG, STORE_DUPLICATE, 2);
		expect_outcome(store, a.id, 10, "ten", 0, STORE_HOLE, 0);
	}
	expect_outcome(store, a.id, 9, "three", 0, STORE_ACCEPTED, 3);
	assert_int_equal(open_room(store, "c", true, 0).id, 3);
	block_give(before.records);
	round_free(r);
	store_free(store);
	place_free(place);
}

static void say_ten(struct store *store)
{
	uint64_t room = open_room(store, "a", true, 0).id;
	uint64_t mark = open_device(store, 7, 1);
	for (uint64_t i = mark + 1; i <= mark + 10; i++)
		post(store, room, 7, i, "x");
}

static void a_killed_host_keeps_all_and_folds_in_its_log_at_the_next_start(void **state)
{
	struct place *place = place_new();
	uint64_t epoch = 0;
	for (int life = 1; life <= 4; life++) {
		killed_after(place, (struct store_sqlite_config){ 0 }, say_ten);
		assert_true(file_size(place, "history.db-wal") > 0);
		struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
		/* What is in the log now is this life's own beginning: one small transaction. */
		assert_in_range(file_size(place, "history.db-wal"), 0, 16 * 4096);
		struct store_room room = open_room(store, "a", false, 0);
		assert_int_equal(room.head, 10 * life);
		assert_true(epoch == 0 || room.epoch == epoch);
		epoch = room.epoch;
		expect_read(store, room.id, 1, 256, true, 1, 10 * (uint64_t)life, false);
		store_free(store);
	}
	place_free(place);
}

static uint64_t epoch_of(const struct place *place, struct store_sqlite_config config)
{
	struct store *store = place_open(place, config);
	uint64_t epoch = open_room(store, "a", true, 0).epoch;
	store_free(store);
	return epoch;
}

static void a_host_killed_with_less_than_full_durability_gets_new_epochs(void **state)
{
	struct place *place = place_new();
	const struct store_sqlite_config process = { .durability = STORE_PROCESS }, full = { 0 };
	uint64_t first = epoch_of(place, process);
	assert_int_equal(epoch_of(place, process), first);
	killed_after(place, process, say_ten);
	uint64_t second = epoch_of(place, full);
	assert_int_not_equal(second, first);
	killed_after(place, full, say_ten);
	assert_int_equal(epoch_of(place, full), second);
	place_free(place);
}

static void a_history_that_was_put_back_or_copied_gets_new_epochs(void **state)
{
	struct place *place = place_new();
	char copy[512];
	snprintf(copy, sizeof copy, "%s/copy", place->top);
	const struct store_sqlite_config full = { 0 };
	uint64_t first = epoch_of(place, full);
	copy_file(place->database, copy);
	struct store *store = place_open(place, full);
	say_ten(store);
	store_free(store);
	assert_int_equal(epoch_of(place, full), first);
	/* An older state of the very same file. */
	copy_file(copy, place->database);
	uint64_t second = epoch_of(place, full);
	assert_int_not_equal(second, first);
	assert_int_equal(epoch_of(place, full), second);
	/* The present state in another file. */
	copy_file(place->database, copy);
	assert_int_equal(rename(copy, place->database), 0);
	uint64_t third = epoch_of(place, full);
	assert_int_not_equal(third, second);
	/* Without the folder's own number. */
	snprintf(copy, sizeof copy, "%s/lock", place->path);
	assert_int_equal(unlink(copy), 0);
	assert_int_not_equal(epoch_of(place, full), third);
	place_free(place);
}

/* The life that has this store ends now, in its files' present state, but for the number in the folder. */
static void dies_before_it_tells_the_folder(const struct place *place, struct store *store, const char *lock)
{
	char log[300], database_copy[300], log_copy[300], number[300];
	snprintf(log, sizeof log, "%s-wal", place->database);
	snprintf(database_copy, sizeof database_copy, "%s/copy", place->top);
	snprintf(log_copy, sizeof log_copy, "%s/copy-wal", place->top);
	snprintf(number, sizeof number, "%s/lock", place->path);
	copy_file(place->database, database_copy);
	copy_file(log, log_copy);
	store_free(store);
	copy_file(database_copy, place->database);
	copy_file(log_copy, log);
	copy_file(lock, number);
	chmod(log, 0600);
}

static void lives_that_end_at_their_start_are_no_older_history(void **state)
{
	struct place *place = place_new();
	char lock[300], number[300];
	snprintf(lock, sizeof lock, "%s/copy-lock", place->top);
	snprintf(number, sizeof number, "%s/lock", place->path);
	const uint64_t epoch = epoch_of(place, (struct store_sqlite_config){ 0 });
	copy_file(number, lock);
	for (int i = 0; i < 3; i++)
		dies_before_it_tells_the_folder(place, place_open(place, (struct store_sqlite_config){ 0 }), lock);
	assert_int_equal(epoch_of(place, (struct store_sqlite_config){ 0 }), epoch);
	place_free(place);
}

static void a_device_that_knows_more_than_a_history_put_back_goes_on_from_there(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	post(store, room, 7, 1, "one");
	assert_int_equal(open_device(store, 7, 9), 8);
	post(store, room, 7, 9, "nine");
	store_free(store);
	store = place_open(place, (struct store_sqlite_config){ 0 });
	assert_int_equal(open_device(store, 7, 1), 9);
	store_free(store);
	place_free(place);
}

static void the_host_stays_the_same_one(void **state)
{
	struct place *place = place_new(), *other = place_new();
	struct store_identity first, again, another;
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	store_sqlite_identity(store, &first);
	assert_int_equal(first.last_user, 0);
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	open_device(store, 3, 1);
	post(store, room, 7, 1, "by user 7");
	post(store, room, 3, 1, "by user 3");
	store_free(store);
	store = place_open(place, (struct store_sqlite_config){ 0 });
	store_sqlite_identity(store, &again);
	assert_memory_equal(first.host, again.host, sizeof first.host);
	assert_memory_equal(first.device_key, again.device_key, sizeof first.device_key);
	assert_int_equal(again.last_user, 7);
	store_free(store);
	store = place_open(other, (struct store_sqlite_config){ 0 });
	store_sqlite_identity(store, &another);
	assert_memory_not_equal(first.host, another.host, sizeof first.host);
	assert_memory_not_equal(first.device_key, another.device_key, sizeof first.device_key);
	store_free(store);
	place_free(place);
	place_free(other);
}

/* --- What is refused */

static void a_second_host_is_refused_until_the_first_one_ends(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	place_refused(place, TCHAT_ERR_IN_USE, "another host");
	say_ten(store);
	store_free(store);
	store_free(place_open(place, (struct store_sqlite_config){ 0 }));
	place_free(place);
}

static void other_files_and_newer_formats_are_refused_and_left_alone(void **state)
{
	struct place *place = place_new();
	store_free(place_open(place, (struct store_sqlite_config){ 0 }));
	sql(place, "PRAGMA user_version = 5");
	place_refused(place, TCHAT_ERR_ARGUMENT, "newer");
	assert_int_equal(sql_number(place, "PRAGMA user_version"), 5);
	sql(place, "PRAGMA user_version = 1; PRAGMA application_id = 5");
	place_refused(place, TCHAT_ERR_ARGUMENT, "no history");
	sql(place, "PRAGMA application_id = 0");
	place_refused(place, TCHAT_ERR_ARGUMENT, "no history");
	int fd = open(place->database, O_WRONLY | O_TRUNC);
	for (int i = 0; i < 512; i++)
		assert_int_equal(write(fd, "12345678", 8), 8);
	close(fd);
	place_refused(place, TCHAT_ERR_ARGUMENT, "no history");
	place_free(place);
}

static void a_history_whose_numbers_make_no_sense_is_refused(void **state)
{
	static const char *const wrong[] = {
		"UPDATE room SET floor = 0",     "UPDATE room SET floor = head + 2",
		"UPDATE room SET head = 1 << 40", "UPDATE room SET head = 'x'",
		"UPDATE room SET id = -1",       "UPDATE room SET id = 1 << 23",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct place *place = place_new();
		struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
		open_room(store, "a", true, 0);
		store_free(store);
		sql(place, wrong[i]);
		place_refused(place, TCHAT_ERR_SYSTEM, "malformed");
		place_free(place);
	}
}

/* Format 1 had no records, 2 no changes, 3 no index. */
static void an_older_format_is_brought_up_once_with_all_that_is_in_it(void **state)
{
	static const char *const older[] = {
		"DROP TABLE own; DROP TABLE change; DROP TABLE gram; DROP TABLE indexed; PRAGMA user_version = 1",
		"DROP TABLE change; DROP TABLE gram; DROP TABLE indexed; PRAGMA user_version = 2",
		"DROP TABLE gram; DROP TABLE indexed; PRAGMA user_version = 3",
	};
	for (size_t i = 0; i < sizeof older / sizeof older[0]; i++) {
		struct place *place = place_new();
		struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
		struct store_room room = open_room(store, "a", true, 0);
		open_device(store, 7, 1);
		post(store, room.id, 7, 1, "x");
		store_free(store);
		sql(place, older[i]);
		for (int life = 0; life < 2; life++) {
			store = place_open(place, (struct store_sqlite_config){ 0 });
			expect_records(store, life == 0 ? "" : "1 ann=red;");
			assert_int_equal(open_room(store, "a", true, 0).epoch, room.epoch);
			assert_int_equal(open_device(store, 7, 1), 1);
			expect_read(store, room.id, 1, 10, true, 1, 1, false);
			put_record(store, 1, "ann", "red", 0);
			store_free(store);
			assert_int_equal(sql_number(place, "PRAGMA user_version"), 4);
		}
		place_free(place);
	}
}

/* What stands in the way of a step leaves the file as it was. */
static void a_format_that_cannot_be_brought_up_is_left_alone(void **state)
{
	struct place *place = place_new();
	store_free(place_open(place, (struct store_sqlite_config){ 0 }));
	sql(place, "PRAGMA user_version = 1");
	place_refused(place, TCHAT_ERR_SYSTEM, "already exists");
	assert_int_equal(sql_number(place, "PRAGMA user_version"), 1);
	sql(place, "DROP TABLE own; DROP TABLE change; DROP TABLE gram; DROP TABLE indexed");
	store_free(place_open(place, (struct store_sqlite_config){ 0 }));
	place_free(place);
}

static void what_others_may_look_into_is_refused(void **state)
{
	struct place *place = place_new();
	struct stat status;
	char log[512];
	store_free(place_open(place, (struct store_sqlite_config){ 0 }));
	assert_int_equal(stat(place->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(stat(place->database, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(chmod(place->database, 0640), 0);
	place_refused(place, TCHAT_ERR_PERMISSION, "private");
	assert_int_equal(chmod(place->database, 0600), 0);
	snprintf(log, sizeof log, "%s-wal", place->database);
	killed_after(place, (struct store_sqlite_config){ 0 }, say_ten);
	assert_int_equal(stat(log, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(chmod(log, 0604), 0);
	place_refused(place, TCHAT_ERR_PERMISSION, "private");
	assert_int_equal(chmod(log, 0600), 0);
	assert_int_equal(chmod(place->path, 0750), 0);
	place_refused(place, TCHAT_ERR_PERMISSION, "private");
	assert_int_equal(chmod(place->path, 0700), 0);
	store_free(place_open(place, (struct store_sqlite_config){ 0 }));
	temporary_folder_delete(place->path);
	assert_int_equal(symlink("/dev/null", place->path), 0);
	place_refused(place, TCHAT_ERR_SYSTEM, "ot a directory"); /* the system's words */
	assert_int_equal(unlink(place->path), 0);
	place_free(place);
}

/* --- Both threads at work */

enum { WAVES = 150, READS = 4 };

static void reads_beside_a_busy_writer_see_one_moment_each(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ .durability = STORE_PROCESS });
	uint64_t room = open_room(store, "a", true, 0).id, counter = 0, seen = 0;
	struct store_read reads[READS] = { 0 };
	struct store_device device = { .request = { .type = STORE_DEVICE }, .device = 8, .lowest_unsettled = 1 };
	open_device(store, 7, 1);
	struct round *r = round_new(room, 0);
	for (int wave = 0; wave < WAVES; wave++) {
		uint64_t before = counter;
		r->batch.post_count = r->parts[0].block->length = 0;
		for (int i = 0; i < 20; i++)
			round_add(r, 0, 7, ++counter, KIND_TEXT, "some words", 0);
		store_submit(store, &r->batch.request);
		for (int i = 0; i < READS; i++) {
			reads[i] = (struct store_read){ .request = { .type = STORE_READ }, .room = room, .limit = 100,
				                        .from = i % 2 == 0 ? 0 : 1, .forward = i % 2 != 0,
				                        .max_bytes = 1 << 16 };
			store_submit(store, &reads[i].request);
		}
		store_submit(store, &device.request);
		store_release(store, STORE_DEVICE, 8);
		int next_read = 0;
		for (int i = 0; i < 2 + READS; i++) {
			struct store_request *request = completion(store);
			assert_int_equal(request->error, 0);
			if (request->type != STORE_READ)
				continue;
			struct store_read *read = (struct store_read *)request;
			assert_ptr_equal(read, &reads[next_read++]);
			assert_true(read->head >= before && read->head >= seen && read->head % 20 == 0);
			seen = read->head;
			assert_true(read->forward || read->last == read->head);
			block_give(read->records);
		}
		assert_int_equal(r->parts[0].head, counter);
	}
	round_free(r);
	store_free(store);
	place_free(place);
}

static void what_waits_at_the_end_is_the_callers_again(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	post(store, room, 7, 1, "x");
	struct store_read reads[READS] = { 0 };
	for (int i = 0; i < READS; i++) {
		reads[i] = (struct store_read){ .request = { .type = STORE_READ }, .room = room, .limit = 9, .max_bytes = 999 };
		store_submit(store, &reads[i].request);
	}
	store_free(store);
	for (int i = 0; i < READS; i++)
		assert_null(reads[i].records);
	place_free(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restart_keeps_rooms_messages_topics_marks_and_outcomes),
		cmocka_unit_test(a_killed_host_keeps_all_and_folds_in_its_log_at_the_next_start),
		cmocka_unit_test(a_host_killed_with_less_than_full_durability_gets_new_epochs),
		cmocka_unit_test(a_history_that_was_put_back_or_copied_gets_new_epochs),
		cmocka_unit_test(lives_that_end_at_their_start_are_no_older_history),
		cmocka_unit_test(a_device_that_knows_more_than_a_history_put_back_goes_on_from_there),
		cmocka_unit_test(the_host_stays_the_same_one),
		cmocka_unit_test(a_second_host_is_refused_until_the_first_one_ends),
		cmocka_unit_test(other_files_and_newer_formats_are_refused_and_left_alone),
		cmocka_unit_test(a_history_whose_numbers_make_no_sense_is_refused),
		cmocka_unit_test(an_older_format_is_brought_up_once_with_all_that_is_in_it),
		cmocka_unit_test(a_format_that_cannot_be_brought_up_is_left_alone),
		cmocka_unit_test(what_others_may_look_into_is_refused),
		cmocka_unit_test(reads_beside_a_busy_writer_see_one_moment_each),
		cmocka_unit_test(what_waits_at_the_end_is_the_callers_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
