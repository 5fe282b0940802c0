/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts and people for tests of the real program. */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PEOPLE = 16, VARIABLES = 16, LEAST = 128, ARGUMENTS = 32 };

static const char program[] = "src/tchat";

static char folder[64];
static char variables[VARIABLES][LEAST];
static struct pty *people[PEOPLE];
static char port4[16], port6[16];

static void set(size_t index, const char *name, const char *below)
{
	snprintf(variables[index], LEAST, "%s=%s%s", name, folder, below);
}

static void make(const char *below)
{
	char path[LEAST];
	snprintf(path, sizeof path, "%s%s", folder, below);
	assert_int_equal(mkdir(path, 0700), 0);
}

int scene_open(void **state)
{
	snprintf(folder, sizeof folder, "/tmp/tchat-scene-XXXXXX");
	assert_non_null(mkdtemp(folder));
	make("/home");
	make("/run");
	make("/config");
	make("/config/tchat");
	set(0, "HOME", "/home");
	set(1, "XDG_RUNTIME_DIR", "/run");
	set(2, "XDG_CONFIG_HOME", "/config");
	set(3, "XDG_STATE_HOME", "/state");
	set(4, "XDG_DATA_HOME", "/data");
	set(5, "INPUTRC", "/inputrc");
	strcpy(variables[6], "USER=somebody");
	strcpy(variables[7], "NO_COLOR");
	scene_write("inputrc", "");
	/* A clock would write once a minute. */
	scene_write("config/tchat/tchatrc", "clock = off\n");
	port4[0] = port6[0] = '\0';
	return 0;
}

