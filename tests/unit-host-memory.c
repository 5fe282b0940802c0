/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host and store: memory that runs out at each single allocation of a long session costs a connection at most. */
#include "base/errors.h"
#include "failing-memory.h"
#include "host/host.h"
#include "store/memory.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is_short; /* memory is, but not for the test itself */

enum { PEERS = 4 };

static uint64_t seed;

static tchat_time wall(void *arg)
{
	return UINT64_C(1700000000000000);
}

static void random_bytes(void *arg, void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		((uint8_t *)bytes)[i] = (uint8_t)(seed >> 56);
	}
}

static const struct environment environment = { wall, random_bytes, NULL };

struct session {
	struct store *store;
	struct host *host;
	struct host_peer *peers[PEERS];
	uint64_t devices[PEERS];
	uint64_t counters[PEERS];
	unsigned acks;
	tchat_time now;
	bool keyed; /* the host knows users by keys: the first is its owner, the others knock or come in */
	enum host_access access;
};

static struct trust_pin pin_of(size_t index)
{
	struct trust_pin pin;
	memset(&pin, (int)index + 1, sizeof pin);
	return pin;
}

/* Takes the output (of which AUTH_OK and ACK matter) and closes who is to be closed. */
static void settle(struct session *s)
{
	host_flush(s->host, s->now);
	struct host_peer *peer;
	while ((peer = host_next_dirty(s->host)) != NULL) {
		size_t *index = host_peer_user(peer);
		struct iovec part;
		while (host_peer_output(peer, &part, 1) > 0) {
			const uint8_t *bytes = part.iov_base;
			struct frame frame;
			if (frame_peek(&frame, bytes, part.iov_len, WIRE_LIMIT) > 0) {
				if (frame.type == WIRE_AUTH_OK)
					s->devices[*index] = wire_get(frame.payload + 8, 8);
				s->acks += frame.type == WIRE_ACK;
			}
			host_peer_consumed(peer, part.iov_len, s->now);
		}
		if (host_peer_closing(peer) != HOST_OPEN) {
			host_peer_closed(peer, s->now);
			s->peers[*index] = NULL;
		}
	}
}

static void put(struct session *s, size_t index, const struct message *message)
{
	struct buffer bytes;
	memory_pause();
	buffer_init(&bytes, 1 << 17);
	assert_int_equal(message_encode(&bytes, message), 0);
	if (is_short)
		memory_go_on();
	if (s->peers[index] != NULL)
		host_peer_input(s->peers[index], buffer_data(&bytes), buffer_length(&bytes), s->now);
	buffer_free(&bytes);
	settle(s);
}

static void moderate(struct session *s, uint8_t action, const struct trust_pin *pin, const char *nick)
{
	struct message m = { .type = WIRE_MODERATE };
	m.moderate.request = 20;
	m.moderate.action = action;
	m.moderate.nick = wire_text(nick);
	if (pin != NULL)
		m.moderate.key = (struct wire_bytes){ pin->bytes, sizeof pin->bytes };
	put(s, 0, &m);
}

static void admit(struct session *s, size_t index)
{
	struct trust_pin pin = pin_of(index);
	if (index == 3)
		moderate(s, MODERATE_REFUSE, &pin, NULL);
	moderate(s, MODERATE_ADMIT, &pin, NULL);
}

static void enter(struct session *s, size_t index, uint8_t salt)
{
	static size_t indexes[PEERS] = { 0, 1, 2, 3 };
	struct host_peer_info info = { .address = "test", .account_is_owner = index == 0, .user = &indexes[index] };
	struct message m = { .type = WIRE_HELLO };
	struct trust_pin pin = pin_of(index);
	if (s->keyed && index > 0)
		info.pin = &pin;
	s->peers[index] = host_peer_new(s->host, &info, s->now);
	m.hello.magic = WIRE_MAGIC;
	m.hello.version_low = m.hello.version_high = 1;
	put(s, index, &m);
	m = (struct message){ .type = WIRE_AUTH };
	memset(m.auth.salt, salt, sizeof m.auth.salt);
	m.auth.lowest_unsettled = 1;
	m.auth.nick = wire_text("ann");
	put(s, index, &m);
	if (s->keyed && index > 0 && s->access == HOST_ACCESS_ASK)
		admit(s, index);
	m = (struct message){ .type = WIRE_JOIN };
	m.join.request = 1;
	m.join.flags = JOIN_LIVE;
	m.join.name = wire_text("lobby");
	put(s, index, &m);
}

