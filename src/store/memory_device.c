/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory store's devices. */
#include "store/memory_device.h"

#include "base/errors.h"

#include <stdlib.h>

#include <utlist.h>

/* When so many outcomes are kept in all, a device with more than its fair share reuses its own. */
enum { OUTCOMES_FIRST = 8, OUTCOMES_FAIR = 64, OUTCOMES_ALL = 1 << 20 };

static void device_forget(struct memory_devices *devices, struct memory_device *device)
{
	HASH_DEL(devices->by_id, device);
	if (device->users == 0)
		DL_DELETE(devices->unused, device);
	devices->outcomes -= device->capacity;
	free(device->outcomes);
	free(device);
}

void memory_devices_free(struct memory_devices *devices)
{
	while (devices->by_id != NULL)
		device_forget(devices, devices->by_id);
}

struct memory_device *memory_device_find(struct memory_devices *devices, uint64_t id)
{
	struct memory_device *device;
	HASH_FIND(hh, devices->by_id, &id, sizeof id, device);
	return device;
}

static int device_add(struct memory_devices *devices, const struct store_device *request, struct memory_device **out)
{
	if (HASH_COUNT(devices->by_id) >= devices->maximum) {
		if (devices->unused == NULL)
			return TCHAT_ERR_BUSY;
		device_forget(devices, devices->unused);
	}
	struct memory_device *device = calloc(1, sizeof *device);
	if (device == NULL)
		return TCHAT_ERR_MEMORY;
	device->id = request->device;
	device->mark = request->lowest_unsettled - 1;
	device->users = 1;
	HASH_ADD(hh, devices->by_id, id, sizeof device->id, device);
	if (device->hh.tbl == NULL) {
		free(device);
		return TCHAT_ERR_MEMORY;
	}
	*out = device;
	return 0;
}

/* Moves the ring to one of capacity entries, which hold all outcomes; 0 frees it. */
static bool device_resize(struct memory_devices *devices, struct memory_device *device, uint32_t capacity)
{
	struct memory_outcome *outcomes = NULL;
	if (capacity > 0) {
		outcomes = malloc(capacity * sizeof *outcomes);
		if (outcomes == NULL)
			return false;
	}
	for (uint32_t i = 0; i < device->count; i++)
		outcomes[i] = device->outcomes[(device->first + i) & (device->capacity - 1)];
	free(device->outcomes);
	devices->outcomes += capacity;
	devices->outcomes -= device->capacity;
	device->outcomes = outcomes;
	device->capacity = capacity;
	device->first = 0;
	return true;
}

int memory_device_open(struct memory_devices *devices, struct store_device *request)
{
	struct memory_device *device = memory_device_find(devices, request->device);
	if (device == NULL) {
		int err = device_add(devices, request, &device);
		if (err != 0)
			return err;
	} else if (device->users++ == 0) {
		DL_DELETE(devices->unused, device);
	}
	while (device->count > 0 && device->mark - device->count + 1 < request->lowest_unsettled) {
		device->first = (device->first + 1) & (device->capacity - 1);
		device->count--;
	}
	if (device->count == 0)
		device_resize(devices, device, 0);
	request->mark = device->mark;
	return 0;
}

void memory_device_release(struct memory_devices *devices, uint64_t id)
{
	struct memory_device *device = memory_device_find(devices, id);
	if (device == NULL || device->users == 0 || --device->users > 0)
		return;
	DL_APPEND(devices->unused, device);
}

static bool device_may_grow(const struct memory_devices *devices, const struct memory_device *device)
{
	return device->capacity < devices->outcomes_each &&
	       (device->capacity < OUTCOMES_FAIR || devices->outcomes < OUTCOMES_ALL);
}

struct memory_outcome *memory_device_push(struct memory_devices *devices, struct memory_device *device)
{
	if (device->count == device->capacity) {
		if (device_may_grow(devices, device)) {
			if (!device_resize(devices, device, device->capacity == 0 ? OUTCOMES_FIRST : device->capacity * 2))
				return NULL;
		} else {
			device->first = (device->first + 1) & (device->capacity - 1);
			device->count--;
		}
	}
	struct memory_outcome *outcome = &device->outcomes[(device->first + device->count) & (device->capacity - 1)];
	device->count++;
	device->mark++;
	return outcome;
}

void memory_device_pop(struct memory_devices *devices, struct memory_device *device)
{
	device->count--;
	device->mark--;
}

const struct memory_outcome *memory_device_outcome(const struct memory_device *device, uint64_t counter)
{
	uint64_t back = device->mark - counter;
	if (back >= device->count)
		return NULL;
	return &device->outcomes[(device->first + device->count - 1 - (uint32_t)back) & (device->capacity - 1)];
}
