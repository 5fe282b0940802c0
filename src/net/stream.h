/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A non-blocking, ordered byte stream: a TCP or UNIX socket, one end of a pair, or a filter (TLS) over
 * one. It keeps no message boundaries; reads and writes may be short. */
#ifndef TCHAT_NET_STREAM_H
#define TCHAT_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct stream;

/* A stream over a connected socket. Takes fd, and closes it on failure. Sets non-blocking, close-on-exec
 * and, for TCP, TCP_NODELAY and SO_KEEPALIVE. 0, TCHAT_ERR_MEMORY or TCHAT_ERR_SYSTEM with errno set. */
int stream_new(int fd, struct stream **out);

/* Two streams joined by a socketpair. Errors as above and TCHAT_ERR_LIMIT_FILES. */
int stream_pair(struct stream *ends[2]);

/* Closes and frees the stream and all below it, without a word to the peer. NULL is fine. Remove its watch
 * first. */
void stream_free(struct stream *stream);

/* Reads at most length (> 0) bytes. Bytes read; 0 at the end of the peer's bytes; TCHAT_ERR_AGAIN when
 * none are there yet; TCHAT_ERR_CLOSED when the connection was reset; another negative error, errno set. */
ssize_t stream_read(struct stream *stream, void *bytes, size_t length);

/* Writes from count parts. Bytes taken, perhaps fewer than given; TCHAT_ERR_AGAIN when none;
 * TCHAT_ERR_CLOSED or another negative error, errno set. Never raises SIGPIPE. With a count of 0 it pushes
 * on what a filter still holds: 0 when nothing is left, TCHAT_ERR_AGAIN otherwise. */
ssize_t stream_writev(struct stream *stream, const struct iovec *parts, int count);

/* Bytes that can be read although the descriptor is not readable. Ask before waiting (loop_watch_again()). */
size_t stream_pending(const struct stream *stream);

/* The events (LOOP_READ, LOOP_WRITE) to arm for who wants to read or write, or both, or nothing (0): a
 * filter may have to write before it can read, and may hold bytes to push on. When an event of its own
 * making comes, call stream_writev(stream, NULL, 0) or read. */
unsigned stream_interest(const struct stream *stream, unsigned want);

/* Ends our side: the peer reads 0 after the last byte; reading goes on. 0, TCHAT_ERR_AGAIN (a filter must
 * write first: call again) or another negative error. */
int stream_shutdown(struct stream *stream);

/* The descriptor to watch; still the stream's. -1 when there is none. */
int stream_fd(const struct stream *stream);

/* The peer as text: "127.0.0.1:4711", "[::1]:4711", "unix". Lives as long as the stream. */
const char *stream_peer(const struct stream *stream);

/* The user at the other end of a UNIX socket or pair, as the kernel vouches for: 0, or
 * TCHAT_ERR_NOT_FOUND. */
int stream_peer_uid(const struct stream *stream, uid_t *uid);

enum { STREAM_ORIGIN = 16 };

/* Whom a connection is charged to: an IPv4 address, the /64 of an IPv6 address, or the user at the other end of a UNIX
 * socket. All zero when that is not known. */
void stream_origin(const struct stream *stream, uint8_t origin[STREAM_ORIGIN]);

/* What the system tells about a connection. */
struct stream_info {
	const char *family;       /* "ipv4", "ipv6", "unix" or "" */
	int send_buffer;          /* bytes; -1: unknown, as with all below */
	int receive_buffer;       /* bytes */
	int64_t rtt_us;           /* smoothed round-trip time of TCP */
	int64_t rtt_variation_us;
	int64_t retransmits;      /* segments sent again so far */
};

void stream_info(const struct stream *stream, struct stream_info *info);

#endif
