/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store decided about a round: answers to the senders, and the messages to everybody else, as spans of one
 * block per room. */
#include "host/rule.h"

#include "host/internal.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <string.h>

enum {
	ACK_SIZE = FRAME_HEADER + 44,
	NACK_SIZE = FRAME_HEADER + 32,
	GAP_SIZE = FRAME_HEADER + 16,
	BUSY_RETRY_MS = 1000,
};

/* --- Answers */

static void ack(struct host_peer *peer, const struct store_post *post, uint64_t room)
{
	uint8_t *to = host_queue_own(peer, ACK_SIZE);
	if (to == NULL)
		return;
	frame_header(to, WIRE_ACK, ACK_SIZE - FRAME_HEADER);
	to += FRAME_HEADER;
	wire_set(to, 8, post->device);
	wire_set(to + 8, 8, post->counter);
	wire_set(to + 16, 8, room);
	wire_set(to + 24, 8, post->seq);
	wire_set(to + 32, 8, post->time);
	wire_set(to + 40, 4, 0);
	to[40] = post->outcome == STORE_DUPLICATE ? ACK_DUPLICATE : 0;
}

static void nack(struct host_peer *peer, struct message_id id, uint64_t room, int code, uint8_t flags,
                 uint32_t retry_ms)
{
	uint8_t *to = host_queue_own(peer, NACK_SIZE);
	if (to == NULL)
		return;
	frame_header(to, WIRE_NACK, NACK_SIZE - FRAME_HEADER);
	to += FRAME_HEADER;
	wire_set(to, 8, id.device);
	wire_set(to + 8, 8, id.counter);
	wire_set(to + 16, 8, room);
	wire_set(to + 24, 2, (uint16_t)(code < 0 ? -code : code));
	to[26] = flags;
	to[27] = 0;
	wire_set(to + 28, 4, retry_ms);
}

void host_nack(struct host_peer *peer, struct message_id id, uint64_t room, int code, bool permanent)
{
	nack(peer, id, room, code, permanent ? NACK_PERMANENT : 0, permanent ? 0 : BUSY_RETRY_MS);
}

/* After a temporary NACK the device's posts are dropped without a word until the expected one comes. */
static void nack_once(struct host_peer *peer, struct message_id id, uint64_t room, int code, uint32_t retry_ms)
{
	if (!peer->hole_told)
		nack(peer, id, room, code, 0, retry_ms);
	peer->hole_told = true;
}

static void answer(struct host *host, struct host_peer *peer, const struct store_post *post, uint64_t room)
{
	struct message_id id = { post->device, post->counter };
	if (post->fresh)
		peer->hole_told = false;
	switch (post->outcome) {
	case STORE_ACCEPTED:
		host->counted.posts++;
		ack(peer, post, room);
		break;
	case STORE_DUPLICATE:
		/* The same words for another room are another content. */
		if (post->asks || room == 0 || post->room == room)
			ack(peer, post, post->room);
		else
			nack(peer, id, room, TCHAT_ERR_CLONED_DEVICE, NACK_PERMANENT, 0);
		break;
	case STORE_REFUSED:
		host->counted.refused += post->fresh;
		nack(peer, id, room, post->code, NACK_PERMANENT, 0);
		break;
	case STORE_HOLE:
		nack_once(peer, id, room, TCHAT_ERR_HOLE, 0);
		break;
	case STORE_CLONED:
		nack(peer, id, room, TCHAT_ERR_CLONED_DEVICE, NACK_PERMANENT, 0);
		break;
	}
}

/* --- Live sending */

void host_seat_gap(struct seat *seat, uint64_t from)
{
	struct host_peer *peer = seat->peer;
	host_seat_live(seat, false);
	uint8_t *to = host_queue_own(peer, GAP_SIZE);
	if (to == NULL)
		return;
	frame_header(to, WIRE_GAP, GAP_SIZE - FRAME_HEADER);
	wire_set(to + FRAME_HEADER, 8, seat->room->id);
	wire_set(to + FRAME_HEADER + 8, 8, from);
	peer->host->counted.gaps++;
}

/* Whether so many more bytes are too much for the peer. One whose queue is empty takes any round. */
static bool is_too_much(const struct host_peer *peer, size_t limit, const struct block *block)
{
	return peer->queued > 0 && peer->queued + block->length > limit;
}

