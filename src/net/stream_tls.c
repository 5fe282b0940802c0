/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TLS filter. GnuTLS is given whole records only, from one large read, and what it makes is gathered for one write:
 * so that a partial record costs its own length in memory, and a flight of records one system call. */
#include "net/stream_tls.h"

#include "base/buffer.h"
#include "base/errors.h"
#include "net/loop.h"
#include "net/stream_filter.h"
#include "net/tls_record.h"
#include "trust/credentials.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

enum {
	TLS_OVERHEAD = 64,                             /* more bytes than a record adds to its text */
	TLS_LITTLE = 2048,                             /* bytes of some messages */
	TLS_FLIGHT_RECORDS = 4,
	TLS_FLIGHT = TLS_FLIGHT_RECORDS * (TLS_PLAINTEXT + TLS_OVERHEAD),
	TLS_READ = 65536,
	TLS_HELD = TLS_READ + TLS_RECORD,              /* read and not yet taken in */
	TLS_UNSENT = 2 * TLS_FLIGHT,                   /* a flight, in however small records the peer wants it */
	TLS_BUDGET = 8192,                             /* bytes from a peer before it is trusted */
	TLS_BARREN = 32,                               /* records that bring no bytes, for nothing */
	TLS_FERTILE = 512,                             /* bytes for which one more of these is borne */
};

enum tls_state {
	TLS_SHAKING,
	TLS_READY,
	TLS_ALIEN,  /* the peer does not speak TLS: it was told, and what it sends is thrown away until it ends */
	TLS_BROKEN,
};

/* Bytes that were read, as far as GnuTLS has not taken them. */
struct window {
	const uint8_t *bytes;
	size_t length;
	size_t record;    /* of these, what is left of the record that GnuTLS is taking */
	bool ended;       /* the peer's bytes are at their end */
	int err;          /* or reading failed; errno as it was then */
	int number;
};

/* Records that are to be written at once, and room to put together the text of one. */
struct flight {
	uint8_t *bytes, *text;
	size_t length, size, text_size;
};

struct tls_stream {
	/* What a write to one of a thousand touches comes first. */
	struct stream stream;
	gnutls_session_t session;
	unsigned char state;    /* enum tls_state */
	bool host, trusted;
	bool met;               /* the peer's first byte was one of TLS */
	bool ended;             /* the peer said farewell */
	bool shut;              /* so did we */
	bool idle;              /* the last read left nothing pending */
	struct flight *flight;  /* during a write */
	struct buffer unsent;   /* between calls: records that the stream below did not take */
	struct buffer held;     /* between calls: read, but not taken */
	struct window *window;  /* during a call */
	int err;                /* why it is broken */
	uint16_t budget;        /* bytes that may still be read while not trusted */
	uint16_t barren;        /* bytes that would make up for the records that brought none */
	struct trust_pin peer;
	int (*check)(void *arg, const struct trust_pin *pin, const struct trust_pin *former);
	void *arg;
	const void *advisory;
	size_t advisory_length;
};

static struct tls_stream *tls_of(struct stream *stream)
{
	return (struct tls_stream *)(void *)stream;
}

static int tls_break(struct tls_stream *tls, int err)
{
	if (tls->state != TLS_BROKEN)
		tls->err = err;
	tls->state = TLS_BROKEN;
	return tls->err;
}

/* --- What GnuTLS calls */

static ssize_t refuse(struct tls_stream *tls, int number)
{
	gnutls_transport_set_errno(tls->session, number);
	return -1;
}

/* Gives bytes of the record at the front, only once it is whole. */
static ssize_t tls_pull(gnutls_transport_ptr_t ptr, void *bytes, size_t length)
{
	struct tls_stream *tls = ptr;
	struct window *window = tls->window;
	if (window->record == 0) {
		bool broken = window->length >= TLS_HEADER && !is_head(window->bytes);
		if (!broken && !holds_record(window->bytes, window->length))
			return window->ended ? 0 : refuse(tls, window->err != 0 ? EIO : EAGAIN);
		tls->barren += TLS_FERTILE;
		if (broken || tls->barren > TLS_BARREN * TLS_FERTILE) {
			tls_break(tls, TCHAT_ERR_TLS);
			return refuse(tls, EIO);
		}
		window->record = record_length(window->bytes);
	}
	if (length > window->record)
		length = window->record;
	memcpy(bytes, window->bytes, length);
	window->bytes += length;
	window->length -= length;
	window->record -= length;
	return (ssize_t)length;
}

