/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: who comes in with which key, knocking, and what owners decide. */
#include "door-peer.h"

static const enum host_access modes[] = { HOST_ACCESS_ASK, HOST_ACCESS_INVITE, HOST_ACCESS_OPEN };

static void the_owners_key_comes_in_whatever_the_access_is(void **state)
{
	for (size_t i = 0; i < 3; i++) {
		struct world *w = door_world(modes[i]);
		struct wire_peer *p = door_connect(w, OWNER_KEY);
		struct message message;
		door_auth(p, OWNER_KEY, "olga", 0);
		wire_expect(p, &message, WIRE_AUTH_OK);
		assert_int_equal(message.auth_ok.role, ROLE_OWNER);
		struct trust_pin pin = door_pin(OWNER_KEY), other = door_pin(7);
		assert_true(host_is_admitted(w->host, &pin));
		assert_false(host_is_admitted(w->host, &other));
		assert_true(host_peer_is_ready(p->peer));
		world_free(w);
	}
}

static void a_device_is_made_of_both_keys_and_the_salt(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *p = door_member(w, 7, "ann", 0, "ann");
	struct trust_pin user = door_pin(7), host = door_pin(HOST_KEY);
	uint8_t salt[16];
	memset(salt, 7, sizeof salt);
	assert_true(p->device == trust_device(&user, &host, salt));
	assert_true(p->device >> 63 == 0);
	/* The same salt with another key is another device. */
	struct wire_peer *q = door_connect(w, 8);
	struct message message;
	door_auth(q, 7, "ben", 0);
	wire_expect(q, &message, WIRE_AUTH_OK);
	assert_true(message.auth_ok.device != p->device);
	wire_expect_nothing(p);
	world_free(w);
}

static void the_faces_own_pair_is_the_owner_and_has_the_owners_devices(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *p = wire_connect(w, true);
	struct message message;
	wire_hello(p);
	door_auth(p, 9, "olga", 0);
	door_enter(p, &message);
	assert_int_equal(message.auth_ok.role, ROLE_OWNER);
	struct trust_pin owner = door_pin(OWNER_KEY), host = door_pin(HOST_KEY);
	uint8_t salt[16];
	memset(salt, 9, sizeof salt);
	assert_true(p->device == trust_device(&owner, &host, salt));
	/* A second terminal of the account is the same user. */
	struct wire_peer *q = door_connect(w, OWNER_KEY);
	door_auth(q, 10, "olga", 0);
	wire_expect(q, &message, WIRE_AUTH_OK);
	assert_int_equal(message.auth_ok.user, p->user);
	world_free(w);
}

static void nobody_without_a_key_comes_in(void **state)
{
	for (size_t i = 0; i < 3; i++) {
		struct world *w = door_world(modes[i]);
		struct wire_peer *p = wire_connect(w, false);
		wire_hello(p);
		door_auth(p, 5, "eve", 0);
		wire_expect_end(p, TCHAT_ERR_NEEDS_TLS);
		world_free(w);
	}
}

static void a_stranger_is_asked_for_refused_or_let_in_as_the_access_says(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	door_knocker(w, 7, "ann");
	world_free(w);
	w = door_world(HOST_ACCESS_INVITE);
	door_refused(w, 7, "ann", 0, TCHAT_ERR_NOT_INVITED);
	world_free(w);
	w = door_world(HOST_ACCESS_OPEN);
	door_member(w, 7, "ann", 0, "ann");
	struct trust_pin pin = door_pin(7);
	assert_false(host_is_admitted(w->host, &pin));
	world_free(w);
}

