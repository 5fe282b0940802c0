/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What TAB completes: commands, their arguments, settings, rooms after #, nicks. */
#include "app/face.h"

#include "app/emoji.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CANDIDATES_MAX = 1024 };

struct collector {
	struct line_completion *out;
	const char *typed;
	size_t length;
};

static void collect(struct collector *collector, const char *prefix, const char *name)
{
	struct line_completion *out = collector->out;
	size_t before = strlen(prefix);
	if (out->count >= CANDIDATES_MAX || collector->length < before ||
	    strncmp(collector->typed, prefix, before) != 0 ||
	    strncasecmp(collector->typed + before, name, collector->length - before) != 0)
		return;
	for (size_t i = 0; i < out->count; i++)
		if (strcmp(out->candidates[i] + before, name) == 0)
			return;
	char **grown = realloc(out->candidates, (out->count + 1) * sizeof *grown);
	if (grown == NULL)
		return;
	out->candidates = grown;
	size_t size = before + strlen(name) + 1;
	char *candidate = malloc(size);
	if (candidate == NULL)
		return;
	memcpy(candidate, prefix, before);
	memcpy(candidate + before, name, size - before);
	out->candidates[out->count++] = candidate;
}

static void collect_commands(struct collector *collector, const char *prefix)
{
	for (size_t i = 0; command_at(i) != NULL; i++)
		collect(collector, prefix, command_at(i)->name);
}

static void collect_rooms(struct collector *collector, const struct face *face, const char *prefix)
{
	for (size_t i = 0; i < face->rooms.count; i++)
		if (face->rooms.rooms[i]->handle != 0 && !face->rooms.rooms[i]->direct)
			collect(collector, prefix, face->rooms.rooms[i]->name);
}

static void collect_nicks(struct collector *collector, const struct face *face, uint32_t room, const char *prefix)
{
	struct session_member member;
	uint32_t own = session_own_user(face->talk.session);
	for (size_t i = 0; session_member_at(face->talk.session, room, i, &member); i++)
		if (member.user != own)
			collect(collector, prefix, member.nick);
}

static void collect_all_nicks(struct collector *collector, const struct face *face, const char *prefix)
{
	struct session_room room;
	for (size_t i = 0; session_room_at(face->talk.session, i, &room); i++)
		collect_nicks(collector, face, room.room, prefix);
}

/* The names that fit, or the character itself when only one does. */
static void collect_emoji(struct collector *collector)
{
	size_t found = 0;
	for (size_t i = 0; emoji_at(i) != NULL; i++) {
		size_t before = collector->out->count;
		collect(collector, "", emoji_at(i)->name);
		if (collector->out->count > before)
			found = i;
	}
	if (collector->out->count != 1)
		return;
	char *character = strdup(emoji_at(found)->character);
	if (character == NULL)
		return;
	free(collector->out->candidates[0]);
	collector->out->candidates[0] = character;
}

static void collect_settings(struct collector *collector, const char *prefix)
{
	for (int i = 0; i < SETTINGS; i++)
		collect(collector, prefix, setting_row((enum setting)i)->name);
}

/* The values of the setting that the word before start names: all that it may have, or the one that it has. */
static void collect_values(struct collector *collector, const struct face *face, const char *line, size_t start)
{
	while (start > 0 && line[start - 1] == ' ')
		start--;
	size_t end = start;
	while (start > 0 && line[start - 1] != ' ')
		start--;
	int setting = setting_find(line + start, end - start);
	char value[SETTING_MAX + 1];
	if (setting < 0)
		return;
	const char *words = setting_row((enum setting)setting)->words;
	if (words == NULL) {
		setting_format(face->talk.options, (enum setting)setting, value, sizeof value);
		if (value[0] != '\0')
			collect(collector, "", value);
	}
	for (; words != NULL && *words != '\0'; words += strspn(words, " ")) {
		size_t length = strcspn(words, " ");
		snprintf(value, sizeof value, "%.*s", (int)length, words);
		collect(collector, "", value);
		words += length;
	}
}

/* The letter of commands.def that says what completes the word at start. */
static char argument_kind(const char *line, size_t start)
{
	size_t length = strcspn(line + 1, " ");
	const struct command *row = NULL;
	for (size_t i = 0; command_at(i) != NULL; i++)
		if (strlen(command_at(i)->name) == length && strncmp(command_at(i)->name, line + 1, length) == 0)
			row = command_at(i);
	if (row == NULL || row->completion[0] == '\0')
		return 't';
	size_t words = 0;
	for (size_t at = 1 + length; at < start; at++)
		words += line[at] == ' ' && line[at + 1] != ' ';
	size_t index = words > 0 ? words - 1 : 0;
	size_t last = strlen(row->completion) - 1;
	return row->completion[index < last ? index : last];
}

/* What stands in free text: rooms, emoji, nicks; first: the line begins with it. */
static void collect_words(struct collector *collector, const struct face *face, bool first)
{
	const char *word = collector->typed;
	if (word[0] == '#') {
		collect_rooms(collector, face, "#");
	} else if (word[0] == ':' && collector->length > 1) {
		collect_emoji(collector);
	} else {
		collect_nicks(collector, face, face->front.room, word[0] == '@' ? "@" : "");
		if (first && word[0] != '@')
			collector->out->suffix = ": ";
	}
}

static void collect_argument(struct collector *collector, const struct face *face, const char *line, size_t start)
{
	char sign[2] = { line[start], '\0' };
	size_t name = strcspn(line, " ");
	bool whole = name + strspn(line + name, " ") >= start; /* the first word of the arguments */
	switch (argument_kind(line, start)) {
	case 'c':
		collect_commands(collector, sign[0] == '/' ? sign : "");
		break;
	case 'k':
		collect_settings(collector, sign[0] == '-' ? sign : "");
		break;
	case 'v':
		collect_values(collector, face, line, start);
		break;
	case 'r':
		collect_rooms(collector, face, sign[0] == '#' ? sign : "");
		break;
	case 'm':
		collect_all_nicks(collector, face, sign[0] == '@' ? sign : "");
		break;
	case 'o':
		if (whole)
			collect(collector, "", face->rooms.rooms[face->rooms.current]->topic);
		break;
	case 'a':
		if (whole)
			collect(collector, "", "all");
		break;
	case 'w':
		for (size_t i = 0; i < face->front.door.guest_count; i++)
			collect(collector, "", face->front.door.guests[i].nick);
		break;
	case 'i':
		collect(collector, "", "list");
		collect(collector, "", "revoke");
		collect_all_nicks(collector, face, "@");
		break;
	case 'd':
		collect(collector, "", "drop");
		break;
	case 'x':
		if (whole)
			collect(collector, "", "more");
		break;
	case 'l':
		if (whole)
			collect(collector, "", "link");
		break;
	default:
		collect_words(collector, face, false);
	}
}

void face_complete(void *arg, const char *line, size_t cursor, struct line_completion *out)
{
	const struct face *face = arg;
	size_t start = cursor;
	while (start > 0 && line[start - 1] != ' ' && line[start - 1] != '\n')
		start--;
	struct collector collector = { out, line + start, cursor - start };
	bool command = line[0] == '/' && line[1] != '/';
	out->start = start;
	out->suffix = " ";
	if (command && start == 0)
		collect_commands(&collector, "/");
	else if (command)
		collect_argument(&collector, face, line, start);
	else
		collect_words(&collector, face, start == 0);
}
