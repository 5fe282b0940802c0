/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What host and client need to know of keys: pins that name them, and proofs of invitations. */
#ifndef TCHAT_TRUST_TRUST_H
#define TCHAT_TRUST_TRUST_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TRUST_PIN_SIZE = 32,
	TRUST_TOKEN_SIZE = 16,
	TRUST_PUBLIC_SIZE = 32,
	TRUST_PROOF_SIZE = 96,
	TRUST_NONCE_SIZE = 16,
	TRUST_SALT_SIZE = 16,
	/* Of texts, with their NUL. */
	TRUST_PIN_TEXT = 44,
	TRUST_TOKEN_TEXT = 23,
	TRUST_FINGERPRINT = 56,
	TRUST_WORDS = 64,
};

/* SHA-256 of a key's SubjectPublicKeyInfo (DER): names the key everywhere. */
struct trust_pin {
	uint8_t bytes[TRUST_PIN_SIZE];
};

/* The connection that a proof is for: the keys of both ends, the nonces of WELCOME and of HELLO. */
struct trust_binding {
	struct trust_pin host, user;
	uint8_t host_nonce[TRUST_NONCE_SIZE], user_nonce[TRUST_NONCE_SIZE];
};

bool trust_pin_equal(const struct trust_pin *a, const struct trust_pin *b);

/* A pin as 43 characters of base64url. Reading takes nothing else: false, and *pin is meaningless. */
void trust_pin_write(const struct trust_pin *pin, char text[TRUST_PIN_TEXT]);
bool trust_pin_read(struct trust_pin *pin, const char *text);

/* "SHA256:" and the digest, as ssh-keygen shows one. */
void trust_fingerprint(const struct trust_pin *pin, char text[TRUST_FINGERPRINT]);

/* The pin's first 60 bits as six words with hyphens between, to be read out and compared. */
void trust_words(const struct trust_pin *pin, char text[TRUST_WORDS]);

/* A fresh invitation's secret: 0 or TCHAT_ERR_SYSTEM. Who holds it wipes it, and its text. */
int trust_token_new(uint8_t token[TRUST_TOKEN_SIZE]);

/* A token as 22 characters of base64url. */
void trust_token_write(const uint8_t token[TRUST_TOKEN_SIZE], char text[TRUST_TOKEN_TEXT]);
bool trust_token_read(uint8_t token[TRUST_TOKEN_SIZE], const char *text);

/* The public half of the Ed25519 key whose seed is SHA-256("tchat invitation" and the token); it names the invitation,
 * and is all that a host keeps of it. 0, TCHAT_ERR_MEMORY or TCHAT_ERR_SYSTEM. */
int trust_token_public(const uint8_t token[TRUST_TOKEN_SIZE], uint8_t public[TRUST_PUBLIC_SIZE]);

/* That one holds the token: the public half and the key's signature over "tchat invitation", NUL, "client", NUL, the
 * host's pin, the user's pin, the host's nonce, the user's nonce. 0, TCHAT_ERR_MEMORY or TCHAT_ERR_SYSTEM. */
int trust_proof_make(const uint8_t token[TRUST_TOKEN_SIZE], const struct trust_binding *binding,
                     uint8_t proof[TRUST_PROOF_SIZE]);

/* True when the signature holds for the public half in front of it. Whether that is an invitation's is another
 * question. */
bool trust_proof_check(const uint8_t proof[TRUST_PROOF_SIZE], const struct trust_binding *binding);

/* A device's number at a host: the first eight bytes, big-endian, of SHA-256(user's pin, host's pin, salt) without the
 * top bit. */
uint64_t trust_device(const struct trust_pin *user, const struct trust_pin *host, const uint8_t salt[TRUST_SALT_SIZE]);

#endif
