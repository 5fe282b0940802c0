/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tokenizer: the same tokens wherever the bytes are split, and nothing unbounded from hostile input. */
#include "base/errors.h"
#include "ui/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PASTE_MAXIMUM = 4096, DESCRIPTION = 1 << 16 };

struct described {
	char text[DESCRIPTION];
	size_t length, consumed;
	bool garbage; /* the last one was garbage: neighbours count as one */
};

static void put(struct described *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct described *d, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int n = vsnprintf(d->text + d->length, DESCRIPTION - d->length, format, arguments);
	va_end(arguments);
	assert_true(n >= 0 && (size_t)n < DESCRIPTION - d->length);
	d->length += (size_t)n;
}

static void put_bytes(struct described *d, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] < 0x20 || bytes[i] == 0x7f)
			put(d, "^%c", bytes[i] ^ 0x40);
		else
			put(d, "%c", bytes[i]);
	}
}

static void describe(struct described *d, const struct token *t)
{
	static const char *const keys[] = { "none", "enter", "tab", "backspace", "escape", "up", "down", "right", "left",
		"home", "end", "insert", "delete", "pgup", "pgdn" };
	d->consumed += t->consumed;
	if (t->kind == TOKEN_GARBAGE && d->garbage)
		return;
	d->garbage = t->kind == TOKEN_GARBAGE;
	put(d, "%s%s%s%s", d->length > 0 ? " " : "", t->modifiers & TOKEN_CTRL ? "C-" : "",
		t->modifiers & TOKEN_ALT ? "A-" : "", t->modifiers & TOKEN_SHIFT ? "S-" : "");
	switch (t->kind) {
	case TOKEN_CHARACTER:
		put_bytes(d, t->bytes, t->length);
		break;
	case TOKEN_CONTROL:
		put(d, "^%c", t->codepoint ^ 0x40);
		break;
	case TOKEN_KEY:
		if (t->key >= TOKEN_KEY_F1)
			put(d, "f%d", t->key - TOKEN_KEY_F1 + 1);
		else
			put(d, "%s", keys[t->key]);
		break;
	case TOKEN_SEQUENCE:
		put(d, "seq(");
		put_bytes(d, t->bytes, t->length);
		put(d, ")");
		break;
	case TOKEN_PASTE:
		put(d, "paste(");
		put_bytes(d, t->bytes, t->length);
		put(d, "%s)", t->truncated ? "..." : "");
		break;
	case TOKEN_MOUSE:
		put(d, "mouse(%d,%d,%d,%d)", t->mouse.action, t->mouse.button, t->mouse.row, t->mouse.column);
		break;
	case TOKEN_FOCUS:
		put(d, "focus(%d)", t->value);
		break;
	case TOKEN_REPLY:
		put(d, "reply%d(%d,%d)", t->reply, t->value, t->state);
		break;
	case TOKEN_GARBAGE:
		put(d, "garbage");
	}
}

static void take_all(struct tokenizer *tokenizer, tchat_time now, struct described *d)
{
	struct token token;
	while (tokenizer_next(tokenizer, now, &token))
		describe(d, &token);
}

/* Feeds the input in pieces that end at each of the places, then lets all deadlines pass. */
static void tokens_of(const char *input, size_t length, const size_t *places, size_t count, struct described *d)
{
	struct tokenizer *tokenizer = tokenizer_new(PASTE_MAXIMUM);
	memset(d, 0, sizeof *d);
	tchat_time now = 1000;
	size_t from = 0;
	for (size_t i = 0; i <= count; i++) {
		size_t to = i < count ? places[i] : length;
		assert_int_equal(tokenizer_feed(tokenizer, input + from, to - from, now), 0);
		take_all(tokenizer, now, d);
		from = to;
	}
	for (tchat_time deadline; (deadline = tokenizer_deadline(tokenizer)) != TCHAT_NEVER;) {
		assert_true(deadline > now);
		now = deadline;
		take_all(tokenizer, now, d);
	}
	tokenizer_free(tokenizer);
}

struct sample {
	const char *input;
	const char *tokens;
};

