/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tchatrc: what is read, what is complained about, what a change leaves as it was. */
#include "app/config.h"
#include "app/config_text.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/paths.h"
#include "one-file.h"
#include "ui/theme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>

/* The system call of this name fails from now on. */
static const char *broken = "";

ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);

static int fails(const char *name, int number)
{
	if (strcmp(broken, name) != 0)
		return 0;
	errno = number;
	return -1;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
	/* The first bytes arrive, then the disk is full. */
	if (strcmp(broken, "write") == 0 && length > 3)
		return __real_write(fd, bytes, 3);
	return fails("write", ENOSPC) != 0 ? -1 : __real_write(fd, bytes, length);
}

int __wrap_fsync(int fd)
{
	return fails("fsync", EIO) != 0 ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
	return fails("rename", EACCES) != 0 ? -1 : __real_rename(from, to);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return fails("fchmod", EPERM) != 0 ? -1 : __real_fchmod(fd, mode);
}

static void put_bytes(const char *bytes, size_t length)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void put(const char *text)
{
	put_bytes(text, strlen(text));
}

static void assert_file(const char *want)
{
	struct buffer text;
	buffer_init(&text, 1 << 20);
	assert_int_equal(file_read(path, 1 << 20, &text), 0);
	assert_int_equal(buffer_put(&text, "", 1), 0);
	assert_string_equal((const char *)buffer_data(&text), want);
	buffer_free(&text);
}

