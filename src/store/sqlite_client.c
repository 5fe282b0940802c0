/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's store as the loop sees it: everything is handed over in a queue, results come back under a mutex. */
#include "store/sqlite_client.h"

#include "base/errors.h"
#include "store/sqlite_client_inside.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { QUEUE_BYTES = 32 << 20, SETTLED_MOST = 256 };

/* What nobody waits for is gathered for so long: one flush for all of it. */
#define GATHER TCHAT_MS(500)
/* How often a full disk is tried again when nothing else is to be written. */
#define AGAIN TCHAT_SECONDS(10)

static struct sqlite_client *self_of(struct client_store *store)
{
	return (struct sqlite_client *)store;
}

/* --- Handing over */

struct client_op *client_op_new(enum client_op_type type, enum db_statement statement, const int64_t *values,
                                size_t value_count, const void *const *strings, const size_t *lengths,
                                size_t string_count)
{
	size_t size = 0;
	for (size_t i = 0; i < string_count; i++)
		size += lengths[i];
	struct client_op *op = malloc(sizeof *op + size);
	if (op == NULL)
		return NULL;
	*op = (struct client_op){
		.type = type, .statement = statement, .value_count = value_count, .string_count = string_count, .size = size
	};
	if (value_count > 0)
		memcpy(op->values, values, value_count * sizeof *values);
	char *to = op->bytes;
	for (size_t i = 0; i < string_count; i++) {
		op->lengths[i] = lengths[i];
		if (lengths[i] > 0)
			memcpy(to, strings[i], lengths[i]);
		to += lengths[i];
	}
	return op;
}

/* Somebody waits for it, or will do soon: a session sends no more than so many posts before it is stored what became of
 * the first. */
static bool is_urgent(const struct sqlite_client *client, const struct client_op *op)
{
	return op->type == CLIENT_ADD || op->type == CLIENT_CANCEL || op->type == CLIENT_READ ||
	       op->lowest >= client->outbox.settled + SETTLED_MOST;
}

void client_op_put(struct sqlite_client *client, struct client_op *op)
{
	size_t size = sizeof *op + op->size;
	op->next = NULL;
	pthread_mutex_lock(&client->mutex);
	/* The disk stands still: what can be had from the host again is not kept. */
	if (op->type == CLIENT_MESSAGE && client->queued > QUEUE_BYTES) {
		pthread_mutex_unlock(&client->mutex);
		free(op);
		return;
	}
	if (client->first == NULL)
		client->since = clock_monotonic();
	*client->last = op;
	client->last = &op->next;
	client->queued += size;
	client->urgent = client->urgent || is_urgent(client, op);
	if (client->urgent || client->first == op)
		pthread_cond_signal(&client->awake);
	pthread_mutex_unlock(&client->mutex);
}

/* When memory is out, it is not kept: the next one of its kind repairs that, or the host has it still. */
static void hand_over(struct sqlite_client *client, enum client_op_type type, enum db_statement statement,
                      const int64_t *values, size_t value_count, const void *const *strings, const size_t *lengths,
                      size_t string_count)
{
	struct client_op *op;
	if (client->gone)
		return;
	op = client_op_new(type, statement, values, value_count, strings, lengths, string_count);
	if (op != NULL)
		client_op_put(client, op);
}

/* --- Rooms and messages */

static struct client_row *client_row(struct client_store *store, bool direct, const char *fold, const char *name)
{
	struct sqlite_client *client = self_of(store);
	for (size_t i = 0; i < client->row_count; i++)
		if (client->rows[i]->direct == direct && strcmp(client->rows[i]->fold, fold) == 0)
			return client->rows[i];
	struct client_row *row = client->row_count < CLIENT_ROWS_MOST ? calloc(1, sizeof *row) : NULL;
	struct client_row **rows = NULL;
	if (row != NULL && strlen(fold) < sizeof row->fold && strlen(name) < sizeof row->name)
		rows = realloc(client->rows, (client->row_count + 1) * sizeof *rows);
	if (rows == NULL) {
		free(row);
		return NULL;
	}
	client->rows = rows;
	row->row = client->row_count == 0 ? 1 : rows[client->row_count - 1]->row + 1;
	row->direct = direct;
	strcpy(row->fold, fold);
	strcpy(row->name, name);
	rows[client->row_count++] = row;
	return row;
}

