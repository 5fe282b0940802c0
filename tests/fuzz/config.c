/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any bytes as a tchatrc. Lines and values lie inside it; a value that is taken is written such that it is
 * taken again; a key that is changed has its new value then, and every other line is as it was. What is wrong with it
 * is said in clean lines, and a host that reads it again keeps what held before. */
#include "app/config.h"
#include "app/config_text.h"
#include "app/keep.h"
#include "app/settings.h"
#include "base/utf8.h"
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/tchat-fuzz-XXXXXX";

static void inside(const char *text, size_t length, const char *part, size_t size)
{
	demand(size == 0 || (part >= text && part + size <= text + length));
}

static void try_value(enum setting setting, const char *value)
{
	struct options options = { 0 };
	char reason[SETTING_REASON], text[SETTING_MAX], again[SETTING_MAX];
	settings_init(&options);
	if (setting_parse(&options, setting, value, reason) != 0) {
		demand(reason[0] != '\0');
		return;
	}
	setting_format(&options, setting, text, sizeof text);
	if (strlen(text) + 1 >= sizeof text)
		return;
	demand(setting_parse(&options, setting, text, reason) == 0);
	setting_format(&options, setting, again, sizeof again);
	demand(strcmp(text, again) == 0);
}

static void try_setting(const struct config_line *line)
{
	char *value = strndup(line->value, line->value_length);
	demand(value != NULL);
	demand(config_text_is_value(value, line->value_length));
	enum keep_durability durability;
	keep_read_durability(&durability, value);
	int setting = setting_find(line->key, line->key_length);
	if (setting >= 0)
		try_value((enum setting)setting, value);
	else
		demand(setting_nearest(line->key, line->key_length) < SETTINGS);
	free(value);
}

/* The last line with this key counts. */
static bool has_value(const struct buffer *text, const char *key, const char *value)
{
	struct config_line line;
	bool has = false;
	for (size_t at = 0; config_line_next((const char *)buffer_data(text), buffer_length(text), &at, &line);)
		if (line.kind == CONFIG_LINE_SETTING && line.key_length == strlen(key) &&
		    memcmp(line.key, key, line.key_length) == 0)
			has = value == NULL || (line.value_length == strlen(value) &&
			                        memcmp(line.value, value, line.value_length) == 0);
	return has;
}

static void try_change(const char *text, size_t length)
{
	struct buffer set, unset;
	buffer_init(&set, 1 << 21);
	buffer_init(&unset, 1 << 21);
	demand(config_text_change(&set, text, length, "theme", "light") == 0);
	demand(has_value(&set, "theme", "light"));
	demand(config_text_change(&unset, (const char *)buffer_data(&set), buffer_length(&set), "theme", NULL) == 0);
	demand(!has_value(&unset, "theme", NULL));
	buffer_free(&set);
	buffer_free(&unset);
}

/* --- As a file */

static void try_problems(const struct config *config)
{
	const char *problem;
	for (size_t i = 0; (problem = config_problem(config, i)) != NULL; i++) {
		demand(utf8_valid(problem, strlen(problem)));
		for (const char *c = problem; *c != '\0'; c++)
			demand((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
}

/* One after the other, behind each other. */
static void all_settings(const struct options *options, struct buffer *all)
{
	char text[SETTING_MAX];
	buffer_truncate(all, 0);
	for (int i = 0; i < SETTINGS; i++) {
		setting_format(options, (enum setting)i, text, sizeof text);
		demand(buffer_put(all, text, strlen(text) + 1) == 0);
	}
}

static void write_file(const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	demand(fd >= 0 && write(fd, text, length) == (ssize_t)length);
	close(fd);
}

/* From nothing, and again where something else held. */
static void try_file(const char *text, size_t length)
{
	static const char before[] = "theme = light\nmotd = welcome\nrooms = 5\n";
	struct options options = { 0 };
	struct buffer old, new;
	buffer_init(&old, SETTINGS * SETTING_MAX);
	buffer_init(&new, SETTINGS * SETTING_MAX);
	settings_init(&options);
	struct config *config = config_new(&options, path);
	demand(config != NULL);
	write_file(before, sizeof before - 1);
	config_load(config);
	demand(config_problem(config, 0) == NULL);
	all_settings(&options, &old);
	write_file(text, length);
	int err = config_reload(config);
	try_problems(config);
	demand((err != 0) == (config_problem(config, 0) != NULL));
	all_settings(&options, &new);
	demand(err == 0 || (buffer_length(&old) == buffer_length(&new) &&
	                    memcmp(buffer_data(&old), buffer_data(&new), buffer_length(&old)) == 0));
	config_load(config);
	try_problems(config);
	config_free(config);
	buffer_free(&old);
	buffer_free(&new);
}

static void clean_up(void)
{
	unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fd = mkstemp(path);
	demand(fd >= 0);
	close(fd);
	return atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *text = (const char *)bytes;
	struct config_line line;
	size_t before = 0;
	for (size_t at = 0; config_line_next(text, length, &at, &line); before = at) {
		demand(at > before && at <= length);
		if (line.kind == CONFIG_LINE_NOTHING || line.kind == CONFIG_LINE_BYTES)
			continue;
		inside(text, length, line.key, line.key_length);
		if (line.kind != CONFIG_LINE_SETTING)
			continue;
		inside(text, length, line.value, line.value_length);
		try_setting(&line);
	}
	try_change(text, length);
	try_file(text, length);
	return 0;
}
