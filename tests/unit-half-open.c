/* SPDX-License-Identifier: GPL-3.0-or-later */
/* app: budgets for strangers' connections. */
#include "app/half_open.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 512 };

#define PACE (TCHAT_SECONDS(1) / HALF_OPEN_RATE)

static struct half_open table;
static struct half_open_entry entries[MANY], *evicted;

static bool enter(size_t i, uint8_t who, tchat_time now)
{
	const uint8_t origin[STREAM_ORIGIN] = { [15] = who };
	return half_open_enter(&table, &entries[i], origin, now, &evicted);
}

static int fresh(void **state)
{
	memset(entries, 0, sizeof entries);
	half_open_init(&table);
	return 0;
}

static void one_origin_has_64_and_puts_out_its_own_oldest(void **state)
{
	enter(100, 2, 1);
	for (size_t i = 0; i < HALF_OPEN_ORIGIN; i++) {
		assert_true(enter(i, 1, 1 + (tchat_time)i));
		assert_null(evicted);
	}
	assert_true(enter(64, 1, HALF_OPEN_GRACE + 64));
	assert_ptr_equal(evicted, &entries[0]);
	assert_true(enter(65, 2, HALF_OPEN_GRACE + 64));
	assert_null(evicted);
	assert_true(enter(66, 1, HALF_OPEN_GRACE + 65));
	assert_ptr_equal(evicted, &entries[1]);
}

static void all_together_are_256_and_the_oldest_goes(void **state)
{
	for (size_t i = 0; i < HALF_OPEN_ALL; i++)
		assert_true(enter(i, (uint8_t)i, 5));
	assert_true(enter(256, 77, HALF_OPEN_GRACE + 5));
	assert_ptr_equal(evicted, &entries[0]);
	half_open_leave(&table, &entries[9]);
	assert_true(enter(257, 78, HALF_OPEN_GRACE + 5));
	assert_null(evicted);
}

static void a_crowd_does_not_put_itself_out(void **state)
{
	for (size_t i = 0; i < HALF_OPEN_ORIGIN; i++)
		assert_true(enter(i, 1, 5));
	assert_false(enter(64, 1, 4 + HALF_OPEN_GRACE));
	assert_null(evicted);
	half_open_leave(&table, &entries[64]);
	assert_true(enter(65, 2, 5));
	assert_true(enter(64, 1, 5 + HALF_OPEN_GRACE));
	assert_ptr_equal(evicted, &entries[0]);
}

static void a_crowd_keeps_nobody_out_who_comes_from_elsewhere(void **state)
{
	for (size_t i = 0; i < HALF_OPEN_ALL; i++)
		assert_true(enter(i, (uint8_t)(i % 5 + 1), 5));
	/* 52 of the first origin, 51 of the others. */
	assert_true(enter(256, 77, 6));
	assert_ptr_equal(evicted, &entries[0]);
	size_t next = 257;
	for (; enter(next, 77, 6); next++) {
		assert_non_null(evicted);
		assert_int_not_equal(evicted->origin[15], 77);
	}
	/* Until it has as many as the others have. */
	assert_null(evicted);
	assert_in_range(next - 256, HALF_OPEN_ALL / 6, HALF_OPEN_ALL / 6 + 1);
	assert_false(enter(next, 2, 6));
	assert_true(enter(next, 78, 6));
	assert_non_null(evicted);
}

static void everybody_from_somewhere_else_is_no_crowd(void **state)
{
	for (size_t i = 0; i < HALF_OPEN_ALL; i++)
		assert_true(enter(i, (uint8_t)i, 5));
	assert_true(table.charged == HALF_OPEN_ALL);
	assert_false(enter(300, 7, 6));
	assert_null(evicted);
}

static void who_is_pardoned_does_not_count_but_its_time_runs(void **state)
{
	for (size_t i = 0; i < HALF_OPEN_ORIGIN; i++)
		assert_true(enter(i, 1, 5));
	half_open_pardon(&table, &entries[0], 5);
	half_open_pardon(&table, &entries[0], 5);
	assert_true(enter(64, 1, 6));
	assert_null(evicted);
	assert_true(enter(65, 1, 6 + HALF_OPEN_GRACE)); /* a friend vouches for one more */
	assert_null(evicted);
	assert_true(enter(66, 1, 6 + HALF_OPEN_GRACE));
	assert_ptr_equal(evicted, &entries[1]);
	assert_ptr_equal(half_open_overdue(&table, 5 + HALF_OPEN_TIME), &entries[0]);
}

static void after_a_burst_an_origin_has_fifty_a_second(void **state)
{
	tchat_time now = TCHAT_SECONDS(100);
	for (size_t i = 0; i < HALF_OPEN_BURST; i++) {
		assert_true(enter(0, 1, now));
		half_open_leave(&table, &entries[0]);
	}
	assert_false(enter(0, 1, now + PACE - 1));
	assert_true(enter(1, 2, now)); /* others are not concerned */
	assert_true(enter(0, 1, now + PACE));
	half_open_leave(&table, &entries[0]);
	assert_false(enter(0, 1, now + PACE));
	size_t come = 0;
	for (now += 2 * PACE; now <= TCHAT_SECONDS(101); now += TCHAT_MS(1))
		if (enter(0, 1, now)) {
			half_open_leave(&table, &entries[0]);
			come++;
		}
	assert_int_equal(come, 49);
}

