/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store: the search index. Whatever was posted, changed, deleted and let go of, the same is found as by looking at each
 * message; and what is deleted leaves nothing behind. */
#include "base/buffer.h"
#include "base/text.h"
#include "store/grams.h"
#include "store-folder.h"

#include <sqlite3.h>

enum { MESSAGES = 14000, TEXT_SPACE = 400, LONG = 5000 };

/* --- Numbers and lists */

static size_t grams(const char *text, uint32_t all[64])
{
	return grams_of_text(text, strlen(text), all, 64);
}

static void what_holds_a_text_has_its_numbers(void **state)
{
	static const char *const pairs[][2] = {
		{ "needle", "dle" }, { "needle", "needle" }, { "田中さんです", "中さ" }, { "x田中", "田中" }, { "x田中さ", "x田中" },
		{ "die straße am see", "ße a" }, { "ab中文cd", "b中文c" }, { "a b c", " b " },
	};
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		uint32_t all[64], part[64];
		size_t count = grams(pairs[i][0], all), of_part = grams(pairs[i][1], part);
		assert_true(of_part > 0);
		for (size_t k = 0; k < of_part; k++) {
			size_t at = 0;
			while (at < count && all[at] != part[k])
				at++;
			assert_true(at < count);
		}
	}
	uint32_t all[64];
	assert_int_equal(grams("", all), 0);
	assert_int_equal(grams("ab", all), 0);
	assert_int_equal(grams("中", all), 0);
	assert_int_equal(grams("中x", all), 0);
	assert_int_equal(grams_of_text("abcdef", 6, all, 2), 4);
}

static void a_needle_gives_each_number_once_and_no_more_than_are_needed(void **state)
{
	char text[101];
	for (size_t length = 3; length <= 100; length++) {
		uint32_t some[GRAM_OF_NEEDLE], all[100];
		for (size_t i = 0; i < length; i++)
			text[i] = (char)('0' + i * i % 75);
		size_t count = grams_of_needle(text, length, some), of_all = grams_of_text(text, length, all, 100);
		assert_int_equal(count, of_all < GRAM_OF_NEEDLE ? of_all : GRAM_OF_NEEDLE);
		for (size_t i = 0; i < count; i++) {
			size_t at = 0;
			while (at < of_all && all[at] != some[i])
				at++;
			assert_true(at < of_all);
			all[at] = 0; /* not again */
		}
	}
}

static void lists_hold_what_was_put_in_until_it_is_dropped(void **state)
{
	enum { COUNT = 20000 };
	static uint64_t entries[COUNT], spare[COUNT], copy[COUNT];
	struct buffer lists[GRAM_BUCKETS];
	size_t at = 0;
	srandom(5);
	for (size_t i = 0; i < COUNT; i++) {
		uint32_t gram = (uint32_t)(random() % 300) * 14000000u;
		copy[i] = entries[i] = gram_entry(gram, (uint32_t)random() % GRAM_BLOCK);
	}
	gram_sort(entries, spare, COUNT);
	for (size_t i = 1; i < COUNT; i++)
		assert_true(entries[i - 1] <= entries[i]);
	for (uint32_t i = 0; i < GRAM_BUCKETS; i++) {
		buffer_init(&lists[i], 1 << 20);
		assert_int_equal(gram_list_make(&lists[i], entries, COUNT, &at, i), 0);
	}
	assert_int_equal(at, COUNT);
	struct gram_set gone = { { 0 } };
	for (uint32_t place = 0; place < GRAM_BLOCK; place += 3)
		gram_set_add(&gone, place);
	for (int dropped = 0; dropped < 2; dropped++) {
		for (size_t i = 0; i < COUNT; i += 7) {
			uint32_t gram = (uint32_t)(copy[i] >> GRAM_BLOCK_BITS), place = (uint32_t)copy[i] % GRAM_BLOCK;
			const struct buffer *list = &lists[gram_bucket(gram)];
			struct gram_set found = { { 0 } };
			gram_list_find(buffer_data(list), buffer_length(list), gram, &found);
			assert_int_equal(gram_set_has(&found, place), dropped == 0 || place % 3 != 0);
			found = (struct gram_set){ { 0 } };
			gram_list_find(buffer_data(list), buffer_length(list), gram + 1, &found);
			assert_int_equal(gram_set_count(&found), 0);
		}
		for (uint32_t i = 0; i < GRAM_BUCKETS && dropped == 0; i++) {
			struct buffer left;
			bool changed;
			buffer_init(&left, 1 << 20);
			assert_int_equal(gram_list_drop(&left, buffer_data(&lists[i]), buffer_length(&lists[i]), &gone, &changed), 0);
			assert_int_equal(changed, buffer_length(&left) < buffer_length(&lists[i]));
			buffer_free(&lists[i]);
			lists[i] = left;
		}
	}
	for (uint32_t i = 0; i < GRAM_BUCKETS; i++)
		buffer_free(&lists[i]);
}

