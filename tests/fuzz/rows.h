/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An input as rows of a database: whatever a file may hold that was damaged, or made by somebody else. Each run begins
 * with the same database, whose tables take everything. */
#ifndef TCHAT_TESTS_FUZZ_ROWS_H
#define TCHAT_TESTS_FUZZ_ROWS_H

#include "base/clock.h"
#include "stream.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

/* A row is a byte (which table, and what happens to it), then a value for each column: a byte with its type in the low
 * three bits and a number or length above them, then its bytes. */
enum { ROWS_PUT = 0, ROWS_EMPTY = 2, ROWS_DROP = 3, ROWS_ACTION_SHIFT = 6, ROWS_TABLE_MASK = 63, VALUE_SHIFT = 3 };
enum value_type {
	VALUE_NULL,
	VALUE_SMALL,   /* the number itself */
	VALUE_NUMBER,  /* 8 bytes */
	VALUE_TEXT,
	VALUE_BLOB,
	VALUE_FRAME,   /* as in stream.h */
	VALUE_MESSAGE, /* a message's key: the number is its room, a byte its seq */
	VALUE_LONG,    /* a blob; its length has one byte more */
};

struct rows {
	char top[200];
	char database[280], lock[280];
	uint8_t *file, *number; /* what is in them, for each run anew */
	size_t file_size, number_size;
	struct environment environment;
	uint64_t seed;
	const char *const *tables;
	size_t table_count;
};

/* What is flushed to the disk is of no use here, and takes most of the time. */
int fsync(int fd)
{
	return 0;
}

int fdatasync(int fd)
{
	return 0;
}

/* The same each time, for the same input. */
static inline tchat_time rows_wall(void *arg)
{
	return UINT64_C(1700000100000000);
}

static inline void rows_random(void *arg, void *bytes, size_t length)
{
	uint64_t *seed = arg;
	for (size_t i = 0; i < length; i++) {
		*seed = *seed * UINT64_C(6364136223846793005) + 1;
		((uint8_t *)bytes)[i] = (uint8_t)(*seed >> 56);
	}
}

static inline void rows_top(struct rows *rows)
{
	const char *temporary = getenv("TMPDIR");
	snprintf(rows->top, sizeof rows->top, "%s/tchat-fuzz-XXXXXX", temporary != NULL ? temporary : "/tmp");
	demand(mkdtemp(rows->top) != NULL);
	rows->environment = (struct environment){ rows_wall, rows_random, &rows->seed };
}

static inline uint8_t *rows_read(const char *path, size_t *size)
{
	static uint8_t bytes[4 << 20];
	int fd = open(path, O_RDONLY);
	ssize_t length = read(fd, bytes, sizeof bytes);
	demand(length >= 0 && (size_t)length < sizeof bytes);
	close(fd);
	*size = (size_t)length;
	uint8_t *copy = malloc(*size + 1);
	demand(copy != NULL);
	memcpy(copy, bytes, *size);
	return copy;
}

