/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ui: the message list, wrapping, and a pane that stays where it is. */
#include "ui/message_list.h"
#include "ui/message_pane.h"
#include "ui/message_wrap.h"
#include "ui/term_memory.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct shown_message text_message(const char *nick, const char *text)
{
	return (struct shown_message){
		.wall = UINT64_C(1746433800) * 1000000,
		.nick = nick,
		.nick_length = strlen(nick),
		.text = text,
		.text_length = strlen(text),
	};
}

static uint64_t append(struct message_list *list, const char *text)
{
	struct shown_message message = text_message("ann", text);
	uint64_t serial = message_list_append(list, &message);
	assert_true(serial != 0);
	return serial;
}

static uint64_t append_number(struct message_list *list, unsigned number)
{
	char text[64];
	snprintf(text, sizeof text, "message %u", number);
	return append(list, text);
}

static void a_list_keeps_its_newest_messages(void **state)
{
	struct message_list *list = message_list_new(100, 200);
	for (unsigned i = 0; i < 1000; i++)
		append_number(list, i);
	assert_int_equal(message_list_count(list), 100);
	assert_string_equal(message_list_get(list, message_list_first(list))->text, "message 900");
	assert_string_equal(message_list_get(list, message_list_end(list) - 1)->text, "message 999");
	assert_null(message_list_get(list, message_list_first(list) - 1));
	assert_null(message_list_get(list, message_list_end(list)));
	message_list_free(list);
}

static void a_pin_holds_messages_up_to_the_maximum(void **state)
{
	struct message_list *list = message_list_new(100, 200);
	uint64_t pin = 0;
	for (unsigned i = 0; i < 100; i++)
		pin = append_number(list, i);
	message_list_pin(list, pin - 50);
	for (unsigned i = 100; i < 180; i++)
		append_number(list, i);
	assert_int_equal(message_list_first(list), pin - 50);
	for (unsigned i = 180; i < 1000; i++)
		append_number(list, i);
	assert_int_equal(message_list_count(list), 200);
	message_list_pin(list, 0);
	append_number(list, 1000);
	assert_int_equal(message_list_count(list), 100);
	message_list_free(list);
}

static void history_goes_to_the_front_and_stops_at_the_maximum(void **state)
{
	struct message_list *list = message_list_new(10, 15);
	uint64_t kept = append(list, "live");
	for (unsigned i = 0; i < 14; i++) {
		char text[32];
		snprintf(text, sizeof text, "older %u", i);
		struct shown_message message = text_message("bo", text);
		assert_int_equal(message_list_prepend(list, &message), kept - i - 1);
	}
	struct shown_message more = text_message("bo", "too much");
	assert_int_equal(message_list_prepend(list, &more), 0);
	assert_string_equal(message_list_get(list, kept)->text, "live");
	assert_string_equal(message_list_get(list, message_list_first(list))->text, "older 13");
	message_list_free(list);
}

static void messages_are_found_and_changed(void **state)
{
	struct message_list *list = message_list_new(10, 10);
	struct shown_message message = text_message("joris", "under way");
	message.token = 77;
	message.state = MESSAGE_PENDING;
	uint64_t serial = message_list_append(list, &message);
	append(list, "other");
	assert_int_equal(message_list_find_token(list, 77), serial);
	assert_int_equal(message_list_find_token(list, 78), 0);
	assert_int_equal(message_list_find_token(list, 0), 0);
	assert_true(message_list_set_state(list, serial, MESSAGE_ACCEPTED, 4711));
	assert_int_equal(message_list_get(list, serial)->state, MESSAGE_ACCEPTED);
	assert_int_equal(message_list_find_seq(list, 4711), serial);
	assert_true(message_list_set_text(list, serial, "edited\x1B", 7));
	assert_string_equal(message_list_get(list, serial)->text, "edited\xEF\xBF\xBD");
	assert_string_equal(message_list_get(list, serial)->nick, "joris");
	assert_int_equal(message_list_get(list, serial)->change, 1);
	assert_false(message_list_set_state(list, serial - 1, MESSAGE_FAILED, 0));
	message_list_clear(list);
	assert_int_equal(message_list_count(list), 0);
	assert_int_equal(append(list, "again"), serial + 2);
	message_list_free(list);
}

static void assert_body(const struct message_list *list, uint64_t serial, const char *text, const char *body)
{
	size_t length;
	const struct shown_message *message = message_list_get(list, serial);
	const char *at = message_body(message, &length);
	assert_string_equal(message->text, text);
	assert_int_equal(length, strlen(body));
	assert_memory_equal(at, body, length);
}

