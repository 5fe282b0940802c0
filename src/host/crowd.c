/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many connections one account and one address may have. */
#include "host/registry.h"

#include "host/internal.h"

#include "base/errors.h"

#include <stdlib.h>

/* Those of an account, but for that of the device which comes back: it goes when this one enters. */
static uint32_t crowd_of_account(const struct account *account, const struct host_peer *fenced)
{
	uint32_t count = 0;
	const struct user *user;
	const struct host_peer *peer;
	TAILQ_FOREACH(user, &account->users, by_account)
		TAILQ_FOREACH(peer, &user->peers, by_user)
			count += peer != fenced;
	return count;
}

static bool crowd_origin(const struct host_peer *peer, struct range *origin)
{
	enum { V4_BITS = 32, V6_BITS = 64 };
	if (!range_of_peer(origin, peer->address))
		return false;
	range_widen(origin, V4_BITS, V6_BITS);
	return true;
}

int host_crowd_enter(struct host_peer *peer, const struct account *account, uint64_t id)
{
	struct host *host = peer->host;
	if (peer->owner || (account != NULL && account->owner))
		return 0;
	const struct device *device = host_device_find(host, id);
	const struct host_peer *fenced = device != NULL ? device->peer : NULL;
	if (account != NULL && crowd_of_account(account, fenced) >= host->limits.per_user)
		return TCHAT_ERR_TOO_MANY_CONNECTIONS;
	struct range origin;
	struct crowd *crowd;
	if (!crowd_origin(peer, &origin))
		return 0;
	HASH_FIND(hh, host->crowds, &origin, sizeof origin, crowd);
	uint32_t count = crowd == NULL ? 0 : crowd->count - (fenced != NULL && fenced->crowd == crowd);
	if ((account == NULL || !account->admitted) && count >= host->limits.per_address)
		return TCHAT_ERR_TOO_MANY_CONNECTIONS;
	if (crowd == NULL) {
		crowd = calloc(1, sizeof *crowd);
		if (crowd == NULL)
			return TCHAT_ERR_MEMORY;
		crowd->origin = origin;
		HASH_ADD(hh, host->crowds, origin, sizeof crowd->origin, crowd);
		if (crowd->hh.tbl == NULL) {
			free(crowd);
			return TCHAT_ERR_MEMORY;
		}
	}
	crowd->count++;
	peer->crowd = crowd;
	return 0;
}

void host_crowd_leave(struct host_peer *peer)
{
	struct crowd *crowd = peer->crowd;
	peer->crowd = NULL;
	if (crowd == NULL || --crowd->count > 0)
		return;
	HASH_DEL(peer->host->crowds, crowd);
	free(crowd);
}
