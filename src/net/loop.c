/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The poll() core. What holds between rounds:
 *  1. fds[0..count) is handed to poll() as it is; owners[i] is the watch behind fds[i], NULL behind the epoll set.
 *  2. A watch has slot >= 0 and owners[slot] is it; or slot is -1 and it is in the epoll set.
 *  3. fds, owners and ready have room for every watch and the epoll set, so only adding a watch allocates.
 *  4. A disarmed watch is seen by nobody: its pollfd is negative; in the epoll set it is edge-triggered on nothing.
 *  5. A watch is in ready[] at most once, at ready_slot; removing it leaves NULL there. */
#include "config.h"

#include "net/loop.h"

#include "base/errors.h"
#include "net/timers.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>
#ifdef HAVE_EPOLL
#include <sys/epoll.h>
#endif

/* How many crowd sockets one round serves; the kernel hands the others out first in the next one. */
enum { CROWD_BATCH = 1024, FIRST_CAPACITY = 16 };

enum loop_phase { PHASE_OUTSIDE, PHASE_DISPATCH, PHASE_HOOKS };

struct watch {
	struct loop *loop;
	watch_callback *callback;
	void *arg;
	int fd;
	int slot;       /* in fds, or -1: in the epoll set */
	int ready_slot; /* in ready, or -1 */
	uint8_t events, ready;
	uint8_t again;  /* events to report in the next round; in the list again when not 0 */
	struct watch *next, *prev, *again_next, *again_prev;
};

struct loop {
	struct pollfd *fds;
	struct watch **owners;
	struct watch **ready;
	int count, capacity, ready_count;
	int watch_count;
	unsigned flags;
	struct watch *watches; /* all of them */
	struct watch *again;
	struct timers timers;
	struct loop_hook *hooks, *next_hook;
	tchat_time now;
	enum loop_phase phase;
	bool do_again, stopping;
	int stop_code;
#ifdef HAVE_EPOLL
	int crowd_fd; /* -1 until the first crowd socket comes */
	struct epoll_event *crowd;
#endif
};

struct loop *loop_new(unsigned flags)
{
	struct loop *loop = calloc(1, sizeof *loop);
	if (loop == NULL)
		return NULL;
	loop->flags = flags;
#ifdef HAVE_EPOLL
	loop->crowd_fd = -1;
#endif
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	while (loop->watches != NULL)
		loop_watch_remove(loop->watches);
	timers_forget(&loop->timers);
#ifdef HAVE_EPOLL
	if (loop->crowd_fd >= 0)
		close(loop->crowd_fd);
	free(loop->crowd);
#endif
	free(loop->fds);
	free(loop->owners);
	free(loop->ready);
	free(loop);
}

/* --- Descriptors */

static short to_poll(unsigned events)
{
	return (short)((events & LOOP_READ ? POLLIN : 0) | (events & LOOP_WRITE ? POLLOUT : 0));
}

static unsigned from_poll(short revents)
{
	if (revents & (POLLERR | POLLHUP | POLLNVAL))
		return LOOP_READ | LOOP_WRITE;
	return (revents & POLLIN ? LOOP_READ : 0u) | (revents & POLLOUT ? LOOP_WRITE : 0u);
}

static bool grow(void **array, size_t count, size_t size)
{
	void *bigger = realloc(*array, count * size);
	if (bigger == NULL)
		return false;
	*array = bigger;
	return true;
}

/* Makes room for one more watch, and for the epoll set. */
static bool reserve(struct loop *loop)
{
	if (loop->watch_count + 2 <= loop->capacity)
		return true;
	if (loop->capacity > INT_MAX / 2)
		return false;
	size_t capacity = loop->capacity == 0 ? FIRST_CAPACITY : (size_t)loop->capacity * 2;
	void *fds = loop->fds, *owners = loop->owners, *ready = loop->ready;
	bool grown = grow(&fds, capacity, sizeof *loop->fds) && grow(&owners, capacity, sizeof(struct watch *)) &&
	             grow(&ready, capacity, sizeof(struct watch *));
	loop->fds = fds;
	loop->owners = owners;
	loop->ready = ready;
	if (grown)
		loop->capacity = (int)capacity;
	return grown;
}

static int slot_take(struct loop *loop, struct watch *owner)
{
	loop->owners[loop->count] = owner;
	return loop->count++;
}

static void slot_arm(struct loop *loop, int slot, int fd, unsigned events)
{
	loop->fds[slot] = (struct pollfd){ .fd = events == 0 ? -1 : fd, .events = to_poll(events) };
}