static void what_stands_around_a_text_changes_without_it(void **state)
{
	struct message_list *list = message_list_new(10, 10), *other = message_list_new(10, 10);
	struct shown_message message = text_message("ann", "said");
	message.quote = "> bob: \033asked";
	message.quote_length = strlen(message.quote);
	message.seq = 7;
	uint64_t serial = message_list_append(list, &message);
	uint32_t change = message_list_get(list, serial)->change;
	assert_body(list, serial, "> bob: �asked\nsaid", "said");
	assert_true(message_list_set_frame(list, serial, NULL, "ok\n2"));
	assert_body(list, serial, "> bob: �asked\nsaid ok↵2", "said");
	assert_true(message_list_get(list, serial)->change != change);
	assert_true(message_list_set_text(list, serial, "a\nb", 3));
	assert_body(list, serial, "> bob: �asked\na\nb ok↵2", "a\nb");
	/* A copy into another list is the same again. */
	uint64_t copy = message_list_append(other, message_list_get(list, serial));
	assert_body(other, copy, "> bob: �asked\na\nb ok↵2", "a\nb");
	assert_true(message_list_set_frame(list, serial, "", ""));
	assert_body(list, serial, "a\nb", "a\nb");
	assert_true(message_list_set_deleted(list, serial, "(gone)"));
	assert_body(list, serial, "(gone)", "(gone)");
	assert_true(message_list_get(list, serial)->deleted);
	assert_int_equal(message_list_find_seq(list, 7), serial);
	message_list_free(list);
	message_list_free(other);
}

static void wraps(const char *text, int columns, const char *const *rows, size_t count)
{
	size_t length = strlen(text), start = 0;
	for (size_t i = 0; i < count; i++) {
		struct wrap_row row = wrap_row(text, length, start, columns);
		assert_int_equal(row.end - start, strlen(rows[i]));
		assert_memory_equal(text + start, rows[i], row.end - start);
		assert_int_equal(row.last, i + 1 == count);
		start = row.next;
	}
}

#define WRAPS(text, columns, ...)                                                             \
	do {                                                                                  \
		static const char *const rows[] = { __VA_ARGS__ };                            \
		wraps(text, columns, rows, sizeof rows / sizeof rows[0]);                     \
	} while (0)

static void rows_break_between_words_and_never_inside_a_cluster(void **state)
{
	WRAPS("", 10, "");
	WRAPS("one two three", 20, "one two three");
	WRAPS("one two three", 7, "one two", "three");
	WRAPS("one two three", 8, "one two", "three");
	WRAPS("one two three", 6, "one", "two", "three");
	WRAPS("one    two", 5, "one", "two");
	WRAPS("abcdefgh", 3, "abc", "def", "gh");
	WRAPS("a well-known one", 7, "a well-", "known", "one");
	WRAPS("one two-three-four-five-six", 25, "one", "two-three-four-five-six");
	WRAPS("one two-three-four-five-six", 14, "one two-three-", "four-five-six");
	WRAPS("one two-three-four-five", 14, "one two-three-", "four-five");
	WRAPS("see tchat://a-b/c#d-e f-g", 12, "see", "tchat://a-b/", "c#d-e f-g");
	WRAPS("see tchat://a-b/c#d-e-fghijkl", 12, "see", "tchat://a-b/", "c#d-e-fghijk", "l");
	WRAPS("ab abcdefgh", 4, "ab", "abcd", "efgh");
	WRAPS("a\nb\n\nc", 9, "a", "b", "", "c");
	WRAPS("a\n", 9, "a", "");
	WRAPS("    code", 20, "    code");
	WRAPS("    code", 6, "    co", "de");
	WRAPS("well-known words", 6, "well-", "known", "words");
	WRAPS("--option", 4, "--op", "tion");
	WRAPS("田中田中", 5, "田中", "田中");
	WRAPS("田中田中", 1, "田", "中", "田", "中");
	WRAPS("田中、田", 4, "田", "中、", "田");
	WRAPS("ab田中", 3, "ab", "田", "中");
	WRAPS("🇩🇪🇩🇪", 3, "🇩🇪", "🇩🇪");
	WRAPS("ae\xCC\x81" "b", 2, "ae\xCC\x81", "b");
	WRAPS("trailing   ", 8, "trailing");
}

