/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The start screen: one list; what is typed filters it, and what matches nothing is an address to join. */
#include "app/start.h"

#include "app/exit_status.h"
#include "app/listen.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/wipe.h"
#include "system/signals.h"
#include "ui/cells.h"
#include "ui/dialogue.h"
#include "ui/charset.h"
#include "ui/message_wrap.h"
#include "ui/restore.h"
#include "ui/term_curses.h"
#include "ui/tokenizer.h"
#include "wire/address.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OWN_MAX = 16, START_ADDRESS = ADDRESS_LINK, START_WHY = START_ADDRESS + 256 };

#define BLANKS " \t\r\n"

struct start {
	char own[OWN_MAX][START_ADDRESS]; /* "unix:/path" of the account's hosts that are running */
	size_t own_count;
	struct dialogue *list;
	struct terminal *terminal;
	struct cells *cells;
	struct tokenizer *tokenizer;
	int signals;
	char why[START_WHY]; /* what is wrong with the address that was typed; "": nothing */
	bool done;
	int result;
};

/* The list as it is shown; the order of items is the order of start_take(). */
static int start_fill(struct start *start)
{
	char path[START_ADDRESS - 8], label[START_ADDRESS + 32];
	start->list = dialogue_chooser(_("Where to?"), true);
	if (start->list == NULL)
		return TCHAT_ERR_MEMORY;
	while (start->own_count < OWN_MAX && listen_find_own(start->own_count, path, sizeof path) == 0) {
		const char *name = strrchr(path, '/');
		snprintf(start->own[start->own_count], START_ADDRESS, "unix:%s", path);
		snprintf(label, sizeof label, _("Come back to your %s"), name != NULL ? name + 1 : path);
		dialogue_item(start->list, label, _("running"));
		start->own_count++;
	}
	dialogue_item(start->list, _("Open a host here"), _("port 50000"));
	dialogue_item(start->list, _("Quit"), NULL);
	return 0;
}

static void start_join(struct start *start, struct options *options, const char *address)
{
	size_t slot = 0;
	while (slot < OPTIONS_SECRETS && options->secrets[slot] != NULL)
		slot++;
	char *copy = slot < OPTIONS_SECRETS ? strdup(address) : NULL;
	if (copy == NULL) {
		start->result = -1;
		return;
	}
	options->target = options->secrets[slot] = copy;
	options->mode = MODE_JOIN;
}

/* Whether what was typed can be an address; else it stays, to be put right. */
static bool start_understands(struct start *start, const char *typed)
{
	struct address address;
	int err = address_parse(&address, typed, ADDRESS_JOIN);
	wipe(&address, sizeof address);
	if (err != 0)
		address_explain(err, typed, start->why, sizeof start->why);
	return err == 0;
}

/* Enter was pressed. */
static void start_take(struct start *start, struct options *options)
{
	int chosen = dialogue_chosen(start->list);
	if (chosen < 0 && !start_understands(start, dialogue_filter(start->list)))
		return;
	start->done = true;
	if (chosen < 0) {
		start_join(start, options, dialogue_filter(start->list));
	} else if ((size_t)chosen < start->own_count) {
		start_join(start, options, start->own[chosen]);
	} else if ((size_t)chosen == start->own_count) {
		options->hosts[options->host_count++] = "50000";
		options->mode = MODE_HOST;
	} else {
		start->result = -1;
	}
}

/* Without line ends and what is around them: a long link is copied in pieces where a screen broke it. */
static void start_paste(struct start *start, const char *text, size_t length)
{
	const char *end = text + length;
	while (text < end && strchr(BLANKS, *text) != NULL)
		text++;
	while (text < end) {
		const char *line = memchr(text, '\n', (size_t)(end - text)), *carriage = memchr(text, '\r', (size_t)(end - text));
		const char *stop = line == NULL ? end : line, *last;
		if (carriage != NULL && carriage < stop)
			stop = carriage;
		for (last = stop; last > text && last[-1] == ' ';)
			last--;
		dialogue_type(start->list, text, (size_t)(last - text));
		for (text = stop; text < end && strchr(BLANKS, *text) != NULL;)
			text++;
	}
}

static void start_token(struct start *start, struct options *options, const struct token *token)
{
	if (token->kind != TOKEN_REPLY)
		start->why[0] = '\0';
	if (token_is_key(token, TOKEN_KEY_ENTER, 0))
		start_take(start, options);
	else if (token_is_key(token, TOKEN_KEY_ESCAPE, 0) || token_is_control(token, 'C') ||
	         token_is_control(token, 'D')) {
		start->done = true;
		start->result = -1;
	} else if (token_is_key(token, TOKEN_KEY_UP, 0) || token_is_control(token, 'P'))
		dialogue_move(start->list, -1);
	else if (token_is_key(token, TOKEN_KEY_DOWN, 0) || token_is_control(token, 'N') ||
	         token_is_key(token, TOKEN_KEY_TAB, 0))
		dialogue_move(start->list, 1);
	else if (token_is_key(token, TOKEN_KEY_BACKSPACE, 0))
		dialogue_rub_out(start->list);
	else if (token->kind == TOKEN_CHARACTER)
		dialogue_type(start->list, (const char *)token->bytes, token->length);
	else if (token->kind == TOKEN_PASTE)
		start_paste(start, (const char *)token->bytes, token->length);
	else if (token->kind == TOKEN_REPLY)
		term_curses_reply(start->terminal, token);
}

