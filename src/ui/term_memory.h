/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A terminal in memory, for tests: keeps the last grid drawn and writes it as text. */
#ifndef TCHAT_UI_TERM_MEMORY_H
#define TCHAT_UI_TERM_MEMORY_H

#include "base/buffer.h"
#include "ui/terminal.h"

/* NULL when memory is out. Freed with terminal_free(). */
struct terminal *term_memory_new(int rows, int columns);

/* The window changes its size; what was drawn is forgotten. */
void term_memory_resize(struct terminal *terminal, int rows, int columns);

/* What was drawn last; a grid of blanks before. */
const struct cells *term_memory_cells(const struct terminal *terminal);

/* How often it was drawn, rang, and the last title ("" for none). */
unsigned term_memory_draws(const struct terminal *terminal);
unsigned term_memory_bells(const struct terminal *terminal);
const char *term_memory_title(const struct terminal *terminal);

/* Appends a grid to out as text: each row between bars with blanks kept, then where the cursor is, then for each
 * row that has any the runs of roles other than text. 0 or as buffer_put(). */
int term_memory_dump(const struct cells *cells, struct buffer *out);

/* Appends one row's text, without blanks at its end. */
int term_memory_row(const struct cells *cells, int row, struct buffer *out);

#endif
