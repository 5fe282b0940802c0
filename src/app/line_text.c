/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of line mode. Every string came from the network, so nothing goes out that text_clean() has not seen. */
#include "app/line_text.h"

#include "base/errors.h"
#include "base/intl.h"
#include "base/text.h"
#include "wire/range.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MINUTE = 60 };

void line_clock_set(struct line_clock *clock, uint64_t microseconds)
{
	time_t seconds = (time_t)(microseconds / 1000000);
	uint64_t minute = (uint64_t)seconds / MINUTE + 1;
	struct tm tm;
	if (minute == clock->minute)
		return;
	clock->minute = minute;
	if (localtime_r(&seconds, &tm) == NULL || strftime(clock->time, sizeof clock->time, "%H:%M", &tm) == 0 ||
	    strftime(clock->date, sizeof clock->date, "%Y-%m-%d", &tm) == 0) {
		strcpy(clock->time, "--:--");
		strcpy(clock->date, "");
	}
}

/* Appends text cleaned to a single line. */
static int put_clean(struct buffer *out, const char *text, size_t length)
{
	return text_clean(out, text, length, TEXT_LINE);
}

/* The room's mark and name and a blank. */
static int put_room(struct buffer *out, const struct session_event *event)
{
	int err = buffer_put(out, event->direct ? "@" : "#", 1);
	if (err == 0)
		err = put_clean(out, event->name, strlen(event->name));
	return err == 0 ? buffer_put(out, " ", 1) : err;
}

/* What stands between the nick and the text. Never translated: programs read these lines. */
static const char *said(const struct session_event *event)
{
	switch (event->kind) {
	case KIND_ACTION: return event->blank ? " (deleted)" : " ";
	case KIND_EDIT: return event->blank ? " edited: (deleted)" : " edited: ";
	case KIND_DELETE: return " deleted a message";
	case KIND_REACTION: return " reacted: ";
	default: return event->blank ? ": (deleted)" : event->reply != 0 ? " (reply): " : ": ";
	}
}

int line_message(struct buffer *out, const struct session_event *event, const char *time, bool elsewhere)
{
	bool starred = event->kind != KIND_TEXT && event->kind <= KIND_REACTION;
	size_t before = buffer_length(out);
	int err = buffer_put_string(out, time);
	if (err == 0)
		err = buffer_put(out, " ", 1);
	if (err == 0 && elsewhere)
		err = put_room(out, event);
	if (err == 0 && starred)
		err = buffer_put(out, "* ", 2);
	if (err == 0)
		err = put_clean(out, event->nick, strlen(event->nick));
	if (err == 0)
		err = buffer_put_string(out, said(event));
	if (err == 0)
		err = put_clean(out, event->text, event->length);
	if (err == 0)
		err = buffer_put(out, "\n", 1);
	if (err != 0)
		buffer_truncate(out, before);
	return err;
}

int line_notice(struct buffer *out, const char *text, size_t length)
{
	size_t before = buffer_length(out);
	int err = 0;
	while (err == 0 && length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t part = end != NULL ? (size_t)(end - text) : length;
		size_t taken = end != NULL ? part + 1 : part;
		err = buffer_put(out, "-- ", 3);
		if (err == 0)
			err = put_clean(out, text, part);
		if (err == 0)
			err = buffer_put(out, "\n", 1);
		text += taken;
		length -= taken;
	}
	if (err != 0)
		buffer_truncate(out, before);
	return err;
}

static void kicked_text(const struct session_event *event, char *text, size_t size)
{
	const char *room = event->name, *by = event->other, *reason = event->text;
	/* TRANSLATORS: the room, who did it, and in two of these why; or who it was, the room, who did it, and why. */
	if (event->own && reason[0] == '\0')
		snprintf(text, size, _("you were put out of #%1$s by %2$s"), room, by);
	else if (event->own)
		snprintf(text, size, _("you were put out of #%1$s by %2$s: %3$s"), room, by, reason);
	else if (reason[0] == '\0')
		snprintf(text, size, _("%1$s was put out of #%2$s by %3$s"), event->nick, room, by);
	else
		snprintf(text, size, _("%1$s was put out of #%2$s by %3$s: %4$s"), event->nick, room, by, reason);
}

