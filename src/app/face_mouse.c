/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mouse, where the user wants it (it is off by default): the wheel scrolls what it is over, a click on a room shows
 * that room. */
#include "app/face.h"

enum { WHEEL_ROWS = 3 };

static bool inside(const struct area *area, const struct token_mouse *mouse)
{
	return mouse->row >= area->row && mouse->row < area->row + area->rows && mouse->column >= area->column &&
	       mouse->column < area->column + area->columns;
}

static void wheel(struct face *face, const struct token_mouse *mouse)
{
	int rows = mouse->button * WHEEL_ROWS;
	if (face->help != NULL)
		help_screen_scroll(face->help, rows);
	else if (face->dialogue != NULL)
		dialogue_move(face->dialogue, mouse->button);
	else if (inside(&face->layout.members, mouse))
		face->member_scroll += rows;
	else
		face_scroll(face, rows);
}

void face_mouse(struct face *face, const struct token *token)
{
	const struct token_mouse *mouse = &token->mouse;
	const struct area *rooms = &face->layout.rooms;
	if (mouse->action == TOKEN_MOUSE_WHEEL) {
		wheel(face, mouse);
	} else if (mouse->action == TOKEN_MOUSE_PRESS && mouse->button == 1 && face->dialogue == NULL &&
	           face->help == NULL && inside(rooms, mouse)) {
		struct face_shown shown;
		face_view(face, &shown);
		int index = room_list_at(shown.rooms, shown.view.room_count, rooms->rows, mouse->row - rooms->row);
		if (index >= 0)
			face_show_room(face, shown.room_index[index]);
	}
}
