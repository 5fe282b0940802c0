/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ui: the grid, themes and the small widgets. */
#include "base/errors.h"
#include "ui/dialogue.h"
#include "ui/help_screen.h"
#include "ui/input_line.h"
#include "ui/member_list.h"
#include "ui/room_list.h"
#include "ui/screen.h"
#include "ui/status_line.h"
#include "ui/term_memory.h"
#include "ui/theme.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The text of a row, without blanks at its end; valid until the next call. */
static const char *row_text(const struct cells *cells, int row)
{
	static char text[8192];
	struct buffer out;
	buffer_init(&out, sizeof text - 1);
	assert_int_equal(term_memory_row(cells, row, &out), 0);
	if (buffer_length(&out) > 0)
		memcpy(text, buffer_data(&out), buffer_length(&out));
	text[buffer_length(&out)] = '\0';
	buffer_free(&out);
	return text;
}

static void wide_characters_are_never_cut(void **state)
{
	struct cells *cells = cells_new(1, 6);
	struct area all = cells_area(cells), part = { 0, 1, 1, 4 };
	assert_int_equal(cells_puts(cells, &all, 0, 0, STYLE_TEXT, "田中さん"), 8);
	assert_string_equal(row_text(cells, 0), "田中さ");
	cells_clear(cells);
	cells_puts(cells, &all, 0, 1, STYLE_TEXT, "田中さん"); /* the third would stick out */
	assert_string_equal(row_text(cells, 0), " 田中");
	cells_puts(cells, &all, 0, 2, STYLE_TEXT, "x"); /* over a right half */
	assert_string_equal(row_text(cells, 0), "  x中");
	cells_puts(cells, &all, 0, 3, STYLE_TEXT, "y"); /* over a left half */
	assert_string_equal(row_text(cells, 0), "  xy");
	for (int column = 0; column < 6; column++)
		assert_int_equal(cells_row(cells, 0)[column].width, 1); /* no half is left */
	cells_clear(cells);
	cells_puts(cells, &part, 0, -1, STYLE_TEXT, "田中さ"); /* cut at both sides */
	assert_string_equal(row_text(cells, 0), "  中");
	cells_free(cells);
}

static void marks_stay_on_their_base_and_controls_are_shown(void **state)
{
	struct cells *cells = cells_new(1, 10);
	struct area all = cells_area(cells);
	cells_puts(cells, &all, 0, 0, STYLE_TEXT, "e\xCC\x81\xCC\x82\xCC\x83\xCC\x84\xCC\x85x\x1B\xC2\x9B");
	const struct cell *line = cells_row(cells, 0);
	assert_int_equal(line[0].base, 'e');
	assert_int_equal(line[0].marks[3], 0x304);
	assert_int_equal(line[1].base, 'x');
	assert_int_equal(line[2].base, 0xFFFD);
	assert_int_equal(line[3].base, 0xFFFD);
	assert_int_equal(line[4].base, ' ');
	cells_clear(cells);
	cells_puts(cells, &all, 0, 0, STYLE_TEXT, "a\xE2\x80\xAE" "b\xE2\x80\x8D" "c\xEF\xB8\x8F"); /* text that nobody cleaned */
	assert_string_equal(row_text(cells, 0), "a\xEF\xBF\xBD" "bc");
	cells_free(cells);
}

static void long_text_is_cut_with_an_ellipsis(void **state)
{
	struct cells *cells = cells_new(1, 20);
	struct area all = cells_area(cells);
	assert_int_equal(cells_put_cut(cells, &all, 0, 0, 6, STYLE_TEXT, "abcdefgh", 8), 6);
	assert_string_equal(row_text(cells, 0), "abcde…");
	cells_clear(cells);
	assert_int_equal(cells_put_cut(cells, &all, 0, 0, 8, STYLE_TEXT, "abcdefgh", 8), 8);
	assert_string_equal(row_text(cells, 0), "abcdefgh");
	cells_clear(cells);
	assert_int_equal(cells_put_cut(cells, &all, 0, 0, 4, STYLE_TEXT, "田中さん", 12), 3);
	assert_string_equal(row_text(cells, 0), "田…");
	assert_int_equal(cells_put_cut(cells, &all, 0, 7, 0, STYLE_TEXT, "abc", 3), 7);
	cells_clear(cells);
	cells_put_unclean(cells, &all, 0, 0, 20, STYLE_TEXT, "\xE2\x80\xAE" "a\nb\xFF", 7);
	assert_string_equal(row_text(cells, 0), "a↵b\xEF\xBF\xBD");
	cells_free(cells);
}

