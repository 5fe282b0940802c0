/* SPDX-License-Identifier: GPL-3.0-or-later */
/* system: what a confined process cannot do any more, and what it can. Each in a child, for it cannot be taken back. */
#include "net/names.h"
#include "system/detach.h"
#include "system/sandbox.h"

#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <termios.h>
#endif

static char folder[64], own[96], elsewhere[96];

/* What an attempt in the child came to. */
enum { DONE = 0, REFUSED = 1, NO_SANDBOX = 2 };

static struct sandbox_config config_of(enum sandbox_role role)
{
	struct sandbox_config config = { .role = role };
	sandbox_allow(&config, own, SANDBOX_READ | SANDBOX_WRITE);
	sandbox_allow(&config, "/usr", SANDBOX_READ);
	return config;
}

/* Which half of the sandbox an attempt meets. */
enum half { BY_CALLS, BY_FILES };

/* Runs an attempt in a confined child. NO_SANDBOX: the half that it is about is not there, as sandbox_enter() says. */
static int confined(enum sandbox_role role, enum half half, bool (*attempt)(void))
{
	int status = -1;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct sandbox_config config = config_of(role);
		struct sandbox sandbox;
		if (sandbox_enter(&config, &sandbox) != 0)
			_exit(99);
		if (half == BY_CALLS ? !sandbox.calls : sandbox.files == 0)
			_exit(NO_SANDBOX);
		_exit(attempt() ? DONE : REFUSED);
	}
	assert_true(waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_refused(enum sandbox_role role, enum half half, bool (*attempt)(void))
{
	int came_to = confined(role, half, attempt);
	if (came_to != NO_SANDBOX)
		assert_int_equal(came_to, REFUSED);
}

static void assert_done(enum sandbox_role role, enum half half, bool (*attempt)(void))
{
	int came_to = confined(role, half, attempt);
	if (came_to != NO_SANDBOX)
		assert_int_equal(came_to, DONE);
}

/* --- Attempts */

static bool run_a_program(void)
{
	char *const arguments[] = { (char[]){ "true" }, NULL };
	execv("/bin/true", arguments);
	return errno != EPERM;
}

static bool fork_a_process(void)
{
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	return child > 0;
}

static bool trace(void)
{
#ifdef __linux__
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 || errno != EPERM;
#else
	return false;
#endif
}

static bool signal_another(void)
{
	return kill(getppid(), SIGCONT) == 0;
}

static bool signal_own(void)
{
	return kill(getpid(), SIGCONT) == 0 && kill(0, SIGCONT) == 0 && kill(getpid(), 0) == 0 && raise(SIGCONT) == 0;
}

static bool new_rights(void)
{
	return setuid(getuid()) == 0;
}

static bool make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool type_into_the_terminal(void)
{
#ifdef TIOCSTI
	return ioctl(STDIN_FILENO, TIOCSTI, "x") == 0 || errno == ENOTTY || errno == EIO;
#else
	return false;
#endif
}

static bool open_a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool open_a_raw_socket(void)
{
#ifdef __linux__
	return socket(AF_PACKET, SOCK_DGRAM, 0) >= 0 || errno == EACCES;
#else
	return false;
#endif
}

static void *set_true(void *arg)
{
	*(bool *)arg = true;
	return NULL;
}

static bool run_a_thread(void)
{
	pthread_t thread;
	bool ran = false;
	return pthread_create(&thread, NULL, set_true, &ran) == 0 && pthread_join(thread, NULL) == 0 && ran;
}

static bool read_elsewhere(void)
{
	return open(elsewhere, O_RDONLY) >= 0;
}

static bool list_elsewhere(void)
{
	return open(folder, O_RDONLY | O_DIRECTORY) >= 0;
}

static bool write_elsewhere(void)
{
	char path[128];
	snprintf(path, sizeof path, "%s/new", folder);
	return open(path, O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool remove_elsewhere(void)
{
	return unlink(elsewhere) == 0;
}

static bool link_elsewhere(void)
{
	char path[128];
	snprintf(path, sizeof path, "%s/linked", own);
	return link(elsewhere, path) == 0;
}

/* As files are replaced: made, written, flushed, renamed, with their folder; and read. */
static bool work_in_own_folder(void)
{
	char path[128], other[128], below[128];
	snprintf(path, sizeof path, "%s/one", own);
	snprintf(other, sizeof other, "%s/two", own);
	snprintf(below, sizeof below, "%s/below", own);
	int parent = open(own, O_RDONLY | O_DIRECTORY);
	int file = open(path, O_RDWR | O_CREAT, 0600);
	bool fine = parent >= 0 && file >= 0 && write(file, "x", 1) == 1 && ftruncate(file, 0) == 0 && fsync(file) == 0 &&
	            fchmod(file, 0600) == 0 && rename(path, other) == 0 && fsync(parent) == 0 && link(other, path) == 0 &&
	            open(other, O_RDONLY) >= 0 && open(other, O_WRONLY | O_TRUNC) >= 0 && unlink(other) == 0 &&
	            unlink(path) == 0 && mkdir(below, 0700) == 0 && rmdir(below) == 0;
	return fine;
}

static struct sockaddr_in loopback = { .sin_family = AF_INET };

static bool connect_to_loopback(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return connect(fd, (const struct sockaddr *)&loopback, sizeof loopback) == 0;
}

/* A listening socket of this process; loopback is its address then. */
static int listen_here(void)
{
	socklen_t length = sizeof loopback;
	loopback = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, length) == 0 && listen(fd, 8) == 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&loopback, &length), 0);
	return fd;
}

