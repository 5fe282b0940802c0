/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a clock that only poll() moves. Link with -Wl,--wrap=poll,--wrap=clock_monotonic. */
#ifndef TCHAT_TESTS_VIRTUAL_TIME_H
#define TCHAT_TESTS_VIRTUAL_TIME_H

#include "base/clock.h"

struct virtual_time {
	tchat_time now;
	int polls, last_timeout;
	int poll_errno; /* fail once */
	/* poll() blocks as it always does and time stands still: for what a thread does. Otherwise it
	 * never blocks, and when nothing is ready time jumps to its end. */
	int is_blocking;
};

extern struct virtual_time virtual_time;

#endif
