/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Name look-up off the loop: one helper thread, started on first use, with a bounded queue. */
#ifndef TCHAT_NET_RESOLVE_H
#define TCHAT_NET_RESOLVE_H

#include "net/address.h"
#include "net/loop.h"
#include "net/names.h"

/* At most so many look-ups wait at a time, and so many addresses are taken from an answer. */
enum { RESOLVE_QUEUE = 32, RESOLVE_ADDRESSES = NAMES_ADDRESSES };

struct resolver;
struct resolve;

/* The answer, on the loop: err 0 and count >= 1 addresses in the system's order, valid during the call
 * only; or err (TCHAT_ERR_NAME_UNKNOWN, NAME_AGAIN, MEMORY, SYSTEM) with the errno number, and none. */
typedef void resolve_callback(void *arg, int err, int number, const struct net_address *addresses, size_t count);

/* A resolver that answers on loop; NULL with errno set. It must be freed before the loop. helper: one end of names_pair(),
 * taken, where somebody serves at the other one; -1: this process looks up names itself. */
struct resolver *resolver_new(struct loop *loop, int helper);

/* Drops what is under way, without calling back, and never waits for a look-up. NULL is fine. */
void resolver_free(struct resolver *resolver);

/* Looks up node and service for a stream socket. Calls back once, never inside this call; numeric
 * addresses need no thread. 0 with *out set, valid until the callback runs or resolve_cancel(); or
 * TCHAT_ERR_FULL, MEMORY, SYSTEM. */
int resolve_start(struct resolver *resolver, const char *node, const char *service, resolve_callback *callback,
                  void *arg, struct resolve **out);

/* The callback will not run. NULL is fine. */
void resolve_cancel(struct resolve *resolve);

#endif
