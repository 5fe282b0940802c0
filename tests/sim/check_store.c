/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checker's look at the host's disk, and at the end. */
#include "sim.h"

#include "store/sqlite_look.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <inttypes.h>
#include <string.h>

struct looking {
	struct world *w;
	bool afresh;  /* what is there is what is known from now on */
	bool exact;   /* and nobody has seen anything else */
	bool there[ROOMS];
	unsigned room;
	uint64_t id[ROOMS], floor[ROOMS], next, head[ROOMS];
	unsigned count[USERS][POSTS];
};

static int look_line(void *arg, uint64_t seq, const uint8_t *record, size_t length)
{
	struct looking *l = arg;
	struct world *w = l->w;
	struct frame frame;
	struct message message;
	REQUIRE(w, seq == l->next, "kept: %s %" PRIu64 " comes instead of %" PRIu64, sim_rooms[l->room], seq, l->next);
	l->next++;
	int size = frame_peek(&frame, record, length, WIRE_LIMIT);
	REQUIRE(w, size == (int)length && message_decode(&message, frame.type, frame.payload, frame.length) == 0,
	        "kept: %s %" PRIu64 " cannot be read", sim_rooms[l->room], seq);
	struct post *post = post_of_text(w, l->room, (const char *)message.msg.body.data, message.msg.body.length);
	REQUIRE(w, seq < LINES, "kept: %s %" PRIu64, sim_rooms[l->room], seq);
	l->count[post->user][post->number]++;
	if (l->afresh || l->exact)
		line_known(w, l->room, seq, post);
	const struct post *known = w->lines[l->room][seq];
	REQUIRE(w, known == NULL || known == post, "kept: %s %" PRIu64 " is %u.%u, it was shown as %u.%u",
	        sim_rooms[l->room], seq, post->user, post->number, known->user, known->number);
	REQUIRE(w, !post->refused, "kept: %u.%u, which was refused", post->user, post->number);
	return 0;
}

static int look_at_room(void *arg, const struct look_room *room)
{
	struct looking *l = arg;
	struct world *w = l->w;
	for (l->room = 0; l->room < ROOMS && strcmp(sim_rooms[l->room], room->key) != 0;)
		l->room++;
	REQUIRE(w, l->room < ROOMS, "kept: a room that nobody made: %s", room->name);
	l->there[l->room] = true;
	l->id[l->room] = room->id;
	l->floor[l->room] = room->floor;
	l->head[l->room] = room->head;
	REQUIRE(w, w->retention || room->floor == 1, "kept: %s begins with %" PRIu64, room->name, room->floor);
	return 0;
}

static void look_fault(void *arg, const char *text)
{
	struct looking *l = arg;
	broken(l->w, "kept: %s", text);
}

/* False: there is no history. */
static bool look_at_all(struct looking *l)
{
	struct world *w = l->w;
	struct disk_process nobody = { 0 };
	unsigned fail[DISK_OPERATIONS];
	struct look *look;
	struct look_counts counts;
	char why[LOOK_WHY_SIZE];
	disk_enter(&nobody);
	memcpy(fail, w->host.disk.fail, sizeof fail);
	memset(w->host.disk.fail, 0, sizeof fail);
	if (w->host.lives == 0 || disk_find("/h/history/history.db") == NULL)
		return false;
	w->counts->checks++;
	int err = look_open(&look, "/h/history", why);
	/* Whoever never got so far as to make it. */
	if (err != 0 && w->head[0] == 0 && w->head[1] == 0)
		return false;
	REQUIRE(w, err == 0, "kept: %s", why);
	if (look_check(look, &counts, look_fault, l) != 0 || look_rooms(look, look_at_room, l) != 0)
		broken(w, "kept: %s", look_why(look));
	for (unsigned i = 0; i < ROOMS; i++) {
		l->room = i;
		l->next = l->floor[i];
		if (l->there[i] && look_records(look, l->id[i], look_line, l) != 0)
			broken(w, "kept: %s", look_why(look));
	}
	look_close(look);
	memcpy(w->host.disk.fail, fail, sizeof fail);
	disk_enter(NULL);
	return true;
}

/* What anybody was told is there. */
static void check_known(const struct looking *l)
{
	struct world *w = l->w;
	for (unsigned i = 0; i < ROOMS; i++) {
		const uint64_t head = l->there[i] ? l->head[i] : 0;
		for (uint64_t seq = head + 1; seq <= w->head[i]; seq++)
			REQUIRE(w, w->lines[i][seq] == NULL, "lost: %u.%u, which was at %" PRIu64 " of %s, and was %s",
			        w->lines[i][seq]->user, w->lines[i][seq]->number, seq, sim_rooms[i],
			        w->lines[i][seq]->acked && w->lines[i][seq]->era == w->era ? "accepted" : "shown");
		REQUIRE(w, !l->there[i] || w->gap_end[i] <= l->floor[i], "kept: %s from %" PRIu64 " on, but what is below %" PRIu64
		        " was said to be gone", sim_rooms[i], l->floor[i], w->gap_end[i]);
	}
}

