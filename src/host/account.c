/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts: sets of keys, and the names that they own. */
#include "host/rule.h"

#include "host/door.h"

#include "host/internal.h"

#include "base/errors.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define DAY (UINT64_C(86400) * 1000000)

/* For so long a name is kept for an account that does not use it. */
enum { DISUSE_DAYS = 180, DISUSE_DAYS_STRANGER = 7 };

static uint64_t wall(const struct host *host)
{
	return host->environment->wall(host->environment->arg);
}

static uint64_t random_number(const struct host *host)
{
	uint64_t number;
	host->environment->random(host->environment->arg, &number, sizeof number);
	return number;
}

/* --- Accounts */

struct account *host_account_by_id(struct host *host, uint32_t id)
{
	struct account *account;
	HASH_FIND(hh, host->accounts, &id, sizeof id, account);
	return account;
}

static struct account_key *key_find(struct host *host, const struct trust_pin *pin)
{
	struct account_key *key;
	HASH_FIND(hh, host->keys, pin, sizeof *pin, key);
	return key;
}

struct account *host_account_by_pin(struct host *host, const struct trust_pin *pin)
{
	const struct account_key *key = key_find(host, pin);
	return key == NULL ? NULL : key->account;
}

bool host_account_may_enter(const struct host *host, const struct account *account)
{
	return account != NULL && (account->admitted || account->owner || host->access == HOST_ACCESS_OPEN);
}

bool host_is_admitted(struct host *host, const struct trust_pin *pin)
{
	const struct account *account = host_account_by_pin(host, pin);
	return account != NULL && (account->admitted || account->owner);
}

size_t host_admitted(const struct host *host)
{
	size_t count = 0;
	for (const struct account *account = host->accounts; account != NULL; account = account->hh.next)
		count += account->admitted || account->owner;
	return count;
}

static bool account_is_stranger(const struct account *account)
{
	return !account->admitted && !account->owner;
}

/* Forgets a stranger who is not here, to make place. */
static bool account_make_place(struct host *host)
{
	struct account *account;
	TAILQ_FOREACH(account, &host->strangers, by_seen) {
		bool here = false;
		const struct user *user;
		TAILQ_FOREACH(user, &account->users, by_account)
			here = here || !TAILQ_EMPTY(&user->peers);
		/* What was decided about somebody is not shaken off by going away. */
		struct subject subject = host_subject_account(account);
		if (here || host_is_ruled(host, &subject))
			continue;
		host_keep(host, host_record_account_gone(host, NULL, account->id));
		host_account_forget(host, account);
		return true;
	}
	return false;
}

int host_account_new(struct host *host, uint32_t id, struct account **account)
{
	/* What was kept is not thrown away for a limit that is lower now. */
	if (id == 0 && HASH_COUNT(host->accounts) >= host->limits.accounts && !account_make_place(host))
		return TCHAT_ERR_HOST_FULL;
	struct account *fresh = calloc(1, sizeof *fresh);
	if (fresh == NULL)
		return TCHAT_ERR_MEMORY;
	while (id == 0 || host_account_by_id(host, id) != NULL)
		id = (uint32_t)random_number(host);
	fresh->id = id;
	TAILQ_INIT(&fresh->keys);
	TAILQ_INIT(&fresh->names);
	TAILQ_INIT(&fresh->users);
	HASH_ADD(hh, host->accounts, id, sizeof fresh->id, fresh);
	if (fresh->hh.tbl == NULL) {
		free(fresh);
		return TCHAT_ERR_MEMORY;
	}
	TAILQ_INSERT_TAIL(&host->strangers, fresh, by_seen);
	*account = fresh;
	return 0;
}

void host_account_admit(struct host *host, struct account *account)
{
	if (account_is_stranger(account))
		TAILQ_REMOVE(&host->strangers, account, by_seen);
	if (!account->admitted)
		account->version++;
	struct account_key *key;
	TAILQ_FOREACH(key, &account->keys, by_account)
		key->version = account->admitted ? key->version : account->version;
	account->admitted = true;
}

bool host_key_is_kept(struct host *host, const struct trust_pin *pin)
{
	const struct account_key *key = key_find(host, pin);
	if (key == NULL)
		return false;
	bool is_owner = host->has_owner && memcmp(pin, &host->owner_pin, sizeof *pin) == 0;
	return is_owner || key->version <= key->account->kept;
}

