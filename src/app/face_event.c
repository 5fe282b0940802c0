/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the session's events do to the full screen as a whole; what they do to a room is face_room.c's. */
#include "app/face.h"

#include "app/exit_status.h"
#include "app/line_text.h"
#include "app/reach.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/wipe.h"

#include <stdio.h>
#include <string.h>

/* The lines that others can copy, in the room that the owner sees first. */
static void tell_how_to_join(struct face *face)
{
	char text[REACH_TEXT];
	if (face->place->listening_count > 0 && reach_describe(face->place, text, sizeof text) > 0)
		face_notice(face, MESSAGE_SYSTEM, text);
	if (face->place->has_token)
		face_notice(face, MESSAGE_SYSTEM, _("/copy link shows the link in one piece, to be copied."));
	wipe(text, sizeof text);
	talk_forget_link(face->place);
	if (face->place->note != NULL)
		face_notice(face, MESSAGE_SYSTEM, face->place->note);
}

static void on_connected(struct face *face, const struct session_event *event)
{
	struct session_room room;
	bool first = !face->ever_ready;
	bool renamed = strcmp(face->rooms.own_nick, event->nick) != 0;
	if (face->waiting)
		face_notice(face, MESSAGE_SYSTEM, _("You were let in."));
	face->ready = face->ever_ready = true;
	face->waiting = false;
	face->code = 0;
	talk_connected(&face->talk);
	face->front.owns_host = event->role == ROLE_OWNER;
	if (face->front.owns_host && face->place->address.kind == ADDRESS_UNIX)
		snprintf(face->host_text, sizeof face->host_text, "%s", _("your host"));
	face_rooms_set_own(&face->rooms, event->nick);
	if (!first)
		face_notice(face, MESSAGE_SYSTEM, _("connected again"));
	if (!event->own_wish && renamed)
		face_room_tell(face_rooms_current(&face->rooms), MESSAGE_SYSTEM,
		               _("the name that you wished is taken or not possible here: you are %s"), event->nick);
	if (first && event->name[0] != '\0' && strcmp(event->name, event->nick) != 0)
		face_room_tell(face_rooms_current(&face->rooms), MESSAGE_SYSTEM, _("you are here on the account of %s"),
		               event->name);
	if (event->length > 0 && first)
		face_notice(face, MESSAGE_SYSTEM, event->text);
	/* Thrown out of the lobby, and let in again. */
	if (!session_room_at(face->talk.session, 0, &room))
		session_join(face->talk.session, "lobby");
}

static void on_disconnected(struct face *face, const struct session_event *event)
{
	char reason[TALK_TEXT];
	bool was_ready = face->ready;
	bool changed = was_ready || face->code != event->code;
	face->ready = false;
	face->code = event->code != 0 ? event->code : TCHAT_ERR_CLOSED;
	face->retry_at = event->retry_at;
	face->waiting = false;
	if (talk_asks(&face->talk, face->code) && !face->leaving) {
		face_ask_trust(face);
		return;
	}
	talk_explain(&face->talk, face->code, reason, sizeof reason);
	bool can_wait = !event->final && face->front.room != 0; /* there is something to read, and a room to type in */
	if (face->leaving || (!face->ever_ready && !face->place->owns_host && !can_wait)) {
		/* The first try failed, or we are through: back to the shell, with one line. */
		face->status = talk_status(&face->talk, face->leaving ? 0 : event->code);
		if (!face->leaving)
			snprintf(face->last_words, sizeof face->last_words, "%s", reason);
		loop_stop(face->talk.loop, 0);
		return;
	}
	if (event->final) {
		face->status = talk_status(&face->talk, event->code);
		if (face->code != TCHAT_ERR_HOST_NEW && face->code != TCHAT_ERR_HOST_CHANGED)
			snprintf(reason, sizeof reason, _("the connection ended: %s. /reconnect tries again, /quit leaves."),
			         tchat_err_text(face->code));
	}
	if (changed || event->final)
		face_notice(face, MESSAGE_ERROR, reason);
}

