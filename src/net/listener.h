/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening sockets: TCP on all addresses of a name, over IPv4 and IPv6, or a UNIX socket. Accepts within
 * bounds, rests when descriptors run out, never spins. */
#ifndef TCHAT_NET_LISTENER_H
#define TCHAT_NET_LISTENER_H

#include "net/loop.h"
#include "net/stream.h"

struct listener;

struct listener_callbacks {
	/* A new connection, given to the callee. It may pause or free the listener. */
	void (*accept)(void *arg, struct stream *stream);
	/* Accepting stopped for lack of descriptors or memory (err, errno number); it starts again by
	 * itself or by listener_resume(). Once until a connection is accepted again. May be NULL. */
	void (*limit)(void *arg, int err, int number);
	void *arg;
	int backlog; /* connections that may wait in the kernel; 0: as many as the system allows */
};

/* Listens on TCP on every address that node and service resolve to. node NULL: all addresses of this
 * machine, IPv4 and IPv6 (one of the two may be missing). service "0": a free port, the same for all
 * addresses. A name may block: for the start of the program. callbacks is copied. 0, or TCHAT_ERR_IN_USE,
 * PERMISSION, NAME_UNKNOWN, NAME_AGAIN, UNREACHABLE (not an address of this machine), LIMIT_FILES, MEMORY,
 * SYSTEM; errno is kept. */
int listener_open_tcp(struct loop *loop, const char *node, const char *service,
                      const struct listener_callbacks *callbacks, struct listener **out);

/* Listens on a UNIX socket for its owner alone (mode 0600). A socket file left by a dead process is
 * replaced. 0, or TCHAT_ERR_IN_USE when somebody listens there, NOT_SOCKET when the path is another kind
 * of file (left untouched), ARGUMENT (path too long or empty), PERMISSION, NOT_FOUND (folder), or as
 * above; errno is kept. */
int listener_open_unix(struct loop *loop, const char *path, const struct listener_callbacks *callbacks,
                       struct listener **out);

/* Closes the sockets; removes a UNIX socket's file if it is still ours. Safe inside its callbacks. NULL is
 * fine. */
void listener_free(struct listener *listener);

/* Stops accepting until listener_resume(): new connections wait in the kernel's backlog. */
void listener_pause(struct listener *listener);

/* Accepts again, also after a limit: call it when a connection was closed. Cheap when it changes nothing. */
void listener_resume(struct listener *listener);

/* The bound addresses as text ("0.0.0.0:50000", "[::]:50000", "unix:/path"); index < listener_count(). */
size_t listener_count(const struct listener *listener);
const char *listener_address(const struct listener *listener, size_t index);

/* The real TCP port; 0 for a UNIX socket. */
unsigned listener_port(const struct listener *listener);

#endif