static void areas_outside_of_the_grid_are_harmless(void **state)
{
	struct cells *cells = cells_new(2, 2);
	static const int ends[] = { -2147483647 - 1, -3, -1, 0, 1, 2, 5, 2147483647 };
	for (size_t i = 0; i < 8 * 8 * 8 * 8; i++) {
		struct area area = { ends[i & 7], ends[i >> 3 & 7], ends[i >> 6 & 7], ends[i >> 9 & 7] };
		cells_fill(cells, &area, STYLE_KEY);
		/* Places of widgets are near their area's corner; the area itself may be anywhere. */
		if (area.column > 1000 || area.column < -1000)
			continue;
		cells_puts(cells, &area, 0, -1, STYLE_TEXT, "田x");
		cells_repeat(cells, &area, 1, 0, 5, STYLE_TEXT, '-');
		cells_mark(cells, &area, 0, 0, 5, CELL_BOLD);
		cells_tint(cells, &area, 0, -1, 9, STYLE_LINK);
		cells_set_cursor(cells, &area, 0, 1);
	}
	cells_free(cells);
	cells = cells_new(0, -5);
	assert_int_equal(cells_rows(cells), 1);
	assert_int_equal(cells_columns(cells), 1);
	assert_int_equal(cells_resize(cells, 1 << 30, 3), 0);
	assert_int_equal(cells_rows(cells), CELLS_MAX_ROWS);
	cells_free(cells);
}

static double shade(unsigned value)
{
	double part = value / 255.0;
	if (part <= 0.03928)
		return part / 12.92;
	/* ((part + 0.055) / 1.055) to the power of 2.4 without libm: the fifth root of the twelfth power. */
	double base = (part + 0.055) / 1.055, power = 1, root = 1;
	for (int i = 0; i < 12; i++)
		power *= base;
	for (int i = 0; i < 60; i++)
		root -= (root * root * root * root * root - power) / (5 * root * root * root * root);
	return root;
}

static double luminance(uint32_t rgb)
{
	return 0.2126 * shade(rgb >> 16) + 0.7152 * shade(rgb >> 8 & 255) + 0.0722 * shade(rgb & 255);
}

static double contrast(uint32_t a, uint32_t b)
{
	double x = luminance(a) + 0.05, y = luminance(b) + 0.05;
	return x > y ? x / y : y / x;
}

/* Every role but the lines between panes is readable on the grounds that terminals of each kind have. */
static void themes_have_contrast(void **state)
{
	static const struct {
		enum theme theme;
		uint32_t grounds[3];
		double least;
	} themes[] = {
		{ THEME_AUTO, { 0x000000, 0x1C1C1C, 0x262626 }, 4.5 },
		{ THEME_DARK, { 0x000000, 0x1C1C1C, 0x262626 }, 4.5 },
		{ THEME_LIGHT, { 0xFFFFFF, 0xF5F5F5, 0xEEEEEE }, 4.5 },
		{ THEME_CONTRAST, { 0x000000, 0x000000, 0x000000 }, 7.0 },
	};
	assert_true(contrast(0, 0xFFFFFF) > 20.9 && contrast(0, 0xFFFFFF) < 21.1);
	for (size_t i = 0; i < sizeof themes / sizeof themes[0]; i++) {
		for (int role = 0; role < STYLE_COUNT; role++) {
			struct theme_style style = theme_style(themes[i].theme, 256, (enum style_role)role);
			if (style.foreground == THEME_DEFAULT || role == STYLE_BORDER)
				continue;
			assert_true(style.foreground >= 16 && style.foreground < 256);
			for (size_t ground = 0; ground < 3; ground++) {
				uint32_t behind = style.background == THEME_DEFAULT ? themes[i].grounds[ground] :
				                                                      theme_rgb(style.background);
				double ratio = contrast(theme_rgb(style.foreground), behind);
				if (ratio < themes[i].least)
					fail_msg("%s, %s: %.2f", theme_name(themes[i].theme), style_name((enum style_role)role), ratio);
			}
		}
	}
}