/* A room that was not to be had says so when it goes (on_parted()). */
static void on_error(struct face *face, const struct session_event *event)
{
	char text[FACE_TITLE + 512];
	if (event->room != 0 && (event->request == REQUEST_JOIN || event->request == REQUEST_DIRECT))
		return;
	if (event->request == REQUEST_HISTORY && event->code == TCHAT_ERR_CLOSED)
		return; /* the connection's end is told anyway, and scrolling on asks again */
	if (line_event_text(event, text, sizeof text))
		face_room_tell(face_rooms_current(&face->rooms), MESSAGE_ERROR, "%s", text);
}

/* The answer to /names is told in one piece. */
static void on_name(struct face *face, const struct session_event *event)
{
	struct buffer *names = &face->names;
	char name[512];
	if (buffer_length(names) > 0)
		buffer_put_string(names, ", ");
	buffer_put_string(names, talk_member(event->nick, event->role, event->away, name, sizeof name));
}

static void on_names_end(struct face *face, const struct session_event *event)
{
	unsigned long count = (unsigned long)event->count;
	if (buffer_put(&face->names, "", 1) == 0) {
		char line[128];
		snprintf(line, sizeof line, ngettext("%s%s, %lu member: ", "%s%s, %lu members: ", count),
		         event->direct ? "@" : "#", event->name, count);
		struct buffer text;
		buffer_init(&text, FACE_NAMES_MAX + sizeof line);
		if (buffer_put_string(&text, line) == 0 &&
		    buffer_put_string(&text, (const char *)buffer_data(&face->names)) == 0 && buffer_put(&text, "", 1) == 0)
			face_notice(face, MESSAGE_SYSTEM, (const char *)buffer_data(&text));
		buffer_free(&text);
	}
	buffer_truncate(&face->names, 0);
}

void face_close_room(struct face *face, struct face_room *room)
{
	if (room == face_rooms_current(&face->rooms)) {
		struct face_room *before = face_rooms_find(&face->rooms, face->room_before);
		if (before != NULL && before != room && before->handle != 0)
			face_show_handle(face, before->handle);
		else
			face_show_room(face, face->rooms.current > 1 ? face->rooms.current - 1 : face->rooms.count > 2 ? 2 : 0);
		/* What was being typed meanwhile is not lost. */
		if (room != face_rooms_current(&face->rooms) && line_editor_length(face->editor) == 0) {
			line_editor_restore(face->editor, room->draft);
			room->draft = NULL;
		}
	}
	face_rooms_remove(&face->rooms, room->handle);
	face->front.room = face_rooms_current(&face->rooms)->handle;
}

static void on_parted(struct face *face, const struct session_event *event)
{
	char title[FACE_TITLE];
	struct face_room *room = face_rooms_find(&face->rooms, event->room);
	if (event->code != 0 && room != NULL && room->joined) {
		/* What was said there may still be read. */
		face_room_title(room, title);
		if (event->code != TCHAT_ERR_KICKED)
			face_room_tell(room, MESSAGE_ERROR, _("you are no longer in %s: %s"), title, tchat_err_text(event->code));
		else if (strcmp(room->name, "lobby") != 0) /* putting out of the lobby ends the connection */
			face_room_tell(room, MESSAGE_SYSTEM, _("/join %s comes back, /part closes it"), room->name);
		return;
	}
	snprintf(title, sizeof title, "%s%s", event->direct ? "@" : "#", event->name);
	if (room != NULL)
		face_close_room(face, room);
	if (event->code != 0)
		face_room_tell(face_rooms_current(&face->rooms), MESSAGE_ERROR, "%s: %s", title, tchat_err_text(event->code));
}

