/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files with two contents: what is read, and what a power cut leaves. */
#include "disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512, PAGE = 4096 };

static struct disk *disks;
static struct disk_process nobody, *current = &nobody;

/* The simulator's own allocations do not fail: see memory.c. */
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);

/* A simulator without memory has nothing to simulate with. */
static void *need(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

void disk_enter(struct disk_process *process)
{
	current = process != NULL ? process : &nobody;
}

struct disk_process *disk_current(void)
{
	return current;
}

/* --- Bytes */

/* What files of earlier schedules had: to grow costs more than all else. */
enum { FIRST_CAPACITY = 64 << 10, SPARE_MOST = 64 };
static struct bytes spare[SPARE_MOST];
static size_t spare_count;

static void bytes_reserve(struct bytes *bytes, size_t length)
{
	if (length <= bytes->capacity)
		return;
	if (bytes->capacity == 0 && spare_count > 0) {
		*bytes = spare[--spare_count];
		bytes->length = 0;
	}
	size_t capacity = bytes->capacity == 0 ? FIRST_CAPACITY : bytes->capacity;
	while (capacity < length)
		capacity *= 2;
	if (capacity == bytes->capacity)
		return;
	bytes->data = need(__real_realloc(bytes->data, capacity));
	bytes->capacity = capacity;
}

static void bytes_free(struct bytes *bytes)
{
	if (bytes->capacity > 0 && spare_count < SPARE_MOST)
		spare[spare_count++] = *bytes;
	else
		free(bytes->data);
}

static void bytes_put(struct bytes *bytes, size_t at, const void *from, size_t length)
{
	if (length == 0)
		return;
	bytes_reserve(bytes, at + length);
	if (at > bytes->length)
		memset(bytes->data + bytes->length, 0, at - bytes->length);
	memcpy(bytes->data + at, from, length);
	if (at + length > bytes->length)
		bytes->length = at + length;
}

static void bytes_truncate(struct bytes *bytes, size_t length)
{
	bytes_reserve(bytes, length);
	if (length > bytes->length)
		memset(bytes->data + bytes->length, 0, length - bytes->length);
	bytes->length = length;
}

static void bytes_copy(struct bytes *to, const struct bytes *from)
{
	to->length = 0;
	bytes_put(to, 0, from->data, from->length);
}

/* --- Disks */

void disk_init(struct disk *disk, const char *name, uint64_t (*dice)(void *arg, uint64_t sides),
               void (*trace)(void *arg, unsigned what, uint64_t a, uint64_t b), void *arg)
{
	*disk = (struct disk){ .next = disks, .dice = dice, .trace = trace, .arg = arg };
	snprintf(disk->name, sizeof disk->name, "%s", name);
	disks = disk;
}

static void file_free(struct disk_file *file)
{
	bytes_free(&file->now);
	bytes_free(&file->flushed);
	bytes_free(&file->pool);
	free(file->changes);
	for (int i = 0; i < file->region_count; i++)
		free(file->regions[i]);
	free(file);
}

void disk_free(struct disk *disk)
{
	struct disk **at = &disks;
	while (*at != disk)
		at = &(*at)->next;
	*at = disk->next;
	for (struct disk_file *file = disk->files, *next; file != NULL; file = next) {
		next = file->next;
		if (file->handles != 0)
			abort();
		file_free(file);
	}
}

static struct disk *disk_of(const char *path)
{
	size_t length = path[0] == '/' ? strcspn(path + 1, "/") : 0;
	struct disk *disk = disks;
	while (disk != NULL && (strlen(disk->name) != length || memcmp(disk->name, path + 1, length) != 0))
		disk = disk->next;
	return disk;
}

struct disk_file *disk_find(const char *path)
{
	struct disk *disk = disk_of(path);
	struct disk_file *file = disk != NULL ? disk->files : NULL;
	while (file != NULL && (!file->linked || strcmp(file->path, path) != 0))
		file = file->next;
	return file;
}

static struct disk_file *file_new(struct disk *disk, const char *path)
{
	struct disk_file *file = need(__real_calloc(1, sizeof *file));
	file->disk = disk;
	if (snprintf(file->path, sizeof file->path, "%s", path) >= (int)sizeof file->path)
		abort();
	file->inode = ++disk->last_inode;
	file->linked = true;
	file->next = disk->files;
	disk->files = file;
	return file;
}

struct disk_file *disk_open(const char *path, bool create)
{
	struct disk_file *file = disk_find(path);
	struct disk *disk = disk_of(path);
	if (current->dead || (file == NULL && (!create || disk == NULL)))
		return NULL;
	if (file == NULL)
		file = file_new(disk, path);
	file->handles++;
	return file;
}

void disk_put(const char *path, const struct bytes *bytes)
{
	struct disk_file *file = file_new(disk_of(path), path);
	bytes_copy(&file->now, bytes);
	bytes_copy(&file->flushed, bytes);
	file->link_flushed = true;
}

/* Files that nothing names any more, now or after a power cut. */
static void disk_sweep(struct disk *disk)
{
	struct disk_file **at = &disk->files;
	while (*at != NULL) {
		struct disk_file *file = *at;
		if (file->linked || file->link_flushed || file->handles > 0) {
			at = &file->next;
			continue;
		}
		*at = file->next;
		file_free(file);
	}
}

void disk_close(struct disk_file *file)
{
	if (--file->handles > 0)
		return;
	file->shared = 0;
	file->reserved = file->exclusive = NULL;
	disk_sweep(file->disk);
}

static bool same_folder(const char *a, const char *b)
{
	size_t length = (size_t)(strrchr(a, '/') - a);
	return strncmp(a, b, length + 1) == 0 && strchr(b + length + 1, '/') == NULL;
}

void disk_flush_names(const struct disk_file *file)
{
	if (current->dead)
		return;
	for (struct disk_file *other = file->disk->files; other != NULL; other = other->next)
		if (same_folder(file->path, other->path))
			other->link_flushed = other->linked;
}

void disk_unlink(const char *path, bool flushed)
{
	struct disk_file *file = disk_find(path);
	if (file == NULL || current->dead)
		return;
	struct disk *disk = file->disk;
	file->linked = false;
	if (flushed)
		disk_flush_names(file);
	disk_sweep(disk);
}

/* --- Operations */

enum fate { FINE, FAILS, DIES, DEAD };

static enum fate operation(struct disk_file *file, enum disk_operation what, size_t at, size_t length)
{
	struct disk *disk = file->disk;
	if (current->dead)
		return DEAD;
	disk->counts.operations[what]++;
	disk->trace(disk->arg, what, at, length);
	if (what != DISK_READ && current->dies_in > 0 && --current->dies_in == 0) {
		current->dead = true;
		disk->counts.crashes++;
		return DIES;
	}
	if (disk->fail[what] == 0 || --disk->fail[what] > 0)
		return FINE;
	disk->counts.failed[what]++;
	return FAILS;
}

int disk_read(struct disk_file *file, void *bytes, size_t length, size_t at, size_t *got)
{
	*got = 0;
	if (operation(file, DISK_READ, at, length) != FINE)
		return EIO;
	if (at < file->now.length)
		*got = file->now.length - at < length ? file->now.length - at : length;
	if (*got > 0)
		memcpy(bytes, file->now.data + at, *got);
	return 0;
}

static struct disk_change *change_add(struct disk_file *file)
{
	if (file->change_count == file->change_capacity) {
		file->change_capacity = file->change_capacity == 0 ? 16 : 2 * file->change_capacity;
		file->changes = need(__real_realloc(file->changes, file->change_capacity * sizeof *file->changes));
	}
	return &file->changes[file->change_count++];
}

static void write_now(struct disk_file *file, const void *bytes, size_t length, size_t at)
{
	if (length == 0)
		return;
	*change_add(file) = (struct disk_change){ .at = at, .length = length, .from = file->pool.length };
	bytes_put(&file->pool, file->pool.length, bytes, length);
	bytes_put(&file->now, at, bytes, length);
}

int disk_write(struct disk_file *file, const void *bytes, size_t length, size_t at)
{
	struct disk *disk = file->disk;
	enum fate fate = operation(file, DISK_WRITE, at, length);
	bool full = fate == FINE && disk->full && at + length > file->now.length;
	if (fate == DEAD)
		return EIO;
	disk->counts.full += full;
	/* What fails may have been done in part, but a sector is written or it is not. */
	size_t done = length;
	if (fate != FINE || full)
		done = length > SECTOR ? (size_t)disk->dice(disk->arg, length + 1) : length * (size_t)disk->dice(disk->arg, 2);
	if (full && at + done > file->now.length)
		done = at < file->now.length ? file->now.length - at : 0;
	disk->counts.torn += done > 0 && done < length;
	write_now(file, bytes, done, at);
	return full ? ENOSPC : fate == FINE ? 0 : EIO;
}

int disk_truncate(struct disk_file *file, size_t length)
{
	if (operation(file, DISK_WRITE, length, 0) != FINE)
		return EIO;
	*change_add(file) = (struct disk_change){ .at = length, .truncates = true };
	bytes_truncate(&file->now, length);
	return 0;
}

static void changes_forget(struct disk_file *file)
{
	file->change_count = 0;
	file->pool.length = 0;
}

/* One change comes onto the disk: all of it, or only some of its sectors. */
static void change_apply(struct disk_file *file, const struct disk_change *change, bool whole)
{
	struct disk *disk = file->disk;
	if (change->truncates) {
		if (whole || disk->dice(disk->arg, 2) == 0)
			bytes_truncate(&file->flushed, change->at);
		return;
	}
	if (whole) {
		bytes_put(&file->flushed, change->at, file->pool.data + change->from, change->length);
		return;
	}
	size_t sector = disk->dice(disk->arg, 2) == 0 ? SECTOR : PAGE;
	for (size_t done = 0, step; done < change->length; done += step) {
		size_t at = change->at + done;
		step = sector - at % sector;
		if (step > change->length - done)
			step = change->length - done;
		if (disk->dice(disk->arg, 2) == 0)
			bytes_put(&file->flushed, at, file->pool.data + change->from + done, step);
	}
}

int disk_sync(struct disk_file *file)
{
	struct disk *disk = file->disk;
	enum fate fate = operation(file, DISK_SYNC, 0, file->change_count);
	if (fate >= DIES)
		return EIO;
	if (disk->ignores_sync && fate == FINE)
		return 0;
	/* A flush that fails: what it did not write stays in the system's memory, and no later one writes it. */
	for (size_t i = 0; i < file->change_count; i++)
		if (fate == FINE || disk->dice(disk->arg, 2) == 0)
			change_apply(file, &file->changes[i], fate == FINE);
	changes_forget(file);
	return fate == FINE || disk->repeats_sync ? 0 : EIO;
}

/* --- Power */

static void file_cut(struct disk_file *file)
{
	struct disk *disk = file->disk;
	/* Often all or nothing; else in any subset. */
	uint64_t kept = disk->dice(disk->arg, 4);
	for (size_t i = 0; i < file->change_count; i++) {
		bool whole = kept == 0 || (kept > 1 && disk->dice(disk->arg, 2) == 0);
		disk->counts.lost += !whole;
		if (whole || kept == 3)
			change_apply(file, &file->changes[i], whole);
	}
	changes_forget(file);
	bytes_copy(&file->now, &file->flushed);
	if (file->linked != file->link_flushed && disk->dice(disk->arg, 2) == 0)
		file->link_flushed = file->linked;
	file->linked = file->link_flushed;
}

void disk_cut(struct disk *disk)
{
	disk->counts.cuts++;
	for (struct disk_file *file = disk->files; file != NULL; file = file->next)
		file_cut(file);
	/* Of two that have a name, the newer one came later, and is found first. */
	for (struct disk_file *file = disk->files; file != NULL; file = file->next)
		for (struct disk_file *older = file->next; file->linked && older != NULL; older = older->next)
			if (strcmp(older->path, file->path) == 0)
				older->linked = older->link_flushed = false;
	disk_sweep(disk);
}

/* --- Backups */

struct backup {
	struct disk_file *files;
};

static bool is_in(const struct disk_file *file, const char *folder)
{
	size_t length = strlen(folder);
	return file->linked && strncmp(file->path, folder, length) == 0 && file->path[length] == '/';
}

struct backup *backup_take(struct disk *disk, const char *folder)
{
	struct backup *backup = need(__real_calloc(1, sizeof *backup));
	for (const struct disk_file *file = disk->files; file != NULL; file = file->next) {
		if (!is_in(file, folder))
			continue;
		struct disk_file *copy = need(__real_calloc(1, sizeof *copy));
		memcpy(copy->path, file->path, sizeof copy->path);
		bytes_copy(&copy->now, &file->now);
		copy->next = backup->files;
		backup->files = copy;
	}
	return backup;
}

static bool is_witness(const struct disk_file *file)
{
	return strcmp(strrchr(file->path, '/'), "/lock") == 0;
}

void backup_restore(const struct backup *backup, struct disk *disk, const char *folder, bool with_witness,
                    bool same_inodes)
{
	for (struct disk_file *file = disk->files; file != NULL; file = file->next) {
		if (!is_in(file, folder) || (is_witness(file) && !with_witness))
			continue;
		changes_forget(file);
		file->now.length = file->flushed.length = 0;
		file->linked = file->link_flushed = same_inodes;
	}
	for (const struct disk_file *copy = backup->files; copy != NULL; copy = copy->next) {
		if (is_witness(copy) && !with_witness)
			continue;
		struct disk_file *file = disk_find(copy->path);
		if (file == NULL)
			file = file_new(disk, copy->path);
		bytes_copy(&file->now, &copy->now);
		bytes_copy(&file->flushed, &copy->now);
		file->link_flushed = true;
	}
	/* What was not there then is not there now: an empty log is as good as none. */
	disk_sweep(disk);
}

void backup_free(struct backup *backup)
{
	for (struct disk_file *file = backup != NULL ? backup->files : NULL, *next; file != NULL; file = next) {
		next = file->next;
		file_free(file);
	}
	free(backup);
}
