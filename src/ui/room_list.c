/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row a room: name, and at the right what is unread. */
#include "ui/room_list.h"

#include "base/intl.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static enum style_role room_role(const struct room_row *room)
{
	if (room->current)
		return STYLE_ROOM_CURRENT;
	if (room->mentions > 0)
		return STYLE_ROOM_MENTION;
	return room->unread > 0 && !room->muted ? STYLE_ROOM_UNREAD : STYLE_ROOM;
}

const char *room_list_sign(enum room_kind kind)
{
	return kind == ROOM_ROW_DIRECT ? "@" : kind == ROOM_ROW_PRIVATE ? "·" : "#";
}

static void draw_room(struct cells *cells, const struct area *area, int row, const struct room_row *room)
{
	enum style_role role = room_role(room);
	struct area line = { area->row + row, area->column, 1, area->columns };
	if (room->current)
		cells_fill(cells, &line, role);
	char count[32] = "";
	if (room->mentions > 0)
		snprintf(count, sizeof count, "@%u", room->mentions < 1000 ? room->mentions : 999);
	else if (room->unread > 0 && room->unread < 1000)
		snprintf(count, sizeof count, "%u", room->unread);
	else if (room->unread > 0)
		snprintf(count, sizeof count, "1k+");
	int width = (int)strlen(count);
	int column = cells_puts(cells, &line, 0, 1, room->current ? role : STYLE_HEADING, room_list_sign(room->kind));
	int space = area->columns - column - (width > 0 ? width + 2 : 1);
	cells_put_unclean(cells, &line, 0, column, space, role, room->name, strlen(room->name));
	cells_puts(cells, &line, 0, area->columns - width - 1, role, count);
}

/* The first room that is drawn, and how many rows stand above it. */
static size_t rooms_top(const struct room_row *rooms, size_t count, int rows, int *heading)
{
	size_t current = 0;
	*heading = rows > 2;
	size_t space = (size_t)(rows - *heading);
	for (size_t i = 0; i < count; i++) {
		if (rooms[i].current)
			current = i;
	}
	size_t top = current > space / 2 ? current - space / 2 : 0;
	if (top + space > count)
		top = count > space ? count - space : 0;
	return top;
}

void room_list_draw(struct cells *cells, const struct area *area, const struct room_row *rooms, size_t count)
{
	int row;
	if (area->rows <= 0 || area->columns <= 0)
		return;
	size_t top = rooms_top(rooms, count, area->rows, &row);
	if (row > 0)
		cells_puts(cells, area, 0, 1, STYLE_HEADING, _("Rooms"));
	for (size_t i = top; i < count && row < area->rows; i++, row++)
		draw_room(cells, area, row, &rooms[i]);
}

int room_list_at(const struct room_row *rooms, size_t count, int rows, int row)
{
	int heading;
	if (rows <= 0 || row < 0 || row >= rows)
		return -1;
	size_t top = rooms_top(rooms, count, rows, &heading);
	size_t index = top + (size_t)(row - heading);
	return row >= heading && index < count ? (int)index : -1;
}

int room_list_next_unread(const struct room_row *rooms, size_t count)
{
	size_t current = 0;
	for (size_t i = 0; i < count; i++) {
		if (rooms[i].current)
			current = i;
	}
	for (int mentions = 1; mentions >= 0; mentions--) {
		for (size_t step = 1; step <= count; step++) {
			const struct room_row *room = &rooms[(current + step) % count];
			if (!room->current && (mentions ? room->mentions > 0 : room->unread > 0 && !room->muted))
				return (int)((current + step) % count);
		}
	}
	return -1;
}
