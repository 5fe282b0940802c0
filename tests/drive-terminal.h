/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: drive-terminal on a terminal, with an inputrc of the test's own. */
#ifndef TCHAT_TESTS_DRIVE_TERMINAL_H
#define TCHAT_TESTS_DRIVE_TERMINAL_H

#include "pty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char drive[] = "tests/drive-terminal";
static char folder[] = "/tmp/tchat-pty-terminal-XXXXXX";
static char inputrc[64], inputrc_variable[96];

static inline void write_inputrc(const char *text)
{
	FILE *file = fopen(inputrc, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static inline struct pty *start_with(const char *option, const char *variable)
{
	const char *const argv[] = { drive, option, NULL };
	const char *const environment[] = { inputrc_variable, variable, NULL };
	struct pty *pty = pty_start(12, 60, argv, environment);
	pty_wait_text(pty, "ready");
	return pty;
}

static inline struct pty *start(void)
{
	write_inputrc("");
	return start_with(NULL, NULL);
}

static inline void quit(struct pty *pty)
{
	pty_type(pty, "\003/quit\r");
	int status = pty_wait_exit(pty);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	pty_assert_restored(pty);
	pty_stop(pty);
}

static inline int set_up(void **state)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(inputrc, sizeof inputrc, "%s/inputrc", folder);
	snprintf(inputrc_variable, sizeof inputrc_variable, "INPUTRC=%s", inputrc);
	return 0;
}

static inline int clean_up(void **state)
{
	char command[96];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

#endif
