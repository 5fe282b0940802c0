/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets with their flags set. */
#include "config.h"

#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#if !defined HAVE_ACCEPT4 || !defined SOCK_CLOEXEC
static int with_flags(int fd)
{
	if (fd < 0)
		return -1;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	int kept = errno;
	close(fd);
	errno = kept;
	return -1;
}
#endif

int socket_new(int family)
{
#ifdef SOCK_CLOEXEC
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
#else
	return with_flags(socket(family, SOCK_STREAM, 0));
#endif
}

int socket_accept(int fd)
{
#if defined HAVE_ACCEPT4 && defined SOCK_CLOEXEC
	return accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
#else
	return with_flags(accept(fd, NULL, NULL));
#endif
}
