/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searching records for a text, as both back ends do it. */
#ifndef TCHAT_STORE_SEARCH_H
#define TCHAT_STORE_SEARCH_H

#include "base/buffer.h"
#include "store/store.h"

enum { SEARCH_SCAN = 4096 }; /* most records that one request looks at */

struct search {
	struct store_read *read;
	struct buffer folded;
};

/* Begins to fill in the read's records. search_end() is needed in either case. 0 or TCHAT_ERR_MEMORY. */
int search_begin(struct search *search, struct store_read *read);

enum search_result { SEARCH_GO_ON, SEARCH_FULL };

/* Takes the next older record, a whole frame of length bytes, where its text matches. Sets the read's first. A record
 * that has no place any more is left for the next request: SEARCH_FULL. Or TCHAT_ERR_MEMORY. */
int search_take(struct search *search, const uint8_t *record, size_t length);

void search_end(struct search *search);

#endif
