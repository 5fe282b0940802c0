/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session with a store on disk: what was read goes on where it stopped, and is there while the host is away. */
#include "client-life.h"

#include <locale.h>

enum { LARGE = 4000 };

static size_t malloc_most = SIZE_MAX; /* larger allocations fail */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	return size > malloc_most ? NULL : __real_malloc(size);
}

static void what_was_missed_comes_exactly_behind_what_was_seen(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	life_dies(&life);
	life_begin(&life, (struct session_config){ .history = 10 });
	/* What was read is there before there is a connection. */
	session_join(life.fake.session, "lobby");
	fake_quiet(&life.fake);
	work(&life);
	expect_message(&life, 1, "hello", true);
	const struct session_event *event = fake_event(&life.fake, SESSION_MESSAGE);
	assert_int_equal(event->seq, 2);
	assert_true(event->own);
	assert_int_equal(event->counter, 0); /* it is of another life */
	fake_quiet(&life.fake);
	fake_connect(&life.fake);
	join(&life, FAKE_EPOCH, 1, 4);
	resume(&life, RESUME_OK, FAKE_EPOCH, 2, one.id, 1, 4);
	page(&life, 3, (const struct line[]){ { { 5, 3 }, "three" }, { { 5, 4 }, "four" } }, 2);
	expect_message(&life, 3, "three", true);
	expect_message(&life, 4, "four", true);
	ready(&life);
	fake_msg(&life.fake, 5, "five");
	expect_message(&life, 5, "five", false);
	rest(&life);
	/* A break of the network alone. */
	fake_break(&life.fake);
	fake_connect(&life.fake);
	join(&life, FAKE_EPOCH, 1, 5);
	resume(&life, RESUME_OK, FAKE_EPOCH, 5, (struct message_id){ 5, 5 }, 1, 5);
	page(&life, 6, NULL, 0);
	ready(&life);
	rest(&life);
	life_end(&life);
	/* Long after: all of it is no longer kept. */
	life_begin(&life, (struct session_config){ 0 });
	fake_connect(&life.fake);
	session_join(life.fake.session, "lobby");
	join(&life, FAKE_EPOCH, 100, 99);
	resume(&life, RESUME_GAP, FAKE_EPOCH, 5, (struct message_id){ 5, 5 }, 100, 99);
	assert_int_equal(fake_event(&life.fake, SESSION_GAP)->count, 94);
	page(&life, 100, NULL, 0);
	ready(&life);
	rest(&life);
	life_end(&life);
}

static void what_there_is_no_memory_to_tell_of_is_told_by_the_host(void **state)
{
	struct life life;
	char large[LARGE + 1] = { 0 };
	const struct line lines[] = { hello, { { 5, 2 }, large }, { { 5, 3 }, "three" }, { { 5, 4 }, "four" }, { { 5, 5 }, "five" } };
	memset(large, 'x', LARGE);
	life_begin(&life, (struct session_config){ .history = 10 });
	fake_connect(&life.fake);
	session_join(life.fake.session, "lobby");
	join(&life, FAKE_EPOCH, 1, 5);
	page(&life, 1, lines, 5);
	for (uint64_t seq = 1; seq <= 5; seq++)
		expect_message(&life, seq, lines[seq - 1].text, true);
	ready(&life);
	rest(&life);
	work(&life);
	life_dies(&life);
	life_begin(&life, (struct session_config){ .history = 10 });
	session_join(life.fake.session, "lobby");
	client_sqlite_work(life.store);
	malloc_most = LARGE;
	session_stored(life.fake.session, life.fake.now);
	malloc_most = SIZE_MAX;
	expect_message(&life, 1, "hello", true);
	fake_quiet(&life.fake);
	fake_connect(&life.fake);
	join(&life, FAKE_EPOCH, 1, 5);
	resume(&life, RESUME_OK, FAKE_EPOCH, 1, hello.id, 1, 5);
	page(&life, 2, lines + 1, 4);
	for (uint64_t seq = 2; seq <= 5; seq++)
		expect_message(&life, seq, lines[seq - 1].text, true);
	ready(&life);
	rest(&life);
	life_end(&life);
}

static void a_room_that_one_left_begins_anew(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	part(&life, room);
	life_end(&life);
	life_begin(&life, (struct session_config){ .history = 1 });
	fake_connect(&life.fake);
	session_join(life.fake.session, "lobby");
	join(&life, FAKE_EPOCH, 1, 9);
	page(&life, 9, (const struct line[]){ { { 5, 9 }, "nine" } }, 1);
	expect_message(&life, 9, "nine", true);
	ready(&life);
	rest(&life);
	life_end(&life);
}

