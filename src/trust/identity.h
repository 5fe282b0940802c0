/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who this is: an Ed25519 key with a certificate that it signed itself, in a file or in memory only. */
#ifndef TCHAT_TRUST_IDENTITY_H
#define TCHAT_TRUST_IDENTITY_H

#include "trust/trust.h"

struct trust_identity;

/* Reads the identity in the PEM file at path: the key, then the certificate. Where there is none, makes one; of two
 * that do so at once both get the same. The folder has to be there. 0 with *identity to be freed; TCHAT_ERR_PERMISSION
 * (file or folder belong to somebody else, or others may enter or read), TCHAT_ERR_NOT_FOUND (the folder),
 * TCHAT_ERR_SYNTAX (no such file's content), TCHAT_ERR_TOO_LONG, TCHAT_ERR_MEMORY, TCHAT_ERR_SYSTEM with errno. */
int trust_identity_open(const char *path, struct trust_identity **identity);

/* The same, and makes none: TCHAT_ERR_NOT_FOUND. */
int trust_identity_read(const char *path, struct trust_identity **identity);

/* A new one that no file holds. NULL when memory or randomness is out. */
struct trust_identity *trust_identity_new(void);

/* Puts a new identity in place of the one at path, with a certificate by which those who know the former key accept
 * the new one. The former file stays as PATH.old. 0, TCHAT_ERR_NOT_FOUND (there is none to replace), or as above. */
int trust_identity_rotate(const char *path);

/* NULL is allowed. */
void trust_identity_free(struct trust_identity *identity);

/* Lives as long as the identity. */
const struct trust_pin *trust_identity_pin(const struct trust_identity *identity);

#endif
