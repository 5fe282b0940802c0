/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQLite's calls, in the shape that the store needs them. */
#include "store/sqlite_db.h"

#include <errno.h>

static const char *const texts[] = {
#define SQL(name, text) text,
#include "store/sqlite_db.def"
#undef SQL
};

enum { BUSY_MS = 5000 };

int db_open(struct db *db, const char *path, const char *vfs, bool read_only)
{
	*db = (struct db){ 0 };
	int flags = SQLITE_OPEN_NOMUTEX | (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	int result = sqlite3_open_v2(path, &db->handle, flags, vfs);
	if (result != SQLITE_OK)
		return result;
	sqlite3_extended_result_codes(db->handle, 1);
	/* Nobody else writes here; somebody with SQLite's own tool may be looking. */
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	return SQLITE_OK;
}

int db_close(struct db *db, bool checkpoint)
{
	if (db->handle == NULL)
		return SQLITE_OK;
	for (int i = 0; i < SQL_STATEMENTS; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, checkpoint ? 0 : 1, NULL);
	int result = sqlite3_close(db->handle);
	*db = (struct db){ 0 };
	return result;
}

sqlite3_stmt *db_bind(struct db *db, enum db_statement statement, const int64_t *values, size_t count)
{
	sqlite3_stmt **at = &db->statements[statement];
	if (*at == NULL &&
	    sqlite3_prepare_v3(db->handle, texts[statement], -1, SQLITE_PREPARE_PERSISTENT, at, NULL) != SQLITE_OK)
		return NULL;
	sqlite3_reset(*at);
	for (size_t i = 0; i < count; i++)
		if (sqlite3_bind_int64(*at, (int)i + 1, values[i]) != SQLITE_OK)
			return NULL;
	return *at;
}

int db_step(struct db *db, sqlite3_stmt *statement)
{
	if (statement == NULL)
		return db_error(db);
	errno = 0;
	int result = sqlite3_step(statement);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		db->number = errno;
	if (result != SQLITE_ROW)
		sqlite3_reset(statement);
	return result;
}

int db_finish(struct db *db, sqlite3_stmt *statement)
{
	int result = db_step(db, statement);
	if (result == SQLITE_ROW)
		sqlite3_reset(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

int db_do(struct db *db, enum db_statement statement)
{
	return db_finish(db, db_bind(db, statement, NULL, 0));
}

int db_number(struct db *db, sqlite3_stmt *statement, int64_t fallback, int64_t *value)
{
	int result = db_step(db, statement);
	*value = fallback;
	if (result == SQLITE_ROW) {
		*value = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
		return SQLITE_OK;
	}
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

int db_error(const struct db *db)
{
	int result = sqlite3_extended_errcode(db->handle);
	return result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_ERROR : result;
}

bool db_is_temporary(const struct db *db, int result)
{
	switch (result) {
	case SQLITE_IOERR_NOMEM:
		return true;
	case SQLITE_IOERR_WRITE:
	case SQLITE_IOERR_SHMSIZE:
		return db->number == ENOSPC || db->number == EDQUOT || db->number == EFBIG;
	default:
		result &= 0xff;
		return result == SQLITE_FULL || result == SQLITE_NOMEM || result == SQLITE_BUSY;
	}
}

int db_rollback(struct db *db)
{
	for (int i = 0; i < SQL_STATEMENTS; i++)
		sqlite3_reset(db->statements[i]);
	if (sqlite3_get_autocommit(db->handle))
		return SQLITE_OK;
	return sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}
