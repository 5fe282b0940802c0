/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person types, carried out: text goes to the room, a leading slash is a command. Shared by the full screen and
 * by line mode, which say how notices are shown. */
#ifndef TCHAT_APP_FRONT_H
#define TCHAT_APP_FRONT_H

#include "app/door.h"
#include "app/settings.h"
#include "client/session.h"

#include <stdbool.h>
#include <stddef.h>

struct front;

enum front_leave { FRONT_QUIT, FRONT_DETACH, FRONT_END_HOST };

/* A message that a command is about. */
struct front_message {
	uint64_t seq;
	const char *text; /* clean; valid until the next event; may be NULL */
	size_t length;
	bool pending;     /* it has no seq yet */
};

struct front_class {
	/* A notice for the user, one line of clean text or several. */
	void (*notice)(struct front *front, const char *text);
	/* From now on input goes to this room. */
	void (*switch_room)(struct front *front, uint32_t room);
	void (*clear)(struct front *front);
	/* The user wants to leave. */
	void (*leave)(struct front *front, enum front_leave how);
	/* A setting has another value now; may be NULL. */
	void (*changed)(struct front *front, enum setting setting);
	/* What in the current room, or in all, holds a text ("": that of the last search). 0 or TCHAT_ERR_FULL: later. */
	int (*search)(struct front *front, const char *text, bool all);
	/* Only where there is a screen, else NULL, as the next two: all of the help. */
	void (*help)(struct front *front);
	/* Shows the first message of a day, as typed. */
	void (*date)(struct front *front, const char *day);
	/* Puts the newest message, or link, into the clipboard. */
	void (*copy)(struct front *front, bool link);
	/* The message of the current room that a command means: one's own, or another's. False: none, or it is pending. */
	bool (*message)(struct front *front, bool own, struct front_message *message);
	/* Only where there is a screen: puts its text into the input line, for /edit; asks, then deletes. */
	void (*edit)(struct front *front, const struct front_message *message);
	void (*ask_delete)(struct front *front, const struct front_message *message);
	/* /part of the current room, which one was put out of before. */
	void (*close)(struct front *front);
};

/* The post that was refused last; text is NULL when there is none. */
struct front_failed {
	uint32_t room;
	uint8_t kind;
	uint64_t counter, target, reply;
	char *text;
};

/* The ref of what /retry posts: the counter of the post that was refused. */
#define FRONT_RETRY "retry %llu"

struct front {
	const struct front_class *class;
	struct session *session;
	const struct options *options;
	const struct talk_place *place;
	struct door door;      /* who waits, what was invited */
	struct front_failed failed; /* freed by front_forget_failed() */
	uint32_t room;         /* where text goes; 0: nowhere yet */
	uint32_t names_room;   /* where /names was asked for */
	uint64_t audit_next;   /* where /audit more goes on; 0: nowhere */
	uint32_t audit_room;   /* and in which room */
	bool away;
	bool keys_asked;       /* /keys waits for its answer */
	bool owns_host;        /* the host is this program's child or this account's */
};

/* Carries out one line of input (clean UTF-8 or not). A line that starts with / is a command, // a text that starts
 * with one slash. 0, or a negative error after a notice; TCHAT_ERR_FULL without one: the same line again later. */
int front_input(struct front *front, const char *line, size_t length);

/* To be told of every event. Says what it means if it has to do with who may come in and who is who; false: it has
 * not. */
bool front_event(struct front *front, const struct session_event *event);

void front_forget_failed(struct front *front);

/* Puts text into the current room as it is. The same returns. */
int front_post(struct front *front, uint8_t kind, const char *text, size_t length);

/* The same, about another message, as session_post_about(). */
int front_post_about(struct front *front, uint8_t kind, const char *text, uint64_t target, uint64_t reply);

/* A notice made as by printf(), cleaned for showing. */
void front_say(struct front *front, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, one line whatever it holds: for what comes from others. */
void front_say_line(struct front *front, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One row of commands.def. */
struct command {
	const char *name;
	int least, most;
	const char *completion;
	const char *usage;
	const char *help;
};

/* The rows in order: NULL when index is past the last. Texts are not yet translated. */
const struct command *command_at(size_t index);

#endif
