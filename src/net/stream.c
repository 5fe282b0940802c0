/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams over sockets, and the calls that go down a stack of filters. */
#include "config.h"

#include "net/stream.h"

#include "base/errors.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/stream_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IOV_MAX
#define IOV_MAX 1024
#endif
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* such systems have SO_NOSIGPIPE */
#endif

struct socket_stream {
	struct stream stream;
	int family;
	char peer[]; /* as long as its text */
};

static ssize_t socket_read(struct stream *stream, void *bytes, size_t length)
{
	ssize_t n;
	do
		n = recv(stream->fd, bytes, length, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? net_err(errno) : n;
}

static ssize_t socket_writev(struct stream *stream, const struct iovec *parts, int count)
{
	/* sendmsg() rather than writev(), whose SIGPIPE cannot be refused. Its parts are not const in
	 * POSIX, but only read. */
	struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)parts,
	                          .msg_iovlen = (unsigned)(count < IOV_MAX ? count : IOV_MAX) };
	ssize_t n;
	if (count == 0)
		return 0;
	do
		n = sendmsg(stream->fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? net_err(errno) : n;
}

static int socket_shutdown(struct stream *stream)
{
	return shutdown(stream->fd, SHUT_WR) < 0 ? net_err(errno) : 0;
}

static void socket_free(struct stream *stream)
{
	close(stream->fd);
	free(stream);
}

static const struct stream_ops socket_ops = {
	.read = socket_read,
	.writev = socket_writev,
	.shutdown = socket_shutdown,
	.free = socket_free,
};

static int set_flags(int fd)
{
	int status = fcntl(fd, F_GETFL);
	int descriptor = fcntl(fd, F_GETFD);
	if (status < 0 || descriptor < 0)
		return -1;
	/* accept4() and socket() have set them already where they can. */
	if (!(status & O_NONBLOCK) && fcntl(fd, F_SETFL, status | O_NONBLOCK) < 0)
		return -1;
	return descriptor & FD_CLOEXEC ? 0 : fcntl(fd, F_SETFD, descriptor | FD_CLOEXEC);
}

static void set_options(int fd, int family)
{
	int on = 1;
#ifdef SO_NOSIGPIPE
	setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
	if (family != AF_INET && family != AF_INET6)
		return;
	/* Both only make things better: a failure is no reason to do without the connection. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

int stream_new(int fd, struct stream **out)
{
	/* A peer that reset the connection already has no address; reading will tell. */
	struct net_address own = { .length = sizeof own.storage }, peer = { .length = sizeof peer.storage };
	char text[NET_ADDRESS_TEXT] = "?";
	int err, number;
	if (getsockname(fd, &own.any, &own.length) < 0 || set_flags(fd) < 0) {
		number = errno;
		err = TCHAT_ERR_SYSTEM;
		goto fail;
	}
	if (own.any.sa_family == AF_UNIX)
		strcpy(text, "unix"); /* which path it came by is of no use to anybody */
	else if (getpeername(fd, &peer.any, &peer.length) == 0)
		net_address_text(&peer, text);
	struct socket_stream *made = malloc(sizeof *made + strlen(text) + 1);
	if (made == NULL) {
		number = ENOMEM;
		err = TCHAT_ERR_MEMORY;
		goto fail;
	}
	strcpy(made->peer, text);
	made->family = own.any.sa_family;
	made->stream = (struct stream){ .ops = &socket_ops, .fd = fd, .peer = made->peer };
	set_options(fd, made->family);
	*out = &made->stream;
	return 0;
fail:
	close(fd);
	errno = number;
	return err;
}

int stream_pair(struct stream *ends[2])
{
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return net_err(errno);
	int err = stream_new(fds[0], &ends[0]);
	if (err != 0) {
		close(fds[1]);
		return err;
	}
	err = stream_new(fds[1], &ends[1]);
	if (err != 0)
		stream_free(ends[0]);
	return err;
}

void stream_filter_init(struct stream *stream, const struct stream_ops *ops, struct stream *below)
{
	*stream = (struct stream){ .ops = ops, .below = below, .fd = below->fd, .peer = below->peer };
}

void stream_free(struct stream *stream)
{
	while (stream != NULL) {
		struct stream *below = stream->below;
		stream->ops->free(stream);
		stream = below;
	}
}

ssize_t stream_read(struct stream *stream, void *bytes, size_t length)
{
	return stream->ops->read(stream, bytes, length);
}

ssize_t stream_writev(struct stream *stream, const struct iovec *parts, int count)
{
	return stream->ops->writev(stream, parts, count);
}

