/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words and units of --durability and --keep. */
#include "app/keep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ages first; of both kinds, the smallest unit first. */
static const struct {
	char unit;
	uint64_t factor;
} units[] = { { 's', 1 },        { 'm', 60 },       { 'h', 3600 },     { 'd', 86400 },
	      { 'K', 1u << 10 }, { 'M', 1u << 20 }, { 'G', 1u << 30 }, { 'T', UINT64_C(1) << 40 } };

enum { AGES = 4, UNITS = sizeof units / sizeof units[0], KEEP_TEXT = 96 };

bool keep_read_durability(enum keep_durability *durability, const char *text)
{
	static const char *const words[] = { [KEEP_FULL] = "full", [KEEP_PROCESS] = "process", [KEEP_NONE] = "none" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(text, words[i]) == 0) {
			*durability = (enum keep_durability)i;
			return true;
		}
	return false;
}

/* One limit; returns what is behind it, or NULL. */
static const char *read_one(struct keep *keep, const char *text)
{
	const uint64_t most = INT64_MAX / 1000000;
	char *end;
	size_t unit = 0;
	if (text[0] < '0' || text[0] > '9')
		return NULL;
	errno = 0;
	uint64_t number = strtoull(text, &end, 10);
	if (errno != 0 || number == 0 || number > most)
		return NULL;
	if (*end == '\0' || *end == ',') {
		keep->count = number;
		return end;
	}
	while (unit < UNITS && units[unit].unit != *end)
		unit++;
	if (unit == UNITS || number > most / units[unit].factor)
		return NULL;
	if (unit < AGES)
		keep->age = TCHAT_SECONDS(number * units[unit].factor);
	else
		keep->bytes = number * units[unit].factor;
	return end + 1;
}

bool keep_read(struct keep *keep, const char *text)
{
	struct keep fresh = *keep;
	for (;;) {
		text = read_one(&fresh, text);
		if (text == NULL || (*text != '\0' && *text != ','))
			return false;
		if (*text == '\0')
			break;
		text += 1 + strspn(text + 1, " ");
	}
	*keep = fresh;
	return true;
}

/* The largest unit that makes a whole number of it. */
static int format_unit(char *text, size_t size, uint64_t number, size_t first, size_t last)
{
	size_t unit = last;
	while (unit > first && number % units[unit].factor != 0)
		unit--;
	return snprintf(text, size, "%" PRIu64 "%c,", number / units[unit].factor, units[unit].unit);
}

void keep_format(const struct keep *keep, char *text, size_t size)
{
	char all[KEEP_TEXT] = "";
	int length = 0;
	if (keep->count > 0)
		length = snprintf(all, sizeof all, "%" PRIu64 ",", keep->count);
	if (keep->age > 0)
		length += format_unit(all + length, sizeof all - (size_t)length, (uint64_t)keep->age / TCHAT_SECONDS(1), 0, AGES - 1);
	if (keep->bytes > 0)
		length += format_unit(all + length, sizeof all - (size_t)length, keep->bytes, AGES, UNITS - 1);
	snprintf(text, size, "%.*s", length > 0 ? length - 1 : 0, all);
}
