/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base: UTF-8, the normaliser against hostile text, widths and clusters, names, distances. */
#include "base/buffer.h"
#include "base/errors.h"
#include "base/text.h"
#include "base/utf8.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#define FFFD "\xEF\xBF\xBD"
#define ENTER "\xE2\x86\xB5"

struct expected {
	const char *in, *out;
};

/* The clean form of in, valid until the next call. */
static const char *clean(const char *in, size_t length, unsigned flags)
{
	static char text[8192];
	struct buffer out;
	buffer_init(&out, sizeof text - 1);
	assert_int_equal(text_clean(&out, in, length, flags), 0);
	assert_true(buffer_length(&out) <= TEXT_CLEAN_MAX(length));
	if (buffer_length(&out) > 0)
		memcpy(text, buffer_data(&out), buffer_length(&out));
	text[buffer_length(&out)] = '\0';
	buffer_free(&out);
	return text;
}

static void check_clean(const struct expected *cases, size_t count, unsigned flags)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(clean(cases[i].in, strlen(cases[i].in), flags), cases[i].out);
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void utf8_takes_only_what_the_standard_takes(void **state)
{
	static const struct {
		const char *bytes;
		size_t taken;
		char32_t c;
	} cases[] = {
		{ "A", 1, 'A' }, { "\x7F", 1, 0x7F }, { "\xC2\x80", 2, 0x80 }, { "\xDF\xBF", 2, 0x7FF },
		{ "\xE0\xA0\x80", 3, 0x800 }, { "\xED\x9F\xBF", 3, 0xD7FF }, { "\xEE\x80\x80", 3, 0xE000 },
		{ "\xEF\xBF\xBF", 3, 0xFFFF }, { "\xF0\x90\x80\x80", 4, 0x10000 }, { "\xF4\x8F\xBF\xBF", 4, 0x10FFFF },
		{ "\x80", 1, UTF8_INVALID }, { "\xC0\xAF", 1, UTF8_INVALID }, { "\xC1\xBF", 1, UTF8_INVALID },
		{ "\xE0\x9F\xBF", 1, UTF8_INVALID }, { "\xED\xA0\x80", 1, UTF8_INVALID },
		{ "\xF0\x8F\xBF\xBF", 1, UTF8_INVALID }, { "\xF4\x90\x80\x80", 1, UTF8_INVALID },
		{ "\xF5\x80\x80\x80", 1, UTF8_INVALID }, { "\xFF", 1, UTF8_INVALID }, { "\xE2\x82", 2, UTF8_INVALID },
		{ "\xE2\x82" "A", 2, UTF8_INVALID }, { "\xF0\x9F\x98" "A", 3, UTF8_INVALID }, { "\xC3", 1, UTF8_INVALID },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char32_t c = 0;
		assert_int_equal(utf8_decode(cases[i].bytes, strlen(cases[i].bytes), &c), cases[i].taken);
		assert_int_equal(c, cases[i].c);
		assert_int_equal(utf8_valid(cases[i].bytes, strlen(cases[i].bytes)), c != UTF8_INVALID);
	}
}

static void utf8_encodes_what_it_decodes(void **state)
{
	for (char32_t c = 0; c <= 0x110000; c++) {
		char bytes[4];
		char32_t back;
		size_t length = utf8_encode(c, bytes);
		assert_int_equal(utf8_decode(bytes, length, &back), length);
		bool scalar = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
		assert_int_equal(back, scalar ? c : UTF8_REPLACEMENT);
	}
}

static void utf8_is_cut_between_characters(void **state)
{
	static const char text[] = "0123456789 abc é 田 🎉 end";
	size_t length = sizeof text - 1;
	assert_int_equal(utf8_ascii(text, length), 15);
	assert_int_equal(utf8_ascii("01234567\x80", 9), 8);
	for (size_t limit = 0; limit <= length + 3; limit++) {
		size_t cut = utf8_cut(text, length, limit);
		assert_true(cut <= limit && cut + 4 > (limit < length ? limit : length));
		assert_true(utf8_valid(text, cut));
	}
}

