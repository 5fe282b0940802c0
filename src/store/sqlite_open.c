/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and closing a history: the file's format, who the host is, and whether this is the history that was written
 * last or an older one that somebody put back. */
#include "store/sqlite_inside.h"

#include "base/errors.h"
#include "base/intl.h"
#include "store/sqlite_format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OWN_TABLE \
	"CREATE TABLE own(kind INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY(kind, key));"
/* id: of the record that changes target's */
#define CHANGE_TABLE \
	"CREATE TABLE change(target INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY(target, id)) WITHOUT ROWID;"

/* id: block << 9 | list, see sqlite_index.h; room's messages are in it below next */
#define INDEX_TABLES \
	"CREATE TABLE gram(id INTEGER PRIMARY KEY, list BLOB NOT NULL);" \
	"CREATE TABLE indexed(room INTEGER PRIMARY KEY, next INTEGER NOT NULL);"

static const char schema[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE room(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL,"
	" topic BLOB NOT NULL, epoch INTEGER NOT NULL, floor INTEGER NOT NULL, head INTEGER NOT NULL,"
	" oldest INTEGER NOT NULL, UNIQUE(kind, key));"
	"CREATE INDEX room_oldest ON room(oldest) WHERE floor <= head;"
	"CREATE INDEX room_empty ON room(id) WHERE floor > head;"
	/* id: room << 40 | seq; record: the MSG frame as it travels */
	"CREATE TABLE message(id INTEGER PRIMARY KEY, record BLOB NOT NULL);"
	"CREATE TABLE device(id INTEGER PRIMARY KEY, mark INTEGER NOT NULL, used INTEGER NOT NULL);"
	"CREATE INDEX device_used ON device(used);"
	"CREATE TABLE outcome(device INTEGER NOT NULL, counter INTEGER NOT NULL, hash INTEGER NOT NULL,"
	" room INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, code INTEGER NOT NULL,"
	" PRIMARY KEY(device, counter)) WITHOUT ROWID;"
	OWN_TABLE
	CHANGE_TABLE
	INDEX_TABLES
	"PRAGMA application_id = 1413695572;" /* HISTORY_APPLICATION */
	"PRAGMA user_version = 4;"; /* HISTORY_VERSION */

/* What makes a file of format 1 one of format 2, and so on. */
static const char *const steps[HISTORY_VERSION - 1] = { OWN_TABLE, CHANGE_TABLE, INDEX_TABLES };

/* What an opening is about; meta's numbers. */
struct opening {
	struct sqlite_store *store;
	struct db *db;
	char *why;
	char path[FOLDER_PATH];
	uint64_t inode;
	uint64_t witness;
};

static int fail(const struct opening *o, const char *text)
{
	snprintf(o->why, STORE_WHY_SIZE, "%.300s: %.200s", o->path, text);
	return TCHAT_ERR_SYSTEM;
}

static int fail_strange(const struct opening *o, const char *text)
{
	fail(o, text);
	return TCHAT_ERR_ARGUMENT;
}

static int fail_result(const struct opening *o, int result)
{
	if (result == SQLITE_OK)
		return 0;
	if ((result & 0xff) == SQLITE_NOTADB)
		return fail_strange(o, _("this is no history of tchat"));
	if ((result & 0xff) == SQLITE_BUSY)
		return fail(o, _("another program uses it"));
	bool same = o->db->handle != NULL && sqlite3_extended_errcode(o->db->handle) == result;
	return fail(o, same ? sqlite3_errmsg(o->db->handle) : sqlite3_errstr(result));
}

/* --- The file's format */

static int check_format(const struct opening *o)
{
	static const struct db_format format = { HISTORY_APPLICATION, HISTORY_VERSION, schema, steps };
	int64_t version;
	int result = db_format(o->db, &format, &version);
	if (result != SQLITE_MISMATCH)
		return fail_result(o, result);
	char text[128];
	snprintf(text, sizeof text, _("written by a newer tchat (format %d; this one knows %d)"), (int)version,
	         HISTORY_VERSION);
	return fail_strange(o, text);
}

static int set_log(const struct opening *o)
{
	const struct store_sqlite_config *config = &o->store->writer.config;
	int result = db_log(o->db);
	if (result == SQLITE_CANTOPEN)
		return fail(o, _("this file system cannot keep a write-ahead log"));
	if (result != SQLITE_OK)
		return fail_result(o, result);
	if (config->most_bytes > 0) {
		char pages[32];
		snprintf(pages, sizeof pages, "%" PRIu64, config->most_bytes / DB_PAGE);
		return fail_result(o, db_pragma(o->db, "max_page_count", pages));
	}
	return 0;
}

/* --- Is this what was written last? */

/* A history that was put back, copied, or cut short gets new epochs: nobody must take its numbers for those of the
 * history that they know. */
static int mint_epochs(struct sqlite_store *store)
{
	const struct environment *environment = store->writer.environment;
	struct db *db = &store->writer.db;
	int64_t room = 0;
	for (;;) {
		int64_t next;
		int result = db_number(db, DB_BIND(db, SQL_ROOM_NEXT, room), 0, &next);
		if (result != SQLITE_OK || next == 0)
			return result;
		room = next;
		int64_t epoch = 0;
		while (epoch == 0)
			environment->random(environment->arg, &epoch, sizeof epoch);
		result = DB_DO(db, SQL_ROOM_EPOCH, room, epoch);
		if (result != SQLITE_OK)
			return result;
	}
}

/* The number that the folder should hold; the one before is fine when this life's end came between the two. */
static int is_other(struct opening *o, bool *other)
{
	struct db *db = o->db;
	int64_t opening, previous, inode, clean, durability;
	int result = db_meta_get(db, "opening", &opening);
	if (result == SQLITE_OK)
		result = db_meta_get(db, "previous", &previous);
	if (result == SQLITE_OK)
		result = db_meta_get(db, "inode", &inode);
	if (result == SQLITE_OK)
		result = db_meta_get(db, "clean", &clean);
	if (result == SQLITE_OK)
		result = db_meta_get(db, "durability", &durability);
	if (result != SQLITE_OK)
		return result;
	int64_t witness = (int64_t)o->witness;
	*other = opening != 0 && ((witness != opening && witness != previous) || inode != (int64_t)o->inode ||
	                          (!clean && durability != STORE_FULL));
	return SQLITE_OK;
}

/* What all else builds on: a room's number and its bounds fit into the keys of its messages. */
static int check_rooms(struct db *db)
{
	int64_t wrong;
	int result = db_number(db, db_bind(db, SQL_ROOM_WRONG, NULL, 0), 0, &wrong);
	return result == SQLITE_OK && wrong != 0 ? SQLITE_CORRUPT : result;
}

/* A new number for this life (or what follows its clean end), after which older copies can be told. */
static int write_opening(struct sqlite_store *store, bool clean, uint64_t inode)
{
	const struct environment *environment = store->writer.environment;
	struct db *db = &store->writer.db;
	uint64_t previous = store->opening;
	store->opening = 0;
	while (store->opening == 0)
		environment->random(environment->arg, &store->opening, sizeof store->opening);
	int result = db_meta_set(db, "previous", (int64_t)previous);
	if (result == SQLITE_OK)
		result = db_meta_set(db, "opening", (int64_t)store->opening);
	if (result == SQLITE_OK)
		result = db_meta_set(db, "clean", clean);
	if (result == SQLITE_OK && inode != 0)
		result = db_meta_set(db, "inode", (int64_t)inode);
	if (result == SQLITE_OK)
		result = db_meta_set(db, "durability", store->writer.config.durability);
	return result;
}

static int begin_life(struct opening *o)
{
	struct sqlite_store *store = o->store;
	struct db *db = o->db;
	bool other = false;
	int64_t number = 0;
	if (folder_witness(&store->folder, &o->witness) != 0)
		return fail(o, strerror(errno));
	int result = db_do(db, SQL_BEGIN);
	if (result == SQLITE_OK)
		result = check_rooms(db);
	if (result == SQLITE_OK)
		result = is_other(o, &other);
	/* Should this life end before the folder has its number, this is still the one before. */
	store->opening = o->witness;
	store->identity.renewed = other;
	if (result == SQLITE_OK && other)
		result = mint_epochs(store);
	if (result == SQLITE_OK)
		result = write_opening(store, false, o->inode);
	if (result == SQLITE_OK)
		result = db_meta_key(db, store->writer.environment, "host", store->identity.host);
	if (result == SQLITE_OK)
		result = db_meta_key(db, store->writer.environment, "device_key", store->identity.device_key);
	if (result == SQLITE_OK)
		result = db_meta_get(db, "last_user", &number);
	store->identity.last_user = store->writer.last_user = (uint32_t)number;
	if (result == SQLITE_OK)
		result = db_do(db, SQL_COMMIT);
	if (result == SQLITE_OK)
		result = db_number(db, db_bind(db, SQL_ROOM_COUNT, NULL, 0), 0, &store->writer.rooms);
	if (result == SQLITE_OK)
		result = db_number(db, db_bind(db, SQL_ROOM_LAST, NULL, 0), 0, &number);
	store->writer.last_room = (uint64_t)number;
	if (result == SQLITE_OK)
		result = db_number(db, db_bind(db, SQL_DEVICE_COUNT, NULL, 0), 0, &store->writer.devices_stored);
	if (result == SQLITE_OK)
		result = db_number(db, db_bind(db, SQL_OWN_COUNT, NULL, 0), 0, &store->writer.records);
	if (result != SQLITE_OK)
		return fail_result(o, result);
	if (folder_set_witness(&store->folder, store->opening) != 0)
		return fail(o, strerror(errno));
	return 0;
}

/* --- All of it */

static int explain_folder(const char *path, int err, char why[STORE_WHY_SIZE])
{
	const char *text = tchat_err_text(err);
	if (err == TCHAT_ERR_IN_USE)
		text = _("another host keeps its history here");
	else if (err == TCHAT_ERR_PERMISSION)
		text = _("others may look into it, or it is not yours; it must be private (chmod go-rwx)");
	else if (err == TCHAT_ERR_SYSTEM)
		text = strerror(errno);
	snprintf(why, STORE_WHY_SIZE, "%.300s: %.200s", path, text);
	return err;
}

int sqlite_store_open(struct sqlite_store *store, char why[STORE_WHY_SIZE])
{
	const struct store_sqlite_config *config = &store->writer.config;
	struct opening o = { .store = store, .db = &store->writer.db, .why = why };
	int err = folder_open(&store->folder, config->directory);
	if (err != 0)
		return explain_folder(config->directory, err, why);
	err = folder_file(&store->folder, HISTORY_FILE, o.path, &o.inode);
	if (err == 0)
		err = folder_check(&store->folder, HISTORY_FILE "-wal");
	if (err == 0)
		err = folder_check(&store->folder, HISTORY_FILE "-shm");
	/* Before it is folded into the database: of a log that is not on the disk, nothing could mend what a power cut leaves
	 * half done. */
	if (err == 0)
		err = folder_rewrite(&store->folder, HISTORY_FILE "-wal");
	if (err != 0)
		return explain_folder(o.path, err, why);
	int result = db_open(o.db, o.path, config->vfs, false);
	if (result != SQLITE_OK)
		return fail_result(&o, result);
	err = check_format(&o);
	if (err == 0)
		err = set_log(&o);
	if (err == 0)
		err = begin_life(&o);
	if (err != 0)
		return err;
	db_pragma(o.db, "secure_delete", "1"); /* what is deleted is not left in free places */
	if (config->durability == STORE_PROCESS)
		db_pragma(o.db, "synchronous", "NORMAL");
	o.db = &store->reader;
	return fail_result(&o, db_open(&store->reader, o.path, config->vfs, true));
}

void sqlite_store_close(struct sqlite_store *store, bool clean)
{
	struct db *db = &store->writer.db;
	db_close(&store->reader, false);
	if (clean && db->handle != NULL) {
		db_pragma(db, "synchronous", "FULL");
		int result = db_do(db, SQL_BEGIN);
		if (result == SQLITE_OK)
			result = write_opening(store, true, 0);
		if (result == SQLITE_OK)
			result = db_do(db, SQL_COMMIT);
		/* Without it, the next life takes this for a crash: no harm. */
		if (result == SQLITE_OK)
			folder_set_witness(&store->folder, store->opening);
		else
			db_rollback(db);
	}
	db_close(db, clean);
	folder_close(&store->folder);
}
