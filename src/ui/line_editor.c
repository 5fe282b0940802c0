/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and what they do. Readline, which only the files of the line editor know, gets whole tokens through a
 * queue; it reads and writes /dev/null, and what it would draw is asked for by the widgets. */
#include "ui/line_editor.h"

#include "base/buffer.h"
#include "base/errors.h"
#include "base/text.h"
#include "base/utf8.h"
#include "ui/line_editor_inside.h"
#include "ui/line_text.h"

#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/history.h>
#include <readline/readline.h>

enum {
	EDITOR_QUEUE = 1 << 16,         /* bytes of one token */
	EDITOR_MATCHES = 1000           /* candidates of one completion */
};

static struct line_editor *the_editor;

/* --- What readline calls. */

static int on_getc(FILE *stream)
{
	struct line_editor *e = the_editor;
	if (buffer_length(&e->queue) == 0) {
		/* A command wants a key more than there is. The end of input ends it, and perhaps the line, see
		 * on_line(). */
		e->starved = true;
		return EOF;
	}
	int byte = *buffer_data(&e->queue);
	buffer_consume(&e->queue, 1);
	return byte;
}

static int on_input_available(void)
{
	return buffer_length(&the_editor->queue) > 0;
}

static void on_redisplay(void)
{
}

static void on_line(char *line)
{
	struct line_editor *e = the_editor;
	if (e->starved) {
		free(e->rescued);
		e->rescued = line;
	} else if (line == NULL) {
		e->eof = true;
	} else if (e->line_count < EDITOR_LINES) {
		e->lines[e->line_count++] = line;
	} else {
		free(line);
	}
}

/* --- Completion. */

static void completion_clear(struct line_editor *e)
{
	for (size_t i = 0; i < e->completion.count; i++)
		free(e->completion.candidates[i]);
	free(e->completion.candidates);
	e->completion = (struct line_completion){ .count = 0 };
	e->completed = false;
}

static void matches_clear(struct line_editor *e)
{
	for (size_t i = 0; i < e->match_count; i++)
		free(e->matches[i]);
	free(e->matches);
	e->matches = NULL;
	e->match_count = 0;
}

static void completion_ask(struct line_editor *e, size_t cursor)
{
	if (e->completed)
		return;
	e->completed = true;
	e->completion.start = cursor;
	if (e->options.complete == NULL)
		return;
	char *line = strdup(rl_line_buffer);
	if (line == NULL)
		return;
	e->options.complete(e->options.arg, line, cursor, &e->completion);
	free(line);
	while (e->completion.count > EDITOR_MATCHES)
		free(e->completion.candidates[--e->completion.count]);
	if (e->completion.start > cursor)
		e->completion.start = cursor;
}

/* Called before readline looks for the start of the word. Moving rl_point makes that the start: the completer
 * knows where it is, and readline's own way back takes quadratic time in a long line. */
static char *on_word_break(void)
{
	static char none[] = "";
	size_t cursor = (size_t)rl_point;
	completion_ask(the_editor, cursor);
	size_t start = the_editor->completion.start;
	if (start == cursor && cursor > 0) /* an unmoved point would be searched for after all */
		start = text_previous(rl_line_buffer, cursor, cursor);
	rl_point = (int)start;
	return none;
}

/* The array that readline wants: what to insert, then the candidates, each with what stands between
 * readline's start and the completer's. */
static char **on_complete(const char *typed, int start, int end)
{
	struct line_editor *e = the_editor;
	const struct line_completion *c = &e->completion;
	rl_attempted_completion_over = 1;
	completion_ask(e, (size_t)end);
	if (c->count == 0 || c->start < (size_t)start)
		return NULL;
	const char *suffix = c->suffix != NULL && c->count == 1 ? c->suffix : "";
	size_t suffix_length = strlen(suffix);
	rl_completion_suppress_append = suffix_length == 0;
	rl_completion_append_character = suffix_length == 0 ? '\0' : suffix[suffix_length - 1];
	rl_sort_completion_matches = 0;
	return line_text_matches(typed, c->start - (size_t)start, c->candidates, c->count, suffix);
}

static void on_display_matches(char **matches, int count, int longest)
{
	struct line_editor *e = the_editor;
	matches_clear(e);
	if (count < 1 || (e->matches = calloc((size_t)count, sizeof *e->matches)) == NULL)
		return;
	/* Show the candidates as the completer gave them. */
	for (size_t i = 0; i < e->completion.count && e->match_count < (size_t)count; i++) {
		e->matches[e->match_count] = strdup(e->completion.candidates[i]);
		if (e->matches[e->match_count] == NULL)
			return;
		e->match_count++;
	}
}

/* --- Up and down inside of a draft of several lines; the history at its edges. */

