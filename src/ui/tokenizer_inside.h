/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the tokenizer's two files: tokenizer.c collects and waits, tokenizer_csi.c knows what sequences
 * mean. */
#ifndef TCHAT_UI_TOKENIZER_INSIDE_H
#define TCHAT_UI_TOKENIZER_INSIDE_H

#include "ui/token.h"

enum { TOKENIZER_PARAMETERS = 8, TOKENIZER_SPELLED = 16 };

/* A whole control sequence taken apart. Missing parameters are -1; sub is the first sub-parameter. */
struct control_sequence {
	char prefix;       /* '<', '=', '>', '?' or 0 */
	char intermediate; /* the last of them, or 0 */
	char final;
	int count;
	int parameter[TOKENIZER_PARAMETERS];
	int sub[TOKENIZER_PARAMETERS];
};

/* Takes apart the bytes after ESC [ up to and with the final byte. */
void control_sequence_parse(struct control_sequence *sequence, const uint8_t *bytes, size_t length);

/* Says what it means: fills kind, key, modifiers and so on of *token, whose bytes are the whole sequence
 * already. What has a classic spelling gets it in spelled (token->bytes then points there). 1 when a paste
 * begins here, else 0. */
int control_sequence_token(const struct control_sequence *sequence, struct token *token,
	uint8_t spelled[TOKENIZER_SPELLED]);

/* The same for ESC O and one final byte. */
void single_shift_token(uint8_t final, struct token *token);

/* A control byte as Enter, Tab, Backspace or TOKEN_CONTROL; keeps modifiers that are there. */
void control_byte_token(uint8_t byte, struct token *token);

#endif
