/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: accounts: several keys, several presences, what a restart keeps, and who learns of it. */
#include "delay-store.h"
#include "door-peer.h"

enum { TOKEN = 0x51 };

static void ask_whois(struct wire_peer *p, const char *nick, struct message *profile)
{
	struct message message = { .type = WIRE_WHOIS };
	message.whois.request = ++p->request;
	message.whois.nick = wire_text(nick);
	wire_put(p, &message);
	wire_expect(p, profile, WIRE_PROFILE);
	assert_int_equal(profile->profile.request, p->request);
}

static void assert_pins(struct wire_bytes pins, int first, int second)
{
	struct trust_pin a = door_pin(first), b = door_pin(second);
	assert_int_equal(pins.length, (second != 0 ? 2 : 1) * sizeof a);
	assert_memory_equal(pins.data, &a, sizeof a);
	if (second != 0)
		assert_memory_equal(pins.data + sizeof a, &b, sizeof b);
}

/* --- Presences */

static void the_same_wish_is_the_same_user_and_another_one_is_beside_it(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct message message;
	struct wire_peer *a = door_member(w, 7, "ann", 0, "ann"), *b = door_connect(w, 7), *c = door_connect(w, 7);
	door_auth(b, 70, "ann", 0); /* another salt: another device */
	door_enter(b, &message);
	assert_int_equal(b->user, a->user);
	assert_true(b->device != a->device);
	door_auth(c, 71, "bot", 0);
	door_enter(c, &message);
	assert_true(c->user != a->user);
	assert_text(message.auth_ok.nick, "bot");
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_enter(c, "lobby", JOIN_LIVE);
	wire_expect(a, &message, WIRE_MEMBER);
	assert_int_equal(message.member.user, c->user);
	/* Each has its own name as long as it is there. */
	wire_expect_error(c, rename_to(c, "ann"), TCHAT_ERR_NAME_TAKEN);
	rename_done(c, "robot");
	world_free(w);
}

static void a_device_that_comes_back_has_the_nick_that_it_had(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *a = door_member(w, 7, "ann", 0, "ann");
	struct message message;
	rename_to(a, "anna");
	wire_until(a, &message, WIRE_DONE);
	assert_text(message.done.nick, "anna");
	uint32_t user = a->user;
	wire_close(a);
	a = door_member(w, 7, "ann", 0, "anna"); /* the wish of then is no new one */
	assert_int_equal(a->user, user);
	a = door_member(w, 7, NULL, 0, "anna");
	assert_int_equal(a->user, user);
	a = door_member(w, 7, "bea", 0, "bea");
	assert_true(a->user != user);
	door_restart(w, HOST_ACCESS_OPEN);
	door_member(w, 7, NULL, 0, "bea"); /* the last one */
	door_member(w, 8, NULL, 0, "guest");
	world_free(w);
}

static void rooms_of_two_are_of_account_and_nick(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct message message;
	struct wire_peer *ann = door_member(w, 7, "ann", 0, "ann"), *ben = door_member(w, 8, "ben", 0, "ben");
	uint64_t room = wire_direct(ann, "ben");
	wire_post(ann, room, "for ben");
	wire_expect(ann, &message, WIRE_ACK);
	door_restart(w, HOST_ACCESS_OPEN);
	/* Ben is not there yet. */
	ann = door_member(w, 7, "ann", 0, "ann");
	assert_int_equal(wire_direct(ann, "ben"), room);
	world_pass(w, TCHAT_SECONDS(50));
	ben = door_member(w, 8, "ben", 0, "ben");
	wire_expect(ben, &message, WIRE_JOINED);
	assert_int_equal(message.joined.room, room);
	assert_int_equal(message.joined.last, 1);
	/* Who has the name after him does not get his room. */
	wire_close(ben);
	world_run(w);
	struct wire_peer *owner = door_owner(w);
	door_expect_done(owner, door_moderate_bytes(owner, MODERATE_RELEASE, NULL, "ben"));
	struct wire_peer *eve = door_member(w, 9, "ben", 0, "ben");
	wire_expect_nothing(eve);
	assert_true(wire_direct(ann, "ben") != room);
	assert_true(wire_direct(eve, "ann") != room);
	world_free(w);
}

