/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory store's records. */
#include "store/memory_record.h"

#include "base/errors.h"
#include "base/table.h"

#include <stdlib.h>

/* Bytes behind key_length are 0. */
struct record_name {
	uint8_t kind, key_length, key[STORE_RECORD_KEY];
};

struct memory_record {
	struct record_name name;
	UT_hash_handle hh;
	uint32_t length;
	uint8_t value[];
};

static struct memory_record *record_new(const struct record_name *name, const struct store_record *request)
{
	struct memory_record *record = calloc(1, sizeof *record + request->length);
	if (record == NULL)
		return NULL;
	record->name = *name;
	record->length = request->length;
	if (request->length > 0)
		memcpy(record->value, request->value, request->length);
	return record;
}

int memory_record_put(struct memory_records *records, const struct store_record *request)
{
	struct record_name name = { .kind = request->kind, .key_length = request->key_length };
	struct memory_record *before, *record;
	if (request->key_length < 1 || request->key_length > STORE_RECORD_KEY || request->length > STORE_RECORD_MOST)
		return TCHAT_ERR_ARGUMENT;
	memcpy(name.key, request->key, request->key_length);
	HASH_FIND(hh, records->first, &name, sizeof name, before);
	if (request->value != NULL) {
		if (before == NULL && HASH_COUNT(records->first) >= records->maximum)
			return TCHAT_ERR_FULL;
		record = record_new(&name, request);
		if (record == NULL)
			return TCHAT_ERR_BUSY;
		HASH_ADD(hh, records->first, name, sizeof record->name, record);
		if (record->hh.tbl == NULL) {
			free(record);
			return TCHAT_ERR_BUSY;
		}
	}
	if (before != NULL) {
		HASH_DEL(records->first, before);
		free(before);
	}
	return 0;
}

void memory_records_each(const struct memory_records *records,
                         void (*each)(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value,
                                      size_t length),
                         void *arg)
{
	for (const struct memory_record *record = records->first; record != NULL; record = record->hh.next)
		each(arg, record->name.kind, record->name.key, record->name.key_length, record->value, record->length);
}

void memory_records_free(struct memory_records *records)
{
	struct memory_record *record, *next;
	HASH_ITER(hh, records->first, record, next) {
		HASH_DEL(records->first, record);
		free(record);
	}
}
