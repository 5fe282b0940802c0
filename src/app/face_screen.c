/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The full screen: its life on the loop, the session's events, what a submitted line does. */
#include "app/face.h"

#include "app/exit_status.h"
#include "app/listen.h"
#include "app/reach.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/text.h"
#include "system/signals.h"
#include "ui/charset.h"
#include "ui/restore.h"
#include "ui/term_curses.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PASTE_MAXIMUM = 4 << 20,
	DRAFT_MAXIMUM = 4 << 20,
	INPUT_HISTORY = 1000,
	FIRST_HISTORY = 100,
	ASK_LINES = 10, /* a draft of more lines is asked about before it goes out */
};

void face_changed(struct face *face, bool urgent)
{
	frame_pacer_changed(&face->pacer, urgent);
}

void face_notice(struct face *face, enum message_kind kind, const char *text)
{
	face_room_say(face_rooms_current(&face->rooms), kind, text, clock_wall());
	face_changed(face, false);
}

/* --- Rooms shown */

void face_show_room(struct face *face, size_t index)
{
	if (index >= face->rooms.count || index == face->rooms.current)
		return;
	struct face_room *old = face_rooms_current(&face->rooms);
	old->draft = line_editor_save(face->editor);
	message_list_set_unread(old->list, 0);
	face->rooms.current = index;
	struct face_room *room = face_rooms_current(&face->rooms);
	line_editor_restore(face->editor, room->draft);
	room->draft = NULL;
	face->front.room = room->handle;
	face->member_scroll = 0;
	if (message_pane_at_end(room->pane))
		face_room_read(room);
	face_changed(face, true);
}

static void show_handle(struct face *face, uint32_t handle)
{
	for (size_t i = 0; i < face->rooms.count; i++)
		if (face->rooms.rooms[i]->handle == handle)
			face_show_room(face, i);
}

/* --- What lies over the screen */

void face_close_overlay(struct face *face)
{
	dialogue_free(face->dialogue);
	help_screen_free(face->help);
	face->dialogue = NULL;
	face->help = NULL;
	face->question = ASK_NOTHING;
}

void face_open_switcher(struct face *face)
{
	face_close_overlay(face);
	face->dialogue = dialogue_chooser(_("Go to room"), true);
	if (face->dialogue == NULL)
		return;
	face->question = ASK_ROOM;
	for (size_t i = 0; i < face->rooms.count; i++) {
		const struct face_room *room = face->rooms.rooms[i];
		char remark[64] = "";
		if (room->unread > 0)
			snprintf(remark, sizeof remark, ngettext("%u unread", "%u unread", room->unread), room->unread);
		dialogue_item(face->dialogue, room->name, remark);
	}
}

void face_open_help(struct face *face)
{
	struct buffer text;
	buffer_init(&text, 65536);
	buffer_put_string(&text, _("# Keys\n"
	                           "Enter\tsend\n"
	                           "Alt-Enter\ta new line in the draft\n"
	                           "Tab\tcomplete a command, a nick or a room\n"
	                           "PgUp, PgDn\tscroll by a page; with Shift to the oldest or newest\n"
	                           "Shift-Up, Shift-Down\tscroll by a line\n"
	                           "Alt-Up, Alt-Down\tthe room before or after\n"
	                           "Alt-a\tthe next room with something unread\n"
	                           "F2\tfind a room\n"
	                           "F3, F4\tshow or hide the rooms, the members\n"
	                           "Ctrl-L\tdraw the screen anew\n"
	                           "Ctrl-C\tclear what is typed\n"
	                           "Ctrl-Z\tback to the shell for a while; fg returns\n"
	                           "Ctrl-D\tleave, on an empty line\n"
	                           "\nEditing keys are those of readline, with your ~/.inputrc.\n"
	                           "\n# Commands\n"));
	for (size_t i = 0; command_at(i) != NULL; i++) {
		const struct command *row = command_at(i);
		char line[256];
		snprintf(line, sizeof line, "/%s %s\t%s\n", row->name, row->usage[0] != '\0' ? _(row->usage) : "",
		         _(row->help));
		buffer_put_string(&text, line);
	}
	face_close_overlay(face);
	if (buffer_put(&text, "", 1) == 0)
		face->help = help_screen_new(_("tchat: help (any other key goes back)"), (const char *)buffer_data(&text));
	buffer_free(&text);
}

