/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where tchat keeps files: the XDG base directories, with safe defaults. */
#ifndef TCHAT_BASE_PATHS_H
#define TCHAT_BASE_PATHS_H

#include <stdbool.h>
#include <stddef.h>

enum { PATHS_MAX = 4096 };

enum paths_kind {
	PATHS_CONFIG,  /* $XDG_CONFIG_HOME or ~/.config: tchatrc */
	PATHS_DATA,    /* $XDG_DATA_HOME or ~/.local/share: keys, known hosts, histories */
	PATHS_STATE,   /* $XDG_STATE_HOME or ~/.local/state: input history */
	PATHS_RUNTIME, /* $XDG_RUNTIME_DIR, or a private folder in /tmp: sockets */
};

/* Writes the path of tchat's own folder of a kind, with "/" and name behind it when name is not NULL, to path.
 * Makes no folder. 0, TCHAT_ERR_NOT_FOUND (no home) or TCHAT_ERR_TOO_LONG. */
int paths_of(enum paths_kind kind, const char *name, char path[PATHS_MAX]);

/* The same, and makes the folder (mode 0700) with the folders above it. Refuses one that others may write to or
 * that belongs to somebody else: TCHAT_ERR_PERMISSION; or TCHAT_ERR_SYSTEM with errno set. A home that does not exist
 * is not made: TCHAT_ERR_NOT_FOUND. */
int paths_make(enum paths_kind kind, const char *name, char path[PATHS_MAX]);

/* Writes the path of the folder itself, if it is there and would not be refused by paths_make(). 0,
 * TCHAT_ERR_NOT_FOUND, or as above. */
int paths_find(enum paths_kind kind, char folder[PATHS_MAX]);

/* After TCHAT_ERR_SYSTEM: whether there is nothing at path, and so it could not be made. errno stays. */
bool paths_is_missing(const char *path);

#endif
