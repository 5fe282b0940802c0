/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame cap. A flood is drawn at the interval's pace; the first change after a pause is drawn at once. */
#include "ui/frame_pacer.h"

void frame_pacer_init(struct frame_pacer *pacer, tchat_time interval)
{
	*pacer = (struct frame_pacer){ .interval = interval };
}

void frame_pacer_changed(struct frame_pacer *pacer, bool urgent)
{
	pacer->changed = true;
	pacer->urgent = pacer->urgent || urgent;
}

bool frame_pacer_is_due(const struct frame_pacer *pacer, tchat_time now)
{
	return frame_pacer_deadline(pacer) <= now;
}

tchat_time frame_pacer_deadline(const struct frame_pacer *pacer)
{
	if (!pacer->changed)
		return TCHAT_NEVER;
	return pacer->urgent ? 0 : pacer->next;
}

void frame_pacer_drawn(struct frame_pacer *pacer, tchat_time now)
{
	pacer->changed = pacer->urgent = false;
	pacer->next = now + pacer->interval;
}
