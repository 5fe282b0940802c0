/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: members that read slowly or not at all, and stores that are slow or full. */
#include "delay-store.h"
#include "delivery-peer.h"

static void a_slow_reader_gets_gap_and_loses_nothing(void **state)
{
	struct host_limits limits = { .queue = 2000 };
	struct world *w = world_new(&limits, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob");
	struct message message;
	wire_enter(b, "lobby", JOIN_LIVE);
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_skip(b);
	b->budget = 0;
	for (int i = 0; i < 100; i++) {
		wire_post(a, 1, "a message of some length");
		world_run(w);
	}
	struct host_counters counters;
	host_counters(w->host, &counters);
	assert_int_equal(counters.gaps, 1);
	wire_post_as(b, 1, b->device, 1, KIND_TEXT, "mine");
	world_run(w);
	wire_allow(b, ALL);
	uint64_t seq = 0;
	while (wire_next(b, &message) == WIRE_MSG)
		assert_int_equal(message.msg.seq, ++seq);
	assert_int_equal(message.type, WIRE_GAP);
	assert_int_equal(message.gap.from, seq + 1);
	expect_ack(b, 1, 101, 0);
	wire_expect_nothing(b);
	wire_history(b, 1, seq + 1, 256, HISTORY_FORWARD | HISTORY_ATTACH);
	expect_page(b, seq + 1, 101, 1, 102, PAGE_LIVE);
	wire_post(a, 1, "live");
	expect_msg(b, 102, "live");
	world_free(w);
}

static void twenty_thousand_messages_pass_a_stopped_member_in_little_memory(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann"), *b = wire_member(w, 2, "bob");
	char text[501] = { 0 };
	struct message message, record;
	memset(text, 'x', 500);
	wire_enter(b, "lobby", JOIN_LIVE);
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_skip(b);
	b->budget = 0;
	size_t most = 0;
	for (int i = 0; i < 20000; i++) {
		wire_post(a, 1, text);
		if (i % 40 == 0)
			world_run(w);
		struct host_counters counters;
		host_counters(w->host, &counters);
		if (counters.queued > most)
			most = counters.queued;
	}
	world_run(w);
	assert_true(most < 2 << 20);
	wire_allow(b, ALL);
	uint64_t seq = 0;
	while (wire_next(b, &message) == WIRE_MSG)
		assert_int_equal(message.msg.seq, ++seq);
	assert_int_equal(message.type, WIRE_GAP);
	for (bool live = false; !live;) {
		wire_history(b, 1, seq + 1, 256, HISTORY_FORWARD | HISTORY_ATTACH);
		wire_expect(b, &message, WIRE_PAGE);
		live = (message.page.flags & PAGE_LIVE) != 0;
		while (wire_record(&message.page.records, &record, WIRE_MSG))
			assert_int_equal(record.msg.seq, ++seq);
	}
	assert_int_equal(seq, 20000);
	world_free(w);
}

static void who_does_not_read_is_not_read(void **state)
{
	struct host_limits limits = { .queue_soft = 4000 };
	struct world *w = world_new(&limits, NULL);
	struct wire_peer *a = wire_member(w, 1, "ann");
	uint8_t pings[100 * 104];
	for (int i = 0; i < 100; i++) {
		frame_header(pings + i * 104, WIRE_PING, 100);
		memset(pings + i * 104 + 4, i, 100);
	}
	a->budget = 0;
	wire_send(a, pings, sizeof pings);
	world_run(w);
	assert_false(host_peer_wants_input(a->peer));
	struct host_counters counters;
	host_counters(w->host, &counters);
	assert_true(counters.queued < 16000);
	wire_allow(a, 2000);
	world_run(w);
	wire_allow(a, ALL);
	for (int i = 0; i < 100; i++) {
		struct message message;
		wire_expect(a, &message, WIRE_PONG);
		assert_int_equal(message.pong.payload.data[0], i);
	}
	assert_true(host_peer_wants_input(a->peer));
	world_free(w);
}

static void answers_are_not_gathered_without_bound_while_the_store_is_slow(void **state)
{
	struct delay *d = delay_new(store_memory_new(&(struct store_memory_config){ .spool_bytes = 1 << 20 }));
	struct world *w = world_new(NULL, &d->store);
	struct wire_peer *a = room_of(w, 10);
	d->hold = true;
	for (int i = 0; i < 50; i++)
		wire_history(a, 1, 0, 10, 0);
	world_run(w);
	assert_false(host_peer_wants_input(a->peer));
	d->hold = false;
	host_store_ready(w->host, w->now);
	for (int i = 0; i < 50; i++) {
		struct message message;
		wire_expect(a, &message, WIRE_PAGE);
		assert_int_equal(message.page.request, a->request - 49 + (uint32_t)i);
	}
	assert_true(host_peer_wants_input(a->peer));
	world_free(w);
}

static void posts_gather_while_a_commit_is_under_way(void **state)
{
	struct delay *d = delay_new(store_memory_new(&(struct store_memory_config){ .spool_bytes = 1 << 20 }));
	struct host_limits limits = { .round = 3000 };
	struct world *w = world_new(&limits, &d->store);
	struct wire_peer *a = room_of(w, 0);
	unsigned before = d->batches;
	d->hold = true;
	for (int i = 0; i < 20; i++) {
		wire_post(a, 1, "text");
		world_run(w);
	}
	assert_int_equal(d->batches, before + 1);
	wire_expect_nothing(a);
	for (int i = 20; i < 100; i++)
		wire_post(a, 1, "text");
	assert_false(host_peer_wants_input(a->peer));
	d->hold = false;
	host_store_ready(w->host, w->now);
	for (uint64_t i = 1; i <= 100; i++)
		expect_ack(a, i, i, 0);
	assert_true(host_peer_wants_input(a->peer));
	world_free(w);
}

static void a_commit_that_fails_is_a_temporary_nack(void **state)
{
	struct delay *d = delay_new(store_memory_new(&(struct store_memory_config){ .spool_bytes = 1 << 20 }));
	struct world *w = world_new(NULL, &d->store);
	struct wire_peer *a = room_of(w, 1), *b = wire_member(w, 2, "bob");
	struct host_event event;
	wire_enter(b, "lobby", JOIN_LIVE);
	wire_skip(a);
	while (host_next_event(w->host, &event))
		;
	d->fail = TCHAT_ERR_BUSY;
	wire_post(a, 1, "two");
	wire_post(a, 1, "three");
	expect_nack(a, 2, TCHAT_ERR_BUSY, 0);
	wire_expect_nothing(a);
	wire_expect_nothing(b);
	assert_true(host_next_event(w->host, &event));
	assert_int_equal(event.type, HOST_EVENT_STORE);
	d->fail = 0;
	wire_post(a, 1, "four");
	wire_expect_nothing(a);
	wire_post_as(a, 1, a->device, 2, KIND_TEXT, "two");
	wire_post_as(a, 1, a->device, 3, KIND_TEXT, "three");
	expect_ack(a, 2, 2, 0);
	expect_ack(a, 3, 3, 0);
	expect_msg(b, 2, "two");
	assert_true(host_next_event(w->host, &event));
	assert_int_equal(event.type, HOST_EVENT_STORE);
	assert_int_equal(event.code, 0);
	assert_false(host_next_event(w->host, &event));
	d->fail = TCHAT_ERR_NO_SPACE;
	wire_post_as(a, 1, a->device, 4, KIND_TEXT, "four");
	expect_nack(a, 4, TCHAT_ERR_DISK_FULL, 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_reader_gets_gap_and_loses_nothing),
		cmocka_unit_test(twenty_thousand_messages_pass_a_stopped_member_in_little_memory),
		cmocka_unit_test(who_does_not_read_is_not_read),
		cmocka_unit_test(answers_are_not_gathered_without_bound_while_the_store_is_slow),
		cmocka_unit_test(posts_gather_while_a_commit_is_under_way),
		cmocka_unit_test(a_commit_that_fails_is_a_temporary_nack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
