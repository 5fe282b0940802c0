/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about who may come in and who is who, and what their answers say. */
#include "app/command.h"

#include "app/date_text.h"
#include "app/reach.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/wipe.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = 86400, HOUR = 3600, LINKS_SHOWN = 4 };

static void words_of(const uint8_t *key, char words[TRUST_WORDS])
{
	struct trust_pin pin;
	memcpy(pin.bytes, key, sizeof pin.bytes);
	trust_words(&pin, words);
}

/* --- Invitations */

static int invite(struct front *front, enum wire_invite_kind kind, uint32_t uses, uint32_t seconds)
{
	struct session_room room;
	if (!front->place->has_pin) {
		front_say(front, "%s", _("there are no invitations to a host that is not encrypted"));
		return TCHAT_ERR_NOT_ALLOWED;
	}
	bool public = kind == INVITE_HOST && session_room(front->session, front->room, &room) && !room.direct;
	struct door_asked *asked = door_ask(&front->door, kind, public && strcmp(room.name, "lobby") != 0 ? room.name : "");
	if (asked == NULL) {
		front_say(front, "%s", _("too many invitations are asked for; try again"));
		return TCHAT_ERR_FULL;
	}
	int err = session_invite(front->session, kind, uses, seconds, asked->room, asked->key);
	if (err != 0) {
		struct door_asked gone;
		door_take(&front->door, asked->key, &gone);
		wipe(&gone, sizeof gone);
	}
	return front_report(front, err);
}

static int revoke(struct front *front, const char *number)
{
	char *end;
	unsigned long index = strtoul(number, &end, 10);
	if (end == number || *end != '\0' || index < 1 || index > front->door.listed_count) {
		front_say(front, "%s", _("which one? /invite list shows their numbers"));
		return TCHAT_ERR_ARGUMENT;
	}
	return front_report(front, session_revoke(front->session, front->door.listed[index - 1]));
}

/* Whether somebody of a room that we are in has this nick. */
static bool is_here(const struct front *front, const char *nick)
{
	struct session_room room;
	struct session_member member;
	for (size_t i = 0; session_room_at(front->session, i, &room); i++)
		for (size_t k = 0; session_member_at(front->session, room.room, k, &member); k++)
			if (strcmp(member.nick, nick) == 0)
				return true;
	return false;
}

/* A count, a time, or both in this order; or a nick that may enter this private room. */
int do_INVITE(struct front *front, const struct call *call)
{
	const char *first = call->argument[0], *second = call->argument[1];
	char *end;
	tchat_time time = TCHAT_SECONDS(DAY);
	if (strcmp(first, "list") == 0) {
		front->door.listed_count = 0;
		return front_report(front, session_invitations(front->session));
	}
	if (strcmp(first, "revoke") == 0)
		return revoke(front, second);
	if (first[0] == '@' || is_here(front, first))
		return front_call(front, first);
	unsigned long count = strtoul(first, &end, 10);
	const char *typed = second;
	if (first[0] == '\0' || *end != '\0') { /* no count */
		count = 1;
		typed = first;
	}
	bool never = strcmp(typed, "never") == 0;
	bool fine = typed[0] == '\0' || never || (setting_time(typed, &time) && time >= TCHAT_SECONDS(1));
	if (!fine || count < 1 || count > UINT16_MAX || (first != typed && strspn(first, "0123456789") != strlen(first)) ||
	    (first == typed && second[0] != '\0') || (!never && time > TCHAT_SECONDS((uint64_t)UINT32_MAX))) {
		front_say(front, "%s",
		          _("/invite 5 2h is good for 5 people and 2 hours; without a count for one, without a time for a day"));
		return TCHAT_ERR_ARGUMENT;
	}
	return invite(front, INVITE_HOST, (uint32_t)count, never ? 0 : (uint32_t)(time / TCHAT_SECONDS(1)));
}

int do_LINK(struct front *front, const struct call *call)
{
	return invite(front, INVITE_DEVICE, 1, HOUR);
}

