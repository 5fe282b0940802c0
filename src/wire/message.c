/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The codec: messages.def turned into one encoding and one decoding function a frame, and the table of which frame
 * is legal in which state. */
#include "wire/message.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <string.h>

/* --- Decoding: a cursor over the payload. The first error sticks; what is read after it is zero. */

struct reader {
	const uint8_t *at;
	const uint8_t *end;
	uint32_t tag; /* of the last TLV passed; the next one's has to be greater */
	int err;
};

static const uint8_t *reader_take(struct reader *r, size_t length)
{
	if (r->err == 0 && (size_t)(r->end - r->at) < length)
		r->err = TCHAT_ERR_BAD_FRAME;
	if (r->err != 0)
		return NULL;
	const uint8_t *at = r->at;
	r->at += length;
	return at;
}

static uint64_t reader_number(struct reader *r, int size)
{
	const uint8_t *at = reader_take(r, (size_t)size);
	return at == NULL ? 0 : wire_get(at, size);
}

static struct wire_bytes reader_bytes(struct reader *r, size_t length)
{
	const uint8_t *at = reader_take(r, length);
	return (struct wire_bytes){ at, at == NULL ? 0 : length };
}

/* Passes TLVs up to tag. The value of tag itself, or absent when a greater tag or the end comes first. */
static struct wire_bytes reader_tlv(struct reader *r, uint32_t tag)
{
	while (r->err == 0 && r->at < r->end) {
		const uint8_t *start = r->at;
		uint32_t found = (uint32_t)reader_number(r, 2);
		size_t length = (size_t)reader_number(r, 2);
		if (r->err == 0 && found > tag) {
			r->at = start;
			break;
		}
		struct wire_bytes value = reader_bytes(r, length);
		if (r->err == 0 && found <= r->tag)
			r->err = TCHAT_ERR_BAD_FRAME;
		if (r->err != 0)
			break;
		r->tag = found;
		if (found == tag)
			return value;
		if (found % 2 == 0)
			r->err = TCHAT_ERR_UNKNOWN_TAG;
	}
	return (struct wire_bytes){ NULL, 0 };
}

/* Whatever is left must be TLVs that may be skipped. */
static void reader_finish(struct reader *r)
{
	reader_tlv(r, UINT32_MAX);
}

#define BEGIN(symbol, name, code, sender, states) \
	static void decode_##name(struct wire_##name *m, struct reader *r) \
	{
#define U8(name) m->name = (uint8_t)reader_number(r, 1);
#define U16(name) m->name = (uint16_t)reader_number(r, 2);
#define U32(name) m->name = (uint32_t)reader_number(r, 4);
#define U64(name) m->name = reader_number(r, 8);
#define ID(name) \
	m->name.device = reader_number(r, 8); \
	m->name.counter = reader_number(r, 8);
#define KEY(name) \
	{ \
		const uint8_t *at = reader_take(r, WIRE_KEY_SIZE); \
		if (at != NULL) \
			memcpy(m->name, at, WIRE_KEY_SIZE); \
	}
#define PAD(bytes) reader_take(r, bytes);
#define BODY(name, shown) m->name = reader_bytes(r, (size_t)reader_number(r, 4));
#define REST(name) m->name = reader_bytes(r, (size_t)(r->end - r->at));
#define TLV_TEXT(tag, name) m->name = reader_tlv(r, tag);
#define TAIL(name) m->name = (struct wire_bytes){ r->at, (size_t)(r->end - r->at) };
#define END(symbol, name) \
	reader_finish(r); \
	}
#include "wire/messages.def"

int message_decode(struct message *message, uint8_t type, const uint8_t *payload, size_t length)
{
	/* An empty payload still gets an address, so that "absent" stays apart from "empty". */
	static const uint8_t nothing[1];
	if (length == 0)
		payload = nothing;
	struct reader r = { payload, payload + length, 0, 0 };
	memset(message, 0, sizeof *message);
	switch (type) {
#define BEGIN(symbol, name, code, sender, states) \
	case WIRE_##symbol: \
		message->type = WIRE_##symbol; \
		decode_##name(&message->name, &r); \
		return r.err;
#include "wire/messages.def"
	default:
		return TCHAT_ERR_UNKNOWN_TYPE;
	}
}

/* --- Encoding: into a buffer, the first error sticks. */

struct writer {
	struct buffer *out;
	int err;
};

