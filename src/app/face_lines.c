/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line mode: messages on standard output, a line each; lines of standard input are messages. */
#include "app/talk.h"

#include "app/exit_status.h"
#include "app/front.h"
#include "app/line_text.h"
#include "app/plain_face.h"
#include "app/reach.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/text.h"
#include "base/wipe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { HISTORY_ON_TERMINAL = 10, FOUND_MOST = 20, NOTICE_MAX = 3 * WIRE_TEXT_LIMIT };

/* What was sent before a search should be found: so long its answer is awaited. */
#define SEARCH_PATIENCE TCHAT_SECONDS(10)

struct lines {
	struct plain_face plain; /* first: the callbacks' argument */
	struct front front;
	struct output *notices;  /* where notices go; NULL: to the output */
	struct buffer line;      /* scratch */
	struct line_clock clock;
	char date[16];           /* of the message shown last */
	char nick[TEXT_NAME_BYTES + 1]; /* as said last */
	bool commands;           /* a leading slash is a command */
	bool in_terminal;
	bool out_terminal;
	bool broken;             /* the connection was lost, and that was said */
	struct lines_last {
		uint32_t room;
		uint64_t own, other; /* seqs of the newest messages; 0: none */
	} last[SESSION_ROOMS_MAX];
	size_t last_count;
	struct lines_search {
		char *text;
		uint32_t room, asked;
		bool all;
		size_t found, rooms_done;
		bool asks; /* its answer is awaited: one at a time */
		tchat_time until; /* so long it waits for what was sent before; 0: it does not */
	} search;
};

static struct lines *lines_of(struct plain_face *face)
{
	return (struct lines *)face;
}

static struct lines *lines_of_front(struct front *front)
{
	return (struct lines *)((char *)front - offsetof(struct lines, front));
}

static void lines_put(struct lines *lines, struct output *output)
{
	if (buffer_length(&lines->line) > 0)
		output_put(output, (const char *)buffer_data(&lines->line), buffer_length(&lines->line));
	buffer_truncate(&lines->line, 0);
}

static void lines_notice(struct lines *lines, const char *text)
{
	line_notice(&lines->line, text, strlen(text));
	lines_put(lines, lines->notices != NULL ? lines->notices : lines->plain.output);
}

/* --- What the user wants */

static void lines_front_notice(struct front *front, const char *text)
{
	lines_notice(lines_of_front(front), text);
}

static void lines_switch_room(struct front *front, uint32_t handle)
{
	char text[2 * TEXT_NAME_BYTES + 64];
	struct session_room room;
	if (front->room == handle || !session_room(front->session, handle, &room))
		return;
	front->room = handle;
	snprintf(text, sizeof text, _("now talking in %s%s"), room.direct ? "@" : "#", room.name);
	lines_notice(lines_of_front(front), text);
}

static void lines_clear(struct front *front)
{
}

static void lines_leave(struct front *front, enum front_leave how)
{
	struct plain_face *plain = &lines_of_front(front)->plain;
	plain_leave(plain, how == FRONT_END_HOST || (how == FRONT_QUIT && plain_is_last(plain)));
}

/* The newest messages of each room, which commands are about. */
static void lines_remember(struct lines *lines, const struct session_event *event)
{
	size_t i = 0;
	if ((event->kind != KIND_TEXT && event->kind != KIND_ACTION) || event->blank)
		return;
	while (i < lines->last_count && lines->last[i].room != event->room)
		i++;
	if (i == SESSION_ROOMS_MAX)
		i = 0;
	if (i == lines->last_count)
		lines->last_count++;
	if (lines->last[i].room != event->room)
		lines->last[i] = (struct lines_last){ .room = event->room };
	*(event->own ? &lines->last[i].own : &lines->last[i].other) = event->seq;
}

static bool lines_meant(struct front *front, bool own, struct front_message *message)
{
	const struct lines *lines = lines_of_front(front);
	*message = (struct front_message){ .pending = own && session_pending(front->session) > 0 };
	for (size_t i = 0; i < lines->last_count; i++)
		if (lines->last[i].room == front->room)
			message->seq = own ? lines->last[i].own : lines->last[i].other;
	return message->seq != 0 && !message->pending;
}

/* --- /search: what is found is printed as it comes, newest first. */

