/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One record after the other: folded like the words that are looked for, and compared. */
#include "store/search.h"

#include "base/errors.h"
#include "base/text.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <string.h>

int search_begin(struct search *search, struct store_read *read,
                 int (*edited)(void *arg, uint64_t target, uint64_t seq), void *arg)
{
	*search = (struct search){ .read = read, .edited = edited, .arg = arg };
	buffer_init(&search->folded, SEARCH_FOLDED_MOST);
	read->records = block_new(read->max_bytes);
	return read->records == NULL ? TCHAT_ERR_MEMORY : 0;
}

static bool holds(const struct buffer *in, const char *text, size_t length)
{
	const uint8_t *at = buffer_data(in);
	size_t left = buffer_length(in);
	while (left >= length) {
		const uint8_t *found = memchr(at, (uint8_t)text[0], left - length + 1);
		if (found == NULL)
			return false;
		if (memcmp(found, text, length) == 0)
			return true;
		left -= (size_t)(found + 1 - at);
		at = found + 1;
	}
	return false;
}

bool search_text(const uint8_t *record, size_t size, const char **text, size_t *length)
{
	const uint8_t *payload = record + FRAME_HEADER;
	*text = (const char *)payload + MSG_BODY;
	*length = (size_t)wire_get(payload + MSG_BODY_LENGTH, 4);
	return payload[MSG_KIND] != KIND_REACTION && (payload[MSG_FLAGS] & MSG_BLANK) == 0 && *length > 0 &&
	       *length <= size - FRAME_HEADER - MSG_BODY;
}

/* What an edit was followed by another of is not what is said any more. */
static int counts(const struct search *search, const uint8_t *record, size_t length)
{
	const uint8_t *payload = record + FRAME_HEADER;
	uint64_t seq = wire_get(payload + MSG_SEQ, 8), target = seq;
	struct message message;
	if (payload[MSG_KIND] == KIND_EDIT) {
		if (message_decode(&message, WIRE_MSG, payload, length - FRAME_HEADER) != 0 || message.msg.target.length != 8)
			return 1;
		target = wire_get(message.msg.target.data, 8);
	}
	int edited = search->edited == NULL ? 0 : search->edited(search->arg, target, seq);
	return edited < 0 ? edited : edited == 0;
}

static int matches(struct search *search, const uint8_t *record, size_t size)
{
	const char *text;
	size_t length;
	if (!search_text(record, size, &text, &length))
		return 0;
	buffer_truncate(&search->folded, 0);
	int err = text_search_fold(&search->folded, text, length);
	if (err != 0)
		return err == TCHAT_ERR_MEMORY ? err : 0;
	return holds(&search->folded, search->read->text, search->read->text_length) ? counts(search, record, size) : 0;
}

int search_take(struct search *search, const uint8_t *record, size_t length)
{
	struct store_read *read = search->read;
	if (length < FRAME_HEADER + MSG_BODY)
		return SEARCH_GO_ON;
	int match = matches(search, record, length);
	if (match < 0)
		return match;
	struct block *to = read->records;
	if (match > 0 && (read->limit == 0 || length > to->capacity - to->length))
		return SEARCH_FULL;
	if (match > 0) {
		memcpy(to->bytes + to->length, record, length);
		to->length += (uint32_t)length;
		read->limit--;
	}
	read->first = wire_get(record + FRAME_HEADER + MSG_SEQ, 8);
	return SEARCH_GO_ON;
}

void search_end(struct search *search)
{
	struct store_read *read = search->read;
	buffer_free(&search->folded);
	if (read->records == NULL)
		return;
	if (read->records->length == 0) {
		block_give(read->records);
		read->records = NULL;
		return;
	}
	struct block *fit = block_resize(read->records, read->records->length);
	if (fit != NULL)
		read->records = fit;
}
