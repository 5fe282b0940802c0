/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening a client's store: what its slot holds is loaded, but for the messages. */
#include "store/sqlite_client_inside.h"

#include "base/errors.h"
#include "base/intl.h"
#include "store/sqlite_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No row has a higher number; no counter is ever higher. What says otherwise is damaged. */
enum { ROW_MOST = 1 << 22 };
#define COUNTER_MOST (INT64_MAX / 2)

/* A column's text, and its length. */
static const char *column_text(sqlite3_stmt *statement, int column, size_t *length)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	*length = (size_t)sqlite3_column_bytes(statement, column);
	return text != NULL ? text : "";
}

static uint64_t column_number(sqlite3_stmt *statement, int column)
{
	return (uint64_t)sqlite3_column_int64(statement, column);
}

static bool column_name(sqlite3_stmt *statement, int column, char name[CLIENT_NAME_SIZE])
{
	size_t length;
	const char *text = column_text(statement, column, &length);
	if (length >= CLIENT_NAME_SIZE)
		return false;
	strcpy(name, text);
	return true;
}

static int load_rows(struct sqlite_client *client)
{
	struct db *db = &client->writer.db;
	sqlite3_stmt *statement = db_bind(db, SQL_CLIENT_ROWS, NULL, 0);
	int result;
	client->rows = malloc(CLIENT_ROWS_MOST * sizeof *client->rows);
	if (client->rows == NULL)
		return SQLITE_NOMEM;
	while ((result = db_step(db, statement)) == SQLITE_ROW && client->row_count < CLIENT_ROWS_MOST) {
		struct client_row *row = calloc(1, sizeof *row);
		if (row == NULL)
			return SQLITE_NOMEM;
		client->rows[client->row_count++] = row;
		int64_t number = sqlite3_column_int64(statement, 0);
		if (number < 1 || number > ROW_MOST)
			return SQLITE_CORRUPT;
		row->row = (uint32_t)number;
		row->direct = sqlite3_column_int(statement, 1) != 0;
		row->room = column_number(statement, 2);
		row->epoch = column_number(statement, 3);
		row->seq = column_number(statement, 4);
		row->has_id = sqlite3_column_int(statement, 5) != 0;
		row->id = (struct message_id){ column_number(statement, 6), column_number(statement, 7) };
		row->read = column_number(statement, 8);
		if (!column_name(statement, 9, row->name) || !column_name(statement, 10, row->fold))
			return SQLITE_CORRUPT;
	}
	return result == SQLITE_DONE ? SQLITE_OK : result == SQLITE_ROW ? SQLITE_CORRUPT : result;
}

/* The file may hold more than the outbox takes now: an answer that could not be noted leaves its post there, and a
 * version may count its bytes in another way. It has to open all the same, unless it is beyond all measure. */
static int load_posts(struct sqlite_client *client)
{
	enum { MEASURE = 16 };
	struct outbox *memory = client->outbox.memory;
	const struct client_sqlite_config *config = &client->writer.config;
	struct db *db = &client->writer.db;
	int64_t next;
	int result = db_meta_get(db, "next", &next);
	if (result == SQLITE_OK && (next < 0 || next > COUNTER_MOST))
		result = SQLITE_CORRUPT;
	if (result != SQLITE_OK)
		return result;
	outbox_memory_limit(memory, MEASURE * config->posts, MEASURE * config->post_bytes);
	sqlite3_stmt *statement = db_bind(db, SQL_CLIENT_POSTS, NULL, 0);
	while ((result = db_step(db, statement)) == SQLITE_ROW) {
		size_t length, unused;
		struct outbox_post post = { .counter = column_number(statement, 0),
			                    .kind = (uint8_t)sqlite3_column_int(statement, 1),
			                    .direct = sqlite3_column_int(statement, 2) != 0,
			                    .name = column_text(statement, 3, &unused),
			                    .text = column_text(statement, 4, &length),
			                    .ref = column_text(statement, 5, &unused),
			                    .target = column_number(statement, 6),
			                    .reply = column_number(statement, 7) };
		post.length = length;
		post.cancelled = post.kind == KIND_VOID;
		if (post.counter < 1 || post.counter > COUNTER_MOST)
			return SQLITE_CORRUPT;
		int err = memory->jump(memory, post.counter);
		if (err == 0 && memory->next(memory) != post.counter)
			return SQLITE_CORRUPT;
		if (err == 0)
			err = memory->add(memory, &post);
		if (err != 0)
			return err == TCHAT_ERR_MEMORY ? SQLITE_NOMEM : SQLITE_TOOBIG;
	}
	if (result != SQLITE_DONE)
		return result;
	if (memory->jump(memory, (uint64_t)next) != 0)
		return SQLITE_TOOBIG;
	outbox_memory_limit(memory, config->posts, config->post_bytes);
	client->writer.next = client->writer.stored_next = memory->next(memory);
	client->outbox.safe = client->writer.next - 1;
	client->outbox.settled = memory->lowest(memory);
	return SQLITE_OK;
}

