/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wrapping of clean text into rows, and a bounded cache of what was wrapped. */
#ifndef TCHAT_UI_MESSAGE_WRAP_H
#define TCHAT_UI_MESSAGE_WRAP_H

#include <stddef.h>
#include <stdint.h>

/* Where the row that begins at start ends, without the blanks and the LF behind it, and where the next begins
 * (length when it was the last; *last tells a row that ends the text from one before an empty one). */
struct wrap_row {
	size_t end, next;
	int last;
};

/* Breaks one row of at most columns (at least 1): after blanks and hyphens, between wide characters, else inside a
 * word. A cluster wider than the columns gets a row of its own. */
struct wrap_row wrap_row(const char *text, size_t length, size_t start, int columns);

/* The rows of a text: offsets of their starts, at least one. */
struct wrap {
	const uint32_t *starts;
	size_t count;
};

struct wrap_key {
	uint64_t serial;
	uint32_t change;
	int first, rest; /* columns of the first row and of the others */
};

struct wrap_cache;

struct wrap_cache *wrap_cache_new(void);
void wrap_cache_free(struct wrap_cache *cache);

/* The wrap of a text, known or made now. Valid until the next call. When memory is out: one row. */
struct wrap wrap_cache_get(struct wrap_cache *cache, const struct wrap_key *key, const char *text, size_t length);

/* Rows that it has memory for: at most 131,072 and one text more. */
size_t wrap_cache_rows(const struct wrap_cache *cache);

/* The row that holds the offset. */
size_t wrap_find(const struct wrap *wrap, size_t offset);

#endif
