/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pump between a stream and a state machine, which hears of nothing until the stream is ready. Writing is tried
 * at once and the descriptor is armed for it only after it was full; after the last byte comes shutdown(), and close()
 * follows the peer's end or a short while. A peer that ends its side first is still written to. */
#include "app/connection.h"

#include "base/errors.h"
#include "net/stream_tls.h"

#include <stdlib.h>

enum { CONNECTION_READ = 65536, CONNECTION_PARTS = 64 };

#define CONNECTION_LINGER TCHAT_SECONDS(2)

struct connection {
	struct loop *loop;
	struct stream *stream;
	struct watch *watch;
	struct loop_timer linger; /* runs from our shutdown() on, or ends the connection in the next round */
	const struct connection_machine *machine;
	void *arg;
	int err;                  /* why it ends in the next round */
	bool ready;               /* the machine knows of the connection */
	bool full;                /* the socket took less than there was */
	bool ended;               /* the peer's side has ended */
	bool over;                /* our side has ended: what still comes is thrown away */
	bool dead;                /* only closed() is still to come */
};

static void connection_end(struct connection *connection)
{
	connection->machine->closed(connection->arg, connection->err);
	connection_free(connection);
}

static void connection_linger_over(void *arg)
{
	connection_end(arg);
}

/* The end is announced from the loop, never from inside a caller's connection_flush(). */
static void connection_die(struct connection *connection, int err)
{
	if (connection->dead)
		return;
	connection->dead = true;
	connection->err = err;
	loop_watch_change(connection->watch, 0);
	loop_timer_set(connection->loop, &connection->linger, 0);
}

/* Tells the machine as soon as the stream is ready; false: not yet, or the machine does not want it. */
static bool connection_is_ready(struct connection *connection)
{
	if (connection->ready || !stream_tls_is_ready(connection->stream))
		return connection->ready;
	int err = connection->machine->ready != NULL ? connection->machine->ready(connection->arg) : 0;
	connection->ready = err == 0;
	if (err != 0)
		connection_die(connection, err);
	return connection->ready;
}

/* The handshake as far as it goes without the peer. */
static bool connection_shake(struct connection *connection)
{
	ssize_t err = connection->dead || connection->ready ? 0 : stream_writev(connection->stream, NULL, 0);
	if (err != 0 && err != TCHAT_ERR_AGAIN)
		connection_die(connection, (int)err);
	return !connection->dead && connection_is_ready(connection);
}

static void connection_arm(struct connection *connection)
{
	unsigned want = connection->full ? LOOP_WRITE : 0;
	if (!connection->ended &&
	    (connection->over || !connection->ready || connection->machine->wants_input(connection->arg)))
		want |= LOOP_READ;
	loop_watch_change(connection->watch, stream_interest(connection->stream, want));
	if ((want & LOOP_READ) != 0 && stream_pending(connection->stream) > 0)
		loop_watch_again(connection->watch, LOOP_READ);
}

/* Writes until the machine has nothing or the socket takes nothing; false when the connection broke. */
static bool connection_write(struct connection *connection)
{
	struct iovec parts[CONNECTION_PARTS];
	connection->full = false;
	for (;;) {
		int count = connection->machine->output(connection->arg, parts, CONNECTION_PARTS);
		ssize_t written = stream_writev(connection->stream, parts, count);
		if (count == 0 && (written == 0 || written == TCHAT_ERR_AGAIN)) {
			connection->full = written != 0; /* the stream itself holds some */
			return true;
		}
		if (written == TCHAT_ERR_AGAIN) {
			connection->full = true;
			connection->machine->consumed(connection->arg, 0);
			return true;
		}
		if (written < 0) {
			connection_die(connection, (int)written);
			return false;
		}
		connection->machine->consumed(connection->arg, (size_t)written);
	}
}

/* Ends our side once everything is written. */
static void connection_finish(struct connection *connection)
{
	int err = stream_shutdown(connection->stream);
	if (err == TCHAT_ERR_AGAIN) {
		connection->full = true;
	} else if (err < 0 || connection->ended) {
		connection_die(connection, err);
	} else {
		connection->over = true;
		loop_timer_set(connection->loop, &connection->linger, loop_now(connection->loop) + CONNECTION_LINGER);
	}
}

void connection_flush(struct connection *connection)
{
	if (connection_shake(connection) && !connection->over && connection_write(connection) && !connection->full &&
	    connection->machine->finished(connection->arg))
		connection_finish(connection);
	if (!connection->dead)
		connection_arm(connection);
}

static void connection_read(struct connection *connection)
{
	uint8_t bytes[CONNECTION_READ];
	ssize_t length = stream_read(connection->stream, bytes, sizeof bytes);
	bool ready = connection_is_ready(connection);
	if (length == TCHAT_ERR_AGAIN || connection->dead)
		return;
	if (length < 0 || !ready || (length == 0 && (connection->over || connection->machine->ended == NULL))) {
		connection_die(connection, (int)length);
	} else if (length == 0) {
		connection->ended = true;
		connection->machine->ended(connection->arg);
	} else if (!connection->over) {
		connection->machine->input(connection->arg, bytes, (size_t)length);
	}
}

static void connection_ready(void *arg, unsigned events)
{
	struct connection *connection = arg;
	if ((events & LOOP_READ) != 0)
		connection_read(connection);
	connection_flush(connection);
}

struct connection *connection_new(struct loop *loop, struct stream *stream, unsigned flags,
                                  const struct connection_machine *machine, void *arg)
{
	struct connection *connection = malloc(sizeof *connection);
	if (connection == NULL) {
		stream_free(stream);
		return NULL;
	}
	*connection = (struct connection){ .loop = loop, .stream = stream, .machine = machine, .arg = arg };
	loop_timer_init(&connection->linger, connection_linger_over, connection);
	connection->watch = loop_watch_add(loop, stream_fd(stream), LOOP_READ, flags, connection_ready, connection);
	if (connection->watch == NULL) {
		stream_free(stream);
		free(connection);
		return NULL;
	}
	return connection;
}

void connection_free(struct connection *connection)
{
	if (connection == NULL)
		return;
	loop_timer_stop(connection->loop, &connection->linger);
	loop_watch_remove(connection->watch);
	stream_free(connection->stream);
	free(connection);
}

struct stream *connection_stream(const struct connection *connection)
{
	return connection->stream;
}
