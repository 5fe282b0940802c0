/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bounded byte queue. Memory grows by doubling; the front is reclaimed by moving only when room is needed,
 * so that a byte is moved a bounded number of times. */
#include "base/buffer.h"

#include "base/errors.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_FIRST = 256, BUFFER_KEEP = 4096 };

void buffer_init(struct buffer *b, size_t maximum)
{
	*b = (struct buffer){ .maximum = maximum };
}

void buffer_free(struct buffer *b)
{
	free(b->bytes);
	buffer_init(b, b->maximum);
}

size_t buffer_length(const struct buffer *b)
{
	return b->end - b->start;
}

const uint8_t *buffer_data(const struct buffer *b)
{
	return b->bytes == NULL ? NULL : b->bytes + b->start;
}

uint8_t *buffer_edit(struct buffer *b)
{
	return b->bytes == NULL ? NULL : b->bytes + b->start;
}

static int buffer_grow(struct buffer *b, size_t needed)
{
	size_t size = b->allocated < BUFFER_FIRST ? BUFFER_FIRST : b->allocated;
	while (size < needed)
		size *= 2;
	if (size > b->maximum && needed <= b->maximum)
		size = b->maximum;
	uint8_t *bytes = malloc(size);
	if (bytes == NULL)
		return TCHAT_ERR_MEMORY;
	size_t length = buffer_length(b);
	if (length > 0)
		memcpy(bytes, b->bytes + b->start, length);
	free(b->bytes);
	b->bytes = bytes;
	b->start = 0;
	b->end = length;
	b->allocated = size;
	return 0;
}

uint8_t *buffer_reserve(struct buffer *b, size_t length, int *err)
{
	size_t held = buffer_length(b);
	if (length > b->maximum || held > b->maximum - length) {
		*err = TCHAT_ERR_FULL;
		return NULL;
	}
	if (b->bytes == NULL || b->allocated - b->end < length) {
		/* Moving pays only when at least half of the memory is free at the front. */
		if (b->bytes != NULL && b->allocated - held >= length && b->start >= b->allocated / 2) {
			memmove(b->bytes, b->bytes + b->start, held);
			b->start = 0;
			b->end = held;
		} else {
			*err = buffer_grow(b, held + length);
			if (*err != 0)
				return NULL;
		}
	}
	*err = 0;
	return b->bytes + b->end;
}

void buffer_commit(struct buffer *b, size_t length)
{
	b->end += length;
}

int buffer_put(struct buffer *b, const void *bytes, size_t length)
{
	int err;
	uint8_t *at = buffer_reserve(b, length, &err);
	if (at == NULL)
		return err;
	if (length > 0)
		memcpy(at, bytes, length);
	buffer_commit(b, length);
	return 0;
}

int buffer_put_string(struct buffer *b, const char *text)
{
	return buffer_put(b, text, strlen(text));
}

void buffer_consume(struct buffer *b, size_t length)
{
	size_t held = buffer_length(b);
	b->start += length < held ? length : held;
	if (b->start < b->end)
		return;
	b->start = b->end = 0;
	if (b->allocated > BUFFER_KEEP) {
		free(b->bytes);
		b->bytes = NULL;
		b->allocated = 0;
	}
}

void buffer_truncate(struct buffer *b, size_t length)
{
	if (length < buffer_length(b))
		b->end = b->start + length;
}