void line_role_text(const struct session_event *event, char *text, size_t size)
{
	const char *nick = event->nick, *room = event->name;
	int length = 0;
	switch (event->role) {
	case ROLE_OWNER:
		length = event->own ? snprintf(text, size, _("you are an owner of #%s"), room) :
		                      snprintf(text, size, _("%1$s is an owner of #%2$s"), nick, room);
		break;
	case ROLE_MODERATOR:
		length = event->own ? snprintf(text, size, _("you are a moderator of #%s"), room) :
		                      snprintf(text, size, _("%1$s is a moderator of #%2$s"), nick, room);
		break;
	case ROLE_MUTED:
		length = event->own ? snprintf(text, size, _("you are muted in #%s: you may read, but not write"), room) :
		                      snprintf(text, size, _("%1$s is muted in #%2$s"), nick, room);
		break;
	default:
		length = event->own ? snprintf(text, size, _("you are a plain member of #%s, and may write"), room) :
		                      snprintf(text, size, _("%1$s is a plain member of #%2$s"), nick, room);
		break;
	}
	if (event->other[0] != '\0' && length >= 0 && (size_t)length < size)
		length += snprintf(text + length, size - (size_t)length, _(", by %s"), event->other);
	if (event->text[0] != '\0' && length >= 0 && (size_t)length < size)
		snprintf(text + length, size - (size_t)length, ": %s", event->text);
}

static void away_text(const struct session_event *event, char *text, size_t size)
{
	if (!event->away)
		snprintf(text, size, _("%s is back"), event->nick);
	else if (event->text[0] != '\0')
		snprintf(text, size, _("%s is away: %s"), event->nick, event->text);
	else
		snprintf(text, size, _("%s is away"), event->nick);
}

static void renamed_text(const struct session_event *event, char *text, size_t size)
{
	if (event->own)
		snprintf(text, size, _("you are called %s now"), event->nick);
	else if (event->other[0] != '\0')
		snprintf(text, size, _("%s is called %s now"), event->other, event->nick);
	else /* renamed before the list of members came */
		snprintf(text, size, _("a member is called %s now"), event->nick);
}

static void left_text(const struct session_event *event, char *text, size_t size)
{
	if (event->text[0] != '\0')
		snprintf(text, size, _("%s left #%s: %s"), event->nick, event->name, event->text);
	else
		snprintf(text, size, _("%s left #%s"), event->nick, event->name);
}

static void topic_text(const struct session_event *event, char *text, size_t size)
{
	if (event->text[0] != '\0')
		snprintf(text, size, _("%s set the topic of #%s: %s"), event->nick, event->name, event->text);
	else
		snprintf(text, size, _("%s took the topic of #%s away"), event->nick, event->name);
}

const char *line_nack_words(const struct session_event *event)
{
	if (event->code == TCHAT_ERR_NOT_ALLOWED && event->kind == KIND_EDIT)
		return _("not allowed; only who wrote a message may change it");
	if (event->code == TCHAT_ERR_NOT_ALLOWED && event->kind == KIND_DELETE)
		return _("not allowed; only who wrote a message may take it away, or a moderator");
	if (event->code == TCHAT_ERR_NOT_MEMBER && event->direct)
		return _("nobody of this name is here");
	return tchat_err_text(event->code);
}

/* A message that did not get through: what it was, so that it can be sent again. */
static void nack_text(const struct session_event *event, char *text, size_t size)
{
	snprintf(text, size, _("not sent (%s): %s"), line_nack_words(event), event->text);
}

/* Who may do what was not allowed. Rank goes: member, moderator, owner of a private room, owner of the host. */
static const char *who_may(const struct session_event *event)
{
	struct range range;
	switch (event->kind) {
	case MODERATE_OP:
	case MODERATE_DEOP: return _("not allowed; only an owner may change who moderates here, and owners always do");
	case MODERATE_MUTE:
	case MODERATE_UNMUTE:
		return _("not allowed; only a moderator or an owner may mute here, and only somebody of lower rank");
	case MODERATE_BAN:
	case MODERATE_UNBAN:
		if (range_parse(&range, event->nick))
			return _("not allowed; only an owner of the host may ban addresses");
		return _("not allowed; only a moderator or an owner may ban here, and only somebody of lower rank");
	case MODERATE_CALL:
	case MODERATE_UNCALL:
		return _("not allowed; into a private room only its moderators and owners invite, and others need no invitation");
	default: return _("not allowed; only owners may");
	}
}

