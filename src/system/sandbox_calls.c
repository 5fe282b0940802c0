/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seccomp, with libseccomp: calls by their names, since each machine has its own numbers and not all have all. */
#include "config.h"

#include "system/sandbox_inside.h"

#include <errno.h>

#ifdef HAVE_SECCOMP
#include <seccomp.h>

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* What libraries try without need is answered as by a kernel that does not have it, so that they do without. */
#define OTHERS SCMP_ACT_ERRNO(ENOSYS)

/* Free to all roles: what works on what the process has already, or where Landlock decides. */
static const char *const free_calls[] = {
	/* descriptors */
	"read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "pwritev", "lseek", "_llseek", "close",
	"close_range", "dup", "dup2", "dup3", "pipe", "pipe2", "fcntl", "fcntl64", "flock", "poll", "ppoll", "ppoll_time64",
	"select", "_newselect", "pselect6", "pselect6_time64", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait",
	"epoll_pwait", "epoll_pwait2", "eventfd2",
	/* files */
	"open", "openat", "stat", "stat64", "lstat", "lstat64", "fstat", "fstat64", "newfstatat", "fstatat64", "statx",
	"access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "getdents", "getdents64", "statfs",
	"statfs64", "fstatfs", "fstatfs64", "fsync", "fdatasync", "sync_file_range", "fadvise64", "fadvise64_64",
	"fallocate", "ftruncate", "ftruncate64", "umask",
	/* memory; mmap and mprotect are below */
	"brk", "mremap", "munmap", "madvise", "mincore", "membarrier",
	/* threads, time and signals; clone, kill and tgkill are below */
	"futex", "futex_time64", "futex_waitv", "set_robust_list", "get_robust_list", "set_tid_address", "rseq",
	"sched_yield", "sched_getaffinity", "getcpu", "exit", "exit_group", "restart_syscall", "clock_gettime",
	"clock_gettime64", "clock_getres", "clock_getres_time64", "clock_nanosleep", "clock_nanosleep_time64", "nanosleep",
	"gettimeofday", "time", "times", "setitimer", "getitimer", "alarm", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"rt_sigpending", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64", "sigaltstack", "sigaction",
	"sigprocmask", "sigreturn", "pause",
	/* who and where one is */
	"getpid", "getppid", "gettid", "getpgrp", "getpgid", "getsid", "getuid", "getuid32", "geteuid", "geteuid32", "getgid",
	"getgid32", "getegid", "getegid32", "getgroups", "getgroups32", "getresuid", "getresgid", "getrusage", "getrlimit",
	"ugetrlimit", "setrlimit", "sysinfo", "uname", "getrandom",
	/* sockets that there are */
	"recv", "recvfrom", "recvmsg", "send", "sendto", "sendmsg", "shutdown", "getsockopt", "setsockopt", "getsockname",
	"getpeername", NULL
};

/* Of who writes files: Landlock keeps that to one's own folders, and one's own rights do where there is none. */
static const char *const writing_calls[] = {
	"mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "chmod",
	"fchmod", "fchmodat", "fchown", "fchown32", "utimensat", "utimensat_time64", NULL
};

static const char *const host_calls[] = { "accept", "accept4", NULL };
static const char *const face_calls[] = { "connect", NULL };
static const char *const names_calls[] = { "connect", "bind", "sendmmsg", "recvmmsg", "recvmmsg_time64", "socketpair", NULL };

/* Known to be there, and refused as forbidden rather than as missing. */
static const char *const refused_calls[] = {
	"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
	"mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "bpf", "perf_event_open", "keyctl", "add_key",
	"request_key", "userfaultfd", "io_uring_setup", "init_module", "finit_module", "kexec_load", "reboot", "setuid",
	"setgid", "setresuid", "setresgid", "setgroups", "symlink", "symlinkat", "mknod", "mknodat", "truncate", "listen",
	"fchmodat2", "chown", "lchown", "fchownat", NULL
};

static const unsigned long terminal_requests[] = {
	TCGETS, TCSETS, TCSETSW, TCSETSF, TCFLSH, TCXONC, TCSBRK, TIOCGWINSZ, TIOCGPGRP, TIOCOUTQ, FIONREAD, FIONBIO, FIOCLEX,
#ifdef TCSBRKP
	TCSBRKP,
#endif
#ifdef TIOCGSID
	TIOCGSID,
#endif
	0x802c542a, 0x402c542b, 0x402c542c, 0x402c542d, /* TCGETS2 and so on, whose header clashes with <termios.h> */
#ifdef SIOCGIFINDEX
	SIOCGIFINDEX, SIOCGIFNAME, /* of addresses that belong to an interface */
#endif
};

/* The lower half of an argument: C's int, whatever the rest of the register holds. */
static struct scmp_arg_cmp is_int(unsigned number, unsigned long value)
{
	return SCMP_CMP(number, SCMP_CMP_MASKED_EQ, 0xffffffffUL, value & 0xffffffffUL);
}

