/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire: the frame header, the cutting of a stream into frames, the TLV rules, which frame is legal where. */
#include "wire/frame.h"
#include "wire/message.h"

#include "base/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- Frames in a stream. */

static const uint32_t lengths[] = { 0, 1, 300, 0, 5, 3, 0 };
enum { FRAMES = sizeof lengths / sizeof lengths[0] };

struct seen {
	size_t count;
	struct frame_reader *reader;
	size_t stop_at; /* the handler stops at this frame; 0: never */
};

/* Frame i has type i + 1 and a payload that begins with i and counts upwards. */
static size_t make_stream(uint8_t *to)
{
	size_t at = 0;
	for (size_t i = 0; i < FRAMES; i++) {
		frame_header(to + at, (uint8_t)(i + 1), lengths[i]);
		at += FRAME_HEADER;
		for (size_t k = 0; k < lengths[i]; k++)
			to[at++] = (uint8_t)(i + k);
	}
	return at;
}

static int see(void *arg, const struct frame *frame)
{
	struct seen *seen = arg;
	size_t i = seen->count++;
	assert_in_range(i, 0, FRAMES - 1);
	assert_int_equal(frame->type, i + 1);
	assert_int_equal(frame->length, lengths[i]);
	for (size_t k = 0; k < frame->length; k++)
		assert_int_equal(frame->payload[k], (uint8_t)(i + k));
	return seen->stop_at == seen->count ? TCHAT_ERR_AGAIN : 0;
}

static void header_is_a_type_and_a_big_endian_length(void **state)
{
	uint8_t bytes[FRAME_HEADER];
	frame_header(bytes, 0x26, 0x010203);
	assert_memory_equal(bytes, "\x26\x01\x02\x03", 4);
	frame_header(bytes, 0xff, FRAME_MAXIMUM);
	assert_memory_equal(bytes, "\xff\xff\xff\xff", 4);
	struct frame frame;
	assert_int_equal(frame_peek(&frame, bytes, sizeof bytes, FRAME_MAXIMUM), 0);
	assert_int_equal(frame.type, 0xff);
	assert_int_equal(frame.length, FRAME_MAXIMUM);
}

static void peek_needs_the_whole_frame_but_refuses_a_large_one_at_its_header(void **state)
{
	uint8_t bytes[FRAME_HEADER + 10] = { 0 };
	struct frame frame;
	frame_header(bytes, 7, 10);
	for (size_t have = 0; have < sizeof bytes; have++)
		assert_int_equal(frame_peek(&frame, bytes, have, 10), 0);
	assert_int_equal(frame_peek(&frame, bytes, sizeof bytes, 10), sizeof bytes);
	assert_ptr_equal(frame.payload, bytes + FRAME_HEADER);
	for (size_t have = 0; have < FRAME_HEADER; have++)
		assert_int_equal(frame_peek(&frame, bytes, have, 9), 0);
	frame.type = 0;
	assert_int_equal(frame_peek(&frame, bytes, FRAME_HEADER, 9), TCHAT_ERR_FRAME_TOO_LARGE);
	assert_int_equal(frame.type, 7);
}

/* Feeds the stream in pieces that end at the given places; nothing may depend on where they are. */
static void feed_in_pieces(const uint8_t *stream, size_t length, const size_t *cuts, size_t count)
{
	struct frame_reader reader;
	struct seen seen = { 0, &reader, 0 };
	frame_reader_init(&reader, 300);
	size_t at = 0;
	for (size_t i = 0; i <= count; i++) {
		size_t end = i < count ? cuts[i] : length;
		/* Each piece lies in memory of its own, so that a look behind its end is seen by the sanitizers. */
		uint8_t *piece = malloc(end - at + 1);
		assert_non_null(piece);
		memcpy(piece, stream + at, end - at);
		assert_int_equal(frame_reader_feed(&reader, piece, end - at, see, &seen), 0);
		free(piece);
		at = end;
	}
	assert_int_equal(seen.count, FRAMES);
	frame_reader_free(&reader);
}

