/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: what newcomers may read, read marks, and direct rooms with something unread. */
#include "delay-store.h"
#include "door-peer.h"

static void joined_open(struct world *w, enum host_history_access history)
{
	struct trust_pin host = door_pin(HOST_KEY), owner = door_pin(OWNER_KEY);
	const struct host_limits limits = { .rooms_per_user = 300, .rooms_made = 300 };
	world_open(w, &limits, &(struct host_config){ .pin = &host, .owner = &owner, .access = HOST_ACCESS_OPEN,
	                                           .history = history });
}

/* A host whose newcomers read what is said from then on. */
static struct world *joined_world(void)
{
	struct world *w = world_make(NULL, NULL, NULL);
	host_free(w->host);
	joined_open(w, HOST_HISTORY_JOINED);
	return w;
}

static void hang_up(struct world *w)
{
	for (struct wire_peer *p = w->peers; p != NULL; p = p->next)
		wire_close(p);
	world_run(w);
	world_pass(w, TCHAT_SECONDS(5));
}

/* The host is gone from one moment to the next, and back. */
static void crash(struct world *w, enum host_history_access history)
{
	host_free(w->host);
	world_forget_peers(w);
	joined_open(w, history);
	world_run(w);
}

static void restart(struct world *w, enum host_history_access history)
{
	hang_up(w);
	crash(w, history);
}

static struct wire_peer *member(struct world *w, int key, const char *nick)
{
	return door_member(w, key, nick, 0, nick);
}

static void say(struct wire_peer *p, uint64_t room, const char *text)
{
	struct message message;
	wire_post(p, room, text);
	wire_until(p, &message, WIRE_ACK);
}

static void expect_bounds(struct wire_peer *p, const char *room, uint64_t first, uint64_t last)
{
	struct message message;
	uint32_t request = wire_join(p, ROOM_PUBLIC, room, 0);
	wire_until(p, &message, WIRE_JOINED);
	assert_int_equal(message.joined.request, request);
	assert_int_equal(message.joined.first, first);
	assert_int_equal(message.joined.last, last);
}

static uint64_t first_of(const struct message *page)
{
	struct wire_bytes records = page->page.records;
	struct message record;
	return wire_record(&records, &record, WIRE_MSG) ? record.msg.seq : 0;
}

static void expect_page(struct wire_peer *p, uint64_t from, int flags, uint64_t first, int answer)
{
	struct message message;
	wire_history(p, 1, from, 50, flags);
	wire_until(p, &message, WIRE_PAGE);
	assert_int_equal(first_of(&message), first);
	assert_int_equal(message.page.flags, answer);
}

static void who_is_new_reads_nothing_of_before_in_any_way(void **state)
{
	struct world *w = joined_world();
	struct message message;
	struct wire_peer *ann = member(w, 7, "ann");
	wire_enter(ann, "lobby", JOIN_LIVE);
	say(ann, 1, "one");
	say(ann, 1, "two");
	struct wire_peer *ben = member(w, 8, "ben");
	expect_bounds(ben, "lobby", 3, 2);
	expect_page(ben, 0, 0, 0, 0);
	expect_page(ben, 1, HISTORY_FORWARD, 0, 0);
	expect_page(ben, 1, HISTORY_FORWARD | HISTORY_ATTACH, 0, PAGE_LIVE);
	say(ann, 1, "three");
	wire_until(ben, &message, WIRE_MSG);
	assert_int_equal(message.msg.seq, 3);
	expect_page(ben, 0, 0, 3, 0);
	expect_page(ben, 1, HISTORY_FORWARD, 3, 0);
	expect_page(ben, 3, 0, 0, 0);
	message = (struct message){ .type = WIRE_SEARCH };
	message.search = (struct wire_search){ .request = 77, .room = 1, .limit = 50, .text = wire_text("t") };
	wire_put(ben, &message);
	wire_until(ben, &message, WIRE_PAGE);
	assert_int_equal(message.page.floor, 3);
	assert_int_equal(first_of(&message), 3);
	assert_int_equal(message.page.flags, 0);
	message = (struct message){ .type = WIRE_RESUME };
	message.resume = (struct wire_resume){ .request = 78, .room = 1, .seq = 1, .id = { ann->device, 1 } };
	wire_put(ben, &message);
	wire_until(ben, &message, WIRE_RESUMED);
	assert_int_equal(message.resumed.first, 3);
	/* Nor does he get at it by its number. */
	message = (struct message){ .type = WIRE_POST };
	uint8_t number[8];
	wire_set(number, 8, 1);
	message.post = (struct wire_post){ .room = 1, .id = { ben->device, ++ben->counter }, .kind = KIND_REACTION,
		                               .body = wire_text("+"), .target = { number, 8 } };
	wire_put(ben, &message);
	wire_until(ben, &message, WIRE_NACK);
	assert_int_equal(message.nack.code, -TCHAT_ERR_NO_MESSAGE);
	world_free(w);
}

