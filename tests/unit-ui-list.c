/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ui: the list of messages, and how they are wrapped. */
#include "shown-messages.h"
#include "ui/message_wrap.h"

#include <locale.h>

static void a_list_keeps_its_newest_messages(void **state)
{
	struct message_list *list = message_list_new(100, 200);
	for (unsigned i = 0; i < 1000; i++)
		append_number(list, i);
	assert_int_equal(message_list_count(list), 100);
	assert_string_equal(message_list_get(list, message_list_first(list))->text, "message 900");
	assert_string_equal(message_list_get(list, message_list_end(list) - 1)->text, "message 999");
	assert_null(message_list_get(list, message_list_first(list) - 1));
	assert_null(message_list_get(list, message_list_end(list)));
	message_list_free(list);
}

static void a_pin_holds_messages_up_to_the_maximum(void **state)
{
	struct message_list *list = message_list_new(100, 200);
	uint64_t pin = 0;
	for (unsigned i = 0; i < 100; i++)
		pin = append_number(list, i);
	message_list_pin(list, pin - 50);
	for (unsigned i = 100; i < 180; i++)
		append_number(list, i);
	assert_int_equal(message_list_first(list), pin - 50);
	for (unsigned i = 180; i < 1000; i++)
		append_number(list, i);
	assert_int_equal(message_list_count(list), 200);
	message_list_pin(list, 0);
	append_number(list, 1000);
	assert_int_equal(message_list_count(list), 100);
	message_list_free(list);
}

static void history_goes_to_the_front_and_stops_at_the_maximum(void **state)
{
	struct message_list *list = message_list_new(10, 15);
	uint64_t kept = append(list, "live");
	for (unsigned i = 0; i < 14; i++) {
		char text[32];
		snprintf(text, sizeof text, "older %u", i);
		struct shown_message message = text_message("bo", text);
		assert_int_equal(message_list_prepend(list, &message), kept - i - 1);
	}
	struct shown_message more = text_message("bo", "too much");
	assert_int_equal(message_list_prepend(list, &more), 0);
	assert_string_equal(message_list_get(list, kept)->text, "live");
	assert_string_equal(message_list_get(list, message_list_first(list))->text, "older 13");
	message_list_free(list);
}

static void messages_are_found_and_changed(void **state)
{
	struct message_list *list = message_list_new(10, 10);
	struct shown_message message = text_message("joris", "under way");
	message.token = 77;
	message.state = MESSAGE_PENDING;
	uint64_t serial = message_list_append(list, &message);
	append(list, "other");
	assert_int_equal(message_list_find_token(list, 77), serial);
	assert_int_equal(message_list_find_token(list, 78), 0);
	assert_int_equal(message_list_find_token(list, 0), 0);
	assert_true(message_list_set_state(list, serial, MESSAGE_ACCEPTED, 4711));
	assert_int_equal(message_list_get(list, serial)->state, MESSAGE_ACCEPTED);
	assert_int_equal(message_list_find_seq(list, 4711), serial);
	assert_true(message_list_set_text(list, serial, "edited\x1B", 7));
	assert_string_equal(message_list_get(list, serial)->text, "edited\xEF\xBF\xBD");
	assert_string_equal(message_list_get(list, serial)->nick, "joris");
	assert_int_equal(message_list_get(list, serial)->change, 1);
	assert_false(message_list_set_state(list, serial - 1, MESSAGE_FAILED, 0));
	message_list_clear(list);
	assert_int_equal(message_list_count(list), 0);
	assert_int_equal(append(list, "again"), serial + 2);
	message_list_free(list);
}