void host_account_own(struct host *host, struct account *account)
{
	host_account_admit(host, account);
	account->owner = true;
}

void host_account_touch(struct host *host, struct account *account)
{
	account->seen = wall(host);
	if (!account_is_stranger(account))
		return;
	TAILQ_REMOVE(&host->strangers, account, by_seen);
	TAILQ_INSERT_TAIL(&host->strangers, account, by_seen);
}

int host_account_add_key(struct host *host, struct account *account, const struct trust_pin *pin)
{
	if (key_find(host, pin) != NULL)
		return TCHAT_ERR_KEY_TAKEN;
	if (account->key_count >= ACCOUNT_KEYS)
		return TCHAT_ERR_TOO_MANY_KEYS;
	struct account_key *key = calloc(1, sizeof *key);
	if (key == NULL)
		return TCHAT_ERR_MEMORY;
	key->pin = *pin;
	HASH_ADD(hh, host->keys, pin, sizeof key->pin, key);
	if (key->hh.tbl == NULL) {
		free(key);
		return TCHAT_ERR_MEMORY;
	}
	key->account = account;
	key->version = ++account->version;
	TAILQ_INSERT_TAIL(&account->keys, key, by_account);
	account->key_count++;
	return 0;
}

void host_account_left(struct host *host, struct account *account, const char *key)
{
	struct account_name *name = host_account_name(account, key);
	host_account_touch(host, account);
	if (name != NULL)
		name->seen = account->seen;
}

int host_account_get(struct host *host, const struct trust_pin *pin, struct account **account)
{
	*account = host_account_by_pin(host, pin);
	if (*account != NULL)
		return 0;
	struct account *fresh = NULL;
	int err = host_account_new(host, 0, &fresh);
	if (err == 0)
		err = host_account_add_key(host, fresh, pin);
	if (err != 0 && fresh != NULL)
		host_account_forget(host, fresh);
	else
		*account = fresh;
	return err;
}

void host_account_drop_key(struct host *host, const struct trust_pin *pin)
{
	struct account_key *key = key_find(host, pin);
	if (key == NULL)
		return;
	HASH_DEL(host->keys, key);
	TAILQ_REMOVE(&key->account->keys, key, by_account);
	key->account->key_count--;
	free(key);
}

void host_account_forget(struct host *host, struct account *account)
{
	struct subject subject = host_subject_account(account);
	if (host_is_ruled(host, &subject))
		host_rules_forget(host, &subject);
	while (!TAILQ_EMPTY(&account->users))
		host_user_forget(host, TAILQ_FIRST(&account->users));
	while (!TAILQ_EMPTY(&account->names))
		host_name_release(host, TAILQ_FIRST(&account->names));
	while (!TAILQ_EMPTY(&account->keys))
		host_account_drop_key(host, &TAILQ_FIRST(&account->keys)->pin);
	struct invitation *invitation, *next;
	HASH_ITER(hh, host->invitations, invitation, next)
		if (invitation->account == account->id)
			host_invitation_forget(host, invitation);
	if (account_is_stranger(account))
		TAILQ_REMOVE(&host->strangers, account, by_seen);
	HASH_DEL(host->accounts, account);
	free(account);
}

/* --- Names */

static struct skeleton *skeleton_find(struct host *host, const char *text)
{
	struct skeleton *skeleton;
	HASH_FIND(hh, host->skeletons, text, strlen(text), skeleton);
	return skeleton;
}

/* 0, TCHAT_ERR_BAD_NAME or TCHAT_ERR_MEMORY. */
static int skeletons_of(const struct nick *nick, char texts[2][TEXT_SKELETON_SIZE])
{
	int err = text_name_skeletons(nick->shown, texts);
	if (err == 0 && (strlen(texts[0]) >= SKELETON_BYTES || strlen(texts[1]) >= SKELETON_BYTES))
		err = TCHAT_ERR_BAD_NAME;
	return err;
}

static bool name_is_disused(const struct host *host, const struct account_name *name)
{
	const struct account *account = name->account;
	uint64_t days = account_is_stranger(account) ? DISUSE_DAYS_STRANGER : DISUSE_DAYS;
	return !account->owner && TAILQ_EMPTY(&account->users) && name->seen + days * DAY < wall(host);
}

