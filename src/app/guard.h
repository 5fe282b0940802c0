/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sandbox of a host and of a face: which files and ports each of them needs. */
#ifndef TCHAT_APP_GUARD_H
#define TCHAT_APP_GUARD_H

#include "app/options.h"
#include "app/talk.h"
#include "system/sandbox.h"

enum { GUARD_TEXT = 1024 };

/* Confines a face, before its first thread: its folders are made, and where its host's name has to be looked up, a helper
 * is forked for that, at the other end of place->names. 0, or an enum exit_status after a line on stderr. */
int guard_face(const struct options *options, struct talk_place *place);

/* Confines a host, when it listens and before its first thread. folder: that of its history, or ""; log: the file
 * that it logs to, which is there, or NULL. 0, or an enum exit_status with a line in why. */
int guard_host(const struct options *options, const char *folder, const char *log, struct sandbox *sandbox,
               char why[GUARD_TEXT]);

/* What is in force, a line without its end. */
void guard_describe(const struct sandbox *sandbox, char text[GUARD_TEXT]);

#endif
