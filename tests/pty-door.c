/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two people who have never met: from nothing to the first message, on two terminals, at the door and by a link. */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { KEYS_MOST = 60, ROWS = 24, COLUMNS = 80 };

/* What is typed by both of them, the commands in the shell included. */
static size_t keys;

static void press(struct pty *pty, const char *text)
{
	keys += strlen(text);
	pty_type(pty, text);
}

/* As the shell gets it, at the usual port. */
static struct pty *run(const char *line, const char *const arguments[], const char *const environment[])
{
	keys += strlen(line) + 1;
	return scene_start(ROWS, COLUMNS, arguments, environment);
}

/* Opens a host of the scene's account, with the access that it has when nothing is said, and reads its address. */
static struct pty *open_host(char address[64])
{
	static const char before[] = "--join 127.0.0.1:";
	const char *arguments[] = { "--host", "127.0.0.1:0", "--linger", "1s", NULL };
	struct pty *owner = run("tchat --host 50000", arguments, NULL);
	pty_wait_text(owner, before);
	pty_wait_row(owner, -1, "#lobby>");
	const char *at = strstr(pty_row(owner, pty_find_row(owner, before)), before) + strlen("--join ");
	snprintf(address, 64, "%.*s", (int)strcspn(at, " "), at);
	return owner;
}

static struct pty *join(const char *address, const char *const environment[])
{
	const char *arguments[] = { "--join", address, NULL };
	return run("tchat --join 127.0.0.1:50000", arguments, environment);
}

/* The rest of the row behind a text. */
static void read_behind(struct pty *pty, const char *text, char *rest, size_t size)
{
	pty_wait_text(pty, text);
	snprintf(rest, size, "%s", strstr(pty_row(pty, pty_find_row(pty, text)), text) + strlen(text));
	rest[strcspn(rest, " ")] = '\0';
}

static void assert_no_question(struct pty *pty)
{
	size_t length;
	assert_null(strstr(pty_raw(pty, &length), "A new host"));
	assert_null(strstr(pty_raw(pty, &length), "Somebody knocks"));
}

static void end_host(struct pty *owner)
{
	scene_say(owner, "/quit all");
	scene_ended(owner, 0);
}

static void two_strangers_talk_after_one_question_each_and_less_than_sixty_keys(void **state)
{
	char address[64], words[80];
	keys = 0;
	struct pty *owner = open_host(address);
	const char *const *visitor = scene_stranger("visitor");
	struct pty *guest = join(address, visitor);
	/* The guest can compare what the owner reads to him. */
	pty_wait_text(guest, "A new host");
	read_behind(owner, "Its key: ", words, sizeof words);
	assert_int_equal(pty_has_text(guest, words), true);
	pty_forget(owner);
	press(guest, "a");
	pty_wait_text(owner, "Somebody knocks");
	pty_wait_raw(owner, "\a"); /* who looks elsewhere hears it */
	pty_wait_text(guest, "at the door");
	press(owner, "y");
	pty_wait_row(guest, -1, "#lobby>");
	press(guest, "hi\r");
	pty_wait_text(owner, "visitor   hi");
	print_message("# %zu keys\n", keys);
	assert_true(keys < KEYS_MOST);
	scene_say(guest, "/quit");
	scene_ended(guest, 0);
	/* The next time there is no question at all. */
	pty_forget(owner);
	guest = join(address, visitor);
	pty_wait_row(guest, -1, "#lobby>");
	scene_say(guest, "again");
	pty_wait_text(owner, "visitor   again");
	assert_no_question(owner);
	assert_no_question(guest);
	end_host(owner);
}

static void who_was_sent_away_by_mistake_can_be_let_in(void **state)
{
	char address[64];
	struct pty *owner = open_host(address);
	const char *const *visitor = scene_stranger("visitor");
	struct pty *guest = join(address, visitor);
	pty_wait_text(guest, "A new host");
	pty_type(guest, "a");
	pty_wait_text(owner, "Somebody knocks");
	pty_type(owner, "n");
	scene_ended(guest, 77);
	pty_wait_text(owner, "visitor was sent away");
	/* Nobody waits, so nobody is meant without a name. */
	scene_say(owner, "/admit");
	pty_wait_text(owner, "nobody knocks");
	scene_say(owner, "/admit visitor");
	pty_wait_text(owner, "visitor was let in");
	guest = join(address, visitor);
	pty_wait_row(guest, -1, "#lobby>");
	end_host(owner);
}

static void who_has_a_link_is_asked_nothing_and_nobody_else(void **state)
{
	char address[64], link[160];
	struct pty *owner = open_host(address);
	/* It is longer than a row, and yet the terminal has it in one piece. */
	pty_forget(owner);
	scene_say(owner, "/copy link");
	pty_wait_text(owner, "any key brings");
	assert_false(pty_is_alternate_screen(owner));
	const char *at = strstr(pty_raw(owner, NULL), "\ntchat://");
	assert_non_null(at);
	snprintf(link, sizeof link, "%.*s", (int)strcspn(at + 1, "\r\n"), at + 1);
	assert_true(strlen(link) > COLUMNS);
	pty_type(owner, "x");
	pty_wait_row(owner, -1, "#lobby>");
	assert_true(pty_is_alternate_screen(owner));
	/* The key that brings the chat back is not one that a command can do without. */
	pty_forget(owner);
	scene_say(owner, "/copy link");
	pty_wait_text(owner, "any key brings");
	pty_type(owner, "/topic");
	pty_wait_row(owner, -1, "#lobby> /topic");
	pty_type(owner, "\x15");
	pty_wait_row(owner, -1, "#lobby>");
	const char *arguments[] = { "--join", link, NULL };
	struct pty *guest = run("", arguments, scene_stranger("visitor"));
	pty_wait_row(guest, -1, "#lobby>");
	press(guest, "hi\r");
	pty_wait_text(owner, "visitor   hi");
	assert_no_question(owner);
	assert_no_question(guest);
	end_host(owner);
}

static void the_same_account_just_joins(void **state)
{
	char address[64];
	struct pty *owner = open_host(address);
	struct pty *again = join(address, NULL);
	pty_wait_row(again, -1, "#lobby>");
	press(again, "hi\r");
	pty_wait_text(owner, "hi");
	assert_no_question(owner);
	assert_no_question(again);
	end_host(owner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_strangers_talk_after_one_question_each_and_less_than_sixty_keys, scene_open,
		                                scene_close),
		cmocka_unit_test_setup_teardown(who_was_sent_away_by_mistake_can_be_let_in, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(who_has_a_link_is_asked_nothing_and_nobody_else, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(the_same_account_just_joins, scene_open, scene_close),
	};
	return cmocka_run_group_tests_name("door", tests, NULL, NULL);
}
