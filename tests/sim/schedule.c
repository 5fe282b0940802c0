/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A schedule: so many steps of what may happen, then nothing but rest. */
#include "sim.h"

enum { STEPS_LEAST = 40, STEPS_RANGE = 140, REST_ROUNDS = 4000, QUIET_ROUNDS = 4 };

static struct process *any_process(struct world *w)
{
	return &w->process[dice(w, w->processes)];
}

static void disk_fails(struct world *w, struct disk *disk, enum disk_operation what)
{
	if (disk->fail[what] == 0)
		disk->fail[what] = 1 + (unsigned)dice(w, 30);
}

static void disk_fills(struct world *w, struct disk *disk)
{
	disk->full = !disk->full;
	w->counts->full += disk->full;
	say(w, "disk %s is %s", disk->name, disk->full ? "full" : "not full any more");
}

static void host_faults(struct world *w)
{
	const struct profile *f = &w->profile;
	struct machine *m = &w->host;
	if (chance(w, f->host_kill))
		machine_kill(w);
	if (chance(w, f->host_power))
		machine_power(w);
	if (chance(w, f->host_stop))
		machine_stop(w);
	if (chance(w, f->host_dies) && m->on.dies_in == 0)
		m->on.dies_in = 1 + (unsigned)dice(w, 40);
	if (chance(w, f->host_full) || (m->disk.full && dice(w, 20) == 0))
		disk_fills(w, &m->disk);
	if (chance(w, f->host_error))
		disk_fails(w, &m->disk, dice(w, 4) == 0 ? DISK_READ : DISK_WRITE);
	if (chance(w, f->host_flush))
		disk_fails(w, &m->disk, DISK_SYNC);
	if (m->backup == NULL ? chance(w, f->backup) : chance(w, f->restore + f->rollback))
		machine_restore(w, f->restore > 0);
}

static void client_faults(struct world *w)
{
	const struct profile *f = &w->profile;
	struct process *p = any_process(w);
	struct user *user = &w->user[p->user];
	if (chance(w, f->client_kill))
		process_kill(w, p);
	if (chance(w, f->client_power))
		user_power(w, p->user);
	if (chance(w, f->client_leave))
		process_leave(w, p);
	if (chance(w, f->client_dies) && p->on.dies_in == 0)
		p->on.dies_in = 1 + (unsigned)dice(w, 40);
	if (chance(w, f->client_full) || (user->disk.full && dice(w, 20) == 0))
		disk_fills(w, &user->disk);
	if (chance(w, f->client_error))
		disk_fails(w, &user->disk, (enum disk_operation)dice(w, DISK_OPERATIONS));
}

static void other_faults(struct world *w)
{
	const struct profile *f = &w->profile;
	if (chance(w, f->cut)) {
		struct process *p = any_process(w);
		if (p->link != NULL)
			net_cut(w, p->link);
	}
	if (chance(w, f->stall)) {
		any_process(w)->stalled = (unsigned)dice(w, 60);
		w->counts->stalled++;
	}
	if (chance(w, f->clock)) {
		w->wall += (int64_t)dice(w, TCHAT_SECONDS(200000)) - (int64_t)TCHAT_SECONDS(100000);
		w->counts->clock++;
		say(w, "the wall clock jumps");
	}
	if (chance(w, f->pause)) {
		w->now += dice(w, TCHAT_SECONDS(200));
		w->counts->pauses++;
		say(w, "a long pause");
	}
}

static void users_do(struct world *w)
{
	struct process *p = any_process(w);
	uint64_t what = dice(w, 100);
	if (what < 25)
		for (uint64_t burst = dice(w, 10) == 0 ? 8 : 1; burst > 0 && process_post(w, p); burst--)
			;
	if (chance(w, w->profile.cancel))
		process_cancel(w, p);
	if (chance(w, w->profile.part))
		process_part(w, p);
	if (chance(w, w->profile.look))
		process_whim(w, p);
	if (dice(w, 10) == 0)
		process_repost(w, p);
	if (w->profile.part > 0 && what > 90)
		process_join(w, p);
}

