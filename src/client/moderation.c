/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moderation: acts that are asked for, rules that hold, the log of acts, and what is told of all that. */
#include "client/internal.h"

#include "base/utf8.h"

#include <string.h>

enum { RULES_MAX = 65536, NAMED = NAME_SIZE };

/* --- What the host tells */

int moderation_called(struct session *session, const struct wire_called *called)
{
	char name[NAME_SIZE];
	if (!wire_copy(name, sizeof name, called->name) || name[0] == '\0')
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_CALLED);
	const struct room *room = room_by_id(session, called->room);
	if (room != NULL && room->state != ROOM_GONE)
		return 0; /* one is there */
	struct draft draft = { .event = { .type = SESSION_CALLED },
		               .name = called->name,
		               .other = wire_cut(called->by, TEXT_NAME_BYTES) };
	return session_tell(session, &draft);
}

int moderation_role(struct session *session, struct room *room, const struct wire_member *member)
{
	bool own = member->user == session->user;
	struct roster_entry *entry = room == NULL ? NULL : roster_find(&room->roster, member->user);
	if (room == NULL && !own)
		return 0;
	if (entry != NULL)
		entry->role = member->role;
	if (room == NULL)
		session->role = member->role;
	struct draft draft = draft_of(SESSION_ROLE, room);
	draft.event.user = member->user;
	draft.event.role = member->role;
	draft.event.own = own;
	draft.nick = wire_cut(member->nick, TEXT_NAME_BYTES);
	draft.other = wire_cut(member->by, TEXT_NAME_BYTES);
	draft.text = wire_cut(member->reason, REASON_MAX);
	return session_tell(session, &draft);
}

int record_next(struct wire_bytes *records, uint8_t type, struct message *message)
{
	struct frame frame;
	if (records->length == 0)
		return 0;
	int size = frame_peek(&frame, records->data, records->length, FRAME_MAXIMUM);
	if (size <= 0 || frame.type != type || message_decode(message, frame.type, frame.payload, frame.length) != 0)
		return TCHAT_ERR_BAD_FRAME;
	records->data += size;
	records->length -= (size_t)size;
	return 1;
}

static bool key_is_whole(struct wire_bytes key)
{
	return key.length == 0 || key.length == WIRE_PIN_SIZE;
}

static int rules_send(struct session *session, const struct request *request, uint64_t room)
{
	return session_must_send(session, &(struct message){ .type = WIRE_RULES,
	                                                     .rules = { .request = request->id,
	                                                                .room = room,
	                                                                .after = request->after,
	                                                                .limit = PAGE_LIMIT } });
}

static int rule_tell(struct session *session, const struct room *room, const struct wire_rule *rule)
{
	struct draft draft = draft_of(SESSION_RULE, room);
	draft.event.kind = rule->kind;
	draft.event.time = rule->since;
	draft.event.expires = rule->expires;
	draft.nick = wire_cut(rule->nick, TEXT_NAME_BYTES);
	draft.other = wire_cut(rule->by, TEXT_NAME_BYTES);
	draft.ref = wire_cut(rule->address, TEXT_NAME_BYTES);
	draft.text = wire_cut(rule->reason, REASON_MAX);
	draft.keys = rule->key;
	return session_tell(session, &draft);
}

int moderation_ruled(struct session *session, const struct wire_ruled *ruled)
{
	struct request request;
	if (!request_take(session, ruled->request, &request) || request.kind != REQUEST_RULES)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_RULED);
	const struct room *room = room_by_handle(session, request.room);
	struct wire_bytes records = ruled->records;
	struct message message;
	bool more = (ruled->flags & PAGE_MORE) != 0 && records.length > 0 && request.users < RULES_MAX;
	int err = 0, next;
	while (err == 0 && (next = record_next(&records, WIRE_RULE, &message)) != 0) {
		const struct wire_rule *rule = &message.rule;
		if (next < 0 || rule->rule <= request.after || !key_is_whole(rule->key))
			return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_RULED);
		request.after = rule->rule;
		request.users++;
		err = rule_tell(session, room, rule);
	}
	if (err != 0)
		return err;
	if (more && (request.room == 0 || room != NULL)) {
		struct request *again = request_add(session, REQUEST_RULES, request.room, false);
		if (again == NULL)
			return session_fail(session, TCHAT_ERR_FULL, 0);
		again->after = request.after;
		again->users = request.users;
		return rules_send(session, again, room == NULL ? 0 : room->id);
	}
	struct draft draft = draft_of(SESSION_RULES_END, room);
	draft.event.count = request.users;
	return session_tell(session, &draft);
}