static inline void rows_write(const char *path, const uint8_t *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	demand(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

static inline sqlite3 *rows_open(const struct rows *rows, const char *first)
{
	sqlite3 *db;
	demand(sqlite3_open_v2(rows->database, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
	demand(sqlite3_exec(db, first, NULL, NULL, NULL) == SQLITE_OK);
	return db;
}

/* The database in the folder, as a store made and closed it, is what each run begins with. */
static inline void rows_keep(struct rows *rows, const char *folder, const char *file, const char *const *tables,
                             size_t table_count)
{
	snprintf(rows->database, sizeof rows->database, "%s/%s", folder, file);
	snprintf(rows->lock, sizeof rows->lock, "%s/lock", folder);
	rows->tables = tables;
	rows->table_count = table_count;
	sqlite3_close(rows_open(rows, "PRAGMA journal_mode = DELETE;"
	                              "PRAGMA writable_schema = ON;"
	                              "UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '');"
	                              "PRAGMA writable_schema = OFF;"));
	rows->file = rows_read(rows->database, &rows->file_size);
	rows->number = rows_read(rows->lock, &rows->number_size);
}

/* No file of the run before is left: a log would be taken for this database's. */
static inline void rows_clear(const struct rows *rows)
{
	static const char *const ends[] = { "-wal", "-shm", "-journal" };
	char path[300];
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(path, sizeof path, "%s%s", rows->database, ends[i]);
		unlink(path);
	}
}

static inline void rows_free(struct rows *rows)
{
	rows_clear(rows);
	unlink(rows->database);
	unlink(rows->lock);
	free(rows->file);
	free(rows->number);
}

/* --- Values */

struct input {
	const uint8_t *at;
	size_t length;
};

static inline struct input input_take(struct input *from, size_t length)
{
	struct input taken = { from->at, length < from->length ? length : from->length };
	from->at += taken.length;
	from->length -= taken.length;
	return taken;
}

static inline uint64_t input_number(struct input *from, size_t bytes)
{
	struct input taken = input_take(from, bytes);
	uint64_t number = 0;
	for (size_t i = 0; i < taken.length; i++)
		number = number << 8 | taken.at[i];
	return number;
}

static inline void value_bind_frame(sqlite3_stmt *statement, int column, struct input *from)
{
	size_t size = from->length < SHORT_HEADER ? 0 : (size_t)from->at[1] << 8 | from->at[2], made;
	struct input taken = input_take(from, SHORT_HEADER + size);
	uint8_t *frame = stream_make(taken.at, taken.length, false, &made);
	sqlite3_bind_blob(statement, column, frame, (int)made, SQLITE_TRANSIENT);
	free(frame);
}

static inline void value_bind(sqlite3_stmt *statement, int column, struct input *from)
{
	unsigned first = (unsigned)input_number(from, 1), number = first >> VALUE_SHIFT;
	enum value_type type = (enum value_type)(first & ((1 << VALUE_SHIFT) - 1));
	struct input taken;
	switch (type) {
	case VALUE_NULL: sqlite3_bind_null(statement, column); break;
	case VALUE_SMALL: sqlite3_bind_int64(statement, column, number); break;
	case VALUE_NUMBER: sqlite3_bind_int64(statement, column, (int64_t)input_number(from, 8)); break;
	case VALUE_TEXT:
		taken = input_take(from, number);
		sqlite3_bind_text(statement, column, (const char *)taken.at, (int)taken.length, SQLITE_TRANSIENT);
		break;
	case VALUE_FRAME: value_bind_frame(statement, column, from); break;
	case VALUE_MESSAGE:
		sqlite3_bind_int64(statement, column, (int64_t)((uint64_t)number << 40 | input_number(from, 1)));
		break;
	case VALUE_BLOB:
	case VALUE_LONG:
		if (type == VALUE_LONG)
			number = number << 8 | (unsigned)input_number(from, 1);
		taken = input_take(from, number);
		sqlite3_bind_blob(statement, column, taken.at, (int)taken.length, SQLITE_TRANSIENT);
		break;
	}
}

/* --- Rows */

static inline void row_put(sqlite3 *db, const char *table, struct input *from)
{
	char text[128];
	sqlite3_stmt *statement;
	snprintf(text, sizeof text, "SELECT * FROM %s", table);
	if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
		return; /* it was dropped */
	int columns = sqlite3_column_count(statement);
	sqlite3_finalize(statement);
	snprintf(text, sizeof text, "INSERT OR REPLACE INTO %s VALUES(?1", table);
	for (int i = 2; i <= columns; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), ",?%d", i);
	strcat(text, ")");
	demand(sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK);
	for (int i = 1; i <= columns; i++)
		value_bind(statement, i, from);
	sqlite3_step(statement); /* some tables have keys that have to be numbers */
	sqlite3_finalize(statement);
}

/* Puts the files there, with the rows of the input in them. */
static inline void rows_make(struct rows *rows, const uint8_t *bytes, size_t length)
{
	char text[64];
	struct input from = { bytes, length };
	rows->seed = 1;
	rows_clear(rows);
	rows_write(rows->database, rows->file, rows->file_size);
	rows_write(rows->lock, rows->number, rows->number_size);
	sqlite3 *db = rows_open(rows, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN");
	while (from.length > 0) {
		unsigned first = (unsigned)input_number(&from, 1), action = first >> ROWS_ACTION_SHIFT;
		const char *table = rows->tables[(first & ROWS_TABLE_MASK) % rows->table_count];
		if (action < ROWS_EMPTY) {
			row_put(db, table, &from);
			continue;
		}
		snprintf(text, sizeof text, action == ROWS_DROP ? "DROP TABLE %s" : "DELETE FROM %s", table);
		sqlite3_exec(db, text, NULL, NULL, NULL);
	}
	demand(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
}

#endif
