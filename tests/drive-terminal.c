/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small program for the pty tests: tokenizer, line editor and curses put together as the real client
 * does, with a log of what arrived above a status line and the input line. */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/text.h"
#include "ui/charset.h"
#include "ui/frame_pacer.h"
#include "ui/line_editor.h"
#include "ui/restore.h"
#include "ui/term_curses.h"
#include "ui/tokenizer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG_LINES = 400 };

struct drive {
	struct terminal *terminal;
	struct line_editor *editor;
	struct tokenizer *tokenizer;
	struct cells *cells;
	struct frame_pacer pacer;
	char *log[LOG_LINES];
	size_t logged;
	unsigned draws;
	bool quit;
	bool utf8;
	int signals[2];
	uintptr_t nowhere; /* an address that nothing has */
};

static void say(struct drive *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct drive *d, const char *format, ...)
{
	char raw[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(raw, sizeof raw, format, arguments);
	va_end(arguments);
	struct buffer clean;
	buffer_init(&clean, 8192);
	text_clean(&clean, raw, strlen(raw), TEXT_LINE);
	char **slot = &d->log[d->logged++ % LOG_LINES];
	free(*slot);
	*slot = strndup((const char *)buffer_data(&clean), buffer_length(&clean));
	buffer_free(&clean);
	frame_pacer_changed(&d->pacer, true);
}

static void complete(void *arg, const char *line, size_t cursor, struct line_completion *out)
{
	static const char *const words[] = { "/quit", "/segv", "/abort", "/theme", "ann", "anna", "bob" };
	size_t start = cursor;
	while (start > 0 && line[start - 1] != ' ' && line[start - 1] != '\n')
		start--;
	out->start = start;
	out->suffix = start == 0 && line[0] != '/' ? ": " : " ";
	out->candidates = calloc(sizeof words / sizeof words[0], sizeof *out->candidates);
	for (size_t i = 0; i < sizeof words / sizeof words[0] && out->candidates != NULL; i++)
		if (strncmp(words[i], line + start, cursor - start) == 0)
			out->candidates[out->count++] = strdup(words[i]);
}

static void draw_input(struct drive *d, const struct area *area)
{
	char *text = strdup(line_editor_text(d->editor));
	size_t cursor = line_editor_cursor(d->editor), length = strlen(text), from = 0;
	/* The line with the cursor in it, or what of it can be seen. */
	size_t start = cursor;
	while (start > 0 && text[start - 1] != '\n')
		start--;
	from = start;
	length = from + strcspn(text + from, "\n");
	struct buffer prompt;
	buffer_init(&prompt, 8192);
	text_clean(&prompt, line_editor_prompt(d->editor), strlen(line_editor_prompt(d->editor)), TEXT_LINE);
	int row = area->rows - 1;
	int column = cells_put(d->cells, area, row, 0, STYLE_PROMPT, "> ", 2);
	column = cells_put(d->cells, area, row, column, STYLE_PROMPT, (const char *)buffer_data(&prompt),
		buffer_length(&prompt));
	while (from < cursor && column + (int)text_width(text + from, cursor - from) >= area->columns)
		from = text_next(text, length, from, NULL);
	cells_put(d->cells, area, row, column, STYLE_INPUT, text + from, length - from);
	cells_set_cursor(d->cells, area, row, column + (int)text_width(text + from, cursor - from));
	buffer_free(&prompt);
	free(text);
}

static void draw(struct drive *d)
{
	static const char *const modes[] = { "emacs", "insert", "command" };
	int rows, columns;
	char status[256];
	terminal_size(d->terminal, &rows, &columns);
	cells_resize(d->cells, rows, columns);
	cells_clear(d->cells);
	struct area area = cells_area(d->cells);
	int top = area.rows - 3;
	for (int i = 0; i < top && (size_t)i < d->logged; i++)
		cells_puts(d->cells, &area, top - 1 - i, 0, STYLE_TEXT,
			d->log[(d->logged - 1 - (size_t)i) % LOG_LINES]);
	size_t count, lines = 1;
	const char *const *matches = line_editor_matches(d->editor, &count);
	int column = 0;
	for (size_t i = 0; i < count; i++)
		column = cells_puts(d->cells, &area, area.rows - 3, column, STYLE_MATCH, matches[i]) + 1;
	for (const char *at = line_editor_text(d->editor); (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	snprintf(status, sizeof status, "%dx%d %s bytes=%zu lines=%zu %s", rows, columns,
		modes[line_editor_mode(d->editor)], line_editor_length(d->editor), lines, d->utf8 ? "utf8" : "ascii");
	cells_fill(d->cells, &(struct area){ area.rows - 2, 0, 1, area.columns }, STYLE_STATUS);
	cells_puts(d->cells, &area, area.rows - 2, 0, STYLE_STATUS, status);
	draw_input(d, &area);
	terminal_draw(d->terminal, d->cells);
	d->draws++;
}

static void submit(struct drive *d, const char *line)
{
	size_t lines = 1;
	for (const char *at = line; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	if (strcmp(line, "/quit") == 0)
		d->quit = true;
	else if (strcmp(line, "/segv") == 0)
		*(volatile int *)d->nowhere = 1;
	else if (strcmp(line, "/abort") == 0)
		abort();
	else if (strcmp(line, "/bell") == 0)
		terminal_bell(d->terminal);
	else if (strcmp(line, "/hide") == 0)
		terminal_suspend(d->terminal);
	else if (strncmp(line, "/title ", 7) == 0)
		terminal_set_title(d->terminal, line + 7);
	else if (strncmp(line, "/copy ", 6) == 0)
		terminal_copy(d->terminal, line + 6, strlen(line + 6));
	else if (strncmp(line, "/theme ", 7) == 0 && theme_find(line + 7) >= 0)
		terminal_set_theme(d->terminal, (enum theme)theme_find(line + 7));
	else if (strncmp(line, "/flood ", 7) == 0)
		for (int i = atoi(line + 7); i > 0; i--)
			say(d, "flood %d", i);
	else
		say(d, "sent %zu bytes %zu lines: %.200s", strlen(line), lines, line);
}

static void take_token(struct drive *d, const struct token *token)
{
	frame_pacer_changed(&d->pacer, true);
	if (token->kind == TOKEN_REPLY) {
		term_curses_reply(d->terminal, token);
		return;
	}
	if (token_is_control(token, 'C')) {
		if (!line_editor_cancel(d->editor))
			say(d, "nothing to cancel");
	} else if (token_is_control(token, 'Z')) {
		if (!term_curses_stop(d->terminal))
			say(d, "no shell to go back to");
	} else if (token_is_control(token, 'L')) {
		terminal_repair(d->terminal);
	} else if (token_is_key(token, TOKEN_KEY_ENTER, TOKEN_ALT)) {
		line_editor_newline(d->editor);
	} else if (token_is_key(token, TOKEN_KEY_PAGE_UP, 0)) {
		say(d, "page up");
	} else if (token->kind == TOKEN_MOUSE) {
		say(d, "mouse %d at %d,%d", token->mouse.button, token->mouse.row, token->mouse.column);
	} else if (token->kind == TOKEN_FOCUS) {
		say(d, "focus %d", token->value);
	} else {
		int outcome = line_editor_feed(d->editor, token);
		if (outcome & LINE_EDITOR_EOF)
			d->quit = true;
		for (char *line; (line = line_editor_take_line(d->editor)) != NULL; free(line)) {
			line_editor_remember(d->editor, line);
			submit(d, line);
		}
	}
}

static void take_signal(struct drive *d, int number)
{
	frame_pacer_changed(&d->pacer, true);
	if (number == SIGWINCH) {
		term_curses_resize(d->terminal);
	} else if (number == SIGCONT) {
		term_curses_continued(d->terminal);
		term_curses_resize(d->terminal);
	} else if (number == SIGTSTP) {
		term_curses_stop(d->terminal);
	} else {
		d->quit = true;
	}
}

static int wait_time(const struct drive *d, tchat_time now)
{
	tchat_time at = tokenizer_deadline(d->tokenizer), frame = frame_pacer_deadline(&d->pacer);
	if (frame < at)
		at = frame;
	if (at == TCHAT_NEVER)
		return -1;
	return at <= now ? 0 : (int)((at - now + 999) / 1000);
}

static void loop(struct drive *d)
{
	struct token token;
	while (!d->quit) {
		struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { d->signals[0], POLLIN, 0 } };
		if (poll(fds, 2, wait_time(d, clock_monotonic())) < 0 && errno != EINTR)
			return;
		unsigned char number;
		while (read(d->signals[0], &number, 1) == 1)
			take_signal(d, number);
		if (fds[0].revents != 0) {
			char bytes[65536];
			ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
			if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
				return;
			if (n > 0)
				tokenizer_feed(d->tokenizer, bytes, (size_t)n, clock_monotonic());
		}
		while (!d->quit && tokenizer_next(d->tokenizer, clock_monotonic(), &token))
			take_token(d, &token);
		if (!d->quit && frame_pacer_is_due(&d->pacer, clock_monotonic())) {
			draw(d);
			frame_pacer_drawn(&d->pacer, clock_monotonic());
		}
	}
}

int main(int argc, char **argv)
{
	struct drive d = { .nowhere = 64 };
	struct term_curses_options screen = { .theme = THEME_DARK, .no_colour = getenv("NO_COLOR") != NULL };
	struct line_editor_options line = { .text_maximum = 2 << 20, .history_maximum = 100, .complete = complete };
	const char *why;
	int err;
	for (int i = 1; i < argc; i++) {
		screen.mouse = screen.mouse || strcmp(argv[i], "--mouse") == 0;
		screen.title = screen.title || strcmp(argv[i], "--title") == 0;
		screen.clipboard = screen.clipboard || strcmp(argv[i], "--clipboard") == 0;
	}
	d.utf8 = charset_start();
	screen.ascii = !d.utf8;
	if (pipe(d.signals) != 0)
		return 1;
	fcntl(d.signals[0], F_SETFL, O_NONBLOCK);
	fcntl(d.signals[1], F_SETFL, O_NONBLOCK);
	restore_start(STDIN_FILENO);
	restore_signals(d.signals[1]);
	d.editor = line_editor_new(&line);
	d.tokenizer = tokenizer_new(4 << 20);
	d.cells = cells_new(24, 80);
	d.terminal = term_curses_new(&screen, &err, &why);
	if (argc > 1 && strcmp(argv[1], "--twice") == 0) {
		terminal_free(d.terminal);
		d.terminal = term_curses_new(&screen, &err, &why);
	}
	if (d.terminal != NULL) {
		frame_pacer_init(&d.pacer, FRAME_PACER_INTERVAL);
		say(&d, "ready");
		loop(&d);
		terminal_free(d.terminal);
		printf("bye\n");
	} else {
		fprintf(stderr, "drive: %s (%s)\n", why, tchat_err_name(err));
	}
	line_editor_free(d.editor);
	tokenizer_free(d.tokenizer);
	cells_free(d.cells);
	restore_stop();
	for (int i = 0; i < LOG_LINES; i++)
		free(d.log[i]);
	return err == 0 ? 0 : 2;
}
