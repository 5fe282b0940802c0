/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a terminal is asked at the start, and what is known of it from its answers. Nobody waits for those: they come as
 * keys do, as tokens, and until then the best guess holds. */
#ifndef TCHAT_UI_ANSWERS_H
#define TCHAT_UI_ANSWERS_H

#include "ui/theme.h"
#include "ui/token.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answers {
	bool awaited;          /* not all have come yet */
	bool synchronised;     /* updates can be told to show at once (DEC mode 2026) */
	enum theme background; /* the theme that fits it: THEME_DARK or THEME_LIGHT */
};

/* The guess. colours is what COLORFGBG says, "15;0" or "0;default;15"; NULL: it is not set. */
void answers_init(struct answers *answers, const char *colours);

/* Asks a terminal of xterm's kind. */
void answers_ask(struct answers *answers, int fd);

/* Takes an answer (a TOKEN_REPLY); true when it changed something that is known. */
bool answers_take(struct answers *answers, const struct token *token);

/* The colour in an answer to OSC 10 or 11, "\033]11;rgb:ffff/ffff/ffff" and its kin, as 0xRRGGBB; -1: there is none. */
int32_t answers_colour(const char *bytes, size_t length);

#endif
