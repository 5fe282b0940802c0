/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What owners may do to others. */
#include "host/rule.h"

#include "host/door.h"

#include "host/internal.h"

#include "base/errors.h"
#include "base/utf8.h"

#include <string.h>

static int moderate_kick(struct host_peer *peer, const struct wire_moderate *moderate, const char *reason)
{
	struct host *host = peer->host;
	struct nick nick;
	struct room *room = host_room_by_id(host, moderate->room);
	if (room == NULL)
		return TCHAT_ERR_NO_ROOM;
	struct user *user = NULL;
	if (host_nick_read(host, moderate->nick, &nick) == 0)
		user = host_user_by_nick(host, nick.key);
	struct membership *membership = user == NULL ? NULL : host_member_find(user, room->id);
	if (membership == NULL)
		return TCHAT_ERR_NO_USER;
	/* The lobby stands for the whole host. */
	bool lobby = host_room_is_lobby(room);
	const struct room *where = lobby ? NULL : room;
	enum rank own = host_user_rank(host, peer->user, where);
	if (room->kind == ROOM_DIRECT || own < RANK_MODERATOR || host_user_rank(host, user, where) >= own)
		return TCHAT_ERR_NOT_ALLOWED;
	host_event(host, HOST_EVENT_KICKED, user, room, reason, 0);
	host_act(host, &(struct act){ .action = MODERATE_KICK, .room = room, .nick = user->nick.shown, .reason = reason,
	                              .by = peer->user->nick.shown });
	if (room->is_private)
		host_uncall(host, user, room);
	host_member_leave(host, membership, NULL, MEMBER_KICKED, reason, peer->user->nick.shown);
	if (!lobby)
		return 0;
	if (user->account != NULL)
		user->account->banned = host->now + host->limits.ban;
	struct device *device;
	TAILQ_FOREACH(device, &user->devices, by_user) {
		device->banned = host->now + host->limits.ban;
		if (device->peer != NULL)
			host_peer_error(device->peer, TCHAT_ERR_KICKED, 0);
	}
	return 0;
}

/* --- Keys and names */

void host_moderate_keep(struct host_peer *peer, const struct wire_moderate *moderate, const struct trust_pin *pin,
                        struct pending *pending)
{
	if (pending == NULL)
		return; /* the peer is closed */
	pending->type = WIRE_MODERATE;
	pending->number = moderate->request;
	pending->flags = moderate->action;
	if (pin != NULL)
		pending->pin = *pin;
	host_pending_send(peer->host, pending);
}

static int moderate_drop_key(struct host_peer *peer, const struct wire_moderate *moderate, const struct trust_pin *pin)
{
	struct host *host = peer->host;
	struct account *account = host_account_by_pin(host, pin);
	if (account == NULL || (!peer->owner && account != peer->user->account))
		return TCHAT_ERR_NO_KEY;
	/* It would be back at the next start. */
	if (host->has_owner && memcmp(pin, &host->owner_pin, sizeof *pin) == 0)
		return TCHAT_ERR_NOT_ALLOWED;
	host_account_drop_key(host, pin);
	host_invitations_end(host, account); /* whoever had the key may have prepared to come back */
	host_moderate_keep(peer, moderate, pin, host_record_account(host, peer, account));
	return 0;
}

/* Ends the connections whose key is not their account's any more; an account without keys goes as well. */
static void key_cut_off(struct host *host, const struct trust_pin *pin, uint32_t id)
{
	struct host_peer *peer;
	TAILQ_FOREACH(peer, &host->peers, by_host) {
		if (!peer->keyed)
			continue;
		const struct account *account = host_account_by_pin(host, &peer->pin);
		bool stranger = peer->user == NULL && account == NULL && memcmp(&peer->pin, pin, sizeof *pin) == 0;
		if (stranger || (peer->user != NULL && peer->user->account != account))
			host_peer_error(peer, TCHAT_ERR_KEY_DROPPED, 0);
	}
	host_reap(host);
	struct account *account = host_account_by_id(host, id);
	if (account != NULL && account->key_count == 0)
		host_account_forget(host, account);
}

static int moderate_release(struct host_peer *peer, const struct wire_moderate *moderate)
{
	struct host *host = peer->host;
	struct nick nick;
	struct account_name *name = NULL;
	if (host_nick_read(host, moderate->nick, &nick) != 0)
		return TCHAT_ERR_NO_USER;
	name = host_name_find(host, &nick);
	if (name == NULL)
		return host_unreserve(peer, moderate, &nick);
	struct account *account = name->account;
	if (!peer->owner && account != peer->user->account)
		return TCHAT_ERR_NOT_ALLOWED;
	const struct user *user = host_user_by_nick(host, nick.key);
	if (user != NULL && !TAILQ_EMPTY(&user->peers))
		return TCHAT_ERR_NAME_IN_USE;
	host_name_release(host, name);
	if (account != peer->user->account)
		host_act(host, &(struct act){ .action = MODERATE_RELEASE, .nick = nick.shown, .by = peer->user->nick.shown });
	host_moderate_keep(peer, moderate, NULL, host_record_account(host, peer, account));
	return 0;
}

