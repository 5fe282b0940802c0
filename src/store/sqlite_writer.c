/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The writer: what queued while the last transaction ran is the next one. It alone gives room ids, epochs, seqs and
 * marks; its memory of rooms and devices follows the database, or goes back with it. */
#include "store/sqlite_inside.h"

#include "base/errors.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <stdlib.h>
#include <string.h>

enum { KEEP_LEAST = 16 }; /* records that a batch may delete, on top of twice its own */

/* --- Transactions */

int sqlite_writer_begin(struct sqlite_writer *writer)
{
	if (writer->in_transaction)
		return SQLITE_OK;
	int result = db_do(&writer->db, SQL_BEGIN);
	if (result != SQLITE_OK)
		return result;
	writer->in_transaction = true;
	writer->saved_last_user = writer->last_user;
	writer->saved_last_room = writer->last_room;
	writer->saved_rooms = writer->rooms;
	writer->saved_devices_stored = writer->devices_stored;
	writer->saved_records = writer->records;
	return SQLITE_OK;
}

/* Rooms and devices are as the database has them; those that nobody uses are let go. */
static void writer_done(struct sqlite_writer *writer, bool kept)
{
	for (struct sqlite_room *room; (room = writer->dirty_rooms) != NULL;) {
		writer->dirty_rooms = room->next_dirty;
		room->dirty = false;
		room->topic = NULL;
		if (kept) {
			room->fresh = false;
			continue;
		}
		room->floor = room->saved_floor;
		room->head = room->saved_head;
		room->oldest = room->saved_oldest;
		room->last = room->saved_last;
		if (!room->fresh)
			continue;
		HASH_DEL(writer->rooms_in_use, room);
		free(room);
	}
	while (writer->released_rooms != NULL) {
		struct sqlite_room *room = writer->released_rooms;
		writer->released_rooms = room->next_released;
		room->released = false;
		if (room->users > 0)
			continue;
		HASH_DEL(writer->rooms_in_use, room);
		free(room);
	}
	sqlite_devices_done(writer, kept);
}

int sqlite_writer_commit(struct sqlite_writer *writer)
{
	if (writer->in_transaction) {
		int result = db_do(&writer->db, SQL_COMMIT);
		if (result != SQLITE_OK)
			return result;
	}
	writer->in_transaction = false;
	writer_done(writer, true);
	return SQLITE_OK;
}

int sqlite_writer_undo(struct sqlite_writer *writer, int result)
{
	bool passes = db_is_temporary(&writer->db, result);
	if (writer->in_transaction) {
		writer->last_user = writer->saved_last_user;
		writer->last_room = writer->saved_last_room;
		writer->rooms = writer->saved_rooms;
		writer->devices_stored = writer->saved_devices_stored;
		writer->records = writer->saved_records;
	}
	writer->in_transaction = false;
	sqlite_index_undone(&writer->index);
	writer_done(writer, false);
	/* After a failed flush or write, nothing more is asked of the database. */
	return passes ? db_rollback(&writer->db) : result;
}

/* --- Rooms */

static struct sqlite_room *room_find(struct sqlite_writer *writer, uint64_t id)
{
	struct sqlite_room *room;
	HASH_FIND(hh, writer->rooms_in_use, &id, sizeof id, room);
	return room;
}

void sqlite_room_touch(struct sqlite_writer *writer, struct sqlite_room *room)
{
	if (room->dirty)
		return;
	room->dirty = true;
	room->saved_floor = room->floor;
	room->saved_head = room->head;
	room->saved_oldest = room->oldest;
	room->saved_last = room->last;
	room->next_dirty = writer->dirty_rooms;
	writer->dirty_rooms = room;
}

static struct sqlite_room *room_new(struct sqlite_writer *writer, uint64_t id)
{
	struct sqlite_room *room = calloc(1, sizeof *room);
	if (room == NULL)
		return NULL;
	room->id = id;
	HASH_ADD(hh, writer->rooms_in_use, id, sizeof room->id, room);
	if (room->hh.tbl != NULL)
		return room;
	free(room);
	return NULL;
}

