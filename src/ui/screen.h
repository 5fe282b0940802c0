/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole screen: title bar, room list, messages, member list, status line, input; a dialogue or the help over
 * it. Everything comes in as plain values; nothing but scroll places is kept. */
#ifndef TCHAT_UI_SCREEN_H
#define TCHAT_UI_SCREEN_H

#include "ui/cells.h"
#include "ui/dialogue.h"
#include "ui/help_screen.h"
#include "ui/input_line.h"
#include "ui/member_list.h"
#include "ui/message_pane.h"
#include "ui/room_list.h"
#include "ui/status_line.h"

#include <stdbool.h>
#include <stddef.h>

enum screen_side {
	SCREEN_SIDE_AUTO, /* when the window is wide enough */
	SCREEN_SIDE_OFF,
	SCREEN_SIDE_ON,   /* also in a narrower window, as long as messages keep 30 columns */
};

struct screen_view {
	const char *room;  /* any bytes, or NULL: no room is open */
	enum room_kind room_kind;
	const char *topic; /* any bytes, or NULL */
	struct message_pane *pane; /* NULL: an empty one */
	const struct room_row *rooms;
	size_t room_count;
	const struct member_row *members; /* sorted */
	size_t member_count, member_total;
	int *member_scroll; /* NULL: the top */
	struct status_view status;
	struct input_view input;
	int input_cap; /* most rows of the input; 0: 8. It never takes more than a third of the window */
	enum screen_side show_rooms, show_members;
	const char *const *matches; /* what would complete the word: listed below the messages; any bytes */
	size_t match_count;
	struct dialogue *dialogue; /* NULL: none */
	struct help_screen *help;  /* NULL: none; hides all but the status line */
};

/* Where things are; what is not shown has 0 rows or columns. */
struct screen_layout {
	struct area title, rooms, messages, members, matches, status, input;
};

/* Computes the layout for a window. */
void screen_lay_out(struct screen_layout *layout, int rows, int columns, const struct screen_view *view);

/* Clears the grid and draws all of it. */
void screen_draw(struct cells *cells, const struct screen_view *view);

#endif
