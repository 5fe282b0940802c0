/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal harness: what a terminal shows, how its program has set it, and waits for that. */
#include "config.h"

#include "pty_inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool pty_has_text(const struct pty *pty, const char *text)
{
	return pty_find_row(pty, text) >= 0;
}

int pty_find_row(const struct pty *pty, const char *text)
{
	for (int row = 0; row < pty->rows; row++)
		if (strstr(pty_row(pty, row), text) != NULL)
			return row;
	return -1;
}

static bool text_is_there(struct pty *pty, void *arg)
{
	return pty_has_text(pty, arg);
}

static bool text_is_gone(struct pty *pty, void *arg)
{
	return !pty_has_text(pty, arg);
}

struct place {
	int row, column;
	const char *text;
};

static bool row_has_text(struct pty *pty, void *arg)
{
	struct place *place = arg;
	return strstr(pty_row(pty, place->row), place->text) != NULL;
}

static bool cursor_is_there(struct pty *pty, void *arg)
{
	struct place *place = arg;
	return pty->cursor.row == place->row && pty->cursor.col == place->column;
}

static bool raw_contains(struct pty *pty, void *arg)
{
	return memmem(pty->raw.at, pty->raw.length, arg, strlen(arg)) != NULL;
}

void pty_wait_text(struct pty *pty, const char *text)
{
	char copy[512];
	snprintf(copy, sizeof copy, "%s", text);
	pty_wait(pty, text_is_there, copy, text);
}

void pty_wait_no_text(struct pty *pty, const char *text)
{
	char copy[512], what[600];
	snprintf(copy, sizeof copy, "%s", text);
	snprintf(what, sizeof what, "the end of: %s", text);
	pty_wait(pty, text_is_gone, copy, what);
}

void pty_wait_row(struct pty *pty, int row, const char *text)
{
	struct place place = { .row = row, .text = text };
	pty_wait(pty, row_has_text, &place, text);
}

void pty_wait_cursor(struct pty *pty, int row, int column)
{
	struct place place = { .row = row, .column = column };
	char what[64];
	snprintf(what, sizeof what, "the cursor at row %d, column %d", row, column);
	pty_wait(pty, cursor_is_there, &place, what);
}

void pty_wait_raw(struct pty *pty, const char *bytes)
{
	char copy[512];
	snprintf(copy, sizeof copy, "%s", bytes);
	pty_wait(pty, raw_contains, copy, "certain bytes of output");
}

static size_t put_utf8(char *to, uint32_t c)
{
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char starts[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	for (size_t i = length - 1; i > 0; i--, c >>= 6)
		to[i] = (char)(0x80 | (c & 63));
	to[0] = (char)(starts[length] | c);
	return length;
}

static size_t cell_text(const VTermScreenCell *cell, char *to)
{
	size_t length = 0;
	for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell->chars[i] != 0 && cell->chars[i] != (uint32_t)-1; i++)
		length += put_utf8(to + length, cell->chars[i]);
	to[length] = '\0';
	return length;
}

static int colour_index(const VTermColor *colour)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(colour) || VTERM_COLOR_IS_DEFAULT_BG(colour))
		return -1;
	return VTERM_COLOR_IS_INDEXED(colour) ? colour->indexed.idx : -2;
}

const char *pty_row(const struct pty *pty, int row)
{
	char *text = realloc(pty->row->at, (size_t)pty->columns * 32 + 1);
	if (text == NULL)
		abort();
	pty->row->at = text;
	size_t length = 0, end = 0;
	for (int column = 0; column < pty->columns; column++) {
		VTermScreenCell cell;
		vterm_screen_get_cell(pty->screen, (VTermPos){ row < 0 ? pty->rows + row : row, column }, &cell);
		if (cell.chars[0] == (uint32_t)-1)
			continue;
		if (cell.chars[0] == 0)
			text[length++] = ' ';
		else
			length += cell_text(&cell, text + length);
		if (cell.chars[0] != 0 && cell.chars[0] != ' ')
			end = length;
	}
	text[end] = '\0';
	return text;
}

void pty_cell(const struct pty *pty, int row, int column, struct pty_cell *out)
{
	VTermScreenCell cell;
	vterm_screen_get_cell(pty->screen, (VTermPos){ row < 0 ? pty->rows + row : row, column }, &cell);
	cell_text(&cell, out->text);
	out->width = cell.width;
	out->bold = cell.attrs.bold;
	out->italic = cell.attrs.italic;
	out->reverse = cell.attrs.reverse;
	out->underline = cell.attrs.underline;
	out->foreground = colour_index(&cell.fg);
	out->background = colour_index(&cell.bg);
}