/* The flight is larger than the usual one, since the peer asked for small records: it goes on in unsent. */
static struct flight *tls_overflow(struct tls_stream *tls)
{
	if (buffer_put(&tls->unsent, tls->flight->bytes, tls->flight->length) != 0)
		tls_break(tls, TCHAT_ERR_MEMORY);
	tls->flight->length = 0;
	tls->flight = NULL;
	return NULL;
}

/* Takes all: records are written when the call of GnuTLS that made them is over. */
static ssize_t tls_push(gnutls_transport_ptr_t ptr, const giovec_t *parts, int count)
{
	struct tls_stream *tls = ptr;
	struct flight *flight = tls->flight;
	ssize_t total = 0;
	for (int i = 0; i < count; i++) {
		size_t length = parts[i].iov_len;
		total += (ssize_t)length;
		if (tls->shut)
			continue; /* nobody is there for answers after our farewell */
		if (flight != NULL && length > flight->size - flight->length)
			flight = tls_overflow(tls);
		if (flight != NULL) {
			memcpy(flight->bytes + flight->length, parts[i].iov_base, length);
			flight->length += length;
		} else if (buffer_put(&tls->unsent, parts[i].iov_base, length) != 0) {
			tls_break(tls, TCHAT_ERR_MEMORY);
		}
	}
	if (tls->state == TLS_BROKEN)
		return refuse(tls, EIO);
	return total;
}

/* Reads the peer's certificate into tls->peer, and whom it says to succeed. */
static int tls_read_peer(struct tls_stream *tls, struct trust_pin *former, bool *rotated)
{
	unsigned count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(tls->session, &count);
	if (chain == NULL || count == 0)
		return TCHAT_ERR_TLS;
	int err = trust_certificate_read(chain[0].data, chain[0].size, &tls->peer, former, rotated);
	return err == TCHAT_ERR_SYNTAX ? TCHAT_ERR_TLS : err;
}

/* The client's question inside the handshake. Non-zero ends it. */
static int tls_verify(gnutls_session_t session)
{
	struct tls_stream *tls = gnutls_session_get_ptr(session);
	struct trust_pin former;
	bool rotated = false;
	int err = tls_read_peer(tls, &former, &rotated);
	if (err == 0 && tls->check != NULL)
		err = tls->check(tls->arg, &tls->peer, rotated ? &former : NULL);
	if (err == 0)
		return 0;
	tls_break(tls, err);
	return GNUTLS_E_CERTIFICATE_ERROR;
}

/* --- Writing */

/* Writes what is left from before: 0 when nothing is any more. */
static int tls_drain(struct tls_stream *tls)
{
	if (buffer_data(&tls->unsent) == NULL)
		return 0;
	while (buffer_length(&tls->unsent) > 0) {
		const struct iovec part = { buffer_edit(&tls->unsent), buffer_length(&tls->unsent) };
		ssize_t n = stream_writev(tls->stream.below, &part, 1);
		if (n == TCHAT_ERR_AGAIN)
			return TCHAT_ERR_AGAIN;
		if (n < 0)
			return tls_break(tls, (int)n);
		buffer_consume(&tls->unsent, (size_t)n);
	}
	buffer_free(&tls->unsent);
	return 0;
}

/* Writes a flight; what the stream below does not take waits. */
static int tls_launch(struct tls_stream *tls, const struct flight *flight)
{
	const struct iovec part = { (void *)(uintptr_t)flight->bytes, flight->length };
	ssize_t n = flight->length == 0 ? 0 : stream_writev(tls->stream.below, &part, 1);
	if (n == TCHAT_ERR_AGAIN)
		n = 0;
	if (n < 0)
		return tls_break(tls, (int)n);
	size_t left = flight->length - (size_t)n;
	if (left > 0 && buffer_put(&tls->unsent, flight->bytes + n, left) != 0)
		return tls_break(tls, TCHAT_ERR_MEMORY);
	return 0;
}

