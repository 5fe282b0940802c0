/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The writer of the client's store: what queued while the last transaction ran is the next one. */
#include "store/sqlite_client_inside.h"

#include "base/errors.h"
#include "store/sqlite_format.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

enum {
	LOG_LONG = 256,   /* pages of the log, above which it is folded in */
	FORGET_LEAST = 64, /* messages that a transaction may delete, on top of twice its own */
	PAGE = 4096,
	REDO_MOST = 8 << 20, /* bytes that wait for place on a full disk */
};

void client_ops_free(struct client_op *list)
{
	while (list != NULL) {
		struct client_op *next = list->next;
		free(list);
		list = next;
	}
}

static void read_done(struct client_results *results, struct client_read *read, int err)
{
	read->error = err;
	read->next = NULL;
	*results->last_read = read;
	results->last_read = &read->next;
	results->news = true;
}

/* --- One after the other */

static sqlite3_stmt *op_bind(struct client_writer *writer, const struct client_op *op)
{
	sqlite3_stmt *statement = db_bind(&writer->db, op->statement, op->values, op->value_count);
	const char *at = op->bytes;
	for (size_t i = 0; statement != NULL && i < op->string_count; i++) {
		int place = (int)(op->value_count + i) + 1;
		int result = sqlite3_bind_text(statement, place, at, (int)op->lengths[i], SQLITE_STATIC);
		if (result != SQLITE_OK)
			return NULL;
		at += op->lengths[i];
	}
	return statement;
}

/* What a message changes is noted beside it, where that is here. */
static int change_add(struct client_writer *writer, const struct client_op *op)
{
	int64_t target = op->values[6];
	int result = DB_DO(&writer->db, SQL_CLIENT_CHANGE_ADD, target, op->values[0]);
	bool deletes = op->lengths[0] >= FRAME_HEADER + MSG_BODY && op->bytes[FRAME_HEADER + MSG_KIND] == KIND_DELETE;
	return result == SQLITE_OK && deletes ? db_message_blank(&writer->db, target) : result;
}

/* Numbers: id, time; then what the row's cursor becomes; the id of what it changes, or 0. */
static int message_add(struct client_writer *writer, const struct client_op *op)
{
	struct db *db = &writer->db;
	sqlite3_stmt *statement = db_bind(db, SQL_CLIENT_MESSAGE_ADD, op->values, 2);
	if (statement != NULL && sqlite3_bind_blob(statement, 3, op->bytes, (int)op->lengths[0], SQLITE_STATIC) != SQLITE_OK)
		statement = NULL;
	int result = db_finish(db, statement);
	writer->messages++;
	if (result == SQLITE_OK && op->values[6] != 0)
		result = change_add(writer, op);
	return result == SQLITE_OK ? db_finish(db, db_bind(db, SQL_CLIENT_CURSOR, op->values + 2, 4)) : result;
}