static void the_cache_tells_widths_and_contents_apart(void **state)
{
	struct wrap_cache *cache = wrap_cache_new();
	struct wrap_key key = { .serial = 7, .first = 5, .rest = 10 };
	assert_int_equal(wrap_cache_get(cache, &key, "one two three four", 18).count, 3);
	assert_int_equal(wrap_cache_get(cache, &key, "not looked at", 13).count, 3);
	key.rest = 20;
	assert_int_equal(wrap_cache_get(cache, &key, "one two three four", 18).count, 2);
	key.first = 20;
	assert_int_equal(wrap_cache_get(cache, &key, "one two three four", 18).count, 1);
	key.change = 1;
	assert_int_equal(wrap_cache_get(cache, &key, "a\nb\nc\nd", 7).count, 4);
	key.serial = 7 + 512; /* the same slot */
	assert_int_equal(wrap_cache_get(cache, &key, "a\nb", 3).count, 2);
	struct wrap wrap = wrap_cache_get(cache, &key, "a\nb", 3);
	assert_int_equal(wrap_find(&wrap, 0), 0);
	assert_int_equal(wrap_find(&wrap, 1), 0);
	assert_int_equal(wrap_find(&wrap, 2), 1);
	assert_int_equal(wrap_find(&wrap, 99), 1);
	wrap_cache_free(cache);
}

static void the_cache_stays_in_its_bound(void **state)
{
	struct wrap_cache *cache = wrap_cache_new();
	char text[4096];
	memset(text, '\n', sizeof text);
	for (uint64_t serial = 1; serial < 2000; serial++) {
		struct wrap_key key = { .serial = serial, .first = 9, .rest = 9 };
		assert_int_equal(wrap_cache_get(cache, &key, text, sizeof text).count, sizeof text + 1);
	}
	assert_true(wrap_cache_rows(cache) <= 128 * 1024 + 2 * 4096);
	wrap_cache_free(cache);
}

struct scene {
	struct message_list *list;
	struct message_pane *pane;
	struct cells *cells;
};

static void scene_open(struct scene *scene, int rows, int columns)
{
	scene->list = message_list_new(1000, 2000);
	scene->pane = message_pane_new(scene->list);
	scene->cells = cells_new(rows, columns);
	assert_non_null(scene->cells);
}

static void scene_close(struct scene *scene)
{
	message_pane_free(scene->pane);
	message_list_free(scene->list);
	cells_free(scene->cells);
}

static void scene_draw(struct scene *scene, int rows, int columns)
{
	assert_int_equal(cells_resize(scene->cells, rows, columns), 0);
	struct area area = cells_area(scene->cells);
	message_pane_draw(scene->pane, scene->cells, &area);
}

/* The text of a row, without blanks at its end; valid until the next call. */
static const char *row_text(const struct scene *scene, int row)
{
	static char text[4096];
	struct buffer out;
	buffer_init(&out, sizeof text - 1);
	assert_int_equal(term_memory_row(scene->cells, row, &out), 0);
	if (buffer_length(&out) > 0)
		memcpy(text, buffer_data(&out), buffer_length(&out));
	text[buffer_length(&out)] = '\0';
	buffer_free(&out);
	return text;
}

static bool row_has(const struct scene *scene, int row, const char *text)
{
	return strstr(row_text(scene, row), text) != NULL;
}

static void new_messages_do_not_move_a_view_that_is_scrolled_back(void **state)
{
	struct scene scene;
	scene_open(&scene, 10, 60);
	for (unsigned i = 0; i < 100; i++)
		append_number(scene.list, i);
	scene_draw(&scene, 10, 60);
	assert_true(message_pane_at_end(scene.pane));
	assert_true(row_has(&scene, 9, "message 99"));
	message_pane_scroll(scene.pane, -5);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 0, "message 85"));
	for (unsigned i = 100; i < 1500; i++) {
		append_number(scene.list, i);
		if (i % 100 == 0)
			scene_draw(&scene, 10, 60);
	}
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 0, "message 85"));
	assert_true(row_has(&scene, 9, "1400 new messages"));
	assert_int_equal(message_pane_below(scene.pane), 1400);
	message_pane_end(scene.pane);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 9, "message 1499"));
	assert_int_equal(message_pane_below(scene.pane), 0);
	scene_close(&scene);
}

