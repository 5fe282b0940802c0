/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: name look-up on its thread. getaddrinfo() is wrapped: no test needs a network, and a look-up can
 * hang. */
#include "base/errors.h"
#include "net/loop.h"
#include "net/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the helper thread meets, under the mutex. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int lookups; /* those that came to the thread */
	bool is_hanging;
	int failure, number;
	pthread_t loop_thread;
	bool was_on_loop; /* a look-up that was not numeric blocked the loop */
} fake = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list);

/* Names answer 127.0.0.1, unless a failure is set. */
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	if (hints->ai_flags & AI_NUMERICHOST)
		return __real_getaddrinfo(node, service, hints, list);
	pthread_mutex_lock(&fake.mutex);
	fake.was_on_loop |= pthread_equal(pthread_self(), fake.loop_thread) != 0;
	fake.lookups++;
	pthread_cond_broadcast(&fake.changed);
	while (fake.is_hanging)
		pthread_cond_wait(&fake.changed, &fake.mutex);
	int failure = fake.failure;
	int number = fake.number;
	pthread_mutex_unlock(&fake.mutex);
	errno = number;
	return failure != 0 ? failure : __real_getaddrinfo("127.0.0.1", service, hints, list);
}

static void set_hanging(bool is_hanging)
{
	pthread_mutex_lock(&fake.mutex);
	fake.is_hanging = is_hanging;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.mutex);
}

static void wait_for_lookups(int count)
{
	pthread_mutex_lock(&fake.mutex);
	while (fake.lookups < count)
		pthread_cond_wait(&fake.changed, &fake.mutex);
	pthread_mutex_unlock(&fake.mutex);
}

struct fixture {
	struct loop *loop;
	struct resolver *resolver;
	int calls, err, number;
	size_t count;
	char text[NET_ADDRESS_TEXT];
	struct resolve *cancel;
	bool frees;
};

static int setup(void **state)
{
	set_hanging(false);
	fake.lookups = fake.failure = fake.number = 0;
	fake.was_on_loop = false;
	fake.loop_thread = pthread_self();
	struct fixture *f = calloc(1, sizeof *f);
	f->loop = loop_new(0);
	f->resolver = resolver_new(f->loop, -1);
	*state = f;
	return f->resolver == NULL;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	resolver_free(f->resolver);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void on_answer(void *arg, int err, int number, const struct net_address *addresses, size_t count)
{
	struct fixture *f = arg;
	f->calls++;
	f->err = err;
	f->number = number;
	f->count = count;
	if (count > 0)
		net_address_text(&addresses[0], f->text);
	resolve_cancel(f->cancel);
	f->cancel = NULL;
	if (f->frees) {
		resolver_free(f->resolver);
		f->resolver = NULL;
	}
}

static struct resolve *start(struct fixture *f, const char *node)
{
	struct resolve *resolve = NULL;
	assert_int_equal(resolve_start(f->resolver, node, "4711", on_answer, f, &resolve), 0);
	return resolve;
}

static void wait_for_calls(struct fixture *f, int count)
{
	while (f->calls < count)
		assert_int_equal(loop_run_once(f->loop, TCHAT_NEVER), 0);
}

static void a_numeric_address_needs_no_thread_and_never_answers_at_once(void **state)
{
	struct fixture *f = *state;
	start(f, "::1");
	assert_int_equal(f->calls, 0);
	loop_run_once(f->loop, TCHAT_NEVER);
	assert_int_equal(f->calls, 1);
	assert_int_equal(f->err, 0);
	assert_string_equal(f->text, "[::1]:4711");
	assert_int_equal(fake.lookups, 0);
	resolve_cancel(start(f, "127.0.0.1"));
	loop_run_once(f->loop, 0);
	assert_int_equal(f->calls, 1);
}

static void a_name_is_looked_up_off_the_loop(void **state)
{
	struct fixture *f = *state;
	start(f, "name.invalid");
	wait_for_calls(f, 1);
	assert_int_equal(f->err, 0);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->text, "127.0.0.1:4711");
	assert_false(fake.was_on_loop);
}

