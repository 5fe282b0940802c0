/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How each role looks: on dark, on light, of high contrast or none, for terminals of 256, 16, 8 or no colours. */
#ifndef TCHAT_UI_THEME_H
#define TCHAT_UI_THEME_H

#include "ui/style.h"

#include <stdint.h>

enum theme {
	THEME_AUTO, /* whichever fits the background; where nobody knows that, as dark */
	THEME_DARK,
	THEME_LIGHT,
	THEME_CONTRAST,
	THEME_NONE,
	THEME_COUNT
};

#define THEME_DEFAULT (-1) /* a colour: the terminal's own */

struct theme_style {
	int16_t foreground; /* palette index below the number of colours, or THEME_DEFAULT */
	int16_t background;
	uint8_t attributes; /* enum cell_attribute */
};

/* "auto", "dark", "light", "contrast", "none"; the reverse returns a theme or -1. Static. */
const char *theme_name(enum theme theme);
int theme_find(const char *name);

/* The look of a role where the terminal has so many colours (any number; below 8 there are none). */
struct theme_style theme_style(enum theme theme, int colours, enum style_role role);

/* The theme that is readable on a background of 0xRRGGBB. */
enum theme theme_for_background(uint32_t rgb);

/* What xterm shows for a palette index of 0..255, as 0xRRGGBB. */
uint32_t theme_rgb(int colour);

#endif
