/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The door: who with a key comes in, by admission or by invitation, and who has to wait. */
#include "host/rule.h"

#include "host/door.h"

#include "host/internal.h"

#include "base/errors.h"

#include <string.h>

#define HOUR (UINT64_C(3600) * 1000000)

/* --- Writing what was decided, before it is told */

static void entrance_keep(struct host_peer *peer, struct pending *pending)
{
	if (pending == NULL)
		return; /* the peer is closed */
	pending->type = WIRE_AUTH;
	peer->entrance->writes++;
	peer->auth_waits = true;
	host_pending_send(peer->host, pending);
}

static void door_device(struct host_peer *peer)
{
	struct host *host = peer->host;
	const struct entrance *entrance = peer->entrance;
	struct pending *pending = host_pending_new(host, peer, STORE_DEVICE, WIRE_AUTH, 0);
	if (pending == NULL)
		return;
	pending->store.device.device = trust_device(&peer->pin, &host->pin, entrance->salt);
	pending->store.device.lowest_unsettled = entrance->lowest_unsettled;
	pending->wish = entrance->nick;
	peer->auth_waits = true;
	host_pending_send(host, pending);
}

void host_door_open(struct host_peer *peer, int err)
{
	struct entrance *entrance = peer->entrance;
	if (entrance == NULL)
		return;
	if (err != 0)
		entrance->err = err;
	if (--entrance->writes > 0)
		return;
	peer->auth_waits = false;
	if (peer->closing != HOST_OPEN)
		return;
	if (entrance->err != 0)
		host_peer_error(peer, entrance->err, WIRE_AUTH);
	else
		door_device(peer);
}

/* --- In */

/* The nick that it will have: as before, when its device is known and wishes for nothing new. */
static int enter_nick(struct host_peer *peer, struct account *account, bool *fresh)
{
	struct host *host = peer->host;
	struct entrance *entrance = peer->entrance;
	const struct device *device = host_device_find(host, trust_device(&peer->pin, &host->pin, entrance->salt));
	const struct user *user = device == NULL ? NULL : device->user;
	const struct nick *wish = &entrance->wish;
	bool other_case = user != NULL && strcmp(wish->key, user->nick.key) == 0 && strcmp(wish->shown, user->nick.shown) != 0;
	if (user != NULL && user->account == account && !other_case &&
	    (wish->shown[0] == '\0' || host_nick_hash(wish) == user->wish)) {
		entrance->nick = user->nick;
		return 0;
	}
	int err = host_account_choose(host, account, wish, &entrance->nick, fresh);
	if (err != 0)
		return err;
	/* Somebody of this account may be here under another nick since, with what this name was for rooms of two. */
	struct account_name *name = host_account_name(account, entrance->nick.key);
	TAILQ_FOREACH(user, &account->users, by_account)
		if (user->self == name->self && strcmp(user->nick.key, name->key) != 0) {
			host_name_renew(host, name);
			*fresh = true;
		}
	return 0;
}

/* It may come in: what that changes is kept first. */
static void door_enter(struct host_peer *peer, struct account *account, bool fresh)
{
	struct host *host = peer->host;
	int err = enter_nick(peer, account, &fresh);
	if (err != 0) {
		host_peer_error(peer, err == TCHAT_ERR_TOO_MANY_NAMES ? TCHAT_ERR_NAME_TAKEN : err, WIRE_AUTH);
		return;
	}
	host_account_touch(host, account);
	if (fresh || !host_key_is_kept(host, &peer->pin) || account->seen > account->kept_seen + HOUR) {
		account->kept_seen = account->seen;
		entrance_keep(peer, host_record_account(host, peer, account));
	} else if (peer->entrance->writes == 0) {
		door_device(peer);
	}
}

static void invitation_use(struct host_peer *peer, struct invitation *invitation)
{
	invitation->uses--;
	entrance_keep(peer, host_record_invitation(peer->host, peer, invitation));
	if (invitation->uses == 0)
		host_invitation_forget(peer->host, invitation);
}

static const char *inviter(struct host *host, const struct invitation *invitation)
{
	const struct account *account = host_account_by_id(host, invitation->account);
	return account == NULL || TAILQ_EMPTY(&account->names) ? "" : TAILQ_FIRST(&account->names)->shown;
}

/* Another key of the account that made the invitation. */
static int door_link(struct host_peer *peer, struct account *own, struct invitation *invitation, struct account **out)
{
	struct host *host = peer->host;
	struct account *account = host_account_by_id(host, invitation->account);
	if (account == NULL || (own != NULL && own != account))
		return TCHAT_ERR_KEY_TAKEN;
	*out = account;
	if (own != NULL)
		return 0;
	int err = host_account_add_key(host, account, &peer->pin);
	if (err == 0)
		invitation_use(peer, invitation);
	return err;
}

