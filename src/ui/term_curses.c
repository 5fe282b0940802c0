/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file with curses in it: draws grids, sets and resets the terminal's modes, stops and goes on.
 * Curses never reads. */
#include "config.h"

#include "ui/term_curses.h"

#include "base/errors.h"
#include "base/intl.h"
#include "base/text.h"
#include "ui/answers.h"
#include "ui/osc.h"
#include "ui/restore.h"

#include <curses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

/* term.h makes macros of plain words. */
#undef bell
#undef columns
#undef lines

enum {
	TERM_COPY_MAXIMUM = 74994,   /* what xterm takes by OSC 52 */
	TERM_ANSWER_WAIT = 100,      /* milliseconds for answers when the screen closes right after its start */
	TERM_SYNC_ROWS = 2           /* changed rows from which on an update is worth announcing */
};

/* How a role looks here. */
struct look {
	attr_t attributes;
	short pair;
};

struct term_curses {
	struct terminal terminal;
	struct term_curses_options options;
	SCREEN *screen;
	bool shown;         /* in full screen; false while suspended */
	bool alternate;     /* a terminal of xterm's kind: it knows private modes, and may be asked */
	bool announced;     /* an update is on its way that should show at once */
	struct answers answers;
	bool title_saved;   /* the terminal keeps the title that it had */
	bool own_stop;      /* a SIGCONT that answers a stop of one's own is still to be heard of */
	struct look looks[STYLE_COUNT];
	struct cell *last;  /* what was drawn, last_rows * last_columns cells; NULL: unknown */
	int last_rows, last_columns;
	int seams[CELLS_MAX_ROWS]; /* see find_seams() */
	int cursor_row, cursor_column; /* as drawn; row -1: hidden */
	bool cursor_known;
};

/* --- Bytes beside curses. Only between two updates, so that neither tears the other. */

static void put_string(const char *text)
{
	osc_write(STDOUT_FILENO, text, strlen(text));
}

/* Lets the terminal keep its title, or gives it back. */
static void save_title(struct term_curses *t, bool save)
{
	if (t->alternate && save != t->title_saved)
		put_string(save ? "\033[22;2t" : "\033[23;2t");
	t->title_saved = save;
}

static void modes_on(struct term_curses *t)
{
	if (!t->alternate)
		return;
	put_string("\033[?2004h\033[?1004h");
	if (t->options.mouse)
		put_string("\033[?1000h\033[?1006h");
	save_title(t, t->options.title);
}

static void modes_off(struct term_curses *t)
{
	if (!t->alternate)
		return;
	save_title(t, false);
	if (t->options.mouse)
		put_string("\033[?1006l\033[?1000l");
	put_string("\033[?1004l\033[?2004l");
}

/* --- Colours. */

/* The number curses wants for a palette index: terminals of direct colour take RGB beyond the first eight. */
static int curses_colour(int colour)
{
	return colour > 7 && COLORS > 256 ? (int)theme_rgb(colour) : colour;
}

static attr_t curses_attributes(unsigned attributes)
{
	return (attributes & CELL_BOLD ? A_BOLD : 0) | (attributes & CELL_DIM ? A_DIM : 0) |
		(attributes & CELL_UNDERLINE ? A_UNDERLINE : 0) | (attributes & CELL_REVERSE ? A_REVERSE : 0);
}

static void set_looks(struct term_curses *t)
{
	/* Without colours alloc_pair() crashes (vt100, ncurses 6.4). */
	bool colours = has_colors() && COLORS > 0 && COLOR_PAIRS > 1 && !t->options.no_colour;
	enum theme theme = t->options.theme == THEME_AUTO ? t->answers.background : t->options.theme;
	for (int role = 0; role < STYLE_COUNT; role++) {
		struct theme_style style = theme_style(theme, colours ? COLORS : 0, (enum style_role)role);
		struct look *look = &t->looks[role];
		look->attributes = curses_attributes(style.attributes);
		look->pair = 0;
		if (!colours || (style.foreground == THEME_DEFAULT && style.background == THEME_DEFAULT))
			continue;
		int pair = alloc_pair(curses_colour(style.foreground), curses_colour(style.background));
		look->pair = (short)(pair > 0 && pair < 32767 ? pair : 0);
	}
}

