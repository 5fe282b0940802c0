/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Socket addresses as values and as text, and the system's errors as tchat's. */
#ifndef TCHAT_NET_ADDRESS_H
#define TCHAT_NET_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

/* Room for the longest text of an address, a UNIX path among them. */
enum { NET_ADDRESS_TEXT = sizeof(struct sockaddr_un) + 8 };

struct net_address {
	socklen_t length;
	union {
		struct sockaddr any;
		struct sockaddr_storage storage;
	};
};

/* "127.0.0.1:4711", "[::1]:4711", "unix:/path", "unix" for a socket without a name, "?" for anything else. */
void net_address_text(const struct net_address *address, char text[NET_ADDRESS_TEXT]);

/* The port of an internet address, 0 for others. */
unsigned net_address_port(const struct net_address *address);

/* Fills in the address of a UNIX socket: 0, or TCHAT_ERR_ARGUMENT with errno ENAMETOOLONG (or EINVAL if
 * empty). */
int net_address_unix(struct net_address *address, const char *path);

/* The tchat_err for an errno of a socket call: REFUSED, UNREACHABLE, TIMED_OUT, CLOSED, IN_USE, PERMISSION,
 * NOT_FOUND, LIMIT_FILES, MEMORY, AGAIN; else SYSTEM. Leaves errno set to number. */
int net_err(int number);

/* The same for a failure of getaddrinfo() (EAI_...): NAME_UNKNOWN, NAME_AGAIN, ARGUMENT (service), MEMORY,
 * SYSTEM. */
int net_err_lookup(int failure);

#endif
