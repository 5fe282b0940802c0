/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: whatever keys, names, invitations and knocks do in whichever order, while the store is slow or fails, nobody's
 * connection or account is mixed up with another's. MIX_SEEDS=N tries more. */
#include "delay-store.h"
#include "door-peer.h"

enum { KEYS = 12, PEERS = 10, STEPS = 1500 };

static const char *const names[] = { "ann", "Ann", "ben", "lris", "Iris", "guest", "cy", "cy2", "dan", NULL };

struct mix {
	struct world *w;
	struct delay *d;
	uint64_t seed;
	struct wire_peer *peers[PEERS];
	int keys[PEERS];
};

static unsigned dice(struct mix *m, unsigned sides)
{
	m->seed = m->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)((m->seed >> 33) % sides);
}

static const char *any_name(struct mix *m)
{
	return names[dice(m, sizeof names / sizeof names[0])];
}

static int any_key(struct mix *m)
{
	return (int)dice(m, KEYS) + OWNER_KEY;
}

/* Looks at what came: a member is told of its own keys' accounts only, and one id is one user. */
static void drain(struct mix *m)
{
	world_run(m->w);
	for (int i = 0; i < PEERS; i++) {
		struct message message;
		struct wire_peer *p = m->peers[i];
		if (p == NULL)
			continue;
		for (int type; (type = wire_next(p, &message)) != 0;) {
			if (type != WIRE_AUTH_OK)
				continue;
			struct trust_pin user = door_pin(m->keys[i]), host = door_pin(HOST_KEY);
			uint8_t salt[16];
			memset(salt, i, sizeof salt);
			assert_true(message.auth_ok.device == trust_device(&user, &host, salt));
			if (m->keys[i] == OWNER_KEY)
				assert_int_equal(message.auth_ok.role, ROLE_OWNER);
			p->user = message.auth_ok.user;
		}
		if (p->closing != HOST_OPEN)
			wire_close(p);
	}
}

static void come(struct mix *m, int i)
{
	struct message message = { .type = WIRE_AUTH };
	uint8_t proof[TRUST_PROOF_SIZE];
	int key = any_key(m);
	if (m->peers[i] != NULL)
		wire_close(m->peers[i]);
	m->peers[i] = door_connect(m->w, key);
	m->keys[i] = key;
	memset(message.auth.salt, i, sizeof message.auth.salt);
	message.auth.lowest_unsettled = 1;
	message.auth.nick = wire_text(any_name(m));
	if (dice(m, 3) == 0) {
		door_prove(m->peers[i], 50 + (int)dice(m, 6), key, proof);
		message.auth.proof = (struct wire_bytes){ proof, sizeof proof };
	}
	wire_put(m->peers[i], &message);
}

static void moderate(struct mix *m, struct wire_peer *p)
{
	uint8_t public[TRUST_PUBLIC_SIZE];
	int action = (int)dice(m, MODERATE_RELEASE) + 1;
	if (action == MODERATE_END)
		return;
	if (action == MODERATE_REVOKE)
		door_public(public, 50 + (int)dice(m, 6));
	else {
		struct trust_pin pin = door_pin(any_key(m));
		memcpy(public, pin.bytes, sizeof public);
	}
	door_moderate_bytes(p, action, public, any_name(m));
}

static void ask(struct mix *m, struct wire_peer *p)
{
	struct message message = { .type = WIRE_WHOIS, .whois = { .request = 1, .nick = wire_text(any_name(m)) } };
	switch (dice(m, 6)) {
	case 0:
		wire_put(p, &message);
		break;
	case 1:
		rename_to(p, any_name(m));
		break;
	case 2:
		door_invite(p, 1 + (int)dice(m, 2), 50 + (int)dice(m, 6), (int)dice(m, 3), dice(m, 100), NULL);
		break;
	case 3:
		message = (struct message){ .type = WIRE_INVITATIONS, .invitations = { .request = 1 } };
		wire_put(p, &message);
		break;
	case 4:
		wire_join(p, dice(m, 2) == 0 ? ROOM_PUBLIC : ROOM_DIRECT, "ann", JOIN_LIVE);
		break;
	default:
		moderate(m, p);
		break;
	}
}

static void step(struct mix *m)
{
	int i = (int)dice(m, PEERS);
	switch (dice(m, 16)) {
	case 0:
	case 1:
		come(m, i);
		break;
	case 2:
		if (m->peers[i] != NULL)
			wire_close(m->peers[i]);
		break;
	case 3:
		m->d->hold = dice(m, 2) == 0;
		break;
	case 4:
		m->d->fail_records = dice(m, 4) == 0 ? TCHAT_ERR_NO_SPACE : 0;
		break;
	case 5:
		m->w->wall += UINT64_C(1000000) << dice(m, 24);
		break;
	case 6:
		drain(m);
		if (dice(m, 4) == 0)
			world_pass(m->w, TCHAT_SECONDS(dice(m, 800)));
		break;
	default:
		if (m->peers[i] != NULL && m->peers[i]->peer != NULL && host_peer_is_ready(m->peers[i]->peer))
			ask(m, m->peers[i]);
		break;
	}
	if (dice(m, 3) != 0)
		drain(m);
}

static void mix(uint64_t seed)
{
	struct mix m = { .seed = seed };
	struct host_limits limits = { .accounts = 6, .remembered = 4 };
	enum host_access access = (enum host_access)(seed % 3);
	m.d = delay_new(store_memory_new(&(struct store_memory_config){ .spool_bytes = 1 << 20 }));
	m.w = door_world_over(access, &limits, &m.d->store);
	for (int i = 0; i < STEPS; i++)
		step(&m);
	m.d->hold = false;
	m.d->fail_records = 0;
	world_run(m.w);
	memset(m.peers, 0, sizeof m.peers);
	door_restart(m.w, access);
	struct message message;
	struct wire_peer *owner = door_connect(m.w, OWNER_KEY);
	door_auth(owner, 99, "olga", 0);
	wire_expect(owner, &message, WIRE_AUTH_OK);
	assert_int_equal(message.auth_ok.role, ROLE_OWNER);
	world_free(m.w);
}

static void any_order_of_events_leaves_a_host_that_serves(void **state)
{
	const char *seeds = getenv("MIX_SEEDS");
	for (uint64_t seed = 1, end = seeds == NULL ? 12 : strtoull(seeds, NULL, 10); seed <= end; seed++)
		mix(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_of_events_leaves_a_host_that_serves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
