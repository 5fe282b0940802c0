/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The full screen's model: session events become messages of rooms. Own messages that the host has not accepted yet
 * stay behind all others, for their place in the order is not known before. */
#include "app/face_room.h"

#include "app/face_changes.h"
#include "app/face_past.h"
#include "app/front.h"
#include "app/line_text.h"

#include "base/clock.h"
#include "base/errors.h"
#include "base/intl.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEEP_MESSAGES = 1000, NOTICE_MAX = 1024 };

/* --- Rooms */

static void face_room_free(struct face_room *room)
{
	if (room == NULL)
		return;
	face_past_forget(room);
	message_pane_free(room->pane);
	message_list_free(room->list);
	line_draft_free(room->draft);
	face_changes_free(room);
	free(room->name);
	free(room->topic);
	free(room);
}

struct face_room *face_rooms_find(struct face_rooms *rooms, uint32_t handle)
{
	for (size_t i = 0; i < rooms->count; i++)
		if (rooms->rooms[i]->handle == handle)
			return rooms->rooms[i];
	return NULL;
}

struct face_room *face_rooms_add(struct face_rooms *rooms, uint32_t handle, const char *name, bool direct)
{
	struct face_room *room = face_rooms_find(rooms, handle);
	if (room != NULL)
		return room;
	if (rooms->count == FACE_ROOMS_MAX)
		return NULL;
	room = calloc(1, sizeof *room);
	if (room == NULL)
		return NULL;
	*room = (struct face_room){ .handle = handle, .direct = direct };
	room->name = strdup(name);
	room->topic = strdup("");
	room->list = message_list_new(KEEP_MESSAGES, FACE_MESSAGES_MOST);
	if (room->list != NULL)
		room->pane = message_pane_new(room->list);
	if (room->name == NULL || room->topic == NULL || room->pane == NULL) {
		face_room_free(room);
		return NULL;
	}
	message_pane_set_own(room->pane, rooms->own_nick);
	size_t at = rooms->count;
	while (!direct && at > 0 && rooms->rooms[at - 1]->direct)
		at--;
	memmove(&rooms->rooms[at + 1], &rooms->rooms[at], (rooms->count - at) * sizeof rooms->rooms[0]);
	rooms->rooms[at] = room;
	rooms->count++;
	rooms->current += rooms->count > 1 && rooms->current >= at;
	return room;
}

void face_rooms_remove(struct face_rooms *rooms, uint32_t handle)
{
	for (size_t i = 0; i < rooms->count; i++) {
		if (rooms->rooms[i]->handle != handle)
			continue;
		face_room_free(rooms->rooms[i]);
		rooms->count--;
		memmove(&rooms->rooms[i], &rooms->rooms[i + 1], (rooms->count - i) * sizeof rooms->rooms[0]);
		if (rooms->current > i || rooms->current == rooms->count)
			rooms->current -= rooms->current > 0;
		return;
	}
}

int face_rooms_init(struct face_rooms *rooms, struct session *session)
{
	*rooms = (struct face_rooms){ .session = session };
	return face_rooms_add(rooms, 0, PACKAGE_NAME, false) != NULL ? 0 : TCHAT_ERR_MEMORY;
}

void face_rooms_free(struct face_rooms *rooms)
{
	for (size_t i = 0; i < rooms->count; i++)
		face_room_free(rooms->rooms[i]);
	rooms->count = 0;
}

struct face_room *face_rooms_current(struct face_rooms *rooms)
{
	return rooms->rooms[rooms->current];
}

void face_rooms_set_own(struct face_rooms *rooms, const char *nick)
{
	snprintf(rooms->own_nick, sizeof rooms->own_nick, "%s", nick);
	for (size_t i = 0; i < rooms->count; i++)
		message_pane_set_own(rooms->rooms[i]->pane, rooms->own_nick);
}

