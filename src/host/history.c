/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of a room's past, up to where live sending takes over, and whether a client's past is the room's. */
#include "host/internal.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <string.h>

enum { ATTACH_TRIES = 8 };

static struct pending *read_new(struct host_peer *peer, uint64_t id, uint8_t type, uint32_t request)
{
	struct membership *membership = host_member_find(peer->user, id);
	if (membership == NULL || membership->closed) {
		int err = host_room_by_id(peer->host, id) == NULL ? TCHAT_ERR_NO_ROOM : TCHAT_ERR_NOT_MEMBER;
		host_answer_error(peer, request, err, type);
		return NULL;
	}
	struct pending *pending = host_pending_new(peer->host, peer, STORE_READ, type, request);
	if (pending == NULL)
		return NULL;
	pending->target = membership->room;
	pending->target->busy++;
	pending->store.read.room = id;
	pending->store.read.max_bytes = WIRE_LIMIT - PAGE_FIXED;
	return pending;
}

void host_history(struct host_peer *peer, const struct wire_history *history)
{
	struct pending *pending = read_new(peer, history->room, WIRE_HISTORY, history->request);
	if (pending == NULL)
		return;
	pending->flags = history->flags;
	pending->store.read.from = history->from;
	pending->store.read.limit = history->limit > PAGE_LIMIT ? PAGE_LIMIT : history->limit;
	pending->store.read.forward = (history->flags & HISTORY_FORWARD) != 0;
	host_pending_send(peer->host, pending);
}

void host_resume(struct host_peer *peer, const struct wire_resume *resume)
{
	struct pending *pending = read_new(peer, resume->room, WIRE_RESUME, resume->request);
	if (pending == NULL)
		return;
	pending->id = resume->id;
	pending->epoch = resume->epoch;
	pending->seq = resume->seq;
	pending->store.read.from = resume->seq;
	pending->store.read.limit = 1;
	pending->store.read.forward = true;
	host_pending_send(peer->host, pending);
}

static uint8_t resume_status(const struct pending *pending, const struct room *room)
{
	const struct store_read *read = &pending->store.read;
	if (pending->epoch != room->epoch || pending->seq > room->head)
		return RESUME_OTHER_EPOCH;
	if (pending->seq > 0 && read->first == pending->seq) {
		const uint8_t *payload = read->records->bytes + FRAME_HEADER;
		if (wire_get(payload + MSG_DEVICE, 8) != pending->id.device ||
		    wire_get(payload + MSG_COUNTER, 8) != pending->id.counter)
			return RESUME_OTHER_EPOCH;
	}
	return read->floor > pending->seq + 1 ? RESUME_GAP : RESUME_OK;
}

static void resume_answer(const struct pending *pending)
{
	const struct room *room = pending->target;
	struct message message = { .type = WIRE_RESUMED };
	message.resumed.request = pending->number;
	message.resumed.room = room->id;
	message.resumed.epoch = room->epoch;
	message.resumed.first = room->floor;
	message.resumed.last = room->head;
	message.resumed.status = resume_status(pending, room);
	host_queue_message(pending->peer, &message);
}

/* The store may be ahead of what was fanned out: cuts off what comes as live messages anyway. Returns the bytes. */
static uint32_t page_cut(struct store_read *read, uint64_t head)
{
	if (read->records == NULL)
		return 0;
	uint32_t at = 0;
	struct frame frame;
	uint64_t seq = read->first;
	for (; seq <= read->last && seq <= head; seq++) {
		int size = frame_peek(&frame, read->records->bytes + at, read->records->length - at, FRAME_MAXIMUM);
		if (size <= 0)
			break;
		at += (uint32_t)size;
	}
	read->last = seq - 1;
	if (at == 0)
		read->first = read->last = 0;
	return at;
}

static uint64_t page_next(const struct store_read *read, uint64_t head)
{
	if (read->first == 0) {
		uint64_t next = read->from == 0 || read->from > head ? head + 1 : read->from;
		return read->forward && next < read->floor ? read->floor : next;
	}
	return read->forward ? read->last + 1 : read->first;
}

/* PAGE's header and fixed part in the peer's own block, the records as a span of the store's. */
static void page_put(struct host_peer *peer, const struct pending *pending, uint32_t bytes, uint8_t flags)
{
	const struct store_read *read = &pending->store.read;
	uint8_t *to = host_queue_own(peer, FRAME_HEADER + PAGE_FIXED);
	if (to == NULL)
		return;
	memset(to, 0, FRAME_HEADER + PAGE_FIXED);
	frame_header(to, WIRE_PAGE, PAGE_FIXED + bytes);
	to += FRAME_HEADER;
	wire_set(to, 4, pending->number);
	wire_set(to + 4, 8, pending->target->id);
	to[12] = flags;
	wire_set(to + 16, 8, read->floor);
	wire_set(to + 24, 8, page_next(read, pending->target->head));
	wire_set(to + 32, 4, bytes);
	if (bytes == 0)
		return;
	if (!host_queue_span(peer, read->records, 0, bytes))
		host_peer_close(peer, TCHAT_ERR_MEMORY, HOST_DROP);
}

/* Answers, and attaches where the page reaches the head. True: the read came too early and is to be repeated. */
static bool page_answer(struct pending *pending)
{
	struct store_read *read = &pending->store.read;
	struct room *room = pending->target;
	struct host_peer *peer = pending->peer;
	bool attach = (pending->flags & HISTORY_ATTACH) != 0;
	bool newest = read->forward || read->from == 0 || read->from > room->head;
	if (attach && newest && read->head < room->head && ++pending->tries < ATTACH_TRIES)
		return true;
	uint32_t bytes = page_cut(read, room->head);
	bool more = read->more;
	bool reaches = newest && read->head >= room->head;
	if (read->forward) {
		more = read->first == 0 ? read->from <= room->head && read->floor <= room->head : read->last < room->head;
		reaches = !more;
	} else if (newest && read->head < room->head) {
		more = true;
	}
	uint8_t flags = more ? PAGE_MORE : 0;
	if (attach && reaches) {
		struct seat *seat = host_seat_get(peer, room);
		if (seat == NULL)
			return false;
		flags |= PAGE_LIVE;
		host_seat_live(seat, true);
	}
	page_put(peer, pending, bytes, flags);
	return false;
}

bool host_read_completed(struct host *host, struct pending *pending)
{
	struct store_read *read = &pending->store.read;
	struct host_peer *peer = pending->peer;
	struct block *records = read->records;
	if (records != NULL)
		host_block_publish(host, records);
	bool again = false;
	const struct membership *membership = NULL;
	if (peer->closing != HOST_OPEN)
		goto out;
	membership = host_member_find(peer->user, pending->target->id);
	if (membership == NULL || membership->closed) {
		host_answer_error(peer, pending->number, TCHAT_ERR_NOT_MEMBER, pending->type);
	} else if (read->request.error != 0) {
		host_answer_error(peer, pending->number, TCHAT_ERR_BUSY, pending->type);
	} else {
		if (read->floor > pending->target->floor)
			pending->target->floor = read->floor;
		if (pending->type == WIRE_RESUME)
			resume_answer(pending);
		else
			again = page_answer(pending);
	}
out:
	read->records = NULL;
	host_block_give(host, records);
	return again;
}
