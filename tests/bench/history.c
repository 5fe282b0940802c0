/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kept history of many messages: how long it takes to write, how large it is, and how long a page takes to read, from
 * request to completion. Prints figures; asserts nothing.
 * Usage: tests/bench/history [MESSAGES [BYTES]] (TMPDIR: on the disk that is to be measured) */
#include "store/sqlite.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 100, DEVICES = 20, PAGE = 100, PAGES = 20000, BEFORE_BODY = FRAME_HEADER + MSG_BODY };

static sem_t woken;

static void woke(void *arg)
{
	sem_post(arg);
}

static void run(struct store *store, struct store_request *request)
{
	store_submit(store, request);
	while (store_completed(store) == NULL)
		sem_wait(&woken);
	if (request->error == 0)
		return;
	fprintf(stderr, "request failed: %d\n", request->error);
	exit(1);
}

static uint64_t fill(struct store *store, uint64_t count, size_t length)
{
	struct store_room room = { .request = { .type = STORE_ROOM }, .kind = ROOM_PUBLIC, .create = true, .key = "bench",
		                   .name = "bench" };
	run(store, &room.request);
	for (uint64_t i = 1; i <= DEVICES; i++) {
		struct store_device device = { .request = { .type = STORE_DEVICE }, .device = i, .lowest_unsettled = 1 };
		run(store, &device.request);
	}
	uint32_t size = (uint32_t)(BEFORE_BODY + length);
	struct block *block = block_new(BATCH * size);
	struct store_post posts[BATCH];
	struct store_part part = { .room = room.id, .block = block };
	for (uint64_t at = 0; at < count; at += BATCH) {
		memset(posts, 0, sizeof posts);
		memset(block->bytes, 0, BATCH * size);
		block->length = BATCH * size;
		for (uint32_t i = 0; i < BATCH; i++) {
			uint8_t *to = block->bytes + i * size;
			posts[i] = (struct store_post){ .device = i % DEVICES + 1, .counter = at / DEVICES + i / DEVICES + 1,
				                        .hash = at + i, .offset = i * size, .length = size };
			frame_header(to, WIRE_MSG, MSG_BODY + length);
			to[FRAME_HEADER + MSG_KIND] = KIND_TEXT;
			wire_set(to + FRAME_HEADER + MSG_BODY_LENGTH, 4, length);
			memset(to + BEFORE_BODY, 'x', length);
		}
		struct store_batch batch = { .request = { .type = STORE_BATCH }, .time = 1 + at, .parts = &part,
			                     .part_count = 1, .posts = posts, .post_count = BATCH };
		run(store, &batch.request);
	}
	block_give(block);
	return room.id;
}

static int by_value(const void *a, const void *b)
{
	const tchat_time *left = a, *right = b;
	return (*left > *right) - (*left < *right);
}

/* where: 0 the newest page, 1 any, backwards, 2 any, forwards. */
static void pages(struct store *store, uint64_t room, uint64_t count, int where, const char *name)
{
	static tchat_time times[PAGES];
	srandom(1);
	for (int i = 0; i < PAGES; i++) {
		struct store_read read = { .request = { .type = STORE_READ }, .room = room, .limit = PAGE, .max_bytes = 1 << 20,
			                   .forward = where == 2 };
		read.from = where == 0 ? 0 : 1 + (uint64_t)random() % count;
		tchat_time start = clock_monotonic();
		run(store, &read.request);
		times[i] = clock_monotonic() - start;
		block_give(read.records);
	}
	qsort(times, PAGES, sizeof times[0], by_value);
	printf("page of %d, %-18s p50 %4llu us, p99 %4llu us\n", PAGE, name, (unsigned long long)times[PAGES / 2],
	       (unsigned long long)times[PAGES * 99 / 100]);
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	size_t length = argc > 2 ? strtoull(argv[2], NULL, 10) : 100;
	char top[200], folder[240], path[280], command[256], why[STORE_WHY_SIZE];
	struct store *store;
	struct stat status;
	const char *temporary = getenv("TMPDIR");
	snprintf(top, sizeof top, "%s/tchat-bench-XXXXXX", temporary != NULL ? temporary : "/tmp");
	if (mkdtemp(top) == NULL)
		return 1;
	snprintf(folder, sizeof folder, "%s/history", top);
	snprintf(path, sizeof path, "%s/history.db", folder);
	const struct store_sqlite_config config = { .directory = folder };
	if (store_sqlite_open(&store, &config, why) != 0) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	sem_init(&woken, 0, 0);
	store_wake(store, woke, &woken);
	tchat_time start = clock_monotonic();
	uint64_t room = fill(store, count, length);
	double seconds = (double)(clock_monotonic() - start) / 1e6;
	printf("%llu messages of %zu bytes, %d a commit: %.1f s, %.0f a second\n", (unsigned long long)count, length, BATCH,
	       seconds, (double)count / seconds);
	store_free(store);
	if (stat(path, &status) == 0)
		printf("on the disk: %.1f MB, %.0f bytes a message\n", (double)status.st_size / 1e6,
		       (double)status.st_size / (double)count);
	start = clock_monotonic();
	if (store_sqlite_open(&store, &config, why) != 0)
		return 1;
	store_wake(store, woke, &woken);
	printf("opening it: %.1f ms\n", (double)(clock_monotonic() - start) / 1e3);
	pages(store, room, count, 0, "the newest:");
	pages(store, room, count, 1, "from anywhere up:");
	pages(store, room, count, 2, "from anywhere down:");
	store_free(store);
	snprintf(command, sizeof command, "rm -r '%s'", top);
	return system(command) == 0 ? 0 : 1;
}
