/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: what a history's file holds, hosts that are killed, and what was decided about a post. */
#ifndef TCHAT_TESTS_STORE_SQL_H
#define TCHAT_TESTS_STORE_SQL_H

#include "store-folder.h"

#include <sys/wait.h>

#include <sqlite3.h>

static inline int64_t sql_number(const struct place *place, const char *text)
{
	sqlite3 *handle;
	sqlite3_stmt *statement;
	assert_int_equal(sqlite3_open(place->database, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, text, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return number;
}

static inline off_t file_size(const struct place *place, const char *name)
{
	char path[512];
	struct stat status;
	snprintf(path, sizeof path, "%s/%s", place->path, name);
	return stat(path, &status) == 0 ? status.st_size : -1;
}

/* Ends as if by SIGKILL, in a process of its own, after the work. */
static inline void killed_after(const struct place *place, struct store_sqlite_config config,
                                void (*work)(struct store *store))
{
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		work(place_open(place, config));
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static inline void expect_outcome(struct store *store, uint64_t room, uint64_t counter, const char *text, int refusal,
                                  enum store_outcome outcome, uint64_t seq)
{
	struct round *r = round_new(room, 0);
	struct store_post *p = round_add(r, 0, 7, counter, KIND_TEXT, text, refusal);
	run(store, &r->batch.request, 0);
	assert_int_equal(p->outcome, outcome);
	assert_int_equal(p->seq, seq);
	if (outcome == STORE_REFUSED)
		assert_int_equal(p->code, -TCHAT_ERR_TOO_LONG);
	round_free(r);
}

#endif
