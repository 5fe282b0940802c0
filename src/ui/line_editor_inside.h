/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of the line editor that know readline. */
#ifndef TCHAT_UI_LINE_EDITOR_INSIDE_H
#define TCHAT_UI_LINE_EDITOR_INSIDE_H

#include "base/buffer.h"
#include "ui/line_editor.h"

#include <stdint.h>
#include <stdio.h>

#include <readline/history.h>

enum { EDITOR_LINES = 64 }; /* submitted and not yet taken */

struct line_history {
	HISTORY_STATE state; /* readline's own while the history is in use */
};

struct line_editor {
	struct line_editor_options options;
	struct buffer queue;
	bool starved;         /* something read from the empty queue during this token */
	char *lines[EDITOR_LINES];
	size_t line_count;
	char *rescued;        /* a line that was submitted only because the queue was empty */
	bool eof;
	struct line_completion completion;
	bool completed;       /* the completer has been asked for this token */
	char **matches;
	size_t match_count;
	struct line_history own;
	struct line_history *history;
	FILE *nothing_in, *nothing_out;
	char *locale;         /* of LC_CTYPE; NULL: the environment asks for the same */
	char *environment;    /* LC_ALL there, or NULL */
};

/* Ends every question and leaves the history, so that what is in the line is the user's draft and nothing
 * else. */
void line_editor_settle(struct line_editor *e);

/* Keeps the text within its maximum and without NUL, whatever brought it there (a paste, yanks, a number
 * and a key). */
void line_editor_tidy(struct line_editor *e);

/* Where the cursor is before a key, with the cluster on either side; end is SIZE_MAX when keys belong to a question. */
struct line_place {
	size_t point, end;
	size_t before, after;
};

/* Taken before a key, and given back after it: a part of a cluster becomes the whole. */
struct line_place line_cluster_place(struct line_editor *e);
void line_cluster_settle(struct line_editor *e, const struct line_place *place);

/* Empties the history in use. */
void line_history_clear(void);

#endif
