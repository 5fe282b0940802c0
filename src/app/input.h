/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines from standard input, or any descriptor, on the loop. */
#ifndef TCHAT_APP_INPUT_H
#define TCHAT_APP_INPUT_H

#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct input;

struct input_callbacks {
	/* One line without its end, NUL-terminated; the text may be changed. False: stop here; input_resume() goes on
	 * with this same line. */
	bool (*line)(void *arg, char *line, size_t length);
	/* The end of input, or an error of it. Once. */
	void (*end)(void *arg);
	void *arg;
};

/* Reads fd (not taken; its modes are left as they are). A line longer than maximum is handed on in pieces. NULL when
 * memory is out. */
struct input *input_new(struct loop *loop, int fd, size_t maximum, const struct input_callbacks *callbacks);
void input_free(struct input *input);

/* In the line callback: whether the line at hand is but a piece, which goes on in the next one. */
bool input_is_cut(const struct input *input);

/* Goes on after a line callback said false, in the next round. It may be called inside that callback. */
void input_resume(struct input *input);

#endif
