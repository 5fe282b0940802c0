/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client's side of the conversation with one host, over any number of connections: bytes in, bytes out, events. */
#ifndef TCHAT_CLIENT_SESSION_H
#define TCHAT_CLIENT_SESSION_H

#include "client/event.h"
#include "trust/trust.h"

#include <sys/uio.h>

struct session;
struct client_store;
struct outbox;

enum { SESSION_ROSTER_MAX = 256, SESSION_ROOMS_MAX = 256, SESSION_REF_MAX = 255, SESSION_SEARCH_MAX = 256, SESSION_INPUT_MAX = 65536 };

/* Copied by session_new(), except the environment and the outbox, which have to outlive the session. 0 in a limit:
 * the default. */
struct session_config {
	const struct environment *environment;
	const char *software; /* "tchat 0.1"; may be NULL */
	const char *nick;     /* the wish; NULL: the host chooses */
	const uint8_t *salt;  /* WIRE_KEY_SIZE secret bytes; NULL: random ones, for this session's life */
	const uint8_t *token; /* of an invitation: TRUST_TOKEN_SIZE bytes, wiped once it let us in; NULL: none */
	uint32_t history;     /* newest messages to show at a first join */
	struct outbox *outbox; /* store/outbox.h; NULL: one in memory */
	bool stored;          /* the host is not told who we are before session_store(); salt and outbox are NULL */
	size_t outbox_posts;  /* 65536 */
	size_t outbox_bytes;  /* 64 MiB */
	size_t flight_posts;  /* 1024: sent and not yet answered, or not yet stored that they were */
	size_t flight_bytes;  /* 256 KiB */
	size_t output_bytes;  /* 1 MiB */
	size_t event_bytes;   /* 64 MiB */
};

/* NULL when memory is out. It is not connected; session_dial_at() says "at once". */
struct session *session_new(const struct session_config *config);
void session_free(struct session *session);

/* --- What outlives the session (store/client_store.h) */

/* The store of this host, which has to be open, and is freed right before session_free(); NULL: nothing is kept. Once,
 * if config.stored was set: before there is a connection if one knows the host already, else after the event HOST. Its
 * rooms with posts that wait are joined. */
void session_store(struct session *session, struct client_store *store, tchat_time now);

/* Nothing can be stored now, because of reason (one line, for people), and the outbox goes on in memory: event UNSTORED.
 * Instead of session_store(), or later, with another code each time it changes; 0: it can again. */
void session_unstored(struct session *session, int code, const char *reason, tchat_time now);

/* The store has done something: what was stored is shown and sent. */
void session_stored(struct session *session, tchat_time now);

/* --- The connection, for who owns the socket. Everything that takes now wants the monotonic clock. */

/* When to dial: a time, 0 for at once, TCHAT_NEVER while connected, dialling or at the end. */
tchat_time session_dial_at(const struct session *session);
void session_dialling(struct session *session); /* dialling began: either of the next two follows */

/* The keys at the two ends of an encrypted connection. */
struct session_security {
	struct trust_pin host, user;
};

/* There is a connection; security (copied) is NULL when it is not encrypted. */
void session_connected(struct session *session, const struct session_security *security, tchat_time now);

/* There is no connection (any more), because of reason (enum tchat_err; 0 or TCHAT_ERR_CLOSED: it ended). What the
 * session itself found wrong before has precedence. One DISCONNECTED event; the outbox keeps what has no answer. */
void session_disconnected(struct session *session, int reason, tchat_time now);

/* Bytes from the host, at most SESSION_INPUT_MAX a call; take the events afterwards. Ignored when not connected. */
void session_input(struct session *session, const uint8_t *bytes, size_t length, tchat_time now);

/* Bytes for the host: fills at most count entries, returns how many; 0: nothing to send. Valid until the next call of
 * the session. Then say how many bytes were taken. */
int session_output(struct session *session, struct iovec *iov, int count);
void session_consumed(struct session *session, size_t length);

