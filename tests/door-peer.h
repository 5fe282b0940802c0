/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: hosts that know users by their keys, and those who come to their doors. Keys are numbers here; what they
 * would prove in a handshake is taken as proven. */
#ifndef TCHAT_TESTS_DOOR_PEER_H
#define TCHAT_TESTS_DOOR_PEER_H

#include "wire-peer.h"

#include "trust/trust.h"

enum { HOST_KEY = 200, OWNER_KEY = 1 };

static inline struct trust_pin door_pin(int key)
{
	struct trust_pin pin;
	memset(&pin, key, sizeof pin);
	pin.bytes[0] = (uint8_t)(key >> 8);
	pin.bytes[1] = (uint8_t)key;
	return pin;
}

static inline void door_open(struct world *w, enum host_access access, const struct host_limits *limits)
{
	struct trust_pin host = door_pin(HOST_KEY), owner = door_pin(OWNER_KEY);
	world_open(w, limits, &(struct host_config){ .pin = &host, .owner = &owner, .access = access });
}

static inline struct world *door_world_over(enum host_access access, const struct host_limits *limits,
                                            struct store *store)
{
	struct trust_pin host = door_pin(HOST_KEY), owner = door_pin(OWNER_KEY);
	return world_make(limits, store, &(struct host_config){ .pin = &host, .owner = &owner, .access = access });
}

static inline struct world *door_world(enum host_access access)
{
	return door_world_over(access, NULL, NULL);
}

/* All hang up, the host ends and starts again over the same store. */
static inline void door_restart(struct world *w, enum host_access access)
{
	for (struct wire_peer *p = w->peers; p != NULL; p = p->next)
		wire_close(p);
	world_run(w);
	host_free(w->host);
	world_forget_peers(w);
	door_open(w, access, NULL);
	world_run(w);
}

static inline struct wire_peer *door_connect_from(struct world *w, int key, const char *address)
{
	struct trust_pin pin = door_pin(key);
	struct wire_peer *p = wire_connect_as(w, &(struct host_peer_info){ .address = address, .pin = &pin });
	assert_non_null(p->peer);
	wire_hello(p);
	return p;
}

/* An address of its own for each key. */
static inline struct wire_peer *door_connect(struct world *w, int key)
{
	char address[32];
	snprintf(address, sizeof address, "192.0.%d.%d:5000", key / 200, key % 200 + 1);
	return door_connect_from(w, key, address);
}

static inline void door_token(uint8_t token[TRUST_TOKEN_SIZE], int number)
{
	memset(token, number, TRUST_TOKEN_SIZE);
}

static inline void door_public(uint8_t public[TRUST_PUBLIC_SIZE], int number)
{
	uint8_t token[TRUST_TOKEN_SIZE];
	door_token(token, number);
	assert_int_equal(trust_token_public(token, public), 0);
}

/* What proves the invitation of this number on this connection, by a user of that key. */
static inline void door_prove(const struct wire_peer *p, int number, int key, uint8_t proof[TRUST_PROOF_SIZE])
{
	uint8_t token[TRUST_TOKEN_SIZE];
	struct trust_binding binding = { .host = door_pin(HOST_KEY), .user = door_pin(key) };
	door_token(token, number);
	memcpy(binding.host_nonce, p->host_nonce, sizeof binding.host_nonce);
	memcpy(binding.user_nonce, p->user_nonce, sizeof binding.user_nonce);
	assert_int_equal(trust_proof_make(token, &binding, proof), 0);
}

static inline void door_auth_proof(struct wire_peer *p, int key, const char *nick, const uint8_t *proof, size_t length)
{
	struct message message = { .type = WIRE_AUTH };
	memset(message.auth.salt, key, sizeof message.auth.salt);
	message.auth.lowest_unsettled = 1;
	message.auth.nick = wire_text(nick);
	message.auth.proof = (struct wire_bytes){ proof, length };
	wire_put(p, &message);
}

/* token 0: none. */
static inline void door_auth(struct wire_peer *p, int key, const char *nick, int token)
{
	uint8_t proof[TRUST_PROOF_SIZE];
	if (token == 0) {
		door_auth_proof(p, key, nick, NULL, 0);
		return;
	}
	door_prove(p, token, key, proof);
	door_auth_proof(p, key, nick, proof, sizeof proof);
}

