/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host consists of; private to src/host. */
#ifndef TCHAT_HOST_TYPES_H
#define TCHAT_HOST_TYPES_H

#include "base/buffer.h"
#include "base/table.h"
#include "base/text.h"
#include "host/host.h"
#include "trust/trust.h"
#include "wire/message.h"
#include "wire/range.h"

#include <sys/queue.h>

enum {
	NICK_BYTES = 32,
	NICK_CLUSTERS = 16,
	TOPIC_BYTES = 400,
	REASON_BYTES = 400,
	NAME_SIZE = STORE_KEY_SIZE,
	ADDRESS_SIZE = 64,
	PAGE_LIMIT = 256,  /* records of a PAGE or USERS */
	PAGE_FIXED = 36,   /* bytes of PAGE's payload before its records */
	PAGE_CHANGES = 8192, /* most bytes of changes, without the header of their TLV */
	PAGE_RECORDS = WIRE_LIMIT - PAGE_FIXED - PAGE_CHANGES - 4, /* and of records, so of one */
	SPANS_INLINE = 2,
	BLOCK_SLACK = 2048, /* unused bytes of a block that are worth giving back */
	STRANGER_BYTES = 8192, /* that may wait from and for who is not READY */
	DEVICES_OF_USER = 64,
	EVENTS = 256,
};

/* What a peer waits for; each list is in the order of its deadlines, which are all equally far away. */
enum host_wait { WAIT_HANDSHAKE, WAIT_DOOR, WAIT_SILENCE, WAIT_PONG, WAIT_CLOSING, WAITS };

/* Why a peer's input rests. */
enum host_pause {
	PAUSE_NO,
	PAUSE_WAITS,  /* for the store, or for its output to be read */
	PAUSE_CROWD,  /* the round is full, of posts or of changes that others are told; in host->crowded */
	PAUSE_RESUME, /* may go on; in host->resume */
	PAUSE_RATE,   /* its user says too much in too short a time; in host->throttled */
};

struct span {
	struct block *block; /* one reference */
	uint32_t offset;
	uint32_t length;
};

struct nick {
	char shown[TEXT_NAME_BYTES + 1];
	char key[TEXT_NAME_BYTES + 1];
};

struct host_peer {
	/* What a fan-out touches comes first. */
	size_t queued; /* bytes of all spans */
	struct span *spans; /* a ring of capacity (a power of two) entries */
	uint32_t span_first, span_count, span_capacity;
	uint8_t closing; /* enum host_closing */
	uint8_t state;   /* enum wire_state */
	bool dirty, dying, stalled, gone, retired;
	bool bye, ended; /* it said BYE; no more input comes: it goes when all is answered */
	uint8_t paused; /* enum host_pause */
	bool auth_waits, owner, keyed;
	bool hole_told; /* posts above mark + 1 are dropped silently */
	bool touch_live;
	int close_code; /* for the event */
	uint64_t touch; /* equals host->touch: cursor and touch_live are of the room being fanned out */
	uint32_t cursor;
	enum host_wait wait;
	TAILQ_ENTRY(host_peer) by_dirty;
	struct host *host;
	void *pointer; /* the caller's */
	struct span inline_spans[SPANS_INLINE];

	struct block *tail; /* where its own frames are put; one reference */
	struct buffer carry; /* input that waits */
	struct user *user;
	struct device *device;
	struct entrance *entrance; /* from HELLO until READY, on hosts that know users by keys */
	struct knock *knock;       /* it waits at the door */
	struct trust_pin pin;      /* of its key, if keyed */
	struct crowd *crowd;       /* it is counted there */
	TAILQ_HEAD(, seat) seats;
	uint32_t requests;   /* that wait for the store */
	uint32_t references; /* of rounds and requests: the memory stays until they are done */
	tchat_time since, stalled_since;
	uint64_t mark; /* host->mark: already told, when there are several ways to reach it */
	TAILQ_ENTRY(host_peer) by_host, by_user, by_wait, by_stalled, by_resume, by_dying, by_owner;
	char address[]; /* as long as it is, less than ADDRESS_SIZE: there are many */
};
TAILQ_HEAD(peer_list, host_peer);

