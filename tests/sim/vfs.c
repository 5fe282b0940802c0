/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file system layer for SQLite on disks in memory; locks and shared memory are among the handles of this program. */
#include "disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

struct handle {
	sqlite3_file file; /* first */
	struct disk_file *on;
	int level;         /* of the lock */
	bool deletes, mapped;
	bool fresh;        /* its name is to be flushed with its first flush */
	unsigned shm_shared, shm_exclusive; /* slots */
};

static uint64_t (*seed_dice)(void *arg, uint64_t sides);
static void *seed_arg;

static struct handle *handle_of(sqlite3_file *file)
{
	return (struct handle *)file;
}

/* --- Reading and writing */

static int sim_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 at)
{
	size_t got;
	if (disk_read(handle_of(file)->on, bytes, (size_t)length, (size_t)at, &got) != 0)
		return SQLITE_IOERR_READ;
	if (got == (size_t)length)
		return SQLITE_OK;
	memset((uint8_t *)bytes + got, 0, (size_t)length - got);
	return SQLITE_IOERR_SHORT_READ;
}

static int sim_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 at)
{
	int number = disk_write(handle_of(file)->on, bytes, (size_t)length, (size_t)at);
	return number == 0 ? SQLITE_OK : number == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int sim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return disk_truncate(handle_of(file)->on, (size_t)size) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

static int sim_sync(sqlite3_file *file, int flags)
{
	struct handle *handle = handle_of(file);
	if (disk_sync(handle->on) != 0)
		return SQLITE_IOERR_FSYNC;
	if (handle->fresh)
		disk_flush_names(handle->on);
	handle->fresh = false;
	return SQLITE_OK;
}

static int sim_size(sqlite3_file *file, sqlite3_int64 *size)
{
	*size = (sqlite3_int64)handle_of(file)->on->now.length;
	return SQLITE_OK;
}

/* --- Locks of a file */

static int sim_unlock(sqlite3_file *file, int level)
{
	struct handle *handle = handle_of(file);
	struct disk_file *on = handle->on;
	if (on->exclusive == handle && level < SQLITE_LOCK_PENDING)
		on->exclusive = NULL;
	if (on->reserved == handle && level < SQLITE_LOCK_RESERVED)
		on->reserved = NULL;
	if (handle->level >= SQLITE_LOCK_SHARED && level < SQLITE_LOCK_SHARED)
		on->shared--;
	if (level < handle->level)
		handle->level = level;
	return SQLITE_OK;
}

static int sim_lock(sqlite3_file *file, int level)
{
	struct handle *handle = handle_of(file);
	struct disk_file *on = handle->on;
	if (level <= handle->level)
		return SQLITE_OK;
	if (on->exclusive != NULL && on->exclusive != handle)
		return SQLITE_BUSY;
	if (handle->level == SQLITE_LOCK_NONE)
		on->shared++;
	if (handle->level < SQLITE_LOCK_SHARED)
		handle->level = SQLITE_LOCK_SHARED;
	if (level == SQLITE_LOCK_SHARED)
		return SQLITE_OK;
	if (on->reserved != NULL && on->reserved != handle)
		return SQLITE_BUSY;
	on->reserved = handle;
	handle->level = SQLITE_LOCK_RESERVED;
	if (level == SQLITE_LOCK_RESERVED)
		return SQLITE_OK;
	on->exclusive = handle; /* pending: nobody new comes in */
	handle->level = SQLITE_LOCK_PENDING;
	if (on->shared > 1)
		return SQLITE_BUSY;
	handle->level = level;
	return SQLITE_OK;
}

static int sim_check(sqlite3_file *file, int *result)
{
	*result = handle_of(file)->on->reserved != NULL;
	return SQLITE_OK;
}

/* --- Shared memory: what it holds ends with its last handle */

static int sim_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **at)
{
	struct handle *handle = handle_of(file);
	struct disk_file *on = handle->on;
	*at = NULL;
	on->mappings += !handle->mapped;
	handle->mapped = true;
	if (page >= DISK_REGIONS)
		return SQLITE_IOERR_SHMSIZE;
	while (on->region_count <= page) {
		if (!extend)
			return SQLITE_OK;
		on->regions[on->region_count] = calloc(1, (size_t)size);
		if (on->regions[on->region_count] == NULL)
			return SQLITE_IOERR_NOMEM;
		on->region_count++;
	}
	*at = on->regions[page];
	return SQLITE_OK;
}

static int sim_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	struct handle *handle = handle_of(file);
	struct disk_file *on = handle->on;
	bool shared = (flags & SQLITE_SHM_SHARED) != 0, locks = (flags & SQLITE_SHM_LOCK) != 0;
	for (int i = offset; locks && i < offset + count; i++) {
		bool others = on->slot_shared[i] > (int)(handle->shm_shared >> i & 1);
		if ((on->slot_exclusive[i] != NULL && on->slot_exclusive[i] != handle) || (!shared && others))
			return SQLITE_BUSY;
	}
	for (int i = offset; i < offset + count; i++) {
		unsigned bit = 1u << i;
		if (shared && locks != ((handle->shm_shared & bit) != 0)) {
			on->slot_shared[i] += locks ? 1 : -1;
			handle->shm_shared ^= bit;
		}
		if (!shared) {
			on->slot_exclusive[i] = locks ? handle : NULL;
			handle->shm_exclusive = locks ? handle->shm_exclusive | bit : handle->shm_exclusive & ~bit;
		}
	}
	return SQLITE_OK;
}

