/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a store whose completions wait until they are let out, and whose commits can fail; it does its work at
 * once, as a reader beside a writer may see it. */
#ifndef TCHAT_TESTS_DELAY_STORE_H
#define TCHAT_TESTS_DELAY_STORE_H

#include "base/errors.h"
#include "store/store.h"

#include <stdlib.h>

struct delay {
	struct store store; /* first */
	struct store *inner;
	struct store_request *first, **last;
	bool hold;        /* completions of any kind */
	bool hold_batch;  /* those of batches, which reads overtake */
	int fail;         /* what batches fail with, or 0 */
	int fail_records; /* and records */
	unsigned batches; /* submitted so far */
	unsigned records;
};

static inline void delay_submit(struct store *store, struct store_request *request)
{
	struct delay *d = (struct delay *)store;
	d->batches += request->type == STORE_BATCH;
	d->records += request->type == STORE_RECORD;
	int err = request->type == STORE_BATCH ? d->fail : request->type == STORE_RECORD ? d->fail_records : 0;
	if (err != 0) {
		request->error = err;
	} else {
		store_submit(d->inner, request);
		store_completed(d->inner);
	}
	request->next = NULL;
	*d->last = request;
	d->last = &request->next;
}

static inline struct store_request *delay_completed(struct store *store)
{
	struct delay *d = (struct delay *)store;
	if (d->hold)
		return NULL;
	for (struct store_request **at = &d->first; *at != NULL; at = &(*at)->next) {
		struct store_request *request = *at;
		if (d->hold_batch && request->type == STORE_BATCH)
			continue;
		*at = request->next;
		if (request->next == NULL)
			d->last = at;
		return request;
	}
	return NULL;
}

static inline void delay_release(struct store *store, enum store_type type, uint64_t id)
{
	store_release(((struct delay *)store)->inner, type, id);
}

static inline void delay_wake(struct store *store, void (*callback)(void *arg), void *arg)
{
}

static inline void delay_free(struct store *store)
{
	store_free(((struct delay *)store)->inner);
	free(store);
}

static inline int delay_records(struct store *store,
                                void (*each)(void *arg, uint8_t kind, const void *key, size_t key_length,
                                             const void *value, size_t length),
                                void *arg)
{
	return store_records(((struct delay *)store)->inner, each, arg);
}

static const struct store_operations delay_operations = {
	delay_submit, delay_completed, delay_release, delay_wake, delay_free, delay_records,
};

static inline struct delay *delay_new(struct store *inner)
{
	struct delay *d = calloc(1, sizeof *d);
	d->store.operations = &delay_operations;
	d->inner = inner;
	d->last = &d->first;
	return d;
}

#endif
