/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any frames from eve to a host where ann is, in all states of eve's connection. What the host says is well
 * formed, ann's room stays dense, and she is served to the end. */
#include "../wire-peer.h"

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

static void feed(struct wire_peer *eve, const uint8_t *at, size_t length, size_t most)
{
	while (length > 0 && eve->peer != NULL && host_peer_wants_input(eve->peer)) {
		size_t part = length < most ? length : most;
		wire_send(eve, at, part);
		world_run(eve->world);
		at += part;
		length -= part;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length < 1)
		return 0;
	uint8_t mode = bytes[0];
	struct host_limits limits = { .queue = 1 << 16, .queue_soft = 1 << 14, .rooms = 8, .peers = 8 };
	struct world *w = world_new(&limits, NULL);
	struct wire_peer *ann = wire_member(w, 0xa7, "ann");
	uint64_t lobby = wire_enter(ann, "lobby", JOIN_LIVE);
	struct wire_peer *eve = mode & READY ? wire_member_of(w, mode & OWNER, 2, "eve") : wire_connect(w, mode & OWNER);
	if ((mode & READY) && (mode & JOINED)) {
		wire_enter(eve, "lobby", JOIN_LIVE);
		wire_post(ann, lobby, "hello");
		wire_post(eve, lobby, "hello you");
		take_all(eve, 0);
	}
	take_all(ann, lobby);
	if (mode & DEAF)
		wire_allow(eve, 0);
	size_t made;
	uint8_t *stream = stream_make(bytes + 1, length - 1, mode & RAW, &made);
	feed(eve, stream, made, mode & PIECES ? 3 : 65536);
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
	wire_close(eve);
	world_run(w);
	wire_close(ann);
	world_free(w);
	return 0;
}
