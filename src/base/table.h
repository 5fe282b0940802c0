/* SPDX-License-Identifier: GPL-3.0-or-later */
/* uthash as it is used here: include this instead. Out of memory is no exit(): after HASH_ADD, hh.tbl is NULL when the
 * element was not added. */
#ifndef TCHAT_BASE_TABLE_H
#define TCHAT_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Eight bytes a step, for keys are mostly numbers; every bit of a key reaches the low bits that choose a bucket. */
static inline unsigned table_hash(const void *key, size_t length)
{
	const unsigned char *at = key;
	uint64_t hash = length;
	for (; length > 0;) {
		uint64_t word = 0;
		size_t step = length < sizeof word ? length : sizeof word;
		memcpy(&word, at, step);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
		at += step;
		length -= step;
	}
	hash *= UINT64_C(0xd6e8feb86659fd93);
	return (unsigned)(hash ^ hash >> 32);
}

#define HASH_FUNCTION(key, length, hash) ((hash) = table_hash(key, length))
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#endif
