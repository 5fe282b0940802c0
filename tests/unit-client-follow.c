/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Following a room: history at joining, resuming, gaps, falling behind, other epochs, and pages that lie. */
#include "fake-host.h"

#include "base/errors.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_first_join_shows_the_newest_messages_as_replay(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ .history = 5 });
	fake_connect(&fake);
	int room = session_join(fake.session, "#Lobby");
	assert_int_equal(session_join(fake.session, "lobby"), room);
	struct message join = fake_take(&fake, WIRE_JOIN);
	assert_int_equal(join.join.flags, 0);
	assert_int_equal(join.join.kind, ROOM_PUBLIC);
	assert_int_equal(join.join.name.length, 5);
	fake_joined(&fake, join.join.request, 0, 1, 20);
	const struct session_event *event = fake_event(&fake, SESSION_ROOM_JOINED);
	assert_int_equal(event->room, room);
	assert_int_equal(event->seq, 20);
	assert_true(event->own);
	assert_false(event->again);
	uint32_t request = fake_asked_page(&fake, 16);
	/* Two were posted in the meantime. */
	fake_page(&fake, request, 16, 18, PAGE_MORE);
	fake_messages(&fake, 16, 18, true);
	fake_page(&fake, fake_asked_page(&fake, 19), 19, 22, PAGE_LIVE);
	fake_messages(&fake, 19, 20, true);
	fake_messages(&fake, 21, 22, false);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_roster(&fake);
	fake_msg(&fake, 23, "live");
	fake_messages(&fake, 23, 23, false);
	fake_quiet(&fake);
	assert_int_equal(session_room_find(fake.session, "#LOBBY", false), room);
	assert_int_equal(session_room_find(fake.session, "lobby", true), 0);
	fake_close(&fake);
}

static void a_room_is_followed_from_any_seq(void **state)
{
	static const struct {
		uint64_t since, first, last, asked;
	} cases[] = { { 1, 1, 20, 1 }, { 7, 1, 20, 7 }, { 2, 5, 20, 5 }, { 50, 1, 20, 21 }, { 0, 1, 20, 1 }, { 1, 1, 0, 1 } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fake fake;
		fake_open(&fake, (struct session_config){ 0 });
		fake_connect(&fake);
		assert_true(session_join_since(fake.session, "lobby", cases[i].since) > 0);
		fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, 0, cases[i].first, cases[i].last);
		fake_asked_page(&fake, cases[i].asked);
		fake_close(&fake);
	}
}

static void after_a_reconnect_the_room_goes_on_where_it_was(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ .history = 2 });
	fake_connect(&fake);
	session_join(fake.session, "lobby");
	fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, 0, 1, 9);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_page(&fake, fake_asked_page(&fake, 8), 8, 9, PAGE_LIVE);
	fake_messages(&fake, 8, 9, true);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_roster(&fake);
	fake_msg(&fake, 10, "x");
	fake_messages(&fake, 10, 10, false);
	fake_break(&fake);
	fake_connect(&fake);
	assert_false(fake.event.restarted);
	fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, 0, 1, 12);
	assert_true(fake_event(&fake, SESSION_ROOM_JOINED)->again);
	struct message resume = fake_take(&fake, WIRE_RESUME);
	assert_int_equal(resume.resume.epoch, FAKE_EPOCH);
	assert_int_equal(resume.resume.seq, 10);
	assert_int_equal(resume.resume.id.device, 5);
	assert_int_equal(resume.resume.id.counter, 10);
	fake_send(&fake, &(struct message){ .type = WIRE_RESUMED,
	                                    .resumed = { .request = resume.resume.request,
	                                                 .room = FAKE_ROOM,
	                                                 .epoch = FAKE_EPOCH,
	                                                 .first = 1,
	                                                 .last = 12 } });
	fake_page(&fake, fake_asked_page(&fake, 11), 11, 12, PAGE_LIVE);
	fake_messages(&fake, 11, 12, false);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_roster(&fake);
	fake_quiet(&fake);
	fake_close(&fake);
}

/* A session with the cursor at seq 10, connected anew and asked to RESUME. */
static uint32_t resuming(struct fake *fake)
{
	fake_open(fake, (struct session_config){ 0 });
	fake_connect(fake);
	fake_lobby(fake, 9);
	fake_msg(fake, 10, "x");
	fake_messages(fake, 10, 10, false);
	fake_break(fake);
	fake_connect(fake);
	fake_joined(fake, fake_take(fake, WIRE_JOIN).join.request, 0, 1, 40);
	fake_event(fake, SESSION_ROOM_JOINED);
	return fake_take(fake, WIRE_RESUME).resume.request;
}

