/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: nicks that are owned: by whom, for how long, and which look too much like them. */
#include "config.h"

#include "door-peer.h"

static void a_nick_stays_its_first_owners(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	wire_close(door_member(w, 7, "ann", 0, "ann"));
	world_run(w);
	door_member(w, 8, "ann", 0, "ann2");
	door_member(w, 9, "Ann", 0, "Ann3");
	world_pass(w, TCHAT_SECONDS(700)); /* guests would be forgotten by now */
	door_restart(w, HOST_ACCESS_OPEN);
	struct wire_peer *eve = door_member(w, 10, "ann", 0, "ann4");
	wire_expect_error(eve, rename_to(eve, "ann"), TCHAT_ERR_NAME_TAKEN);
	wire_expect_error(eve, rename_to(eve, "ann2"), TCHAT_ERR_NAME_TAKEN);
	wire_close(door_member(w, 7, "ann", 0, "ann"));
	door_member(w, 8, "ann", 0, "ann2");
	world_free(w);
}

/* The second of each pair cannot be had beside the first. */
static void names_that_look_like_anothers_cannot_be_had(void **state)
{
	static const char *const pairs[][2] = {
		{ "admin", "Admin" },
		{ "admin", "adrnin" },         /* r n */
		{ "adm1n", "admln" },
		{ "Iris", "lris" },            /* a small L */
		{ "lris", "Iris" },            /* a capital I */
		{ "Iris", "1ris" },
		{ "root", "r0ot" },
		{ "admin", "\xef\xbd\x81\xef\xbd\x84\xef\xbd\x8d\xef\xbd\x89\xef\xbd\x8e" }, /* fullwidth */
#ifdef HAVE_ICU
		{ "coco", "\xd1\x81\xd0\xbe\xd1\x81\xd0\xbe" }, /* Cyrillic es, o */
		{ "\xd1\x81\xd0\xbe\xd1\x81\xd0\xbe", "coco" },
		{ "TATA", "\xce\xa4\xce\x91\xce\xa4\xce\x91" }, /* Greek Tau, Alpha */
#endif
	};
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct world *w = door_world(HOST_ACCESS_OPEN);
		struct message message;
		door_member(w, 7, pairs[i][0], 0, pairs[i][0]);
		struct wire_peer *eve = door_member(w, 8, "eve", 0, "eve");
		wire_expect_error(eve, rename_to(eve, pairs[i][1]), TCHAT_ERR_NAME_TAKEN);
		struct wire_peer *dan = door_connect(w, 9);
		door_auth(dan, 9, pairs[i][1], 0);
		wire_expect(dan, &message, WIRE_AUTH_OK);
		assert_true(message.auth_ok.nick.length == 0 || message.auth_ok.nick.data[message.auth_ok.nick.length - 1] == '2');
		world_free(w);
	}
}

static void another_case_of_ones_own_name_may_be_too_much_like_anothers(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *leo = door_member(w, 7, "lris", 0, "lris"), *iris = door_member(w, 8, "iris", 0, "iris");
	wire_expect_error(iris, rename_to(iris, "Iris"), TCHAT_ERR_NAME_TAKEN);
	rename_done(iris, "iRiS");
	wire_close(iris);
	door_member(w, 8, "IRIS", 0, "IRIS");
	wire_expect_nothing(leo);
	world_free(w);
}

/* Mixed scripts and what cannot be seen make no name at all. */
static void names_made_to_deceive_are_none(void **state)
{
	static const char *const names[] = {
		"\xd0\xb0" "dmin",     /* a Cyrillic a */
		"adm\xe2\x80\x8bin",   /* a zero-width space */
		"ad\xe2\x80\x8dmin",   /* a joiner */
		"adm\xc2\xadin",       /* a soft hyphen */
		"\xe2\x80\xae" "nimda", /* right to left */
	};
	struct world *w = door_world(HOST_ACCESS_OPEN);
	door_member(w, 7, "admin", 0, "admin");
	struct wire_peer *eve = door_member(w, 8, "eve", 0, "eve");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		wire_expect_error(eve, rename_to(eve, names[i]), TCHAT_ERR_BAD_NAME);
		char nick[16];
		snprintf(nick, sizeof nick, i == 0 ? "guest" : "guest%zu", i + 1);
		door_member(w, 20 + (int)i, names[i], 0, nick);
	}
	world_free(w);
}

