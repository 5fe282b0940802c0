/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a forked child does that is to go on by itself. */
#ifndef TCHAT_SYSTEM_DETACH_H
#define TCHAT_SYSTEM_DETACH_H

#include <stddef.h>

/* A session of its own, /dev/null for the standard streams, and no other descriptors than those kept; -1
 * among them is none. */
void detach(const int *kept, size_t count);

/* For a child that is of use to its parent alone: it ends with it, where the system can do that, and only then. */
void detach_with_parent(void);

#endif
