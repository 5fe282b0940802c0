/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lays the widgets out and draws them. */
#include "ui/screen.h"

#include "base/intl.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
	INPUT_CAP = 8,
	ROOMS_COLUMNS = 20,
	MEMBERS_COLUMNS = 18,
	MARGIN_FROM = 64, /* windows from so many columns on keep a blank column at their left */
	MESSAGES_WANTED = 75, /* what messages keep beside side panes that come by themselves */
	MESSAGES_LEAST = 30,  /* beside those that were asked for */
	MATCHES_CAP = 5,      /* rows */
	MATCHES_COUNTED = 500, /* names whose width is looked at */
};

/* Takes columns (and two for the line beside them and a blank) from the messages when they can spare them. */
static bool take_side(enum screen_side side, bool useful, int wanted, int *messages)
{
	int keep = side == SCREEN_SIDE_ON ? MESSAGES_LEAST : MESSAGES_WANTED;
	if (side == SCREEN_SIDE_OFF || (side == SCREEN_SIDE_AUTO && !useful) || *messages - wanted - 2 < keep)
		return false;
	*messages -= wanted + 2;
	return true;
}

/* How the completions are spread: the columns of one, and how many a row. */
static int match_width(const struct screen_view *view, int columns, int *per_row)
{
	int widest = 1;
	for (size_t i = 0; i < view->match_count && i < MATCHES_COUNTED; i++) {
		int width = (int)text_width(view->matches[i], strlen(view->matches[i])) + 2;
		widest = width > widest ? width : widest;
	}
	widest = widest > columns && columns > 0 ? columns : widest;
	*per_row = columns / widest > 0 ? columns / widest : 1;
	return widest;
}

static int match_rows(const struct screen_view *view, int columns, int most)
{
	int per_row;
	most = most < MATCHES_CAP ? most : MATCHES_CAP;
	if (view->match_count == 0 || most < 1)
		return 0;
	match_width(view, columns, &per_row);
	size_t rows = (view->match_count + (size_t)per_row - 1) / (size_t)per_row;
	return rows < (size_t)most ? (int)rows : most;
}

/* Row by row; when they do not all fit, the last place tells how many more there are. */
static void draw_matches(struct cells *cells, const struct area *area, const struct screen_view *view)
{
	int per_row, width = match_width(view, area->columns, &per_row);
	size_t places = (size_t)per_row * (size_t)area->rows;
	bool cut = view->match_count > places;
	if (places == 0)
		return;
	cells_fill(cells, area, STYLE_DIALOGUE);
	for (size_t i = 0; i < view->match_count && i < places; i++) {
		int row = (int)(i / (size_t)per_row), column = (int)(i % (size_t)per_row) * width;
		if (cut && i + 1 == places) {
			char more[32];
			snprintf(more, sizeof more, "+%zu", view->match_count - i);
			cells_put_cut(cells, area, row, column, width, STYLE_DIALOGUE_REMARK, more, strlen(more));
		} else {
			cells_put_unclean(cells, area, row, column, width - 1, STYLE_DIALOGUE, view->matches[i],
			                  strlen(view->matches[i]));
		}
	}
}

void screen_lay_out(struct screen_layout *layout, int rows, int columns, const struct screen_view *view)
{
	*layout = (struct screen_layout){ .input.rows = 1 };
	int third = rows / 3 > 0 ? rows / 3 : 1, margin = columns >= MARGIN_FROM;
	int cap = view->input_cap > 0 ? view->input_cap : INPUT_CAP;
	int input = input_line_rows(&view->input, columns - margin, cap < third ? cap : third);
	int title = rows >= 5, status = rows >= 3;
	int middle = rows - title - status - input > 0 ? rows - title - status - input : 0;
	int matches = match_rows(view, columns - margin, middle / 2);
	middle -= matches;
	int messages = columns, left = margin;
	if (middle > 2 && take_side(view->show_rooms, view->room_count > 1, ROOMS_COLUMNS, &messages)) {
		layout->rooms = (struct area){ title, 0, middle, ROOMS_COLUMNS };
		left = ROOMS_COLUMNS + 2;
	} else {
		messages -= margin;
	}
	if (middle > 2 && take_side(view->show_members, view->member_total > 0, MEMBERS_COLUMNS, &messages))
		layout->members = (struct area){ title, columns - MEMBERS_COLUMNS, middle, MEMBERS_COLUMNS };
	layout->title = (struct area){ 0, 0, title, columns };
	layout->messages = (struct area){ title, left, middle, messages };
	layout->matches = (struct area){ title + middle, margin, matches, columns - margin };
	layout->status = (struct area){ title + middle + matches, 0, status, columns };
	layout->input = (struct area){ rows - input, margin, input, columns - margin };
}

