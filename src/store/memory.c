/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store that forgets all at its end: marks, outcomes and an index of records in memory, the records in a spool. */
#include "store/memory.h"
#include "store/memory_device.h"
#include "store/memory_record.h"
#include "store/memory_room.h"
#include "store/spool.h"

#include "base/errors.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <stdlib.h>
#include <string.h>

enum { SWEEPS = 16 }; /* times a turn of the ring that all rooms drop what was overwritten */

struct memory {
	struct store store; /* first */
	struct store_memory_config config;
	struct memory_rooms rooms;
	struct memory_devices devices;
	struct memory_records records;
	struct spool *spool;
	uint64_t swept; /* spool position of the last sweep */
	struct store_request *first, **last; /* completed */
};

/* --- Batches */

struct commit {
	struct memory *memory;
	struct store_batch *batch;
	struct memory_room **rooms; /* of each part */
	uint64_t *bases;            /* spool position of each part's block */
	struct iovec *iov;
};

static int commit_init(struct commit *c, struct memory *memory, struct store_batch *batch)
{
	size_t n = batch->part_count;
	*c = (struct commit){ memory, batch, NULL, NULL, NULL };
	c->rooms = calloc(n + 1, sizeof *c->rooms);
	c->bases = calloc(n + 1, sizeof *c->bases);
	c->iov = calloc(n + 1, sizeof *c->iov);
	if (c->rooms == NULL || c->bases == NULL || c->iov == NULL)
		return TCHAT_ERR_BUSY;
	uint64_t at = spool_head(memory->spool);
	for (size_t i = 0; i < n; i++) {
		struct store_part *part = &batch->parts[i];
		c->rooms[i] = memory_room_find(&memory->rooms, part->room);
		c->bases[i] = at;
		if (part->block != NULL)
			c->iov[i] = (struct iovec){ part->block->bytes, part->block->length };
		at += c->iov[i].iov_len;
	}
	return at - c->bases[0] > spool_size(memory->spool) / 2 ? TCHAT_ERR_FULL : 0;
}

static void commit_free(struct commit *c)
{
	free(c->rooms);
	free(c->bases);
	free(c->iov);
}

static int commit_fresh(struct commit *c, struct store_post *post, struct memory_device *device)
{
	struct memory_room *room = c->rooms[post->part];
	struct memory_outcome *outcome = memory_device_push(&c->memory->devices, device);
	if (outcome == NULL)
		return TCHAT_ERR_BUSY;
	*outcome = (struct memory_outcome){ .hash = post->hash, .code = post->refusal };
	if (outcome->code == 0 && room == NULL)
		outcome->code = -TCHAT_ERR_NO_ROOM;
	if (outcome->code == 0 && post->target != 0)
		outcome->code = memory_room_refusal(room, c->memory->spool, post);
	post->fresh = true;
	post->code = outcome->code;
	post->outcome = STORE_REFUSED;
	if (outcome->code != 0)
		return 0;
	if (!memory_room_push(room, c->bases[post->part] + post->offset, post->length, post->target)) {
		memory_device_pop(&c->memory->devices, device);
		post->fresh = false;
		return TCHAT_ERR_BUSY;
	}
	post->outcome = STORE_ACCEPTED;
	post->room = outcome->room = c->batch->parts[post->part].room;
	post->seq = outcome->seq = room->head;
	post->time = outcome->time = room->last = store_time(room->last, c->batch->time);
	uint8_t *payload = c->batch->parts[post->part].block->bytes + post->offset + FRAME_HEADER;
	wire_set(payload + MSG_SEQ, 8, post->seq);
	wire_set(payload + MSG_TIME, 8, post->time);
	return 0;
}

static int commit_decide(struct commit *c, struct store_post *post, struct memory_device *device)
{
	post->fresh = false;
	post->code = 0;
	post->room = post->seq = post->time = 0;
	if (device == NULL || post->counter > device->mark + 1) {
		post->outcome = STORE_HOLE;
		return 0;
	}
	if (post->counter == device->mark + 1)
		return commit_fresh(c, post, device);
	const struct memory_outcome *before = memory_device_outcome(device, post->counter);
	post->outcome = STORE_CLONED;
	if (before == NULL || (before->hash != post->hash && !post->asks))
		return 0;
	post->outcome = before->code != 0 ? STORE_REFUSED : STORE_DUPLICATE;
	post->code = before->code;
	post->room = before->room;
	post->seq = before->seq;
	post->time = before->time;
	return 0;
}

