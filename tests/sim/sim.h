/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulator: a host and its users' machines in one process, on one clock and one seed. A schedule is a short life
 * of all of them with faults in it; afterwards everything heals, and has to come to rest. */
#ifndef TCHAT_TESTS_SIM_SIM_H
#define TCHAT_TESTS_SIM_SIM_H

#include "client/session.h"
#include "disk.h"
#include "host/host.h"
#include "store/sqlite.h"
#include "store/sqlite_client.h"

#include "base/buffer.h"
#include "base/errors.h"

#include <stdio.h>

enum {
	USERS = 3,
	PROCESSES = 5, /* the last ones are second processes of the first users */
	ROOMS = 2,
	POSTS = 48,    /* of a user */
	LINES = 320,   /* of a room */
	SLOTS = 4,     /* of a user */
	LINKS = 24,
	COUNTERS = 256, /* posts of a slot */
	TEXT = 512,
};

/* What happened, counted: COUNT(name, text) */
#define COUNTS(COUNT) \
	COUNT(schedules, "schedules") \
	COUNT(steps, "steps") \
	COUNT(posts, "posts") \
	COUNT(accepted, "accepted") \
	COUNT(repeated, "answers told again") \
	COUNT(refused, "refused for good") \
	COUNT(not_stored, "not stored at the client") \
	COUNT(cancels, "cancels") \
	COUNT(cancelled, "cancelled") \
	COUNT(messages, "messages shown") \
	COUNT(gaps_told, "gaps told (retention)") \
	COUNT(gaps, "live sending stopped (GAP)") \
	COUNT(restarted, "other histories told") \
	COUNT(lost, "lost messages told") \
	COUNT(reposts, "of them posted again") \
	COUNT(cut, "connections cut") \
	COUNT(half_open, "of them unnoticed by one end") \
	COUNT(stalled, "readers stalled") \
	COUNT(host_killed, "host killed") \
	COUNT(host_stopped, "host restarted cleanly") \
	COUNT(host_failed, "host ended by its disk") \
	COUNT(host_power, "power cut at the host") \
	COUNT(client_killed, "client killed") \
	COUNT(client_left, "client ended cleanly") \
	COUNT(client_power, "power cut at a user's") \
	COUNT(client_failed, "client's store failed") \
	COUNT(restored, "older histories put back, told by the folder") \
	COUNT(rolled_back, "older histories put back unnoticed") \
	COUNT(full, "full disks") \
	COUNT(clock, "clock jumps") \
	COUNT(pauses, "long pauses") \
	COUNT(memory, "allocations failed") \
	COUNT(parted, "rooms left") \
	COUNT(pages, "pages of the past") \
	COUNT(checks, "whole histories checked")

struct counts {
#define COUNT(name, text) uint64_t name;
	COUNTS(COUNT)
#undef COUNT
	struct disk_counts host_disk, user_disks;
};

/* Planted faults, to see that they are found: PLANT(symbol). check-faults has more of them. */
#define PLANTS(PLANT) \
	PLANT(NOTHING) \
	PLANT(IGNORED_SYNC)          /* the host's disk ignores flushes */ \
	PLANT(NORMAL_SYNC)           /* commits are not flushed: --durability=process */ \
	PLANT(REPEATED_SYNC)         /* a flush that failed is asked for again, and then succeeds */ \
	PLANT(ACK_BEFORE_COMMIT)     /* some commits are put off until the next one */ \
	PLANT(DELIVER_BEFORE_COMMIT) /* the same, but ACKs wait for them */ \
	PLANT(TWIN_PROCESSES)        /* two processes of a user have the same outbox */ \
	PLANT(VOLATILE_OUTBOX)       /* the users' disks ignore flushes */

enum plant {
#define PLANT(symbol) PLANT_##symbol,
	PLANTS(PLANT)
#undef PLANT
};

struct world;
struct process;

/* --- What the checker knows */

