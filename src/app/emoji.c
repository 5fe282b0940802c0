/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Emoji by name, out of a table. */
#include "app/emoji.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

static const struct emoji rows[] = {
#define EMOJI(name, character) { ":" name ":", character },
#include "app/emoji.def"
#undef EMOJI
};

const struct emoji *emoji_at(size_t index)
{
	return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

const struct emoji *emoji_find(const char *name)
{
	for (size_t i = 0; emoji_at(i) != NULL; i++)
		if (strcasecmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

const struct emoji *emoji_nearest(const char *name)
{
	const struct emoji *best = NULL;
	unsigned best_distance = TEXT_NEAR;
	size_t length = strlen(name);
	if (length < 3)
		return NULL;
	for (size_t i = 0; emoji_at(i) != NULL; i++)
		if (text_is_meant(name + 1, length - 2, rows[i].name + 1, strlen(rows[i].name) - 2, &best_distance))
			best = &rows[i];
	return best;
}
