/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: the loop, over an epoll set and in plain poll(). Time is virtual: poll() is wrapped and moves it. */
#include "config.h"

#include "base/errors.h"
#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct epoll_event;

static struct {
	tchat_time now;
	bool is_real; /* poll() really blocks, for threads */
	int polls, waits, controls;
	int last_timeout;
	int poll_errno;    /* fail once */
	int control_errno; /* fail as long as set */
	bool fail_realloc;
} fake;

tchat_time __wrap_clock_monotonic(void);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
#ifdef HAVE_EPOLL
int __real_epoll_wait(int fd, struct epoll_event *events, int most, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int timeout);
int __real_epoll_ctl(int fd, int operation, int which, struct epoll_event *event);
int __wrap_epoll_ctl(int fd, int operation, int which, struct epoll_event *event);
#endif
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

tchat_time __wrap_clock_monotonic(void)
{
	return fake.now;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	fake.polls++;
	fake.last_timeout = timeout;
	if (fake.poll_errno != 0) {
		errno = fake.poll_errno;
		fake.poll_errno = 0;
		return -1;
	}
	if (fake.is_real)
		return __real_poll(fds, count, timeout);
	int n = __real_poll(fds, count, 0);
	if (n == 0 && timeout > 0)
		fake.now += TCHAT_MS(timeout);
	return n;
}

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
	fake.now = TCHAT_SECONDS(1000);
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
	assert_int_equal(fake.polls, 1);
	assert_int_equal(fake.last_timeout, -1);
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

