/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Posts: the outbox, what is sent when, and answers of every kind. */
#include "client-posts.h"
#include "store/outbox.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

static void a_post_is_pending_then_accepted_in_its_place(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 3);
	assert_int_equal(session_post(fake.session, room, KIND_ACTION, "waves", 5, "r1"), 1);
	const struct session_event *event = fake_event(&fake, SESSION_PENDING);
	assert_string_equal(event->ref, "r1");
	assert_string_equal(event->text, "waves");
	assert_int_equal(event->counter, 1);
	assert_int_equal(event->kind, KIND_ACTION);
	took(&fake, 1, "waves");
	fake_msg(&fake, 4, "first");
	assert_int_equal(fake_event(&fake, SESSION_MESSAGE)->seq, 4);
	ack(&fake, 1, 5, 0);
	event = fake_event(&fake, SESSION_ACK);
	assert_string_equal(event->ref, "r1");
	assert_int_equal(event->seq, 5);
	assert_int_equal(event->counter, 1);
	assert_int_equal(event->room, room);
	assert_false(event->duplicate);
	event = fake_event(&fake, SESSION_MESSAGE);
	assert_int_equal(event->seq, 5);
	assert_string_equal(event->text, "waves");
	assert_string_equal(event->nick, "ann");
	assert_string_equal(event->ref, "r1");
	assert_int_equal(event->kind, KIND_ACTION);
	assert_int_equal(event->time, 5);
	assert_int_equal(event->counter, 1);
	assert_true(event->own);
	fake_msg(&fake, 6, "last");
	assert_false(fake_event(&fake, SESSION_MESSAGE)->own);
	assert_int_equal(session_pending(fake.session), 0);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void what_cannot_be_posted_is_refused_at_once(void **state)
{
	struct fake fake;
	static char text[WIRE_TEXT_LIMIT + 1], ref[SESSION_REF_MAX + 2];
	memset(text, 'x', sizeof text);
	memset(ref, 'r', sizeof ref - 1);
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ .outbox_posts = 2 }, 0);
	assert_int_equal(session_post(fake.session, 99, KIND_TEXT, "x", 1, NULL), TCHAT_ERR_NOT_FOUND);
	assert_int_equal(session_post(fake.session, room, 9, "x", 1, NULL), TCHAT_ERR_BAD_KIND);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, "\xff", 1, NULL), TCHAT_ERR_BAD_TEXT);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, "a\0b", 3, NULL), TCHAT_ERR_BAD_TEXT);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, text, sizeof text, NULL), TCHAT_ERR_TOO_LONG);
	assert_int_equal(session_post(fake.session, room, KIND_TOPIC, text, 401, NULL), TCHAT_ERR_TOO_LONG);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, "x", 1, ref), TCHAT_ERR_TOO_LONG);
	fake_quiet(&fake);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, text, sizeof text - 1, ref + 1), 1);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, "x", 1, NULL), 2);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, "x", 1, NULL), TCHAT_ERR_FULL);
	ack(&fake, 1, 1, 0);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, "x", 1, NULL), 3);
	fake_close(&fake);
}

static void posts_wait_for_the_connection_and_the_room(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	uint32_t room = (uint32_t)session_join(fake.session, "#lobby");
	post(&fake, room, "one");
	post(&fake, room, "two");
	fake_quiet(&fake);
	fake_connect(&fake);
	uint32_t request = fake_take(&fake, WIRE_JOIN).join.request;
	fake_quiet(&fake);
	fake_joined(&fake, request, JOIN_LIVE, 1, 0);
	fake_take(&fake, WIRE_NAMES);
	took(&fake, 1, "one");
	took(&fake, 2, "two");
	fake_close(&fake);
}