static void room_release(struct sqlite_writer *writer, uint64_t id)
{
	struct sqlite_room *room = room_find(writer, id);
	if (room == NULL)
		return;
	room->users -= room->users > 0;
	if (room->users > 0 || room->released)
		return;
	room->released = true;
	room->next_released = writer->released_rooms;
	writer->released_rooms = room;
}

/* The store is full: a room of which nothing is kept, and that nobody uses, makes place. */
static int room_evict(struct sqlite_writer *writer, bool *done)
{
	struct db *db = &writer->db;
	int64_t id = 0;
	*done = false;
	for (;;) {
		int result = db_number(db, DB_BIND(db, SQL_ROOM_EMPTY, id), 0, &id);
		if (result != SQLITE_OK || id == 0)
			return result;
		const struct sqlite_room *room = room_find(writer, (uint64_t)id);
		if (room != NULL && room->users > 0)
			continue;
		result = DB_DO(db, SQL_ROOM_DELETE, id);
		if (result == SQLITE_OK)
			result = DB_DO(db, SQL_INDEX_DROP, id);
		*done = result == SQLITE_OK;
		writer->rooms -= *done;
		return result;
	}
}

static int room_create(struct sqlite_writer *writer, struct store_room *request)
{
	struct db *db = &writer->db;
	bool place = true;
	int result = sqlite_writer_begin(writer);
	if (result == SQLITE_OK && writer->rooms >= (int64_t)writer->config.rooms)
		result = room_evict(writer, &place);
	if (result != SQLITE_OK)
		return result;
	if (!place || writer->last_room + 1 >= UINT64_C(1) << (63 - DB_SEQ_BITS)) {
		request->request.error = TCHAT_ERR_TOO_MANY_ROOMS;
		return SQLITE_OK;
	}
	uint64_t epoch = 0, id = ++writer->last_room;
	while (epoch == 0)
		writer->environment->random(writer->environment->arg, &epoch, sizeof epoch);
	sqlite3_stmt *statement = DB_BIND(db, SQL_ROOM_ADD, (int64_t)id, request->kind, 0, 0, (int64_t)epoch);
	if (statement != NULL) {
		sqlite3_bind_text(statement, 3, request->key, -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 4, request->name, -1, SQLITE_STATIC);
	}
	result = db_finish(db, statement);
	if (result != SQLITE_OK)
		return result;
	writer->rooms++;
	struct sqlite_room *room = room_new(writer, id);
	if (room == NULL)
		return SQLITE_NOMEM;
	room->floor = 1;
	room->users = 1;
	room->fresh = true;
	sqlite_room_touch(writer, room);
	request->created = true;
	request->id = id;
	request->epoch = epoch;
	return SQLITE_OK;
}

static void column_copy(sqlite3_stmt *statement, int column, char *to, size_t size)
{
	const void *bytes = sqlite3_column_blob(statement, column);
	wire_copy(to, size, (struct wire_bytes){ bytes, (size_t)sqlite3_column_bytes(statement, column) });
}

/* Takes the row that the statement is at. */
static int room_load(struct sqlite_writer *writer, struct store_room *request, sqlite3_stmt *statement)
{
	request->id = (uint64_t)sqlite3_column_int64(statement, 0);
	request->epoch = (uint64_t)sqlite3_column_int64(statement, 1);
	column_copy(statement, 5, request->name, sizeof request->name);
	column_copy(statement, 6, request->topic, sizeof request->topic);
	struct sqlite_room *room = room_find(writer, request->id);
	if (room == NULL) {
		room = room_new(writer, request->id);
		if (room == NULL)
			return SQLITE_NOMEM;
		room->floor = (uint64_t)sqlite3_column_int64(statement, 2);
		room->head = (uint64_t)sqlite3_column_int64(statement, 3);
		room->oldest = (uint64_t)sqlite3_column_int64(statement, 4);
		int result = room->floor > room->head ? SQLITE_OK :
		             sqlite_record_time(writer, room->id, room->head, &room->last);
		if (result != SQLITE_OK) {
			HASH_DEL(writer->rooms_in_use, room);
			free(room);
			return result;
		}
	}
	room->users++;
	return SQLITE_OK;
}