/* Undoes what the first count posts did, last first. */
static void commit_undo(struct commit *c, size_t count)
{
	while (count-- > 0) {
		struct store_post *post = &c->batch->posts[count];
		if (!post->fresh)
			continue;
		memory_device_pop(&c->memory->devices, memory_device_find(&c->memory->devices, post->device));
		if (post->outcome == STORE_ACCEPTED)
			memory_room_pop(c->rooms[post->part]);
	}
}

/* What an accepted post does beyond being kept. */
static void commit_effect(struct commit *c, const struct store_post *post)
{
	/* Who can no longer read the temporary file cannot show the text either. */
	if (post->blanks)
		memory_room_blank(c->rooms[post->part], c->memory->spool, post->target);
	const uint8_t *payload = c->batch->parts[post->part].block->bytes + post->offset + FRAME_HEADER;
	if (payload[MSG_KIND] == KIND_EDIT)
		memory_room_replace(c->rooms[post->part], c->memory->spool, post->target, post->seq);
	if (payload[MSG_KIND] != KIND_TOPIC)
		return;
	struct wire_bytes body = { payload + MSG_BODY, wire_get(payload + MSG_BODY_LENGTH, 4) };
	struct memory_room *room = c->rooms[post->part];
	wire_copy(room->topic, sizeof room->topic, body);
}

static void memory_sweep(struct memory *memory)
{
	uint64_t head = spool_head(memory->spool);
	if (head - memory->swept < spool_size(memory->spool) / SWEEPS)
		return;
	memory->swept = head;
	for (struct memory_room *room = memory->rooms.by_id; room != NULL; room = room->by_id.next)
		memory_room_trim(room, memory->spool, memory->config.records_per_room);
}

static int memory_commit(struct memory *memory, struct store_batch *batch)
{
	struct commit c;
	struct memory_device *device = NULL;
	size_t done = 0;
	int err = commit_init(&c, memory, batch);
	for (; err == 0 && done < batch->post_count; done++) {
		struct store_post *post = &batch->posts[done];
		if (device == NULL || device->id != post->device)
			device = memory_device_find(&memory->devices, post->device);
		err = commit_decide(&c, post, device);
		if (err != 0)
			break;
	}
	if (err == 0 && spool_write(memory->spool, c.iov, (int)batch->part_count) != 0)
		err = TCHAT_ERR_BUSY;
	if (err != 0) {
		commit_undo(&c, done);
		goto out;
	}
	for (size_t i = 0; i < batch->post_count; i++)
		if (batch->posts[i].outcome == STORE_ACCEPTED)
			commit_effect(&c, &batch->posts[i]);
	memory_sweep(memory);
	for (size_t i = 0; i < batch->part_count; i++) {
		struct memory_room *room = c.rooms[i];
		if (room == NULL)
			continue;
		memory_room_trim(room, memory->spool, memory->config.records_per_room);
		batch->parts[i].floor = memory_room_floor(room);
		batch->parts[i].head = room->head;
	}
out:
	commit_free(&c);
	return err;
}

/* --- Requests */

static int memory_room_request(struct memory *memory, struct store_room *request)
{
	struct memory_room *room = memory_room_by_key(&memory->rooms, request->kind, request->key);
	request->created = room == NULL;
	if (room == NULL) {
		if (!request->create)
			return TCHAT_ERR_NO_ROOM;
		uint64_t epoch = 0;
		while (epoch == 0)
			memory->config.environment->random(memory->config.environment->arg, &epoch, sizeof epoch);
		int err = memory_room_create(&memory->rooms, request, epoch, &room);
		if (err != 0)
			return err;
	} else {
		memory_room_use(&memory->rooms, room);
	}
	memory_room_trim(room, memory->spool, memory->config.records_per_room);
	request->id = room->id;
	request->epoch = room->epoch;
	request->floor = memory_room_floor(room);
	request->head = room->head;
	memcpy(request->name, room->name, sizeof room->name);
	memcpy(request->topic, room->topic, sizeof room->topic);
	return 0;
}

