/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A prompt without an echo. Keys are taken one by one, so that whatever ends it gives the terminal's modes back. */
#include "app/secret.h"

#include "app/exit_status.h"
#include "app/options.h"
#include "base/intl.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/select.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>

static const int ends[] = { SIGINT, SIGTERM, SIGHUP };

/* The signal that ends it, if any. */
static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

/* Waits for input; false when a signal came. allowed is what was blocked before. */
static bool wait_for_input(const sigset_t *allowed)
{
	fd_set input;
	do {
		FD_ZERO(&input);
		FD_SET(STDIN_FILENO, &input);
	} while (caught == 0 && pselect(STDIN_FILENO + 1, &input, NULL, NULL, NULL, allowed) < 0 && errno == EINTR);
	return caught == 0;
}

/* The length of the line, -1: there is none. */
static ssize_t read_line(char *line, size_t size, bool terminal, const sigset_t *allowed)
{
	size_t length = 0;
	for (char c; wait_for_input(allowed);) {
		ssize_t got = read(STDIN_FILENO, &c, 1);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return length > 0 ? (ssize_t)length : -1;
		if (c == '\n' || (terminal && c == '\r'))
			return (ssize_t)length;
		if (terminal && (c == 'C' - '@' || (c == 'D' - '@' && length == 0)))
			return -1;
		if (terminal && (c == '\b' || c == 0x7f))
			length -= length > 0;
		else if (terminal && c == 'U' - '@')
			length = 0;
		else if (length + 1 < size)
			line[length++] = c;
	}
	return -1;
}

static ssize_t ask(char *line, size_t size, const sigset_t *allowed)
{
	static const char end[] = ": ";
	const char *prompt = _("Link or address");
	struct termios before, modes;
	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0)
		return read_line(line, size, false, allowed);
	modes = before;
	modes.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &modes) != 0 || write(STDERR_FILENO, prompt, strlen(prompt)) < 0 ||
	    write(STDERR_FILENO, end, strlen(end)) < 0)
		return -1;
	ssize_t length = read_line(line, size, true, allowed);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	return write(STDERR_FILENO, "\n", 1) == 1 ? length : -1;
}

int secret_read(char *line, size_t size)
{
	struct sigaction action = { .sa_handler = on_signal }, before[sizeof ends / sizeof ends[0]];
	sigset_t blocked, allowed;
	sigemptyset(&action.sa_mask);
	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		sigaddset(&blocked, ends[i]);
		sigaction(ends[i], &action, &before[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &allowed);
	ssize_t length = ask(line, size, &allowed);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		sigaction(ends[i], &before[i], NULL);
	sigprocmask(SIG_SETMASK, &allowed, NULL);
	if (caught != 0)
		raise(caught);
	while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' '))
		length--;
	line[length > 0 ? length : 0] = '\0';
	if (length > 0)
		return 0;
	say("%s", _("--join -: there is no link in the first line of standard input"));
	return EXIT_STATUS_USAGE;
}