/* Why a call of GnuTLS failed for good. The host says so to the peer, as far as that can be written now. */
static int tls_fail(struct tls_stream *tls, int code)
{
	const struct window *window = tls->window;
	if (tls->state == TLS_BROKEN)
		return tls->err;
	if (window != NULL && window->err != 0) {
		errno = window->number;
		return tls_break(tls, window->err);
	}
	if (code == GNUTLS_E_MEMORY_ERROR)
		return tls_break(tls, TCHAT_ERR_MEMORY);
	if (code == GNUTLS_E_PREMATURE_TERMINATION || code == GNUTLS_E_PUSH_ERROR)
		return tls_break(tls, TCHAT_ERR_CLOSED);
	if (tls->host && gnutls_alert_send_appropriate(tls->session, code) == 0)
		tls_drain(tls);
	return tls_break(tls, TCHAT_ERR_TLS);
}

/* Gives back what is of use in handshakes only, of which there is one: which signatures the peer can read, what older
 * versions need to agree on another handshake, and whose certificate was to be shown. Three quarters of a kilobyte. */
static void tls_slim(struct tls_stream *tls)
{
	enum { SIGNATURE_ALGORITHMS = 13, RENEGOTIATION_INFO = 65281 };
	gnutls_ext_set_data(tls->session, SIGNATURE_ALGORITHMS, NULL);
	gnutls_ext_set_data(tls->session, RENEGOTIATION_INFO, NULL);
	gnutls_credentials_clear(tls->session);
}

/* Moves the handshake on: 0 when it is done, TCHAT_ERR_AGAIN when the peer has to answer first. */
static int tls_shake(struct tls_stream *tls)
{
	int code = gnutls_handshake(tls->session);
	if (code == GNUTLS_E_SUCCESS) {
		struct trust_pin former;
		bool rotated;
		int err = tls->host ? tls_read_peer(tls, &former, &rotated) : 0;
		if (err != 0)
			return tls_fail(tls, GNUTLS_E_CERTIFICATE_ERROR);
		tls_slim(tls);
		tls->state = TLS_READY;
		tls->idle = false;
		tls->trusted |= !tls->host;
	} else if (gnutls_error_is_fatal(code)) {
		return tls_fail(tls, code);
	}
	int err = tls_drain(tls);
	if (err != 0 && err != TCHAT_ERR_AGAIN)
		return err;
	return tls->state == TLS_READY ? 0 : TCHAT_ERR_AGAIN;
}

/* The handshake as far as it goes without the peer. */
static int tls_push_on(struct tls_stream *tls)
{
	struct window nothing = { .length = 0 };
	tls->window = &nothing;
	int err = tls_shake(tls);
	tls->window = NULL;
	return err;
}

/* Encrypts what fills a record, from the front of the parts, whose first done bytes are
 * written already. Its length or an error. */
static ssize_t tls_seal(struct tls_stream *tls, const struct flight *flight, const struct iovec **parts, int *count,
                        size_t *done)
{
	uint8_t *text = flight->text;
	const uint8_t *from = text;
	size_t length = 0, size = flight->text_size;
	while (*count > 0 && length < size) {
		size_t left = (*parts)->iov_len - *done;
		size_t n = left < size - length ? left : size - length;
		const uint8_t *at = (const uint8_t *)(*parts)->iov_base + *done;
		if (length == 0 && (n == size || *count == 1))
			from = at; /* it fills the record alone */
		else if (n > 0)
			memcpy(text + length, at, n);
		length += n;
		*done += n;
		if (n < left)
			break;
		++*parts;
		--*count;
		*done = 0;
	}
	/* The peer may have asked for smaller records. */
	for (size_t sent = 0; sent < length;) {
		ssize_t n = gnutls_record_send(tls->session, from + sent, length - sent);
		if (n < 0)
			return tls_fail(tls, (int)n);
		sent += (size_t)n;
	}
	return (ssize_t)length;
}

static ssize_t tls_send(struct tls_stream *tls, struct flight *flight, const struct iovec *parts, int count)
{
	ssize_t total = 0, n = 0;
	size_t done = 0;
	tls->flight = flight;
	for (int i = 0; i < TLS_FLIGHT_RECORDS && count > 0 && n >= 0; i++, total += n)
		n = tls_seal(tls, flight, &parts, &count, &done);
	tls->flight = NULL;
	int err = n < 0 ? (int)n : tls_launch(tls, flight);
	if (err == 0 && buffer_length(&tls->unsent) > 0 && flight->length == 0)
		err = tls_drain(tls) == TCHAT_ERR_AGAIN ? 0 : tls->err;
	return err != 0 ? err : total;
}