/* What AUTH said, and what it takes to judge it. */
struct entrance {
	uint8_t host_nonce[WIRE_KEY_SIZE], user_nonce[WIRE_KEY_SIZE], salt[WIRE_KEY_SIZE];
	uint64_t lowest_unsettled;
	struct nick wish; /* shown is "" when there was none */
	struct nick nick; /* that it will have */
	uint32_t writes;  /* that have to be kept before it goes on */
	int err;          /* of these */
	bool asked;       /* AUTH came */
};

/* Connections that are in, of one address but owners'; goes with the last of them. */
struct crowd {
	struct range origin; /* of IPv6, a network of /64 */
	uint32_t count;
	UT_hash_handle hh;
};

/* A connection in a room: live ones get its messages. */
struct seat {
	struct host_peer *peer;
	struct room *room;
	uint32_t index; /* into room->seats */
	TAILQ_ENTRY(seat) by_peer;
};

struct seat_entry {
	struct host_peer *peer;
	struct seat *seat;
};

/* A user in a room. */
struct membership {
	struct user *user;
	struct room *room;
	bool closed; /* direct: the user left the room until the next message */
	bool untold; /* direct: the user is to be told of it at its next AUTH_OK */
	uint8_t role; /* enum wire_role, in this room */
};

struct room {
	uint64_t id;
	uint64_t epoch;
	uint64_t floor, head;      /* of what was fanned out */
	struct seat_entry *seats;  /* the first live ones are live */
	uint32_t live, seat_count, seat_capacity;
	uint32_t round, part;      /* its part in the gathering round, if round is that one's number */
	struct membership **members; /* in order of user id */
	uint32_t member_count, member_capacity;
	uint32_t busy;             /* references of rounds and requests */
	bool is_empty;             /* in host->empty */
	bool is_private;           /* a public room for those who were called only */
	bool behind_told;          /* that somebody has messages of it that are not here */
	uint8_t kind;
	TAILQ_ENTRY(room) by_empty;
	UT_hash_handle by_id, by_key;
	char key[1 + NAME_SIZE];   /* kind, folded name, zeros */
	char name[NAME_SIZE];
	char topic[STORE_TOPIC_SIZE];
};

/* A user's place in a room, for longer than it is there. */
struct bookmark {
	uint64_t room;
	uint64_t since;   /* the first seq that is for it; 0: all are */
	uint64_t read;    /* it has read up to here; 0: nothing */
	uint64_t other;   /* of a direct room: the other one's self, and account (0: a guest) */
	uint32_t account;
};

struct bookmarks {
	uint64_t self;
	uint32_t account;       /* whose; 0: a guest's, or not known yet while loading */
	struct user *user;      /* NULL: forgotten, or never here in this life of the host */
	bool kept;              /* in the store: its user has an account */
	bool dirty;             /* in host->dirty_bookmarks */
	struct bookmark *marks; /* in the order in which they were made */
	uint32_t count, capacity;
	TAILQ_ENTRY(bookmarks) by_dirty;
	UT_hash_handle hh;
};

struct user {
	uint32_t id;
	uint32_t device_count;
	uint64_t self; /* the same after a restart of a host whose store is durable */
	bool owner, away;
	uint8_t role; /* enum wire_role, on the whole host */
	bool kept; /* without a connection, but not forgotten for that: in host->kept_users */
	uint32_t rooms_made;
	struct account *account; /* NULL: a guest */
	char *away_reason; /* NULL: none */
	uint64_t since, seen; /* wall clock: came first, was here last */
	uint32_t public_count, direct_count; /* memberships by kind */
	struct nick nick;
	uint64_t wish; /* host_nick_hash() of the nick that it last asked for; of owners: first */
	struct membership **memberships;
	uint32_t membership_count, membership_capacity;
	struct membership *last_used;
	struct bookmarks *bookmarks; /* NULL: none, or not looked for yet */
	struct peer_list peers;
	TAILQ_HEAD(, device) devices;
	tchat_time left; /* when its last connection went */
	tchat_time paid; /* guests: when all of its burst will be there again */
	TAILQ_ENTRY(user) by_left, by_account;
	SLIST_ENTRY(user) by_wish;
	UT_hash_handle by_id, by_nick;
};

struct device {
	uint64_t id;
	struct user *user;
	struct host_peer *peer; /* its connection, or NULL */
	tchat_time banned;      /* until then */
	TAILQ_ENTRY(device) by_user;
	UT_hash_handle hh;
};

