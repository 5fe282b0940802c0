/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions and choosers: what they hold and which item is chosen. dialogue_draw.c shows them. */
#include "ui/dialogue.h"

#include "ui/dialogue_inside.h"

#include "base/buffer.h"
#include "base/errors.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

enum {
	ITEMS_MAX = 10000,
	TEXT_MAX = 4096,
	WORD = 128, /* code points of a label that matching looks at */
};

/* A cleaned copy, to be freed; NULL when memory is out. */
static char *copy_clean(const char *text, unsigned flags)
{
	struct buffer clean;
	buffer_init(&clean, TEXT_CLEAN_MAX(TEXT_MAX));
	char *copy = NULL;
	if (text_clean(&clean, text, utf8_cut(text, strlen(text), TEXT_MAX), flags) == 0) {
		size_t length = buffer_length(&clean);
		copy = malloc(length + 1);
		if (copy != NULL) {
			if (length > 0)
				memcpy(copy, buffer_data(&clean), length);
			copy[length] = '\0';
		}
	}
	buffer_free(&clean);
	return copy;
}

static struct dialogue *dialogue_new(const char *title, const char *text)
{
	struct dialogue *dialogue = calloc(1, sizeof *dialogue);
	if (dialogue == NULL)
		return NULL;
	dialogue->title = copy_clean(title, TEXT_LINE);
	dialogue->text = text != NULL ? copy_clean(text, TEXT_MULTILINE) : NULL;
	if (dialogue->title == NULL || (text != NULL && dialogue->text == NULL)) {
		dialogue_free(dialogue);
		return NULL;
	}
	return dialogue;
}

struct dialogue *dialogue_question(const char *title, const char *text)
{
	return dialogue_new(title, text);
}

struct dialogue *dialogue_chooser(const char *title, bool filter)
{
	struct dialogue *dialogue = dialogue_new(title, NULL);
	if (dialogue != NULL)
		dialogue->filtered = filter;
	return dialogue;
}

void dialogue_free(struct dialogue *dialogue)
{
	if (dialogue == NULL)
		return;
	for (size_t i = 0; i < dialogue->answer_count; i++)
		free(dialogue->answers[i].label);
	for (size_t i = 0; i < dialogue->item_count; i++) {
		free(dialogue->items[i].label);
		free(dialogue->items[i].remark);
	}
	free(dialogue->items);
	free(dialogue->matches);
	free(dialogue->title);
	free(dialogue->text);
	wipe(dialogue->filter, sizeof dialogue->filter);
	free(dialogue);
}

