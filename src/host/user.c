/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Users, their devices and nicks: who somebody is, and for how long that is remembered. */
#include "host/rule.h"

#include "host/internal.h"

#include "base/errors.h"

#include <stdlib.h>
#include <string.h>

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

static int nick_set(struct host_peer *peer, const struct nick *nick)
{
	struct host *host = peer->host;
	struct user *holder = host_user_by_nick(host, nick->key);
	if (holder != NULL && holder != peer->user) {
		/* One of the account's own that is not here any more makes place. */
		if (holder->account == NULL || holder->account != peer->user->account || !TAILQ_EMPTY(&holder->peers))
			return TCHAT_ERR_NAME_TAKEN;
		host_user_forget(host, holder);
	}
	return host_user_rename(host, peer->user, nick);
}

/* The name of a user with an account is its account's first, and kept as such. */
static int nick_claim(struct host_peer *peer, const struct wire_nick *wire, const struct nick *nick)
{
	struct host *host = peer->host;
	struct account *account = peer->user->account;
	const struct user *holder = host_user_by_nick(host, nick->key);
	bool fresh = false, made = host_account_name(account, nick->key) == NULL;
	if (holder != NULL && holder != peer->user && !TAILQ_EMPTY(&holder->peers))
		return TCHAT_ERR_NAME_TAKEN;
	int err = host_account_claim(host, account, nick, &fresh);
	if (err != 0)
		return err;
	if (made) /* rooms of two go on under the new name */
		host_account_name(account, nick->key)->self = peer->user->self;
	struct pending *pending = fresh ? host_record_account(host, peer, account) : NULL;
	if (pending == NULL) {
		err = nick_set(peer, nick);
		if (err == 0)
			host_answer_done(peer, wire->request, peer->user->nick.shown);
		return err;
	}
	pending->type = WIRE_NICK;
	pending->number = wire->request;
	pending->wish = *nick;
	host_pending_send(host, pending);
	return 0;
}

void host_nick_kept(struct host *host, struct pending *pending)
{
	struct host_peer *peer = pending->peer;
	int err = host_record_error(pending);
	if (peer->closing != HOST_OPEN || peer->user == NULL || peer->user->account == NULL)
		return;
	if (err == 0 && host_account_name(peer->user->account, pending->wish.key) == NULL)
		err = TCHAT_ERR_NAME_TAKEN; /* released meanwhile */
	if (err == 0)
		err = nick_set(peer, &pending->wish);
	if (err == 0)
		host_answer_done(peer, pending->number, peer->user->nick.shown);
	else
		host_answer_error(peer, pending->number, err, WIRE_NICK);
}

void host_nick(struct host_peer *peer, const struct wire_nick *wire)
{
	struct host *host = peer->host;
	struct nick nick;
	int err = peer->user->role == ROLE_MUTED ? TCHAT_ERR_MUTED : host_nick_read(host, wire->nick, &nick);
	if (err == 0 && peer->user->account != NULL) {
		err = nick_claim(peer, wire, &nick);
	} else {
		if (err == 0 && host->secure && !host_name_is_for(host, NULL, &nick))
			err = TCHAT_ERR_NAME_TAKEN;
		if (err == 0)
			err = nick_set(peer, &nick);
		if (err == 0)
			host_answer_done(peer, wire->request, peer->user->nick.shown);
	}
	if (err != 0)
		host_answer_error(peer, wire->request, err, WIRE_NICK);
}

/* --- Users */

static void user_unhash(struct host *host, struct user *user)
{
	if (user->by_id.tbl != NULL)
		HASH_DELETE(by_id, host->users_by_id, user);
	if (user->by_nick.tbl != NULL)
		HASH_DELETE(by_nick, host->users_by_nick, user);
	if (user->owner && user->account == NULL)
		SLIST_REMOVE(&host->keyless, user, user, by_wish);
}

static void user_idle(struct host *host, struct user *user, bool idle)
{
	if (idle) {
		user->left = host->now;
		TAILQ_INSERT_TAIL(&host->idle_users, user, by_left);
		host->idle_count++;
	} else {
		TAILQ_REMOVE(user->kept ? &host->kept_users : &host->idle_users, user, by_left);
		user->kept = false;
		host->idle_count--;
	}
}

/* Who a user is to be. */
struct person {
	struct nick wish, nick;
	struct account *account; /* NULL: a guest, or an owner without a key */
	uint64_t self;
	bool owner;
};

static bool user_hash(struct host *host, struct user *user)
{
	HASH_ADD(by_id, host->users_by_id, id, sizeof user->id, user);
	if (user->by_id.tbl == NULL)
		return false;
	HASH_ADD(by_nick, host->users_by_nick, nick.key, strlen(user->nick.key), user);
	return user->by_nick.tbl != NULL;
}

/* Without a connection yet. */
static struct user *user_new(struct host *host, const struct person *person)
{
	struct user *user = calloc(1, sizeof *user);
	if (user == NULL)
		return NULL;
	do
		user->id = ++host->last_user;
	while (user->id == 0 || host_user_by_id(host, user->id) != NULL);
	user->owner = person->owner;
	user->self = person->self;
	user->account = person->account;
	user->role = host_role(host, user, NULL);
	user->nick = person->nick;
	user->since = user->seen = host->environment->wall(host->environment->arg);
	TAILQ_INIT(&user->peers);
	TAILQ_INIT(&user->devices);
	user->wish = host_nick_hash(&person->wish);
	if (user->owner && user->account == NULL)
		SLIST_INSERT_HEAD(&host->keyless, user, by_wish);
	if (!user_hash(host, user)) {
		user_unhash(host, user);
		free(user);
		return NULL;
	}
	if (user->account != NULL)
		TAILQ_INSERT_TAIL(&user->account->users, user, by_account);
	user_idle(host, user, true);
	return user;
}

