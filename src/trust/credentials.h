/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a TLS session needs of an identity, and what a peer's certificate says. The one header with GnuTLS' types, for
 * net/stream_tls.c alone. */
#ifndef TCHAT_TRUST_CREDENTIALS_H
#define TCHAT_TRUST_CREDENTIALS_H

#include "trust/identity.h"

#include <gnutls/gnutls.h>
#include <stddef.h>

/* A session for one connection: TLS 1.3, AES-128-GCM (where the processor has AES) or ChaCha20-Poly1305, Ed25519
 * certificates at both ends, no tickets, no early data, not blocking. What the peer's certificate is worth has to be
 * decided by gnutls_session_set_verify_function(): nothing else verifies it. The identity outlives the session. 0 with
 * *session to be given to gnutls_deinit(), or TCHAT_ERR_MEMORY. */
int trust_session_new(const struct trust_identity *identity, bool host, gnutls_session_t *session);

/* Reads a peer's certificate (DER): its key's pin; and, where the key was changed and the former key says so,
 * *rotated and the former key's pin. 0, TCHAT_ERR_SYNTAX (no certificate, or not of an Ed25519 key) or
 * TCHAT_ERR_MEMORY. */
int trust_certificate_read(const void *der, size_t length, struct trust_pin *pin, struct trust_pin *former,
                           bool *rotated);

#endif
