/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text on its way to a pipe, file or terminal that may be slow: nothing else waits for it. */
#ifndef TCHAT_APP_OUTPUT_H
#define TCHAT_APP_OUTPUT_H

#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct output;

/* Output to fd (not taken), whose modes are left as they are. NULL when memory is out. failed: fd cannot be
 * written any more; called once, from the loop. */
struct output *output_new(struct loop *loop, int fd, void (*failed)(void *arg), void *arg);

/* Frees it; what is still unwritten is lost. NULL is fine. */
void output_free(struct output *output);

/* Queues bytes, written at the end of the round. What no longer fits in memory is an end of the output. */
void output_put(struct output *output, const char *bytes, size_t length);

/* True when so much waits that no more should be made. */
bool output_is_congested(const struct output *output);
bool output_is_empty(const struct output *output);

/* The errno that ended it (EPIPE: nobody reads it any more), or 0. */
int output_error(const struct output *output);

/* Writes everything that is left, waiting for at most timeout. */
void output_drain(struct output *output, tchat_time timeout);

#endif
