/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /search: a list of the messages that hold a text, of one room or of one after the other, as the host finds them; the
 * chosen one is shown with what was said around it, and keys lead to the next. Without a host or a store, what is in memory
 * is searched. */
#include "app/face.h"

#include "app/face_past.h"

#include "base/errors.h"
#include "base/intl.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGE = 50, LISTED = 200, LISTED_OF_EACH = 20 };

static struct face_room *room_of(struct face *face)
{
	return face_rooms_current(&face->rooms);
}

/* When it was said: the time, before it the day when that is another one. */
static void when(uint64_t wall, char text[32])
{
	time_t then = (time_t)(wall / 1000000u), now = (time_t)(clock_wall() / 1000000u);
	struct tm said, today;
	if (localtime_r(&then, &said) == NULL || localtime_r(&now, &today) == NULL) {
		text[0] = '\0';
		return;
	}
	bool same_day = said.tm_year == today.tm_year && said.tm_yday == today.tm_yday;
	strftime(text, 32, same_day ? "%H:%M" : "%F %H:%M", &said);
}

/* --- What is found */

static void add_found(struct face *face, uint32_t handle, uint64_t seq, uint64_t wall, const char *nick, const char *text, size_t length)
{
	struct face_search *search = &face->search;
	/* What is about to be cut from the start can be long: as much as a row shows is enough. */
	char label[512], remark[32], title[FACE_TITLE] = "";
	for (size_t i = 0; i < search->count; i++)
		if (search->found[i].room == handle && search->found[i].seq == seq)
			return; /* a message and its edit, or two of these */
	if (search->count == FACE_FOUND_MAX)
		return;
	search->found[search->count++] = (struct face_found){ handle, seq };
	search->in_room++;
	if (face->question != ASK_FOUND)
		return;
	const struct face_room *room = face_rooms_find(&face->rooms, handle);
	if (search->all && room != NULL)
		face_room_title(room, title);
	length = utf8_cut(text, length, sizeof label / 2 - 2); /* what stands before it is no longer than the other half */
	snprintf(label, sizeof label, "%s%s%.*s%s%.*s", title, title[0] != '\0' ? " " : "", 80, nick, nick[0] != '\0' ? ": " : "",
	         (int)length, text);
	when(wall, remark);
	dialogue_item(face->dialogue, label, remark);
}

static void search_memory(struct face *face)
{
	const struct face_room *room = face_rooms_find(&face->rooms, face->search.room);
	uint64_t serial = room != NULL ? message_list_end(room->list) : 0;
	while (room != NULL && (serial = message_pane_find(room->pane, face->search.needle, strlen(face->search.needle), serial, -1)) != 0) {
		const struct shown_message *message = message_list_get(room->list, serial);
		size_t length;
		const char *text = message_body(message, &length);
		if (message->seq != 0 && !message->deleted)
			add_found(face, room->handle, message->seq, message->wall, message->nick, text, length);
	}
}

static int ask(struct face *face)
{
	struct face_search *search = &face->search;
	int err = session_search(face->talk.session, search->room, search->needle, search->next, PAGE, search->asked + 1);
	if (err != 0)
		return err;
	search->asked++;
	search->asks = true;
	return 0;
}

/* There is no more to list, for now. */
static void settle(struct face *face)
{
	struct face_search *search = &face->search;
	if (search->count > 0)
		return;
	if (face->question == ASK_FOUND)
		face_close_overlay(face);
	face_room_tell(room_of(face), MESSAGE_SYSTEM,
	               search->all ? _("'%s' is in no message of your rooms") : _("'%s' is in no message of this room"),
	               search->needle);
}

/* The next of all rooms; false: there is none. */
static bool next_room(struct face *face)
{
	struct face_search *search = &face->search;
	search->next = 0;
	search->more = false;
	search->in_room = 0;
	while (search->all && search->rooms_done < face->rooms.count) {
		search->room = face->rooms.rooms[search->rooms_done++]->handle;
		if (search->room != 0)
			return true;
	}
	return false;
}

/* Searches on, from room to room as far as there is nothing to wait for. */
static int search_on(struct face *face)
{
	for (;;) {
		int err = ask(face);
		if (err != TCHAT_ERR_AGAIN && err != TCHAT_ERR_NOT_FOUND)
			return err;
		search_memory(face);
		if (!next_room(face))
			return err;
	}
}

static void forget(struct face *face)
{
	struct face_search *search = &face->search;
	search->room = room_of(face)->handle;
	search->all = false;
	search->rooms_done = search->in_room = search->count = search->at = 0;
	search->next = 0;
	search->asks = search->more = search->walks = search->enters = search->day = false;
}

