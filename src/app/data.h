/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store of a host: in the folder of --data, in its own one, or in memory. */
#ifndef TCHAT_APP_DATA_H
#define TCHAT_APP_DATA_H

#include "app/options.h"
#include "base/paths.h"
#include "store/store.h"

enum { DATA_WHY = 512 };

struct data {
	struct store *store;
	struct store_identity identity;
	bool durable; /* identity is set, and data_failure() may tell something */
	char path[PATHS_MAX]; /* "": in memory */
	char note[DATA_WHY]; /* "", or a line that says why the history is not kept though nobody asked for that */
};

/* Finds out where the store is to be that the options ask for, and makes the folders above it: 0, or an enum exit_status
 * with a line in why. path and note are set. */
int data_choose(struct data *data, const struct options *options, char why[DATA_WHY]);

/* Opens what was chosen: 0, or an enum exit_status with a line in why. When another host has the folder, it may just be
 * ending: this waits some seconds for that. */
int data_open(struct data *data, const struct options *options, char why[DATA_WHY]);

/* How much is kept may be new. */
void data_reconfigure(const struct data *data, const struct options *options);

/* NULL; or, in a line, why the host must end: what it is told cannot be kept. */
const char *data_failure(const struct data *data);

/* Frees the store. */
void data_close(struct data *data);

#endif
