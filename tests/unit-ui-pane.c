/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ui: a pane of messages that stays where it is. */
#include "shown-messages.h"
#include "ui/message_pane.h"
#include "ui/term_memory.h"

#include <locale.h>

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
