/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Posts that are sent again, numbers that are used up, and what is taken back. */
#include "client-posts.h"

#include <locale.h>

static void after_a_reconnect_all_without_an_answer_goes_out_again(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	for (int i = 0; i < 4; i++)
		post(&fake, room, "x");
	ack(&fake, 1, 1, 0);
	accepted(&fake);
	ack(&fake, 3, 2, 0); /* out of order: another room's fan-out came first */
	accepted(&fake);
	fake_break(&fake);
	fake.mark = 3;
	session_connected(fake.session, NULL, fake.now);
	fake_take(&fake, WIRE_HELLO);
	fake_send(&fake, &(struct message){ .type = WIRE_WELCOME, .welcome = { .version = 1, .frame_limit = 65536, .host = { 1 } } });
	assert_int_equal(fake_take(&fake, WIRE_AUTH).auth.lowest_unsettled, 2);
	fake_break(&fake);
	fake_connect(&fake);
	struct message join = fake_take(&fake, WIRE_JOIN);
	fake_joined(&fake, join.join.request, 0, 1, 2);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_take(&fake, WIRE_RESUME);
	took(&fake, 2, "x");
	took(&fake, 4, "x");
	ack(&fake, 2, 2, ACK_DUPLICATE);
	assert_true(fake_event(&fake, SESSION_ACK)->duplicate);
	/* A second one says nothing new. */
	ack(&fake, 2, 2, ACK_DUPLICATE);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void a_host_that_forgot_gets_every_counter_again(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	for (int i = 0; i < 5; i++)
		post(&fake, room, "x");
	ack(&fake, 1, 1, 0);
	ack(&fake, 3, 2, 0); /* 2 went to another room, and the host died in between */
	ack(&fake, 4, 3, 0);
	for (int i = 0; i < 3; i++) {
		accepted(&fake);
	}
	fake_break(&fake);
	fake.host = 2;
	fake.mark = 0; /* even less than we say is settled: as from an old copy of its store */
	fake_connect(&fake);
	uint32_t request = fake_take(&fake, WIRE_JOIN).join.request;
	for (uint64_t counter = 1; counter <= 5; counter++) {
		struct message message = fake_take(&fake, WIRE_POST);
		if (counter == 1) { /* the next one is for a room */
			fake_joined(&fake, request, 0, 1, 3);
			fake_event(&fake, SESSION_ROOM_JOINED);
			fake_take(&fake, WIRE_RESUME);
		}
		bool open = counter == 2 || counter == 5;
		assert_int_equal(message.post.id.counter, counter);
		assert_int_equal(message.post.room, open ? FAKE_ROOM : 0);
		assert_int_equal(message.post.body.length, open);
	}
	nack(&fake, 1, TCHAT_ERR_NOT_MEMBER, NACK_PERMANENT, 0);
	fake_quiet(&fake);
	/* What is known to be decided is not filled again. */
	nack(&fake, 3, TCHAT_ERR_BUSY, 0, 0);
	took(&fake, 2, "x");
	assert_int_equal(fake_take(&fake, WIRE_POST).post.room, 0);
	fake_close(&fake);
}

static void a_hole_sends_the_client_back_to_the_first_open_post(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	for (int i = 0; i < 4; i++)
		post(&fake, room, "x");
	for (int i = 1; i <= 4; i++)
		took(&fake, (uint64_t)i, "x");
	ack(&fake, 1, 1, 0);
	accepted(&fake);
	nack(&fake, 3, TCHAT_ERR_HOLE, 0, 0);
	/* At once, in order, and once: what was refused on the way says nothing new. */
	nack(&fake, 4, TCHAT_ERR_HOLE, 0, 0);
	took(&fake, 2, "x");
	took(&fake, 3, "x");
	took(&fake, 4, "x");
	fake_quiet(&fake);
	fake_close(&fake);
}

static void busy_waits_as_long_as_the_host_says(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	post(&fake, room, "a");
	post(&fake, room, "b");
	took(&fake, 1, "a");
	took(&fake, 2, "b");
	nack(&fake, 1, TCHAT_ERR_BUSY, 0, 250);
	nack(&fake, 2, TCHAT_ERR_HOLE, 0, 0);
	post(&fake, room, "c");
	fake_quiet(&fake);
	assert_int_equal(session_deadline(fake.session), fake.now + TCHAT_MS(250));
	session_tick(fake.session, fake.now + TCHAT_MS(249));
	fake_quiet(&fake);
	fake.now += TCHAT_MS(250);
	session_tick(fake.session, fake.now);
	took(&fake, 1, "a");
	took(&fake, 2, "b");
	took(&fake, 3, "c");
	fake_quiet(&fake);
	/* Refused again and again: longer waits, whatever the host asks for. */
	tchat_time last = 0;
	for (int i = 0; i < 12; i++) {
		nack(&fake, 1, TCHAT_ERR_BUSY, 0, 0);
		tchat_time wait = session_deadline(fake.session) - fake.now;
		assert_true(wait >= last && wait <= TCHAT_MS(6400));
		last = wait;
		fake.now += wait;
		session_tick(fake.session, fake.now);
		took(&fake, 1, "a");
		took(&fake, 2, "b");
		took(&fake, 3, "c");
	}
	assert_int_equal(last, TCHAT_MS(6400));
	fake_close(&fake);
}

static void a_cancelled_post_gives_its_counter_away(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ .flight_posts = 1 }, 0);
	post(&fake, room, "one");
	post(&fake, room, "two");
	post(&fake, room, "three");
	assert_int_equal(session_cancel(fake.session, 9), TCHAT_ERR_NOT_FOUND);
	assert_int_equal(session_cancel(fake.session, 2), 0);
	assert_int_equal(session_pending(fake.session), 3);
	assert_int_equal(session_sending(fake.session), 2);
	const struct session_event *event = fake_event(&fake, SESSION_NACK);
	assert_int_equal(event->code, TCHAT_ERR_CANCELLED);
	assert_string_equal(event->text, "two");
	assert_int_equal(session_cancel(fake.session, 2), TCHAT_ERR_NOT_FOUND);
	took(&fake, 1, "one");
	ack(&fake, 1, 1, 0);
	accepted(&fake);
	struct message message = fake_take(&fake, WIRE_POST);
	assert_int_equal(message.post.id.counter, 2);
	assert_int_equal(message.post.kind, KIND_VOID);
	assert_int_equal(message.post.body.length, 0);
	nack(&fake, 2, TCHAT_ERR_CANCELLED, NACK_PERMANENT, 0);
	took(&fake, 3, "three");
	fake_quiet(&fake);
	assert_int_equal(session_pending(fake.session), 1);
	assert_int_equal(session_sending(fake.session), 1);
	fake_close(&fake);
}

