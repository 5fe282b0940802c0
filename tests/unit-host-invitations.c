/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: invitations: made, proven, listed, revoked; and those who try without one. */
#include "door-peer.h"

enum { TOKEN = 0x31, OTHER_TOKEN = 0x32 };

static int listed(struct wire_peer *p, struct message *records, int most)
{
	struct message message = { .type = WIRE_INVITATIONS };
	message.invitations.request = ++p->request;
	wire_put(p, &message);
	wire_expect(p, &message, WIRE_INVITED);
	assert_int_equal(message.invited.request, p->request);
	int count = 0;
	while (count < most && wire_record(&message.invited.records, &records[count], WIRE_INVITATION))
		count++;
	assert_int_equal(message.invited.records.length, 0);
	return count;
}

static void an_invitation_lets_one_in_without_a_question_for_good(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *owner = door_owner(w);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 0, 0, "garden"));
	door_member(w, 7, "ann", TOKEN, "ann");
	wire_expect_nothing(owner);
	door_restart(w, HOST_ACCESS_INVITE);
	door_member(w, 7, "ann", 0, "ann");
	/* It is used up, after a restart as well. */
	door_refused(w, 8, "ben", TOKEN, TCHAT_ERR_NOT_INVITED);
	world_free(w);
}

static void uses_are_counted_and_coming_back_costs_none(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *owner = door_owner(w);
	struct message records[4];
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 3, 0, NULL));
	for (int i = 0; i < 5; i++)
		wire_close(door_member(w, 7, "ann", TOKEN, "ann"));
	assert_int_equal(listed(owner, records, 4), 1);
	assert_int_equal(records[0].invitation.uses, 2);
	door_member(w, 8, "ben", TOKEN, "ben");
	door_restart(w, HOST_ACCESS_INVITE);
	door_member(w, 9, "cy", TOKEN, "cy");
	door_refused(w, 10, "dan", TOKEN, TCHAT_ERR_NOT_INVITED);
	world_free(w);
}

static void an_expired_invitation_is_none(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *owner = door_owner(w);
	struct message records[4];
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 9, 60, NULL));
	w->wall += UINT64_C(59) * 1000000;
	door_member(w, 7, "ann", TOKEN, "ann");
	assert_int_equal(listed(owner, records, 4), 1);
	w->wall += 1000000;
	door_refused(w, 8, "ben", TOKEN, TCHAT_ERR_NOT_INVITED);
	assert_int_equal(listed(owner, records, 4), 0);
	door_restart(w, HOST_ACCESS_INVITE);
	door_refused(w, 8, "ben", TOKEN, TCHAT_ERR_NOT_INVITED);
	door_member(w, 7, "ann", 0, "ann");
	world_free(w);
}

static void a_revoked_invitation_is_none(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *owner = door_owner(w);
	uint8_t public[TRUST_PUBLIC_SIZE];
	door_public(public, TOKEN);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 9, 0, NULL));
	door_member(w, 7, "ann", TOKEN, "ann");
	door_expect_done(owner, door_moderate_bytes(owner, MODERATE_REVOKE, public, NULL));
	door_refused(w, 8, "ben", TOKEN, TCHAT_ERR_NOT_INVITED);
	wire_expect_error(owner, door_moderate_bytes(owner, MODERATE_REVOKE, public, NULL), TCHAT_ERR_NO_INVITATION);
	door_restart(w, HOST_ACCESS_INVITE);
	door_refused(w, 8, "ben", TOKEN, TCHAT_ERR_NOT_INVITED);
	door_member(w, 7, "ann", 0, "ann");
	world_free(w);
}

static void a_used_invitation_leads_to_the_door_where_there_is_one(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w), *ben;
	struct message message;
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 1, 0, NULL));
	door_member(w, 7, "ann", TOKEN, "ann");
	ben = door_connect(w, 8);
	door_auth(ben, 8, "ben", TOKEN);
	wire_expect(ben, &message, WIRE_KNOCK);
	/* Who knocks or was refused may still be invited. */
	door_expect(owner, DOOR_WAITS, 8, "ben");
	door_expect_done(owner, door_moderate(owner, MODERATE_REFUSE, 8));
	door_expect(owner, DOOR_REFUSED, 8, "ben");
	door_refused(w, 8, "ben", 0, TCHAT_ERR_DOOR_REFUSED);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, OTHER_TOKEN, 1, 0, NULL));
	door_member(w, 8, "ben", OTHER_TOKEN, "ben");
	door_expect(owner, DOOR_ADMITTED, 8, "ben");
	door_restart(w, HOST_ACCESS_ASK);
	door_member(w, 8, "ben", 0, "ben");
	world_free(w);
}

/* --- Proofs */

static void attempt(struct world *w, int key, const uint8_t *proof, size_t length, int err)
{
	struct wire_peer *p = door_connect(w, key);
	door_auth_proof(p, key, "eve", proof, length);
	wire_expect_end(p, err);
	wire_close(p);
}

