/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: edits, deletions and reactions, answers to messages, and searching. */
#include "delivery-peer.h"

/* What became of the last post. */
static void expect_taken(struct wire_peer *p, uint64_t seq)
{
	expect_ack(p, p->counter, seq, 0);
}

static void expect_refused(struct wire_peer *p, int err)
{
	expect_nack(p, p->counter, err, NACK_PERMANENT);
}

/* tag: of the TLV that names the other message. */
static void put_about(struct wire_peer *p, int kind, const char *text, int tag, uint64_t seq)
{
	struct message message = { .type = WIRE_POST };
	uint8_t number[8];
	wire_set(number, 8, seq);
	message.post.room = 1;
	message.post.id = (struct message_id){ p->device, ++p->counter };
	message.post.kind = (uint8_t)kind;
	message.post.body = wire_text(text);
	struct wire_bytes value = { number, sizeof number };
	if (tag == 3)
		message.post.target = value;
	else
		message.post.reply = value;
	wire_put(p, &message);
}

static struct wire_peer *live(struct world *w, bool owner, uint8_t salt, const char *nick)
{
	struct wire_peer *p = wire_member_of(w, owner, salt, nick);
	wire_enter(p, "lobby", JOIN_LIVE);
	return p;
}

static void expect_about(struct wire_peer *p, uint64_t seq, int kind, const char *text, uint64_t target, uint64_t reply)
{
	struct message message;
	wire_expect(p, &message, WIRE_MSG);
	assert_int_equal(message.msg.seq, seq);
	assert_int_equal(message.msg.kind, kind);
	assert_true(wire_text_is(message.msg.body, text));
	assert_int_equal(message.msg.target.length, target == 0 ? 0 : 8);
	assert_int_equal(message.msg.reply.length, reply == 0 ? 0 : 8);
	if (target != 0)
		assert_int_equal(wire_get(message.msg.target.data, 8), target);
	if (reply != 0)
		assert_int_equal(wire_get(message.msg.reply.data, 8), reply);
}

static void changes_are_messages_in_one_order(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = live(w, false, 1, "ann"), *b = live(w, false, 2, "bob");
	wire_skip(a);
	wire_post(a, 1, "helo");
	expect_taken(a, 1);
	expect_about(b, 1, KIND_TEXT, "helo", 0, 0);
	put_about(a, KIND_EDIT, "hello", 3, 1);
	expect_taken(a, 2);
	expect_about(b, 2, KIND_EDIT, "hello", 1, 0);
	put_about(b, KIND_REACTION, "+1", 3, 1);
	expect_taken(b, 3);
	expect_about(a, 3, KIND_REACTION, "+1", 1, 0);
	put_about(b, KIND_TEXT, "hi ann", 5, 1);
	expect_taken(b, 4);
	expect_about(a, 4, KIND_TEXT, "hi ann", 0, 1);
	put_about(a, KIND_DELETE, "", 3, 1);
	expect_taken(a, 5);
	expect_about(b, 5, KIND_DELETE, "", 1, 0);
	world_free(w);
}

static void nobody_changes_what_is_not_theirs(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = live(w, false, 1, "ann"), *b = live(w, false, 2, "bob"), *o = live(w, true, 3, "olga");
	wire_post(a, 1, "mine");
	wire_skip(a);
	wire_skip(b);
	wire_skip(o);
	put_about(b, KIND_EDIT, "yours", 3, 1);
	expect_refused(b, TCHAT_ERR_NOT_ALLOWED);
	put_about(b, KIND_DELETE, "", 3, 1);
	expect_refused(b, TCHAT_ERR_NOT_ALLOWED);
	put_about(o, KIND_EDIT, "ours", 3, 1);
	expect_refused(o, TCHAT_ERR_NOT_ALLOWED);
	put_about(a, KIND_EDIT, "later", 3, 9);
	expect_refused(a, TCHAT_ERR_NO_MESSAGE);
	put_about(a, KIND_EDIT, "without one", 5, 1);
	expect_refused(a, TCHAT_ERR_NO_MESSAGE);
	put_about(a, KIND_DELETE, "with a text", 3, 1);
	expect_refused(a, TCHAT_ERR_TOO_LONG);
	put_about(a, KIND_REACTION, "", 3, 1);
	expect_refused(a, TCHAT_ERR_TOO_LONG);
	put_about(o, KIND_DELETE, "", 3, 1);
	expect_taken(o, 2);
	put_about(a, KIND_EDIT, "too late", 3, 1);
	expect_about(a, 2, KIND_DELETE, "", 1, 0);
	expect_refused(a, TCHAT_ERR_NO_MESSAGE);
	world_free(w);
}

