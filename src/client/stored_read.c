/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was read in earlier lives, from the store: shown at the start, and paged through and searched while the host is
 * away. */
#include "client/internal.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { NEEDLE_MAX = 16 * SESSION_SEARCH_MAX, FOLDED_MAX = 16 * WIRE_LIMIT };

/* Takes read, which is asked for then. */
static int read_begin(struct session *session, const struct room *room, struct stored_read *read)
{
	read->read.row = room->row->row;
	read->room = room->handle;
	read->restarts = room->restarts;
	read->next = session->reads;
	session->reads = read;
	session->store->operations->read(session->store, &read->read);
	return 0;
}

static void read_free(struct stored_read *read)
{
	buffer_free(&read->read.records);
	buffer_free(&read->read.changes);
	buffer_free(&read->needle);
	free(read);
}

const struct room *stored_room(const struct session *session, uint32_t handle)
{
	/* In a room on its way in, what the host has will be known soon. */
	return session->link == LINK_READY ? NULL : room_by_handle(session, handle);
}

void stored_tail(struct session *session, struct room *room)
{
	if (room->tail_asked)
		return;
	struct stored_read *read = calloc(1, sizeof *read);
	room->tail = room->tail_asked = read != NULL; /* without memory, without that */
	if (read == NULL)
		return;
	read->tail = true;
	read->read.before = room->seq + 1;
	read->read.limit = session->config.history < PAGE_LIMIT ? session->config.history : PAGE_LIMIT;
	read_begin(session, room, read);
}

int stored_history(struct session *session, const struct room *room, uint64_t before, uint32_t count, uint32_t asked)
{
	if (room->row == NULL)
		return TCHAT_ERR_AGAIN;
	struct stored_read *read = calloc(1, sizeof *read);
	if (read == NULL)
		return TCHAT_ERR_MEMORY;
	read->asked = asked;
	read->read.before = before;
	read->read.limit = count;
	return read_begin(session, room, read);
}

int stored_search(struct session *session, const struct room *room, const char *text, uint64_t before, uint32_t count,
                  uint32_t asked)
{
	if (room->row == NULL)
		return TCHAT_ERR_AGAIN;
	struct stored_read *read = calloc(1, sizeof *read);
	if (read == NULL)
		return TCHAT_ERR_MEMORY;
	buffer_init(&read->needle, NEEDLE_MAX);
	if (text_search_fold(&read->needle, text, strlen(text)) != 0) {
		read_free(read);
		return TCHAT_ERR_MEMORY;
	}
	read->asked = asked;
	read->wanted = count;
	read->read.before = before;
	read->read.limit = PAGE_LIMIT;
	return read_begin(session, room, read);
}

static int read_tell_one(struct session *session, const struct room *room, const struct stored_read *read,
                         enum session_event_type type, const struct wire_msg *msg)
{
	struct draft draft = draft_of_message(session, room, type, msg);
	draft.event.replay = true;
	draft.event.asked = read->asked;
	draft.event.own = draft.event.own || (msg->id.device == session->device && session->device != 0);
	draft.event.counter = own_counter(session, &msg->id);
	return session_tell(session, &draft);
}

/* Without memory to tell the rest of the tail, the host tells it. */
static void read_tail_ends(struct room *room, const struct wire_msg *last)
{
	room->seq = last->seq;
	room->id_at = last->id;
	room->cursor_id = true;
}

/* Tells all; returns the lowest seq. */
static uint64_t read_tell(struct session *session, struct room *room, const struct stored_read *read)
{
	struct wire_bytes records = { buffer_data(&read->read.records), buffer_length(&read->read.records) };
	struct wire_bytes changes = { buffer_data(&read->read.changes), buffer_length(&read->read.changes) };
	struct message record;
	struct wire_msg last = { 0 };
	uint64_t first = 0;
	for (; page_next(&records, &record) > 0; last = record.msg) {
		if (read_tell_one(session, room, read, read->tail ? SESSION_MESSAGE : SESSION_PAST, &record.msg) != 0) {
			if (read->tail && last.seq != 0)
				read_tail_ends(room, &last);
			return first;
		}
		first = first == 0 ? record.msg.seq : first;
	}
	/* A tail is the end of what was read: nothing came behind it. */
	while (!read->tail && page_next(&changes, &record) > 0)
		if (read_tell_one(session, room, read, SESSION_CHANGE, &record.msg) != 0)
			break;
	return first;
}