static int lines_search_on(struct lines *lines, uint64_t before)
{
	struct lines_search *search = &lines->search;
	int err = session_search(lines->front.session, search->room, search->text, before,
	                         (uint32_t)(FOUND_MOST - search->found), ++search->asked);
	search->asks = err == 0;
	if (search->asks)
		plain_busy(&lines->plain, true);
	return err;
}

/* The next of all rooms; false: there is none. */
static bool lines_next_room(struct lines *lines)
{
	struct lines_search *search = &lines->search;
	struct session_room room;
	if (!search->all || !session_room_at(lines->front.session, search->rooms_done, &room))
		return false;
	search->rooms_done++;
	search->room = room.room;
	return true;
}

/* Whether something is on its way that the host is about to have. */
static bool lines_search_waits(struct lines *lines)
{
	const struct session *session = lines->front.session;
	struct lines_search *search = &lines->search;
	tchat_time now = loop_now(lines->plain.talk.loop);
	if (search->until == 0)
		search->until = now + SEARCH_PATIENCE;
	bool waits = session_ready(session) && session_sending(session) > 0 && now < search->until;
	if (waits)
		plain_retry_at(&lines->plain, search->until);
	else
		search->until = 0;
	return waits;
}

static int lines_search(struct front *front, const char *text, bool all)
{
	struct lines *lines = lines_of_front(front);
	if (lines->search.asks || lines_search_waits(lines))
		return TCHAT_ERR_FULL;
	char *copy = text[0] != '\0' ? strdup(text) : NULL;
	if (copy != NULL) {
		free(lines->search.text);
		lines->search.text = copy;
	}
	if (lines->search.text == NULL) {
		lines_notice(lines, _("what for? /search TEXT"));
		return 0;
	}
	lines->search.room = front->room;
	lines->search.all = all;
	lines->search.found = lines->search.rooms_done = 0;
	lines_next_room(lines);
	int err = lines_search_on(lines, 0);
	if (err != 0)
		lines_notice(lines, tchat_err_text(err));
	return 0;
}

static void lines_found(struct lines *lines, const struct session_event *event)
{
	char when[32];
	if (event->asked != lines->search.asked)
		return;
	lines->search.found++;
	line_clock_set(&lines->clock, event->time);
	snprintf(when, sizeof when, "%s %s", lines->clock.date, lines->clock.time);
	line_message(&lines->line, event, when, event->room != lines->front.room);
	lines_put(lines, lines->plain.output);
}

static void lines_found_end(struct lines *lines, const struct session_event *event)
{
	char text[NOTICE_MAX];
	if (event->asked != lines->search.asked)
		return;
	lines->search.asks = false;
	if (event->more && lines->search.found < FOUND_MOST && lines_search_on(lines, event->seq) == 0)
		return;
	while (lines->search.found < FOUND_MOST && lines_next_room(lines))
		if (lines_search_on(lines, 0) == 0)
			return;
	if (lines->search.found == 0)
		snprintf(text, sizeof text,
		         lines->search.all ? _("'%s' is in no message of your rooms") : _("'%s' is in no message of this room"),
		         lines->search.text);
	else if (event->more)
		snprintf(text, sizeof text, _("and more, perhaps"));
	else
		snprintf(text, sizeof text, _("that is all"));
	lines_notice(lines, text);
	plain_busy(&lines->plain, false);
}

static const struct front_class lines_front_class = {
	.notice = lines_front_notice, .switch_room = lines_switch_room, .clear = lines_clear, .leave = lines_leave,
	.search = lines_search, .message = lines_meant
};

static int lines_line(struct plain_face *face, const char *line, size_t length, bool cut)
{
	struct lines *lines = lines_of(face);
	struct session_room room;
	if (length == 0)
		return 0;
	if (!lines->commands || line[0] != '/') {
		int err = front_post(&lines->front, KIND_TEXT, line, length);
		if (err < 0 && err != TCHAT_ERR_FULL && !lines->in_terminal)
			face->refused = true;
		return err;
	}
	/* A command waits for the room that the one before it asked for. */
	struct session *session = face->talk.session;
	if (session_ready(session) && session_room(session, lines->front.room, &room) && !room.joined)
		return TCHAT_ERR_AGAIN;
	int err = front_input(&lines->front, line, length);
	return err == TCHAT_ERR_FULL ? err : 0;
}

