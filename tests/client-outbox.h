/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: what a client keeps of one host, without a session, and the posts in its outbox. */
#ifndef TCHAT_TESTS_CLIENT_OUTBOX_H
#define TCHAT_TESTS_CLIENT_OUTBOX_H

#include "base/errors.h"
#include "wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client-folder.h"
#include "fault_vfs.h"

static struct client_place place;

static inline int set_up(void **state)
{
	client_place_make(&place);
	return 0;
}

static inline int tear_down(void **state)
{
	atomic_store(&faults.write, 0);
	atomic_store(&faults.full, 0);
	atomic_store(&faults.sync, 0);
	atomic_store(&faults.read, 0);
	temporary_folder_delete(place.top);
	return 0;
}

static inline struct client_store *open_store(void)
{
	return client_place_open(&place, "host", (struct client_sqlite_config){ .vfs = FAULT_VFS });
}

static inline void work(struct client_store *store)
{
	client_sqlite_work(store);
	while (store->operations->completed(store) != NULL)
		;
}

static inline int add(struct client_store *store, const char *text)
{
	struct outbox *outbox = store->outbox;
	const struct outbox_post post = { .counter = outbox->next(outbox),
		                          .room = 1,
		                          .kind = KIND_TEXT,
		                          .name = "lobby",
		                          .text = text,
		                          .length = strlen(text),
		                          .ref = "r",
		                          .target = 1u << 20,
		                          .reply = 3 };
	return outbox->add(outbox, &post);
}

static inline void expect_post(struct client_store *store, uint64_t counter, uint8_t kind, const char *text)
{
	struct outbox_post post;
	assert_int_equal(store->outbox->get(store->outbox, counter, &post), 0);
	assert_int_equal(post.counter, counter);
	assert_int_equal(post.kind, kind);
	assert_int_equal(post.cancelled, kind == KIND_VOID);
	assert_string_equal(post.text, text);
	assert_int_equal(post.length, strlen(text));
	assert_string_equal(post.name, "lobby");
	assert_string_equal(post.ref, "r");
	assert_int_equal(post.target, 1u << 20);
	assert_int_equal(post.reply, 3);
}

static inline void expect_counters(struct client_store *store, uint64_t lowest, uint64_t safe, uint64_t next)
{
	struct outbox *outbox = store->outbox;
	assert_int_equal(outbox->lowest(outbox), lowest);
	assert_int_equal(outbox->safe(outbox), safe);
	assert_int_equal(outbox->next(outbox), next);
}

#endif
