/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: temporary folders with a history in them. */
#ifndef TCHAT_TESTS_STORE_FOLDER_H
#define TCHAT_TESTS_STORE_FOLDER_H

#include "store/sqlite.h"
#include "store-rounds.h"

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
	const char *temporary = getenv("TMPDIR");
	snprintf(place->top, sizeof place->top, "%s/tchat-store-XXXXXX", temporary != NULL ? temporary : "/tmp");
	assert_non_null(mkdtemp(place->top));
	snprintf(place->path, sizeof place->path, "%s/history", place->top);
	snprintf(place->database, sizeof place->database, "%s/history.db", place->path);
	return place;
}

static inline void empty_folder(const char *path)
{
	DIR *folder = opendir(path);
	char name[512];
	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		unlink(name);
	}
	if (folder != NULL)
		closedir(folder);
	rmdir(path);
}

static inline void place_free(struct place *place)
{
	empty_folder(place->path);
	empty_folder(place->top);
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
