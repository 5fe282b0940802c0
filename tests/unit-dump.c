/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tchat --dump: frames through a pipe, whole and broken. */
#include "app/dump.h"

#include "app/exit_status.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Lets a child write bytes to a pipe, piece by piece, and dumps what comes out. Returns the text, to be freed. */
static char *dump(const void *bytes, size_t length, size_t piece, int *status)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		close(ends[0]);
		for (size_t at = 0; at < length; at += piece) {
			size_t rest = length - at;
			if (write(ends[1], (const char *)bytes + at, rest < piece ? rest : piece) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	*status = mode_dump(ends[0], out);
	fclose(out);
	close(ends[0]);
	int how;
	assert_int_equal(waitpid(writer, &how, 0), writer);
	return text;
}

static void dumps(const void *bytes, size_t length, int status, const char *expected)
{
	for (size_t piece = 1; piece <= length + 1; piece = piece * 3 + 1) {
		int got;
		char *text = dump(bytes, length, piece, &got);
		assert_string_equal(text, expected);
		assert_int_equal(got, status);
		free(text);
	}
}

static void prints_each_frame_with_its_offset(void **state)
{
	static const char bytes[] = "\x40\0\0\2\1\2" "\x14\0\0\x0c\0\0\0\3\0\0\0\0\0\0\0\1" "\x44\0\0\4\0\x4c\0\0";
	dumps(bytes, sizeof bytes - 1, EXIT_STATUS_OK,
	      "00000000 PING payload=0102\n"
	      "00000006 PART request=3 room=1\n"
	      "00000016 BYE code=76 (leaving)\n");
}

static void prints_records_below_their_page(void **state)
{
	struct buffer stream, member;
	struct message m = { .type = WIRE_MEMBER, .member = { .room = 1, .user = 2, .nick = wire_text("ann") } };
	buffer_init(&stream, 1000);
	buffer_init(&member, 1000);
	assert_int_equal(message_encode(&member, &m), 0);
	m = (struct message){ .type = WIRE_USERS, .users = { .request = 1, .room = 1, .total = 1,
	      .records = { buffer_data(&member), buffer_length(&member) } } };
	assert_int_equal(message_encode(&stream, &m), 0);
	dumps(buffer_data(&stream), buffer_length(&stream), EXIT_STATUS_OK,
	      "00000000 USERS request=1 room=1 total=1 flags=0\n"
	      "             MEMBER room=1 user=2 change=0 role=0 away=0 nick=\"ann\"\n");
	buffer_free(&stream);
	buffer_free(&member);
}

static void empty_stream_is_fine_and_unknown_odd_frames_are_too(void **state)
{
	dumps("", 0, EXIT_STATUS_OK, "");
	dumps("\x71\0\0\1x", 5, EXIT_STATUS_OK, "00000000 type 0x71 (skipped) payload=78\n");
}

static void goes_on_behind_a_frame_with_a_bad_payload_but_fails(void **state)
{
	dumps("\x14\0\0\1z" "\x16\0\0\0" "\x40\0\0\0", 13, EXIT_STATUS_PROTOCOL,
	      "00000000 PART ! bad_frame payload=7a\n"
	      "00000005 type 0x16 (unknown) payload=\n"
	      "00000009 PING payload=\n");
}

static void says_where_a_stream_was_cut(void **state)
{
	dumps("\x40\0\0\0\x14\0", 6, EXIT_STATUS_PROTOCOL,
	      "00000000 PING payload=\n"
	      "00000004 ! the stream ends inside a header: 2 of 4 bytes\n");
	dumps("\x14\0\0\x0c\0\0\0\3", 8, EXIT_STATUS_PROTOCOL,
	      "00000000 ! the stream ends inside a frame: type 0x14 (PART), 4 of 12 bytes\n");
}

static void gives_up_at_a_length_that_cannot_be(void **state)
{
	dumps("GET / HTTP/1.1\r\n\r\n", 18, EXIT_STATUS_PROTOCOL,
	      "00000000 ! frame_too_large: type 0x47 with 4543520 bytes, more than 65536; nothing behind it can be read\n");
}

static void takes_the_limit_that_a_welcome_announces(void **state)
{
	static const uint8_t zeros[70000];
	struct buffer stream;
	buffer_init(&stream, 100000);
	struct message m = { .type = WIRE_WELCOME, .welcome = { .frame_limit = 70000 } };
	assert_int_equal(message_encode(&stream, &m), 0);
	m = (struct message){ .type = WIRE_PING, .ping = { .payload = { zeros, sizeof zeros } } };
	assert_int_equal(message_encode(&stream, &m), 0);
	int status;
	char *text = dump(buffer_data(&stream), buffer_length(&stream), 100000, &status);
	assert_int_equal(status, EXIT_STATUS_OK);
	assert_non_null(strstr(text, " PING payload=0000"));
	free(text);
	buffer_free(&stream);
}

static void survives_garbage_of_every_first_byte(void **state)
{
	uint8_t bytes[300];
	uint32_t random = 1;
	for (int first = 0; first < 256; first++) {
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
		bytes[0] = (uint8_t)first;
		bytes[1] = bytes[2] = 0;
		int status;
		char *text = dump(bytes, sizeof bytes, sizeof bytes, &status);
		assert_true(status == EXIT_STATUS_OK || status == EXIT_STATUS_PROTOCOL);
		for (const char *at = text; *at != '\0'; at++)
			assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
		free(text);
	}
}

static void reports_a_descriptor_that_cannot_be_read(void **state)
{
	FILE *out = tmpfile();
	assert_non_null(out);
	assert_int_equal(mode_dump(-1, out), EXIT_STATUS_SYSTEM);
	fclose(out);
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "\x40\0\0\0", 4), 4);
	close(ends[1]);
	out = fopen("/dev/full", "w");
	if (out != NULL) {
		assert_int_equal(mode_dump(ends[0], out), EXIT_STATUS_SYSTEM);
		fclose(out);
	}
	close(ends[0]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_each_frame_with_its_offset),
		cmocka_unit_test(prints_records_below_their_page),
		cmocka_unit_test(empty_stream_is_fine_and_unknown_odd_frames_are_too),
		cmocka_unit_test(goes_on_behind_a_frame_with_a_bad_payload_but_fails),
		cmocka_unit_test(says_where_a_stream_was_cut),
		cmocka_unit_test(gives_up_at_a_length_that_cannot_be),
		cmocka_unit_test(takes_the_limit_that_a_welcome_announces),
		cmocka_unit_test(survives_garbage_of_every_first_byte),
		cmocka_unit_test(reports_a_descriptor_that_cannot_be_read),
	};
	return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
