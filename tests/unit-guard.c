/* SPDX-License-Identifier: GPL-3.0-or-later */
/* app: which files hosts and faces reach in their sandboxes. Each in a child, for it cannot be taken back. */
#include "app/guard.h"

#include "base/errors.h"
#include "base/paths.h"

#include <errno.h>
#include <fcntl.h>
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

enum { PATH = 256 };

static char home[64];

static const char *at(const char *name)
{
	static char paths[4][PATH];
	static int next;
	char *path = paths[next++ % 4];
	snprintf(path, PATH, "%s/%s", home, name);
	return path;
}

static bool can_read(const char *path)
{
	int fd = open(path, O_RDONLY);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Makes, replaces and removes a file there. */
static bool can_write(const char *folder)
{
	char path[PATH + 8], other[PATH + 8];
	snprintf(path, sizeof path, "%s/one", folder);
	snprintf(other, sizeof other, "%s/two", folder);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return false;
	bool wrote = write(fd, "x", 1) == 1 && fsync(fd) == 0 && rename(path, other) == 0 && unlink(other) == 0;
	close(fd);
	return wrote;
}

static bool can_append(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void make_folder(const char *name)
{
	assert_true(mkdir(at(name), 0700) == 0 || errno == EEXIST);
}

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
}

enum { FINE = 0, NO_LANDLOCK = 2, NOT_ENTERED = 99 };

static int result(const struct sandbox *sandbox, int status, bool (*look)(void))
{
	if (status != 0)
		return NOT_ENTERED;
	if (sandbox->files == 0)
		return NO_LANDLOCK;
	return look() ? FINE : 1;
}

static void assert_fine(pid_t child)
{
	int status = -1;
	assert_true(waitpid(child, &status, 0) == child);
	assert_true(status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == NO_LANDLOCK));
}

/* What a face sees. */
static void in_a_face(const struct options *options, const char *address, bool (*look)(void))
{
	pid_t child = fork();
	if (child == 0) {
		struct talk_place place = { .names = -1 };
		if (address_parse(&place.address, address, ADDRESS_JOIN) != ADDRESS_OK)
			_exit(NOT_ENTERED);
		int status = guard_face(options, &place);
		_exit(result(&place.sandbox, status, look));
	}
	assert_fine(child);
}

static void in_a_host(const struct options *options, const char *folder, bool (*look)(void))
{
	pid_t child = fork();
	if (child == 0) {
		struct sandbox sandbox;
		char why[GUARD_TEXT];
		int status = guard_host(options, folder, at("logs/log"), &sandbox, why);
		_exit(result(&sandbox, status, look));
	}
	assert_fine(child);
}

static bool system_is_there(void)
{
	return can_read("/usr") && can_read("/dev/null") && can_read("/dev/urandom");
}

static bool elsewhere_is_not(void)
{
	return !can_read(at("elsewhere")) && !can_read(home) && !can_write(home) && !can_read("/etc/passwd") &&
	       !can_write("/tmp") && !can_read("/proc/self/environ");
}

static bool face_sees(void)
{
	return system_is_there() && elsewhere_is_not() && can_write(at("data/tchat")) && can_write(at("config/tchat")) &&
	       can_write(at("state/tchat")) && can_read(at("run/tchat")) && !can_write(at("run/tchat")) &&
	       can_read(at("inputrc"));
}

static void a_face_has_its_own_folders_and_the_systems_data(void **state)
{
	const struct options options = { .mode = MODE_JOIN };
	in_a_face(&options, "127.0.0.1:50000", face_sees);
	in_a_face(&options, "unix:/tmp/socket", face_sees);
	in_a_face(&options, "localhost:50000", face_sees);
}

static bool ping_sees(void)
{
	return elsewhere_is_not() && can_write(at("data/tchat")) && !can_write(at("config/tchat"));
}

static void a_ping_needs_less(void **state)
{
	const struct options options = { .mode = MODE_PING };
	in_a_face(&options, "127.0.0.1:50000", ping_sees);
}

static bool linked_is_there(void)
{
	return elsewhere_is_not() && can_write(at("dots")) && can_read(at("config/tchat/tchatrc"));
}