static int move_by_line(int count, int key, bool up)
{
	if (count < 0)
		return up ? rl_get_next_history(-count, key) : rl_get_previous_history(-count, key);
	for (; count > 0; count--) {
		size_t target = line_text_move(rl_line_buffer, (size_t)rl_point, up);
		if (target == LINE_TEXT_NOWHERE)
			return up ? rl_get_previous_history(count, key) : rl_get_next_history(count, key);
		rl_point = (int)target;
	}
	return 0;
}

static int previous_line_or_history(int count, int key)
{
	return move_by_line(count, key, true);
}

static int next_line_or_history(int count, int key)
{
	return move_by_line(count, key, false);
}

/* --- Start and end. */

/* Keys that terminals send and readline alone does not know, or that do more here. */
static void bind_defaults(void)
{
	static Keymap const maps[] = { emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap };
	static const struct {
		const char *keys;
		rl_command_func_t *function;
	} bindings[] = {
		{ "\\e[A", previous_line_or_history }, { "\\eOA", previous_line_or_history },
		{ "\\e[B", next_line_or_history }, { "\\eOB", next_line_or_history },
		{ "\\e[1~", rl_beg_of_line }, { "\\e[7~", rl_beg_of_line },
		{ "\\e[4~", rl_end_of_line }, { "\\e[8~", rl_end_of_line },
		{ "\\e[3~", rl_delete }, { "\\e[3;5~", rl_kill_word },
		{ "\\e[1;5C", rl_forward_word }, { "\\e[1;3C", rl_forward_word }, { "\\eOc", rl_forward_word },
		{ "\\e[1;5D", rl_backward_word }, { "\\e[1;3D", rl_backward_word }, { "\\eOd", rl_backward_word },
	};
	rl_add_defun("previous-line-or-history", previous_line_or_history, -1);
	rl_add_defun("next-line-or-history", next_line_or_history, -1);
	/* Before inputrc is read, so that the user's own bindings win. */
	for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
		for (size_t k = 0; k < sizeof bindings / sizeof bindings[0]; k++)
			rl_bind_keyseq_in_map(bindings[k].keys, bindings[k].function, maps[i]);
}

static int ignore_key(int count, int key)
{
	return 0;
}

/* Readline would read a paste on its own, past the end of what there is. */
static void unbind_paste(void)
{
	static Keymap const maps[] = { emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap };
	for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
		rl_bind_keyseq_in_map("\\e[200~", ignore_key, maps[i]);
	rl_variable_bind("enable-bracketed-paste", "off");
}

static void set_variables(void)
{
	/* The first would stop for half a second at each bracket; inputrc may be read again at any time (^X^R). */
	const char *blink = rl_variable_value("blink-matching-paren");
	if (blink != NULL && strcmp(blink, "on") == 0)
		rl_variable_bind("blink-matching-paren", "off");
}

/* Readline sets LC_CTYPE from the environment, at its start and again after each line. That is not where the character
 * set came from when the user has no UTF-8 locale: while readline works, it sees what is set. */
static void locale_note(struct line_editor *e)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *current = setlocale(LC_CTYPE, NULL), *all = getenv("LC_ALL"), *asked = NULL;
	for (size_t i = 0; asked == NULL && i < sizeof names / sizeof names[0]; i++) {
		asked = getenv(names[i]);
		if (asked != NULL && asked[0] == '\0')
			asked = NULL;
	}
	if (current == NULL || (asked != NULL && strcmp(asked, current) == 0))
		return;
	e->environment = all == NULL ? NULL : strdup(all);
	if (all == NULL || e->environment != NULL)
		e->locale = strdup(current);
}

static void locale_begin(const struct line_editor *e)
{
	if (e->locale != NULL)
		setenv("LC_ALL", e->locale, 1);
}

static void locale_end(const struct line_editor *e)
{
	if (e->locale != NULL && e->environment != NULL)
		setenv("LC_ALL", e->environment, 1);
	else if (e->locale != NULL)
		unsetenv("LC_ALL");
}

