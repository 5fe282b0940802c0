/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who knocks: how many may, what owners are told of it, and what they decide. */
#include "host/door.h"

#include "host/internal.h"

#include "base/errors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFUSAL (UINT64_C(24) * 3600 * 1000000)

enum { LATER_MINUTES = 10 }; /* until the knocks of an address that went away do not count any more */

static uint64_t wall(const struct host *host)
{
	return host->environment->wall(host->environment->arg);
}

/* --- The list */

struct knock *host_knock_find(struct host *host, const struct trust_pin *pin)
{
	struct knock *knock;
	HASH_FIND(hh, host->knocks_by_pin, pin, sizeof *pin, knock);
	return knock;
}

static void knock_list(struct host *host, struct knock *knock, bool add)
{
	bool refused = knock->change == DOOR_REFUSED;
	struct knock_list *list = refused ? &host->refusals : &host->knocks;
	uint32_t *count = refused ? &host->refusal_count : &host->knock_count;
	if (add)
		TAILQ_INSERT_TAIL(list, knock, by_age);
	else
		TAILQ_REMOVE(list, knock, by_age);
	*count += add ? 1 : UINT32_MAX;
}

void host_knock_forget(struct host *host, struct knock *knock, bool keep)
{
	if (knock->peer != NULL)
		knock->peer->knock = NULL;
	if (keep && knock->change != DOOR_WAITS) {
		struct knock gone = { .pin = knock->pin, .change = DOOR_WAITS };
		host_keep(host, host_record_knock(host, NULL, &gone));
	}
	knock_list(host, knock, false);
	HASH_DEL(host->knocks_by_pin, knock);
	free(knock);
}

/* The oldest that went away makes place. */
static bool knock_make_place(struct host *host)
{
	struct knock *knock;
	if (host->knock_count < host->limits.knocks)
		return true;
	TAILQ_FOREACH(knock, &host->knocks, by_age)
		if (knock->change == DOOR_LEFT) {
			host_knock_forget(host, knock, true);
			return true;
		}
	return false;
}

struct knock *host_knock_add(struct host *host, const struct trust_pin *pin, uint8_t change)
{
	if (change != DOOR_REFUSED && !knock_make_place(host))
		return NULL;
	if (change == DOOR_REFUSED && host->refusal_count >= REFUSALS)
		host_knock_forget(host, TAILQ_FIRST(&host->refusals), true);
	struct knock *knock = calloc(1, sizeof *knock);
	if (knock == NULL)
		return NULL;
	knock->pin = *pin;
	knock->change = change;
	knock->since = host->now;
	HASH_ADD(hh, host->knocks_by_pin, pin, sizeof knock->pin, knock);
	if (knock->hh.tbl == NULL) {
		free(knock);
		return NULL;
	}
	knock_list(host, knock, true);
	return knock;
}

static void knock_change(struct host *host, struct knock *knock, uint8_t change)
{
	knock_list(host, knock, false);
	knock->change = change;
	knock_list(host, knock, true);
}

bool host_knock_is_refused(struct host *host, const struct trust_pin *pin)
{
	struct knock *knock = host_knock_find(host, pin);
	if (knock == NULL || knock->change != DOOR_REFUSED)
		return false;
	if (wall(host) < knock->until)
		return true;
	host_knock_forget(host, knock, true);
	return false;
}

/* --- Telling owners */

static void door_message(struct host_peer *owner, const struct knock *knock, uint8_t change)
{
	struct message message = { .type = WIRE_DOOR };
	message.door.change = change;
	message.door.nick = wire_text(knock->nick[0] == '\0' ? NULL : knock->nick);
	message.door.reason = wire_text(knock->address[0] == '\0' ? NULL : knock->address);
	message.door.key = (struct wire_bytes){ knock->pin.bytes, sizeof knock->pin.bytes };
	host_queue_message(owner, &message);
}

void host_door_told(struct host *host, const struct knock *knock, uint8_t change)
{
	struct host_peer *owner;
	TAILQ_FOREACH(owner, &host->owners, by_owner)
		door_message(owner, knock, change);
}

