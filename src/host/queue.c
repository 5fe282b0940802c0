/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A peer's output: spans of shared blocks, and its own frames in private ones, in one order. Memory is held only
 * while something waits. */
#include "host/internal.h"

#include "base/errors.h"

#include <stdlib.h>
#include <string.h>

enum { TAIL_FIRST = 256, TAIL_MOST = 16384, COPY_BELOW = 4096 };

void host_queue_init(struct host_peer *peer)
{
	peer->spans = peer->inline_spans;
	peer->span_capacity = SPANS_INLINE;
}

void host_block_publish(struct host *host, struct block *block)
{
	host->queued += block->capacity;
}

void host_block_give(struct host *host, struct block *block)
{
	if (block == NULL)
		return;
	if (block_is_sole(block))
		host->queued -= block->capacity;
	block_give(block);
}

size_t host_queue_limit(const struct host *host)
{
	return host->queued > host->limits.queue_total ? host->limits.queue / 16 : host->limits.queue;
}

/* Nothing waits: gives back what the backlog took. */
static void queue_shrink(struct host_peer *peer)
{
	host_block_give(peer->host, peer->tail);
	peer->tail = NULL;
	if (peer->spans != peer->inline_spans)
		free(peer->spans);
	peer->spans = peer->inline_spans;
	peer->span_capacity = SPANS_INLINE;
	peer->span_first = 0;
}

void host_queue_free(struct host_peer *peer)
{
	for (; peer->span_count > 0; peer->span_count--) {
		host_block_give(peer->host, peer->spans[peer->span_first].block);
		peer->span_first = (peer->span_first + 1) & (peer->span_capacity - 1);
	}
	peer->queued = 0;
	queue_shrink(peer);
}

void host_dirty(struct host_peer *peer)
{
	if (peer->dirty || peer->gone)
		return;
	peer->dirty = true;
	TAILQ_INSERT_TAIL(&peer->host->dirty, peer, by_dirty);
}

static bool queue_grow(struct host_peer *peer)
{
	struct span *spans = malloc(2 * peer->span_capacity * sizeof *spans);
	if (spans == NULL) {
		host_peer_close(peer, TCHAT_ERR_MEMORY, HOST_DROP);
		return false;
	}
	for (uint32_t i = 0; i < peer->span_count; i++)
		spans[i] = peer->spans[(peer->span_first + i) & (peer->span_capacity - 1)];
	if (peer->spans != peer->inline_spans)
		free(peer->spans);
	peer->spans = spans;
	peer->span_capacity *= 2;
	peer->span_first = 0;
	return true;
}

bool host_queue_span(struct host_peer *peer, struct block *block, uint32_t offset, uint32_t length)
{
	if (peer->closing != HOST_OPEN || length == 0)
		return false;
	struct span *last = &peer->spans[(peer->span_first + peer->span_count - 1) & (peer->span_capacity - 1)];
	if (peer->span_count > 0 && last->block == block && last->offset + last->length == offset) {
		last->length += length;
	} else {
		if (peer->span_count == peer->span_capacity && !queue_grow(peer))
			return false;
		struct span *span = &peer->spans[(peer->span_first + peer->span_count) & (peer->span_capacity - 1)];
		*span = (struct span){ block_take(block), offset, length };
		peer->span_count++;
	}
	if (peer->queued == 0)
		host_dirty(peer);
	peer->queued += length;
	return true;
}

uint8_t *host_queue_own(struct host_peer *peer, uint32_t size)
{
	if (peer->closing != HOST_OPEN)
		return NULL;
	/* GAP keeps the backlog near its limit; who still gathers four times as much asks for what it does not read. */
	if (peer->queued > 4 * peer->host->limits.queue + WIRE_LIMIT) {
		host_peer_close(peer, TCHAT_ERR_TOO_SLOW, HOST_DROP);
		return NULL;
	}
	if (peer->tail == NULL || peer->tail->capacity - peer->tail->length < size) {
		size_t capacity = peer->tail == NULL ? TAIL_FIRST : (size_t)peer->tail->capacity * 2;
		if (capacity > TAIL_MOST)
			capacity = TAIL_MOST;
		struct block *tail = block_new(capacity < size ? size : capacity);
		if (tail == NULL) {
			host_peer_close(peer, TCHAT_ERR_MEMORY, HOST_DROP);
			return NULL;
		}
		host_block_publish(peer->host, tail);
		host_block_give(peer->host, peer->tail);
		peer->tail = tail;
	}
	struct block *tail = peer->tail;
	uint32_t at = tail->length;
	if (!host_queue_span(peer, tail, at, size))
		return NULL;
	tail->length += size;
	return tail->bytes + at;
}

void host_queue_message(struct host_peer *peer, const struct message *message)
{
	struct buffer *scratch = &peer->host->scratch;
	buffer_truncate(scratch, 0);
	if (message_encode(scratch, message) != 0) {
		host_peer_close(peer, TCHAT_ERR_MEMORY, HOST_DROP);
		return;
	}
	size_t length = buffer_length(scratch);
	uint8_t *to = host_queue_own(peer, (uint32_t)length);
	if (to != NULL)
		memcpy(to, buffer_data(scratch), length);
}

int host_peer_output(const struct host_peer *peer, struct iovec *parts, int count)
{
	int n = 0;
	for (; n < count && (uint32_t)n < peer->span_count && peer->closing != HOST_DROP; n++) {
		const struct span *span = &peer->spans[(peer->span_first + (uint32_t)n) & (peer->span_capacity - 1)];
		parts[n] = (struct iovec){ span->block->bytes + span->offset, span->length };
	}
	return n;
}

/* The small rest of a large block is copied, so that it does not keep all of it. */
static void queue_copy_rest(struct host_peer *peer)
{
	struct span *span = &peer->spans[peer->span_first];
	if (span->length >= COPY_BELOW || span->block->capacity < 4 * span->length || span->block == peer->tail)
		return;
	struct block *copy = block_new(span->length);
	if (copy == NULL)
		return;
	memcpy(copy->bytes, span->block->bytes + span->offset, span->length);
	copy->length = span->length;
	host_block_publish(peer->host, copy);
	host_block_give(peer->host, span->block);
	*span = (struct span){ copy, 0, copy->length };
}

/* Keeps the list of those who do not get rid of their output in the order of their last progress. */
static void queue_stalled(struct host_peer *peer, bool progress, tchat_time now)
{
	struct host *host = peer->host;
	if (peer->stalled && (progress || peer->queued == 0)) {
		TAILQ_REMOVE(&host->stalled, peer, by_stalled);
		peer->stalled = false;
	}
	if (peer->queued > 0 && !peer->stalled) {
		peer->stalled = true;
		peer->stalled_since = now;
		TAILQ_INSERT_TAIL(&host->stalled, peer, by_stalled);
	}
}

void host_peer_consumed(struct host_peer *peer, size_t length, tchat_time now)
{
	size_t left = length;
	while (left > 0 && peer->span_count > 0) {
		struct span *span = &peer->spans[peer->span_first];
		size_t step = left < span->length ? left : span->length;
		span->offset += (uint32_t)step;
		span->length -= (uint32_t)step;
		peer->queued -= step;
		left -= step;
		if (span->length > 0) {
			queue_copy_rest(peer);
			break;
		}
		host_block_give(peer->host, span->block);
		peer->span_first = (peer->span_first + 1) & (peer->span_capacity - 1);
		peer->span_count--;
	}
	if (peer->span_count == 0)
		queue_shrink(peer);
	if (peer->queued > 0 || peer->stalled)
		queue_stalled(peer, length > 0, now);
	host_peer_resume(peer);
}