static void a_pane_that_was_never_drawn_has_nothing_new(void **state)
{
	struct scene scene;
	scene_open(&scene, 10, 60);
	for (unsigned i = 0; i < 100; i++)
		append_number(scene.list, i);
	message_pane_scroll(scene.pane, -5);
	assert_false(message_pane_at_end(scene.pane));
	assert_int_equal(message_pane_below(scene.pane), 0);
	append_number(scene.list, 100);
	assert_int_equal(message_pane_below(scene.pane), 1);
	scene_close(&scene);
}

static void scrolling_up_and_down_by_the_same_rows_comes_back(void **state)
{
	struct scene scene;
	scene_open(&scene, 10, 60);
	for (unsigned i = 0; i < 100; i++)
		append_number(scene.list, i);
	scene_draw(&scene, 10, 60);
	message_pane_page(scene.pane, -2);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 0, "message 74"));
	message_pane_page(scene.pane, 1);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 0, "message 82"));
	message_pane_page(scene.pane, 1);
	assert_true(message_pane_at_end(scene.pane));
	message_pane_home(scene.pane);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 0, "Monday"));
	assert_true(row_has(&scene, 1, "message 0"));
	assert_true(message_pane_wants_history(scene.pane));
	message_pane_scroll(scene.pane, 1000000);
	assert_true(message_pane_at_end(scene.pane));
	message_pane_scroll(scene.pane, -1000000);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 1, "message 0"));
	scene_close(&scene);
}

static void history_put_in_front_does_not_move_the_view(void **state)
{
	struct scene scene;
	scene_open(&scene, 10, 60);
	for (unsigned i = 0; i < 50; i++)
		append_number(scene.list, i);
	scene_draw(&scene, 10, 60);
	message_pane_home(scene.pane);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 1, "message 0"));
	for (unsigned i = 0; i < 50; i++) {
		struct shown_message message = text_message("bo", "older");
		assert_true(message_list_prepend(scene.list, &message) != 0);
	}
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 0, "message 0")); /* the day's line went to the top of the history */
	assert_false(message_pane_wants_history(scene.pane));
	message_pane_scroll(scene.pane, -1);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 0, "older"));
	scene_close(&scene);
}

static void an_evicted_anchor_becomes_the_oldest_message(void **state)
{
	struct scene scene;
	scene_open(&scene, 10, 60);
	for (unsigned i = 0; i < 1000; i++)
		append_number(scene.list, i);
	scene_draw(&scene, 10, 60);
	message_pane_home(scene.pane);
	for (unsigned i = 1000; i < 5000; i++)
		append_number(scene.list, i);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 1, "message 3000")); /* 2,000 are the maximum */
	message_list_clear(scene.list);
	scene_draw(&scene, 10, 60);
	assert_string_equal(row_text(&scene, 0), "");
	message_pane_page(scene.pane, -1);
	append(scene.list, "alone");
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 9, "alone"));
	scene_close(&scene);
}

static void held_at_the_end_the_view_stays_when_more_is_put_behind(void **state)
{
	struct scene scene;
	scene_open(&scene, 10, 60);
	for (unsigned i = 0; i < 100; i++)
		append_number(scene.list, i);
	message_pane_set_past(scene.pane);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 9, "message 99"));
	assert_true(message_pane_shows_end(scene.pane));
	message_pane_hold(scene.pane);
	for (unsigned i = 100; i < 200; i++)
		append_number(scene.list, i);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 8, "message 98"));
	assert_false(message_pane_shows_end(scene.pane));
	assert_int_equal(message_pane_below(scene.pane), 0); /* it is no news */
	scene_close(&scene);
}

static void serials_that_are_given_again_show_what_they_have_now(void **state)
{
	struct scene scene;
	scene_open(&scene, 10, 60);
	for (unsigned i = 0; i < 20; i++)
		append(scene.list, "a long message that takes more than just the one row of a pane");
	scene_draw(&scene, 10, 60);
	message_list_drop_newest(scene.list, 5);
	for (unsigned i = 0; i < 5; i++)
		append_number(scene.list, i);
	scene_draw(&scene, 10, 60);
	for (int row = 5; row < 10; row++)
		assert_true(row_has(&scene, row, "message "));
	struct shown_message older = text_message("ann", "short");
	for (unsigned i = 0; i < 20; i++)
		append_number(scene.list, i);
	message_list_trim(scene.list);
	message_pane_home(scene.pane);
	message_list_prepend(scene.list, &older);
	message_pane_home(scene.pane);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 1, "short"));
	scene_close(&scene);
}

