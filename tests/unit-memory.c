/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host, client and their stores: one long conversation, in which memory runs out at each allocation in turn. Nothing
 * may crash; when memory is there again all comes to rest, and what was accepted is in the history, once, in its place.
 * MEMORY_STEP=1 tries all allocations, MEMORY_AT=n one of them; MEMORY_COUNT=k has k of them fail; MEMORY_TESTS is a
 * pattern of the tests' names. */
#include "config.h"

#include "memory-world.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_VALGRIND_VALGRIND_H
#include <valgrind/valgrind.h>
#endif
#ifdef HAVE_SQLITE
#include "client-folder.h"
#include "fault_vfs.h"
#include "store/sqlite_look.h"
#endif

enum { ROOMS = 8, PATIENCE = 400 };

/* --- What they do */

static uint32_t room_of(const struct person *p, const char *name)
{
	uint32_t room = session_room_find(p->session, name, false);
	return room != 0 ? room : session_room_find(p->session, name, true);
}

/* Returns the post's number. */
static unsigned post_about(struct world *w, int who, const char *room, int kind, uint64_t target, uint64_t reply)
{
	struct person *p = &w->people[who];
	char text[64] = "", ref[16];
	unsigned number = w->post_count++;
	assert_true(number < POSTS);
	snprintf(ref, sizeof ref, "%u", number);
	if (kind != KIND_DELETE) /* with an ä, which takes memory to be looked for */
		snprintf(text, sizeof text, "p%u of %s, \303\244", number, p->nick);
	w->posts[number].who = who;
	session_post_about(p->session, room_of(p, room), (uint8_t)kind, text, strlen(text), target, reply, ref);
	settle(w);
	return number;
}

static unsigned post(struct world *w, int who, const char *room, int kind)
{
	return post_about(w, who, room, kind, 0, 0);
}

static void act(struct world *w, enum wire_moderation action, const char *room, const char *nick)
{
	struct person *p = &w->people[OWNER];
	const struct session_act act = { .action = action,
		                         .room = room == NULL ? 0 : room_of(p, room),
		                         .nick = nick,
		                         .reason = action == MODERATE_KICK ? "a reason" : NULL,
		                         .seconds = action == MODERATE_MUTE ? 60 : 0 };
	session_moderate(p->session, &act);
	settle(w);
}

static void come(struct world *w)
{
	uint8_t token[TRUST_TOKEN_SIZE], public[TRUST_PUBLIC_SIZE];
	struct person *people = w->people;
	token_of(token);
	person_begin(w, &people[OWNER]);
	session_join(people[OWNER].session, "lobby");
	settle(w);
	trust_token_public(token, public);
	session_invite(people[OWNER].session, INVITE_HOST, 1, 0, "den", public);
	settle(w);
	session_invitations(people[OWNER].session);
	for (int i = GUEST; i < PEOPLE; i++) {
		person_begin(w, &people[i]);
		session_join(people[i].session, "lobby");
		session_join(people[i].session, "den");
		settle(w);
	}
	session_join(people[OWNER].session, "den");
	session_join_private(people[OWNER].session, "attic");
	pass(w, TCHAT_SECONDS(1));
	act(w, MODERATE_CALL, "attic", "ben");
	session_join(people[GUEST].session, "attic");
	settle(w);
}

static void talk(struct world *w)
{
	static const char *const rooms[] = { "lobby", "den", "attic" };
	struct person *people = w->people;
	for (int i = 0; i < 9; i++)
		post(w, i % PEOPLE, rooms[i % 2], i == 3 ? KIND_TOPIC : i == 4 ? KIND_ACTION : KIND_TEXT);
	post(w, OWNER, "attic", KIND_TEXT);
	post(w, GUEST, "attic", KIND_TEXT);
	unsigned first = post(w, GUEST, "den", KIND_TEXT);
	uint64_t seq = w->posts[first].seq;
	post_about(w, GUEST, "den", KIND_EDIT, seq, 0);
	post_about(w, FRIEND, "den", KIND_REACTION, seq, 0);
	post_about(w, FRIEND, "den", KIND_TEXT, 0, seq);
	unsigned second = post(w, FRIEND, "den", KIND_TEXT);
	post_about(w, FRIEND, "den", KIND_DELETE, w->posts[second].seq, 0);
	session_nick(people[GUEST].session, "bob");
	session_away(people[FRIEND].session, true, "tea");
	session_open_direct(people[OWNER].session, "cat");
	pass(w, TCHAT_SECONDS(1));
	post(w, OWNER, "cat", KIND_TEXT);
	post(w, FRIEND, "ann", KIND_TEXT);
	unsigned third = w->post_count++;
	char text[64], ref[16];
	snprintf(text, sizeof text, "p%u of cat", third);
	snprintf(ref, sizeof ref, "%u", third);
	int64_t counter = session_post(people[FRIEND].session, room_of(&people[FRIEND], "lobby"), KIND_TEXT, text, strlen(text),
	                               ref);
	w->posts[third].who = FRIEND;
	w->posts[third].cancelled = counter > 0 && session_cancel(people[FRIEND].session, (uint64_t)counter) == 0;
	settle(w);
}

