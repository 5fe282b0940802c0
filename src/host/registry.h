/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may come in and who is who, on a host that knows its users by keys; private to src/host. */
#ifndef TCHAT_HOST_REGISTRY_H
#define TCHAT_HOST_REGISTRY_H

#include "host/types.h"

enum {
	ACCOUNT_KEYS = WIRE_KEYS_MOST,
	ACCOUNT_NAMES = 8,
	KNOCK_RETURNS = 8,     /* of one key in ten minutes */
	REFUSALS = 256,
	HOST_RECORD_BOOKMARKS = 4, /* behind those of registry.c */
	HOST_RECORD_RULE = 5,
	HOST_RECORD_ACT = 6,
	SKELETON_BYTES = 96, /* of a nick; what needs more is no nick */
};

/* A name that looks like this is somebody's. */
struct skeleton {
	struct account_name *name;
	UT_hash_handle hh;
	char text[]; /* as long as it is: there are many */
};

struct account_name {
	struct account *account;
	char *shown, *key;   /* of its nick, in one piece: there are many */
	uint64_t self;        /* of its user, for rooms of two */
	uint64_t since, seen; /* wall clock */
	struct skeleton *skeletons[2]; /* the second only where it differs */
	TAILQ_ENTRY(account_name) by_account;
};

struct account_key {
	struct account *account;
	uint32_t version; /* of the account, that lets it in */
	struct trust_pin pin;
	TAILQ_ENTRY(account_key) by_account;
	UT_hash_handle hh;
};

/* Its users are its presences, one a nick. */
struct account {
	uint32_t id;
	bool admitted : 1, owner : 1;
	uint8_t key_count;
	uint16_t name_count; /* of the reserved ones: as many as there may be rules */
	uint64_t seen;        /* wall clock, when it came or went last */
	uint64_t kept_seen;   /* as its record says */
	tchat_time banned;    /* until then */
	tchat_time paid;      /* when all of its burst will be there again */
	uint32_t version;     /* counts what lets its keys in; kept: which of these the store has */
	uint32_t kept;
	TAILQ_HEAD(, account_key) keys;
	TAILQ_HEAD(account_names, account_name) names; /* the last used one first */
	TAILQ_HEAD(, user) users;
	TAILQ_ENTRY(account) by_seen; /* in host->strangers: not admitted, longest unseen first */
	UT_hash_handle hh;
};

struct invitation {
	uint8_t key[WIRE_PIN_SIZE]; /* its public half */
	uint8_t kind;
	uint16_t uses;     /* left */
	uint32_t account;  /* who made it; 0: the host itself */
	uint64_t expires;  /* wall clock; 0: never */
	char room[NAME_SIZE];
	UT_hash_handle hh;
};

/* Somebody at the door: waits, went away, or was refused. */
struct knock {
	struct trust_pin pin;
	uint8_t change;         /* enum wire_door_change: DOOR_WAITS, DOOR_LEFT or DOOR_REFUSED */
	struct host_peer *peer; /* DOOR_WAITS */
	uint64_t until;         /* wall clock: when a refusal ends */
	tchat_time since;       /* when its returns were counted from */
	uint32_t returns;
	char nick[TEXT_NAME_BYTES + 1];
	char address[ADDRESS_SIZE];
	TAILQ_ENTRY(knock) by_age; /* in host->knocks or host->refusals, the oldest first */
	UT_hash_handle hh;
};

/* --- registry.c: what the store keeps of all this. */
/* Loads it: 0 or an error. To be called once, before the first request. */
int host_registry_load(struct host *host);
void host_registry_free(struct host *host);
/* Records that could not be written are tried again some seconds later. */
tchat_time host_registry_deadline(const struct host *host);
void host_registry_tick(struct host *host);
/* Each writes or deletes one record, and returns the pending request, which the caller may fill in and must send
 * with host_pending_send(); NULL when memory is out, and peer, if there is one, is closed then. */
