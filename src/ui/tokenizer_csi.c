/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What control sequences mean, as xterm, VTE, kitty, foot, rxvt and the Linux console send them. */
#include "ui/tokenizer_inside.h"

#include "base/utf8.h"

#include <string.h>

enum { PARAMETER_MOST = 1 << 24 };

void control_sequence_parse(struct control_sequence *s, const uint8_t *bytes, size_t length)
{
	memset(s, 0, sizeof *s);
	for (int i = 0; i < TOKENIZER_PARAMETERS; i++)
		s->parameter[i] = s->sub[i] = -1;
	s->final = (char)bytes[length - 1];
	int at = 0, depth = 0;
	for (size_t i = 0; i + 1 < length; i++) {
		uint8_t c = bytes[i];
		if (c >= 0x20 && c <= 0x2f) {
			s->intermediate = (char)c;
		} else if (c >= '<' && c <= '?') {
			s->prefix = (char)c;
		} else if (c == ';') {
			at++;
			depth = 0;
		} else if (c == ':') {
			depth++;
		} else if (at < TOKENIZER_PARAMETERS && depth < 2) {
			int *value = depth == 0 ? &s->parameter[at] : &s->sub[at];
			if (*value < PARAMETER_MOST)
				*value = (*value < 0 ? 0 : *value) * 10 + (c - '0');
			if (*value > PARAMETER_MOST)
				*value = PARAMETER_MOST;
		}
	}
	s->count = length > 1 ? at + 1 : 0;
}

/* xterm's modifier parameter: 1 + shift 1, alt 2, control 4, meta 8; locks above that do not count. */
static unsigned modifiers_of(int parameter)
{
	if (parameter < 2)
		return 0;
	unsigned bits = (unsigned)parameter - 1;
	return (bits & 7) | (bits & 8 ? (unsigned)TOKEN_ALT : 0);
}

static void set_key(struct token *token, int key, unsigned modifiers)
{
	token->kind = TOKEN_KEY;
	token->key = (enum token_key)key;
	token->modifiers |= modifiers;
}

void control_byte_token(uint8_t byte, struct token *token)
{
	switch (byte) {
	case '\r':
		set_key(token, TOKEN_KEY_ENTER, 0);
		break;
	case '\t':
		set_key(token, TOKEN_KEY_TAB, 0);
		break;
	case 0x7f:
		set_key(token, TOKEN_KEY_BACKSPACE, 0);
		break;
	default:
		token->kind = TOKEN_CONTROL;
		token->codepoint = byte;
	}
}

static int letter_key(char final)
{
	static const char letters[] = "ABCDHFPQRS";
	static const uint8_t keys[] = { TOKEN_KEY_UP, TOKEN_KEY_DOWN, TOKEN_KEY_RIGHT, TOKEN_KEY_LEFT, TOKEN_KEY_HOME,
		TOKEN_KEY_END, TOKEN_KEY_F1, TOKEN_KEY_F1 + 1, TOKEN_KEY_F1 + 2, TOKEN_KEY_F1 + 3 };
	const char *at = final == '\0' ? NULL : strchr(letters, final);
	return at == NULL ? TOKEN_KEY_NONE : keys[at - letters];
}

static int number_key(int number)
{
	static const uint8_t keys[] = { 0, TOKEN_KEY_HOME, TOKEN_KEY_INSERT, TOKEN_KEY_DELETE, TOKEN_KEY_END,
		TOKEN_KEY_PAGE_UP, TOKEN_KEY_PAGE_DOWN, TOKEN_KEY_HOME, TOKEN_KEY_END };
	/* The VT220's gaps: 16, 22, 27 and 30 are no keys. */
	static const uint8_t functions[] = { 1, 2, 3, 4, 5, 0, 6, 7, 8, 9, 10, 0, 11, 12, 13, 14, 0, 15, 16, 0, 17, 18,
		19, 20 };
	if (number >= 1 && number <= 8)
		return keys[number];
	if (number >= 11 && number <= 34 && functions[number - 11] != 0)
		return TOKEN_KEY_F1 + functions[number - 11] - 1;
	return TOKEN_KEY_NONE;
}

/* Kitty's keys without a character live in a private range. */
static bool is_private(int code)
{
	return code >= 0xd800 && code <= 0xf8ff;
}

/* What a key gives with Shift: as the terminal says, if that is a character. */
static int shifted_code(int code, int shifted)
{
	if (shifted >= 0x20 && shifted != 0x7f && shifted <= 0x10ffff && !is_private(shifted))
		return shifted;
	return code >= 'a' && code <= 'z' ? code - 32 : code;
}

/* A key as a code point with modifiers (CSI u, modifyOtherKeys), spelled as terminals always did. */
static void spell_key(int code, int shifted, unsigned modifiers, struct token *token, uint8_t *spelled)
{
	size_t length = 0;
	bool control = modifiers & TOKEN_CTRL;
	if (code < 0 || code > 0x10ffff || is_private(code)) {
		token->kind = TOKEN_SEQUENCE;
		return;
	}
	if (modifiers & TOKEN_ALT)
		spelled[length++] = 0x1b;
	token->modifiers = modifiers;
	if (code < 0x20 || code == 0x7f) {
		spelled[length++] = (uint8_t)code;
		control_byte_token((uint8_t)code, token);
		if (code == 0x1b)
			set_key(token, TOKEN_KEY_ESCAPE, 0);
	} else if (control && ((code >= '@' && code <= '_') || (code >= 'a' && code <= 'z') || code == ' ')) {
		token->kind = TOKEN_CONTROL;
		token->codepoint = (uint32_t)code & 0x1f;
		token->modifiers &= (unsigned)TOKEN_ALT;
		spelled[length++] = (uint8_t)token->codepoint;
	} else {
		if (modifiers & TOKEN_SHIFT)
			code = shifted_code(code, shifted);
		char text[4];
		size_t n = utf8_encode((char32_t)code, text);
		memcpy(spelled + length, text, n);
		length += n;
		token->kind = TOKEN_CHARACTER;
		token->codepoint = (uint32_t)code;
		token->modifiers &= (unsigned)TOKEN_ALT;
	}
	token->bytes = spelled;
	token->length = length;
}

