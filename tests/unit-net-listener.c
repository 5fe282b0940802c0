/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: listening and accepting, with the failures that accept() and bind() know. Time is virtual. */
#include "base/errors.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/stream.h"
#include "virtual_time.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	int accepts;      /* calls */
	int accept_errno; /* what they fail with, while accept_fails is not 0 (-1: for ever) */
	int accept_fails;
	int binds, bind_fails_at, bind_errno; /* the so manieth bind() fails, from 1 */
	int missing_family;
	const struct addrinfo *list;          /* the answer of getaddrinfo() */
} fake;

int __real_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int __real_accept(int fd, struct sockaddr *address, socklen_t *length);
int __wrap_accept(int fd, struct sockaddr *address, socklen_t *length);
int __real_bind(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length);
int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list);
void __real_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list);

static int accept_failure(void)
{
	fake.accepts++;
	if (fake.accept_fails == 0)
		return 0;
	if (fake.accept_fails > 0)
		fake.accept_fails--;
	return errno = fake.accept_errno;
}

int __wrap_accept(int fd, struct sockaddr *address, socklen_t *length)
{
	return accept_failure() != 0 ? -1 : __real_accept(fd, address, length);
}

#ifdef __linux__
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
	return accept_failure() != 0 ? -1 : __real_accept4(fd, address, length, flags);
}
#endif

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length)
{
	if (++fake.binds == fake.bind_fails_at) {
		errno = fake.bind_errno;
		return -1;
	}
	return __real_bind(fd, address, length);
}

int __wrap_socket(int family, int type, int protocol)
{
	if (family == fake.missing_family) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return __real_socket(family, type, protocol);
}

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	if (fake.list == NULL)
		return __real_getaddrinfo(node, service, hints, list);
	*list = (struct addrinfo *)(uintptr_t)fake.list;
	return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	if (list != fake.list)
		__real_freeaddrinfo(list);
}

struct fixture {
	struct loop *loop;
	struct listener *listener;
	int accepted, limits, limit_number;
	char peer[64];
	bool frees, pauses; /* in the accept callback */
	char folder[32], path[64];
};

static int setup(void **state)
{
	memset(&fake, 0, sizeof fake);
	fake.missing_family = -1;
	struct fixture *f = calloc(1, sizeof *f);
	f->loop = loop_new(0);
	strcpy(f->folder, "/tmp/tchat-test-XXXXXX");
	if (mkdtemp(f->folder) == NULL)
		return -1;
	snprintf(f->path, sizeof f->path, "%s/host", f->folder);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	listener_free(f->listener);
	loop_free(f->loop);
	unlink(f->path);
	rmdir(f->folder);
	free(f);
	return 0;
}

static void on_accept(void *arg, struct stream *stream)
{
	struct fixture *f = arg;
	f->accepted++;
	snprintf(f->peer, sizeof f->peer, "%s", stream_peer(stream));
	stream_free(stream);
	if (f->pauses)
		listener_pause(f->listener);
	if (f->frees) {
		listener_free(f->listener);
		f->listener = NULL;
	}
}

static void on_limit(void *arg, int err, int number)
{
	struct fixture *f = arg;
	f->limits++;
	f->limit_number = number;
}

static int open_tcp(struct fixture *f, const char *node, const char *service)
{
	struct listener_callbacks callbacks = { .accept = on_accept, .limit = on_limit, .arg = f };
	return listener_open_tcp(f->loop, node, service, &callbacks, &f->listener);
}

static int open_unix(struct fixture *f)
{
	struct listener_callbacks callbacks = { .accept = on_accept, .limit = on_limit, .arg = f };
	return listener_open_unix(f->loop, f->path, &callbacks, &f->listener);
}

