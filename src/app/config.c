/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads tchatrc with a word on each bad line, and writes single values back. */
#include "app/config.h"

#include "app/config_text.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/intl.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBLEMS_MAX = 20, QUOTE_MAX = 40 };

struct config {
	struct options *options;
	char *path;                  /* NULL: there is no place for a file */
	bool own_place;              /* the folder may be made */
	char *texts[SETTINGS];  /* what strings of the options point to, if not into argv */
	char *problems[PROBLEMS_MAX + 1];
	size_t problem_count;
	size_t problems_unsaid;
};

struct config *config_new(struct options *options, const char *path)
{
	char own[PATHS_MAX];
	struct config *config = calloc(1, sizeof *config);
	if (config == NULL)
		return NULL;
	config->own_place = path == NULL;
	if (path == NULL && paths_of(PATHS_CONFIG, "tchatrc", own) == 0)
		path = own;
	if (path != NULL && (config->path = strdup(path)) == NULL) {
		free(config);
		return NULL;
	}
	config->options = options;
	options->config = config;
	return config;
}

static void forget_problems(struct config *config)
{
	for (size_t i = 0; i < config->problem_count; i++)
		free(config->problems[i]);
	memset(config->problems, 0, sizeof config->problems);
	config->problem_count = config->problems_unsaid = 0;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < SETTINGS; i++)
		free(config->texts[i]);
	forget_problems(config);
	config->options->config = NULL;
	free(config->path);
	free(config);
}

const char *config_problem(const struct config *config, size_t index)
{
	return index < config->problem_count ? config->problems[index] : NULL;
}

const char *config_path(const struct config *config)
{
	return config->path;
}

/* --- Values */

/* Sets a value of the options: 0 or TCHAT_ERR_ARGUMENT, with the reason. Names are looked at more closely than on the
 * command line, where the host has its say soon enough. */
static int parse_value(struct options *options, enum setting setting, const char *text, char reason[SETTING_REASON])
{
	struct buffer shown;
	size_t length = strlen(text);
	int err = 0;
	buffer_init(&shown, TEXT_CLEAN_MAX(SETTING_MAX));
	if (length == 0 || length > SETTING_MAX) {
		snprintf(reason, SETTING_REASON, "%s", length == 0 ? _("a value is missing") : _("the value is too long"));
		err = TCHAT_ERR_ARGUMENT;
	} else if (!config_text_is_value(text, length)) {
		snprintf(reason, SETTING_REASON, "%s", _("a value is one line of text"));
		err = TCHAT_ERR_ARGUMENT;
	} else if (setting_row(setting)->type == VALUE_NAME && text_name_shown(&shown, text, length) != 0) {
		snprintf(reason, SETTING_REASON, _("'%.60s' is not a possible name"), text);
		err = TCHAT_ERR_ARGUMENT;
	}
	buffer_free(&shown);
	return err != 0 ? err : setting_parse(options, setting, text, reason);
}

/* Takes a value over, unless what holds has a better source. 0, TCHAT_ERR_MEMORY or TCHAT_ERR_ARGUMENT, with the
 * reason. */
static int take_value(struct config *config, enum setting setting, const char *value, size_t length,
                      enum options_source source, char reason[SETTING_REASON])
{
	struct options scratch = *config->options;
	bool hidden = config->options->source[setting] > source;
	char *text = strndup(value, length);
	if (text == NULL) {
		snprintf(reason, SETTING_REASON, "%s", tchat_err_text(TCHAT_ERR_MEMORY));
		return TCHAT_ERR_MEMORY;
	}
	int err = parse_value(hidden ? &scratch : config->options, setting, text, reason);
	enum setting_type type = setting_row(setting)->type;
	if (err == 0 && !hidden) {
		config->options->source[setting] = (unsigned char)source;
		if (type == VALUE_TEXT || type == VALUE_NAME) {
			char *old = config->texts[setting];
			config->texts[setting] = text;
			text = old;
		}
	}
	free(text);
	return err;
}

/* --- Reading */

/* Why a file could not be read or written, in words. */
static const char *explain(int err)
{
	if (err == TCHAT_ERR_SYSTEM)
		return strerror(errno);
	if (err == TCHAT_ERR_ARGUMENT)
		return _("not a regular file");
	if (err == TCHAT_ERR_TOO_LONG)
		return _("too large");
	return tchat_err_text(err);
}

static void add_problem(struct config *config, char *text)
{
	struct buffer clean;
	buffer_init(&clean, TEXT_CLEAN_MAX(strlen(text)) + 1);
	if (text_clean(&clean, text, strlen(text), TEXT_LINE) == 0 && buffer_put(&clean, "", 1) == 0) {
		char *copy = strdup((const char *)buffer_data(&clean));
		if (copy != NULL)
			config->problems[config->problem_count++] = copy;
	}
	buffer_free(&clean);
}

static void complain(struct config *config, size_t line, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void complain(struct config *config, size_t line, const char *format, ...)
{
	char text[PATHS_MAX + 512];
	if (config->problem_count >= PROBLEMS_MAX) {
		config->problems_unsaid++;
		return;
	}
	int length = line > 0 ? snprintf(text, sizeof text, "%s:%zu: ", config->path, line) :
	                        snprintf(text, sizeof text, "%s: ", config->path);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text + length, sizeof text - (size_t)length, format, arguments);
	va_end(arguments);
	add_problem(config, text);
}