static void themes_fit_every_number_of_colours(void **state)
{
	static const int colours[] = { -1, 0, 2, 8, 16, 88, 256, 1 << 24 };
	for (int theme = 0; theme < THEME_COUNT; theme++) {
		assert_int_equal(theme_find(theme_name((enum theme)theme)), theme);
		for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++) {
			for (int role = 0; role < STYLE_COUNT; role++) {
				struct theme_style style = theme_style((enum theme)theme, colours[i], (enum style_role)role);
				int most = colours[i] < 8 ? 0 : colours[i] < 16 ? 8 : colours[i] < 256 ? 16 : 256;
				assert_true(style.foreground >= THEME_DEFAULT && style.foreground < most);
				assert_true(style.background >= THEME_DEFAULT && style.background < most);
				assert_true(style.foreground == THEME_DEFAULT || style.foreground != style.background);
			}
		}
	}
	assert_int_equal(theme_find("neon"), -1);
	assert_int_equal(theme_rgb(16), 0x000000);
	assert_int_equal(theme_rgb(196), 0xFF0000);
	assert_int_equal(theme_rgb(255), 0xEEEEEE);
}

static void without_colours_what_matters_still_stands_out(void **state)
{
	static const enum style_role roles[] = { STYLE_MENTION, STYLE_SELECTION, STYLE_MATCH, STYLE_STATUS, STYLE_FAILED,
		                                 STYLE_UNREAD_LINE, STYLE_ROOM_CURRENT, STYLE_ROOM_UNREAD, STYLE_LINK };
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
		assert_true(theme_style(THEME_NONE, 256, roles[i]).attributes != 0);
	assert_true(theme_style(THEME_NONE, 256, STYLE_ROOM_UNREAD).attributes !=
	            theme_style(THEME_NONE, 256, STYLE_ROOM_MENTION).attributes);
}

static void nick_colours_are_stable_and_spread(void **state)
{
	unsigned used[STYLE_NICKS] = { 0 };
	for (unsigned i = 0; i < 1200; i++) {
		char nick[16];
		int length = snprintf(nick, sizeof nick, "user%u", i);
		enum style_role role = style_for_nick(nick, (size_t)length);
		assert_int_equal(role, style_for_nick(nick, (size_t)length));
		used[role - STYLE_NICK_0]++;
	}
	for (size_t i = 0; i < STYLE_NICKS; i++)
		assert_true(used[i] > 50 && used[i] < 150);
	/* The same on every machine, for ever. */
	assert_int_equal(style_for_nick("ann", 3), STYLE_NICK_7);
	assert_int_equal(style_for_nick("田中さん", 12), STYLE_NICK_11);
}

static void the_next_unread_room_is_one_that_mentions(void **state)
{
	struct room_row rooms[] = {
		{ .name = "a", .unread = 3 }, { .name = "b", .current = true, .unread = 9 }, { .name = "c", .unread = 5, .muted = true },
		{ .name = "d", .unread = 1 }, { .name = "e", .mentions = 1 },
	};
	assert_int_equal(room_list_next_unread(rooms, 5), 4);
	rooms[4].mentions = 0;
	assert_int_equal(room_list_next_unread(rooms, 5), 3);
	rooms[3].unread = 0;
	assert_int_equal(room_list_next_unread(rooms, 5), 0);
	rooms[0].unread = 0;
	assert_int_equal(room_list_next_unread(rooms, 5), -1);
	rooms[2].mentions = 1; /* muted, but named */
	assert_int_equal(room_list_next_unread(rooms, 5), 2);
	assert_int_equal(room_list_next_unread(rooms, 0), -1);
}

