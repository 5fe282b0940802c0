/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: posts, their answers, and their places in the order that all see. */
#include "delivery-peer.h"

static void others_get_the_message_and_the_sender_its_ack(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member_of(w, true, 1, "ann"), *a2 = wire_member_of(w, true, 2, "ann");
	struct wire_peer *b = wire_member(w, 3, "bob"), *c = wire_member(w, 4, "eve");
	struct message ack, message;
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_enter(a2, "lobby", JOIN_LIVE);
	wire_enter(b, "lobby", JOIN_LIVE);
	wire_enter(c, "lobby", 0);
	wire_skip(a);
	wire_skip(a2);
	wire_skip(b);
	wire_post(a, 1, "hello");
	wire_expect(a, &ack, WIRE_ACK);
	assert_int_equal(ack.ack.id.device, a->device);
	assert_int_equal(ack.ack.id.counter, 1);
	assert_int_equal(ack.ack.room, 1);
	assert_int_equal(ack.ack.seq, 1);
	assert_int_equal(ack.ack.flags, 0);
	for (int i = 0; i < 2; i++) {
		wire_expect(i == 0 ? b : a2, &message, WIRE_MSG);
		assert_int_equal(message.msg.room, 1);
		assert_int_equal(message.msg.seq, 1);
		assert_int_equal(message.msg.time, ack.ack.time);
		assert_int_equal(message.msg.id.device, a->device);
		assert_int_equal(message.msg.id.counter, 1);
		assert_int_equal(message.msg.sender, a->user);
		assert_int_equal(message.msg.kind, KIND_TEXT);
		assert_text(message.msg.body, "hello");
		assert_text(message.msg.nick, "ann");
	}
	wire_expect_nothing(a);
	wire_expect_nothing(a2);
	wire_expect_nothing(b);
	wire_expect_nothing(c);
	world_free(w);
}

static void acks_stand_where_others_see_the_messages(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob"), *c = wire_member(w, 3, "eve");
	struct wire_peer *all[] = { a, b, c };
	for (int i = 0; i < 3; i++)
		wire_enter(all[i], "lobby", JOIN_LIVE);
	for (int i = 0; i < 3; i++)
		wire_skip(all[i]);
	/* One round: b b a b a, with a refused and a repeated post among them. */
	wire_post(b, 1, "1");
	wire_post(b, 1, "2");
	wire_post(a, 1, "3");
	wire_post_as(a, 1, a->device, 1, KIND_TEXT, "3");
	wire_post(b, 1, "\xff");
	wire_post(b, 1, "4");
	wire_post(a, 1, "5");
	expect_msg(a, 1, "1");
	expect_msg(a, 2, "2");
	expect_ack(a, 1, 3, 0);
	expect_ack(a, 1, 3, ACK_DUPLICATE);
	expect_msg(a, 4, "4");
	expect_ack(a, 2, 5, 0);
	wire_expect_nothing(a);
	expect_ack(b, 1, 1, 0);
	expect_ack(b, 2, 2, 0);
	expect_msg(b, 3, "3");
	expect_ack(b, 4, 4, 0);
	expect_msg(b, 5, "5");
	expect_nack(b, 3, TCHAT_ERR_BAD_TEXT, NACK_PERMANENT);
	for (uint64_t seq = 1; seq <= 5; seq++) {
		char text[2] = { (char)('0' + seq), 0 };
		expect_msg(c, seq, text);
	}
	wire_expect_nothing(c);
	struct iovec parts[9];
	assert_int_equal(host_peer_output(c->peer, parts, 9), 0);
	world_free(w);
}