/* Nothing but the file itself is in the folder. */
static void assert_no_leftovers(int files)
{
	DIR *list = opendir(folder);
	int count = 0;
	assert_non_null(list);
	for (struct dirent *entry; (entry = readdir(list)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(list);
	assert_int_equal(count, files);
}

static struct options options;

static struct config *load(void)
{
	memset(&options, 0, sizeof options);
	settings_init(&options);
	struct config *config = config_new(&options, path);
	assert_non_null(config);
	config_load(config);
	return config;
}

/* The problem without the file's name in front of it. */
static const char *problem(const struct config *config, size_t index)
{
	const char *text = config_problem(config, index);
	if (text == NULL)
		return NULL;
	assert_memory_equal(text, path, strlen(path));
	return text + strlen(path) + 1;
}

static void assert_problem(const char *text, const char *want)
{
	put(text);
	struct config *config = load();
	assert_non_null(problem(config, 0));
	assert_string_equal(problem(config, 0), want);
	assert_null(problem(config, 1));
	config_free(config);
}

static void defaults_are_those_of_the_table(void **state)
{
	struct config *config = load();
	assert_null(config_problem(config, 0));
	assert_null(options.nick);
	assert_string_equal(options.room, "lobby");
	assert_int_equal(options.history, -1);
	assert_int_equal(options.backlog, 1024);
	assert_int_equal(options.linger, TCHAT_SECONDS(600));
	assert_int_equal(options.interval, TCHAT_SECONDS(1));
	assert_int_equal(options.theme, THEME_AUTO);
	assert_true(options.bell && options.clock && options.drafts && options.input_history);
	assert_false(options.mouse || options.title || options.notify);
	config_free(config);
}

static void words_of_choices_are_those_of_the_screen(void **state)
{
	char reason[SETTING_REASON];
	for (int i = 0; i < THEME_COUNT; i++) {
		settings_init(&options);
		assert_int_equal(setting_parse(&options, SETTING_THEME, theme_name((enum theme)i), reason), 0);
		assert_int_equal(options.theme, i);
	}
}

static void lines_set_values_whatever_their_spacing(void **state)
{
	put("# comment\n\n  nick=ann\n\troom \t=  tea \nlinger = 90s\nmotd = # tea = at four  \ntheme = light\nmouse = on\n"
	    "history = 7\nmembers-pane = off\n   # theme = none");
	struct config *config = load();
	assert_null(config_problem(config, 0));
	assert_string_equal(options.nick, "ann");
	assert_string_equal(options.room, "tea");
	assert_string_equal(options.motd, "# tea = at four");
	assert_int_equal(options.linger, TCHAT_SECONDS(90));
	assert_int_equal(options.theme, THEME_LIGHT);
	assert_true(options.mouse);
	assert_int_equal(options.history, 7);
	assert_int_equal(options.members_pane, 1);
	assert_int_equal(options.source[SETTING_MOUSE], FROM_FILE);
	config_free(config);
}

static void the_last_line_of_a_key_counts(void **state)
{
	put("theme = light\ntheme = contrast\n");
	struct config *config = load();
	assert_int_equal(options.theme, THEME_CONTRAST);
	config_free(config);
}

static void line_ends_of_other_systems_and_a_mark_do_not_matter(void **state)
{
	put("\xEF\xBB\xBFnick = ann\r\ntheme = light\r\n");
	struct config *config = load();
	assert_null(config_problem(config, 0));
	assert_string_equal(options.nick, "ann");
	assert_int_equal(options.theme, THEME_LIGHT);
	config_free(config);
}

static void the_command_line_wins_over_the_file(void **state)
{
	char program[] = "tchat", option[] = "--nick=bob", address[] = "localhost";
	char *argv[] = { program, option, address, NULL };
	put("nick = ann\nroom = tea\n");
	optind = 0;
	assert_int_equal(options_parse(&options, 3, argv), 0);
	struct config *config = config_new(&options, path);
	config_load(config);
	assert_string_equal(options.nick, "bob");
	assert_string_equal(options.room, "tea");
	assert_int_equal(options.source[SETTING_NICK], FROM_COMMAND_LINE);
	config_free(config);
}

static void a_setting_of_the_screen_is_no_option(void **state)
{
	char program[] = "tchat", option[] = "--theme=light", address[] = "localhost";
	char *argv[] = { program, option, address, NULL };
	optind = 0;
	assert_int_not_equal(options_parse(&options, 3, argv), 0);
}

static void bad_lines_are_told_with_number_and_suggestion(void **state)
{
	assert_problem("\nthem = light\n", "2: unknown key 'them'; did you mean 'theme'?");
	assert_problem("\nfoo = light\n", "2: unknown key 'foo'");
	assert_problem("Nick = ann\n", "1: unknown key 'Nick'; did you mean 'nick'?");
	assert_problem("colour = red\n", "1: unknown key 'colour'");
	assert_problem("host = 50000\n", "1: 'host' is for the command line only");
	assert_problem("nick\n", "1: expected KEY = VALUE");
	assert_problem("nick =\n", "1: expected KEY = VALUE");
	assert_problem("= ann\n", "1: expected KEY = VALUE");
	assert_problem("theme = pink\n", "1: theme: 'pink' is not one of: auto dark light contrast none");
	assert_problem("bell = ON\n", "1: bell: 'ON' is not one of: off on");
	assert_problem("history = 1e3\n", "1: history: '1e3' is not a whole number from 0 to 100000");
	assert_problem("linger = soon\n", "1: linger: 'soon' is not a time like 500ms, 30s, 10m or 2h");
	assert_problem("interval = never\n", "1: interval: 'never' is not a time like 500ms, 30s, 10m or 2h");
	assert_problem("nick = a/b c#\xC2\x85\n", "1: nick: 'a/b c#\xEF\xBF\xBD' is not a possible name");
}

static void bad_lines_do_not_hide_good_ones(void **state)
{
	put("x = 1\ntheme = pink\nnick = ann\ny\n");
	struct config *config = load();
	assert_string_equal(options.nick, "ann");
	assert_int_equal(options.theme, THEME_AUTO);
	assert_non_null(config_problem(config, 2));
	assert_null(config_problem(config, 3));
	config_free(config);
}

static void what_is_no_text_is_told_and_skipped(void **state)
{
	static const char bytes[] = "nick = a\0b\nmotd = \xff\xfe\n\x1b[2J = 1\n# \xff\0 a comment may\ntheme = light\n";
	put_bytes(bytes, sizeof bytes - 1);
	struct config *config = load();
	assert_string_equal(problem(config, 0), "1: not UTF-8 text");
	assert_string_equal(problem(config, 1), "2: not UTF-8 text");
	assert_string_equal(problem(config, 2), "3: not UTF-8 text");
	assert_null(problem(config, 3));
	assert_null(options.nick);
	assert_null(options.motd);
	assert_int_equal(options.theme, THEME_LIGHT);
	config_free(config);
}

static void no_more_than_twenty_problems_are_told(void **state)
{
	char text[64 * 100] = "";
	for (int i = 0; i < 100; i++)
		strcat(text, "nonsense = 1\n");
	put(text);
	struct config *config = load();
	assert_string_equal(problem(config, 19), "20: unknown key 'nonsense'");
	assert_string_equal(problem(config, 20), " 80 more lines are wrong");
	assert_null(problem(config, 21));
	config_free(config);
}

static void a_file_that_cannot_be_read_is_one_problem(void **state)
{
	char reason[CONFIG_REASON], *huge = malloc(CONFIG_FILE_MAX + 1);
	memset(huge, '\n', CONFIG_FILE_MAX + 1);
	put_bytes(huge, CONFIG_FILE_MAX + 1);
	free(huge);
	struct config *config = load();
	assert_string_equal(problem(config, 0), " too large");
	/* And it is not written over. */
	assert_int_not_equal(config_set(config, SETTING_BELL, "off", reason), 0);
	assert_false(options.bell);
	config_free(config);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	config = load();
	assert_string_equal(problem(config, 0), " not a regular file");
	config_free(config);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	config = load();
	assert_string_equal(problem(config, 0), " not a regular file");
	config_free(config);
	rmdir(path);
}

static void a_file_read_again_holds_instead_of_what_it_said(void **state)
{
	put("motd = one\nlinger = 5m\nclients = 7\n");
	struct config *config = load();
	options.source[SETTING_CLIENTS] = FROM_COMMAND_LINE;
	options.clients = 9;
	put("motd = two\nclients = 8\naccess = open\n");
	assert_int_equal(config_reload(config), 0);
	assert_null(config_problem(config, 0));
	assert_string_equal(options.motd, "two");
	assert_int_equal(options.access, ACCESS_OPEN);
	assert_int_equal(options.linger, TCHAT_SECONDS(600));
	assert_int_equal(options.clients, 9);
	assert_ptr_equal(options.config, config);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(config_reload(config), 0);
	assert_null(options.motd);
	config_free(config);
}

static void a_broken_file_read_again_changes_nothing(void **state)
{
	put("motd = one\nlinger = 5m\n");
	struct config *config = load();
	put("motd = two\nlinger = soon\n");
	assert_int_equal(config_reload(config), TCHAT_ERR_SYNTAX);
	assert_non_null(strstr(config_problem(config, 0), ":2: linger: "));
	assert_null(config_problem(config, 1));
	assert_string_equal(options.motd, "one");
	assert_int_equal(options.linger, TCHAT_SECONDS(300));
	put("motd = three\n");
	assert_int_equal(config_reload(config), 0);
	assert_null(config_problem(config, 0));
	assert_string_equal(options.motd, "three");
	config_free(config);
}

static void no_file_and_no_home_are_no_problem(void **state)
{
	unlink(path);
	struct config *config = load();
	assert_null(config_problem(config, 0));
	config_free(config);
	setenv("HOME", "/proc/nonexistent", 1); /* where not even root can make it */
	unsetenv("XDG_CONFIG_HOME");
	memset(&options, 0, sizeof options);
	settings_init(&options);
	config = config_new(&options, NULL);
	config_load(config);
	assert_null(config_problem(config, 0));
	char reason[CONFIG_REASON];
	assert_int_not_equal(config_set(config, SETTING_BELL, "off", reason), 0);
	assert_false(options.bell);
	assert_int_not_equal(access("/proc/nonexistent", F_OK), 0);
	config_free(config);
}

/* Sets key to value in text, and compares what it becomes. */
static void assert_change(const char *text, enum setting setting, const char *value, const char *want)
{
	char reason[CONFIG_REASON];
	put(text);
	struct config *config = load();
	assert_int_equal(config_set(config, setting, value, reason), 0);
	assert_file(want);
	assert_no_leftovers(1);
	config_free(config);
}

static void a_change_keeps_everything_else(void **state)
{
	assert_change("# mine\n\n  theme   =  dark   \nfoo = bar\nbroken\n", SETTING_THEME, "light",
	              "# mine\n\n  theme   =  light   \nfoo = bar\nbroken\n");
	assert_change("theme=dark\n# theme = none\ntheme=light", SETTING_THEME, "none", "theme=dark\n# theme = none\ntheme=none");
	assert_change("theme =\n", SETTING_THEME, "none", "theme = none\n");
	assert_change("theme\n", SETTING_THEME, "none", "theme\ntheme = none\n");
	assert_change("bell = on", SETTING_MOTD, "a = b # c", "bell = on\nmotd = a = b # c\n");
	assert_change("bell = on\r\nclock = on\r\n", SETTING_BELL, "off", "bell = off\r\nclock = on\r\n");
	assert_change("bell = on\r\n", SETTING_CLOCK, "off", "bell = on\r\nclock = off\r\n");
	assert_change("bell = \ron\n", SETTING_BELL, "off", "bell = \roff\n");
	assert_change("\xEF\xBB\xBF" "bell = on\n", SETTING_BELL, "off", "\xEF\xBB\xBF" "bell = off\n");
	assert_change("", SETTING_BELL, "off", "bell = off\n");
}

static void the_default_comes_back_with_the_line_gone(void **state)
{
	assert_change("a\ntheme = light\n# theme\ntheme = none\n", SETTING_THEME, NULL, "a\n# theme\n");
	assert_change("nick = ann\n", SETTING_NICK, NULL, "");
	assert_null(options.nick);
	assert_change("bell = on\n", SETTING_THEME, NULL, "bell = on\n");
}

static void a_change_holds_at_once_and_is_read_again(void **state)
{
	char reason[CONFIG_REASON];
	unlink(path);
	struct config *config = load();
	assert_int_equal(config_set(config, SETTING_NICK, "ann", reason), 0);
	assert_int_equal(config_set(config, SETTING_NICK, "bob", reason), 0);
	assert_int_equal(config_set(config, SETTING_LINGER, "2h", reason), 0);
	assert_string_equal(options.nick, "bob");
	assert_int_equal(options.source[SETTING_NICK], FROM_USER);
	config_free(config);
	config = load();
	assert_string_equal(options.nick, "bob");
	assert_int_equal(options.linger, TCHAT_SECONDS(7200));
	config_free(config);
}

static void a_wrong_value_changes_nothing(void **state)
{
	char reason[CONFIG_REASON];
	put("theme = light\n");
	struct config *config = load();
	assert_int_equal(config_set(config, SETTING_THEME, "pink", reason), TCHAT_ERR_ARGUMENT);
	assert_string_equal(reason, "'pink' is not one of: auto dark light contrast none");
	assert_int_equal(config_set(config, SETTING_MOTD, "two\nlines", reason), TCHAT_ERR_ARGUMENT);
	assert_string_equal(reason, "a value is one line of text");
	assert_int_equal(config_set(config, SETTING_NICK, "", reason), TCHAT_ERR_ARGUMENT);
	assert_int_equal(options.theme, THEME_LIGHT);
	assert_null(options.motd);
	assert_file("theme = light\n");
	config_free(config);
}

static void a_new_file_is_private_and_an_old_one_keeps_its_mode(void **state)
{
	char reason[CONFIG_REASON];
	struct stat about;
	unlink(path);
	mode_t mask = umask(0);
	struct config *config = load();
	assert_int_equal(config_set(config, SETTING_BELL, "off", reason), 0);
	umask(mask);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(config_set(config, SETTING_BELL, "on", reason), 0);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0640);
	config_free(config);
}

static void a_link_is_written_through(void **state)
{
	char reason[CONFIG_REASON], target[160];
	struct stat about;
	snprintf(target, sizeof target, "%s-target", path);
	unlink(path);
	assert_int_equal(symlink("file-target", path), 0);
	for (int exists = 0; exists < 2; exists++) {
		struct config *config = load();
		assert_int_equal(config_set(config, SETTING_BELL, exists ? "on" : "off", reason), 0);
		config_free(config);
		assert_int_equal(lstat(path, &about), 0);
		assert_true(S_ISLNK(about.st_mode));
		assert_int_equal(lstat(target, &about), 0);
		assert_true(S_ISREG(about.st_mode));
		assert_file(exists ? "bell = on\n" : "bell = off\n");
	}
	assert_no_leftovers(2);
	unlink(target);
	unlink(path);
	/* A link to itself ends, too. */
	assert_int_equal(symlink("file", path), 0);
	struct config *config = load();
	assert_non_null(config_problem(config, 0));
	assert_int_not_equal(config_set(config, SETTING_BELL, "off", reason), 0);
	config_free(config);
	unlink(path);
}

static void a_failure_leaves_the_old_file(void **state)
{
	static const struct {
		const char *call;
		const char *reason;
	} failures[] = { { "write", "No space left on device" },
		         { "fsync", "Input/output error" },
		         { "fchmod", "Operation not permitted" },
		         { "rename", "Permission denied" } };
	char reason[CONFIG_REASON], want[256];
	put("# mine\ntheme = dark\n");
	for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
		struct config *config = load();
		broken = failures[i].call;
		int err = config_set(config, SETTING_THEME, "light", reason);
		broken = "";
		assert_int_equal(err, TCHAT_ERR_SYSTEM);
		snprintf(want, sizeof want, "%s: %s", path, failures[i].reason);
		assert_string_equal(reason, want);
		assert_int_equal(options.theme, THEME_LIGHT);
		assert_file("# mine\ntheme = dark\n");
		assert_no_leftovers(1);
		config_free(config);
	}
}

