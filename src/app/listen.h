/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening the addresses of a host, with failures in words; and the socket that belongs to each host of this account. */
#ifndef TCHAT_APP_LISTEN_H
#define TCHAT_APP_LISTEN_H

#include "net/listener.h"

#include <stddef.h>

enum { LISTEN_TEXT = 512 };

/* Listens on what a user typed after --host. 0; or an enum exit_status, with one line in text on what went wrong and
 * what to do. */
int listen_open(struct loop *loop, const char *address, const struct listener_callbacks *callbacks,
                struct listener **listener, char text[LISTEN_TEXT]);

/* Listens on this host's own socket in the account's runtime folder, by which its owner comes back. port names it;
 * 0: the process's number does. 0 or negative. */
int listen_own(struct loop *loop, unsigned port, const struct listener_callbacks *callbacks,
               struct listener **listener);

/* The path of the index-th own socket where a host answers now, the newest first: 0, or negative when there is no
 * further one. */
int listen_find_own(size_t index, char *path, size_t size);

#endif
