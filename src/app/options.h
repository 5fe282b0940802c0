/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line as a struct. */
#ifndef TCHAT_APP_OPTIONS_H
#define TCHAT_APP_OPTIONS_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

enum { OPTIONS_HOSTS = 16 };

enum options_mode { MODE_START, MODE_HOST, MODE_JOIN, MODE_PING, MODE_DUMP, MODE_HELP, MODE_VERSION };
enum options_face { FACE_SCREEN, FACE_LINES, FACE_JSON, FACE_NONE };

/* Strings point into argv. */
struct options {
	enum options_mode mode;
	enum options_face face;
	const char *hosts[OPTIONS_HOSTS]; /* the addresses of --host */
	size_t host_count;
	const char *target; /* the address of --join or --ping */
	const char *nick;   /* NULL: not given */
	const char *room;   /* NULL: not given */
	const char *motd;   /* NULL: none */
	long history;       /* -1: the face's default */
	long backlog;
	long clients;       /* 0: what the system allows */
	long count;
	tchat_time linger;  /* TCHAT_NEVER: for ever */
	bool linger_given;
	tchat_time interval;
	bool commands;
	bool stay;
	bool verbose;
};

/* Reads the command line. 0; or an enum exit_status after a line on stderr that says what is wrong. */
int options_parse(struct options *options, int argc, char **argv);

/* What --help and --version print, on stdout. */
void options_print_help(void);
void options_print_version(void);

/* One line on stderr: "tchat: " and the text as printf() makes it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
