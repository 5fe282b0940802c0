/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests of what is in one file: its path, in a temporary folder where there is nothing else. */
#ifndef TCHAT_TESTS_ONE_FILE_H
#define TCHAT_TESTS_ONE_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/tchat-unit-file-XXXXXX";
static char path[128];

static inline int set_up(void **state)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/file", folder);
	return 0;
}

/* Before a test that wants no file yet. */
static inline int begin(void **state)
{
	unlink(path);
	return 0;
}

static inline int clean_up(void **state)
{
	unlink(path);
	return rmdir(folder);
}

#endif
