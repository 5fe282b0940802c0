/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a tchatrc: its lines, and a text with one value changed and everything else as it was. */
#ifndef TCHAT_APP_CONFIG_TEXT_H
#define TCHAT_APP_CONFIG_TEXT_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum config_line_kind {
	CONFIG_LINE_NOTHING, /* blank, or a comment */
	CONFIG_LINE_SETTING,
	CONFIG_LINE_NO_VALUE, /* without = or with nothing behind it: key is all of the line, or what is before it */
	CONFIG_LINE_BYTES,   /* holds what is not text: NUL, other control characters, invalid UTF-8 */
};

/* Key and value without blanks around them; they point into the text. */
struct config_line {
	enum config_line_kind kind;
	const char *key;
	size_t key_length;
	const char *value;
	size_t value_length;
};

/* True for UTF-8 without control characters: what a value may be, in one line. */
bool config_text_is_value(const char *text, size_t length);

/* Reads the line at *at (0 at first) and moves *at behind it; 0 at the end of the text. */
int config_line_next(const char *text, size_t length, size_t *at, struct config_line *line);

/* Appends text to out with key's value changed: in its last line, which is the one that counts, or in a new line at the
 * end. value NULL takes all of its lines away. 0 or as buffer_put(). */
int config_text_change(struct buffer *out, const char *text, size_t length, const char *key, const char *value);

#endif