/* Closes the holes that posts left which were not accepted. Returns how many were. */
static uint32_t part_compact(struct round *round, const struct round_part *part, struct block *block)
{
	uint32_t to = 0, accepted = 0;
	for (uint32_t i = part->first; i != UINT32_MAX; i = round->posts[i].next) {
		struct store_post *post = &round->batch.posts[i];
		if (post->outcome != STORE_ACCEPTED)
			continue;
		if (post->offset != to)
			memmove(block->bytes + to, block->bytes + post->offset, post->length);
		post->offset = to;
		to += post->length;
		accepted++;
	}
	block->length = to;
	return accepted;
}

/* Whoever reads slowly holds the whole block for its few messages: what repeats and refusals left empty is given
 * back. */
static struct block *block_fit(struct block *block)
{
	if (block->length == 0 || block->capacity - block->length < BLOCK_SLACK)
		return block;
	struct block *fit = block_resize(block, block->length);
	return fit != NULL ? fit : block;
}

/* A part of a block for a sender. A small one is copied: it alone would keep all of the block. */
static void queue_slice(struct host_peer *peer, struct block *block, uint32_t offset, uint32_t length)
{
	if (length == 0 || block->capacity / 4 < length) {
		host_queue_span(peer, block, offset, length);
		return;
	}
	uint8_t *to = host_queue_own(peer, length);
	if (to != NULL)
		memcpy(to, block->bytes + offset, length);
}

/* The first post of a peer in this room and round: is it to get the others' messages between its ACKs? */
static void sender_touch(struct host *host, struct host_peer *peer, const struct room *room, size_t limit,
                         const struct block *block, uint64_t first)
{
	peer->touch = host->touch;
	peer->cursor = 0;
	struct seat *seat = host_seat_find(peer, room);
	peer->touch_live = seat != NULL && host_seat_is_live(seat);
	if (!peer->touch_live || !is_too_much(peer, limit, block))
		return;
	host_seat_gap(seat, first);
	peer->touch_live = false;
}

static void part_answer(struct host *host, struct round *round, uint32_t index, size_t limit, uint64_t first)
{
	const struct round_part *part = &round->parts[index];
	struct block *block = round->batch.parts[index].block;
	for (uint32_t i = part->first; i != UINT32_MAX; i = round->posts[i].next) {
		const struct store_post *post = &round->batch.posts[i];
		struct host_peer *peer = round->posts[i].peer;
		if (part->room != NULL && post->outcome == STORE_ACCEPTED) {
			if (peer->touch != host->touch)
				sender_touch(host, peer, part->room, limit, block, first);
			if (peer->touch_live)
				queue_slice(peer, block, peer->cursor, post->offset - peer->cursor);
			peer->cursor = post->offset + post->length;
		}
		answer(host, peer, post, round->posts[i].room);
	}
}

static void part_deliver(struct host *host, struct room *room, struct block *block, size_t limit, uint64_t first)
{
	/* Downwards: a seat that loses its liveness changes places with one that was met. */
	for (uint32_t i = room->live; i-- > 0;) {
		struct host_peer *peer = room->seats[i].peer;
		if (peer->touch == host->touch)
			queue_slice(peer, block, peer->cursor, block->length - peer->cursor);
		else if (is_too_much(peer, limit, block))
			host_seat_gap(room->seats[i].seat, first);
		else
			host_queue_span(peer, block, 0, block->length);
	}
}

static void part_topic(const struct round *round, const struct round_part *part, const struct block *block)
{
	for (uint32_t i = part->first; i != UINT32_MAX; i = round->posts[i].next) {
		const struct store_post *post = &round->batch.posts[i];
		const uint8_t *payload = block->bytes + post->offset + FRAME_HEADER;
		if (post->outcome != STORE_ACCEPTED || payload[MSG_KIND] != KIND_TOPIC)
			continue;
		struct wire_bytes body = { payload + MSG_BODY, (size_t)wire_get(payload + MSG_BODY_LENGTH, 4) };
		wire_copy(part->room->topic, sizeof part->room->topic, body);
	}
}

static bool is_seated(const struct user *user, const struct room *room)
{
	struct host_peer *peer;
	TAILQ_FOREACH(peer, &user->peers, by_user)
		if (host_seat_find(peer, room) != NULL)
			return true;
	return false;
}

