/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A link from standard input: --join -. */
#ifndef TCHAT_APP_SECRET_H
#define TCHAT_APP_SECRET_H

#include <stddef.h>

/* Reads one line, and no byte more. Asks for it on a terminal, does not show what is typed, and leaves the terminal as it
 * was. 0; or an enum exit_status after a line on stderr. Who takes the line wipes it. */
int secret_read(char *line, size_t size);

#endif