static void hostile_bytes_become_harmless(void **state)
{
	static const struct expected cases[] = {
		{ "", "" },
		{ "plain ASCII stays", "plain ASCII stays" },
		{ "\x1B[31mred", FFFD "[31mred" },
		{ "\x07\x08\x0B\x0C\x7F", FFFD FFFD FFFD FFFD FFFD },
		{ "\xC2\x9B" "31m", FFFD "31m" },                     /* C1 as a character */
		{ "\x9B" "31m", FFFD "31m" },                         /* C1 as a byte */
		{ "\xC0\xAF\xED\xA0\x80", FFFD FFFD FFFD FFFD FFFD }, /* overlong, surrogate */
		{ "\xEF\xBF\xBE\xF0\x9F\xBF\xBF", FFFD FFFD },        /* noncharacters */
		{ "\xCD\xB8", FFFD },                                 /* unassigned U+0378 */
		{ "a\tb", "a    b" },
		{ "one\ntwo\r\nthree\rfour", "one" ENTER "two" ENTER "three" ENTER "four" },
		{ "\xE2\x80\xA8\xE2\x80\xA9\xC2\x85", ENTER ENTER ENTER },
		{ "\xE2\x80\xAA\xE2\x80\xAB\xE2\x80\xAC\xE2\x80\xAD\xE2\x80\xAEx", "x" }, /* bidi embedding, override */
		{ "\xE2\x81\xA6\xE2\x81\xA7\xE2\x81\xA8\xE2\x81\xA9x", "x" },             /* isolates */
		{ "\xE2\x80\x8E\xE2\x80\x8F\xD8\x9Cx", "x" },                            /* marks of direction */
		{ "a\xE2\x80\x8B" "b\xE2\x80\x8C" "c\xE2\x80\x8D" "d\xE2\x81\xA0" "e\xEF\xBB\xBF" "f\xC2\xADg", "abcdefg" },
		{ "\xE1\x85\x9F\xE1\x85\xA0\xE3\x85\xA4\xEF\xBE\xA0\xE1\x9E\xB4\xCD\x8Fx", "x" }, /* fillers */
		{ "\xF3\xA0\x81\x81\xF3\xA0\x81\xBFx", "x" },                                    /* tags */
		{ "a\xEF\xB8\x8F\xF3\xA0\x84\x80x", "ax" }, /* variation selectors */
		{ "👍🏻👍🏼👍🏽👍🏾👍🏿", "👍👍👍👍👍" },    /* skin tones */
		{ "\xCC\x81x", FFFD "x" },                  /* a mark without a base */
		{ "\xCC\x81\xCC\x81\xCC\x81x", FFFD "x" },
		{ "e\xCC\x81", "\xC3\xA9" }, /* NFC */
		{ "\xE2\x84\xAB", "\xC3\x85" },
		{ "x\xCC\x96\xCC\x97\xCC\x98\xCC\x99\xCC\x9A\xCC\x9C\xCC\x9D", "x\xCC\x96\xCC\x97\xCC\x98\xCC\x99" },
		{ "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C" }, /* jamo compose */
		{ "\xF0\x9F\x87\xA9x", "Dx" },                              /* half a flag */
	};
	check_clean(cases, COUNT(cases), TEXT_LINE);
	assert_string_equal(clean("nul\0byte", 8, TEXT_LINE), "nul" FFFD "byte");
}

/* Every code point alone: as utf8proc composes it, or replaced, or gone. */
static void every_code_point_alone_becomes_nfc(void **state)
{
	for (char32_t c = 0xA0; c < 0x110000; c++) {
		char bytes[5];
		size_t length = utf8_encode(c, bytes);
		const char *out = clean(bytes, length, TEXT_LINE);
		if (*out == '\0' || strcmp(out, FFFD) == 0 || strcmp(out, ENTER) == 0 || (c >= 0x1F1E6 && c <= 0x1F1FF))
			continue;
		bytes[length] = '\0';
		utf8proc_uint8_t *nfc = utf8proc_NFC((const utf8proc_uint8_t *)bytes);
		assert_non_null(nfc);
		assert_string_equal(out, (const char *)nfc);
		free(nfc);
	}
}

static void several_lines_keep_their_ends(void **state)
{
	static const struct expected cases[] = {
		{ "one\ntwo\r\nthree\rfour\n", "one\ntwo\nthree" ENTER "four\n" },
		{ "e\n\xCC\x81", "e\n" FFFD }, /* a mark does not reach over a line's end */
		{ "\r\n\r\n", "\n\n" },
	};
	check_clean(cases, COUNT(cases), TEXT_MULTILINE);
}

