/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Golden screens: text files with a row a line. */
#include "golden_screen.h"

#include "ui/term_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1024 * 1024 };

static const char *path_of(const char *name, char path[512])
{
	const char *folder = getenv("srcdir");
	snprintf(path, 512, "%s/tests/golden/%s.screen", folder != NULL ? folder : ".", name);
	return path;
}

static int record(const char *path, const char *text, size_t length)
{
	FILE *file = fopen(path, "w");
	int failed = file == NULL || fwrite(text, 1, length, file) != length;
	if (file != NULL && fclose(file) != 0)
		failed = 1;
	if (failed)
		fprintf(stderr, "cannot write %s\n", path);
	return failed;
}

/* Prints the lines of both that differ, numbered; the rest is left out. */
static void print_difference(const char *path, const char *golden, const char *now)
{
	fprintf(stderr, "%s differs (-: golden, +: now; make record-screens takes over what is now):\n", path);
	for (int line = 1; *golden != '\0' || *now != '\0'; line++) {
		size_t a = strcspn(golden, "\n"), b = strcspn(now, "\n");
		if (a != b || memcmp(golden, now, a) != 0 || (*golden == '\0') != (*now == '\0')) {
			if (*golden != '\0')
				fprintf(stderr, "%3d -%.*s\n", line, (int)a, golden);
			if (*now != '\0')
				fprintf(stderr, "%3d +%.*s\n", line, (int)b, now);
		}
		golden += a + (golden[a] == '\n');
		now += b + (now[b] == '\n');
	}
}

int golden_screen_check(const char *name, const struct cells *cells)
{
	char path[512];
	struct buffer now;
	buffer_init(&now, FILE_MAX);
	char *golden = calloc(1, FILE_MAX + 1);
	int failed = 1;
	path_of(name, path);
	if (golden == NULL || term_memory_dump(cells, &now) != 0 || buffer_put(&now, "", 1) != 0)
		goto out;
	const char *text = (const char *)buffer_data(&now);
	if (getenv("RECORD_SCREENS") != NULL) {
		failed = record(path, text, strlen(text));
		goto out;
	}
	FILE *file = fopen(path, "r");
	if (file == NULL) {
		fprintf(stderr, "%s is missing: make record-screens\n", path);
		goto out;
	}
	size_t length = fread(golden, 1, FILE_MAX, file);
	fclose(file);
	failed = strcmp(golden, text) != 0 || length != strlen(text);
	if (failed)
		print_difference(path, golden, text);
out:
	free(golden);
	buffer_free(&now);
	return failed;
}
