/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of bytes in an unlinked temporary file, so that a history takes no memory. */
#ifndef TCHAT_STORE_SPOOL_H
#define TCHAT_STORE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct spool;

enum { SPOOL_MEMORY = 4 << 20 };

/* A ring of size bytes in a file in directory (NULL: $TMPDIR or /tmp); where none can be made, in memory, of at
 * most SPOOL_MEMORY bytes. NULL when memory is out. */
struct spool *spool_new(const char *directory, uint64_t size);

void spool_free(struct spool *spool);

/* Where the next byte goes: positions only rise. */
uint64_t spool_head(const struct spool *spool);

/* Bytes that the ring holds: what lies further behind the head is overwritten. */
uint64_t spool_size(const struct spool *spool);
bool spool_holds(const struct spool *spool, uint64_t at);

/* Appends count parts, together at most the ring's size; parts are changed. 0 or TCHAT_ERR_SYSTEM with errno set;
 * the head has moved in either case, for what was in the way may be gone. */
int spool_write(struct spool *spool, struct iovec *parts, int count);

/* Puts length other bytes at at, all of them held. 0 or TCHAT_ERR_SYSTEM. */
int spool_replace(struct spool *spool, uint64_t at, const void *bytes, size_t length);

/* Reads length bytes from at, all of them held. 0 or TCHAT_ERR_SYSTEM. */
int spool_read(const struct spool *spool, uint64_t at, void *bytes, size_t length);

#endif
