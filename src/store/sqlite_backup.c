/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A copy of the history at work, in a folder of its own beside it: of one moment, read through and compared with what it
 * should be before it gets its name. */
#include "store/sqlite_inside.h"

#include "base/errors.h"
#include "store/sqlite_look.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGES = 256, PAUSE_MS = 10 };

#define UNFINISHED "backup-unfinished"

/* backup-20261121T174530Z */
static void name_of(uint64_t time, char name[STORE_NAME_SIZE])
{
	time_t seconds = (time_t)(time / 1000000);
	struct tm parts = { 0 };
	(void)gmtime_r(&seconds, &parts);
	snprintf(name, STORE_NAME_SIZE, "backup-%04d%02d%02dT%02d%02d%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
	         parts.tm_hour, parts.tm_min, parts.tm_sec);
}

static int explain(struct store_backup *request, int err, const char *what, const char *text)
{
	snprintf(request->why, sizeof request->why, "%s: %.180s", what, text);
	return err;
}

/* What was begun and not finished goes. */
static void clear_place(const struct sqlite_store *store)
{
	static const char *const files[] = { UNFINISHED "/" HISTORY_FILE, UNFINISHED "/" HISTORY_FILE "-journal",
		                             UNFINISHED "/" HISTORY_FILE "-wal", UNFINISHED "/" HISTORY_FILE "-shm" };
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		(void)unlinkat(store->folder.fd, files[i], 0);
	(void)unlinkat(store->folder.fd, UNFINISHED, AT_REMOVEDIR);
}

static int make_place(const struct sqlite_store *store, struct store_backup *request)
{
	clear_place(store);
	if (mkdirat(store->folder.fd, UNFINISHED, 0700) == 0)
		return 0;
	return explain(request, TCHAT_ERR_SYSTEM, UNFINISHED, strerror(errno));
}

/* Copies page by page, all as of the moment that the source's transaction began. */
static int copy(struct sqlite_store *store, sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	if (backup == NULL)
		return sqlite3_errcode(to);
	int result;
	do {
		result = sqlite3_backup_step(backup, PAGES);
		if (result == SQLITE_BUSY || result == SQLITE_LOCKED)
			sqlite3_sleep(PAUSE_MS);
		if (sqlite_store_stops(store))
			result = SQLITE_ABORT;
	} while (result == SQLITE_OK || result == SQLITE_BUSY || result == SQLITE_LOCKED);
	int finished = sqlite3_backup_finish(backup);
	return result == SQLITE_DONE ? finished : result;
}

/* One file, without a log beside it, is easier to carry. */
static int write_copy(struct sqlite_store *store, const char *path, struct store_backup *request)
{
	const char *vfs = store->writer.config.vfs;
	char source[FOLDER_PATH + 16];
	struct db from = { 0 };
	sqlite3 *to = NULL;
	snprintf(source, sizeof source, "%s/%s", store->folder.path, HISTORY_FILE);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return explain(request, TCHAT_ERR_SYSTEM, HISTORY_FILE, strerror(errno));
	close(fd);
	int result = db_open(&from, source, vfs, true);
	if (result == SQLITE_OK)
		result = db_do(&from, SQL_BEGIN_READ);
	if (result == SQLITE_OK)
		result = sqlite3_exec(from.handle, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, vfs);
	if (result == SQLITE_OK)
		result = copy(store, from.handle, to);
	if (result == SQLITE_OK)
		result = sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	int err = 0;
	if (result != SQLITE_OK)
		err = explain(request, result == SQLITE_FULL ? TCHAT_ERR_DISK_FULL : TCHAT_ERR_SYSTEM, HISTORY_FILE,
		              sqlite3_errstr(result));
	if (sqlite3_close(to) != SQLITE_OK && err == 0)
		err = explain(request, TCHAT_ERR_SYSTEM, HISTORY_FILE, "close");
	db_close(&from, false);
	return err;
}

struct verdict {
	struct store_backup *request;
	unsigned long faults;
};

static void heed_fault(void *arg, const char *text)
{
	struct verdict *verdict = arg;
	if (verdict->faults++ == 0)
		explain(verdict->request, 0, HISTORY_FILE, text);
}

static int stops(void *arg)
{
	return sqlite_store_stops(arg) ? 1 : 0;
}

static int check_copy(struct sqlite_store *store, const char *folder, struct store_backup *request)
{
	struct verdict verdict = { request, 0 };
	struct look_counts counts;
	struct look *look;
	char why[LOOK_WHY_SIZE];
	int err = look_open(&look, folder, why);
	if (err != 0)
		return explain(request, err, HISTORY_FILE, why);
	look_stop_when(look, stops, store);
	err = look_check(look, &counts, heed_fault, &verdict);
	look_close(look);
	request->bytes = counts.bytes;
	request->messages = counts.messages;
	return err == 0 && verdict.faults > 0 ? TCHAT_ERR_SYSTEM : err;
}

static int flush_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 ? -1 : fsync(fd);
	if (fd >= 0)
		close(fd);
	return failed == 0 || errno == EINVAL ? 0 : TCHAT_ERR_SYSTEM;
}

void sqlite_backup(struct sqlite_store *store, struct store_backup *request)
{
	char folder[FOLDER_PATH + 32], path[FOLDER_PATH + 64];
	request->bytes = request->messages = 0;
	request->why[0] = '\0';
	name_of(request->time, request->name);
	snprintf(folder, sizeof folder, "%s/%s", store->folder.path, UNFINISHED);
	snprintf(path, sizeof path, "%s/%s", folder, HISTORY_FILE);
	int err = make_place(store, request);
	if (err == 0)
		err = write_copy(store, path, request);
	if (err == 0)
		err = check_copy(store, folder, request);
	if (err == 0 && (flush_folder(folder) != 0 ||
	                 renameat(store->folder.fd, UNFINISHED, store->folder.fd, request->name) != 0 ||
	                 fsync(store->folder.fd) != 0))
		err = explain(request, TCHAT_ERR_SYSTEM, request->name, strerror(errno));
	if (err != 0)
		clear_place(store);
	request->request.error = err != 0 && sqlite_store_stops(store) ? TCHAT_ERR_CANCELLED : err;
}
