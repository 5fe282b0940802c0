/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Look-ups on a helper thread. Loop and thread share a queue in, a queue out and one mutex; a thread
 * that hangs in a look-up when its resolver goes is left to itself with what they share, and frees that at
 * its end. */
#include "config.h"

#include "net/resolve.h"

#include "base/errors.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

enum place { PLACE_TIMER, PLACE_QUEUE, PLACE_THREAD, PLACE_DONE };

struct resolve {
	struct resolver *resolver;
	resolve_callback *callback;
	void *arg;
	struct loop_timer timer; /* delivers a numeric address */
	enum place place;        /* under the mutex, as next and prev */
	bool is_cancelled;       /* under the mutex: set while the thread works on it */
	struct resolve *next, *prev;
	struct names_answer answer;
	const char *service; /* behind node */
	char node[];
};

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t work;
	struct resolve *queue, *done;
	struct resolve *running; /* what the thread works on */
	struct wake *wake;       /* only while not closing */
	int helper;              /* that looks names up; -1: the thread itself does */
	bool is_closing;
	bool is_detached;        /* the thread frees all this */
};

struct resolver {
	struct loop *loop;
	struct shared *shared;
	pthread_t thread;
	bool has_thread;
	struct resolve *numeric; /* those that only wait for the next round */
	int outstanding; /* look-ups with the thread, not yet called back or cancelled */
	bool is_delivering, is_freed; /* freed while it delivers: the delivery frees the rest */
};

/* --- The thread's side */

static void look_up(const struct shared *shared, struct resolve *job)
{
	if (shared->helper >= 0)
		names_ask(shared->helper, job->node, job->service, &job->answer);
	else
		names_look_up(job->node, job->service, false, &job->answer);
}

static void shared_free(struct shared *shared)
{
	if (shared->helper >= 0)
		close(shared->helper);
	pthread_cond_destroy(&shared->work);
	pthread_mutex_destroy(&shared->mutex);
	free(shared);
}

static void *thread_main(void *arg)
{
	struct shared *shared = arg;
	pthread_mutex_lock(&shared->mutex);
	for (;;) {
		while (!shared->is_closing && shared->queue == NULL)
			pthread_cond_wait(&shared->work, &shared->mutex);
		if (shared->is_closing)
			break;
		struct resolve *job = shared->queue;
		DL_DELETE(shared->queue, job);
		shared->running = job;
		job->place = PLACE_THREAD;
		pthread_mutex_unlock(&shared->mutex);
		look_up(shared, job);
		pthread_mutex_lock(&shared->mutex);
		shared->running = NULL;
		if (job->is_cancelled) {
			free(job);
			continue;
		}
		job->place = PLACE_DONE;
		DL_APPEND(shared->done, job);
		loop_wake(shared->wake);
	}
	bool is_detached = shared->is_detached;
	pthread_mutex_unlock(&shared->mutex);
	if (is_detached)
		shared_free(shared);
	return NULL;
}

/* --- The loop's side */

static struct resolve *take_done(struct shared *shared)
{
	pthread_mutex_lock(&shared->mutex);
	struct resolve *job = shared->done;
	if (job != NULL)
		DL_DELETE(shared->done, job);
	pthread_mutex_unlock(&shared->mutex);
	return job;
}

static void deliver(struct resolve *job)
{
	const struct names_answer *answer = &job->answer;
	job->callback(job->arg, answer->err, answer->number, answer->addresses, answer->count);
	free(job);
}

static void on_done(void *arg)
{
	struct resolver *resolver = arg;
	struct resolve *job;
	resolver->is_delivering = true;
	while (!resolver->is_freed && (job = take_done(resolver->shared)) != NULL) {
		resolver->outstanding--;
		deliver(job);
	}
	resolver->is_delivering = false;
	if (resolver->is_freed)
		free(resolver);
}

static void on_numeric(void *arg)
{
	struct resolve *job = arg;
	DL_DELETE(job->resolver->numeric, job);
	deliver(job);
}

struct resolver *resolver_new(struct loop *loop, int helper)
{
	struct resolver *resolver = calloc(1, sizeof *resolver);
	struct shared *shared = calloc(1, sizeof *shared);
	if (resolver == NULL || shared == NULL)
		goto fail;
	shared->wake = loop_wake_new(loop, on_done, resolver);
	if (shared->wake == NULL)
		goto fail;
	pthread_mutex_init(&shared->mutex, NULL);
	pthread_cond_init(&shared->work, NULL);
	resolver->loop = loop;
	resolver->shared = shared;
	shared->helper = helper;
	return resolver;
fail:
	if (helper >= 0)
		close(helper);
	free(resolver);
	free(shared);
	return NULL;
}

