/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds of a session whatever comes to it: it tells nothing but text, and says nothing but legal frames. */
#ifndef TCHAT_TESTS_FUZZ_SAYS_H
#define TCHAT_TESTS_FUZZ_SAYS_H

#include "../fake-host.h"

#include "base/utf8.h"
#include "fuzz.h"
#include "wire/frame.h"

#include <string.h>

static inline void try_text(const char *text)
{
	demand(text != NULL && utf8_valid(text, strlen(text)));
}

static inline void take_events(struct fake *fake)
{
	struct session_event event;
	while (session_next_event(fake->session, &event)) {
		try_text(event.name);
		try_text(event.nick);
		try_text(event.other);
		try_text(event.ref);
		if (event.type != SESSION_PONG)
			try_text(event.text);
		volatile uint8_t last = event.key_count > 0 ? event.keys[event.key_count * WIRE_PIN_SIZE - 1] : 0;
		(void)last;
	}
}

/* The stream from the client ends between two frames, unless the connection does. hear takes each; or NULL. */
static inline void take_frames(struct fake *fake, void (*hear)(struct fake *fake, const struct message *message))
{
	struct iovec parts[2];
	for (int count; (count = session_output(fake->session, parts, 2)) > 0;) {
		size_t length = 0;
		for (int i = 0; i < count; i++) {
			demand(buffer_put(&fake->received, parts[i].iov_base, parts[i].iov_len) == 0);
			length += parts[i].iov_len;
		}
		session_consumed(fake->session, length);
	}
	struct frame frame;
	struct message message;
	for (int size; (size = frame_peek(&frame, buffer_data(&fake->received), buffer_length(&fake->received), WIRE_LIMIT)) > 0;) {
		demand(message_decode(&message, frame.type, frame.payload, frame.length) == 0);
		demand(message_legal(frame.type, WIRE_CLIENT, WIRE_NEW) == 0 ||
		       message_legal(frame.type, WIRE_CLIENT, WIRE_GREETED) == 0 ||
		       message_legal(frame.type, WIRE_CLIENT, WIRE_READY) == 0);
		if (hear != NULL)
			hear(fake, &message);
		buffer_consume(&fake->received, (size_t)size);
	}
	demand(buffer_length(&fake->received) == 0);
}

#endif
