/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text work of the line editor that needs no readline. */
#include "ui/line_text.h"

#include "base/text.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { EMPTY_LINE_MARK = '\002' }; /* no draft holds it: pastes are clean, and keys with it are commands */

size_t line_text_move(const char *text, size_t point, bool up)
{
	size_t start = point, target, end;
	while (start > 0 && text[start - 1] != '\n')
		start--;
	if (up) {
		if (start == 0)
			return LINE_TEXT_NOWHERE;
		end = target = start - 1;
		while (target > 0 && text[target - 1] != '\n')
			target--;
	} else {
		const char *newline = strchr(text + point, '\n');
		if (newline == NULL)
			return LINE_TEXT_NOWHERE;
		target = (size_t)(newline - text) + 1;
		end = target + strcspn(text + target, "\n");
	}
	size_t column = text_width(text + start, point - start);
	return target + text_cut(text + target, end - target, column, NULL);
}

/* No control character, no byte that is not UTF-8. */
static bool is_text(char32_t c)
{
	return c >= 0x20 && c != 0x7f && (c < 0x80 || c >= 0xa0) && c != UTF8_INVALID;
}

void line_text_clean(char *out, const char *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		char32_t c;
		size_t taken = utf8_decode(bytes + at, length - at, &c);
		if (c == '\r') {
			*out++ = '\n';
			taken += at + 1 < length && bytes[at + 1] == '\n';
		} else if (c == '\n' || c == '\t' || is_text(c)) {
			memcpy(out, bytes + at, taken);
			out += taken;
		}
		at += taken;
	}
	*out = '\0';
}

/* The first lengths bytes of three strings in one. */
static char *join(const char *a, size_t a_length, const char *b, size_t b_length, const char *c,
	size_t c_length)
{
	char *text = malloc(a_length + b_length + c_length + 1);
	if (text == NULL)
		return NULL;
	memcpy(text, a, a_length);
	memcpy(text + a_length, b, b_length);
	memcpy(text + a_length + b_length, c, c_length);
	text[a_length + b_length + c_length] = '\0';
	return text;
}

/* How far all candidates agree, whole characters only. */
static size_t common_length(char *const *candidates, size_t count)
{
	size_t length = strlen(candidates[0]);
	for (size_t i = 1; i < count; i++) {
		size_t same = 0;
		while (same < length && candidates[i][same] == candidates[0][same])
			same++;
		length = same;
	}
	return utf8_cut(candidates[0], strlen(candidates[0]), length);
}

char **line_text_matches(const char *typed, size_t before, char *const *candidates, size_t count,
	const char *suffix)
{
	char **result = calloc(count + 2, sizeof *result);
	size_t made = 1, common = common_length(candidates, count), suffix_length = strlen(suffix);
	if (result == NULL)
		return NULL;
	if (count == 1)
		result[0] = join(typed, before, candidates[0], common, suffix, suffix_length > 0 ? suffix_length - 1 : 0);
	else if (before + common < strlen(typed))
		result[0] = strdup(typed); /* candidates need not begin with what was typed */
	else
		result[0] = join(typed, before, candidates[0], common, "", 0);
	for (; count > 1 && made <= count; made++) {
		result[made] = join(typed, before, candidates[made - 1], strlen(candidates[made - 1]), "", 0);
		if (result[made] == NULL)
			break;
	}
	if (result[0] != NULL && (count == 1 || made == count + 1))
		return result;
	for (size_t i = 0; i < made; i++)
		free(result[i]);
	free(result);
	return NULL;
}

char *line_text_mark_empty(const char *text)
{
	size_t length = strlen(text), to = 0;
	char *marked = malloc(2 * length + 2);
	for (size_t i = 0; marked != NULL && i <= length; i++) {
		bool line_begins = i == 0 || text[i - 1] == '\n';
		if (line_begins && (text[i] == '\n' || text[i] == '\0'))
			marked[to++] = EMPTY_LINE_MARK;
		marked[to++] = text[i];
	}
	return marked;
}

void line_text_unmark_empty(char *text)
{
	char *to = text;
	for (const char *from = text; (*to = *from) != '\0'; from++)
		to += *from != EMPTY_LINE_MARK;
}
