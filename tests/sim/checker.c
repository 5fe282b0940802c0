/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checker: it hears what users are told, looks at the host's disk, and knows nothing but the promise. */
#include "sim.h"

#include "base/errors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void post_write(struct post *post)
{
	unsigned padding = (post->user * 7 + post->number * 37) % 300;
	int length = snprintf(post->text, TEXT, "u%u.%u in %s ", post->user, post->number, sim_rooms[post->room]);
	memset(post->text + length, '.', padding);
	post->length = (size_t)length + padding;
	post->text[post->length] = '\0';
}

/* "1.2": the post of that user and number. */
static struct post *post_of(struct world *w, const char *name)
{
	char *end;
	unsigned long user = strtoul(name, &end, 10);
	unsigned long number = *end == '.' ? strtoul(end + 1, &end, 10) : POSTS;
	return user < w->users && number < w->user[user].post_count ? &w->user[user].posts[number] : NULL;
}

struct post *post_of_text(struct world *w, unsigned room, const char *text, size_t length)
{
	char name[16] = "";
	memcpy(name, text, length < sizeof name ? length : sizeof name - 1);
	struct post *post = name[0] == 'u' ? post_of(w, name + 1) : NULL;
	REQUIRE(w, post != NULL, "nobody posted '%s'", name);
	REQUIRE(w, post->length == length && memcmp(post->text, text, length) == 0, "%u.%u is not what it was", post->user,
	        post->number);
	REQUIRE(w, post->room == room, "%u.%u is in another room", post->user, post->number);
	return post;
}

static unsigned room_of(struct world *w, const char *name)
{
	for (unsigned i = 0; i < ROOMS; i++)
		if (strcmp(sim_rooms[i], name) == 0)
			return i;
	broken(w, "a room that nobody named: %s", name);
}

void line_known(struct world *w, unsigned room, uint64_t seq, struct post *post)
{
	REQUIRE(w, seq >= 1 && seq < LINES, "%u.%u is at %" PRIu64, post->user, post->number, seq);
	struct post **line = &w->lines[room][seq];
	REQUIRE(w, *line == NULL || *line == post, "%s %" PRIu64 " is %u.%u here and %u.%u there", sim_rooms[room], seq,
	        post->user, post->number, (*line)->user, (*line)->number);
	REQUIRE(w, !post->refused, "%u.%u was refused, and is at %" PRIu64, post->user, post->number, seq);
	*line = post;
	if (seq > w->head[room])
		w->head[room] = seq;
}

/* --- Answers */

/* By its text, where the event has it; else by its number in the outbox, which PENDING told. */
static struct post *post_told(struct world *w, const struct process *p, const struct session_event *event)
{
	struct post *post = NULL;
	if (event->length > 0)
		post = post_of_text(w, room_of(w, event->name), event->text, event->length);
	else if (p->slot != NULL && event->counter < COUNTERS)
		post = p->slot->posts[event->counter];
	if (post == NULL) /* its room was left before PENDING could be told */
		post = post_of(w, event->ref);
	REQUIRE(w, post != NULL && post->user == p->user, "p%u is told of number %" PRIu64 ", which is none of its", p->index,
	        event->counter);
	return post;
}

static void told_pending(struct world *w, struct process *p, const struct session_event *event)
{
	struct post *post = post_told(w, p, event);
	REQUIRE(w, post->slot == NULL || post->slot == p->slot, "%u.%u is pending in two places", post->user, post->number);
	REQUIRE(w, event->counter < COUNTERS, "number %" PRIu64, event->counter);
	if (post->shown && post->again == 0)
		REQUIRE(w, post->counter == event->counter, "%u.%u is pending under another number", post->user, post->number);
	post->shown = true;
	post->is_volatile = post->is_volatile || p->trouble != 0;
	post->counter = event->counter;
	post->slot = p->slot;
	post->life = p->lives;
	p->slot->posts[event->counter] = post;
}

