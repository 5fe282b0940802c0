/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal harness: one pty and one libvterm for each program, and waits that pump all of them. */
#include "config.h"

#include "pty_inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

enum { PTY_MOST = 16, PTY_SLICE_MS = 20 };

static struct pty *all[PTY_MOST];

static void bytes_add(struct bytes *b, const void *bytes, size_t length)
{
	if (b->size - b->length < length + 1) {
		b->size = (b->length + length + 1) * 2;
		b->at = realloc(b->at, b->size);
		if (b->at == NULL)
			abort();
	}
	memcpy(b->at + b->length, bytes, length);
	b->length += length;
	b->at[b->length] = '\0';
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t deadline_ms(void)
{
	const char *text = getenv("PTY_DEADLINE");
	int seconds = text == NULL ? 0 : atoi(text);
	return now_ms() + (seconds > 0 ? seconds : 60) * 1000;
}

/* What the terminal answers goes to the program, as keys do. */
static void terminal_answers(const char *bytes, size_t length, void *user)
{
	bytes_add(&((struct pty *)user)->out, bytes, length);
}

static int terminal_moves(VTermPos pos, VTermPos old, int visible, void *user)
{
	((struct pty *)user)->cursor = pos;
	return 1;
}

static int terminal_sets(VTermProp prop, VTermValue *value, void *user)
{
	struct pty *pty = user;
	if (prop == VTERM_PROP_CURSORVISIBLE)
		pty->cursor_visible = value->boolean;
	if (prop == VTERM_PROP_ALTSCREEN)
		pty->alternate = value->boolean;
	return 1;
}

static const VTermScreenCallbacks callbacks = { .movecursor = terminal_moves, .settermprop = terminal_sets };

static void modes_note(struct pty *pty)
{
	char last = pty->parse[pty->parse_length - 1];
	if (pty->parse_length < 4 || pty->parse[1] != '[' || pty->parse[2] != '?' || (last != 'h' && last != 'l'))
		return;
	char *at = pty->parse + 3;
	pty->parse[pty->parse_length - 1] = '\0';
	for (char *save, *one = strtok_r(at, ";", &save); one != NULL; one = strtok_r(NULL, ";", &save)) {
		char note[64];
		int n = snprintf(note, sizeof note, "%c%s ", last, one);
		bytes_add(&pty->modes, note, (size_t)n);
		if (strcmp(one, "2026") == 0)
			pty->drawing = last == 'h';
	}
}

static void modes_read(struct pty *pty, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = bytes[i];
		if (c == '\033')
			pty->parse_length = 0;
		else if (pty->parse_length == 0)
			continue;
		if (pty->parse_length == sizeof pty->parse - 1) {
			pty->parse_length = 0;
			continue;
		}
		pty->parse[pty->parse_length++] = c;
		if (pty->parse_length == 2 && c != '[')
			pty->parse_length = 0;
		else if (pty->parse_length > 2 && c >= 0x40 && c <= 0x7e) {
			modes_note(pty);
			pty->parse_length = 0;
		}
	}
}

static void pty_reap(struct pty *pty)
{
	int status;
	if (pty->exited || waitpid(pty->pid, &status, WNOHANG | WUNTRACED | WCONTINUED) != pty->pid)
		return;
	if (WIFSTOPPED(status)) {
		pty->stopped = true;
	} else if (WIFCONTINUED(status)) {
		pty->stopped = false;
	} else {
		pty->exited = true;
		pty->status = status;
	}
}

static void answer_background(struct pty *pty)
{
	static const char question[] = "\033]11;?";
	const char *at;
	while (pty->background != NULL && (at = memmem(pty->raw.at + pty->answered, pty->raw.length - pty->answered, question,
	                                               sizeof question - 1)) != NULL) {
		char answer[64];
		int n = snprintf(answer, sizeof answer, "\033]11;rgb:%s\033\\", pty->background);
		bytes_add(&pty->out, answer, (size_t)n);
		pty->answered = (size_t)(at - pty->raw.at) + sizeof question - 1;
	}
}

/* Reads what is there; true when something was. */
static bool pty_read(struct pty *pty)
{
	char bytes[65536];
	ssize_t n = pty->master < 0 ? -1 : read(pty->master, bytes, sizeof bytes);
	if (n <= 0)
		return false;
	bytes_add(&pty->raw, bytes, (size_t)n);
	modes_read(pty, bytes, (size_t)n);
	answer_background(pty);
	vterm_input_write(pty->terminal, bytes, (size_t)n);
	static const char unknown[] = "\033[?2026;0$y";
	char *answer = memmem(pty->out.at, pty->out.length, unknown, sizeof unknown - 1);
	if (answer != NULL && pty->synchronised)
		answer[sizeof unknown - 4] = '2';
	vterm_screen_flush_damage(pty->screen);
	return true;
}

