/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A terminal that only remembers, and the text form of a grid that golden screens are made of. */
#include "ui/term_memory.h"

#include "base/errors.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct term_memory {
	struct terminal terminal; /* first */
	struct cells *cells;
	unsigned draws, bells;
	char title[128];
};

static void memory_size(const struct terminal *terminal, int *rows, int *columns)
{
	const struct term_memory *memory = (const struct term_memory *)terminal;
	*rows = cells_rows(memory->cells);
	*columns = cells_columns(memory->cells);
}

static int memory_draw(struct terminal *terminal, const struct cells *cells)
{
	struct term_memory *memory = (struct term_memory *)terminal;
	memory->draws++;
	return cells_copy(memory->cells, cells);
}

static void memory_set_theme(struct terminal *terminal, enum theme theme)
{
}

static void memory_bell(struct terminal *terminal)
{
	((struct term_memory *)terminal)->bells++;
}

static void memory_set_title(struct terminal *terminal, const char *text)
{
	struct term_memory *memory = (struct term_memory *)terminal;
	snprintf(memory->title, sizeof memory->title, "%s", text);
}

static void memory_free(struct terminal *terminal)
{
	struct term_memory *memory = (struct term_memory *)terminal;
	cells_free(memory->cells);
	free(memory);
}

static const struct terminal_class memory_class = {
	.size = memory_size,
	.draw = memory_draw,
	.set_theme = memory_set_theme,
	.free = memory_free,
	.bell = memory_bell,
	.set_title = memory_set_title,
};

struct terminal *term_memory_new(int rows, int columns)
{
	struct term_memory *memory = calloc(1, sizeof *memory);
	if (memory == NULL)
		return NULL;
	memory->terminal.class = &memory_class;
	memory->cells = cells_new(rows, columns);
	if (memory->cells == NULL) {
		free(memory);
		return NULL;
	}
	return &memory->terminal;
}

void term_memory_resize(struct terminal *terminal, int rows, int columns)
{
	cells_resize(((struct term_memory *)terminal)->cells, rows, columns);
}

const struct cells *term_memory_cells(const struct terminal *terminal)
{
	return ((const struct term_memory *)terminal)->cells;
}

unsigned term_memory_draws(const struct terminal *terminal)
{
	return ((const struct term_memory *)terminal)->draws;
}

unsigned term_memory_bells(const struct terminal *terminal)
{
	return ((const struct term_memory *)terminal)->bells;
}

const char *term_memory_title(const struct terminal *terminal)
{
	return ((const struct term_memory *)terminal)->title;
}

static int put_cells(const struct cell *line, int columns, struct buffer *out)
{
	int err = 0;
	for (int column = 0; column < columns && err == 0; column++) {
		char bytes[4];
		if (line[column].width == 0)
			continue;
		err = buffer_put(out, bytes, utf8_encode(line[column].base, bytes));
		for (size_t i = 0; i < CELL_MARKS && line[column].marks[i] != 0 && err == 0; i++)
			err = buffer_put(out, bytes, utf8_encode(line[column].marks[i], bytes));
	}
	return err;
}

int term_memory_row(const struct cells *cells, int row, struct buffer *out)
{
	const struct cell *line = cells_row(cells, row);
	int columns = cells_columns(cells);
	while (columns > 0 && line[columns - 1].base == ' ' && line[columns - 1].marks[0] == 0)
		columns--;
	return put_cells(line, columns, out);
}

/* Roles of a row as runs: "  3: 0-4 time, 6-9 nick-3 bold". */
static int put_roles(const struct cells *cells, int row, struct buffer *out)
{
	const struct cell *line = cells_row(cells, row);
	int columns = cells_columns(cells), err = 0;
	bool begun = false;
	for (int start = 0, end; start < columns && err == 0; start = end) {
		for (end = start + 1; end < columns && line[end].role == line[start].role &&
		                      line[end].attributes == line[start].attributes;)
			end++;
		uint8_t attributes = line[start].attributes;
		if (line[start].role == STYLE_TEXT && attributes == 0)
			continue;
		char text[128];
		if (begun)
			snprintf(text, sizeof text, ", ");
		else
			snprintf(text, sizeof text, "%3d: ", row);
		size_t length = strlen(text);
		snprintf(text + length, sizeof text - length, "%d-%d %s%s%s%s%s", start, end - 1,
		         style_name(line[start].role), attributes & CELL_BOLD ? " bold" : "",
		         attributes & CELL_DIM ? " dim" : "", attributes & CELL_UNDERLINE ? " underline" : "",
		         attributes & CELL_REVERSE ? " reverse" : "");
		err = buffer_put_string(out, text);
		begun = true;
	}
	return err == 0 && begun ? buffer_put_string(out, "\n") : err;
}

int term_memory_dump(const struct cells *cells, struct buffer *out)
{
	char text[64];
	int row, column, err = 0;
	for (int i = 0; i < cells_rows(cells) && err == 0; i++) {
		err = buffer_put_string(out, "|");
		if (err == 0)
			err = put_cells(cells_row(cells, i), cells_columns(cells), out);
		if (err == 0)
			err = buffer_put_string(out, "|\n");
	}
	if (cells_cursor(cells, &row, &column))
		snprintf(text, sizeof text, "cursor %d,%d\n", row, column);
	else
		snprintf(text, sizeof text, "cursor hidden\n");
	if (err == 0)
		err = buffer_put_string(out, text);
	for (int i = 0; i < cells_rows(cells) && err == 0; i++)
		err = put_roles(cells, i, out);
	return err;
}
