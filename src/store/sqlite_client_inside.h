/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the client's store share; private to it. */
#ifndef TCHAT_STORE_SQLITE_CLIENT_INSIDE_H
#define TCHAT_STORE_SQLITE_CLIENT_INSIDE_H

#include "store/folder.h"
#include "store/sqlite_client.h"
#include "store/sqlite_db.h"

#include <pthread.h>

enum { CLIENT_KEY_MOST = 32, CLIENT_VALUES = 9, CLIENT_STRINGS = 3, CLIENT_ROWS_MOST = 4096, CLIENT_OWN_MOST = 1000 };

enum client_op_type {
	CLIENT_STATEMENT, /* just that */
	CLIENT_ADD,       /* a post */
	CLIENT_CANCEL,
	CLIENT_SETTLE,
	CLIENT_SKIP,
	CLIENT_MESSAGE,   /* may be left out */
	CLIENT_READ,
};

/* Something to be done: a statement with its numbers, and its strings behind them. */
struct client_op {
	struct client_op *next;
	enum client_op_type type;
	enum db_statement statement;
	uint64_t progress;     /* ADD: the counter; CANCEL: how-manieth; SKIP: the next counter */
	uint64_t lowest;       /* SETTLE, SKIP: the lowest unsettled counter then */
	struct client_read *read;
	size_t value_count, string_count;
	int64_t values[CLIENT_VALUES];
	size_t lengths[CLIENT_STRINGS];
	size_t size;           /* of bytes */
	char bytes[];
};

/* What the loop has to hear; guarded by the mutex. */
struct client_results {
	int opened;            /* TCHAT_ERR_AGAIN: not yet */
	uint64_t safe;         /* posts up to here are stored */
	uint64_t settled;      /* below this counter it is stored that they are settled */
	uint64_t cancelled;    /* so many cancellations are stored */
	int trouble;           /* as client_sqlite_trouble() */
	bool news;
	struct client_read *reads, **last_read;
	char why[CLIENT_WHY_SIZE];
};

/* What the writer's thread works with. */
struct client_writer {
	struct client_sqlite_config config;
	char root[FOLDER_PATH], vfs[64], label[CLIENT_NAME_SIZE];
	uint8_t key[CLIENT_KEY_MOST];
	const struct environment *environment;
	struct folder folder;
	struct db db;
	uint64_t next;         /* counter of the next post that may be stored */
	uint64_t stored_next;  /* as it is in the database */
	int64_t messages;      /* in the cache */
	int log_pages;
	bool failed;           /* nothing is written any more */
	struct client_op *redo, **last_redo; /* what has to be done, after the disk was full */
	size_t redo_bytes;
};

struct client_cancel {
	uint64_t counter, number;
};
enum { CLIENT_CANCELS_MOST = 64 };

struct durable_outbox {
	struct outbox outbox;  /* first */
	struct sqlite_client *client;
	struct outbox *memory; /* what is in the outbox, stored or not yet */
	uint64_t safe, settled;
	bool unnoted;          /* there was no memory to hand over what is settled */
	bool full;             /* what is above safe is to be stored later */
	uint64_t cancel_number;
	struct client_cancel cancels[CLIENT_CANCELS_MOST]; /* not stored yet */
	size_t cancel_count;
};

struct sqlite_client {
	struct client_store store; /* first */
	struct client_writer writer;
	struct durable_outbox outbox;
	struct client_row **rows;
	size_t row_count;
	struct client_own *own;    /* as loaded */
	char *own_text;
	pthread_t thread;
	bool runs;
	bool gone;                 /* failed: nothing more is handed over */

	pthread_mutex_t mutex;     /* of all below */
	pthread_cond_t awake;
	struct client_op *first, **last;
	size_t queued;             /* bytes */
	bool urgent, stop;
	tchat_time since;          /* when the first one came */
	struct client_results results;
};

/* --- sqlite_client.c: hands over; takes the op. */
struct client_op *client_op_new(enum client_op_type type, enum db_statement statement, const int64_t *values,
                                size_t value_count, const void *const *strings, const size_t *lengths,
                                size_t string_count);
void client_op_put(struct sqlite_client *client, struct client_op *op);

/* --- sqlite_client_outbox.c */
int client_outbox_init(struct sqlite_client *client, size_t posts, size_t bytes);
/* Takes over the results, the mutex being held. */
void client_outbox_results(struct sqlite_client *client);

/* --- sqlite_client_open.c: 0, or a line in why. All of the slot is loaded. */
int client_open(struct sqlite_client *client, char why[CLIENT_WHY_SIZE]);
void client_close(struct sqlite_client *client);

/* --- sqlite_client_slot.c */
/* Takes a slot: its folder is open. 0, or a line in why. */
int client_slot_take(struct client_writer *writer, char why[CLIENT_WHY_SIZE]);
/* Deletes the folder of the host that was not talked to for the longest time, if there are too many. */
void client_slots_prune(const struct client_writer *writer);
/* The database of a slot: open and of today's format. SQLITE_OK or an error. */
int client_database_open(struct db *db, struct folder *folder, const char *vfs);

/* --- sqlite_client_writer.c */
/* Carries out the list (freed) as one transaction, and sets results; done are its reads. SQLITE_OK, or what cannot be
 * repaired. */
int client_writer_group(struct client_writer *writer, struct client_op *list, struct client_results *results);
void client_ops_free(struct client_op *list);

#endif
