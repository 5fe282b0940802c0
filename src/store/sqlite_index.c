/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block is gathered in memory and written in one transaction, with the mark up to which its room is indexed: so there
 * is never half of one. What is deleted is taken out of all the block's lists, whatever its text was: nothing of it
 * stays behind. */
#include "store/sqlite_index.h"

#include "base/text.h"
#include "store/search.h"
#include "store/sqlite_inside.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <stdlib.h>
#include <string.h>

enum {
	STEP = 128,             /* messages gathered at a time */
	GRAMS_MOST = 2048,      /* of one message */
	BLOCK_GRAMS_MOST = 1 << 20,
	CUT_STEP = GRAM_BLOCK / 4, /* retention takes out so many at a time: going through the lists costs a millisecond */
	LIST_BYTES = 16 << 20,
};
#define WAIT_BETWEEN (TCHAT_SECONDS(1) / 50) /* steps, while others wait */

void sqlite_index_init(struct sqlite_index *index)
{
	*index = (struct sqlite_index){ .more = true };
	gram_pile_init(&index->pile, BLOCK_GRAMS_MOST);
	buffer_init(&index->folded, SEARCH_FOLDED_MOST);
}

static void index_rest(struct sqlite_index *index)
{
	gram_pile_free(&index->pile);
	index->block = 0;
}

void sqlite_index_free(struct sqlite_index *index)
{
	index_rest(index);
	buffer_free(&index->folded);
}

bool sqlite_index_works(const struct sqlite_index *index)
{
	return index->block != 0 || index->more;
}

bool sqlite_index_is_due(const struct sqlite_index *index, tchat_time now)
{
	return sqlite_index_works(index) && now - index->worked >= WAIT_BETWEEN;
}

/* --- Making a block */

static int block_begin(struct sqlite_writer *writer)
{
	struct sqlite_index *index = &writer->index;
	struct db *db = &writer->db;
	sqlite3_stmt *statement = DB_BIND(db, SQL_INDEX_FIND, GRAM_BLOCK);
	int result = db_step(db, statement);
	if (result != SQLITE_ROW) {
		index_rest(index);
		index->more = false;
		return result == SQLITE_DONE ? SQLITE_OK : result;
	}
	index->room = (uint64_t)sqlite3_column_int64(statement, 0);
	index->base = (uint64_t)sqlite3_column_int64(statement, 1);
	sqlite3_reset(statement);
	index->block = index_block(index->room, index->base);
	index->spoilt = true;
	index->from = 0;
	return SQLITE_OK;
}

static void gather(struct sqlite_index *index, uint32_t place, const uint8_t *record, size_t length)
{
	uint32_t grams[GRAMS_MOST];
	size_t count = 0;
	const char *text;
	if (length < FRAME_HEADER + MSG_BODY || !search_text(record, length, &text, &length))
		return;
	buffer_truncate(&index->folded, 0);
	bool fits = text_search_fold(&index->folded, text, length) == 0;
	if (fits)
		count = grams_of_text((const char *)buffer_data(&index->folded), buffer_length(&index->folded), grams, GRAMS_MOST);
	if (!fits || count > GRAMS_MOST || !gram_pile_add(&index->pile, place, grams, count))
		gram_set_add(&index->long_ones, place);
}

