/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys: what names them, what proves an invitation, what a certificate says. */
#include "base/errors.h"
#include "trust/credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka wants those first. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct trust_pin pin_of(uint8_t first)
{
	struct trust_pin pin;
	for (int i = 0; i < TRUST_PIN_SIZE; i++)
		pin.bytes[i] = (uint8_t)(first + i);
	return pin;
}

static void a_pin_reads_back_what_it_writes(void **state)
{
	struct trust_pin pin = pin_of(0xe0), back;
	char text[TRUST_PIN_TEXT];
	trust_pin_write(&pin, text);
	assert_string_equal(text, "4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8");
	assert_true(trust_pin_read(&back, text));
	assert_true(trust_pin_equal(&pin, &back));
}

static void a_pin_is_read_from_exactly_its_own_text(void **state)
{
	struct trust_pin pin;
	assert_false(trust_pin_read(&pin, ""));
	assert_false(trust_pin_read(&pin, "4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v"));
	assert_false(trust_pin_read(&pin, "4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8A"));
	assert_false(trust_pin_read(&pin, "4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8="));
	assert_false(trust_pin_read(&pin, "4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8"));
	/* The last character's two lowest bits say nothing: one text for each pin. */
	assert_false(trust_pin_read(&pin, "4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v9"));
}

static void a_fingerprint_is_what_ssh_would_show(void **state)
{
	struct trust_pin pin = pin_of(0xe0);
	char text[TRUST_FINGERPRINT];
	trust_fingerprint(&pin, text);
	assert_string_equal(text, "SHA256:4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8");
}

static void six_words_stand_for_the_first_sixty_bits(void **state)
{
	struct trust_pin pin = { { 0 } };
	char text[TRUST_WORDS], other[TRUST_WORDS];
	trust_words(&pin, text);
	assert_string_equal(text, "abacus-abacus-abacus-abacus-abacus-abacus");
	memset(pin.bytes, 0xff, sizeof pin.bytes);
	trust_words(&pin, text);
	assert_string_equal(text, "zodiac-zodiac-zodiac-zodiac-zodiac-zodiac");
	for (int bit = 0; bit < 64; bit++) {
		pin.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		trust_words(&pin, other);
		assert_int_equal(strcmp(text, other) != 0, bit < 60);
		pin.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
}

static const char *const words[] = {
#define TRUST_WORD(word) #word,
#include "trust/words.def"
#undef TRUST_WORD
};

static void the_words_can_be_told_apart_and_any_six_fit(void **state)
{
	size_t count = sizeof words / sizeof words[0];
	assert_int_equal(count, 1024);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(strspn(words[i], "abcdefghijklmnopqrstuvwxyz"), strlen(words[i]));
		assert_in_range(strlen(words[i]), 3, TRUST_WORDS / 6 - 1);
		assert_true(i == 0 || strcmp(words[i - 1], words[i]) < 0);
		assert_true(i == 0 || strncmp(words[i - 1], words[i], 4) != 0);
	}
}

static struct trust_binding a_binding(void)
{
	struct trust_binding binding = { .host = pin_of(1), .user = pin_of(101) };
	memset(binding.host_nonce, 7, sizeof binding.host_nonce);
	memset(binding.user_nonce, 8, sizeof binding.user_nonce);
	return binding;
}

static void a_proof_holds_for_its_own_connection_only(void **state)
{
	struct trust_binding binding = a_binding();
	uint8_t token[TRUST_TOKEN_SIZE] = "0123456789abcde", proof[TRUST_PROOF_SIZE], public[TRUST_PUBLIC_SIZE];
	assert_int_equal(trust_proof_make(token, &binding, proof), 0);
	assert_int_equal(trust_token_public(token, public), 0);
	assert_memory_equal(proof, public, sizeof public);
	assert_true(trust_proof_check(proof, &binding));
	uint8_t *bytes = (uint8_t *)&binding;
	for (size_t i = 0; i < sizeof binding; i++) {
		bytes[i] ^= 1;
		assert_false(trust_proof_check(proof, &binding));
		bytes[i] ^= 1;
	}
	for (size_t i = 0; i < sizeof proof; i++) {
		proof[i] ^= 1;
		assert_false(trust_proof_check(proof, &binding));
		proof[i] ^= 1;
	}
}

