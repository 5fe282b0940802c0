/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session's life: its bytes in and out, its clock, and which file looks after which frame. */
#include "client/session.h"

#include "client/internal.h"

#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

enum {
	OUTBOX_POSTS = 65536,
	OUTBOX_BYTES = 64 << 20,
	FLIGHT_POSTS = 1024,
	FLIGHT_BYTES = 256 << 10,
	OUTPUT_BYTES = 1 << 20,
	EVENT_BYTES = 64 << 20,
	EVENT_SLACK = 8 << 20, /* more than one input can make */
};

static size_t or_default(size_t value, size_t otherwise)
{
	return value == 0 ? otherwise : value;
}

static void session_configure(struct session *session, const struct session_config *config)
{
	struct session_config *c = &session->config;
	*c = *config;
	c->flight_posts = or_default(c->flight_posts, FLIGHT_POSTS);
	c->flight_bytes = or_default(c->flight_bytes, FLIGHT_BYTES);
	c->event_bytes = or_default(c->event_bytes, EVENT_BYTES);
	if (c->event_bytes < 2 * (size_t)EVENT_SLACK)
		c->event_bytes = 2 * (size_t)EVENT_SLACK;
	/* The greatest frame of ours has to fit beside a PING and its echo. */
	c->output_bytes = or_default(c->output_bytes, OUTPUT_BYTES);
	if (c->output_bytes < 4 * WIRE_LIMIT)
		c->output_bytes = 4 * WIRE_LIMIT;
	wire_copy(session->software, sizeof session->software, wire_text(config->software));
	wire_copy(session->wish, sizeof session->wish, wire_text(config->nick));
	if (config->salt != NULL)
		memcpy(session->salt, config->salt, WIRE_KEY_SIZE);
	else
		config->environment->random(config->environment->arg, session->salt, WIRE_KEY_SIZE);
	session->has_token = config->token != NULL;
	if (session->has_token)
		memcpy(session->token, config->token, TRUST_TOKEN_SIZE);
	session->outbox = config->outbox;
}

struct session *session_new(const struct session_config *config)
{
	struct session *session = calloc(1, sizeof *session);
	if (session == NULL)
		return NULL;
	session_configure(session, config);
	if (session->outbox == NULL) {
		session->outbox_own = true;
		session->outbox = outbox_memory(or_default(config->outbox_posts, OUTBOX_POSTS),
		                                or_default(config->outbox_bytes, OUTBOX_BYTES));
		if (session->outbox == NULL) {
			free(session);
			return NULL;
		}
	}
	session->store_awaited = config->stored;
	frame_reader_init(&session->reader, WIRE_LIMIT_BEFORE_AUTH);
	buffer_init(&session->out, session->config.output_bytes);
	buffer_init(&session->events, session->config.event_bytes);
	session->lag = TCHAT_NEVER;
	session->text_limit = WIRE_TEXT_LIMIT;
	session->next_send = session->outbox->lowest(session->outbox);
	session->shown = session->outbox->next(session->outbox) - 1;
	struct outbox_post post;
	for (uint64_t c = session->next_send; c < session->outbox->next(session->outbox); c++) {
		if (session->outbox->get(session->outbox, c, &post) != 0)
			continue;
		session->pending++;
		session->cancelled += post.cancelled;
	}
	return session;
}

void session_free(struct session *session)
{
	if (session == NULL)
		return;
	rooms_free(session);
	stored_free(session);
	own_free(session);
	frame_reader_free(&session->reader);
	buffer_free(&session->out);
	buffer_free(&session->events);
	if (session->outbox_own)
		session->outbox->free(session->outbox);
	free(session->current);
	wipe(session->token, sizeof session->token);
	wipe(session->salt, sizeof session->salt);
	free(session);
}

int session_send(struct session *session, const struct message *message)
{
	return message_encode(&session->out, message);
}

int session_must_send(struct session *session, const struct message *message)
{
	int err = session_send(session, message);
	/* A host that makes us talk and does not listen. */
	return err == 0 ? 0 : session_fail(session, err == TCHAT_ERR_FULL ? TCHAT_ERR_TOO_SLOW : err, 0);
}

