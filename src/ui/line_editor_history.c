/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the line editor keeps: drafts with their undo lists, histories and their files. */
#include "base/errors.h"
#include "base/utf8.h"
#include "ui/line_editor_inside.h"
#include "ui/line_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <readline/history.h>
#include <readline/readline.h>

enum { HISTORY_BYTES = 16 << 20 };

struct line_draft {
	char *text;
	size_t cursor;
	UNDO_LIST *undo;
};

/* --- Drafts. */

struct line_draft *line_editor_save(struct line_editor *e)
{
	line_editor_settle(e);
	struct line_draft *draft = line_draft_new(rl_line_buffer, (size_t)rl_point);
	if (draft == NULL)
		return NULL;
	draft->undo = rl_undo_list;
	rl_undo_list = NULL;
	rl_replace_line("", 0);
	rl_point = rl_mark = 0;
	return draft;
}

void line_editor_restore(struct line_editor *e, struct line_draft *draft)
{
	line_editor_settle(e);
	rl_replace_line(draft != NULL ? draft->text : "", 1);
	rl_point = rl_mark = 0;
	if (draft == NULL)
		return;
	rl_point = (int)draft->cursor;
	rl_undo_list = draft->undo;
	draft->undo = NULL;
	line_draft_free(draft);
	line_editor_tidy(e);
}

struct line_draft *line_draft_new(const char *text, size_t cursor)
{
	struct line_draft *draft = calloc(1, sizeof *draft);
	if (draft == NULL || (draft->text = strdup(text)) == NULL) {
		free(draft);
		return NULL;
	}
	size_t length = strlen(text);
	draft->cursor = utf8_cut(text, length, cursor < length ? cursor : length);
	return draft;
}

const char *line_draft_text(const struct line_draft *draft)
{
	return draft->text;
}

size_t line_draft_cursor(const struct line_draft *draft)
{
	return draft->cursor;
}

void line_draft_free(struct line_draft *draft)
{
	if (draft == NULL)
		return;
	for (UNDO_LIST *next, *undo = draft->undo; undo != NULL; undo = next) {
		next = undo->next;
		free(undo->text);
		free(undo);
	}
	free(draft->text);
	free(draft);
}

/* --- Histories. */

void line_history_clear(void)
{
	HIST_ENTRY **entries = history_list();
	rl_clear_history();
	if (entries != NULL)
		entries[0] = NULL; /* readline 8.2 leaves the freed entries in its list, and ^R reads them */
}

struct line_history *line_history_new(struct line_editor *e)
{
	return calloc(1, sizeof(struct line_history));
}

static void history_switch(struct line_history *from, struct line_history *to)
{
	HISTORY_STATE *state = history_get_history_state();
	from->state = *state;
	free(state);
	to->state.flags |= HS_STIFLED;
	history_set_history_state(&to->state);
}

void line_editor_use_history(struct line_editor *e, struct line_history *history)
{
	struct line_history *next = history != NULL ? history : &e->own;
	if (next == e->history)
		return;
	line_editor_settle(e);
	history_switch(e->history, next);
	e->history = next;
	using_history();
}

void line_history_free(struct line_history *history)
{
	if (history == NULL)
		return;
	if (history->state.entries != NULL) {
		struct line_history now;
		memset(&now, 0, sizeof now);
		history_switch(&now, history);
		line_history_clear();
		history_switch(history, &now);
		free(history->state.entries);
	}
	free(history);
}

void line_editor_remember(struct line_editor *e, const char *line)
{
	bool at_end = current_history() == NULL;
	HIST_ENTRY **entries = history_list();
	if (line[0] == '\0' || (history_length > 0 && strcmp(entries[history_length - 1]->line, line) == 0))
		return;
	add_history(line);
	if (at_end)
		using_history();
}

/* Out of memory an entry stays as it is. */
static void mark_entry(HIST_ENTRY *entry)
{
	char *marked = line_text_mark_empty(entry->line);
	if (marked == NULL)
		return;
	free(entry->line);
	entry->line = marked;
}

static void unmark_entry(HIST_ENTRY *entry)
{
	line_text_unmark_empty(entry->line);
}

static void each_entry(void (*change)(HIST_ENTRY *))
{
	HIST_ENTRY **entries = history_list();
	for (int i = 0; i < history_length; i++)
		change(entries[i]);
}

int line_editor_load_history(struct line_editor *e, const char *path)
{
	struct stat about;
	if (stat(path, &about) != 0)
		return errno == ENOENT ? TCHAT_ERR_NOT_FOUND : TCHAT_ERR_SYSTEM;
	if (about.st_size > HISTORY_BYTES)
		return TCHAT_ERR_TOO_LONG;
	line_editor_settle(e);
	int failed = read_history(path);
	each_entry(unmark_entry);
	using_history();
	if (failed == 0)
		return 0;
	errno = failed;
	return TCHAT_ERR_SYSTEM;
}

int line_editor_save_history(struct line_editor *e, const char *path)
{
	each_entry(mark_entry);
	int failed = write_history(path);
	each_entry(unmark_entry);
	if (failed == 0)
		return 0;
	errno = failed;
	return TCHAT_ERR_SYSTEM;
}
