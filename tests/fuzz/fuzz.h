/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all targets share. Each has libFuzzer's entry point; without libFuzzer, replay.c has the main(). */
#ifndef TCHAT_TESTS_FUZZ_H
#define TCHAT_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Dies, as a sanitizer does, of what must not be. */
static inline void demand(bool holds)
{
	if (!holds)
		abort();
}

#endif