/* --- What the session tells */

/* The question that a new host brings, on a terminal or to a script that was told to answer. */
static void lines_ask(struct plain_face *face, bool refused)
{
	char text[TALK_TEXT];
	if (refused)
		return;
	talk_question(&face->talk, text);
	lines_notice(lines_of(face), text);
	lines_notice(lines_of(face), _("Is this the right host? Type yes, or the words, to join it and remember it."));
}

static bool lines_answer(struct plain_face *face, const char *line, size_t length)
{
	/* TRANSLATORS: what is typed for a yes; "yes" and "y" always are. */
	return strcasecmp(line, "yes") == 0 || strcasecmp(line, "y") == 0 || strcasecmp(line, _("yes")) == 0 ||
	       host_trust_named(face->talk.trust, line);
}

static void lines_message(struct lines *lines, const struct session_event *event)
{
	lines_remember(lines, event);
	/* What was typed or piped in here is known here. */
	if (event->counter != 0)
		return;
	line_clock_set(&lines->clock, event->time);
	if (lines->out_terminal && strcmp(lines->date, lines->clock.date) != 0) {
		strcpy(lines->date, lines->clock.date);
		lines_notice(lines, lines->date);
	}
	line_message(&lines->line, event, lines->clock.time, event->room != lines->front.room);
	lines_put(lines, lines->plain.output);
	/* A pipe does not read. */
	if (lines->out_terminal)
		session_read(lines->plain.talk.session, event->room, event->seq);
}

static void lines_connected(struct lines *lines, const struct session_event *event)
{
	char text[NOTICE_MAX], where[ADDRESS_TEXT], reach[REACH_TEXT];
	bool first = lines->nick[0] == '\0';
	address_format(&lines->plain.talk.place->address, where, sizeof where);
	if (!first && lines->broken)
		lines_notice(lines, _("connected again"));
	else if (lines->in_terminal) {
		snprintf(text, sizeof text, _("connected to %s as %s"), where, event->nick);
		lines_notice(lines, text);
	}
	if (first && lines->plain.talk.options->insecure)
		lines_notice(lines, _("INSECURE: nothing here is encrypted, and anybody may take any name"));
	if (first && lines->in_terminal && event->length > 0)
		lines_notice(lines, event->text);
	if (first && lines->in_terminal && lines->plain.talk.place->listening_count > 0 &&
	    reach_describe(lines->plain.talk.place, reach, sizeof reach) > 0)
		lines_notice(lines, reach);
	wipe(reach, sizeof reach);
	talk_forget_link(lines->plain.talk.place);
	if (strcmp(lines->nick, event->nick) != 0 && !event->own_wish) {
		snprintf(text, sizeof text, _("you are called %s here; the name you wanted is taken or not allowed"),
		         event->nick);
		lines_notice(lines, text);
	}
	if (first && lines->in_terminal && event->name[0] != '\0' && strcmp(event->name, event->nick) != 0) {
		snprintf(text, sizeof text, _("you are here on the account of %s"), event->name);
		lines_notice(lines, text);
	}
	snprintf(lines->nick, sizeof lines->nick, "%s", event->nick);
	lines->broken = false;
}

static void lines_disconnected(struct lines *lines, const struct session_event *event)
{
	char text[NOTICE_MAX], why[TALK_TEXT];
	bool first = lines->nick[0] == '\0';
	if (event->final || first || lines->broken)
		return;
	lines->broken = true;
	talk_explain(&lines->plain.talk, event->code, why, sizeof why);
	snprintf(text, sizeof text, _("connection lost (%s); trying again"), why);
	lines_notice(lines, text);
}

static void lines_room_joined(struct lines *lines, const struct session_event *event)
{
	char text[NOTICE_MAX];
	if (!lines->in_terminal || event->again || !event->own || event->direct)
		return;
	snprintf(text, sizeof text,
	         ngettext("#%1$s: %2$" PRIu64 " member", "#%1$s: %2$" PRIu64 " members", event->count > 1 ? 2 : 1),
	         event->name, event->count);
	lines_notice(lines, text);
	if (event->length > 0) {
		snprintf(text, sizeof text, _("Topic: %s"), event->text);
		lines_notice(lines, text);
	}
}

