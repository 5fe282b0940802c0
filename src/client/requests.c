/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests that wait for an answer, the verbs that are no more than a request, and what DONE and ERROR answer. */
#include "client/internal.h"

#include "base/utf8.h"

#include <string.h>

struct request *request_add(struct session *session, enum session_request kind, uint32_t room, bool quiet)
{
	size_t of_user = session->user_requests;
	if (session->request_count == REQUESTS_MAX || (!quiet && of_user == REQUESTS_OF_USER))
		return NULL;
	struct request *request = &session->requests[session->request_count++];
	session->user_requests += !quiet;
	if (++session->last_request == 0)
		session->last_request = 1;
	*request = (struct request){ .id = session->last_request, .kind = kind, .room = room, .quiet = quiet };
	return request;
}

void request_undo(struct session *session)
{
	session->request_count--;
	session->user_requests -= !session->requests[session->request_count].quiet;
}

bool request_take(struct session *session, uint32_t id, struct request *request)
{
	for (size_t i = 0; i < session->request_count; i++) {
		if (session->requests[i].id != id)
			continue;
		*request = session->requests[i];
		session->user_requests -= !request->quiet;
		session->request_count--;
		memmove(session->requests + i, session->requests + i + 1,
		        (session->request_count - i) * sizeof session->requests[0]);
		return true;
	}
	return false;
}

bool request_waits(const struct session *session, enum session_request kind, uint32_t room)
{
	for (size_t i = 0; i < session->request_count; i++) {
		if (session->requests[i].kind == kind && session->requests[i].room == room)
			return true;
	}
	return false;
}

int tell_error(struct session *session, enum session_request kind, const struct room *room, const char *nick, int code)
{
	struct draft draft = draft_of(SESSION_ERROR, room);
	draft.event.request = kind;
	draft.event.code = code;
	draft.nick = wire_text(nick);
	return session_tell(session, &draft);
}

struct draft draft_of_request(struct session *session, enum session_event_type type, const struct request *request)
{
	struct draft draft = draft_of(type, room_by_handle(session, request->room));
	draft.event.request = request->kind;
	draft.event.asked = request->asked;
	draft.event.kind = request->action;
	draft.nick = wire_text(request->nick);
	if (request->has_key)
		draft.keys = (struct wire_bytes){ request->key, sizeof request->key };
	return draft;
}

/* What was asked for and got no answer: the user hears of it, unless it is repeated by itself. */
void requests_drop(struct session *session)
{
	size_t count = session->request_count;
	session->request_count = session->user_requests = 0;
	for (size_t i = 0; i < count; i++) {
		const struct request *r = &session->requests[i];
		if (r->kind == REQUEST_NICK)
			strcpy(session->nick, r->nick); /* wished at the next connection */
		else if (!r->quiet && r->kind != REQUEST_PART) {
			struct draft draft = draft_of_request(session, SESSION_ERROR, r);
			draft.event.code = TCHAT_ERR_CLOSED;
			session_tell(session, &draft);
		}
	}
}

int request_send(struct session *session, const struct message *message)
{
	int err = session_send(session, message);
	if (err != 0)
		request_undo(session);
	return err;
}

static bool name_fine(const char *name)
{
	struct buffer fold;
	buffer_init(&fold, NAME_SIZE);
	bool fine = text_name_fold(&fold, name, strlen(name)) == 0;
	buffer_free(&fold);
	return fine;
}

