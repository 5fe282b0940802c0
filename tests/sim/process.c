/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's process: a session and its store, as the program runs them, and what its user does. */
#include "sim.h"

#include <string.h>

enum { ROOT = 16 };

static struct user *user_of(struct world *w, const struct process *p)
{
	return &w->user[p->user];
}

void process_join(struct world *w, struct process *p)
{
	if (p->state == OFF)
		return;
	disk_enter(&p->on);
	for (unsigned i = 0; i < ROOMS; i++)
		session_join(p->session, sim_rooms[i]);
	process_events(w, p);
}

static void process_start(struct world *w, struct process *p)
{
	char root[ROOT], nick[8];
	struct client_sqlite_config store = w->client_config;
	struct session_config session = w->session_config;
	snprintf(root, sizeof root, "/u%u/c", p->user);
	snprintf(nick, sizeof nick, "nick%u", p->user);
	store.root = root;
	store.label = nick;
	session.nick = nick;
	p->on = (struct disk_process){ 0 };
	if (!w->heals && chance(w, 10 * w->profile.client_dies))
		p->on.dies_in = 1 + (unsigned)dice(w, 60);
	disk_enter(&p->on);
	p->store = client_sqlite_new(&store);
	p->session = session_new(&session);
	if (p->store == NULL || p->session == NULL)
		broken(w, "no memory");
	p->state = RUNS;
	p->opened = p->host_seen = false;
	p->slot = NULL;
	p->trouble = 0;
	p->stalled = 0;
	p->lives++;
	memset(p->views, 0, sizeof p->views);
	say(w, "p%u starts", p->index);
	process_join(w, p);
}

/* It is gone: cleanly, unless it is dead. */
static void process_gone(struct world *w, struct process *p, enum net_leaving how)
{
	if (p->state == OFF)
		return;
	disk_enter(&p->on);
	if (p->link != NULL)
		net_leave(w, p->link, how);
	disk_enter(&p->on);
	client_store_free(p->store);
	session_free(p->session);
	p->store = NULL;
	p->session = NULL;
	p->slot = NULL;
	p->state = OFF;
	p->starts_at = w->now + dice(w, dice(w, 3) == 0 ? TCHAT_SECONDS(30) : TCHAT_SECONDS(1));
	disk_enter(NULL);
}

void process_kill(struct world *w, struct process *p)
{
	if (p->state == OFF)
		return;
	say(w, "p%u is killed", p->index);
	w->counts->client_killed++;
	p->on.dead = true;
	process_gone(w, p, NET_DIES);
}

void user_power(struct world *w, unsigned user)
{
	say(w, "power cut at u%u", user);
	w->counts->client_power++;
	for (unsigned i = 0; i < w->processes; i++) {
		struct process *p = &w->process[i];
		p->on.dead = p->on.dead || p->user == user;
		if (p->user == user)
			process_gone(w, p, NET_POWER);
	}
	disk_cut(&w->user[user].disk);
}

/* The user leaves, and does not wait for what is pending. */
void process_leave(struct world *w, struct process *p)
{
	if (p->state == OFF)
		return;
	say(w, "p%u ends", p->index);
	w->counts->client_left++;
	process_gone(w, p, NET_CLOSES);
}

/* --- What the store's thread does, by hand */

static void take_store(struct world *w, struct process *p)
{
	p->opened = true;
	check_started(w, p);
	session_store(p->session, p->store, w->now);
	process_events(w, p);
}

void process_work(struct world *w, struct process *p)
{
	char why[CLIENT_WHY_SIZE];
	if (p->state == OFF)
		return;
	disk_enter(&p->on);
	TCHAT(w, client_sqlite_work(p->store));
	int err = client_sqlite_opened(p->store, why);
	if (p->on.dead) {
		say(w, "p%u dies in the midst of writing", p->index);
		if (dice(w, 2) == 0)
			user_power(w, p->user);
		else
			process_kill(w, p);
		return;
	}
	if (err != 0) {
		say(w, "p%u: its store cannot be opened: %s", p->index, why);
		w->counts->client_failed++;
		p->on.dead = true;
		process_gone(w, p, NET_CLOSES);
		return;
	}
	if (!p->opened && (p->host_seen || session_dial_at(p->session) != TCHAT_NEVER))
		take_store(w, p);
	if (!p->opened)
		return;
	int trouble = client_sqlite_trouble(p->store, why);
	w->counts->client_failed += trouble == TCHAT_ERR_STORE && p->trouble != trouble;
	p->trouble = trouble;
	user_of(w, p)->troubled = user_of(w, p)->troubled || trouble != 0;
	TCHAT(w, session_stored(p->session, w->now));
	session_unstored(p->session, trouble, why, w->now);
	process_events(w, p);
}

/* --- Its loop */

void process_events(struct world *w, struct process *p)
{
	struct session_event event;
	while (session_next_event(p->session, &event)) {
		p->host_seen = p->host_seen || event.type == SESSION_HOST;
		check_event(w, p, &event);
	}
}

