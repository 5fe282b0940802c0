/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How others reach a host that runs here: the lines for its owner to pass on. */
#ifndef TCHAT_APP_REACH_H
#define TCHAT_APP_REACH_H

#include "app/talk.h"

enum { REACH_TEXT = 4096 };

/* Writes some lines, each with a command to copy, for the addresses that place's host listens on: those of this
 * machine's interfaces where it listens on all, and its host name. Returns on how many addresses the host listens. */
size_t reach_describe(const struct talk_place *place, char *text, size_t size);

#endif