/* A database is a file like others: what is in it may be anything. */
static void a_pile_gives_back_each_number_of_each_message_slice_by_slice(void **state)
{
	enum { PLACES = 1000, EACH = 40, FROM = 300, MOST = 1 << 16 };
	static struct gram_pile pile;
	static uint32_t said[PLACES][EACH];
	gram_pile_init(&pile, MOST);
	srandom(6);
	for (uint32_t place = 0; place < PLACES; place += 1 + (uint32_t)random() % 3) {
		for (size_t i = 0; i < EACH; i++)
			said[place][i] = i % 2 == 0 || i < 4 ? (uint32_t)random() * 2u + 1 : said[place][i - 3];
		assert_true(gram_pile_add(&pile, place, said[place], EACH));
	}
	assert_true(pile.count < PLACES / 2 * EACH * 3 / 4); /* what a message has twice is there once */
	size_t widest = gram_pile_widest(&pile);
	uint64_t *entries = malloc(2 * widest * sizeof *entries);
	static struct gram_set found[PLACES];
	uint32_t last = 0;
	for (uint32_t slice = 0; slice < GRAM_SLICES; slice++) {
		size_t count = gram_pile_slice(&pile, FROM, slice, entries);
		assert_true(count <= widest);
		gram_sort(entries, entries + widest, count);
		for (size_t i = 0; i < count; i++) {
			uint32_t gram = (uint32_t)(entries[i] >> GRAM_BLOCK_BITS), place = (uint32_t)entries[i] % GRAM_BLOCK;
			assert_true(gram >= last);
			last = gram;
			bool is_said = false;
			for (size_t k = 0; k < EACH; k++)
				if (said[place][k] == gram) {
					gram_set_add(&found[place], (uint32_t)k);
					is_said = true;
				}
			assert_true(is_said);
		}
	}
	free(entries);
	for (uint32_t place = 0; place < PLACES; place++)
		assert_int_equal(gram_set_count(&found[place]), place < FROM || said[place][0] == 0 ? 0 : EACH);

	/* Full: nothing of it goes in, what fits does. */
	static uint32_t many[MOST];
	assert_false(gram_pile_add(&pile, PLACES, many, MOST));
	assert_true(gram_pile_add(&pile, PLACES, many, 1));
	gram_pile_free(&pile);
	assert_int_equal(gram_pile_slice(&pile, 0, 0, NULL), 0);
}

static void lists_that_make_no_sense_do_no_harm(void **state)
{
	srandom(6);
	for (int i = 0; i < 20000; i++) {
		uint8_t bytes[40];
		size_t length = (size_t)random() % sizeof bytes;
		struct gram_set found = { { 0 } };
		struct buffer left;
		bool changed;
		for (size_t k = 0; k < length; k++)
			bytes[k] = (uint8_t)(random() % 4 == 0 ? random() : random() % 6);
		gram_list_find(bytes, length, (uint32_t)random(), &found);
		buffer_init(&left, 1 << 16);
		assert_int_equal(gram_list_drop(&left, bytes, length, &found, &changed), 0);
		buffer_free(&left);
	}
}

/* --- The index of a history */

/* A room as it should be. */
struct model {
	uint64_t room, head, floor, counter;
	uint8_t kind[MESSAGES + 1];
	bool hidden[MESSAGES + 1]; /* edited since, or deleted */
	uint32_t target[MESSAGES + 1];
	char text[MESSAGES + 1][TEXT_SPACE];
	char *long_text; /* of LONG bytes, of the message with that seq */
	uint64_t long_seq;
};

