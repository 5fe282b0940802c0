/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Acts of moderation in words. */
#include "app/act_text.h"

#include "base/intl.h"

#include <stdio.h>
#include <string.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

static const char *const names[] = {
	[MODERATE_KICK] = "kick",
	[MODERATE_END] = "end",
	[MODERATE_ADMIT] = "admit",
	[MODERATE_REFUSE] = "refuse",
	[MODERATE_REVOKE] = "revoke",
	[MODERATE_DROP_KEY] = "drop_key",
	[MODERATE_RELEASE] = "release",
	[MODERATE_OP] = "op",
	[MODERATE_DEOP] = "deop",
	[MODERATE_MUTE] = "mute",
	[MODERATE_UNMUTE] = "unmute",
	[MODERATE_BAN] = "ban",
	[MODERATE_UNBAN] = "unban",
	[MODERATE_CALL] = "call",
	[MODERATE_UNCALL] = "uncall",
	[MODERATE_RESERVE] = "reserve",
	[MODERATE_INVITE] = "invite",
	[MODERATE_DELETE] = "delete",
	[MODERATE_PRIVATE] = "private",
};

const char *act_name(uint8_t action)
{
	const char *name = action < sizeof names / sizeof names[0] ? names[action] : NULL;
	return name == NULL ? "other" : name;
}

void act_duration(uint32_t seconds, char *text, size_t size)
{
	unsigned long number = seconds;
	text[0] = '\0';
	if (seconds == 0)
		return;
	if (seconds % DAY == 0) {
		number /= DAY;
		snprintf(text, size, ngettext("for %lu day", "for %lu days", number), number);
	} else if (seconds % HOUR == 0) {
		number /= HOUR;
		snprintf(text, size, ngettext("for %lu hour", "for %lu hours", number), number);
	} else if (seconds % MINUTE == 0) {
		number /= MINUTE;
		snprintf(text, size, ngettext("for %lu minute", "for %lu minutes", number), number);
	} else {
		snprintf(text, size, ngettext("for %lu second", "for %lu seconds", number), number);
	}
}

/* Who did it, and to whom: the length. */
static int act_words(uint8_t action, const char *by, const char *whom, char text[ACT_TEXT])
{
	switch (action) {
	case MODERATE_KICK: return snprintf(text, ACT_TEXT, _("%1$s put out %2$s"), by, whom);
	case MODERATE_END: return snprintf(text, ACT_TEXT, _("%s ended the host"), by);
	case MODERATE_ADMIT: return snprintf(text, ACT_TEXT, _("%1$s let in %2$s"), by, whom);
	case MODERATE_REFUSE: return snprintf(text, ACT_TEXT, _("%1$s sent %2$s away from the door"), by, whom);
	case MODERATE_REVOKE: return snprintf(text, ACT_TEXT, _("%s took back an invitation"), by);
	case MODERATE_DROP_KEY: return snprintf(text, ACT_TEXT, _("%1$s took a key off the account of %2$s"), by, whom);
	case MODERATE_RELEASE: return snprintf(text, ACT_TEXT, _("%1$s gave the name %2$s free"), by, whom);
	case MODERATE_OP: return snprintf(text, ACT_TEXT, _("%1$s made %2$s a moderator"), by, whom);
	case MODERATE_DEOP: return snprintf(text, ACT_TEXT, _("%1$s made %2$s a moderator no more"), by, whom);
	case MODERATE_MUTE: return snprintf(text, ACT_TEXT, _("%1$s muted %2$s"), by, whom);
	case MODERATE_UNMUTE: return snprintf(text, ACT_TEXT, _("%1$s let %2$s speak again"), by, whom);
	case MODERATE_BAN: return snprintf(text, ACT_TEXT, _("%1$s banned %2$s"), by, whom);
	case MODERATE_UNBAN: return snprintf(text, ACT_TEXT, _("%1$s banned %2$s no more"), by, whom);
	case MODERATE_CALL: return snprintf(text, ACT_TEXT, _("%1$s invited %2$s into a private room"), by, whom);
	case MODERATE_UNCALL: return snprintf(text, ACT_TEXT, _("%1$s took back the invitation of %2$s into a private room"), by, whom);
	case MODERATE_RESERVE: return snprintf(text, ACT_TEXT, _("%1$s reserved the name %2$s"), by, whom);
	case MODERATE_INVITE: return snprintf(text, ACT_TEXT, _("%s made an invitation"), by);
	case MODERATE_DELETE: return snprintf(text, ACT_TEXT, _("%1$s took a message of %2$s away"), by, whom);
	case MODERATE_PRIVATE: return snprintf(text, ACT_TEXT, _("%s made a private room"), by);
	default: return snprintf(text, ACT_TEXT, _("%1$s did something to %2$s"), by, whom);
	}
}

/* The length of what names the room within the sentence; 0: other acts have it behind. */
static int act_room_words(const struct act_text *act, const char *by, const char *whom, char text[ACT_TEXT])
{
	if (act->room[0] == '\0')
		return 0;
	if (act->action == MODERATE_CALL)
		return snprintf(text, ACT_TEXT, _("%1$s invited %2$s into #%3$s"), by, whom, act->room);
	if (act->action == MODERATE_UNCALL)
		return snprintf(text, ACT_TEXT, _("%1$s took back the invitation of %2$s into #%3$s"), by, whom, act->room);
	return 0;
}

void act_text(const struct act_text *act, char text[ACT_TEXT])
{
	char duration[64];
	const char *by = act->by[0] != '\0' ? act->by : "-", *whom = act->whom[0] != '\0' ? act->whom : "-";
	size_t length = (size_t)act_room_words(act, by, whom, text);
	bool has_room = length > 0;
	if (!has_room)
		length = (size_t)act_words(act->action, by, whom, text);
	if (!has_room && act->room[0] != '\0' && length < ACT_TEXT)
		length += (size_t)snprintf(text + length, ACT_TEXT - length, _(" in #%s"), act->room);
	act_duration(act->seconds, duration, sizeof duration);
	if (duration[0] != '\0' && length < ACT_TEXT)
		length += (size_t)snprintf(text + length, ACT_TEXT - length, " %s", duration);
	if (act->reason[0] != '\0' && length < ACT_TEXT)
		snprintf(text + length, ACT_TEXT - length, ": %s", act->reason);
}
