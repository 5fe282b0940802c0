/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row a member: a sign for the role, and the nick in its colour. */
#include "ui/member_list.h"

#include "base/intl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int rank(const struct member_row *member)
{
	return member->role == MEMBER_MUTED ? MEMBER_PLAIN : (int)member->role;
}

static int compare(const void *a, const void *b)
{
	const struct member_row *x = a, *y = b;
	int first = rank(x), second = rank(y);
	if (first != second)
		return first > second ? -1 : 1;
	int order = strcasecmp(x->nick, y->nick);
	return order != 0 ? order : strcmp(x->nick, y->nick);
}

void member_list_sort(struct member_row *members, size_t count)
{
	if (count > 0)
		qsort(members, count, sizeof *members, compare);
}

static void draw_member(struct cells *cells, const struct area *area, int row, const struct member_row *member)
{
	size_t length = strlen(member->nick);
	enum style_role role = member->away ? STYLE_MEMBER_AWAY :
	                       member->own ? STYLE_NICK_OWN : style_for_nick(member->nick, length);
	static const char *const signs[] = { " ", "+", "@", "-" }; /* by role */
	const char *sign = signs[member->role];
	int column = cells_puts(cells, area, row, 1, STYLE_HEADING, sign);
	cells_put_unclean(cells, area, row, column, area->columns - column - 1, role, member->nick, length);
}

void member_list_draw(struct cells *cells, const struct area *area, const struct member_row *members, size_t count,
                      size_t total, int *scroll)
{
	if (area->rows <= 0 || area->columns <= 0)
		return;
	int row = 0, rows = area->rows;
	char text[64];
	if (rows > 2) {
		snprintf(text, sizeof text, ngettext("%zu member", "%zu members", total), total);
		cells_put_cut(cells, area, row++, 1, area->columns - 1, STYLE_HEADING, text, strlen(text));
		rows--;
	}
	if (total > count)
		count = count < total ? count : total;
	bool more = total > (size_t)rows && rows > 1;
	int page = more ? rows - 1 : rows; /* the last row says how many are not shown */
	int most = count > (size_t)page ? (int)(count - (size_t)page) : 0;
	*scroll = *scroll < 0 ? 0 : *scroll > most ? most : *scroll;
	int end = row + page;
	for (size_t i = (size_t)*scroll; i < count && row < end; i++)
		draw_member(cells, area, row++, &members[i]);
	size_t hidden = total - (size_t)*scroll - (size_t)(row - (area->rows - rows));
	if (more && hidden > 0) {
		snprintf(text, sizeof text, ngettext("%zu more", "%zu more", hidden), hidden);
		cells_put_cut(cells, area, row, 2, area->columns - 2, STYLE_MEMBER_AWAY, text, strlen(text));
	}
}
