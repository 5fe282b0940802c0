/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store: the durable back end on a disk that is full, or that fails. */
#include "fault_vfs.h"
#include "store-folder.h"

#include <sqlite3.h>

enum { BEFORE = 5 };

/* A place whose history has some messages of device 7 in room a, on the failing layer. */
struct bench {
	struct place *place;
	struct store *store;
	uint64_t room;
};

static struct bench bench_new(struct store_sqlite_config config)
{
	struct bench b = { .place = place_new() };
	config.vfs = FAULT_VFS;
	b.store = place_open(b.place, config);
	b.room = open_room(b.store, "a", true, 0).id;
	open_device(b.store, 7, 1);
	for (uint64_t i = 1; i <= BEFORE; i++)
		post(b.store, b.room, 7, i, "before");
	return b;
}

static void healed(void)
{
	faults.write = faults.full = faults.sync = faults.read = 0;
}

/* Without the faults: what was accepted is there, once; counter is decided now, if it was not before. */
static void expect_recovery(struct bench *b, uint64_t counter, const char *text)
{
	healed();
	store_free(b->store);
	b->store = place_open(b->place, (struct store_sqlite_config){ 0 });
	uint64_t mark = open_device(b->store, 7, 1), head = open_room(b->store, "a", false, 0).head;
	assert_in_range(mark, counter - 1, counter);
	assert_int_equal(head, mark);
	struct store_post again = post_at(b->store, b->room, 7, counter, text, 12345, 0);
	assert_int_equal(again.outcome, mark == counter ? STORE_DUPLICATE : STORE_ACCEPTED);
	assert_int_equal(again.seq, counter);
	expect_read(b->store, b->room, 1, 256, true, 1, counter, false);
	store_free(b->store);
	place_free(b->place);
}

static void on_a_full_disk_nothing_changes_and_all_can_be_read(void **state)
{
	struct bench b = bench_new((struct store_sqlite_config){ .records = 2 });
	put_record(b.store, 1, "ann", "red", 0);
	faults.full = FAULT_LOG | FAULT_DATABASE;
	for (int i = 0; i < 3; i++)
		post_at(b.store, b.room, 7, BEFORE + 1, "now", 12345, TCHAT_ERR_NO_SPACE);
	assert_null(store_sqlite_failure(b.store));
	expect_read(b.store, b.room, 1, 256, true, 1, BEFORE, false);
	assert_int_equal(open_device(b.store, 7, 1), BEFORE);
	assert_int_equal(open_device(b.store, 8, 1), 0);
	assert_int_equal(open_room(b.store, "a", true, 0).head, BEFORE);
	open_room(b.store, "new", true, TCHAT_ERR_BUSY);
	put_record(b.store, 1, "ann", "blue", TCHAT_ERR_NO_SPACE);
	put_record(b.store, 1, "new", "blue", TCHAT_ERR_NO_SPACE);
	put_record(b.store, 1, "ann", NULL, TCHAT_ERR_NO_SPACE);
	healed();
	expect_records(b.store, "1 ann=red;");
	put_record(b.store, 1, "new", "blue", 0);
	put_record(b.store, 1, "newer", "blue", TCHAT_ERR_FULL);
	/* There is room again: it goes on as if nothing had been. */
	assert_int_equal(open_room(b.store, "new", true, 0).id, 2);
	assert_int_equal(post_at(b.store, b.room, 7, BEFORE + 1, "now", 12345, 0).seq, BEFORE + 1);
	post(b.store, b.room, 8, 1, "somebody else");
	expect_read(b.store, b.room, 1, 256, true, 1, BEFORE + 2, false);
	store_free(b.store);
	place_free(b.place);
}

