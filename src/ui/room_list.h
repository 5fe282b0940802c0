/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rooms that the reader is in, with what is unread in each. Plain values in, cells out. */
#ifndef TCHAT_UI_ROOM_LIST_H
#define TCHAT_UI_ROOM_LIST_H

#include "ui/cells.h"

#include <stdbool.h>
#include <stddef.h>

enum room_kind {
	ROOM_ROW_PUBLIC,
	ROOM_ROW_PRIVATE,
	ROOM_ROW_DIRECT, /* the name is the other's nick */
};

struct room_row {
	const char *name; /* any bytes; cleaned when drawn */
	enum room_kind kind;
	unsigned unread;
	unsigned mentions;
	bool current;
	bool muted; /* unread messages do not light it up */
};

/* "#", "·" or "@": what stands before the name of such a room. Static. */
const char *room_list_sign(enum room_kind kind);

/* Draws the rooms in the order given; when they do not fit, the part with the current one. */
void room_list_draw(struct cells *cells, const struct area *area, const struct room_row *rooms, size_t count);

/* The room that is drawn in a row of an area so high: its index, or -1. */
int room_list_at(const struct room_row *rooms, size_t count, int rows, int row);

/* The next room with something unread after the current one, round the end; rooms with mentions first.
 * Its index, or -1. */
int room_list_next_unread(const struct room_row *rooms, size_t count);

#endif