static int writer_room(struct sqlite_writer *writer, struct store_room *request)
{
	struct db *db = &writer->db;
	request->created = false;
	request->topic[0] = '\0';
	sqlite3_stmt *statement = DB_BIND(db, SQL_ROOM_BY_KEY, request->kind);
	if (statement != NULL)
		sqlite3_bind_text(statement, 2, request->key, -1, SQLITE_STATIC);
	int result = db_step(db, statement);
	if (result == SQLITE_ROW) {
		result = room_load(writer, request, statement);
		sqlite3_reset(statement);
		return result;
	}
	if (result != SQLITE_DONE)
		return result;
	if (request->create)
		return room_create(writer, request);
	request->request.error = TCHAT_ERR_NO_ROOM;
	return SQLITE_OK;
}

/* --- Batches */

static int post_add(struct sqlite_writer *writer, struct store_batch *batch, struct store_post *post,
                    struct sqlite_room *room)
{
	struct db *db = &writer->db;
	uint8_t *record = batch->parts[post->part].block->bytes + post->offset;
	uint8_t *payload = record + FRAME_HEADER;
	if (room->head + 1 >= UINT64_C(1) << DB_SEQ_BITS)
		return SQLITE_FULL;
	sqlite_room_touch(writer, room);
	post->outcome = STORE_ACCEPTED;
	post->time = room->last = store_time(room->last, batch->time);
	if (room->floor > room->head)
		room->oldest = post->time;
	post->seq = ++room->head;
	if ((room->head + 1) % GRAM_BLOCK == 0)
		writer->index.more = true;
	wire_set(payload + MSG_SEQ, 8, post->seq);
	wire_set(payload + MSG_TIME, 8, post->time);
	uint32_t sender = (uint32_t)wire_get(payload + MSG_SENDER, 4);
	if (sender > writer->last_user)
		writer->last_user = sender;
	if (payload[MSG_KIND] == KIND_TOPIC) {
		room->topic = payload + MSG_BODY;
		room->topic_length = (size_t)wire_get(payload + MSG_BODY_LENGTH, 4);
	}
	sqlite3_stmt *statement = DB_BIND(db, SQL_RECORD_ADD, db_record(room->id, post->seq));
	if (statement != NULL)
		sqlite3_bind_blob(statement, 2, record, (int)post->length, SQLITE_STATIC);
	int result = db_finish(db, statement);
	return result == SQLITE_OK && post->target != 0 ? sqlite_change_add(writer, room, post, payload[MSG_KIND]) : result;
}

static int post_fresh(struct sqlite_writer *writer, struct store_batch *batch, struct store_post *post,
                      struct sqlite_device *device, struct sqlite_room *room)
{
	int result = SQLITE_OK;
	post->fresh = true;
	post->code = post->refusal;
	post->outcome = STORE_REFUSED;
	if (post->code == 0 && room == NULL)
		post->code = -TCHAT_ERR_NO_ROOM;
	if (post->code == 0 && post->target != 0)
		result = sqlite_change_check(writer, room, post);
	if (result == SQLITE_OK && post->code == 0)
		result = post_add(writer, batch, post, room);
	if (result != SQLITE_OK)
		return result;
	sqlite_device_touch(writer, device);
	device->mark++;
	return DB_DO(&writer->db, SQL_OUTCOME_ADD, (int64_t)device->id, (int64_t)device->mark, (int64_t)post->hash,
	             room == NULL ? 0 : (int64_t)room->id, (int64_t)post->seq, (int64_t)post->time, post->code);
}

static int post_again(struct sqlite_writer *writer, struct store_post *post, const struct sqlite_device *device)
{
	struct db *db = &writer->db;
	post->outcome = STORE_CLONED;
	if (post->counter < sqlite_device_known(writer, device))
		return SQLITE_OK;
	sqlite3_stmt *statement = DB_BIND(db, SQL_OUTCOME_GET, (int64_t)post->device, (int64_t)post->counter);
	int result = db_step(db, statement);
	if (result != SQLITE_ROW)
		return result == SQLITE_DONE ? SQLITE_OK : result;
	if (post->asks || (uint64_t)sqlite3_column_int64(statement, 0) == post->hash) {
		post->seq = (uint64_t)sqlite3_column_int64(statement, 1);
		post->time = (uint64_t)sqlite3_column_int64(statement, 2);
		post->code = (uint16_t)sqlite3_column_int(statement, 3);
		post->room = (uint64_t)sqlite3_column_int64(statement, 4);
		post->outcome = post->code != 0 ? STORE_REFUSED : STORE_DUPLICATE;
	}
	sqlite3_reset(statement);
	return SQLITE_OK;
}