static void rooms_of_two_follow_a_new_name_and_split_with_two_presences(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *ann = door_member(w, 7, "ann", 0, "ann"), *ben = door_member(w, 8, "ben", 0, "ben");
	uint64_t room = wire_direct(ben, "ann");
	wire_skip(ann);
	rename_done(ann, "anna");
	assert_int_equal(wire_direct(ben, "anna"), room);
	door_restart(w, HOST_ACCESS_OPEN);
	ann = door_member(w, 7, "anna", 0, "anna");
	ben = door_member(w, 8, "ben", 0, "ben");
	assert_int_equal(wire_direct(ben, "anna"), room);
	/* Under the old name beside the new one she is somebody else. */
	struct wire_peer *old = door_connect(w, 7);
	struct message message;
	door_auth(old, 70, "ann", 0);
	wire_expect(old, &message, WIRE_AUTH_OK);
	assert_text(message.auth_ok.nick, "ann");
	uint64_t second = wire_direct(ben, "ann");
	assert_true(second != room);
	door_restart(w, HOST_ACCESS_OPEN);
	ben = door_member(w, 8, "ben", 0, "ben");
	assert_int_equal(wire_direct(ben, "ann"), second);
	assert_int_equal(wire_direct(ben, "anna"), room);
	world_free(w);
}

static void an_absent_user_with_rooms_of_two_is_not_forgotten_for_time(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct message message = { .type = WIRE_PING };
	struct wire_peer *ann = door_member(w, 7, "ann", 0, "ann"), *ben = door_member(w, 8, "ben", 0, "ben");
	uint64_t room = wire_direct(ann, "ben");
	wire_close(ben);
	for (int i = 0; i < 60; i++) {
		world_pass(w, TCHAT_SECONDS(50));
		wire_put(ann, &message);
	}
	wire_post(ann, room, "still there?");
	wire_skip(ann);
	ben = door_member(w, 8, "ben", 0, "ben");
	wire_expect(ben, &message, WIRE_JOINED);
	assert_int_equal(message.joined.room, room);
	world_free(w);
}

/* --- Keys */

static void a_second_key_is_the_same_account(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct message message;
	struct wire_peer *owner = door_owner(w), *laptop = door_knocker(w, 7, "ann");
	wire_skip(owner);
	door_expect_done(owner, door_moderate(owner, MODERATE_ADMIT, 7));
	wire_skip(owner);
	door_enter(laptop, &message);
	door_expect_done(laptop, door_invite(laptop, INVITE_DEVICE, TOKEN, 0, 0, NULL));
	struct wire_peer *phone = door_member(w, 8, "ann", TOKEN, "ann");
	assert_int_equal(phone->user, laptop->user);
	assert_true(phone->device != laptop->device);
	wire_expect_nothing(owner);
	ask_whois(owner, "ann", &message);
	assert_pins(message.profile.keys, 7, 8);
	/* It was for one. */
	struct wire_peer *third = door_connect(w, 9);
	door_auth(third, 9, "ann", TOKEN);
	wire_expect(third, &message, WIRE_KNOCK);
	door_restart(w, HOST_ACCESS_INVITE);
	laptop = door_member(w, 7, "ann", 0, "ann");
	phone = door_member(w, 8, "ann", 0, "ann");
	assert_int_equal(phone->user, laptop->user);
	world_free(w);
}

static void who_comes_is_told_whose_account_it_is(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct message message;
	struct wire_peer *laptop = door_connect(w, 7);
	door_auth(laptop, 7, "Ann", 0);
	door_enter(laptop, &message);
	assert_text(message.auth_ok.account, "Ann");
	door_expect_done(laptop, door_invite(laptop, INVITE_DEVICE, TOKEN, 0, 0, NULL));
	struct wire_peer *phone = door_connect(w, 8);
	door_auth(phone, 8, "annphone", TOKEN);
	door_enter(phone, &message);
	assert_text(message.auth_ok.nick, "annphone");
	assert_text(message.auth_ok.account, "Ann");
	door_restart(w, HOST_ACCESS_OPEN);
	phone = door_connect(w, 8);
	door_auth(phone, 8, "annphone", 0);
	door_enter(phone, &message);
	assert_text(message.auth_ok.account, "Ann");
	world_free(w);
	w = world_new(NULL, NULL);
	struct wire_peer *guest = wire_connect(w, false);
	wire_hello(guest);
	wire_auth(guest, 1, "guest", 1);
	wire_expect(guest, &message, WIRE_AUTH_OK);
	assert_null(message.auth_ok.account.data);
	world_free(w);
}

