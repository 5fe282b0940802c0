/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two halves of the sandbox. Both need no_new_privs to be set. */
#ifndef TCHAT_SYSTEM_SANDBOX_INSIDE_H
#define TCHAT_SYSTEM_SANDBOX_INSIDE_H

#include "system/sandbox.h"

/* Files, and ports: the version of Landlock that is in force, 0 where there is none, or -1 with errno set. */
int sandbox_files_enter(const struct sandbox_config *config);

/* System calls: 1 in force, 0 there is no seccomp, or -1 with errno set. */
int sandbox_calls_enter(const struct sandbox_config *config);

#endif
