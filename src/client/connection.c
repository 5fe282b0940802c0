/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection's beginning and end as the socket's owner reports them, and its clock: keep-alive and time-outs. */
#include "client/internal.h"

#include <string.h>

enum {
	HANDSHAKE_S = 10,
	SILENCE_S = 60, /* then PING */
	ANSWER_S = 60,  /* then it is broken */
	CLOSING_S = 10, /* for the last bytes of a connection that is closing */
};

tchat_time session_dial_at(const struct session *session)
{
	return session->link == LINK_NONE && !session->final ? session->dial_at : TCHAT_NEVER;
}

void session_dialling(struct session *session)
{
	if (session->link == LINK_NONE)
		session->link = LINK_DIALLING;
}

void session_connected(struct session *session, const struct session_security *security, tchat_time now)
{
	if (session->link > LINK_DIALLING || session->final)
		return;
	session->secure = security != NULL;
	if (security != NULL)
		session->security = *security;
	session->link = LINK_HELLO;
	session->reason = 0;
	session->now = session->connected_at = session->heard_at = now;
	session->ready_at = session->close_by = 0;
	session->pinged = session->goaway = false;
	handshake_start(session);
}

static void connection_reset(struct session *session)
{
	frame_reader_free(&session->reader);
	frame_reader_init(&session->reader, WIRE_LIMIT_BEFORE_AUTH);
	buffer_free(&session->out);
	session->ping_count = 0;
	session->link = LINK_NONE;
	session->reason = 0;
	session->held = false;
	marks_send(session); /* kept, at least */
	rooms_disconnected(session);
	requests_drop(session);
}

void session_disconnected(struct session *session, int reason, tchat_time now)
{
	if (session->link == LINK_NONE)
		return;
	session->now = now;
	reason = session->reason != 0 ? session->reason : reason == 0 ? TCHAT_ERR_CLOSED : reason;
	connection_reset(session);
	session->final = reason_is_final(session, reason);
	if (session->goaway && session->goaway_ms == 0) { /* it will not come back */
		session->final = true;
		reason = TCHAT_ERR_SHUTDOWN;
	}
	session->dial_at = TCHAT_NEVER;
	if (session->leaving && session->pending == 0) {
		session->finished = session->final = true;
		reason = TCHAT_ERR_LEAVING;
	}
	if (!session->final)
		reconnect_schedule(session);
	struct draft draft = { .event = { .type = SESSION_DISCONNECTED,
		                          .code = reason,
		                          .final = session->final,
		                          .retry_at = session->dial_at } };
	session_tell(session, &draft);
}

void session_retry_now(struct session *session)
{
	if (session->link != LINK_NONE || session->finished)
		return;
	session->final = false;
	session->attempts = 0;
	session->dial_at = 0;
}

tchat_time session_deadline(const struct session *session)
{
	switch (session->link) {
	case LINK_HELLO:
	case LINK_STORE:
	case LINK_AUTH:
		return session->connected_at + TCHAT_SECONDS(HANDSHAKE_S);
	case LINK_DOOR: /* as long as the host has us wait */
	case LINK_READY: {
		tchat_time at = session->heard_at + TCHAT_SECONDS(session->pinged ? SILENCE_S + ANSWER_S : SILENCE_S);
		if (session->resend_at != 0 && session->resend_at < at)
			at = session->resend_at;
		if (session->marks_at != 0 && session->marks_at < at)
			at = session->marks_at;
		return session->rejoin_at != 0 && session->rejoin_at < at ? session->rejoin_at : at;
	}
	case LINK_CLOSING:
		return session->close_by;
	default:
		return TCHAT_NEVER;
	}
}

/* A host that does not read would keep us from closing, and so from coming back, for ever. */
static void closing_tick(struct session *session)
{
	if (session->close_by == 0) {
		session->close_by = session->now + TCHAT_SECONDS(CLOSING_S);
		return;
	}
	buffer_free(&session->out);
	session->close_by = TCHAT_NEVER;
}

