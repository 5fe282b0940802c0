/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The start screen of a bare "tchat": back to a host of one's own, a new one, or an address to join. */
#ifndef TCHAT_APP_START_H
#define TCHAT_APP_START_H

#include "app/options.h"

/* Asks what to do and completes options; an address to join may be a secret, so it is among options->secrets. 0; a
 * positive enum exit_status after a line on stderr; negative when the user wants nothing. */
int start_choose(struct options *options);

#endif
