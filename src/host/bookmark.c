/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is remembered of a user in a room: from which message on it may read, up to which one it did. One record of the
 * store a user, written some seconds after it changed. */
#include "host/registry.h"

#include "host/internal.h"

#include "base/errors.h"

#include <stdlib.h>
#include <string.h>

enum {
	FORMAT = 1,
	FLAG_DIRECT = 1,
	SEQ_BYTES = 6,
	PUBLIC_BYTES = 8 + 1 + 2 * SEQ_BYTES,
	DIRECT_BYTES = PUBLIC_BYTES + 8 + 4,
	SELF_BYTES = 8,
	LISTS_MOST = 8192, /* of users who are not here */
	MARK_COST = 32,     /* of telling one more connection, in bytes */
};

#define WRITE_WAIT TCHAT_SECONDS(3)

/* --- Lists */

static struct bookmarks *list_find(struct host *host, uint64_t self)
{
	struct bookmarks *list;
	HASH_FIND(hh, host->bookmarks, &self, sizeof self, list);
	return list;
}

static void list_free(struct host *host, struct bookmarks *list)
{
	if (list->dirty)
		TAILQ_REMOVE(&host->dirty_bookmarks, list, by_dirty);
	if (list->user != NULL)
		list->user->bookmarks = NULL;
	HASH_DEL(host->bookmarks, list);
	free(list->marks);
	free(list);
}

/* Deletes the record of that user, if the caller fills nothing in. */
static struct pending *record_new(struct host *host, uint64_t self)
{
	struct pending *pending = host_pending_new(host, NULL, STORE_RECORD, 0, 0);
	if (pending == NULL)
		return NULL;
	struct store_record *record = &pending->store.record;
	record->kind = HOST_RECORD_BOOKMARKS;
	record->key_length = SELF_BYTES;
	wire_set(record->key, SELF_BYTES, self);
	return pending;
}

static void list_drop(struct host *host, struct bookmarks *list)
{
	struct pending *pending = list->kept ? record_new(host, list->self) : NULL;
	if (pending != NULL) /* else the next start finds that it is nobody's */
		host_pending_send(host, pending);
	list_free(host, list);
}

/* One whose user is not here makes place: a stranger's, if there is one, so that no crowd of them costs a member its own;
 * of those, the one that was made or loaded first. */
static void lists_limit(struct host *host)
{
	struct bookmarks *list, *next, *member = NULL;
	if (HASH_COUNT(host->bookmarks) < LISTS_MOST + host->ready_count)
		return;
	HASH_ITER(hh, host->bookmarks, list, next) {
		if (list->user != NULL && !TAILQ_EMPTY(&list->user->peers))
			continue;
		const struct account *account = host_account_by_id(host, list->account);
		if (account == NULL || (!account->admitted && !account->owner)) {
			list_drop(host, list);
			return;
		}
		member = member == NULL ? list : member;
	}
	if (member != NULL)
		list_drop(host, member);
}

static struct bookmarks *list_new(struct host *host, uint64_t self, bool kept)
{
	lists_limit(host);
	struct bookmarks *list = calloc(1, sizeof *list);
	if (list == NULL)
		return NULL;
	list->self = self;
	list->kept = kept;
	HASH_ADD(hh, host->bookmarks, self, sizeof list->self, list);
	if (list->hh.tbl != NULL)
		return list;
	free(list);
	return NULL;
}

struct bookmarks *host_bookmarks_of(struct host *host, struct user *user)
{
	if (user->bookmarks != NULL)
		return user->bookmarks;
	struct bookmarks *list = list_find(host, user->self);
	if (list != NULL && list->user != NULL) /* no two users have one self */
		return NULL;
	user->bookmarks = list;
	if (list != NULL)
		list->user = user;
	return list;
}

static size_t mark_bytes(const struct bookmark *mark)
{
	return mark->other == 0 ? PUBLIC_BYTES : DIRECT_BYTES;
}

/* The one that was made first goes when the record would be too long. */
static struct bookmark *list_add(struct bookmarks *list, const struct bookmark *mark)
{
	size_t bytes = 1 + mark_bytes(mark);
	for (uint32_t i = 0; i < list->count; i++)
		bytes += mark_bytes(&list->marks[i]);
	while (bytes > STORE_RECORD_MOST) {
		bytes -= mark_bytes(&list->marks[0]);
		memmove(list->marks, list->marks + 1, --list->count * sizeof *list->marks);
	}
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity == 0 ? 1 : 2 * list->capacity;
		struct bookmark *marks = realloc(list->marks, capacity * sizeof *marks);
		if (marks == NULL)
			return NULL;
		list->marks = marks;
		list->capacity = capacity;
	}
	list->marks[list->count] = *mark;
	return &list->marks[list->count++];
}

static struct bookmark *mark_find(const struct bookmarks *list, uint64_t room)
{
	for (uint32_t i = 0; list != NULL && i < list->count; i++)
		if (list->marks[i].room == room)
			return &list->marks[i];
	return NULL;
}

