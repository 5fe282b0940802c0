/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: posts of a session into the scripted host's room, and the host's answers. */
#ifndef TCHAT_TESTS_CLIENT_POSTS_H
#define TCHAT_TESTS_CLIENT_POSTS_H

#include "fake-host.h"

#include "base/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static inline void post(struct fake *fake, uint32_t room, const char *text)
{
	assert_true(session_post(fake->session, room, KIND_TEXT, text, strlen(text), NULL) > 0);
	fake_event(fake, SESSION_PENDING);
}

static inline void ack(struct fake *fake, uint64_t counter, uint64_t seq, uint8_t flags)
{
	fake_send(fake, &(struct message){ .type = WIRE_ACK,
	                                   .ack = { .id = { FAKE_DEVICE, counter },
	                                            .room = FAKE_ROOM,
	                                            .seq = seq,
	                                            .time = 5,
	                                            .flags = flags } });
}

static inline void nack(struct fake *fake, uint64_t counter, int err, uint8_t flags, uint32_t retry_ms)
{
	fake_send(fake, &(struct message){ .type = WIRE_NACK,
	                                   .nack = { .id = { FAKE_DEVICE, counter },
	                                             .room = FAKE_ROOM,
	                                             .code = (uint16_t)-err,
	                                             .flags = flags,
	                                             .retry_ms = retry_ms } });
}

/* The session posted that, with nothing that is the host's to say; text NULL: whatever text. */
static inline void took(struct fake *fake, uint64_t counter, const char *text)
{
	struct message message = fake_take(fake, WIRE_POST);
	assert_int_equal(message.post.id.device, FAKE_DEVICE);
	assert_int_equal(message.post.id.counter, counter);
	assert_int_equal(message.post.seq, 0);
	assert_int_equal(message.post.time, 0);
	assert_int_equal(message.post.sender, 0);
	assert_null(message.post.nick.data);
	if (text != NULL) {
		assert_int_equal(message.post.body.length, strlen(text));
		assert_memory_equal(message.post.body.data, text, strlen(text));
	}
}

/* The session told of an acceptance, and of the message in its place. */
static inline void accepted(struct fake *fake)
{
	fake_event(fake, SESSION_ACK);
	fake_event(fake, SESSION_MESSAGE);
}

#endif