static void told_ack(struct world *w, struct process *p, const struct session_event *event)
{
	struct post *post = post_told(w, p, event);
	/* The number of a post that could not be stored was given again, and taken back: the answer is that one's. */
	if (w->user[p->user].troubled && post->cancels && event->duplicate && event->seq < LINES &&
	    w->lines[post->room][event->seq] != NULL && w->lines[post->room][event->seq] != post)
		return;
	REQUIRE(w, post->shown || w->profile.part > 0 || w->profile.memory > 0, "%u.%u is accepted before it was stored", post->user, post->number);
	REQUIRE(w, !post->refused, "%u.%u is accepted, after it was refused", post->user, post->number);
	if (post->acked && post->era == w->era)
		REQUIRE(w, post->seq == event->seq, "%u.%u is accepted at %" PRIu64 ", it was at %" PRIu64, post->user,
		        post->number, event->seq, post->seq);
	w->counts->accepted += !post->acked;
	w->counts->repeated += post->acked;
	post->acked = true;
	post->era = w->era;
	post->seq = event->seq;
	line_known(w, post->room, event->seq, post);
}

static void told_nack(struct world *w, struct process *p, const struct session_event *event)
{
	struct post *post = post_told(w, p, event);
	bool here = !post->shown && event->code > -64; /* this machine's own reasons */
	/* A number that was given twice, for what was known of it could not be stored here, or is forgotten there. */
	bool forgotten = event->code == TCHAT_ERR_CLONED_DEVICE && (w->user[p->user].troubled || (w->era > 0 && post->acked));
	if (forgotten && post->acked)
		return;
	post->is_volatile = post->is_volatile || p->trouble != 0;
	REQUIRE(w, !post->acked || post->era != w->era, "%u.%u is refused (%s), after it was accepted", post->user,
	        post->number, tchat_err_name(event->code));
	post->refused = !post->is_volatile;
	post->nacked = true;
	post->for_good = here || event->code == TCHAT_ERR_CANCELLED;
	for (uint64_t seq = 1; seq <= w->head[post->room]; seq++)
		REQUIRE(w, w->lines[post->room][seq] != post, "%u.%u is refused (%s), and is at %" PRIu64, post->user,
		        post->number, tchat_err_name(event->code), seq);
	w->counts->not_stored += here;
	w->counts->refused += !here;
	if (event->code == TCHAT_ERR_CANCELLED) {
		w->counts->cancelled++;
		REQUIRE(w, post->cancels, "%u.%u was not taken back", post->user, post->number);
	} else if (!here) {
		REQUIRE(w, forgotten || (event->code == TCHAT_ERR_NOT_MEMBER && w->profile.part > 0), "%u.%u is refused: %s",
		        post->user, post->number, tchat_err_name(event->code));
	}
}

static void told_lost(struct world *w, struct process *p, const struct session_event *event)
{
	unsigned room = room_of(w, event->name);
	struct post *post = post_of_text(w, room, event->text, event->length);
	REQUIRE(w, post->user == p->user, "another user's message is lost");
	REQUIRE(w, w->era > 0, "%u.%u is said to be lost", post->user, post->number);
	w->counts->lost++;
	post->lost++;
	post->lost_open = true;
	for (uint64_t seq = 1; seq <= w->head[room]; seq++)
		REQUIRE(w, w->lines[room][seq] != post || post->again > 0, "%u.%u is said to be lost, and is at %" PRIu64,
		        post->user, post->number, seq);
}

/* --- What is shown */

static struct seen *seen_of(struct world *w, const struct process *p, unsigned room)
{
	if (p->slot == NULL)
		broken(w, "p%u is shown something before its store was there", p->index);
	return &p->slot->seen[room];
}