static void a_tchatrc_that_is_a_link_is_followed(void **state)
{
	const struct options options = { .mode = MODE_JOIN };
	make_folder("dots");
	make_file(at("dots/tchatrc"));
	make_folder("config/tchat");
	assert_int_equal(symlink(at("dots/tchatrc"), at("config/tchat/tchatrc")), 0);
	in_a_face(&options, "127.0.0.1:50000", linked_is_there);
	assert_int_equal(unlink(at("config/tchat/tchatrc")), 0);
}

static bool host_sees(void)
{
	return system_is_there() && elsewhere_is_not() && can_write(at("history")) && can_write(at("run/tchat")) &&
	       can_read(at("config/tchat")) && !can_write(at("config/tchat")) && !can_read(at("data/tchat/user.pem")) &&
	       !can_write(at("data/tchat")) && !can_write(at("state/tchat")) && unlink(at("sockets/one")) == 0 &&
	       !can_write(at("sockets")) && can_append(at("logs/new")) && !can_read(at("logs/log")) &&
	       !can_write(at("logs"));
}

static void a_host_has_its_history_and_sockets_but_not_its_owners_key(void **state)
{
	char address[PATH];
	snprintf(address, sizeof address, "unix:%s", at("sockets/one"));
	const struct options options = { .mode = MODE_HOST, .hosts = { "127.0.0.1:50000", address }, .host_count = 2 };
	make_folder("data/tchat");
	make_file(at("data/tchat/user.pem"));
	make_folder("sockets");
	make_file(at("sockets/one"));
	in_a_host(&options, at("history"), host_sees);
}

static bool key_has_a_place(void)
{
	return elsewhere_is_not() && can_write(at("state/tchat/hosts/127.0.0.1:50000"));
}

static void a_host_without_a_history_has_a_place_for_its_key(void **state)
{
	const struct options options = { .mode = MODE_HOST, .hosts = { "127.0.0.1:50000" }, .host_count = 1 };
	in_a_host(&options, "", key_has_a_place);
}

static void words_say_what_is_in_force(void **state)
{
	char text[GUARD_TEXT];
	guard_describe(&(struct sandbox){ .no_new_privs = true, .calls = true, .files = 3 }, text);
	assert_string_equal(text, "sandbox: files (Landlock 3) and system calls (seccomp)");
	guard_describe(&(struct sandbox){ .no_new_privs = true, .calls = true }, text);
	assert_string_equal(text, "sandbox: system calls (seccomp); there is no Landlock");
	guard_describe(&(struct sandbox){ .no_new_privs = true, .files = 1 }, text);
	assert_string_equal(text, "sandbox: files (Landlock 1); there is no seccomp");
	guard_describe(&(struct sandbox){ .no_new_privs = true }, text);
	assert_string_equal(text, "no sandbox: there is neither Landlock nor seccomp on this system, or they are forbidden");
	guard_describe(&(struct sandbox){ .switched_off = true }, text);
	assert_string_equal(text, "sandbox: off (--no-sandbox)");
	guard_describe(&(struct sandbox){ .watched = true, .no_new_privs = true }, text);
	assert_non_null(strstr(text, "off under a sanitizer"));
}

static void set(const char *name, const char *below)
{
	assert_int_equal(setenv(name, at(below), 1), 0);
}

static int make_home(void **state)
{
	snprintf(home, sizeof home, "/tmp/tchat-guard-XXXXXX");
	assert_non_null(mkdtemp(home));
	setenv("HOME", home, 1);
	set("XDG_CONFIG_HOME", "config");
	set("XDG_DATA_HOME", "data");
	set("XDG_STATE_HOME", "state");
	set("XDG_RUNTIME_DIR", "run");
	set("INPUTRC", "inputrc");
	const char *const folders[] = { "config", "data", "state", "run", "run/tchat", "history", "logs" };
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		make_folder(folders[i]);
	make_file(at("inputrc"));
	make_file(at("elsewhere"));
	make_file(at("logs/log"));
	return 0;
}

static int remove_home(void **state)
{
	char command[PATH];
	snprintf(command, sizeof command, "rm -rf '%s'", home);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_face_has_its_own_folders_and_the_systems_data),
		cmocka_unit_test(a_ping_needs_less),
		cmocka_unit_test(a_tchatrc_that_is_a_link_is_followed),
		cmocka_unit_test(a_host_has_its_history_and_sockets_but_not_its_owners_key),
		cmocka_unit_test(a_host_without_a_history_has_a_place_for_its_key),
		cmocka_unit_test(words_say_what_is_in_force),
	};
	return cmocka_run_group_tests(tests, make_home, remove_home);
}