static struct wire_peer *ben_with_a_key(struct world *w)
{
	return member(w, 8, "ben");
}

static struct wire_peer *ben_without_one(struct world *w)
{
	return wire_member(w, 2, "ben");
}

/* Ann has said "one" when Ben comes first, and "two" when he comes again and reads that. */
static struct wire_peer *comes_again(struct wire_peer *ann, struct wire_peer *(*ben)(struct world *w))
{
	wire_enter(ann, "lobby", JOIN_LIVE);
	struct wire_peer *first = ben(ann->world);
	say(ann, 1, "one");
	expect_bounds(first, "lobby", 2, 1);
	wire_close(first);
	say(ann, 1, "two");
	struct wire_peer *again = ben(ann->world);
	expect_bounds(again, "lobby", 2, 2);
	return again;
}

static void who_was_there_goes_on_where_it_was_also_after_a_restart(void **state)
{
	struct world *w = joined_world();
	struct wire_peer *ann = member(w, 7, "ann"), *ben = comes_again(ann, ben_with_a_key);
	crash(w, HOST_HISTORY_JOINED);
	ann = member(w, 7, "ann");
	expect_bounds(ann, "lobby", 1, 2);
	wire_enter(ann, "lobby", JOIN_LIVE);
	say(ann, 1, "three");
	ben = member(w, 8, "ben");
	expect_bounds(ben, "lobby", 2, 3);
	expect_page(ben, 0, 0, 2, 0);
	/* Another name of hers is no newcomer; somebody else is. */
	ann = door_connect(w, 7);
	struct message message;
	door_auth(ann, 70, "anna", 0);
	door_enter(ann, &message);
	expect_bounds(ann, "lobby", 1, 3);
	expect_bounds(member(w, 9, "cyd"), "lobby", 4, 3);
	world_free(w);
}

static void owners_and_hosts_without_that_rule_show_all(void **state)
{
	struct world *w = joined_world();
	struct wire_peer *ann = member(w, 7, "ann");
	wire_enter(ann, "lobby", JOIN_LIVE);
	say(ann, 1, "one");
	expect_bounds(door_owner(w), "lobby", 1, 1);
	restart(w, HOST_HISTORY_ALL);
	expect_bounds(member(w, 8, "ben"), "lobby", 1, 1);
	/* Who came while there was no such rule is no newcomer. */
	restart(w, HOST_HISTORY_JOINED);
	expect_bounds(member(w, 8, "ben"), "lobby", 1, 1);
	expect_bounds(member(w, 7, "ann"), "lobby", 1, 1);
	expect_bounds(member(w, 9, "cyd"), "lobby", 2, 1);
	world_free(w);
}

static void guests_keep_their_place_as_long_as_they_are_remembered(void **state)
{
	struct world *w = world_make(NULL, NULL, &(struct host_config){ .history = HOST_HISTORY_JOINED });
	struct wire_peer *ann = wire_member(w, 1, "ann"), *ben = comes_again(ann, ben_without_one);
	wire_close(ben);
	world_pass(w, TCHAT_SECONDS(20));
	wire_close(ann);
	world_pass(w, TCHAT_SECONDS(700));
	expect_bounds(ben_without_one(w), "lobby", 3, 2);
	world_free(w);
}

