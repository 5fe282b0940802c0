/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line input. Only what poll() says is readable is read, so a shared descriptor keeps its modes. */
#include "app/input.h"

#include "base/buffer.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_READ = 65536 };

struct input {
	struct loop *loop;
	int fd;
	size_t maximum;
	struct input_callbacks callbacks;
	struct buffer held;
	struct watch *watch;
	struct loop_timer again;
	bool at_end;
	bool paused;
	bool cut;  /* the line at hand goes on in the next one */
	bool over; /* end was told */
};

/* Hands on the lines held. */
static void input_deliver(struct input *input)
{
	while (!input->paused && buffer_length(&input->held) > 0) {
		size_t held = buffer_length(&input->held);
		uint8_t *bytes = buffer_edit(&input->held);
		uint8_t *newline = memchr(bytes, '\n', held);
		size_t length = newline != NULL ? (size_t)(newline - bytes) : held;
		size_t taken = newline != NULL ? length + 1 : length;
		if (newline == NULL && held <= input->maximum && !input->at_end)
			return;
		if (length > input->maximum) {
			/* Cut between characters: not before a continuation byte. */
			length = taken = input->maximum;
			while (length > input->maximum - 4 && (bytes[length] & 0xc0) == 0x80)
				taken = --length;
		}
		input->cut = newline == NULL ? !input->at_end || taken < held : taken <= (size_t)(newline - bytes);
		uint8_t kept = bytes[length]; /* one byte behind the data is always reserved */
		bytes[length] = '\0';
		size_t shown = length > 0 && newline != NULL && bytes[length - 1] == '\r' ? length - 1 : length;
		uint8_t carriage = bytes[shown];
		bytes[shown] = '\0';
		input->paused = !input->callbacks.line(input->callbacks.arg, (char *)bytes, shown);
		bytes[shown] = carriage;
		bytes[length] = kept;
		if (!input->paused)
			buffer_consume(&input->held, taken);
	}
}

static void input_go_on(struct input *input)
{
	input_deliver(input);
	if (input->paused || input->at_end)
		loop_watch_change(input->watch, 0);
	else
		loop_watch_change(input->watch, LOOP_READ);
	if (input->at_end && !input->over && buffer_length(&input->held) == 0) {
		input->over = true;
		input->callbacks.end(input->callbacks.arg);
	}
}

static void input_ready(void *arg, unsigned events)
{
	struct input *input = arg;
	int err;
	uint8_t *at = buffer_reserve(&input->held, INPUT_READ + 1, &err);
	if (at == NULL) {
		input->at_end = true;
	} else {
		ssize_t length = read(input->fd, at, INPUT_READ);
		if (length > 0)
			buffer_commit(&input->held, (size_t)length);
		else if (length == 0 || (errno != EINTR && errno != EAGAIN))
			input->at_end = true;
	}
	input_go_on(input);
}

static void input_again(void *arg)
{
	struct input *input = arg;
	input->paused = false;
	input_go_on(input);
}

struct input *input_new(struct loop *loop, int fd, size_t maximum, const struct input_callbacks *callbacks)
{
	struct input *input = malloc(sizeof *input);
	if (input == NULL)
		return NULL;
	*input = (struct input){ .loop = loop, .fd = fd, .maximum = maximum, .callbacks = *callbacks };
	buffer_init(&input->held, 2 * maximum + 2 * INPUT_READ);
	loop_timer_init(&input->again, input_again, input);
	input->watch = loop_watch_add(loop, fd, LOOP_READ, 0, input_ready, input);
	if (input->watch == NULL) {
		free(input);
		return NULL;
	}
	return input;
}

void input_free(struct input *input)
{
	if (input == NULL)
		return;
	loop_watch_remove(input->watch);
	loop_timer_stop(input->loop, &input->again);
	buffer_free(&input->held);
	free(input);
}

bool input_is_cut(const struct input *input)
{
	return input->cut;
}

void input_resume(struct input *input)
{
	loop_timer_set(input->loop, &input->again, 0);
}