/* The links of an invitation that the host knows now. */
static void say_links(struct front *front, struct door_asked *asked)
{
	char text[REACH_TEXT / 4];
	size_t count = reach_links(front->place, &front->place->pin, asked->token, asked->room, LINKS_SHOWN, "  ", text,
	                           sizeof text);
	if (count == 0)
		front_say(front, "%s", _("the host has no address that can stand in a link; it is reached by its socket only"));
	else if (asked->kind == INVITE_DEVICE)
		front_say(front, "%s\n%s", ngettext("For another device of yours, within an hour, keep it to yourself:",
		                                    "For another device of yours, within an hour, one of these; keep them to "
		                                    "yourself:", count), text);
	else
		front_say(front, "%s\n%s", ngettext("Who has this link may come in:", "Who has one of these links may come in:",
		                                    count), text);
	if (count > 0 && front->class->copy != NULL)
		front_say(front, "%s", _("/copy link shows it in one piece, to be copied."));
	wipe(text, sizeof text);
}

static void say_invitation(struct front *front, const struct session_event *event)
{
	char date[DATE_TEXT], uses[64], line[1024];
	size_t number = door_list(&front->door, event->keys);
	if (number == 0)
		return;
	snprintf(uses, sizeof uses, ngettext("%" PRIu64 " use", "%" PRIu64 " uses", intl_count(event->count)), event->count);
	size_t length = (size_t)snprintf(line, sizeof line, "%zu  %s, %s", number,
	                                 event->kind == INVITE_DEVICE ? _("for a device") : _("link"), uses);
	if (event->time != 0 && length < sizeof line)
		length += (size_t)snprintf(line + length, sizeof line - length, _(", until %s"), date_text(event->time, date));
	if (event->name[0] != '\0' && length < sizeof line)
		length += (size_t)snprintf(line + length, sizeof line - length, ", #%s", event->name);
	if (event->other[0] != '\0' && length < sizeof line)
		snprintf(line + length, sizeof line - length, _(", made by %s"), event->other);
	front_say_line(front, "%s", line);
}

/* --- The door */

static int open_door(struct front *front, const char *name, bool admit)
{
	const struct door_guest *guest;
	size_t found = door_find(&front->door, name, &guest);
	if (found == 1)
		return front_report(front, session_door(front->session, guest->pin.bytes, admit));
	if (found == 0 && name[0] == '\0')
		front_say(front, "%s", _("nobody knocks"));
	else if (found == 0)
		front_say_line(front, _("nobody called %s knocks"), name);
	else
		front_say(front, "%s", _("several knock; name one by the words of the key:"));
	for (size_t i = 0; found > 1 && i < front->door.guest_count; i++) {
		char words[TRUST_WORDS];
		if (front->door.guests[i].refused != guest->refused)
			continue;
		trust_words(&front->door.guests[i].pin, words);
		front_say_line(front, "  %s  %s  %s", words, front->door.guests[i].nick, front->door.guests[i].address);
	}
	return TCHAT_ERR_NO_USER;
}

int do_ADMIT(struct front *front, const struct call *call)
{
	return open_door(front, call->argument[0], true);
}

int do_REFUSE(struct front *front, const struct call *call)
{
	return open_door(front, call->argument[0], false);
}

static void say_door(struct front *front, const struct session_event *event)
{
	char words[TRUST_WORDS];
	const char *nick = event->nick[0] != '\0' ? event->nick : words;
	words_of(event->keys, words);
	switch (event->kind) {
	case DOOR_WAITS:
		front_say_line(front, _("%1$s knocks, from %2$s, key %3$s"), nick, event->text, words);
		front_say_line(front, _("/admit %1$s lets in, /refuse %1$s sends away"), nick);
		break;
	case DOOR_LEFT:
		front_say_line(front, _("%1$s went away from the door; /admit %1$s lets in for the next time"), nick);
		break;
	case DOOR_ADMITTED: front_say_line(front, _("%s was let in"), nick); break;
	case DOOR_REFUSED: front_say_line(front, _("%1$s was sent away, for a day; /admit %1$s changes that"), nick); break;
	default: break;
	}
}

/* --- Who is who */

int do_WHOIS(struct front *front, const struct call *call)
{
	const char *nick = call->argument[0][0] == '@' ? call->argument[0] + 1 : call->argument[0];
	front->keys_asked = false;
	return front_report(front, session_whois(front->session, nick));
}

