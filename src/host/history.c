/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of a room's past, up to where live sending takes over, and whether a client's past is the room's. */
#include "host/internal.h"

#include "base/errors.h"
#include "base/utf8.h"
#include "wire/frame.h"

#include <string.h>

enum { ATTACH_TRIES = 8, TAG_CHANGES = 3, TLV_HEADER = 4 };

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
	pending->store.read.max_bytes = PAGE_RECORDS;
	if (type != WIRE_RESUME) /* which looks at one id, and hands nothing out */
		pending->store.read.least = host_bookmark_least(peer->host, peer->user, membership->room);
	return pending;
}

/* The lowest seq that there is for this client. */
static uint64_t read_floor(const struct store_read *read)
{
	return read->least > read->floor ? read->least : read->floor;
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
	pending->store.read.changes_bytes = PAGE_CHANGES;
	host_pending_send(peer->host, pending);
}

/* The text folded, as it is compared: its length, TCHAT_ERR_TOO_LONG, _BAD_TEXT or _MEMORY. */
static int search_fold(char folded[STORE_TEXT_SIZE], struct wire_bytes text)
{
	struct buffer buffer;
	if (text.length == 0 || !utf8_valid((const char *)text.data, text.length))
		return TCHAT_ERR_BAD_TEXT;
	buffer_init(&buffer, STORE_TEXT_SIZE);
	int err = text_search_fold(&buffer, (const char *)text.data, text.length);
	int length = (int)buffer_length(&buffer);
	if (err == 0)
		memcpy(folded, buffer_data(&buffer), (size_t)length);
	buffer_free(&buffer);
	return err == 0 ? length : err == TCHAT_ERR_FULL ? TCHAT_ERR_TOO_LONG : err;
}

void host_search(struct host_peer *peer, const struct wire_search *search)
{
	char folded[STORE_TEXT_SIZE];
	int length = search_fold(folded, search->text);
	if (length < 0) {
		host_answer_error(peer, search->request, length, WIRE_SEARCH);
		return;
	}
	struct pending *pending = read_new(peer, search->room, WIRE_SEARCH, search->request);
	if (pending == NULL)
		return;
	struct store_read *read = &pending->store.read;
	memcpy(read->text, folded, (size_t)length);
	read->text_length = (uint16_t)length;
	uint64_t end = pending->target->head + 1; /* what lies behind comes live */
	read->from = search->from == 0 || search->from > end ? end : search->from;
	read->limit = search->limit > PAGE_LIMIT ? PAGE_LIMIT : search->limit;
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

static uint8_t resume_status(const struct pending *pending, const struct room *room, uint64_t first)
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
	return first > pending->seq + 1 ? RESUME_GAP : RESUME_OK;
}

/* A history that was rolled back unnoticed, or somebody who lies: no more than a line in the log follows from it. */
static void resume_is_ahead(const struct pending *pending)
{
	struct room *room = pending->target;
	if (pending->epoch != room->epoch || room->behind_told || room->kind == ROOM_DIRECT)
		return;
	room->behind_told = true;
	host_event(pending->peer->host, HOST_EVENT_BEHIND, pending->peer->user, room, NULL, 0);
}

static void resume_answer(const struct pending *pending)
{
	const struct room *room = pending->target;
	struct message message = { .type = WIRE_RESUMED };
	message.resumed.request = pending->number;
	message.resumed.room = room->id;
	message.resumed.epoch = room->epoch;
	message.resumed.first = host_bookmark_least(pending->peer->host, pending->peer->user, room);
	if (message.resumed.first < room->floor)
		message.resumed.first = room->floor;
	message.resumed.last = room->head;
	message.resumed.status = resume_status(pending, room, message.resumed.first);
	if (message.resumed.status == RESUME_OTHER_EPOCH)
		resume_is_ahead(pending);
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
		return read->forward && next < read_floor(read) ? read_floor(read) : next;
	}
	return read->forward ? read->last + 1 : read->first;
}

/* Of the changes, newest first, skips those that come as live messages anyway; where the others begin. */
static uint32_t changes_cut(const struct store_read *read, uint64_t head)
{
	uint32_t at = 0;
	struct frame frame;
	while (read->changes != NULL && at < read->changes->length) {
		const uint8_t *record = read->changes->bytes + at;
		int size = frame_peek(&frame, record, read->changes->length - at, FRAME_MAXIMUM);
		if (size <= 0 || wire_get(record + FRAME_HEADER + MSG_SEQ, 8) <= head)
			break;
		at += (uint32_t)size;
	}
	return at;
}

static void changes_put(struct host_peer *peer, const struct store_read *read, uint32_t from)
{
	uint32_t bytes = read->changes->length - from;
	uint8_t *to = host_queue_own(peer, TLV_HEADER + bytes);
	if (to == NULL)
		return;
	wire_set(to, 2, TAG_CHANGES);
	wire_set(to + 2, 2, bytes);
	memcpy(to + TLV_HEADER, read->changes->bytes + from, bytes);
}

/* PAGE's header and fixed part in the peer's own block, the records as a span of the store's, the changes copied. */
static void page_put(struct host_peer *peer, const struct pending *pending, uint64_t next, uint32_t bytes,
                     uint8_t flags)
{
	const struct store_read *read = &pending->store.read;
	uint32_t from = changes_cut(read, pending->target->head);
	bool changes = bytes > 0 && read->changes != NULL && from < read->changes->length;
	uint32_t tail = changes ? TLV_HEADER + read->changes->length - from : 0;
	uint8_t *to = host_queue_own(peer, FRAME_HEADER + PAGE_FIXED);
	if (to == NULL)
		return;
	memset(to, 0, FRAME_HEADER + PAGE_FIXED);
	frame_header(to, WIRE_PAGE, PAGE_FIXED + bytes + tail);
	to += FRAME_HEADER;
	wire_set(to, 4, pending->number);
	wire_set(to + 4, 8, pending->target->id);
	to[12] = flags;
	wire_set(to + 16, 8, read_floor(read));
	wire_set(to + 24, 8, next);
	wire_set(to + 32, 4, bytes);
	if (bytes == 0)
		return;
	if (!host_queue_span(peer, read->records, 0, bytes))
		host_peer_close(peer, TCHAT_ERR_MEMORY, HOST_DROP);
	if (changes)
		changes_put(peer, read, from);
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
		more = read->first == 0 ? read->from <= room->head && read_floor(read) <= room->head : read->last < room->head;
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
	page_put(peer, pending, page_next(read, room->head), bytes, flags);
	return false;
}

static void search_answer(const struct pending *pending)
{
	const struct store_read *read = &pending->store.read;
	uint32_t bytes = read->records == NULL ? 0 : read->records->length;
	uint64_t next = read->first == 0 ? read->from : read->first;
	page_put(pending->peer, pending, next, bytes, read->more ? PAGE_MORE : 0);
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
		/* The store may be ahead: what is not yet sent is not yet gone. */
		if (read->floor > pending->target->head + 1)
			read->floor = pending->target->head + 1;
		if (read->floor > pending->target->floor)
			pending->target->floor = read->floor;
		if (pending->type == WIRE_RESUME)
			resume_answer(pending);
		else if (pending->type == WIRE_SEARCH)
			search_answer(pending);
		else
			again = page_answer(pending);
	}
out:
	block_give(read->changes);
	read->records = read->changes = NULL;
	host_block_give(host, records);
	return again;
}
