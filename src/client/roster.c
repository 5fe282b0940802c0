/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is in a room: pages of NAMES, then what MEMBER and PRESENCE change. Rooms of more than 256 have no roster. */
#include "client/internal.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 65536 }; /* lines of one answer to session_names() */

void roster_clear(struct roster *roster)
{
	free(roster->entries);
	*roster = (struct roster){ .asked = roster->asked };
}

/* Where user is, or would be. */
static size_t roster_place(const struct roster *roster, uint32_t user)
{
	size_t low = 0, high = roster->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (roster->entries[middle].user < user)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct roster_entry *roster_find(const struct roster *roster, uint32_t user)
{
	size_t at = roster_place(roster, user);
	return at < roster->count && roster->entries[at].user == user ? &roster->entries[at] : NULL;
}

/* Adds or updates. 0, TCHAT_ERR_FULL or TCHAT_ERR_MEMORY. */
static int roster_put(struct roster *roster, const struct roster_entry *entry)
{
	size_t at = roster_place(roster, entry->user);
	if (at == roster->count || roster->entries[at].user != entry->user) {
		if (roster->count == SESSION_ROSTER_MAX)
			return TCHAT_ERR_FULL;
		if (roster->count == roster->allocated) {
			size_t allocated = roster->allocated == 0 ? 8 : roster->allocated * 2;
			struct roster_entry *entries = realloc(roster->entries, allocated * sizeof *entries);
			if (entries == NULL)
				return TCHAT_ERR_MEMORY;
			roster->entries = entries;
			roster->allocated = allocated;
		}
		memmove(roster->entries + at + 1, roster->entries + at, (roster->count - at) * sizeof *entry);
		roster->count++;
	}
	roster->entries[at] = *entry;
	return 0;
}

static void roster_drop(struct roster *roster, struct roster_entry *entry)
{
	size_t at = (size_t)(entry - roster->entries);
	roster->count--;
	memmove(entry, entry + 1, (roster->count - at) * sizeof *entry);
}

static int names_send(struct session *session, const struct request *request, uint64_t room)
{
	struct message message = { .type = WIRE_NAMES,
		                   .names = { .request = request->id,
		                              .room = room,
		                              .after = request->after,
		                              .limit = PAGE_LIMIT } };
	return session_must_send(session, &message);
}

int roster_ask(struct session *session, struct room *room, uint32_t after)
{
	if (room->roster.asked && after == 0)
		return 0;
	struct request *request = request_add(session, REQUEST_ROSTER, room->handle, true);
	if (request == NULL)
		return session_fail(session, TCHAT_ERR_FULL, 0);
	request->after = after;
	room->roster.asked = true;
	return names_send(session, request, room->id);
}

static bool entry_of(const struct wire_member *member, struct roster_entry *entry)
{
	entry->user = member->user;
	entry->role = member->role;
	entry->away = member->away != 0;
	return wire_copy(entry->nick, sizeof entry->nick, member->nick) && entry->nick[0] != '\0' && member->user != 0;
}

static int tell_roster(struct session *session, struct room *room)
{
	struct draft draft = draft_of(SESSION_ROSTER, room);
	draft.event.count = room->members;
	return session_tell(session, &draft);
}

static int tell_name(struct session *session, const struct room *room, const struct roster_entry *entry)
{
	struct draft draft = draft_of(SESSION_NAME, room);
	draft.event.user = entry->user;
	draft.event.role = entry->role;
	draft.event.away = entry->away;
	draft.nick = wire_text(entry->nick);
	return session_tell(session, &draft);
}

/* One page's records into the roster or, for session_names(), into events. request->after moves on. */
static int users_page(struct session *session, struct room *room, struct request *request, struct wire_bytes records)
{
	while (records.length > 0) {
		struct frame frame;
		struct message message;
		struct roster_entry entry;
		int size = frame_peek(&frame, records.data, records.length, FRAME_MAXIMUM);
		if (size <= 0 || frame.type != WIRE_MEMBER ||
		    message_decode(&message, frame.type, frame.payload, frame.length) != 0 ||
		    message.member.change != MEMBER_PRESENT || !entry_of(&message.member, &entry) ||
		    entry.user <= request->after)
			return TCHAT_ERR_BAD_FRAME;
		request->after = entry.user;
		request->users++;
		records.data += size;
		records.length -= (size_t)size;
		int err = request->kind == REQUEST_NAMES ? tell_name(session, room, &entry)
		                                         : roster_put(&room->roster, &entry);
		if (err != 0 && err != TCHAT_ERR_FULL)
			return err;
	}
	return 0;
}

static int users_names(struct session *session, struct room *room, const struct request *request,
                       const struct wire_users *users, bool more)
{
	if (more && request->users < NAMES_MAX) {
		struct request *next = request_add(session, REQUEST_NAMES, room->handle, false);
		if (next == NULL)
			return session_fail(session, TCHAT_ERR_FULL, 0);
		next->after = request->after;
		next->users = request->users;
		return names_send(session, next, room->id);
	}
	struct draft draft = draft_of(SESSION_NAMES_END, room);
	draft.event.count = users->total;
	return session_tell(session, &draft);
}

/* The other one may have a new nick since the room was joined, told when nothing knew whom it concerns. */
static void name_direct(const struct session *session, struct room *room)
{
	for (size_t i = 0; room->direct && i < room->roster.count; i++)
		if (room->roster.entries[i].user != session->user)
			room_rename(room, wire_text(room->roster.entries[i].nick));
}

int roster_users(struct session *session, const struct wire_users *users)
{
	struct request request;
	if (!request_take(session, users->request, &request) ||
	    (request.kind != REQUEST_ROSTER && request.kind != REQUEST_NAMES))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_USERS);
	struct room *room = room_by_handle(session, request.room);
	if (room == NULL || room->state == ROOM_GONE || room->state == ROOM_PARTING)
		return 0;
	uint32_t after = request.after;
	bool more = (users->flags & PAGE_MORE) != 0;
	if (users->room != room->id || (more && users->records.length == 0))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_USERS);
	if (request.kind == REQUEST_ROSTER) {
		room->roster.asked = false;
		if (after == 0)
			roster_clear(&room->roster);
	}
	int err = users_page(session, room, &request, users->records);
	if (err != 0)
		return session_fail(session, err, WIRE_USERS);
	room->members = users->total;
	if (request.kind == REQUEST_NAMES)
		return users_names(session, room, &request, users, more);
	if (users->total > SESSION_ROSTER_MAX) {
		roster_clear(&room->roster);
		return tell_roster(session, room);
	}
	if (more)
		return roster_ask(session, room, request.after);
	room->roster.complete = true;
	name_direct(session, room);
	return tell_roster(session, room);
}