static void list_changed(struct host *host, struct bookmarks *list)
{
	if (!list->kept || list->dirty)
		return;
	if (TAILQ_EMPTY(&host->dirty_bookmarks))
		host->bookmarks_due = host->now + WRITE_WAIT;
	list->dirty = true;
	TAILQ_INSERT_TAIL(&host->dirty_bookmarks, list, by_dirty);
}

/* --- Bookmarks */

const struct bookmark *host_bookmark_find(struct host *host, struct user *user, uint64_t room)
{
	return mark_find(host_bookmarks_of(host, user), room);
}

static struct bookmark *mark_get(struct host *host, struct user *user, const struct bookmark *fresh)
{
	struct bookmarks *list = host_bookmarks_of(host, user);
	struct bookmark *mark = mark_find(list, fresh->room);
	if (mark != NULL)
		return mark;
	if (list == NULL) {
		list = list_new(host, user->self, user->account != NULL);
		if (list == NULL)
			return NULL;
		list->user = user;
		list->account = user->account != NULL ? user->account->id : 0;
		user->bookmarks = list;
	}
	mark = list_add(list, fresh);
	if (mark != NULL)
		list_changed(host, list);
	return mark;
}

/* Who comes under another name of its own is no newcomer. */
static uint64_t since_of_account(struct host *host, const struct user *user, uint64_t room, uint64_t since)
{
	const struct account_name *name;
	if (user->account == NULL)
		return since;
	TAILQ_FOREACH(name, &user->account->names, by_account) {
		const struct bookmark *mark = mark_find(list_find(host, name->self), room);
		if (mark != NULL && mark->since < since)
			since = mark->since;
	}
	return since;
}

void host_bookmark_enter(struct host *host, struct user *user, const struct room *room)
{
	if (user->owner || host_bookmark_find(host, user, room->id) != NULL)
		return;
	/* Where everything may be read, that is noted as well: should it change, who was there is no newcomer. */
	struct bookmark fresh = { .room = room->id };
	if (host->history_joined)
		fresh.since = since_of_account(host, user, room->id, room->head + 1);
	else if (user->account == NULL)
		return;
	if (mark_get(host, user, &fresh) != NULL && host->history_joined)
		host->bookmarks_due = host->now; /* no client knows it, should it be lost */
}

void host_bookmark_direct(struct host *host, struct user *user, const struct room *room, const struct user *other)
{
	struct bookmark fresh = { .room = room->id };
	if (other != NULL)
		fresh.other = other->self;
	if (other != NULL && other->account != NULL)
		fresh.account = other->account->id;
	mark_get(host, user, &fresh);
}

uint64_t host_bookmark_least(struct host *host, struct user *user, const struct room *room)
{
	if (!host->history_joined || user->owner || room->kind == ROOM_DIRECT)
		return 0;
	const struct bookmark *mark = host_bookmark_find(host, user, room->id);
	return mark == NULL ? room->head + 1 : mark->since;
}

bool host_bookmark_unread(struct host *host, struct user *user, const struct room *room)
{
	const struct bookmark *mark = host_bookmark_find(host, user, room->id);
	return room->head >= room->floor && (mark == NULL || mark->read < room->head);
}

void host_bookmark_forget(struct host *host, struct user *user)
{
	struct bookmarks *list = user->bookmarks;
	if (list == NULL)
		return;
	list->user = NULL;
	user->bookmarks = NULL;
	if (!list->kept)
		list_free(host, list);
}

void host_bookmarks_release(struct host *host, const struct account_name *name)
{
	const struct account_name *other;
	TAILQ_FOREACH(other, &name->account->names, by_account)
		if (other != name && other->self == name->self)
			return;
	struct bookmarks *list = list_find(host, name->self);
	if (list != NULL)
		list_drop(host, list);
}

/* --- MARK */

static void mark_message(struct message *message, uint64_t room, uint64_t seq)
{
	*message = (struct message){ .type = WIRE_MARK, .mark = { .room = room, .seq = seq } };
}

bool host_bookmark_read(struct host *host, struct user *user, const struct room *room, uint64_t seq)
{
	if (room->kind == ROOM_DIRECT)
		host_bookmark_direct(host, user, room, host_direct_other(room, user));
	struct bookmark fresh = { .room = room->id };
	struct bookmark *mark = mark_get(host, user, &fresh);
	if (mark == NULL || seq <= mark->read)
		return false;
	mark->read = seq;
	list_changed(host, user->bookmarks);
	return true;
}

void host_mark(struct host_peer *peer, const struct wire_mark *wire)
{
	struct host *host = peer->host;
	struct user *user = peer->user;
	const struct membership *membership = host_member_find(user, wire->room);
	if (membership == NULL || membership->closed)
		return;
	const struct room *room = membership->room;
	uint64_t seq = wire->seq > room->head ? room->head : wire->seq;
	if (!host_bookmark_read(host, user, room, seq))
		return;
	struct message message;
	mark_message(&message, room->id, seq);
	struct host_peer *other;
	TAILQ_FOREACH(other, &user->peers, by_user) {
		host->told += MARK_COST;
		/* Whoever lags behind hears it when it joins next. */
		if (other != peer && other->queued <= host->limits.queue_soft && host_seat_find(other, room) != NULL)
			host_queue_message(other, &message);
	}
}

