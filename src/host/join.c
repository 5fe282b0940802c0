/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entering and leaving rooms, public and direct ones. */
#include "host/rule.h"

#include "host/internal.h"

#include "base/errors.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct user *host_direct_other(const struct room *room, const struct user *user)
{
	for (uint32_t i = 0; i < room->member_count; i++)
		if (room->members[i]->user != user)
			return room->members[i]->user;
	return NULL;
}

void host_joined(struct host_peer *peer, struct room *room, uint32_t request, uint8_t flags)
{
	struct message message = { .type = WIRE_JOINED };
	struct wire_joined *joined = &message.joined;
	joined->request = request;
	joined->room = room->id;
	joined->kind = room->is_private ? ROOM_PRIVATE : room->kind;
	joined->flags = flags;
	joined->epoch = room->epoch;
	joined->first = host_bookmark_least(peer->host, peer->user, room);
	if (joined->first < room->floor)
		joined->first = room->floor;
	joined->last = room->head;
	joined->members = room->member_count;
	joined->name = wire_text(room->name);
	if (room->kind == ROOM_DIRECT) {
		const struct user *other = host_direct_other(room, peer->user);
		joined->name = wire_text(other == NULL ? "" : other->nick.shown);
	}
	joined->topic = wire_text(room->topic[0] == '\0' ? NULL : room->topic);
	host_queue_message(peer, &message);
	host_mark_tell(peer, room);
}

/* The connection takes its seat, and the request its answer. */
static void join_sit(struct host_peer *peer, struct room *room, uint32_t request, uint8_t flags)
{
	struct seat *seat = host_seat_get(peer, room);
	if (seat == NULL)
		return;
	host_seat_live(seat, (flags & JOIN_LIVE) != 0);
	host_joined(peer, room, request, flags & JOIN_LIVE);
}

/* --- Public rooms */

static int join_public(struct host_peer *peer, struct room *room, uint32_t request, uint8_t flags)
{
	struct host *host = peer->host;
	struct user *user = peer->user;
	if (host_member_find(user, room->id) == NULL) {
		int err = host_room_refusal(host, user, room);
		if (err != 0)
			return err;
		if (user->public_count >= host->limits.rooms_per_user)
			return TCHAT_ERR_TOO_MANY_ROOMS;
		if (room->member_count >= host->limits.members && !user->owner)
			return TCHAT_ERR_ROOM_FULL;
		if (host_member_add(host, room, user) == NULL) {
			host_room_unuse(host, room);
			return TCHAT_ERR_MEMORY;
		}
		host_bookmark_enter(host, user, room);
		struct message message;
		host_member_message(&message, room, user, MEMBER_JOINED);
		host_member_tell(host, room, &message, peer);
	}
	join_sit(peer, room, request, flags);
	return 0;
}

/* A room that nobody has used yet becomes private; another is joined, if it is private and one may. */
static int join_private(struct host_peer *peer, struct room *room, uint32_t request, uint8_t flags)
{
	int err = 0;
	if (!room->is_private && (room->head != 0 || room->member_count > 0 || host_room_is_lobby(room)))
		err = TCHAT_ERR_NAME_TAKEN;
	else if (!room->is_private)
		err = host_room_close(peer, room);
	return err != 0 ? err : join_public(peer, room, request, flags);
}

/* --- Direct rooms */

void host_direct_tell(struct host *host, struct membership *membership, struct host_peer *except)
{
	struct host_peer *peer;
	membership->untold = TAILQ_EMPTY(&membership->user->peers);
	TAILQ_FOREACH(peer, &membership->user->peers, by_user) {
		if (peer != except && peer->closing == HOST_OPEN && host_seat_get(peer, membership->room) != NULL)
			host_joined(peer, membership->room, 0, 0);
	}
}

static struct membership *direct_member(struct room *room, const struct user *user)
{
	for (uint32_t i = 0; i < room->member_count; i++)
		if (room->members[i]->user == user)
			return room->members[i];
	return NULL;
}

/* Whether nobody would miss the user in this direct room: the other one is forgotten, or both have closed it. */
static bool direct_is_idle(const struct membership *membership)
{
	const struct room *room = membership->room;
	if (room->kind != ROOM_DIRECT)
		return false;
	for (uint32_t i = 0; i < room->member_count; i++)
		if (!room->members[i]->closed && (room->members[i] != membership || room->member_count > 1))
			return false;
	return true;
}

