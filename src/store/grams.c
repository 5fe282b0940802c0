/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list: for each number its distance from the one before, the bytes that follow, and there the distances between the
 * messages; all as base-128 numbers, lowest part first. */
#include "store/grams.h"

#include "base/errors.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
	NUMBER_MOST = 5,
	RADIX_BITS = 11,
	RADIX = 1 << RADIX_BITS,
	PILE_FIRST = 1 << 16,
};

/* --- Numbers of a text */

static uint32_t mix(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t x = ((uint64_t)a << 42 | (uint64_t)b << 21 | c) * UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(x >> 32);
}

/* Two of these say as much as three others. */
static bool is_dense(char32_t c)
{
	return c >= 0x2e80;
}

size_t grams_of_text(const char *text, size_t length, uint32_t *grams, size_t most)
{
	char32_t window[3] = { 0 };
	size_t count = 0, known = 0;
	for (size_t at = 0; at < length || known > 1;) {
		while (known < 3 && at < length)
			at += utf8_decode(text + at, length - at, &window[known++]);
		if (known < 2)
			break;
		bool pair = is_dense(window[0]) && is_dense(window[1]);
		if (pair || known == 3) {
			if (count < most)
				grams[count] = mix(window[0], window[1], pair ? 0 : window[2] + 1);
			count++;
		}
		window[0] = window[1];
		window[1] = window[2];
		known--;
	}
	return count;
}

static bool has_divisor(size_t a, size_t b)
{
	while (b > 0) {
		size_t rest = a % b;
		a = b;
		b = rest;
	}
	return a > 1;
}

size_t grams_of_needle(const char *text, size_t length, uint32_t grams[GRAM_OF_NEEDLE])
{
	uint32_t all[256];
	size_t count = grams_of_text(text, length, all, sizeof all / sizeof all[0]), taken = 0;
	count = count < sizeof all / sizeof all[0] ? count : sizeof all / sizeof all[0];
	size_t wanted = count < GRAM_OF_NEEDLE ? count : GRAM_OF_NEEDLE, step = wanted * 5 / 8;
	while (step > 1 && has_divisor(step, wanted))
		step--;
	for (; taken < wanted; taken++)
		grams[taken] = all[taken * (step > 0 ? step : 1) % wanted * count / wanted];
	return taken;
}

/* --- Sets */

size_t gram_set_count(const struct gram_set *set)
{
	size_t count = 0;
	for (size_t i = 0; i < GRAM_BLOCK / 64; i++)
		count += (size_t)__builtin_popcountll(set->words[i]);
	return count;
}

void gram_set_bytes(const struct gram_set *set, uint8_t bytes[GRAM_SET_BYTES])
{
	for (size_t i = 0; i < GRAM_SET_BYTES; i++)
		bytes[i] = (uint8_t)(set->words[i / 8] >> i % 8 * 8);
}

void gram_set_join(struct gram_set *set, const uint8_t bytes[GRAM_SET_BYTES])
{
	for (size_t i = 0; i < GRAM_SET_BYTES; i++)
		set->words[i / 8] |= (uint64_t)bytes[i] << i % 8 * 8;
}

/* --- Sorting */

void gram_sort(uint64_t *entries, uint64_t *spare, size_t count)
{
	for (unsigned shift = 0; shift < 4 * RADIX_BITS; shift += RADIX_BITS) {
		size_t starts[RADIX] = { 0 }, sum = 0;
		for (size_t i = 0; i < count; i++)
			starts[entries[i] >> shift & (RADIX - 1)]++;
		for (size_t i = 0; i < RADIX; i++) {
			size_t next = sum + starts[i];
			starts[i] = sum;
			sum = next;
		}
		for (size_t i = 0; i < count; i++)
			spare[starts[entries[i] >> shift & (RADIX - 1)]++] = entries[i];
		uint64_t *other = entries;
		entries = spare;
		spare = other;
	}
}

/* --- Piles: with four bytes a number, not the eight of an entry, and no spare as large as all */

void gram_pile_init(struct gram_pile *pile, size_t most)
{
	*pile = (struct gram_pile){ .most = most };
	gram_pile_clear(pile);
}

void gram_pile_clear(struct gram_pile *pile)
{
	pile->count = 0;
	pile->next = 0;
	memset(pile->seen, 0xff, sizeof pile->seen); /* as no entry is */
}

void gram_pile_free(struct gram_pile *pile)
{
	free(pile->grams);
	pile->grams = NULL;
	pile->capacity = 0;
	gram_pile_clear(pile);
}

static bool pile_grow(struct gram_pile *pile, size_t more)
{
	size_t capacity = pile->capacity > 0 ? pile->capacity : PILE_FIRST;
	while (capacity - pile->count < more)
		capacity *= 2;
	if (capacity == pile->capacity)
		return true;
	if (capacity > pile->most)
		return false;
	uint32_t *grams = realloc(pile->grams, capacity * sizeof *grams);
	if (grams == NULL)
		return false;
	pile->grams = grams;
	pile->capacity = capacity;
	return true;
}

bool gram_pile_add(struct gram_pile *pile, uint32_t place, const uint32_t *grams, size_t count)
{
	if (!pile_grow(pile, count))
		return false;
	while (pile->next <= place)
		pile->starts[pile->next++] = (uint32_t)pile->count;
	for (size_t i = 0; i < count; i++) {
		uint64_t entry = gram_entry(grams[i], place), *seen = &pile->seen[grams[i] % GRAM_SEEN];
		pile->grams[pile->count] = grams[i];
		pile->count += *seen != entry;
		*seen = entry;
	}
	return true;
}

