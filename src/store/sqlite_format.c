/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What histories and clients' stores have in common as databases. */
#include "store/sqlite_format.h"

#include "store/change.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Meta */

int db_meta_get(struct db *db, const char *key, int64_t *value)
{
	sqlite3_stmt *statement = db_bind(db, SQL_META_GET, NULL, 0);
	if (statement != NULL)
		sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	return db_number(db, statement, 0, value);
}

int db_meta_set(struct db *db, const char *key, int64_t value)
{
	sqlite3_stmt *statement = db_bind(db, SQL_META_SET, NULL, 0);
	if (statement != NULL) {
		sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, value);
	}
	return db_finish(db, statement);
}

int db_meta_set_key(struct db *db, const char *key, const uint8_t bytes[DB_KEY_SIZE])
{
	sqlite3_stmt *statement = db_bind(db, SQL_META_SET, NULL, 0);
	if (statement != NULL) {
		sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
		sqlite3_bind_blob(statement, 2, bytes, DB_KEY_SIZE, SQLITE_TRANSIENT);
	}
	return db_finish(db, statement);
}

int db_meta_key(struct db *db, const struct environment *environment, const char *key, uint8_t bytes[DB_KEY_SIZE])
{
	sqlite3_stmt *statement = db_bind(db, SQL_META_GET, NULL, 0);
	if (statement != NULL)
		sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	int result = db_step(db, statement);
	if (result == SQLITE_ROW) {
		bool fits = sqlite3_column_bytes(statement, 0) == DB_KEY_SIZE;
		if (fits)
			memcpy(bytes, sqlite3_column_blob(statement, 0), DB_KEY_SIZE);
		sqlite3_reset(statement);
		return fits ? SQLITE_OK : SQLITE_CORRUPT;
	}
	if (result != SQLITE_DONE)
		return result;
	environment->random(environment->arg, bytes, DB_KEY_SIZE);
	return db_meta_set_key(db, key, bytes);
}

/* --- The format */

int db_pragma_number(struct db *db, const char *text, int64_t *value)
{
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(db->handle, text, -1, &statement, NULL);
	if (result == SQLITE_OK)
		result = db_number(db, statement, 0, value);
	sqlite3_finalize(statement);
	return result;
}

int db_pragma(struct db *db, const char *name, const char *value)
{
	char text[128];
	snprintf(text, sizeof text, "PRAGMA %s = %s", name, value);
	return sqlite3_exec(db->handle, text, NULL, NULL, NULL);
}

/* All steps from an older format to today's are one transaction. */
static int bring_up(struct db *db, const struct db_format *format, int64_t version)
{
	char number[64];
	int result = sqlite3_exec(db->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	for (; result == SQLITE_OK && version < format->version; version++)
		result = sqlite3_exec(db->handle, format->steps[version - 1], NULL, NULL, NULL);
	snprintf(number, sizeof number, "PRAGMA user_version = %d;COMMIT", format->version);
	return result == SQLITE_OK ? sqlite3_exec(db->handle, number, NULL, NULL, NULL) : result;
}

static int begin_file(struct db *db, const struct db_format *format)
{
	static const char form[] = "PRAGMA page_size = 4096;BEGIN IMMEDIATE;%sCOMMIT;";
	size_t size = strlen(format->schema) + sizeof form;
	char *text = malloc(size);
	if (text == NULL)
		return SQLITE_NOMEM;
	snprintf(text, size, form, format->schema);
	int result = sqlite3_exec(db->handle, text, NULL, NULL, NULL);
	free(text);
	return result;
}

int db_format(struct db *db, const struct db_format *format, int64_t *version)
{
	int64_t application, tables;
	*version = 0;
	int result = db_pragma_number(db, "PRAGMA application_id", &application);
	if (result == SQLITE_OK)
		result = db_pragma_number(db, "PRAGMA user_version", version);
	if (result == SQLITE_OK)
		result = db_pragma_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (result != SQLITE_OK)
		return result;
	if (application == 0 && *version == 0 && tables == 0)
		return begin_file(db, format);
	if (application != format->application || *version < 1)
		return SQLITE_NOTADB;
	if (*version > format->version)
		return SQLITE_MISMATCH;
	return *version < format->version ? bring_up(db, format, *version) : SQLITE_OK;
}

int db_log(struct db *db)
{
	sqlite3 *handle = db->handle;
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(handle, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	const char *mode = result == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	bool wal = mode != NULL && strcmp(mode, "wal") == 0;
	/* What it answered comes about only with its end. */
	int ended = sqlite3_finalize(statement);
	if (result != SQLITE_ROW || ended != SQLITE_OK)
		return ended != SQLITE_OK ? ended : result;
	if (!wal)
		return SQLITE_CANTOPEN;
	sqlite3_wal_autocheckpoint(handle, 0);
	result = db_pragma(db, "synchronous", "FULL");
	if (result == SQLITE_OK)
		result = db_pragma(db, "fullfsync", "1");
	if (result == SQLITE_OK)
		result = db_pragma(db, "checkpoint_fullfsync", "1");
	return result != SQLITE_OK ? result : sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

/* --- Messages */

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

int db_message_blank(struct db *db, int64_t target)
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
