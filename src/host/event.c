/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened, for the log, and the counters. */
#include "host/rule.h"

#include "host/internal.h"

#include "base/text.h"
#include "base/utf8.h"

#include <string.h>

/* Cleans a text that may have come from anywhere. */
static void event_text(struct host *host, char *to, const char *text)
{
	to[0] = '\0';
	if (text == NULL)
		return;
	buffer_truncate(&host->text, 0);
	if (text_clean(&host->text, text, strlen(text), TEXT_LINE) != 0)
		return;
	const char *clean = (const char *)buffer_data(&host->text);
	size_t length = buffer_length(&host->text);
	length = length == 0 ? 0 : utf8_cut(clean, length, HOST_EVENT_TEXT - 1);
	if (length > 0)
		memcpy(to, clean, length);
	to[length] = '\0';
}

static struct host_event *event_add(struct host *host)
{
	if (host->event_count == EVENTS) {
		host->event_first = (host->event_first + 1) % EVENTS;
		host->event_count--;
		host->counted.events_lost++;
	}
	struct host_event *event = &host->events[(host->event_first + host->event_count) % EVENTS];
	host->event_count++;
	memset(event, 0, sizeof *event);
	return event;
}

void host_event(struct host *host, enum host_event_type type, const struct user *user, const struct room *room,
                const char *text, int code)
{
	struct host_event *event = event_add(host);
	event->type = type;
	event->code = code;
	if (user != NULL) {
		event->user = user->id;
		event_text(host, event->nick, user->nick.shown);
	}
	if (room != NULL)
		event_text(host, event->room, room->name);
	event_text(host, event->text, text);
}

void host_event_named(struct host *host, enum host_event_type type, const char *nick, const char *room,
                      const char *text, int code)
{
	struct host_event *event = event_add(host);
	event->type = type;
	event->code = code;
	event_text(host, event->nick, nick);
	event_text(host, event->room, room);
	event_text(host, event->text, text);
}

void host_event_act(struct host *host, const struct act *act)
{
	bool is_address = act->address != NULL && act->address[0] != '\0';
	host_event_named(host, HOST_EVENT_ACT, is_address ? act->address : act->nick, act->room == NULL ? NULL : act->room->name,
	                 act->by, act->action);
}

void host_event_error(struct host *host, enum host_event_type type, int code)
{
	host_event(host, type, NULL, NULL, NULL, code);
}

bool host_next_event(struct host *host, struct host_event *event)
{
	if (host->event_count == 0)
		return false;
	*event = host->events[host->event_first];
	host->event_first = (host->event_first + 1) % EVENTS;
	host->event_count--;
	return true;
}

void host_counters(const struct host *host, struct host_counters *counters)
{
	*counters = host->counted;
	counters->peers = host->peer_count;
	counters->ready = host->ready_count;
	counters->users = HASH_CNT(by_id, host->users_by_id);
	counters->rooms = HASH_CNT(by_id, host->rooms_by_id);
	counters->queued = host->queued;
	counters->accounts = HASH_COUNT(host->accounts);
	counters->knocks = host->knock_count;
	counters->invitations = HASH_COUNT(host->invitations);
	counters->rules = HASH_COUNT(host->rules);
}
