/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which key does what: an open dialogue or the help first, then tchat's own keys, all others go to the line editor. */
#include "app/face.h"

#include "app/face_past.h"
#include "ui/term_curses.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { CHOOSER_PAGE = 8, MEMBERS_PAGE = 8 };

/* --- Over the screen */

static void answer(struct face *face, int index)
{
	enum face_question question = face->question;
	if (index < 0)
		return;
	face_close_overlay(face);
	if (question == ASK_TRUST)
		face_answer_trust(face, index == 0);
	else if (question == ASK_DOOR)
		face_answer_door(face, index);
	else if (question == ASK_END_HOST && index < 2)
		face_leave(face, index == 0 ? FRONT_END_HOST : FRONT_DETACH, true);
	else if (question == ASK_SEND && index == 0)
		face_send_held(face);
	else if (question == ASK_DELETE && index == 0)
		face_delete(face);
}

/* Enter in a chooser; the rooms in it are in their order, without tchat's own one. */
static void choose(struct face *face, int index)
{
	enum face_question question = face->question;
	if (question == ASK_FOUND && index < 0 && face->search.asks) {
		face->search.enters = true;
		return;
	}
	face_close_overlay(face);
	if (index < 0)
		return;
	if (question == ASK_FOUND)
		face_show_found(face, (size_t)index);
	else
		face_show_room(face, (size_t)index + 1);
}

static void dialogue_token(struct face *face, const struct token *token)
{
	bool chooser = face->question == ASK_ROOM || face->question == ASK_FOUND;
	if (token_is_key(token, TOKEN_KEY_ESCAPE, 0) || token_is_control(token, 'C') || token_is_control(token, 'G')) {
		enum face_question question = face->question;
		face_close_overlay(face);
		if (question == ASK_TRUST)
			face_answer_trust(face, false);
		else if (question == ASK_DOOR)
			face_answer_door(face, -1);
	} else if (!chooser) {
		if (token->kind == TOKEN_CHARACTER)
			answer(face, dialogue_key(face->dialogue, token->codepoint));
		else if (token_is_key(token, TOKEN_KEY_ENTER, 0) && face->question == ASK_SEND)
			answer(face, 0); /* nothing ends a host but its own letter */
	} else if (token_is_key(token, TOKEN_KEY_ENTER, 0)) {
		choose(face, dialogue_chosen(face->dialogue));
	} else if (token_is_key(token, TOKEN_KEY_PAGE_UP, 0)) {
		dialogue_move(face->dialogue, -CHOOSER_PAGE);
	} else if (token_is_key(token, TOKEN_KEY_PAGE_DOWN, 0)) {
		dialogue_move(face->dialogue, CHOOSER_PAGE);
	} else if (token_is_key(token, TOKEN_KEY_UP, 0) || token_is_control(token, 'P')) {
		dialogue_move(face->dialogue, -1);
	} else if (token_is_key(token, TOKEN_KEY_DOWN, 0) || token_is_control(token, 'N') ||
	           token_is_key(token, TOKEN_KEY_TAB, 0)) {
		dialogue_move(face->dialogue, 1);
	} else if (token_is_key(token, TOKEN_KEY_BACKSPACE, 0)) {
		dialogue_rub_out(face->dialogue);
	} else if (token->kind == TOKEN_CHARACTER && token->modifiers == 0) {
		dialogue_type(face->dialogue, (const char *)token->bytes, token->length);
	}
}

static void help_token(struct face *face, const struct token *token)
{
	if (token_is_key(token, TOKEN_KEY_UP, 0))
		help_screen_scroll(face->help, -1);
	else if (token_is_key(token, TOKEN_KEY_DOWN, 0))
		help_screen_scroll(face->help, 1);
	else if (token_is_key(token, TOKEN_KEY_PAGE_UP, 0))
		help_screen_page(face->help, -1);
	else if (token_is_key(token, TOKEN_KEY_PAGE_DOWN, 0) ||
	         (token->kind == TOKEN_CHARACTER && token->codepoint == ' '))
		help_screen_page(face->help, 1);
	else if (token_is_key(token, TOKEN_KEY_HOME, 0))
		help_screen_scroll(face->help, INT_MIN);
	else if (token_is_key(token, TOKEN_KEY_END, 0))
		help_screen_scroll(face->help, INT_MAX);
	else
		face_close_overlay(face);
}

