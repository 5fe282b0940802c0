/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store: what both back ends decide and read alike, and a disk that is full; the memory back end's ring and bounds. */
#include "config.h"

#include "back-ends.h"

#include <signal.h>
#include <sys/resource.h>

static struct store *store_of(struct store_memory_config config)
{
	return listen_to(store_memory_new(&config));
}

static void a_room_is_made_once(void **state)
{
	struct store *store = store_new(state, 0);
	open_room(store, "a", false, TCHAT_ERR_NO_ROOM);
	struct store_room a = open_room(store, "a", true, 0), b = open_room(store, "b", true, 0);
	assert_true(a.created);
	assert_int_equal(a.id, 1);
	assert_int_equal(b.id, 2);
	assert_int_not_equal(a.epoch, 0);
	assert_int_not_equal(a.epoch, b.epoch);
	assert_int_equal(a.floor, 1);
	assert_int_equal(a.head, 0);
	struct store_room again = open_room(store, "a", true, 0);
	assert_false(again.created);
	assert_int_equal(again.id, a.id);
	assert_int_equal(again.epoch, a.epoch);
	store_end(state, store);
}

static void each_post_gets_its_outcome_and_the_same_one_again(void **state)
{
	struct store *store = store_new(state, 0);
	uint64_t room = open_room(store, "a", true, 0).id, other = open_room(store, "b", true, 0).id;
	assert_int_equal(open_device(store, 7, 5), 4);
	assert_int_equal(open_device(store, 8, 1), 0);
	struct round *r = round_new(room, other);
	struct store_post *p[8];
	p[0] = round_add(r, 0, 7, 5, KIND_TEXT, "five", 0);
	p[1] = round_add(r, 1, 8, 1, KIND_TEXT, "one", 0);
	p[2] = round_add(r, 0, 7, 5, KIND_TEXT, "five", 0);
	p[3] = round_add(r, 0, 7, 5, KIND_TEXT, "other", 0);
	p[4] = round_add(r, 0, 7, 8, KIND_TEXT, "hole", 0);
	p[5] = round_add(r, 0, 7, 6, KIND_TEXT, "refused", TCHAT_ERR_BAD_TEXT);
	p[6] = round_add(r, 0, 7, 7, KIND_TEXT, "seven", 0);
	p[7] = round_add(r, 0, 99, 1, KIND_TEXT, "nobody", 0);
	static const enum store_outcome outcomes[] = { STORE_ACCEPTED, STORE_ACCEPTED, STORE_DUPLICATE, STORE_CLONED,
		                                       STORE_HOLE, STORE_REFUSED, STORE_ACCEPTED, STORE_HOLE };
	static const bool fresh[] = { true, true, false, false, false, true, true, false };
	run(store, &r->batch.request, 0);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(p[i]->outcome, outcomes[i]);
		assert_int_equal(p[i]->fresh, fresh[i]);
	}
	assert_int_equal(p[0]->seq, 1);
	assert_int_equal(p[1]->seq, 1);
	assert_int_equal(p[2]->seq, 1);
	assert_int_equal(p[2]->time, 12345);
	assert_int_equal(p[5]->code, -TCHAT_ERR_BAD_TEXT);
	assert_int_equal(p[6]->seq, 2);
	assert_int_equal(r->parts[0].head, 2);
	assert_int_equal(r->parts[1].head, 1);
	assert_int_equal(wire_get(r->parts[0].block->bytes + p[6]->offset + FRAME_HEADER + MSG_SEQ, 8), 2);
	assert_int_equal(wire_get(r->parts[0].block->bytes + p[6]->offset + FRAME_HEADER + MSG_TIME, 8), 12345);
	/* All of it again, in a later round, with other refusals: nothing changes. */
	r->parts[0].block->length = r->parts[1].block->length = 0;
	r->batch.post_count = 0;
	p[0] = round_add(r, 0, 7, 6, KIND_TEXT, "refused", 0);
	p[1] = round_add(r, 0, 7, 7, KIND_TEXT, "seven", TCHAT_ERR_NOT_MEMBER);
	run(store, &r->batch.request, 0);
	assert_int_equal(p[0]->outcome, STORE_REFUSED);
	assert_int_equal(p[0]->code, -TCHAT_ERR_BAD_TEXT);
	assert_int_equal(p[1]->outcome, STORE_DUPLICATE);
	assert_int_equal(p[1]->seq, 2);
	/* What only asks is told, whatever it holds itself. */
	r->parts[0].block->length = 0;
	r->batch.post_count = 0;
	p[0] = round_add(r, 0, 7, 6, KIND_VOID, "", TCHAT_ERR_CANCELLED);
	p[1] = round_add(r, 0, 7, 7, KIND_VOID, "", TCHAT_ERR_CANCELLED);
	p[0]->asks = p[1]->asks = true;
	run(store, &r->batch.request, 0);
	assert_int_equal(p[0]->outcome, STORE_REFUSED);
	assert_int_equal(p[0]->code, -TCHAT_ERR_BAD_TEXT);
	assert_int_equal(p[1]->outcome, STORE_DUPLICATE);
	assert_int_equal(p[1]->seq, 2);
	assert_int_equal(open_device(store, 7, 8), 7);
	expect_read(store, room, 1, 10, true, 1, 2, false);
	round_free(r);
	store_end(state, store);
}