static void a_dropped_key_is_cut_off_and_unknown_again(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct message message;
	struct wire_peer *owner = door_owner(w);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 1, 0, NULL));
	struct wire_peer *laptop = door_member(w, 7, "ann", TOKEN, "ann");
	door_expect_done(laptop, door_invite(laptop, INVITE_DEVICE, TOKEN + 1, 0, 0, NULL));
	struct wire_peer *phone = door_member(w, 8, "ann", TOKEN + 1, "ann"), *idle = door_connect(w, 8);
	door_expect_done(laptop, door_moderate(laptop, MODERATE_DROP_KEY, 8));
	wire_expect_end(phone, TCHAT_ERR_KEY_DROPPED);
	wire_expect_end(idle, TCHAT_ERR_KEY_DROPPED);
	door_refused(w, 8, "ann", 0, TCHAT_ERR_NOT_INVITED);
	ask_whois(laptop, "ann", &message);
	assert_pins(message.profile.keys, 7, 0);
	door_restart(w, HOST_ACCESS_INVITE);
	door_refused(w, 8, "ann", 0, TCHAT_ERR_NOT_INVITED);
	laptop = door_member(w, 7, "ann", 0, "ann");
	/* The last key takes the account and its names along; its owner learns that it was done. */
	door_expect_done(laptop, door_moderate(laptop, MODERATE_DROP_KEY, 7));
	wire_expect_end(laptop, TCHAT_ERR_KEY_DROPPED);
	door_refused(w, 7, "ann", 0, TCHAT_ERR_NOT_INVITED);
	owner = door_owner(w);
	rename_done(owner, "ann");
	door_restart(w, HOST_ACCESS_INVITE);
	door_refused(w, 7, "ann", 0, TCHAT_ERR_NOT_INVITED);
	world_free(w);
}

static void a_dropped_key_leaves_no_way_back_open(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *owner = door_owner(w);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 3, 0, NULL));
	struct wire_peer *laptop = door_member(w, 7, "ann", TOKEN, "ann"), *ben = door_member(w, 9, "ben", TOKEN, "ben");
	door_expect_done(laptop, door_invite(laptop, INVITE_DEVICE, TOKEN + 1, 0, 0, NULL));
	door_expect_done(ben, door_invite(ben, INVITE_DEVICE, TOKEN + 2, 0, 0, NULL));
	struct wire_peer *thief = door_member(w, 8, "ann", TOKEN + 1, "ann");
	/* It prepares for being found out. */
	door_expect_done(thief, door_invite(thief, INVITE_DEVICE, TOKEN + 3, 0, 0, NULL));
	door_expect_done(laptop, door_moderate(laptop, MODERATE_DROP_KEY, 8));
	wire_expect_end(thief, TCHAT_ERR_KEY_DROPPED);
	door_refused(w, 10, "ann", TOKEN + 3, TCHAT_ERR_NOT_INVITED);
	/* What others prepared is not touched, nor what lets people in. */
	door_member(w, 11, "ben", TOKEN + 2, "ben");
	door_member(w, 12, "cy", TOKEN, "cy");
	door_restart(w, HOST_ACCESS_INVITE);
	door_refused(w, 10, "ann", TOKEN + 3, TCHAT_ERR_NOT_INVITED);
	world_free(w);
}

