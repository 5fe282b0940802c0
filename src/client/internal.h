/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session as its own files see it. Functions that return int give 0 or an error that ends the connection. */
#ifndef TCHAT_CLIENT_INTERNAL_H
#define TCHAT_CLIENT_INTERNAL_H

#include "client/session.h"

#include "base/errors.h"
#include "base/text.h"
#include "store/client_store.h"
#include "store/outbox.h"
#include "wire/frame.h"

enum {
	NAME_SIZE = TEXT_NAME_BYTES + 1,
	TOPIC_MAX = 1024, /* bytes; what a host may at most make us keep */
	REASON_MAX = 1024,
	PAGE_LIMIT = 256, /* records asked for at once */
	REQUESTS_MAX = 1024,
	REQUESTS_OF_USER = 256, /* of them, at most so many for verbs */
	PINGS_MAX = 64,
	PING_PAYLOAD_MAX = 16384,
	POST_TLV = 4 + 8, /* target or reply */
	POST_OVERHEAD = FRAME_HEADER + MSG_BODY,
	VOIDS_MAX = 64,
	OWN_MAX = 1000, /* accepted messages of ours that are remembered */
	OWN_BYTES = 1 << 20,
};

enum link {
	LINK_NONE,    /* waiting for dial_at, or final */
	LINK_DIALLING,
	LINK_HELLO,   /* HELLO sent, WELCOME awaited */
	LINK_STORE,   /* session_store() awaited */
	LINK_AUTH,    /* AUTH sent, AUTH_OK awaited */
	LINK_DOOR,    /* the same, and somebody has to say yes first */
	LINK_READY,
	LINK_CLOSING, /* nothing is read any more; output is still to be flushed */
};

enum room_state {
	ROOM_WANTED,   /* to be joined at the next chance */
	ROOM_JOINING,  /* JOIN sent */
	ROOM_RESUMING, /* RESUME sent */
	ROOM_PAGING,   /* HISTORY sent, until the page that reaches the head */
	ROOM_LIVE,
	ROOM_PARTING,  /* PART sent */
	ROOM_GONE,     /* left, kicked or refused; kept for posts that wait and for the same name to come back */
};

struct roster_entry {
	uint32_t user;
	uint8_t role;
	bool away;
	char nick[NAME_SIZE];
};

struct roster {
	struct roster_entry *entries; /* by rising user id */
	size_t count;
	size_t allocated;
	bool complete;
	bool asked; /* NAMES is under way */
};

struct room {
	uint32_t handle;
	uint32_t alias; /* 0, or the handle of the room that this one turned out to be */
	enum room_state state;
	bool direct;
	bool closed; /* private: joined as such, so that what waits for it goes to no public room */
	bool asked;   /* by the user: an unasked one is a direct room that somebody else opened */
	bool rejoin;  /* wanted again while PART is under way */
	bool was_joined;
	uint32_t waiting; /* id of the JOIN, RESUME or HISTORY whose answer moves the state on */
	char name[NAME_SIZE];
	char fold[NAME_SIZE];
	char topic[TOPIC_MAX + 1];
	uint64_t members;
	uint64_t since;   /* first seq wanted at a first join, or 0 */
	uint64_t id;      /* the host's number for it, in host life number id_life */
	uint32_t id_life; /* 0: none yet */
	/* The cursor: everything up to seq was given out as an event. */
	bool cursor;
	bool cursor_id; /* id_at is known */
	uint64_t epoch;
	uint64_t seq;
	struct message_id id_at;
	uint64_t replay_to; /* messages up to here are replay */
	uint32_t restarts;  /* how often it turned out to be another history */
	size_t pending;     /* posts without an answer */
	uint64_t read;      /* the read mark */
	uint64_t read_told; /* as the host knows it, on this connection */
	struct client_row *row; /* the store's; NULL: not kept */
	bool tail;          /* what was read last is still to be shown */
	bool tail_asked;
	struct roster roster;
};

struct request {
	uint32_t id;
	enum session_request kind;
	uint32_t room;
	uint32_t asked; /* the user's number for it */
	bool quiet; /* the user does not wait for it */
	uint32_t after; /* NAMES: users up to this one came already */
	uint32_t users; /* so many of them */
	char nick[NAME_SIZE];
	uint8_t action; /* MODERATE */
	bool has_key;
	uint8_t key[WIRE_PIN_SIZE];
};

struct ping {
	tchat_time sent;
	uint64_t sum; /* of the payload */
	size_t length;
	bool own; /* keep-alive */
};

