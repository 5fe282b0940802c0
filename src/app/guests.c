/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the accepted stream to the host's peer and back: the handshake's bounds, and the pump's callbacks. */
#include "app/guests.h"

#include "app/connection.h"
#include "app/half_open.h"
#include "base/buffer.h"
#include "base/errors.h"
#include "net/stream_tls.h"
#include "wire/message.h"

#include <stdlib.h>
#include <sys/queue.h>

enum { ADVISORY_MOST = 64 };

struct guests {
	struct guests_config config;
	LIST_HEAD(, guest) list;
	struct half_open half_open; /* strangers */
	struct loop_timer timer;    /* for the first of them */
	struct buffer advisory;     /* a frame for who does not encrypt */
};

/* One connection and its peer in the host, which is there from the end of the handshake on. */
struct guest {
	struct guests *guests;
	struct connection *connection;
	struct host_peer *peer;
	struct half_open_entry half_open;
	LIST_ENTRY(guest) entry;
	bool owner;
	bool trusted; /* whoever it is, the host knows him */
};

static tchat_time guest_now(const struct guest *guest)
{
	return loop_now(guest->guests->config.loop);
}

/* --- The pump's callbacks */

static int guest_ready(void *arg)
{
	struct guest *guest = arg;
	struct guests *guests = guest->guests;
	const struct stream *stream = connection_stream(guest->connection);
	const struct host_peer_info info = {
		.address = stream_peer(stream),
		.account_is_owner = guest->owner,
		.user = guest,
		.pin = stream_peer_pin(stream),
	};
	guest->peer = host_peer_new(guests->config.host, &info, guest_now(guest));
	if (guest->peer == NULL)
		return TCHAT_ERR_HOST_FULL;
	/* Many who are known may come from one place at once. */
	if (info.pin != NULL && host_is_admitted(guests->config.host, info.pin))
		half_open_pardon(&guests->half_open, &guest->half_open, guest_now(guest));
	return 0;
}

static void guest_input(void *arg, const uint8_t *bytes, size_t length)
{
	struct guest *guest = arg;
	host_peer_input(guest->peer, bytes, length, guest_now(guest));
}

static int guest_output(void *arg, struct iovec *parts, int maximum)
{
	struct guest *guest = arg;
	return host_peer_output(guest->peer, parts, maximum);
}

static void guest_consumed(void *arg, size_t length)
{
	struct guest *guest = arg;
	host_peer_consumed(guest->peer, length, guest_now(guest));
}

static bool guest_wants_input(void *arg)
{
	struct guest *guest = arg;
	return host_peer_wants_input(guest->peer);
}

static bool guest_finished(void *arg)
{
	struct guest *guest = arg;
	return host_peer_closing(guest->peer) != HOST_OPEN;
}

static void guest_ended(void *arg)
{
	struct guest *guest = arg;
	host_peer_input_ended(guest->peer, guest_now(guest));
}

/* Its connection is, or will at once be, gone. */
static void guest_free(struct guest *guest, int err)
{
	struct guests *guests = guest->guests;
	half_open_leave(&guests->half_open, &guest->half_open);
	if (guest->peer != NULL)
		host_peer_closed(guest->peer, guest_now(guest));
	else
		guests->config.stranger_gone(guests->config.arg, stream_peer(connection_stream(guest->connection)),
		                             err != 0 ? err : TCHAT_ERR_CLOSED);
	LIST_REMOVE(guest, entry);
	guests->config.gone(guests->config.arg);
	loop_again(guests->config.loop);
	free(guest);
}

static void guest_closed(void *arg, int err)
{
	guest_free(arg, err);
}

static const struct connection_machine guest_machine = {
	.ready = guest_ready,
	.input = guest_input,
	.output = guest_output,
	.consumed = guest_consumed,
	.wants_input = guest_wants_input,
	.finished = guest_finished,
	.ended = guest_ended,
	.closed = guest_closed,
};

static void guest_drop(struct guest *guest, int err)
{
	struct connection *connection = guest->connection;
	guest_free(guest, err);
	connection_free(connection);
}

/* --- Strangers */

static struct guest *guest_of(struct half_open_entry *entry)
{
	return (struct guest *)(void *)((char *)entry - offsetof(struct guest, half_open));
}

static void guests_set_timer(struct guests *guests)
{
	loop_timer_set(guests->config.loop, &guests->timer, half_open_deadline(&guests->half_open));
}

/* Whoever did not say within some seconds who he is. */
static void guests_time_over(void *arg)
{
	struct guests *guests = arg;
	struct half_open_entry *entry;
	while ((entry = half_open_overdue(&guests->half_open, loop_now(guests->config.loop))) != NULL)
		guest_drop(guest_of(entry), TCHAT_ERR_TIMED_OUT);
	guests_set_timer(guests);
}

