/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a database is: its format, its log of commits, and single values by name. Results are SQLite's. */
#ifndef TCHAT_STORE_SQLITE_FORMAT_H
#define TCHAT_STORE_SQLITE_FORMAT_H

#include "base/clock.h"
#include "store/sqlite_db.h"

enum { DB_KEY_SIZE = 16 };

struct db_format {
	int application;          /* PRAGMA application_id; the schema sets it, and user_version */
	int version;
	const char *schema;       /* statements that make an empty file one of this version, with a table meta */
	const char *const *steps; /* [version - 1]: what makes a file of format 1 one of format 2, and so on */
};

/* Makes an empty file one of this format, and brings up an older one. SQLITE_NOTADB: it is something else;
 * SQLITE_MISMATCH: it is newer. version (never NULL) is what was found. */
int db_format(struct db *db, const struct db_format *format, int64_t *version);

int db_pragma(struct db *db, const char *name, const char *value);
int db_pragma_number(struct db *db, const char *text, int64_t *value);

/* Sets the log of commits (each flushed, folded in by hand only), and folds in what an earlier life left there: what a
 * failed flush left in the system's memory only must not be built upon. SQLITE_CANTOPEN: there can be no log here. */
int db_log(struct db *db);

/* The table meta. A value that is not there is 0. */
int db_meta_get(struct db *db, const char *key, int64_t *value);
int db_meta_set(struct db *db, const char *key, int64_t value);

/* Bytes. The first call for a key makes random ones. */
int db_meta_key(struct db *db, const struct environment *environment, const char *key, uint8_t bytes[DB_KEY_SIZE]);
int db_meta_set_key(struct db *db, const char *key, const uint8_t bytes[DB_KEY_SIZE]);

/* Takes the text of the message with this id away, and all that edits made of it: for the tables message and change. */
int db_message_blank(struct db *db, int64_t id);

#endif