struct pending *host_record_account(struct host *host, struct host_peer *peer, const struct account *account);
struct pending *host_record_account_gone(struct host *host, struct host_peer *peer, uint32_t id);
struct pending *host_record_invitation(struct host *host, struct host_peer *peer, const struct invitation *invitation);
struct pending *host_record_knock(struct host *host, struct host_peer *peer, const struct knock *knock);
/* The same where nobody waits for it. */
void host_keep(struct host *host, struct pending *pending);
void host_record_completed(struct host *host, struct pending *pending);
/* Why it was not kept, as it may be told to others; 0: it was. */
int host_record_error(const struct pending *pending);

/* --- bookmark.c */
/* One record as the store kept it: 0, TCHAT_ERR_SYNTAX or TCHAT_ERR_MEMORY. After the last one, those that are
 * nobody's go. */
int host_bookmarks_load(struct host *host, uint64_t self, const uint8_t *from, size_t length);
void host_bookmarks_loaded(struct host *host);
/* A record was written, or not. */
void host_bookmarks_kept(struct host *host, const struct store_record *record);
/* The name is nobody's any more. */
void host_bookmarks_release(struct host *host, const struct account_name *name);

/* --- account.c: accounts, their keys and names. */
struct account *host_account_by_pin(struct host *host, const struct trust_pin *pin);
struct account *host_account_by_id(struct host *host, uint32_t id);
/* A fresh one (id 0) or one of that id, without keys: 0, TCHAT_ERR_HOST_FULL or TCHAT_ERR_MEMORY. */
int host_account_new(struct host *host, uint32_t id, struct account **account);
/* 0, TCHAT_ERR_TOO_MANY_KEYS, TCHAT_ERR_KEY_TAKEN or TCHAT_ERR_MEMORY. */
int host_account_add_key(struct host *host, struct account *account, const struct trust_pin *pin);
/* The account of this key, made where there is none: 0, TCHAT_ERR_HOST_FULL or TCHAT_ERR_MEMORY. */
int host_account_get(struct host *host, const struct trust_pin *pin, struct account **account);
void host_account_drop_key(struct host *host, const struct trust_pin *pin);
void host_account_admit(struct host *host, struct account *account);
void host_account_own(struct host *host, struct account *account);
/* Now is when it was here last. */
void host_account_touch(struct host *host, struct account *account);
/* The same, and for the name that it was here under. */
void host_account_left(struct host *host, struct account *account, const char *key);
/* Forgets it, with its users, names and invitations; no connection of it may be left. */
void host_account_forget(struct host *host, struct account *account);
/* Whether the store knows that this key may come in. */
bool host_key_is_kept(struct host *host, const struct trust_pin *pin);
bool host_account_may_enter(const struct host *host, const struct account *account);

/* The name with this very nick, whoever has it; NULL when there is none. */
struct account_name *host_name_find(struct host *host, const struct nick *nick);
void host_name_nick(const struct account_name *name, struct nick *nick);
struct account_name *host_account_name(const struct account *account, const char *key);
/* The one that it has had for longest, as shown; NULL when it has none. */
const char *host_account_first_name(const struct account *account);
/* Gives the account this name: 0, TCHAT_ERR_NAME_TAKEN, TCHAT_ERR_TOO_MANY_NAMES, TCHAT_ERR_BAD_NAME or
 * TCHAT_ERR_MEMORY. Having it already is fine. *fresh is set when its record has to be written. */
int host_account_claim(struct host *host, struct account *account, const struct nick *nick, bool *fresh);
/* The same for whoever comes in: the wish, or what is nearest to it. */
int host_account_choose(struct host *host, struct account *account, const struct nick *wish, struct nick *nick,
                        bool *fresh);
void host_name_release(struct host *host, struct account_name *name);
/* A name that nobody may have: 0 or as host_account_claim(). */
int host_name_reserve(struct host *host, const struct nick *nick, struct account_name **name);
/* From here on its rooms of two are other ones. */
void host_name_renew(struct host *host, struct account_name *name);
/* Whether the account may have the nick, by its looks; account may be NULL. */
bool host_name_is_for(struct host *host, const struct account *account, const struct nick *nick);
/* Adds a name as the store kept it, or a new one: 0 or as host_account_claim(). */
int host_name_add(struct host *host, struct account *account, const struct nick *nick, struct account_name **name);

#endif