static void a_disarmed_watch_does_not_even_report_a_hang_up_nor_spins(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	struct watch *watch = crowd(f, f->a[0], LOOP_READ, &seen);
	loop_watch_change(watch, 0);
	send_byte(f->a[1]);
	close(f->a[1]);
	f->a[1] = -1;
	tchat_time before = fake.now;
	int polls = 0;
	while (fake.now == before && polls++ < 5) /* time moves when poll() has nothing to report */
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

/* Takes the other pair's place with a new watch on the same descriptor, and adds enough to move all arrays. */
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
	assert_int_equal(fake.last_timeout, 0);
	assert_int_equal(seen.calls, 1);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(fake.last_timeout, -1);
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

/* --- Timers */

struct ring {
	struct loop_timer timer;
	struct loop *loop;
	int *order, *count; /* where it puts its number */
	int number;
	tchat_time when;
	struct loop_timer *stop;
	bool is_again;
};

static void on_ring(void *arg)
{
	struct ring *ring = arg;
	ring->order[(*ring->count)++] = ring->number;
	assert_true(loop_now(ring->loop) >= ring->when);
	if (ring->stop != NULL)
		loop_timer_stop(ring->loop, ring->stop);
	if (ring->is_again)
		loop_timer_set(ring->loop, &ring->timer, 0);
}

static void rings(struct fixture *f, struct ring *rings, int count, int *order, int *rung)
{
	*rung = 0;
	for (int i = 0; i < count; i++) {
		rings[i] = (struct ring){ .loop = f->loop, .order = order, .count = rung, .number = i };
		loop_timer_init(&rings[i].timer, on_ring, &rings[i]);
	}
}

static void set(struct ring *ring, tchat_time when)
{
	ring->when = when;
	loop_timer_set(ring->loop, &ring->timer, when);
}

enum { MANY = 2000 };

static void timers_run_in_order_of_time_then_of_setting(void **state)
{
	struct fixture *f = *state;
	static struct ring all[MANY];
	int order[MANY], rung;
	unsigned seed = 1;
	rings(f, all, MANY, order, &rung);
	for (int i = 0; i < MANY; i++)
		set(&all[i], fake.now + 1 + (seed = seed * 1103515245u + 12345u) % 997);
	for (int i = 0; i < MANY; i += 3)
		loop_timer_stop(f->loop, &all[i].timer);
	for (int i = 0; i < MANY; i += 7) /* set again, a third of them after having been stopped */
		set(&all[i], fake.now + 500 + (tchat_time)(i % 5));
	int expected = 0;
	for (int i = 0; i < MANY; i++)
		expected += loop_timer_is_set(&all[i].timer);
	loop_run_once(f->loop, TCHAT_NEVER);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(rung, expected);
	for (int i = 1; i < rung; i++) {
		const struct ring *a = &all[order[i - 1]], *b = &all[order[i]];
		assert_true(a->when <= b->when);
		/* Those set in the second pass were set later. */
		if (a->when == b->when)
			assert_true((a->number % 7 == 0) < (b->number % 7 == 0) ||
			            ((a->number % 7 == 0) == (b->number % 7 == 0) && a->number < b->number));
	}
	for (int i = 0; i < MANY; i++)
		assert_false(loop_timer_is_set(&all[i].timer));
}

static void waits_are_rounded_up_and_bounded(void **state)
{
	struct fixture *f = *state;
	static const struct {
		tchat_time after, max_wait;
		int timeout;
	} rows[] = {
		{ 1, TCHAT_NEVER, 1 },
		{ 999, TCHAT_NEVER, 1 },
		{ 1000, TCHAT_NEVER, 1 },
		{ 1001, TCHAT_NEVER, 2 },
		{ TCHAT_SECONDS(10), 1500, 2 },
		{ TCHAT_SECONDS(10), 0, 0 },
		{ 2500, TCHAT_SECONDS(9), 3 },
		{ TCHAT_SECONDS(86400) * 365, TCHAT_NEVER, INT_MAX },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ring ring;
		int order[1], rung;
		rings(f, &ring, 1, order, &rung);
		set(&ring, fake.now + rows[i].after);
		loop_run_once(f->loop, rows[i].max_wait);
		assert_int_equal(fake.last_timeout, rows[i].timeout);
		loop_timer_stop(f->loop, &ring.timer);
	}
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(fake.last_timeout, -1);
}

static void a_timer_that_sets_itself_anew_does_not_hold_up_the_round(void **state)
{
	struct fixture *f = *state;
	struct ring ring;
	int order[8], rung;
	rings(f, &ring, 1, order, &rung);
	ring.is_again = true;
	set(&ring, 0);
	for (int i = 1; i <= 3; i++) {
		loop_run_once(f->loop, TCHAT_NEVER);
		assert_int_equal(fake.last_timeout, 0);
		assert_int_equal(rung, i);
	}
	loop_timer_stop(f->loop, &ring.timer);
}

static void a_timer_stopped_while_due_does_not_run(void **state)
{
	struct fixture *f = *state;
	struct ring both[2];
	int order[2], rung;
	rings(f, both, 2, order, &rung);
	both[0].stop = &both[1].timer;
	set(&both[0], 0);
	set(&both[1], 0);
	round_of(f);
	round_of(f);
	assert_int_equal(rung, 1);
	set(&both[0], TCHAT_NEVER);
	assert_false(loop_timer_is_set(&both[0].timer));
}

static void loop_time_stands_still_within_a_round(void **state)
{
	struct fixture *f = *state;
	struct ring ring;
	int order[1], rung;
	rings(f, &ring, 1, order, &rung);
	set(&ring, fake.now + TCHAT_MS(5));
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(rung, 1); /* on_ring() compared the times */
	fake.now += 17;
	assert_true(loop_now(f->loop) == fake.now);
}

/* --- Hooks */

struct hooked {
	struct loop_hook hook;
	struct loop *loop;
	int runs, again; /* how many more rounds it asks for */
	struct loop_hook *remove;
};

static void on_round(void *arg)
{
	struct hooked *hooked = arg;
	hooked->runs++;
	if (hooked->again > 0) {
		hooked->again--;
		loop_again(hooked->loop);
	}
	if (hooked->remove != NULL)
		loop_hook_remove(hooked->loop, hooked->remove);
	hooked->remove = NULL;
}

static void add_hook(struct fixture *f, struct hooked *hooked)
{
	*hooked = (struct hooked){ .loop = f->loop };
	loop_hook_add(f->loop, &hooked->hook, on_round, hooked);
}

static void a_hook_runs_once_a_round_and_can_ask_for_one_more(void **state)
{
	struct fixture *f = *state;
	struct hooked hooked;
	add_hook(f, &hooked);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(hooked.runs, 1);
	hooked.again = 1;
	loop_run_once(f->loop, TCHAT_NEVER);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(fake.last_timeout, 0);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(fake.last_timeout, -1);
	assert_int_equal(hooked.runs, 4);
}

static void ask_again(void *arg, unsigned events)
{
	loop_again(arg);
}

static void asking_for_hooks_in_a_callback_costs_no_round_outside_of_one_it_does(void **state)
{
	struct fixture *f = *state;
	struct watch *watch = loop_watch_add(f->loop, f->a[0], LOOP_WRITE, LOOP_CROWD, ask_again, f->loop);
	round_of(f);
	loop_watch_change(watch, LOOP_READ);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(fake.last_timeout, -1);
	loop_again(f->loop);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(fake.last_timeout, 0);
}

static void hooks_may_remove_themselves_and_others(void **state)
{
	struct fixture *f = *state;
	struct hooked a, b, c;
	add_hook(f, &a);
	add_hook(f, &b);
	add_hook(f, &c);
	a.remove = &b.hook;
	c.remove = &c.hook;
	round_of(f);
	round_of(f);
	assert_int_equal(a.runs, 2);
	assert_int_equal(b.runs, 0);
	assert_int_equal(c.runs, 1);
}

/* --- Signals, errors, the end */

static void an_interrupted_poll_is_a_round_without_events(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	crowd(f, f->a[0], LOOP_READ, &seen);
	send_byte(f->a[1]);
	fake.poll_errno = EINTR;
	assert_int_equal(loop_run_once(f->loop, TCHAT_NEVER), 0);
	assert_int_equal(seen.calls, 0);
	round_of(f);
	assert_int_equal(seen.calls, 1);
	fake.poll_errno = ENOMEM;
	assert_int_equal(loop_run(f->loop), TCHAT_ERR_MEMORY);
	fake.poll_errno = EINVAL;
	assert_int_equal(loop_run(f->loop), TCHAT_ERR_SYSTEM);
}

static void stop_at_third(void *arg)
{
	struct hooked *hooked = arg;
	if (++hooked->runs == 3)
		loop_stop(hooked->loop, 42);
}

static void run_ends_with_the_code_that_stop_gave(void **state)
{
	struct fixture *f = *state;
	struct hooked hooked = { .loop = f->loop };
	loop_hook_add(f->loop, &hooked.hook, stop_at_third, &hooked);
	assert_int_equal(loop_run(f->loop), 42);
	assert_int_equal(hooked.runs, 3);
	loop_stop(f->loop, 7);
	assert_int_equal(loop_run(f->loop), 7);
	assert_int_equal(hooked.runs, 4);
	assert_int_equal(fake.last_timeout, 0);
}

struct woken {
	struct wake *wake;
	int calls;
	struct wake *again;
};

static void on_wake(void *arg)
{
	struct woken *woken = arg;
	woken->calls++;
	if (woken->again != NULL)
		loop_wake(woken->again);
	woken->again = NULL;
}

static void many_wakes_before_the_round_are_one_call(void **state)
{
	struct fixture *f = *state;
	struct woken woken = { 0 };
	woken.wake = loop_wake_new(f->loop, on_wake, &woken);
	for (int i = 0; i < 100000; i++) /* more than a pipe holds */
		loop_wake(woken.wake);
	round_of(f);
	round_of(f);
	assert_int_equal(woken.calls, 1);
	woken.again = woken.wake; /* a wake-up in its own callback is a new one */
	loop_wake(woken.wake);
	round_of(f);
	round_of(f);
	assert_int_equal(woken.calls, 3);
	loop_wake_free(woken.wake);
}

static struct wake *signalled;

static void on_signal(int number)
{
	errno = 4711;
	loop_wake(signalled);
	if (errno != 4711)
		abort();
}

static void a_signal_handler_wakes_the_loop(void **state)
{
	struct fixture *f = *state;
	struct woken woken = { 0 };
	signalled = woken.wake = loop_wake_new(f->loop, on_wake, &woken);
	struct sigaction action = { .sa_handler = on_signal }, old;
	sigaction(SIGUSR1, &action, &old);
	raise(SIGUSR1);
	raise(SIGUSR1);
	fake.is_real = true;
	assert_int_equal(loop_run_once(f->loop, TCHAT_NEVER), 0);
	assert_int_equal(woken.calls, 1);
	sigaction(SIGUSR1, &old, NULL);
	loop_wake_free(woken.wake);
}

enum { WAKES = 20000 };

struct producer {
	struct wake *wake;
	pthread_mutex_t mutex;
	int made, taken; /* made under the mutex */
};

static void *produce(void *arg)
{
	struct producer *p = arg;
	for (int i = 0; i < WAKES; i++) {
		pthread_mutex_lock(&p->mutex);
		p->made++;
		pthread_mutex_unlock(&p->mutex);
		loop_wake(p->wake);
	}
	return NULL;
}

static void take(void *arg)
{
	struct producer *p = arg;
	pthread_mutex_lock(&p->mutex);
	p->taken = p->made;
	pthread_mutex_unlock(&p->mutex);
}

static void no_wake_from_a_thread_is_lost(void **state)
{
	struct fixture *f = *state;
	struct producer p = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	p.wake = loop_wake_new(f->loop, take, &p);
	pthread_t thread;
	fake.is_real = true;
	assert_int_equal(pthread_create(&thread, NULL, produce, &p), 0);
	while (p.taken < WAKES) /* a lost one would block for ever */
		assert_int_equal(loop_run_once(f->loop, TCHAT_NEVER), 0);
	pthread_join(thread, NULL);
	loop_wake_free(p.wake);
}

#define BOTH(test)                                                                                                   \
	{ #test ", epoll", test, setup_epoll, teardown, NULL }, { #test ", plain", test, setup_plain, teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(an_idle_round_is_one_poll_and_nothing_else),
		BOTH(a_callback_gets_what_is_armed_and_ready),
		BOTH(a_hang_up_wakes_what_is_armed),
		BOTH(a_disarmed_watch_does_not_even_report_a_hang_up_nor_spins),
		BOTH(a_callback_may_remove_its_own_watch),
		BOTH(a_watch_removed_while_due_is_not_called),
		BOTH(a_watch_disarmed_while_due_is_not_called),
		BOTH(a_new_watch_does_not_inherit_the_events_of_its_descriptor_s_last_one),
		BOTH(pending_bytes_are_reported_without_the_descriptor_and_once),
		BOTH(arming_what_is_armed_costs_no_system_call),
		BOTH(what_the_epoll_set_refuses_is_polled),
		BOTH(without_memory_a_watch_is_refused_and_the_others_go_on),
		BOTH(timers_run_in_order_of_time_then_of_setting),
		BOTH(waits_are_rounded_up_and_bounded),
		BOTH(a_timer_that_sets_itself_anew_does_not_hold_up_the_round),
		BOTH(a_timer_stopped_while_due_does_not_run),
		BOTH(loop_time_stands_still_within_a_round),
		BOTH(a_hook_runs_once_a_round_and_can_ask_for_one_more),
		BOTH(asking_for_hooks_in_a_callback_costs_no_round_outside_of_one_it_does),
		BOTH(hooks_may_remove_themselves_and_others),
		BOTH(an_interrupted_poll_is_a_round_without_events),
		BOTH(run_ends_with_the_code_that_stop_gave),
		BOTH(many_wakes_before_the_round_are_one_call),
		BOTH(a_signal_handler_wakes_the_loop),
		BOTH(no_wake_from_a_thread_is_lost),
	};
	return cmocka_run_group_tests_name("net-loop", tests, NULL, NULL);
}