static void load_unknown(struct config *config, size_t number, const struct config_line *line)
{
	int length = (int)utf8_cut(line->key, line->key_length, QUOTE_MAX);
	int meant = setting_nearest(line->key, line->key_length);
	if (options_is_name(line->key, line->key_length))
		complain(config, number, _("'%.*s' is for the command line only"), length, line->key);
	else if (meant >= 0)
		complain(config, number, _("unknown key '%.*s'; did you mean '%s'?"), length, line->key,
		         setting_row((enum setting)meant)->name);
	else
		complain(config, number, _("unknown key '%.*s'"), length, line->key);
}

static void load_line(struct config *config, size_t number, const struct config_line *line)
{
	char reason[SETTING_REASON];
	if (line->kind == CONFIG_LINE_NOTHING)
		return;
	if (line->kind == CONFIG_LINE_BYTES) {
		complain(config, number, "%s", _("not UTF-8 text"));
		return;
	}
	int setting = setting_find(line->key, line->key_length);
	if (setting < 0 && line->key_length > 0 && line->value > line->key + line->key_length) {
		load_unknown(config, number, line);
	} else if (line->kind == CONFIG_LINE_NO_VALUE) {
		complain(config, number, "%s", _("expected KEY = VALUE"));
	} else if (take_value(config, (enum setting)setting, line->value, line->value_length, FROM_FILE, reason) != 0) {
		complain(config, number, "%.*s: %s", (int)line->key_length, line->key, reason);
	}
}

void config_load(struct config *config)
{
	struct config_line line;
	struct buffer text;
	forget_problems(config);
	if (config->path == NULL)
		return;
	buffer_init(&text, CONFIG_FILE_MAX + 8192);
	int err = file_read(config->path, CONFIG_FILE_MAX, &text);
	if (err != 0 && err != TCHAT_ERR_NOT_FOUND)
		complain(config, 0, "%s", explain(err));
	size_t number = 1;
	for (size_t at = 0; err == 0 && config_line_next((const char *)buffer_data(&text), buffer_length(&text), &at, &line);
	     number++)
		load_line(config, number, &line);
	buffer_free(&text);
	if (config->problems_unsaid == 0)
		return;
	char rest[PATHS_MAX + 128];
	snprintf(rest, sizeof rest, ngettext("%s: %zu more line is wrong", "%s: %zu more lines are wrong",
	                                     config->problems_unsaid), config->path, config->problems_unsaid);
	add_problem(config, rest);
}

int config_reload(struct config *config)
{
	struct options options = *config->options;
	struct config fresh = { .options = &options, .path = config->path };
	for (int i = 0; i < SETTINGS; i++)
		if (options.source[i] == FROM_FILE)
			setting_reset(&options, (enum setting)i);
	config_load(&fresh);
	forget_problems(config);
	if (fresh.problem_count > 0) {
		memcpy(config->problems, fresh.problems, sizeof fresh.problems);
		config->problem_count = fresh.problem_count;
		for (size_t i = 0; i < SETTINGS; i++)
			free(fresh.texts[i]);
		return TCHAT_ERR_SYNTAX;
	}
	/* Texts that the user set are the old config's still. */
	for (size_t i = 0; i < SETTINGS; i++)
		if (config->options->source[i] == FROM_FILE || fresh.texts[i] != NULL) {
			free(config->texts[i]);
			config->texts[i] = fresh.texts[i];
		}
	*config->options = options;
	return 0;
}

/* --- Writing */

/* Changes the value in the file; NULL takes it away. */
static int save(struct config *config, const char *key, const char *value)
{
	char folder[PATHS_MAX];
	struct buffer old, new;
	if (config->path == NULL)
		return TCHAT_ERR_NOT_FOUND;
	buffer_init(&old, CONFIG_FILE_MAX + 8192);
	buffer_init(&new, CONFIG_FILE_MAX + 16384);
	int err = file_read(config->path, CONFIG_FILE_MAX, &old);
	bool missing = err == TCHAT_ERR_NOT_FOUND;
	/* A folder that others may write to is the user's own decision; the file is private in any case. */
	if (missing && value != NULL && config->own_place)
		(void)paths_make(PATHS_CONFIG, NULL, folder);
	if (err == 0 || missing)
		err = config_text_change(&new, (const char *)buffer_data(&old), buffer_length(&old), key, value);
	if (err == 0 && (!missing || value != NULL))
		err = file_replace(config->path, buffer_data(&new), buffer_length(&new));
	int number = errno;
	buffer_free(&old);
	buffer_free(&new);
	errno = number;
	return err;
}

int config_set(struct config *config, enum setting setting, const char *value, char reason[CONFIG_REASON])
{
	reason[0] = '\0';
	if (value == NULL) {
		setting_reset(config->options, setting);
	} else {
		int err = take_value(config, setting, value, strlen(value), FROM_USER, reason);
		if (err != 0)
			return TCHAT_ERR_ARGUMENT;
	}
	int err = save(config, setting_row(setting)->name, value);
	if (err != 0)
		snprintf(reason, CONFIG_REASON, "%.900s: %s", config->path != NULL ? config->path : "tchatrc", explain(err));
	return err;
}
