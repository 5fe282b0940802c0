/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a history from a transaction of its own. */
#include "store/sqlite_look.h"

#include "base/errors.h"
#include "base/intl.h"
#include "base/table.h"
#include "store/sqlite_format.h"
#include "store/sqlite_inside.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct look {
	struct db db;
	int format;
	char path[FOLDER_PATH];
	char why[LOOK_WHY_SIZE];
};

/* --- Opening */

static int look_fail(struct look *look, int result)
{
	const char *text = look->db.handle == NULL ? sqlite3_errstr(result) : sqlite3_errmsg(look->db.handle);
	snprintf(look->why, sizeof look->why, "%.300s: %.200s", look->path, text);
	return TCHAT_ERR_SYSTEM;
}

static int look_strange(struct look *look, const char *text)
{
	snprintf(look->why, sizeof look->why, "%.300s: %.200s", look->path, text);
	return TCHAT_ERR_ARGUMENT;
}

/* Begins the moment that is looked at. */
static int look_begin(struct look *look)
{
	int64_t application = 0, version = 0;
	if (access(look->path, R_OK) != 0) {
		snprintf(look->why, sizeof look->why, "%.300s: %.200s", look->path, strerror(errno));
		return errno == ENOENT || errno == ENOTDIR ? TCHAT_ERR_NOT_FOUND : TCHAT_ERR_SYSTEM;
	}
	int result = db_open(&look->db, look->path, NULL, true);
	if (result == SQLITE_OK)
		result = db_do(&look->db, SQL_BEGIN_READ);
	if (result == SQLITE_OK)
		result = db_pragma_number(&look->db, "PRAGMA application_id", &application);
	if (result == SQLITE_OK)
		result = db_pragma_number(&look->db, "PRAGMA user_version", &version);
	if (result == SQLITE_NOTADB || (result == SQLITE_OK && (application != HISTORY_APPLICATION || version < 1)))
		return look_strange(look, _("this is no history of tchat"));
	if (result != SQLITE_OK)
		return look_fail(look, result);
	if (version > HISTORY_VERSION)
		return look_strange(look, _("written by a newer tchat"));
	look->format = (int)version;
	return 0;
}

int look_open(struct look **out, const char *directory, char why[LOOK_WHY_SIZE])
{
	struct look *look = calloc(1, sizeof *look);
	*out = NULL;
	if (look == NULL) {
		snprintf(why, LOOK_WHY_SIZE, "%s", tchat_err_text(TCHAT_ERR_MEMORY));
		return TCHAT_ERR_MEMORY;
	}
	int err = 0;
	if (snprintf(look->path, sizeof look->path, "%s/%s", directory, HISTORY_FILE) >= (int)sizeof look->path)
		err = look_strange(look, tchat_err_text(TCHAT_ERR_TOO_LONG));
	if (err == 0)
		err = look_begin(look);
	if (err == 0) {
		*out = look;
		return 0;
	}
	snprintf(why, LOOK_WHY_SIZE, "%s", look->why);
	look_close(look);
	return err;
}

void look_close(struct look *look)
{
	if (look == NULL)
		return;
	db_close(&look->db, false);
	free(look);
}

void look_stop_when(struct look *look, int (*stops)(void *arg), void *arg)
{
	enum { STEPS = 10000 };
	sqlite3_progress_handler(look->db.handle, STEPS, stops, arg);
}

const char *look_why(const struct look *look)
{
	return look->why;
}

/* --- Rooms and records */

static const char *column_text(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	return text == NULL ? "" : text;
}