static void only_the_host_says_that_a_text_is_gone(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = live(w, false, 1, "ann");
	struct message message = { .type = WIRE_POST };
	wire_skip(a);
	message.post.room = 1;
	message.post.id = (struct message_id){ a->device, 1 };
	message.post.kind = KIND_TEXT;
	message.post.flags = MSG_BLANK;
	message.post.body = wire_text("  ");
	wire_put(a, &message);
	wire_expect_end(a, TCHAT_ERR_BAD_FRAME);
	struct wire_peer *b = live(w, false, 2, "bob");
	wire_skip(b);
	message.post.id.device = b->device;
	message.post.flags = 0;
	message.post.target = wire_text("short");
	wire_put(b, &message);
	wire_expect_end(b, TCHAT_ERR_BAD_FRAME);
	world_free(w);
}

static void a_page_tells_what_became_of_its_messages(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = live(w, false, 1, "ann");
	struct message page, message;
	wire_skip(a);
	for (int i = 0; i < 5; i++)
		wire_post(a, 1, "text");
	wire_skip(a);
	put_about(a, KIND_EDIT, "new", 3, 2);
	put_about(a, KIND_DELETE, "", 3, 4);
	wire_skip(a);
	wire_history(a, 1, 1, 3, HISTORY_FORWARD);
	wire_expect(a, &page, WIRE_PAGE);
	assert_non_null(page.page.changes.data);
	assert_true(wire_record(&page.page.changes, &message, WIRE_MSG));
	assert_int_equal(page.page.changes.length, 0);
	assert_int_equal(message.msg.kind, KIND_EDIT);
	assert_int_equal(message.msg.seq, 6);
	wire_history(a, 1, 4, 1, HISTORY_FORWARD);
	wire_expect(a, &page, WIRE_PAGE);
	assert_true(wire_record(&page.page.records, &message, WIRE_MSG));
	assert_int_equal(message.msg.flags, MSG_BLANK);
	assert_true(wire_text_is(message.msg.body, "    "));
	wire_history(a, 1, 1, 1, HISTORY_FORWARD);
	wire_expect(a, &page, WIRE_PAGE);
	assert_null(page.page.changes.data);
	world_free(w);
}

static uint32_t put_search(struct wire_peer *p, uint64_t room, uint64_t from, const char *text, int limit)
{
	struct message message = { .type = WIRE_SEARCH };
	message.search.request = ++p->request;
	message.search.room = room;
	message.search.from = from;
	message.search.limit = (uint16_t)limit;
	message.search.text = wire_text(text);
	wire_put(p, &message);
	return p->request;
}

static void members_find_what_was_said(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = live(w, false, 1, "ann"), *b = wire_member(w, 2, "bob");
	static const char *const texts[] = { "Tea at four", "no", "tea at five" };
	struct message page, message;
	for (int i = 0; i < 3; i++)
		wire_post(a, 1, texts[i]);
	wire_skip(a);
	uint32_t request = put_search(a, 1, 0, "TEA", 1);
	uint64_t seqs[] = { 3, 1 };
	for (int i = 0; i < 2; i++) {
		wire_expect(a, &page, WIRE_PAGE);
		assert_int_equal(page.page.request, request);
		assert_true(wire_record(&page.page.records, &message, WIRE_MSG));
		assert_int_equal(page.page.records.length, 0);
		assert_int_equal(message.msg.seq, seqs[i]);
		assert_int_equal(page.page.flags, i == 0 ? PAGE_MORE : 0);
		if (i == 0)
			request = put_search(a, 1, page.page.next, "tea", 5);
	}
	request = put_search(a, 1, 0, "", 5);
	wire_expect_error(a, request, TCHAT_ERR_BAD_TEXT);
	char large[400];
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = 0;
	request = put_search(a, 1, 0, large, 5);
	wire_expect_error(a, request, TCHAT_ERR_TOO_LONG);
	wire_skip(b);
	request = put_search(b, 1, 0, "tea", 5);
	wire_expect_error(b, request, TCHAT_ERR_NOT_MEMBER);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_messages_in_one_order),
		cmocka_unit_test(nobody_changes_what_is_not_theirs),
		cmocka_unit_test(only_the_host_says_that_a_text_is_gone),
		cmocka_unit_test(a_page_tells_what_became_of_its_messages),
		cmocka_unit_test(members_find_what_was_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
