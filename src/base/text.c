/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The normaliser. It works cluster by cluster in a fixed space: canonical composition never crosses a cluster's
 * boundary, so no hostile text can make it slow or make it allocate. */
#include "base/text.h"

#include "base/errors.h"
#include "base/text_filter.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

#include <utf8proc.h>

enum {
	RETURN_SIGN = 0x21B5, /* ↵ */
	CLEAN_ROOM = TEXT_CLUSTER_MAX * 18, /* no code point decomposes into more than 18 */
};

enum text_class text_classify(char32_t c)
{
	if (c >= 0x20 && c < 0x7F)
		return TEXT_KEEP;
	if ((c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF) || (c >= 0x180B && c <= 0x180F))
		return TEXT_DROP; /* variation selectors */
	if (c >= 0x1F3FB && c <= 0x1F3FF)
		return TEXT_DROP; /* skin tones */
	switch (c) {
	case '\n':
	case '\r':
	case 0x85:
	case 0x2028:
	case 0x2029:
		return TEXT_END;
	case '\t':
		return TEXT_TAB;
	case 0x034F: /* fillers: letters and marks that nobody can see */
	case 0x115F:
	case 0x1160:
	case 0x17B4:
	case 0x17B5:
	case 0x3164:
	case 0xFFA0:
	case 0x302E: /* marks that libc takes for wide letters, and terminals for marks */
	case 0x302F:
	case 0x16FF0:
	case 0x16FF1:
		return TEXT_DROP;
	default:
		break;
	}
	switch (c == UTF8_INVALID ? UTF8PROC_CATEGORY_CN : utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CC:
		return TEXT_REPLACE;
	case UTF8PROC_CATEGORY_CF:
		return TEXT_DROP;
	default:
		return TEXT_KEEP;
	}
}

bool text_is_mark(char32_t c)
{
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
	return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
	       category == UTF8PROC_CATEGORY_ME;
}

static bool is_regional(char32_t c)
{
	return c >= 0x1F1E6 && c <= 0x1F1FF;
}

/* Medial vowels and finals of Old Korean beyond the first block of jamo: no width to libc, one column to others. */
static bool is_late_jamo(char32_t c)
{
	return c >= 0xD7B0 && c <= 0xD7FF;
}

/* The cluster that is being collected, and where clean text goes. */
struct cleaner {
	struct buffer *out;
	int err;
	char32_t cluster[TEXT_CLUSTER_MAX];
	size_t count;
	bool overflow;
	char32_t last;            /* as filtered: what the next boundary is measured from */
	utf8proc_int32_t state; /* utf8proc's, across the cluster */
};

static void clean_bytes(struct cleaner *cleaner, const char *bytes, size_t length)
{
	if (cleaner->err == 0)
		cleaner->err = buffer_put(cleaner->out, bytes, length);
}

static void clean_emit(struct cleaner *cleaner, char32_t c)
{
	char bytes[4];
	clean_bytes(cleaner, bytes, utf8_encode(c, bytes));
}

/* NFC of the collected code points into codes; returns how many. */
static size_t cluster_compose(const struct cleaner *cleaner, utf8proc_int32_t codes[CLEAN_ROOM + 1])
{
	char text[TEXT_CLUSTER_MAX * 4];
	size_t length = 0;
	for (size_t i = 0; i < cleaner->count; i++)
		length += utf8_encode(cleaner->cluster[i], text + length);
	utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
	utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, codes,
	                                            CLEAN_ROOM, options);
	if (count > 0 && count <= CLEAN_ROOM)
		count = utf8proc_normalize_utf32(codes, count, options);
	return count > 0 && count <= CLEAN_ROOM ? (size_t)count : 0;
}

/* Letters that alone are NFC already, by far the most of what is written: they go a short way. */
static bool is_composed(char32_t c)
{
	return c < 0x300 || (c >= 0x400 && c < 0x460) || (c >= 0x3041 && c <= 0x3096) ||
	       (c >= 0x30A1 && c <= 0x30FA) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3);
}

