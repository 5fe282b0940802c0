/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which device a salt names: a keyed hash (SipHash-2-4), so that it is the same for all of the host's life without
 * being kept, and nobody can aim at another's. */
#include "host/internal.h"

#include <string.h>

void host_identity_take(struct host *host, const struct store_identity *identity)
{
	const struct environment *environment = host->environment;
	if (identity == NULL) {
		environment->random(environment->arg, host->id, sizeof host->id);
		environment->random(environment->arg, host->device_key, sizeof host->device_key);
		return;
	}
	memcpy(host->id, identity->host, sizeof host->id);
	memcpy(host->device_key, identity->device_key, sizeof host->device_key);
	host->last_user = identity->last_user;
}

struct sip {
	uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t word, int by)
{
	return word << by | word >> (64 - by);
}

static void sip_round(struct sip *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = rotate(s->b, 17) ^ s->c;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c = rotate(s->c, 32);
}

static void sip_word(struct sip *s, uint64_t word)
{
	s->d ^= word;
	sip_round(s);
	sip_round(s);
	s->a ^= word;
}

uint64_t host_identity_device(const struct host *host, const uint8_t salt[WIRE_KEY_SIZE], bool owner)
{
	uint64_t k0 = wire_get(host->device_key, 8), k1 = wire_get(host->device_key + 8, 8);
	struct sip s = {
		k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573),
	};
	sip_word(&s, wire_get(salt, 8));
	sip_word(&s, wire_get(salt + 8, 8));
	/* The owner's devices are apart from everybody's, also when somebody got hold of a salt of theirs. */
	sip_word(&s, UINT64_C(17) << 56 | (owner ? 1 : 0));
	s.c ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return (s.a ^ s.b ^ s.c ^ s.d) | UINT64_C(1) << 63;
}

uint64_t host_identity_user(uint64_t device, bool owner, const char *wish)
{
	uint64_t top = UINT64_C(1) << 63;
	return owner ? store_hash(0, 0, wish, strlen(wish), NULL, 0) & ~top : device | top;
}
