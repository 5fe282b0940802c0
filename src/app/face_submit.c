/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a submitted line does, and the verbs by which commands act on the full screen. */
#include "app/face.h"

#include "app/face_past.h"

#include "base/errors.h"
#include "base/intl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sends a long text as several messages, cut at line ends where there are any. */
static void send_in_pieces(struct face *face, const char *line, size_t length)
{
	size_t at = 0;
	while (at < length) {
		size_t piece = length - at;
		if (piece > WIRE_TEXT_LIMIT) {
			piece = WIRE_TEXT_LIMIT;
			while (piece > 0 && line[at + piece] != '\n')
				piece--;
			if (piece == 0)
				piece = WIRE_TEXT_LIMIT;
			while (piece > 0 && ((unsigned char)line[at + piece] & 0xc0) == 0x80)
				piece--;
		}
		if (piece == 0 || front_post(&face->front, KIND_TEXT, line + at, piece) != 0)
			return;
		at += piece;
		at += at < length && line[at] == '\n';
	}
}

/* Of these one comes back to where one was. */
static bool looks_back(const char *line)
{
	return strncmp(line, "/search", 7) == 0 || strncmp(line, "/date", 5) == 0;
}

static void run_line(struct face *face, const char *line)
{
	size_t length = strlen(line);
	int err = 0;
	face->target = face_rooms_current(&face->rooms)->picked;
	face_unpick(face);
	/* What is said, and what a command answers, is at the end; what is about a message, at that. */
	if (face->target == 0 && !looks_back(line))
		face_go_end(face_rooms_current(&face->rooms));
	if (length > WIRE_TEXT_LIMIT && line[0] != '/')
		send_in_pieces(face, line, length);
	else
		err = front_input(&face->front, line, length);
	if (err == TCHAT_ERR_FULL)
		face_notice(face, MESSAGE_ERROR, _("too many messages wait for the host; try again later"));
	else if (err == TCHAT_ERR_NOT_MEMBER) /* perhaps the first room is not there yet */
		line_editor_set_text(face->editor, line, length);
	face->target = 0;
}

static size_t count_lines(const char *line)
{
	size_t lines = 1;
	for (; *line != '\0'; line++)
		lines += *line == '\n';
	return lines;
}

void face_submit(struct face *face, char *line)
{
	size_t lines = count_lines(line);
	face->has_written = true;
	face_pick_found(face);
	face_end_search(face, false);
	line_editor_remember(face->editor, line);
	face->lines_to_keep = true;
	if (lines > (size_t)face->talk.options->ask_lines || strlen(line) > WIRE_TEXT_LIMIT) {
		char text[128];
		snprintf(text, sizeof text, ngettext("Send %zu line (%zu bytes)?", "Send %zu lines (%zu bytes)?", lines),
		         lines, strlen(line));
		struct dialogue *dialogue = dialogue_question(_("A long message"), text);
		if (dialogue != NULL) {
			dialogue_answer(dialogue, 'y', _("send it"));
			dialogue_answer(dialogue, 'n', _("back to the draft"));
		}
		face_ask(face, ASK_SEND, dialogue);
		/* Until the answer it stays what it was: a draft. */
		line_editor_set_text(face->editor, line, strlen(line));
		free(face->held_line);
		face->held_line = line;
		return;
	}
	run_line(face, line);
	free(line);
}

void face_send_held(struct face *face)
{
	if (face->held_line == NULL)
		return;
	line_editor_set_text(face->editor, "", 0);
	run_line(face, face->held_line);
	free(face->held_line);
	face->held_line = NULL;
}

/* --- The front's verbs */

static void front_notice(struct front *front, const char *text)
{
	face_notice((struct face *)front, MESSAGE_SYSTEM, text);
}

static void front_switch_room(struct front *front, uint32_t room)
{
	struct face *face = (struct face *)front;
	struct session_room info;
	if (session_room(face->talk.session, room, &info) &&
	    face_rooms_add(&face->rooms, info.room, info.name, info.direct) != NULL)
		face_show_handle(face, info.room);
}

static void front_clear(struct front *front)
{
	struct face *face = (struct face *)front;
	struct face_room *room = face_rooms_current(&face->rooms);
	message_list_clear(room->list);
	face_past_forget(room);
	face_go_end(room);
	room->failed = 0;
	face_changed(face, true);
}

static void front_leave(struct front *front, enum front_leave how)
{
	face_leave((struct face *)front, how, false);
}

static void front_changed(struct front *front, enum setting setting)
{
	face_setting((struct face *)front, setting);
}

static void front_help(struct front *front)
{
	face_open_help((struct face *)front);
}

static int front_search(struct front *front, const char *text, bool all)
{
	face_search((struct face *)front, text, all);
	return 0;
}

static void front_date(struct front *front, const char *day)
{
	face_go_date((struct face *)front, day);
}

static void front_copy(struct front *front, bool link)
{
	face_copy((struct face *)front, link);
}

static bool front_message(struct front *front, bool own, struct front_message *message)
{
	return face_meant((struct face *)front, own, message);
}

static void front_edit(struct front *front, const struct front_message *message)
{
	face_edit((struct face *)front, message);
}

static void front_ask_delete(struct front *front, const struct front_message *message)
{
	face_ask_delete((struct face *)front, message);
}

static void front_close(struct front *front)
{
	struct face *face = (struct face *)front;
	face_close_room(face, face_rooms_current(&face->rooms));
}

const struct front_class face_front = {
	.notice = front_notice,
	.switch_room = front_switch_room,
	.clear = front_clear,
	.leave = front_leave,
	.changed = front_changed,
	.help = front_help,
	.search = front_search,
	.date = front_date,
	.copy = front_copy,
	.message = front_message,
	.edit = front_edit,
	.ask_delete = front_ask_delete,
	.close = front_close,
};
