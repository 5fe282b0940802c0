/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the history is kept, as --durability and --keep say it. */
#ifndef TCHAT_APP_KEEP_H
#define TCHAT_APP_KEEP_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum keep_durability { KEEP_FULL, KEEP_PROCESS, KEEP_NONE };

/* 0: no limit of that kind. */
struct keep {
	uint64_t count; /* messages in each room */
	uint64_t bytes; /* of all rooms */
	tchat_time age;
};

/* full, process or none; false for anything else. */
bool keep_read_durability(enum keep_durability *durability, const char *text);

/* Limits of different kinds, a comma between two, and blanks behind it. A number alone is a count, one with a unit s,
 * m, h, d an age, with K, M, G, T a size; false, and keep as it was, for anything else, and for 0. What text does not
 * speak of stays. */
bool keep_read(struct keep *keep, const char *text);

/* As keep_read() reads it; "" when there is no limit. */
void keep_format(const struct keep *keep, char *text, size_t size);

#endif
