/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text output that never blocks. The descriptor is shared with other programs, so it is not made non-blocking:
 * poll() is asked before each write, and a write of up to PIPE_BUF bytes does not block then (POSIX, write()). */
#include "app/output.h"

#include "base/buffer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUTPUT_MAXIMUM = 256 << 20, OUTPUT_CONGESTED = 1 << 20 };

struct output {
	struct loop *loop;
	int fd;
	struct buffer waiting;
	struct watch *watch; /* while the descriptor is full */
	struct loop_hook hook;
	struct loop_timer end;
	void (*failed)(void *arg);
	void *arg;
	bool broken;
	int number; /* the errno that broke it */
};

static void output_break(struct output *output, int number)
{
	output->broken = true;
	output->number = number;
	buffer_free(&output->waiting);
	loop_timer_set(output->loop, &output->end, 0);
}

static void output_end(void *arg)
{
	struct output *output = arg;
	output->failed(output->arg);
}

/* Writes while poll() says that it will not block for longer than wait milliseconds. False: not writable now. */
static bool output_write(struct output *output, int wait)
{
	while (!output->broken && buffer_length(&output->waiting) > 0) {
		struct pollfd ready = { .fd = output->fd, .events = POLLOUT };
		int n = poll(&ready, 1, wait);
		if (n == 0 || (n < 0 && errno == EINTR))
			return false;
		size_t length = buffer_length(&output->waiting);
		ssize_t written = write(output->fd, buffer_data(&output->waiting),
		                        length < PIPE_BUF ? length : PIPE_BUF);
		if (written > 0)
			buffer_consume(&output->waiting, (size_t)written);
		else if (errno != EINTR && errno != EAGAIN)
			output_break(output, errno);
		else
			return false;
	}
	return true;
}

static void output_ready(void *arg, unsigned events)
{
	struct output *output = arg;
	if (output_write(output, 0)) {
		loop_watch_remove(output->watch);
		output->watch = NULL;
	}
}

static void output_flush(void *arg)
{
	struct output *output = arg;
	if (output->watch == NULL && !output_write(output, 0))
		output->watch = loop_watch_add(output->loop, output->fd, LOOP_WRITE, 0, output_ready, output);
}

struct output *output_new(struct loop *loop, int fd, void (*failed)(void *arg), void *arg)
{
	struct output *output = malloc(sizeof *output);
	if (output == NULL)
		return NULL;
	*output = (struct output){ .loop = loop, .fd = fd, .failed = failed, .arg = arg };
	buffer_init(&output->waiting, OUTPUT_MAXIMUM);
	loop_timer_init(&output->end, output_end, output);
	loop_hook_add(loop, &output->hook, output_flush, output);
	return output;
}

void output_free(struct output *output)
{
	if (output == NULL)
		return;
	loop_watch_remove(output->watch);
	loop_timer_stop(output->loop, &output->end);
	loop_hook_remove(output->loop, &output->hook);
	buffer_free(&output->waiting);
	free(output);
}

void output_put(struct output *output, const char *bytes, size_t length)
{
	if (output->broken)
		return;
	if (buffer_put(&output->waiting, bytes, length) != 0)
		output_break(output, ENOMEM);
	loop_again(output->loop);
}

bool output_is_congested(const struct output *output)
{
	return buffer_length(&output->waiting) > OUTPUT_CONGESTED;
}

int output_error(const struct output *output)
{
	return output->number;
}

bool output_is_empty(const struct output *output)
{
	return buffer_length(&output->waiting) == 0;
}

void output_drain(struct output *output, tchat_time timeout)
{
	tchat_time end = clock_monotonic() + timeout;
	while (!output->broken && buffer_length(&output->waiting) > 0 && clock_monotonic() < end)
		output_write(output, 100);
}