static void what_is_removed_leaves_no_gap(void **state)
{
	struct message_list *list = message_list_new(10, 10);
	uint64_t first = append(list, "one");
	append(list, "two");
	append(list, "three");
	append(list, "four");
	message_list_set_unread(list, first + 3);
	assert_true(message_list_remove(list, first + 1));
	assert_int_equal(message_list_count(list), 3);
	assert_string_equal(message_list_get(list, first)->text, "one");
	assert_string_equal(message_list_get(list, first + 1)->text, "three");
	assert_int_equal(message_list_get(list, first + 1)->serial, first + 1);
	assert_true(message_list_get(list, first + 1)->change > 0);
	assert_string_equal(message_list_get(list, first + 2)->text, "four");
	assert_int_equal(message_list_unread(list), first + 2);
	assert_false(message_list_remove(list, first + 3));
	uint64_t last = append(list, "five");
	assert_int_equal(last, first + 3);
	assert_true(message_list_get(list, last)->change > 0); /* the serial was another's */
	assert_true(message_list_remove(list, last));
	assert_true(message_list_remove(list, first));
	assert_string_equal(message_list_get(list, first)->text, "three");
	assert_int_equal(message_list_unread(list), first + 1);
	message_list_free(list);
}

static void assert_body(const struct message_list *list, uint64_t serial, const char *text, const char *body)
{
	size_t length;
	const struct shown_message *message = message_list_get(list, serial);
	const char *at = message_body(message, &length);
	assert_string_equal(message->text, text);
	assert_int_equal(length, strlen(body));
	assert_memory_equal(at, body, length);
}

static void what_stands_around_a_text_changes_without_it(void **state)
{
	struct message_list *list = message_list_new(10, 10), *other = message_list_new(10, 10);
	struct shown_message message = text_message("ann", "said");
	message.quote = "> bob: \033asked";
	message.quote_length = strlen(message.quote);
	message.seq = 7;
	uint64_t serial = message_list_append(list, &message);
	uint32_t change = message_list_get(list, serial)->change;
	assert_body(list, serial, "> bob: �asked\nsaid", "said");
	assert_true(message_list_set_frame(list, serial, NULL, "ok\n2"));
	assert_body(list, serial, "> bob: �asked\nsaid ok↵2", "said");
	assert_true(message_list_get(list, serial)->change != change);
	assert_true(message_list_set_text(list, serial, "a\nb", 3));
	assert_body(list, serial, "> bob: �asked\na\nb ok↵2", "a\nb");
	/* A copy into another list is the same again. */
	uint64_t copy = message_list_append(other, message_list_get(list, serial));
	assert_body(other, copy, "> bob: �asked\na\nb ok↵2", "a\nb");
	assert_true(message_list_set_frame(list, serial, "", ""));
	assert_body(list, serial, "a\nb", "a\nb");
	assert_true(message_list_set_deleted(list, serial, "(gone)"));
	assert_body(list, serial, "(gone)", "(gone)");
	assert_true(message_list_get(list, serial)->deleted);
	assert_int_equal(message_list_find_seq(list, 7), serial);
	message_list_free(list);
	message_list_free(other);
}

static void wraps(const char *text, int columns, const char *const *rows, size_t count)
{
	size_t length = strlen(text), start = 0;
	for (size_t i = 0; i < count; i++) {
		struct wrap_row row = wrap_row(text, length, start, columns);
		assert_int_equal(row.end - start, strlen(rows[i]));
		assert_memory_equal(text + start, rows[i], row.end - start);
		assert_int_equal(row.last, i + 1 == count);
		start = row.next;
	}
}

#define WRAPS(text, columns, ...)                                                             \
	do {                                                                                  \
		static const char *const rows[] = { __VA_ARGS__ };                            \
		wraps(text, columns, rows, sizeof rows / sizeof rows[0]);                     \
	} while (0)