/* A message of ours that the host accepted. */
struct own {
	struct client_own kept;
	char *text;             /* its text, ours to free */
	uint32_t room;          /* handle; 0: not open */
	bool sure;              /* it was seen in its place */
	bool lost;              /* LOST was told */
};

/* A reading from the store that is under way. */
struct stored_read {
	struct client_read read;
	uint32_t room, asked, restarts; /* the last: of the room, when it was asked for */
	bool tail;             /* shown at the start */
	uint32_t wanted;       /* a search, for at most so many; 0: none */
	struct buffer needle;  /* folded */
	struct stored_read *next;
};

/* An event with strings that are somewhere else. */
struct draft {
	struct session_event event;
	struct wire_bytes name, nick, other, ref, text, keys;
	bool raw_text;
};

struct session {
	struct session_config config; /* its pointers apart from environment are not used */
	char software[128];
	char wish[NAME_SIZE];
	char nick[NAME_SIZE]; /* given */
	uint8_t salt[WIRE_KEY_SIZE];
	bool has_token; /* until the host let us in by it */
	uint8_t token[TRUST_TOKEN_SIZE];
	bool secure;    /* this connection has keys */
	struct session_security security;
	uint8_t nonce[WIRE_KEY_SIZE]; /* of our HELLO */
	bool away;
	char away_reason[REASON_MAX + 1];

	enum link link;
	int reason; /* why it is closing */
	bool leaving, final, finished;
	uint32_t life; /* counts the host lives seen; 0: none yet */
	uint32_t life_ready; /* at the last AUTH_OK */
	uint8_t host[WIRE_KEY_SIZE];
	char host_software[128];
	uint32_t user;
	uint8_t role;
	uint64_t device;
	uint32_t text_limit;
	uint32_t frame_limit; /* of the host, payload */

	tchat_time now, connected_at, heard_at, dial_at;
	tchat_time rejoin_at; /* when rooms that the host was too busy for are joined; 0: none are */
	tchat_time marks_at; /* when read marks are sent; 0: none wait */
	tchat_time ready_at; /* of this connection; 0: not yet */
	tchat_time close_by; /* when what a closing connection has not sent is given up; 0: not set yet */
	bool pinged; /* a keep-alive is out */
	unsigned attempts;
	uint32_t goaway_ms;
	bool goaway;

	struct frame_reader reader;
	struct buffer out;
	struct buffer events;
	char *current; /* the strings of the event given out last */
	size_t current_size;

	struct room **rooms;
	size_t room_count;
	uint32_t last_handle;
	struct room *last_found;

	struct request requests[REQUESTS_MAX];
	size_t request_count, user_requests;
	uint32_t last_request;

	struct ping pings[PINGS_MAX];
	size_t ping_count;
	uint64_t ping_nonce;
	tchat_time lag;

	struct client_store *store;
	bool store_awaited;
	int unstored; /* why the store keeps nothing now, 0: it does */
	struct stored_read *reads;
	struct own *own; /* by counter */
	size_t own_count, own_bytes, own_unsure;
	uint8_t host_nonce[WIRE_KEY_SIZE]; /* of WELCOME */
	bool nick_holds; /* the host that we talk to gave it */

	struct outbox *outbox;
	bool outbox_own;
	bool anything_sent;      /* the outbox's first contact is over: offset is fixed */
	uint64_t first_counter;  /* those below were settled in an earlier life */
	uint64_t former_device;  /* our number before the host changed its key; 0: it did not */
	uint64_t former_sent;    /* posts up to this one may have arrived from there */
	uint64_t counter_offset; /* counter on the wire = counter in the outbox + this */
	uint64_t next_send;
	uint64_t highest_sent;
	uint64_t shown; /* PENDING was told up to here */
	uint64_t voids[VOIDS_MAX]; /* cancelled, which is to be told here or to the host */
	size_t void_count;
	uint64_t mark; /* the highest counter that the host is known to have decided */
	size_t flight_bytes, pending, cancelled; /* of those pending, so many were taken back */
	tchat_time resend_at; /* no post goes out before; 0: no wait */
	unsigned resends;     /* rewinds without progress */
	bool held;            /* the host keeps no messages for now */
};