static void ask(struct face *face, enum face_question question, struct dialogue *dialogue)
{
	face_close_overlay(face);
	face->dialogue = dialogue;
	face->question = dialogue != NULL ? question : ASK_NOTHING;
}

/* --- Lines */

/* Sends a long text as several messages, cut at line ends where there are any. */
static void send_in_pieces(struct face *face, const char *line, size_t length)
{
	size_t at = 0;
	while (at < length) {
		size_t piece = length - at;
		if (piece > WIRE_TEXT_LIMIT) {
			piece = WIRE_TEXT_LIMIT;
			while (piece > 0 && line[at + piece] != '\n')
				piece--;
			if (piece == 0)
				piece = WIRE_TEXT_LIMIT;
			while (piece > 0 && ((unsigned char)line[at + piece] & 0xc0) == 0x80)
				piece--;
		}
		if (piece == 0 || front_post(&face->front, KIND_TEXT, line + at, piece) != 0)
			return;
		at += piece;
		at += at < length && line[at] == '\n';
	}
}

static void run_line(struct face *face, const char *line)
{
	size_t length = strlen(line);
	if (length > WIRE_TEXT_LIMIT && line[0] != '/')
		send_in_pieces(face, line, length);
	else if (front_input(&face->front, line, length) == TCHAT_ERR_FULL)
		face_notice(face, MESSAGE_ERROR, _("too many messages wait for the host; try again later"));
}

static size_t count_lines(const char *line)
{
	size_t lines = 1;
	for (; *line != '\0'; line++)
		lines += *line == '\n';
	return lines;
}

void face_submit(struct face *face, char *line)
{
	size_t lines = count_lines(line);
	line_editor_remember(face->editor, line);
	if (lines > ASK_LINES || strlen(line) > WIRE_TEXT_LIMIT) {
		char text[128];
		snprintf(text, sizeof text, ngettext("Send %zu line (%zu bytes)?", "Send %zu lines (%zu bytes)?", lines),
		         lines, strlen(line));
		struct dialogue *dialogue = dialogue_question(_("A long message"), text);
		if (dialogue != NULL) {
			dialogue_answer(dialogue, 'y', _("send it"));
			dialogue_answer(dialogue, 'n', _("back to the draft"));
		}
		ask(face, ASK_SEND, dialogue);
		/* Until the answer it stays what it was: a draft. */
		line_editor_set_text(face->editor, line, strlen(line));
		free(face->held_line);
		face->held_line = line;
		return;
	}
	run_line(face, line);
	free(line);
}

void face_send_held(struct face *face)
{
	if (face->held_line == NULL)
		return;
	line_editor_set_text(face->editor, "", 0);
	run_line(face, face->held_line);
	free(face->held_line);
	face->held_line = NULL;
}

/* --- The front's verbs */

static void front_notice(struct front *front, const char *text)
{
	face_notice((struct face *)front, MESSAGE_SYSTEM, text);
}

static void front_switch_room(struct front *front, uint32_t room)
{
	struct face *face = (struct face *)front;
	struct session_room info;
	if (session_room(face->talk.session, room, &info) &&
	    face_rooms_add(&face->rooms, room, info.name, info.direct) != NULL)
		show_handle(face, room);
}

static void front_clear(struct front *front)
{
	struct face *face = (struct face *)front;
	struct face_room *room = face_rooms_current(&face->rooms);
	message_list_clear(room->list);
	message_pane_end(room->pane);
	room->past_before = 0;
	room->failed = 0;
	face_changed(face, true);
}

static void front_leave(struct front *front, enum front_leave how)
{
	face_leave((struct face *)front, how, false);
}

static const struct front_class face_front = { front_notice, front_switch_room, front_clear, front_leave };

/* --- Leaving */

