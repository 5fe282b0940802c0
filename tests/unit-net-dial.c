/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: dialling. The network is scripted: getaddrinfo() and connect() are wrapped, and time is virtual. */
#include "base/errors.h"
#include "net/dial.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/resolve.h"
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
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum outcome { NOTHING, CONNECTS, BLACKHOLE, REFUSED, REFUSED_LATER, NO_ROUTE, SELF };
enum { MOST = 8 };

/* One address that the name leads to, in the resolver's order. */
struct host {
	int family;
	enum outcome outcome;
};

static struct {
	const struct host *hosts;
	int failure;         /* of getaddrinfo() */
	int order[MOST];     /* which addresses were tried, by index */
	tchat_time at[MOST]; /* when */
	int tried;
	int no_sockets;      /* socket() fails */
	struct sockaddr_in listening;
} fake;

struct answer {
	struct addrinfo info[MOST];
	struct sockaddr_storage addresses[MOST];
};

int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list);
void __real_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list);
int __real_connect(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);

/* The index of an address is its port, from 1. Answers at once, as for a numeric address: no thread. */
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	if (fake.hosts == NULL && fake.failure == 0)
		return __real_getaddrinfo(node, service, hints, list);
	if (fake.failure != 0)
		return fake.failure;
	struct answer *answer = calloc(1, sizeof *answer);
	for (int i = 0; i < MOST && fake.hosts[i].outcome != NOTHING; i++) {
		struct addrinfo *info = &answer->info[i];
		info->ai_family = fake.hosts[i].family;
		info->ai_addr = (struct sockaddr *)&answer->addresses[i];
		info->ai_addr->sa_family = (sa_family_t)info->ai_family;
		info->ai_addrlen = sizeof(struct sockaddr_in);
		if (info->ai_family == AF_INET6)
			info->ai_addrlen = sizeof(struct sockaddr_in6);
		/* The port has the same place in both families. */
		((struct sockaddr_in *)info->ai_addr)->sin_port = htons((uint16_t)(i + 1));
		if (i > 0)
			answer->info[i - 1].ai_next = info;
	}
	*list = answer->info;
	return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	if (fake.hosts == NULL)
		__real_freeaddrinfo(list);
	else
		free(list);
}

int __wrap_socket(int family, int type, int protocol)
{
	if (fake.no_sockets) {
		errno = EMFILE;
		return -1;
	}
	return __real_socket(family == AF_INET6 ? AF_INET : family, type, protocol);
}

/* Makes fd a socket that never becomes writable. */
static void make_silent(int fd)
{
	int pair[2];
	static char bytes[65536];
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair);
	while (send(pair[0], bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
		;
	dup2(pair[0], fd);
	close(pair[0]);
	/* The other end stays open, at a place that the count of open descriptors leaves out. */
	fcntl(pair[1], F_DUPFD_CLOEXEC, 200);
	close(pair[1]);
}

/* Connects fd to its own port. */
static int connect_self(int fd)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof own;
	bind(fd, (struct sockaddr *)&own, sizeof own);
	getsockname(fd, (struct sockaddr *)&own, &length);
	return __real_connect(fd, (struct sockaddr *)&own, sizeof own);
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	if (address->sa_family == AF_UNIX || fake.hosts == NULL)
		return __real_connect(fd, address, length);
	int index = ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port) - 1;
	fake.order[fake.tried] = index;
	fake.at[fake.tried++] = virtual_time.now;
	struct sockaddr_in closed = fake.listening;
	closed.sin_addr.s_addr = htonl(0x7f000003); /* nobody listens there */
	switch (fake.hosts[index].outcome) {
	case CONNECTS:
		return __real_connect(fd, (struct sockaddr *)&fake.listening, sizeof fake.listening);
	case REFUSED_LATER:
		return __real_connect(fd, (struct sockaddr *)&closed, sizeof closed);
	case SELF:
		return connect_self(fd);
	case BLACKHOLE:
		make_silent(fd);
		errno = EINPROGRESS;
		return -1;
	case REFUSED:
		errno = ECONNREFUSED;
		return -1;
	default:
		errno = ENETUNREACH;
		return -1;
	}
}

