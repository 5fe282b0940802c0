/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocations that fail while tchat's own code runs; and SQLite's memory, which is lists of pieces of like size, for
 * speed. */
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

/* --- Failing: see -Wl,--wrap in local.mk */

static struct {
	bool open;
	unsigned in, times; /* so many allocations go well, then so many do not */
	uint64_t *failed;
} fault;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool fails(void)
{
	if (!fault.open || fault.times == 0)
		return false;
	if (fault.in > 0) {
		fault.in--;
		return false;
	}
	fault.times--;
	++*fault.failed;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

void memory_begin(struct world *w)
{
	fault.failed = &w->counts->memory;
	if (chance(w, w->profile.memory) && !w->heals) {
		fault.in = (unsigned)dice(w, 12);
		fault.times = dice(w, 2) == 0 ? 1 : 1 + (unsigned)dice(w, 20);
	}
	fault.open = true;
}

void memory_end(void)
{
	fault.open = false;
	fault.times = 0;
}

/* --- SQLite's */

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
	if (fails())
		return NULL;
	struct piece *piece = class < CLASSES ? pieces[class] : NULL;
	if (class == CLASSES)
		return NULL;
	if (piece != NULL) {
		pieces[class] = piece->next;
	} else {
		size_t size = class_size(class);
		if (size > CHUNK / 4) {
			piece = __real_malloc(size);
		} else {
			if (chunk_left < size) {
				chunk = __real_malloc(CHUNK);
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