static void who_knocks_is_told_how_many_owners_are_there_and_nothing_more(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct message message;
	struct wire_peer *a = door_connect(w, 7), *b = door_connect(w, 8);
	door_auth(a, 7, "ann", 0);
	wire_expect(a, &message, WIRE_KNOCK);
	assert_int_equal(message.knock.owners, 0);
	struct wire_peer *owner = door_owner(w);
	wire_enter(owner, "lobby", JOIN_LIVE);
	door_auth(b, 8, "ben", 0);
	wire_expect(b, &message, WIRE_KNOCK);
	assert_int_equal(message.knock.owners, 1);
	wire_post(owner, 1, "secret");
	wire_expect_nothing(a);
	/* It may ask whether the host lives, and nothing else. */
	message = (struct message){ .type = WIRE_PING };
	wire_put(a, &message);
	wire_expect(a, &message, WIRE_PONG);
	wire_join(a, ROOM_PUBLIC, "lobby", 0);
	wire_expect_end(a, TCHAT_ERR_WRONG_STATE);
	door_auth(b, 8, "ben", 0);
	wire_expect_end(b, TCHAT_ERR_WRONG_STATE);
	world_free(w);
}

static void every_owner_hears_of_knocks_now_and_later(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct wire_peer *first = door_owner(w), *second = door_connect(w, OWNER_KEY);
	struct message message;
	struct wire_peer *ann = door_knocker(w, 7, "ann");
	wire_expect(first, &message, WIRE_DOOR);
	assert_int_equal(message.door.change, DOOR_WAITS);
	assert_text(message.door.nick, "ann");
	assert_text(message.door.reason, "192.0.0.8:5000");
	struct trust_pin pin = door_pin(7);
	assert_memory_equal(message.door.key.data, &pin, sizeof pin);
	door_auth(second, 77, "olga", 0);
	wire_expect(second, &message, WIRE_AUTH_OK);
	door_expect(second, DOOR_WAITS, 7, "ann");
	wire_close(ann);
	door_expect(first, DOOR_LEFT, 7, "ann");
	door_expect(second, DOOR_LEFT, 7, "ann");
	/* A member hears nothing. */
	door_expect_done(first, door_moderate(first, MODERATE_ADMIT, 7));
	struct wire_peer *member = door_member(w, 7, "ann", 0, "ann");
	door_knocker(w, 8, "ben");
	wire_expect_nothing(member);
	world_free(w);
}

static void who_knocks_is_called_what_he_would_be_called_inside(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w);
	/* The owner is not to mistake a stranger for somebody of that name, or of one that looks the same. */
	door_knocker(w, 7, "olga");
	door_expect(owner, DOOR_WAITS, 7, "olga2");
	door_knocker(w, 8, "0lga");
	door_expect(owner, DOOR_WAITS, 8, "0lga2");
	door_expect_done(owner, door_moderate(owner, MODERATE_ADMIT, 7));
	door_expect(owner, DOOR_ADMITTED, 7, "olga2");
	/* A name stays its owner's, at the door as well. */
	struct wire_peer *ann = door_knocker(w, 9, "ann");
	door_expect(owner, DOOR_WAITS, 9, "ann");
	wire_close(ann);
	door_expect(owner, DOOR_LEFT, 9, "ann");
	world_free(w);
}

static void who_is_admitted_comes_in_at_once_and_ever_after(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w), *ann = door_knocker(w, 7, "ann");
	struct message message;
	door_expect(owner, DOOR_WAITS, 7, "ann");
	uint32_t request = door_moderate(owner, MODERATE_ADMIT, 7);
	door_expect_done(owner, request);
	door_expect(owner, DOOR_ADMITTED, 7, "ann");
	door_enter(ann, &message);
	assert_int_equal(message.auth_ok.role, ROLE_MEMBER);
	assert_text(message.auth_ok.nick, "ann");
	uint64_t device = ann->device;
	wire_enter(ann, "lobby", JOIN_LIVE);
	wire_post(ann, 1, "thank you");
	wire_expect(ann, &message, WIRE_ACK);
	wire_close(ann);
	ann = door_member(w, 7, "ann", 0, "ann");
	assert_true(ann->device == device && ann->counter == 1);
	door_restart(w, HOST_ACCESS_INVITE);
	door_member(w, 7, "ann", 0, "ann");
	world_free(w);
}