/* --- Read marks */

static void mark(struct wire_peer *p, uint64_t room, uint64_t seq)
{
	wire_put(p, &(struct message){ .type = WIRE_MARK, .mark = { .room = room, .seq = seq } });
}

static void expect_mark(struct wire_peer *p, uint64_t room, uint64_t seq)
{
	struct message message;
	wire_expect(p, &message, WIRE_MARK);
	assert_int_equal(message.mark.room, room);
	assert_int_equal(message.mark.seq, seq);
}

/* A second connection of the account of key 7. */
static struct wire_peer *second(struct world *w, int salt)
{
	struct wire_peer *p = door_connect(w, 7);
	struct message message;
	door_auth(p, salt, "ann", 0);
	door_enter(p, &message);
	return p;
}

static void a_mark_rises_and_is_told_to_the_users_other_connections_in_the_room(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *a = member(w, 7, "ann"), *b = second(w, 70), *c = second(w, 71), *ben = member(w, 8, "ben");
	wire_enter(a, "lobby", JOIN_LIVE);
	wire_enter(b, "lobby", JOIN_LIVE);
	wire_enter(ben, "lobby", JOIN_LIVE);
	for (int i = 0; i < 5; i++)
		say(a, 1, "text");
	wire_skip(a);
	wire_skip(b);
	wire_skip(ben);
	mark(a, 1, 3);
	expect_mark(b, 1, 3);
	mark(b, 1, 2); /* no news */
	mark(b, 1, 3);
	mark(b, 99, 3);
	wire_expect_nothing(a);
	mark(b, 1, 1000000); /* no further than what there is */
	expect_mark(a, 1, 5);
	wire_expect_nothing(b);
	wire_expect_nothing(c);
	wire_expect_nothing(ben);
	wire_enter(c, "lobby", JOIN_LIVE);
	expect_mark(c, 1, 5);
	mark(ben, 1, 4);
	wire_expect_nothing(a);
	world_free(w);
}

static void marks_are_kept_over_a_restart(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *a = member(w, 7, "ann");
	struct message message;
	wire_enter(a, "lobby", JOIN_LIVE);
	for (int i = 0; i < 3; i++)
		say(a, 1, "text");
	mark(a, 1, 1);
	world_pass(w, TCHAT_SECONDS(5));
	mark(a, 1, 2); /* written as the host ends */
	host_shutdown(w->host, 0, w->now);
	crash(w, HOST_HISTORY_ALL);
	a = member(w, 7, "ann");
	wire_join(a, ROOM_PUBLIC, "lobby", 0);
	wire_expect(a, &message, WIRE_JOINED);
	expect_mark(a, 1, 2);
	world_free(w);
}

static void marks_that_could_not_be_written_are_written_later_and_some_go_together(void **state)
{
	struct delay *delay = delay_new(store_memory_new(&(struct store_memory_config){ .environment = &environment_system }));
	struct world *w = door_world_over(HOST_ACCESS_OPEN, NULL, &delay->store);
	struct wire_peer *a = member(w, 7, "ann");
	struct message message;
	wire_enter(a, "lobby", JOIN_LIVE);
	for (int i = 0; i < 3; i++)
		say(a, 1, "text");
	world_pass(w, TCHAT_SECONDS(5));
	unsigned before = delay->records;
	delay->fail_records = TCHAT_ERR_NO_SPACE;
	for (uint64_t i = 1; i <= 3; i++)
		mark(a, 1, i);
	world_pass(w, TCHAT_SECONDS(5));
	assert_in_range(delay->records - before, 1, 2);
	delay->fail_records = 0;
	world_pass(w, TCHAT_SECONDS(5));
	hang_up(w);
	host_free(w->host);
	world_forget_peers(w);
	joined_open(w, HOST_HISTORY_ALL);
	a = member(w, 7, "ann");
	wire_join(a, ROOM_PUBLIC, "lobby", 0);
	wire_expect(a, &message, WIRE_JOINED);
	expect_mark(a, 1, 3);
	world_free(w);
}

