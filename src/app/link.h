/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client session on the loop: dials when the session wants it, pumps its bytes, wakes it, hands on its events. */
#ifndef TCHAT_APP_LINK_H
#define TCHAT_APP_LINK_H

#include "client/session.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "net/stream.h"
#include "trust/identity.h"

#include <stdbool.h>

struct link;

struct link_target {
	const char *node;    /* TCP: host name or address */
	const char *service; /* TCP: port or service name */
	const char *path;    /* UNIX socket; NULL for TCP */
};

struct link_config {
	struct loop *loop;
	struct resolver *resolver;
	struct session *session;
	struct link_target target; /* strings are not copied */
	const struct trust_identity *identity; /* who we are; outlives the link. NULL: what is dialled is not encrypted */
	/* As in tls_config: judges the host's key inside the handshake. */
	int (*check)(void *arg, const struct trust_pin *pin, const struct trust_pin *former);
	void *check_arg;
	/* Each event, in order, at the end of the round that brought it. It may call the session's requests. */
	void (*event)(void *arg, const struct session_event *event);
	/* After the events of a round; may be NULL. */
	void (*settled)(void *arg);
	void *arg;
};

/* The link; it starts with the next round of the loop. NULL when memory is out. The session stays the caller's. */
struct link *link_new(const struct link_config *config);

/* The first connection is this stream (taken) instead of one that is dialled; it is not encrypted, since nobody but the
 * two ends can reach it. 0 or TCHAT_ERR_MEMORY. */
int link_attach(struct link *link, struct stream *stream);

/* Ends the connection at once. The session must not be used by the link any more. NULL is fine. */
void link_free(struct link *link);

/* While held, nothing is read or dialled and no time passes for the session: for a face whose output is stuck. What was
 * read already still comes as events. */
void link_hold(struct link *link, bool held);

/* The stream in use, or NULL. */
const struct stream *link_stream(const struct link *link);

/* The key of the host that was met last, whatever check said of it; NULL: none was met. */
const struct trust_pin *link_host_pin(const struct link *link);

/* Why the last dial failed, or 0: the errno, and the name look-up's and connect's duration. */
struct link_dial {
	int err;
	int number;
	tchat_time lookup;
	tchat_time connect;
};
const struct link_dial *link_last_dial(const struct link *link);

#endif
