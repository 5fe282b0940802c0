/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about messages that were said: to change, to take away, to answer, to put a sign beside. */
#include "app/command.h"

#include "app/emoji.h"
#include "base/errors.h"
#include "base/intl.h"

#include <string.h>

/* The message that a command means: 0, or an error after a notice; TCHAT_ERR_FULL without one, where a line can wait. */
static int meant(struct front *front, bool own, struct front_message *message)
{
	if (front->room == 0) {
		front_say(front, _("you are in no room; /join one first"));
		return TCHAT_ERR_NOT_MEMBER;
	}
	if (front->class->message(front, own, message))
		return 0;
	if (message->pending && front->class->edit == NULL)
		return TCHAT_ERR_FULL;
	if (message->pending)
		front_say(front, _("your message is still on its way; try again when it has arrived"));
	else
		front_say(front, own ? _("there is no message of yours here") : _("there is no message of others here"));
	return TCHAT_ERR_NO_MESSAGE;
}

int front_post_about(struct front *front, uint8_t kind, const char *text, uint64_t target, uint64_t reply)
{
	int64_t counter = session_post_about(front->session, front->room, kind, text, strlen(text), target, reply, NULL);
	return counter < 0 ? front_report(front, (int)counter) : 0;
}

int do_EDIT(struct front *front, const struct call *call)
{
	struct front_message message;
	int err = meant(front, true, &message);
	if (err != 0)
		return err;
	if (call->count > 0)
		return front_post_about(front, KIND_EDIT, call->argument[0], message.seq, 0);
	if (front->class->edit == NULL) {
		front_say(front, _("usage: /%s %s"), "edit", _("TEXT"));
		return TCHAT_ERR_ARGUMENT;
	}
	front->class->edit(front, &message);
	return 0;
}

int do_DELETE(struct front *front, const struct call *call)
{
	struct front_message message;
	int err = meant(front, true, &message);
	if (err != 0)
		return err;
	if (front->class->ask_delete == NULL)
		return front_post_about(front, KIND_DELETE, "", message.seq, 0);
	front->class->ask_delete(front, &message);
	return 0;
}

/* ":wave:" as opposed to ":)" and words. */
static bool is_emoji_name(const char *text)
{
	size_t length = strlen(text);
	return length > 2 && text[0] == ':' && text[length - 1] == ':' && strcspn(text + 1, ": ") == length - 2;
}

/* The sign that is meant by what was typed; NULL after a notice: there is none of that name. */
static const char *sign_of(struct front *front, const char *text)
{
	const struct emoji *emoji = emoji_find(text);
	if (emoji != NULL)
		return emoji->character;
	if (!is_emoji_name(text))
		return text;
	emoji = emoji_nearest(text);
	if (emoji != NULL)
		front_say(front, _("there is no emoji %1$s; did you mean %2$s?"), text, emoji->name);
	else
		front_say(front, _("there is no emoji %s"), text);
	return NULL;
}

int do_REACT(struct front *front, const struct call *call)
{
	struct front_message message;
	int err = meant(front, false, &message);
	if (err != 0)
		return err;
	const char *sign = sign_of(front, call->argument[0]);
	if (sign == NULL)
		return TCHAT_ERR_ARGUMENT;
	return front_post_about(front, KIND_REACTION, sign, message.seq, 0);
}

int do_REPLY(struct front *front, const struct call *call)
{
	struct front_message message;
	int err = meant(front, false, &message);
	if (err != 0)
		return err;
	return front_post_about(front, KIND_TEXT, call->argument[0], 0, message.seq);
}
