/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tchat --dump: a stream of frames, as a person reads it. */
#ifndef TCHAT_APP_DUMP_H
#define TCHAT_APP_DUMP_H

#include <stdio.h>

/* Reads frames from the descriptor in to its end, and prints each with its offset as soon as it is whole. What is
 * wrong is printed where it is. EXIT_STATUS_OK; EXIT_STATUS_PROTOCOL when the stream breaks the protocol;
 * EXIT_STATUS_SYSTEM, after a line on stderr, when it cannot be read or printed. */
int mode_dump(int in, FILE *out);

#endif
