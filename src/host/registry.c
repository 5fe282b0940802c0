/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store keeps of accounts, invitations and knocks: one record each, written through as they change. */
#include "host/rule.h"

#include "host/door.h"

#include "host/internal.h"

#include "base/errors.h"

#include <stdlib.h>
#include <string.h>

enum record_kind { RECORD_ACCOUNT = 1, RECORD_INVITATION = 2, RECORD_KNOCK = 3 };
enum { FORMAT = 1, FLAG_ADMITTED = 1, OWED_MOST = 4096 };

#define OWED_WAIT TCHAT_SECONDS(5)

/* --- Bytes of a record, big-endian. */

struct bytes {
	uint8_t *at, *end;
	bool broken;
	uint8_t spare[256]; /* stands for what is not there */
};

static uint8_t *bytes_take(struct bytes *b, size_t length)
{
	if (b->broken || (size_t)(b->end - b->at) < length) {
		b->broken = true;
		memset(b->spare, 0, sizeof b->spare);
		return b->spare;
	}
	uint8_t *at = b->at;
	b->at += length;
	return at;
}

static void put_number(struct bytes *b, int size, uint64_t value)
{
	wire_set(bytes_take(b, (size_t)size), size, value);
}

static uint64_t get_number(struct bytes *b, int size)
{
	return wire_get(bytes_take(b, (size_t)size), size);
}

static void put_text(struct bytes *b, const char *text)
{
	size_t length = strlen(text);
	put_number(b, 1, length);
	memcpy(bytes_take(b, length), text, length);
}

static void get_text(struct bytes *b, char *text, size_t size)
{
	size_t length = (size_t)get_number(b, 1);
	const uint8_t *at = bytes_take(b, length);
	if (!b->broken && !wire_copy(text, size, (struct wire_bytes){ at, length }))
		b->broken = true;
	if (b->broken)
		text[0] = '\0';
}

/* --- Writing */

static struct pending *record_new(struct host *host, struct host_peer *peer, enum record_kind kind, const void *key,
                                  size_t length)
{
	struct pending *pending = host_pending_new(host, peer, STORE_RECORD, 0, 0);
	if (pending == NULL)
		return NULL;
	struct store_record *record = &pending->store.record;
	record->kind = (uint8_t)kind;
	record->key_length = (uint8_t)length;
	memcpy(record->key, key, length);
	return pending;
}

/* The bytes that are to be filled in. Without memory for them the store gets a length that it refuses. */
static struct bytes record_bytes(struct pending *pending)
{
	pending->blob = malloc(STORE_RECORD_MOST);
	bool ok = pending->blob != NULL;
	return (struct bytes){ pending->blob, ok ? pending->blob + STORE_RECORD_MOST : NULL, !ok, { 0 } };
}

static void record_filled(struct pending *pending, const struct bytes *b)
{
	struct store_record *record = &pending->store.record;
	record->value = pending->blob;
	record->length = b->broken ? STORE_RECORD_MOST + 1 : (uint32_t)(b->at - pending->blob);
}

struct pending *host_record_account(struct host *host, struct host_peer *peer, const struct account *account)
{
	uint8_t id[4];
	wire_set(id, 4, account->id);
	struct pending *pending = record_new(host, peer, RECORD_ACCOUNT, id, sizeof id);
	if (pending == NULL)
		return NULL;
	pending->user = account->id;
	pending->seq = account->version;
	if (account->key_count == 0)
		return pending; /* deletes it */
	struct bytes b = record_bytes(pending);
	put_number(&b, 1, FORMAT);
	put_number(&b, 1, account->admitted ? FLAG_ADMITTED : 0);
	put_number(&b, 8, account->seen);
	put_number(&b, 1, account->key_count);
	const struct account_key *key;
	TAILQ_FOREACH(key, &account->keys, by_account)
		memcpy(bytes_take(&b, sizeof key->pin), &key->pin, sizeof key->pin);
	put_number(&b, 1, account->name_count);
	const struct account_name *name;
	TAILQ_FOREACH_REVERSE(name, &account->names, account_names, by_account) {
		put_number(&b, 8, name->self);
		put_number(&b, 8, name->since);
		put_number(&b, 8, name->seen);
		put_text(&b, name->shown);
	}
	record_filled(pending, &b);
	return pending;
}

struct pending *host_record_account_gone(struct host *host, struct host_peer *peer, uint32_t id)
{
	uint8_t key[4];
	wire_set(key, 4, id);
	return record_new(host, peer, RECORD_ACCOUNT, key, sizeof key);
}