static void a_full_buffer_gets_nothing(void **state)
{
	struct buffer out;
	buffer_init(&out, 10);
	assert_int_equal(buffer_put_string(&out, "abc"), 0);
	assert_int_equal(text_clean(&out, "12345678é", 10, TEXT_LINE), TCHAT_ERR_FULL);
	assert_int_equal(buffer_length(&out), 3);
	assert_int_equal(text_clean(&out, "1234567", 7, TEXT_LINE), 0);
	assert_int_equal(buffer_length(&out), 10);
	buffer_free(&out);
}

static void huge_clusters_are_cut(void **state)
{
	char in[3 * 200 + 1];
	for (int i = 0; i < 200; i++)
		memcpy(in + 3 * i, "\xE1\x84\x80", 3); /* leading consonants stick together without end */
	const char *out = clean(in, 600, TEXT_LINE);
	assert_int_equal(strlen(out), 3 * (TEXT_CLUSTER_MAX + 1)); /* and U+FFFD */
	assert_string_equal(out + strlen(out) - 3, FFFD);
}

/* Any bytes: the result is valid, safe, stays as it is, and is as wide as it is drawn cluster by cluster. */
static void clean_text_is_safe_and_clean(void **state)
{
	static const char32_t spice[] = { 0x1B, '\n', '\t', 0x301, 0x302, 0x20D7, 0x1F468, 0x200D, 0x1F469, 0x1F1E6, 0x1F1E9,
		                          0xFE0F, 0x20E3, 0x1F3FD, 0x0915, 0x094D, 0x0937, 0x093F, 0x1100, 0x1161, 0x11A8, 0x202E,
		                          0x4E00, 'a', ' ', 0x0E33, 0x0D4E, 0x0600, 0x110BD, 0x1D165, 0x1D16E, 0xFB2C, 0x0958, 0x0344,
		                          0x2028, 0xAC00, 0x0345, 0x0F73, 0x10FFFF, 0xE0061, 0x85, '-' };
	unsigned seed = 12345;
	for (int round = 0; round < 20000; round++) {
		char in[256];
		size_t length = 0, most = 1 + (seed >> 8) % 200;
		while (length < most) {
			seed = seed * 1103515245u + 12345u;
			unsigned pick = seed >> 16;
			if (pick % 7 == 0)
				in[length++] = (char)(pick >> 3);
			else
				length += utf8_encode(spice[pick % COUNT(spice)], in + length);
		}
		unsigned flags = round & 1 ? TEXT_MULTILINE : TEXT_LINE;
		char once[2048];
		strcpy(once, clean(in, length, flags));
		size_t size = strlen(once);
		assert_true(utf8_valid(once, size));
		for (size_t at = 0; at < size;) {
			char32_t c;
			at += utf8_decode(once + at, size - at, &c);
			assert_true((c >= 0x20 && c != 0x7F && !(c >= 0x80 && c < 0xA0)) || (c == '\n' && flags));
			assert_true(c == '\n' || text_char_width(c) >= 0);
			assert_false((c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
			             (c >= 0x2060 && c <= 0x206F));
		}
		assert_string_equal(clean(once, size, flags), once);
	}
}

static size_t count_clusters(const char *text, size_t length)
{
	size_t clusters = 0;
	for (size_t at = 0; at < length; clusters++)
		at = text_next(text, length, at, NULL);
	/* Backwards by the same steps. */
	size_t back = 0;
	for (size_t at = length; at > 0; back++)
		at = text_previous(text, length, at);
	assert_int_equal(back, clusters);
	return clusters;
}

/* What the corpus looks like after cleaning, its columns, and its clusters before and after. */
static void the_width_corpus_is_what_terminals_agree_on(void **state)
{
	static const struct {
		const char *name, *in;
		size_t columns, clusters, keys;
	} cases[] = {
#define WIDTH(name, in, columns, clusters, keys) { name, in, columns, clusters, keys },
#include "width-corpus.def"
	};
	assert_true(COUNT(cases) >= 60);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *text = clean(cases[i].in, strlen(cases[i].in), TEXT_LINE);
		size_t columns = text_width(text, strlen(text)), clusters = count_clusters(text, strlen(text));
		if (columns != cases[i].columns || clusters != cases[i].clusters)
			fail_msg("%s: %zu columns, %zu clusters", cases[i].name, columns, clusters);
		size_t keys = count_clusters(cases[i].in, strlen(cases[i].in));
		if (keys != cases[i].keys)
			fail_msg("%s: %zu keys", cases[i].name, keys);
	}
}

