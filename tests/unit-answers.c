/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is learnt about a terminal: from COLORFGBG, and from its answers, whole or not. */
#include "base/clock.h"
#include "ui/answers.h"
#include "ui/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void colours_are_read_in_every_spelling(void **state)
{
	static const struct {
		const char *answer;
		int32_t rgb;
	} answers[] = {
		{ "\033]11;rgb:ffff/ffff/ffff\033\\", 0xFFFFFF },
		{ "\033]11;rgb:0000/2b2b/3636\007", 0x002B36 },
		{ "\033]11;rgb:1a/2B/3c\007", 0x1A2B3C },
		{ "\033]11;rgb:f/0/8\007", 0xFF0088 },
		{ "\033]11;rgb:fff/000/888\007", 0xFF0088 },
		{ "\033]11;rgba:ffff/8080/0000/cccc\007", 0xFF8000 },
		{ "\033]11;#102030\007", 0x102030 },
		{ "\033]11;#ffff80800000\007", 0xFF8000 },
		{ "\033]11;#f08\007", 0xFF0088 },
		{ "\033]11;", -1 },
		{ "\033]11\007", -1 },
		{ "\033]11;?\007", -1 },
		{ "\033]11;white\007", -1 },
		{ "\033]11;rgb\007", -1 },
		{ "\033]11;rgb:\007", -1 },
		{ "\033]11;rgb:ffff/ffff\007", -1 },
		{ "\033]11;rgb:ffff/ffff/\007", -1 },
		{ "\033]11;rgb:fffff/ffff/ffff\007", -1 },
		{ "\033]11;rgb:ff-ff-ff\007", -1 },
		{ "\033]11;#\007", -1 },
		{ "\033]11;#ffff\007", -1 },
		{ "\033]11;#fffffffffffffff\007", -1 },
	};
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		/* No byte behind the length is read: the sanitizer sees it. */
		size_t length = strlen(answers[i].answer);
		char *exact = test_malloc(length);
		memcpy(exact, answers[i].answer, length);
		if (answers_colour(exact, length) != answers[i].rgb)
			fail_msg("%s: %06x", answers[i].answer + 2, (unsigned)answers_colour(exact, length));
		test_free(exact);
	}
}

static void a_bright_background_gets_the_light_theme(void **state)
{
	static const uint32_t light[] = { 0xFFFFFF, 0xFDF6E3, 0xEEEEEE, 0xFFFFDD, 0xC0C0C0 };
	static const uint32_t dark[] = { 0x000000, 0x002B36, 0x282828, 0x300A24, 0x0000FF, 0x5C5C5C };
	for (size_t i = 0; i < sizeof light / sizeof light[0]; i++)
		assert_int_equal(theme_for_background(light[i]), THEME_LIGHT);
	for (size_t i = 0; i < sizeof dark / sizeof dark[0]; i++)
		assert_int_equal(theme_for_background(dark[i]), THEME_DARK);
}

static void without_an_answer_colorfgbg_counts(void **state)
{
	static const struct {
		const char *colours;
		enum theme theme;
	} rows[] = { { NULL, THEME_DARK },     { "", THEME_DARK },      { "15;0", THEME_DARK },         { "0;15", THEME_LIGHT },
		     { "0;7", THEME_LIGHT },   { "7;8", THEME_DARK },   { "0;default;15", THEME_LIGHT }, { "0;default", THEME_DARK },
		     { "12;11", THEME_LIGHT }, { "15", THEME_DARK },    { "0;99", THEME_DARK },         { "0;", THEME_DARK } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct answers answers;
		answers_init(&answers, rows[i].colours);
		assert_int_equal(answers.background, rows[i].theme);
		assert_false(answers.awaited || answers.synchronised);
	}
}

/* Takes all that a terminal says; how often something changed. */
static int take(struct answers *answers, const char *bytes)
{
	struct tokenizer *tokenizer = tokenizer_new(4096);
	struct token token;
	int changes = 0;
	assert_non_null(tokenizer);
	assert_int_equal(tokenizer_feed(tokenizer, bytes, strlen(bytes), 1), 0);
	while (tokenizer_next(tokenizer, 1, &token)) {
		assert_int_equal(token.kind, TOKEN_REPLY);
		changes += answers_take(answers, &token);
	}
	tokenizer_free(tokenizer);
	return changes;
}

static void answers_are_taken_in_any_order_and_awaited_up_to_the_last(void **state)
{
	struct answers answers;
	int ends[2];
	char asked[64];
	answers_init(&answers, NULL);
	assert_int_equal(pipe(ends), 0);
	answers_ask(&answers, ends[1]);
	ssize_t length = read(ends[0], asked, sizeof asked - 1);
	assert_true(length > 3);
	asked[length] = '\0';
	assert_string_equal(asked + length - 3, "\033[c"); /* everybody answers this */
	assert_true(answers.awaited);
	assert_int_equal(take(&answers, "\033]11;rgb:ffff/ffff/ffff\033\\"), 1);
	assert_int_equal(answers.background, THEME_LIGHT);
	assert_int_equal(take(&answers, "\033]11;rgb:eeee/ffff/ffff\033\\\033]10;rgb:0000/0000/0000\007\033]11;what?\007"), 0);
	assert_int_equal(answers.background, THEME_LIGHT);
	assert_int_equal(take(&answers, "\033[?2026;2$y"), 1);
	assert_true(answers.synchronised && answers.awaited);
	assert_int_equal(take(&answers, "\033[?62;22c"), 0);
	assert_false(answers.awaited);
	assert_int_equal(take(&answers, "\033]11;rgb:00/00/00\007"), 1);
	assert_int_equal(answers.background, THEME_DARK);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colours_are_read_in_every_spelling),
		cmocka_unit_test(a_bright_background_gets_the_light_theme),
		cmocka_unit_test(without_an_answer_colorfgbg_counts),
		cmocka_unit_test(answers_are_taken_in_any_order_and_awaited_up_to_the_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