static void a_round_is_one_span_for_who_only_listens(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob"), *c = wire_member(w, 3, "eve");
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_enter(b, "lobby", JOIN_LIVE);
	wire_enter(c, "lobby", JOIN_LIVE);
	world_run(w);
	for (int i = 0; i < 100; i++)
		wire_post(i % 2 == 0 ? a : b, 1, "many");
	host_flush(w->host, w->now);
	struct iovec parts[9];
	assert_int_equal(host_peer_output(c->peer, parts, 9), 1);
	struct host_counters counters;
	host_counters(w->host, &counters);
	assert_int_equal(counters.deliveries, 300);
	world_run(w);
	host_counters(w->host, &counters);
	assert_int_equal(counters.queued, 0);
	world_free(w);
}

static void tags_are_relayed_and_a_topic_is_kept(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob");
	struct message message = { .type = WIRE_POST };
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_enter(b, "lobby", JOIN_LIVE);
	message.post.room = 1;
	message.post.id = (struct message_id){ a->device, 1 };
	message.post.kind = KIND_TOPIC;
	message.post.body = wire_text("tea at five");
	message.post.tail = (struct wire_bytes){ (const uint8_t *)"\0\7\0\1x\x70\1\0\0", 9 };
	wire_put(a, &message);
	wire_until(b, &message, WIRE_MSG);
	assert_text(message.msg.nick, "ann");
	assert_int_equal(message.msg.tail.length, 9);
	assert_memory_equal(message.msg.tail.data, "\0\7\0\1x\x70\1\0\0", 9);
	wire_skip(b);
	wire_join(b, ROOM_PUBLIC, "lobby", JOIN_LIVE);
	wire_expect(b, &message, WIRE_JOINED);
	assert_text(message.joined.topic, "tea at five");
	assert_int_equal(message.joined.last, 1);
	wire_post_as(b, 1, b->device, 1, KIND_TOPIC, "");
	wire_join(b, ROOM_PUBLIC, "lobby", JOIN_LIVE);
	wire_until(b, &message, WIRE_JOINED);
	world_run(w);
	wire_join(b, ROOM_PUBLIC, "lobby", JOIN_LIVE);
	wire_until(b, &message, WIRE_JOINED);
	assert_null(message.joined.topic.data);
	world_free(w);
}

static void malformed_posts_end_the_connection(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
		size_t length;
		int err;
	} cases[] = {
		{ 0, 0, MSG_BODY - 1, TCHAT_ERR_BAD_FRAME },
		{ MSG_SEQ + 7, 1, MSG_BODY + 1, TCHAT_ERR_BAD_FRAME },
		{ MSG_TIME, 1, MSG_BODY + 1, TCHAT_ERR_BAD_FRAME },
		{ MSG_SENDER + 3, 1, MSG_BODY + 1, TCHAT_ERR_BAD_FRAME },
		{ MSG_BODY_LENGTH, 0xff, MSG_BODY + 1, TCHAT_ERR_BAD_FRAME },
		{ MSG_BODY_LENGTH + 3, 2, MSG_BODY + 1, TCHAT_ERR_BAD_FRAME },
		{ MSG_BODY + 1 + 1, 1, MSG_BODY + 1 + 4, TCHAT_ERR_BAD_FRAME }, /* a nick */
		{ MSG_BODY + 1 + 1, 2, MSG_BODY + 1 + 4, TCHAT_ERR_UNKNOWN_TAG },
		{ MSG_BODY + 1 + 1, 3, MSG_BODY + 1 + 3, TCHAT_ERR_BAD_FRAME },
		{ MSG_BODY + 1 + 3, 1, MSG_BODY + 1 + 4, TCHAT_ERR_BAD_FRAME },
	};
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *b = wire_member(w, 2, "bob");
	wire_enter(b, "lobby", JOIN_LIVE);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct wire_peer *a = wire_member(w, 1, "ann");
		wire_enter(a, "lobby", JOIN_LIVE);
		uint8_t payload[MSG_BODY + 16] = { 0 };
		wire_set(payload + MSG_ROOM, 8, 1);
		wire_set(payload + MSG_DEVICE, 8, a->device);
		wire_set(payload + MSG_COUNTER, 8, a->counter + 1);
		payload[MSG_KIND] = KIND_TEXT;
		payload[MSG_BODY_LENGTH + 3] = 1;
		payload[MSG_BODY] = 'x';
		payload[cases[i].at] = cases[i].byte;
		if (cases[i].length >= MSG_BODY + 1 + 3 && cases[i].err == TCHAT_ERR_BAD_FRAME &&
		    payload[MSG_BODY + 2] == 0)
			payload[MSG_BODY + 2] = 3;
		wire_frame(a, WIRE_POST, payload, cases[i].length);
		wire_expect_end(a, cases[i].err);
		wire_close(a);
	}
	struct host_counters counters;
	host_counters(w->host, &counters);
	assert_int_equal(counters.posts, 0);
	world_free(w);
}

