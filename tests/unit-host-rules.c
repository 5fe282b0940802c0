/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: private rooms, reserved nicks, the log of what moderators did, and how much of that there may be. */
#include "moderation-peer.h"

static void a_private_room_is_for_those_who_were_called(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann"), *ben = come(w, BEN, "ben"),
	                 *eve = come(w, EVE, "eve");
	struct message message;
	wire_join(ann, ROOM_PRIVATE, "den", JOIN_LIVE);
	wire_expect(ann, &message, WIRE_JOINED);
	assert_int_equal(message.joined.kind, ROOM_PRIVATE);
	uint64_t den = message.joined.room;
	wire_expect_error(ben, wire_join(ben, ROOM_PUBLIC, "DEN", 0), TCHAT_ERR_ROOM_PRIVATE);
	wire_expect_error(ben, wire_join(ben, ROOM_PRIVATE, "den", 0), TCHAT_ERR_ROOM_PRIVATE);
	wire_expect_error(ben, moderate(ben, MODERATE_CALL, den, "ben", 0), TCHAT_ERR_NOT_ALLOWED);
	decide(ann, MODERATE_CALL, den, "ben", 0);
	wire_expect(ben, &message, WIRE_CALLED);
	assert_text(message.called.name, "den");
	assert_text(message.called.by, "ann");
	assert_int_equal(message.called.room, den);
	assert_int_equal(wire_enter(ben, "den", JOIN_LIVE), den);
	/* Who is put out has to be called again. */
	decide(ann, MODERATE_KICK, den, "ben", 0);
	wire_skip(ben);
	wire_expect_error(ben, wire_join(ben, ROOM_PUBLIC, "den", 0), TCHAT_ERR_ROOM_PRIVATE);
	decide(ann, MODERATE_CALL, den, "ben", 0);
	wire_enter(ben, "den", JOIN_LIVE);
	decide(ann, MODERATE_UNCALL, den, "ben", 0);
	wire_until(ben, &message, WIRE_MEMBER);
	assert_int_equal(message.member.change, MEMBER_KICKED);
	decide(ann, MODERATE_CALL, den, "ben", 0);
	/* Who owns the room makes moderators; one of the host is none in it. */
	decide(owner, MODERATE_OP, 0, "eve", 0);
	wire_skip(eve);
	wire_expect_error(eve, wire_join(eve, ROOM_PUBLIC, "den", 0), TCHAT_ERR_ROOM_PRIVATE);
	wire_expect_error(eve, moderate(eve, MODERATE_KICK, den, "ann", 0), TCHAT_ERR_NOT_ALLOWED);
	assert_int_equal(wire_enter(owner, "den", 0), den);
	/* All that is so after a restart. */
	door_restart(w, HOST_ACCESS_OPEN);
	eve = come(w, EVE, "eve");
	wire_expect_error(eve, wire_join(eve, ROOM_PUBLIC, "den", 0), TCHAT_ERR_ROOM_PRIVATE);
	ben = come(w, BEN, "ben");
	wire_expect(ben, &message, WIRE_CALLED);
	assert_text(message.called.name, "den");
	assert_int_equal(wire_enter(ben, "den", 0), den);
	ann = come(w, ANN, "ann");
	assert_int_equal(wire_enter(ann, "den", 0), den);
	decide(ann, MODERATE_OP, den, "ben", 0);
	wire_skip(ben);
	decide(ben, MODERATE_CALL, den, "eve", 0);
	assert_int_equal(wire_enter(eve, "den", 0), den);
	world_free(w);
}

static void a_room_that_others_use_cannot_become_private(void **state)
{
	struct world *w = hall();
	struct wire_peer *ann = come(w, ANN, "ann"), *ben = come(w, BEN, "ben");
	uint64_t tea = wire_enter(ann, "tea", 0);
	wire_expect_error(ben, wire_join(ben, ROOM_PRIVATE, "tea", 0), TCHAT_ERR_NAME_TAKEN);
	wire_expect_error(ann, wire_join(ann, ROOM_PRIVATE, "lobby", 0), TCHAT_ERR_NAME_TAKEN);
	wire_expect_error(ann, moderate(ann, MODERATE_CALL, tea, "ben", 0), TCHAT_ERR_NOT_ALLOWED);
	world_free(w);
}

static uint32_t audit(struct wire_peer *p, uint64_t room, uint64_t from, int limit)
{
	struct message message = { .type = WIRE_AUDIT };
	message.audit.request = ++p->request;
	message.audit.room = room;
	message.audit.from = from;
	message.audit.limit = (uint16_t)limit;
	wire_put(p, &message);
	return p->request;
}