/* session.c: the frame goes out whole or not at all: 0, TCHAT_ERR_FULL, TCHAT_ERR_MEMORY, TCHAT_ERR_TOO_LONG. */
int session_send(struct session *session, const struct message *message);
/* Ends the connection because of err; tells the host when it is the wire's business. Returns err. */
int session_fail(struct session *session, int err, uint8_t type);
/* As session_send(), but what does not fit ends the connection. */
int session_must_send(struct session *session, const struct message *message);
/* Says BYE, if that was asked for and nothing is left to be answered. */
void session_leave_when_done(struct session *session);
/* The environment's randomness below bound (above 0). */
uint64_t session_random(struct session *session, uint64_t bound);

/* events.c: 0 or an error that ends the connection (it is failed already). */
int session_tell(struct session *session, const struct draft *draft);
/* A draft with the room's fields filled in. */
struct draft draft_of(enum session_event_type type, const struct room *room);
/* At most limit bytes, cut at a character. */
struct wire_bytes wire_cut(struct wire_bytes bytes, size_t limit);

/* handshake.c */
void handshake_start(struct session *session);
int handshake_auth(struct session *session);
int handshake_welcome(struct session *session, const struct wire_welcome *welcome);
int handshake_auth_ok(struct session *session, const struct wire_auth_ok *auth_ok);
int handshake_goaway(struct session *session, const struct wire_goaway *goaway);
void reconnect_schedule(struct session *session);
bool reason_is_final(const struct session *session, int reason);

/* connection.c */
int keepalive_ping(struct session *session);
int keepalive_echo(struct session *session, struct wire_bytes payload);
int keepalive_pong(struct session *session, struct wire_bytes payload);

/* changes.c: what may be posted: 0 or an error. */
int change_check(const struct outbox_post *post);
/* A seq in a TLV; 0: none. seq_of() takes it off again. */
struct wire_bytes seq_field(uint8_t field[8], uint64_t seq);
uint64_t seq_of(struct wire_bytes field);
/* Tells the changes that a page of the past brought. */
int changes_tell(struct session *session, const struct room *room, const struct wire_page *page,
                 const struct request *request);
int found_page(struct session *session, struct room *room, const struct wire_page *page, const struct request *request);

/* requests.c: adds to the table: NULL when it is full. The id is set. */
struct request *request_add(struct session *session, enum session_request kind, uint32_t room, bool quiet);
/* The joined room of a request that needs one; NULL: *err says why. */
struct room *request_room(struct session *session, uint32_t handle, int *err);
/* Takes back the one that was added last. */
void request_undo(struct session *session);
/* Removes the request with this id into *request. False: there is none. */
bool request_take(struct session *session, uint32_t id, struct request *request);
bool request_waits(const struct session *session, enum session_request kind, uint32_t room);
int request_done(struct session *session, const struct wire_done *done);
int request_error(struct session *session, const struct wire_error *error);
void requests_drop(struct session *session);
int tell_error(struct session *session, enum session_request kind, const struct room *room, const char *nick, int code);
/* Sends a verb's request that was just added; takes it back when it does not fit. */
int request_send(struct session *session, const struct message *message);
/* What a request's answer tells of the request: kind, room, nick, key. */
struct draft draft_of_request(struct session *session, enum session_event_type type, const struct request *request);

/* door.c */
int door_knock(struct session *session, const struct wire_knock *knock);
int door_told(struct session *session, const struct wire_door *door);
int door_invited(struct session *session, const struct wire_invited *invited);
int door_profile(struct session *session, const struct wire_profile *profile);

/* moderation.c */
int moderation_called(struct session *session, const struct wire_called *called);
/* room NULL: on the whole host. */
int moderation_role(struct session *session, struct room *room, const struct wire_member *member);
int moderation_ruled(struct session *session, const struct wire_ruled *ruled);
/* The next record of an answer, which has to be of this type: 1, 0 at the end, or TCHAT_ERR_BAD_FRAME. */
int record_next(struct wire_bytes *records, uint8_t type, struct message *message);
int status_report(struct session *session, const struct wire_report *report);
int moderation_audited(struct session *session, const struct wire_audited *audited);

/* rooms.c */
struct room *room_by_handle(const struct session *session, uint32_t handle);
struct room *room_by_id(struct session *session, uint64_t id);
/* The room of this name, or a new one, which is gone as yet. 0, TCHAT_ERR_BAD_NAME, _TOO_MANY_ROOMS or _MEMORY. */
int room_take(struct session *session, const char *name, bool direct, struct room **taken);
int room_rename(struct room *room, struct wire_bytes name);
/* Joins it, unless that is under way: 0, or an error of room_join(). */
int room_want(struct session *session, struct room *room, uint64_t since);
int room_join(struct session *session, struct room *room);
/* Whether JOIN asks for live messages at once: nothing of the past is wanted. */
bool room_wants_live(const struct session *session, const struct room *room);
int room_gone(struct session *session, struct room *room, int code);
int rooms_join_all(struct session *session);
void rooms_disconnected(struct session *session);
void rooms_free(struct session *session);
int room_join_refused(struct session *session, const struct request *request, int code);