static void reader_gives_the_same_frames_wherever_the_stream_is_split(void **state)
{
	uint8_t stream[512];
	size_t length = make_stream(stream);
	feed_in_pieces(stream, length, NULL, 0);
	for (size_t i = 0; i <= length; i++)
		for (size_t k = i; k <= length; k++)
			feed_in_pieces(stream, length, (size_t[]){ i, k }, 2);
	size_t cuts[512];
	for (size_t i = 0; i < length; i++)
		cuts[i] = i;
	feed_in_pieces(stream, length, cuts, length);
}

static void reader_refuses_a_large_frame_once_its_header_is_there(void **state)
{
	uint8_t stream[512];
	size_t length = make_stream(stream);
	size_t header_ends = FRAME_HEADER + FRAME_HEADER + 1 + FRAME_HEADER; /* of the frame of 300 bytes */
	for (size_t split = 0; split <= header_ends; split++) {
		struct frame_reader reader;
		struct seen seen = { 0, &reader, 0 };
		frame_reader_init(&reader, 299);
		int err = frame_reader_feed(&reader, stream, split, see, &seen);
		if (split < header_ends) {
			assert_int_equal(err, 0);
			err = frame_reader_feed(&reader, stream + split, length - split, see, &seen);
		}
		assert_int_equal(err, TCHAT_ERR_FRAME_TOO_LARGE);
		assert_int_equal(seen.count, 2);
		frame_reader_free(&reader);
	}
}

static void reader_stops_where_its_handler_says_and_returns_what_it_said(void **state)
{
	uint8_t stream[512];
	size_t length = make_stream(stream);
	for (size_t split = 0; split <= length; split += 7) {
		for (size_t stop = 1; stop <= FRAMES; stop++) {
			struct frame_reader reader;
			struct seen seen = { 0, &reader, stop };
			frame_reader_init(&reader, 300);
			int err = frame_reader_feed(&reader, stream, split, see, &seen);
			if (err == 0)
				err = frame_reader_feed(&reader, stream + split, length - split, see, &seen);
			assert_int_equal(err, TCHAT_ERR_AGAIN);
			assert_int_equal(seen.count, stop);
			frame_reader_free(&reader);
		}
	}
}

static int raise_limit(void *arg, const struct frame *frame)
{
	struct seen *seen = arg;
	if (seen->count == 1)
		seen->reader->limit = 300;
	return see(arg, frame);
}

static void limit_raised_by_the_handler_holds_from_the_next_frame_on(void **state)
{
	uint8_t stream[512];
	size_t length = make_stream(stream);
	for (size_t split = 0; split <= length; split++) {
		struct frame_reader reader;
		struct seen seen = { 0, &reader, 0 };
		frame_reader_init(&reader, 1);
		assert_int_equal(frame_reader_feed(&reader, stream, split, raise_limit, &seen), 0);
		assert_int_equal(frame_reader_feed(&reader, stream + split, length - split, raise_limit, &seen), 0);
		assert_int_equal(seen.count, FRAMES);
		frame_reader_free(&reader);
	}
}

/* --- TLVs, by the frame NICK: a request of four bytes, then TLV 2. */

static int decode(struct message *m, uint8_t type, const char *bytes, size_t length)
{
	/* Exactly so much memory as there are bytes: reading beyond is seen by the sanitizers and valgrind. */
	uint8_t *copy = malloc(length + (length == 0));
	assert_non_null(copy);
	memcpy(copy, bytes, length);
	int err = message_decode(m, type, copy, length);
	if (err == 0 && type == WIRE_NICK && m->nick.nick.data != NULL)
		m->nick.nick.data = (const uint8_t *)bytes + (m->nick.nick.data - copy);
	free(copy);
	return err;
}

