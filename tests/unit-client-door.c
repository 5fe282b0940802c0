/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session with keys: proofs of invitations, devices, the door from both of its sides, invitations, who is who. */
#include "fake-host.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct session_security security = { .host = { { 1 } }, .user = { { 2 } } };
static const uint8_t salt[WIRE_KEY_SIZE] = "0123456789abcdef";
static const uint8_t token[TRUST_TOKEN_SIZE] = "a secret of ours";
static const uint8_t key[WIRE_PIN_SIZE] = "somebody's key, of 32 bytes....";

/* HELLO to AUTH, whose proof is in *auth. */
static struct message up_to_auth(struct fake *fake, const struct session_security *with, uint8_t hello_nonce[16])
{
	session_dialling(fake->session);
	session_connected(fake->session, with, fake->now);
	struct message hello = fake_take(fake, WIRE_HELLO);
	memcpy(hello_nonce, hello.hello.nonce, 16);
	struct message welcome = { .type = WIRE_WELCOME, .welcome = { .version = 1, .frame_limit = WIRE_LIMIT } };
	memset(welcome.welcome.nonce, 9, sizeof welcome.welcome.nonce);
	fake_send(fake, &welcome);
	return fake_take(fake, WIRE_AUTH);
}

static void let_in(struct fake *fake, uint64_t device)
{
	fake_send(fake, &(struct message){ .type = WIRE_AUTH_OK,
	                                   .auth_ok = { .user = FAKE_USER,
	                                                .role = ROLE_OWNER,
	                                                .device = device,
	                                                .text_limit = WIRE_TEXT_LIMIT,
	                                                .nick = wire_text("ann") } });
}

/* Connected by TLS and let in; nothing is left to take. */
static void open_secure(struct fake *fake)
{
	uint8_t nonce[16];
	fake_open(fake, (struct session_config){ .salt = salt });
	up_to_auth(fake, &security, nonce);
	let_in(fake, trust_device(&security.user, &security.host, salt));
	fake_event(fake, SESSION_CONNECTED);
	fake_take(fake, WIRE_PING);
}

static void an_invitation_is_proven_until_it_let_us_in(void **state)
{
	struct fake fake;
	struct trust_binding binding = { .host = security.host, .user = security.user };
	uint8_t public[TRUST_PUBLIC_SIZE];
	memset(binding.host_nonce, 9, sizeof binding.host_nonce);
	assert_int_equal(trust_token_public(token, public), 0);
	fake_open(&fake, (struct session_config){ .salt = salt, .token = token });
	for (int i = 0; i < 2; i++) { /* the first connection breaks before the answer */
		struct message auth = up_to_auth(&fake, &security, binding.user_nonce);
		assert_int_equal(auth.auth.proof.length, TRUST_PROOF_SIZE);
		assert_memory_equal(auth.auth.proof.data, public, sizeof public);
		assert_true(trust_proof_check(auth.auth.proof.data, &binding));
		if (i == 0)
			fake_break(&fake);
	}
	let_in(&fake, trust_device(&security.user, &security.host, salt));
	fake_event(&fake, SESSION_CONNECTED);
	fake_break(&fake);
	struct message auth = up_to_auth(&fake, &security, binding.user_nonce);
	assert_null(auth.auth.proof.data);
	fake_close(&fake);
}

static void without_tls_nothing_is_proven(void **state)
{
	struct fake fake;
	uint8_t nonce[16];
	fake_open(&fake, (struct session_config){ .salt = salt, .token = token });
	struct message auth = up_to_auth(&fake, NULL, nonce);
	assert_null(auth.auth.proof.data);
	fake_close(&fake);
}

static void a_device_has_to_be_the_one_of_both_keys(void **state)
{
	struct fake fake;
	uint8_t nonce[16];
	fake_open(&fake, (struct session_config){ .salt = salt });
	up_to_auth(&fake, &security, nonce);
	let_in(&fake, trust_device(&security.user, &security.host, salt) + 1);
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
	fake_close(&fake);
}

