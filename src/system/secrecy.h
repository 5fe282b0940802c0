/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process holds keys: nothing of its memory may end up in a file or in another process. */
#ifndef TCHAT_SYSTEM_SECRECY_H
#define TCHAT_SYSTEM_SECRECY_H

#include <stdbool.h>

/* No core files, for children neither; and where the system can do that, no other process of the account may look into
 * this one: false when it cannot. Call it first. */
bool secrecy_start(void);

#endif
