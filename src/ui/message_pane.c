/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which rows of the list are in view. A place is a message and one of its lines; everything is walked from the
 * anchor, message by message, as far as the area is high: the length of the list never matters. */
#include "ui/message_pane.h"

#include "ui/message_pane_inside.h"

#include "base/buffer.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { MORE_ROWS = 4 }; /* from so many rows on, the last one says that there is more below */

struct place {
	uint64_t serial;
	size_t line;
};

struct message_pane *message_pane_new(struct message_list *list)
{
	struct message_pane *pane = calloc(1, sizeof *pane);
	if (pane == NULL)
		return NULL;
	pane->cache = wrap_cache_new();
	if (pane->cache == NULL) {
		free(pane);
		return NULL;
	}
	pane->list = list;
	pane->rows = 24;
	pane->columns = pane_columns(80);
	pane->at_end = true;
	return pane;
}

void message_pane_free(struct message_pane *pane)
{
	if (pane == NULL)
		return;
	wrap_cache_free(pane->cache);
	free(pane->own);
	free(pane->needle);
	free(pane);
}

void message_pane_set_own(struct message_pane *pane, const char *nick)
{
	free(pane->own);
	pane->own = nick != NULL && *nick != '\0' ? strdup(nick) : NULL;
}

void message_pane_set_needle(struct message_pane *pane, const char *needle)
{
	free(pane->needle);
	pane->needle = needle != NULL && *needle != '\0' ? strdup(needle) : NULL;
}

void message_pane_set_past(struct message_pane *pane)
{
	pane->past = true;
}

void message_pane_copy_looks(struct message_pane *pane, const struct message_pane *from)
{
	pane->rows = from->rows;
	pane->columns = from->columns;
	message_pane_set_own(pane, from->own);
	message_pane_set_needle(pane, from->needle);
}

static size_t lines_of(const struct message_pane *pane, uint64_t serial)
{
	const struct shown_message *message = message_list_get(pane->list, serial);
	if (message == NULL)
		return 1;
	struct pane_rows rows = pane_rows(pane, message);
	return rows.lead + rows.text;
}

static bool is_empty(const struct message_pane *pane)
{
	return message_list_count(pane->list) == 0;
}

/* Lines from a place to the end of the list, counted up to limit. */
static size_t lines_below(const struct message_pane *pane, struct place place, size_t limit)
{
	size_t count = 0;
	for (uint64_t serial = place.serial; serial < message_list_end(pane->list) && count < limit; serial++)
		count += lines_of(pane, serial) - (serial == place.serial ? place.line : 0);
	return count < limit ? count : limit;
}

/* Up to count lines up or down; stops at the list's ends. The list is not empty. */
static struct place place_up(const struct message_pane *pane, struct place place, size_t count)
{
	while (count > place.line && place.serial > message_list_first(pane->list)) {
		count -= place.line + 1;
		place.serial--;
		place.line = lines_of(pane, place.serial) - 1;
	}
	place.line -= count < place.line ? count : place.line;
	return place;
}

static struct place place_down(const struct message_pane *pane, struct place place, size_t count)
{
	for (;;) {
		size_t left = lines_of(pane, place.serial) - 1 - place.line;
		if (count <= left || place.serial + 1 == message_list_end(pane->list)) {
			place.line += count < left ? count : left;
			return place;
		}
		count -= left + 1;
		place.serial++;
		place.line = 0;
	}
}

static struct place place_last(const struct message_pane *pane)
{
	uint64_t serial = message_list_end(pane->list) - 1;
	return (struct place){ serial, lines_of(pane, serial) - 1 };
}

/* The anchor as a place at the present width. */
static struct place place_of_anchor(const struct message_pane *pane)
{
	uint64_t serial = pane->anchor;
	if (serial >= message_list_end(pane->list))
		return place_last(pane);
	if (serial < message_list_first(pane->list)) /* evicted */
		return (struct place){ message_list_first(pane->list), 0 };
	const struct shown_message *message = message_list_get(pane->list, serial);
	struct pane_rows rows = pane_rows(pane, message);
	if (pane->lead > 0)
		return (struct place){ serial, rows.lead - (pane->lead < rows.lead ? pane->lead : rows.lead) };
	struct wrap wrap = pane_wrap(pane, message);
	return (struct place){ serial, rows.lead + wrap_find(&wrap, pane->offset) };
}