/* Others open direct rooms with the user, who can neither refuse them nor end them: the idle ones make place. */
static bool direct_has_place(struct host *host, struct user *user, uint32_t most)
{
	/* Downwards: the last one moves to where one was removed. */
	for (uint32_t i = user->membership_count; i-- > 0 && user->direct_count >= most;) {
		struct membership *membership = user->memberships[i];
		if (!direct_is_idle(membership))
			continue;
		host_member_leave(host, membership, NULL, MEMBER_LEFT, NULL, NULL);
		host_member_remove(host, membership);
	}
	return user->direct_count < most;
}

static int join_direct(struct host_peer *peer, struct user *other, struct room *room, uint32_t request, uint8_t flags)
{
	struct host *host = peer->host;
	struct membership *own = direct_member(room, peer->user);
	struct membership *others = direct_member(room, other);
	bool opened = own == NULL || own->closed, invites = others == NULL;
	uint32_t most = host->limits.rooms_per_user;
	/* Twice as many for one's own, so that no crowd of others can take all the places. */
	if ((own == NULL && !direct_has_place(host, peer->user, 2 * most)) ||
	    (invites && !direct_has_place(host, other, most)))
		return TCHAT_ERR_TOO_MANY_ROOMS;
	if (own == NULL)
		own = host_member_add(host, room, peer->user);
	if (own != NULL && invites)
		others = host_member_add(host, room, other);
	if (own == NULL || others == NULL) {
		host_room_unuse(host, room);
		return TCHAT_ERR_MEMORY;
	}
	host_bookmark_direct(host, peer->user, room, other);
	host_bookmark_direct(host, other, room, peer->user);
	own->closed = own->untold = false;
	join_sit(peer, room, request, flags);
	if (opened)
		host_direct_tell(host, own, peer);
	if (invites)
		host_direct_tell(host, others, NULL);
	return 0;
}

static void direct_key(char key[NAME_SIZE], uint64_t a, uint64_t b)
{
	snprintf(key, NAME_SIZE, "%016" PRIx64 ":%016" PRIx64, a < b ? a : b, a < b ? b : a);
}

/* --- Direct rooms with something unread */

/* Has the store look whether there is something; the room was last used in an earlier life of the host, perhaps. */
static void unread_ask(struct host_peer *peer, const struct bookmark *mark)
{
	struct pending *pending = host_pending_new(peer->host, peer, STORE_ROOM, WIRE_AUTH, 0);
	if (pending == NULL)
		return;
	pending->store.room.kind = ROOM_DIRECT;
	direct_key(pending->store.room.key, peer->user->self, mark->other);
	pending->seq = mark->other;
	pending->other = mark->account;
	host_pending_send(peer->host, pending);
}

void host_unread_tell(struct host_peer *peer)
{
	struct host *host = peer->host;
	struct user *user = peer->user;
	for (uint32_t i = 0; i < user->membership_count; i++) {
		struct membership *membership = user->memberships[i];
		struct room *room = membership->room;
		if (room->kind != ROOM_DIRECT || membership->closed)
			continue;
		bool tell = membership->untold || host_bookmark_unread(host, user, room);
		membership->untold = false;
		if (tell && host_seat_get(peer, room) != NULL)
			host_joined(peer, room, 0, 0);
	}
	const struct bookmarks *list = host_bookmarks_of(host, user);
	for (uint32_t i = 0; list != NULL && i < list->count; i++) {
		const struct bookmark *mark = &list->marks[i];
		if (mark->other != 0 && host_member_find(user, mark->room) == NULL)
			unread_ask(peer, mark);
	}
}

/* The other one, by what was remembered of it; NULL when it is nobody any more. */
static struct user *unread_other(struct host *host, const struct pending *pending)
{
	const struct account *account = host_account_by_id(host, pending->other);
	const struct account_name *name;
	if (account == NULL)
		return NULL;
	TAILQ_FOREACH(name, &account->names, by_account) {
		if (name->self != pending->seq)
			continue;
		struct user *user = host_user_by_nick(host, name->key);
		if (user == NULL)
			return host_user_absent(host, name);
		if (user->self == name->self)
			return user;
	}
	return NULL;
}

