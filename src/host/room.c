/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rooms, who belongs to them (memberships, of users) and who listens to them (seats, of connections). */
#include "host/rule.h"

#include "host/internal.h"

#include "base/errors.h"

#include <stdlib.h>
#include <string.h>

/* --- Rooms */

struct room *host_room_by_id(struct host *host, uint64_t id)
{
	struct room *room;
	HASH_FIND(by_id, host->rooms_by_id, &id, sizeof id, room);
	return room;
}

static void room_key(char full[1 + NAME_SIZE], uint8_t kind, const char *key)
{
	memset(full, 0, 1 + NAME_SIZE);
	full[0] = (char)kind;
	memcpy(full + 1, key, strnlen(key, NAME_SIZE - 1));
}

struct room *host_room_by_key(struct host *host, uint8_t kind, const char *key)
{
	char full[1 + NAME_SIZE];
	struct room *room;
	room_key(full, kind, key);
	HASH_FIND(by_key, host->rooms_by_key, full, sizeof full, room);
	return room;
}

bool host_room_is_lobby(const struct room *room)
{
	return room->kind == ROOM_PUBLIC && strcmp(room->key + 1, "lobby") == 0;
}

void host_room_free(struct host *host, struct room *room)
{
	if (room->is_empty)
		TAILQ_REMOVE(&host->empty, room, by_empty);
	HASH_DELETE(by_id, host->rooms_by_id, room);
	HASH_DELETE(by_key, host->rooms_by_key, room);
	free(room->seats);
	free(room->members);
	free(room);
}

static void room_use(struct host *host, struct room *room)
{
	if (room->is_empty)
		TAILQ_REMOVE(&host->empty, room, by_empty);
	room->is_empty = false;
}

/* To be called when something let go of the room: one that nobody uses may make place for another. */
void host_room_unuse(struct host *host, struct room *room)
{
	if (room->member_count > 0 || room->seat_count > 0 || room->busy > 0 || room->is_empty ||
	    host_room_is_lobby(room))
		return;
	room->is_empty = true;
	TAILQ_INSERT_TAIL(&host->empty, room, by_empty);
}

static int room_make_place(struct host *host)
{
	if (HASH_CNT(by_id, host->rooms_by_id) < host->limits.rooms)
		return 0;
	struct room *oldest = TAILQ_FIRST(&host->empty);
	if (oldest == NULL)
		return TCHAT_ERR_TOO_MANY_ROOMS;
	store_release(host->store, STORE_ROOM, oldest->id);
	host_room_free(host, oldest);
	return 0;
}

static struct room *room_new(struct host *host, const struct store_room *answer)
{
	struct room *room = calloc(1, sizeof *room);
	if (room == NULL)
		return NULL;
	room->id = answer->id;
	room->epoch = answer->epoch;
	room->floor = answer->floor;
	room->head = answer->head;
	room->kind = answer->kind;
	room_key(room->key, answer->kind, answer->key);
	memcpy(room->name, answer->name, strnlen(answer->name, NAME_SIZE - 1));
	memcpy(room->topic, answer->topic, strnlen(answer->topic, STORE_TOPIC_SIZE - 1));
	HASH_ADD(by_id, host->rooms_by_id, id, sizeof room->id, room);
	if (room->by_id.tbl == NULL)
		goto fail;
	HASH_ADD(by_key, host->rooms_by_key, key, sizeof room->key, room);
	if (room->by_key.tbl == NULL) {
		HASH_DELETE(by_id, host->rooms_by_id, room);
		goto fail;
	}
	room->is_private = host_room_was_closed(host, room->id);
	return room;
fail:
	free(room);
	return NULL;
}

struct room *host_room_adopt(struct host *host, const struct store_room *answer, int *err)
{
	struct room *room = host_room_by_id(host, answer->id);
	if (room != NULL) {
		store_release(host->store, STORE_ROOM, answer->id); /* it is open already */
		return room;
	}
	*err = room_make_place(host);
	if (*err == 0) {
		room = room_new(host, answer);
		if (room == NULL)
			*err = TCHAT_ERR_MEMORY;
	}
	if (room == NULL)
		store_release(host->store, STORE_ROOM, answer->id);
	return room;
}

/* --- Memberships */

