/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's owner comes and goes; connections break; the program dies in all ways: the others talk on, and the
 * terminal is as before. */
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

/* bob says something that cy sees, whatever the owner does. */
static void assert_talk_goes_on(struct pty *bob, struct pty *cy, const char *text)
{
	scene_say(bob, text);
	pty_wait_text(cy, text);
}

static void quitting_asks_while_others_are_there(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	pty_wait_text(ann, "2 members");
	pty_type(ann, "\004");
	pty_wait_text(ann, "Others are still in your host.");
	pty_type(ann, "\r"); /* Enter answers nothing here */
	pty_type(ann, "s");
	pty_wait_no_text(ann, "Others are still");
	scene_say(bob, "still open");
	pty_wait_text(ann, "still open");
	scene_say(ann, "/quit");
	pty_wait_text(ann, "Others are still in your host.");
	pty_type(ann, "e");
	scene_ended(ann, 0);
	pty_wait_text(bob, "the host is closing");
	pty_wait_text(bob, "tries again, /quit leaves");
	scene_wait_host_end();
}

static void the_last_one_out_ends_the_host_without_a_question(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	scene_say(ann, "/quit");
	scene_ended(ann, 0);
	scene_wait_host_end();
}

/* Left running in one way or another, the owner finds the host again by a bare "tchat". */
static struct pty *come_back(void)
{
	const char *nothing[] = { NULL };
	struct pty *again = scene_start(24, 80, nothing, NULL);
	pty_wait_text(again, "Come back to your host-");
	pty_type(again, "\r");
	pty_wait_row(again, -1, "#lobby>");
	pty_wait_row(again, -2, "your host  ann");
	return again;
}

static void the_owner_detaches_and_comes_back(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	struct pty *cy = scene_join(24, 80, "4", "cy");
	scene_say(bob, "/detach");
	pty_wait_text(bob, "/detach is for the host's owner");
	scene_say(ann, "/detach");
	scene_ended(ann, 0);
	pty_wait_text(ann, "Your host runs on. 'tchat' brings you back");
	pty_wait_text(bob, "ann left");
	assert_talk_goes_on(bob, cy, "without the owner");
	struct pty *again = come_back();
	pty_wait_text(again, "without the owner");
	pty_wait_text(bob, "ann joined");
	scene_say(again, "/quit all");
	scene_ended(again, 0);
	pty_wait_text(bob, "the host is closing");
	scene_wait_host_end();
}

static void a_stopped_owner_stops_nobody(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	struct pty *cy = scene_join(24, 80, "unix", "cy");
	pty_signal(ann, SIGSTOP);
	pty_wait_stopped(ann);
	assert_talk_goes_on(bob, cy, "while she is stopped");
	assert_talk_goes_on(cy, bob, "both ways");
	pty_signal(ann, SIGCONT);
	pty_wait_text(ann, "both ways");
	scene_say(ann, "back again");
	pty_wait_text(bob, "back again");
}

static void the_owners_closed_window_closes_no_room(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	struct pty *cy = scene_join(24, 80, "4", "cy");
	pty_hang_up(ann);
	pty_wait_exit(ann);
	pty_wait_text(bob, "ann left");
	assert_talk_goes_on(bob, cy, "after the window is closed");
	struct pty *again = come_back();
	pty_wait_text(again, "after the window is closed");
}

static void a_killed_owner_closes_no_room(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	struct pty *cy = scene_join(24, 80, "4", "cy");
	pty_signal(ann, SIGKILL);
	pty_wait_exit(ann);
	pty_wait_text(bob, "ann left");
	assert_talk_goes_on(bob, cy, "after the kill");
	come_back();
}

static void a_host_that_comes_back_gets_what_was_said_meanwhile(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(bob, "first");
	pty_wait_text(ann, "first");
	pty_wait_row(bob, -2, "● ");
	scene_say(ann, "/quit all");
	scene_ended(ann, 0);
	pty_wait_row(bob, -2, "offline");
	pty_wait_text(bob, "tries again, /quit leaves");
	scene_say(bob, "said meanwhile");
	pty_wait_text(bob, "… said meanwhile");
	pty_wait_row(bob, -2, "1 sending");
	scene_say(bob, "on second thoughts");
	pty_wait_text(bob, "… on second thoughts");
	pty_wait_row(bob, -2, "2 sending");
	scene_say(bob, "/cancel");
	pty_wait_text(bob, "taken back: on second thoughts");
	pty_wait_row(bob, -2, "1 sending");
	pty_wait_no_text(bob, "not sent"); /* what is taken back is no failure */
	struct pty *other = scene_host(24, 80, "ann");
	scene_say(bob, "/reconnect");
	pty_wait_text(bob, "connected again");
	pty_wait_text(other, "said meanwhile");
	pty_wait_no_text(bob, "sending");
	pty_wait_no_text(bob, "… said");
	assert_false(pty_has_text(other, "on second thoughts"));
}

