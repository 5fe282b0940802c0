/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory store's rooms. */
#include "store/memory_room.h"

#include "base/errors.h"
#include "store/change.h"
#include "store/search.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

enum { RECORDS_FIRST = 16 };

static void room_forget(struct memory_rooms *rooms, struct memory_room *room)
{
	HASH_DELETE(by_id, rooms->by_id, room);
	HASH_DELETE(by_key, rooms->by_key, room);
	if (room->users == 0)
		DL_DELETE(rooms->unused, room);
	memory_changes_free(&room->changes);
	free(room->records);
	free(room);
}

void memory_rooms_free(struct memory_rooms *rooms)
{
	while (rooms->by_id != NULL)
		room_forget(rooms, rooms->by_id);
}

struct memory_room *memory_room_find(struct memory_rooms *rooms, uint64_t id)
{
	struct memory_room *room;
	HASH_FIND(by_id, rooms->by_id, &id, sizeof id, room);
	return room;
}

static void room_key(char *to, uint8_t kind, const char *key)
{
	memset(to, 0, 1 + STORE_KEY_SIZE);
	to[0] = (char)kind;
	memcpy(to + 1, key, strnlen(key, STORE_KEY_SIZE - 1));
}

struct memory_room *memory_room_by_key(struct memory_rooms *rooms, uint8_t kind, const char *key)
{
	char full[1 + STORE_KEY_SIZE];
	struct memory_room *room;
	room_key(full, kind, key);
	HASH_FIND(by_key, rooms->by_key, full, sizeof full, room);
	return room;
}

int memory_room_create(struct memory_rooms *rooms, const struct store_room *request, uint64_t epoch,
                       struct memory_room **out)
{
	if (HASH_CNT(by_id, rooms->by_id) >= rooms->maximum) {
		if (rooms->unused == NULL)
			return TCHAT_ERR_TOO_MANY_ROOMS;
		room_forget(rooms, rooms->unused);
	}
	struct memory_room *room = calloc(1, sizeof *room);
	if (room == NULL)
		return TCHAT_ERR_MEMORY;
	room->id = rooms->last_id + 1;
	room->epoch = epoch;
	room->users = 1;
	room_key(room->key, request->kind, request->key);
	memcpy(room->name, request->name, strnlen(request->name, sizeof room->name - 1));
	HASH_ADD(by_id, rooms->by_id, id, sizeof room->id, room);
	if (room->by_id.tbl == NULL)
		goto fail;
	HASH_ADD(by_key, rooms->by_key, key, sizeof room->key, room);
	if (room->by_key.tbl == NULL) {
		HASH_DELETE(by_id, rooms->by_id, room);
		goto fail;
	}
	rooms->last_id++;
	*out = room;
	return 0;
fail:
	free(room);
	return TCHAT_ERR_MEMORY;
}

void memory_room_use(struct memory_rooms *rooms, struct memory_room *room)
{
	if (room->users++ == 0)
		DL_DELETE(rooms->unused, room);
}

void memory_room_release(struct memory_rooms *rooms, uint64_t id)
{
	struct memory_room *room = memory_room_find(rooms, id);
	if (room == NULL || room->users == 0 || --room->users > 0)
		return;
	DL_APPEND(rooms->unused, room);
}

uint64_t memory_room_floor(const struct memory_room *room)
{
	return room->head - room->count + 1;
}

static const struct memory_record *room_record(const struct memory_room *room, uint64_t seq)
{
	uint32_t index = (uint32_t)(seq - memory_room_floor(room));
	return &room->records[(room->first + index) & (room->capacity - 1)];
}

/* Moves the ring to one of capacity entries, which hold all records. */
static bool room_resize(struct memory_room *room, uint32_t capacity)
{
	struct memory_record *records = malloc(capacity * sizeof *records);
	if (records == NULL)
		return false;
	for (uint32_t i = 0; i < room->count; i++)
		records[i] = room->records[(room->first + i) & (room->capacity - 1)];
	free(room->records);
	room->records = records;
	room->capacity = capacity;
	room->first = 0;
	return true;
}

