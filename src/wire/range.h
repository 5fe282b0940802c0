/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges of addresses, IPv4 and IPv6, as people write them: 192.0.2.0/24, 2001:db8::1. */
#ifndef TCHAT_WIRE_RANGE_H
#define TCHAT_WIRE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

enum { RANGE_TEXT = 64 };

/* An IPv6 address (IPv4: mapped into it) and how many bits of it count; the others are 0. */
struct range {
	uint8_t address[16];
	uint8_t bits;
};

/* One address or a whole network; false: it is neither. */
bool range_parse(struct range *range, const char *text);

/* Of "192.0.2.7:40112" or "[fe80::1%eth0]:5"; false for what has no address, as a socket's path. */
bool range_of_peer(struct range *range, const char *peer);

/* Makes it a whole network: of an IPv4 address the first v4 bits (at most 32), of an IPv6 one the first v6 (at most 128). */
void range_widen(struct range *range, unsigned v4, unsigned v6);

void range_format(const struct range *range, char text[RANGE_TEXT]);

bool range_covers(const struct range *range, const struct range *inner);

#endif
