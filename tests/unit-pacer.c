/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame pacer: at once for a key and after a pause, paced under a flood, silent when nothing changed. */
#include "ui/frame_pacer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void nothing_changed_means_no_frame_and_no_wake_up(void **state)
{
	struct frame_pacer p;
	frame_pacer_init(&p, FRAME_PACER_INTERVAL);
	assert_false(frame_pacer_is_due(&p, TCHAT_SECONDS(100)));
	assert_true(frame_pacer_deadline(&p) == TCHAT_NEVER);
	frame_pacer_changed(&p, false);
	frame_pacer_drawn(&p, TCHAT_SECONDS(1));
	assert_false(frame_pacer_is_due(&p, TCHAT_SECONDS(100)));
	assert_true(frame_pacer_deadline(&p) == TCHAT_NEVER);
}

static void the_first_change_after_a_pause_is_drawn_at_once(void **state)
{
	struct frame_pacer p;
	frame_pacer_init(&p, FRAME_PACER_INTERVAL);
	frame_pacer_changed(&p, false);
	assert_true(frame_pacer_is_due(&p, 1));
	frame_pacer_drawn(&p, 1);
	frame_pacer_changed(&p, false);
	assert_true(frame_pacer_is_due(&p, TCHAT_SECONDS(1)));
}

static void a_flood_is_drawn_once_an_interval(void **state)
{
	struct frame_pacer p;
	frame_pacer_init(&p, FRAME_PACER_INTERVAL);
	unsigned frames = 0;
	for (tchat_time now = 0; now < TCHAT_SECONDS(1); now += 100) {
		frame_pacer_changed(&p, false);
		if (frame_pacer_is_due(&p, now)) {
			frame_pacer_drawn(&p, now);
			frames++;
			assert_true(frame_pacer_deadline(&p) == TCHAT_NEVER);
			frame_pacer_changed(&p, false);
			assert_true(frame_pacer_deadline(&p) == now + FRAME_PACER_INTERVAL);
		}
	}
	assert_in_range(frames, 60, 63);
}

static void a_key_is_drawn_at_once_even_in_a_flood(void **state)
{
	struct frame_pacer p;
	frame_pacer_init(&p, FRAME_PACER_INTERVAL);
	frame_pacer_changed(&p, false);
	frame_pacer_drawn(&p, 1000);
	frame_pacer_changed(&p, false);
	assert_false(frame_pacer_is_due(&p, 1001));
	frame_pacer_changed(&p, true);
	frame_pacer_changed(&p, false);
	assert_true(frame_pacer_is_due(&p, 1001));
	assert_true(frame_pacer_deadline(&p) == 0);
	frame_pacer_drawn(&p, 1001);
	assert_false(frame_pacer_is_due(&p, 1002));
	frame_pacer_changed(&p, false);
	assert_false(frame_pacer_is_due(&p, 1002));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_changed_means_no_frame_and_no_wake_up),
		cmocka_unit_test(the_first_change_after_a_pause_is_drawn_at_once),
		cmocka_unit_test(a_flood_is_drawn_once_an_interval),
		cmocka_unit_test(a_key_is_drawn_at_once_even_in_a_flood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