static void writer_put(struct writer *w, const void *bytes, size_t length)
{
	if (w->err == 0)
		w->err = buffer_put(w->out, bytes, length);
}

static void writer_number(struct writer *w, int size, uint64_t value)
{
	uint8_t bytes[8];
	wire_set(bytes, size, value);
	writer_put(w, bytes, (size_t)size);
}

static void writer_tlv(struct writer *w, uint16_t tag, struct wire_bytes value)
{
	if (value.data == NULL)
		return;
	if (w->err == 0 && value.length > UINT16_MAX)
		w->err = TCHAT_ERR_TOO_LONG;
	writer_number(w, 2, tag);
	writer_number(w, 2, value.length);
	writer_put(w, value.data, value.length);
}

static void writer_body(struct writer *w, struct wire_bytes value)
{
	if (w->err == 0 && value.length > FRAME_MAXIMUM)
		w->err = TCHAT_ERR_TOO_LONG;
	writer_number(w, 4, value.length);
	writer_put(w, value.data, value.length);
}

#define BEGIN(symbol, name, code, sender, states) \
	static void encode_##name(struct writer *w, const struct wire_##name *m) \
	{
#define U8(name) writer_number(w, 1, m->name);
#define U16(name) writer_number(w, 2, m->name);
#define U32(name) writer_number(w, 4, m->name);
#define U64(name) writer_number(w, 8, m->name);
#define ID(name) \
	writer_number(w, 8, m->name.device); \
	writer_number(w, 8, m->name.counter);
#define KEY(name) writer_put(w, m->name, WIRE_KEY_SIZE);
#define PAD(bytes) writer_number(w, bytes, 0);
#define BODY(name, shown) writer_body(w, m->name);
#define REST(name) writer_put(w, m->name.data, m->name.length);
#define TLV_TEXT(tag, name) writer_tlv(w, tag, m->name);
#define TAIL(name) writer_put(w, m->name.data, m->name.length);
#define END(symbol, name) }
#include "wire/messages.def"

int message_encode(struct buffer *out, const struct message *message)
{
	struct writer w = { out, 0 };
	size_t before = buffer_length(out);
	static const uint8_t blank[FRAME_HEADER];
	writer_put(&w, blank, FRAME_HEADER);
	switch (message->type) {
#define BEGIN(symbol, name, code, sender, states) \
	case WIRE_##symbol: \
		encode_##name(&w, &message->name); \
		break;
#include "wire/messages.def"
	default:
		w.err = TCHAT_ERR_UNKNOWN_TYPE;
	}
	size_t length = buffer_length(out) - before;
	if (w.err == 0 && length - FRAME_HEADER > FRAME_MAXIMUM)
		w.err = TCHAT_ERR_TOO_LONG;
	if (w.err != 0)
		buffer_truncate(out, before);
	else
		frame_header(buffer_edit(out) + before, (uint8_t)message->type, length - FRAME_HEADER);
	return w.err;
}

/* --- The table of frames and states. */

enum {
	CLIENT = WIRE_CLIENT,
	HOST = WIRE_HOST,
	BOTH = WIRE_CLIENT | WIRE_HOST,
	NEW = WIRE_NEW,
	GREETED = WIRE_GREETED,
	READY = WIRE_READY,
};

int message_legal(uint8_t type, enum wire_side side, enum wire_state state)
{
	switch (type) {
#define BEGIN(symbol, name, code, sender, states) \
	case WIRE_##symbol: \
		return ((sender) & (int)side) != 0 && ((states) & (int)state) != 0 ? 0 : TCHAT_ERR_WRONG_STATE;
#include "wire/messages.def"
	default:
		return TCHAT_ERR_UNKNOWN_TYPE;
	}
}

const char *message_name(uint8_t type)
{
	switch (type) {
#define BEGIN(symbol, name, code, sender, states) \
	case WIRE_##symbol: \
		return #symbol;
#include "wire/messages.def"
	default:
		return NULL;
	}
}

struct wire_bytes wire_text(const char *text)
{
	return (struct wire_bytes){ (const uint8_t *)text, text == NULL ? 0 : strlen(text) };
}

bool wire_copy(char *to, size_t size, struct wire_bytes from)
{
	to[0] = '\0';
	if (from.length >= size || (from.length > 0 && memchr(from.data, 0, from.length) != NULL))
		return false;
	if (from.length > 0)
		memcpy(to, from.data, from.length);
	to[from.length] = '\0';
	return true;
}
