/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input line: readline's editing, history, search and completion, without its terminal. Readline is
 * global, so only one editor exists at a time. Text is UTF-8 in the locale of LC_CTYPE; positions are in
 * bytes. */
#ifndef TCHAT_UI_LINE_EDITOR_H
#define TCHAT_UI_LINE_EDITOR_H

#include "ui/token.h"

#include <stdbool.h>
#include <stddef.h>

struct line_editor;
struct line_history;
struct line_draft;

/* What a completer answers: the candidates for line[start..cursor), in the order to show. The callee
 * allocates the array and each string with malloc(); the editor frees them. suffix follows an only
 * candidate (" ", ": "); NULL for none; it is copied. */
struct line_completion {
	char **candidates;
	size_t count;
	size_t start;
	const char *suffix;
};

/* Fills *out, which is empty (start == cursor). line has a NUL at its end and is valid during the call
 * only. */
typedef void line_completer(void *arg, const char *line, size_t cursor, struct line_completion *out);

struct line_editor_options {
	size_t text_maximum;     /* most bytes of a draft; what goes beyond is cut at a character */
	int history_maximum;     /* most entries of a history, unless inputrc has a history-size */
	line_completer *complete; /* may be NULL */
	void *arg;
};

/* What a call brought; a set of bits. */
enum line_editor_outcome {
	LINE_EDITOR_NOTHING = 0,
	LINE_EDITOR_REDRAW = 1, /* text, cursor, prompt, mode or matches may have changed */
	LINE_EDITOR_LINE = 2,   /* take it with line_editor_take_line(), until that returns NULL */
	LINE_EDITOR_EOF = 4     /* ^D on an empty line */
};

enum line_editor_mode { LINE_EDITOR_EMACS, LINE_EDITOR_VI_INSERT, LINE_EDITOR_VI_COMMAND };

/* Starts readline: reads inputrc ($if tchat holds), may write about bad lines of it to stderr, so call it
 * before the screen is set up and after setlocale(). NULL: memory is out, or an editor exists already. */
struct line_editor *line_editor_new(const struct line_editor_options *options);
void line_editor_free(struct line_editor *editor);

/* Gives one whole token to the editor: characters, keys, sequences; a paste becomes line_editor_paste();
 * mouse, focus, replies and garbage do nothing. ^C and Alt-Enter are the caller's: line_editor_cancel(),
 * _newline(). */
int line_editor_feed(struct line_editor *editor, const struct token *token);

/* The oldest submitted line, to be freed, or NULL. At most 64 wait (a macro may submit several); the line
 * is not put into the history. */
char *line_editor_take_line(struct line_editor *editor);

/* What to show. Valid until the next call that changes the editor; both strings have a NUL at their end. */
const char *line_editor_text(const struct line_editor *editor);
size_t line_editor_length(const struct line_editor *editor);
size_t line_editor_cursor(const struct line_editor *editor);

/* "" in general; "(reverse-i-search)`abc': " or "(arg: 4) " while readline asks for something. */
const char *line_editor_prompt(const struct line_editor *editor);
enum line_editor_mode line_editor_mode(const struct line_editor *editor);

/* True in the middle of a search, a number, or a key of several strokes: ESC and ^C belong to the editor. */
bool line_editor_is_busy(const struct line_editor *editor);

/* The candidates to list after an ambiguous completion, *count of them; gone with the next change. */
const char *const *line_editor_matches(const struct line_editor *editor, size_t *count);

/* Replaces the text, as one step that undo takes back; cursor is cut to the text. 0 or TCHAT_ERR_TOO_LONG. */
int line_editor_set_text(struct line_editor *editor, const char *text, size_t cursor);

/* Puts text at the cursor, as one step of undo, executing nothing: line ends become newlines, tabs stay,
 * other control characters and invalid UTF-8 go. Returns 0, or TCHAT_ERR_TOO_LONG when it had to be cut. */
int line_editor_paste(struct line_editor *editor, const void *bytes, size_t length);

/* A newline at the cursor. */
void line_editor_newline(struct line_editor *editor);

void line_editor_undo(struct line_editor *editor);

/* What ^C does: ends a search or another question, else clears the line. False when there was nothing to
 * end. */
bool line_editor_cancel(struct line_editor *editor);

/* Takes the text with its cursor and undo list out of the editor, which is empty then; NULL when memory is
 * out (nothing changed). Restoring puts it back and frees the draft; NULL restores an empty line. */
struct line_draft *line_editor_save(struct line_editor *editor);
void line_editor_restore(struct line_editor *editor, struct line_draft *draft);

/* A draft that waits: made from a file, looked at, thrown away. NULL is fine for free. */
struct line_draft *line_draft_new(const char *text, size_t cursor);
const char *line_draft_text(const struct line_draft *draft);
size_t line_draft_cursor(const struct line_draft *draft);
void line_draft_free(struct line_draft *draft);

/* Histories, one for all or one a room. The editor starts with one of its own; using another one does not
 * free the one before. The history in use must be exchanged (NULL: the editor's own) before it is freed,
 * and all are freed before the editor. */
struct line_history *line_history_new(struct line_editor *editor);
void line_history_free(struct line_history *history);
void line_editor_use_history(struct line_editor *editor, struct line_history *history);

/* Adds a line to the history in use, unless it is empty or equals the newest one. */
void line_editor_remember(struct line_editor *editor, const char *line);

/* Reads a file into, or writes it from, the history in use: entries may hold newlines, times are kept. 0,
 * TCHAT_ERR_NOT_FOUND, TCHAT_ERR_TOO_LONG (over 16 MiB) or TCHAT_ERR_SYSTEM with errno. Writing replaces the
 * file in one step; a new one is readable by its owner only. */
int line_editor_load_history(struct line_editor *editor, const char *path);
int line_editor_save_history(struct line_editor *editor, const char *path);

#endif