/* An older history was put back unnoticed, and the message at the cursor came to its place once more, for it was sent
 * again: then nothing tells that those before it did not. See doc/DELIVERY. */
static bool could_not_be_told(const struct world *w, const struct view *view, unsigned room, uint64_t seq)
{
	if (w->profile.rollback == 0 || view->line_era[seq] == w->era)
		return false;
	for (uint64_t at = seq + 1; at <= w->head[room]; at++)
		if (view->lines[at] != NULL && view->line_era[at] != w->era && view->lines[at] == w->lines[room][at])
			return true;
	return false;
}

/* The same of a post of one's own: for all that can be told, it is where it was. */
static bool seems_there(const struct world *w, const struct post *post)
{
	for (unsigned i = 0; i < w->processes; i++) {
		const struct view *view = &w->process[i].views[post->room];
		if (w->process[i].user == post->user && view->lines[post->seq] == post &&
		    could_not_be_told(w, view, post->room, post->seq))
			return true;
	}
	return false;
}

void check_store(struct world *w, bool exact)
{
	struct looking l = { .w = w, .exact = exact };
	look_at_all(&l);
	check_known(&l);
	for (unsigned i = 0; exact && i < w->users; i++)
		for (unsigned n = 0; n < w->user[i].post_count; n++) {
			const struct post *post = &w->user[i].posts[n];
			unsigned count = l.count[i][n];
			REQUIRE(w, count <= 1 + post->again, "doubled: %u.%u is there %u times", i, n, count);
			/* Without memory to tell it, an answer was not told; it was taken all the same. */
			bool untold = w->profile.memory > 0 && count > 0;
			REQUIRE(w, !post->shown || post->acked || post->nacked || post->is_volatile || untold ||
			                (post->cancels && count == 0),
			        "lost: %u.%u, which was pending", i, n);
			/* What was posted to a room that its user left since is not remembered, nor what could not be stored. */
			bool left = (w->profile.part > 0 && post->room == 1) || w->user[i].troubled || w->profile.memory > 0;
			if (post->acked && post->era != w->era && !post->cancels && !w->retention && !left)
				REQUIRE(w, count > 0 || post->lost > 0 || post->nacked || seems_there(w, post),
				        "%u.%u went with the older history, and nobody was told", i, n);
		}
}

void check_new_era(struct world *w)
{
	struct looking l = { .w = w, .afresh = true };
	w->era++;
	memset(w->lines, 0, sizeof w->lines);
	memset(w->head, 0, sizeof w->head);
	memset(w->gap_end, 0, sizeof w->gap_end);
	/* What the host refused it does not know any more. */
	for (unsigned i = 0; i < w->users; i++)
		for (unsigned n = 0; n < w->user[i].post_count; n++)
			w->user[i].posts[n].refused = w->user[i].posts[n].refused && w->user[i].posts[n].for_good;
	look_at_all(&l);
}

void check_rest(struct world *w)
{
	check_store(w, true);
	for (unsigned i = 0; i < w->processes; i++) {
		struct process *p = &w->process[i];
		for (unsigned r = 0; r < ROOMS; r++) {
			struct session_room room;
			const struct view *view = &p->views[r];
			const struct seen *seen = &p->slot->seen[r];
			uint32_t handle = session_room_find(p->session, sim_rooms[r], false);
			REQUIRE(w, session_room(p->session, handle, &room) && room.head == w->head[r],
			        "p%u: %s ends with %" PRIu64 ", not %" PRIu64, i, sim_rooms[r], room.head, w->head[r]);
			for (uint64_t seq = 1; seq <= w->head[r]; seq++)
				REQUIRE(w, view->lines[seq] == NULL || w->lines[r][seq] == NULL ||
				                view->lines[seq] == w->lines[r][seq] || could_not_be_told(w, view, r, seq),
				        "p%u has %u.%u at %" PRIu64 " of %s, where others have %u.%u", i, view->lines[seq]->user,
				        view->lines[seq]->number, seq, sim_rooms[r], w->lines[r][seq]->user,
				        w->lines[r][seq]->number);
			REQUIRE(w, view->expected == 0 || view->expected == w->head[r] + 1, "p%u: %s ends before %" PRIu64, i,
			        sim_rooms[r], view->expected);
			REQUIRE(w, view->expected != 0 || seen->up_to == 0 || seen->up_to == w->head[r],
			        "p%u: %s ended with %" PRIu64 ", not %" PRIu64, i, sim_rooms[r], seen->up_to, w->head[r]);
		}
	}
}