void host_mark_tell(struct host_peer *peer, const struct room *room)
{
	const struct bookmark *mark = host_bookmark_find(peer->host, peer->user, room->id);
	if (mark == NULL || mark->read == 0)
		return;
	struct message message;
	mark_message(&message, room->id, mark->read);
	host_queue_message(peer, &message);
}

/* --- Writing */

static void list_write(struct host *host, struct bookmarks *list)
{
	uint8_t *to = malloc(STORE_RECORD_MOST);
	struct pending *pending = to == NULL ? NULL : record_new(host, list->self);
	if (pending == NULL) {
		free(to);
		list_changed(host, list);
		return;
	}
	struct store_record *record = &pending->store.record;
	pending->blob = to;
	*to++ = FORMAT;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct bookmark *mark = &list->marks[i];
		wire_set(to, 8, mark->room);
		to[8] = mark->other == 0 ? 0 : FLAG_DIRECT;
		wire_set(to + 9, SEQ_BYTES, mark->since);
		wire_set(to + 9 + SEQ_BYTES, SEQ_BYTES, mark->read);
		to += PUBLIC_BYTES;
		if (mark->other == 0)
			continue;
		wire_set(to, 8, mark->other);
		wire_set(to + 8, 4, mark->account);
		to += DIRECT_BYTES - PUBLIC_BYTES;
	}
	record->value = pending->blob;
	record->length = (uint32_t)(to - pending->blob);
	host_pending_send(host, pending);
}

void host_bookmarks_write(struct host *host)
{
	TAILQ_HEAD(, bookmarks) lists = TAILQ_HEAD_INITIALIZER(lists);
	TAILQ_CONCAT(&lists, &host->dirty_bookmarks, by_dirty);
	while (!TAILQ_EMPTY(&lists)) {
		struct bookmarks *list = TAILQ_FIRST(&lists);
		TAILQ_REMOVE(&lists, list, by_dirty);
		list->dirty = false;
		list_write(host, list);
	}
}

tchat_time host_bookmarks_deadline(const struct host *host)
{
	return TAILQ_EMPTY(&host->dirty_bookmarks) ? TCHAT_NEVER : host->bookmarks_due;
}

void host_bookmarks_tick(struct host *host)
{
	if (host_bookmarks_deadline(host) <= host->now)
		host_bookmarks_write(host);
}

void host_bookmarks_kept(struct host *host, const struct store_record *record)
{
	struct bookmarks *list = list_find(host, wire_get(record->key, SELF_BYTES));
	/* It is tried again until it works; of a disk that is full, messages tell. */
	if (record->request.error != 0 && record->request.error != TCHAT_ERR_FULL && list != NULL)
		list_changed(host, list);
}

/* --- Loading */

int host_bookmarks_load(struct host *host, uint64_t self, const uint8_t *from, size_t length)
{
	if (length < 1 || from[0] != FORMAT)
		return TCHAT_ERR_SYNTAX;
	struct bookmarks *list = list_find(host, self) == NULL ? list_new(host, self, true) : NULL;
	if (list == NULL)
		return TCHAT_ERR_MEMORY;
	const uint8_t *end = from + length;
	for (from++; from < end;) {
		size_t left = (size_t)(end - from);
		bool direct = left >= PUBLIC_BYTES && (from[8] & FLAG_DIRECT) != 0;
		if (left < (direct ? DIRECT_BYTES : PUBLIC_BYTES))
			return TCHAT_ERR_SYNTAX;
		struct bookmark mark = { .room = wire_get(from, 8) };
		mark.since = wire_get(from + 9, SEQ_BYTES);
		mark.read = wire_get(from + 9 + SEQ_BYTES, SEQ_BYTES);
		from += PUBLIC_BYTES;
		if (direct) {
			mark.other = wire_get(from, 8);
			mark.account = (uint32_t)wire_get(from + 8, 4);
			from += DIRECT_BYTES - PUBLIC_BYTES;
		}
		if (list_add(list, &mark) == NULL)
			return TCHAT_ERR_MEMORY;
	}
	return 0;
}

void host_bookmarks_loaded(struct host *host)
{
	struct bookmarks *list, *next;
	const struct account *account;
	for (account = host->accounts; account != NULL; account = account->hh.next) {
		const struct account_name *name;
		TAILQ_FOREACH(name, &account->names, by_account)
			if ((list = list_find(host, name->self)) != NULL)
				list->account = account->id;
	}
	HASH_ITER(hh, host->bookmarks, list, next)
		if (list->account == 0)
			list_drop(host, list);
}

void host_bookmarks_free(struct host *host)
{
	while (host->bookmarks != NULL)
		list_free(host, host->bookmarks);
}
