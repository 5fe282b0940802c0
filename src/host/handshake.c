/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the first byte to READY: HELLO, AUTH. */
#include "host/rule.h"

#include "host/door.h"

#include "host/internal.h"

#include "base/errors.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, TAIL_HEADER = 4, TAIL_MOST = TAIL_HEADER + 16, TAIL_TAG = 0x7001, TAIL_TAGS = 0x7ff };

#define COUNTER_MOST (UINT64_MAX / 2)

static void random_bytes(const struct host *host, void *bytes, size_t length)
{
	host->environment->random(host->environment->arg, bytes, length);
}

/* A TLV that nobody knows, so that nobody forgets to skip them. */
static struct wire_bytes random_tail(const struct host *host, uint8_t tail[TAIL_MOST])
{
	uint8_t dice[3];
	random_bytes(host, dice, sizeof dice);
	size_t length = dice[2] % (TAIL_MOST - TAIL_HEADER + 1);
	wire_set(tail, 2, TAIL_TAG + 2 * (wire_get(dice, 2) % (TAIL_TAGS + 1)));
	wire_set(tail + 2, 2, length);
	random_bytes(host, tail + TAIL_HEADER, length);
	return (struct wire_bytes){ tail, TAIL_HEADER + length };
}

/* Keeps what a proof of an invitation is bound to. */
static bool entrance_new(struct host_peer *peer, const struct wire_hello *hello, const uint8_t nonce[WIRE_KEY_SIZE])
{
	peer->entrance = calloc(1, sizeof *peer->entrance);
	if (peer->entrance == NULL) {
		host_peer_close(peer, TCHAT_ERR_MEMORY, HOST_DROP);
		return false;
	}
	memcpy(peer->entrance->host_nonce, nonce, sizeof peer->entrance->host_nonce);
	memcpy(peer->entrance->user_nonce, hello->nonce, sizeof peer->entrance->user_nonce);
	return true;
}

void host_hello(struct host_peer *peer, const struct wire_hello *hello)
{
	struct host *host = peer->host;
	if (hello->magic != WIRE_MAGIC) {
		host_peer_error(peer, TCHAT_ERR_BAD_MAGIC, WIRE_HELLO);
		return;
	}
	if (hello->version_low > VERSION || hello->version_high < VERSION) {
		host_peer_error(peer, TCHAT_ERR_VERSION, WIRE_HELLO);
		return;
	}
	struct message message = { .type = WIRE_WELCOME };
	uint8_t tail[TAIL_MOST];
	message.welcome.version = VERSION;
	message.welcome.frame_limit = peer->host->limits.frame;
	memcpy(message.welcome.host, host->id, sizeof host->id);
	random_bytes(host, message.welcome.nonce, sizeof message.welcome.nonce);
	if (peer->keyed && !entrance_new(peer, hello, message.welcome.nonce))
		return;
	message.welcome.software = wire_text(host->software);
	message.welcome.tail = random_tail(host, tail);
	host_queue_message(peer, &message);
	peer->state = WIRE_GREETED;
}

void host_auth(struct host_peer *peer, const struct wire_auth *auth)
{
	struct host *host = peer->host;
	/* A mark has to be able to rise. */
	if (auth->lowest_unsettled > COUNTER_MOST) {
		host_peer_error(peer, TCHAT_ERR_BAD_FRAME, WIRE_AUTH);
		return;
	}
	/* On a host with keys there is one guest at most: the owner's own face, where nothing says which key is the
	 * owner's. */
	if (host->secure && (peer->keyed || !peer->owner)) {
		host_door(peer, auth);
		return;
	}
	struct nick wish = { 0 };
	if (host_nick_wish(host, auth->nick, &wish) != 0) {
		host_peer_error(peer, TCHAT_ERR_MEMORY, WIRE_AUTH);
		return;
	}
	struct pending *pending = host_pending_new(host, peer, STORE_DEVICE, WIRE_AUTH, 0);
	if (pending == NULL)
		return;
	pending->wish = wish;
	pending->store.device.device = host_identity_device(host, auth->salt, peer->owner);
	pending->store.device.lowest_unsettled = auth->lowest_unsettled == 0 ? 1 : auth->lowest_unsettled;
	peer->auth_waits = true;
	host_pending_send(host, pending);
}

static void auth_ok(struct host_peer *peer, uint64_t mark)
{
	struct message message = { .type = WIRE_AUTH_OK };
	message.auth_ok.user = peer->user->id;
	message.auth_ok.role = peer->user->role;
	message.auth_ok.device = peer->device->id;
	message.auth_ok.mark = mark;
	message.auth_ok.text_limit = peer->host->limits.text;
	message.auth_ok.nick = wire_text(peer->user->nick.shown);
	message.auth_ok.motd = wire_text(peer->host->motd);
	if (peer->user->account != NULL)
		message.auth_ok.account = wire_text(host_account_first_name(peer->user->account));
	host_queue_message(peer, &message);
}

/* Whether who was on its way in may still come. */
static int auth_recheck(struct host_peer *peer, uint64_t id, struct account **account)
{
	struct host *host = peer->host;
	const struct device *device = host_device_find(host, id);
	*account = NULL;
	if (device != NULL && device->banned > host->now)
		return TCHAT_ERR_KICKED;
	if (!peer->keyed) {
		struct subject guest = host_subject_guest(host_identity_user(id, peer->owner, ""));
		return host_ban(host, peer, &guest, peer->owner);
	}
	*account = host_account_by_pin(host, &peer->pin);
	if (!host_account_may_enter(host, *account))
		return TCHAT_ERR_NOT_INVITED;
	struct subject subject = host_subject_account(*account);
	int err = host_ban(host, peer, &subject, (*account)->owner);
	return err == 0 && (*account)->banned > host->now ? TCHAT_ERR_KICKED : err;
}

void host_auth_completed(struct host *host, struct pending *pending)
{
	struct host_peer *peer = pending->peer;
	uint64_t id = pending->store.device.device;
	int err = pending->store.request.error;
	peer->auth_waits = false;
	bool opened = err == 0;
	if (err == 0 && peer->closing == HOST_OPEN) {
		struct account *account;
		err = auth_recheck(peer, id, &account);
		if (err == 0)
			err = host_crowd_enter(peer, account, id);
		if (err == 0)
			err = host_user_enter(peer, id, &pending->wish, account);
		if (peer->user == NULL)
			host_crowd_leave(peer);
	}
	if (opened && peer->user == NULL) /* who got in leaves by host_user_leave() */
		store_release(host->store, STORE_DEVICE, id);
	if (peer->closing != HOST_OPEN)
		return;
	if (err != 0) {
		host_peer_error(peer, err, WIRE_AUTH);
		return;
	}
	peer->state = WIRE_READY;
	free(peer->entrance);
	peer->entrance = NULL;
	host_peer_wait(peer, WAIT_SILENCE);
	auth_ok(peer, pending->store.device.mark);
	host_event(host, HOST_EVENT_CAME, peer->user, NULL, peer->address, 0);
	host_unread_tell(peer);
	host_role_enter(peer);
	if (peer->owner)
		host_door_tell(peer);
}
