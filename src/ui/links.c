/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds links by the colon behind their scheme. */
#include "ui/links.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || ((unsigned char)c & 0x80) != 0;
}

static bool ends_link(char c)
{
	return c == ' ' || c == '\n' || c == '<' || c == '>' || c == '"';
}

/* How long the scheme before the colon at `at` is; 0: it is none that counts. */
static size_t scheme_before(const char *text, size_t at)
{
	static const char *const schemes[] = { "https", "http", "tchat" };
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t scheme = strlen(schemes[i]);
		if (at >= scheme && strncasecmp(text + at - scheme, schemes[i], scheme) == 0 &&
		    (at == scheme || !is_word(text[at - scheme - 1])))
			return scheme;
	}
	return 0;
}

bool links_next(const char *text, size_t length, size_t from, size_t until, size_t *start, size_t *end)
{
	for (size_t at = from; at < until; at++) {
		const char *colon = memchr(text + at, ':', until - at);
		if (colon == NULL)
			return false;
		at = (size_t)(colon - text);
		size_t scheme = scheme_before(text, at), behind = at + 3;
		if (scheme == 0 || length - at < 4 || memcmp(colon, "://", 3) != 0 || ends_link(text[behind]))
			continue;
		while (behind < length && behind - at < LINKS_LONGEST && !ends_link(text[behind]))
			behind++;
		while (behind > at + 4 && strchr(".,;:!?)'", text[behind - 1]) != NULL)
			behind--;
		*start = at - scheme;
		*end = behind;
		return true;
	}
	return false;
}