static bool holds(const struct buffer *in, const struct buffer *what)
{
	const uint8_t *at = buffer_data(in), *needle = buffer_data(what);
	size_t left = buffer_length(in), length = buffer_length(what);
	while (left >= length) {
		const uint8_t *found = memchr(at, needle[0], left - length + 1);
		if (found == NULL)
			return false;
		if (memcmp(found, needle, length) == 0)
			return true;
		left -= (size_t)(found + 1 - at);
		at = found + 1;
	}
	return false;
}

static bool matches(const struct stored_read *read, const struct wire_msg *msg)
{
	struct buffer folded;
	if (msg->kind == KIND_REACTION || (msg->flags & MSG_BLANK) != 0)
		return false;
	buffer_init(&folded, FOLDED_MAX);
	bool found = text_search_fold(&folded, (const char *)msg->body.data, msg->body.length) == 0 &&
	             holds(&folded, &read->needle);
	buffer_free(&folded);
	return found;
}

/* Newest first, though they lie the other way round. Returns the lowest seq that was looked at. */
static uint64_t read_search(struct session *session, const struct room *room, const struct stored_read *read,
                            bool *more)
{
	struct wire_bytes records = { buffer_data(&read->read.records), buffer_length(&read->read.records) };
	struct wire_bytes starts[PAGE_LIMIT];
	struct message record;
	size_t count = 0;
	uint64_t lowest = 0;
	*more = read->read.more;
	for (struct wire_bytes at = records; count < PAGE_LIMIT && page_next(&records, &record) > 0; at = records)
		starts[count++] = at;
	for (uint32_t found = 0; count > 0; count--) {
		if (found == read->wanted) {
			*more = true;
			break;
		}
		if (page_next(&starts[count - 1], &record) <= 0)
			break;
		lowest = record.msg.seq;
		if (!matches(read, &record.msg))
			continue;
		found++;
		if (read_tell_one(session, room, read, SESSION_FOUND, &record.msg) != 0)
			break;
	}
	return lowest;
}

static void read_done(struct session *session, const struct stored_read *read)
{
	struct room *room = room_by_handle(session, read->room);
	if (room == NULL || (read->tail && !room->tail))
		return;
	bool searches = read->wanted > 0, more = read->read.more;
	uint64_t first = 0;
	if (read->read.error == 0 && read->restarts == room->restarts) /* else of a history that is no more */
		first = searches ? read_search(session, room, read, &more) : read_tell(session, room, read);
	if (read->tail) {
		room->tail = room->tail_asked = false;
		if (room->state == ROOM_WANTED && room_join(session, room) != 0)
			session_fail(session, TCHAT_ERR_FULL, 0);
		return;
	}
	struct draft end = draft_of(searches ? SESSION_FOUND_END : SESSION_PAST_END, room);
	end.event.seq = first;
	end.event.more = more;
	end.event.asked = read->asked;
	session_tell(session, &end);
}

void stored_reads_done(struct session *session)
{
	struct client_read *done;
	while ((done = session->store->operations->completed(session->store)) != NULL) {
		struct stored_read *read = (struct stored_read *)done, **at = &session->reads;
		while (*at != read)
			at = &(*at)->next;
		*at = read->next;
		read_done(session, read);
		read_free(read);
	}
}

void stored_free(struct session *session)
{
	/* The store still has them: it was freed before, or the session's owner frees it now. */
	for (struct stored_read *read = session->reads, *next; read != NULL; read = next) {
		next = read->next;
		read_free(read);
	}
}