static void the_unread_line_stands_above_the_first_unread_message(void **state)
{
	struct scene scene;
	scene_open(&scene, 10, 60);
	uint64_t unread = 0;
	for (unsigned i = 0; i < 100; i++) {
		uint64_t serial = append_number(scene.list, i);
		unread = i == 50 ? serial : unread;
	}
	scene_draw(&scene, 10, 60);
	assert_false(message_pane_show_unread(scene.pane));
	message_list_set_unread(scene.list, unread);
	assert_true(message_pane_show_unread(scene.pane));
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 2, "new messages"));
	assert_true(row_has(&scene, 3, "message 50"));
	message_list_set_unread(scene.list, 0);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 2, "message 50"));
	scene_close(&scene);
}

static void searching_finds_selects_and_shows(void **state)
{
	struct scene scene;
	scene_open(&scene, 10, 60);
	for (unsigned i = 0; i < 500; i++)
		append_number(scene.list, i);
	uint64_t accents = append(scene.list, "ÉTÉ in Paris");
	scene_draw(&scene, 10, 60);
	uint64_t end = message_list_end(scene.list);
	uint64_t last = message_pane_find(scene.pane, "SAGE 42", 7, end, -1);
	assert_string_equal(message_list_get(scene.list, last)->text, "message 429");
	message_pane_select(scene.pane, last);
	assert_int_equal(message_pane_selected(scene.pane), last);
	scene_draw(&scene, 10, 60);
	assert_true(row_has(&scene, 3, "message 429"));
	assert_int_equal(message_pane_find(scene.pane, "sage 42", 7, last, -1), last - 1);
	assert_int_equal(message_pane_find(scene.pane, "sage 42", 7, last - 1, 1), last);
	assert_int_equal(message_pane_find(scene.pane, "sage 42", 7, last, 1), 0);
	assert_int_equal(message_pane_find(scene.pane, "nowhere", 7, end, -1), 0);
	assert_int_equal(message_pane_find(scene.pane, "été", 5, last, 1), accents);
	message_pane_mark(scene.pane, 0);
	assert_int_equal(message_pane_selected(scene.pane), 0);
	scene_close(&scene);
}

static void selecting_moves_by_message_and_stops_at_the_ends(void **state)
{
	struct scene scene;
	scene_open(&scene, 6, 60);
	message_pane_select_move(scene.pane, -1);
	assert_int_equal(message_pane_selected(scene.pane), 0);
	for (unsigned i = 0; i < 30; i++)
		append_number(scene.list, i);
	scene_draw(&scene, 6, 60);
	message_pane_select_move(scene.pane, -1);
	uint64_t last = message_list_end(scene.list) - 1;
	assert_int_equal(message_pane_selected(scene.pane), last);
	message_pane_select_move(scene.pane, -20);
	assert_int_equal(message_pane_selected(scene.pane), last - 20);
	scene_draw(&scene, 6, 60);
	bool seen = false;
	for (int row = 0; row < 6; row++)
		seen = seen || row_has(&scene, row, "message 9");
	assert_true(seen);
	message_pane_select_move(scene.pane, -100);
	assert_int_equal(message_pane_selected(scene.pane), message_list_first(scene.list));
	message_pane_select_move(scene.pane, 100);
	assert_int_equal(message_pane_selected(scene.pane), last);
	scene_close(&scene);
}

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7FFF;
}

static void append_random(struct message_list *list, unsigned *seed)
{
	static const char *const words[] = { "a", "the", "wonderful", "田中さん", "🇩🇪", "https://example.org/a/b/c/d", "\n", "é",
		                             "word", "supercalifragilistic", "  ", "👩\xE2\x80\x8D🚀", "\x1B[0m", "क्षि" };
	char text[1024] = "";
	unsigned count = next_random(seed) % 40;
	for (unsigned i = 0; i < count; i++) {
		strcat(text, words[next_random(seed) % (sizeof words / sizeof words[0])]);
		strcat(text, next_random(seed) % 4 ? " " : "");
	}
	struct shown_message message = text_message(next_random(seed) % 2 ? "ann" : "田中さん-with-a-long-name", text);
	message.kind = (uint8_t)(next_random(seed) % 7);
	message.state = (uint8_t)(next_random(seed) % 3);
	message.mention = next_random(seed) % 5 == 0;
	message.wall += (uint64_t)next_random(seed) * 60 * 1000000 * 4;
	assert_true(message_list_append(list, &message) != 0);
}