static void lines_parted(struct lines *lines, const struct session_event *event)
{
	char text[NOTICE_MAX];
	if (event->code == 0) {
		snprintf(text, sizeof text, _("you left %s%s"), event->direct ? "@" : "#", event->name);
		lines_notice(lines, text);
	}
	if (event->room != lines->front.room)
		return;
	lines->front.room = 0;
	/* Without commands there is no way into another room. */
	if (!lines->commands)
		plain_finish(&lines->plain, EXIT_STATUS_REFUSED);
}

static void lines_name(struct lines *lines, const struct session_event *event)
{
	char text[NOTICE_MAX] = "  ";
	talk_member(event->nick, event->role, event->away, text + 2, sizeof text - 2);
	lines_notice(lines, text);
}

/* What comes of ending one's own host is no news. */
static bool is_own_end(const struct plain_face *face, const struct session_event *event)
{
	return face->leaving && (event->type == SESSION_GOAWAY || event->request == REQUEST_END);
}

static void lines_event(struct plain_face *face, const struct session_event *event)
{
	struct lines *lines = lines_of(face);
	char text[NOTICE_MAX];
	if (event->type == SESSION_ERROR && event->request == REQUEST_SEARCH) {
		lines->search.asks = false;
		plain_busy(face, false);
	}
	if (event->type == SESSION_MESSAGE && event->kind != KIND_TOPIC) {
		lines_message(lines, event);
		return;
	}
	if (front_event(&lines->front, event))
		return;
	switch (event->type) {
	case SESSION_WAITING:
		talk_waiting(&face->talk, event, text);
		lines_notice(lines, text);
		break;
	case SESSION_CONNECTED: lines_connected(lines, event); break;
	case SESSION_DISCONNECTED: lines_disconnected(lines, event); break;
	case SESSION_ROOM_JOINED: lines_room_joined(lines, event); break;
	case SESSION_ROOM_PARTED: lines_parted(lines, event); break;
	case SESSION_NAME: lines_name(lines, event); break;
	case SESSION_FOUND: lines_found(lines, event); break;
	case SESSION_FOUND_END: lines_found_end(lines, event); break;
	case SESSION_NAMES_END:
		snprintf(text, sizeof text, ngettext("%" PRIu64 " member", "%" PRIu64 " members", event->count > 1 ? 2 : 1),
		         event->count);
		lines_notice(lines, text);
		break;
	default:
		if (!is_own_end(face, event) && line_event_text(event, text, sizeof text))
			lines_notice(lines, text);
	}
}

/* Notices that cannot be written are not worth an end. */
static void lines_notices_failed(void *arg)
{
}

int face_lines(const struct options *options, struct talk_place *place)
{
	static const struct plain_class on_terminal = { lines_event, lines_line, WIRE_TEXT_LIMIT, lines_ask, lines_answer, true };
	static const struct plain_class on_pipe = { lines_event, lines_line, WIRE_TEXT_LIMIT, lines_ask, lines_answer, false };
	struct lines lines = { .in_terminal = isatty(STDIN_FILENO), .out_terminal = isatty(STDOUT_FILENO) };
	bool terminal = lines.in_terminal && lines.out_terminal;
	long history = options->history >= 0 ? options->history : terminal ? HISTORY_ON_TERMINAL : 0;
	lines.commands = options->commands || lines.in_terminal;
	buffer_init(&lines.line, LINE_TEXT_MAX);
	int status = plain_open(&lines.plain, lines.in_terminal ? &on_terminal : &on_pipe, options, place, (uint32_t)history);
	if (status != 0)
		goto out;
	lines.front = (struct front){ .class = &lines_front_class,
	                              .session = lines.plain.talk.session,
	                              .options = options,
	                              .place = place,
	                              .room = lines.plain.room,
	                              .owns_host = place->owns_host };
	if (!lines.out_terminal)
		lines.notices = output_new(lines.plain.talk.loop, STDERR_FILENO, lines_notices_failed, NULL);
	status = plain_run(&lines.plain);
	if (lines.notices != NULL)
		output_drain(lines.notices, TCHAT_MS(500));
out:
	output_free(lines.notices);
	door_wipe(&lines.front.door);
	front_forget_failed(&lines.front);
	plain_close(&lines.plain);
	buffer_free(&lines.line);
	free(lines.search.text);
	return status;
}