static size_t everything_moves(struct world *w, size_t limit)
{
	size_t moved = 0;
	for (size_t i = 0; i < LINKS; i++)
		if (w->links[i].used)
			moved += net_move(w, &w->links[i], limit != 0 ? limit : 1 + (size_t)dice(w, dice(w, 3) == 0 ? 40 : 5000));
	return moved;
}

static void step(struct world *w)
{
	w->step++;
	w->counts->steps++;
	users_do(w);
	host_faults(w);
	client_faults(w);
	other_faults(w);
	everything_moves(w, 0);
	if (dice(w, 3) != 0)
		machine_work(w, false);
	machine_tick(w);
	for (unsigned i = 0; i < w->processes; i++) {
		struct process *p = &w->process[i];
		p->stalled -= p->stalled > 0;
		process_tick(w, p);
		if (dice(w, 4) == 0 || p->on.dead)
			process_work(w, p);
	}
	w->now += dice(w, 20) == 0 ? dice(w, TCHAT_SECONDS(3)) : dice(w, TCHAT_MS(20));
}

/* --- Rest */

static void heal(struct world *w)
{
	say(w, "from here on nothing fails");
	w->heals = true;
	machine_heal(w);
	for (unsigned i = 0; i <= w->users; i++) {
		struct disk *disk = i < w->users ? &w->user[i].disk : &w->host.disk;
		disk->full = false;
		disk->fail[DISK_READ] = disk->fail[DISK_WRITE] = disk->fail[DISK_SYNC] = 0;
	}
	for (unsigned i = 0; i < w->processes; i++) {
		w->process[i].stalled = 0;
		w->process[i].on.dies_in = 0;
	}
}

/* When anything is due, should nothing move before. */
static tchat_time next_due(struct world *w)
{
	tchat_time due = w->host.state == OFF ? w->host.starts_at : host_deadline(w->host.host);
	if (w->host.state == ENDS && w->host.ends_at < due)
		due = w->host.ends_at;
	for (unsigned i = 0; i < w->processes; i++) {
		const struct process *p = &w->process[i];
		tchat_time own = p->state == OFF ? p->starts_at : session_deadline(p->session);
		if (p->state != OFF && session_dial_at(p->session) < own)
			own = session_dial_at(p->session);
		due = own < due ? own : due;
	}
	return due;
}

static void rest(struct world *w)
{
	unsigned quiet = 0;
	heal(w);
	for (unsigned round = 0; round < REST_ROUNDS; round++) {
		bool rests = w->host.state == RUNS;
		w->step++;
		size_t moved = everything_moves(w, 65536);
		machine_work(w, true);
		machine_tick(w);
		for (unsigned i = 0; i < w->processes; i++) {
			struct process *p = &w->process[i];
			process_tick(w, p);
			/* In bursts, so that a transaction holds more than one message. */
			if (moved == 0 || round % 8 == 0 ) {
				process_work(w, p);
				process_repost(w, p);
			}
			if (round % 64 == 0)
				process_join(w, p);
			rests = rests && moved == 0 && process_rests(w, p);
		}
		quiet = rests ? quiet + 1 : 0;
		if (quiet == QUIET_ROUNDS)
			return;
		tchat_time due = next_due(w);
		if (moved == 0 && quiet == 0 && due > w->now + 100 && due != TCHAT_NEVER)
			w->now = due < w->now + TCHAT_SECONDS(10) ? due : w->now + TCHAT_SECONDS(10);
		else
			w->now += 100;
	}
	for (unsigned i = 0; i < w->processes; i++)
		if (!process_rests(w, &w->process[i]))
			broken(w, "p%u does not come to rest", i);
	broken(w, "it does not come to rest");
}

void schedule_run(struct world *w)
{
	unsigned steps = STEPS_LEAST + (unsigned)dice(w, STEPS_RANGE);
	while (w->step < steps)
		step(w);
	rest(w);
	check_rest(w);
}