/* The next message of a room, and none in between; each of them is what everybody has there. */
static void told_message(struct world *w, struct process *p, const struct session_event *event)
{
	unsigned room = room_of(w, event->name);
	struct view *view = &p->views[room];
	struct seen *seen = seen_of(w, p, room);
	struct post *post = post_of_text(w, room, event->text, event->length);
	w->counts->messages++;
	/* Read before, perhaps in a history that is not the host's any more: nobody could tell yet. */
	bool old = !view->joined && w->era > 0;
	if (!old)
		line_known(w, room, event->seq, post);
	REQUIRE(w, event->seq >= 1 && event->seq < LINES, "seq %" PRIu64, event->seq);
	view->lines[event->seq] = post;
	view->line_era[event->seq] = (uint8_t)(old ? 0 : w->era);
	REQUIRE(w, view->expected == 0 || event->seq == view->expected, "p%u: %s %" PRIu64 " comes instead of %" PRIu64,
	        p->index, event->name, event->seq, view->expected);
	/* A store in trouble does not keep that the history is another one: then it begins with the former one. */
	if (view->expected == 0 && seen->up_to > 0 && seen->era == w->era && !(old && w->user[p->user].troubled))
		REQUIRE(w, event->seq <= seen->up_to + 1, "p%u: %s goes on with %" PRIu64 ", but ended with %" PRIu64, p->index,
		        event->name, event->seq, seen->up_to);
	view->expected = event->seq + 1;
	if (old)
		return;
	view->era = w->era;
	if (event->seq > seen->up_to || seen->era != w->era)
		seen->up_to = event->seq;
	seen->era = w->era;
}

static void told_gap(struct world *w, struct process *p, const struct session_event *event)
{
	unsigned room = room_of(w, event->name);
	struct view *view = &p->views[room];
	struct seen *seen = seen_of(w, p, room);
	w->counts->gaps_told++;
	REQUIRE(w, w->retention, "p%u: %" PRIu64 " messages are said to be gone", p->index, event->count);
	REQUIRE(w, view->expected == 0 || event->seq == view->expected, "p%u: a gap at %" PRIu64 " instead of %" PRIu64,
	        p->index, event->seq, view->expected);
	REQUIRE(w, view->expected != 0 || seen->up_to == 0 || seen->era != w->era || event->seq <= seen->up_to + 1, "p%u: a gap behind a gap",
	        p->index);
	view->expected = event->seq + event->count;
	seen->up_to = view->expected - 1;
	seen->era = w->era;
	if (view->expected > w->gap_end[room])
		w->gap_end[room] = view->expected;
	/* The last ones may be of somebody who forgot them, and gone before anybody saw them. */
	if (view->expected > w->head[room] + 1)
		w->head[room] = view->expected - 1;
}

static void told_restarted(struct world *w, struct process *p, const struct session_event *event)
{
	unsigned room = room_of(w, event->name);
	struct seen *seen = seen_of(w, p, room);
	w->counts->restarted++;
	/* A process that died may not have stored that it knows. */
	REQUIRE(w, w->era > 0 && p->views[room].era != w->era, "p%u: %s is said to be another history", p->index,
	        event->name);
	p->views[room].era = w->era;
	p->views[room].expected = w->retention ? 0 : 1;
	memset(p->views[room].lines, 0, sizeof p->views[room].lines);
	seen->up_to = 0;
	seen->era = w->era;
}

/* A page of the past, or what was found; before it has caught up with the host, it may be of a history that is not the
 * host's any more. */
static void told_past(struct world *w, const struct process *p, const struct session_event *event)
{
	unsigned room = room_of(w, event->name);
	struct post *post = post_of_text(w, room, event->text, event->length);
	w->counts->pages++;
	if (p->views[room].ready || w->era == 0)
		line_known(w, room, event->seq, post);
}

/* It is entered for the first time, or as if: whoever had no time to store that it was there does so too. Then so much
 * of the past is shown as was configured. */
static void room_is_new(struct world *w, struct process *p, unsigned room)
{
	p->views[room] = (struct view){ .expected = w->session_config.history >= LINES && !w->retention ? 1 : 0 };
	if (p->slot != NULL)
		p->slot->seen[room] = (struct seen){ 0 };
}

