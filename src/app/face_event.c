/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the session's events do to the full screen as a whole; what they do to a room is face_room.c's. */
#include "app/face.h"

#include "app/exit_status.h"
#include "app/reach.h"
#include "base/errors.h"
#include "base/intl.h"

#include <stdio.h>

/* The lines that others can copy, in the room that the owner sees first. */
static void tell_how_to_join(struct face *face)
{
	char text[REACH_TEXT];
	if (face->place->listening_count > 0 && reach_describe(face->place, text, sizeof text) > 0)
		face_room_say(face_rooms_current(&face->rooms), MESSAGE_SYSTEM, text, clock_wall());
}

static void on_connected(struct face *face, const struct session_event *event)
{
	char text[256];
	bool first = !face->ever_ready;
	face->ready = face->ever_ready = true;
	face->code = 0;
	face->front.owns_host = event->role == ROLE_OWNER;
	face_rooms_set_own(&face->rooms, event->nick);
	if (!event->own_wish && first) {
		snprintf(text, sizeof text, _("you are %s here: your own name is taken or not possible"), event->nick);
		face_notice(face, MESSAGE_SYSTEM, text);
	}
	if (event->length > 0 && first)
		face_notice(face, MESSAGE_SYSTEM, event->text);
	if (!first)
		face_notice(face, MESSAGE_SYSTEM, _("connected again"));
}

static void on_disconnected(struct face *face, const struct session_event *event)
{
	char reason[512];
	bool was_ready = face->ready;
	bool changed = was_ready || face->code != event->code;
	face->ready = false;
	face->code = event->code != 0 ? event->code : TCHAT_ERR_CLOSED;
	face->retry_at = event->retry_at;
	talk_explain(&face->talk, face->code, reason, sizeof reason);
	if (face->leaving || (!face->ever_ready && !face->place->owns_host)) {
		/* The first try failed, or we are through: back to the shell, with one line. */
		face->status = talk_status(&face->talk, event->code);
		if (!face->leaving)
			snprintf(face->last_words, sizeof face->last_words, "%s", reason);
		loop_stop(face->talk.loop, 0);
		return;
	}
	if (event->final) {
		face->status = talk_status(&face->talk, event->code);
		snprintf(reason, sizeof reason, _("the connection ended: %s. /reconnect tries again, /quit leaves."),
		         tchat_err_text(face->code));
	}
	if (changed)
		face_notice(face, MESSAGE_ERROR, reason);
}

static void on_error(struct face *face, const struct session_event *event)
{
	char text[512];
	const char *why = tchat_err_text(event->code);
	if (event->nick[0] != '\0')
		snprintf(text, sizeof text, "%s: %s", event->nick, why);
	else if (event->name[0] != '\0')
		snprintf(text, sizeof text, "%s: %s", event->name, why);
	else
		snprintf(text, sizeof text, "%s", why);
	face_notice(face, MESSAGE_ERROR, text);
}

/* One line of /names. */
static void on_name(struct face *face, const struct session_event *event)
{
	char text[256];
	const char *role = event->role == ROLE_OWNER ? _(", owner") : "";
	snprintf(text, sizeof text, "  %s%s%s", event->nick, role, event->away ? _(", away") : "");
	face_notice(face, MESSAGE_SYSTEM, text);
}

static void on_parted(struct face *face, const struct session_event *event)
{
	char text[256];
	struct face_room *room = face_rooms_find(&face->rooms, event->room);
	if (room == NULL)
		return;
	if (event->code != 0) {
		snprintf(text, sizeof text, _("you are no longer in #%s: %s"), event->name, tchat_err_text(event->code));
		face_room_say(room, MESSAGE_ERROR, text, clock_wall());
		return;
	}
	if (room == face_rooms_current(&face->rooms))
		face_show_room(face, face->rooms.current > 0 ? face->rooms.current - 1 : face->rooms.count - 1);
	face_rooms_remove(&face->rooms, event->room);
	face->front.room = face_rooms_current(&face->rooms)->handle;
}

void face_event(void *arg, const struct session_event *event)
{
	struct face *face = arg;
	unsigned bits = face_rooms_event(&face->rooms, event);
	if ((bits & FACE_MENTION) != 0)
		face_call_user(face);
	switch (event->type) {
	case SESSION_CONNECTED:
		on_connected(face, event);
		break;
	case SESSION_DISCONNECTED:
		on_disconnected(face, event);
		break;
	case SESSION_GOAWAY:
		face_notice(face, MESSAGE_ERROR, _("the host is closing"));
		break;
	case SESSION_ROOM_JOINED:
		face_restore_draft(face, face_rooms_find(&face->rooms, event->room));
		if (face->front.room == 0) {
			face_show_handle(face, event->room);
			face_tell_problems(face);
			tell_how_to_join(face);
		}
		break;
	case SESSION_ROOM_PARTED:
		on_parted(face, event);
		break;
	case SESSION_ERROR:
		on_error(face, event);
		break;
	case SESSION_NAME:
		on_name(face, event);
		break;
	default:
		break;
	}
	face_changed(face, false);
}