size_t gram_pile_widest(const struct gram_pile *pile)
{
	size_t counts[GRAM_SLICES] = { 0 }, widest = 0;
	for (size_t i = 0; i < pile->count; i++)
		counts[gram_bucket(pile->grams[i]) / GRAM_SLICE_BUCKETS]++;
	for (size_t i = 0; i < GRAM_SLICES; i++)
		widest = counts[i] > widest ? counts[i] : widest;
	return widest;
}

size_t gram_pile_slice(const struct gram_pile *pile, uint32_t from, uint32_t slice, uint64_t *entries)
{
	size_t count = 0;
	for (uint32_t place = from; place < pile->next; place++) {
		size_t end = place + 1 < pile->next ? pile->starts[place + 1] : pile->count;
		for (size_t i = pile->starts[place]; i < end; i++)
			if (gram_bucket(pile->grams[i]) / GRAM_SLICE_BUCKETS == slice)
				entries[count++] = gram_entry(pile->grams[i], place);
	}
	return count;
}

/* --- Lists */

static size_t number_put(uint8_t *to, uint32_t number)
{
	size_t length = 0;
	for (; number >= 0x80; number >>= 7)
		to[length++] = (uint8_t)(number | 0x80);
	to[length++] = (uint8_t)number;
	return length;
}

/* Takes a number off the front; false: there is none that makes sense. */
static bool number_take(const uint8_t **at, const uint8_t *end, uint32_t *number)
{
	uint32_t value = 0;
	for (unsigned shift = 0; *at < end && shift < 7 * NUMBER_MOST; shift += 7) {
		uint8_t byte = *(*at)++;
		value |= (uint32_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*number = value;
			return true;
		}
	}
	return false;
}

/* Puts a number, and the messages of the set that have it. */
static int places_put(struct buffer *buffer, uint32_t distance, const struct gram_set *set)
{
	uint8_t places[2 * GRAM_BLOCK], head[2 * NUMBER_MOST];
	size_t length = 0;
	uint32_t last = 0;
	for (uint32_t word = 0; word < GRAM_BLOCK / 64; word++) {
		for (uint64_t bits = set->words[word]; bits != 0; bits &= bits - 1) {
			uint32_t place = word * 64 + (uint32_t)__builtin_ctzll(bits);
			length += number_put(places + length, place - last);
			last = place;
		}
	}
	size_t before = number_put(head, distance);
	before += number_put(head + before, (uint32_t)length);
	int err = buffer_put(buffer, head, before);
	return err != 0 ? err : buffer_put(buffer, places, length);
}

int gram_list_make(struct buffer *buffer, const uint64_t *entries, size_t count, size_t *at, uint32_t bucket)
{
	uint32_t last = bucket << (32 - GRAM_BUCKET_BITS);
	while (*at < count && gram_bucket((uint32_t)(entries[*at] >> GRAM_BLOCK_BITS)) == bucket) {
		uint32_t gram = (uint32_t)(entries[*at] >> GRAM_BLOCK_BITS);
		struct gram_set set = { { 0 } };
		for (; *at < count && entries[*at] >> GRAM_BLOCK_BITS == gram; ++*at)
			gram_set_add(&set, (uint32_t)entries[*at] & (GRAM_BLOCK - 1));
		int err = places_put(buffer, gram - last, &set);
		if (err != 0)
			return err;
		last = gram;
	}
	return 0;
}

/* One number of a list. */
struct item {
	uint32_t distance;
	const uint8_t *places, *end;
};

static bool item_take(const uint8_t **at, const uint8_t *end, struct item *item)
{
	uint32_t length;
	if (!number_take(at, end, &item->distance) || !number_take(at, end, &length) || length > (size_t)(end - *at))
		return false;
	item->places = *at;
	item->end = *at + length;
	*at += length;
	return true;
}

static void places_take(const struct item *item, struct gram_set *set)
{
	const uint8_t *at = item->places;
	uint32_t place = 0, distance;
	while (number_take(&at, item->end, &distance) && distance < GRAM_BLOCK && place + distance < GRAM_BLOCK) {
		place += distance;
		gram_set_add(set, place);
	}
}

void gram_list_find(const uint8_t *list, size_t length, uint32_t gram, struct gram_set *found)
{
	const uint8_t *at = list, *end = length > 0 ? list + length : list; /* an empty blob is NULL */
	uint32_t here = gram_bucket(gram) << (32 - GRAM_BUCKET_BITS);
	struct item item;
	while (item_take(&at, end, &item)) {
		here += item.distance;
		if (here == gram)
			places_take(&item, found);
		if (here >= gram)
			return;
	}
}

int gram_list_drop(struct buffer *buffer, const uint8_t *list, size_t length, const struct gram_set *gone, bool *changed)
{
	const uint8_t *at = list, *end = length > 0 ? list + length : list; /* an empty blob is NULL */
	uint32_t skipped = 0; /* by numbers that nothing has any more */
	struct item item;
	*changed = false;
	while (item_take(&at, end, &item)) {
		struct gram_set set = { { 0 } };
		uint64_t left = 0, lost = 0;
		places_take(&item, &set);
		for (size_t i = 0; i < GRAM_BLOCK / 64; i++) {
			lost |= set.words[i] & gone->words[i];
			set.words[i] &= ~gone->words[i];
			left |= set.words[i];
		}
		*changed = *changed || lost != 0;
		skipped += item.distance;
		if (left == 0)
			continue;
		int err = places_put(buffer, skipped, &set);
		if (err != 0)
			return err;
		skipped = 0;
	}
	return 0;
}
