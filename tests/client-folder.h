/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a temporary folder with clients' stores in it. */
#ifndef TCHAT_TESTS_CLIENT_FOLDER_H
#define TCHAT_TESTS_CLIENT_FOLDER_H

#include "store/sqlite_client.h"
#include "temporary-folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* $TMPDIR/tchat-client-XXXXXX; the stores are in the folder "clients" below it. */
struct client_place {
	char top[200];
	char root[240];
};

static inline void client_place_make(struct client_place *place)
{
	assert_true(temporary_folder(place->top, sizeof place->top, "client"));
	snprintf(place->root, sizeof place->root, "%s/clients", place->top);
}

/* Copies the files of a folder, as a backup of a running program would. */
static inline void client_place_copy(const char *from, const char *to)
{
	static char bytes[1 << 20];
	char source[512], target[512];
	DIR *folder = opendir(from);
	mkdir(to, 0700);
	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		assert_true(snprintf(source, sizeof source, "%s/%s", from, entry->d_name) < (int)sizeof source);
		assert_true(snprintf(target, sizeof target, "%s/%s", to, entry->d_name) < (int)sizeof target);
		struct stat status;
		if (stat(source, &status) == 0 && S_ISDIR(status.st_mode)) {
			client_place_copy(source, target);
			continue;
		}
		FILE *in = fopen(source, "rb"), *out = fopen(target, "wb");
		assert_non_null(in);
		assert_non_null(out);
		for (size_t length; (length = fread(bytes, 1, sizeof bytes, in)) > 0;)
			assert_int_equal(fwrite(bytes, 1, length, out), length);
		fclose(in);
		fclose(out);
		chmod(target, 0600);
	}
	if (folder != NULL)
		closedir(folder);
}

/* Opens a store of the host that key names, by hand; config's other fields hold. */
static inline struct client_store *client_place_open(const struct client_place *place, const char *key,
                                                     struct client_sqlite_config config)
{
	char why[CLIENT_WHY_SIZE];
	config.root = place->root;
	config.key = (const uint8_t *)key;
	config.key_length = strlen(key);
	config.by_hand = true;
	struct client_store *store = client_sqlite_new(&config);
	assert_non_null(store);
	assert_int_equal(client_sqlite_opened(store, why), TCHAT_ERR_AGAIN);
	client_sqlite_work(store);
	if (client_sqlite_opened(store, why) != 0)
		fail_msg("%s", why);
	return store;
}

#endif