static void settled_and_too_many_outcomes_are_forgotten(void **state)
{
	struct store *store = store_new(state, 16);
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	for (uint64_t i = 1; i <= 40; i++)
		post(store, room, 7, i, "x");
	static const struct {
		uint64_t settled, counter;
		enum store_outcome outcome;
	} cases[] = { { 1, 24, STORE_CLONED }, { 1, 25, STORE_DUPLICATE }, { 30, 29, STORE_CLONED },
		      { 30, 30, STORE_DUPLICATE }, { 41, 40, STORE_CLONED } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(open_device(store, 7, cases[i].settled), 40);
		struct round *r = round_new(room, 0);
		struct store_post *p = round_add(r, 0, 7, cases[i].counter, KIND_TEXT, "x", 0);
		run(store, &r->batch.request, 0);
		assert_int_equal(p->outcome, cases[i].outcome);
		round_free(r);
	}
	post(store, room, 7, 41, "x");
	store_end(state, store);
}

static void reads_run_both_ways_within_their_bounds(void **state)
{
	struct store *store = store_new(state, 0);
	uint64_t room = open_room(store, "a", true, 0).id, other = open_room(store, "b", true, 0).id;
	open_device(store, 7, 1);
	expect_read(store, room, 0, 10, false, 0, 0, false);
	expect_read(store, room, 1, 10, true, 0, 0, false);
	/* Records of two rooms lie between one another in the spool. */
	for (uint64_t i = 1; i <= 40; i++)
		post(store, i % 2 == 0 ? room : other, 7, i, "0123456789");
	expect_read(store, room, 0, 5, false, 16, 20, true);
	expect_read(store, room, 16, 100, false, 1, 15, false);
	expect_read(store, room, 1, 5, false, 0, 0, false);
	expect_read(store, room, 21, 1, false, 20, 20, true);
	expect_read(store, room, 99, 1, false, 20, 20, true);
	expect_read(store, room, 0, 7, true, 1, 7, true);
	expect_read(store, room, 14, 7, true, 14, 20, false);
	expect_read(store, room, 21, 7, true, 0, 0, false);
	expect_read(store, room, 5, 0, true, 0, 0, true);
	struct store_read read = read_room(store, room, 3, 100, 3 * (RECORD + 10) + 5, true);
	assert_int_equal(read.first, 3);
	assert_int_equal(read.last, 5);
	assert_true(read.more);
	block_give(read.records);
	read = read_room(store, room, 9, 100, 3 * (RECORD + 10), false);
	assert_int_equal(read.first, 6);
	assert_int_equal(read.last, 8);
	block_give(read.records);
	struct store_read none = { .request = { .type = STORE_READ }, .room = 99, .limit = 1, .max_bytes = 99 };
	run(store, &none.request, TCHAT_ERR_NO_ROOM);
	store_end(state, store);
}