static void took_void(struct fake *fake, uint64_t counter)
{
	struct message message = fake_take(fake, WIRE_POST);
	assert_int_equal(message.post.id.counter, counter);
	assert_int_equal(message.post.kind, KIND_VOID);
	assert_int_equal(message.post.body.length, 0);
}

static void what_is_on_its_way_is_taken_back_or_was_accepted(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	post(&fake, room, "one");
	post(&fake, room, "two");
	post(&fake, room, "three");
	took(&fake, 1, "one");
	took(&fake, 2, "two");
	took(&fake, 3, "three");
	assert_int_equal(session_cancel(fake.session, 1), 0);
	assert_int_equal(session_cancel(fake.session, 2), 0);
	assert_int_equal(session_cancel(fake.session, 2), TCHAT_ERR_NOT_FOUND);
	took_void(&fake, 1);
	took_void(&fake, 2);
	fake_quiet(&fake); /* the host has the last word */
	assert_int_equal(session_sending(fake.session), 1);
	ack(&fake, 1, 1, 0);
	assert_int_equal(fake_event(&fake, SESSION_ACK)->counter, 1);
	const struct session_event *event = fake_event(&fake, SESSION_MESSAGE);
	assert_int_equal(event->kind, KIND_TEXT);
	assert_string_equal(event->text, "one");
	nack(&fake, 2, TCHAT_ERR_CANCELLED, NACK_PERMANENT, 0);
	event = fake_event(&fake, SESSION_NACK);
	assert_int_equal(event->code, TCHAT_ERR_CANCELLED);
	assert_string_equal(event->text, "two");
	ack(&fake, 3, 2, 0);
	accepted(&fake);
	ack(&fake, 1, 1, ACK_DUPLICATE); /* the voids' own answers */
	nack(&fake, 2, TCHAT_ERR_CANCELLED, NACK_PERMANENT, 0);
	fake_quiet(&fake);
	assert_int_equal(session_pending(fake.session), 0);
	assert_int_equal(session_sending(fake.session), 0);
	/* After a break the void goes in its place, and the text never again. */
	post(&fake, room, "four");
	post(&fake, room, "five");
	took(&fake, 4, "four");
	took(&fake, 5, "five");
	fake_break(&fake);
	post(&fake, room, "six");
	assert_true(session_was_sent(fake.session, 5));
	assert_false(session_was_sent(fake.session, 6));
	assert_int_equal(session_cancel(fake.session, 6), 0);
	assert_int_equal(fake_event(&fake, SESSION_NACK)->counter, 6);
	assert_int_equal(session_cancel(fake.session, 4), 0);
	fake_quiet(&fake);
	fake.mark = 3;
	fake_connect(&fake);
	fake_take(&fake, WIRE_JOIN);
	took_void(&fake, 4); /* it needs no room */
	fake_send(&fake, &(struct message){ .type = WIRE_ACK, .ack = { .id = { FAKE_DEVICE, 4 }, .seq = 3, .flags = ACK_DUPLICATE } });
	event = fake_event(&fake, SESSION_ACK);
	assert_int_equal(event->counter, 4);
	assert_true(event->duplicate);
	fake_quiet(&fake);
	fake_close(&fake);
}

