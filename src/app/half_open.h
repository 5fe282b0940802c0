/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections of strangers: how many there may be, of one origin and in all, how often they may come, and how long they
 * may stay. */
#ifndef TCHAT_APP_HALF_OPEN_H
#define TCHAT_APP_HALF_OPEN_H

#include "base/clock.h"
#include "net/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

/* Unless half_open_limit() says otherwise. */
enum {
	HALF_OPEN_ORIGIN = 64,
	HALF_OPEN_ALL = 256,
	HALF_OPEN_BURST = 200,
	HALF_OPEN_RATE = 50,
	HALF_OPEN_REMEMBERED = 256, /* origins whose last ones are counted */
	HALF_OPEN_FRIENDS = 1024,   /* that count, of one origin */
	HALF_OPEN_VOUCHED = 4096,   /* connections that they vouch for, of all origins */
};

#define HALF_OPEN_TIME TCHAT_SECONDS(10)

struct half_open_limits {
	size_t all, origin;   /* connections, and those of one origin */
	uint32_t burst, rate; /* new ones of one origin: at once, and a second, later on */
	tchat_time time;      /* for each */
};

/* So long after the last of them is an origin with friends one without. */
#define HALF_OPEN_MEMORY TCHAT_SECONDS(600)
/* So long after a start everybody may be on the way back. */
#define HALF_OPEN_RETURN TCHAT_SECONDS(60)
/* So old has one to be before it may be put out for somebody else: a crowd that comes at once is not to put itself out. But
 * who comes to a crowd from elsewhere has his turn. */
#define HALF_OPEN_GRACE TCHAT_SECONDS(1)

/* Embedded in its owner. */
struct half_open_entry {
	TAILQ_ENTRY(half_open_entry) link;
	uint8_t origin[STREAM_ORIGIN];
	tchat_time since;
	bool entered;
	bool charged; /* to its origin, and to all: */
	bool vouched; /* not to these, but to those that friends vouch for */
};

/* How much of its burst an origin has used up. */
struct half_open_pace {
	uint8_t origin[STREAM_ORIGIN];
	tchat_time paid; /* when all of it will be there again */
	uint32_t friends; /* from there came so many who may come in, the last one then: */
	tchat_time befriended;
};

struct half_open {
	struct half_open_limits limits;
	TAILQ_HEAD(half_open_list, half_open_entry) list; /* the oldest first */
	size_t charged, vouched;
	size_t expected; /* friends of any origin, until: */
	tchat_time expected_until;
	struct half_open_pace paces[HALF_OPEN_REMEMBERED];
};

void half_open_init(struct half_open *table);

/* Other limits hold from now on; 0 in one of them: the default. */
void half_open_limit(struct half_open *table, const struct half_open_limits *limits);

/* Enters one from origin. Where many came from who may come in, as many more may be on their way at once: they all come
 * back after a restart. True: entered; *evicted is then NULL, or one that is to be ended for it and has left already.
 * False: too many have come just now, end it. */
bool half_open_enter(struct half_open *table, struct half_open_entry *entry, const uint8_t origin[STREAM_ORIGIN],
                     tchat_time now, struct half_open_entry **evicted);

/* So many are expected back from wherever they are, all at once: for a minute, each origin has so many friends. */
void half_open_expect(struct half_open *table, size_t friends, tchat_time now);

/* It showed a key that may come in: it is not counted any more, nor was it new, but its time runs on. */
void half_open_pardon(struct half_open *table, struct half_open_entry *entry, tchat_time now);

/* It is no stranger any more, or gone. No effect on one that is not in the table. */
void half_open_leave(struct half_open *table, struct half_open_entry *entry);

/* When half_open_overdue() will have something; TCHAT_NEVER: not before another one enters. */
tchat_time half_open_deadline(const struct half_open *table);

/* Takes out one whose time is over; NULL: there is none. */
struct half_open_entry *half_open_overdue(struct half_open *table, tchat_time now);

#endif