/* --- Tests */

static const enum sandbox_role roles[] = { SANDBOX_HOST, SANDBOX_FACE, SANDBOX_NAMES };

static void nobody_runs_a_program_or_forks(void **state)
{
	for (size_t i = 0; i < 3; i++) {
		assert_refused(roles[i], BY_CALLS, run_a_program);
		assert_refused(roles[i], BY_CALLS, fork_a_process);
	}
}

static void nobody_looks_into_or_signals_another_process(void **state)
{
	for (size_t i = 0; i < 3; i++) {
		assert_refused(roles[i], BY_CALLS, trace);
		assert_refused(roles[i], BY_CALLS, signal_another);
		assert_done(roles[i], BY_CALLS, signal_own);
	}
}

static void nobody_changes_who_it_is(void **state)
{
	for (size_t i = 0; i < 3; i++)
		assert_refused(roles[i], BY_CALLS, new_rights);
}

static void nobody_types_into_the_terminal(void **state)
{
	for (size_t i = 0; i < 3; i++)
		assert_refused(roles[i], BY_CALLS, type_into_the_terminal);
}

static void hosts_and_faces_make_no_code(void **state)
{
	assert_refused(SANDBOX_HOST, BY_CALLS, make_code);
	assert_refused(SANDBOX_FACE, BY_CALLS, make_code);
	assert_done(SANDBOX_NAMES, BY_CALLS, make_code);
}

static void a_host_opens_no_socket_a_face_those_of_the_network(void **state)
{
	assert_refused(SANDBOX_HOST, BY_CALLS, open_a_socket);
	assert_done(SANDBOX_FACE, BY_CALLS, open_a_socket);
	for (size_t i = 0; i < 3; i++)
		assert_refused(roles[i], BY_CALLS, open_a_raw_socket);
}

static void threads_can_still_be_started(void **state)
{
	for (size_t i = 0; i < 3; i++)
		assert_done(roles[i], BY_CALLS, run_a_thread);
}

static void files_elsewhere_are_out_of_reach(void **state)
{
	for (size_t i = 0; i < 3; i++) {
		assert_refused(roles[i], BY_FILES, read_elsewhere);
		assert_refused(roles[i], BY_FILES, list_elsewhere);
		assert_refused(roles[i], BY_FILES, write_elsewhere);
		assert_refused(roles[i], BY_FILES, remove_elsewhere);
		assert_refused(roles[i], BY_FILES, link_elsewhere);
	}
}

static void own_folders_serve_as_before(void **state)
{
	assert_done(SANDBOX_HOST, BY_FILES, work_in_own_folder);
	assert_done(SANDBOX_FACE, BY_FILES, work_in_own_folder);
}

static void a_face_connects_to_its_hosts_port_alone(void **state)
{
	enum { WANTED, OTHER, NONE, ANY, CASES };
	int wanted = listen_here();
	struct sockaddr_in first = loopback;
	int other = listen_here();
	for (int i = 0; i < CASES; i++) {
		int status = -1;
		pid_t child = fork();
		if (child == 0) {
			struct sandbox_config config = config_of(SANDBOX_FACE);
			struct sandbox sandbox;
			config.port = i == NONE ? 0 : i == ANY ? SANDBOX_ANY_PORT : ntohs(first.sin_port);
			if (i == WANTED)
				loopback = first;
			if (sandbox_enter(&config, &sandbox) != 0)
				_exit(99);
			/* Ports are Landlock's from its fourth version on. */
			bool expected = i == WANTED || i == ANY || sandbox.files < 4;
			_exit(connect_to_loopback() == expected ? 0 : 1);
		}
		assert_true(waitpid(child, &status, 0) == child);
		assert_int_equal(status, 0);
	}
	close(wanted);
	close(other);
}

