/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection: its life, its input cut into frames, and which handler gets which frame. */
#include "host/door.h"

#include "host/internal.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

enum { PEERS_OVER = 64 }; /* connections beyond the limit that are still told why they must go */

void host_peer_wait(struct host_peer *peer, enum host_wait wait)
{
	struct host *host = peer->host;
	TAILQ_REMOVE(&host->waits[peer->wait], peer, by_wait);
	peer->wait = wait;
	peer->since = host->now;
	TAILQ_INSERT_TAIL(&host->waits[wait], peer, by_wait);
}

/* Who it is: by its key; the face's own pair, which has none, is of the owner's account. */
static void peer_key(struct host_peer *peer, const struct host_peer_info *info)
{
	const struct host *host = peer->host;
	const struct trust_pin *pin = info->pin;
	if (pin == NULL && info->account_is_owner && host->has_owner)
		pin = &host->owner_pin;
	peer->keyed = host->secure && pin != NULL;
	if (peer->keyed)
		peer->pin = *pin;
	else
		peer->owner = info->account_is_owner;
}

struct host_peer *host_peer_new(struct host *host, const struct host_peer_info *info, tchat_time now)
{
	if (host->peer_count >= (size_t)host->limits.peers + PEERS_OVER)
		return NULL;
	size_t length = info->address == NULL ? 0 : strnlen(info->address, ADDRESS_SIZE - 1);
	struct host_peer *peer = calloc(1, sizeof *peer + length + 1);
	if (peer == NULL)
		return NULL;
	host_enter(host, now);
	peer->host = host;
	peer->pointer = info->user;
	peer_key(peer, info);
	peer->state = WIRE_NEW;
	peer->since = now;
	if (length > 0)
		memcpy(peer->address, info->address, length);
	buffer_init(&peer->carry, 2 * WIRE_LIMIT + 2 * FRAME_HEADER);
	host_queue_init(peer);
	TAILQ_INIT(&peer->seats);
	TAILQ_INSERT_TAIL(&host->peers, peer, by_host);
	TAILQ_INSERT_TAIL(&host->waits[WAIT_HANDSHAKE], peer, by_wait);
	host->peer_count++;
	if (host->closing)
		host_peer_error(peer, TCHAT_ERR_SHUTDOWN, 0);
	else if (host->peer_count > host->limits.peers)
		host_peer_error(peer, TCHAT_ERR_HOST_FULL, 0);
	host_leave(host);
	return peer;
}

bool host_peer_is_ready(const struct host_peer *peer)
{
	return peer->state == WIRE_READY;
}

bool host_peer_is_at_door(const struct host_peer *peer)
{
	return peer->knock != NULL;
}

void *host_peer_user(const struct host_peer *peer)
{
	return peer->pointer;
}

enum host_closing host_peer_closing(const struct host_peer *peer)
{
	return (enum host_closing)peer->closing;
}

/* Marks the peer as closing. What it has in rooms is taken down at the end of the public function, for this may be
 * called from the midst of a fan-out. */
void host_peer_close(struct host_peer *peer, int err, enum host_closing closing)
{
	struct host *host = peer->host;
	if (peer->closing >= (uint8_t)closing)
		return;
	if (peer->closing == HOST_OPEN)
		peer->close_code = err;
	peer->closing = (uint8_t)closing;
	host_dirty(peer);
	if (!peer->dying && !peer->retired) {
		peer->dying = true;
		TAILQ_INSERT_TAIL(&host->dying, peer, by_dying);
	}
}

static void peer_error_frame(struct host_peer *peer, uint32_t request, int err, uint8_t type)
{
	struct message message = { .type = WIRE_ERROR };
	message.error.request = request;
	message.error.code = (uint16_t)-err;
	message.error.type = type;
	host_queue_message(peer, &message);
}

void host_peer_error(struct host_peer *peer, int err, uint8_t type)
{
	if (err == TCHAT_ERR_MEMORY) {
		host_peer_close(peer, err, HOST_DROP);
		return;
	}
	peer_error_frame(peer, 0, err, type);
	host_peer_close(peer, err, HOST_FLUSH);
}