/* False: there are too many of the kind, end it. */
static bool guests_count(struct guests *guests, struct guest *guest, const struct stream *stream)
{
	uint8_t origin[STREAM_ORIGIN];
	struct half_open_entry *evicted;
	stream_origin(stream, origin);
	if (!half_open_enter(&guests->half_open, &guest->half_open, origin, loop_now(guests->config.loop), &evicted))
		return false;
	if (evicted != NULL)
		guest_drop(guest_of(evicted), TCHAT_ERR_BUSY);
	guests_set_timer(guests);
	return true;
}

/* It may be no stranger any more. Who waits at the door is counted there, and still says little. */
static void guest_know(struct guest *guest)
{
	bool is_ready = host_peer_is_ready(guest->peer);
	if (guest->trusted || (!is_ready && !host_peer_is_at_door(guest->peer)))
		return;
	half_open_leave(&guest->guests->half_open, &guest->half_open);
	guest->trusted = is_ready;
	if (is_ready)
		stream_tls_trust(connection_stream(guest->connection));
}

/* --- All of them */

static int encode_advisory(struct buffer *advisory)
{
	struct message message = { .type = WIRE_ERROR };
	message.error.code = -TCHAT_ERR_NEEDS_TLS;
	buffer_init(advisory, ADVISORY_MOST);
	return message_encode(advisory, &message);
}

struct guests *guests_new(const struct guests_config *config)
{
	struct guests *guests = malloc(sizeof *guests);
	if (guests == NULL)
		return NULL;
	guests->config = *config;
	if (encode_advisory(&guests->advisory) != 0) {
		free(guests);
		return NULL;
	}
	LIST_INIT(&guests->list);
	half_open_init(&guests->half_open);
	loop_timer_init(&guests->timer, guests_time_over, guests);
	return guests;
}

void guests_expect(struct guests *guests, size_t count)
{
	half_open_expect(&guests->half_open, count, loop_now(guests->config.loop));
}

void guests_limit(struct guests *guests, const struct half_open_limits *limits)
{
	half_open_limit(&guests->half_open, limits);
	guests_set_timer(guests);
}

void guests_free(struct guests *guests)
{
	if (guests == NULL)
		return;
	while (!LIST_EMPTY(&guests->list))
		guest_drop(LIST_FIRST(&guests->list), TCHAT_ERR_SHUTDOWN);
	loop_timer_stop(guests->config.loop, &guests->timer);
	buffer_free(&guests->advisory);
	free(guests);
}

void guests_admit(struct guests *guests, struct stream *stream, unsigned flags)
{
	const struct tls_config tls = {
		.identity = guests->config.identity,
		.host = true,
		.advisory = buffer_data(&guests->advisory),
		.advisory_length = buffer_length(&guests->advisory),
	};
	bool encrypted = tls.identity != NULL && (flags & GUESTS_INSIDE) == 0;
	struct guest *guest = calloc(1, sizeof *guest);
	if (guest == NULL || (encrypted && !guests_count(guests, guest, stream))) {
		stream_free(stream);
		free(guest);
		return;
	}
	guest->guests = guests;
	guest->owner = (flags & GUESTS_OWNER) != 0;
	if (!encrypted || stream_tls_new(&tls, stream, &stream) == 0)
		guest->connection = connection_new(guests->config.loop, stream, LOOP_CROWD, &guest_machine, guest);
	if (guest->connection == NULL) {
		half_open_leave(&guests->half_open, &guest->half_open);
		free(guest);
		return;
	}
	LIST_INSERT_HEAD(&guests->list, guest, entry);
	connection_flush(guest->connection);
}

void guests_flush(struct guests *guests)
{
	for (struct host_peer *peer; (peer = host_next_dirty(guests->config.host)) != NULL;) {
		struct guest *guest = host_peer_user(peer);
		guest_know(guest);
		if (host_peer_closing(peer) == HOST_DROP)
			guest_drop(guest, 0);
		else
			connection_flush(guest->connection);
	}
}

void guests_end(struct guests *guests)
{
	for (struct guest *guest = LIST_FIRST(&guests->list), *next; guest != NULL; guest = next) {
		next = LIST_NEXT(guest, entry);
		if (guest->peer == NULL)
			guest_drop(guest, TCHAT_ERR_SHUTDOWN);
	}
}

size_t guests_strangers(const struct guests *guests)
{
	return guests->half_open.charged;
}

bool guests_are_gone(const struct guests *guests)
{
	return LIST_EMPTY(&guests->list);
}
