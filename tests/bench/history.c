/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kept history of many messages: how long it takes to write, how large it is, how long a page takes to read and a search
 * to answer, from request to completion; how long the search index takes to catch up, and what it adds. Texts are of
 * 20,000 words, of which a few are frequent and most are rare; every tenth one is Japanese. Prints figures; asserts
 * nothing.
 * Usage: tests/bench/history [MESSAGES [BYTES]] (TMPDIR: on the disk that is to be measured) */
#include "base/text.h"
#include "store/sqlite.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 100, DEVICES = 20, PAGE = 100, PAGES = 20000, SEARCHES = 1000, WORDS = 20000, SYLLABLES = 90, BEFORE_BODY = FRAME_HEADER + MSG_BODY };

static sem_t woken;
static double spent, spent_cpu; /* seconds, in batches */

static void woke(void *arg)
{
	sem_post(arg);
}

/* What all threads have used, in seconds. */
static double cpu(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
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

/* Frequent words come first, as in a language: half of all is from the first hundred and forty. */
static unsigned word_number(void)
{
	double part = (double)(random() % 1000000) / 1e6;
	double number = 1;
	for (double rest = part * 10; rest > 1; rest--)
		number *= 2.69;
	return (unsigned)(number * (1 + (double)(random() % 1000) / 590)) % WORDS;
}

static size_t put_word(char *to, unsigned number)
{
	static const char first[] = "bcdfghjklmnprstvwz", vowels[] = "aeiou", last[] = "nrstl ";
	size_t length = 0;
	for (number += 7; number > 0; number /= SYLLABLES) {
		unsigned syllable = number % SYLLABLES;
		to[length++] = first[syllable / 5];
		to[length++] = vowels[syllable % 5];
		if (number % 7 < 3)
			to[length++] = last[number % 5];
	}
	return length;
}

static size_t put_kanji(char *to, unsigned number)
{
	for (int i = 0; i < 2; i++) {
		unsigned c = i == 0 ? 0x3041 + number % 80 : 0x4e00 + number % 2500;
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return 6;
}

/* A text of length bytes, the same for each number. */
static void put_text(char *to, size_t length, uint64_t number)
{
	size_t at = 0;
	srandom((unsigned)number);
	memset(to, ' ', length);
	while (at + 16 < length) {
		at += number % 10 == 0 ? put_kanji(to + at, word_number()) : put_word(to + at, word_number());
		at += number % 10 != 0;
	}
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
			put_text((char *)to + BEFORE_BODY, length, at + i);
		}
		struct store_batch batch = { .request = { .type = STORE_BATCH }, .time = 1 + at, .parts = &part,
			                     .part_count = 1, .posts = posts, .post_count = BATCH };
		tchat_time start = clock_monotonic();
		double used = cpu();
		run(store, &batch.request);
		spent += (double)(clock_monotonic() - start) / 1e6;
		spent_cpu += cpu() - used;
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

static int64_t number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;
	int64_t value = -1;
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

/* Waits until all whole blocks are in the index. */
static void catch_up(const char *path, uint64_t count)
{
	sqlite3 *db;
	tchat_time start = clock_monotonic();
	double begun = cpu();
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		exit(1);
	int64_t before = number(db, "SELECT next FROM indexed");
	while (number(db, "SELECT next FROM indexed WHERE next + 4096 > (SELECT head + 1 FROM room)") < 0)
		usleep(10000);
	double seconds = (double)(clock_monotonic() - start) / 1e6, used = cpu() - begun;
	int64_t bytes = number(db, "SELECT sum(length(list)) FROM gram");
	printf("the index had %lld messages then, all after %.1f s (CPU %.1f s) more; %.1f MB, %.0f bytes a message\n", (long long)before,
	       seconds, used, (double)bytes / 1e6, (double)bytes / (double)count);
	sqlite3_close(db);
}

/* The first hit, or that there is none: all requests that it takes. */
static tchat_time search(struct store *store, uint64_t room, const char *text, uint64_t *found)
{
	struct store_read read = { .request = { .type = STORE_READ }, .room = room, .limit = 1, .max_bytes = 1 << 16 };
	struct buffer folded;
	buffer_init(&folded, STORE_TEXT_SIZE);
	if (text_search_fold(&folded, text, strlen(text)) != 0)
		exit(1);
	read.text_length = (uint16_t)buffer_length(&folded);
	memcpy(read.text, buffer_data(&folded), buffer_length(&folded));
	buffer_free(&folded);
	tchat_time start = clock_monotonic();
	do {
		read.limit = 1;
		run(store, &read.request);
		read.from = read.first;
	} while (read.records == NULL && read.more);
	*found = read.records == NULL ? 0 : wire_get(read.records->bytes + FRAME_HEADER + MSG_SEQ, 8);
	tchat_time time = clock_monotonic() - start;
	block_give(read.records);
	return time;
}

/* kind: 0 words of any message, 1 of any Japanese one, 2 nothing that was ever said, 3 frequent parts that nowhere stand
 * together, 4 one word, said once and long ago. */
static void search_kind(struct store *store, uint64_t room, uint64_t count, size_t length, int kind, const char *name)
{
	static tchat_time times[SEARCHES];
	static char text[65536];
	uint64_t found = 0, hits = 0;
	double used = 0;
	for (int i = 0; i < SEARCHES; i++) {
		char needle[64];
		srandom((unsigned)i);
		uint64_t which = (uint64_t)random() % (count / 10) * 10;
		put_text(text, length, which + (kind != 1 && kind != 4));
		if (kind == 0)
			snprintf(needle, sizeof needle, "%.14s", text + which / 10 % (length > 60 ? 40 : 1));
		else if (kind == 1)
			snprintf(needle, sizeof needle, "%.12s", text);
		else if (kind == 2)
			snprintf(needle, sizeof needle, "xyzzy %d", i);
		else if (kind == 3)
			snprintf(needle, sizeof needle, "%.8s%.8s", text, text + length / 2);
		else
			snprintf(needle, sizeof needle, "%.24s", text);
		double before = cpu();
		times[i] = search(store, room, needle, &found);
		used += cpu() - before;
		hits += found != 0;
	}
	qsort(times, SEARCHES, sizeof times[0], by_value);
	printf("search, %-32s p50 %6.2f ms, p99 %6.2f ms, CPU %5.2f ms, %d of %d found\n", name, (double)times[SEARCHES / 2] / 1e3,
	       (double)times[SEARCHES * 99 / 100] / 1e3, used * 1e3 / SEARCHES, (int)hits, SEARCHES);
}

static void searches(struct store *store, uint64_t room, uint64_t count, size_t length)
{
	search_kind(store, room, count, length, 0, "14 letters of any message:");
	search_kind(store, room, count, length, 1, "four characters in Japanese:");
	search_kind(store, room, count, length, 2, "what was never said:");
	search_kind(store, room, count, length, 3, "frequent parts, not together:");
	search_kind(store, room, count, length, 4, "eight characters, long ago:");
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
	uint64_t room = fill(store, count, length);
	printf("%llu messages of %zu bytes, %d a commit: %.1f s, %.0f a second, CPU %.1f us each\n", (unsigned long long)count, length, BATCH,
	       spent, (double)count / spent, spent_cpu * 1e6 / (double)count);
	catch_up(path, count);
	store_free(store);
	if (stat(path, &status) == 0)
		printf("on the disk: %.1f MB, %.0f bytes a message\n", (double)status.st_size / 1e6,
		       (double)status.st_size / (double)count);
	tchat_time start = clock_monotonic();
	if (store_sqlite_open(&store, &config, why) != 0)
		return 1;
	store_wake(store, woke, &woken);
	printf("opening it: %.1f ms\n", (double)(clock_monotonic() - start) / 1e3);
	pages(store, room, count, 0, "the newest:");
	pages(store, room, count, 1, "from anywhere up:");
	pages(store, room, count, 2, "from anywhere down:");
	searches(store, room, count, length);
	store_free(store);
	snprintf(command, sizeof command, "rm -r '%s'", top);
	return system(command) == 0 ? 0 : 1;
}