/* follow.c: the cursor of a room. */
struct draft draft_of_message(const struct session *session, const struct room *room, enum session_event_type type,
                              const struct wire_msg *msg);
/* Takes the next MSG frame off records: 1, 0 at the end, or TCHAT_ERR_BAD_FRAME. */
int page_next(struct wire_bytes *records, struct message *message);
int follow_joined(struct session *session, const struct wire_joined *joined);
int follow_resumed(struct session *session, const struct wire_resumed *resumed);
int follow_page(struct session *session, const struct wire_page *page);
int follow_msg(struct session *session, const struct wire_msg *msg);
int follow_gap(struct session *session, const struct wire_gap *gap);
int follow_deliver(struct session *session, struct room *room, const struct wire_msg *msg, struct wire_bytes ref);

/* stored.c */
/* The row of a room that is newly joined, and the cursor in it. */
void stored_restore(struct session *session, struct room *room);
/* The room's cursor moved, but not by a message. */
void stored_cursor(struct session *session, const struct room *room);
void stored_message(struct session *session, const struct room *room, const struct wire_msg *msg);
/* The user left: no cursor. */
void stored_parted(struct session *session, const struct room *room);
/* Asks for what was read last, to be shown before anything else. */
void stored_tail(struct session *session, struct room *room);
int stored_history(struct session *session, const struct room *room, uint64_t before, uint32_t count, uint32_t asked);
int stored_search(struct session *session, const struct room *room, const char *text, uint64_t before, uint32_t count,
                  uint32_t asked);
void stored_reads_done(struct session *session);
/* The room, if one has to do with what is stored of it: the host is away. */
const struct room *stored_room(const struct session *session, uint32_t handle);
void stored_free(struct session *session);

/* marks.c */
/* The room is live again: what was read meanwhile is told. */
void marks_live(struct session *session, const struct room *room);
void marks_send(struct session *session);
int marks_told(struct session *session, const struct wire_mark *mark);
/* The room's history is another one. */
void marks_afresh(struct room *room);

/* own.c */
void own_load(struct session *session);
void own_open(struct session *session, const struct room *room);
void own_accepted(struct session *session, const struct room *room, const struct outbox_post *post,
                  const struct wire_ack *ack);
bool own_has(const struct session *session, uint64_t counter);
/* The counter of a message that had no answer when this session began, or was posted in it; else 0. */
uint64_t own_counter(const struct session *session, const struct message_id *id);
/* A message is shown in its place. */
void own_seen(struct session *session, const struct room *room, const struct wire_msg *msg);
/* Forgets all: they are another device's. */
void own_forget(struct session *session);
/* The text of the message with that seq is gone. */
void own_deleted(struct session *session, const struct room *room, uint64_t seq);
/* The room's history is another one, of which first is the lowest seq. */
void own_afresh(struct session *session, const struct room *room, uint64_t first);
/* What is below first is not kept any longer. */
void own_skipped(struct session *session, const struct room *room, uint64_t first);
/* The host forgot what it decided above mark. */
void own_rolled_back(struct session *session, uint64_t mark);
/* All of the room was seen: tells what is not there. */
int own_live(struct session *session, const struct room *room);
void own_free(struct session *session);

/* posts.c */
int post_tell_nack(struct session *session, const struct outbox_post *post, int code);
void posts_pump(struct session *session);
/* A message of our former device is in the history: if it is a post that waits, that is its answer. */
int posts_found(struct session *session, const struct wire_msg *msg);
/* Tells what is stored by now, or could not be. */
void posts_stored(struct session *session);
void posts_rewind(struct session *session);
int posts_ack(struct session *session, const struct wire_ack *ack);
int posts_nack(struct session *session, const struct wire_nack *nack);

/* roster.c */
int roster_ask(struct session *session, struct room *room, uint32_t after);
void roster_clear(struct roster *roster);
struct roster_entry *roster_find(const struct roster *roster, uint32_t user);
int roster_users(struct session *session, const struct wire_users *users);
int roster_member(struct session *session, const struct wire_member *member);
int roster_presence(struct session *session, const struct wire_presence *presence);

#endif
