/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder of a history: private, locked, and flushed where names in it are new. */
#include "store/folder.h"

#include "base/errors.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_FLOCK
#include <sys/file.h>
#endif

static int lock_take(int fd)
{
#ifdef HAVE_FLOCK
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
#else
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fcntl(fd, F_SETLK, &whole) == 0)
		return 0;
#endif
	return errno == EWOULDBLOCK || errno == EAGAIN || errno == EACCES ? TCHAT_ERR_IN_USE : TCHAT_ERR_SYSTEM;
}

/* A new name is on the disk only when its folder is. */
static int flush_parent(const char *path)
{
	char parent[FOLDER_PATH];
	size_t length = strlen(path);
	while (length > 1 && path[length - 1] == '/')
		length--;
	while (length > 0 && path[length - 1] != '/')
		length--;
	snprintf(parent, sizeof parent, "%.*s", length == 0 ? 1 : (int)length, length == 0 ? "." : path);
	int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? 0 : TCHAT_ERR_SYSTEM; /* a parent that is not readable cannot be flushed */
	int failed = fsync(fd);
	int number = errno;
	close(fd);
	errno = number;
	return failed == 0 || number == EINVAL ? 0 : TCHAT_ERR_SYSTEM;
}

static bool is_private(const struct stat *status, mode_t type)
{
	return (status->st_mode & S_IFMT) == type && status->st_uid == geteuid() && (status->st_mode & 077) == 0;
}

static int check_private(int fd, mode_t type)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return TCHAT_ERR_SYSTEM;
	return is_private(&status, type) ? 0 : TCHAT_ERR_PERMISSION;
}

/* Opens a file of the folder, made if need be. */
static int open_private(const struct folder *folder, const char *name)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd = openat(folder->fd, name, flags);
	if (fd < 0 && errno == ENOENT) {
		fd = openat(folder->fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EEXIST) { /* another process was faster */
			fd = openat(folder->fd, name, flags);
		} else if (fd >= 0 && fsync(folder->fd) != 0 && errno != EINVAL) {
			close(fd);
			return TCHAT_ERR_SYSTEM;
		}
	}
	if (fd < 0)
		return errno == ELOOP || errno == EISDIR ? TCHAT_ERR_PERMISSION : TCHAT_ERR_SYSTEM;
	int err = check_private(fd, S_IFREG);
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

int folder_make(const char *path)
{
	if (mkdir(path, 0700) == 0)
		return flush_parent(path);
	return errno == EEXIST ? 0 : TCHAT_ERR_SYSTEM;
}

int folder_open(struct folder *folder, const char *path)
{
	*folder = (struct folder){ .fd = -1, .lock = -1 };
	if (strlen(path) >= sizeof folder->path)
		return TCHAT_ERR_TOO_LONG;
	strcpy(folder->path, path);
	int err = folder_make(path);
	if (err != 0)
		return err;
	folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder->fd < 0)
		return TCHAT_ERR_SYSTEM;
	err = check_private(folder->fd, S_IFDIR);
	if (err == 0) {
		folder->lock = open_private(folder, "lock");
		err = folder->lock < 0 ? folder->lock : lock_take(folder->lock);
	}
	if (err != 0) {
		int number = errno;
		folder_close(folder);
		errno = number;
	}
	return err;
}

void folder_close(struct folder *folder)
{
	if (folder->lock >= 0)
		close(folder->lock);
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = folder->lock = -1;
}

int folder_file(struct folder *folder, const char *name, char path[FOLDER_PATH], uint64_t *inode)
{
	struct stat status = { 0 };
	if (snprintf(path, FOLDER_PATH, "%s/%s", folder->path, name) >= FOLDER_PATH)
		return TCHAT_ERR_TOO_LONG;
	int fd = open_private(folder, name);
	if (fd < 0)
		return fd;
	int err = fstat(fd, &status) == 0 ? 0 : TCHAT_ERR_SYSTEM;
	*inode = (uint64_t)status.st_ino;
	close(fd);
	return err;
}

int folder_check(const struct folder *folder, const char *name)
{
	struct stat status;
	if (fstatat(folder->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : TCHAT_ERR_SYSTEM;
	return is_private(&status, S_IFREG) ? 0 : TCHAT_ERR_PERMISSION;
}

int folder_rewrite(const struct folder *folder, const char *name)
{
	uint8_t bytes[1 << 15];
	off_t at = 0;
	ssize_t length;
	int fd = openat(folder->fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : TCHAT_ERR_SYSTEM;
	while ((length = pread(fd, bytes, sizeof bytes, at)) > 0 && pwrite(fd, bytes, (size_t)length, at) == length)
		at += length;
	int err = length == 0 && (at == 0 || fsync(fd) == 0) ? 0 : TCHAT_ERR_SYSTEM;
	int number = errno;
	close(fd);
	errno = number;
	return err;
}

int folder_witness(const struct folder *folder, uint64_t *number)
{
	char text[17] = "";
	ssize_t length = pread(folder->lock, text, 16, 0);
	*number = length == 16 && strspn(text, "0123456789abcdef") == 16 ? strtoull(text, NULL, 16) : 0;
	return length < 0 ? TCHAT_ERR_SYSTEM : 0;
}

int folder_set_witness(const struct folder *folder, uint64_t number)
{
	char text[18];
	snprintf(text, sizeof text, "%016" PRIx64 "\n", number);
	if (pwrite(folder->lock, text, 17, 0) != 17 || fsync(folder->lock) != 0)
		return TCHAT_ERR_SYSTEM;
	return 0;
}
