/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How questions and choosers look: a frame, what they hold, and never more than the area has. */
#include "ui/dialogue.h"

#include "ui/dialogue_inside.h"
#include "ui/message_wrap.h"

#include "base/text.h"
#include "base/utf8.h"

#include <string.h>

enum {
	WIDEST = 72,
	HIGHEST = 14,
	WHOLE = 60,
	ANSWER_GAP = 3,
};

static int smaller(int a, int b)
{
	return a < b ? a : b;
}

/* Fills the box, draws its frame and the title when there is room, and makes box its inside. */
static void draw_frame(const struct dialogue *dialogue, struct cells *cells, struct area *box)
{
	cells_fill(cells, box, STYLE_DIALOGUE);
	if (box->rows < 4 || box->columns < 8)
		return;
	int right = box->columns - 1, bottom = box->rows - 1;
	cells_repeat(cells, box, 0, 0, box->columns, STYLE_DIALOGUE, 0x2500);
	cells_repeat(cells, box, bottom, 0, box->columns, STYLE_DIALOGUE, 0x2500);
	for (int row = 1; row < bottom; row++) {
		cells_repeat(cells, box, row, 0, 1, STYLE_DIALOGUE, 0x2502);
		cells_repeat(cells, box, row, right, 1, STYLE_DIALOGUE, 0x2502);
	}
	cells_repeat(cells, box, 0, 0, 1, STYLE_DIALOGUE, 0x250C);
	cells_repeat(cells, box, 0, right, 1, STYLE_DIALOGUE, 0x2510);
	cells_repeat(cells, box, bottom, 0, 1, STYLE_DIALOGUE, 0x2514);
	cells_repeat(cells, box, bottom, right, 1, STYLE_DIALOGUE, 0x2518);
	if (dialogue->title[0] != '\0') {
		cells_puts(cells, box, 0, 1, STYLE_DIALOGUE, " ");
		int column = cells_put_cut(cells, box, 0, 2, box->columns - 4, STYLE_DIALOGUE_TITLE, dialogue->title,
		                           strlen(dialogue->title));
		cells_puts(cells, box, 0, column, STYLE_DIALOGUE, " ");
	}
	*box = (struct area){ box->row + 1, box->column + 2, box->rows - 2, box->columns - 4 };
}

/* Draws (or, with cells NULL, only counts) the rows of the text, without its empty ones when it has to be tight; *widest
 * grows to the widest. */
static int draw_text(const struct dialogue *dialogue, struct cells *cells, const struct area *area, bool tight, int *widest)
{
	size_t length = strlen(dialogue->text);
	int rows = 0;
	struct wrap_row row = { 0, 0, 0 };
	for (size_t start = 0; !row.last; start = row.next) {
		row = wrap_row(dialogue->text, length, start, area->columns);
		if (tight && row.end == start)
			continue;
		int width = (int)text_width(dialogue->text + start, row.end - start);
		*widest = width > *widest ? width : *widest;
		if (cells != NULL)
			cells_put(cells, area, rows, 0, STYLE_DIALOGUE, dialogue->text + start, row.end - start);
		rows++;
	}
	return rows;
}

/* Draws (or counts the rows of) the answers: "y send   n keep", broken between answers. */
static int draw_answers(const struct dialogue *dialogue, struct cells *cells, const struct area *area, int row,
                        int *widest)
{
	int column = 0, rows = dialogue->answer_count > 0;
	for (size_t i = 0; i < dialogue->answer_count; i++) {
		const struct answer *answer = &dialogue->answers[i];
		char key[8];
		key[utf8_encode(answer->key, key)] = '\0';
		int width = (int)(text_width(key, strlen(key)) + 1);
		width += (int)text_width(answer->label, strlen(answer->label));
		if (column > 0 && column + width > area->columns) {
			column = 0;
			rows++;
		}
		if (cells != NULL) {
			int at = cells_puts(cells, area, row + rows - 1, column, STYLE_KEY, key);
			cells_puts(cells, area, row + rows - 1, at + 1, STYLE_DIALOGUE, answer->label);
		}
		*widest = column + width > *widest ? column + width : *widest;
		column += width + ANSWER_GAP;
	}
	return rows;
}