int look_rooms(struct look *look, int (*each)(void *arg, const struct look_room *room), void *arg)
{
	sqlite3_stmt *statement = db_bind(&look->db, SQL_LOOK_ROOMS, NULL, 0);
	int result;
	while ((result = db_step(&look->db, statement)) == SQLITE_ROW) {
		const struct look_room room = {
			.id = (uint64_t)sqlite3_column_int64(statement, 0),
			.kind = (uint8_t)sqlite3_column_int(statement, 1),
			.key = column_text(statement, 2),
			.name = column_text(statement, 3),
			.epoch = (uint64_t)sqlite3_column_int64(statement, 4),
			.floor = (uint64_t)sqlite3_column_int64(statement, 5),
			.head = (uint64_t)sqlite3_column_int64(statement, 6),
		};
		int ended = each(arg, &room);
		if (ended != 0) {
			sqlite3_reset(statement);
			return ended;
		}
	}
	return result == SQLITE_DONE ? 0 : look_fail(look, result);
}

int look_records(struct look *look, uint64_t room, int (*each)(void *arg, uint64_t seq, const uint8_t *record, size_t length),
                 void *arg)
{
	const uint64_t most = (UINT64_C(1) << DB_SEQ_BITS) - 1;
	sqlite3_stmt *statement = DB_BIND(&look->db, SQL_RECORD_GET, db_record(room, 0), db_record(room, most));
	int result;
	while ((result = db_step(&look->db, statement)) == SQLITE_ROW) {
		uint64_t seq = (uint64_t)sqlite3_column_int64(statement, 0) & most;
		const void *record = sqlite3_column_blob(statement, 1);
		size_t length = (size_t)sqlite3_column_bytes(statement, 1);
		int ended = each(arg, seq, record == NULL ? (const uint8_t *)"" : record, length);
		if (ended != 0) {
			sqlite3_reset(statement);
			return ended;
		}
	}
	return result == SQLITE_DONE ? 0 : look_fail(look, result);
}

/* --- The check */

/* The last counter of a device in the room at hand. */
struct seen {
	uint64_t device, counter;
	UT_hash_handle hh;
};

struct check {
	struct look *look;
	struct look_counts *counts;
	void (*fault)(void *arg, const char *text);
	void *arg;
	const struct look_room *room;
	uint64_t next;      /* seq that is due */
	struct seen *seen;
};

