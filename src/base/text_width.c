/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns and grapheme clusters; ASCII goes a short way. */
#include "config.h" /* for wcwidth() */

#include "base/text.h"

#include "base/text_filter.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>

#include <utf8proc.h>

int text_char_width(char32_t c)
{
	if (c >= 0x20 && c < 0x7F)
		return 1;
	if (c == UTF8_REPLACEMENT)
		return 1;
	if (c > 0x10FFFF)
		return -1;
	return wcwidth((wchar_t)c);
}

bool text_is_disputed(char32_t c)
{
	static const struct {
		char32_t first, last;
	} ranges[] = { /* as tests/terminals/widths.py --all found them */
		{ 0x06DE, 0x06DE }, { 0x1160, 0x11FF }, { 0x3030, 0x3030 }, { 0x303D, 0x303D }, { 0x31BB, 0x31BF },
		{ 0x3248, 0x324F }, { 0x3297, 0x3299 }, { 0x4DC0, 0x4DFF }, { 0x16FE0, 0x1B2FF }, { 0x1D100, 0x1D1FF },
		{ 0x1F202, 0x1F202 }, { 0x1F237, 0x1F237 }, { 0x1F260, 0x1F265 }, { 0x1F6D3, 0x1F6DF }, { 0x1F6F4, 0x1F6FF },
		{ 0x1F7E0, 0x1F7FF }, { 0x1F900, 0x1F9FF }, { 0x1FA00, 0x1FAFF },
	};
	if (c < 0x300 || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3))
		return false;
	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0] && c >= ranges[i].first; i++)
		if (c <= ranges[i].last)
			return true;
	/* From Indic scripts on marks take columns of their own, or came late. */
	return c >= 0x0900 && !(c >= 0x1DC0 && c < 0x3000) && text_is_mark(c);
}

static bool is_printable(char c)
{
	return c >= 0x20 && c < 0x7F;
}

static char32_t decode(const char *text, size_t length, size_t *at)
{
	char32_t c;
	*at += utf8_decode(text + *at, length - *at, &c);
	return c == UTF8_INVALID ? UTF8_REPLACEMENT : c;
}

size_t text_next(const char *text, size_t length, size_t at, int *width)
{
	if (is_printable(text[at]) && (at + 1 == length || (unsigned char)text[at + 1] < 0x80)) {
		if (width != NULL)
			*width = 1;
		return at + 1;
	}
	int columns = 0;
	bool base = false;
	utf8proc_int32_t state = 0;
	char32_t last = decode(text, length, &at);
	for (char32_t c = last;;) {
		int w = text_char_width(c);
		columns += w > 0 ? w : w == 0 && base ? 0 : 1; /* what has no width is drawn as U+FFFD */
		base = true;
		if (at >= length)
			break;
		size_t next = at;
		c = decode(text, length, &next);
		if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)last, (utf8proc_int32_t)c, &state))
			break;
		last = c;
		at = next;
	}
	if (width != NULL)
		*width = columns;
	return at;
}

size_t text_previous(const char *text, size_t length, size_t at)
{
	if (at == 0)
		return 0;
	/* Back to a place that is surely a boundary: before printable ASCII, or far enough away. */
	enum { FAR = 512 };
	size_t start = at - 1;
	while (start > 0 && at - start < FAR && !is_printable(text[start]))
		start--;
	while (start > 0 && ((unsigned char)text[start] & 0xC0) == 0x80)
		start--;
	for (size_t end;; start = end) {
		end = text_next(text, length, start, NULL);
		if (end >= at)
			return start;
	}
}

size_t text_cut(const char *text, size_t length, size_t columns, size_t *width)
{
	size_t at = 0, used = 0;
	while (at < length) {
		int one;
		size_t end = text_next(text, length, at, &one);
		if (used + (size_t)one > columns)
			break;
		used += (size_t)one;
		at = end;
	}
	if (width != NULL)
		*width = used;
	return at;
}

size_t text_width(const char *text, size_t length)
{
	size_t width;
	text_cut(text, length, SIZE_MAX, &width);
	return width;
}

char text_fallback(char32_t c)
{
	if (c >= 0x20 && c < 0x7F)
		return (char)c;
	switch (c) {
	case 0x00A0:
	case 0x3000:
		return ' ';
	case 0x2013:
	case 0x2014:
	case 0x2212:
	case 0x2500:
	case 0x2504:
		return '-';
	case 0x2502:
		return '|';
	case 0x250C:
	case 0x2510:
	case 0x2514:
	case 0x2518:
		return '+';
	case 0x2018:
	case 0x2019:
		return '\'';
	case 0x201C:
	case 0x201D:
		return '"';
	case 0x2026:
	case 0x00B7:
	case 0x2022:
		return '.';
	case 0x00BB:
	case 0x203A:
	case 0x2192:
	case 0x25B8:
		return '>';
	case 0x00AB:
	case 0x2039:
	case 0x2190:
		return '<';
	case 0x2191:
		return '^';
	case 0x2193:
	case 0x21B5:
		return 'v';
	case 0x2717:
		return 'x';
	default:
		return '?';
	}
}
