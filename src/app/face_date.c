/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /date: the first message of a day is found by halving the room's history, one message a question; seqs and times rise
 * together. */
#include "app/face.h"

#include "app/face_past.h"

#include "base/errors.h"
#include "base/intl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ASKED_BY_DATE UINT32_C(0x80000000) /* no page of face_past.c has such a number */

/* The start of the day, in microseconds since 1970; 0: this is none. Without a year: the last such day. */
static uint64_t day_start(const char *text)
{
	int year = 0, month = 0, day = 0, end = 0;
	time_t now = (time_t)(clock_wall() / 1000000u);
	struct tm today, then = { .tm_isdst = -1 };
	if (localtime_r(&now, &today) == NULL)
		return 0;
	bool full = sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && text[end] == '\0';
	if (!full) {
		if (sscanf(text, "%2d-%2d%n", &month, &day, &end) != 2 || text[end] != '\0')
			return 0;
		year = today.tm_year + 1900;
		year -= month - 1 > today.tm_mon || (month - 1 == today.tm_mon && day > today.tm_mday);
	}
	then.tm_year = year - 1900;
	then.tm_mon = month - 1;
	then.tm_mday = day;
	time_t start = mktime(&then);
	bool real = then.tm_mon == month - 1 && then.tm_mday == day && then.tm_year == year - 1900;
	return real && start > 0 ? (uint64_t)start * 1000000u : 0;
}

static void give_up(struct face *face, int err)
{
	face->date.asks = false;
	face_room_tell(face_rooms_current(&face->rooms), MESSAGE_ERROR, "/date: %s", tchat_err_text(err));
}

static void step(struct face *face)
{
	struct face_date *date = &face->date;
	if (date->low < date->high) {
		uint64_t middle = date->low + (date->high - date->low) / 2;
		date->asked = (date->asked + 1) | ASKED_BY_DATE;
		date->asks = true;
		int err = session_history(face->talk.session, date->room, middle + 1, 1, date->asked);
		if (err != 0)
			give_up(face, err);
		date->middle = middle;
		date->late = false;
		return;
	}
	date->asks = false;
	if (date->low <= date->last)
		face_show_seq(face, date->low);
	else
		face_notice(face, MESSAGE_SYSTEM, _("nothing was said on that day or later"));
}

void face_go_date(struct face *face, const char *text)
{
	struct face_date *date = &face->date;
	struct session_room info;
	uint64_t start = day_start(text);
	if (start == 0) {
		face_notice(face, MESSAGE_SYSTEM, _("which day? /date 2025-12-31, or /date 12-31"));
		return;
	}
	if (!session_room(face->talk.session, face->front.room, &info) || info.head == 0) {
		face_notice(face, MESSAGE_SYSTEM, _("there is no message here"));
		return;
	}
	*date = (struct face_date){ .room = face->front.room, .start = start, .asked = date->asked, .low = 1,
		                        .high = info.head + 1, .last = info.head };
	step(face);
}

bool face_date_event(struct face *face, const struct session_event *event)
{
	struct face_date *date = &face->date;
	bool error = event->type == SESSION_ERROR && event->request == REQUEST_HISTORY;
	if ((event->asked & ASKED_BY_DATE) == 0 || (!error && event->type != SESSION_PAST && event->type != SESSION_PAST_END))
		return false;
	if (!date->asks || event->asked != date->asked)
		return true;
	if (error || face->front.room != date->room) {
		date->asks = false;
		if (error)
			give_up(face, event->code);
	} else if (event->type == SESSION_PAST) {
		date->late = event->time >= date->start;
		date->middle = date->late && event->seq < date->middle ? event->seq : date->middle;
	} else {
		if (date->late)
			date->high = date->middle;
		else
			date->low = date->middle + 1;
		step(face);
	}
	return true;
}