static int block_gather(struct sqlite_writer *writer)
{
	struct sqlite_index *index = &writer->index;
	struct db *db = &writer->db;
	if (index->spoilt) {
		index->at = index->base;
		gram_pile_clear(&index->pile);
		index->long_ones = (struct gram_set){ { 0 } };
		index->spoilt = false;
	}
	sqlite3_stmt *statement = DB_BIND(db, SQL_RECORD_GET, db_record(index->room, index->at),
	                                  db_record(index->room, index->at + STEP - 1));
	int result;
	while ((result = db_step(db, statement)) == SQLITE_ROW) {
		uint32_t place = (uint32_t)sqlite3_column_int64(statement, 0) & (GRAM_BLOCK - 1);
		const uint8_t *record = sqlite3_column_blob(statement, 1);
		if (record == NULL) {
			sqlite3_reset(statement);
			return SQLITE_NOMEM;
		}
		gather(index, place, record, (size_t)sqlite3_column_bytes(statement, 1));
	}
	index->at += STEP;
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int list_set(struct db *db, int64_t id, const void *bytes, size_t length)
{
	if (length == 0)
		return DB_DO(db, SQL_INDEX_DELETE, id, id + 1);
	sqlite3_stmt *statement = DB_BIND(db, SQL_INDEX_SET, id);
	if (statement != NULL)
		sqlite3_bind_blob(statement, 2, bytes, (int)length, SQLITE_STATIC);
	return db_finish(db, statement);
}

static int slice_write(struct sqlite_writer *writer, uint32_t slice, const uint64_t *entries, size_t count)
{
	struct sqlite_index *index = &writer->index;
	struct buffer list;
	size_t at = 0;
	int result = SQLITE_OK;
	buffer_init(&list, LIST_BYTES);
	for (uint32_t i = 0; result == SQLITE_OK && i < GRAM_SLICE_BUCKETS; i++) {
		uint32_t bucket = slice * GRAM_SLICE_BUCKETS + i;
		buffer_truncate(&list, 0);
		if (gram_list_make(&list, entries, count, &at, bucket) != 0)
			result = SQLITE_NOMEM;
		else if (buffer_length(&list) > 0)
			result = list_set(&writer->db, index_list(index->block, bucket), buffer_data(&list), buffer_length(&list));
	}
	buffer_free(&list);
	return result;
}

/* Of the messages that have not been cut off meanwhile. */
static int lists_write(struct sqlite_writer *writer)
{
	struct sqlite_index *index = &writer->index;
	size_t widest = gram_pile_widest(&index->pile);
	uint64_t *entries = malloc(2 * widest * sizeof *entries + 1);
	if (entries == NULL)
		return SQLITE_NOMEM;
	int result = SQLITE_OK;
	for (uint32_t slice = 0; result == SQLITE_OK && slice < GRAM_SLICES; slice++) {
		size_t count = gram_pile_slice(&index->pile, index->from, slice, entries);
		gram_sort(entries, entries + widest, count);
		result = slice_write(writer, slice, entries, count);
	}
	free(entries);
	for (uint32_t place = 0; place < index->from; place++)
		index->long_ones.words[place / 64] &= ~(UINT64_C(1) << place % 64);
	if (result == SQLITE_OK && gram_set_count(&index->long_ones) > 0) {
		uint8_t bytes[GRAM_SET_BYTES];
		gram_set_bytes(&index->long_ones, bytes);
		result = list_set(&writer->db, index_list(index->block, INDEX_LONG), bytes, sizeof bytes);
	}
	return result;
}

static int block_write(struct sqlite_writer *writer)
{
	struct sqlite_index *index = &writer->index;
	int result = sqlite_writer_begin(writer);
	if (result == SQLITE_OK)
		result = lists_write(writer);
	if (result == SQLITE_OK)
		result = DB_DO(&writer->db, SQL_INDEX_MARK, (int64_t)index->room, (int64_t)(index->base + GRAM_BLOCK));
	if (result == SQLITE_OK)
		result = sqlite_writer_commit(writer);
	index->block = 0;
	if (result == SQLITE_OK)
		return SQLITE_OK;
	index_rest(index);
	index->more = false; /* the disk may be full: not again before there is a block more */
	return sqlite_writer_undo(writer, result);
}

int sqlite_index_step(struct sqlite_writer *writer)
{
	struct sqlite_index *index = &writer->index;
	int result;
	if (index->block == 0)
		result = block_begin(writer);
	else if (index->spoilt || index->at < index->base + GRAM_BLOCK)
		result = block_gather(writer);
	else
		result = block_write(writer);
	index->worked = clock_monotonic();
	if (result == SQLITE_OK || !db_is_temporary(&writer->db, result))
		return result;
	index_rest(index);
	index->more = false;
	return SQLITE_OK;
}

/* --- Taking out */

static int gone_take_out(struct sqlite_writer *writer, int64_t block, const struct gram_set *places)
{
	struct db *db = &writer->db;
	struct buffer list;
	int result = SQLITE_OK;
	buffer_init(&list, LIST_BYTES);
	for (uint32_t number = 0; result == SQLITE_OK && number <= INDEX_LONG; number++) {
		sqlite3_stmt *statement = DB_BIND(db, SQL_INDEX_GET, index_list(block, number));
		result = db_step(db, statement);
		if (result != SQLITE_ROW) {
			result = result == SQLITE_DONE ? SQLITE_OK : result;
			continue;
		}
		const uint8_t *bytes = sqlite3_column_blob(statement, 0);
		size_t length = (size_t)sqlite3_column_bytes(statement, 0);
		bool changed = false;
		int err = 0;
		buffer_truncate(&list, 0);
		if (number < INDEX_LONG) {
			err = gram_list_drop(&list, bytes, length, places, &changed);
		} else if (length == GRAM_SET_BYTES) {
			uint8_t left[GRAM_SET_BYTES];
			gram_set_bytes(places, left);
			for (size_t i = 0; i < sizeof left; i++)
				left[i] = bytes[i] & (uint8_t)~left[i];
			err = buffer_put(&list, left, sizeof left);
			changed = true;
		}
		sqlite3_reset(statement);
		result = err != 0 ? SQLITE_NOMEM :
		         changed  ? list_set(db, index_list(block, number), buffer_data(&list), buffer_length(&list)) : SQLITE_OK;
	}
	buffer_free(&list);
	return result;
}

int sqlite_index_flush(struct sqlite_writer *writer)
{
	struct sqlite_index *index = &writer->index;
	int result = SQLITE_OK;
	for (size_t i = 0; result == SQLITE_OK && i < index->gone_count; i++)
		result = gone_take_out(writer, index->gone[i].block, &index->gone[i].places);
	index->gone_count = 0;
	return result;
}

void sqlite_index_undone(struct sqlite_index *index)
{
	index->gone_count = 0;
	index->spoilt = true;
	index->from = 0;
}

/* What the transaction takes out of a block; NULL: nothing is there to be taken out, or *result says why not. */
static struct gram_set *gone_of(struct sqlite_writer *writer, int64_t block, int *result)
{
	struct sqlite_index *index = &writer->index;
	struct db *db = &writer->db;
	int64_t next;
	*result = SQLITE_OK;
	for (size_t i = 0; i < index->gone_count; i++)
		if (index->gone[i].block == block)
			return &index->gone[i].places;
	uint64_t room = (uint64_t)block >> (DB_SEQ_BITS - GRAM_BLOCK_BITS);
	*result = db_number(db, DB_BIND(db, SQL_INDEX_NEXT, (int64_t)room), 0, &next);
	if (*result != SQLITE_OK || block >= index_block(room, (uint64_t)next))
		return NULL;
	if (index->gone_count == INDEX_GONE && (*result = sqlite_index_flush(writer)) != SQLITE_OK)
		return NULL;
	index->gone[index->gone_count].block = block;
	index->gone[index->gone_count].places = (struct gram_set){ { 0 } };
	return &index->gone[index->gone_count++].places;
}

int sqlite_index_forget(struct sqlite_writer *writer, uint64_t room, uint64_t seq)
{
	int result;
	int64_t block = index_block(room, seq);
	writer->index.spoilt = writer->index.spoilt || block == writer->index.block;
	struct gram_set *places = gone_of(writer, block, &result);
	if (places != NULL)
		gram_set_add(places, (uint32_t)seq & (GRAM_BLOCK - 1));
	return result;
}

int sqlite_index_cut(struct sqlite_writer *writer, uint64_t room, uint64_t from, uint64_t to)
{
	int64_t first = index_block(room, from), last = index_block(room, to);
	uint32_t start = first == last ? (uint32_t)from & (GRAM_BLOCK - 1) : 0, end = (uint32_t)to & (GRAM_BLOCK - 1);
	int result = SQLITE_OK;
	struct sqlite_index *index = &writer->index;
	if (index->block != 0 && index->room == room && index->block < last)
		index_rest(index);
	else if (index->block == last && index->from < end)
		index->from = end;
	if (first < last)
		result = DB_DO(&writer->db, SQL_INDEX_DELETE, index_list(first, 0), index_list(last, 0));
	if (result != SQLITE_OK || start / CUT_STEP == end / CUT_STEP)
		return result;
	struct gram_set *places = gone_of(writer, last, &result);
	for (uint32_t place = 0; places != NULL && place < end; place++)
		gram_set_add(places, place);
	return result;
}
