/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies over the full screen: questions, the room switcher, the help. */
#include "app/face.h"

#include "base/buffer.h"
#include "base/intl.h"

#include <stdio.h>

void face_close_overlay(struct face *face)
{
	dialogue_free(face->dialogue);
	help_screen_free(face->help);
	face->dialogue = NULL;
	face->help = NULL;
	face->question = ASK_NOTHING;
}

void face_open_switcher(struct face *face)
{
	face_close_overlay(face);
	face->dialogue = dialogue_chooser(_("Go to room"), true);
	if (face->dialogue == NULL)
		return;
	face->question = ASK_ROOM;
	for (size_t i = 1; i < face->rooms.count; i++) {
		const struct face_room *room = face->rooms.rooms[i];
		char remark[64] = "", title[FACE_TITLE];
		if (room->unread > 0)
			snprintf(remark, sizeof remark, ngettext("%u unread", "%u unread", room->unread), room->unread);
		dialogue_item(face->dialogue, face_room_title(room, title), remark);
	}
}

void face_open_help(struct face *face)
{
	struct buffer text;
	buffer_init(&text, 65536);
	buffer_put_string(&text, _("# Keys\n"
	                           "Enter\tsend\n"
	                           "Alt-Enter\ta new line in the draft\n"
	                           "Tab\tcomplete a command, a nick or a room\n"
	                           "PgUp, PgDn\tscroll by a page; with Shift to the oldest or newest\n"
	                           "Shift-Up, Shift-Down\tscroll by a line\n"
	                           "Alt-Up, Alt-Down\tthe room before or after\n"
	                           "Alt-a\tthe next room with something unread\n"
	                           "F2\tfind a room\n"
	                           "F5\tpick a message, then: r answers it, + puts a sign beside it, e edits it, d deletes it, c copies it, l its link\n"
	                           "Alt-n, Alt-p\tafter /search: the next or previous found message; Esc goes back\n"
	                           "Alt-PgUp, Alt-PgDn\tscroll the members\n"
	                           "F3, F4\tshow or hide the rooms, the members\n"
	                           "Ctrl-L\tdraw the screen anew\n"
	                           "Ctrl-C\tclear what is typed\n"
	                           "Ctrl-Z\tback to the shell for a while; fg returns\n"
	                           "Ctrl-D\tleave, on an empty line\n"
	                           "\nEditing keys are those of readline, with your ~/.inputrc.\n"
	                           "\n# Commands\n"));
	for (size_t i = 0; command_at(i) != NULL; i++) {
		const struct command *row = command_at(i);
		char line[256];
		snprintf(line, sizeof line, "/%s %s\t%s\n", row->name, row->usage[0] != '\0' ? _(row->usage) : "",
		         _(row->help));
		buffer_put_string(&text, line);
	}
	face_close_overlay(face);
	if (buffer_put(&text, "", 1) == 0)
		face->help = help_screen_new(_("tchat: help"), (const char *)buffer_data(&text));
	buffer_free(&text);
}

void face_ask(struct face *face, enum face_question question, struct dialogue *dialogue)
{
	face_close_overlay(face);
	face->dialogue = dialogue;
	face->question = dialogue != NULL ? question : ASK_NOTHING;
}
