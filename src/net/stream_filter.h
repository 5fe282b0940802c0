/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For those who make streams: the functions behind a stream, and how a filter stacks over another stream. */
#ifndef TCHAT_NET_STREAM_FILTER_H
#define TCHAT_NET_STREAM_FILTER_H

#include "net/stream.h"

/* Contracts as in stream.h. NULL for pending, interest or shutdown hands the call to the stream below. */
struct stream_ops {
	ssize_t (*read)(struct stream *stream, void *bytes, size_t length);
	ssize_t (*writev)(struct stream *stream, const struct iovec *parts, int count);
	size_t (*pending)(const struct stream *stream);
	unsigned (*interest)(const struct stream *stream, unsigned want);
	int (*shutdown)(struct stream *stream);
	void (*free)(struct stream *stream); /* frees this stream alone, not the one below */
};

/* The first member of every stream's own struct. */
struct stream {
	const struct stream_ops *ops;
	struct stream *below; /* owned; NULL at the bottom */
	int fd;
	const char *peer;     /* owned by the bottom */
};

/* Makes stream a filter over below, which it owns from now on; descriptor and peer are those of below. */
void stream_filter_init(struct stream *stream, const struct stream_ops *ops, struct stream *below);

#endif
