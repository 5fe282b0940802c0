/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host costs by itself, without a socket: CPU per post and per delivery.
 * Usage: tests/bench/host [MEMBERS] [POSTS IN FLIGHT] [BYTES] [POSTS]; default: a table. */
#include "host/host.h"
#include "store/memory.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sink {
	struct host_peer *peer;
	uint64_t bytes;
	uint64_t device;
};

static double cpu(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Takes all output, as sockets with room would. */
static void drain(struct host *host)
{
	host_flush(host, 1);
	struct host_peer *peer;
	while ((peer = host_next_dirty(host)) != NULL) {
		struct sink *sink = host_peer_user(peer);
		struct iovec parts[64];
		int count;
		while ((count = host_peer_output(peer, parts, 64)) > 0) {
			size_t bytes = 0;
			for (int i = 0; i < count; i++)
				bytes += parts[i].iov_len;
			const uint8_t *first = parts[0].iov_base;
			if (first[0] == WIRE_AUTH_OK)
				sink->device = wire_get(first + FRAME_HEADER + 8, 8);
			sink->bytes += bytes;
			host_peer_consumed(peer, bytes, 1);
		}
	}
}

static void put(struct host *host, struct sink *sink, const struct message *message)
{
	struct buffer bytes;
	buffer_init(&bytes, 1 << 16);
	if (message_encode(&bytes, message) != 0)
		abort();
	host_peer_input(sink->peer, buffer_data(&bytes), buffer_length(&bytes), 1);
	buffer_free(&bytes);
	drain(host);
}

static void enter(struct host *host, struct sink *sink, uint32_t number)
{
	struct host_peer_info info = { .address = "bench", .user = sink };
	struct message m = { .type = WIRE_HELLO };
	sink->peer = host_peer_new(host, &info, 1);
	m.hello.magic = WIRE_MAGIC;
	m.hello.version_low = m.hello.version_high = 1;
	put(host, sink, &m);
	m = (struct message){ .type = WIRE_AUTH };
	wire_set(m.auth.salt, 4, number);
	m.auth.lowest_unsettled = 1;
	put(host, sink, &m);
	m = (struct message){ .type = WIRE_JOIN };
	m.join.request = 1;
	m.join.flags = JOIN_LIVE;
	m.join.name = wire_text("lobby");
	put(host, sink, &m);
}

static void run(uint32_t members, unsigned flight, size_t length, unsigned posts)
{
	struct store_memory_config memory = { 0 };
	struct host_config config = { .environment = &environment_system, .store = store_memory_new(&memory),
		                      .limits = { .rate = 1000000, .burst = 1000000 } };
	struct host *host = host_new(&config);
	struct sink *sinks = calloc(members + 1, sizeof *sinks);
	double start = cpu();
	for (uint32_t i = 0; i <= members; i++)
		enter(host, &sinks[i], i);
	double entered = cpu();
	struct buffer bytes;
	buffer_init(&bytes, 64 << 20);
	char *text = malloc(length);
	memset(text, 'x', length);
	struct message m = { .type = WIRE_POST };
	m.post.room = 1;
	m.post.kind = KIND_TEXT;
	m.post.body = (struct wire_bytes){ (const uint8_t *)text, length };
	double input = 0, flush = 0;
	uint64_t before = sinks[1].bytes;
	unsigned done = 0;
	while (done < posts) {
		buffer_truncate(&bytes, 0);
		for (unsigned i = 0; i < flight; i++) {
			m.post.id = (struct message_id){ sinks[0].device, ++done };
			message_encode(&bytes, &m);
		}
		double t0 = cpu();
		host_peer_input(sinks[0].peer, buffer_data(&bytes), buffer_length(&bytes), 1);
		double t1 = cpu();
		drain(host);
		double t2 = cpu();
		input += t1 - t0;
		flush += t2 - t1;
	}
	if (sinks[1].bytes - before < (uint64_t)done * (length + MSG_BODY))
		fprintf(stderr, "bench: not all was delivered\n");
	double rounds = (double)done / flight;
	printf("%6u members %4u in flight %5zu bytes: %7.0f ns a post (in %5.0f), %7.1f ns a (member, round), "
	       "%6.2f ns a delivery; entering %5.1f us\n",
	       members, flight, length, (input + flush) / done * 1e9, input / done * 1e9,
	       flush / rounds / members * 1e9, (input + flush) / done / members * 1e9,
	       (entered - start) / (members + 1) * 1e6);
	buffer_free(&bytes);
	free(text);
	store_free(config.store);
	host_free(host);
	free(sinks);
}

int main(int argc, char **argv)
{
	unsigned long given[4] = { 100, 256, 100, 100000 };
	for (int i = 1; i < argc && i <= 4; i++)
		given[i - 1] = strtoul(argv[i], NULL, 10);
	if (argc > 1) {
		run((uint32_t)given[0], (unsigned)given[1], given[2], (unsigned)given[3]);
		return 0;
	}
	static const uint32_t members[] = { 1, 100, 1000, 10000 };
	static const unsigned flights[] = { 1, 16, 256 };
	for (size_t m = 0; m < sizeof members / sizeof members[0]; m++)
		for (size_t f = 0; f < sizeof flights / sizeof flights[0]; f++)
			run(members[m], flights[f], 100, (members[m] < 1000 ? 20000 : 2000) * (flights[f] > 16 ? 10 : 1));
	return 0;
}
