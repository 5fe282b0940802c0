/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session with a store on disk, and a host that was rolled back: which of our messages are offered for posting again. */
#include "client-life.h"

#include <locale.h>

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
		temporary_folder_delete(place.root);
		first_life(&life, &room);
		post_two(&life, room);
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
				resume(&life, RESUME_OK, epoch, 3, lines[2].id, 1, 3);
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
	post_two(&life, room);
	part(&life, room);
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
	room = life_again(&life, (struct session_config){ .history = 1 });
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

/* Of what was there before it was rolled back, nobody has seen whether it is there still. */
static void a_room_that_was_left_and_entered_anew_tells_nothing_lost_in_the_next_life(void **state)
{
	struct life life;
	uint32_t room;
	struct line lines[10];
	first_life(&life, &room);
	fake_msg(&life.fake, 3, "three");
	fake_msg(&life.fake, 4, "four");
	expect_message(&life, 3, "three", false);
	expect_message(&life, 4, "four", false);
	post_two(&life, room);
	ack(&life, 2, 5, 0);
	expect_accepted(&life, 2);
	work(&life);
	fake_break(&life.fake);
	life.fake.mark = 2;
	fake_connect(&life.fake);
	join(&life, FAKE_EPOCH + 1, 1, 30);
	fake_event(&life.fake, SESSION_RESTARTED);
	const uint32_t asked = fake_asked_page(&life.fake, 1);
	part(&life, room);
	assert_true(session_join(life.fake.session, "lobby") > 0);
	fake_page(&life.fake, asked, 1, 10, PAGE_MORE); /* of the stay that is over */
	join(&life, FAKE_EPOCH + 1, 1, 30);
	for (uint64_t i = 0; i < 10; i++)
		lines[i] = (struct line){ { 5, 21 + i }, "new" };
	page(&life, 21, lines, 10);
	for (uint64_t seq = 21; seq <= 30; seq++)
		expect_message(&life, seq, "new", true);
	ready(&life);
	rest(&life);
	work(&life);
	life_dies(&life);
	life_begin(&life, (struct session_config){ 0 });
	life.fake.mark = 2;
	fake_connect(&life.fake);
	session_join(life.fake.session, "lobby");
	join(&life, FAKE_EPOCH + 1, 1, 30);
	resume(&life, RESUME_OK, FAKE_EPOCH + 1, 30, lines[9].id, 1, 30);
	page(&life, 31, NULL, 0);
	ready(&life);
	rest(&life);
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
		TEST(what_was_deleted_is_not_offered_for_posting_again),
		TEST(a_host_that_was_rolled_back_is_told_and_our_messages_are_offered),
		TEST(what_a_rolled_back_host_keeps_no_longer_is_not_offered),
		TEST(what_was_posted_before_a_room_was_entered_anew_is_offered_too),
		TEST(what_lies_before_the_messages_that_were_wanted_is_not_said_to_be_lost),
		TEST(a_room_that_was_left_and_entered_anew_tells_nothing_lost_in_the_next_life),
		TEST(a_host_that_forgot_what_it_decided_was_rolled_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