struct pending *host_record_invitation(struct host *host, struct host_peer *peer, const struct invitation *invitation)
{
	struct pending *pending = record_new(host, peer, RECORD_INVITATION, invitation->key, sizeof invitation->key);
	if (pending == NULL || invitation->uses == 0)
		return pending;
	struct bytes b = record_bytes(pending);
	put_number(&b, 1, FORMAT);
	put_number(&b, 1, invitation->kind);
	put_number(&b, 2, invitation->uses);
	put_number(&b, 4, invitation->account);
	put_number(&b, 8, invitation->expires);
	put_text(&b, invitation->room);
	record_filled(pending, &b);
	return pending;
}

struct pending *host_record_knock(struct host *host, struct host_peer *peer, const struct knock *knock)
{
	struct pending *pending = record_new(host, peer, RECORD_KNOCK, &knock->pin, sizeof knock->pin);
	if (pending == NULL || knock->change == DOOR_WAITS)
		return pending;
	struct bytes b = record_bytes(pending);
	put_number(&b, 1, FORMAT);
	put_number(&b, 1, knock->change);
	put_number(&b, 8, knock->until);
	put_text(&b, knock->nick);
	put_text(&b, knock->address);
	record_filled(pending, &b);
	return pending;
}

/* --- What could not be written is tried again, as it is by then */

struct owed_name {
	uint8_t kind, key_length, key[STORE_RECORD_KEY]; /* bytes behind key_length are 0 */
};

struct owed {
	struct owed_name name;
	UT_hash_handle hh;
};

static void owed_add(struct host *host, const struct store_record *record)
{
	struct owed_name name = { .kind = record->kind, .key_length = record->key_length };
	struct owed *owed;
	memcpy(name.key, record->key, record->key_length);
	if (host->owed == NULL)
		host->owed_due = host->now + OWED_WAIT;
	HASH_FIND(hh, host->owed, &name, sizeof name, owed);
	if (owed != NULL || HASH_COUNT(host->owed) >= OWED_MOST)
		return;
	owed = calloc(1, sizeof *owed);
	if (owed == NULL)
		return;
	owed->name = name;
	HASH_ADD(hh, host->owed, name, sizeof owed->name, owed);
	if (owed->hh.tbl == NULL)
		free(owed);
}

static struct pending *owed_record(struct host *host, const struct owed_name *name)
{
	struct trust_pin pin;
	const struct account *account;
	const struct invitation *invitation;
	const struct knock *knock;
	memcpy(&pin, name->key, sizeof pin);
	switch (name->kind) {
	case RECORD_ACCOUNT:
		account = host_account_by_id(host, (uint32_t)wire_get(name->key, 4));
		if (account != NULL)
			return host_record_account(host, NULL, account);
		break;
	case HOST_RECORD_RULE:
		if (host_rule_by_id(host, (uint32_t)wire_get(name->key, 4)) == NULL)
			return host_record_rule_gone(host, NULL, (uint32_t)wire_get(name->key, 4));
		return host_record_rule(host, NULL, host_rule_by_id(host, (uint32_t)wire_get(name->key, 4)));
	case HOST_RECORD_ACT:
		return host_record_act(host, wire_get(name->key, 8));
	case RECORD_INVITATION:
		invitation = host_invitation_find(host, name->key);
		if (invitation != NULL)
			return host_record_invitation(host, NULL, invitation);
		break;
	default:
		knock = host_knock_find(host, &pin);
		if (knock != NULL)
			return host_record_knock(host, NULL, knock);
		break;
	}
	return record_new(host, NULL, (enum record_kind)name->kind, name->key, name->key_length);
}

tchat_time host_registry_deadline(const struct host *host)
{
	return host->owed == NULL ? TCHAT_NEVER : host->owed_due;
}

void host_registry_tick(struct host *host)
{
	if (host->owed == NULL || host->owed_due > host->now)
		return;
	/* What fails again is added anew. */
	struct owed *owed, *next, *list = host->owed;
	host->owed = NULL;
	HASH_ITER(hh, list, owed, next) {
		host_keep(host, owed_record(host, &owed->name));
		HASH_DEL(list, owed);
		free(owed);
	}
}

void host_keep(struct host *host, struct pending *pending)
{
	if (pending == NULL)
		host_event_error(host, HOST_EVENT_STORE, TCHAT_ERR_MEMORY);
	else
		host_pending_send(host, pending);
}

