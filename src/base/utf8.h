/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8: strict decoding (no overlong forms, no surrogates, nothing above U+10FFFF), encoding, cutting. */
#ifndef TCHAT_BASE_UTF8_H
#define TCHAT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <uchar.h>

#define UTF8_REPLACEMENT ((char32_t)0xFFFD)
#define UTF8_INVALID ((char32_t)-1)

/* Decodes what text (length > 0 bytes) begins with: returns the bytes taken, 1..4, and sets *c. Bytes that are
 * not UTF-8 give UTF8_INVALID, one per longest wrong start (as browsers count them). */
size_t utf8_decode(const char *text, size_t length, char32_t *c);

/* Writes a code point into out and returns its bytes, 1..4; what is no scalar value becomes U+FFFD. */
size_t utf8_encode(char32_t c, char out[4]);

/* How many bytes at the start are ASCII (NUL counts). */
size_t utf8_ascii(const char *text, size_t length);

bool utf8_valid(const char *text, size_t length);

/* The largest offset, at most limit, where no character is cut: for cutting text to a number of bytes. */
size_t utf8_cut(const char *text, size_t length, size_t limit);

#endif
