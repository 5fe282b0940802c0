/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The durable store: queues to its two threads and back, and nothing else that they share. */
#include "store/sqlite.h"

#include "base/errors.h"
#include "base/intl.h"
#include "store/sqlite_inside.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- Queues; the mutex is held */

static void queue_init(struct sqlite_queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void queue_put(struct sqlite_queue *queue, struct store_request *request)
{
	request->next = NULL;
	*queue->last = request;
	queue->last = &request->next;
}

static struct store_request *queue_take_all(struct sqlite_queue *queue)
{
	struct store_request *first = queue->first;
	queue_init(queue);
	return first;
}

/* --- Completions */

static void store_fail(struct sqlite_store *store, const struct db *db, int result)
{
	pthread_mutex_lock(&store->mutex);
	if (!store->failed)
		snprintf(store->failure, sizeof store->failure, "%.300s: %.200s", store->folder.path,
		         db->handle != NULL && sqlite3_extended_errcode(db->handle) == result ? sqlite3_errmsg(db->handle) :
		                                                                                sqlite3_errstr(result));
	store->failed = true;
	pthread_mutex_unlock(&store->mutex);
}

static bool store_failed(struct sqlite_store *store)
{
	pthread_mutex_lock(&store->mutex);
	bool failed = store->failed;
	pthread_mutex_unlock(&store->mutex);
	return failed;
}

/* Hands the list to the loop; wake: also when there is nothing to hand over. */
static void deliver(struct sqlite_store *store, struct store_request *list, bool wake)
{
	pthread_mutex_lock(&store->mutex);
	wake = wake || (list != NULL && store->done.first == NULL);
	while (list != NULL) {
		struct store_request *next = list->next;
		if (list->error == SQLITE_RELEASE)
			free(list);
		else
			queue_put(&store->done, list);
		list = next;
	}
	void (*callback)(void *arg) = store->callback;
	void *arg = store->callback_arg;
	pthread_mutex_unlock(&store->mutex);
	if (wake && callback != NULL)
		callback(arg);
}

/* --- The writer's thread */

static void refuse_all(struct store_request *list)
{
	for (; list != NULL; list = list->next)
		if (list->error != SQLITE_RELEASE)
			list->error = list->type == STORE_BATCH || list->type == STORE_RECORD ? TCHAT_ERR_SYSTEM : TCHAT_ERR_BUSY;
}

static void wait_until(struct sqlite_store *store, tchat_time when)
{
	if (when == TCHAT_NEVER) {
		pthread_cond_wait(&store->writer_wake, &store->mutex);
		return;
	}
	struct timespec time = { (time_t)(when / 1000000), (long)(when % 1000000) * 1000 };
	pthread_cond_timedwait(&store->writer_wake, &store->mutex, &time);
}

/* What queued, and new limits with it. The mutex is held. */
static struct store_request *writer_take(struct sqlite_store *store)
{
	struct sqlite_writer *writer = &store->writer;
	if (store->keep_changed) {
		writer->config.keep_count = store->keep_count;
		writer->config.keep_age = store->keep_age;
		writer->config.keep_bytes = store->keep_bytes;
		writer->keep_more = true;
		store->keep_changed = false;
	}
	return queue_take_all(&store->writes);
}

/* What there is to do: requests, or NULL when only idle work is due; false at the end. */
static bool writer_next(struct sqlite_store *store, tchat_time idle, struct store_request **list)
{
	pthread_mutex_lock(&store->mutex);
	while (!store->stop && store->writes.first == NULL && !store->keep_changed && clock_monotonic() < idle)
		wait_until(store, idle);
	*list = writer_take(store);
	bool goes_on = !store->stop;
	pthread_mutex_unlock(&store->mutex);
	return goes_on || *list != NULL;
}

/* One turn: the requests, or what is due without any. Returns when the next one is due without any. */
static tchat_time writer_turn(struct sqlite_store *store, struct store_request *list)
{
	struct sqlite_writer *writer = &store->writer;
	if (store_failed(store)) {
		refuse_all(list);
		deliver(store, list, false);
		return TCHAT_NEVER;
	}
	int result = list != NULL ? sqlite_writer_group(writer, list) : SQLITE_OK;
	if (result != SQLITE_OK)
		store_fail(store, &writer->db, result);
	deliver(store, list, result != SQLITE_OK);
	if (result != SQLITE_OK)
		return TCHAT_NEVER;
	result = sqlite_writer_checkpoint(writer);
	pthread_mutex_lock(&store->mutex);
	bool nobody_waits = store->writes.first == NULL && !store->stop;
	pthread_mutex_unlock(&store->mutex);
	tchat_time idle = 0;
	if (result == SQLITE_OK && nobody_waits)
		result = sqlite_writer_idle(writer, clock_monotonic(), &idle);
	else if (result == SQLITE_OK && !writer->config.by_hand && sqlite_index_is_due(&writer->index, clock_monotonic()))
		result = sqlite_index_step(writer);
	if (result == SQLITE_OK)
		return idle;
	store_fail(store, &writer->db, result);
	deliver(store, NULL, true);
	return TCHAT_NEVER;
}

static void *writer_main(void *arg)
{
	struct sqlite_store *store = arg;
	tchat_time idle = 0;
	struct store_request *list;
	while (writer_next(store, idle, &list))
		idle = writer_turn(store, list);
	return NULL;
}

/* --- The reader's thread */

/* The mutex is held, and there is a reading; it is given back in between. */
static void reader_turn(struct sqlite_store *store)
{
	struct store_request *request = store->reads.first;
	store->reads.first = request->next;
	if (store->reads.first == NULL)
		store->reads.last = &store->reads.first;
	bool failed = store->failed;
	pthread_mutex_unlock(&store->mutex);
	request->next = NULL;
	struct store_read *read = (struct store_read *)request;
	int result = SQLITE_OK;
	read->records = NULL;
	request->error = TCHAT_ERR_BUSY;
	if (!failed)
		result = sqlite_read(&store->reader, read);
	if (result != SQLITE_OK)
		store_fail(store, &store->reader, result);
	deliver(store, request, result != SQLITE_OK);
	pthread_mutex_lock(&store->mutex);
}

static void *reader_main(void *arg)
{
	struct sqlite_store *store = arg;
	pthread_mutex_lock(&store->mutex);
	while (!store->stop)
		if (store->reads.first != NULL)
			reader_turn(store);
		else
			pthread_cond_wait(&store->reader_wake, &store->mutex);
	pthread_mutex_unlock(&store->mutex);
	return NULL;
}

/* --- The backup's thread, which ends with its one request */

bool sqlite_store_stops(struct sqlite_store *store)
{
	pthread_mutex_lock(&store->mutex);
	bool stops = store->stop;
	pthread_mutex_unlock(&store->mutex);
	return stops;
}

static void *backup_main(void *arg)
{
	struct sqlite_store *store = arg;
	struct store_backup *backup = store->backup;
	sqlite_backup(store, backup);
	pthread_mutex_lock(&store->mutex);
	store->backup = NULL;
	pthread_mutex_unlock(&store->mutex);
	deliver(store, &backup->request, false);
	return NULL;
}

static void backup_join(struct sqlite_store *store)
{
	if (store->backup_runs)
		pthread_join(store->backup_thread, NULL);
	store->backup_runs = false;
}

static void start_backup(struct sqlite_store *store, struct store_backup *request)
{
	sigset_t all, old;
	pthread_mutex_lock(&store->mutex);
	bool busy = store->backup != NULL;
	pthread_mutex_unlock(&store->mutex);
	request->request.next = NULL;
	if (busy) {
		request->request.error = TCHAT_ERR_BUSY;
		deliver(store, &request->request, false);
		return;
	}
	backup_join(store);
	store->backup = request;
	if (store->writer.config.by_hand) {
		backup_main(store);
		return;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int number = pthread_create(&store->backup_thread, NULL, backup_main, store);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	store->backup_runs = number == 0;
	if (number == 0)
		return;
	store->backup = NULL;
	request->request.error = TCHAT_ERR_SYSTEM;
	snprintf(request->why, sizeof request->why, "%s", strerror(number));
	deliver(store, &request->request, false);
}

/* --- By hand */

tchat_time store_sqlite_write(struct store *base)
{
	struct sqlite_store *store = (struct sqlite_store *)base;
	pthread_mutex_lock(&store->mutex);
	struct store_request *list = writer_take(store);
	pthread_mutex_unlock(&store->mutex);
	return writer_turn(store, list);
}

bool store_sqlite_read(struct store *base)
{
	struct sqlite_store *store = (struct sqlite_store *)base;
	pthread_mutex_lock(&store->mutex);
	bool any = store->reads.first != NULL;
	if (any)
		reader_turn(store);
	pthread_mutex_unlock(&store->mutex);
	return any;
}

/* --- The loop's side */

static void sqlite_submit(struct store *base, struct store_request *request)
{
	struct sqlite_store *store = (struct sqlite_store *)base;
	bool read = request->type == STORE_READ;
	if (request->type == STORE_BACKUP) {
		start_backup(store, (struct store_backup *)request);
		return;
	}
	pthread_mutex_lock(&store->mutex);
	request->error = 0;
	queue_put(read ? &store->reads : &store->writes, request);
	pthread_cond_signal(read ? &store->reader_wake : &store->writer_wake);
	pthread_mutex_unlock(&store->mutex);
}

static struct store_request *sqlite_completed(struct store *base)
{
	struct sqlite_store *store = (struct sqlite_store *)base;
	pthread_mutex_lock(&store->mutex);
	struct store_request *request = store->done.first;
	if (request != NULL)
		store->done.first = request->next;
	if (store->done.first == NULL)
		store->done.last = &store->done.first;
	pthread_mutex_unlock(&store->mutex);
	return request;
}

/* When memory is out, it stays in use: that costs a place, and nothing else. */
static void sqlite_release(struct store *base, enum store_type type, uint64_t id)
{
	struct sqlite_store *store = (struct sqlite_store *)base;
	struct sqlite_release *release = malloc(sizeof *release);
	if (release == NULL)
		return;
	*release = (struct sqlite_release){ { .type = type, .error = SQLITE_RELEASE }, id };
	pthread_mutex_lock(&store->mutex);
	queue_put(&store->writes, &release->request); /* no hurry: with the next request */
	pthread_mutex_unlock(&store->mutex);
}

static void sqlite_wake(struct store *base, void (*callback)(void *arg), void *arg)
{
	struct sqlite_store *store = (struct sqlite_store *)base;
	pthread_mutex_lock(&store->mutex);
	store->callback = callback;
	store->callback_arg = arg;
	pthread_mutex_unlock(&store->mutex);
}

static void sqlite_free(struct store *base)
{
	struct sqlite_store *store = (struct sqlite_store *)base;
	pthread_mutex_lock(&store->mutex);
	store->stop = true;
	store->callback = NULL;
	pthread_cond_signal(&store->writer_wake);
	pthread_cond_signal(&store->reader_wake);
	pthread_mutex_unlock(&store->mutex);
	if (store->writer_runs)
		pthread_join(store->writer_thread, NULL);
	if (store->reader_runs)
		pthread_join(store->reader_thread, NULL);
	backup_join(store);
	if (store->writer.config.by_hand && store->opened)
		writer_turn(store, queue_take_all(&store->writes)); /* as the thread does at its end */
	for (struct store_request *request = store->writes.first, *next; request != NULL; request = next) {
		next = request->next;
		if (request->error == SQLITE_RELEASE)
			free(request);
	}
	for (struct store_request *request = store->done.first; request != NULL; request = request->next)
		if (request->type == STORE_READ) {
			block_give(((struct store_read *)request)->records);
			((struct store_read *)request)->records = NULL;
		}
	sqlite_store_close(store, !store->failed && store->opened);
	sqlite_writer_free(&store->writer);
	pthread_cond_destroy(&store->writer_wake);
	pthread_cond_destroy(&store->reader_wake);
	pthread_mutex_destroy(&store->mutex);
	free(store);
}

static const struct store_operations sqlite_operations = {
	sqlite_submit, sqlite_completed, sqlite_release, sqlite_wake, sqlite_free, sqlite_records,
};

/* --- Opening */

static void config_default(struct store_sqlite_config *config)
{
	if (config->environment == NULL)
		config->environment = &environment_system;
	if (config->rooms == 0)
		config->rooms = 65536;
	if (config->devices == 0)
		config->devices = 131072;
	if (config->open_devices == 0)
		config->open_devices = 32768;
	if (config->outcomes == 0)
		config->outcomes = 1024;
	if (config->records == 0)
		config->records = 65536;
}

static int log_grew(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct sqlite_writer *writer = arg;
	writer->log_pages = pages;
	return SQLITE_OK;
}

/* Signals are for the thread that has the loop. */
static int start_threads(struct sqlite_store *store)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int number = pthread_create(&store->writer_thread, NULL, writer_main, store);
	store->writer_runs = number == 0;
	if (number == 0)
		number = pthread_create(&store->reader_thread, NULL, reader_main, store);
	store->reader_runs = store->writer_runs && number == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return number;
}

static struct sqlite_store *sqlite_new(const struct store_sqlite_config *config)
{
	struct sqlite_store *store = calloc(1, sizeof *store);
	if (store == NULL)
		return NULL;
	pthread_condattr_t clock;
	store->store.operations = &sqlite_operations;
	store->folder.fd = store->folder.lock = -1;
	store->writer.config = *config;
	config_default(&store->writer.config);
	store->writer.environment = store->writer.config.environment;
	store->writer.keep_more = true; /* the limits may be new */
	sqlite_index_init(&store->writer.index);
	queue_init(&store->writes);
	queue_init(&store->reads);
	queue_init(&store->done);
	pthread_mutex_init(&store->mutex, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&store->writer_wake, &clock);
	pthread_cond_init(&store->reader_wake, &clock);
	pthread_condattr_destroy(&clock);
	return store;
}

int store_sqlite_open(struct store **out, const struct store_sqlite_config *config, char why[STORE_WHY_SIZE])
{
	struct sqlite_store *store = sqlite_new(config);
	*out = NULL;
	if (store == NULL) {
		snprintf(why, STORE_WHY_SIZE, "%s", tchat_err_text(TCHAT_ERR_MEMORY));
		return TCHAT_ERR_MEMORY;
	}
	int err = sqlite_store_open(store, why);
	if (err == 0) {
		sqlite3_wal_hook(store->writer.db.handle, log_grew, &store->writer);
		int number = config->by_hand ? 0 : start_threads(store);
		store->opened = number == 0;
		if (number != 0) {
			snprintf(why, STORE_WHY_SIZE, "%s", strerror(number));
			err = TCHAT_ERR_SYSTEM;
		}
	}
	if (err == 0)
		*out = &store->store;
	else
		sqlite_free(&store->store);
	return err;
}

void store_sqlite_identity(struct store *base, struct store_identity *identity)
{
	*identity = ((struct sqlite_store *)base)->identity;
}

void store_sqlite_keep(struct store *base, uint64_t count, tchat_time age, uint64_t bytes)
{
	struct sqlite_store *store = (struct sqlite_store *)base;
	pthread_mutex_lock(&store->mutex);
	store->keep_count = count;
	store->keep_age = age;
	store->keep_bytes = bytes;
	store->keep_changed = true;
	pthread_cond_signal(&store->writer_wake);
	pthread_mutex_unlock(&store->mutex);
}

const char *store_sqlite_failure(struct store *base)
{
	struct sqlite_store *store = (struct sqlite_store *)base;
	return store_failed(store) ? store->failure : NULL;
}
