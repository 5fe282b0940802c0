/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Input lines and commands: a table of rows, one handler a row. */
#include "app/command.h"

#include "app/set.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTICE_MAX = 4096 };

static void front_notice(struct front *front, const char *text, enum text_flag mode)
{
	struct buffer clean;
	buffer_init(&clean, TEXT_CLEAN_MAX(NOTICE_MAX) + 1);
	if (text_clean(&clean, text, strlen(text), mode) == 0 && buffer_put(&clean, "", 1) == 0)
		front->class->notice(front, (const char *)buffer_data(&clean));
	buffer_free(&clean);
}

void front_say(struct front *front, const char *format, ...)
{
	char text[NOTICE_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	front_notice(front, text, TEXT_MULTILINE);
}

void front_say_line(struct front *front, const char *format, ...)
{
	char text[NOTICE_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	front_notice(front, text, TEXT_LINE);
}

int front_report(struct front *front, int err)
{
	if (err == TCHAT_ERR_AGAIN)
		front_say(front, _("not connected"));
	else if (err == TCHAT_ERR_NOT_FOUND)
		front_say(front, _("you are not in this room; /join it again"));
	else if (err == TCHAT_ERR_BAD_NAME)
		front_say(front, _("this cannot be a name; a short one of letters and digits will do"));
	else if (err != TCHAT_ERR_FULL && err < 0)
		front_say(front, "%s", tchat_err_text(err));
	return err < 0 ? err : 0;
}

int front_post(struct front *front, uint8_t kind, const char *text, size_t length)
{
	if (front->room == 0) {
		front_say(front, _("you are in no room; /join one first"));
		return TCHAT_ERR_NOT_MEMBER;
	}
	int64_t counter = session_post(front->session, front->room, kind, text, length, NULL);
	return counter < 0 ? front_report(front, (int)counter) : 0;
}

/* The room that a command means: its argument, or the current one; 0 after a notice. */
static uint32_t call_room(struct front *front, const char *name)
{
	uint32_t room = front->room;
	if (name[0] != '\0') {
		room = session_room_find(front->session, name, name[0] == '@');
		if (room == 0)
			front_say(front, _("you are not in %s"), name);
	} else if (room == 0) {
		front_say(front, _("you are in no room; /join one first"));
	}
	return room;
}

static void help_row(struct front *front, const struct command *row)
{
	char left[64];
	snprintf(left, sizeof left, "/%s %s", row->name, row->usage[0] != '\0' ? _(row->usage) : "");
	front_say(front, "%-21s %s", left, _(row->help));
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; command_at(i) != NULL; i++)
		if (strcmp(command_at(i)->name, name) == 0)
			return command_at(i);
	return NULL;
}

/* The command that a mistyped name may have meant: one that it begins, else the nearest; NULL: none is near. */
static const struct command *nearest_command(const char *name)
{
	const struct command *best = NULL;
	unsigned best_distance = TEXT_NEAR;
	for (size_t i = 0; command_at(i) != NULL; i++) {
		const char *candidate = command_at(i)->name;
		if (name[0] != '\0' && strncmp(candidate, name, strlen(name)) == 0)
			return command_at(i);
		if (text_is_meant(name, strlen(name), candidate, strlen(candidate), &best_distance))
			best = command_at(i);
	}
	return best;
}

static void say_unknown(struct front *front, const char *name)
{
	const struct command *meant = nearest_command(name);
	if (meant != NULL)
		front_say(front, _("unknown command /%s; did you mean /%s?"), name, meant->name);
	else
		front_say(front, _("unknown command /%s; /help lists them"), name);
}

static int do_HELP(struct front *front, const struct call *call)
{
	const char *name = call->argument[0][0] == '/' ? call->argument[0] + 1 : call->argument[0];
	if (call->count > 0) {
		const struct command *row = find_command(name);
		if (row != NULL)
			help_row(front, row);
		else
			say_unknown(front, name);
		return row != NULL ? 0 : TCHAT_ERR_NOT_FOUND;
	}
	if (front->class->help != NULL) {
		front->class->help(front);
		return 0;
	}
	for (size_t i = 0; command_at(i) != NULL; i++)
		help_row(front, command_at(i));
	front_say(front, _("A line that starts with // is sent with one slash."));
	return 0;
}

int front_enter(struct front *front, int room, const char *name)
{
	if (room == TCHAT_ERR_BAD_NAME)
		front_say(front, _("'%s' is not a name for a room; a short one of letters and digits will do"), name);
	else if (room < 0)
		return front_report(front, room);
	else
		front->class->switch_room(front, (uint32_t)room);
	if (room > 0 && session_final(front->session))
		front_say(front, _("not connected; /reconnect tries again"));
	return room < 0 ? room : 0;
}

static int do_JOIN(struct front *front, const struct call *call)
{
	return front_enter(front, session_join(front->session, call->argument[0]), call->argument[0]);
}

static int do_PART(struct front *front, const struct call *call)
{
	uint32_t room = call_room(front, call->argument[0]);
	if (room == 0)
		return TCHAT_ERR_NOT_MEMBER;
	int err = session_part(front->session, room);
	if (err != TCHAT_ERR_NOT_FOUND || front->class->close == NULL)
		return front_report(front, err);
	front->class->close(front);
	return 0;
}

static int do_MSG(struct front *front, const struct call *call)
{
	const char *nick = call->argument[0][0] == '@' ? call->argument[0] + 1 : call->argument[0];
	int room = session_open_direct(front->session, nick);
	if (room < 0)
		return front_report(front, room);
	if (call->count < 2) {
		front->class->switch_room(front, (uint32_t)room);
		return 0;
	}
	int64_t counter = session_post(front->session, (uint32_t)room, KIND_TEXT, call->argument[1],
	                               strlen(call->argument[1]), NULL);
	return counter < 0 ? front_report(front, (int)counter) : 0;
}

static int do_ME(struct front *front, const struct call *call)
{
	return front_post(front, KIND_ACTION, call->argument[0], strlen(call->argument[0]));
}

static int do_NICK(struct front *front, const struct call *call)
{
	return front_report(front, session_nick(front->session, call->argument[0]));
}

static int do_TOPIC(struct front *front, const struct call *call)
{
	struct session_room room;
	if (call->count > 0)
		return front_post(front, KIND_TOPIC, call->argument[0], strlen(call->argument[0]));
	if (call_room(front, "") == 0)
		return TCHAT_ERR_NOT_MEMBER;
	if (!session_room(front->session, front->room, &room))
		return front_report(front, TCHAT_ERR_NOT_FOUND);
	if (room.topic[0] != '\0')
		front_say(front, _("Topic: %s"), room.topic);
	else
		front_say(front, _("This room has no topic."));
	return 0;
}

static int do_NAMES(struct front *front, const struct call *call)
{
	uint32_t room = call_room(front, call->argument[0]);
	if (room == 0)
		return TCHAT_ERR_NOT_MEMBER;
	front->names_room = room;
	return front_report(front, session_names(front->session, room));
}

static int do_KICK(struct front *front, const struct call *call)
{
	if (call_room(front, "") == 0)
		return TCHAT_ERR_NOT_MEMBER;
	return front_report(front, session_kick(front->session, front->room, call->argument[0],
	                                        call->count > 1 ? call->argument[1] : NULL));
}

static int do_AWAY(struct front *front, const struct call *call)
{
	bool away = call->count > 0 || !front->away;
	int err = session_away(front->session, away, call->count > 0 ? call->argument[0] : NULL);
	if (err != 0)
		return front_report(front, err);
	front->away = away;
	front_say(front, "%s", away ? _("You are away; /away brings you back.") : _("You are back."));
	return 0;
}

static int do_SET(struct front *front, const struct call *call)
{
	return set_command(front, call->argument[0], call->count > 1 ? call->argument[1] : NULL);
}

static int do_CLEAR(struct front *front, const struct call *call)
{
	front->class->clear(front);
	return 0;
}

static int do_SEARCH(struct front *front, const struct call *call)
{
	if (call_room(front, "") == 0)
		return TCHAT_ERR_NOT_MEMBER;
	return front->class->search(front, call->argument[0], false);
}

static int do_SEARCHALL(struct front *front, const struct call *call)
{
	return front->class->search(front, call->argument[0], true);
}

static int do_DATE(struct front *front, const struct call *call)
{
	if (front->class->date == NULL) {
		front_say(front, _("/date needs the full screen"));
		return TCHAT_ERR_NOT_ALLOWED;
	}
	if (call_room(front, "") == 0)
		return TCHAT_ERR_NOT_MEMBER;
	front->class->date(front, call->argument[0]);
	return 0;
}

static int do_COPY(struct front *front, const struct call *call)
{
	bool link = strcmp(call->argument[0], "link") == 0;
	if (front->class->copy == NULL) {
		front_say(front, _("/copy needs the full screen"));
		return TCHAT_ERR_NOT_ALLOWED;
	}
	if (call->count > 0 && !link) {
		front_say(front, _("usage: /%s %s"), "copy", _("[link]"));
		return TCHAT_ERR_ARGUMENT;
	}
	front->class->copy(front, link);
	return 0;
}

static int do_RECONNECT(struct front *front, const struct call *call)
{
	if (session_ready(front->session))
		front_say(front, _("connected already"));
	else
		session_retry_now(front->session);
	return 0;
}

static int do_DETACH(struct front *front, const struct call *call)
{
	if (!front->owns_host) {
		front_say(front, _("/detach is for the host's owner; /quit leaves"));
		return TCHAT_ERR_NOT_ALLOWED;
	}
	front->class->leave(front, FRONT_DETACH);
	return 0;
}

static int do_QUIT(struct front *front, const struct call *call)
{
	bool all = strcmp(call->argument[0], "all") == 0;
	if (all && !front->owns_host) {
		front_say(front, _("only the host's owner can end it"));
		return TCHAT_ERR_NOT_ALLOWED;
	}
	front->class->leave(front, all ? FRONT_END_HOST : FRONT_QUIT);
	return 0;
}

static const struct command rows[] = {
#define COMMAND(symbol, name, least, most, completion, usage, help) { name, least, most, completion, usage, help },
#include "app/commands.def"
#undef COMMAND
};

static command_handler *const handlers[] = {
#define COMMAND(symbol, name, least, most, completion, usage, help) do_##symbol,
#include "app/commands.def"
#undef COMMAND
};

const struct command *command_at(size_t index)
{
	return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

/* Splits line (changed) at blanks into the command's arguments; the last takes the rest, without blanks at its end, for
 * completion puts one behind what it completed. */
static void split(struct call *call, const struct command *row, char *line)
{
	size_t length = strlen(line);
	while (length > 0 && line[length - 1] == ' ')
		line[--length] = '\0';
	*call = (struct call){ .argument = { "", "" } };
	for (char *at = line; call->count < row->most;) {
		at += strspn(at, " ");
		if (*at == '\0')
			break;
		call->argument[call->count++] = at;
		if (call->count == row->most)
			break;
		at += strcspn(at, " ");
		if (*at != '\0')
			*at++ = '\0';
	}
}

static int run_command(struct front *front, char *line)
{
	size_t length = strcspn(line, " ");
	char *rest = line[length] == '\0' ? line + length : line + length + 1;
	line[length] = '\0';
	const struct command *row = find_command(line);
	if (row == NULL) {
		say_unknown(front, line);
		return TCHAT_ERR_NOT_FOUND;
	}
	struct call call;
	split(&call, row, rest);
	if (call.count < row->least || (row->most == 0 && rest[strspn(rest, " ")] != '\0')) {
		front_say(front, _("usage: /%s %s"), row->name, row->usage[0] != '\0' ? _(row->usage) : "");
		return TCHAT_ERR_ARGUMENT;
	}
	return handlers[row - rows](front, &call);
}

int front_input(struct front *front, const char *line, size_t length)
{
	if (length == 0)
		return 0;
	if (line[0] != '/')
		return front_post(front, KIND_TEXT, line, length);
	if (length > 1 && line[1] == '/')
		return front_post(front, KIND_TEXT, line + 1, length - 1);
	char *copy = strndup(line + 1, length - 1);
	if (copy == NULL)
		return TCHAT_ERR_MEMORY;
	int err = run_command(front, copy);
	free(copy);
	return err;
}
