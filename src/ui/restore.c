/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals and the terminal's last rites. All state here is file-static because a handler has no other. */
#include "ui/restore.h"

#include "base/errors.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { RESTORE_STACK = 64 * 1024 };

/* In this order: end a synchronised update, attributes, scrolling region, keypad and cursor keys, mouse,
 * focus, paste, the cursor, its place where there is no alternate screen, and last the alternate screen. */
static const char reset_bytes[] =
	"\033[?2026l\033[0m\033[r\033[?1l\033>"
	"\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1004l\033[?2004l\033[?25h"
	"\033[999;1H\033[?1049l";

static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };
static const int told_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT, SIGTSTP };

static volatile sig_atomic_t screen_is_on;
static volatile sig_atomic_t told_fd = -1;
static volatile sig_atomic_t terminal_fd = -1;
static pid_t owner; /* a forked child must leave the terminal alone */
static struct termios found;
static void *stack;

static void write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		bytes += n;
		length -= (size_t)n;
	}
}

void restore_now(void)
{
	int saved = errno;
	if (terminal_fd >= 0 && owner == getpid()) {
		/* From the background tcsetattr() would stop the program instead. */
		sigset_t output, before;
		sigemptyset(&output);
		sigaddset(&output, SIGTTOU);
		pthread_sigmask(SIG_BLOCK, &output, &before);
		if (screen_is_on)
			write_all(terminal_fd, reset_bytes, sizeof reset_bytes - 1);
		screen_is_on = 0;
		tcsetattr(terminal_fd, TCSANOW, &found);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	errno = saved;
}

static void on_crash(int number)
{
	restore_now();
	/* SA_RESETHAND has put the default back; the signal strikes when this handler returns. */
	raise(number);
}

static void on_told(int number)
{
	int saved = errno;
	unsigned char byte = (unsigned char)number;
	ssize_t n = write((int)told_fd, &byte, 1);
	(void)n; /* a full pipe wakes the program all the same */
	errno = saved;
}

static int catch(const int *numbers, size_t count, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_flags = flags };
	action.sa_handler = handler;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < count; i++)
		if (sigaction(numbers[i], &action, NULL) != 0)
			return TCHAT_ERR_SYSTEM;
	return 0;
}

int restore_start(int tty)
{
	if (tcgetattr(tty, &found) != 0)
		return TCHAT_ERR_SYSTEM;
	terminal_fd = tty;
	owner = getpid();
	screen_is_on = 0;
	if (stack == NULL)
		stack = malloc(RESTORE_STACK);
	/* Without memory the handlers still work, stack overflows aside. */
	if (stack != NULL) {
		stack_t alternate = { .ss_sp = stack, .ss_size = RESTORE_STACK };
		if (sigaltstack(&alternate, NULL) != 0)
			return TCHAT_ERR_SYSTEM;
	}
	return catch(crash_signals, sizeof crash_signals / sizeof crash_signals[0], on_crash,
		SA_ONSTACK | (int)SA_RESETHAND | SA_NODEFER);
}

void restore_stop(void)
{
	catch(crash_signals, sizeof crash_signals / sizeof crash_signals[0], SIG_DFL, 0);
	if (told_fd >= 0)
		catch(told_signals, sizeof told_signals / sizeof told_signals[0], SIG_DFL, 0);
	told_fd = -1;
	restore_now();
	terminal_fd = -1;
	if (stack == NULL)
		return;
	stack_t none = { .ss_flags = SS_DISABLE };
	sigaltstack(&none, NULL);
	free(stack);
	stack = NULL;
}

void restore_screen(bool on)
{
	screen_is_on = on;
}

int restore_signals(int fd)
{
	told_fd = fd;
	struct sigaction ignore = { .sa_flags = 0 };
	ignore.sa_handler = SIG_IGN;
	sigemptyset(&ignore.sa_mask);
	if (sigaction(SIGPIPE, &ignore, NULL) != 0)
		return TCHAT_ERR_SYSTEM;
	return catch(told_signals, sizeof told_signals / sizeof told_signals[0], on_told, SA_RESTART);
}