static void a_broken_connection_counts_down_and_comes_back(void **state)
{
	char address[64] = "127.0.0.1:0";
	char *history = scene_path("history");
	const char *open[] = { "--headless", "--host", address, "--data", history, NULL };
	const char *join[] = { "--join", address, "--nick", "bob", NULL };
	struct pty *host = scene_start(10, 100, open, NULL);
	pty_wait_text(host, "listening 127.0.0.1:");
	const char *at = strstr(pty_row(host, pty_find_row(host, "listening 127")), "127.0.0.1:");
	snprintf(address, sizeof address, "%.*s", (int)strcspn(at, " "), at);
	struct pty *bob = scene_start(24, 80, join, NULL);
	pty_wait_row(bob, -1, "#lobby>");
	pty_wait_row(bob, -2, "● ");
	pty_signal(host, SIGKILL);
	pty_wait_exit(host);
	pty_wait_row(bob, -2, "offline, next try in ");
	scene_say(bob, "said meanwhile");
	pty_wait_row(bob, -2, "1 sending");
	host = scene_start(10, 100, open, NULL);
	pty_wait_text(host, "listening 127.0.0.1:");
	pty_wait_text(bob, "connected again");
	pty_wait_row(bob, -2, "● ");
	pty_wait_no_text(bob, "sending");
	pty_wait_text(bob, "bob   said meanwhile");
	free(history);
}

static void what_was_read_is_there_while_the_host_is_away(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	/* By a link one knows who answers before there is an answer. */
	char link[128], key[44] = "";
	const char *const *cat = scene_stranger("cat");
	const char *arguments[] = { "--join", scene_address("4"), "--nick", "bob", "--trust", "new", NULL };
	struct pty *bob = scene_start(24, 80, arguments, cat);
	pty_wait_row(bob, -1, "#lobby>");
	scene_say(bob, "/quit");
	scene_ended(bob, 0);
	char *known = scene_path("home-cat/.local/share/tchat/known_hosts");
	FILE *file = fopen(known, "r");
	assert_non_null(file);
	assert_int_equal(fread(key, 1, 43, file), 43);
	fclose(file);
	free(known);
	snprintf(link, sizeof link, "tchat://%s/#%s", scene_address("4"), key);
	arguments[1] = link;
	bob = scene_start(24, 80, arguments, cat);
	pty_wait_row(bob, -1, "#lobby>");
	scene_say(ann, "the cat is black");
	pty_wait_text(bob, "the cat is black");
	scene_say(ann, "all is said");
	pty_wait_text(bob, "all is said");
	scene_say(bob, "/quit");
	scene_ended(bob, 0);
	scene_say(ann, "/quit all");
	scene_ended(ann, 0);
	bob = scene_start(24, 80, arguments, cat);
	pty_wait_row(bob, -2, "offline, next try in ");
	pty_wait_text(bob, "all is said");
	scene_say(bob, "said meanwhile");
	pty_wait_text(bob, "… said meanwhile");
	scene_say(bob, "/search CAT");
	pty_wait_text(bob, "Found: CAT");
	pty_wait_text(bob, "ann: the cat is black");
	pty_type(bob, "\033");
	pty_wait_no_text(bob, "Found: CAT");
	/* What an earlier start may have sent is taken back by the host, and no more counted until then. */
	scene_say(bob, "an afterthought");
	pty_wait_row(bob, -2, "2 sending");
	scene_say(bob, "/quit");
	scene_say(bob, "/quit");
	scene_ended(bob, 75);
	bob = scene_start(24, 80, arguments, cat);
	pty_wait_text(bob, "… an afterthought");
	pty_wait_row(bob, -2, "2 sending");
	scene_say(bob, "/cancel");
	pty_wait_text(bob, "the host may have it already");
	pty_wait_row(bob, -2, "1 sending");
	ann = scene_host(24, 80, "ann");
	scene_say(bob, "/reconnect");
	pty_wait_text(ann, "said meanwhile");
	pty_wait_text(bob, "taken back: an afterthought");
	pty_wait_no_text(bob, "… said");
	pty_wait_row(bob, -2, "● ");
}

static void leaving_with_unsent_messages_says_so(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(ann, "/quit all");
	scene_ended(ann, 0);
	pty_wait_row(bob, -2, "offline");
	scene_say(bob, "into the void");
	pty_wait_row(bob, -2, "1 sending");
	scene_say(bob, "/quit");
	scene_say(bob, "/quit");
	scene_ended(bob, 75);
	pty_wait_text(bob, "1 message is still to be sent: the next start does it");
}

/* What a signal leaves behind: an exit status (died: 0), or the death by the signal. */
static void ends_by(int number, bool died)
{
	scene_open(NULL);
	struct pty *ann = scene_host(24, 80, "ann");
	pty_type(ann, "half a line");
	pty_wait_row(ann, -1, "half a line");
	pty_signal(ann, number);
	int status = pty_wait_exit(ann);
	if (died) {
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), number);
	} else {
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	pty_assert_restored(ann);
	scene_close(NULL);
}

