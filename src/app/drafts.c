/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One JSON array of objects, the oldest first: {"host":…,"room":…,"text":…,"cursor":…}. */
#include "app/drafts.h"

#include "base/errors.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* An escaped control character takes six bytes. */
enum { FILE_MAX = 6 * DRAFTS_TOTAL_MAX + DRAFTS_MAX * 1024 };

struct drafts {
	char *path;
	json_t *list;
	bool changed;
};

static const char *member(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));
	return text != NULL ? text : "";
}

struct drafts *drafts_open(const char *path)
{
	struct drafts *drafts = calloc(1, sizeof *drafts);
	if (drafts == NULL)
		return NULL;
	struct buffer text;
	buffer_init(&text, FILE_MAX + 8192);
	if (file_read(path, FILE_MAX, &text) == 0 && buffer_length(&text) > 0)
		drafts->list = json_loadb((const char *)buffer_data(&text), buffer_length(&text), 0, NULL);
	buffer_free(&text);
	if (!json_is_array(drafts->list)) {
		json_decref(drafts->list);
		drafts->list = json_array();
	}
	drafts->path = strdup(path);
	if (drafts->list != NULL && drafts->path != NULL)
		return drafts;
	drafts_free(drafts);
	return NULL;
}

void drafts_free(struct drafts *drafts)
{
	if (drafts == NULL)
		return;
	json_decref(drafts->list);
	free(drafts->path);
	free(drafts);
}

/* The index of a room's entry, or the count of all. */
static size_t find(const struct drafts *drafts, const char *host, const char *room)
{
	size_t i = 0;
	for (; i < json_array_size(drafts->list); i++) {
		const json_t *entry = json_array_get(drafts->list, i);
		if (strcmp(member(entry, "host"), host) == 0 && strcmp(member(entry, "room"), room) == 0)
			break;
	}
	return i;
}

const char *drafts_get(const struct drafts *drafts, const char *host, const char *room, size_t *cursor)
{
	const json_t *entry = json_array_get(drafts->list, find(drafts, host, room));
	const char *text = member(entry, "text");
	json_int_t at = json_integer_value(json_object_get(entry, "cursor"));
	size_t length = strlen(text);
	*cursor = at >= 0 && (size_t)at < length ? (size_t)at : length;
	return length > 0 ? text : NULL;
}

/* Drops the oldest until there is room for one of length bytes more. */
static void make_room(struct drafts *drafts, size_t length)
{
	size_t total = length;
	for (size_t i = 0; i < json_array_size(drafts->list); i++)
		total += strlen(member(json_array_get(drafts->list, i), "text"));
	while (json_array_size(drafts->list) > 0 &&
	       (total > DRAFTS_TOTAL_MAX || json_array_size(drafts->list) >= DRAFTS_MAX)) {
		total -= strlen(member(json_array_get(drafts->list, 0), "text"));
		json_array_remove(drafts->list, 0);
	}
}

int drafts_set(struct drafts *drafts, const char *host, const char *room, const char *text, size_t cursor)
{
	size_t index = find(drafts, host, room);
	const char *old = member(json_array_get(drafts->list, index), "text");
	if (text == NULL)
		text = "";
	if (strcmp(old, text) == 0)
		return 0;
	size_t length = strlen(text);
	drafts->changed = true;
	json_array_remove(drafts->list, index);
	if (length == 0)
		return 0;
	if (length > DRAFTS_TEXT_MAX)
		return TCHAT_ERR_TOO_LONG;
	make_room(drafts, length);
	json_t *entry = json_pack("{s:s, s:s, s:s, s:I}", "host", host, "room", room, "text", text, "cursor",
	                          (json_int_t)cursor);
	if (entry == NULL)
		return TCHAT_ERR_BAD_TEXT;
	return json_array_append_new(drafts->list, entry) == 0 ? 0 : TCHAT_ERR_MEMORY;
}

int drafts_save(struct drafts *drafts, bool flush)
{
	if (!drafts->changed)
		return 0;
	char *text = json_dumps(drafts->list, JSON_INDENT(1));
	if (text == NULL)
		return TCHAT_ERR_MEMORY;
	int err = (flush ? file_replace : file_replace_soon)(drafts->path, text, strlen(text));
	free(text);
	drafts->changed = err != 0;
	return err;
}
