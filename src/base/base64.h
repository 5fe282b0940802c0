/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Base64 (RFC 4648): the common alphabet with padding, and the one for links without. */
#ifndef TCHAT_BASE_BASE64_H
#define TCHAT_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Characters that so many bytes make, NUL not counted. */
#define BASE64_LENGTH(bytes) (((bytes) + 2) / 3 * 4)
#define BASE64URL_LENGTH(bytes) (((bytes) * 4 + 2) / 3)

/* Writes BASE64_LENGTH(length) characters of A-Z a-z 0-9 + / = and a NUL. Returns their count. */
size_t base64_write(const void *bytes, size_t length, char *text);

/* Writes BASE64URL_LENGTH(length) characters of A-Z a-z 0-9 - _ and a NUL. Returns their count. */
size_t base64url_write(const void *bytes, size_t length, char *text);

/* Reads size bytes from length characters. False unless they are exactly what base64url_write() makes of size bytes;
 * bytes are meaningless then. */
bool base64url_read(void *bytes, size_t size, const char *text, size_t length);

#endif
