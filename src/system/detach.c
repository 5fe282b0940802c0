/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptors, session and signals of a forked child. */
#include "config.h"

#include "system/detach.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

static bool is_kept(int fd, const int *kept, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kept[i] == fd)
			return true;
	return false;
}

/* What the shell left open for us is not the child's: it may outlive us, and who waits for the end of a pipe would wait
 * for it. */
void detach(const int *kept, size_t count)
{
	enum { LAST = 1023 };
	setsid();
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	for (int fd = 3; fd <= LAST; fd++)
		if (!is_kept(fd, kept, count))
			close(fd);
}

void detach_with_parent(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		signal(numbers[i], SIG_IGN);
#ifdef PR_SET_PDEATHSIG
	(void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L);
#endif
}
