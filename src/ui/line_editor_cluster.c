/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys move and delete by grapheme cluster. Readline goes by character and what libc gives no width: its steps are
 * corrected afterwards, so that bindings, searches and vi's commands stay readline's. With a number they go as far as
 * readline says. */
#include "base/text.h"
#include "ui/line_editor_inside.h"

#include <readline/readline.h>

struct line_place line_cluster_place(struct line_editor *e)
{
	struct line_place place = { .point = (size_t)rl_point, .end = (size_t)rl_end };
	if (line_editor_is_busy(e))
		place.end = SIZE_MAX;
	place.before = text_previous(rl_line_buffer, (size_t)rl_end, place.point);
	place.after = place.point < (size_t)rl_end ? text_next(rl_line_buffer, (size_t)rl_end, place.point, NULL) : place.point;
	return place;
}

static bool was_deletion(void)
{
	return rl_last_func == rl_rubout || rl_last_func == rl_delete || rl_last_func == rl_rubout_or_delete ||
	       rl_last_func == rl_delete_or_show_completions || rl_last_func == rl_vi_rubout ||
	       rl_last_func == rl_vi_delete;
}

/* vi's command mode has no place behind the last cluster. */
static void stay_in_line(struct line_editor *e)
{
	if (line_editor_mode(e) == LINE_EDITOR_VI_COMMAND && rl_point == rl_end && rl_end > 0 &&
	    rl_line_buffer[rl_end - 1] != '\n')
		rl_point = (int)text_previous(rl_line_buffer, (size_t)rl_end, (size_t)rl_end);
}

/* Readline may have deleted less, or more: letters without a width go with what is before them. */
static void finish_deletion(struct line_editor *e, const struct line_place *place)
{
	size_t gone = place->end - (size_t)rl_end, point = (size_t)rl_point;
	bool backward = point + gone == place->point && point != place->before;
	bool forward = point == place->point && gone != place->after - place->point;
	if (!backward && !forward)
		return;
	rl_do_undo(); /* so that undo brings the cluster back in one step */
	rl_delete_text((int)(backward ? place->before : place->point), (int)(backward ? place->point : place->after));
	rl_point = (int)(backward ? place->before : place->point);
	stay_in_line(e);
}

/* Other movements end where they would, but never in the middle of a cluster. */
static void finish_movement(struct line_editor *e, const struct line_place *place)
{
	size_t point = (size_t)rl_point, end = (size_t)rl_end;
	if (rl_last_func == rl_backward_char && point < place->point) {
		rl_point = (int)place->before;
	} else if (rl_last_func == rl_forward_char && point > place->point) {
		rl_point = (int)place->after;
	} else if (point > 0) {
		size_t start = text_previous(rl_line_buffer, end, point), next = text_next(rl_line_buffer, end, start, NULL);
		if (next > point)
			rl_point = (int)(point > place->point ? next : start);
	}
	stay_in_line(e);
}

void line_cluster_settle(struct line_editor *e, const struct line_place *place)
{
	if (place->end == SIZE_MAX || line_editor_is_busy(e))
		return;
	if ((size_t)rl_end < place->end && was_deletion())
		finish_deletion(e, place);
	else if ((size_t)rl_end == place->end && (size_t)rl_point != place->point)
		finish_movement(e, place);
}
