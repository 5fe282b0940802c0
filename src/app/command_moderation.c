/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that keep order, and what the host's answers and news about that say. */
#include "app/command.h"

#include "app/act_text.h"
#include "app/date_text.h"
#include "base/base64.h"
#include "base/errors.h"
#include "base/intl.h"
#include "wire/range.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { AUDIT_LINES = 20, REASON_SIZE = 1024 };

/* --- Whom, for how long, why */

struct sanction {
	struct session_act act;
	char nick[256];
	struct trust_pin pin;
	char word[64];
};

/* A fingerprint as /whois shows it, or the same in the letters of links. */
static bool read_fingerprint(const char *text, struct trust_pin *pin)
{
	char copy[TRUST_PIN_TEXT];
	bool prefix = strncmp(text, "SHA256:", 7) == 0;
	const char *from = prefix ? text + 7 : text;
	if (strlen(from) != sizeof copy - 1)
		return false;
	for (size_t i = 0; i < sizeof copy; i++)
		copy[i] = (char)(from[i] == '+' ? '-' : from[i] == '/' ? '_' : from[i]);
	return trust_pin_read(pin, copy);
}

/* The lobby's command is about the whole host, and so is every one about a key or address. */
static void read_whom(struct front *front, struct sanction *sanction, const char *whom)
{
	struct range range;
	struct session_act *act = &sanction->act;
	bool bans = act->action == MODERATE_BAN || act->action == MODERATE_UNBAN;
	act->room = front->room;
	if (bans && range_parse(&range, whom)) {
		act->address = whom;
		act->room = 0;
	} else if (bans && read_fingerprint(whom, &sanction->pin)) {
		act->key = sanction->pin.bytes;
		act->room = 0;
	} else {
		act->nick = whom[0] == '@' ? whom + 1 : whom;
	}
}

/* A time, if the text begins with one that has a unit; the rest is the reason. */
static void read_why(struct sanction *sanction, const char *text)
{
	size_t length = strcspn(text, " ");
	tchat_time time;
	sanction->act.reason = text;
	if (length == 0 || length >= sizeof sanction->word || strchr("smhd", text[length - 1]) == NULL)
		return;
	memcpy(sanction->word, text, length);
	sanction->word[length] = '\0';
	if (!setting_time(sanction->word, &time) || time < TCHAT_SECONDS(1) ||
	    time / TCHAT_SECONDS(1) > UINT32_MAX)
		return;
	sanction->act.seconds = (uint32_t)(time / TCHAT_SECONDS(1));
	text += length;
	sanction->act.reason = text + strspn(text, " ");
}

/* "10" or "5min" alone was meant as a time: as a reason it would hold for ever. */
static bool mistakes_time(const struct sanction *sanction)
{
	const char *reason = sanction->act.reason;
	return sanction->act.seconds == 0 && reason[0] >= '0' && reason[0] <= '9' && strchr(reason, ' ') == NULL;
}

static bool has_room(struct front *front)
{
	if (front->room == 0)
		front_say(front, "%s", _("you are in no room; /join one first"));
	return front->room != 0;
}

static int moderate(struct front *front, enum wire_moderation action, const struct call *call, bool timed)
{
	struct sanction sanction = { .act = { .action = action } };
	if (!has_room(front))
		return TCHAT_ERR_NOT_MEMBER;
	read_whom(front, &sanction, call->argument[0]);
	if (timed)
		read_why(&sanction, call->argument[1]);
	else
		sanction.act.reason = call->argument[1];
	if (timed && mistakes_time(&sanction)) {
		front_say(front, _("'%s' is not a time; 30s, 10m, 2h and 7d are, and a reason may follow"), sanction.act.reason);
		return TCHAT_ERR_ARGUMENT;
	}
	return front_report(front, session_moderate(front->session, &sanction.act));
}

int do_OP(struct front *front, const struct call *call)
{
	return moderate(front, MODERATE_OP, call, false);
}

int do_DEOP(struct front *front, const struct call *call)
{
	return moderate(front, MODERATE_DEOP, call, false);
}

int do_MUTE(struct front *front, const struct call *call)
{
	return moderate(front, MODERATE_MUTE, call, true);
}

int do_UNMUTE(struct front *front, const struct call *call)
{
	return moderate(front, MODERATE_UNMUTE, call, false);
}

int do_BAN(struct front *front, const struct call *call)
{
	return moderate(front, MODERATE_BAN, call, true);
}

int do_UNBAN(struct front *front, const struct call *call)
{
	return moderate(front, MODERATE_UNBAN, call, false);
}

int do_UNINVITE(struct front *front, const struct call *call)
{
	return moderate(front, MODERATE_UNCALL, call, false);
}

int front_call(struct front *front, const char *nick)
{
	struct call call = { .argument = { nick, "" }, .count = 1 };
	return moderate(front, MODERATE_CALL, &call, false);
}

int do_RESERVE(struct front *front, const struct call *call)
{
	return front_report(front, session_moderate(front->session, &(struct session_act){ .action = MODERATE_RESERVE,
	                                                                                    .nick = call->argument[0] }));
}

int do_PRIVATE(struct front *front, const struct call *call)
{
	return front_enter(front, session_join_private(front->session, call->argument[0]), call->argument[0]);
}

