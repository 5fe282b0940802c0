/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings in the real program on a real terminal: at the start, changed while it runs, and at the next start. */
#include "config.h"

#include "pty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/tchat-pty-settings-XXXXXX";
static char config_variable[96], state_variable[96], runtime_variable[96], data_variable[96], address[96], tchatrc[96];

static void write_config(const char *text)
{
	FILE *file = fopen(tchatrc, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static const char *read_config(void)
{
	static char text[4096];
	FILE *file = fopen(tchatrc, "r");
	assert_non_null(file);
	size_t length = fread(text, 1, sizeof text - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

/* Each start has a host with a socket of its own, so that a failed test does not fail the others. */
static void next_address(void)
{
	static int number;
	snprintf(address, sizeof address, "unix:%s/socket-%d", folder, number++);
}

/* Opens a host of one's own. */
static struct pty *pty_start_here(const char *variable)
{
	next_address();
	const char *const argv[] = { "src/tchat", "--host", address, "--linger", "10s", "--durability=none", NULL };
	const char *const environment[] = { config_variable, state_variable, runtime_variable, data_variable, "USER=ann",
		                            "NO_COLOR", variable, NULL };
	return pty_start(24, 110, argv, environment);
}

/* The same, and waits for its room. */
static struct pty *start_with(const char *variable)
{
	struct pty *pty = pty_start_here(variable);
	pty_wait_row(pty, -1, "#lobby>");
	return pty;
}

static struct pty *start(void)
{
	return start_with(NULL);
}

/* A host removes its own socket when it ends. */
static bool own_socket(char path[256])
{
	char pattern[128];
	glob_t found;
	snprintf(pattern, sizeof pattern, "%s/tchat/host-*", folder);
	bool is_there = glob(pattern, 0, NULL, &found) == 0;
	if (is_there)
		snprintf(path, 256, "unix:%s", found.gl_pathv[0]);
	globfree(&found);
	return is_there;
}

static void wait_host_end(void)
{
	char path[256];
	for (int i = 0; i < 6000 && own_socket(path); i++)
		poll(NULL, 0, 10);
	assert_false(own_socket(path));
}

static void quit(struct pty *pty)
{
	pty_type(pty, "\003/quit all\r");
	int status = pty_wait_exit(pty);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	pty_assert_restored(pty);
	pty_stop(pty);
	wait_host_end();
}

/* The background of the status line. */
static int background(const struct pty *pty)
{
	struct pty_cell cell;
	pty_cell(pty, 0, 1, &cell);
	return cell.background * 1000 + cell.foreground;
}

static bool background_is_not(struct pty *pty, void *arg)
{
	return background(pty) != *(int *)arg;
}

static void a_theme_changes_at_once_and_stays(void **state)
{
	write_config("# mine\n");
	struct pty *pty = start();
	int dark = background(pty);
	pty_type(pty, "/set theme light\r");
	pty_wait_text(pty, "theme = light (default: auto)");
	pty_wait(pty, background_is_not, &dark, "other colours");
	int light = background(pty);
	assert_string_equal(read_config(), "# mine\ntheme = light\n");
	quit(pty);
	pty = start();
	assert_int_equal(background(pty), light);
	pty_type(pty, "/set -theme\r");
	pty_wait_text(pty, "theme = auto (default)");
	pty_wait(pty, background_is_not, &light, "the first colours again");
	assert_int_equal(background(pty), dark);
	assert_string_equal(read_config(), "# mine\n");
	quit(pty);
}

/* The foreground of the first character of the text on the last row that contains it. */
static int foreground(const struct pty *pty, const char *text)
{
	struct pty_cell cell;
	int row = pty_find_row(pty, text);
	assert_true(row >= 0);
	const char *shown = pty_row(pty, row); /* one call: the next one moves it */
	pty_cell(pty, row, (int)(strstr(shown, text) - shown), &cell);
	return cell.foreground;
}

static void a_white_terminal_gets_the_light_theme_and_its_answer_is_no_input(void **state)
{
	static const char *const colours[] = { "ffff/ffff/ffff", "fdfd/f6f6/e3e3", "0000/0000/0000", "0000/2b2b/3636" };
	int titles[4];
	for (int i = 0; i < 4; i++) {
		write_config("");
		struct pty *pty = pty_start_here(NULL);
		pty_answer_background(pty, colours[i]);
		pty_type(pty, "half a line"); /* what is typed meanwhile stays together */
		pty_wait_row(pty, -1, "#lobby> half a line");
		pty_type(pty, "\r");
		pty_wait_text(pty, "ann   half a line");
		titles[i] = background(pty);
		assert_int_equal(foreground(pty, "ann   half"), i < 2 ? 16 : 255);
		quit(pty);
	}
	assert_int_equal(titles[0], titles[1]);
	assert_int_equal(titles[2], titles[3]);
	assert_int_not_equal(titles[0], titles[2]);
}

static void a_silent_terminal_is_dark_unless_colorfgbg_says_otherwise(void **state)
{
	write_config("");
	struct pty *pty = start();
	int dark = background(pty);
	quit(pty);
	pty = start_with("COLORFGBG=0;15");
	assert_int_not_equal(background(pty), dark);
	quit(pty);
	write_config("theme = dark\n"); /* and what the user says counts more */
	pty = start_with("COLORFGBG=0;15");
	assert_int_equal(background(pty), dark);
	quit(pty);
}

static void no_color_wins_over_the_theme(void **state)
{
	write_config("theme = light\n");
	struct pty *pty = start_with("NO_COLOR=1");
	assert_int_equal(background(pty), -1001);
	pty_type(pty, "/set theme contrast\r");
	pty_wait_text(pty, "NO_COLOR is set");
	assert_int_equal(background(pty), -1001);
	quit(pty);
}

static void a_bad_file_is_told_and_stops_nothing(void **state)
{
	char line[256];
	write_config("them = light\nbell = loud\n\nclock = off\n");
	struct pty *pty = start();
	snprintf(line, sizeof line, "tchat: %s:1: unknown key 'them'; did you mean 'theme'?\r\n", tchatrc);
	pty_wait_raw(pty, line);
	pty_wait_text(pty, "unknown key 'them';"); /* wrapped where the folder's name ends */
	pty_wait_text(pty, "bell: 'loud'");
	quit(pty);
}

static void keys_and_values_are_completed(void **state)
{
	write_config("");
	struct pty *pty = start();
	pty_type(pty, "/set mem\t");
	pty_wait_row(pty, -1, "> /set members-pane");
	pty_type(pty, "of\t");
	pty_wait_row(pty, -1, "> /set members-pane off");
	pty_type(pty, "\003/set -the\t");
	pty_wait_row(pty, -1, "> /set -theme");
	pty_type(pty, "\003/set theme \t\t");
	pty_wait_text(pty, "contrast");
	quit(pty);
}

static void wrong_settings_are_explained(void **state)
{
	write_config("");
	struct pty *pty = start();
	pty_type(pty, "/set them\r");
	pty_wait_text(pty, "unknown key 'them'; did you mean 'theme'?");
	pty_type(pty, "/set theme pink\r");
	pty_wait_text(pty, "theme: 'pink' is not one of: auto dark light contrast none");
	pty_type(pty, "/set linger 3h\r");
	pty_wait_text(pty, "This counts from the next start on.");
	pty_type(pty, "/set nick zoe\r");
	pty_wait_text(pty, "you are now zoe");
	assert_string_equal(read_config(), "linger = 3h\nnick = zoe\n");
	quit(pty);
}

static void modes_follow_their_settings(void **state)
{
	write_config("title = on\n");
	struct pty *pty = start();
	pty_wait_raw(pty, "\033[22;2t");
	pty_wait_raw(pty, "\033]2;tchat\007");
	assert_int_not_equal(pty_mode(pty, 1006), 1);
	pty_type(pty, "/set mouse on\r");
	pty_wait_text(pty, "mouse = on");
	pty_wait_mode(pty, 1006, 1);
	pty_type(pty, "/set mouse off\r");
	pty_wait_text(pty, "mouse = off");
	pty_wait_mode(pty, 1006, 0);
	pty_forget(pty);
	pty_type(pty, "/set title off\r");
	pty_wait_raw(pty, "\033[23;2t");
	pty_type(pty, "/set rooms-pane on\r");
	pty_wait_text(pty, "Rooms");
	pty_type(pty, "/set rooms-pane off\r");
	pty_wait_no_text(pty, "Rooms");
	quit(pty);
}

static void a_mention_rings_unless_the_bell_is_off(void **state)
{
	const char *const join[] = { "src/tchat", "--lines", "--nick", "bob", address, NULL };
	const char *const environment[] = { config_variable, state_variable, runtime_variable, data_variable, NULL };
	write_config("notify = on\n");
	struct pty *pty = start();
	struct pty *other = pty_start(10, 80, join, environment);
	pty_wait_text(other, "#lobby: ");
	pty_type(other, "ann: tea?\r");
	pty_wait_text(pty, "ann: tea?");
	pty_wait_raw(pty, "\033]9;tchat: somebody said your name\007");
	pty_type(pty, "\033[I/set bell off\r");
	pty_wait_text(pty, "bell = off");
	pty_forget(pty);
	pty_type(other, "ann: cake?\r");
	pty_wait_text(pty, "ann: cake?");
	size_t length;
	const char *raw = pty_raw(pty, &length);
	assert_null(memchr(raw, '\007', length));
	pty_stop(other);
	quit(pty);
}

static void the_clipboard_is_written_only_when_that_is_allowed(void **state)
{
	size_t length;
	write_config("");
	struct pty *pty = start();
	pty_type(pty, "see https://example.org/a, or\033\rnot\r");
	pty_wait_text(pty, "ann   see https");
	pty_type(pty, "na\303\257ve\r");
	pty_wait_text(pty, "ann   na");
	pty_type(pty, "/copy\r");
	pty_wait_text(pty, "tchat may not write to the clipboard");
	const char *raw = pty_raw(pty, &length);
	assert_null(memmem(raw, length, "\033]52", 4));
	pty_type(pty, "/set clipboard on\r");
	pty_wait_text(pty, "clipboard = on");
	pty_type(pty, "/copy\r");
	pty_wait_raw(pty, "\033]52;c;bmHDr3Zl\007");
	pty_wait_text(pty, "for its clipboard: na");
	pty_type(pty, "/copy l\t\r");
	pty_wait_raw(pty, "\033]52;c;aHR0cHM6Ly9leGFtcGxlLm9yZy9h\007");
	pty_type(pty, "/search see\r\r");
	pty_wait_row(pty, -2, "SEARCH");
	pty_type(pty, "/copy\r"); /* what is shown as found */
	pty_wait_raw(pty, "\033]52;c;c2VlIGh0dHBzOi8vZXhhbXBsZS5vcmcvYSwgb3IKbm90\007");
	pty_type(pty, "/copy that\r");
	pty_wait_text(pty, "usage: /copy [link]");
	pty_type(pty, "/join tea\r/copy\r");
	pty_wait_text(pty, "there is no message to copy");
	quit(pty);
}

static void the_wheel_scrolls_when_the_mouse_is_on(void **state)
{
	write_config("mouse = on\n");
	struct pty *pty = start();
	pty_type(pty, "/set\r");
	pty_wait_text(pty, "They are kept in");
	pty_type(pty, "\033[<64;5;5M");
	pty_wait_no_text(pty, "They are kept in");
	pty_type(pty, "\033[<65;5;5M");
	pty_wait_text(pty, "They are kept in");
	quit(pty);
}

static void lines_and_drafts_survive_a_restart(void **state)
{
	write_config("");
	struct pty *pty = start();
	pty_type(pty, "a line of the first time\r");
	pty_wait_text(pty, "a line of the first time");
	pty_type(pty, "/join tea\r");
	pty_wait_row(pty, -1, "#tea>");
	pty_type(pty, "half a thought");
	pty_wait_row(pty, -1, "#tea> half a thought");
	pty_type(pty, "\033[1;3A"); /* Alt-Up: the other room */
	pty_wait_row(pty, -1, "#lobby>");
	pty_type(pty, "one\033\rtwo");
	pty_wait_row(pty, -1, "two");
	int row, column;
	pty_cursor(pty, &row, &column);
	pty_type(pty, "\002");
	pty_wait_cursor(pty, row, column - 1);
	pty_signal(pty, 15);
	pty_wait_exit(pty);
	pty_stop(pty);

	char own[256];
	assert_true(own_socket(own));
	const char *const back[] = { "src/tchat", "--join", own, NULL };
	const char *const environment[] = { config_variable, state_variable, runtime_variable, data_variable, "USER=ann", NULL };
	pty = pty_start(24, 110, back, environment);
	pty_wait_row(pty, -2, "#lobby> one");
	pty_wait_row(pty, -1, "two");
	pty_type(pty, "X"); /* where the cursor was */
	pty_wait_row(pty, -1, "twXo");
	pty_type(pty, "\003/join tea\r");
	pty_wait_row(pty, -1, "#tea> half a thought");
	pty_type(pty, "\003\022first");
	pty_wait_row(pty, -1, "a line of the first time");
	pty_type(pty, "\003");
	quit(pty);

	char path[128];
	struct stat about;
	const char *const names[] = { "input-history", "drafts" };
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/state/tchat/%s", folder, names[i]);
		assert_int_equal(stat(path, &about), 0);
		assert_int_equal(about.st_mode & 0777, 0600);
	}
}

static void nothing_is_kept_when_that_is_off(void **state)
{
	char command[128], path[128];
	snprintf(command, sizeof command, "rm -rf %s/state", folder);
	assert_int_equal(system(command), 0);
	write_config("input-history = off\ndrafts = off\n");
	struct pty *pty = start();
	pty_type(pty, "a line\r");
	pty_wait_text(pty, "a line");
	pty_type(pty, "half");
	pty_wait_row(pty, -1, "> half");
	quit(pty);
	/* The host's key is another matter. */
	const char *const names[] = { "input-history", "drafts" };
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/state/tchat/%s", folder, names[i]);
		assert_int_not_equal(access(path, F_OK), 0);
	}
}

static void without_a_home_nothing_is_said(void **state)
{
	next_address();
	const char *const argv[] = { "src/tchat", "--host", address, "--linger", "10s", "--durability=none", NULL };
	const char *const environment[] = { "XDG_CONFIG_HOME", "XDG_STATE_HOME", runtime_variable, data_variable,
	                                    "HOME=/proc/nonexistent", NULL };
	struct pty *pty = pty_start(24, 110, argv, environment);
	pty_wait_row(pty, -1, "#lobby>");
	pty_type(pty, "/set clock off\r");
	pty_wait_text(pty, "This holds until you leave");
	pty_type(pty, "\003/quit all\r");
	pty_wait_exit(pty);
	assert_false(pty_has_text(pty, "tchat:"));
	pty_stop(pty);
	wait_host_end();
}

static int set_up(void **state)
{
	char path[96];
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(config_variable, sizeof config_variable, "XDG_CONFIG_HOME=%s", folder);
	snprintf(state_variable, sizeof state_variable, "XDG_STATE_HOME=%s/state", folder);
	snprintf(data_variable, sizeof data_variable, "XDG_DATA_HOME=%s", folder);
	snprintf(runtime_variable, sizeof runtime_variable, "XDG_RUNTIME_DIR=%s", folder);
	snprintf(path, sizeof path, "%s/tchat", folder);
	snprintf(tchatrc, sizeof tchatrc, "%s/tchat/tchatrc", folder);
	return mkdir(path, 0700);
}

static int clean_up(void **state)
{
	char command[96];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_theme_changes_at_once_and_stays),
		cmocka_unit_test(a_white_terminal_gets_the_light_theme_and_its_answer_is_no_input),
		cmocka_unit_test(a_silent_terminal_is_dark_unless_colorfgbg_says_otherwise),
		cmocka_unit_test(no_color_wins_over_the_theme),
		cmocka_unit_test(a_bad_file_is_told_and_stops_nothing),
		cmocka_unit_test(keys_and_values_are_completed),
		cmocka_unit_test(wrong_settings_are_explained),
		cmocka_unit_test(modes_follow_their_settings),
		cmocka_unit_test(a_mention_rings_unless_the_bell_is_off),
		cmocka_unit_test(the_clipboard_is_written_only_when_that_is_allowed),
		cmocka_unit_test(the_wheel_scrolls_when_the_mouse_is_on),
		cmocka_unit_test(lines_and_drafts_survive_a_restart),
		cmocka_unit_test(nothing_is_kept_when_that_is_off),
		cmocka_unit_test(without_a_home_nothing_is_said),
	};
	return cmocka_run_group_tests(tests, set_up, clean_up);
}
