/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store that forgets all at its end. */
#ifndef TCHAT_STORE_MEMORY_H
#define TCHAT_STORE_MEMORY_H

#include "base/clock.h"
#include "store/store.h"

#include <stdint.h>

/* 0 gives the default in brackets. */
struct store_memory_config {
	const struct environment *environment; /* its random numbers make epochs; NULL: the system's */
	const char *directory;                 /* of the spool file; NULL: $TMPDIR or /tmp */
	uint64_t spool_bytes;                  /* of all kept records [64 MiB, at least 1 MiB] */
	uint32_t records_per_room;             /* [100,000] */
	uint32_t rooms;                        /* [4,096] */
	uint32_t devices;                      /* [32,768] */
	uint32_t outcomes;                     /* remembered per device [1,024] */
	uint32_t records;                      /* of the host's own [65,536] */
};

/* Records lie in an unlinked temporary file (where none can be made: in 4 MiB of memory), used as a ring. Completes
 * inside of store_submit(). NULL when memory is out. */
struct store *store_memory_new(const struct store_memory_config *config);

#endif
