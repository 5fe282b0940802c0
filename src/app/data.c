/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chooses the store. */
#include "app/data.h"

#include "app/exit_status.h"
#include "base/errors.h"
#include "base/intl.h"
#include "store/memory.h"

#include "config.h"

#include <stdio.h>

#ifdef HAVE_SQLITE
#include "store/sqlite.h"

_Static_assert((int)DATA_WHY >= (int)STORE_WHY_SIZE, "a store's reason has to fit");

static int open_durable(struct data *data, const struct options *options, char why[DATA_WHY])
{
	const struct keep *keep = &options->keep;
	const struct store_sqlite_config config = {
		.directory = options->data,
		.durability = keep->durability == KEEP_PROCESS ? STORE_PROCESS : STORE_FULL,
		.keep_count = keep->count,
		.keep_age = keep->age,
		.keep_bytes = keep->bytes,
	};
	data->store = store_sqlite_new(&config, why);
	if (data->store == NULL)
		return EXIT_STATUS_SYSTEM;
	data->durable = true;
	store_sqlite_identity(data->store, &data->identity);
	return 0;
}

const char *data_failure(const struct data *data)
{
	return data->durable ? store_sqlite_failure(data->store) : NULL;
}
#else
static int open_durable(struct data *data, const struct options *options, char why[DATA_WHY])
{
	snprintf(why, DATA_WHY, "%s", _("--data: this tchat was built without SQLite"));
	return EXIT_STATUS_USAGE;
}

const char *data_failure(const struct data *data)
{
	return NULL;
}
#endif

int data_open(struct data *data, const struct options *options, char why[DATA_WHY])
{
	*data = (struct data){ 0 };
	if (options->data != NULL && options->keep.durability != KEEP_NONE)
		return open_durable(data, options, why);
	data->store = store_memory_new(&(struct store_memory_config){ 0 });
	if (data->store != NULL)
		return 0;
	snprintf(why, DATA_WHY, "%s", tchat_err_text(TCHAT_ERR_MEMORY));
	return EXIT_STATUS_SYSTEM;
}

void data_close(struct data *data)
{
	store_free(data->store);
	*data = (struct data){ 0 };
}