void face_leave(struct face *face, enum front_leave how, bool asked)
{
	if (how == FRONT_QUIT && face->front.owns_host && !asked && !face->leaving) {
		if (!face->ready || !talk_others_are_here(&face->talk)) {
			how = FRONT_END_HOST;
		} else {
			struct dialogue *dialogue = dialogue_question(
				_("Leave"), _("Others are still in your host.\nEnd it for everybody, or leave it running?"));
			if (dialogue != NULL) {
				dialogue_answer(dialogue, 'e', _("end it"));
				dialogue_answer(dialogue, 'l', _("leave it running"));
				dialogue_answer(dialogue, 's', _("stay"));
			}
			ask(face, ASK_END_HOST, dialogue);
			return;
		}
	}
	if (face->leaving) { /* the second time: without waiting for anything */
		face->status = session_pending(face->talk.session) > 0 ? EXIT_STATUS_UNACKNOWLEDGED : EXIT_STATUS_OK;
		loop_stop(face->talk.loop, 0);
		return;
	}
	face->leaving = true;
	if (how == FRONT_END_HOST && face->ready)
		session_end_host(face->talk.session);
	else if (how == FRONT_DETACH)
		snprintf(face->last_words, sizeof face->last_words,
		         _("Your host runs on. 'tchat' brings you back; it ends some time after its last member left."));
	session_leave(face->talk.session);
	loop_again(face->talk.loop);
}

/* --- Events */

/* The lines that others can copy, in the room that the owner sees first. */
static void tell_how_to_join(struct face *face)
{
	char text[REACH_TEXT];
	if (face->place->listening_count > 0 && reach_describe(face->place, text, sizeof text) > 0)
		face_room_say(face_rooms_current(&face->rooms), MESSAGE_SYSTEM, text, clock_wall());
}

static void on_connected(struct face *face, const struct session_event *event)
{
	char text[256];
	bool first = !face->ever_ready;
	face->ready = face->ever_ready = true;
	face->code = 0;
	face->front.owns_host = event->role == ROLE_OWNER;
	face_rooms_set_own(&face->rooms, event->nick);
	if (!event->own_wish && first) {
		snprintf(text, sizeof text, _("you are %s here: your own name is taken or not possible"), event->nick);
		face_notice(face, MESSAGE_SYSTEM, text);
	}
	if (event->length > 0 && first)
		face_notice(face, MESSAGE_SYSTEM, event->text);
	if (!first)
		face_notice(face, MESSAGE_SYSTEM, _("connected again"));
}

static void on_disconnected(struct face *face, const struct session_event *event)
{
	char reason[512];
	bool was_ready = face->ready;
	bool changed = was_ready || face->code != event->code;
	face->ready = false;
	face->code = event->code != 0 ? event->code : TCHAT_ERR_CLOSED;
	face->retry_at = event->retry_at;
	talk_explain(&face->talk, face->code, reason, sizeof reason);
	if (face->leaving || (!face->ever_ready && !face->place->owns_host)) {
		/* The first try failed, or we are through: back to the shell, with one line. */
		face->status = talk_status(&face->talk, event->code);
		if (!face->leaving)
			snprintf(face->last_words, sizeof face->last_words, "%s", reason);
		loop_stop(face->talk.loop, 0);
		return;
	}
	if (event->final) {
		face->status = talk_status(&face->talk, event->code);
		snprintf(reason, sizeof reason, _("the connection ended: %s. /reconnect tries again, /quit leaves."),
		         tchat_err_text(face->code));
	}
	if (changed)
		face_notice(face, MESSAGE_ERROR, reason);
}

static void on_error(struct face *face, const struct session_event *event)
{
	char text[512];
	const char *why = tchat_err_text(event->code);
	if (event->nick[0] != '\0')
		snprintf(text, sizeof text, "%s: %s", event->nick, why);
	else if (event->name[0] != '\0')
		snprintf(text, sizeof text, "%s: %s", event->name, why);
	else
		snprintf(text, sizeof text, "%s", why);
	face_notice(face, MESSAGE_ERROR, text);
}

/* One line of /names. */
static void on_name(struct face *face, const struct session_event *event)
{
	char text[256];
	const char *role = event->role == ROLE_OWNER ? _(", owner") : "";
	snprintf(text, sizeof text, "  %s%s%s", event->nick, role, event->away ? _(", away") : "");
	face_notice(face, MESSAGE_SYSTEM, text);
}

