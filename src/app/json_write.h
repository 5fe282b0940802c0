/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes JSON objects, one a line, straight into a buffer: no tree is built for what goes out by the thousand. */
#ifndef TCHAT_APP_JSON_WRITE_H
#define TCHAT_APP_JSON_WRITE_H

#include "base/buffer.h"

#include <stdbool.h>

/* Fill with buffer_init(&writer.out, maximum); the rest zero. */
struct json_writer {
	struct buffer out;
	size_t start; /* private: where the object at hand starts */
	int err;      /* private */
};

/* Starts an object with its "type". */
void json_begin(struct json_writer *writer, const char *type);

/* Members. Keys are plain ASCII. Text is any UTF-8: what could end a line, steer a terminal or turn the reading
 * direction is escaped, bytes that are no UTF-8 become U+FFFD. */
void json_text(struct json_writer *writer, const char *key, const char *text);
void json_bytes(struct json_writer *writer, const char *key, const char *text, size_t length);
void json_number(struct json_writer *writer, const char *key, uint64_t value);
void json_bool(struct json_writer *writer, const char *key, bool value);
void json_list(struct json_writer *writer, const char *key, const char *const *texts, size_t count);
/* Microseconds since 1970 as "2026-11-21T10:00:00.123456Z". */
void json_time(struct json_writer *writer, const char *key, uint64_t microseconds);

/* Ends the object and its line. 0; TCHAT_ERR_FULL or TCHAT_ERR_MEMORY: the object was left out. */
int json_end(struct json_writer *writer);

#endif