static const struct sample samples[] = {
	{ "a", "a" },
	{ "hé漢🙂z", "h é 漢 🙂 z" },
	{ "\r\t\177\n\001\003\032\014", "enter tab backspace ^J ^A ^C ^Z ^L" },
	{ "\033[A\033[B\033[C\033[D\033[H\033[F", "up down right left home end" },
	{ "\033OA\033OH\033OF\033OP\033OS\033OM", "up home end f1 f4 enter" },
	{ "\033[1;5A\033[1;2B\033[1;3C\033[1;8D", "C-up S-down A-right C-A-S-left" },
	{ "\033[1~\033[2~\033[3~\033[4~\033[5~\033[6~\033[7~\033[8~", "home insert delete end pgup pgdn home end" },
	{ "\033[5;5~\033[6;2~\033[1;5H\033[1;6F\033[5;3~", "C-pgup S-pgdn C-home C-S-end A-pgup" },
	{ "\033[11~\033[15~\033[17~\033[21~\033[24~\033[34~\033[15;5~", "f1 f5 f6 f10 f12 f20 C-f5" },
	{ "\033[[A\033[[E\033[1;2P\033[1;2R\033[1;5S", "f1 f5 S-f1 S-f3 C-f4" },
	{ "\033[Z\033[3^\033[5@\033[a\033Od", "S-tab C-delete C-S-pgup S-up C-left" },
	{ "\033b\033é\033\r\033\177\033\t\033\003", "A-\033b A-\033é A-enter A-backspace A-tab A-^C" },
	{ "\033\033[A\033\033OB\033\033x", "A-up A-down A-escape x" },
	{ "\033\033\033[A", "A-escape up" },
	{ "\033[13;2u\033[13;5u\033[99;5u\033[97;3u\033[97:65;2u", "S-enter C-enter ^C A-\033a A" },
	{ "\033[97:6;2u\033[97:127;2u\033[97:55296;2u", "A A A" }, /* no character is there with Shift */
	{ "\033[57399uz", "seq(^[[57399u) z" },
	{ "\033[27;5;105~\033[27;2;13~\033[27u\033[97;1:3uq", "^I S-enter escape garbage q" },
	{ "\033[200~one\rtwo\003\033[A\033[201~x", "paste(one^Mtwo^C^[[A) x" },
	{ "\033[200~\033[201~\033[200~\033[20\033[201\033[201~", "paste() paste(^[[20^[[201)" },
	{ "\033\033[200~p\033[201~", "escape paste(p)" },
	{ "\033[201~a", "garbage a" },
	{ "\033[I\033[Ox", "focus(1) focus(0) x" },
	{ "\033[<0;5;3M\033[<0;5;3m\033[<64;1;1M\033[<65;9;9M\033[<35;2;2M\033[<2;300;200M",
	  "mouse(0,1,2,4) mouse(1,1,2,4) mouse(3,-1,0,0) mouse(3,1,8,8) mouse(2,0,1,1) mouse(0,3,199,299)" },
	{ "\033[<0;0;0M\033[<1M", "garbage" },
	{ "\033[?2026;2$y\033[?2026;0$yx", "reply2(2026,2) reply2(2026,0) x" },
	{ "\033[?62;22c\033[>41;354;0c\033[12;40R\033[1;40R\033[?1;5R",
	  "reply1(62,0) reply1(41,0) reply3(12,40) reply3(1,40) reply3(1,5)" },
	{ "\033[0n\033[8;24;80t\033[?1u", "reply0(0,0) reply0(8,0) reply0(1,0)" },
	{ "\033]11;rgb:0000/0000/0000\007\033]10;rgb:ff/ff/ff\033\\x", "reply4(11,0) reply4(10,0) x" },
	{ "\033P>|XTerm(370)\033\\y", "reply4(-1,0) y" },
	{ "\033]x\033Py\033_z\033^w", "A-\033] x A-\033P y A-\033_ z A-\033^ w" },
	{ "\033]0;half\rnext", "garbage enter n e x t" },
	{ "\033[12;3\rx\033[12\033[A", "garbage enter x garbage up" },
	{ "\033[1é", "garbage é" },
	{ "\303x\377\302\233z\355\240\200q\300\257w", "garbage x garbage z garbage q garbage w" },
	{ "\342\202x\360\237\231", "garbage x garbage" },
	{ "\033\303", "garbage" },
	{ "\033[99z\033[1;2;3;4;5;6;7;8;9;10;11q", "seq(^[[99z) seq(^[[1;2;3;4;5;6;7;8;9;10;11q)" },
	{ "\033[99999999999999999999;99999999999999999999R", "reply3(16777216,16777216)" },
};

/* Alt characters are described by their bytes: make the ESC of the table readable as it is put. */
static const char *expected(const struct sample *sample, char *buffer)
{
	size_t length = 0;
	for (const char *at = sample->tokens; *at != '\0'; at++) {
		if (*at == '\033') {
			buffer[length++] = '^';
			buffer[length++] = '[';
		} else {
			buffer[length++] = *at;
		}
	}
	buffer[length] = '\0';
	return buffer;
}

