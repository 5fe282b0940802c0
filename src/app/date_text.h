/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times of the wall clock for people: the local date and time. */
#ifndef TCHAT_APP_DATE_TEXT_H
#define TCHAT_APP_DATE_TEXT_H

#include <stdint.h>

enum { DATE_TEXT = 32 };

/* Microseconds since 1970 as "2026-11-21 16:40"; returns text. */
const char *date_text(uint64_t wall, char text[DATE_TEXT]);

#endif