/* The line of /proc/self/status that begins so, as a number; -1: there is none. */
static int status_number(const char *name)
{
	char line[256];
	int number = -1;
	FILE *file = fopen("/proc/self/status", "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			number = atoi(line + strlen(name));
	if (file != NULL)
		fclose(file);
	return number;
}

static void what_it_says_is_in_force(void **state)
{
	int status = -1;
	pid_t child = fork();
	if (child == 0) {
		struct sandbox_config config = config_of(SANDBOX_FACE);
		struct sandbox sandbox;
		sandbox_allow(&config, "/proc", SANDBOX_READ);
		if (sandbox_enter(&config, &sandbox) != 0)
			_exit(99);
		int rights = status_number("NoNewPrivs:"), calls = status_number("Seccomp:");
		bool same = (rights == -1 || (rights == 1) == sandbox.no_new_privs) &&
		            (calls == -1 || (calls == 2) == sandbox.calls) && (!sandbox.watched || sandbox.files == 0);
		_exit(same ? 0 : 1);
	}
	assert_true(waitpid(child, &status, 0) == child);
	assert_int_equal(status, 0);
}

/* What the kernel offers, as another program would find it: nothing of it may be left unused. */
static void nothing_that_there_is_is_left_out(void **state)
{
	int status = -1;
	pid_t child = fork();
	if (child == 0) {
		struct sandbox_config config = config_of(SANDBOX_HOST);
		struct sandbox sandbox;
		bool has_files = false, has_calls = false;
#if defined __linux__ && defined SYS_landlock_create_ruleset
		has_files = syscall(SYS_landlock_create_ruleset, NULL, 0L, 1L) > 0;
#endif
#if defined HAVE_SECCOMP && defined PR_SET_SECCOMP
		prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
		has_calls = prctl(PR_SET_SECCOMP, 2L, 0L, 0L, 0L) != 0 && errno == EFAULT; /* a filter that is nowhere */
#endif
		if (sandbox_enter(&config, &sandbox) != 0)
			_exit(99);
		_exit(sandbox.watched || ((sandbox.files > 0 || !has_files) && (sandbox.calls || !has_calls)) ? 0 : 1);
	}
	assert_true(waitpid(child, &status, 0) == child);
	assert_int_equal(status, 0);
}

/* --- The helper for names */

static void a_confined_helper_looks_up_names(void **state)
{
	struct names_answer answer;
	int ends[2], status = -1;
	assert_int_equal(names_pair(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		struct sandbox_config config = { .role = SANDBOX_NAMES };
		struct sandbox sandbox;
		detach(&ends[1], 1);
		detach_with_parent();
		sandbox_allow(&config, "/", SANDBOX_READ);
		if (sandbox_enter(&config, &sandbox) != 0)
			_exit(99);
		names_serve(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	names_ask(ends[0], "localhost", "50000", &answer);
	assert_int_equal(answer.err, 0);
	assert_true(answer.count >= 1);
	assert_int_equal(net_address_port(&answer.addresses[0]), 50000);
	names_ask(ends[0], "no such name", "50000", &answer);
	assert_int_not_equal(answer.err, 0);
	assert_int_equal(answer.count, 0);
	/* Signals for the whole job are not for it: it ends with its other end. */
	assert_int_equal(kill(child, SIGINT), 0);
	assert_int_equal(kill(child, SIGHUP), 0);
	names_ask(ends[0], "127.0.0.1", "4711", &answer);
	assert_int_equal(answer.err, 0);
	close(ends[0]);
	assert_true(waitpid(child, &status, 0) == child);
	assert_int_equal(status, 0);
}

static void a_helper_that_is_gone_knows_no_name(void **state)
{
	struct names_answer answer;
	char name[4096];
	int ends[2];
	assert_int_equal(names_pair(ends), 0);
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	names_ask(ends[0], name, "1", &answer);
	assert_int_not_equal(answer.err, 0);
	close(ends[1]);
	names_ask(ends[0], "localhost", "1", &answer);
	assert_int_not_equal(answer.err, 0);
	assert_int_equal(answer.count, 0);
	close(ends[0]);
}

static int make_folders(void **state)
{
	snprintf(folder, sizeof folder, "/tmp/tchat-sandbox-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(own, sizeof own, "%s/own", folder);
	snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", folder);
	assert_int_equal(mkdir(own, 0700), 0);
	int fd = open(elsewhere, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	return 0;
}

static int remove_folders(void **state)
{
	unlink(elsewhere);
	rmdir(own);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_says_is_in_force),
		cmocka_unit_test(nothing_that_there_is_is_left_out),
		cmocka_unit_test(nobody_runs_a_program_or_forks),
		cmocka_unit_test(nobody_looks_into_or_signals_another_process),
		cmocka_unit_test(nobody_changes_who_it_is),
		cmocka_unit_test(nobody_types_into_the_terminal),
		cmocka_unit_test(hosts_and_faces_make_no_code),
		cmocka_unit_test(a_host_opens_no_socket_a_face_those_of_the_network),
		cmocka_unit_test(threads_can_still_be_started),
		cmocka_unit_test(files_elsewhere_are_out_of_reach),
		cmocka_unit_test(own_folders_serve_as_before),
		cmocka_unit_test(a_face_connects_to_its_hosts_port_alone),
		cmocka_unit_test(a_confined_helper_looks_up_names),
		cmocka_unit_test(a_helper_that_is_gone_knows_no_name),
	};
	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
