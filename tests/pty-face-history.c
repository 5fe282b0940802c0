/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The past of a room, on the real program: pages above the top, what the host finds, days, and the way back down. */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char UP[] = "\033[5~", DOWN[] = "\033[6~", OLDEST[] = "\033[5;2~", NEWEST[] = "\033[6;2~";

static void post_lines(const char *word, int from, int to)
{
	FILE *bot = scene_bot("bot");
	for (int i = from; i < to; i++)
		fprintf(bot, "%s %d.\n", word, i);
	assert_int_equal(pclose(bot), 0);
}

/* The number behind "line " in a row, -1: there is none. */
static int number_in(struct pty *pty, int row)
{
	const char *at = strstr(pty_row(pty, row), "line ");
	return at != NULL ? atoi(at + 5) : -1;
}

/* Rows that follow each other hold numbers that do. */
static void assert_dense(struct pty *pty)
{
	int last = -1;
	for (int row = 1; row < 21; row++) {
		int number = number_in(pty, row);
		if (number >= 0 && last >= 0 && number != last + 1) {
			pty_dump(pty, "numbers");
			fail_msg("%d stands behind %d", number, last);
		}
		last = number >= 0 ? number : last;
	}
}

/* Goes up or down by pages until the text is in view; no page may leave out anything. */
static void walk(struct pty *pty, const char *key, const char *text)
{
	for (int i = 0; i < 400 && !pty_has_text(pty, text); i++) {
		char typed[16];
		snprintf(typed, sizeof typed, "#lobby> %c", 'a' + i % 26);
		pty_type(pty, key);
		pty_type(pty, typed + 8); /* seen when the key before it was */
		pty_wait_row(pty, -1, typed);
		pty_type(pty, "\003");
		pty_wait_cursor(pty, 23, 9);
		assert_dense(pty);
	}
	pty_wait_text(pty, text);
}

static void older_pages_come_while_one_scrolls_and_nothing_jumps(void **state)
{
	scene_host(24, 80, "ann");
	post_lines("line", 0, 1500);
	struct pty *bob = scene_join(24, 80, "4", "bob");
	pty_wait_text(bob, "line 1499.");
	walk(bob, UP, "line 1390."); /* the first hundred are there at once */
	pty_wait_text(bob, "line 1390.");
	walk(bob, UP, "line 3.");
	walk(bob, DOWN, "line 1499.");
}

static void search_asks_the_host_and_jumps_far_back(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	FILE *bot = scene_bot("bot");
	for (int i = 0; i < 3000; i++)
		fprintf(bot, "line %d.%s\n", i, i % 1000 == 20 ? " Needle" : "");
	assert_int_equal(pclose(bot), 0);
	pty_wait_text(ann, "line 2999.");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	pty_wait_text(bob, "line 2999.");
	scene_say(bob, "/search NEEDLE");
	pty_wait_text(bob, "line 20. Needle");
	pty_wait_text(bob, "line 2020. Needle");
	pty_type(bob, "\033[A\r"); /* the oldest one */
	pty_wait_row(bob, -2, "SEARCH");
	pty_wait_text(bob, "line 21.");
	pty_wait_text(bob, "line 19.");
	assert_dense(bob);
	pty_type(bob, "\033n");
	pty_wait_text(bob, "line 1021.");
	pty_wait_text(bob, "line 1019.");
	pty_type(bob, "\033p");
	pty_wait_text(bob, "line 21.");
	pty_type(bob, "\033");
	pty_wait_text(bob, "line 2999.");
	pty_wait_no_text(bob, "SEARCH");
	/* From there one reads on, up and down to the newest. */
	scene_say(bob, "/search 1020. needle");
	pty_wait_text(bob, "line 1020. Needle");
	pty_type(bob, "\r");
	pty_wait_text(bob, "line 1021.");
	walk(bob, UP, "line 600.");
	walk(bob, DOWN, "line 2999.");
	/* Whatever is shown, what comes is not lost. */
	scene_say(bob, "/search line 20. needle");
	pty_wait_text(bob, "Found: line 20.");
	pty_wait_text(bob, "line 20. Needle");
	pty_type(bob, "\r");
	pty_wait_text(bob, "line 21.");
	scene_say(ann, "meanwhile");
	pty_wait_text(ann, "meanwhile");
	pty_type(bob, NEWEST);
	pty_wait_text(bob, "meanwhile");
}

static void a_search_in_all_rooms_shows_the_room_too(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	scene_say(ann, "a needle here");
	pty_wait_text(ann, "ann   a needle here"); /* accepted: before, nobody finds it */
	scene_say(ann, "/join dev");
	pty_wait_row(ann, 0, "#dev");
	scene_say(ann, "and a Needle there");
	pty_wait_text(ann, "ann   and a Needle there");
	scene_say(ann, "/join empty");
	pty_wait_row(ann, 0, "#empty");
	pty_wait_row(ann, 0, "1 member");
	scene_say(ann, "/searchall needle");
	pty_wait_text(ann, "#dev ann: and a Needle there");
	pty_wait_text(ann, "#lobby ann: a needle here");
	pty_type(ann, "lobby\r");
	pty_wait_row(ann, 0, "#lobby");
	pty_wait_row(ann, -2, "SEARCH");
	pty_type(ann, "\033p");
	pty_wait_row(ann, 0, "#dev");
	pty_wait_row(ann, -2, "SEARCH");
	pty_type(ann, "\033");
	pty_wait_no_text(ann, "SEARCH");
	scene_say(ann, "/searchall haystack");
	pty_wait_text(ann, "'haystack' is in no message of your rooms");
}

