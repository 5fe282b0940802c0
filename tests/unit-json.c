/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON mode's writer, its objects, and the reader of requests. */
#include "app/json_event.h"
#include "app/json_read.h"
#include "base/errors.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { MAXIMUM = 1 << 20 };

static struct session_event event_of(enum session_event_type type)
{
	return (struct session_event){ .type = type, .name = "", .nick = "", .other = "", .ref = "", .text = "" };
}

/* The line that an event makes, without its end. */
static const char *line_of(const struct session_event *event)
{
	static char line[4096];
	struct json_writer writer = { .err = 0 };
	buffer_init(&writer.out, MAXIMUM);
	assert_int_equal(json_event(&writer, event, "me", 1000000), 0);
	size_t length = buffer_length(&writer.out);
	assert_true(length < sizeof line);
	line[0] = '\0';
	if (length > 0) {
		memcpy(line, buffer_data(&writer.out), length);
		assert_int_equal(line[length - 1], '\n');
		line[length - 1] = '\0';
		assert_null(strchr(line, '\n'));
		json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(root);
		json_decref(root);
	}
	buffer_free(&writer.out);
	return line;
}

static struct session_event message(const char *text, size_t length)
{
	struct session_event event = event_of(SESSION_MESSAGE);
	event.name = "lobby";
	event.nick = "ann";
	event.text = text;
	event.length = length;
	event.seq = 7;
	event.time = 1795255200123456u;
	event.kind = KIND_TEXT;
	event.user = 5;
	event.id = (struct message_id){ 0xab, 17 };
	return event;
}

static void a_message_has_the_documented_form(void **state)
{
	struct session_event event = message("hi", 2);
	assert_string_equal(line_of(&event),
	                    "{\"type\":\"message\",\"room\":\"lobby\",\"seq\":7,\"time\":\"2026-11-21T10:00:00.123456Z\","
	                    "\"nick\":\"ann\",\"kind\":\"text\",\"text\":\"hi\",\"id\":\"00000000000000ab-17\",\"user\":5}");
}

static void a_message_says_which_other_one_it_is_about(void **state)
{
	struct session_event event = message("hello", 5);
	event.kind = KIND_EDIT;
	event.target = 3;
	assert_non_null(strstr(line_of(&event), "\"kind\":\"edit\",\"text\":\"hello\",\"target\":3,\"id\":"));
	event.type = SESSION_CHANGE;
	event.replay = true;
	assert_non_null(strstr(line_of(&event), "{\"type\":\"change\",\"room\":\"lobby\",\"seq\":7,"));
	event.kind = KIND_REACTION;
	assert_non_null(strstr(line_of(&event), "\"kind\":\"reaction\""));
	event = message("yes", 3);
	event.reply = 2;
	event.type = SESSION_FOUND;
	assert_non_null(strstr(line_of(&event), "{\"type\":\"found\",\"room\":\"lobby\",\"seq\":7,"));
	assert_non_null(strstr(line_of(&event), "\"reply\":2,"));
	event = message("", 0);
	event.blank = true;
	assert_non_null(strstr(line_of(&event), "\"text\":\"\",\"deleted\":true,"));
	event = event_of(SESSION_FOUND_END);
	event.name = "lobby";
	event.seq = 40;
	event.more = true;
	assert_string_equal(line_of(&event), "{\"type\":\"search\",\"room\":\"lobby\",\"before\":40,\"more\":true}");
}

static void a_direct_message_says_to_whom(void **state)
{
	struct session_event event = message("hi", 2);
	event.direct = true;
	event.name = "bob";
	assert_non_null(strstr(line_of(&event), "\"room\":\"@bob\""));
	assert_non_null(strstr(line_of(&event), "\"to\":\"me\""));
	event.own = true;
	event.replay = true;
	assert_non_null(strstr(line_of(&event), "\"to\":\"bob\",\"own\":true,\"replay\":true}"));
}

static void an_ack_has_the_documented_form(void **state)
{
	struct session_event event = message("", 0);
	event.type = SESSION_ACK;
	event.ref = "r 1";
	assert_string_equal(line_of(&event), "{\"type\":\"ack\",\"ref\":\"r 1\",\"room\":\"lobby\",\"seq\":7,"
	                                     "\"id\":\"00000000000000ab-17\",\"time\":\"2026-11-21T10:00:00.123456Z\"}");
}

