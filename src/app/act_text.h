/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Acts of moderation in words: for the audit log, notices and the host's log. */
#ifndef TCHAT_APP_ACT_TEXT_H
#define TCHAT_APP_ACT_TEXT_H

#include "wire/message.h"

#include <stddef.h>
#include <stdint.h>

enum { ACT_TEXT = 1536 };

struct act_text {
	uint8_t action;    /* enum wire_moderation */
	const char *by;    /* these are never NULL; "" where nothing is known */
	const char *whom;  /* a nick, an address, or words of a key */
	const char *room;  /* without #; "": the whole host */
	const char *reason;
	uint32_t seconds;  /* 0: for ever */
};

/* One line, not cleaned: "ann muted ben in #tea for 2 hours: spam". */
void act_text(const struct act_text *act, char text[ACT_TEXT]);

/* The action's name in JSON: "mute"; "other" for one that is not known. */
const char *act_name(uint8_t action);

/* "for 2 hours"; "" for 0 seconds. */
void act_duration(uint32_t seconds, char *text, size_t size);

#endif