int session_nick(struct session *session, const char *nick)
{
	if (!name_fine(nick) || strlen(nick) >= NAME_SIZE)
		return TCHAT_ERR_BAD_NAME;
	if (session->link != LINK_READY) {
		strcpy(session->wish, nick);
		strcpy(session->nick, nick);
		return 0;
	}
	struct request *request = request_add(session, REQUEST_NICK, 0, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	strcpy(request->nick, nick);
	return request_send(session, &(struct message){ .type = WIRE_NICK,
	                                                .nick = { .request = request->id, .nick = wire_text(nick) } });
}

int session_away(struct session *session, bool away, const char *reason)
{
	if (reason == NULL)
		reason = "";
	if (strlen(reason) > REASON_MAX)
		return TCHAT_ERR_TOO_LONG;
	if (!utf8_valid(reason, strlen(reason)))
		return TCHAT_ERR_BAD_TEXT;
	if (session->link == LINK_READY) {
		struct message message = { .type = WIRE_PRESENCE, .presence = { .away = away } };
		if (reason[0] != '\0')
			message.presence.reason = wire_text(reason);
		int err = session_send(session, &message);
		if (err != 0)
			return err;
	}
	session->away = away;
	if (reason != session->away_reason)
		strcpy(session->away_reason, reason);
	return 0;
}

struct room *request_room(struct session *session, uint32_t handle, int *err)
{
	struct room *room = room_by_handle(session, handle);
	*err = room == NULL || room->state == ROOM_GONE ? TCHAT_ERR_NOT_FOUND : TCHAT_ERR_AGAIN;
	if (room == NULL || session->link != LINK_READY || room->state < ROOM_RESUMING || room->state > ROOM_LIVE)
		return NULL;
	return room;
}

int session_kick(struct session *session, uint32_t handle, const char *nick, const char *reason)
{
	int err;
	struct room *room = request_room(session, handle, &err);
	if (room == NULL)
		return err;
	if (nick[0] == '\0' || strlen(nick) >= NAME_SIZE)
		return TCHAT_ERR_BAD_NAME;
	if (reason != NULL && strlen(reason) > REASON_MAX)
		return TCHAT_ERR_TOO_LONG;
	struct request *request = request_add(session, REQUEST_KICK, room->handle, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	strcpy(request->nick, nick);
	struct message message = { .type = WIRE_MODERATE,
		                   .moderate = { .request = request->id,
		                                 .room = room->id,
		                                 .action = MODERATE_KICK,
		                                 .nick = wire_text(nick) } };
	if (reason != NULL && reason[0] != '\0')
		message.moderate.reason = wire_text(reason);
	return request_send(session, &message);
}

int session_end_host(struct session *session)
{
	if (session->link != LINK_READY)
		return TCHAT_ERR_AGAIN;
	struct request *request = request_add(session, REQUEST_END, 0, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	return request_send(session, &(struct message){
		.type = WIRE_MODERATE, .moderate = { .request = request->id, .action = MODERATE_END } });
}

int session_names(struct session *session, uint32_t handle)
{
	int err;
	struct room *room = request_room(session, handle, &err);
	if (room == NULL)
		return err;
	struct request *request = request_add(session, REQUEST_NAMES, room->handle, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	return request_send(session, &(struct message){ .type = WIRE_NAMES,
	                                                .names = { .request = request->id,
	                                                           .room = room->id,
	                                                           .limit = PAGE_LIMIT } });
}

int session_history(struct session *session, uint32_t handle, uint64_t before, uint32_t count, uint32_t asked)
{
	int err;
	struct room *room = request_room(session, handle, &err);
	if (count < 1 || count > PAGE_LIMIT)
		return TCHAT_ERR_ARGUMENT;
	const struct room *away = room == NULL && err == TCHAT_ERR_AGAIN ? stored_room(session, handle) : NULL;
	if (away != NULL)
		return stored_history(session, away, before, count, asked);
	if (room == NULL)
		return err;
	struct request *request = request_add(session, REQUEST_HISTORY, room->handle, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	request->asked = asked;
	return request_send(session, &(struct message){ .type = WIRE_HISTORY,
	                                                .history = { .request = request->id,
	                                                             .room = room->id,
	                                                             .from = before,
	                                                             .limit = (uint16_t)count } });
}

int request_done(struct session *session, const struct wire_done *done)
{
	struct request request;
	if (!request_take(session, done->request, &request))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_DONE);
	struct room *room = room_by_handle(session, request.room);
	switch (request.kind) {
	case REQUEST_NICK: {
		char nick[NAME_SIZE];
		if (!wire_copy(nick, sizeof nick, done->nick) || nick[0] == '\0')
			return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_DONE);
		strcpy(session->nick, nick);
		strcpy(session->wish, nick);
		struct draft draft = { .event = { .type = SESSION_NICK }, .nick = done->nick };
		return session_tell(session, &draft);
	}
	case REQUEST_PART:
		return room == NULL || room->state != ROOM_PARTING ? 0 : room_gone(session, room, 0);
	case REQUEST_KICK:
	case REQUEST_END:
	case REQUEST_ADMIT:
	case REQUEST_REFUSE:
	case REQUEST_INVITE:
	case REQUEST_REVOKE:
	case REQUEST_DROP_KEY:
	case REQUEST_RELEASE:
	case REQUEST_MODERATE: {
		struct draft draft = draft_of_request(session, SESSION_DONE, &request);
		return session_tell(session, &draft);
	}
	default: /* these have answers of their own */
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_DONE);
	}
}

int request_error(struct session *session, const struct wire_error *error)
{
	struct request request;
	if (!request_take(session, error->request, &request))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_ERROR);
	int code = -(int)error->code;
	struct room *room = room_by_handle(session, request.room);
	switch (request.kind) {
	case REQUEST_JOIN:
	case REQUEST_DIRECT:
	case REQUEST_PART:
	case REQUEST_RESUME:
	case REQUEST_CATCH_UP:
		return room_join_refused(session, &request, code);
	case REQUEST_ROSTER:
		if (room != NULL)
			room->roster.asked = false;
		return 0;
	default: {
		struct draft draft = draft_of_request(session, SESSION_ERROR, &request);
		draft.event.code = code;
		return session_tell(session, &draft);
	}
	}
}
