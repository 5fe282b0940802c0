/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client keeps of a host: the outbox over restarts, messages of its own, and failing disks. */
#include "client-outbox.h"

#include <sys/wait.h>

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
		TEST(what_is_settled_is_told_when_it_is_stored),
		TEST(numbers_that_are_left_out_are_settled),
		TEST(own_messages_are_kept_up_to_a_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
