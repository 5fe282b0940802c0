/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of the messages that a room of the full screen has in memory: edits, deletions, reactions, and what
 * answers quote. */
#ifndef TCHAT_APP_FACE_CHANGES_H
#define TCHAT_APP_FACE_CHANGES_H

#include "app/face_room.h"

/* One message's; private. */
struct face_fate;

/* Whether a message is one about another message, which has no row of its own. */
bool face_is_change(uint8_t kind);

/* Applies an edit, a deletion or a reaction to its message, if the room or the page on its way has it. Any order, and
 * any number of times. */
void face_change(struct face_room *room, const struct session_event *event);

/* The message of a seq, where the room or the page on its way has it, else NULL. Valid until it changes. */
const struct shown_message *face_find_seq(const struct face_room *room, uint64_t seq);

/* The line that quotes what a message answers, of at most size bytes. */
void face_quote(const struct face_room *room, uint64_t seq, char *quote, size_t size);

/* Quotes of the messages from first to last, which came or changed just now, are made anew. */
void face_requote(struct face_room *room, uint64_t first, uint64_t last);

/* Forgets everything. */
void face_changes_free(struct face_room *room);

#endif
