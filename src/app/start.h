/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The start screen of a bare "tchat": back to a host of one's own, a new one, or an address to join. */
#ifndef TCHAT_APP_START_H
#define TCHAT_APP_START_H

#include "app/options.h"

enum { START_ADDRESS = 300 };

/* Asks what to do and completes options; an address to join is put into address, to which options points then. 0; a
 * positive enum exit_status after a line on stderr; negative when the user wants nothing. */
int start_choose(struct options *options, char address[START_ADDRESS]);

#endif
