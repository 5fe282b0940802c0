/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forgetting secrets. */
#ifndef TCHAT_BASE_WIPE_H
#define TCHAT_BASE_WIPE_H

#include <stddef.h>

/* Sets length bytes to zero, also where the compiler sees that nobody reads them again. NULL for none. */
void wipe(void *bytes, size_t length);

/* Overwrites what the functions that the caller called last have left below its own part of the stack, some KiB deep: for
 * libraries that leave secrets there. */
void wipe_below(void);

#endif
