/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The real host and several real clients, joined back to back without sockets: one seed is one schedule of splits,
 * stalls, broken connections, slow and failing storage, small limits and restarts. A checker that knows only the
 * promise watches: everybody sees the same dense sequence, what was accepted is there exactly once, each device's
 * messages keep their order, and all of it comes to rest. */
#include "client/session.h"
#include "flaky-store.h"
#include "host/host.h"
#include "store/memory.h"

#include "base/errors.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENTS = 5, ROOMS = 2, POSTS = 400, SEQS = CLIENTS * POSTS + 1, STEPS = 1200, TEXT = 400, REST_ROUNDS = 20000 };

static const char *const room_names[ROOMS] = { "lobby", "den" };

enum fate { NEVER, PENDING, ACCEPTED, REFUSED };

struct posted {
	enum fate fate;
	unsigned life, room;
	uint64_t seq;
};

struct client {
	struct session *session;
	struct host_peer *peer; /* NULL: not connected */
	struct buffer up, down; /* on the way */
	bool cut;               /* the host closed; what is on its way down still arrives */
	unsigned stalled;       /* steps that it reads nothing for */
	uint64_t expected[ROOMS]; /* the next seq; 0: any */
	bool ready[ROOMS];
	uint64_t posts;         /* the highest counter */
	struct posted posted[POSTS + 1];
};

struct world {
	uint64_t seed, first_seed;
	tchat_time now;
	struct environment environment;
	struct flaky store;
	struct host *host;
	struct host_config config;
	struct store_memory_config store_config;
	unsigned life;
	bool retention, faults;
	size_t pipe; /* bytes that fit on the way */
	struct client clients[CLIENTS];
	char *lines[ROOMS][SEQS]; /* what is known of each message, whoever saw it first */
	uint64_t head[ROOMS];
	unsigned breaks, gaps, restarts, refusals, accepted, busy;
};

#define REQUIRE(w, condition) \
	do { \
		if (!(condition)) \
			fail_msg("seed %llu, line %d: %s", (unsigned long long)(w)->first_seed, __LINE__, #condition); \
	} while (0)

static uint64_t dice(struct world *w, uint64_t sides)
{
	w->seed += 0x9e3779b97f4a7c15u;
	uint64_t z = w->seed;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % sides;
}

static tchat_time world_wall(void *arg)
{
	return TCHAT_SECONDS(1700000000) + ((struct world *)arg)->now;
}

static void world_random(void *arg, void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)bytes)[i] = (uint8_t)dice(arg, 256);
}

static bool world_store_fails(void *arg)
{
	struct world *w = arg;
	bool fails = w->faults && dice(w, 12) == 0;
	w->busy += fails;
	return fails;
}

/* --- The checker */

static unsigned room_index(struct world *w, const char *name)
{
	for (unsigned i = 0; i < ROOMS; i++)
		if (strcmp(room_names[i], name) == 0)
			return i;
	REQUIRE(w, !"a room that nobody named");
	return 0;
}

static void line_seen(struct world *w, unsigned room, uint64_t seq, const char *text)
{
	REQUIRE(w, seq >= 1 && seq < SEQS);
	char **line = &w->lines[room][seq];
	if (*line == NULL)
		*line = strdup(text);
	REQUIRE(w, strcmp(*line, text) == 0);
	if (seq > w->head[room])
		w->head[room] = seq;
}

static void text_of(struct world *w, const struct client *c, uint64_t counter, char text[TEXT])
{
	unsigned padding = (unsigned)(counter * 37 % 300);
	snprintf(text, TEXT, "c%u %u %.*s", (unsigned)(c - w->clients), (unsigned)counter, (int)padding,
	         "................................................................................................"
	         "................................................................................................"
	         "................................................................................................"
	         "............");
}

static void saw_message(struct world *w, struct client *c, const struct session_event *event)
{
	unsigned room = room_index(w, event->name), author, number;
	REQUIRE(w, c->expected[room] == 0 || event->seq == c->expected[room]);
	c->expected[room] = event->seq + 1;
	line_seen(w, room, event->seq, event->text);
	REQUIRE(w, sscanf(event->text, "c%u %u", &author, &number) == 2);
	REQUIRE(w, event->own == (author == (unsigned)(c - w->clients)));
	REQUIRE(w, !event->own || event->counter == number);
}

