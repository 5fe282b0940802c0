/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Invitations: a token is the seed of a key, a proof is that key's signature. */
#include "base/base64.h"
#include "base/errors.h"
#include "base/wipe.h"
#include "trust/inside.h"

#include <gnutls/crypto.h>
#include <string.h>

static const char purpose[] = "tchat invitation";
static const char role[] = "client";

/* What is signed. */
struct proof_text {
	char purpose[sizeof purpose], role[sizeof role];
	uint8_t host[TRUST_PIN_SIZE], user[TRUST_PIN_SIZE];
	uint8_t host_nonce[TRUST_NONCE_SIZE], user_nonce[TRUST_NONCE_SIZE];
};
_Static_assert(sizeof(struct proof_text) ==
                       sizeof purpose + sizeof role + 2 * (size_t)TRUST_PIN_SIZE + 2 * (size_t)TRUST_NONCE_SIZE,
               "no padding is signed");
_Static_assert((int)TRUST_PROOF_SIZE == (int)TRUST_PUBLIC_SIZE + (int)KEY_SIGNATURE, "a proof's parts");

static void proof_text(struct proof_text *text, const struct trust_binding *binding)
{
	memcpy(text->purpose, purpose, sizeof purpose);
	memcpy(text->role, role, sizeof role);
	memcpy(text->host, binding->host.bytes, TRUST_PIN_SIZE);
	memcpy(text->user, binding->user.bytes, TRUST_PIN_SIZE);
	memcpy(text->host_nonce, binding->host_nonce, TRUST_NONCE_SIZE);
	memcpy(text->user_nonce, binding->user_nonce, TRUST_NONCE_SIZE);
}

int trust_token_new(uint8_t token[TRUST_TOKEN_SIZE])
{
	return gnutls_rnd(GNUTLS_RND_KEY, token, TRUST_TOKEN_SIZE) < 0 ? TCHAT_ERR_SYSTEM : 0;
}

void trust_token_write(const uint8_t token[TRUST_TOKEN_SIZE], char text[TRUST_TOKEN_TEXT])
{
	base64url_write(token, TRUST_TOKEN_SIZE, text);
}

bool trust_token_read(uint8_t token[TRUST_TOKEN_SIZE], const char *text)
{
	return base64url_read(token, TRUST_TOKEN_SIZE, text, strlen(text));
}

static int token_key(const uint8_t token[TRUST_TOKEN_SIZE], gnutls_x509_privkey_t *key)
{
	uint8_t text[sizeof purpose - 1 + TRUST_TOKEN_SIZE], seed[32];
	memcpy(text, purpose, sizeof purpose - 1);
	memcpy(text + sizeof purpose - 1, token, TRUST_TOKEN_SIZE);
	key_hash(text, sizeof text, seed);
	int err = key_from_seed(seed, key);
	wipe(text, sizeof text);
	wipe(seed, sizeof seed);
	wipe_below(); /* the hash's state holds all of it */
	return err;
}

/* A key of ours that is none has nothing to do with syntax. */
static int own_public(gnutls_x509_privkey_t key, uint8_t public[TRUST_PUBLIC_SIZE])
{
	int err = key_public(key, public);
	return err == TCHAT_ERR_SYNTAX ? TCHAT_ERR_SYSTEM : err;
}

int trust_token_public(const uint8_t token[TRUST_TOKEN_SIZE], uint8_t public[TRUST_PUBLIC_SIZE])
{
	gnutls_x509_privkey_t key;
	int err = token_key(token, &key);
	if (err != 0)
		return err;
	err = own_public(key, public);
	gnutls_x509_privkey_deinit(key);
	return err;
}

int trust_proof_make(const uint8_t token[TRUST_TOKEN_SIZE], const struct trust_binding *binding,
                     uint8_t proof[TRUST_PROOF_SIZE])
{
	struct proof_text text;
	gnutls_x509_privkey_t key;
	int err = token_key(token, &key);
	if (err != 0)
		return err;
	proof_text(&text, binding);
	err = own_public(key, proof);
	if (err == 0)
		err = key_sign(key, &text, sizeof text, proof + TRUST_PUBLIC_SIZE);
	gnutls_x509_privkey_deinit(key);
	return err;
}

bool trust_proof_check(const uint8_t proof[TRUST_PROOF_SIZE], const struct trust_binding *binding)
{
	struct proof_text text;
	proof_text(&text, binding);
	return key_check(proof, &text, sizeof text, proof + TRUST_PUBLIC_SIZE);
}
