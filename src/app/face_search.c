/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /search: a list of what the present room has in memory; the chosen message is shown in its context. */
#include "app/face.h"

#include "base/intl.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct message_pane *pane_of(struct face *face)
{
	return face_rooms_current(&face->rooms)->pane;
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

/* The newest messages that hold the needle, as items. */
static void list_found(struct face *face)
{
	const struct face_room *room = face_rooms_current(&face->rooms);
	uint64_t serial = message_list_end(room->list);
	face->found_count = 0;
	while (face->found_count < FACE_FOUND_MAX) {
		serial = message_pane_find(room->pane, face->needle, strlen(face->needle), serial, -1);
		const struct shown_message *message = serial != 0 ? message_list_get(room->list, serial) : NULL;
		if (message == NULL)
			break;
		/* What is about to be cut from the start can be long: as much as a row shows is enough. */
		char label[512], remark[32];
		size_t length;
		const char *text = message_body(message, &length);
		length = utf8_cut(text, length, sizeof label / 2 - 2); /* nicks are no longer than the other half */
		snprintf(label, sizeof label, "%s%s%.*s", message->nick, message->nick_length > 0 ? ": " : "", (int)length, text);
		when(message->wall, remark);
		if (dialogue_item(face->dialogue, label, remark) != 0)
			break;
		face->found[face->found_count++] = serial;
	}
}

void face_search(struct face *face, const char *text)
{
	char title[160];
	if (text[0] != '\0') {
		char *needle = strdup(text);
		if (needle == NULL)
			return;
		free(face->needle);
		face->needle = needle;
	}
	if (face->needle == NULL) {
		face_notice(face, MESSAGE_SYSTEM, _("what for? /search TEXT"));
		return;
	}
	if (face->found == NULL)
		face->found = malloc(FACE_FOUND_MAX * sizeof *face->found);
	snprintf(title, sizeof title, _("Found: %.100s"), face->needle);
	face_ask(face, ASK_FOUND, face->found != NULL ? dialogue_chooser(title, true) : NULL);
	if (face->dialogue == NULL)
		return;
	list_found(face);
	if (face->found_count > 0)
		return;
	face_close_overlay(face);
	face_room_tell(face_rooms_current(&face->rooms), MESSAGE_SYSTEM, _("'%s' is in none of the messages kept here"),
	               face->needle);
}

void face_show_found(struct face *face, size_t index)
{
	struct message_pane *pane = pane_of(face);
	if (index >= face->found_count)
		return;
	if (!face->searching)
		face->place_before = message_pane_place(pane);
	face->searching = true;
	/* The one before the next one is this one. */
	message_pane_search(pane, "", 0, 0);
	message_pane_select(pane, face->found[index] + 1);
	if (message_pane_search(pane, face->needle, strlen(face->needle), -1) == 0)
		face_end_search(face, true);
}

void face_search_on(struct face *face, int direction)
{
	struct face_room *room = face_rooms_current(&face->rooms);
	if (message_pane_search(room->pane, face->needle, strlen(face->needle), direction) == 0 &&
	    face->talk.options->bell)
		terminal_bell(face->terminal);
	face_want_history(face);
}

void face_end_search(struct face *face, bool back)
{
	if (!face->searching)
		return;
	face->searching = false;
	message_pane_search(pane_of(face), "", 0, 0);
	if (back)
		message_pane_go(pane_of(face), &face->place_before);
	face_rooms_read(&face->rooms);
}