static void client_keep(struct client_store *store, const struct client_row *row)
{
	const int64_t values[] = { row->row, row->direct, (int64_t)row->room, (int64_t)row->epoch, (int64_t)row->seq,
		                   row->has_id, (int64_t)row->id.device, (int64_t)row->id.counter, (int64_t)row->read };
	const void *const strings[] = { row->name, row->fold };
	const size_t lengths[] = { strlen(row->name), strlen(row->fold) };
	hand_over(self_of(store), CLIENT_STATEMENT, SQL_CLIENT_ROW, values, 9, strings, lengths, 2);
}

static void client_forget(struct client_store *store, const struct client_row *row)
{
	const int64_t values[] = { db_record(row->row, 0), db_record(row->row + 1, 0) };
	hand_over(self_of(store), CLIENT_STATEMENT, SQL_CLIENT_MESSAGES_FORGET, values, 2, NULL, NULL, 0);
}

static void client_message(struct client_store *store, const struct client_row *row, uint64_t time, uint64_t target,
                           const void *record, size_t length)
{
	const int64_t values[] = { db_record(row->row, row->seq), (int64_t)time, row->row, (int64_t)row->seq,
		                   (int64_t)row->id.device, (int64_t)row->id.counter,
		                   target != 0 ? db_record(row->row, target) : 0 };
	hand_over(self_of(store), CLIENT_MESSAGE, SQL_CLIENT_MESSAGE_ADD, values, 7, &record, &length, 1);
}

static void client_own(struct client_store *store, const struct client_own *own)
{
	const int64_t values[] = { (int64_t)own->counter, own->row, own->kind, (int64_t)own->epoch, (int64_t)own->seq,
		                   (int64_t)own->time };
	const void *text = own->text;
	hand_over(self_of(store), CLIENT_STATEMENT, SQL_CLIENT_OWN, values, 6, &text, &own->length, 1);
}

static void client_disown(struct client_store *store, uint64_t counter)
{
	const int64_t value = (int64_t)counter;
	hand_over(self_of(store), CLIENT_STATEMENT, SQL_CLIENT_DISOWN, &value, 1, NULL, NULL, 0);
}

static void client_know(struct client_store *store, uint64_t device, const uint8_t host[WIRE_KEY_SIZE])
{
	const int64_t values[] = { (int64_t)device, (int64_t)wire_get(host, 8), (int64_t)wire_get(host + 8, 8) };
	if (store->device == device && memcmp(store->host, host, WIRE_KEY_SIZE) == 0)
		return;
	hand_over(self_of(store), CLIENT_STATEMENT, SQL_CLIENT_KNOW, values, 3, NULL, NULL, 0);
	store->device = device;
	memcpy(store->host, host, WIRE_KEY_SIZE);
}

/* --- Reading, and what was done */

/* The mutex is held. */
static void add_read(struct client_results *results, struct client_read *read)
{
	read->next = NULL;
	*results->last_read = read;
	results->last_read = &read->next;
	results->news = true;
}

static void client_read_records(struct client_store *store, struct client_read *read)
{
	struct sqlite_client *client = self_of(store);
	const int64_t values[] = { db_record(read->row, 0),
		                   read->before == 0 ? db_record(read->row + 1, 0) : db_record(read->row, read->before),
		                   (int64_t)read->limit + 1 };
	buffer_init(&read->records, (size_t)64 << 20);
	buffer_init(&read->changes, (size_t)1 << 20);
	read->more = false;
	read->error = TCHAT_ERR_BUSY;
	struct client_op *op = client_op_new(CLIENT_READ, SQL_CLIENT_MESSAGES_BEFORE, values, 3, NULL, NULL, 0);
	if (op != NULL && !client->gone) {
		op->read = read;
		client_op_put(client, op);
		return;
	}
	free(op);
	pthread_mutex_lock(&client->mutex);
	add_read(&client->results, read);
	pthread_mutex_unlock(&client->mutex);
	if (client->writer.config.wake != NULL)
		client->writer.config.wake(client->writer.config.arg);
}

static struct client_read *client_completed(struct client_store *store)
{
	struct sqlite_client *client = self_of(store);
	pthread_mutex_lock(&client->mutex);
	struct client_results *results = &client->results;
	client->gone = client->gone || results->trouble == TCHAT_ERR_STORE;
	client_outbox_results(client);
	results->news = false;
	struct client_read *read = results->reads;
	if (read != NULL)
		results->reads = read->next;
	if (results->reads == NULL)
		results->last_read = &results->reads;
	pthread_mutex_unlock(&client->mutex);
	return read;
}

