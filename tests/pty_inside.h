/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One terminal of a test, for the two files of its harness: pty.c and pty_screen.c. */
#ifndef TCHAT_TESTS_PTY_INSIDE_H
#define TCHAT_TESTS_PTY_INSIDE_H

#include "pty.h"

#include <vterm.h>

struct bytes {
	char *at;
	size_t length, size;
};

struct pty {
	int master, slave;
	pid_t pid;
	bool exited, stopped;
	int status;
	VTerm *terminal;
	VTermScreen *screen;
	int rows, columns;
	VTermPos cursor;
	bool cursor_visible, alternate, synchronised;
	const char *background; /* answered to OSC 11; NULL: not at all */
	size_t answered;        /* how much of raw was looked at for that */
	bool drawing; /* between the two ends of a synchronised update */
	struct bytes raw;     /* since pty_forget() */
	struct bytes modes;   /* "h2004 l2004 ": what was set, in order */
	char parse[64];       /* a CSI in progress, for the modes */
	size_t parse_length;
	struct bytes out;     /* to be typed */
	struct bytes *row;    /* what pty_row() gave last */
	struct termios before;
	char name[64];
};

#endif
