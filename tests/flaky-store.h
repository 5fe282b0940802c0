/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store before another one: requests wait until the test lets them go on, and some come back as failed. */
#ifndef TCHAT_TESTS_FLAKY_STORE_H
#define TCHAT_TESTS_FLAKY_STORE_H

#include "store/store.h"

struct flaky {
	struct store store; /* first; freeing it frees both */
	struct store *inner;
	struct store_request *waiting, *ready; /* lists, oldest first */
	bool waits; /* requests stay until flaky_pass(); else they go on at once */
	/* Whether a request that goes on fails instead (TCHAT_ERR_BUSY); NULL: never. */
	bool (*fails)(void *arg);
	void *arg;
};

void flaky_init(struct flaky *flaky, struct store *inner);
/* Lets the oldest request go on. False: there is none. host_store_ready() is the caller's business. */
bool flaky_pass(struct flaky *flaky);

#endif
