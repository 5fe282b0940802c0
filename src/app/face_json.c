/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON mode: one object a line, both ways. */
#include "app/talk.h"

#include "app/exit_status.h"
#include "app/json_event.h"
#include "app/json_read.h"
#include "app/plain_face.h"
#include "app/reach.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/wipe.h"

#include <stdio.h>
#include <string.h>

enum { OBJECT_MAX = 1 << 20 };

struct json {
	struct plain_face plain; /* first: the callbacks' argument */
	struct json_writer writer;
	struct door door;        /* the invitations that were asked for */
	bool skipping;           /* the rest of a line that is too long */
};

static struct json *json_of(struct plain_face *face)
{
	return (struct json *)face;
}

/* Hands the object just written to the output. */
static void json_flush(struct json *json, int err)
{
	struct buffer *out = &json->writer.out;
	if (err != 0) {
		say("%s", tchat_err_text(err));
		plain_finish(&json->plain, EXIT_STATUS_SYSTEM);
	}
	if (buffer_length(out) > 0)
		output_put(json->plain.output, (const char *)buffer_data(out), buffer_length(out));
	buffer_truncate(out, 0);
}

static void json_refuse(struct json *json, int code, const char *ref, const char *why)
{
	json->plain.refused = true;
	json_flush(json, json_input_error(&json->writer, code, ref, why));
}

/* --- Input */

/* The room that a request means: its handle, or 0. */
static uint32_t json_room(const struct json *json, const char *name)
{
	if (name == NULL)
		return json->plain.room;
	bool direct = name[0] == '@';
	return session_room_find(json->plain.talk.session, direct ? name + 1 : name, direct);
}

static uint8_t json_kind(const struct json_request *request)
{
	switch (request->verb) {
	case JSON_TOPIC: return KIND_TOPIC;
	case JSON_EDIT: return KIND_EDIT;
	case JSON_DELETE: return KIND_DELETE;
	case JSON_REACTION: return KIND_REACTION;
	default: return request->kind;
	}
}

static int json_post(struct json *json, const struct json_request *request)
{
	struct session *session = json->plain.talk.session;
	const char *to = request->to;
	int room;
	if (to == NULL && request->room != NULL && request->room[0] == '@')
		to = request->room + 1;
	if (to != NULL)
		room = session_open_direct(session, to[0] == '@' ? to + 1 : to);
	else
		room = (int)json_room(json, request->room);
	if (room <= 0)
		return room < 0 ? room : TCHAT_ERR_NOT_MEMBER;
	bool deletes = request->verb == JSON_DELETE;
	bool changes = deletes || request->verb == JSON_EDIT || request->verb == JSON_REACTION;
	int64_t counter = session_post_about(session, (uint32_t)room, json_kind(request), request->text,
	                                     deletes ? 0 : request->length, changes ? request->target : 0,
	                                     changes || request->verb == JSON_TOPIC ? 0 : request->reply, request->ref);
	return counter < 0 ? (int)counter : 0;
}

static enum wire_moderation json_action(enum json_verb verb)
{
	switch (verb) {
	case JSON_OP: return MODERATE_OP;
	case JSON_DEOP: return MODERATE_DEOP;
	case JSON_MUTE: return MODERATE_MUTE;
	case JSON_UNMUTE: return MODERATE_UNMUTE;
	case JSON_BAN: return MODERATE_BAN;
	case JSON_UNBAN: return MODERATE_UNBAN;
	case JSON_CALL: return MODERATE_CALL;
	default: return MODERATE_UNCALL;
	}
}

/* What keeps order in a room, or on the whole host. */
static int json_moderate(struct json *json, const struct json_request *request)
{
	struct session *session = json->plain.talk.session;
	bool everywhere = request->host || request->address != NULL || request->has_pin;
	uint32_t room = everywhere ? 0 : json_room(json, request->room);
	if (!everywhere && room == 0)
		return TCHAT_ERR_NOT_MEMBER;
	switch (request->verb) {
	case JSON_RULES: return session_rules(session, room);
	case JSON_AUDIT: return session_audit(session, room, request->before, request->count, 0);
	default:
		return session_moderate(session, &(struct session_act){ .action = json_action(request->verb),
		                                                        .room = room,
		                                                        .nick = request->nick,
		                                                        .address = request->address,
		                                                        .key = request->has_pin ? request->pin.bytes : NULL,
		                                                        .reason = request->reason,
		                                                        .seconds = request->seconds });
	}
}