static void what_waits_and_what_was_lost_have_their_numbers(void **state)
{
	struct session_event event = message("hi", 2);
	event.type = SESSION_LOST;
	event.counter = 12;
	assert_string_equal(line_of(&event), "{\"type\":\"lost\",\"room\":\"lobby\",\"counter\":12,"
	                                     "\"time\":\"2026-11-21T10:00:00.123456Z\",\"kind\":\"text\",\"text\":\"hi\"}");
	event.type = SESSION_PENDING;
	event.time = 0;
	event.ref = "r";
	assert_string_equal(line_of(&event), "");
	event.again = true; /* from an earlier life */
	assert_string_equal(line_of(&event), "{\"type\":\"pending\",\"ref\":\"r\",\"room\":\"lobby\",\"counter\":12,"
	                                     "\"kind\":\"text\",\"text\":\"hi\"}");
}

/* Each event that is told makes a line that parses, whatever its strings are; PENDING, LAG and ROSTER make none. */
static void every_event_makes_one_object(void **state)
{
	for (int type = SESSION_CONNECTED; type <= SESSION_LAG; type++) {
		struct session_event event = event_of((enum session_event_type)type);
		event.name = event.nick = event.other = event.ref = event.text = "a\"\n\x1b\\\xff";
		event.length = strlen(event.text);
		event.request = REQUEST_KICK;
		event.code = TCHAT_ERR_NO_USER;
		bool silent = type == SESSION_PENDING || type == SESSION_LAG || type == SESSION_ROSTER;
		assert_int_equal(line_of(&event)[0] == '\0', silent);
	}
}

static const char *escaped(const char *text, size_t length)
{
	static char copy[1024];
	struct json_writer writer = { .err = 0 };
	buffer_init(&writer.out, MAXIMUM);
	json_begin(&writer, "t");
	json_bytes(&writer, "x", text, length);
	assert_int_equal(json_end(&writer), 0);
	snprintf(copy, sizeof copy, "%.*s", (int)buffer_length(&writer.out), (const char *)buffer_data(&writer.out));
	buffer_free(&writer.out);
	static const char before[] = "{\"type\":\"t\",\"x\":\"";
	assert_memory_equal(copy, before, sizeof before - 1);
	char *end = strrchr(copy, '"');
	assert_string_equal(end, "\"}\n");
	*end = '\0';
	return copy + sizeof before - 1;
}

#define ESCAPED(text) escaped(text, sizeof(text) - 1)

static void harmless_text_stays_as_it_is(void **state)
{
	assert_string_equal(ESCAPED("Grüße, 世界 🎉 / ' ~"), "Grüße, 世界 🎉 / ' ~");
	assert_string_equal(ESCAPED(""), "");
}

static void controls_and_quotes_are_escaped(void **state)
{
	assert_string_equal(ESCAPED("\"\\\b\f\n\r\t"), "\\\"\\\\\\b\\f\\n\\r\\t");
	assert_string_equal(ESCAPED("\0\x01\x1b[31m\x7f"), "\\u0000\\u0001\\u001b[31m\\u007f");
	assert_string_equal(ESCAPED("\xc2\x85\xc2\x9b"), "\\u0085\\u009b");
}

static void what_turns_or_hides_text_is_escaped(void **state)
{
	assert_string_equal(ESCAPED("\u202e\u2066\u2069\u200f\u061c"), "\\u202e\\u2066\\u2069\\u200f\\u061c");
	assert_string_equal(ESCAPED("\u2028\u2029\ufeff\u200b"), "\\u2028\\u2029\\ufeff\\u200b");
	assert_string_equal(ESCAPED("\U000E0041"), "\\udb40\\udc41");
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
	assert_string_equal(ESCAPED("a\xff\xc0z"), "a\ufffd\ufffdz");
}

static void an_object_that_does_not_fit_is_left_out(void **state)
{
	struct json_writer writer = { .err = 0 };
	buffer_init(&writer.out, 40);
	json_begin(&writer, "a");
	assert_int_equal(json_end(&writer), 0);
	size_t before = buffer_length(&writer.out);
	json_begin(&writer, "b");
	json_text(&writer, "x", "0123456789012345678901234567890123456789");
	assert_int_equal(json_end(&writer), TCHAT_ERR_FULL);
	assert_int_equal(buffer_length(&writer.out), before);
	json_begin(&writer, "c");
	assert_int_equal(json_end(&writer), 0);
	buffer_free(&writer.out);
}

static void an_input_error_carries_ref_and_reason(void **state)
{
	struct json_writer writer = { .err = 0 };
	buffer_init(&writer.out, MAXIMUM);
	assert_int_equal(json_input_error(&writer, TCHAT_ERR_SYNTAX, "9", "why"), 0);
	static const char expected[] = "{\"type\":\"error\",\"ref\":\"9\",\"code\":\"syntax\",\"message\":\"why\"}\n";
	assert_int_equal(buffer_length(&writer.out), sizeof expected - 1);
	assert_memory_equal(buffer_data(&writer.out), expected, sizeof expected - 1);
	buffer_free(&writer.out);
}

