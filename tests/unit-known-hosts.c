/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store: which keys of hosts are known, under which names, and what is written down of that. */
#include "base/base64.h"
#include "base/errors.h"
#include "base/file.h"
#include "store/known_hosts.h"
#include "temporary-folder.h"

#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[200], path[256];
static struct known_hosts *known;
static bool renames_fail;

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
	if (!renames_fail)
		return __real_rename(from, to);
	errno = ENOSPC;
	return -1;
}

/* Keys: all bytes the same; as text the first is 43 times A. */
static const uint8_t *key(int number)
{
	static uint8_t pins[4][ADDRESS_PIN_SIZE];
	memset(pins[number], number, ADDRESS_PIN_SIZE);
	return pins[number];
}

static const char *text_of_key(int number)
{
	static char texts[4][BASE64URL_LENGTH(ADDRESS_PIN_SIZE) + 1];
	base64url_write(key(number), ADDRESS_PIN_SIZE, texts[number]);
	return texts[number];
}

/* Writes the file: %1 and so on stand for keys. */
static void write_file(const char *pattern)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '%')
			fputs(text_of_key(*++pattern - '0'), file);
		else
			fputc(*pattern, file);
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static void expect_file(const char *pattern)
{
	char expected[4096] = "", found[4096] = "";
	size_t used = 0;
	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '%')
			used += (size_t)snprintf(expected + used, sizeof expected - used, "%s", text_of_key(*++pattern - '0'));
		else
			expected[used++] = *pattern;
	}
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	found[fread(found, 1, sizeof found - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(found, expected);
}

static int begin(void **state)
{
	if (!temporary_folder(folder, sizeof folder, "known"))
		return -1;
	snprintf(path, sizeof path, "%s/known_hosts", folder);
	known = known_hosts_new(path);
	return known == NULL ? -1 : 0;
}

static int end(void **state)
{
	known_hosts_free(known);
	renames_fail = false;
	unlink(path);
	return rmdir(folder);
}

static void a_host_is_new_until_somebody_vouches_for_it(void **state)
{
	assert_int_equal(known_hosts_check(known, "a:1", key(1), NULL), KNOWN_NEW);
	assert_int_equal(known_hosts_add(known, "a:1", key(1)), 0);
	assert_int_equal(known_hosts_check(known, "a:1", key(1), NULL), KNOWN_YES);
	expect_file("%1 a:1\n");
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	/* A second time changes nothing. */
	assert_int_equal(known_hosts_add(known, "a:1", key(1)), 0);
	expect_file("%1 a:1\n");
}

static void another_key_under_a_known_name_is_a_change(void **state)
{
	write_file("%1 a:1\n%2 b:1\n");
	assert_int_equal(known_hosts_check(known, "a:1", key(3), NULL), KNOWN_CHANGED);
	/* Also when that key is known for another host. */
	assert_int_equal(known_hosts_check(known, "a:1", key(2), NULL), KNOWN_CHANGED);
	assert_int_equal(known_hosts_add(known, "a:1", key(3)), TCHAT_ERR_HOST_CHANGED);
	/* A former key that is not this host's does not help. */
	assert_int_equal(known_hosts_check(known, "a:1", key(3), key(2)), KNOWN_CHANGED);
	expect_file("%1 a:1\n%2 b:1\n");
}

static void names_are_whole_names(void **state)
{
	write_file("%1 aa:1,a:11,b:1\n");
	assert_int_equal(known_hosts_check(known, "a:1", key(2), NULL), KNOWN_NEW);
	assert_int_equal(known_hosts_check(known, "a:111", key(2), NULL), KNOWN_NEW);
	assert_int_equal(known_hosts_check(known, "b:1", key(2), NULL), KNOWN_CHANGED);
	assert_int_equal(known_hosts_forget(known, "b:1"), 0);
	assert_int_equal(known_hosts_forget(known, "a:111"), TCHAT_ERR_NOT_FOUND);
	write_file("%1 a:1,a:11\n");
	assert_int_equal(known_hosts_forget(known, "a:11"), 0);
	expect_file("%1 a:1\n");
}

static void a_known_key_gets_the_name_that_it_is_met_under(void **state)
{
	write_file("# mine\n%1 a:1 the cellar\n\n%2 b:1\n");
	assert_int_equal(known_hosts_check(known, "192.0.2.1:1", key(1), NULL), KNOWN_YES);
	expect_file("# mine\n%1 a:1,192.0.2.1:1 the cellar\n\n%2 b:1\n");
}

static void a_key_that_the_former_one_vouches_for_takes_its_line(void **state)
{
	write_file("%1 a:1,b:1 note\n%2 c:1\n");
	assert_int_equal(known_hosts_check(known, "a:1", key(3), key(1)), KNOWN_YES);
	expect_file("%3 a:1,b:1 note\n%2 c:1\n");
	/* The former key is worth nothing now. */
	assert_int_equal(known_hosts_check(known, "b:1", key(1), NULL), KNOWN_CHANGED);
}

static void a_new_key_under_a_new_name_is_known_by_the_former_one(void **state)
{
	write_file("%1 a:1\n");
	assert_int_equal(known_hosts_check(known, "b:1", key(3), key(1)), KNOWN_YES);
	expect_file("%3 a:1,b:1\n");
}

static void the_former_keys_line_goes_also_when_the_new_one_is_there(void **state)
{
	write_file("%3 a:1\n%1 b:1\n");
	assert_int_equal(known_hosts_check(known, "a:1", key(3), key(1)), KNOWN_YES);
	expect_file("%3 a:1\n%3 b:1\n");
}

static void a_name_may_have_several_keys_when_somebody_wrote_it_so(void **state)
{
	write_file("%1 a:1\n%2 a:1\n");
	assert_int_equal(known_hosts_check(known, "a:1", key(1), NULL), KNOWN_YES);
	assert_int_equal(known_hosts_check(known, "a:1", key(2), NULL), KNOWN_YES);
	assert_int_equal(known_hosts_check(known, "a:1", key(3), NULL), KNOWN_CHANGED);
}

static void a_name_that_is_forgotten_can_be_met_anew(void **state)
{
	write_file("# one\n%1 a:1,b:1 note\n%2 b:1\n");
	assert_int_equal(known_hosts_line(known, "b:1"), 2);
	assert_int_equal(known_hosts_forget(known, "b:1"), 0);
	expect_file("# one\n%1 a:1 note\n");
	assert_int_equal(known_hosts_line(known, "b:1"), 0);
	assert_int_equal(known_hosts_forget(known, "b:1"), TCHAT_ERR_NOT_FOUND);
	assert_int_equal(known_hosts_add(known, "b:1", key(3)), 0);
	expect_file("# one\n%1 a:1 note\n%3 b:1\n");
}

static void lines_that_are_not_understood_stay_and_say_nothing(void **state)
{
	write_file("#%1 a:1\n%1\n%1 \n%1a:1\nx %1 a:1\n%1! a:1\n\t %2\t b:1\r\nlast");
	assert_int_equal(known_hosts_check(known, "a:1", key(2), NULL), KNOWN_YES);
	assert_int_equal(known_hosts_check(known, "c:1", key(1), NULL), KNOWN_NEW);
	expect_file("#%1 a:1\n%1\n%1 \n%1a:1\nx %1 a:1\n%1! a:1\n%2 b:1,a:1\r\nlast\n");
}

static void what_cannot_be_a_name_is_not_written(void **state)
{
	char longest[KNOWN_HOSTS_NAME + 1];
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	static const char *const names[] = { "", "a b:1", "a,b:1", "a\n:1", "a\t", "\x7f" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_int_equal(known_hosts_add(known, names[i], key(1)), TCHAT_ERR_ARGUMENT);
	assert_int_equal(known_hosts_add(known, longest, key(1)), TCHAT_ERR_ARGUMENT);
	assert_int_equal(access(path, F_OK), -1);
	write_file("%1 a:1\n");
	assert_int_equal(known_hosts_check(known, "a b:1", key(1), NULL), KNOWN_YES);
	expect_file("%1 a:1\n");
}

static void a_file_that_others_may_write_to_is_refused(void **state)
{
	write_file("%1 a:1\n");
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(known_hosts_check(known, "a:1", key(1), NULL), TCHAT_ERR_PERMISSION);
	assert_int_equal(known_hosts_add(known, "b:1", key(1)), TCHAT_ERR_PERMISSION);
	assert_int_equal(chmod(path, 0602), 0);
	assert_int_equal(known_hosts_check(known, "a:1", key(1), NULL), TCHAT_ERR_PERMISSION);
}

static void a_file_that_is_too_long_is_refused_and_none_is_made(void **state)
{
	write_file("%1 a:1\n");
	FILE *file = fopen(path, "a");
	assert_non_null(file);
	for (int i = 0; i < KNOWN_HOSTS_MAXIMUM - 50; i++)
		fputc(i % 80 == 79 ? '\n' : '#', file);
	fclose(file);
	assert_int_equal(known_hosts_check(known, "a:1", key(1), NULL), KNOWN_YES);
	assert_int_equal(known_hosts_add(known, "a-name-for-which-there-is-no-room-any-more:1", key(2)), TCHAT_ERR_FULL);
	assert_int_equal(known_hosts_check(known, "a:1", key(1), NULL), KNOWN_YES);
	file = fopen(path, "a");
	assert_non_null(file);
	for (int i = 0; i < 60; i++)
		fputc('#', file);
	fclose(file);
	assert_int_equal(known_hosts_check(known, "a:1", key(1), NULL), TCHAT_ERR_TOO_LONG);
}

static void a_disk_that_is_full_changes_no_answer_and_no_file(void **state)
{
	write_file("%1 a:1\n");
	renames_fail = true;
	assert_int_equal(known_hosts_check(known, "b:1", key(1), NULL), KNOWN_YES);
	assert_int_equal(known_hosts_add(known, "c:1", key(2)), TCHAT_ERR_SYSTEM);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(known_hosts_forget(known, "a:1"), TCHAT_ERR_SYSTEM);
	expect_file("%1 a:1\n");
	renames_fail = false;
	assert_int_equal(known_hosts_check(known, "c:1", key(2), NULL), KNOWN_NEW);
}

static void writers_do_not_undo_each_other(void **state)
{
	enum { WRITERS = 4, NAMES = 10 };
	for (int writer = 0; writer < WRITERS; writer++) {
		pid_t child = fork();
		assert_true(child >= 0);
		if (child > 0)
			continue;
		int err = 0;
		for (int i = 0; i < NAMES && err == 0; i++) {
			char name[32];
			snprintf(name, sizeof name, "host-%d-%d:1", writer, i);
			while ((err = known_hosts_add(known, name, key(writer))) == TCHAT_ERR_AGAIN)
				;
		}
		_exit(err == 0 ? 0 : 1);
	}
	for (int writer = 0; writer < WRITERS; writer++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (int writer = 0; writer < WRITERS; writer++)
		for (int i = 0; i < NAMES; i++) {
			char name[32];
			snprintf(name, sizeof name, "host-%d-%d:1", writer, i);
			assert_int_equal(known_hosts_check(known, name, key(writer), NULL), KNOWN_YES);
		}
}

#ifdef HAVE_FLOCK
static void while_another_writes_a_writer_waits_and_gives_up(void **state)
{
	write_file("%1 a:1\n");
	int lock = file_lock(path);
	assert_true(lock >= 0);
	assert_int_equal(known_hosts_add(known, "b:1", key(2)), TCHAT_ERR_AGAIN);
	/* What need not be written is answered all the same. */
	assert_int_equal(known_hosts_check(known, "a:1", key(1), NULL), KNOWN_YES);
	assert_int_equal(known_hosts_check(known, "b:1", key(1), NULL), KNOWN_YES);
	expect_file("%1 a:1\n");
	close(lock);
	assert_int_equal(known_hosts_add(known, "b:1", key(2)), 0);
	expect_file("%1 a:1\n%2 b:1\n");
}
#endif

static void without_a_file_it_is_kept_until_the_end(void **state)
{
	struct known_hosts *memory = known_hosts_new(NULL);
	assert_non_null(memory);
	assert_int_equal(known_hosts_check(memory, "a:1", key(1), NULL), KNOWN_NEW);
	assert_int_equal(known_hosts_add(memory, "a:1", key(1)), 0);
	assert_int_equal(known_hosts_check(memory, "a:1", key(1), NULL), KNOWN_YES);
	assert_int_equal(known_hosts_check(memory, "b:1", key(1), NULL), KNOWN_YES);
	assert_int_equal(known_hosts_check(memory, "b:1", key(2), NULL), KNOWN_CHANGED);
	assert_int_equal(known_hosts_forget(memory, "a:1"), 0);
	assert_int_equal(known_hosts_check(memory, "a:1", key(2), NULL), KNOWN_NEW);
	known_hosts_free(memory);
	known_hosts_free(NULL);
}

static void names_of_hosts(void **state)
{
	static const struct {
		const char *typed, *name;
	} samples[] = {
		{ "Chat.Example.ORG", "chat.example.org:50000" },
		{ "chat.example.org.:4711", "chat.example.org:4711" },
		{ "192.0.2.1:1", "192.0.2.1:1" },
		{ "[2001:DB8:0::5]:1", "[2001:db8::5]:1" },
		{ "localhost", "localhost:50000%HOST" },
		{ "LocalHost:1", "localhost:1%HOST" },
		{ ":1", "localhost:1%HOST" },
		{ "a.localhost.:1", "a.localhost:1%HOST" },
		{ "notlocalhost:1", "notlocalhost:1" },
		{ "127.9.9.9:1", "127.9.9.9:1%HOST" },
		{ "128.0.0.1:1", "128.0.0.1:1" },
		{ "169.254.3.4:1", "169.254.3.4:1%HOST" },
		{ "[0:0::1]:1", "[::1]:1%HOST" },
		{ "[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1%HOST" },
		{ "[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.1]:1" },
		{ "[FE80::1%eth0]:1", "[fe80::1]:1%HOST%eth0" },
		{ "[fe80::1]:1", "[fe80::1]:1%HOST" },
	};
	char machine[256] = "";
	assert_int_equal(gethostname(machine, sizeof machine - 1), 0);
	for (char *c = machine; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct address address;
		char name[KNOWN_HOSTS_NAME], expected[KNOWN_HOSTS_NAME];
		const char *place = strstr(samples[i].name, "HOST");
		size_t before = place == NULL ? strlen(samples[i].name) : (size_t)(place - samples[i].name);
		snprintf(expected, sizeof expected, "%.*s%s%s", (int)before, samples[i].name, place == NULL ? "" : machine,
		         place == NULL ? "" : place + 4);
		assert_int_equal(address_parse(&address, samples[i].typed, ADDRESS_JOIN), ADDRESS_OK);
		assert_true(known_hosts_name(&address, name));
		assert_string_equal(name, expected);
		assert_int_equal(known_hosts_add(known, name, key(1)), 0);
	}
	struct address address;
	char name[KNOWN_HOSTS_NAME];
	assert_int_equal(address_parse(&address, "unix:/run/x", ADDRESS_JOIN), ADDRESS_OK);
	assert_false(known_hosts_name(&address, name));
}

static void the_longest_name_fits(void **state)
{
	struct address address = { .kind = ADDRESS_TCP };
	char name[KNOWN_HOSTS_NAME];
	memset(address.node, 'x', ADDRESS_NODE_SIZE - 1);
	memcpy(address.node, "fe80::1%", 8);
	memset(address.service, 'y', ADDRESS_SERVICE_SIZE - 1);
	assert_true(known_hosts_name(&address, name));
	assert_int_equal(name[strlen(name) - 1], 'x');
	assert_int_equal(known_hosts_add(known, name, key(1)), 0);
	memset(address.node, 'x', ADDRESS_NODE_SIZE - 1);
	assert_true(known_hosts_name(&address, name));
	assert_int_equal(strlen(name), ADDRESS_NODE_SIZE + ADDRESS_SERVICE_SIZE - 1);
}

static int begin_running(void **state)
{
	return begin(state) == 0 ? setenv("XDG_RUNTIME_DIR", folder, 1) : -1;
}

static int end_running(void **state)
{
	char below[256];
	snprintf(below, sizeof below, "%s/tchat", folder);
	rmdir(below);
	unsetenv("XDG_RUNTIME_DIR");
	return end(state);
}

static void ones_own_running_host_is_known(void **state)
{
	assert_false(known_hosts_is_own(key(1)));
	assert_int_equal(known_hosts_own_add(key(1)), 0);
	assert_true(known_hosts_is_own(key(1)));
	assert_false(known_hosts_is_own(key(2)));
	known_hosts_own_remove();
	assert_false(known_hosts_is_own(key(1)));
}

static void a_folder_that_others_may_write_to_vouches_for_nothing(void **state)
{
	char below[256];
	assert_int_equal(known_hosts_own_add(key(1)), 0);
	snprintf(below, sizeof below, "%s/tchat", folder);
	assert_int_equal(chmod(below, 0720), 0);
	assert_false(known_hosts_is_own(key(1)));
	assert_int_equal(known_hosts_own_add(key(1)), TCHAT_ERR_PERMISSION);
	assert_int_equal(chmod(below, 0700), 0);
	assert_true(known_hosts_is_own(key(1)));
	known_hosts_own_remove();
}

static void what_a_dead_host_left_is_cleared_away_by_the_next(void **state)
{
	char left[280], other[280];
	pid_t dead = fork();
	if (dead == 0)
		_exit(0);
	assert_true(waitpid(dead, NULL, 0) == dead);
	assert_int_equal(known_hosts_own_add(key(1)), 0);
	snprintf(left, sizeof left, "%s/tchat/%ld.pin", folder, (long)dead);
	snprintf(other, sizeof other, "%s/tchat/%ldx.pin", folder, (long)dead);
	char text[64];
	int length = snprintf(text, sizeof text, "%s\n", text_of_key(2));
	assert_int_equal(file_replace(left, text, (size_t)length), 0);
	assert_int_equal(file_replace(other, text, (size_t)length), 0);
	assert_true(known_hosts_is_own(key(2)));
	assert_int_equal(known_hosts_own_add(key(1)), 0);
	assert_false(known_hosts_is_own(key(2)));
	assert_true(known_hosts_is_own(key(1)));
	/* Another's file is not ours to take away, nor to believe. */
	assert_int_equal(unlink(other), 0);
	known_hosts_own_remove();
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define RUNNING(test) cmocka_unit_test_setup_teardown(test, begin_running, end_running)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILE(a_host_is_new_until_somebody_vouches_for_it),
		WITH_FILE(another_key_under_a_known_name_is_a_change),
		WITH_FILE(names_are_whole_names),
		WITH_FILE(a_known_key_gets_the_name_that_it_is_met_under),
		WITH_FILE(a_key_that_the_former_one_vouches_for_takes_its_line),
		WITH_FILE(a_new_key_under_a_new_name_is_known_by_the_former_one),
		WITH_FILE(the_former_keys_line_goes_also_when_the_new_one_is_there),
		WITH_FILE(a_name_may_have_several_keys_when_somebody_wrote_it_so),
		WITH_FILE(a_name_that_is_forgotten_can_be_met_anew),
		WITH_FILE(lines_that_are_not_understood_stay_and_say_nothing),
		WITH_FILE(what_cannot_be_a_name_is_not_written),
		WITH_FILE(a_file_that_others_may_write_to_is_refused),
		WITH_FILE(a_file_that_is_too_long_is_refused_and_none_is_made),
		WITH_FILE(a_disk_that_is_full_changes_no_answer_and_no_file),
		WITH_FILE(writers_do_not_undo_each_other),
#ifdef HAVE_FLOCK
		WITH_FILE(while_another_writes_a_writer_waits_and_gives_up),
#endif
		WITH_FILE(without_a_file_it_is_kept_until_the_end),
		WITH_FILE(names_of_hosts),
		WITH_FILE(the_longest_name_fits),
		RUNNING(ones_own_running_host_is_known),
		RUNNING(a_folder_that_others_may_write_to_vouches_for_nothing),
		RUNNING(what_a_dead_host_left_is_cleared_away_by_the_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
