/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every face (full screen, lines, JSON, ping) starts with: a loop, signals, a session with a host. */
#ifndef TCHAT_APP_TALK_H
#define TCHAT_APP_TALK_H

#include "app/host_trust.h"
#include "app/kept.h"
#include "app/link.h"
#include "app/options.h"
#include "client/session.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "net/stream.h"
#include "system/sandbox.h"
#include "wire/address.h"

enum { TALK_ADDRESSES = 64, TALK_TEXT = 1536, TALK_OWN = 10, TALK_OWN_TEXT = 64 };

/* This machine's addresses, with brackets where they are IPv6: reach_look() takes them down before the sandbox, from
 * within which nobody can ask for them. */
struct talk_own {
	size_t count;
	char host[TALK_OWN][TALK_OWN_TEXT];
};

/* Where to, and what the caller of a face knows about it. */
struct talk_place {
	struct address address;        /* to be dialled, also after the pair broke */
	struct stream *pair;           /* the first connection, taken; NULL: dial */
	int names;                     /* the helper that looks up names (net/names.h), taken; -1: none */
	struct sandbox sandbox;        /* this process's */
	bool owns_host;
	char *listening[TALK_ADDRESSES]; /* where one's own host listens, for its owner's first screen */
	size_t listening_count;
	struct talk_own own;           /* for a host that listens on all addresses */
	char *note;                    /* what its owner should know of one's own host besides, or NULL */
	bool has_pin;                  /* of one's own host: its key, and the secret of a first invitation */
	struct trust_pin pin;
	bool has_token;
	uint8_t token[TRUST_TOKEN_SIZE];
};

struct talk {
	const struct options *options;
	struct talk_place *place;
	struct trust_identity *identity; /* NULL: not encrypted */
	struct host_trust *trust;        /* NULL: likewise */
	bool has_token;                  /* we come with a link's invitation, and are not in yet */
	struct loop *loop;
	struct resolver *resolver;
	struct session *session;
	struct kept *kept;             /* NULL: what was not sent ends with the program */
	bool is_other;                 /* the host that answered last is not the one that this is of */
	struct link *link;
	struct link_config handlers;   /* event, settled and arg: set by the face before talk_start() */
	int signals;                   /* descriptor to take signals from (system/signals.h) */
	struct watch *signal_watch;
	void (*signal)(void *arg, int number); /* set by the face; arg is that of handlers */
};

/* Makes everything but the link. history: newest messages to show at a first join. asks: the face can ask a person
 * whether a host's key is right, unless --trust says otherwise. 0 or an enum exit_status, after a line on stderr.
 * talk_free() is needed in either case. */
int talk_open(struct talk *talk, const struct options *options, struct talk_place *place, uint32_t history, bool asks);

/* The room to start in: that of the command line, of the address, of tchatrc, or the lobby. Any text. */
const char *talk_room(const struct options *options, const struct talk_place *place);

/* Starts the link: events come from the next round on. 0 or TCHAT_ERR_MEMORY. */
int talk_start(struct talk *talk);

void talk_free(struct talk *talk);

/* Whether another user is in one of the rooms. */
bool talk_others_are_here(const struct talk *talk);

/* The exit status for the end of a session: code is that of the last DISCONNECTED, or of the first failure to connect. */
int talk_status(const struct talk *talk, int code);

/* The link that a host of one's own made at its start was told: its secret is forgotten. */
void talk_forget_link(struct talk_place *place);

/* After the host let us in: what place did not know of it. */
void talk_connected(struct talk *talk);

/* Whether the end with this code is a question that the user has not been asked yet: is this the right host? Its text,
 * some lines. Yes is host_trust_accept() and session_retry_now(). */
bool talk_asks(const struct talk *talk, int code);
void talk_question(const struct talk *talk, char text[TALK_TEXT]);

/* What to tell who waits at the door. */
void talk_waiting(const struct talk *talk, const struct session_event *event, char text[TALK_TEXT]);

/* "ann", or "ann (owner, away)", to buffer of size bytes; returns it. */
const char *talk_member(const char *nick, uint8_t role, bool away, char *text, size_t size);

/* One line that says why there is no connection and what to do, to buffer of size bytes. */
void talk_explain(const struct talk *talk, int code, char *text, size_t size);

/* The faces: each returns an enum exit_status. */
int face_screen(const struct options *options, struct talk_place *place);
int face_lines(const struct options *options, struct talk_place *place);
int face_json(const struct options *options, struct talk_place *place);

/* tchat --ping */
int mode_ping(const struct options *options, struct talk_place *place);

#endif
