/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: a room's history in pages, live from there on, and resuming at a cursor. */
#include "delay-store.h"
#include "delivery-peer.h"

static void history_is_paged_in_both_directions(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = room_of(w, 20);
	wire_history(a, 1, 0, 8, 0);
	expect_page(a, 13, 20, 1, 13, PAGE_MORE);
	wire_history(a, 1, 13, 8, 0);
	expect_page(a, 5, 12, 1, 5, PAGE_MORE);
	wire_history(a, 1, 5, 8, 0);
	expect_page(a, 1, 4, 1, 1, 0);
	wire_history(a, 1, 1, 8, 0);
	expect_page(a, 1, 0, 1, 1, 0);
	wire_history(a, 1, 1, 15, HISTORY_FORWARD);
	expect_page(a, 1, 15, 1, 16, PAGE_MORE);
	wire_history(a, 1, 16, 256, HISTORY_FORWARD);
	expect_page(a, 16, 20, 1, 21, 0);
	wire_history(a, 1, 21, 15, HISTORY_FORWARD);
	expect_page(a, 1, 0, 1, 21, 0);
	wire_history(a, 1, 500, 2, 0);
	expect_page(a, 19, 20, 1, 19, PAGE_MORE);
	wire_expect_error(a, wire_history(a, 2, 0, 8, 0), TCHAT_ERR_NO_ROOM);
	struct wire_peer *b = wire_member(w, 2, "bob");
	wire_expect_error(b, wire_history(b, 1, 0, 8, 0), TCHAT_ERR_NOT_MEMBER);
	world_free(w);
}

static void live_begins_right_behind_the_page_that_reaches_the_head(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *a = room_of(w, 10), *b = wire_member(w, 2, "bob");
	wire_enter(b, "lobby", 0);
	wire_skip(a);
	wire_post(a, 1, "11");
	wire_expect_nothing(b);
	wire_history(b, 1, 1, 5, HISTORY_FORWARD | HISTORY_ATTACH);
	expect_page(b, 1, 5, 1, 6, PAGE_MORE);
	wire_post(a, 1, "12");
	wire_expect_nothing(b);
	wire_history(b, 1, 6, 256, HISTORY_FORWARD | HISTORY_ATTACH);
	wire_post(a, 1, "13"); /* in the same round as the request */
	world_run(w);
	struct message message;
	wire_expect(b, &message, WIRE_PAGE);
	assert_int_equal(message.page.flags, PAGE_LIVE);
	assert_int_equal(message.page.next, 14);
	wire_post(a, 1, "14");
	expect_msg(b, 14, "14");
	/* Nothing but attaching, and the newest ones, attached. */
	wire_enter(b, "lobby", 0);
	wire_history(b, 1, 0, 0, HISTORY_ATTACH);
	expect_page(b, 1, 0, 1, 15, PAGE_LIVE | PAGE_MORE);
	wire_post(a, 1, "15");
	expect_msg(b, 15, "15");
	wire_enter(b, "lobby", 0);
	wire_history(b, 1, 0, 3, HISTORY_ATTACH);
	expect_page(b, 13, 15, 1, 13, PAGE_LIVE | PAGE_MORE);
	wire_post(a, 1, "16");
	expect_msg(b, 16, "16");
	world_free(w);
}

/* The store has committed 11 already when it answers, but 11 was not fanned out yet. */
static void a_page_holds_nothing_that_comes_live_as_well(void **state)
{
	struct delay *d = delay_new(store_memory_new(&(struct store_memory_config){ .spool_bytes = 1 << 20 }));
	struct world *w = world_new(NULL, &d->store);
	struct wire_peer *a = room_of(w, 10), *b = wire_member(w, 2, "bob");
	wire_enter(b, "lobby", 0);
	wire_skip(a);
	d->hold_batch = true;
	wire_post(a, 1, "11");
	world_run(w);
	wire_history(b, 1, 0, 4, HISTORY_ATTACH);
	expect_page(b, 8, 10, 1, 8, PAGE_LIVE | PAGE_MORE);
	wire_expect_nothing(b);
	d->hold_batch = false;
	expect_msg(b, 11, "11");
	expect_ack(a, 11, 11, 0);
	/* And the other way about: the read is older than what was fanned out meanwhile. */
	wire_enter(b, "lobby", 0);
	wire_history(b, 1, 0, 4, HISTORY_ATTACH);
	d->hold = true;
	host_flush(w->host, w->now);
	wire_post(a, 1, "12");
	host_flush(w->host, w->now);
	struct store_request *read = d->first; /* let the batch go first */
	d->first = read->next;
	read->next = NULL;
	d->hold = false;
	host_store_ready(w->host, w->now);
	*d->last = read;
	d->last = &read->next;
	host_store_ready(w->host, w->now);
	expect_page(b, 9, 12, 1, 9, PAGE_LIVE | PAGE_MORE);
	wire_post(a, 1, "13");
	expect_msg(b, 13, "13");
	world_free(w);
}

