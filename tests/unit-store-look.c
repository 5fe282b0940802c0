/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store: a history that is looked at from outside, whole and with faults of each kind. */
#include "store-folder.h"
#include "store/sqlite_look.h"

#include <sqlite3.h>

struct faults {
	int count;
	char text[4096];
};

static void note_fault(void *arg, const char *text)
{
	struct faults *faults = arg;
	assert_null(strchr(text, '\n'));
	faults->count++;
	snprintf(faults->text + strlen(faults->text), sizeof faults->text - strlen(faults->text), "%s\n", text);
}

static struct look *look_at(const struct place *place)
{
	char why[LOOK_WHY_SIZE] = "";
	struct look *look;
	if (look_open(&look, place->path, why) != 0)
		fail_msg("%s", why);
	return look;
}

static struct look_counts check(const struct place *place, struct faults *faults)
{
	struct look_counts counts;
	struct look *look = look_at(place);
	*faults = (struct faults){ .count = 0 };
	assert_int_equal(look_check(look, &counts, note_fault, faults), 0);
	look_close(look);
	return counts;
}

/* Rooms a and b with messages of devices 7 and 8. */
static void fill(struct store *store)
{
	uint64_t a = open_room(store, "a", true, 0).id, b = open_room(store, "b", true, 0).id;
	open_room(store, "empty", true, 0);
	open_device(store, 7, 1);
	open_device(store, 8, 1);
	for (uint64_t i = 1; i <= 20; i++) {
		post(store, a, 7, i, "from seven");
		post(store, i % 2 == 0 ? a : b, 8, i, "from eight");
	}
}

static struct place *place_filled(struct store_sqlite_config config)
{
	struct place *place = place_new();
	struct store *store = place_open(place, config);
	fill(store);
	store_free(store);
	return place;
}

static int note_room(void *arg, const struct look_room *room)
{
	char *text = arg;
	snprintf(text + strlen(text), 200 - strlen(text), "%d %s %d-%d;", (int)room->id, room->name, (int)room->floor,
	         (int)room->head);
	return 0;
}

static int note_record(void *arg, uint64_t seq, const uint8_t *record, size_t length)
{
	uint64_t *next = arg;
	assert_int_equal(seq, *next);
	assert_int_equal(wire_get(record + FRAME_HEADER + MSG_SEQ, 8), seq);
	assert_true(length > RECORD);
	++*next;
	return seq == 20 ? 99 : 0;
}

static void a_look_beside_a_host_sees_one_moment(void **state)
{
	struct place *place = place_new();
	struct store *store = place_open(place, (struct store_sqlite_config){ 0 });
	fill(store);
	struct look *look = look_at(place);
	char rooms[200] = "";
	uint64_t next = 1;
	struct faults faults = { .count = 0 };
	struct look_counts counts;
	post(store, open_room(store, "a", true, 0).id, 7, 21, "later");
	assert_int_equal(look_rooms(look, note_room, rooms), 0);
	assert_string_equal(rooms, "1 a 1-30;2 b 1-10;3 empty 1-0;");
	assert_int_equal(look_records(look, 1, note_record, &next), 99);
	next = 1;
	assert_int_equal(look_records(look, 2, note_record, &next), 0);
	assert_int_equal(next, 11);
	assert_int_equal(look_check(look, &counts, note_fault, &faults), 0);
	assert_string_equal(faults.text, "");
	assert_int_equal(counts.messages, 40);
	assert_int_equal(counts.rooms, 3);
	assert_int_equal(counts.devices, 2);
	look_close(look);
	assert_int_equal(check(place, &faults).messages, 41);
	store_free(store);
	place_free(place);
}

static void what_was_let_go_is_no_fault(void **state)
{
	struct place *place = place_filled((struct store_sqlite_config){ .keep_count = 7, .outcomes = 5 });
	struct faults faults;
	assert_int_equal(check(place, &faults).messages, 14);
	assert_string_equal(faults.text, "");
	place_free(place);
}