static void who_knocks_waits_as_long_as_the_host_is_there(void **state)
{
	struct fake fake;
	uint8_t nonce[16];
	fake_open(&fake, (struct session_config){ .salt = salt });
	up_to_auth(&fake, &security, nonce);
	fake_send(&fake, &(struct message){ .type = WIRE_KNOCK, .knock = { .owners = 2 } });
	assert_int_equal(fake_event(&fake, SESSION_WAITING)->count, 2);
	assert_true(session_waiting(fake.session));
	assert_false(session_ready(fake.session));
	/* Past the handshake's ten seconds: a minute later it is asked whether the host still lives, and answers. */
	for (int i = 0; i < 3; i++) {
		fake.now = session_deadline(fake.session);
		session_tick(fake.session, fake.now);
		struct message ping = fake_take(&fake, WIRE_PING);
		fake_send(&fake, &(struct message){ .type = WIRE_PONG, .pong = { .payload = ping.ping.payload } });
		fake_event(&fake, SESSION_LAG);
	}
	assert_true(fake.now > TCHAT_SECONDS(170));
	let_in(&fake, trust_device(&security.user, &security.host, salt));
	fake_event(&fake, SESSION_CONNECTED);
	assert_false(session_waiting(fake.session));
	fake_close(&fake);
}

static void a_silent_door_is_given_up(void **state)
{
	struct fake fake;
	uint8_t nonce[16];
	fake_open(&fake, (struct session_config){ .salt = salt });
	up_to_auth(&fake, &security, nonce);
	fake_send(&fake, &(struct message){ .type = WIRE_KNOCK });
	fake_event(&fake, SESSION_WAITING);
	fake.now = session_deadline(fake.session);
	session_tick(fake.session, fake.now);
	fake_take(&fake, WIRE_PING);
	fake.now = session_deadline(fake.session);
	session_tick(fake.session, fake.now);
	fake_failed(&fake, TCHAT_ERR_TIMED_OUT);
	fake_close(&fake);
}

static void nobody_knocks_twice_or_when_inside(void **state)
{
	struct fake fake;
	uint8_t nonce[16];
	struct message knock = { .type = WIRE_KNOCK };
	fake_open(&fake, (struct session_config){ .salt = salt });
	up_to_auth(&fake, &security, nonce);
	fake_send(&fake, &knock);
	fake_send(&fake, &knock);
	fake_failed(&fake, TCHAT_ERR_WRONG_STATE);
	fake_close(&fake);
	open_secure(&fake);
	fake_send(&fake, &knock);
	fake_failed(&fake, TCHAT_ERR_WRONG_STATE);
	fake_close(&fake);
}

static void what_a_door_answers_for_good_is_not_tried_again(void **state)
{
	static const int codes[] = { TCHAT_ERR_NOT_INVITED, TCHAT_ERR_DOOR_REFUSED, TCHAT_ERR_BAD_PROOF,
		                     TCHAT_ERR_KEY_DROPPED };
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		struct fake fake;
		uint8_t nonce[16];
		fake_open(&fake, (struct session_config){ .salt = salt });
		up_to_auth(&fake, &security, nonce);
		fake_send(&fake, &(struct message){ .type = WIRE_ERROR, .error = { .code = (uint16_t)-codes[i] } });
		assert_true(session_closing(fake.session));
		session_disconnected(fake.session, 0, fake.now);
		const struct session_event *event = fake_event(&fake, SESSION_DISCONNECTED);
		assert_int_equal(event->code, codes[i]);
		assert_true(event->final);
		fake_close(&fake);
	}
}

