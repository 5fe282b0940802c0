/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: streams over sockets, and a filter stacked over them. */
#include "base/errors.h"
#include "fault_stream.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/stream_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { TOTAL = 1024 * 1024 };

static int interrupted; /* calls that fail with EINTR first */

ssize_t __real_recv(int fd, void *bytes, size_t length, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t length, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

ssize_t __wrap_recv(int fd, void *bytes, size_t length, int flags)
{
	if (interrupted > 0) {
		interrupted--;
		errno = EINTR;
		return -1;
	}
	return __real_recv(fd, bytes, length, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (interrupted > 0) {
		interrupted--;
		errno = EINTR;
		return -1;
	}
	return __real_sendmsg(fd, message, flags);
}

static uint8_t pattern(size_t at)
{
	return (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16));
}

struct transfer {
	struct loop *loop;
	struct stream *from, *to;
	struct watch *writer, *reader;
	uint8_t *bytes;
	size_t sent, received;
	bool is_ended;
};

static void on_writable(void *arg, unsigned events)
{
	struct transfer *t = arg;
	/* Three parts, one of them empty, as a queue of messages would be. */
	size_t left = TOTAL - t->sent;
	size_t first = left < 1000 ? left : 1000;
	const struct iovec parts[] = {
		{ t->bytes + t->sent, first }, { NULL, 0 }, { t->bytes + t->sent + first, left - first }
	};
	ssize_t n = stream_writev(t->from, parts, 3);
	if (n == TCHAT_ERR_AGAIN)
		return;
	assert_true(n > 0);
	t->sent += (size_t)n;
	if (t->sent < TOTAL)
		return;
	loop_watch_change(t->writer, 0);
	assert_int_equal(stream_shutdown(t->from), 0);
}

static void on_readable(void *arg, unsigned events)
{
	struct transfer *t = arg;
	uint8_t bytes[3000];
	ssize_t n = stream_read(t->to, bytes, sizeof bytes);
	if (n == TCHAT_ERR_AGAIN)
		return;
	assert_true(n >= 0);
	for (ssize_t i = 0; i < n; i++)
		assert_int_equal(bytes[i], pattern(t->received + (size_t)i));
	t->received += (size_t)n;
	t->is_ended = n == 0;
}

static void move_through(unsigned flags)
{
	struct transfer t = { .loop = loop_new(flags), .bytes = malloc(TOTAL) };
	struct stream *ends[2];
	for (size_t i = 0; i < TOTAL; i++)
		t.bytes[i] = pattern(i);
	assert_int_equal(stream_pair(ends), 0);
	t.from = fault_stream_new(ends[0], 1, 5, 4000);
	t.to = fault_stream_new(ends[1], 2, 5, 2000);
	t.writer = loop_watch_add(t.loop, stream_fd(t.from), LOOP_WRITE, LOOP_CROWD, on_writable, &t);
	t.reader = loop_watch_add(t.loop, stream_fd(t.to), LOOP_READ, LOOP_CROWD, on_readable, &t);
	while (!t.is_ended)
		assert_int_equal(loop_run_once(t.loop, TCHAT_NEVER), 0);
	assert_int_equal(t.received, TOTAL);
	loop_watch_remove(t.writer);
	loop_watch_remove(t.reader);
	stream_free(t.from);
	stream_free(t.to);
	loop_free(t.loop);
	free(t.bytes);
}

static void a_megabyte_survives_short_reads_and_writes(void **state)
{
	move_through(0);
	move_through(LOOP_PLAIN);
}

static ssize_t write_text(struct stream *stream, const char *text)
{
	const struct iovec part = { (void *)(uintptr_t)text, strlen(text) };
	return stream_writev(stream, &part, 1);
}

static void after_shutdown_the_peer_reads_the_end_and_can_still_answer(void **state)
{
	struct stream *ends[2];
	char bytes[16];
	assert_int_equal(stream_pair(ends), 0);
	assert_int_equal(write_text(ends[0], "last"), 4);
	assert_int_equal(stream_shutdown(ends[0]), 0);
	assert_int_equal(stream_read(ends[1], bytes, sizeof bytes), 4);
	assert_int_equal(stream_read(ends[1], bytes, sizeof bytes), 0);
	assert_int_equal(stream_read(ends[0], bytes, sizeof bytes), TCHAT_ERR_AGAIN);
	assert_int_equal(write_text(ends[1], "answer"), 6);
	assert_int_equal(stream_read(ends[0], bytes, sizeof bytes), 6);
	assert_int_equal(write_text(ends[0], "more"), TCHAT_ERR_CLOSED);
	stream_free(ends[0]);
	stream_free(ends[1]);
}

static void writing_to_a_peer_that_left_is_an_error_and_no_signal(void **state)
{
	struct stream *ends[2];
	assert_int_equal(stream_pair(ends), 0);
	stream_free(ends[1]);
	assert_int_equal(write_text(ends[0], "anybody?"), TCHAT_ERR_CLOSED);
	assert_int_equal(errno, EPIPE);
	stream_free(ends[0]);
}

static void a_full_socket_says_again_and_keeps_what_it_took(void **state)
{
	struct stream *ends[2];
	static char bytes[65536];
	size_t sent = 0, received = 0;
	ssize_t n;
	assert_int_equal(stream_pair(ends), 0);
	const struct iovec part = { bytes, sizeof bytes };
	while ((n = stream_writev(ends[0], &part, 1)) > 0)
		sent += (size_t)n;
	assert_int_equal(n, TCHAT_ERR_AGAIN);
	while ((n = stream_read(ends[1], bytes, sizeof bytes)) > 0)
		received += (size_t)n;
	assert_int_equal(n, TCHAT_ERR_AGAIN);
	assert_int_equal(sent, received);
	assert_int_equal(stream_writev(ends[0], NULL, 0), 0);
	stream_free(ends[0]);
	stream_free(ends[1]);
}

static void interrupted_calls_are_made_again(void **state)
{
	struct stream *ends[2];
	char bytes[8];
	assert_int_equal(stream_pair(ends), 0);
	interrupted = 2;
	assert_int_equal(write_text(ends[0], "hello"), 5);
	interrupted = 2;
	assert_int_equal(stream_read(ends[1], bytes, sizeof bytes), 5);
	stream_free(ends[0]);
	stream_free(ends[1]);
}

static void more_parts_than_the_system_takes_are_a_short_write(void **state)
{
	struct stream *ends[2];
	enum { PARTS = 5000 };
	static struct iovec parts[PARTS];
	char byte = 'x';
	for (int i = 0; i < PARTS; i++)
		parts[i] = (struct iovec){ &byte, 1 };
	assert_int_equal(stream_pair(ends), 0);
	ssize_t n = stream_writev(ends[0], parts, PARTS);
	assert_true(n > 0 && n <= PARTS);
	stream_free(ends[0]);
	stream_free(ends[1]);
}

static void the_user_at_the_other_end_of_a_pair_is_known(void **state)
{
	struct stream *ends[2];
	uid_t uid = (uid_t)-1;
	assert_int_equal(stream_pair(ends), 0);
	struct stream *filter = fault_stream_new(ends[0], 1, 0, 10);
	assert_int_equal(stream_peer_uid(filter, &uid), 0);
	assert_int_equal(uid, getuid());
	assert_string_equal(stream_peer(filter), "unix");
	stream_free(filter);
	stream_free(ends[1]);
}

/* A TCP connection over loopback, both ends streams. */
static void tcp_pair(int family, struct stream *ends[2])
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct net_address address = { .length = family == AF_INET ? sizeof v4 : sizeof v6 };
	if (family == AF_INET)
		memcpy(&address.storage, &v4, sizeof v4);
	else
		memcpy(&address.storage, &v6, sizeof v6);
	int listener = socket(family, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, &address.any, address.length), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, &address.any, &address.length), 0);
	int fd = socket(family, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, &address.any, address.length), 0);
	assert_int_equal(stream_new(fd, &ends[0]), 0);
	assert_int_equal(stream_new(accept(listener, NULL, NULL), &ends[1]), 0);
	char text[NET_ADDRESS_TEXT];
	net_address_text(&address, text);
	assert_string_equal(stream_peer(ends[0]), text);
	close(listener);
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t length = sizeof value;
	getsockopt(fd, level, name, &value, &length);
	return value;
}

