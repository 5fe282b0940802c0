/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any frames from a host to a client, in all states of its connection. What the client says is well formed
 * and legal, what it tells is text, and it comes back after a break, or ends when it was told to. */
#include "../fake-host.h"

#include "base/errors.h"
#include "base/utf8.h"
#include "stream.h"
#include "wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The first byte of an input. */
enum {
	READY = 1,
	JOINED = 2, /* a room with messages */
	ASKING = 4, /* requests of all kinds have no answer yet */
	RAW = 8,
	PIECES = 16, /* of three bytes */
	BROKEN = 32, /* and connected again, for the same frames once more */
	LEAVING = 64,
	LATER = 128, /* all time limits pass */
};

static void try_text(const char *text)
{
	demand(text != NULL && utf8_valid(text, strlen(text)));
}

static void take_events(struct fake *fake)
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

/* The stream from the client ends between two frames, unless the connection does. */
static void take_frames(struct fake *fake)
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
		buffer_consume(&fake->received, (size_t)size);
	}
	demand(buffer_length(&fake->received) == 0);
}

static void ask(struct fake *fake, uint32_t room)
{
	static const uint8_t key[WIRE_PIN_SIZE] = "a key";
	session_post(fake->session, room, KIND_TEXT, "hello", 5, "ref");
	session_join(fake->session, "tea");
	session_open_direct(fake->session, "bob");
	session_names(fake->session, room);
	session_history(fake->session, room, 0, 10, 0);
	session_whois(fake->session, "bob");
	session_nick(fake->session, "anna");
	session_kick(fake->session, room, "bob", "");
	session_invitations(fake->session);
	session_revoke(fake->session, key);
	session_ping(fake->session, "x", 1, fake->now);
}

static void feed(struct fake *fake, const uint8_t *at, size_t length, uint8_t mode)
{
	size_t made;
	uint8_t *stream = stream_make(at, length, mode & RAW, &made);
	fake->split = mode & PIECES ? 3 : 0;
	fake_bytes(fake, stream, made);
	free(stream);
	take_frames(fake);
	take_events(fake);
}

static void pass(struct fake *fake)
{
	for (int i = 0; i < 20 && session_deadline(fake->session) != TCHAT_NEVER; i++) {
		fake->now = session_deadline(fake->session) > fake->now ? session_deadline(fake->session) : fake->now + 1;
		session_tick(fake->session, fake->now);
		take_frames(fake);
		take_events(fake);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length < 1)
		return 0;
	uint8_t mode = bytes[0];
	struct fake fake;
	fake_open(&fake, (struct session_config){ .nick = "ann" });
	if (mode & READY) {
		fake_connect(&fake);
		uint32_t room = mode & JOINED ? fake_lobby(&fake, 5) : 0;
		if (mode & ASKING)
			ask(&fake, room);
	} else {
		session_join(fake.session, "lobby");
		session_dialling(fake.session);
		session_connected(fake.session, NULL, fake.now);
	}
	take_frames(&fake);
	take_events(&fake);
	feed(&fake, bytes + 1, length - 1, mode);
	if (mode & LATER)
		pass(&fake);
	if (mode & LEAVING)
		session_leave(fake.session);
	take_frames(&fake);
	session_disconnected(fake.session, TCHAT_ERR_CLOSED, fake.now);
	take_events(&fake);
	if (mode & BROKEN) {
		session_retry_now(fake.session);
		session_dialling(fake.session);
		session_connected(fake.session, NULL, fake.now);
		take_frames(&fake);
		feed(&fake, bytes + 1, length - 1, mode);
		session_disconnected(fake.session, TCHAT_ERR_CLOSED, fake.now);
		take_events(&fake);
	}
	if (mode & LEAVING) {
		session_leave(fake.session);
		take_events(&fake);
		demand(session_final(fake.session) || session_pending(fake.session) > 0 || session_dial_at(fake.session) != TCHAT_NEVER);
	}
	fake_close(&fake);
	return 0;
}
