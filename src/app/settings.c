/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table (options.def), one parser and one printer for each type. */
#include "app/settings.h"

#include "base/errors.h"
#include "base/intl.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START SCOPE_START
#define SESSION SCOPE_SESSION
#define SCREEN SCOPE_SCREEN
#define TEXT VALUE_TEXT, 0, 0, NULL
#define NAME VALUE_NAME, 0, 0, NULL
#define TIME VALUE_TIME, 0, 0, NULL
#define TIME_OR_NEVER VALUE_TIME_OR_NEVER, 0, 0, NULL
#define SWITCH VALUE_SWITCH, 0, 0, "off on"
#define NUMBER(least, most) VALUE_NUMBER, least, most, NULL
#define CHOICE(words) VALUE_CHOICE, 0, 0, words
#define LIMITS VALUE_LIMITS, 0, 0, NULL

static const struct setting_row rows[] = {
#define SECTION(title)
#define OPTION(symbol, name, letter, argument, help)
#define SETTING(symbol, member, name, letter, scope, type, argument, standard, help) \
	{ name, offsetof(struct options, member), scope, type, standard, help },
#include "app/options.def"
#undef SETTING
#undef OPTION
#undef SECTION
};

static const struct {
	const char *name;
	tchat_time length;
} units[] = { { "d", TCHAT_SECONDS(86400) }, { "h", TCHAT_SECONDS(3600) }, { "m", TCHAT_SECONDS(60) },
              { "s", TCHAT_SECONDS(1) },     { "ms", TCHAT_MS(1) },        { "", TCHAT_SECONDS(1) } };

enum { UNIT_COUNT = sizeof units / sizeof units[0] };

const struct setting_row *setting_row(enum setting setting)
{
	return &rows[setting];
}

int setting_find(const char *name, size_t length)
{
	for (int i = 0; i < SETTINGS; i++)
		if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
			return i;
	return -1;
}

int setting_nearest(const char *name, size_t length)
{
	int best = -1;
	unsigned best_distance = TEXT_NEAR;
	for (int i = 0; i < SETTINGS; i++)
		if (text_is_meant(name, length, rows[i].name, strlen(rows[i].name), &best_distance))
			best = i;
	return best;
}

static int refuse(char reason[SETTING_REASON], const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(char reason[SETTING_REASON], const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, SETTING_REASON, format, arguments);
	va_end(arguments);
	return TCHAT_ERR_ARGUMENT;
}

static int parse_number(const struct setting_row *row, const char *text, long *value, char reason[SETTING_REASON])
{
	char *end;
	errno = 0;
	long number = strtol(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && number >= row->least && number <= row->most) {
		*value = number;
		return 0;
	}
	if (row->most == LONG_MAX)
		return refuse(reason, _("'%.60s' is not a whole number of at least %ld"), text, row->least);
	return refuse(reason, _("'%.60s' is not a whole number from %ld to %ld"), text, row->least, row->most);
}

/* A number with an optional unit; seconds without one. */
bool setting_time(const char *text, tchat_time *value)
{
	char *end;
	errno = 0;
	double number = strtod(text, &end);
	for (size_t i = 0; errno == 0 && end != text && i < UNIT_COUNT; i++) {
		double length = number * (double)units[i].length;
		if (strcmp(end, units[i].name) == 0 && number >= 0 && length < 1e17) {
			*value = (tchat_time)length;
			return true;
		}
	}
	return false;
}

/* "never" where it is allowed. */
static int parse_time(const struct setting_row *row, const char *text, tchat_time *value, char reason[SETTING_REASON])
{
	if (row->type == VALUE_TIME_OR_NEVER && strcmp(text, "never") == 0) {
		*value = TCHAT_NEVER;
		return 0;
	}
	if (setting_time(text, value))
		return 0;
	return refuse(reason, _("'%.60s' is not a time like 500ms, 30s, 10m or 2h"), text);
}

/* The index of text among words, or -1. */
static long word_index(const char *words, const char *text)
{
	size_t length = strlen(text);
	long index = 0;
	for (const char *at = words;; at += strcspn(at, " ") + 1, index++) {
		size_t word = strcspn(at, " ");
		if (word == length && memcmp(at, text, length) == 0)
			return index;
		if (at[word] == '\0')
			return -1;
	}
}

