/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a host's rooms and messages are kept: requests go in, completions come out, in the order of submission for
 * each kind. A back end may work on threads of its own; it alone gives room ids, epochs, seqs and marks. */
#ifndef TCHAT_STORE_STORE_H
#define TCHAT_STORE_STORE_H

#include "base/block.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum store_type { STORE_BATCH, STORE_READ, STORE_ROOM, STORE_DEVICE, STORE_RECORD, STORE_BACKUP };

/* The first member of each request. Its memory is the caller's, and must not be touched between submit and
 * completion. Reference counts of blocks are touched on the caller's thread only. */
struct store_request {
	enum store_type type;
	int error;                  /* set by the store: 0, or why it failed (TCHAT_ERR_BUSY: try again) */
	struct store_request *next; /* the store's, and free for the caller before and after */
};

enum store_outcome {
	STORE_ACCEPTED,  /* new: seq and time are set, and written into the record */
	STORE_DUPLICATE, /* was accepted before: room, seq and time of then */
	STORE_REFUSED,   /* code says why, now or before; the counter is used up */
	STORE_HOLE,      /* counter is above mark + 1: nothing was decided */
	STORE_CLONED,    /* counter is at or below the mark, but the content is not what it was, or is long settled */
};

struct store_post {
	uint64_t device;
	uint64_t counter;
	uint64_t hash;   /* of the content, see store_hash() */
	uint32_t part;   /* index into parts */
	uint32_t offset; /* of the record (a whole MSG frame, seq and time blank) in the part's block */
	uint32_t length; /* 0 when refusal is set */
	uint16_t refusal; /* decided by the host, should the counter be mark + 1; 0: accept */
	bool asks;       /* below that, whatever was decided is told: the content need not be the same */
	uint64_t target;  /* seq of the message that it changes, which is refused as NO_MESSAGE where it is not kept; or 0 */
	uint32_t author;  /* whose that must be, or of the same device, else NOT_ALLOWED; 0: anybody's. Answer: whose it is */
	bool own;         /* answer: it is of the same device */
	bool blanks;      /* the target's text goes, and all that edits made of it */
	uint16_t code;    /* answer, as all below */
	bool fresh;       /* decided now: the mark went up */
	enum store_outcome outcome;
	uint64_t room;   /* of what was accepted */
	uint64_t seq;
	uint64_t time;
};

/* The posts of one room in a batch. */
struct store_part {
	uint64_t room;       /* 0: only refused posts */
	struct block *block; /* all records, contiguous in order of arrival; NULL when there are none */
	uint64_t floor;      /* answer: lowest kept seq, head + 1 when none */
	uint64_t head;       /* answer: highest seq given */
};

/* One round of posts, in order of arrival: committed as a whole, or (error) not at all. */
struct store_batch {
	struct store_request request;
	uint64_t time; /* wall clock, microseconds since 1970: the time of all its messages, see store_time() */
	struct store_part *parts;
	size_t part_count;
	struct store_post *posts;
	size_t post_count;
};

enum { STORE_TEXT_SIZE = 256 };

/* A run of a room's records; or, where text is not empty, those of a run whose text holds it, newest first. A search
 * goes backward and stops after some thousand records that it looked at: more and first tell to go on. */
struct store_read {
	struct store_request request;
	uint64_t room;
	uint64_t from;      /* forward: seq >= from; otherwise: seq < from, 0: the newest */
	uint64_t least;     /* records with a lower seq are as if they were not there */
	uint32_t limit;     /* most records; 0: none, only floor and head */
	uint32_t max_bytes; /* of all records; one that does not fit ends the run */
	bool forward;
	uint16_t text_length;        /* 0: no search */
	char text[STORE_TEXT_SIZE];  /* folded by text_search_fold() */
	uint32_t changes_bytes; /* most bytes of changes; 0: none are wanted */
	struct block *records; /* answer: MSG frames in rising order, now the caller's; NULL when none */
	uint64_t first, last;  /* answer: of the records, or of all that were searched; 0 when none */
	uint64_t floor, head;  /* answer: as in store_part */
	bool more;             /* answer: there are more records in that direction */
	struct block *changes; /* answer: what came later and changes one of the records, newest first, as much as fits;
	                          now the caller's; NULL when none */
};

enum { STORE_KEY_SIZE = 72, STORE_TOPIC_SIZE = 404 };

/* Finds a room by kind and key, or creates it where that is allowed. */
struct store_room {
	struct store_request request; /* error TCHAT_ERR_NO_ROOM: not there and not to be created;
	                                 TCHAT_ERR_TOO_MANY_ROOMS: the store is full */
	uint8_t kind;                 /* enum wire_room_kind */
	bool create;
	char key[STORE_KEY_SIZE];     /* folded name */
	char name[STORE_KEY_SIZE];    /* as shown; an existing room's replaces it */
	bool created;                 /* answer, as all below */
	uint64_t id;                  /* from 1, in order of creation */
	uint64_t epoch;               /* never 0 */
	uint64_t floor, head;
	char topic[STORE_TOPIC_SIZE]; /* body of the last topic post, "" when none */
};

