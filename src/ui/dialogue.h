/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A box over the screen: a question that one key answers, or a list to choose from, filtered by what is typed
 * (room switcher, completions, search results). */
#ifndef TCHAT_UI_DIALOGUE_H
#define TCHAT_UI_DIALOGUE_H

#include "ui/cells.h"

#include <stdbool.h>
#include <stddef.h>
#include <uchar.h>

struct dialogue;

/* A question; text may hold LF. Texts are copied and cleaned. NULL when memory is out. */
struct dialogue *dialogue_question(const char *title, const char *text);

/* Adds an answer: key is one character, ASCII letters in either case. 0, TCHAT_ERR_MEMORY, or TCHAT_ERR_FULL
 * (8 answers). */
int dialogue_answer(struct dialogue *dialogue, char32_t key, const char *label);

/* The index of the answer that a key gives, -1 when it is none. */
int dialogue_key(const struct dialogue *dialogue, char32_t key);

/* A list. filter: what is typed narrows it; without, it only shows and lets choose. NULL when memory is out. */
struct dialogue *dialogue_chooser(const char *title, bool filter);

/* Adds an item with a remark at its right (or NULL). 0, TCHAT_ERR_MEMORY, TCHAT_ERR_FULL (10,000 items). */
int dialogue_item(struct dialogue *dialogue, const char *label, const char *remark);

/* Changes the filter, as UTF-8; at most 1,100 bytes, more is left out; it may be a secret. The best match becomes the chosen one. */
void dialogue_set_filter(struct dialogue *dialogue, const char *text, size_t length);
void dialogue_type(struct dialogue *dialogue, const char *text, size_t length);
void dialogue_rub_out(struct dialogue *dialogue);
const char *dialogue_filter(const struct dialogue *dialogue);

/* Moves the choice, round the ends. */
void dialogue_move(struct dialogue *dialogue, int items);

/* The index of the chosen item in the order added, -1 when nothing matches. */
int dialogue_chosen(const struct dialogue *dialogue);

/* Items that match now. */
size_t dialogue_matches(const struct dialogue *dialogue);

/* Draws it over the area: a question in the middle, a chooser at the bottom. */
void dialogue_draw(struct dialogue *dialogue, struct cells *cells, const struct area *area);

void dialogue_free(struct dialogue *dialogue);

/* How well label (UTF-8) holds the letters of filter in their order, case apart: higher is better, -1 not at all. */
int dialogue_score(const char *label, const char *filter);

#endif
