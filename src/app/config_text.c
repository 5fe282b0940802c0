/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of KEY = VALUE, read and changed in place. */
#include "app/config_text.h"

#include "base/utf8.h"

#include <string.h>

static const char byte_order_mark[] = "\xEF\xBB\xBF";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void trim(const char **text, size_t *length)
{
	for (; *length > 0 && is_blank(**text); (*length)--)
		(*text)++;
	while (*length > 0 && is_blank((*text)[*length - 1]))
		(*length)--;
}

bool config_text_is_value(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (((unsigned char)bytes[i] < 0x20 && bytes[i] != '\t') || bytes[i] == 0x7f)
			return false;
	return utf8_valid(bytes, length);
}

int config_line_next(const char *text, size_t length, size_t *at, struct config_line *line)
{
	if (*at >= length)
		return 0;
	const char *start = text + *at, *end = memchr(start, '\n', length - *at);
	size_t size = end != NULL ? (size_t)(end - start) : length - *at;
	if (*at == 0 && size >= 3 && memcmp(start, byte_order_mark, 3) == 0) {
		start += 3;
		size -= 3;
	}
	*at = (size_t)(start - text) + size + (end != NULL);
	*line = (struct config_line){ .kind = CONFIG_LINE_NOTHING };
	trim(&start, &size);
	if (size == 0 || start[0] == '#')
		return 1;
	const char *equals = memchr(start, '=', size);
	line->key = start;
	line->key_length = equals != NULL ? (size_t)(equals - start) : size;
	trim(&line->key, &line->key_length);
	line->value = equals != NULL ? equals + 1 : start + size;
	line->value_length = (size_t)(start + size - line->value);
	trim(&line->value, &line->value_length);
	if (!config_text_is_value(line->key, line->key_length) || !config_text_is_value(line->value, line->value_length))
		line->kind = CONFIG_LINE_BYTES;
	else if (line->key_length == 0 || line->value_length == 0)
		line->kind = CONFIG_LINE_NO_VALUE;
	else
		line->kind = CONFIG_LINE_SETTING;
	return 1;
}

static bool is_line_of(const struct config_line *line, const char *key)
{
	return line->kind != CONFIG_LINE_NOTHING && line->key_length == strlen(key) &&
	       memcmp(line->key, key, line->key_length) == 0;
}

/* Where the line of key that counts begins; length when there is none. */
static size_t find_line(const char *text, size_t length, const char *key)
{
	struct config_line line;
	size_t found = length;
	for (size_t at = 0, start = 0; config_line_next(text, length, &at, &line); start = at)
		if (is_line_of(&line, key) && line.value > line.key + line.key_length)
			found = start;
	return found;
}

/* A line at the end, ended as the lines before it are. */
static int append_line(struct buffer *out, const char *text, size_t length, const char *key, const char *value)
{
	const char *first = length > 0 ? memchr(text, '\n', length) : NULL;
	const char *ending = first != NULL && first > text && first[-1] == '\r' ? "\r\n" : "\n";
	int err = length > 0 && text[length - 1] != '\n' ? buffer_put_string(out, ending) : 0;
	const char *const parts[] = { key, " = ", value, ending };
	for (size_t i = 0; err == 0 && i < sizeof parts / sizeof parts[0]; i++)
		err = buffer_put_string(out, parts[i]);
	return err;
}

int config_text_change(struct buffer *out, const char *text, size_t length, const char *key, const char *value)
{
	struct config_line line;
	size_t before = buffer_length(out), counts = find_line(text, length, key);
	int err = 0;
	for (size_t at = 0, start = 0; err == 0 && config_line_next(text, length, &at, &line); start = at) {
		const char *end = text + start;
		if (value == NULL && is_line_of(&line, key))
			continue;
		if (value != NULL && start == counts) {
			err = buffer_put(out, end, (size_t)(line.value - end));
			if (err == 0 && line.value[-1] == '=' && line.value_length == 0)
				err = buffer_put(out, " ", 1);
			if (err == 0)
				err = buffer_put_string(out, value);
			end = line.value + line.value_length;
		}
		if (err == 0)
			err = buffer_put(out, end, (size_t)(text + at - end));
	}
	if (err == 0 && value != NULL && counts == length)
		err = append_line(out, text, length, key, value);
	if (err != 0)
		buffer_truncate(out, before);
	return err;
}