void session_tick(struct session *session, tchat_time now)
{
	session->now = now;
	if (now < session_deadline(session))
		return;
	if (session->link == LINK_CLOSING) {
		closing_tick(session);
		return;
	}
	if (session->link < LINK_DOOR) {
		session_fail(session, TCHAT_ERR_TIMED_OUT, 0);
		return;
	}
	if (session->resend_at != 0 && now >= session->resend_at) {
		session->resend_at = 0;
		posts_pump(session);
	}
	if (session->marks_at != 0 && now >= session->marks_at)
		marks_send(session);
	if (session->rejoin_at != 0 && now >= session->rejoin_at && rooms_join_all(session) != 0)
		return;
	if (now < session->heard_at + TCHAT_SECONDS(SILENCE_S))
		return;
	if (!session->pinged) {
		session->pinged = true;
		/* Silence that was not noticed in time, as after a suspend, still leaves the host its time to answer. */
		session->heard_at = now - TCHAT_SECONDS(SILENCE_S);
		keepalive_ping(session);
	} else if (now >= session->heard_at + TCHAT_SECONDS(SILENCE_S + ANSWER_S)) {
		session_fail(session, TCHAT_ERR_TIMED_OUT, 0);
	}
}

/* FNV-1a: enough to see that an echo is the right one. */
static uint64_t payload_sum(const uint8_t *bytes, size_t length)
{
	uint64_t sum = 0xcbf29ce484222325u;
	for (size_t i = 0; i < length; i++)
		sum = (sum ^ bytes[i]) * 0x100000001b3u;
	return sum;
}

static int ping_send(struct session *session, const uint8_t *payload, size_t length, bool own)
{
	if (session->ping_count == PINGS_MAX)
		return TCHAT_ERR_FULL;
	static const uint8_t nothing[1];
	payload = length == 0 ? nothing : payload;
	struct message ping = { .type = WIRE_PING, .ping = { .payload = { payload, length } } };
	int err = session_send(session, &ping);
	if (err != 0)
		return err;
	session->pings[session->ping_count++] = (struct ping){ session->now, payload_sum(payload, length), length, own };
	return 0;
}

int keepalive_ping(struct session *session)
{
	uint8_t payload[8];
	wire_set(payload, sizeof payload, ++session->ping_nonce);
	int err = ping_send(session, payload, sizeof payload, true);
	/* With so much under way the host is heard of anyway. */
	return err == TCHAT_ERR_FULL ? 0 : err == 0 ? 0 : session_fail(session, err, 0);
}

int session_ping(struct session *session, const void *payload, size_t length, tchat_time now)
{
	if (session->link != LINK_READY)
		return TCHAT_ERR_AGAIN;
	if (length > PING_PAYLOAD_MAX)
		return TCHAT_ERR_TOO_LONG;
	session->now = now;
	return ping_send(session, payload, length, false);
}

int keepalive_echo(struct session *session, struct wire_bytes payload)
{
	return session_must_send(session, &(struct message){ .type = WIRE_PONG, .pong = { .payload = payload } });
}

int keepalive_pong(struct session *session, struct wire_bytes payload)
{
	struct ping *ping = &session->pings[0];
	if (session->ping_count == 0 || ping->length != payload.length ||
	    ping->sum != payload_sum(payload.data, payload.length))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_PONG);
	tchat_time rtt = session->now > ping->sent ? session->now - ping->sent : 0;
	bool own = ping->own;
	session->ping_count--;
	memmove(session->pings, session->pings + 1, session->ping_count * sizeof session->pings[0]);
	session->lag = rtt;
	struct draft draft = { .event = { .type = own ? SESSION_LAG : SESSION_PONG, .rtt = rtt }, .raw_text = true };
	if (!own)
		draft.text = payload;
	return session_tell(session, &draft);
}
