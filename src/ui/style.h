/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a piece of text on the screen is (its role); how that looks is the theme's business. */
#ifndef TCHAT_UI_STYLE_H
#define TCHAT_UI_STYLE_H

#include <stddef.h>

enum style_role {
#define STYLE(symbol, name) STYLE_##symbol,
#include "ui/style.def"
#undef STYLE
	STYLE_COUNT
};

/* How many colours nicks share: STYLE_NICK_0 and the roles after it. */
#define STYLE_NICKS 12

/* The role's name ("day-line"), "?" for a number that is none. Static. */
const char *style_name(enum style_role role);

/* The colour of a nick: the same for the same bytes on every machine and in every session. */
enum style_role style_for_nick(const char *nick, size_t length);

#endif
