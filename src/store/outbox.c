/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox in memory: a ring of posts by counter. What is settled out of order leaves a hole until it is the front. */
#include "store/outbox.h"

#include "base/errors.h"

#include <stdlib.h>
#include <string.h>

struct kept {
	size_t length;
	size_t size; /* bytes that count for the limit */
	size_t ref, name; /* where they begin in strings */
	uint64_t target, reply;
	uint32_t room;
	uint8_t kind;
	bool direct, cancelled;
	char strings[]; /* text, ref and name, each with its NUL */
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

/* Makes place for counters up to last. */
static int memory_grow(struct outbox_in_memory *self, uint64_t last)
{
	size_t capacity = self->capacity == 0 ? 16 : self->capacity;
	while (last - self->lowest >= capacity)
		capacity *= 2;
	if (capacity == self->capacity)
		return 0;
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
	size_t ref_size = strlen(post->ref) + 1, name_size = strlen(post->name) + 1;
	size_t size = sizeof(struct kept) + post->length + 1 + ref_size + name_size;
	/* The span counts, not the posts alone: a hole in front must not let the ring grow without end. */
	if (self->next - self->lowest >= self->posts_max || size > self->bytes_max ||
	    self->bytes > self->bytes_max - size)
		return TCHAT_ERR_FULL;
	if (memory_grow(self, self->next) != 0)
		return TCHAT_ERR_MEMORY;
	struct kept *kept = malloc(size);
	if (kept == NULL)
		return TCHAT_ERR_MEMORY;
	*kept = (struct kept){ .length = post->length,
		               .size = size,
		               .ref = post->length + 1,
		               .name = post->length + 1 + ref_size,
		               .target = post->target,
		               .reply = post->reply,
		               .room = post->room,
		               .kind = post->kind,
		               .direct = post->direct,
		               .cancelled = post->cancelled };
	if (post->length > 0)
		memcpy(kept->strings, post->text, post->length);
	kept->strings[post->length] = '\0';
	memcpy(kept->strings + kept->ref, post->ref, ref_size);
	memcpy(kept->strings + kept->name, post->name, name_size);
	*slot(self, self->next++) = kept;
	self->posts++;
	self->bytes += size;
	return 0;
}

/* The place of what waits for its answer, or NULL. */
static struct kept **memory_find(struct outbox *outbox, uint64_t counter)
{
	struct outbox_in_memory *self = self_of(outbox);
	if (counter < self->lowest || counter >= self->next || *slot(self, counter) == NULL)
		return NULL;
	return slot(self, counter);
}

static int memory_get(struct outbox *outbox, uint64_t counter, struct outbox_post *post)
{
	struct kept **at = memory_find(outbox, counter);
	if (at == NULL)
		return TCHAT_ERR_NOT_FOUND;
	const struct kept *kept = *at;
	*post = (struct outbox_post){ .counter = counter,
		                      .room = kept->room,
		                      .kind = kept->kind,
		                      .direct = kept->direct,
		                      .cancelled = kept->cancelled,
		                      .name = kept->strings + kept->name,
		                      .text = kept->strings,
		                      .length = kept->length,
		                      .ref = kept->strings + kept->ref,
		                      .target = kept->target,
		                      .reply = kept->reply };
	return 0;
}

static int memory_cancel(struct outbox *outbox, uint64_t counter)
{
	struct kept **at = memory_find(outbox, counter);
	if (at == NULL)
		return TCHAT_ERR_NOT_FOUND;
	(*at)->cancelled = true;
	return 0;
}

static void memory_place(struct outbox *outbox, uint64_t counter, uint32_t room)
{
	struct kept **at = memory_find(outbox, counter);
	if (at != NULL)
		(*at)->room = room;
}

static void memory_forget(struct outbox_in_memory *self, struct kept **at)
{
	self->posts--;
	self->bytes -= (*at)->size;
	free(*at);
	*at = NULL;
}

static void memory_settle(struct outbox *outbox, uint64_t counter)
{
	struct outbox_in_memory *self = self_of(outbox);
	struct kept **at = memory_find(outbox, counter);
	if (at == NULL)
		return;
	memory_forget(self, at);
	while (self->lowest < self->next && *slot(self, self->lowest) == NULL)
		self->lowest++;
}

static int memory_jump(struct outbox *outbox, uint64_t next)
{
	struct outbox_in_memory *self = self_of(outbox);
	if (next <= self->next)
		return 0;
	if (self->posts == 0) {
		self->lowest = self->next = next;
		return 0;
	}
	if (next - self->lowest > self->posts_max)
		return TCHAT_ERR_FULL;
	if (memory_grow(self, next) != 0)
		return TCHAT_ERR_MEMORY;
	while (self->next < next)
		*slot(self, self->next++) = NULL;
	return 0;
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

static bool memory_is_safe(struct outbox *outbox, uint64_t counter)
{
	return counter < self_of(outbox)->next;
}

static void memory_free(struct outbox *outbox)
{
	struct outbox_in_memory *self = self_of(outbox);
	for (uint64_t counter = self->lowest; counter < self->next; counter++)
		free(*slot(self, counter));
	free(self->ring);
	free(self);
}

void outbox_memory_limit(struct outbox *outbox, size_t posts, size_t bytes)
{
	self_of(outbox)->posts_max = posts;
	self_of(outbox)->bytes_max = bytes;
}

struct outbox *outbox_memory(size_t posts, size_t bytes)
{
	struct outbox_in_memory *self = calloc(1, sizeof *self);
	if (self == NULL)
		return NULL;
	self->outbox = (struct outbox){ .add = memory_add,
		                        .get = memory_get,
		                        .cancel = memory_cancel,
		                        .place = memory_place,
		                        .settle = memory_settle,
		                        .jump = memory_jump,
		                        .lowest = memory_lowest,
		                        .settled = memory_lowest,
		                        .next = memory_next,
		                        .safe = memory_safe,
		                        .is_safe = memory_is_safe,
		                        .free = memory_free };
	self->posts_max = posts;
	self->bytes_max = bytes;
	self->lowest = self->next = 1;
	return &self->outbox;
}
