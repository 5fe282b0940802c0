/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host's own folder, named by its first address. */
#include "app/data_place.h"

#include "base/errors.h"
#include "store/folder.h"
#include "store/store.h"
#include "wire/address.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HASH_DIGITS = 16 };

/* Names of machines do not tell large letters from small ones, and not all file systems do. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Everything but letters, digits and ._:- becomes %XX, and so does a dot at the start. What is too long for a file
 * name ends with a hash of it all. */
static void encode(const char *text, char name[DATA_PLACE_NAME])
{
	const size_t most = DATA_PLACE_NAME - 1;
	size_t at = 0;
	for (const char *c = text; *c != '\0'; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
		             (*c != '\0' && strchr("_:-", *c) != NULL) || (*c == '.' && c != text);
		if (at + (plain ? 1 : 3) > most) {
			uint64_t hash = store_hash(0, 0, text, strlen(text), NULL, 0);
			at = at < most - HASH_DIGITS - 1 ? at : most - HASH_DIGITS - 1;
			snprintf(name + at, DATA_PLACE_NAME - at, "-%0*" PRIx64, HASH_DIGITS, hash);
			return;
		}
		at += (size_t)snprintf(name + at, DATA_PLACE_NAME - at, plain ? "%c" : "%%%02X", (unsigned char)*c);
	}
	name[at] = '\0';
}

void data_place_name(const char *typed, char name[DATA_PLACE_NAME])
{
	struct address address;
	char text[PATH_MAX + ADDRESS_TEXT];
	name[0] = '\0';
	if (address_parse(&address, typed, ADDRESS_HOST) != ADDRESS_OK)
		return;
	if (address.kind == ADDRESS_UNIX) {
		char folder[PATH_MAX] = "";
		bool relative = address.path[0] != '/';
		if (relative && getcwd(folder, sizeof folder) == NULL)
			return;
		snprintf(text, sizeof text, "unix:%s%s%s", folder, relative ? "/" : "", address.path);
	} else {
		if (strcmp(address.service, "0") == 0)
			return;
		for (char *c = address.node; *c != '\0'; c++)
			*c = lower(*c);
		snprintf(text, sizeof text, "%s%s%s", address.node, address.node[0] != '\0' ? ":" : "", address.service);
	}
	encode(text, name);
}

int data_place(const char *typed, char path[PATHS_MAX])
{
	char name[DATA_PLACE_NAME], hosts[PATHS_MAX];
	path[0] = '\0';
	data_place_name(typed, name);
	if (name[0] == '\0')
		return 0;
	int err = paths_make(PATHS_STATE, "hosts", path);
	if (err == 0)
		err = folder_make(path);
	if (err != 0)
		return err;
	snprintf(hosts, sizeof hosts, "%s", path);
	return snprintf(path, PATHS_MAX, "%s/%s", hosts, name) < PATHS_MAX ? 0 : TCHAT_ERR_TOO_LONG;
}