static int rooms_flush(struct sqlite_writer *writer)
{
	struct db *db = &writer->db;
	for (struct sqlite_room *room = writer->dirty_rooms; room != NULL; room = room->next_dirty) {
		int result = DB_DO(db, SQL_ROOM_UPDATE, (int64_t)room->id, (int64_t)room->floor, (int64_t)room->head,
		                   (int64_t)room->oldest);
		if (result == SQLITE_OK && room->topic != NULL) {
			sqlite3_stmt *statement = DB_BIND(db, SQL_ROOM_TOPIC, (int64_t)room->id);
			if (statement != NULL)
				sqlite3_bind_blob(statement, 2, room->topic, (int)room->topic_length, SQLITE_STATIC);
			result = db_finish(db, statement);
		}
		if (result != SQLITE_OK)
			return result;
	}
	return SQLITE_OK;
}

static int last_user_flush(struct sqlite_writer *writer)
{
	if (writer->last_user == writer->saved_last_user)
		return SQLITE_OK;
	sqlite3_stmt *statement = db_bind(&writer->db, SQL_META_SET, NULL, 0);
	if (statement != NULL) {
		sqlite3_bind_text(statement, 1, "last_user", -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, writer->last_user);
	}
	return db_finish(&writer->db, statement);
}

/* What has to go goes in the same transaction, so that it costs no flush of its own. */
static int batch_keep(struct sqlite_writer *writer, const struct store_batch *batch)
{
	uint64_t budget = 2 * (uint64_t)batch->post_count + KEEP_LEAST;
	int result = SQLITE_OK;
	for (size_t i = 0; result == SQLITE_OK && i < batch->part_count; i++) {
		struct sqlite_room *room = room_find(writer, batch->parts[i].room);
		if (room != NULL)
			result = sqlite_keep_room(writer, room, budget);
	}
	return result == SQLITE_OK ? sqlite_keep_step(writer, budget, true) : result;
}

static int writer_batch(struct sqlite_writer *writer, struct store_batch *batch)
{
	struct sqlite_device *device = NULL;
	int result = sqlite_writer_begin(writer);
	for (size_t i = 0; result == SQLITE_OK && i < batch->post_count; i++) {
		struct store_post *post = &batch->posts[i];
		post->fresh = false;
		post->code = 0;
		post->seq = post->time = 0;
		if (device == NULL || device->id != post->device)
			device = sqlite_device_find(writer, post->device);
		if (device == NULL || post->counter > device->mark + 1)
			post->outcome = STORE_HOLE;
		else if (post->counter == device->mark + 1)
			result = post_fresh(writer, batch, post, device, room_find(writer, batch->parts[post->part].room));
		else
			result = post_again(writer, post, device);
	}
	if (result == SQLITE_OK)
		result = batch_keep(writer, batch);
	if (result == SQLITE_OK)
		result = sqlite_index_flush(writer);
	if (result == SQLITE_OK)
		result = rooms_flush(writer);
	if (result == SQLITE_OK)
		result = sqlite_devices_flush(writer);
	if (result == SQLITE_OK)
		result = sqlite_devices_settle(writer);
	return result == SQLITE_OK ? last_user_flush(writer) : result;
}

/* --- Groups */

static int request_apply(struct sqlite_writer *writer, struct store_request *request)
{
	if (request->error == SQLITE_RELEASE) {
		struct sqlite_release *release = (struct sqlite_release *)request;
		if (request->type == STORE_ROOM)
			room_release(writer, release->id);
		else
			sqlite_device_release(writer, release->id);
		return SQLITE_OK;
	}
	request->error = 0;
	switch (request->type) {
	case STORE_BATCH: return writer_batch(writer, (struct store_batch *)request);
	case STORE_ROOM: return writer_room(writer, (struct store_room *)request);
	case STORE_DEVICE: return sqlite_device_open(writer, (struct store_device *)request);
	case STORE_RECORD: return sqlite_record_put(writer, (struct store_record *)request);
	default: return SQLITE_OK;
	}
}

