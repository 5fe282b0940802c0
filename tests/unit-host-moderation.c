/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: roles, mutes, bans, and messages of others that are taken away. */
#include "moderation-peer.h"

static void who_is_muted_reads_and_may_not_post(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann");
	uint64_t tea = wire_enter(owner, "tea", JOIN_LIVE), bar = wire_enter(owner, "bar", JOIN_LIVE);
	wire_enter(ann, "tea", JOIN_LIVE);
	wire_enter(ann, "bar", JOIN_LIVE);
	decide(owner, MODERATE_MUTE, tea, "ann", 0);
	expect_role(ann, tea, ann, ROLE_MUTED);
	expect_refused_post(ann, tea, TCHAT_ERR_MUTED);
	expect_post(ann, bar);
	struct message message;
	wire_post(owner, tea, "I still hear this");
	wire_until(ann, &message, WIRE_MSG);
	decide(owner, MODERATE_UNMUTE, tea, "ann", 0);
	expect_role(ann, tea, ann, ROLE_MEMBER);
	expect_post(ann, tea);
	/* The lobby stands for all rooms. */
	uint64_t lobby = wire_enter(owner, "lobby", 0);
	decide(owner, MODERATE_MUTE, lobby, "ann", 0);
	expect_refused_post(ann, bar, TCHAT_ERR_MUTED);
	world_free(w);
}

static void a_mute_is_the_users_under_every_nick_and_over_a_restart(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann");
	uint64_t tea = wire_enter(owner, "tea", 0);
	wire_enter(ann, "tea", 0);
	decide(owner, MODERATE_MUTE, tea, "ann", 0);
	wire_skip(ann);
	rename_done(ann, "anna");
	expect_refused_post(ann, tea, TCHAT_ERR_MUTED);
	door_restart(w, HOST_ACCESS_OPEN);
	ann = come(w, ANN, "anastasia");
	assert_int_equal(wire_enter(ann, "tea", 0), tea);
	expect_refused_post(ann, tea, TCHAT_ERR_MUTED);
	/* By a nick that it had then. */
	owner = door_owner(w);
	decide(owner, MODERATE_UNMUTE, tea, "anna", 0);
	expect_post(ann, tea);
	world_free(w);
}

static void a_mute_for_a_time_ends_by_itself(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann");
	uint64_t tea = wire_enter(owner, "tea", JOIN_LIVE);
	wire_enter(ann, "tea", JOIN_LIVE);
	decide(owner, MODERATE_MUTE, tea, "ann", 20);
	expect_refused_post(ann, tea, TCHAT_ERR_MUTED);
	w->wall += UINT64_C(19000000);
	world_pass(w, TCHAT_SECONDS(19));
	expect_refused_post(ann, tea, TCHAT_ERR_MUTED);
	w->wall += UINT64_C(1000000);
	world_pass(w, TCHAT_SECONDS(1));
	expect_role(owner, tea, ann, ROLE_MEMBER);
	expect_post(ann, tea);
	world_free(w);
}

static void who_is_banned_from_the_host_goes_and_stays_away(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann");
	wire_enter(owner, "tea", JOIN_LIVE);
	wire_enter(ann, "tea", JOIN_LIVE);
	wire_skip(owner);
	uint32_t request = moderate(owner, MODERATE_BAN, 0, "ann", 0);
	struct message message;
	wire_until(owner, &message, WIRE_MEMBER);
	assert_int_equal(message.member.change, MEMBER_BANNED);
	assert_text(message.member.by, "olga");
	assert_text(message.member.reason, "spam");
	expect_done(owner, request);
	wire_expect_end(ann, TCHAT_ERR_BANNED);
	wire_close(ann);
	door_refused(w, ANN, "ann", 0, TCHAT_ERR_BANNED);
	door_refused(w, ANN, "other", 0, TCHAT_ERR_BANNED);
	door_restart(w, HOST_ACCESS_OPEN);
	door_refused(w, ANN, "ann", 0, TCHAT_ERR_BANNED);
	come(w, BEN, "ben");
	owner = door_owner(w);
	decide(owner, MODERATE_UNBAN, 0, "ann", 0);
	wire_expect_error(owner, moderate(owner, MODERATE_UNBAN, 0, "ann", 0), TCHAT_ERR_NO_RULE);
	come(w, ANN, "ann");
	world_free(w);
}

static void a_ban_for_a_time_ends_by_itself(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann");
	decide(owner, MODERATE_BAN, 0, "ann", 60);
	wire_expect_end(ann, TCHAT_ERR_BANNED);
	wire_close(ann);
	w->wall += UINT64_C(59000000);
	door_refused(w, ANN, "ann", 0, TCHAT_ERR_BANNED);
	w->wall += UINT64_C(2000000);
	come(w, ANN, "ann");
	world_free(w);
}