static void values_are_printed_as_they_are_written(void **state)
{
	static const struct {
		enum setting setting;
		const char *text, *printed;
	} rows[] = { { SETTING_LINGER, "never", "never" }, { SETTING_LINGER, "90", "90s" }, { SETTING_LINGER, "3600s", "1h" },
		     { SETTING_LINGER, "48h", "2d" }, { SETTING_INTERVAL, "0.25s", "250ms" }, { SETTING_INTERVAL, "0", "0ms" },
		     { SETTING_INTERVAL, "0.5ms", "0.500ms" }, { SETTING_THEME, "none", "none" }, { SETTING_BELL, "off", "off" },
		     { SETTING_BELL, "on", "on" }, { SETTING_HISTORY, "0", "0" } };
	char reason[SETTING_REASON], text[SETTING_MAX + 1];
	settings_init(&options);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(setting_parse(&options, rows[i].setting, rows[i].text, reason), 0);
		setting_format(&options, rows[i].setting, text, sizeof text);
		assert_string_equal(text, rows[i].printed);
	}
	setting_reset(&options, SETTING_HISTORY);
	setting_format(&options, SETTING_HISTORY, text, sizeof text);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(defaults_are_those_of_the_table, begin),
		cmocka_unit_test_setup(a_file_read_again_holds_instead_of_what_it_said, begin),
		cmocka_unit_test_setup(a_broken_file_read_again_changes_nothing, begin),
		cmocka_unit_test(words_of_choices_are_those_of_the_screen),
		cmocka_unit_test(lines_set_values_whatever_their_spacing),
		cmocka_unit_test(the_last_line_of_a_key_counts),
		cmocka_unit_test(line_ends_of_other_systems_and_a_mark_do_not_matter),
		cmocka_unit_test(the_command_line_wins_over_the_file),
		cmocka_unit_test(a_setting_of_the_screen_is_no_option),
		cmocka_unit_test(bad_lines_are_told_with_number_and_suggestion),
		cmocka_unit_test(bad_lines_do_not_hide_good_ones),
		cmocka_unit_test(what_is_no_text_is_told_and_skipped),
		cmocka_unit_test(no_more_than_twenty_problems_are_told),
		cmocka_unit_test(a_file_that_cannot_be_read_is_one_problem),
		cmocka_unit_test(no_file_and_no_home_are_no_problem),
		cmocka_unit_test_setup(a_change_keeps_everything_else, begin),
		cmocka_unit_test_setup(the_default_comes_back_with_the_line_gone, begin),
		cmocka_unit_test(a_change_holds_at_once_and_is_read_again),
		cmocka_unit_test(a_wrong_value_changes_nothing),
		cmocka_unit_test(a_new_file_is_private_and_an_old_one_keeps_its_mode),
		cmocka_unit_test(a_link_is_written_through),
		cmocka_unit_test_setup(a_failure_leaves_the_old_file, begin),
		cmocka_unit_test(values_are_printed_as_they_are_written),
	};
	return cmocka_run_group_tests(tests, set_up, clean_up);
}