static inline void door_enter(struct wire_peer *p, struct message *ok)
{
	wire_expect(p, ok, WIRE_AUTH_OK);
	p->device = ok->auth_ok.device;
	p->counter = ok->auth_ok.mark;
	p->user = ok->auth_ok.user;
}

/* Comes in, and has this nick then. */
static inline struct wire_peer *door_member(struct world *w, int key, const char *wish, int token, const char *nick)
{
	struct wire_peer *p = door_connect(w, key);
	struct message message;
	door_auth(p, key, wish, token);
	door_enter(p, &message);
	assert_text(message.auth_ok.nick, nick);
	return p;
}

static inline struct wire_peer *door_owner(struct world *w)
{
	return door_member(w, OWNER_KEY, "olga", 0, "olga");
}

/* Comes and is at the door. */
static inline struct wire_peer *door_knocker(struct world *w, int key, const char *wish)
{
	struct wire_peer *p = door_connect(w, key);
	struct message message;
	door_auth(p, key, wish, 0);
	wire_expect(p, &message, WIRE_KNOCK);
	return p;
}

/* Comes and is sent away. */
static inline void door_refused(struct world *w, int key, const char *wish, int token, int err)
{
	struct wire_peer *p = door_connect(w, key);
	door_auth(p, key, wish, token);
	wire_expect_end(p, err);
	wire_close(p);
}

static inline void door_expect(struct wire_peer *owner, int change, int key, const char *nick)
{
	struct message message;
	struct trust_pin pin = door_pin(key);
	wire_expect(owner, &message, WIRE_DOOR);
	assert_int_equal(message.door.change, change);
	assert_int_equal(message.door.key.length, sizeof pin);
	assert_memory_equal(message.door.key.data, &pin, sizeof pin);
	assert_text(message.door.nick, nick);
}

static inline uint32_t door_moderate_bytes(struct wire_peer *p, int action, const uint8_t *key, const char *nick)
{
	struct message message = { .type = WIRE_MODERATE };
	message.moderate.request = ++p->request;
	message.moderate.action = (uint8_t)action;
	message.moderate.nick = wire_text(nick);
	message.moderate.key = (struct wire_bytes){ key, key == NULL ? 0 : TRUST_PIN_SIZE };
	wire_put(p, &message);
	return p->request;
}

static inline uint32_t door_moderate(struct wire_peer *p, int action, int key)
{
	struct trust_pin pin = door_pin(key);
	return door_moderate_bytes(p, action, pin.bytes, NULL);
}

static inline void door_expect_done(struct wire_peer *p, uint32_t request)
{
	struct message message;
	wire_expect(p, &message, WIRE_DONE);
	assert_int_equal(message.done.request, request);
}

static inline uint32_t rename_to(struct wire_peer *p, const char *nick)
{
	struct message message = { .type = WIRE_NICK };
	message.nick.request = ++p->request;
	message.nick.nick = wire_text(nick);
	wire_put(p, &message);
	return p->request;
}

static inline void rename_done(struct wire_peer *p, const char *nick)
{
	struct message message;
	uint32_t request = rename_to(p, nick);
	wire_expect(p, &message, WIRE_MEMBER);
	assert_text(message.member.nick, nick);
	wire_expect(p, &message, WIRE_DONE);
	assert_int_equal(message.done.request, request);
	assert_text(message.done.nick, nick);
}

static inline uint32_t door_invite(struct wire_peer *p, int kind, int token, int uses, uint32_t seconds, const char *room)
{
	struct message message = { .type = WIRE_INVITE };
	uint8_t public[TRUST_PUBLIC_SIZE];
	door_public(public, token);
	message.invite.request = ++p->request;
	message.invite.kind = (uint8_t)kind;
	message.invite.uses = (uint16_t)uses;
	message.invite.seconds = seconds;
	message.invite.room = wire_text(room);
	message.invite.key = (struct wire_bytes){ public, sizeof public };
	wire_put(p, &message);
	return p->request;
}

#endif
