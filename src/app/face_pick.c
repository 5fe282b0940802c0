/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which message a command is about: the newest, or the one that is picked with keys. It is remembered by its seq, so
 * that neither new messages nor a draft that waits make it another one. */
#include "app/face.h"

#include "app/face_changes.h"
#include "app/face_past.h"

#include "base/intl.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICK_PAGE = 8 };

static bool is_said(const struct shown_message *message)
{
	return (message->kind == MESSAGE_TEXT || message->kind == MESSAGE_ACTION) && !message->deleted;
}

static bool is_pickable(const struct shown_message *message)
{
	return message != NULL && is_said(message) && message->seq != 0;
}

static struct front_message meaning(const struct shown_message *message)
{
	struct front_message meant = { .seq = message->seq, .pending = message->seq == 0 };
	meant.text = message_body(message, &meant.length);
	return meant;
}

bool face_meant(struct face *face, bool own, struct front_message *meant)
{
	const struct face_room *room = face_rooms_current(&face->rooms);
	*meant = (struct front_message){ .seq = face->target };
	if (face->target != 0) {
		/* Any message may be answered, and an owner may delete any: the host says what is allowed. */
		const struct shown_message *message = face_find_seq(room, face->target);
		if (message != NULL)
			*meant = meaning(message);
		return true;
	}
	for (uint64_t serial = message_list_end(room->list); serial-- > message_list_first(room->list);) {
		const struct shown_message *message = message_list_get(room->list, serial);
		if (!is_said(message) || message->own != own || message->state == MESSAGE_FAILED)
			continue;
		*meant = meaning(message);
		return !meant->pending;
	}
	return false;
}

void face_unpick(struct face *face)
{
	struct face_room *room = face_rooms_current(&face->rooms);
	face->picking = false;
	room->picked = 0;
	message_pane_mark(face_pane(room), 0);
}

/* The next command is about the message of this seq, which is marked. */
static void pick_take(struct face *face, uint64_t seq)
{
	struct face_room *room = face_rooms_current(&face->rooms);
	face_end_search(face, false);
	face->picking = false;
	room->picked = seq;
	message_pane_select(face_pane(room), message_list_find_seq(face_list(room), seq));
}

void face_pick_found(struct face *face)
{
	struct face_room *room = face_rooms_current(&face->rooms);
	const struct shown_message *message = message_list_get(face_list(room), message_pane_selected(face_pane(room)));
	if (face->searching && is_pickable(message))
		room->picked = message->seq;
}

/* --- Commands */

static void put_line(struct face *face, const char *command, const char *text, size_t length)
{
	size_t before = strlen(command);
	char *line = malloc(before + length + 1);
	if (line == NULL)
		return;
	memcpy(line, command, before);
	if (length > 0)
		memcpy(line + before, text, length);
	line[before + length] = '\0';
	line_editor_set_text(face->editor, line, before + length);
	free(line);
}

void face_edit(struct face *face, const struct front_message *message)
{
	put_line(face, "/edit ", message->text, message->length);
	pick_take(face, message->seq);
}

void face_ask_delete(struct face *face, const struct front_message *message)
{
	char text[256];
	size_t line = 0;
	while (line < message->length && message->text[line] != '\n')
		line++;
	size_t part = message->length > 0 ? utf8_cut(message->text, line, 150) : 0;
	snprintf(text, sizeof text, "%.*s%s", (int)part, part > 0 ? message->text : "", part < message->length ? "…" : "");
	struct dialogue *dialogue = dialogue_question(_("Delete this message?"), text);
	if (dialogue != NULL) {
		dialogue_answer(dialogue, 'd', _("delete it"));
		dialogue_answer(dialogue, 'k', _("keep it"));
	}
	face->deletes = message->seq;
	face->deletes_room = face->front.room;
	face_ask(face, ASK_DELETE, dialogue);
}

void face_delete(struct face *face)
{
	if (face->deletes_room == face->front.room)
		front_post_about(&face->front, KIND_DELETE, "", face->deletes, 0);
}

/* --- Keys */

