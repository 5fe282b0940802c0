/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One function for each form of object; the names in them never change. */
#include "app/json_event.h"

#include "app/act_text.h"
#include "base/errors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ROOM_NAME = 512 };

/* "room": the name, of a direct one "@" and the other's nick. */
static void write_room(struct json_writer *writer, const struct session_event *event)
{
	char name[ROOM_NAME];
	if (event->direct) {
		snprintf(name, sizeof name, "@%s", event->name);
		json_text(writer, "room", name);
	} else if (event->name[0] != '\0') {
		json_text(writer, "room", event->name);
	}
}

static void write_id(struct json_writer *writer, const struct message_id *id)
{
	char text[64];
	snprintf(text, sizeof text, "%016" PRIx64 "-%" PRIu64, id->device, id->counter);
	json_text(writer, "id", text);
}

static void write_unless_empty(struct json_writer *writer, const char *key, const char *text)
{
	if (text[0] != '\0')
		json_text(writer, key, text);
}

static void write_if(struct json_writer *writer, const char *key, bool value)
{
	if (value)
		json_bool(writer, key, true);
}

static void write_code(struct json_writer *writer, int code)
{
	json_text(writer, "code", tchat_err_name(code));
	json_text(writer, "message", tchat_err_text(code));
}

/* Which other message it is about. */
static void write_about(struct json_writer *writer, const struct session_event *event)
{
	if (event->target != 0)
		json_number(writer, "target", event->target);
	if (event->reply != 0)
		json_number(writer, "reply", event->reply);
}

static const char *kind_name(uint8_t kind)
{
	switch (kind) {
	case KIND_TEXT: return "text";
	case KIND_ACTION: return "action";
	case KIND_TOPIC: return "topic";
	case KIND_EDIT: return "edit";
	case KIND_DELETE: return "delete";
	case KIND_REACTION: return "reaction";
	default: return "other";
	}
}

static const char *role_name(uint8_t role)
{
	switch (role) {
	case ROLE_OWNER: return "owner";
	case ROLE_MODERATOR: return "moderator";
	case ROLE_MUTED: return "muted";
	default: return "member";
	}
}

static const char *request_name(const struct session_event *event)
{
	switch (event->request) {
	case REQUEST_MODERATE: return act_name(event->kind);
	case REQUEST_RULES: return "rules";
	case REQUEST_AUDIT: return "audit";
	case REQUEST_STATUS: return "status";
	case REQUEST_BACKUP: return "backup";
	case REQUEST_JOIN:
	case REQUEST_RESUME:
	case REQUEST_CATCH_UP: return "join";
	case REQUEST_DIRECT: return "direct";
	case REQUEST_PART: return "part";
	case REQUEST_HISTORY: return "history";
	case REQUEST_SEARCH: return "search";
	case REQUEST_NAMES:
	case REQUEST_ROSTER: return "names";
	case REQUEST_NICK: return "nick";
	case REQUEST_KICK: return "kick";
	case REQUEST_END: return "end";
	case REQUEST_ADMIT: return "admit";
	case REQUEST_REFUSE: return "refuse";
	case REQUEST_INVITE: return "invite";
	case REQUEST_INVITATIONS: return "invitations";
	case REQUEST_REVOKE: return "revoke";
	case REQUEST_DROP_KEY: return "drop_key";
	case REQUEST_RELEASE: return "release";
	case REQUEST_WHOIS: return "whois";
	case REQUEST_NONE: break;
	}
	return "";
}

/* 32 bytes as text. */
static const char *pin_text(const uint8_t *bytes, char text[TRUST_PIN_TEXT])
{
	struct trust_pin pin;
	memcpy(pin.bytes, bytes, sizeof pin.bytes);
	trust_pin_write(&pin, text);
	return text;
}

/* A key in the forms that people and programs compare. */
static void write_key(struct json_writer *writer, const uint8_t *bytes)
{
	char text[TRUST_WORDS], fingerprint[TRUST_FINGERPRINT];
	struct trust_pin pin;
	memcpy(pin.bytes, bytes, sizeof pin.bytes);
	trust_words(&pin, text);
	trust_fingerprint(&pin, fingerprint);
	json_text(writer, "words", text);
	json_text(writer, "fingerprint", fingerprint);
	json_text(writer, "pin", pin_text(bytes, text));
}

