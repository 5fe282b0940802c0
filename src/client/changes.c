/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages about other messages: what may be posted, what became of those of a page, and searching. */
#include "client/internal.h"

#include "base/utf8.h"

#include <string.h>

int change_check(const struct outbox_post *post)
{
	switch (post->kind) {
	case KIND_TEXT:
	case KIND_ACTION:
		return post->target != 0 ? TCHAT_ERR_NO_MESSAGE : 0;
	case KIND_TOPIC:
		return post->target != 0 || post->reply != 0 ? TCHAT_ERR_NO_MESSAGE : 0;
	case KIND_EDIT:
		break;
	case KIND_DELETE:
		if (post->length > 0)
			return TCHAT_ERR_TOO_LONG;
		break;
	case KIND_REACTION:
		if (post->length == 0)
			return TCHAT_ERR_BAD_TEXT;
		if (post->length > WIRE_REACTION_LIMIT)
			return TCHAT_ERR_TOO_LONG;
		break;
	default:
		return TCHAT_ERR_BAD_KIND;
	}
	return post->target == 0 || post->reply != 0 ? TCHAT_ERR_NO_MESSAGE : 0;
}

struct wire_bytes seq_field(uint8_t field[8], uint64_t seq)
{
	if (seq == 0)
		return (struct wire_bytes){ NULL, 0 };
	wire_set(field, 8, seq);
	return (struct wire_bytes){ field, 8 };
}

uint64_t seq_of(struct wire_bytes field)
{
	return field.length == 8 ? wire_get(field.data, 8) : 0;
}

int changes_tell(struct session *session, const struct room *room, const struct wire_page *page,
                 const struct request *request)
{
	struct wire_bytes records = page->changes;
	struct message record;
	int more;
	while ((more = page_next(&records, &record)) > 0) {
		const struct wire_msg *msg = &record.msg;
		bool change = msg->kind == KIND_EDIT || msg->kind == KIND_DELETE || msg->kind == KIND_REACTION;
		if (msg->room != page->room || !change || seq_of(msg->target) == 0)
			return TCHAT_ERR_BAD_FRAME;
		struct draft draft = draft_of_message(session, room, SESSION_CHANGE, msg);
		draft.event.asked = request->asked;
		int err = session_tell(session, &draft);
		if (err != 0)
			return err;
	}
	return more;
}

int session_search(struct session *session, uint32_t handle, const char *text, uint64_t before, uint32_t count,
                   uint32_t asked)
{
	int err;
	size_t length = strlen(text);
	if (count < 1 || count > PAGE_LIMIT)
		return TCHAT_ERR_ARGUMENT;
	if (length > SESSION_SEARCH_MAX)
		return TCHAT_ERR_TOO_LONG;
	if (length == 0 || !utf8_valid(text, length))
		return TCHAT_ERR_BAD_TEXT;
	const struct room *room = request_room(session, handle, &err);
	const struct room *away = room == NULL && err == TCHAT_ERR_AGAIN ? stored_room(session, handle) : NULL;
	if (away != NULL)
		return stored_search(session, away, text, before, count, asked);
	if (room == NULL)
		return err;
	struct request *request = request_add(session, REQUEST_SEARCH, room->handle, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	request->asked = asked;
	return request_send(session, &(struct message){ .type = WIRE_SEARCH,
	                                                .search = { .request = request->id,
	                                                            .room = room->id,
	                                                            .from = before,
	                                                            .limit = (uint16_t)count,
	                                                            .text = wire_text(text) } });
}

int found_page(struct session *session, struct room *room, const struct wire_page *page, const struct request *request)
{
	struct wire_bytes records = page->records;
	struct message record;
	int more;
	while ((more = page_next(&records, &record)) > 0) {
		if (record.msg.room != page->room || record.msg.seq == 0)
			return TCHAT_ERR_BAD_FRAME;
		struct draft draft = draft_of_message(session, room, SESSION_FOUND, &record.msg);
		draft.event.asked = request->asked;
		int err = session_tell(session, &draft);
		if (err != 0)
			return err;
	}
	if (more < 0 || (page->flags & PAGE_LIVE) != 0)
		return TCHAT_ERR_BAD_FRAME;
	struct draft end = draft_of(SESSION_FOUND_END, room);
	end.event.asked = request->asked;
	end.event.seq = page->next;
	end.event.more = (page->flags & PAGE_MORE) != 0;
	return session_tell(session, &end);
}