static void told_disconnected(struct world *w, struct process *p, const struct session_event *event)
{
	for (unsigned i = 0; i < ROOMS; i++)
		p->views[i].ready = p->views[i].joined = false;
	switch (event->code) {
	case TCHAT_ERR_CLOSED:
	case TCHAT_ERR_TIMED_OUT:
	case TCHAT_ERR_TOO_SLOW:
	case TCHAT_ERR_SHUTDOWN:
	case TCHAT_ERR_BUSY:
		break;
	case TCHAT_ERR_MEMORY:
		REQUIRE(w, w->profile.memory > 0, "p%u is disconnected: memory", p->index);
		for (unsigned i = 0; i < ROOMS; i++)
			p->views[i].expected = 0; /* of what was read before, some may not have been told */
		break;
	default:
		broken(w, "p%u is disconnected: %s", p->index, tchat_err_name(event->code));
	}
}

static void event_say(struct world *w, const struct process *p, const struct session_event *event)
{
	static const char *const names[] = {
		[SESSION_CONNECTED] = "connected", [SESSION_DISCONNECTED] = "disconnected", [SESSION_GOAWAY] = "goaway",
		[SESSION_ROOM_JOINED] = "joined", [SESSION_ROOM_PARTED] = "parted", [SESSION_ROOM_READY] = "ready",
		[SESSION_MESSAGE] = "message", [SESSION_PENDING] = "pending", [SESSION_ACK] = "ack",
		[SESSION_NACK] = "nack", [SESSION_HELD] = "held", [SESSION_GAP] = "gap",
		[SESSION_RESTARTED] = "restarted", [SESSION_LOST] = "lost", [SESSION_ERROR] = "error",
		[SESSION_UNSTORED] = "unstored",
		[SESSION_PROFILE] = NULL,
	};
	if (w->log == NULL || names[event->type] == NULL)
		return;
	int length = event->length < 40 ? (int)event->length : 8;
	say(w, "p%u: %s %s seq %" PRIu64 " count %" PRIu64 " number %" PRIu64 " %s%s '%.*s'", p->index, names[event->type],
	    event->name, event->seq, event->count, event->counter, event->code != 0 ? tchat_err_name(event->code) : "",
	    event->again ? " again" : "", length, event->text);
}

void check_event(struct world *w, struct process *p, const struct session_event *event)
{
	trace(w, 16 + event->type, event->seq, event->counter + event->length);
	event_say(w, p, event);
	switch (event->type) {
	case SESSION_DISCONNECTED: told_disconnected(w, p, event); break;
	case SESSION_ROOM_PARTED: room_is_new(w, p, room_of(w, event->name)); break;
	case SESSION_ROOM_JOINED: p->views[room_of(w, event->name)].joined = true; break;
	case SESSION_ROOM_READY: p->views[room_of(w, event->name)].ready = true; break;
	case SESSION_MESSAGE: told_message(w, p, event); break;
	case SESSION_PAST:
	case SESSION_FOUND: told_past(w, p, event); break;
	case SESSION_GAP: told_gap(w, p, event); break;
	case SESSION_RESTARTED: told_restarted(w, p, event); break;
	case SESSION_PENDING: told_pending(w, p, event); break;
	case SESSION_ACK: told_ack(w, p, event); break;
	case SESSION_NACK: told_nack(w, p, event); break;
	case SESSION_LOST: told_lost(w, p, event); break;
	default: break;
	}
}

/* Whose outbox it is that a process has. */
void check_started(struct world *w, struct process *p)
{
	struct user *user = &w->user[p->user];
	const uint8_t *salt = p->store->salt;
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *slot = &user->slots[i];
		if (slot->used && memcmp(slot->salt, salt, sizeof slot->salt) != 0)
			continue;
		slot->used = true;
		memcpy(slot->salt, salt, sizeof slot->salt);
		p->slot = slot;
		for (unsigned r = 0; r < ROOMS; r++)
			if (p->store->operations->row(p->store, false, sim_rooms[r], sim_rooms[r])->epoch == 0)
				room_is_new(w, p, r);
			else
				p->views[r].expected = 0;
		say(w, "p%u has slot %u", p->index, i);
		return;
	}
	broken(w, "u%u has more slots than processes", p->user);
}