/* One transaction makes the room and opens it for somebody else; nothing of it comes about. */
static void a_room_that_was_not_made_is_not_opened_for_anybody(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ .vfs = FAULT_VFS, .by_hand = true });
	struct store_room rooms[2];
	for (int i = 0; i < 2; i++) {
		rooms[i] = (struct store_room){ .request = { .type = STORE_ROOM }, .kind = ROOM_PUBLIC, .create = true };
		strcpy(rooms[i].key, "new");
		strcpy(rooms[i].name, "new");
		store_submit(store, &rooms[i].request);
	}
	faults.full = FAULT_LOG;
	store_sqlite_write(store);
	for (int i = 0; i < 2; i++) {
		assert_ptr_equal(store_completed(store), &rooms[i].request);
		assert_int_equal(rooms[i].request.error, TCHAT_ERR_BUSY);
	}
	faults.full = 0;
	store_submit(store, &rooms[1].request);
	store_sqlite_write(store);
	assert_ptr_equal(store_completed(store), &rooms[1].request);
	assert_int_equal(rooms[1].request.error, 0);
	assert_true(rooms[1].created);
	store_free(store);
	place_free(place);
}

static void a_database_at_its_limit_is_a_full_disk(void **state)
{
	struct bench b = bench_new((struct store_sqlite_config){ .most_bytes = 256 << 10 });
	char text[4001] = { 0 };
	uint64_t counter = BEFORE, time = 0;
	int err = 0;
	memset(text, 'x', 4000);
	while (err == 0 && counter < 200) {
		struct round *r = round_new(b.room, 0);
		r->batch.time = ++time;
		round_add(r, 0, 7, ++counter, KIND_TEXT, text, 0);
		store_submit(b.store, &r->batch.request);
		err = completion(b.store)->error;
		round_free(r);
	}
	assert_int_equal(err, TCHAT_ERR_NO_SPACE);
	assert_in_range(counter, 20, 70);
	expect_read(b.store, b.room, counter - 1, 1, true, counter - 1, counter - 1, false);
	expect_recovery(&b, counter, text);
}

/* From the failure on the store refuses all, flushes nothing, and says why. */
static void expect_failed(struct bench *b, struct store_request *request)
{
	assert_int_equal(request->error, request->type == STORE_BATCH ? TCHAT_ERR_SYSTEM : TCHAT_ERR_BUSY);
	const char *failure = store_sqlite_failure(b->store);
	assert_non_null(failure);
	assert_non_null(strstr(failure, b->place->path));
	assert_null(strchr(failure, '\n'));
	unsigned syncs = faults.syncs, writes = faults.writes;
	post_at(b->store, b->room, 7, BEFORE + 2, "later", 12345, TCHAT_ERR_SYSTEM);
	struct store_read read = { .request = { .type = STORE_READ }, .room = b->room, .limit = 1, .max_bytes = 999 };
	run(b->store, &read.request, TCHAT_ERR_BUSY);
	put_record(b->store, 1, "ann", "red", TCHAT_ERR_SYSTEM);
	struct store_device device = { .request = { .type = STORE_DEVICE }, .device = 9, .lowest_unsettled = 1 };
	run(b->store, &device.request, TCHAT_ERR_BUSY);
	store_free(b->store);
	assert_int_equal(faults.syncs, syncs);
	assert_int_equal(faults.writes, writes);
	b->store = NULL;
}

static void a_failed_flush_or_write_ends_it_and_is_never_repeated(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct bench b = bench_new((struct store_sqlite_config){ 0 });
		atomic_store(i == 0 ? &faults.sync : &faults.write, FAULT_LOG);
		struct round *r = round_new(b.room, 0);
		round_add(r, 0, 7, BEFORE + 1, KIND_TEXT, "now", 0);
		store_submit(b.store, &r->batch.request);
		expect_failed(&b, completion(b.store));
		round_free(r);
		expect_recovery(&b, BEFORE + 1, "now");
	}
}

static void a_failed_read_ends_it(void **state)
{
	struct bench b = bench_new((struct store_sqlite_config){ 0 });
	/* From a fresh start the reader has nothing in memory. */
	store_free(b.store);
	b.store = place_open(b.place, (struct store_sqlite_config){ .vfs = FAULT_VFS });
	open_device(b.store, 7, 1);
	open_room(b.store, "a", true, 0);
	faults.read = FAULT_LOG | FAULT_DATABASE;
	struct store_read read = { .request = { .type = STORE_READ }, .room = b.room, .limit = 1, .max_bytes = 999 };
	store_submit(b.store, &read.request);
	expect_failed(&b, completion(b.store));
	expect_recovery(&b, BEFORE + 1, "now");
}

