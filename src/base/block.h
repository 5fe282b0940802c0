/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A reference-counted run of bytes, written once by its maker and then shared, unchanged, by every
 * receiver. Counts are touched by one thread only: the loop's. */
#ifndef TCHAT_BASE_BLOCK_H
#define TCHAT_BASE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

struct block {
	uint32_t references; /* private */
	uint32_t length;     /* bytes written so far */
	uint32_t capacity;
	uint8_t bytes[];
};

/* A new block with one reference and room for capacity bytes, or NULL when memory is out. */
struct block *block_new(size_t capacity);

/* Takes one more reference and returns the block. */
struct block *block_take(struct block *block);

/* Gives one reference back; the last one frees. NULL is fine. */
void block_give(struct block *block);

/* Gives a block that nobody else holds another capacity, at least its length, perhaps at another address. NULL when
 * memory is out; the block is unchanged then. */
struct block *block_resize(struct block *block, size_t capacity);

/* True when nobody else holds the block, so that its owner may still append to it. */
int block_is_sole(const struct block *block);

#endif
