/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The full screen on the user's terminal, through curses. One per process. Keys are not its business: read
 * the descriptor and feed a tokenizer; hand it the tokens that are answers. */
#ifndef TCHAT_UI_TERM_CURSES_H
#define TCHAT_UI_TERM_CURSES_H

#include "ui/terminal.h"
#include "ui/token.h"

#include <stdbool.h>

struct term_curses_options {
	enum theme theme;
	bool no_colour;  /* NO_COLOR is set, or the user said so: attributes only */
	bool ascii;      /* the locale is not UTF-8: look-alikes and '?' for everything else */
	bool mouse;      /* report clicks and the wheel */
	bool title;      /* terminal_set_title() works */
	bool notify;     /* terminal_notify() works (OSC 9) */
	bool clipboard;  /* terminal_copy() works (OSC 52) */
};

/* Takes over the terminal on standard input and output: full screen, raw keys, bracketed paste, focus
 * reports. Call after restore_start(), charset_start() and line_editor_new(). NULL with *err set and *why a
 * line for the user (translated, static): TCHAT_ERR_NOT_FOUND when TERM is not set or not known,
 * TCHAT_ERR_UNREACHABLE when the terminal cannot place its cursor (line mode still works),
 * TCHAT_ERR_MEMORY, TCHAT_ERR_SYSTEM (no terminal). */
struct terminal *term_curses_new(const struct term_curses_options *options, int *err, const char **why);

/* The first two of these errors, found out before anything is started: 0, or the error with *why set. */
int term_curses_check(const char **why);

/* After SIGWINCH or SIGCONT: asks for the size. True when it changed; draw a grid of the new size then. */
bool term_curses_resize(struct terminal *terminal);

/* ^Z: gives the terminal back, stops the process group, and returns when it goes on; draw then. False when
 * there is no shell that could let it go on (it did not stop). */
bool term_curses_stop(struct terminal *terminal);

/* After SIGCONT: somebody else may have changed the terminal; the next draw sets everything anew. */
void term_curses_continued(struct terminal *terminal);

/* An answer of the terminal (TOKEN_REPLY): synchronised updates are used from when they are known to work, and the theme
 * "auto" fits the background. True when something shown may look otherwise now: draw then. */
bool term_curses_reply(struct terminal *terminal, const struct token *token);

void term_curses_set_mouse(struct terminal *terminal, bool on);
void term_curses_set_title_on(struct terminal *terminal, bool on); /* off gives back the title that was there */
void term_curses_set_notify(struct terminal *terminal, bool on);
void term_curses_set_clipboard(struct terminal *terminal, bool on);
void term_curses_set_no_colour(struct terminal *terminal, bool no_colour);

#endif
