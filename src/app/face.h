/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The full screen, inside: one struct that its files share. */
#ifndef TCHAT_APP_FACE_H
#define TCHAT_APP_FACE_H

#include "app/drafts.h"
#include "app/face_room.h"
#include "app/front.h"
#include "app/talk.h"
#include "base/buffer.h"
#include "ui/frame_pacer.h"
#include "ui/line_editor.h"
#include "ui/screen.h"
#include "ui/terminal.h"
#include "ui/tokenizer.h"

#include <stdbool.h>

/* What an open dialogue decides. */
enum face_question {
	ASK_NOTHING,
	ASK_END_HOST,   /* leaving while others are in the owner's host */
	ASK_SEND,       /* a long draft */
	ASK_ROOM,       /* the room switcher */
	ASK_FOUND,      /* the list of what was found */
	ASK_TRUST,      /* whether this is the right host */
	ASK_DOOR,       /* whether somebody may come in */
	ASK_DELETE,     /* whether a message is to go */
};

enum { FACE_NAMES_MAX = 60000, FACE_FOUND_MAX = 1000 };

/* A search in a room, or in one after the other: what for, and what was found, in each newest first. */
struct face_search {
	char *needle;
	uint32_t room;     /* the one at work */
	bool all;
	size_t rooms_done; /* of all */
	struct face_found {
		uint32_t room;
		uint64_t seq;
	} found[FACE_FOUND_MAX];
	size_t count, at; /* at: which one is shown */
	size_t in_room;   /* found in the one at work */
	uint32_t asked;
	bool asks;        /* the answer to asked is awaited */
	bool more;        /* there may be more before next */
	uint64_t next;
	bool walks;       /* shows the next one as soon as it is found */
	bool enters;      /* Enter was pressed before there was anything to choose */
	bool day;         /* what is shown is what /date found */
};

/* The search for a day's first message: it is at low, at high, or between. */
struct face_date {
	uint32_t room;
	uint64_t start;   /* of the day */
	uint64_t low, high, last;
	uint64_t middle;  /* the one that is asked for */
	bool late;        /* it is of that day or later */
	uint32_t asked;
	bool asks;
};

struct face {
	struct front front; /* first: the front's verbs find the face by it */
	struct talk talk;
	struct talk_place *place;
	struct face_rooms rooms;

	struct terminal *terminal;
	struct cells *cells;
	struct tokenizer *tokenizer;
	struct line_editor *editor;
	struct frame_pacer pacer;
	struct watch *keyboard;
	struct loop_hook hook;     /* draws at the end of a round */
	struct loop_timer draw;    /* when the pacer held a frame back */
	struct loop_timer escape;  /* a lone ESC */
	struct loop_timer minute;  /* the clock, the countdown */
	struct loop_timer keep;    /* what was typed is not yet kept */
	struct loop_timer patience; /* told to end: no longer than this */

	struct trust_pin knocking; /* whom ASK_DOOR is about */
	struct loop_timer hands_off; /* when the next one may be asked about */
	tchat_time touched;        /* the last key; 0: none */
	bool waiting;              /* at the host's door */

	struct dialogue *dialogue;
	enum face_question question;
	struct help_screen *help;
	char *held_line;           /* the draft that ASK_SEND asks about */
	enum screen_side show_rooms, show_members;
	int member_scroll;
	struct screen_layout layout; /* of the last frame */
	int focus;                 /* of the terminal's window: 1 has it, -1 has not, 0 not known */
	char title[64];            /* as set last */
	struct drafts *drafts;     /* of the last time; NULL: none */
	bool lines_to_keep;        /* lines were submitted since the history was kept */

	struct buffer names;       /* the answer to /names so far */
	uint32_t room_before;      /* what was shown before the present room */
	bool plain;                /* a link is shown in place of the screen */
	bool called;               /* somebody said the reader's name, or knocks: the bell, with the next frame */
	bool has_written;          /* a line was submitted: no more hints */

	struct face_search search;
	struct face_date date;
	struct message_place place_before; /* where the view was before a found message was shown */
	bool searching;            /* a found message is shown */
	uint64_t target;           /* seq of the message that the command being carried out is about; 0: the newest */
	bool picking;              /* keys are about the selected message, not for the input line */
	uint64_t deletes;          /* the seq of what ASK_DELETE is about */
	uint32_t deletes_room;

	int code;                  /* why there is no connection, 0 while there is one or the first is tried */
	tchat_time retry_at;
	bool ready;
	bool ever_ready;
	bool leaving;
	int status;                /* exit status */
	char last_words[TALK_TEXT];      /* printed when the screen is gone */
	char host_text[256];
};

/* Handles one token from the terminal (face_keys.c). */
void face_token(struct face *face, const struct token *token);

/* Draws everything into the grid and the terminal (face_view.c). */
void face_draw(struct face *face);

/* Completes what is typed (face_complete.c): a line_completer whose arg is the face. */
void face_complete(void *arg, const char *line, size_t cursor, struct line_completion *out);