/* --- Reading */

static int read_line(struct json_request *request, const char *line)
{
	char why[JSON_WHY_SIZE];
	int err = json_read(request, line, strlen(line), why);
	assert_int_equal(err != 0, why[0] != '\0');
	assert_true(utf8_valid(why, strlen(why)));
	return err;
}

static void a_post_is_read(void **state)
{
	struct json_request request;
	assert_int_equal(read_line(&request, "{\"type\":\"post\",\"room\":\"lobby\",\"text\":\"hi\",\"ref\":\"7\"}"), 0);
	assert_int_equal(request.verb, JSON_POST);
	assert_string_equal(request.room, "lobby");
	assert_string_equal(request.text, "hi");
	assert_int_equal(request.length, 2);
	assert_string_equal(request.ref, "7");
	assert_int_equal(request.kind, KIND_TEXT);
	json_read_free(&request);
	assert_int_equal(read_line(&request, "{\"type\":\"post\",\"text\":\"\",\"kind\":\"action\",\"x\":1}"), 0);
	assert_int_equal(request.kind, KIND_ACTION);
	assert_null(request.room);
	assert_null(request.ref);
	json_read_free(&request);
}

static void every_verb_is_read(void **state)
{
	static const struct {
		const char *line;
		enum json_verb verb;
	} rows[] = {
		{ "{\"type\":\"join\",\"room\":\"r\"}", JSON_JOIN },
		{ "{\"type\":\"direct\",\"nick\":\"r\"}", JSON_DIRECT },
		{ "{\"type\":\"part\"}", JSON_PART },
		{ "{\"type\":\"nick\",\"nick\":\"r\"}", JSON_NICK },
		{ "{\"type\":\"topic\",\"topic\":\"r\"}", JSON_TOPIC },
		{ "{\"type\":\"names\"}", JSON_NAMES },
		{ "{\"type\":\"kick\",\"nick\":\"r\",\"reason\":\"x\"}", JSON_KICK },
		{ "{\"type\":\"away\",\"away\":false}", JSON_AWAY },
		{ "{\"type\":\"history\",\"before\":9,\"count\":3}", JSON_HISTORY },
		{ "{\"type\":\"search\",\"text\":\"r\",\"before\":9,\"count\":3}", JSON_SEARCH },
		{ "{\"type\":\"edit\",\"text\":\"r\",\"target\":9}", JSON_EDIT },
		{ "{\"type\":\"delete\",\"target\":9}", JSON_DELETE },
		{ "{\"type\":\"reaction\",\"text\":\"r\",\"target\":9}", JSON_REACTION },
		{ "{\"type\":\"post\",\"text\":\"r\",\"reply\":9}", JSON_POST },
		{ "{\"type\":\"read\",\"seq\":9}", JSON_READ },
		{ "{\"type\":\"ping\"}", JSON_PING },
		{ "{\"type\":\"quit\"}", JSON_QUIT },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct json_request request;
		assert_int_equal(read_line(&request, rows[i].line), 0);
		assert_int_equal(request.verb, rows[i].verb);
		if (request.verb == JSON_AWAY)
			assert_false(request.away);
		if (request.verb == JSON_EDIT || request.verb == JSON_DELETE || request.verb == JSON_REACTION)
			assert_int_equal(request.target, 9);
		if (request.verb == JSON_POST)
			assert_int_equal(request.reply, 9);
		if (request.verb == JSON_READ)
			assert_int_equal(request.seq, 9);
		if (request.verb == JSON_HISTORY || request.verb == JSON_SEARCH)
			assert_true(request.before == 9 && request.count == 3);
		if (request.verb == JSON_TOPIC)
			assert_string_equal(request.text, "r");
		json_read_free(&request);
	}
}

static void what_is_no_object_is_a_syntax_error(void **state)
{
	static const char *const lines[] = {
		"", "{", "[]", "\"x\"", "7", "{\"type\":\"quit\"} x", "{\"type\":\"quit\",\"type\":\"quit\"}",
		"{\"type\":\"post\",\"text\":\"\xff\"}", "{\"type\":\"post\",\"text\":\"a\\u0000b\"}",
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct json_request request;
		assert_int_equal(read_line(&request, lines[i]), TCHAT_ERR_SYNTAX);
		json_read_free(&request);
	}
}

