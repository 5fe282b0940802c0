/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The poll() core: watched descriptors, timers, wake-ups from threads and signal handlers, and hooks at
 * the end of each round. One thread runs a loop; an idle loop is one blocked poll() and nothing else. */
#ifndef TCHAT_NET_LOOP_H
#define TCHAT_NET_LOOP_H

#include "base/clock.h"

#include <stdbool.h>

struct loop;
struct watch;
struct wake;

/* For loop_new(): keep crowd sockets in the poll() array too, as on systems without epoll. */
enum { LOOP_PLAIN = 1 };

/* What a watch waits for. */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* For loop_watch_add(): one of many, mostly idle sockets. They share one epoll set where there is epoll. */
enum { LOOP_CROWD = 1 };

/* A new loop, or NULL with errno set. flags: 0 or LOOP_PLAIN. A loop does not survive fork(): make it
 * after. */
struct loop *loop_new(unsigned flags);

/* Frees the loop with the watches still in it, whose pointers are dead then; timers are unset, hooks
 * forgotten. Wake-ups must be gone already. Not from inside a callback. NULL is fine. */
void loop_free(struct loop *loop);

/* One round: wait for at most max_wait microseconds (TCHAT_NEVER: no limit), dispatch what is ready, run
 * due timers, then the hooks. A signal ends the wait. Returns 0, TCHAT_ERR_MEMORY or TCHAT_ERR_SYSTEM with
 * errno set. Not from inside a callback. */
int loop_run_once(struct loop *loop, tchat_time max_wait);

/* Rounds until loop_stop(); returns its code, or a negative error of loop_run_once(). */
int loop_run(struct loop *loop);

/* Ends loop_run() after the round at hand, with code >= 0. Before loop_run(): that makes one round,
 * without waiting. */
void loop_stop(struct loop *loop, int code);

/* Monotonic time: in callbacks as of the return of their round's poll(), the same for all; elsewhere the
 * clock's. */
tchat_time loop_now(const struct loop *loop);

/* --- Descriptors */

/* events: those of LOOP_READ and LOOP_WRITE that are armed and ready. A hang-up or error counts as ready
 * for all that is armed, so that the next read or write meets it. The callback may add, change and remove
 * any watch. */
typedef void watch_callback(void *arg, unsigned events);

/* Watches fd (not taken) for events; each descriptor at most once a loop. NULL with errno set when memory
 * is out. */
struct watch *loop_watch_add(struct loop *loop, int fd, unsigned events, unsigned flags, watch_callback *callback,
                             void *arg);

/* Arms exactly events; cannot fail. 0 disarms: then not even a hang-up is reported. What came ready in
 * this round and is no longer armed is not reported. */
void loop_watch_change(struct watch *watch, unsigned events);

/* Reports events (where armed) in the next round, which does not block, whatever the descriptor says: for
 * bytes that a stream has already decoded (stream_pending()). */
void loop_watch_again(struct watch *watch, unsigned events);

/* Stops watching and frees the watch; its callback will not run again. Before close(fd). NULL is fine. */
void loop_watch_remove(struct watch *watch);

/* --- Timers: embedded in their owner, no allocation. */

typedef void timer_callback(void *arg);

struct loop_timer {
	timer_callback *callback;
	void *arg;
	tchat_time when;                         /* private, as all below */
	uint64_t order;                          /* which was set first, among equals */
	struct loop_timer *child, *next, *prev;  /* heap links; the prev of a first child is its parent */
	unsigned char state;
};

/* Makes the timer ready to be set. Also right for memory that was never a timer; not for one that is set. */
void loop_timer_init(struct loop_timer *timer, timer_callback *callback, void *arg);

/* Runs the callback once when loop_now() has reached when, never earlier; 0: in the next round, which does
 * not block. Replaces an earlier setting; TCHAT_NEVER stops. Cannot fail. Equal times run in the order of
 * setting. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, tchat_time when);

/* No effect on a timer that is not set. Must be called before its memory goes. */
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

bool loop_timer_is_set(const struct loop_timer *timer);

/* --- Hooks: run once at the end of each round, in the order of adding; the place to flush what a round
 * made. */

typedef void hook_callback(void *arg);

struct loop_hook {
	hook_callback *callback;
	void *arg;
	struct loop_hook *next, *prev; /* private */
};

/* Adds a hook, embedded in its owner. A hook may add and remove hooks, watches and timers. */
void loop_hook_add(struct loop *loop, struct loop_hook *hook, hook_callback *callback, void *arg);
void loop_hook_remove(struct loop *loop, struct loop_hook *hook);

/* Makes sure that the hooks run before poll() blocks again: call it when work for a hook was made. Costs
 * nothing in watch and timer callbacks, whose round's hooks are still to come; in a hook or outside of a
 * round it makes the next poll() return at once. */
void loop_again(struct loop *loop);

/* --- Wake-ups */

typedef void wake_callback(void *arg);

/* A wake-up whose callback runs on the loop. NULL with errno set on failure. */
struct wake *loop_wake_new(struct loop *loop, wake_callback *callback, void *arg);

/* Makes the callback run soon; calls before it runs are one. From any thread and from signal handlers;
 * keeps errno. The caller makes sure that the wake-up and its loop still exist. */
void loop_wake(struct wake *wake);

/* The callback will not run again. NULL is fine. */
void loop_wake_free(struct wake *wake);

#endif