/* The question whether this is the right host ends a dial; a yes dials again. */
static void an_unknown_host_is_dialled_again_when_asked_to(void **state)
{
	struct fake fake;
	uint8_t nonce[16];
	fake_open(&fake, (struct session_config){ .salt = salt });
	session_dialling(fake.session);
	session_disconnected(fake.session, TCHAT_ERR_HOST_NEW, fake.now);
	assert_true(fake_event(&fake, SESSION_DISCONNECTED)->final);
	assert_int_equal(session_dial_at(fake.session), TCHAT_NEVER);
	session_retry_now(fake.session);
	assert_int_equal(session_dial_at(fake.session), 0);
	up_to_auth(&fake, &security, nonce);
	fake_close(&fake);
}

static void owners_hear_who_knocks_and_answer(void **state)
{
	struct fake fake;
	open_secure(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_DOOR,
	                                    .door = { .change = DOOR_WAITS,
	                                              .nick = wire_text("ben"),
	                                              .reason = wire_text("192.0.2.1:5"),
	                                              .key = { key, sizeof key } } });
	const struct session_event *event = fake_event(&fake, SESSION_DOOR);
	assert_int_equal(event->kind, DOOR_WAITS);
	assert_string_equal(event->nick, "ben");
	assert_string_equal(event->text, "192.0.2.1:5");
	assert_int_equal(event->key_count, 1);
	assert_memory_equal(event->keys, key, sizeof key);
	for (int admit = 0; admit < 2; admit++) {
		assert_int_equal(session_door(fake.session, key, admit != 0), 0);
		struct message moderate = fake_take(&fake, WIRE_MODERATE);
		assert_int_equal(moderate.moderate.action, admit ? MODERATE_ADMIT : MODERATE_REFUSE);
		assert_int_equal(moderate.moderate.room, 0);
		assert_memory_equal(moderate.moderate.key.data, key, sizeof key);
		fake_send(&fake, &(struct message){ .type = WIRE_DONE, .done = { .request = moderate.moderate.request } });
		event = fake_event(&fake, SESSION_DONE);
		assert_int_equal(event->request, admit ? REQUEST_ADMIT : REQUEST_REFUSE);
		assert_memory_equal(event->keys, key, sizeof key);
	}
	fake_close(&fake);
}

static void a_door_without_a_whole_key_is_no_door(void **state)
{
	struct fake fake;
	open_secure(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_DOOR, .door = { .change = DOOR_WAITS, .key = { key, 31 } } });
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
	fake_close(&fake);
}

static void an_invitation_is_asked_for_by_its_public_half(void **state)
{
	struct fake fake;
	open_secure(&fake);
	assert_int_equal(session_invite(fake.session, INVITE_HOST, 5, 7200, "#dev", key), 0);
	struct message invite = fake_take(&fake, WIRE_INVITE);
	assert_int_equal(invite.invite.kind, INVITE_HOST);
	assert_int_equal(invite.invite.uses, 5);
	assert_int_equal(invite.invite.seconds, 7200);
	assert_int_equal(invite.invite.room.length, 3);
	assert_memory_equal(invite.invite.room.data, "dev", 3);
	assert_memory_equal(invite.invite.key.data, key, sizeof key);
	fake_send(&fake, &(struct message){ .type = WIRE_ERROR,
	                                    .error = { .request = invite.invite.request,
	                                               .code = -TCHAT_ERR_TOO_MANY_INVITATIONS } });
	const struct session_event *event = fake_event(&fake, SESSION_ERROR);
	assert_int_equal(event->request, REQUEST_INVITE);
	assert_int_equal(event->code, TCHAT_ERR_TOO_MANY_INVITATIONS);
	assert_memory_equal(event->keys, key, sizeof key);
	fake_quiet(&fake);
	fake_close(&fake);
}

