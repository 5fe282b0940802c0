/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory store's devices: how far each one's posts are decided, and what was decided. */
#ifndef TCHAT_STORE_MEMORY_DEVICE_H
#define TCHAT_STORE_MEMORY_DEVICE_H

#include "base/table.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct memory_outcome {
	uint64_t hash;
	uint64_t room;
	uint64_t seq;
	uint64_t time;
	uint16_t code; /* why refused, or 0 */
};

struct memory_device {
	uint64_t id;
	uint64_t mark;                   /* highest counter decided */
	struct memory_outcome *outcomes; /* a ring of capacity (a power of two) entries; the last one is mark's */
	uint32_t capacity;
	uint32_t first;
	uint32_t count;
	uint32_t users; /* opened so often, and not released */
	struct memory_device *next, *prev; /* among those not in use, longest so first */
	UT_hash_handle hh;
};

struct memory_devices {
	struct memory_device *by_id;
	struct memory_device *unused;
	uint32_t maximum;
	uint32_t outcomes_each;
	size_t outcomes; /* of all devices, for the bound on them */
};

void memory_devices_free(struct memory_devices *devices);

struct memory_device *memory_device_find(struct memory_devices *devices, uint64_t id);

/* Answers the request: 0, TCHAT_ERR_BUSY (too many are in use) or TCHAT_ERR_MEMORY. */
int memory_device_open(struct memory_devices *devices, struct store_device *request);
void memory_device_release(struct memory_devices *devices, uint64_t id);

/* Raises the mark; the outcome is to be filled in. NULL when memory is out. memory_device_pop() takes it back. */
struct memory_outcome *memory_device_push(struct memory_devices *devices, struct memory_device *device);
void memory_device_pop(struct memory_devices *devices, struct memory_device *device);

/* What was decided for a counter at or below the mark; NULL when that is not remembered. */
const struct memory_outcome *memory_device_outcome(const struct memory_device *device, uint64_t counter);

#endif
