/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One look-up of a name, here or by a helper: a process that may do what looking up takes, files and libraries of the
 * system among it, when this one must not any more. */
#ifndef TCHAT_NET_NAMES_H
#define TCHAT_NET_NAMES_H

#include "net/address.h"

#include <stdbool.h>
#include <stddef.h>

/* At most so many addresses are taken from an answer. */
enum { NAMES_ADDRESSES = 32 };

/* err 0 and count >= 1 addresses in the system's order; or err (TCHAT_ERR_NAME_UNKNOWN, NAME_AGAIN, ARGUMENT, MEMORY,
 * SYSTEM) with the errno number, and none. */
struct names_answer {
	int err, number;
	size_t count;
	struct net_address addresses[NAMES_ADDRESSES];
};

/* Looks up node and service for a stream socket. numeric: only what needs no look-up is an answer. */
void names_look_up(const char *node, const char *service, bool numeric, struct names_answer *answer);

/* Two ends for an asker and a helper, close-on-exec. 0, or negative with errno set. */
int names_pair(int ends[2]);

/* Has the helper at the other end of fd do it, and waits for its answer; one caller at a time. */
void names_ask(int fd, const char *node, const char *service, struct names_answer *answer);

/* The helper: answers until the other end is closed. */
void names_serve(int fd);

#endif