static void a_tcp_stream_is_non_blocking_and_sends_at_once(void **state)
{
	struct stream *ends[2];
	tcp_pair(AF_INET, ends);
	for (int i = 0; i < 2; i++) {
		int fd = stream_fd(ends[i]);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_int_not_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
		assert_int_not_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	}
	uid_t uid;
	assert_int_equal(stream_peer_uid(ends[0], &uid), TCHAT_ERR_NOT_FOUND);
	assert_memory_equal(stream_peer(ends[0]), "127.0.0.1:", 10);
	stream_free(ends[0]);
	stream_free(ends[1]);
}

static void a_reset_is_told_as_closed(void **state)
{
	struct stream *ends[2];
	char byte;
	struct linger abort_it = { .l_onoff = 1, .l_linger = 0 };
	tcp_pair(AF_INET, ends);
	setsockopt(stream_fd(ends[1]), SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
	stream_free(ends[1]);
	assert_int_equal(stream_read(ends[0], &byte, 1), TCHAT_ERR_CLOSED);
	assert_int_equal(errno, ECONNRESET);
	stream_free(ends[0]);
}

static void info_tells_family_buffers_and_round_trip(void **state)
{
	struct stream *ends[2];
	struct stream_info info;
	tcp_pair(AF_INET, ends);
	char byte = 'x';
	write_text(ends[0], "x");
	while (stream_read(ends[1], &byte, 1) == TCHAT_ERR_AGAIN)
		;
	stream_info(ends[0], &info);
	assert_string_equal(info.family, "ipv4");
	assert_true(info.send_buffer > 0 && info.receive_buffer > 0);
#ifdef __linux__
	assert_true(info.rtt_us > 0 && info.rtt_us < 10000000);
	assert_true(info.rtt_variation_us >= 0);
	assert_int_equal(info.retransmits, 0);
#endif
	stream_free(ends[0]);
	stream_free(ends[1]);
	assert_int_equal(stream_pair(ends), 0);
	stream_info(ends[0], &info);
	assert_string_equal(info.family, "unix");
	assert_int_equal(info.rtt_us, -1);
	stream_free(ends[0]);
	stream_free(ends[1]);
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&v6, sizeof v6) == 0;
	close(fd);
	return has;
}

