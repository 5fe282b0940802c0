/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any frames from eve to a host where ann is, in all states of eve's connection. What the host says is well
 * formed, ann's room stays dense, and she is served to the end. */
#include "../door-peer.h"

#include "stream.h"

/* The first byte of an input. */
enum {
	READY = 1,
	JOINED = 2, /* with some messages, one of them hers */
	OWNER = 4,
	RAW = 8,
	PIECES = 16, /* of three bytes */
	DEAF = 32,   /* eve reads no more */
	HALF = 64,   /* and closes her side */
	LATER = 128, /* minutes pass */
};

/* The second one. */
enum {
	ACCESS = 3, /* enum host_access; 3: nobody has a key */
	INVITED = 4,
	MODERATOR = 8,
	MUTED = 16,
	PRIVATE = 32, /* eve has a room of her own, with a rule in it */
	AGAIN = 64,   /* the host starts anew with what it kept, and ann comes back */
};

enum { ANN_KEY = OWNER_KEY, EVE_KEY = 7, ZOE_KEY = 8, TOKEN = 5 };

/* Takes all that came; the MSGs of this room are dense. */
static void take_all(struct wire_peer *p, uint64_t room)
{
	struct message message;
	uint64_t last = 0;
	world_run(p->world);
	while (wire_next(p, &message) != 0) {
		if (message.type != WIRE_MSG || message.msg.room != room)
			continue;
		demand(last == 0 || message.msg.seq == last + 1);
		last = message.msg.seq;
	}
}

static bool is_served(struct wire_peer *p)
{
	static const uint8_t echo[] = "there?";
	struct message message = { .type = WIRE_PING, .ping = { .payload = { echo, sizeof echo } } };
	wire_put(p, &message);
	world_run(p->world);
	int type;
	while ((type = wire_next(p, &message)) != 0)
		if (type == WIRE_PONG && message.pong.payload.length == sizeof echo)
			return true;
	return false;
}

/* She is not read from while she says too much. */
static bool is_heard(struct wire_peer *eve, bool waits)
{
	for (int i = 0; waits && i < 20 && eve->peer != NULL && !host_peer_wants_input(eve->peer); i++)
		world_pass(eve->world, TCHAT_SECONDS(1));
	return eve->peer != NULL && host_peer_wants_input(eve->peer);
}

static void feed(struct wire_peer *eve, const uint8_t *at, size_t length, uint8_t mode)
{
	size_t most = mode & PIECES ? 3 : 65536;
	while (length > 0 && is_heard(eve, mode & LATER)) {
		size_t part = length < most ? length : most;
		wire_send(eve, at, part);
		world_run(eve->world);
		at += part;
		length -= part;
	}
}

/* --- Where nobody has a key */

static struct wire_peer *eve_plain(struct world *w, uint8_t mode)
{
	return mode & READY ? wire_member_of(w, mode & OWNER, 2, "eve") : wire_connect(w, mode & OWNER);
}

/* --- Where users have keys; ann is the owner */

static void moderate(struct wire_peer *p, int action, uint64_t room, const char *nick)
{
	wire_put(p, &(struct message){ .type = WIRE_MODERATE,
	                               .moderate = { .request = ++p->request,
	                                             .room = room,
	                                             .action = (uint8_t)action,
	                                             .nick = wire_text(nick) } });
	world_run(p->world);
}

/* Whether she is in, and not at the door. */
static bool comes_in(struct wire_peer *p)
{
	struct message message;
	int type;
	world_run(p->world);
	while ((type = wire_next(p, &message)) != 0)
		if (type == WIRE_AUTH_OK) {
			p->device = message.auth_ok.device;
			p->counter = message.auth_ok.mark;
			return true;
		}
	return false;
}

static void eve_is(struct wire_peer *ann, struct wire_peer *eve, uint8_t door)
{
	if (door & MODERATOR)
		moderate(ann, MODERATE_OP, 0, "eve");
	if (door & MUTED)
		moderate(ann, MODERATE_MUTE, 0, "eve");
	if (door & PRIVATE) {
		wire_join(eve, ROOM_PRIVATE, "den", JOIN_LIVE);
		moderate(eve, MODERATE_CALL, 2, "ann");
	}
}

/* She comes, and waits at the door where there is one. */
static void zoe_comes(struct world *w)
{
	struct wire_peer *zoe = door_connect(w, ZOE_KEY);
	door_auth(zoe, ZOE_KEY, "zoe", 0);
	world_run(w);
}

