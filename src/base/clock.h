/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time and randomness, injected: state machines are handed these and never ask the system. */
#ifndef TCHAT_BASE_CLOCK_H
#define TCHAT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Microseconds everywhere. Monotonic time drives every timer; wall time is only shown and stored. */
typedef uint64_t tchat_time;

#define TCHAT_MS(n) ((tchat_time)(n) * 1000u)
#define TCHAT_SECONDS(n) ((tchat_time)(n) * 1000000u)
#define TCHAT_NEVER UINT64_MAX

/* The system's clocks: monotonic microseconds, and microseconds since 1970 UTC. */
tchat_time clock_monotonic(void);
tchat_time clock_wall(void);

/* Where a state machine gets its random bytes and wall time from. Not owned by who holds it. */
struct environment {
	tchat_time (*wall)(void *arg);
	void (*random)(void *arg, void *bytes, size_t length);
	void *arg;
};

/* The real one: clock_wall() and the kernel's random numbers. Static. */
extern const struct environment environment_system;

#endif
