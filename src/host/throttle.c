/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much one user may say in a time: beyond it, the host does not read on. */
#include "host/registry.h"

#include "host/internal.h"

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
