/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Users, their devices and nicks: who somebody is, and for how long that is remembered. */
#include "host/internal.h"

#include "base/errors.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_STEPS = 8, NUMBER_MOST = 1000000 };

/* --- Nicks */

static size_t clusters(const char *text, size_t length)
{
	size_t count = 0;
	for (size_t at = 0; at < length; count++)
		at = text_next(text, length, at, NULL);
	return count;
}

/* Copies what text_name_shown() or text_name_fold() put into the buffer. */
static void name_take(struct buffer *text, char *to, size_t size)
{
	size_t length = buffer_length(text);
	if (length >= size)
		length = size - 1;
	if (length > 0)
		memcpy(to, buffer_data(text), length);
	to[length] = '\0';
	buffer_truncate(text, 0);
}

int host_nick_read(struct host *host, struct wire_bytes text, struct nick *nick)
{
	if (text.length == 0 || text.length > WIRE_LIMIT_BEFORE_AUTH)
		return TCHAT_ERR_BAD_NAME;
	const char *name = (const char *)text.data;
	buffer_truncate(&host->text, 0);
	int err = text_name_shown(&host->text, name, text.length);
	if (err == 0 && (buffer_length(&host->text) > NICK_BYTES ||
	                 clusters((const char *)buffer_data(&host->text), buffer_length(&host->text)) > NICK_CLUSTERS))
		err = TCHAT_ERR_BAD_NAME;
	if (err == 0) {
		name_take(&host->text, nick->shown, sizeof nick->shown);
		err = text_name_fold(&host->text, name, text.length);
	}
	if (err == 0)
		name_take(&host->text, nick->key, sizeof nick->key);
	return err;
}

struct user *host_user_by_nick(struct host *host, const char *key)
{
	struct user *user;
	HASH_FIND(by_nick, host->users_by_nick, key, strlen(key), user);
	return user;
}

struct user *host_user_by_id(struct host *host, uint32_t id)
{
	struct user *user;
	HASH_FIND(by_id, host->users_by_id, &id, sizeof id, user);
	return user;
}

struct device *host_device_find(struct host *host, uint64_t id)
{
	struct device *device;
	HASH_FIND(hh, host->devices, &id, sizeof id, device);
	return device;
}

/* The wish with a number behind it, cut where both would be too long. False when that makes no name. */
static bool nick_numbered(struct host *host, const struct nick *wish, unsigned number, struct nick *nick)
{
	char digits[12];
	size_t count = (size_t)snprintf(digits, sizeof digits, "%u", number);
	size_t length = strlen(wish->shown);
	while (length > 0 && (length + count > NICK_BYTES || clusters(wish->shown, length) + count > NICK_CLUSTERS))
		length = text_previous(wish->shown, length, length);
	char text[NICK_BYTES + 1];
	memcpy(text, wish->shown, length);
	memcpy(text + length, digits, count + 1);
	return host_nick_read(host, wire_text(text), nick) == 0;
}

static bool nick_is_free(struct host *host, const struct nick *wish, unsigned number, const struct user *self,
                         struct nick *nick)
{
	if (!nick_numbered(host, wish, number, nick))
		return false;
	const struct user *holder = host_user_by_nick(host, nick->key);
	return holder == NULL || holder == self;
}

/* The wish, or wish2, wish3 …: the first steps one by one, then by doubling and halving, so that the ten thousandth
 * of a name costs as little as the tenth. */
static bool nick_give(struct host *host, const struct nick *wish, const struct user *self, struct nick *nick)
{
	const struct user *holder = host_user_by_nick(host, wish->key);
	*nick = *wish;
	if (holder == NULL || holder == self)
		return true;
	unsigned number = 2;
	for (; number < NUMBER_STEPS; number++)
		if (nick_is_free(host, wish, number, self, nick))
			return true;
	unsigned taken = number - 1;
	while (!nick_is_free(host, wish, number, self, nick)) {
		taken = number;
		number *= 2;
		if (number > NUMBER_MOST)
			return false;
	}
	while (number - taken > 1) {
		unsigned middle = taken + (number - taken) / 2;
		if (nick_is_free(host, wish, middle, self, nick))
			number = middle;
		else
			taken = middle;
	}
	return nick_is_free(host, wish, number, self, nick);
}

