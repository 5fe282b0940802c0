/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is seen, on the real program: a view that stays where it is, windows of all sizes, floods, hostile hosts, and
 * silence when nothing happens. */
#include "hostile-host.h"
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static void post_lines(const char *word, int from, int to)
{
	FILE *bot = scene_bot("bot");
	for (int i = from; i < to; i++)
		fprintf(bot, "%s %d\n", word, i);
	assert_int_equal(pclose(bot), 0);
}

static void new_messages_do_not_move_a_view_that_is_scrolled_back(void **state)
{
	enum { ROWS = 24 };
	struct pty *ann = scene_host(ROWS, 80, "ann");
	char *before[ROWS];
	post_lines("line", 0, 200);
	pty_wait_text(ann, "line 199");
	pty_wait_text(ann, "bot left");
	pty_type(ann, "\033[5~\033[5~x");
	pty_wait_row(ann, -1, "#lobby> x");
	for (int row = 0; row < ROWS - 3; row++)
		before[row] = strdup(pty_row(ann, row));
	post_lines("more", 0, 50);
	pty_wait_text(ann, "52 new messages"); /* and that the bot came and went */
	for (int row = 1; row < ROWS - 3; row++) {
		assert_string_equal(pty_row(ann, row), before[row]);
		free(before[row]);
	}
	free(before[0]);
	pty_type(ann, "\033[6;2~"); /* Shift-PgDn */
	pty_wait_text(ann, "more 49");
	pty_wait_no_text(ann, "new messages ");
}

static void from_huge_to_one_cell_and_back_the_top_message_stays(void **state)
{
	/* More of them by hand: RESIZE_ROUNDS=200 tests/pty-face-view */
	const char *wanted = getenv("RESIZE_ROUNDS");
	int rounds = wanted != NULL ? atoi(wanted) : 20;
	struct pty *ann = scene_host(24, 80, "ann");
	char *top, last[64];
	post_lines("line", 0, 500);
	pty_wait_text(ann, "line 499");
	for (int i = 0; i < 12; i++)
		pty_type(ann, "\033[5~");
	pty_type(ann, "x"); /* seen when all these keys were */
	pty_wait_row(ann, -1, "#lobby> x");
	top = strdup(strstr(pty_row(ann, 1), "line "));
	FILE *bot = scene_bot("bot");
	for (int round = 0; round < rounds; round++) {
		fprintf(bot, "during round %d\n", round);
		fflush(bot);
		pty_resize(ann, 200, 300);
		pty_wait_row(ann, 199, "#lobby>");
		pty_resize(ann, 1, 1);
		pty_resize(ann, 7, 13);
		pty_resize(ann, 24, 80);
		pty_wait_row(ann, 23, "#lobby>");
		pty_wait_row(ann, 1, top);
	}
	assert_int_equal(pclose(bot), 0);
	pty_type(ann, "\033[6;2~");
	snprintf(last, sizeof last, "during round %d", rounds - 1);
	pty_wait_text(ann, last);
	free(top);
}

static void small_windows_are_of_use(void **state)
{
	static const int sizes[][2] = { { 10, 40 }, { 5, 20 }, { 3, 10 }, { 2, 8 } };
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(10, 40, "4", "bob");
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		char text[16];
		pty_resize(bob, sizes[i][0], sizes[i][1]);
		snprintf(text, sizeof text, "hi%zu", i);
		scene_say(bob, text);
		pty_wait_text(ann, text);
		snprintf(text, sizeof text, "yo%zu", i);
		scene_say(ann, text);
		pty_wait_text(bob, text);
		pty_type(bob, "abc");
		pty_wait_row(bob, -1, "abc");
		pty_type(bob, "\003");
	}
	pty_resize(bob, 1, 1);
	scene_say(bob, "blind");
	pty_wait_text(ann, "blind");
	pty_resize(bob, 10, 40);
	pty_wait_text(bob, "blind");
	pty_wait_text(bob, "2 members");
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int count_frames(const struct pty *pty)
{
	static const char begin[] = "\033[?2026h";
	int count = 0;
	for (const char *at = pty_raw(pty, NULL); (at = strstr(at, begin)) != NULL; at += sizeof begin - 1)
		count++;
	return count;
}

static void a_flood_is_shown_to_its_end_and_keys_go_on(void **state)
{
	int64_t start = now_ms();
	struct pty *ann = scene_host(24, 80, "ann");
	FILE *bot = scene_bot("bot");
	for (int i = 0; i < 5000; i++)
		fprintf(bot, "flood %d\n", i);
	fflush(bot);
	pty_type(ann, "typed meanwhile");
	pty_wait_row(ann, -1, "typed meanwhile");
	assert_int_equal(pclose(bot), 0);
	pty_wait_text(ann, "flood 4999");
	/* Far less was drawn than a frame for each message: one in so much time, and for each key. */
	int64_t most = (now_ms() - start) / 16 + 50;
	assert_in_range(count_frames(ann), 1, most);
	/* What went out of memory is fetched again from the host. */
	pty_type(ann, "\033[5;2~");
	pty_wait_no_text(ann, "flood 4999");
	for (int i = 0; i < 30 && !pty_has_text(ann, "flood 1000 "); i++)
		pty_type(ann, "\033[5;2~");
	pty_wait_text(ann, "scrolled back");
}

static void what_one_says_and_what_a_command_answers_is_seen(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	post_lines("line", 0, 60);
	pty_wait_text(ann, "line 59");
	pty_type(ann, "\033[5~");
	pty_wait_text(ann, "scrolled back");
	scene_say(ann, "/away");
	pty_wait_text(ann, "You are away");
	pty_wait_no_text(ann, "scrolled back");
	pty_type(ann, "\033[5~");
	pty_wait_text(ann, "scrolled back");
	scene_say(ann, "hello");
	pty_wait_text(ann, "ann   hello");
	pty_wait_no_text(ann, "scrolled back");
}

