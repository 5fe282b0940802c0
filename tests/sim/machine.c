/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's machine: its process, as the program runs it, and what befalls both. */
#include "sim.h"

#include "store/sqlite_inside.h"

#include <string.h>

#define FOLDER "/h/history"

/* --- Commits that are put off, where that is the planted fault: see -Wl,--wrap in local.mk */

static struct world *delaying;
int __real_db_do(struct db *db, enum db_statement statement);
int __wrap_db_do(struct db *db, enum db_statement statement);

static struct db *writer_of(struct world *w)
{
	return &((struct sqlite_store *)w->host.store)->writer.db;
}

bool machine_delays(struct world *w)
{
	return delaying != NULL && w->host.state != OFF && sqlite3_get_autocommit(writer_of(w)->handle) == 0;
}

int __wrap_db_do(struct db *db, enum db_statement statement)
{
	struct world *w = delaying;
	if (w == NULL || w->host.state == OFF || db != writer_of(w))
		return __real_db_do(db, statement);
	if (statement == SQL_BEGIN && machine_delays(w))
		return SQLITE_OK;
	if (statement == SQL_COMMIT && !w->heals && dice(w, 3) != 0)
		return SQLITE_OK;
	return __real_db_do(db, statement);
}

void machine_heal(struct world *w)
{
	struct machine *m = &w->host;
	m->on.dies_in = 0;
	if (machine_delays(w))
		__real_db_do(writer_of(w), SQL_COMMIT);
}

/* --- Its process */

static void links_hang_up(struct world *w, bool power)
{
	for (size_t i = 0; i < LINKS; i++)
		if (w->links[i].used && w->links[i].peer != NULL)
			net_hang_up(w, &w->links[i], power);
}

/* The process is gone: its memory, its handles, its connections. */
static void machine_gone(struct world *w, bool power)
{
	struct machine *m = &w->host;
	disk_enter(&m->on);
	links_hang_up(w, power);
	if (m->host != NULL) {
		struct host_counters counters;
		host_counters(m->host, &counters);
		w->counts->gaps += counters.gaps;
	}
	store_free(m->store);
	host_free(m->host);
	m->store = NULL;
	m->host = NULL;
	m->state = OFF;
	m->starts_at = w->now + dice(w, dice(w, 3) == 0 ? TCHAT_SECONDS(20) : TCHAT_MS(500));
	m->disk.fail[DISK_READ] = m->disk.fail[DISK_WRITE] = m->disk.fail[DISK_SYNC] = 0;
	disk_enter(NULL);
}

static void machine_start(struct world *w)
{
	struct machine *m = &w->host;
	char why[STORE_WHY_SIZE] = "";
	m->on = (struct disk_process){ 0 };
	/* Rather there than elsewhere: what a failed flush left is dealt with now. */
	if (chance(w, (m->failed ? 60 : 10) * w->profile.host_dies) && !w->heals)
		m->on.dies_in = 1 + (unsigned)dice(w, 60);
	m->failed = false;
	disk_enter(&m->on);
	m->lives++;
	if (store_sqlite_open(&m->store, &w->store_config, why) == 0) {
		struct store_identity identity;
		store_sqlite_identity(m->store, &identity);
		w->host_config.store = m->store;
		w->host_config.identity = &identity;
		m->host = host_new(&w->host_config);
		w->host_config.identity = NULL;
	}
	if (m->host == NULL) {
		bool power = m->on.dead && dice(w, 2) == 0;
		say(w, "the host cannot start: %s", why);
		m->on.dead = m->on.dead || dice(w, 2) == 0;
		machine_gone(w, power);
		if (power)
			machine_power(w);
		return;
	}
	m->state = RUNS;
	m->idle_at = 0;
	delaying = w->plant == PLANT_ACK_BEFORE_COMMIT || w->plant == PLANT_DELIVER_BEFORE_COMMIT ? w : NULL;
	say(w, "the host starts, for the %u. time", m->lives);
}

void machine_kill(struct world *w)
{
	struct machine *m = &w->host;
	if (m->state == OFF)
		return;
	say(w, "the host is killed");
	w->counts->host_killed++;
	m->on.dead = true;
	machine_gone(w, false);
	if (dice(w, 3) == 0)
		check_store(w, false);
}