static struct model model;

static void random_text(char text[TEXT_SPACE])
{
	static const char *const words[] = { "an", "ban", "bana", "na", "nab", " ", " ", "田", "中さ", "んで", "ス", "é", "Éa", "xyz", "zyx" };
	size_t length = 0;
	for (int i = (int)(random() % 12) + 1; i > 0; i--) {
		const char *word = words[(size_t)random() % (sizeof words / sizeof words[0])];
		length += (size_t)snprintf(text + length, TEXT_SPACE - length, "%s", word);
	}
}

/* Adds to the batch under construction and to the model. */
static void add(struct round *r, uint8_t kind, const char *text, uint64_t target)
{
	uint8_t field[8];
	struct buffer frame;
	struct block *block = r->parts[0].block;
	struct store_post *post = &r->posts[r->batch.post_count++];
	struct message message = { .type = WIRE_MSG,
		                   .msg = { .room = model.room, .id = { 7, ++model.counter }, .sender = 7, .kind = kind,
		                            .body = wire_text(text) } };
	wire_set(field, 8, target);
	if (target != 0)
		message.msg.target = (struct wire_bytes){ field, 8 };
	buffer_init(&frame, 1 << 16);
	assert_int_equal(message_encode(&frame, &message), 0);
	*post = (struct store_post){ .device = 7, .counter = model.counter, .hash = model.counter, .offset = block->length,
		                     .length = (uint32_t)buffer_length(&frame), .target = target, .blanks = kind == KIND_DELETE };
	assert_true(post->length <= block->capacity - block->length);
	memcpy(block->bytes + block->length, buffer_data(&frame), post->length);
	block->length += post->length;
	buffer_free(&frame);
	uint64_t seq = ++model.head;
	assert_true(seq <= MESSAGES);
	model.kind[seq] = kind;
	model.target[seq] = (uint32_t)target;
	snprintf(model.text[seq], TEXT_SPACE, "%s", text);
	for (uint64_t at = 1; target != 0 && kind != KIND_REACTION && at < seq; at++)
		if (at == target || (model.kind[at] == KIND_EDIT && model.target[at] == target))
			model.hidden[at] = true;
}

static void send(struct store *store, struct round *r)
{
	run(store, &r->batch.request, 0);
	for (size_t i = 0; i < r->batch.post_count; i++)
		assert_int_equal(r->posts[i].outcome, STORE_ACCEPTED);
	model.floor = r->parts[0].floor;
	assert_int_equal(r->parts[0].head, model.head);
	round_free(r);
}

static void fill(struct store *store, uint64_t until)
{
	char text[TEXT_SPACE];
	while (model.head < until) {
		struct round *r = round_new(model.room, 0);
		while (r->batch.post_count < POSTS && model.head < until) {
			random_text(text);
			uint64_t target = model.floor + (uint64_t)random() % (model.head + 1);
			bool reacts = random() % 16 == 0 && target <= model.head && model.kind[target] == KIND_TEXT;
			add(r, reacts ? KIND_REACTION : KIND_TEXT, text, reacts ? target : 0);
		}
		send(store, r);
	}
}

