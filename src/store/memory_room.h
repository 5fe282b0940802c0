/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory store's rooms: names, and where each record lies in the spool. */
#ifndef TCHAT_STORE_MEMORY_ROOM_H
#define TCHAT_STORE_MEMORY_ROOM_H

#include "base/table.h"
#include "store/memory_change.h"
#include "store/spool.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct memory_record {
	uint64_t at;
	uint32_t length;
	bool edited; /* a later edit says what counts */
};

struct memory_room {
	uint64_t id;
	uint64_t epoch;
	uint64_t head;
	uint64_t last; /* time of the message at head; 0: there was none */
	struct memory_record *records; /* a ring of capacity (a power of two) entries; the last one is head's */
	uint32_t capacity;
	uint32_t first;
	uint32_t count;
	struct memory_changes changes;
	uint32_t users; /* opened so often, and not released */
	struct memory_room *next, *prev; /* among those not in use, longest so first */
	UT_hash_handle by_id;
	UT_hash_handle by_key;
	char key[1 + STORE_KEY_SIZE]; /* kind, folded name, zeros */
	char name[STORE_KEY_SIZE];
	char topic[STORE_TOPIC_SIZE];
};

struct memory_rooms {
	struct memory_room *by_id;
	struct memory_room *by_key;
	struct memory_room *unused;
	uint64_t last_id;
	uint32_t maximum;
};

void memory_rooms_free(struct memory_rooms *rooms);

struct memory_room *memory_room_find(struct memory_rooms *rooms, uint64_t id);
struct memory_room *memory_room_by_key(struct memory_rooms *rooms, uint8_t kind, const char *key);

/* Makes a room as asked for, in place of the one that is longest unused if there are too many.
 * 0, TCHAT_ERR_TOO_MANY_ROOMS or TCHAT_ERR_MEMORY. */
int memory_room_create(struct memory_rooms *rooms, const struct store_room *request, uint64_t epoch,
                       struct memory_room **out);

/* One user more; one less: a room without any may be forgotten. */
void memory_room_use(struct memory_rooms *rooms, struct memory_room *room);
void memory_room_release(struct memory_rooms *rooms, uint64_t id);

/* Lowest kept seq, head + 1 when none is kept. */
uint64_t memory_room_floor(const struct memory_room *room);

/* Adds the record of seq head + 1, which changes target if that is not 0; false when memory is out.
 * memory_room_pop() takes it back. */
bool memory_room_push(struct memory_room *room, uint64_t at, uint32_t length, uint64_t target);
void memory_room_pop(struct memory_room *room);

/* Forgets records that the spool has overwritten, and those beyond maximum. */
void memory_room_trim(struct memory_room *room, const struct spool *spool, uint32_t maximum);

/* May the post change its target? 0 or the code to refuse it with. */
uint16_t memory_room_refusal(const struct memory_room *room, const struct spool *spool, struct store_post *post);

/* An edit of target was accepted as head: what target and its former edits say counts no more. */
void memory_room_replace(struct memory_room *room, const struct spool *spool, uint64_t target, uint64_t edit);

/* Takes away the text of target and of all that edited it: 0 or TCHAT_ERR_SYSTEM. */
int memory_room_blank(struct memory_room *room, struct spool *spool, uint64_t target);

/* Answers a read: 0, TCHAT_ERR_MEMORY or TCHAT_ERR_SYSTEM. */
int memory_room_read(const struct memory_room *room, const struct spool *spool, struct store_read *read);

#endif