static void drop_all(struct resolve **list)
{
	struct resolve *job, *next;
	DL_FOREACH_SAFE(*list, job, next) {
		free(job);
	}
	*list = NULL;
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	struct shared *shared = resolver->shared;
	struct wake *wake = shared->wake;
	while (resolver->numeric != NULL)
		resolve_cancel(resolver->numeric);
	pthread_mutex_lock(&shared->mutex);
	shared->wake = NULL;
	shared->is_closing = true;
	drop_all(&shared->queue);
	drop_all(&shared->done);
	bool is_busy = shared->running != NULL;
	if (is_busy) {
		shared->running->is_cancelled = true;
		shared->is_detached = true;
		pthread_detach(resolver->thread);
	}
	pthread_cond_signal(&shared->work);
	pthread_mutex_unlock(&shared->mutex);
	if (!is_busy) {
		/* Idle, it ends at once: waiting for it leaves nothing behind. */
		if (resolver->has_thread)
			pthread_join(resolver->thread, NULL);
		shared_free(shared);
	}
	loop_wake_free(wake);
	resolver->is_freed = true;
	if (!resolver->is_delivering)
		free(resolver);
}

static int start_thread(struct resolver *resolver)
{
	if (resolver->has_thread)
		return 0;
	/* Signals are the loop's: none may be handled over there. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int number = pthread_create(&resolver->thread, NULL, thread_main, resolver->shared);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	resolver->has_thread = number == 0;
	errno = number;
	return number == 0 ? 0 : TCHAT_ERR_SYSTEM;
}

static int enqueue(struct resolver *resolver, struct resolve *job)
{
	if (resolver->outstanding >= RESOLVE_QUEUE)
		return TCHAT_ERR_FULL;
	int err = start_thread(resolver);
	if (err != 0)
		return err;
	struct shared *shared = resolver->shared;
	pthread_mutex_lock(&shared->mutex);
	job->place = PLACE_QUEUE;
	DL_APPEND(shared->queue, job);
	pthread_cond_signal(&shared->work);
	pthread_mutex_unlock(&shared->mutex);
	resolver->outstanding++;
	return 0;
}

int resolve_start(struct resolver *resolver, const char *node, const char *service, resolve_callback *callback,
                  void *arg, struct resolve **out)
{
	size_t node_size = strlen(node) + 1, service_size = strlen(service) + 1;
	struct resolve *job = calloc(1, sizeof *job + node_size + service_size);
	if (job == NULL)
		return net_err(ENOMEM);
	job->resolver = resolver;
	job->callback = callback;
	job->arg = arg;
	memcpy(job->node, node, node_size);
	memcpy(job->node + node_size, service, service_size);
	job->service = job->node + node_size;
	loop_timer_init(&job->timer, on_numeric, job);
	names_look_up(node, service, true, &job->answer);
	if (job->answer.err == 0) {
		job->place = PLACE_TIMER;
		DL_APPEND(resolver->numeric, job);
		loop_timer_set(resolver->loop, &job->timer, 0);
	} else {
		int err = enqueue(resolver, job);
		if (err != 0) {
			free(job);
			return err;
		}
	}
	*out = job;
	return 0;
}

void resolve_cancel(struct resolve *resolve)
{
	if (resolve == NULL)
		return;
	struct resolver *resolver = resolve->resolver;
	struct shared *shared = resolver->shared;
	pthread_mutex_lock(&shared->mutex);
	enum place place = resolve->place;
	if (place == PLACE_QUEUE)
		DL_DELETE(shared->queue, resolve);
	else if (place == PLACE_DONE)
		DL_DELETE(shared->done, resolve);
	else if (place == PLACE_THREAD)
		resolve->is_cancelled = true;
	pthread_mutex_unlock(&shared->mutex);
	if (place == PLACE_TIMER) {
		loop_timer_stop(resolver->loop, &resolve->timer);
		DL_DELETE(resolver->numeric, resolve);
	} else {
		resolver->outstanding--;
	}
	if (place != PLACE_THREAD)
		free(resolve);
}
