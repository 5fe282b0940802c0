/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connecting as RFC 8305 tells: families take turns, a new attempt every 250 ms or when one failed, the
 * first that connects wins. */
#ifndef TCHAT_NET_DIAL_H
#define TCHAT_NET_DIAL_H

#include "net/loop.h"
#include "net/resolve.h"
#include "net/stream.h"

struct dial;

struct dial_result {
	struct stream *stream; /* given to the callee; NULL on failure */
	int err;               /* 0, or the most telling failure: TCHAT_ERR_REFUSED, UNREACHABLE, TIMED_OUT,
	                          NAME_UNKNOWN, NAME_AGAIN, NOT_FOUND (UNIX path), PERMISSION, LIMIT_FILES,
	                          MEMORY, SYSTEM */
	int number;            /* its errno, or 0 */
	tchat_time lookup;     /* microseconds that the name took */
	tchat_time connect;    /* microseconds from the first attempt to the end */
};

/* Called once; the dial is gone by then. */
typedef void dial_callback(void *arg, const struct dial_result *result);

/* Connects to node and service over TCP, within timeout microseconds from now, name look-up among them.
 * Never calls back inside this call. 0 with *out set, valid until the callback or dial_cancel(); or
 * TCHAT_ERR_MEMORY, FULL (too many look-ups), SYSTEM. The resolver must outlive the dial. */
int dial_tcp(struct loop *loop, struct resolver *resolver, const char *node, const char *service, tchat_time timeout,
             dial_callback *callback, void *arg, struct dial **out);

/* The same for a UNIX socket; TCHAT_ERR_ARGUMENT with errno set when the path is too long or empty. */
int dial_unix(struct loop *loop, const char *path, tchat_time timeout, dial_callback *callback, void *arg,
              struct dial **out);

/* Gives up without calling back. NULL is fine. */
void dial_cancel(struct dial *dial);

#endif
