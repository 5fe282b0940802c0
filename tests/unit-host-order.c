/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: whatever is read how slowly, cut where, and stored how late, each member ends with the same dense sequence,
 * and each post is answered once. Random schedules over model clients; TCHAT_TEST_SEED replays one, TCHAT_TEST_VERBOSE tells
 * which one fails. */
#include "delay-store.h"
#include "wire-peer.h"

enum { MEMBERS = 5, MESSAGES = 400, SCHEDULES = 60 };

/* One user's client: what it holds of the room, and which of its posts are answered. */
struct model {
	struct wire_peer *wire; /* NULL: not connected */
	uint8_t salt;
	uint64_t device;
	bool joined, live, asked;
	uint64_t last;                  /* seq held */
	uint64_t ids[2 * MESSAGES][2];  /* device and counter of each seq */
	uint64_t epoch;
	uint64_t posted;                /* counters given */
	uint64_t seqs[2 * MESSAGES];    /* seq of each own counter, 0: not answered */
	uint64_t settled;               /* all counters up to it are answered */
};

static struct model models[MEMBERS];
static uint64_t gaps, repeats, nacks; /* that the schedules met: they have to meet some */

static void model_record(struct model *m, const struct wire_msg *msg)
{
	assert_int_equal(msg->seq, m->last + 1);
	m->last = msg->seq;
	m->ids[msg->seq][0] = msg->id.device;
	m->ids[msg->seq][1] = msg->id.counter;
	char text[64];
	snprintf(text, sizeof text, "%llu", (unsigned long long)msg->id.counter);
	assert_text(msg->body, text);
}

static void model_ask(struct model *m)
{
	m->live = false;
	m->asked = true;
	wire_history(m->wire, 1, m->last + 1, 1 + (int)(m->last % 90), HISTORY_FORWARD | HISTORY_ATTACH);
}

static void model_ack(struct model *m, const struct wire_ack *ack)
{
	assert_int_equal(ack->id.device, m->device);
	assert_in_range(ack->id.counter, 1, m->posted);
	uint64_t *seq = &m->seqs[ack->id.counter];
	if (ack->flags == 0) {
		assert_int_equal(*seq, 0);
		if (m->live) {
			assert_int_equal(ack->seq, m->last + 1);
			m->last = ack->seq;
			m->ids[ack->seq][0] = ack->id.device;
			m->ids[ack->seq][1] = ack->id.counter;
		}
	}
	repeats += ack->flags;
	assert_true(*seq == 0 || *seq == ack->seq);
	*seq = ack->seq;
	while (m->settled < m->posted && m->seqs[m->settled + 1] != 0)
		m->settled++;
}

static void model_page(struct model *m, const struct wire_page *page)
{
	struct wire_bytes records = page->records;
	struct message record;
	while (wire_record(&records, &record, WIRE_MSG))
		model_record(m, &record.msg);
	assert_int_equal(page->next, m->last + 1);
	m->asked = false;
	m->live = (page->flags & PAGE_LIVE) != 0;
	if (!m->live)
		model_ask(m);
}

static void model_take(struct model *m)
{
	struct message message;
	while (m->wire != NULL && wire_next(m->wire, &message) != 0) {
		switch (message.type) {
		case WIRE_MSG:
			assert_true(m->live);
			model_record(m, &message.msg);
			break;
		case WIRE_ACK:
			model_ack(m, &message.ack);
			break;
		case WIRE_PAGE:
			model_page(m, &message.page);
			break;
		case WIRE_GAP:
			assert_true(m->live);
			assert_int_equal(message.gap.from, m->last + 1);
			model_ask(m);
			break;
		case WIRE_JOINED:
			m->joined = true;
			assert_true(m->epoch == 0 || m->epoch == message.joined.epoch);
			m->epoch = message.joined.epoch;
			model_ask(m);
			break;
		case WIRE_NACK: /* the store failed, or what came after that */
			assert_int_equal(message.nack.flags, 0);
			nacks++;
			for (uint64_t i = m->settled + 1; i <= m->posted; i++) {
				char text[64];
				snprintf(text, sizeof text, "%llu", (unsigned long long)i);
				wire_post_as(m->wire, 1, m->device, i, KIND_TEXT, text);
			}
			break;
		default:
			assert_true(message.type == WIRE_MEMBER || message.type == WIRE_WELCOME);
			break;
		case WIRE_AUTH_OK:
			m->device = message.auth_ok.device;
			wire_join(m->wire, ROOM_PUBLIC, "lobby", 0);
			for (uint64_t i = m->settled + 1; i <= m->posted; i++) {
				char text[64];
				snprintf(text, sizeof text, "%llu", (unsigned long long)i);
				if (m->seqs[i] == 0 || i % 3 == 0)
					wire_post_as(m->wire, 1, m->device, i, KIND_TEXT, text);
			}
			break;
		}
	}
}

