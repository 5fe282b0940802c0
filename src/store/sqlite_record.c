/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The durable store's records: the host's own things, by kind and key. */
#include "store/sqlite_inside.h"

#include "base/errors.h"

static sqlite3_stmt *bind(struct db *db, enum db_statement text, const struct store_record *request)
{
	sqlite3_stmt *statement = DB_BIND(db, text, request->kind);
	if (statement != NULL)
		sqlite3_bind_blob(statement, 2, request->key, request->key_length, SQLITE_STATIC);
	return statement;
}

static int record_set(struct sqlite_writer *writer, struct store_record *request)
{
	struct db *db = &writer->db;
	int64_t there;
	int result = db_number(db, bind(db, SQL_OWN_FIND, request), 0, &there);
	if (result != SQLITE_OK)
		return result;
	if (!there && writer->records >= (int64_t)writer->config.records) {
		request->request.error = TCHAT_ERR_FULL;
		return SQLITE_OK;
	}
	sqlite3_stmt *statement = bind(db, SQL_OWN_SET, request);
	if (statement != NULL)
		sqlite3_bind_blob(statement, 3, request->value, (int)request->length, SQLITE_STATIC);
	result = db_finish(db, statement);
	if (result == SQLITE_OK && !there)
		writer->records++;
	return result;
}

int sqlite_record_put(struct sqlite_writer *writer, struct store_record *request)
{
	struct db *db = &writer->db;
	if (request->key_length < 1 || request->key_length > STORE_RECORD_KEY || request->length > STORE_RECORD_MOST) {
		request->request.error = TCHAT_ERR_ARGUMENT;
		return SQLITE_OK;
	}
	int result = sqlite_writer_begin(writer);
	if (result != SQLITE_OK)
		return result;
	if (request->value != NULL)
		return record_set(writer, request);
	result = db_finish(db, bind(db, SQL_OWN_DELETE, request));
	if (result == SQLITE_OK)
		writer->records -= sqlite3_changes(db->handle);
	return result;
}

/* With a connection for this alone: the two others are the threads'. */
int sqlite_records(struct store *base,
                   void (*each)(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value,
                                size_t length),
                   void *arg)
{
	struct sqlite_store *store = (struct sqlite_store *)base;
	struct db db;
	int result = db_open(&db, sqlite3_db_filename(store->reader.handle, "main"), store->writer.config.vfs, true);
	if (result == SQLITE_OK) {
		sqlite3_stmt *statement = db_bind(&db, SQL_OWN_ALL, NULL, 0);
		while ((result = db_step(&db, statement)) == SQLITE_ROW) {
			const void *key = sqlite3_column_blob(statement, 1), *value = sqlite3_column_blob(statement, 2);
			each(arg, (uint8_t)sqlite3_column_int(statement, 0), key == NULL ? "" : key,
			     (size_t)sqlite3_column_bytes(statement, 1), value == NULL ? "" : value,
			     (size_t)sqlite3_column_bytes(statement, 2));
		}
	}
	db_close(&db, false);
	return result == SQLITE_DONE ? 0 : (result & 0xff) == SQLITE_NOMEM ? TCHAT_ERR_MEMORY : TCHAT_ERR_SYSTEM;
}