static void a_proof_holds_on_its_own_connection_only(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *owner = door_owner(w);
	uint8_t proof[TRUST_PROOF_SIZE];
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 9, 0, NULL));
	struct wire_peer *ann = door_connect(w, 7);
	door_prove(ann, TOKEN, 7, proof);
	/* Heard and said again: by another key, and by the same key on another connection. */
	attempt(w, 8, proof, sizeof proof, TCHAT_ERR_BAD_PROOF);
	attempt(w, 7, proof, sizeof proof, TCHAT_ERR_BAD_PROOF);
	struct message message;
	door_auth_proof(ann, 7, "ann", proof, sizeof proof);
	door_enter(ann, &message);
	world_free(w);
}

/* What differs from the right binding; each must not hold. */
static void a_proof_is_bound_to_keys_and_nonces_of_both_sides(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *owner = door_owner(w);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 99, 0, NULL));
	for (int part = 0; part <= 4; part++) {
		struct wire_peer *p = door_connect(w, 7);
		uint8_t proof[TRUST_PROOF_SIZE], token[TRUST_TOKEN_SIZE];
		struct trust_binding binding = { .host = door_pin(HOST_KEY), .user = door_pin(7) };
		memcpy(binding.host_nonce, p->host_nonce, sizeof binding.host_nonce);
		memcpy(binding.user_nonce, p->user_nonce, sizeof binding.user_nonce);
		uint8_t *const parts[] = { binding.host.bytes, binding.user.bytes, binding.host_nonce, binding.user_nonce };
		if (part < 4)
			parts[part][15] ^= 1;
		door_token(token, TOKEN);
		assert_int_equal(trust_proof_make(token, &binding, proof), 0);
		door_auth_proof(p, 7, "ann", proof, sizeof proof);
		struct message message;
		if (part < 4)
			wire_expect_end(p, TCHAT_ERR_BAD_PROOF);
		else
			wire_expect(p, &message, WIRE_AUTH_OK);
		wire_close(p);
	}
	world_free(w);
}

static void forged_proofs_end_the_connection_and_use_nothing_up(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w);
	struct message records[2];
	uint8_t proof[TRUST_PROOF_SIZE], right[TRUST_PROOF_SIZE];
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 1, 0, NULL));
	memset(proof, 0, sizeof proof);
	attempt(w, 7, proof, sizeof proof, TCHAT_ERR_BAD_PROOF);
	attempt(w, 7, proof, 0, TCHAT_ERR_BAD_FRAME);
	attempt(w, 7, proof, 95, TCHAT_ERR_BAD_FRAME);
	attempt(w, 7, proof, 32, TCHAT_ERR_BAD_FRAME);
	/* The right public half, which is no secret, without its signature; or another signature. */
	for (int i = 0; i < 96; i += 19) {
		struct wire_peer *p = door_connect(w, 7);
		door_prove(p, TOKEN, 7, right);
		right[i] ^= 0x40;
		door_auth_proof(p, 7, "eve", right, sizeof right);
		wire_expect_end(p, TCHAT_ERR_BAD_PROOF);
		wire_close(p);
	}
	/* A good signature of an invitation that there is not. */
	struct wire_peer *p = door_connect(w, 7);
	struct message message;
	door_auth(p, 7, "eve", OTHER_TOKEN);
	wire_expect(p, &message, WIRE_KNOCK);
	door_expect(owner, DOOR_WAITS, 7, "eve");
	assert_int_equal(listed(owner, records, 2), 1);
	assert_int_equal(records[0].invitation.uses, 1);
	world_free(w);
}

static void two_at_once_cannot_share_one_use(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *owner = door_owner(w), *a = door_connect(w, 7), *b = door_connect(w, 8);
	struct message message;
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 1, 0, NULL));
	door_auth(a, 7, "ann", TOKEN);
	door_auth(b, 8, "ben", TOKEN);
	wire_expect(a, &message, WIRE_AUTH_OK);
	wire_expect_end(b, TCHAT_ERR_NOT_INVITED);
	world_free(w);
}

/* --- Making and listing them */

static void owners_see_all_invitations_and_what_they_say(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *owner = door_owner(w), *ann;
	struct message records[8];
	uint8_t public[TRUST_PUBLIC_SIZE];
	door_public(public, 0x41);
	assert_int_equal(host_invite(w->host, public, 0, 86400, "lobby"), 0);
	assert_int_equal(host_invite(w->host, public, 0, 86400, "lobby"), TCHAT_ERR_NO_KEY);
	uint64_t wall = w->wall;
	assert_int_equal(listed(owner, records, 8), 1);
	assert_int_equal(records[0].invitation.kind, INVITE_HOST);
	assert_int_equal(records[0].invitation.uses, 1);
	assert_in_range(records[0].invitation.expires, wall + UINT64_C(86400000000) - 100, wall + UINT64_C(86400000000));
	assert_text(records[0].invitation.room, "lobby");
	assert_null(records[0].invitation.by.data);
	assert_memory_equal(records[0].invitation.key.data, public, sizeof public);
	ann = door_member(w, 7, "ann", 0x41, "ann");
	door_expect_done(ann, door_invite(ann, INVITE_DEVICE, 0x42, 99, 0, NULL));
	door_expect_done(owner, door_invite(owner, INVITE_HOST, 0x43, 5, 0, "garden"));
	assert_int_equal(listed(owner, records, 8), 2);
	/* A member sees its own. */
	assert_int_equal(listed(ann, records, 8), 1);
	assert_int_equal(records[0].invitation.kind, INVITE_DEVICE);
	assert_int_equal(records[0].invitation.uses, 1);
	assert_true(records[0].invitation.expires <= w->wall + UINT64_C(3600000000));
	assert_text(records[0].invitation.by, "ann");
	door_restart(w, HOST_ACCESS_INVITE);
	owner = door_owner(w);
	assert_int_equal(listed(owner, records, 8), 2);
	world_free(w);
}

