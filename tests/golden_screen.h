/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares a grid with its golden screen in tests/golden/NAME.screen; RECORD_SCREENS=1 in the environment
 * (make record-screens) writes it instead. */
#ifndef TCHAT_TESTS_GOLDEN_SCREEN_H
#define TCHAT_TESTS_GOLDEN_SCREEN_H

#include "ui/cells.h"

/* 0 when they are the same (or were written); else prints the rows that differ and returns 1. */
int golden_screen_check(const char *name, const struct cells *cells);

#endif
