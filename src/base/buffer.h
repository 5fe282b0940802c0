/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A byte queue with a hard maximum, set when it is made: bytes are put at its end and consumed at its
 * front. A failing call changes nothing. */
#ifndef TCHAT_BASE_BUFFER_H
#define TCHAT_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
	uint8_t *bytes;   /* private */
	size_t start;     /* private: consumed bytes at the front */
	size_t end;       /* private: where the next byte goes */
	size_t allocated; /* private */
	size_t maximum;   /* private: most bytes it may hold */
};

/* Makes b empty, to hold at most maximum bytes. Allocates nothing yet. */
void buffer_init(struct buffer *b, size_t maximum);

/* Gives the memory back; b is empty and can be used again. */
void buffer_free(struct buffer *b);

size_t buffer_length(const struct buffer *b);

/* The bytes held; valid until the next call that changes b. NULL when b never held any. */
const uint8_t *buffer_data(const struct buffer *b);
uint8_t *buffer_edit(struct buffer *b);

/* Room for length more bytes at the end: a pointer to write to, NULL with *err set to
 * TCHAT_ERR_FULL or TCHAT_ERR_MEMORY. The bytes count only after buffer_commit(). */
uint8_t *buffer_reserve(struct buffer *b, size_t length, int *err);
void buffer_commit(struct buffer *b, size_t length);

/* Appends length bytes: 0, TCHAT_ERR_FULL or TCHAT_ERR_MEMORY. */
int buffer_put(struct buffer *b, const void *bytes, size_t length);

/* Appends a string without its NUL; the same returns. */
int buffer_put_string(struct buffer *b, const char *text);

/* Drops length bytes (at most what is held) from the front. An emptied buffer keeps up to 4 KiB. */
void buffer_consume(struct buffer *b, size_t length);

/* Cuts b to its first length bytes; no effect when it holds fewer. */
void buffer_truncate(struct buffer *b, size_t length);

#endif