#define NICK_ERR(bytes) decode(&(struct message){ 0 }, WIRE_NICK, "\0\0\0\1" bytes, sizeof bytes + 3)

static void tags_must_rise(void **state)
{
	assert_int_equal(NICK_ERR("\0\1\0\0\0\2\0\0\0\3\0\0"), 0);
	assert_int_equal(NICK_ERR("\0\2\0\0\0\2\0\0"), TCHAT_ERR_BAD_FRAME);
	assert_int_equal(NICK_ERR("\0\2\0\0\0\1\0\0"), TCHAT_ERR_BAD_FRAME);
	assert_int_equal(NICK_ERR("\0\3\0\0\0\2\0\0"), TCHAT_ERR_BAD_FRAME);
	assert_int_equal(NICK_ERR("\0\1\0\0\0\1\0\0"), TCHAT_ERR_BAD_FRAME);
	assert_int_equal(NICK_ERR("\0\5\0\0\0\3\0\0"), TCHAT_ERR_BAD_FRAME);
	assert_int_equal(NICK_ERR("\x7f\x01\0\0\0\3\0\0"), TCHAT_ERR_BAD_FRAME);
}

static void tag_zero_is_malformed(void **state)
{
	assert_int_equal(NICK_ERR("\0\0\0\0"), TCHAT_ERR_BAD_FRAME);
	assert_int_equal(NICK_ERR("\0\2\0\0\0\0\0\0"), TCHAT_ERR_BAD_FRAME);
}

static void unknown_odd_tags_are_skipped_before_and_behind_known_ones(void **state)
{
	struct message m;
	const char bytes[] = "\0\0\0\7" "\0\1\0\1x" "\0\2\0\3ann" "\0\3\0\0" "\xff\xff\0\2yz";
	assert_int_equal(decode(&m, WIRE_NICK, bytes, sizeof bytes - 1), 0);
	assert_int_equal(m.nick.request, 7);
	assert_int_equal(m.nick.nick.length, 3);
	assert_memory_equal(m.nick.nick.data, "ann", 3);
}

static void unknown_even_tags_are_refused(void **state)
{
	assert_int_equal(NICK_ERR("\0\4\0\0"), TCHAT_ERR_UNKNOWN_TAG);
	assert_int_equal(NICK_ERR("\0\2\0\1a\0\4\0\0"), TCHAT_ERR_UNKNOWN_TAG);
	assert_int_equal(NICK_ERR("\xff\xfe\0\0"), TCHAT_ERR_UNKNOWN_TAG);
	/* Tag 2 is known to NICK, but not to ERROR. */
	assert_int_equal(decode(&(struct message){ 0 }, WIRE_ERROR, "\0\0\0\0\0\0\0\0\0\2\0\0", 12), TCHAT_ERR_UNKNOWN_TAG);
}

static void absent_differs_from_empty(void **state)
{
	struct message m;
	assert_int_equal(decode(&m, WIRE_NICK, "\0\0\0\1", 4), 0);
	assert_null(m.nick.nick.data);
	assert_int_equal(decode(&m, WIRE_NICK, "\0\0\0\1\0\2\0\0", 8), 0);
	assert_non_null(m.nick.nick.data);
	assert_int_equal(m.nick.nick.length, 0);
	assert_int_equal(message_decode(&m, WIRE_PING, NULL, 0), 0);
	assert_non_null(m.ping.payload.data);
}

static void tlv_longer_than_the_payload_is_malformed(void **state)
{
	assert_int_equal(NICK_ERR("\0\2\0\4ann"), TCHAT_ERR_BAD_FRAME);
	assert_int_equal(NICK_ERR("\0\1\xff\xff"), TCHAT_ERR_BAD_FRAME);
	assert_int_equal(NICK_ERR("\0\4\0\1"), TCHAT_ERR_BAD_FRAME);
	assert_int_equal(NICK_ERR("\0"), TCHAT_ERR_BAD_FRAME);
	assert_int_equal(NICK_ERR("\0\2\0"), TCHAT_ERR_BAD_FRAME);
}

