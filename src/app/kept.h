/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client keeps of a host beyond its own end: opened as soon as it is known who the host is. */
#ifndef TCHAT_APP_KEPT_H
#define TCHAT_APP_KEPT_H

#include "client/session.h"
#include "net/loop.h"
#include "trust/trust.h"

#include <stdbool.h>

struct kept;

/* For a session with config.stored, which has to outlive it but for session_free(). lasts: our own key does so, too;
 * otherwise, or without a home or SQLite, all is kept in memory. nick: what we wish to be called, or NULL. NULL when
 * memory is out. */
struct kept *kept_new(struct loop *loop, struct session *session, bool lasts, const char *nick);

/* The host is known to be the one with this key, before there is a connection. */
void kept_expect(struct kept *kept, const struct trust_pin *pin);

/* Whether the host is known so, and something was kept of it before. */
bool kept_is_known(const struct kept *kept);

/* The connection shows this key of the host's, and the former one that vouches for it, or NULL: what was kept under that
 * goes on under this. False: what is open belongs to another host, which this one must not learn of. */
bool kept_check(struct kept *kept, const struct trust_pin *pin, const struct trust_pin *former);

/* Heeds HOST. pin: the host's key where the connection does not show it, or NULL. where: the address, "" on this
 * computer; it counts where there is no key. */
void kept_event(struct kept *kept, const struct session_event *event, const struct trust_pin *pin, const char *where);

/* Writes what is to be written. The session may only be freed afterwards. NULL is fine. */
void kept_free(struct kept *kept);

#endif
