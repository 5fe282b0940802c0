/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user's terminal said, cut into whole tokens: a character, a key, a paste, a click, an answer to
 * a query. */
#ifndef TCHAT_UI_TOKEN_H
#define TCHAT_UI_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
	TOKEN_CHARACTER, /* one printable UTF-8 character, see codepoint; with TOKEN_ALT when ESC stood before it */
	TOKEN_CONTROL,   /* one control byte (codepoint 0..31 or 127), Enter, Tab and Backspace aside */
	TOKEN_KEY,       /* a named key, see key */
	TOKEN_SEQUENCE,  /* a well-formed key sequence without a name here: for the line editor */
	TOKEN_PASTE,     /* a bracketed paste: bytes and length are its text, as it came, never a key */
	TOKEN_MOUSE,     /* see mouse */
	TOKEN_FOCUS,     /* the window got (value 1) or lost (value 0) the focus */
	TOKEN_REPLY,     /* an answer to a query, see reply: never for the line editor */
	TOKEN_GARBAGE    /* bytes that mean nothing: invalid UTF-8, a broken or oversized sequence: drop it */
};

enum token_key {
	TOKEN_KEY_NONE,
	TOKEN_KEY_ENTER,
	TOKEN_KEY_TAB, /* back-tab is this with TOKEN_SHIFT */
	TOKEN_KEY_BACKSPACE,
	TOKEN_KEY_ESCAPE, /* an ESC with nothing behind it for TOKENIZER_ESCAPE_DELAY */
	TOKEN_KEY_UP,
	TOKEN_KEY_DOWN,
	TOKEN_KEY_RIGHT,
	TOKEN_KEY_LEFT,
	TOKEN_KEY_HOME,
	TOKEN_KEY_END,
	TOKEN_KEY_INSERT,
	TOKEN_KEY_DELETE,
	TOKEN_KEY_PAGE_UP,
	TOKEN_KEY_PAGE_DOWN,
	TOKEN_KEY_F1, /* F2 is TOKEN_KEY_F1 + 1, and so on to F20 */
	TOKEN_KEY_F20 = TOKEN_KEY_F1 + 19
};

enum token_modifier { TOKEN_SHIFT = 1, TOKEN_ALT = 2, TOKEN_CTRL = 4 };

enum token_reply {
	TOKEN_REPLY_OTHER,      /* recognised as an answer, of no use here */
	TOKEN_REPLY_ATTRIBUTES, /* DA1, DA2 or DA3: the terminal has answered everything asked before it */
	TOKEN_REPLY_MODE,       /* DECRPM: value is the mode, state its setting: 0 unknown, 1 set, 2 reset */
	TOKEN_REPLY_POSITION,   /* CPR: value is the row, state the column, from 1 */
	TOKEN_REPLY_STRING      /* OSC or DCS: see bytes; value is the OSC number, or -1 */
};

enum token_mouse_action { TOKEN_MOUSE_PRESS, TOKEN_MOUSE_RELEASE, TOKEN_MOUSE_MOVE, TOKEN_MOUSE_WHEEL };

struct token_mouse {
	enum token_mouse_action action;
	int button; /* 1 left, 2 middle, 3 right; 0 none; a wheel: -1 up, 1 down */
	int row;    /* from 0 */
	int column; /* from 0 */
};

/* bytes belong to the tokenizer and live until its next call. */
struct token {
	enum token_kind kind;
	enum token_key key;
	unsigned modifiers;  /* enum token_modifier */
	uint32_t codepoint;  /* TOKEN_CHARACTER, TOKEN_CONTROL */
	enum token_reply reply;
	int value;
	int state;
	struct token_mouse mouse;
	bool truncated;      /* TOKEN_PASTE: longer than allowed (then cut anywhere), or its end never came */
	const uint8_t *bytes; /* for the line editor: what was read, or its classic spelling (CSI u) */
	size_t length;
	size_t consumed;     /* bytes of input that this token stands for */
};

/* True for the control key of a letter: token_is_control(&token, 'C') for ^C. */
static inline bool token_is_control(const struct token *token, char letter)
{
	uint32_t codepoint = (uint32_t)letter & 0x1f;
	return token->kind == TOKEN_CONTROL && token->codepoint == codepoint && token->modifiers == 0;
}

/* True for the named key with exactly these modifiers. */
static inline bool token_is_key(const struct token *token, enum token_key key, unsigned modifiers)
{
	return token->kind == TOKEN_KEY && token->key == key && token->modifiers == modifiers;
}

#endif
