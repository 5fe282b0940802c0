/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Invitations: made, listed, revoked. The host knows the public half of each only. */
#include "host/rule.h"

#include "host/door.h"

#include "host/internal.h"

#include "base/errors.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { DEVICE_SECONDS = 3600 };

#define SECOND UINT64_C(1000000)

struct invitation *host_invitation_find(struct host *host, const uint8_t key[WIRE_PIN_SIZE])
{
	struct invitation *invitation;
	HASH_FIND(hh, host->invitations, key, WIRE_PIN_SIZE, invitation);
	return invitation;
}

struct invitation *host_invitation_add(struct host *host, const uint8_t key[WIRE_PIN_SIZE])
{
	struct invitation *invitation = calloc(1, sizeof *invitation);
	if (invitation == NULL)
		return NULL;
	memcpy(invitation->key, key, sizeof invitation->key);
	HASH_ADD(hh, host->invitations, key, sizeof invitation->key, invitation);
	if (invitation->hh.tbl != NULL)
		return invitation;
	free(invitation);
	return NULL;
}

void host_invitation_forget(struct host *host, struct invitation *invitation)
{
	HASH_DEL(host->invitations, invitation);
	free(invitation);
}

bool host_invitation_holds(struct host *host, struct invitation *invitation)
{
	uint64_t now = host->environment->wall(host->environment->arg);
	const struct account *account = host_account_by_id(host, invitation->account);
	bool orphan = invitation->account != 0 && (account == NULL || account->key_count == 0);
	if (invitation->uses > 0 && !orphan && (invitation->expires == 0 || now < invitation->expires))
		return true;
	invitation->uses = 0;
	host_keep(host, host_record_invitation(host, NULL, invitation));
	host_invitation_forget(host, invitation);
	return false;
}

/* --- Making them */

static int invitation_room(struct host *host, struct wire_bytes room, char name[NAME_SIZE])
{
	name[0] = '\0';
	if (room.length == 0)
		return 0;
	buffer_truncate(&host->text, 0);
	int err = text_name_shown(&host->text, (const char *)room.data, room.length);
	struct wire_bytes shown = { buffer_data(&host->text), buffer_length(&host->text) };
	return err == 0 && !wire_copy(name, NAME_SIZE, shown) ? TCHAT_ERR_BAD_NAME : err;
}

static int invitation_new(struct host *host, const uint8_t *key, struct wire_bytes room, struct invitation **out)
{
	char name[NAME_SIZE];
	int err = invitation_room(host, room, name);
	if (err != 0)
		return err;
	struct invitation *invitation, *next;
	HASH_ITER(hh, host->invitations, invitation, next)
		host_invitation_holds(host, invitation);
	if (HASH_COUNT(host->invitations) >= host->limits.invitations)
		return TCHAT_ERR_TOO_MANY_INVITATIONS;
	if (host_invitation_find(host, key) != NULL)
		return TCHAT_ERR_NO_KEY;
	*out = host_invitation_add(host, key);
	if (*out == NULL)
		return TCHAT_ERR_MEMORY;
	memcpy((*out)->room, name, sizeof name);
	return 0;
}

static uint64_t invitation_expires(const struct host *host, uint64_t seconds)
{
	uint64_t now = host->environment->wall(host->environment->arg);
	return seconds == 0 || seconds > (UINT64_MAX - now) / SECOND ? 0 : now + seconds * SECOND;
}

int host_invite(struct host *host, const uint8_t public[TRUST_PUBLIC_SIZE], uint16_t uses, uint64_t seconds,
                const char *room)
{
	struct invitation *invitation;
	int err = invitation_new(host, public, wire_text(room), &invitation);
	if (err != 0)
		return err;
	invitation->kind = INVITE_HOST;
	invitation->uses = uses == 0 ? 1 : uses;
	invitation->expires = invitation_expires(host, seconds);
	host_keep(host, host_record_invitation(host, NULL, invitation));
	return 0;
}

/* The most that one account other than an owner's may have alive. */
enum { INVITATIONS_OF_ACCOUNT = 4 };

static int invite_allowed(struct host *host, const struct account *account, uint8_t kind)
{
	if (account == NULL || (kind == INVITE_HOST && !account->owner) || (kind != INVITE_HOST && kind != INVITE_DEVICE))
		return TCHAT_ERR_NOT_ALLOWED;
	int count = 0;
	struct invitation *invitation, *next;
	HASH_ITER(hh, host->invitations, invitation, next)
		count += host_invitation_holds(host, invitation) && invitation->account == account->id;
	return !account->owner && count >= INVITATIONS_OF_ACCOUNT ? TCHAT_ERR_TOO_MANY_INVITATIONS : 0;
}

