/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of posts, and what the user does about it: taken back, posted again. */
#include "app/command.h"

#include "base/errors.h"
#include "base/intl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number that stands in an argument; 0 when there is none, negative when it is something else. */
static int64_t number_of(const struct call *call)
{
	const char *text = call->argument[0];
	char *end;
	if (call->count == 0)
		return 0;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' && number > 0 ? (int64_t)number : TCHAT_ERR_ARGUMENT;
}

int do_CANCEL(struct front *front, const struct call *call)
{
	int64_t number = number_of(call);
	uint64_t counter = number > 0 ? (uint64_t)number : session_newest_pending(front->session, NULL);
	int err = number < 0 ? TCHAT_ERR_NOT_FOUND : session_cancel(front->session, counter);
	if (err == TCHAT_ERR_NOT_FOUND)
		front_say(front, "%s", _("there is no such message that waits"));
	else if (err != 0)
		return front_report(front, err);
	else if (!session_ready(front->session) && session_was_sent(front->session, counter))
		front_say(front, "%s", _("the host may have it already; whether it is taken back, it says when it is there again"));
	return err;
}

int do_RETRY(struct front *front, const struct call *call)
{
	struct front_failed *failed = &front->failed;
	if (failed->text == NULL) {
		front_say(front, "%s", _("no message was refused"));
		return TCHAT_ERR_NOT_FOUND;
	}
	char ref[32];
	snprintf(ref, sizeof ref, FRONT_RETRY, (unsigned long long)failed->counter);
	int64_t counter = session_post_about(front->session, failed->room, failed->kind, failed->text,
	                                     strlen(failed->text), failed->target, failed->reply, ref);
	if (counter < 0)
		return front_report(front, (int)counter);
	front_forget_failed(front);
	return 0;
}

int do_REPOST(struct front *front, const struct call *call)
{
	bool no = strcmp(call->argument[0], "no") == 0;
	int64_t number = no ? 0 : number_of(call);
	int count = TCHAT_ERR_NOT_FOUND;
	if (number >= 0)
		count = no ? session_forget_lost(front->session, 0) : session_repost(front->session, (uint64_t)number);
	if (count == TCHAT_ERR_NOT_FOUND)
		front_say(front, "%s", _("the host has lost no such message"));
	return count < 0 && count != TCHAT_ERR_NOT_FOUND ? front_report(front, count) : count < 0 ? count : 0;
}

void front_forget_failed(struct front *front)
{
	free(front->failed.text);
	front->failed = (struct front_failed){ 0 };
}

void front_note_post(struct front *front, const struct session_event *event)
{
	if (event->type != SESSION_NACK || event->code == TCHAT_ERR_CANCELLED)
		return;
	front_forget_failed(front);
	front->failed = (struct front_failed){ event->room, event->kind, event->counter, event->target, event->reply,
		                                   strdup(event->text) };
}