/* What is wrong, as many rows as it takes at this width; draws nothing without cells. */
static int start_put_why(const struct start *start, struct cells *cells, const struct area *area)
{
	size_t length = strlen(start->why);
	struct wrap_row row = { .last = length == 0 };
	int rows = 0;
	for (size_t at = 0; !row.last; at = row.next, rows++) {
		row = wrap_row(start->why, length, at, area->columns);
		if (cells != NULL)
			cells_put(cells, area, rows, 0, STYLE_ERROR, start->why + at, row.end - at);
	}
	return rows;
}

/* A title and a hint, the list below them, and what is wrong; in a small window only the last two, the other way round. */
static void start_draw(struct start *start)
{
	enum { HEAD_ROWS = 4, LIST_ROWS = 4, LEAST_ROWS = 2 };
	int rows, columns;
	terminal_size(start->terminal, &rows, &columns);
	if (cells_resize(start->cells, rows, columns) != 0)
		return;
	struct area area = cells_area(start->cells);
	int list = (int)start->own_count + LIST_ROWS + 1;
	struct area why = { 0, 0, 0, columns > 40 ? columns - 4 : columns };
	why.rows = start_put_why(start, NULL, &why);
	cells_clear(start->cells);
	if (rows >= HEAD_ROWS + list + why.rows && columns >= 40) {
		struct area title = { 0, 0, 1, columns }, hint = { 2, 2, 1, columns - 4 };
		const char *text = _("Choose, or type an address or link: host, host:port, unix:/path, tchat://...");
		cells_fill(start->cells, &title, STYLE_TITLE);
		cells_puts(start->cells, &title, 0, 1, STYLE_TITLE, PACKAGE_NAME " " PACKAGE_VERSION);
		cells_put_cut(start->cells, &hint, 0, 0, hint.columns, STYLE_SYSTEM, text, strlen(text));
		area = (struct area){ HEAD_ROWS, 1, list, columns - 2 };
		why.row = HEAD_ROWS + list;
		why.column = 2;
	} else if (why.rows > 0 && rows > LEAST_ROWS) {
		why.rows = why.rows < rows - LEAST_ROWS ? why.rows : rows - LEAST_ROWS;
		area = (struct area){ why.rows, 0, rows - why.rows, columns };
	}
	start_put_why(start, start->cells, &why);
	dialogue_draw(start->list, start->cells, &area);
	terminal_draw(start->terminal, start->cells);
}

/* Waits for a key, a signal, or the time that an ESC takes. */
static void start_wait(struct start *start)
{
	struct pollfd ready[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = start->signals, .events = POLLIN } };
	tchat_time deadline = tokenizer_deadline(start->tokenizer), now = clock_monotonic();
	int wait = deadline == TCHAT_NEVER ? -1 : deadline <= now ? 0 : (int)((deadline - now + 999) / 1000);
	char bytes[4096];
	poll(ready, 2, wait);
	if ((ready[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
		ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);
		if (length > 0) {
			tokenizer_feed(start->tokenizer, bytes, (size_t)length, clock_monotonic());
			wipe(bytes, (size_t)length);
		}
		else if (length == 0 || errno != EINTR) {
			start->done = true;
			start->result = -1;
		}
	}
	for (int number; (number = signals_take(start->signals)) != 0;) {
		if (number == SIGCONT)
			term_curses_continued(start->terminal);
		if (number == SIGCONT || number == SIGWINCH)
			term_curses_resize(start->terminal);
		if (number == SIGTERM || number == SIGHUP || number == SIGINT) {
			start->done = true;
			start->result = -1;
		}
	}
}

static void start_ask(struct start *start, struct options *options)
{
	struct token token;
	while (!start->done) {
		start_draw(start);
		start_wait(start);
		while (!start->done && tokenizer_next(start->tokenizer, clock_monotonic(), &token))
			start_token(start, options, &token);
	}
}

int start_choose(struct options *options)
{
	struct start start = { .signals = -1 };
	const char *why = NULL;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		say(_("where to? --host opens a host, --join joins one; see tchat --help"));
		return EXIT_STATUS_USAGE;
	}
	int err = start_fill(&start);
	start.cells = cells_new(1, 1);
	start.tokenizer = tokenizer_new(START_ADDRESS);
	start.signals = signals_open(NULL, 0);
	if (err == 0 && (start.cells == NULL || start.tokenizer == NULL || start.signals < 0))
		err = TCHAT_ERR_MEMORY;
	if (err == 0)
		err = restore_start(STDIN_FILENO);
	if (err == 0)
		err = restore_signals(signals_write_end());
	if (err == 0)
		start.terminal = term_curses_new(&(struct term_curses_options){
			.theme = (enum theme)options->theme, .no_colour = options_no_colour(), .ascii = !charset_is_utf8() }, &err, &why);
	if (err == 0)
		start_ask(&start, options);
	terminal_free(start.terminal);
	restore_stop();
	signals_close();
	dialogue_free(start.list);
	tokenizer_free(start.tokenizer);
	cells_free(start.cells);
	if (err == 0)
		return start.result;
	say("%s", why != NULL ? why : tchat_err_text(err));
	return EXIT_STATUS_SYSTEM;
}