/* Something shown has changed; urgent: the user's own key did it. */
void face_changed(struct face *face, bool urgent);

/* Shows the room at an index, keeping the draft of the one before. */
void face_show_room(struct face *face, size_t index);
void face_show_handle(struct face *face, uint32_t handle);

/* Gives the terminal to the shell until it says "go on" (^Z). */
void face_suspend(struct face *face);

/* A notice at the end of the room shown. */
void face_notice(struct face *face, enum message_kind kind, const char *text);

/* Leaves: asks first when others would be left without their host. */
void face_leave(struct face *face, enum front_leave how, bool asked);

/* Lies over the screen (face_overlay.c): a question, whose dialogue (NULL: memory is out) is taken; the room switcher;
 * the help; nothing any more. */
void face_ask(struct face *face, enum face_question question, struct dialogue *dialogue);
void face_open_switcher(struct face *face);
void face_open_help(struct face *face);
void face_close_overlay(struct face *face);

/* The question about a new host, and its answer (face_trust.c). */
void face_ask_trust(struct face *face);
void face_answer_trust(struct face *face, bool yes);

/* Somebody knocks at one's own host: asks when it is time to (at the end of each round); the answer's index, -1: none.
 * Oneself waits at the door of another (face_door.c). */
void face_mind_door(struct face *face);
void face_answer_door(struct face *face, int answer);
void face_wait_at_door(struct face *face, const struct session_event *event);

/* Takes a room (not tchat's own) off the list; another one is shown when it was in view. */
void face_close_room(struct face *face, struct face_room *room);

/* Takes one event of the session; arg is the face (face_event.c). */
void face_event(void *arg, const struct session_event *event);

/* The verbs of the face's front (face_submit.c). */
extern const struct front_class face_front;

/* Settings at work (face_settings.c): the panes and modes at the start; one that was changed; the window's title; what
 * tells the user that somebody said the own name. */
void face_start_settings(struct face *face);
void face_setting(struct face *face, enum setting setting);
void face_show_title(struct face *face, const struct status_view *status);
void face_call_user(struct face *face);

/* What survives a restart (face_state.c): typed lines, and drafts, each for the room it belongs to. They are kept at the
 * end, and some seconds after a key, so that not even a kill takes more than those. */
void face_load_state(struct face *face);
void face_save_state(struct face *face);
void face_keep_soon(struct face *face);
void face_on_keep(void *arg); /* the timer's callback; arg is the face */
void face_restore_draft(struct face *face, struct face_room *room);

/* /search (face_search.c): lists what the present room has, or all have; shows a found message in its context, or any; goes on to
 * the next one, older or newer; ends the search, back to where the reader was or staying. An event that is an answer:
 * true. */
void face_search(struct face *face, const char *text, bool all);
void face_show_seq(struct face *face, uint64_t seq);
bool face_search_event(struct face *face, const struct session_event *event);
void face_show_found(struct face *face, size_t index);
void face_search_on(struct face *face, int direction);
void face_end_search(struct face *face, bool back);

/* /date (face_date.c): shows the first message of a day. */
void face_go_date(struct face *face, const char *text);
bool face_date_event(struct face *face, const struct session_event *event);

/* /copy (face_copy.c): the newest message of the room, or its newest link; or those of the target. Where the clipboard may
 * not be written, a link is shown plainly, without the full screen, until this ends. */
void face_copy(struct face *face, bool link);
void face_end_plain(struct face *face);

/* Commands about a message (face_pick.c): which one is meant, the target or the newest, one's own or another's
 * (false: none, or it is pending); its text goes into the input line; asks before it is deleted, and deletes it. */
bool face_meant(struct face *face, bool own, struct front_message *meant);
void face_edit(struct face *face, const struct front_message *message);
void face_ask_delete(struct face *face, const struct front_message *message);
void face_delete(struct face *face);

/* Picking a message by keys: true when the token was for that. Nothing is picked any more; what a search shows is
 * picked, for the line that is being submitted. */
bool face_pick_token(struct face *face, const struct token *token);
void face_unpick(struct face *face);
void face_pick_found(struct face *face);

/* Moves the view by rows; asks for messages when the oldest known one is in view, or the last of a stretch
 * (face_keys.c). */
void face_scroll(struct face *face, int rows);
void face_want_history(struct face *face);

/* A click or the wheel (face_mouse.c). */
void face_mouse(struct face *face, const struct token *token);

/* Fills what screen_draw() takes; members: SESSION_ROSTER_MAX rows. The strings live as long as the face's. */
struct face_shown {
	struct screen_view view;
	struct room_row rooms[FACE_ROOMS_MAX];
	size_t room_index[FACE_ROOMS_MAX]; /* of each row, in face->rooms */
	struct member_row members[SESSION_ROSTER_MAX];
	char clock[8];
	char prompt[FACE_TITLE + 80];
};
void face_view(struct face *face, struct face_shown *shown);

/* Carries out a submitted line; asks first when it is long. Frees it. */
void face_submit(struct face *face, char *line);
void face_send_held(struct face *face);

#endif