static void set_string(char **string, const char *text)
{
	char *copy = strdup(text);
	if (copy == NULL)
		return;
	free(*string);
	*string = copy;
}

void face_rooms_read(struct face_rooms *rooms)
{
	struct face_room *room = face_rooms_current(rooms);
	struct session_room info;
	if (rooms->away_from_window || !face_at_end(room))
		return;
	room->unread = room->mentions = 0;
	if (room->handle != 0 && session_room(rooms->session, room->handle, &info))
		session_read(rooms->session, room->handle, info.head);
}

/* The user has read up to seq somewhere else. */
static void take_read(struct face_room *room, uint64_t seq)
{
	uint64_t unread = 0;
	unsigned count = 0;
	for (uint64_t at = message_list_unread(room->list); at != 0 && at < message_list_end(room->list); at++) {
		const struct shown_message *message = message_list_get(room->list, at);
		if (message->seq <= seq)
			continue;
		unread = unread == 0 ? at : unread;
		count += !message->own;
	}
	message_list_set_unread(room->list, unread);
	if (count >= room->unread)
		return;
	room->unread = count;
	if (count == 0)
		room->mentions = 0;
}

void face_rooms_go(struct face_rooms *rooms, size_t index)
{
	struct face_room *old = face_rooms_current(rooms);
	if (old->unread == 0)
		message_list_set_unread(old->list, 0);
	old->failed = 0;
	rooms->current = index;
	face_rooms_read(rooms);
}

const char *face_room_title(const struct face_room *room, char title[FACE_TITLE])
{
	snprintf(title, FACE_TITLE, "%s%s", room->handle == 0 ? "" : room->direct ? "@" : "#", room->name);
	return title;
}

/* --- Messages */

void face_room_say(struct face_room *room, enum message_kind kind, const char *text, uint64_t wall)
{
	const struct shown_message message = { .wall = wall, .kind = (uint8_t)kind, .nick = "", .text = text,
	                                       .text_length = strlen(text) };
	message_list_append_ordered(room->list, &message);
}

