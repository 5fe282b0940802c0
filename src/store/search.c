/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One record after the other: folded like the words that are looked for, and compared. */
#include "store/search.h"

#include "base/errors.h"
#include "base/text.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <string.h>

enum { FOLDED_MOST = 16 * WIRE_LIMIT };

int search_begin(struct search *search, struct store_read *read)
{
	*search = (struct search){ .read = read };
	buffer_init(&search->folded, FOLDED_MOST);
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

static int matches(struct search *search, const uint8_t *payload, size_t length)
{
	uint8_t kind = payload[MSG_KIND];
	size_t text = (size_t)wire_get(payload + MSG_BODY_LENGTH, 4);
	if (kind == KIND_REACTION || (payload[MSG_FLAGS] & MSG_BLANK) != 0 || text > length - MSG_BODY)
		return 0;
	buffer_truncate(&search->folded, 0);
	int err = text_search_fold(&search->folded, (const char *)payload + MSG_BODY, text);
	if (err != 0)
		return err == TCHAT_ERR_MEMORY ? err : 0;
	return holds(&search->folded, search->read->text, search->read->text_length);
}

int search_take(struct search *search, const uint8_t *record, size_t length)
{
	struct store_read *read = search->read;
	if (length < FRAME_HEADER + MSG_BODY)
		return SEARCH_GO_ON;
	int match = matches(search, record + FRAME_HEADER, length - FRAME_HEADER);
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
