/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store/folder.h on disks in memory: linked in place of the one on the system's. */
#include "store/folder.h"

#include "disk.h"

#include "base/errors.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN_MOST = 64 };

static struct {
	struct disk_file *file;
	bool locks;
} opened[OPEN_MOST];

bool folder_shares;

int folder_make(const char *path)
{
	return disk_current()->dead ? TCHAT_ERR_SYSTEM : 0;
}

static bool is_locked(const struct disk_file *file)
{
	for (size_t i = 0; i < OPEN_MOST; i++)
		if (opened[i].file == file && opened[i].locks)
			return true;
	return false;
}

int folder_open(struct folder *folder, const char *path)
{
	char name[DISK_PATH];
	*folder = (struct folder){ .fd = -1, .lock = -1 };
	snprintf(folder->path, sizeof folder->path, "%s", path);
	snprintf(name, sizeof name, "%.80s/lock", path);
	int place = 0;
	while (opened[place].file != NULL)
		if (++place == OPEN_MOST)
			abort();
	struct disk_file *file = disk_open(name, true);
	if (file == NULL) {
		errno = EIO;
		return TCHAT_ERR_SYSTEM;
	}
	if (is_locked(file) && !folder_shares) {
		disk_close(file);
		return TCHAT_ERR_IN_USE;
	}
	disk_flush_names(file);
	opened[place].file = file;
	opened[place].locks = true;
	folder->fd = folder->lock = place;
	return 0;
}

void folder_close(struct folder *folder)
{
	if (folder->lock >= 0) {
		struct disk_file *file = opened[folder->lock].file;
		opened[folder->lock].file = NULL;
		disk_close(file);
	}
	folder->fd = folder->lock = -1;
}

int folder_file(struct folder *folder, const char *name, char path[FOLDER_PATH], uint64_t *inode)
{
	snprintf(path, FOLDER_PATH, "%.1000s/%.100s", folder->path, name);
	struct disk_file *file = disk_open(path, true);
	if (file == NULL) {
		errno = EIO;
		return TCHAT_ERR_SYSTEM;
	}
	*inode = file->inode;
	disk_flush_names(file);
	disk_close(file);
	return 0;
}

int folder_check(const struct folder *folder, const char *name)
{
	return 0;
}

int folder_rewrite(const struct folder *folder, const char *name)
{
	char path[DISK_PATH];
	uint8_t bytes[4096];
	size_t at = 0, got;
	snprintf(path, sizeof path, "%.70s/%.20s", folder->path, name);
	if (disk_find(path) == NULL)
		return 0;
	struct disk_file *file = disk_open(path, false);
	int number = file == NULL ? EIO : 0;
	while (number == 0 && (number = disk_read(file, bytes, sizeof bytes, at, &got)) == 0 && got > 0) {
		number = disk_write(file, bytes, got, at);
		at += got;
	}
	if (number == 0 && at > 0)
		number = disk_sync(file);
	if (file != NULL)
		disk_close(file);
	errno = number;
	return number == 0 ? 0 : TCHAT_ERR_SYSTEM;
}

int folder_witness(const struct folder *folder, uint64_t *number)
{
	char text[17] = "";
	size_t got;
	int failed = disk_read(opened[folder->lock].file, text, 16, 0, &got);
	*number = got == 16 && strspn(text, "0123456789abcdef") == 16 ? strtoull(text, NULL, 16) : 0;
	errno = failed;
	return failed == 0 ? 0 : TCHAT_ERR_SYSTEM;
}

int folder_set_witness(const struct folder *folder, uint64_t number)
{
	char text[18];
	snprintf(text, sizeof text, "%016" PRIx64 "\n", number);
	errno = EIO;
	if (disk_write(opened[folder->lock].file, text, 17, 0) != 0 || disk_sync(opened[folder->lock].file) != 0)
		return TCHAT_ERR_SYSTEM;
	return 0;
}
