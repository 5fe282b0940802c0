/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pairing heap: each node is no later than its children; a node's children are a list, newest first. */
#include "net/timers.h"

#include <stddef.h>
#include <utlist.h>

enum { TIMER_IDLE, TIMER_WAITING, TIMER_DUE };

static bool is_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->when != b->when ? a->when < b->when : a->order < b->order;
}

/* Joins two heaps, whose roots have no siblings; returns the root. Either may be NULL. */
static struct loop_timer *meld(struct loop_timer *a, struct loop_timer *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	if (is_before(b, a)) {
		struct loop_timer *swap = a;
		a = b;
		b = swap;
	}
	b->prev = a;
	b->next = a->child;
	if (b->next != NULL)
		b->next->prev = b;
	a->child = b;
	return a;
}

/* Makes one heap of a list of siblings: pairs from the left, then all of them from the right. */
static struct loop_timer *meld_siblings(struct loop_timer *first)
{
	struct loop_timer *pairs = NULL;
	while (first != NULL) {
		struct loop_timer *a = first, *b = a->next;
		first = b == NULL ? NULL : b->next;
		a->next = a->prev = NULL;
		if (b != NULL)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	struct loop_timer *root = NULL;
	while (pairs != NULL) {
		struct loop_timer *rest = pairs->next;
		pairs->next = NULL;
		root = meld(root, pairs);
		pairs = rest;
	}
	return root;
}

static void heap_remove(struct timers *timers, struct loop_timer *timer)
{
	struct loop_timer *orphans = meld_siblings(timer->child);
	timer->child = NULL;
	if (timer == timers->root) {
		timers->root = orphans;
		return;
	}
	if (timer->prev->child == timer)
		timer->prev->child = timer->next;
	else
		timer->prev->next = timer->next;
	if (timer->next != NULL)
		timer->next->prev = timer->prev;
	timer->next = timer->prev = NULL;
	timers->root = meld(timers->root, orphans);
}

void timers_stop(struct timers *timers, struct loop_timer *timer)
{
	if (timer->state == TIMER_WAITING)
		heap_remove(timers, timer);
	else if (timer->state == TIMER_DUE)
		DL_DELETE(timers->due, timer);
	timer->next = timer->prev = NULL;
	timer->state = TIMER_IDLE;
}

void timers_set(struct timers *timers, struct loop_timer *timer, tchat_time when)
{
	timers_stop(timers, timer);
	if (when == TCHAT_NEVER)
		return;
	timer->when = when;
	timer->order = timers->order++;
	timer->state = TIMER_WAITING;
	timers->root = meld(timers->root, timer);
}

tchat_time timers_first(const struct timers *timers)
{
	return timers->root == NULL ? TCHAT_NEVER : timers->root->when;
}

void timers_run(struct timers *timers, tchat_time now)
{
	while (timers_first(timers) <= now && timers->root != NULL) {
		struct loop_timer *timer = timers->root;
		heap_remove(timers, timer);
		timer->state = TIMER_DUE;
		DL_APPEND(timers->due, timer);
	}
	while (timers->due != NULL) {
		struct loop_timer *timer = timers->due;
		timers_stop(timers, timer);
		timer->callback(timer->arg);
	}
}

void timers_forget(struct timers *timers)
{
	while (timers->root != NULL)
		timers_stop(timers, timers->root);
	while (timers->due != NULL)
		timers_stop(timers, timers->due);
}

void loop_timer_init(struct loop_timer *timer, timer_callback *callback, void *arg)
{
	*timer = (struct loop_timer){ .callback = callback, .arg = arg, .state = TIMER_IDLE };
}

bool loop_timer_is_set(const struct loop_timer *timer)
{
	return timer->state != TIMER_IDLE;
}