/* --- Drawing. */

static void forget_drawn(struct term_curses *t)
{
	free(t->last);
	t->last = NULL;
	t->cursor_known = false;
}

/* The terminal is ours again, from the next update on (which curses begins with the alternate screen), and nothing
 * that is on it can be trusted. */
static void show(struct term_curses *t)
{
	if (t->shown)
		return;
	t->shown = true;
	restore_screen(true);
	modes_on(t);
	clearok(curscr, TRUE);
	forget_drawn(t);
}

/* Answers on their way would end up on the shell's command line. */
static void drop_answers(struct term_curses *t)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	if (t->answers.awaited && poll(&fd, 1, TERM_ANSWER_WAIT) > 0)
		tcflush(STDIN_FILENO, TCIFLUSH);
	t->answers.awaited = false;
}

static void hide(struct term_curses *t)
{
	if (!t->shown)
		return;
	t->shown = false;
	drop_answers(t);
	modes_off(t);
	endwin();
	restore_screen(false);
}

static void put_cell(const struct term_curses *t, const struct cell *cell)
{
	const struct look *look = &t->looks[cell->role < STYLE_COUNT ? cell->role : 0];
	attr_t attributes = look->attributes | curses_attributes(cell->attributes & (unsigned)~CELL_REVERSE);
	if (cell->attributes & CELL_REVERSE)
		attributes ^= A_REVERSE; /* reverse in a reversed role stands out, too */
	wchar_t text[CELL_MARKS + 2] = { (wchar_t)cell->base };
	bool fallback = t->options.ascii && cell->base >= 0x80;
	if (fallback)
		text[0] = (wchar_t)(unsigned char)text_fallback(cell->base);
	for (int i = 0; i < CELL_MARKS && cell->marks[i] != 0 && !t->options.ascii; i++)
		text[i + 1] = (wchar_t)cell->marks[i];
	cchar_t c;
	if (setcchar(&c, text, attributes, look->pair, NULL) == ERR) {
		text[1] = 0; /* marks that this libc does not take for marks */
		if (setcchar(&c, text, attributes, look->pair, NULL) == ERR)
			setcchar(&c, L"?", attributes, look->pair, NULL);
	}
	wadd_wch(stdscr, &c); /* ERR in the last corner, where the cell is written all the same */
	if (fallback && cell->width == 2)
		waddch(stdscr, ' ' | attributes | (chtype)COLOR_PAIR(look->pair));
}

/* Writes cells from..to (inclusive) of a row; halves of wide characters are taken whole. */
static void put_run(const struct term_curses *t, int row, const struct cell *cells, int from, int to, int limit)
{
	while (from > 0 && cells[from].width == 0)
		from--;
	wmove(stdscr, row, from);
	for (int column = from; column <= to; column++) {
		if (cells[column].width == 0)
			continue;
		if (column + cells[column].width > limit)
			break; /* the window became narrower than the grid */
		put_cell(t, &cells[column]);
	}
}

static void announce(struct term_curses *t, bool on)
{
	if (t->answers.synchronised && on != t->announced)
		put_string(on ? "\033[?2026h" : "\033[?2026l");
	t->announced = t->answers.synchronised && on;
}

/* Curses writes on from where it believes the cursor to be, so a character that is wider or narrower here than in libc
 * would shift all that is behind it, borders too. Rows that change and have, or had, such a character are cleared first;
 * then they are written up to their seam, behind the last of those characters, and the rest from a place that the
 * terminal is told anew. Notes the seams, 0 for rows without one; true when there are any. */
static bool find_seams(struct term_curses *t, const struct cells *cells, bool all)
{
	int rows = t->last_rows, columns = t->last_columns;
	bool any = false;
	for (int row = 0; row < rows && row < LINES; row++) {
		const struct cell *now = cells_row(cells, row), *before = t->last + (size_t)row * (size_t)columns;
		t->seams[row] = 0;
		if (!all && memcmp(now, before, (size_t)columns * sizeof *now) == 0)
			continue;
		t->seams[row] = cells_disputed(now, columns);
		if (t->seams[row] == 0 && !all && cells_disputed(before, columns) > 0)
			t->seams[row] = columns;
		if (t->seams[row] == 0)
			continue;
		any = true;
		/* As its end, so that no hole is left in a title. */
		struct cell blank = { .base = ' ', .width = 1, .role = now[columns - 1].role };
		wmove(stdscr, row, 0);
		for (int column = 0; column < columns && column < COLS; column++)
			put_cell(t, &blank);
	}
	if (any && !all) {
		announce(t, true);
		wnoutrefresh(stdscr);
		doupdate();
	}
	return any;
}

