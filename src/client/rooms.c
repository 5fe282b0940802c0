/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rooms of a session: their handles and names, joining, leaving, and what is known of them. */
#include "client/internal.h"

#include <stdlib.h>
#include <string.h>

enum { REJOIN_MS = 1000 };

struct room *room_by_handle(const struct session *session, uint32_t handle)
{
	for (int hops = 0; handle != 0 && hops < 2; hops++) {
		uint32_t alias = 0;
		for (size_t i = 0; i < session->room_count; i++) {
			struct room *room = session->rooms[i];
			if (room->handle == handle && room->alias == 0)
				return room;
			if (room->handle == handle)
				alias = room->alias;
		}
		handle = alias;
	}
	return NULL;
}

static bool room_has_id(const struct session *session, const struct room *room, uint64_t id)
{
	return room->id == id && room->id_life == session->life && room->id_life != 0;
}

struct room *room_by_id(struct session *session, uint64_t id)
{
	struct room *gone = NULL;
	if (session->last_found != NULL && room_has_id(session, session->last_found, id) &&
	    session->last_found->state != ROOM_GONE)
		return session->last_found;
	for (size_t i = 0; i < session->room_count; i++) {
		struct room *room = session->rooms[i];
		if (!room_has_id(session, room, id) || room->alias != 0)
			continue;
		if (room->state != ROOM_GONE)
			return session->last_found = room;
		gone = room;
	}
	return gone;
}

/* Sets name and the form in which names are compared. Names that only other hosts find good compare as they are. */
static int room_set_name(struct room *room, const char *name)
{
	struct buffer fold;
	buffer_init(&fold, TEXT_NAME_BYTES);
	int err = text_name_fold(&fold, name, strlen(name));
	size_t length = buffer_length(&fold);
	strcpy(room->name, name);
	strcpy(room->fold, name);
	if (err == 0) {
		memcpy(room->fold, buffer_data(&fold), length);
		room->fold[length] = '\0';
	}
	buffer_free(&fold);
	return err;
}

int room_rename(struct room *room, struct wire_bytes name)
{
	char copy[NAME_SIZE];
	if (!wire_copy(copy, sizeof copy, name) || copy[0] == '\0')
		return TCHAT_ERR_BAD_FRAME;
	if (strcmp(copy, room->name) != 0)
		room_set_name(room, copy);
	return 0;
}

/* A room that is gone can be taken again under its handle once nothing waits for it. */
static struct room *room_by_fold(const struct session *session, const char *fold, bool direct)
{
	struct room *gone = NULL;
	for (size_t i = 0; i < session->room_count; i++) {
		struct room *room = session->rooms[i];
		if (room->direct != direct || room->alias != 0 || strcmp(room->fold, fold) != 0)
			continue;
		if (room->state != ROOM_GONE)
			return room;
		if (room->pending == 0)
			gone = room;
	}
	return gone;
}

static void room_free(struct room *room)
{
	roster_clear(&room->roster);
	free(room);
}

void rooms_free(struct session *session)
{
	for (size_t i = 0; i < session->room_count; i++)
		room_free(session->rooms[i]);
	free(session->rooms);
}

/* Makes place in the full table: the first room that is gone for good. */
static bool rooms_evict(struct session *session)
{
	for (size_t i = 0; i < session->room_count; i++) {
		struct room *room = session->rooms[i];
		if (room->state != ROOM_GONE || room->pending > 0 ||
		    request_waits(session, REQUEST_CATCH_UP, room->handle))
			continue;
		if (session->last_found == room)
			session->last_found = NULL;
		room_free(room);
		session->room_count--;
		memmove(session->rooms + i, session->rooms + i + 1, (session->room_count - i) * sizeof *session->rooms);
		return true;
	}
	return false;
}

int room_take(struct session *session, const char *name, bool direct, struct room **taken)
{
	if (strlen(name) >= NAME_SIZE)
		return TCHAT_ERR_BAD_NAME;
	struct room *room = calloc(1, sizeof *room);
	if (room == NULL)
		return TCHAT_ERR_MEMORY;
	int err = room_set_name(room, name);
	struct room *known = room_by_fold(session, room->fold, direct);
	if (known != NULL || err != 0)
		goto out;
	err = TCHAT_ERR_TOO_MANY_ROOMS;
	if (session->room_count == SESSION_ROOMS_MAX && !rooms_evict(session))
		goto out;
	err = TCHAT_ERR_MEMORY;
	if (session->rooms == NULL)
		session->rooms = malloc(SESSION_ROOMS_MAX * sizeof *session->rooms);
	if (session->rooms == NULL)
		goto out;
	room->handle = ++session->last_handle;
	room->direct = direct;
	room->state = ROOM_GONE;
	session->rooms[session->room_count++] = *taken = room;
	return 0;
out:
	free(room);
	*taken = known;
	return known != NULL ? 0 : err;
}

