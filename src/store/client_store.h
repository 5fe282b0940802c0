/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client keeps of one host, beyond its own end: the posts without an answer, the cursor of each room with the
 * messages that were read up to it, and its own messages that the host accepted. What is handed over is written soon
 * and in order; a message and the cursor that stands on it in one transaction. Nothing here waits for a disk. */
#ifndef TCHAT_STORE_CLIENT_STORE_H
#define TCHAT_STORE_CLIENT_STORE_H

#include "base/buffer.h"
#include "store/outbox.h"
#include "wire/message.h"

enum { CLIENT_NAME_SIZE = 72 };

/* A room, as it is kept. Who changes it says so by keep(). */
struct client_row {
	uint32_t row;      /* its number here, from 1 */
	bool direct;
	bool has_id;       /* id is known */
	char name[CLIENT_NAME_SIZE];
	char fold[CLIENT_NAME_SIZE]; /* the form in which names are compared */
	uint64_t room;     /* the host's number for it; 0: not known */
	uint64_t epoch;    /* of the cursor; 0: there is none */
	uint64_t seq;
	struct message_id id; /* of the message at seq */
	uint64_t read;     /* the read mark: a seq */
};

/* A post of this device that was accepted. */
struct client_own {
	uint64_t counter;
	uint32_t row;
	uint8_t kind;
	uint64_t epoch, seq, time;
	const char *text; /* not NUL-terminated */
	size_t length;
};

/* Messages that were read. The memory is the caller's, and must not be touched between read() and its completion. */
struct client_read {
	struct client_read *next; /* the store's, and free for the caller before and after */
	uint32_t row;
	uint64_t before;          /* those with a lower seq; 0: the newest */
	uint32_t limit;           /* at most so many */
	int error;                /* answer, as all below: 0 or TCHAT_ERR_BUSY */
	struct buffer records;    /* MSG frames in rising order, the caller's to free; initialised by read() */
	struct buffer changes;    /* the same: later ones that change these, newest first */
	bool more;                /* there are older ones */
};

struct client_store;

struct client_store_operations {
	/* The room of that folded name, made if need be; stays valid. NULL when there are too many, or no memory. */
	struct client_row *(*row)(struct client_store *store, bool direct, const char *fold, const char *name);
	void (*keep)(struct client_store *store, const struct client_row *row);
	/* The messages of the room are of another history: they are not kept any longer. */
	void (*forget)(struct client_store *store, const struct client_row *row);
	/* record: a whole MSG frame, which is cached; the row's cursor (seq, id) stands on it. target: the seq of the message
	 * that it changes, whose text goes with a deletion; 0: none. */
	void (*message)(struct client_store *store, const struct client_row *row, uint64_t time, uint64_t target,
	                const void *record, size_t length);
	/* Keeps, or replaces the one of the same counter. */
	void (*own)(struct client_store *store, const struct client_own *own);
	void (*disown)(struct client_store *store, uint64_t counter);
	/* The number that the host gave the device, and the host's id. */
	void (*know)(struct client_store *store, uint64_t device, const uint8_t host[WIRE_KEY_SIZE]);
	void (*read)(struct client_store *store, struct client_read *read);
	/* Takes over what was done meanwhile: the outbox's safe() and the like go on. The next read that is complete, or
	 * NULL; to be called until then. */
	struct client_read *(*completed)(struct client_store *store);
	void (*free)(struct client_store *store);
};

/* A back end's own struct begins with this. What it begins with is there once it is open. */
struct client_store {
	const struct client_store_operations *operations;
	struct outbox *outbox;        /* the store's */
	uint8_t salt[WIRE_KEY_SIZE];  /* names the device to the host: a secret */
	uint64_t device;              /* as the host said last time; 0: never yet */
	uint8_t host[WIRE_KEY_SIZE];  /* the same */
	const struct client_own *own; /* by counter, as they were when the store was opened */
	size_t own_count;
};

/* Writes what is still to be written, and ends the store; reads in it are the caller's again. NULL is fine. */
static inline void client_store_free(struct client_store *store)
{
	if (store != NULL)
		store->operations->free(store);
}

#endif