/* Brings stdscr to what the grid shows, less what is behind seams; the number of rows that changed, or
 * TCHAT_ERR_MEMORY. */
static int put_grid(struct term_curses *t, const struct cells *cells, bool *seams)
{
	int rows = cells_rows(cells), columns = cells_columns(cells), changed = 0;
	size_t size = (size_t)columns * sizeof *t->last;
	if (t->last != NULL && (t->last_rows != rows || t->last_columns != columns))
		forget_drawn(t);
	bool all = t->last == NULL;
	if (all) {
		t->last = malloc((size_t)rows * size);
		if (t->last == NULL)
			return TCHAT_ERR_MEMORY;
		t->last_rows = rows;
		t->last_columns = columns;
		werase(stdscr);
	}
	*seams = find_seams(t, cells, all);
	int height = rows < LINES ? rows : LINES, width = columns < COLS ? columns : COLS;
	for (int row = 0; row < rows; row++) {
		const struct cell *now = cells_row(cells, row);
		struct cell *before = t->last + (size_t)row * (size_t)columns;
		int from = 0, to = width - 1;
		if (!all && memcmp(now, before, size) == 0)
			continue;
		if (row < height && t->seams[row] > 0) {
			to = t->seams[row] - 1;
		} else if (!all) {
			while (from < width && memcmp(&now[from], &before[from], sizeof *now) == 0)
				from++;
			while (to > from && memcmp(&now[to], &before[to], sizeof *now) == 0)
				to--;
		}
		memcpy(before, now, size);
		changed++;
		if (row < height && from < width)
			put_run(t, row, now, from, to, width);
	}
	return changed;
}

/* Shows what stdscr has, the cursor where it belongs. */
static void update(const struct term_curses *t)
{
	wmove(stdscr, t->cursor_row >= 0 ? t->cursor_row : LINES - 1, t->cursor_row >= 0 ? t->cursor_column : COLS - 1);
	wnoutrefresh(stdscr);
	doupdate();
}

static void put_behind_seams(const struct term_curses *t, const struct cells *cells)
{
	int width = t->last_columns < COLS ? t->last_columns : COLS;
	cchar_t unknown;
	setcchar(&unknown, L"?", A_BLINK | A_REVERSE, 0, NULL);
	/* From where curses believes that it is to where it believes that it is. */
	mvcur(-1, -1, getcury(stdscr), getcurx(stdscr));
	for (int row = 0; row < t->last_rows && row < LINES; row++) {
		if (t->seams[row] == 0 || t->seams[row] >= width)
			continue;
		/* Text that is wider here lies on what should be blank: let nothing count as drawn. */
		mvwhline_set(curscr, row, t->seams[row], &unknown, width - t->seams[row]);
		put_run(t, row, cells_row(cells, row), t->seams[row], width - 1, width);
	}
	update(t);
}

static int curses_draw(struct terminal *terminal, const struct cells *cells)
{
	struct term_curses *t = (struct term_curses *)terminal;
	bool seams = false;
	show(t);
	int changed = put_grid(t, cells, &seams);
	if (changed < 0)
		return changed;
	int row = -1, column = 0;
	if (!cells_cursor(cells, &row, &column) || row >= LINES || column >= COLS)
		row = -1, column = 0;
	bool cursor_moved = !t->cursor_known || row != t->cursor_row || column != t->cursor_column;
	if (changed == 0 && !cursor_moved)
		return 0;
	if (changed >= TERM_SYNC_ROWS || seams)
		announce(t, true);
	if (!t->cursor_known || (row < 0) != (t->cursor_row < 0))
		curs_set(row >= 0);
	t->cursor_known = true;
	t->cursor_row = row;
	t->cursor_column = column;
	update(t);
	if (seams)
		put_behind_seams(t, cells);
	announce(t, false);
	return 0;
}

