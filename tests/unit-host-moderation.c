/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: roles, mutes, bans, private rooms, reserved nicks, and the log of what moderators did. */
#include "door-peer.h"

enum { ANN = 7, BEN = 8, EVE = 9 };

/* Bans and mutes: of whom, in which room, for how long. */
static uint32_t moderate(struct wire_peer *p, int action, uint64_t room, const char *nick, uint32_t seconds)
{
	struct message message = { .type = WIRE_MODERATE };
	message.moderate.request = ++p->request;
	message.moderate.room = room;
	message.moderate.action = (uint8_t)action;
	message.moderate.seconds = seconds;
	message.moderate.nick = wire_text(nick);
	message.moderate.reason = wire_text("spam");
	wire_put(p, &message);
	return p->request;
}

static uint32_t moderate_address(struct wire_peer *p, int action, const char *address)
{
	struct message message = { .type = WIRE_MODERATE };
	message.moderate.request = ++p->request;
	message.moderate.action = (uint8_t)action;
	message.moderate.address = wire_text(address);
	wire_put(p, &message);
	return p->request;
}

static void expect_done(struct wire_peer *p, uint32_t request)
{
	struct message message;
	wire_until(p, &message, WIRE_DONE);
	assert_int_equal(message.done.request, request);
}

static void decide(struct wire_peer *p, int action, uint64_t room, const char *nick, uint32_t seconds)
{
	expect_done(p, moderate(p, action, room, nick, seconds));
}

static void expect_role(struct wire_peer *p, uint64_t room, const struct wire_peer *whom, int role)
{
	struct message message;
	do
		wire_until(p, &message, WIRE_MEMBER);
	while (message.member.change != MEMBER_ROLE);
	assert_int_equal(message.member.room, room);
	assert_int_equal(message.member.user, whom->user);
	assert_int_equal(message.member.role, role);
}

static void expect_refused_post(struct wire_peer *p, uint64_t room, int err)
{
	struct message message;
	wire_post(p, room, "hello");
	wire_until(p, &message, WIRE_NACK);
	assert_int_equal(message.nack.code, -err);
	assert_int_equal(message.nack.flags, NACK_PERMANENT);
}

static void expect_post(struct wire_peer *p, uint64_t room)
{
	struct message message;
	wire_post(p, room, "hello");
	wire_until(p, &message, WIRE_ACK);
}

/* A host that lets everybody in; olga owns it. */
static struct world *hall(void)
{
	return door_world(HOST_ACCESS_OPEN);
}

static struct wire_peer *come(struct world *w, int key, const char *nick)
{
	return door_member(w, key, nick, 0, nick);
}

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

static void who_is_muted_on_the_host_keeps_the_nick(void **state)
{
	struct world *w = hall();
	struct wire_peer *owner = door_owner(w), *ann = come(w, ANN, "ann");
	decide(owner, MODERATE_MUTE, 0, "ann", 0);
	wire_skip(ann);
	wire_expect_error(ann, rename_to(ann, "olga is mean"), TCHAT_ERR_MUTED);
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
		cmocka_unit_test(a_private_room_is_for_those_who_were_called),
		cmocka_unit_test(a_room_that_others_use_cannot_become_private),
		cmocka_unit_test(each_act_is_in_the_log_for_ever),
		cmocka_unit_test(acts_in_a_private_room_are_not_for_others),
		cmocka_unit_test(who_is_muted_on_the_host_keeps_the_nick),
		cmocka_unit_test(private_rooms_leave_place_for_bans),
		cmocka_unit_test(reserved_nicks_are_nobodys),
		cmocka_unit_test(moderators_see_what_holds),
		cmocka_unit_test(rules_have_a_limit),
		cmocka_unit_test(guests_of_a_host_without_keys_are_muted_and_banned_by_their_salt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