/* Both are in the room again, as they were. */
static void unread_restore(struct host_peer *peer, struct room *room, const struct pending *pending)
{
	struct host *host = peer->host;
	uint32_t most = host->limits.rooms_per_user;
	if (direct_member(room, peer->user) == NULL &&
	    (!direct_has_place(host, peer->user, 2 * most) || host_member_add(host, room, peer->user) == NULL))
		return;
	struct user *other = unread_other(host, pending);
	if (other != NULL && direct_member(room, other) == NULL && direct_has_place(host, other, most)) {
		struct membership *others = host_member_add(host, room, other);
		if (others != NULL && TAILQ_EMPTY(&other->peers))
			others->untold = host_bookmark_unread(host, other, room);
	}
	if (host_seat_get(peer, room) != NULL)
		host_joined(peer, room, 0, 0);
}

static void unread_completed(struct host *host, struct pending *pending)
{
	struct host_peer *peer = pending->peer;
	const struct store_room *answer = &pending->store.room;
	int err = pending->store.request.error;
	if (err != 0)
		return;
	const struct bookmark *mark = NULL;
	if (peer->closing == HOST_OPEN && peer->user != NULL)
		mark = host_bookmark_find(host, peer->user, answer->id);
	if (mark == NULL || answer->head < answer->floor || mark->read >= answer->head) {
		store_release(host->store, STORE_ROOM, answer->id);
		return;
	}
	struct room *room = host_room_adopt(host, answer, &err);
	if (room == NULL)
		return;
	unread_restore(peer, room, pending);
	host_room_unuse(host, room);
}

/* --- JOIN */

static int join_ask_store(struct host_peer *peer, const struct wire_join *join, const char *key, const char *name,
                          const struct user *other)
{
	struct host *host = peer->host;
	struct user *user = peer->user;
	struct pending *pending = host_pending_new(host, peer, STORE_ROOM, WIRE_JOIN, join->request);
	if (pending == NULL)
		return TCHAT_ERR_MEMORY;
	struct store_room *room = &pending->store.room;
	pending->flags = join->flags;
	pending->user = user->id;
	pending->other = other == NULL ? 0 : other->id;
	pending->closes = join->kind == ROOM_PRIVATE;
	room->kind = join->kind == ROOM_DIRECT ? ROOM_DIRECT : ROOM_PUBLIC;
	room->create = user->rooms_made < host->limits.rooms_made;
	snprintf(room->key, sizeof room->key, "%s", key);
	snprintf(room->name, sizeof room->name, "%s", name);
	host_pending_send(host, pending);
	return 0;
}

static int join_public_name(struct host_peer *peer, const struct wire_join *join)
{
	struct host *host = peer->host;
	char name[TEXT_NAME_BYTES + 1], key[TEXT_NAME_BYTES + 1];
	buffer_truncate(&host->text, 0);
	int err = text_name_shown(&host->text, (const char *)join->name.data, join->name.length);
	size_t length = buffer_length(&host->text);
	if (err == 0 && length > host->limits.room_name)
		err = TCHAT_ERR_BAD_NAME;
	if (err == 0)
		err = text_name_fold(&host->text, (const char *)join->name.data, join->name.length);
	if (err != 0)
		return err;
	const uint8_t *both = buffer_data(&host->text);
	if (!wire_copy(name, sizeof name, (struct wire_bytes){ both, length }) ||
	    !wire_copy(key, sizeof key, (struct wire_bytes){ both + length, buffer_length(&host->text) - length }))
		return TCHAT_ERR_BAD_NAME;
	struct room *room = host_room_by_key(host, ROOM_PUBLIC, key);
	if (room != NULL && join->kind == ROOM_PRIVATE)
		return join_private(peer, room, join->request, join->flags);
	if (room != NULL)
		return join_public(peer, room, join->request, join->flags);
	if (peer->user->public_count >= host->limits.rooms_per_user)
		return TCHAT_ERR_TOO_MANY_ROOMS;
	return join_ask_store(peer, join, key, name, NULL);
}

static int join_direct_nick(struct host_peer *peer, const struct wire_join *join)
{
	struct host *host = peer->host;
	struct nick nick;
	int err = host_nick_read(host, join->name, &nick);
	if (err != 0)
		return err == TCHAT_ERR_MEMORY ? err : TCHAT_ERR_NO_USER;
	struct user *other = host_user_by_nick(host, nick.key);
	const struct account_name *name = other == NULL && host->secure ? host_name_find(host, &nick) : NULL;
	if (name != NULL)
		other = host_user_absent(host, name);
	if (name != NULL && other == NULL)
		return TCHAT_ERR_MEMORY;
	if (other == NULL || other == peer->user)
		return TCHAT_ERR_NO_USER;
	char key[NAME_SIZE];
	direct_key(key, peer->user->self, other->self);
	struct room *room = host_room_by_key(host, ROOM_DIRECT, key);
	if (room != NULL)
		return join_direct(peer, other, room, join->request, join->flags);
	/* Who talks there, for whoever looks into the history. */
	char both[NAME_SIZE];
	const char *a = peer->user->nick.shown, *b = other->nick.shown;
	bool rising = strcmp(a, b) < 0;
	snprintf(both, sizeof both, "%.*s, %.*s", NICK_BYTES, rising ? a : b, NICK_BYTES, rising ? b : a);
	return join_ask_store(peer, join, key, both, other);
}