static void failures_are_told_apart(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int failure, number, err;
	} rows[] = {
		{ EAI_NONAME, 0, TCHAT_ERR_NAME_UNKNOWN }, { EAI_AGAIN, 0, TCHAT_ERR_NAME_AGAIN },
		{ EAI_MEMORY, 0, TCHAT_ERR_MEMORY },       { EAI_SYSTEM, EMFILE, TCHAT_ERR_LIMIT_FILES },
		{ EAI_SYSTEM, EIO, TCHAT_ERR_SYSTEM },     { EAI_SERVICE, 0, TCHAT_ERR_ARGUMENT },
	};
	for (int i = 0; i < (int)(sizeof rows / sizeof rows[0]); i++) {
		fake.failure = rows[i].failure;
		fake.number = rows[i].number;
		start(f, "name.invalid");
		wait_for_calls(f, i + 1);
		assert_int_equal(f->err, rows[i].err);
		assert_int_equal(f->number, rows[i].number);
		assert_int_equal(f->count, 0);
	}
}

static void the_queue_is_bounded_and_cancelling_makes_room(void **state)
{
	struct fixture *f = *state;
	struct resolve *all[RESOLVE_QUEUE], *more = NULL;
	set_hanging(true);
	for (int i = 0; i < RESOLVE_QUEUE; i++)
		all[i] = start(f, "name.invalid");
	assert_int_equal(resolve_start(f->resolver, "a.invalid", "1", on_answer, f, &more), TCHAT_ERR_FULL);
	resolve_cancel(all[RESOLVE_QUEUE - 1]);
	start(f, "name.invalid");
	set_hanging(false);
	wait_for_calls(f, RESOLVE_QUEUE);
	assert_int_equal(fake.lookups, RESOLVE_QUEUE);
}

static void a_cancelled_look_up_does_not_call_back_wherever_it_is(void **state)
{
	struct fixture *f = *state;
	set_hanging(true);
	struct resolve *running = start(f, "running.invalid");
	wait_for_lookups(1);
	struct resolve *queued = start(f, "queued.invalid");
	resolve_cancel(queued);
	resolve_cancel(running);
	set_hanging(false);
	struct resolve *first = start(f, "first.invalid"), *second = start(f, "second.invalid");
	wait_for_lookups(3);
	assert_non_null(first);
	f->cancel = second; /* by then done, or in the thread */
	start(f, "third.invalid");
	wait_for_calls(f, 2);
	assert_int_equal(fake.lookups, 4);
	assert_int_equal(f->calls, 2);
}

static void freeing_the_resolver_does_not_wait_for_a_look_up_that_hangs(void **state)
{
	struct fixture *f = *state;
	set_hanging(true);
	start(f, "running.invalid");
	wait_for_lookups(1);
	start(f, "queued.invalid");
	start(f, "127.0.0.2");
	resolver_free(f->resolver); /* would block for ever */
	f->resolver = resolver_new(f->loop, -1);
	set_hanging(false);
	start(f, "name.invalid");
	wait_for_calls(f, 1);
	assert_int_equal(f->calls, 1);
}

static void the_callback_may_free_the_resolver(void **state)
{
	struct fixture *f = *state;
	set_hanging(true);
	start(f, "one.invalid");
	start(f, "two.invalid");
	f->frees = true;
	set_hanging(false);
	wait_for_calls(f, 1);
	loop_run_once(f->loop, 0);
	assert_int_equal(f->calls, 1);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_numeric_address_needs_no_thread_and_never_answers_at_once),
		TEST(a_name_is_looked_up_off_the_loop),
		TEST(failures_are_told_apart),
		TEST(the_queue_is_bounded_and_cancelling_makes_room),
		TEST(a_cancelled_look_up_does_not_call_back_wherever_it_is),
		TEST(freeing_the_resolver_does_not_wait_for_a_look_up_that_hangs),
		TEST(the_callback_may_free_the_resolver),
	};
	return cmocka_run_group_tests_name("net-resolve", tests, NULL, NULL);
}