/* True when the connection is over for the session: write what session_output() still has, shut down, wait briefly
 * for the host's end, close, and call session_disconnected(). */
bool session_closing(const struct session *session);

/* When session_tick() is due at the latest; TCHAT_NEVER: not at all. */
tchat_time session_deadline(const struct session *session);
void session_tick(struct session *session, tchat_time now);

/* Dial at once, also after a final disconnect (not after session_leave()). Connected: no effect. */
void session_retry_now(struct session *session);

/* --- Requests. 0 or an error (enum tchat_err). TCHAT_ERR_AGAIN: needs a connection that is ready. TCHAT_ERR_FULL:
 * try later, when session_consumed() or an ACK made room. Names are given with or without a leading #. */

/* Handle (> 0) of the room, to be joined now or as soon as connected; the same again if it is joined already.
 * TCHAT_ERR_BAD_NAME, TCHAT_ERR_TOO_MANY_ROOMS. Posts may follow at once. */
int session_join(struct session *session, const char *name);
int session_join_since(struct session *session, const char *name, uint64_t seq); /* history from seq on */
/* A room for those who are called only; makes it where there is none of that name. */
int session_join_private(struct session *session, const char *name);
int session_open_direct(struct session *session, const char *nick);
int session_part(struct session *session, uint32_t room);

/* Puts a message into the outbox: its counter (> 0; while a store is awaited, the one in PENDING counts) or
 * TCHAT_ERR_NOT_FOUND (room), _TOO_LONG, _BAD_TEXT, _BAD_KIND, _FULL. ref (may be NULL) comes back in PENDING, ACK, NACK
 * and MESSAGE. Works without a connection too. */
int64_t session_post(struct session *session, uint32_t room, uint8_t kind, const char *text, size_t length,
                     const char *ref);
/* The same, about another message of the room: target, the seq of the one that KIND_EDIT, KIND_DELETE (no text) or
 * KIND_REACTION changes; reply, the seq of the one that a KIND_TEXT or KIND_ACTION answers; 0: none. Also
 * TCHAT_ERR_NO_MESSAGE: a change without a target, or a target that nothing changes. */
int64_t session_post_about(struct session *session, uint32_t room, uint8_t kind, const char *text, size_t length,
                           uint64_t target, uint64_t reply, const char *ref);
/* Takes back a pending post. NACK (cancelled) tells that it will not be; ACK that it had been accepted before.
 * TCHAT_ERR_NOT_FOUND; TCHAT_ERR_FULL: later. */
int session_cancel(struct session *session, uint64_t counter);
/* Whether the host may have the post already, so that it has the last word about taking it back. */
bool session_was_sent(const struct session *session, uint64_t counter);
/* The newest post that waits for its answer and was not taken back, of this ref, or of any when it is NULL; 0: none. */
uint64_t session_newest_pending(const struct session *session, const char *ref);
/* What LOST told: posts it again, or forgets it. counter 0: all. How many; TCHAT_ERR_NOT_FOUND, or as session_post(). */
int session_repost(struct session *session, uint64_t counter);
int session_forget_lost(struct session *session, uint64_t counter);
/* Everything in the room up to seq was read; the user's other connections will know within about a second. */
void session_read(struct session *session, uint32_t room, uint64_t seq);

int session_nick(struct session *session, const char *nick); /* without a connection: the wish of the next */
int session_away(struct session *session, bool away, const char *reason); /* repeated after a reconnect */
int session_kick(struct session *session, uint32_t room, const char *nick, const char *reason);
int session_end_host(struct session *session); /* for its owner: GOAWAY to everybody, then it is gone */
int session_names(struct session *session, uint32_t room);
int session_whois(struct session *session, const char *nick);
/* before 0: newest; count 1–256; asked comes back in the events. Away from the host: of what was read before. */
int session_history(struct session *session, uint32_t room, uint64_t before, uint32_t count, uint32_t asked);
/* Messages below seq before (0: all) that hold text (1–SESSION_SEARCH_MAX bytes), newest first, at most count. The host
 * takes some milliseconds at a time: FOUND_END.more says whether to go on, with its seq. */
