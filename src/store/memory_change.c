/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of changes: in order of seq, searched from its end. */
#include "store/memory_change.h"

#include <stdlib.h>

enum { CHANGES_FIRST = 8 };

void memory_changes_free(struct memory_changes *changes)
{
	free(changes->list);
	*changes = (struct memory_changes){ 0 };
}

bool memory_changes_push(struct memory_changes *changes, uint64_t seq, uint64_t target)
{
	if (changes->count == changes->capacity) {
		uint32_t capacity = changes->capacity == 0 ? CHANGES_FIRST : 2 * changes->capacity;
		struct memory_change *list = realloc(changes->list, capacity * sizeof *list);
		if (list == NULL)
			return false;
		changes->list = list;
		changes->capacity = capacity;
	}
	changes->list[changes->count++] = (struct memory_change){ seq, target };
	return true;
}

void memory_changes_pop(struct memory_changes *changes, uint64_t seq)
{
	if (changes->count > 0 && changes->list[changes->count - 1].seq == seq)
		changes->count--;
}

void memory_changes_trim(struct memory_changes *changes, uint64_t floor)
{
	/* When the middle one's seq is below the floor, half of the list is of no use to anybody. */
	if (changes->count < CHANGES_FIRST || changes->list[changes->count / 2].seq >= floor)
		return;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < changes->count; i++)
		if (changes->list[i].target >= floor)
			changes->list[kept++] = changes->list[i];
	changes->count = kept;
}
