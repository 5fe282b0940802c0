/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the line editor does to plain text, readline aside: pastes, lines of a draft, completion, history
 * entries. */
#ifndef TCHAT_UI_LINE_TEXT_H
#define TCHAT_UI_LINE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_TEXT_NOWHERE SIZE_MAX

/* Where the cursor at point goes to in the line above or below, in the same column as nearly as can be;
 * LINE_TEXT_NOWHERE when there is no such line. */
size_t line_text_move(const char *text, size_t point, bool up);

/* Writes pasted bytes cleaned to out, which has room for length + 1, with a NUL at the end: line ends
 * become newlines, tabs stay, other control characters and invalid UTF-8 go. */
void line_text_clean(char *out, const char *bytes, size_t length);

/* What readline wants to know of count candidates, each preceded by the first before bytes of typed: an
 * array to be freed with its strings, NULL at its end. Element 0 is what to insert: the only candidate with
 * the suffix but for its last character, or how far all agree, never less than typed. NULL when memory is
 * out. */
char **line_text_matches(const char *typed, size_t before, char *const *candidates, size_t count,
	const char *suffix);

/* Readline's history file loses the empty lines of an entry. Marking returns a new string with something in
 * each, NULL when memory is out; unmarking works in place. */
char *line_text_mark_empty(const char *text);
void line_text_unmark_empty(char *text);

#endif