static void draw_question(const struct dialogue *dialogue, struct cells *cells, const struct area *area)
{
	struct area inside = { 0, 0, 0, smaller(area->columns - 4, WIDEST - 4) };
	if (inside.columns < 4)
		inside.columns = area->columns;
	int widest = (int)text_width(dialogue->title, strlen(dialogue->title)) + 2;
	int text = draw_text(dialogue, NULL, &inside, false, &widest);
	int answers = draw_answers(dialogue, NULL, &inside, 0, &widest);
	bool tight = text + answers + 2 > area->rows;
	if (tight)
		text = draw_text(dialogue, NULL, &inside, true, &widest);
	inside.columns = smaller(inside.columns, widest);
	int gap = text + answers + 3 <= area->rows;
	int rows = smaller(text + gap + answers + 2, area->rows);
	int columns = smaller(inside.columns + 4, area->columns);
	struct area box = { area->row + (area->rows - rows) / 2, area->column + (area->columns - columns) / 2, rows,
		            columns };
	draw_frame(dialogue, cells, &box);
	/* The answers are what must be seen; a long text is cut above them. */
	int row = smaller(text + gap, box.rows - answers);
	struct area above = { box.row, box.column, row > 0 ? row : 0, box.columns };
	draw_text(dialogue, cells, &above, tight, &widest);
	draw_answers(dialogue, cells, &box, row > 0 ? row : 0, &widest);
	cells_hide_cursor(cells);
}

static int widest_item(const struct dialogue *dialogue)
{
	size_t widest = text_width(dialogue->title, strlen(dialogue->title)) + 2;
	widest = widest < 24 ? 24 : widest;
	for (size_t i = 0; i < dialogue->item_count && widest < WIDEST; i++) {
		const struct item *item = &dialogue->items[i];
		size_t width = text_width(item->label, strlen(item->label));
		if (item->remark != NULL)
			width += text_width(item->remark, strlen(item->remark)) + 3;
		widest = width > widest ? width : widest;
	}
	return widest < WIDEST ? (int)widest : WIDEST;
}

static void draw_item(const struct item *item, struct cells *cells, const struct area *area, int row, bool chosen)
{
	struct area line = { area->row + row, area->column - 1, 1, area->columns + 2 };
	if (chosen)
		cells_fill(cells, &line, STYLE_SELECTION);
	int columns = area->columns;
	int remark = item->remark != NULL ? (int)text_width(item->remark, strlen(item->remark)) : 0;
	/* A long label leaves a short remark its place: the times of what was found stand below each other. */
	int label = remark > 0 && remark + 2 <= columns / 3 ? columns - remark - 2 : columns;
	int column = cells_put_cut(cells, &line, 0, 1, label, chosen ? STYLE_SELECTION : STYLE_DIALOGUE,
	                           item->label, strlen(item->label));
	int space = columns + 1 - (column + 2);
	if (remark > 0 && space > 2)
		cells_put_cut(cells, &line, 0, remark <= space ? columns + 1 - remark : column + 2, space,
		              chosen ? STYLE_SELECTION : STYLE_DIALOGUE_REMARK, item->remark, strlen(item->remark));
}

static void draw_chooser(const struct dialogue *dialogue, struct cells *cells, const struct area *area)
{
	int filter = dialogue->filtered;
	/* As high as all items need, so that the box does not jump while the filter narrows them. */
	int wanted = (int)(dialogue->item_count < HIGHEST ? dialogue->item_count : HIGHEST);
	int rows = smaller((wanted > 0 ? wanted : 1) + filter + 2, area->rows);
	int columns = smaller(widest_item(dialogue) + 4, area->columns);
	if (area->columns <= WHOLE) /* a box over a part of a narrow window would leave scraps */
		columns = area->columns;
	struct area box = { area->row + area->rows - rows, area->column, rows, columns };
	draw_frame(dialogue, cells, &box);
	cells_hide_cursor(cells);
	if (filter) {
		int column = cells_puts(cells, &box, 0, 0, STYLE_KEY, "> ");
		/* The end of a long filter is in view. */
		const char *text = dialogue->filter;
		size_t length = dialogue->filter_length, at = 0;
		while (at < length && (int)text_width(text + at, length - at) > box.columns - column - 1)
			at = text_next(text, length, at, NULL);
		column = cells_put(cells, &box, 0, column, STYLE_DIALOGUE, text + at, length - at);
		cells_set_cursor(cells, &box, 0, column);
	}
	int space = box.rows - filter;
	size_t top = space > 0 && dialogue->chosen >= (size_t)space ? dialogue->chosen - (size_t)space + 1 : 0;
	for (int row = 0; row < space && top + (size_t)row < dialogue->match_count; row++) {
		size_t match = top + (size_t)row;
		draw_item(&dialogue->items[dialogue->matches[match].item], cells, &box, filter + row,
		          match == dialogue->chosen);
	}
}

void dialogue_draw(struct dialogue *dialogue, struct cells *cells, const struct area *area)
{
	if (area->rows <= 0 || area->columns <= 0)
		return;
	if (dialogue->text != NULL)
		draw_question(dialogue, cells, area);
	else
		draw_chooser(dialogue, cells, area);
}
