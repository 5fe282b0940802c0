/* SPDX-License-Identifier: GPL-3.0-or-later */
/* client: what moderators ask for and are told, private rooms. */
#include "base/buffer.h"
#include "base/errors.h"
#include "fake-host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void an_act_is_asked_for_and_answered(void **state)
{
	struct fake fake;
	uint8_t key[WIRE_PIN_SIZE] = { 1, 2, 3 };
	uint32_t lobby = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	struct session_act act = { .action = MODERATE_MUTE, .room = lobby, .nick = "ben", .reason = "spam", .seconds = 60 };
	assert_int_equal(session_moderate(fake.session, &act), 0);
	struct message message = fake_take(&fake, WIRE_MODERATE);
	assert_int_equal(message.moderate.room, FAKE_ROOM);
	assert_int_equal(message.moderate.action, MODERATE_MUTE);
	assert_int_equal(message.moderate.seconds, 60);
	assert_memory_equal(message.moderate.nick.data, "ben", 3);
	assert_memory_equal(message.moderate.reason.data, "spam", 4);
	fake_send(&fake, &(struct message){ .type = WIRE_DONE, .done = { .request = message.moderate.request } });
	const struct session_event *event = fake_event(&fake, SESSION_DONE);
	assert_int_equal(event->request, REQUEST_MODERATE);
	assert_int_equal(event->kind, MODERATE_MUTE);
	assert_int_equal(event->room, lobby);
	assert_string_equal(event->nick, "ben");
	/* An address or a key instead of a nick. */
	act = (struct session_act){ .action = MODERATE_BAN, .address = "192.0.2.0/24" };
	assert_int_equal(session_moderate(fake.session, &act), 0);
	message = fake_take(&fake, WIRE_MODERATE);
	assert_int_equal(message.moderate.room, 0);
	assert_null(message.moderate.nick.data);
	assert_memory_equal(message.moderate.address.data, "192.0.2.0/24", 12);
	fake_send(&fake, &(struct message){ .type = WIRE_ERROR, .error = { .request = message.moderate.request,
	                                                                   .code = -TCHAT_ERR_NOT_ALLOWED } });
	event = fake_event(&fake, SESSION_ERROR);
	assert_int_equal(event->code, TCHAT_ERR_NOT_ALLOWED);
	assert_int_equal(event->kind, MODERATE_BAN);
	assert_string_equal(event->nick, "192.0.2.0/24");
	act = (struct session_act){ .action = MODERATE_BAN, .key = key };
	assert_int_equal(session_moderate(fake.session, &act), 0);
	assert_memory_equal(fake_take(&fake, WIRE_MODERATE).moderate.key.data, key, sizeof key);
	/* What cannot be asked. */
	act = (struct session_act){ .action = MODERATE_OP, .room = lobby, .nick = "" };
	assert_int_equal(session_moderate(fake.session, &act), TCHAT_ERR_BAD_NAME);
	act = (struct session_act){ .action = MODERATE_OP, .room = 99, .nick = "ben" };
	assert_int_equal(session_moderate(fake.session, &act), TCHAT_ERR_NOT_FOUND);
	fake_close(&fake);
}

static void member(struct fake *fake, uint64_t room, uint32_t user, int change, int role)
{
	fake_send(fake, &(struct message){ .type = WIRE_MEMBER,
	                                   .member = { .room = room, .user = user, .change = (uint8_t)change,
	                                               .role = (uint8_t)role, .nick = wire_text("ben"),
	                                               .by = wire_text("ann"), .reason = wire_text("spam") } });
}