struct fixture {
	struct loop *loop;
	struct resolver *resolver;
	struct dial *dial;
	int listener, descriptors;
	int calls, err, number;
	tchat_time started, ended;
	bool is_connected, redials;
	char peer[32];
	char folder[32], path[64];
};

static int open_descriptors(void)
{
	int count = 0;
	for (int fd = 0; fd < 200; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static int setup(void **state)
{
	memset(&fake, 0, sizeof fake);
	struct fixture *f = calloc(1, sizeof *f);
	f->loop = loop_new(0);
	f->resolver = resolver_new(f->loop, -1);
	f->listener = __real_socket(AF_INET, SOCK_STREAM, 0);
	fake.listening = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof fake.listening;
	bind(f->listener, (struct sockaddr *)&fake.listening, length);
	listen(f->listener, 10);
	getsockname(f->listener, (struct sockaddr *)&fake.listening, &length);
	strcpy(f->folder, "/tmp/tchat-test-XXXXXX");
	if (mkdtemp(f->folder) == NULL)
		return -1;
	snprintf(f->path, sizeof f->path, "%s/host", f->folder);
	f->descriptors = open_descriptors();
	*state = f;
	return f->resolver == NULL;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int left = open_descriptors() - f->descriptors; /* a dial leaves nothing open, however it ended */
	close(f->listener);
	resolver_free(f->resolver);
	loop_free(f->loop);
	unlink(f->path);
	rmdir(f->folder);
	free(f);
	for (int fd = 200; fd < 256; fd++)
		close(fd);
	return left;
}

static void dial(struct fixture *f, const struct host *hosts);

static void on_dialled(void *arg, const struct dial_result *result)
{
	struct fixture *f = arg;
	f->calls++;
	f->dial = NULL;
	f->err = result->err;
	f->number = result->number;
	f->ended = loop_now(f->loop);
	f->is_connected = result->stream != NULL;
	if (result->stream != NULL)
		snprintf(f->peer, sizeof f->peer, "%s", stream_peer(result->stream));
	stream_free(result->stream);
	if (f->redials) {
		f->redials = false;
		dial(f, fake.hosts);
	}
}

static void dial(struct fixture *f, const struct host *hosts)
{
	int calls = f->calls;
	fake.hosts = hosts;
	f->started = virtual_time.now;
	int err = dial_tcp(f->loop, f->resolver, "name.invalid", "1", TCHAT_SECONDS(10), on_dialled, f, &f->dial);
	assert_int_equal(err, 0);
	assert_int_equal(f->calls, calls);
}

static void wait_for_end(struct fixture *f)
{
	while (f->dial != NULL)
		assert_int_equal(loop_run_once(f->loop, TCHAT_NEVER), 0);
	assert_int_equal(f->calls, 1);
	assert_true(f->is_connected == (f->err == 0));
}

/* Loopback decides on its own when it says so, at once or soon; poll() waits for it while no time passes. */
static void wait_blocking(struct fixture *f)
{
	virtual_time.is_blocking = true;
	wait_for_end(f);
	virtual_time.is_blocking = false;
}

static void the_first_address_that_answers_is_enough(void **state)
{
	static const struct host hosts[MOST] = { { AF_INET6, CONNECTS }, { AF_INET, CONNECTS } };
	struct fixture *f = *state;
	dial(f, hosts);
	wait_for_end(f);
	assert_int_equal(f->err, 0);
	assert_memory_equal(f->peer, "127.0.0.1:", 10);
	assert_int_equal(fake.tried, 1);
}

static void families_take_turns_and_failures_cost_no_time(void **state)
{
	static const struct host hosts[MOST] = { { AF_INET6, REFUSED }, { AF_INET6, REFUSED }, { AF_INET6, REFUSED },
	                                         { AF_INET, REFUSED },  { AF_INET, REFUSED } };
	static const int expected[] = { 0, 3, 1, 4, 2 };
	struct fixture *f = *state;
	dial(f, hosts);
	wait_for_end(f);
	assert_int_equal(f->err, TCHAT_ERR_REFUSED);
	assert_int_equal(f->number, ECONNREFUSED);
	assert_int_equal(fake.tried, 5);
	assert_memory_equal(fake.order, expected, sizeof expected);
	assert_true(f->ended == f->started);
}

static void a_silent_address_is_given_250_ms_before_the_next_is_tried(void **state)
{
	static const struct host hosts[MOST] = { { AF_INET6, BLACKHOLE }, { AF_INET, CONNECTS } };
	struct fixture *f = *state;
	dial(f, hosts);
	wait_for_end(f);
	assert_int_equal(f->err, 0);
	assert_int_equal(fake.tried, 2);
	assert_int_equal(fake.at[1] - fake.at[0], TCHAT_MS(250));
	assert_true(f->ended - f->started < TCHAT_MS(300));
}

static void a_refusal_while_waiting_starts_the_next_at_once(void **state)
{
	static const struct host hosts[MOST] = { { AF_INET, REFUSED_LATER }, { AF_INET, CONNECTS } };
	struct fixture *f = *state;
	dial(f, hosts);
	wait_blocking(f);
	assert_int_equal(f->err, 0);
	assert_int_equal(fake.tried, 2);
	assert_true(fake.at[1] == fake.at[0]);
}

static void silence_everywhere_times_out_in_all(void **state)
{
	static const struct host hosts[MOST] = { { AF_INET6, BLACKHOLE }, { AF_INET, NO_ROUTE }, { AF_INET, BLACKHOLE } };
	struct fixture *f = *state;
	dial(f, hosts);
	wait_for_end(f);
	assert_int_equal(f->err, TCHAT_ERR_TIMED_OUT);
	assert_int_equal(fake.tried, 3);
	assert_int_equal(f->ended - f->started, TCHAT_SECONDS(10));
}

static void the_most_telling_failure_is_told(void **state)
{
	static const struct host refused[MOST] = { { AF_INET6, NO_ROUTE }, { AF_INET, REFUSED }, { AF_INET, NO_ROUTE } };
	static const struct host no_route[MOST] = { { AF_INET6, NO_ROUTE }, { AF_INET, NO_ROUTE } };
	static const struct host silent[MOST] = { { AF_INET, REFUSED }, { AF_INET, BLACKHOLE } };
	struct fixture *f = *state;
	dial(f, refused);
	wait_for_end(f);
	assert_int_equal(f->err, TCHAT_ERR_REFUSED);
	f->calls = fake.tried = 0;
	dial(f, no_route);
	wait_for_end(f);
	assert_int_equal(f->err, TCHAT_ERR_UNREACHABLE);
	assert_int_equal(f->number, ENETUNREACH);
	f->calls = fake.tried = 0;
	dial(f, silent);
	wait_for_end(f);
	assert_int_equal(f->err, TCHAT_ERR_REFUSED);
	f->calls = fake.tried = 0;
	fake.no_sockets = 1;
	dial(f, refused);
	wait_for_end(f);
	assert_int_equal(f->err, TCHAT_ERR_LIMIT_FILES);
}

static void an_unknown_name_is_told_as_such(void **state)
{
	struct fixture *f = *state;
	fake.failure = EAI_NONAME;
	virtual_time.is_blocking = true;
	dial(f, NULL);
	wait_for_end(f);
	virtual_time.is_blocking = false;
	assert_int_equal(f->err, TCHAT_ERR_NAME_UNKNOWN);
}

static void a_socket_that_connected_to_itself_is_a_refusal(void **state)
{
	static const struct host hosts[MOST] = { { AF_INET, SELF } };
	struct fixture *f = *state;
	dial(f, hosts);
	wait_blocking(f);
	assert_int_equal(f->err, TCHAT_ERR_REFUSED);
}

static void a_cancelled_dial_does_not_call_back_in_any_phase(void **state)
{
	static const struct host hosts[MOST] = { { AF_INET6, BLACKHOLE }, { AF_INET, BLACKHOLE }, { AF_INET6, BLACKHOLE } };
	struct fixture *f = *state;
	for (int rounds = 0; rounds < 4; rounds++) {
		fake.tried = 0;
		dial(f, hosts);
		for (int i = 0; i < rounds && f->dial != NULL; i++)
			loop_run_once(f->loop, TCHAT_NEVER);
		assert_int_equal(f->calls, 0);
		assert_non_null(f->dial);
		dial_cancel(f->dial);
		assert_int_equal(open_descriptors(), f->descriptors);
	}
	assert_int_equal(fake.tried, 3); /* in the last of them */
	loop_run_once(f->loop, TCHAT_SECONDS(60));
	assert_int_equal(f->calls, 0);
}

static void the_callback_may_dial_again(void **state)
{
	static const struct host hosts[MOST] = { { AF_INET, REFUSED } };
	struct fixture *f = *state;
	dial(f, hosts);
	f->redials = true;
	while (f->calls < 2)
		loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(fake.tried, 2);
	assert_null(f->dial);
}

/* --- UNIX sockets */

static void dial_path(struct fixture *f)
{
	f->started = virtual_time.now;
	assert_int_equal(dial_unix(f->loop, f->path, TCHAT_SECONDS(10), on_dialled, f, &f->dial), 0);
	assert_int_equal(f->calls, 0);
}

static int bind_path(struct fixture *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	strcpy(address.sun_path, f->path);
	int fd = __real_socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void a_unix_socket_is_dialled_by_its_path(void **state)
{
	struct fixture *f = *state;
	int fd = bind_path(f);
	listen(fd, 1);
	dial_path(f);
	wait_for_end(f);
	assert_int_equal(f->err, 0);
	assert_string_equal(f->peer, "unix");
	close(fd);
}

static void a_missing_and_a_dead_unix_socket_are_told_apart(void **state)
{
	struct fixture *f = *state;
	dial_path(f);
	wait_for_end(f);
	assert_int_equal(f->err, TCHAT_ERR_NOT_FOUND);
	close(bind_path(f));
	f->calls = 0;
	dial_path(f);
	wait_for_end(f);
	assert_int_equal(f->err, TCHAT_ERR_REFUSED);
}

static void a_full_queue_of_a_unix_socket_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fds[8], count = 0;
	strcpy(address.sun_path, f->path);
	int fd = bind_path(f);
	listen(fd, 0);
	do
		fds[count] = __real_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	while (__real_connect(fds[count++], (struct sockaddr *)&address, sizeof address) == 0 && count < 8);
	dial_path(f);
	for (int i = 0; i < 5; i++)
		loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(f->calls, 0);
	close(accept(fd, NULL, NULL));
	wait_for_end(f);
	assert_int_equal(f->err, 0);
	assert_true(f->ended - f->started < TCHAT_MS(500));
	while (count > 0)
		close(fds[--count]);
	close(fd);
}

static void a_path_that_is_too_long_is_refused_at_once(void **state)
{
	struct fixture *f = *state;
	char path[200];
	memset(path, 'p', sizeof path);
	path[sizeof path - 1] = '\0';
	assert_int_equal(dial_unix(f->loop, path, 1, on_dialled, f, &f->dial), TCHAT_ERR_ARGUMENT);
	assert_int_equal(errno, ENAMETOOLONG);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_address_that_answers_is_enough),
		TEST(families_take_turns_and_failures_cost_no_time),
		TEST(a_silent_address_is_given_250_ms_before_the_next_is_tried),
		TEST(a_refusal_while_waiting_starts_the_next_at_once),
		TEST(silence_everywhere_times_out_in_all),
		TEST(the_most_telling_failure_is_told),
		TEST(an_unknown_name_is_told_as_such),
		TEST(a_socket_that_connected_to_itself_is_a_refusal),
		TEST(a_cancelled_dial_does_not_call_back_in_any_phase),
		TEST(the_callback_may_dial_again),
		TEST(a_unix_socket_is_dialled_by_its_path),
		TEST(a_missing_and_a_dead_unix_socket_are_told_apart),
		TEST(a_full_queue_of_a_unix_socket_is_waited_for),
		TEST(a_path_that_is_too_long_is_refused_at_once),
	};
	return cmocka_run_group_tests_name("net-dial", tests, NULL, NULL);
}
