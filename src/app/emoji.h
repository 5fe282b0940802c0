/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Emoji by name. */
#ifndef TCHAT_APP_EMOJI_H
#define TCHAT_APP_EMOJI_H

#include <stddef.h>

struct emoji {
	const char *name; /* with its colons: ":wave:" */
	const char *character;
};

/* The rows of emoji.def in order: NULL when index is past the last. */
const struct emoji *emoji_at(size_t index);

/* The one of this name, with its colons, case folded; NULL: there is none. */
const struct emoji *emoji_find(const char *name);

/* What a mistyped name may have meant; NULL: none is near. */
const struct emoji *emoji_nearest(const char *name);

#endif
