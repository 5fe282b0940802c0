/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machinery of memory-world.h: who is there, and how bytes come from one to the other. */
#include "config.h"

#include "memory-world.h"
#include "store/memory.h"

#include "base/errors.h"

#include <stdio.h>
#include <string.h>

#ifdef HAVE_SQLITE
#include "fault_vfs.h"
#include "store/sqlite.h"
#include "store/sqlite_client.h"
#endif

/* The stores ask for the time themselves. */
static tchat_time monotonic;
tchat_time __wrap_clock_monotonic(void);

tchat_time __wrap_clock_monotonic(void)
{
	return monotonic;
}

static tchat_time world_wall(void *arg)
{
	return TCHAT_SECONDS(1700000000) + ((struct world *)arg)->now;
}

static void world_random(void *arg, void *bytes, size_t length)
{
	struct world *w = arg;
	for (size_t i = 0; i < length; i++) {
		w->seed = w->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		((uint8_t *)bytes)[i] = (uint8_t)(w->seed >> 56);
	}
}

void world_begin(struct world *w, const char *what, bool on_disk, long at)
{
	static const char *const nicks[] = { "ann", "ben", "cat" };
	*w = (struct world){ .what = what, .at = at, .seed = 1, .now = TCHAT_SECONDS(1), .on_disk = on_disk };
	monotonic = w->now;
	w->environment = (struct environment){ world_wall, world_random, w };
	memset(w->pin.bytes, 200, sizeof w->pin.bytes);
	for (int i = 0; i < PEOPLE; i++) {
		w->people[i].nick = nicks[i];
		w->people[i].keeps = on_disk && i != FRIEND;
		memset(w->people[i].pin.bytes, i + 1, sizeof w->people[i].pin.bytes);
	}
}

void token_of(uint8_t token[TRUST_TOKEN_SIZE])
{
	memset(token, 0x31, TRUST_TOKEN_SIZE);
}

/* --- The host */

static bool store_open(struct world *w)
{
	if (!w->on_disk) {
		struct store_memory_config config = { .environment = &w->environment, .spool_bytes = 1 << 20 };
		w->store = w->store != NULL ? w->store : store_memory_new(&config);
		return w->store != NULL;
	}
#ifdef HAVE_SQLITE
	char why[STORE_WHY_SIZE] = "";
	struct store_sqlite_config config = { .environment = &w->environment,
		                              .directory = w->folder,
		                              .vfs = FAULT_VFS,
		                              .by_hand = true };
	return store_sqlite_open(&w->store, &config, why) == 0;
#else
	return false;
#endif
}

static bool host_open(struct world *w)
{
	/* As if a disk had kept it. */
	struct store_identity identity = { .host = { 1 }, .device_key = { 2 }, .last_user = 1000 * ++w->lives };
	struct host_config config = { .environment = &w->environment,
		                      .software = "test",
		                      .motd = "welcome",
		                      .identity = &identity,
		                      .pin = &w->pin,
		                      .owner = &w->people[OWNER].pin,
		                      .access = HOST_ACCESS_ASK };
	if (!store_open(w))
		return false;
	config.store = w->store;
#ifdef HAVE_SQLITE
	if (w->on_disk)
		store_sqlite_identity(w->store, &identity);
#endif
	w->host = host_new(&config);
	if (w->host == NULL && w->on_disk) {
		store_free(w->store);
		w->store = NULL;
	}
	return w->host != NULL;
}

void host_begin(struct world *w)
{
	for (int i = 0; w->host == NULL; i++) {
		REQUIRE(w, i < 1000);
		host_open(w);
	}
}

void host_end(struct world *w)
{
	if (w->on_disk) {
		store_free(w->store);
		w->store = NULL;
	}
	host_free(w->host);
	w->host = NULL;
}

/* --- People */

static struct post *post_of(struct world *w, const struct session_event *event)
{
	unsigned number = 0;
	REQUIRE(w, sscanf(event->ref, "%u", &number) == 1 && number < w->post_count);
	return &w->posts[number];
}

