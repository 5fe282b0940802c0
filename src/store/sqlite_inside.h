/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the durable store's files share; private to it. */
#ifndef TCHAT_STORE_SQLITE_INSIDE_H
#define TCHAT_STORE_SQLITE_INSIDE_H

#include "base/table.h"
#include "store/folder.h"
#include "store/sqlite.h"
#include "store/sqlite_db.h"
#include "store/sqlite_index.h"

#include <pthread.h>
#include <stdbool.h>

#define HISTORY_FILE "history.db"
enum { HISTORY_APPLICATION = 0x54434854, HISTORY_VERSION = 4 };

/* A device in use. What a batch changes is saved, for the case that it is rolled back. */
struct sqlite_device {
	uint64_t id;
	uint64_t mark, saved_mark;
	uint64_t lowest;  /* counters below are settled */
	uint64_t cleared; /* outcomes below are deleted */
	uint32_t users;   /* opened so often, and not released */
	bool dirty, stored, saved_stored;
	bool unsettled;   /* there is something to delete; in the list of those */
	bool released;    /* in the list of those that may go */
	struct sqlite_device *next_dirty, *next_unsettled, *next_released;
	UT_hash_handle hh;
};

/* A room in use. */
struct sqlite_room {
	uint64_t id;
	uint64_t floor, head, oldest; /* oldest: time of the record at floor */
	uint64_t last;                /* time of the record at head; 0: there is none */
	uint64_t saved_floor, saved_head, saved_oldest, saved_last;
	const uint8_t *topic; /* of the batch at hand, or NULL */
	size_t topic_length;
	uint32_t users;
	bool dirty, fresh, released;
	struct sqlite_room *next_dirty, *next_released;
	UT_hash_handle hh;
};

/* What the writer's thread works with; nobody else touches it while the thread runs. */
struct sqlite_writer {
	struct db db;
	const struct environment *environment;
	struct store_sqlite_config config;
	uint32_t last_user, saved_last_user;
	uint64_t last_room, saved_last_room;
	int64_t rooms, saved_rooms, devices_stored, saved_devices_stored, records, saved_records; /* rows */
	uint32_t devices_in_use;
	bool in_transaction;
	bool keep_more;       /* the last step of keeping left something to do */
	int log_pages;        /* of the write-ahead log, after the last commit */
	int log_waits;        /* pages until which readers are not waited for again */
	tchat_time kept;      /* when age was last looked at without a commit, monotonic */
	struct sqlite_device *devices, *dirty_devices, *unsettled_devices, *released_devices;
	struct sqlite_room *rooms_in_use, *dirty_rooms, *released_rooms;
	struct sqlite_index index;
};

struct sqlite_queue {
	struct store_request *first, **last;
};

struct sqlite_store {
	struct store store; /* first */
	struct folder folder;
	struct store_identity identity;
	uint64_t opening; /* this life's number, in the database and the folder */
	struct sqlite_writer writer;
	struct db reader;
	pthread_t writer_thread, reader_thread, backup_thread;
	bool writer_runs, reader_runs, backup_runs, opened; /* backup_runs: it is to be joined, and the loop's alone */

	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t writer_wake, reader_wake;
	struct sqlite_queue writes, reads, done;
	struct store_backup *backup; /* under way */
	bool keep_changed; /* the writer is to go by these from now on: */
	uint64_t keep_count, keep_bytes;
	tchat_time keep_age;
	bool stop;
	bool failed;
	char failure[STORE_WHY_SIZE];
	void (*callback)(void *arg);
	void *callback_arg;
};

/* A room or device that is let go of, in the queue of requests; a positive error tells it from those. */
struct sqlite_release {
	struct store_request request;
	uint64_t id;
};
enum { SQLITE_RELEASE = 1 };

/* --- sqlite_open.c: 0, or a line in why. */
int sqlite_store_open(struct sqlite_store *store, char why[STORE_WHY_SIZE]);
/* clean: the last words are written, and the log is folded in. */
void sqlite_store_close(struct sqlite_store *store, bool clean);

