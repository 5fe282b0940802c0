/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a host with people in it who keep order, and what comes of it. */
#ifndef TCHAT_TESTS_MODERATION_PEER_H
#define TCHAT_TESTS_MODERATION_PEER_H

#include "door-peer.h"

enum { ANN = 7, BEN = 8, EVE = 9 };

/* Bans and mutes: of whom, in which room, for how long. */
static inline uint32_t moderate(struct wire_peer *p, int action, uint64_t room, const char *nick, uint32_t seconds)
{
	struct message message = { .type = WIRE_MODERATE };
	message.moderate.request = ++p->request;
	message.moderate.room = room;
	message.moderate.action = (uint8_t)action;
	message.moderate.seconds = seconds;
	message.moderate.nick = wire_text(nick);
	message.moderate.reason = wire_text("spam");
	wire_put(p, &message);
	return p->request;
}

static inline uint32_t moderate_address(struct wire_peer *p, int action, const char *address)
{
	struct message message = { .type = WIRE_MODERATE };
	message.moderate.request = ++p->request;
	message.moderate.action = (uint8_t)action;
	message.moderate.address = wire_text(address);
	wire_put(p, &message);
	return p->request;
}

static inline void expect_done(struct wire_peer *p, uint32_t request)
{
	struct message message;
	wire_until(p, &message, WIRE_DONE);
	assert_int_equal(message.done.request, request);
}

static inline void decide(struct wire_peer *p, int action, uint64_t room, const char *nick, uint32_t seconds)
{
	expect_done(p, moderate(p, action, room, nick, seconds));
}

static inline void expect_role(struct wire_peer *p, uint64_t room, const struct wire_peer *whom, int role)
{
	struct message message;
	do
		wire_until(p, &message, WIRE_MEMBER);
	while (message.member.change != MEMBER_ROLE);
	assert_int_equal(message.member.room, room);
	assert_int_equal(message.member.user, whom->user);
	assert_int_equal(message.member.role, role);
}

static inline void expect_refused_post(struct wire_peer *p, uint64_t room, int err)
{
	struct message message;
	wire_post(p, room, "hello");
	wire_until(p, &message, WIRE_NACK);
	assert_int_equal(message.nack.code, -err);
	assert_int_equal(message.nack.flags, NACK_PERMANENT);
}

static inline void expect_post(struct wire_peer *p, uint64_t room)
{
	struct message message;
	wire_post(p, room, "hello");
	wire_until(p, &message, WIRE_ACK);
}

/* A host that lets everybody in; olga owns it. */
static inline struct world *hall(void)
{
	return door_world(HOST_ACCESS_OPEN);
}

static inline struct wire_peer *come(struct world *w, int key, const char *nick)
{
	return door_member(w, key, nick, 0, nick);
}

#endif
