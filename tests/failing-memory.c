/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that runs out; see failing-memory.h. */
#include "failing-memory.h"

#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static struct {
	bool on;
	long seen, first, count;
} memory;

void memory_fail(long first, long count)
{
	memory.on = true;
	memory.seen = 0;
	memory.first = first;
	memory.count = count;
}

long memory_pause(void)
{
	memory.on = false;
	return memory.seen;
}

void memory_go_on(void)
{
	memory.on = true;
}

bool memory_failed(void)
{
	return memory.seen >= memory.first + memory.count;
}

bool memory_fails(void)
{
	if (!memory.on)
		return false;
	long number = memory.seen++;
	return number >= memory.first && number - memory.first < memory.count;
}

void *__wrap_malloc(size_t size)
{
	return memory_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return memory_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return memory_fails() ? NULL : __real_realloc(old, size);
}
