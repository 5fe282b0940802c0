/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: a loop's timers, hooks, wake-ups and end. */
#include "base/errors.h"
#include "net/loop.h"
#include "virtual_time.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct loop *loop;
	int pair[2];
};

static int setup(void **state)
{
	virtual_time = (struct virtual_time){ .now = TCHAT_SECONDS(1000) };
	struct fixture *f = calloc(1, sizeof *f);
	f->loop = loop_new(0);
	*state = f;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, f->pair);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	loop_free(f->loop);
	close(f->pair[0]);
	close(f->pair[1]);
	free(f);
	return 0;
}

static void round_of(struct fixture *f)
{
	assert_int_equal(loop_run_once(f->loop, 0), 0);
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
		set(&all[i], virtual_time.now + 1 + (seed = seed * 1103515245u + 12345u) % 997);
	for (int i = 0; i < MANY; i += 3)
		loop_timer_stop(f->loop, &all[i].timer);
	for (int i = 0; i < MANY; i += 7) /* set again, a third of them after having been stopped */
		set(&all[i], virtual_time.now + 500 + (tchat_time)(i % 5));
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
		set(&ring, virtual_time.now + rows[i].after);
		loop_run_once(f->loop, rows[i].max_wait);
		assert_int_equal(virtual_time.last_timeout, rows[i].timeout);
		loop_timer_stop(f->loop, &ring.timer);
	}
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(virtual_time.last_timeout, -1);
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
		assert_int_equal(virtual_time.last_timeout, 0);
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
	set(&ring, virtual_time.now + TCHAT_MS(5));
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(rung, 1); /* on_ring() compared the times */
	virtual_time.now += 17;
	assert_true(loop_now(f->loop) == virtual_time.now);
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
	assert_int_equal(virtual_time.last_timeout, 0);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(virtual_time.last_timeout, -1);
	assert_int_equal(hooked.runs, 4);
}

static void ask_again(void *arg, unsigned events)
{
	loop_again(arg);
}

static void asking_for_hooks_in_a_callback_costs_no_round_outside_of_one_it_does(void **state)
{
	struct fixture *f = *state;
	struct watch *watch = loop_watch_add(f->loop, f->pair[0], LOOP_WRITE, 0, ask_again, f->loop);
	round_of(f);
	loop_watch_change(watch, LOOP_READ);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(virtual_time.last_timeout, -1);
	loop_again(f->loop);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(virtual_time.last_timeout, 0);
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

static void count_call(void *arg, unsigned events)
{
	++*(int *)arg;
}

static void an_interrupted_poll_is_a_round_without_events(void **state)
{
	struct fixture *f = *state;
	int calls = 0;
	loop_watch_add(f->loop, f->pair[0], LOOP_READ, 0, count_call, &calls);
	assert_int_equal(write(f->pair[1], "x", 1), 1);
	virtual_time.poll_errno = EINTR;
	assert_int_equal(loop_run_once(f->loop, TCHAT_NEVER), 0);
	assert_int_equal(calls, 0);
	round_of(f);
	assert_int_equal(calls, 1);
	virtual_time.poll_errno = ENOMEM;
	assert_int_equal(loop_run(f->loop), TCHAT_ERR_MEMORY);
	virtual_time.poll_errno = EINVAL;
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
	assert_int_equal(virtual_time.last_timeout, 0);
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
	virtual_time.is_blocking = true;
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
	virtual_time.is_blocking = true;
	assert_int_equal(pthread_create(&thread, NULL, produce, &p), 0);
	while (p.taken < WAKES) /* a lost one would block for ever */
		assert_int_equal(loop_run_once(f->loop, TCHAT_NEVER), 0);
	pthread_join(thread, NULL);
	loop_wake_free(p.wake);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(timers_run_in_order_of_time_then_of_setting),
		TEST(waits_are_rounded_up_and_bounded),
		TEST(a_timer_that_sets_itself_anew_does_not_hold_up_the_round),
		TEST(a_timer_stopped_while_due_does_not_run),
		TEST(loop_time_stands_still_within_a_round),
		TEST(a_hook_runs_once_a_round_and_can_ask_for_one_more),
		TEST(asking_for_hooks_in_a_callback_costs_no_round_outside_of_one_it_does),
		TEST(hooks_may_remove_themselves_and_others),
		TEST(an_interrupted_poll_is_a_round_without_events),
		TEST(run_ends_with_the_code_that_stop_gave),
		TEST(many_wakes_before_the_round_are_one_call),
		TEST(a_signal_handler_wakes_the_loop),
		TEST(no_wake_from_a_thread_is_lost),
	};
	return cmocka_run_group_tests_name("net-rounds", tests, NULL, NULL);
}
