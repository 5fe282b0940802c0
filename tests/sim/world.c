/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A world is made of a seed: its limits, its faults, its machines. */
#include "sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *const sim_rooms[ROOMS] = { "lobby", "den" };

uint64_t dice(struct world *w, uint64_t sides)
{
	w->dice += 0x9e3779b97f4a7c15u;
	uint64_t z = w->dice;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % sides;
}

bool chance(struct world *w, unsigned in_1000)
{
	return in_1000 > 0 && dice(w, 1000) < in_1000;
}

void trace(struct world *w, unsigned what, uint64_t a, uint64_t b)
{
	uint64_t word = (w->trace ^ what) * 0x100000001b3u;
	word = (word ^ a) * 0x9e3779b97f4a7c15u;
	w->trace = (word ^ (word >> 29) ^ b) * 0xbf58476d1ce4e5b9u;
}

void say(struct world *w, const char *format, ...)
{
	va_list arguments;
	if (w->log == NULL)
		return;
	fprintf(w->log, "%u %" PRIu64 ".%06u ", w->step, w->now / 1000000, (unsigned)(w->now % 1000000));
	va_start(arguments, format);
	vfprintf(w->log, format, arguments);
	va_end(arguments);
	fputc('\n', w->log);
}

void broken(struct world *w, const char *format, ...)
{
	va_list arguments;
	fflush(w->log);
	fprintf(stdout, "SEED=%" PRIu64 " breaks the promise (step %u, schedule %" PRIu64 "): ", w->seed, w->step,
	        w->counts->schedules);
	va_start(arguments, format);
	vfprintf(stdout, format, arguments);
	va_end(arguments);
	fputc('\n', stdout);
	fflush(stdout);
	_Exit(1);
}

/* --- What machines are given */

static tchat_time world_wall(void *arg)
{
	const struct world *w = arg;
	return (tchat_time)((int64_t)(TCHAT_SECONDS(1700000000) + w->now) + w->wall);
}

static void world_random(void *arg, void *bytes, size_t length)
{
	uint8_t *at = bytes;
	for (uint64_t word = 0; length > 0; length--, word >>= 8) {
		if (word <= 0xff)
			word = dice(arg, UINT64_MAX) | UINT64_C(1) << 63;
		*at++ = (uint8_t)word;
	}
}

static uint64_t world_dice(void *arg, uint64_t sides)
{
	return dice(arg, sides);
}

static void world_trace(void *arg, unsigned what, uint64_t a, uint64_t b)
{
	trace(arg, what, a, b);
}

/* The clock of what works by hand on threads' behalf: see -Wl,--wrap in local.mk. */
static const struct world *running;
tchat_time __wrap_clock_monotonic(void);

tchat_time __wrap_clock_monotonic(void)
{
	return running->now;
}

/* --- Limits, which are all small at times: what hides behind a queue of 64 shows itself at 4. */

static uint64_t rarely(struct world *w, unsigned one_in, uint64_t least, uint64_t range)
{
	return dice(w, one_in) != 0 ? 0 : least + dice(w, range);
}

static void limits_choose(struct world *w)
{
	w->pipe = dice(w, 2) == 0 ? 65536 : 100 + dice(w, 8000);
	w->secure = dice(w, 3) == 0;
	/* Where messages go, there is nothing to tell an older history by that nobody told of: see doc/DELIVERY. */
	w->retention = dice(w, 5) == 0 && w->profile.rollback == 0;
	world_random(w, w->pin.bytes, sizeof w->pin.bytes);
	w->host_config = (struct host_config){
		.environment = &w->environment,
		.software = "sim",
		.pin = w->secure ? &w->pin : NULL,
		.access = HOST_ACCESS_OPEN,
		.limits = { .queue = rarely(w, 2, 500, 8000),
		            .queue_soft = rarely(w, 3, 200, 4000),
		            .round = rarely(w, 2, 1, 2000),
		            .requests = (uint32_t)dice(w, 4) },
	};
	w->store_config = (struct store_sqlite_config){
		.environment = &w->environment,
		.directory = "/h/history",
		.vfs = SIM_VFS,
		.by_hand = true,
		.outcomes = (uint32_t)rarely(w, 2, 20, 40),
		.durability = w->plant == PLANT_NORMAL_SYNC ? STORE_PROCESS : STORE_FULL,
	};
	if (w->retention && dice(w, 2) == 0)
		w->store_config.keep_count = 1 + dice(w, 30);
	else if (w->retention)
		w->store_config.keep_age = TCHAT_SECONDS(1 + dice(w, 200));
	w->session_config = (struct session_config){
		.environment = &w->environment,
		.stored = true,
		.history = dice(w, 4) != 0 ? 100000 : (uint32_t)dice(w, 20),
		.flight_posts = rarely(w, 2, 1, 12),
		.flight_bytes = rarely(w, 3, 100, 4000),
	};
	if (w->session_config.flight_posts == 0)
		w->session_config.flight_posts = 16; /* less than outcomes, as it has to be */
	w->client_config = (struct client_sqlite_config){
		.environment = &w->environment,
		.key = (const uint8_t *)"the host",
		.key_length = 8,
		.vfs = SIM_VFS,
		.by_hand = true,
		.posts = rarely(w, 2, 5, 30),
		.post_bytes = rarely(w, 4, 3000, 9000),
		.cache_count = rarely(w, 3, 1, 40),
	};
}

