/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A private folder that one process at a time uses, and a number in it that tells whether a file in it is the one
 * that was written last. */
#ifndef TCHAT_STORE_FOLDER_H
#define TCHAT_STORE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FOLDER_PATH = 4096 };

struct folder {
	int fd;   /* of the folder, -1: none */
	int lock; /* of the lock file, -1: none */
	char path[FOLDER_PATH];
};

/* Makes the folder (mode 0700) if it is not there, such that it is there after a power cut: 0 or TCHAT_ERR_SYSTEM with
 * errno set. Its parent has to be there. */
int folder_make(const char *path);

/* Makes the folder if need be, and locks it. 0, or: TCHAT_ERR_IN_USE (another process has it), TCHAT_ERR_PERMISSION
 * (others may enter it, or it is not ours), TCHAT_ERR_TOO_LONG, TCHAT_ERR_SYSTEM with errno set. */
int folder_open(struct folder *folder, const char *path);

void folder_close(struct folder *folder);

/* Makes the file there, empty and private, if need be; *inode is the number that the file system gave it. 0,
 * TCHAT_ERR_PERMISSION (others may read it, or it is no plain file), TCHAT_ERR_TOO_LONG or TCHAT_ERR_SYSTEM. */
int folder_file(struct folder *folder, const char *name, char path[FOLDER_PATH], uint64_t *inode);

/* The same of a file that somebody else makes, such as the database's log: 0 also when it is not there. */
int folder_check(const struct folder *folder, const char *name);

/* Writes the bytes of a file once more and flushes them: what a flush that failed left in the system's memory, where no
 * later flush finds it, comes onto the disk. 0, also when it is not there, or TCHAT_ERR_SYSTEM with errno set. */
int folder_rewrite(const struct folder *folder, const char *name);

/* The number in the lock file; 0 when there is none. 0, or TCHAT_ERR_SYSTEM with errno set: it cannot be read. */
int folder_witness(const struct folder *folder, uint64_t *number);

/* Writes it, flushed to the disk: 0 or TCHAT_ERR_SYSTEM with errno set. */
int folder_set_witness(const struct folder *folder, uint64_t number);

#endif
