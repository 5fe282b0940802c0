/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that runs out where it is not malloc() that is called; see failing-memory.h. */
#include "config.h"

#include "failing-memory.h"

#include "base/buffer.h"
#include "base/errors.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>
#ifdef HAVE_SQLITE
#include <sqlite3.h>
#endif

char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);

char *__wrap_strndup(const char *text, size_t most)
{
	size_t length = strnlen(text, most);
	char *copy = malloc(length + 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, strlen(text));
}

/* A buffer that has grown once does not need to any more; here it is as if it had to each time. */
uint8_t *__real_buffer_reserve(struct buffer *b, size_t length, int *err);
uint8_t *__wrap_buffer_reserve(struct buffer *b, size_t length, int *err);
int __real_buffer_put(struct buffer *b, const void *bytes, size_t length);
int __wrap_buffer_put(struct buffer *b, const void *bytes, size_t length);

uint8_t *__wrap_buffer_reserve(struct buffer *b, size_t length, int *err)
{
	if (!memory_fails())
		return __real_buffer_reserve(b, length, err);
	*err = TCHAT_ERR_MEMORY;
	return NULL;
}

int __wrap_buffer_put(struct buffer *b, const void *bytes, size_t length)
{
	return length > 0 && memory_fails() ? TCHAT_ERR_MEMORY : __real_buffer_put(b, bytes, length);
}

utf8proc_ssize_t __real_utf8proc_map(const utf8proc_uint8_t *text, utf8proc_ssize_t length, utf8proc_uint8_t **mapped,
                                     utf8proc_option_t options);
utf8proc_ssize_t __wrap_utf8proc_map(const utf8proc_uint8_t *text, utf8proc_ssize_t length, utf8proc_uint8_t **mapped,
                                     utf8proc_option_t options);

utf8proc_ssize_t __wrap_utf8proc_map(const utf8proc_uint8_t *text, utf8proc_ssize_t length, utf8proc_uint8_t **mapped,
                                     utf8proc_option_t options)
{
	return memory_fails() ? UTF8PROC_ERROR_NOMEM : __real_utf8proc_map(text, length, mapped, options);
}

#ifdef HAVE_SQLITE
/* In front of each piece, for its size is asked for. */
enum { HEADER = 16 };

static void *take(int size)
{
	uint8_t *piece = malloc((size_t)size + HEADER);
	if (piece == NULL)
		return NULL;
	memcpy(piece, &size, sizeof size);
	return piece + HEADER;
}

static void give(void *piece)
{
	free((uint8_t *)piece - HEADER);
}

static void *resize(void *piece, int size)
{
	uint8_t *other = realloc((uint8_t *)piece - HEADER, (size_t)size + HEADER);
	if (other == NULL)
		return NULL;
	memcpy(other, &size, sizeof size);
	return other + HEADER;
}

static int size_of(void *piece)
{
	int size = 0;
	if (piece != NULL)
		memcpy(&size, (uint8_t *)piece - HEADER, sizeof size);
	return size;
}

static int round_up(int size)
{
	return (size + 7) & ~7;
}

static int begin(void *arg)
{
	return SQLITE_OK;
}

static void end(void *arg)
{
}

void memory_of_sqlite(void)
{
	static const sqlite3_mem_methods methods = { take, give, resize, size_of, round_up, begin, end, NULL };
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
		abort();
}
#endif
