/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The durable store's devices: those in use in memory, the marks and outcomes of all in the database. A device that
 * never posted leaves no trace there. */
#include "store/sqlite_inside.h"

#include "base/errors.h"

#include <stdlib.h>

enum { SETTLE_STEP = 64, CLEAR_STEP = 64, EVICT_STEP = 2 };
#define DAY TCHAT_SECONDS(86400)

struct sqlite_device *sqlite_device_find(struct sqlite_writer *writer, uint64_t id)
{
	struct sqlite_device *device;
	HASH_FIND(hh, writer->devices, &id, sizeof id, device);
	return device;
}

uint64_t sqlite_device_known(const struct sqlite_writer *writer, const struct sqlite_device *device)
{
	uint64_t most = writer->config.outcomes;
	uint64_t known = device->mark > most ? device->mark - most + 1 : 1;
	return known > device->lowest ? known : device->lowest;
}

static int device_load(struct sqlite_writer *writer, struct sqlite_device *device)
{
	struct db *db = &writer->db;
	sqlite3_stmt *statement = DB_BIND(db, SQL_DEVICE_GET, (int64_t)device->id);
	int result = db_step(db, statement);
	if (result == SQLITE_DONE)
		return SQLITE_OK;
	if (result != SQLITE_ROW)
		return result;
	int64_t mark = sqlite3_column_int64(statement, 0);
	device->mark = (uint64_t)mark;
	device->stored = true;
	sqlite3_reset(statement);
	return mark < 0 ? SQLITE_CORRUPT : SQLITE_OK;
}

static void device_unsettled(struct sqlite_writer *writer, struct sqlite_device *device)
{
	if (device->unsettled)
		return;
	device->unsettled = true;
	device->next_unsettled = writer->unsettled_devices;
	writer->unsettled_devices = device;
}

/* NULL with *result saying why. */
static struct sqlite_device *device_new(struct sqlite_writer *writer, uint64_t id, int *result)
{
	struct sqlite_device *device = calloc(1, sizeof *device);
	*result = SQLITE_NOMEM;
	if (device == NULL)
		return NULL;
	device->id = id;
	device->lowest = device->cleared = 1;
	*result = device_load(writer, device);
	if (*result == SQLITE_OK) {
		HASH_ADD(hh, writer->devices, id, sizeof device->id, device);
		if (device->hh.tbl == NULL)
			*result = SQLITE_NOMEM;
	}
	if (*result == SQLITE_OK)
		return device;
	free(device);
	return NULL;
}

/* Puts a device that nobody uses on the list of those that may go. */
static void device_retire(struct sqlite_writer *writer, struct sqlite_device *device)
{
	if (device->users > 0 || device->released)
		return;
	device->released = true;
	device->next_released = writer->released_devices;
	writer->released_devices = device;
}

int sqlite_device_open(struct sqlite_writer *writer, struct store_device *request)
{
	struct db *db = &writer->db;
	struct sqlite_device *device = sqlite_device_find(writer, request->device);
	int64_t any = 0;
	if ((device == NULL || device->users == 0) && writer->devices_in_use >= writer->config.open_devices) {
		request->request.error = TCHAT_ERR_BUSY;
		return SQLITE_OK;
	}
	int result = SQLITE_OK;
	if (device == NULL)
		device = device_new(writer, request->device, &result);
	if (device == NULL)
		return result;
	if (request->lowest_unsettled > device->lowest)
		device->lowest = request->lowest_unsettled;
	/* It knows of more decisions than this history, which was rolled back: they will not be asked for again. */
	if (device->mark < device->lowest - 1 && !device->dirty)
		device->mark = device->lowest - 1;
	if (device->stored && device->lowest > device->cleared)
		result = db_number(db, DB_BIND(db, SQL_OUTCOME_BELOW, (int64_t)device->id, (int64_t)device->lowest), 0, &any);
	if (any != 0)
		device_unsettled(writer, device);
	if (result == SQLITE_OK && device->users++ == 0)
		writer->devices_in_use++;
	device_retire(writer, device);
	return result;
}

