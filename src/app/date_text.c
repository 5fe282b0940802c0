/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times of the wall clock for people. */
#include "app/date_text.h"

#include <stdio.h>
#include <time.h>

const char *date_text(uint64_t wall, char text[DATE_TEXT])
{
	time_t seconds = (time_t)(wall / 1000000u);
	struct tm local;
	if (localtime_r(&seconds, &local) == NULL || strftime(text, DATE_TEXT, "%Y-%m-%d %H:%M", &local) == 0)
		snprintf(text, DATE_TEXT, "-");
	return text;
}
