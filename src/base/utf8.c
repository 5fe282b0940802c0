/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict UTF-8, with a fast way over runs of ASCII: eight bytes at a time. */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

static bool is_tail(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Smallest and largest second byte after a first one: that is where overlong forms, surrogates and
 * what lies above U+10FFFF are told from the rest (Unicode, table 3-7). */
static bool second_fits(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xE0:
		return second >= 0xA0 && second <= 0xBF;
	case 0xED:
		return second >= 0x80 && second <= 0x9F;
	case 0xF0:
		return second >= 0x90 && second <= 0xBF;
	case 0xF4:
		return second >= 0x80 && second <= 0x8F;
	default:
		return is_tail(second);
	}
}

size_t utf8_decode(const char *text, size_t length, char32_t *c)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned char first = p[0];
	if (first < 0x80) {
		*c = first;
		return 1;
	}
	size_t tails = first < 0xC2 || first > 0xF4 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
	*c = UTF8_INVALID;
	if (tails == 0 || length < 2 || !second_fits(first, p[1]))
		return 1;
	char32_t value = (char32_t)(first & (0x3F >> tails)) << 6 | (p[1] & 0x3F);
	for (size_t i = 2; i <= tails; i++) {
		if (i >= length || !is_tail(p[i]))
			return i;
		value = value << 6 | (p[i] & 0x3F);
	}
	*c = value;
	return tails + 1;
}

size_t utf8_encode(char32_t c, char out[4])
{
	if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		c = UTF8_REPLACEMENT;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t tails = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	for (size_t i = tails; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3F));
	out[0] = (char)((0xF00u >> (tails + 1) & 0xF0u) | c); /* C0, E0 or F0 */
	return tails + 1;
}

size_t utf8_ascii(const char *text, size_t length)
{
	size_t at = 0;
	for (uint64_t word; at + sizeof word <= length; at += sizeof word) {
		memcpy(&word, text + at, sizeof word);
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (at < length && (unsigned char)text[at] < 0x80)
		at++;
	return at;
}

bool utf8_valid(const char *text, size_t length)
{
	for (size_t at = utf8_ascii(text, length); at < length; at += utf8_ascii(text + at, length - at)) {
		char32_t c;
		at += utf8_decode(text + at, length - at, &c);
		if (c == UTF8_INVALID)
			return false;
	}
	return true;
}

size_t utf8_cut(const char *text, size_t length, size_t limit)
{
	if (limit >= length)
		return length;
	/* Only a start at most three bytes before the limit can reach over it. */
	for (size_t back = 1; back <= 3 && back <= limit; back++) {
		if (is_tail((unsigned char)text[limit - back]))
			continue;
		char32_t c;
		size_t taken = utf8_decode(text + limit - back, length - (limit - back), &c);
		return c != UTF8_INVALID && taken > back ? limit - back : limit;
	}
	return limit;
}