struct line_editor *line_editor_new(const struct line_editor_options *options)
{
	if (the_editor != NULL)
		return NULL;
	struct line_editor *e = calloc(1, sizeof *e);
	if (e == NULL)
		return NULL;
	e->options = *options;
	e->nothing_in = fopen("/dev/null", "re");
	e->nothing_out = fopen("/dev/null", "we");
	if (e->nothing_in == NULL || e->nothing_out == NULL) {
		line_editor_free(e);
		return NULL;
	}
	buffer_init(&e->queue, EDITOR_QUEUE);
	e->history = &e->own;
	the_editor = e;
	rl_readline_name = "tchat";
	rl_instream = e->nothing_in;
	rl_outstream = e->nothing_out;
	rl_redisplay_function = on_redisplay;
	rl_getc_function = on_getc;
	rl_input_available_hook = on_input_available;
	rl_prep_term_function = NULL;
	rl_deprep_term_function = NULL;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_completion_word_break_hook = on_word_break;
	rl_attempted_completion_function = on_complete;
	rl_completion_display_matches_hook = on_display_matches;
	rl_basic_quote_characters = "";
	rl_completer_quote_characters = NULL;
	/* A mark that no draft can hold: with '#', a line "#1 …" of a message would be read as a time. */
	history_comment_char = '\001';
	history_write_timestamps = 1;
	history_multiline_entries = 1;
	using_history();
	bind_defaults();
	locale_note(e);
	locale_begin(e);
	rl_callback_handler_install("", on_line);
	locale_end(e);
	unbind_paste();
	set_variables();
	if (!history_is_stifled())
		stifle_history(options->history_maximum);
	return e;
}

void line_editor_free(struct line_editor *e)
{
	if (e == NULL)
		return;
	if (the_editor == e) {
		line_editor_settle(e);
		line_editor_use_history(e, NULL);
		rl_replace_line("", 1);
		rl_callback_handler_remove();
		line_history_clear();
		rl_instream = rl_outstream = NULL;
		the_editor = NULL;
	}
	char *line;
	while ((line = line_editor_take_line(e)) != NULL)
		free(line);
	completion_clear(e);
	matches_clear(e);
	free(e->rescued);
	free(e->locale);
	free(e->environment);
	buffer_free(&e->queue);
	if (e->nothing_in != NULL)
		fclose(e->nothing_in);
	if (e->nothing_out != NULL)
		fclose(e->nothing_out);
	free(e);
}

/* --- Questions. */

char *line_editor_take_line(struct line_editor *e)
{
	if (e->line_count == 0)
		return NULL;
	char *line = e->lines[0];
	memmove(e->lines, e->lines + 1, --e->line_count * sizeof e->lines[0]);
	return line;
}

const char *line_editor_text(const struct line_editor *e)
{
	return rl_line_buffer;
}

size_t line_editor_length(const struct line_editor *e)
{
	return (size_t)rl_end;
}

size_t line_editor_cursor(const struct line_editor *e)
{
	return (size_t)rl_point;
}

const char *line_editor_prompt(const struct line_editor *e)
{
	return rl_display_prompt != NULL ? rl_display_prompt : "";
}

enum line_editor_mode line_editor_mode(const struct line_editor *e)
{
	if (rl_editing_mode == 1)
		return LINE_EDITOR_EMACS;
	return rl_get_keymap() == vi_movement_keymap ? LINE_EDITOR_VI_COMMAND : LINE_EDITOR_VI_INSERT;
}

bool line_editor_is_busy(const struct line_editor *e)
{
	return RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG | RL_STATE_MULTIKEY |
		RL_STATE_VIMOTION | RL_STATE_CHARSEARCH) != 0;
}

const char *const *line_editor_matches(const struct line_editor *e, size_t *count)
{
	*count = e->match_count;
	return (const char *const *)e->matches;
}

/* --- Keys. */

/* Keeps the text within its maximum and without NUL, whatever brought it there (a paste, yanks, a number
 * and a key). */
void line_editor_tidy(struct line_editor *e)
{
	/* A quoted ^@ must not hide what is behind it. */
	for (int at; (at = (int)strlen(rl_line_buffer)) < rl_end;) {
		rl_delete_text(at, at + 1);
		rl_point -= rl_point > at;
	}
	if ((size_t)rl_end <= e->options.text_maximum)
		return;
	rl_delete_text((int)utf8_cut(rl_line_buffer, (size_t)rl_end, e->options.text_maximum), rl_end);
	if (rl_point > rl_end)
		rl_point = rl_end;
}

static void replace_text(const char *text, size_t cursor)
{
	rl_begin_undo_group();
	rl_delete_text(0, rl_end);
	rl_point = 0;
	rl_insert_text(text);
	rl_end_undo_group();
	rl_point = (int)(cursor < (size_t)rl_end ? cursor : (size_t)rl_end);
}

static int outcome(struct line_editor *e)
{
	int bits = LINE_EDITOR_REDRAW | (e->line_count > 0 ? LINE_EDITOR_LINE : 0) | (e->eof ? LINE_EDITOR_EOF : 0);
	e->eof = false;
	return bits;
}

