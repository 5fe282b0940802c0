/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a filter that makes reads and writes short, or "not now", at random from a seed. */
#ifndef TCHAT_TESTS_FAULT_STREAM_H
#define TCHAT_TESTS_FAULT_STREAM_H

#include "net/stream.h"

/* Stacks over below, which it owns. A call is refused with TCHAT_ERR_AGAIN once in again_of (0: never),
 * and otherwise handles 1 to most bytes. Such a refusal comes from no descriptor: call loop_watch_again()
 * on it, or just call again. NULL when memory is out. */
struct stream *fault_stream_new(struct stream *below, unsigned seed, unsigned again_of, unsigned most);

#endif