int session_fail(struct session *session, int err, uint8_t type)
{
	if (session->link == LINK_CLOSING || session->link == LINK_NONE || session->link == LINK_DIALLING)
		return err;
	session->link = LINK_CLOSING;
	session->reason = err;
	if (-err >= -TCHAT_ERR_BAD_FRAME)
		session_send(session, &(struct message){ .type = WIRE_ERROR,
		                                         .error = { .code = (uint16_t)-err, .type = type } });
	return err;
}

uint64_t session_random(struct session *session, uint64_t bound)
{
	uint64_t value;
	session->config.environment->random(session->config.environment->arg, &value, sizeof value);
	return value % bound;
}

static int session_host_error(struct session *session, const struct wire_error *error)
{
	if (error->request != 0)
		return request_error(session, error);
	session->link = LINK_CLOSING;
	session->reason = error->code == 0 ? TCHAT_ERR_CLOSED : -(int)error->code;
	return session->reason;
}

/* Frames that are legal in any greeted state. */
static int session_any_frame(struct session *session, const struct message *message)
{
	switch (message->type) {
	case WIRE_PING:
		return keepalive_echo(session, message->ping.payload);
	case WIRE_PONG:
		return keepalive_pong(session, message->pong.payload);
	case WIRE_BYE:
		session->link = LINK_CLOSING;
		session->reason = message->bye.code == 0 ? TCHAT_ERR_CLOSED : -(int)message->bye.code;
		return session->reason;
	case WIRE_GOAWAY:
		return handshake_goaway(session, &message->goaway);
	case WIRE_ERROR:
		return session_host_error(session, &message->error);
	case WIRE_WELCOME:
		return handshake_welcome(session, &message->welcome);
	case WIRE_AUTH_OK:
		return handshake_auth_ok(session, &message->auth_ok);
	case WIRE_KNOCK:
		return door_knock(session, &message->knock);
	default:
		return session_fail(session, TCHAT_ERR_WRONG_STATE, (uint8_t)message->type);
	}
}

static int session_frame_ready(struct session *session, const struct message *message)
{
	switch (message->type) {
	case WIRE_MSG:
		return follow_msg(session, &message->msg);
	case WIRE_ACK:
		return posts_ack(session, &message->ack);
	case WIRE_NACK:
		return posts_nack(session, &message->nack);
	case WIRE_PAGE:
		return follow_page(session, &message->page);
	case WIRE_JOINED:
		return follow_joined(session, &message->joined);
	case WIRE_RESUMED:
		return follow_resumed(session, &message->resumed);
	case WIRE_GAP:
		return follow_gap(session, &message->gap);
	case WIRE_USERS:
		return roster_users(session, &message->users);
	case WIRE_MEMBER:
		return roster_member(session, &message->member);
	case WIRE_MARK:
		return marks_told(session, &message->mark);
	case WIRE_PRESENCE:
		return roster_presence(session, &message->presence);
	case WIRE_DONE:
		return request_done(session, &message->done);
	case WIRE_DOOR:
		return door_told(session, &message->door);
	case WIRE_INVITED:
		return door_invited(session, &message->invited);
	case WIRE_CALLED:
		return moderation_called(session, &message->called);
	case WIRE_RULED:
		return moderation_ruled(session, &message->ruled);
	case WIRE_AUDITED:
		return moderation_audited(session, &message->audited);
	case WIRE_REPORT:
		return status_report(session, &message->report);
	case WIRE_PROFILE:
		return door_profile(session, &message->profile);
	default:
		return session_any_frame(session, message);
	}
}

/* What the host may send in which state: WELCOME only as the answer to HELLO, AUTH_OK and KNOCK only to AUTH. */
static int session_frame_legal(const struct session *session, uint8_t type)
{
	if (type == WIRE_WELCOME)
		return session->link == LINK_HELLO ? 0 : TCHAT_ERR_WRONG_STATE;
	if (type == WIRE_AUTH_OK)
		return session->link == LINK_AUTH || session->link == LINK_DOOR ? 0 : TCHAT_ERR_WRONG_STATE;
	if (type == WIRE_KNOCK)
		return session->link == LINK_AUTH ? 0 : TCHAT_ERR_WRONG_STATE;
	if (session->link == LINK_HELLO && type != WIRE_ERROR)
		return TCHAT_ERR_WRONG_STATE;
	return message_legal(type, WIRE_HOST, session->link == LINK_READY ? WIRE_READY : WIRE_GREETED);
}