static int64_t number(const struct place *place, const char *sql)
{
	sqlite3 *handle;
	sqlite3_stmt *statement;
	assert_int_equal(sqlite3_open_v2(place->database, &handle, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	sqlite3_busy_timeout(handle, 10000);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
	int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return value;
}

/* Waits for all whole blocks. */
static void wait_indexed(const struct place *place)
{
	const struct timespec moment = { 0, 2000000 };
	int64_t wanted = (int64_t)((model.head + 1) / GRAM_BLOCK * GRAM_BLOCK);
	char sql[80];
	snprintf(sql, sizeof sql, "SELECT next FROM indexed WHERE room = %d", (int)model.room);
	for (int tries = 0; number(place, sql) < wanted; tries++) {
		assert_true(tries < 30000);
		nanosleep(&moment, NULL);
	}
}

static bool holds(uint64_t seq, const char *folded)
{
	struct buffer text;
	const char *body = seq == model.long_seq && model.long_text != NULL ? model.long_text : model.text[seq];
	buffer_init(&text, 1 << 20);
	assert_int_equal(text_search_fold(&text, body, strlen(body)), 0);
	assert_int_equal(buffer_put(&text, "", 1), 0);
	bool found = strstr((const char *)buffer_data(&text), folded) != NULL;
	buffer_free(&text);
	return found && model.kind[seq] != KIND_REACTION && model.kind[seq] != KIND_DELETE && !model.hidden[seq];
}

/* All hits, in pages of some, are those of the model. */
static void expect_found(struct store *store, const char *needle)
{
	struct store_read read = { .request = { .type = STORE_READ }, .room = model.room, .max_bytes = 1 << 16 };
	struct buffer folded;
	uint64_t due = model.head;
	buffer_init(&folded, STORE_TEXT_SIZE);
	assert_int_equal(text_search_fold(&folded, needle, strlen(needle)), 0);
	read.text_length = (uint16_t)buffer_length(&folded);
	memcpy(read.text, buffer_data(&folded), buffer_length(&folded));
	buffer_free(&folded);
	do {
		read.limit = 97;
		run(store, &read.request, 0);
		size_t at = 0;
		while (read.records != NULL && at < read.records->length) {
			struct frame frame;
			int size = frame_peek(&frame, read.records->bytes + at, read.records->length - at, WIRE_LIMIT);
			assert_true(size > 0);
			at += (size_t)size;
			uint64_t seq = wire_get(frame.payload + MSG_SEQ, 8);
			while (due > seq && !holds(due, read.text))
				due--;
			if (due != seq || !holds(seq, read.text))
				fail_msg("'%s': %llu was found, %llu was due", needle, (unsigned long long)seq, (unsigned long long)due);
			due--;
		}
		block_give(read.records);
		read.from = read.first;
	} while (read.more);
	for (; due >= model.floor && due > 0; due--)
		if (holds(due, read.text))
			fail_msg("'%s': %llu was not found", needle, (unsigned long long)due);
}

static void expect_all(struct store *store)
{
	static const char *const needles[] = { "banana", "naban", "an", "a", "田中さ", "中さんで", "さん", "スé", "éaxyz", "EAXYZ",
		                               "xyzzyx", "nab x", "no such thing", "ス中", "zyxban an" };
	for (size_t i = 0; i < sizeof needles / sizeof needles[0]; i++)
		expect_found(store, needles[i]);
}

static void open_model(struct store *store, const char *key)
{
	free(model.long_text);
	memset(&model, 0, sizeof model);
	model.room = open_room(store, key, true, 0).id;
	model.floor = 1;
	open_device(store, 7, 1);
	srandom(1);
}

static void an_indexed_history_finds_what_looking_at_each_message_finds(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	open_room(store, "another", true, 0);
	open_model(store, "a");
	fill(store, 3000);
	expect_all(store);
	/* One that is too long to be indexed is found all the same. */
	model.long_text = malloc(LONG + 1);
	model.long_seq = model.head + 1;
	for (size_t i = 0; i < LONG; i++)
		model.long_text[i] = (char)('a' + i * i * 7 % 26);
	memcpy(model.long_text + 3000, "zyxban an", 9);
	model.long_text[LONG] = '\0';
	struct round *r = round_new(model.room, 0);
	add(r, KIND_TEXT, model.long_text, 0);
	send(store, r);
	fill(store, 3 * GRAM_BLOCK + 300);
	wait_indexed(place);
	expect_all(store);
	assert_int_equal(number(place, "SELECT count(*) FROM gram WHERE id & 511 = 256"), 1);
	/* Where an index is to be made after all, it is. */
	store_free(store);
	sqlite3 *handle;
	assert_int_equal(sqlite3_open(place->database, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, "DELETE FROM gram; DELETE FROM indexed", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
	store = place_open(place, (struct store_sqlite_config){ 0 });
	open_room(store, "a", false, 0);
	open_device(store, 7, 1);
	expect_all(store);
	wait_indexed(place);
	expect_all(store);
	store_free(store);
	place_free(place);
}

static bool is_deleted(uint64_t target)
{
	for (uint64_t at = target + 1; at <= model.head; at++)
		if (model.kind[at] == KIND_DELETE && model.target[at] == target)
			return true;
	return false;
}

static void delete_first_block(struct store *store)
{
	for (uint64_t target = 1; target < GRAM_BLOCK;) {
		struct round *r = round_new(model.room, 0);
		for (; target < GRAM_BLOCK && r->batch.post_count < POSTS; target++)
			if (model.kind[target] == KIND_TEXT && !is_deleted(target))
				add(r, KIND_DELETE, "", target);
		if (r->batch.post_count > 0)
			send(store, r);
		else
			round_free(r);
	}
}

static void edited_and_deleted_words_are_not_found_and_leave_nothing(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	open_model(store, "a");
	fill(store, 2 * GRAM_BLOCK + 100);
	wait_indexed(place);
	/* Of any message, indexed or not; edits of edits too. */
	for (int i = 0; i < 20; i++) {
		struct round *r = round_new(model.room, 0);
		char text[TEXT_SPACE];
		while (r->batch.post_count < POSTS) {
			uint64_t target = 1 + (uint64_t)random() % (2 * GRAM_BLOCK);
			if (model.kind[target] != KIND_TEXT)
				continue;
			if (is_deleted(target))
				continue;
			random_text(text);
			if (random() % 2 == 0)
				add(r, KIND_DELETE, "", target);
			else
				add(r, KIND_EDIT, random() % 2 == 0 ? text : "xyzzyx", target);
		}
		send(store, r);
	}
	expect_all(store);
	/* When all of a block is deleted, no list of it is left. */
	int64_t lists = number(place, "SELECT count(*) FROM gram WHERE id >> 9 = (1 << 28)");
	assert_true(lists > 10);
	delete_first_block(store);
	assert_int_equal(number(place, "SELECT count(*) FROM gram WHERE id >> 9 = (1 << 28)"), 0);
	expect_all(store);
	store_free(store);
	place_free(place);
}

/* While its block is being made, that is. */
static void what_is_deleted_meanwhile_leaves_nothing_either(void **state)
{
	struct place *place = place_new();
	for (int i = 0; i < 3; i++) {
		char key[2] = { (char)('a' + i), '\0' }, sql[80];
		struct store *store = place_open(place, (struct store_sqlite_config){ .outcomes = 100000 });
		uint64_t counter = model.counter;
		open_model(store, key);
		model.counter = i == 0 ? 0 : counter;
		fill(store, GRAM_BLOCK + 10);
		delete_first_block(store);
		wait_indexed(place);
		snprintf(sql, sizeof sql, "SELECT count(*) FROM gram WHERE id >> 9 = (%d << 28)", i + 1);
		assert_int_equal(number(place, sql), 0);
		expect_found(store, "banana");
		store_free(store);
	}
	place_free(place);
}

static void what_is_not_kept_leaves_the_index(void **state)
{
	struct place *place = place_new();
	const struct store_sqlite_config config = { .keep_count = 2500 };
	struct store *store = place_open(place, config);
	open_model(store, "a");
	fill(store, 13000);
	wait_indexed(place);
	assert_int_equal(model.floor, 13000 - 2500 + 1);
	expect_all(store);
	/* Nothing of whole blocks that are gone */
	assert_int_equal(number(place, "SELECT count(*) FROM gram WHERE id >> 9 < (1 << 28) + 2"), 0);
	assert_true(number(place, "SELECT count(*) FROM gram") > 0);
	store_free(store);
	place_free(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_holds_a_text_has_its_numbers),
		cmocka_unit_test(a_needle_gives_each_number_once_and_no_more_than_are_needed),
		cmocka_unit_test(lists_hold_what_was_put_in_until_it_is_dropped),
		cmocka_unit_test(a_pile_gives_back_each_number_of_each_message_slice_by_slice),
		cmocka_unit_test(lists_that_make_no_sense_do_no_harm),
		cmocka_unit_test(an_indexed_history_finds_what_looking_at_each_message_finds),
		cmocka_unit_test(edited_and_deleted_words_are_not_found_and_leave_nothing),
		cmocka_unit_test(what_is_deleted_meanwhile_leaves_nothing_either),
		cmocka_unit_test(what_is_not_kept_leaves_the_index),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(model.long_text);
	return failed;
}