static void only_owners_invite_others_and_only_what_makes_sense(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *owner = door_owner(w), *ann = door_member(w, 7, "ann", 0, "ann");
	struct message message = { .type = WIRE_INVITE };
	uint8_t public[TRUST_PUBLIC_SIZE];
	wire_expect_error(ann, door_invite(ann, INVITE_HOST, TOKEN, 0, 0, NULL), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(owner, door_invite(owner, 0, TOKEN, 0, 0, NULL), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(owner, door_invite(owner, 3, TOKEN, 0, 0, NULL), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(owner, door_invite(owner, INVITE_HOST, TOKEN, 0, 0, "a\tb"), TCHAT_ERR_BAD_NAME);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 0, 0, NULL));
	wire_expect_error(owner, door_invite(owner, INVITE_HOST, TOKEN, 0, 0, NULL), TCHAT_ERR_NO_KEY);
	message.invite.request = 77;
	message.invite.kind = INVITE_HOST;
	message.invite.key = wire_text("short");
	wire_put(owner, &message);
	wire_expect_error(owner, 77, TCHAT_ERR_NO_KEY);
	/* Another's invitation is not there for a member. */
	door_public(public, TOKEN);
	wire_expect_error(ann, door_moderate_bytes(ann, MODERATE_REVOKE, public, NULL), TCHAT_ERR_NO_INVITATION);
	world_free(w);
}

static void there_are_only_so_many_invitations(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *owner = door_owner(w), *ann = door_member(w, 7, "ann", 0, "ann");
	for (int i = 0; i < 4; i++)
		door_expect_done(ann, door_invite(ann, INVITE_DEVICE, 10 + i, 0, 0, NULL));
	wire_expect_error(ann, door_invite(ann, INVITE_DEVICE, 99, 0, 0, NULL), TCHAT_ERR_TOO_MANY_INVITATIONS);
	for (int i = 4; i < 64; i++)
		door_expect_done(owner, door_invite(owner, INVITE_HOST, 10 + i, 0, i == 40 ? 5 : 0, NULL));
	wire_expect_error(owner, door_invite(owner, INVITE_HOST, 99, 0, 0, NULL), TCHAT_ERR_TOO_MANY_INVITATIONS);
	w->wall += 5000000;
	door_expect_done(owner, door_invite(owner, INVITE_HOST, 99, 0, 0, NULL));
	world_free(w);
}

static void a_guests_host_has_no_invitations(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *owner = wire_member_of(w, true, 1, "olga");
	wire_expect_error(owner, door_invite(owner, INVITE_HOST, TOKEN, 0, 0, NULL), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(owner, door_moderate(owner, MODERATE_ADMIT, 7), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(owner, door_moderate(owner, MODERATE_RELEASE, 7), TCHAT_ERR_NOT_ALLOWED);
	/* What would be a proof elsewhere is not looked at. */
	struct wire_peer *p = wire_connect(w, false);
	struct message message;
	wire_hello(p);
	door_auth(p, 7, "ann", TOKEN);
	wire_expect(p, &message, WIRE_AUTH_OK);
	assert_true(message.auth_ok.device >> 63 == 1);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invitation_lets_one_in_without_a_question_for_good),
		cmocka_unit_test(uses_are_counted_and_coming_back_costs_none),
		cmocka_unit_test(an_expired_invitation_is_none),
		cmocka_unit_test(a_revoked_invitation_is_none),
		cmocka_unit_test(a_used_invitation_leads_to_the_door_where_there_is_one),
		cmocka_unit_test(a_proof_holds_on_its_own_connection_only),
		cmocka_unit_test(a_proof_is_bound_to_keys_and_nonces_of_both_sides),
		cmocka_unit_test(forged_proofs_end_the_connection_and_use_nothing_up),
		cmocka_unit_test(two_at_once_cannot_share_one_use),
		cmocka_unit_test(owners_see_all_invitations_and_what_they_say),
		cmocka_unit_test(only_owners_invite_others_and_only_what_makes_sense),
		cmocka_unit_test(there_are_only_so_many_invitations),
		cmocka_unit_test(a_guests_host_has_no_invitations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