static void the_ring_wraps_and_rooms_keep_what_is_not_overwritten(void **state)
{
	static const char *const directories[] = { NULL, "/nonexistent" };
	for (int d = 0; d < 2; d++) {
		struct store *store = store_of((struct store_memory_config){ .directory = directories[d], .spool_bytes = 1 << 20 });
		uint64_t room = open_room(store, "a", true, 0).id, quiet = open_room(store, "b", true, 0).id;
		char text[3001] = { 0 };
		uint64_t total = 0, head = 0;
		memset(text, 'x', 3000);
		open_device(store, 7, 1);
		post(store, quiet, 7, 1, "soon gone");
		for (uint64_t i = 2; i <= 2000; i++) {
			text[i * 7919 % 3000] = '\0'; /* of all lengths */
			post(store, room, 7, i, text);
			total += RECORD + strlen(text);
			text[i * 7919 % 3000] = 'x';
			head++;
			if (i % 100 != 0)
				continue;
			struct store_read read = read_room(store, room, 0, 1, 1 << 20, true);
			assert_int_equal(read.head, head);
			assert_true(total < 1 << 20 ? read.floor == 1 : head - read.floor > 300 && read.floor > 1);
			block_give(read.records);
			expect_read(store, room, 0, 40, false, head - 39, head, true);
			expect_read(store, room, read.floor, 40, true, read.floor, read.floor + 39, true);
		}
		struct store_room lost = open_room(store, "b", false, 0);
		assert_int_equal(lost.head, 1);
		assert_int_equal(lost.floor, 2);
		store_free(store);
	}
}

static void a_room_keeps_so_many_records(void **state)
{
	struct store *store = store_of((struct store_memory_config){ .records_per_room = 10 });
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	for (uint64_t i = 1; i <= 35; i++)
		post(store, room, 7, i, "x");
	expect_read(store, room, 1, 100, true, 26, 35, false);
	struct store_room a = open_room(store, "a", false, 0);
	assert_int_equal(a.floor, 26);
	assert_int_equal(a.head, 35);
	store_free(store);
}

static void what_is_not_in_use_makes_place(void **state)
{
	struct store *store = store_of((struct store_memory_config){ .rooms = 2, .devices = 2 });
	uint64_t a = open_room(store, "a", true, 0).id;
	open_room(store, "b", true, 0);
	open_room(store, "c", true, TCHAT_ERR_TOO_MANY_ROOMS);
	store_release(store, STORE_ROOM, a);
	store_release(store, STORE_ROOM, a);
	assert_int_equal(open_room(store, "c", true, 0).id, 3);
	open_room(store, "a", false, TCHAT_ERR_NO_ROOM);
	open_device(store, 1, 10);
	open_device(store, 2, 1);
	struct store_device third = { .request = { .type = STORE_DEVICE }, .device = 3, .lowest_unsettled = 1 };
	run(store, &third.request, TCHAT_ERR_BUSY);
	store_release(store, STORE_DEVICE, 1);
	assert_int_equal(open_device(store, 1, 1), 9); /* known still */
	store_release(store, STORE_DEVICE, 1);
	open_device(store, 3, 1);
	store_release(store, STORE_DEVICE, 2);
	assert_int_equal(open_device(store, 1, 1), 0); /* was forgotten */
	store_free(store);
}

static void a_topic_is_kept_with_its_room(void **state)
{
	struct store *store = store_new(state, 0);
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	struct round *r = round_new(room, 0);
	round_add(r, 0, 7, 1, KIND_TOPIC, "tea", 0);
	round_add(r, 0, 7, 2, KIND_TEXT, "no topic", 0);
	run(store, &r->batch.request, 0);
	assert_string_equal(open_room(store, "a", false, 0).topic, "tea");
	round_free(r);
	store_end(state, store);
}