static int parse_word(const struct setting_row *row, const char *text, long *value, char reason[SETTING_REASON])
{
	long index = word_index(row->words, text);
	if (index < 0)
		/* TRANSLATORS: %2$s is a list of words with blanks between them: on off */
		return refuse(reason, _("'%1$.60s' is not one of: %2$s"), text, row->words);
	*value = index;
	return 0;
}

/* On the command line, what was said before stays. */
static int parse_limits(struct keep *keep, bool more, const char *text, char reason[SETTING_REASON])
{
	struct keep fresh = { 0 };
	if (more)
		fresh = *keep;
	if (!keep_read(&fresh, text))
		return refuse(reason, _("'%.60s' is no limit like 100000 (messages), 30d (days), 500M (bytes) or 30d,500M"), text);
	*keep = fresh;
	return 0;
}

int setting_parse(struct options *options, enum setting setting, const char *text, char reason[SETTING_REASON])
{
	const struct setting_row *row = &rows[setting];
	void *member = (char *)options + row->offset;
	long word;
	int err = 0;
	switch (row->type) {
	case VALUE_TEXT:
	case VALUE_NAME:
		*(const char **)member = text;
		return 0;
	case VALUE_TIME:
	case VALUE_TIME_OR_NEVER:
		return parse_time(row, text, member, reason);
	case VALUE_SWITCH:
		err = parse_word(row, text, &word, reason);
		if (err == 0)
			*(bool *)member = word != 0;
		return err;
	case VALUE_NUMBER:
		return parse_number(row, text, member, reason);
	case VALUE_CHOICE:
		return parse_word(row, text, member, reason);
	case VALUE_LIMITS:
		return parse_limits(member, options->source[setting] == FROM_COMMAND_LINE, text, reason);
	}
	return TCHAT_ERR_ARGUMENT;
}

void setting_reset(struct options *options, enum setting setting)
{
	const struct setting_row *row = &rows[setting];
	char reason[SETTING_REASON];
	void *member = (char *)options + row->offset;
	options->source[setting] = FROM_DEFAULT;
	if (row->standard != NULL)
		(void)setting_parse(options, setting, row->standard, reason);
	else if (row->type == VALUE_NUMBER || row->type == VALUE_CHOICE)
		*(long *)member = -1;
	else if (row->type == VALUE_LIMITS)
		*(struct keep *)member = (struct keep){ 0 };
	else
		*(const char **)member = NULL;
}

void settings_init(struct options *options)
{
	for (int i = 0; i < SETTINGS; i++)
		setting_reset(options, (enum setting)i);
}

/* The largest unit that makes a whole number of it. */
static void format_time(tchat_time time, char *text, size_t size)
{
	size_t unit = 0;
	while (unit < UNIT_COUNT - 2 && (time == 0 || time % units[unit].length != 0))
		unit++;
	if (time == TCHAT_NEVER)
		snprintf(text, size, "never");
	else if (time % units[unit].length != 0)
		snprintf(text, size, "%.3fms", (double)time / 1000);
	else
		snprintf(text, size, "%" PRIu64 "%s", (uint64_t)(time / units[unit].length), units[unit].name);
}

void setting_format(const struct options *options, enum setting setting, char *text, size_t size)
{
	const struct setting_row *row = &rows[setting];
	const void *member = (const char *)options + row->offset;
	const char *string, *word = row->words;
	text[0] = '\0';
	switch (row->type) {
	case VALUE_TEXT:
	case VALUE_NAME:
		string = *(const char *const *)member;
		snprintf(text, size, "%s", string != NULL ? string : "");
		break;
	case VALUE_TIME:
	case VALUE_TIME_OR_NEVER:
		format_time(*(const tchat_time *)member, text, size);
		break;
	case VALUE_NUMBER:
		if (*(const long *)member >= 0)
			snprintf(text, size, "%ld", *(const long *)member);
		break;
	case VALUE_SWITCH:
	case VALUE_CHOICE: {
		long index = row->type == VALUE_SWITCH ? *(const bool *)member : *(const long *)member;
		for (long i = index; i > 0; i--)
			word += strcspn(word, " ") + 1;
		if (index >= 0)
			snprintf(text, size, "%.*s", (int)strcspn(word, " "), word);
		break;
	}
	case VALUE_LIMITS:
		keep_format(member, text, size);
	}
}