/* What an answer to a request was about. */
static void write_pin(struct json_writer *writer, const struct session_event *event)
{
	char text[TRUST_PIN_TEXT];
	if (event->key_count == 1)
		json_text(writer, "pin", pin_text(event->keys, text));
}

static void write_message(struct json_writer *writer, const char *type, const struct session_event *event,
                          const char *own_nick)
{
	json_begin(writer, type);
	write_room(writer, event);
	json_number(writer, "seq", event->seq);
	json_time(writer, "time", event->time);
	json_text(writer, "nick", event->nick);
	json_text(writer, "kind", kind_name(event->kind));
	json_bytes(writer, "text", event->text, event->length);
	write_about(writer, event);
	write_if(writer, "deleted", event->blank);
	write_id(writer, &event->id);
	json_number(writer, "user", event->user);
	if (event->direct)
		json_text(writer, "to", event->own ? event->name : own_nick);
	write_if(writer, "own", event->own);
	write_if(writer, "replay", event->replay && event->type != SESSION_FOUND);
	write_unless_empty(writer, "ref", event->ref);
}

static void write_ack(struct json_writer *writer, const struct session_event *event)
{
	json_begin(writer, "ack");
	write_unless_empty(writer, "ref", event->ref);
	write_room(writer, event);
	json_number(writer, "seq", event->seq);
	write_id(writer, &event->id);
	json_time(writer, "time", event->time);
	write_if(writer, "duplicate", event->duplicate);
}

/* A post that waits, or one that the host lost. */
static void write_post(struct json_writer *writer, const struct session_event *event)
{
	write_unless_empty(writer, "ref", event->ref);
	write_room(writer, event);
	json_number(writer, "counter", event->counter);
	if (event->time != 0)
		json_time(writer, "time", event->time);
	json_text(writer, "kind", kind_name(event->kind));
	write_about(writer, event);
	json_bytes(writer, "text", event->text, event->length);
}

static void write_nack(struct json_writer *writer, const struct session_event *event)
{
	json_begin(writer, "nack");
	write_unless_empty(writer, "ref", event->ref);
	write_room(writer, event);
	write_code(writer, event->code);
	json_text(writer, "kind", kind_name(event->kind));
	write_about(writer, event);
	json_bytes(writer, "text", event->text, event->length);
}

static void write_connected(struct json_writer *writer, const struct session_event *event)
{
	char host[2 * WIRE_KEY_SIZE + 1];
	for (size_t i = 0; i < WIRE_KEY_SIZE; i++)
		snprintf(host + 2 * i, 3, "%02x", event->host[i]);
	json_begin(writer, "connected");
	json_text(writer, "nick", event->nick);
	json_number(writer, "user", event->user);
	json_text(writer, "role", role_name(event->role));
	json_text(writer, "host", host);
	json_text(writer, "software", event->other);
	write_unless_empty(writer, "account", event->name);
	write_unless_empty(writer, "motd", event->text);
	json_bool(writer, "own_wish", event->own_wish);
	json_bool(writer, "restarted", event->restarted);
}

static void write_disconnected(struct json_writer *writer, const struct session_event *event, tchat_time now)
{
	json_begin(writer, "disconnected");
	write_code(writer, event->code);
	json_bool(writer, "final", event->final);
	if (!event->final && event->retry_at != TCHAT_NEVER)
		json_number(writer, "retry_ms", event->retry_at > now ? (event->retry_at - now) / 1000 : 0);
}

static void write_goaway(struct json_writer *writer, const struct session_event *event)
{
	json_begin(writer, "goaway");
	write_code(writer, event->code);
	json_number(writer, "retry_ms", event->retry_at / 1000);
	write_unless_empty(writer, "reason", event->text);
}

static void write_room_event(struct json_writer *writer, const struct session_event *event)
{
	json_begin(writer, "room");
	write_room(writer, event);
	json_number(writer, "members", event->count);
	json_number(writer, "seq", event->seq);
	json_text(writer, "topic", event->text);
	json_bool(writer, "asked", event->own);
	json_bool(writer, "again", event->again);
	write_if(writer, "private", event->closed);
}

/* Who, where: the beginning of joined, left, kicked and name. */
static void write_member(struct json_writer *writer, const char *type, const struct session_event *event)
{
	json_begin(writer, type);
	write_room(writer, event);
	json_text(writer, "nick", event->nick);
	json_number(writer, "user", event->user);
}

