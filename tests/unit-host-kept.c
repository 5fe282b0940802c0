/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: what is said of accounts is kept before anybody is told, on slow and on full disks. */
#include "delay-store.h"
#include "door-peer.h"

enum { TOKEN = 0x51 };

static struct world *delayed_world(struct delay **d)
{
	*d = delay_new(store_memory_new(&(struct store_memory_config){ .spool_bytes = 1 << 20 }));
	return door_world_over(HOST_ACCESS_ASK, NULL, &(*d)->store);
}

static void nothing_is_told_before_it_is_kept(void **state)
{
	struct delay *d;
	struct world *w = delayed_world(&d);
	struct message message;
	struct wire_peer *owner = door_owner(w), *ann = door_knocker(w, 7, "ann");
	wire_skip(owner);
	d->hold = true;
	uint32_t request = door_moderate(owner, MODERATE_ADMIT, 7);
	wire_expect_nothing(owner);
	wire_expect_nothing(ann);
	d->hold = false;
	door_expect_done(owner, request);
	door_enter(ann, &message);
	wire_skip(owner);
	d->hold = true;
	request = door_invite(owner, INVITE_HOST, TOKEN, 0, 0, NULL);
	uint32_t rename = rename_to(ann, "anna");
	wire_expect_nothing(owner);
	wire_expect_nothing(ann);
	d->hold = false;
	door_expect_done(owner, request);
	wire_until(ann, &message, WIRE_DONE);
	assert_int_equal(message.done.request, rename);
	d->hold = true;
	struct wire_peer *ben = door_connect(w, 8);
	door_auth(ben, 8, "ben", TOKEN);
	wire_expect_nothing(ben);
	d->hold = false;
	door_enter(ben, &message);
	world_free(w);
}

static void what_cannot_be_kept_is_refused(void **state)
{
	struct delay *d;
	struct world *w = delayed_world(&d);
	struct message message;
	struct wire_peer *owner = door_owner(w), *ann = door_knocker(w, 7, "ann");
	wire_skip(owner);
	d->fail_records = TCHAT_ERR_NO_SPACE;
	wire_expect_error(owner, door_moderate(owner, MODERATE_ADMIT, 7), TCHAT_ERR_DISK_FULL);
	wire_expect_nothing(ann);
	wire_expect_error(owner, door_invite(owner, INVITE_HOST, TOKEN, 0, 0, NULL), TCHAT_ERR_DISK_FULL);
	wire_expect_error(owner, rename_to(owner, "olga2"), TCHAT_ERR_DISK_FULL);
	d->fail_records = 0;
	door_expect_done(owner, door_moderate(owner, MODERATE_ADMIT, 7));
	door_enter(ann, &message);
	wire_skip(owner);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 0, 0, NULL));
	d->fail_records = TCHAT_ERR_NO_SPACE;
	struct wire_peer *ben = door_connect(w, 8);
	door_auth(ben, 8, "ben", TOKEN);
	wire_expect_end(ben, TCHAT_ERR_DISK_FULL);
	/* What could not be kept is, when the one whom it is about comes again. */
	door_refused(w, 8, "ben", 0, TCHAT_ERR_DISK_FULL);
	d->fail_records = 0;
	door_member(w, 8, "ben", 0, "ben");
	door_restart(w, HOST_ACCESS_INVITE);
	door_member(w, 8, "ben", 0, "ben");
	door_member(w, 7, "ann", 0, "ann");
	world_free(w);
}

static void who_is_known_but_not_admitted_needs_a_kept_admission_too(void **state)
{
	struct delay *d = delay_new(store_memory_new(&(struct store_memory_config){ .spool_bytes = 1 << 20 }));
	struct world *w = door_world_over(HOST_ACCESS_OPEN, NULL, &d->store);
	door_member(w, 7, "ann", 0, "ann");
	door_restart(w, HOST_ACCESS_ASK);
	struct wire_peer *owner = door_owner(w);
	door_knocker(w, 7, "ann");
	wire_skip(owner);
	d->fail_records = TCHAT_ERR_NO_SPACE;
	wire_expect_error(owner, door_moderate(owner, MODERATE_ADMIT, 7), TCHAT_ERR_DISK_FULL);
	door_refused(w, 7, "ann", 0, TCHAT_ERR_DISK_FULL);
	d->fail_records = 0;
	door_member(w, 7, "ann", 0, "ann");
	world_free(w);
}