static void ask(struct world *w)
{
	struct person *people = w->people;
	for (int i = 0; i < PEOPLE; i++) {
		struct session *session = people[i].session;
		uint32_t den = room_of(&people[i], "den");
		session_history(session, den, 0, 4, 1);
		session_search(session, den, "\303\204", 0, 10, 2);
		session_names(session, den);
		session_read(session, den, 3);
		session_whois(session, "ann");
		session_ping(session, "x", 1, w->now);
		pass(w, TCHAT_SECONDS(2));
	}
	session_status(people[OWNER].session);
	session_backup(people[OWNER].session);
	pass(w, TCHAT_SECONDS(2));
}

static void moderate(struct world *w)
{
	struct person *people = w->people;
	act(w, MODERATE_MUTE, "den", "cat");
	post(w, FRIEND, "den", KIND_TEXT);
	act(w, MODERATE_UNMUTE, "den", "cat");
	act(w, MODERATE_OP, "den", "bob");
	act(w, MODERATE_RESERVE, NULL, "nobody");
	act(w, MODERATE_KICK, "den", "cat");
	act(w, MODERATE_BAN, NULL, "cat");
	session_rules(people[OWNER].session, 0);
	session_audit(people[OWNER].session, 0, 0, 20, 3);
	settle(w);
	act(w, MODERATE_UNBAN, NULL, "cat");
	act(w, MODERATE_RELEASE, NULL, "nobody");
	act(w, MODERATE_DEOP, "den", "bob");
	session_retry_now(people[FRIEND].session);
	pass(w, TCHAT_SECONDS(2));
	session_join(people[FRIEND].session, "lobby");
	session_join(people[FRIEND].session, "den");
	settle(w);
}

/* Connections break, people and the host end and come back. */
static void come_back(struct world *w)
{
	struct person *people = w->people;
	person_break(w, &people[GUEST]);
	post(w, GUEST, "den", KIND_TEXT);
	post(w, OWNER, "den", KIND_TEXT);
	pass(w, TCHAT_SECONDS(2));
	post(w, GUEST, "lobby", KIND_TEXT);
	if (people[GUEST].keeps) {
		settle(w);
		person_end(w, &people[GUEST]);
		post(w, OWNER, "den", KIND_TEXT);
		person_begin(w, &people[GUEST]);
		session_join(people[GUEST].session, "den");
		settle(w);
		session_history(people[GUEST].session, room_of(&people[GUEST], "den"), 0, 5, 4);
		pass(w, TCHAT_SECONDS(2));
	}
	for (int i = 0; i < PEOPLE; i++)
		person_break(w, &people[i]);
	host_end(w);
	host_begin(w);
	pass(w, TCHAT_SECONDS(2));
	post(w, FRIEND, "lobby", KIND_TEXT);
	session_part(people[GUEST].session, room_of(&people[GUEST], "lobby"));
	settle(w);
	if (session_ready(people[FRIEND].session)) /* who is shut out would not wait for an answer */
		session_leave(people[FRIEND].session);
	pass(w, TCHAT_SECONDS(1));
}

/* --- Afterwards */

/* With memory again: all is said and answered. */
static bool rests(const struct world *w)
{
	for (int i = 0; i < PEOPLE; i++) {
		const struct person *p = &w->people[i];
		if (p->session != NULL && session_pending(p->session) > 0)
			return false;
		if (p->session != NULL && i != FRIEND && !session_ready(p->session))
			return false;
	}
	return true;
}

