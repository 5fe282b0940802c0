/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of members and rooms: which are allowed, how they are shown and compared; and comparing of words. */
#include "base/text.h"

#include "base/errors.h"
#include "base/text_filter.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

enum script {
	SCRIPT_LATIN = 1,
	SCRIPT_HAN = 2,
	SCRIPT_KANA = 4,
	SCRIPT_BOPOMOFO = 8,
	SCRIPT_HANGUL = 16,
	SCRIPT_GREEK = 32,
	SCRIPT_CYRILLIC = 64,
	SCRIPT_ARMENIAN = 128,
	SCRIPT_CHEROKEE = 256,
	SCRIPT_OTHER = 512,
};

/* Where letters of the scripts that look like one another live; every other letter counts as SCRIPT_OTHER. */
static const struct {
	char32_t first, last;
	enum script script;
} scripts[] = {
	{ 0x0041, 0x02AF, SCRIPT_LATIN },    { 0x0370, 0x03FF, SCRIPT_GREEK },    { 0x0400, 0x052F, SCRIPT_CYRILLIC },
	{ 0x0530, 0x058F, SCRIPT_ARMENIAN }, { 0x1100, 0x11FF, SCRIPT_HANGUL },   { 0x13A0, 0x13FF, SCRIPT_CHEROKEE },
	{ 0x1C80, 0x1C8F, SCRIPT_CYRILLIC }, { 0x1D00, 0x1DBF, SCRIPT_LATIN },    { 0x1E00, 0x1EFF, SCRIPT_LATIN },
	{ 0x1F00, 0x1FFF, SCRIPT_GREEK },    { 0x2C60, 0x2C7F, SCRIPT_LATIN },    { 0x2DE0, 0x2DFF, SCRIPT_CYRILLIC },
	{ 0x3005, 0x3007, SCRIPT_HAN },      { 0x3041, 0x30FF, SCRIPT_KANA },     { 0x3105, 0x312F, SCRIPT_BOPOMOFO },
	{ 0x31A0, 0x31BF, SCRIPT_BOPOMOFO }, { 0x31F0, 0x31FF, SCRIPT_KANA },     { 0x3400, 0x4DBF, SCRIPT_HAN },
	{ 0x4E00, 0x9FFF, SCRIPT_HAN },      { 0xA640, 0xA69F, SCRIPT_CYRILLIC }, { 0xA720, 0xA7FF, SCRIPT_LATIN },
	{ 0xA960, 0xA97F, SCRIPT_HANGUL },   { 0xAB30, 0xAB6F, SCRIPT_LATIN },    { 0xAB70, 0xABBF, SCRIPT_CHEROKEE },
	{ 0xAC00, 0xD7FF, SCRIPT_HANGUL },   { 0xF900, 0xFAFF, SCRIPT_HAN },      { 0x20000, 0x323AF, SCRIPT_HAN },
};

static unsigned script_of(char32_t c)
{
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
	if (category < UTF8PROC_CATEGORY_LU || category > UTF8PROC_CATEGORY_LO)
		return 0; /* marks, digits and signs go with every script */
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		if (c >= scripts[i].first && c <= scripts[i].last)
			return scripts[i].script;
	}
	return SCRIPT_OTHER;
}

/* UTS 39, "highly restrictive": one script, or Latin beside those that are written together with it. */
static bool scripts_mix(unsigned set)
{
	static const unsigned fine[] = {
		SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_KANA,
		SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_BOPOMOFO,
		SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_HANGUL,
	};
	if ((set & (set - 1)) == 0)
		return false;
	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
		if ((set & ~fine[i]) == 0)
			return false;
	}
	return true;
}

static bool char_allowed(char32_t c)
{
	if (text_classify(c) != TEXT_KEEP || c == UTF8_REPLACEMENT || c == 0x2800)
		return false;
	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_CO:
		return false;
	default:
		return true;
	}
}

static bool name_allowed(const char *name, size_t length)
{
	if (length == 0 || length > TEXT_NAME_BYTES || strchr("-/#:@", name[0]) != NULL)
		return false;
	unsigned set = 0;
	size_t marks = TEXT_MARKS_MAX; /* so that a name cannot begin with one */
	for (size_t at = 0; at < length;) {
		char32_t c;
		at += utf8_decode(name + at, length - at, &c);
		if (!char_allowed(c))
			return false;
		marks = text_is_mark(c) ? marks + 1 : 0;
		if (marks > TEXT_MARKS_MAX)
			return false;
		set |= script_of(c);
	}
	size_t clusters = 0;
	for (size_t at = 0; at < length; clusters++)
		at = text_next(name, length, at, NULL);
	return clusters <= TEXT_NAME_CLUSTERS && !scripts_mix(set);
}

