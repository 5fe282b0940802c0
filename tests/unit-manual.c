/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sessions in tchat-protocol(7), byte for byte, through the codec and the table of states, and its proof. */
#include "trust/trust.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct script {
	struct buffer bytes; /* of the frame that is being read */
	enum wire_side side;
	enum wire_state state;
	size_t frames;
	uint8_t bye;
	struct trust_binding binding; /* of the last session; the pins stand elsewhere */
	uint8_t proof[TRUST_PROOF_SIZE], salt[TRUST_SALT_SIZE];
	uint64_t device;
};

static void check_frame(struct script *s)
{
	size_t length = buffer_length(&s->bytes);
	if (length == 0)
		return;
	struct frame frame;
	struct message m;
	struct buffer again;
	assert_int_equal(frame_peek(&frame, buffer_data(&s->bytes), length,
	                            s->state == WIRE_READY ? WIRE_LIMIT : WIRE_LIMIT_BEFORE_AUTH), length);
	/* A session begins with HELLO; where an owner's is taken up, it is READY. */
	if (frame.type == WIRE_HELLO)
		s->state = WIRE_NEW;
	if (frame.type == WIRE_AUTH_OK || frame.type == WIRE_DOOR)
		s->state = WIRE_READY;
	assert_int_equal(message_legal(frame.type, s->side, s->state), 0);
	if (frame.type == WIRE_HELLO)
		s->state = WIRE_GREETED;
	assert_int_equal(message_decode(&m, frame.type, frame.payload, frame.length), 0);
	if (frame.type == WIRE_HELLO)
		memcpy(s->binding.user_nonce, m.hello.nonce, sizeof s->binding.user_nonce);
	if (frame.type == WIRE_WELCOME)
		memcpy(s->binding.host_nonce, m.welcome.nonce, sizeof s->binding.host_nonce);
	if (frame.type == WIRE_AUTH && m.auth.proof.data != NULL) {
		assert_int_equal(m.auth.proof.length, TRUST_PROOF_SIZE);
		memcpy(s->proof, m.auth.proof.data, TRUST_PROOF_SIZE);
		memcpy(s->salt, m.auth.salt, sizeof s->salt);
	}
	if (frame.type == WIRE_AUTH_OK)
		s->device = m.auth_ok.device;
	buffer_init(&again, FRAME_HEADER + WIRE_LIMIT);
	assert_int_equal(message_encode(&again, &m), 0);
	assert_int_equal(buffer_length(&again), length);
	assert_memory_equal(buffer_data(&again), buffer_data(&s->bytes), length);
	buffer_free(&again);
	buffer_truncate(&s->bytes, 0);
	s->bye = (uint8_t)(s->bye + (frame.type == WIRE_BYE));
	s->frames++;
}

/* "C: 02000031   what it means" begins a frame of the client, "H: ..." one of the host, three blanks go on. */
static void read_line(struct script *s, const char *line)
{
	unsigned value;
	if (line[0] == 'C' || line[0] == 'H') {
		check_frame(s);
		s->side = line[0] == 'C' ? WIRE_CLIENT : WIRE_HOST;
	}
	for (const char *at = line + 3; strspn(at, "0123456789abcdef") >= 2; at += 2) {
		assert_int_equal(sscanf(at, "%2x", &value), 1);
		uint8_t byte = (uint8_t)value;
		assert_int_equal(buffer_put(&s->bytes, &byte, 1), 0);
	}
}

static FILE *manual_open(void)
{
	char path[1024];
	const char *srcdir = getenv("srcdir");
	snprintf(path, sizeof path, "%s/man/tchat-protocol.7", srcdir == NULL ? "." : srcdir);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	return file;
}

static void read_sessions(struct script *s)
{
	char line[256];
	*s = (struct script){ .state = WIRE_NEW };
	buffer_init(&s->bytes, FRAME_HEADER + WIRE_LIMIT);
	FILE *file = manual_open();
	bool examples = false;
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, ".Sh", 3) == 0)
			examples = strcmp(line, ".Sh EXAMPLES\n") == 0;
		else if (examples && (strncmp(line, "C: ", 3) == 0 || strncmp(line, "H: ", 3) == 0 || strncmp(line, "   ", 3) == 0))
			read_line(s, line);
	}
	check_frame(s);
	fclose(file);
	buffer_free(&s->bytes);
}

static void sessions_in_the_manual_are_what_the_codec_speaks(void **state)
{
	struct script s;
	read_sessions(&s);
	assert_int_equal(s.state, WIRE_READY);
	assert_int_equal(s.bye, 2);
	assert_in_range(s.frames, 25, 100);
}

/* The next lines that hold nothing but hexadecimal digits, as bytes. */
static void read_hex(FILE *file, uint8_t *bytes, size_t length)
{
	char line[256];
	size_t got = 0;
	while (got < length && fgets(line, sizeof line, file) != NULL) {
		size_t digits = strspn(line, "0123456789abcdef");
		if (digits < 32 || line[digits] != '\n')
			continue;
		for (size_t at = 0; at < digits && got < length; at += 2) {
			unsigned value;
			assert_int_equal(sscanf(line + at, "%2x", &value), 1);
			bytes[got++] = (uint8_t)value;
		}
	}
	assert_int_equal(got, length);
}

static void proof_in_the_manual_is_what_its_token_makes(void **state)
{
	struct script s;
	char line[256];
	uint8_t token[TRUST_TOKEN_SIZE], private[32], public[TRUST_PUBLIC_SIZE], made[TRUST_PROOF_SIZE];
	read_sessions(&s);
	FILE *file = manual_open();
	while (fgets(line, sizeof line, file) != NULL && strcmp(line, ".Ss Tokens and proofs\n") != 0)
		;
	read_hex(file, token, sizeof token);
	read_hex(file, s.binding.host.bytes, sizeof s.binding.host.bytes);
	read_hex(file, s.binding.user.bytes, sizeof s.binding.user.bytes);
	read_hex(file, private, sizeof private);
	read_hex(file, public, sizeof public);
	fclose(file);
	assert_int_equal(trust_token_public(token, made), 0);
	assert_memory_equal(made, public, sizeof public);
	assert_int_equal(trust_proof_make(token, &s.binding, made), 0);
	assert_memory_equal(made, s.proof, sizeof made);
	assert_true(trust_device(&s.binding.user, &s.binding.host, s.salt) == s.device);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_in_the_manual_are_what_the_codec_speaks),
		cmocka_unit_test(proof_in_the_manual_is_what_its_token_makes),
	};
	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