static void slot_give(struct loop *loop, int slot)
{
	int last = --loop->count;
	loop->fds[slot] = loop->fds[last];
	loop->owners[slot] = loop->owners[last];
	if (loop->owners[slot] != NULL)
		loop->owners[slot]->slot = slot;
}

#ifdef HAVE_EPOLL
/* The epoll set is made with its first member, so that a client, which has no crowd, has none. */
static bool crowd_open(struct loop *loop)
{
	if (loop->crowd_fd >= 0)
		return true;
	if (loop->crowd == NULL)
		loop->crowd = malloc(CROWD_BATCH * sizeof *loop->crowd);
	if (loop->crowd == NULL)
		return false;
	loop->crowd_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->crowd_fd < 0)
		return false;
	slot_arm(loop, slot_take(loop, NULL), loop->crowd_fd, LOOP_READ);
	return true;
}

static int crowd_control(struct watch *watch, int operation)
{
	/* Level-triggered epoll reports hang-ups even to who asked for nothing; edge-triggered it does so
	 * once, and the dispatcher drops it. Taking the socket out instead could fail to get it back in. */
	struct epoll_event event = { .data.ptr = watch };
	event.events = (watch->events & LOOP_READ ? (uint32_t)EPOLLIN : 0u) |
	               (watch->events & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0u);
	if (event.events == 0)
		event.events = EPOLLET;
	return epoll_ctl(watch->loop->crowd_fd, operation, watch->fd, &event);
}

static bool crowd_add(struct watch *watch)
{
	return !(watch->loop->flags & LOOP_PLAIN) && crowd_open(watch->loop) &&
	       crowd_control(watch, EPOLL_CTL_ADD) == 0;
}

static void crowd_remove(struct watch *watch)
{
	crowd_control(watch, EPOLL_CTL_DEL);
}

static bool crowd_change(struct watch *watch)
{
	if (crowd_control(watch, EPOLL_CTL_MOD) == 0)
		return true;
	crowd_remove(watch);
	return false;
}
#else
static bool crowd_add(struct watch *watch)
{
	return false;
}

static void crowd_remove(struct watch *watch)
{
}

static bool crowd_change(struct watch *watch)
{
	return false;
}
#endif

struct watch *loop_watch_add(struct loop *loop, int fd, unsigned events, unsigned flags, watch_callback *callback,
                             void *arg)
{
	struct watch *watch = malloc(sizeof *watch);
	if (watch == NULL || !reserve(loop)) {
		free(watch);
		errno = ENOMEM;
		return NULL;
	}
	*watch = (struct watch){ .loop = loop, .callback = callback, .arg = arg, .fd = fd, .slot = -1,
	                         .ready_slot = -1, .events = (uint8_t)events };
	/* What epoll will not take, a file or one socket too many, poll() does. */
	if (!(flags & LOOP_CROWD) || !crowd_add(watch)) {
		watch->slot = slot_take(loop, watch);
		slot_arm(loop, watch->slot, fd, events);
	}
	DL_APPEND(loop->watches, watch);
	loop->watch_count++;
	return watch;
}

void loop_watch_change(struct watch *watch, unsigned events)
{
	struct loop *loop = watch->loop;
	if (watch->events == events)
		return;
	watch->events = (uint8_t)events;
	if (watch->slot < 0) {
		if (crowd_change(watch))
			return;
		watch->slot = slot_take(loop, watch);
	}
	slot_arm(loop, watch->slot, watch->fd, events);
}

void loop_watch_again(struct watch *watch, unsigned events)
{
	if (events != 0 && watch->again == 0)
		DL_APPEND2(watch->loop->again, watch, again_prev, again_next);
	watch->again |= (uint8_t)events;
}

void loop_watch_remove(struct watch *watch)
{
	if (watch == NULL)
		return;
	struct loop *loop = watch->loop;
	if (watch->slot >= 0)
		slot_give(loop, watch->slot);
	else
		crowd_remove(watch);
	if (watch->ready_slot >= 0)
		loop->ready[watch->ready_slot] = NULL;
	if (watch->again != 0)
		DL_DELETE2(loop->again, watch, again_prev, again_next);
	DL_DELETE(loop->watches, watch);
	loop->watch_count--;
	free(watch);
}

/* --- Timers and hooks */

void loop_timer_set(struct loop *loop, struct loop_timer *timer, tchat_time when)
{
	timers_set(&loop->timers, timer, when);
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
	timers_stop(&loop->timers, timer);
}

void loop_hook_add(struct loop *loop, struct loop_hook *hook, hook_callback *callback, void *arg)
{
	*hook = (struct loop_hook){ .callback = callback, .arg = arg };
	DL_APPEND(loop->hooks, hook);
}

