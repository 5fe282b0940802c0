/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Read marks: when they are sent, and what those of the host do. */
#include "fake-host.h"

#include "base/errors.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void told(struct fake *fake, uint64_t seq)
{
	fake_send(fake, &(struct message){ .type = WIRE_MARK, .mark = { FAKE_ROOM, seq } });
}

static void pass(struct fake *fake, tchat_time time)
{
	fake->now += time;
	session_tick(fake->session, fake->now);
}

static uint64_t read_up_to(struct fake *fake, uint32_t room)
{
	struct session_room shown;
	assert_true(session_room(fake->session, room, &shown));
	return shown.read;
}

static void expect_sent(struct fake *fake, uint64_t seq)
{
	struct message message = fake_take(fake, WIRE_MARK);
	assert_int_equal(message.mark.room, FAKE_ROOM);
	assert_int_equal(message.mark.seq, seq);
}

static uint32_t lobby_of_ten(struct fake *fake)
{
	fake_open(fake, (struct session_config){ 0 });
	fake_connect(fake);
	return fake_lobby(fake, 10);
}

static void what_is_read_within_a_second_is_one_mark(void **state)
{
	struct fake fake;
	uint32_t room = lobby_of_ten(&fake);
	session_read(fake.session, room, 11); /* is not there */
	session_read(fake.session, 99, 1);
	assert_int_equal(read_up_to(&fake, room), 0);
	for (uint64_t seq = 5; seq <= 9; seq++)
		session_read(fake.session, room, seq);
	session_read(fake.session, room, 7);
	assert_int_equal(read_up_to(&fake, room), 9);
	fake_quiet(&fake);
	assert_true(session_deadline(fake.session) <= fake.now + TCHAT_SECONDS(1));
	pass(&fake, TCHAT_SECONDS(1));
	expect_sent(&fake, 9);
	session_read(fake.session, room, 9);
	pass(&fake, TCHAT_SECONDS(2));
	fake_quiet(&fake);
	fake_close(&fake);
}

static void another_devices_mark_is_told_once_and_not_sent_back(void **state)
{
	struct fake fake;
	uint32_t room = lobby_of_ten(&fake);
	told(&fake, 4);
	const struct session_event *event = fake_event(&fake, SESSION_READ);
	assert_int_equal(event->room, room);
	assert_int_equal(event->seq, 4);
	told(&fake, 4);
	told(&fake, 3);
	session_read(fake.session, room, 6);
	told(&fake, 5); /* we are further */
	fake_send(&fake, &(struct message){ .type = WIRE_MARK, .mark = { FAKE_ROOM + 1, 3 } });
	fake_quiet(&fake);
	assert_int_equal(read_up_to(&fake, room), 6);
	pass(&fake, TCHAT_SECONDS(1));
	expect_sent(&fake, 6);
	fake_quiet(&fake);
	fake_close(&fake);
}

static void back_in_a_room_a_mark_is_sent_again_where_the_host_knows_less(void **state)
{
	struct fake fake;
	uint32_t room = lobby_of_ten(&fake);
	session_read(fake.session, room, 8);
	for (uint64_t known = 0; known <= 8; known += 4) {
		fake_break(&fake);
		pass(&fake, TCHAT_SECONDS(1));
		fake_connect(&fake);
		fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, 0, 1, 10);
		fake_event(&fake, SESSION_ROOM_JOINED);
		if (known > 0)
			told(&fake, known);
		fake_page(&fake, fake_take(&fake, WIRE_HISTORY).history.request, 11, 10, PAGE_LIVE);
		fake_event(&fake, SESSION_ROOM_READY);
		fake_roster(&fake);
		pass(&fake, TCHAT_SECONDS(1));
		if (known < 8)
			expect_sent(&fake, 8);
		fake_quiet(&fake);
	}
	fake_close(&fake);
}

static void who_leaves_says_first_what_was_read(void **state)
{
	struct fake fake;
	uint32_t room = lobby_of_ten(&fake);
	session_read(fake.session, room, 10);
	session_leave(fake.session);
	expect_sent(&fake, 10);
	fake_take(&fake, WIRE_BYE);
	fake_close(&fake);
}

static void in_another_history_nothing_is_read(void **state)
{
	struct fake fake;
	uint32_t room = lobby_of_ten(&fake);
	session_read(fake.session, room, 10);
	fake_break(&fake);
	fake_connect(&fake);
	fake_joined(&fake, fake_take(&fake, WIRE_JOIN).join.request, 0, 1, 3); /* fewer than we had */
	fake_event(&fake, SESSION_ROOM_JOINED);
	fake_event(&fake, SESSION_RESTARTED);
	assert_int_equal(read_up_to(&fake, room), 0);
	fake_close(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_within_a_second_is_one_mark),
		cmocka_unit_test(another_devices_mark_is_told_once_and_not_sent_back),
		cmocka_unit_test(back_in_a_room_a_mark_is_sent_again_where_the_host_knows_less),
		cmocka_unit_test(who_leaves_says_first_what_was_read),
		cmocka_unit_test(in_another_history_nothing_is_read),
	};
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
