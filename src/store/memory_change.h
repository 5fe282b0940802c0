/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which messages of one of the memory store's rooms change which others. */
#ifndef TCHAT_STORE_MEMORY_CHANGE_H
#define TCHAT_STORE_MEMORY_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

struct memory_change {
	uint64_t seq;    /* of what changes it; rising */
	uint64_t target; /* below seq */
};

/* All zero is an empty list. */
struct memory_changes {
	struct memory_change *list;
	uint32_t count, capacity;
};

void memory_changes_free(struct memory_changes *changes);

/* Adds one of a higher seq than all; false when memory is out. */
bool memory_changes_push(struct memory_changes *changes, uint64_t seq, uint64_t target);

/* Takes back the last one if it is of this seq. */
void memory_changes_pop(struct memory_changes *changes, uint64_t seq);

/* Forgets those whose target is below floor; only now and then, so that it costs little. */
void memory_changes_trim(struct memory_changes *changes, uint64_t floor);

#endif