/* --- Direct rooms */

static void expect_told(struct wire_peer *p, uint64_t room, const char *nick, uint64_t last)
{
	struct message message;
	wire_expect(p, &message, WIRE_JOINED);
	assert_int_equal(message.joined.request, 0);
	assert_int_equal(message.joined.room, room);
	assert_int_equal(message.joined.kind, ROOM_DIRECT);
	assert_text(message.joined.name, nick);
	assert_int_equal(message.joined.members, 2);
	assert_int_equal(message.joined.last, last);
}

static void a_restarted_host_tells_of_direct_rooms_with_something_unread(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *ann = member(w, 7, "ann"), *ben = member(w, 8, "ben"), *cyd = member(w, 9, "cyd");
	uint64_t with_ben = wire_direct(ann, "ben"), with_cyd = wire_direct(ann, "cyd");
	say(ann, with_ben, "for ben");
	say(ann, with_cyd, "for cyd");
	wire_skip(cyd);
	mark(cyd, with_cyd, 1);
	world_run(w);
	restart(w, HOST_HISTORY_ALL);
	ben = member(w, 8, "ben"); /* nobody else is here yet */
	expect_told(ben, with_ben, "ann", 1);
	wire_expect_nothing(ben);
	wire_expect_nothing(member(w, 9, "cyd")); /* who has read all */
	ann = member(w, 7, "ann");
	wire_expect_nothing(ann); /* who wrote it */
	/* The answer comes at once, though she has not opened the room. */
	say(ben, with_ben, "thanks");
	expect_told(ann, with_ben, "ben", 2);
	expect_mark(ann, with_ben, 1);
	/* A second connection is told as well, until it is read. */
	struct wire_peer *other = second(w, 70);
	expect_told(other, with_ben, "ben", 2);
	expect_mark(other, with_ben, 1);
	mark(other, with_ben, 2);
	expect_mark(ann, with_ben, 2);
	wire_expect_nothing(second(w, 71));
	world_free(w);
}

static void to_close_a_direct_room_is_to_have_read_it(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *ann = member(w, 7, "ann"), *ben = member(w, 8, "ben");
	uint64_t room = wire_direct(ann, "ben");
	say(ann, room, "for ben");
	wire_skip(ben);
	wire_put(ben, &(struct message){ .type = WIRE_PART, .part = { .request = 9, .room = room } });
	world_run(w);
	restart(w, HOST_HISTORY_ALL);
	wire_expect_nothing(member(w, 8, "ben"));
	world_free(w);
}

static void count_bookmarks(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value, size_t length)
{
	*(int *)arg += kind == 4;
}

static int bookmarks_kept(struct world *w)
{
	int count = 0;
	assert_int_equal(store_records(w->store, count_bookmarks, &count), 0);
	return count;
}

static void bookmarks_of_a_name_that_is_released_are_gone(void **state)
{
	struct world *w = joined_world();
	struct wire_peer *owner = door_owner(w), *ann = member(w, 7, "ann");
	wire_enter(owner, "lobby", JOIN_LIVE);
	wire_enter(ann, "lobby", JOIN_LIVE);
	say(ann, 1, "one");
	wire_close(ann);
	world_run(w);
	wire_skip(owner);
	assert_int_equal(bookmarks_kept(w), 1);
	door_expect_done(owner, door_moderate_bytes(owner, MODERATE_RELEASE, NULL, "ann"));
	assert_int_equal(bookmarks_kept(w), 0);
	/* The next one of that name is a newcomer, now and later. */
	expect_bounds(member(w, 8, "ann"), "lobby", 2, 1);
	restart(w, HOST_HISTORY_JOINED);
	expect_bounds(member(w, 8, "ann"), "lobby", 2, 1);
	world_free(w);
}

static void put_bookmarks(struct world *w, uint64_t self, const char *bytes, size_t length)
{
	struct store_record record = { .request = { .type = STORE_RECORD }, .kind = 4, .key_length = 8, .value = bytes };
	record.length = (uint32_t)length;
	wire_set(record.key, 8, self);
	store_submit(w->store, &record.request);
	assert_ptr_equal(store_completed(w->store), &record.request);
}