/* INVITED with one INVITATION, whose key has so many bytes. */
static void send_invited(struct fake *fake, uint32_t request, size_t length)
{
	struct buffer records;
	buffer_init(&records, 4096);
	assert_int_equal(message_encode(&records, &(struct message){ .type = WIRE_INVITATION,
	                                                             .invitation = { .kind = INVITE_DEVICE,
	                                                                             .uses = 1,
	                                                                             .expires = 1700000000000000u,
	                                                                             .room = wire_text("dev"),
	                                                                             .by = wire_text("ann"),
	                                                                             .key = { key, length } } }), 0);
	fake_send(fake, &(struct message){ .type = WIRE_INVITED,
	                                   .invited = { .request = request,
	                                                .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
}

static void send_report(struct fake *fake, uint32_t request, const char *name)
{
	struct buffer records;
	buffer_init(&records, 4096);
	assert_int_equal(message_encode(&records, &(struct message){ .type = WIRE_VALUE,
	                                                             .value = { 3, 10, wire_text(name), wire_text(NULL) } }), 0);
	assert_int_equal(message_encode(&records, &(struct message){ .type = WIRE_VALUE,
	                                                             .value = { 0, 0, wire_text("sandbox"), wire_text("on") } }), 0);
	fake_send(fake, &(struct message){ .type = WIRE_REPORT,
	                                   .report = { .request = request,
	                                               .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
}

static void a_host_says_how_it_does_and_makes_a_copy(void **state)
{
	struct fake fake;
	open_secure(&fake);
	assert_int_equal(session_status(fake.session), 0);
	struct message asked = fake_take(&fake, WIRE_STATUS);
	assert_int_equal(asked.status.action, STATUS_TELL);
	send_report(&fake, asked.status.request, "connections");
	const struct session_event *event = fake_event(&fake, SESSION_VALUE);
	assert_int_equal(event->request, REQUEST_STATUS);
	assert_string_equal(event->name, "connections");
	assert_int_equal(event->seq, 3);
	assert_int_equal(event->count, 10);
	event = fake_event(&fake, SESSION_VALUE);
	assert_string_equal(event->name, "sandbox");
	assert_string_equal(event->text, "on");
	assert_int_equal(fake_event(&fake, SESSION_REPORT_END)->count, 2);
	assert_int_equal(session_backup(fake.session), 0);
	asked = fake_take(&fake, WIRE_STATUS);
	assert_int_equal(asked.status.action, STATUS_BACKUP);
	send_report(&fake, asked.status.request, "backup");
	for (int i = 0; i < 2; i++)
		assert_int_equal(fake_event(&fake, SESSION_VALUE)->request, REQUEST_BACKUP);
	assert_int_equal(fake_event(&fake, SESSION_REPORT_END)->request, REQUEST_BACKUP);
	/* Nobody asked for that. */
	send_report(&fake, 4711, "connections");
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
	fake_close(&fake);
}

static void invitations_are_listed_and_taken_back(void **state)
{
	struct fake fake;
	open_secure(&fake);
	assert_int_equal(session_invitations(fake.session), 0);
	send_invited(&fake, fake_take(&fake, WIRE_INVITATIONS).invitations.request, sizeof key);
	const struct session_event *event = fake_event(&fake, SESSION_INVITATION);
	assert_int_equal(event->kind, INVITE_DEVICE);
	assert_int_equal(event->count, 1);
	assert_int_equal(event->time, 1700000000000000u);
	assert_string_equal(event->name, "dev");
	assert_string_equal(event->other, "ann");
	assert_memory_equal(event->keys, key, sizeof key);
	assert_int_equal(fake_event(&fake, SESSION_INVITATIONS)->count, 1);
	assert_int_equal(session_revoke(fake.session, key), 0);
	struct message revoke = fake_take(&fake, WIRE_MODERATE);
	assert_int_equal(revoke.moderate.action, MODERATE_REVOKE);
	fake_send(&fake, &(struct message){ .type = WIRE_DONE, .done = { .request = revoke.moderate.request } });
	assert_int_equal(fake_event(&fake, SESSION_DONE)->request, REQUEST_REVOKE);
	assert_int_equal(session_invitations(fake.session), 0);
	send_invited(&fake, fake_take(&fake, WIRE_INVITATIONS).invitations.request, 5);
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
	fake_close(&fake);
}

static void a_profile_shows_all_keys(void **state)
{
	struct fake fake;
	uint8_t keys[2 * WIRE_PIN_SIZE];
	memcpy(keys, key, sizeof key);
	memcpy(keys + sizeof key, key, sizeof key);
	open_secure(&fake);
	assert_int_equal(session_whois(fake.session, "ben"), 0);
	struct message whois = fake_take(&fake, WIRE_WHOIS);
	assert_memory_equal(whois.whois.nick.data, "ben", 3);
	fake_send(&fake, &(struct message){ .type = WIRE_PROFILE,
	                                    .profile = { .request = whois.whois.request,
	                                                 .user = 9,
	                                                 .flags = PROFILE_HERE | PROFILE_AWAY,
	                                                 .since = 5,
	                                                 .seen = 6,
	                                                 .nick = wire_text("ben"),
	                                                 .reason = wire_text("lunch"),
	                                                 .keys = { keys, sizeof keys } } });
	const struct session_event *event = fake_event(&fake, SESSION_PROFILE);
	assert_string_equal(event->nick, "ben");
	assert_string_equal(event->text, "lunch");
	assert_true(event->here && event->away);
	assert_int_equal(event->time, 5);
	assert_int_equal(event->seen, 6);
	assert_int_equal(event->key_count, 2);
	assert_memory_equal(event->keys, keys, sizeof keys);
	/* A profile that nobody asked for. */
	fake_send(&fake, &(struct message){ .type = WIRE_PROFILE, .profile = { .request = 99, .nick = wire_text("x") } });
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
	fake_close(&fake);
}

static void keys_are_dropped_and_names_given_free(void **state)
{
	struct fake fake;
	open_secure(&fake);
	assert_int_equal(session_drop_key(fake.session, key), 0);
	assert_int_equal(fake_take(&fake, WIRE_MODERATE).moderate.action, MODERATE_DROP_KEY);
	assert_int_equal(session_release(fake.session, "old"), 0);
	struct message release = fake_take(&fake, WIRE_MODERATE);
	assert_int_equal(release.moderate.action, MODERATE_RELEASE);
	assert_memory_equal(release.moderate.nick.data, "old", 3);
	assert_null(release.moderate.key.data);
	assert_int_equal(session_release(fake.session, ""), TCHAT_ERR_BAD_NAME);
	/* The connection breaks: both are told to have no answer. */
	session_disconnected(fake.session, TCHAT_ERR_CLOSED, fake.now);
	const struct session_event *event = fake_event(&fake, SESSION_ERROR);
	assert_int_equal(event->request, REQUEST_DROP_KEY);
	assert_memory_equal(event->keys, key, sizeof key);
	event = fake_event(&fake, SESSION_ERROR);
	assert_int_equal(event->request, REQUEST_RELEASE);
	assert_string_equal(event->nick, "old");
	assert_int_equal(session_whois(fake.session, "ben"), TCHAT_ERR_AGAIN);
	fake_close(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invitation_is_proven_until_it_let_us_in),
		cmocka_unit_test(without_tls_nothing_is_proven),
		cmocka_unit_test(a_device_has_to_be_the_one_of_both_keys),
		cmocka_unit_test(who_knocks_waits_as_long_as_the_host_is_there),
		cmocka_unit_test(a_silent_door_is_given_up),
		cmocka_unit_test(nobody_knocks_twice_or_when_inside),
		cmocka_unit_test(what_a_door_answers_for_good_is_not_tried_again),
		cmocka_unit_test(an_unknown_host_is_dialled_again_when_asked_to),
		cmocka_unit_test(owners_hear_who_knocks_and_answer),
		cmocka_unit_test(a_door_without_a_whole_key_is_no_door),
		cmocka_unit_test(an_invitation_is_asked_for_by_its_public_half),
		cmocka_unit_test(a_host_says_how_it_does_and_makes_a_copy),
		cmocka_unit_test(invitations_are_listed_and_taken_back),
		cmocka_unit_test(a_profile_shows_all_keys),
		cmocka_unit_test(keys_are_dropped_and_names_given_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
