/* SPDX-License-Identifier: GPL-3.0-or-later */
/* system: what others can get of the memory of a process. */
#include "system/secrecy.h"

#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

/* In a child, for it cannot be taken back: what to look at then. */
static int in_a_secret_process(bool (*look)(bool hidden))
{
	int status = -1;
	pid_t child = fork();
	if (child == 0)
		_exit(look(secrecy_start()) ? 0 : 1);
	assert_true(waitpid(child, &status, 0) == child);
	return status;
}

static bool no_core(bool hidden)
{
	struct rlimit limit;
	return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0;
}

static void the_process_leaves_no_core(void **state)
{
	assert_int_equal(in_a_secret_process(no_core), 0);
}

/* The system keeps the files in /proc from others of the account, and refuses to trace it. */
static bool as_it_says(bool hidden)
{
#ifdef PR_GET_DUMPABLE
	return (prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) == 0) == hidden;
#else
	return !hidden;
#endif
}

static void the_process_is_hidden_where_it_says_so(void **state)
{
	assert_int_equal(in_a_secret_process(as_it_says), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_process_leaves_no_core),
		cmocka_unit_test(the_process_is_hidden_where_it_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
