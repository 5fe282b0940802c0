/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the history is kept, as --durability and --keep say it. */
#ifndef TCHAT_APP_KEEP_H
#define TCHAT_APP_KEEP_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum keep_durability { KEEP_FULL, KEEP_PROCESS, KEEP_NONE };

/* 0: no limit of that kind. */
struct keep {
	enum keep_durability durability;
	uint64_t count; /* messages in each room */
	uint64_t bytes; /* of all rooms */
	tchat_time age;
};

/* Whether anything was asked for that needs a place: limits, or less than full durability. */
bool keep_is_set(const struct keep *keep);

/* full, process or none; false for anything else. */
bool keep_read_durability(struct keep *keep, const char *text);

/* A number alone is a count, one with a unit s, m, h, d an age, with K, M, G, T a size; false for anything else, and
 * for 0. */
bool keep_read_limit(struct keep *keep, const char *text);

#endif