static void saw_answer(struct world *w, struct client *c, const struct session_event *event)
{
	REQUIRE(w, event->counter >= 1 && event->counter <= c->posts);
	struct posted *posted = &c->posted[event->counter];
	REQUIRE(w, posted->fate == PENDING);
	if (event->type == SESSION_NACK) {
		REQUIRE(w, event->code == TCHAT_ERR_NOT_MEMBER);
		posted->fate = REFUSED;
		w->refusals++;
		return;
	}
	char text[TEXT];
	text_of(w, c, event->counter, text);
	line_seen(w, posted->room, event->seq, text);
	*posted = (struct posted){ ACCEPTED, w->life, posted->room, event->seq };
	w->accepted++;
}

static void saw(struct world *w, struct client *c, const struct session_event *event)
{
	switch (event->type) {
	case SESSION_DISCONNECTED:
		if (event->final || (event->code != TCHAT_ERR_CLOSED && event->code != TCHAT_ERR_TIMED_OUT))
			fail_msg("seed %llu: %s", (unsigned long long)w->first_seed, tchat_err_name(event->code));
		memset(c->ready, 0, sizeof c->ready);
		break;
	case SESSION_ROOM_JOINED:
		if (!event->again)
			c->expected[room_index(w, event->name)] = 0;
		break;
	case SESSION_ROOM_PARTED:
		c->ready[room_index(w, event->name)] = false;
		break;
	case SESSION_ROOM_READY:
		c->ready[room_index(w, event->name)] = true;
		break;
	case SESSION_RESTARTED:
		REQUIRE(w, w->life > 1);
		c->expected[room_index(w, event->name)] = w->retention ? 0 : 1;
		break;
	case SESSION_GAP:
		REQUIRE(w, w->retention);
		REQUIRE(w, c->expected[room_index(w, event->name)] == 0 ||
		                   c->expected[room_index(w, event->name)] == event->seq);
		c->expected[room_index(w, event->name)] = event->seq + event->count;
		break;
	case SESSION_MESSAGE:
		saw_message(w, c, event);
		break;
	case SESSION_ACK:
	case SESSION_NACK:
		saw_answer(w, c, event);
		break;
	default:
		break;
	}
}

static void world_check_end(struct world *w)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &w->clients[i];
		for (unsigned room = 0; room < ROOMS; room++) {
			struct session_room shown;
			uint32_t handle = session_room_find(c->session, room_names[room], false);
			REQUIRE(w, session_room(c->session, handle, &shown) && shown.head == w->head[room]);
			REQUIRE(w, c->expected[room] == 0 || c->expected[room] == w->head[room] + 1);
		}
		for (uint64_t n = 1; n <= c->posts; n++)
			REQUIRE(w, c->posted[n].fate == ACCEPTED || c->posted[n].fate == REFUSED);
	}
	/* Every line is one accepted post, in the device's order; and every accepted post has its line (see saw_answer). */
	for (unsigned room = 0; room < ROOMS; room++) {
		uint64_t last[CLIENTS] = { 0 };
		for (uint64_t seq = 1; seq <= w->head[room]; seq++) {
			unsigned author = CLIENTS, number = 0;
			const char *line = w->lines[room][seq];
			REQUIRE(w, line != NULL && sscanf(line, "c%u %u", &author, &number) == 2);
			REQUIRE(w, author < CLIENTS && number <= w->clients[author].posts);
			const struct posted *posted = &w->clients[author].posted[number];
			REQUIRE(w, number > last[author]);
			last[author] = number;
			REQUIRE(w, posted->fate == ACCEPTED);
			REQUIRE(w, posted->life < w->life || (posted->seq == seq && posted->room == room));
		}
	}
}

/* --- The machinery */

static void client_events(struct world *w, struct client *c)
{
	struct session_event event;
	while (session_next_event(c->session, &event))
		saw(w, c, &event);
}

static void client_break(struct world *w, struct client *c)
{
	if (c->peer != NULL)
		host_peer_closed(c->peer, w->now);
	c->peer = NULL;
	c->cut = false;
	buffer_consume(&c->up, SIZE_MAX);
	buffer_consume(&c->down, SIZE_MAX);
	session_disconnected(c->session, TCHAT_ERR_CLOSED, w->now);
	client_events(w, c);
}

