/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON input: a table says which verb takes and needs which members. */
#include "app/json_read.h"

#include "base/errors.h"
#include "base/intl.h"
#include "base/utf8.h"
#include "client/session.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { COUNT_DEFAULT = 50, COUNT_MAX = 256, USES_MAX = 65535, DAY = 86400 };

/* What a verb cannot do without. */
enum { NEEDS_ROOM = 1, NEEDS_NICK = 2, NEEDS_TEXT = 4, NEEDS_TOPIC = 8, NEEDS_PIN = 16, NEEDS_ID = 32, NEEDS_TARGET = 64, NEEDS_SEQ = 128, NEEDS_WHOM = 256 };

static const struct verb {
	const char *name;
	unsigned needs;
} verbs[] = {
	[JSON_POST] = { "post", NEEDS_TEXT },
	[JSON_JOIN] = { "join", NEEDS_ROOM },
	[JSON_DIRECT] = { "direct", NEEDS_NICK },
	[JSON_PART] = { "part", 0 },
	[JSON_NICK] = { "nick", NEEDS_NICK },
	[JSON_TOPIC] = { "topic", NEEDS_TOPIC },
	[JSON_NAMES] = { "names", 0 },
	[JSON_KICK] = { "kick", NEEDS_NICK },
	[JSON_AWAY] = { "away", 0 },
	[JSON_HISTORY] = { "history", 0 },
	[JSON_SEARCH] = { "search", NEEDS_TEXT },
	[JSON_EDIT] = { "edit", NEEDS_TEXT | NEEDS_TARGET },
	[JSON_DELETE] = { "delete", NEEDS_TARGET },
	[JSON_REACTION] = { "reaction", NEEDS_TEXT | NEEDS_TARGET },
	[JSON_READ] = { "read", NEEDS_SEQ },
	[JSON_PING] = { "ping", 0 },
	[JSON_QUIT] = { "quit", 0 },
	[JSON_TRUST] = { "trust", NEEDS_PIN },
	[JSON_ADMIT] = { "admit", NEEDS_PIN },
	[JSON_REFUSE] = { "refuse", NEEDS_PIN },
	[JSON_INVITE] = { "invite", 0 },
	[JSON_INVITATIONS] = { "invitations", 0 },
	[JSON_REVOKE] = { "revoke", NEEDS_ID },
	[JSON_WHOIS] = { "whois", NEEDS_NICK },
	[JSON_DROP_KEY] = { "drop_key", NEEDS_PIN },
	[JSON_RELEASE] = { "release", NEEDS_NICK },
	[JSON_PRIVATE] = { "private", NEEDS_ROOM },
	[JSON_OP] = { "op", NEEDS_NICK },
	[JSON_DEOP] = { "deop", NEEDS_NICK },
	[JSON_MUTE] = { "mute", NEEDS_NICK },
	[JSON_UNMUTE] = { "unmute", NEEDS_NICK },
	[JSON_BAN] = { "ban", NEEDS_WHOM },
	[JSON_UNBAN] = { "unban", NEEDS_WHOM },
	[JSON_CALL] = { "call", NEEDS_NICK },
	[JSON_UNCALL] = { "uncall", NEEDS_NICK },
	[JSON_RESERVE] = { "reserve", NEEDS_NICK },
	[JSON_RULES] = { "rules", 0 },
	[JSON_AUDIT] = { "audit", 0 },
	[JSON_STATUS] = { "status", 0 },
	[JSON_BACKUP] = { "backup", 0 },
	[JSON_CANCEL] = { "cancel", 0 },
	[JSON_REPOST] = { "repost", 0 },
	[JSON_FORGET] = { "forget", 0 },
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static int read_string(const json_t *root, const char *key, const char **value, char *why)
{
	const json_t *member = json_object_get(root, key);
	if (member == NULL || json_is_null(member))
		return 0;
	*value = json_string_value(member);
	if (*value != NULL)
		return 0;
	snprintf(why, JSON_WHY_SIZE, _("\"%s\" has to be a string"), key);
	return TCHAT_ERR_ARGUMENT;
}

static int read_number(const json_t *root, const char *key, json_int_t low, json_int_t high, uint64_t *value,
                       char *why)
{
	const json_t *member = json_object_get(root, key);
	if (member == NULL || json_is_null(member))
		return 0;
	json_int_t number = json_integer_value(member);
	*value = (uint64_t)number;
	if (json_is_integer(member) && number >= low && number <= high)
		return 0;
	if (high == INT64_MAX)
		snprintf(why, JSON_WHY_SIZE, _("\"%s\" has to be a whole number of at least %lld"), key, (long long)low);
	else
		snprintf(why, JSON_WHY_SIZE, _("\"%s\" has to be a whole number from %lld to %lld"), key, (long long)low,
		         (long long)high);
	return TCHAT_ERR_ARGUMENT;
}

static int read_verb(struct json_request *request, char *why)
{
	const char *name = NULL;
	int err = read_string(request->root, "type", &name, why);
	if (err != 0)
		return err;
	if (name == NULL) {
		snprintf(why, JSON_WHY_SIZE, _("\"%s\" is missing"), "type");
		return TCHAT_ERR_ARGUMENT;
	}
	for (int i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0) {
			request->verb = (enum json_verb)i;
			return 0;
		}
	snprintf(why, JSON_WHY_SIZE, _("unknown type \"%.100s\""), name);
	return TCHAT_ERR_ARGUMENT;
}

static int read_kind(struct json_request *request, char *why)
{
	const char *kind = NULL;
	int err = read_string(request->root, "kind", &kind, why);
	request->kind = KIND_TEXT;
	if (err != 0 || kind == NULL || strcmp(kind, "text") == 0)
		return err;
	request->kind = KIND_ACTION;
	if (strcmp(kind, "action") == 0)
		return 0;
	snprintf(why, JSON_WHY_SIZE, _("\"kind\" has to be \"text\" or \"action\""));
	return TCHAT_ERR_ARGUMENT;
}

/* A pin, or an invitation's id, which looks the same. */
static int read_pin(struct json_request *request, char *why)
{
	const char *text = NULL;
	int err = read_string(request->root, "pin", &text, why);
	if (err == 0 && text == NULL)
		err = read_string(request->root, "id", &text, why);
	if (err != 0 || text == NULL)
		return err;
	request->has_pin = true;
	if (trust_pin_read(&request->pin, text))
		return 0;
	snprintf(why, JSON_WHY_SIZE, _("\"%.50s\" is not 43 characters of base64url"), text);
	return TCHAT_ERR_ARGUMENT;
}

static int read_switch(const json_t *root, const char *key, bool *value, char *why)
{
	const json_t *member = json_object_get(root, key);
	*value = json_is_true(member);
	if (member == NULL || json_is_boolean(member))
		return 0;
	snprintf(why, JSON_WHY_SIZE, _("\"%s\" has to be true or false"), key);
	return TCHAT_ERR_ARGUMENT;
}

static int read_away(struct json_request *request, char *why)
{
	const json_t *away = json_object_get(request->root, "away");
	request->away = away == NULL || json_is_true(away);
	if (away == NULL || json_is_boolean(away))
		return 0;
	snprintf(why, JSON_WHY_SIZE, _("\"away\" has to be true or false"));
	return TCHAT_ERR_ARGUMENT;
}

static int read_members(struct json_request *request, char *why)
{
	json_t *root = request->root;
	const char *text = verbs[request->verb].needs & NEEDS_TOPIC ? "topic" : "text";
	uint64_t count = COUNT_DEFAULT, uses = 1, seconds = request->verb == JSON_INVITE ? DAY : 0;
	int err = 0;
	if ((err = read_string(root, "room", &request->room, why)) != 0 ||
	    (err = read_string(root, "to", &request->to, why)) != 0 ||
	    (err = read_string(root, "nick", &request->nick, why)) != 0 ||
	    (err = read_string(root, text, &request->text, why)) != 0 ||
	    (err = read_string(root, "reason", &request->reason, why)) != 0 || (err = read_kind(request, why)) != 0 ||
	    (request->verb == JSON_AWAY && (err = read_away(request, why)) != 0) ||
	    (err = read_number(root, "before", 0, INT64_MAX, &request->before, why)) != 0 ||
	    (err = read_number(root, "target", 1, INT64_MAX, &request->target, why)) != 0 ||
	    (err = read_number(root, "seq", 1, INT64_MAX, &request->seq, why)) != 0 ||
	    (err = read_number(root, "reply", 1, INT64_MAX, &request->reply, why)) != 0 ||
	    (err = read_number(root, "count", 1, COUNT_MAX, &count, why)) != 0 ||
	    (err = read_number(root, "counter", 1, INT64_MAX, &request->counter, why)) != 0 ||
	    (err = read_number(root, "uses", 1, USES_MAX, &uses, why)) != 0 ||
	    (err = read_number(root, "seconds", 0, UINT32_MAX, &seconds, why)) != 0 ||
	    (err = read_string(root, "address", &request->address, why)) != 0 ||
	    (err = read_switch(root, "device", &request->device, why)) != 0 ||
	    (err = read_switch(root, "host", &request->host, why)) != 0 || (err = read_pin(request, why)) != 0)
		return err;
	request->count = (uint32_t)count;
	request->uses = (uint32_t)uses;
	request->seconds = (uint32_t)seconds;
	if (request->text != NULL)
		request->length = json_string_length(json_object_get(root, text));
	return 0;
}

static int check_needs(const struct json_request *request, char *why)
{
	unsigned needs = verbs[request->verb].needs;
	const char *missing = NULL;
	if ((needs & NEEDS_ROOM) != 0 && request->room == NULL)
		missing = "room";
	else if ((needs & NEEDS_NICK) != 0 && request->nick == NULL)
		missing = "nick";
	else if ((needs & NEEDS_WHOM) != 0 && request->nick == NULL && request->address == NULL && !request->has_pin)
		missing = "nick";
	else if ((needs & NEEDS_TEXT) != 0 && request->text == NULL)
		missing = "text";
	else if ((needs & NEEDS_TOPIC) != 0 && request->text == NULL)
		missing = "topic";
	else if ((needs & NEEDS_PIN) != 0 && !request->has_pin)
		missing = "pin";
	else if ((needs & NEEDS_ID) != 0 && !request->has_pin)
		missing = "id";
	else if ((needs & NEEDS_TARGET) != 0 && request->target == 0)
		missing = "target";
	else if ((needs & NEEDS_SEQ) != 0 && request->seq == 0)
		missing = "seq";
	if (missing != NULL) {
		snprintf(why, JSON_WHY_SIZE, _("\"%s\" is missing"), missing);
		return TCHAT_ERR_ARGUMENT;
	}
	if (request->to != NULL && request->room != NULL) {
		snprintf(why, JSON_WHY_SIZE, _("either \"room\" or \"to\", not both"));
		return TCHAT_ERR_ARGUMENT;
	}
	return 0;
}

/* What a complaint quotes may have been cut within a character. */
static void mend(char *why)
{
	size_t length = strlen(why);
	char32_t c;
	for (size_t at = 0, taken; at < length; at += taken) {
		taken = utf8_decode(why + at, length - at, &c);
		if (c == UTF8_INVALID)
			memset(why + at, '?', taken);
	}
}

static int read_request(struct json_request *request, const char *line, size_t length, char *why)
{
	json_error_t error;
	request->root = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
	if (request->root == NULL) {
		snprintf(why, JSON_WHY_SIZE, "%s", error.text);
		return TCHAT_ERR_SYNTAX;
	}
	if (!json_is_object(request->root)) {
		snprintf(why, JSON_WHY_SIZE, _("not an object"));
		return TCHAT_ERR_SYNTAX;
	}
	int err = read_string(request->root, "ref", &request->ref, why);
	if (err != 0)
		return err;
	if (request->ref != NULL && strlen(request->ref) > SESSION_REF_MAX) {
		request->ref = NULL;
		snprintf(why, JSON_WHY_SIZE, _("\"ref\" is longer than %d bytes"), SESSION_REF_MAX);
		return TCHAT_ERR_TOO_LONG;
	}
	err = read_verb(request, why);
	if (err == 0)
		err = read_members(request, why);
	return err == 0 ? check_needs(request, why) : err;
}

int json_read(struct json_request *request, const char *line, size_t length, char why[JSON_WHY_SIZE])
{
	*request = (struct json_request){ .away = true };
	why[0] = '\0';
	int err = read_request(request, line, length, why);
	mend(why);
	return err;
}

void json_read_free(struct json_request *request)
{
	json_decref(request->root);
	request->root = NULL;
}
