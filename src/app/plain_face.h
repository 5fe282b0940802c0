/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What line mode and JSON mode share: standard input and output around one session, when to leave, and how it went. */
#ifndef TCHAT_APP_PLAIN_FACE_H
#define TCHAT_APP_PLAIN_FACE_H

#include "app/input.h"
#include "app/output.h"
#include "app/talk.h"

struct plain_face;

struct plain_class {
	/* Each event of the session, in order, before the face itself heeds it. */
	void (*event)(struct plain_face *face, const struct session_event *event);
	/* One line of input, NUL-terminated; cut: it goes on in the next one. TCHAT_ERR_FULL or _AGAIN: the same line
	 * again later; anything else: it is done with. */
	int (*line)(struct plain_face *face, const char *line, size_t length, bool cut);
	size_t line_maximum;
	/* Asks the user whether this is the right host; refused: only tells what it showed. */
	void (*ask)(struct plain_face *face, bool refused);
	/* What a line of input answers: whether it is a yes. */
	bool (*answer)(struct plain_face *face, const char *line, size_t length);
	bool asks;           /* a person can be asked, unless --trust says otherwise */
};

struct plain_face {
	const struct plain_class *class;
	struct talk talk;
	struct output *output;   /* to standard output */
	uint32_t room;           /* the first room */
	bool refused;            /* something posted was refused: exit status 1. May be set by the class */
	bool connected;          /* private from here on: there was a connection that was ready */
	bool leaving;            /* no more input is taken */
	bool ends_host;          /* one's own host is ended, too */
	enum { PLAIN_ANSWERED, PLAIN_ASKING, PLAIN_SAID_YES } question; /* whether this is the right host */
	bool stuck;              /* a line waits to be taken again */
	bool held;               /* the output is congested */
	bool busy;               /* see plain_busy() */
	bool signalled;
	struct input *input;     /* from the moment on when the first room is ready */
	struct loop_hook hook;
	struct loop_timer patience;
	struct loop_timer retry;
	int status;              /* the exit status, -1 as long as it is not known */
};

/* Opens the session and asks for the first room: 0, or an enum exit_status after a line on stderr. history: newest
 * messages to show. plain_close() is needed in either case. */
int plain_open(struct plain_face *face, const struct plain_class *class, const struct options *options,
               struct talk_place *place, uint32_t history);

/* Runs until the end; an enum exit_status. */
int plain_run(struct plain_face *face);
void plain_close(struct plain_face *face);

/* Takes input from now on; it is taken by itself when the first room is ready. */
void plain_start_input(struct plain_face *face);

/* Leaves when all is acknowledged, as at the end of input. end_host: ends the host, which has to be one's own, too. */
void plain_leave(struct plain_face *face, bool end_host);

/* The line that class->line() did not take comes again then, and whenever something happened. */
void plain_retry_at(struct plain_face *face, tchat_time when);

/* More requests will follow the answer to this one: until that is over, a leave waits, unless a signal asked for it. */
void plain_busy(struct plain_face *face, bool busy);

/* Whether leaving ends the host, unless the user says something else: it is one's own, and nobody else is there. */
bool plain_is_last(const struct plain_face *face);

/* Ends with this status when the output is written. The first call counts. */
void plain_finish(struct plain_face *face, int status);

#endif