/* A name of another account that looks like one of these, be it in use or not. */
static struct account_name *name_in_the_way(struct host *host, const struct account *account,
                                            char texts[2][TEXT_SKELETON_SIZE])
{
	for (int i = 0; i < 2; i++) {
		const struct skeleton *skeleton = skeleton_find(host, texts[i]);
		if (skeleton != NULL && skeleton->name->account != account)
			return skeleton->name;
	}
	return NULL;
}

bool host_name_is_for(struct host *host, const struct account *account, const struct nick *nick)
{
	char texts[2][TEXT_SKELETON_SIZE];
	if (skeletons_of(nick, texts) != 0)
		return false;
	const struct account_name *name = name_in_the_way(host, account, texts);
	return name == NULL || name_is_disused(host, name);
}

struct account_name *host_name_find(struct host *host, const struct nick *nick)
{
	char texts[2][TEXT_SKELETON_SIZE];
	if (skeletons_of(nick, texts) != 0)
		return NULL;
	const struct skeleton *skeleton = skeleton_find(host, texts[0]);
	if (skeleton == NULL || skeleton->name->account == host->reserved)
		return NULL;
	return host_account_name(skeleton->name->account, nick->key);
}

struct account_name *host_account_name(const struct account *account, const char *key)
{
	struct account_name *name;
	TAILQ_FOREACH(name, &account->names, by_account)
		if (strcmp(name->key, key) == 0)
			return name;
	return NULL;
}

const char *host_account_first_name(const struct account *account)
{
	const struct account_name *name, *first = NULL;
	TAILQ_FOREACH(name, &account->names, by_account)
		if (first == NULL || name->since < first->since)
			first = name;
	return first == NULL ? NULL : first->shown;
}

/* Has this nick from now on; false, and the one it had, when memory is out. */
static bool name_put(struct account_name *name, const struct nick *nick)
{
	size_t shown = strlen(nick->shown) + 1, key = strlen(nick->key) + 1;
	char *text = malloc(shown + key);
	if (text == NULL)
		return false;
	memcpy(text, nick->shown, shown);
	memcpy(text + shown, nick->key, key);
	free(name->shown);
	name->shown = text;
	name->key = text + shown;
	return true;
}

void host_name_nick(const struct account_name *name, struct nick *nick)
{
	*nick = (struct nick){ 0 };
	memcpy(nick->shown, name->shown, strlen(name->shown));
	memcpy(nick->key, name->key, strlen(name->key));
}

static void name_unhash(struct host *host, struct account_name *name)
{
	for (int i = 0; i < 2; i++) {
		if (name->skeletons[i] != NULL)
			HASH_DEL(host->skeletons, name->skeletons[i]);
		free(name->skeletons[i]);
		name->skeletons[i] = NULL;
	}
}

static void name_free(struct host *host, struct account_name *name)
{
	name_unhash(host, name);
	free(name->shown);
	free(name);
}

void host_name_release(struct host *host, struct account_name *name)
{
	struct account *account = name->account;
	struct user *user = host_user_by_nick(host, name->key);
	if (user != NULL && user->account == account && TAILQ_EMPTY(&user->peers))
		host_user_forget(host, user);
	host_bookmarks_release(host, name);
	TAILQ_REMOVE(&account->names, name, by_account);
	account->name_count--;
	name_free(host, name);
}

void host_name_renew(struct host *host, struct account_name *name)
{
	name->self = random_number(host) >> 1;
}

static bool name_hash(struct host *host, struct account_name *name, char texts[2][TEXT_SKELETON_SIZE])
{
	for (int i = 0; i < 2; i++) {
		size_t length = strlen(texts[i]);
		if (i == 1 && strcmp(texts[0], texts[1]) == 0)
			break;
		struct skeleton *skeleton = calloc(1, sizeof *skeleton + length + 1);
		if (skeleton == NULL)
			return false;
		memcpy(skeleton->text, texts[i], length + 1);
		skeleton->name = name;
		HASH_ADD(hh, host->skeletons, text, length, skeleton);
		if (skeleton->hh.tbl == NULL) {
			free(skeleton);
			return false;
		}
		name->skeletons[i] = skeleton;
	}
	return true;
}