void loop_hook_remove(struct loop *loop, struct loop_hook *hook)
{
	if (loop->next_hook == hook)
		loop->next_hook = hook->next;
	DL_DELETE(loop->hooks, hook);
}

void loop_again(struct loop *loop)
{
	if (loop->phase != PHASE_DISPATCH)
		loop->do_again = true;
}

/* --- Rounds */

static void mark_ready(struct loop *loop, struct watch *watch, unsigned events)
{
	events &= watch->events;
	if (events == 0)
		return;
	watch->ready |= (uint8_t)events;
	if (watch->ready_slot >= 0)
		return;
	watch->ready_slot = loop->ready_count;
	loop->ready[loop->ready_count++] = watch;
}

static void gather_crowd(struct loop *loop)
{
#ifdef HAVE_EPOLL
	int n = epoll_wait(loop->crowd_fd, loop->crowd, CROWD_BATCH, 0);
	for (int i = 0; i < n; i++) {
		uint32_t came = loop->crowd[i].events;
		unsigned events = (came & EPOLLIN ? LOOP_READ : 0u) | (came & EPOLLOUT ? LOOP_WRITE : 0u);
		if (came & (EPOLLERR | EPOLLHUP))
			events = LOOP_READ | LOOP_WRITE;
		mark_ready(loop, loop->crowd[i].data.ptr, events);
	}
#endif
}

/* Collects all that is ready before any callback runs: callbacks then may change the arrays at will. */
static void gather(struct loop *loop, int polled)
{
	loop->ready_count = 0;
	struct watch *watch, *next;
	DL_FOREACH_SAFE2(loop->again, watch, next, again_next) {
		mark_ready(loop, watch, watch->again);
		watch->again = 0;
		watch->again_next = watch->again_prev = NULL;
	}
	loop->again = NULL;
	for (int i = 0; polled > 0 && i < loop->count; i++) {
		if (loop->fds[i].revents == 0)
			continue;
		polled--;
		if (loop->owners[i] == NULL)
			gather_crowd(loop);
		else
			mark_ready(loop, loop->owners[i], from_poll(loop->fds[i].revents));
	}
}

static void dispatch(struct loop *loop)
{
	for (int i = 0; i < loop->ready_count; i++) {
		struct watch *watch = loop->ready[i];
		if (watch == NULL)
			continue;
		unsigned events = watch->ready & watch->events;
		watch->ready = 0;
		watch->ready_slot = -1;
		if (events != 0)
			watch->callback(watch->arg, events);
	}
	loop->ready_count = 0;
}

static void run_hooks(struct loop *loop)
{
	loop->next_hook = loop->hooks;
	while (loop->next_hook != NULL) {
		struct loop_hook *hook = loop->next_hook;
		loop->next_hook = hook->next;
		hook->callback(hook->arg);
	}
}

/* How long poll() may block, in its milliseconds, rounded up: waking early would only mean to wait again. */
static int poll_timeout(struct loop *loop, tchat_time max_wait)
{
	if (loop->again != NULL || loop->do_again || loop->stopping || max_wait == 0)
		return 0;
	tchat_time first = timers_first(&loop->timers);
	if (first != TCHAT_NEVER) {
		tchat_time now = clock_monotonic();
		tchat_time left = first > now ? first - now : 0;
		if (left < max_wait)
			max_wait = left;
	}
	if (max_wait == TCHAT_NEVER)
		return -1;
	tchat_time ms = max_wait / 1000 + (max_wait % 1000 != 0);
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

int loop_run_once(struct loop *loop, tchat_time max_wait)
{
	int timeout = poll_timeout(loop, max_wait);
	int n = poll(loop->fds, (nfds_t)loop->count, timeout);
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		return errno == ENOMEM ? TCHAT_ERR_MEMORY : TCHAT_ERR_SYSTEM;
	loop->now = clock_monotonic();
	loop->do_again = false;
	loop->phase = PHASE_DISPATCH;
	gather(loop, n);
	dispatch(loop);
	timers_run(&loop->timers, loop->now);
	loop->phase = PHASE_HOOKS;
	run_hooks(loop);
	loop->phase = PHASE_OUTSIDE;
	return 0;
}

int loop_run(struct loop *loop)
{
	int err;
	do
		err = loop_run_once(loop, TCHAT_NEVER);
	while (err == 0 && !loop->stopping);
	loop->stopping = false;
	return err != 0 ? err : loop->stop_code;
}

void loop_stop(struct loop *loop, int code)
{
	loop->stopping = true;
	loop->stop_code = code;
}

tchat_time loop_now(const struct loop *loop)
{
	return loop->phase == PHASE_OUTSIDE ? clock_monotonic() : loop->now;
}