static void where_friends_come_from_more_may_be_on_their_way(void **state)
{
	tchat_time now = TCHAT_SECONDS(100);
	for (size_t i = 0; i < 100; i++) {
		assert_true(enter(0, 1, now));
		half_open_pardon(&table, &entries[0], now);
		half_open_leave(&table, &entries[0]);
	}
	for (size_t i = 0; i < HALF_OPEN_ORIGIN + 100; i++)
		assert_true(enter(i, 1, now));
	assert_false(enter(MANY - 1, 1, now));
	/* They do not take the places of others, nor does it last. */
	for (size_t i = 0; i < HALF_OPEN_ALL - HALF_OPEN_ORIGIN; i++)
		assert_true(enter(200 + i, (uint8_t)(10 + i), now));
	assert_null(evicted);
	for (size_t i = 0; i < MANY; i++)
		half_open_leave(&table, &entries[i]);
	now += HALF_OPEN_MEMORY;
	for (size_t i = 0; i < HALF_OPEN_ORIGIN; i++)
		assert_true(enter(i, 1, now));
	assert_false(enter(MANY - 1, 1, now));
}

static void after_a_start_all_who_are_known_may_come_at_once(void **state)
{
	half_open_expect(&table, 300, 5);
	for (size_t i = 0; i < HALF_OPEN_ORIGIN + 300; i++)
		assert_true(enter(i, 1, 6));
	assert_false(enter(MANY - 1, 1, 6));
	for (size_t i = 0; i < MANY; i++)
		half_open_leave(&table, &entries[i]);
	for (size_t i = 0; i < HALF_OPEN_ORIGIN; i++)
		assert_true(enter(i, 1, 5 + HALF_OPEN_RETURN));
	assert_false(enter(MANY - 1, 1, 5 + HALF_OPEN_RETURN));
}

static void limits_are_changed_while_they_hold(void **state)
{
	for (size_t i = 0; i < 10; i++)
		assert_true(enter(i, 1, 5));
	half_open_limit(&table, &(struct half_open_limits){ .origin = 5, .time = TCHAT_SECONDS(2) });
	assert_false(enter(10, 1, 5));
	assert_true(enter(11, 2, 5));
	assert_int_equal(half_open_deadline(&table), 5 + TCHAT_SECONDS(2));
	half_open_limit(&table, &(struct half_open_limits){ .origin = 20 });
	assert_true(enter(12, 1, 5));
	assert_int_equal(half_open_deadline(&table), 5 + HALF_OPEN_TIME);
}

static void who_is_pardoned_was_not_new(void **state)
{
	for (size_t i = 0; i < 10 * HALF_OPEN_BURST; i++) {
		assert_true(enter(0, 1, 5));
		half_open_pardon(&table, &entries[0], 5);
		half_open_leave(&table, &entries[0]);
	}
}

static void the_pace_of_many_origins_is_kept(void **state)
{
	for (size_t i = 0; i < HALF_OPEN_BURST; i++) {
		assert_true(enter(0, 1, 5));
		half_open_leave(&table, &entries[0]);
	}
	for (int i = 2; i < HALF_OPEN_REMEMBERED + 100; i++) {
		const uint8_t origin[STREAM_ORIGIN] = { (uint8_t)(i >> 8), [15] = (uint8_t)i };
		assert_true(half_open_enter(&table, &entries[0], origin, 5, &evicted));
		half_open_leave(&table, &entries[0]);
	}
	assert_false(enter(0, 1, 5));
}

static void after_ten_seconds_each_is_overdue_once(void **state)
{
	assert_true(half_open_deadline(&table) == TCHAT_NEVER);
	assert_null(half_open_overdue(&table, TCHAT_SECONDS(100)));
	enter(0, 1, 5);
	enter(1, 1, 6);
	enter(2, 2, 7);
	half_open_leave(&table, &entries[1]);
	half_open_leave(&table, &entries[1]);
	assert_true(half_open_deadline(&table) == 5 + HALF_OPEN_TIME);
	assert_null(half_open_overdue(&table, 4 + HALF_OPEN_TIME));
	assert_ptr_equal(half_open_overdue(&table, 5 + HALF_OPEN_TIME), &entries[0]);
	assert_null(half_open_overdue(&table, 5 + HALF_OPEN_TIME));
	assert_true(half_open_deadline(&table) == 7 + HALF_OPEN_TIME);
	assert_ptr_equal(half_open_overdue(&table, 7 + HALF_OPEN_TIME), &entries[2]);
	assert_true(half_open_deadline(&table) == TCHAT_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_origin_has_64_and_puts_out_its_own_oldest, fresh),
		cmocka_unit_test_setup(all_together_are_256_and_the_oldest_goes, fresh),
		cmocka_unit_test_setup(a_crowd_does_not_put_itself_out, fresh),
		cmocka_unit_test_setup(a_crowd_keeps_nobody_out_who_comes_from_elsewhere, fresh),
		cmocka_unit_test_setup(everybody_from_somewhere_else_is_no_crowd, fresh),
		cmocka_unit_test_setup(who_is_pardoned_does_not_count_but_its_time_runs, fresh),
		cmocka_unit_test_setup(after_a_burst_an_origin_has_fifty_a_second, fresh),
		cmocka_unit_test_setup(who_is_pardoned_was_not_new, fresh),
		cmocka_unit_test_setup(where_friends_come_from_more_may_be_on_their_way, fresh),
		cmocka_unit_test_setup(after_a_start_all_who_are_known_may_come_at_once, fresh),
		cmocka_unit_test_setup(limits_are_changed_while_they_hold, fresh),
		cmocka_unit_test_setup(the_pace_of_many_origins_is_kept, fresh),
		cmocka_unit_test_setup(after_ten_seconds_each_is_overdue_once, fresh),
	};
	return cmocka_run_group_tests_name("half-open", tests, NULL, NULL);
}