/* Of those from the record with the id first on. As many as have place. */
static int changes_read(struct db *db, struct client_read *read, int64_t first, int64_t last)
{
	sqlite3_stmt *statement = DB_BIND(db, SQL_CHANGE_LATER, first, last);
	int result, err = 0;
	while ((result = db_step(db, statement)) == SQLITE_ROW && err == 0)
		err = buffer_put(&read->changes, sqlite3_column_blob(statement, 0), (size_t)sqlite3_column_bytes(statement, 0));
	sqlite3_reset(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* The cache may have holes: what was read while the disk was full, or what a clock that jumped made look old. Only what
 * joins on without one is given. */
static int messages_find(struct client_writer *writer, const struct client_op *op, int64_t *lowest)
{
	struct client_read *read = op->read;
	struct db *db = &writer->db;
	int result;
	uint32_t count = 0;
	int64_t next = read->before == 0 ? 0 : op->values[1];
	*lowest = 0;
	sqlite3_stmt *statement = db_bind(db, SQL_CLIENT_MESSAGES_BEFORE, op->values, op->value_count);
	while ((result = db_step(db, statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);
		bool joins = next == 0 || id == next - 1;
		if (joins && count < read->limit) {
			count++;
			*lowest = next = id;
			continue;
		}
		read->more = joins;
		sqlite3_reset(statement);
		return SQLITE_OK;
	}
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Found newest first, wanted the other way round: the ids are looked up once more. */
static int messages_read(struct client_writer *writer, const struct client_op *op, struct client_results *results)
{
	struct client_read *read = op->read;
	struct db *db = &writer->db;
	int64_t lowest;
	int result = messages_find(writer, op, &lowest);
	if (result != SQLITE_OK)
		return result;
	const int64_t range[] = { lowest - 1, op->values[1], read->limit };
	int err = 0;
	if (lowest != 0) {
		sqlite3_stmt *statement = db_bind(db, SQL_CLIENT_MESSAGES_FROM, range, 3);
		while ((result = db_step(db, statement)) == SQLITE_ROW && err == 0)
			err = buffer_put(&read->records, sqlite3_column_blob(statement, 1),
			                 (size_t)sqlite3_column_bytes(statement, 1));
		sqlite3_reset(statement);
		if (result != SQLITE_ROW && result != SQLITE_DONE)
			return result;
		result = changes_read(db, read, lowest, op->values[1] - 1);
		if (result != SQLITE_OK)
			return result;
	}
	read_done(results, read, err == 0 ? 0 : TCHAT_ERR_BUSY);
	return SQLITE_OK;
}

static int post_add(struct client_writer *writer, const struct client_op *op)
{
	writer->next = op->progress + 1;
	return db_finish(&writer->db, op_bind(writer, op));
}

static int op_apply(struct client_writer *writer, const struct client_op *op, struct client_results *results)
{
	switch (op->type) {
	case CLIENT_ADD: return post_add(writer, op);
	case CLIENT_MESSAGE: return message_add(writer, op);
	case CLIENT_READ: return messages_read(writer, op, results);
	case CLIENT_SKIP:
		if (op->progress > writer->next)
			writer->next = op->progress;
		return db_finish(&writer->db, op_bind(writer, op));
	default: return db_finish(&writer->db, op_bind(writer, op));
	}
}

/* What it means that all of the list is stored. */
static void op_stored(const struct client_writer *writer, const struct client_op *op, struct client_results *results)
{
	results->news = results->news || op->type == CLIENT_ADD || op->type == CLIENT_CANCEL || op->lowest > 0;
	if (op->type == CLIENT_CANCEL && op->progress > results->cancelled)
		results->cancelled = op->progress;
	if (op->lowest > results->settled)
		results->settled = op->lowest;
	results->safe = writer->next - 1;
}

/* --- The cache's bounds: a few at a time, so that a clock that jumped does little harm */

static int forget_older(struct client_writer *writer, uint64_t than, int64_t budget)
{
	int result = DB_DO(&writer->db, SQL_CLIENT_MESSAGES_OLD, (int64_t)than, budget);
	if (result == SQLITE_OK)
		writer->messages -= sqlite3_changes(writer->db.handle);
	return result;
}

static int forget(struct client_writer *writer, int64_t added)
{
	const struct client_sqlite_config *config = &writer->config;
	int64_t budget = 2 * added + FORGET_LEAST, pages, unused;
	uint64_t now = writer->environment->wall(writer->environment->arg);
	int result = SQLITE_OK;
	if (now > config->cache_age)
		result = forget_older(writer, now - config->cache_age, budget);
	if (result == SQLITE_OK)
		result = db_number(&writer->db, db_bind(&writer->db, SQL_KEEP_PAGES, NULL, 0), 0, &pages);
	if (result == SQLITE_OK)
		result = db_number(&writer->db, db_bind(&writer->db, SQL_KEEP_FREE, NULL, 0), 0, &unused);
	int64_t over = writer->messages - (int64_t)config->cache_count;
	if (result == SQLITE_OK && (uint64_t)(pages - unused) * PAGE > config->cache_bytes)
		over = budget;
	return result == SQLITE_OK && over > 0 ? forget_older(writer, INT64_MAX, over < budget ? over : budget) : result;
}

/* --- Transactions */

static int transact(struct client_writer *writer, const struct client_op *list, struct client_results *results)
{
	struct db *db = &writer->db;
	int64_t added = 0;
	int result = db_do(db, SQL_BEGIN);
	for (const struct client_op *op = list; result == SQLITE_OK && op != NULL; op = op->next) {
		result = op_apply(writer, op, results);
		added += op->type == CLIENT_MESSAGE;
	}
	if (result == SQLITE_OK && added > 0)
		result = forget(writer, added);
	if (result == SQLITE_OK && writer->next > writer->stored_next)
		result = DB_DO(db, SQL_CLIENT_NEXT, (int64_t)writer->next);
	return result == SQLITE_OK ? db_do(db, SQL_COMMIT) : result;
}

/* Nothing of the list is stored, and again says whether it is to be tried once more, with the next transaction; but not
 * what can be had again. */
static void undone(struct client_writer *writer, struct client_op *list, bool again, struct client_results *results)
{
	writer->redo_bytes = 0;
	for (struct client_op *op = list, *next; op != NULL; op = next) {
		next = op->next;
		op->next = NULL;
		if (op->type == CLIENT_READ && op->read->error == TCHAT_ERR_AGAIN)
			read_done(results, op->read, TCHAT_ERR_BUSY);
		if (!again || op->type == CLIENT_MESSAGE || op->type == CLIENT_READ) {
			free(op);
			continue;
		}
		*writer->last_redo = op;
		writer->last_redo = &op->next;
		writer->redo_bytes += sizeof *op + op->size;
	}
}

static int checkpoint(struct client_writer *writer)
{
	if (writer->log_pages < LOG_LONG)
		return SQLITE_OK;
	int result = sqlite3_wal_checkpoint_v2(writer->db.handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return db_is_temporary(&writer->db, result) ? SQLITE_OK : result;
}

int client_writer_group(struct client_writer *writer, struct client_op *list, struct client_results *results)
{
	struct client_op *all = writer->redo != NULL ? writer->redo : list;
	uint64_t next = writer->next;
	int64_t messages = writer->messages;
	if (writer->redo != NULL)
		*writer->last_redo = list;
	writer->redo = NULL;
	writer->last_redo = &writer->redo;
	for (struct client_op *op = all; op != NULL; op = op->next)
		if (op->type == CLIENT_READ)
			op->read->error = TCHAT_ERR_AGAIN;
	if (writer->failed) {
		undone(writer, all, false, results);
		results->trouble = TCHAT_ERR_STORE;
		return SQLITE_OK;
	}
	int result = transact(writer, all, results);
	if (result == SQLITE_OK) {
		writer->stored_next = writer->next;
		for (struct client_op *op = all; op != NULL; op = op->next)
			op_stored(writer, op, results);
		client_ops_free(all);
		result = checkpoint(writer);
		writer->failed = result != SQLITE_OK;
		return result;
	}
	/* After a failed flush or write, nothing more is asked of the database. */
	bool passes = db_is_temporary(&writer->db, result) && writer->redo_bytes < REDO_MOST;
	int end = passes ? db_rollback(&writer->db) : result;
	bool full = (result & 0xff) == SQLITE_FULL || ((result & 0xff) == SQLITE_IOERR && result != SQLITE_IOERR_NOMEM);
	writer->next = next;
	writer->messages = messages;
	writer->failed = end != SQLITE_OK;
	results->trouble = writer->failed ? TCHAT_ERR_STORE : full ? TCHAT_ERR_NO_SPACE : TCHAT_ERR_BUSY;
	undone(writer, all, !writer->failed, results);
	return result;
}
