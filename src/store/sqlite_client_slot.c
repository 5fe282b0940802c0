/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders of the clients' stores: one of each host, below it the slots, one for each process at a time. */
#include "store/sqlite_client_inside.h"

#include "base/errors.h"
#include "base/intl.h"
#include "store/sqlite_format.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "client.db"

enum { APPLICATION_ID = 0x54434843, SCHEMA_VERSION = 2, SLOTS_MOST = 256 };

/* id: of the message that changes target's */
#define CHANGE_TABLE \
	"CREATE TABLE change(target INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY(target, id)) WITHOUT ROWID;" \
	"CREATE TRIGGER message_gone AFTER DELETE ON message BEGIN DELETE FROM change WHERE target = old.id; END;"

static const char schema[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;"
	/* posts without an answer; kind 0: cancelled */
	"CREATE TABLE outbox(counter INTEGER PRIMARY KEY, kind INTEGER NOT NULL, direct INTEGER NOT NULL,"
	" target INTEGER NOT NULL, reply INTEGER NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, ref TEXT NOT NULL);"
	/* the cursor of each room: epoch, seq, and the id (device, counter) of the message at seq */
	"CREATE TABLE room(id INTEGER PRIMARY KEY, direct INTEGER NOT NULL, number INTEGER NOT NULL,"
	" epoch INTEGER NOT NULL, seq INTEGER NOT NULL, has_id INTEGER NOT NULL, device INTEGER NOT NULL,"
	" counter INTEGER NOT NULL, read INTEGER NOT NULL, name TEXT NOT NULL, fold TEXT NOT NULL);"
	/* posts that were accepted */
	"CREATE TABLE own(counter INTEGER PRIMARY KEY, room INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" epoch INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, text TEXT NOT NULL);"
	/* id: room << 40 | seq; record: the MSG frame as it travels */
	"CREATE TABLE message(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, record BLOB NOT NULL);"
	"CREATE INDEX message_time ON message(time);"
	CHANGE_TABLE
	"PRAGMA application_id = 1413695555;" /* APPLICATION_ID */
	"PRAGMA user_version = 2;";            /* SCHEMA_VERSION */

static const char *const steps[SCHEMA_VERSION - 1] = { CHANGE_TABLE };

static int explain(char why[CLIENT_WHY_SIZE], const char *path, int err)
{
	const char *text = tchat_err_text(err);
	if (err == TCHAT_ERR_PERMISSION)
		text = _("others may look into it, or it is not yours; it must be private (chmod go-rwx)");
	else if (err == TCHAT_ERR_SYSTEM)
		text = strerror(errno);
	snprintf(why, CLIENT_WHY_SIZE, "%.300s: %.200s", path, text);
	return err;
}

int client_database_open(struct db *db, struct folder *folder, const char *vfs)
{
	static const struct db_format format = { APPLICATION_ID, SCHEMA_VERSION, schema, steps };
	char path[FOLDER_PATH];
	uint64_t inode;
	int64_t version;
	if (folder_file(folder, FILE_NAME, path, &inode) != 0 || folder_rewrite(folder, FILE_NAME "-wal") != 0)
		return SQLITE_CANTOPEN;
	int result = db_open(db, path, vfs[0] != '\0' ? vfs : NULL, false);
	if (result == SQLITE_OK)
		result = db_format(db, &format, &version);
	return result == SQLITE_OK ? db_log(db) : result;
}

static void host_folder(const struct client_writer *writer, char name[2 * CLIENT_KEY_MOST + 1])
{
	for (size_t i = 0; i < writer->config.key_length; i++)
		snprintf(name + 2 * i, 3, "%02x", writer->key[i]);
}

/* A folder of ours, made if need be. */
static int make_folder(const char *path, char why[CLIENT_WHY_SIZE])
{
	struct stat status;
	if (folder_make(path) != 0 || lstat(path, &status) != 0)
		return explain(why, path, TCHAT_ERR_SYSTEM);
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077) != 0)
		return explain(why, path, TCHAT_ERR_PERMISSION);
	return 0;
}

static int has_label(struct db *db, const char *label, int64_t *any)
{
	sqlite3_stmt *statement = db_bind(db, SQL_CLIENT_LABEL, NULL, 0);
	if (statement != NULL)
		sqlite3_bind_text(statement, 1, label, -1, SQLITE_STATIC);
	return db_number(db, statement, 0, any);
}

/* How much we want the slot: 2 if posts wait there, 1 if its label is ours. One that is damaged has nothing that could
 * be had. */