static int memory_read(struct memory *memory, struct store_read *read)
{
	struct memory_room *room = memory_room_find(&memory->rooms, read->room);
	read->records = read->changes = NULL;
	if (room == NULL)
		return TCHAT_ERR_NO_ROOM;
	memory_room_trim(room, memory->spool, memory->config.records_per_room);
	return memory_room_read(room, memory->spool, read);
}

static void memory_submit(struct store *store, struct store_request *request)
{
	struct memory *memory = (struct memory *)store;
	switch (request->type) {
	case STORE_BATCH:
		request->error = memory_commit(memory, (struct store_batch *)request);
		break;
	case STORE_READ:
		request->error = memory_read(memory, (struct store_read *)request);
		break;
	case STORE_ROOM:
		request->error = memory_room_request(memory, (struct store_room *)request);
		break;
	case STORE_DEVICE:
		request->error = memory_device_open(&memory->devices, (struct store_device *)request);
		break;
	case STORE_RECORD:
		request->error = memory_record_put(&memory->records, (struct store_record *)request);
		break;
	case STORE_BACKUP:
		request->error = TCHAT_ERR_NOT_KEPT;
		break;
	}
	request->next = NULL;
	*memory->last = request;
	memory->last = &request->next;
}

static struct store_request *memory_completed(struct store *store)
{
	struct memory *memory = (struct memory *)store;
	struct store_request *request = memory->first;
	if (request == NULL)
		return NULL;
	memory->first = request->next;
	if (memory->first == NULL)
		memory->last = &memory->first;
	return request;
}

static void memory_release(struct store *store, enum store_type type, uint64_t id)
{
	struct memory *memory = (struct memory *)store;
	if (type == STORE_ROOM)
		memory_room_release(&memory->rooms, id);
	else if (type == STORE_DEVICE)
		memory_device_release(&memory->devices, id);
}

static void memory_wake(struct store *store, void (*callback)(void *arg), void *arg)
{
	/* All is complete when submit returns. */
}

static void memory_free(struct store *store)
{
	struct memory *memory = (struct memory *)store;
	memory_rooms_free(&memory->rooms);
	memory_devices_free(&memory->devices);
	memory_records_free(&memory->records);
	spool_free(memory->spool);
	free(memory);
}

static int memory_records(struct store *store,
                          void (*each)(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value,
                                       size_t length),
                          void *arg)
{
	memory_records_each(&((struct memory *)store)->records, each, arg);
	return 0;
}

static const struct store_operations memory_operations = {
	memory_submit, memory_completed, memory_release, memory_wake, memory_free, memory_records,
};

struct store *store_memory_new(const struct store_memory_config *config)
{
	struct memory *memory = calloc(1, sizeof *memory);
	if (memory == NULL)
		return NULL;
	memory->store.operations = &memory_operations;
	memory->last = &memory->first;
	memory->config = *config;
	if (memory->config.environment == NULL)
		memory->config.environment = &environment_system;
	if (memory->config.spool_bytes == 0)
		memory->config.spool_bytes = 64 << 20;
	if (memory->config.spool_bytes < 1 << 20)
		memory->config.spool_bytes = 1 << 20;
	if (memory->config.records_per_room == 0)
		memory->config.records_per_room = 100000;
	memory->rooms.maximum = config->rooms != 0 ? config->rooms : 4096;
	memory->devices.maximum = config->devices != 0 ? config->devices : 32768;
	memory->devices.outcomes_each = config->outcomes != 0 ? config->outcomes : 1024;
	memory->records.maximum = config->records != 0 ? config->records : 65536;
	memory->spool = spool_new(config->directory, memory->config.spool_bytes);
	if (memory->spool == NULL) {
		free(memory);
		return NULL;
	}
	return &memory->store;
}
