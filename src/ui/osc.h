/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes to a terminal beside curses: operating system commands for titles, notifications, the clipboard. */
#ifndef TCHAT_UI_OSC_H
#define TCHAT_UI_OSC_H

#include <stdbool.h>
#include <stddef.h>

#define OSC_TEXT_SIZE 272 /* longer texts are cut at a character */

/* Writes the command start ("2", "9") with a text that cannot leave it: no control characters, whole UTF-8, or ASCII
 * alone. Returns the bytes. */
size_t osc_text(char out[OSC_TEXT_SIZE], const char *start, const char *text, bool ascii);

/* The command that puts text into the clipboard, *size bytes for free(); NULL when memory is out. */
char *osc_copy(const char *text, size_t length, size_t *size);

/* Writes all bytes, waiting up to a second for each part that a slow terminal takes; gives up when it takes none. */
void osc_write(int fd, const char *bytes, size_t length);

#endif
