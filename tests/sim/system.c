/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the stores ask of the system beside SQLite and store/folder.h, of disks in memory: see -Wl,--wrap in local.mk. */
#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOT_DEPTH = 4 }; /* /u0/c/(the host)/0 */

int __wrap_lstat(const char *path, struct stat *status);
DIR *__wrap_opendir(const char *path);
int __wrap_access(const char *path, int mode);

/* Folders: that of a slot is there when its lock is, all others always are. */
int __wrap_lstat(const char *path, struct stat *status)
{
	char lock[DISK_PATH] = "";
	unsigned depth = 0;
	for (const char *at = path; *at != '\0'; at++)
		depth += *at == '/';
	size_t length = strlen(path);
	if (length + sizeof "/lock" > sizeof lock) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(lock, path, length);
	memcpy(lock + length, "/lock", sizeof "/lock");
	if (depth >= SLOT_DEPTH && disk_find(lock) == NULL) {
		errno = ENOENT;
		return -1;
	}
	*status = (struct stat){ .st_mode = S_IFDIR | 0700, .st_uid = geteuid() };
	return 0;
}

/* Nobody looks for other hosts' folders here. */
DIR *__wrap_opendir(const char *path)
{
	errno = ENOENT;
	return NULL;
}

int __wrap_access(const char *path, int mode)
{
	if (disk_find(path) != NULL)
		return 0;
	errno = ENOENT;
	return -1;
}