/* The top row's place with the end of the list at the bottom. */
static struct place place_for_end(const struct message_pane *pane)
{
	return place_up(pane, place_last(pane), (size_t)pane->rows - 1);
}

/* What is in view: the place of the top row, and whether the end of the list is in view as well. */
static struct place view_top(const struct message_pane *pane, bool *end)
{
	*end = true;
	if (pane->at_end)
		return place_for_end(pane);
	struct place top = place_of_anchor(pane);
	size_t rows = (size_t)pane->rows;
	if (lines_below(pane, top, rows + 1) <= rows)
		return place_for_end(pane);
	*end = false;
	return top;
}

static void anchor_set(struct message_pane *pane, struct place top)
{
	const struct shown_message *message = message_list_get(pane->list, top.serial);
	struct pane_rows lines = pane_rows(pane, message);
	if (pane->at_end)
		pane->seen_end = message_list_end(pane->list);
	pane->at_end = false;
	pane->anchor = top.serial;
	pane->lead = top.line < lines.lead ? lines.lead - top.line : 0;
	pane->offset = top.line < lines.lead ? 0 : pane_wrap(pane, message).starts[top.line - lines.lead];
	message_list_pin(pane->list, top.serial);
}

/* Makes a place the top row, or follows the end when that comes into view. */
static void view_set(struct message_pane *pane, struct place top)
{
	size_t rows = (size_t)pane->rows;
	if (lines_below(pane, top, rows + 1) <= rows) {
		message_pane_end(pane);
		return;
	}
	anchor_set(pane, top);
}

static void pane_measure(struct message_pane *pane, const struct area *area)
{
	pane->rows = area->rows > 0 ? area->rows : 1;
	pane->columns = pane_columns(area->columns);
}

/* Rows of text on the screen; the last one may say that there is more. */
static int text_rows(const struct message_pane *pane, bool end)
{
	return end || pane->rows < MORE_ROWS ? pane->rows : pane->rows - 1;
}

void message_pane_draw(struct message_pane *pane, struct cells *cells, const struct area *area)
{
	if (area->rows <= 0 || area->columns <= 0)
		return;
	pane_measure(pane, area);
	if (is_empty(pane))
		return;
	bool end, first = true;
	struct place top = view_top(pane, &end);
	if (end)
		pane->seen_end = message_list_end(pane->list);
	int rows = text_rows(pane, end);
	int row = end ? rows - (int)lines_below(pane, top, (size_t)rows) : 0;
	size_t line = top.line;
	for (uint64_t serial = top.serial; row < rows && serial < message_list_end(pane->list); serial++, line = 0) {
		const struct shown_message *message = message_list_get(pane->list, serial);
		struct pane_rows lines = pane_rows(pane, message);
		for (; line < lines.lead + lines.text && row < rows; line++, row++) {
			pane_draw_line(pane, cells, area, row, message, line, first);
			first = first && line < lines.lead;
		}
	}
	if (rows < pane->rows)
		pane_draw_more(pane, cells, area, pane->rows - 1, message_pane_below(pane));
}

void message_pane_scroll(struct message_pane *pane, int rows)
{
	if (is_empty(pane) || rows == 0)
		return;
	bool end;
	struct place top = view_top(pane, &end);
	if (rows < 0)
		view_set(pane, place_up(pane, top, 0 - (size_t)rows));
	else if (!end)
		view_set(pane, place_down(pane, top, (size_t)rows));
	else
		message_pane_end(pane);
}

void message_pane_page(struct message_pane *pane, int pages)
{
	int step = pane->rows > 3 ? pane->rows - 2 : 1;
	message_pane_scroll(pane, pages * step);
}

void message_pane_home(struct message_pane *pane)
{
	if (!is_empty(pane))
		view_set(pane, (struct place){ message_list_first(pane->list), 0 });
}

void message_pane_end(struct message_pane *pane)
{
	pane->at_end = true;
	pane->seen_end = message_list_end(pane->list);
	message_list_pin(pane->list, 0);
}

void message_pane_hold(struct message_pane *pane)
{
	if (pane->at_end && !is_empty(pane))
		anchor_set(pane, place_for_end(pane));
}