/* --- tchat's own keys */

static void show_neighbour(struct face *face, int step)
{
	size_t count = face->rooms.count;
	size_t first = count > 1 ? 1 : 0; /* tchat's own room is not walked through */
	size_t index = face->rooms.current;
	if (step > 0)
		index = index + 1 < count ? index + 1 : first;
	else
		index = index > first ? index - 1 : count - 1;
	face_show_room(face, index);
}

static void show_first_unread(struct face *face)
{
	struct face_room *room = face_rooms_current(&face->rooms);
	if (message_list_unread(room->list) == 0)
		return;
	face_go_end(room);
	message_pane_show_unread(room->pane);
}

/* The next room with something unread, those that name the reader first. */
static void show_unread(struct face *face)
{
	size_t count = face->rooms.count, found = count;
	for (size_t step = 1; step < count; step++) {
		size_t index = (face->rooms.current + step) % count;
		const struct face_room *room = face->rooms.rooms[index];
		if (room->mentions > 0 && (found == count || face->rooms.rooms[found]->mentions == 0))
			found = index;
		else if (room->unread > 0 && found == count)
			found = index;
	}
	if (found == count)
		show_first_unread(face);
	else
		face_show_room(face, found);
}

void face_want_history(struct face *face)
{
	face_past_want(face_rooms_current(&face->rooms), face->talk.session);
}

void face_scroll(struct face *face, int rows)
{
	message_pane_scroll(face_pane(face_rooms_current(&face->rooms)), rows);
	face_want_history(face);
	face_rooms_read(&face->rooms);
}

/* Keys that move the view. */
static bool scroll_token(struct face *face, const struct token *token)
{
	struct face_room *room = face_rooms_current(&face->rooms);
	struct message_pane *pane = face_pane(room);
	if (token_is_key(token, TOKEN_KEY_PAGE_UP, 0))
		message_pane_page(pane, -1);
	else if (token_is_key(token, TOKEN_KEY_PAGE_DOWN, 0))
		message_pane_page(pane, 1);
	else if (token_is_key(token, TOKEN_KEY_UP, TOKEN_SHIFT))
		message_pane_scroll(pane, -1);
	else if (token_is_key(token, TOKEN_KEY_DOWN, TOKEN_SHIFT))
		message_pane_scroll(pane, 1);
	else if (token_is_key(token, TOKEN_KEY_PAGE_UP, TOKEN_SHIFT) || token_is_key(token, TOKEN_KEY_HOME, TOKEN_CTRL))
		message_pane_home(pane);
	else if (token_is_key(token, TOKEN_KEY_PAGE_DOWN, TOKEN_SHIFT) || token_is_key(token, TOKEN_KEY_END, TOKEN_CTRL))
		face_go_end(room);
	else if (token_is_key(token, TOKEN_KEY_PAGE_UP, TOKEN_ALT))
		face->member_scroll -= MEMBERS_PAGE;
	else if (token_is_key(token, TOKEN_KEY_PAGE_DOWN, TOKEN_ALT))
		face->member_scroll += MEMBERS_PAGE;
	else
		return false;
	face_want_history(face);
	face_rooms_read(&face->rooms);
	return true;
}

/* Keys while a found message is shown. */
static bool search_token(struct face *face, const struct token *token)
{
	bool alt = token->kind == TOKEN_CHARACTER && token->modifiers == TOKEN_ALT;
	if (!face->searching)
		return false;
	if (token_is_key(token, TOKEN_KEY_ESCAPE, 0))
		face_end_search(face, true);
	else if (alt && (token->codepoint == 'n' || token->codepoint == 'p'))
		face_search_on(face, token->codepoint == 'n' ? 1 : -1);
	else
		return false;
	return true;
}

/* Shown becomes hidden, whatever the reason for it. */
static enum screen_side toggled(const struct area *area)
{
	return area->columns > 0 ? SCREEN_SIDE_OFF : SCREEN_SIDE_ON;
}

/* What was begun about a message is not what is typed next. */
static void cancel(struct face *face)
{
	line_editor_cancel(face->editor);
	if (line_editor_length(face->editor) == 0 && face_rooms_current(&face->rooms)->picked != 0)
		face_unpick(face);
}