void face_search(struct face *face, const char *text, bool all)
{
	struct face_search *search = &face->search;
	char title[160];
	if (text[0] != '\0') {
		char *needle = strdup(text);
		if (needle == NULL)
			return;
		free(search->needle);
		search->needle = needle;
	}
	if (search->needle == NULL || room_of(face)->handle == 0) {
		face_notice(face, MESSAGE_SYSTEM, _("what for? /search TEXT"));
		return;
	}
	forget(face);
	search->all = all;
	if (all)
		next_room(face);
	snprintf(title, sizeof title, _("Found: %.100s"), search->needle);
	face_ask(face, ASK_FOUND, dialogue_chooser(title, true));
	if (face->dialogue == NULL)
		return;
	int err = search_on(face);
	if (err == 0)
		return;
	if (err == TCHAT_ERR_AGAIN || err == TCHAT_ERR_NOT_FOUND) {
		settle(face);
	} else {
		face_close_overlay(face);
		face_room_tell(room_of(face), MESSAGE_ERROR, "%s", tchat_err_text(err));
	}
}

static void found_end(struct face *face, const struct session_event *event)
{
	struct face_search *search = &face->search;
	search->asks = false;
	search->more = event->more;
	search->next = event->seq;
	bool walks = search->walks && search->at + 1 < search->count;
	search->walks = search->walks && !walks;
	if (walks)
		face_show_found(face, search->at + 1);
	if (search->enters && face->question == ASK_FOUND && dialogue_chosen(face->dialogue) >= 0) {
		size_t chosen = (size_t)dialogue_chosen(face->dialogue);
		face_close_overlay(face);
		face_show_found(face, chosen);
	}
	bool listing = face->question == ASK_FOUND && search->count < LISTED;
	bool in_room = search->walks || (listing && (!search->all || search->in_room < LISTED_OF_EACH));
	if (in_room && search->more && ask(face) == 0)
		return;
	if ((search->walks || listing) && next_room(face) && search_on(face) == 0)
		return;
	if (search->walks && face->talk.options->bell)
		terminal_bell(face->terminal);
	search->walks = false;
	if (face->question == ASK_FOUND)
		settle(face);
}

bool face_search_event(struct face *face, const struct session_event *event)
{
	struct face_search *search = &face->search;
	bool error = event->type == SESSION_ERROR && event->request == REQUEST_SEARCH;
	if (!error && event->type != SESSION_FOUND && event->type != SESSION_FOUND_END)
		return false;
	if (!search->asks || event->asked != search->asked)
		return true;
	if (event->type == SESSION_FOUND) {
		bool edit = event->kind == KIND_EDIT;
		add_found(face, event->room, edit ? event->target : event->seq, event->time, event->nick, event->text, event->length);
	} else if (event->type == SESSION_FOUND_END) {
		found_end(face, event);
	} else {
		search->asks = search->walks = false;
		if (face->question == ASK_FOUND && search->count == 0)
			face_close_overlay(face);
		face_room_tell(room_of(face), MESSAGE_ERROR, _("the search ended: %s"), tchat_err_text(event->code));
	}
	return true;
}

/* --- Showing */

/* Where the reader was, to go back to. */
static void remember_place(struct face *face)
{
	const struct face_room *room = room_of(face);
	if (face->searching)
		return;
	face->place_before = message_pane_place(room->pane);
	if (room->far.pane != NULL) /* that will be another one */
		face->place_before.at_end = true;
}

static void set_needle(struct face *face, const char *needle)
{
	struct face_room *room = room_of(face);
	message_pane_set_needle(room->pane, needle);
	if (room->far.pane != NULL)
		message_pane_set_needle(room->far.pane, needle);
}

static void show(struct face *face, uint64_t seq, const char *needle)
{
	remember_place(face);
	face->searching = true;
	set_needle(face, needle);
	int err = face_past_jump(room_of(face), face->talk.session, seq);
	if (err >= 0)
		return;
	face_end_search(face, true);
	face_room_tell(room_of(face), MESSAGE_ERROR, "%s", tchat_err_text(err));
}

void face_show_found(struct face *face, size_t index)
{
	struct face_search *search = &face->search;
	if (index >= search->count)
		return;
	const struct face_found found = search->found[index];
	if (found.room != room_of(face)->handle && search->all)
		face_show_handle(face, found.room);
	if (found.room != room_of(face)->handle)
		return;
	search->at = index;
	show(face, found.seq, search->day ? NULL : search->needle);
}

void face_show_seq(struct face *face, uint64_t seq)
{
	forget(face);
	face->search.day = true;
	face->search.found[0] = (struct face_found){ room_of(face)->handle, seq };
	face->search.count = 1;
	face_show_found(face, 0);
}

void face_search_on(struct face *face, int direction)
{
	struct face_search *search = &face->search;
	if (direction > 0 && search->at > 0)
		face_show_found(face, search->at - 1);
	else if (direction < 0 && search->at + 1 < search->count)
		face_show_found(face, search->at + 1);
	else if (direction < 0 && search->asks)
		search->walks = true;
	else if (direction < 0 && search->more && ask(face) == 0)
		search->walks = true;
	else if (face->talk.options->bell)
		terminal_bell(face->terminal);
}

void face_end_search(struct face *face, bool back)
{
	struct face_room *room = room_of(face);
	if (!face->searching)
		return;
	face->searching = false;
	face->search.asks = face->search.walks = false;
	set_needle(face, NULL);
	message_pane_mark(face_pane(room), 0);
	if (back) {
		face_go_end(room);
		message_pane_mark(room->pane, 0);
		message_pane_go(room->pane, &face->place_before);
	}
	face_rooms_read(&face->rooms);
}