static void the_current_room_is_in_view(void **state)
{
	static char names[200][8];
	static struct room_row rooms[200];
	for (int i = 0; i < 200; i++) {
		snprintf(names[i], sizeof names[i], "r%d", i);
		rooms[i] = (struct room_row){ .name = names[i] };
	}
	struct cells *cells = cells_new(8, 20);
	struct area all = cells_area(cells);
	for (int current = 0; current < 200; current++) {
		rooms[current].current = true;
		cells_clear(cells);
		room_list_draw(cells, &all, rooms, 200);
		bool seen = false;
		for (int row = 0; row < 8; row++)
			seen = seen || cells_row(cells, row)[0].role == STYLE_ROOM_CURRENT;
		assert_true(seen);
		rooms[current].current = false;
	}
	cells_free(cells);
}

static void members_are_sorted_and_scroll(void **state)
{
	struct member_row members[] = {
		{ .nick = "zoe" }, { .nick = "Bo" }, { .nick = "ann" }, { .nick = "mod", .role = MEMBER_MODERATOR },
		{ .nick = "boss", .role = MEMBER_OWNER },
	};
	member_list_sort(members, 5);
	assert_string_equal(members[0].nick, "boss");
	assert_string_equal(members[1].nick, "mod");
	assert_string_equal(members[2].nick, "ann");
	assert_string_equal(members[4].nick, "zoe");
	struct cells *cells = cells_new(4, 20);
	struct area all = cells_area(cells);
	int scroll = -5;
	member_list_draw(cells, &all, members, 5, 5, &scroll);
	assert_int_equal(scroll, 0);
	assert_string_equal(row_text(cells, 0), " 5 members");
	assert_string_equal(row_text(cells, 1), " @boss");
	assert_string_equal(row_text(cells, 3), "  3 more");
	scroll = 99;
	cells_clear(cells);
	member_list_draw(cells, &all, members, 5, 5, &scroll);
	assert_int_equal(scroll, 3);
	assert_string_equal(row_text(cells, 2), "  zoe");
	assert_string_equal(row_text(cells, 3), "");
	cells_clear(cells);
	scroll = 0;
	member_list_draw(cells, &all, members, 5, 12345, &scroll); /* only the first ones are known */
	assert_string_equal(row_text(cells, 0), " 12345 members");
	assert_string_equal(row_text(cells, 3), "  12343 more");
	cells_free(cells);
}

static struct input_view input(const char *text, size_t cursor)
{
	return (struct input_view){ .prompt = "> ", .text = text, .length = strlen(text), .cursor = cursor };
}

static void the_cursor_stands_on_clusters(void **state)
{
	static const struct {
		const char *text;
		size_t cursor;
		int column;
	} cases[] = {
		{ "", 0, 2 }, { "abc", 0, 2 }, { "abc", 3, 5 }, { "éa", 2, 3 }, { "e\xCC\x81" "a", 3, 3 }, { "田a", 3, 4 },
		{ "👨\xE2\x80\x8D👩a", 11, 6 }, { "👍🏽a", 8, 4 }, { "🇩🇪a", 8, 4 }, { "\ta", 1, 6 }, { "\x1B" "a", 1, 3 }, { "\xFF" "a", 1, 3 },
		{ "\xE2\x80\xAE" "a", 3, 2 }, { "1\xEF\xB8\x8F\xE2\x83\xA3" "a", 7, 3 },
	};
	struct cells *cells = cells_new(1, 40);
	struct area all = cells_area(cells);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct input_view view = input(cases[i].text, cases[i].cursor);
		int row, column;
		cells_clear(cells);
		input_line_draw(cells, &all, &view);
		assert_true(cells_cursor(cells, &row, &column));
		if (column != cases[i].column)
			fail_msg("case %zu: the cursor is in column %d", i, column);
	}
	cells_free(cells);
}

static void a_draft_wants_as_many_rows_as_it_has(void **state)
{
	struct input_view view = input("", 0);
	assert_int_equal(input_line_rows(&view, 40, 8), 1);
	view = input("one\ntwo\n", 0);
	assert_int_equal(input_line_rows(&view, 40, 8), 3);
	assert_int_equal(input_line_rows(&view, 40, 2), 2);
	view = input("12345678901234567", 0); /* exactly a row of 20 with the prompt and a cell to spare */
	assert_int_equal(input_line_rows(&view, 20, 8), 1);
	view = input("123456789012345678", 0);
	assert_int_equal(input_line_rows(&view, 20, 8), 2);
	view = input("田", 0);
	assert_int_equal(input_line_rows(&view, 1, 8), 2);
}