/* A life that ended before it had noted an answer gets it again. */
static void saw_answer(struct world *w, const struct session_event *event)
{
	struct post *post = post_of(w, event);
	bool refused = event->type == SESSION_NACK;
	REQUIRE(w, post->cancelled || !(refused ? post->acked : post->refused));
	REQUIRE(w, !post->acked || post->cancelled || post->seq == event->seq);
	post->refused = refused;
	post->acked = !refused;
	post->seq = event->seq;
	post->id = event->id;
}

static void saw(struct world *w, struct person *p, const struct session_event *event)
{
	uint64_t *expected = &p->expected[event->room % HANDLES];
	switch (event->type) {
	case SESSION_HOST:
		p->host_seen = true;
		break;
	case SESSION_ROOM_JOINED:
		*expected = event->again ? *expected : 0;
		break;
	case SESSION_MESSAGE:
		REQUIRE(w, *expected == 0 || event->direct || event->seq == *expected);
		*expected = event->seq + 1;
		break;
	case SESSION_GAP:
		REQUIRE(w, !"nothing is missing");
		break;
	case SESSION_RESTARTED:
	case SESSION_LOST:
		REQUIRE(w, !"the history is as it was");
		break;
	case SESSION_PENDING:
		post_of(w, event)->taken = !p->keeps || session_is_kept(p->session);
		break;
	case SESSION_ACK:
	case SESSION_NACK:
		saw_answer(w, event);
		break;
	case SESSION_DOOR:
		if (event->kind == DOOR_WAITS)
			session_door(p->session, event->keys, true);
		break;
	default:
		break;
	}
}

static void person_events(struct world *w, struct person *p)
{
	struct session_event event;
	while (session_next_event(p->session, &event))
		saw(w, p, &event);
}

void person_begin(struct world *w, struct person *p)
{
	uint8_t token[TRUST_TOKEN_SIZE];
	struct session_config config = { .environment = &w->environment,
		                         .software = "test",
		                         .nick = p->nick,
		                         .token = p == &w->people[FRIEND] ? token : NULL,
		                         .history = 20,
		                         .stored = p->keeps };
	token_of(token);
	for (int i = 0; p->session == NULL; i++) {
		REQUIRE(w, i < 1000);
		p->session = session_new(&config);
	}
	p->host_seen = p->given = false;
	memset(p->expected, 0, sizeof p->expected);
}

void person_break(struct world *w, struct person *p)
{
	if (p->peer != NULL)
		host_peer_closed(p->peer, w->now);
	p->peer = NULL;
	session_disconnected(p->session, TCHAT_ERR_CLOSED, w->now);
	person_events(w, p);
	w->breaks++;
}

void person_end(struct world *w, struct person *p)
{
	if (p->session == NULL)
		return;
	if (p->peer != NULL)
		person_break(w, p);
	client_store_free(p->store);
	session_free(p->session);
	p->store = NULL;
	p->session = NULL;
}

/* What src/app/kept.c does, and the store's thread. */
static void person_keep(struct world *w, struct person *p)
{
#ifdef HAVE_SQLITE
	char why[CLIENT_WHY_SIZE] = "";
	if (!p->keeps || (p->given && p->store == NULL))
		return;
	if (p->store == NULL && p->host_seen) {
		p->store = client_sqlite_new(&(struct client_sqlite_config){ .environment = &w->environment,
			                                                     .root = w->clients,
			                                                     .vfs = FAULT_VFS,
			                                                     .key = w->pin.bytes,
			                                                     .key_length = sizeof w->pin.bytes,
			                                                     .label = p->nick,
			                                                     .by_hand = true });
		p->given = p->store == NULL;
		if (p->given)
			session_unstored(p->session, TCHAT_ERR_STORE, "no memory", w->now);
	}
	if (p->store == NULL)
		return;
	client_sqlite_work(p->store);
	int err = client_sqlite_opened(p->store, why);
	if (err != 0) {
		p->given = true;
		session_unstored(p->session, TCHAT_ERR_STORE, why, w->now);
		client_store_free(p->store);
		p->store = NULL;
		return;
	}
	if (!p->given)
		session_store(p->session, p->store, w->now);
	p->given = true;
	session_unstored(p->session, client_sqlite_trouble(p->store, why), why, w->now);
	session_stored(p->session, w->now);
#endif
}

