/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Posts on their way in: checked, and laid as records into one block per room and round. */
#include "host/internal.h"

#include "base/errors.h"
#include "base/utf8.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_FIRST = 1024,
	LIST_FIRST = 16,
	LIST_KEEP = 1024,   /* entries that an idle round keeps */
	TLV_HEADER = 4,
	SEQ_BYTES = 8,
	TAG_NICK = 1,
	TAG_TARGET = 3,
	TAG_REPLY = 5,
};

struct post {
	struct message_id id;
	uint64_t room;
	uint8_t kind, flags;
	uint64_t target; /* 0: none */
	struct wire_bytes body, tlvs;
};

/* --- Reading: by hand, for this is the frame that costs. */

static int tlvs_read(struct post *post, const uint8_t *at, const uint8_t *end)
{
	uint32_t last = 0;
	while (at < end) {
		if (end - at < TLV_HEADER)
			return TCHAT_ERR_BAD_FRAME;
		uint32_t tag = (uint32_t)wire_get(at, 2);
		size_t length = (size_t)wire_get(at + 2, 2);
		at += TLV_HEADER;
		if (tag <= last || tag == TAG_NICK || (size_t)(end - at) < length)
			return TCHAT_ERR_BAD_FRAME;
		if (tag % 2 == 0)
			return TCHAT_ERR_UNKNOWN_TAG;
		if ((tag == TAG_TARGET || tag == TAG_REPLY) && length != SEQ_BYTES)
			return TCHAT_ERR_BAD_FRAME;
		if (tag == TAG_TARGET)
			post->target = wire_get(at, SEQ_BYTES);
		last = tag;
		at += length;
	}
	return 0;
}

static int post_read(struct post *post, const uint8_t *payload, size_t length)
{
	if (length < MSG_BODY)
		return TCHAT_ERR_BAD_FRAME;
	size_t body_length = (size_t)wire_get(payload + MSG_BODY_LENGTH, 4);
	if (body_length > length - MSG_BODY)
		return TCHAT_ERR_BAD_FRAME;
	if (wire_get(payload + MSG_SEQ, 8) != 0 || wire_get(payload + MSG_TIME, 8) != 0 ||
	    wire_get(payload + MSG_SENDER, 4) != 0)
		return TCHAT_ERR_BAD_FRAME;
	post->room = wire_get(payload + MSG_ROOM, 8);
	post->id.device = wire_get(payload + MSG_DEVICE, 8);
	post->id.counter = wire_get(payload + MSG_COUNTER, 8);
	post->kind = payload[MSG_KIND];
	post->flags = payload[MSG_FLAGS];
	if ((post->flags & MSG_BLANK) != 0)
		return TCHAT_ERR_BAD_FRAME;
	post->target = 0;
	post->body = (struct wire_bytes){ payload + MSG_BODY, body_length };
	post->tlvs = (struct wire_bytes){ payload + MSG_BODY + body_length, length - MSG_BODY - body_length };
	return tlvs_read(post, post->tlvs.data, post->tlvs.data + post->tlvs.length);
}

static size_t record_length(const struct post *post, size_t nick_length)
{
	return FRAME_HEADER + MSG_BODY + post->body.length + TLV_HEADER + nick_length + post->tlvs.length;
}

static bool post_changes(const struct post *post)
{
	return post->kind == KIND_EDIT || post->kind == KIND_DELETE || post->kind == KIND_REACTION;
}

/* Does a body of this length suit the kind? The room's own limit apart. */
static bool length_fits(const struct host *host, const struct post *post)
{
	switch (post->kind) {
	case KIND_DELETE: return post->body.length == 0;
	case KIND_REACTION: return post->body.length > 0 && post->body.length <= WIRE_REACTION_LIMIT;
	case KIND_TOPIC: return post->body.length <= host->limits.topic;
	default: return true;
	}
}