static void mouse_token(const struct control_sequence *s, struct token *token)
{
	int bits = s->parameter[0], column = s->parameter[1], row = s->parameter[2];
	if (s->count != 3 || bits < 0 || column < 1 || row < 1) {
		token->kind = TOKEN_GARBAGE;
		return;
	}
	token->kind = TOKEN_MOUSE;
	token->modifiers = (bits & 4 ? TOKEN_SHIFT : 0u) | (bits & 8 ? TOKEN_ALT : 0u) |
		(bits & 16 ? TOKEN_CTRL : 0u);
	token->mouse.row = row - 1;
	token->mouse.column = column - 1;
	int button = bits & 3;
	if (bits & 64) {
		token->mouse.action = TOKEN_MOUSE_WHEEL;
		token->mouse.button = button == 0 ? -1 : button == 1 ? 1 : 0;
	} else {
		token->mouse.action = s->final == 'm' ? TOKEN_MOUSE_RELEASE : TOKEN_MOUSE_PRESS;
		if (bits & 32)
			token->mouse.action = TOKEN_MOUSE_MOVE;
		token->mouse.button = button == 3 ? 0 : button + 1;
	}
}

static void reply_token(struct token *token, enum token_reply reply, int value, int state)
{
	token->kind = TOKEN_REPLY;
	token->reply = reply;
	token->value = value;
	token->state = state;
}

/* Answers: true when it is one. */
static bool sequence_is_reply(const struct control_sequence *s, struct token *token)
{
	if (s->final == 'y' && s->intermediate == '$')
		reply_token(token, TOKEN_REPLY_MODE, s->prefix == '?' ? s->parameter[0] : -1, s->parameter[1]);
	else if (s->final == 'c' && s->prefix != 0)
		reply_token(token, TOKEN_REPLY_ATTRIBUTES, s->parameter[0], 0);
	else if (s->final == 'R' && s->count >= 2 &&
		(s->prefix == '?' || s->parameter[0] != 1 || s->parameter[1] > 16))
		/* Row 1 up to column 16 is F3 with a modifier to every other program, too. */
		reply_token(token, TOKEN_REPLY_POSITION, s->parameter[0], s->parameter[1]);
	else if (s->prefix != 0 || s->final == 'n' || s->final == 't' || s->final == 'x')
		reply_token(token, TOKEN_REPLY_OTHER, s->parameter[0], 0);
	else
		return false;
	return true;
}

/* CSI number ~ and rxvt's number ^ and number @. True when a paste begins. */
static bool tilde_token(const struct control_sequence *s, struct token *token, uint8_t *spelled)
{
	int number = s->parameter[0];
	if (s->final == '~' && (number == 200 || number == 201)) {
		token->kind = TOKEN_GARBAGE; /* an end without a beginning */
		return number == 200;
	}
	if (s->final == '~' && number == 27 && s->count == 3) {
		spell_key(s->parameter[2], -1, modifiers_of(s->parameter[1]), token, spelled);
		return false;
	}
	unsigned modifiers = modifiers_of(s->parameter[1]);
	if (s->final == '^' || s->final == '@')
		modifiers = s->final == '^' ? (unsigned)TOKEN_CTRL : TOKEN_CTRL | TOKEN_SHIFT;
	if (number_key(number) != TOKEN_KEY_NONE)
		set_key(token, number_key(number), modifiers);
	return false;
}

int control_sequence_token(const struct control_sequence *s, struct token *token,
	uint8_t spelled[TOKENIZER_SPELLED])
{
	token->kind = TOKEN_SEQUENCE;
	if (s->prefix == '<' && (s->final == 'M' || s->final == 'm')) {
		mouse_token(s, token);
		return 0;
	}
	if (sequence_is_reply(s, token))
		return 0;
	switch (s->final) {
	case '~':
	case '^':
	case '@':
		return tilde_token(s, token, spelled);
	case 'I':
	case 'O':
		if (s->count == 0) {
			token->kind = TOKEN_FOCUS;
			token->value = s->final == 'I';
		}
		return 0;
	case 'Z':
		set_key(token, TOKEN_KEY_TAB, TOKEN_SHIFT);
		return 0;
	case 'u':
		if (s->sub[1] == 3)
			token->kind = TOKEN_GARBAGE; /* the release of a key */
		else
			spell_key(s->parameter[0], s->sub[0], modifiers_of(s->parameter[1]), token, spelled);
		return 0;
	case 'a':
	case 'b':
	case 'c':
	case 'd': /* rxvt's arrows with shift */
		set_key(token, TOKEN_KEY_UP + (s->final - 'a'), TOKEN_SHIFT);
		return 0;
	default:
		if (letter_key(s->final) != TOKEN_KEY_NONE)
			set_key(token, letter_key(s->final), modifiers_of(s->parameter[1]));
		return 0;
	}
}

void single_shift_token(uint8_t final, struct token *token)
{
	token->kind = TOKEN_SEQUENCE;
	if (letter_key((char)final) != TOKEN_KEY_NONE)
		set_key(token, letter_key((char)final), 0);
	else if (final == 'M')
		set_key(token, TOKEN_KEY_ENTER, 0);
	else if (final >= 'a' && final <= 'd')
		set_key(token, TOKEN_KEY_UP + (final - 'a'), TOKEN_CTRL);
}
