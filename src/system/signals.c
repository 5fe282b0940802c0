/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The self-pipe for signals. Handlers are global to a process, hence the statics. */
#include "system/signals.h"

#include "base/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int ends[2] = { -1, -1 };
static sigset_t caught;

static void signals_handle(int number)
{
	int saved = errno;
	unsigned char byte = (unsigned char)number;
	/* A full pipe holds enough signals to wake whoever reads it. */
	if (write(ends[1], &byte, 1) < 0)
		errno = saved;
	errno = saved;
}

static int signals_prepare(int fd)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	return fcntl(fd, F_SETFL, O_NONBLOCK);
}

int signals_open(const int *numbers, size_t count)
{
	struct sigaction action = { .sa_handler = signals_handle, .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	if (pipe(ends) < 0)
		return TCHAT_ERR_SYSTEM;
	if (signals_prepare(ends[0]) < 0 || signals_prepare(ends[1]) < 0) {
		signals_close();
		return TCHAT_ERR_SYSTEM;
	}
	sigemptyset(&action.sa_mask);
	sigemptyset(&ignore.sa_mask);
	sigemptyset(&caught);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL); /* a file that may not grow is an error of writing, like a full disk */
	for (size_t i = 0; i < count; i++) {
		sigaddset(&caught, numbers[i]);
		sigaction(numbers[i], &action, NULL);
	}
	return ends[0];
}

int signals_write_end(void)
{
	return ends[1];
}

int signals_take(int fd)
{
	unsigned char byte;
	return read(fd, &byte, 1) == 1 ? byte : 0;
}

void signals_close(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigemptyset(&action.sa_mask);
	for (int number = 1; number < NSIG; number++)
		if (sigismember(&caught, number) == 1)
			sigaction(number, &action, NULL);
	sigemptyset(&caught);
	for (int i = 0; i < 2; i++) {
		if (ends[i] >= 0)
			close(ends[i]);
		ends[i] = -1;
	}
}