static void a_post_that_is_not_allowed_is_refused_and_the_next_one_taken(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob");
	char *text = calloc(1, WIRE_TEXT_LIMIT + 2);
	uint64_t other = wire_enter(b, "other", JOIN_LIVE);
	wire_enter(a, "lobby", JOIN_LIVE);
	memset(text, 'x', WIRE_TEXT_LIMIT);
	wire_post(a, other, "x");
	expect_nack(a, 1, TCHAT_ERR_NOT_MEMBER, NACK_PERMANENT);
	wire_post(a, 4711, "x");
	expect_nack(a, 2, TCHAT_ERR_NOT_MEMBER, NACK_PERMANENT);
	wire_post_as(a, 1, a->device, ++a->counter, 9, "x");
	expect_nack(a, 3, TCHAT_ERR_BAD_KIND, NACK_PERMANENT);
	wire_post(a, 1, "\xc3(");
	expect_nack(a, 4, TCHAT_ERR_BAD_TEXT, NACK_PERMANENT);
	wire_post(a, 1, text);
	expect_ack(a, 5, 1, 0);
	text[WIRE_TEXT_LIMIT] = 'x';
	wire_post(a, 1, text);
	expect_nack(a, 6, TCHAT_ERR_TOO_LONG, NACK_PERMANENT);
	text[401] = '\0';
	wire_post_as(a, 1, a->device, ++a->counter, KIND_TOPIC, text);
	expect_nack(a, 7, TCHAT_ERR_TOO_LONG, NACK_PERMANENT);
	text[400] = '\0';
	wire_post_as(a, 1, a->device, ++a->counter, KIND_TOPIC, text);
	expect_ack(a, 8, 2, 0);
	/* Another's device: no counter is used up. */
	wire_post_as(a, 1, b->device, 1, KIND_TEXT, "x");
	expect_nack(a, 1, TCHAT_ERR_NOT_ALLOWED, NACK_PERMANENT);
	/* The same refusal again, also when it would be allowed by now. */
	wire_enter(a, "other", JOIN_LIVE);
	wire_post_as(a, other, a->device, 1, KIND_TEXT, "x");
	expect_nack(a, 1, TCHAT_ERR_NOT_MEMBER, NACK_PERMANENT);
	free(text);
	world_free(w);
}

static void a_post_too_long_for_a_page_because_of_its_tags_is_refused(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann");
	struct message message = { .type = WIRE_POST };
	static uint8_t tail[WIRE_LIMIT - MSG_BODY];
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_set(tail, 2, 0x7001);
	wire_set(tail + 2, 2, sizeof tail - 4);
	message.post.room = 1;
	message.post.id = (struct message_id){ a->device, 1 };
	message.post.kind = KIND_TEXT;
	message.post.tail = (struct wire_bytes){ tail, sizeof tail };
	wire_put(a, &message);
	expect_nack(a, 1, TCHAT_ERR_TOO_LONG, NACK_PERMANENT);
	/* The longest that fits, and its page. */
	size_t fits = WIRE_LIMIT - 36 - 8192 - 4 - 4 - MSG_BODY - 4 - 3;
	wire_set(tail + 2, 2, fits - 4);
	message.type = WIRE_POST;
	memset(&message.post, 0, sizeof message.post);
	message.post.room = 1;
	message.post.id = (struct message_id){ a->device, 2 };
	message.post.kind = KIND_TEXT;
	message.post.tail = (struct wire_bytes){ tail, fits };
	wire_put(a, &message);
	expect_ack(a, 2, 1, 0);
	wire_history(a, 1, 0, 10, 0);
	wire_expect(a, &message, WIRE_PAGE);
	assert_int_equal(message.page.records.length, WIRE_LIMIT - 36 - 8192 - 4);
	world_free(w);
}