static void a_full_disk_keeps_no_member_out(void **state)
{
	struct delay *d;
	struct world *w = delayed_world(&d);
	struct wire_peer *owner = door_owner(w);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 1, 0, NULL));
	wire_close(door_member(w, 7, "ann", TOKEN, "ann"));
	d->fail_records = TCHAT_ERR_NO_SPACE;
	door_member(w, OWNER_KEY, "olivia", 0, "olivia");
	w->wall += UINT64_C(7200) * 1000000;
	wire_close(door_member(w, 7, "ann", 0, "ann"));
	wire_close(door_member(w, 7, "anna", 0, "anna"));
	wire_close(door_member(w, 7, "ann", 0, "ann"));
	d->fail_records = 0;
	world_pass(w, TCHAT_SECONDS(6));
	door_restart(w, HOST_ACCESS_OPEN);
	door_member(w, 8, "anna", 0, "anna2"); /* kept after all */
	world_free(w);
}

static void what_was_taken_away_stays_away_once_the_disk_has_space(void **state)
{
	struct delay *d;
	struct world *w = delayed_world(&d);
	uint8_t public[TRUST_PUBLIC_SIZE];
	struct wire_peer *owner = door_owner(w), *ann = door_connect(w, 7);
	struct message message;
	door_public(public, TOKEN + 1);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN, 1, 0, NULL));
	door_expect_done(owner, door_invite(owner, INVITE_HOST, TOKEN + 1, 1, 0, NULL));
	door_auth(ann, 7, "ann", TOKEN);
	door_enter(ann, &message);
	d->fail_records = TCHAT_ERR_NO_SPACE;
	wire_expect_error(owner, door_moderate(owner, MODERATE_DROP_KEY, 7), TCHAT_ERR_DISK_FULL);
	wire_expect_end(ann, TCHAT_ERR_KEY_DROPPED); /* at once all the same */
	wire_expect_error(owner, door_moderate_bytes(owner, MODERATE_REVOKE, public, NULL), TCHAT_ERR_DISK_FULL);
	world_pass(w, TCHAT_SECONDS(20));
	d->fail_records = 0;
	world_pass(w, TCHAT_SECONDS(6));
	door_restart(w, HOST_ACCESS_INVITE);
	door_refused(w, 7, "ann", 0, TCHAT_ERR_NOT_INVITED);
	door_refused(w, 8, "ben", TOKEN + 1, TCHAT_ERR_NOT_INVITED);
	world_free(w);
}

static void who_goes_while_it_is_being_decided_harms_nobody(void **state)
{
	struct delay *d;
	struct world *w = delayed_world(&d);
	struct wire_peer *owner = door_owner(w), *ann = door_knocker(w, 7, "ann"), *ben = door_knocker(w, 8, "ben");
	struct wire_peer *second = door_connect(w, OWNER_KEY);
	struct message message;
	door_auth(second, 90, "olga", 0);
	wire_until(second, &message, WIRE_AUTH_OK);
	d->hold = true;
	door_moderate(owner, MODERATE_ADMIT, 7);
	door_moderate(owner, MODERATE_REFUSE, 8);
	door_invite(owner, INVITE_HOST, TOKEN, 0, 0, NULL);
	rename_to(owner, "olivia");
	world_run(w);
	wire_close(ann);
	wire_close(ben);
	wire_close(owner);
	world_run(w);
	d->hold = false;
	world_run(w);
	door_member(w, 7, "ann", 0, "ann");
	door_refused(w, 8, "ben", 0, TCHAT_ERR_DOOR_REFUSED);
	door_member(w, 9, "cy", TOKEN, "cy");
	d->hold = true;
	struct wire_peer *dan = door_connect(w, 10);
	door_invite(second, INVITE_HOST, TOKEN + 1, 0, 0, NULL);
	door_auth(dan, 10, "dan", TOKEN + 1);
	world_run(w);
	wire_close(dan);
	d->hold = false;
	door_member(w, 10, "dan", 0, "dan");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_told_before_it_is_kept),
		cmocka_unit_test(what_cannot_be_kept_is_refused),
		cmocka_unit_test(who_is_known_but_not_admitted_needs_a_kept_admission_too),
		cmocka_unit_test(a_full_disk_keeps_no_member_out),
		cmocka_unit_test(what_was_taken_away_stays_away_once_the_disk_has_space),
		cmocka_unit_test(who_goes_while_it_is_being_decided_harms_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
