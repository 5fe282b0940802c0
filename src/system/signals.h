/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals as bytes on a pipe, so that they are handled in turn with everything else. One per process. */
#ifndef TCHAT_SYSTEM_SIGNALS_H
#define TCHAT_SYSTEM_SIGNALS_H

#include <stddef.h>

/* Makes the pipe, and catches count signals: each puts its number as one byte into it. SIGPIPE and SIGXFSZ
 * are ignored. Returns the descriptor to read from (non-blocking), or TCHAT_ERR_SYSTEM with errno set. */
int signals_open(const int *numbers, size_t count);

/* The pipe's other end, for who catches signals of its own. */
int signals_write_end(void);

/* Takes one signal's number from the pipe, 0 when there is none. */
int signals_take(int fd);

/* Default handling again; closes the pipe. */
void signals_close(void);

#endif