static void on_parted(struct face *face, const struct session_event *event)
{
	char text[256];
	struct face_room *room = face_rooms_find(&face->rooms, event->room);
	if (room == NULL)
		return;
	if (event->code != 0) {
		snprintf(text, sizeof text, _("you are no longer in #%s: %s"), event->name, tchat_err_text(event->code));
		face_room_say(room, MESSAGE_ERROR, text, clock_wall());
		return;
	}
	if (room == face_rooms_current(&face->rooms))
		face_show_room(face, face->rooms.current > 0 ? face->rooms.current - 1 : face->rooms.count - 1);
	face_rooms_remove(&face->rooms, event->room);
	face->front.room = face_rooms_current(&face->rooms)->handle;
}

static void face_event(void *arg, const struct session_event *event)
{
	struct face *face = arg;
	unsigned bits = face_rooms_event(&face->rooms, event);
	if ((bits & FACE_MENTION) != 0)
		terminal_bell(face->terminal);
	switch (event->type) {
	case SESSION_CONNECTED:
		on_connected(face, event);
		break;
	case SESSION_DISCONNECTED:
		on_disconnected(face, event);
		break;
	case SESSION_GOAWAY:
		face_notice(face, MESSAGE_ERROR, _("the host is closing"));
		break;
	case SESSION_ROOM_JOINED:
		if (face->front.room == 0) {
			show_handle(face, event->room);
			tell_how_to_join(face);
		}
		break;
	case SESSION_ROOM_PARTED:
		on_parted(face, event);
		break;
	case SESSION_ERROR:
		on_error(face, event);
		break;
	case SESSION_NAME:
		on_name(face, event);
		break;
	default:
		break;
	}
	face_changed(face, false);
}

/* --- The terminal on the loop */

static void take_tokens(struct face *face)
{
	struct token token;
	tchat_time now = loop_now(face->talk.loop);
	while (tokenizer_next(face->tokenizer, now, &token))
		face_token(face, &token);
	loop_timer_set(face->talk.loop, &face->escape, tokenizer_deadline(face->tokenizer));
}

static void on_keyboard(void *arg, unsigned events)
{
	struct face *face = arg;
	char bytes[65536];
	ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);
	if (length > 0) {
		tokenizer_feed(face->tokenizer, bytes, (size_t)length, loop_now(face->talk.loop));
		take_tokens(face);
	} else if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* The terminal is gone: the host, if it is ours, lives on. */
		face->status = EXIT_STATUS_OK;
		loop_stop(face->talk.loop, 0);
	}
}

static void on_escape(void *arg)
{
	take_tokens(arg);
}

void face_suspend(struct face *face)
{
	if (!term_curses_stop(face->terminal))
		face_notice(face, MESSAGE_SYSTEM, _("there is no shell to go back to"));
	face_changed(face, true);
}

static void face_signal(void *arg, int number)
{
	struct face *face = arg;
	switch (number) {
	case SIGTSTP:
		face_suspend(face);
		break;
	case SIGTERM:
		face_leave(face, FRONT_DETACH, true);
		break;
	case SIGHUP:
		face->status = EXIT_STATUS_OK;
		loop_stop(face->talk.loop, 0);
		break;
	default: /* SIGWINCH, SIGCONT: the next frame has the new size, on a screen that may be anything */
		if (number == SIGCONT)
			term_curses_continued(face->terminal);
		term_curses_resize(face->terminal);
		face_changed(face, true);
	}
}

static void on_draw_time(void *arg)
{
	/* Nothing to do: the hook at the end of this round draws. */
}

/* The clock shows minutes, a countdown shows seconds; without either nothing wakes the program. */
static tchat_time next_second_shown(const struct face *face)
{
	tchat_time now = loop_now(face->talk.loop);
	if (!face->ready && face->code != 0 && face->retry_at != TCHAT_NEVER && face->retry_at > now)
		return now + 1 + (face->retry_at - now - 1) % TCHAT_SECONDS(1);
	return now + TCHAT_SECONDS(60) - clock_wall() % TCHAT_SECONDS(60);
}

static void on_minute(void *arg)
{
	struct face *face = arg;
	face_changed(face, false);
	loop_timer_set(face->talk.loop, &face->minute, next_second_shown(face));
}