static int invite(struct host_peer *peer, const struct wire_invite *wire)
{
	struct host *host = peer->host;
	const struct account *account = peer->user->account;
	struct invitation *invitation;
	int err = invite_allowed(host, account, wire->kind);
	if (err == 0 && wire->key.length != WIRE_PIN_SIZE)
		err = TCHAT_ERR_NO_KEY;
	if (err == 0)
		err = invitation_new(host, wire->key.data, wire->room, &invitation);
	if (err != 0)
		return err;
	bool device = wire->kind == INVITE_DEVICE;
	uint64_t seconds = wire->seconds;
	if (device && (seconds == 0 || seconds > DEVICE_SECONDS))
		seconds = DEVICE_SECONDS;
	invitation->kind = wire->kind;
	invitation->uses = device || wire->uses == 0 ? 1 : wire->uses;
	invitation->account = account->id;
	invitation->expires = invitation_expires(host, seconds);
	struct pending *pending = host_record_invitation(host, peer, invitation);
	if (pending == NULL)
		return 0; /* the peer is closed */
	pending->type = WIRE_INVITE;
	pending->number = wire->request;
	memcpy(&pending->pin, invitation->key, sizeof pending->pin);
	host_pending_send(host, pending);
	return 0;
}

void host_invite_frame(struct host_peer *peer, const struct wire_invite *wire)
{
	int err = invite(peer, wire);
	if (err != 0)
		host_answer_error(peer, wire->request, err, WIRE_INVITE);
}

void host_invite_kept(struct host *host, struct pending *pending)
{
	struct host_peer *peer = pending->peer;
	struct invitation *invitation = host_invitation_find(host, pending->pin.bytes);
	int err = host_record_error(pending);
	if (err != 0 && invitation != NULL)
		host_invitation_forget(host, invitation);
	if (err == 0)
		host_event_named(host, HOST_EVENT_INVITED, peer->user == NULL ? NULL : peer->user->nick.shown,
		                 invitation == NULL ? NULL : invitation->room, NULL, 0);
	if (err == 0 && peer->user != NULL && invitation != NULL && invitation->kind == INVITE_HOST)
		host_act(host, &(struct act){ .action = MODERATE_INVITE, .by = peer->user->nick.shown });
	if (peer->closing != HOST_OPEN)
		return;
	if (err == 0)
		host_answer_done(peer, pending->number, NULL);
	else
		host_answer_error(peer, pending->number, err, WIRE_INVITE);
}

/* --- Listing and revoking */

static bool invitation_is_of(const struct invitation *invitation, const struct account *account)
{
	return account != NULL && (account->owner || invitation->account == account->id);
}

static int invitation_put(struct host *host, struct buffer *records, const struct invitation *invitation)
{
	struct message message = { .type = WIRE_INVITATION };
	struct wire_invitation *wire = &message.invitation;
	const struct account *by = host_account_by_id(host, invitation->account);
	wire->kind = invitation->kind;
	wire->uses = invitation->uses;
	wire->expires = invitation->expires;
	if (invitation->room[0] != '\0')
		wire->room = wire_text(invitation->room);
	if (by != NULL && !TAILQ_EMPTY(&by->names))
		wire->by = wire_text(TAILQ_FIRST(&by->names)->shown);
	wire->key = (struct wire_bytes){ invitation->key, sizeof invitation->key };
	return message_encode(records, &message);
}

void host_invitations_list(struct host_peer *peer, const struct wire_invitations *wire)
{
	struct host *host = peer->host;
	struct buffer records;
	buffer_init(&records, WIRE_LIMIT);
	int err = 0;
	struct invitation *invitation, *next;
	HASH_ITER(hh, host->invitations, invitation, next)
		if (err == 0 && invitation_is_of(invitation, peer->user->account) && host_invitation_holds(host, invitation))
			err = invitation_put(host, &records, invitation);
	struct message message = { .type = WIRE_INVITED };
	message.invited.request = wire->request;
	message.invited.records = (struct wire_bytes){ buffer_data(&records), buffer_length(&records) };
	if (err == 0)
		host_queue_message(peer, &message);
	else
		host_peer_close(peer, err, HOST_DROP);
	buffer_free(&records);
}

void host_invitations_end(struct host *host, const struct account *account)
{
	struct invitation *invitation, *next;
	HASH_ITER(hh, host->invitations, invitation, next)
	{
		if (invitation->kind != INVITE_DEVICE || invitation->account != account->id)
			continue;
		invitation->uses = 0;
		host_keep(host, host_record_invitation(host, NULL, invitation));
		host_invitation_forget(host, invitation);
	}
}

int host_revoke(struct host_peer *peer, const struct wire_moderate *moderate)
{
	struct host *host = peer->host;
	struct invitation *invitation = NULL;
	if (moderate->key.length == WIRE_PIN_SIZE)
		invitation = host_invitation_find(host, moderate->key.data);
	if (invitation == NULL || !invitation_is_of(invitation, peer->user->account))
		return TCHAT_ERR_NO_INVITATION;
	invitation->uses = 0;
	host_moderate_keep(peer, moderate, NULL, host_record_invitation(host, peer, invitation));
	host_invitation_forget(host, invitation);
	return 0;
}
