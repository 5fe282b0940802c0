/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of base/text share: which code points may be shown at all, whatever the locale. */
#ifndef TCHAT_BASE_TEXT_FILTER_H
#define TCHAT_BASE_TEXT_FILTER_H

#include <stdbool.h>
#include <uchar.h>

enum text_class {
	TEXT_KEEP,
	TEXT_DROP,    /* invisible: goes away */
	TEXT_REPLACE, /* control, invalid, unassigned: becomes U+FFFD */
	TEXT_TAB,
	TEXT_END,     /* a line end of any kind */
};

/* c may be UTF8_INVALID. */
enum text_class text_classify(char32_t c);

/* Combining marks, spacing ones too. */
bool text_is_mark(char32_t c);

#endif
