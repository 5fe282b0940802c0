/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The posts that have no answer yet. An outbox is a table of functions: one in memory is here, the store has a
 * durable one. */
#ifndef TCHAT_CLIENT_OUTBOX_H
#define TCHAT_CLIENT_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

struct outbox_post {
	uint64_t counter;
	uint32_t room;    /* the session's handle */
	uint8_t kind;
	const char *text; /* not owned, NUL-terminated like ref */
	size_t length;
	const char *ref;  /* never NULL */
};

/* Counters are dense from 1 over the device's life. */
struct outbox {
	/* Keeps a copy of post, whose counter is next(): 0, TCHAT_ERR_FULL, TCHAT_ERR_MEMORY or TCHAT_ERR_SYSTEM. */
	int (*add)(struct outbox *outbox, const struct outbox_post *post);
	/* 0, or TCHAT_ERR_NOT_FOUND when counter has its answer. Valid until the next call but get(). */
	int (*get)(struct outbox *outbox, uint64_t counter, struct outbox_post *post);
	/* What was never sent and shall not be: room becomes 0, and text and ref empty; its counter stays to be sent. */
	void (*cancel)(struct outbox *outbox, uint64_t counter);
	/* The post got its answer. */
	void (*settle)(struct outbox *outbox, uint64_t counter);
	/* The lowest counter without an answer; next() when there is none. */
	uint64_t (*lowest)(struct outbox *outbox);
	/* The counter of the next post to be added. */
	uint64_t (*next)(struct outbox *outbox);
	/* The highest counter that is stored safely, so that it may be sent. */
	uint64_t (*safe)(struct outbox *outbox);
	void (*free)(struct outbox *outbox);
};

/* An outbox in memory for at most so many posts of so many bytes altogether; NULL when memory is out. */
struct outbox *outbox_memory(size_t posts, size_t bytes);

#endif
