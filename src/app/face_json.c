/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON mode: one object a line, both ways. */
#include "app/talk.h"

#include "app/exit_status.h"
#include "app/json_event.h"
#include "app/json_read.h"
#include "app/plain_face.h"
#include "base/errors.h"
#include "base/intl.h"

#include <stdio.h>
#include <string.h>

enum { OBJECT_MAX = 1 << 20 };

struct json {
	struct plain_face plain; /* first: the callbacks' argument */
	struct json_writer writer;
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
	uint8_t kind = request->verb == JSON_TOPIC ? KIND_TOPIC : request->kind;
	int64_t counter = session_post(session, (uint32_t)room, kind, request->text, request->length, request->ref);
	return counter < 0 ? (int)counter : 0;
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
	case JSON_HISTORY: return session_history(session, room, request->before, request->count);
	default: return TCHAT_ERR_ARGUMENT;
	}
}

static int json_carry_out(struct json *json, const struct json_request *request)
{
	struct session *session = json->plain.talk.session;
	const char *payload = request->ref != NULL ? request->ref : "";
	int handle;
	switch (request->verb) {
	case JSON_POST:
	case JSON_TOPIC: return json_post(json, request);
	case JSON_JOIN:
		if (request->room[0] == '@')
			handle = session_open_direct(session, request->room + 1);
		else
			handle = session_join(session, request->room);
		return handle < 0 ? handle : 0;
	case JSON_DIRECT:
		handle = session_open_direct(session, request->nick);
		return handle < 0 ? handle : 0;
	case JSON_NICK: return session_nick(session, request->nick);
	case JSON_AWAY: return session_away(session, request->away, request->reason);
	case JSON_PING: return session_ping(session, payload, strlen(payload), clock_monotonic());
	case JSON_QUIT: plain_leave(&json->plain, plain_is_last(&json->plain)); return 0;
	default: return json_room_request(json, request);
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

static void json_on_event(struct plain_face *face, const struct session_event *event)
{
	struct json *json = json_of(face);
	const char *nick = session_own_nick(face->talk.session);
	json_flush(json, json_event(&json->writer, event, nick, loop_now(face->talk.loop)));
	/* Without the first room there is still work for others. */
	if (event->type == SESSION_ROOM_PARTED && event->room == face->room)
		plain_start_input(face);
}

int face_json(const struct options *options, struct talk_place *place)
{
	static const struct plain_class class = { json_on_event, json_line, JSON_LINE_MAX };
	struct json json = { .skipping = false };
	buffer_init(&json.writer.out, OBJECT_MAX);
	int status = plain_open(&json.plain, &class, options, place, options->history > 0 ? (uint32_t)options->history : 0);
	if (status == 0)
		status = plain_run(&json.plain);
	plain_close(&json.plain);
	buffer_free(&json.writer.out);
	return status;
}