static int call_tcp(unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
	                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

static int call_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

static void rounds(struct fixture *f, int count)
{
	while (count-- > 0)
		assert_int_equal(loop_run_once(f->loop, TCHAT_MS(1)), 0);
}

static void a_free_port_is_the_same_for_both_families(void **state)
{
	struct fixture *f = *state;
	char expected[2][32];
	assert_int_equal(open_tcp(f, NULL, "0"), 0);
	unsigned port = listener_port(f->listener);
	assert_true(port > 0);
	snprintf(expected[0], sizeof expected[0], "0.0.0.0:%u", port);
	snprintf(expected[1], sizeof expected[1], "[::]:%u", port);
	assert_true(listener_count(f->listener) >= 1 && listener_count(f->listener) <= 2);
	for (size_t i = 0; i < listener_count(f->listener); i++) {
		const char *text = listener_address(f->listener, i);
		assert_true(strcmp(text, expected[0]) == 0 || strcmp(text, expected[1]) == 0);
	}
	int fd = call_tcp(port);
	rounds(f, 1);
	assert_int_equal(f->accepted, 1);
	assert_memory_equal(f->peer, "127.0.0.1:", 10);
	close(fd);
}

static void a_free_port_that_the_second_address_cannot_have_is_tried_anew(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	struct sockaddr_in b = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002) };
	struct addrinfo second = { .ai_family = AF_INET, .ai_addrlen = sizeof b, .ai_addr = (struct sockaddr *)&b };
	struct addrinfo first = { .ai_family = AF_INET, .ai_addrlen = sizeof a, .ai_addr = (struct sockaddr *)&a,
	                          .ai_next = &second };
	fake.list = &first;
	fake.bind_fails_at = 2;
	fake.bind_errno = EADDRINUSE;
	assert_int_equal(open_tcp(f, NULL, "0"), 0);
	assert_int_equal(fake.binds, 4);
	assert_int_equal(listener_count(f->listener), 2);
	const char *ports[2];
	for (size_t i = 0; i < 2; i++)
		ports[i] = strchr(listener_address(f->listener, i), ':');
	assert_string_equal(ports[0], ports[1]);
	listener_free(f->listener);
	f->listener = NULL;
	/* A resolver may tell the same address twice. */
	b = a;
	assert_int_equal(open_tcp(f, NULL, "0"), 0);
	assert_int_equal(listener_count(f->listener), 1);
	listener_free(f->listener);
	f->listener = NULL;
	/* A port that was asked for is not replaced. */
	a.sin_port = b.sin_port = htons(1);
	fake.binds = 0;
	fake.bind_fails_at = 1;
	assert_int_equal(open_tcp(f, NULL, "1"), TCHAT_ERR_IN_USE);
	assert_int_equal(fake.binds, 1);
}

static void one_missing_family_is_fine_two_are_not(void **state)
{
	struct fixture *f = *state;
	fake.missing_family = AF_INET6;
	assert_int_equal(open_tcp(f, NULL, "0"), 0);
	assert_int_equal(listener_count(f->listener), 1);
	assert_memory_equal(listener_address(f->listener, 0), "0.0.0.0:", 8);
	listener_free(f->listener);
	f->listener = NULL;
	fake.missing_family = AF_INET;
	assert_int_equal(open_tcp(f, "127.0.0.1", "0"), TCHAT_ERR_UNREACHABLE);
	assert_int_equal(errno, EAFNOSUPPORT);
}

static void failures_to_listen_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct fixture other = { .loop = f->loop };
	char port[8];
	assert_int_equal(open_tcp(f, "127.0.0.1", "0"), 0);
	snprintf(port, sizeof port, "%u", listener_port(f->listener));
	assert_int_equal(open_tcp(&other, "127.0.0.1", port), TCHAT_ERR_IN_USE);
	fake.binds = 0;
	fake.bind_fails_at = 1;
	fake.bind_errno = EACCES;
	assert_int_equal(open_tcp(&other, "127.0.0.1", "0"), TCHAT_ERR_PERMISSION);
	assert_int_equal(open_tcp(&other, "192.0.2.1", "0"), TCHAT_ERR_UNREACHABLE);
	assert_int_equal(open_tcp(&other, "127.0.0.1", "no-such-service"), TCHAT_ERR_ARGUMENT);
}