void pty_cursor(const struct pty *pty, int *row, int *column)
{
	*row = pty->cursor.row;
	*column = pty->cursor.col;
}

bool pty_cursor_is_visible(const struct pty *pty)
{
	return pty->cursor_visible;
}

bool pty_is_alternate_screen(const struct pty *pty)
{
	return pty->alternate;
}

int pty_mode(const struct pty *pty, int mode)
{
	int result = -1;
	char set[32], reset[32];
	snprintf(set, sizeof set, "h%d ", mode);
	snprintf(reset, sizeof reset, "l%d ", mode);
	for (const char *at = pty->modes.at; (at = strchr(at, ' ')) != NULL && *++at != '\0';) {
		if (strncmp(at, set, strlen(set)) == 0)
			result = 1;
		else if (strncmp(at, reset, strlen(reset)) == 0)
			result = 0;
	}
	return result;
}

struct setting {
	int mode, value;
};

static bool mode_is_set(struct pty *pty, void *arg)
{
	struct setting *setting = arg;
	return pty_mode(pty, setting->mode) == setting->value;
}

void pty_wait_mode(struct pty *pty, int mode, int value)
{
	struct setting setting = { mode, value };
	char what[64];
	snprintf(what, sizeof what, "mode %d to be %d", mode, value);
	pty_wait(pty, mode_is_set, &setting, what);
}

const char *pty_raw(const struct pty *pty, size_t *length)
{
	if (length != NULL)
		*length = pty->raw.length;
	return pty->raw.at;
}

void pty_forget(struct pty *pty)
{
	pty->raw.length = pty->answered = 0;
	pty->raw.at[0] = '\0';
}

void pty_termios(const struct pty *pty, struct termios *now, struct termios *before)
{
	if (now != NULL)
		assert_int_equal(tcgetattr(pty->slave, now), 0);
	if (before != NULL)
		*before = pty->before;
}

void pty_assert_restored(struct pty *pty)
{
	struct termios now;
	pty_termios(pty, &now, NULL);
	assert_int_equal(now.c_lflag, pty->before.c_lflag);
	assert_int_equal(now.c_iflag, pty->before.c_iflag);
	assert_int_equal(now.c_oflag, pty->before.c_oflag);
	assert_true(pty->cursor_visible);
	assert_false(pty->alternate);
	static const int modes[] = { 2004, 1004, 1000, 1002, 1003, 1006, 2026 };
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (pty_mode(pty, modes[i]) == 1)
			fail_msg("mode %d was left on", modes[i]);
}

void pty_assert_own_sequences(const struct pty *pty)
{
	static const char finals[] = "ABCDGHJKLMPSTX@cdfghlmnprt", background[] = "]11;?\033\\";
	const char *raw = pty->raw.at;
	for (size_t i = 0; i < pty->raw.length; i++) {
		unsigned char c = (unsigned char)raw[i];
		if ((c < 0x20 && c != '\033' && strchr("\r\n\b\t\a\016\017", c) == NULL) || c == 0x7f)
			fail_msg("control %02x at %zu", c, i);
		if (c == 0xc2 && (unsigned char)raw[i + 1] < 0xa0)
			fail_msg("C1 at %zu", i);
		if (strncmp(raw + i, "\342\200\256", 3) == 0)
			fail_msg("RLO at %zu", i);
		if (c != '\033')
			continue;
		c = (unsigned char)raw[++i];
		if (c == ']' && strncmp(raw + i, background, sizeof background - 1) == 0) {
			i += sizeof background - 2;
		} else if (c == '[') {
			for (i++; i < pty->raw.length && (unsigned char)raw[i] < 0x40;)
				i++;
			if (strchr(finals, raw[i]) == NULL)
				fail_msg("CSI ... %c at %zu", raw[i], i);
		} else if (c == '(' || c == ')') {
			i++;
		} else if (strchr("=>78M", c) == NULL) {
			fail_msg("ESC %c at %zu", c, i);
		}
	}
}

void pty_dump(const struct pty *pty, const char *why)
{
	fprintf(stderr, "# %s, %dx%d, cursor %d,%d%s%s: %s\n", pty->name, pty->rows, pty->columns, pty->cursor.row,
		pty->cursor.col, pty->cursor_visible ? "" : " hidden", pty->alternate ? ", alternate screen" : "", why);
	for (int row = 0; row < pty->rows; row++)
		fprintf(stderr, "# %3d|%s\n", row, pty_row(pty, row));
}