/* Who comes with an invitation: 0 and *account is set, or an error. */
static int door_invited(struct host_peer *peer, struct invitation *invitation, struct account **account)
{
	struct host *host = peer->host;
	if (invitation->kind == INVITE_DEVICE)
		return door_link(peer, *account, invitation, account);
	if (*account != NULL && ((*account)->admitted || (*account)->owner))
		return 0; /* nothing is used up */
	int err = host_account_get(host, &peer->pin, account);
	if (err != 0)
		return err;
	host_account_admit(host, *account);
	host_event_named(host, HOST_EVENT_ADMITTED, peer->entrance->wish.shown, NULL, inviter(host, invitation), 0);
	invitation_use(peer, invitation);
	struct knock *knock = host_knock_find(host, &peer->pin);
	if (knock != NULL) {
		host_door_told(host, knock, DOOR_ADMITTED);
		host_knock_forget(host, knock, true);
	}
	return 0;
}

/* Whether the proof, if there is one, holds, and which invitation it is of. */
static int door_proof(struct host_peer *peer, struct wire_bytes proof, struct invitation **invitation)
{
	struct host *host = peer->host;
	const struct entrance *entrance = peer->entrance;
	struct trust_binding binding = { .host = host->pin, .user = peer->pin };
	*invitation = NULL;
	if (proof.data == NULL)
		return 0;
	if (proof.length != WIRE_PROOF_SIZE)
		return TCHAT_ERR_BAD_FRAME;
	memcpy(binding.host_nonce, entrance->host_nonce, sizeof binding.host_nonce);
	memcpy(binding.user_nonce, entrance->user_nonce, sizeof binding.user_nonce);
	if (!trust_proof_check(proof.data, &binding))
		return TCHAT_ERR_BAD_PROOF;
	*invitation = host_invitation_find(host, proof.data); /* begins with the public half */
	if (*invitation != NULL && !host_invitation_holds(host, *invitation))
		*invitation = NULL;
	return 0;
}

static int door_decide(struct host_peer *peer, struct wire_bytes proof)
{
	struct host *host = peer->host;
	struct account *account = host_account_by_pin(host, &peer->pin);
	struct invitation *invitation;
	bool known = account != NULL;
	struct subject subject = { 0 };
	if (known)
		subject = host_subject_account(account);
	int err = host_ban(host, peer, known ? &subject : NULL, known && account->owner);
	if (err == 0)
		err = door_proof(peer, proof, &invitation);
	if (err != 0)
		return err;
	if (invitation != NULL)
		err = door_invited(peer, invitation, &account);
	else if (!host_account_may_enter(host, account) && host->access == HOST_ACCESS_OPEN)
		err = host_account_get(host, &peer->pin, &account);
	if (err != 0)
		return err;
	if (account != NULL && account->banned > host->now)
		return TCHAT_ERR_KICKED;
	if (host_account_may_enter(host, account)) {
		door_enter(peer, account, !known || invitation != NULL);
		return 0;
	}
	if (host_knock_is_refused(host, &peer->pin))
		return TCHAT_ERR_DOOR_REFUSED;
	return host->access == HOST_ACCESS_ASK ? host_knock(peer) : TCHAT_ERR_NOT_INVITED;
}

void host_door(struct host_peer *peer, const struct wire_auth *auth)
{
	struct host *host = peer->host;
	struct entrance *entrance = peer->entrance;
	int err = TCHAT_ERR_NEEDS_TLS;
	if (!peer->keyed || entrance == NULL)
		goto out;
	err = TCHAT_ERR_WRONG_STATE;
	if (entrance->asked)
		goto out;
	entrance->asked = true;
	memcpy(entrance->salt, auth->salt, sizeof entrance->salt);
	entrance->lowest_unsettled = auth->lowest_unsettled == 0 ? 1 : auth->lowest_unsettled;
	err = host_nick_wish(host, auth->nick, &entrance->wish);
	if (err == 0)
		err = door_decide(peer, auth->proof);
out:
	if (err != 0)
		host_peer_error(peer, err, WIRE_AUTH);
}

void host_door_admitted(struct host_peer *peer)
{
	struct account *account = host_account_by_pin(peer->host, &peer->pin);
	peer->knock = NULL;
	if (peer->closing != HOST_OPEN)
		return;
	host_peer_wait(peer, WAIT_HANDSHAKE);
	if (host_account_may_enter(peer->host, account))
		door_enter(peer, account, false);
	else
		host_peer_error(peer, TCHAT_ERR_NOT_INVITED, WIRE_AUTH);
}