static void every_split_point_gives_the_same_tokens(void **state)
{
	static struct described d;
	char want[1024];
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		const char *input = samples[i].input;
		size_t length = strlen(input), every[256];
		expected(&samples[i], want);
		for (size_t split = 0; split <= length; split++) {
			tokens_of(input, length, &split, 1, &d);
			if (strcmp(d.text, want) != 0)
				fail_msg("sample %zu split at %zu: want %s, got %s", i, split, want, d.text);
			assert_int_equal(d.consumed, length);
		}
		for (size_t at = 0; at < length; at++)
			every[at] = at;
		tokens_of(input, length, every, length, &d);
		assert_string_equal(d.text, want);
	}
}

static void samples_one_after_the_other_keep_their_tokens(void **state)
{
	static struct described d;
	static char input[8192], want[8192];
	char one[1024];
	input[0] = want[0] = '\0';
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		/* What ends unfinished or in garbage would run into its neighbour. */
		if (strstr(samples[i].tokens, "garbage") != NULL)
			continue;
		strcat(input, samples[i].input);
		sprintf(want + strlen(want), "%s%s", want[0] == '\0' ? "" : " ", expected(&samples[i], one));
	}
	size_t length = strlen(input);
	for (size_t split = 0; split <= length; split++) {
		tokens_of(input, length, &split, 1, &d);
		assert_string_equal(d.text, want);
	}
}

static void a_lone_escape_is_a_key_after_25_milliseconds_and_not_before(void **state)
{
	struct tokenizer *t = tokenizer_new(PASTE_MAXIMUM);
	struct token token;
	assert_true(tokenizer_deadline(t) == TCHAT_NEVER);
	tokenizer_feed(t, "\033", 1, TCHAT_MS(100));
	assert_false(tokenizer_next(t, TCHAT_MS(100), &token));
	assert_true(tokenizer_deadline(t) == TCHAT_MS(125));
	assert_false(tokenizer_next(t, TCHAT_MS(124), &token));
	assert_true(tokenizer_next(t, TCHAT_MS(125), &token));
	assert_true(token_is_key(&token, TOKEN_KEY_ESCAPE, 0));
	assert_memory_equal(token.bytes, "\033", 1);
	assert_int_equal(token.length, 1);
	assert_false(tokenizer_next(t, TCHAT_MS(999), &token));
	assert_true(tokenizer_deadline(t) == TCHAT_NEVER);
	tokenizer_free(t);
}

static void bytes_that_arrive_late_still_belong_together(void **state)
{
	struct tokenizer *t = tokenizer_new(PASTE_MAXIMUM);
	struct token token;
	for (int round = 0; round < 2; round++) {
		tchat_time now = TCHAT_SECONDS(round + 1);
		/* A program that was busy: nobody asked while the ESC was alone. */
		tokenizer_feed(t, "\033", 1, now);
		tokenizer_feed(t, "[A", 2, now + TCHAT_MS(400));
		assert_true(tokenizer_next(t, now + TCHAT_MS(900), &token));
		assert_true(token_is_key(&token, TOKEN_KEY_UP, 0));
		/* Nor is it alone for long when it is looked at for the first time. */
		tokenizer_feed(t, "\033", 1, now + TCHAT_MS(900));
		assert_false(tokenizer_next(t, now + TCHAT_MS(950), &token));
		assert_true(tokenizer_next(t, now + TCHAT_MS(950), &token));
		assert_true(token_is_key(&token, TOKEN_KEY_ESCAPE, 0));
	}
	tokenizer_free(t);
}

static void alt_and_a_bracket_are_told_from_a_sequence_by_a_pause(void **state)
{
	static struct described d;
	static const struct sample keys[] = { { "\033[", "A-^[[" }, { "\033O", "A-^[O" },
		{ "\033]", "A-^[]" }, { "\033P", "A-^[P" }, { "\033\033", "A-escape" },
		{ "\033\033[", "escape A-^[[" }, { "\033[1;", "garbage" }, { "\033]11;rgb", "garbage" } };
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		tokens_of(keys[i].input, strlen(keys[i].input), NULL, 0, &d);
		assert_string_equal(d.text, keys[i].tokens);
	}
}