/* Every cursor place of many drafts, in every small size: the cursor is in view. */
static void the_cursor_is_always_in_view(void **state)
{
	static const char draft[] = "Hello world,\n\n\tfoo 田中さん 👨\xE2\x80\x8D👩 x\xCC\x81 verylongwordwithoutanyblanks  and   more\nend ";
	for (int columns = 1; columns <= 30; columns++) {
		for (int rows = 1; rows <= 5; rows++) {
			struct cells *cells = cells_new(rows, columns);
			struct area all = cells_area(cells);
			for (size_t cursor = 0; cursor < sizeof draft; cursor++) {
				struct input_view view = input(draft, cursor);
				int row, column;
				cells_clear(cells);
				input_line_draw(cells, &all, &view);
				if (!cells_cursor(cells, &row, &column))
					fail_msg("%dx%d, byte %zu", rows, columns, cursor);
			}
			cells_free(cells);
		}
	}
}

static void a_word_goes_to_the_next_row_with_its_cursor(void **state)
{
	struct cells *cells = cells_new(1, 14);
	struct area all = cells_area(cells);
	struct input_view view = input("hello wonderful", 9); /* "> hello wonde" fits; the word does not */
	int row, column;
	input_line_draw(cells, &all, &view);
	assert_string_equal(row_text(cells, 0), "  wonderful  ↑");
	assert_true(cells_cursor(cells, &row, &column));
	assert_int_equal(column, 5);
	cells_free(cells);
}

static void a_draft_of_a_mebibyte_is_drawn_around_its_cursor(void **state)
{
	enum { SIZE = 1024 * 1024 };
	char *text = malloc(SIZE + 1);
	assert_non_null(text);
	struct cells *cells = cells_new(5, 80);
	struct area all = cells_area(cells);
	for (int kind = 0; kind < 3; kind++) {
		for (size_t i = 0; i < SIZE; i++)
			text[i] = kind == 0 ? 'x' : kind == 1 ? (i % 2000 == 1999 ? '\n' : 'y') : "é"[i & 1];
		text[SIZE] = '\0';
		for (size_t cursor = 0; cursor <= SIZE; cursor += SIZE / 8) {
			struct input_view view = input(text, cursor);
			int row, column;
			cells_clear(cells);
			input_line_draw(cells, &all, &view);
			assert_true(cells_cursor(cells, &row, &column));
			assert_int_equal(input_line_rows(&view, 80, 5), 5);
		}
	}
	cells_free(cells);
	free(text);
}

static void answers_are_keys(void **state)
{
	struct dialogue *dialogue = dialogue_question("Quit?", "Two messages are not sent yet.");
	assert_int_equal(dialogue_answer(dialogue, 'y', "quit"), 0);
	assert_int_equal(dialogue_answer(dialogue, 'N', "stay"), 0);
	assert_int_equal(dialogue_key(dialogue, 'y'), 0);
	assert_int_equal(dialogue_key(dialogue, 'Y'), 0);
	assert_int_equal(dialogue_key(dialogue, 'n'), 1);
	assert_int_equal(dialogue_key(dialogue, 'x'), -1);
	for (int i = 2; i < 8; i++)
		assert_int_equal(dialogue_answer(dialogue, (char32_t)('0' + i), "more"), 0);
	assert_int_equal(dialogue_answer(dialogue, '9', "too many"), TCHAT_ERR_FULL);
	dialogue_free(dialogue);
	dialogue_free(NULL);
}