int host_record_error(const struct pending *pending)
{
	int err = pending->store.request.error;
	if (err == TCHAT_ERR_NO_SPACE)
		return TCHAT_ERR_DISK_FULL;
	/* Errors of this machine do not travel. */
	return err == 0 || err <= TCHAT_ERR_BAD_FRAME ? err : TCHAT_ERR_BUSY;
}

void host_record_completed(struct host *host, struct pending *pending)
{
	struct account *account = pending->user == 0 ? NULL : host_account_by_id(host, pending->user);
	int err = pending->store.request.error;
	if (pending->store.record.kind == HOST_RECORD_BOOKMARKS) {
		host_bookmarks_kept(host, &pending->store.record);
		return;
	}
	if (account != NULL && err == 0 && pending->seq > account->kept)
		account->kept = (uint32_t)pending->seq;
	if (err != 0) {
		host_event_error(host, HOST_EVENT_STORE, err);
		owed_add(host, &pending->store.record);
	}
	switch (pending->type) {
	case WIRE_AUTH:
		/* A name or a time that could not be kept keeps nobody out who is known. */
		err = host_record_error(pending);
		if (account != NULL && (host->access == HOST_ACCESS_OPEN || host_key_is_kept(host, &pending->peer->pin)))
			err = 0;
		host_door_open(pending->peer, err);
		break;
	case WIRE_NICK:
		host_nick_kept(host, pending);
		break;
	case WIRE_MODERATE:
		host_moderate_kept(host, pending);
		break;
	case WIRE_INVITE:
		host_invite_kept(host, pending);
		break;
	default:
		break;
	}
}

/* --- Loading */

static int load_names(struct host *host, struct account *account, struct bytes *b)
{
	size_t count = (size_t)get_number(b, 1);
	int err = 0;
	for (size_t i = 0; i < count && err != TCHAT_ERR_MEMORY && !b->broken; i++) {
		uint64_t self = get_number(b, 8);
		uint64_t since = get_number(b, 8);
		uint64_t seen = get_number(b, 8);
		char shown[TEXT_NAME_BYTES + 1];
		get_text(b, shown, sizeof shown);
		struct nick nick;
		struct account_name *name;
		err = b->broken ? TCHAT_ERR_SYNTAX : host_nick_read(host, wire_text(shown), &nick);
		if (err == 0)
			err = host_name_add(host, account, &nick, &name);
		if (err != 0)
			continue; /* a name that does not stand by today's rules is free */
		name->self = self;
		name->since = since;
		name->seen = seen;
	}
	return err == TCHAT_ERR_MEMORY ? err : 0;
}

static int load_account(struct host *host, uint32_t id, struct bytes *b)
{
	struct account *account;
	int err = host_account_new(host, id, &account);
	if (err != 0)
		return err;
	if ((get_number(b, 1) & FLAG_ADMITTED) != 0)
		host_account_admit(host, account);
	account->seen = account->kept_seen = get_number(b, 8);
	size_t count = (size_t)get_number(b, 1);
	for (size_t i = 0; i < count && err == 0 && !b->broken; i++) {
		struct trust_pin pin;
		memcpy(&pin, bytes_take(b, sizeof pin), sizeof pin);
		if (!b->broken)
			err = host_account_add_key(host, account, &pin);
		if (err == TCHAT_ERR_KEY_TAKEN || err == TCHAT_ERR_TOO_MANY_KEYS)
			err = 0; /* of a record that could not be deleted in time */
	}
	account->kept = account->version;
	if (err == 0)
		err = load_names(host, account, b);
	if (err != 0 || b->broken || account->key_count == 0)
		host_account_forget(host, account);
	return err;
}

static int load_invitation(struct host *host, const uint8_t *key, struct bytes *b)
{
	struct invitation read = { 0 };
	read.kind = (uint8_t)get_number(b, 1);
	read.uses = (uint16_t)get_number(b, 2);
	read.account = (uint32_t)get_number(b, 4);
	read.expires = get_number(b, 8);
	get_text(b, read.room, sizeof read.room);
	if (b->broken)
		return 0;
	struct invitation *invitation = host_invitation_add(host, key);
	if (invitation == NULL)
		return TCHAT_ERR_MEMORY;
	invitation->kind = read.kind;
	invitation->uses = read.uses;
	invitation->account = read.account;
	invitation->expires = read.expires;
	memcpy(invitation->room, read.room, sizeof read.room);
	return 0;
}