static void names_of_all_the_world_are_welcome(void **state)
{
	static const char *const names[] = {
		"\xe7\x94\xb0\xe4\xb8\xad\xe3\x81\x95\xe3\x82\x93", /* Tanaka-san */
		"\xea\xb9\x80\xec\xb2\xa0\xec\x88\x98",
		"\xe7\x8e\x8b\xe4\xbc\x9f",
#ifdef HAVE_ICU
		"\xd0\x97\xd0\xbe\xd1\x8f",                         /* Zoya */
		"Zo\xc3\xab",
		"\xce\x9d\xce\xaf\xce\xba\xce\xbf\xcf\x82",         /* Nikos */
		"\xd7\xa9\xd7\xa8\xd7\x94",
#endif
	};
	struct world *w = door_world(HOST_ACCESS_OPEN);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		door_member(w, 10 + (int)i, names[i], 0, names[i]);
	world_free(w);
}

static void an_account_has_only_so_many_names(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *ann = door_member(w, 7, "ann", 0, "ann");
	char nick[16] = "";
	for (int i = 1; i < 8; i++) {
		snprintf(nick, sizeof nick, "name%c", 'a' + i);
		rename_done(ann, nick);
		wire_skip(ann);
	}
	wire_expect_error(ann, rename_to(ann, "onemore"), TCHAT_ERR_TOO_MANY_NAMES);
	/* Who comes with yet another wish gets the last one. */
	struct wire_peer *again = door_connect(w, 7);
	struct message message;
	door_auth(again, 77, "onemore", 0);
	wire_expect(again, &message, WIRE_AUTH_OK);
	assert_text(message.auth_ok.nick, nick);
	/* One that is given free makes place. */
	wire_close(again);
	door_expect_done(ann, door_moderate_bytes(ann, MODERATE_RELEASE, NULL, "ann"));
	wire_skip(ann);
	rename_done(ann, "onemore");
	door_member(w, 8, "ann", 0, "ann");
	world_free(w);
}

static void a_name_is_released_by_owner_or_host_owner_when_it_is_not_used(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *owner = door_owner(w), *ann = door_member(w, 7, "ann", 0, "ann");
	struct wire_peer *ben = door_member(w, 8, "ben", 0, "ben");
	wire_expect_error(ben, door_moderate_bytes(ben, MODERATE_RELEASE, NULL, "ann"), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(owner, door_moderate_bytes(owner, MODERATE_RELEASE, NULL, "ann"), TCHAT_ERR_NAME_IN_USE);
	wire_expect_error(ann, door_moderate_bytes(ann, MODERATE_RELEASE, NULL, "ann"), TCHAT_ERR_NAME_IN_USE);
	wire_expect_error(owner, door_moderate_bytes(owner, MODERATE_RELEASE, NULL, "nobody"), TCHAT_ERR_NO_USER);
	wire_close(ann);
	world_run(w);
	door_expect_done(owner, door_moderate_bytes(owner, MODERATE_RELEASE, NULL, "ann"));
	rename_done(ben, "ann");
	door_restart(w, HOST_ACCESS_OPEN);
	door_member(w, 7, "ann", 0, "ann2");
	world_free(w);
}

static void a_name_that_nobody_used_for_long_is_free(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *owner = door_owner(w);
	uint64_t day = UINT64_C(86400) * 1000000;
	wire_close(door_member(w, 7, "ann", 0, "ann"));
	struct wire_peer *cy = door_member(w, 9, "cy", 0, "cy");
	door_expect_done(owner, door_moderate(owner, MODERATE_ADMIT, 9));
	wire_close(cy);
	world_pass(w, TCHAT_SECONDS(700));
	w->wall += 6 * day;
	wire_close(door_member(w, 8, "ann", 0, "ann2"));
	w->wall += 2 * day;
	door_member(w, 10, "ann", 0, "ann"); /* a stranger's, after a week */
	wire_close(door_member(w, 11, "cy", 0, "cy2"));
	w->wall += 180 * day;
	door_member(w, 12, "cy", 0, "cy"); /* a member's, after half a year */
	door_member(w, 9, "cy", 0, "cy3");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_nick_stays_its_first_owners),
		cmocka_unit_test(names_that_look_like_anothers_cannot_be_had),
		cmocka_unit_test(another_case_of_ones_own_name_may_be_too_much_like_anothers),
		cmocka_unit_test(names_made_to_deceive_are_none),
		cmocka_unit_test(names_of_all_the_world_are_welcome),
		cmocka_unit_test(an_account_has_only_so_many_names),
		cmocka_unit_test(a_name_is_released_by_owner_or_host_owner_when_it_is_not_used),
		cmocka_unit_test(a_name_that_nobody_used_for_long_is_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
