/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any bytes from a terminal, in pieces with pauses between. Each byte belongs to one token, and when time has
 * passed none is left over. */
#include "ui/tokenizer.h"

#include "base/utf8.h"
#include "fuzz.h"

enum { PASTE = 1000 };

static size_t take_all(struct tokenizer *tokenizer, tchat_time now)
{
	struct token token;
	size_t consumed = 0;
	while (tokenizer_next(tokenizer, now, &token)) {
		consumed += token.consumed;
		demand(token.kind != TOKEN_PASTE || token.length <= PASTE);
		demand(token.kind != TOKEN_CONTROL || token.codepoint < 0x20 || token.codepoint == 0x7f);
		demand(token.kind != TOKEN_CHARACTER || (token.codepoint >= 0x20 && token.codepoint <= 0x10ffff));
		demand(token.kind != TOKEN_MOUSE || (token.mouse.row >= 0 && token.mouse.column >= 0));
		volatile uint8_t last = token.length > 0 ? token.bytes[token.length - 1] : 0;
		(void)last;
	}
	return consumed;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct tokenizer *tokenizer = tokenizer_new(PASTE);
	tchat_time now = 1000;
	size_t consumed = 0, fed = 0;
	demand(tokenizer != NULL);
	/* The first byte says how long the pieces are, and the pauses. */
	size_t piece = length > 0 ? 1 + bytes[0] % 16 : 1;
	tchat_time pause = length > 0 ? TCHAT_MS(bytes[0] / 16 * 4) : 0;
	for (size_t at = 1; at < length; at += piece) {
		size_t part = length - at < piece ? length - at : piece;
		demand(tokenizer_feed(tokenizer, bytes + at, part, now) == 0);
		fed += part;
		consumed += take_all(tokenizer, now);
		demand(consumed <= fed);
		now += pause;
	}
	for (size_t rounds = 0; tokenizer_deadline(tokenizer) != TCHAT_NEVER; rounds++) {
		demand(rounds < length + 3);
		demand(tokenizer_deadline(tokenizer) <= now + TOKENIZER_PASTE_DELAY);
		now = tokenizer_deadline(tokenizer) > now ? tokenizer_deadline(tokenizer) : now;
		consumed += take_all(tokenizer, now);
	}
	demand(consumed == fed);
	tokenizer_free(tokenizer);
	return 0;
}
