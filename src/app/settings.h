/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings of options.def: their names, their values as text and back. */
#ifndef TCHAT_APP_SETTINGS_H
#define TCHAT_APP_SETTINGS_H

#include "app/options.h"

enum { SETTING_REASON = 256, SETTING_MAX = 1024 };

enum setting_scope { SCOPE_START, SCOPE_SESSION, SCOPE_SCREEN };
enum setting_type {
	VALUE_TEXT,
	VALUE_NAME,
	VALUE_TIME,
	VALUE_TIME_OR_NEVER,
	VALUE_SWITCH,
	VALUE_NUMBER,
	VALUE_CHOICE,
	VALUE_LIMITS,
};

struct setting_row {
	const char *name;
	size_t offset;        /* of its member in struct options */
	enum setting_scope scope;
	enum setting_type type;
	long least, most;     /* VALUE_NUMBER */
	const char *words;    /* VALUE_CHOICE and VALUE_SWITCH: the values, a blank between two; else NULL */
	const char *standard; /* the default as it would be written; NULL: none */
	const char *help;     /* not yet translated */
};

const struct setting_row *setting_row(enum setting setting);

/* The setting of that name, or -1; the one that a mistyped name may have meant, or -1. */
int setting_find(const char *name, size_t length);
int setting_nearest(const char *name, size_t length);

/* Gives every setting its default. */
void settings_init(struct options *options);

/* Sets a value from text, which must live on where it is a string, or its default. Parsing returns 0; or
 * TCHAT_ERR_ARGUMENT with the reason in words and nothing changed. */
int setting_parse(struct options *options, enum setting setting, const char *text, char reason[SETTING_REASON]);
/* A time as settings have it, like 500ms or 2h: false when it is none. */
bool setting_time(const char *text, tchat_time *value);
void setting_reset(struct options *options, enum setting setting);

/* The value as it would be written; "" when there is none. */
void setting_format(const struct options *options, enum setting setting, char *text, size_t size);

#endif