static void a_refusal_for_good_is_told_and_uses_up_the_counter(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, "bad", 3, "r"), 1);
	fake_event(&fake, SESSION_PENDING);
	post(&fake, room, "good");
	nack(&fake, 1, TCHAT_ERR_BAD_TEXT, NACK_PERMANENT, 0);
	const struct session_event *event = fake_event(&fake, SESSION_NACK);
	assert_int_equal(event->code, TCHAT_ERR_BAD_TEXT);
	assert_int_equal(event->counter, 1);
	assert_string_equal(event->ref, "r");
	assert_string_equal(event->text, "bad");
	ack(&fake, 2, 1, 0);
	accepted(&fake);
	took(&fake, 1, "bad");
	took(&fake, 2, "good");
	fake_quiet(&fake);
	fake_close(&fake);
}

static void a_full_disk_is_told_once_and_so_is_its_end(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	post(&fake, room, "a");
	took(&fake, 1, "a");
	nack(&fake, 1, TCHAT_ERR_DISK_FULL, 0, 0);
	assert_int_equal(fake_event(&fake, SESSION_HELD)->code, TCHAT_ERR_DISK_FULL);
	took(&fake, 1, "a");
	nack(&fake, 1, TCHAT_ERR_DISK_FULL, 0, 0);
	fake_quiet(&fake);
	fake.now = session_deadline(fake.session);
	session_tick(fake.session, fake.now);
	took(&fake, 1, "a");
	ack(&fake, 1, 1, 0);
	accepted(&fake);
	assert_int_equal(fake_event(&fake, SESSION_HELD)->code, 0);
	post(&fake, room, "b");
	took(&fake, 2, "b");
	ack(&fake, 2, 2, 0);
	accepted(&fake);
	fake_quiet(&fake);
	/* Over a reconnect, it has to be told anew. */
	post(&fake, room, "c");
	took(&fake, 3, "c");
	nack(&fake, 3, TCHAT_ERR_DISK_FULL, 0, 0);
	fake_event(&fake, SESSION_HELD);
	session_disconnected(fake.session, TCHAT_ERR_CLOSED, fake.now);
	fake_event(&fake, SESSION_DISCONNECTED);
	fake_connect(&fake);
	fake_close(&fake);
}

static void only_a_window_of_posts_is_under_way(void **state)
{
	struct fake fake;
	static char text[1000];
	memset(text, 'x', sizeof text);
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ .flight_posts = 10, .flight_bytes = 5000 }, 0);
	for (int i = 0; i < 20; i++)
		post(&fake, room, "s");
	for (uint64_t i = 1; i <= 10; i++)
		took(&fake, i, "s");
	fake_quiet(&fake);
	for (uint64_t i = 1; i <= 20; i++) {
		ack(&fake, i, i, 0);
		accepted(&fake);
		if (i <= 10)
			took(&fake, i + 10, "s");
		fake_quiet(&fake);
	}
	for (int i = 0; i < 10; i++)
		assert_true(session_post(fake.session, room, KIND_TEXT, text, sizeof text, NULL) > 0);
	for (uint64_t i = 21; i <= 24; i++)
		took(&fake, i, NULL);
	assert_int_equal(buffer_length(&fake.received), 0);
	fake_close(&fake);
}

static void posts_to_a_room_that_is_gone_are_refused_by_the_host(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ .flight_posts = 1 }, 0);
	post(&fake, room, "one");
	post(&fake, room, "two");
	took(&fake, 1, "one");
	assert_int_equal(session_part(fake.session, room), 0);
	fake_send(&fake, &(struct message){ .type = WIRE_DONE, .done = { .request = fake_take(&fake, WIRE_PART).part.request } });
	assert_int_equal(fake_event(&fake, SESSION_ROOM_PARTED)->code, 0);
	assert_int_equal(session_post(fake.session, room, KIND_TEXT, "x", 1, NULL), TCHAT_ERR_NOT_FOUND);
	ack(&fake, 1, 1, 0);
	fake_event(&fake, SESSION_ACK);
	took(&fake, 2, "two");
	nack(&fake, 2, TCHAT_ERR_NOT_MEMBER, NACK_PERMANENT, 0);
	assert_int_equal(fake_event(&fake, SESSION_NACK)->code, TCHAT_ERR_NOT_MEMBER);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void an_answer_out_of_its_place_ends_the_connection(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct fake fake;
		uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 3);
		post(&fake, room, "x");
		post(&fake, room, "y");
		took(&fake, 1, "x");
		took(&fake, 2, "y");
		if (i == 0) /* skips a message */
			ack(&fake, 1, 5, 0);
		if (i == 1) /* never posted */
			ack(&fake, 3, 4, 0);
		if (i == 2) { /* stands for another message than before */
			ack(&fake, 1, 4, 0);
			ack(&fake, 1, 5, 0);
		}
		fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
		fake_close(&fake);
	}
}

