/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The heads of TLS 1.3 records, as far as one has to know them without the keys. */
#ifndef TCHAT_NET_TLS_RECORD_H
#define TCHAT_NET_TLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TLS_HEADER = 5,
	TLS_PLAINTEXT = 16384,
	TLS_RECORD = TLS_HEADER + TLS_PLAINTEXT + 256, /* the longest */
};

/* The types of records. */
enum { TLS_CCS = 20, TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_DATA = 23 };

/* The length of the record whose head is at bytes. */
static inline size_t record_length(const uint8_t *bytes)
{
	return TLS_HEADER + ((size_t)bytes[3] << 8 | bytes[4]);
}

static inline bool holds_record(const uint8_t *bytes, size_t length)
{
	return length >= TLS_HEADER && length >= record_length(bytes);
}

/* Whether bytes may be the head of a record. */
static inline bool is_head(const uint8_t *bytes)
{
	return bytes[0] >= TLS_CCS && bytes[0] <= TLS_DATA && bytes[1] == 3 && record_length(bytes) <= TLS_RECORD;
}

#endif
