/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests of what both back ends of a store do alike: each is run for the one in memory and for the durable one. */
#ifndef TCHAT_TESTS_BACK_ENDS_H
#define TCHAT_TESTS_BACK_ENDS_H

#include "store-rounds.h"
#include "store/memory.h"
#ifdef HAVE_SQLITE
#include "store-folder.h"
#endif

/* A back end under test: what a test's state is. */
struct back_end {
	struct store *(*make)(struct back_end *back_end, uint32_t outcomes);
	int when_full; /* what a batch fails with when the disk is full */
	struct place *place;
};

static inline struct store *make_memory(struct back_end *back_end, uint32_t outcomes)
{
	return listen_to(store_memory_new(&(struct store_memory_config){ .outcomes = outcomes }));
}

static struct back_end memory = { make_memory, TCHAT_ERR_BUSY, NULL };

#ifdef HAVE_SQLITE
static inline struct store *make_sqlite(struct back_end *back_end, uint32_t outcomes)
{
	back_end->place = place_new();
	return place_open(back_end->place, (struct store_sqlite_config){ .outcomes = outcomes });
}

static struct back_end sqlite = { make_sqlite, TCHAT_ERR_NO_SPACE, NULL };
#endif

static inline struct store *store_new(void **state, uint32_t outcomes)
{
	struct back_end *back_end = *state;
	return back_end->make(back_end, outcomes);
}

static inline void store_end(void **state, struct store *store)
{
	store_free(store);
#ifdef HAVE_SQLITE
	struct back_end *back_end = *state;
	if (back_end->place != NULL)
		place_free(back_end->place);
	back_end->place = NULL;
#endif
}

#ifdef HAVE_SQLITE
#define BOTH(test) cmocka_unit_test_prestate(test, &memory), { #test "_durably", test, NULL, NULL, &sqlite },
#else
#define BOTH(test) cmocka_unit_test_prestate(test, &memory),
#endif

#endif