int session_search(struct session *session, uint32_t room, const char *text, uint64_t before, uint32_t count,
                   uint32_t asked);
int session_ping(struct session *session, const void *payload, size_t length, tchat_time now); /* ≤ 16384 bytes */

/* Who may come in (owners, but for devices of one's own): a key at the door is let in or sent away; an invitation by its
 * public half, uses 0: one, seconds 0: for ever, room may be NULL; the list of them; the end of one. A key taken off one's
 * account (an owner: any account), a nick given free. Keys are WIRE_PIN_SIZE bytes. */
int session_door(struct session *session, const uint8_t *pin, bool admit);
int session_invite(struct session *session, enum wire_invite_kind kind, uint32_t uses, uint32_t seconds, const char *room,
                   const uint8_t *key);
int session_invitations(struct session *session);
int session_revoke(struct session *session, const uint8_t *key);
int session_drop_key(struct session *session, const uint8_t *pin);
int session_release(struct session *session, const char *nick);

/* Moderation. In room (0: on the whole host; the lobby stands for it, too); nick, address (a range) or key is whom it is
 * about; reason may be NULL; seconds: how long a mute or ban holds, 0: for ever. DONE or ERROR has its action as kind. */
struct session_act {
	enum wire_moderation action;
	uint32_t room;
	const char *nick, *address;
	const uint8_t *key;
	const char *reason;
	uint32_t seconds;
};

int session_moderate(struct session *session, const struct session_act *act);
int session_rules(struct session *session, uint32_t room);
/* before 0: the newest; count 1–256. asked comes back in the events. */
int session_audit(struct session *session, uint32_t room, uint64_t before, uint32_t count, uint32_t asked);

/* For the host's owner: how it does; to make a copy of its history. SESSION_VALUE and SESSION_REPORT_END answer. */
int session_status(struct session *session);
int session_backup(struct session *session);

/* Ends the session once every post and request has its answer: BYE, then DISCONNECTED with final and
 * TCHAT_ERR_LEAVING. Without a connection and with nothing to send, or after a final disconnect: at once; but a first
 * connection that has rooms to join is still made. To give up, just free the session. */
void session_leave(struct session *session);

/* --- What is known. */

/* Takes the oldest event. False: none, event->type is SESSION_NOTHING. */
bool session_next_event(struct session *session, struct session_event *event);

bool session_ready(const struct session *session);    /* greeted, and requests can be sent */
bool session_waiting(const struct session *session);  /* at the host's door */
bool session_final(const struct session *session);    /* disconnected for good */
const char *session_own_nick(const struct session *session); /* given or wished; "" before */
uint32_t session_own_user(const struct session *session);
tchat_time session_lag(const struct session *session); /* the last round trip; TCHAT_NEVER: not known */
size_t session_pending(const struct session *session); /* posts without an answer */
size_t session_sending(const struct session *session); /* the same without those that were taken back */
bool session_is_kept(const struct session *session);   /* they outlive it */

struct session_room {
	uint32_t room;
	const char *name;   /* valid until the session changes; without # */
	const char *topic;
	bool direct;
	bool closed;        /* private */
	bool joined;        /* false: on its way in or out */
	uint64_t head;      /* seq of the last message shown */
	uint64_t read;      /* read mark: a seq; 0: none */
	uint64_t members;
	bool roster;        /* complete: session_member() gives all */
};

/* The rooms in the order of joining: false when index is too great. By handle; by name: handle or 0. */
bool session_room_at(const struct session *session, size_t index, struct session_room *room);
bool session_room(const struct session *session, uint32_t handle, struct session_room *room);
uint32_t session_room_find(const struct session *session, const char *name, bool direct);

struct session_member {
	uint32_t user;
	uint8_t role;
	bool away;
	const char *nick; /* valid until the session changes */
};

/* Members of a room's roster, ordered by user id: false when index is too great. */
bool session_member_at(const struct session *session, uint32_t room, size_t index, struct session_member *member);

#endif