int do_BANS(struct front *front, const struct call *call)
{
	return !has_room(front) ? TCHAT_ERR_NOT_MEMBER : front_report(front, session_rules(front->session, front->room));
}

int do_AUDIT(struct front *front, const struct call *call)
{
	bool more = strcmp(call->argument[0], "more") == 0;
	if (call->count > 0 && !more) {
		front_say(front, _("usage: /%s %s"), "audit", _("[more]"));
		return TCHAT_ERR_ARGUMENT;
	}
	if (!has_room(front))
		return TCHAT_ERR_NOT_MEMBER;
	if (more && (front->audit_next == 0 || front->audit_room != front->room)) {
		front_say(front, "%s", _("there is nothing older"));
		return TCHAT_ERR_NOT_FOUND;
	}
	front->audit_room = front->room;
	return front_report(front, session_audit(front->session, front->room, more ? front->audit_next : 0, AUDIT_LINES, 0));
}

/* --- Answers and news */

/* "ann", "192.0.2.0/24", or the fingerprint of a key. */
static const char *whom_of(const struct session_event *event, char fingerprint[TRUST_FINGERPRINT])
{
	struct trust_pin pin;
	if (event->nick[0] != '\0')
		return event->nick;
	if (event->key_count == 1) {
		memcpy(pin.bytes, event->keys, sizeof pin.bytes);
		trust_fingerprint(&pin, fingerprint);
		return fingerprint;
	}
	return event->ref;
}

static const char *rule_words(uint8_t kind)
{
	switch (kind) {
	case RULE_MODERATOR: return _("moderator");
	case RULE_OWNER: return _("owner of this room");
	case RULE_MUTED: return _("muted");
	case RULE_BANNED: return _("banned");
	case RULE_CALLED: return _("invited");
	case RULE_RESERVED: return _("reserved name");
	default: return "?";
	}
}

static void say_rule(struct front *front, const struct session_event *event)
{
	char line[ACT_TEXT], date[DATE_TEXT], fingerprint[TRUST_FINGERPRINT];
	int length = snprintf(line, sizeof line, "%s  %s", rule_words(event->kind), whom_of(event, fingerprint));
	if (event->expires != 0 && length < (int)sizeof line)
		length += snprintf(line + length, sizeof line - (size_t)length, _(", until %s"), date_text(event->expires, date));
	if (event->other[0] != '\0' && length < (int)sizeof line)
		length += snprintf(line + length, sizeof line - (size_t)length, _(", by %1$s on %2$s"), event->other,
		                   date_text(event->time, date));
	if (event->text[0] != '\0' && length < (int)sizeof line)
		snprintf(line + length, sizeof line - (size_t)length, ": %s", event->text);
	front_say_line(front, "%s", line);
}

static void say_act(struct front *front, const struct session_event *event)
{
	char text[ACT_TEXT], date[DATE_TEXT], fingerprint[TRUST_FINGERPRINT];
	act_text(&(struct act_text){ .action = event->kind, .by = event->other, .whom = whom_of(event, fingerprint),
	                             .room = event->name, .reason = event->text, .seconds = (uint32_t)event->count },
	         text);
	front_say_line(front, "%s  %s", date_text(event->time, date), text);
}

static void say_audit_end(struct front *front, const struct session_event *event)
{
	front->audit_next = event->more ? event->seq : 0;
	if (event->seq == 0)
		front_say(front, "%s", _("nothing was done here"));
	else if (event->more)
		front_say(front, "%s", _("/audit more shows older acts"));
}

static bool is_here(const struct front *front, const struct session_event *event)
{
	struct session_member member;
	for (size_t i = 0; session_member_at(front->session, event->room, i, &member); i++)
		if (strcmp(member.nick, event->nick) == 0)
			return true;
	return false;
}

/* What the members of the room see is not told twice. */
static void say_done(struct front *front, const struct session_event *event)
{
	char text[ACT_TEXT], fingerprint[TRUST_FINGERPRINT];
	bool shown = event->kind >= MODERATE_OP && event->kind <= MODERATE_UNMUTE && is_here(front, event);
	if (shown)
		return;
	act_text(&(struct act_text){ .action = event->kind, .by = session_own_nick(front->session),
	                             .whom = whom_of(event, fingerprint),
	                             .room = strcmp(event->name, "lobby") == 0 ? "" : event->name, .reason = "" },
	         text);
	front_say_line(front, "%s", text);
}

bool front_moderation_event(struct front *front, const struct session_event *event)
{
	switch (event->type) {
	case SESSION_CALLED:
		if (event->other[0] != '\0')
			front_say_line(front, _("%1$s invites you into the private room #%2$s; /join %2$s enters it"), event->other,
			               event->name);
		else
			front_say_line(front, _("you may enter the private room #%1$s; /join %1$s"), event->name);
		return true;
	case SESSION_RULE: say_rule(front, event); return true;
	case SESSION_RULES_END:
		if (event->count == 0)
			front_say(front, "%s", _("nobody is banned or muted here, and nobody moderates"));
		return true;
	case SESSION_ACT: say_act(front, event); return true;
	case SESSION_AUDIT_END: say_audit_end(front, event); return true;
	case SESSION_DONE:
		if (event->request != REQUEST_MODERATE)
			return false;
		say_done(front, event);
		return true;
	default: return front_status_event(front, event);
	}
}
