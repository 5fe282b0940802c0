/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any frames from a host to a client, in all states of its connection. What the client says is well formed
 * and legal, what it tells is text, and it comes back after a break, or ends when it was told to. */
#include "says.h"

#include "base/errors.h"
#include "stream.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The first byte of an input. */
enum {
	READY = 1,
	JOINED = 2, /* a room with messages */
	ASKING = 4, /* requests of all kinds have no answer yet; before READY: keys, and an invitation that is to be proven */
	RAW = 8,
	PIECES = 16, /* of three bytes */
	BROKEN = 32, /* and connected again, for the same frames once more */
	LEAVING = 64,
	LATER = 128, /* all time limits pass */
};

static void ask_of_room(struct fake *fake, uint32_t room)
{
	session_post(fake->session, room, KIND_TEXT, "hello", 5, "ref");
	session_post_about(fake->session, room, KIND_EDIT, "hallo", 5, 2, 0, "edit");
	session_post_about(fake->session, room, KIND_TEXT, "yes", 3, 0, 3, NULL);
	session_cancel(fake->session, session_newest_pending(fake->session, "edit"));
	session_read(fake->session, room, 4);
	session_names(fake->session, room);
	session_history(fake->session, room, 0, 10, 0);
	session_search(fake->session, room, "hello", 0, 10, 1);
	session_rules(fake->session, room);
	session_audit(fake->session, room, 0, 10, 2);
	session_kick(fake->session, room, "bob", "");
}

static void ask(struct fake *fake, uint32_t room)
{
	static const uint8_t key[WIRE_PIN_SIZE] = "a key";
	ask_of_room(fake, room);
	session_join(fake->session, "tea");
	session_join_private(fake->session, "den");
	session_open_direct(fake->session, "bob");
	session_whois(fake->session, "bob");
	session_nick(fake->session, "anna");
	session_away(fake->session, true, "tea");
	session_moderate(fake->session, &(struct session_act){ .action = MODERATE_BAN, .address = "10.0.0.0/8" });
	session_invite(fake->session, INVITE_HOST, 2, 60, "tea", key);
	session_invitations(fake->session);
	session_revoke(fake->session, key);
	session_door(fake->session, key, true);
	session_status(fake->session);
	session_backup(fake->session);
	session_ping(fake->session, "x", 1, fake->now);
}

static void feed(struct fake *fake, const uint8_t *at, size_t length, uint8_t mode)
{
	size_t made;
	uint8_t *stream = stream_make(at, length, mode & RAW, &made);
	fake->split = mode & PIECES ? 3 : 0;
	fake_bytes(fake, stream, made);
	free(stream);
	take_frames(fake, NULL);
	take_events(fake);
}

static void pass(struct fake *fake)
{
	for (int i = 0; i < 20 && session_deadline(fake->session) != TCHAT_NEVER; i++) {
		fake->now = session_deadline(fake->session) > fake->now ? session_deadline(fake->session) : fake->now + 1;
		session_tick(fake->session, fake->now);
		take_frames(fake, NULL);
		take_events(fake);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length < 1)
		return 0;
	static const uint8_t token[TRUST_TOKEN_SIZE] = "a token";
	static const struct session_security keys = { { "the host's" }, { "ann's" } };
	uint8_t mode = bytes[0];
	bool proves = !(mode & READY) && (mode & ASKING);
	struct fake fake;
	fake_open(&fake, (struct session_config){ .nick = "ann", .token = proves ? token : NULL });
	if (mode & READY) {
		fake_connect(&fake);
		uint32_t room = mode & JOINED ? fake_lobby(&fake, 5) : 0;
		if (mode & ASKING)
			ask(&fake, room);
	} else {
		session_join(fake.session, "lobby");
		session_dialling(fake.session);
		session_connected(fake.session, proves ? &keys : NULL, fake.now);
	}
	take_frames(&fake, NULL);
	take_events(&fake);
	feed(&fake, bytes + 1, length - 1, mode);
	if (mode & LATER)
		pass(&fake);
	if (mode & LEAVING)
		session_leave(fake.session);
	take_frames(&fake, NULL);
	session_disconnected(fake.session, TCHAT_ERR_CLOSED, fake.now);
	take_events(&fake);
	if (mode & BROKEN) {
		session_retry_now(fake.session);
		session_dialling(fake.session);
		session_connected(fake.session, NULL, fake.now);
		take_frames(&fake, NULL);
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
