/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening TCP sockets, and accepting. */
#include "config.h"

#include "net/listener.h"

#include "base/errors.h"
#include "net/address.h"
#include "net/listener_inside.h"
#include "net/socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ACCEPTS_PER_ROUND = 64, /* so that a flood of callers cannot keep the members waiting */
	FREE_PORT_ATTEMPTS = 16
};

/* After which time accepting is tried again when nobody calls listener_resume(). */
#define LIMIT_PAUSE TCHAT_MS(500)

static bool wants_callers(const struct listener *listener)
{
	return !listener->is_freed && !listener->is_paused && !listener->is_limited;
}

static void arm(struct listener *listener)
{
	unsigned events = wants_callers(listener) ? LOOP_READ : 0;
	for (size_t i = 0; i < listener->count; i++)
		loop_watch_change(listener->sockets[i].watch, events);
}

/* Waiting callers keep the socket readable: unless it is disarmed, the loop would spin on the same
 * failure. */
static void reach_limit(struct listener *listener, int number)
{
	listener->is_limited = true;
	arm(listener);
	loop_timer_set(listener->loop, &listener->timer, loop_now(listener->loop) + LIMIT_PAUSE);
	if (listener->is_limit_told)
		return;
	listener->is_limit_told = true;
	if (listener->callbacks.limit != NULL)
		listener->callbacks.limit(listener->callbacks.arg, net_err(number), number);
}

/* Errors of one caller, who left or was turned away while waiting. Linux hands on what the network said. */
static bool is_callers_error(int number)
{
	switch (number) {
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
	case EPERM:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENOPROTOOPT:
	case ETIMEDOUT:
#ifdef EHOSTDOWN
	case EHOSTDOWN:
#endif
#ifdef ENONET
	case ENONET:
#endif
		return true;
	default:
		return false;
	}
}

static void on_callers(void *arg, unsigned events)
{
	struct listening_socket *socket = arg;
	struct listener *listener = socket->listener;
	listener->is_accepting = true;
	for (int i = 0; i < ACCEPTS_PER_ROUND && wants_callers(listener); i++) {
		int fd = socket_accept(socket->fd);
		if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (fd < 0 && is_callers_error(errno))
			continue;
		if (fd < 0) {
			reach_limit(listener, errno);
			continue;
		}
		listener->is_limit_told = false;
		struct stream *stream;
		if (stream_new(fd, &stream) == 0)
			listener->callbacks.accept(listener->callbacks.arg, stream);
	}
	listener->is_accepting = false;
	if (listener->is_freed)
		free(listener);
}

static void on_limit_over(void *arg)
{
	struct listener *listener = arg;
	listener->is_limited = false;
	arm(listener);
}

void listener_pause(struct listener *listener)
{
	listener->is_paused = true;
	arm(listener);
}

void listener_resume(struct listener *listener)
{
	if (!listener->is_paused && !listener->is_limited)
		return;
	listener->is_paused = listener->is_limited = false;
	loop_timer_stop(listener->loop, &listener->timer);
	arm(listener);
}

struct listener *listener_new(struct loop *loop, const struct listener_callbacks *callbacks, size_t capacity)
{
	struct listener *listener = calloc(1, sizeof *listener + capacity * sizeof listener->sockets[0]);
	if (listener == NULL)
		return NULL;
	listener->loop = loop;
	listener->callbacks = *callbacks;
	loop_timer_init(&listener->timer, on_limit_over, listener);
	return listener;
}

void listener_add(struct listener *listener, int fd, const char *text)
{
	struct listening_socket *socket = &listener->sockets[listener->count++];
	*socket = (struct listening_socket){ .listener = listener, .fd = fd };
	struct net_address bound = { .length = sizeof bound.storage };
	if (text != NULL)
		strcpy(socket->text, text);
	else if (getsockname(fd, &bound.any, &bound.length) == 0)
		net_address_text(&bound, socket->text);
	if (listener->port == 0)
		listener->port = net_address_port(&bound);
}

int listener_start(struct listener *listener)
{
	for (size_t i = 0; i < listener->count; i++) {
		struct listening_socket *socket = &listener->sockets[i];
		/* The queue of waiting callers; the system cuts it to what it allows. */
		int backlog = listener->callbacks.backlog;
		if (listen(socket->fd, backlog > 0 ? backlog : SOMAXCONN) < 0)
			return net_err(errno);
		socket->watch = loop_watch_add(listener->loop, socket->fd, LOOP_READ, 0, on_callers, socket);
		if (socket->watch == NULL)
			return TCHAT_ERR_MEMORY;
	}
	return 0;
}

