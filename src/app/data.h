/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store of a host: in the folder of --data, or in memory. */
#ifndef TCHAT_APP_DATA_H
#define TCHAT_APP_DATA_H

#include "app/options.h"
#include "store/store.h"

struct data {
	struct store *store;
	struct store_identity identity;
	bool durable; /* identity is set, and data_failure() may tell something */
};

enum { DATA_WHY = 512 };

/* Opens the store that the options ask for: 0 or an enum exit_status with a line in why. */
int data_open(struct data *data, const struct options *options, char why[DATA_WHY]);

/* NULL; or, in a line, why the host must end: what it is told cannot be kept. */
const char *data_failure(const struct data *data);

/* Frees the store. */
void data_close(struct data *data);

#endif
