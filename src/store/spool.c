/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spool file: a ring addressed by positions that never wrap, one write a round. */
#include "store/spool.h"

#include "base/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SPOOL_PARTS = 1024 }; /* IOV_MAX of every system that matters */

struct spool {
	uint64_t size;
	uint64_t head;
	int fd;
	uint8_t *memory; /* when fd is -1 */
};

static int spool_open(const char *directory)
{
	if (directory == NULL)
		directory = getenv("TMPDIR");
	if (directory == NULL || directory[0] == '\0')
		directory = "/tmp";
	char path[4096];
	if (snprintf(path, sizeof path, "%s/tchat.XXXXXX", directory) >= (int)sizeof path)
		return -1;
	int fd = mkstemp(path);
	if (fd < 0)
		return -1;
	unlink(path);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

struct spool *spool_new(const char *directory, uint64_t size)
{
	struct spool *spool = malloc(sizeof *spool);
	if (spool == NULL)
		return NULL;
	*spool = (struct spool){ .size = size, .fd = spool_open(directory) };
	if (spool->fd >= 0)
		return spool;
	if (spool->size > SPOOL_MEMORY)
		spool->size = SPOOL_MEMORY;
	spool->memory = malloc(spool->size);
	if (spool->memory != NULL)
		return spool;
	free(spool);
	return NULL;
}

void spool_free(struct spool *spool)
{
	if (spool == NULL)
		return;
	if (spool->fd >= 0)
		close(spool->fd);
	free(spool->memory);
	free(spool);
}

uint64_t spool_head(const struct spool *spool)
{
	return spool->head;
}

uint64_t spool_size(const struct spool *spool)
{
	return spool->size;
}

bool spool_holds(const struct spool *spool, uint64_t at)
{
	return at + spool->size >= spool->head;
}

/* The bytes up to the ring's end. */
static size_t spool_room(const struct spool *spool, uint64_t at, size_t length)
{
	uint64_t room = spool->size - at % spool->size;
	return length < room ? length : (size_t)room;
}

static int spool_write_file(const struct spool *spool, uint64_t at, struct iovec *parts, int count)
{
	while (count > 0) {
		if (parts->iov_len == 0) {
			parts++;
			count--;
			continue;
		}
		/* As many parts at once as fit before the ring's end; a part that crosses it goes alone. */
		uint64_t room = spool->size - at % spool->size;
		uint64_t total = 0;
		int fit = 0;
		while (fit < count && fit < SPOOL_PARTS && total + parts[fit].iov_len <= room)
			total += parts[fit++].iov_len;
		struct iovec cut = { parts->iov_base, spool_room(spool, at, parts->iov_len) };
		ssize_t n = pwritev(spool->fd, fit > 0 ? parts : &cut, fit > 0 ? fit : 1, (off_t)(at % spool->size));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return TCHAT_ERR_SYSTEM;
		at += (uint64_t)n;
		for (size_t left = (size_t)n; left > 0;) {
			size_t step = left < parts->iov_len ? left : parts->iov_len;
			if (step > 0) /* a part of refused posts has no bytes, and no base */
				parts->iov_base = (uint8_t *)parts->iov_base + step;
			parts->iov_len -= step;
			left -= step;
			if (parts->iov_len == 0 && count > 0) {
				parts++;
				count--;
			}
		}
	}
	return 0;
}

static int spool_put(struct spool *spool, uint64_t at, struct iovec *parts, int count)
{
	if (spool->fd >= 0)
		return spool_write_file(spool, at, parts, count);
	for (int i = 0; i < count; i++) {
		const uint8_t *from = parts[i].iov_base;
		for (size_t left = parts[i].iov_len; left > 0;) {
			size_t step = spool_room(spool, at, left);
			memcpy(spool->memory + at % spool->size, from, step);
			at += step;
			from += step;
			left -= step;
		}
	}
	return 0;
}

int spool_write(struct spool *spool, struct iovec *parts, int count)
{
	uint64_t at = spool->head;
	for (int i = 0; i < count; i++)
		spool->head += parts[i].iov_len;
	return spool_put(spool, at, parts, count);
}

int spool_replace(struct spool *spool, uint64_t at, const void *bytes, size_t length)
{
	struct iovec part = { (void *)(uintptr_t)bytes, length }; /* only read */
	return spool_put(spool, at, &part, 1);
}

int spool_read(const struct spool *spool, uint64_t at, void *bytes, size_t length)
{
	uint8_t *to = bytes;
	while (length > 0) {
		size_t step = spool_room(spool, at, length);
		if (spool->fd >= 0) {
			ssize_t n = pread(spool->fd, to, step, (off_t)(at % spool->size));
			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				return TCHAT_ERR_SYSTEM;
			step = (size_t)n;
		} else {
			memcpy(to, spool->memory + at % spool->size, step);
		}
		at += step;
		to += step;
		length -= step;
	}
	return 0;
}