int host_name_add(struct host *host, struct account *account, const struct nick *nick, struct account_name **added)
{
	char texts[2][TEXT_SKELETON_SIZE];
	int err = skeletons_of(nick, texts);
	if (err != 0)
		return err;
	struct account_name *other = name_in_the_way(host, account, texts);
	if (other != NULL && !name_is_disused(host, other))
		return TCHAT_ERR_NAME_TAKEN;
	if (account->name_count >= ACCOUNT_NAMES && account != host->reserved)
		return TCHAT_ERR_TOO_MANY_NAMES;
	struct account_name *name = calloc(1, sizeof *name);
	if (name == NULL)
		return TCHAT_ERR_MEMORY;
	name->account = account;
	if (!name_put(name, nick) || !name_hash(host, name, texts)) {
		name_free(host, name);
		return TCHAT_ERR_MEMORY;
	}
	if (other != NULL) {
		struct account *loser = other->account;
		host_name_release(host, other);
		host_keep(host, host_record_account(host, NULL, loser));
	}
	host_name_renew(host, name);
	name->since = name->seen = wall(host);
	TAILQ_INSERT_HEAD(&account->names, name, by_account);
	account->name_count++;
	*added = name;
	return 0;
}

int host_name_reserve(struct host *host, const struct nick *nick, struct account_name **name)
{
	const struct user *holder = host_user_by_nick(host, nick->key);
	if (host->reserved == NULL) {
		struct account *nobody = calloc(1, sizeof *nobody);
		if (nobody == NULL)
			return TCHAT_ERR_MEMORY;
		TAILQ_INIT(&nobody->keys);
		TAILQ_INIT(&nobody->names);
		TAILQ_INIT(&nobody->users);
		nobody->owner = true; /* so that its names do not fall out of use */
		host->reserved = nobody;
	}
	if (host_account_name(host->reserved, nick->key) != NULL || (holder != NULL && holder->account == NULL))
		return TCHAT_ERR_NAME_TAKEN;
	return host_name_add(host, host->reserved, nick, name);
}

/* Shown as wished for this time; another case may look like somebody else. */
static int name_show(struct host *host, struct account_name *name, const struct nick *nick)
{
	char texts[2][TEXT_SKELETON_SIZE];
	if (strcmp(name->shown, nick->shown) == 0)
		return 0;
	int err = skeletons_of(nick, texts);
	if (err == 0 && name_in_the_way(host, name->account, texts) != NULL)
		err = TCHAT_ERR_NAME_TAKEN;
	if (err != 0)
		return err;
	if (!name_put(name, nick))
		return TCHAT_ERR_MEMORY;
	name_unhash(host, name);
	if (name_hash(host, name, texts))
		return 0;
	host_name_release(host, name);
	return TCHAT_ERR_MEMORY;
}

int host_account_claim(struct host *host, struct account *account, const struct nick *nick, bool *fresh)
{
	struct account_name *name = host_account_name(account, nick->key);
	if (name == NULL) {
		const struct user *holder = host_user_by_nick(host, nick->key);
		if (holder != NULL && holder->account == NULL)
			return TCHAT_ERR_NAME_TAKEN;
		*fresh = true;
		return host_name_add(host, account, nick, &name);
	}
	if (strcmp(name->shown, nick->shown) != 0)
		*fresh = true;
	int err = name_show(host, name, nick);
	if (err != 0)
		return err;
	name->seen = wall(host);
	TAILQ_REMOVE(&account->names, name, by_account);
	TAILQ_INSERT_HEAD(&account->names, name, by_account);
	return 0;
}

/* The name that it used last. */
static bool name_last(const struct account *account, struct nick *nick)
{
	if (TAILQ_EMPTY(&account->names))
		return false;
	host_name_nick(TAILQ_FIRST(&account->names), nick);
	return true;
}

int host_account_choose(struct host *host, struct account *account, const struct nick *wish, struct nick *nick,
                        bool *fresh)
{
	struct nick asked = *wish;
	char texts[2][TEXT_SKELETON_SIZE];
	if (asked.shown[0] == '\0' && name_last(account, nick))
		return host_account_claim(host, account, nick, fresh);
	if (asked.shown[0] == '\0' || skeletons_of(&asked, texts) != 0) {
		int err = host_nick_read(host, wire_text("guest"), &asked);
		if (err != 0)
			return err;
	}
	/* Who has too many names gets one of them. */
	if (!host_nick_give(host, &asked, NULL, account, nick) ||
	    (account->name_count >= ACCOUNT_NAMES && host_account_name(account, nick->key) == NULL))
		if (!name_last(account, nick))
			return TCHAT_ERR_NAME_TAKEN;
	return host_account_claim(host, account, nick, fresh);
}
