/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is not to be kept goes, in small steps: with each batch, and while nobody waits. A clock that jumps costs no
 * more than the steps of the time it really took. */
#include "store/sqlite_inside.h"

#include "wire/frame.h"
#include "wire/message.h"

enum {
	IDLE_BUDGET = 256,  /* records */
	LOG_LONG = 1000,    /* pages of the log: time to fold it in */
	LOG_MOST = 16384,   /* readers are waited for */
};
#define IDLE_TIME TCHAT_SECONDS(60) /* between two looks at the age of what is kept */

/* A room's row, in use or not. */
struct keep_room {
	uint64_t id, floor, head, oldest;
	struct sqlite_room *in_use;
};

static struct sqlite_room *in_use(struct sqlite_writer *writer, uint64_t id)
{
	struct sqlite_room *room;
	HASH_FIND(hh, writer->rooms_in_use, &id, sizeof id, room);
	return room;
}

/* A room in use may be ahead of its row. */
static void take_row(struct sqlite_writer *writer, struct keep_room *room)
{
	room->in_use = in_use(writer, room->id);
	if (room->in_use == NULL)
		return;
	room->floor = room->in_use->floor;
	room->head = room->in_use->head;
	room->oldest = room->in_use->oldest;
}

int sqlite_record_time(struct sqlite_writer *writer, uint64_t room, uint64_t seq, uint64_t *time)
{
	struct db *db = &writer->db;
	sqlite3_stmt *statement = DB_BIND(db, SQL_KEEP_TIME, db_record(room, seq), FRAME_HEADER + MSG_TIME + 1);
	int result = db_step(db, statement);
	if (result != SQLITE_ROW)
		return result == SQLITE_DONE ? SQLITE_CORRUPT : result;
	const uint8_t *bytes = sqlite3_column_blob(statement, 0);
	bool fits = sqlite3_column_bytes(statement, 0) == 8;
	*time = fits ? wire_get(bytes, 8) : 0;
	sqlite3_reset(statement);
	return fits ? SQLITE_OK : SQLITE_CORRUPT;
}

