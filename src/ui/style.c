/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of roles, and the stable choice of a nick's colour. */
#include "ui/style.h"

#include <stdint.h>

const char *style_name(enum style_role role)
{
	static const char *const names[] = {
#define STYLE(symbol, name) name,
#include "ui/style.def"
#undef STYLE
	};
	return (unsigned)role < STYLE_COUNT ? names[role] : "?";
}

enum style_role style_for_nick(const char *nick, size_t length)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)nick[i]) * 16777619u;
	hash ^= hash >> 15; /* the low bits alone tell short nicks apart badly */
	return (enum style_role)(STYLE_NICK_0 + hash % STYLE_NICKS);
}