static void heal(struct world *w)
{
	struct session *owner = w->people[OWNER].session;
	for (int i = 0; i < 3 || !rests(w); i++) {
		REQUIRE(w, i < PATIENCE);
		for (int k = 0; k < PEOPLE; k++) {
			struct person *p = &w->people[k];
			if (session_final(p->session))
				session_retry_now(p->session);
			if (session_waiting(p->session) && session_ready(owner))
				session_door(owner, p->pin.bytes, true);
		}
		if (i % 8 == 0) {
			act(w, MODERATE_UNBAN, NULL, "cat");
			act(w, MODERATE_UNMUTE, "den", "cat");
		}
		pass(w, TCHAT_SECONDS(1));
	}
}

static void look_at(struct world *w, uint64_t seq, const uint8_t *record, size_t length)
{
	struct frame frame;
	struct message message;
	unsigned number = POSTS;
	REQUIRE(w, seq == w->next);
	w->next++;
	REQUIRE(w, frame_peek(&frame, record, length, WIRE_LIMIT) == (int)length && frame.type == WIRE_MSG);
	REQUIRE(w, message_decode(&message, frame.type, frame.payload, frame.length) == 0);
	const struct wire_msg *msg = &message.msg;
	REQUIRE(w, msg->seq == seq && msg->room == w->room);
	for (unsigned i = 0; i < w->post_count; i++)
		if (w->posts[i].acked && w->posts[i].id.device == msg->id.device && w->posts[i].id.counter == msg->id.counter)
			number = i;
	if (number < POSTS)
		REQUIRE(w, w->posts[number].seq == seq);
	char text[64] = "";
	unsigned told = POSTS;
	if (msg->kind != KIND_DELETE && (msg->flags & MSG_BLANK) == 0 && wire_copy(text, sizeof text, msg->body)) {
		REQUIRE(w, sscanf(text, "p%u of", &told) == 1 && told < w->post_count);
		REQUIRE(w, number == POSTS || number == told);
		number = told;
	}
	if (number < POSTS)
		w->posts[number].found++;
}

#ifdef HAVE_SQLITE
/* Folders are not flushed either. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	return 0;
}

static int look_at_record(void *arg, uint64_t seq, const uint8_t *record, size_t length)
{
	look_at(arg, seq, record, length);
	return 0;
}

static void look_fault(void *arg, const char *text)
{
	fail_msg("%s, allocation %ld: %s", ((struct world *)arg)->what, ((struct world *)arg)->at, text);
}

static void look_at_disk(struct world *w)
{
	struct look *look;
	struct look_counts counts;
	char why[LOOK_WHY_SIZE];
	REQUIRE(w, look_open(&look, w->folder, why) == 0);
	REQUIRE(w, look_check(look, &counts, look_fault, w) == 0);
	for (w->room = 1; w->room <= counts.rooms; w->room++) {
		w->next = 1;
		REQUIRE(w, look_records(look, w->room, look_at_record, w) == 0);
	}
	look_close(look);
}
#endif

static void look_at_memory(struct world *w)
{
	for (w->room = 1; w->room < ROOMS; w->room++) {
		struct store_read read = { .request = { .type = STORE_READ }, .room = w->room, .from = 1, .limit = 256,
			                   .max_bytes = 1 << 20, .forward = true };
		store_submit(w->store, &read.request);
		REQUIRE(w, store_completed(w->store) == &read.request);
		if (read.request.error != 0)
			continue;
		const uint8_t *at = read.records == NULL ? NULL : read.records->bytes;
		struct frame frame;
		REQUIRE(w, !read.more && read.floor == 1);
		for (w->next = 1; w->next <= read.head;) {
			int length = frame_peek(&frame, at, read.records->length, WIRE_LIMIT);
			look_at(w, w->next, at, (size_t)length);
			at += length;
		}
		block_give(read.records);
	}
}

static void check_history(struct world *w)
{
#ifdef HAVE_SQLITE
	if (w->on_disk)
		look_at_disk(w);
#endif
	if (!w->on_disk)
		look_at_memory(w);
	for (unsigned i = 0; i < w->post_count; i++) {
		const struct post *post = &w->posts[i];
		bool is_there = post->acked && !post->cancelled;
		REQUIRE(w, post->found <= 1 && (!is_there || post->found == 1) && (!post->refused || post->found == 0));
		REQUIRE(w, !post->taken || post->acked || post->refused);
	}
}

/* A fresh host over what is kept, and somebody with nothing but a key, finds it and goes on. */
static void check_serves(struct world *w)
{
	struct person *p = &w->people[OWNER];
	host_begin(w);
	p->keeps = false;
	person_begin(w, p);
	session_join(p->session, "lobby");
	pass(w, TCHAT_SECONDS(1));
	REQUIRE(w, session_ready(p->session));
	unsigned number = post(w, OWNER, "lobby", KIND_TEXT);
	REQUIRE(w, w->posts[number].acked);
	for (unsigned i = 0; i < number; i++)
		w->posts[i].found = 0;
	person_end(w, p);
	settle(w);
	host_end(w);
}

