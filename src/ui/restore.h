/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leaves the user's terminal as it was found, whatever ends the program, and turns signals into bytes on a
 * descriptor. One per process: signals are global. Call before ncurses, which then leaves these signals
 * alone. */
#ifndef TCHAT_UI_RESTORE_H
#define TCHAT_UI_RESTORE_H

#include <stdbool.h>

/* Remembers the modes of the terminal tty and catches SIGSEGV, SIGBUS, SIGABRT, SIGILL and SIGFPE on a
 * stack of its own: resets the terminal, then dies of the same signal. 0 or TCHAT_ERR_SYSTEM (tty is not a
 * terminal). */
int restore_start(int tty);

/* Undoes restore_start() and restore_signals(): default handlers, modes as remembered. Writes reset bytes
 * only when the screen is on. */
void restore_stop(void);

/* Tells whether the program has changed the screen (full screen, modes), so that a reset has to write. */
void restore_screen(bool on);

/* Writes the reset bytes, when the screen is on, and sets the remembered modes. Async-signal-safe. */
void restore_now(void);

/* Sends each SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT and SIGTSTP as one byte, the signal's number, to
 * fd, which must not block; when it is full the byte is dropped, for there are enough of them then. SIGPIPE
 * is ignored. */
int restore_signals(int fd);

#endif