void host_answer_error(struct host_peer *peer, uint32_t request, int err, uint8_t type)
{
	if (err == TCHAT_ERR_MEMORY || request == 0)
		host_peer_error(peer, err, type);
	else
		peer_error_frame(peer, request, err, type);
}

void host_answer_done(struct host_peer *peer, uint32_t request, const char *nick)
{
	struct message message = { .type = WIRE_DONE };
	message.done.request = request;
	message.done.nick = wire_text(nick);
	host_queue_message(peer, &message);
}

/* --- Taking down */

static void peer_unpause(struct host_peer *peer)
{
	if (peer->paused == PAUSE_RESUME)
		TAILQ_REMOVE(&peer->host->resume, peer, by_resume);
	else if (peer->paused == PAUSE_CROWD)
		TAILQ_REMOVE(&peer->host->crowded, peer, by_resume);
	else if (peer->paused == PAUSE_RATE)
		TAILQ_REMOVE(&peer->host->throttled, peer, by_resume);
	peer->paused = PAUSE_NO;
}

static void peer_retire(struct host_peer *peer)
{
	struct host *host = peer->host;
	if (peer->dying)
		TAILQ_REMOVE(&host->dying, peer, by_dying);
	peer->dying = false;
	if (peer->retired)
		return;
	peer->retired = true;
	if (peer->closing == HOST_OPEN)
		peer->closing = HOST_DROP;
	const struct user *user = peer->user;
	host_event(host, HOST_EVENT_WENT, user, NULL, peer->address, peer->close_code);
	while (!TAILQ_EMPTY(&peer->seats))
		host_seat_free(TAILQ_FIRST(&peer->seats));
	peer_unpause(peer);
	buffer_free(&peer->carry);
	if (peer->knock != NULL)
		host_door_left(peer);
	free(peer->entrance);
	peer->entrance = NULL;
	if (peer->user != NULL)
		host_user_leave(peer);
	host_peer_wait(peer, WAIT_CLOSING);
}

void host_reap(struct host *host)
{
	while (!TAILQ_EMPTY(&host->dying))
		peer_retire(TAILQ_FIRST(&host->dying));
}

/* Who said that it goes gets the answers to what it sent before. */
static void peer_leave(struct host_peer *peer)
{
	if (peer->ended && peer->references == 0 && (peer->bye || peer->paused == PAUSE_NO))
		host_peer_close(peer, peer->bye ? TCHAT_ERR_LEAVING : 0, HOST_FLUSH);
}

void host_peer_reference_give(struct host_peer *peer)
{
	if (--peer->references > 0)
		return;
	if (peer->gone)
		free(peer);
	else
		peer_leave(peer);
}

void host_peer_input_ended(struct host_peer *peer, tchat_time now)
{
	host_enter(peer->host, now);
	peer->ended = true;
	peer_leave(peer);
	host_leave(peer->host);
}

void host_peer_closed(struct host_peer *peer, tchat_time now)
{
	struct host *host = peer->host;
	host_enter(host, now);
	peer->references++;
	host_peer_close(peer, 0, HOST_DROP);
	peer_retire(peer);
	if (peer->dirty)
		TAILQ_REMOVE(&host->dirty, peer, by_dirty);
	peer->dirty = false;
	if (peer->stalled)
		TAILQ_REMOVE(&host->stalled, peer, by_stalled);
	host_queue_free(peer);
	TAILQ_REMOVE(&host->waits[peer->wait], peer, by_wait);
	TAILQ_REMOVE(&host->peers, peer, by_host);
	host->peer_count--;
	peer->gone = true;
	host_peer_reference_give(peer);
	host_leave(host);
}

/* --- Frames */

static void peer_pong(struct host_peer *peer, const struct wire_ping *ping)
{
	uint32_t length = (uint32_t)ping->payload.length;
	uint8_t *to = host_queue_own(peer, FRAME_HEADER + length);
	if (to == NULL)
		return;
	frame_header(to, WIRE_PONG, length);
	if (length > 0)
		memcpy(to + FRAME_HEADER, ping->payload.data, length);
}