static int session_frame(void *arg, const struct frame *frame)
{
	struct session *session = arg;
	if (session->link == LINK_CLOSING)
		return TCHAT_ERR_CLOSED;
	int err = session_frame_legal(session, frame->type);
	if (err == TCHAT_ERR_UNKNOWN_TYPE && frame->type % 2 == 1)
		return 0;
	/* Whoever begins with something else than WELCOME or ERROR is no host of this protocol. */
	if (err != 0 && session->link == LINK_HELLO)
		return session_fail(session, TCHAT_ERR_BAD_MAGIC, frame->type);
	struct message message;
	if (err == 0)
		err = message_decode(&message, frame->type, frame->payload, frame->length);
	if (err != 0)
		return session_fail(session, err, frame->type);
	if (session->link == LINK_READY)
		return session_frame_ready(session, &message);
	return session_any_frame(session, &message);
}

void session_input(struct session *session, const uint8_t *bytes, size_t length, tchat_time now)
{
	if (session->link < LINK_HELLO || session->link == LINK_CLOSING || length == 0)
		return;
	session->now = session->heard_at = now;
	session->pinged = false;
	if (buffer_length(&session->events) > session->config.event_bytes - EVENT_SLACK) {
		session_fail(session, TCHAT_ERR_FULL, 0);
		return;
	}
	int err = frame_reader_feed(&session->reader, bytes, length, session_frame, session);
	if (err == TCHAT_ERR_FRAME_TOO_LARGE && session->link == LINK_HELLO)
		err = TCHAT_ERR_BAD_MAGIC;
	if (err != 0)
		session_fail(session, err, 0); /* of the reader itself; otherwise it has failed already */
	posts_pump(session);
	session_leave_when_done(session);
}

/* Without a connection: over at once, unless the first one is still to come and there are rooms to see. */
static void session_leave_offline(struct session *session)
{
	struct session_room room;
	if (!session->final && session->life_ready == 0 && session_room_at(session, 0, &room))
		return;
	session->link = LINK_NONE;
	session->finished = session->final = true;
	struct draft draft = { .event = { .type = SESSION_DISCONNECTED,
		                          .code = TCHAT_ERR_LEAVING,
		                          .final = true,
		                          .retry_at = TCHAT_NEVER } };
	session_tell(session, &draft);
}

void session_leave_when_done(struct session *session)
{
	if (!session->leaving || session->finished)
		return;
	/* After a final disconnect no answer comes any more. */
	if (session->pending > 0 && !session->final)
		return;
	if (session->link <= LINK_DIALLING)
		session_leave_offline(session);
	if (session->link != LINK_READY || session->request_count > 0 || session->ping_count > 0)
		return;
	marks_send(session);
	session->finished = true;
	session->link = LINK_CLOSING;
	session->reason = TCHAT_ERR_LEAVING;
	session_send(session, &(struct message){ .type = WIRE_BYE, .bye = { .code = -TCHAT_ERR_LEAVING } });
}

void session_leave(struct session *session)
{
	session->leaving = true;
	session_leave_when_done(session);
}

int session_output(struct session *session, struct iovec *iov, int count)
{
	size_t length = buffer_length(&session->out);
	if (length == 0 || count < 1)
		return 0;
	iov[0] = (struct iovec){ buffer_edit(&session->out), length };
	return 1;
}

void session_consumed(struct session *session, size_t length)
{
	buffer_consume(&session->out, length);
	posts_pump(session);
}

bool session_closing(const struct session *session)
{
	return session->link == LINK_CLOSING;
}

bool session_ready(const struct session *session)
{
	return session->link == LINK_READY;
}

bool session_waiting(const struct session *session)
{
	return session->link == LINK_DOOR;
}

bool session_final(const struct session *session)
{
	return session->final;
}

const char *session_own_nick(const struct session *session)
{
	return session->nick[0] != '\0' ? session->nick : session->wish;
}

uint32_t session_own_user(const struct session *session)
{
	return session->user;
}

tchat_time session_lag(const struct session *session)
{
	return session->lag;
}

bool session_is_kept(const struct session *session)
{
	return session->store != NULL && session->unstored == 0;
}

size_t session_pending(const struct session *session)
{
	return session->pending;
}

size_t session_sending(const struct session *session)
{
	return session->pending - session->cancelled;
}
