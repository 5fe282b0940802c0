/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was decided about users: roles, mutes, bans, private rooms, reserved nicks; private to src/host. */
#ifndef TCHAT_HOST_RULE_H
#define TCHAT_HOST_RULE_H

#include "host/registry.h"
#include "wire/range.h"

enum {
	RULES_OF_ROOM = 1024,
	RULE_PRIVATE = 100, /* a kind that is not told: the room is private */
	ACTS = 4096,        /* that are remembered */
};

enum subject_type {
	SUBJECT_ACCOUNT = 1, /* its id, 4 bytes */
	SUBJECT_GUEST = 2,   /* self, 8 bytes */
	SUBJECT_KEY = 3,     /* its pin */
	SUBJECT_ADDRESS = 4, /* 16 bytes of IPv6, and how many bits of them count */
	SUBJECT_NICK = 5,    /* folded */
	SUBJECT_ROOM = 6,    /* its id, 8 bytes */
};

/* Whom a rule is about; bytes behind length are 0. */
struct subject {
	uint8_t type, length;
	uint8_t bytes[TEXT_NAME_BYTES];
};

struct rule {
	uint32_t id;
	uint8_t kind;  /* enum wire_rule_kind, or RULE_PRIVATE */
	uint64_t room; /* 0: the whole host */
	struct subject subject;
	uint64_t since, expires; /* wall clock; expires 0: never */
	char nick[TEXT_NAME_BYTES + 1]; /* of whom, as it was then */
	char by[TEXT_NAME_BYTES + 1];
	char *reason; /* NULL: none */
	struct account_name *name; /* RULE_RESERVED: what stands for it */
	TAILQ_ENTRY(rule) by_id, by_subject;
	UT_hash_handle hh;
};

/* How much somebody may in a room. */
enum rank { RANK_MEMBER = 1, RANK_MODERATOR, RANK_ROOM_OWNER, RANK_OWNER };

/* --- rule.c: the table of rules. Room 0 is the whole host. */
struct subject host_subject(enum subject_type type, const void *bytes, size_t length);
struct subject host_subject_account(const struct account *account);
struct subject host_subject_guest(uint64_t self);
struct subject host_subject_room(uint64_t room);
struct subject host_subject_user(const struct user *user);
bool host_subject_is(const struct subject *a, const struct subject *b);
/* "192.0.2.0/24", "2001:db8::1", of a whole network or one address; false: it is neither. */
bool host_subject_range(struct subject *subject, const char *text);
void host_subject_text(const struct subject *subject, char text[RANGE_TEXT]);
/* The rule of this kind, if there is one that holds. */
struct rule *host_rule_find(struct host *host, const struct subject *subject, enum wire_rule_kind kind, uint64_t room);
struct rule *host_rule_by_id(struct host *host, uint32_t id);
/* One that covers this address of a peer. */
const struct rule *host_rule_of_address(struct host *host, const char *address);
/* Whether there is any rule about it. */
bool host_is_ruled(struct host *host, const struct subject *subject);
/* Adds a rule, in place of one of this kind, room and subject: 0, TCHAT_ERR_TOO_MANY_RULES or TCHAT_ERR_MEMORY. What
 * is said of it is the caller's to fill in. */
int host_rule_add(struct host *host, const struct subject *subject, int kind, uint64_t room, struct rule **rule);
void host_rule_free(struct host *host, struct rule *rule);
/* Drops all about it, in the store too. */
void host_rules_forget(struct host *host, const struct subject *subject);
void host_rules_free(struct host *host);
/* As host_record_account(): writes it, or deletes what was written of that id. */
struct pending *host_record_rule(struct host *host, struct host_peer *peer, const struct rule *rule);
struct pending *host_record_rule_gone(struct host *host, struct host_peer *peer, uint32_t id);
int host_rule_load(struct host *host, const uint8_t *value, size_t length);
/* Rules whose time is over. */
tchat_time host_rules_deadline(const struct host *host);
void host_rules_tick(struct host *host);
/* A rule got or lost a time. */
void host_rules_timed(struct host *host, uint64_t expires);

/* --- role.c: what rules make of users. */
enum rank host_rank(struct host *host, const struct subject *subject, bool owner, const struct room *room);
enum rank host_user_rank(struct host *host, const struct user *user, const struct room *room);
/* enum wire_role; room NULL: on the whole host. */
uint8_t host_role(struct host *host, const struct user *user, const struct room *room);
/* Whether an account has to stay outside, or a peer because of its key or address: 0 or TCHAT_ERR_BANNED. */
int host_ban(struct host *host, const struct host_peer *peer, const struct subject *subject, bool owner);
/* Why the user may not enter the room, or 0. */
int host_room_refusal(struct host *host, const struct user *user, const struct room *room);
/* Whether the user may not even hear of this room: it is private, and not for it. */
bool host_room_hides(struct host *host, const struct user *user, uint64_t room);
/* The users of this subject that are known now, one behind the other; NULL: there is no other. */
struct user *host_subject_next(struct host *host, const struct subject *subject, const struct user *user);
/* Roles may have changed: tells all whom it concerns. */
void host_roles_refresh(struct host *host, const struct subject *subject, const char *reason, const char *by);
/* It comes in: what its role is now, and which private rooms it may enter. */
void host_role_enter(struct host_peer *peer);
void host_called_tell(struct host_peer *peer, const struct rule *rule);

/* --- audit.c: acts of moderation, one behind the other. */
struct act {
	uint8_t action; /* enum wire_moderation */
	const struct room *room; /* NULL: none */
	const char *nick, *reason, *address, *by; /* or NULL */
	const struct trust_pin *key; /* or NULL */
	uint32_t seconds;
};
void host_act(struct host *host, const struct act *act);
int host_act_load(struct host *host, uint64_t number, const uint8_t *frame, size_t length);
/* Deletes or writes again what could not be written. */
struct pending *host_record_act(struct host *host, uint64_t number);
void host_acts_free(struct host *host);
/* Messages of others that were deleted in this part of a round. */
void host_acts_deleted(struct host *host, const struct round *round, const struct round_part *part);

/* --- sanction.c: what is asked for. */
/* 0: it answers when it is kept; or an error. */
int host_sanction(struct host_peer *peer, const struct wire_moderate *moderate, const char *reason);
int host_reserve(struct host_peer *peer, const struct wire_moderate *moderate);
/* A reserved nick is given free: TCHAT_ERR_NO_USER where it is none. */
int host_unreserve(struct host_peer *peer, const struct wire_moderate *moderate, const struct nick *nick);
/* Whoever is put out of a private room has to be called again. */
void host_uncall(struct host *host, const struct user *user, const struct room *room);
/* The room is private from now on, of this user: 0 or an error. */
int host_room_close(struct host_peer *peer, struct room *room);
bool host_room_was_closed(struct host *host, uint64_t room);

#endif