static void records_are_put_replaced_and_deleted(void **state)
{
	struct store *store = store_new(state, 0);
	expect_records(store, "");
	put_record(store, 1, "ann", "red", 0);
	put_record(store, 2, "ann", "", 0);
	put_record(store, 1, "an", "blue", 0);
	expect_records(store, "1 an=blue;1 ann=red;2 ann=;");
	put_record(store, 1, "ann", "a longer value", 0);
	put_record(store, 2, "nobody", NULL, 0);
	put_record(store, 1, "an", NULL, 0);
	expect_records(store, "1 ann=a longer value;2 ann=;");
	/* A key may hold any bytes, and its length tells it from others. */
	struct store_record record = { .request = { .type = STORE_RECORD }, .kind = 1, .key = { 'a', 'n', 'n' },
		                       .key_length = 4, .value = "x", .length = 1 };
	run(store, &record.request, 0);
	record.value = NULL;
	run(store, &record.request, 0);
	expect_records(store, "1 ann=a longer value;2 ann=;");
	store_end(state, store);
}

static void size_of_record(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value, size_t length)
{
	size_t *sizes = arg;
	sizes[0] += key_length;
	sizes[1] += length;
}

static void records_have_their_limits(void **state)
{
	struct store *store = store_new(state, 0);
	static const uint8_t bytes[STORE_RECORD_MOST + 1];
	struct store_record record = { .request = { .type = STORE_RECORD }, .value = bytes };
	size_t sizes[2] = { 0, 0 };
	run(store, &record.request, TCHAT_ERR_ARGUMENT);
	record.key_length = STORE_RECORD_KEY + 1;
	run(store, &record.request, TCHAT_ERR_ARGUMENT);
	record.key_length = STORE_RECORD_KEY;
	record.length = STORE_RECORD_MOST + 1;
	run(store, &record.request, TCHAT_ERR_ARGUMENT);
	assert_int_equal(store_records(store, size_of_record, sizes), 0);
	assert_int_equal(sizes[0], 0);
	record.length = STORE_RECORD_MOST;
	run(store, &record.request, 0);
	assert_int_equal(store_records(store, size_of_record, sizes), 0);
	assert_int_equal(sizes[0], STORE_RECORD_KEY);
	assert_int_equal(sizes[1], STORE_RECORD_MOST);
	store_end(state, store);
}

static void so_many_records_are_kept(void **state)
{
	struct store *store = store_of((struct store_memory_config){ .records = 2 });
	put_record(store, 1, "a", "1", 0);
	put_record(store, 1, "b", "1", 0);
	put_record(store, 1, "c", "1", TCHAT_ERR_FULL);
	put_record(store, 1, "b", "2", 0);
	put_record(store, 1, "a", NULL, 0);
	put_record(store, 1, "c", "3", 0);
	expect_records(store, "1 b=2;1 c=3;");
	store_free(store);
}

/* The file's size limit stands for a full disk. */
static void a_batch_that_cannot_be_written_changes_nothing(void **state)
{
	struct store *store = store_new(state, 0);
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	post(store, room, 7, 1, "one");
	struct round *r = round_new(room, 0);
	round_add(r, 0, 7, 1, KIND_TEXT, "one", 0);
	round_add(r, 0, 7, 2, KIND_TEXT, "two", 0);
	round_add(r, 0, 7, 3, KIND_TEXT, "three", TCHAT_ERR_BAD_TEXT);
	round_add(r, 0, 7, 3, KIND_TEXT, "three", TCHAT_ERR_BAD_TEXT);
	round_add(r, 0, 7, 4, KIND_TOPIC, "four", 0);
	struct rlimit old, none;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = old;
	none.rlim_cur = 1;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	store_submit(store, &r->batch.request);
	struct store_request *failed = completion(store);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_ptr_equal(failed, &r->batch.request);
	assert_int_equal(failed->error, ((struct back_end *)*state)->when_full);
	assert_int_equal(open_device(store, 7, 1), 1);
	struct store_room a = open_room(store, "a", false, 0);
	assert_int_equal(a.head, 1);
	assert_string_equal(a.topic, "");
	/* The same batch, once there is room again. */
	run(store, &r->batch.request, 0);
	assert_int_equal(r->posts[0].outcome, STORE_DUPLICATE);
	assert_int_equal(r->posts[1].seq, 2);
	assert_int_equal(r->posts[2].outcome, STORE_REFUSED);
	assert_int_equal(r->posts[4].seq, 3);
	expect_read(store, room, 1, 10, true, 1, 3, false);
	round_free(r);
	store_end(state, store);
}

