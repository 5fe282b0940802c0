/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wake-ups: a pipe of one byte in front of the loop, and a flag that says that the byte is on its way. */
#include "config.h"

#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "signal handlers need a lock-free flag");

struct wake {
	atomic_bool on_its_way;
	int read_fd, write_fd;
	wake_callback *callback;
	void *arg;
	struct watch *watch;
};

static int open_pipe(int ends[2])
{
#ifdef HAVE_PIPE2
	return pipe2(ends, O_CLOEXEC | O_NONBLOCK);
#else
	if (pipe(ends) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
#endif
}

/* The byte is taken before the flag falls: who raises the flag after that writes a new byte, and who found
 * it still up is served by the callback below. */
static void on_byte(void *arg, unsigned events)
{
	struct wake *wake = arg;
	char bytes[8];
	while (read(wake->read_fd, bytes, sizeof bytes) < 0 && errno == EINTR)
		;
	atomic_store(&wake->on_its_way, false);
	wake->callback(wake->arg);
}

struct wake *loop_wake_new(struct loop *loop, wake_callback *callback, void *arg)
{
	struct wake *wake = malloc(sizeof *wake);
	if (wake == NULL)
		return NULL;
	int ends[2];
	if (open_pipe(ends) < 0) {
		free(wake);
		return NULL;
	}
	*wake = (struct wake){ .read_fd = ends[0], .write_fd = ends[1], .callback = callback, .arg = arg };
	atomic_init(&wake->on_its_way, false);
	wake->watch = loop_watch_add(loop, wake->read_fd, LOOP_READ, 0, on_byte, wake);
	if (wake->watch == NULL) {
		loop_wake_free(wake);
		errno = ENOMEM;
		return NULL;
	}
	return wake;
}

void loop_wake(struct wake *wake)
{
	if (atomic_exchange(&wake->on_its_way, true))
		return;
	int kept = errno;
	while (write(wake->write_fd, "", 1) < 0 && errno == EINTR)
		;
	errno = kept;
}

void loop_wake_free(struct wake *wake)
{
	if (wake == NULL)
		return;
	loop_watch_remove(wake->watch);
	close(wake->read_fd);
	close(wake->write_fd);
	free(wake);
}
