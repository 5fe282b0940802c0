/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drafts in a file, each for a room of a host. */
#ifndef TCHAT_APP_DRAFTS_H
#define TCHAT_APP_DRAFTS_H

#include <stdbool.h>
#include <stddef.h>

enum { DRAFTS_MAX = 200, DRAFTS_TEXT_MAX = 1 << 20, DRAFTS_TOTAL_MAX = 4 << 20 };

struct drafts;

/* What the file holds; nothing when there is none or it is no file of drafts. NULL when memory is out. */
struct drafts *drafts_open(const char *path);
void drafts_free(struct drafts *drafts);

/* The draft of a room and where its cursor is, or NULL. Valid until it is set. */
const char *drafts_get(const struct drafts *drafts, const char *host, const char *room, size_t *cursor);

/* Sets it; NULL or "" takes it away. The oldest go when there are too many, and one of over DRAFTS_TEXT_MAX bytes or of
 * what is no UTF-8 is not kept: TCHAT_ERR_TOO_LONG, TCHAT_ERR_BAD_TEXT. */
int drafts_set(struct drafts *drafts, const char *host, const char *room, const char *text, size_t cursor);

/* Writes the file, if there is something new; with flush it waits for the disk. 0 or as file_replace(). */
int drafts_save(struct drafts *drafts, bool flush);

#endif
