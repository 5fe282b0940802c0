/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /status and /backup: what an owner learns of the host, and of this program's own sandbox. */
#include "app/command.h"

#include "app/guard.h"
#include "base/intl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The host's words for what it counts; others are shown as they are. */
static const struct {
	const char *name, *shown;
} names[] = {
	{ "connections", N_("connections") },
	{ "members", N_("members here") },
	{ "users", N_("users, those who were here lately too") },
	{ "rooms", N_("rooms") },
	{ "accounts", N_("accounts") },
	{ "knocks", N_("people at the door") },
	{ "invitations", N_("invitations") },
	{ "rules", N_("bans, mutes and roles") },
	{ "queued", N_("bytes that wait to be sent") },
	{ "posts", N_("messages since its start") },
	{ "refused", N_("messages refused") },
	{ "deliveries", N_("deliveries") },
	{ "gaps", N_("gaps for who reads too slowly") },
	{ "strangers", N_("connections that did not say yet who they are") },
	{ "files", N_("files and sockets that may be open") },
	{ "uptime", N_("seconds since its start") },
	{ "software", N_("software") },
	{ "sandbox", N_("the host") },
	{ "history", N_("history") },
	{ "log", N_("log") },
};

static const char *shown_name(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i].name, name) == 0)
			return _(names[i].shown);
	return name;
}

static void say_value(struct front *front, const struct session_event *event)
{
	if (event->text[0] != '\0')
		front_say_line(front, "%s: %s", shown_name(event->name), event->text);
	else if (event->count > 0)
		/* TRANSLATORS: connections: 3 of at most 1000 */
		front_say_line(front, _("%1$s: %2$" PRIu64 " of at most %3$" PRIu64), shown_name(event->name), event->seq,
		               event->count);
	else
		front_say_line(front, "%s: %" PRIu64, shown_name(event->name), event->seq);
}

static void say_backup(struct front *front, const struct session_event *event)
{
	if (strcmp(event->name, "backup") == 0)
		front_say_line(front, _("the copy is made, and was read through without a fault: %1$s, %2$" PRIu64 " bytes, in the "
		                        "folder of the host's history"), event->text, event->seq);
}

bool front_status_event(struct front *front, const struct session_event *event)
{
	char text[GUARD_TEXT];
	if (event->type == SESSION_VALUE && event->request == REQUEST_BACKUP) {
		say_backup(front, event);
	} else if (event->type == SESSION_VALUE) {
		say_value(front, event);
	} else if (event->type == SESSION_REPORT_END) {
		if (event->request != REQUEST_STATUS)
			return true;
		guard_describe(&front->place->sandbox, text);
		front_say(front, _("this program: %s"), text);
	} else {
		return false;
	}
	return true;
}

int do_STATUS(struct front *front, const struct call *call)
{
	return front_report(front, session_status(front->session));
}

int do_BACKUP(struct front *front, const struct call *call)
{
	int err = front_report(front, session_backup(front->session));
	if (err == 0)
		front_say(front, "%s", _("the host is asked for a copy of its history; this may take a while"));
	return err;
}
