/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Joins a stream to a state machine that takes bytes and gives bytes: reads, writes, half-closes, lets go. */
#ifndef TCHAT_APP_CONNECTION_H
#define TCHAT_APP_CONNECTION_H

#include "net/loop.h"
#include "net/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct connection;

/* The machine at the inner end. None of these may free the connection, but for closed, after which it is gone. */
struct connection_machine {
	/* Once, before any other: the stream is ready, encrypted if it is to be. Not from inside connection_new(). 0, or the
	 * error to end with. May be NULL. */
	int (*ready)(void *arg);
	/* Bytes that came. */
	void (*input)(void *arg, const uint8_t *bytes, size_t length);
	/* At most maximum parts of what is to be sent; the count. */
	int (*output)(void *arg, struct iovec *parts, int maximum);
	/* The first length bytes of it are on their way; 0: the socket took none now. */
	void (*consumed)(void *arg, size_t length);
	/* False: leave the peer's bytes in the socket for now. */
	bool (*wants_input)(void *arg);
	/* True: when the output is drained, our side is at its end. */
	bool (*finished)(void *arg);
	/* The peer's bytes are at their end; it may still read. From now on finished() says when the answers that are due
	 * are made. NULL: then the connection is over. */
	void (*ended)(void *arg);
	/* The connection is over; it is freed on return. err: 0 for an end of bytes, or negative. */
	void (*closed)(void *arg, int err);
};

/* Takes the stream (freed on failure). flags: 0 or LOOP_CROWD. machine is not copied. NULL when memory is out. */
struct connection *connection_new(struct loop *loop, struct stream *stream, unsigned flags,
                                  const struct connection_machine *machine, void *arg);

/* Starts a handshake, or writes what the machine has, as far as the socket takes it, and arms what the machine waits for. Call it after
 * anything that may have made output, changed wants_input or finished. It may end in closed(). */
void connection_flush(struct connection *connection);

/* Ends it at once, without a word and without calling closed(). NULL is fine. */
void connection_free(struct connection *connection);

struct stream *connection_stream(const struct connection *connection);

#endif
