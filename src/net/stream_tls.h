/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS 1.3 over another stream: both sides show a key of their own, and the client says in the handshake, before its
 * own certificate leaves, whether the host's is the right one. */
#ifndef TCHAT_NET_STREAM_TLS_H
#define TCHAT_NET_STREAM_TLS_H

#include "net/stream.h"
#include "trust/trust.h"

#include <stdbool.h>
#include <stddef.h>

struct trust_identity;

struct tls_config {
	const struct trust_identity *identity; /* our key and certificate; outlives the streams */
	bool host;                       /* which side we are */
	/* Client: judges the host's key; former is the key that signed it as its successor, or NULL. 0, or the error that
	 * ends the connection, with nothing more sent. */
	int (*check)(void *arg, const struct trust_pin *pin, const struct trust_pin *former);
	void *arg;
	/* Host: bytes for a peer that does not speak TLS, not copied; the connection ends after them. */
	const void *advisory;
	size_t advisory_length;
};

/* A TLS stream over below, which it takes (and frees on failure). The handshake starts with the first read or write;
 * until it is done both return TCHAT_ERR_AGAIN, and stream_writev(stream, NULL, 0) moves it on. 0 or TCHAT_ERR_MEMORY.
 *
 * Beside those of stream.h, both may return TCHAT_ERR_PLAIN (the peer does not speak TLS), TCHAT_ERR_TLS (it breaks the
 * rules of TLS, or shows no certificate), TCHAT_ERR_FULL (too many bytes before stream_tls_trust()) and what check said;
 * the connection is over then. An end of bytes without TLS's own farewell is TCHAT_ERR_CLOSED, since anybody on the way
 * could have cut it. */
int stream_tls_new(const struct tls_config *config, struct stream *below, struct stream **out);

/* Whether the handshake is done; true for a stream without TLS. */
bool stream_tls_is_ready(const struct stream *stream);

/* The key of the peer, proven by the handshake. NULL: no TLS, or not ready. Lives as long as the stream. */
const struct trust_pin *stream_peer_pin(const struct stream *stream);

/* Host: the peer may send more than 8 KiB from now on. No effect on a stream without TLS. */
void stream_tls_trust(struct stream *stream);

#endif
