/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help: lines are wrapped when drawn, and as many rows are skipped as it is scrolled down. */
#include "ui/help_screen.h"

#include "ui/message_wrap.h"

#include "base/buffer.h"
#include "base/intl.h"
#include "base/text.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	TEXT_MAX = 256 * 1024,
	KEY_WIDEST = 32,
	KEY_GAP = 2,
	MARGIN = 1,
};

struct help_screen {
	char *title;
	char **lines; /* clean; a key and its text stand behind each other, NUL between */
	bool *pairs;  /* the line is such a pair */
	size_t count;
	int key;    /* width of the key column */
	int scroll; /* rows */
	int rows;   /* shown last */
	int total;  /* rows of the whole text then */
};

static char *copy_clean(const char *text, size_t length)
{
	struct buffer clean;
	buffer_init(&clean, TEXT_CLEAN_MAX(TEXT_MAX));
	char *copy = NULL;
	if (length <= TEXT_MAX && text_clean(&clean, text, length, TEXT_LINE) == 0) {
		size_t cleaned = buffer_length(&clean);
		copy = malloc(cleaned + 1);
		if (copy != NULL) {
			if (cleaned > 0)
				memcpy(copy, buffer_data(&clean), cleaned);
			copy[cleaned] = '\0';
		}
	}
	buffer_free(&clean);
	return copy;
}

/* Joins a key and its text: "key\0text\0". */
static char *pair_make(struct help_screen *help, const char *line, size_t length, size_t tab)
{
	char *key = copy_clean(line, tab), *text = copy_clean(line + tab + 1, length - tab - 1), *pair = NULL;
	if (key != NULL && text != NULL) {
		size_t key_bytes = strlen(key) + 1, text_bytes = strlen(text) + 1;
		int width = (int)text_width(key, key_bytes - 1);
		if (width > help->key)
			help->key = width < KEY_WIDEST ? width : KEY_WIDEST;
		pair = malloc(key_bytes + text_bytes);
		if (pair != NULL) {
			memcpy(pair, key, key_bytes);
			memcpy(pair + key_bytes, text, text_bytes);
		}
	}
	free(key);
	free(text);
	return pair;
}

static bool line_add(struct help_screen *help, const char *line, size_t length)
{
	const char *tab = memchr(line, '\t', length);
	help->pairs[help->count] = tab != NULL;
	help->lines[help->count] = tab != NULL ? pair_make(help, line, length, (size_t)(tab - line)) :
	                                         copy_clean(line, length);
	return help->lines[help->count++] != NULL;
}

struct help_screen *help_screen_new(const char *title, const char *text)
{
	struct help_screen *help = calloc(1, sizeof *help);
	if (help == NULL)
		return NULL;
	size_t lines = 1;
	for (const char *at = text; *at != '\0'; at++)
		lines += *at == '\n';
	help->title = copy_clean(title, strlen(title));
	help->lines = calloc(lines, sizeof *help->lines);
	help->pairs = calloc(lines, sizeof *help->pairs);
	bool fine = help->title != NULL && help->lines != NULL && help->pairs != NULL;
	while (fine && *text != '\0') {
		size_t length = strcspn(text, "\n");
		fine = line_add(help, text, length);
		text += length + (text[length] == '\n');
	}
	if (!fine) {
		help_screen_free(help);
		return NULL;
	}
	return help;
}

void help_screen_free(struct help_screen *help)
{
	if (help == NULL)
		return;
	for (size_t i = 0; i < help->count; i++)
		free(help->lines[i]);
	free(help->lines);
	free(help->pairs);
	free(help->title);
	free(help);
}

/* Draws text from a row on, which may lie above the area; returns the rows it takes. */
static int draw_wrapped(struct cells *cells, const struct area *area, int top, int column, enum style_role role,
                        const char *text)
{
	size_t length = strlen(text);
	int columns = area->columns - column > 0 ? area->columns - column : 1, rows = 0;
	struct wrap_row row = { 0, 0, 0 };
	for (size_t start = 0; !row.last; start = row.next, rows++) {
		row = wrap_row(text, length, start, columns);
		cells_put(cells, area, top + rows, column, role, text + start, row.end - start);
	}
	return rows;
}

static int draw_line(const struct help_screen *help, struct cells *cells, const struct area *area, int row, size_t i)
{
	const char *line = help->lines[i];
	if (!help->pairs[i]) {
		bool heading = line[0] == '#' && line[1] == ' ';
		return draw_wrapped(cells, area, row, 0, heading ? STYLE_PROMPT : STYLE_TEXT,
		                    heading ? line + 2 : line);
	}
	const char *text = line + strlen(line) + 1;
	int key = (int)text_width(line, strlen(line));
	bool beside = area->columns >= help->key + KEY_GAP + 20;
	int column = beside ? 2 + help->key + KEY_GAP : 4;
	cells_puts(cells, area, row, 2, STYLE_COMMAND, line);
	if (beside && key <= help->key)
		return draw_wrapped(cells, area, row, column, STYLE_TEXT, text);
	return 1 + draw_wrapped(cells, area, row + 1, column, STYLE_TEXT, text);
}

void help_screen_draw(struct help_screen *help, struct cells *cells, const struct area *area)
{
	if (area->rows <= 0 || area->columns <= 0)
		return;
	cells_fill(cells, area, STYLE_TEXT);
	cells_hide_cursor(cells);
	int bar = area->rows > 2;
	struct area title = { area->row, area->column, bar, area->columns };
	struct area body = { area->row + bar, area->column + MARGIN, area->rows - bar, area->columns - 2 * MARGIN };
	if (body.columns < 1)
		body = (struct area){ area->row + bar, area->column, area->rows - bar, area->columns };
	help->rows = body.rows;
	/* The first walk only counts: its rows lie below the area. */
	for (int pass = 0; pass < 2; pass++) {
		int row = pass == 0 ? body.rows : -help->scroll;
		for (size_t i = 0; i < help->count && (pass == 0 || row < body.rows); i++)
			row += draw_line(help, cells, &body, row, i);
		if (pass > 0)
			break;
		help->total = row - body.rows;
		help_screen_scroll(help, 0);
	}
	if (!bar)
		return;
	const char *hint = help->total > help->rows ? _("PgUp PgDn scroll · Esc closes") : _("Esc closes");
	int width = (int)text_width(hint, strlen(hint));
	cells_fill(cells, &title, STYLE_TITLE);
	int column = cells_put_cut(cells, &title, 0, 1, area->columns - 2, STYLE_TITLE, help->title,
	                           strlen(help->title));
	if (column + 2 + width < area->columns)
		cells_puts(cells, &title, 0, area->columns - width - 1, STYLE_TOPIC, hint);
}

void help_screen_scroll(struct help_screen *help, int rows)
{
	long most = help->total > help->rows ? help->total - help->rows : 0, to = (long)help->scroll + rows;
	help->scroll = (int)(to < 0 ? 0 : to > most ? most : to);
}

void help_screen_page(struct help_screen *help, int pages)
{
	help_screen_scroll(help, pages * (help->rows > 2 ? help->rows - 1 : 1));
}
