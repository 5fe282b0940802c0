/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making and reading an identity. Its certificate says as little as one can: no name, no time of making. */
#include "base/errors.h"
#include "trust/credentials.h"
#include "trust/inside.h"

#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

#if defined __aarch64__ && defined __linux__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

static bool processor_has_aes(void)
{
#if defined __x86_64__ || defined __i386__
	return __builtin_cpu_supports("aes") != 0;
#elif defined __aarch64__ && defined __linux__
	return (getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#elif defined __aarch64__ && defined __APPLE__
	return true;
#else
	return false;
#endif
}

static const char aes_first[] = "NONE:+VERS-TLS1.3:+AEAD:+AES-128-GCM:+CHACHA20-POLY1305:+GROUP-X25519:"
				"+GROUP-SECP256R1:+SIGN-EDDSA-ED25519:+CTYPE-X509:+COMP-NULL";
static const char aes_last[] = "NONE:+VERS-TLS1.3:+AEAD:+CHACHA20-POLY1305:+AES-128-GCM:+GROUP-X25519:"
			       "+GROUP-SECP256R1:+SIGN-EDDSA-ED25519:+CTYPE-X509:+COMP-NULL";

static int prepare(struct trust_identity *identity)
{
	uint8_t public[TRUST_PUBLIC_SIZE];
	int err = key_of_certificate(identity->certificate, public);
	if (err != 0)
		return err;
	key_pin(public, &identity->pin);
	int code = gnutls_certificate_allocate_credentials(&identity->credentials);
	if (code >= 0)
		code = gnutls_certificate_set_x509_key(identity->credentials, &identity->certificate, 1, identity->key);
	if (code >= 0)
		code = gnutls_priority_init(&identity->priority, processor_has_aes() ? aes_first : aes_last, NULL);
	return key_error(code, TCHAT_ERR_SYSTEM);
}

void trust_identity_free(struct trust_identity *identity)
{
	if (identity == NULL)
		return;
	if (identity->priority != NULL)
		gnutls_priority_deinit(identity->priority);
	if (identity->credentials != NULL)
		gnutls_certificate_free_credentials(identity->credentials);
	if (identity->certificate != NULL)
		gnutls_x509_crt_deinit(identity->certificate);
	if (identity->key != NULL)
		gnutls_x509_privkey_deinit(identity->key);
	free(identity);
}

static int describe(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
	enum { YEAR_2000 = 946684800 };
	uint8_t serial[8];
	int code = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and of a fixed length */
	if (code >= 0)
		code = gnutls_x509_crt_set_version(certificate, 3);
	if (code >= 0)
		code = gnutls_x509_crt_set_serial(certificate, serial, sizeof serial);
	if (code >= 0)
		code = gnutls_x509_crt_set_activation_time(certificate, YEAR_2000);
	if (code >= 0)
		code = gnutls_x509_crt_set_expiration_time(certificate, (time_t)-1); /* never */
	if (code >= 0)
		code = gnutls_x509_crt_set_dn(certificate, "CN=tchat", NULL);
	if (code >= 0)
		code = gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (code >= 0)
		code = gnutls_x509_crt_set_key(certificate, key);
	return code;
}

static int vouch(struct trust_identity *identity, gnutls_x509_privkey_t former)
{
	uint8_t public[TRUST_PUBLIC_SIZE], value[ROTATION_SIZE];
	int err = key_public(identity->key, public);
	if (err == 0)
		err = rotation_make(former, public, value);
	if (err != 0)
		return err;
	return key_error(gnutls_x509_crt_set_extension_by_oid(identity->certificate, ROTATION_OID, value,
	                                                      sizeof value, 0), TCHAT_ERR_SYSTEM);
}

int identity_make(gnutls_x509_privkey_t former, struct trust_identity **identity)
{
	struct trust_identity *fresh = calloc(1, sizeof *fresh);
	int err = 0;
	if (fresh == NULL)
		return TCHAT_ERR_MEMORY;
	int code = gnutls_x509_privkey_init(&fresh->key);
	if (code >= 0)
		code = gnutls_x509_privkey_generate(fresh->key, GNUTLS_PK_EDDSA_ED25519, 0, 0);
	if (code >= 0)
		code = gnutls_x509_crt_init(&fresh->certificate);
	if (code >= 0)
		code = describe(fresh->certificate, fresh->key);
	if (code >= 0 && former != NULL)
		err = vouch(fresh, former);
	if (code >= 0 && err == 0)
		code = gnutls_x509_crt_sign2(fresh->certificate, fresh->certificate, fresh->key, GNUTLS_DIG_SHA512, 0);
	if (err == 0)
		err = key_error(code, TCHAT_ERR_SYSTEM);
	if (err == 0)
		err = prepare(fresh);
	if (err != 0) {
		trust_identity_free(fresh);
		return err;
	}
	*identity = fresh;
	return 0;
}

struct trust_identity *trust_identity_new(void)
{
	struct trust_identity *identity;
	return identity_make(NULL, &identity) == 0 ? identity : NULL;
}

int identity_parse(const void *pem, size_t length, struct trust_identity **identity)
{
	uint8_t own[TRUST_PUBLIC_SIZE], certified[TRUST_PUBLIC_SIZE];
	gnutls_datum_t text = { .size = (unsigned)length };
	memcpy(&text.data, &pem, sizeof pem);
	struct trust_identity *fresh = calloc(1, sizeof *fresh);
	if (fresh == NULL)
		return TCHAT_ERR_MEMORY;
	int code = gnutls_x509_privkey_init(&fresh->key);
	if (code >= 0)
		code = gnutls_x509_privkey_import_pkcs8(fresh->key, &text, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
	if (code >= 0)
		code = gnutls_x509_crt_init(&fresh->certificate);
	if (code >= 0)
		code = gnutls_x509_crt_import(fresh->certificate, &text, GNUTLS_X509_FMT_PEM);
	int err = key_error(code, TCHAT_ERR_SYNTAX);
	if (err == 0)
		err = key_public(fresh->key, own);
	if (err == 0)
		err = key_of_certificate(fresh->certificate, certified);
	if (err == 0 && memcmp(own, certified, sizeof own) != 0)
		err = TCHAT_ERR_SYNTAX;
	if (err == 0)
		err = prepare(fresh);
	if (err != 0) {
		trust_identity_free(fresh);
		return err == TCHAT_ERR_SYSTEM ? TCHAT_ERR_SYNTAX : err;
	}
	*identity = fresh;
	return 0;
}

const struct trust_pin *trust_identity_pin(const struct trust_identity *identity)
{
	return &identity->pin;
}

int trust_session_new(const struct trust_identity *identity, bool host, gnutls_session_t *session)
{
	unsigned flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS;
	if (host)
		flags |= GNUTLS_SERVER;
	else
		flags |= GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP | GNUTLS_FORCE_CLIENT_CERT;
	int code = gnutls_init(session, flags);
	if (code < 0)
		return key_error(code, TCHAT_ERR_MEMORY);
	code = gnutls_priority_set(*session, identity->priority);
	if (code >= 0)
		code = gnutls_credentials_set(*session, GNUTLS_CRD_CERTIFICATE, identity->credentials);
	if (code < 0) {
		gnutls_deinit(*session);
		return key_error(code, TCHAT_ERR_MEMORY);
	}
	if (host)
		gnutls_certificate_server_set_request(*session, GNUTLS_CERT_REQUIRE);
	return 0;
}

/* The extension of a change of keys, if there is one. */
static bool read_rotation(gnutls_x509_crt_t certificate, const uint8_t public[TRUST_PUBLIC_SIZE],
                          struct trust_pin *former)
{
	uint8_t value[ROTATION_SIZE];
	size_t length = sizeof value;
	unsigned critical;
	if (gnutls_x509_crt_get_extension_by_oid(certificate, ROTATION_OID, 0, value, &length, &critical) < 0)
		return false;
	return rotation_check(value, length, public, former);
}

int trust_certificate_read(const void *der, size_t length, struct trust_pin *pin, struct trust_pin *former,
                           bool *rotated)
{
	gnutls_x509_crt_t certificate;
	uint8_t public[TRUST_PUBLIC_SIZE];
	gnutls_datum_t bytes = { .size = (unsigned)length };
	memcpy(&bytes.data, &der, sizeof der);
	int code = gnutls_x509_crt_init(&certificate);
	if (code < 0)
		return key_error(code, TCHAT_ERR_MEMORY);
	code = gnutls_x509_crt_import(certificate, &bytes, GNUTLS_X509_FMT_DER);
	int err = key_error(code, TCHAT_ERR_SYNTAX);
	if (err == 0)
		err = key_of_certificate(certificate, public);
	if (err == 0) {
		key_pin(public, pin);
		*rotated = read_rotation(certificate, public, former);
	}
	gnutls_x509_crt_deinit(certificate);
	return err;
}
