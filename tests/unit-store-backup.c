/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store: copies of a history at work. */
#include "store/memory.h"
#include "store/sqlite_look.h"
#include "store-folder.h"

#include <sqlite3.h>

#define NOON (UINT64_C(1763726730) * 1000000) /* 2025-11-21T12:05:30Z */
static const char name[] = "backup-20251121T120530Z";

static struct store_backup back_up(struct store *store, int err)
{
	struct store_backup backup = { .request = { .type = STORE_BACKUP }, .time = NOON };
	run(store, &backup.request, err);
	return backup;
}

static const char *path_of(const struct place *place, const char *below)
{
	static char path[512];
	snprintf(path, sizeof path, "%s/%s", place->path, below);
	return path;
}

static bool is_there(const struct place *place, const char *below)
{
	struct stat status;
	return stat(path_of(place, below), &status) == 0;
}

static void remove_copies(const struct place *place)
{
	temporary_folder_delete(path_of(place, name));
	temporary_folder_delete(path_of(place, "backup-unfinished"));
}

static void count_fault(void *arg, const char *text)
{
	++*(int *)arg;
}

/* How many messages the copy has; it is without a fault. */
static uint64_t messages_in(const struct place *place)
{
	char why[LOOK_WHY_SIZE] = "";
	struct look *look;
	struct look_counts counts;
	int faults = 0;
	if (look_open(&look, path_of(place, name), why) != 0)
		fail_msg("%s", why);
	assert_int_equal(look_check(look, &counts, count_fault, &faults), 0);
	look_close(look);
	assert_int_equal(faults, 0);
	return counts.messages;
}

static uint64_t say(struct store *store, uint64_t from, uint64_t count)
{
	struct store_room room = open_room(store, "lobby", true, 0);
	open_device(store, 7, 1);
	for (uint64_t i = from; i < from + count; i++)
		post_at(store, room.id, 7, i, "hello", 12345, 0);
	return room.id;
}

static void a_copy_has_all_that_was_accepted_and_is_read_through(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	say(store, 1, 10);
	struct store_backup backup = back_up(store, 0);
	assert_string_equal(backup.name, name);
	assert_string_equal(backup.why, "");
	assert_int_equal(backup.messages, 10);
	assert_true(backup.bytes > 0);
	assert_int_equal(messages_in(place), 10);
	/* One file, for its owner alone, without a log beside it. */
	struct stat status;
	assert_int_equal(stat(path_of(place, "backup-20251121T120530Z/history.db"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(status.st_size, (off_t)backup.bytes);
	assert_false(is_there(place, "backup-20251121T120530Z/history.db-wal"));
	assert_false(is_there(place, "backup-unfinished"));
	/* The host goes on; its copy stays what it was. */
	say(store, 11, 5);
	assert_int_equal(messages_in(place), 10);
	store_free(store);
	remove_copies(place);
	place_free(place);
}

static void posts_go_on_while_a_copy_is_made(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ .durability = STORE_PROCESS });
	uint64_t room = say(store, 1, 300);
	struct store_backup backup = { .request = { .type = STORE_BACKUP }, .time = NOON };
	store_submit(store, &backup.request);
	bool made = false;
	for (uint64_t i = 301; i <= 400; i++) {
		struct round *r = round_new(room, 0);
		struct store_post *post = round_add(r, 0, 7, i, KIND_TEXT, "meanwhile", 0);
		store_submit(store, &r->batch.request);
		struct store_request *done = completion(store);
		if (done == &backup.request) {
			made = true;
			done = completion(store);
		}
		assert_ptr_equal(done, &r->batch.request);
		assert_int_equal(done->error, 0);
		assert_int_equal(post->outcome, STORE_ACCEPTED);
		round_free(r);
	}
	if (!made)
		assert_ptr_equal(completion(store), &backup.request);
	assert_int_equal(backup.request.error, 0);
	assert_in_range(backup.messages, 300, 400);
	assert_int_equal(messages_in(place), backup.messages);
	store_free(store);
	remove_copies(place);
	place_free(place);
}

static void what_was_begun_and_not_finished_is_cleared(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	say(store, 1, 3);
	assert_int_equal(mkdir(path_of(place, "backup-unfinished"), 0700), 0);
	int fd = open(path_of(place, "backup-unfinished/history.db"), O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	back_up(store, 0);
	assert_int_equal(messages_in(place), 3);
	store_free(store);
	remove_copies(place);
	place_free(place);
}

static void a_copy_takes_no_others_place(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	say(store, 1, 3);
	back_up(store, 0);
	say(store, 4, 3);
	struct store_backup second = back_up(store, TCHAT_ERR_SYSTEM);
	assert_non_null(strstr(second.why, name));
	assert_int_equal(messages_in(place), 3);
	assert_false(is_there(place, "backup-unfinished"));
	store_free(store);
	remove_copies(place);
	place_free(place);
}

static void a_copy_with_a_fault_is_none(void **state)
{
	struct place *place = place_new();
	sqlite3 *handle;
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	say(store, 1, 9);
	assert_int_equal(sqlite3_open(place->database, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, "DELETE FROM message WHERE id = (SELECT max(id) - 3 FROM message)", NULL, NULL, NULL),
	                 SQLITE_OK);
	sqlite3_close(handle);
	struct store_backup backup = back_up(store, TCHAT_ERR_SYSTEM);
	assert_non_null(strstr(backup.why, "missing"));
	assert_false(is_there(place, name));
	assert_false(is_there(place, "backup-unfinished"));
	store_free(store);
	place_free(place);
}

static void a_store_that_ends_waits_for_no_copy(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ .durability = STORE_PROCESS });
	say(store, 1, 200);
	struct store_backup backup = { .request = { .type = STORE_BACKUP }, .time = NOON };
	store_submit(store, &backup.request);
	store_free(store);
	assert_true(backup.request.error == 0 || backup.request.error == TCHAT_ERR_CANCELLED);
	assert_false(is_there(place, "backup-unfinished"));
	assert_int_equal(is_there(place, name), backup.request.error == 0);
	remove_copies(place);
	place_free(place);
}

static void by_hand_it_is_done_at_once(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ .by_hand = true });
	struct store_backup backup = { .request = { .type = STORE_BACKUP }, .time = NOON };
	store_submit(store, &backup.request);
	assert_ptr_equal(store_completed(store), &backup.request);
	assert_int_equal(backup.request.error, 0);
	assert_int_equal(messages_in(place), 0);
	store_free(store);
	remove_copies(place);
	place_free(place);
}

static void memory_has_nothing_to_copy(void **state)
{
	struct store *store = listen_to(store_memory_new(&(struct store_memory_config){ 0 }));
	back_up(store, TCHAT_ERR_NOT_KEPT);
	store_free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_has_all_that_was_accepted_and_is_read_through),
		cmocka_unit_test(posts_go_on_while_a_copy_is_made),
		cmocka_unit_test(what_was_begun_and_not_finished_is_cleared),
		cmocka_unit_test(a_copy_takes_no_others_place),
		cmocka_unit_test(a_copy_with_a_fault_is_none),
		cmocka_unit_test(a_store_that_ends_waits_for_no_copy),
		cmocka_unit_test(by_hand_it_is_done_at_once),
		cmocka_unit_test(memory_has_nothing_to_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
