/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links in a text: where they begin and end. */
#ifndef TCHAT_UI_LINKS_H
#define TCHAT_UI_LINKS_H

#include <stdbool.h>
#include <stddef.h>

enum { LINKS_LONGEST = 2048 }; /* bytes of one; what is longer is cut there */

/* Finds the next link ("https://…", "http://…", "tchat://…") whose colon is at from or behind it, and before until
 * (at most length): its bytes are *start to *end, not with it. Punctuation behind it does not belong to it. */
bool links_next(const char *text, size_t length, size_t from, size_t until, size_t *start, size_t *end);

#endif