static int add(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count,
               const struct scmp_arg_cmp *conditions)
{
	int number = seccomp_syscall_resolve_name(name);
	if (number == __NR_SCMP_ERROR)
		return 0; /* newer than the library */
	int failed = seccomp_rule_add_array(filter, action, number, count, conditions);
	/* A call that this machine does not have cannot be made. */
	return failed == -EDOM || failed == -EOPNOTSUPP ? 0 : failed;
}

static int allow_if(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp condition)
{
	return add(filter, SCMP_ACT_ALLOW, name, 1, &condition);
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const names[])
{
	int failed = 0;
	for (size_t i = 0; failed == 0 && names[i] != NULL; i++)
		failed = add(filter, action, names[i], 0, NULL);
	return failed;
}

static int add_sockets(scmp_filter_ctx filter, enum sandbox_role role)
{
	static const int families[] = { AF_INET, AF_INET6, AF_UNIX, AF_NETLINK };
	size_t count = role == SANDBOX_HOST ? 0 : role == SANDBOX_FACE ? 3 : 4;
	int failed = 0;
	for (size_t i = 0; failed == 0 && i < count; i++)
		failed = allow_if(filter, "socket", is_int(0, (unsigned long)families[i]));
	return failed;
}

/* Memory that can be run is for who loads libraries. */
static int add_memory(scmp_filter_ctx filter, enum sandbox_role role)
{
	static const char *const names[] = { "mmap", "mmap2", "mprotect", NULL };
	if (role == SANDBOX_NAMES)
		return add_all(filter, SCMP_ACT_ALLOW, names);
	int failed = 0;
	for (size_t i = 0; failed == 0 && names[i] != NULL; i++)
		failed = allow_if(filter, names[i], SCMP_CMP(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return failed;
}

/* Threads but no processes; limits of one's own; signals to oneself and one's own job. */
static int add_own(scmp_filter_ctx filter)
{
#ifdef __s390__
	enum { CLONE_FLAGS = 1 };
#else
	enum { CLONE_FLAGS = 0 };
#endif
	const unsigned long thread = 0x10000; /* CLONE_THREAD */
	pid_t self = getpid();
	int failed = allow_if(filter, "clone", SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, thread, thread));
	if (failed == 0)
		failed = allow_if(filter, "prlimit64", is_int(0, 0));
	if (failed == 0)
		failed = allow_if(filter, "kill", is_int(0, 0));
	if (failed == 0)
		failed = allow_if(filter, "kill", is_int(0, (unsigned long)self));
	if (failed == 0)
		failed = add(filter, SCMP_ACT_ALLOW, "kill", 2, (struct scmp_arg_cmp[]){
			SCMP_CMP(0, SCMP_CMP_MASKED_EQ, 0x80000000UL, 0), is_int(1, 0) });
	if (failed == 0)
		failed = allow_if(filter, "tgkill", is_int(0, (unsigned long)self));
	if (failed == 0)
		failed = allow_if(filter, "prctl", is_int(0, PR_SET_NAME));
	if (failed == 0)
		failed = allow_if(filter, "prctl", is_int(0, PR_GET_DUMPABLE));
	return failed;
}

static int add_role(scmp_filter_ctx filter, enum sandbox_role role)
{
	static const char *const *const of_role[] = {
		[SANDBOX_HOST] = host_calls, [SANDBOX_FACE] = face_calls, [SANDBOX_NAMES] = names_calls
	};
	int failed = add_all(filter, SCMP_ACT_ALLOW, free_calls);
	if (failed == 0 && role != SANDBOX_NAMES)
		failed = add_all(filter, SCMP_ACT_ALLOW, writing_calls);
	if (failed == 0)
		failed = add_all(filter, SCMP_ACT_ALLOW, of_role[role]);
	if (failed == 0)
		failed = add_all(filter, SCMP_ACT_ERRNO(EPERM), refused_calls);
	if (failed == 0)
		failed = add_sockets(filter, role);
	if (failed == 0)
		failed = add_memory(filter, role);
	if (failed == 0)
		failed = add_own(filter);
	for (size_t i = 0; failed == 0 && i < sizeof terminal_requests / sizeof terminal_requests[0]; i++)
		failed = allow_if(filter, "ioctl", is_int(1, terminal_requests[i]));
	return failed;
}

/* Whether the kernel has it, and nothing around us forbids it: a filter that is nowhere fails as a bad address. */
static bool has_seccomp(void)
{
	return prctl(PR_SET_SECCOMP, 2L, 0L, 0L, 0L) != 0 && errno == EFAULT;
}

int sandbox_calls_enter(const struct sandbox_config *config)
{
	if (!has_seccomp())
		return 0;
	scmp_filter_ctx filter = seccomp_init(OTHERS);
	if (filter == NULL) {
		errno = ENOMEM;
		return -1;
	}
	int failed = add_role(filter, config->role);
	/* Speed: a tree instead of a list, and no precautions of the processor against code that is ours anyway. What is
	 * not known to this library is left out. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (failed == 0)
		failed = seccomp_load(filter);
	seccomp_release(filter);
	errno = -failed;
	return failed == 0 ? 1 : -1;
}
#else
int sandbox_calls_enter(const struct sandbox_config *config)
{
	return 0;
}
#endif
