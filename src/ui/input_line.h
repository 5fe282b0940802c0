/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Draws a prompt and the draft behind it. The editing is done elsewhere (line_editor); this shows a text and a
 * byte offset as rows of cells, near the cursor only, whatever the draft's length. */
#ifndef TCHAT_UI_INPUT_LINE_H
#define TCHAT_UI_INPUT_LINE_H

#include "ui/cells.h"

#include <stddef.h>

struct input_view {
	const char *prompt; /* any bytes; "(reverse-i-search)`ab': " as well; NULL: none */
	const char *text;   /* any bytes: what cannot be shown is drawn cleaned, cluster by cluster */
	size_t length;
	size_t cursor;      /* byte offset, at most length */
	const char *hint;   /* shown while the text is empty, or NULL */
};

/* Rows that the draft wants in so many columns: 1..cap. */
int input_line_rows(const struct input_view *view, int columns, int cap);

/* Draws the rows around the cursor and sets the grid's cursor. Arrows at the right edge tell of rows hidden above
 * or below. */
void input_line_draw(struct cells *cells, const struct area *area, const struct input_view *view);

#endif
