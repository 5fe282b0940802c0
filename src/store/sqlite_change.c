/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that change another one of their room, in the database. */
#include "store/sqlite_inside.h"

#include "base/errors.h"
#include "store/change.h"
#include "store/sqlite_format.h"
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

static int forget(struct sqlite_writer *writer, int64_t id)
{
	return sqlite_index_forget(writer, (uint64_t)id >> DB_SEQ_BITS, (uint64_t)id & ((UINT64_C(1) << DB_SEQ_BITS) - 1));
}

/* What a message and its edits before this change said is not to be found any more. */
static int target_forget(struct sqlite_writer *writer, int64_t target, int64_t id)
{
	struct db *db = &writer->db;
	int64_t change = 0;
	int result = forget(writer, target);
	while (result == SQLITE_OK) {
		result = db_number(db, DB_BIND(db, SQL_CHANGE_OF, target, change), 0, &change);
		if (result != SQLITE_OK || change == 0 || change == id)
			return result;
		result = forget(writer, change);
	}
	return result;
}

int sqlite_change_add(struct sqlite_writer *writer, const struct sqlite_room *room, const struct store_post *post,
                      uint8_t kind)
{
	struct db *db = &writer->db;
	int64_t target = db_record(room->id, post->target), id = db_record(room->id, post->seq);
	int result = DB_DO(db, SQL_CHANGE_ADD, target, id);
	if (result == SQLITE_OK && post->blanks)
		result = db_message_blank(db, target);
	return result == SQLITE_OK && (post->blanks || kind == KIND_EDIT) ? target_forget(writer, target, id) : result;
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
