/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches a room: first what is not indexed yet, from its end, record by record; then block by block those records whose
 * numbers (grams.h) say that they may hold the text. */
#include "store/sqlite_inside.h"

#include "base/errors.h"
#include "store/grams.h"
#include "store/search.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <string.h>

enum { BLOCKS_MOST = 4096 }; /* that one request looks at */

struct find {
	struct db *db;
	struct store_read *read;
	struct search search;
	uint64_t first;   /* the lowest seq that counts */
	uint32_t looked;  /* records so far */
	bool full;        /* no more is taken */
	int result;       /* of the database, when search_take() failed because of it */
	uint32_t grams[GRAM_OF_NEEDLE];
	size_t gram_count;
};

static int is_edited(void *arg, uint64_t target, uint64_t seq)
{
	struct find *find = arg;
	struct db *db = find->db;
	int64_t later;
	find->result = db_number(db, DB_BIND(db, SQL_CHANGE_EDIT, db_record(find->read->room, target),
	                                     db_record(find->read->room, seq), FRAME_HEADER + MSG_KIND + 1, KIND_EDIT),
	                         0, &later);
	return find->result == SQLITE_OK ? (int)later : TCHAT_ERR_SYSTEM;
}

static int take(struct find *find, const void *record, int length)
{
	int err = record == NULL ? TCHAT_ERR_MEMORY : search_take(&find->search, record, (size_t)length);
	find->looked++;
	find->full = err == SEARCH_FULL;
	return err >= 0 ? SQLITE_OK : err == TCHAT_ERR_SYSTEM ? find->result : SQLITE_NOMEM;
}

/* Record by record, down to a seq. */
static int look_through(struct find *find, uint64_t down_to, uint64_t last)
{
	struct db *db = find->db;
	uint64_t room = find->read->room;
	sqlite3_stmt *statement = DB_BIND(db, SQL_RECORD_BACK, db_record(room, down_to), db_record(room, last), SEARCH_SCAN);
	int result = SQLITE_ROW;
	while (!find->full && (result = db_step(db, statement)) == SQLITE_ROW) {
		int taken = take(find, sqlite3_column_blob(statement, 0), sqlite3_column_bytes(statement, 0));
		if (taken != SQLITE_OK) {
			sqlite3_reset(statement);
			return taken;
		}
	}
	sqlite3_reset(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Adds to found, from one list of a block. */
static int list_take(struct find *find, int64_t block, uint32_t list, uint32_t gram, struct gram_set *found)
{
	struct db *db = find->db;
	sqlite3_stmt *statement = DB_BIND(db, SQL_INDEX_GET, index_list(block, list));
	int result = db_step(db, statement);
	if (result != SQLITE_ROW)
		return result == SQLITE_DONE ? SQLITE_OK : result;
	const uint8_t *bytes = sqlite3_column_blob(statement, 0);
	size_t length = (size_t)sqlite3_column_bytes(statement, 0);
	if (list < INDEX_LONG)
		gram_list_find(bytes, length, gram, found);
	else if (length == GRAM_SET_BYTES)
		gram_set_join(found, bytes);
	sqlite3_reset(statement);
	return SQLITE_OK;
}

/* The messages of a block that may hold the text. */
static int candidates(struct find *find, int64_t block, struct gram_set *all)
{
	int result = SQLITE_OK;
	memset(all, 0xff, sizeof *all);
	/* To look at a list costs as much as to look at a message. */
	for (size_t i = 0; result == SQLITE_OK && i < find->gram_count && gram_set_count(all) > find->gram_count - i; i++) {
		struct gram_set found = { { 0 } };
		result = list_take(find, block, gram_bucket(find->grams[i]), find->grams[i], &found);
		for (size_t word = 0; word < GRAM_BLOCK / 64; word++)
			all->words[word] &= found.words[word];
	}
	return result == SQLITE_OK ? list_take(find, block, INDEX_LONG, 0, all) : result;
}

/* One block, from seq last down. */
static int look_into(struct find *find, int64_t block, uint64_t base, uint64_t last)
{
	struct db *db = find->db;
	struct gram_set set;
	int result = candidates(find, block, &set);
	uint64_t first = base > find->first ? base : find->first;
	for (uint64_t seq = last; result == SQLITE_OK && !find->full && seq + 1 > first; seq--) {
		if (!gram_set_has(&set, (uint32_t)(seq - base)))
			continue;
		int64_t id = db_record(find->read->room, seq);
		sqlite3_stmt *statement = DB_BIND(db, SQL_RECORD_GET, id, id);
		result = db_step(db, statement);
		if (result == SQLITE_ROW) {
			result = take(find, sqlite3_column_blob(statement, 1), sqlite3_column_bytes(statement, 1));
			sqlite3_reset(statement);
		} else if (result == SQLITE_DONE) {
			result = SQLITE_OK; /* gone, with its block still to go */
		}
	}
	if (result == SQLITE_OK && !find->full)
		find->read->first = first;
	return result;
}

int sqlite_find(struct db *db, struct store_read *read, uint64_t first, uint64_t last)
{
	struct find find = { .db = db, .read = read, .first = first };
	int64_t next = 0;
	int result = search_begin(&find.search, read, is_edited, &find) == 0 ? SQLITE_OK : SQLITE_NOMEM;
	read->last = last;
	read->first = last + 1;
	find.gram_count = grams_of_needle(read->text, read->text_length, find.grams);
	if (result == SQLITE_OK && find.gram_count > 0)
		result = db_number(db, DB_BIND(db, SQL_INDEX_NEXT, (int64_t)read->room), 0, &next);
	uint64_t indexed = (uint64_t)next;
	if (result == SQLITE_OK && last >= indexed)
		result = look_through(&find, first > indexed ? first : indexed, last);
	for (int blocks = 0; result == SQLITE_OK && !find.full && find.looked < SEARCH_SCAN && blocks < BLOCKS_MOST; blocks++) {
		uint64_t seq = read->first - 1; /* the next one down */
		if (seq < first || seq >= indexed)
			break;
		uint64_t base = seq / GRAM_BLOCK * GRAM_BLOCK;
		result = look_into(&find, index_block(read->room, seq), base, seq);
	}
	search_end(&find.search);
	read->more = read->first > read->floor && read->first > read->least;
	return result;
}
