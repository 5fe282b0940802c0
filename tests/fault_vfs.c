/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The failing file system layer: each file wraps one of the system's. */
#include "fault_vfs.h"

#include <stdlib.h>

#include <sqlite3.h>

struct faults faults;

struct wrapped {
	sqlite3_file file; /* first */
	unsigned kind;
	sqlite3_file *real; /* behind this one */
};

static sqlite3_vfs *system_vfs;

static sqlite3_file *real(sqlite3_file *file)
{
	return ((struct wrapped *)file)->real;
}

static unsigned hits(sqlite3_file *file, atomic_uint *mask)
{
	return ((struct wrapped *)file)->kind & atomic_load(mask);
}

static int wrapped_close(sqlite3_file *file)
{
	return real(file)->pMethods == NULL ? SQLITE_OK : real(file)->pMethods->xClose(real(file));
}

static int wrapped_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 at)
{
	return hits(file, &faults.read) ? SQLITE_IOERR_READ : real(file)->pMethods->xRead(real(file), bytes, length, at);
}

static int wrapped_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 at)
{
	atomic_fetch_add(&faults.writes, 1);
	if (hits(file, &faults.write))
		return SQLITE_IOERR_WRITE;
	return hits(file, &faults.full) ? SQLITE_FULL : real(file)->pMethods->xWrite(real(file), bytes, length, at);
}

static int wrapped_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return real(file)->pMethods->xTruncate(real(file), size);
}

static int wrapped_sync(sqlite3_file *file, int flags)
{
	atomic_fetch_add(&faults.syncs, 1);
	unsigned hit = hits(file, &faults.sync);
	if (hit && atomic_load(&faults.once))
		atomic_store(&faults.sync, 0);
	if (hit)
		return SQLITE_IOERR_FSYNC;
	return atomic_load(&faults.hasty) ? SQLITE_OK : real(file)->pMethods->xSync(real(file), flags);
}

static int wrapped_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real(file)->pMethods->xFileSize(real(file), size);
}

static int wrapped_lock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xLock(real(file), level);
}

static int wrapped_unlock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int wrapped_check(sqlite3_file *file, int *result)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), result);
}

static int wrapped_control(sqlite3_file *file, int operation, void *arg)
{
	return real(file)->pMethods->xFileControl(real(file), operation, arg);
}

static int wrapped_sector(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int wrapped_traits(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int wrapped_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **at)
{
	return real(file)->pMethods->xShmMap(real(file), page, size, extend, at);
}

static int wrapped_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void wrapped_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int wrapped_shm_unmap(sqlite3_file *file, int remove)
{
	return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = wrapped_close,
	.xRead = wrapped_read,
	.xWrite = wrapped_write,
	.xTruncate = wrapped_truncate,
	.xSync = wrapped_sync,
	.xFileSize = wrapped_size,
	.xLock = wrapped_lock,
	.xUnlock = wrapped_unlock,
	.xCheckReservedLock = wrapped_check,
	.xFileControl = wrapped_control,
	.xSectorSize = wrapped_sector,
	.xDeviceCharacteristics = wrapped_traits,
	.xShmMap = wrapped_shm_map,
	.xShmLock = wrapped_shm_lock,
	.xShmBarrier = wrapped_shm_barrier,
	.xShmUnmap = wrapped_shm_unmap,
};

static int wrapped_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *given)
{
	struct wrapped *wrapped = (struct wrapped *)file;
	wrapped->real = (sqlite3_file *)(wrapped + 1);
	wrapped->kind = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? FAULT_DATABASE : (flags & SQLITE_OPEN_WAL) != 0 ? FAULT_LOG : 0;
	wrapped->real->pMethods = NULL;
	int result = system_vfs->xOpen(system_vfs, name, wrapped->real, flags, given);
	wrapped->file.pMethods = wrapped->real->pMethods == NULL ? NULL : &methods;
	return result;
}

void fault_vfs_register(void)
{
	static sqlite3_vfs vfs;
	sqlite3_initialize();
	system_vfs = sqlite3_vfs_find(NULL);
	vfs = *system_vfs;
	vfs.zName = FAULT_VFS;
	vfs.szOsFile = system_vfs->szOsFile + (int)sizeof(struct wrapped);
	vfs.xOpen = wrapped_open;
	vfs.pNext = NULL;
	if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
		abort();
}
