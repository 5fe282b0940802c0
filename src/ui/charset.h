/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The locale's character set: UTF-8 where it can be had. */
#ifndef TCHAT_UI_CHARSET_H
#define TCHAT_UI_CHARSET_H

#include <stdbool.h>

/* Calls setlocale(LC_ALL, ""), and when that is not UTF-8 tries C.UTF-8 and its other spellings for LC_CTYPE.
 * True when LC_CTYPE is UTF-8 in the end; otherwise the screen shows '?' for what is not ASCII. */
bool charset_start(void);

/* True when the current LC_CTYPE is UTF-8. */
bool charset_is_utf8(void);

#endif
