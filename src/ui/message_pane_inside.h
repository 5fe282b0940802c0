/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the two halves of the message pane share: message_pane.c finds out which rows are in view,
 * message_draw.c draws one. */
#ifndef TCHAT_UI_MESSAGE_PANE_INSIDE_H
#define TCHAT_UI_MESSAGE_PANE_INSIDE_H

#include "ui/cells.h"
#include "ui/message_list.h"
#include "ui/message_wrap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a width is divided. */
struct pane_columns {
	int all;
	int nick;   /* width of the nick column; 0: the nick stands inside of the text (narrow) */
	int indent; /* where text begins */
	int hang;   /* where its further rows begin */
};

/* Where a message's rows lie: lines above it (day, unread), then its text. */
struct pane_rows {
	bool day, unread;
	size_t lead; /* day + unread */
	size_t text;
};

struct message_pane {
	struct message_list *list;
	struct wrap_cache *cache;
	int rows;
	struct pane_columns columns;
	/* The view: on the end, or hanging on a message. */
	bool at_end;
	uint64_t anchor;
	size_t offset;     /* in its text */
	size_t lead;       /* lines above its text that are in view; only when offset is 0 */
	uint64_t seen_end; /* the list's end when the reader last saw it */
	uint64_t selected;
	char *own;
	char *needle; /* what is searched for, as typed */
	bool past;    /* there is more behind the list's end */
};

/* The division for an area's width. */
struct pane_columns pane_columns(int columns);

/* What stands before a message's text on its first row, as columns: the nick of an action; marks and nick in a
 * narrow pane. */
int pane_prefix(const struct message_pane *pane, const struct shown_message *message);

/* The wrap of a message at the pane's width; valid until the next call. */
struct wrap pane_wrap(const struct message_pane *pane, const struct shown_message *message);

/* The lines of a message; the list must hold it. */
struct pane_rows pane_rows(const struct message_pane *pane, const struct shown_message *message);

/* Draws one line of a message; first: the topmost text row of the view, which always shows its time. */
void pane_draw_line(const struct message_pane *pane, struct cells *cells, const struct area *area, int row,
                    const struct shown_message *message, size_t line, bool first);

/* The line at the bottom while the view is not at the end. */
void pane_draw_more(const struct message_pane *pane, struct cells *cells, const struct area *area, int row,
                    size_t below);

#endif
