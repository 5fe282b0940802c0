/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Disks in memory, for the simulator: what was written and not flushed can be lost in parts, operations can fail, and
 * the process that does them can die in the midst of one. A path begins with the name of its disk: "/h/a" is the file
 * a on disk h. A layer for SQLite (vfs.c) and store/folder.h (folder.c) work on these. */
#ifndef TCHAT_TESTS_SIM_DISK_H
#define TCHAT_TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISK_PATH = 96, DISK_SLOTS = 8, DISK_REGIONS = 16 };

/* Bytes that grow. */
struct bytes {
	uint8_t *data;
	size_t length, capacity;
};

/* A write (or with no bytes: a truncation) since the last flush. */
struct disk_change {
	size_t at, length, from; /* from: where its bytes are in the file's pool */
	bool truncates;
};

struct disk_file {
	struct disk_file *next;
	struct disk *disk;
	char path[DISK_PATH];
	struct bytes now, flushed; /* what is read; what a power cut leaves for sure */
	struct bytes pool;
	struct disk_change *changes;
	size_t change_count, change_capacity;
	uint64_t inode;
	bool linked, link_flushed; /* its name is there; is there after a power cut */
	unsigned handles;
	/* SQLite's locks and shared memory; they end with the last handle. */
	int shared;
	void *reserved, *exclusive;
	uint8_t *regions[DISK_REGIONS];
	int region_count, region_size, mappings;
	int slot_shared[DISK_SLOTS];
	void *slot_exclusive[DISK_SLOTS];
};

enum disk_operation { DISK_READ, DISK_WRITE, DISK_SYNC, DISK_OPERATIONS };

/* What happens to a disk's operations; counted over all its life. */
struct disk_counts {
	uint64_t operations[DISK_OPERATIONS];
	uint64_t failed[DISK_OPERATIONS];
	uint64_t full, torn, lost, cuts, crashes;
};

struct disk {
	struct disk *next;
	char name[8];
	struct disk_file *files;
	uint64_t last_inode;
	uint64_t (*dice)(void *arg, uint64_t sides);
	void (*trace)(void *arg, unsigned what, uint64_t a, uint64_t b);
	void *arg;
	bool full;                       /* nothing grows any more */
	unsigned fail[DISK_OPERATIONS];  /* the so-manieth from now on fails, once; 0: none */
	bool ignores_sync;               /* for planted faults: it lies */
	bool repeats_sync;               /* and: who asks for a flush that fails, asks again */
	struct disk_counts counts;
};

/* A process on a disk. Once it is dead, none of its operations does anything. */
struct disk_process {
	bool dead;
	unsigned dies_in; /* operations; 0: not */
};

/* The process whose code runs from here on. */
void disk_enter(struct disk_process *process);
struct disk_process *disk_current(void);

void disk_init(struct disk *disk, const char *name, uint64_t (*dice)(void *arg, uint64_t sides),
               void (*trace)(void *arg, unsigned what, uint64_t a, uint64_t b), void *arg);
/* All handles have to be closed. */
void disk_free(struct disk *disk);

/* Power goes: every process on it has to be dead, and its handles closed. */
void disk_cut(struct disk *disk);

struct disk_file *disk_find(const char *path);
/* Finds or makes it. */
struct disk_file *disk_open(const char *path, bool create);
void disk_close(struct disk_file *file);
/* A file with these bytes, as if it had been there for long. */
void disk_put(const char *path, const struct bytes *bytes);
void disk_unlink(const char *path, bool flushed);
/* The names of the folder that the file is in are flushed. */
void disk_flush_names(const struct disk_file *file);

/* 0, or an errno. Reading gives how many bytes there were. */
int disk_read(struct disk_file *file, void *bytes, size_t length, size_t at, size_t *got);
int disk_write(struct disk_file *file, const void *bytes, size_t length, size_t at);
int disk_truncate(struct disk_file *file, size_t length);
int disk_sync(struct disk_file *file);

/* --- A copy of a folder's files, as they are read now. */
struct backup;
struct backup *backup_take(struct disk *disk, const char *folder);
/* Puts the copy back in place of what is there, flushed: with_witness: the file "lock" too; same_inodes: into the same
 * files, which keep their numbers. */
void backup_restore(const struct backup *backup, struct disk *disk, const char *folder, bool with_witness,
                    bool same_inodes);
void backup_free(struct backup *backup);

/* --- vfs.c: registers the layer, as the default one, once a program. */
#define SIM_VFS "sim"
void vfs_register(void);
/* Starts SQLite's own random numbers anew, from these. */
void vfs_seed(uint64_t (*dice)(void *arg, uint64_t sides), void *arg);

/* --- folder.c: for a planted fault: anybody may have a folder that somebody has. */
extern bool folder_shares;

#endif
