/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /copy: hands a message or a link to the terminal for the clipboard, or shows a link in one piece. Messages are clean
 * already. */
#include "app/face.h"

#include "app/face_changes.h"

#include "base/intl.h"
#include "ui/links.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* The last link in a text; false: there is none. */
static bool last_link(const char *text, size_t length, size_t *start, size_t *end)
{
	bool found = false;
	for (size_t from = 0; links_next(text, length, from, length, start, end); from = *end)
		found = true;
	return found;
}

/* What of this message is meant: all of it, or its last link, which may be an invitation that tchat showed. */
static bool piece(const struct shown_message *message, bool link, size_t *start, size_t *end)
{
	if (message == NULL || message->deleted)
		return false;
	if (message->kind != MESSAGE_TEXT && message->kind != MESSAGE_ACTION && !(link && message->kind == MESSAGE_SYSTEM))
		return false;
	size_t length, from = (size_t)(message_body(message, &length) - message->text);
	*start = from;
	*end = from + length;
	return link ? last_link(message->text, from + length, start, end) && *start >= from : length > 0;
}

/* One key, which is not shown, ends it. */
static void take_single_keys(void)
{
	struct termios modes;
	if (tcgetattr(STDIN_FILENO, &modes) != 0)
		return;
	modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

/* Outside of the full screen, where the terminal itself breaks a long line and knows that it is one. */
static void show_plain(struct face *face, const char *text, size_t length)
{
	const char *hint = _("Mark it with the mouse and copy it; any key brings the chat back.");
	terminal_suspend(face->terminal);
	take_single_keys();
	face->plain = true;
	dprintf(STDOUT_FILENO, "\n%.*s\n\n%s\n", (int)length, text, hint);
}

void face_end_plain(struct face *face)
{
	face->plain = false;
	face_changed(face, true);
}

void face_copy(struct face *face, bool link)
{
	const struct face_room *room = face_rooms_current(&face->rooms);
	uint64_t serial = message_list_end(room->list);
	size_t start = 0, end = 0;
	const struct shown_message *message = NULL;
	if (!face->talk.options->clipboard && !link) {
		face_notice(face, MESSAGE_SYSTEM, _("tchat may not write to the clipboard; /set clipboard on allows it"));
		return;
	}
	if (face->target != 0) {
		message = face_find_seq(room, face->target);
		if (!piece(message, link, &start, &end))
			message = NULL;
	}
	while (face->target == 0 && message == NULL && serial > message_list_first(room->list)) {
		message = message_list_get(room->list, --serial);
		if (!piece(message, link, &start, &end))
			message = NULL;
	}
	if (message == NULL) {
		face_notice(face, MESSAGE_SYSTEM, link ? _("there is no link to copy") : _("there is no message to copy"));
		return;
	}
	if (!face->talk.options->clipboard) {
		show_plain(face, message->text + start, end - start);
		return;
	}
	terminal_copy(face->terminal, message->text + start, end - start);
	face_room_tell(face_rooms_current(&face->rooms), MESSAGE_SYSTEM, _("given to the terminal, for its clipboard: %.*s"),
	               (int)(end - start < 200 ? end - start : 200), message->text + start);
}