bool message_pane_shows_end(const struct message_pane *pane)
{
	bool end = true;
	if (!is_empty(pane))
		(void)view_top(pane, &end);
	return end;
}

bool message_pane_at_end(const struct message_pane *pane)
{
	return pane->at_end;
}

size_t message_pane_below(const struct message_pane *pane)
{
	uint64_t end = message_list_end(pane->list);
	return pane->at_end || pane->past || pane->seen_end >= end ? 0 : (size_t)(end - pane->seen_end);
}

struct message_place message_pane_place(const struct message_pane *pane)
{
	return (struct message_place){ pane->at_end, pane->anchor, pane->offset, pane->lead };
}

void message_pane_go(struct message_pane *pane, const struct message_place *place)
{
	if (place->at_end || is_empty(pane)) {
		message_pane_end(pane);
		return;
	}
	if (pane->at_end)
		pane->seen_end = message_list_end(pane->list);
	pane->at_end = false;
	pane->anchor = place->serial;
	pane->offset = place->offset;
	pane->lead = place->lead;
	message_list_pin(pane->list, place->serial);
}

uint64_t message_pane_top(struct message_pane *pane, size_t *offset)
{
	*offset = 0;
	if (is_empty(pane))
		return 0;
	bool end;
	struct place top = view_top(pane, &end);
	const struct shown_message *message = message_list_get(pane->list, top.serial);
	struct pane_rows lines = pane_rows(pane, message);
	if (top.line >= lines.lead)
		*offset = pane_wrap(pane, message).starts[top.line - lines.lead];
	return top.serial;
}

bool message_pane_wants_history(struct message_pane *pane)
{
	size_t offset;
	uint64_t top = message_pane_top(pane, &offset);
	return top == 0 || top == message_list_first(pane->list);
}

/* Whether the first line of the message's text is in view. */
static bool in_view(const struct message_pane *pane, uint64_t serial)
{
	bool end;
	struct place top = view_top(pane, &end);
	size_t lead = pane_rows(pane, message_list_get(pane->list, serial)).lead;
	if (serial < top.serial || (serial == top.serial && top.line > lead))
		return false;
	struct place last = place_down(pane, top, (size_t)text_rows(pane, end) - 1);
	return serial < last.serial || (serial == last.serial && last.line >= lead);
}

bool message_pane_show(struct message_pane *pane, uint64_t serial)
{
	const struct shown_message *message = message_list_get(pane->list, serial);
	if (message == NULL)
		return false;
	if (!in_view(pane, serial)) {
		struct place place = { serial, pane_rows(pane, message).lead };
		view_set(pane, place_up(pane, place, (size_t)pane->rows / 3));
	}
	return true;
}

bool message_pane_show_unread(struct message_pane *pane)
{
	uint64_t serial = message_list_unread(pane->list);
	if (serial == 0)
		return false;
	size_t lead = pane_rows(pane, message_list_get(pane->list, serial)).lead;
	view_set(pane, place_up(pane, (struct place){ serial, lead - 1 }, (size_t)pane->rows / 4));
	return true;
}

uint64_t message_pane_selected(const struct message_pane *pane)
{
	return message_list_get(pane->list, pane->selected) != NULL ? pane->selected : 0;
}

void message_pane_select(struct message_pane *pane, uint64_t serial)
{
	pane->selected = serial;
	message_pane_show(pane, serial);
}

void message_pane_mark(struct message_pane *pane, uint64_t serial)
{
	pane->selected = serial;
}

void message_pane_select_move(struct message_pane *pane, int messages)
{
	if (is_empty(pane))
		return;
	uint64_t first = message_list_first(pane->list), last = message_list_end(pane->list) - 1;
	uint64_t now = message_pane_selected(pane);
	bool end;
	if (now == 0) {
		struct place top = view_top(pane, &end);
		now = place_down(pane, top, (size_t)text_rows(pane, end) - 1).serial;
	} else if (messages < 0) {
		uint64_t step = 0 - (uint64_t)messages;
		now = now - first > step ? now - step : first;
	} else {
		now = last - now > (uint64_t)messages ? now + (uint64_t)messages : last;
	}
	message_pane_select(pane, now);
}