/* Opens a device: outcomes below lowest_unsettled are forgotten; an unknown device starts at lowest_unsettled - 1. */
struct store_device {
	struct store_request request;
	uint64_t device;
	uint64_t lowest_unsettled; /* >= 1 */
	uint64_t mark;             /* answer: highest counter decided */
};

enum { STORE_RECORD_KEY = 32, STORE_RECORD_MOST = 4096 };

/* Keeps something of the host's own under kind and key, in place of what was there, or deletes it. In one order with
 * batches, and committed with them. */
struct store_record {
	struct store_request request; /* error TCHAT_ERR_FULL: there are too many; TCHAT_ERR_ARGUMENT; or as a batch's */
	uint8_t kind;
	uint8_t key_length; /* 1 to STORE_RECORD_KEY */
	uint8_t key[STORE_RECORD_KEY];
	uint32_t length;    /* of value, at most STORE_RECORD_MOST */
	const void *value;  /* not to be touched before the completion; NULL: delete, which is fine when nothing is there */
};

enum { STORE_NAME_SIZE = 64, STORE_REASON_SIZE = 256 };

/* Copies all that is kept, as of one moment, while other requests go on, and reads the copy through. One at a time. */
struct store_backup {
	struct store_request request; /* error TCHAT_ERR_NOT_KEPT: there is nothing on a disk; TCHAT_ERR_BUSY: another one
	                                 is under way; TCHAT_ERR_DISK_FULL; TCHAT_ERR_CANCELLED: the store ends; or another
	                                 one, with why */
	uint64_t time;                /* wall clock, for its name */
	char name[STORE_NAME_SIZE];   /* answer, as all below: of the folder, beside the history */
	uint64_t bytes, messages;
	char why[STORE_REASON_SIZE];  /* "", or a line */
};

/* What makes a host the same one after a restart. */
struct store_identity {
	uint8_t host[16];       /* names it in WELCOME */
	uint8_t device_key[16]; /* makes device ids of salts; secret */
	uint32_t last_user;     /* no record has a higher sender */
	bool renewed;           /* the history is not what was here last: all its rooms have new epochs */
};

struct store_operations {
	void (*submit)(struct store *store, struct store_request *request);
	struct store_request *(*completed)(struct store *store);
	void (*release)(struct store *store, enum store_type type, uint64_t id);
	void (*wake)(struct store *store, void (*callback)(void *arg), void *arg);
	void (*free)(struct store *store);
	int (*records)(struct store *store,
	               void (*each)(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value,
	                            size_t length),
	               void *arg);
};

/* A back end's own struct begins with this. */
struct store {
	const struct store_operations *operations;
};

/* Hands a request over; never fails by itself, the completion tells. */
static inline void store_submit(struct store *store, struct store_request *request)
{
	store->operations->submit(store, request);
}

/* The next completed request, or NULL. */
static inline struct store_request *store_completed(struct store *store)
{
	return store->operations->completed(store);
}

/* Undoes one successful opening of a room (STORE_ROOM) or device (STORE_DEVICE): when as many were undone as there
 * were, the store may forget it, and requests for it must not follow before it is opened again. */
static inline void store_release(struct store *store, enum store_type type, uint64_t id)
{
	store->operations->release(store, type, id);
}

/* Sets what is called, on any thread, when a completion is there that was not before. A back end that completes
 * inside of store_submit() does not call it. */
static inline void store_wake(struct store *store, void (*callback)(void *arg), void *arg)
{
	store->operations->wake(store, callback, arg);
}

/* Hands over all that STORE_RECORD has put and not deleted, in no special order; the bytes are there during the call
 * only, and are never NULL. To be called at the start, before any request: it waits for the disk. 0 or an error,
 * perhaps after some calls. */
static inline int store_records(struct store *store,
                                void (*each)(void *arg, uint8_t kind, const void *key, size_t key_length,
                                             const void *value, size_t length),
                                void *arg)
{
	return store->operations->records(store, each, arg);
}

/* Ends the store; requests still in it are the caller's again. NULL is fine. */
static inline void store_free(struct store *store)
{
	if (store != NULL)
		store->operations->free(store);
}

/* Times of a room do not go backwards while a clock is put right; one that was put back by more than an hour is
 * believed. last: the time of the message before, 0: none. */
static inline uint64_t store_time(uint64_t last, uint64_t wall)
{
	const uint64_t hour = UINT64_C(3600) * 1000000;
	return wall < last && last - wall <= hour ? last : wall;
}

/* The content hash of a post, from its kind and flags, body and TLVs. It tells a repeated post from another one of
 * the same number, among posts of one device only: speed and stability count, not resistance to forgers, who could
 * only fool themselves. */
uint64_t store_hash(uint8_t kind, uint8_t flags, const void *body, size_t body_length, const void *tlvs,
                    size_t tlvs_length);

#endif
