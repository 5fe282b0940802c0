/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame header and the cutting of a stream into frames. */
#include "wire/frame.h"

#include "base/errors.h"

int frame_peek(struct frame *frame, const uint8_t *bytes, size_t length, size_t limit)
{
	if (length < FRAME_HEADER)
		return 0;
	frame->type = bytes[0];
	frame->length = (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	frame->payload = bytes + FRAME_HEADER;
	if (frame->length > limit)
		return TCHAT_ERR_FRAME_TOO_LARGE;
	if (length - FRAME_HEADER < frame->length)
		return 0;
	return (int)(FRAME_HEADER + frame->length);
}

void frame_header(uint8_t *to, uint8_t type, size_t length)
{
	to[0] = type;
	to[1] = (uint8_t)(length >> 16);
	to[2] = (uint8_t)(length >> 8);
	to[3] = (uint8_t)length;
}

void frame_reader_init(struct frame_reader *reader, size_t limit)
{
	buffer_init(&reader->carry, FRAME_HEADER + FRAME_MAXIMUM);
	reader->limit = limit;
}

void frame_reader_free(struct frame_reader *reader)
{
	buffer_free(&reader->carry);
}

/* How many bytes the frame at the front of carry still lacks: of its header first, then of the whole. */
static size_t frame_reader_lacks(const struct frame_reader *reader)
{
	size_t held = buffer_length(&reader->carry);
	if (held < FRAME_HEADER)
		return FRAME_HEADER - held;
	struct frame frame;
	frame_peek(&frame, buffer_data(&reader->carry), held, FRAME_MAXIMUM);
	return FRAME_HEADER + frame.length - held;
}

/* Adds to carry what its frame lacks, and hands the frame on once it is whole. Sets *used. */
static int frame_reader_complete(struct frame_reader *reader, const uint8_t *bytes, size_t length, size_t *used,
                                 frame_handler *handler, void *arg)
{
	struct frame frame;
	*used = 0;
	for (;;) {
		size_t lacks = frame_reader_lacks(reader);
		size_t take = lacks < length - *used ? lacks : length - *used;
		int err = buffer_put(&reader->carry, bytes + *used, take);
		if (err != 0)
			return err;
		*used += take;
		int size = frame_peek(&frame, buffer_data(&reader->carry), buffer_length(&reader->carry), reader->limit);
		if (size < 0)
			return size;
		if (size > 0) {
			err = handler(arg, &frame);
			buffer_consume(&reader->carry, (size_t)size);
			return err;
		}
		if (*used == length)
			return 0;
	}
}

int frame_reader_feed(struct frame_reader *reader, const uint8_t *bytes, size_t length, frame_handler *handler,
                      void *arg)
{
	size_t at = 0;
	if (buffer_length(&reader->carry) > 0) {
		int err = frame_reader_complete(reader, bytes, length, &at, handler, arg);
		if (err != 0)
			return err;
	}
	while (at < length) {
		struct frame frame;
		int size = frame_peek(&frame, bytes + at, length - at, reader->limit);
		if (size < 0)
			return size;
		if (size == 0)
			return buffer_put(&reader->carry, bytes + at, length - at);
		int err = handler(arg, &frame);
		if (err != 0)
			return err;
		at += (size_t)size;
	}
	return 0;
}