static void draw_title(struct cells *cells, const struct area *area, const struct screen_view *view, bool members)
{
	cells_fill(cells, area, STYLE_TITLE);
	int right = area->columns - 1;
	char count[64];
	if (!members && view->member_total > 0 && area->columns >= 40) {
		snprintf(count, sizeof count, ngettext("%zu member", "%zu members", view->member_total),
		         view->member_total);
		int width = (int)text_width(count, strlen(count));
		right -= width;
		cells_puts(cells, area, 0, right, STYLE_TOPIC, count);
		right -= 2;
	}
	int column = 1;
	if (view->room == NULL) {
		column = cells_puts(cells, area, 0, column, STYLE_TITLE, "tchat");
	} else {
		column = cells_puts(cells, area, 0, column, STYLE_TITLE, room_list_sign(view->room_kind));
		column = cells_put_unclean(cells, area, 0, column, right - column, STYLE_TITLE, view->room,
		                           strlen(view->room));
	}
	if (view->topic != NULL)
		cells_put_unclean(cells, area, 0, column + 2, right - column - 2, STYLE_TOPIC, view->topic,
		                  strlen(view->topic));
}

static void draw_upright(struct cells *cells, int row, int column, int rows)
{
	struct area line = { row, column, rows, 1 };
	for (int i = 0; i < rows; i++)
		cells_repeat(cells, &line, i, 0, 1, STYLE_BORDER, 0x2502);
}

static void draw_sides(struct cells *cells, const struct screen_layout *layout, const struct screen_view *view)
{
	const struct area *rooms = &layout->rooms, *members = &layout->members;
	if (rooms->columns > 0) {
		room_list_draw(cells, rooms, view->rooms, view->room_count);
		draw_upright(cells, rooms->row, rooms->column + rooms->columns, rooms->rows);
	}
	if (members->columns > 0) {
		int top = 0;
		draw_upright(cells, members->row, members->column - 1, members->rows);
		member_list_draw(cells, members, view->members, view->member_count, view->member_total,
		                 view->member_scroll != NULL ? view->member_scroll : &top);
	}
}

void screen_draw(struct cells *cells, const struct screen_view *view)
{
	struct screen_layout layout;
	screen_lay_out(&layout, cells_rows(cells), cells_columns(cells), view);
	cells_clear(cells);
	status_line_draw(cells, &layout.status, &view->status);
	if (view->help != NULL) {
		int rows = layout.status.rows > 0 ? cells_rows(cells) - 1 : cells_rows(cells);
		struct area area = { 0, 0, rows, cells_columns(cells) };
		struct area last = { rows, 0, 1, cells_columns(cells) };
		help_screen_draw(view->help, cells, &area);
		status_line_draw(cells, &last, &view->status);
		return;
	}
	if (layout.title.rows > 0)
		draw_title(cells, &layout.title, view, layout.members.columns > 0);
	if (view->pane != NULL)
		message_pane_draw(view->pane, cells, &layout.messages);
	draw_sides(cells, &layout, view);
	draw_matches(cells, &layout.matches, view);
	input_line_draw(cells, &layout.input, &view->input);
	if (view->dialogue != NULL) {
		struct area whole = cells_area(cells);
		dialogue_draw(view->dialogue, cells, layout.messages.rows >= 3 ? &layout.messages : &whole);
	}
}