/* The log is long: it is folded into the database, which fails while nothing is asked. The callback still comes. */
static void a_failed_checkpoint_ends_it(void **state)
{
	struct bench b = bench_new((struct store_sqlite_config){ 0 });
	char text[16001] = { 0 };
	memset(text, 'x', 16000);
	faults.sync = FAULT_DATABASE;
	uint64_t counter = BEFORE;
	struct round *r = round_new(b.room, 0);
	int err = 0;
	while (err == 0 && counter < 4000) {
		r->batch.post_count = r->parts[0].block->length = 0;
		for (int i = 0; i < 32; i++)
			round_add(r, 0, 7, ++counter, KIND_TEXT, text, 0);
		store_submit(b.store, &r->batch.request);
		err = completion(b.store)->error;
	}
	assert_int_equal(err, TCHAT_ERR_SYSTEM);
	assert_non_null(store_sqlite_failure(b.store));
	healed();
	store_free(b.store);
	b.store = place_open(b.place, (struct store_sqlite_config){ 0 });
	assert_int_equal(open_room(b.store, "a", false, 0).head, counter - 32);
	round_free(r);
	store_free(b.store);
	place_free(b.place);
}

/* Without one, a power cut may undo what was committed last. */
static void a_log_that_cannot_be_made_is_told(void **state)
{
	struct bench b = bench_new((struct store_sqlite_config){ 0 });
	struct store *store;
	char why[STORE_WHY_SIZE];
	sqlite3 *handle;
	store_free(b.store);
	assert_int_equal(sqlite3_open(b.place->database, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
	faults.sync = FAULT_DATABASE;
	faults.once = 1;
	const struct store_sqlite_config config = { .directory = b.place->path, .vfs = FAULT_VFS };
	assert_int_equal(store_sqlite_open(&store, &config, why), TCHAT_ERR_SYSTEM);
	assert_int_equal(faults.sync, 0);
	faults.once = 0;
	b.store = place_open(b.place, (struct store_sqlite_config){ 0 });
	expect_recovery(&b, BEFORE + 1, "now");
}

static void a_disk_that_fails_at_the_start_is_told(void **state)
{
	struct bench b = bench_new((struct store_sqlite_config){ 0 });
	static const unsigned kinds[] = { FAULT_LOG, FAULT_DATABASE };
	char why[STORE_WHY_SIZE];
	store_free(b.store);
	const struct store_sqlite_config config = { .directory = b.place->path, .vfs = FAULT_VFS };
	for (int i = 0; i < 2; i++) {
		faults.sync = kinds[i];
		struct store *store;
		int err = store_sqlite_open(&store, &config, why);
		if (i == 0) {
			assert_int_equal(err, TCHAT_ERR_SYSTEM);
			assert_non_null(strstr(why, b.place->database));
		} else {
			store_free(store); /* with an empty log there is nothing to fold in */
		}
		healed();
	}
	faults.read = FAULT_DATABASE;
	struct store *store;
	assert_int_equal(store_sqlite_open(&store, &config, why), TCHAT_ERR_SYSTEM);
	faults.read = 0;
	b.store = place_open(b.place, (struct store_sqlite_config){ .vfs = FAULT_VFS });
	expect_recovery(&b, BEFORE + 1, "now");
}

static int group_setup(void **state)
{
	fault_vfs_register();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_full_disk_nothing_changes_and_all_can_be_read),
		cmocka_unit_test(a_room_that_was_not_made_is_not_opened_for_anybody),
		cmocka_unit_test(a_database_at_its_limit_is_a_full_disk),
		cmocka_unit_test(a_failed_flush_or_write_ends_it_and_is_never_repeated),
		cmocka_unit_test(a_failed_read_ends_it),
		cmocka_unit_test(a_failed_checkpoint_ends_it),
		cmocka_unit_test(a_log_that_cannot_be_made_is_told),
		cmocka_unit_test(a_disk_that_fails_at_the_start_is_told),
	};
	return cmocka_run_group_tests(tests, group_setup, NULL);
}