static char32_t lower(char32_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

int dialogue_answer(struct dialogue *dialogue, char32_t key, const char *label)
{
	if (dialogue->answer_count == DIALOGUE_ANSWERS)
		return TCHAT_ERR_FULL;
	char *copy = copy_clean(label, TEXT_LINE);
	if (copy == NULL)
		return TCHAT_ERR_MEMORY;
	dialogue->answers[dialogue->answer_count++] = (struct answer){ lower(key), copy };
	return 0;
}

int dialogue_key(const struct dialogue *dialogue, char32_t key)
{
	for (size_t i = 0; i < dialogue->answer_count; i++) {
		if (dialogue->answers[i].key == lower(key))
			return (int)i;
	}
	return -1;
}

/* Folded code points of a text, at most WORD; returns how many. */
static size_t word_of(const char *text, char32_t word[WORD])
{
	struct buffer folded;
	buffer_init(&folded, 4 * TEXT_CLEAN_MAX(TEXT_MAX));
	size_t count = 0;
	if (text_search_fold(&folded, text, strlen(text)) == 0) {
		const char *bytes = (const char *)buffer_data(&folded);
		size_t length = buffer_length(&folded);
		for (size_t at = 0; at < length && count < WORD;)
			at += utf8_decode(bytes + at, length - at, &word[count++]);
	}
	buffer_free(&folded);
	return count;
}

static bool is_start(const char32_t *word, size_t at)
{
	return at == 0 || word[at - 1] == ' ' || word[at - 1] == '-' || word[at - 1] == '_' || word[at - 1] == '.' ||
	       word[at - 1] == '/' || word[at - 1] == '#';
}

/* The score when the first letter is taken at from and each other one as early as possible; -1: no match. */
static int score_from(const char32_t *word, size_t length, const char32_t *filter, size_t count, size_t from)
{
	int score = 0;
	size_t at = from, last = from;
	for (size_t i = 0; i < count; i++, at++) {
		while (at < length && word[at] != filter[i])
			at++;
		if (at == length)
			return -1;
		score += is_start(word, at) ? 8 : 1;
		score += i > 0 && at == last + 1 ? 6 : 0;
		last = at;
	}
	score += from == 0 ? 8 : 0;
	int slack = (int)(length - count);
	return 4 * score + (slack < 32 ? 32 - slack : 0); /* of equals the shorter one */
}

int dialogue_score(const char *label, const char *filter)
{
	char32_t word[WORD], letters[WORD];
	size_t length = word_of(label, word), count = word_of(filter, letters);
	int best = count == 0 ? 0 : -1;
	for (size_t from = 0; count > 0 && from + count <= length; from++) {
		if (word[from] != letters[0])
			continue;
		int score = score_from(word, length, letters, count, from);
		best = score > best ? score : best;
	}
	return best;
}

static int compare(const void *a, const void *b)
{
	const struct match *x = a, *y = b;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

/* Finds the matches anew; the best one is chosen. */
static void filter_apply(struct dialogue *dialogue)
{
	dialogue->match_count = 0;
	for (size_t i = 0; i < dialogue->item_count; i++) {
		int score = dialogue_score(dialogue->items[i].label, dialogue->filter);
		if (score >= 0)
			dialogue->matches[dialogue->match_count++] = (struct match){ score, i };
	}
	if (dialogue->match_count > 0)
		qsort(dialogue->matches, dialogue->match_count, sizeof *dialogue->matches, compare);
	dialogue->chosen = 0;
}

int dialogue_item(struct dialogue *dialogue, const char *label, const char *remark)
{
	if (dialogue->item_count == ITEMS_MAX)
		return TCHAT_ERR_FULL;
	if (dialogue->item_count == dialogue->item_space) {
		size_t space = dialogue->item_space > 0 ? 2 * dialogue->item_space : 16;
		struct item *items = realloc(dialogue->items, space * sizeof *items);
		if (items == NULL)
			return TCHAT_ERR_MEMORY;
		dialogue->items = items;
		struct match *matches = realloc(dialogue->matches, space * sizeof *matches);
		if (matches == NULL)
			return TCHAT_ERR_MEMORY;
		dialogue->matches = matches;
		dialogue->item_space = space;
	}
	struct item item = { copy_clean(label, TEXT_LINE), remark != NULL ? copy_clean(remark, TEXT_LINE) : NULL };
	if (item.label == NULL || (remark != NULL && item.remark == NULL)) {
		free(item.label);
		free(item.remark);
		return TCHAT_ERR_MEMORY;
	}
	dialogue->items[dialogue->item_count++] = item;
	int score = dialogue_score(dialogue->items[dialogue->item_count - 1].label, dialogue->filter);
	if (score >= 0) /* at the end: what was chosen meanwhile stays chosen */
		dialogue->matches[dialogue->match_count++] = (struct match){ score, dialogue->item_count - 1 };
	return 0;
}

void dialogue_set_filter(struct dialogue *dialogue, const char *text, size_t length)
{
	if (!dialogue->filtered)
		return;
	dialogue->filter_length = 0;
	dialogue->filter[0] = '\0';
	dialogue_type(dialogue, text, length);
	filter_apply(dialogue);
}

void dialogue_type(struct dialogue *dialogue, const char *text, size_t length)
{
	struct buffer clean;
	buffer_init(&clean, TEXT_CLEAN_MAX(DIALOGUE_FILTER));
	size_t space = DIALOGUE_FILTER - dialogue->filter_length;
	length = utf8_cut(text, length, DIALOGUE_FILTER);
	if (dialogue->filtered && length > 0 && text_clean(&clean, text, length, TEXT_LINE) == 0) {
		const char *bytes = (const char *)buffer_data(&clean);
		size_t taken = utf8_cut(bytes, buffer_length(&clean), space);
		if (taken > 0)
			memcpy(dialogue->filter + dialogue->filter_length, bytes, taken);
		dialogue->filter_length += taken;
		dialogue->filter[dialogue->filter_length] = '\0';
		filter_apply(dialogue);
		wipe(buffer_edit(&clean), buffer_length(&clean));
	}
	buffer_free(&clean);
}

void dialogue_rub_out(struct dialogue *dialogue)
{
	if (dialogue->filter_length == 0)
		return;
	dialogue->filter_length = text_previous(dialogue->filter, dialogue->filter_length, dialogue->filter_length);
	dialogue->filter[dialogue->filter_length] = '\0';
	filter_apply(dialogue);
}

const char *dialogue_filter(const struct dialogue *dialogue)
{
	return dialogue->filter;
}

void dialogue_move(struct dialogue *dialogue, int items)
{
	long count = (long)dialogue->match_count;
	if (count > 0)
		dialogue->chosen = (size_t)((((long)dialogue->chosen + items) % count + count) % count);
}

int dialogue_chosen(const struct dialogue *dialogue)
{
	return dialogue->match_count == 0 ? -1 : (int)dialogue->matches[dialogue->chosen].item;
}

size_t dialogue_matches(const struct dialogue *dialogue)
{
	return dialogue->match_count;
}