static void a_complaint_cuts_no_character(void **state)
{
	/* As many bytes before the two-byte letters as make one of both lines be cut within a letter. */
	static const char *const before[] = { "", "x" };
	char line[512], letters[401] = "";
	for (int i = 0; i < 200; i++)
		strcat(letters, "é");
	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		struct json_request request;
		snprintf(line, sizeof line, "{\"type\":\"%s%s\"}", before[i], letters);
		assert_int_equal(read_line(&request, line), TCHAT_ERR_ARGUMENT);
		json_read_free(&request);
		snprintf(line, sizeof line, "{\"type\":\"admit\",\"pin\":\"%s%s\"}", before[i], letters);
		assert_int_equal(read_line(&request, line), TCHAT_ERR_ARGUMENT);
		json_read_free(&request);
		snprintf(line, sizeof line, "{\"%s%s", before[i], letters);
		assert_int_equal(read_line(&request, line), TCHAT_ERR_SYNTAX);
		json_read_free(&request);
	}
}

static void wrong_members_are_refused_with_the_ref(void **state)
{
	static const char *const lines[] = {
		"{\"ref\":\"r\"}",
		"{\"ref\":\"r\",\"type\":\"dance\"}",
		"{\"ref\":\"r\",\"type\":7}",
		"{\"ref\":\"r\",\"type\":\"post\"}",
		"{\"ref\":\"r\",\"type\":\"post\",\"text\":7}",
		"{\"ref\":\"r\",\"type\":\"post\",\"text\":\"x\",\"kind\":\"topic\"}",
		"{\"ref\":\"r\",\"type\":\"post\",\"text\":\"x\",\"room\":\"a\",\"to\":\"b\"}",
		"{\"ref\":\"r\",\"type\":\"join\"}",
		"{\"ref\":\"r\",\"type\":\"topic\"}",
		"{\"ref\":\"r\",\"type\":\"kick\"}",
		"{\"ref\":\"r\",\"type\":\"away\",\"away\":1}",
		"{\"ref\":\"r\",\"type\":\"edit\",\"text\":\"x\"}",
		"{\"ref\":\"r\",\"type\":\"delete\",\"target\":0}",
		"{\"ref\":\"r\",\"type\":\"post\",\"text\":\"x\",\"reply\":\"1\"}",
		"{\"ref\":\"r\",\"type\":\"search\"}",
		"{\"ref\":\"r\",\"type\":\"history\",\"count\":0}",
		"{\"ref\":\"r\",\"type\":\"history\",\"count\":257}",
		"{\"ref\":\"r\",\"type\":\"history\",\"before\":-1}",
		"{\"ref\":\"r\",\"type\":\"history\",\"before\":1.5}",
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct json_request request;
		assert_int_equal(read_line(&request, lines[i]), TCHAT_ERR_ARGUMENT);
		assert_string_equal(request.ref, "r");
		json_read_free(&request);
	}
}

static void a_ref_may_have_255_bytes(void **state)
{
	char line[512], ref[300];
	struct json_request request;
	memset(ref, 'r', sizeof ref);
	ref[256] = '\0';
	snprintf(line, sizeof line, "{\"type\":\"quit\",\"ref\":\"%s\"}", ref);
	assert_int_equal(read_line(&request, line), TCHAT_ERR_TOO_LONG);
	assert_null(request.ref);
	json_read_free(&request);
	ref[255] = '\0';
	snprintf(line, sizeof line, "{\"type\":\"quit\",\"ref\":\"%s\"}", ref);
	assert_int_equal(read_line(&request, line), 0);
	json_read_free(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_has_the_documented_form),
		cmocka_unit_test(a_message_says_which_other_one_it_is_about),
		cmocka_unit_test(a_direct_message_says_to_whom),
		cmocka_unit_test(an_ack_has_the_documented_form),
		cmocka_unit_test(what_waits_and_what_was_lost_have_their_numbers),
		cmocka_unit_test(every_event_makes_one_object),
		cmocka_unit_test(harmless_text_stays_as_it_is),
		cmocka_unit_test(controls_and_quotes_are_escaped),
		cmocka_unit_test(what_turns_or_hides_text_is_escaped),
		cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
		cmocka_unit_test(an_object_that_does_not_fit_is_left_out),
		cmocka_unit_test(an_input_error_carries_ref_and_reason),
		cmocka_unit_test(a_post_is_read),
		cmocka_unit_test(every_verb_is_read),
		cmocka_unit_test(what_is_no_object_is_a_syntax_error),
		cmocka_unit_test(a_complaint_cuts_no_character),
		cmocka_unit_test(wrong_members_are_refused_with_the_ref),
		cmocka_unit_test(a_ref_may_have_255_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
