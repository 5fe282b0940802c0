/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status line is a row of parts; the least important ones are left out until the others fit. */
#include "ui/status_line.h"

#include "base/buffer.h"
#include "base/intl.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	PARTS = 16,
	PART_BYTES = 160,
	NAME_COLUMNS = 24, /* most of a host's, room's or member's name */
};

struct part {
	char text[PART_BYTES];
	enum style_role role;
	int weight; /* heavier ones stay */
	bool right, gone;
	int width;
};

struct line {
	struct part parts[PARTS];
	size_t count;
};

static void part_add(struct line *line, int weight, bool right, enum style_role role, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

static void part_add(struct line *line, int weight, bool right, enum style_role role, const char *format, ...)
{
	if (line->count == PARTS)
		return;
	struct part *part = &line->parts[line->count++];
	*part = (struct part){ .role = role, .weight = weight, .right = right };
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(part->text, sizeof part->text, format, arguments);
	va_end(arguments);
	part->width = (int)text_width(part->text, strlen(part->text));
}

/* A name from afar, cleaned and cut, into text. */
static const char *name_of(const char *name, char text[PART_BYTES / 2])
{
	struct buffer clean;
	size_t length = strnlen(name, PART_BYTES);
	buffer_init(&clean, TEXT_CLEAN_MAX(PART_BYTES));
	text[0] = '\0';
	if (length > 0 && text_clean(&clean, name, length, TEXT_LINE) == 0) {
		const char *bytes = (const char *)buffer_data(&clean);
		size_t cut = text_cut(bytes, buffer_length(&clean), NAME_COLUMNS, NULL);
		if (cut < PART_BYTES / 2) {
			memcpy(text, bytes, cut);
			text[cut] = '\0';
		}
	}
	buffer_free(&clean);
	return text;
}

static void add_connection(struct line *line, const struct status_view *view)
{
	switch (view->connection) {
	case STATUS_OFFLINE:
		part_add(line, 100, false, STYLE_STATUS_ALERT, " %s ", _("offline"));
		break;
	case STATUS_CONNECTING:
		part_add(line, 100, false, STYLE_STATUS_ALERT, " %s ", _("connecting…"));
		break;
	case STATUS_KNOCKING:
		part_add(line, 100, false, STYLE_STATUS_ALERT, " %s ", _("at the door"));
		break;
	case STATUS_WAITING:
		part_add(line, 100, false, STYLE_STATUS_ALERT, _(" offline, next try in %d s "), view->countdown);
		break;
	case STATUS_CONNECTED:
		if (view->lag >= 1000)
			part_add(line, 100, false, STYLE_STATUS_ALERT, " ● %d.%d s ", view->lag / 1000,
			         view->lag / 100 % 10);
		else if (view->lag >= 0)
			part_add(line, 100, false, STYLE_STATUS_GOOD, "● %d ms", view->lag);
		else
			part_add(line, 100, false, STYLE_STATUS_GOOD, "● %s", _("connected"));
		break;
	}
	if (view->insecure)
		part_add(line, 90, false, STYLE_STATUS_ALERT, " %s ", _("INSECURE"));
}

static void add_mode(struct line *line, enum status_mode mode)
{
	const char *text = mode == STATUS_MODE_INSERT ? _("INSERT") :
	                   mode == STATUS_MODE_COMMAND ? _("NORMAL") :
	                   mode == STATUS_MODE_SEARCH ? _("SEARCH") :
	                   mode == STATUS_MODE_SELECT ? _("SELECT") : NULL;
	if (text != NULL)
		part_add(line, 80, false, STYLE_STATUS, "%s", text);
}

static void add_parts(struct line *line, const struct status_view *view)
{
	char name[PART_BYTES / 2];
	add_connection(line, view);
	add_mode(line, view->mode);
	if (view->notice != NULL) {
		part_add(line, 85, false, STYLE_STATUS, "%s", name_of(view->notice, name));
	} else {
		if (view->host != NULL)
			part_add(line, 40, false, STYLE_STATUS, "%s", name_of(view->host, name));
		if (view->nick != NULL)
			part_add(line, 30, false, STYLE_STATUS, view->away ? _("%s (away)") : "%s",
			         name_of(view->nick, name));
	}
	if (view->room != NULL)
		part_add(line, 60, false, STYLE_STATUS, "#%s", name_of(view->room, name));
	if (view->failed > 0)
		part_add(line, 75, true, STYLE_STATUS_ALERT, ngettext(" %u not sent ", " %u not sent ", view->failed),
		         view->failed);
	if (view->pending > 0)
		part_add(line, 70, true, STYLE_STATUS, ngettext("%u sending", "%u sending", view->pending),
		         view->pending);
	if (view->mentions > 0)
		part_add(line, 66, true, STYLE_MORE, " @%u ", view->mentions);
	if (view->rooms_unread > 0)
		part_add(line, 65, true, STYLE_STATUS,
		         ngettext("%u room unread", "%u rooms unread", view->rooms_unread), view->rooms_unread);
	if (view->clock != NULL)
		part_add(line, 50, true, STYLE_STATUS, "%s", view->clock);
}

/* Parts that are left, with two blanks between any two of them and one at both ends. */
static int line_width(const struct line *line)
{
	int width = 0;
	for (size_t i = 0; i < line->count; i++)
		width += line->parts[i].gone ? 0 : line->parts[i].width + 2;
	return width;
}

static void drop_lightest(struct line *line)
{
	struct part *lightest = NULL;
	for (size_t i = 0; i < line->count; i++) {
		struct part *part = &line->parts[i];
		if (!part->gone && (lightest == NULL || part->weight < lightest->weight))
			lightest = part;
	}
	if (lightest != NULL)
		lightest->gone = true;
}

void status_line_draw(struct cells *cells, const struct area *area, const struct status_view *view)
{
	if (area->rows <= 0 || area->columns <= 0)
		return;
	struct area row = { area->row, area->column, 1, area->columns };
	struct line line = { .count = 0 };
	add_parts(&line, view);
	for (size_t left = line.count; left > 1 && line_width(&line) > area->columns; left--)
		drop_lightest(&line);
	cells_fill(cells, &row, STYLE_STATUS);
	int column = area->columns > 12 ? 1 : 0, right = area->columns - 1;
	for (size_t i = 0; i < line.count; i++) {
		const struct part *part = &line.parts[i];
		if (!part->gone && part->right)
			right -= part->width + 2;
	}
	right += 2;
	for (size_t i = 0; i < line.count; i++) {
		const struct part *part = &line.parts[i];
		if (part->gone)
			continue;
		int *at = part->right ? &right : &column;
		cells_put_cut(cells, &row, 0, *at, area->columns - *at, part->role, part->text, strlen(part->text));
		*at += part->width + 2;
	}
}
