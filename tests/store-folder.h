/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: temporary folders with a history in them. */
#ifndef TCHAT_TESTS_STORE_FOLDER_H
#define TCHAT_TESTS_STORE_FOLDER_H

#include "store/sqlite.h"
#include "store-rounds.h"
#include "temporary-folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* $TMPDIR/tchat-store-XXXXXX; the history is in the folder "history" below it, which a store makes. */
struct place {
	char top[200];
	char path[240];
	char database[280];
};

static inline struct place *place_new(void)
{
	struct place *place = calloc(1, sizeof *place);
	assert_true(temporary_folder(place->top, sizeof place->top, "store"));
	snprintf(place->path, sizeof place->path, "%s/history", place->top);
	snprintf(place->database, sizeof place->database, "%s/history.db", place->path);
	return place;
}

static inline void place_free(struct place *place)
{
	temporary_folder_delete(place->top);
	free(place);
}

/* Opens the history of the place. */
static inline struct store *place_open(const struct place *place, struct store_sqlite_config config)
{
	char why[STORE_WHY_SIZE] = "";
	config.directory = place->path;
	struct store *store;
	if (store_sqlite_open(&store, &config, why) != 0)
		fail_msg("%s", why);
	return listen_to(store);
}

/* It is refused with that error, and these words in the reason. */
static inline void place_refused(const struct place *place, int err, const char *words)
{
	struct store *store;
	char why[STORE_WHY_SIZE] = "";
	const struct store_sqlite_config config = { .directory = place->path };
	assert_int_equal(store_sqlite_open(&store, &config, why), err);
	assert_null(store);
	if (strstr(why, words) == NULL)
		fail_msg("'%s' does not say '%s'", why, words);
	assert_null(strchr(why, '\n'));
}

#endif