/* Answers that depend on how the transaction ended. */
static void request_answer(struct sqlite_writer *writer, struct store_request *request)
{
	if (request->error != 0)
		return;
	if (request->type == STORE_DEVICE) {
		struct store_device *open = (struct store_device *)request;
		const struct sqlite_device *device = sqlite_device_find(writer, open->device);
		open->mark = device == NULL ? 0 : device->mark;
	} else if (request->type == STORE_ROOM) {
		struct store_room *answer = (struct store_room *)request;
		const struct sqlite_room *room = room_find(writer, answer->id);
		answer->floor = room == NULL ? 1 : room->floor;
		answer->head = room == NULL ? 0 : room->head;
	} else if (request->type == STORE_BATCH) {
		struct store_batch *batch = (struct store_batch *)request;
		for (size_t i = 0; i < batch->part_count; i++) {
			const struct sqlite_room *room = room_find(writer, batch->parts[i].room);
			batch->parts[i].floor = room == NULL ? 0 : room->floor;
			batch->parts[i].head = room == NULL ? 0 : room->head;
		}
	}
}

/* A room that was made in the transaction, by this request or by one before. */
static bool is_undone(struct sqlite_writer *writer, const struct store_request *request)
{
	return request->type == STORE_ROOM && request->error == 0 &&
	       room_find(writer, ((const struct store_room *)request)->id) == NULL;
}

/* The transaction came to nothing, from stop on requests were not even tried. What only had to be looked up is there
 * all the same. */
static void group_fail(struct sqlite_writer *writer, struct store_request *list, const struct store_request *stop,
                       int err)
{
	bool tried = true;
	for (struct store_request *request = list; request != NULL; request = request->next) {
		if (request == stop)
			tried = false;
		if (request->error == SQLITE_RELEASE) {
			if (!tried)
				request_apply(writer, request);
			continue;
		}
		if (request->type == STORE_BATCH || (request->type == STORE_RECORD && request->error == 0))
			request->error = err;
		else if (!tried || is_undone(writer, request))
			request->error = TCHAT_ERR_BUSY;
	}
}

int sqlite_writer_group(struct sqlite_writer *writer, struct store_request *list)
{
	struct store_request *request = list;
	int result = SQLITE_OK;
	for (; request != NULL; request = request->next) {
		result = request_apply(writer, request);
		if (result != SQLITE_OK)
			break;
	}
	if (result == SQLITE_OK) {
		for (struct store_request *at = list; at != NULL; at = at->next)
			if (at->error != SQLITE_RELEASE)
				request_answer(writer, at);
		result = sqlite_writer_commit(writer);
		if (result == SQLITE_OK)
			return SQLITE_OK;
	}
	bool full = (result & 0xff) == SQLITE_FULL || ((result & 0xff) == SQLITE_IOERR && result != SQLITE_IOERR_NOMEM);
	int undone = sqlite_writer_undo(writer, result);
	int err = undone != SQLITE_OK ? TCHAT_ERR_SYSTEM : full ? TCHAT_ERR_NO_SPACE : TCHAT_ERR_BUSY;
	group_fail(writer, list, request, err);
	for (struct store_request *at = list; at != NULL; at = at->next)
		if (at->error != SQLITE_RELEASE)
			request_answer(writer, at);
	return undone;
}

void sqlite_writer_free(struct sqlite_writer *writer)
{
	sqlite_index_free(&writer->index);
	struct sqlite_room *room, *next_room;
	struct sqlite_device *device, *next_device;
	HASH_ITER(hh, writer->rooms_in_use, room, next_room) {
		HASH_DEL(writer->rooms_in_use, room);
		free(room);
	}
	HASH_ITER(hh, writer->devices, device, next_device) {
		HASH_DEL(writer->devices, device);
		free(device);
	}
}