/* Computed with another implementation (Python's hashlib, and OpenSSL). */
static void a_token_names_the_same_key_for_everybody(void **state)
{
	static const uint8_t token[TRUST_TOKEN_SIZE] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	uint8_t public[TRUST_PUBLIC_SIZE];
	char text[2 * TRUST_PUBLIC_SIZE + 1];
	assert_int_equal(trust_token_public(token, public), 0);
	for (int i = 0; i < TRUST_PUBLIC_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", public[i]);
	assert_string_equal(text, "c378e6b92cd03052e7b91efc1adec2e18961dea7303ad8db937a1bbd221e9128");
}

static void tokens_are_random_and_read_back(void **state)
{
	uint8_t a[TRUST_TOKEN_SIZE] = { 0 }, b[TRUST_TOKEN_SIZE] = { 0 };
	char text[TRUST_TOKEN_TEXT];
	assert_int_equal(trust_token_new(a), 0);
	assert_int_equal(trust_token_new(b), 0);
	assert_memory_not_equal(a, b, sizeof a);
	trust_token_write(a, text);
	assert_int_equal(strlen(text), TRUST_TOKEN_TEXT - 1);
	assert_true(trust_token_read(b, text));
	assert_memory_equal(a, b, sizeof a);
	text[TRUST_TOKEN_TEXT - 2] = '\0';
	assert_false(trust_token_read(b, text));
}

static void a_device_is_of_one_user_at_one_host(void **state)
{
	struct trust_pin user = pin_of(1), host = pin_of(101);
	uint8_t salt[TRUST_SALT_SIZE] = "salt of 16 byte";
	uint64_t device = trust_device(&user, &host, salt);
	assert_true(device == UINT64_C(0x5a50f23977c295fe));
	assert_true(trust_device(&host, &user, salt) != device);
	salt[15] = 1;
	assert_true(trust_device(&user, &host, salt) != device);
	uint64_t seen = 0;
	for (int i = 0; i < 200; i++) {
		salt[0] = (uint8_t)i;
		seen |= trust_device(&user, &host, salt);
	}
	assert_true(seen == UINT64_MAX >> 1);
}

static void each_identity_has_a_key_of_its_own(void **state)
{
	struct trust_identity *a = trust_identity_new(), *b = trust_identity_new();
	assert_non_null(a);
	assert_non_null(b);
	assert_false(trust_pin_equal(trust_identity_pin(a), trust_identity_pin(b)));
	trust_identity_free(a);
	trust_identity_free(b);
	trust_identity_free(NULL);
}

/* Two sessions on one pair of sockets, turn by turn. */
struct pair {
	struct trust_identity *identity[2];
	gnutls_session_t session[2];
	int fd[2];
	int code[2];
};

static int take_anybody(gnutls_session_t session)
{
	return 0;
}

static void pair_open(struct pair *pair)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair->fd), 0);
	for (int i = 0; i < 2; i++) {
		pair->identity[i] = trust_identity_new();
		assert_non_null(pair->identity[i]);
		assert_int_equal(trust_session_new(pair->identity[i], i == 0, &pair->session[i]), 0);
		gnutls_transport_set_int(pair->session[i], pair->fd[i]);
		gnutls_session_set_verify_function(pair->session[i], take_anybody);
	}
}

static void pair_shake_hands(struct pair *pair)
{
	pair->code[0] = pair->code[1] = GNUTLS_E_AGAIN;
	for (int turn = 0; turn < 20; turn++)
		for (int i = 0; i < 2; i++)
			if (pair->code[i] == GNUTLS_E_AGAIN)
				pair->code[i] = gnutls_handshake(pair->session[i]);
}

static void pair_close(struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		gnutls_deinit(pair->session[i]);
		trust_identity_free(pair->identity[i]);
		close(pair->fd[i]);
	}
}

