/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session with a store on disk: what is shown and sent when, its own end at every step, and disks that are full. */
#include "client-life.h"

#include <locale.h>

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
		temporary_folder_delete(place.root);
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
		temporary_folder_delete(place.root);
		first_life(&life, &room);
		post_two(&life, room);
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
		assert_int_equal(session_sending(life.fake.session), 0);
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

int main(void)
{
	setlocale(LC_ALL, "C.UTF-8");
	fault_vfs_register();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_post_is_shown_and_sent_when_it_is_stored),
		TEST(a_post_arrives_once_wherever_the_client_ends),
		TEST(what_is_posted_before_the_host_is_known_goes_into_its_store),
		TEST(on_a_full_disk_it_goes_on_in_memory_and_says_so_once),
		TEST(without_a_store_it_goes_on_in_memory_and_says_so_once),
		TEST(what_was_taken_back_stays_so_wherever_the_client_ends),
		TEST(numbers_that_a_copy_used_up_are_left_out),
		TEST(no_more_is_sent_than_the_next_life_may_ask_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