/* The acts of a page: "8by>nick" for each, in order. */
static struct message expect_acts(struct wire_peer *p, uint32_t request, const char *want)
{
	struct message page, message;
	char got[512] = "";
	wire_until(p, &page, WIRE_AUDITED);
	assert_int_equal(page.audited.request, request);
	for (struct wire_bytes left = page.audited.records; wire_record(&left, &message, WIRE_ACT);)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%d%.*s>%.*s ", message.act.action,
		         (int)message.act.by.length, (const char *)message.act.by.data,
		         (int)(message.act.nick.length + message.act.address.length),
		         (const char *)(message.act.nick.length > 0 ? message.act.nick.data : message.act.address.data));
	assert_string_equal(got, want);
	return page;
}

static void each_act_is_in_the_log_for_ever(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann"), *ben = come(w, BEN, "ben");
	uint64_t tea = wire_enter(owner, "tea", 0);
	wire_enter(ann, "tea", 0);
	wire_enter(ben, "tea", 0);
	decide(owner, MODERATE_OP, tea, "ann", 0);
	decide(ann, MODERATE_MUTE, tea, "ben", 0);
	decide(ann, MODERATE_KICK, tea, "ben", 0);
	expect_done(owner, moderate_address(owner, MODERATE_BAN, "203.0.113.0/24"));
	wire_skip(ann);
	wire_skip(ben);
	expect_acts(owner, audit(owner, 0, 0, 100), "8olga>ann 10ann>ben 1ann>ben 12olga>203.0.113.0/24 ");
	struct message page = expect_acts(owner, audit(owner, 0, 0, 2), "1ann>ben 12olga>203.0.113.0/24 ");
	assert_int_equal(page.audited.flags, PAGE_MORE);
	page = expect_acts(owner, audit(owner, 0, page.audited.next, 2), "8olga>ann 10ann>ben ");
	assert_int_equal(page.audited.flags, 0);
	/* A moderator of the room sees those of the room, others none. */
	expect_acts(ann, audit(ann, tea, 0, 100), "8olga>ann 10ann>ben 1ann>ben ");
	wire_expect_error(ann, audit(ann, 0, 0, 100), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(ben, audit(ben, tea, 0, 100), TCHAT_ERR_NOT_ALLOWED);
	door_restart(w, HOST_ACCESS_OPEN);
	owner = door_owner(w);
	expect_done(owner, moderate_address(owner, MODERATE_UNBAN, "203.0.113.0/24"));
	expect_acts(owner, audit(owner, 0, 0, 100), "8olga>ann 10ann>ben 1ann>ben 12olga>203.0.113.0/24 13olga>203.0.113.0/24 ");
	world_free(w);
}

static void acts_in_a_private_room_are_not_for_others(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann"), *ben = come(w, BEN, "ben");
	struct message message;
	wire_join(ann, ROOM_PRIVATE, "den", 0);
	wire_expect(ann, &message, WIRE_JOINED);
	uint64_t den = message.joined.room;
	decide(owner, MODERATE_OP, 0, "ben", 0);
	come(w, EVE, "eve");
	decide(ann, MODERATE_CALL, den, "eve", 0);
	wire_skip(ben);
	expect_acts(ben, audit(ben, 0, 0, 100), "8olga>ben ");
	expect_acts(owner, audit(owner, 0, 0, 100), "34ann> 8olga>ben 14ann>eve ");
	expect_acts(ann, audit(ann, den, 0, 100), "34ann> 14ann>eve ");
	world_free(w);
}

static void private_rooms_leave_place_for_bans(void **state)
{
	struct host_limits limits = { .rules = 8 };
	struct world *w = door_world_over(HOST_ACCESS_OPEN, &limits, NULL);
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann");
	struct message message;
	for (int i = 0; i < 2; i++) {
		wire_join(ann, ROOM_PRIVATE, i == 0 ? "one" : "two", 0);
		wire_expect(ann, &message, WIRE_JOINED);
	}
	wire_expect_error(ann, wire_join(ann, ROOM_PRIVATE, "three", 0), TCHAT_ERR_TOO_MANY_RULES);
	for (int i = 0; i < 4; i++) {
		char address[32];
		snprintf(address, sizeof address, "203.0.113.%d", i);
		expect_done(owner, moderate_address(owner, MODERATE_BAN, address));
	}
	world_free(w);
}

static void reserved_nicks_are_nobodys(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann");
	door_expect_done(owner, door_moderate_bytes(owner, MODERATE_RESERVE, NULL, "admin"));
	wire_expect_error(owner, door_moderate_bytes(owner, MODERATE_RESERVE, NULL, "Admin"), TCHAT_ERR_NAME_TAKEN);
	wire_expect_error(owner, door_moderate_bytes(owner, MODERATE_RESERVE, NULL, "ann"), TCHAT_ERR_NAME_TAKEN);
	wire_expect_error(ann, door_moderate_bytes(ann, MODERATE_RESERVE, NULL, "root"), TCHAT_ERR_NOT_ALLOWED);
	wire_expect_error(ann, rename_to(ann, "Admin"), TCHAT_ERR_NAME_TAKEN);
	wire_expect_error(ann, wire_join(ann, ROOM_DIRECT, "admin", 0), TCHAT_ERR_NO_USER);
	wire_expect_error(ann, door_moderate_bytes(ann, MODERATE_RELEASE, NULL, "admin"), TCHAT_ERR_NOT_ALLOWED);
	door_restart(w, HOST_ACCESS_OPEN);
	door_member(w, BEN, "admin", 0, "admin2");
	owner = door_owner(w);
	door_expect_done(owner, door_moderate_bytes(owner, MODERATE_RELEASE, NULL, "admin"));
	wire_expect_error(owner, door_moderate_bytes(owner, MODERATE_RELEASE, NULL, "admin"), TCHAT_ERR_NO_USER);
	come(w, EVE, "admin");
	door_restart(w, HOST_ACCESS_OPEN);
	come(w, EVE, "admin");
	world_free(w);
}

/* "kind:nick" of each rule. */
static struct message expect_rules(struct wire_peer *p, uint64_t room, uint32_t after, int limit, const char *want)
{
	struct message page, message = { .type = WIRE_RULES };
	char got[512] = "";
	message.rules.request = ++p->request;
	message.rules.room = room;
	message.rules.after = after;
	message.rules.limit = (uint16_t)limit;
	wire_put(p, &message);
	wire_until(p, &page, WIRE_RULED);
	assert_int_equal(page.ruled.request, p->request);
	for (struct wire_bytes left = page.ruled.records; wire_record(&left, &message, WIRE_RULE);)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%d:%.*s%.*s ", message.rule.kind,
		         (int)message.rule.nick.length, (const char *)message.rule.nick.data, (int)message.rule.address.length,
		         (const char *)message.rule.address.data);
	assert_string_equal(got, want);
	return page;
}