static void an_endless_sequence_or_string_is_thrown_away_and_ends_the_keyboards_sleep(void **state)
{
	static struct described d;
	static char input[40000];
	size_t n = (size_t)sprintf(input, "a\033[");
	memset(input + n, '1', 500);
	strcpy(input + n + 500, "mb\033]0;");
	n = strlen(input);
	memset(input + n, 'x', 20000);
	strcpy(input + n + 20000, "\033\\c\033]0;");
	n = strlen(input);
	memset(input + n, 'x', 9000);
	strcpy(input + n + 9000, "\003d");
	n = strlen(input);
	for (size_t step = 1; step < 6000; step = step * 3 + 1) {
		static size_t places[40000];
		size_t count = 0;
		for (size_t at = step; at < n; at += step)
			places[count++] = at;
		tokens_of(input, n, places, count, &d);
		assert_string_equal(d.text, "a garbage b garbage c garbage ^C d");
		assert_int_equal(d.consumed, n);
	}
}

static void a_paste_over_the_limit_is_cut_and_says_so(void **state)
{
	struct tokenizer *t = tokenizer_new(1000);
	struct token token;
	char *input = malloc(30000);
	memset(input, 'p', 30000);
	memcpy(input, "\033[200~", 6);
	memcpy(input + 30000 - 7, "\033[201~q", 7);
	assert_int_equal(tokenizer_feed(t, input, 30000, 1), 0);
	assert_true(tokenizer_next(t, 1, &token));
	assert_int_equal(token.kind, TOKEN_PASTE);
	assert_int_equal(token.length, 1000);
	assert_true(token.truncated);
	assert_int_equal(token.consumed, 29999);
	assert_true(tokenizer_next(t, 1, &token));
	assert_int_equal(token.codepoint, 'q');
	assert_false(token.truncated);
	tokenizer_free(t);
	free(input);
}

static void a_paste_whose_end_never_comes_is_given_after_its_delay(void **state)
{
	struct tokenizer *t = tokenizer_new(1000);
	struct token token;
	tokenizer_feed(t, "\033[200~abc\033[2", 12, 5);
	assert_false(tokenizer_next(t, 5, &token));
	assert_true(tokenizer_deadline(t) == 5 + TOKENIZER_PASTE_DELAY);
	assert_true(tokenizer_next(t, 5 + TOKENIZER_PASTE_DELAY, &token));
	assert_int_equal(token.kind, TOKEN_PASTE);
	assert_true(token.truncated);
	assert_int_equal(token.length, 6);
	assert_true(tokenizer_deadline(t) == TCHAT_NEVER);
	tokenizer_free(t);
}

static void more_than_the_input_limit_is_refused_whole(void **state)
{
	struct tokenizer *t = tokenizer_new(1000);
	struct token token;
	char *input = calloc(1, TOKENIZER_INPUT_MAXIMUM);
	memset(input, 'x', TOKENIZER_INPUT_MAXIMUM);
	assert_int_equal(tokenizer_feed(t, input, TOKENIZER_INPUT_MAXIMUM, 1), 0);
	assert_int_equal(tokenizer_feed(t, "y", 1, 1), TCHAT_ERR_FULL);
	size_t count = 0;
	while (tokenizer_next(t, 1, &token))
		count++;
	assert_int_equal(count, TOKENIZER_INPUT_MAXIMUM);
	assert_int_equal(tokenizer_feed(t, "y", 1, 1), 0);
	tokenizer_free(t);
	free(input);
}

static void random_bytes_are_all_accounted_for(void **state)
{
	static struct described d;
	static const char alphabet[] = "\033\033\033[[]OP?<;01259~RMmuc$y\\\007\r\003a\303\251\377\342\202";
	uint32_t seed = 12345;
	for (int round = 0; round < 3000; round++) {
		char input[200];
		size_t length = 1 + (size_t)round % sizeof input, places[2];
		for (size_t i = 0; i < length; i++) {
			seed = seed * 1664525 + 1013904223;
			input[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
		}
		places[0] = (seed >> 8) % (length + 1);
		places[1] = places[0] + (length - places[0]) / 2;
		tokens_of(input, length, places, 2, &d);
		assert_int_equal(d.consumed, length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_split_point_gives_the_same_tokens),
		cmocka_unit_test(samples_one_after_the_other_keep_their_tokens),
		cmocka_unit_test(a_lone_escape_is_a_key_after_25_milliseconds_and_not_before),
		cmocka_unit_test(bytes_that_arrive_late_still_belong_together),
		cmocka_unit_test(alt_and_a_bracket_are_told_from_a_sequence_by_a_pause),
		cmocka_unit_test(an_endless_sequence_or_string_is_thrown_away_and_ends_the_keyboards_sleep),
		cmocka_unit_test(a_paste_over_the_limit_is_cut_and_says_so),
		cmocka_unit_test(a_paste_whose_end_never_comes_is_given_after_its_delay),
		cmocka_unit_test(more_than_the_input_limit_is_refused_whole),
		cmocka_unit_test(random_bytes_are_all_accounted_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