/* Five messages more are committed, and as many old ones gone; nobody has heard of them yet. */
static void what_is_not_sent_yet_is_not_told_to_be_gone(void **state)
{
	struct store_memory_config memory = { .records_per_room = 3 };
	struct delay *d = delay_new(store_memory_new(&memory));
	struct world *w = world_new(NULL, &d->store);
	struct wire_peer *a = room_of(w, 4), *b = wire_member(w, 2, "bob");
	struct message message;
	wire_enter(b, "lobby", 0);
	wire_skip(a);
	d->hold_batch = true;
	for (int i = 5; i <= 9; i++)
		wire_post(a, 1, "more");
	world_run(w);
	uint32_t request = wire_history(b, 1, 3, 10, HISTORY_FORWARD | HISTORY_ATTACH);
	wire_expect(b, &message, WIRE_PAGE);
	assert_int_equal(message.page.request, request);
	assert_int_equal(message.page.floor, 5);
	assert_int_equal(message.page.flags, PAGE_LIVE);
	wire_join(b, ROOM_PUBLIC, "lobby", 0);
	wire_expect(b, &message, WIRE_JOINED);
	assert_int_equal(message.joined.first, 5);
	assert_int_equal(message.joined.last, 4);
	wire_history(b, 1, 5, 10, HISTORY_FORWARD | HISTORY_ATTACH);
	wire_expect(b, &message, WIRE_PAGE);
	d->hold_batch = false;
	for (uint64_t seq = 5; seq <= 9; seq++)
		expect_msg(b, seq, "more");
	world_free(w);
}

static void resume(struct wire_peer *p, uint64_t epoch, uint64_t seq, uint64_t device, uint64_t counter, int status)
{
	struct message message = { .type = WIRE_RESUME };
	message.resume.request = ++p->request;
	message.resume.room = 1;
	message.resume.epoch = epoch;
	message.resume.seq = seq;
	message.resume.id = (struct message_id){ device, counter };
	wire_put(p, &message);
	wire_expect(p, &message, WIRE_RESUMED);
	assert_int_equal(message.resumed.request, p->request);
	assert_int_equal(message.resumed.status, status);
}

static void a_cursor_is_checked_against_the_room(void **state)
{
	struct store_memory_config memory = { .records_per_room = 10 };
	struct world *w = world_new(NULL, store_memory_new(&memory));
	struct wire_peer *a = room_of(w, 20);
	struct message message;
	wire_join(a, ROOM_PUBLIC, "lobby", JOIN_LIVE);
	wire_expect(a, &message, WIRE_JOINED);
	uint64_t epoch = message.joined.epoch;
	struct host_event event;
	assert_int_equal(message.joined.first, 11);
	resume(a, epoch, 20, a->device, 20, RESUME_OK);
	resume(a, epoch, 15, a->device, 15, RESUME_OK);
	resume(a, epoch + 1, 15, a->device, 15, RESUME_OTHER_EPOCH); /* another history, as it was told */
	while (host_next_event(w->host, &event))
		assert_int_not_equal(event.type, HOST_EVENT_BEHIND);
	resume(a, epoch, 15, a->device, 16, RESUME_OTHER_EPOCH);
	assert_true(host_next_event(w->host, &event));
	assert_int_equal(event.type, HOST_EVENT_BEHIND);
	assert_string_equal(event.room, "lobby");
	resume(a, epoch, 15, a->device + 1, 15, RESUME_OTHER_EPOCH);
	resume(a, epoch, 21, a->device, 21, RESUME_OTHER_EPOCH);
	assert_false(host_next_event(w->host, &event)); /* once is enough */
	resume(a, epoch, 10, a->device, 10, RESUME_OK);
	resume(a, epoch, 9, a->device, 9, RESUME_GAP);
	resume(a, epoch, 0, 0, 0, RESUME_GAP);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(history_is_paged_in_both_directions),
		cmocka_unit_test(live_begins_right_behind_the_page_that_reaches_the_head),
		cmocka_unit_test(a_page_holds_nothing_that_comes_live_as_well),
		cmocka_unit_test(what_is_not_sent_yet_is_not_told_to_be_gone),
		cmocka_unit_test(a_cursor_is_checked_against_the_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
