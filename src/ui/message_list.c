/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of pointers to messages. Message s is at ring[(head + s - first) & mask], so that a serial finds its
 * message at once and both ends grow in O(1). */
#include "ui/message_list.h"

#include "base/buffer.h"
#include "base/errors.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { RING_FIRST = 64 };

/* Room on both sides for any number of messages. */
#define SERIAL_START (UINT64_C(1) << 40)

struct message_list {
	struct shown_message **ring;
	size_t size, head, count; /* size is 0 or a power of two */
	uint64_t first;           /* serial of the oldest */
	uint64_t unread, pin;
	uint64_t ever;            /* the highest end so far that was taken back */
	uint32_t changes;         /* so far: no two contents of a serial have the same number */
	size_t keep, maximum;
	struct buffer scratch; /* for cleaning */
};

struct message_list *message_list_new(size_t keep, size_t maximum)
{
	struct message_list *list = calloc(1, sizeof *list);
	if (list == NULL)
		return NULL;
	list->keep = keep > 0 ? keep : 1;
	list->maximum = maximum > list->keep ? maximum : list->keep;
	list->first = SERIAL_START;
	buffer_init(&list->scratch, TEXT_CLEAN_MAX(MESSAGE_TEXT_MAX + MESSAGE_NICK_MAX + 2 * MESSAGE_FRAME_MAX));
	return list;
}

static struct shown_message **slot(const struct message_list *list, uint64_t serial)
{
	return &list->ring[(list->head + (size_t)(serial - list->first)) & (list->size - 1)];
}

void message_list_clear(struct message_list *list)
{
	for (uint64_t serial = list->first; serial < message_list_end(list); serial++)
		free(*slot(list, serial));
	list->first = message_list_end(list);
	list->count = 0;
	list->unread = 0;
}

void message_list_free(struct message_list *list)
{
	if (list == NULL)
		return;
	message_list_clear(list);
	free(list->ring);
	buffer_free(&list->scratch);
	free(list);
}

uint64_t message_list_first(const struct message_list *list)
{
	return list->first;
}

uint64_t message_list_end(const struct message_list *list)
{
	return list->first + list->count;
}

size_t message_list_count(const struct message_list *list)
{
	return list->count;
}

const struct shown_message *message_list_get(const struct message_list *list, uint64_t serial)
{
	return serial >= list->first && serial < message_list_end(list) ? *slot(list, serial) : NULL;
}

/* Puts cleaned text, cut to most bytes, at the end of the scratch buffer; returns its bytes. */
static size_t scratch_clean(struct message_list *list, const char *text, size_t length, size_t most, unsigned flags)
{
	size_t before = buffer_length(&list->scratch);
	if (length > 0)
		(void)text_clean(&list->scratch, text, utf8_cut(text, length, most), flags);
	size_t cleaned = buffer_length(&list->scratch) - before;
	if (cleaned > most) {
		cleaned = utf8_cut((const char *)buffer_data(&list->scratch) + before, cleaned, most);
		buffer_truncate(&list->scratch, before + cleaned);
	}
	return cleaned;
}

/* The parts that a text is put together of. */
struct parts {
	const char *quote, *text, *note;
	size_t quote_length, text_length, note_length;
};

static struct parts parts_of(const struct shown_message *message)
{
	struct parts parts = { message->quote, message->text, message->note, message->quote_length, message->text_length,
		               message->note_length };
	if (!message->framed)
		return parts;
	parts.text = message_body(message, &parts.text_length);
	parts.quote_length -= parts.quote_length > 0; /* the LF behind it */
	parts.note += parts.note_length > 0;          /* the blank before it */
	parts.note_length -= parts.note_length > 0;
	return parts;
}

const char *message_body(const struct shown_message *message, size_t *length)
{
	size_t around = message->framed ? message->quote_length + message->note_length : 0;
	*length = message->text_length - around;
	return message->text + (message->framed ? message->quote_length : 0);
}

