/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A grid of cells that widgets draw into and a terminal shows. Text goes in by grapheme cluster; a wide
 * character is never cut in half, neither by an edge nor by what is drawn over it. */
#ifndef TCHAT_UI_CELLS_H
#define TCHAT_UI_CELLS_H

#include "ui/style.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uchar.h>

#define CELL_MARKS 4

/* Added to what the theme gives the cell's role. */
enum cell_attribute {
	CELL_BOLD = 1,
	CELL_DIM = 2,
	CELL_UNDERLINE = 4,
	CELL_REVERSE = 8,
};

/* One column. Two cells with the same memory look the same: unused marks and spare are 0. */
struct cell {
	char32_t base;              /* ' ' when empty; 0 in the right half of a wide character */
	char32_t marks[CELL_MARKS]; /* zero-width code points on the base; 0 ends them */
	uint8_t width;              /* columns: 1 or 2; 0: right half of the wide character before it */
	uint8_t role;               /* enum style_role */
	uint8_t attributes;         /* enum cell_attribute, or-ed */
	uint8_t spare;
};

/* A part of the grid; widgets draw with rows and columns counted from its corner and cannot leave it. */
struct area {
	int row, column, rows, columns;
};

struct cells;

/* The largest grid: sizes beyond it are cut. */
#define CELLS_MAX_ROWS 1000
#define CELLS_MAX_COLUMNS 2000

/* A grid of empty cells, cursor hidden; sizes are brought into 1..CELLS_MAX. NULL when memory is out. */
struct cells *cells_new(int rows, int columns);
void cells_free(struct cells *cells);

/* Changes the size and empties the grid: 0, or TCHAT_ERR_MEMORY with nothing changed. */
int cells_resize(struct cells *cells, int rows, int columns);

/* Makes cells a copy of from, cursor and all, cut or filled up with blanks to its own size; 0. */
int cells_copy(struct cells *cells, const struct cells *from);

int cells_rows(const struct cells *cells);
int cells_columns(const struct cells *cells);
struct area cells_area(const struct cells *cells);

/* The cells of one row, cells_columns() of them; valid until the grid is resized or freed. row is in range. */
const struct cell *cells_row(const struct cells *cells, int row);

/* Where a row may be taken apart when terminals dispute widths in it: the column behind the last such cell and the
 * text that goes on behind that, up to a gap or a border. 0 when all agree. */
int cells_disputed(const struct cell *row, int columns);

/* Empties everything in STYLE_TEXT and hides the cursor. */
void cells_clear(struct cells *cells);

/* Fills an area with blanks of a role. The area may lie outside of the grid, wholly or in part. */
void cells_fill(struct cells *cells, const struct area *area, enum style_role role);

/* Draws cleaned text (text_clean()) at a place of the area and returns the column after it, as if there
 * were no edges. A cluster that the area's edge would cut is left out and blanks stand for its part inside.
 * Control characters show as U+FFFD. column may be negative. */
int cells_put(struct cells *cells, const struct area *area, int row, int column, enum style_role role,
              const char *text, size_t length);

/* The same for a C string. */
int cells_puts(struct cells *cells, const struct area *area, int row, int column, enum style_role role,
               const char *text);

/* The same, but text wider than columns is cut and ends in "…". Returns the column after what was drawn. */
int cells_put_cut(struct cells *cells, const struct area *area, int row, int column, int columns,
                  enum style_role role, const char *text, size_t length);

/* The same for any bytes: they are cleaned first (text_clean()). For texts that come from afar. */
int cells_put_unclean(struct cells *cells, const struct area *area, int row, int column, int columns,
                      enum style_role role, const char *text, size_t length);

/* Draws one code point of width 1 count times to the right (lines). */
void cells_repeat(struct cells *cells, const struct area *area, int row, int column, int count,
                  enum style_role role, char32_t c);

/* Adds attributes to count cells; wide characters are taken whole. */
void cells_mark(struct cells *cells, const struct area *area, int row, int column, int count, uint8_t attributes);

/* Gives count cells another role and keeps their text. */
void cells_tint(struct cells *cells, const struct area *area, int row, int column, int count,
                enum style_role role);

/* Where the cursor stands: shown when the place is inside of the area and the grid, else hidden. */
void cells_set_cursor(struct cells *cells, const struct area *area, int row, int column);
void cells_hide_cursor(struct cells *cells);

/* True when the cursor is shown, and then its place in the grid. */
bool cells_cursor(const struct cells *cells, int *row, int *column);

#endif
