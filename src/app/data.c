/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chooses the store. */
#include "app/data.h"

#include "app/exit_status.h"
#include "base/errors.h"
#include "base/intl.h"
#include "store/memory.h"

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static int open_memory(struct data *data, char why[DATA_WHY])
{
	data->store = store_memory_new(&(struct store_memory_config){ 0 });
	if (data->store != NULL)
		return 0;
	snprintf(why, DATA_WHY, "%s", tchat_err_text(TCHAT_ERR_MEMORY));
	return EXIT_STATUS_SYSTEM;
}

/* Asked for here and now, and not to be had without a place. */
static bool needs_place(const struct options *options)
{
	return options->source[SETTING_KEEP] == FROM_COMMAND_LINE || options->durability == KEEP_PROCESS;
}

#ifdef HAVE_SQLITE
#include "app/data_place.h"
#include "store/sqlite.h"

_Static_assert((int)DATA_WHY >= (int)STORE_WHY_SIZE, "a store's reason has to fit");

/* Longer than a host takes that ends: see SERVICE_FLUSH. */
#define PATIENCE TCHAT_SECONDS(4)
enum { PATIENCE_STEP_NS = 20000000 };

static int status_of(int err)
{
	switch (err) {
	case 0: return 0;
	case TCHAT_ERR_IN_USE: return EXIT_STATUS_UNAVAILABLE;
	case TCHAT_ERR_PERMISSION:
	case TCHAT_ERR_ARGUMENT: return EXIT_STATUS_CONFIG;
	default: return EXIT_STATUS_SYSTEM;
	}
}

static int open_durable(struct data *data, const struct options *options, char why[DATA_WHY])
{
	const struct store_sqlite_config config = {
		.directory = data->path,
		.durability = options->durability == KEEP_PROCESS ? STORE_PROCESS : STORE_FULL,
		.keep_count = options->keep.count,
		.keep_age = options->keep.age,
		.keep_bytes = options->keep.bytes,
	};
	tchat_time until = clock_monotonic() + PATIENCE;
	int err;
	while ((err = store_sqlite_open(&data->store, &config, why)) == TCHAT_ERR_IN_USE && clock_monotonic() < until)
		nanosleep(&(struct timespec){ .tv_nsec = PATIENCE_STEP_NS }, NULL);
	if (err != 0)
		return status_of(err);
	data->durable = true;
	store_sqlite_identity(data->store, &data->identity);
	return 0;
}

/* A history that nobody asked for must not keep people from talking when there is no place for it; a place that is
 * there and that others may write to is another matter. */
static int choose_default(struct data *data, const struct options *options, char why[DATA_WHY])
{
	char path[PATHS_MAX];
	int err = data_place(options->hosts[0], path), number = errno;
	if (err == TCHAT_ERR_PERMISSION) {
		snprintf(why, DATA_WHY, _("%.300s: it is not yours alone (chmod go-w), or use --data"), path);
		return EXIT_STATUS_CONFIG;
	}
	if (err == 0)
		memcpy(data->path, path, sizeof path);
	if (data->path[0] != '\0')
		return 0;
	if (needs_place(options)) {
		snprintf(why, DATA_WHY, "%s", _("--keep and --durability: this host has no place for a history; use --data"));
		return EXIT_STATUS_USAGE;
	}
	if (err == TCHAT_ERR_NOT_FOUND)
		snprintf(data->note, DATA_WHY, "%s", _("messages will end with this host: there is no home folder to keep them in"));
	else if (err != 0)
		snprintf(data->note, DATA_WHY, _("messages will end with this host: %.300s: %.100s"), path,
		         err == TCHAT_ERR_SYSTEM ? strerror(number) : tchat_err_text(err));
	return 0;
}

/* Whether a folder is missing that this one would be made in: its path. */
static bool lacks_parent(const char *path, char parent[PATHS_MAX])
{
	struct stat status;
	snprintf(parent, PATHS_MAX, "%s", path);
	size_t length = strlen(parent);
	while (length > 1 && parent[length - 1] == '/')
		parent[--length] = '\0';
	while (length > 0 && parent[length - 1] != '/')
		parent[--length] = '\0';
	while (length > 0 && parent[length - 1] == '/')
		parent[--length] = '\0';
	if (length == 0) /* the root, or where we are */
		return false;
	return stat(parent, &status) != 0 && errno == ENOENT;
}

static int choose_named(struct data *data, const char *path, char why[DATA_WHY])
{
	char parent[PATHS_MAX];
	if (snprintf(data->path, sizeof data->path, "%s", path) >= (int)sizeof data->path) {
		snprintf(why, DATA_WHY, "--data: %s", tchat_err_text(TCHAT_ERR_TOO_LONG));
		return EXIT_STATUS_USAGE;
	}
	if (!lacks_parent(path, parent))
		return 0;
	snprintf(why, DATA_WHY, _("--data: there is no folder %.300s; make it first"), parent);
	return EXIT_STATUS_SYSTEM;
}

void data_reconfigure(const struct data *data, const struct options *options)
{
	if (data->durable)
		store_sqlite_keep(data->store, options->keep.count, options->keep.age, options->keep.bytes);
}

const char *data_failure(const struct data *data)
{
	return data->durable ? store_sqlite_failure(data->store) : NULL;
}
#else
static int open_durable(struct data *data, const struct options *options, char why[DATA_WHY])
{
	return open_memory(data, why);
}

static int choose_named(struct data *data, const char *path, char why[DATA_WHY])
{
	snprintf(why, DATA_WHY, "%s", _("--data: this tchat was built without SQLite"));
	return EXIT_STATUS_USAGE;
}

static int choose_default(struct data *data, const struct options *options, char why[DATA_WHY])
{
	if (!needs_place(options))
		return 0;
	snprintf(why, DATA_WHY, "%s", _("--keep and --durability: this tchat was built without SQLite"));
	return EXIT_STATUS_USAGE;
}

void data_reconfigure(const struct data *data, const struct options *options)
{
	/* nothing is kept */
}

const char *data_failure(const struct data *data)
{
	return NULL;
}
#endif

int data_choose(struct data *data, const struct options *options, char why[DATA_WHY])
{
	*data = (struct data){ 0 };
	if (options->durability == KEEP_NONE)
		return 0;
	return options->data == NULL ? choose_default(data, options, why) : choose_named(data, options->data, why);
}

int data_open(struct data *data, const struct options *options, char why[DATA_WHY])
{
	return data->path[0] != '\0' ? open_durable(data, options, why) : open_memory(data, why);
}

void data_close(struct data *data)
{
	store_free(data->store);
	*data = (struct data){ 0 };
}
