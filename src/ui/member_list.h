/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The members of the room. Plain values in, cells out. */
#ifndef TCHAT_UI_MEMBER_LIST_H
#define TCHAT_UI_MEMBER_LIST_H

#include "ui/cells.h"

#include <stdbool.h>
#include <stddef.h>

enum member_role {
	MEMBER_PLAIN,
	MEMBER_MODERATOR, /* + */
	MEMBER_OWNER,     /* @ */
	MEMBER_MUTED,     /* -; else as a plain one */
};

struct member_row {
	const char *nick; /* any bytes; cleaned when drawn */
	enum member_role role;
	bool away;
	bool own;
};

/* Sorts: owners, moderators, the others; each by nick, case apart. */
void member_list_sort(struct member_row *members, size_t count);

/* Draws a heading with total members (it may be more than count) and those that fit, scrolled down by *scroll
 * rows; *scroll is brought into its range. */
void member_list_draw(struct cells *cells, const struct area *area, const struct member_row *members, size_t count,
                      size_t total, int *scroll);

#endif
