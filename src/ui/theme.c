/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The themes' table, and what becomes of it where there are fewer colours. */
#include "ui/theme.h"

#include "ui/cells.h"

#include <string.h>

struct look {
	int16_t dark[2], light[2], contrast[2], dark16[2], light16[2];
	uint8_t attributes, plain;
};

#define D THEME_DEFAULT
static const struct look looks[STYLE_COUNT] = {
#define LOOK(role, d1, d2, l1, l2, c1, c2, e1, e2, m1, m2, attributes, plain) \
	[STYLE_##role] = { { d1, d2 }, { l1, l2 }, { c1, c2 }, { e1, e2 }, { m1, m2 }, attributes, plain },
#include "ui/theme.def"
#undef LOOK
};

static const char *const names[THEME_COUNT] = { "auto", "dark", "light", "contrast", "none" };

const char *theme_name(enum theme theme)
{
	return (unsigned)theme < THEME_COUNT ? names[theme] : "?";
}

int theme_find(const char *name)
{
	for (int i = 0; i < THEME_COUNT; i++) {
		if (strcmp(name, names[i]) == 0)
			return i;
	}
	return -1;
}

/* From 16 colours to 8: the bright half becomes bold, bright black grey. */
static struct theme_style eight(struct theme_style style)
{
	if (style.foreground > 8)
		style.attributes |= CELL_BOLD;
	if (style.foreground >= 8)
		style.foreground = style.foreground == 8 ? 7 : (int16_t)(style.foreground - 8);
	if (style.background >= 8)
		style.background = (int16_t)(style.background - 8);
	if (style.foreground == style.background && style.foreground != THEME_DEFAULT)
		style.foreground = style.background == 0 ? 7 : 0;
	return style;
}

struct theme_style theme_style(enum theme theme, int colours, enum style_role role)
{
	const struct look *look = &looks[(unsigned)role < STYLE_COUNT ? role : STYLE_TEXT];
	const int16_t *pair;
	if (theme == THEME_NONE || colours < 8)
		return (struct theme_style){ THEME_DEFAULT, THEME_DEFAULT, look->plain };
	if (colours >= 256)
		pair = theme == THEME_LIGHT ? look->light : theme == THEME_CONTRAST ? look->contrast : look->dark;
	else
		pair = theme == THEME_LIGHT ? look->light16 : look->dark16;
	struct theme_style style = { pair[0], pair[1], look->attributes };
	if (theme == THEME_CONTRAST && colours < 256) {
		style.foreground = style.background == THEME_DEFAULT ? 15 : style.foreground;
		style.background = style.background == THEME_DEFAULT ? 0 : style.background;
	}
	return colours < 16 ? eight(style) : style;
}

/* Half of full brightness, as the eye weighs the three colours. */
enum theme theme_for_background(uint32_t rgb)
{
	uint32_t brightness = 299 * (rgb >> 16 & 255) + 587 * (rgb >> 8 & 255) + 114 * (rgb & 255);
	return brightness > 127500 ? THEME_LIGHT : THEME_DARK;
}

uint32_t theme_rgb(int colour)
{
	static const uint32_t basic[16] = {
		0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
		0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
	};
	if (colour < 0 || colour > 255)
		return 0;
	if (colour < 16)
		return basic[colour];
	if (colour >= 232)
		return (uint32_t)(8 + 10 * (colour - 232)) * 0x010101u;
	uint32_t rgb = 0;
	for (int part = 0, divisor = 36; part < 3; part++, divisor /= 6) {
		int step = (colour - 16) / divisor % 6;
		rgb = rgb << 8 | (uint32_t)(step == 0 ? 0 : 55 + 40 * step);
	}
	return rgb;
}
