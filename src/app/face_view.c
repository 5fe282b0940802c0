/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen's snapshot: everything that is shown, gathered from session and rooms as plain values. */
#include "app/face.h"

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

static size_t view_rooms(const struct face *face, struct room_row rows[FACE_ROOMS_MAX], struct status_view *status)
{
	size_t count = 0;
	for (size_t i = 0; i < face->rooms.count; i++) {
		const struct face_room *room = face->rooms.rooms[i];
		bool current = i == face->rooms.current;
		if (room->handle == 0 && !current && face->rooms.count > 1)
			continue;
		rows[count++] = (struct room_row){
			.name = room->name,
			.kind = room->direct ? ROOM_ROW_DIRECT : ROOM_ROW_PUBLIC,
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

static size_t view_members(const struct face *face, uint32_t room, struct member_row rows[SESSION_ROSTER_MAX])
{
	struct session_member member;
	size_t count = 0;
	uint32_t own = session_own_user(face->talk.session);
	while (count < SESSION_ROSTER_MAX && session_member_at(face->talk.session, room, count, &member)) {
		rows[count] = (struct member_row){
			.nick = member.nick,
			.role = member.role == ROLE_OWNER ? MEMBER_OWNER : MEMBER_PLAIN,
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
	status->insecure = face->place->address.kind == ADDRESS_TCP;
	status->nick = session_own_nick(face->talk.session);
	status->away = face->front.away;
	status->pending = minimum((unsigned)session_pending(face->talk.session), 9999);
	if (face->ready)
		status->connection = STATUS_CONNECTED;
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
}

/* The prompt: readline's own question, or the room. */
static void view_input(const struct face *face, struct input_view *input, char *prompt, size_t size)
{
	const struct face_room *room = face->rooms.rooms[face->rooms.current];
	const char *question = line_editor_prompt(face->editor);
	if (question[0] != '\0')
		snprintf(prompt, size, "%s", question);
	else if (room->handle == 0)
		snprintf(prompt, size, "> ");
	else
		snprintf(prompt, size, "%s%s> ", room->direct ? "@" : "#", room->name);
	input->prompt = prompt;
	input->text = line_editor_text(face->editor);
	input->length = line_editor_length(face->editor);
	input->cursor = line_editor_cursor(face->editor);
	input->hint = face->ever_ready ? NULL : _("F1 help   /quit leaves");
}

/* Ambiguous completions are listed in a box that takes no keys. */
static struct dialogue *view_matches(const struct face *face)
{
	size_t count;
	const char *const *matches = line_editor_matches(face->editor, &count);
	if (count == 0)
		return NULL;
	struct dialogue *list = dialogue_chooser(_("Completions"), false);
	for (size_t i = 0; list != NULL && i < count; i++)
		dialogue_item(list, matches[i], NULL);
	return list;
}

void face_draw(struct face *face)
{
	struct room_row rooms[FACE_ROOMS_MAX];
	struct member_row members[SESSION_ROSTER_MAX];
	struct face_room *room = face_rooms_current(&face->rooms);
	char clock[8], prompt[TEXT_NAME_BYTES + 80];
	int rows, columns;
	struct screen_view view = {
		.room = room->name,
		.room_kind = room->direct ? ROOM_ROW_DIRECT : ROOM_ROW_PUBLIC,
		.topic = room->topic,
		.pane = room->pane,
		.rooms = rooms,
		.members = members,
		.member_total = room->members,
		.member_scroll = &face->member_scroll,
		.input_cap = (int)face->talk.options->input_rows,
		.show_rooms = face->show_rooms,
		.show_members = room->handle == 0 ? SCREEN_SIDE_OFF : face->show_members,
		.dialogue = face->dialogue,
		.help = face->help,
	};
	view.room_count = view_rooms(face, rooms, &view.status);
	if (face->show_rooms == SCREEN_SIDE_AUTO && view.room_count < 2)
		view.show_rooms = SCREEN_SIDE_OFF;
	view.member_count = view_members(face, room->handle, members);
	view_status(face, &view.status, clock);
	view_input(face, &view.input, prompt, sizeof prompt);
	struct dialogue *matches = view.dialogue == NULL ? view_matches(face) : NULL;
	if (matches != NULL)
		view.dialogue = matches;
	terminal_size(face->terminal, &rows, &columns);
	if (cells_resize(face->cells, rows, columns) == 0) {
		screen_lay_out(&face->layout, rows, columns, &view);
		screen_draw(face->cells, &view);
		terminal_draw(face->terminal, face->cells);
	}
	dialogue_free(matches);
	face_show_title(face, &view.status);
}