void sqlite_device_release(struct sqlite_writer *writer, uint64_t id)
{
	struct sqlite_device *device = sqlite_device_find(writer, id);
	if (device == NULL || device->users == 0)
		return;
	if (--device->users == 0)
		writer->devices_in_use--;
	device_retire(writer, device);
}

void sqlite_device_touch(struct sqlite_writer *writer, struct sqlite_device *device)
{
	if (device->dirty)
		return;
	device->dirty = true;
	device->saved_mark = device->mark;
	device->saved_stored = device->stored;
	device->next_dirty = writer->dirty_devices;
	writer->dirty_devices = device;
}

/* One device more than the store may remember: those go that were not here for the longest time. */
static int device_evict(struct sqlite_writer *writer)
{
	struct db *db = &writer->db;
	int64_t old[EVICT_STEP];
	size_t count = 0;
	int result = SQLITE_DONE;
	sqlite3_stmt *statement = db_bind(db, SQL_DEVICE_OLDEST, NULL, 0);
	while (count < EVICT_STEP && (result = db_step(db, statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);
		if (sqlite_device_find(writer, (uint64_t)id) == NULL)
			old[count++] = id;
	}
	sqlite3_reset(statement);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return result;
	for (size_t i = 0; i < count; i++) {
		result = DB_DO(db, SQL_OUTCOME_DELETE, old[i]);
		if (result == SQLITE_OK)
			result = DB_DO(db, SQL_DEVICE_DELETE, old[i]);
		if (result != SQLITE_OK)
			return result;
		writer->devices_stored--;
	}
	return SQLITE_OK;
}

static int device_flush(struct sqlite_writer *writer, struct sqlite_device *device, int64_t today)
{
	struct db *db = &writer->db;
	uint64_t known = sqlite_device_known(writer, device);
	int result = DB_DO(db, SQL_DEVICE_SET, (int64_t)device->id, (int64_t)device->mark, today);
	if (result != SQLITE_OK)
		return result;
	if (known >= device->cleared + CLEAR_STEP)
		device_unsettled(writer, device);
	if (device->stored)
		return SQLITE_OK;
	device->stored = true;
	writer->devices_stored++;
	return writer->devices_stored > (int64_t)writer->config.devices ? device_evict(writer) : SQLITE_OK;
}

int sqlite_devices_flush(struct sqlite_writer *writer)
{
	const struct environment *environment = writer->environment;
	int64_t today = (int64_t)(environment->wall(environment->arg) / DAY);
	for (struct sqlite_device *device = writer->dirty_devices; device != NULL; device = device->next_dirty) {
		int result = device_flush(writer, device, today);
		if (result != SQLITE_OK)
			return result;
	}
	return SQLITE_OK;
}

int sqlite_devices_settle(struct sqlite_writer *writer)
{
	struct db *db = &writer->db;
	for (int i = 0; i < SETTLE_STEP && writer->unsettled_devices != NULL; i++) {
		struct sqlite_device *device = writer->unsettled_devices;
		uint64_t known = sqlite_device_known(writer, device);
		int result = DB_DO(db, SQL_OUTCOME_SETTLE, (int64_t)device->id, (int64_t)known);
		if (result != SQLITE_OK)
			return result;
		/* Should this be rolled back, the rows are found again later: no more than that depends on them. */
		device->cleared = known;
		device->unsettled = false;
		writer->unsettled_devices = device->next_unsettled;
	}
	return SQLITE_OK;
}

void sqlite_devices_done(struct sqlite_writer *writer, bool kept)
{
	for (struct sqlite_device *device; (device = writer->dirty_devices) != NULL;) {
		writer->dirty_devices = device->next_dirty;
		device->dirty = false;
		if (kept)
			continue;
		device->mark = device->saved_mark;
		device->stored = device->saved_stored;
	}
	struct sqlite_device **at = &writer->released_devices;
	while (*at != NULL) {
		struct sqlite_device *device = *at;
		if (device->users == 0 && device->unsettled) { /* goes when that is done */
			at = &device->next_released;
			continue;
		}
		*at = device->next_released;
		device->released = false;
		if (device->users > 0)
			continue;
		HASH_DEL(writer->devices, device);
		free(device);
	}
}