uint32_t host_member_after(const struct room *room, uint32_t after)
{
	uint32_t low = 0, high = room->member_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (room->members[middle]->user->id > after)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct membership *host_member_find(struct user *user, uint64_t room)
{
	if (user->last_used != NULL && user->last_used->room->id == room)
		return user->last_used;
	for (uint32_t i = 0; i < user->membership_count; i++) {
		if (user->memberships[i]->room->id == room) {
			user->last_used = user->memberships[i];
			return user->last_used;
		}
	}
	return NULL;
}

/* Room for one more pointer. */
static bool list_grow(struct membership ***list, uint32_t count, uint32_t *capacity)
{
	if (count < *capacity)
		return true;
	uint32_t size = *capacity == 0 ? 2 : *capacity * 2;
	struct membership **grown = realloc(*list, size * sizeof **list);
	if (grown == NULL)
		return false;
	*list = grown;
	*capacity = size;
	return true;
}

struct membership *host_member_add(struct host *host, struct room *room, struct user *user)
{
	struct membership *membership = calloc(1, sizeof *membership);
	if (membership == NULL || !list_grow(&room->members, room->member_count, &room->member_capacity) ||
	    !list_grow(&user->memberships, user->membership_count, &user->membership_capacity)) {
		free(membership);
		return NULL;
	}
	*membership = (struct membership){ .user = user, .room = room, .role = host_role(host, user, room) };
	uint32_t at = host_member_after(room, user->id);
	memmove(&room->members[at + 1], &room->members[at], (room->member_count - at) * sizeof room->members[0]);
	room->members[at] = membership;
	room->member_count++;
	user->memberships[user->membership_count++] = membership;
	if (room->kind == ROOM_DIRECT)
		user->direct_count++;
	else
		user->public_count++;
	room_use(host, room);
	return membership;
}

void host_member_remove(struct host *host, struct membership *membership)
{
	struct user *user = membership->user;
	struct room *room = membership->room;
	uint32_t at = host_member_after(room, user->id) - 1;
	room->member_count--;
	memmove(&room->members[at], &room->members[at + 1], (room->member_count - at) * sizeof room->members[0]);
	for (uint32_t i = 0; i < user->membership_count; i++) {
		if (user->memberships[i] == membership) {
			user->memberships[i] = user->memberships[--user->membership_count];
			break;
		}
	}
	if (user->last_used == membership)
		user->last_used = NULL;
	if (room->kind == ROOM_DIRECT)
		user->direct_count--;
	else
		user->public_count--;
	free(membership);
	host_room_unuse(host, room);
}

/* --- Seats */

static void seat_swap(struct room *room, uint32_t a, uint32_t b)
{
	struct seat_entry entry = room->seats[a];
	room->seats[a] = room->seats[b];
	room->seats[b] = entry;
	room->seats[a].seat->index = a;
	room->seats[b].seat->index = b;
}

struct seat *host_seat_find(struct host_peer *peer, const struct room *room)
{
	struct seat *seat;
	TAILQ_FOREACH(seat, &peer->seats, by_peer)
		if (seat->room == room)
			return seat;
	return NULL;
}

struct seat *host_seat_get(struct host_peer *peer, struct room *room)
{
	struct seat *seat = host_seat_find(peer, room);
	if (seat != NULL)
		return seat;
	if (room->seat_count == room->seat_capacity) {
		uint32_t capacity = room->seat_capacity == 0 ? 4 : room->seat_capacity * 2;
		struct seat_entry *seats = realloc(room->seats, capacity * sizeof *seats);
		if (seats == NULL)
			goto fail;
		room->seats = seats;
		room->seat_capacity = capacity;
	}
	seat = malloc(sizeof *seat);
	if (seat == NULL)
		goto fail;
	*seat = (struct seat){ .peer = peer, .room = room, .index = room->seat_count };
	room->seats[room->seat_count++] = (struct seat_entry){ peer, seat };
	TAILQ_INSERT_TAIL(&peer->seats, seat, by_peer);
	return seat;
fail:
	host_peer_close(peer, TCHAT_ERR_MEMORY, HOST_DROP);
	return NULL;
}

bool host_seat_is_live(const struct seat *seat)
{
	return seat->index < seat->room->live;
}

void host_seat_live(struct seat *seat, bool live)
{
	struct room *room = seat->room;
	if (host_seat_is_live(seat) == live)
		return;
	if (live)
		seat_swap(room, seat->index, room->live++);
	else
		seat_swap(room, seat->index, --room->live);
}

void host_seat_free(struct seat *seat)
{
	struct room *room = seat->room;
	host_seat_live(seat, false);
	seat_swap(room, seat->index, --room->seat_count);
	TAILQ_REMOVE(&seat->peer->seats, seat, by_peer);
	struct host *host = seat->peer->host;
	free(seat);
	host_room_unuse(host, room);
}