/* Deletes a room's records below floor, which is at most head + 1. */
static int cut(struct sqlite_writer *writer, struct keep_room *room, uint64_t floor)
{
	struct db *db = &writer->db;
	uint64_t oldest = room->oldest;
	int result = DB_DO(db, SQL_RECORD_DELETE, db_record(room->id, room->floor), db_record(room->id, floor));
	if (result == SQLITE_OK)
		result = DB_DO(db, SQL_CHANGE_DELETE, db_record(room->id, room->floor), db_record(room->id, floor));
	if (result == SQLITE_OK)
		result = sqlite_index_cut(writer, room->id, room->floor, floor);
	if (result == SQLITE_OK && floor <= room->head)
		result = sqlite_record_time(writer, room->id, floor, &oldest);
	if (result == SQLITE_OK)
		result = DB_DO(db, SQL_ROOM_UPDATE, (int64_t)room->id, (int64_t)floor, (int64_t)room->head, (int64_t)oldest);
	if (result != SQLITE_OK)
		return result;
	room->floor = floor;
	if (room->in_use != NULL) {
		sqlite_room_touch(writer, room->in_use);
		room->in_use->floor = floor;
		room->in_use->oldest = oldest;
	}
	return SQLITE_OK;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

int sqlite_keep_room(struct sqlite_writer *writer, struct sqlite_room *in_room, uint64_t budget)
{
	uint64_t count = in_room->head + 1 - in_room->floor;
	if (writer->config.keep_count == 0 || count <= writer->config.keep_count)
		return SQLITE_OK;
	struct keep_room room = { in_room->id, in_room->floor, in_room->head, in_room->oldest, in_room };
	uint64_t over = count - writer->config.keep_count;
	writer->keep_more = writer->keep_more || over > budget;
	return cut(writer, &room, room.floor + least(over, budget));
}

/* After a start with another limit, rooms that nobody uses are over it as well. */
static int keep_count(struct sqlite_writer *writer, uint64_t budget)
{
	struct db *db = &writer->db;
	struct keep_room room;
	sqlite3_stmt *statement = DB_BIND(db, SQL_KEEP_COUNT, (int64_t)writer->config.keep_count);
	int result = db_step(db, statement);
	if (result != SQLITE_ROW)
		return result == SQLITE_DONE ? SQLITE_OK : result;
	room.id = (uint64_t)sqlite3_column_int64(statement, 0);
	room.floor = (uint64_t)sqlite3_column_int64(statement, 1);
	room.head = (uint64_t)sqlite3_column_int64(statement, 2);
	room.oldest = 0;
	sqlite3_reset(statement);
	take_row(writer, &room);
	uint64_t over = room.head + 1 - room.floor - writer->config.keep_count;
	writer->keep_more = true; /* perhaps there are other rooms */
	return cut(writer, &room, room.floor + least(over, budget));
}

/* The room with the oldest record; *any is false when there is none at all. */
static int oldest_room(struct sqlite_writer *writer, struct keep_room *room, bool *any)
{
	struct db *db = &writer->db;
	sqlite3_stmt *statement = db_bind(db, SQL_KEEP_OLDEST, NULL, 0);
	int result = db_step(db, statement);
	*any = result == SQLITE_ROW;
	if (result != SQLITE_ROW)
		return result == SQLITE_DONE ? SQLITE_OK : result;
	room->id = (uint64_t)sqlite3_column_int64(statement, 0);
	room->floor = (uint64_t)sqlite3_column_int64(statement, 1);
	room->head = (uint64_t)sqlite3_column_int64(statement, 2);
	room->oldest = (uint64_t)sqlite3_column_int64(statement, 3);
	sqlite3_reset(statement);
	take_row(writer, room);
	*any = room->floor <= room->head;
	return SQLITE_OK;
}

static int used_bytes(struct sqlite_writer *writer, uint64_t *bytes)
{
	struct db *db = &writer->db;
	int64_t pages, unused = 0;
	int result = db_number(db, db_bind(db, SQL_KEEP_PAGES, NULL, 0), 0, &pages);
	if (result == SQLITE_OK)
		result = db_number(db, db_bind(db, SQL_KEEP_FREE, NULL, 0), 0, &unused);
	*bytes = (uint64_t)(pages - unused) * DB_PAGE;
	return result;
}

static int keep_age(struct sqlite_writer *writer, uint64_t budget)
{
	uint64_t now = writer->environment->wall(writer->environment->arg);
	uint64_t since = now > writer->config.keep_age ? now - writer->config.keep_age : 0;
	struct keep_room room;
	bool any;
	int result = oldest_room(writer, &room, &any);
	if (result != SQLITE_OK || !any || room.oldest >= since)
		return result;
	uint64_t floor = room.floor, time = 0;
	while (result == SQLITE_OK && floor <= room.head && floor - room.floor < budget) {
		result = sqlite_record_time(writer, room.id, floor, &time);
		if (time >= since)
			break;
		floor++;
	}
	return result == SQLITE_OK ? cut(writer, &room, floor) : result;
}

static int keep_bytes(struct sqlite_writer *writer, uint64_t budget)
{
	uint64_t bytes;
	struct keep_room room;
	bool any;
	int result = used_bytes(writer, &bytes);
	if (result != SQLITE_OK || bytes <= writer->config.keep_bytes)
		return result;
	result = oldest_room(writer, &room, &any);
	if (result != SQLITE_OK || !any)
		return result;
	writer->keep_more = true;
	return cut(writer, &room, room.floor + least(room.head + 1 - room.floor, budget));
}

int sqlite_keep_step(struct sqlite_writer *writer, uint64_t budget, bool by_age)
{
	const struct store_sqlite_config *config = &writer->config;
	int result = SQLITE_OK;
	if (config->keep_age > 0 && by_age)
		result = keep_age(writer, budget);
	if (result == SQLITE_OK && config->keep_bytes > 0)
		result = keep_bytes(writer, budget);
	return result;
}

int sqlite_writer_checkpoint(struct sqlite_writer *writer)
{
	if (writer->log_pages < LOG_LONG) {
		writer->log_waits = 0;
		return SQLITE_OK;
	}
	bool wait = writer->log_pages > LOG_MOST && writer->log_pages > writer->log_waits;
	int mode = wait ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
	int result = sqlite3_wal_checkpoint_v2(writer->db.handle, NULL, mode, NULL, NULL);
	/* Somebody else takes a long look: not to be waited for again and again. */
	if (wait)
		writer->log_waits = (result & 0xff) == SQLITE_BUSY ? writer->log_pages + LOG_MOST : 0;
	/* Where there is no room to fold it in, the log goes on. */
	return db_is_temporary(&writer->db, result) ? SQLITE_OK : result;
}

static int idle_transaction(struct sqlite_writer *writer, bool by_age)
{
	int result = sqlite_writer_begin(writer);
	writer->keep_more = false;
	if (result == SQLITE_OK)
		result = sqlite_devices_settle(writer);
	if (result == SQLITE_OK && writer->config.keep_count > 0)
		result = keep_count(writer, IDLE_BUDGET);
	if (result == SQLITE_OK)
		result = sqlite_keep_step(writer, IDLE_BUDGET, by_age);
	if (result == SQLITE_OK)
		result = sqlite_index_flush(writer);
	if (result == SQLITE_OK)
		result = sqlite_writer_commit(writer);
	if (result == SQLITE_OK) {
		writer->keep_more = writer->keep_more || writer->unsettled_devices != NULL;
		return SQLITE_OK;
	}
	writer->keep_more = false; /* the disk may be full: not again at once */
	return sqlite_writer_undo(writer, result);
}

int sqlite_writer_idle(struct sqlite_writer *writer, tchat_time now, tchat_time *again)
{
	int result = SQLITE_OK;
	bool by_age = writer->config.keep_age > 0 && now - writer->kept >= IDLE_TIME;
	if (by_age)
		writer->kept = now;
	if (by_age || writer->keep_more || writer->unsettled_devices != NULL)
		result = idle_transaction(writer, by_age);
	else if (sqlite_index_works(&writer->index))
		result = sqlite_index_step(writer);
	*again = TCHAT_NEVER;
	if (writer->keep_more || sqlite_index_works(&writer->index))
		*again = now;
	else if (writer->config.keep_age > 0)
		*again = writer->kept + IDLE_TIME;
	return result;
}
