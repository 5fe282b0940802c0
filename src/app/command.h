/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands, inside: what their handlers get and share. */
#ifndef TCHAT_APP_COMMAND_H
#define TCHAT_APP_COMMAND_H

#include "app/front.h"

enum { COMMAND_ARGUMENTS = 2 };

/* Arguments are NUL-terminated pieces of a copy of the line; those that were not given are "". */
struct call {
	const char *argument[COMMAND_ARGUMENTS];
	int count;
};

/* 0, or a negative error after a notice. */
typedef int command_handler(struct front *front, const struct call *call);

/* Says why a request could not even be asked; returns err, or 0 for what is no error. */
int front_report(struct front *front, int err);

/* Goes to the room of this handle; when it is an error, says why there is none of that name. What the command returns. */
int front_enter(struct front *front, int room, const char *name);

/* Who may come in, and who is who (command_identity.c). */
command_handler do_INVITE, do_LINK, do_ADMIT, do_REFUSE, do_WHOIS, do_KEYS, do_RELEASE;

/* Keeping order (command_moderation.c). */
command_handler do_OP, do_DEOP, do_MUTE, do_UNMUTE, do_BAN, do_UNBAN, do_UNINVITE, do_BANS, do_AUDIT, do_PRIVATE, do_RESERVE;
/* The nick may enter the current room, which is private. */
int front_call(struct front *front, const char *nick);
/* The part of front_event() that has to do with it. */
bool front_moderation_event(struct front *front, const struct session_event *event);

/* The host, asked by its owner (command_status.c). */
command_handler do_STATUS, do_BACKUP;
bool front_status_event(struct front *front, const struct session_event *event);

/* Messages that were said (command_history.c). */
command_handler do_EDIT, do_DELETE, do_REACT, do_REPLY;

/* What became of posts (command_posts.c). */
command_handler do_CANCEL, do_RETRY, do_REPOST;
void front_note_post(struct front *front, const struct session_event *event);

#endif