static void who_went_away_can_be_admitted_too(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	wire_close(door_knocker(w, 7, "ann"));
	door_restart(w, HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w);
	door_expect(owner, DOOR_LEFT, 7, "ann");
	door_expect_done(owner, door_moderate(owner, MODERATE_ADMIT, 7));
	door_expect(owner, DOOR_ADMITTED, 7, "ann");
	door_member(w, 7, "ann", 0, "ann");
	/* It is not at the door any more, not after a restart either. */
	door_restart(w, HOST_ACCESS_ASK);
	owner = door_owner(w);
	wire_expect_nothing(owner);
	world_free(w);
}

static void who_is_refused_stays_out_for_a_day(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w), *eve = door_knocker(w, 7, "eve");
	door_expect(owner, DOOR_WAITS, 7, "eve");
	door_expect_done(owner, door_moderate(owner, MODERATE_REFUSE, 7));
	door_expect(owner, DOOR_REFUSED, 7, "eve");
	wire_expect_end(eve, TCHAT_ERR_DOOR_REFUSED);
	wire_close(eve);
	wire_expect_nothing(owner);
	door_refused(w, 7, "angel", 0, TCHAT_ERR_DOOR_REFUSED);
	door_restart(w, HOST_ACCESS_ASK);
	door_refused(w, 7, "angel", 0, TCHAT_ERR_DOOR_REFUSED);
	owner = door_owner(w);
	wire_expect_nothing(owner);
	w->wall += UINT64_C(86400) * 1000000 - 1000;
	door_refused(w, 7, "eve", 0, TCHAT_ERR_DOOR_REFUSED);
	w->wall += 1000;
	door_knocker(w, 7, "eve");
	/* An owner may change its mind before. */
	door_expect(owner, DOOR_WAITS, 7, "eve");
	door_expect_done(owner, door_moderate(owner, MODERATE_REFUSE, 7));
	door_expect(owner, DOOR_REFUSED, 7, "eve");
	door_expect_done(owner, door_moderate(owner, MODERATE_ADMIT, 7));
	door_member(w, 7, "eve", 0, "eve");
	world_free(w);
}

static void only_owners_decide_and_only_on_who_knocked(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w), *ann;
	door_knocker(w, 7, "ann");
	door_expect(owner, DOOR_WAITS, 7, "ann");
	door_expect_done(owner, door_moderate(owner, MODERATE_ADMIT, 7));
	wire_skip(owner);
	ann = door_member(w, 7, "ann", 0, "ann");
	struct wire_peer *eve = door_knocker(w, 8, "eve");
	wire_expect_error(ann, door_moderate(ann, MODERATE_ADMIT, 8), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(ann, door_moderate(ann, MODERATE_REFUSE, 8), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_nothing(eve);
	wire_skip(owner);
	wire_expect_error(owner, door_moderate(owner, MODERATE_ADMIT, 99), TCHAT_ERR_NO_KEY);
	wire_expect_error(owner, door_moderate(owner, MODERATE_REFUSE, 99), TCHAT_ERR_NO_KEY);
	wire_expect_error(owner, door_moderate_bytes(owner, MODERATE_ADMIT, NULL, "eve"), TCHAT_ERR_NO_KEY);
	world_free(w);
}

static void a_key_knocks_once_at_a_time(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w), *old = door_knocker(w, 7, "ann");
	struct message message;
	door_expect(owner, DOOR_WAITS, 7, "ann");
	struct wire_peer *new = door_knocker(w, 7, "ann");
	wire_expect_end(old, TCHAT_ERR_FENCED);
	wire_close(old);
	wire_expect_nothing(owner);
	door_expect_done(owner, door_moderate(owner, MODERATE_ADMIT, 7));
	door_enter(new, &message);
	world_free(w);
}

