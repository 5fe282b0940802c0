/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Databases as they are before anybody used them, made once: most schedules begin with these, for making them takes
 * longer than all the rest. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#define KEY "74686520686f7374" /* "the host", as the client's store names its folder */

static struct bytes history, client;

static uint64_t no_dice(void *arg, uint64_t sides)
{
	return 0;
}

static void no_trace(void *arg, unsigned what, uint64_t a, uint64_t b)
{
}

static tchat_time no_time(void *arg)
{
	return 0;
}

static void no_random(void *arg, void *bytes, size_t length)
{
	memset(bytes, 1, length);
}

static const struct environment nowhere = { no_time, no_random, NULL };

/* Forgets whose it is, and keeps a copy. */
static void take(const char *path, struct bytes *bytes)
{
	sqlite3 *handle;
	if (sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, SIM_VFS) != SQLITE_OK ||
	    sqlite3_exec(handle, "DELETE FROM meta", NULL, NULL, NULL) != SQLITE_OK || sqlite3_close(handle) != SQLITE_OK)
		abort();
	const struct disk_file *file = disk_find(path);
	bytes->data = malloc(file->now.length);
	if (bytes->data == NULL)
		abort();
	bytes->length = bytes->capacity = file->now.length;
	memcpy(bytes->data, file->now.data, file->now.length);
}

static void make_client(void)
{
	const struct client_sqlite_config config = { .environment = &nowhere, .root = "/t/c", .vfs = SIM_VFS,
		                                     .key = (const uint8_t *)"the host", .key_length = 8, .by_hand = true };
	char why[CLIENT_WHY_SIZE];
	struct client_store *store = client_sqlite_new(&config);
	if (store == NULL)
		abort();
	client_sqlite_work(store);
	if (client_sqlite_opened(store, why) != 0)
		abort();
	client_store_free(store);
}

void templates_make(void)
{
	const struct store_sqlite_config config = { .environment = &nowhere, .directory = "/t/history", .vfs = SIM_VFS,
		                                    .by_hand = true };
	char why[STORE_WHY_SIZE];
	struct store *store;
	struct disk disk;
	disk_init(&disk, "t", no_dice, no_trace, NULL);
	if (store_sqlite_open(&store, &config, why) != 0)
		abort();
	store_free(store);
	make_client();
	take("/t/history/history.db", &history);
	take("/t/c/" KEY "/0/client.db", &client);
	disk_free(&disk);
}

void templates_place(struct world *w)
{
	char path[DISK_PATH];
	disk_put("/h/history/history.db", &history);
	for (unsigned i = 0; i < w->processes; i++) {
		snprintf(path, sizeof path, "/u%u/c/" KEY "/%u/client.db", w->process[i].user, i / w->users);
		disk_put(path, &client);
	}
}
