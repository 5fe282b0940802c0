/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The width corpus in the real program: as messages, topics and nicks of somebody else, and typed. Whatever comes, each
 * character stands in its cells, and the line beside the members stays straight. */
#include "config.h"

#include "pty.h"

#include "base/buffer.h"
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
#include <sys/wait.h>

#include <cmocka.h>

enum {
	ROWS = 30,
	COLUMNS = 120,
	BORDER = COLUMNS - 19,   /* the line beside the members */
	TEXT_LEFT = 26,          /* behind margin, time, nick and mark */
	TEXT_COLUMNS = 74,
	INPUT_LEFT = 9,          /* behind margin and prompt */
	INPUT_COLUMNS = 110,
	MOST = 512,              /* bytes of a text here */
};

static const struct sample {
	const char *name, *in;
	size_t columns, clusters, keys;
} samples[] = {
#define WIDTH(name, in, columns, clusters, keys) { name, in, columns, clusters, keys },
#include "width-corpus.def"
};

enum { SAMPLES = sizeof samples / sizeof samples[0] };

static char folder[] = "/tmp/tchat-pty-width-XXXXXX";
static struct pty *ann; /* the program that is looked at */
static FILE *bob;       /* what somebody else says, as JSON */
static char address[64];

/* --- What is expected, and what is there */

/* One cell: a spacing character and its marks. */
struct expected {
	char text[32];
	int width;
};

struct line {
	struct expected cell[MOST];
	size_t count;
};

/* The cells that a text is drawn in. */
static void lay_out(struct line *line, const char *in)
{
	struct buffer clean;
	buffer_init(&clean, TEXT_CLEAN_MAX(MOST));
	assert_int_equal(text_clean(&clean, in, strlen(in), TEXT_LINE), 0);
	line->count = 0;
	for (size_t at = 0, length = buffer_length(&clean); at < length;) {
		const char *text = (const char *)buffer_data(&clean) + at;
		char32_t c;
		size_t taken = utf8_decode(text, length - at, &c);
		int width = text_char_width(c);
		if (width > 0)
			line->cell[line->count++] = (struct expected){ .width = width };
		strncat(line->cell[line->count - 1].text, text, taken);
		at += taken;
	}
	buffer_free(&clean);
}

/* Then it joins what stands before it. */
static bool begins_with_a_mark(const struct sample *sample)
{
	char text[MOST];
	snprintf(text, sizeof text, "x%s", sample->in);
	return text_next(text, strlen(text), 0, NULL) > 1;
}

static size_t columns_of(const char *in, size_t length)
{
	char text[MOST];
	struct line line;
	size_t columns = 0;
	snprintf(text, sizeof text, "%.*s", (int)length, in);
	lay_out(&line, text);
	for (size_t i = 0; i < line.count; i++)
		columns += (size_t)line.cell[i].width;
	return columns;
}

/* What a condition looks for; wrong says what was not so when it was last looked at. */
struct look {
	const char *name;
	const char *mark;     /* where the text begins, ASCII */
	struct line line;
	int row, left, right; /* the first row when there is no mark, and the columns that rows have for the text */
	int end_row, end_column;
	char wrong[256];
};

static bool miss(struct look *look, const char *what, int row, int column)
{
	snprintf(look->wrong, sizeof look->wrong, "%s: %s at row %d, column %d", look->name, what, row, column);
	return false;
}

/* The line beside the members stands in each row between title and status line, blanks beside it. */
static bool border_is_straight(struct look *look, int bottom)
{
	struct pty_cell cell;
	for (int row = 1; row < bottom; row++) {
		pty_cell(ann, row, BORDER, &cell);
		if (strcmp(cell.text, "│") != 0 || cell.width != 1)
			return miss(look, "no border", row, BORDER);
		pty_cell(ann, row, BORDER - 1, &cell);
		if (strcmp(cell.text, " ") != 0 && cell.text[0] != '\0')
			return miss(look, "something beside the border", row, BORDER - 1);
	}
	return true;
}

static bool is_blank(const char *text)
{
	return text[0] == '\0' || strcmp(text, " ") == 0;
}

