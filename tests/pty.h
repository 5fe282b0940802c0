/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs programs on terminals of their own (a pty and libvterm) inside a cmocka test: type, wait for a
 * condition on the screen, look at cells. What goes wrong fails the test and prints the screen. */
#ifndef TCHAT_TESTS_PTY_H
#define TCHAT_TESTS_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

struct pty;

struct pty_cell {
	char text[32];  /* UTF-8, "" for the second half of a wide character or a cell never written */
	int width;
	bool bold, italic, reverse;
	int underline;
	int foreground; /* palette index 0..255, -1 the terminal's own, -2 RGB */
	int background;
};

/* Starts argv[0] on a terminal. environment is a NULL-ended list on top of this test's own: "NAME=value"
 * sets, "NAME" removes; NULL for nothing. Every wait reads from all terminals that are open, so several
 * talk to each other. */
struct pty *pty_start(int rows, int columns, const char *const argv[], const char *const environment[]);

/* Kills the program when it still runs, and frees. NULL is fine. */
void pty_stop(struct pty *pty);

/* Types bytes. Reads meanwhile, so any size is fine. */
void pty_send(struct pty *pty, const void *bytes, size_t length);
void pty_type(struct pty *pty, const char *text);

/* Waits until the condition holds, at most PTY_DEADLINE seconds (default 60; the environment may set more). It is not
 * asked in the midst of a frame, where the program uses synchronised updates. */
typedef bool pty_condition(struct pty *pty, void *arg);
void pty_wait(struct pty *pty, pty_condition *condition, void *arg, const char *what);
void pty_wait_text(struct pty *pty, const char *text);      /* some row contains it */
void pty_wait_no_text(struct pty *pty, const char *text);   /* no row contains it */
void pty_wait_row(struct pty *pty, int row, const char *text); /* this row contains it; -1 is the last row */
void pty_wait_cursor(struct pty *pty, int row, int column);
void pty_wait_raw(struct pty *pty, const char *bytes); /* what pty_raw() gives contains it */
void pty_wait_mode(struct pty *pty, int mode, int value); /* what pty_mode() gives */

/* Lets milliseconds pass and fails when the program writes anything in them: only for "idle writes
 * nothing". */
void pty_assert_quiet(struct pty *pty, int milliseconds);

bool pty_has_text(const struct pty *pty, const char *text);

/* The row of the first row that contains text, -1 when none does. */
int pty_find_row(const struct pty *pty, const char *text);

/* A row's text without blanks at its end; the string lives until the next call. Row -1 is the last one. */
const char *pty_row(const struct pty *pty, int row);
void pty_cell(const struct pty *pty, int row, int column, struct pty_cell *cell);
void pty_cursor(const struct pty *pty, int *row, int *column);
bool pty_cursor_is_visible(const struct pty *pty);
bool pty_is_alternate_screen(const struct pty *pty);

/* The last setting of a DEC private mode in all output so far (2004 paste, 1006 mouse, ...): 1, 0, or -1
 * never. */
int pty_mode(const struct pty *pty, int mode);

/* All bytes written since the start or the last pty_forget(). */
const char *pty_raw(const struct pty *pty, size_t *length);
void pty_forget(struct pty *pty);

/* Whether the terminal knows synchronised updates: it answers DECRQM ?2026 with 2, "reset", as long as nothing else is
 * said, and with false 0, "unknown". */
void pty_answer_synchronised(struct pty *pty, bool known);

/* The background that the terminal has: it answers OSC 11 with "rgb:" and this ("ffff/ffff/ffff"), ahead of all that is
 * asked behind it. libvterm itself says nothing. The string is not copied. */
void pty_answer_background(struct pty *pty, const char *colour);

void pty_resize(struct pty *pty, int rows, int columns);
pid_t pty_pid(const struct pty *pty);
void pty_signal(struct pty *pty, int number);

/* Closes the terminal under the program, as a closed window does. */
void pty_hang_up(struct pty *pty);

/* Waits for the end and returns the status as waitpid() gives it; all output has been read then. */
int pty_wait_exit(struct pty *pty);

/* Waits until the program stops itself (^Z); pty_signal(pty, SIGCONT) goes on. */
void pty_wait_stopped(struct pty *pty);

/* The terminal's modes now, and as they were before the program started. */
void pty_termios(const struct pty *pty, struct termios *now, struct termios *before);
void pty_assert_restored(struct pty *pty);

/* Walks over pty_raw(): every ESC must begin something that curses or tchat sends; no C1 and no RLO appears. */
void pty_assert_own_sequences(const struct pty *pty);

/* Prints the screen to stderr. */
void pty_dump(const struct pty *pty, const char *why);

#endif