/* Requests about a room that one has to be in. */
static int json_room_request(struct json *json, const struct json_request *request)
{
	struct session *session = json->plain.talk.session;
	uint32_t room = json_room(json, request->room);
	if (room == 0)
		return TCHAT_ERR_NOT_MEMBER;
	switch (request->verb) {
	case JSON_PART: return session_part(session, room);
	case JSON_NAMES: return session_names(session, room);
	case JSON_KICK: return session_kick(session, room, request->nick, request->reason);
	case JSON_HISTORY: return session_history(session, room, request->before, request->count, 0);
	case JSON_READ: session_read(session, room, request->seq); return 0;
	case JSON_SEARCH: return session_search(session, room, request->text, request->before, request->count, 0);
	default: return TCHAT_ERR_ARGUMENT;
	}
}

static int json_invite(struct json *json, const struct json_request *request)
{
	const struct talk_place *place = json->plain.talk.place;
	const char *room = request->room != NULL ? request->room : "";
	if (!place->has_pin)
		return TCHAT_ERR_NOT_ALLOWED;
	if (strlen(room) >= DOOR_NAME)
		return TCHAT_ERR_BAD_NAME;
	struct door_asked *asked = door_ask(&json->door, request->device ? INVITE_DEVICE : INVITE_HOST, room);
	if (asked == NULL)
		return TCHAT_ERR_FULL;
	if (request->ref != NULL)
		snprintf(asked->ref, sizeof asked->ref, "%s", request->ref);
	int err = session_invite(json->plain.talk.session, asked->kind, request->uses, request->seconds, asked->room,
	                         asked->key);
	if (err != 0) {
		struct door_asked gone;
		door_take(&json->door, asked->key, &gone);
		wipe(&gone, sizeof gone);
	}
	return err;
}

static int json_error_only(int count)
{
	return count < 0 ? count : 0;
}

/* Who may come in, who is who, and what became of posts. */
static int json_identity(struct json *json, const struct json_request *request)
{
	struct session *session = json->plain.talk.session;
	switch (request->verb) {
	case JSON_ADMIT:
	case JSON_REFUSE: return session_door(session, request->pin.bytes, request->verb == JSON_ADMIT);
	case JSON_INVITE: return json_invite(json, request);
	case JSON_INVITATIONS: return session_invitations(session);
	case JSON_REVOKE: return session_revoke(session, request->pin.bytes);
	case JSON_WHOIS: return session_whois(session, request->nick);
	case JSON_DROP_KEY: return session_drop_key(session, request->pin.bytes);
	case JSON_RELEASE: return session_release(session, request->nick);
	case JSON_RESERVE:
		return session_moderate(session, &(struct session_act){ .action = MODERATE_RESERVE, .nick = request->nick });
	case JSON_OP:
	case JSON_DEOP:
	case JSON_MUTE:
	case JSON_UNMUTE:
	case JSON_BAN:
	case JSON_UNBAN:
	case JSON_CALL:
	case JSON_UNCALL:
	case JSON_RULES:
	case JSON_AUDIT: return json_moderate(json, request);
	case JSON_STATUS: return session_status(session);
	case JSON_BACKUP: return session_backup(session);
	case JSON_CANCEL:
		return session_cancel(session, request->counter != 0 ? request->counter :
		                                                       session_newest_pending(session, request->ref));
	case JSON_REPOST: return json_error_only(session_repost(session, request->counter));
	case JSON_FORGET: return json_error_only(session_forget_lost(session, request->counter));
	default: return json_room_request(json, request);
	}
}

static int json_carry_out(struct json *json, const struct json_request *request)
{
	struct session *session = json->plain.talk.session;
	const char *payload = request->ref != NULL ? request->ref : "";
	int handle;
	switch (request->verb) {
	case JSON_POST:
	case JSON_TOPIC:
	case JSON_EDIT:
	case JSON_DELETE:
	case JSON_REACTION: return json_post(json, request);
	case JSON_JOIN:
		if (request->room[0] == '@')
			handle = session_open_direct(session, request->room + 1);
		else
			handle = session_join(session, request->room);
		return handle < 0 ? handle : 0;
	case JSON_PRIVATE:
		handle = session_join_private(session, request->room);
		return handle < 0 ? handle : 0;
	case JSON_DIRECT:
		handle = session_open_direct(session, request->nick);
		return handle < 0 ? handle : 0;
	case JSON_NICK: return session_nick(session, request->nick);
	case JSON_AWAY: return session_away(session, request->away, request->reason);
	case JSON_PING: return session_ping(session, payload, strlen(payload), clock_monotonic());
	case JSON_QUIT: plain_leave(&json->plain, plain_is_last(&json->plain)); return 0;
	case JSON_TRUST: return TCHAT_ERR_ARGUMENT; /* nobody asked */
	default: return json_identity(json, request);
	}
}

