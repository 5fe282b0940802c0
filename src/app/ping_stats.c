/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Welford's method: no great sums of squares that lose what matters. */
#include "app/ping_stats.h"

/* Newton's method, for the one root of the program: no libm. */
static double square_root(double x)
{
	double root = x > 1 ? x : 1;
	if (x <= 0)
		return 0;
	for (int i = 0; i < 100; i++) {
		double next = (root + x / root) / 2;
		if (next >= root)
			break;
		root = next;
	}
	return root;
}

void ping_stats_add(struct ping_stats *stats, tchat_time rtt)
{
	double before = stats->mean;
	if (stats->received == 0 || rtt < stats->least)
		stats->least = rtt;
	if (rtt > stats->greatest)
		stats->greatest = rtt;
	stats->received++;
	stats->mean += ((double)rtt - before) / (double)stats->received;
	stats->squares += ((double)rtt - before) * ((double)rtt - stats->mean);
}

unsigned ping_stats_loss(const struct ping_stats *stats)
{
	if (stats->received >= stats->transmitted)
		return 0;
	uint64_t lost = stats->transmitted - stats->received;
	unsigned percent = (unsigned)((double)lost * 100 / (double)stats->transmitted);
	return percent == 0 ? 1 : percent;
}

double ping_stats_average(const struct ping_stats *stats)
{
	return stats->mean / 1000;
}

double ping_stats_deviation(const struct ping_stats *stats)
{
	return stats->received == 0 ? 0 : square_root(stats->squares / (double)stats->received) / 1000;
}