/* All cells of the line, one after the other, over as many rows as they take; blanks between them are skipped. */
static bool cells_are_there(struct look *look, int row, int column)
{
	struct pty_cell cell;
	int blanks = 0;
	for (size_t i = 0; i < look->line.count; i++) {
		const struct expected *expected = &look->line.cell[i];
		if (is_blank(expected->text)) {
			blanks++;
			continue;
		}
		blanks = 0;
		for (;; column++) {
			if (column >= look->right) {
				column = look->left;
				row++;
			}
			if (row >= ROWS)
				return miss(look, "the text does not end", row, column);
			pty_cell(ann, row, column, &cell);
			if (!is_blank(cell.text))
				break;
		}
		if (strcmp(cell.text, expected->text) != 0 || cell.width != expected->width)
			return miss(look, "another character or width", row, column);
		if (column + cell.width > look->right)
			return miss(look, "torn at the edge", row, column);
		column += cell.width;
	}
	look->end_row = row;
	look->end_column = column + blanks;
	return true;
}

static bool find_mark(const char *mark, int *row, int *column)
{
	struct pty_cell cell;
	*row = pty_find_row(ann, mark);
	for (*column = 0; *row >= 0 && *column < COLUMNS; ++*column) {
		size_t i = 0;
		do
			pty_cell(ann, *row, *column + (int)i, &cell);
		while (mark[i] != '\0' && cell.text[0] == mark[i] && ++i > 0 && *column + (int)i < COLUMNS);
		if (mark[i] == '\0')
			return true;
	}
	return false;
}

static bool text_is_there(struct pty *pty, void *arg)
{
	struct look *look = arg;
	int row, column;
	if (!find_mark(look->mark, &row, &column))
		return miss(look, "no text", 0, 0);
	return cells_are_there(look, row, column) && border_is_straight(look, ROWS - 2);
}

static void wait_for(pty_condition *condition, struct look *look)
{
	pty_wait(ann, condition, look, look->wrong);
}

/* --- Both sides */

static struct pty *start(const char *inputrc)
{
	static const char *const argv[] = { "src/tchat", "--host", "127.0.0.1:0", "--nick", "ann", "--linger", "1s", NULL };
	const char *const environment[] = { inputrc, NULL };
	struct pty *pty = pty_start(ROWS, COLUMNS, argv, environment);
	pty_wait_text(pty, "127.0.0.1:");
	pty_wait_row(pty, -1, "#lobby>");
	return pty;
}

static int set_up(void **state)
{
	char command[256];
	int port = 0;
	setlocale(LC_ALL, "");
	if (mkdtemp(folder) == NULL)
		return -1;
	setenv("XDG_RUNTIME_DIR", folder, 1);
	setenv("XDG_STATE_HOME", folder, 1);
	setenv("XDG_DATA_HOME", folder, 1);
	ann = start("INPUTRC=/dev/null");
	const char *row = strstr(pty_row(ann, pty_find_row(ann, "127.0.0.1:")), "127.0.0.1:");
	if (row == NULL || sscanf(row, "127.0.0.1:%d", &port) != 1)
		return -1;
	snprintf(address, sizeof address, "127.0.0.1:%d", port);
	snprintf(command, sizeof command, "exec src/tchat --json --nick bob --join %s >/dev/null", address);
	bob = popen(command, "w");
	pty_wait_text(ann, "bob");
	return bob == NULL ? -1 : 0;
}