static void days_and_unread_messages_have_lines(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	pty_wait_text(ann, "─ ");
	scene_say(ann, "/join dev");
	pty_wait_row(ann, 0, "#dev");
	post_lines("line", 0, 60);
	pty_wait_row(ann, -2, "1 room unread");
	pty_type(ann, "\033a");
	pty_wait_row(ann, 0, "#lobby");
	pty_wait_text(ann, "line 59");
	pty_type(ann, "\033a"); /* nothing else is unread: to the first unread message */
	pty_wait_text(ann, "new messages ─");
	assert_true(pty_find_row(ann, "new messages ─") == pty_find_row(ann, "line 0") - 1);
}

static void nothing_is_written_while_nothing_happens_that_is_shown(void **state)
{
	struct pty *ann = scene_host(24, 100, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	struct pty *cy = scene_join(24, 80, "4", "cy");
	pty_wait_text(ann, "3 members");
	scene_say(bob, "/join dev");
	pty_wait_row(bob, -1, "#dev>");
	scene_say(cy, "/join dev");
	pty_wait_row(cy, -1, "#dev>");
	scene_say(ann, "quiet now");
	pty_wait_text(ann, "ann   quiet now"); /* in the room and accepted; in the input line it says nothing yet */
	pty_wait_no_text(ann, "sending");
	pty_wait_cursor(ann, 23, 9); /* the last thing of a frame */
	size_t length;
	/* Others talk where she is not: her host works, her screen has no reason to. */
	pty_assert_quiet(ann, 100);
	pty_forget(ann);
	for (int i = 0; i < 20; i++) {
		char text[32];
		snprintf(text, sizeof text, "message %d.", i);
		scene_say(i % 2 == 0 ? bob : cy, text);
		pty_wait_text(i % 2 == 0 ? cy : bob, text);
	}
	pty_raw(ann, &length);
	assert_int_equal(length, 0);
}

/* Each row of the panes has the border in the same column. */
static bool border_is_straight(struct pty *pty, void *arg)
{
	int column = *(int *)arg;
	for (int row = 1; row <= 36; row++) {
		struct pty_cell cell;
		pty_cell(pty, row, column, &cell);
		if (strcmp(cell.text, "│") != 0)
			return false;
	}
	return true;
}

static void wait_border(struct pty *pty, int column)
{
	pty_wait(pty, border_is_straight, &column, "a straight border");
}

/* Ann's screen with the room of a hostile host, which is started. */
static struct pty *join_hostile(int rows, int columns, pid_t *host)
{
	unsigned port;
	char address[32];
	*host = hostile_host_start(&port);
	assert_true(*host > 0);
	snprintf(address, sizeof address, "127.0.0.1:%u", port);
	const char *arguments[] = { "--join", address, "--nick", "ann", "--insecure", NULL };
	struct pty *ann = scene_start(rows, columns, arguments, NULL);
	pty_wait_row(ann, -2, "● ");
	pty_wait_text(ann, "21 members");
	return ann;
}

static void a_hostile_host_reaches_the_screen_as_text_only(void **state)
{
	pid_t host;
	struct pty *ann = join_hostile(40, 120, &host);
	wait_border(ann, 120 - 19);
	scene_say(ann, "go");
	pty_wait_text(ann, "the end of it");
	wait_border(ann, 120 - 19);
	pty_type(ann, "\033OR"); /* the rooms */
	pty_wait_row(ann, 1, "Rooms");
	wait_border(ann, 20);
	pty_type(ann, "\033[5~\033[5~");
	pty_wait_text(ann, "scrolled back");
	scene_say(ann, "/names");
	scene_say(ann, "/search red");
	pty_wait_text(ann, "Found: red");
	pty_type(ann, "\033");
	pty_wait_no_text(ann, "Found: red");
	pty_type(ann, "\033OQ");
	pty_wait_text(ann, "Go to room");
	pty_type(ann, "\033");
	pty_wait_no_text(ann, "Go to room");
	pty_type(ann, "@\t\t"); /* nicks, completed */
	pty_type(ann, "\003");
	scene_say(ann, "/quit");
	pty_wait_exit(ann);
	pty_assert_restored(ann);
	pty_assert_own_sequences(ann);
	int status;
	assert_int_equal(waitpid(host, &status, 0), host);
	assert_int_equal(status, 0);
}

static void a_refused_message_stays_and_is_marked_and_counted(void **state)
{
	pid_t host;
	struct pty *ann = join_hostile(60, 100, &host);
	scene_say(ann, "go");
	pty_wait_text(ann, "✗ go");
	pty_wait_text(ann, "not accepted: ");
	pty_wait_row(ann, -2, "1 not sent");
	scene_say(ann, "/quit");
	pty_wait_exit(ann);
	int status;
	assert_int_equal(waitpid(host, &status, 0), host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(new_messages_do_not_move_a_view_that_is_scrolled_back),
		SCENE(from_huge_to_one_cell_and_back_the_top_message_stays),
		SCENE(small_windows_are_of_use),
		SCENE(a_flood_is_shown_to_its_end_and_keys_go_on),
		SCENE(what_one_says_and_what_a_command_answers_is_seen),
		SCENE(days_and_unread_messages_have_lines),
		SCENE(nothing_is_written_while_nothing_happens_that_is_shown),
		SCENE(a_refused_message_stays_and_is_marked_and_counted),
		SCENE(a_hostile_host_reaches_the_screen_as_text_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