/* Writes the collected cluster: composed, marks counted, nothing without a base or a width. */
static void cluster_flush(struct cleaner *cleaner)
{
	if (cleaner->count == 0)
		return;
	size_t regional = 0;
	for (size_t i = 0; i < cleaner->count; i++)
		regional += is_regional(cleaner->cluster[i]);
	for (size_t i = 0; i < cleaner->count && regional == 1; i++) {
		if (is_regional(cleaner->cluster[i])) /* half a flag: terminals disagree; a letter is a letter */
			cleaner->cluster[i] = 'A' + (cleaner->cluster[i] - 0x1F1E6);
	}
	utf8proc_int32_t codes[CLEAN_ROOM + 1];
	size_t count = 1, marks = 0;
	codes[0] = (utf8proc_int32_t)cleaner->cluster[0];
	if (cleaner->count > 1 || !is_composed(cleaner->cluster[0]))
		count = cluster_compose(cleaner, codes);
	bool base = false;
	for (size_t i = 0; i < count; i++) {
		char32_t c = (char32_t)codes[i];
		int width = text_char_width(c);
		if (is_late_jamo(c))
			width = -1;
		if (width == 0 || text_is_mark(c)) {
			if (!base) {
				clean_emit(cleaner, UTF8_REPLACEMENT);
				break;
			}
			if (marks++ < TEXT_MARKS_MAX)
				clean_emit(cleaner, width < 0 ? UTF8_REPLACEMENT : c);
			continue;
		}
		clean_emit(cleaner, width < 0 ? UTF8_REPLACEMENT : c);
		base = true;
		marks = 0;
	}
	if (cleaner->overflow)
		clean_emit(cleaner, UTF8_REPLACEMENT);
	cleaner->count = 0;
	cleaner->overflow = false;
}

/* Takes one filtered code point. */
static void clean_take(struct cleaner *cleaner, char32_t c)
{
	if (cleaner->last == 0)
		cleaner->state = 0; /* a state kept over a boundary would join what does not belong together */
	utf8proc_int32_t last = (utf8proc_int32_t)cleaner->last;
	if (last == 0 || utf8proc_grapheme_break_stateful(last, (utf8proc_int32_t)c, &cleaner->state))
		cluster_flush(cleaner);
	if (cleaner->count < TEXT_CLUSTER_MAX)
		cleaner->cluster[cleaner->count++] = c;
	else
		cleaner->overflow = true;
	cleaner->last = c;
}

/* A line end at in[at]: returns the bytes it takes. */
static size_t clean_line_end(struct cleaner *cleaner, const char *in, size_t length, size_t taken, unsigned flags)
{
	bool pair = in[0] == '\r' && length > 1 && in[1] == '\n';
	if ((pair || in[0] == '\n') && (flags & TEXT_MULTILINE)) {
		cluster_flush(cleaner);
		clean_bytes(cleaner, "\n", 1);
		cleaner->last = 0;
	} else {
		clean_take(cleaner, RETURN_SIGN);
	}
	return pair ? 2 : taken;
}

/* How many bytes at the start are printable ASCII. */
static size_t printable(const char *text, size_t length)
{
	size_t at = 0;
	while (at < length && text[at] >= 0x20 && text[at] < 0x7F)
		at++;
	return at;
}

int text_clean(struct buffer *out, const char *in, size_t length, unsigned flags)
{
	size_t before = buffer_length(out);
	struct cleaner cleaner = { .out = out };
	for (size_t at = 0; at < length && cleaner.err == 0;) {
		/* A run of ASCII needs nothing; only its last character can get marks. */
		size_t run = printable(in + at, length - at);
		if (run > 1) {
			cluster_flush(&cleaner);
			clean_bytes(&cleaner, in + at, run - 1);
			at += run - 1;
			cleaner.last = 0;
		}
		char32_t c;
		size_t taken = utf8_decode(in + at, length - at, &c);
		switch (text_classify(c)) {
		case TEXT_KEEP:
			clean_take(&cleaner, c);
			break;
		case TEXT_REPLACE:
			clean_take(&cleaner, UTF8_REPLACEMENT);
			break;
		case TEXT_TAB:
			for (int i = 0; i < 4; i++)
				clean_take(&cleaner, ' ');
			break;
		case TEXT_END:
			taken = clean_line_end(&cleaner, in + at, length - at, taken, flags);
			break;
		case TEXT_DROP:
			break;
		}
		at += taken;
	}
	cluster_flush(&cleaner);
	if (cleaner.err != 0)
		buffer_truncate(out, before);
	return cleaner.err;
}
