/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs of records, from a connection that sees one moment of the history. */
#include "store/sqlite_inside.h"

#include "base/errors.h"

/* Narrows [*first, *last] to limit records of max_bytes from its lower (forward) or upper end; 0 bytes: none. */
static int find_run(struct db *db, const struct store_read *read, uint64_t *first, uint64_t *last, size_t *bytes)
{
	sqlite3_stmt *statement = DB_BIND(db, read->forward ? SQL_RECORD_UP : SQL_RECORD_DOWN,
	                                  db_record(read->room, *first), db_record(read->room, *last), read->limit);
	uint64_t count = 0;
	int result;
	*bytes = 0;
	while ((result = db_step(db, statement)) == SQLITE_ROW) {
		uint64_t expected = read->forward ? *first + count : *last - count;
		if (sqlite3_column_int64(statement, 0) != db_record(read->room, expected))
			return SQLITE_CORRUPT; /* seqs are dense */
		size_t length = (size_t)sqlite3_column_int64(statement, 1);
		if (length > read->max_bytes - *bytes)
			break;
		*bytes += length;
		count++;
	}
	sqlite3_reset(statement);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return result;
	if (read->forward)
		*last = *first + count - 1;
	else
		*first = *last - count + 1;
	return SQLITE_OK;
}

static int copy_run(struct db *db, const struct store_read *read, uint64_t first, uint64_t last, struct block *to)
{
	sqlite3_stmt *statement = DB_BIND(db, SQL_RECORD_GET, db_record(read->room, first), db_record(read->room, last));
	int result;
	while ((result = db_step(db, statement)) == SQLITE_ROW) {
		const void *record = sqlite3_column_blob(statement, 1);
		int length = sqlite3_column_bytes(statement, 1);
		if (record == NULL || (uint32_t)length > to->capacity - to->length) {
			sqlite3_reset(statement);
			return record == NULL ? SQLITE_NOMEM : SQLITE_CORRUPT;
		}
		memcpy(to->bytes + to->length, record, (size_t)length);
		to->length += (uint32_t)length;
	}
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int read_bounds(struct db *db, struct store_read *read)
{
	sqlite3_stmt *statement = DB_BIND(db, SQL_ROOM_BOUNDS, (int64_t)read->room);
	int result = db_step(db, statement);
	if (result == SQLITE_ROW) {
		read->floor = (uint64_t)sqlite3_column_int64(statement, 0);
		read->head = (uint64_t)sqlite3_column_int64(statement, 1);
		sqlite3_reset(statement);
		return SQLITE_OK;
	}
	if (result == SQLITE_DONE)
		read->request.error = TCHAT_ERR_NO_ROOM;
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int read_room(struct db *db, struct store_read *read)
{
	int result = read_bounds(db, read);
	if (result != SQLITE_OK || read->request.error != 0)
		return result;
	uint64_t floor = read->least > read->floor ? read->least : read->floor;
	uint64_t first = floor, last = read->head;
	if (read->forward && read->from > first)
		first = read->from;
	if (!read->forward && read->from != 0 && read->from <= last)
		last = read->from - 1;
	read->more = first <= last;
	if (first > last || read->limit == 0)
		return SQLITE_OK;
	if (read->text_length > 0)
		return sqlite_find(db, read, first, last);
	size_t bytes;
	result = find_run(db, read, &first, &last, &bytes);
	if (result != SQLITE_OK || bytes == 0)
		return result;
	read->records = block_new(bytes);
	if (read->records == NULL)
		return SQLITE_NOMEM;
	result = copy_run(db, read, first, last, read->records);
	if (result != SQLITE_OK)
		return result;
	read->first = first;
	read->last = last;
	if (read->changes_bytes > 0 && (result = sqlite_changes_read(db, read)) != SQLITE_OK)
		return result;
	read->more = read->forward ? last < read->head : first > floor;
	return SQLITE_OK;
}

int sqlite_read(struct db *db, struct store_read *read)
{
	read->request.error = 0;
	read->records = read->changes = NULL;
	read->first = read->last = read->floor = read->head = 0;
	read->more = false;
	int result = db_do(db, SQL_BEGIN_READ);
	if (result == SQLITE_OK)
		result = read_room(db, read);
	if (result == SQLITE_OK)
		result = db_do(db, SQL_COMMIT);
	if (result == SQLITE_OK)
		return SQLITE_OK;
	bool passes = db_is_temporary(db, result);
	/* The reader's own count: nobody else has seen the block. */
	block_give(read->records);
	block_give(read->changes);
	read->records = read->changes = NULL;
	read->first = read->last = 0;
	read->request.error = TCHAT_ERR_BUSY;
	int undone = db_rollback(db);
	return passes ? undone : result;
}
