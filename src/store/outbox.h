/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The posts that have no answer yet. An outbox is a table of functions: one in memory is here, a client's store has a
 * durable one. */
#ifndef TCHAT_STORE_OUTBOX_H
#define TCHAT_STORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outbox_post {
	uint64_t counter;
	uint32_t room;    /* the session's handle; 0: none, see place() */
	uint8_t kind;     /* KIND_VOID with no text: cancelled in an earlier life */
	bool direct;      /* the room is a direct one */
	bool cancelled;   /* it shall not be */
	const char *name; /* the room's; never NULL, as all of these, and not owned */
	const char *text;
	size_t length;    /* of text, which has a NUL behind it */
	const char *ref;
	uint64_t target;  /* the seq of the message that it changes; 0: none */
	uint64_t reply;   /* the seq of the message that it answers; 0: none */
};

/* Counters are dense from 1 over the device's life. */
struct outbox {
	/* Keeps a copy of post, whose counter is next(): 0, TCHAT_ERR_FULL or TCHAT_ERR_MEMORY. */
	int (*add)(struct outbox *outbox, const struct outbox_post *post);
	/* 0, or TCHAT_ERR_NOT_FOUND when counter has its answer. Valid until the next call but get(). */
	int (*get)(struct outbox *outbox, uint64_t counter, struct outbox_post *post);
	/* The post shall not be, but its counter stays to be sent. 0, TCHAT_ERR_NOT_FOUND,
	 * TCHAT_ERR_FULL or TCHAT_ERR_MEMORY (try later). */
	int (*cancel)(struct outbox *outbox, uint64_t counter);
	/* Sets the handle of its room, which nobody stores. */
	void (*place)(struct outbox *outbox, uint64_t counter, uint32_t room);
	/* The post got its answer. */
	void (*settle)(struct outbox *outbox, uint64_t counter);
	/* The counters below next are used up: 0, TCHAT_ERR_FULL (too far from the lowest) or TCHAT_ERR_MEMORY. */
	int (*jump)(struct outbox *outbox, uint64_t next);
	/* The lowest counter without an answer; next() when there is none. */
	uint64_t (*lowest)(struct outbox *outbox);
	/* The same, as far as it is stored safely: what below it is settled will never be asked again. */
	uint64_t (*settled)(struct outbox *outbox);
	/* The counter of the next post to be added. */
	uint64_t (*next)(struct outbox *outbox);
	/* The highest counter that is stored safely, or as safely as it can be now, so that it may be sent. */
	uint64_t (*safe)(struct outbox *outbox);
	/* The same of one post as it is now, cancelled or not. */
	bool (*is_safe)(struct outbox *outbox, uint64_t counter);
	void (*free)(struct outbox *outbox);
};

/* An outbox in memory for at most so many posts of so many bytes altogether; NULL when memory is out. */
struct outbox *outbox_memory(size_t posts, size_t bytes);

/* Changes that, of one that outbox_memory() made; what is in it stays. */
void outbox_memory_limit(struct outbox *outbox, size_t posts, size_t bytes);

#endif