/* Why the post is not to be taken, or 0. */
static int post_refusal(const struct host_peer *peer, const struct post *post, const struct membership *membership,
                        size_t nick_length)
{
	if (post->kind == KIND_VOID)
		return TCHAT_ERR_CANCELLED;
	if (membership == NULL || membership->closed)
		return TCHAT_ERR_NOT_MEMBER;
	if (membership->role == ROLE_MUTED)
		return TCHAT_ERR_MUTED;
	if (post->kind > KIND_REACTION)
		return TCHAT_ERR_BAD_KIND;
	/* What others have not got yet, or was not for the sender, cannot be meant. */
	uint64_t least = post_changes(post) ? host_bookmark_least(peer->host, peer->user, membership->room) : 0;
	if (post_changes(post) && (post->target < least || post->target == 0 || post->target > membership->room->head))
		return TCHAT_ERR_NO_MESSAGE;
	if (post->body.length > peer->host->limits.text || !length_fits(peer->host, post) ||
	    record_length(post, nick_length) > PAGE_RECORDS)
		return TCHAT_ERR_TOO_LONG;
	if (!utf8_valid((const char *)post->body.data, post->body.length) ||
	    (post->kind == KIND_TOPIC && memchr(post->body.data, 0, post->body.length) != NULL))
		return TCHAT_ERR_BAD_TEXT;
	return 0;
}

/* --- Gathering */

bool host_round_is_full(const struct host *host)
{
	return host->gather->bytes >= host->limits.round || host->told >= host->limits.round;
}

/* The part of that room (NULL: of refused posts), made if need be; -1 when memory is out. */
static int64_t round_part(struct round *round, struct room *room)
{
	if (room != NULL && room->round == round->number)
		return room->part;
	if (room == NULL && round->refused != 0)
		return round->refused - 1;
	if (round->batch.part_count == round->part_capacity) {
		size_t capacity = round->part_capacity == 0 ? LIST_FIRST : 2 * round->part_capacity;
		struct store_part *parts = realloc(round->batch.parts, capacity * sizeof *parts);
		if (parts == NULL)
			return -1;
		round->batch.parts = parts;
		struct round_part *own = realloc(round->parts, capacity * sizeof *own);
		if (own == NULL)
			return -1;
		round->parts = own;
		round->part_capacity = capacity;
	}
	uint32_t index = (uint32_t)round->batch.part_count++;
	round->batch.parts[index] = (struct store_part){ .room = room == NULL ? 0 : room->id };
	round->parts[index] = (struct round_part){ room, UINT32_MAX, UINT32_MAX };
	if (room == NULL) {
		round->refused = index + 1;
	} else {
		room->round = round->number;
		room->part = index;
		room->busy++;
	}
	return index;
}

static bool round_post_place(struct round *round)
{
	if (round->batch.post_count < round->post_capacity)
		return true;
	size_t capacity = round->post_capacity == 0 ? LIST_FIRST : 2 * round->post_capacity;
	struct store_post *posts = realloc(round->batch.posts, capacity * sizeof *posts);
	if (posts == NULL)
		return false;
	round->batch.posts = posts;
	struct round_post *own = realloc(round->posts, capacity * sizeof *own);
	if (own == NULL)
		return false;
	round->posts = own;
	round->post_capacity = capacity;
	return true;
}

static uint8_t *block_place(struct block **at, size_t length)
{
	struct block *block = *at;
	if (block == NULL) {
		block = block_new(length < BLOCK_FIRST ? BLOCK_FIRST : length);
	} else if (block->capacity - block->length < length) {
		size_t capacity = 2 * (size_t)block->capacity;
		block = block_resize(block, capacity < block->length + length ? block->length + length : capacity);
	}
	if (block == NULL)
		return NULL;
	*at = block;
	uint8_t *place = block->bytes + block->length;
	block->length += (uint32_t)length;
	return place;
}

/* The record: the POST as a MSG, with seq and time blank and the sender's nick as its first TLV. */
static void record_write(uint8_t *to, size_t length, const struct host_peer *peer, const struct post *post,
                         size_t nick_length)
{
	frame_header(to, WIRE_MSG, length - FRAME_HEADER);
	to += FRAME_HEADER;
	memcpy(to, post->body.data - MSG_BODY, MSG_BODY + post->body.length);
	wire_set(to + MSG_SENDER, 4, peer->user->id);
	wire_set(to + MSG_KIND + 2, 2, 0);
	to += MSG_BODY + post->body.length;
	wire_set(to, 2, TAG_NICK);
	wire_set(to + 2, 2, nick_length);
	memcpy(to + TLV_HEADER, peer->user->nick.shown, nick_length);
	if (post->tlvs.length > 0)
		memcpy(to + TLV_HEADER + nick_length, post->tlvs.data, post->tlvs.length);
}