static void write_kicked(struct json_writer *writer, const struct session_event *event)
{
	write_member(writer, "kicked", event);
	json_text(writer, "by", event->other);
	write_unless_empty(writer, "reason", event->text);
	write_if(writer, "banned", event->code == TCHAT_ERR_ROOM_BANNED);
	write_if(writer, "own", event->own);
}

static void write_renamed(struct json_writer *writer, const struct session_event *event)
{
	json_begin(writer, "renamed");
	json_text(writer, "nick", event->nick);
	write_unless_empty(writer, "old", event->other);
	json_number(writer, "user", event->user);
	write_if(writer, "own", event->own);
}

static void write_away(struct json_writer *writer, const struct session_event *event)
{
	json_begin(writer, "away");
	json_text(writer, "nick", event->nick);
	json_number(writer, "user", event->user);
	json_bool(writer, "away", event->away);
	write_unless_empty(writer, "reason", event->text);
}

static void write_topic(struct json_writer *writer, const struct session_event *event)
{
	json_begin(writer, "topic");
	write_room(writer, event);
	json_text(writer, "topic", event->text);
	json_text(writer, "nick", event->nick);
}

static void write_error(struct json_writer *writer, const struct session_event *event)
{
	json_begin(writer, "error");
	write_code(writer, event->code);
	write_unless_empty(writer, "request", request_name(event));
	write_room(writer, event);
	write_unless_empty(writer, "nick", event->nick);
	write_pin(writer, event);
}

/* The end of an answer that comes in pieces. */
static void write_past_end(struct json_writer *writer, const char *type, const struct session_event *event)
{
	json_begin(writer, type);
	write_room(writer, event);
	json_number(writer, "before", event->seq);
	json_bool(writer, "more", event->more);
}

static void write_pong(struct json_writer *writer, const struct session_event *event)
{
	json_begin(writer, "pong");
	if (event->length > 0)
		json_bytes(writer, "ref", event->text, event->length);
	json_number(writer, "rtt_us", event->rtt);
}

/* A type, the room, and one number unless its key is NULL. */
static void write_simple(struct json_writer *writer, const char *type, const struct session_event *event,
                         const char *key, uint64_t value)
{
	json_begin(writer, type);
	write_room(writer, event);
	if (key != NULL)
		json_number(writer, key, value);
}

/* What members and oneself do. False: not such an event. */
static bool write_people(struct json_writer *writer, const struct session_event *event)
{
	switch (event->type) {
	case SESSION_JOINED:
	case SESSION_NAME:
		write_member(writer, event->type == SESSION_NAME ? "name" : "joined", event);
		json_text(writer, "role", role_name(event->role));
		if (event->type == SESSION_NAME)
			json_bool(writer, "away", event->away);
		return true;
	case SESSION_LEFT:
		write_member(writer, "left", event);
		write_unless_empty(writer, "reason", event->text);
		return true;
	case SESSION_RENAMED: write_renamed(writer, event); return true;
	case SESSION_KICKED: write_kicked(writer, event); return true;
	case SESSION_AWAY: write_away(writer, event); return true;
	case SESSION_NAMES_END: write_simple(writer, "names", event, "count", event->count); return true;
	case SESSION_NICK:
		json_begin(writer, "nick");
		json_text(writer, "nick", event->nick);
		return true;
	case SESSION_DONE:
		json_begin(writer, "done");
		json_text(writer, "request", request_name(event));
		write_room(writer, event);
		write_unless_empty(writer, "nick", event->nick);
		write_pin(writer, event);
		return true;
	default: return false;
	}
}

static const char *door_name(uint8_t change)
{
	switch (change) {
	case DOOR_WAITS: return "waits";
	case DOOR_LEFT: return "left";
	case DOOR_ADMITTED: return "admitted";
	case DOOR_REFUSED: return "refused";
	default: return "other";
	}
}

