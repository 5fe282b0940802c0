/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small files read whole, and replaced in one step. */
#ifndef TCHAT_BASE_FILE_H
#define TCHAT_BASE_FILE_H

#include "base/buffer.h"

#include <stddef.h>

/* Appends a regular file's bytes to out. 0; TCHAT_ERR_NOT_FOUND, TCHAT_ERR_TOO_LONG (more than maximum bytes),
 * TCHAT_ERR_ARGUMENT (no regular file), TCHAT_ERR_MEMORY, TCHAT_ERR_FULL (out), or TCHAT_ERR_SYSTEM with errno. Never
 * waits for a pipe. */
int file_read(const char *path, size_t maximum, struct buffer *out);

/* Writes bytes as the whole content of a file, so that it has either the old content or the new one whatever happens:
 * a new file is written beside it, flushed to the disk and put in its place. Where path is a symbolic link, what it
 * points to is replaced. The mode is kept; a new file is its owner's alone (0600). 0, TCHAT_ERR_ARGUMENT (what is there
 * is no regular file), TCHAT_ERR_TOO_LONG (the path), TCHAT_ERR_MEMORY or TCHAT_ERR_SYSTEM with errno. */
int file_replace(const char *path, const void *bytes, size_t length);

/* The same without waiting for the disk, for what may be lost when the machine (not the program) dies. */
int file_replace_soon(const char *path, const void *bytes, size_t length);

/* The same as file_replace() for a file that must not be there yet: TCHAT_ERR_IN_USE when it is. Of two who do this at once one makes it.
 * Links are not followed. */
int file_create(const char *path, const void *bytes, size_t length);

/* The folder that path is in: 0 or TCHAT_ERR_TOO_LONG. folder holds PATHS_MAX bytes. */
int file_folder(const char *path, char *folder);

/* Locks the folder that path is in, against others who call this: that leaves no file behind. Waits for them, half a
 * second at most. A descriptor; closing it ends the lock. TCHAT_ERR_AGAIN, TCHAT_ERR_TOO_LONG, or TCHAT_ERR_SYSTEM with
 * errno. Where the system or the file system has no such locks the descriptor is no more than one. */
int file_lock(const char *path);

#endif
