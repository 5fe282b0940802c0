/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ed25519 keys in the shapes that tchat needs them in. Private to trust/. */
#ifndef TCHAT_TRUST_INSIDE_H
#define TCHAT_TRUST_INSIDE_H

#include "trust/identity.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stddef.h>

/* Names the extension of a certificate that says which key was there before: tchat's own, a random number below the arc
 * for UUIDs that fits the 63 bits that libraries take. */
#define ROTATION_OID "2.25.5878907950503259563"

enum { KEY_SPKI = 44, KEY_SIGNATURE = 64, ROTATION_SIZE = 112 };

struct trust_identity {
	struct trust_pin pin;
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority; /* the one object that all sessions share */
};

/* GnuTLS' error as ours; fallback for what is not about memory. */
int key_error(int code, int fallback);

/* SHA-256. */
void key_hash(const void *bytes, size_t length, uint8_t digest[32]);

/* SubjectPublicKeyInfo of a public half, and its pin. */
void key_spki(const uint8_t public[TRUST_PUBLIC_SIZE], uint8_t spki[KEY_SPKI]);
void key_pin(const uint8_t public[TRUST_PUBLIC_SIZE], struct trust_pin *pin);

/* The public half of a certificate's or private key: 0, TCHAT_ERR_SYNTAX (not Ed25519) or TCHAT_ERR_MEMORY. */
int key_of_certificate(gnutls_x509_crt_t certificate, uint8_t public[TRUST_PUBLIC_SIZE]);
int key_public(gnutls_x509_privkey_t key, uint8_t public[TRUST_PUBLIC_SIZE]);

/* 0 with *key to be freed, TCHAT_ERR_MEMORY or TCHAT_ERR_SYSTEM. */
int key_from_seed(const uint8_t seed[32], gnutls_x509_privkey_t *key);

int key_sign(gnutls_x509_privkey_t key, const void *bytes, size_t length, uint8_t signature[KEY_SIGNATURE]);
bool key_check(const uint8_t public[TRUST_PUBLIC_SIZE], const void *bytes, size_t length,
               const uint8_t signature[KEY_SIGNATURE]);

/* The extension's value: SEQUENCE { former SubjectPublicKeyInfo, signature OCTET STRING }, the signature being the
 * former key's over "tchat rotation", NUL, the former SubjectPublicKeyInfo, the new one. */
int rotation_make(gnutls_x509_privkey_t former, const uint8_t public[TRUST_PUBLIC_SIZE], uint8_t value[ROTATION_SIZE]);

/* True, with the former key's pin, when value says that the key public replaces it. */
bool rotation_check(const uint8_t *value, size_t length, const uint8_t public[TRUST_PUBLIC_SIZE],
                    struct trust_pin *former);

/* A new identity; former: NULL, or the key that it replaces. 0, TCHAT_ERR_MEMORY or TCHAT_ERR_SYSTEM. */
int identity_make(gnutls_x509_privkey_t former, struct trust_identity **identity);

/* From PEM text: 0, TCHAT_ERR_SYNTAX, TCHAT_ERR_MEMORY. */
int identity_parse(const void *pem, size_t length, struct trust_identity **identity);

#endif