static void rows_break_between_words_and_never_inside_a_cluster(void **state)
{
	WRAPS("", 10, "");
	WRAPS("one two three", 20, "one two three");
	WRAPS("one two three", 7, "one two", "three");
	WRAPS("one two three", 8, "one two", "three");
	WRAPS("one two three", 6, "one", "two", "three");
	WRAPS("one    two", 5, "one", "two");
	WRAPS("abcdefgh", 3, "abc", "def", "gh");
	WRAPS("a well-known one", 7, "a well-", "known", "one");
	WRAPS("one two-three-four-five-six", 25, "one", "two-three-four-five-six");
	WRAPS("one two-three-four-five-six", 14, "one two-three-", "four-five-six");
	WRAPS("one two-three-four-five", 14, "one two-three-", "four-five");
	WRAPS("see tchat://a-b/c#d-e f-g", 12, "see", "tchat://a-b/", "c#d-e f-g");
	WRAPS("see tchat://a-b/c#d-e-fghijkl", 12, "see", "tchat://a-b/", "c#d-e-fghijk", "l");
	WRAPS("ab abcdefgh", 4, "ab", "abcd", "efgh");
	WRAPS("a\nb\n\nc", 9, "a", "b", "", "c");
	WRAPS("a\n", 9, "a", "");
	WRAPS("    code", 20, "    code");
	WRAPS("    code", 6, "    co", "de");
	WRAPS("well-known words", 6, "well-", "known", "words");
	WRAPS("--option", 4, "--op", "tion");
	WRAPS("田中田中", 5, "田中", "田中");
	WRAPS("田中田中", 1, "田", "中", "田", "中");
	WRAPS("田中、田", 4, "田", "中、", "田");
	WRAPS("ab田中", 3, "ab", "田", "中");
	WRAPS("🇩🇪🇩🇪", 3, "🇩🇪", "🇩🇪");
	WRAPS("ae\xCC\x81" "b", 2, "ae\xCC\x81", "b");
	WRAPS("trailing   ", 8, "trailing");
}

static void the_cache_tells_widths_and_contents_apart(void **state)
{
	struct wrap_cache *cache = wrap_cache_new();
	struct wrap_key key = { .serial = 7, .first = 5, .rest = 10 };
	assert_int_equal(wrap_cache_get(cache, &key, "one two three four", 18).count, 3);
	assert_int_equal(wrap_cache_get(cache, &key, "not looked at", 13).count, 3);
	key.rest = 20;
	assert_int_equal(wrap_cache_get(cache, &key, "one two three four", 18).count, 2);
	key.first = 20;
	assert_int_equal(wrap_cache_get(cache, &key, "one two three four", 18).count, 1);
	key.change = 1;
	assert_int_equal(wrap_cache_get(cache, &key, "a\nb\nc\nd", 7).count, 4);
	key.serial = 7 + 512; /* the same slot */
	assert_int_equal(wrap_cache_get(cache, &key, "a\nb", 3).count, 2);
	struct wrap wrap = wrap_cache_get(cache, &key, "a\nb", 3);
	assert_int_equal(wrap_find(&wrap, 0), 0);
	assert_int_equal(wrap_find(&wrap, 1), 0);
	assert_int_equal(wrap_find(&wrap, 2), 1);
	assert_int_equal(wrap_find(&wrap, 99), 1);
	wrap_cache_free(cache);
}

static void the_cache_stays_in_its_bound(void **state)
{
	struct wrap_cache *cache = wrap_cache_new();
	char text[4096];
	memset(text, '\n', sizeof text);
	for (uint64_t serial = 1; serial < 2000; serial++) {
		struct wrap_key key = { .serial = serial, .first = 9, .rest = 9 };
		assert_int_equal(wrap_cache_get(cache, &key, text, sizeof text).count, sizeof text + 1);
	}
	assert_true(wrap_cache_rows(cache) <= 128 * 1024 + 2 * 4096);
	wrap_cache_free(cache);
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_keeps_its_newest_messages),
		cmocka_unit_test(a_pin_holds_messages_up_to_the_maximum),
		cmocka_unit_test(history_goes_to_the_front_and_stops_at_the_maximum),
		cmocka_unit_test(messages_are_found_and_changed),
		cmocka_unit_test(what_is_removed_leaves_no_gap),
		cmocka_unit_test(what_stands_around_a_text_changes_without_it),
		cmocka_unit_test(rows_break_between_words_and_never_inside_a_cluster),
		cmocka_unit_test(the_cache_tells_widths_and_contents_apart),
		cmocka_unit_test(the_cache_stays_in_its_bound),
	};
	return cmocka_run_group_tests_name("ui-list", tests, NULL, NULL);
}
