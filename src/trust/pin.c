/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pins for eyes and links, and device numbers. */
#include "base/base64.h"
#include "trust/inside.h"

#include <stdio.h>
#include <string.h>

_Static_assert(BASE64URL_LENGTH(TRUST_PIN_SIZE) + 1 == TRUST_PIN_TEXT, "a pin's text");
_Static_assert(BASE64URL_LENGTH(TRUST_TOKEN_SIZE) + 1 == TRUST_TOKEN_TEXT, "a token's text");

static const char *const words[] = {
#define TRUST_WORD(word) #word,
#include "trust/words.def"
#undef TRUST_WORD
};

enum { WORDS = 6, WORD_BITS = 10 };
_Static_assert(sizeof words / sizeof words[0] == 1 << WORD_BITS, "ten bits a word");

bool trust_pin_equal(const struct trust_pin *a, const struct trust_pin *b)
{
	return memcmp(a->bytes, b->bytes, TRUST_PIN_SIZE) == 0;
}

void trust_pin_write(const struct trust_pin *pin, char text[TRUST_PIN_TEXT])
{
	base64url_write(pin->bytes, TRUST_PIN_SIZE, text);
}

bool trust_pin_read(struct trust_pin *pin, const char *text)
{
	return base64url_read(pin->bytes, TRUST_PIN_SIZE, text, strlen(text));
}

void trust_fingerprint(const struct trust_pin *pin, char text[TRUST_FINGERPRINT])
{
	char digest[BASE64_LENGTH(TRUST_PIN_SIZE) + 1];
	base64_write(pin->bytes, TRUST_PIN_SIZE, digest);
	snprintf(text, TRUST_FINGERPRINT, "SHA256:%.*s", (int)strcspn(digest, "="), digest);
}

void trust_words(const struct trust_pin *pin, char text[TRUST_WORDS])
{
	uint64_t bits = 0;
	size_t used = 0;
	for (int i = 0; i < 8; i++)
		bits = bits << 8 | pin->bytes[i];
	for (int i = 0; i < WORDS; i++, bits <<= WORD_BITS)
		used += (size_t)snprintf(text + used, TRUST_WORDS - used, "%s%s", i > 0 ? "-" : "",
		                         words[bits >> (64 - WORD_BITS)]);
}

uint64_t trust_device(const struct trust_pin *user, const struct trust_pin *host, const uint8_t salt[TRUST_SALT_SIZE])
{
	uint8_t text[2 * TRUST_PIN_SIZE + TRUST_SALT_SIZE], digest[32];
	uint64_t device = 0;
	memcpy(text, user->bytes, TRUST_PIN_SIZE);
	memcpy(text + TRUST_PIN_SIZE, host->bytes, TRUST_PIN_SIZE);
	memcpy(text + 2 * TRUST_PIN_SIZE, salt, TRUST_SALT_SIZE);
	key_hash(text, sizeof text, digest);
	for (int i = 0; i < 8; i++)
		device = device << 8 | digest[i];
	return device & (UINT64_MAX >> 1);
}