static void a_chooser_finds_by_some_letters(void **state)
{
	struct dialogue *dialogue = dialogue_chooser("Rooms", true);
	static const char *const rooms[] = { "general", "release-notes", "random", "Reading-Club", "田中" };
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(dialogue_item(dialogue, rooms[i], NULL), 0);
	assert_int_equal(dialogue_chosen(dialogue), 0);
	dialogue_move(dialogue, -1);
	assert_int_equal(dialogue_chosen(dialogue), 4);
	dialogue_move(dialogue, 2);
	assert_int_equal(dialogue_chosen(dialogue), 1);
	dialogue_type(dialogue, "rc", 2); /* the starts of two words */
	assert_int_equal(dialogue_chosen(dialogue), 3);
	dialogue_rub_out(dialogue);
	dialogue_type(dialogue, "AN", 2);
	assert_int_equal(dialogue_chosen(dialogue), 2);
	assert_string_equal(dialogue_filter(dialogue), "rAN");
	dialogue_type(dialogue, "zzz", 3);
	assert_int_equal(dialogue_chosen(dialogue), -1);
	assert_int_equal(dialogue_matches(dialogue), 0);
	dialogue_move(dialogue, 1);
	dialogue_set_filter(dialogue, "中", 3);
	assert_int_equal(dialogue_chosen(dialogue), 4);
	dialogue_rub_out(dialogue);
	dialogue_rub_out(dialogue);
	assert_int_equal(dialogue_matches(dialogue), 5);
	char many[2000];
	memset(many, 'x', sizeof many);
	dialogue_type(dialogue, many, sizeof many);
	assert_int_equal(strlen(dialogue_filter(dialogue)), 1100);
	dialogue_free(dialogue);
}

static void scores_prefer_beginnings_and_neighbours(void **state)
{
	assert_true(dialogue_score("random", "ran") > dialogue_score("orange", "ran"));
	assert_true(dialogue_score("orange", "ran") > dialogue_score("oraxxn", "ran"));
	assert_true(dialogue_score("foo-bar", "fb") > dialogue_score("fooobar", "fb"));
	assert_true(dialogue_score("ann", "ann") > dialogue_score("annabel", "ann"));
	assert_int_equal(dialogue_score("abc", "abcd"), -1);
	assert_int_equal(dialogue_score("abc", "ca"), -1);
	assert_int_equal(dialogue_score("abc", ""), 0);
}

/* Everything at once in every size: nothing crashes, and the connection is in view from three rows on. */
static void every_size_can_be_drawn(void **state)
{
	struct message_list *list = message_list_new(100, 100);
	struct message_pane *pane = message_pane_new(list);
	for (int i = 0; i < 30; i++) {
		struct shown_message message = { .nick = "田中さん", .nick_length = 12, .text = "こんにちは https://example.org/",
			                         .text_length = 36, .wall = (uint64_t)(i + 1) * 3600 * 1000000,
			                         .kind = (uint8_t)(i % 7), .mention = i % 3 == 0 };
		message_list_append(list, &message);
	}
	struct room_row rooms[] = { { .name = "one", .current = true }, { .name = "two", .unread = 7 } };
	struct member_row members[] = { { .nick = "ann" }, { .nick = "bo" } };
	struct dialogue *dialogues[] = { NULL, dialogue_question("A title", "A text of some words."),
		                         dialogue_chooser("Choose", true) };
	dialogue_answer(dialogues[1], 'y', "yes");
	dialogue_answer(dialogues[1], 'n', "no");
	dialogue_item(dialogues[2], "first", "remark");
	dialogue_item(dialogues[2], "second", NULL);
	dialogue_type(dialogues[2], "s", 1);
	struct help_screen *help = help_screen_new("Help", "# Heading\nkey\twhat it does\n\nwords");
	struct cells *cells = cells_new(1, 1);
	static const int sizes[] = { 1, 2, 3, 4, 5, 7, 10, 13, 20, 31, 44, 63, 64, 80, 97, 120, 300 };
	for (size_t i = 0; i < 17 * 17 * 4; i++) {
		int rows = sizes[i % 17], columns = sizes[i / 17 % 17];
		struct screen_view view = {
			.room = "one", .topic = "a topic", .pane = pane, .rooms = rooms, .room_count = 2, .members = members,
			.member_count = 2, .member_total = 2, .show_rooms = SCREEN_SIDE_ON, .show_members = SCREEN_SIDE_ON,
			.status = { .connection = STATUS_CONNECTED, .lag = 5, .host = "h", .nick = "n", .clock = "12:34" },
			.input = input("a draft\nof two lines", 3),
			.dialogue = dialogues[i / 289 % 3],
			.help = i / 289 == 3 ? help : NULL,
		};
		assert_int_equal(cells_resize(cells, rows, columns), 0);
		screen_draw(cells, &view);
		bool seen = false;
		for (int row = 0; row < rows; row++)
			seen = seen || strstr(row_text(cells, row), "● 5 ms") != NULL;
		if (rows >= 3 && columns >= 7 && view.dialogue == NULL)
			assert_true(seen);
	}
	cells_free(cells);
	help_screen_free(help);
	dialogue_free(dialogues[1]);
	dialogue_free(dialogues[2]);
	message_pane_free(pane);
	message_list_free(list);
}