/* Who closed a direct room, is away, or has not heard of it in this life of the host learns that there is news. */
static void part_direct(struct host *host, const struct room *room, const struct block *block)
{
	for (uint32_t i = 0; i < room->member_count; i++) {
		struct membership *membership = room->members[i];
		bool news = false;
		if (is_seated(membership->user, room))
			continue;
		for (uint32_t at = 0; at < block->length && !news;) {
			struct frame frame;
			at += (uint32_t)frame_peek(&frame, block->bytes + at, block->length - at, FRAME_MAXIMUM);
			news = wire_get(frame.payload + MSG_SENDER, 4) != membership->user->id;
		}
		if (!news)
			continue;
		membership->closed = false;
		host_direct_tell(host, membership, NULL);
	}
}

/* Who says something in a room of two has read what is before it. */
static void part_read(struct host *host, const struct room *room, const struct block *block)
{
	for (uint32_t i = 0; i < room->member_count; i++) {
		struct user *user = room->members[i]->user;
		uint64_t last = 0;
		for (uint32_t at = 0; at < block->length;) {
			struct frame frame;
			at += (uint32_t)frame_peek(&frame, block->bytes + at, block->length - at, FRAME_MAXIMUM);
			if (wire_get(frame.payload + MSG_SENDER, 4) == user->id)
				last = wire_get(frame.payload + MSG_SEQ, 8);
		}
		if (last != 0)
			host_bookmark_read(host, user, room, last);
	}
}

static void part_fan_out(struct host *host, struct round *round, uint32_t index)
{
	struct store_part *stored = &round->batch.parts[index];
	const struct round_part *part = &round->parts[index];
	struct room *room = part->room;
	struct block *block = stored->block;
	host->touch++;
	if (room == NULL || block == NULL) {
		part_answer(host, round, index, 0, 0);
		return;
	}
	uint32_t accepted = part_compact(round, part, block);
	stored->block = block = block_fit(block);
	uint64_t first = stored->head - accepted + 1;
	size_t limit = host_queue_limit(host);
	host_block_publish(host, block);
	room->floor = stored->floor;
	room->head = stored->head;
	part_topic(round, part, block);
	host_acts_deleted(host, round, part);
	part_answer(host, round, index, limit, first);
	stored->block = NULL; /* it is published: the round's clearing has nothing to do with it */
	if (accepted > 0) {
		part_deliver(host, room, block, limit, first);
		host->counted.deliveries += (uint64_t)accepted * room->live;
		if (room->kind == ROOM_DIRECT) {
			part_direct(host, room, block);
			part_read(host, room, block);
		}
	}
	host_block_give(host, block);
}

/* The store kept nothing of a round: each of its senders hears it once a round, for a post that is told to come again
 * and fails again would otherwise be waited for without end. */
static void round_failed(struct host *host, const struct round *round, int err)
{
	int code = err == TCHAT_ERR_NO_SPACE ? TCHAT_ERR_DISK_FULL : TCHAT_ERR_BUSY;
	host_event_error(host, HOST_EVENT_STORE, err);
	host->store_fails = true;
	host->touch++;
	for (size_t i = 0; i < round->batch.post_count; i++) {
		const struct store_post *post = &round->batch.posts[i];
		struct host_peer *peer = round->posts[i].peer;
		if (peer->touch == host->touch)
			continue;
		peer->touch = host->touch;
		peer->hole_told = true;
		nack(peer, (struct message_id){ post->device, post->counter }, round->posts[i].room, code, 0,
		     BUSY_RETRY_MS);
	}
}

void host_round_completed(struct host *host)
{
	struct round *round = host->flight;
	int err = round->batch.request.error;
	if (err != 0)
		round_failed(host, round, err);
	else if (host->store_fails)
		host_event_error(host, HOST_EVENT_STORE, 0);
	if (err == 0)
		host->store_fails = false;
	/* Who takes back what the same round accepted is told of that after the ACK. */
	for (uint32_t i = 0; err == 0 && i < round->batch.part_count; i++)
		if (round->parts[i].room != NULL)
			part_fan_out(host, round, i);
	if (err == 0 && round->refused != 0)
		part_fan_out(host, round, round->refused - 1);
	host->flight = NULL;
	host_round_clear(host, round);
}
