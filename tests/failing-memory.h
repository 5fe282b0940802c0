/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that runs out at a chosen allocation of tchat's own; with failing-memory-more.c also at those of SQLite, those
 * that names are mapped with, and where a buffer had room from before. See -Wl,--wrap in local.mk. */
#ifndef TCHAT_TESTS_FAILING_MEMORY_H
#define TCHAT_TESTS_FAILING_MEMORY_H

#include <stdbool.h>

/* From now on allocations are counted, from 0, and the count ones from the number first on fail. */
void memory_fail(long first, long count);

/* None fails or is counted any more, until memory_go_on(). Returns how many there were. */
long memory_pause(void);
void memory_go_on(void);

/* Whether all that shall fail have. */
bool memory_failed(void);

/* Counts one more, and says whether it fails. */
bool memory_fails(void);

/* Has SQLite take its memory here; once, before it is used. */
void memory_of_sqlite(void);

#endif