bool memory_room_push(struct memory_room *room, uint64_t at, uint32_t length, uint64_t target)
{
	if (room->count == room->capacity &&
	    !room_resize(room, room->capacity == 0 ? RECORDS_FIRST : room->capacity * 2))
		return false;
	if (target != 0 && !memory_changes_push(&room->changes, room->head + 1, target))
		return false;
	room->records[(room->first + room->count) & (room->capacity - 1)] = (struct memory_record){ .at = at, .length = length };
	room->count++;
	room->head++;
	return true;
}

void memory_room_pop(struct memory_room *room)
{
	memory_changes_pop(&room->changes, room->head);
	room->count--;
	room->head--;
}

void memory_room_trim(struct memory_room *room, const struct spool *spool, uint32_t maximum)
{
	while (room->count > 0 && (room->count > maximum || !spool_holds(spool, room->records[room->first].at))) {
		room->first = (room->first + 1) & (room->capacity - 1);
		room->count--;
	}
	memory_changes_trim(&room->changes, memory_room_floor(room));
	if (room->capacity > RECORDS_FIRST && room->count < room->capacity / 8)
		room_resize(room, room->capacity / 4); /* when memory is out, the larger one stays */
}

/* Narrows [*first, *last] to limit records of max_bytes from its lower (forward) or upper end; returns their bytes. */
static size_t room_run(const struct memory_room *room, const struct store_read *read, uint64_t *first, uint64_t *last)
{
	size_t bytes = 0;
	uint64_t count = 0, all = *last - *first + 1;
	for (; count < all && count < read->limit; count++) {
		const struct memory_record *record = room_record(room, read->forward ? *first + count : *last - count);
		if (record->length > read->max_bytes - bytes)
			break;
		bytes += record->length;
	}
	if (read->forward)
		*last = *first + count - 1;
	else
		*first = *last - count + 1;
	return bytes;
}

/* Copies the records, each run of neighbours in the spool with one read. */
static int room_copy(const struct memory_room *room, const struct spool *spool, uint64_t first, uint64_t last,
                     struct block *to)
{
	for (uint64_t seq = first; seq <= last;) {
		uint64_t at = room_record(room, seq)->at;
		size_t length = room_record(room, seq)->length;
		for (seq++; seq <= last && room_record(room, seq)->at == at + length; seq++)
			length += room_record(room, seq)->length;
		int err = spool_read(spool, at, to->bytes + to->length, length);
		if (err != 0)
			return err;
		to->length += (uint32_t)length;
	}
	return 0;
}

static bool room_keeps(const struct memory_room *room, const struct spool *spool, uint64_t seq)
{
	return seq >= memory_room_floor(room) && seq <= room->head && room_record(room, seq)->at < spool_head(spool) &&
	       spool_holds(spool, room_record(room, seq)->at);
}

uint16_t memory_room_refusal(const struct memory_room *room, const struct spool *spool, struct store_post *post)
{
	uint8_t payload[MSG_BODY];
	if (!room_keeps(room, spool, post->target) ||
	    spool_read(spool, room_record(room, post->target)->at + FRAME_HEADER, payload, sizeof payload) != 0)
		return -TCHAT_ERR_NO_MESSAGE;
	return change_refusal(post, payload);
}

static int record_blank(const struct memory_room *room, struct spool *spool, uint64_t seq, bool edits_only)
{
	const struct memory_record *place = room_record(room, seq);
	uint8_t *record = malloc(place->length);
	if (record == NULL)
		return TCHAT_ERR_MEMORY;
	int err = spool_read(spool, place->at, record, place->length);
	if (err == 0 && (!edits_only || record[FRAME_HEADER + MSG_KIND] == KIND_EDIT)) {
		change_blank(record, place->length);
		err = spool_replace(spool, place->at, record, place->length);
	}
	free(record);
	return err;
}

int memory_room_blank(struct memory_room *room, struct spool *spool, uint64_t target)
{
	int err = room_keeps(room, spool, target) ? record_blank(room, spool, target, false) : 0;
	for (uint32_t i = 0; err == 0 && i < room->changes.count; i++) {
		const struct memory_change *change = &room->changes.list[i];
		if (change->target == target && room_keeps(room, spool, change->seq))
			err = record_blank(room, spool, change->seq, true);
	}
	return err;
}