/* A request in the store, or on its way there. */
struct pending {
	union {
		struct store_request request;
		struct store_read read;
		struct store_room room;
		struct store_device device;
		struct store_record record;
		struct store_backup backup;
	} store; /* first */
	struct host_peer *peer; /* NULL: the host's own */
	struct room *target;
	uint32_t number; /* of the client's request */
	uint8_t type;    /* of the client's frame */
	uint8_t flags;
	uint8_t tries;
	bool closes;     /* JOIN: the room is to be private */
	uint32_t user, other;   /* ids, for joining */
	struct message_id id;   /* RESUME */
	uint64_t epoch, seq;    /* RESUME */
	struct nick wish;       /* AUTH, NICK */
	struct trust_pin pin;   /* MODERATE: of whom; INVITE: its key */
	uint8_t *blob;          /* what a record holds */
	TAILQ_ENTRY(pending) all, waiting;
};
TAILQ_HEAD(pending_list, pending);

/* Beside each post of a batch: who sent it, to which room, and the next post of the same part. */
struct round_post {
	struct host_peer *peer;
	uint64_t room;
	uint32_t next;
};

struct round_part {
	struct room *room; /* NULL: refused posts */
	uint32_t first, last;
};

struct round {
	struct store_batch batch; /* first */
	struct round_post *posts;
	struct round_part *parts;
	size_t post_capacity, part_capacity;
	size_t bytes;
	uint32_t number;
	uint32_t refused; /* the part without a room, plus one */
};

struct host {
	const struct environment *environment;
	struct store *store;
	struct host_limits limits;
	uint32_t frame_told; /* the largest frame that somebody was told may come */
	void (*report)(void *arg, struct host_report *report);
	void *report_arg;
	char *software, *motd;
	uint8_t id[WIRE_KEY_SIZE];
	uint8_t device_key[16];
	tchat_time now;
	bool closing, wants_end;
	uint64_t touch, mark;
	bool store_fails; /* the last round was not kept */

	struct peer_list peers, dirty, resume, crowded, throttled, dying, stalled, waits[WAITS];
	tchat_time wait_length[WAITS];
	tchat_time throttle_due; /* when one of those may go on */
	size_t peer_count, ready_count;

	struct crowd *crowds;
	struct user *users_by_id, *users_by_nick;
	struct device *devices;
	TAILQ_HEAD(user_list, user) idle_users, kept_users; /* without a connection, longest so first */
	SLIST_HEAD(, user) keyless; /* owners without an account, the newest first */
	uint32_t idle_count, last_user;

	bool secure; /* users are known by keys; all of this is empty otherwise */
	bool has_owner;
	enum host_access access;
	struct trust_pin pin, owner_pin;
	struct account *accounts;
	struct account_key *keys;
	struct skeleton *skeletons;
	struct invitation *invitations;
	struct knock *knocks_by_pin;
	TAILQ_HEAD(, account) strangers;
	TAILQ_HEAD(knock_list, knock) knocks, refusals;
	uint32_t knock_count, refusal_count;
	struct peer_list owners; /* READY ones */
	struct rule *rules;   /* by id */
	struct ruled *ruled;  /* by whom they are about */
	TAILQ_HEAD(rule_list, rule) rule_list; /* in order of ids */
	uint32_t last_rule;
	tchat_time rules_due; /* when one may be over */
	struct account *reserved; /* has the nicks that nobody may have; NULL: there are none */
	TAILQ_HEAD(act_list, act_kept) acts;
	uint64_t last_act;
	uint32_t act_count;
	struct owed *owed; /* records that are behind, to be written at owed_due */
	tchat_time owed_due;
	bool history_joined; /* newcomers read what is said from then on */
	struct bookmarks *bookmarks;
	TAILQ_HEAD(, bookmarks) dirty_bookmarks; /* to be written at bookmarks_due */
	tchat_time bookmarks_due;

	struct room *rooms_by_id, *rooms_by_key;
	TAILQ_HEAD(, room) empty;

	struct round rounds[2];
	struct round *gather, *flight; /* flight: NULL when none is in the store */
	struct pending_list pendings, waiting;
	struct buffer scratch, text;

	size_t queued;
	size_t told; /* bytes of changes that were queued for others since the last flush began */
	struct host_counters counted;
	struct host_event *events; /* a ring */
	uint32_t event_first, event_count;
};

#endif
