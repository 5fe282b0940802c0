/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grid of cells: every write goes through cell_set(), which keeps wide characters whole. */
#include "ui/cells.h"

#include "base/buffer.h"
#include "base/errors.h"
#include "base/text.h"
#include "base/text_filter.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct cells {
	int rows, columns;
	int cursor_row, cursor_column;
	bool cursor_visible;
	struct cell *cell;
};

static int within(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

static struct cell cell_blank(enum style_role role)
{
	return (struct cell){ .base = ' ', .width = 1, .role = (uint8_t)role };
}

struct cells *cells_new(int rows, int columns)
{
	struct cells *cells = calloc(1, sizeof *cells);
	if (cells != NULL && cells_resize(cells, rows, columns) != 0) {
		free(cells);
		return NULL;
	}
	return cells;
}

void cells_free(struct cells *cells)
{
	if (cells == NULL)
		return;
	free(cells->cell);
	free(cells);
}

int cells_resize(struct cells *cells, int rows, int columns)
{
	rows = within(rows, 1, CELLS_MAX_ROWS);
	columns = within(columns, 1, CELLS_MAX_COLUMNS);
	if (cells->cell == NULL || rows != cells->rows || columns != cells->columns) {
		struct cell *cell = calloc((size_t)rows * (size_t)columns, sizeof *cell);
		if (cell == NULL)
			return TCHAT_ERR_MEMORY;
		free(cells->cell);
		cells->cell = cell;
		cells->rows = rows;
		cells->columns = columns;
	}
	cells_clear(cells);
	return 0;
}

int cells_rows(const struct cells *cells)
{
	return cells->rows;
}

int cells_columns(const struct cells *cells)
{
	return cells->columns;
}

struct area cells_area(const struct cells *cells)
{
	return (struct area){ 0, 0, cells->rows, cells->columns };
}

const struct cell *cells_row(const struct cells *cells, int row)
{
	return cells->cell + (size_t)row * (size_t)cells->columns;
}

static bool is_disputed(const struct cell *cell)
{
	bool disputed = text_is_disputed(cell->base);
	for (int i = 0; i < CELL_MARKS && cell->marks[i] != 0; i++)
		disputed = disputed || text_is_disputed(cell->marks[i]);
	return disputed;
}

int cells_disputed(const struct cell *row, int columns)
{
	int at = columns;
	while (at > 0 && !is_disputed(&row[at - 1]))
		at--;
	if (at == 0)
		return 0;
	for (; at < columns; at++) {
		bool last = at + 1 == columns;
		if (row[at].base == ' ' && row[at].width == 1 &&
		    (last || row[at + 1].base == ' ' || row[at + 1].role == STYLE_BORDER))
			break;
	}
	return at;
}

void cells_clear(struct cells *cells)
{
	struct cell blank = cell_blank(STYLE_TEXT);
	size_t count = (size_t)cells->rows * (size_t)cells->columns;
	for (size_t i = 0; i < count; i++)
		cells->cell[i] = blank;
	cells->cursor_visible = false;
	cells->cursor_row = cells->cursor_column = 0;
}

int cells_copy(struct cells *cells, const struct cells *from)
{
	cells_clear(cells);
	int rows = within(from->rows, 0, cells->rows), columns = within(from->columns, 0, cells->columns);
	for (int row = 0; row < rows; row++) {
		struct cell *line = cells->cell + (size_t)row * (size_t)cells->columns;
		memcpy(line, cells_row(from, row), (size_t)columns * sizeof *line);
		if (line[columns - 1].width == 2) /* its right half was cut off */
			line[columns - 1] = cell_blank(line[columns - 1].role);
	}
	cells->cursor_row = from->cursor_row;
	cells->cursor_column = from->cursor_column;
	cells->cursor_visible = from->cursor_visible && from->cursor_row < rows && from->cursor_column < columns;
	return 0;
}

/* The part of an area that lies in the grid; false when there is none. */
static bool area_clip(const struct cells *cells, const struct area *area, struct area *out)
{
	/* In 64 bits, so that no corner can overflow. */
	long long top = area->row > 0 ? area->row : 0;
	long long left = area->column > 0 ? area->column : 0;
	long long bottom = (long long)area->row + area->rows;
	long long right = (long long)area->column + area->columns;
	if (bottom > cells->rows)
		bottom = cells->rows;
	if (right > cells->columns)
		right = cells->columns;
	if (top >= bottom || left >= right)
		return false;
	*out = (struct area){ (int)top, (int)left, (int)(bottom - top), (int)(right - left) };
	return true;
}

/* The visible columns of a row of an area, in grid coordinates; NULL when the row is not visible. */
static struct cell *row_clip(struct cells *cells, const struct area *area, int row, int *left, int *right)
{
	struct area clip;
	if (row < 0 || row >= area->rows || !area_clip(cells, area, &clip))
		return NULL;
	int at = area->row + row;
	if (at < clip.row || at >= clip.row + clip.rows)
		return NULL;
	*left = clip.column;
	*right = clip.column + clip.columns;
	return cells->cell + (size_t)at * (size_t)cells->columns;
}

/* Writes a cell and its right half; what they cut of a wide character becomes blank. The place has been checked. */
static void cell_set(const struct cells *cells, struct cell *line, int column, struct cell cell)
{
	int end = column + cell.width;
	if (line[column].width == 0 && column > 0)
		line[column - 1] = cell_blank(line[column - 1].role);
	if (end < cells->columns && line[end].width == 0)
		line[end] = cell_blank(line[end].role);
	line[column] = cell;
	if (cell.width == 2)
		line[column + 1] = (struct cell){ .role = cell.role, .attributes = cell.attributes };
}

void cells_fill(struct cells *cells, const struct area *area, enum style_role role)
{
	for (int row = 0; row < area->rows && row < CELLS_MAX_ROWS; row++) {
		int left, right;
		struct cell *line = row_clip(cells, area, row, &left, &right);
		for (int column = left; line != NULL && column < right; column++)
			cell_set(cells, line, column, cell_blank(role));
	}
}

/* Draws one cluster, a run of units each of a spacing code point and its marks. */
static void cluster_set(struct cells *cells, struct cell *line, int column, enum style_role role, const char *text,
                        size_t length)
{
	struct cell cell = cell_blank(role);
	size_t marks = 0;
	bool begun = false;
	for (size_t at = 0; at < length;) {
		char32_t c;
		at += utf8_decode(text + at, length - at, &c);
		int width = text_char_width(c);
		if (width == 0 && begun) {
			if (marks < CELL_MARKS && text_classify(c) == TEXT_KEEP) /* no joiner gets out, whoever forgot to clean */
				cell.marks[marks++] = c;
			continue;
		}
		if (begun) {
			cell_set(cells, line, column, cell);
			column += cell.width;
		}
		cell = cell_blank(role);
		cell.base = width > 0 ? c : UTF8_REPLACEMENT;
		cell.width = (uint8_t)(width == 2 ? 2 : 1);
		marks = 0;
		begun = true;
	}
	if (begun)
		cell_set(cells, line, column, cell);
}

int cells_put(struct cells *cells, const struct area *area, int row, int column, enum style_role role,
              const char *text, size_t length)
{
	int left = 0, right = 0;
	struct cell *line = row_clip(cells, area, row, &left, &right);
	int at = column;
	for (size_t start = 0, end; start < length; start = end) {
		int width;
		end = text_next(text, length, start, &width);
		int from = area->column + at, to = from + width;
		at += width;
		if (line == NULL || to <= left || from >= right)
			continue;
		if (from >= left && to <= right) {
			cluster_set(cells, line, from, role, text + start, end - start);
			continue;
		}
		for (int blank = from < left ? left : from; blank < to && blank < right; blank++)
			cell_set(cells, line, blank, cell_blank(role));
	}
	return at;
}

int cells_puts(struct cells *cells, const struct area *area, int row, int column, enum style_role role,
               const char *text)
{
	return cells_put(cells, area, row, column, role, text, strlen(text));
}

int cells_put_cut(struct cells *cells, const struct area *area, int row, int column, int columns,
                  enum style_role role, const char *text, size_t length)
{
	if (columns <= 0)
		return column;
	size_t cut = text_cut(text, length, (size_t)columns, NULL);
	if (cut == length)
		return cells_put(cells, area, row, column, role, text, length);
	cut = text_cut(text, length, (size_t)columns - 1, NULL);
	while (cut > 0 && text[cut - 1] == ' ')
		cut--;
	column = cells_put(cells, area, row, column, role, text, cut);
	return cells_puts(cells, area, row, column, role, "…");
}

int cells_put_unclean(struct cells *cells, const struct area *area, int row, int column, int columns,
                      enum style_role role, const char *text, size_t length)
{
	if (columns <= 0)
		return column;
	/* What lies far behind the edge is not looked at. */
	length = utf8_cut(text, length, 64 + 16 * (size_t)columns);
	if (utf8_ascii(text, length) == length) /* controls are dealt with cell by cell */
		return cells_put_cut(cells, area, row, column, columns, role, text, length);
	struct buffer clean;
	buffer_init(&clean, TEXT_CLEAN_MAX(length));
	if (text_clean(&clean, text, length, TEXT_LINE) == 0)
		column = cells_put_cut(cells, area, row, column, columns, role, (const char *)buffer_data(&clean),
		                       buffer_length(&clean));
	buffer_free(&clean);
	return column;
}

void cells_repeat(struct cells *cells, const struct area *area, int row, int column, int count,
                  enum style_role role, char32_t c)
{
	int left, right;
	struct cell *line = row_clip(cells, area, row, &left, &right);
	struct cell cell = cell_blank(role);
	cell.base = c;
	for (int i = 0; line != NULL && i < count; i++) {
		int at = area->column + column + i;
		if (at >= left && at < right)
			cell_set(cells, line, at, cell);
	}
}

/* Widens a run of columns so that it cuts no wide character. */
static struct cell *run_whole(struct cells *cells, const struct area *area, int row, int column, int count, int *from,
                              int *to)
{
	int left, right;
	struct cell *line = row_clip(cells, area, row, &left, &right);
	if (line == NULL)
		return NULL;
	*from = within(area->column + column, left, right);
	*to = within(area->column + column + count, left, right);
	if (*from >= *to)
		return NULL;
	if (line[*from].width == 0 && *from > left)
		--*from;
	if (*to < right && line[*to].width == 0)
		++*to;
	return line;
}

void cells_mark(struct cells *cells, const struct area *area, int row, int column, int count, uint8_t attributes)
{
	int from = 0, to = 0;
	struct cell *line = run_whole(cells, area, row, column, count, &from, &to);
	for (int at = from; line != NULL && at < to; at++)
		line[at].attributes |= attributes;
}

void cells_tint(struct cells *cells, const struct area *area, int row, int column, int count, enum style_role role)
{
	int from = 0, to = 0;
	struct cell *line = run_whole(cells, area, row, column, count, &from, &to);
	for (int at = from; line != NULL && at < to; at++)
		line[at].role = (uint8_t)role;
}

void cells_set_cursor(struct cells *cells, const struct area *area, int row, int column)
{
	int left, right;
	cells->cursor_visible = row_clip(cells, area, row, &left, &right) != NULL &&
	                        area->column + column >= left && area->column + column < right;
	if (cells->cursor_visible) {
		cells->cursor_row = area->row + row;
		cells->cursor_column = area->column + column;
	}
}

void cells_hide_cursor(struct cells *cells)
{
	cells->cursor_visible = false;
}

bool cells_cursor(const struct cells *cells, int *row, int *column)
{
	if (!cells->cursor_visible)
		return false;
	*row = cells->cursor_row;
	*column = cells->cursor_column;
	return true;
}
