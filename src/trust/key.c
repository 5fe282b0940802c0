/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ed25519 keys (RFC 8032), their encodings (RFC 8410), and what one key says of the next. */
#include "base/errors.h"
#include "base/wipe.h"
#include "trust/inside.h"

#include <gnutls/crypto.h>
#include <string.h>

enum { PKCS8_SIZE = 48 };

static const uint8_t spki_start[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
static const uint8_t pkcs8_start[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
	                               0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };
static const char rotation_role[] = "tchat rotation";

_Static_assert(sizeof spki_start + TRUST_PUBLIC_SIZE == KEY_SPKI, "RFC 8410, 4");
_Static_assert(sizeof pkcs8_start + 32 == PKCS8_SIZE, "RFC 8410, 7");

int key_error(int code, int fallback)
{
	return code >= 0 ? 0 : code == GNUTLS_E_MEMORY_ERROR ? TCHAT_ERR_MEMORY : fallback;
}

void key_hash(const void *bytes, size_t length, uint8_t digest[32])
{
	/* SHA-256 is always there; were it not, no two keys may look the same, so nothing may. */
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, length, digest) < 0)
		(void)gnutls_rnd(GNUTLS_RND_NONCE, digest, 32);
}

void key_spki(const uint8_t public[TRUST_PUBLIC_SIZE], uint8_t spki[KEY_SPKI])
{
	memcpy(spki, spki_start, sizeof spki_start);
	memcpy(spki + sizeof spki_start, public, TRUST_PUBLIC_SIZE);
}

void key_pin(const uint8_t public[TRUST_PUBLIC_SIZE], struct trust_pin *pin)
{
	uint8_t spki[KEY_SPKI];
	key_spki(public, spki);
	key_hash(spki, sizeof spki, pin->bytes);
}

/* Takes x, which GnuTLS allocated. */
static int take_public(int code, gnutls_ecc_curve_t curve, gnutls_datum_t *x, uint8_t public[TRUST_PUBLIC_SIZE])
{
	if (code < 0)
		return key_error(code, TCHAT_ERR_SYNTAX);
	bool fits = curve == GNUTLS_ECC_CURVE_ED25519 && x->size == TRUST_PUBLIC_SIZE;
	if (fits)
		memcpy(public, x->data, TRUST_PUBLIC_SIZE);
	gnutls_free(x->data);
	return fits ? 0 : TCHAT_ERR_SYNTAX;
}

int key_of_certificate(gnutls_x509_crt_t certificate, uint8_t public[TRUST_PUBLIC_SIZE])
{
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_datum_t x = { NULL, 0 }, y = { NULL, 0 };
	int code = gnutls_x509_crt_get_pk_ecc_raw(certificate, &curve, &x, &y);
	if (code >= 0)
		gnutls_free(y.data);
	return take_public(code, curve, &x, public);
}

int key_public(gnutls_x509_privkey_t key, uint8_t public[TRUST_PUBLIC_SIZE])
{
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_datum_t x = { NULL, 0 }, y = { NULL, 0 }, secret = { NULL, 0 };
	int code = gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, &y, &secret);
	if (code >= 0) {
		gnutls_free(y.data);
		wipe(secret.data, secret.size);
		gnutls_free(secret.data);
	}
	return take_public(code, curve, &x, public);
}

int key_from_seed(const uint8_t seed[32], gnutls_x509_privkey_t *key)
{
	uint8_t der[PKCS8_SIZE];
	memcpy(der, pkcs8_start, sizeof pkcs8_start);
	memcpy(der + sizeof pkcs8_start, seed, 32);
	int code = gnutls_x509_privkey_init(key);
	if (code >= 0) {
		code = gnutls_x509_privkey_import_pkcs8(*key, &(gnutls_datum_t){ der, sizeof der }, GNUTLS_X509_FMT_DER,
		                                        NULL, GNUTLS_PKCS_PLAIN);
		if (code < 0)
			gnutls_x509_privkey_deinit(*key);
	}
	wipe(der, sizeof der);
	return key_error(code, TCHAT_ERR_SYSTEM);
}

/* GnuTLS takes data to sign as if it might change it. */
static gnutls_datum_t datum(const void *bytes, size_t length)
{
	gnutls_datum_t datum = { .size = (unsigned)length };
	memcpy(&datum.data, &bytes, sizeof bytes);
	return datum;
}