void process_tick(struct world *w, struct process *p)
{
	if (p->state == OFF && p->starts_at <= w->now)
		process_start(w, p);
	if (p->state == OFF)
		return;
	disk_enter(&p->on);
	TCHAT(w, session_tick(p->session, w->now));
	process_events(w, p);
	if (session_final(p->session))
		session_retry_now(p->session);
	if (p->link == NULL)
		net_dial(w, p);
}

/* --- What its user does */

bool process_post(struct world *w, struct process *p)
{
	struct user *user = user_of(w, p);
	char ref[16];
	if (p->state == OFF || user->post_count == POSTS)
		return false;
	struct post *post = &user->posts[user->post_count];
	*post = (struct post){ .user = p->user, .number = user->post_count, .room = (unsigned)dice(w, ROOMS) };
	uint32_t room = session_room_find(p->session, sim_rooms[post->room], false);
	if (room == 0)
		return false;
	post_write(post);
	snprintf(ref, sizeof ref, "%u.%u", post->user, post->number);
	user->post_count++;
	disk_enter(&p->on);
	int64_t counter;
	TCHAT(w, counter = session_post(p->session, room, KIND_TEXT, post->text, post->length, ref));
	w->counts->posts += counter > 0;
	if (counter < 0)
		user->post_count--;
	say(w, "p%u posts %s: %lld", p->index, ref, (long long)counter);
	process_events(w, p);
	return counter > 0;
}

void process_cancel(struct world *w, struct process *p)
{
	struct user *user = user_of(w, p);
	if (p->state == OFF || user->post_count == 0)
		return;
	struct post *post = &user->posts[user->post_count - 1 - dice(w, user->post_count < 6 ? user->post_count : 6)];
	if (!post->shown || post->slot != p->slot || p->slot->posts[post->counter] != post)
		return;
	if (post->is_volatile && post->life != p->lives) /* nothing is known of it any more */
		return;
	disk_enter(&p->on);
	int err = session_cancel(p->session, post->counter);
	say(w, "p%u takes back %u.%u: %d", p->index, post->user, post->number, err);
	w->counts->cancels += err == 0;
	post->cancels = post->cancels || err == 0;
	process_events(w, p);
}

void process_part(struct world *w, struct process *p)
{
	if (p->state == OFF)
		return;
	disk_enter(&p->on);
	session_part(p->session, session_room_find(p->session, sim_rooms[1], false));
	w->counts->parted++;
	if (dice(w, 2) == 0)
		session_join(p->session, sim_rooms[1]);
	process_events(w, p);
}

/* What is lost is posted again, or given up. */
void process_repost(struct world *w, struct process *p)
{
	struct user *user = user_of(w, p);
	unsigned lost = 0;
	for (unsigned i = 0; i < user->post_count; i++)
		lost += user->posts[i].lost_open && user->posts[i].slot == p->slot;
	if (lost == 0 || p->state == OFF || !p->opened)
		return;
	bool again = dice(w, 4) != 0;
	for (unsigned i = 0; i < user->post_count; i++) {
		struct post *post = &user->posts[i];
		if (!post->lost_open || post->slot != p->slot)
			continue;
		post->lost_open = false;
		post->again += again;
	}
	disk_enter(&p->on);
	int count = again ? session_repost(p->session, 0) : session_forget_lost(p->session, 0);
	say(w, "p%u %s what was lost: %d", p->index, again ? "posts again" : "forgets", count);
	w->counts->reposts += again && count > 0 ? (unsigned)count : 0;
	process_events(w, p);
}

void process_whim(struct world *w, struct process *p)
{
	char nick[8];
	if (p->state == OFF)
		return;
	disk_enter(&p->on);
	uint32_t room = session_room_find(p->session, sim_rooms[dice(w, ROOMS)], false);
	switch (dice(w, 4)) {
	case 0:
		snprintf(nick, sizeof nick, "nick%u", (unsigned)dice(w, 6));
		session_nick(p->session, nick);
		break;
	case 1:
		session_search(p->session, room, "u1", 0, 1 + (uint32_t)dice(w, 20), 1);
		break;
	case 2:
		session_retry_now(p->session);
		break;
	default:
		session_history(p->session, room, dice(w, 40), 1 + (uint32_t)dice(w, 20), 1);
		break;
	}
	process_events(w, p);
}

bool process_rests(struct world *w, struct process *p)
{
	if (p->state == OFF || !p->opened || !session_ready(p->session) || session_pending(p->session) > 0)
		return false;
	if (p->link == NULL || p->link->peer == NULL || p->link->broken)
		return false;
	for (unsigned i = 0; i < ROOMS; i++) {
		struct session_room room;
		uint32_t handle = session_room_find(p->session, sim_rooms[i], false);
		if (!p->views[i].ready || !session_room(p->session, handle, &room) || !room.joined)
			return false;
	}
	return true;
}
