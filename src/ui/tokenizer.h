/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cuts the terminal's bytes into whole tokens, never half a character or sequence. It does no I/O and has no
 * clock: what a pause means (a lone ESC) is decided by the times handed in. */
#ifndef TCHAT_UI_TOKENIZER_H
#define TCHAT_UI_TOKENIZER_H

#include "base/clock.h"
#include "ui/token.h"

/* How long an ESC waits for company, an unfinished sequence for its end, an unfinished paste for more. */
#define TOKENIZER_ESCAPE_DELAY TCHAT_MS(25)
#define TOKENIZER_SEQUENCE_DELAY TCHAT_MS(500)
#define TOKENIZER_PASTE_DELAY TCHAT_SECONDS(5)

enum {
	TOKENIZER_INPUT_MAXIMUM = 1 << 20,  /* bytes fed and not yet taken as tokens */
	TOKENIZER_STRING_MAXIMUM = 4096,    /* an OSC or DCS answer; a longer one is garbage */
	TOKENIZER_SEQUENCE_MAXIMUM = 64     /* any other sequence */
};

struct tokenizer;

/* A tokenizer whose pastes keep at most paste_maximum bytes (4 MiB is a good value). NULL when memory is
 * out. */
struct tokenizer *tokenizer_new(size_t paste_maximum);
void tokenizer_free(struct tokenizer *tokenizer);

/* Takes length bytes that were read at now. 0, TCHAT_ERR_FULL (take tokens first; nothing was taken) or
 * TCHAT_ERR_MEMORY. */
int tokenizer_feed(struct tokenizer *tokenizer, const void *bytes, size_t length, tchat_time now);

/* Fills *token with the next one and returns true, or returns false when more bytes or a later now are
 * needed. Call until false after each feed and when the deadline has come. */
bool tokenizer_next(struct tokenizer *tokenizer, tchat_time now, struct token *token);

/* When tokenizer_next() has something to say even without more bytes; TCHAT_NEVER when it has not. */
tchat_time tokenizer_deadline(const struct tokenizer *tokenizer);

#endif