static void client_dial(struct world *w, struct client *c)
{
	if (session_dial_at(c->session) > w->now)
		return;
	session_dialling(c->session);
	struct host_peer_info info = { .address = "pipe" };
	c->peer = host_peer_new(w->host, &info, w->now);
	REQUIRE(w, c->peer != NULL);
	session_connected(c->session, NULL, w->now);
}

/* At most limit bytes from one end to the way: a socket's buffer that is nearly full takes a part. */
static size_t put_part(struct world *w, struct buffer *way, const struct iovec *parts, int count, size_t limit)
{
	size_t moved = 0;
	for (int i = 0; i < count && moved < limit; i++) {
		size_t room = w->pipe > buffer_length(way) ? w->pipe - buffer_length(way) : 0;
		size_t n = parts[i].iov_len < room ? parts[i].iov_len : room;
		n = n < limit - moved ? n : limit - moved;
		assert_int_equal(buffer_put(way, parts[i].iov_base, n), 0);
		moved += n;
		if (n < parts[i].iov_len)
			break;
	}
	return moved;
}

/* Bytes of one client a step on, in each of four places at most limit of them. Returns how many moved. */
static size_t client_move(struct world *w, struct client *c, size_t limit)
{
	struct iovec parts[8];
	size_t moved = 0, n;
	int count = session_output(c->session, parts, 8);
	if ((n = put_part(w, &c->up, parts, count, limit)) > 0)
		session_consumed(c->session, n);
	moved += n;
	if (c->peer != NULL) {
		count = host_peer_output(c->peer, parts, 8);
		n = put_part(w, &c->down, parts, count, limit);
		host_peer_consumed(c->peer, n, w->now);
		moved += n;
		n = buffer_length(&c->up) < limit ? buffer_length(&c->up) : limit;
		if (n > 0 && host_peer_wants_input(c->peer)) {
			host_peer_input(c->peer, buffer_data(&c->up), n, w->now);
			buffer_consume(&c->up, n);
			moved += n;
		}
	}
	n = buffer_length(&c->down) < limit ? buffer_length(&c->down) : limit;
	if (n > 0 && c->stalled == 0) {
		session_input(c->session, buffer_data(&c->down), n, w->now);
		buffer_consume(&c->down, n);
		moved += n;
		client_events(w, c);
	}
	/* No rule is broken here: neither side ever closes by itself, but that a host may drop who reads too slowly. */
	if (session_closing(c->session))
		client_break(w, c); /* too slow a handshake; for other reasons it fails */
	if (c->peer != NULL && host_peer_closing(c->peer) != HOST_OPEN) {
		REQUIRE(w, host_peer_closing(c->peer) == HOST_DROP);
		client_break(w, c);
	}
	return moved;
}

static void host_round(struct world *w)
{
	struct host_event event;
	host_flush(w->host, w->now);
	while (host_next_dirty(w->host) != NULL) {
	}
	while (host_next_event(w->host, &event)) {
	}
}

static void world_time(struct world *w, tchat_time passed)
{
	w->now += passed;
	if (host_deadline(w->host) <= w->now)
		host_tick(w->host, w->now);
	for (unsigned i = 0; i < CLIENTS; i++) {
		session_tick(w->clients[i].session, w->now);
		client_events(w, &w->clients[i]);
		client_dial(w, &w->clients[i]);
	}
	host_round(w);
}

static void host_start(struct world *w)
{
	struct store *inner = store_memory_new(&w->store_config);
	assert_non_null(inner);
	flaky_init(&w->store, inner);
	w->store.fails = world_store_fails;
	w->store.arg = w;
	w->config.store = &w->store.store;
	w->host = host_new(&w->config);
	assert_non_null(w->host);
	w->store.waits = w->faults;
	w->life++;
}

/* kill -9, and another host on the same address: all is forgotten. */
static void host_restart(struct world *w)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		client_break(w, &w->clients[i]);
	store_free(&w->store.store);
	host_free(w->host);
	for (unsigned room = 0; room < ROOMS; room++) {
		for (uint64_t seq = 1; seq <= w->head[room]; seq++) {
			free(w->lines[room][seq]);
			w->lines[room][seq] = NULL;
		}
		w->head[room] = 0;
	}
	w->restarts++;
	host_start(w);
}