/* Gives the user another nick, without a word to anybody. */
static int user_set_nick(struct host *host, struct user *user, const struct nick *nick)
{
	struct nick old = user->nick;
	if (user->by_nick.tbl != NULL)
		HASH_DELETE(by_nick, host->users_by_nick, user);
	user->nick = *nick;
	HASH_ADD(by_nick, host->users_by_nick, nick.key, strlen(user->nick.key), user);
	if (user->by_nick.tbl != NULL)
		return 0;
	/* There was a place for the old one a moment ago. Should that be gone as well, the user is out of the table
	 * and known by its id only. */
	user->nick = old;
	HASH_ADD(by_nick, host->users_by_nick, nick.key, strlen(user->nick.key), user);
	return TCHAT_ERR_MEMORY;
}

int host_user_rename(struct host *host, struct user *user, const struct nick *nick)
{
	char old[sizeof user->nick.shown];
	memcpy(old, user->nick.shown, sizeof old);
	if (strcmp(old, nick->shown) == 0)
		return 0;
	int err = user_set_nick(host, user, nick);
	if (err != 0)
		return err;
	host_event(host, HOST_EVENT_RENAMED, user, NULL, old, 0);
	struct message message;
	host_member_message(&message, NULL, user, MEMBER_RENAMED);
	host_neighbours_tell(host, user, &message, false, NULL);
	return 0;
}

void host_nick(struct host_peer *peer, const struct wire_nick *wire)
{
	struct host *host = peer->host;
	struct nick nick;
	int err = host_nick_read(host, wire->nick, &nick);
	const struct user *holder = err == 0 ? host_user_by_nick(host, nick.key) : NULL;
	if (holder != NULL && holder != peer->user)
		err = TCHAT_ERR_NAME_TAKEN;
	if (err == 0)
		err = host_user_rename(host, peer->user, &nick);
	if (err == 0)
		host_answer_done(peer, wire->request, peer->user->nick.shown);
	else
		host_answer_error(peer, wire->request, err, WIRE_NICK);
}

/* --- Users */

static void user_unhash(struct host *host, struct user *user)
{
	if (user->by_id.tbl != NULL)
		HASH_DELETE(by_id, host->users_by_id, user);
	if (user->by_nick.tbl != NULL)
		HASH_DELETE(by_nick, host->users_by_nick, user);
	if (user->by_wish.tbl != NULL)
		HASH_DELETE(by_wish, host->owners_by_wish, user);
}

static struct user *user_new(struct host *host, uint64_t device, bool owner, const struct nick *wish)
{
	struct user *user = calloc(1, sizeof *user);
	if (user == NULL)
		return NULL;
	do
		user->id = ++host->last_user;
	while (user->id == 0 || host_user_by_id(host, user->id) != NULL);
	user->owner = owner;
	user->self = host_identity_user(device, owner, wish->key);
	TAILQ_INIT(&user->peers);
	TAILQ_INIT(&user->devices);
	memcpy(user->wish, wish->key, sizeof user->wish);
	bool ok = nick_give(host, wish, NULL, &user->nick);
	if (ok) {
		HASH_ADD(by_id, host->users_by_id, id, sizeof user->id, user);
		ok = user->by_id.tbl != NULL;
	}
	if (ok) {
		HASH_ADD(by_nick, host->users_by_nick, nick.key, strlen(user->nick.key), user);
		ok = user->by_nick.tbl != NULL;
	}
	if (ok && owner) {
		HASH_ADD(by_wish, host->owners_by_wish, wish, strlen(user->wish), user);
		ok = user->by_wish.tbl != NULL;
	}
	if (ok)
		return user;
	user_unhash(host, user);
	free(user);
	return NULL;
}

static void device_free(struct host *host, struct device *device)
{
	HASH_DEL(host->devices, device);
	TAILQ_REMOVE(&device->user->devices, device, by_user);
	device->user->device_count--;
	free(device);
}

static struct device *device_new(struct host *host, struct user *user, uint64_t id)
{
	struct device *device = calloc(1, sizeof *device);
	if (device == NULL)
		return NULL;
	device->id = id;
	HASH_ADD(hh, host->devices, id, sizeof device->id, device);
	if (device->hh.tbl == NULL) {
		free(device);
		return NULL;
	}
	device->user = user;
	TAILQ_INSERT_TAIL(&user->devices, device, by_user);
	if (++user->device_count > DEVICES_OF_USER) {
		struct device *old;
		TAILQ_FOREACH(old, &user->devices, by_user)
			if (old->peer == NULL && old != device)
				break;
		if (old != NULL)
			device_free(host, old);
	}
	return device;
}