static int act_tell(struct session *session, const struct request *request, const struct wire_act *act)
{
	struct draft draft = { .event = { .type = SESSION_ACT,
		                          .kind = act->action,
		                          .seq = act->number,
		                          .time = act->time,
		                          .count = act->seconds,
		                          .asked = request->asked },
		               .name = wire_cut(act->name, TEXT_NAME_BYTES),
		               .nick = wire_cut(act->nick, TEXT_NAME_BYTES),
		               .other = wire_cut(act->by, TEXT_NAME_BYTES),
		               .ref = wire_cut(act->address, TEXT_NAME_BYTES),
		               .text = wire_cut(act->reason, REASON_MAX),
		               .keys = act->key };
	return session_tell(session, &draft);
}

int moderation_audited(struct session *session, const struct wire_audited *audited)
{
	struct request request;
	if (!request_take(session, audited->request, &request) || request.kind != REQUEST_AUDIT)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_AUDITED);
	struct wire_bytes records = audited->records;
	struct message message;
	uint64_t last = 0;
	int err = 0, next;
	while (err == 0 && (next = record_next(&records, WIRE_ACT, &message)) != 0) {
		if (next < 0 || message.act.number <= last || !key_is_whole(message.act.key))
			return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_AUDITED);
		last = message.act.number;
		err = act_tell(session, &request, &message.act);
	}
	if (err != 0)
		return err;
	struct draft draft = draft_of(SESSION_AUDIT_END, room_by_handle(session, request.room));
	draft.event.seq = audited->next;
	draft.event.more = (audited->flags & PAGE_MORE) != 0 && audited->next > 0;
	draft.event.asked = request.asked;
	return session_tell(session, &draft);
}

/* --- Requests */

/* The host's number of the room: 0 and *id, or why there is none. */
static int place(struct session *session, uint32_t handle, uint64_t *id)
{
	int err = TCHAT_ERR_AGAIN;
	*id = 0;
	if (handle == 0)
		return session->link == LINK_READY ? 0 : err;
	const struct room *room = request_room(session, handle, &err);
	if (room == NULL)
		return err;
	*id = room->id;
	return 0;
}

static bool text_fits(const char *text, size_t limit)
{
	return text == NULL || (strlen(text) <= limit && utf8_valid(text, strlen(text)));
}

int session_moderate(struct session *session, const struct session_act *act)
{
	uint64_t room;
	int err = place(session, act->room, &room);
	if (err != 0)
		return err;
	const char *whom = act->address != NULL ? act->address : act->nick;
	if (whom != NULL && (whom[0] == '\0' || !text_fits(whom, NAMED - 1)))
		return TCHAT_ERR_BAD_NAME;
	if (!text_fits(act->reason, REASON_MAX))
		return TCHAT_ERR_TOO_LONG;
	struct request *request = request_add(session, REQUEST_MODERATE, act->room, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	if (whom != NULL)
		strcpy(request->nick, whom);
	request->action = (uint8_t)act->action;
	request->has_key = act->key != NULL;
	struct message message = { .type = WIRE_MODERATE };
	message.moderate.request = request->id;
	message.moderate.room = room;
	message.moderate.action = (uint8_t)act->action;
	message.moderate.seconds = act->seconds;
	if (act->address != NULL)
		message.moderate.address = wire_text(act->address);
	else
		message.moderate.nick = wire_text(act->nick);
	if (act->reason != NULL && act->reason[0] != '\0')
		message.moderate.reason = wire_text(act->reason);
	if (act->key != NULL) {
		memcpy(request->key, act->key, sizeof request->key);
		message.moderate.key = (struct wire_bytes){ request->key, sizeof request->key };
	}
	return request_send(session, &message);
}

int session_rules(struct session *session, uint32_t handle)
{
	uint64_t room;
	int err = place(session, handle, &room);
	if (err != 0)
		return err;
	struct request *request = request_add(session, REQUEST_RULES, handle, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	return request_send(session, &(struct message){ .type = WIRE_RULES,
	                                                .rules = { .request = request->id, .room = room, .limit = PAGE_LIMIT } });
}

int session_audit(struct session *session, uint32_t handle, uint64_t before, uint32_t count, uint32_t asked)
{
	uint64_t room;
	int err = place(session, handle, &room);
	if (err != 0)
		return err;
	struct request *request = request_add(session, REQUEST_AUDIT, handle, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	request->asked = asked;
	return request_send(session, &(struct message){ .type = WIRE_AUDIT,
	                                                .audit = { .request = request->id,
	                                                           .room = room,
	                                                           .from = before,
	                                                           .limit = (uint16_t)(count < PAGE_LIMIT ? count : PAGE_LIMIT) } });
}
