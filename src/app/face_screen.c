/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The full screen: its life on the loop, the room it shows, how it is left. */
#include "app/face.h"

#include "app/exit_status.h"
#include "base/errors.h"
#include "base/intl.h"
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
	PATIENCE = TCHAT_SECONDS(3), /* for the host's last answers, when told to end */
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
	face_end_search(face, true);
	face->picking = false;
	old->draft = line_editor_save(face->editor);
	face->room_before = old->handle;
	face_rooms_go(&face->rooms, index);
	struct face_room *room = face_rooms_current(&face->rooms);
	line_editor_restore(face->editor, room->draft);
	room->draft = NULL;
	face->front.room = room->handle;
	face->member_scroll = 0;
	face_changed(face, true);
}

void face_show_handle(struct face *face, uint32_t handle)
{
	for (size_t i = 0; i < face->rooms.count; i++)
		if (face->rooms.rooms[i]->handle == handle)
			face_show_room(face, i);
}

/* --- Leaving */

void face_leave(struct face *face, enum front_leave how, bool asked)
{
	/* An owner who joined by an address is a guest in that; the host ends from where it was opened, or with /quit all. */
	bool mine = face->front.owns_host && (face->place->owns_host || face->place->address.kind == ADDRESS_UNIX);
	if (how == FRONT_QUIT && mine && !asked && !face->leaving) {
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
			face_ask(face, ASK_END_HOST, dialogue);
			return;
		}
	}
	if (face->leaving) { /* the second time: without waiting for anything */
		face->status = talk_status(&face->talk, 0);
		loop_stop(face->talk.loop, 0);
		return;
	}
	face->leaving = true;
	if (how == FRONT_END_HOST && face->ready)
		session_end_host(face->talk.session);
	else if (how == FRONT_DETACH && face->front.owns_host)
		snprintf(face->last_words, sizeof face->last_words,
		         _("Your host runs on. 'tchat' brings you back; it ends some time after its last member left."));
	session_leave(face->talk.session);
	loop_again(face->talk.loop);
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
	face->plain = false;
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
	case SIGINT: /* the key is no signal here (raw mode), unless a link is shown: somebody sent it */
	case SIGTERM:
		if (number == SIGINT && face->plain) {
			face_end_plain(face);
			break;
		}
		face_leave(face, FRONT_DETACH, true);
		loop_timer_set(face->talk.loop, &face->patience, loop_now(face->talk.loop) + PATIENCE);
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

static void on_patience(void *arg)
{
	face_leave(arg, FRONT_DETACH, true); /* the second time */
}

/* The clock shows minutes, a countdown shows seconds; without either nothing wakes the program. */
static tchat_time next_second_shown(const struct face *face)
{
	tchat_time now = loop_now(face->talk.loop);
	if (!face->ready && face->code != 0 && face->retry_at != TCHAT_NEVER && face->retry_at > now)
		return now + 1 + (face->retry_at - now - 1) % TCHAT_SECONDS(1);
	if (!face->talk.options->clock)
		return TCHAT_NEVER;
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
	if (face->plain)
		return;
	face_mind_door(face);
	if (frame_pacer_is_due(&face->pacer, now)) {
		if (face->called)
			face_call_user(face);
		face->called = false;
		face_draw(face);
		frame_pacer_drawn(&face->pacer, clock_monotonic());
		loop_timer_set(face->talk.loop, &face->minute, next_second_shown(face));
	}
	loop_timer_set(face->talk.loop, &face->draw, frame_pacer_deadline(&face->pacer));
}

/* --- Life */

static int face_make(struct face *face)
{
	face->tokenizer = tokenizer_new(PASTE_MAXIMUM);
	face->cells = cells_new(1, 1);
	if (face->editor == NULL || face->tokenizer == NULL || face->cells == NULL ||
	    face_rooms_init(&face->rooms, face->talk.session) != 0)
		return TCHAT_ERR_MEMORY;
	face_load_state(face);
	if (restore_start(STDIN_FILENO) != 0 || restore_signals(signals_write_end()) != 0)
		return TCHAT_ERR_SYSTEM;
	return 0;
}

