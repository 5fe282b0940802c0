/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An input as a stream of frames. Most of what a fuzzer makes of length fields is one frame that never ends; so a header
 * here has a type and two bytes of length, no more than there is, and becomes a right one on its way. */
#ifndef TCHAT_TESTS_FUZZ_STREAM_H
#define TCHAT_TESTS_FUZZ_STREAM_H

#include "fuzz.h"
#include "wire/frame.h"

#include <string.h>

enum { SHORT_HEADER = 3 };

/* The stream, to be freed; raw: the bytes as they are. */
static inline uint8_t *stream_make(const uint8_t *bytes, size_t length, bool raw, size_t *made)
{
	uint8_t *stream = malloc(length * 2 + FRAME_HEADER), *to = stream;
	demand(stream != NULL);
	while (!raw && length >= SHORT_HEADER) {
		size_t size = (size_t)bytes[1] << 8 | bytes[2], rest = length - SHORT_HEADER;
		size = size < rest ? size : rest;
		frame_header(to, bytes[0], size);
		memcpy(to + FRAME_HEADER, bytes + SHORT_HEADER, size);
		to += FRAME_HEADER + size;
		bytes += SHORT_HEADER + size;
		length -= SHORT_HEADER + size;
	}
	memcpy(to, bytes, length);
	*made = (size_t)(to - stream) + length;
	return stream;
}

#endif
