/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen's snapshot: everything that is shown, gathered from session and rooms as plain values. */
#include "app/face.h"

#include "app/face_past.h"

#include "base/errors.h"
#include "base/intl.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static unsigned minimum(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool view_is_closed(const struct face *face, const struct face_room *room)
{
	struct session_room info;
	return session_room(face->talk.session, room->handle, &info) && info.closed;
}

static size_t view_rooms(const struct face *face, struct face_shown *shown)
{
	struct status_view *status = &shown->view.status;
	struct room_row *rows = shown->rooms;
	size_t count = 0;
	for (size_t i = 0; i < face->rooms.count; i++) {
		const struct face_room *room = face->rooms.rooms[i];
		bool current = i == face->rooms.current;
		if (room->handle == 0 && !current && face->rooms.count > 1)
			continue;
		shown->room_index[count] = i;
		rows[count++] = (struct room_row){
			.name = room->name,
			.kind = room->direct ? ROOM_ROW_DIRECT : view_is_closed(face, room) ? ROOM_ROW_PRIVATE : ROOM_ROW_PUBLIC,
			.unread = room->unread,
			.mentions = room->mentions,
			.current = current,
		};
		if (!current) {
			status->rooms_unread += room->unread > 0;
			status->mentions += room->mentions;
		}
		status->failed += room->failed;
	}
	return count;
}

static enum member_role view_role(uint8_t role)
{
	switch (role) {
	case ROLE_OWNER: return MEMBER_OWNER;
	case ROLE_MODERATOR: return MEMBER_MODERATOR;
	case ROLE_MUTED: return MEMBER_MUTED;
	default: return MEMBER_PLAIN;
	}
}

static size_t view_members(const struct face *face, uint32_t room, struct member_row rows[SESSION_ROSTER_MAX])
{
	struct session_member member;
	size_t count = 0;
	uint32_t own = session_own_user(face->talk.session);
	while (count < SESSION_ROSTER_MAX && session_member_at(face->talk.session, room, count, &member)) {
		rows[count] = (struct member_row){
			.nick = member.nick,
			.role = view_role(member.role),
			.away = member.away,
			.own = member.user == own,
		};
		count++;
	}
	member_list_sort(rows, count);
	return count;
}

static void view_status(const struct face *face, struct status_view *status, char clock[8])
{
	tchat_time lag = session_lag(face->talk.session);
	tchat_time now = loop_now(face->talk.loop);
	time_t seconds = (time_t)(clock_wall() / 1000000u);
	struct tm local;
	localtime_r(&seconds, &local);
	strftime(clock, 8, "%H:%M", &local);
	status->clock = face->talk.options->clock ? clock : NULL;
	status->host = face->host_text;
	status->lag = lag == TCHAT_NEVER ? -1 : (int)(lag / 1000);
	status->insecure = face->talk.options->insecure;
	status->nick = session_own_nick(face->talk.session);
	status->away = face->front.away;
	status->pending = minimum((unsigned)session_sending(face->talk.session), 9999);
	if (face->ready)
		status->connection = STATUS_CONNECTED;
	else if (face->waiting)
		status->connection = STATUS_KNOCKING;
	else if (session_final(face->talk.session))
		status->connection = STATUS_OFFLINE;
	else if (face->retry_at > now && face->code != 0)
		status->connection = STATUS_WAITING;
	else
		status->connection = STATUS_CONNECTING;
	if (status->connection == STATUS_WAITING)
		status->countdown = (int)((face->retry_at - now + 999999u) / 1000000u);
	switch (line_editor_mode(face->editor)) {
	case LINE_EDITOR_VI_INSERT: status->mode = STATUS_MODE_INSERT; break;
	case LINE_EDITOR_VI_COMMAND: status->mode = STATUS_MODE_COMMAND; break;
	default: status->mode = STATUS_MODE_NONE;
	}
	if (face->searching)
		status->mode = STATUS_MODE_SEARCH;
	if (face->picking)
		status->mode = STATUS_MODE_SELECT;
	if (face->leaving)
		status->notice = _("leaving; again: at once");
}

/* The prompt: readline's own question, or the room as long as that leaves room to write. */
static void view_input(const struct face *face, struct face_shown *shown, int columns)
{
	const struct face_room *room = face->rooms.rooms[face->rooms.current];
	struct input_view *input = &shown->view.input;
	const char *question = line_editor_prompt(face->editor);
	if (face->picking) {
		input->prompt = "> ";
		input->text = "";
		input->hint = _("r reply, + react, e edit, d delete, c copy, l link, Esc");
		return;
	}
	char title[FACE_TITLE];
	face_room_title(room, title);
	if (question[0] != '\0')
		snprintf(shown->prompt, sizeof shown->prompt, "%s", question);
	else if (room->handle == 0 || (int)text_width(title, strlen(title)) > columns / 3)
		snprintf(shown->prompt, sizeof shown->prompt, "> ");
	else
		snprintf(shown->prompt, sizeof shown->prompt, "%s> ", title);
	input->prompt = shown->prompt;
	input->text = line_editor_text(face->editor);
	input->length = line_editor_length(face->editor);
	input->cursor = line_editor_cursor(face->editor);
	input->hint = face->has_written ? NULL : _("F1 help   /quit leaves");
}

void face_view(struct face *face, struct face_shown *shown)
{
	struct face_room *room = face_rooms_current(&face->rooms);
	struct session_room info;
	bool known = session_room(face->talk.session, room->handle, &info);
	int rows, columns;
	terminal_size(face->terminal, &rows, &columns);
	shown->view = (struct screen_view){
		.room = room->handle != 0 ? room->name : NULL,
		.room_kind = room->direct ? ROOM_ROW_DIRECT : ROOM_ROW_PUBLIC,
		.topic = room->topic,
		.pane = face_pane(room),
		.rooms = shown->rooms,
		.members = shown->members,
		.member_total = known && !room->direct ? info.members : 0,
		.member_scroll = &face->member_scroll,
		.input_cap = (int)face->talk.options->input_rows,
		.show_rooms = face->show_rooms,
		.show_members = room->handle == 0 || room->direct ? SCREEN_SIDE_OFF : face->show_members,
		.dialogue = face->dialogue,
		.help = face->help,
	};
	shown->view.matches = line_editor_matches(face->editor, &shown->view.match_count);
	shown->view.room_count = view_rooms(face, shown);
	if (face->show_rooms == SCREEN_SIDE_AUTO && shown->view.room_count < 2)
		shown->view.show_rooms = SCREEN_SIDE_OFF;
	shown->view.member_count = view_members(face, room->handle, shown->members);
	view_status(face, &shown->view.status, shown->clock);
	if (rows < 5) /* no title bar */
		shown->view.status.room = room->name;
	view_input(face, shown, columns);
}

void face_draw(struct face *face)
{
	struct face_shown shown;
	int rows, columns;
	face_view(face, &shown);
	terminal_size(face->terminal, &rows, &columns);
	if (cells_resize(face->cells, rows, columns) == 0) {
		screen_lay_out(&face->layout, rows, columns, &shown.view);
		screen_draw(face->cells, &shown.view);
		terminal_draw(face->terminal, face->cells);
	}
	face_show_title(face, &shown.view.status);
}
