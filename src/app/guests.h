/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connections of a host: strangers within their bounds, then peers of the state machine. */
#ifndef TCHAT_APP_GUESTS_H
#define TCHAT_APP_GUESTS_H

#include "app/half_open.h"
#include "host/host.h"
#include "net/loop.h"
#include "net/stream.h"
#include "trust/identity.h"

#include <stdbool.h>

struct guests;

struct guests_config {
	struct loop *loop;
	struct host *host;
	const struct trust_identity *identity; /* the host's key; NULL: nobody is encrypted, nobody counted */
	void (*gone)(void *arg);               /* after each connection that ended */
	void (*stranger_gone)(void *arg, const char *address, int err); /* one of which the host never heard */
	void *arg;
};

enum {
	GUESTS_OWNER = 1,  /* of the account that runs the host, as the kernel vouches */
	GUESTS_INSIDE = 2, /* nobody but that account's processes can have the other end: not encrypted, not counted */
};

/* NULL when memory is out. What config names outlives the guests. */
struct guests *guests_new(const struct guests_config *config);

/* The host begins: so many who may come in are about to come back, perhaps from one address. */
void guests_expect(struct guests *guests, size_t count);

/* Other limits for strangers hold from now on. */
void guests_limit(struct guests *guests, const struct half_open_limits *limits);

/* Ends all connections at once. NULL is fine. */
void guests_free(struct guests *guests);

/* A new connection; takes the stream. flags: those of GUESTS_OWNER and GUESTS_INSIDE. */
void guests_admit(struct guests *guests, struct stream *stream, unsigned flags);

/* The end of a round: writes to every peer that has something, ends those that are to go. */
void guests_flush(struct guests *guests);

/* The host shuts down: strangers go at once, peers when they have their last bytes. */
void guests_end(struct guests *guests);

/* Of those, so many did not show yet who they are. */
size_t guests_strangers(const struct guests *guests);

bool guests_are_gone(const struct guests *guests);

#endif