/* Most writes are of a message. A frame of eighty kilobytes on the stack, which a hardened program touches page by page,
 * would cost them a third of what encrypting costs: so these two stay two functions. */
static __attribute__((noinline)) ssize_t tls_send_little(struct tls_stream *tls, const struct iovec *parts, int count)
{
	uint8_t bytes[TLS_LITTLE + TLS_OVERHEAD], text[TLS_LITTLE];
	struct flight flight = { .bytes = bytes, .size = sizeof bytes, .text = text, .text_size = sizeof text };
	return tls_send(tls, &flight, parts, count);
}

static __attribute__((noinline)) ssize_t tls_send_much(struct tls_stream *tls, const struct iovec *parts, int count)
{
	uint8_t bytes[TLS_FLIGHT], text[TLS_PLAINTEXT];
	struct flight flight = { .bytes = bytes, .size = sizeof bytes, .text = text, .text_size = sizeof text };
	return tls_send(tls, &flight, parts, count);
}

static ssize_t tls_writev(struct stream *stream, const struct iovec *parts, int count)
{
	struct tls_stream *tls = tls_of(stream);
	size_t length = 0;
	int err = 0;
	if (tls->state == TLS_BROKEN)
		return tls->err;
	if (tls->state == TLS_ALIEN)
		return count == 0 ? 0 : TCHAT_ERR_AGAIN;
	if (tls->state == TLS_SHAKING)
		err = tls_push_on(tls);
	if (err == 0)
		err = tls_drain(tls);
	if (err != 0 || count == 0)
		return err;
	if (tls->shut)
		return TCHAT_ERR_CLOSED;
	for (int i = 0; i < count && length <= TLS_LITTLE; i++)
		length += parts[i].iov_len;
	return length <= TLS_LITTLE ? tls_send_little(tls, parts, count) : tls_send_much(tls, parts, count);
}

static int tls_shutdown(struct stream *stream)
{
	struct tls_stream *tls = tls_of(stream);
	if (tls->state == TLS_BROKEN)
		return tls->err;
	if (tls->state == TLS_SHAKING)
		return TCHAT_ERR_AGAIN;
	if (tls->state == TLS_READY && !tls->shut) {
		int code = gnutls_bye(tls->session, GNUTLS_SHUT_WR);
		if (code != 0)
			return tls_fail(tls, code);
		tls->shut = true;
	}
	int err = tls_drain(tls);
	return err != 0 ? err : stream_shutdown(stream->below);
}

/* --- Reading */

/* Reads below, behind a part of a record that is held, all to space. */
static void tls_fill(struct tls_stream *tls, struct window *window, uint8_t *space)
{
	size_t held = buffer_length(&tls->held), most = TLS_READ;
	if (!tls->trusted && most > tls->budget)
		most = tls->budget;
	window->bytes = space;
	if (held > 0)
		memcpy(space, buffer_data(&tls->held), held);
	buffer_consume(&tls->held, held);
	ssize_t n = most == 0 ? TCHAT_ERR_FULL : stream_read(tls->stream.below, space + held, most);
	if (n < 0 && n != TCHAT_ERR_AGAIN) {
		window->err = (int)n;
		window->number = errno;
	}
	window->ended = n == 0;
	window->length = held + (n > 0 ? (size_t)n : 0);
	if (!tls->trusted && n > 0)
		tls->budget -= (uint16_t)n;
}

/* Keeps what GnuTLS did not take. */
static void tls_keep(struct tls_stream *tls, const struct window *window, const uint8_t *space)
{
	if (window->bytes == NULL)
		return;
	if (window->record != 0)
		tls_break(tls, TCHAT_ERR_TLS); /* GnuTLS gave up inside a record */
	if (buffer_length(&tls->held) > 0)
		buffer_consume(&tls->held, buffer_length(&tls->held) - window->length);
	else if (window->length > 0 && buffer_put(&tls->held, window->bytes, window->length) != 0)
		tls_break(tls, TCHAT_ERR_MEMORY);
	if (buffer_length(&tls->held) == 0)
		buffer_free(&tls->held);
}