static void resumed(struct fake *fake, uint32_t request, uint8_t status, uint64_t epoch, uint64_t first, uint64_t last)
{
	fake_send(fake, &(struct message){ .type = WIRE_RESUMED,
	                                   .resumed = { .request = request,
	                                                .room = FAKE_ROOM,
	                                                .epoch = epoch,
	                                                .first = first,
	                                                .last = last,
	                                                .status = status } });
}

static void what_is_no_longer_kept_is_counted(void **state)
{
	struct fake fake;
	resumed(&fake, resuming(&fake), RESUME_GAP, FAKE_EPOCH, 31, 40);
	const struct session_event *event = fake_event(&fake, SESSION_GAP);
	assert_int_equal(event->seq, 11);
	assert_int_equal(event->count, 20);
	uint32_t request = fake_asked_page(&fake, 31);
	/* More went while the page was made. */
	struct buffer records;
	buffer_init(&records, 1 << 16);
	fake_record(&records, 40, (struct message_id){ 5, 40 }, "x");
	fake_send(&fake, &(struct message){ .type = WIRE_PAGE,
	                                    .page = { .request = request,
	                                              .room = FAKE_ROOM,
	                                              .flags = PAGE_LIVE,
	                                              .floor = 40,
	                                              .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
	event = fake_event(&fake, SESSION_GAP);
	assert_int_equal(event->seq, 31);
	assert_int_equal(event->count, 9);
	fake_messages(&fake, 40, 40, false);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_close(&fake);
}

static void another_history_starts_afresh(void **state)
{
	struct fake fake;
	resumed(&fake, resuming(&fake), RESUME_OTHER_EPOCH, FAKE_EPOCH + 1, 1, 3);
	fake_event(&fake, SESSION_RESTARTED);
	fake_page(&fake, fake_asked_page(&fake, 1), 1, 3, PAGE_LIVE);
	fake_messages(&fake, 1, 3, false);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_close(&fake);
}

static void another_host_life_starts_afresh_without_asking(void **state)
{
	struct fake fake;
	fake_open_lobby(&fake, (struct session_config){ 0 }, 9);
	fake_msg(&fake, 10, "x");
	fake_messages(&fake, 10, 10, false);
	fake_break(&fake);
	fake.host = 2;
	fake_connect(&fake);
	assert_true(fake.event.restarted);
	struct message join = fake_take(&fake, WIRE_JOIN);
	fake_send(&fake, &(struct message){ .type = WIRE_JOINED,
	                                    .joined = { .request = join.join.request,
	                                                .room = FAKE_ROOM,
	                                                .epoch = 5,
	                                                .first = 1,
	                                                .last = 12,
	                                                .members = 1,
	                                                .name = wire_text("lobby") } });
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_RESTARTED);
	fake_page(&fake, fake_asked_page(&fake, 1), 1, 12, PAGE_LIVE);
	fake_messages(&fake, 1, 12, false);
	fake_close(&fake);
}

static void wrong_answers_to_resume_end_the_connection(void **state)
{
	static const struct {
		uint8_t status;
		uint64_t epoch, first, last;
	} cases[] = {
		{ RESUME_OK, FAKE_EPOCH, 12, 40 },  { RESUME_OK, FAKE_EPOCH, 1, 9 },   { RESUME_OK, FAKE_EPOCH + 1, 1, 40 },
		{ RESUME_GAP, FAKE_EPOCH, 11, 40 }, { RESUME_GAP, FAKE_EPOCH, 1, 40 }, { RESUME_OK, FAKE_EPOCH, 0, 40 },
		{ RESUME_OK, FAKE_EPOCH, 50, 40 },  { 7, FAKE_EPOCH, 1, 40 },          { RESUME_OK, FAKE_EPOCH, 1, UINT64_MAX },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fake fake;
		resumed(&fake, resuming(&fake), cases[i].status, cases[i].epoch, cases[i].first, cases[i].last);
		fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
		fake_close(&fake);
	}
}

static void a_missing_message_is_fetched_never_skipped(void **state)
{
	for (uint64_t seq = 9; seq <= 13; seq++) {
		struct fake fake;
		if (seq == 11)
			continue;
		fake_open_lobby(&fake, (struct session_config){ 0 }, 9);
		fake_msg(&fake, 10, "x");
		fake_messages(&fake, 10, 10, false);
		fake_msg(&fake, seq, "out of order");
		fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
		assert_false(session_final(fake.session));
		fake_connect(&fake);
		fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, 0, 1, 13);
		fake_event(&fake, SESSION_ROOM_JOINED);
		resumed(&fake, fake_take(&fake, WIRE_RESUME).resume.request, RESUME_OK, FAKE_EPOCH, 1, 13);
		fake_page(&fake, fake_asked_page(&fake, 11), 11, 13, PAGE_LIVE);
		fake_messages(&fake, 11, 13, false);
		fake_close(&fake);
	}
}

static void falling_behind_reads_pages_until_the_head(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 9);
	fake_msg(&fake, 10, "x");
	fake_messages(&fake, 10, 10, false);
	session_post(fake.session, room, KIND_TEXT, "mine", 4, "r");
	fake_event(&fake, SESSION_PENDING);
	fake_take(&fake, WIRE_POST);
	fake_send(&fake, &(struct message){ .type = WIRE_GAP, .gap = { .room = FAKE_ROOM, .from = 11 } });
	uint32_t request = fake_asked_page(&fake, 11);
	/* Our own post is answered meanwhile; it is seen in its place. */
	fake_send(&fake, &(struct message){ .type = WIRE_ACK,
	                                    .ack = { .id = { FAKE_DEVICE, 1 }, .room = FAKE_ROOM, .seq = 13 } });
	fake_event(&fake, SESSION_ACK);
	fake_quiet(&fake);
	fake_page(&fake, request, 11, 12, PAGE_MORE);
	fake_messages(&fake, 11, 12, false);
	struct buffer records;
	buffer_init(&records, 1 << 16);
	fake_record(&records, 13, (struct message_id){ FAKE_DEVICE, 1 }, "mine");
	fake_send(&fake, &(struct message){ .type = WIRE_PAGE,
	                                    .page = { .request = fake_asked_page(&fake, 13),
	                                              .room = FAKE_ROOM,
	                                              .flags = PAGE_LIVE,
	                                              .floor = 1,
	                                              .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
	const struct session_event *event = fake_event(&fake, SESSION_MESSAGE);
	assert_int_equal(event->seq, 13);
	assert_true(event->own);
	assert_int_equal(event->counter, 1);
	fake_event(&fake, SESSION_ROOM_READY);
	fake_roster(&fake); /* who came and went is not known either */
	fake_msg(&fake, 14, "live");
	fake_messages(&fake, 14, 14, false);
	fake_close(&fake);
}

static void broken_pages_and_gaps_end_the_connection(void **state)
{
	for (int i = 0; i < 9; i++) {
		struct fake fake;
		fake_open_lobby(&fake, (struct session_config){ 0 }, 9);
		fake_send(&fake, &(struct message){ .type = WIRE_GAP, .gap = { .room = FAKE_ROOM, .from = i == 0 ? 11 : 10 } });
		uint32_t request = i == 0 ? 0 : fake_asked_page(&fake, 10);
		struct message page = { .type = WIRE_PAGE, .page = { .request = request, .room = FAKE_ROOM, .floor = 1 } };
		switch (i) {
		case 1: /* a hole */
			fake_page(&fake, request, 11, 12, PAGE_LIVE);
			break;
		case 2: /* one that came already */
			fake_page(&fake, request, 9, 12, PAGE_LIVE);
			break;
		case 3: /* neither more nor the head */
			fake_page(&fake, request, 10, 12, 0);
			break;
		case 4: /* more, for ever */
			page.page.flags = PAGE_MORE;
			fake_send(&fake, &page);
			break;
		case 5: /* live without having reached the head */
			fake_msg(&fake, 10, "x");
			break;
		case 6: /* another room */
			page.page.room = 2;
			fake_send(&fake, &page);
			break;
		case 7: /* half a record */
			page.page.flags = PAGE_LIVE;
			page.page.records = wire_text("\x26");
			fake_send(&fake, &page);
			break;
		case 8: /* GAP of a room that is not live */
			fake_send(&fake, &(struct message){ .type = WIRE_GAP, .gap = { .room = FAKE_ROOM, .from = 10 } });
			break;
		default:
			break;
		}
		fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
		fake_close(&fake);
	}
}

static void older_history_is_paged_on_request(void **state)
{
	struct fake fake;
	uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 9);
	assert_int_equal(session_history(fake.session, room, 0, 257, 0), TCHAT_ERR_ARGUMENT);
	assert_int_equal(session_history(fake.session, room, 10, 3, 0), 0);
	struct message history = fake_take(&fake, WIRE_HISTORY);
	assert_int_equal(history.history.from, 10);
	assert_int_equal(history.history.limit, 3);
	assert_int_equal(history.history.flags, 0);
	fake_page(&fake, history.history.request, 7, 9, PAGE_MORE);
	for (uint64_t seq = 7; seq <= 9; seq++)
		assert_int_equal(fake_event(&fake, SESSION_PAST)->seq, seq);
	const struct session_event *event = fake_event(&fake, SESSION_PAST_END);
	assert_int_equal(event->seq, 7);
	assert_true(event->more);
	fake_msg(&fake, 10, "live goes on");
	fake_messages(&fake, 10, 10, false);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void a_busy_host_is_asked_again(void **state)
{
	struct fake fake;
	fake_open_lobby(&fake, (struct session_config){ 0 }, 9);
	fake_send(&fake, &(struct message){ .type = WIRE_GAP, .gap = { .room = FAKE_ROOM, .from = 10 } });
	fake_send(&fake, &(struct message){ .type = WIRE_ERROR,
	                                    .error = { .request = fake_asked_page(&fake, 10), .code = -TCHAT_ERR_BUSY } });
	fake_quiet(&fake);
	assert_int_equal(session_deadline(fake.session), fake.now + TCHAT_SECONDS(1));
	fake.now += TCHAT_SECONDS(1);
	session_tick(fake.session, fake.now);
	fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, 0, 1, 12);
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_page(&fake, fake_asked_page(&fake, 10), 10, 12, PAGE_LIVE);
	fake_messages(&fake, 10, 12, false);
	fake_close(&fake);
}

static void a_page_of_an_earlier_stay_is_waited_for(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct fake fake;
		uint32_t room = fake_open_lobby(&fake, (struct session_config){ 0 }, 9);
		fake_send(&fake, &(struct message){ .type = WIRE_GAP, .gap = { .room = FAKE_ROOM, .from = 10 } });
		uint32_t request = fake_asked_page(&fake, 10);
		session_part(fake.session, room);
		session_join(fake.session, "lobby");
		fake_send(&fake, &(struct message){ .type = WIRE_DONE, .done = { .request = fake_take(&fake, WIRE_PART).part.request } });
		fake_event(&fake, SESSION_ROOM_PARTED);
		fake_quiet(&fake);
		/* The host took the new stay for the one that the page is for, had it begun. It may refuse the page as well. */
		if (i == 0)
			fake_page(&fake, request, 10, 12, PAGE_LIVE);
		else
			fake_send(&fake, &(struct message){ .type = WIRE_ERROR, .error = { .request = request, .code = -TCHAT_ERR_NOT_MEMBER } });
		fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, JOIN_LIVE, 1, 12);
		fake_event(&fake, SESSION_ROOM_JOINED);
		fake_event(&fake, SESSION_ROOM_READY);
		fake_close(&fake);
	}
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_join_shows_the_newest_messages_as_replay),
		cmocka_unit_test(a_room_is_followed_from_any_seq),
		cmocka_unit_test(after_a_reconnect_the_room_goes_on_where_it_was),
		cmocka_unit_test(what_is_no_longer_kept_is_counted),
		cmocka_unit_test(another_history_starts_afresh),
		cmocka_unit_test(another_host_life_starts_afresh_without_asking),
		cmocka_unit_test(wrong_answers_to_resume_end_the_connection),
		cmocka_unit_test(a_missing_message_is_fetched_never_skipped),
		cmocka_unit_test(falling_behind_reads_pages_until_the_head),
		cmocka_unit_test(broken_pages_and_gaps_end_the_connection),
		cmocka_unit_test(older_history_is_paged_on_request),
		cmocka_unit_test(a_busy_host_is_asked_again),
		cmocka_unit_test(a_page_of_an_earlier_stay_is_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
