/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A filter with a bad day. */
#include "fault_stream.h"

#include "base/errors.h"
#include "net/stream_filter.h"

#include <stdlib.h>

struct fault_stream {
	struct stream stream;
	unsigned seed, again_of, most;
};

static unsigned draw(struct fault_stream *fault)
{
	fault->seed = fault->seed * 1103515245u + 12345u;
	return fault->seed >> 8;
}

/* How many of length bytes this call may handle; 0: none. */
static size_t allowance(struct fault_stream *fault, size_t length)
{
	if (fault->again_of != 0 && draw(fault) % fault->again_of == 0)
		return 0;
	size_t n = 1 + draw(fault) % fault->most;
	return n < length ? n : length;
}

static ssize_t fault_read(struct stream *stream, void *bytes, size_t length)
{
	size_t n = allowance((struct fault_stream *)stream, length);
	return n == 0 ? TCHAT_ERR_AGAIN : stream_read(stream->below, bytes, n);
}

/* Passes on the part of the parts that is allowed: whole ones at first, then a piece, in one call. */
static ssize_t fault_writev(struct stream *stream, const struct iovec *parts, int count)
{
	struct iovec some[16];
	size_t length = 0;
	for (int i = 0; i < count; i++)
		length += parts[i].iov_len;
	if (length == 0)
		return stream_writev(stream->below, parts, count);
	size_t left = allowance((struct fault_stream *)stream, length);
	if (left == 0)
		return TCHAT_ERR_AGAIN;
	int n = 0;
	for (; n < count && n < 16 && left > 0; n++) {
		some[n] = parts[n];
		if (some[n].iov_len > left)
			some[n].iov_len = left;
		left -= some[n].iov_len;
	}
	return stream_writev(stream->below, some, n);
}

static void fault_free(struct stream *stream)
{
	free(stream);
}

static const struct stream_ops fault_ops = {
	.read = fault_read,
	.writev = fault_writev,
	.free = fault_free,
};

struct stream *fault_stream_new(struct stream *below, unsigned seed, unsigned again_of, unsigned most)
{
	struct fault_stream *fault = malloc(sizeof *fault);
	if (fault == NULL)
		return NULL;
	stream_filter_init(&fault->stream, &fault_ops, below);
	fault->seed = seed;
	fault->again_of = again_of;
	fault->most = most;
	return &fault->stream;
}