static void old_messages_are_there_while_the_host_is_away(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	fake_break(&life.fake);
	assert_int_equal(session_history(life.fake.session, room, 0, 1, 0), 0);
	fake_quiet(&life.fake);
	work(&life);
	const struct session_event *event = fake_event(&life.fake, SESSION_PAST);
	assert_int_equal(event->seq, 2);
	assert_string_equal(event->text, "one");
	assert_true(event->own);
	event = fake_event(&life.fake, SESSION_PAST_END);
	assert_int_equal(event->seq, 2);
	assert_true(event->more);
	assert_int_equal(session_history(life.fake.session, room, 2, 10, 0), 0);
	work(&life);
	assert_string_equal(fake_event(&life.fake, SESSION_PAST)->text, "hello");
	assert_false(fake_event(&life.fake, SESSION_PAST_END)->more);
	assert_int_equal(session_history(life.fake.session, room, 1, 10, 0), 0);
	life_end(&life); /* with a reading under way */
}

static void expect_found(struct life *life, uint64_t seq, const char *text)
{
	const struct session_event *event = fake_event(&life->fake, SESSION_FOUND);
	assert_int_equal(event->seq, seq);
	assert_string_equal(event->text, text);
	assert_int_equal(event->asked, 7);
}

static void expect_found_end(struct life *life, uint64_t seq, bool more)
{
	const struct session_event *event = fake_event(&life->fake, SESSION_FOUND_END);
	assert_int_equal(event->seq, seq);
	assert_int_equal(event->more, more);
	assert_int_equal(event->asked, 7);
	fake_quiet(&life->fake);
}

static void what_was_read_is_searched_while_the_host_is_away(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	fake_msg(&life.fake, 3, "HELLO again");
	expect_message(&life, 3, "HELLO again", false);
	fake_break(&life.fake);
	struct session *session = life.fake.session;
	assert_int_equal(session_search(session, room, "hello", 0, 10, 7), 0);
	fake_quiet(&life.fake);
	work(&life);
	expect_found(&life, 3, "HELLO again");
	expect_found(&life, 1, "hello");
	expect_found_end(&life, 1, false);
	assert_int_equal(session_search(session, room, "Hello", 0, 1, 7), 0);
	work(&life);
	expect_found(&life, 3, "HELLO again");
	expect_found_end(&life, 3, true);
	assert_int_equal(session_search(session, room, "hello", 3, 1, 7), 0);
	work(&life);
	expect_found(&life, 1, "hello");
	expect_found_end(&life, 1, false);
	assert_int_equal(session_search(session, room, "nowhere", 0, 1, 7), 0);
	work(&life);
	expect_found_end(&life, 1, false);
	assert_int_equal(session_search(session, room, "hello", 0, 1, 7), 0);
	life_end(&life); /* with a search under way */
}

static void read_marks_are_kept(void **state)
{
	struct life life;
	struct session_room shown;
	uint32_t room;
	first_life(&life, &room);
	session_read(life.fake.session, room, 1);
	session_read(life.fake.session, room, 3); /* not there yet */
	assert_true(session_room(life.fake.session, room, &shown));
	assert_int_equal(shown.read, 1);
	room = life_again(&life, (struct session_config){ 0 });
	assert_true(session_room(life.fake.session, room, &shown));
	assert_int_equal(shown.read, 1);
	life_end(&life);
}

static void marks_of_the_host_and_of_the_store_go_together(void **state)
{
	struct life life;
	struct session_room shown;
	uint32_t room;
	first_life(&life, &room);
	session_read(life.fake.session, room, 1);
	room = life_again(&life, (struct session_config){ 0 });
	fake_connect(&life.fake);
	fake_joined(&life.fake, fake_take(&life.fake, WIRE_JOIN).join.request, 0, 1, 5);
	fake_send(&life.fake, &(struct message){ .type = WIRE_MARK, .mark = { FAKE_ROOM, 3 } });
	fake_event(&life.fake, SESSION_ROOM_JOINED);
	assert_int_equal(fake_event(&life.fake, SESSION_READ)->seq, 3);
	assert_true(session_room(life.fake.session, room, &shown));
	assert_int_equal(shown.read, 3);
	room = life_again(&life, (struct session_config){ 0 });
	assert_true(session_room(life.fake.session, room, &shown));
	assert_int_equal(shown.read, 3);
	life_end(&life);
}

/* Before it could be shown what was read last. */
static void nothing_is_shown_of_a_room_that_was_left(void **state)
{
	struct life life;
	uint32_t room;
	first_life(&life, &room);
	room = life_again(&life, (struct session_config){ .history = 10 });
	assert_int_equal(session_part(life.fake.session, room), 0);
	fake_event(&life.fake, SESSION_ROOM_PARTED);
	work(&life);
	fake_quiet(&life.fake);
	life_end(&life);
}

int main(void)
{
	setlocale(LC_ALL, "C.UTF-8");
	fault_vfs_register();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_was_missed_comes_exactly_behind_what_was_seen),
		TEST(what_there_is_no_memory_to_tell_of_is_told_by_the_host),
		TEST(a_room_that_one_left_begins_anew),
		TEST(old_messages_are_there_while_the_host_is_away),
		TEST(what_was_read_is_searched_while_the_host_is_away),
		TEST(read_marks_are_kept),
		TEST(marks_of_the_host_and_of_the_store_go_together),
		TEST(nothing_is_shown_of_a_room_that_was_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
