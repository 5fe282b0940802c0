/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store that lets requests wait and fail; see flaky-store.h. */
#include "flaky-store.h"

#include "base/errors.h"

static void append(struct store_request **list, struct store_request *request)
{
	while (*list != NULL)
		list = &(*list)->next;
	request->next = NULL;
	*list = request;
}

static struct store_request *take(struct store_request **list)
{
	struct store_request *request = *list;
	if (request != NULL)
		*list = request->next;
	return request;
}

static struct flaky *flaky_of(struct store *store)
{
	return (struct flaky *)store;
}

bool flaky_pass(struct flaky *flaky)
{
	struct store_request *request = take(&flaky->waiting);
	if (request == NULL)
		return false;
	if (request->type != STORE_DEVICE && flaky->fails != NULL && flaky->fails(flaky->arg)) {
		request->error = TCHAT_ERR_BUSY;
		append(&flaky->ready, request);
		return true;
	}
	store_submit(flaky->inner, request);
	while ((request = store_completed(flaky->inner)) != NULL)
		append(&flaky->ready, request);
	return true;
}

static void flaky_submit(struct store *store, struct store_request *request)
{
	struct flaky *flaky = flaky_of(store);
	append(&flaky->waiting, request);
	while (!flaky->waits && flaky_pass(flaky)) {
	}
}

static struct store_request *flaky_completed(struct store *store)
{
	return take(&flaky_of(store)->ready);
}

static void flaky_release(struct store *store, enum store_type type, uint64_t id)
{
	store_release(flaky_of(store)->inner, type, id);
}

static void flaky_wake(struct store *store, void (*callback)(void *arg), void *arg)
{
}

static void flaky_free(struct store *store)
{
	store_free(flaky_of(store)->inner);
}

static int flaky_records(struct store *store,
                         void (*each)(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value,
                                      size_t length),
                         void *arg)
{
	return store_records(flaky_of(store)->inner, each, arg);
}

void flaky_init(struct flaky *flaky, struct store *inner)
{
	static const struct store_operations operations = { flaky_submit, flaky_completed, flaky_release, flaky_wake,
		                                            flaky_free,   flaky_records };
	*flaky = (struct flaky){ .store = { &operations }, .inner = inner };
}
