/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames in a stream of bytes: one byte of type, three of payload length, the payload. */
#ifndef TCHAT_WIRE_FRAME_H
#define TCHAT_WIRE_FRAME_H

#include "base/buffer.h"

#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEADER = 4, FRAME_MAXIMUM = 0xffffff };

struct frame {
	uint8_t type;
	uint32_t length;        /* of the payload */
	const uint8_t *payload; /* not owned */
};

/* Looks at the front of bytes. Returns the size of the whole first frame, header included, and sets *frame;
 * 0 when more bytes are needed; TCHAT_ERR_FRAME_TOO_LARGE when its payload is over limit (known from the
 * header alone; frame->type is set). */
int frame_peek(struct frame *frame, const uint8_t *bytes, size_t length, size_t limit);

/* Writes a header to four bytes. length is at most FRAME_MAXIMUM. */
void frame_header(uint8_t *to, uint8_t type, size_t length);

/* Cuts a stream into frames. Bytes that are whole frames already are not copied. */
struct frame_reader {
	struct buffer carry; /* private: the beginning of an incomplete frame */
	size_t limit;        /* greatest payload; may be changed between frames */
};

/* What is called for each frame: 0 to go on, anything else stops the feeding and is returned by it. */
typedef int frame_handler(void *arg, const struct frame *frame);

void frame_reader_init(struct frame_reader *reader, size_t limit);
void frame_reader_free(struct frame_reader *reader);

/* Takes length bytes of the stream and calls handler for each frame that they complete. The rest is kept.
 * 0, what the handler returned, TCHAT_ERR_FRAME_TOO_LARGE or TCHAT_ERR_MEMORY; after any of these but 0 the
 * stream is unusable. */
int frame_reader_feed(struct frame_reader *reader, const uint8_t *bytes, size_t length, frame_handler *handler,
                      void *arg);

#endif