/* A schedule has some of the faults, more or less often. */
static unsigned rate(struct world *w, unsigned one_in, unsigned most)
{
	return dice(w, one_in) != 0 ? 0 : 1 + (unsigned)dice(w, most);
}

static void faults_choose(struct world *w)
{
	struct profile *p = &w->profile;
	p->cut = rate(w, 2, 60);
	p->stall = rate(w, 2, 60);
	p->host_kill = rate(w, 3, 10);
	p->host_dies = rate(w, 3, 15);
	p->host_power = rate(w, 3, 10);
	p->host_stop = rate(w, 4, 8);
	p->host_full = rate(w, 5, 20);
	p->host_error = rate(w, 5, 20);
	p->host_flush = rate(w, 5, 20);
	p->backup = rate(w, 4, 30);
	if (p->backup > 0 && dice(w, 2) == 0)
		p->restore = 3 + (unsigned)dice(w, 8);
	else if (p->backup > 0)
		p->rollback = 3 + (unsigned)dice(w, 8);
	p->client_kill = rate(w, 2, 20);
	p->client_dies = rate(w, 3, 30);
	p->client_power = rate(w, 3, 15);
	p->client_leave = rate(w, 4, 15);
	p->client_full = rate(w, 5, 20);
	p->client_error = rate(w, 5, 20);
	p->clock = rate(w, 4, 20);
	p->pause = rate(w, 3, 10);
	p->part = rate(w, 4, 15);
	p->cancel = rate(w, 2, 60);
	p->look = rate(w, 4, 40);
	p->memory = rate(w, 5, 30);
}

static void users_make(struct world *w)
{
	w->users = 2 + (unsigned)dice(w, USERS - 1);
	for (unsigned i = 0; i < w->users; i++) {
		char name[16];
		snprintf(name, sizeof name, "u%u", i);
		disk_init(&w->user[i].disk, name, world_dice, world_trace, w);
		w->user[i].disk.ignores_sync = w->plant == PLANT_VOLATILE_OUTBOX;
		world_random(w, w->user[i].pin.bytes, sizeof w->user[i].pin.bytes);
	}
	unsigned twins = dice(w, 3) == 0 || w->plant == PLANT_TWIN_PROCESSES ? 1 : 0;
	w->processes = w->users + twins;
	for (unsigned i = 0; i < w->processes; i++) {
		w->process[i].index = i;
		w->process[i].user = i % w->users;
		w->process[i].starts_at = w->now + dice(w, TCHAT_MS(300));
	}
}

void world_open(struct world *w, uint64_t seed)
{
	struct world fresh = { .seed = seed, .dice = seed, .log = w->log, .plant = w->plant, .counts = w->counts };
	*w = fresh;
	running = w;
	folder_shares = w->plant == PLANT_TWIN_PROCESSES;
	w->now = TCHAT_SECONDS(1000);
	w->environment = (struct environment){ world_wall, world_random, w };
	vfs_seed(world_dice, w);
	faults_choose(w);
	limits_choose(w);
	disk_init(&w->host.disk, "h", world_dice, world_trace, w);
	w->host.disk.ignores_sync = w->plant == PLANT_IGNORED_SYNC;
	w->host.disk.repeats_sync = w->plant == PLANT_REPEATED_SYNC;
	users_make(w);
	if (dice(w, 4) != 0)
		templates_place(w);
	say(w, "seed %" PRIu64 ": %u users, %u processes%s%s", seed, w->users, w->processes, w->secure ? ", keys" : "",
	    w->retention ? ", retention" : "");
}

static void counts_add(struct disk_counts *sum, const struct disk_counts *more)
{
	for (int i = 0; i < DISK_OPERATIONS; i++) {
		sum->operations[i] += more->operations[i];
		sum->failed[i] += more->failed[i];
	}
	sum->full += more->full;
	sum->torn += more->torn;
	sum->lost += more->lost;
	sum->cuts += more->cuts;
	sum->crashes += more->crashes;
}

void world_close(struct world *w)
{
	for (unsigned i = 0; i < w->processes; i++)
		process_kill(w, &w->process[i]);
	machine_free(w);
	net_free(w);
	disk_enter(NULL);
	counts_add(&w->counts->host_disk, &w->host.disk.counts);
	disk_free(&w->host.disk);
	for (unsigned i = 0; i < w->users; i++) {
		counts_add(&w->counts->user_disks, &w->user[i].disk.counts);
		disk_free(&w->user[i].disk);
	}
	w->counts->schedules++;
}
