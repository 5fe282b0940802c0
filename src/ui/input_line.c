/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The draft as rows of cells. Rows are laid out from a line's start near the cursor, so that a draft of a
 * megabyte costs no more than a short one. */
#include "ui/input_line.h"

#include "base/buffer.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	NEAR = 4096,      /* a line longer than this is not laid out from its start */
	CAP = 200,        /* most rows */
	CLUSTER = 1024,   /* a longer cluster is drawn cut */
};

/* Widths for a view: rows hold columns cells and one more where a blank, a newline or the cursor may stand. The
 * first one begins behind the prompt, the others at hang. */
struct shape {
	int columns, spare, prompt, hang;
};

static size_t prompt_clean(const struct input_view *view, struct buffer *out)
{
	if (view->prompt == NULL || *view->prompt == '\0')
		return 0;
	(void)text_clean(out, view->prompt, strnlen(view->prompt, CLUSTER), TEXT_LINE);
	return text_width((const char *)buffer_data(out), buffer_length(out));
}

static struct shape shape_of(const struct input_view *view, int columns)
{
	struct buffer prompt;
	buffer_init(&prompt, TEXT_CLEAN_MAX(CLUSTER));
	size_t width = prompt_clean(view, &prompt);
	buffer_free(&prompt);
	struct shape shape = { .columns = columns > 0 ? columns : 1 };
	if (columns >= 10) {
		shape.columns--;
		shape.spare = 1;
	}
	/* The prompt may take all but a third of the row; the draft wants to be seen. */
	int most = shape.columns - (shape.columns + 2) / 3;
	shape.prompt = width < (size_t)most ? (int)width : most;
	shape.hang = shape.prompt <= shape.columns / 3 ? shape.prompt : 0;
	return shape;
}

/* One element of the draft: a cluster or a newline. Its end and columns; clean text into out unless that is NULL. */
static size_t element(const struct input_view *view, size_t at, int *width, struct buffer *out)
{
	const char *text = view->text;
	if (text[at] == '\n') {
		*width = 1;
		return at + 1;
	}
	size_t end = text_next(text, view->length, at, width);
	if (end == at + 1 && text[at] >= 0x20 && text[at] < 0x7F) {
		if (out != NULL)
			(void)buffer_put(out, text + at, 1);
		return end;
	}
	struct buffer clean;
	buffer_init(&clean, TEXT_CLEAN_MAX(CLUSTER));
	(void)text_clean(&clean, text + at, utf8_cut(text + at, end - at, CLUSTER), TEXT_LINE);
	*width = 0;
	if (buffer_length(&clean) > 0) {
		*width = (int)text_width((const char *)buffer_data(&clean), buffer_length(&clean));
		if (out != NULL)
			(void)buffer_put(out, buffer_data(&clean), buffer_length(&clean));
	}
	buffer_free(&clean);
	return end;
}

/* One row: where the next begins, the column of the cursor when that stands in it (else -1), and whether it is the
 * last. Behind the text there is one more element, a cell for the cursor; the row that has it is the last. */
struct row {
	size_t end;
	int cursor;
	bool last;
};

static struct row row_find(const struct input_view *view, const struct shape *shape, size_t start)
{
	struct row row = { .cursor = -1 };
	int column = start == 0 ? shape->prompt : shape->hang;
	size_t chance = start; /* behind the last blank */
	for (size_t at = start, end = start;; at = end) {
		int width = 1;
		if (at < view->length)
			end = element(view, at, &width, NULL);
		bool word = at < view->length && view->text[at] != ' ' && view->text[at] != '\n';
		if (column + width > shape->columns + (word ? 0 : shape->spare) && at > start) {
			row.end = word && chance > start ? chance : at;
			if (view->cursor >= row.end)
				row.cursor = -1;
			return row;
		}
		if (view->cursor >= at && (view->cursor < end || at == view->length))
			row.cursor = column;
		row.end = end;
		row.last = at == view->length;
		if (row.last || view->text[at] == '\n')
			return row;
		column += width;
		if (view->text[at] == ' ')
			chance = end;
	}
}

int input_line_rows(const struct input_view *view, int columns, int cap)
{
	struct shape shape = shape_of(view, columns);
	int rows = 1;
	for (struct row row = row_find(view, &shape, 0); !row.last && rows < cap; rows++)
		row = row_find(view, &shape, row.end);
	return rows;
}