static void person_dial(struct world *w, struct person *p)
{
	char address[32];
	if (session_dial_at(p->session) > w->now)
		return;
	snprintf(address, sizeof address, "192.0.2.%d:5000", (int)(p - w->people) + 1);
	const struct host_peer_info info = { .address = address, .pin = &p->pin };
	const struct session_security security = { .host = w->pin, .user = p->pin };
	session_dialling(p->session);
	p->peer = host_peer_new(w->host, &info, w->now);
	if (p->peer != NULL)
		session_connected(p->session, &security, w->now);
	else
		session_disconnected(p->session, TCHAT_ERR_CLOSED, w->now);
}

static size_t copy_out(struct world *w, const struct iovec *parts, int count)
{
	size_t length = 0;
	for (int i = 0; i < count; i++) {
		size_t n = parts[i].iov_len < WAY - length ? parts[i].iov_len : WAY - length;
		memcpy(w->way + length, parts[i].iov_base, n);
		length += n;
	}
	return length;
}

/* Returns whether anything moved. */
static bool person_move(struct world *w, struct person *p)
{
	struct iovec parts[8];
	size_t up = 0, down = 0;
	person_dial(w, p);
	if (p->peer != NULL && host_peer_wants_input(p->peer)) {
		up = copy_out(w, parts, session_output(p->session, parts, 8));
		session_consumed(p->session, up);
		if (up > 0)
			host_peer_input(p->peer, w->way, up, w->now);
	}
	host_flush(w->host, w->now);
	if (p->peer != NULL) {
		down = copy_out(w, parts, host_peer_output(p->peer, parts, 8));
		host_peer_consumed(p->peer, down, w->now);
		if (down > 0)
			session_input(p->session, w->way, down, w->now);
	}
	person_events(w, p);
	person_keep(w, p);
	person_events(w, p);
	bool over = session_closing(p->session) || (p->peer != NULL && host_peer_closing(p->peer) != HOST_OPEN);
	if (over && up + down == 0)
		person_break(w, p);
	return over || up + down > 0;
}

static void host_work(struct world *w)
{
	struct host_event event;
#ifdef HAVE_SQLITE
	if (w->on_disk) {
		store_sqlite_write(w->store);
		while (store_sqlite_read(w->store)) {
		}
	}
#endif
	host_store_ready(w->host, w->now);
	while (host_next_dirty(w->host) != NULL) {
	}
	while (host_next_event(w->host, &event)) {
	}
#ifdef HAVE_SQLITE
	if (!w->on_disk || store_sqlite_failure(w->store) == NULL)
		return;
	/* As src/app/service.c has it: the host ends, and somebody starts it again. */
	w->restarts++;
	host_shutdown(w->host, 1000, w->now);
	for (int i = 0; i < PEOPLE; i++)
		if (w->people[i].session != NULL)
			person_break(w, &w->people[i]);
	host_end(w);
	host_begin(w);
#endif
}

void settle(struct world *w)
{
	int quiet = 0;
	for (int i = 0; i < 100 && quiet < 3; i++) {
		bool moved = false;
		for (int k = 0; k < PEOPLE; k++)
			if (w->people[k].session != NULL)
				moved = person_move(w, &w->people[k]) || moved;
		host_work(w);
		quiet = moved ? 0 : quiet + 1;
	}
}

void pass(struct world *w, tchat_time time)
{
	w->now += time;
	monotonic = w->now;
	if (host_deadline(w->host) <= w->now)
		host_tick(w->host, w->now);
	for (int i = 0; i < PEOPLE; i++)
		if (w->people[i].session != NULL)
			session_tick(w->people[i].session, w->now);
	settle(w);
}