static void what_terminals_dispute_is_known(void **state)
{
	static const char32_t agreed[] = { 'a', 0xE9, 0x301, 0x3B1, 0x65E5, 0xD55C, 0x3042, 0x1F600, 0x1F1E9, 0x2764, 0x20E3, 0xFFFD };
	static const char32_t disputed[] = { 0x93F, 0x103A, 0x119E, 0x3030, 0x4DC0, 0x17000, 0x1B002, 0x1D165, 0x1F970, 0x1FAE0 };
	for (size_t i = 0; i < COUNT(agreed); i++)
		assert_false(text_is_disputed(agreed[i]));
	for (size_t i = 0; i < COUNT(disputed); i++)
		assert_true(text_is_disputed(disputed[i]));
}

static void text_is_cut_between_clusters(void **state)
{
	static const char text[] = "ae\xCC\x81田🇩🇪.";
	size_t width, length = sizeof text - 1;
	assert_int_equal(text_width(text, length), 7);
	assert_int_equal(text_cut(text, length, 0, &width), 0);
	assert_int_equal(text_cut(text, length, 2, &width), 4);
	assert_int_equal(text_cut(text, length, 3, &width), 4);
	assert_int_equal(width, 2);
	assert_int_equal(text_cut(text, length, 4, NULL), 7);
	assert_int_equal(text_cut(text, length, 5, NULL), 7);
	assert_int_equal(text_cut(text, length, 6, NULL), 15);
	assert_int_equal(text_cut(text, length, 99, NULL), length);
}

static int name(const char *text, int folded, char out[128])
{
	struct buffer buffer;
	buffer_init(&buffer, 127);
	int err = folded ? text_name_fold(&buffer, text, strlen(text)) : text_name_shown(&buffer, text, strlen(text));
	memset(out, 0, 128);
	if (buffer_length(&buffer) > 0)
		memcpy(out, buffer_data(&buffer), buffer_length(&buffer));
	buffer_free(&buffer);
	return err;
}