/* A former life used the number for another room, and could not store that. */
static void an_answer_from_another_room_is_not_this_posts(void **state)
{
	enum { DEN = FAKE_ROOM + 70 };
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	assert_true(session_join(fake.session, "den") > 0);
	struct message joined = { .type = WIRE_JOINED,
		                  .joined = { .request = fake_take(&fake, WIRE_JOIN).join.request,
		                              .room = DEN,
		                              .flags = JOIN_LIVE,
		                              .epoch = FAKE_EPOCH,
		                              .first = 1,
		                              .last = 1,
		                              .name = wire_text("den") } };
	fake_send(&fake, &joined);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_take(&fake, WIRE_NAMES);
	post(&fake, room, "same words");
	post(&fake, room, "taken back");
	took(&fake, 1, NULL);
	took(&fake, 2, NULL);
	assert_int_equal(session_cancel(fake.session, 2), 0);
	took_void(&fake, 2);
	struct message answer = { .type = WIRE_ACK,
		                  .ack = { .id = { FAKE_DEVICE, 1 }, .room = DEN, .seq = 1, .time = 5, .flags = ACK_DUPLICATE } };
	fake_send(&fake, &answer);
	const struct session_event *event = fake_event(&fake, SESSION_NACK);
	assert_int_equal(event->code, TCHAT_ERR_CLONED_DEVICE);
	assert_string_equal(event->text, "same words");
	answer.ack.id.counter = 2;
	fake_send(&fake, &answer);
	assert_int_equal(fake_event(&fake, SESSION_NACK)->code, TCHAT_ERR_CANCELLED);
	assert_int_equal(session_pending(fake.session), 0);
	fake_close(&fake);
}

/* A former life sent another message under the number, and could not store that. */
static void what_was_taken_back_unsent_has_no_second_answer(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ .flight_posts = 1 }, 0);
	post(&fake, room, "one");
	post(&fake, room, "two");
	assert_int_equal(session_cancel(fake.session, 2), 0);
	assert_int_equal(fake_event(&fake, SESSION_NACK)->code, TCHAT_ERR_CANCELLED);
	took(&fake, 1, "one");
	ack(&fake, 1, 1, 0);
	accepted(&fake);
	took_void(&fake, 2);
	ack(&fake, 2, 1, ACK_DUPLICATE);
	fake_quiet(&fake);
	assert_int_equal(session_pending(fake.session), 0);
	fake_close(&fake);
}

static void a_device_that_posted_before_goes_on_counting(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake.mark = 57;
	uint32_t room = (uint32_t)session_join(fake.session, "lobby");
	post(&fake, room, "x");
	fake_connect(&fake);
	fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, JOIN_LIVE, 1, 0);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_roster(&fake);
	took(&fake, 58, "x");
	ack(&fake, 58, 1, 0);
	assert_int_equal(fake_event(&fake, SESSION_ACK)->counter, 1);
	fake_event(&fake, SESSION_MESSAGE);
	fake_break(&fake);
	session_connected(fake.session, NULL, fake.now);
	fake_take(&fake, WIRE_HELLO);
	fake_send(&fake, &(struct message){ .type = WIRE_WELCOME, .welcome = { .version = 1, .frame_limit = 65536 } });
	assert_int_equal(fake_take(&fake, WIRE_AUTH).auth.lowest_unsettled, 59);
	fake_close(&fake);
}

static void after_a_restart_of_the_host_old_numbers_mean_nothing(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	post(&fake, room, "one");
	took(&fake, 1, "one");
	assert_int_equal(session_part(fake.session, room), 0);
	fake_send(&fake, &(struct message){ .type = WIRE_DONE, .done = { .request = fake_take(&fake, WIRE_PART).part.request } });
	fake_event(&fake, SESSION_ROOM_PARTED);
	fake_break(&fake);
	fake_connect(&fake);
	assert_int_equal(fake_take(&fake, WIRE_POST).post.room, FAKE_ROOM);
	fake_break(&fake);
	fake.host = 2;
	fake_connect(&fake);
	assert_int_equal(fake_take(&fake, WIRE_POST).post.room, 0);
	fake_close(&fake);
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_reconnect_all_without_an_answer_goes_out_again),
		cmocka_unit_test(a_host_that_forgot_gets_every_counter_again),
		cmocka_unit_test(a_hole_sends_the_client_back_to_the_first_open_post),
		cmocka_unit_test(busy_waits_as_long_as_the_host_says),
		cmocka_unit_test(a_cancelled_post_gives_its_counter_away),
		cmocka_unit_test(what_is_on_its_way_is_taken_back_or_was_accepted),
		cmocka_unit_test(an_answer_from_another_room_is_not_this_posts),
		cmocka_unit_test(what_was_taken_back_unsent_has_no_second_answer),
		cmocka_unit_test(a_device_that_posted_before_goes_on_counting),
		cmocka_unit_test(after_a_restart_of_the_host_old_numbers_mean_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