/* The first byte tells whether the peer speaks TLS. A client that does not is told, if it can be told at once. */
static int tls_meet(struct tls_stream *tls)
{
	struct window *window = tls->window;
	if (tls->met || window->length == 0)
		return 0;
	tls->met = window->bytes[0] == TLS_HANDSHAKE || (!tls->host && window->bytes[0] == TLS_ALERT);
	if (tls->met)
		return 0;
	if (!tls->host)
		return tls_break(tls, TCHAT_ERR_PLAIN);
	const struct iovec part = { (void *)(uintptr_t)tls->advisory, tls->advisory_length };
	if (part.iov_len > 0)
		stream_writev(tls->stream.below, &part, 1);
	stream_shutdown(tls->stream.below);
	tls->state = TLS_ALIEN;
	window->length = 0;
	return TCHAT_ERR_AGAIN;
}

/* Decrypts what the window and GnuTLS hold. */
static ssize_t tls_take(struct tls_stream *tls, uint8_t *bytes, size_t length)
{
	size_t got = 0;
	int err = 0;
	if (tls->state == TLS_SHAKING) {
		err = tls_meet(tls);
		if (err == 0)
			err = tls_shake(tls);
	}
	while (err == 0 && got < length && !tls->ended) {
		size_t left = tls->window->length;
		ssize_t n = gnutls_record_recv(tls->session, bytes + got, length - got);
		if (n > 0) {
			size_t forgiven = TLS_FERTILE + (size_t)n; /* the first for the record that brought them */
			got += (size_t)n;
			tls->barren -= forgiven < tls->barren ? (uint16_t)forgiven : tls->barren;
		} else if (tls->state == TLS_BROKEN || (tls->window->err != 0 && n == 0)) {
			err = tls_fail(tls, GNUTLS_E_PULL_ERROR); /* which GnuTLS may take for an end */
		} else if (n == 0 || (n == GNUTLS_E_PREMATURE_TERMINATION && tls->shut)) {
			tls->ended = true;
		} else if (n == GNUTLS_E_AGAIN) {
			/* It says so after a record without bytes for us, too. */
			if (tls->window->length == left || !holds_record(tls->window->bytes, tls->window->length))
				err = TCHAT_ERR_AGAIN;
		} else if (n != GNUTLS_E_INTERRUPTED && n != GNUTLS_E_WARNING_ALERT_RECEIVED) {
			err = tls_fail(tls, (int)n);
		}
	}
	if (got > 0)
		return (ssize_t)got;
	return tls->ended ? 0 : err;
}

/* Waits for a peer that was told to go: closing before it went could take the advice back. */
static ssize_t tls_read_alien(struct tls_stream *tls)
{
	uint8_t bytes[1024];
	ssize_t n = stream_read(tls->stream.below, bytes, tls->budget < sizeof bytes ? tls->budget : sizeof bytes);
	if (n == TCHAT_ERR_AGAIN)
		return TCHAT_ERR_AGAIN;
	if (n <= 0 || (tls->budget -= (uint16_t)n) == 0)
		return tls_break(tls, TCHAT_ERR_PLAIN);
	return TCHAT_ERR_AGAIN;
}

/* Asked after each write, too, when looking around in GnuTLS' memory would cost a tenth of the write. */
static size_t tls_pending(const struct stream *stream)
{
	const struct tls_stream *tls = (const struct tls_stream *)(const void *)stream;
	if (tls->state == TLS_BROKEN || tls->ended)
		return 1; /* the end is to be told */
	if (tls->idle)
		return 0;
	size_t length = tls->state == TLS_READY ? gnutls_record_check_pending(tls->session) : 0;
	return length + (holds_record(buffer_data(&tls->held), buffer_length(&tls->held)) ? buffer_length(&tls->held) : 0);
}