static struct wire_peer *eve_with_key(struct wire_peer *ann, uint8_t mode, uint8_t door)
{
	int key = mode & OWNER ? OWNER_KEY : EVE_KEY, token = door & INVITED ? TOKEN : 0;
	struct world *w = ann->world;
	struct trust_pin pin = door_pin(key);
	struct wire_peer *eve;
	if (token != 0) {
		door_invite(ann, INVITE_HOST, TOKEN, 2, 0, "lobby");
		world_run(w);
	}
	zoe_comes(w);
	eve = wire_connect_as(w, &(struct host_peer_info){ .address = "[::2]:5", .pin = &pin });
	if (!(mode & READY))
		return eve;
	wire_hello(eve);
	door_auth(eve, key, "eve", token);
	if (comes_in(eve))
		eve_is(ann, eve, door);
	return eve;
}

/* What she wrote into the store keeps no host from starting. */
static void again(struct world *w, uint8_t mode, uint8_t door)
{
	door_restart(w, (enum host_access)(door & ACCESS));
	struct wire_peer *ann = door_connect(w, ANN_KEY);
	door_auth(ann, ANN_KEY, "ann", 0);
	demand(comes_in(ann) || (mode & OWNER));
	wire_close(ann);
}

/* --- Both */

static void talk(struct wire_peer *ann, uint64_t lobby, struct wire_peer *eve)
{
	wire_join(eve, ROOM_PUBLIC, "lobby", JOIN_LIVE);
	wire_post(ann, lobby, "hello");
	wire_post(eve, lobby, "hello you");
	take_all(eve, 0);
}

/* Nobody can guess her device: posts of the device 0 are hers. */
static void sign(const struct wire_peer *eve, uint8_t *stream, size_t length)
{
	struct frame frame;
	for (int size; (size = frame_peek(&frame, stream, length, WIRE_LIMIT)) > 0; stream += size, length -= (size_t)size)
		if (frame.type == WIRE_POST && frame.length >= MSG_BODY && wire_get(frame.payload + MSG_DEVICE, 8) == 0)
			wire_set(stream + FRAME_HEADER + MSG_DEVICE, 8, eve->device);
}

static void try_eve(struct wire_peer *ann, uint64_t lobby, struct wire_peer *eve, const uint8_t *bytes, size_t length)
{
	struct world *w = ann->world;
	uint8_t mode = bytes[0];
	if ((mode & READY) && (mode & JOINED))
		talk(ann, lobby, eve);
	take_all(ann, lobby);
	if (mode & DEAF)
		wire_allow(eve, 0);
	size_t made;
	uint8_t *stream = stream_make(bytes + 2, length - 2, mode & RAW, &made);
	sign(eve, stream, made);
	feed(eve, stream, made, mode);
	free(stream);
	if ((mode & HALF) && eve->peer != NULL)
		host_peer_input_ended(eve->peer, w->now);
	world_run(w);
	if (mode & LATER)
		world_pass(w, TCHAT_SECONDS(300));
	take_all(eve, 0);
	take_all(ann, lobby);
	/* Owners may send her away, and who has her secret takes her place. */
	if (ann->closing == HOST_OPEN && ann->peer != NULL)
		demand(is_served(ann));
	else
		demand((mode & (OWNER | LATER)) || !(mode & READY));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length < 2)
		return 0;
	uint8_t mode = bytes[0], door = bytes[1];
	bool keys = (door & ACCESS) != ACCESS;
	struct host_limits limits = { .queue = 1 << 16, .queue_soft = 1 << 14, .rooms = 8, .peers = 8, .rate = 10, .burst = 40 };
	struct world *w = keys ? door_world_over((enum host_access)(door & ACCESS), &limits, NULL) : world_new(&limits, NULL);
	struct wire_peer *ann = keys ? door_member(w, ANN_KEY, "ann", 0, "ann") : wire_member(w, 0xa7, "ann");
	uint64_t lobby = wire_enter(ann, "lobby", JOIN_LIVE);
	try_eve(ann, lobby, keys ? eve_with_key(ann, mode, door) : eve_plain(w, mode), bytes, length);
	if (keys && (door & AGAIN))
		again(w, mode, door);
	for (struct wire_peer *p = w->peers; p != NULL; p = p->next)
		wire_close(p);
	world_run(w);
	world_free(w);
	return 0;
}