/* A post as its user made it; n-th of the user. */
struct post {
	unsigned user, number, room;
	bool shown;     /* PENDING was told */
	bool acked;     /* ACK was told: in that era, at that seq */
	bool refused, for_good; /* it will never be; whatever history the host has */
	bool nacked;    /* NACK was told, by whatever history */
	bool is_volatile; /* it was not stored, as was told, when it was pending or its answer came */
	bool cancels;   /* its user took it back */
	bool lost_open; /* LOST was told, and nothing was done about it yet */
	unsigned lost;  /* LOST was told so often */
	unsigned again; /* posted again so often */
	unsigned era;
	uint64_t seq, counter;
	unsigned life;  /* of the process that told PENDING last */
	const struct slot *slot; /* in whose outbox it is, as that counter */
	size_t length;
	char text[TEXT];
};

/* What a process has shown of a room. */
struct view {
	uint64_t expected; /* the next seq; 0: any */
	bool joined, ready; /* joined: the host was asked in this life */
	unsigned era;      /* of what was shown last from the host */
	struct post *lines[LINES];
	uint8_t line_era[LINES];
};

/* What the processes on one slot have shown of a room, over all their lives. */
struct seen {
	uint64_t up_to;
	unsigned era;
};

struct slot {
	bool used;
	uint8_t salt[WIRE_KEY_SIZE];
	struct seen seen[ROOMS];
	struct post *posts[COUNTERS]; /* by counter, as PENDING told */
};

/* --- Machines */

struct user {
	struct disk disk;
	struct trust_pin pin;
	struct slot slots[SLOTS];
	bool troubled;       /* some process's store was, once */
	unsigned post_count;
	struct post posts[POSTS];
};

struct link {
	bool used;
	struct process *process;  /* NULL: closed at that end, as the other one */
	struct host_peer *peer;
	struct buffer up, down;   /* on the way */
	size_t up_limit, down_limit;
	bool broken;              /* nothing new gets through */
	bool up_ends, down_ends;  /* behind what is on the way, the end is seen */
};

enum state { OFF, RUNS, ENDS };

struct process {
	struct disk_process on;
	unsigned index, user, lives;
	enum state state;
	tchat_time starts_at;
	struct client_store *store;
	struct session *session;
	struct link *link;
	struct slot *slot;
	bool opened;         /* session_store() was called */
	bool host_seen;      /* the session waits for it */
	int trouble;         /* of its store */
	unsigned stalled;    /* steps */
	struct view views[ROOMS];
};

struct machine {
	struct disk disk;
	struct disk_process on;
	enum state state;
	tchat_time starts_at, ends_at, idle_at;
	struct store *store;
	struct host *host;
	unsigned lives;
	bool failed;       /* the last one ended by an error of the disk */
	struct backup *backup;
	unsigned backup_life;
};

/* Which faults a schedule has, and how often: in 1,000 steps. */
struct profile {
	unsigned cut, stall, host_kill, host_power, host_stop, host_dies, host_full, host_error, host_flush;
	unsigned backup, restore, rollback;
	unsigned client_kill, client_power, client_leave, client_dies, client_full, client_error;
	unsigned clock, pause, part, cancel, look, memory;
};

struct world {
	uint64_t seed, dice, trace;
	FILE *log;
	enum plant plant;
	tchat_time now;
	int64_t wall;      /* what the wall clock is ahead of the other */
	unsigned step;
	struct profile profile;
	struct environment environment;
	struct host_config host_config;
	struct store_sqlite_config store_config;
	struct client_sqlite_config client_config;
	struct session_config session_config;
	struct trust_pin pin;
	bool secure, retention, heals;
	unsigned users, processes;
	size_t pipe;
	struct machine host;
	struct user user[USERS];
	struct process process[PROCESSES];
	struct link links[LINKS];
	/* The history as it has to be: the post at each seq, NULL: not known yet. */
	unsigned era;
	struct post *lines[ROOMS][LINES];
	uint64_t head[ROOMS];       /* highest seq known */
	uint64_t gap_end[ROOMS];    /* of this era: everything below was told to be gone */
	struct counts *counts;
};