static int json_line(struct plain_face *face, const char *line, size_t length, bool cut)
{
	struct json *json = json_of(face);
	struct json_request request;
	char why[JSON_WHY_SIZE];
	bool skip = json->skipping;
	json->skipping = cut;
	if (cut && !skip) {
		snprintf(why, sizeof why, _("a line is longer than %d bytes"), JSON_LINE_MAX);
		json_refuse(json, TCHAT_ERR_TOO_LONG, NULL, why);
	}
	if (cut || skip || strspn(line, " \t\r") == length)
		return 0;
	int err = json_read(&request, line, length, why);
	if (err == 0)
		err = json_carry_out(json, &request);
	/* A room on its way in or out: the request waits. Without a connection it is refused. */
	bool again = err == TCHAT_ERR_FULL || (err == TCHAT_ERR_AGAIN && session_ready(face->talk.session));
	if (err != 0 && !again)
		json_refuse(json, err == TCHAT_ERR_AGAIN ? TCHAT_ERR_CLOSED : err, request.ref, why);
	json_read_free(&request);
	return again ? err : 0;
}

/* --- Output */

static void json_tell_invited(struct json *json, const struct door_asked *asked)
{
	enum { LINKS = 12 };
	char text[REACH_TEXT];
	const char *links[LINKS];
	size_t count = 0;
	const struct talk_place *place = json->plain.talk.place;
	reach_links(place, &place->pin, asked->token, asked->room, LINKS, "", text, sizeof text);
	for (char *link = strtok(text, "\n"); link != NULL && count < LINKS; link = strtok(NULL, "\n"))
		links[count++] = link;
	json_flush(json, json_invited(&json->writer, asked, links, count));
	wipe(text, sizeof text);
}

/* The link that a host of one's own made at its start. */
static void json_tell_first(struct json *json)
{
	struct talk_place *place = json->plain.talk.place;
	struct door_asked asked = { .kind = INVITE_HOST };
	if (place->has_token && trust_token_public(place->token, asked.key) == 0) {
		memcpy(asked.token, place->token, sizeof asked.token);
		json_tell_invited(json, &asked);
	}
	wipe(&asked, sizeof asked);
	talk_forget_link(place);
}

/* The answer to an invitation that was asked for here. */
static bool json_on_invite(struct json *json, const struct session_event *event)
{
	struct door_asked asked;
	if (event->request != REQUEST_INVITE || event->key_count != 1 || !door_take(&json->door, event->keys, &asked))
		return false;
	if (event->type == SESSION_DONE)
		json_tell_invited(json, &asked);
	else
		json_refuse(json, event->code, asked.ref[0] != '\0' ? asked.ref : NULL, NULL);
	wipe(&asked, sizeof asked);
	return true;
}

/* The question that a new host brings, or the news that it is another one than before. */
static void json_ask(struct plain_face *face, bool refused)
{
	struct json *json = json_of(face);
	const struct host_trust *trust = face->talk.trust;
	if (trust == NULL || host_trust_seen(trust) == NULL)
		return;
	json_flush(json, json_host(&json->writer, host_trust_is_new(trust) ? "new" : "changed",
	                           host_trust_name(trust), host_trust_seen(trust)));
}

static bool json_answer(struct plain_face *face, const char *line, size_t length)
{
	struct json_request request;
	char why[JSON_WHY_SIZE];
	bool yes = json_read(&request, line, length, why) == 0 && request.verb == JSON_TRUST &&
	           trust_pin_equal(&request.pin, host_trust_seen(face->talk.trust));
	json_read_free(&request);
	return yes;
}

static void json_on_event(struct plain_face *face, const struct session_event *event)
{
	struct json *json = json_of(face);
	if (json_on_invite(json, event))
		return;
	const char *nick = session_own_nick(face->talk.session);
	json_flush(json, json_event(&json->writer, event, nick, loop_now(face->talk.loop)));
	if (event->type == SESSION_CONNECTED)
		json_tell_first(json);
	/* Without the first room there is still work for others. */
	if (event->type == SESSION_ROOM_PARTED && event->room == face->room)
		plain_start_input(face);
}

int face_json(const struct options *options, struct talk_place *place)
{
	static const struct plain_class class = { json_on_event, json_line, JSON_LINE_MAX, json_ask, json_answer, false };
	struct json json = { .skipping = false };
	buffer_init(&json.writer.out, OBJECT_MAX);
	int status = plain_open(&json.plain, &class, options, place, options->history > 0 ? (uint32_t)options->history : 0);
	if (status == 0)
		status = plain_run(&json.plain);
	door_wipe(&json.door);
	plain_close(&json.plain);
	buffer_free(&json.writer.out);
	return status;
}