static void bookmarks_of_nobody_or_cut_off_go_at_the_start(void **state)
{
	struct world *w = joined_world();
	struct host_event event;
	world_run(w);
	hang_up(w);
	put_bookmarks(w, 99, "\1", 1);
	put_bookmarks(w, 98, "\1\0\0\0", 4);
	assert_int_equal(bookmarks_kept(w), 2);
	crash(w, HOST_HISTORY_JOINED);
	assert_int_equal(bookmarks_kept(w), 0);
	assert_true(host_next_event(w->host, &event));
	assert_int_equal(event.code, TCHAT_ERR_SYNTAX);
	expect_bounds(member(w, 7, "ann"), "lobby", 1, 0);
	world_free(w);
}

static void a_crowd_of_strangers_costs_no_member_its_bookmarks(void **state)
{
	enum { CROWD = 8300 };
	struct world *w = joined_world();
	struct message message;
	struct wire_peer *owner = door_owner(w);
	wire_enter(owner, "lobby", JOIN_LIVE);
	door_expect_done(owner, door_invite(owner, INVITE_HOST, 0x77, 1, 0, NULL));
	struct wire_peer *ann = door_member(w, 7, "ann", 0x77, "ann");
	wire_enter(ann, "lobby", JOIN_LIVE);
	say(owner, 1, "one");
	wire_close(ann);
	for (int i = 0; i < CROWD; i++) {
		char nick[16];
		snprintf(nick, sizeof nick, "x%d", i);
		struct wire_peer *p = door_connect(w, 1000 + i / 2); /* two names each */
		door_auth(p, i, nick, 0);
		door_enter(p, &message);
		wire_enter(p, "lobby", JOIN_LIVE);
		wire_close(p);
	}
	world_run(w);
	assert_in_range(bookmarks_kept(w), 8000, 8200);
	expect_bounds(door_member(w, 7, "ann", 0, "ann"), "lobby", 1, 1);
	world_free(w);
}

static void a_user_of_very_many_rooms_loses_the_first_bookmarks(void **state)
{
	enum { ROOMS = 220, LOST = 26 };
	struct world *w = joined_world();
	struct wire_peer *ann = member(w, 7, "ann");
	char name[16];
	for (int i = 0; i < ROOMS; i++) {
		snprintf(name, sizeof name, "room%d", i);
		say(ann, wire_enter(ann, name, JOIN_LIVE), "one");
	}
	restart(w, HOST_HISTORY_JOINED);
	ann = member(w, 7, "ann");
	for (int i = ROOMS - 1; i >= LOST; i--) {
		snprintf(name, sizeof name, "room%d", i);
		expect_bounds(ann, name, 1, 1);
	}
	expect_bounds(ann, "room0", 2, 1);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_new_reads_nothing_of_before_in_any_way),
		cmocka_unit_test(who_was_there_goes_on_where_it_was_also_after_a_restart),
		cmocka_unit_test(owners_and_hosts_without_that_rule_show_all),
		cmocka_unit_test(guests_keep_their_place_as_long_as_they_are_remembered),
		cmocka_unit_test(a_mark_rises_and_is_told_to_the_users_other_connections_in_the_room),
		cmocka_unit_test(marks_are_kept_over_a_restart),
		cmocka_unit_test(marks_that_could_not_be_written_are_written_later_and_some_go_together),
		cmocka_unit_test(a_restarted_host_tells_of_direct_rooms_with_something_unread),
		cmocka_unit_test(to_close_a_direct_room_is_to_have_read_it),
		cmocka_unit_test(bookmarks_of_a_name_that_is_released_are_gone),
		cmocka_unit_test(bookmarks_of_nobody_or_cut_off_go_at_the_start),
		cmocka_unit_test(a_crowd_of_strangers_costs_no_member_its_bookmarks),
		cmocka_unit_test(a_user_of_very_many_rooms_loses_the_first_bookmarks),
	};
	return cmocka_run_group_tests_name("host-bookmarks", tests, NULL, NULL);
}
