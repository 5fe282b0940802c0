/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How one line of the message pane looks: time, nick, mark and text; lines for days and unread messages. */
#include "ui/message_pane_inside.h"

#include "base/intl.h"
#include "base/text.h"
#include "ui/links.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
	TIME_WIDTH = 6, /* "12:34 " */
	MARK_WIDTH = 3, /* " ! " between nick and text */
};

struct pane_columns pane_columns(int columns)
{
	struct pane_columns c = { .all = columns > 0 ? columns : 1 };
	if (columns >= 44) {
		c.nick = columns >= 96 ? 16 : columns >= 64 ? 12 : 9;
		c.indent = c.hang = TIME_WIDTH + c.nick + MARK_WIDTH;
	} else {
		c.hang = columns >= 20 ? 2 : 0;
	}
	return c;
}

static bool has_nick(const struct shown_message *message)
{
	return message->kind == MESSAGE_TEXT || message->kind == MESSAGE_ACTION;
}

/* What stands for the nick where there is none. */
static const char *sign_of(const struct shown_message *message)
{
	switch ((enum message_kind)message->kind) {
	case MESSAGE_ACTION:
		return "*";
	case MESSAGE_ERROR:
		return "!";
	case MESSAGE_JOIN:
		return "→";
	case MESSAGE_LEAVE:
		return "←";
	case MESSAGE_TOPIC:
		return "#";
	case MESSAGE_TEXT:
	case MESSAGE_SYSTEM:
		break;
	}
	return "·";
}

static const char *mark_of(const struct shown_message *message, enum style_role *role)
{
	*role = message->state == MESSAGE_FAILED ? STYLE_FAILED :
	        message->state == MESSAGE_PENDING ? STYLE_PENDING : STYLE_MENTION;
	return message->state == MESSAGE_FAILED ? "✗" : message->state == MESSAGE_PENDING ? "…" :
	       message->mention && !message->own ? "»" : NULL;
}

static enum style_role text_role(const struct shown_message *message)
{
	if (message->state == MESSAGE_FAILED)
		return STYLE_FAILED;
	if (message->state == MESSAGE_PENDING)
		return STYLE_PENDING;
	if (message->deleted)
		return STYLE_SYSTEM;
	switch ((enum message_kind)message->kind) {
	case MESSAGE_TEXT:
		return STYLE_TEXT;
	case MESSAGE_ACTION:
		return STYLE_ACTION;
	case MESSAGE_ERROR:
		return STYLE_ERROR;
	case MESSAGE_SYSTEM:
	case MESSAGE_JOIN:
	case MESSAGE_LEAVE:
	case MESSAGE_TOPIC:
		break;
	}
	return STYLE_SYSTEM;
}

static enum style_role nick_role(const struct shown_message *message)
{
	return message->own ? STYLE_NICK_OWN : style_for_nick(message->nick, message->nick_length);
}

/* A nick inside of the text gets at most half of the row. */
static int nick_room(const struct message_pane *pane)
{
	int room = (pane->columns.all - pane->columns.indent) / 2;
	return room > 0 ? room : 1;
}

static int nick_width(const struct message_pane *pane, const struct shown_message *message)
{
	size_t width = text_width(message->nick, message->nick_length);
	int room = nick_room(pane);
	return width < (size_t)room ? (int)width : room;
}

int pane_prefix(const struct message_pane *pane, const struct shown_message *message)
{
	enum style_role role;
	if (pane->columns.nick > 0)
		return message->kind == MESSAGE_ACTION ? nick_width(pane, message) + 1 : 0;
	if (pane->columns.all < 8)
		return 0;
	int prefix = mark_of(message, &role) != NULL ? 2 : 0;
	if (message->kind != MESSAGE_TEXT)
		prefix += 2; /* the sign */
	if (message->kind == MESSAGE_ACTION)
		prefix += nick_width(pane, message) + 1;
	if (message->kind == MESSAGE_TEXT)
		prefix += nick_width(pane, message) + 2;
	return prefix < pane->columns.all ? prefix : pane->columns.all - 1;
}

struct wrap pane_wrap(const struct message_pane *pane, const struct shown_message *message)
{
	int rest = pane->columns.all - pane->columns.hang;
	int first = pane->columns.all - pane->columns.indent - pane_prefix(pane, message);
	struct wrap_key key = {
		.serial = message->serial,
		.change = message->change,
		.first = first > 0 ? first : 1,
		.rest = rest > 0 ? rest : 1,
	};
	return wrap_cache_get(pane->cache, &key, message->text, message->text_length);
}

