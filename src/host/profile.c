/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WHOIS: whose a nick is, by which keys, and since when. */
#include "host/door.h"

#include "host/internal.h"

#include "base/errors.h"

#include <string.h>

static size_t account_pins(const struct account *account, uint8_t pins[ACCOUNT_KEYS * WIRE_PIN_SIZE])
{
	size_t length = 0;
	const struct account_key *key;
	TAILQ_FOREACH(key, &account->keys, by_account) {
		memcpy(pins + length, &key->pin, sizeof key->pin);
		length += sizeof key->pin;
	}
	return length;
}

static void profile_user(struct wire_profile *profile, const struct user *user, bool told_all)
{
	const struct host_peer *first = TAILQ_FIRST(&user->peers);
	profile->user = user->id;
	profile->role = user->role;
	profile->flags = (uint8_t)((first != NULL ? PROFILE_HERE : 0) | (user->away ? PROFILE_AWAY : 0));
	profile->since = user->since;
	profile->seen = user->seen;
	profile->nick = wire_text(user->nick.shown);
	if (user->away && user->away_reason != NULL)
		profile->reason = wire_text(user->away_reason);
	if (first != NULL && told_all && first->address[0] != '\0')
		profile->address = wire_text(first->address);
}

static void profile_name(struct wire_profile *profile, const struct account_name *name)
{
	profile->role = name->account->owner ? ROLE_OWNER : ROLE_MEMBER;
	profile->since = name->since;
	if (profile->seen < name->seen)
		profile->seen = name->seen;
	profile->nick = wire_text(name->shown);
}

void host_whois(struct host_peer *peer, const struct wire_whois *whois)
{
	struct host *host = peer->host;
	struct message message = { .type = WIRE_PROFILE };
	struct wire_profile *profile = &message.profile;
	uint8_t pins[ACCOUNT_KEYS * WIRE_PIN_SIZE];
	struct nick nick;
	const struct user *user = NULL;
	const struct account_name *name = NULL;
	if (whois->nick.data == NULL)
		user = peer->user;
	else if (host_nick_read(host, whois->nick, &nick) == 0)
		user = host_user_by_nick(host, nick.key);
	if (user == NULL && whois->nick.data != NULL && host->secure && host_nick_read(host, whois->nick, &nick) == 0)
		name = host_name_find(host, &nick);
	if (user == NULL && name == NULL) {
		host_answer_error(peer, whois->request, TCHAT_ERR_NO_USER, WIRE_WHOIS);
		return;
	}
	if (user != NULL) {
		profile_user(profile, user, peer->owner);
		if (user->account != NULL)
			name = host_account_name(user->account, user->nick.key);
		if (!TAILQ_EMPTY(&user->peers))
			profile->seen = host->environment->wall(host->environment->arg);
	}
	if (name != NULL)
		profile_name(profile, name);
	const struct account *account = user != NULL ? user->account : name->account;
	if (account != NULL)
		profile->keys = (struct wire_bytes){ pins, account_pins(account, pins) };
	profile->request = whois->request;
	host_queue_message(peer, &message);
}
