/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What encryption costs a host: the real one, with members over loopback, plain and over TLS. CPU per delivery, new
 * connections a second, memory per idle member. Usage: tests/bench/tls [MEMBERS] [SECONDS]. Linux only. */
#include "config.h" /* for sched_setaffinity() */

#include "net/loop.h"
#include "net/stream_tls.h"
#include "trust/identity.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BYTES = 100, RING = 1024, AT_ONCE = 32, OF_ADDRESS = 150, READ = 65536 };

struct crowd;

struct member {
	struct crowd *crowd;
	struct stream *stream;
	struct watch *watch;
	struct frame_reader reader;
	struct buffer out;
	uint32_t number;
	uint64_t room, device, counter;
	bool is_in;
};

struct crowd {
	struct loop *loop;
	struct member *members;
	struct trust_identity **keys; /* NULL: plain */
	size_t count, begun, in;
	pid_t host;
	unsigned port;
	uint64_t first;               /* seq of the first message of a run; 0: none came yet */
	uint64_t sent, done, delivered;
	size_t got[RING];             /* members who have it, by seq */
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* --- The host */

static void pin_to(int processor)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	sched_setaffinity(0, sizeof set, &set); /* as far as there are so many */
}

static void start(struct crowd *crowd)
{
	int said[2];
	char line[256] = "";
	if (pipe(said) != 0)
		fail("pipe");
	crowd->host = fork();
	if (crowd->host == 0) {
		pin_to(0);
		dup2(said[1], 2);
		close(said[0]);
		execl("src/tchat", "tchat", "--headless", "--host=127.0.0.1:0", "--durability=none",
		      "--message-rate=1000000", "--message-burst=1000000",
		      crowd->keys != NULL ? "--access=open" : "--insecure", (char *)NULL);
		fail("src/tchat");
	}
	close(said[1]);
	FILE *lines = fdopen(said[0], "r");
	while (crowd->port == 0 && fgets(line, sizeof line, lines) != NULL)
		sscanf(line, "%*[^1]127.0.0.1:%u", &crowd->port);
	if (crowd->port == 0) {
		fprintf(stderr, "the host did not start: %s\n", line);
		exit(1);
	}
	/* The log goes nowhere from here on: the host counts what it could not say. */
}

static double host_cpu(const struct crowd *crowd)
{
	char path[64];
	unsigned long long nanoseconds = 0;
	snprintf(path, sizeof path, "/proc/%ld/schedstat", (long)crowd->host);
	FILE *file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%llu", &nanoseconds) != 1)
		fail(path);
	fclose(file);
	return (double)nanoseconds / 1e9;
}

static long host_memory(const struct crowd *crowd)
{
	char path[64], line[256];
	long kilobytes = 0;
	snprintf(path, sizeof path, "/proc/%ld/status", (long)crowd->host);
	FILE *file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		sscanf(line, "VmRSS: %ld", &kilobytes);
	if (file != NULL)
		fclose(file);
	return kilobytes;
}

/* --- Members */

static void flush(struct member *member)
{
	const struct iovec part = { buffer_edit(&member->out), buffer_length(&member->out) };
	ssize_t n = stream_writev(member->stream, &part, part.iov_len > 0);
	if (n > 0)
		buffer_consume(&member->out, (size_t)n);
	unsigned want = LOOP_READ | (buffer_length(&member->out) > 0 ? LOOP_WRITE : 0);
	loop_watch_change(member->watch, stream_interest(member->stream, want));
}

static void put(struct member *member, const struct message *message)
{
	if (message_encode(&member->out, message) != 0)
		fail("encode");
}

static void count(struct crowd *crowd, uint64_t seq)
{
	if (crowd->first == 0)
		crowd->first = seq;
	crowd->delivered++;
	if (++crowd->got[seq % RING] < crowd->count - 1) /* its sender has an ACK instead */
		return;
	crowd->got[seq % RING] = 0;
	crowd->done++;
}

static int take(void *arg, const struct frame *frame)
{
	struct member *member = arg;
	struct message message = { .type = WIRE_AUTH }, heard;
	char nick[16];
	if (frame->type == WIRE_MSG) {
		count(member->crowd, wire_get(frame->payload + MSG_SEQ, 8));
		return 0;
	}
	if (message_decode(&heard, frame->type, frame->payload, frame->length) != 0)
		return 0;
	switch (heard.type) {
	case WIRE_WELCOME:
		wire_set(message.auth.salt, 4, member->number + 1);
		message.auth.lowest_unsettled = 1;
		snprintf(nick, sizeof nick, "u%u", member->number);
		message.auth.nick = wire_text(nick);
		put(member, &message);
		break;
	case WIRE_AUTH_OK:
		member->device = heard.auth_ok.device;
		message = (struct message){ .type = WIRE_JOIN };
		message.join.request = 1;
		message.join.flags = JOIN_LIVE;
		message.join.name = wire_text("lobby");
		put(member, &message);
		break;
	case WIRE_JOINED:
		member->room = heard.joined.room;
		member->is_in = true;
		member->crowd->in++;
		break;
	case WIRE_PING:
		message = (struct message){ .type = WIRE_PONG };
		message.pong.payload = heard.ping.payload;
		put(member, &message);
		break;
	case WIRE_ERROR:
	case WIRE_NACK:
		fprintf(stderr, "the host refuses, with a frame of type %x\n", (unsigned)heard.type);
		exit(1);
	default:
		break;
	}
	return 0;
}