static const uint64_t noon = UINT64_C(1700000000000000), minute = UINT64_C(60000000);

static void times_of_a_room_stand_still_while_the_clock_is_put_right(void **state)
{
	struct store *store = store_new(state, 0);
	uint64_t room = open_room(store, "a", true, 0).id, other = open_room(store, "b", true, 0).id;
	const uint64_t walls[] = { noon, noon - 59 * minute, noon + 1, noon - 61 * minute, noon - 60 * minute, noon + 1000 * minute };
	const uint64_t times[] = { noon, noon, noon + 1, noon - 61 * minute, noon - 60 * minute, noon + 1000 * minute };
	open_device(store, 7, 1);
	for (uint64_t i = 0; i < 6; i++) {
		assert_int_equal(post_at(store, room, 7, i + 1, "x", walls[i], 0).time, times[i]);
		/* The same answer again, whatever the clock says by then. */
		assert_int_equal(post_at(store, room, 7, i + 1, "x", noon + 5 * minute, 0).time, times[i]);
	}
	assert_int_equal(post_at(store, other, 7, 7, "x", noon, 0).time, noon);
	struct store_read read = read_room(store, room, 1, 10, 1 << 20, true);
	const uint8_t *at = read.records->bytes;
	for (uint64_t i = 0; i < 6; i++, at += RECORD + 1)
		assert_int_equal(wire_get(at + FRAME_HEADER + MSG_TIME, 8), times[i]);
	block_give(read.records);
	store_end(state, store);
}

#ifdef HAVE_SQLITE
static void times_go_on_behind_those_of_an_earlier_life(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	assert_int_equal(post_at(store, room, 7, 1, "x", noon, 0).time, noon);
	store_free(store);
	store = place_open(place, (struct store_sqlite_config){ 0 });
	open_room(store, "a", true, 0);
	open_device(store, 7, 1);
	assert_int_equal(post_at(store, room, 7, 2, "x", noon - minute, 0).time, noon);
	store_free(store);
	place_free(place);
}
#endif

static void the_content_hash_tells_contents_apart_and_never_changes(void **state)
{
	assert_int_equal(store_hash(1, 0, "hello", 5, NULL, 0), store_hash(1, 0, "hello", 5, "", 0));
	uint64_t all[] = { store_hash(1, 0, "hello", 5, NULL, 0), store_hash(2, 0, "hello", 5, NULL, 0),
		           store_hash(1, 1, "hello", 5, NULL, 0), store_hash(1, 0, "hellp", 5, NULL, 0),
		           store_hash(1, 0, "hello\0", 6, NULL, 0), store_hash(1, 0, "hell", 4, "o", 1),
		           store_hash(1, 0, "", 0, "hello", 5), store_hash(1, 0, "hello wo", 8, NULL, 0),
		           store_hash(1, 0, "hello wp", 8, NULL, 0) };
	size_t count = sizeof all / sizeof all[0];
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(all[i], all[j]);
	assert_int_equal(all[0], UINT64_C(0x7ae8e5e517e90f2d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(a_room_is_made_once)
		BOTH(each_post_gets_its_outcome_and_the_same_one_again)
		BOTH(settled_and_too_many_outcomes_are_forgotten)
		BOTH(reads_run_both_ways_within_their_bounds)
		cmocka_unit_test(the_ring_wraps_and_rooms_keep_what_is_not_overwritten),
		cmocka_unit_test(a_room_keeps_so_many_records),
		cmocka_unit_test(what_is_not_in_use_makes_place),
		BOTH(a_topic_is_kept_with_its_room)
		BOTH(records_are_put_replaced_and_deleted)
		BOTH(records_have_their_limits)
		cmocka_unit_test(so_many_records_are_kept),
		BOTH(a_batch_that_cannot_be_written_changes_nothing)
		BOTH(times_of_a_room_stand_still_while_the_clock_is_put_right)
#ifdef HAVE_SQLITE
		cmocka_unit_test(times_go_on_behind_those_of_an_earlier_life),
#endif
		cmocka_unit_test(the_content_hash_tells_contents_apart_and_never_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