void face_room_tell(struct face_room *room, enum message_kind kind, const char *format, ...)
{
	char line[NOTICE_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	face_room_say(room, kind, line, clock_wall());
}

static uint8_t shown_kind(uint8_t kind)
{
	return kind == KIND_ACTION ? MESSAGE_ACTION : kind == KIND_TOPIC ? MESSAGE_TOPIC : MESSAGE_TEXT;
}

/* Whether text names nick as a word, case apart. */
static bool mentions(const char *text, size_t length, const char *nick)
{
	size_t size = strlen(nick);
	for (size_t at = 0; size > 0 && at + size <= length; at++) {
		if (strncasecmp(text + at, nick, size) != 0)
			continue;
		bool starts = at == 0 || (!isalnum((unsigned char)text[at - 1]) && (text[at - 1] & 0x80) == 0);
		bool ends = at + size == length || (!isalnum((unsigned char)text[at + size]) && (text[at + size] & 0x80) == 0);
		if (starts && ends)
			return true;
	}
	return false;
}

/* The message of an event as the list takes it; a topic becomes a sentence in line. */
static struct shown_message shown(const struct face_rooms *rooms, const struct face_room *room,
                                  const struct session_event *event, char line[NOTICE_MAX])
{
	/* A post of our own that is still under way comes without a nick. */
	const char *nick = event->nick[0] != '\0' ? event->nick : rooms->own_nick;
	struct shown_message message = {
		.seq = event->seq,
		.wall = event->time,
		.kind = shown_kind(event->kind),
		.own = event->own,
		.nick = nick,
		.nick_length = strlen(nick),
		.text = event->text,
		.text_length = event->length,
	};
	message.mention = !event->own && mentions(event->text, event->length, rooms->own_nick);
	if (event->blank) {
		message.deleted = true;
		message.text = _("(deleted)");
		message.text_length = strlen(message.text);
	} else if (event->reply != 0 && event->kind == KIND_TEXT) {
		face_quote(room, event->reply, line, NOTICE_MAX);
		message.reply = event->reply;
		message.quote = line;
		message.quote_length = strlen(line);
	}
	if (event->kind == KIND_TOPIC) {
		snprintf(line, NOTICE_MAX, event->length > 0 ? _("%s set the topic: %s") : _("%s cleared the topic"),
		         nick, event->text);
		message.text = line;
		message.text_length = strlen(line);
	}
	return message;
}

static unsigned take_message(struct face_rooms *rooms, struct face_room *room, const struct session_event *event)
{
	char line[NOTICE_MAX];
	if (face_is_change(event->kind)) {
		face_change(room, event);
		return FACE_CHANGED;
	}
	struct shown_message message = shown(rooms, room, event, line);
	uint64_t pending = event->own && event->counter != 0 ? message_list_find_token(room->list, event->counter) : 0;
	if (pending != 0) {
		/* The host answers in order, so this is the oldest pending one: it stands at its place already. */
		message_list_set_state(room->list, pending, MESSAGE_ACCEPTED, event->seq);
		return FACE_CHANGED;
	}
	uint64_t serial = message_list_append_ordered(room->list, &message);
	face_past_came(room);
	struct session_room info;
	uint64_t read = session_room(rooms->session, room->handle, &info) ? info.read : 0;
	bool old = event->replay && (read == 0 || event->seq <= read);
	bool seen = face_rooms_current(rooms) == room && face_at_end(room) && !rooms->away_from_window;
	if (seen)
		session_read(rooms->session, room->handle, event->seq);
	if (old || event->own)
		return FACE_CHANGED;
	/* What came while nobody was here stands below the line, also where it is seen at once. */
	if (room->unread == 0 && (!seen || (event->replay && message_list_unread(room->list) == 0)))
		message_list_set_unread(room->list, serial);
	if (seen)
		return FACE_CHANGED | (message.mention ? FACE_MENTION : 0);
	room->unread++;
	if (message.mention || room->direct)
		room->mentions++;
	return FACE_CHANGED | (message.mention || room->direct ? FACE_MENTION : 0);
}

/* What /retry posts again takes the place of what was refused: one text, one row. */
static void forget_refused(struct face_room *room, const char *ref)
{
	unsigned long long counter = 0;
	if (sscanf(ref, FRONT_RETRY, &counter) != 1)
		return;
	uint64_t serial = message_list_find_token(room->list, counter);
	if (serial == 0 || message_list_get(room->list, serial)->state != MESSAGE_FAILED)
		return;
	message_list_remove(room->list, serial);
	room->failed -= room->failed > 0;
	room->restarted -= room->restarted > serial;
}

/* Posts of our own go behind the unread line: who answers has read. */
static void take_pending(struct face_rooms *rooms, struct face_room *room, const struct session_event *event)
{
	char line[NOTICE_MAX], title[FACE_TITLE];
	if (face_is_change(event->kind))
		return; /* its message changes when it comes back */
	forget_refused(room, event->ref);
	struct shown_message message = shown(rooms, room, event, line);
	message.own = true;
	message.wall = clock_wall();
	message.seq = 0;
	message.state = MESSAGE_PENDING;
	message.token = event->counter;
	message_list_append(room->list, &message);
	face_go_end(room);
	message_list_set_unread(room->list, 0);
	room->unread = room->mentions = 0;
	if (room != face_rooms_current(rooms))
		face_room_tell(face_rooms_current(rooms), MESSAGE_SYSTEM, _("to %s: %s"), face_room_title(room, title), event->text);
}

/* The refused text stays where it was, marked; it is told again where the reader is. room: NULL when it is gone. */
static void take_nack(struct face_rooms *rooms, struct face_room *room, const struct session_event *event)
{
	struct face_room *current = face_rooms_current(rooms);
	const char *why = line_nack_words(event);
	uint64_t serial = room != NULL ? message_list_find_token(room->list, event->counter) : 0;
	if (face_is_change(event->kind)) {
		face_room_tell(room != NULL ? room : current, MESSAGE_ERROR, _("the change was not accepted: %s"), why);
		return;
	}
	if (serial != 0)
		message_list_set_state(room->list, serial, MESSAGE_FAILED, 0);
	if (event->code == TCHAT_ERR_CANCELLED) { /* nothing is lost that the user wants */
		face_room_tell(current, MESSAGE_SYSTEM, _("taken back: %s"), event->text);
		return;
	}
	if (serial != 0) {
		room->failed++;
		face_room_tell(room, MESSAGE_ERROR, _("not accepted: %s"), why);
	}
	if (serial == 0 || room != current)
		face_room_tell(current, MESSAGE_ERROR, _("not sent to %s%s (%s): %s"), event->direct ? "@" : "#", event->name,
		               why, event->text);
}

/* --- Notices */

static void take_kicked(struct face_rooms *rooms, struct face_room *room, const struct session_event *event)
{
	bool why = event->length > 0;
	if (!event->own) {
		face_room_tell(room, MESSAGE_LEAVE, why ? _("%s was kicked by %s: %s") : _("%s was kicked by %s"), event->nick,
		               event->other, event->text);
		return;
	}
	face_room_tell(room, MESSAGE_ERROR, why ? _("you were kicked by %s: %s") : _("you were kicked by %s"), event->other,
	               event->text);
	if (room != face_rooms_current(rooms))
		face_room_tell(face_rooms_current(rooms), MESSAGE_ERROR,
		               why ? _("you were kicked from #%s by %s: %s") : _("you were kicked from #%s by %s"), room->name,
		               event->other, event->text);
}

static bool is_member(const struct face_rooms *rooms, const struct face_room *room, uint32_t user)
{
	struct session_member member;
	for (size_t i = 0; session_member_at(rooms->session, room->handle, i, &member); i++)
		if (member.user == user)
			return true;
	return false;
}

/* Told in each room that the renamed one is in; a direct room has the other's new name. */
static void take_renamed(struct face_rooms *rooms, const struct session_event *event)
{
	if (event->own) {
		face_rooms_set_own(rooms, event->nick);
		face_room_tell(face_rooms_current(rooms), MESSAGE_SYSTEM, _("you are now %s"), event->nick);
		return;
	}
	for (size_t i = 0; i < rooms->count; i++) {
		struct face_room *room = rooms->rooms[i];
		struct session_room info;
		if (room->handle == 0 || !is_member(rooms, room, event->user))
			continue;
		if (room->direct && session_room(rooms->session, room->handle, &info))
			set_string(&room->name, info.name);
		if (event->other[0] != '\0')
			face_room_tell(room, MESSAGE_SYSTEM, _("%s is now %s"), event->other, event->nick);
		else
			face_room_tell(room, MESSAGE_SYSTEM, _("somebody is now %s"), event->nick);
	}
}

/* Told to those who talk to the one who goes away. */
static void take_away(struct face_rooms *rooms, const struct session_event *event)
{
	for (size_t i = 0; i < rooms->count && !event->own; i++) {
		struct face_room *room = rooms->rooms[i];
		if (!room->direct || !is_member(rooms, room, event->user))
			continue;
		if (event->length > 0)
			face_room_tell(room, MESSAGE_SYSTEM, event->away ? _("%s is away: %s") : _("%s is back: %s"), event->nick,
			               event->text);
		else
			face_room_tell(room, MESSAGE_SYSTEM, event->away ? _("%s is away") : _("%s is back"), event->nick);
	}
}

static void take_role(struct face_room *room, const struct session_event *event)
{
	char text[NOTICE_MAX];
	line_role_text(event, text, sizeof text);
	face_room_tell(room, event->own && event->role == ROLE_MUTED ? MESSAGE_ERROR : MESSAGE_SYSTEM, "%s", text);
}

/* What happens to members, in a room that is known. */
static void take_notice(struct face_rooms *rooms, struct face_room *room, const struct session_event *event)
{
	switch (event->type) {
	case SESSION_GAP:
		face_room_tell(room, MESSAGE_ERROR,
		               ngettext("%llu message is no longer kept by the host",
		                        "%llu messages are no longer kept by the host", (unsigned long)event->count),
		               (unsigned long long)event->count);
		break;
	case SESSION_RESTARTED:
		face_room_tell(room, MESSAGE_ERROR, _("the host's history is another one now: it starts afresh here"));
		face_past_forget(room);
		face_changes_free(room);
		room->picked = 0;
		room->restarted = message_list_end(room->list) - 1;
		break;
	case SESSION_READ:
		take_read(room, event->seq);
		break;
	case SESSION_LOST:
		face_room_tell(room, MESSAGE_ERROR, _("the host lost your message number %llu; /repost posts it again: %s"),
		               (unsigned long long)event->counter, event->text);
		break;
	case SESSION_JOINED:
		face_room_tell(room, MESSAGE_JOIN, _("%s joined"), event->nick);
		break;
	case SESSION_LEFT:
		face_room_tell(room, MESSAGE_LEAVE, event->length > 0 ? _("%s left: %s") : _("%s left"), event->nick,
		               event->text);
		break;
	case SESSION_KICKED:
		take_kicked(rooms, room, event);
		break;
	case SESSION_ROLE:
		take_role(room, event);
		break;
	case SESSION_TOPIC:
		set_string(&room->topic, event->text);
		break;
	default:
		break;
	}
}

static void take_past(struct face_rooms *rooms, struct face_room *room, const struct session_event *event)
{
	char line[NOTICE_MAX];
	if (face_is_change(event->kind)) {
		face_change(room, event);
		return;
	}
	struct shown_message message = shown(rooms, room, event, line);
	face_past_take(room, event, &message);
}

static uint64_t head_of(const struct face_rooms *rooms, const struct face_room *room)
{
	struct session_room info;
	return session_room(rooms->session, room->handle, &info) ? info.head : 0;
}

unsigned face_rooms_event(struct face_rooms *rooms, const struct session_event *event)
{
	struct face_room *room = face_rooms_find(rooms, event->room);
	bool opens = event->type == SESSION_ROOM_JOINED || event->type == SESSION_PENDING || event->type == SESSION_MESSAGE;
	if (room == NULL && event->room != 0 && opens)
		room = face_rooms_add(rooms, event->room, event->name, event->direct);
	if (event->type == SESSION_RENAMED)
		take_renamed(rooms, event);
	else if (event->type == SESSION_NACK)
		take_nack(rooms, room, event);
	else if (event->type == SESSION_AWAY)
		take_away(rooms, event);
	if (room == NULL || room->handle == 0)
		return FACE_CHANGED;
	switch (event->type) {
	case SESSION_ROOM_JOINED:
		room->joined = true;
		set_string(&room->name, event->name);
		set_string(&room->topic, event->text);
		break;
	case SESSION_MESSAGE:
		return take_message(rooms, room, event);
	case SESSION_PAST:
		take_past(rooms, room, event);
		break;
	case SESSION_CHANGE:
		face_change(room, event);
		break;
	case SESSION_PAST_END:
		face_past_end(room, event, head_of(rooms, room));
		break;
	case SESSION_ERROR:
		if (event->request == REQUEST_HISTORY)
			face_past_error(room, event);
		break;
	case SESSION_PENDING:
		take_pending(rooms, room, event);
		break;
	case SESSION_ROSTER:
		if (room->direct)
			set_string(&room->name, event->name);
		break;
	default:
		take_notice(rooms, room, event);
	}
	return FACE_CHANGED;
}
