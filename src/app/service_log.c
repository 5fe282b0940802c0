/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host's events as lines. */
#include "app/service_log.h"

#include "app/act_text.h"
#include "app/exit_status.h"
#include "base/errors.h"
#include "base/intl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STORE_QUIET TCHAT_SECONDS(60)

const char *service_log_path(const struct options *options)
{
	const char *where = options->log;
	return where != NULL && strcmp(where, "stderr") != 0 && strcmp(where, "journal") != 0 ? where : NULL;
}

int service_log_open(struct service_log *log, const struct options *options, bool quiet, char why[SERVICE_LOG_TEXT])
{
	const char *path = service_log_path(options);
	enum log_kind kind = LOG_KIND_STDERR;
	*log = (struct service_log){ 0 };
	if (path != NULL)
		kind = LOG_KIND_FILE;
	else if (quiet)
		kind = LOG_KIND_NONE;
	else if (options->log != NULL ? strcmp(options->log, "journal") == 0 : log_is_journal())
		kind = LOG_KIND_JOURNAL;
	int err = log_open(&log->sink, kind, path, (enum log_level)options->log_level);
	if (err == 0)
		return 0;
	snprintf(why, SERVICE_LOG_TEXT, "--log: %.800s: %s", path != NULL ? path : "",
	         err == TCHAT_ERR_SYSTEM ? strerror(errno) : tchat_err_text(err));
	return EXIT_STATUS_SYSTEM;
}

void service_log_say(struct service_log *log, enum log_level level, const char *format, ...)
{
	char text[LOG_LINE];
	va_list arguments;
	if (log_is_ready(log->sink)) {
		unsigned long lost = log_take_lost(log->sink);
		snprintf(text, sizeof text, ngettext("%lu line could not be logged", "%lu lines could not be logged", lost), lost);
		if (lost > 0)
			log_write(log->sink, LOG_LEVEL_WARNING, text);
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	log_write(log->sink, level, text);
}

void service_log_again(struct service_log *log, const struct options *options)
{
	log_set_level(log->sink, (enum log_level)options->log_level);
	if (log_reopen(log->sink) != 0)
		service_log_say(log, LOG_LEVEL_WARNING, "--log: %s: %s", options->log, strerror(errno));
}

/* Members try again each second, so one line a while is enough. */
static void tell_store(struct service_log *log, int code, tchat_time now)
{
	if (code == 0) {
		if (log->store_fails)
			service_log_say(log, LOG_LEVEL_WARNING, "%s", _("messages are kept again"));
		log->store_fails = false;
		return;
	}
	if (log->store_told != 0 && now - log->store_told < STORE_QUIET)
		return;
	log->store_told = now;
	log->store_fails = true;
	service_log_say(log, LOG_LEVEL_ERROR, _("messages could not be kept: %s"), tchat_err_text(code));
}

static void tell_act(struct service_log *log, const struct host_event *event)
{
	char text[ACT_TEXT];
	act_text(&(struct act_text){ .action = (uint8_t)event->code, .by = event->text, .whom = event->nick,
	                             .room = event->room, .reason = "" }, text);
	service_log_say(log, LOG_LEVEL_INFO, "%s", text);
}

void service_log_event(struct service_log *log, const struct host_event *event, tchat_time now)
{
	const char *nick = event->nick[0] != '\0' ? event->nick : "-";
	const enum log_level level = LOG_LEVEL_INFO;
	switch (event->type) {
	case HOST_EVENT_CAME:
		service_log_say(log, level, _("%s came from %s"), nick, event->text);
		break;
	case HOST_EVENT_WENT:
		service_log_say(log, level, _("%s (%s) went: %s"), nick, event->text,
		                tchat_err_text(event->code != 0 ? event->code : TCHAT_ERR_CLOSED));
		break;
	case HOST_EVENT_RENAMED:
		service_log_say(log, level, _("%s is now %s"), event->text, nick);
		break;
	case HOST_EVENT_KICKED:
		service_log_say(log, level, _("%s was kicked from %s: %s"), nick, event->room, event->text);
		break;
	case HOST_EVENT_ROOM_MADE:
		service_log_say(log, level, _("%s made room %s"), nick, event->room);
		break;
	case HOST_EVENT_KNOCKED:
		service_log_say(log, level, _("%s knocks, from %s"), nick, event->text);
		break;
	case HOST_EVENT_ADMITTED:
		if (event->text[0] != '\0')
			service_log_say(log, level, _("%s was let in by %s"), nick, event->text);
		else
			service_log_say(log, level, _("%s was let in by the host's own link"), nick);
		break;
	case HOST_EVENT_REFUSED:
		service_log_say(log, level, _("%s was refused by %s"), nick, event->text);
		break;
	case HOST_EVENT_INVITED:
		service_log_say(log, level, _("%s made an invitation"), nick);
		break;
	case HOST_EVENT_BACKUP:
		if (event->code == 0)
			service_log_say(log, level, _("%s made the backup %s"), nick, event->room);
		else
			service_log_say(log, LOG_LEVEL_ERROR, _("the backup that %s asked for failed: %s: %s"), nick,
			                tchat_err_text(event->code), event->text);
		break;
	case HOST_EVENT_ACT:
		tell_act(log, event);
		break;
	case HOST_EVENT_BEHIND:
		service_log_say(log, LOG_LEVEL_WARNING, _("%s has messages of %s that are not here: was an older history put back?"),
		                nick, event->room);
		break;
	case HOST_EVENT_STORE:
		tell_store(log, event->code, now);
		break;
	}
}

void service_log_close(struct service_log *log)
{
	log_close(log->sink);
	log->sink = NULL;
}