static void names_are_shown_and_compared_in_one_form(void **state)
{
	static const struct {
		const char *name, *shown, *folded;
	} cases[] = {
		{ "ann", "ann", "ann" }, { "Ann", "Ann", "ann" }, { "ＡＮＮ", "ANN", "ann" }, { "Straße", "Straße", "strasse" },
		{ "STRASSE", "STRASSE", "strasse" }, { "田中さん", "田中さん", "田中さん" }, { "ﬁsh", "fish", "fish" },
		{ "e\xCC\x81" "a", "éa", "éa" }, { "Σίσυφος", "Σίσυφος", "σίσυφοσ" }, { "한국Korea", "한국Korea", "한국korea" },
		{ "Иван", "Иван", "иван" }, { "a-b_c.d", "a-b_c.d", "a-b_c.d" }, { "🎉", "🎉", "🎉" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[128], again[128];
		assert_int_equal(name(cases[i].name, 0, out), 0);
		assert_string_equal(out, cases[i].shown);
		assert_int_equal(name(cases[i].name, 1, out), 0);
		assert_string_equal(out, cases[i].folded);
		assert_int_equal(name(out, 1, again), 0);
		assert_string_equal(again, out);
	}
}

static void names_that_deceive_are_refused(void **state)
{
	static const char *const names[] = {
		"", "-x", "/quit", "#room", ":x", "@ann", "a b", "a\tb", "a\nb", "a\x1B[0m", "a\xC2\xA0" "b", "a\xE3\x80\x80" "b",
		"a\xE2\x80\x8B" "b", "a\xE2\x80\x8D" "b", "\xE2\x80\xAE" "ann", "a\xC2\xAD" "b", "\xE3\x85\xA4", "\xE2\xA0\x80",
		"a\xEF\xB8\x8F", "\xCC\x81" "a", "a\xFF", "\xED\xA0\x80", "\xEE\x80\x80", "\xCD\xB8", "p\xD0\xB0ypal", /* Cyrillic а */
		"\xCE\xBF" "ann", "田\xD0\xB0", "a\xCC\x96\xCC\x97\xCC\x98\xCC\x99\xCC\x9A", "ann\xC2\x85", "a\xE2\x80\xA8" "b",
		"12345678901234567890123456789012" "3", "\xEF\xBC\xA0" "ann", /* fullwidth @ */
	};
	for (size_t i = 0; i < COUNT(names); i++) {
		char out[128];
		if (name(names[i], 0, out) != TCHAT_ERR_BAD_NAME || name(names[i], 1, out) != TCHAT_ERR_BAD_NAME)
			fail_msg("name %zu was taken: \"%s\"", i, names[i]);
	}
	char many[1000];
	memset(many, 'a', sizeof many);
	struct buffer out;
	buffer_init(&out, 2000);
	assert_int_equal(text_name_fold(&out, many, sizeof many), TCHAT_ERR_BAD_NAME);
	assert_int_equal(text_name_fold(&out, "a\0b", 3), TCHAT_ERR_BAD_NAME);
	buffer_free(&out);
}

static void searching_ignores_case(void **state)
{
	struct buffer out;
	buffer_init(&out, 100);
	assert_int_equal(text_search_fold(&out, "HeLLo", 5), 0);
	assert_int_equal(text_search_fold(&out, "ÄÖ", 4), 0);
	assert_int_equal(text_search_fold(&out, "", 0), 0);
	assert_int_equal(buffer_length(&out), 9);
	assert_memory_equal(buffer_data(&out), "helloäö", 9);
	buffer_free(&out);
}

static void distances_count_edits(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned limit, distance;
	} cases[] = {
		{ "join", "join", 3, 0 }, { "join", "JOIN", 3, 0 }, { "join", "jion", 3, 1 }, { "join", "joins", 3, 1 },
		{ "jon", "join", 3, 1 }, { "join", "loin", 3, 1 }, { "join", "part", 3, 4 }, { "", "abc", 8, 3 },
		{ "abc", "", 2, 3 }, { "kitten", "sitting", 8, 3 }, { "abcdefghi", "", 8, 9 },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(text_distance(cases[i].a, strlen(cases[i].a), cases[i].b, strlen(cases[i].b), cases[i].limit),
		                 cases[i].distance);
	char word[65];
	memset(word, 'x', sizeof word);
	assert_int_equal(text_distance(word, 65, word, 65, 2), 3);
	assert_int_equal(text_distance(word, 64, word, 64, 2), 0);
}

static void a_terminal_of_ascii_gets_ascii(void **state)
{
	assert_int_equal(text_fallback('x'), 'x');
	assert_int_equal(text_fallback(0x2500), '-');
	assert_int_equal(text_fallback(0x2502), '|');
	assert_int_equal(text_fallback(0x2026), '.');
	assert_int_equal(text_fallback(0x7530), '?');
	assert_int_equal(text_fallback(0x1B), '?');
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_takes_only_what_the_standard_takes),
		cmocka_unit_test(utf8_encodes_what_it_decodes),
		cmocka_unit_test(utf8_is_cut_between_characters),
		cmocka_unit_test(hostile_bytes_become_harmless),
		cmocka_unit_test(every_code_point_alone_becomes_nfc),
		cmocka_unit_test(several_lines_keep_their_ends),
		cmocka_unit_test(a_full_buffer_gets_nothing),
		cmocka_unit_test(huge_clusters_are_cut),
		cmocka_unit_test(clean_text_is_safe_and_clean),
		cmocka_unit_test(the_width_corpus_is_what_terminals_agree_on),
		cmocka_unit_test(what_terminals_dispute_is_known),
		cmocka_unit_test(text_is_cut_between_clusters),
		cmocka_unit_test(names_are_shown_and_compared_in_one_form),
		cmocka_unit_test(names_that_deceive_are_refused),
		cmocka_unit_test(searching_ignores_case),
		cmocka_unit_test(distances_count_edits),
		cmocka_unit_test(a_terminal_of_ascii_gets_ascii),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