/* 300x200, 1x1 and anything between, while messages arrive: the top message stays, nothing is drawn outside. */
static void resizing_keeps_the_top_message(void **state)
{
	unsigned seed = 4242;
	struct scene scene;
	scene_open(&scene, 200, 300);
	for (unsigned i = 0; i < 900; i++)
		append_random(scene.list, &seed);
	scene_draw(&scene, 24, 80);
	for (unsigned round = 0; round < 60; round++) {
		scene_draw(&scene, 24, 80);
		message_pane_end(scene.pane);
		message_pane_scroll(scene.pane, -(int)(30 + next_random(&seed) % 500));
		scene_draw(&scene, 24, 80);
		size_t offset, now_offset;
		uint64_t top = message_pane_top(scene.pane, &offset);
		for (unsigned step = 0; step < 6; step++) {
			int rows = step % 3 == 0 ? 200 : step % 3 == 1 ? 1 : 1 + (int)(next_random(&seed) % 60);
			int columns = step % 3 == 0 ? 300 : step % 3 == 1 ? 1 : 1 + (int)(next_random(&seed) % 200);
			append_random(scene.list, &seed);
			scene_draw(&scene, rows, columns);
		}
		scene_draw(&scene, 24, 80);
		assert_int_equal(message_pane_top(scene.pane, &now_offset), top);
		assert_int_equal(now_offset, offset);
	}
	scene_close(&scene);
}

static void a_pane_draws_inside_its_area_only(void **state)
{
	unsigned seed = 99;
	struct scene scene;
	scene_open(&scene, 40, 120);
	for (unsigned i = 0; i < 300; i++)
		append_random(scene.list, &seed);
	for (unsigned round = 0; round < 400; round++) {
		struct area whole = cells_area(scene.cells);
		struct area area = { (int)(next_random(&seed) % 50) - 5, (int)(next_random(&seed) % 130) - 5,
			             (int)(next_random(&seed) % 50), (int)(next_random(&seed) % 130) };
		cells_clear(scene.cells);
		cells_fill(scene.cells, &whole, STYLE_KEY);
		message_pane_draw(scene.pane, scene.cells, &area);
		message_pane_scroll(scene.pane, (int)(next_random(&seed) % 60) - 30);
		for (int row = 0; row < 40; row++) {
			const struct cell *line = cells_row(scene.cells, row);
			for (int column = 0; column < 120; column++) {
				bool inside = row >= area.row && row < area.row + area.rows && column >= area.column &&
				              column < area.column + area.columns;
				if (!inside)
					assert_int_equal(line[column].role, STYLE_KEY);
				if (line[column].width == 2)
					assert_true(column + 1 < 120 && line[column + 1].width == 0);
				if (line[column].width == 0)
					assert_true(column > 0 && line[column - 1].width == 2);
			}
		}
	}
	scene_close(&scene);
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_keeps_its_newest_messages),
		cmocka_unit_test(a_pin_holds_messages_up_to_the_maximum),
		cmocka_unit_test(history_goes_to_the_front_and_stops_at_the_maximum),
		cmocka_unit_test(messages_are_found_and_changed),
		cmocka_unit_test(what_stands_around_a_text_changes_without_it),
		cmocka_unit_test(rows_break_between_words_and_never_inside_a_cluster),
		cmocka_unit_test(the_cache_tells_widths_and_contents_apart),
		cmocka_unit_test(the_cache_stays_in_its_bound),
		cmocka_unit_test(a_pane_that_was_never_drawn_has_nothing_new),
		cmocka_unit_test(new_messages_do_not_move_a_view_that_is_scrolled_back),
		cmocka_unit_test(scrolling_up_and_down_by_the_same_rows_comes_back),
		cmocka_unit_test(history_put_in_front_does_not_move_the_view),
		cmocka_unit_test(an_evicted_anchor_becomes_the_oldest_message),
		cmocka_unit_test(held_at_the_end_the_view_stays_when_more_is_put_behind),
		cmocka_unit_test(serials_that_are_given_again_show_what_they_have_now),
		cmocka_unit_test(the_unread_line_stands_above_the_first_unread_message),
		cmocka_unit_test(searching_finds_selects_and_shows),
		cmocka_unit_test(selecting_moves_by_message_and_stops_at_the_ends),
		cmocka_unit_test(resizing_keeps_the_top_message),
		cmocka_unit_test(a_pane_draws_inside_its_area_only),
	};
	return cmocka_run_group_tests_name("ui-pane", tests, NULL, NULL);
}
