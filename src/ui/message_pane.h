/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shows a message list. The view hangs on a message and a place in its text, or on the end; rows are wrapped
 * outwards from there until the area is full, so that neither new messages nor another width move it. */
#ifndef TCHAT_UI_MESSAGE_PANE_H
#define TCHAT_UI_MESSAGE_PANE_H

#include "ui/cells.h"
#include "ui/message_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message_pane;

/* A pane at the end of the list, which is not owned and must live longer. NULL when memory is out. */
struct message_pane *message_pane_new(struct message_list *list);
void message_pane_free(struct message_pane *pane);

/* The reader's nick: marked where it stands in messages that mention it. Copied; NULL or "" for none. */
void message_pane_set_own(struct message_pane *pane, const char *nick);

/* Draws; remembers the area's size for the calls below (80 columns and 24 rows before the first). */
void message_pane_draw(struct message_pane *pane, struct cells *cells, const struct area *area);

/* Moves the view by rows, negative for upwards; by pages of the area's height less two rows; to the oldest
 * message; to the end, where it follows new ones. */
void message_pane_scroll(struct message_pane *pane, int rows);
void message_pane_page(struct message_pane *pane, int pages);
void message_pane_home(struct message_pane *pane);
void message_pane_end(struct message_pane *pane);

/* True while the view follows new messages. */
bool message_pane_at_end(const struct message_pane *pane);

/* Messages that came since the view left the end; 0 while it is there. */
size_t message_pane_below(const struct message_pane *pane);

/* The message that the top row belongs to (0: the list is empty) and the offset in its text. */
uint64_t message_pane_top(struct message_pane *pane, size_t *offset);

/* Where the view is, to go back to it later. */
struct message_place {
	bool at_end;
	uint64_t serial;
	size_t offset, lead;
};
struct message_place message_pane_place(const struct message_pane *pane);
void message_pane_go(struct message_pane *pane, const struct message_place *place);

/* While the end is followed: from now on the view stays where it is when messages come. */
void message_pane_hold(struct message_pane *pane);

/* What the list ends with is not the newest, and what is put behind it is no news. */
void message_pane_set_past(struct message_pane *pane);

/* Size, nick and needle as those of another pane. */
void message_pane_copy_looks(struct message_pane *pane, const struct message_pane *from);

/* True when the end of the list is in view. */
bool message_pane_shows_end(const struct message_pane *pane);

/* True when the oldest message is in view: time to prepend a page of history. */
bool message_pane_wants_history(struct message_pane *pane);

/* Brings a message into view (the middle, when it is not in view yet): false when it is not kept. */
bool message_pane_show(struct message_pane *pane, uint64_t serial);

/* Goes to the first unread message: false when there is none. */
bool message_pane_show_unread(struct message_pane *pane);

/* The selected message, 0 when none is; set with 0 clears. Moving starts at the newest in view, stops at both
 * ends and brings the message into view. Marking selects without that. */
uint64_t message_pane_selected(const struct message_pane *pane);
void message_pane_select(struct message_pane *pane, uint64_t serial);
void message_pane_mark(struct message_pane *pane, uint64_t serial);
void message_pane_select_move(struct message_pane *pane, int messages);

/* The next message before (direction < 0) or after from that holds needle (case folded): its serial, or 0. It need not
 * be kept itself: the end of the list is fine. */
uint64_t message_pane_find(const struct message_pane *pane, const char *needle, size_t length, uint64_t from,
                           int direction);

/* The words that are marked wherever they stand. Copied; NULL or "" for none. */
void message_pane_set_needle(struct message_pane *pane, const char *needle);

#endif