static void peer_message(struct host_peer *peer, const struct message *message)
{
	switch (message->type) {
	case WIRE_HELLO:
		host_hello(peer, &message->hello);
		break;
	case WIRE_AUTH:
		host_auth(peer, &message->auth);
		break;
	case WIRE_JOIN:
		host_join(peer, &message->join);
		break;
	case WIRE_PART:
		host_part(peer, &message->part);
		break;
	case WIRE_NAMES:
		host_names(peer, &message->names);
		break;
	case WIRE_RESUME:
		host_resume(peer, &message->resume);
		break;
	case WIRE_HISTORY:
		host_history(peer, &message->history);
		break;
	case WIRE_SEARCH:
		host_search(peer, &message->search);
		break;
	case WIRE_PRESENCE:
		host_presence(peer, &message->presence);
		break;
	case WIRE_MARK:
		host_mark(peer, &message->mark);
		break;
	case WIRE_NICK:
		host_nick(peer, &message->nick);
		break;
	case WIRE_MODERATE:
		host_moderate(peer, &message->moderate);
		break;
	case WIRE_RULES:
		host_rules(peer, &message->rules);
		break;
	case WIRE_STATUS:
		host_status(peer, &message->status);
		break;
	case WIRE_AUDIT:
		host_audit(peer, &message->audit);
		break;
	case WIRE_INVITE:
		host_invite_frame(peer, &message->invite);
		break;
	case WIRE_INVITATIONS:
		host_invitations_list(peer, &message->invitations);
		break;
	case WIRE_WHOIS:
		host_whois(peer, &message->whois);
		break;
	case WIRE_PING:
		peer_pong(peer, &message->ping);
		break;
	case WIRE_BYE:
		peer->bye = peer->ended = true;
		peer_leave(peer);
		break;
	case WIRE_ERROR:
		if (message->error.request == 0)
			host_peer_close(peer, -(int)message->error.code, HOST_FLUSH);
		break;
	default: /* PONG: that it came is all */
		break;
	}
}

static void peer_frame(struct host_peer *peer, const struct frame *frame)
{
	int err = message_legal(frame->type, WIRE_CLIENT, (enum wire_state)peer->state);
	if (err == TCHAT_ERR_UNKNOWN_TYPE && peer->state != WIRE_NEW && frame->type % 2 == 1)
		return;
	struct message message;
	if (err == 0 && frame->type == WIRE_POST)
		err = host_post(peer, frame->payload, frame->length);
	else if (err == 0) {
		err = message_decode(&message, frame->type, frame->payload, frame->length);
		if (err == 0)
			peer_message(peer, &message);
	}
	if (err != 0)
		host_peer_error(peer, err, frame->type);
}

/* --- Input */

/* How much may wait for the peer before it is not read any more. */
static size_t peer_soft(const struct host_peer *peer)
{
	size_t soft = peer->host->limits.queue_soft;
	return peer->state == WIRE_READY || soft < STRANGER_BYTES ? soft : STRANGER_BYTES;
}

static enum host_pause peer_pause(const struct host_peer *peer)
{
	const struct host *host = peer->host;
	if (peer->auth_waits || peer->requests >= host->limits.requests || peer->queued > peer_soft(peer))
		return PAUSE_WAITS;
	if (host_throttle_waits(peer))
		return PAUSE_RATE;
	return host_round_is_full(host) ? PAUSE_CROWD : PAUSE_NO;
}