static void close_sockets(struct listener *listener)
{
	int kept = errno;
	while (listener->count > 0) {
		struct listening_socket *socket = &listener->sockets[--listener->count];
		loop_watch_remove(socket->watch);
		close(socket->fd);
	}
	listener->port = 0;
	errno = kept;
}

void listener_free(struct listener *listener)
{
	if (listener == NULL)
		return;
	loop_timer_stop(listener->loop, &listener->timer);
	/* The file goes first: nobody shall find it and be refused. */
	listener_remove_file(listener);
	close_sockets(listener);
	listener->is_freed = true;
	if (!listener->is_accepting)
		free(listener);
}

/* --- TCP */

static int open_tcp(const struct net_address *address)
{
	int on = 1;
	int fd = socket_new(address->any.sa_family);
	if (fd < 0)
		return -1;
	/* A restarted host gets its port although old connections linger there; it does not share it with
	 * a live one. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		goto fail;
	/* Otherwise "::" would take IPv4 as well, and "0.0.0.0" could not be bound beside it. */
	if (address->any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
		goto fail;
	if (bind(fd, &address->any, address->length) < 0)
		goto fail;
	return fd;
fail:;
	int kept = errno;
	close(fd);
	errno = kept;
	return -1;
}

static void set_port(struct net_address *address, unsigned port)
{
	in_port_t value = htons((uint16_t)port);
	if (address->any.sa_family == AF_INET)
		((struct sockaddr_in *)(void *)&address->storage)->sin_port = value;
	else
		((struct sockaddr_in6 *)(void *)&address->storage)->sin6_port = value;
}

static bool is_free_port(const struct addrinfo *one)
{
	struct net_address address = { .length = one->ai_addrlen };
	memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
	return net_address_port(&address) == 0;
}

/* Some resolvers tell an address twice, when it stands in two of their sources. */
static bool is_repeated(const struct addrinfo *list, const struct addrinfo *one)
{
	for (; list != one; list = list->ai_next)
		if (list->ai_addrlen == one->ai_addrlen &&
		    memcmp(list->ai_addr, one->ai_addr, one->ai_addrlen) == 0)
			return true;
	return false;
}

/* Binds all addresses, those after the first to the port that the first got. 0, or -1 with errno set. */
static int bind_all(struct listener *listener, const struct addrinfo *list)
{
	int missing = EADDRNOTAVAIL;
	for (const struct addrinfo *one = list; one != NULL; one = one->ai_next) {
		struct net_address address = { .length = one->ai_addrlen };
		if ((one->ai_family != AF_INET && one->ai_family != AF_INET6) || is_repeated(list, one))
			continue;
		memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
		if (listener->port != 0)
			set_port(&address, listener->port);
		int fd = open_tcp(&address);
		if (fd >= 0) {
			listener_add(listener, fd, NULL);
		} else if (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) {
			missing = errno; /* a machine without this family */
		} else {
			return -1;
		}
	}
	errno = missing;
	return listener->count > 0 ? 0 : -1;
}

static int bind_and_listen(struct listener *listener, const struct addrinfo *list)
{
	int err;
	if (bind_all(listener, list) < 0)
		err = net_err(errno);
	else
		err = listener_start(listener);
	if (err != 0)
		close_sockets(listener);
	return err;
}

int listener_open_tcp(struct loop *loop, const char *node, const char *service,
                      const struct listener_callbacks *callbacks, struct listener **out)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	errno = 0;
	int failure = getaddrinfo(node, service, &hints, &list);
	if (failure != 0)
		return net_err_lookup(failure);
	size_t count = 0;
	for (const struct addrinfo *one = list; one != NULL; one = one->ai_next)
		count++;
	int err = TCHAT_ERR_MEMORY;
	struct listener *listener = listener_new(loop, callbacks, count);
	if (listener == NULL)
		goto out;
	/* A free port of one family may be taken in the other: then another one is tried. */
	int attempts = is_free_port(list) ? FREE_PORT_ATTEMPTS : 1;
	do
		err = bind_and_listen(listener, list);
	while (err == TCHAT_ERR_IN_USE && --attempts > 0);
	if (err == 0) {
		*out = listener;
		listener = NULL;
	}
out:;
	int kept = errno;
	listener_free(listener);
	freeaddrinfo(list);
	errno = kept;
	return err;
}

size_t listener_count(const struct listener *listener)
{
	return listener->count;
}

const char *listener_address(const struct listener *listener, size_t index)
{
	return listener->sockets[index].text;
}

unsigned listener_port(const struct listener *listener)
{
	return listener->port;
}
