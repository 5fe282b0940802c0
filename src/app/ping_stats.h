/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What came of a series of round trips. */
#ifndef TCHAT_APP_PING_STATS_H
#define TCHAT_APP_PING_STATS_H

#include "base/clock.h"

struct ping_stats {
	uint64_t transmitted;
	uint64_t received;
	tchat_time least;
	tchat_time greatest;
	double mean;    /* private */
	double squares; /* private: sum of squared differences from the mean */
};

void ping_stats_add(struct ping_stats *stats, tchat_time rtt);

/* Percent lost, rounded down unless something is lost and it would be 0. */
unsigned ping_stats_loss(const struct ping_stats *stats);

/* In milliseconds; 0 when nothing was received. */
double ping_stats_average(const struct ping_stats *stats);
double ping_stats_deviation(const struct ping_stats *stats);

#endif
