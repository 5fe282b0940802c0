/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searching records for a text, as both back ends do it. */
#ifndef TCHAT_STORE_SEARCH_H
#define TCHAT_STORE_SEARCH_H

#include "base/buffer.h"
#include "store/store.h"
#include "wire/message.h"

enum {
	SEARCH_SCAN = 4096, /* most records that one request looks at */
	SEARCH_FOLDED_MOST = 16 * WIRE_LIMIT,
};

struct search {
	struct store_read *read;
	struct buffer folded;
	/* Whether a later edit is of this message, or of the one that this edit is of: a seq and its own. 1, 0 or an
	 * error, which ends the search. NULL: that is known before. */
	int (*edited)(void *arg, uint64_t target, uint64_t seq);
	void *arg;
};

/* The text of a record, at least FRAME_HEADER + MSG_BODY bytes, in which is searched; false: there is none. */
bool search_text(const uint8_t *record, size_t size, const char **text, size_t *length);

/* Begins to fill in the read's records. search_end() is needed in either case. 0 or TCHAT_ERR_MEMORY. */
int search_begin(struct search *search, struct store_read *read,
                 int (*edited)(void *arg, uint64_t target, uint64_t seq), void *arg);

enum search_result { SEARCH_GO_ON, SEARCH_FULL };

/* Takes the next older record, a whole frame of length bytes, where its text matches. Sets the read's first. A record
 * that has no place any more is left for the next request: SEARCH_FULL. Or an error. */
int search_take(struct search *search, const uint8_t *record, size_t length);

void search_end(struct search *search);

#endif
