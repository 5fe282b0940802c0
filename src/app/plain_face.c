/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Input waits for the outbox, the network waits for the output, and the end waits for the acknowledgements. */
#include "app/plain_face.h"

#include "app/exit_status.h"
#include "base/errors.h"
#include "base/intl.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_GONE TCHAT_SECONDS(30)   /* for a host that is gone while something is unacknowledged */
#define PATIENCE_CLOSED TCHAT_SECONDS(5)  /* when nobody reads the output any more */
#define PATIENCE_SIGNAL TCHAT_MS(500)
#define RETRY_EVERY TCHAT_MS(100)

/* --- The end */

void plain_finish(struct plain_face *face, int status)
{
	if (face->status < 0)
		face->status = status;
	loop_again(face->talk.loop);
}

/* The status of an end that nobody but the user or the end of input brought about. */
static int plain_outcome(const struct plain_face *face)
{
	if (session_pending(face->talk.session) > 0 || (face->signalled && face->stuck))
		return EXIT_STATUS_UNACKNOWLEDGED;
	return face->refused ? EXIT_STATUS_LOSS : EXIT_STATUS_OK;
}

static void plain_wait_at_most(struct plain_face *face, tchat_time patience)
{
	tchat_time when = loop_now(face->talk.loop) + patience;
	loop_timer_set(face->talk.loop, &face->patience, when);
}

/* Says goodbye, as soon as everything is acknowledged; a host that ends takes no more. */
static void plain_say_goodbye(struct plain_face *face)
{
	if ((face->busy && !face->signalled) || (face->ends_host && session_pending(face->talk.session) > 0))
		return;
	if (face->ends_host && session_ready(face->talk.session))
		session_end_host(face->talk.session);
	face->ends_host = false;
	session_leave(face->talk.session);
	loop_again(face->talk.loop);
}

void plain_busy(struct plain_face *face, bool busy)
{
	bool over = face->busy && !busy;
	face->busy = busy;
	if (over && face->leaving)
		plain_say_goodbye(face);
}

void plain_leave(struct plain_face *face, bool end_host)
{
	if (face->leaving)
		return;
	face->leaving = true;
	face->ends_host = end_host;
	if (!face->signalled && !session_ready(face->talk.session))
		plain_wait_at_most(face, PATIENCE_GONE);
	plain_say_goodbye(face);
}

bool plain_is_last(const struct plain_face *face)
{
	return face->talk.place->owns_host && !talk_others_are_here(&face->talk);
}

static void plain_out_of_patience(void *arg)
{
	struct plain_face *face = arg;
	size_t pending = session_pending(face->talk.session);
	if (!face->signalled && pending > 0)
		say(session_is_kept(face->talk.session) ?
		            ngettext("gave up: %zu message was not acknowledged; the next start sends it",
		                     "gave up: %zu messages were not acknowledged; the next start sends them", pending) :
		            ngettext("gave up: %zu message was not acknowledged", "gave up: %zu messages were not acknowledged",
		                     pending),
		    pending);
	if (!face->leaving) {
		say("%s", _("gave up: the host did not come back"));
		plain_finish(face, EXIT_STATUS_UNAVAILABLE);
	}
	plain_finish(face, plain_outcome(face));
}

static void plain_signal(void *arg, int number)
{
	struct plain_face *face = arg;
	bool again = face->signalled;
	face->signalled = true;
	if (again || !session_ready(face->talk.session))
		plain_finish(face, plain_outcome(face));
	/* A terminal that went leaves the host running. */
	plain_leave(face, number != SIGHUP && plain_is_last(face));
	plain_wait_at_most(face, PATIENCE_SIGNAL);
	if (again)
		loop_stop(face->talk.loop, 0);
}

static void plain_output_failed(void *arg)
{
	struct plain_face *face = arg;
	int number = output_error(face->output);
	if (number != EPIPE) {
		say(_("standard output: %s"), strerror(number));
		plain_finish(face, EXIT_STATUS_SYSTEM);
	}
	plain_leave(face, plain_is_last(face));
	plain_wait_at_most(face, PATIENCE_CLOSED);
}

/* --- Input */

/* The answer to the question whether this is the right host. What follows in the input waits for the room, and so this
 * line comes twice. */
static bool plain_answer(struct plain_face *face, const char *line, size_t length)
{
	if (face->question == PLAIN_SAID_YES) {
		face->question = PLAIN_ANSWERED;
		return true;
	}
	if (!face->class->answer(face, line, length)) {
		plain_finish(face, EXIT_STATUS_REFUSED);
		return false;
	}
	face->question = PLAIN_SAID_YES;
	if (!host_trust_accept(face->talk.trust))
		say(_("the host could not be remembered in %s"), host_trust_path(face->talk.trust));
	session_retry_now(face->talk.session);
	loop_again(face->talk.loop);
	return false;
}

void plain_retry_at(struct plain_face *face, tchat_time when)
{
	loop_timer_set(face->talk.loop, &face->retry, when);
}

static bool plain_line(void *arg, char *line, size_t length)
{
	struct plain_face *face = arg;
	if (face->question != PLAIN_ANSWERED)
		return plain_answer(face, line, length);
	face->stuck = true;
	if (face->leaving || output_is_congested(face->output))
		return false;
	int err = face->class->line(face, line, length, input_is_cut(face->input));
	face->stuck = err == TCHAT_ERR_FULL || err == TCHAT_ERR_AGAIN;
	/* Where no answer is awaited that would make room, the clock has to. */
	if (face->stuck && session_pending(face->talk.session) == 0)
		plain_retry_at(face, loop_now(face->talk.loop) + RETRY_EVERY);
	return !face->stuck && !face->leaving;
}