/* The nick under which any roster knows the user, or "". */
static const char *nick_of(const struct session *session, uint32_t user)
{
	for (size_t i = 0; i < session->room_count; i++) {
		const struct roster_entry *entry = roster_find(&session->rooms[i]->roster, user);
		if (entry != NULL)
			return entry->nick;
	}
	return "";
}

static int member_renamed(struct session *session, const struct wire_member *member, const struct roster_entry *entry)
{
	char old[NAME_SIZE];
	bool own = member->user == session->user;
	strcpy(old, own ? session->nick : nick_of(session, member->user));
	for (size_t i = 0; i < session->room_count; i++) {
		struct room *room = session->rooms[i];
		struct roster_entry *known = roster_find(&room->roster, member->user);
		if (known == NULL)
			continue;
		strcpy(known->nick, entry->nick);
		if (room->direct && !own)
			room_rename(room, member->nick);
	}
	if (own) {
		strcpy(session->nick, entry->nick);
		strcpy(session->wish, entry->nick);
	}
	struct draft draft = { .event = { .type = SESSION_RENAMED, .user = member->user, .own = own },
		               .nick = member->nick,
		               .other = wire_text(old) };
	return session_tell(session, &draft);
}

/* The roster is not to be had from changes alone: asked for when the room is small (again). */
static int roster_wanted(struct session *session, struct room *room)
{
	if (room->roster.complete || room->state != ROOM_LIVE || room->members > SESSION_ROSTER_MAX)
		return 0;
	return roster_ask(session, room, 0);
}