static void without_descriptors_accepting_rests_and_resumes_by_itself(void **state)
{
	struct fixture *f = *state;
	static const int numbers[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF };
	assert_int_equal(open_tcp(f, "127.0.0.1", "0"), 0);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		fake.accept_errno = numbers[i];
		fake.accept_fails = -1;
		fake.accepts = f->accepted = f->limits = 0;
		int fd = call_tcp(listener_port(f->listener));
		rounds(f, 400); /* 400 ms */
		assert_int_equal(fake.accepts, 1);
		rounds(f, 4000);
		assert_in_range(fake.accepts, 5, 10);
		assert_int_equal(f->limits, 1);
		assert_int_equal(f->limit_number, numbers[i]);
		fake.accept_fails = 0;
		rounds(f, 600);
		assert_int_equal(f->accepted, 1);
		close(fd);
	}
}

static void without_descriptors_accepting_resumes_when_told(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(open_tcp(f, "127.0.0.1", "0"), 0);
	fake.accept_errno = EMFILE;
	fake.accept_fails = 1;
	int fd = call_tcp(listener_port(f->listener));
	rounds(f, 3);
	assert_int_equal(f->accepted, 0);
	listener_resume(f->listener);
	rounds(f, 1);
	assert_int_equal(f->accepted, 1);
	close(fd);
}

static void a_limit_that_ends_does_not_end_a_pause(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(open_tcp(f, "127.0.0.1", "0"), 0);
	fake.accept_errno = EMFILE;
	fake.accept_fails = 1;
	int fd = call_tcp(listener_port(f->listener));
	rounds(f, 1);
	listener_pause(f->listener);
	rounds(f, 2000);
	assert_int_equal(f->accepted, 0);
	listener_resume(f->listener);
	rounds(f, 1);
	assert_int_equal(f->accepted, 1);
	close(fd);
}

static void a_caller_who_left_while_waiting_does_not_stop_the_others(void **state)
{
	struct fixture *f = *state;
	static const int numbers[] = { ECONNABORTED, EINTR, EPROTO, EHOSTUNREACH };
	assert_int_equal(open_tcp(f, "127.0.0.1", "0"), 0);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		fake.accept_errno = numbers[i];
		fake.accept_fails = 1;
		f->accepted = 0;
		int fd = call_tcp(listener_port(f->listener));
		rounds(f, 1);
		assert_int_equal(f->accepted, 1);
		assert_int_equal(f->limits, 0);
		close(fd);
	}
}

static void one_round_accepts_a_bounded_number(void **state)
{
	struct fixture *f = *state;
	int fds[100];
	assert_int_equal(open_tcp(f, "127.0.0.1", "0"), 0);
	for (int i = 0; i < 100; i++)
		fds[i] = call_tcp(listener_port(f->listener));
	rounds(f, 1);
	assert_in_range(f->accepted, 16, 99);
	rounds(f, 10);
	assert_int_equal(f->accepted, 100);
	for (int i = 0; i < 100; i++)
		close(fds[i]);
}

static void the_callback_may_pause_or_free_the_listener(void **state)
{
	struct fixture *f = *state;
	int fds[3];
	assert_int_equal(open_tcp(f, "127.0.0.1", "0"), 0);
	for (int i = 0; i < 3; i++)
		fds[i] = call_tcp(listener_port(f->listener));
	f->pauses = true;
	rounds(f, 5);
	assert_int_equal(f->accepted, 1);
	f->pauses = false;
	f->frees = true;
	listener_resume(f->listener);
	rounds(f, 5);
	assert_int_equal(f->accepted, 2);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void a_unix_socket_is_its_owners_alone_and_goes_with_the_listener(void **state)
{
	struct fixture *f = *state;
	struct stat file;
	char expected[80];
	mode_t mask = umask(0);
	assert_int_equal(open_unix(f), 0);
	umask(mask);
	assert_int_equal(lstat(f->path, &file), 0);
	assert_true(S_ISSOCK(file.st_mode));
	assert_int_equal(file.st_mode & 07777, 0600);
	snprintf(expected, sizeof expected, "unix:%s", f->path);
	assert_string_equal(listener_address(f->listener, 0), expected);
	assert_int_equal(listener_port(f->listener), 0);
	int fd = call_unix(f->path);
	rounds(f, 1);
	assert_int_equal(f->accepted, 1);
	assert_string_equal(f->peer, "unix");
	close(fd);
	listener_free(f->listener);
	f->listener = NULL;
	assert_int_equal(lstat(f->path, &file), -1);
}

static void leave_stale_socket(const char *path, int kind)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, kind, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
}

