/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's store in SQLite: one database for each process that talks to a host at the same time. */
#ifndef TCHAT_STORE_SQLITE_CLIENT_H
#define TCHAT_STORE_SQLITE_CLIENT_H

#include "base/clock.h"
#include "store/client_store.h"

enum { CLIENT_WHY_SIZE = 512 };

/* Strings and bytes are copied. 0 gives the default in brackets. */
struct client_sqlite_config {
	const struct environment *environment; /* NULL: the system's */
	const char *root;       /* folder of all hosts' folders; made (mode 0700) if it is not there, its parent has to be */
	const uint8_t *key;     /* names the host: its key, or its id while it has none */
	size_t key_length;      /* at most 32 */
	const char *label;      /* who talks there, at most 71 bytes: a slot of the same label is preferred; NULL: "" */
	const char *vfs;        /* SQLite's name of the file system layer; NULL: the system's */
	bool by_hand;           /* no thread: client_sqlite_work() does what it would do */
	size_t posts;           /* in the outbox [65,536] */
	size_t post_bytes;      /* [64 MiB] */
	uint64_t cache_count;   /* messages that are kept [50,000] */
	uint64_t cache_bytes;   /* of the whole database, beyond which old ones go [64 MiB] */
	tchat_time cache_age;   /* how old they get [180 days] */
	uint32_t hosts;         /* folders of hosts, beyond which old ones with nothing pending go [64] */
	/* Called on the store's thread when it is open, and when completed() has something to take over. */
	void (*wake)(void *arg);
	void *arg;
};

/* Begins to open; all files are dealt with on a thread of the store's own. Takes a slot (a folder of its own, locked)
 * that no other process has, one with pending posts before others, then one of the same label. NULL when memory is
 * out. */
struct client_store *client_sqlite_new(const struct client_sqlite_config *config);

/* TCHAT_ERR_AGAIN: not open yet. 0: it is, and may be used. Else it cannot be opened, which why says in one line. */
int client_sqlite_opened(struct client_store *store, char why[CLIENT_WHY_SIZE]);

/* 0: what is handed over is stored. TCHAT_ERR_STORE: nothing is any more, for reading or writing failed; others
 * (TCHAT_ERR_NO_SPACE): it is tried again later. why is one line about it. The outbox goes on in memory meanwhile. */
int client_sqlite_trouble(struct client_store *store, char why[CLIENT_WHY_SIZE]);

/* by_hand: opens, or carries out all that was handed over, as one transaction. */
void client_sqlite_work(struct client_store *store);

#endif
