/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events as lines of text, for line mode: clean, each exactly one line. */
#ifndef TCHAT_APP_LINE_TEXT_H
#define TCHAT_APP_LINE_TEXT_H

#include "base/buffer.h"
#include "client/event.h"

/* The greatest line that can come of an event. */
enum { LINE_TEXT_MAX = 1 << 20 };

/* The local time of day as "HH:MM" and the date as "YYYY-MM-DD", kept, since most messages share their minute. All
 * zero is right at the start. */
struct line_clock {
	uint64_t minute; /* since 1970, plus one */
	char time[8];
	char date[16];
};

void line_clock_set(struct line_clock *clock, uint64_t microseconds);

/* Appends a message that is no topic with its line end. elsewhere: in another room than the current one, which
 * the line names. 0 or as text_clean(), out being unchanged then. */
int line_message(struct buffer *out, const struct session_event *event, const char *time, bool elsewhere);

/* Appends "-- text" and a line end for each line of the text, cleaned. The same returns. */
int line_notice(struct buffer *out, const char *text, size_t length);

/* Why SESSION_NACK refused a post, in the user's language. */
const char *line_nack_words(const struct session_event *event);

/* What SESSION_ROLE says about a room; not clean yet. */
void line_role_text(const struct session_event *event, char *text, size_t size);

/* The notice for an event other than a message, or for a message of kind topic, in the user's language; not clean
 * yet. False: the event is none that is told. */
bool line_event_text(const struct session_event *event, char *text, size_t size);

#endif
