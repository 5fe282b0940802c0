/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as shown: the one normaliser for remote strings, names and their comparison, widths, grapheme clusters.
 * libc's wcwidth() says how wide a code point is, so LC_CTYPE must be set to a UTF-8 locale first. */
#ifndef TCHAT_BASE_TEXT_H
#define TCHAT_BASE_TEXT_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <uchar.h>

enum text_flag {
	TEXT_LINE = 0,      /* line ends become ↵ */
	TEXT_MULTILINE = 1, /* LF and CR LF stay, as LF; other line ends become ↵ */
};

/* The most bytes that text_clean() makes of length bytes. */
#define TEXT_CLEAN_MAX(length) (4 * (size_t)(length))

/* Most code points of a cluster and marks on one base that survive cleaning. */
#define TEXT_CLUSTER_MAX 32
#define TEXT_MARKS_MAX 4

/* Appends a form of any bytes that is safe to show and as wide as text_width() says on every terminal: NFC;
 * invalid UTF-8, controls, noncharacters and unassigned code points become U+FFFD; tabs become four blanks;
 * format characters, joiners, variation selectors, skin tones, fillers and tags go away. 0, TCHAT_ERR_FULL or
 * TCHAT_ERR_MEMORY with out unchanged. Cleaning clean text changes nothing. */
int text_clean(struct buffer *out, const char *in, size_t length, unsigned flags);

/* Columns of a code point: 0, 1, 2, or -1 when it must not be shown. U+FFFD is 1 in every locale. */
int text_char_width(char32_t c);

/* Is this one of those on whose width terminals still disagree: scripts that are written with wide marks, symbols and
 * emoji newer than old terminals? */
bool text_is_disputed(char32_t c);

/* The end of the grapheme cluster that starts at offset at (below length); *width, when not NULL, gets its
 * columns. The text need not be clean: then what has no width counts 1, as it is drawn U+FFFD. */
size_t text_next(const char *text, size_t length, size_t at, int *width);

/* Where the cluster before offset at (above 0) starts. */
size_t text_previous(const char *text, size_t length, size_t at);

/* Columns of a line of text. */
size_t text_width(const char *text, size_t length);

/* The offset where the text is cut to be at most so wide, whole clusters only; *width gets the columns. */
size_t text_cut(const char *text, size_t length, size_t columns, size_t *width);

/* What stands for a code point where only ASCII can be shown: '-' for ─, '?' mostly. */
char text_fallback(char32_t c);

#define TEXT_NAME_BYTES 64   /* most bytes of a nick or room name, in either form */
#define TEXT_NAME_CLUSTERS 32

/* Appends the form of a nick or room name that is shown (NFKC) or compared (NFKC and case folded). 0,
 * TCHAT_ERR_BAD_NAME when the name is empty, too long, or holds what names may not: separators, controls, what cannot
 * be seen, a mix of look-alike scripts, or '-', '/', '#', ':', '@' at its start; TCHAT_ERR_FULL, TCHAT_ERR_MEMORY. */
int text_name_shown(struct buffer *out, const char *name, size_t length);
int text_name_fold(struct buffer *out, const char *name, size_t length);

enum { TEXT_SKELETON_SIZE = 256 };

/* What is the same for all names that look alike, as they are and with their case apart: two names are too alike when
 * any form of one is any form of the other. name as of text_name_shown(). 0, TCHAT_ERR_BAD_NAME for a name whose looks
 * cannot be told for sure (of scripts that are not written together; without ICU: of a script that has look-alikes),
 * TCHAT_ERR_MEMORY. */
int text_name_skeletons(const char *name, char skeletons[2][TEXT_SKELETON_SIZE]);

/* Appends any clean text folded for searching; what cannot be folded is kept. 0 or as buffer_put(). */
int text_search_fold(struct buffer *out, const char *text, size_t length);

/* Edits (insert, delete, change, swap neighbours) that turn one word into the other, ASCII case apart; limit + 1
 * when more than limit (at most 8) or when a word is longer than 64 bytes. For "did you mean". */
unsigned text_distance(const char *a, size_t a_length, const char *b, size_t b_length, unsigned limit);

enum { TEXT_NEAR = 3 };

/* Whether what was typed may have meant this name, and more so than those before: at most two letters are wrong, and at
 * most half of a short word. *best is TEXT_NEAR before the first name, and then the distance of the best so far. */
bool text_is_meant(const char *typed, size_t typed_length, const char *name, size_t name_length, unsigned *best);

#endif
