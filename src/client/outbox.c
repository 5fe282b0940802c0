/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox in memory: a ring of posts by counter. What is settled out of order leaves a hole until it is the front. */
#include "client/outbox.h"

#include "base/errors.h"

#include <stdlib.h>
#include <string.h>

struct kept {
	size_t length;
	size_t size; /* bytes that count for the limit */
	uint32_t room;
	uint8_t kind;
	char strings[]; /* text and ref, each with its NUL */
};

struct outbox_in_memory {
	struct outbox outbox;
	struct kept **ring; /* NULL: settled */
	size_t capacity;    /* a power of two */
	size_t posts, bytes;
	size_t posts_max, bytes_max;
	uint64_t lowest, next;
};

static struct outbox_in_memory *self_of(struct outbox *outbox)
{
	return (struct outbox_in_memory *)outbox;
}

static struct kept **slot(struct outbox_in_memory *self, uint64_t counter)
{
	return &self->ring[counter & (self->capacity - 1)];
}

static int memory_grow(struct outbox_in_memory *self)
{
	size_t capacity = self->capacity == 0 ? 16 : self->capacity * 2;
	struct kept **ring = calloc(capacity, sizeof *ring);
	if (ring == NULL)
		return TCHAT_ERR_MEMORY;
	for (uint64_t counter = self->lowest; counter < self->next; counter++)
		ring[counter & (capacity - 1)] = *slot(self, counter);
	free(self->ring);
	self->ring = ring;
	self->capacity = capacity;
	return 0;
}

static int memory_add(struct outbox *outbox, const struct outbox_post *post)
{
	struct outbox_in_memory *self = self_of(outbox);
	size_t ref_size = strlen(post->ref) + 1;
	size_t size = sizeof(struct kept) + post->length + 1 + ref_size;
	/* The span counts, not the posts alone: a hole in front must not let the ring grow without end. */
	if (self->next - self->lowest >= self->posts_max || size > self->bytes_max ||
	    self->bytes > self->bytes_max - size)
		return TCHAT_ERR_FULL;
	if (self->next - self->lowest >= self->capacity && memory_grow(self) != 0)
		return TCHAT_ERR_MEMORY;
	struct kept *kept = malloc(size);
	if (kept == NULL)
		return TCHAT_ERR_MEMORY;
	*kept = (struct kept){ .length = post->length, .size = size, .room = post->room, .kind = post->kind };
	if (post->length > 0)
		memcpy(kept->strings, post->text, post->length);
	kept->strings[post->length] = '\0';
	memcpy(kept->strings + post->length + 1, post->ref, ref_size);
	*slot(self, self->next++) = kept;
	self->posts++;
	self->bytes += size;
	return 0;
}

static int memory_get(struct outbox *outbox, uint64_t counter, struct outbox_post *post)
{
	struct outbox_in_memory *self = self_of(outbox);
	if (counter < self->lowest || counter >= self->next)
		return TCHAT_ERR_NOT_FOUND;
	const struct kept *kept = *slot(self, counter);
	if (kept == NULL)
		return TCHAT_ERR_NOT_FOUND;
	*post = (struct outbox_post){ .counter = counter,
		                      .room = kept->room,
		                      .kind = kept->kind,
		                      .text = kept->strings,
		                      .length = kept->length,
		                      .ref = kept->strings + kept->length + 1 };
	return 0;
}

static void memory_cancel(struct outbox *outbox, uint64_t counter)
{
	struct outbox_in_memory *self = self_of(outbox);
	if (counter < self->lowest || counter >= self->next || *slot(self, counter) == NULL)
		return;
	struct kept *kept = *slot(self, counter);
	kept->room = 0;
	kept->length = 0;
	kept->strings[0] = kept->strings[1] = '\0'; /* there is always room for two NULs */
}

static void memory_settle(struct outbox *outbox, uint64_t counter)
{
	struct outbox_in_memory *self = self_of(outbox);
	if (counter < self->lowest || counter >= self->next)
		return;
	struct kept **kept = slot(self, counter);
	if (*kept == NULL)
		return;
	self->posts--;
	self->bytes -= (*kept)->size;
	free(*kept);
	*kept = NULL;
	while (self->lowest < self->next && *slot(self, self->lowest) == NULL)
		self->lowest++;
}

static uint64_t memory_lowest(struct outbox *outbox)
{
	return self_of(outbox)->lowest;
}

static uint64_t memory_next(struct outbox *outbox)
{
	return self_of(outbox)->next;
}

static uint64_t memory_safe(struct outbox *outbox)
{
	return self_of(outbox)->next - 1;
}

static void memory_free(struct outbox *outbox)
{
	struct outbox_in_memory *self = self_of(outbox);
	for (uint64_t counter = self->lowest; counter < self->next; counter++)
		free(*slot(self, counter));
	free(self->ring);
	free(self);
}

struct outbox *outbox_memory(size_t posts, size_t bytes)
{
	struct outbox_in_memory *self = calloc(1, sizeof *self);
	if (self == NULL)
		return NULL;
	self->outbox = (struct outbox){ memory_add,  memory_get,  memory_cancel, memory_settle,
		                        memory_lowest, memory_next, memory_safe, memory_free };
	self->posts_max = posts;
	self->bytes_max = bytes;
	self->lowest = self->next = 1;
	return &self->outbox;
}
