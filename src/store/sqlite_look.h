/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at a history without taking part in it: nothing is changed, and a host may be at work on it. All that one look
 * sees is of one moment. */
#ifndef TCHAT_STORE_SQLITE_LOOK_H
#define TCHAT_STORE_SQLITE_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOOK_WHY_SIZE = 512 };

struct look;

struct look_room {
	uint64_t id, floor, head; /* of what is kept; floor is above head when nothing is */
	uint64_t epoch;
	uint8_t kind;             /* enum wire_room_kind */
	const char *key, *name;   /* valid during the call */
};

/* Opens the history in the folder. 0; or an error with one line for people in why: TCHAT_ERR_NOT_FOUND,
 * TCHAT_ERR_ARGUMENT (it is no history, or one of another version), TCHAT_ERR_MEMORY, TCHAT_ERR_SYSTEM. */
int look_open(struct look **look, const char *directory, char why[LOOK_WHY_SIZE]);

void look_close(struct look *look);

/* All of these: 0; what a callback returned other than 0, and thereby ended it; TCHAT_ERR_SYSTEM, which look_why()
 * explains. */

/* All rooms in the order of their making. */
int look_rooms(struct look *look, int (*each)(void *arg, const struct look_room *room), void *arg);

/* A room's records, MSG frames, in the order of their seqs. */
int look_records(struct look *look, uint64_t room, int (*each)(void *arg, uint64_t seq, const uint8_t *record, size_t length),
                 void *arg);

struct look_counts {
	int format;
	uint64_t rooms, messages, devices, bytes; /* bytes: of the database's pages */
};

/* Reads all of it, and tells each fault in a line for people: 0, also when there are some, or TCHAT_ERR_MEMORY. */
int look_check(struct look *look, struct look_counts *counts, void (*fault)(void *arg, const char *text), void *arg);

/* stops is called now and then from now on; when it gives something other than 0, what goes on fails. */
void look_stop_when(struct look *look, int (*stops)(void *arg), void *arg);

/* Why the last call failed. */
const char *look_why(const struct look *look);

#endif