static struct tm local_time(uint64_t wall)
{
	time_t seconds = (time_t)(wall / 1000000u);
	struct tm tm;
	if (localtime_r(&seconds, &tm) == NULL)
		memset(&tm, 0, sizeof tm);
	return tm;
}

struct pane_rows pane_rows(const struct message_pane *pane, const struct shown_message *message)
{
	struct pane_rows rows = { .text = pane_wrap(pane, message).count };
	const struct shown_message *before = message_list_get(pane->list, message->serial - 1);
	if (message->wall != 0) {
		/* Most neighbours are close together: then no calendar is needed. */
		struct tm now = local_time(message->wall);
		struct tm then = before != NULL ? local_time(before->wall) : (struct tm){ .tm_year = -1 };
		rows.day = before == NULL || now.tm_yday != then.tm_yday || now.tm_year != then.tm_year;
	}
	rows.unread = message_list_unread(pane->list) == message->serial;
	rows.lead = (size_t)rows.day + rows.unread;
	return rows;
}

/* A line across the pane with a few words in it. */
static void draw_rule(struct cells *cells, const struct area *area, int row, enum style_role line,
                      enum style_role role, const char *text)
{
	int width = (int)text_width(text, strlen(text));
	if (width + 4 > area->columns) {
		cells_put_cut(cells, area, row, 0, area->columns, role, text, strlen(text));
		return;
	}
	int left = (area->columns - width - 2) / 2;
	cells_repeat(cells, area, row, 0, left, line, 0x2500);
	int column = cells_puts(cells, area, row, left + 1, role, text) + 1;
	cells_repeat(cells, area, row, column, area->columns - column, line, 0x2500);
}

static void draw_day(struct cells *cells, const struct area *area, int row, uint64_t wall)
{
	struct tm tm = local_time(wall);
	char weekday[64], month[64], text[192];
	if (strftime(weekday, sizeof weekday, "%A", &tm) == 0 || strftime(month, sizeof month, "%B", &tm) == 0)
		return;
	/* TRANSLATORS: weekday, day, month, year; the order may change. */
	snprintf(text, sizeof text, _("%1$s, %2$d %3$s %4$d"), weekday, tm.tm_mday, month, tm.tm_year + 1900);
	draw_rule(cells, area, row, STYLE_BORDER, STYLE_DAY_LINE, text);
}

void pane_draw_more(const struct message_pane *pane, struct cells *cells, const struct area *area, int row,
                    size_t below)
{
	char text[128];
	if (below > 0)
		snprintf(text, sizeof text, ngettext(" ↓ %zu new message ", " ↓ %zu new messages ", below), below);
	else
		snprintf(text, sizeof text, _(" ↓ scrolled back "));
	int width = (int)text_width(text, strlen(text));
	int column = width < area->columns ? area->columns - width : 0;
	cells_repeat(cells, area, row, 0, column, STYLE_BORDER, 0x2500);
	cells_put_cut(cells, area, row, column, area->columns - column, below > 0 ? STYLE_MORE : STYLE_DAY_LINE, text,
	              strlen(text));
}

static bool same_minute(const struct message_pane *pane, const struct shown_message *message)
{
	const struct shown_message *before = message_list_get(pane->list, message->serial - 1);
	return before != NULL && before->wall / 60000000u == message->wall / 60000000u;
}

/* The columns before the text; returns where text begins. */
static int draw_head(const struct message_pane *pane, struct cells *cells, const struct area *area, int row,
                     const struct shown_message *message, bool first)
{
	const struct pane_columns *columns = &pane->columns;
	enum style_role mark_role, quiet = message->kind == MESSAGE_ERROR ? STYLE_ERROR : STYLE_SYSTEM;
	const char *mark = mark_of(message, &mark_role);
	int column = columns->indent;
	if (columns->nick > 0) {
		if (message->wall != 0 && (first || !same_minute(pane, message))) {
			struct tm tm = local_time(message->wall);
			char text[32];
			snprintf(text, sizeof text, "%02d:%02d", tm.tm_hour, tm.tm_min);
			cells_puts(cells, area, row, 0, STYLE_TIME, text);
		}
		bool nick = message->kind == MESSAGE_TEXT;
		const char *who = nick ? message->nick : sign_of(message);
		int width = (int)text_width(who, strlen(who));
		int pad = width < columns->nick ? columns->nick - width : 0;
		enum style_role role = nick ? nick_role(message) : quiet;
		cells_put_cut(cells, area, row, TIME_WIDTH + pad, columns->nick, role, who, strlen(who));
		if (mark != NULL)
			cells_puts(cells, area, row, column - MARK_WIDTH + 1, mark_role, mark);
	} else if (columns->all >= 8) {
		if (mark != NULL)
			column = cells_puts(cells, area, row, column, mark_role, mark) + 1;
		if (message->kind != MESSAGE_TEXT)
			column = cells_puts(cells, area, row, column, quiet, sign_of(message)) + 1;
	}
	if (pane_prefix(pane, message) > 0 && has_nick(message)) {
		cells_put_cut(cells, area, row, column, nick_room(pane), nick_role(message), message->nick,
		              message->nick_length);
		column += nick_width(pane, message);
		if (message->kind == MESSAGE_TEXT)
			cells_puts(cells, area, row, column, STYLE_SYSTEM, ":");
	}
	return columns->indent + pane_prefix(pane, message);
}

