/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to a terminal, and its answers. */
#include "ui/answers.h"

#include "ui/osc.h"

#include <stdlib.h>
#include <string.h>

enum { BACKGROUND = 11, SYNCHRONISED = 2026 };

/* The last field is the background; of the sixteen colours those from 9 on, and 7, are bright. */
void answers_init(struct answers *answers, const char *colours)
{
	*answers = (struct answers){ .background = THEME_DARK };
	const char *last = colours != NULL ? strrchr(colours, ';') : NULL;
	if (last == NULL || last[1] < '0' || last[1] > '9')
		return;
	long colour = strtol(last + 1, NULL, 10);
	if (colour == 7 || (colour >= 9 && colour <= 15))
		answers->background = THEME_LIGHT;
}

/* Attributes last: everybody answers those, so nothing is awaited after them. */
void answers_ask(struct answers *answers, int fd)
{
	static const char questions[] = "\033]11;?\033\\\033[?2026$p\033[c";
	osc_write(fd, questions, sizeof questions - 1);
	answers->awaited = true;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One to four hexadecimal digits, of whatever number, as 0..255; -1: none or too many. Moves *at behind them. */
static int32_t part(const char **at, const char *end, int most)
{
	int32_t value = 0, full = 0;
	int digits = 0;
	for (; *at < end && digit(**at) >= 0 && digits < most; digits++, (*at)++) {
		value = value * 16 + digit(**at);
		full = full * 16 + 15;
	}
	return digits == 0 ? -1 : value * 255 / full;
}

int32_t answers_colour(const char *bytes, size_t length)
{
	const char *at = memchr(bytes, ';', length), *end = bytes + length;
	int32_t rgb = 0;
	if (at == NULL)
		return -1;
	at++;
	bool hash = at < end && *at == '#';
	if (!hash) {
		if (end - at < 4 || strncmp(at, "rgb", 3) != 0)
			return -1;
		at += 3;
		at += *at == 'a';
		if (at == end || *at != ':')
			return -1;
	}
	at++;
	/* "#" has three parts of the same length, up to the string's end. */
	size_t digits = 0;
	while (at + digits < end && digit(at[digits]) >= 0)
		digits++;
	if (hash && (digits == 0 || digits % 3 != 0 || digits > 12))
		return -1;
	for (int i = 0; i < 3; i++) {
		if (i > 0 && !hash && (at == end || *at++ != '/'))
			return -1;
		int32_t value = part(&at, end, hash ? (int)(digits / 3) : 4);
		if (value < 0)
			return -1;
		rgb = rgb << 8 | value;
	}
	return rgb;
}

bool answers_take(struct answers *answers, const struct token *token)
{
	struct answers before = *answers;
	if (token->kind != TOKEN_REPLY)
		return false;
	if (token->reply == TOKEN_REPLY_ATTRIBUTES) {
		answers->awaited = false;
	} else if (token->reply == TOKEN_REPLY_MODE && token->value == SYNCHRONISED) {
		answers->synchronised = token->state == 1 || token->state == 2;
	} else if (token->reply == TOKEN_REPLY_STRING && token->value == BACKGROUND) {
		int32_t rgb = answers_colour((const char *)token->bytes, token->length);
		if (rgb >= 0)
			answers->background = theme_for_background((uint32_t)rgb);
	}
	return before.synchronised != answers->synchronised || before.background != answers->background;
}
