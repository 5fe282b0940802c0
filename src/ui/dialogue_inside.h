/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dialogue's inside, shared by what holds it and what draws it. */
#ifndef TCHAT_UI_DIALOGUE_INSIDE_H
#define TCHAT_UI_DIALOGUE_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <uchar.h>

enum {
	DIALOGUE_ANSWERS = 8,
	DIALOGUE_FILTER = 1100, /* bytes: a link is the longest that is typed into one */
};

struct answer {
	char32_t key;
	char *label;
};

struct item {
	char *label, *remark;
};

struct match {
	int score;
	size_t item;
};

/* A question when it has a text, else a chooser. */
struct dialogue {
	char *title, *text;
	struct answer answers[DIALOGUE_ANSWERS];
	size_t answer_count;
	bool filtered;
	char filter[DIALOGUE_FILTER + 1];
	size_t filter_length;
	struct item *items;
	struct match *matches; /* best first */
	size_t item_count, item_space, match_count;
	size_t chosen; /* a match */
};

#endif
