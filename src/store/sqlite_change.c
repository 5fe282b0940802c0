/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that change another one of their room, in the database. */
#include "store/sqlite_inside.h"

#include "base/errors.h"
#include "store/change.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <stdlib.h>
#include <string.h>

int sqlite_change_check(struct sqlite_writer *writer, const struct sqlite_room *room, struct store_post *post)
{
	struct db *db = &writer->db;
	post->code = -TCHAT_ERR_NO_MESSAGE;
	if (post->target < room->floor || post->target > room->head)
		return SQLITE_OK;
	int64_t id = db_record(room->id, post->target);
	sqlite3_stmt *statement = DB_BIND(db, SQL_RECORD_GET, id, id);
	int result = db_step(db, statement);
	if (result != SQLITE_ROW)
		return result == SQLITE_DONE ? SQLITE_CORRUPT : result;
	const uint8_t *record = sqlite3_column_blob(statement, 1);
	if (record != NULL && sqlite3_column_bytes(statement, 1) >= FRAME_HEADER + MSG_BODY)
		post->code = change_refusal(post, record + FRAME_HEADER);
	sqlite3_reset(statement);
	return SQLITE_OK;
}

static int record_blank(struct db *db, int64_t id, bool edits_only)
{
	sqlite3_stmt *statement = DB_BIND(db, SQL_RECORD_GET, id, id);
	int result = db_step(db, statement);
	if (result != SQLITE_ROW)
		return result == SQLITE_DONE ? SQLITE_OK : result;
	const uint8_t *stored = sqlite3_column_blob(statement, 1);
	size_t length = (size_t)sqlite3_column_bytes(statement, 1);
	bool wanted = stored != NULL && length >= FRAME_HEADER + MSG_BODY &&
	              (!edits_only || stored[FRAME_HEADER + MSG_KIND] == KIND_EDIT);
	uint8_t *record = wanted ? malloc(length) : NULL;
	if (record != NULL)
		memcpy(record, stored, length);
	sqlite3_reset(statement);
	if (record == NULL)
		return wanted ? SQLITE_NOMEM : SQLITE_OK;
	change_blank(record, length);
	statement = DB_BIND(db, SQL_RECORD_SET, id);
	if (statement != NULL)
		sqlite3_bind_blob(statement, 2, record, (int)length, SQLITE_STATIC);
	result = db_finish(db, statement);
	free(record);
	return result;
}

static int target_blank(struct db *db, int64_t target)
{
	int64_t change = 0;
	int result = record_blank(db, target, false);
	while (result == SQLITE_OK) {
		result = db_number(db, DB_BIND(db, SQL_CHANGE_OF, target, change), 0, &change);
		if (result != SQLITE_OK || change == 0)
			return result;
		result = record_blank(db, change, true);
	}
	return result;
}

int sqlite_change_add(struct sqlite_writer *writer, const struct sqlite_room *room, const struct store_post *post)
{
	struct db *db = &writer->db;
	int64_t target = db_record(room->id, post->target);
	int result = DB_DO(db, SQL_CHANGE_ADD, target, db_record(room->id, post->seq));
	return result == SQLITE_OK && post->blanks ? target_blank(db, target) : result;
}

static int change_copy(struct store_read *read, const void *record, size_t length, bool *full)
{
	if (read->changes == NULL)
		read->changes = block_new(read->changes_bytes);
	if (record == NULL || read->changes == NULL)
		return SQLITE_NOMEM;
	struct block *to = read->changes;
	*full = length > to->capacity - to->length;
	if (*full)
		return SQLITE_OK;
	memcpy(to->bytes + to->length, record, length);
	to->length += (uint32_t)length;
	return SQLITE_OK;
}

int sqlite_changes_read(struct db *db, struct store_read *read)
{
	sqlite3_stmt *statement = DB_BIND(db, SQL_CHANGE_LATER, db_record(read->room, read->first),
	                                  db_record(read->room, read->last));
	bool full = false;
	for (;;) {
		int result = db_step(db, statement);
		if (result != SQLITE_ROW)
			return result == SQLITE_DONE ? SQLITE_OK : result;
		result = change_copy(read, sqlite3_column_blob(statement, 0), (size_t)sqlite3_column_bytes(statement, 0), &full);
		if (result == SQLITE_OK && !full)
			continue;
		sqlite3_reset(statement);
		return result;
	}
}