int key_sign(gnutls_x509_privkey_t key, const void *bytes, size_t length, uint8_t signature[KEY_SIGNATURE])
{
	gnutls_privkey_t signer;
	gnutls_datum_t data = datum(bytes, length), made = { NULL, 0 };
	int code = gnutls_privkey_init(&signer);
	if (code < 0)
		return key_error(code, TCHAT_ERR_SYSTEM);
	code = gnutls_privkey_import_x509(signer, key, 0);
	if (code >= 0)
		code = gnutls_privkey_sign_data2(signer, GNUTLS_SIGN_EDDSA_ED25519, 0, &data, &made);
	gnutls_privkey_deinit(signer);
	if (code >= 0 && made.size == KEY_SIGNATURE)
		memcpy(signature, made.data, KEY_SIGNATURE);
	else if (code >= 0)
		code = GNUTLS_E_INTERNAL_ERROR;
	gnutls_free(made.data);
	return key_error(code, TCHAT_ERR_SYSTEM);
}

bool key_check(const uint8_t public[TRUST_PUBLIC_SIZE], const void *bytes, size_t length,
               const uint8_t signature[KEY_SIGNATURE])
{
	gnutls_pubkey_t key;
	gnutls_datum_t x = datum(public, TRUST_PUBLIC_SIZE), data = datum(bytes, length);
	gnutls_datum_t given = datum(signature, KEY_SIGNATURE);
	if (gnutls_pubkey_init(&key) < 0)
		return false;
	int code = gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_ED25519, &x, NULL);
	if (code >= 0)
		code = gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_EDDSA_ED25519, 0, &data, &given);
	gnutls_pubkey_deinit(key);
	return code >= 0;
}

/* What the former key signs. */
struct rotation_text {
	char role[sizeof rotation_role];
	uint8_t former[KEY_SPKI], fresh[KEY_SPKI];
};
_Static_assert(sizeof(struct rotation_text) == sizeof rotation_role + 2 * KEY_SPKI, "no padding is signed");

static const uint8_t rotation_start[] = { 0x30, ROTATION_SIZE - 2 };
static const uint8_t rotation_middle[] = { 0x04, KEY_SIGNATURE };

enum {
	AT_FORMER = sizeof rotation_start,
	AT_PUBLIC = AT_FORMER + sizeof spki_start,
	AT_MIDDLE = AT_FORMER + KEY_SPKI,
	AT_SIGNATURE = AT_MIDDLE + sizeof rotation_middle,
};
_Static_assert((int)AT_SIGNATURE + (int)KEY_SIGNATURE == (int)ROTATION_SIZE, "the parts make the whole");

static void rotation_text(struct rotation_text *text, const uint8_t *former, const uint8_t *fresh)
{
	memcpy(text->role, rotation_role, sizeof rotation_role);
	key_spki(former, text->former);
	key_spki(fresh, text->fresh);
}

int rotation_make(gnutls_x509_privkey_t former, const uint8_t public[TRUST_PUBLIC_SIZE], uint8_t value[ROTATION_SIZE])
{
	struct rotation_text text;
	uint8_t old[TRUST_PUBLIC_SIZE];
	int err = key_public(former, old);
	if (err != 0)
		return err;
	rotation_text(&text, old, public);
	memcpy(value, rotation_start, sizeof rotation_start);
	key_spki(old, value + AT_FORMER);
	memcpy(value + AT_MIDDLE, rotation_middle, sizeof rotation_middle);
	return key_sign(former, &text, sizeof text, value + AT_SIGNATURE);
}

bool rotation_check(const uint8_t *value, size_t length, const uint8_t public[TRUST_PUBLIC_SIZE],
                    struct trust_pin *former)
{
	struct rotation_text text;
	if (length != ROTATION_SIZE || memcmp(value, rotation_start, sizeof rotation_start) != 0 ||
	    memcmp(value + AT_FORMER, spki_start, sizeof spki_start) != 0 ||
	    memcmp(value + AT_MIDDLE, rotation_middle, sizeof rotation_middle) != 0)
		return false;
	rotation_text(&text, value + AT_PUBLIC, public);
	key_pin(value + AT_PUBLIC, former);
	return key_check(value + AT_PUBLIC, &text, sizeof text, value + AT_SIGNATURE);
}