/* What is wrong, and where one error has many causes, who or what is right. */
static const char *error_words(const struct session_event *event)
{
	if (event->code == TCHAT_ERR_BAD_NAME)
		return _("this cannot be a name; a short one of letters and digits will do");
	if (event->code != TCHAT_ERR_NOT_ALLOWED)
		return tchat_err_text(event->code);
	switch (event->request) {
	case REQUEST_KICK:
		return _("not allowed; only a moderator or an owner may kick here, and only somebody of lower rank");
	case REQUEST_MODERATE: return who_may(event);
	case REQUEST_RELEASE: return _("not allowed; only whose name it is may give it free, or an owner");
	case REQUEST_DROP_KEY: return _("not allowed; the key of the host's owner stays");
	case REQUEST_RULES:
	case REQUEST_AUDIT: return _("not allowed; only moderators and owners may see this");
	case REQUEST_END:
	case REQUEST_ADMIT:
	case REQUEST_REFUSE:
	case REQUEST_INVITE:
	case REQUEST_REVOKE:
	case REQUEST_STATUS:
	case REQUEST_BACKUP: return _("not allowed; only owners may");
	default: return tchat_err_text(event->code);
	}
}

static void error_text(const struct session_event *event, char *text, size_t size)
{
	if (event->nick[0] != '\0')
		snprintf(text, size, "%s: %s", event->nick, error_words(event));
	else if (event->name[0] != '\0')
		snprintf(text, size, "%s%s: %s", event->direct ? "@" : "#", event->name, error_words(event));
	else
		snprintf(text, size, "%s", error_words(event));
}

/* Line ends are others': a second line would pass for another notice. Cleaned, these show as well. */
static void one_line(char *text)
{
	while ((text = strchr(text, '\n')) != NULL)
		*text = '\r';
}

bool line_event_text(const struct session_event *event, char *text, size_t size)
{
	text[0] = '\0';
	switch (event->type) {
	case SESSION_MESSAGE:
	case SESSION_PAST:
		if (event->kind == KIND_TOPIC)
			topic_text(event, text, size);
		break;
	case SESSION_JOINED: snprintf(text, size, _("%s joined #%s"), event->nick, event->name); break;
	case SESSION_LEFT: left_text(event, text, size); break;
	case SESSION_RENAMED: renamed_text(event, text, size); break;
	case SESSION_KICKED: kicked_text(event, text, size); break;
	case SESSION_ROLE:
		if (event->room != 0)
			line_role_text(event, text, size);
		break;
	case SESSION_AWAY: away_text(event, text, size); break;
	case SESSION_NACK: nack_text(event, text, size); break;
	case SESSION_ERROR: error_text(event, text, size); break;
	case SESSION_DONE: snprintf(text, size, _("done: %s"), event->nick); break;
	case SESSION_GAP:
		snprintf(text, size,
		         ngettext("%" PRIu64 " message of #%s is no longer kept by the host",
		                  "%" PRIu64 " messages of #%s are no longer kept by the host",
		                  intl_count(event->count)),
		         event->count, event->name);
		break;
	case SESSION_HELD:
		snprintf(text, size, "%s",
		         event->code != 0 ? _("the host's disk is full: what you say is sent when there is room again") :
		                            _("the host takes messages again"));
		break;
	case SESSION_UNSTORED:
		if (event->code != 0)
			snprintf(text, size, _("%s. What is not sent yet, and what you read, lasts until the end of this program"),
			         event->text);
		else
			snprintf(text, size, "%s", _("what is not sent yet is kept on the disk again"));
		break;
	case SESSION_PENDING:
		if (event->again)
			snprintf(text, size, _("still to be sent, number %" PRIu64 ": %s"), event->counter, event->text);
		break;
	case SESSION_LOST:
		snprintf(text, size, _("the host lost your message, number %" PRIu64 "; /repost posts it again: %s"),
		         event->counter, event->text);
		break;
	case SESSION_RESTARTED:
		snprintf(text, size, _("the host began a new history of #%s"), event->name);
		break;
	case SESSION_GOAWAY:
		snprintf(text, size, "%s%s%s", tchat_err_text(event->code), event->text[0] != '\0' ? ": " : "",
		         event->text);
		break;
	default: break;
	}
	one_line(text);
	return text[0] != '\0';
}
