/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: what comes of posts, to whom posted and to whom listens, and pages of a room's history. */
#ifndef TCHAT_TESTS_DELIVERY_PEER_H
#define TCHAT_TESTS_DELIVERY_PEER_H

#include "wire-peer.h"

static inline void expect_ack(struct wire_peer *p, uint64_t counter, uint64_t seq, int flags)
{
	struct message message;
	wire_expect(p, &message, WIRE_ACK);
	assert_int_equal(message.ack.id.device, p->device);
	assert_int_equal(message.ack.id.counter, counter);
	assert_int_equal(message.ack.seq, seq);
	assert_int_equal(message.ack.flags, flags);
	assert_int_not_equal(message.ack.time, 0);
}

static inline void expect_nack(struct wire_peer *p, uint64_t counter, int err, int flags)
{
	struct message message;
	wire_expect(p, &message, WIRE_NACK);
	assert_int_equal(message.nack.id.counter, counter);
	assert_int_equal(message.nack.code, -err);
	assert_int_equal(message.nack.flags, flags);
}

static inline void expect_msg(struct wire_peer *p, uint64_t seq, const char *text)
{
	struct message message;
	wire_expect(p, &message, WIRE_MSG);
	assert_int_equal(message.msg.seq, seq);
	assert_text(message.msg.body, text);
}

/* A page of the messages from first to last. */
static inline void expect_page(struct wire_peer *p, uint64_t first, uint64_t last, uint64_t floor, uint64_t next,
                               int flags)
{
	struct message message, record;
	wire_expect(p, &message, WIRE_PAGE);
	assert_int_equal(message.page.request, p->request);
	assert_int_equal(message.page.flags, flags);
	assert_int_equal(message.page.floor, floor);
	assert_int_equal(message.page.next, next);
	uint64_t seq = first;
	for (; wire_record(&message.page.records, &record, WIRE_MSG); seq++)
		assert_int_equal(record.msg.seq, seq);
	assert_int_equal(seq, last + 1);
}

/* ann, live in a lobby with so many messages of hers. */
static inline struct wire_peer *room_of(struct world *w, int messages)
{
	struct wire_peer *a = wire_member(w, 1, "ann");
	wire_enter(a, "lobby", JOIN_LIVE);
	for (int i = 0; i < messages; i++)
		wire_post(a, 1, "text");
	wire_skip(a);
	return a;
}

#endif