static int moderate_registry(struct host_peer *peer, const struct wire_moderate *moderate)
{
	struct trust_pin pin;
	if (!peer->host->secure)
		return TCHAT_ERR_NOT_ALLOWED;
	if (moderate->action == MODERATE_REVOKE)
		return host_revoke(peer, moderate);
	if (moderate->action == MODERATE_RESERVE)
		return host_reserve(peer, moderate);
	if (moderate->action == MODERATE_RELEASE)
		return moderate_release(peer, moderate);
	if (moderate->key.length != sizeof pin)
		return TCHAT_ERR_NO_KEY;
	memcpy(&pin, moderate->key.data, sizeof pin);
	if (moderate->action == MODERATE_DROP_KEY)
		return moderate_drop_key(peer, moderate, &pin);
	if (!peer->owner)
		return TCHAT_ERR_NOT_ALLOWED;
	return moderate->action == MODERATE_ADMIT ? host_knock_admit(peer, moderate, &pin) :
	                                            host_knock_refuse(peer, moderate, &pin);
}

/* What owners did about keys and invitations; one's own key is one's own business. */
static void registry_act(struct host *host, const struct pending *pending, const char *by)
{
	struct act act = { .action = pending->flags, .by = by };
	const struct knock *knock = NULL;
	const struct account *account = NULL;
	switch (act.action) {
	case MODERATE_ADMIT:
	case MODERATE_REFUSE:
		knock = host_knock_find(host, &pending->pin);
		account = host_account_by_pin(host, &pending->pin);
		break;
	case MODERATE_DROP_KEY:
		account = host_account_by_id(host, pending->user);
		if (pending->peer->user == NULL || account == pending->peer->user->account)
			return;
		break;
	case MODERATE_REVOKE:
		host_act(host, &act);
		return;
	default: /* has been told */
		return;
	}
	act.key = &pending->pin;
	if (knock != NULL)
		act.nick = knock->nick;
	else if (account != NULL && !TAILQ_EMPTY(&account->names))
		act.nick = TAILQ_FIRST(&account->names)->shown;
	host_act(host, &act);
}

void host_moderate_kept(struct host *host, struct pending *pending)
{
	struct host_peer *peer = pending->peer;
	int err = host_record_error(pending);
	char by[sizeof peer->user->nick.shown] = "";
	if (peer->user != NULL)
		memcpy(by, peer->user->nick.shown, sizeof by);
	if (peer->closing == HOST_OPEN && err == 0)
		host_answer_done(peer, pending->number, NULL);
	else if (peer->closing == HOST_OPEN)
		host_answer_error(peer, pending->number, err, WIRE_MODERATE);
	if (err == 0)
		registry_act(host, pending, by);
	/* Who is taken away goes, kept or not. */
	if (pending->flags == MODERATE_DROP_KEY)
		key_cut_off(host, &pending->pin, pending->user);
	else if (pending->flags == MODERATE_ADMIT && err == 0)
		host_knock_admitted(host, &pending->pin, by);
	else if (pending->flags == MODERATE_REFUSE && err == 0)
		host_knock_refused(host, &pending->pin, by);
}

/* --- MODERATE */

static int moderate_here(struct host_peer *peer, const struct wire_moderate *moderate)
{
	char reason[REASON_BYTES + 1];
	bool lasts = moderate->action >= MODERATE_OP && moderate->action <= MODERATE_UNCALL;
	if (moderate->action == MODERATE_END && moderate->room == 0 && peer->owner) {
		peer->host->wants_end = true;
		host_act(peer->host, &(struct act){ .action = MODERATE_END, .by = peer->user->nick.shown });
		return 0;
	}
	if (moderate->action != MODERATE_KICK && !lasts)
		return TCHAT_ERR_NOT_ALLOWED;
	if (!wire_copy(reason, sizeof reason, moderate->reason) ||
	    !utf8_valid((const char *)moderate->reason.data, moderate->reason.length))
		return TCHAT_ERR_BAD_TEXT;
	const char *why = moderate->reason.length == 0 ? NULL : reason;
	return lasts ? host_sanction(peer, moderate, why) : moderate_kick(peer, moderate, why);
}

void host_moderate(struct host_peer *peer, const struct wire_moderate *moderate)
{
	bool registry = (moderate->action >= MODERATE_ADMIT && moderate->action <= MODERATE_RELEASE) ||
	                moderate->action == MODERATE_RESERVE;
	bool kept = registry || (moderate->action >= MODERATE_OP && moderate->action <= MODERATE_UNCALL);
	int err = registry ? moderate_registry(peer, moderate) : moderate_here(peer, moderate);
	if (err != 0)
		host_answer_error(peer, moderate->request, err, WIRE_MODERATE);
	else if (!kept)
		host_answer_done(peer, moderate->request, NULL);
}
