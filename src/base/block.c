/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference-counted bytes. */
#include "base/block.h"

#include <stdlib.h>

struct block *block_new(size_t capacity)
{
	if (capacity > UINT32_MAX - sizeof(struct block))
		return NULL;
	struct block *block = malloc(sizeof *block + capacity);
	if (block == NULL)
		return NULL;
	*block = (struct block){ .references = 1, .capacity = (uint32_t)capacity };
	return block;
}

struct block *block_resize(struct block *block, size_t capacity)
{
	if (capacity > UINT32_MAX - sizeof(struct block))
		return NULL;
	struct block *moved = realloc(block, sizeof *block + capacity);
	if (moved != NULL)
		moved->capacity = (uint32_t)capacity;
	return moved;
}

struct block *block_take(struct block *block)
{
	block->references++;
	return block;
}

void block_give(struct block *block)
{
	if (block != NULL && --block->references == 0)
		free(block);
}

int block_is_sole(const struct block *block)
{
	return block->references == 1;
}
