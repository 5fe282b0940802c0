/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory store's records. */
#include "store/memory_record.h"

#include "base/errors.h"
#include "base/table.h"

#include <stdlib.h>

/* As long as it is, for a host may have many. */
struct memory_record {
	UT_hash_handle hh;
	uint32_t length;    /* of the value */
	uint8_t key_length;
	uint8_t bytes[];    /* its name, which is its kind and the key; the value */
};

static struct memory_record *record_new(const struct store_record *request)
{
	struct memory_record *record = malloc(sizeof *record + 1 + request->key_length + request->length);
	if (record == NULL)
		return NULL;
	*record = (struct memory_record){ .length = request->length, .key_length = request->key_length };
	record->bytes[0] = request->kind;
	memcpy(record->bytes + 1, request->key, request->key_length);
	if (request->length > 0)
		memcpy(record->bytes + 1 + request->key_length, request->value, request->length);
	return record;
}

int memory_record_put(struct memory_records *records, const struct store_record *request)
{
	uint8_t name[1 + STORE_RECORD_KEY] = { request->kind };
	struct memory_record *before, *record;
	if (request->key_length < 1 || request->key_length > STORE_RECORD_KEY || request->length > STORE_RECORD_MOST)
		return TCHAT_ERR_ARGUMENT;
	memcpy(name + 1, request->key, request->key_length);
	HASH_FIND(hh, records->first, name, 1u + request->key_length, before);
	if (request->value != NULL) {
		if (before == NULL && HASH_COUNT(records->first) >= records->maximum)
			return TCHAT_ERR_FULL;
		record = record_new(request);
		if (record == NULL)
			return TCHAT_ERR_BUSY;
		HASH_ADD(hh, records->first, bytes, 1u + record->key_length, record);
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
		each(arg, record->bytes[0], record->bytes + 1, record->key_length,
		     record->bytes + 1 + record->key_length, record->length);
}

void memory_records_free(struct memory_records *records)
{
	struct memory_record *record, *next;
	HASH_ITER(hh, records->first, record, next) {
		HASH_DEL(records->first, record);
		free(record);
	}
}