extern const char *const sim_rooms[ROOMS];

/* --- world.c */
uint64_t dice(struct world *w, uint64_t sides);
/* Whether something that happens so often in 1,000 times does now. */
bool chance(struct world *w, unsigned in_1000);
void trace(struct world *w, unsigned what, uint64_t a, uint64_t b);
void say(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The promise is broken: says so, and ends the program with status 1. */
_Noreturn void broken(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define REQUIRE(w, condition, ...) \
	do { \
		if (!(condition)) \
			broken((w), __VA_ARGS__); \
	} while (0)
void world_open(struct world *w, uint64_t seed);
void world_close(struct world *w);

/* --- machine.c: the host and its machine. */
void machine_tick(struct world *w); /* starts, ends, gives it its time */
void machine_round(struct world *w);
void machine_work(struct world *w, bool all);
void machine_kill(struct world *w);
void machine_power(struct world *w);
void machine_stop(struct world *w);
void machine_restore(struct world *w, bool told);
void machine_free(struct world *w);
/* A planted fault keeps a transaction open. */
bool machine_delays(struct world *w);
void machine_heal(struct world *w);

/* --- process.c: users' processes. */
void process_tick(struct world *w, struct process *p);
void process_work(struct world *w, struct process *p);
void process_events(struct world *w, struct process *p);
void process_kill(struct world *w, struct process *p);
void process_leave(struct world *w, struct process *p);
void user_power(struct world *w, unsigned user);
bool process_post(struct world *w, struct process *p);
void process_whim(struct world *w, struct process *p);
void process_cancel(struct world *w, struct process *p);
void process_join(struct world *w, struct process *p);
void process_part(struct world *w, struct process *p);
void process_repost(struct world *w, struct process *p);
/* Everything it can have, it has. */
bool process_rests(struct world *w, struct process *p);

/* --- memory.c: before SQLite is used. */
void memory_register(void);
/* Around tchat's own code: between these, allocations may fail. */
void memory_begin(struct world *w);
void memory_end(void);
#define TCHAT(w, call) \
	do { \
		memory_begin(w); \
		call; \
		memory_end(); \
	} while (0)

/* --- template.c */
/* Makes what a database is before anybody used it; once a program. */
void templates_make(void);
/* Puts it where the host and the users' processes look for theirs. */
void templates_place(struct world *w);

/* --- net.c */
void net_dial(struct world *w, struct process *p);
/* At most limit bytes a step on, in each of four places; returns how many moved. */
size_t net_move(struct world *w, struct link *link, size_t limit);
void net_cut(struct world *w, struct link *link);
/* The host's end is gone with its process, or its power. */
void net_hang_up(struct world *w, struct link *link, bool power);
/* The client's end goes. */
enum net_leaving { NET_CLOSES, NET_DIES, NET_POWER };
void net_leave(struct world *w, struct link *link, enum net_leaving how);
void net_silence(struct world *w); /* what is on the way to clients is lost */
void net_free(struct world *w);

/* --- checker.c: what delivery promises, and nothing else. */
void post_write(struct post *post); /* its text, from its names */
/* The post that has this text, in that room. */
struct post *post_of_text(struct world *w, unsigned room, const char *text, size_t length);
/* That post is at that seq, whoever says so. */
void line_known(struct world *w, unsigned room, uint64_t seq, struct post *post);
void check_event(struct world *w, struct process *p, const struct session_event *event);
void check_started(struct world *w, struct process *p);

/* --- check_store.c */
/* All of the history as the host's disk has it; the host is down, or at rest. exact: it is what everybody has seen. */
void check_store(struct world *w, bool exact);
/* An older history was put back: what it holds is what is known from now on. */
void check_new_era(struct world *w);
void check_rest(struct world *w);

/* --- schedule.c */
void schedule_run(struct world *w);

#endif
