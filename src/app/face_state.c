/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed lines and drafts in the state folder. Without a place for them nothing is kept, and nothing is said. */
#include "app/face.h"

#include "base/paths.h"

#include <stdio.h>

enum { ROOM_KEY = 256, SIZE_A_SECOND = 65536 };

#define KEEP_AFTER TCHAT_SECONDS(2)

/* The host that drafts belong to. */
static void host_key(const struct face *face, char key[ADDRESS_TEXT])
{
	address_format(&face->place->address, key, ADDRESS_TEXT);
}

static void room_key(const struct face_room *room, char key[ROOM_KEY])
{
	snprintf(key, ROOM_KEY, "%s%s", room->direct ? "@" : "#", room->name);
}

void face_load_state(struct face *face)
{
	const struct options *options = face->talk.options;
	char path[PATHS_MAX];
	if (options->input_history && paths_of(PATHS_STATE, "input-history", path) == 0)
		(void)line_editor_load_history(face->editor, path);
	if (options->drafts && paths_of(PATHS_STATE, "drafts", path) == 0)
		face->drafts = drafts_open(path);
}

void face_restore_draft(struct face *face, struct face_room *room)
{
	char host[ADDRESS_TEXT], key[ROOM_KEY];
	size_t cursor;
	if (face->drafts == NULL || room == NULL || room->handle == 0 || room->draft_restored)
		return;
	room->draft_restored = true;
	host_key(face, host);
	room_key(room, key);
	const char *text = drafts_get(face->drafts, host, key, &cursor);
	if (text == NULL)
		return;
	if (room != face_rooms_current(&face->rooms)) {
		if (room->draft == NULL)
			room->draft = line_draft_new(text, cursor);
	} else if (line_editor_length(face->editor) == 0) {
		line_editor_set_text(face->editor, text, cursor);
	}
}

static void save_drafts(struct face *face, const char *path, bool flush)
{
	char host[ADDRESS_TEXT], key[ROOM_KEY];
	/* Read anew: another tchat may have written meanwhile. */
	struct drafts *drafts = drafts_open(path);
	host_key(face, host);
	for (size_t i = 0; drafts != NULL && i < face->rooms.count; i++) {
		const struct face_room *room = face->rooms.rooms[i];
		if (room->handle == 0)
			continue;
		room_key(room, key);
		if (i == face->rooms.current && (room->draft_restored || line_editor_length(face->editor) > 0))
			drafts_set(drafts, host, key, line_editor_text(face->editor), line_editor_cursor(face->editor));
		else if (room->draft != NULL)
			drafts_set(drafts, host, key, line_draft_text(room->draft), line_draft_cursor(room->draft));
		else if (room->draft_restored)
			drafts_set(drafts, host, key, NULL, 0);
	}
	if (drafts != NULL)
		(void)drafts_save(drafts, flush);
	drafts_free(drafts);
}

static void save_state(struct face *face, bool flush)
{
	const struct options *options = face->talk.options;
	char path[PATHS_MAX];
	if (options->input_history && face->lines_to_keep && paths_make(PATHS_STATE, "input-history", path) == 0)
		(void)line_editor_save_history(face->editor, path);
	face->lines_to_keep = false;
	if (options->drafts && paths_make(PATHS_STATE, "drafts", path) == 0)
		save_drafts(face, path, flush);
}

void face_save_state(struct face *face)
{
	face->lines_to_keep = true;
	save_state(face, true);
}

/* The more there is to write, the more seldom. */
void face_keep_soon(struct face *face)
{
	tchat_time wait = KEEP_AFTER + TCHAT_SECONDS(line_editor_length(face->editor) / SIZE_A_SECOND);
	if (!loop_timer_is_set(&face->keep))
		loop_timer_set(face->talk.loop, &face->keep, loop_now(face->talk.loop) + wait);
}

void face_on_keep(void *arg)
{
	struct face *face = arg;
	/* In the middle of a search the line is not the draft; its end is a key again. */
	if (!line_editor_is_busy(face->editor))
		save_state(face, false);
}