static void body_longer_than_the_payload_is_malformed(void **state)
{
	uint8_t bytes[MSG_BODY + 8] = { 0 };
	struct message m;
	for (uint32_t claim = 0; claim <= 8; claim++) {
		wire_set(bytes + MSG_BODY_LENGTH, 4, claim);
		/* What stands behind the body is zeros: as a TLV that is malformed, so only the full claim fits. */
		assert_int_equal(message_decode(&m, WIRE_MSG, bytes, sizeof bytes), claim == 8 ? 0 : TCHAT_ERR_BAD_FRAME);
	}
	for (int bit = 0; bit < 32; bit++) {
		uint64_t claim = (UINT64_C(1) << bit) + 8;
		wire_set(bytes + MSG_BODY_LENGTH, 4, claim);
		assert_int_equal(message_decode(&m, WIRE_MSG, bytes, sizeof bytes), TCHAT_ERR_BAD_FRAME);
	}
}

static void tail_holds_what_is_behind_the_last_known_tag(void **state)
{
	struct message m;
	uint8_t bytes[MSG_BODY + 14] = { 0 };
	memcpy(bytes + MSG_BODY, "\0\1\0\1a\0\7\0\1b\x7f\x01\0\0", 14);
	assert_int_equal(message_decode(&m, WIRE_MSG, bytes, sizeof bytes), 0);
	assert_int_equal(m.msg.nick.length, 1);
	assert_int_equal(m.msg.tail.length, 9);
	assert_ptr_equal(m.msg.tail.data, bytes + MSG_BODY + 5);
	/* What is in the tail obeys the rule all the same. */
	bytes[MSG_BODY + 6] = 4;
	assert_int_equal(message_decode(&m, WIRE_MSG, bytes, sizeof bytes), TCHAT_ERR_UNKNOWN_TAG);
	bytes[MSG_BODY + 6] = 1;
	assert_int_equal(message_decode(&m, WIRE_MSG, bytes, sizeof bytes), TCHAT_ERR_BAD_FRAME);
}

/* --- Which frame is legal where: tchat-protocol(7)'s table, written a second time. */

static const struct rule {
	uint8_t type;
	const char *client; /* states in which the client may send it: n(ew), g(reeted), r(eady) */
	const char *host;
} rules[] = {
	{ 0x02, "n", "" }, { 0x04, "", "g" }, { 0x06, "g", "" }, { 0x08, "", "r" },
	{ 0x10, "r", "" }, { 0x12, "", "r" }, { 0x14, "r", "" }, { 0x18, "r", "" },
	{ 0x1a, "", "r" }, { 0x1c, "r", "" }, { 0x1e, "", "r" }, { 0x20, "r", "" },
	{ 0x22, "", "r" }, { 0x24, "", "r" }, { 0x26, "", "r" }, { 0x28, "r", "" },
	{ 0x2a, "", "r" }, { 0x2c, "", "r" }, { 0x33, "r", "r" }, { 0x34, "", "r" },
	{ 0x36, "r", "" }, { 0x38, "r", "" }, { 0x3a, "", "r" }, { 0x40, "gr", "gr" },
	{ 0x42, "gr", "gr" }, { 0x44, "gr", "gr" }, { 0x46, "", "gr" }, { 0x48, "ngr", "ngr" },
	{ 0x0a, "", "g" }, { 0x0c, "", "r" }, { 0x50, "r", "" }, { 0x52, "r", "" },
	{ 0x54, "", "r" }, { 0x56, "", "r" }, { 0x58, "r", "" }, { 0x5a, "", "r" },
	{ 0x5c, "r", "" }, { 0x35, "r", "r" }, { 0x70, "r", "" }, { 0x72, "", "r" },
	{ 0x74, "", "r" }, { 0x76, "r", "" }, { 0x78, "", "r" }, { 0x7a, "", "r" },
	{ 0x7d, "", "r" }, { 0x60, "r", "" }, { 0x62, "", "r" }, { 0x64, "", "r" },
};

