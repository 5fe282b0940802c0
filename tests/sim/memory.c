/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQLite's memory: lists of pieces of like size, for speed, and allocations that fail. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

enum { CLASSES = 24, HEADER = 16, CHUNK = 1 << 20 };

struct piece {
	union {
		struct piece *next; /* free */
		size_t class;       /* in use; its usable size is 1 << class, less HEADER */
	};
};
_Static_assert(sizeof(struct piece) <= HEADER, "a piece begins with its header");

static struct piece *pieces[CLASSES];
static uint8_t *chunk;
static size_t chunk_left;

/* Classes are powers of two and what is half-way between. */
static size_t class_size(size_t class)
{
	size_t whole = (size_t)32 << (class / 2);
	return class % 2 == 0 ? whole : whole + whole / 2;
}

static size_t class_of(size_t size)
{
	size_t power = size <= 32 ? 0 : 64 - 5 - (size_t)__builtin_clzll(size - 1); /* the least that holds it */
	size_t class = 2 * power;
	return class > 0 && class_size(class - 1) >= size ? class - 1 : class;
}

static void *take(int length)
{
	size_t class = class_of((size_t)length + HEADER);
	struct piece *piece = class < CLASSES ? pieces[class] : NULL;
	if (class == CLASSES)
		return NULL;
	if (piece != NULL) {
		pieces[class] = piece->next;
	} else {
		size_t size = class_size(class);
		if (size > CHUNK / 4) {
			piece = malloc(size);
		} else {
			if (chunk_left < size) {
				chunk = malloc(CHUNK);
				chunk_left = chunk != NULL ? CHUNK : 0;
			}
			piece = chunk != NULL ? (struct piece *)chunk : NULL;
			chunk += piece != NULL ? size : 0;
			chunk_left -= piece != NULL ? size : 0;
		}
	}
	if (piece == NULL)
		return NULL;
	piece->class = class;
	return (uint8_t *)piece + HEADER;
}

static struct piece *piece_of(void *memory)
{
	return (struct piece *)((uint8_t *)memory - HEADER);
}

static void give(void *memory)
{
	struct piece *piece = piece_of(memory);
	size_t class = piece->class;
	piece->next = pieces[class];
	pieces[class] = piece;
}

static int size_of(void *memory)
{
	return memory == NULL ? 0 : (int)(class_size(piece_of(memory)->class) - HEADER);
}

static void *resize(void *memory, int length)
{
	if (length <= size_of(memory))
		return memory;
	void *other = take(length);
	if (other == NULL)
		return NULL;
	memcpy(other, memory, (size_t)size_of(memory));
	give(memory);
	return other;
}

static int round_up(int length)
{
	size_t class = class_of((size_t)length + HEADER);
	return class < CLASSES ? (int)(class_size(class) - HEADER) : length;
}

static int begin(void *arg)
{
	return SQLITE_OK;
}

static void end(void *arg)
{
}

void memory_register(void)
{
	static const sqlite3_mem_methods methods = { take, give, resize, size_of, round_up, begin, end, NULL };
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
		abort();
}
