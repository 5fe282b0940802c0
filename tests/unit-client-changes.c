/* SPDX-License-Identifier: GPL-3.0-or-later */
/* client: edits, deletions, reactions and answers as posts and as events, what a page tells of them, and searching. */
#include "fake-host.h"

#include "base/errors.h"
#include "store/outbox.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t start(struct fake *fake, uint64_t last)
{
	fake_open(fake, (struct session_config){ 0 });
	fake_connect(fake);
	return fake_lobby(fake, last);
}

static struct message about(uint64_t seq, uint8_t kind, const char *text, uint8_t field[8], uint64_t target)
{
	struct message message = { .type = WIRE_MSG };
	message.msg.room = FAKE_ROOM;
	message.msg.seq = seq;
	message.msg.time = 1700000000000000u;
	message.msg.id = (struct message_id){ 5, seq };
	message.msg.sender = 8;
	message.msg.kind = kind;
	message.msg.nick = wire_text("bob");
	message.msg.body = wire_text(text);
	if (target != 0) {
		wire_set(field, 8, target);
		message.msg.target = (struct wire_bytes){ field, 8 };
	}
	return message;
}

static void a_change_names_its_message_all_the_way(void **state)
{
	struct fake fake;
	uint32_t room = start(&fake, 3);
	assert_int_equal(session_post_about(fake.session, room, KIND_EDIT, "hello", 5, 2, 0, "r"), 1);
	const struct session_event *event = fake_event(&fake, SESSION_PENDING);
	assert_int_equal(event->kind, KIND_EDIT);
	assert_int_equal(event->target, 2);
	struct message message = fake_take(&fake, WIRE_POST);
	assert_int_equal(message.post.kind, KIND_EDIT);
	assert_int_equal(message.post.target.length, 8);
	assert_int_equal(wire_get(message.post.target.data, 8), 2);
	assert_null(message.post.reply.data);
	fake_send(&fake, &(struct message){ .type = WIRE_ACK,
	                                    .ack = { .id = { FAKE_DEVICE, 1 }, .room = FAKE_ROOM, .seq = 4, .time = 9 } });
	assert_int_equal(fake_event(&fake, SESSION_ACK)->seq, 4);
	event = fake_event(&fake, SESSION_MESSAGE);
	assert_int_equal(event->kind, KIND_EDIT);
	assert_int_equal(event->target, 2);
	assert_true(event->own);
	assert_int_equal(session_post_about(fake.session, room, KIND_TEXT, "yes", 3, 0, 3, NULL), 2);
	assert_int_equal(fake_event(&fake, SESSION_PENDING)->reply, 3);
	message = fake_take(&fake, WIRE_POST);
	assert_null(message.post.target.data);
	assert_int_equal(wire_get(message.post.reply.data, 8), 3);
	uint8_t field[8];
	struct message deletion = about(5, KIND_DELETE, "", field, 1);
	fake_send(&fake, &deletion);
	event = fake_event(&fake, SESSION_MESSAGE);
	assert_int_equal(event->kind, KIND_DELETE);
	assert_int_equal(event->target, 1);
	fake_close(&fake);
}

/* After a break the same post goes out again, with what it is about. */
static void what_a_post_is_about_is_sent_again_with_it(void **state)
{
	struct fake fake;
	uint32_t room = start(&fake, 3);
	assert_int_equal(session_post_about(fake.session, room, KIND_REACTION, "+1", 2, 3, 0, NULL), 1);
	fake_event(&fake, SESSION_PENDING);
	fake_take(&fake, WIRE_POST);
	fake_break(&fake);
	fake_connect(&fake);
	struct message join = fake_take(&fake, WIRE_JOIN);
	fake_joined(&fake, join.join.request, 0, 1, 3);
	fake_take(&fake, WIRE_HISTORY);
	struct message message = fake_take(&fake, WIRE_POST);
	assert_int_equal(message.post.kind, KIND_REACTION);
	assert_int_equal(wire_get(message.post.target.data, 8), 3);
	fake_close(&fake);
}