static int load_knock(struct host *host, const struct trust_pin *pin, struct bytes *b)
{
	struct knock read = { 0 };
	read.change = (uint8_t)get_number(b, 1);
	read.until = get_number(b, 8);
	get_text(b, read.nick, sizeof read.nick);
	get_text(b, read.address, sizeof read.address);
	if (b->broken || (read.change != DOOR_LEFT && read.change != DOOR_REFUSED))
		return 0;
	struct knock *knock = host_knock_add(host, pin, read.change);
	if (knock == NULL)
		return TCHAT_ERR_MEMORY;
	knock->until = read.until;
	memcpy(knock->nick, read.nick, sizeof read.nick);
	memcpy(knock->address, read.address, sizeof read.address);
	return 0;
}

struct load {
	struct host *host;
	int err;
	bool broken;
};

/* Rules and acts are there on a host without keys as well. */
static void load_rule(struct load *load, uint8_t kind, const uint8_t *key, const uint8_t *value, size_t length)
{
	int err = kind == HOST_RECORD_RULE ? host_rule_load(load->host, value, length) :
	                                     host_act_load(load->host, wire_get(key, 8), value, length);
	if (err == TCHAT_ERR_SYNTAX)
		load->broken = true;
	else
		load->err = err;
}

static void load_record(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value, size_t length)
{
	struct load *load = arg;
	uint8_t copy[STORE_RECORD_MOST];
	uint8_t name[STORE_RECORD_KEY] = { 0 };
	if (load->err != 0 || length > sizeof copy || key_length > sizeof name)
		return;
	memcpy(copy, value, length);
	memcpy(name, key, key_length);
	struct bytes b = { copy, copy + length, false, { 0 } };
	if (kind == HOST_RECORD_RULE || kind == HOST_RECORD_ACT) {
		load_rule(load, kind, name, copy, length);
		return;
	}
	if (!load->host->secure)
		return; /* nobody has a key */
	if (kind == HOST_RECORD_BOOKMARKS) {
		int err = key_length == 8 ? host_bookmarks_load(load->host, wire_get(name, 8), copy, length) : TCHAT_ERR_SYNTAX;
		b.broken = err == TCHAT_ERR_SYNTAX;
		load->err = b.broken ? 0 : err;
	} else if (get_number(&b, 1) != FORMAT)
		b.broken = true;
	else if (kind == RECORD_ACCOUNT && key_length == 4)
		load->err = load_account(load->host, (uint32_t)wire_get(name, 4), &b);
	else if (kind == RECORD_INVITATION && key_length == WIRE_PIN_SIZE)
		load->err = load_invitation(load->host, name, &b);
	else if (kind == RECORD_KNOCK && key_length == WIRE_PIN_SIZE) {
		struct trust_pin pin;
		memcpy(&pin, name, sizeof pin);
		load->err = load_knock(load->host, &pin, &b);
	}
	if (b.broken)
		load->broken = true;
}

/* The account of who runs the host: found or made. */
static int load_owner(struct host *host)
{
	struct account *account;
	int err = host_account_get(host, &host->owner_pin, &account);
	if (err != 0)
		return err;
	bool fresh = !account->admitted;
	host_account_own(host, account);
	if (fresh)
		host_keep(host, host_record_account(host, NULL, account));
	return 0;
}

int host_registry_load(struct host *host)
{
	struct load load = { .host = host };
	int err = store_records(host->store, load_record, &load);
	if (err == 0)
		err = load.err;
	if (load.broken)
		host_event_error(host, HOST_EVENT_STORE, TCHAT_ERR_SYNTAX);
	if (err == 0)
		host_bookmarks_loaded(host);
	if (err == 0 && host->has_owner)
		err = load_owner(host);
	return err;
}

void host_registry_free(struct host *host)
{
	struct owed *owed, *next;
	HASH_ITER(hh, host->owed, owed, next) {
		HASH_DEL(host->owed, owed);
		free(owed);
	}
	host_rules_free(host);
	host_acts_free(host);
	free(host->reserved);
	host->reserved = NULL;
	while (host->accounts != NULL)
		host_account_forget(host, host->accounts);
	while (host->invitations != NULL)
		host_invitation_forget(host, host->invitations);
	while (host->knocks_by_pin != NULL)
		host_knock_forget(host, host->knocks_by_pin, false);
}