/* A row of text on the screen: which bytes, and where. */
struct text_row {
	const char *text;
	size_t length, start, end; /* the whole text, and the row's part of it */
	int row, column;
};

/* Gives the bytes from..to of the text, as far as they lie in the row, a role. */
static void tint_bytes(struct cells *cells, const struct area *area, const struct text_row *line, size_t from,
                       size_t to, enum style_role role)
{
	from = from > line->start ? from : line->start;
	to = to < line->end ? to : line->end;
	if (from >= to)
		return;
	int column = line->column + (int)text_width(line->text + line->start, from - line->start);
	cells_tint(cells, area, line->row, column, (int)text_width(line->text + from, to - from), role);
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* Gives every place of the row where word stands a role; whole words only, or any place. */
static void tint_word(struct cells *cells, const struct area *area, const struct text_row *line, const char *word,
                      bool whole, enum style_role role)
{
	size_t length = strlen(word);
	for (size_t at = line->start; length > 0 && at + length <= line->end; at++) {
		if (strncasecmp(line->text + at, word, length) != 0)
			continue;
		bool before = at > 0 && is_word(line->text[at - 1]);
		bool behind = at + length < line->length && is_word(line->text[at + length]);
		if (!whole || (!before && !behind))
			tint_bytes(cells, area, line, at, at + length, role);
		at += length - 1;
	}
}

/* Links may begin above the row, so the search begins a link's length before it. */
static void tint_links(struct cells *cells, const struct area *area, const struct text_row *line)
{
	size_t at = line->start > LINKS_LONGEST ? line->start - LINKS_LONGEST : 0, start, end;
	while (links_next(line->text, line->length, at, line->end, &start, &end)) {
		tint_bytes(cells, area, line, start, end, STYLE_LINK);
		at = end;
	}
}

static void draw_text(const struct message_pane *pane, struct cells *cells, const struct area *area, int row,
                      const struct shown_message *message, size_t text_line, bool first)
{
	struct wrap wrap = pane_wrap(pane, message);
	if (text_line >= wrap.count)
		return;
	struct text_row line = { .text = message->text, .length = message->text_length, .row = row };
	line.start = wrap.starts[text_line];
	line.end = text_line + 1 < wrap.count ? wrap.starts[text_line + 1] : message->text_length;
	while (line.end > line.start && (line.text[line.end - 1] == ' ' || line.text[line.end - 1] == '\n'))
		line.end--;
	line.column = pane->columns.hang;
	if (text_line == 0)
		line.column = draw_head(pane, cells, area, row, message, first);
	cells_put(cells, area, row, line.column, text_role(message), line.text + line.start, line.end - line.start);
	bool selected = pane->selected == message->serial;
	if (message->state != MESSAGE_FAILED && (has_nick(message) || message->kind == MESSAGE_TOPIC))
		tint_links(cells, area, &line);
	if (message->mention && !message->own && pane->own != NULL)
		tint_word(cells, area, &line, pane->own, true, STYLE_MENTION);
	tint_bytes(cells, area, &line, 0, message->quote_length, STYLE_SYSTEM);
	tint_bytes(cells, area, &line, message->text_length - message->note_length, message->text_length, STYLE_SYSTEM);
	if (selected)
		cells_tint(cells, area, row, 0, area->columns, STYLE_SELECTION);
	if (pane->needle != NULL)
		tint_word(cells, area, &line, pane->needle, false, STYLE_MATCH);
}

void pane_draw_line(const struct message_pane *pane, struct cells *cells, const struct area *area, int row,
                    const struct shown_message *message, size_t line, bool first)
{
	struct pane_rows rows = pane_rows(pane, message);
	if (line >= rows.lead)
		draw_text(pane, cells, area, row, message, line - rows.lead, first);
	else if (rows.day && line == 0)
		draw_day(cells, area, row, message->wall);
	else
		draw_rule(cells, area, row, STYLE_UNREAD_LINE, STYLE_UNREAD_LINE, _("new messages"));
}
