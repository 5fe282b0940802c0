/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls into a terminal's class; verbs that a back end lacks do nothing. */
#include "ui/terminal.h"

void terminal_size(const struct terminal *terminal, int *rows, int *columns)
{
	terminal->class->size(terminal, rows, columns);
}

int terminal_draw(struct terminal *terminal, const struct cells *cells)
{
	return terminal->class->draw(terminal, cells);
}

void terminal_set_theme(struct terminal *terminal, enum theme theme)
{
	terminal->class->set_theme(terminal, theme);
}

void terminal_repair(struct terminal *terminal)
{
	if (terminal->class->repair)
		terminal->class->repair(terminal);
}

void terminal_suspend(struct terminal *terminal)
{
	if (terminal->class->suspend)
		terminal->class->suspend(terminal);
}

void terminal_bell(struct terminal *terminal)
{
	if (terminal->class->bell)
		terminal->class->bell(terminal);
}

void terminal_set_title(struct terminal *terminal, const char *text)
{
	if (terminal->class->set_title)
		terminal->class->set_title(terminal, text);
}

void terminal_notify(struct terminal *terminal, const char *text)
{
	if (terminal->class->notify)
		terminal->class->notify(terminal, text);
}

void terminal_copy(struct terminal *terminal, const char *text, size_t length)
{
	if (terminal->class->copy)
		terminal->class->copy(terminal, text, length);
}

void terminal_free(struct terminal *terminal)
{
	if (terminal)
		terminal->class->free(terminal);
}
