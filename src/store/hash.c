/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The content hash: eight bytes a step, since a byte-wise one (FNV) would cost more than all else about a post.
 * Its values are kept on disk beside marks, so they never change. */
#include "store/store.h"

static uint64_t hash_word(const uint8_t *at)
{
	return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
	       (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
}

static uint64_t hash_mix(uint64_t hash, uint64_t word)
{
	word *= UINT64_C(0x9e3779b97f4a7c15);
	word ^= word >> 32;
	hash = (hash ^ word) * UINT64_C(0xd6e8feb86659fd93);
	return hash ^ hash >> 29;
}

static uint64_t hash_bytes(uint64_t hash, const uint8_t *at, size_t length)
{
	hash = hash_mix(hash, length);
	for (; length >= 8; at += 8, length -= 8)
		hash = hash_mix(hash, hash_word(at));
	uint8_t rest[8] = { 0 };
	for (size_t i = 0; i < length; i++)
		rest[i] = at[i];
	return hash_mix(hash, hash_word(rest));
}

uint64_t store_hash(uint8_t kind, uint8_t flags, const void *body, size_t body_length, const void *tlvs,
                    size_t tlvs_length)
{
	uint64_t hash = hash_mix(1, (uint64_t)kind << 8 | flags);
	hash = hash_bytes(hash, body, body_length);
	return hash_bytes(hash, tlvs, tlvs_length);
}
