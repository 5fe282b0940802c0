/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The search index of a kept history, as the writer makes it: of each room, whole blocks of messages (grams.h), step by
 * step between the commits. What is not indexed yet is looked through. Private to the store. */
#ifndef TCHAT_STORE_SQLITE_INDEX_H
#define TCHAT_STORE_SQLITE_INDEX_H

#include "base/buffer.h"
#include "base/clock.h"
#include "store/grams.h"
#include "store/sqlite_db.h"

#include <stdbool.h>
#include <stdint.h>

struct sqlite_writer;

enum {
	INDEX_LIST_BITS = GRAM_BUCKET_BITS + 1,
	INDEX_LONG = GRAM_BUCKETS, /* the list, a set, of messages too long to be indexed: they are always looked at */
	INDEX_GONE = 8,
};

/* The block of a record, of which each list is a row. */
static inline int64_t index_block(uint64_t room, uint64_t seq)
{
	return db_record(room, seq) >> GRAM_BLOCK_BITS;
}

static inline int64_t index_list(int64_t block, uint32_t list)
{
	return block << INDEX_LIST_BITS | list;
}

struct sqlite_index {
	bool more;       /* there may be a block to be made */
	int64_t block;   /* the one at work; 0: none */
	uint64_t room, base, at; /* its room, its first seq, the next one to be looked at */
	uint32_t from;   /* what lies before this place of it is not kept any longer */
	bool spoilt;     /* one of its messages is another one now: from the start */
	struct gram_pile pile;
	struct gram_set long_ones;
	struct buffer folded;
	tchat_time worked; /* when the last step was, monotonic */
	/* What the transaction at hand takes out */
	struct {
		int64_t block;
		struct gram_set places;
	} gone[INDEX_GONE];
	size_t gone_count;
};

void sqlite_index_init(struct sqlite_index *index);
void sqlite_index_free(struct sqlite_index *index);

/* One step of a few milliseconds, outside of a transaction. SQLITE_OK, or what cannot be repaired. */
int sqlite_index_step(struct sqlite_writer *writer);

/* Whether there is one to do; also while others wait: now and then. */
bool sqlite_index_works(const struct sqlite_index *index);
bool sqlite_index_is_due(const struct sqlite_index *index, tchat_time now);

/* The record's words are no longer to be found, or all of those of seqs in from..to - 1. In a transaction, and by its end
 * flushed. */
int sqlite_index_forget(struct sqlite_writer *writer, uint64_t room, uint64_t seq);
int sqlite_index_cut(struct sqlite_writer *writer, uint64_t room, uint64_t from, uint64_t to);
int sqlite_index_flush(struct sqlite_writer *writer);

/* The transaction came to nothing. */
void sqlite_index_undone(struct sqlite_index *index);

#endif