static void moderators_see_what_holds(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann");
	come(w, BEN, "ben");
	uint64_t tea = wire_enter(owner, "tea", 0);
	decide(owner, MODERATE_OP, 0, "ann", 0);
	decide(owner, MODERATE_MUTE, 0, "ben", 0);
	decide(owner, MODERATE_BAN, tea, "ben", 0);
	expect_done(owner, moderate_address(owner, MODERATE_BAN, "203.0.113.9"));
	wire_skip(ann);
	expect_rules(owner, 0, 0, 100, "1:ann 3:ben 4:203.0.113.9 ");
	expect_rules(owner, tea, 0, 100, "4:ben ");
	expect_rules(ann, 0, 0, 100, "1:ann 3:ben ");
	struct message page = expect_rules(owner, 0, 0, 2, "1:ann 3:ben ");
	assert_int_equal(page.ruled.flags, PAGE_MORE);
	expect_rules(owner, 0, 2, 2, "4:203.0.113.9 ");
	world_free(w);
}

static void rules_have_a_limit(void **state)
{
	struct host_limits limits = { .rules = 2 };
	struct world *w = door_world_over(HOST_ACCESS_OPEN, &limits, NULL);
	struct wire_peer *owner = door_owner(w);
	expect_done(owner, moderate_address(owner, MODERATE_BAN, "203.0.113.1"));
	expect_done(owner, moderate_address(owner, MODERATE_BAN, "203.0.113.2"));
	wire_expect_error(owner, moderate_address(owner, MODERATE_BAN, "203.0.113.3"), TCHAT_ERR_TOO_MANY_RULES);
	expect_done(owner, moderate_address(owner, MODERATE_BAN, "203.0.113.2")); /* again */
	expect_done(owner, moderate_address(owner, MODERATE_UNBAN, "203.0.113.2"));
	expect_done(owner, moderate_address(owner, MODERATE_BAN, "203.0.113.3"));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_private_room_is_for_those_who_were_called),
		cmocka_unit_test(a_room_that_others_use_cannot_become_private),
		cmocka_unit_test(each_act_is_in_the_log_for_ever),
		cmocka_unit_test(acts_in_a_private_room_are_not_for_others),
		cmocka_unit_test(private_rooms_leave_place_for_bans),
		cmocka_unit_test(reserved_nicks_are_nobodys),
		cmocka_unit_test(moderators_see_what_holds),
		cmocka_unit_test(rules_have_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
