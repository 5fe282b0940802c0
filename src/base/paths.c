/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders of the XDG base directory specification. A relative value of a variable is ignored, as it demands. */
#include "base/paths.h"

#include "base/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *variable;
	const char *below_home;
} places[] = {
	[PATHS_CONFIG] = { "XDG_CONFIG_HOME", ".config" },
	[PATHS_DATA] = { "XDG_DATA_HOME", ".local/share" },
	[PATHS_STATE] = { "XDG_STATE_HOME", ".local/state" },
	[PATHS_RUNTIME] = { "XDG_RUNTIME_DIR", NULL },
};

static const char *absolute_variable(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && value[0] == '/' ? value : NULL;
}

int paths_of(enum paths_kind kind, const char *name, char path[PATHS_MAX])
{
	const char *base = absolute_variable(places[kind].variable);
	const char *home = absolute_variable("HOME");
	const char *slash = name != NULL ? "/" : "";
	int length;
	if (name == NULL)
		name = "";
	if (base != NULL)
		length = snprintf(path, PATHS_MAX, "%s/tchat%s%s", base, slash, name);
	else if (places[kind].below_home == NULL)
		length = snprintf(path, PATHS_MAX, "/tmp/tchat-%ld%s%s", (long)geteuid(), slash, name);
	else if (home != NULL)
		length = snprintf(path, PATHS_MAX, "%s/%s/tchat%s%s", home, places[kind].below_home, slash, name);
	else
		return TCHAT_ERR_NOT_FOUND;
	return length < PATHS_MAX ? 0 : TCHAT_ERR_TOO_LONG;
}

/* A folder's name is on the disk when the folder that it stands in is; where that cannot be done, it is there later. */
static void flush_names(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Makes every folder on the way to path, path included. */
static int make_folders(char *path)
{
	char *above = path; /* the last slash before at */
	for (char *at = path + 1;; at++) {
		if (*at != '/' && *at != '\0')
			continue;
		char kept = *at;
		*at = '\0';
		int failed = mkdir(path, 0700);
		if (failed != 0 && errno != EEXIST)
			return TCHAT_ERR_SYSTEM;
		if (failed == 0) {
			*above = '\0';
			flush_names(path[0] == '\0' ? "/" : path);
			*above = '/';
		}
		above = at;
		*at = kept;
		if (kept == '\0')
			return 0;
	}
}

/* lstat(): in /tmp a link that somebody else put there must not lead us anywhere. */
static int check_folder(const char *folder)
{
	struct stat status;
	if (lstat(folder, &status) != 0)
		return errno == ENOENT ? TCHAT_ERR_NOT_FOUND : TCHAT_ERR_SYSTEM;
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 022) != 0)
		return TCHAT_ERR_PERMISSION;
	return 0;
}

int paths_find(enum paths_kind kind, char folder[PATHS_MAX])
{
	int err = paths_of(kind, NULL, folder);
	return err != 0 ? err : check_folder(folder);
}

int paths_make(enum paths_kind kind, const char *name, char path[PATHS_MAX])
{
	char folder[PATHS_MAX];
	int err = paths_of(kind, NULL, folder);
	if (err == 0)
		err = paths_of(kind, name, path);
	/* An account whose home does not exist has none: it is not ours to make. */
	const char *home = absolute_variable("HOME");
	if (err == 0 && places[kind].below_home != NULL && absolute_variable(places[kind].variable) == NULL &&
	    access(home, F_OK) != 0)
		return TCHAT_ERR_NOT_FOUND;
	if (err == 0)
		err = make_folders(folder);
	return err != 0 ? err : check_folder(folder);
}

bool paths_is_missing(const char *path)
{
	struct stat status;
	int number = errno;
	bool missing = lstat(path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
	errno = number;
	return missing;
}
