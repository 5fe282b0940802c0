/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a search index is made of: each run of three characters of a text (of two, in Chinese, Japanese and Korean) as a
 * number, and the lists that say in which of a block's messages a number occurs. Nothing here knows where lists are
 * kept. Numbers of different runs may be the same: what is found by them has to be looked at. */
#ifndef TCHAT_STORE_GRAMS_H
#define TCHAT_STORE_GRAMS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GRAM_BLOCK_BITS = 12,
	GRAM_BLOCK = 1 << GRAM_BLOCK_BITS, /* messages of a block */
	GRAM_BUCKET_BITS = 8,
	GRAM_BUCKETS = 1 << GRAM_BUCKET_BITS, /* lists that a block's numbers are divided into */
	GRAM_OF_NEEDLE = 16,               /* so many are enough to find something by */
	GRAM_SET_BYTES = GRAM_BLOCK / 8,   /* of a set, as it is kept */
	GRAM_SLICES = 8,                   /* a block's numbers are sorted in so many parts, one after the other */
	GRAM_SLICE_BUCKETS = GRAM_BUCKETS / GRAM_SLICES,
	GRAM_SEEN = 1024,
};

/* A set of a block's messages. */
struct gram_set {
	uint64_t words[GRAM_BLOCK / 64];
};

static inline void gram_set_add(struct gram_set *set, uint32_t place)
{
	set->words[place / 64] |= UINT64_C(1) << place % 64;
}

size_t gram_set_count(const struct gram_set *set);

static inline bool gram_set_has(const struct gram_set *set, uint32_t place)
{
	return (set->words[place / 64] >> place % 64 & 1) != 0;
}

/* A set as bytes, and all that is in one from bytes. */
void gram_set_bytes(const struct gram_set *set, uint8_t bytes[GRAM_SET_BYTES]);
void gram_set_join(struct gram_set *set, const uint8_t bytes[GRAM_SET_BYTES]);

/* The numbers of a text that text_search_fold() made, as they come, at most `most`; returns how many there are, which may
 * be more. Whatever text holds another one has the other's numbers. */
size_t grams_of_text(const char *text, size_t length, uint32_t *grams, size_t most);

/* Some of a needle's numbers, at most GRAM_OF_NEEDLE; 0: it is too short. Those that stand far apart come first: who has
 * one part of a word has all of it. */
size_t grams_of_needle(const char *text, size_t length, uint32_t grams[GRAM_OF_NEEDLE]);

/* Which list a number is in. */
static inline uint32_t gram_bucket(uint32_t gram)
{
	return gram >> (32 - GRAM_BUCKET_BITS);
}

/* A number in a message, for sorting: those of one number are together, in the order of their messages. */
static inline uint64_t gram_entry(uint32_t gram, uint32_t place)
{
	return (uint64_t)gram << GRAM_BLOCK_BITS | place;
}

/* Sorts; spare has as much room as entries. */
void gram_sort(uint64_t *entries, uint64_t *spare, size_t count);

/* The numbers of a block's messages as they are gathered, one message after the other. */
struct gram_pile {
	uint32_t *grams;
	size_t count, capacity, most;
	uint32_t starts[GRAM_BLOCK + 1]; /* where each message's begin, of those before `next` */
	uint32_t next;
	uint64_t seen[GRAM_SEEN];        /* entries that were put in, so that most are there once */
};

/* An empty pile for at most `most` numbers; free gives back its memory and leaves it empty, clear keeps the memory. */
void gram_pile_init(struct gram_pile *pile, size_t most);
void gram_pile_clear(struct gram_pile *pile);
void gram_pile_free(struct gram_pile *pile);

/* Adds a message's numbers, behind those of the places before. False: there is no room, and nothing was added. */
bool gram_pile_add(struct gram_pile *pile, uint32_t place, const uint32_t *grams, size_t count);

/* Entries of which gram_pile_slice() needs room: the most that one slice has. */
size_t gram_pile_widest(const struct gram_pile *pile);

/* The entries of one slice, 0 to GRAM_SLICES - 1, of messages from a place on; returns how many. Slices follow each other
 * as their buckets do. */
size_t gram_pile_slice(const struct gram_pile *pile, uint32_t from, uint32_t slice, uint64_t *entries);

/* The next list of sorted entries from *at on, all of bucket: its bytes, put behind what buffer has. 0 or an error. */
int gram_list_make(struct buffer *buffer, const uint64_t *entries, size_t count, size_t *at, uint32_t bucket);

/* Adds the messages that have the number to found. A list that makes no sense adds nothing more. */
void gram_list_find(const uint8_t *list, size_t length, uint32_t gram, struct gram_set *found);

/* The list without the messages of gone, put behind what buffer has: *changed says whether it is another one. */
int gram_list_drop(struct buffer *buffer, const uint8_t *list, size_t length, const struct gram_set *gone, bool *changed);

#endif
