/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: descriptors in the loop, in the epoll set and in plain poll(). */
#include "config.h"

#include "net/loop.h"
#include "virtual_time.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct epoll_event;

static struct {
	int waits, controls;
	int control_errno; /* fail as long as set */
	bool fail_realloc;
} fake;

#ifdef HAVE_EPOLL
int __real_epoll_wait(int fd, struct epoll_event *events, int most, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int timeout);
int __real_epoll_ctl(int fd, int operation, int which, struct epoll_event *event);
int __wrap_epoll_ctl(int fd, int operation, int which, struct epoll_event *event);
#endif
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

#ifdef HAVE_EPOLL
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
	fake.waits++;
	return __real_epoll_wait(fd, events, most, timeout);
}

int __wrap_epoll_ctl(int fd, int operation, int which, struct epoll_event *event)
{
	fake.controls++;
	if (fake.control_errno != 0) {
		errno = fake.control_errno;
		return -1;
	}
	return __real_epoll_ctl(fd, operation, which, event);
}
#endif

void *__wrap_realloc(void *memory, size_t size)
{
	return fake.fail_realloc ? NULL : __real_realloc(memory, size);
}

struct fixture {
	struct loop *loop;
	int a[2], b[2]; /* socket pairs: the loop watches [0] */
};

static int setup(void **state, unsigned flags)
{
	memset(&fake, 0, sizeof fake);
	virtual_time = (struct virtual_time){ .now = TCHAT_SECONDS(1000) };
	struct fixture *f = calloc(1, sizeof *f);
	f->loop = loop_new(flags);
	*state = f;
	int kind = SOCK_STREAM | SOCK_NONBLOCK;
	return socketpair(AF_UNIX, kind, 0, f->a) | socketpair(AF_UNIX, kind, 0, f->b);
}

static int setup_epoll(void **state)
{
	return setup(state, 0);
}

static int setup_plain(void **state)
{
	return setup(state, LOOP_PLAIN);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	loop_free(f->loop);
	for (int i = 0; i < 2; i++) {
		close(f->a[i]);
		close(f->b[i]);
	}
	free(f);
	return 0;
}

static void round_of(struct fixture *f)
{
	assert_int_equal(loop_run_once(f->loop, 0), 0);
}

/* What a callback saw and, when asked, what it does to a watch: its own or another. */
struct seen {
	int calls;
	unsigned events;
	struct watch **remove, **disarm;
	int *fd; /* a byte is read from it */
};

static void on_ready(void *arg, unsigned events)
{
	struct seen *seen = arg;
	seen->calls++;
	seen->events = events;
	char byte;
	if (seen->fd != NULL && read(*seen->fd, &byte, 1) < 0)
		return;
	if (seen->remove != NULL) {
		loop_watch_remove(*seen->remove);
		*seen->remove = NULL;
	}
	if (seen->disarm != NULL)
		loop_watch_change(*seen->disarm, 0);
}

static struct watch *crowd(struct fixture *f, int fd, unsigned events, struct seen *seen)
{
	struct watch *watch = loop_watch_add(f->loop, fd, events, LOOP_CROWD, on_ready, seen);
	assert_non_null(watch);
	return watch;
}

static void send_byte(int fd)
{
	assert_int_equal(write(fd, "x", 1), 1);
}

static void an_idle_round_is_one_poll_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	crowd(f, f->a[0], LOOP_READ, &seen);
	crowd(f, f->b[0], LOOP_READ, &seen);
	fake.controls = 0;
	assert_int_equal(loop_run_once(f->loop, TCHAT_NEVER), 0);
	assert_int_equal(virtual_time.polls, 1);
	assert_int_equal(virtual_time.last_timeout, -1);
	assert_int_equal(fake.waits, 0);
	assert_int_equal(fake.controls, 0);
	assert_int_equal(seen.calls, 0);
}

static void a_callback_gets_what_is_armed_and_ready(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	struct watch *watch = crowd(f, f->a[0], LOOP_READ, &seen);
	round_of(f);
	assert_int_equal(seen.calls, 0);
	loop_watch_change(watch, LOOP_READ | LOOP_WRITE);
	round_of(f);
	assert_int_equal(seen.events, LOOP_WRITE);
	send_byte(f->a[1]);
	round_of(f);
	assert_int_equal(seen.events, LOOP_READ | LOOP_WRITE);
	loop_watch_change(watch, LOOP_READ);
	round_of(f);
	assert_int_equal(seen.events, LOOP_READ);
	assert_int_equal(seen.calls, 3);
}