/* --- The other verbs of a terminal. */

static void curses_size(const struct terminal *terminal, int *rows, int *columns)
{
	*rows = LINES;
	*columns = COLS;
}

static void curses_set_theme(struct terminal *terminal, enum theme theme)
{
	struct term_curses *t = (struct term_curses *)terminal;
	t->options.theme = theme;
	set_looks(t);
	forget_drawn(t);
}

static void curses_repair(struct terminal *terminal)
{
	struct term_curses *t = (struct term_curses *)terminal;
	if (t->shown) {
		modes_on(t);
		if (t->alternate) /* its colours may be others by now */
			answers_ask(&t->answers, STDOUT_FILENO);
		clearok(curscr, TRUE);
	}
	forget_drawn(t);
}

static void curses_suspend(struct terminal *terminal)
{
	hide((struct term_curses *)terminal);
}

static void curses_bell(struct terminal *terminal)
{
	if (((struct term_curses *)terminal)->shown)
		beep();
}

static void put_osc(const struct term_curses *t, const char *start, const char *text)
{
	char out[OSC_TEXT_SIZE];
	osc_write(STDOUT_FILENO, out, osc_text(out, start, text, t->options.ascii));
}

static void curses_set_title(struct terminal *terminal, const char *text)
{
	const struct term_curses *t = (const struct term_curses *)terminal;
	if (t->options.title && t->alternate && t->shown)
		put_osc(t, "2", text);
}

static void curses_notify(struct terminal *terminal, const char *text)
{
	const struct term_curses *t = (const struct term_curses *)terminal;
	if (t->options.notify && t->alternate && t->shown)
		put_osc(t, "9", text);
}

static void curses_copy(struct terminal *terminal, const char *text, size_t length)
{
	const struct term_curses *t = (const struct term_curses *)terminal;
	if (!t->options.clipboard || !t->alternate || !t->shown || length > TERM_COPY_MAXIMUM)
		return;
	size_t size;
	char *out = osc_copy(text, length, &size);
	if (out != NULL)
		osc_write(STDOUT_FILENO, out, size);
	free(out);
}

static void curses_free(struct terminal *terminal)
{
	struct term_curses *t = (struct term_curses *)terminal;
	hide(t);
	forget_drawn(t);
	if (t->screen != NULL)
		delscreen(t->screen);
	free(t);
}

static const struct terminal_class curses_class = {
	.size = curses_size,
	.draw = curses_draw,
	.set_theme = curses_set_theme,
	.free = curses_free,
	.repair = curses_repair,
	.suspend = curses_suspend,
	.bell = curses_bell,
	.set_title = curses_set_title,
	.notify = curses_notify,
	.copy = curses_copy,
};

/* --- Start. */

/* Can the terminal in TERM show a screen? 0, or an error and its line. */
int term_curses_check(const char **why)
{
	int found;
	const char *name = getenv("TERM");
	if (name == NULL || name[0] == '\0') {
		*why = _("TERM is not set: say what your terminal is, or use --lines");
		return TCHAT_ERR_NOT_FOUND;
	}
	if (setupterm(NULL, STDOUT_FILENO, &found) == ERR) {
		*why = _("the terminal type in TERM is not known here: correct TERM, or use --lines");
		return TCHAT_ERR_NOT_FOUND;
	}
	const char *place = tigetstr("cup");
	int err = place == NULL || place == (char *)-1 ? TCHAT_ERR_UNREACHABLE : 0;
	if (err != 0)
		*why = _("this terminal cannot place its cursor");
	del_curterm(cur_term);
	return err;
}

