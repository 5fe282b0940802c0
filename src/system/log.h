/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the lines of a log go: standard error, the journal behind it, or a file. One event, one line, one write. */
#ifndef TCHAT_SYSTEM_LOG_H
#define TCHAT_SYSTEM_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_kind {
	LOG_KIND_NONE,
	LOG_KIND_STDERR,  /* "tchat: text" */
	LOG_KIND_JOURNAL, /* "<6>text", the number as syslog(3) has it; systemd takes it off */
	LOG_KIND_FILE,    /* "2026-11-21T17:30:00Z info text" */
};

enum { LOG_LINE = 4096 }; /* bytes of a line; what is longer is cut */

struct log;

/* Whether standard error goes to the journal, as systemd says. */
bool log_is_journal(void);

/* A log that takes what is at most of this level. path: of a LOG_KIND_FILE, made if need be (0600), appended to; copied.
 * 0 with *out set; or TCHAT_ERR_SYSTEM with errno set, or TCHAT_ERR_MEMORY. */
int log_open(struct log **out, enum log_kind kind, const char *path, enum log_level level);

/* Opens a file anew, which somebody may have moved away. When that fails, the old one is written on. 0, or
 * TCHAT_ERR_SYSTEM with errno set. */
int log_reopen(struct log *log);

void log_set_level(struct log *log, enum log_level level);

/* Writes a line; what would not be text in it is made harmless. One that cannot be written now (a terminal that is
 * stopped, a pipe that nobody reads, a full disk) is counted instead of waited for. */
void log_write(struct log *log, enum log_level level, const char *text);

/* How many lines could not be written since this was asked last. Nothing more is to be told about them. */
unsigned long log_take_lost(struct log *log);

/* Whether a line could be written now; asked before lines are told to be lost. */
bool log_is_ready(const struct log *log);

/* NULL is fine, also in all of the above. */
void log_close(struct log *log);

#endif