static void an_ipv6_peer_stands_in_brackets(void **state)
{
	struct stream *ends[2];
	if (!has_ipv6())
		return;
	tcp_pair(AF_INET6, ends);
	assert_memory_equal(stream_peer(ends[0]), "[::1]:", 6);
	stream_free(ends[0]);
	stream_free(ends[1]);
}

static void addresses_of_unix_sockets_have_their_path(void **state)
{
	struct net_address address;
	char text[NET_ADDRESS_TEXT], path[200];
	assert_int_equal(net_address_unix(&address, "/run/user/1/tchat"), 0);
	net_address_text(&address, text);
	assert_string_equal(text, "unix:/run/user/1/tchat");
	memset(path, 'p', sizeof path);
	path[107] = '\0';
	assert_int_equal(net_address_unix(&address, path), 0);
	net_address_text(&address, text);
	assert_int_equal(strlen(text), 5 + 107);
	path[107] = 'p';
	path[108] = '\0';
	assert_int_equal(net_address_unix(&address, path), TCHAT_ERR_ARGUMENT);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(net_address_unix(&address, ""), TCHAT_ERR_ARGUMENT);
	address = (struct net_address){ .length = 0 };
	net_address_text(&address, text);
	assert_string_equal(text, "?");
}

static void what_is_no_socket_is_refused_and_closed(void **state)
{
	struct stream *stream = NULL;
	int fd = open("/dev/null", O_RDWR);
	assert_int_equal(stream_new(fd, &stream), TCHAT_ERR_SYSTEM);
	assert_int_equal(errno, ENOTSOCK);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static size_t seven(const struct stream *stream)
{
	return 7;
}

static unsigned must_write(const struct stream *stream, unsigned want)
{
	return want | LOOP_WRITE;
}

static void leave(struct stream *stream)
{
}

static void a_filter_answers_itself_or_hands_on(void **state)
{
	static const struct stream_ops ops = { .pending = seven, .interest = must_write, .free = leave };
	struct stream *ends[2], filter;
	assert_int_equal(stream_pair(ends), 0);
	assert_int_equal(stream_pending(ends[0]), 0);
	assert_int_equal(stream_interest(ends[0], LOOP_READ), LOOP_READ);
	stream_filter_init(&filter, &ops, ends[0]);
	struct stream *top = fault_stream_new(&filter, 1, 0, 1);
	assert_int_equal(stream_pending(top), 7);
	assert_int_equal(stream_interest(top, LOOP_READ), LOOP_READ | LOOP_WRITE);
	assert_int_equal(stream_fd(top), stream_fd(ends[0]));
	assert_int_equal(stream_shutdown(top), 0);
	char byte;
	assert_int_equal(stream_read(ends[1], &byte, 1), 0);
	int fd = stream_fd(top);
	stream_free(top);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	stream_free(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_megabyte_survives_short_reads_and_writes),
		cmocka_unit_test(after_shutdown_the_peer_reads_the_end_and_can_still_answer),
		cmocka_unit_test(writing_to_a_peer_that_left_is_an_error_and_no_signal),
		cmocka_unit_test(a_full_socket_says_again_and_keeps_what_it_took),
		cmocka_unit_test(interrupted_calls_are_made_again),
		cmocka_unit_test(more_parts_than_the_system_takes_are_a_short_write),
		cmocka_unit_test(the_user_at_the_other_end_of_a_pair_is_known),
		cmocka_unit_test(a_tcp_stream_is_non_blocking_and_sends_at_once),
		cmocka_unit_test(a_reset_is_told_as_closed),
		cmocka_unit_test(info_tells_family_buffers_and_round_trip),
		cmocka_unit_test(an_ipv6_peer_stands_in_brackets),
		cmocka_unit_test(addresses_of_unix_sockets_have_their_path),
		cmocka_unit_test(what_is_no_socket_is_refused_and_closed),
		cmocka_unit_test(a_filter_answers_itself_or_hands_on),
	};
	return cmocka_run_group_tests_name("net-stream", tests, NULL, NULL);
}
