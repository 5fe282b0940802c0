/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits on one user: how much it may say in a time, by not reading on; how many connections it may have. */
#include "host/registry.h"

#include "host/internal.h"

#include "base/errors.h"

#include <string.h>

enum { COST_BYTES = 1024 }; /* so many of a frame cost as much as one more frame */

/* Until when what was said is paid for; NULL: there is no limit. */
static tchat_time *paid_until(const struct host_peer *peer)
{
	struct user *user = peer->user;
	if (user == NULL || user->owner)
		return NULL;
	return user->account != NULL ? &user->account->paid : &user->paid;
}

void host_throttle_charge(struct host_peer *peer, size_t length)
{
	const struct host *host = peer->host;
	tchat_time *paid = paid_until(peer);
	if (paid == NULL)
		return;
	if (*paid < host->now)
		*paid = host->now;
	*paid += (1 + length / COST_BYTES) * TCHAT_SECONDS(1) / host->limits.rate;
}

/* When it may go on. */
static tchat_time peer_due(const struct host_peer *peer)
{
	const struct host *host = peer->host;
	const tchat_time *paid = paid_until(peer);
	tchat_time burst = (host->limits.burst - 1) * TCHAT_SECONDS(1) / host->limits.rate;
	return paid == NULL || *paid <= burst ? 0 : *paid - burst;
}

bool host_throttle_waits(const struct host_peer *peer)
{
	return peer_due(peer) > peer->host->now;
}

void host_throttle(struct host_peer *peer)
{
	struct host *host = peer->host;
	tchat_time due = peer_due(peer);
	if (TAILQ_EMPTY(&host->throttled) || due < host->throttle_due)
		host->throttle_due = due;
	TAILQ_INSERT_TAIL(&host->throttled, peer, by_resume);
}

void host_throttle_tick(struct host *host)
{
	if (TAILQ_EMPTY(&host->throttled) || host->throttle_due > host->now)
		return;
	struct host_peer *peer, *next;
	host->throttle_due = TCHAT_NEVER;
	for (peer = TAILQ_FIRST(&host->throttled); peer != NULL; peer = next) {
		next = TAILQ_NEXT(peer, by_resume);
		tchat_time due = peer_due(peer);
		if (due > host->now) {
			host->throttle_due = due < host->throttle_due ? due : host->throttle_due;
			continue;
		}
		TAILQ_REMOVE(&host->throttled, peer, by_resume);
		peer->paused = PAUSE_RESUME;
		TAILQ_INSERT_TAIL(&host->resume, peer, by_resume);
	}
}

void host_throttle_reset(struct host *host)
{
	for (struct account *account = host->accounts; account != NULL; account = account->hh.next)
		account->paid = 0;
	for (struct user *user = host->users_by_id; user != NULL; user = user->by_id.next)
		user->paid = 0;
	host->throttle_due = host->now;
}

/* --- Connections */

static bool is_of(const struct host_peer *peer, const struct account *account)
{
	return peer->user != NULL && peer->user->account == account;
}

int host_crowd(const struct host_peer *peer, const struct account *account)
{
	const struct host *host = peer->host;
	bool stranger = account == NULL || !account->admitted;
	uint32_t of_user = 0, of_address = 0;
	const struct host_peer *other;
	if (peer->owner || (account != NULL && account->owner))
		return 0;
	/* Each that comes in is looked at by the next one: nothing beside its handshake. */
	TAILQ_FOREACH(other, &host->peers, by_host) {
		if (other->state != WIRE_READY || other->closing != HOST_OPEN || other->owner)
			continue;
		of_user += account != NULL && is_of(other, account);
		of_address += stranger && peer->origin.bits != 0 && other->origin.bits == peer->origin.bits &&
		              memcmp(other->origin.address, peer->origin.address, sizeof peer->origin.address) == 0;
	}
	return of_user >= host->limits.per_user || of_address >= host->limits.per_address ?
	               TCHAT_ERR_TOO_MANY_CONNECTIONS : 0;
}