static void roles_change_in_the_roster(void **state)
{
	struct fake fake;
	uint32_t lobby = fake_open_lobby(&fake, (struct session_config){ 0 }, 0);
	struct session_member known;
	member(&fake, FAKE_ROOM, 8, MEMBER_JOINED, ROLE_MEMBER);
	fake_event(&fake, SESSION_JOINED);
	member(&fake, FAKE_ROOM, 8, MEMBER_ROLE, ROLE_MODERATOR);
	const struct session_event *event = fake_event(&fake, SESSION_ROLE);
	assert_int_equal(event->room, lobby);
	assert_int_equal(event->user, 8);
	assert_int_equal(event->role, ROLE_MODERATOR);
	assert_string_equal(event->other, "ann");
	assert_string_equal(event->text, "spam");
	assert_false(event->own);
	for (size_t i = 0; session_member_at(fake.session, lobby, i, &known); i++)
		if (known.user == 8)
			assert_int_equal(known.role, ROLE_MODERATOR);
	/* One's own on the whole host; another's is not told. */
	member(&fake, 0, FAKE_USER, MEMBER_ROLE, ROLE_MUTED);
	event = fake_event(&fake, SESSION_ROLE);
	assert_int_equal(event->room, 0);
	assert_true(event->own);
	member(&fake, 0, 8, MEMBER_ROLE, ROLE_MUTED);
	fake_quiet(&fake);
	/* A ban from the room. */
	member(&fake, FAKE_ROOM, FAKE_USER, MEMBER_BANNED, ROLE_MEMBER);
	event = fake_event(&fake, SESSION_KICKED);
	assert_true(event->own);
	assert_int_equal(event->code, TCHAT_ERR_ROOM_BANNED);
	assert_int_equal(fake_event(&fake, SESSION_ROOM_PARTED)->code, TCHAT_ERR_ROOM_BANNED);
	fake_close(&fake);
}