size_t stream_pending(const struct stream *stream)
{
	for (; stream != NULL; stream = stream->below)
		if (stream->ops->pending != NULL)
			return stream->ops->pending(stream);
	return 0;
}

unsigned stream_interest(const struct stream *stream, unsigned want)
{
	for (; stream != NULL; stream = stream->below)
		if (stream->ops->interest != NULL)
			return stream->ops->interest(stream, want);
	return want;
}

int stream_shutdown(struct stream *stream)
{
	while (stream->ops->shutdown == NULL)
		stream = stream->below;
	return stream->ops->shutdown(stream);
}

int stream_fd(const struct stream *stream)
{
	return stream->fd;
}

const char *stream_peer(const struct stream *stream)
{
	return stream->peer;
}

/* The socket at the bottom; NULL when something else is there. */
static const struct socket_stream *bottom_socket(const struct stream *stream)
{
	while (stream->below != NULL)
		stream = stream->below;
	return stream->ops == &socket_ops ? (const struct socket_stream *)(const void *)stream : NULL;
}

int stream_peer_uid(const struct stream *stream, uid_t *uid)
{
	const struct socket_stream *bottom = bottom_socket(stream);
	if (bottom == NULL || bottom->family != AF_UNIX)
		return TCHAT_ERR_NOT_FOUND;
#ifdef HAVE_STRUCT_UCRED_PID
	struct ucred peer;
	socklen_t length = sizeof peer;
	if (getsockopt(stream->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid != (uid_t)-1) {
		*uid = peer.uid;
		return 0;
	}
#elif defined HAVE_GETPEEREID
	gid_t gid;
	if (getpeereid(stream->fd, uid, &gid) == 0)
		return 0;
#endif
	return TCHAT_ERR_NOT_FOUND;
}

void stream_origin(const struct stream *stream, uint8_t origin[STREAM_ORIGIN])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct net_address peer = { .length = sizeof peer.storage };
	uid_t uid;
	memset(origin, 0, STREAM_ORIGIN);
	if (stream_peer_uid(stream, &uid) == 0) {
		origin[0] = 1; /* no address on the net begins so */
		memcpy(origin + 8, &uid, sizeof uid);
	} else if (getpeername(stream->fd, &peer.any, &peer.length) < 0) {
		return;
	} else if (peer.any.sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)&peer.any;
		memcpy(origin, mapped, sizeof mapped);
		memcpy(origin + sizeof mapped, &in->sin_addr, 4);
	} else if (peer.any.sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)&peer.any;
		bool is_ipv4 = memcmp(&in6->sin6_addr, mapped, sizeof mapped) == 0;
		memcpy(origin, &in6->sin6_addr, is_ipv4 ? STREAM_ORIGIN : STREAM_ORIGIN / 2);
	}
}

static int buffer_size(int fd, int which)
{
	int size;
	socklen_t length = sizeof size;
	return getsockopt(fd, SOL_SOCKET, which, &size, &length) < 0 ? -1 : size;
}

static void tcp_info(int fd, struct stream_info *info)
{
#ifdef HAVE_STRUCT_TCP_INFO_TCPI_RTT
	struct tcp_info tcp;
	socklen_t length = sizeof tcp;
	memset(&tcp, 0, sizeof tcp);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp, &length) < 0)
		return;
	info->rtt_us = tcp.tcpi_rtt;
#ifdef HAVE_STRUCT_TCP_INFO_TCPI_RTTVAR
	info->rtt_variation_us = tcp.tcpi_rttvar;
#endif
#ifdef HAVE_STRUCT_TCP_INFO_TCPI_TOTAL_RETRANS
	info->retransmits = tcp.tcpi_total_retrans;
#endif
#endif
}

void stream_info(const struct stream *stream, struct stream_info *info)
{
	*info = (struct stream_info){ .family = "", .send_buffer = -1, .receive_buffer = -1, .rtt_us = -1,
	                              .rtt_variation_us = -1, .retransmits = -1 };
	const struct socket_stream *bottom = bottom_socket(stream);
	if (bottom == NULL)
		return;
	info->send_buffer = buffer_size(stream->fd, SO_SNDBUF);
	info->receive_buffer = buffer_size(stream->fd, SO_RCVBUF);
	if (bottom->family == AF_UNIX) {
		info->family = "unix";
	} else if (bottom->family == AF_INET || bottom->family == AF_INET6) {
		info->family = bottom->family == AF_INET ? "ipv4" : "ipv6";
		tcp_info(stream->fd, info);
	}
}
