/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one place that reads the system's clocks and random numbers. */
#include "base/clock.h"

#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static tchat_time clock_read(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (tchat_time)now.tv_sec * 1000000u + (tchat_time)now.tv_nsec / 1000u;
}

tchat_time clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

tchat_time clock_wall(void)
{
	return clock_read(CLOCK_REALTIME);
}

static tchat_time system_wall(void *arg)
{
	return clock_wall();
}

static void system_random(void *arg, void *bytes, size_t length)
{
	unsigned char *at = bytes;
	while (length > 0) {
		ssize_t n = getrandom(at, length, 0);
		if (n < 0)
			continue; /* EINTR before the pool is ready; there is no other failure for valid memory */
		at += n;
		length -= (size_t)n;
	}
}

const struct environment environment_system = { system_wall, system_random, NULL };