/* A connection to the host; negative: it is gone. */
static int call_host(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	if (port4[0] == '\0')
		return -1;
	snprintf(name.sun_path, sizeof name.sun_path, "%s/run/tchat/host-%s", folder, port4);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (connect(fd, (const struct sockaddr *)&name, sizeof name) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A connection ends with the host; before it, only because of who says nothing for ten seconds. */
void scene_wait_host_end(void)
{
	const time_t late = time(NULL) + 60;
	for (int fd; (fd = call_host()) >= 0; close(fd)) {
		struct pollfd end = { .fd = fd, .events = POLLIN };
		char said[512];
		assert_true(time(NULL) < late);
		while (poll(&end, 1, 30000) > 0 && read(fd, said, sizeof said) > 0)
			continue;
	}
}

int scene_close(void **state)
{
	char command[LEAST];
	for (size_t i = 0; i < PEOPLE; i++) {
		pty_stop(people[i]);
		people[i] = NULL;
	}
	scene_wait_host_end();
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

void scene_write(const char *name, const char *text)
{
	char path[LEAST];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static bool file_has(const char *name, const char *text)
{
	char path[LEAST], bytes[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	size_t length = file != NULL ? fread(bytes, 1, sizeof bytes - 1, file) : 0;
	bytes[length] = '\0';
	if (file != NULL)
		fclose(file);
	return strstr(bytes, text) != NULL;
}

void scene_wait_file(const char *name, const char *text)
{
	for (int i = 0; i < 3000 && !file_has(name, text); i++)
		poll(NULL, 0, 10);
	assert_true(file_has(name, text));
}

struct pty *scene_start(int rows, int columns, const char *const arguments[], const char *const environment[])
{
	const char *all[2 * VARIABLES] = { NULL }, *argv[ARGUMENTS] = { program };
	size_t count = 0, slot = 0;
	for (size_t i = 0; i < VARIABLES && variables[i][0] != '\0'; i++)
		all[count++] = variables[i];
	for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
		all[count++] = environment[i];
	for (size_t i = 0; arguments[i] != NULL; i++) {
		assert_true(i + 2 < ARGUMENTS);
		argv[i + 1] = arguments[i];
	}
	while (slot < PEOPLE && people[slot] != NULL)
		slot++;
	assert_true(slot < PEOPLE);
	return people[slot] = pty_start(rows, columns, argv, all);
}

const char *const *scene_stranger(const char *name)
{
	static char texts[3][LEAST];
	static const char *const list[] = { texts[0], texts[1], texts[2], "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME",
		                            NULL };
	char home[32], run[32];
	snprintf(home, sizeof home, "/home-%.20s", name);
	snprintf(run, sizeof run, "/run-%.20s", name);
	make(home);
	make(run);
	snprintf(texts[0], LEAST, "HOME=%s%s", folder, home);
	snprintf(texts[1], LEAST, "XDG_RUNTIME_DIR=%s%s", folder, run);
	snprintf(texts[2], LEAST, "USER=%.20s", name);
	return list;
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&name, sizeof name) == 0;
	if (fd >= 0)
		close(fd);
	return has;
}

/* The digits behind a text on the screen. */
static void read_port(struct pty *pty, const char *before, char port[16])
{
	pty_wait_text(pty, before);
	pty_wait_row(pty, -1, "#lobby>"); /* drawn last: the digits are whole */
	const char *at = strstr(pty_row(pty, pty_find_row(pty, before)), before) + strlen(before);
	snprintf(port, 16, "%.*s", (int)strspn(at, "0123456789"), at);
}

struct pty *scene_host(int rows, int columns, const char *nick)
{
	char again[32] = "127.0.0.1:0", *history = scene_path("history");
	/* Tests say more than people do. */
	const char *arguments[] = { "--host", again, "--nick", nick, "--linger", "1s", "--access", "open", "--history-access=all",
		                    "--message-rate=1000000", "--message-burst=1000000", "--data", history,
		                    "--host", "[::1]:0", NULL };
	enum { SECOND = 13 };
	if (!has_ipv6())
		arguments[SECOND] = NULL;
	if (port4[0] != '\0')
		snprintf(again, sizeof again, "127.0.0.1:%s", port4);
	struct pty *pty = scene_start(rows, columns, arguments, NULL);
	free(history);
	read_port(pty, "--join 127.0.0.1:", port4);
	if (arguments[SECOND] != NULL)
		read_port(pty, "--join [::1]:", port6);
	return pty;
}

char *scene_path(const char *below)
{
	char *path = malloc(LEAST);
	assert_non_null(path);
	snprintf(path, LEAST, "%s/%s", folder, below);
	return path;
}

const char *scene_address(const char *kind)
{
	static char address[LEAST];
	if (strcmp(kind, "unix") == 0)
		snprintf(address, sizeof address, "unix:%s/run/tchat/host-%s", folder, port4);
	else if (strcmp(kind, "6") == 0 && port6[0] != '\0')
		snprintf(address, sizeof address, "[::1]:%s", port6);
	else
		snprintf(address, sizeof address, "127.0.0.1:%s", port4);
	return address;
}

struct pty *scene_join(int rows, int columns, const char *where, const char *nick)
{
	char keys[LEAST];
	const char *arguments[] = { "--join", scene_address(where), "--nick", nick, NULL };
	const char *environment[] = { keys, NULL };
	snprintf(keys, sizeof keys, "XDG_DATA_HOME=%s/data-%s", folder, nick);
	struct pty *pty = scene_start(rows, columns, arguments, strcmp(where, "unix") != 0 ? environment : NULL);
	pty_wait_row(pty, -1, columns >= 24 ? "#lobby>" : ">");
	if (rows >= 3)
		pty_wait_text(pty, "● ");
	return pty;
}

void scene_say(struct pty *pty, const char *line)
{
	pty_type(pty, line);
	pty_type(pty, "\r");
}

void scene_ended(struct pty *pty, int status)
{
	int ended = pty_wait_exit(pty);
	if (!WIFEXITED(ended) || WEXITSTATUS(ended) != status) {
		pty_dump(pty, "ended");
		fail_msg("ended with %x instead of exit status %d", (unsigned)ended, status);
	}
	pty_assert_restored(pty);
}

static FILE *scene_pipe(const char *nick, const char *options)
{
	char command[512];
	snprintf(command, sizeof command, "env %s %s %s %s --join %s --nick %s %s >/dev/null", variables[0], variables[1],
	         variables[2], program, scene_address("4"), nick, options);
	FILE *pipe = popen(command, "w");
	assert_non_null(pipe);
	return pipe;
}

FILE *scene_bot(const char *nick)
{
	return scene_pipe(nick, "--lines --commands");
}

FILE *scene_json(const char *nick)
{
	return scene_pipe(nick, "--json");
}