/* The newest of one's own messages; older ones go. */
static int load_own(struct sqlite_client *client)
{
	struct db *db = &client->writer.db;
	struct buffer text;
	int result;
	buffer_init(&text, (size_t)64 << 20);
	client->own = malloc(CLIENT_OWN_MOST * sizeof *client->own);
	if (client->own == NULL)
		return SQLITE_NOMEM;
	int64_t oldest = 0;
	db_number(db, DB_BIND(db, SQL_CLIENT_OWN_OLDEST, CLIENT_OWN_MOST - 1), 0, &oldest);
	result = DB_DO(db, SQL_CLIENT_OWN_BELOW, oldest);
	sqlite3_stmt *statement = result == SQLITE_OK ? db_bind(db, SQL_CLIENT_OWNS, NULL, 0) : NULL;
	size_t count = 0;
	while (result == SQLITE_OK && count < CLIENT_OWN_MOST && (result = db_step(db, statement)) == SQLITE_ROW) {
		struct client_own *own = &client->own[count++];
		*own = (struct client_own){ .counter = column_number(statement, 0),
			                    .row = (uint32_t)sqlite3_column_int64(statement, 1),
			                    .kind = (uint8_t)sqlite3_column_int(statement, 2),
			                    .epoch = column_number(statement, 3),
			                    .seq = column_number(statement, 4),
			                    .time = column_number(statement, 5) };
		const char *at = column_text(statement, 6, &own->length);
		result = buffer_put(&text, at, own->length) == 0 ? SQLITE_OK : SQLITE_NOMEM;
	}
	if (result == SQLITE_OK)
		sqlite3_reset(statement);
	if (result == SQLITE_DONE || result == SQLITE_OK) {
		client->own_text = malloc(buffer_length(&text) + 1);
		result = client->own_text != NULL ? SQLITE_OK : SQLITE_NOMEM;
	}
	if (result == SQLITE_OK && buffer_length(&text) > 0)
		memcpy(client->own_text, buffer_data(&text), buffer_length(&text));
	size_t at = 0;
	for (size_t i = 0; result == SQLITE_OK && i < count; i++) {
		client->own[i].text = client->own_text + at;
		at += client->own[i].length;
	}
	buffer_free(&text);
	client->store.own = client->own;
	client->store.own_count = result == SQLITE_OK ? count : 0;
	return result;
}

static int set_label(struct db *db, const char *label)
{
	sqlite3_stmt *statement = db_bind(db, SQL_CLIENT_LABEL_SET, NULL, 0);
	if (statement != NULL)
		sqlite3_bind_text(statement, 1, label, -1, SQLITE_STATIC);
	return db_finish(db, statement);
}

static int load(struct sqlite_client *client)
{
	struct client_writer *writer = &client->writer;
	struct db *db = &writer->db;
	int64_t device, host[2] = { 0, 0 };
	int result = db_do(db, SQL_BEGIN);
	if (result == SQLITE_OK)
		result = db_meta_key(db, writer->environment, "salt", client->store.salt);
	if (result == SQLITE_OK)
		result = db_meta_get(db, "device", &device);
	if (result == SQLITE_OK)
		result = db_meta_get(db, "host", &host[0]);
	if (result == SQLITE_OK)
		result = db_meta_get(db, "host2", &host[1]);
	if (result == SQLITE_OK)
		result = set_label(db, writer->label);
	if (result == SQLITE_OK)
		result = load_rows(client);
	if (result == SQLITE_OK)
		result = load_posts(client);
	if (result == SQLITE_OK)
		result = load_own(client);
	if (result == SQLITE_OK)
		result = db_number(db, db_bind(db, SQL_CLIENT_MESSAGES_COUNT, NULL, 0), 0, &writer->messages);
	wire_set(client->store.host, 8, (uint64_t)host[0]);
	wire_set(client->store.host + 8, 8, (uint64_t)host[1]);
	client->store.device = result == SQLITE_OK ? (uint64_t)device : 0;
	return result == SQLITE_OK ? db_do(db, SQL_COMMIT) : result;
}

static int log_grew(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct client_writer *writer = arg;
	writer->log_pages = pages;
	return SQLITE_OK;
}

int client_open(struct sqlite_client *client, char why[CLIENT_WHY_SIZE])
{
	struct client_writer *writer = &client->writer;
	int err = client_slot_take(writer, why);
	if (err != 0)
		return err;
	int result = client_database_open(&writer->db, &writer->folder, writer->vfs);
	if (result == SQLITE_OK) {
		sqlite3_wal_hook(writer->db.handle, log_grew, writer);
		result = load(client);
	}
	if (result == SQLITE_OK)
		return 0;
	bool same = writer->db.handle != NULL && sqlite3_extended_errcode(writer->db.handle) == result;
	const char *text = same ? sqlite3_errmsg(writer->db.handle) : sqlite3_errstr(result);
	if (result == SQLITE_MISMATCH)
		text = _("written by a newer tchat");
	snprintf(why, CLIENT_WHY_SIZE, "%.300s: %.200s", writer->folder.path, text);
	return db_is_temporary(&writer->db, result) ? TCHAT_ERR_NO_SPACE : TCHAT_ERR_SYSTEM;
}

void client_close(struct sqlite_client *client)
{
	db_close(&client->writer.db, !client->writer.failed);
	folder_close(&client->writer.folder);
}