/* --- The whole, again and again */

/* With enough memory only who was muted is refused: else what is tried here would not be what it looks like. */
static void check_all_went_well(struct world *w)
{
	unsigned refused = 0;
	for (unsigned i = 0; i < w->post_count; i++) {
		const struct post *post = &w->posts[i];
		REQUIRE(w, post->taken && (post->acked || post->refused));
		refused += post->refused && !post->cancelled;
	}
	REQUIRE(w, refused == 1 && w->restarts == 0);
}

static void world_run(struct world *w, long count)
{
	memory_fail(w->at, count);
	host_begin(w);
	come(w);
	talk(w);
	ask(w);
	moderate(w);
	come_back(w);
	if (memory_pause() <= w->at)
		check_all_went_well(w);
	heal(w);
	for (int i = 0; i < PEOPLE; i++) {
		session_leave(w->people[i].session);
		settle(w);
		person_end(w, &w->people[i]);
	}
	settle(w);
	host_end(w);
	check_history(w);
	check_serves(w);
	if (!w->on_disk)
		store_free(w->store);
}

static long number_of(const char *name, long otherwise)
{
	const char *text = getenv(name);
	return text != NULL && text[0] != '\0' ? strtol(text, NULL, 10) : otherwise;
}

/* Under valgrind all takes thirty times as long. */
static long hurry(void)
{
#ifdef RUNNING_ON_VALGRIND
	return RUNNING_ON_VALGRIND > 0 ? 10 : 1;
#else
	return 1;
#endif
}

/* Each step-th allocation fails, and count - 1 after it; until one run needs fewer. */
static void try_each(const char *what, bool on_disk, long step, long count)
{
	static struct world world;
	long at = number_of("MEMORY_AT", -1), most = at >= 0 ? at : LONG_MAX / 2, tried = 0;
	unsigned breaks = 0, restarts = 0;
	bool failed = true;
	step = number_of("MEMORY_STEP", step * hurry());
	count = number_of("MEMORY_COUNT", count);
	for (at = at >= 0 ? at : step / 2; failed && at <= most; at += step) {
		world_begin(&world, what, on_disk, at);
#ifdef HAVE_SQLITE
		struct client_place place;
		if (on_disk) {
			client_place_make(&place);
			snprintf(world.folder, sizeof world.folder, "%s/history", place.top);
			snprintf(world.clients, sizeof world.clients, "%s/clients", place.top);
		}
#endif
		world_run(&world, count);
		failed = memory_failed();
		tried += failed;
		breaks += world.breaks;
		restarts += world.restarts;
#ifdef HAVE_SQLITE
		if (on_disk)
			temporary_folder_delete(place.top);
#endif
	}
	print_message("%s: %ld of %ld allocations tried, %u connections lost, %u hosts ended\n", what, tried, memory_pause(),
	              breaks, restarts);
	assert_true(tried > 0);
}

static void memory_that_is_out_for_a_moment_costs_no_message(void **state)
{
	try_each("in memory", false, 7, 1);
}

static void memory_that_is_out_for_a_while_costs_no_message(void **state)
{
	try_each("in memory, a while", false, 11, 25);
}

#ifdef HAVE_SQLITE
static void memory_that_is_out_for_a_moment_costs_no_message_on_disk(void **state)
{
	try_each("on disk", true, 251, 1);
}

static void memory_that_is_out_for_a_while_costs_no_message_on_disk(void **state)
{
	try_each("on disk, a while", true, 503, 25);
}
#endif

int main(void)
{
#ifdef HAVE_SQLITE
	memory_of_sqlite();
	fault_vfs_register();
	faults.hasty = 1;
#endif
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_is_out_for_a_moment_costs_no_message),
		cmocka_unit_test(memory_that_is_out_for_a_while_costs_no_message),
#ifdef HAVE_SQLITE
		cmocka_unit_test(memory_that_is_out_for_a_moment_costs_no_message_on_disk),
		cmocka_unit_test(memory_that_is_out_for_a_while_costs_no_message_on_disk),
#endif
	};
	cmocka_set_test_filter(getenv("MEMORY_TESTS"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
