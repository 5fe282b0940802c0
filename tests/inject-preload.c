/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests, to be preloaded: code that is not tchat's, in the midst of its process, as whoever takes it over would have
 * it. A signal that tchat does not use has it try what no sandbox should let it do, and note in memory that is shared by
 * way of the file TCHAT_INJECT what came of it. TCHAT_WITHOUT names what the kernel shall not have: "landlock",
 * "seccomp". */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#ifdef __linux__
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

enum { SLOTS = 8, SLOT = 4096, PATH = 512, NOBODY = 0x3fffffff };

/* One process' findings: lines of what was tried and errno, 0 when it was done; the last one is "all 0". */
struct slot {
	volatile int pid;
	int length;
	char text[SLOT - 2 * sizeof(int)];
};

static struct slot *slots;
static char secret[PATH], fresh[PATH], home[PATH];
static int other_process, host_port, other_port;

/* Appends a line. Nothing here may be cut short by what a library does in the midst of something. */
static void note(struct slot *slot, const char *what, int number)
{
	char digits[8];
	int count = 0;
	for (int rest = number; rest > 0 || count == 0; rest /= 10)
		digits[count++] = (char)('0' + rest % 10);
	size_t length = strlen(what);
	if (slot->length + length + (size_t)count + 3 > sizeof slot->text)
		return;
	memcpy(slot->text + slot->length, what, length);
	slot->length += (int)length;
	slot->text[slot->length++] = ' ';
	while (count > 0)
		slot->text[slot->length++] = digits[--count];
	slot->text[slot->length++] = '\n';
}

/* Returns whether the sandbox let it pass. */
static int tried(struct slot *slot, const char *what, long result)
{
	int number = result >= 0 ? 0 : errno;
	note(slot, what, number);
	return number != EPERM && number != EACCES && number != ENOSYS;
}

static long try_open(const char *path, int flags)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
	if (fd >= 0)
		close((int)fd);
	return fd;
}

static void try_files(struct slot *slot)
{
	tried(slot, "read-passwd", try_open("/etc/passwd", O_RDONLY));
	tried(slot, "read-home", try_open(secret, O_RDONLY));
	tried(slot, "write-home", try_open(secret, O_WRONLY));
	tried(slot, "list-home", try_open(home, O_RDONLY | O_DIRECTORY));
	tried(slot, "make-home", try_open(fresh, O_WRONLY | O_CREAT));
	tried(slot, "link-home", syscall(SYS_linkat, AT_FDCWD, secret, AT_FDCWD, fresh, 0));
	tried(slot, "remove-home", syscall(SYS_unlinkat, AT_FDCWD, secret, 0));
	tried(slot, "read-memory", try_open("/proc/self/mem", O_RDONLY));
}

enum network { BIND, LISTEN, CONNECT };

static long try_address(enum network what, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	const struct sockaddr *address = (const struct sockaddr *)&at;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	long result = what == BIND ? bind(fd, address, sizeof at)
	            : what == LISTEN ? listen(fd, 1) : connect(fd, address, sizeof at);
	int number = errno;
	close(fd);
	errno = number;
	return result;
}

static long try_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		close(fd);
	return fd;
}

static void try_network(struct slot *slot)
{
	tried(slot, "socket", try_socket(AF_INET, SOCK_STREAM));
	tried(slot, "socket-raw", try_socket(AF_PACKET, SOCK_RAW));
	tried(slot, "bind", try_address(BIND, 0));
	tried(slot, "listen", try_address(LISTEN, 0));
	tried(slot, "connect-host", try_address(CONNECT, host_port));
	tried(slot, "connect-other", try_address(CONNECT, other_port));
}

static void try_others(struct slot *slot)
{
	char byte;
	tried(slot, "signal", kill(other_process, SIGCONT));
	tried(slot, "trace", syscall(SYS_ptrace, PTRACE_ATTACH, (long)NOBODY, 0L, 0L));
	tried(slot, "peek", syscall(SYS_process_vm_readv, (long)NOBODY, NULL, 0L, NULL, 0L, 0L));
	tried(slot, "user", syscall(SYS_setuid, (long)getuid()));
	tried(slot, "mount", syscall(SYS_umount2, home, 0L));
	tried(slot, "unshare", syscall(SYS_unshare, 0L));
	byte = 'x';
	tried(slot, "type", ioctl(STDIN_FILENO, TIOCSTI, &byte));
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	tried(slot, "code", mprotect(page, 4096, PROT_READ | PROT_EXEC));
	munmap(page, 4096);
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	tried(slot, "fork", child);
}

/* At the end: a program that ran would be in our place, and leave the word that it does. */
static void try_programs(struct slot *slot)
{
	char name[] = "true", *const arguments[] = { name, NULL }, *const environment[] = { NULL };
	if (tried(slot, "program-missing", syscall(SYS_execve, "/nonexistent/program", arguments, environment)))
		return;
	int before = slot->length;
	note(slot, "program", 0);
	syscall(SYS_execve, "/bin/true", arguments, environment);
	slot->length = before;
	tried(slot, "program", -1);
}

static void injected(int number)
{
	int saved = errno;
	struct slot *slot = NULL;
	for (int i = 0; slot == NULL && i < SLOTS; i++)
		if (slots[i].pid == 0)
			slot = &slots[i];
	if (slot != NULL) {
		slot->pid = getpid();
		try_files(slot);
		try_network(slot);
		try_others(slot);
		try_programs(slot);
		note(slot, "all", 0);
	}
	errno = saved;
}

static const char *variable(const char *name)
{
	const char *text = getenv(name);
	return text != NULL ? text : "";
}

__attribute__((constructor)) static void begin(void)
{
	struct sigaction action = { .sa_handler = injected, .sa_flags = SA_RESTART };
	int fd = open(variable("TCHAT_INJECT"), O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	slots = mmap(NULL, SLOTS * sizeof *slots, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (slots == MAP_FAILED)
		return;
	snprintf(home, sizeof home, "%s", variable("TCHAT_INJECT_HOME"));
	snprintf(secret, sizeof secret, "%s/secret", variable("TCHAT_INJECT_HOME"));
	snprintf(fresh, sizeof fresh, "%s/fresh", variable("TCHAT_INJECT_HOME"));
	other_process = atoi(variable("TCHAT_INJECT_PROCESS"));
	host_port = atoi(variable("TCHAT_INJECT_PORT"));
	other_port = atoi(variable("TCHAT_INJECT_OTHER_PORT"));
	sigfillset(&action.sa_mask);
	sigaction(SIGRTMAX, &action, NULL);
}

/* --- A kernel that lacks something */

long syscall(long number, ...)
{
	static long (*next)(long, ...);
	va_list list;
	long a[6];
	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_landlock_create_ruleset && strstr(variable("TCHAT_WITHOUT"), "landlock") != NULL) {
		errno = ENOSYS;
		return -1;
	}
	if (next == NULL)
		next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int prctl(int option, ...)
{
	va_list list;
	unsigned long a[4];
	va_start(list, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(list, unsigned long);
	va_end(list);
	if (option == PR_SET_SECCOMP && strstr(variable("TCHAT_WITHOUT"), "seccomp") != NULL) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_prctl, (long)option, a[0], a[1], a[2], a[3]);
}
#endif