static void write_profile(struct json_writer *writer, const struct session_event *event)
{
	char pins[WIRE_KEYS_MOST][TRUST_PIN_TEXT];
	const char *texts[WIRE_KEYS_MOST];
	size_t count = event->key_count < WIRE_KEYS_MOST ? event->key_count : WIRE_KEYS_MOST;
	for (size_t i = 0; i < count; i++) {
		pin_text(event->keys + i * WIRE_PIN_SIZE, pins[i]);
		texts[i] = pins[i];
	}
	json_begin(writer, "profile");
	json_text(writer, "nick", event->nick);
	json_number(writer, "user", event->user);
	json_text(writer, "role", role_name(event->role));
	json_bool(writer, "here", event->here);
	json_bool(writer, "away", event->away);
	write_unless_empty(writer, "reason", event->text);
	if (event->time != 0)
		json_time(writer, "since", event->time);
	if (event->seen != 0)
		json_time(writer, "seen", event->seen);
	write_unless_empty(writer, "address", event->other);
	json_list(writer, "pins", texts, count);
}

static void write_listed(struct json_writer *writer, const struct session_event *event)
{
	char id[TRUST_PIN_TEXT];
	json_begin(writer, "invitation");
	json_text(writer, "id", pin_text(event->keys, id));
	json_bool(writer, "device", event->kind == INVITE_DEVICE);
	json_number(writer, "uses", event->count);
	if (event->time != 0)
		json_time(writer, "expires", event->time);
	write_unless_empty(writer, "room", event->name);
	write_unless_empty(writer, "by", event->other);
}

/* Who may come in, and who is who. False: not such an event. */
static bool write_identity(struct json_writer *writer, const struct session_event *event)
{
	switch (event->type) {
	case SESSION_WAITING:
		json_begin(writer, "waiting");
		json_number(writer, "owners", event->count);
		return true;
	case SESSION_DOOR:
		json_begin(writer, "door");
		json_text(writer, "change", door_name(event->kind));
		json_text(writer, "nick", event->nick);
		write_unless_empty(writer, "address", event->text);
		write_key(writer, event->keys);
		return true;
	case SESSION_INVITATION: write_listed(writer, event); return true;
	case SESSION_INVITATIONS: write_simple(writer, "invitations", event, "count", event->count); return true;
	case SESSION_PROFILE: write_profile(writer, event); return true;
	default: return false;
	}
}

static const char *rule_name(uint8_t kind)
{
	static const char *const names[] = { [RULE_MODERATOR] = "moderator", [RULE_OWNER] = "owner", [RULE_MUTED] = "muted",
		                             [RULE_BANNED] = "banned", [RULE_CALLED] = "called", [RULE_RESERVED] = "reserved" };
	return kind < sizeof names / sizeof names[0] && names[kind] != NULL ? names[kind] : "other";
}

/* Of whom, by whom, and why. */
static void write_sanction(struct json_writer *writer, const struct session_event *event)
{
	write_unless_empty(writer, "nick", event->nick);
	write_unless_empty(writer, "address", event->ref);
	write_pin(writer, event);
	write_unless_empty(writer, "by", event->other);
	write_unless_empty(writer, "reason", event->text);
}

static void write_role(struct json_writer *writer, const struct session_event *event)
{
	write_member(writer, "role", event);
	json_text(writer, "role", role_name(event->role));
	write_unless_empty(writer, "by", event->other);
	write_unless_empty(writer, "reason", event->text);
	write_if(writer, "own", event->own);
}

/* Who keeps order, and how. False: not such an event. */
static bool write_moderation(struct json_writer *writer, const struct session_event *event)
{
	switch (event->type) {
	case SESSION_ROLE: write_role(writer, event); return true;
	case SESSION_CALLED:
		json_begin(writer, "called");
		json_text(writer, "room", event->name);
		write_unless_empty(writer, "by", event->other);
		return true;
	case SESSION_RULE:
		json_begin(writer, "rule");
		json_text(writer, "kind", rule_name(event->kind));
		write_room(writer, event);
		write_sanction(writer, event);
		json_time(writer, "since", event->time);
		if (event->expires != 0)
			json_time(writer, "expires", event->expires);
		return true;
	case SESSION_RULES_END: write_simple(writer, "rules", event, "count", event->count); return true;
	case SESSION_ACT:
		json_begin(writer, "act");
		json_number(writer, "number", event->seq);
		json_time(writer, "time", event->time);
		json_text(writer, "action", act_name(event->kind));
		write_room(writer, event);
		write_sanction(writer, event);
		if (event->count != 0)
			json_number(writer, "seconds", event->count);
		return true;
	case SESSION_AUDIT_END: write_past_end(writer, "audit", event); return true;
	case SESSION_VALUE:
		json_begin(writer, "value");
		json_text(writer, "name", event->name);
		if (event->text[0] != '\0')
			json_text(writer, "text", event->text);
		else if (event->count > 0)
			json_number(writer, "most", event->count);
		if (event->text[0] == '\0' || event->seq > 0)
			json_number(writer, "used", event->seq);
		return true;
	case SESSION_REPORT_END:
		if (event->request == REQUEST_BACKUP)
			write_simple(writer, "backup", event, "count", event->count);
		else
			write_simple(writer, "status", event, "count", event->count);
		return true;
	default: return false;
	}
}