static void repeats_holes_and_clones_are_told_apart(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann");
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_post(a, 1, "one");
	expect_ack(a, 1, 1, 0);
	wire_post_as(a, 1, a->device, 1, KIND_TEXT, "one");
	expect_ack(a, 1, 1, ACK_DUPLICATE);
	wire_post_as(a, 1, a->device, 1, KIND_TEXT, "two");
	expect_nack(a, 1, TCHAT_ERR_CLONED_DEVICE, NACK_PERMANENT);
	wire_post_as(a, 1, a->device, 1, KIND_ACTION, "one");
	expect_nack(a, 1, TCHAT_ERR_CLONED_DEVICE, NACK_PERMANENT);
	wire_post_as(a, 1, a->device, 0, KIND_TEXT, "zero");
	expect_nack(a, 0, TCHAT_ERR_CLONED_DEVICE, NACK_PERMANENT);
	wire_post_as(a, 1, a->device, 3, KIND_TEXT, "three");
	wire_post_as(a, 1, a->device, 4, KIND_TEXT, "four");
	expect_nack(a, 3, TCHAT_ERR_HOLE, 0);
	wire_expect_nothing(a);
	wire_post_as(a, 1, a->device, 4, KIND_TEXT, "four");
	wire_expect_nothing(a);
	wire_post_as(a, 1, a->device, 1, KIND_TEXT, "one");
	expect_ack(a, 1, 1, ACK_DUPLICATE);
	wire_post_as(a, 1, a->device, 2, KIND_TEXT, "two");
	wire_post_as(a, 1, a->device, 3, KIND_TEXT, "three");
	expect_ack(a, 2, 2, 0);
	expect_ack(a, 3, 3, 0);
	wire_post_as(a, 1, a->device, 9, KIND_TEXT, "nine");
	expect_nack(a, 9, TCHAT_ERR_HOLE, 0);
	wire_expect_nothing(a);
	world_free(w);
}

static void the_same_words_for_another_room_are_another_content(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann");
	struct message message;
	uint64_t lobby = wire_enter(a, "lobby", JOIN_LIVE), tea = wire_enter(a, "tea", JOIN_LIVE);
	wire_post(a, lobby, "one");
	expect_ack(a, 1, 1, 0);
	wire_post_as(a, tea, a->device, 1, KIND_TEXT, "one");
	expect_nack(a, 1, TCHAT_ERR_CLONED_DEVICE, NACK_PERMANENT);
	wire_post_as(a, tea, a->device, 1, KIND_VOID, ""); /* what became of it, wherever */
	wire_expect(a, &message, WIRE_ACK);
	assert_int_equal(message.ack.room, lobby);
	assert_int_equal(message.ack.seq, 1);
	world_free(w);
}

