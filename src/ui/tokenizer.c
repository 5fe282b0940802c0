/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Collects input until a token is whole. A scan looks at the unread bytes from their start and either takes a
 * token's length of them or tells how long it would wait for more. */
#include "ui/tokenizer.h"

#include "base/buffer.h"
#include "base/errors.h"
#include "base/utf8.h"
#include "base/wipe.h"
#include "ui/tokenizer_inside.h"

#include <stdlib.h>
#include <string.h>

enum { ESC = 0x1b, BEL = 0x07 };
static const uint8_t paste_end[] = { ESC, '[', '2', '0', '1', '~' };

/* What is thrown away up to its end because it was too long to keep. */
enum skip { SKIP_NOTHING, SKIP_SEQUENCE, SKIP_STRING };

struct tokenizer {
	struct buffer input;
	struct buffer paste;
	tchat_time since;    /* of the last byte */
	tchat_time wait;     /* how long after it the unfinished token is given up; 0: nothing is unfinished */
	bool late;           /* a wait was over since the last byte: what is left has waited as long */
	enum skip skip;
	bool pasting;
	bool paste_cut;
	bool paste_given;    /* the paste's bytes lie in a token; drop them with the next call */
	size_t paste_consumed;
	size_t given;        /* input bytes that the last token stands on */
	uint8_t spelled[TOKENIZER_SPELLED];
};

struct tokenizer *tokenizer_new(size_t paste_maximum)
{
	struct tokenizer *t = calloc(1, sizeof *t);
	if (t == NULL)
		return NULL;
	buffer_init(&t->input, TOKENIZER_INPUT_MAXIMUM);
	buffer_init(&t->paste, paste_maximum);
	return t;
}

void tokenizer_free(struct tokenizer *t)
{
	if (t == NULL)
		return;
	wipe(buffer_edit(&t->input), buffer_length(&t->input));
	wipe(buffer_edit(&t->paste), buffer_length(&t->paste));
	buffer_free(&t->input);
	buffer_free(&t->paste);
	free(t);
}

int tokenizer_feed(struct tokenizer *t, const void *bytes, size_t length, tchat_time now)
{
	if (length == 0)
		return 0;
	buffer_consume(&t->input, t->given);
	t->given = 0;
	int err = buffer_put(&t->input, bytes, length);
	if (err == 0) {
		t->since = now;
		t->late = false;
	}
	return err;
}

/* One scan: the bytes, whether waiting is over, and what came out. length 0 means: wait so long. */
struct scan {
	const uint8_t *in;
	size_t n;
	bool expired;
	size_t length;
	tchat_time wait;
	enum skip skip;
	bool paste;
};

static void scan_wait(struct scan *s, tchat_time wait)
{
	s->length = 0;
	s->wait = wait;
}

static void scan_take(struct scan *s, struct token *token, size_t length, enum token_kind kind)
{
	s->length = length;
	token->kind = kind;
}

