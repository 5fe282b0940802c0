/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The main() of a target where there is no libFuzzer: runs it once with each file, once with nothing. */
#include "fuzz.h"

#include <stdio.h>

/* Targets that have one override this. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

static void replay(const char *name)
{
	static uint8_t bytes[1 << 20];
	FILE *file = fopen(name, "rb");
	if (file == NULL) {
		perror(name);
		exit(1);
	}
	size_t length = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	/* A copy of its own size, so that a reader behind its end is noticed. */
	uint8_t *copy = malloc(length > 0 ? length : 1);
	demand(copy != NULL);
	for (size_t i = 0; i < length; i++)
		copy[i] = bytes[i];
	fprintf(stderr, "%s, %zu bytes\n", name, length);
	LLVMFuzzerTestOneInput(copy, length);
	free(copy);
}

int main(int argc, char **argv)
{
	LLVMFuzzerInitialize(&argc, &argv);
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return 0;
}