static void a_dead_process_s_socket_is_replaced(void **state)
{
	struct fixture *f = *state;
	leave_stale_socket(f->path, SOCK_STREAM);
	assert_int_equal(open_unix(f), 0);
	int fd = call_unix(f->path);
	assert_true(fd >= 0);
	close(fd);
}

static void a_live_socket_is_refused_and_lives_on(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(open_unix(f), 0);
	struct fixture other = { .loop = f->loop };
	strcpy(other.path, f->path);
	assert_int_equal(open_unix(&other), TCHAT_ERR_IN_USE);
	int fd = call_unix(f->path);
	assert_true(fd >= 0);
	close(fd);
}

static void a_file_of_another_kind_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;
	int fd = open(f->path, O_CREAT | O_WRONLY, 0640);
	assert_int_equal(write(fd, "diary", 5), 5);
	fstat(fd, &before);
	close(fd);
	assert_int_equal(open_unix(f), TCHAT_ERR_NOT_SOCKET);
	assert_int_equal(lstat(f->path, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_size, 5);
	assert_int_equal(after.st_mode, before.st_mode);
	unlink(f->path);
	assert_int_equal(symlink("/nonexistent", f->path), 0);
	assert_int_equal(open_unix(f), TCHAT_ERR_NOT_SOCKET);
}

static void a_successors_socket_is_not_removed(void **state)
{
	struct fixture *f = *state;
	struct stat file;
	assert_int_equal(open_unix(f), 0);
	/* Keeps the first inode from being used again at once. */
	char kept[80];
	snprintf(kept, sizeof kept, "%s.kept", f->path);
	assert_int_equal(rename(f->path, kept), 0);
	leave_stale_socket(f->path, SOCK_STREAM);
	listener_free(f->listener);
	f->listener = NULL;
	assert_int_equal(lstat(f->path, &file), 0);
	unlink(kept);
}

static void unix_paths_that_cannot_be_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct listener_callbacks callbacks = { .accept = on_accept, .arg = f };
	char path[200];
	memset(path, 'p', sizeof path);
	path[199] = '\0';
	assert_int_equal(listener_open_unix(f->loop, path, &callbacks, &f->listener), TCHAT_ERR_ARGUMENT);
	assert_int_equal(errno, ENAMETOOLONG);
	int err = listener_open_unix(f->loop, "/proc/nonexistent/host", &callbacks, &f->listener);
	assert_int_equal(err, TCHAT_ERR_NOT_FOUND);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_free_port_is_the_same_for_both_families),
		TEST(a_free_port_that_the_second_address_cannot_have_is_tried_anew),
		TEST(one_missing_family_is_fine_two_are_not),
		TEST(failures_to_listen_are_told_apart),
		TEST(without_descriptors_accepting_rests_and_resumes_by_itself),
		TEST(without_descriptors_accepting_resumes_when_told),
		TEST(a_limit_that_ends_does_not_end_a_pause),
		TEST(a_caller_who_left_while_waiting_does_not_stop_the_others),
		TEST(one_round_accepts_a_bounded_number),
		TEST(the_callback_may_pause_or_free_the_listener),
		TEST(a_unix_socket_is_its_owners_alone_and_goes_with_the_listener),
		TEST(a_dead_process_s_socket_is_replaced),
		TEST(a_live_socket_is_refused_and_lives_on),
		TEST(a_file_of_another_kind_is_left_alone),
		TEST(a_successors_socket_is_not_removed),
		TEST(unix_paths_that_cannot_be_are_told_apart),
	};
	return cmocka_run_group_tests_name("net-listener", tests, NULL, NULL);
}