/* What was typed before there was a room goes on there, behind a draft of the last time. */
static void keep_typing(struct face *face, struct face_room *before)
{
	struct line_draft *typed = before->draft;
	before->draft = NULL;
	if (typed != NULL && line_editor_length(face->editor) > 0) {
		line_editor_paste(face->editor, line_draft_text(typed), strlen(line_draft_text(typed)));
		line_draft_free(typed);
	} else if (typed != NULL) {
		line_editor_restore(face->editor, typed);
	}
}

/* The words from before there was a room go to the first one, which is shown from now on. */
static void show_first_room(struct face *face, uint32_t handle)
{
	struct face_room *before = face_rooms_current(&face->rooms);
	struct face_room *room = face_rooms_find(&face->rooms, handle);
	if (room == NULL || room == before)
		return;
	for (uint64_t serial = message_list_first(before->list); serial < message_list_end(before->list); serial++)
		message_list_append(room->list, message_list_get(before->list, serial));
	face_show_handle(face, handle);
	keep_typing(face, before);
	tell_how_to_join(face);
}

/* A name that turned out to mean a room that is open already: one of the two goes. */
static void join_aliases(struct face *face)
{
	for (size_t i = face->rooms.count; i > 1; i--) {
		struct face_room *room = face->rooms.rooms[i - 1];
		struct session_room info;
		if (!session_room(face->talk.session, room->handle, &info) || info.room == room->handle)
			continue;
		if (room == face_rooms_current(&face->rooms))
			face_show_handle(face, info.room);
		if (room != face_rooms_current(&face->rooms))
			face_rooms_remove(&face->rooms, room->handle);
	}
}

static void on_joined(struct face *face, const struct session_event *event)
{
	/* A room of two that somebody opened, or that has news, may come before the room that was asked for. */
	if (face->front.room != 0 && event->own)
		join_aliases(face);
	else if (face->front.room == 0 && (event->own || !event->direct))
		show_first_room(face, event->room);
}

void face_event(void *arg, const struct session_event *event)
{
	struct face *face = arg;
	unsigned bits = face_rooms_event(&face->rooms, event);
	face->called = face->called || (bits & FACE_MENTION) != 0;
	if (face_search_event(face, event) || face_date_event(face, event)) {
		face_changed(face, false);
		return;
	}
	if (front_event(&face->front, event)) {
		face->called = face->called || (event->type == SESSION_DOOR && event->kind == DOOR_WAITS);
		face_changed(face, false);
		return;
	}
	switch (event->type) {
	case SESSION_CONNECTED:
		on_connected(face, event);
		break;
	case SESSION_DISCONNECTED:
		on_disconnected(face, event);
		break;
	case SESSION_WAITING:
		face_wait_at_door(face, event);
		break;
	case SESSION_GOAWAY:
		face_room_tell(face_rooms_current(&face->rooms), MESSAGE_ERROR, "%s%s%s", _("the host is closing"),
		               event->length > 0 ? ": " : "", event->text);
		break;
	case SESSION_HELD:
		face_notice(face, event->code != 0 ? MESSAGE_ERROR : MESSAGE_SYSTEM,
		            event->code != 0 ? _("the host's disk is full: what you say is sent when there is room again") :
		                               _("the host takes messages again"));
		break;
	case SESSION_UNSTORED: {
		char text[TALK_TEXT];
		line_event_text(event, text, sizeof text);
		face_notice(face, event->code != 0 ? MESSAGE_ERROR : MESSAGE_SYSTEM, text);
		break;
	}
	case SESSION_ROOM_JOINED:
		face_restore_draft(face, face_rooms_find(&face->rooms, event->room));
		on_joined(face, event);
		break;
	case SESSION_ROOM_PARTED:
		on_parted(face, event);
		break;
	case SESSION_PAST_END:
		face_want_history(face); /* what came may be all about others, and fill no row */
		break;
	case SESSION_ERROR:
		on_error(face, event);
		break;
	case SESSION_NAME:
		on_name(face, event);
		break;
	case SESSION_NAMES_END:
		on_names_end(face, event);
		break;
	default:
		break;
	}
	face_changed(face, false);
}