void machine_power(struct world *w)
{
	struct machine *m = &w->host;
	say(w, "power cut at the host");
	w->counts->host_power++;
	m->on.dead = true;
	if (m->state != OFF)
		machine_gone(w, true);
	disk_cut(&m->disk);
	if (dice(w, 2) == 0)
		check_store(w, false);
}

void machine_stop(struct world *w)
{
	struct machine *m = &w->host;
	if (m->state != RUNS)
		return;
	say(w, "the host is told to end");
	disk_enter(&m->on);
	host_shutdown(m->host, (uint32_t)dice(w, 2000) + 1, w->now);
	m->state = ENDS;
	m->ends_at = w->now + dice(w, TCHAT_SECONDS(2));
}

static void machine_end(struct world *w)
{
	say(w, "the host has ended");
	w->counts->host_stopped++;
	machine_gone(w, false);
	/* Its last words may have been its death. */
	if (dice(w, 4) == 0)
		check_store(w, false);
}

void machine_restore(struct world *w, bool told)
{
	struct machine *m = &w->host;
	if (m->backup == NULL) {
		if (m->state != OFF && disk_find(FOLDER "/history.db") != NULL) {
			m->backup = backup_take(&m->disk, FOLDER);
			m->backup_life = m->lives;
			say(w, "a backup is made");
		}
		return;
	}
	say(w, "an older history is put back%s", told ? "" : ", with all that could tell");
	m->on.dead = m->on.dead || dice(w, 2) == 0;
	if (m->state != OFF)
		machine_gone(w, false);
	net_silence(w); /* nobody puts back a backup within milliseconds */
	/* A life that did not end cleanly left the number that its own backup has; then only another file tells. */
	bool in_place = !told || (m->backup_life != m->lives && dice(w, 2) == 0);
	backup_restore(m->backup, &m->disk, FOLDER, !told, in_place);
	backup_free(m->backup);
	m->backup = NULL;
	*(told ? &w->counts->restored : &w->counts->rolled_back) += 1;
	check_new_era(w);
}

/* The store's threads, by hand. all: until nothing is left. */
void machine_work(struct world *w, bool all)
{
	struct machine *m = &w->host;
	if (m->state == OFF)
		return;
	disk_enter(&m->on);
	if (all || dice(w, 2) == 0)
		TCHAT(w, m->idle_at = store_sqlite_write(m->store));
	if (all || dice(w, 2) == 0)
		TCHAT(w, while (store_sqlite_read(m->store) && all));
}

void machine_round(struct world *w)
{
	struct machine *m = &w->host;
	struct host_event event;
	if (m->state == OFF)
		return;
	disk_enter(&m->on);
	if (m->on.dead) {
		say(w, "the host dies in the midst of writing");
		if (dice(w, 2) == 0)
			machine_power(w);
		else
			machine_kill(w);
		return;
	}
	TCHAT(w, host_store_ready(m->host, w->now));
	while (host_next_dirty(m->host) != NULL) {
	}
	while (host_next_event(m->host, &event)) {
	}
	if (m->state == RUNS && store_sqlite_failure(m->store) != NULL) {
		say(w, "the host's store failed: %s", store_sqlite_failure(m->store));
		w->counts->host_failed++;
		m->failed = true;
		host_shutdown(m->host, 1000, w->now);
		m->state = ENDS;
		m->ends_at = w->now + dice(w, TCHAT_SECONDS(2));
	}
	if (m->state == ENDS && m->ends_at <= w->now)
		machine_end(w);
}

void machine_tick(struct world *w)
{
	struct machine *m = &w->host;
	if (m->state == OFF && m->starts_at <= w->now)
		machine_start(w);
	if (m->state == OFF)
		return;
	disk_enter(&m->on);
	if (host_deadline(m->host) <= w->now)
		TCHAT(w, host_tick(m->host, w->now));
	machine_round(w);
}

void machine_free(struct world *w)
{
	struct machine *m = &w->host;
	m->on.dead = true;
	if (m->state != OFF)
		machine_gone(w, false);
	backup_free(m->backup);
}
