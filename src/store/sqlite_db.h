/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection to the history's database, with its prepared statements. Results are SQLite's, extended. */
#ifndef TCHAT_STORE_SQLITE_DB_H
#define TCHAT_STORE_SQLITE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

enum db_statement {
#define SQL(name, text) SQL_##name,
#include "store/sqlite_db.def"
#undef SQL
	SQL_STATEMENTS
};

struct db {
	sqlite3 *handle;
	sqlite3_stmt *statements[SQL_STATEMENTS];
	int number; /* errno of the last failed step; SQLite itself forgets that of a COMMIT */
};

/* A record's key: so many bits are its seq, those above its room. */
enum { DB_SEQ_BITS = 40 };

enum { DB_PAGE = 4096 }; /* bytes */

static inline int64_t db_record(uint64_t room, uint64_t seq)
{
	return (int64_t)(room << DB_SEQ_BITS | seq);
}

/* Opens; close it also when that failed. */
int db_open(struct db *db, const char *path, const char *vfs, bool read_only);

/* checkpoint: fold the log into the database, if nobody else has it open. */
int db_close(struct db *db, bool checkpoint);

/* The statement, with these numbers bound and ready for db_step(); NULL when it cannot be (db_error()). */
sqlite3_stmt *db_bind(struct db *db, enum db_statement statement, const int64_t *values, size_t count);
#define DB_BIND(db, statement, ...) \
	db_bind(db, statement, (const int64_t[]){ __VA_ARGS__ }, sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

/* SQLITE_ROW; else SQLITE_DONE or an error, and the statement is reset. NULL gives db_error(). */
int db_step(struct db *db, sqlite3_stmt *statement);

/* Runs a statement that gives no rows: SQLITE_OK or an error. */
int db_finish(struct db *db, sqlite3_stmt *statement);
#define DB_DO(db, statement, ...) db_finish(db, DB_BIND(db, statement, __VA_ARGS__))
int db_do(struct db *db, enum db_statement statement);

/* The first column of the first row; fallback when there is none. */
int db_number(struct db *db, sqlite3_stmt *statement, int64_t fallback, int64_t *value);

int db_error(const struct db *db);

/* What passes: nothing was kept, later it may work. */
bool db_is_temporary(const struct db *db, int result);

/* Undoes the transaction at hand, if there is one. */
int db_rollback(struct db *db);

#endif