/* The owner's user of that wish; without one, the first owner. */
static struct user *owner_find(struct host *host, const struct nick *wish)
{
	struct user *user;
	if (wish->shown[0] == '\0')
		return host->owners_by_wish;
	HASH_FIND(by_wish, host->owners_by_wish, wish->key, strlen(wish->key), user);
	if (user == NULL) {
		user = host_user_by_nick(host, wish->key);
		if (user != NULL && !user->owner)
			user = NULL;
	}
	return user;
}

static void user_idle(struct host *host, struct user *user, bool idle)
{
	if (idle) {
		user->left = host->now;
		TAILQ_INSERT_TAIL(&host->idle_users, user, by_left);
		host->idle_count++;
	} else {
		TAILQ_REMOVE(&host->idle_users, user, by_left);
		host->idle_count--;
	}
}

/* Somebody who is known comes back, perhaps wishing for another nick than the last time. */
static void user_wish(struct host *host, struct user *user, const struct nick *wish)
{
	if (wish->shown[0] == '\0' || strcmp(wish->key, user->wish) == 0)
		return;
	if (!user->owner) /* an owner is found again by the first wish */
		memcpy(user->wish, wish->key, sizeof user->wish);
	struct nick nick;
	if (strcmp(wish->key, user->nick.key) != 0 && nick_give(host, wish, user, &nick))
		host_user_rename(host, user, &nick); /* when memory is out, the old nick stays */
}

int host_user_enter(struct host_peer *peer, uint64_t id, const struct nick *asked)
{
	struct host *host = peer->host;
	struct nick wish = *asked;
	struct device *device = host_device_find(host, id);
	struct user *user = device != NULL ? device->user : NULL;
	if (user == NULL && peer->owner)
		user = owner_find(host, &wish);
	if (wish.shown[0] == '\0' && user == NULL) {
		int err = host_nick_read(host, wire_text("guest"), &wish);
		if (err != 0)
			return err;
	}
	if (user == NULL) {
		user = user_new(host, id, peer->owner, &wish);
		if (user == NULL)
			return TCHAT_ERR_MEMORY;
		user_idle(host, user, true);
	} else {
		user_wish(host, user, &wish);
	}
	if (device == NULL)
		device = device_new(host, user, id);
	if (device == NULL) {
		if (user->device_count == 0)
			host_user_forget(host, user);
		return TCHAT_ERR_MEMORY;
	}
	if (TAILQ_EMPTY(&user->peers))
		user_idle(host, user, false);
	struct host_peer *fenced = device->peer;
	device->peer = peer;
	peer->device = device;
	peer->user = user;
	TAILQ_INSERT_TAIL(&user->peers, peer, by_user);
	host->ready_count++;
	if (fenced != NULL)
		host_peer_error(fenced, TCHAT_ERR_FENCED, 0);
	return 0;
}

void host_user_forget(struct host *host, struct user *user)
{
	user_idle(host, user, false);
	while (user->membership_count > 0)
		host_member_remove(host, user->memberships[user->membership_count - 1]);
	while (!TAILQ_EMPTY(&user->devices))
		device_free(host, TAILQ_FIRST(&user->devices));
	user_unhash(host, user);
	free(user->memberships);
	free(user);
}

static void users_limit(struct host *host)
{
	while (host->idle_count > host->limits.remembered)
		host_user_forget(host, TAILQ_FIRST(&host->idle_users));
}

void host_user_leave(struct host_peer *peer)
{
	struct host *host = peer->host;
	struct user *user = peer->user;
	if (peer->device->peer == peer)
		peer->device->peer = NULL;
	if (host->store != NULL)
		store_release(host->store, STORE_DEVICE, peer->device->id);
	peer->user = NULL;
	peer->device = NULL;
	TAILQ_REMOVE(&user->peers, peer, by_user);
	host->ready_count--;
	if (!TAILQ_EMPTY(&user->peers))
		return;
	user->away = false;
	for (uint32_t i = user->membership_count; i-- > 0;)
		if (user->memberships[i]->room->kind != ROOM_DIRECT)
			host_member_leave(host, user->memberships[i], NULL, MEMBER_LEFT, NULL, NULL);
	user_idle(host, user, true);
	/* A guest that said goodbye will not come back with the same salt: its nick is free for the next one. One with
	 * a direct room stays for a while, for what the other may still want to say. */
	if (peer->bye && !user->owner && user->membership_count == 0)
		host_user_forget(host, user);
	users_limit(host);
}

void host_users_tick(struct host *host)
{
	struct user *user;
	while ((user = TAILQ_FIRST(&host->idle_users)) != NULL && user->left + host->limits.memory <= host->now)
		host_user_forget(host, user);
}
