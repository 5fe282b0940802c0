/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock and poll(), wrapped. */
#include "virtual_time.h"

#include <errno.h>
#include <poll.h>

struct virtual_time virtual_time = { .now = TCHAT_SECONDS(1000) };

tchat_time __wrap_clock_monotonic(void);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

tchat_time __wrap_clock_monotonic(void)
{
	return virtual_time.now;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	virtual_time.polls++;
	virtual_time.last_timeout = timeout;
	if (virtual_time.poll_errno != 0) {
		errno = virtual_time.poll_errno;
		virtual_time.poll_errno = 0;
		return -1;
	}
	if (virtual_time.is_blocking)
		return __real_poll(fds, count, timeout == 0 ? 0 : -1);
	int n = __real_poll(fds, count, 0);
	if (n == 0 && timeout > 0)
		virtual_time.now += TCHAT_MS(timeout);
	return n;
}