static void all_keys_of_an_account_may_be_dropped_at_once(void **state)
{
	struct delay *d = delay_new(store_memory_new(&(struct store_memory_config){ .spool_bytes = 1 << 20 }));
	struct world *w = door_world_over(HOST_ACCESS_INVITE, NULL, &d->store);
	struct wire_peer *owner = door_owner(w), *bots[3];
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 1, 0, NULL));
	bots[0] = door_member(w, 10, "bot", TOKEN, "bot");
	for (int i = 1; i < 3; i++) {
		door_expect_done(bots[0], door_invite(bots[0], INVITE_DEVICE, TOKEN + i, 0, 0, NULL));
		bots[i] = door_member(w, 10 + i, i == 1 ? "bot" : "other", TOKEN + i, i == 1 ? "bot" : "other");
		wire_enter(bots[i], "lobby", JOIN_LIVE);
	}
	d->hold = true;
	uint32_t first = 0;
	for (int i = 0; i < 3; i++) {
		uint32_t request = door_moderate(owner, MODERATE_DROP_KEY, 10 + i);
		first = i == 0 ? request : first;
	}
	world_run(w);
	d->hold = false;
	for (uint32_t i = 0; i < 3; i++) {
		wire_expect_end(bots[i], TCHAT_ERR_KEY_DROPPED);
		wire_close(bots[i]);
		door_expect_done(owner, first + i);
	}
	rename_done(owner, "bot");
	world_free(w);
}