static void model_connect(struct world *w, struct model *m)
{
	struct message message = { .type = WIRE_HELLO };
	if (m->wire != NULL)
		wire_close(m->wire);
	m->wire = wire_connect(w, false);
	m->joined = m->live = m->asked = false;
	message.hello.magic = WIRE_MAGIC;
	message.hello.version_low = message.hello.version_high = 1;
	wire_put(m->wire, &message);
	wire_auth(m->wire, m->salt, "ann", m->settled + 1);
}

static void model_step(struct world *w, struct model *m, struct delay *d, uint64_t *left)
{
	uint64_t dice = world_random(w) % 100;
	if (dice < 30 && m->joined && *left > 0) {
		for (uint64_t i = world_random(w) % 12; i > 0 && *left > 0; i--, --*left) {
			char text[64];
			snprintf(text, sizeof text, "%llu", (unsigned long long)++m->posted);
			wire_post_as(m->wire, 1, m->device, m->posted, KIND_TEXT, text);
		}
	} else if (dice < 60) {
		wire_allow(m->wire, world_random(w) % 900);
		model_take(m);
	} else if (dice < 62) {
		wire_allow(m->wire, ALL);
		model_take(m);
		m->wire->budget = 0;
	} else if (dice < 63) {
		model_connect(w, m);
	} else if (dice < 80) {
		d->hold = world_random(w) % 3 == 0;
		d->hold_batch = world_random(w) % 3 == 0;
		d->fail = world_random(w) % 12 == 0 ? TCHAT_ERR_BUSY : 0;
	} else {
		w->now += world_random(w) % 1000;
		host_flush(w->host, w->now);
		for (struct host_peer *peer; (peer = host_next_dirty(w->host)) != NULL;)
			wire_drain(host_peer_user(peer));
	}
}

static void schedule(uint64_t seed)
{
	struct store_memory_config memory = { .spool_bytes = 1 << 20 };
	struct delay *d = delay_new(store_memory_new(&memory));
	struct host_limits limits = {
		.queue = 300 + seed * 977 % 3000, .queue_soft = 200 + seed * 131 % 2000, .round = 400 + seed * 557 % 4000,
		.requests = 1 + (uint32_t)(seed % 4),
	};
	struct world *w = world_new(&limits, &d->store);
	w->seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	memset(models, 0, sizeof models);
	for (uint8_t i = 0; i < MEMBERS; i++) {
		models[i].salt = i;
		model_connect(w, &models[i]);
		models[i].wire->budget = 0;
	}
	uint64_t left = MESSAGES;
	for (int step = 0; left > 0 || step % 500 != 0; step++)
		model_step(w, &models[world_random(w) % MEMBERS], d, &left);
	/* Everything may flow: all have to arrive. */
	d->hold = d->hold_batch = false;
	d->fail = 0;
	for (int i = 0; i < MEMBERS; i++)
		model_connect(w, &models[i]);
	for (int round = 0; round < 300; round++) {
		world_run(w);
		for (int i = 0; i < MEMBERS; i++)
			model_take(&models[i]);
	}
	uint64_t posted = 0;
	for (int i = 0; i < MEMBERS; i++) {
		const struct model *m = &models[i];
		assert_true(m->live);
		assert_int_equal(m->last, models[0].last);
		assert_memory_equal(m->ids, models[0].ids, sizeof m->ids);
		assert_int_equal(m->settled, m->posted);
		for (uint64_t c = 1; c <= m->posted; c++) {
			assert_int_equal(m->ids[m->seqs[c]][0], m->device);
			assert_int_equal(m->ids[m->seqs[c]][1], c);
			assert_true(c == 1 || m->seqs[c] > m->seqs[c - 1]);
		}
		posted += m->posted;
	}
	assert_int_equal(posted, MESSAGES);
	assert_int_equal(models[0].last, MESSAGES);
	struct host_counters counters;
	host_counters(w->host, &counters);
	assert_int_equal(counters.queued, 0);
	gaps += counters.gaps;
	world_free(w);
}

static void every_schedule_ends_in_one_dense_order_without_loss_or_repeat(void **state)
{
	const char *one = getenv("TCHAT_TEST_SEED");
	if (one != NULL) {
		schedule(strtoull(one, NULL, 10));
		return;
	}
	for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
		if (getenv("TCHAT_TEST_VERBOSE") != NULL)
			print_message("schedule %llu: so far %llu gaps, %llu repeats, %llu nacks\n", (unsigned long long)seed,
			              (unsigned long long)gaps, (unsigned long long)repeats, (unsigned long long)nacks);
		schedule(seed);
	}
	assert_true(gaps > SCHEDULES && repeats > SCHEDULES && nacks > SCHEDULES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_schedule_ends_in_one_dense_order_without_loss_or_repeat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
