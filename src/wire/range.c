/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges of addresses. */
#include "wire/range.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALL_BITS = 128, MAPPED_BITS = 96, MAPPED_BYTES = 12 };

static const uint8_t mapped[MAPPED_BYTES] = { [10] = 0xff, [11] = 0xff };

static bool is_v4(const struct range *range)
{
	return range->bits >= MAPPED_BITS && memcmp(range->address, mapped, sizeof mapped) == 0;
}

static void range_cut(struct range *range, unsigned bits)
{
	range->bits = (uint8_t)bits;
	for (unsigned bit = bits; bit < ALL_BITS; bit++)
		range->address[bit / 8] &= (uint8_t)~(0x80u >> bit % 8);
}

bool range_parse(struct range *range, const char *text)
{
	char address[RANGE_TEXT];
	size_t length = strcspn(text, "/");
	if (length >= sizeof address)
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	memcpy(range->address, mapped, sizeof mapped);
	bool v4 = inet_pton(AF_INET, address, range->address + sizeof mapped) == 1;
	if (!v4 && inet_pton(AF_INET6, address, range->address) != 1)
		return false;
	unsigned long bits = ALL_BITS;
	if (text[length] == '/') {
		const char *digits = text + length + 1;
		char *end;
		bits = strtoul(digits, &end, 10);
		if (digits[0] < '0' || digits[0] > '9' || *end != '\0' || bits > (v4 ? ALL_BITS - MAPPED_BITS : ALL_BITS))
			return false;
		bits += v4 ? MAPPED_BITS : 0;
	}
	range_cut(range, (unsigned)bits);
	return true;
}

void range_widen(struct range *range, unsigned v4, unsigned v6)
{
	unsigned bits = is_v4(range) ? MAPPED_BITS + v4 : v6;
	if (bits < range->bits)
		range_cut(range, bits);
}

bool range_of_peer(struct range *range, const char *peer)
{
	char address[RANGE_TEXT];
	bool v6 = peer[0] == '[';
	snprintf(address, sizeof address, "%s", v6 ? peer + 1 : peer);
	char *end = v6 ? strchr(address, ']') : strrchr(address, ':');
	if (end != NULL)
		*end = '\0';
	address[strcspn(address, "%")] = '\0';
	return strchr(address, '/') == NULL && range_parse(range, address);
}

void range_format(const struct range *range, char text[RANGE_TEXT])
{
	char address[INET6_ADDRSTRLEN] = "";
	bool v4 = is_v4(range);
	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? range->address + sizeof mapped : range->address, address, sizeof address);
	if (range->bits == ALL_BITS)
		snprintf(text, RANGE_TEXT, "%s", address);
	else
		snprintf(text, RANGE_TEXT, "%s/%d", address, v4 ? range->bits - MAPPED_BITS : range->bits);
}

bool range_covers(const struct range *range, const struct range *inner)
{
	unsigned whole = range->bits / 8;
	uint8_t rest = (uint8_t)(0xff00u >> range->bits % 8);
	return inner->bits >= range->bits && memcmp(range->address, inner->address, whole) == 0 &&
	       (range->bits % 8 == 0 || ((range->address[whole] ^ inner->address[whole]) & rest) == 0);
}