/* Where laying out begins: so many lines above the cursor. Inside of huge lines it begins at a multiple of NEAR,
 * so that rows do not dance while one types. */
static size_t slice_start(const struct input_view *view, int lines)
{
	size_t least = view->cursor / NEAR > 1 ? (view->cursor / NEAR - 1) * NEAR : 0;
	for (size_t at = view->cursor; at > least; at--) {
		if (view->text[at - 1] == '\n' && --lines < 0)
			return at;
	}
	return least > 0 ? text_previous(view->text, view->length, least) : 0;
}

/* The start of the top row in view, and whether rows are hidden above. */
static size_t slice_top(const struct input_view *view, const struct shape *shape, int rows, bool *above)
{
	size_t starts[CAP], start = slice_start(view, rows);
	int count = 0;
	bool begun = start > 0;
	struct row row;
	for (;; start = row.end) {
		row = row_find(view, shape, start);
		starts[count++ % CAP] = start;
		if (row.cursor >= 0 || row.last)
			break;
	}
	/* One row below the cursor's is kept in view when there is one. */
	int top = count - rows + (!row.last && rows > 1 ? 1 : 0);
	top = top > 0 ? top : 0;
	*above = begun || top > 0;
	return starts[top % CAP];
}

static void draw_row(struct cells *cells, const struct area *area, const struct input_view *view,
                     const struct shape *shape, int row, size_t start, size_t end)
{
	int column = start == 0 ? shape->prompt : shape->hang, width;
	struct buffer clean;
	buffer_init(&clean, TEXT_CLEAN_MAX(CLUSTER));
	for (size_t at = start; at < end; column += width) {
		buffer_truncate(&clean, 0);
		bool newline = view->text[at] == '\n';
		at = element(view, at, &width, &clean);
		if (newline)
			cells_puts(cells, area, row, column, STYLE_INPUT_NEWLINE, "↵");
		else if (buffer_length(&clean) > 0)
			cells_put(cells, area, row, column, STYLE_INPUT, (const char *)buffer_data(&clean),
			          buffer_length(&clean));
	}
	buffer_free(&clean);
}

static void draw_prompt(struct cells *cells, const struct area *area, const struct input_view *view,
                        const struct shape *shape)
{
	struct buffer prompt;
	buffer_init(&prompt, TEXT_CLEAN_MAX(CLUSTER));
	prompt_clean(view, &prompt);
	size_t length = buffer_length(&prompt);
	const char *text = (const char *)buffer_data(&prompt);
	/* The end of a long prompt is what changes (a search): its start is left out. */
	size_t at = 0;
	for (int over = (int)text_width(text, length) - shape->prompt; at < length && over > 0;) {
		int width;
		at = text_next(text, length, at, &width);
		over -= width;
	}
	if (at < length)
		cells_put(cells, area, 0, shape->prompt - (int)text_width(text + at, length - at), STYLE_PROMPT,
		          text + at, length - at);
	buffer_free(&prompt);
}

void input_line_draw(struct cells *cells, const struct area *area, const struct input_view *view)
{
	if (area->rows <= 0 || area->columns <= 0)
		return;
	struct shape shape = shape_of(view, area->columns);
	int rows = area->rows < CAP - 2 ? area->rows : CAP - 2;
	bool above;
	size_t start = slice_top(view, &shape, rows, &above);
	cells_fill(cells, area, STYLE_INPUT);
	if (start == 0)
		draw_prompt(cells, area, view, &shape);
	if (view->length == 0 && view->hint != NULL)
		cells_put_unclean(cells, area, 0, shape.prompt, shape.columns - shape.prompt, STYLE_INPUT_NEWLINE,
		                  view->hint, strlen(view->hint));
	struct row found = { .last = false };
	for (int row = 0; row < rows && !found.last; row++, start = found.end) {
		found = row_find(view, &shape, start);
		draw_row(cells, area, view, &shape, row, start, found.end);
		if (found.cursor >= 0)
			cells_set_cursor(cells, area, row, found.cursor);
	}
	if (area->columns < 10)
		return;
	if (above)
		cells_puts(cells, area, 0, area->columns - 1, STYLE_INPUT_NEWLINE, "↑");
	if (!found.last)
		cells_puts(cells, area, rows - 1, area->columns - 1, STYLE_INPUT_NEWLINE, "↓");
}