static void a_hang_up_wakes_what_is_armed(void **state)
{
	struct fixture *f = *state;
	struct seen a = { 0 }, b = { 0 };
	for (int fill = 0; fill == 0;) {
		char bytes[4096] = { 0 };
		if (send(f->b[0], bytes, sizeof bytes, MSG_NOSIGNAL) < 0)
			fill = 1;
	}
	crowd(f, f->a[0], LOOP_READ, &a);
	crowd(f, f->b[0], LOOP_WRITE, &b);
	round_of(f);
	assert_int_equal(b.calls, 0);
	close(f->a[1]);
	close(f->b[1]);
	round_of(f);
	assert_int_equal(a.events, LOOP_READ);
	assert_int_equal(b.events, LOOP_WRITE);
	f->a[1] = f->b[1] = -1;
}

/* A socket's hang-up makes it readable and writable as well; a pipe's is a hang-up or an error and nothing
 * else. */
static void a_bare_hang_up_or_error_wakes_what_is_armed(void **state)
{
	struct fixture *f = *state;
	struct seen reader = { 0 }, writer = { 0 };
	int a[2], b[2];
	static char bytes[65536];
	assert_int_equal(pipe(a) | pipe(b), 0);
	fcntl(b[1], F_SETFL, O_NONBLOCK);
	while (write(b[1], bytes, sizeof bytes) > 0)
		;
	struct watch *on_a = crowd(f, a[0], LOOP_READ, &reader), *on_b = crowd(f, b[1], LOOP_WRITE, &writer);
	close(a[1]);
	close(b[0]);
	round_of(f);
	assert_int_equal(reader.events, LOOP_READ);
	assert_int_equal(writer.events, LOOP_WRITE);
	loop_watch_remove(on_a);
	loop_watch_remove(on_b);
	close(a[0]);
	close(b[1]);
}

static void removing_a_watch_leaves_the_others_what_they_were(void **state)
{
	struct fixture *f = *state;
	struct seen a = { 0 }, b = { 0 };
	struct watch *first = crowd(f, f->a[1], LOOP_READ, &b);
	struct watch *on_a = crowd(f, f->a[0], LOOP_READ, &a), *on_b = crowd(f, f->b[0], 0, &b);
	send_byte(f->a[1]);
	send_byte(f->b[1]);
	loop_watch_remove(first);
	round_of(f);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 0);
	loop_watch_change(on_b, LOOP_READ);
	loop_watch_remove(on_a);
	round_of(f);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 1);
}

static void a_disarmed_watch_does_not_even_report_a_hang_up_nor_spins(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	struct watch *watch = crowd(f, f->a[0], LOOP_READ, &seen);
	loop_watch_change(watch, 0);
	send_byte(f->a[1]);
	close(f->a[1]);
	f->a[1] = -1;
	tchat_time before = virtual_time.now;
	int polls = 0;
	while (virtual_time.now == before && polls++ < 5) /* time moves when poll() has nothing to report */
		loop_run_once(f->loop, TCHAT_MS(10));
	assert_true(polls <= 2);
	assert_int_equal(seen.calls, 0);
	loop_watch_change(watch, LOOP_READ);
	round_of(f);
	assert_int_equal(seen.calls, 1);
}

static void a_callback_may_remove_its_own_watch(void **state)
{
	struct fixture *f = *state;
	struct watch *watch;
	struct seen seen = { .remove = &watch };
	watch = crowd(f, f->a[0], LOOP_READ, &seen);
	send_byte(f->a[1]);
	round_of(f);
	round_of(f);
	assert_int_equal(seen.calls, 1);
}

static void a_watch_removed_while_due_is_not_called(void **state)
{
	struct fixture *f = *state;
	struct watch *a, *b;
	struct seen on_a = { .remove = &b }, on_b = { .remove = &a };
	a = crowd(f, f->a[0], LOOP_READ, &on_a);
	b = crowd(f, f->b[0], LOOP_READ, &on_b);
	send_byte(f->a[1]);
	send_byte(f->b[1]);
	round_of(f);
	assert_int_equal(on_a.calls + on_b.calls, 1);
}

static void a_watch_disarmed_while_due_is_not_called(void **state)
{
	struct fixture *f = *state;
	struct watch *a, *b;
	struct seen on_a = { .disarm = &b }, on_b = { .disarm = &a };
	a = crowd(f, f->a[0], LOOP_READ, &on_a);
	b = crowd(f, f->b[0], LOOP_READ, &on_b);
	send_byte(f->a[1]);
	send_byte(f->b[1]);
	round_of(f);
	assert_int_equal(on_a.calls + on_b.calls, 1);
}

struct replacing {
	struct fixture *f;
	struct watch *victim;
	struct seen *heir;
	int others;
};

/* Takes the other pair's place with a new watch on the same descriptor, and adds enough to move all
 * arrays. */
static void replace(void *arg, unsigned events)
{
	struct replacing *r = arg;
	r->others++;
	if (r->victim == NULL)
		return;
	loop_watch_remove(r->victim);
	r->victim = NULL;
	crowd(r->f, r->f->b[0], LOOP_READ, r->heir);
	for (int i = 0; i < 100; i++)
		loop_watch_add(r->f->loop, dup(r->f->a[0]), 0, 0, on_ready, r->heir);
}

