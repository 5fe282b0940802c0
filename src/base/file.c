/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files read whole, and replaced by rename(). */
#include "base/file.h"

#include "base/errors.h"
#include "base/paths.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 8 };

/* How often, every 10 ms, a lock is asked for. */
enum { LOCK_ATTEMPTS = 50, LOCK_PAUSE_MS = 10 };

/* As buffer_reserve() in pieces: the size that fstat() told may be out of date. */
static int read_all(int fd, size_t maximum, struct buffer *out)
{
	size_t before = buffer_length(out);
	for (;;) {
		int err;
		uint8_t *space = buffer_reserve(out, 4096, &err);
		if (space == NULL)
			return err;
		ssize_t length = read(fd, space, 4096);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return TCHAT_ERR_SYSTEM;
		if (length == 0)
			return 0;
		buffer_commit(out, (size_t)length);
		if (buffer_length(out) - before > maximum)
			return TCHAT_ERR_TOO_LONG;
	}
}

static void close_keeping_errno(int fd)
{
	int number = errno;
	close(fd);
	errno = number;
}

int file_read(const char *path, size_t maximum, struct buffer *out)
{
	struct stat about;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? TCHAT_ERR_NOT_FOUND : TCHAT_ERR_SYSTEM;
	size_t before = buffer_length(out);
	int err = 0;
	if (fstat(fd, &about) != 0)
		err = TCHAT_ERR_SYSTEM;
	else if (!S_ISREG(about.st_mode))
		err = TCHAT_ERR_ARGUMENT;
	else if (about.st_size > 0 && (unsigned long long)about.st_size > maximum)
		err = TCHAT_ERR_TOO_LONG;
	else
		err = read_all(fd, maximum, out);
	if (err != 0)
		buffer_truncate(out, before);
	close_keeping_errno(fd);
	return err;
}

/* Follows path to what it points to, which need not exist. */
static int resolve(const char *path, char target[PATHS_MAX])
{
	if (snprintf(target, PATHS_MAX, "%s", path) >= PATHS_MAX)
		return TCHAT_ERR_TOO_LONG;
	for (int links = 0; links < LINKS_MAX; links++) {
		char next[PATHS_MAX];
		ssize_t length = readlink(target, next, sizeof next - 1);
		if (length < 0)
			return errno == EINVAL || errno == ENOENT ? 0 : TCHAT_ERR_SYSTEM;
		next[length] = '\0';
		char *name = strrchr(target, '/');
		size_t folder = next[0] == '/' || name == NULL ? 0 : (size_t)(name - target) + 1;
		if (folder + (size_t)length >= PATHS_MAX)
			return TCHAT_ERR_TOO_LONG;
		memcpy(target + folder, next, (size_t)length + 1);
	}
	errno = ELOOP;
	return TCHAT_ERR_SYSTEM;
}

static int write_all(int fd, const char *bytes, size_t length, bool flush)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return TCHAT_ERR_SYSTEM;
		bytes += written;
		length -= (size_t)written;
	}
	return !flush || fsync(fd) == 0 ? 0 : TCHAT_ERR_SYSTEM;
}

int file_folder(const char *path, char *folder)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
	if (length >= PATHS_MAX)
		return TCHAT_ERR_TOO_LONG;
	memcpy(folder, slash == NULL ? "." : path, length);
	folder[length] = '\0';
	return 0;
}

/* The new name is on the disk only when its folder is. Some file systems cannot do that, so a failure is none. */
static void sync_folder(const char *path)
{
	char folder[PATHS_MAX];
	int fd = file_folder(path, folder) == 0 ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

/* Gives up on a file that is not whole. */
static int discard(const char *fresh, int err)
{
	int number = errno;
	unlink(fresh);
	errno = number;
	return err;
}

static int replace(const char *path, const void *bytes, size_t length, bool flush)
{
	char target[PATHS_MAX], fresh[PATHS_MAX];
	struct stat old;
	int err = resolve(path, target);
	if (err != 0)
		return err;
	if (snprintf(fresh, sizeof fresh, "%s.XXXXXX", target) >= (int)sizeof fresh)
		return TCHAT_ERR_TOO_LONG;
	bool existed = lstat(target, &old) == 0;
	if (existed && !S_ISREG(old.st_mode))
		return TCHAT_ERR_ARGUMENT;
	int fd = mkstemp(fresh);
	if (fd < 0)
		return TCHAT_ERR_SYSTEM;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* An owner that cannot be kept is one's own from now on. */
	if (existed && (old.st_uid != geteuid() || old.st_gid != getegid()) && fchown(fd, old.st_uid, old.st_gid) != 0)
		errno = 0;
	err = write_all(fd, bytes, length, flush);
	if (err == 0 && existed && fchmod(fd, old.st_mode & 0777) != 0)
		err = TCHAT_ERR_SYSTEM;
	if (close(fd) != 0 && err == 0)
		err = TCHAT_ERR_SYSTEM;
	if (err == 0 && rename(fresh, target) != 0)
		err = TCHAT_ERR_SYSTEM;
	if (err != 0)
		return discard(fresh, err);
	if (flush)
		sync_folder(target);
	return 0;
}

int file_replace(const char *path, const void *bytes, size_t length)
{
	return replace(path, bytes, length, true);
}

int file_replace_soon(const char *path, const void *bytes, size_t length)
{
	return replace(path, bytes, length, false);
}

/* A file system without links has no owners to tell apart either: there the last one wins. */
static int link_or_rename(const char *fresh, const char *path)
{
	struct stat there;
	if (link(fresh, path) == 0)
		return unlink(fresh) == 0 ? 0 : TCHAT_ERR_SYSTEM;
	if (errno == EEXIST)
		return TCHAT_ERR_IN_USE;
	if (errno != EPERM && errno != ENOTSUP && errno != ENOSYS)
		return TCHAT_ERR_SYSTEM;
	if (lstat(path, &there) == 0)
		return TCHAT_ERR_IN_USE;
	return rename(fresh, path) == 0 ? 0 : TCHAT_ERR_SYSTEM;
}

int file_create(const char *path, const void *bytes, size_t length)
{
	char fresh[PATHS_MAX];
	if (snprintf(fresh, sizeof fresh, "%s.XXXXXX", path) >= (int)sizeof fresh)
		return TCHAT_ERR_TOO_LONG;
	int fd = mkstemp(fresh);
	if (fd < 0)
		return TCHAT_ERR_SYSTEM;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	int err = write_all(fd, bytes, length, true);
	if (close(fd) != 0 && err == 0)
		err = TCHAT_ERR_SYSTEM;
	if (err == 0)
		err = link_or_rename(fresh, path);
	if (err != 0)
		return discard(fresh, err);
	sync_folder(path);
	return 0;
}

int file_lock(const char *path)
{
	char folder[PATHS_MAX];
	int err = file_folder(path, folder);
	if (err != 0)
		return err;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return TCHAT_ERR_SYSTEM;
#ifdef HAVE_FLOCK
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		if (i == LOCK_ATTEMPTS) {
			close(fd);
			return TCHAT_ERR_AGAIN;
		}
		poll(NULL, 0, LOCK_PAUSE_MS);
	}
#endif
	return fd;
}