static struct trust_pin peer_pin(gnutls_session_t session)
{
	unsigned count = 0;
	struct trust_pin pin, former;
	bool rotated = true;
	const gnutls_datum_t *certificates = gnutls_certificate_get_peers(session, &count);
	assert_int_equal(count, 1);
	assert_int_equal(trust_certificate_read(certificates->data, certificates->size, &pin, &former, &rotated), 0);
	assert_false(rotated);
	return pin;
}

static void two_identities_talk_in_tls_1_3_and_see_each_others_pin(void **state)
{
	struct pair pair;
	pair_open(&pair);
	pair_shake_hands(&pair);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pair.code[i], GNUTLS_E_SUCCESS);
		assert_int_equal(gnutls_protocol_get_version(pair.session[i]), GNUTLS_TLS1_3);
		struct trust_pin pin = peer_pin(pair.session[i]);
		assert_true(trust_pin_equal(&pin, trust_identity_pin(pair.identity[1 - i])));
	}
	assert_int_equal(gnutls_record_send(pair.session[0], "hello", 5), 5);
	char text[8];
	assert_int_equal(gnutls_record_recv(pair.session[1], text, sizeof text), 5);
	/* No ticket came along with it. */
	assert_int_equal(gnutls_session_get_flags(pair.session[1]) & GNUTLS_SFLAGS_SESSION_TICKET, 0);
	pair_close(&pair);
}

static void who_comes_without_a_certificate_gets_no_session(void **state)
{
	struct pair pair;
	gnutls_certificate_credentials_t none;
	pair_open(&pair);
	assert_int_equal(gnutls_certificate_allocate_credentials(&none), 0);
	gnutls_deinit(pair.session[1]);
	assert_int_equal(gnutls_init(&pair.session[1], GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL), 0);
	gnutls_set_default_priority(pair.session[1]);
	gnutls_credentials_set(pair.session[1], GNUTLS_CRD_CERTIFICATE, none);
	gnutls_transport_set_int(pair.session[1], pair.fd[1]);
	pair_shake_hands(&pair);
	assert_int_equal(pair.code[0], GNUTLS_E_CERTIFICATE_REQUIRED);
	gnutls_certificate_free_credentials(none);
	pair_close(&pair);
}

static void older_tls_is_refused(void **state)
{
	struct pair pair;
	pair_open(&pair);
	assert_int_equal(gnutls_priority_set_direct(pair.session[1], "NORMAL:-VERS-ALL:+VERS-TLS1.2", NULL), 0);
	pair_shake_hands(&pair);
	assert_true(pair.code[0] < 0 && pair.code[0] != GNUTLS_E_AGAIN);
	pair_close(&pair);
}

static void what_is_no_certificate_is_said_to_be_none(void **state)
{
	struct trust_pin pin, former;
	bool rotated;
	assert_int_equal(trust_certificate_read("", 0, &pin, &former, &rotated), TCHAT_ERR_SYNTAX);
	assert_int_equal(trust_certificate_read("\x30\x03\x02\x01\x01", 5, &pin, &former, &rotated), TCHAT_ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pin_reads_back_what_it_writes),
		cmocka_unit_test(a_pin_is_read_from_exactly_its_own_text),
		cmocka_unit_test(a_fingerprint_is_what_ssh_would_show),
		cmocka_unit_test(six_words_stand_for_the_first_sixty_bits),
		cmocka_unit_test(the_words_can_be_told_apart_and_any_six_fit),
		cmocka_unit_test(a_proof_holds_for_its_own_connection_only),
		cmocka_unit_test(a_token_names_the_same_key_for_everybody),
		cmocka_unit_test(tokens_are_random_and_read_back),
		cmocka_unit_test(a_device_is_of_one_user_at_one_host),
		cmocka_unit_test(each_identity_has_a_key_of_its_own),
		cmocka_unit_test(two_identities_talk_in_tls_1_3_and_see_each_others_pin),
		cmocka_unit_test(who_comes_without_a_certificate_gets_no_session),
		cmocka_unit_test(older_tls_is_refused),
		cmocka_unit_test(what_is_no_certificate_is_said_to_be_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