static void ruled(struct fake *fake, uint32_t request, uint32_t first, uint32_t last, uint8_t flags)
{
	struct buffer records;
	buffer_init(&records, 1 << 16);
	for (uint32_t rule = first; rule <= last; rule++)
		assert_int_equal(message_encode(&records, &(struct message){ .type = WIRE_RULE,
		                                                             .rule = { .rule = rule,
		                                                                       .kind = RULE_BANNED,
		                                                                       .since = 5,
		                                                                       .expires = 6,
		                                                                       .address = wire_text("::1"),
		                                                                       .by = wire_text("ann") } }), 0);
	fake_send(fake, &(struct message){ .type = WIRE_RULED,
	                                   .ruled = { .request = request, .flags = flags,
	                                              .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
}

static void rules_come_in_pages(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	assert_int_equal(session_rules(fake.session, 0), 0);
	struct message message = fake_take(&fake, WIRE_RULES);
	assert_int_equal(message.rules.room, 0);
	assert_int_equal(message.rules.after, 0);
	ruled(&fake, message.rules.request, 3, 4, PAGE_MORE);
	const struct session_event *event = fake_event(&fake, SESSION_RULE);
	assert_int_equal(event->kind, RULE_BANNED);
	assert_int_equal(event->time, 5);
	assert_int_equal(event->expires, 6);
	assert_string_equal(event->ref, "::1");
	assert_string_equal(event->other, "ann");
	fake_event(&fake, SESSION_RULE);
	message = fake_take(&fake, WIRE_RULES);
	assert_int_equal(message.rules.after, 4);
	ruled(&fake, message.rules.request, 9, 9, 0);
	fake_event(&fake, SESSION_RULE);
	assert_int_equal(fake_event(&fake, SESSION_RULES_END)->count, 3);
	/* Numbers that do not rise. */
	assert_int_equal(session_rules(fake.session, 0), 0);
	message = fake_take(&fake, WIRE_RULES);
	ruled(&fake, message.rules.request, 3, 3, PAGE_MORE);
	fake_event(&fake, SESSION_RULE);
	ruled(&fake, fake_take(&fake, WIRE_RULES).rules.request, 3, 3, 0);
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
	fake_close(&fake);
}

static void the_log_of_acts_is_paged_by_the_user(void **state)
{
	struct fake fake;
	struct buffer records;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	assert_int_equal(session_audit(fake.session, 0, 40, 20, 7), 0);
	struct message message = fake_take(&fake, WIRE_AUDIT);
	assert_int_equal(message.audit.from, 40);
	assert_int_equal(message.audit.limit, 20);
	buffer_init(&records, 1 << 16);
	struct message act = { .type = WIRE_ACT };
	act.act = (struct wire_act){ .number = 39, .time = 5, .action = MODERATE_MUTE, .seconds = 60, .nick = wire_text("ben"),
		                     .by = wire_text("ann"), .name = wire_text("tea") };
	assert_int_equal(message_encode(&records, &act), 0);
	fake_send(&fake, &(struct message){ .type = WIRE_AUDITED,
	                                    .audited = { .request = message.audit.request, .flags = PAGE_MORE, .next = 39,
	                                                 .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
	const struct session_event *event = fake_event(&fake, SESSION_ACT);
	assert_int_equal(event->kind, MODERATE_MUTE);
	assert_int_equal(event->seq, 39);
	assert_int_equal(event->count, 60);
	assert_int_equal(event->asked, 7);
	assert_string_equal(event->name, "tea");
	assert_string_equal(event->nick, "ben");
	assert_string_equal(event->other, "ann");
	event = fake_event(&fake, SESSION_AUDIT_END);
	assert_int_equal(event->seq, 39);
	assert_true(event->more);
	/* One that nobody asked for. */
	fake_send(&fake, &(struct message){ .type = WIRE_AUDITED, .audited = { .request = 99 } });
	fake_failed(&fake, TCHAT_ERR_BAD_FRAME);
	fake_close(&fake);
}

static void joined(struct fake *fake, uint32_t request, int kind)
{
	fake_send(fake, &(struct message){ .type = WIRE_JOINED,
	                                   .joined = { .request = request, .room = 5, .kind = (uint8_t)kind,
	                                               .epoch = FAKE_EPOCH, .first = 1, .name = wire_text("den") } });
}

static void a_private_room_is_rejoined_as_such(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_CALLED, .called = { .room = 5, .name = wire_text("den"),
	                                                                     .by = wire_text("ann") } });
	const struct session_event *event = fake_event(&fake, SESSION_CALLED);
	assert_string_equal(event->name, "den");
	assert_string_equal(event->other, "ann");
	int den = session_join(fake.session, "den");
	assert_true(den > 0);
	struct message message = fake_take(&fake, WIRE_JOIN);
	assert_int_equal(message.join.kind, ROOM_PUBLIC);
	joined(&fake, message.join.request, ROOM_PRIVATE);
	assert_true(fake_event(&fake, SESSION_ROOM_JOINED)->closed);
	struct session_room room;
	assert_true(session_room(fake.session, (uint32_t)den, &room) && room.closed);
	/* What was said for this room must not go to a public one of its name. */
	fake_break(&fake);
	fake_connect(&fake);
	message = fake_take(&fake, WIRE_JOIN);
	assert_int_equal(message.join.kind, ROOM_PRIVATE);
	joined(&fake, message.join.request, ROOM_PUBLIC);
	assert_int_equal(fake_event(&fake, SESSION_ERROR)->code, TCHAT_ERR_NAME_TAKEN);
	assert_int_equal(fake_event(&fake, SESSION_ROOM_PARTED)->code, TCHAT_ERR_NAME_TAKEN);
	fake_close(&fake);
}

static void who_is_banned_is_not_dialled_again(void **state)
{
	struct fake fake;
	fake_open(&fake, (struct session_config){ 0 });
	fake_connect(&fake);
	fake_send(&fake, &(struct message){ .type = WIRE_ERROR, .error = { .code = -TCHAT_ERR_BANNED } });
	session_disconnected(fake.session, 0, fake.now);
	const struct session_event *event = fake_event(&fake, SESSION_DISCONNECTED);
	assert_int_equal(event->code, TCHAT_ERR_BANNED);
	assert_true(event->final);
	fake_close(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_act_is_asked_for_and_answered),
		cmocka_unit_test(roles_change_in_the_roster),
		cmocka_unit_test(rules_come_in_pages),
		cmocka_unit_test(the_log_of_acts_is_paged_by_the_user),
		cmocka_unit_test(a_private_room_is_rejoined_as_such),
		cmocka_unit_test(who_is_banned_is_not_dialled_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