/* Handles the whole frames that bytes begin with, until the peer has to rest; returns the bytes used. */
static size_t peer_process(struct host_peer *peer, const uint8_t *bytes, size_t length)
{
	size_t at = 0;
	while (at < length && peer->closing == HOST_OPEN && !peer->bye) {
		enum host_pause pause = peer_pause(peer);
		if (pause != PAUSE_NO) {
			peer->paused = (uint8_t)pause;
			if (pause == PAUSE_CROWD)
				TAILQ_INSERT_TAIL(&peer->host->crowded, peer, by_resume);
			else if (pause == PAUSE_RATE)
				host_throttle(peer);
			break;
		}
		/* Another protocol is told by its first byte. */
		if (peer->state == WIRE_NEW && message_name(bytes[at]) == NULL) {
			host_peer_error(peer, TCHAT_ERR_BAD_FRAME, bytes[at]);
			break;
		}
		struct frame frame;
		int size = frame_peek(&frame, bytes + at, length - at,
		                      peer->state == WIRE_READY ? peer->host->frame_told : WIRE_LIMIT_BEFORE_AUTH);
		if (size == 0)
			break;
		if (size < 0) {
			host_peer_error(peer, size, frame.type);
			break;
		}
		host_throttle_charge(peer, (size_t)size);
		peer_frame(peer, &frame);
		at += (size_t)size;
	}
	return at;
}

static void peer_process_carry(struct host_peer *peer)
{
	size_t used = peer_process(peer, buffer_data(&peer->carry), buffer_length(&peer->carry));
	buffer_consume(&peer->carry, used);
	if (buffer_length(&peer->carry) == 0)
		buffer_free(&peer->carry);
}

void host_peer_input(struct host_peer *peer, const uint8_t *bytes, size_t length, tchat_time now)
{
	if (peer->closing != HOST_OPEN || peer->ended || length == 0)
		return;
	host_enter(peer->host, now);
	if (peer->state == WIRE_READY)
		host_peer_wait(peer, WAIT_SILENCE);
	size_t used = 0;
	bool carries = buffer_length(&peer->carry) > 0;
	if (!carries && peer->paused == PAUSE_NO)
		used = peer_process(peer, bytes, length);
	bool rests = used < length && peer->closing == HOST_OPEN && !peer->bye;
	/* A stranger that asks and does not read. What follows AUTH at once may wait. */
	if (rests && peer->state != WIRE_READY && !peer->auth_waits && length - used > STRANGER_BYTES)
		host_peer_close(peer, TCHAT_ERR_TOO_SLOW, HOST_DROP);
	else if (rests && buffer_put(&peer->carry, bytes + used, length - used) != 0)
		host_peer_close(peer, TCHAT_ERR_MEMORY, HOST_DROP);
	if (carries && peer->paused == PAUSE_NO)
		peer_process_carry(peer);
	host_leave(peer->host);
}

bool host_peer_wants_input(const struct host_peer *peer)
{
	return peer->closing == HOST_OPEN && !peer->ended && peer->paused == PAUSE_NO && !peer->auth_waits &&
	       peer->queued <= peer_soft(peer);
}

void host_peer_resume(struct host_peer *peer)
{
	if (peer->paused != PAUSE_WAITS || peer_pause(peer) == PAUSE_WAITS)
		return;
	peer->paused = PAUSE_RESUME;
	TAILQ_INSERT_TAIL(&peer->host->resume, peer, by_resume);
}

bool host_peer_resume_all(struct host *host)
{
	bool any = false;
	struct peer_list list = TAILQ_HEAD_INITIALIZER(list);
	/* Those who have to rest again get into a list anew; they are not met twice here. */
	TAILQ_CONCAT(&list, &host->resume, by_resume);
	if (!host_round_is_full(host))
		TAILQ_CONCAT(&list, &host->crowded, by_resume);
	while (!TAILQ_EMPTY(&list)) {
		struct host_peer *peer = TAILQ_FIRST(&list);
		if (host_round_is_full(host))
			break;
		TAILQ_REMOVE(&list, peer, by_resume);
		peer->paused = PAUSE_NO;
		any = true;
		peer_process_carry(peer);
		peer_leave(peer);
		if (host_peer_wants_input(peer))
			host_dirty(peer);
	}
	/* Whoever filled the round is last in the next one. */
	struct host_peer *left;
	TAILQ_FOREACH(left, &list, by_resume)
		left->paused = PAUSE_CROWD;
	TAILQ_CONCAT(&list, &host->crowded, by_resume);
	TAILQ_CONCAT(&host->crowded, &list, by_resume);
	return any;
}