static void __attribute__((format(printf, 2, 3))) tell(const struct check *check, const char *format, ...)
{
	char text[LOOK_WHY_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	for (char *c = text; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	check->fault(check->arg, text);
}

/* What cannot be read is a fault like others; the rest may be fine. */
static void tell_result(const struct check *check, int result)
{
	if (result == SQLITE_OK || result == SQLITE_DONE)
		return;
	look_fail(check->look, result);
	tell(check, "%s", check->look->why);
}

/* SQLite's own view: pages, trees and indices. */
static void check_pages(const struct check *check)
{
	struct db *db = &check->look->db;
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(db->handle, "PRAGMA integrity_check", -1, &statement, NULL);
	while (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = column_text(statement, 0);
		if (strcmp(text, "ok") != 0)
			tell(check, _("database: %s"), text);
		result = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	tell_result(check, result);
}

/* Each device's messages are in the order that it gave them, and none is there twice. */
static int check_order(struct check *check, uint64_t seq, const struct message_id *id)
{
	struct seen *seen;
	HASH_FIND(hh, check->seen, &id->device, sizeof id->device, seen);
	if (seen == NULL) {
		seen = calloc(1, sizeof *seen);
		if (seen == NULL)
			return TCHAT_ERR_MEMORY;
		seen->device = id->device;
		HASH_ADD(hh, check->seen, device, sizeof seen->device, seen);
		if (seen->hh.tbl == NULL) {
			free(seen);
			return TCHAT_ERR_MEMORY;
		}
	} else if (seen->counter >= id->counter) {
		tell(check, _("room %s, message %" PRIu64 ": its sender's messages are not in their order"), check->room->name, seq);
	}
	seen->counter = id->counter;
	return 0;
}

static void order_forget(struct check *check)
{
	struct seen *seen, *next;
	HASH_ITER(hh, check->seen, seen, next) {
		HASH_DEL(check->seen, seen);
		free(seen);
	}
}

/* What the sender was told, as far as it is remembered, is what is here. */
static void check_outcome(const struct check *check, uint64_t seq, const struct message_id *id)
{
	struct db *db = &check->look->db;
	sqlite3_stmt *statement = DB_BIND(db, SQL_LOOK_OUTCOME, (int64_t)id->device, (int64_t)id->counter);
	int result = db_step(db, statement);
	if (result != SQLITE_ROW) {
		tell_result(check, result);
		return;
	}
	if ((uint64_t)sqlite3_column_int64(statement, 0) != check->room->id ||
	    (uint64_t)sqlite3_column_int64(statement, 1) != seq || sqlite3_column_int(statement, 2) != 0)
		tell(check, _("room %s, message %" PRIu64 ": its sender was told something else"), check->room->name, seq);
	sqlite3_reset(statement);
}

static int check_record(void *arg, uint64_t seq, const uint8_t *record, size_t length)
{
	struct check *check = arg;
	struct frame frame;
	struct message message;
	const char *name = check->room->name;
	check->counts->messages++;
	if (seq != check->next && seq > check->next)
		tell(check, _("room %s: messages %" PRIu64 " to %" PRIu64 " are missing"), name, check->next, seq - 1);
	else if (seq != check->next)
		tell(check, _("room %s: message %" PRIu64 " should not be kept any more"), name, seq);
	if (seq >= check->next)
		check->next = seq + 1;
	if (frame_peek(&frame, record, length, WIRE_LIMIT) != (int)length || frame.type != WIRE_MSG ||
	    message_decode(&message, frame.type, frame.payload, frame.length) != 0 || message.msg.room != check->room->id ||
	    message.msg.seq != seq) {
		tell(check, _("room %s, message %" PRIu64 ": it cannot be read"), name, seq);
		return 0;
	}
	check_outcome(check, seq, &message.msg.id);
	return check_order(check, seq, &message.msg.id);
}

static int check_room(void *arg, const struct look_room *room)
{
	struct check *check = arg;
	check->counts->rooms++;
	check->room = room;
	check->next = room->floor;
	if (room->epoch == 0 || room->floor == 0 || room->floor > room->head + 1)
		tell(check, _("room %s: its bounds make no sense"), room->name);
	int err = look_records(check->look, room->id, check_record, check);
	order_forget(check);
	if (err == TCHAT_ERR_SYSTEM) {
		tell(check, "%s", check->look->why);
		return 0;
	}
	if (err == 0 && check->next != room->head + 1)
		tell(check, _("room %s: it ends with message %" PRIu64 ", not %" PRIu64), room->name, check->next - 1, room->head);
	return err;
}

static uint64_t number_of(const struct check *check, enum db_statement statement)
{
	struct db *db = &check->look->db;
	int64_t value;
	tell_result(check, db_number(db, db_bind(db, statement, NULL, 0), 0, &value));
	return (uint64_t)value;
}

int look_check(struct look *look, struct look_counts *counts, void (*fault)(void *arg, const char *text), void *arg)
{
	struct check check = { .look = look, .counts = counts, .fault = fault, .arg = arg };
	*counts = (struct look_counts){ .format = look->format };
	check_pages(&check);
	int err = look_rooms(look, check_room, &check);
	if (err == TCHAT_ERR_SYSTEM)
		tell(&check, "%s", look->why);
	else if (err != 0)
		return err;
	uint64_t all = number_of(&check, SQL_LOOK_COUNT), beyond = number_of(&check, SQL_LOOK_BEYOND);
	if (all > counts->messages)
		tell(&check, _("messages that are in no room: %" PRIu64), all - counts->messages);
	if (beyond > 0)
		tell(&check, _("answers to no device, or beyond its mark: %" PRIu64), beyond);
	counts->devices = number_of(&check, SQL_DEVICE_COUNT);
	counts->bytes = number_of(&check, SQL_KEEP_PAGES) * DB_PAGE;
	return 0;
}
