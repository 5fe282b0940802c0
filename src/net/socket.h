/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside net: new sockets, non-blocking and close-on-exec from the start where the system can. */
#ifndef TCHAT_NET_SOCKET_H
#define TCHAT_NET_SOCKET_H

/* A stream socket of the family: a descriptor, or -1 with errno set. */
int socket_new(int family);

/* accept() without the peer's address: a descriptor, or -1 with errno set. */
int socket_accept(int fd);

#endif
