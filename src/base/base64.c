/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Base64. Reading takes one text for each value only, so that two texts never name the same key. */
#include "base/base64.h"

#include <stdint.h>

static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_links[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t put(const char *alphabet, const uint8_t *bytes, size_t length, char *text)
{
	size_t used = 0;
	uint32_t bits = 0;
	int held = 0;
	for (size_t i = 0; i < length; i++) {
		bits = bits << 8 | bytes[i];
		for (held += 8; held >= 6;) {
			held -= 6;
			text[used++] = alphabet[bits >> held & 63];
		}
	}
	if (held > 0)
		text[used++] = alphabet[bits << (6 - held) & 63];
	text[used] = '\0';
	return used;
}

size_t base64_write(const void *bytes, size_t length, char *text)
{
	size_t used = put(common, bytes, length, text);
	while (used % 4 != 0)
		text[used++] = '=';
	text[used] = '\0';
	return used;
}

size_t base64url_write(const void *bytes, size_t length, char *text)
{
	return put(for_links, bytes, length, text);
}

static int value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_read(void *bytes, size_t size, const char *text, size_t length)
{
	uint8_t *to = bytes;
	uint32_t bits = 0;
	int held = 0;
	if (length != BASE64URL_LENGTH(size))
		return false;
	for (size_t i = 0; i < length; i++) {
		int six = value(text[i]);
		if (six < 0)
			return false;
		bits = bits << 6 | (uint32_t)six;
		held += 6;
		if (held >= 8) {
			held -= 8;
			*to++ = (uint8_t)(bits >> held);
		}
	}
	return (bits & ((1u << held) - 1)) == 0;
}
