/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests, to be preloaded: a disk that fails, and a clock that somebody puts. The file named by TCHAT_FAULTS says
 * what is wrong at the moment: "sync", "write", or by how many seconds the wall clock is off. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Reads the file without any of the functions that are replaced here. */
static const char *fault(char text[32])
{
	const char *path = getenv("TCHAT_FAULTS");
	int fd = path == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : syscall(SYS_read, fd, text, (size_t)31);
	if (fd >= 0)
		syscall(SYS_close, fd);
	text[length > 0 ? length : 0] = '\0';
	return text;
}

static int fails(const char *what)
{
	char text[32];
	int saved = errno;
	int yes = strcmp(fault(text), what) == 0;
	errno = yes ? EIO : saved;
	return yes;
}

int fsync(int fd)
{
	return fails("sync") ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return fails("sync") ? -1 : (int)syscall(SYS_fdatasync, fd);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at)
{
	static ssize_t (*next)(int, const void *, size_t, off64_t);
	if (next == NULL)
		next = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
	return fails("write") ? -1 : next(fd, bytes, length, at);
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	char text[32];
	int result = (int)syscall(SYS_clock_gettime, id, now);
	if (result == 0 && id == CLOCK_REALTIME)
		now->tv_sec += atol(fault(text));
	return result;
}
