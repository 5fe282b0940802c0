/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The glue between a client session, the dialler and the connection. Everything that a round did to the session is
 * carried out once, by the hook at the round's end. */
#include "app/link.h"

#include "app/connection.h"
#include "base/errors.h"
#include "net/dial.h"
#include "net/stream_tls.h"

#include <stdlib.h>

#define LINK_DIAL_TIMEOUT TCHAT_SECONDS(30)
#define LINK_SHAKE_TIMEOUT TCHAT_SECONDS(30)

struct link {
	struct link_config config;
	struct dial *dial;
	struct connection *connection;
	struct loop_hook hook;
	struct loop_timer timer;
	struct loop_timer shake; /* runs during a handshake */
	struct link_dial last;
	struct trust_pin host_pin;
	bool has_host_pin;
	bool held;
};

static void machine_input(void *arg, const uint8_t *bytes, size_t length)
{
	struct link *link = arg;
	tchat_time now = loop_now(link->config.loop);
	while (length > 0) {
		size_t part = length < SESSION_INPUT_MAX ? length : SESSION_INPUT_MAX;
		session_input(link->config.session, bytes, part, now);
		bytes += part;
		length -= part;
	}
}

static int machine_output(void *arg, struct iovec *parts, int maximum)
{
	struct link *link = arg;
	return session_output(link->config.session, parts, maximum);
}

static void machine_consumed(void *arg, size_t length)
{
	struct link *link = arg;
	session_consumed(link->config.session, length);
}

static bool machine_wants_input(void *arg)
{
	struct link *link = arg;
	return !link->held;
}

static bool machine_finished(void *arg)
{
	struct link *link = arg;
	return session_closing(link->config.session);
}

static int machine_ready(void *arg)
{
	struct link *link = arg;
	struct session_security security;
	const struct trust_pin *host = stream_peer_pin(connection_stream(link->connection));
	loop_timer_stop(link->config.loop, &link->shake);
	if (host != NULL) {
		security.host = *host;
		security.user = *trust_identity_pin(link->config.identity);
	}
	session_connected(link->config.session, host != NULL ? &security : NULL, loop_now(link->config.loop));
	loop_again(link->config.loop);
	return 0;
}

static void machine_closed(void *arg, int err)
{
	struct link *link = arg;
	link->connection = NULL;
	loop_timer_stop(link->config.loop, &link->shake);
	session_disconnected(link->config.session, err, loop_now(link->config.loop));
	loop_again(link->config.loop);
}

static const struct connection_machine link_machine = {
	.ready = machine_ready,
	.input = machine_input,
	.output = machine_output,
	.consumed = machine_consumed,
	.wants_input = machine_wants_input,
	.finished = machine_finished,
	.closed = machine_closed,
};

int link_attach(struct link *link, struct stream *stream)
{
	session_dialling(link->config.session);
	link->connection = connection_new(link->config.loop, stream, 0, &link_machine, link);
	loop_again(link->config.loop);
	return link->connection != NULL ? 0 : TCHAT_ERR_MEMORY;
}

static int link_check(void *arg, const struct trust_pin *pin, const struct trust_pin *former)
{
	struct link *link = arg;
	link->host_pin = *pin;
	link->has_host_pin = true;
	return link->config.check != NULL ? link->config.check(link->config.check_arg, pin, former) : 0;
}

/* A connection over the stream, which it takes; the handshake begins with the next flush. */
static int link_connect(struct link *link, struct stream *stream)
{
	const struct tls_config config = { .identity = link->config.identity, .check = link_check, .arg = link };
	if (config.identity != NULL) {
		int err = stream_tls_new(&config, stream, &stream);
		if (err != 0)
			return err;
		loop_timer_set(link->config.loop, &link->shake, loop_now(link->config.loop) + LINK_SHAKE_TIMEOUT);
	}
	link->connection = connection_new(link->config.loop, stream, 0, &link_machine, link);
	return link->connection != NULL ? 0 : TCHAT_ERR_MEMORY;
}

static void link_shake_over(void *arg)
{
	struct link *link = arg;
	connection_free(link->connection);
	machine_closed(link, TCHAT_ERR_TIMED_OUT);
}

static void link_dialled(void *arg, const struct dial_result *result)
{
	struct link *link = arg;
	link->dial = NULL;
	link->last = (struct link_dial){ result->err, result->number, result->lookup, result->connect };
	int err = result->stream != NULL ? link_connect(link, result->stream) : result->err;
	if (err != 0)
		session_disconnected(link->config.session, err, loop_now(link->config.loop));
}

static void link_dial_now(struct link *link)
{
	const struct link_target *target = &link->config.target;
	session_dialling(link->config.session);
	int err;
	if (target->path != NULL)
		err = dial_unix(link->config.loop, target->path, LINK_DIAL_TIMEOUT, link_dialled, link, &link->dial);
	else
		err = dial_tcp(link->config.loop, link->config.resolver, target->node, target->service,
		               LINK_DIAL_TIMEOUT, link_dialled, link, &link->dial);
	if (err != 0) {
		link->last = (struct link_dial){ .err = err };
		session_disconnected(link->config.session, err, loop_now(link->config.loop));
	}
}

/* The end of a round: events out, bytes out, a dial if one is due, and the clock set for what comes next. */
static void link_settle(void *arg)
{
	struct link *link = arg;
	struct session *session = link->config.session;
	struct session_event event;
	bool any = false;
	while (session_next_event(session, &event)) {
		link->config.event(link->config.arg, &event);
		any = true;
	}
	if (any && link->config.settled != NULL)
		link->config.settled(link->config.arg);
	if (link->connection != NULL)
		connection_flush(link->connection);
	tchat_time now = loop_now(link->config.loop);
	if (link->held) {
		loop_timer_stop(link->config.loop, &link->timer);
		return;
	}
	if (link->connection == NULL && link->dial == NULL && session_dial_at(session) <= now) {
		link_dial_now(link);
		if (link->dial == NULL)
			loop_again(link->config.loop);
	}
	tchat_time next = session_deadline(session);
	if (session_dial_at(session) < next)
		next = session_dial_at(session);
	loop_timer_set(link->config.loop, &link->timer, next);
}

static void link_tick(void *arg)
{
	struct link *link = arg;
	session_tick(link->config.session, loop_now(link->config.loop));
}

struct link *link_new(const struct link_config *config)
{
	struct link *link = malloc(sizeof *link);
	if (link == NULL)
		return NULL;
	*link = (struct link){ .config = *config };
	loop_timer_init(&link->timer, link_tick, link);
	loop_timer_init(&link->shake, link_shake_over, link);
	loop_hook_add(config->loop, &link->hook, link_settle, link);
	loop_again(config->loop);
	return link;
}

void link_free(struct link *link)
{
	if (link == NULL)
		return;
	dial_cancel(link->dial);
	connection_free(link->connection);
	loop_timer_stop(link->config.loop, &link->timer);
	loop_timer_stop(link->config.loop, &link->shake);
	loop_hook_remove(link->config.loop, &link->hook);
	free(link);
}

void link_hold(struct link *link, bool held)
{
	link->held = held;
	loop_again(link->config.loop);
}

const struct stream *link_stream(const struct link *link)
{
	return link->connection != NULL ? connection_stream(link->connection) : NULL;
}

const struct trust_pin *link_host_pin(const struct link *link)
{
	return link->has_host_pin ? &link->host_pin : NULL;
}

const struct link_dial *link_last_dial(const struct link *link)
{
	return &link->last;
}