int do_KEYS(struct front *front, const struct call *call)
{
	char *end;
	if (call->count == 0) {
		front->keys_asked = true;
		return front_report(front, session_whois(front->session, session_own_nick(front->session)));
	}
	unsigned long index = strtoul(call->argument[1], &end, 10);
	if (strcmp(call->argument[0], "drop") != 0 || *end != '\0' || index < 1 || index > front->door.listed_count) {
		front_say(front, "%s", _("/keys lists your keys; /keys drop NUMBER takes one off your account"));
		return TCHAT_ERR_ARGUMENT;
	}
	return front_report(front, session_drop_key(front->session, front->door.listed[index - 1]));
}

int do_RELEASE(struct front *front, const struct call *call)
{
	return front_report(front, session_release(front->session, call->argument[0]));
}

static void say_profile(struct front *front, const struct session_event *event)
{
	char since[DATE_TEXT], seen[DATE_TEXT], name[512];
	front_say_line(front, "%s, %s%s%s", talk_member(event->nick, event->role, false, name, sizeof name),
	               !event->here ? _("not here") : event->away ? _("away") : _("here"),
	               event->text[0] != '\0' ? ": " : "", event->text);
	if (event->time != 0)
		front_say(front, _("  has this name since %s"), date_text(event->time, since));
	if (event->seen != 0 && !event->here)
		front_say(front, _("  was here last on %s"), date_text(event->seen, seen));
	if (event->other[0] != '\0')
		front_say_line(front, _("  from %s"), event->other);
	front->door.listed_count = 0;
	for (size_t i = 0; i < event->key_count; i++) {
		char words[TRUST_WORDS], fingerprint[TRUST_FINGERPRINT];
		struct trust_pin pin;
		memcpy(pin.bytes, event->keys + i * WIRE_PIN_SIZE, sizeof pin.bytes);
		trust_words(&pin, words);
		trust_fingerprint(&pin, fingerprint);
		size_t number = door_list(&front->door, pin.bytes);
		front_say(front, _("  key %1$zu: %2$s (%3$s)"), number, words, fingerprint);
	}
	if (event->key_count == 0)
		front_say(front, "%s", _("  a guest, without a key"));
	front->keys_asked = false;
}

/* --- Answers */

/* An invitation that the host knows now, or not. */
static bool on_invite(struct front *front, const struct session_event *event)
{
	struct door_asked asked;
	if (event->request != REQUEST_INVITE || event->key_count != 1 || !door_take(&front->door, event->keys, &asked))
		return false;
	if (event->type == SESSION_DONE)
		say_links(front, &asked);
	wipe(&asked, sizeof asked);
	return event->type == SESSION_DONE;
}

static bool on_done(struct front *front, const struct session_event *event)
{
	switch (event->request) {
	case REQUEST_INVITE: return on_invite(front, event);
	case REQUEST_ADMIT:
	case REQUEST_REFUSE: return true; /* told to every owner by a DOOR */
	case REQUEST_REVOKE: front_say(front, "%s", _("the invitation is no longer good")); return true;
	case REQUEST_DROP_KEY:
		front_say(front, "%s", front->owns_host ? _("the key is no longer the account's; /invite list shows the "
		                                            "invitations that may have been made with it") :
		                                          _("the key is no longer the account's"));
		return true;
	case REQUEST_RELEASE: front_say_line(front, _("the name %s is free"), event->nick); return true;
	default: return front_moderation_event(front, event);
	}
}

bool front_event(struct front *front, const struct session_event *event)
{
	front_note_post(front, event);
	switch (event->type) {
	case SESSION_DOOR:
		door_event(&front->door, event);
		say_door(front, event);
		return true;
	case SESSION_INVITATION: say_invitation(front, event); return true;
	case SESSION_INVITATIONS:
		front_say(front, "%s", event->count == 0 ? _("there are no invitations") :
		                                           _("/invite revoke NUMBER takes one back"));
		return true;
	case SESSION_PROFILE: say_profile(front, event); return true;
	case SESSION_DONE: return on_done(front, event);
	case SESSION_ERROR: return on_invite(front, event);
	default: return front_moderation_event(front, event);
	}
}