static void ready(void *arg, unsigned events)
{
	struct member *member = arg;
	static uint8_t bytes[READ];
	ssize_t n;
	if ((events & LOOP_READ) != 0)
		while ((n = stream_read(member->stream, bytes, sizeof bytes)) > 0)
			frame_reader_feed(&member->reader, bytes, (size_t)n, take, member);
	flush(member);
}

static void enter(struct crowd *crowd)
{
	struct member *member = &crowd->members[crowd->begun];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)crowd->port),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct message hello = { .type = WIRE_HELLO };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	/* From many addresses, since a host lets in few strangers a second from each. */
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)crowd->begun / OF_ADDRESS);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&from, sizeof from) != 0 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof to) != 0 || stream_new(fd, &member->stream) != 0)
		fail("connect");
	if (crowd->keys != NULL) {
		const struct tls_config config = { .identity = crowd->keys[crowd->begun] };
		if (stream_tls_new(&config, member->stream, &member->stream) != 0)
			fail("TLS");
	}
	member->crowd = crowd;
	member->number = (uint32_t)crowd->begun++;
	frame_reader_init(&member->reader, FRAME_MAXIMUM);
	buffer_init(&member->out, 1 << 20);
	member->watch = loop_watch_add(crowd->loop, fd, LOOP_READ, LOOP_CROWD, ready, member);
	hello.hello.magic = WIRE_MAGIC;
	hello.hello.version_low = hello.hello.version_high = 1;
	put(member, &hello);
	flush(member);
}

static void post(struct crowd *crowd)
{
	struct member *sender = &crowd->members[0];
	char text[BYTES];
	memset(text, 'x', sizeof text);
	struct message message = { .type = WIRE_POST };
	message.post.room = sender->room;
	message.post.id.device = sender->device;
	message.post.id.counter = ++sender->counter;
	message.post.kind = 1;
	message.post.body = (struct wire_bytes){ (const uint8_t *)text, sizeof text };
	put(sender, &message);
	crowd->sent++;
}

/* --- Figures */

static void round_of(struct crowd *crowd)
{
	if (loop_run_once(crowd->loop, TCHAT_SECONDS(5)) != 0)
		fail("loop");
	if (waitpid(crowd->host, NULL, WNOHANG) != 0) {
		fprintf(stderr, "the host is gone\n");
		exit(1);
	}
}

static void enter_until(struct crowd *crowd, size_t count)
{
	while (crowd->in < count) {
		while (crowd->begun < count && crowd->begun - crowd->in < AT_ONCE)
			enter(crowd);
		round_of(crowd);
	}
}

/* The first ones bring what is made once for all, and pages of libraries. */
static void show_entry(struct crowd *crowd)
{
	size_t first = crowd->count / 10;
	enter_until(crowd, first);
	long before = host_memory(crowd);
	double wall = now(), cpu = host_cpu(crowd), members = (double)(crowd->count - first);
	enter_until(crowd, crowd->count);
	wall = now() - wall;
	cpu = host_cpu(crowd) - cpu;
	printf("  %6.0f connections/s (%.0f us of the host each), %.2f KiB each\n", members / wall, cpu * 1e6 / members,
	       (double)(host_memory(crowd) - before) / members);
}

static void show_delivery(struct crowd *crowd, unsigned window, double seconds)
{
	crowd->sent = crowd->done = crowd->delivered = 0;
	memset(crowd->got, 0, sizeof crowd->got);
	double wall = now(), cpu = host_cpu(crowd), end = wall + seconds;
	while (now() < end || crowd->done < crowd->sent) {
		while (now() < end && crowd->sent - crowd->done < window)
			post(crowd);
		flush(&crowd->members[0]);
		round_of(crowd);
	}
	wall = now() - wall;
	cpu = host_cpu(crowd) - cpu;
	printf("  %3u in flight: %6.3f us a delivery, %8.0f deliveries/s\n", window, cpu * 1e6 / (double)crowd->delivered,
	       (double)crowd->delivered / wall);
}

static void measure(size_t members, double seconds, struct trust_identity **keys)
{
	struct crowd crowd = { .loop = loop_new(0), .members = calloc(members, sizeof(struct member)), .keys = keys,
		               .count = members };
	static const unsigned windows[] = { 1, 16, 256 };
	printf("%s, %zu members\n", keys != NULL ? "TLS" : "plain", members);
	start(&crowd);
	show_entry(&crowd);
	for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++)
		show_delivery(&crowd, windows[i], seconds);
	for (size_t i = 0; i < members; i++) {
		loop_watch_remove(crowd.members[i].watch);
		stream_free(crowd.members[i].stream);
		frame_reader_free(&crowd.members[i].reader);
		buffer_free(&crowd.members[i].out);
	}
	kill(crowd.host, SIGTERM);
	waitpid(crowd.host, NULL, 0);
	loop_free(crowd.loop);
	free(crowd.members);
}

int main(int argc, char **argv)
{
	size_t members = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 2;
	struct rlimit files = { .rlim_cur = members + 100, .rlim_max = members + 100 };
	struct trust_identity **keys = calloc(members, sizeof(struct trust_identity *));
	setrlimit(RLIMIT_NOFILE, &files);
	pin_to(1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < members; i++)
		keys[i] = trust_identity_new();
	measure(members, seconds, NULL);
	measure(members, seconds, keys);
	for (size_t i = 0; i < members; i++)
		trust_identity_free(keys[i]);
	free(keys);
	return 0;
}
