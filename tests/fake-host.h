/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scripted host for tests of a client session: it sends what the test says and takes what the session sent, with a
 * clock and random numbers of the test's own. Every mismatch fails the test at the caller's line. */
#ifndef TCHAT_TESTS_FAKE_HOST_H
#define TCHAT_TESTS_FAKE_HOST_H

#include "client/session.h"

struct fake {
	struct session *session;
	tchat_time now;
	uint64_t seed;
	size_t split; /* bytes of one session_input(); 0: everything at once */
	struct environment environment;
	struct buffer received;
	struct buffer payload; /* of the frame taken last */
	struct session_event event;
	uint8_t host;  /* names the host's life */
	uint64_t mark; /* for AUTH_OK */
	uint64_t lowest_unsettled; /* of the last AUTH, like: */
	uint8_t salt[WIRE_KEY_SIZE];
};

enum { FAKE_USER = 7, FAKE_ROOM = 1, FAKE_EPOCH = 99 };
static const uint64_t FAKE_DEVICE = 0x8000000000000001;

/* A session of config (environment is filled in) and its host; not connected. */
void fake_open(struct fake *fake, struct session_config config);
void fake_close(struct fake *fake);

/* HELLO to AUTH_OK, the first keep-alive, and the CONNECTED event (in fake->event, its strings are gone). */
void fake_connect(struct fake *fake);
/* The connection breaks; the DISCONNECTED event is in fake->event. */
void fake_break(struct fake *fake);

/* Bytes and frames to the session. */
void fake_bytes(struct fake *fake, const void *bytes, size_t length);
void fake_send(struct fake *fake, const struct message *message);
/* MSG of the room FAKE_ROOM. */
void fake_msg(struct fake *fake, uint64_t seq, const char *text);
/* One MSG frame into to; for the records of a page. */
void fake_record(struct buffer *to, uint64_t seq, struct message_id id, const char *text);
/* The answer to a HISTORY: records from first to last. */
void fake_page(struct fake *fake, uint32_t request, uint64_t first, uint64_t last, uint8_t flags);
/* The session asked for what is behind its cursor, from that seq on; its request. */
uint32_t fake_asked_page(struct fake *fake, uint64_t from);
/* The messages from first to last were told. */
void fake_messages(struct fake *fake, uint64_t first, uint64_t last, bool replay);
void fake_joined(struct fake *fake, uint32_t request, uint8_t flags, uint64_t first, uint64_t last);
void fake_users(struct fake *fake, uint32_t request, uint32_t count);
/* Joins "lobby" with so many messages in it, live from there; its handle. All events and frames are taken. */
uint32_t fake_lobby(struct fake *fake, uint64_t last);
/* A session of config that is connected and did that. */
uint32_t fake_open_lobby(struct fake *fake, struct session_config config, uint64_t last);

/* The next frame that the session sent, which has to be of this type; valid until the next of these calls. */
struct message fake_take_at(struct fake *fake, uint8_t type, const char *file, int line);
#define fake_take(fake, type) fake_take_at(fake, type, __FILE__, __LINE__)
/* Takes the answer to NAMES out of the way. */
void fake_roster(struct fake *fake);

/* The next event, which has to be of this type. */
const struct session_event *fake_event_at(struct fake *fake, enum session_event_type type, const char *file, int line);
#define fake_event(fake, type) fake_event_at(fake, type, __FILE__, __LINE__)

/* Nothing more was sent, and no event is there. */
void fake_quiet_at(struct fake *fake, const char *file, int line);
#define fake_quiet(fake) fake_quiet_at(fake, __FILE__, __LINE__)

/* The session has given up on the host: with ERROR err, or without when err is this machine's own. */
void fake_failed_at(struct fake *fake, int err, const char *file, int line);
#define fake_failed(fake, err) fake_failed_at(fake, err, __FILE__, __LINE__)

#endif
