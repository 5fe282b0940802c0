/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Word wrapping by cluster, and a direct-mapped cache of row starts with a bound on all rows together. */
#include "ui/message_wrap.h"

#include "base/text.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	CACHE_SLOTS = 512,
	CACHE_ROWS = 128 * 1024, /* of all slots together: 512 KiB */
};

/* No row begins with these: closing marks of East Asian text. */
static bool binds_to_before(const char *text, size_t length)
{
	static const char closing[] = "、。，．！？：；」』）】〉》〕］｝ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…";
	char32_t c, other;
	utf8_decode(text, length, &c);
	for (size_t at = 0; at < sizeof closing - 1;) {
		at += utf8_decode(closing + at, sizeof closing - 1 - at, &other);
		if (c == other)
			return true;
	}
	return false;
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* What is copied in one piece is not broken at its hyphens: a link, and the words of a key where they fit into a row. */
static bool is_whole(const char *text, size_t length, size_t start, int columns)
{
	enum { HYPHENS = 4, FAR = 256 };
	int hyphens = 0;
	size_t at, far = start > FAR ? start - FAR : 0;
	while (start > far && text[start - 1] != ' ' && text[start - 1] != '\n')
		start--; /* a row may begin inside of it */
	for (at = start; at < length && at - start < 2 * FAR && text[at] != ' ' && text[at] != '\n'; at++) {
		hyphens += text[at] == '-' && at > start && is_word(text[at - 1]);
		if (text[at] == ':' && length - at > 2 && text[at + 1] == '/' && text[at + 2] == '/')
			return true;
	}
	return hyphens >= HYPHENS && at - start <= (size_t)columns;
}

/* The row from start to end, less the blanks before its end; the next one begins at end. */
static struct wrap_row row_to(const char *text, size_t length, size_t start, size_t end)
{
	struct wrap_row row = { end, end, end >= length };
	while (row.end > start && text[row.end - 1] == ' ')
		row.end--;
	return row;
}

struct wrap_row wrap_row(const char *text, size_t length, size_t start, int columns)
{
	size_t chance = start; /* the last place where the row may end */
	int used = 0, width = 0;
	bool wide_before = false, whole = is_whole(text, length, start, columns);
	for (size_t at = start, end; at < length; at = end) {
		if (text[at] == '\n') {
			struct wrap_row row = row_to(text, length, start, at);
			row.next = at + 1;
			row.last = 0;
			return row;
		}
		end = text_next(text, length, at, &width);
		if (text[at] == ' ' && end == at + 1) { /* hangs over the edge when it must */
			used++;
			chance = end;
			wide_before = false;
			whole = is_whole(text, length, end, columns);
			continue;
		}
		bool between = at > start && (width == 2 || wide_before);
		if (between && !(width == 2 && binds_to_before(text + at, length - at)))
			chance = at;
		if (used + width > columns) {
			size_t cut = at > start ? at : end;
			struct wrap_row row = row_to(text, length, start, chance > start ? chance : cut);
			return row.end > start ? row : row_to(text, length, start, cut);
		}
		used += width;
		wide_before = width == 2;
		if (text[at] == '-' && !whole && at > start && is_word(text[at - 1]))
			chance = end;
	}
	return row_to(text, length, start, length);
}

struct slot {
	struct wrap_key key;
	size_t count;     /* 0: the slot is empty */
	size_t allocated;
	uint32_t *starts;
};

struct wrap_cache {
	struct slot slots[CACHE_SLOTS];
	size_t rows; /* allocated in all slots */
};

struct wrap_cache *wrap_cache_new(void)
{
	return calloc(1, sizeof(struct wrap_cache));
}

static void slot_empty(struct wrap_cache *cache, struct slot *slot)
{
	free(slot->starts);
	cache->rows -= slot->allocated;
	*slot = (struct slot){ .count = 0 };
}

void wrap_cache_free(struct wrap_cache *cache)
{
	for (size_t i = 0; cache != NULL && i < CACHE_SLOTS; i++)
		slot_empty(cache, &cache->slots[i]);
	free(cache);
}

static bool slot_add(struct wrap_cache *cache, struct slot *slot, size_t start)
{
	if (slot->count == slot->allocated) {
		size_t more = slot->allocated > 0 ? slot->allocated : 4;
		uint32_t *starts = realloc(slot->starts, (slot->allocated + more) * sizeof *starts);
		if (starts == NULL)
			return false;
		slot->starts = starts;
		slot->allocated += more;
		cache->rows += more;
	}
	slot->starts[slot->count++] = (uint32_t)start;
	return true;
}

struct wrap wrap_cache_get(struct wrap_cache *cache, const struct wrap_key *key, const char *text, size_t length)
{
	static const uint32_t zero[] = { 0 };
	struct slot *slot = &cache->slots[key->serial % CACHE_SLOTS];
	if (slot->count > 0 && slot->key.serial == key->serial && slot->key.change == key->change &&
	    slot->key.first == key->first && slot->key.rest == key->rest)
		return (struct wrap){ slot->starts, slot->count };
	for (size_t i = 0; cache->rows > CACHE_ROWS && i < CACHE_SLOTS; i++)
		slot_empty(cache, &cache->slots[i]);
	slot->key = *key;
	slot->count = 0;
	struct wrap_row row = { 0, 0, 0 };
	for (int columns = key->first; row.last == 0; columns = key->rest) {
		if (!slot_add(cache, slot, row.next)) {
			slot_empty(cache, slot);
			return (struct wrap){ zero, 1 };
		}
		row = wrap_row(text, length, row.next, columns);
	}
	return (struct wrap){ slot->starts, slot->count };
}

size_t wrap_cache_rows(const struct wrap_cache *cache)
{
	return cache->rows;
}

size_t wrap_find(const struct wrap *wrap, size_t offset)
{
	size_t low = 0, high = wrap->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (wrap->starts[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}