static void plain_input_end(void *arg)
{
	struct plain_face *face = arg;
	if (face->question == PLAIN_ASKING)
		plain_finish(face, EXIT_STATUS_REFUSED);
	else if (!face->talk.options->stay)
		plain_leave(face, plain_is_last(face));
}

static void plain_resume(void *arg)
{
	struct plain_face *face = arg;
	if (face->ends_host)
		plain_say_goodbye(face);
	if (face->stuck && face->input != NULL)
		input_resume(face->input);
}

void plain_start_input(struct plain_face *face)
{
	const struct input_callbacks callbacks = { plain_line, plain_input_end, face };
	if (face->input != NULL && face->question == PLAIN_SAID_YES)
		input_resume(face->input);
	if (face->input != NULL || face->leaving)
		return;
	face->input = input_new(face->talk.loop, STDIN_FILENO, face->class->line_maximum, &callbacks);
	if (face->input == NULL)
		plain_finish(face, EXIT_STATUS_SYSTEM);
}

/* --- The session */

/* An end that is about the host's key: what the host showed is told before it. True: the user is asked, and this is no end
 * as yet. */
static bool plain_asks(struct plain_face *face, const struct session_event *event)
{
	if (event->type != SESSION_DISCONNECTED ||
	    (event->code != TCHAT_ERR_HOST_NEW && event->code != TCHAT_ERR_HOST_CHANGED))
		return false;
	bool asks = talk_asks(&face->talk, event->code) && face->question == PLAIN_ANSWERED && face->input == NULL &&
	            !face->leaving;
	face->class->ask(face, !asks);
	if (asks) {
		face->question = PLAIN_ASKING;
		plain_start_input(face);
	}
	return asks;
}

static void plain_disconnected(struct plain_face *face, const struct session_event *event)
{
	if (!event->final && face->connected) {
		if (face->signalled)
			plain_wait_at_most(face, 0);
		else if (!loop_timer_is_set(&face->patience) &&
		         (face->leaving || (face->input == NULL && !isatty(STDIN_FILENO))))
			plain_wait_at_most(face, PATIENCE_GONE); /* from the first failure on, not from each */
		return;
	}
	if (event->code == TCHAT_ERR_LEAVING) {
		plain_finish(face, plain_outcome(face));
		return;
	}
	if (face->status < 0 && !face->signalled) {
		char text[TALK_TEXT];
		talk_explain(&face->talk, event->code, text, sizeof text);
		say("%s", text);
	}
	plain_finish(face, talk_status(&face->talk, event->code));
}

static void plain_event(void *arg, const struct session_event *event)
{
	struct plain_face *face = arg;
	if (plain_asks(face, event))
		return;
	face->class->event(face, event);
	switch (event->type) {
	case SESSION_CONNECTED:
		face->connected = true;
		talk_connected(&face->talk);
		if (!face->signalled)
			loop_timer_stop(face->talk.loop, &face->patience);
		break;
	case SESSION_DISCONNECTED:
		plain_disconnected(face, event);
		break;
	case SESSION_ROOM_READY:
		if (event->room == face->room)
			plain_start_input(face);
		break;
	case SESSION_NACK:
		face->refused = true;
		break;
	default:
		break;
	}
}

/* The end of each round: the network is held while the output is congested; the end comes when it is written. */
static void plain_settle(void *arg)
{
	struct plain_face *face = arg;
	bool congested = output_is_congested(face->output);
	if (congested != face->held) {
		face->held = congested;
		link_hold(face->talk.link, congested);
		if (!congested)
			plain_resume(face);
	}
	if (face->status >= 0 && (face->signalled || output_is_empty(face->output)))
		loop_stop(face->talk.loop, 0);
}

/* --- Life */

int plain_open(struct plain_face *face, const struct plain_class *class, const struct options *options,
               struct talk_place *place, uint32_t history)
{
	*face = (struct plain_face){ .class = class, .status = -1 };
	int status = talk_open(&face->talk, options, place, history, class->asks);
	if (status != 0)
		return status;
	loop_timer_init(&face->patience, plain_out_of_patience, face);
	loop_timer_init(&face->retry, plain_resume, face);
	const char *name = talk_room(options, place);
	int room = options->since == 0 ? session_join(face->talk.session, name) :
	                                 session_join_since(face->talk.session, name, options->since);
	if (room < 0) {
		say(_("'%s' is not a name for a room; a short one of letters and digits will do"), name);
		return EXIT_STATUS_USAGE;
	}
	face->room = (uint32_t)room;
	face->talk.handlers.event = plain_event;
	face->talk.handlers.settled = plain_resume;
	face->talk.handlers.arg = face;
	face->talk.signal = plain_signal;
	return 0;
}

int plain_run(struct plain_face *face)
{
	struct loop *loop = face->talk.loop;
	/* The link's hook comes first, so that what its events print is written in the same round. */
	int err = talk_start(&face->talk);
	face->output = output_new(loop, STDOUT_FILENO, plain_output_failed, face);
	if (err != 0 || face->output == NULL) {
		say("%s", tchat_err_text(TCHAT_ERR_MEMORY));
		return EXIT_STATUS_SYSTEM;
	}
	loop_hook_add(loop, &face->hook, plain_settle, face);
	err = loop_run(loop);
	loop_hook_remove(loop, &face->hook);
	output_drain(face->output, PATIENCE_SIGNAL);
	return err < 0 || face->status < 0 ? EXIT_STATUS_SYSTEM : face->status;
}

void plain_close(struct plain_face *face)
{
	if (face->talk.loop != NULL) {
		loop_timer_stop(face->talk.loop, &face->patience);
		loop_timer_stop(face->talk.loop, &face->retry);
	}
	input_free(face->input);
	output_free(face->output);
	talk_free(&face->talk);
}
