/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the loop: its timers, a pairing heap threaded through them. Nothing is allocated, so setting a
 * timer cannot fail; setting costs O(1), stopping and running O(log n) amortised. */
#ifndef TCHAT_NET_TIMERS_H
#define TCHAT_NET_TIMERS_H

#include "net/loop.h"

struct timers {
	struct loop_timer *root; /* the earliest of those that wait */
	struct loop_timer *due;  /* those that this round runs, in order; prev of the first is the last */
	uint64_t order;
};

void timers_set(struct timers *timers, struct loop_timer *timer, tchat_time when);
void timers_stop(struct timers *timers, struct loop_timer *timer);

/* When the earliest is due; TCHAT_NEVER without any. */
tchat_time timers_first(const struct timers *timers);

/* Runs all that are due at now and were set before this call: what a callback sets waits for the next
 * round, so that a timer that sets itself anew cannot keep the loop from its descriptors. */
void timers_run(struct timers *timers, tchat_time now);

/* Makes all timers unset. */
void timers_forget(struct timers *timers);

#endif