static const struct rule *rule_of(int type)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

static void each_frame_is_legal_only_in_its_states_and_from_its_side(void **state)
{
	static const enum wire_state states[] = { WIRE_NEW, WIRE_GREETED, WIRE_READY };
	for (int type = 0; type < 256; type++) {
		const struct rule *rule = rule_of(type);
		assert_int_equal(rule != NULL, message_name((uint8_t)type) != NULL);
		for (size_t i = 0; i < 3; i++) {
			char letter = "ngr"[i];
			int client = message_legal((uint8_t)type, WIRE_CLIENT, states[i]);
			int host = message_legal((uint8_t)type, WIRE_HOST, states[i]);
			if (rule == NULL) {
				assert_int_equal(client, TCHAT_ERR_UNKNOWN_TYPE);
				assert_int_equal(host, TCHAT_ERR_UNKNOWN_TYPE);
				continue;
			}
			assert_int_equal(client, strchr(rule->client, letter) != NULL ? 0 : TCHAT_ERR_WRONG_STATE);
			assert_int_equal(host, strchr(rule->host, letter) != NULL ? 0 : TCHAT_ERR_WRONG_STATE);
		}
	}
}

static void no_frame_looks_like_a_tls_record_or_printable_greeting(void **state)
{
	assert_null(message_name(0x16));
	/* The first byte that a client may send is HELLO's or ERROR's, and nothing else. */
	for (int type = 0; type < 256; type++)
		if (message_legal((uint8_t)type, WIRE_CLIENT, WIRE_NEW) == 0)
			assert_true(type == WIRE_HELLO || type == WIRE_ERROR);
}

static void copy_refuses_what_does_not_fit_or_holds_a_nul(void **state)
{
	char to[5];
	assert_true(wire_copy(to, sizeof to, wire_text("four")));
	assert_string_equal(to, "four");
	assert_false(wire_copy(to, sizeof to, wire_text("fives")));
	assert_string_equal(to, "");
	assert_false(wire_copy(to, sizeof to, (struct wire_bytes){ (const uint8_t *)"a\0b", 3 }));
	assert_string_equal(to, "");
	assert_true(wire_copy(to, sizeof to, wire_text(NULL)));
	assert_string_equal(to, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_a_type_and_a_big_endian_length),
		cmocka_unit_test(peek_needs_the_whole_frame_but_refuses_a_large_one_at_its_header),
		cmocka_unit_test(reader_gives_the_same_frames_wherever_the_stream_is_split),
		cmocka_unit_test(reader_refuses_a_large_frame_once_its_header_is_there),
		cmocka_unit_test(reader_stops_where_its_handler_says_and_returns_what_it_said),
		cmocka_unit_test(limit_raised_by_the_handler_holds_from_the_next_frame_on),
		cmocka_unit_test(tags_must_rise),
		cmocka_unit_test(tag_zero_is_malformed),
		cmocka_unit_test(unknown_odd_tags_are_skipped_before_and_behind_known_ones),
		cmocka_unit_test(unknown_even_tags_are_refused),
		cmocka_unit_test(absent_differs_from_empty),
		cmocka_unit_test(tlv_longer_than_the_payload_is_malformed),
		cmocka_unit_test(body_longer_than_the_payload_is_malformed),
		cmocka_unit_test(tail_holds_what_is_behind_the_last_known_tag),
		cmocka_unit_test(each_frame_is_legal_only_in_its_states_and_from_its_side),
		cmocka_unit_test(no_frame_looks_like_a_tls_record_or_printable_greeting),
		cmocka_unit_test(copy_refuses_what_does_not_fit_or_holds_a_nul),
	};
	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
