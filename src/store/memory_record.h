/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory store's records: the host's own things, by kind and key. */
#ifndef TCHAT_STORE_MEMORY_RECORD_H
#define TCHAT_STORE_MEMORY_RECORD_H

#include "store/store.h"

struct memory_record;

struct memory_records {
	struct memory_record *first; /* a hash table */
	uint32_t maximum;
};

/* Puts or deletes: 0 or the request's error. */
int memory_record_put(struct memory_records *records, const struct store_record *request);

/* See store_records(). */
void memory_records_each(const struct memory_records *records,
                         void (*each)(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value,
                                      size_t length),
                         void *arg);

void memory_records_free(struct memory_records *records);

#endif
