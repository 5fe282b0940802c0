/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searching what is kept of a room. */
#include "config.h" /* for memmem() */

#include "ui/message_pane.h"

#include "ui/message_pane_inside.h"

#include "base/buffer.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Case folding makes text longer, threefold at most. */
enum { FOLDED_MAX = 4 * (MESSAGE_TEXT_MAX + MESSAGE_NICK_MAX) };

static bool holds(const struct shown_message *message, const struct buffer *needle, struct buffer *scratch)
{
	buffer_truncate(scratch, 0);
	size_t body;
	const char *text = message_body(message, &body);
	if (text_search_fold(scratch, text, body) != 0)
		return false;
	size_t length = buffer_length(needle);
	return buffer_length(scratch) >= length &&
	       memmem(buffer_data(scratch), buffer_length(scratch), buffer_data(needle), length) != NULL;
}

/* The next message that holds the folded needle; 0: none. */
static uint64_t search(const struct message_pane *pane, const struct buffer *needle, uint64_t from, int direction)
{
	struct buffer scratch;
	buffer_init(&scratch, FOLDED_MAX);
	uint64_t found = 0;
	while (found == 0) {
		from = direction < 0 ? from - 1 : from + 1;
		const struct shown_message *message = message_list_get(pane->list, from);
		if (message == NULL)
			break;
		if (holds(message, needle, &scratch))
			found = from;
	}
	buffer_free(&scratch);
	return found;
}

uint64_t message_pane_find(const struct message_pane *pane, const char *needle, size_t length, uint64_t from,
                           int direction)
{
	struct buffer folded;
	buffer_init(&folded, FOLDED_MAX);
	uint64_t found = 0;
	if (length > 0 && length <= MESSAGE_NICK_MAX && text_search_fold(&folded, needle, length) == 0)
		found = search(pane, &folded, from, direction);
	buffer_free(&folded);
	return found;
}