void host_door_tell(struct host_peer *owner)
{
	const struct knock *knock;
	TAILQ_FOREACH(knock, &owner->host->knocks, by_age)
		door_message(owner, knock, knock->change);
}

/* --- Knocking */

/* Cuts an IPv6 address to its network of /64: what is not zero of the first four groups, each closed by a colon. */
static void address_network(char *text)
{
	const char *gap = strstr(text, "::");
	char *at = text;
	int groups = 0, before;
	for (const char *c = text; *c != '\0'; c++)
		groups += *c != ':' && (c == text || c[-1] == ':');
	if (strchr(text, '.') != NULL)
		return; /* an IPv4 address in disguise */
	for (before = 0; before < 4 && at != gap && *at != '\0'; before++) {
		at += strcspn(at, ":");
		if (at != gap && *at == ':')
			at++;
	}
	/* The zeros that "::" stands for reach the fourth group, or some groups follow them within the four. */
	int zeros = 8 - groups;
	if (before < 4 && before + zeros < 4) {
		at += 2;
		for (int i = before + zeros; i < 4; i++) {
			at += strcspn(at, ":");
			at += *at == ':';
		}
	}
	*at = '\0';
}

/* What stands for an address: an IPv6 network, or all before the port. */
static void address_group(const char *address, char group[ADDRESS_SIZE])
{
	bool is_v6 = address[0] == '[';
	snprintf(group, ADDRESS_SIZE, "%s", is_v6 ? address + 1 : address);
	if (strchr(group, '/') != NULL)
		return; /* a socket file */
	char *end = strrchr(group, is_v6 ? ']' : ':');
	if (end != NULL)
		*end = '\0';
	if (is_v6)
		address_network(group);
}

/* No address may fill the list, nor have owners told of ever new keys. */
static bool address_may_knock(struct host *host, const char *address)
{
	char group[ADDRESS_SIZE], other[ADDRESS_SIZE];
	struct knock *knock, *old = NULL;
	uint32_t count = 0;
	address_group(address, group);
	TAILQ_FOREACH(knock, &host->knocks, by_age) {
		address_group(knock->address, other);
		if (strcmp(group, other) != 0)
			continue;
		count++;
		if (old == NULL && knock->change == DOOR_LEFT &&
		    knock->since + TCHAT_SECONDS(60 * LATER_MINUTES) <= host->now)
			old = knock;
	}
	if (count < host->limits.knocks_per_address)
		return true;
	if (old != NULL)
		host_knock_forget(host, old, true);
	return old != NULL;
}

/* One that comes back is told of so often in ten minutes, and is not heard after that. */
static bool knock_again(struct host *host, struct knock *knock)
{
	if (knock->since + TCHAT_SECONDS(60 * LATER_MINUTES) <= host->now) {
		knock->since = host->now;
		knock->returns = 0;
	}
	return ++knock->returns <= KNOCK_RETURNS;
}

static void knock_answer(struct host_peer *peer)
{
	struct host *host = peer->host;
	struct message message = { .type = WIRE_KNOCK };
	unsigned owners = 0;
	const struct host_peer *owner;
	TAILQ_FOREACH(owner, &host->owners, by_owner)
		owners++;
	message.knock.owners = (uint8_t)(owners < UINT8_MAX ? owners : UINT8_MAX);
	host_queue_message(peer, &message);
	host_peer_wait(peer, WAIT_DOOR);
}

/* By the name that it would have: nobody is to be let in for somebody else who is called like that. */
static void knock_name(const struct host_peer *peer, struct knock *knock)
{
	struct host *host = peer->host;
	const struct nick *wish = &peer->entrance->wish;
	struct nick nick = { .shown = "" };
	if (wish->shown[0] != '\0' && !host_nick_give(host, wish, NULL, host_account_by_pin(host, &peer->pin), &nick))
		nick.shown[0] = '\0';
	memcpy(knock->nick, nick.shown, sizeof knock->nick);
}

