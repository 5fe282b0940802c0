/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host: rooms, members, fan-out, as a state machine that takes bytes and gives bytes. No descriptor, no clock, no
 * thread. A round of the caller: host_peer_input() for what was read, host_flush(), then each host_next_dirty() peer
 * is written to until its output is empty or the socket is full; host_deadline() says when to call host_tick(). */
#ifndef TCHAT_HOST_HOST_H
#define TCHAT_HOST_HOST_H

#include "base/clock.h"
#include "store/store.h"
#include "trust/trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct host;
struct host_peer;

/* 0 gives the default in brackets. */
struct host_limits {
	uint32_t peers;          /* connections [16,384] */
	uint32_t remembered;     /* users without a connection [4,096] */
	uint32_t rooms;          /* [1,024] */
	uint32_t rooms_per_user; /* joined at a time, as many direct ones, twice that with one's own [64] */
	uint32_t rooms_made;     /* by one user [64] */
	uint32_t requests;       /* of one peer waiting for the store [8] */
	uint32_t fan_out;        /* members up to which joins and leaves are told [256] */
	uint32_t text;           /* of one message [16,384] */
	uint32_t frame;          /* bytes of one frame's payload, 4,096 to 65,536 [65,536] */
	size_t queue;            /* one peer's output; above: GAP [1 MiB] */
	size_t queue_soft;       /* above: not read from [256 KiB] */
	size_t queue_total;      /* of all blocks that wait for some peer; above, queue counts a sixteenth [256 MiB] */
	size_t round;            /* bytes of posts gathered for one commit [512 KiB] */
	tchat_time handshake;    /* [10 s] */
	tchat_time silence;      /* until PING, and until closed after it [60 s] */
	tchat_time stalled;      /* output without progress [60 s] */
	tchat_time memory;       /* of a user without a connection [10 min] */
	tchat_time ban;          /* [60 s] */
	uint32_t accounts;       /* users with keys, remembered ones too [8,192] */
	uint32_t rules;          /* decisions about users that hold [8,192] */
	uint32_t per_user;       /* connections of one user's keys or salt, owners' apart [64] */
	uint32_t per_address;    /* of those who were not admitted, from one address (IPv6: /64) [1,024] */
	uint32_t members;        /* of one room, direct ones apart [1,000,000] */
	uint32_t rate;           /* messages and requests a second of one user, on and on; a large one counts as several; */
	uint32_t burst;          /* and so many at once; above that it is not read from. Owners have no such limit [100, 1,000] */
	uint32_t knocks;         /* that wait at the door, or went away and are remembered [64] */
	uint32_t knocks_per_address; /* [4] */
	uint32_t invitations;    /* alive [64] */
	uint32_t nick;           /* characters, at most 16 [16] */
	uint32_t room_name;      /* bytes, at most 64 [64] */
	uint32_t topic;          /* bytes, at most 400 [400] */
	tchat_time door;         /* that one waits at the door [10 min] */
};

enum host_access {
	HOST_ACCESS_ASK,    /* who is not known knocks, and an owner decides */
	HOST_ACCESS_INVITE, /* who is not known needs an invitation */
	HOST_ACCESS_OPEN,   /* everybody comes in */
};

/* What somebody who is new in a room may read. */
enum host_history_access {
	HOST_HISTORY_ALL,
	HOST_HISTORY_JOINED, /* what is said after its first coming; owners all */
};

/* The answer to an owner who asks how the host does: one value after the other. most 0: there is no limit; text NULL:
 * there is none. Names and texts are short; the name is a word of a-z. */
struct host_report;
void host_report_add(struct host_report *report, const char *name, uint64_t used, uint64_t most, const char *text);

struct host_config {
	const struct environment *environment;
	struct store *store;  /* not owned; freed before the host */
	const char *software; /* "tchat 0.1.0"; copied, as motd */
	const char *motd;     /* or NULL */
	const struct store_identity *identity; /* who it was before; NULL: somebody new */
	struct host_limits limits;
	const struct trust_pin *pin; /* of the host's key; NULL: insecure, everybody is a guest; copied, as owner */
	enum host_access access;
	enum host_history_access history;
	void (*report)(void *arg, struct host_report *report); /* adds what the caller knows; or NULL */
	void *report_arg;
	const struct trust_pin *owner; /* the key of who runs it: always admitted, an owner; NULL: nobody's */
};

/* NULL when memory is out. Has the store make the lobby. */
struct host *host_new(const struct host_config *config);

/* Changes motd, access, history and limits to those of config; the rest of it does not count. Whom that would not
 * have let in stays. 0, or TCHAT_ERR_MEMORY with nothing changed. */
int host_reconfigure(struct host *host, const struct host_config *config);

/* Other limits hold from now on, with the defaults for 0; whoever is beyond one of them stays. */
void host_set_limits(struct host *host, const struct host_limits *limits);
const struct host_limits *host_limits(const struct host *host);

/* Frees all, peers included. NULL is fine. */
void host_free(struct host *host);

struct host_peer_info {
	const char *address;   /* for events; copied */
	bool account_is_owner; /* the connection is of the account that runs the host */
	void *user;            /* the caller's own */
	const struct trust_pin *pin; /* of the key that the other side proved to have; NULL: none; copied */
};

/* A new connection. NULL when memory is out or far too many are there: close it. */
struct host_peer *host_peer_new(struct host *host, const struct host_peer_info *info, tchat_time now);

/* The connection is gone; the pointer is dead after this. Call exactly once for each peer. */
void host_peer_closed(struct host_peer *peer, tchat_time now);

