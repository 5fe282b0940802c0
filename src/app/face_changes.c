/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of what befell which message: the edit that counts, and who put which sign beside it. A page of history may
 * tell of a change again, and newest first. */
#include "app/face_changes.h"

#include "base/intl.h"
#include "base/table.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FATES_MOST = 2000,  /* a room's; the oldest go */
	SIGNS_MOST = 200,   /* of one message, all people together */
	SIGNS_SHOWN = 8,    /* different ones */
	QUOTE_BYTES = 72,   /* of what is quoted */
};

struct face_sign {
	uint32_t user;
	char text[WIRE_REACTION_LIMIT + 1];
};

struct face_fate {
	uint64_t seq;
	uint64_t edit; /* the seq of the last edit; 0: none */
	struct face_sign *signs;
	size_t count;
	UT_hash_handle hh;
};

bool face_is_change(uint8_t kind)
{
	return kind == KIND_EDIT || kind == KIND_DELETE || kind == KIND_REACTION;
}

static void fate_free(struct face_room *room, struct face_fate *fate)
{
	HASH_DEL(room->fates, fate);
	free(fate->signs);
	free(fate);
}

void face_changes_free(struct face_room *room)
{
	while (room->fates != NULL)
		fate_free(room, room->fates);
}

/* The fate of a message, made if need be; NULL: no memory. */
static struct face_fate *fate_of(struct face_room *room, uint64_t seq)
{
	struct face_fate *fate;
	HASH_FIND(hh, room->fates, &seq, sizeof seq, fate);
	if (fate != NULL)
		return fate;
	if (HASH_COUNT(room->fates) >= FATES_MOST)
		fate_free(room, room->fates);
	fate = calloc(1, sizeof *fate);
	if (fate == NULL)
		return NULL;
	fate->seq = seq;
	HASH_ADD(hh, room->fates, seq, sizeof fate->seq, fate);
	if (fate->hh.tbl != NULL)
		return fate;
	free(fate);
	return NULL;
}

/* Where a message is: its list (the page on its way, the stretch, or the newest) and serial; 0: nowhere. */
static uint64_t find(const struct face_room *room, uint64_t seq, struct message_list **list)
{
	struct message_list *lists[] = { room->page, room->far.list, room->list };
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		*list = lists[i];
		uint64_t serial = *list != NULL ? message_list_find_seq(*list, seq) : 0;
		if (serial != 0 && (*list != room->list || serial >= room->restarted))
			return serial;
	}
	return 0;
}

const struct shown_message *face_find_seq(const struct face_room *room, uint64_t seq)
{
	struct message_list *list;
	uint64_t serial = find(room, seq, &list);
	return serial != 0 ? message_list_get(list, serial) : NULL;
}

static void add_sign(struct face_fate *fate, const struct session_event *event)
{
	struct face_sign sign = { .user = event->user };
	if (event->length == 0 || event->length > WIRE_REACTION_LIMIT || fate->count == SIGNS_MOST)
		return;
	memcpy(sign.text, event->text, event->length);
	for (size_t i = 0; i < fate->count; i++)
		if (fate->signs[i].user == sign.user && strcmp(fate->signs[i].text, sign.text) == 0)
			return;
	struct face_sign *signs = realloc(fate->signs, (fate->count + 1) * sizeof *signs);
	if (signs == NULL)
		return;
	fate->signs = signs;
	signs[fate->count++] = sign;
}

/* How many gave the sign that stands at index; 0: an earlier place has it already. */
static size_t sign_count(const struct face_fate *fate, size_t index)
{
	size_t count = 0;
	for (size_t i = 0; i < fate->count; i++) {
		if (strcmp(fate->signs[i].text, fate->signs[index].text) != 0)
			continue;
		if (i < index)
			return 0;
		count++;
	}
	return count;
}

/* "(edited)", and the signs with how many gave them. */
static void remark(const struct face_fate *fate, char note[MESSAGE_FRAME_MAX])
{
	size_t used = 0, shown = 0;
	note[0] = '\0';
	if (fate->edit != 0)
		used += (size_t)snprintf(note, MESSAGE_FRAME_MAX, "%s", _("(edited)"));
	for (size_t i = 0; i < fate->count; i++) {
		size_t count = sign_count(fate, i);
		if (count == 0)
			continue;
		const char *gap = used > 0 ? "  " : "";
		if (++shown > SIGNS_SHOWN) {
			snprintf(note + used, MESSAGE_FRAME_MAX - used, "%s…", gap);
			return;
		}
		if (count > 1)
			used += (size_t)snprintf(note + used, MESSAGE_FRAME_MAX - used, "%s%s %zu", gap, fate->signs[i].text, count);
		else
			used += (size_t)snprintf(note + used, MESSAGE_FRAME_MAX - used, "%s%s", gap, fate->signs[i].text);
	}
}

void face_quote(const struct face_room *room, uint64_t seq, char *quote, size_t size)
{
	struct message_list *list;
	uint64_t serial = find(room, seq, &list);
	const struct shown_message *message = serial != 0 ? message_list_get(list, serial) : NULL;
	size_t length;
	if (message == NULL) {
		snprintf(quote, size, "> %s", _("an earlier message"));
		return;
	}
	const char *text = message_body(message, &length);
	const char *end = memchr(text, '\n', length);
	size_t whole = end != NULL ? (size_t)(end - text) : length;
	size_t part = utf8_cut(text, whole, QUOTE_BYTES);
	snprintf(quote, size, "> %s: %.*s%s", message->nick, (int)part, text, part < length ? "…" : "");
}

static void requote(struct face_room *room, struct message_list *list, uint64_t first, uint64_t last)
{
	char quote[MESSAGE_FRAME_MAX];
	for (uint64_t serial = message_list_first(list); serial < message_list_end(list); serial++) {
		const struct shown_message *message = message_list_get(list, serial);
		if (message->reply < first || message->reply > last || message->quote_length == 0)
			continue;
		face_quote(room, message->reply, quote, sizeof quote);
		message_list_set_frame(list, serial, quote, NULL);
	}
}

void face_requote(struct face_room *room, uint64_t first, uint64_t last)
{
	if (first == 0)
		return;
	requote(room, room->list, first, last);
	if (room->far.list != NULL)
		requote(room, room->far.list, first, last);
	if (room->page != NULL)
		requote(room, room->page, first, last);
}

void face_change(struct face_room *room, const struct session_event *event)
{
	char note[MESSAGE_FRAME_MAX];
	struct message_list *list;
	uint64_t serial = find(room, event->target, &list);
	const struct shown_message *message = serial != 0 ? message_list_get(list, serial) : NULL;
	struct face_fate *fate = message != NULL && !message->deleted ? fate_of(room, event->target) : NULL;
	if (fate == NULL)
		return;
	if (event->kind == KIND_DELETE) {
		fate_free(room, fate);
		message_list_set_deleted(list, serial, _("(deleted)"));
		face_requote(room, event->target, event->target);
		return;
	}
	if (event->kind == KIND_REACTION) {
		add_sign(fate, event);
	} else if (event->seq > fate->edit && !event->blank) {
		fate->edit = event->seq;
		message_list_set_text(list, serial, event->text, event->length);
		face_requote(room, event->target, event->target);
	}
	remark(fate, note);
	message_list_set_frame(list, serial, NULL, note);
}