static void a_key_that_comes_and_goes_is_not_heard_for_long(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w);
	int heard = 0, full = 0;
	struct message message;
	for (int i = 0; i < 50; i++) {
		struct wire_peer *p = door_connect(w, 7);
		door_auth(p, 7, "eve", 0);
		world_run(w);
		assert_true(wire_next(p, &message) != 0);
		full += message.type == WIRE_ERROR && message.error.code == -TCHAT_ERR_DOOR_FULL;
		wire_close(p);
	}
	world_run(w);
	while (wire_next(owner, &message) == WIRE_DOOR)
		heard++;
	assert_int_equal(full, 50 - 9);
	assert_int_equal(heard, 2 * 9);
	world_pass(w, TCHAT_SECONDS(50));
	wire_skip(owner);
	world_free(w);
}

static void an_address_with_ever_new_keys_is_not_heard_for_long(void **state)
{
	for (size_t a = 0; a < 4; a++) {
		struct world *w = door_world(HOST_ACCESS_ASK);
		int full = 0;
		for (int i = 0; i < 20; i++) {
			char address[64];
			struct message message;
			switch (a) {
			case 0: snprintf(address, sizeof address, "198.51.100.7:%d", 1000 + i); break;
			case 1: snprintf(address, sizeof address, "[2001:db8:1:2:%x::1]:99", 1000 + i); break;
			case 2: snprintf(address, sizeof address, "[2001:db8::%x:2:3:4]:99", 1000 + i); break;
			default: snprintf(address, sizeof address, "[fe80::%x%%eth0]:99", 1000 + i); break;
			}
			struct wire_peer *p = door_connect_from(w, 10 + i, address);
			door_auth(p, 10 + i, "eve", 0);
			world_run(w);
			assert_true(wire_next(p, &message) != 0);
			full += message.type == WIRE_ERROR && message.error.code == -TCHAT_ERR_DOOR_FULL;
			wire_close(p);
		}
		assert_int_equal(full, 16);
		/* Others are heard all the same. */
		door_knocker(w, 7, "ann");
		struct wire_peer *p = door_connect_from(w, 8, "[2001:db8:1:3::1]:99");
		struct message message;
		door_auth(p, 8, "ben", 0);
		wire_expect(p, &message, WIRE_KNOCK);
		world_free(w);
	}
}

static void a_flood_of_knocks_is_bounded_and_harms_no_member(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w);
	struct message message;
	wire_enter(owner, "lobby", JOIN_LIVE);
	int waiting = 0;
	for (int i = 0; i < 300; i++) {
		struct wire_peer *p = door_connect(w, 1000 + i);
		door_auth(p, 1000 + i, "eve", 0);
		world_run(w);
		assert_true(wire_next(p, &message) != 0);
		waiting += message.type == WIRE_KNOCK;
		if (message.type == WIRE_ERROR)
			assert_int_equal(message.error.code, -TCHAT_ERR_DOOR_FULL);
	}
	assert_int_equal(waiting, 64);
	wire_skip(owner);
	wire_post(owner, 1, "calm");
	wire_expect(owner, &message, WIRE_ACK);
	/* Those who went make place. */
	for (struct wire_peer *p = w->peers; p != NULL; p = p->next)
		if (p != owner)
			wire_close(p);
	door_knocker(w, 7, "ann");
	world_free(w);
}

static void a_knock_ends_after_ten_minutes_and_not_after_ten_seconds(void **state)
{
	struct world *w = door_world(HOST_ACCESS_ASK);
	struct wire_peer *ann = door_knocker(w, 7, "ann");
	world_pass(w, TCHAT_SECONDS(599));
	wire_expect_nothing(ann);
	assert_non_null(ann->peer);
	world_pass(w, TCHAT_SECONDS(2));
	wire_expect_end(ann, TCHAT_ERR_NO_ANSWER);
	wire_close(ann);
	struct wire_peer *owner = door_owner(w);
	door_expect(owner, DOOR_LEFT, 7, "ann");
	world_free(w);
}