void *host_peer_user(const struct host_peer *peer);

/* AUTH_OK was sent: it is not a stranger any more. */
bool host_peer_is_ready(const struct host_peer *peer);

/* It knocked and waits, for longer than a handshake may last. */
bool host_peer_is_at_door(const struct host_peer *peer);

/* The key with this pin may come in without being asked who it is. */
bool host_is_admitted(struct host *host, const struct trust_pin *pin);
/* How many accounts may. */
size_t host_admitted(const struct host *host);

/* An invitation of the host's own: what trust_token_public() made of its token; uses 0: 1; seconds 0: for ever; the
 * room that it names or NULL. 0, TCHAT_ERR_TOO_MANY_INVITATIONS, TCHAT_ERR_NO_KEY (that one is known already),
 * TCHAT_ERR_BAD_NAME or TCHAT_ERR_MEMORY. */
int host_invite(struct host *host, const uint8_t public[TRUST_PUBLIC_SIZE], uint16_t uses, uint64_t seconds,
                const char *room);

/* What was read from the connection: at most 64 KiB, and only while host_peer_wants_input(). */
void host_peer_input(struct host_peer *peer, const uint8_t *bytes, size_t length, tchat_time now);
bool host_peer_wants_input(const struct host_peer *peer);

/* No more input will come (the peer half-closed): it gets the answers that are due, then it is HOST_FLUSH. */
void host_peer_input_ended(struct host_peer *peer, tchat_time now);

/* The output that waits, as at most count parts; returns how many, 0 when there is none. Valid until the next call
 * that takes the host or a peer of it. */
int host_peer_output(const struct host_peer *peer, struct iovec *parts, int count);

/* Bytes of the output that were written. Call it after each attempt, also with 0 when the connection took none: a
 * peer with output is listed as dirty only when it had none before, so wait for POLLOUT after that. */
void host_peer_consumed(struct host_peer *peer, size_t length, tchat_time now);

enum host_closing {
	HOST_OPEN,
	HOST_FLUSH, /* write the output, then shutdown(SHUT_WR), read on (to nowhere) to the end or for 2 s, close */
	HOST_DROP,  /* close at once */
};

/* What to do with the connection. A peer for which this changes is listed as dirty. */
enum host_closing host_peer_closing(const struct host_peer *peer);

/* Takes the next peer with fresh output or a change of closing from the list; NULL when there is none. */
struct host_peer *host_next_dirty(struct host *host);

/* The end of a round: submits the posts gathered, takes what the store completed, queues the fan-out. */
void host_flush(struct host *host, tchat_time now);

/* The store woke the loop: as host_flush(). */
void host_store_ready(struct host *host, tchat_time now);

/* When host_tick() is due: may lie in the past, TCHAT_NEVER when nothing waits. Ask after the dirty peers. */
tchat_time host_deadline(const struct host *host);

/* Does what is due, and ends with host_flush(). */
void host_tick(struct host *host, tchat_time now);

/* GOAWAY to all; every peer is HOST_FLUSH then, and new ones are refused. retry_ms: 0: do not come back. */
void host_shutdown(struct host *host, uint32_t retry_ms, tchat_time now);

/* An owner asked the host to end: time for host_shutdown(). */
bool host_wants_end(const struct host *host);

/* --- What happened, for the log. */

enum host_event_type {
	HOST_EVENT_CAME,      /* user, nick, text: address */
	HOST_EVENT_WENT,      /* user, nick (0, "" before AUTH_OK), text: address, code: why, 0: by itself */
	HOST_EVENT_RENAMED,   /* user, nick, text: the old nick */
	HOST_EVENT_KICKED,    /* user, nick, room, text: reason */
	HOST_EVENT_ROOM_MADE, /* user, nick, room */
	HOST_EVENT_BEHIND,    /* user, nick, room: who has messages of it that are not here, or others there; once a room */
	HOST_EVENT_STORE,     /* code: why a batch was not kept; 0: batches are kept again */
	HOST_EVENT_KNOCKED,   /* nick: the wish, text: address */
	HOST_EVENT_ADMITTED,  /* nick: of whom, text: nick of the owner who admitted or invited, "" for the host itself */
	HOST_EVENT_REFUSED,   /* nick: of whom, text: nick of the owner */
	HOST_EVENT_INVITED,   /* nick: who made an invitation, room */
	HOST_EVENT_BACKUP,    /* nick: who asked for it, room: its name, code: why it failed, text: more on that */
	HOST_EVENT_ACT,       /* code: enum wire_moderation, nick: of whom (or address), room, text: by whom */
};

enum { HOST_EVENT_TEXT = 256 };

struct host_event {
	enum host_event_type type;
	uint32_t user;
	int code; /* enum tchat_err, or 0 */
	char nick[HOST_EVENT_TEXT]; /* normalised, as all texts */
	char room[HOST_EVENT_TEXT];
	char text[HOST_EVENT_TEXT];
};

/* The next event; false when none waits. Of more than 256, the oldest are lost. */
bool host_next_event(struct host *host, struct host_event *event);

struct host_counters {
	size_t peers;        /* connections now */
	size_t accounts, knocks, invitations, rules;
	size_t ready, users; /* connections after AUTH_OK; users, remembered ones too */
	size_t rooms;
	size_t queued;       /* bytes of blocks that wait for some peer */
	uint64_t posts;      /* accepted so far, as all below */
	uint64_t refused, gaps, events_lost;
	uint64_t deliveries; /* (message, connection) pairs queued live */
};

void host_counters(const struct host *host, struct host_counters *counters);

#endif