/* Reads all that a program wrote that does not run any more. What it wrote last may still be on its way inside the
 * terminal: a mark is sent after it, and waited for. */
static void pty_read_all(struct pty *pty)
{
	static const char mark[] = { '\0', '\1', '\0', '\2' };
	struct pollfd fd = { .fd = pty->master, .events = POLLIN };
	if (pty->slave < 0 || write(pty->slave, mark, sizeof mark) != sizeof mark)
		return;
	char *at;
	while ((at = memmem(pty->raw.at, pty->raw.length, mark, sizeof mark)) == NULL)
		if (!pty_read(pty) && poll(&fd, 1, 10000) <= 0)
			fail_msg("%s: its terminal lost what was written to it", pty->name);
	pty->raw.length = (size_t)(at - pty->raw.at);
	*at = '\0';
}

static void pty_write(struct pty *pty)
{
	ssize_t n = write(pty->master, pty->out.at, pty->out.length);
	if (n <= 0)
		return;
	memmove(pty->out.at, pty->out.at + n, pty->out.length - (size_t)n);
	pty->out.length -= (size_t)n;
}

/* One round over all terminals, at most PTY_SLICE_MS long, for the end of a program is not a descriptor. */
static void pump(void)
{
	struct pollfd fds[PTY_MOST];
	struct pty *owner[PTY_MOST];
	nfds_t count = 0;
	for (int i = 0; i < PTY_MOST; i++) {
		if (all[i] == NULL || all[i]->master < 0)
			continue;
		owner[count] = all[i];
		short events = (short)(all[i]->out.length > 0 && !all[i]->exited ? POLLIN | POLLOUT : POLLIN);
		fds[count++] = (struct pollfd){ .fd = all[i]->master, .events = events };
	}
	poll(fds, count, PTY_SLICE_MS);
	for (nfds_t i = 0; i < count; i++) {
		if (fds[i].revents & POLLOUT)
			pty_write(owner[i]);
		if (fds[i].revents & (POLLIN | POLLHUP))
			pty_read(owner[i]);
	}
	for (int i = 0; i < PTY_MOST; i++)
		if (all[i] != NULL)
			pty_reap(all[i]);
}