static void damage(const struct place *place, const char *text)
{
	sqlite3 *handle;
	char *error = NULL;
	assert_int_equal(sqlite3_open(place->database, &handle), SQLITE_OK);
	if (sqlite3_exec(handle, text, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", text, error);
	sqlite3_close(handle);
}

static void each_fault_is_found(void **state)
{
	static const struct {
		const char *sql, *words;
	} cases[] = {
		{ "DELETE FROM message WHERE id = (1 << 40) + 5", "messages 5 to 5 are missing" },
		{ "DELETE FROM message WHERE id BETWEEN (1 << 40) + 5 AND (1 << 40) + 8", "messages 5 to 8 are missing" },
		{ "DELETE FROM message WHERE id = (1 << 40) + 1", "messages 1 to 1 are missing" },
		{ "DELETE FROM message WHERE id = (1 << 40) + 30", "ends with message 29, not 30" },
		{ "UPDATE room SET floor = 3 WHERE id = 1", "message 1 should not be kept" },
		{ "UPDATE room SET head = 31 WHERE id = 1", "ends with message 30, not 31" },
		{ "UPDATE room SET floor = 40 WHERE id = 1", "bounds make no sense" },
		{ "DELETE FROM room WHERE id = 2", "in no room: 10" },
		{ "UPDATE message SET record = x'00' WHERE id = (1 << 40) + 5", "message 5: it cannot be read" },
		{ "UPDATE message SET record = (SELECT record FROM message WHERE id = (1 << 40) + 6) WHERE id = (1 << 40) + 5",
		  "message 5: it cannot be read" },
		{ "UPDATE outcome SET seq = 3 WHERE device = 7 AND counter = 9", "was told something else" },
		{ "UPDATE outcome SET code = 3 WHERE device = 7 AND counter = 9", "was told something else" },
		{ "UPDATE outcome SET room = 2 WHERE device = 7 AND counter = 9", "was told something else" },
		{ "UPDATE device SET mark = 19 WHERE id = 7", "beyond its mark: 1" },
		{ "DELETE FROM device WHERE id = 7", "beyond its mark: 20" },
		/* The first two of device 7 change places, their numbers apart. */
		{ "CREATE TABLE t AS SELECT id, record FROM message WHERE id IN ((1 << 40) + 1, (1 << 40) + 2);"
		  "UPDATE message SET record = (SELECT substr(o.record, 1, 20) || substr(t.record, 21) FROM t, t AS o "
		  "WHERE t.id <> message.id AND o.id = message.id) WHERE id IN (SELECT id FROM t); DROP TABLE t",
		  "not in their order" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct place *place = place_filled((struct store_sqlite_config){ 0 });
		struct faults faults;
		damage(place, cases[i].sql);
		check(place, &faults);
		if (strstr(faults.text, cases[i].words) == NULL)
			fail_msg("%s: '%s' does not say '%s'", cases[i].sql, faults.text, cases[i].words);
		place_free(place);
	}
}

static void broken_pages_are_told_and_do_not_stop_it(void **state)
{
	struct place *place = place_filled((struct store_sqlite_config){ 0 });
	struct faults faults;
	int fd = open(place->database, O_WRONLY);
	struct stat status;
	assert_int_equal(fstat(fd, &status), 0);
	for (off_t page = 2 * 4096; page < status.st_size; page += 4096)
		assert_int_equal(pwrite(fd, "not a page", 10, page), 10);
	close(fd);
	check(place, &faults);
	assert_true(faults.count > 1);
	place_free(place);
}

static void what_is_no_history_is_refused(void **state)
{
	struct place *place = place_new();
	char why[LOOK_WHY_SIZE];
	struct look *look;
	assert_int_equal(look_open(&look, place->path, why), TCHAT_ERR_NOT_FOUND);
	assert_non_null(strstr(why, place->database));
	store_free(place_open(place, (struct store_sqlite_config){ 0 }));
	damage(place, "PRAGMA user_version = 9");
	assert_int_equal(look_open(&look, place->path, why), TCHAT_ERR_ARGUMENT);
	assert_non_null(strstr(why, "newer"));
	damage(place, "PRAGMA application_id = 9");
	assert_int_equal(look_open(&look, place->path, why), TCHAT_ERR_ARGUMENT);
	assert_non_null(strstr(why, "no history"));
	int fd = open(place->database, O_WRONLY | O_TRUNC);
	for (int i = 0; i < 512; i++)
		assert_int_equal(write(fd, "12345678", 8), 8);
	close(fd);
	assert_int_equal(look_open(&look, place->path, why), TCHAT_ERR_ARGUMENT);
	assert_null(look);
	place_free(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_look_beside_a_host_sees_one_moment),
		cmocka_unit_test(what_was_let_go_is_no_fault),
		cmocka_unit_test(each_fault_is_found),
		cmocka_unit_test(broken_pages_are_told_and_do_not_stop_it),
		cmocka_unit_test(what_is_no_history_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