/* A copy with clean texts, in one piece of memory; NULL when that is out. */
static struct shown_message *message_copy(struct message_list *list, const struct shown_message *from)
{
	struct parts parts = parts_of(from);
	buffer_truncate(&list->scratch, 0);
	size_t nick = scratch_clean(list, from->nick, from->nick_length, MESSAGE_NICK_MAX, TEXT_LINE);
	size_t quote = scratch_clean(list, parts.quote, parts.quote_length, MESSAGE_FRAME_MAX, TEXT_LINE);
	quote += quote > 0 && buffer_put(&list->scratch, "\n", 1) == 0;
	size_t text = scratch_clean(list, parts.text, parts.text_length, MESSAGE_TEXT_MAX, TEXT_MULTILINE);
	size_t blank = parts.note_length > 0 && buffer_put(&list->scratch, " ", 1) == 0;
	size_t note = scratch_clean(list, parts.note, parts.note_length, MESSAGE_FRAME_MAX, TEXT_LINE) + blank;
	text += quote + note;
	struct shown_message *message = malloc(sizeof *message + nick + text + 2);
	if (message == NULL)
		return NULL;
	char *bytes = (char *)(message + 1);
	const char *clean = (const char *)buffer_data(&list->scratch);
	if (nick + text > 0) {
		memcpy(bytes, clean, nick);
		memcpy(bytes + nick + 1, clean + nick, text);
	}
	bytes[nick] = '\0';
	bytes[nick + 1 + text] = '\0';
	*message = *from;
	message->nick = bytes;
	message->nick_length = nick;
	message->text = bytes + nick + 1;
	message->text_length = text;
	message->quote = message->text;
	message->quote_length = quote;
	message->note = message->text + text - note;
	message->note_length = note;
	message->framed = true;
	message->change = 0;
	return message;
}

/* Makes sure that one more fits into the ring. */
static int ring_grow(struct message_list *list)
{
	if (list->count < list->size)
		return 0;
	size_t size = list->size > 0 ? 2 * list->size : RING_FIRST;
	struct shown_message **ring = malloc(size * sizeof(struct shown_message *));
	if (ring == NULL)
		return TCHAT_ERR_MEMORY;
	for (size_t i = 0; i < list->count; i++)
		ring[i] = *slot(list, list->first + i);
	free(list->ring);
	list->ring = ring;
	list->size = size;
	list->head = 0;
	return 0;
}

static void evict(struct message_list *list)
{
	free(*slot(list, list->first));
	list->head = (list->head + 1) & (list->size - 1);
	list->first++;
	list->count--;
}

void message_list_trim(struct message_list *list)
{
	while (list->count > list->keep)
		evict(list);
}

void message_list_drop_newest(struct message_list *list, size_t count)
{
	list->ever = message_list_end(list) > list->ever ? message_list_end(list) : list->ever;
	for (; count > 0 && list->count > 0; count--) {
		free(*slot(list, message_list_end(list) - 1));
		list->count--;
	}
}

uint64_t message_list_append(struct message_list *list, const struct shown_message *from)
{
	struct shown_message *message = message_copy(list, from);
	if (message == NULL || ring_grow(list) != 0) {
		free(message);
		return 0;
	}
	message->serial = message_list_end(list);
	message->change = message->serial < list->ever ? ++list->changes : 0;
	list->count++;
	*slot(list, message->serial) = message;
	while (list->count > list->maximum ||
	       (list->count > list->keep && (list->pin == 0 || list->first < list->pin)))
		evict(list);
	return message->serial;
}

/* The message with this serial and the one before it change places. */
static void swap_with_former(struct message_list *list, uint64_t serial)
{
	struct shown_message **before = slot(list, serial - 1), **here = slot(list, serial);
	struct shown_message *former = *before;
	*before = *here;
	*here = former;
	former->serial = serial;
	(*before)->serial = serial - 1;
	former->change = ++list->changes;
	(*before)->change = ++list->changes;
}

uint64_t message_list_append_ordered(struct message_list *list, const struct shown_message *from)
{
	uint64_t serial = message_list_append(list, from);
	for (; serial > list->first && (*slot(list, serial - 1))->state == MESSAGE_PENDING; serial--)
		swap_with_former(list, serial);
	return serial;
}

