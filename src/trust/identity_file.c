/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of an identity: its owner's alone, in a folder that is its owner's alone. */
#include "base/errors.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/wipe.h"
#include "trust/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PEM_MAXIMUM = 16384 };

static int check_private(const struct stat *status, mode_t kind)
{
	bool fine = (status->st_mode & S_IFMT) == kind && status->st_uid == geteuid() && (status->st_mode & 077) == 0;
	return fine ? 0 : TCHAT_ERR_PERMISSION;
}

static int check_folder(const char *path)
{
	char folder[PATHS_MAX];
	struct stat status;
	int err = file_folder(path, folder);
	if (err != 0)
		return err;
	if (stat(folder, &status) != 0)
		return errno == ENOENT || errno == ENOTDIR ? TCHAT_ERR_NOT_FOUND : TCHAT_ERR_SYSTEM;
	return check_private(&status, S_IFDIR);
}

static int read_whole(int fd, uint8_t *pem, size_t *length)
{
	for (*length = 0; *length < PEM_MAXIMUM;) {
		ssize_t got = read(fd, pem + *length, PEM_MAXIMUM - *length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? 0 : TCHAT_ERR_SYSTEM;
		*length += (size_t)got;
	}
	return TCHAT_ERR_SYNTAX;
}

int trust_identity_read(const char *path, struct trust_identity **identity)
{
	uint8_t pem[PEM_MAXIMUM];
	struct stat status;
	size_t length = 0;
	int err = check_folder(path);
	if (err != 0)
		return err;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? TCHAT_ERR_NOT_FOUND : errno == EACCES ? TCHAT_ERR_PERMISSION : TCHAT_ERR_SYSTEM;
	err = fstat(fd, &status) != 0 ? TCHAT_ERR_SYSTEM : check_private(&status, S_IFREG);
	if (err == 0)
		err = read_whole(fd, pem, &length);
	int number = errno;
	close(fd);
	errno = number;
	if (err == 0)
		err = identity_parse(pem, length, identity);
	wipe(pem, sizeof pem);
	return err;
}

/* Appends what GnuTLS allocated, and frees it. */
static int append(uint8_t *pem, size_t *length, gnutls_datum_t *part)
{
	int err = *length + part->size > PEM_MAXIMUM ? TCHAT_ERR_SYSTEM : 0;
	if (err == 0) {
		memcpy(pem + *length, part->data, part->size);
		*length += part->size;
	}
	wipe(part->data, part->size);
	gnutls_free(part->data);
	return err;
}

static int export(const struct trust_identity *identity, uint8_t *pem, size_t *length)
{
	gnutls_datum_t part = { NULL, 0 };
	*length = 0;
	int code = gnutls_x509_privkey_export2_pkcs8(identity->key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &part);
	if (code < 0)
		return key_error(code, TCHAT_ERR_SYSTEM);
	int err = append(pem, length, &part);
	if (err != 0)
		return err;
	code = gnutls_x509_crt_export2(identity->certificate, GNUTLS_X509_FMT_PEM, &part);
	return code < 0 ? key_error(code, TCHAT_ERR_SYSTEM) : append(pem, length, &part);
}

/* Puts the identity into the file by one of the functions of base/file.h. */
static int save(const struct trust_identity *identity, const char *path,
                int (*put)(const char *path, const void *bytes, size_t length))
{
	uint8_t pem[PEM_MAXIMUM];
	size_t length;
	int err = export(identity, pem, &length);
	if (err == 0)
		err = put(path, pem, length);
	int number = errno;
	wipe(pem, sizeof pem);
	errno = number;
	return err;
}

int trust_identity_open(const char *path, struct trust_identity **identity)
{
	struct trust_identity *fresh;
	int err = trust_identity_read(path, identity);
	if (err != TCHAT_ERR_NOT_FOUND || check_folder(path) != 0)
		return err;
	err = identity_make(NULL, &fresh);
	if (err != 0)
		return err;
	err = save(fresh, path, file_create);
	if (err == 0) {
		*identity = fresh;
		return 0;
	}
	trust_identity_free(fresh);
	/* Another process was faster: its identity is the one. */
	return err == TCHAT_ERR_IN_USE ? trust_identity_read(path, identity) : err;
}

static int replace(const char *path, const struct trust_identity *former)
{
	char old[PATHS_MAX];
	struct trust_identity *fresh;
	if (snprintf(old, sizeof old, "%s.old", path) >= (int)sizeof old)
		return TCHAT_ERR_TOO_LONG;
	int err = identity_make(former->key, &fresh);
	if (err != 0)
		return err;
	err = save(former, old, file_replace);
	if (err == 0)
		err = save(fresh, path, file_replace);
	trust_identity_free(fresh);
	return err;
}

int trust_identity_rotate(const char *path)
{
	struct trust_identity *former;
	int err = check_folder(path);
	if (err != 0)
		return err;
	/* Of two at once, the second replaces the first's key. */
	int lock = file_lock(path);
	if (lock < 0)
		return lock;
	err = trust_identity_read(path, &former);
	if (err == 0) {
		err = replace(path, former);
		trust_identity_free(former);
	}
	int number = errno;
	close(lock);
	errno = number;
	return err;
}
