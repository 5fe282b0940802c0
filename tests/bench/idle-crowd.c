/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What idle members cost: microseconds for one byte to go to and fro over the loop, beside so many idle
 * sockets, in the epoll set and in plain poll(). "idle-crowd [PAIRS...]"; it measures and judges nothing. */
#include "base/clock.h"
#include "net/loop.h"
#include "net/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { TURNS = 20000 };

struct player {
	struct loop *loop;
	struct stream *stream;
	int *turns;
};

static void hit(struct player *player)
{
	char byte = 'x';
	const struct iovec part = { &byte, 1 };
	if (stream_writev(player->stream, &part, 1) != 1)
		abort();
}

static void on_ball(void *arg, unsigned events)
{
	struct player *player = arg;
	char byte;
	if (stream_read(player->stream, &byte, 1) != 1)
		abort();
	if (--*player->turns == 0)
		loop_stop(player->loop, 0);
	else
		hit(player);
}

static void on_idle(void *arg, unsigned events)
{
	abort();
}

static double measure(unsigned flags, int pairs)
{
	struct loop *loop = loop_new(flags);
	struct stream **idle = calloc((size_t)pairs * 2, sizeof(struct stream *));
	struct stream *ends[2];
	int turns = TURNS;
	if (loop == NULL || (idle == NULL && pairs > 0) || stream_pair(ends) != 0)
		abort();
	for (int i = 0; i < pairs * 2; i++) {
		if (i % 2 == 0 && stream_pair(&idle[i]) != 0)
			abort();
		loop_watch_add(loop, stream_fd(idle[i]), LOOP_READ, LOOP_CROWD, on_idle, NULL);
	}
	struct player players[2] = { { loop, ends[0], &turns }, { loop, ends[1], &turns } };
	for (int i = 0; i < 2; i++)
		loop_watch_add(loop, stream_fd(ends[i]), LOOP_READ, LOOP_CROWD, on_ball, &players[i]);
	tchat_time start = clock_monotonic();
	hit(&players[0]);
	loop_run(loop);
	double each = (double)(clock_monotonic() - start) / TURNS;
	loop_free(loop);
	for (int i = 0; i < pairs * 2; i++)
		stream_free(idle[i]);
	stream_free(ends[0]);
	stream_free(ends[1]);
	free(idle);
	return each;
}

int main(int count, char **words)
{
	static const char *const usual[] = { "", "0", "100", "1000", "5000" };
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	const char *const *rows = count > 1 ? (const char *const *)words : usual;
	count = count > 1 ? count : (int)(sizeof usual / sizeof usual[0]);
	printf("idle pairs  epoll set  plain poll()   (microseconds a message)\n");
	for (int i = 1; i < count; i++) {
		int pairs = atoi(rows[i]);
		printf("%10d  %9.2f", pairs, measure(0, pairs));
		printf("  %12.2f\n", measure(LOOP_PLAIN, pairs));
		fflush(stdout);
	}
	return 0;
}