void host_join(struct host_peer *peer, const struct wire_join *join)
{
	int err = TCHAT_ERR_BAD_KIND;
	if (join->kind > ROOM_DIRECT)
		goto out;
	err = TCHAT_ERR_BAD_NAME;
	if (join->name.length == 0)
		goto out;
	err = join->kind == ROOM_DIRECT ? join_direct_nick(peer, join) : join_public_name(peer, join);
out:
	if (err != 0)
		host_answer_error(peer, join->request, err, WIRE_JOIN);
}

void host_join_completed(struct host *host, struct pending *pending)
{
	struct host_peer *peer = pending->peer;
	struct store_room *answer = &pending->store.room;
	int err = pending->store.request.error;
	if (pending->type == WIRE_AUTH) {
		unread_completed(host, pending);
		return;
	}
	/* The user asked for a room that it may not make any more. */
	if (err == TCHAT_ERR_NO_ROOM)
		err = TCHAT_ERR_TOO_MANY_ROOMS;
	struct room *room = NULL;
	if (err == 0)
		room = host_room_adopt(host, answer, &err);
	if (room != NULL && answer->created && peer->user != NULL) {
		peer->user->rooms_made++;
		if (answer->kind == ROOM_PUBLIC)
			host_event(host, HOST_EVENT_ROOM_MADE, peer->user, room, NULL, 0);
	}
	if (peer->closing != HOST_OPEN) {
		if (room != NULL)
			host_room_unuse(host, room);
		return;
	}
	if (room != NULL && answer->kind == ROOM_DIRECT) {
		struct user *other = host_user_by_id(host, pending->other);
		err = other == NULL ? TCHAT_ERR_NO_USER :
		                      join_direct(peer, other, room, pending->number, pending->flags);
	} else if (room != NULL && pending->closes) {
		err = join_private(peer, room, pending->number, pending->flags);
	} else if (room != NULL) {
		err = join_public(peer, room, pending->number, pending->flags);
	}
	if (room != NULL && err != 0)
		host_room_unuse(host, room);
	if (err != 0)
		host_answer_error(peer, pending->number, err, WIRE_JOIN);
}

/* --- Leaving */

void host_member_leave(struct host *host, struct membership *membership, struct host_peer *except, uint8_t change,
                       const char *reason, const char *by)
{
	struct room *room = membership->room;
	struct user *user = membership->user;
	struct message message;
	host_member_message(&message, room, user, change);
	message.member.reason = wire_text(reason);
	message.member.by = wire_text(by);
	/* Who closes a direct room has not left it for the other one. */
	bool told = room->kind != ROOM_DIRECT && room->member_count <= host->limits.fan_out;
	struct host_peer *peer;
	TAILQ_FOREACH(peer, &user->peers, by_user) {
		struct seat *seat = host_seat_find(peer, room);
		if ((seat != NULL || change == MEMBER_KICKED) && peer != except)
			host_queue_message(peer, &message);
		if (seat != NULL)
			host_seat_free(seat);
	}
	if (told)
		host_member_tell(host, room, &message, NULL);
	if (room->kind == ROOM_DIRECT)
		membership->closed = true;
	else
		host_member_remove(host, membership);
}

void host_part(struct host_peer *peer, const struct wire_part *part)
{
	struct host *host = peer->host;
	struct membership *membership = host_member_find(peer->user, part->room);
	if (membership == NULL || membership->closed) {
		int err = host_room_by_id(host, part->room) == NULL ? TCHAT_ERR_NO_ROOM : TCHAT_ERR_NOT_MEMBER;
		host_answer_error(peer, part->request, err, WIRE_PART);
		return;
	}
	/* Who closes a direct room has seen enough of it. */
	if (membership->room->kind == ROOM_DIRECT)
		host_bookmark_read(host, peer->user, membership->room, membership->room->head);
	host_member_leave(host, membership, peer, MEMBER_LEFT, NULL, NULL);
	host_answer_done(peer, part->request, NULL);
}
