/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row that says how things are. What matters least goes first when the row is narrow; the connection, its
 * lag and the countdown stay. */
#ifndef TCHAT_UI_STATUS_LINE_H
#define TCHAT_UI_STATUS_LINE_H

#include "ui/cells.h"

#include <stdbool.h>
#include <stddef.h>

enum status_connection {
	STATUS_OFFLINE,    /* and nothing is tried */
	STATUS_CONNECTING,
	STATUS_KNOCKING,   /* somebody there has to open the door */
	STATUS_CONNECTED,
	STATUS_WAITING,    /* the next try is in countdown seconds */
};

enum status_mode {
	STATUS_MODE_NONE, /* emacs bindings: nothing is shown */
	STATUS_MODE_INSERT,
	STATUS_MODE_COMMAND,
	STATUS_MODE_SEARCH,
	STATUS_MODE_SELECT,
};

struct status_view {
	enum status_connection connection;
	const char *host;    /* any bytes, or NULL */
	int lag;             /* milliseconds, -1: not known */
	int countdown;       /* seconds */
	bool insecure;       /* not encrypted */
	const char *nick;    /* own, or NULL */
	bool away;
	const char *room;    /* shown when the title bar is not; NULL: none */
	unsigned pending;    /* own messages under way */
	unsigned failed;
	unsigned rooms_unread; /* other rooms with something unread, and mentions in them */
	unsigned mentions;
	enum status_mode mode;
	const char *notice;  /* a short word to the reader in place of the host and the nick, or NULL */
	const char *clock;   /* "12:34", or NULL */
};

/* Draws into the first row of the area. */
void status_line_draw(struct cells *cells, const struct area *area, const struct status_view *view);

#endif
