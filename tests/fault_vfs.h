/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file system layer for SQLite that fails on demand, on top of the system's. */
#ifndef TCHAT_TESTS_FAULT_VFS_H
#define TCHAT_TESTS_FAULT_VFS_H

#include <stdatomic.h>

#define FAULT_VFS "fault"

enum fault_file { FAULT_DATABASE = 1, FAULT_LOG = 2 };

/* Masks of enum fault_file: which kinds of file fail. */
struct faults {
	atomic_uint write; /* EIO */
	atomic_uint full;  /* as a disk without space */
	atomic_uint sync;  /* EIO */
	atomic_uint read;  /* EIO */
	atomic_uint once;  /* not 0: the first flush that fails is the last one */
	atomic_uint hasty; /* not 0: flushes do nothing, for what is not about disks and would wait for them */
	atomic_uint syncs, writes; /* calls so far */
};

extern struct faults faults;

/* Registers the layer, once a program. */
void fault_vfs_register(void);

#endif