static struct user *guest_new(struct host *host, uint64_t device, bool owner, const struct nick *wish)
{
	struct person person = { .wish = *wish, .owner = owner, .self = host_identity_user(device, owner, wish->key) };
	return host_nick_give(host, wish, NULL, NULL, &person.nick) ? user_new(host, &person) : NULL;
}

struct user *host_user_absent(struct host *host, const struct account_name *name)
{
	struct person person = { .account = name->account, .self = name->self, .owner = name->account->owner };
	host_name_nick(name, &person.nick);
	person.wish = person.nick;
	return user_new(host, &person);
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
	bool any = wish->shown[0] == '\0';
	SLIST_FOREACH(user, &host->keyless, by_wish)
		if (any ? SLIST_NEXT(user, by_wish) == NULL : user->wish == host_nick_hash(wish))
			break;
	if (user == NULL && !any) {
		user = host_user_by_nick(host, wish->key);
		if (user != NULL && !user->owner)
			user = NULL;
	}
	return user;
}

/* Somebody who is known comes back, perhaps wishing for another nick than the last time. */
static void user_wish(struct host *host, struct user *user, const struct nick *wish)
{
	if (wish->shown[0] == '\0' || host_nick_hash(wish) == user->wish)
		return;
	if (!user->owner) /* an owner is found again by the first wish */
		user->wish = host_nick_hash(wish);
	struct nick nick;
	if (strcmp(wish->key, user->nick.key) != 0 && host_nick_give(host, wish, user, NULL, &nick))
		host_user_rename(host, user, &nick); /* when memory is out, the old nick stays */
}

/* The guest or keyless owner that this is: 0 or an error. */
static int enter_guest(struct host_peer *peer, uint64_t id, const struct device *device, const struct nick *asked,
                       struct user **user)
{
	struct host *host = peer->host;
	struct nick wish = *asked;
	*user = device != NULL ? device->user : NULL;
	if (*user == NULL && peer->owner)
		*user = owner_find(host, &wish);
	if (*user != NULL) {
		user_wish(host, *user, &wish);
		return 0;
	}
	if (wish.shown[0] == '\0') {
		int err = host_nick_read(host, wire_text("guest"), &wish);
		if (err != 0)
			return err;
	}
	*user = guest_new(host, id, peer->owner, &wish);
	return *user == NULL ? TCHAT_ERR_MEMORY : 0;
}

/* The account's presence under this nick of its own. */
static int enter_account(struct host_peer *peer, struct account *account, const struct nick *nick, struct user **user)
{
	struct host *host = peer->host;
	const struct entrance *entrance = peer->entrance;
	struct account_name *name = host_account_name(account, nick->key);
	*user = host_user_by_nick(host, nick->key);
	if (name == NULL || (*user != NULL && (*user)->account != account))
		return TCHAT_ERR_NAME_TAKEN;
	if (*user == NULL)
		*user = host_user_absent(host, name);
	if (*user == NULL)
		return TCHAT_ERR_MEMORY;
	if (entrance->wish.shown[0] != '\0')
		(*user)->wish = host_nick_hash(&entrance->wish);
	(*user)->owner = peer->owner = account->owner;
	struct nick kept;
	host_name_nick(name, &kept);
	return host_user_rename(host, *user, &kept); /* in another case */
}

/* The device is this user's from now on. */
static struct device *device_get(struct host *host, struct device *device, struct user *user, uint64_t id)
{
	if (device == NULL)
		return device_new(host, user, id);
	if (device->user == user)
		return device;
	TAILQ_REMOVE(&device->user->devices, device, by_user);
	device->user->device_count--;
	device->user = user;
	TAILQ_INSERT_TAIL(&user->devices, device, by_user);
	user->device_count++;
	return device;
}

int host_user_enter(struct host_peer *peer, uint64_t id, const struct nick *asked, struct account *account)
{
	struct host *host = peer->host;
	struct device *device = host_device_find(host, id);
	struct user *user;
	int err = account == NULL ? enter_guest(peer, id, device, asked, &user) :
	                            enter_account(peer, account, asked, &user);
	if (err != 0)
		return err;
	device = device_get(host, device, user, id);
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
	if (peer->owner)
		TAILQ_INSERT_TAIL(&host->owners, peer, by_owner);
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
	host_bookmark_forget(host, user);
	user_unhash(host, user);
	if (user->account != NULL)
		TAILQ_REMOVE(&user->account->users, user, by_account);
	free(user->away_reason);
	free(user->memberships);
	free(user);
}

static void users_limit(struct host *host)
{
	while (host->idle_count > host->limits.remembered) {
		struct user *user = TAILQ_FIRST(&host->idle_users);
		host_user_forget(host, user != NULL ? user : TAILQ_FIRST(&host->kept_users));
	}
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
	host_crowd_leave(peer);
	if (peer->owner)
		TAILQ_REMOVE(&host->owners, peer, by_owner);
	user->seen = host->environment->wall(host->environment->arg);
	if (user->account != NULL)
		host_account_left(host, user->account, user->nick.key);
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
	while ((user = TAILQ_FIRST(&host->idle_users)) != NULL && user->left + host->limits.memory <= host->now) {
		/* Somebody with a key comes back as the same user, who has rooms of two. */
		if (user->account == NULL || user->membership_count == 0) {
			host_user_forget(host, user);
			continue;
		}
		TAILQ_REMOVE(&host->idle_users, user, by_left);
		TAILQ_INSERT_TAIL(&host->kept_users, user, by_left);
		user->kept = true;
	}
}