static void post(struct session *s, size_t index, uint64_t room, int kind)
{
	struct message m = { .type = WIRE_POST };
	char text[3000];
	memset(text, 'x', sizeof text);
	m.post.room = room;
	m.post.id = (struct message_id){ s->devices[index], ++s->counters[index] };
	m.post.kind = (uint8_t)kind;
	m.post.body = (struct wire_bytes){ (const uint8_t *)text, kind == KIND_TOPIC ? 30 : sizeof text };
	put(s, index, &m);
}

static void request(struct session *s, size_t index, struct message m)
{
	put(s, index, &m);
}

/* Rules, private rooms, and what is asked about them. */
static void play_moderation(struct session *s)
{
	struct message den = { .type = WIRE_JOIN };
	den.join.request = 40;
	den.join.kind = ROOM_PRIVATE;
	den.join.name = wire_text("den");
	request(s, 0, den);
	for (uint8_t action = MODERATE_OP; action <= MODERATE_RESERVE; action++) {
		struct message m = { .type = WIRE_MODERATE };
		m.moderate.request = 41;
		m.moderate.action = action;
		m.moderate.room = action == MODERATE_CALL || action == MODERATE_UNCALL ? 3 : 0;
		m.moderate.seconds = action == MODERATE_MUTE ? 60 : 0;
		m.moderate.nick = wire_text(action == MODERATE_RESERVE ? "nobody" : "ann2");
		m.moderate.reason = wire_text("why");
		if (action == MODERATE_BAN || action == MODERATE_UNBAN)
			m.moderate.address = wire_text("192.0.2.0/24");
		request(s, 0, m);
	}
	moderate(s, MODERATE_RELEASE, NULL, "nobody");
	struct message rules = { .type = WIRE_RULES, .rules = { .request = 42, .limit = 100 } };
	request(s, 0, rules);
	struct message audit = { .type = WIRE_AUDIT, .audit = { .request = 43, .limit = 100 } };
	request(s, 0, audit);
}

/* Something of everything. */
static void play(struct session *s)
{
	for (size_t i = 0; i < PEERS; i++)
		enter(s, i, (uint8_t)i);
	for (int i = 0; i < 20; i++)
		post(s, (size_t)i % PEERS, 1, i % 5 == 0 ? KIND_TOPIC : KIND_TEXT);
	post(s, 1, 99, KIND_TEXT);
	for (int i = 0; i < 6; i++) {
		char name[8] = { 'r', (char)('a' + i), 0 };
		struct message m = { .type = WIRE_JOIN };
		m.join.request = 2;
		m.join.name = wire_text(name);
		request(s, 1, m);
		request(s, 2, m);
	}
	struct message direct = { .type = WIRE_JOIN };
	direct.join.request = 3;
	direct.join.kind = ROOM_DIRECT;
	direct.join.flags = JOIN_LIVE;
	direct.join.name = wire_text("ann2");
	request(s, 0, direct);
	struct message history = { .type = WIRE_HISTORY };
	history.history.request = 4;
	history.history.room = 1;
	history.history.limit = 256;
	history.history.flags = HISTORY_ATTACH;
	request(s, 2, history);
	struct message resume = { .type = WIRE_RESUME };
	resume.resume.request = 5;
	resume.resume.room = 1;
	resume.resume.seq = 3;
	request(s, 2, resume);
	struct message names = { .type = WIRE_NAMES };
	names.names.request = 6;
	names.names.room = 1;
	names.names.limit = 256;
	request(s, 2, names);
	struct message nick = { .type = WIRE_NICK };
	nick.nick.request = 7;
	nick.nick.nick = wire_text("bob");
	request(s, 3, nick);
	struct message presence = { .type = WIRE_PRESENCE };
	presence.presence.away = 1;
	request(s, 3, presence);
	struct message ping = { .type = WIRE_PING };
	char payload[600] = { 0 };
	ping.ping.payload = (struct wire_bytes){ (const uint8_t *)payload, sizeof payload };
	request(s, 3, ping);
	if (s->peers[3] != NULL)
		host_peer_input(s->peers[3], (const uint8_t *)"\x40\0", 2, s->now);
	enter(s, 3, 2); /* the same device: fences 2, leaves its own connection behind */
	struct message kick = { .type = WIRE_MODERATE };
	kick.moderate.request = 8;
	kick.moderate.room = 1;
	kick.moderate.action = MODERATE_KICK;
	kick.moderate.nick = wire_text("ann2");
	play_moderation(s);
	request(s, 0, kick);
	s->now += TCHAT_SECONDS(700);
	host_tick(s->host, s->now);
	settle(s);
}

