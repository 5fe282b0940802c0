/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When to draw: at once after a key or after a quiet time, at most once an interval under a flood, never when
 * nothing changed. */
#ifndef TCHAT_UI_FRAME_PACER_H
#define TCHAT_UI_FRAME_PACER_H

#include "base/clock.h"

#include <stdbool.h>

#define FRAME_PACER_INTERVAL TCHAT_MS(16)

struct frame_pacer {
	tchat_time interval; /* private, all of it */
	tchat_time next;     /* not before this, unless urgent */
	bool changed;
	bool urgent;
};

void frame_pacer_init(struct frame_pacer *pacer, tchat_time interval);

/* Something that is shown has changed; urgent when the user's own key did it. */
void frame_pacer_changed(struct frame_pacer *pacer, bool urgent);

/* True when a frame should be drawn now. */
bool frame_pacer_is_due(const struct frame_pacer *pacer, tchat_time now);

/* When a frame will be due without further changes: 0 for at once, TCHAT_NEVER when nothing changed. */
tchat_time frame_pacer_deadline(const struct frame_pacer *pacer);

/* A frame that shows everything was drawn; now is the time after it. */
void frame_pacer_drawn(struct frame_pacer *pacer, tchat_time now);

#endif
