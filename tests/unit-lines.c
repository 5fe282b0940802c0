/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of line mode, line input, and the figures of --ping. */
#include "app/input.h"
#include "app/line_text.h"
#include "app/ping_stats.h"
#include "base/errors.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct session_event event_of(enum session_event_type type, const char *nick, const char *text)
{
	return (struct session_event){ .type = type,
		                       .name = "lobby",
		                       .nick = nick,
		                       .other = "",
		                       .ref = "",
		                       .text = text,
		                       .length = strlen(text),
		                       .kind = KIND_TEXT };
}

static const char *line_of(const struct session_event *event, bool elsewhere)
{
	static char line[512];
	struct buffer out;
	buffer_init(&out, LINE_TEXT_MAX);
	assert_int_equal(line_message(&out, event, "10:30", elsewhere), 0);
	snprintf(line, sizeof line, "%.*s", (int)buffer_length(&out), (const char *)buffer_data(&out));
	buffer_free(&out);
	return line;
}

static void a_message_is_time_nick_and_text(void **state)
{
	struct session_event event = event_of(SESSION_MESSAGE, "ann", "hi there");
	assert_string_equal(line_of(&event, false), "10:30 ann: hi there\n");
}

static void another_room_is_named(void **state)
{
	struct session_event event = event_of(SESSION_MESSAGE, "ann", "hi");
	assert_string_equal(line_of(&event, true), "10:30 #lobby ann: hi\n");
	event.direct = true;
	event.name = "ann";
	assert_string_equal(line_of(&event, true), "10:30 @ann ann: hi\n");
}

static void an_action_has_a_star(void **state)
{
	struct session_event event = event_of(SESSION_MESSAGE, "ann", "waves");
	event.kind = KIND_ACTION;
	assert_string_equal(line_of(&event, false), "10:30 * ann waves\n");
}

static void what_changes_a_message_is_a_line_of_its_own(void **state)
{
	struct session_event event = event_of(SESSION_MESSAGE, "ann", "hello");
	event.target = 3;
	event.kind = KIND_EDIT;
	assert_string_equal(line_of(&event, false), "10:30 * ann edited: hello\n");
	event.kind = KIND_REACTION;
	assert_string_equal(line_of(&event, true), "10:30 #lobby * ann reacted: hello\n");
	event.kind = KIND_DELETE;
	event.text = "";
	event.length = 0;
	assert_string_equal(line_of(&event, false), "10:30 * ann deleted a message\n");
	event.target = 0;
	event.kind = KIND_TEXT;
	event.blank = true;
	assert_string_equal(line_of(&event, false), "10:30 ann: (deleted)\n");
	event = event_of(SESSION_MESSAGE, "ann", "yes");
	event.reply = 3;
	assert_string_equal(line_of(&event, false), "10:30 ann (reply): yes\n");
}

static void a_message_stays_one_clean_line(void **state)
{
	struct session_event event = event_of(SESSION_MESSAGE, "a\nb", "one\ntwo\r\n\x1b[31mred");
	const char *line = line_of(&event, false);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_null(strchr(line, '\x1b'));
	assert_null(strchr(line, '\r'));
	assert_non_null(strstr(line, "one↵two↵"));
}

static void a_notice_marks_each_of_its_lines(void **state)
{
	struct buffer out;
	buffer_init(&out, 4096);
	assert_int_equal(line_notice(&out, "one\ntwo\x07", 8), 0);
	assert_int_equal(buffer_length(&out), strlen("-- one\n-- two\ufffd\n"));
	assert_memory_equal(buffer_data(&out), "-- one\n-- two\ufffd\n", buffer_length(&out));
	buffer_free(&out);
}

static void a_line_that_does_not_fit_is_left_out(void **state)
{
	struct session_event event = event_of(SESSION_MESSAGE, "ann", "0123456789");
	struct buffer out;
	buffer_init(&out, 16);
	assert_int_equal(buffer_put(&out, "x", 1), 0);
	assert_int_equal(line_message(&out, &event, "10:30", false), TCHAT_ERR_FULL);
	assert_int_equal(buffer_length(&out), 1);
	buffer_free(&out);
}

