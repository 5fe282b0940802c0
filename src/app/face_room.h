/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rooms as the full screen shows them: each with its messages, its place in them, its draft, its counts. */
#ifndef TCHAT_APP_FACE_ROOM_H
#define TCHAT_APP_FACE_ROOM_H

#include "base/text.h"
#include "client/session.h"
#include "ui/line_editor.h"
#include "ui/message_list.h"
#include "ui/message_pane.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FACE_ROOMS_MAX = 256, FACE_PAGE = 200, FACE_MESSAGES_MOST = 5000 };

/* The page of history that is on its way: where it goes (face_past.h). */
enum face_asks { FACE_ASKS_NOTHING, FACE_ASKS_OLDER, FACE_ASKS_FAR_OLDER, FACE_ASKS_FAR_NEWER, FACE_ASKS_JUMP };

/* What is known about the messages before a list, while its oldest one has this serial. */
struct face_older {
	uint64_t before; /* the next page ends before this seq; 0: not known yet */
	uint64_t at;
	bool complete;   /* there are none */
};

/* A stretch of the past. */
struct face_far {
	struct message_list *list;
	struct message_pane *pane; /* NULL: there is none */
	struct face_older older;
	uint64_t next;             /* the lowest seq behind it */
	uint32_t newer;            /* so many a page: what fits; 0: the usual */
};

/* Handle 0 is tchat's own room, for what belongs to no other; it is shown while there is no other. */
struct face_room {
	uint32_t handle;
	char *name;
	char *topic;
	bool direct;
	bool joined;                /* it was, once; since then one may have been put out of it */
	struct message_list *list;  /* the newest messages */
	struct message_pane *pane;
	struct face_far far;        /* is shown in their place */
	struct line_draft *draft;   /* while another room is shown */
	bool draft_restored;        /* that of the last time was looked for */
	unsigned unread;
	unsigned mentions;
	unsigned failed;
	struct face_older older;
	uint64_t restarted;         /* a serial: before it, another history; 0: none */
	enum face_asks asks;
	uint32_t asked;             /* the number of the last page asked for */
	uint64_t asked_before;
	uint64_t jump;              /* the seq that FACE_ASKS_JUMP is about */
	bool jump_short;            /* the page did not reach down to it */
	bool jump_bare;             /* nothing newer is there yet: it is shown again when there is */
	struct message_list *page;  /* what came of it */
	struct face_fate *fates;    /* of messages that were changed (face_changes.h) */
	uint64_t picked;            /* seq of the message that the next command is about; 0: none */
};

/* Public rooms in the order of joining, then direct ones. */
struct face_rooms {
	struct session *session; /* who is in which room, and what was read */
	struct face_room *rooms[FACE_ROOMS_MAX];
	size_t count;
	size_t current;
	bool away_from_window; /* another window has the focus: nothing that comes is read */
	char own_nick[MESSAGE_NICK_MAX];
};

/* Starts with tchat's own room only. The session has to outlive the rooms. 0 or TCHAT_ERR_MEMORY. */
int face_rooms_init(struct face_rooms *rooms, struct session *session);
void face_rooms_free(struct face_rooms *rooms);

/* The room of a handle, NULL when there is none. add makes it: NULL then means that memory is out. */
struct face_room *face_rooms_find(struct face_rooms *rooms, uint32_t handle);
struct face_room *face_rooms_add(struct face_rooms *rooms, uint32_t handle, const char *name, bool direct);
void face_rooms_remove(struct face_rooms *rooms, uint32_t handle);

struct face_room *face_rooms_current(struct face_rooms *rooms);

/* Makes another room the current one: what was unread in the one before is so no longer, unless it was never seen. */
void face_rooms_go(struct face_rooms *rooms, size_t index);

/* The room's name with its sign: "#lobby", "@ann". */
enum { FACE_TITLE = 2 * TEXT_NAME_BYTES + 8 };
const char *face_room_title(const struct face_room *room, char title[FACE_TITLE]);

/* The own nick, for mentions. */
void face_rooms_set_own(struct face_rooms *rooms, const char *nick);

/* Takes a session's event into the room it belongs to: messages, states, history pages, notices about members.
 * Returns what the user should notice beyond the screen: the bits below. */
enum { FACE_CHANGED = 1, FACE_MENTION = 2 };
unsigned face_rooms_event(struct face_rooms *rooms, const struct session_event *event);

/* A line of tchat's own at the end of a room. wall: microseconds since 1970. */
void face_room_say(struct face_room *room, enum message_kind kind, const char *text, uint64_t wall);

/* The same, made as by printf(), with the wall clock's time. */
void face_room_tell(struct face_room *room, enum message_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The reader may have seen the end of the current room: then nothing is unread there any more. */
void face_rooms_read(struct face_rooms *rooms);

#endif