static void a_full_host_refuses_newcomers_and_keeps_who_was_admitted(void **state)
{
	struct host_limits limits = { .accounts = 4 };
	struct world *w = door_world_over(HOST_ACCESS_ASK, &limits, NULL);
	struct wire_peer *owner = door_owner(w);
	for (int key = 10; key < 13; key++) {
		wire_close(door_knocker(w, key, "ann"));
		wire_skip(owner);
		door_expect_done(owner, door_moderate(owner, MODERATE_ADMIT, key));
	}
	struct wire_peer *late = door_knocker(w, 13, "eve");
	wire_skip(owner);
	wire_expect_error(owner, door_moderate(owner, MODERATE_ADMIT, 13), TCHAT_ERR_TOO_MANY_ACCOUNTS);
	wire_expect_nothing(late);
	for (int key = 10; key < 13; key++) {
		struct trust_pin pin = door_pin(key);
		assert_true(host_is_admitted(w->host, &pin));
	}
	world_free(w);
}

static void an_open_host_forgets_strangers_who_are_not_there_first(void **state)
{
	struct host_limits limits = { .accounts = 4 };
	struct world *w = door_world_over(HOST_ACCESS_OPEN, &limits, NULL);
	door_owner(w);
	door_member(w, 10, "ann", 0, "ann");
	struct wire_peer *second = door_member(w, 11, "ben", 0, "ben");
	door_member(w, 12, "cy", 0, "cy");
	door_refused(w, 13, "eve", 0, TCHAT_ERR_HOST_FULL);
	wire_close(second);
	world_run(w);
	/* Its account makes place, and its name is free. */
	door_member(w, 13, "ben", 0, "ben");
	door_refused(w, 11, "ben", 0, TCHAT_ERR_HOST_FULL);
	world_free(w);
}

static void who_only_came_to_an_open_door_is_asked_when_it_is_closed(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	door_member(w, 7, "ann", 0, "ann");
	door_restart(w, HOST_ACCESS_INVITE);
	door_refused(w, 7, "ann", 0, TCHAT_ERR_NOT_INVITED);
	door_restart(w, HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w), *ann = door_knocker(w, 7, "ann");
	struct message message;
	door_expect(owner, DOOR_WAITS, 7, "ann");
	wire_expect_error(owner, rename_to(owner, "ann"), TCHAT_ERR_NAME_TAKEN); /* the name is hers all the same */
	door_expect_done(owner, door_moderate(owner, MODERATE_ADMIT, 7));
	door_enter(ann, &message);
	assert_text(message.auth_ok.nick, "ann");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_owners_key_comes_in_whatever_the_access_is),
		cmocka_unit_test(a_device_is_made_of_both_keys_and_the_salt),
		cmocka_unit_test(the_faces_own_pair_is_the_owner_and_has_the_owners_devices),
		cmocka_unit_test(nobody_without_a_key_comes_in),
		cmocka_unit_test(a_stranger_is_asked_for_refused_or_let_in_as_the_access_says),
		cmocka_unit_test(who_knocks_is_told_how_many_owners_are_there_and_nothing_more),
		cmocka_unit_test(every_owner_hears_of_knocks_now_and_later),
		cmocka_unit_test(who_knocks_is_called_what_he_would_be_called_inside),
		cmocka_unit_test(who_is_admitted_comes_in_at_once_and_ever_after),
		cmocka_unit_test(who_went_away_can_be_admitted_too),
		cmocka_unit_test(who_is_refused_stays_out_for_a_day),
		cmocka_unit_test(only_owners_decide_and_only_on_who_knocked),
		cmocka_unit_test(a_key_knocks_once_at_a_time),
		cmocka_unit_test(a_key_that_comes_and_goes_is_not_heard_for_long),
		cmocka_unit_test(an_address_with_ever_new_keys_is_not_heard_for_long),
		cmocka_unit_test(a_flood_of_knocks_is_bounded_and_harms_no_member),
		cmocka_unit_test(a_knock_ends_after_ten_minutes_and_not_after_ten_seconds),
		cmocka_unit_test(a_full_host_refuses_newcomers_and_keeps_who_was_admitted),
		cmocka_unit_test(who_only_came_to_an_open_door_is_asked_when_it_is_closed),
		cmocka_unit_test(an_open_host_forgets_strangers_who_are_not_there_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