static void pty_child(struct pty *pty, const char *const argv[], const char *const environment[])
{
	close(pty->master);
	if (login_tty(pty->slave) != 0)
		_exit(126);
	for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
		char *pair = strdup(environment[i]);
		if (pair == NULL || (strchr(pair, '=') != NULL ? putenv(pair) : unsetenv(pair)) != 0)
			_exit(126);
	}
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	char **copy = calloc(64, sizeof *copy);
	for (size_t i = 0; copy != NULL && i < 63 && argv[i] != NULL; i++)
		copy[i] = strdup(argv[i]);
	if (copy != NULL && copy[0] != NULL)
		execvp(copy[0], copy);
	fprintf(stderr, "pty: cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

struct pty *pty_start(int rows, int columns, const char *const argv[], const char *const environment[])
{
	struct pty *pty = calloc(1, sizeof *pty);
	assert_non_null(pty);
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
	int slot = 0;
	while (slot < PTY_MOST && all[slot] != NULL)
		slot++;
	assert_true(slot < PTY_MOST);
	assert_int_equal(openpty(&pty->master, &pty->slave, NULL, NULL, &size), 0);
	fcntl(pty->master, F_SETFD, FD_CLOEXEC);
	fcntl(pty->slave, F_SETFD, FD_CLOEXEC);
	fcntl(pty->master, F_SETFL, O_NONBLOCK);
	tcgetattr(pty->slave, &pty->before);
	const char *slash = strrchr(argv[0], '/');
	snprintf(pty->name, sizeof pty->name, "%d:%s", slot, slash != NULL ? slash + 1 : argv[0]);
	pty->rows = rows;
	pty->columns = columns;
	pty->cursor_visible = pty->synchronised = true;
	pty->terminal = vterm_new(rows, columns);
	pty->screen = vterm_obtain_screen(pty->terminal);
	vterm_set_utf8(pty->terminal, 1);
	vterm_output_set_callback(pty->terminal, terminal_answers, pty);
	vterm_screen_set_callbacks(pty->screen, &callbacks, pty);
	vterm_screen_enable_altscreen(pty->screen, 1);
	vterm_screen_reset(pty->screen, 1);
	bytes_add(&pty->raw, "", 0);
	bytes_add(&pty->modes, " ", 1);
	bytes_add(&pty->out, "", 0);
	pty->row = calloc(1, sizeof *pty->row);
	assert_non_null(pty->row);
	pty->pid = fork();
	assert_true(pty->pid >= 0);
	if (pty->pid == 0)
		pty_child(pty, argv, environment);
	all[slot] = pty;
	return pty;
}

void pty_stop(struct pty *pty)
{
	if (pty == NULL)
		return;
	for (int i = 0; i < PTY_MOST; i++)
		if (all[i] == pty)
			all[i] = NULL;
	if (!pty->exited) {
		kill(pty->pid, SIGKILL);
		kill(pty->pid, SIGCONT);
		while (waitpid(pty->pid, &pty->status, 0) < 0 && errno == EINTR)
			continue;
	}
	if (pty->master >= 0)
		close(pty->master);
	if (pty->slave >= 0)
		close(pty->slave);
	vterm_free(pty->terminal);
	free(pty->raw.at);
	free(pty->modes.at);
	free(pty->out.at);
	free(pty->row->at);
	free(pty->row);
	free(pty);
}

static bool all_is_typed(struct pty *pty, void *arg)
{
	return pty->out.length == 0;
}

void pty_send(struct pty *pty, const void *bytes, size_t length)
{
	bytes_add(&pty->out, bytes, length);
	pty_write(pty);
	pty_wait(pty, all_is_typed, NULL, "the program to read what is typed");
}

void pty_type(struct pty *pty, const char *text)
{
	pty_send(pty, text, strlen(text));
}

/* A frame that is only half there says nothing. */
static bool holds(struct pty *pty, pty_condition *condition, void *arg)
{
	return (!pty->drawing || pty->exited || pty->stopped) && condition(pty, arg);
}

void pty_wait(struct pty *pty, pty_condition *condition, void *arg, const char *what)
{
	int64_t end = deadline_ms();
	while (!holds(pty, condition, arg)) {
		bool exited = pty->exited;
		if (!exited && now_ms() < end) {
			pump();
			continue;
		}
		/* The end is noticed apart from the output: read what it left before giving up. */
		if (exited)
			pty_read_all(pty);
		if (exited && condition(pty, arg))
			return;
		pty_dump(pty, what);
		fail_msg("%s %s while waiting for %s", pty->name, exited ? "ended" : "took too long", what);
	}
}

void pty_assert_quiet(struct pty *pty, int milliseconds)
{
	size_t before = pty->raw.length;
	for (int64_t end = now_ms() + milliseconds; now_ms() < end;)
		pump();
	if (pty->raw.length == before)
		return;
	fprintf(stderr, "# %s wrote, while idle:", pty->name);
	for (size_t i = before; i < pty->raw.length && i < before + 200; i++)
		fprintf(stderr, " %02x", (unsigned char)pty->raw.at[i]);
	fprintf(stderr, "\n");
	fail_msg("%s wrote %zu bytes while idle", pty->name, pty->raw.length - before);
}

void pty_answer_synchronised(struct pty *pty, bool known)
{
	pty->synchronised = known;
}

void pty_answer_background(struct pty *pty, const char *colour)
{
	pty->background = colour;
}

void pty_resize(struct pty *pty, int rows, int columns)
{
	pty->rows = rows;
	pty->columns = columns;
	vterm_set_size(pty->terminal, rows, columns);
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
	ioctl(pty->master, TIOCSWINSZ, &size);
}

pid_t pty_pid(const struct pty *pty)
{
	return pty->pid;
}

void pty_signal(struct pty *pty, int number)
{
	kill(pty->pid, number);
}

void pty_hang_up(struct pty *pty)
{
	close(pty->slave);
	close(pty->master);
	pty->slave = pty->master = -1;
}

static bool program_has_ended(struct pty *pty, void *arg)
{
	return pty->exited;
}

int pty_wait_exit(struct pty *pty)
{
	pty_wait(pty, program_has_ended, NULL, "the program to end");
	pty_read_all(pty);
	return pty->status;
}

static bool program_has_stopped(struct pty *pty, void *arg)
{
	return pty->stopped;
}

void pty_wait_stopped(struct pty *pty)
{
	pty_wait(pty, program_has_stopped, NULL, "the program to stop itself");
	pty_read_all(pty);
}