static int feed_bytes(struct line_editor *e, const void *bytes, size_t length)
{
	matches_clear(e);
	completion_clear(e);
	e->starved = false;
	struct line_place place = line_cluster_place(e);
	if (buffer_put(&e->queue, bytes, length) != 0)
		return LINE_EDITOR_NOTHING;
	locale_begin(e);
	for (size_t before = SIZE_MAX; buffer_length(&e->queue) > 0 && buffer_length(&e->queue) < before;) {
		before = buffer_length(&e->queue);
		rl_callback_read_char();
	}
	locale_end(e);
	buffer_consume(&e->queue, SIZE_MAX);
	line_cluster_settle(e, &place);
	if (e->rescued != NULL) {
		replace_text(e->rescued, strlen(e->rescued));
		free(e->rescued);
		e->rescued = NULL;
	}
	set_variables();
	line_editor_tidy(e);
	return outcome(e);
}

int line_editor_feed(struct line_editor *e, const struct token *token)
{
	switch (token->kind) {
	case TOKEN_CHARACTER:
	case TOKEN_CONTROL:
	case TOKEN_KEY:
	case TOKEN_SEQUENCE:
		return feed_bytes(e, token->bytes, token->length);
	case TOKEN_PASTE:
		line_editor_paste(e, token->bytes, token->length);
		return LINE_EDITOR_REDRAW;
	default:
		return LINE_EDITOR_NOTHING;
	}
}

/* Ends a search, a number, half a key. True when there was one. */
static bool end_question(struct line_editor *e)
{
	rl_command_func_t *last = rl_last_func;
	rl_last_func = NULL; /* a TAB or a kill after this is a first one */
	bool busy = line_editor_is_busy(e);
	if (RL_ISSTATE(RL_STATE_ISEARCH))
		feed_bytes(e, "\007", 1); /* unlike the clean-up below it gives the line back as it was */
	if (!busy) {
		/* A quoted insert (^V) may wait, without showing. It leaks when it is broken off, so give it
		 * something. */
		int before = rl_end;
		if (last == rl_quoted_insert && line_editor_mode(e) != LINE_EDITOR_VI_COMMAND)
			feed_bytes(e, " ", 1);
		if (rl_end > before) {
			rl_delete_text(rl_point - 1, rl_point);
			rl_point--;
		}
		rl_last_func = NULL;
		return false;
	}
	/* It ends one thing at a time, and half a key may wait behind a motion. */
	for (int i = 0; i < 8 && line_editor_is_busy(e); i++)
		rl_callback_sigcleanup();
	rl_clear_message();
	return true;
}

/* Leaves the history for the draft: an entry that was only looked at gives way to the draft, one that was
 * edited becomes the draft, and undo brings the old draft back. */
static void leave_history(struct line_editor *e)
{
	HIST_ENTRY *entry = current_history();
	if (entry == NULL)
		return;
	char *edited = strcmp(entry->line, rl_line_buffer) == 0 ? NULL : strdup(rl_line_buffer);
	size_t cursor = (size_t)rl_point;
	rl_revert_line(1, 0);
	rl_end_of_history(1, 0);
	if (edited != NULL)
		replace_text(edited, cursor);
	free(edited);
}

void line_editor_settle(struct line_editor *e)
{
	matches_clear(e);
	end_question(e);
	if (line_editor_mode(e) == LINE_EDITOR_EMACS) {
		leave_history(e);
		return;
	}
	/* vi mode holds an undo group open while it inserts. */
	int point = rl_point;
	if (line_editor_mode(e) == LINE_EDITOR_VI_INSERT)
		rl_vi_movement_mode(1, 0);
	rl_point = point;
	leave_history(e);
	rl_vi_insertion_mode(1, 0);
}

bool line_editor_cancel(struct line_editor *e)
{
	matches_clear(e);
	if (end_question(e))
		return true;
	if (rl_end == 0 && current_history() == NULL)
		return false;
	line_editor_settle(e);
	replace_text("", 0);
	return true;
}

int line_editor_set_text(struct line_editor *e, const char *text, size_t cursor)
{
	if (strlen(text) > e->options.text_maximum)
		return TCHAT_ERR_TOO_LONG;
	line_editor_settle(e);
	replace_text(text, cursor);
	return 0;
}

int line_editor_paste(struct line_editor *e, const void *bytes, size_t length)
{
	char *text = malloc(length + 1);
	if (text == NULL)
		return TCHAT_ERR_MEMORY;
	matches_clear(e);
	end_question(e);
	line_text_clean(text, bytes, length);
	size_t room = e->options.text_maximum - (size_t)rl_end, size = strlen(text);
	bool cut = size > room;
	if (cut)
		text[utf8_cut(text, size, room)] = '\0';
	if (text[0] != '\0') {
		rl_begin_undo_group();
		rl_insert_text(text);
		rl_end_undo_group();
	}
	free(text);
	return cut ? TCHAT_ERR_TOO_LONG : 0;
}

void line_editor_newline(struct line_editor *e)
{
	line_editor_paste(e, "\n", 1);
}

void line_editor_undo(struct line_editor *e)
{
	matches_clear(e);
	if (!end_question(e))
		rl_undo_command(1, 0);
}