static void a_terminal_in_memory_keeps_what_it_was_shown(void **state)
{
	struct terminal *terminal = term_memory_new(2, 4);
	struct cells *cells = cells_new(3, 6);
	struct area all = cells_area(cells);
	int rows, columns;
	terminal_size(terminal, &rows, &columns);
	assert_int_equal(rows, 2);
	assert_int_equal(columns, 4);
	cells_puts(cells, &all, 0, 0, STYLE_TEXT, "abc田");
	cells_puts(cells, &all, 2, 0, STYLE_TEXT, "out");
	assert_int_equal(terminal_draw(terminal, cells), 0);
	assert_string_equal(row_text(term_memory_cells(terminal), 0), "abc");
	terminal_bell(terminal);
	terminal_set_title(terminal, "tchat (2)");
	terminal_set_theme(terminal, THEME_LIGHT);
	terminal_copy(terminal, "not supported", 13); /* an optional verb */
	assert_int_equal(term_memory_draws(terminal), 1);
	assert_int_equal(term_memory_bells(terminal), 1);
	assert_string_equal(term_memory_title(terminal), "tchat (2)");
	struct buffer dump;
	buffer_init(&dump, 1000);
	cells_set_cursor(cells, &all, 2, 3);
	cells_tint(cells, &all, 0, 0, 2, STYLE_LINK);
	cells_mark(cells, &all, 2, 0, 1, CELL_BOLD);
	assert_int_equal(term_memory_dump(cells, &dump), 0);
	static const char expected[] = "|abc田 |\n|      |\n|out   |\ncursor 2,3\n  0: 0-1 link\n  2: 0-0 text bold\n";
	assert_int_equal(buffer_length(&dump), sizeof expected - 1);
	assert_memory_equal(buffer_data(&dump), expected, sizeof expected - 1);
	buffer_free(&dump);
	cells_free(cells);
	terminal_free(terminal);
	terminal_free(NULL);
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wide_characters_are_never_cut),
		cmocka_unit_test(marks_stay_on_their_base_and_controls_are_shown),
		cmocka_unit_test(long_text_is_cut_with_an_ellipsis),
		cmocka_unit_test(areas_outside_of_the_grid_are_harmless),
		cmocka_unit_test(themes_have_contrast),
		cmocka_unit_test(themes_fit_every_number_of_colours),
		cmocka_unit_test(without_colours_what_matters_still_stands_out),
		cmocka_unit_test(nick_colours_are_stable_and_spread),
		cmocka_unit_test(the_next_unread_room_is_one_that_mentions),
		cmocka_unit_test(the_current_room_is_in_view),
		cmocka_unit_test(members_are_sorted_and_scroll),
		cmocka_unit_test(the_cursor_stands_on_clusters),
		cmocka_unit_test(a_draft_wants_as_many_rows_as_it_has),
		cmocka_unit_test(the_cursor_is_always_in_view),
		cmocka_unit_test(a_word_goes_to_the_next_row_with_its_cursor),
		cmocka_unit_test(a_draft_of_a_mebibyte_is_drawn_around_its_cursor),
		cmocka_unit_test(answers_are_keys),
		cmocka_unit_test(a_chooser_finds_by_some_letters),
		cmocka_unit_test(scores_prefer_beginnings_and_neighbours),
		cmocka_unit_test(every_size_can_be_drawn),
		cmocka_unit_test(a_terminal_in_memory_keeps_what_it_was_shown),
	};
	return cmocka_run_group_tests_name("ui-widgets", tests, NULL, NULL);
}