/* --- The writer's thread */

/* Hands on what came of it. Returns whether there are any news that were not told. */
static bool report(struct sqlite_client *client, struct client_results *now)
{
	pthread_mutex_lock(&client->mutex);
	struct client_results *results = &client->results;
	bool told = results->news;
	if (now->safe > results->safe)
		results->safe = now->safe;
	if (now->settled > results->settled)
		results->settled = now->settled;
	if (now->cancelled > results->cancelled)
		results->cancelled = now->cancelled;
	if (now->trouble != results->trouble) {
		results->trouble = now->trouble;
		memcpy(results->why, now->why, sizeof results->why);
		now->news = true;
	}
	results->news = results->news || now->news;
	for (struct client_read *read = now->reads, *next; read != NULL; read = next) {
		next = read->next;
		add_read(results, read);
	}
	bool news = results->news && !told;
	pthread_mutex_unlock(&client->mutex);
	return news;
}

static void work(struct sqlite_client *client, struct client_op *list)
{
	struct client_results now = { .last_read = &now.reads };
	int result = client_writer_group(&client->writer, list, &now);
	if (result != SQLITE_OK) {
		sqlite3 *handle = client->writer.db.handle;
		bool same = handle != NULL && sqlite3_extended_errcode(handle) == result;
		snprintf(now.why, sizeof now.why, "%.300s: %.200s", client->writer.folder.path,
		         same ? sqlite3_errmsg(handle) : sqlite3_errstr(result));
	}
	if (report(client, &now) && client->writer.config.wake != NULL)
		client->writer.config.wake(client->writer.config.arg);
}

static int open_now(struct sqlite_client *client)
{
	char why[CLIENT_WHY_SIZE] = "";
	int err = client_open(client, why);
	pthread_mutex_lock(&client->mutex);
	client->results.opened = err;
	memcpy(client->results.why, why, sizeof why);
	pthread_mutex_unlock(&client->mutex);
	if (client->writer.config.wake != NULL)
		client->writer.config.wake(client->writer.config.arg);
	return err;
}

static struct client_op *take_all(struct sqlite_client *client)
{
	struct client_op *list = client->first;
	client->first = NULL;
	client->last = &client->first;
	client->queued = 0;
	client->urgent = false;
	return list;
}

/* What there is to do. False at the end. */
static bool next_work(struct sqlite_client *client, struct client_op **list)
{
	pthread_mutex_lock(&client->mutex);
	tchat_time again = client->writer.redo != NULL ? clock_monotonic() + AGAIN : TCHAT_NEVER;
	for (;;) {
		tchat_time now = clock_monotonic(), due = again;
		if (client->first != NULL && client->since + GATHER < due)
			due = client->since + GATHER;
		if (client->stop || client->urgent || now >= due)
			break;
		struct timespec time = { (time_t)(due / 1000000), (long)(due % 1000000) * 1000 };
		if (due == TCHAT_NEVER)
			pthread_cond_wait(&client->awake, &client->mutex);
		else
			pthread_cond_timedwait(&client->awake, &client->mutex, &time);
	}
	*list = take_all(client);
	bool goes_on = *list != NULL || !client->stop;
	pthread_mutex_unlock(&client->mutex);
	return goes_on;
}

static void *thread_main(void *arg)
{
	struct sqlite_client *client = arg;
	struct client_op *list;
	if (open_now(client) != 0)
		return NULL;
	client_slots_prune(&client->writer);
	while (next_work(client, &list))
		work(client, list);
	return NULL;
}

void client_sqlite_work(struct client_store *store)
{
	struct sqlite_client *client = self_of(store);
	if (client->results.opened == TCHAT_ERR_AGAIN && open_now(client) == 0)
		client_slots_prune(&client->writer);
	struct client_op *list = take_all(client);
	if (client->results.opened == 0 && (list != NULL || client->writer.redo != NULL))
		work(client, list);
	else
		client_ops_free(list);
}

/* --- Life */