/* While a message is being picked, nothing is typed but what is pasted. */
static bool picks(struct face *face, const struct token *token)
{
	if (face->picking && token->kind == TOKEN_PASTE)
		face_unpick(face);
	else if (face->picking && face->talk.options->bell)
		terminal_bell(face->terminal);
	return face->picking;
}

/* Keys that belong to tchat whatever is typed. */
static bool own_token(struct face *face, const struct token *token)
{
	if (face->waiting && (token_is_key(token, TOKEN_KEY_ESCAPE, 0) || token_is_control(token, 'C')))
		loop_stop(face->talk.loop, 0);
	else if (face_pick_token(face, token))
		return true;
	else if (token_is_key(token, TOKEN_KEY_F1, 0))
		face_open_help(face);
	else if (token_is_key(token, TOKEN_KEY_F1 + 1, 0))
		face_open_switcher(face);
	else if (token_is_key(token, TOKEN_KEY_F1 + 2, 0))
		face->show_rooms = toggled(&face->layout.rooms);
	else if (token_is_key(token, TOKEN_KEY_F1 + 3, 0))
		face->show_members = toggled(&face->layout.members);
	else if (token_is_key(token, TOKEN_KEY_UP, TOKEN_ALT))
		show_neighbour(face, -1);
	else if (token_is_key(token, TOKEN_KEY_DOWN, TOKEN_ALT))
		show_neighbour(face, 1);
	else if (token->kind == TOKEN_CHARACTER && token->modifiers == TOKEN_ALT && token->codepoint == 'a')
		show_unread(face);
	else if (token_is_control(token, 'L'))
		terminal_repair(face->terminal);
	else if (token_is_key(token, TOKEN_KEY_ENTER, TOKEN_ALT) || token_is_key(token, TOKEN_KEY_ENTER, TOKEN_SHIFT))
		line_editor_newline(face->editor);
	else if (token_is_control(token, 'C'))
		cancel(face);
	else
		return search_token(face, token) || scroll_token(face, token) || picks(face, token);
	return true;
}

/* Esc closes what is open. One too many is nothing: as readline's prefix it would take the / off the command that is
 * typed next, and the rest would be said to everybody. */
static bool is_idle_escape(const struct face *face, const struct token *token)
{
	return token_is_key(token, TOKEN_KEY_ESCAPE, 0) && line_editor_length(face->editor) == 0 &&
	       line_editor_mode(face->editor) == LINE_EDITOR_EMACS && !line_editor_is_busy(face->editor);
}

static void editor_token(struct face *face, const struct token *token)
{
	if (is_idle_escape(face, token))
		return;
	int outcome = line_editor_feed(face->editor, token);
	if ((outcome & LINE_EDITOR_LINE) != 0)
		for (char *line; (line = line_editor_take_line(face->editor)) != NULL;)
			face_submit(face, line);
	if ((outcome & LINE_EDITOR_EOF) != 0)
		face_leave(face, FRONT_QUIT, false);
}

/* Any key brings the chat back, and most are pressed for that alone; but a command that lost its / would be said to
 * everybody. */
static bool is_meant(const struct token *token)
{
	return token->kind == TOKEN_PASTE || (token->kind == TOKEN_CHARACTER && token->codepoint == '/');
}

void face_token(struct face *face, const struct token *token)
{
	if (token->kind == TOKEN_GARBAGE)
		return;
	if (token->kind == TOKEN_FOCUS) {
		face->focus = token->value != 0 ? 1 : -1;
		face->rooms.away_from_window = token->value == 0;
		face_rooms_read(&face->rooms);
		face_changed(face, false);
		return;
	}
	if (token->kind == TOKEN_REPLY) {
		if (term_curses_reply(face->terminal, token))
			face_changed(face, true);
		return;
	}
	face->touched = loop_now(face->talk.loop);
	if (face->plain) {
		face_end_plain(face);
		if (is_meant(token))
			editor_token(face, token);
	} else if (token_is_control(token, 'Z'))
		face_suspend(face);
	else if (token->kind == TOKEN_MOUSE)
		face_mouse(face, token);
	else if (face->dialogue != NULL)
		dialogue_token(face, token);
	else if (face->help != NULL)
		help_token(face, token);
	else if (!own_token(face, token))
		editor_token(face, token);
	face_keep_soon(face);
	face_changed(face, true);
}
