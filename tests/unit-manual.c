/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session in tchat-protocol(7), byte for byte, through the codec and the table of states. */
#include "wire/frame.h"
#include "wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct script {
	struct buffer bytes; /* of the frame that is being read */
	enum wire_side side;
	enum wire_state state;
	size_t frames;
	uint8_t last;
};

static void check_frame(struct script *s)
{
	size_t length = buffer_length(&s->bytes);
	if (length == 0)
		return;
	struct frame frame;
	struct message m;
	struct buffer again;
	assert_int_equal(frame_peek(&frame, buffer_data(&s->bytes), length,
	                            s->state == WIRE_READY ? WIRE_LIMIT : WIRE_LIMIT_BEFORE_AUTH), length);
	if (frame.type == WIRE_AUTH_OK)
		s->state = WIRE_READY;
	assert_int_equal(message_legal(frame.type, s->side, s->state), 0);
	if (frame.type == WIRE_HELLO)
		s->state = WIRE_GREETED;
	assert_int_equal(message_decode(&m, frame.type, frame.payload, frame.length), 0);
	buffer_init(&again, FRAME_HEADER + WIRE_LIMIT);
	assert_int_equal(message_encode(&again, &m), 0);
	assert_int_equal(buffer_length(&again), length);
	assert_memory_equal(buffer_data(&again), buffer_data(&s->bytes), length);
	buffer_free(&again);
	buffer_truncate(&s->bytes, 0);
	s->last = frame.type;
	s->frames++;
}

/* "C: 02000031   what it means" begins a frame of the client, "H: ..." one of the host, three blanks go on. */
static void read_line(struct script *s, const char *line)
{
	unsigned value;
	if (line[0] == 'C' || line[0] == 'H') {
		check_frame(s);
		s->side = line[0] == 'C' ? WIRE_CLIENT : WIRE_HOST;
	}
	for (const char *at = line + 3; strspn(at, "0123456789abcdef") >= 2; at += 2) {
		assert_int_equal(sscanf(at, "%2x", &value), 1);
		uint8_t byte = (uint8_t)value;
		assert_int_equal(buffer_put(&s->bytes, &byte, 1), 0);
	}
}

static void session_in_the_manual_is_what_the_codec_speaks(void **state)
{
	char path[1024], line[256];
	const char *srcdir = getenv("srcdir");
	struct script s = { .state = WIRE_NEW };
	buffer_init(&s.bytes, FRAME_HEADER + WIRE_LIMIT);
	snprintf(path, sizeof path, "%s/man/tchat-protocol.7", srcdir == NULL ? "." : srcdir);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	bool examples = false;
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, ".Sh", 3) == 0)
			examples = strcmp(line, ".Sh EXAMPLES\n") == 0;
		else if (examples && (strncmp(line, "C: ", 3) == 0 || strncmp(line, "H: ", 3) == 0 || strncmp(line, "   ", 3) == 0))
			read_line(&s, line);
	}
	check_frame(&s);
	fclose(file);
	assert_int_equal(s.state, WIRE_READY);
	assert_int_equal(s.last, WIRE_BYE);
	assert_in_range(s.frames, 15, 100);
	buffer_free(&s.bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_in_the_manual_is_what_the_codec_speaks),
	};
	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