static void client_post(struct world *w, struct client *c)
{
	unsigned room = (unsigned)dice(w, ROOMS);
	uint32_t handle = session_room_find(c->session, room_names[room], false);
	char text[TEXT];
	for (uint64_t burst = dice(w, 8) == 0 ? 20 : 1; burst > 0 && handle != 0 && c->posts < POSTS; burst--) {
		text_of(w, c, c->posts + 1, text);
		int64_t counter = session_post(c->session, handle, KIND_TEXT, text, strlen(text), NULL);
		if (counter == TCHAT_ERR_FULL || counter == TCHAT_ERR_NOT_FOUND)
			return;
		REQUIRE(w, counter == (int64_t)c->posts + 1);
		c->posts++;
		c->posted[c->posts] = (struct posted){ PENDING, w->life, room, 0 };
	}
}

static void client_whim(struct world *w, struct client *c)
{
	char nick[16];
	uint32_t den = session_room_find(c->session, "den", false);
	switch (dice(w, 5)) {
	case 0:
		snprintf(nick, sizeof nick, "nick%u", (unsigned)dice(w, 8));
		session_nick(c->session, nick);
		break;
	case 1:
		session_part(c->session, den);
		break;
	case 2:
		session_names(c->session, den);
		break;
	case 3:
		session_history(c->session, den, dice(w, 50), (uint32_t)dice(w, 20) + 1, 0);
		break;
	default:
		session_away(c->session, dice(w, 2) == 0, "tea");
		break;
	}
	if (dice(w, 2) == 0)
		session_join(c->session, "den");
}

static void world_step(struct world *w)
{
	struct client *c = &w->clients[dice(w, CLIENTS)];
	uint64_t what = dice(w, 100);
	if (what < 30)
		client_post(w, c);
	else if (what < 34)
		client_whim(w, c);
	else if (what < 37 && c->stalled == 0)
		c->stalled = (unsigned)dice(w, 200);
	else if (what < 39 && w->faults && dice(w, 2) == 0 && (c->peer != NULL || !session_ready(c->session))) {
		client_break(w, c);
		w->breaks++;
	} else if (what == 39 && w->faults && dice(w, 15) == 0)
		host_restart(w);
	for (unsigned i = 0; i < CLIENTS; i++) {
		if (w->clients[i].stalled > 0)
			w->clients[i].stalled--;
		client_move(w, &w->clients[i], dice(w, 3) == 0 ? dice(w, 20) + 1 : dice(w, 4000) + 1);
	}
	for (uint64_t n = dice(w, 3); n > 0 && flaky_pass(&w->store); n--)
		host_store_ready(w->host, w->now);
	host_round(w);
	world_time(w, dice(w, 20) == 0 ? TCHAT_MS(dice(w, 3000)) : dice(w, 2000));
}

/* Everybody is where everybody is, and has what everybody has. */
static bool world_rests(struct world *w)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &w->clients[i];
		if (!session_ready(c->session) || session_pending(c->session) > 0)
			return false;
		for (unsigned room = 0; room < ROOMS; room++) {
			struct session_room shown;
			uint32_t handle = session_room_find(c->session, room_names[room], false);
			if (!c->ready[room] || !session_room(c->session, handle, &shown) || !shown.joined)
				return false;
		}
	}
	return true;
}

static void world_settle(struct world *w)
{
	w->faults = w->store.waits = false;
	for (unsigned i = 0; i < CLIENTS; i++)
		w->clients[i].stalled = 0;
	for (unsigned round = 0; round < REST_ROUNDS; round++) {
		size_t moved = 0;
		for (unsigned i = 0; i < CLIENTS; i++) {
			session_join(w->clients[i].session, "den");
			moved += client_move(w, &w->clients[i], SESSION_INPUT_MAX);
		}
		while (flaky_pass(&w->store))
			host_store_ready(w->host, w->now);
		host_round(w);
		if (moved == 0 && world_rests(w))
			return;
		world_time(w, moved > 0 ? 100 : TCHAT_MS(100));
	}
	REQUIRE(w, !"it comes to rest");
}