static void a_topic_is_a_post(void **state)
{
	struct fake fake;
	struct session_room shown;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	assert_int_equal(session_post(fake.session, room, KIND_TOPIC, "news", 4, NULL), 1);
	fake_event(&fake, SESSION_PENDING);
	struct message message = fake_take(&fake, WIRE_POST);
	assert_int_equal(message.post.kind, KIND_TOPIC);
	ack(&fake, 1, 1, 0);
	fake_event(&fake, SESSION_ACK);
	assert_int_equal(fake_event(&fake, SESSION_MESSAGE)->kind, KIND_TOPIC);
	const struct session_event *event = fake_event(&fake, SESSION_TOPIC);
	assert_string_equal(event->text, "news");
	assert_string_equal(event->nick, "ann");
	assert_true(session_room(fake.session, room, &shown));
	assert_string_equal(shown.topic, "news");
	fake_close(&fake);
}

static void the_outbox_in_memory_keeps_order_and_bounds(void **state)
{
	struct outbox *outbox = outbox_memory(100, 100000);
	struct outbox_post post = { .room = 1, .kind = KIND_TEXT, .name = "n", .text = "text", .length = 4, .ref = "ref" }, got;
	assert_int_equal(outbox->lowest(outbox), 1);
	assert_int_equal(outbox->safe(outbox), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(outbox->add(outbox, &post), 0);
	assert_int_equal(outbox->add(outbox, &post), TCHAT_ERR_FULL);
	for (uint64_t i = 2; i <= 100; i++)
		outbox->settle(outbox, i);
	outbox->settle(outbox, 50);
	assert_int_equal(outbox->lowest(outbox), 1);
	assert_int_equal(outbox->add(outbox, &post), TCHAT_ERR_FULL); /* the span counts */
	assert_int_equal(outbox->get(outbox, 2, &got), TCHAT_ERR_NOT_FOUND);
	assert_int_equal(outbox->get(outbox, 1, &got), 0);
	assert_string_equal(got.text, "text");
	assert_string_equal(got.ref, "ref");
	outbox->settle(outbox, 1);
	assert_int_equal(outbox->lowest(outbox), 101);
	assert_int_equal(outbox->next(outbox), 101);
	post.length = 100000;
	assert_int_equal(outbox->add(outbox, &post), TCHAT_ERR_FULL);
	outbox->free(outbox);
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_post_is_pending_then_accepted_in_its_place),
		cmocka_unit_test(what_cannot_be_posted_is_refused_at_once),
		cmocka_unit_test(posts_wait_for_the_connection_and_the_room),
		cmocka_unit_test(a_refusal_for_good_is_told_and_uses_up_the_counter),
		cmocka_unit_test(a_full_disk_is_told_once_and_so_is_its_end),
		cmocka_unit_test(only_a_window_of_posts_is_under_way),
		cmocka_unit_test(posts_to_a_room_that_is_gone_are_refused_by_the_host),
		cmocka_unit_test(an_answer_out_of_its_place_ends_the_connection),
		cmocka_unit_test(a_topic_is_a_post),
		cmocka_unit_test(the_outbox_in_memory_keeps_order_and_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