static void start_screen(struct term_curses *t)
{
	const char *alternate = tigetstr("smcup");
	t->alternate = alternate != NULL && alternate != (char *)-1;
	raw();
	noecho();
	nonl();
	keypad(stdscr, FALSE);
	typeahead(-1);
	idlok(stdscr, TRUE);
	if (has_colors()) {
		start_color();
		use_default_colors();
	}
	/* Curses resets the palette at its start and end, and with it what the user's shell made of it. The
	 * string is its own copy; there is no other way to take the capability away. */
	char *palette = tigetstr("oc");
	if (palette != NULL && palette != (char *)-1)
		palette[0] = '\0';
	/* Only from its second start on does ncurses 6.4 write a whole update at once. */
	endwin();
	show(t);
	refresh();
	if (t->alternate)
		answers_ask(&t->answers, STDOUT_FILENO);
	term_curses_resize(&t->terminal);
	set_looks(t);
	clearok(curscr, TRUE); /* whatever the questions left on the screen */
}

struct terminal *term_curses_new(const struct term_curses_options *options, int *err, const char **why)
{
	*why = tchat_err_text(TCHAT_ERR_MEMORY);
	*err = TCHAT_ERR_MEMORY;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		*why = _("standard input and output are not a terminal");
		*err = TCHAT_ERR_SYSTEM;
		return NULL;
	}
	int unfit = term_curses_check(why);
	if (unfit != 0) {
		*err = unfit;
		return NULL;
	}
	struct term_curses *t = calloc(1, sizeof *t);
	if (t == NULL)
		return NULL;
	t->terminal.class = &curses_class;
	t->options = *options;
	answers_init(&t->answers, getenv("COLORFGBG"));
	/* The terminal's own size counts, also later, when the screen comes back: LINES and COLUMNS may be older. */
	use_env(FALSE);
	use_tioctl(TRUE);
	t->screen = newterm(NULL, stdout, stdin);
	if (t->screen == NULL) {
		free(t);
		return NULL;
	}
	start_screen(t);
	*err = 0;
	return &t->terminal;
}

bool term_curses_resize(struct terminal *terminal)
{
	struct term_curses *t = (struct term_curses *)terminal;
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
		return false;
	int rows = size.ws_row < CELLS_MAX_ROWS ? size.ws_row : CELLS_MAX_ROWS;
	int columns = size.ws_col < CELLS_MAX_COLUMNS ? size.ws_col : CELLS_MAX_COLUMNS;
	if (rows == LINES && columns == COLS)
		return false;
	resizeterm(rows, columns);
	forget_drawn(t);
	return true;
}

bool term_curses_stop(struct terminal *terminal)
{
	struct term_curses *t = (struct term_curses *)terminal;
	/* A session's leader was started without a shell: nobody would ever let it go on. */
	if (getsid(0) == getpid())
		return false;
	hide(t);
	t->own_stop = true;
	kill(0, SIGSTOP);
	term_curses_resize(terminal);
	return true;
}

void term_curses_continued(struct terminal *terminal)
{
	struct term_curses *t = (struct term_curses *)terminal;
	/* The one that ended a stop of one's own is heard of only after it. */
	if (!t->own_stop)
		hide(t);
	t->own_stop = false;
}

bool term_curses_reply(struct terminal *terminal, const struct token *token)
{
	struct term_curses *t = (struct term_curses *)terminal;
	enum theme before = t->answers.background;
	if (!answers_take(&t->answers, token) || before == t->answers.background || t->options.theme != THEME_AUTO)
		return false;
	set_looks(t);
	forget_drawn(t);
	return true;
}

void term_curses_set_mouse(struct terminal *terminal, bool on)
{
	struct term_curses *t = (struct term_curses *)terminal;
	if (t->options.mouse == on)
		return;
	if (t->shown && t->alternate)
		put_string(on ? "\033[?1000h\033[?1006h" : "\033[?1006l\033[?1000l");
	t->options.mouse = on;
}

void term_curses_set_title_on(struct terminal *terminal, bool on)
{
	struct term_curses *t = (struct term_curses *)terminal;
	t->options.title = on;
	if (t->shown)
		save_title(t, on);
}

void term_curses_set_notify(struct terminal *terminal, bool on)
{
	((struct term_curses *)terminal)->options.notify = on;
}

void term_curses_set_clipboard(struct terminal *terminal, bool on)
{
	((struct term_curses *)terminal)->options.clipboard = on;
}

void term_curses_set_no_colour(struct terminal *terminal, bool no_colour)
{
	struct term_curses *t = (struct term_curses *)terminal;
	t->options.no_colour = no_colour;
	set_looks(t);
	forget_drawn(t);
}