int host_knock(struct host_peer *peer)
{
	struct host *host = peer->host;
	struct knock *knock = host_knock_find(host, &peer->pin);
	if (knock != NULL && !knock_again(host, knock))
		return TCHAT_ERR_DOOR_FULL;
	if (knock == NULL) {
		if (!address_may_knock(host, peer->address))
			return TCHAT_ERR_DOOR_FULL;
		knock = host_knock_add(host, &peer->pin, DOOR_WAITS);
		if (knock == NULL)
			return TCHAT_ERR_DOOR_FULL;
	}
	bool told = knock->peer != NULL;
	if (told) {
		struct host_peer *older = knock->peer;
		older->knock = NULL;
		host_peer_error(older, TCHAT_ERR_FENCED, 0);
	}
	if (knock->change == DOOR_LEFT)
		knock_change(host, knock, DOOR_WAITS);
	knock->peer = peer;
	peer->knock = knock;
	knock_name(peer, knock);
	memcpy(knock->address, peer->address, strlen(peer->address) + 1);
	knock_answer(peer);
	host_event_named(host, HOST_EVENT_KNOCKED, knock->nick, NULL, knock->address, 0);
	if (!told)
		host_door_told(host, knock, DOOR_WAITS);
	return 0;
}

void host_door_left(struct host_peer *peer)
{
	struct host *host = peer->host;
	struct knock *knock = peer->knock;
	peer->knock = NULL;
	knock->peer = NULL;
	if (knock->change != DOOR_WAITS || host->store == NULL)
		return;
	knock->change = DOOR_LEFT; /* in the same list, at its place */
	host_keep(host, host_record_knock(host, NULL, knock));
	host_door_told(host, knock, DOOR_LEFT);
}

/* --- What owners decide */

int host_knock_admit(struct host_peer *peer, const struct wire_moderate *moderate, const struct trust_pin *pin)
{
	struct host *host = peer->host;
	struct account *account = host_account_by_pin(host, pin);
	const struct knock *knock = host_knock_find(host, pin);
	if (account == NULL && knock == NULL)
		return TCHAT_ERR_NO_KEY;
	int err = host_account_get(host, pin, &account);
	if (err != 0)
		return err == TCHAT_ERR_MEMORY ? err : TCHAT_ERR_TOO_MANY_ACCOUNTS;
	host_account_admit(host, account);
	host_moderate_keep(peer, moderate, pin, host_record_account(host, peer, account));
	return 0;
}

void host_knock_admitted(struct host *host, const struct trust_pin *pin, const char *by)
{
	struct knock *knock = host_knock_find(host, pin);
	if (knock == NULL)
		return;
	struct host_peer *peer = knock->peer;
	host_door_told(host, knock, DOOR_ADMITTED);
	host_event_named(host, HOST_EVENT_ADMITTED, knock->nick, NULL, by, 0);
	host_knock_forget(host, knock, true);
	if (peer != NULL)
		host_door_admitted(peer);
}

int host_knock_refuse(struct host_peer *peer, const struct wire_moderate *moderate, const struct trust_pin *pin)
{
	struct host *host = peer->host;
	struct knock *knock = host_knock_find(host, pin);
	if (knock == NULL)
		return TCHAT_ERR_NO_KEY;
	if (knock->change != DOOR_REFUSED) {
		if (host->refusal_count >= REFUSALS)
			host_knock_forget(host, TAILQ_FIRST(&host->refusals), true);
		knock_change(host, knock, DOOR_REFUSED);
	}
	knock->until = wall(host) + REFUSAL;
	host_moderate_keep(peer, moderate, pin, host_record_knock(host, peer, knock));
	return 0;
}

void host_knock_refused(struct host *host, const struct trust_pin *pin, const char *by)
{
	struct knock *knock = host_knock_find(host, pin);
	if (knock == NULL)
		return;
	struct host_peer *peer = knock->peer;
	host_door_told(host, knock, DOOR_REFUSED);
	host_event_named(host, HOST_EVENT_REFUSED, knock->nick, NULL, by, 0);
	if (peer != NULL)
		host_peer_error(peer, TCHAT_ERR_DOOR_REFUSED, WIRE_AUTH);
}