static void a_void_uses_up_its_counter_or_tells_what_was_decided(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob");
	wire_enter(b, "lobby", JOIN_LIVE);
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_skip(b);
	wire_post_as(a, 1, a->device, 1, KIND_VOID, "");
	expect_nack(a, 1, TCHAT_ERR_CANCELLED, NACK_PERMANENT);
	wire_post_as(a, 0, a->device, 1, KIND_VOID, "");
	expect_nack(a, 1, TCHAT_ERR_CANCELLED, NACK_PERMANENT);
	wire_post_as(a, 1, a->device, 1, KIND_TEXT, "one"); /* whoever took it back cannot send it */
	expect_nack(a, 1, TCHAT_ERR_CLONED_DEVICE, NACK_PERMANENT);
	wire_post_as(a, 1, a->device, 2, KIND_TEXT, "two");
	expect_ack(a, 2, 1, 0);
	expect_msg(b, 1, "two");
	wire_post_as(a, 1, a->device, 2, KIND_VOID, ""); /* too late */
	expect_ack(a, 2, 1, ACK_DUPLICATE);
	wire_post_as(a, 1, a->device, 3, KIND_TEXT, "\xff");
	wire_post_as(a, 0, a->device, 3, KIND_VOID, "");
	expect_nack(a, 3, TCHAT_ERR_BAD_TEXT, NACK_PERMANENT);
	expect_nack(a, 3, TCHAT_ERR_BAD_TEXT, NACK_PERMANENT);
	wire_post_as(a, 1, a->device, 5, KIND_VOID, "");
	expect_nack(a, 5, TCHAT_ERR_HOLE, 0);
	wire_expect_nothing(b);
	world_free(w);
}

/* Otherwise the answer to the second would settle the post, and then its ACK come as if from nowhere. */
static void who_takes_back_what_the_same_round_accepts_hears_of_the_message_first(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann");
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_skip(a);
	wire_post_as(a, 0, a->device, 1, KIND_VOID, "");
	wire_post_as(a, 1, a->device, 2, KIND_TEXT, "two");
	wire_post_as(a, 0, a->device, 2, KIND_VOID, "");
	expect_ack(a, 2, 1, 0);
	expect_nack(a, 1, TCHAT_ERR_CANCELLED, NACK_PERMANENT);
	expect_ack(a, 2, 1, ACK_DUPLICATE);
	wire_expect_nothing(a);
	world_free(w);
}

static void outcomes_outlive_the_connection_until_they_are_settled(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann");
	struct message message;
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_post(a, 1, "one");
	wire_post(a, 4711, "two");
	wire_close(a); /* before the round is committed: what was read counts */
	world_run(w);
	a = wire_member(w, 1, "ann");
	assert_int_equal(a->counter, 2);
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_post_as(a, 1, a->device, 1, KIND_TEXT, "one");
	expect_ack(a, 1, 1, ACK_DUPLICATE);
	wire_post_as(a, 4711, a->device, 2, KIND_TEXT, "two");
	expect_nack(a, 2, TCHAT_ERR_NOT_MEMBER, NACK_PERMANENT);
	wire_close(a);
	a = wire_connect(w, false);
	wire_hello(a);
	wire_auth(a, 1, "ann", 3);
	wire_expect(a, &message, WIRE_AUTH_OK);
	assert_int_equal(message.auth_ok.mark, 2);
	a->device = message.auth_ok.device;
	wire_post_as(a, 1, a->device, 1, KIND_TEXT, "one");
	expect_nack(a, 1, TCHAT_ERR_CLONED_DEVICE, NACK_PERMANENT);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_get_the_message_and_the_sender_its_ack),
		cmocka_unit_test(acks_stand_where_others_see_the_messages),
		cmocka_unit_test(a_round_is_one_span_for_who_only_listens),
		cmocka_unit_test(tags_are_relayed_and_a_topic_is_kept),
		cmocka_unit_test(malformed_posts_end_the_connection),
		cmocka_unit_test(a_post_that_is_not_allowed_is_refused_and_the_next_one_taken),
		cmocka_unit_test(a_post_too_long_for_a_page_because_of_its_tags_is_refused),
		cmocka_unit_test(repeats_holes_and_clones_are_told_apart),
		cmocka_unit_test(the_same_words_for_another_room_are_another_content),
		cmocka_unit_test(a_void_uses_up_its_counter_or_tells_what_was_decided),
		cmocka_unit_test(who_takes_back_what_the_same_round_accepts_hears_of_the_message_first),
		cmocka_unit_test(outcomes_outlive_the_connection_until_they_are_settled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