/* Forgets what belongs to an earlier stay. */
static void room_reset(struct room *room)
{
	room->cursor = room->cursor_id = room->was_joined = room->rejoin = false;
	room->tail = room->tail_asked = false;
	room->replay_to = 0;
	room->topic[0] = '\0';
	if (room->pending == 0)
		room->id_life = 0;
	room->state = ROOM_WANTED;
}

bool room_wants_live(const struct session *session, const struct room *room)
{
	return !room->cursor && room->since == 0 && session->config.history == 0;
}

/* Whether a page that an earlier stay asked for is still to come: it may set the host sending live messages. */
static bool room_is_paged(const struct session *session, const struct room *room)
{
	for (size_t i = 0; i < session->room_count; i++) {
		const struct room *other = session->rooms[i];
		if (other->direct == room->direct && strcmp(other->fold, room->fold) == 0 &&
		    request_waits(session, REQUEST_CATCH_UP, other->handle))
			return true;
	}
	return false;
}

int room_join(struct session *session, struct room *room)
{
	room->state = ROOM_WANTED;
	room->waiting = 0; /* what an earlier stay waited for is not this one's answer */
	if (room->tail)
		stored_tail(session, room);
	if (session->link != LINK_READY || room->tail || room_is_paged(session, room))
		return 0;
	enum session_request kind = room->direct ? REQUEST_DIRECT : REQUEST_JOIN;
	struct request *request = request_add(session, kind, room->handle, true);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	struct message join = { .type = WIRE_JOIN,
		                .join = { .request = request->id,
		                          .kind = room->direct ? ROOM_DIRECT : room->closed ? ROOM_PRIVATE : ROOM_PUBLIC,
		                          .flags = room_wants_live(session, room) ? JOIN_LIVE : 0,
		                          .name = wire_text(room->name) } };
	int err = session_send(session, &join);
	if (err != 0) {
		request_undo(session);
		return err;
	}
	room->waiting = request->id;
	room->state = ROOM_JOINING;
	return 0;
}

int rooms_join_all(struct session *session)
{
	session->rejoin_at = 0;
	for (size_t i = 0; i < session->room_count; i++) {
		if (session->rooms[i]->state != ROOM_WANTED)
			continue;
		int err = room_join(session, session->rooms[i]);
		if (err != 0)
			return session_fail(session, err, 0);
	}
	return 0;
}

int room_want(struct session *session, struct room *room, uint64_t since)
{
	room_reset(room);
	room->since = since;
	stored_restore(session, room);
	int err = room_join(session, room);
	if (err != 0)
		room->state = ROOM_GONE;
	return err;
}

int room_gone(struct session *session, struct room *room, int code)
{
	bool rejoin = room->rejoin;
	room->state = ROOM_GONE;
	room->tail = room->tail_asked = false;
	if (code == 0)
		stored_parted(session, room);
	roster_clear(&room->roster);
	struct draft draft = draft_of(SESSION_ROOM_PARTED, room);
	draft.event.code = code;
	int err = session_tell(session, &draft);
	if (err != 0 || !rejoin)
		return err;
	err = room_want(session, room, 0);
	return err == 0 ? 0 : session_fail(session, err, 0);
}

int room_join_refused(struct session *session, const struct request *request, int code)
{
	struct room *room = room_by_handle(session, request->room);
	/* PART of a room that is none is what was wanted. */
	if (room != NULL && request->kind == REQUEST_PART)
		return room->state == ROOM_PARTING ? room_gone(session, room, 0) : 0;
	if (room == NULL || room->waiting != request->id || room->state == ROOM_GONE || room->state == ROOM_PARTING)
		return rooms_join_all(session);
	if (code == TCHAT_ERR_BUSY) { /* what stands in the way is the host's, and passes */
		room->state = ROOM_WANTED;
		session->rejoin_at = session->now + TCHAT_MS(REJOIN_MS);
		return 0;
	}
	int err = tell_error(session, request->kind, room, NULL, code);
	return err == 0 ? room_gone(session, room, code) : err;
}

