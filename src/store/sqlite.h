/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store that keeps its history in a folder, in SQLite: see doc/DELIVERY for what it promises. */
#ifndef TCHAT_STORE_SQLITE_H
#define TCHAT_STORE_SQLITE_H

#include "base/clock.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_durability {
	STORE_FULL,    /* what was accepted survives a power cut: each commit is flushed to the disk */
	STORE_PROCESS, /* it survives the end of the process only */
};

/* 0 gives the default in brackets. */
struct store_sqlite_config {
	const struct environment *environment; /* NULL: the system's */
	const char *directory; /* made (mode 0700) if it is not there; its parent has to be */
	const char *vfs;       /* SQLite's name of the file system layer; NULL: the system's */
	bool by_hand;          /* no threads: store_sqlite_write() and _read() do what they would do */
	enum store_durability durability;
	uint64_t keep_count;   /* records kept in each room [all] */
	tchat_time keep_age;   /* how long [for ever] */
	uint64_t keep_bytes;   /* of all rooms [without end] */
	uint64_t most_bytes;   /* of the database file; beyond, it is as if the disk were full [without end] */
	uint32_t rooms;        /* [65,536] */
	uint32_t devices;      /* remembered [131,072] */
	uint32_t open_devices; /* [32,768] */
	uint32_t outcomes;     /* remembered per device [1,024] */
	uint32_t records;      /* of the host's own [65,536] */
};

enum { STORE_WHY_SIZE = 512 };

/* Opens the history, alone. The writer and the reader have a thread each. 0; or an error with one line for people in
 * why: TCHAT_ERR_IN_USE (another store has the folder), TCHAT_ERR_PERMISSION (others may look into it),
 * TCHAT_ERR_ARGUMENT (something there is no history, or one of a newer tchat), TCHAT_ERR_MEMORY, TCHAT_ERR_TOO_LONG,
 * TCHAT_ERR_SYSTEM. */
int store_sqlite_open(struct store **store, const struct store_sqlite_config *config, char why[STORE_WHY_SIZE]);

/* Who the host of this history is. */
void store_sqlite_identity(struct store *store, struct store_identity *identity);

/* How much is kept from now on, as in the config; what is too much goes bit by bit. */
void store_sqlite_keep(struct store *store, uint64_t count, tchat_time age, uint64_t bytes);

/* NULL; or, in a line for people, why the store works no more: reading or writing failed, or the history is damaged.
 * Batches fail from then on, and what was not acknowledged may or may not be kept. The text lives as long as the
 * store. Set before the completions of what failed are there. */
const char *store_sqlite_failure(struct store *store);

/* by_hand: carries out what queued to be written, as one transaction, or what is done when nothing did. Returns when
 * (clock_monotonic()) it is to be called again even if nothing comes. */
tchat_time store_sqlite_write(struct store *store);

/* by_hand: carries out the oldest reading. False: there was none. */
bool store_sqlite_read(struct store *store);

#endif
