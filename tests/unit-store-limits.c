/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store: how much the durable back end keeps, and what it lets go. */
#include "store-sql.h"

/* Until the room's floor is that, as what is deleted goes in steps; each read gives the writer time. */
static void expect_floor(struct store *store, uint64_t room, uint64_t floor)
{
	time_t end = time(NULL) + PATIENCE;
	struct store_read read;
	do {
		read = read_room(store, room, 0, 0, 0, false);
	} while (read.floor != floor && time(NULL) < end);
	assert_int_equal(read.floor, floor);
}

static void a_room_keeps_so_many_records(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	struct round *r = round_new(room, 0);
	for (uint64_t i = 1; i <= 1280; i++) {
		round_add(r, 0, 7, i, KIND_TEXT, "x", 0);
		if (i % POSTS != 0)
			continue;
		run(store, &r->batch.request, 0);
		r->batch.post_count = r->parts[0].block->length = 0;
	}
	store_free(store);
	/* With a limit from now on, the room shrinks though nobody is in it; then it stays so. */
	store = place_open(place, (struct store_sqlite_config){ .keep_count = 10 });
	expect_floor(store, room, 1271);
	assert_int_equal(open_device(store, 7, 1), 1280);
	assert_int_equal(open_room(store, "a", false, 0).floor, 1271);
	for (uint64_t i = 1281; i <= 1300; i++)
		post(store, room, 7, i, "x");
	expect_read(store, room, 1, 256, true, 1291, 1300, false);
	/* The text is gone, but not what was decided about it. */
	expect_outcome(store, room, 1285, "x", 0, STORE_DUPLICATE, 1285);
	/* And with a narrower one while it is open, in which nobody speaks. */
	store_sqlite_keep(store, 4, 0, 0);
	expect_floor(store, room, 1297);
	store_sqlite_keep(store, 10, 0, 0);
	round_free(r);
	store_free(store);
	assert_int_equal(sql_number(place, "SELECT count(*) FROM message"), 4);
	place_free(place);
}

static tchat_time wall;

static tchat_time test_wall(void *arg)
{
	return wall;
}

static void test_random(void *arg, void *bytes, size_t length)
{
	environment_system.random(environment_system.arg, bytes, length);
}

static const struct environment test_environment = { test_wall, test_random, NULL };

static void what_is_too_old_goes_with_later_messages(void **state)
{
	struct place *place = place_new();
	wall = TCHAT_SECONDS(1000000);
	struct store *store = place_open(place, (struct store_sqlite_config){ .environment = &test_environment,
	                                                                      .keep_age = TCHAT_SECONDS(100) });
	uint64_t room = open_room(store, "a", true, 0).id, quiet = open_room(store, "b", true, 0).id;
	open_device(store, 7, 1);
	post_at(store, quiet, 7, 1, "old", wall, 0);
	for (uint64_t i = 2; i <= 200; i++) {
		wall += TCHAT_SECONDS(1);
		post_at(store, room, 7, i, "x", wall, 0);
	}
	/* Seqs 1 to 199, a second apart: those of the last 100 seconds are kept. */
	expect_floor(store, room, 99);
	expect_floor(store, quiet, 2);
	/* The clock jumps a year: one message must not sweep out all others. */
	wall += TCHAT_SECONDS(365 * 86400);
	post_at(store, room, 7, 201, "x", wall, 0);
	struct store_read read = read_room(store, room, 0, 0, 0, false);
	assert_in_range(read.floor, 100, 130);
	store_free(store);
	place_free(place);
}

static void all_rooms_together_keep_so_many_bytes(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ .keep_bytes = 1 << 20 });
	uint64_t room = open_room(store, "a", true, 0).id, other = open_room(store, "b", true, 0).id;
	char text[8001] = { 0 };
	memset(text, 'x', 8000);
	open_device(store, 7, 1);
	for (uint64_t i = 1; i <= 500; i++)
		post_at(store, i <= 20 ? other : room, 7, i, text, i, 0);
	expect_floor(store, other, 21); /* the oldest go first */
	struct store_read read = read_room(store, room, 0, 0, 0, false);
	assert_in_range(read.head - read.floor + 1, 60, 130);
	store_free(store);
	assert_in_range(file_size(place, "history.db"), 1 << 19, 3 << 19);
	place_free(place);
}