static void client_free(struct client_store *store)
{
	struct sqlite_client *client = self_of(store);
	if (client->runs) {
		pthread_mutex_lock(&client->mutex);
		client->stop = true;
		pthread_cond_signal(&client->awake);
		pthread_mutex_unlock(&client->mutex);
		pthread_join(client->thread, NULL);
	}
	client->writer.config.wake = NULL;
	if (client->results.opened == 0 && (client->first != NULL || client->writer.redo != NULL))
		work(client, take_all(client)); /* by hand, or put while the thread ended */
	client_ops_free(take_all(client));
	client_ops_free(client->writer.redo);
	client_close(client);
	if (client->outbox.memory != NULL)
		client->outbox.memory->free(client->outbox.memory);
	for (size_t i = 0; i < client->row_count; i++)
		free(client->rows[i]);
	free(client->rows);
	free(client->own);
	free(client->own_text);
	pthread_cond_destroy(&client->awake);
	pthread_mutex_destroy(&client->mutex);
	explicit_bzero(client->store.salt, sizeof client->store.salt);
	free(client);
}

static const struct client_store_operations operations = {
	.row = client_row,
	.keep = client_keep,
	.forget = client_forget,
	.message = client_message,
	.own = client_own,
	.disown = client_disown,
	.know = client_know,
	.read = client_read_records,
	.completed = client_completed,
	.free = client_free,
};

static void configure(struct client_writer *writer, const struct client_sqlite_config *config)
{
	struct client_sqlite_config *c = &writer->config;
	*c = *config;
	c->posts = c->posts != 0 ? c->posts : 65536;
	c->post_bytes = c->post_bytes != 0 ? c->post_bytes : (size_t)64 << 20;
	c->cache_count = c->cache_count != 0 ? c->cache_count : 50000;
	c->cache_bytes = c->cache_bytes != 0 ? c->cache_bytes : (uint64_t)64 << 20;
	c->cache_age = c->cache_age != 0 ? c->cache_age : TCHAT_SECONDS(180 * 86400ull);
	c->hosts = c->hosts != 0 ? c->hosts : 64;
	writer->environment = c->environment != NULL ? c->environment : &environment_system;
	snprintf(writer->root, sizeof writer->root, "%s", config->root);
	snprintf(writer->vfs, sizeof writer->vfs, "%s", config->vfs != NULL ? config->vfs : "");
	snprintf(writer->label, sizeof writer->label, "%s", config->label != NULL ? config->label : "");
	memcpy(writer->key, config->key, config->key_length);
	writer->folder.fd = writer->folder.lock = -1;
	writer->last_redo = &writer->redo;
}

/* Signals are for the thread that has the loop. */
static bool start_thread(struct sqlite_client *client)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	client->runs = pthread_create(&client->thread, NULL, thread_main, client) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return client->runs;
}

struct client_store *client_sqlite_new(const struct client_sqlite_config *config)
{
	if (config->key_length > CLIENT_KEY_MOST || strlen(config->root) >= FOLDER_PATH)
		return NULL;
	struct sqlite_client *client = calloc(1, sizeof *client);
	if (client == NULL)
		return NULL;
	pthread_condattr_t clock;
	client->store.operations = &operations;
	client->last = &client->first;
	client->results.last_read = &client->results.reads;
	client->results.opened = TCHAT_ERR_AGAIN;
	configure(&client->writer, config);
	pthread_mutex_init(&client->mutex, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&client->awake, &clock);
	pthread_condattr_destroy(&clock);
	if (client_outbox_init(client, client->writer.config.posts, client->writer.config.post_bytes) == 0 &&
	    (config->by_hand || start_thread(client)))
		return &client->store;
	client_free(&client->store);
	return NULL;
}

int client_sqlite_opened(struct client_store *store, char why[CLIENT_WHY_SIZE])
{
	struct sqlite_client *client = self_of(store);
	pthread_mutex_lock(&client->mutex);
	int opened = client->results.opened;
	memcpy(why, client->results.why, CLIENT_WHY_SIZE);
	pthread_mutex_unlock(&client->mutex);
	return opened;
}

int client_sqlite_trouble(struct client_store *store, char why[CLIENT_WHY_SIZE])
{
	struct sqlite_client *client = self_of(store);
	pthread_mutex_lock(&client->mutex);
	int trouble = client->results.trouble;
	memcpy(why, client->results.why, CLIENT_WHY_SIZE);
	pthread_mutex_unlock(&client->mutex);
	return trouble;
}