static void events_are_told_in_words(void **state)
{
	char text[256];
	struct session_event event = event_of(SESSION_KICKED, "bob", "spam");
	event.other = "ann";
	assert_true(line_event_text(&event, text, sizeof text));
	assert_string_equal(text, "bob was put out of #lobby by ann: spam");
	event.own = true;
	assert_true(line_event_text(&event, text, sizeof text));
	assert_string_equal(text, "you were put out of #lobby by ann: spam");
	event.text = "";
	assert_true(line_event_text(&event, text, sizeof text));
	assert_string_equal(text, "you were put out of #lobby by ann");
	event.own = false;
	assert_true(line_event_text(&event, text, sizeof text));
	assert_string_equal(text, "bob was put out of #lobby by ann");
	event = event_of(SESSION_MESSAGE, "ann", "tea");
	assert_false(line_event_text(&event, text, sizeof text));
	event.kind = KIND_TOPIC;
	assert_true(line_event_text(&event, text, sizeof text));
	assert_string_equal(text, "ann set the topic of #lobby: tea");
	event = event_of(SESSION_AWAY, "eve", "tea\nbob left #lobby");
	event.away = true;
	assert_true(line_event_text(&event, text, sizeof text));
	assert_null(strchr(text, '\n'));
	event = event_of(SESSION_GAP, "", "");
	event.count = 3;
	assert_true(line_event_text(&event, text, sizeof text));
	assert_string_equal(text, "3 messages of #lobby are no longer kept by the host");
	event = event_of(SESSION_LAG, "", "");
	assert_false(line_event_text(&event, text, sizeof text));
}

static void assert_refusal(enum session_request request, uint8_t kind, const char *nick, const char *words)
{
	char text[512];
	struct session_event event = event_of(SESSION_ERROR, nick, "");
	event.request = request;
	event.kind = kind;
	event.code = TCHAT_ERR_NOT_ALLOWED;
	assert_true(line_event_text(&event, text, sizeof text));
	if (strstr(text, words) == NULL)
		fail_msg("'%s' does not say '%s'", text, words);
}

static void what_is_not_allowed_says_who_may(void **state)
{
	char text[512];
	assert_refusal(REQUEST_KICK, 0, "ann", "ann: not allowed; only a moderator or an owner may kick here");
	assert_refusal(REQUEST_MODERATE, MODERATE_MUTE, "ann", "only a moderator or an owner may mute here");
	assert_refusal(REQUEST_MODERATE, MODERATE_UNBAN, "ann", "only a moderator or an owner may ban here");
	assert_refusal(REQUEST_MODERATE, MODERATE_BAN, "192.0.2.0/24", "192.0.2.0/24: not allowed; only an owner of the host");
	assert_refusal(REQUEST_MODERATE, MODERATE_OP, "ann", "only an owner may change who moderates here");
	assert_refusal(REQUEST_MODERATE, MODERATE_CALL, "ann", "into a private room only its moderators and owners");
	assert_refusal(REQUEST_MODERATE, MODERATE_RESERVE, "ann", "only owners may");
	assert_refusal(REQUEST_RELEASE, MODERATE_RELEASE, "ann", "only whose name it is");
	assert_refusal(REQUEST_RULES, 0, "", "#lobby: not allowed; only moderators and owners may see");
	struct session_event event = event_of(SESSION_NACK, "", "mine");
	event.code = TCHAT_ERR_NOT_ALLOWED;
	event.kind = KIND_EDIT;
	assert_true(line_event_text(&event, text, sizeof text));
	assert_string_equal(text, "not sent (not allowed; only who wrote a message may change it): mine");
	event.kind = KIND_DELETE;
	assert_string_equal(line_nack_words(&event), "not allowed; only who wrote a message may take it away, or a moderator");
	event.code = TCHAT_ERR_NOT_MEMBER;
	event.direct = true;
	assert_string_equal(line_nack_words(&event), "nobody of this name is here");
	event.code = TCHAT_ERR_MUTED;
	assert_string_equal(line_nack_words(&event), tchat_err_text(TCHAT_ERR_MUTED));
}

static void the_clock_follows_the_minutes(void **state)
{
	struct line_clock clock = { 0 };
	line_clock_set(&clock, 0);
	assert_string_equal(clock.time, "00:00");
	assert_string_equal(clock.date, "1970-01-01");
	line_clock_set(&clock, 1795255200123456u);
	assert_string_equal(clock.time, "10:00");
	assert_string_equal(clock.date, "2026-11-21");
	line_clock_set(&clock, 1795255260000000u);
	assert_string_equal(clock.time, "10:01");
}

/* --- Input */