static ssize_t tls_read(struct stream *stream, void *bytes, size_t length)
{
	struct tls_stream *tls = tls_of(stream);
	struct window window = { .length = 0 };
	uint8_t space[TLS_HELD];
	if (tls->state == TLS_BROKEN)
		return tls->err;
	if (tls->state == TLS_ALIEN)
		return tls_read_alien(tls);
	if (tls->ended)
		return 0;
	if (holds_record(buffer_data(&tls->held), buffer_length(&tls->held))) {
		window.bytes = buffer_data(&tls->held);
		window.length = buffer_length(&tls->held);
	} else if (tls->state == TLS_SHAKING || gnutls_record_check_pending(tls->session) == 0) {
		tls_fill(tls, &window, space);
	}
	tls->window = &window;
	ssize_t n = tls_take(tls, bytes, length);
	tls->window = NULL;
	tls_keep(tls, &window, space);
	if (tls->state == TLS_READY)
		tls_drain(tls); /* answers of TLS itself; a failure is met by the next call */
	tls->idle = false;
	tls->idle = tls_pending(stream) == 0;
	if (tls->state == TLS_BROKEN)
		return n > 0 ? n : tls->err;
	return n;
}

static unsigned tls_interest(const struct stream *stream, unsigned want)
{
	const struct tls_stream *tls = (const struct tls_stream *)(const void *)stream;
	if (tls->state == TLS_SHAKING || tls->state == TLS_ALIEN)
		want = LOOP_READ;
	return want | (buffer_length(&tls->unsent) > 0 ? LOOP_WRITE : 0);
}

static void tls_free(struct stream *stream)
{
	struct tls_stream *tls = tls_of(stream);
	gnutls_deinit(tls->session);
	buffer_free(&tls->held);
	buffer_free(&tls->unsent);
	free(tls);
}

static const struct stream_ops tls_ops = {
	.read = tls_read,
	.writev = tls_writev,
	.pending = tls_pending,
	.interest = tls_interest,
	.shutdown = tls_shutdown,
	.free = tls_free,
};

/* --- Making one, and asking it */

/* Nothing else looks at a certificate than tls_verify(), at the host's end tls_shake(). */
static int tls_verify_nothing(gnutls_session_t session)
{
	return 0;
}

static void tls_session_set(struct tls_stream *tls)
{
	gnutls_session_set_ptr(tls->session, tls);
	gnutls_transport_set_ptr(tls->session, tls);
	gnutls_transport_set_pull_function(tls->session, tls_pull);
	gnutls_transport_set_vec_push_function(tls->session, tls_push);
	gnutls_handshake_set_max_packet_length(tls->session, TLS_BUDGET);
	gnutls_session_set_verify_function(tls->session, tls->host ? tls_verify_nothing : tls_verify);
}

int stream_tls_new(const struct tls_config *config, struct stream *below, struct stream **out)
{
	int err = TCHAT_ERR_MEMORY;
	struct tls_stream *tls = malloc(sizeof *tls);
	if (tls == NULL)
		goto fail;
	*tls = (struct tls_stream){
		.check = config->check,
		.arg = config->arg,
		.advisory = config->advisory,
		.advisory_length = config->advisory_length,
		.budget = TLS_BUDGET,
		.host = config->host,
	};
	buffer_init(&tls->held, TLS_HELD);
	buffer_init(&tls->unsent, TLS_UNSENT);
	err = trust_session_new(config->identity, config->host, &tls->session);
	if (err != 0)
		goto fail;
	tls_session_set(tls);
	stream_filter_init(&tls->stream, &tls_ops, below);
	*out = &tls->stream;
	return 0;
fail:
	free(tls);
	stream_free(below);
	return err;
}

/* The TLS filter in the stack, or NULL. */
static struct tls_stream *find_tls(const struct stream *stream)
{
	while (stream != NULL && stream->ops != &tls_ops)
		stream = stream->below;
	return (struct tls_stream *)(uintptr_t)stream;
}

bool stream_tls_is_ready(const struct stream *stream)
{
	const struct tls_stream *tls = find_tls(stream);
	return tls == NULL || tls->state == TLS_READY;
}

const struct trust_pin *stream_peer_pin(const struct stream *stream)
{
	const struct tls_stream *tls = find_tls(stream);
	return tls != NULL && tls->state == TLS_READY ? &tls->peer : NULL;
}

void stream_tls_trust(struct stream *stream)
{
	struct tls_stream *tls = find_tls(stream);
	if (tls != NULL)
		tls->trusted = true;
}