/* How many bytes the character that begins with this byte has; 1 when none can begin so. */
static size_t character_length(uint8_t first)
{
	if (first < 0xc2 || first > 0xf4)
		return 1;
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

/* One character at in[skip]; skip is 1 after an ESC. */
static void scan_character(struct scan *s, struct token *token, size_t skip)
{
	const uint8_t *in = s->in + skip;
	size_t n = s->n - skip;
	size_t whole = character_length(in[0]), have = 1;
	while (have < whole && have < n && (in[have] & 0xc0) == 0x80)
		have++;
	if (have < whole && have == n && !s->expired) {
		scan_wait(s, TOKENIZER_SEQUENCE_DELAY);
		return;
	}
	char32_t c;
	size_t length = utf8_decode((const char *)in, have, &c);
	if (have < whole || c == UTF8_INVALID || (c >= 0x80 && c < 0xa0)) {
		scan_take(s, token, skip + length, TOKEN_GARBAGE);
		return;
	}
	s->length = skip + length;
	if (c < 0x20 || c == 0x7f) {
		control_byte_token((uint8_t)c, token);
	} else {
		token->kind = TOKEN_CHARACTER;
		token->codepoint = c;
	}
	if (skip > 0)
		token->modifiers |= TOKEN_ALT;
}

/* What began like a sequence and is none yet. Alone for a while, ESC [ was Alt and a bracket. */
static void scan_unfinished(struct scan *s, struct token *token)
{
	bool alone = s->n == 2;
	if (!s->expired)
		scan_wait(s, alone ? TOKENIZER_SEQUENCE_DELAY / 5 : TOKENIZER_SEQUENCE_DELAY);
	else if (alone)
		scan_character(s, token, 1);
	else
		scan_take(s, token, s->n, TOKEN_GARBAGE);
}

/* ESC [ ... */
static void scan_sequence(struct scan *s, struct token *token, uint8_t *spelled)
{
	size_t i = 2;
	if (s->n > 2 && s->in[2] == '[') { /* the Linux console's F1 to F5 */
		if (s->n < 4) {
			scan_unfinished(s, token);
		} else {
			uint8_t c = s->in[3];
			scan_take(s, token, 4, c >= 'A' && c <= 'E' ? TOKEN_KEY : TOKEN_SEQUENCE);
			if (token->kind == TOKEN_KEY)
				token->key = (enum token_key)(TOKEN_KEY_F1 + (c - 'A'));
			if (c < 0x20 || c > 0x7e)
				scan_take(s, token, 3, TOKEN_GARBAGE);
		}
		return;
	}
	while (i < s->n && i < TOKENIZER_SEQUENCE_MAXIMUM && s->in[i] >= 0x20 && s->in[i] <= 0x3f)
		i++;
	if (i == TOKENIZER_SEQUENCE_MAXIMUM) {
		scan_take(s, token, i, TOKEN_GARBAGE);
		s->skip = SKIP_SEQUENCE;
	} else if (i == s->n) {
		scan_unfinished(s, token);
	} else if (s->in[i] < 0x40 || s->in[i] > 0x7e) {
		/* Broken off by a control byte or a character, which is a token of its own. */
		scan_take(s, token, i, TOKEN_GARBAGE);
	} else {
		struct control_sequence sequence;
		control_sequence_parse(&sequence, s->in + 2, i - 1);
		s->length = i + 1;
		token->bytes = s->in;
		token->length = s->length;
		s->paste = control_sequence_token(&sequence, token, spelled);
	}
}

/* The end of an OSC or DCS from in[i] on: its index, n when it is not there. *after is behind the
 * terminator. */
static size_t string_end(const uint8_t *in, size_t i, size_t n, size_t *after)
{
	for (; i < n; i++) {
		if (in[i] == BEL) {
			*after = i + 1;
			return i;
		}
		if (in[i] == ESC && i + 1 == n)
			return n; /* of ESC \ perhaps the first half */
		if (in[i] < 0x20) {
			*after = in[i] == ESC && in[i + 1] == '\\' ? i + 2 : i;
			return i;
		}
	}
	return n;
}

/* ESC ] and ESC P, which are Alt and a key unless an answer's first byte follows. */
static void scan_string(struct scan *s, struct token *token)
{
	bool osc = s->in[1] == ']';
	if (s->n < 3) {
		scan_unfinished(s, token);
		return;
	}
	if (strchr(osc ? "0123456789lLI" : "0123456789>!$+", s->in[2]) == NULL || s->in[2] == '\0') {
		scan_character(s, token, 1);
		return;
	}
	size_t after = 0, limit = s->n < TOKENIZER_STRING_MAXIMUM ? s->n : (size_t)TOKENIZER_STRING_MAXIMUM;
	size_t end = string_end(s->in, 2, limit, &after);
	if (end < limit) {
		/* Broken off by another control byte: no answer. */
		scan_take(s, token, after, after > end ? TOKEN_REPLY : TOKEN_GARBAGE);
		token->reply = TOKEN_REPLY_STRING;
		token->value = -1;
		for (size_t i = 2; osc && i < end && s->in[i] >= '0' && s->in[i] <= '9' && i < 8; i++)
			token->value = (token->value < 0 ? 0 : token->value) * 10 + (s->in[i] - '0');
	} else if (limit == TOKENIZER_STRING_MAXIMUM) {
		scan_take(s, token, limit - 1, TOKEN_GARBAGE);
		s->skip = SKIP_STRING;
	} else {
		scan_unfinished(s, token);
	}
}

/* ESC O x */
static void scan_single_shift(struct scan *s, struct token *token)
{
	if (s->n < 3) {
		scan_unfinished(s, token);
	} else if (s->in[2] < 0x20 || s->in[2] > 0x7e) {
		scan_character(s, token, 1);
	} else {
		s->length = 3;
		single_shift_token(s->in[2], token);
	}
}

static void scan_escape(struct scan *s, struct token *token, uint8_t *spelled);

/* ESC ESC: Alt and a key that is a sequence (rxvt), or Alt and ESC. */
static void scan_double_escape(struct scan *s, struct token *token, uint8_t *spelled)
{
	if (s->n == 2 && !s->expired) {
		scan_wait(s, TOKENIZER_ESCAPE_DELAY);
		return;
	}
	scan_take(s, token, 2, TOKEN_KEY);
	token->key = TOKEN_KEY_ESCAPE;
	token->modifiers = TOKEN_ALT;
	if (s->n == 2 || (s->in[2] != '[' && s->in[2] != 'O'))
		return;
	struct scan inner = { .in = s->in + 1, .n = s->n - 1, .expired = s->expired };
	struct token key = { .kind = TOKEN_GARBAGE };
	scan_escape(&inner, &key, spelled);
	if (inner.length == 0) {
		scan_wait(s, inner.wait);
	} else if (key.kind == TOKEN_KEY || key.kind == TOKEN_SEQUENCE) {
		*token = key;
		token->modifiers |= TOKEN_ALT;
		token->bytes = NULL;
		s->length = inner.length + 1;
	} else {
		/* A click, an answer or a paste after a lone ESC. */
		scan_take(s, token, 1, TOKEN_KEY);
		token->modifiers = 0;
	}
}

static void scan_escape(struct scan *s, struct token *token, uint8_t *spelled)
{
	if (s->n == 1) {
		if (!s->expired) {
			scan_wait(s, TOKENIZER_ESCAPE_DELAY);
			return;
		}
		scan_take(s, token, 1, TOKEN_KEY);
		token->key = TOKEN_KEY_ESCAPE;
		return;
	}
	switch (s->in[1]) {
	case '[':
		scan_sequence(s, token, spelled);
		break;
	case 'O':
		scan_single_shift(s, token);
		break;
	case ']':
	case 'P':
		scan_string(s, token);
		break;
	case ESC:
		scan_double_escape(s, token, spelled);
		break;
	default:
		scan_character(s, token, 1);
	}
}

/* Goes on throwing away: true when a token (of garbage) came out, false when all is over or more is needed. */
static bool skip_on(struct tokenizer *t, bool expired, struct token *token)
{
	const uint8_t *in = buffer_data(&t->input);
	size_t n = buffer_length(&t->input), after = 0, end;
	if (t->skip == SKIP_STRING) {
		end = string_end(in, 0, n, &after);
	} else {
		for (end = 0; end < n && in[end] >= 0x20 && in[end] <= 0x3f;)
			end++;
		after = end < n && in[end] >= 0x40 && in[end] <= 0x7e ? end + 1 : end;
	}
	bool half = end == n && n > 0 && in[n - 1] == ESC && !expired;
	if (end == n)
		after = half ? n - 1 : n;
	if (end < n || expired)
		t->skip = SKIP_NOTHING;
	t->wait = t->skip != SKIP_NOTHING ? TOKENIZER_SEQUENCE_DELAY : 0;
	*token = (struct token){ .kind = TOKEN_GARBAGE, .bytes = in, .length = after, .consumed = after };
	t->given = after;
	return after > 0;
}

/* How much of the paste's end the bytes end with: 0..5. */
static size_t half_end(const uint8_t *in, size_t n)
{
	size_t half = n < sizeof paste_end - 1 ? n : sizeof paste_end - 1;
	while (half > 0 && memcmp(in + n - half, paste_end, half) != 0)
		half--;
	return half;
}

static const uint8_t *find_end(const uint8_t *in, size_t n)
{
	for (const uint8_t *at = in; n >= sizeof paste_end && at <= in + n - sizeof paste_end; at++) {
		at = memchr(at, ESC, (size_t)(in + n - at));
		if (at == NULL || at > in + n - sizeof paste_end)
			return NULL;
		if (memcmp(at, paste_end, sizeof paste_end) == 0)
			return at;
	}
	return NULL;
}

static void paste_keep(struct tokenizer *t, const uint8_t *bytes, size_t length)
{
	t->paste_consumed += length;
	if (t->paste_cut)
		return;
	size_t room = t->paste.maximum - buffer_length(&t->paste);
	t->paste_cut = length > room;
	if (buffer_put(&t->paste, bytes, t->paste_cut ? room : length) != 0)
		t->paste_cut = true; /* out of memory: what is there is what the user gets */
}

/* Collects a paste; true when it is complete or given up. */
static bool paste_on(struct tokenizer *t, bool expired, struct token *token)
{
	const uint8_t *in = buffer_data(&t->input);
	size_t n = buffer_length(&t->input);
	const uint8_t *end = n == 0 ? NULL : find_end(in, n);
	size_t keep = end != NULL ? (size_t)(end - in) : expired || n == 0 ? n : n - half_end(in, n);
	if (keep > 0)
		paste_keep(t, in, keep);
	if (end != NULL) {
		t->paste_consumed += sizeof paste_end;
		keep += sizeof paste_end;
	}
	buffer_consume(&t->input, keep);
	t->wait = TOKENIZER_PASTE_DELAY;
	if (end == NULL && !expired)
		return false;
	size_t length = buffer_length(&t->paste);
	const uint8_t *bytes = buffer_data(&t->paste);
	*token = (struct token){ .kind = TOKEN_PASTE, .bytes = length > 0 ? bytes : paste_end, .length = length,
		.consumed = t->paste_consumed, .truncated = t->paste_cut || end == NULL };
	t->pasting = false;
	t->paste_given = true;
	t->wait = 0;
	return true;
}

static void paste_begin(struct tokenizer *t, size_t consumed)
{
	t->pasting = true;
	t->paste_cut = false;
	t->paste_consumed = consumed;
	buffer_consume(&t->input, consumed);
}

static void paste_drop(struct tokenizer *t)
{
	wipe(buffer_edit(&t->paste), buffer_length(&t->paste)); /* it may be a secret */
	buffer_free(&t->paste);
	t->paste_given = false;
}

bool tokenizer_next(struct tokenizer *t, tchat_time now, struct token *token)
{
	buffer_consume(&t->input, t->given);
	t->given = 0;
	if (t->paste_given)
		paste_drop(t);
	/* Only a wait that was announced can be over: bytes that arrive late with a timer still belong
	 * together. */
	bool expired = t->wait > 0 && now >= t->since + t->wait;
	t->wait = 0;
	while (!t->pasting && buffer_length(&t->input) + (t->skip != SKIP_NOTHING) > 0) {
		if (t->skip != SKIP_NOTHING) {
			if (skip_on(t, expired, token))
				return true;
			if (t->skip != SKIP_NOTHING)
				return false;
			continue;
		}
		struct scan s = { .in = buffer_data(&t->input), .n = buffer_length(&t->input), .expired = expired };
		*token = (struct token){ .kind = TOKEN_GARBAGE };
		if (s.in[0] == ESC)
			scan_escape(&s, token, t->spelled);
		else
			scan_character(&s, token, 0);
		if (s.length == 0) {
			if (!expired && t->late && now >= t->since + s.wait) {
				expired = true;
				continue;
			}
			t->wait = s.wait;
			return false;
		}
		t->late = t->late || expired;
		if (s.paste) {
			paste_begin(t, s.length);
			expired = false;
			break;
		}
		if (token->bytes != t->spelled) {
			token->bytes = s.in;
			token->length = s.length;
		}
		token->consumed = t->given = s.length;
		t->skip = s.skip;
		return true;
	}
	return t->pasting && paste_on(t, expired, token);
}

tchat_time tokenizer_deadline(const struct tokenizer *t)
{
	return t->wait == 0 ? TCHAT_NEVER : t->since + t->wait;
}
