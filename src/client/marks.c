/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Read marks: up to where the user has read each room, here or on another device. */
#include "client/internal.h"

enum { MARKS_MS = 1000 };

static void mark_keep(struct session *session, const struct room *room)
{
	if (room->row == NULL)
		return;
	room->row->read = room->read;
	session->store->operations->keep(session->store, room->row);
}

/* Those of some moments go together: who scrolls, or watches a busy room, reads on and on. */
static void marks_later(struct session *session)
{
	if (session->marks_at == 0)
		session->marks_at = session->now + TCHAT_MS(MARKS_MS);
}

void session_read(struct session *session, uint32_t handle, uint64_t seq)
{
	struct room *room = room_by_handle(session, handle);
	if (room == NULL || seq <= room->read || seq > room->seq)
		return;
	room->read = seq;
	if (session->marks_at == 0)
		mark_keep(session, room);
	if (session->link == LINK_READY && room->state == ROOM_LIVE)
		marks_later(session);
}

void marks_live(struct session *session, const struct room *room)
{
	if (room->read > room->read_told)
		marks_later(session);
}

void marks_send(struct session *session)
{
	session->marks_at = 0;
	for (size_t i = 0; i < session->room_count; i++) {
		struct room *room = session->rooms[i];
		if (room->read > room->read_told)
			mark_keep(session, room);
		if (session->link != LINK_READY || room->state != ROOM_LIVE || room->read <= room->read_told)
			continue;
		struct message mark = { .type = WIRE_MARK, .mark = { .room = room->id, .seq = room->read } };
		if (session_send(session, &mark) != 0) {
			marks_later(session);
			return;
		}
		room->read_told = room->read;
	}
}

int marks_told(struct session *session, const struct wire_mark *mark)
{
	struct room *room = room_by_id(session, mark->room);
	if (room == NULL || room->state == ROOM_GONE || mark->seq <= room->read_told)
		return 0;
	room->read_told = mark->seq;
	if (mark->seq <= room->read)
		return 0;
	room->read = mark->seq;
	mark_keep(session, room);
	struct draft draft = draft_of(SESSION_READ, room);
	draft.event.seq = mark->seq;
	return session_tell(session, &draft);
}

void marks_afresh(struct room *room)
{
	room->read = room->read_told = 0;
	if (room->row != NULL)
		room->row->read = 0;
}
