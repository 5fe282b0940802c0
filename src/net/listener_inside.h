/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the listener: what its TCP and its UNIX part share. */
#ifndef TCHAT_NET_LISTENER_INSIDE_H
#define TCHAT_NET_LISTENER_INSIDE_H

#include "net/address.h"
#include "net/listener.h"

struct listening_socket {
	struct listener *listener;
	struct watch *watch;
	int fd;
	char text[NET_ADDRESS_TEXT];
};

struct listener {
	struct loop *loop;
	struct listener_callbacks callbacks;
	struct loop_timer timer; /* ends a limit */
	bool is_paused, is_limited;
	bool is_limit_told; /* since the last connection that was accepted */
	bool is_accepting, is_freed; /* freed in a callback: the accepting loop frees the rest */
	unsigned port;
	char *path; /* of a UNIX socket whose file is ours to remove */
	dev_t device;
	ino_t inode;
	size_t count;
	struct listening_socket sockets[];
};

/* An empty listener with room for capacity sockets, or NULL. */
struct listener *listener_new(struct loop *loop, const struct listener_callbacks *callbacks, size_t capacity);

/* Takes a bound socket; text NULL: what it is bound to. */
void listener_add(struct listener *listener, int fd, const char *text);

/* Listens and watches: 0 or a negative error with errno set. */
int listener_start(struct listener *listener);

/* Removes the file of a UNIX socket if it is still the one that was made. */
void listener_remove_file(struct listener *listener);

#endif
