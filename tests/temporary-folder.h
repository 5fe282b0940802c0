/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: folders in $TMPDIR, or in /tmp. */
#ifndef TCHAT_TESTS_TEMPORARY_FOLDER_H
#define TCHAT_TESTS_TEMPORARY_FOLDER_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Makes tchat-NAME-XXXXXX there; path gets where. False: it could not. */
static inline bool temporary_folder(char *path, size_t size, const char *name)
{
	const char *temporary = getenv("TMPDIR");
	int length = snprintf(path, size, "%s/tchat-%s-XXXXXX", temporary != NULL ? temporary : "/tmp", name);
	return length > 0 && (size_t)length < size && mkdtemp(path) != NULL;
}

/* Deletes a folder and what is in it. */
static inline void temporary_folder_delete(const char *path)
{
	DIR *folder = opendir(path);
	char name[512];
	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >= (int)sizeof name)
			continue;
		if (unlink(name) != 0)
			temporary_folder_delete(name);
	}
	if (folder != NULL)
		closedir(folder);
	rmdir(path);
}

#endif