static int slot_worth(struct folder *folder, const struct client_writer *writer)
{
	struct db db = { 0 };
	int64_t any = 0, same = 0;
	if (client_database_open(&db, folder, writer->vfs) == SQLITE_OK &&
	    db_number(&db, db_bind(&db, SQL_CLIENT_POST_ANY, NULL, 0), 0, &any) == SQLITE_OK)
		has_label(&db, writer->label, &same);
	db_close(&db, true);
	return (any != 0 ? 2 : 0) + (same != 0);
}

/* The folder of the host, made if need be. */
static int slots_folder(const struct client_writer *writer, char path[FOLDER_PATH], char why[CLIENT_WHY_SIZE])
{
	char name[2 * CLIENT_KEY_MOST + 1] = "";
	host_folder(writer, name);
	int err = make_folder(writer->root, why);
	if (err == 0 && snprintf(path, FOLDER_PATH, "%s/%s", writer->root, name) >= FOLDER_PATH - 8)
		err = explain(why, writer->root, TCHAT_ERR_TOO_LONG);
	return err == 0 ? make_folder(path, why) : err;
}

int client_slot_take(struct client_writer *writer, char why[CLIENT_WHY_SIZE])
{
	char path[FOLDER_PATH];
	struct folder found, best = { .fd = -1, .lock = -1 };
	struct stat status;
	int worth = -1;
	int err = slots_folder(writer, path, why);
	size_t length = err == 0 ? strlen(path) : 0;
	for (int slot = 0; err == 0 && slot < SLOTS_MOST; slot++) {
		snprintf(path + length, FOLDER_PATH - length, "/%d", slot);
		bool fresh = lstat(path, &status) != 0;
		if (fresh && worth >= 0)
			break;
		err = folder_open(&found, path);
		if (err == TCHAT_ERR_IN_USE) {
			err = 0;
			continue;
		}
		if (err != 0) {
			explain(why, path, err);
			break;
		}
		int this_worth = fresh ? 0 : slot_worth(&found, writer);
		if (this_worth > worth) {
			folder_close(&best);
			best = found;
			worth = this_worth;
		} else {
			folder_close(&found);
		}
	}
	if (err == 0 && worth < 0)
		err = explain(why, path, TCHAT_ERR_IN_USE);
	if (err != 0)
		folder_close(&best);
	else
		writer->folder = best;
	return err;
}

/* --- Hosts that are not talked to any more */

/* Deletes the files in a folder that is open, and the folder. */
static void delete_slot(struct folder *folder)
{
	static const char *const names[] = { FILE_NAME, FILE_NAME "-wal", FILE_NAME "-shm", "lock" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlinkat(folder->fd, names[i], 0);
	rmdir(folder->path);
}

/* Deletes the slots of a host, if nobody uses them and nothing is pending. */
static bool delete_host(const char *path, const struct client_writer *writer)
{
	struct folder slots[8];
	struct stat status;
	char name[FOLDER_PATH];
	int count = 0;
	bool idle = true;
	for (; idle && count < 8; count++) {
		if (snprintf(name, sizeof name, "%s/%d", path, count) >= (int)sizeof name || lstat(name, &status) != 0)
			break;
		idle = folder_open(&slots[count], name) == 0 && slot_worth(&slots[count], writer) < 2;
	}
	for (int i = 0; i < count; i++) {
		if (idle && slots[i].fd >= 0)
			delete_slot(&slots[i]);
		folder_close(&slots[i]);
	}
	return idle && rmdir(path) == 0;
}

void client_slots_prune(const struct client_writer *writer)
{
	char path[FOLDER_PATH], oldest[FOLDER_PATH] = "";
	struct stat status;
	time_t oldest_time = 0;
	uint32_t hosts = 0;
	DIR *root = opendir(writer->root);
	for (struct dirent *entry; root != NULL && (entry = readdir(root)) != NULL;) {
		size_t length = strlen(entry->d_name);
		if (strspn(entry->d_name, "0123456789abcdef") != length)
			continue;
		hosts++;
		if (snprintf(path, sizeof path, "%s/%s/0/" FILE_NAME, writer->root, entry->d_name) >= (int)sizeof path ||
		    stat(path, &status) != 0 || (oldest[0] != '\0' && status.st_mtime >= oldest_time))
			continue;
		oldest_time = status.st_mtime;
		snprintf(oldest, sizeof oldest, "%.*s", (int)(strlen(path) - strlen("/0/" FILE_NAME)), path);
	}
	if (root != NULL)
		closedir(root);
	if (hosts > writer->config.hosts && oldest[0] != '\0' &&
	    strncmp(writer->folder.path, oldest, strlen(oldest)) != 0)
		delete_host(oldest, writer);
}