int json_host(struct json_writer *writer, const char *status, const char *name, const struct trust_pin *pin)
{
	json_begin(writer, "host");
	json_text(writer, "status", status);
	json_text(writer, "name", name);
	write_key(writer, pin->bytes);
	return json_end(writer);
}

int json_invited(struct json_writer *writer, const struct door_asked *asked, const char *const *links, size_t count)
{
	char id[TRUST_PIN_TEXT];
	json_begin(writer, "invited");
	write_unless_empty(writer, "ref", asked->ref);
	json_text(writer, "id", pin_text(asked->key, id));
	json_bool(writer, "device", asked->kind == INVITE_DEVICE);
	write_unless_empty(writer, "room", asked->room);
	json_list(writer, "links", links, count);
	return json_end(writer);
}

int json_event(struct json_writer *writer, const struct session_event *event, const char *own_nick, tchat_time now)
{
	switch (event->type) {
	case SESSION_MESSAGE:
	case SESSION_PAST: write_message(writer, "message", event, own_nick); break;
	case SESSION_CHANGE: write_message(writer, "change", event, own_nick); break;
	case SESSION_FOUND: write_message(writer, "found", event, own_nick); break;
	case SESSION_ACK: write_ack(writer, event); break;
	case SESSION_NACK: write_nack(writer, event); break;
	case SESSION_CONNECTED: write_connected(writer, event); break;
	case SESSION_DISCONNECTED: write_disconnected(writer, event, now); break;
	case SESSION_GOAWAY: write_goaway(writer, event); break;
	case SESSION_ROOM_JOINED: write_room_event(writer, event); break;
	case SESSION_ROOM_READY: write_simple(writer, "ready", event, NULL, 0); break;
	case SESSION_ROOM_PARTED:
		write_simple(writer, "parted", event, NULL, 0);
		if (event->code != 0)
			write_code(writer, event->code);
		break;
	case SESSION_READ: write_simple(writer, "read", event, "seq", event->seq); break;
	case SESSION_GAP:
		write_simple(writer, "gap", event, "seq", event->seq);
		json_number(writer, "count", event->count);
		break;
	case SESSION_HELD:
		json_begin(writer, "held");
		json_bool(writer, "held", event->code != 0);
		if (event->code != 0)
			write_code(writer, event->code);
		break;
	case SESSION_PENDING:
		if (!event->again)
			return 0;
		json_begin(writer, "pending");
		write_post(writer, event);
		break;
	case SESSION_UNSTORED:
		json_begin(writer, "unstored");
		if (event->code != 0) {
			write_code(writer, event->code);
			json_text(writer, "reason", event->text);
		}
		break;
	case SESSION_LOST:
		json_begin(writer, "lost");
		write_post(writer, event);
		break;
	case SESSION_RESTARTED: write_simple(writer, "restarted", event, NULL, 0); break;
	case SESSION_TOPIC: write_topic(writer, event); break;
	case SESSION_PAST_END: write_past_end(writer, "history", event); break;
	case SESSION_FOUND_END: write_past_end(writer, "search", event); break;
	case SESSION_PONG: write_pong(writer, event); break;
	case SESSION_ERROR: write_error(writer, event); break;
	default:
		if (!write_people(writer, event) && !write_identity(writer, event) && !write_moderation(writer, event))
			return 0;
	}
	return json_end(writer);
}

int json_input_error(struct json_writer *writer, int code, const char *ref, const char *why)
{
	json_begin(writer, "error");
	if (ref != NULL)
		json_text(writer, "ref", ref);
	json_text(writer, "code", tchat_err_name(code));
	json_text(writer, "message", why != NULL && why[0] != '\0' ? why : tchat_err_text(code));
	return json_end(writer);
}