static void a_change_without_a_sense_is_refused_at_once(void **state)
{
	struct fake fake;
	uint32_t room = start(&fake, 3);
	static const struct {
		uint8_t kind;
		size_t length;
		uint64_t target, reply;
		int err;
	} cases[] = {
		{ KIND_EDIT, 1, 0, 0, TCHAT_ERR_NO_MESSAGE },    { KIND_EDIT, 1, 2, 2, TCHAT_ERR_NO_MESSAGE },
		{ KIND_DELETE, 0, 0, 0, TCHAT_ERR_NO_MESSAGE },  { KIND_DELETE, 1, 2, 0, TCHAT_ERR_TOO_LONG },
		{ KIND_REACTION, 0, 2, 0, TCHAT_ERR_BAD_TEXT },  { KIND_REACTION, 65, 2, 0, TCHAT_ERR_TOO_LONG },
		{ KIND_REACTION, 1, 0, 0, TCHAT_ERR_NO_MESSAGE }, { KIND_TEXT, 1, 2, 0, TCHAT_ERR_NO_MESSAGE },
		{ KIND_TOPIC, 1, 0, 2, TCHAT_ERR_NO_MESSAGE },   { KIND_VOID, 0, 0, 0, TCHAT_ERR_BAD_KIND },
	};
	char text[80];
	memset(text, 'x', sizeof text);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(session_post_about(fake.session, room, cases[i].kind, text, cases[i].length, cases[i].target,
		                                    cases[i].reply, NULL),
		                 cases[i].err);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void a_deleted_text_is_not_blanks_but_none(void **state)
{
	struct fake fake;
	uint8_t field[8];
	start(&fake, 3);
	struct message message = about(4, KIND_TEXT, "    ", field, 0);
	message.msg.flags = MSG_BLANK;
	fake_send(&fake, &message);
	const struct session_event *event = fake_event(&fake, SESSION_MESSAGE);
	assert_true(event->blank);
	assert_string_equal(event->text, "");
	assert_int_equal(event->length, 0);
	fake_close(&fake);
}

static void send_page(struct fake *fake, uint32_t request, const struct buffer *records, const struct buffer *changes)
{
	struct message page = { .type = WIRE_PAGE, .page = { .request = request, .room = FAKE_ROOM, .floor = 1, .next = 2,
		                                             .flags = PAGE_MORE } };
	page.page.records = (struct wire_bytes){ buffer_data(records), buffer_length(records) };
	if (changes != NULL)
		page.page.changes = (struct wire_bytes){ buffer_data(changes), buffer_length(changes) };
	fake_send(fake, &page);
}

static void later_changes_follow_the_messages_of_a_page(void **state)
{
	struct fake fake;
	uint8_t field[8];
	uint32_t room = start(&fake, 30);
	struct buffer records, changes;
	buffer_init(&records, 4096);
	buffer_init(&changes, 4096);
	fake_record(&records, 2, (struct message_id){ 5, 2 }, "helo");
	fake_record(&records, 3, (struct message_id){ 5, 3 }, "x");
	assert_int_equal(message_encode(&changes, &(struct message){ .type = WIRE_MSG, .msg = about(25, KIND_REACTION, "+1", field, 3).msg }), 0);
	assert_int_equal(message_encode(&changes, &(struct message){ .type = WIRE_MSG, .msg = about(20, KIND_EDIT, "hello", field, 2).msg }), 0);
	assert_int_equal(session_history(fake.session, room, 4, 2, 77), 0);
	send_page(&fake, fake_take(&fake, WIRE_HISTORY).history.request, &records, &changes);
	for (uint64_t seq = 2; seq <= 3; seq++) {
		const struct session_event *event = fake_event(&fake, SESSION_PAST);
		assert_int_equal(event->seq, seq);
		assert_int_equal(event->asked, 77);
	}
	const struct session_event *event = fake_event(&fake, SESSION_CHANGE);
	assert_int_equal(event->kind, KIND_REACTION);
	assert_int_equal(event->seq, 25);
	assert_int_equal(event->target, 3);
	event = fake_event(&fake, SESSION_CHANGE);
	assert_int_equal(event->kind, KIND_EDIT);
	assert_int_equal(event->target, 2);
	assert_string_equal(event->text, "hello");
	assert_string_equal(event->nick, "bob");
	assert_int_equal(event->asked, 77);
	event = fake_event(&fake, SESSION_PAST_END);
	assert_int_equal(event->seq, 2);
	assert_int_equal(event->asked, 77);
	assert_true(event->more);
	/* Among changes, nothing but changes. */
	assert_int_equal(session_history(fake.session, room, 4, 2, 0), 0);
	send_page(&fake, fake_take(&fake, WIRE_HISTORY).history.request, &records, &records);
	fake_event(&fake, SESSION_PAST);
	fake_event(&fake, SESSION_PAST);
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
	buffer_free(&records);
	buffer_free(&changes);
	fake_close(&fake);
}

static void what_is_found_comes_newest_first(void **state)
{
	struct fake fake;
	uint32_t room = start(&fake, 30);
	struct buffer records;
	buffer_init(&records, 4096);
	fake_record(&records, 20, (struct message_id){ 5, 20 }, "tea");
	fake_record(&records, 9, (struct message_id){ 5, 9 }, "tea?");
	char large[SESSION_SEARCH_MAX + 2];
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	assert_int_equal(session_search(fake.session, room, "", 0, 5, 0), TCHAT_ERR_BAD_TEXT);
	assert_int_equal(session_search(fake.session, room, "\xff", 0, 5, 0), TCHAT_ERR_BAD_TEXT);
	assert_int_equal(session_search(fake.session, room, large, 0, 5, 0), TCHAT_ERR_TOO_LONG);
	assert_int_equal(session_search(fake.session, room, "tea", 0, 257, 0), TCHAT_ERR_ARGUMENT);
	assert_int_equal(session_search(fake.session, 99, "tea", 0, 5, 0), TCHAT_ERR_NOT_FOUND);
	assert_int_equal(session_search(fake.session, room, "tea", 25, 5, 6), 0);
	struct message search = fake_take(&fake, WIRE_SEARCH);
	assert_int_equal(search.search.from, 25);
	assert_int_equal(search.search.limit, 5);
	assert_int_equal(search.search.text.length, 3);
	send_page(&fake, search.search.request, &records, NULL);
	const struct session_event *event = fake_event(&fake, SESSION_FOUND);
	assert_int_equal(event->seq, 20);
	assert_int_equal(event->asked, 6);
	assert_string_equal(event->text, "tea");
	assert_int_equal(fake_event(&fake, SESSION_FOUND)->seq, 9);
	event = fake_event(&fake, SESSION_FOUND_END);
	assert_int_equal(event->seq, 2);
	assert_true(event->more);
	assert_int_equal(event->asked, 6);
	/* An answer that does not come any more is told. */
	assert_int_equal(session_search(fake.session, room, "tea", 0, 5, 8), 0);
	fake_take(&fake, WIRE_SEARCH);
	session_disconnected(fake.session, TCHAT_ERR_CLOSED, fake.now);
	event = fake_event(&fake, SESSION_ERROR);
	assert_int_equal(event->request, REQUEST_SEARCH);
	assert_int_equal(event->asked, 8);
	fake_event(&fake, SESSION_DISCONNECTED);
	assert_int_equal(session_search(fake.session, room, "tea", 0, 5, 0), TCHAT_ERR_AGAIN);
	buffer_free(&records);
	fake_close(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_names_its_message_all_the_way),
		cmocka_unit_test(what_a_post_is_about_is_sent_again_with_it),
		cmocka_unit_test(a_change_without_a_sense_is_refused_at_once),
		cmocka_unit_test(a_deleted_text_is_not_blanks_but_none),
		cmocka_unit_test(later_changes_follow_the_messages_of_a_page),
		cmocka_unit_test(what_is_found_comes_newest_first),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
