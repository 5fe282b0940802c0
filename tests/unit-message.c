/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire: every frame of messages.def there and back, its truncations, full buffers, golden bytes, the printer. */
#include "wire/frame.h"
#include "wire/message.h"

#include "base/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int mallocs_left = -1; /* how many more succeed; -1: all */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	if (mallocs_left == 0)
		return NULL;
	if (mallocs_left > 0)
		mallocs_left--;
	return __real_malloc(size);
}

/* --- A deterministic generator of frames, from the table itself. */

struct source {
	uint64_t state;
	uint8_t *memory; /* what texts and bodies point into */
	size_t used;
};

enum { SOURCE_MEMORY = 1 << 16, TEXT_LONGEST = 40 };

static uint64_t source_next(struct source *s)
{
	uint64_t z = s->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static struct wire_bytes source_bytes(struct source *s, size_t length)
{
	struct wire_bytes bytes = { s->memory + s->used, length };
	assert_true(s->used + length <= SOURCE_MEMORY);
	for (size_t i = 0; i < length; i++)
		s->memory[s->used++] = (uint8_t)source_next(s);
	return bytes;
}

/* A third of the optional fields are absent, some are empty. */
static struct wire_bytes source_text(struct source *s)
{
	if (source_next(s) % 3 == 0)
		return (struct wire_bytes){ NULL, 0 };
	return source_bytes(s, source_next(s) % TEXT_LONGEST);
}

/* Up to three unknown odd TLVs in rising order. */
static struct wire_bytes source_tail(struct source *s)
{
	struct wire_bytes tail = { s->memory + s->used, 0 };
	uint64_t count = source_next(s) % 4;
	for (uint64_t i = 0; i < count; i++) {
		uint8_t *at = s->memory + s->used;
		size_t length = source_next(s) % 9;
		s->used += 4;
		wire_set(at, 2, 0x7001 + 2 * (i * 300 + source_next(s) % 300));
		wire_set(at + 2, 2, length);
		source_bytes(s, length);
		tail.length += 4 + length;
	}
	return tail;
}

#define BEGIN(symbol, name, code, sender, states) \
	static void fill_##name(struct wire_##name *m, struct source *s) \
	{
#define U8(name) m->name = (uint8_t)source_next(s);
#define U16(name) m->name = (uint16_t)source_next(s);
#define U32(name) m->name = (uint32_t)source_next(s);
#define U64(name) m->name = source_next(s);
#define ID(name) m->name = (struct message_id){ source_next(s), source_next(s) };
#define KEY(name) memcpy(m->name, source_bytes(s, WIRE_KEY_SIZE).data, WIRE_KEY_SIZE);
#define BODY(name, shown) m->name = source_bytes(s, source_next(s) % 200);
#define REST(name) m->name = source_bytes(s, source_next(s) % 200);
#define TLV_TEXT(tag, name) m->name = source_text(s);
#define TAIL(name) m->name = source_tail(s);
#define END(symbol, name) }
#include "wire/messages.def"

static bool same_bytes(struct wire_bytes a, struct wire_bytes b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

#define BEGIN(symbol, name, code, sender, states) \
	static void compare_##name(const struct wire_##name *a, const struct wire_##name *b) \
	{
#define U8(name) assert_int_equal(a->name, b->name);
#define U16(name) assert_int_equal(a->name, b->name);
#define U32(name) assert_int_equal(a->name, b->name);
#define U64(name) assert_true(a->name == b->name);
#define ID(name) assert_true(a->name.device == b->name.device && a->name.counter == b->name.counter);
#define KEY(name) assert_memory_equal(a->name, b->name, WIRE_KEY_SIZE);
#define BODY(name, shown) assert_true(same_bytes(a->name, b->name));
#define REST(name) assert_true(same_bytes(a->name, b->name));
#define TLV_TEXT(tag, name) assert_true(same_bytes(a->name, b->name) && (a->name.data == NULL) == (b->name.data == NULL));
#define TAIL(name) assert_true(same_bytes(a->name, b->name));
#define END(symbol, name) }
#include "wire/messages.def"

static const uint8_t types[] = {
#define BEGIN(symbol, name, code, sender, states) WIRE_##symbol,
#include "wire/messages.def"
};

enum { TYPES = sizeof types / sizeof types[0], ROUNDS = 200 };

static void source_start(struct source *s, uint64_t seed)
{
	*s = (struct source){ seed, malloc(SOURCE_MEMORY), 0 };
	assert_non_null(s->memory);
}

static void source_message(struct source *s, struct message *m, uint8_t type)
{
	memset(m, 0, sizeof *m);
	m->type = type;
	switch (type) {
#define BEGIN(symbol, name, code, sender, states) \
	case WIRE_##symbol: \
		fill_##name(&m->name, s); \
		break;
#include "wire/messages.def"
	default:
		fail();
	}
}

static void compare(const struct message *a, const struct message *b)
{
	assert_int_equal(a->type, b->type);
	switch (a->type) {
#define BEGIN(symbol, name, code, sender, states) \
	case WIRE_##symbol: \
		compare_##name(&a->name, &b->name); \
		break;
#include "wire/messages.def"
	}
}

static void every_frame_comes_back_as_it_was_encoded(void **state)
{
	for (size_t t = 0; t < TYPES; t++) {
		for (uint64_t seed = 0; seed < ROUNDS; seed++) {
			struct source s;
			struct message m, back;
			struct buffer out;
			source_start(&s, seed * 256 + types[t]);
			source_message(&s, &m, types[t]);
			buffer_init(&out, FRAME_HEADER + WIRE_LIMIT);
			assert_int_equal(message_encode(&out, &m), 0);

			struct frame frame;
			assert_int_equal(frame_peek(&frame, buffer_data(&out), buffer_length(&out), WIRE_LIMIT), buffer_length(&out));
			assert_int_equal(frame.type, types[t]);
			assert_int_equal(message_decode(&back, frame.type, frame.payload, frame.length), 0);
			compare(&m, &back);
			buffer_free(&out);
			free(s.memory);
		}
	}
}

/* A cut frame is malformed, unless the cut falls between two TLVs, and it is never read beyond its end. */
static void every_truncation_is_malformed_or_lacks_whole_fields(void **state)
{
	for (size_t t = 0; t < TYPES; t++) {
		struct source s;
		struct message m, back;
		struct buffer out;
		source_start(&s, types[t]);
		source_message(&s, &m, types[t]);
		buffer_init(&out, FRAME_HEADER + WIRE_LIMIT);
		assert_int_equal(message_encode(&out, &m), 0);
		size_t whole = buffer_length(&out) - FRAME_HEADER;
		for (size_t length = 0; length < whole; length++) {
			uint8_t *cut = malloc(length + (length == 0));
			assert_non_null(cut);
			memcpy(cut, buffer_data(&out) + FRAME_HEADER, length);
			int err = message_decode(&back, types[t], cut, length);
			if (err == 0) {
				struct buffer again;
				buffer_init(&again, FRAME_HEADER + WIRE_LIMIT);
				assert_int_equal(message_encode(&again, &back), 0);
				assert_int_equal(buffer_length(&again), FRAME_HEADER + length);
				assert_memory_equal(buffer_data(&again) + FRAME_HEADER, cut, length);
				buffer_free(&again);
			} else {
				assert_int_equal(err, TCHAT_ERR_BAD_FRAME);
			}
			free(cut);
		}
		buffer_free(&out);
		free(s.memory);
	}
}

static void random_payloads_never_break_the_decoder_or_the_printer(void **state)
{
	struct source s;
	source_start(&s, 4711);
	for (int round = 0; round < 20000; round++) {
		struct message m;
		struct buffer out;
		s.used = 0;
		uint8_t type = types[source_next(&s) % TYPES];
		size_t length = source_next(&s) % 120;
		struct wire_bytes bytes = source_bytes(&s, length);
		for (size_t i = 0; i < length && source_next(&s) % 4 != 0; i++)
			((uint8_t *)s.memory)[length - 1 - i] = (uint8_t)(source_next(&s) % 4);
		int err = message_decode(&m, type, bytes.data, length);
		assert_in_range(-err, 0, TCHAT_ERR_BAD_FRAME == err ? -TCHAT_ERR_BAD_FRAME : -TCHAT_ERR_UNKNOWN_TAG);
		buffer_init(&out, 4096);
		assert_int_equal(message_print(&out, type, bytes.data, length), 0);
		for (size_t i = 0; i < buffer_length(&out); i++)
			assert_true(buffer_data(&out)[i] == '\n' || (buffer_data(&out)[i] >= ' ' && buffer_data(&out)[i] <= '~'));
		buffer_free(&out);
	}
	free(s.memory);
}

/* --- Limits. */

static void full_buffer_refuses_a_frame_and_keeps_what_it_had(void **state)
{
	for (size_t t = 0; t < TYPES; t++) {
		struct source s;
		struct message m;
		struct buffer whole, out;
		source_start(&s, types[t] + 1000);
		source_message(&s, &m, types[t]);
		buffer_init(&whole, FRAME_HEADER + WIRE_LIMIT);
		assert_int_equal(message_encode(&whole, &m), 0);
		size_t length = buffer_length(&whole);
		for (size_t room = 0; room <= length; room++) {
			buffer_init(&out, 3 + room);
			assert_int_equal(buffer_put(&out, "abc", 3), 0);
			assert_int_equal(message_encode(&out, &m), room < length ? TCHAT_ERR_FULL : 0);
			assert_int_equal(buffer_length(&out), room < length ? 3 : 3 + length);
			assert_memory_equal(buffer_data(&out), "abc", 3);
			if (room == length)
				assert_memory_equal(buffer_data(&out) + 3, buffer_data(&whole), length);
			buffer_free(&out);
		}
		buffer_free(&whole);
		free(s.memory);
	}
}

static void encode_survives_that_memory_runs_out(void **state)
{
	static const uint8_t body[2000];
	struct message m = { .type = WIRE_MSG, .msg = { .room = 1, .body = { body, sizeof body }, .nick = wire_text("ann") } };
	int failures = 0;
	for (int allowed = 0; allowed < 20; allowed++) {
		struct buffer out;
		buffer_init(&out, WIRE_LIMIT);
		mallocs_left = allowed;
		int err = message_encode(&out, &m);
		mallocs_left = -1;
		if (err != 0) {
			assert_int_equal(err, TCHAT_ERR_MEMORY);
			assert_int_equal(buffer_length(&out), 0);
			failures++;
		}
		buffer_free(&out);
	}
	assert_in_range(failures, 1, 19);
}

static void what_the_length_fields_cannot_say_is_too_long(void **state)
{
	uint8_t *bytes = calloc(1, FRAME_MAXIMUM + 1);
	assert_non_null(bytes);
	struct buffer out;
	buffer_init(&out, SIZE_MAX / 4);
	struct message m = { .type = WIRE_NICK, .nick = { .nick = { bytes, UINT16_MAX } } };
	assert_int_equal(message_encode(&out, &m), 0);
	buffer_truncate(&out, 0);
	m.nick.nick.length++;
	assert_int_equal(message_encode(&out, &m), TCHAT_ERR_TOO_LONG);

	m = (struct message){ .type = WIRE_PING, .ping = { .payload = { bytes, FRAME_MAXIMUM } } };
	assert_int_equal(message_encode(&out, &m), 0);
	assert_memory_equal(buffer_data(&out), "\x40\xff\xff\xff", 4);
	buffer_truncate(&out, 0);
	m.ping.payload.length++;
	assert_int_equal(message_encode(&out, &m), TCHAT_ERR_TOO_LONG);

	m = (struct message){ .type = WIRE_MSG, .msg = { .body = { bytes, FRAME_MAXIMUM - MSG_BODY } } };
	assert_int_equal(message_encode(&out, &m), 0);
	buffer_truncate(&out, 0);
	m.msg.body.length++;
	assert_int_equal(message_encode(&out, &m), TCHAT_ERR_TOO_LONG);
	m.msg.body.length = FRAME_MAXIMUM + 1;
	assert_int_equal(message_encode(&out, &m), TCHAT_ERR_TOO_LONG);
	assert_int_equal(buffer_length(&out), 0);
	buffer_free(&out);
	free(bytes);
}

static void unknown_type_is_neither_encoded_nor_decoded(void **state)
{
	struct buffer out;
	struct message m = { .type = (enum message_type)0x16 };
	buffer_init(&out, 100);
	assert_int_equal(message_encode(&out, &m), TCHAT_ERR_UNKNOWN_TYPE);
	assert_int_equal(buffer_length(&out), 0);
	assert_int_equal(message_decode(&m, 0x16, (const uint8_t *)"", 0), TCHAT_ERR_UNKNOWN_TYPE);
	assert_int_equal(message_decode(&m, 0x17, (const uint8_t *)"", 0), TCHAT_ERR_UNKNOWN_TYPE);
	buffer_free(&out);
}

static void offsets_for_filling_in_place_are_where_the_codec_puts_the_fields(void **state)
{
	struct message m = { .type = WIRE_POST, .post = { .room = 1, .seq = 2, .time = 3, .id = { 4, 5 }, .sender = 6,
	                     .kind = 7, .body = wire_text("text") } };
	struct buffer out;
	buffer_init(&out, 1000);
	assert_int_equal(message_encode(&out, &m), 0);
	const uint8_t *at = buffer_data(&out) + FRAME_HEADER;
	assert_int_equal(wire_get(at + MSG_ROOM, 8), 1);
	assert_int_equal(wire_get(at + MSG_SEQ, 8), 2);
	assert_int_equal(wire_get(at + MSG_TIME, 8), 3);
	assert_int_equal(wire_get(at + MSG_DEVICE, 8), 4);
	assert_int_equal(wire_get(at + MSG_COUNTER, 8), 5);
	assert_int_equal(wire_get(at + MSG_SENDER, 4), 6);
	assert_int_equal(at[MSG_KIND], 7);
	assert_int_equal(wire_get(at + MSG_BODY_LENGTH, 4), 4);
	assert_memory_equal(at + MSG_BODY, "text", 4);
	buffer_free(&out);
}

/* --- Golden bytes: tests/golden/frames-1, for ever. A line that begins with a tab holds hex, a # a remark; what
 * is above the hex is what the printer says. */

struct golden {
	struct buffer text;
	struct buffer bytes;
	bool seen[256];
};

static void golden_check(struct golden *g)
{
	if (buffer_length(&g->bytes) == 0)
		return;
	struct frame frame;
	struct message m;
	struct buffer out;
	int size = frame_peek(&frame, buffer_data(&g->bytes), buffer_length(&g->bytes), WIRE_LIMIT);
	assert_int_equal(size, buffer_length(&g->bytes));
	g->seen[frame.type] = true;
	buffer_init(&out, 1 << 20);
	assert_int_equal(message_print(&out, frame.type, frame.payload, frame.length), 0);
	if (buffer_length(&out) != buffer_length(&g->text) ||
	    memcmp(buffer_data(&out), buffer_data(&g->text), buffer_length(&out)) != 0)
		fail_msg("printed:\n%.*sinstead of:\n%.*s", (int)buffer_length(&out), (const char *)buffer_data(&out),
		         (int)buffer_length(&g->text), (const char *)buffer_data(&g->text));
	buffer_truncate(&out, 0);
	assert_int_equal(message_decode(&m, frame.type, frame.payload, frame.length), 0);
	assert_int_equal(message_encode(&out, &m), 0);
	assert_int_equal(buffer_length(&out), size);
	assert_memory_equal(buffer_data(&out), buffer_data(&g->bytes), (size_t)size);
	buffer_free(&out);
	buffer_truncate(&g->text, 0);
	buffer_truncate(&g->bytes, 0);
}

static void golden_line(struct golden *g, const char *line)
{
	if (line[0] == '#' || line[0] == '\n')
		return;
	if (line[0] != '\t') {
		golden_check(g);
		assert_int_equal(buffer_put_string(&g->text, line), 0);
		return;
	}
	unsigned value;
	int used;
	for (const char *at = line; sscanf(at, " %2x%n", &value, &used) == 1; at += used) {
		uint8_t byte = (uint8_t)value;
		assert_int_equal(buffer_put(&g->bytes, &byte, 1), 0);
	}
}

static void golden_frames_decode_print_and_encode_as_they_always_did(void **state)
{
	char path[1024], line[2048];
	const char *srcdir = getenv("srcdir");
	struct golden g = { 0 };
	buffer_init(&g.text, 1 << 16);
	buffer_init(&g.bytes, FRAME_HEADER + WIRE_LIMIT);
	snprintf(path, sizeof path, "%s/tests/golden/frames-1", srcdir == NULL ? "." : srcdir);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		golden_line(&g, line);
	golden_check(&g);
	fclose(file);
	for (size_t t = 0; t < TYPES; t++)
		assert_true(g.seen[types[t]]);
	buffer_free(&g.text);
	buffer_free(&g.bytes);
}

/* --- The printer. */

static void prints(uint8_t type, const char *payload, size_t length, const char *expected)
{
	struct buffer out;
	buffer_init(&out, 4096);
	assert_int_equal(message_print(&out, type, (const uint8_t *)payload, length), 0);
	assert_int_equal(buffer_put(&out, "", 1), 0);
	assert_string_equal((const char *)buffer_data(&out), expected);
	buffer_free(&out);
}

static void printer_escapes_hostile_text(void **state)
{
	const char bytes[] = "\0\0\0\1" "\0\2\0\x0e" "\x1b[2J\"\\\r\n\0\x7f\x9b\xc3\xa9\xff";
	prints(WIRE_NICK, bytes, sizeof bytes - 1,
	       "NICK request=1 nick=\"\\x1b[2J\\\"\\\\\\x0d\\x0a\\x00\\x7f\\x9b\\xc3\\xa9\\xff\"\n");
}

static void printer_says_what_is_wrong_and_shows_the_bytes(void **state)
{
	prints(WIRE_NICK, "\0\0\1", 3, "NICK ! bad_frame payload=000001\n");
	prints(WIRE_NICK, "\0\0\0\1\0\4\0\0", 8, "NICK ! unknown_tag payload=0000000100040000\n");
	prints(0x16, "\3\1", 2, "type 0x16 (unknown) payload=0301\n");
	prints(0x15, "", 0, "type 0x15 (skipped) payload=\n");
}

static void printer_shows_no_salt_and_no_proof(void **state)
{
	char bytes[24 + 4 + WIRE_PROOF_SIZE];
	memset(bytes, 0x5a, sizeof bytes);
	prints(WIRE_AUTH, bytes, 23, "AUTH ! bad_frame payload=5a5a*\n");
	memcpy(bytes + 24, "\0\4\0\x60", 4);
	prints(WIRE_AUTH, bytes, sizeof bytes, "AUTH salt=5a5a* lowest_unsettled=6510615555426900570 proof=5a5a*\n");
}

static void printer_does_not_follow_records_inside_records(void **state)
{
	uint8_t bytes[200] = { 0 };
	size_t length = 36; /* PAGE without records */
	uint8_t *inner = bytes + length;
	frame_header(inner, WIRE_PAGE, 36 + 4);
	wire_set(inner + FRAME_HEADER + 32, 4, 4);
	frame_header(inner + FRAME_HEADER + 36, WIRE_PING, 0);
	wire_set(bytes + 32, 4, FRAME_HEADER + 40);
	prints(WIRE_PAGE, (const char *)bytes, length + FRAME_HEADER + 40,
	       "PAGE request=0 room=0 flags=0 floor=0 next=0\n"
	       "    PAGE request=0 room=0 flags=0 floor=0 next=0 records=40000000\n");
	/* Records that are cut off. */
	wire_set(bytes + 32, 4, 3);
	prints(WIRE_PAGE, (const char *)bytes, length + 3, "PAGE request=0 room=0 flags=0 floor=0 next=0 records=2a0000\n");
}

static void printer_reports_a_full_buffer(void **state)
{
	for (size_t room = 0; room < 16; room++) {
		struct buffer out;
		buffer_init(&out, room);
		assert_int_equal(message_print(&out, WIRE_PART, (const uint8_t *)"\0\0\0\1\0\0\0\0\0\0\0\2", 12), TCHAT_ERR_FULL);
		buffer_free(&out);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_frame_comes_back_as_it_was_encoded),
		cmocka_unit_test(every_truncation_is_malformed_or_lacks_whole_fields),
		cmocka_unit_test(random_payloads_never_break_the_decoder_or_the_printer),
		cmocka_unit_test(full_buffer_refuses_a_frame_and_keeps_what_it_had),
		cmocka_unit_test(encode_survives_that_memory_runs_out),
		cmocka_unit_test(what_the_length_fields_cannot_say_is_too_long),
		cmocka_unit_test(unknown_type_is_neither_encoded_nor_decoded),
		cmocka_unit_test(offsets_for_filling_in_place_are_where_the_codec_puts_the_fields),
		cmocka_unit_test(golden_frames_decode_print_and_encode_as_they_always_did),
		cmocka_unit_test(printer_escapes_hostile_text),
		cmocka_unit_test(printer_shows_no_salt_and_no_proof),
		cmocka_unit_test(printer_says_what_is_wrong_and_shows_the_bytes),
		cmocka_unit_test(printer_does_not_follow_records_inside_records),
		cmocka_unit_test(printer_reports_a_full_buffer),
	};
	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