bool message_list_remove(struct message_list *list, uint64_t serial)
{
	if (message_list_get(list, serial) == NULL)
		return false;
	list->unread -= list->unread > serial;
	list->pin -= list->pin > serial;
	while (++serial < message_list_end(list))
		swap_with_former(list, serial);
	message_list_drop_newest(list, 1);
	return true;
}

uint64_t message_list_prepend(struct message_list *list, const struct shown_message *from)
{
	if (list->count >= list->maximum || list->first == 1)
		return 0;
	struct shown_message *message = message_copy(list, from);
	if (message == NULL || ring_grow(list) != 0) {
		free(message);
		return 0;
	}
	list->head = (list->head - 1) & (list->size - 1);
	list->first--;
	list->count++;
	message->serial = list->first;
	message->change = ++list->changes; /* the serial may have been another's */
	list->ring[list->head] = message;
	return message->serial;
}

uint64_t message_list_find_token(const struct message_list *list, uint64_t token)
{
	for (uint64_t serial = message_list_end(list); token != 0 && serial-- > list->first;) {
		if ((*slot(list, serial))->token == token)
			return serial;
	}
	return 0;
}

uint64_t message_list_find_seq(const struct message_list *list, uint64_t seq)
{
	for (uint64_t serial = message_list_end(list); seq != 0 && serial-- > list->first;) {
		uint64_t here = (*slot(list, serial))->seq;
		if (here == seq)
			return serial;
		if (here != 0 && here < seq)
			break;
	}
	return 0;
}

bool message_list_set_state(struct message_list *list, uint64_t serial, enum message_state state, uint64_t seq)
{
	if (message_list_get(list, serial) == NULL)
		return false;
	struct shown_message *message = *slot(list, serial);
	message->state = (uint8_t)state;
	if (seq != 0)
		message->seq = seq;
	return true;
}

static bool set_parts(struct message_list *list, const struct shown_message *old, const struct parts *parts, bool deleted)
{
	struct shown_message with = *old;
	with.framed = false;
	with.deleted = deleted;
	with.mention = old->mention && !deleted;
	with.text = parts->text;
	with.text_length = parts->text_length;
	with.quote = parts->quote;
	with.quote_length = parts->quote_length;
	with.note = parts->note;
	with.note_length = parts->note_length;
	struct shown_message *message = message_copy(list, &with);
	if (message == NULL)
		return false;
	message->change = ++list->changes;
	free(*slot(list, old->serial));
	*slot(list, message->serial) = message;
	return true;
}

bool message_list_set_text(struct message_list *list, uint64_t serial, const char *text, size_t length)
{
	const struct shown_message *old = message_list_get(list, serial);
	if (old == NULL)
		return false;
	struct parts parts = parts_of(old);
	parts.text = text;
	parts.text_length = length;
	return set_parts(list, old, &parts, old->deleted);
}

bool message_list_set_frame(struct message_list *list, uint64_t serial, const char *quote, const char *note)
{
	const struct shown_message *old = message_list_get(list, serial);
	if (old == NULL)
		return false;
	struct parts parts = parts_of(old);
	if (quote != NULL) {
		parts.quote = quote;
		parts.quote_length = strlen(quote);
	}
	if (note != NULL) {
		parts.note = note;
		parts.note_length = strlen(note);
	}
	return set_parts(list, old, &parts, old->deleted);
}

bool message_list_set_deleted(struct message_list *list, uint64_t serial, const char *text)
{
	const struct shown_message *old = message_list_get(list, serial);
	const struct parts parts = { "", text, "", 0, strlen(text), 0 };
	return old != NULL && set_parts(list, old, &parts, true);
}

void message_list_set_unread(struct message_list *list, uint64_t serial)
{
	list->unread = serial;
}

uint64_t message_list_unread(const struct message_list *list)
{
	if (list->unread == 0 || list->unread >= message_list_end(list))
		return 0;
	return list->unread < list->first ? list->first : list->unread;
}

void message_list_pin(struct message_list *list, uint64_t serial)
{
	list->pin = serial;
}