static void an_invitation_is_not_used_up_by_who_is_banned(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *owner = door_owner(w);
	struct trust_pin pin = door_pin(EVE);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, 5, 1, 0, NULL));
	door_expect_done(owner, door_moderate(owner, MODERATE_BAN, EVE));
	door_refused(w, EVE, "eve", 5, TCHAT_ERR_BANNED);
	door_member(w, ANN, "ann", 5, "ann");
	door_expect_done(owner, door_moderate_bytes(owner, MODERATE_UNBAN, pin.bytes, NULL));
	door_refused(w, EVE, "eve", 0, TCHAT_ERR_NOT_INVITED);
	world_free(w);
}

static void a_ban_of_addresses_keeps_out_all_but_owners(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann"), *ben = come(w, BEN, "ben");
	struct message message;
	/* door_connect() has 192.0.<key / 200>.<key % 200 + 1> for each key. */
	expect_done(owner, moderate_address(owner, MODERATE_BAN, "192.0.0.8/31"));
	wire_expect_end(ann, TCHAT_ERR_BANNED);
	wire_expect_end(ben, TCHAT_ERR_BANNED);
	door_refused(w, ANN, "ann", 0, TCHAT_ERR_BANNED);
	door_refused(w, BEN, "ben", 0, TCHAT_ERR_BANNED);
	come(w, EVE, "eve");
	struct wire_peer *again = door_connect_from(w, ANN, "[2001:db8::7]:1");
	door_auth(again, ANN, "ann", 0);
	door_enter(again, &message);
	expect_done(owner, moderate_address(owner, MODERATE_BAN, "0.0.0.0/0"));
	wire_expect_nothing(owner);
	door_owner(w);
	door_restart(w, HOST_ACCESS_OPEN);
	door_refused(w, EVE, "eve", 0, TCHAT_ERR_BANNED);
	owner = door_owner(w);
	expect_done(owner, moderate_address(owner, MODERATE_UNBAN, "0.0.0.0/0"));
	come(w, EVE, "eve");
	door_refused(w, ANN, "ann", 0, TCHAT_ERR_BANNED);
	static const char *const bad[] = { "", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "::/129", "tea", "::1/1x" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		wire_expect_error(owner, moderate_address(owner, MODERATE_BAN, bad[i]), TCHAT_ERR_BAD_NAME);
	world_free(w);
}

static void who_is_banned_from_a_room_is_elsewhere_still(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann");
	uint64_t tea = wire_enter(owner, "tea", JOIN_LIVE), bar = wire_enter(ann, "bar", JOIN_LIVE);
	wire_enter(ann, "tea", JOIN_LIVE);
	decide(owner, MODERATE_BAN, tea, "ann", 0);
	struct message message;
	wire_until(ann, &message, WIRE_MEMBER);
	assert_int_equal(message.member.change, MEMBER_BANNED);
	expect_refused_post(ann, tea, TCHAT_ERR_NOT_MEMBER);
	wire_expect_error(ann, wire_join(ann, ROOM_PUBLIC, "tea", 0), TCHAT_ERR_ROOM_BANNED);
	expect_post(ann, bar);
	decide(owner, MODERATE_UNBAN, tea, "ann", 0);
	wire_enter(ann, "tea", 0);
	world_free(w);
}

static void a_moderator_keeps_order_among_members_only(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann"), *ben = come(w, BEN, "ben");
	uint64_t tea = wire_enter(owner, "tea", JOIN_LIVE), bar = wire_enter(ann, "bar", JOIN_LIVE);
	wire_enter(ann, "tea", JOIN_LIVE);
	wire_enter(ben, "tea", JOIN_LIVE);
	wire_skip(ann);
	wire_expect_error(ann, moderate(ann, MODERATE_MUTE, tea, "ben", 0), TCHAT_ERR_NOT_ALLOWED);
	decide(owner, MODERATE_OP, tea, "ann", 0);
	expect_role(ben, tea, ann, ROLE_MODERATOR);
	wire_skip(ann);
	decide(ann, MODERATE_MUTE, tea, "ben", 0);
	decide(ann, MODERATE_KICK, tea, "ben", 0);
	wire_skip(ann);
	wire_expect_error(ann, moderate(ann, MODERATE_MUTE, tea, "olga", 0), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(ann, moderate(ann, MODERATE_OP, tea, "ben", 0), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(ann, moderate(ann, MODERATE_MUTE, bar, "ben", 0), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(ann, moderate(ann, MODERATE_BAN, 0, "ben", 0), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(ann, moderate(ann, MODERATE_END, 0, NULL, 0), TCHAT_ERR_NOT_ALLOWED);
	/* Two moderators do nothing to each other. */
	decide(owner, MODERATE_OP, tea, "ben", 0);
	wire_skip(ann);
	wire_expect_error(ann, moderate(ann, MODERATE_UNMUTE, tea, "ben", 0), TCHAT_ERR_NOT_ALLOWED);
	decide(owner, MODERATE_DEOP, tea, "ben", 0);
	wire_skip(ann);
	decide(ann, MODERATE_UNMUTE, tea, "ben", 0);
	/* One of the host is one everywhere, also after a restart. */
	decide(owner, MODERATE_OP, 0, "ann", 0);
	door_restart(w, HOST_ACCESS_OPEN);
	ann = door_connect(w, ANN);
	struct message message;
	door_auth(ann, ANN, "ann", 0);
	door_enter(ann, &message);
	assert_int_equal(message.auth_ok.role, ROLE_MODERATOR);
	ben = come(w, BEN, "ben");
	bar = wire_enter(ben, "bar", 0);
	decide(ann, MODERATE_KICK, bar, "ben", 0);
	wire_expect_error(ann, moderate_address(ann, MODERATE_BAN, "192.0.0.0/16"), TCHAT_ERR_NOT_ALLOWED);
	decide(ann, MODERATE_BAN, 0, "ben", 0);
	wire_expect_end(ben, TCHAT_ERR_BANNED);
	world_free(w);
}

static void a_moderator_deletes_messages_of_others(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann"), *ben = come(w, BEN, "ben");
	uint64_t tea = wire_enter(owner, "tea", 0);
	wire_enter(ann, "tea", 0);
	wire_enter(ben, "tea", 0);
	expect_post(ben, tea);
	uint8_t seq[8] = { [7] = 1 };
	struct message message, post = { .type = WIRE_POST };
	post.post.room = tea;
	post.post.kind = KIND_DELETE;
	post.post.body = (struct wire_bytes){ seq, 0 };
	post.post.target = (struct wire_bytes){ seq, sizeof seq };
	post.post.id = (struct message_id){ ann->device, ++ann->counter };
	wire_put(ann, &post);
	wire_until(ann, &message, WIRE_NACK);
	assert_int_equal(message.nack.code, -TCHAT_ERR_NOT_ALLOWED);
	decide(owner, MODERATE_OP, tea, "ann", 0);
	post.post.id = (struct message_id){ ann->device, ++ann->counter };
	wire_put(ann, &post);
	wire_until(ann, &message, WIRE_ACK);
	/* That is an act. To take one's own away is none. */
	expect_post(ann, tea);
	seq[7] = 3;
	post.post.id = (struct message_id){ ann->device, ++ann->counter };
	wire_put(ann, &post);
	wire_until(ann, &message, WIRE_ACK);
	struct message audit = { .type = WIRE_AUDIT }, act;
	audit.audit.request = ++ann->request;
	audit.audit.room = tea;
	audit.audit.limit = 1;
	wire_put(ann, &audit);
	wire_until(ann, &message, WIRE_AUDITED);
	assert_true(wire_record(&message.audited.records, &act, WIRE_ACT));
	assert_int_equal(act.act.action, MODERATE_DELETE);
	assert_int_equal(act.act.number, 2);
	assert_text(act.act.by, "ann");
	assert_text(act.act.nick, "ben");
	world_free(w);
}

static void who_is_muted_on_the_host_keeps_the_nick(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann");
	decide(owner, MODERATE_MUTE, 0, "ann", 0);
	wire_skip(ann);
	wire_expect_error(ann, rename_to(ann, "olga is mean"), TCHAT_ERR_MUTED);
	world_free(w);
}

static void guests_of_a_host_without_keys_are_muted_and_banned_by_their_salt(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct wire_peer *owner = wire_member_of(w, true, 1, "olga"), *ann = wire_member(w, 2, "ann");
	uint64_t tea = wire_enter(owner, "tea", 0);
	wire_enter(ann, "tea", 0);
	decide(owner, MODERATE_MUTE, tea, "ann", 0);
	expect_refused_post(ann, tea, TCHAT_ERR_MUTED);
	decide(owner, MODERATE_BAN, 0, "ann", 0);
	wire_expect_end(ann, TCHAT_ERR_BANNED);
	wire_close(ann);
	struct wire_peer *again = wire_connect(w, false);
	wire_hello(again);
	wire_auth(again, 2, "anna", 1);
	wire_expect_end(again, TCHAT_ERR_BANNED);
	wire_member(w, 3, "ben");
	decide(owner, MODERATE_UNBAN, 0, "ann", 0);
	wire_member(w, 2, "ann");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_muted_reads_and_may_not_post),
		cmocka_unit_test(a_mute_is_the_users_under_every_nick_and_over_a_restart),
		cmocka_unit_test(a_mute_for_a_time_ends_by_itself),
		cmocka_unit_test(who_is_banned_from_the_host_goes_and_stays_away),
		cmocka_unit_test(a_ban_for_a_time_ends_by_itself),
		cmocka_unit_test(an_invitation_is_not_used_up_by_who_is_banned),
		cmocka_unit_test(a_ban_of_addresses_keeps_out_all_but_owners),
		cmocka_unit_test(who_is_banned_from_a_room_is_elsewhere_still),
		cmocka_unit_test(a_moderator_keeps_order_among_members_only),
		cmocka_unit_test(a_moderator_deletes_messages_of_others),
		cmocka_unit_test(who_is_muted_on_the_host_keeps_the_nick),
		cmocka_unit_test(guests_of_a_host_without_keys_are_muted_and_banned_by_their_salt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