static void settled_outcomes_leave_the_database(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ .outcomes = 100 });
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	for (uint64_t i = 1; i <= 300; i++)
		post(store, room, 7, i, "x");
	store_free(store);
	assert_in_range(sql_number(place, "SELECT count(*) FROM outcome"), 100, 170);
	store = place_open(place, (struct store_sqlite_config){ .outcomes = 100 });
	open_device(store, 7, 290);
	expect_outcome(store, room, 289, "x", 0, STORE_CLONED, 0);
	expect_outcome(store, room, 290, "x", 0, STORE_DUPLICATE, 290);
	store_free(store);
	assert_int_equal(sql_number(place, "SELECT count(*) FROM outcome"), 11);
	place_free(place);
}

static void say_one_beside_records(struct store *store)
{
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	/* Whatever queued together is one transaction, in this order. */
	struct store_record first = { .request = { .type = STORE_RECORD }, .kind = 1, .key = "k", .key_length = 1,
		                      .value = "old", .length = 3 }, second = first;
	second.value = "new";
	struct round *r = round_new(room, 0);
	round_add(r, 0, 7, 1, KIND_TEXT, "x", 0);
	store_submit(store, &first.request);
	store_submit(store, &r->batch.request);
	store_submit(store, &second.request);
	assert_ptr_equal(completion(store), &first.request);
	assert_ptr_equal(completion(store), &r->batch.request);
	assert_ptr_equal(completion(store), &second.request);
	round_free(r);
}

static void records_outlive_a_killed_host_and_are_bounded(void **state)
{
	struct place *place = place_new();
	killed_after(place, (struct store_sqlite_config){ 0 }, say_one_beside_records);
	struct store *store = place_open(place, (struct store_sqlite_config){ .records = 2 });
	expect_records(store, "1 k=new;");
	assert_int_equal(open_room(store, "a", false, 0).head, 1);
	put_record(store, 1, "l", "1", 0);
	put_record(store, 1, "m", "1", TCHAT_ERR_FULL);
	put_record(store, 1, "l", "2", 0);
	put_record(store, 1, "k", NULL, 0);
	put_record(store, 1, "m", "3", 0);
	store_free(store);
	store = place_open(place, (struct store_sqlite_config){ .records = 2 });
	expect_records(store, "1 l=2;1 m=3;");
	put_record(store, 1, "n", "4", TCHAT_ERR_FULL);
	store_free(store);
	place_free(place);
}

static void devices_and_rooms_are_bounded(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ .rooms = 2, .devices = 4, .open_devices = 2 });
	uint64_t a = open_room(store, "a", true, 0).id, b = open_room(store, "b", true, 0).id;
	open_room(store, "c", true, TCHAT_ERR_TOO_MANY_ROOMS);
	open_device(store, 1, 1);
	open_device(store, 2, 1);
	struct store_device third = { .request = { .type = STORE_DEVICE }, .device = 3, .lowest_unsettled = 1 };
	run(store, &third.request, TCHAT_ERR_BUSY);
	/* Opened twice and released once is open still. */
	open_device(store, 1, 1);
	store_release(store, STORE_DEVICE, 1);
	post(store, a, 1, 1, "x");
	store_release(store, STORE_DEVICE, 1);
	for (uint64_t device = 3; device <= 10; device++) {
		open_device(store, device, 1);
		post(store, a, device, 1, "x");
		store_release(store, STORE_DEVICE, device);
	}
	/* A room of which something is kept stays, an empty one makes place when nobody is in it. */
	store_release(store, STORE_ROOM, a);
	open_room(store, "c", true, TCHAT_ERR_TOO_MANY_ROOMS);
	store_release(store, STORE_ROOM, b);
	assert_int_equal(open_room(store, "c", true, 0).id, 3);
	open_room(store, "b", false, TCHAT_ERR_NO_ROOM);
	store_free(store);
	assert_in_range(sql_number(place, "SELECT count(*) FROM device"), 1, 4);
	place_free(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_room_keeps_so_many_records),
		cmocka_unit_test(what_is_too_old_goes_with_later_messages),
		cmocka_unit_test(all_rooms_together_keep_so_many_bytes),
		cmocka_unit_test(settled_outcomes_leave_the_database),
		cmocka_unit_test(devices_and_rooms_are_bounded),
		cmocka_unit_test(records_outlive_a_killed_host_and_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