static void a_new_watch_does_not_inherit_the_events_of_its_descriptor_s_last_one(void **state)
{
	struct fixture *f = *state;
	struct seen victim = { 0 }, heir = { 0 };
	struct replacing r = { .f = f, .heir = &heir };
	int first = dup(STDIN_FILENO), highest = first;
	close(first);
	loop_watch_add(f->loop, f->a[0], LOOP_READ, LOOP_CROWD, replace, &r);
	r.victim = crowd(f, f->b[0], LOOP_READ, &victim);
	send_byte(f->a[1]);
	send_byte(f->b[1]);
	round_of(f);
	assert_int_equal(r.others, 1);
	assert_int_equal(victim.calls, 0);
	assert_int_equal(heir.calls, 0);
	round_of(f);
	assert_int_equal(heir.calls, 1);
	for (int i = 0; i < 102; i++)
		if (highest + i != f->a[0] && highest + i != f->b[0])
			close(highest + i);
}

static void pending_bytes_are_reported_without_the_descriptor_and_once(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	struct watch *watch = crowd(f, f->a[0], LOOP_READ, &seen);
	loop_watch_again(watch, LOOP_READ);
	loop_watch_again(watch, LOOP_READ);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(virtual_time.last_timeout, 0);
	assert_int_equal(seen.calls, 1);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(virtual_time.last_timeout, -1);
	assert_int_equal(seen.calls, 1);
	loop_watch_again(watch, LOOP_READ);
	loop_watch_remove(watch);
	round_of(f);
	assert_int_equal(seen.calls, 1);
}

static void arming_what_is_armed_costs_no_system_call(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	struct watch *watch = crowd(f, f->a[0], LOOP_READ, &seen);
	fake.controls = 0;
	loop_watch_change(watch, LOOP_READ);
	assert_int_equal(fake.controls, 0);
}

static void what_the_epoll_set_refuses_is_polled(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	int file = open("/", O_RDONLY);
	crowd(f, file, LOOP_READ, &seen);
	round_of(f);
	assert_int_equal(seen.calls, 1);
	fake.control_errno = ENOSPC;
	struct seen other = { 0 };
	struct watch *watch = crowd(f, f->a[0], LOOP_READ, &other);
	send_byte(f->a[1]);
	round_of(f);
	assert_int_equal(other.calls, 1);
	loop_watch_remove(watch);
	fake.control_errno = 0;
	watch = crowd(f, f->a[0], LOOP_READ, &other);
	fake.control_errno = ENOMEM;
	loop_watch_change(watch, LOOP_WRITE);
	fake.control_errno = 0;
	round_of(f);
	assert_int_equal(other.events, LOOP_WRITE);
	close(file);
}

static void without_memory_a_watch_is_refused_and_the_others_go_on(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	crowd(f, f->a[0], LOOP_READ, &seen);
	fake.fail_realloc = true;
	struct watch *watch;
	int added = 0;
	do {
		watch = loop_watch_add(f->loop, f->b[0], 0, 0, on_ready, &seen);
		added++;
	} while (watch != NULL && added < 100);
	fake.fail_realloc = false;
	assert_null(watch);
	assert_int_equal(errno, ENOMEM);
	send_byte(f->a[1]);
	round_of(f);
	assert_int_equal(seen.calls, 1);
}

#define BOTH(test)                                                  \
	{ #test ", epoll", test, setup_epoll, teardown, NULL },     \
	{                                                           \
		#test ", plain", test, setup_plain, teardown, NULL  \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(an_idle_round_is_one_poll_and_nothing_else),
		BOTH(a_callback_gets_what_is_armed_and_ready),
		BOTH(a_hang_up_wakes_what_is_armed),
		BOTH(a_bare_hang_up_or_error_wakes_what_is_armed),
		BOTH(removing_a_watch_leaves_the_others_what_they_were),
		BOTH(a_disarmed_watch_does_not_even_report_a_hang_up_nor_spins),
		BOTH(a_callback_may_remove_its_own_watch),
		BOTH(a_watch_removed_while_due_is_not_called),
		BOTH(a_watch_disarmed_while_due_is_not_called),
		BOTH(a_new_watch_does_not_inherit_the_events_of_its_descriptor_s_last_one),
		BOTH(pending_bytes_are_reported_without_the_descriptor_and_once),
		BOTH(arming_what_is_armed_costs_no_system_call),
		BOTH(what_the_epoll_set_refuses_is_polled),
		BOTH(without_memory_a_watch_is_refused_and_the_others_go_on),
	};
	return cmocka_run_group_tests_name("net-loop", tests, NULL, NULL);
}
