/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: the one line editor, with keys as a terminal sends them, an inputrc and a completer of the test's own. */
#ifndef TCHAT_TESTS_EDITOR_KEYS_H
#define TCHAT_TESTS_EDITOR_KEYS_H

#include "base/errors.h"
#include "ui/charset.h"
#include "ui/line_editor.h"
#include "ui/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Readline 8.2 forgets a search that ends in the middle and the undo list of a history line that is yanked
 * over. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libreadline";
}

enum { TEXT_MAXIMUM = 2 << 20 };

static char folder[] = "/tmp/tchat-line-editor-XXXXXX";
static char inputrc[64], history_file[64];

/* What the completer offers: set by a test. */
static const char *const *offer;
static const char *offer_suffix;
static size_t offer_start;
static char asked_line[256];
static size_t asked_cursor;

static inline void complete(void *arg, const char *line, size_t cursor, struct line_completion *out)
{
	assert_string_equal(arg, "the argument");
	snprintf(asked_line, sizeof asked_line, "%s", line);
	asked_cursor = cursor;
	out->start = offer_start;
	out->suffix = offer_suffix;
	for (size_t i = 0; offer != NULL && offer[i] != NULL; i++) {
		out->candidates = realloc(out->candidates, (i + 1) * sizeof *out->candidates);
		out->candidates[i] = strdup(offer[i]);
		out->count = i + 1;
	}
}

static struct line_editor *editor;

/* Types keys as a terminal sends them; the set of all outcomes. */
static inline int type_bytes(const char *keys, size_t length)
{
	struct tokenizer *tokenizer = tokenizer_new(4 << 20);
	struct token token;
	int bits = 0;
	tchat_time now = 1;
	for (size_t at = 0; at < length;) {
		size_t part = length - at < 65536 ? length - at : 65536;
		assert_int_equal(tokenizer_feed(tokenizer, keys + at, part, now), 0);
		at += part;
		while (tokenizer_next(tokenizer, now, &token))
			bits |= line_editor_feed(editor, &token);
	}
	while (tokenizer_deadline(tokenizer) != TCHAT_NEVER) {
		now = tokenizer_deadline(tokenizer);
		while (tokenizer_next(tokenizer, now, &token))
			bits |= line_editor_feed(editor, &token);
	}
	tokenizer_free(tokenizer);
	return bits;
}

static inline int type(const char *keys)
{
	return type_bytes(keys, strlen(keys));
}

static inline void assert_line(const char *text, size_t cursor)
{
	assert_string_equal(line_editor_text(editor), text);
	assert_int_equal(line_editor_length(editor), strlen(text));
	assert_int_equal(line_editor_cursor(editor), cursor);
}

static inline void assert_submitted(const char *text)
{
	char *line = line_editor_take_line(editor);
	assert_non_null(line);
	assert_string_equal(line, text);
	free(line);
}

static inline void enter(const char *text)
{
	type(text);
	assert_true(type("\r") & LINE_EDITOR_LINE);
	assert_submitted(text);
	line_editor_remember(editor, text);
}

static inline void write_inputrc(const char *text)
{
	FILE *file = fopen(inputrc, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Lets readline read its file again, as ^X^R does. */
static inline void use_inputrc(const char *text)
{
	write_inputrc(text);
	type("\030\022");
}

static inline int each_setup(void **state)
{
	static char argument[] = "the argument";
	const struct line_editor_options options = { TEXT_MAXIMUM, 100, complete, argument };
	editor = line_editor_new(&options);
	offer = NULL;
	offer_suffix = NULL;
	return editor == NULL;
}

static inline int each_teardown(void **state)
{
	line_editor_free(editor);
	return 0;
}

static inline int start(void **state)
{
	assert_true(charset_start());
	assert_non_null(mkdtemp(folder));
	snprintf(inputrc, sizeof inputrc, "%s/inputrc", folder);
	snprintf(history_file, sizeof history_file, "%s/history", folder);
	write_inputrc("");
	return setenv("INPUTRC", inputrc, 1);
}

static inline int finish(void **state)
{
	unlink(inputrc);
	unlink(history_file);
	return rmdir(folder);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, each_setup, each_teardown)

#endif