static int clean_up(void **state)
{
	char command[96];
	if (ann == NULL)
		return -1;
	if (bob != NULL && pclose(bob) != 0)
		return -1;
	pty_type(ann, "\003/quit all\r");
	int status = pty_wait_exit(ann);
	pty_stop(ann);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static void says(const char *type, const char *member, const char *text)
{
	fprintf(bob, "{\"type\":\"%s\",\"%s\":\"%s\"}\n", type, member, text);
	fflush(bob);
}

/* --- Tests */

static void messages_stand_in_their_cells(void **state)
{
	for (int i = 0; i < SAMPLES; i++) {
		char text[MOST], mark[32];
		struct look look = { .name = samples[i].name, .mark = mark, .left = TEXT_LEFT, .right = TEXT_LEFT + TEXT_COLUMNS };
		snprintf(mark, sizeof mark, "<%d>[", i);
		snprintf(text, sizeof text, "%s%s]", mark, samples[i].in);
		lay_out(&look.line, text);
		if (!begins_with_a_mark(&samples[i]))
			assert_int_equal(columns_of(text, strlen(text)), strlen(mark) + 1 + samples[i].columns);
		says("post", "text", text);
		wait_for(text_is_there, &look);
		assert_int_equal(look.end_column, TEXT_LEFT + (int)columns_of(text, strlen(text)));
	}
}

/* The text begins so many columns before the last one. */
static void wraps_at(const struct sample *sample, int number, size_t before)
{
	char text[MOST], mark[32], blanks[TEXT_COLUMNS + 1];
	struct look look = { .name = sample->name, .mark = mark, .left = TEXT_LEFT, .right = TEXT_LEFT + TEXT_COLUMNS };
	memset(blanks, 'x', sizeof blanks);
	snprintf(mark, sizeof mark, "<%d.%zu>[", number, before);
	snprintf(text, sizeof text, "%s%.*s%s]", mark, (int)(TEXT_COLUMNS - 1 - before - strlen(mark)), blanks, sample->in);
	lay_out(&look.line, text);
	says("post", "text", text);
	wait_for(text_is_there, &look);
}

static void messages_wrap_whole_at_the_last_column(void **state)
{
	for (int i = 0; i < SAMPLES; i++) {
		wraps_at(&samples[i], i, 0);
		wraps_at(&samples[i], i, 1);
	}
}

/* libvterm knows only old Unicode: these are narrower, or wider, there than here. */
static const char *const disputed[] = {
	"🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰🥰", "မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်မန်",
	"🦒 and 🦕 and 🥰",
};

static bool borders_stand(struct pty *pty, void *arg)
{
	struct look *look = arg;
	int row, column;
	return (find_mark(look->mark, &row, &column) || miss(look, "no text", 0, 0)) && border_is_straight(look, ROWS - 2);
}

static void the_border_stands_where_the_terminal_has_other_widths(void **state)
{
	char text[MOST], mark[32];
	struct look look = { .name = "disputed", .mark = mark, .left = TEXT_LEFT, .right = TEXT_LEFT + TEXT_COLUMNS };
	for (int i = 0; i < 60; i++) {
		snprintf(mark, sizeof mark, "{%d}", i);
		snprintf(text, sizeof text, "%s %s", mark, i % 2 == 0 ? disputed[i / 2 % 3] : "");
		says("post", "text", text);
		wait_for(borders_stand, &look);
	}
	/* Drawn from nothing, and drawn over by others: nothing of them is left. */
	pty_type(ann, "\014");
	wait_for(borders_stand, &look);
	for (int i = 0; i < ROWS; i++) {
		snprintf(mark, sizeof mark, "{clean %d}", i);
		snprintf(text, sizeof text, "%s.", mark);
		lay_out(&look.line, text);
		says("post", "text", text);
		wait_for(text_is_there, &look);
		for (int column = look.end_column; column < BORDER; column++) {
			struct pty_cell cell;
			pty_cell(ann, look.end_row, column, &cell);
			assert_true(is_blank(cell.text));
		}
	}
}

static void topics_stand_in_their_cells(void **state)
{
	for (int i = 0; i < SAMPLES; i++) {
		char text[MOST], mark[32];
		struct look look = { .name = samples[i].name, .mark = mark, .left = 0, .right = COLUMNS };
		snprintf(mark, sizeof mark, "(%d)[", i);
		snprintf(text, sizeof text, "%s%s]", mark, samples[i].in);
		lay_out(&look.line, text);
		says("topic", "topic", text);
		wait_for(text_is_there, &look);
		assert_int_equal(look.end_row, 0);
	}
}

static void nicks_stay_in_the_list_of_members(void **state)
{
	static const char *const nicks[] = { "田中田中田中田中田中", "한국", "किकिकि", "🎉🎉", "é\xCC\xA3x" };
	char command[256];
	for (size_t i = 0; i < sizeof nicks / sizeof nicks[0]; i++) {
		snprintf(command, sizeof command, "exec src/tchat --json --nick %s --join %s >/dev/null", nicks[i], address);
		FILE *other = popen(command, "w");
		assert_non_null(other);
		fprintf(other, "{\"type\":\"post\",\"text\":\"here %zu\"}\n", i);
		fflush(other);
		struct look look = { .name = nicks[i], .left = 0, .right = COLUMNS };
		char mark[32];
		snprintf(mark, sizeof mark, "here %zu", i);
		look.mark = mark;
		lay_out(&look.line, mark);
		wait_for(text_is_there, &look);
		assert_int_equal(look.end_column, TEXT_LEFT + (int)strlen(mark));
		assert_int_equal(pclose(other), 0);
	}
}

/* Only what is typed is in the input line, from its start or what comes before it on. */
static bool input_is_there(struct pty *pty, void *arg)
{
	struct look *look = arg;
	int row, column;
	pty_cursor(ann, &row, &column);
	return cells_are_there(look, look->row, INPUT_LEFT) && look->end_row == row && look->end_column == column &&
	       border_is_straight(look, look->row - 1);
}

static void waits_for_input(const char *text, size_t length, const char *name)
{
	char copy[MOST];
	struct look look = { .name = name, .row = ROWS - 1, .left = 1, .right = COLUMNS };
	snprintf(copy, sizeof copy, "%.*s", (int)length, text);
	lay_out(&look.line, copy);
	wait_for(input_is_there, &look);
	pty_wait_cursor(ann, ROWS - 1, INPUT_LEFT + (int)columns_of(text, length));
}

static void backspace_takes_whole_clusters(void **state)
{
	for (int i = 0; i < SAMPLES; i++) {
		/* Before it something whose end shows that nothing invisible was left over. */
		char text[MOST];
		snprintf(text, sizeof text, "S%s", samples[i].in);
		size_t length = strlen(text), keys = 0;
		pty_type(ann, text);
		waits_for_input(text, length, samples[i].name);
		for (; length > 0; keys++) {
			length = text_previous(text, length, length);
			pty_type(ann, "\177");
			waits_for_input(text, length, samples[i].name);
		}
		assert_int_equal(keys, samples[i].keys + !begins_with_a_mark(&samples[i]));
	}
}

static void typed_text_wraps_whole_at_the_last_column(void **state)
{
	char many[INPUT_COLUMNS + 1];
	memset(many, 'x', sizeof many);
	for (int i = 0; i < SAMPLES; i++) {
		for (int before = 0; before < 2; before++) {
			char text[MOST];
			snprintf(text, sizeof text, "%.*s%s]]]", INPUT_COLUMNS - 1 - before, many, samples[i].in);
			/* The second row hangs below the first. */
			struct look look = { .name = samples[i].name, .row = ROWS - 2, .left = INPUT_LEFT, .right = COLUMNS - 1 };
			lay_out(&look.line, text);
			pty_type(ann, text);
			wait_for(input_is_there, &look);
			pty_type(ann, "\025");
			pty_wait_cursor(ann, ROWS - 1, INPUT_LEFT);
		}
	}
}

#define FAMILY "👨\xE2\x80\x8D👩\xE2\x80\x8D👧"
#define FLAG "🇩🇪"
#define TONE "👍🏽"

static void keys_move_and_delete_by_cluster(void **state)
{
	pty_type(ann, "a" FAMILY FLAG TONE "z");
	pty_wait_cursor(ann, ROWS - 1, INPUT_LEFT + 12);
	static const int columns[] = { 11, 9, 7, 1, 0 };
	for (int i = 0; i < 5; i++) {
		pty_type(ann, "\002");
		pty_wait_cursor(ann, ROWS - 1, INPUT_LEFT + columns[i]);
	}
	for (int i = 3; i >= 0; i--) {
		pty_type(ann, "\033[C");
		pty_wait_cursor(ann, ROWS - 1, INPUT_LEFT + columns[i]);
	}
	pty_type(ann, "\002\002\002\004"); /* deletes the family */
	pty_wait_row(ann, -1, "> a" FLAG "👍z");
	pty_type(ann, "\033[3~");
	pty_wait_row(ann, -1, "> a👍z");
	pty_type(ann, "\037"); /* one step each brings them back */
	pty_wait_row(ann, -1, "> a" FLAG "👍z");
	pty_type(ann, "\037");
	pty_wait_row(ann, -1, "> a👨👩👧" FLAG "👍z");
	pty_type(ann, "\003");
	pty_wait_cursor(ann, ROWS - 1, INPUT_LEFT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_stand_in_their_cells),
		cmocka_unit_test(messages_wrap_whole_at_the_last_column),
		cmocka_unit_test(the_border_stands_where_the_terminal_has_other_widths),
		cmocka_unit_test(topics_stand_in_their_cells),
		cmocka_unit_test(nicks_stay_in_the_list_of_members),
		cmocka_unit_test(backspace_takes_whole_clusters),
		cmocka_unit_test(typed_text_wraps_whole_at_the_last_column),
		cmocka_unit_test(keys_move_and_delete_by_cluster),
	};
	return cmocka_run_group_tests_name("width", tests, set_up, clean_up);
}
