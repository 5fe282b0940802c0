/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any bytes as a stream of frames. What is decoded and encoded again stays what it is, and --dump prints
 * nothing but what can be printed. */
#include "stream.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <stdlib.h>
#include <string.h>

/* Appends the message's frame to out and decodes it anew. */
static void again(struct buffer *out, struct message *message)
{
	demand(message_encode(out, message) == 0);
	const uint8_t *frame = buffer_data(out);
	size_t payload = buffer_length(out) - FRAME_HEADER;
	demand(message_decode(message, frame[0], frame + FRAME_HEADER, payload) == 0);
}

static void try_frame(const struct frame *frame)
{
	struct message message;
	struct buffer first, second, text;
	buffer_init(&first, 1 << 20);
	buffer_init(&second, 1 << 20);
	buffer_init(&text, 16 << 20);
	if (message_decode(&message, frame->type, frame->payload, frame->length) == 0) {
		again(&first, &message);
		again(&second, &message);
		demand(buffer_length(&first) == buffer_length(&second));
		demand(memcmp(buffer_data(&first), buffer_data(&second), buffer_length(&first)) == 0);
	}
	demand(message_print(&text, frame->type, frame->payload, frame->length) == 0);
	const uint8_t *at = buffer_data(&text);
	for (size_t i = 0; i < buffer_length(&text); i++)
		demand(at[i] == '\n' || (at[i] >= 0x20 && at[i] != 0x7f));
	buffer_free(&first);
	buffer_free(&second);
	buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct frame frame;
	if (length < 1)
		return 0;
	size_t made;
	uint8_t *stream = stream_make(bytes + 1, length - 1, bytes[0] % 2, &made), *at = stream;
	for (int size; (size = frame_peek(&frame, at, made, WIRE_LIMIT)) > 0; at += size, made -= (size_t)size)
		try_frame(&frame);
	free(stream);
	return 0;
}