/* And what hosts with keys have beside it. */
static void play_keyed(struct session *s)
{
	struct trust_pin key = pin_of(70);
	for (uint8_t kind = INVITE_HOST; kind <= INVITE_DEVICE; kind++) {
		struct message invite = { .type = WIRE_INVITE };
		invite.invite.request = 30;
		invite.invite.kind = kind;
		invite.invite.uses = 1;
		invite.invite.room = wire_text("garden");
		invite.invite.key = (struct wire_bytes){ key.bytes, sizeof key.bytes };
		key.bytes[0]++;
		request(s, 0, invite);
	}
	struct message list = { .type = WIRE_INVITATIONS, .invitations = { .request = 31 } };
	request(s, 0, list);
	moderate(s, MODERATE_REVOKE, &key, NULL);
	struct message whois = { .type = WIRE_WHOIS, .whois = { .request = 32, .nick = wire_text("ann") } };
	request(s, 0, whois);
	for (int i = 0; i < 3; i++) {
		struct message nick = { .type = WIRE_NICK, .nick = { .request = 33 } };
		char name[8] = { 'n', (char)('a' + i), 0 };
		nick.nick.nick = wire_text(name);
		request(s, 1, nick);
	}
	moderate(s, MODERATE_RELEASE, NULL, "na");
	struct trust_pin pin = pin_of(2);
	moderate(s, MODERATE_DROP_KEY, &pin, NULL);
	struct message direct = { .type = WIRE_JOIN };
	direct.join.request = 34;
	direct.join.kind = ROOM_DIRECT;
	direct.join.name = wire_text("nb"); /* nobody is here under it */
	request(s, 0, direct);
}

static bool session_new(struct session *s, bool keyed, enum host_access access)
{
	struct store_memory_config memory = { .environment = &environment, .spool_bytes = 1 << 20 };
	struct host_config config = { .environment = &environment, .software = "test", .motd = "hi" };
	struct trust_pin pin = pin_of(200), owner = pin_of(0);
	*s = (struct session){ .now = 1000, .keyed = keyed, .access = access };
	if (keyed) {
		config.pin = &pin;
		config.owner = &owner;
		config.access = access;
	}
	seed = 1;
	s->store = store_memory_new(&memory);
	config.store = s->store;
	s->host = s->store == NULL ? NULL : host_new(&config);
	if (s->host != NULL)
		return true;
	store_free(s->store);
	return false;
}

/* With memory again, newcomers are served. */
static void assert_serves(struct session *s)
{
	size_t index = s->keyed ? 0 : 1;
	for (size_t i = 0; i < PEERS; i++)
		if (s->peers[i] != NULL)
			host_peer_closed(s->peers[i], s->now);
	settle(s);
	unsigned acks = s->acks;
	enter(s, index, 100);
	s->counters[index] = 0;
	post(s, index, 1, KIND_TEXT);
	assert_int_equal(s->acks, acks + 1);
}

static void try_each_allocation(bool keyed, enum host_access access)
{
	for (int many = 1; many <= 64; many *= 8) {
		long total = 0;
		for (long n = 0;; n++) {
			struct session s;
			is_short = true;
			memory_fail(n, many);
			bool made = session_new(&s, keyed, access);
			if (made)
				play(&s);
			if (made && keyed)
				play_keyed(&s);
			bool met = memory_pause() > n;
			is_short = false;
			if (!met)
				assert_true(s.acks >= 15); /* all were let in */
			if (made) {
				assert_serves(&s);
				store_free(s.store);
				host_free(s.host);
			}
			total = n;
			if (!met)
				break;
		}
		assert_true(total > 100);
	}
}

static void memory_that_runs_out_costs_a_connection_at_most(void **state)
{
	try_each_allocation(false, HOST_ACCESS_OPEN);
}

static void memory_that_runs_out_at_the_door_costs_a_connection_at_most(void **state)
{
	try_each_allocation(true, HOST_ACCESS_ASK);
	try_each_allocation(true, HOST_ACCESS_OPEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_runs_out_costs_a_connection_at_most),
		cmocka_unit_test(memory_that_runs_out_at_the_door_costs_a_connection_at_most),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