static struct draft draft_of_member(enum session_event_type type, const struct room *room,
                                    const struct wire_member *member)
{
	struct draft draft = draft_of(type, room);
	draft.event.user = member->user;
	draft.event.role = member->role;
	draft.nick = wire_cut(member->nick, TEXT_NAME_BYTES);
	draft.other = wire_cut(member->by, TEXT_NAME_BYTES);
	draft.text = wire_cut(member->reason, REASON_MAX);
	return draft;
}

static int member_joined(struct session *session, struct room *room, const struct wire_member *member,
                         const struct roster_entry *entry)
{
	if (member->user == session->user)
		return 0;
	bool known = roster_find(&room->roster, member->user) != NULL;
	int err = roster_put(&room->roster, entry);
	if (err == TCHAT_ERR_FULL)
		roster_clear(&room->roster);
	else if (err != 0)
		return session_fail(session, err, 0);
	room->members += known ? 0 : 1;
	struct draft draft = draft_of_member(SESSION_JOINED, room, member);
	err = session_tell(session, &draft);
	return err == 0 ? roster_wanted(session, room) : err;
}

static int member_left(struct session *session, struct room *room, const struct wire_member *member)
{
	bool banned = member->change == MEMBER_BANNED, kicked = banned || member->change == MEMBER_KICKED;
	bool own = member->user == session->user;
	int code = banned ? TCHAT_ERR_ROOM_BANNED : kicked ? TCHAT_ERR_KICKED : 0;
	struct roster_entry *entry = roster_find(&room->roster, member->user);
	char nick[NAME_SIZE];
	strcpy(nick, own ? session->nick : entry != NULL ? entry->nick : "");
	if (entry != NULL)
		roster_drop(&room->roster, entry);
	if (room->members > 0)
		room->members--;
	int err = 0;
	if (kicked || !own) {
		struct draft draft = draft_of_member(kicked ? SESSION_KICKED : SESSION_LEFT, room, member);
		draft.event.own = own;
		draft.event.code = code;
		if (draft.nick.length == 0)
			draft.nick = wire_text(nick);
		err = session_tell(session, &draft);
	}
	if (err != 0)
		return err;
	if (!own)
		return roster_wanted(session, room);
	/* Kicked, or parted by another connection of ours; our own PART gets DONE. */
	if (kicked || room->state != ROOM_PARTING)
		return room_gone(session, room, code);
	return 0;
}

int roster_member(struct session *session, const struct wire_member *member)
{
	struct roster_entry entry;
	bool named = entry_of(member, &entry);
	if (member->user == 0)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_MEMBER);
	if (member->change == MEMBER_ROLE && member->room == 0)
		return moderation_role(session, NULL, member);
	if (member->change == MEMBER_RENAMED)
		return named ? member_renamed(session, member, &entry)
		             : session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_MEMBER);
	struct room *room = room_by_id(session, member->room);
	if (room == NULL || room->state == ROOM_GONE || room->state < ROOM_RESUMING)
		return 0;
	switch (member->change) {
	case MEMBER_JOINED:
		return named ? member_joined(session, room, member, &entry)
		             : session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_MEMBER);
	case MEMBER_ROLE:
		return moderation_role(session, room, member);
	case MEMBER_LEFT:
	case MEMBER_KICKED:
	case MEMBER_BANNED:
		return member_left(session, room, member);
	default: /* changes of a later version */
		return 0;
	}
}

int roster_presence(struct session *session, const struct wire_presence *presence)
{
	char nick[NAME_SIZE];
	bool own = presence->user == session->user;
	strcpy(nick, own ? session->nick : nick_of(session, presence->user));
	if (nick[0] == '\0')
		return 0;
	for (size_t i = 0; i < session->room_count; i++) {
		struct roster_entry *entry = roster_find(&session->rooms[i]->roster, presence->user);
		if (entry != NULL)
			entry->away = presence->away != 0;
	}
	struct draft draft = { .event = { .type = SESSION_AWAY,
		                          .user = presence->user,
		                          .away = presence->away != 0,
		                          .own = own },
		               .nick = wire_text(nick),
		               .text = wire_cut(presence->reason, REASON_MAX) };
	return session_tell(session, &draft);
}