static void what_is_far_back_can_be_answered_and_changed(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	scene_say(ann, "the first word");
	pty_wait_text(ann, "ann   the first word");
	post_lines("line", 0, 1300);
	struct pty *bob = scene_join(24, 80, "4", "bob");
	pty_wait_text(bob, "line 1299.");
	scene_say(bob, "/search first word");
	pty_wait_text(bob, "ann: the first word");
	pty_type(bob, "\r");
	pty_wait_text(bob, "line 3.");
	pty_type(bob, "/react wow\r");
	pty_wait_text(ann, "line 1299.");
	scene_say(bob, "/search first word");
	pty_wait_text(bob, "ann: the first word");
	pty_type(bob, "\r");
	pty_wait_text(bob, "the first word wow");
	pty_type(bob, "/reply indeed\r");
	pty_wait_text(ann, "indeed");
	pty_wait_text(bob, "> ann: the first word");
	/* An edit is found by its words, and shows its message. */
	scene_say(ann, "/search first word");
	pty_wait_text(ann, "ann: the first word");
	pty_type(ann, "\r");
	pty_wait_text(ann, "the first word wow");
	pty_type(ann, "/edit the premier thing\r");
	scene_say(ann, "done");
	pty_wait_text(bob, "done");
	scene_say(bob, "/search premier");
	pty_wait_text(bob, "ann: the premier thing");
	pty_type(bob, "\r");
	pty_wait_text(bob, "the premier thing (edited)  wow");
	pty_wait_text(bob, "line 3.");
}

static void date_shows_the_first_message_of_a_day(void **state)
{
	scene_host(24, 80, "ann");
	post_lines("line", 0, 700);
	struct pty *bob = scene_join(24, 80, "4", "bob");
	char line[64];
	time_t now = time(NULL);
	struct tm today;
	pty_wait_text(bob, "line 699.");
	scene_say(bob, "/date tomorrow");
	pty_wait_text(bob, "which day?");
	scene_say(bob, "/date 2999-02-30");
	pty_wait_text(bob, "which day?");
	scene_say(bob, "/date 2999-12-31");
	pty_wait_text(bob, "nothing was said on that day or later");
	gmtime_r(&now, &today);
	/* A test that begins right before midnight is still right: all is of the day before, or later. */
	strftime(line, sizeof line, "/date %Y-%m-%d", &(struct tm){ .tm_year = today.tm_year - 1, .tm_mon = 5, .tm_mday = 1 });
	scene_say(bob, line);
	pty_wait_row(bob, -2, "SEARCH");
	pty_wait_text(bob, "line 0.");
	pty_wait_text(bob, "line 9.");
	pty_type(bob, "\033");
	pty_wait_text(bob, "line 699.");
	pty_wait_no_text(bob, "SEARCH");
}

static void long_messages_leave_no_hole_on_the_way_down(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	char filler[1500];
	memset(filler, 'x', sizeof filler - 1);
	filler[sizeof filler - 1] = '\0';
	FILE *bot = scene_bot("bot");
	for (int i = 0; i < 1400; i++)
		fprintf(bot, "line %d. %s\n", i, i > 150 && i < 350 ? filler : "");
	assert_int_equal(pclose(bot), 0);
	pty_wait_text(ann, "line 1399.");
	struct pty *bob = scene_join(60, 200, "4", "bob");
	scene_say(bob, "/search line 100.");
	pty_wait_text(bob, "bot: line 100.");
	pty_type(bob, "\r");
	pty_wait_text(bob, "line 101.");
	int seen = 100;
	for (int i = 0; i < 400 && seen < 399; i++) {
		char typed[16];
		snprintf(typed, sizeof typed, "#lobby> %c", 'a' + i % 26);
		pty_type(bob, DOWN);
		pty_type(bob, typed + 8);
		pty_wait_row(bob, -1, typed);
		pty_type(bob, "\003");
		pty_wait_cursor(bob, 59, 9);
		for (int row = 1; row < 57; row++) {
			int number = number_in(bob, row);
			if (number > seen + 1) {
				pty_dump(bob, "a hole");
				fail_msg("%d stands behind %d", number, seen);
			}
			seen = number > seen ? number : seen;
		}
	}
	assert_true(seen >= 399);
	pty_type(bob, OLDEST);
	pty_type(bob, NEWEST);
	pty_wait_text(bob, "line 1399.");
}

static void a_flood_takes_nothing_from_who_reads_further_up(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	char *row;
	post_lines("line", 0, 300);
	pty_wait_text(ann, "line 299.");
	walk(ann, UP, "line 250.");
	row = strdup(pty_row(ann, 5));
	post_lines("line", 300, 6300);
	struct pty *bob = scene_join(10, 40, "4", "bob");
	pty_wait_text(bob, "line 6299.");
	scene_say(bob, "/msg ann now");
	pty_wait_row(ann, -2, "@1"); /* whoever sees this has seen the flood */
	assert_string_equal(pty_row(ann, 5), row);
	free(row);
	walk(ann, DOWN, "line 700.");
	walk(ann, UP, "line 20.");
	pty_type(ann, NEWEST);
	pty_wait_text(ann, "line 6299.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(older_pages_come_while_one_scrolls_and_nothing_jumps),
		SCENE(search_asks_the_host_and_jumps_far_back),
		SCENE(a_search_in_all_rooms_shows_the_room_too),
		SCENE(what_is_far_back_can_be_answered_and_changed),
		SCENE(date_shows_the_first_message_of_a_day),
		SCENE(a_flood_takes_nothing_from_who_reads_further_up),
		SCENE(long_messages_leave_no_hole_on_the_way_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