/* A mapped copy, to be freed, with its length. NULL with *err: TCHAT_ERR_MEMORY, or TCHAT_ERR_BAD_TEXT, which is not
 * valid. */
static char *text_map(const char *text, size_t length, utf8proc_option_t options, size_t *mapped, int *err)
{
	utf8proc_uint8_t *out = NULL;
	utf8proc_ssize_t count = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, &out,
	                                      UTF8PROC_STABLE | UTF8PROC_COMPOSE | options);
	*err = count >= 0 ? 0 : count == UTF8PROC_ERROR_NOMEM ? TCHAT_ERR_MEMORY : TCHAT_ERR_BAD_TEXT;
	if (count < 0)
		return NULL;
	*mapped = (size_t)count;
	return (char *)out;
}

static int name_put(struct buffer *out, const char *name, size_t length, utf8proc_option_t options)
{
	if (length == 0 || length > 4 * TEXT_NAME_BYTES || !utf8_valid(name, length) ||
	    memchr(name, 0, length) != NULL)
		return TCHAT_ERR_BAD_NAME;
	/* What is refused must be seen before it is mapped away. */
	for (size_t at = 0; at < length;) {
		char32_t c;
		at += utf8_decode(name + at, length - at, &c);
		if (!char_allowed(c))
			return TCHAT_ERR_BAD_NAME;
	}
	size_t shown_length, mapped_length;
	int err;
	char *shown = text_map(name, length, UTF8PROC_COMPAT, &shown_length, &err);
	if (shown == NULL)
		return TCHAT_ERR_MEMORY;
	char *mapped = NULL;
	err = TCHAT_ERR_BAD_NAME;
	if (!name_allowed(shown, shown_length))
		goto out;
	mapped = text_map(shown, shown_length, UTF8PROC_COMPAT | options, &mapped_length, &err);
	if (mapped == NULL) {
		err = TCHAT_ERR_MEMORY;
		goto out;
	}
	err = mapped_length <= TEXT_NAME_BYTES ? buffer_put(out, mapped, mapped_length) : TCHAT_ERR_BAD_NAME;
out:
	free(mapped);
	free(shown);
	return err;
}

int text_name_shown(struct buffer *out, const char *name, size_t length)
{
	return name_put(out, name, length, 0);
}

int text_name_fold(struct buffer *out, const char *name, size_t length)
{
	return name_put(out, name, length, UTF8PROC_CASEFOLD);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

int text_search_fold(struct buffer *out, const char *text, size_t length)
{
	size_t mapped = 0;
	char *folded = NULL;
	int err = 0;
	if (utf8_ascii(text, length) < length)
		folded = text_map(text, length, UTF8PROC_CASEFOLD, &mapped, &err);
	if (folded != NULL) {
		err = buffer_put(out, folded, mapped);
		free(folded);
		return err;
	}
	if (err == TCHAT_ERR_MEMORY)
		return err;
	err = 0;
	char *to = (char *)buffer_reserve(out, length, &err);
	if (to == NULL)
		return length == 0 ? 0 : err;
	for (size_t i = 0; i < length; i++)
		to[i] = lower(text[i]);
	buffer_commit(out, length);
	return 0;
}

unsigned text_distance(const char *a, size_t a_length, const char *b, size_t b_length, unsigned limit)
{
	enum { WORD = 64, LIMIT = 8 };
	unsigned rows[3][WORD + 1], *before = rows[0], *last = rows[1], *now = rows[2];
	limit = limit < LIMIT ? limit : LIMIT;
	if (a_length > WORD || b_length > WORD)
		return limit + 1;
	for (unsigned j = 0; j <= b_length; j++)
		before[j] = last[j] = j;
	for (unsigned i = 1; i <= a_length; i++) {
		now[0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);
			unsigned best = last[j - 1] + (x != y);
			best = last[j] + 1 < best ? last[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		unsigned *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	unsigned distance = last[b_length];
	return distance <= limit ? distance : limit + 1;
}

bool text_is_meant(const char *typed, size_t typed_length, const char *name, size_t name_length, unsigned *best)
{
	size_t half = (typed_length < name_length ? typed_length : name_length) / 2;
	unsigned distance = text_distance(typed, typed_length, name, name_length, *best);
	if (distance >= *best || distance > half)
		return false;
	*best = distance;
	return true;
}
