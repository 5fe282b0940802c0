/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames as a person reads them: the printer behind --dump. Whatever came from outside is escaped. */
#include "wire/message.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PRINT_DEPTH = 1 }; /* records hold no records */

struct printer {
	struct buffer *out;
	int depth;
	int err;
};

static void print_bytes(struct printer *p, const void *bytes, size_t length)
{
	if (p->err == 0)
		p->err = buffer_put(p->out, bytes, length);
}

static void print_string(struct printer *p, const char *text)
{
	print_bytes(p, text, strlen(text));
}

static void print_number(struct printer *p, const char *name, uint64_t value)
{
	char text[64];
	snprintf(text, sizeof text, " %s=%" PRIu64, name, value);
	print_string(p, text);
}

static void print_code(struct printer *p, const char *name, uint16_t code)
{
	print_number(p, name, code);
	print_string(p, " (");
	print_string(p, tchat_err_name(code));
	print_string(p, ")");
}

static void print_id(struct printer *p, const char *name, struct message_id id)
{
	char text[80];
	snprintf(text, sizeof text, " %s=%016" PRIx64 ".%" PRIu64, name, id.device, id.counter);
	print_string(p, text);
}

static void print_hex(struct printer *p, const char *name, const uint8_t *bytes, size_t length)
{
	char text[4];
	print_string(p, " ");
	print_string(p, name);
	print_string(p, "=");
	for (size_t i = 0; i < length; i++) {
		snprintf(text, sizeof text, "%02x", bytes[i]);
		print_string(p, text);
	}
}

/* What only the two sides should know: enough to tell one from another. */
static void print_secret(struct printer *p, const char *name, const uint8_t *bytes, size_t length)
{
	enum { SHOWN = 2 };
	print_hex(p, name, bytes, length < SHOWN ? length : SHOWN);
	print_string(p, "*");
}

static void print_text(struct printer *p, const char *name, struct wire_bytes value)
{
	if (value.data == NULL)
		return;
	print_string(p, " ");
	print_string(p, name);
	print_string(p, "=\"");
	for (size_t i = 0; i < value.length; i++) {
		char text[8];
		uint8_t c = value.data[i];
		if (c == '"' || c == '\\')
			snprintf(text, sizeof text, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			snprintf(text, sizeof text, "\\x%02x", c);
		else
			snprintf(text, sizeof text, "%c", c);
		print_string(p, text);
	}
	print_string(p, "\"");
}

static void print_frame(struct printer *p, uint8_t type, const uint8_t *payload, size_t length);

static void print_frames(struct printer *p, struct wire_bytes records)
{
	size_t at = 0;
	while (at < records.length && p->err == 0) {
		struct frame frame;
		int size = frame_peek(&frame, records.data + at, records.length - at, FRAME_MAXIMUM);
		if (size <= 0 || p->depth >= PRINT_DEPTH) {
			print_hex(p, "records", records.data + at, records.length - at);
			return;
		}
		print_string(p, "\n    ");
		p->depth++;
		print_frame(p, frame.type, frame.payload, frame.length);
		p->depth--;
		at += (size_t)size;
	}
}

enum shown { TEXT, FRAMES };

static void print_tlv_frames(struct printer *p, const char *name, struct wire_bytes value)
{
	if (value.data == NULL)
		return;
	print_string(p, "\n  ");
	print_string(p, name);
	print_string(p, ":");
	print_frames(p, value);
}

static void print_body(struct printer *p, const char *name, struct wire_bytes value, enum shown shown)
{
	if (shown == FRAMES)
		print_frames(p, value);
	else
		print_text(p, name, value);
}

#define BEGIN(symbol, name, code, sender, states) \
	static void print_##name##_fields(struct printer *p, const struct wire_##name *m) \
	{
#define U8(name) print_number(p, #name, m->name);
#define U16(name) print_number(p, #name, m->name);
#define CODE(name) print_code(p, #name, m->name);
#define U32(name) print_number(p, #name, m->name);
#define U64(name) print_number(p, #name, m->name);
#define ID(name) print_id(p, #name, m->name);
#define KEY(name) print_hex(p, #name, m->name, WIRE_KEY_SIZE);
#define SECRET(name) print_secret(p, #name, m->name, WIRE_KEY_SIZE);
#define BODY(name, shown) print_body(p, #name, m->name, shown);
#define REST(name) print_hex(p, #name, m->name.data, m->name.length);
#define TLV_TEXT(tag, name) print_text(p, #name, m->name);
#define TLV_BYTES(tag, name) \
	if (m->name.data != NULL) \
		print_hex(p, #name, m->name.data, m->name.length);
#define TLV_FRAMES(tag, name) print_tlv_frames(p, #name, m->name);
#define TLV_SECRET(tag, name) \
	if (m->name.data != NULL) \
		print_secret(p, #name, m->name.data, m->name.length);
#define TAIL(name) \
	if (m->name.length > 0) \
		print_hex(p, #name, m->name.data, m->name.length);
#define END(symbol, name) }
#include "wire/messages.def"

static void print_frame(struct printer *p, uint8_t type, const uint8_t *payload, size_t length)
{
	struct message message;
	int err = message_decode(&message, type, payload, length);
	const char *name = message_name(type);
	char text[64];
	if (name != NULL)
		snprintf(text, sizeof text, "%s", name);
	else
		snprintf(text, sizeof text, "type 0x%02x (%s)", type, type % 2 == 1 ? "skipped" : "unknown");
	print_string(p, text);
	if (err != 0) {
		if (name != NULL) {
			print_string(p, " ! ");
			print_string(p, tchat_err_name(err));
		}
		if (type == WIRE_AUTH)
			print_secret(p, "payload", payload, length);
		else
			print_hex(p, "payload", payload, length);
		return;
	}
	switch (message.type) {
#define BEGIN(symbol, name, code, sender, states) \
	case WIRE_##symbol: \
		print_##name##_fields(p, &message.name); \
		break;
#include "wire/messages.def"
	}
}

int message_print(struct buffer *out, uint8_t type, const uint8_t *payload, size_t length)
{
	struct printer p = { out, 0, 0 };
	print_frame(&p, type, payload, length);
	print_string(&p, "\n");
	return p.err;
}