/* The next message that can be picked, older or newer; stays where there is none. */
static void pick_move(struct face *face, int step, int count)
{
	struct face_room *room = face_rooms_current(&face->rooms);
	uint64_t best = message_pane_selected(face_pane(room)), at = best;
	while (count > 0 && message_list_get(face_list(room), at) != NULL) {
		at = step < 0 ? at - 1 : at + 1;
		if (!is_pickable(message_list_get(face_list(room), at)))
			continue;
		best = at;
		count--;
	}
	message_pane_select(face_pane(room), best);
	face_want_history(face);
	face_rooms_read(&face->rooms);
}

/* Begins with the message found, or with the newest in view. */
static void pick_begin(struct face *face)
{
	struct face_room *room = face_rooms_current(&face->rooms);
	uint64_t found = face->searching ? message_pane_selected(face_pane(room)) : 0;
	face_end_search(face, false);
	message_pane_select(face_pane(room), found);
	if (found == 0)
		message_pane_select_move(face_pane(room), 0);
	if (!is_pickable(message_list_get(face_list(room), message_pane_selected(face_pane(room)))))
		pick_move(face, -1, 1);
	if (is_pickable(message_list_get(face_list(room), message_pane_selected(face_pane(room))))) {
		face->picking = true;
		return;
	}
	face_unpick(face);
	face_notice(face, MESSAGE_SYSTEM, _("there is no message here"));
}

/* What was typed becomes the answer. */
static void begin_reply(struct face *face, uint64_t seq)
{
	const char *draft = line_editor_text(face->editor);
	if (draft[0] == '/')
		put_line(face, "/reply ", "", 0);
	else
		put_line(face, "/reply ", draft, strlen(draft));
	pick_take(face, seq);
}

static bool pick_do(struct face *face, char32_t key)
{
	const struct face_room *room = face_rooms_current(&face->rooms);
	const struct shown_message *message = message_list_get(face_list(room), message_pane_selected(face_pane(room)));
	if (!is_pickable(message)) { /* it was deleted just now, or is gone */
		face_unpick(face);
		return true;
	}
	struct front_message meant = meaning(message);
	switch (key) {
	case 'r':
		begin_reply(face, meant.seq);
		return true;
	case '+':
		put_line(face, "/react ", "", 0);
		pick_take(face, meant.seq);
		return true;
	case 'e':
		face_edit(face, &meant);
		return true;
	case 'd':
		face_ask_delete(face, &meant);
		face_unpick(face);
		return true;
	case 'c':
	case 'l':
		face->target = meant.seq;
		face_copy(face, key == 'l');
		face->target = 0;
		face_unpick(face);
		return true;
	default:
		return false;
	}
}

bool face_pick_token(struct face *face, const struct token *token)
{
	if (token_is_key(token, TOKEN_KEY_F1 + 4, 0) && !face->picking) {
		pick_begin(face);
		return true;
	}
	if (!face->picking)
		return false;
	bool plain = token->kind == TOKEN_CHARACTER && token->modifiers == 0;
	if (token_is_key(token, TOKEN_KEY_UP, 0) || (plain && token->codepoint == 'k'))
		pick_move(face, -1, 1);
	else if (token_is_key(token, TOKEN_KEY_DOWN, 0) || (plain && token->codepoint == 'j'))
		pick_move(face, 1, 1);
	else if (token_is_key(token, TOKEN_KEY_PAGE_UP, 0))
		pick_move(face, -1, PICK_PAGE);
	else if (token_is_key(token, TOKEN_KEY_PAGE_DOWN, 0))
		pick_move(face, 1, PICK_PAGE);
	else if (token_is_key(token, TOKEN_KEY_ENTER, 0))
		pick_do(face, 'r');
	else if (plain && pick_do(face, token->codepoint))
		return true;
	else if (token_is_key(token, TOKEN_KEY_ESCAPE, 0) || token_is_key(token, TOKEN_KEY_F1 + 4, 0) ||
	         token_is_control(token, 'C') || token_is_control(token, 'G'))
		face_unpick(face);
	else
		return false;
	return true;
}
