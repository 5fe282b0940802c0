/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words and units of --durability and --keep. */
#include "app/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool keep_read_durability(struct keep *keep, const char *text)
{
	static const char *const words[] = { [KEEP_FULL] = "full", [KEEP_PROCESS] = "process", [KEEP_NONE] = "none" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(text, words[i]) == 0) {
			keep->durability = (enum keep_durability)i;
			return true;
		}
	return false;
}

bool keep_is_set(const struct keep *keep)
{
	return keep->count > 0 || keep->bytes > 0 || keep->age > 0 || keep->durability == KEEP_PROCESS;
}

bool keep_read_limit(struct keep *keep, const char *text)
{
	static const struct {
		const char *unit;
		uint64_t factor;
	} units[] = { { "s", 1 },        { "m", 60 },       { "h", 3600 },     { "d", 86400 },
		      { "K", 1u << 10 }, { "M", 1u << 20 }, { "G", 1u << 30 }, { "T", UINT64_C(1) << 40 } };
	enum { TIMES = 4 };
	const uint64_t most = INT64_MAX / 1000000;
	char *end;
	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	uint64_t number = strtoull(text, &end, 10);
	if (errno != 0 || number == 0 || number > most)
		return false;
	if (*end == '\0') {
		keep->count = number;
		return true;
	}
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		if (number > most / units[i].factor)
			return false;
		if (i < TIMES)
			keep->age = TCHAT_SECONDS(number * units[i].factor);
		else
			keep->bytes = number * units[i].factor;
		return true;
	}
	return false;
}