struct taken {
	struct loop *loop;
	struct input *input;
	char text[256]; /* each line in brackets, with a + behind it when it is cut */
	bool ended;
	int refuse; /* so many times */
};

static bool take_line(void *arg, char *line, size_t length)
{
	struct taken *taken = arg;
	size_t at = strlen(taken->text);
	if (taken->refuse > 0) {
		taken->refuse--;
		input_resume(taken->input);
		return false;
	}
	snprintf(taken->text + at, sizeof taken->text - at, "[%.*s]%s", (int)length, line,
	         input_is_cut(taken->input) ? "+" : "");
	return true;
}

static void take_end(void *arg)
{
	struct taken *taken = arg;
	taken->ended = true;
	loop_stop(taken->loop, 0);
}

/* Feeds the bytes, all at once, and checks what lines they make. */
static void feed(const char *bytes, size_t maximum, int refuse, const char *expected)
{
	struct taken taken = { .loop = loop_new(0), .refuse = refuse };
	const struct input_callbacks callbacks = { take_line, take_end, &taken };
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], bytes, strlen(bytes)), (ssize_t)strlen(bytes));
	close(ends[1]);
	taken.input = input_new(taken.loop, ends[0], maximum, &callbacks);
	assert_int_equal(loop_run(taken.loop), 0);
	assert_true(taken.ended);
	assert_string_equal(taken.text, expected);
	input_free(taken.input);
	loop_free(taken.loop);
	close(ends[0]);
}

static void input_comes_by_lines(void **state)
{
	feed("one\ntwo\r\n\nlast", 16, 0, "[one][two][][last]");
	feed("", 16, 0, "");
}

static void long_lines_are_cut_between_characters(void **state)
{
	feed("12345678\n", 8, 0, "[12345678]");
	feed("123456789\n", 8, 0, "[12345678]+[9]");
	feed("123456789", 8, 0, "[12345678]+[9]");
	feed("1234567€x\n", 8, 0, "[1234567]+[€x]");
	feed("12345€x", 8, 0, "[12345€]+[x]");
}

static void a_refused_line_comes_again(void **state)
{
	feed("one\ntwo\n", 16, 3, "[one][two]");
}

/* --- Ping */

static void ping_figures_are_those_of_the_textbook(void **state)
{
	struct ping_stats stats = { .transmitted = 5 };
	assert_int_equal(ping_stats_loss(&stats), 100);
	assert_true(ping_stats_deviation(&stats) < 1e-9 && ping_stats_average(&stats) < 1e-9);
	ping_stats_add(&stats, 2000);
	ping_stats_add(&stats, 4000);
	ping_stats_add(&stats, 4000);
	ping_stats_add(&stats, 6000);
	assert_int_equal(stats.least, 2000);
	assert_int_equal(stats.greatest, 6000);
	assert_int_equal(ping_stats_loss(&stats), 20);
	assert_float_equal(ping_stats_average(&stats), 4.0, 1e-6);
	assert_float_equal(ping_stats_deviation(&stats), 1.414214, 1e-5);
}

static void a_small_loss_is_not_rounded_to_nothing(void **state)
{
	struct ping_stats stats = { .transmitted = 1000, .received = 999 };
	assert_int_equal(ping_stats_loss(&stats), 1);
	stats.received = 1000;
	assert_int_equal(ping_stats_loss(&stats), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_time_nick_and_text),
		cmocka_unit_test(another_room_is_named),
		cmocka_unit_test(an_action_has_a_star),
		cmocka_unit_test(what_changes_a_message_is_a_line_of_its_own),
		cmocka_unit_test(a_message_stays_one_clean_line),
		cmocka_unit_test(a_notice_marks_each_of_its_lines),
		cmocka_unit_test(a_line_that_does_not_fit_is_left_out),
		cmocka_unit_test(events_are_told_in_words),
		cmocka_unit_test(what_is_not_allowed_says_who_may),
		cmocka_unit_test(the_clock_follows_the_minutes),
		cmocka_unit_test(input_comes_by_lines),
		cmocka_unit_test(long_lines_are_cut_between_characters),
		cmocka_unit_test(a_refused_line_comes_again),
		cmocka_unit_test(ping_figures_are_those_of_the_textbook),
		cmocka_unit_test(a_small_loss_is_not_rounded_to_nothing),
	};
	setenv("TZ", "UTC", 1);
	setlocale(LC_ALL, "");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