static void world_open(struct world *w, uint64_t seed, bool faults)
{
	*w = (struct world){ .seed = seed, .first_seed = seed, .now = TCHAT_SECONDS(1), .faults = faults };
	w->environment = (struct environment){ world_wall, world_random, w };
	w->retention = dice(w, 4) == 0;
	w->pipe = dice(w, 2) == 0 ? 65536 : 100 + dice(w, 8000);
	w->config = (struct host_config){ .environment = &w->environment,
		                          .software = "test",
		                          .limits = { .queue = dice(w, 2) == 0 ? 0 : 500 + dice(w, 8000),
		                                      .queue_soft = dice(w, 2) == 0 ? 0 : 200 + dice(w, 4000),
		                                      .round = dice(w, 2) == 0 ? 0 : 1 + dice(w, 2000),
		                                      .requests = (uint32_t)dice(w, 4) } };
	w->store_config = (struct store_memory_config){ .environment = &w->environment,
		                                        .records_per_room = w->retention ? 1 + (uint32_t)dice(w, 40) : 0 };
	host_start(w);
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &w->clients[i];
		char nick[16];
		snprintf(nick, sizeof nick, "nick%u", i);
		struct session_config config = { .environment = &w->environment,
			                         .nick = nick,
			                         .history = dice(w, 3) == 0 ? 0 : (uint32_t)dice(w, 300),
			                         .outbox_posts = dice(w, 2) == 0 ? 0 : 5 + dice(w, 30),
			                         .flight_posts = dice(w, 2) == 0 ? 0 : 1 + dice(w, 10) };
		c->session = session_new(&config);
		assert_non_null(c->session);
		buffer_init(&c->up, 1 << 20);
		buffer_init(&c->down, 1 << 20);
		session_join(c->session, "lobby");
		session_join(c->session, "den");
	}
}

static void world_close(struct world *w)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &w->clients[i];
		if (c->peer != NULL)
			host_peer_closed(c->peer, w->now);
		session_free(c->session);
		buffer_free(&c->up);
		buffer_free(&c->down);
	}
	store_free(&w->store.store);
	host_free(w->host);
	for (unsigned room = 0; room < ROOMS; room++)
		for (uint64_t seq = 0; seq < SEQS; seq++)
			free(w->lines[room][seq]);
}

struct sums {
	unsigned breaks, restarts, refusals, accepted, busy;
	uint64_t gaps;
};

static void world_run(uint64_t seed, bool faults, struct sums *sums)
{
	struct world *w = malloc(sizeof *w);
	assert_non_null(w);
	world_open(w, seed, faults);
	for (int step = 0; step < STEPS; step++)
		world_step(w);
	world_settle(w);
	world_check_end(w);
	struct host_counters counters;
	host_counters(w->host, &counters);
	sums->gaps += counters.gaps;
	sums->breaks += w->breaks;
	sums->restarts += w->restarts;
	sums->refusals += w->refusals;
	sums->accepted += w->accepted;
	sums->busy += w->busy;
	world_close(w);
	free(w);
}

static uint64_t seeds(void)
{
	const char *text = getenv("JOINED_SEEDS");
	return text == NULL ? 100 : strtoull(text, NULL, 10);
}

static void run_all(bool faults)
{
	struct sums sums = { 0 };
	const char *one = getenv("JOINED_SEED");
	if (one != NULL) {
		world_run(strtoull(one, NULL, 10), faults, &sums);
		return;
	}
	for (uint64_t seed = 1; seed <= seeds(); seed++)
		world_run(seed, faults, &sums);
	print_message("%u accepted, %u refused, %llu gaps, %u breaks, %u restarts, %u failed commits and reads\n",
	              sums.accepted, sums.refusals, (unsigned long long)sums.gaps, sums.breaks, sums.restarts, sums.busy);
	/* A schedule in which nothing happens proves nothing. */
	assert_true(sums.accepted > 100 * seeds() && sums.gaps > 0 && sums.refusals > 0);
	assert_true(!faults || (sums.breaks > 0 && sums.restarts > 0 && sums.busy > 0));
}

static void everybody_sees_the_same_dense_sequence(void **state)
{
	run_all(false);
}

static void nothing_is_lost_or_doubled_when_connections_storage_and_hosts_fail(void **state)
{
	run_all(true);
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_sees_the_same_dense_sequence),
		cmocka_unit_test(nothing_is_lost_or_doubled_when_connections_storage_and_hosts_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