static void a_crash_leaves_the_terminal_as_it_was(void **state)
{
	ends_by(SIGSEGV, true);
	ends_by(SIGABRT, true);
	ends_by(SIGBUS, true);
}

static void termination_leaves_the_terminal_as_it_was(void **state)
{
	ends_by(SIGTERM, false);
	ends_by(SIGHUP, false);
	ends_by(SIGINT, false);
}

static void terminated_with_a_silent_host_it_does_not_wait_for_ever(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = scene_join(24, 80, "4", "bob");
	scene_say(ann, "/quit all");
	scene_ended(ann, 0);
	pty_wait_row(bob, -2, "offline");
	scene_say(bob, "never sent");
	pty_wait_row(bob, -2, "sending");
	pty_signal(bob, SIGTERM);
	scene_ended(bob, 75);
}

static void a_terminal_without_a_cursor_gets_line_mode(void **state)
{
	const char *arguments[] = { "--host", "127.0.0.1:0", "--nick", "ann", "--linger", "1s", NULL };
	const char *dumb[] = { "TERM=dumb", NULL };
	struct pty *ann = scene_start(24, 100, arguments, dumb);
	pty_wait_text(ann, "this terminal cannot place its cursor; this is line mode");
	pty_wait_text(ann, "tchat --join 127.0.0.1:");
	pty_wait_text(ann, "#lobby: 1 member");
	scene_say(ann, "hello");
	scene_say(ann, "/nick anna");
	pty_wait_text(ann, "anna");
	assert_null(strchr(pty_raw(ann, NULL), '\033'));
	scene_say(ann, "/quit");
	pty_wait_exit(ann);
}

static void an_unknown_terminal_gets_one_clear_line_and_no_host(void **state)
{
	const char *arguments[] = { "--host", "127.0.0.1:0", NULL };
	const char *const settings[][2] = { { "TERM", NULL }, { "TERM=", NULL }, { "TERM=no-such-terminal", NULL } };
	for (size_t i = 0; i < 3; i++) {
		struct pty *pty = scene_start(24, 100, arguments, settings[i]);
		scene_ended(pty, 71);
		assert_non_null(strstr(pty_row(pty, 0), "tchat: "));
		assert_non_null(strstr(pty_row(pty, 0), "TERM"));
		assert_string_equal(pty_row(pty, 1), "");
	}
}

/* bob, with this in his environment. */
static struct pty *join_where(const char *variable)
{
	const char *arguments[] = { "--join", scene_address("4"), "--nick", "bob", NULL };
	const char *environment[] = { variable, NULL };
	struct pty *bob = scene_start(24, 80, arguments, environment);
	pty_wait_row(bob, -1, "#lobby>");
	return bob;
}

static void a_vt100_will_do(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = join_where("TERM=vt100");
	scene_say(bob, "from long ago");
	pty_wait_text(ann, "from long ago");
	scene_say(bob, "/quit");
	scene_ended(bob, 0);
}

static void without_a_utf_8_locale_characters_still_show(void **state)
{
	struct pty *ann = scene_host(24, 80, "ann");
	struct pty *bob = join_where("LC_ALL=C");
	scene_say(ann, "caf\303\251 \346\274\242");
	pty_wait_text(bob, "caf\303\251 \346\274\242");
	scene_say(bob, "\303\274ber");
	pty_wait_text(ann, "\303\274ber");
	/* Readline looks for the locale again after each line. */
	pty_wait_text(bob, "bob   \303\274ber");
	scene_say(bob, "\303\274brig");
	pty_wait_text(ann, "\303\274brig");
	pty_wait_text(bob, "bob   \303\274brig");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(quitting_asks_while_others_are_there),
		SCENE(the_last_one_out_ends_the_host_without_a_question),
		SCENE(the_owner_detaches_and_comes_back),
		SCENE(a_stopped_owner_stops_nobody),
		SCENE(the_owners_closed_window_closes_no_room),
		SCENE(a_killed_owner_closes_no_room),
		SCENE(a_host_that_comes_back_gets_what_was_said_meanwhile),
		SCENE(a_broken_connection_counts_down_and_comes_back),
		SCENE(what_was_read_is_there_while_the_host_is_away),
		SCENE(leaving_with_unsent_messages_says_so),
		cmocka_unit_test(a_crash_leaves_the_terminal_as_it_was),
		cmocka_unit_test(termination_leaves_the_terminal_as_it_was),
		SCENE(terminated_with_a_silent_host_it_does_not_wait_for_ever),
		SCENE(a_terminal_without_a_cursor_gets_line_mode),
		SCENE(an_unknown_terminal_gets_one_clear_line_and_no_host),
		SCENE(a_vt100_will_do),
		SCENE(without_a_utf_8_locale_characters_still_show),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
