/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What shows a grid: curses, or memory in tests. A back end's struct begins with struct terminal; optional
 * verbs may be NULL in its class and then do nothing. */
#ifndef TCHAT_UI_TERMINAL_H
#define TCHAT_UI_TERMINAL_H

#include "ui/cells.h"
#include "ui/theme.h"

#include <stddef.h>

struct terminal;

struct terminal_class {
	/* Rows and columns now, at least 1 each. */
	void (*size)(const struct terminal *terminal, int *rows, int *columns);
	/* Shows the grid; the back end finds out what changed since the last one. The grid may have another size than
	 * the terminal (a resize in between): what is outside is left out. 0 or a negative tchat_err. */
	int (*draw)(struct terminal *terminal, const struct cells *cells);
	/* How roles look from the next draw on. */
	void (*set_theme)(struct terminal *terminal, enum theme theme);
	void (*free)(struct terminal *terminal);
	/* Optional: the next draw writes every cell anew (^L). */
	void (*repair)(struct terminal *terminal);
	/* Optional: gives the terminal back to the shell; the next draw takes it again (^Z, $EDITOR). */
	void (*suspend)(struct terminal *terminal);
	/* Optional: rings. */
	void (*bell)(struct terminal *terminal);
	/* Optional: window title; tchat's own words and counts only, never remote text. */
	void (*set_title)(struct terminal *terminal, const char *text);
	/* Optional: desktop notification; own words only. */
	void (*notify)(struct terminal *terminal, const char *text);
	/* Optional: puts cleaned text on the clipboard. */
	void (*copy)(struct terminal *terminal, const char *text, size_t length);
};

struct terminal {
	const struct terminal_class *class;
};

void terminal_size(const struct terminal *terminal, int *rows, int *columns);
int terminal_draw(struct terminal *terminal, const struct cells *cells);
void terminal_set_theme(struct terminal *terminal, enum theme theme);
void terminal_repair(struct terminal *terminal);
void terminal_suspend(struct terminal *terminal);
void terminal_bell(struct terminal *terminal);
void terminal_set_title(struct terminal *terminal, const char *text);
void terminal_notify(struct terminal *terminal, const char *text);
void terminal_copy(struct terminal *terminal, const char *text, size_t length);

/* Ends it; NULL is fine. */
void terminal_free(struct terminal *terminal);

#endif