static struct memory_record *record_of(struct memory_room *room, uint64_t seq)
{
	return &room->records[room_record(room, seq) - room->records];
}

void memory_room_replace(struct memory_room *room, const struct spool *spool, uint64_t target, uint64_t edit)
{
	if (room_keeps(room, spool, target))
		record_of(room, target)->edited = true;
	for (uint32_t i = 0; i < room->changes.count; i++) {
		const struct memory_change *change = &room->changes.list[i];
		if (change->target == target && change->seq < edit && room_keeps(room, spool, change->seq))
			record_of(room, change->seq)->edited = true;
	}
}

/* What came after the records and changes one of them, newest first. */
static int room_changes(const struct memory_room *room, const struct spool *spool, struct store_read *read)
{
	for (uint32_t i = room->changes.count; i-- > 0 && room->changes.list[i].seq > read->last;) {
		const struct memory_change *change = &room->changes.list[i];
		if (change->target < read->first || change->target > read->last)
			continue;
		if (read->changes == NULL && (read->changes = block_new(read->changes_bytes)) == NULL)
			return TCHAT_ERR_MEMORY;
		const struct memory_record *record = room_record(room, change->seq);
		struct block *to = read->changes;
		if (record->length > to->capacity - to->length)
			break;
		int err = spool_read(spool, record->at, to->bytes + to->length, record->length);
		if (err != 0)
			return err;
		to->length += record->length;
	}
	return 0;
}

/* Looks through the run, from its end. */
static int room_search(const struct memory_room *room, const struct spool *spool, struct store_read *read,
                       uint64_t first, uint64_t last)
{
	struct search search;
	uint8_t *record = NULL;
	size_t size = 0;
	int err = search_begin(&search, read, NULL, NULL);
	read->last = last;
	read->first = last + 1;
	for (uint64_t seq = last; err == 0 && seq >= first; seq--) {
		const struct memory_record *place = room_record(room, seq);
		if (place->edited) {
			read->first = seq;
			continue;
		}
		if (place->length > size) {
			size = place->length;
			uint8_t *more = realloc(record, size);
			if (more == NULL) {
				err = TCHAT_ERR_MEMORY;
				break;
			}
			record = more;
		}
		err = spool_read(spool, place->at, record, place->length);
		if (err == 0)
			err = search_take(&search, record, place->length);
	}
	free(record);
	search_end(&search);
	read->more = read->first > memory_room_floor(room) && read->first > read->least;
	return err < 0 ? err : 0;
}

int memory_room_read(const struct memory_room *room, const struct spool *spool, struct store_read *read)
{
	read->floor = memory_room_floor(room);
	uint64_t floor = read->least > read->floor ? read->least : read->floor;
	uint64_t first = floor, last = room->head;
	read->head = room->head;
	read->first = read->last = 0;
	read->changes = NULL;
	if (read->forward && read->from > first)
		first = read->from;
	if (!read->forward && read->from != 0 && read->from <= last)
		last = read->from - 1;
	read->more = first <= last;
	if (first > last || read->limit == 0)
		return 0;
	if (read->text_length > 0)
		return room_search(room, spool, read, last - first < SEARCH_SCAN ? first : last - SEARCH_SCAN + 1, last);
	size_t bytes = room_run(room, read, &first, &last);
	if (bytes == 0)
		return 0;
	read->records = block_new(bytes);
	if (read->records == NULL)
		return TCHAT_ERR_MEMORY;
	read->first = first;
	read->last = last;
	int err = room_copy(room, spool, first, last, read->records);
	if (err == 0 && read->changes_bytes > 0)
		err = room_changes(room, spool, read);
	if (err != 0) {
		block_give(read->records);
		block_give(read->changes);
		read->records = read->changes = NULL;
		read->first = read->last = 0;
		return err;
	}
	read->more = read->forward ? last < room->head : first > floor;
	return 0;
}