static int face_go(struct face *face)
{
	const char *room = talk_room(face->talk.options, face->place);
	struct loop *loop = face->talk.loop;
	frame_pacer_init(&face->pacer, FRAME_PACER_INTERVAL);
	frame_pacer_changed(&face->pacer, true);
	loop_timer_init(&face->draw, on_draw_time, face);
	loop_timer_init(&face->escape, on_escape, face);
	loop_timer_init(&face->minute, on_minute, face);
	loop_timer_init(&face->keep, face_on_keep, face);
	loop_timer_init(&face->patience, on_patience, face);
	loop_timer_init(&face->hands_off, on_draw_time, face);
	face->talk.handlers = (struct link_config){ .event = face_event, .arg = face };
	face->talk.signal = face_signal;
	face->front = (struct front){ .class = &face_front, .session = face->talk.session,
	                              .options = face->talk.options, .place = face->place, .owns_host = face->place->owns_host };
	int handle = session_join(face->talk.session, room);
	if (handle < 0) {
		snprintf(face->last_words, sizeof face->last_words,
		         _("'%s' is not a name for a room; a short one of letters and digits will do"), room);
		face->status = EXIT_STATUS_USAGE;
		return 0;
	}
	/* What was read there before is shown at once. */
	if (!face->place->owns_host && kept_is_known(face->talk.kept)) {
		face->front.class->switch_room(&face->front, (uint32_t)handle);
		face_restore_draft(face, face_rooms_find(&face->rooms, (uint32_t)handle));
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
	door_wipe(&face->front.door);
	front_forget_failed(&face->front);
	buffer_free(&face->names);
	free(face->held_line);
	drafts_free(face->drafts);
	free(face->search.needle);
	face_rooms_free(&face->rooms);
	line_editor_free(face->editor);
	tokenizer_free(face->tokenizer);
	cells_free(face->cells);
	talk_free(&face->talk);
}

static void tell_last_words(const struct face *face)
{
	size_t pending = session_sending(face->talk.session);
	if (face->last_words[0] != '\0')
		say("%s", face->last_words);
	if (pending > 0)
		say(session_is_kept(face->talk.session) ?
		            ngettext("%zu message is still to be sent: the next start does it",
		                     "%zu messages are still to be sent: the next start does it", pending) :
		            ngettext("%zu message was not accepted by the host", "%zu messages were not accepted by the host", pending),
		    pending);
}

int face_screen(const struct options *options, struct talk_place *place)
{
	struct face face = { .place = place, .status = EXIT_STATUS_OK };
	const struct line_editor_options editing = {
		.text_maximum = DRAFT_MAXIMUM, .history_maximum = INPUT_HISTORY, .complete = face_complete, .arg = &face
	};
	/* Before the screen, for it may have something to say about inputrc; and before the sandbox, for that may include
	 * files from anywhere. */
	face.editor = line_editor_new(&editing);
	buffer_init(&face.names, FACE_NAMES_MAX);
	uint32_t history = options->history >= 0 ? (uint32_t)options->history : FIRST_HISTORY;
	int status = talk_open(&face.talk, options, place, history, true);
	if (status != 0) {
		line_editor_free(face.editor);
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
			.theme = (enum theme)options->theme, .no_colour = options_no_colour(),
			.ascii = !charset_is_utf8(), .mouse = options->mouse, .title = options->title,
			.notify = options->notify, .clipboard = options->clipboard }, &err, &why);
	if (err == 0) {
		face_start_settings(&face);
		err = face_go(&face);
		face_save_state(&face);
	}
	terminal_free(face.terminal);
	restore_stop();
	if (err < 0) {
		say("%s", why != NULL ? why : tchat_err_text(err));
		face.status = EXIT_STATUS_SYSTEM;
	} else {
		tell_last_words(&face);
	}
	face_free(&face);
	return face.status;
}