void rooms_disconnected(struct session *session)
{
	for (size_t i = 0; i < session->room_count; i++) {
		struct room *room = session->rooms[i];
		room->roster.asked = false;
		if (room->state == ROOM_GONE)
			continue;
		if (room->state == ROOM_PARTING)
			room_gone(session, room, 0);
		else
			room->state = ROOM_WANTED;
	}
}

static const char *without_mark(const char *name, bool direct)
{
	return !direct && name[0] == '#' ? name + 1 : name;
}

static int room_ask(struct session *session, const char *name, bool direct, bool closed, uint64_t since)
{
	struct room *room;
	if (session->finished || session->leaving)
		return TCHAT_ERR_LEAVING;
	int err = room_take(session, without_mark(name, direct), direct, &room);
	if (err != 0)
		return err;
	room->asked = true;
	if (room->state == ROOM_PARTING)
		room->rejoin = true;
	if (room->state != ROOM_GONE)
		return (int)room->handle;
	room->closed = closed;
	err = room_want(session, room, since);
	return err == 0 ? (int)room->handle : err;
}

int session_join(struct session *session, const char *name)
{
	return room_ask(session, name, false, false, 0);
}

int session_join_since(struct session *session, const char *name, uint64_t seq)
{
	return room_ask(session, name, false, false, seq == 0 ? 1 : seq);
}

int session_join_private(struct session *session, const char *name)
{
	return room_ask(session, name, false, true, 0);
}

int session_open_direct(struct session *session, const char *nick)
{
	return room_ask(session, nick, true, false, 0);
}

int session_part(struct session *session, uint32_t handle)
{
	struct room *room = room_by_handle(session, handle);
	if (room == NULL || room->state == ROOM_GONE)
		return TCHAT_ERR_NOT_FOUND;
	room->rejoin = false;
	if (room->state == ROOM_PARTING)
		return 0;
	if (room->state == ROOM_WANTED) {
		room_gone(session, room, 0);
		return 0;
	}
	if (room->state == ROOM_JOINING) /* its id is not known yet */
		return TCHAT_ERR_AGAIN;
	struct request *request = request_add(session, REQUEST_PART, handle, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	int err = session_send(session, &(struct message){ .type = WIRE_PART,
	                                                   .part = { .request = request->id, .room = room->id } });
	if (err != 0) {
		request_undo(session);
		return err;
	}
	room->state = ROOM_PARTING;
	return 0;
}

static void room_show(const struct room *room, struct session_room *shown)
{
	*shown = (struct session_room){ .room = room->handle,
		                        .name = room->name,
		                        .topic = room->topic,
		                        .direct = room->direct,
		                        .closed = room->closed,
		                        .joined = room->state >= ROOM_RESUMING && room->state <= ROOM_LIVE,
		                        .head = room->seq,
		                        .read = room->read,
		                        .members = room->members,
		                        .roster = room->roster.complete };
}

bool session_room_at(const struct session *session, size_t index, struct session_room *shown)
{
	for (size_t i = 0; i < session->room_count; i++) {
		if (session->rooms[i]->state != ROOM_GONE && index-- == 0) {
			room_show(session->rooms[i], shown);
			return true;
		}
	}
	return false;
}

bool session_room(const struct session *session, uint32_t handle, struct session_room *shown)
{
	const struct room *room = room_by_handle(session, handle);
	if (room == NULL || room->state == ROOM_GONE)
		return false;
	room_show(room, shown);
	return true;
}

uint32_t session_room_find(const struct session *session, const char *name, bool direct)
{
	struct room key;
	name = without_mark(name, direct);
	if (strlen(name) >= NAME_SIZE)
		return 0;
	room_set_name(&key, name);
	const struct room *room = room_by_fold(session, key.fold, direct);
	return room == NULL || room->state == ROOM_GONE ? 0 : room->handle;
}

bool session_member_at(const struct session *session, uint32_t handle, size_t index, struct session_member *member)
{
	const struct room *room = room_by_handle(session, handle);
	if (room == NULL || index >= room->roster.count)
		return false;
	const struct roster_entry *entry = &room->roster.entries[index];
	*member = (struct session_member){ entry->user, entry->role, entry->away, entry->nick };
	return true;
}