static void face_settle(void *arg)
{
	struct face *face = arg;
	tchat_time now = loop_now(face->talk.loop);
	if (frame_pacer_is_due(&face->pacer, now)) {
		face_draw(face);
		frame_pacer_drawn(&face->pacer, clock_monotonic());
		loop_timer_set(face->talk.loop, &face->minute, next_second_shown(face));
	}
	loop_timer_set(face->talk.loop, &face->draw, frame_pacer_deadline(&face->pacer));
}

/* --- Life */

static int face_make(struct face *face)
{
	const struct line_editor_options editing = {
		.text_maximum = DRAFT_MAXIMUM, .history_maximum = INPUT_HISTORY, .complete = face_complete, .arg = face
	};
	face->editor = line_editor_new(&editing); /* before the screen: it may have something to say about inputrc */
	face->tokenizer = tokenizer_new(PASTE_MAXIMUM);
	face->cells = cells_new(1, 1);
	if (face->editor == NULL || face->tokenizer == NULL || face->cells == NULL ||
	    face_rooms_init(&face->rooms) != 0)
		return TCHAT_ERR_MEMORY;
	if (restore_start(STDIN_FILENO) != 0 || restore_signals(signals_write_end()) != 0)
		return TCHAT_ERR_SYSTEM;
	return 0;
}

static int face_go(struct face *face)
{
	const char *room = face->talk.options->room != NULL ? face->talk.options->room : face->place->address.room;
	struct loop *loop = face->talk.loop;
	frame_pacer_init(&face->pacer, FRAME_PACER_INTERVAL);
	frame_pacer_changed(&face->pacer, true);
	loop_timer_init(&face->draw, on_draw_time, face);
	loop_timer_init(&face->escape, on_escape, face);
	loop_timer_init(&face->minute, on_minute, face);
	face->talk.handlers = (struct link_config){ .event = face_event, .arg = face };
	face->talk.signal = face_signal;
	face->front = (struct front){ .class = &face_front, .session = face->talk.session,
	                              .owns_host = face->place->owns_host };
	int handle = session_join(face->talk.session, room != NULL && room[0] != '\0' ? room : "lobby");
	if (handle < 0) {
		snprintf(face->last_words, sizeof face->last_words, _("'%s' is not a name for a room"), room);
		face->status = EXIT_STATUS_USAGE;
		return 0;
	}
	face->keyboard = loop_watch_add(loop, STDIN_FILENO, LOOP_READ, 0, on_keyboard, face);
	if (face->keyboard == NULL || talk_start(&face->talk) != 0)
		return TCHAT_ERR_MEMORY;
	loop_hook_add(loop, &face->hook, face_settle, face); /* behind the link's: it shows what the round brought */
	loop_again(loop);
	return loop_run(loop);
}

static void face_free(struct face *face)
{
	face_close_overlay(face);
	free(face->held_line);
	face_rooms_free(&face->rooms);
	line_editor_free(face->editor);
	tokenizer_free(face->tokenizer);
	cells_free(face->cells);
	talk_free(&face->talk);
}

int face_screen(const struct options *options, struct talk_place *place)
{
	struct face face = { .place = place, .status = EXIT_STATUS_OK };
	uint32_t history = options->history >= 0 ? (uint32_t)options->history : FIRST_HISTORY;
	int status = talk_open(&face.talk, options, place, history);
	if (status != 0) {
		talk_free(&face.talk);
		return status;
	}
	if (place->owns_host)
		snprintf(face.host_text, sizeof face.host_text, "%s", _("your host"));
	else
		address_format(&place->address, face.host_text, sizeof face.host_text);
	int err = face_make(&face);
	const char *why = NULL;
	if (err == 0)
		face.terminal = term_curses_new(&(struct term_curses_options){
			.theme = THEME_DARK, .no_colour = getenv("NO_COLOR") != NULL, .ascii = !charset_is_utf8() }, &err, &why);
	if (err == 0)
		err = face_go(&face);
	terminal_free(face.terminal);
	restore_stop();
	if (err < 0) {
		say("%s", why != NULL ? why : tchat_err_text(err));
		face.status = EXIT_STATUS_SYSTEM;
	} else if (face.last_words[0] != '\0') {
		say("%s", face.last_words);
	}
	face_free(&face);
	return face.status;
}
