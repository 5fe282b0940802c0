/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON objects that a program writes to us; tchat(1), JSON OBJECTS. */
#ifndef TCHAT_APP_JSON_READ_H
#define TCHAT_APP_JSON_READ_H

#include "trust/trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_LINE_MAX = 131072, JSON_WHY_SIZE = 256 };

enum json_verb {
	JSON_POST,
	JSON_JOIN,
	JSON_DIRECT,
	JSON_PART,
	JSON_NICK,
	JSON_TOPIC,
	JSON_NAMES,
	JSON_KICK,
	JSON_AWAY,
	JSON_HISTORY,
	JSON_SEARCH,
	JSON_EDIT,
	JSON_DELETE,
	JSON_REACTION,
	JSON_READ,
	JSON_PING,
	JSON_QUIT,
	JSON_TRUST,
	JSON_ADMIT,
	JSON_REFUSE,
	JSON_INVITE,
	JSON_INVITATIONS,
	JSON_REVOKE,
	JSON_WHOIS,
	JSON_DROP_KEY,
	JSON_RELEASE,
	JSON_PRIVATE,
	JSON_OP,
	JSON_DEOP,
	JSON_MUTE,
	JSON_UNMUTE,
	JSON_BAN,
	JSON_UNBAN,
	JSON_CALL,
	JSON_UNCALL,
	JSON_RESERVE,
	JSON_RULES,
	JSON_AUDIT,
	JSON_STATUS,
	JSON_BACKUP,
	JSON_CANCEL,
	JSON_REPOST,
	JSON_FORGET,
};

/* Strings are UTF-8 without NUL inside, NULL when absent, and live until json_read_free(). */
struct json_request {
	enum json_verb verb;
	const char *ref;
	const char *room;
	const char *to;
	const char *nick;
	const char *text;   /* of a topic: the topic */
	size_t length;      /* of text */
	const char *reason;
	uint8_t kind;       /* enum wire_message_kind */
	bool away;          /* true when not given */
	bool device;        /* false when not given */
	bool host;          /* likewise: about the whole host, not a room */
	const char *address;
	bool has_pin;
	struct trust_pin pin; /* or an invitation's id */
	uint32_t uses;      /* 1 when not given */
	uint32_t seconds;   /* a day when not given, 0 for bans and mutes; 0: for ever */
	uint64_t before;    /* 0 when not given */
	uint32_t count;     /* 50 when not given */
	uint64_t target;    /* seq of the message that is changed */
	uint64_t seq;       /* up to which all is read */
	uint64_t reply;     /* of the one that is answered; 0 when not given */
	uint64_t counter;   /* 0 when not given */
	struct json_t *root; /* private */
};

/* Reads one line. 0, TCHAT_ERR_SYNTAX (no JSON object), TCHAT_ERR_ARGUMENT or TCHAT_ERR_TOO_LONG (a ref); why then
 * says more, and request->ref holds if there is one. json_read_free() is needed in any case. */
int json_read(struct json_request *request, const char *line, size_t length, char why[JSON_WHY_SIZE]);
void json_read_free(struct json_request *request);

#endif
