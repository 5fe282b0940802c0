/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The past of a room on the full screen: older pages, and a stretch of it far from the newest messages, which is shown in
 * their place and becomes one with them when the reader comes back down. */
#ifndef TCHAT_APP_FACE_PAST_H
#define TCHAT_APP_FACE_PAST_H

#include "app/face_room.h"

/* What is shown of the room: the stretch, if there is one, or the newest messages. */
struct message_list *face_list(const struct face_room *room);
struct message_pane *face_pane(const struct face_room *room);

/* Whether the reader sees the newest message, and to it. */
bool face_at_end(const struct face_room *room);
void face_go_end(struct face_room *room);

/* Asks for a page where the oldest message that is known is in view, or the end of the stretch; one at a time. */
void face_past_want(struct face_room *room, struct session *session);

/* Selects the message of a seq and brings it into view, with what was said around it: 0 at once, 1 when its page has
 * come, or an error as session_history(). Where the message is no more, the next one stands for it. */
int face_past_jump(struct face_room *room, struct session *session, uint64_t seq);

/* A page comes: its messages, its end, or none because of an error. What was not asked for here is left alone. */
void face_past_take(struct face_room *room, const struct session_event *event, const struct shown_message *message);
void face_past_end(struct face_room *room, const struct session_event *event, uint64_t head);
void face_past_error(struct face_room *room, const struct session_event *event);

/* A message came: the reader's place in the newest ones may have to become a stretch, as more would push it out. */
void face_past_came(struct face_room *room);

/* What is known of the past is that of another history, or has to be asked for again. */
void face_past_forget(struct face_room *room);

#endif
