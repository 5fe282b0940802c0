/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text to scroll through, over the whole screen. Lines that begin with "# " are headings; a line with a TAB is
 * a key or command and what it does. */
#ifndef TCHAT_UI_HELP_SCREEN_H
#define TCHAT_UI_HELP_SCREEN_H

#include "ui/cells.h"

#include <stddef.h>

struct help_screen;

/* Copies and cleans both. NULL when memory is out. */
struct help_screen *help_screen_new(const char *title, const char *text);
void help_screen_free(struct help_screen *help);

void help_screen_draw(struct help_screen *help, struct cells *cells, const struct area *area);

/* Moves by rows or by pages; both ends stop it. INT_MIN and INT_MAX rows go to the ends. */
void help_screen_scroll(struct help_screen *help, int rows);
void help_screen_page(struct help_screen *help, int pages);

#endif
