/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests of memory that runs out: a host that knows users by their keys, with a store in memory or on a disk, and
 * people with sessions and stores of their own, joined without sockets. All that tchat does in here may fail; what the
 * test does itself takes no memory. */
#ifndef TCHAT_TESTS_MEMORY_WORLD_H
#define TCHAT_TESTS_MEMORY_WORLD_H

#include "client/session.h"
#include "failing-memory.h"
#include "host/host.h"
#include "store/client_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { OWNER, GUEST, FRIEND, PEOPLE, POSTS = 100, HANDLES = 16, WAY = SESSION_INPUT_MAX };

struct post {
	int who;
	bool taken;   /* and kept until there is an answer */
	bool acked, refused, cancelled;
	uint64_t seq;
	struct message_id id;
	unsigned found; /* in the history */
};

struct person {
	const char *nick;
	struct trust_pin pin;
	struct session *session;
	struct client_store *store;
	struct host_peer *peer;
	bool keeps;       /* its posts and what it read outlive it */
	bool host_seen, given; /* the session waits for its store; it has it, or has to do without */
	bool left;
	uint64_t expected[HANDLES]; /* the next seq of each room; 0: any */
};

struct world {
	const char *what; /* for messages */
	long at;
	uint64_t seed;
	tchat_time now;
	struct environment environment;
	bool on_disk;
	char folder[240], clients[240];
	struct trust_pin pin;
	struct store *store;
	struct host *host;
	struct person people[PEOPLE];
	struct post posts[POSTS];
	unsigned post_count, breaks, restarts, lives;
	uint64_t room, next; /* that is being looked at */
	uint8_t way[WAY];
};

#define REQUIRE(w, condition) \
	do { \
		if (!(condition)) { \
			memory_pause(); \
			fail_msg("%s, allocation %ld, line %d: %s", (w)->what, (w)->at, __LINE__, #condition); \
		} \
	} while (0)

/* The world before anything is in it. */
void world_begin(struct world *w, const char *what, bool on_disk, long at);
/* The token of the invitation that FRIEND comes with. */
void token_of(uint8_t token[TRUST_TOKEN_SIZE]);

/* Starts a host over what is kept, and tries again until it works. It ends, and a history in memory stays. */
void host_begin(struct world *w);
void host_end(struct world *w);

/* Somebody starts; loses the connection; ends, and does not wait for anything. */
void person_begin(struct world *w, struct person *p);
void person_break(struct world *w, struct person *p);
void person_end(struct world *w, struct person *p);

/* All talk until there is nothing left to say; the same when so much time has passed. */
void settle(struct world *w);
void pass(struct world *w, tchat_time time);

#endif