/* --- sqlite_writer.c */
/* Carries out what queued, as one transaction; sets each one's error. SQLITE_OK, or what cannot be repaired. */
int sqlite_writer_group(struct sqlite_writer *writer, struct store_request *list);
void sqlite_writer_free(struct sqlite_writer *writer);
int sqlite_writer_begin(struct sqlite_writer *writer);
int sqlite_writer_commit(struct sqlite_writer *writer);
/* After an error: all is as before the transaction. SQLITE_OK when the error was one that passes. */
int sqlite_writer_undo(struct sqlite_writer *writer, int result);
void sqlite_room_touch(struct sqlite_writer *writer, struct sqlite_room *room);

/* --- sqlite_device.c */
/* Answers the request: SQLITE_OK, also when its error is set. */
int sqlite_device_open(struct sqlite_writer *writer, struct store_device *request);
struct sqlite_device *sqlite_device_find(struct sqlite_writer *writer, uint64_t id);
void sqlite_device_release(struct sqlite_writer *writer, uint64_t id);
void sqlite_device_touch(struct sqlite_writer *writer, struct sqlite_device *device);
/* Writes the marks of all that were touched. */
int sqlite_devices_flush(struct sqlite_writer *writer);
void sqlite_devices_done(struct sqlite_writer *writer, bool kept);
/* Deletes settled outcomes of some devices. */
int sqlite_devices_settle(struct sqlite_writer *writer);
/* Lowest counter whose outcome is still known. */
uint64_t sqlite_device_known(const struct sqlite_writer *writer, const struct sqlite_device *device);

/* --- sqlite_keep.c */
int sqlite_record_time(struct sqlite_writer *writer, uint64_t room, uint64_t seq, uint64_t *time);
/* Deletes at most budget records that are not to be kept any longer, in the transaction at hand. */
int sqlite_keep_step(struct sqlite_writer *writer, uint64_t budget, bool by_age);
/* Keeps one room to its count. */
int sqlite_keep_room(struct sqlite_writer *writer, struct sqlite_room *room, uint64_t budget);
/* What is done when nobody waits: one small transaction, or nothing; the log is folded in when it is long. Sets *again
 * to when (monotonic) it is to be called next. SQLITE_OK, or what cannot be repaired. */
int sqlite_writer_idle(struct sqlite_writer *writer, tchat_time now, tchat_time *again);
int sqlite_writer_checkpoint(struct sqlite_writer *writer);

/* --- sqlite.c: the store is about to end. Any thread may ask. */
bool sqlite_store_stops(struct sqlite_store *store);

/* --- sqlite_backup.c: sets the request's error and answers. On a thread of its own. */
void sqlite_backup(struct sqlite_store *store, struct store_backup *request);

/* --- sqlite_record.c */
/* Puts or deletes: SQLITE_OK, also when the request's error is set. */
int sqlite_record_put(struct sqlite_writer *writer, struct store_record *request);
/* See store_records(). */
int sqlite_records(struct store *store,
                   void (*each)(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value,
                                size_t length),
                   void *arg);

/* --- sqlite_change.c */
/* Sets the post's code: 0 when it may change its target. */
int sqlite_change_check(struct sqlite_writer *writer, const struct sqlite_room *room, struct store_post *post);
/* Notes what an accepted post of this kind changes, and takes away the texts that are to go; words that do not count any
 * more are no longer found. */
int sqlite_change_add(struct sqlite_writer *writer, const struct sqlite_room *room, const struct store_post *post,
                      uint8_t kind);
/* Fills in the changes of a run that was read. */
int sqlite_changes_read(struct db *db, struct store_read *read);

/* --- sqlite_find.c */
/* Fills in what is found in first..last, newest first: SQLITE_OK, or what failed. */
int sqlite_find(struct db *db, struct store_read *read, uint64_t first, uint64_t last);

/* --- sqlite_reader.c */
/* Sets the request's error: SQLITE_OK, or what cannot be repaired. */
int sqlite_read(struct db *db, struct store_read *read);

#endif
