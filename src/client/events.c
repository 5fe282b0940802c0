/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue of events: each a struct and its strings in one run of bytes. */
#include "client/internal.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT = 4, KEYS, STRINGS };

struct queued {
	uint32_t size; /* of the strings, with their NULs */
	uint32_t length[STRINGS];
	struct session_event event;
};

struct wire_bytes wire_cut(struct wire_bytes bytes, size_t limit)
{
	if (bytes.length > limit)
		bytes.length = utf8_cut((const char *)bytes.data, bytes.length, limit);
	return bytes;
}

struct draft draft_of(enum session_event_type type, const struct room *room)
{
	struct draft draft = { .event = { .type = type } };
	if (room != NULL) {
		draft.event.room = room->handle;
		draft.event.direct = room->direct;
		draft.event.closed = room->closed;
		draft.name = wire_text(room->name);
	}
	return draft;
}

static bool is_text(struct wire_bytes in)
{
	return in.length == 0 || (memchr(in.data, 0, in.length) == NULL && utf8_valid((const char *)in.data, in.length));
}

/* Bytes that are no text, as text; returns how many were written: at most three for each. */
static size_t repair(uint8_t *to, struct wire_bytes in)
{
	size_t used = 0;
	for (size_t at = 0; at < in.length;) {
		char32_t c;
		at += utf8_decode((const char *)in.data + at, in.length - at, &c);
		used += utf8_encode(c == UTF8_INVALID || c == 0 ? UTF8_REPLACEMENT : c, (char *)to + used);
	}
	return used;
}

int session_tell(struct session *session, const struct draft *draft)
{
	const struct wire_bytes strings[STRINGS] = { draft->name, draft->nick, draft->other, draft->ref, draft->text,
	                                         draft->keys };
	struct queued queued = { .event = draft->event };
	bool fine[STRINGS];
	size_t room = sizeof queued;
	for (int i = 0; i < STRINGS; i++) {
		fine[i] = i == KEYS || (i == TEXT && draft->raw_text) || is_text(strings[i]);
		room += (fine[i] ? strings[i].length : 3 * strings[i].length) + 1;
	}
	int err;
	uint8_t *at = buffer_reserve(&session->events, room, &err);
	if (at == NULL)
		return session_fail(session, err, 0);
	size_t used = sizeof queued;
	for (int i = 0; i < STRINGS; i++) {
		size_t length = strings[i].length;
		if (!fine[i])
			length = repair(at + used, strings[i]);
		else if (length > 0)
			memcpy(at + used, strings[i].data, length);
		at[used + length] = '\0';
		used += length + 1;
		queued.length[i] = (uint32_t)length;
	}
	queued.size = (uint32_t)(used - sizeof queued);
	memcpy(at, &queued, sizeof queued);
	buffer_commit(&session->events, used);
	return 0;
}

bool session_next_event(struct session *session, struct session_event *event)
{
	struct queued queued;
	*event = (struct session_event){ .name = "", .nick = "", .other = "", .ref = "", .text = "" };
	if (buffer_length(&session->events) == 0)
		return false;
	memcpy(&queued, buffer_data(&session->events), sizeof queued);
	if (queued.size > session->current_size) {
		size_t size = queued.size < 512 ? 512 : queued.size;
		char *current = malloc(size);
		if (current == NULL)
			return false;
		free(session->current);
		session->current = current;
		session->current_size = size;
	}
	memcpy(session->current, buffer_data(&session->events) + sizeof queued, queued.size);
	buffer_consume(&session->events, sizeof queued + queued.size);
	*event = queued.event;
	const char **strings[KEYS] = { &event->name, &event->nick, &event->other, &event->ref, &event->text };
	const char *at = session->current;
	for (int i = 0; i < KEYS; i++) {
		*strings[i] = at;
		at += queued.length[i] + 1;
	}
	event->length = queued.length[TEXT];
	event->keys = (const uint8_t *)at;
	event->key_count = queued.length[KEYS] / WIRE_PIN_SIZE;
	return true;
}