static void sim_shm_barrier(sqlite3_file *file)
{
}

static int sim_shm_unmap(sqlite3_file *file, int remove)
{
	struct handle *handle = handle_of(file);
	struct disk_file *on = handle->on;
	if (!handle->mapped)
		return SQLITE_OK;
	handle->mapped = false;
	for (int i = 0; i < DISK_SLOTS; i++) {
		on->slot_shared[i] -= (int)(handle->shm_shared >> i & 1);
		if (on->slot_exclusive[i] == handle)
			on->slot_exclusive[i] = NULL;
	}
	handle->shm_shared = handle->shm_exclusive = 0;
	if (--on->mappings > 0)
		return SQLITE_OK;
	for (int i = 0; i < on->region_count; i++)
		free(on->regions[i]);
	on->region_count = 0;
	return SQLITE_OK;
}

/* --- Files */

static int sim_close(sqlite3_file *file)
{
	struct handle *handle = handle_of(file);
	sim_shm_unmap(file, 0);
	sim_unlock(file, SQLITE_LOCK_NONE);
	if (handle->deletes)
		disk_unlink(handle->on->path, false);
	disk_close(handle->on);
	return SQLITE_OK;
}

static int sim_control(sqlite3_file *file, int operation, void *arg)
{
	return SQLITE_NOTFOUND;
}

static int sim_sector(sqlite3_file *file)
{
	return 4096;
}

static int sim_traits(sqlite3_file *file)
{
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as SQLite takes it for granted of all disks */
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = sim_close,
	.xRead = sim_read,
	.xWrite = sim_write,
	.xTruncate = sim_truncate,
	.xSync = sim_sync,
	.xFileSize = sim_size,
	.xLock = sim_lock,
	.xUnlock = sim_unlock,
	.xCheckReservedLock = sim_check,
	.xFileControl = sim_control,
	.xSectorSize = sim_sector,
	.xDeviceCharacteristics = sim_traits,
	.xShmMap = sim_shm_map,
	.xShmLock = sim_shm_lock,
	.xShmBarrier = sim_shm_barrier,
	.xShmUnmap = sim_shm_unmap,
};

static int sim_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *given)
{
	struct handle *handle = handle_of(file);
	*handle = (struct handle){ 0 };
	if (name == NULL)
		return SQLITE_CANTOPEN; /* nothing here needs temporary files */
	bool creates = (flags & SQLITE_OPEN_CREATE) != 0;
	handle->fresh = creates; /* as the system's layer takes it, whether or not it was there */
	handle->on = disk_open(name, creates);
	if (handle->on == NULL)
		return SQLITE_CANTOPEN;
	handle->deletes = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
	file->pMethods = &methods;
	if (given != NULL)
		*given = flags;
	return SQLITE_OK;
}

static int sim_delete(sqlite3_vfs *vfs, const char *name, int flush)
{
	disk_unlink(name, flush != 0);
	return SQLITE_OK;
}

static int sim_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
	const struct disk_file *file = disk_find(name);
	/* As the system's layer says: an empty file is none. */
	*result = file != NULL && (flags != SQLITE_ACCESS_EXISTS || file->now.length > 0);
	return SQLITE_OK;
}

static int sim_full_name(sqlite3_vfs *vfs, const char *name, int size, char *full)
{
	if (strlen(name) >= (size_t)size)
		return SQLITE_CANTOPEN;
	strcpy(full, name);
	return SQLITE_OK;
}

static int sim_random(sqlite3_vfs *vfs, int length, char *bytes)
{
	for (int i = 0; i < length; i++)
		bytes[i] = (char)(seed_dice != NULL ? seed_dice(seed_arg, 256) : 0);
	return length;
}

static int sim_sleep(sqlite3_vfs *vfs, int microseconds)
{
	return microseconds;
}

static int sim_time(sqlite3_vfs *vfs, double *days)
{
	*days = 2460000.5;
	return SQLITE_OK;
}

void vfs_register(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 1,
		.szOsFile = sizeof(struct handle),
		.mxPathname = DISK_PATH,
		.zName = SIM_VFS,
		.xOpen = sim_open,
		.xDelete = sim_delete,
		.xAccess = sim_access,
		.xFullPathname = sim_full_name,
		.xRandomness = sim_random,
		.xSleep = sim_sleep,
		.xCurrentTime = sim_time,
	};
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_initialize() != SQLITE_OK || sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}

void vfs_seed(uint64_t (*dice)(void *arg, uint64_t sides), void *arg)
{
	seed_dice = dice;
	seed_arg = arg;
	sqlite3_randomness(0, NULL); /* forgets what it has */
}