static void keys_are_dropped_by_their_owner_and_by_the_hosts(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *owner = door_owner(w), *ann = door_member(w, 7, "ann", 0, "ann");
	struct wire_peer *eve = door_member(w, 8, "eve", 0, "eve");
	wire_expect_error(eve, door_moderate(eve, MODERATE_DROP_KEY, 7), TCHAT_ERR_NO_KEY);
	wire_expect_error(eve, door_moderate(eve, MODERATE_DROP_KEY, OWNER_KEY), TCHAT_ERR_NO_KEY);
	wire_expect_error(owner, door_moderate(owner, MODERATE_DROP_KEY, OWNER_KEY), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(owner, door_moderate(owner, MODERATE_DROP_KEY, 99), TCHAT_ERR_NO_KEY);
	door_expect_done(owner, door_moderate(owner, MODERATE_DROP_KEY, 8));
	wire_expect_end(eve, TCHAT_ERR_KEY_DROPPED);
	wire_expect_nothing(ann);
	world_free(w);
}

static void a_key_that_is_somebodys_is_not_taken_over_by_a_link(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *eve = door_member(w, 8, "eve", 0, "eve");
	wire_close(door_member(w, 7, "ann", 0, "ann"));
	/* Eve gives Ann her own second-device link as if it were an invitation. */
	door_expect_done(eve, door_invite(eve, INVITE_DEVICE, TOKEN, 0, 0, NULL));
	door_refused(w, 7, "ann", TOKEN, TCHAT_ERR_KEY_TAKEN);
	door_member(w, 7, "ann", 0, "ann");
	/* Her own key may come with it, and uses nothing up. */
	wire_close(door_member(w, 8, "eve", TOKEN, "eve"));
	struct wire_peer *phone = door_member(w, 9, "eve", TOKEN, "eve");
	assert_int_equal(phone->user, eve->user);
	world_free(w);
}

static void a_link_of_the_owner_makes_owners_and_there_are_only_so_many_keys(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *owner = door_owner(w);
	struct message message;
	for (int i = 0; i < 15; i++) {
		door_expect_done(owner, door_invite(owner, INVITE_DEVICE, TOKEN + i, 0, 0, NULL));
		struct wire_peer *p = door_connect(w, 10 + i);
		door_auth(p, 10 + i, "olga", TOKEN + i);
		wire_expect(p, &message, WIRE_AUTH_OK);
		assert_int_equal(message.auth_ok.role, ROLE_OWNER);
	}
	door_expect_done(owner, door_invite(owner, INVITE_DEVICE, TOKEN + 15, 0, 0, NULL));
	door_refused(w, 99, "olga", TOKEN + 15, TCHAT_ERR_TOO_MANY_KEYS);
	door_restart(w, HOST_ACCESS_INVITE);
	struct wire_peer *p = door_connect(w, 24);
	door_auth(p, 24, "olga", 0);
	wire_expect(p, &message, WIRE_AUTH_OK);
	assert_int_equal(message.auth_ok.role, ROLE_OWNER);
	world_free(w);
}

static void a_ban_is_the_accounts(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *owner = door_owner(w), *eve = door_member(w, 8, "eve", 0, "eve");
	struct message message = { .type = WIRE_MODERATE };
	wire_enter(eve, "lobby", 0);
	message.moderate.request = 9;
	message.moderate.room = 1;
	message.moderate.action = MODERATE_KICK;
	message.moderate.nick = wire_text("eve");
	wire_put(owner, &message);
	wire_until(owner, &message, WIRE_DONE);
	wire_expect_end(eve, TCHAT_ERR_KICKED);
	struct wire_peer *again = door_connect(w, 8);
	door_auth(again, 88, "angel", 0); /* another salt, another nick */
	wire_expect_end(again, TCHAT_ERR_KICKED);
	door_member(w, 9, "angel", 0, "angel");
	world_pass(w, TCHAT_SECONDS(61));
	door_member(w, 8, "eve", 0, "eve");
	world_free(w);
}

/* --- WHOIS */

static void whois_tells_who_that_is_and_owners_from_where(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct message message = { .type = WIRE_PRESENCE };
	struct wire_peer *owner = door_owner(w), *ann = door_member(w, 7, "ann", 0, "ann");
	struct wire_peer *ben = door_member(w, 8, "ben", 0, "ben");
	message.presence.away = 1;
	message.presence.reason = wire_text("lunch");
	wire_put(ann, &message);
	uint64_t came = w->wall;
	ask_whois(ben, "Ann", &message);
	assert_int_equal(message.profile.user, ann->user);
	assert_int_equal(message.profile.flags, PROFILE_HERE | PROFILE_AWAY);
	assert_text(message.profile.reason, "lunch");
	assert_text(message.profile.nick, "ann");
	assert_true(message.profile.since <= came && message.profile.since > UINT64_C(1700000000000000));
	assert_pins(message.profile.keys, 7, 0);
	assert_null(message.profile.address.data);
	ask_whois(owner, "ann", &message);
	assert_text(message.profile.address, "192.0.0.8:5000");
	ask_whois(ben, NULL, &message);
	assert_int_equal(message.profile.user, ben->user);
	ask_whois(ben, "olga", &message);
	assert_int_equal(message.profile.role, ROLE_OWNER);
	door_restart(w, HOST_ACCESS_OPEN);
	w->wall += 5000000;
	ben = door_member(w, 8, "ben", 0, "ben");
	ask_whois(ben, "ann", &message);
	assert_int_equal(message.profile.user, 0);
	assert_int_equal(message.profile.flags, 0);
	assert_true(message.profile.since <= came && message.profile.seen < w->wall - 5000000);
	assert_pins(message.profile.keys, 7, 0);
	message = (struct message){ .type = WIRE_WHOIS, .whois = { .request = 99, .nick = wire_text("nobody") } };
	wire_put(ben, &message);
	wire_expect_error(ben, 99, TCHAT_ERR_NO_USER);
	world_free(w);
}

static void whois_on_a_guests_host_knows_no_keys(void **state)
{
	struct world *w = world_new(NULL, NULL);
	struct message message;
	struct wire_peer *ann = wire_member(w, 1, "ann"), *ben = wire_member(w, 2, "ben");
	ask_whois(ben, "ann", &message);
	assert_int_equal(message.profile.user, ann->user);
	assert_null(message.profile.keys.data);
	assert_null(message.profile.address.data);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_wish_is_the_same_user_and_another_one_is_beside_it),
		cmocka_unit_test(a_device_that_comes_back_has_the_nick_that_it_had),
		cmocka_unit_test(rooms_of_two_are_of_account_and_nick),
		cmocka_unit_test(rooms_of_two_follow_a_new_name_and_split_with_two_presences),
		cmocka_unit_test(an_absent_user_with_rooms_of_two_is_not_forgotten_for_time),
		cmocka_unit_test(a_second_key_is_the_same_account),
		cmocka_unit_test(who_comes_is_told_whose_account_it_is),
		cmocka_unit_test(a_dropped_key_is_cut_off_and_unknown_again),
		cmocka_unit_test(a_dropped_key_leaves_no_way_back_open),
		cmocka_unit_test(all_keys_of_an_account_may_be_dropped_at_once),
		cmocka_unit_test(keys_are_dropped_by_their_owner_and_by_the_hosts),
		cmocka_unit_test(a_key_that_is_somebodys_is_not_taken_over_by_a_link),
		cmocka_unit_test(a_link_of_the_owner_makes_owners_and_there_are_only_so_many_keys),
		cmocka_unit_test(a_ban_is_the_accounts),
		cmocka_unit_test(whois_tells_who_that_is_and_owners_from_where),
		cmocka_unit_test(whois_on_a_guests_host_knows_no_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