/* room and role: of the sender's membership; NULL for what is refused. */
static int round_add(struct host_peer *peer, const struct post *post, struct room *room, uint8_t role, int refusal,
                     size_t nick_length)
{
	struct round *round = peer->host->gather;
	int64_t part = round_post_place(round) ? round_part(round, refusal == 0 ? room : NULL) : -1;
	if (part < 0)
		return TCHAT_ERR_MEMORY;
	struct store_part *to = &round->batch.parts[part];
	uint32_t index = (uint32_t)round->batch.post_count;
	struct store_post *out = &round->batch.posts[index];
	*out = (struct store_post){
		.device = post->id.device,
		.counter = post->id.counter,
		.hash = store_hash(post->kind, post->flags, post->body.data, post->body.length, post->tlvs.data,
		                   post->tlvs.length),
		.part = (uint32_t)part,
		.refusal = (uint16_t)-refusal,
		.asks = post->kind == KIND_VOID,
	};
	if (refusal == 0 && post_changes(post)) {
		out->target = post->target;
		out->blanks = post->kind == KIND_DELETE;
		bool anybody = post->kind == KIND_REACTION || (out->blanks && role >= ROLE_MODERATOR);
		out->author = anybody ? 0 : peer->user->id;
	}
	if (refusal == 0) {
		size_t length = record_length(post, nick_length);
		uint8_t *place = block_place(&to->block, length);
		if (place == NULL)
			return TCHAT_ERR_MEMORY;
		out->offset = (uint32_t)(place - to->block->bytes);
		out->length = (uint32_t)length;
		record_write(place, length, peer, post, nick_length);
	}
	round->posts[index] = (struct round_post){ peer, post->room, UINT32_MAX };
	struct round_part *list = &round->parts[part];
	if (list->first == UINT32_MAX)
		list->first = index;
	else
		round->posts[list->last].next = index;
	list->last = index;
	peer->references++;
	round->batch.post_count++;
	round->bytes += out->length + sizeof *out;
	return 0;
}

int host_post(struct host_peer *peer, const uint8_t *payload, size_t length)
{
	struct post post;
	int err = post_read(&post, payload, length);
	if (err != 0)
		return err;
	if (post.id.device != peer->device->id) {
		host_nack(peer, post.id, post.room, TCHAT_ERR_NOT_ALLOWED, true);
		return 0;
	}
	const struct membership *membership = host_member_find(peer->user, post.room);
	size_t nick_length = strlen(peer->user->nick.shown);
	int refusal = post_refusal(peer, &post, membership, nick_length);
	return refusal == 0 ? round_add(peer, &post, membership->room, membership->role, 0, nick_length) :
	                      round_add(peer, &post, NULL, ROLE_MEMBER, refusal, nick_length);
}

/* --- Handing over */

void host_round_submit(struct host *host)
{
	struct round *round = host->gather;
	if (host->flight != NULL || round->batch.post_count == 0)
		return;
	for (size_t i = 0; i < round->batch.part_count; i++) {
		struct block *block = round->batch.parts[i].block;
		if (block == NULL || block->capacity - block->length < BLOCK_SLACK)
			continue;
		block = block_resize(block, block->length);
		if (block != NULL)
			round->batch.parts[i].block = block;
	}
	round->batch.request.type = STORE_BATCH;
	round->batch.time = host->environment->wall(host->environment->arg);
	host->flight = round;
	host->gather = round == &host->rounds[0] ? &host->rounds[1] : &host->rounds[0];
	store_submit(host->store, &round->batch.request);
}

void host_round_clear(struct host *host, struct round *round)
{
	for (size_t i = 0; i < round->batch.post_count; i++)
		host_peer_reference_give(round->posts[i].peer);
	for (size_t i = 0; i < round->batch.part_count; i++) {
		block_give(round->batch.parts[i].block);
		struct room *room = round->parts[i].room;
		if (room == NULL)
			continue;
		room->busy--;
		host_room_unuse(host, room);
	}
	round->batch.post_count = round->batch.part_count = 0;
	round->bytes = 0;
	round->refused = 0;
	round->number += 2;
	if (round->post_capacity > LIST_KEEP || host->store == NULL) {
		free(round->batch.posts);
		free(round->posts);
		round->batch.posts = NULL;
		round->posts = NULL;
		round->post_capacity = 0;
	}
	if (round->part_capacity > LIST_KEEP || host->store == NULL) {
		free(round->batch.parts);
		free(round->parts);
		round->batch.parts = NULL;
		round->parts = NULL;
		round->part_capacity = 0;
	}
}
