/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host as a whole: made and freed, its rounds, its deadlines, what is on its way to the store. */
#include "host/rule.h"

#include "host/internal.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

enum {
	PASSES = 4,            /* of a flush: what comes out of one may feed the next */
	CLOSING_SECONDS = 10,  /* for the last output of a peer that is to go */
	TEXT_MOST = 4 * 1024 * 4,
};

static void limits_default(struct host_limits *limits)
{
#define DEFAULT(field, value) \
	if (limits->field == 0) \
		limits->field = (value);
	DEFAULT(peers, 16384)
	DEFAULT(remembered, 4096)
	DEFAULT(rooms, 1024)
	DEFAULT(rooms_per_user, 64)
	DEFAULT(rooms_made, 64)
	DEFAULT(requests, 8)
	DEFAULT(fan_out, 256)
	DEFAULT(text, WIRE_TEXT_LIMIT)
	DEFAULT(frame, WIRE_LIMIT)
	DEFAULT(queue, 1 << 20)
	DEFAULT(queue_soft, 256 << 10)
	DEFAULT(queue_total, 256 << 20)
	DEFAULT(round, 512 << 10)
	DEFAULT(handshake, TCHAT_SECONDS(10))
	DEFAULT(silence, TCHAT_SECONDS(60))
	DEFAULT(stalled, TCHAT_SECONDS(60))
	DEFAULT(memory, TCHAT_SECONDS(600))
	DEFAULT(ban, TCHAT_SECONDS(60))
	DEFAULT(accounts, 8192)
	DEFAULT(rules, 8192)
	DEFAULT(per_user, 64)
	DEFAULT(per_address, 1024)
	DEFAULT(members, 1000000)
	DEFAULT(rate, 100)
	DEFAULT(burst, 1000)
	DEFAULT(knocks, 64)
	DEFAULT(knocks_per_address, 4)
	DEFAULT(invitations, 64)
	DEFAULT(nick, NICK_CLUSTERS)
	DEFAULT(room_name, TEXT_NAME_BYTES)
	DEFAULT(topic, TOPIC_BYTES)
	DEFAULT(door, TCHAT_SECONDS(600))
#undef DEFAULT
#define MOST(field, most) \
	if (limits->field > (most)) \
		limits->field = (most);
	MOST(text, WIRE_TEXT_LIMIT)
	MOST(frame, WIRE_LIMIT)
	MOST(nick, NICK_CLUSTERS)
	MOST(room_name, TEXT_NAME_BYTES)
	MOST(topic, TOPIC_BYTES)
	MOST(rate, 1000000)
#undef MOST
}

void host_set_limits(struct host *host, const struct host_limits *limits)
{
	host->limits = *limits;
	limits_default(&host->limits);
	if (host->frame_told < host->limits.frame)
		host->frame_told = host->limits.frame;
	host->wait_length[WAIT_HANDSHAKE] = host->limits.handshake;
	host->wait_length[WAIT_DOOR] = host->limits.door;
	host->wait_length[WAIT_SILENCE] = host->wait_length[WAIT_PONG] = host->limits.silence;
	host_throttle_reset(host);
}

static bool host_open_lobby(struct host *host)
{
	struct pending *pending = host_pending_new(host, NULL, STORE_ROOM, 0, 0);
	if (pending == NULL)
		return false;
	struct store_room *room = &pending->store.room;
	room->kind = ROOM_PUBLIC;
	room->create = true;
	memcpy(room->key, "lobby", 6);
	memcpy(room->name, "lobby", 6);
	host_pending_send(host, pending);
	return true;
}

/* From here on users are known by their keys, if the host has one. */
static bool host_keys(struct host *host, const struct host_config *config)
{
	host->secure = config->pin != NULL;
	if (!host->secure)
		return host_registry_load(host) == 0;
	host->pin = *config->pin;
	host->access = config->access;
	host->has_owner = config->owner != NULL;
	if (host->has_owner)
		host->owner_pin = *config->owner;
	return host_registry_load(host) == 0;
}

struct host *host_new(const struct host_config *config)
{
	struct host *host = calloc(1, sizeof *host);
	if (host == NULL)
		return NULL;
	host->environment = config->environment;
	host->store = config->store;
	for (int i = 0; i < WAITS; i++)
		TAILQ_INIT(&host->waits[i]);
	host_set_limits(host, &config->limits);
	host->wait_length[WAIT_CLOSING] = TCHAT_SECONDS(CLOSING_SECONDS);
	TAILQ_INIT(&host->peers);
	TAILQ_INIT(&host->dirty);
	TAILQ_INIT(&host->resume);
	TAILQ_INIT(&host->crowded);
	TAILQ_INIT(&host->throttled);
	TAILQ_INIT(&host->dying);
	TAILQ_INIT(&host->stalled);
	TAILQ_INIT(&host->idle_users);
	TAILQ_INIT(&host->kept_users);
	SLIST_INIT(&host->keyless);
	TAILQ_INIT(&host->strangers);
	TAILQ_INIT(&host->rule_list);
	TAILQ_INIT(&host->acts);
	host->rules_due = TCHAT_NEVER;
	TAILQ_INIT(&host->knocks);
	TAILQ_INIT(&host->refusals);
	TAILQ_INIT(&host->owners);
	TAILQ_INIT(&host->empty);
	TAILQ_INIT(&host->pendings);
	TAILQ_INIT(&host->waiting);
	host->rounds[0].number = 1;
	host->rounds[1].number = 2;
	host->gather = &host->rounds[0];
	buffer_init(&host->scratch, 2 * WIRE_LIMIT);
	buffer_init(&host->text, TEXT_MOST);
	host_identity_take(host, config->identity);
	host->report = config->report;
	host->report_arg = config->report_arg;
	host->software = strdup(config->software == NULL ? "" : config->software);
	host->motd = config->motd == NULL ? NULL : strdup(config->motd);
	host->history_joined = config->history == HOST_HISTORY_JOINED;
	TAILQ_INIT(&host->dirty_bookmarks);
	host->events = calloc(EVENTS, sizeof *host->events);
	if (host->software == NULL || host->events == NULL || (config->motd != NULL && host->motd == NULL) ||
	    !host_keys(host, config) || !host_open_lobby(host)) {
		host_free(host);
		return NULL;
	}
	host_flush(host, 0);
	return host;
}

const struct host_limits *host_limits(const struct host *host)
{
	return &host->limits;
}

int host_reconfigure(struct host *host, const struct host_config *config)
{
	char *motd = config->motd == NULL ? NULL : strdup(config->motd);
	if (config->motd != NULL && motd == NULL)
		return TCHAT_ERR_MEMORY;
	free(host->motd);
	host->motd = motd;
	host->history_joined = config->history == HOST_HISTORY_JOINED;
	if (host->secure)
		host->access = config->access;
	host_set_limits(host, &config->limits);
	return 0;
}

void host_free(struct host *host)
{
	if (host == NULL)
		return;
	/* Rounds and requests hold peers and rooms, peers hold users, users hold rooms. */
	while (!TAILQ_EMPTY(&host->pendings)) {
		struct pending *pending = TAILQ_FIRST(&host->pendings);
		TAILQ_REMOVE(&host->pendings, pending, all);
		if (pending->peer != NULL)
			host_peer_reference_give(pending->peer);
		free(pending->blob);
		free(pending);
	}
	host->closing = true;
	host->store = NULL;
	host_round_clear(host, &host->rounds[0]);
	host_round_clear(host, &host->rounds[1]);
	while (!TAILQ_EMPTY(&host->peers))
		host_peer_closed(TAILQ_FIRST(&host->peers), host->now);
	while (host->users_by_id != NULL)
		host_user_forget(host, host->users_by_id);
	host_bookmarks_free(host);
	host_registry_free(host);
	while (host->rooms_by_id != NULL)
		host_room_free(host, host->rooms_by_id);
	buffer_free(&host->scratch);
	buffer_free(&host->text);
	free(host->events);
	free(host->software);
	free(host->motd);
	free(host);
}

void host_enter(struct host *host, tchat_time now)
{
	if (now > host->now)
		host->now = now;
}

void host_leave(struct host *host)
{
	host_reap(host);
}

/* --- The store */

struct pending *host_pending_new(struct host *host, struct host_peer *peer, enum store_type store, uint8_t type,
                                 uint32_t request)
{
	struct pending *pending = calloc(1, sizeof *pending);
	if (pending == NULL) {
		if (peer != NULL)
			host_peer_close(peer, TCHAT_ERR_MEMORY, HOST_DROP);
		return NULL;
	}
	pending->store.request.type = store;
	pending->type = type;
	pending->number = request;
	pending->peer = peer;
	if (peer != NULL) {
		peer->references++;
		peer->requests++;
	}
	TAILQ_INSERT_TAIL(&host->pendings, pending, all);
	return pending;
}

void host_pending_send(struct host *host, struct pending *pending)
{
	TAILQ_INSERT_TAIL(&host->waiting, pending, waiting);
}

static void host_pending_completed(struct host *host, struct pending *pending)
{
	struct host_peer *peer = pending->peer;
	struct room *target = pending->target;
	if (peer != NULL)
		peer->requests--;
	bool again = false;
	int err;
	switch (pending->store.request.type) {
	case STORE_DEVICE:
		host_auth_completed(host, pending);
		break;
	case STORE_ROOM:
		if (peer != NULL)
			host_join_completed(host, pending);
		else if (pending->store.request.error == 0)
			host_room_adopt(host, &pending->store.room, &err);
		break;
	case STORE_READ:
		again = host_read_completed(host, pending);
		break;
	case STORE_RECORD:
		host_record_completed(host, pending);
		break;
	case STORE_BACKUP:
		host_backup_completed(host, pending);
		break;
	case STORE_BATCH: /* has no pending */
		break;
	}
	if (again) {
		peer->requests++;
		host_pending_send(host, pending);
		return;
	}
	if (target != NULL) {
		target->busy--;
		host_room_unuse(host, target);
	}
	TAILQ_REMOVE(&host->pendings, pending, all);
	free(pending->blob);
	free(pending);
	if (peer != NULL) {
		host_peer_resume(peer);
		host_peer_reference_give(peer);
	}
}

static bool host_completions(struct host *host)
{
	bool any = false;
	struct store_request *request;
	while ((request = store_completed(host->store)) != NULL) {
		any = true;
		if (request->type == STORE_BATCH)
			host_round_completed(host);
		else
			host_pending_completed(host, (struct pending *)request);
	}
	return any;
}

void host_flush(struct host *host, tchat_time now)
{
	host_enter(host, now);
	host->told = 0;
	for (int i = 0; i < PASSES; i++) {
		host_round_submit(host);
		while (!TAILQ_EMPTY(&host->waiting)) {
			struct pending *pending = TAILQ_FIRST(&host->waiting);
			TAILQ_REMOVE(&host->waiting, pending, waiting);
			store_submit(host->store, &pending->store.request);
		}
		bool any = host_completions(host);
		host_reap(host);
		if (!host_peer_resume_all(host) && !any)
			break;
		host_reap(host);
	}
	host_leave(host);
}

void host_store_ready(struct host *host, tchat_time now)
{
	host_flush(host, now);
}

struct host_peer *host_next_dirty(struct host *host)
{
	struct host_peer *peer = TAILQ_FIRST(&host->dirty);
	if (peer == NULL)
		return NULL;
	TAILQ_REMOVE(&host->dirty, peer, by_dirty);
	peer->dirty = false;
	return peer;
}

/* --- Deadlines */

tchat_time host_deadline(const struct host *host)
{
	bool round_waits = host->flight == NULL && host->gather->batch.post_count > 0;
	/* Those whom the posts of a round do not hold up wait for the next flush only. */
	bool crowd_waits = !TAILQ_EMPTY(&host->crowded) && host->gather->bytes < host->limits.round;
	if (round_waits || crowd_waits || !TAILQ_EMPTY(&host->waiting) || !TAILQ_EMPTY(&host->resume) || !TAILQ_EMPTY(&host->dirty))
		return host->now;
	tchat_time next = host_registry_deadline(host);
	if (host_bookmarks_deadline(host) < next)
		next = host_bookmarks_deadline(host);
	if (host_rules_deadline(host) < next)
		next = host_rules_deadline(host);
	if (!TAILQ_EMPTY(&host->throttled) && host->throttle_due < next)
		next = host->throttle_due;
	for (int i = 0; i < WAITS; i++) {
		const struct host_peer *peer = TAILQ_FIRST(&host->waits[i]);
		if (peer != NULL && peer->since + host->wait_length[i] < next)
			next = peer->since + host->wait_length[i];
	}
	const struct host_peer *stalled = TAILQ_FIRST(&host->stalled);
	if (stalled != NULL && stalled->stalled_since + host->limits.stalled < next)
		next = stalled->stalled_since + host->limits.stalled;
	const struct user *user = TAILQ_FIRST(&host->idle_users);
	if (user != NULL && user->left + host->limits.memory < next)
		next = user->left + host->limits.memory;
	return next;
}

static void host_ping(struct host_peer *peer)
{
	struct message message = { .type = WIRE_PING };
	uint8_t payload[8];
	wire_set(payload, 8, peer->host->now);
	message.ping.payload = (struct wire_bytes){ payload, sizeof payload };
	host_queue_message(peer, &message);
}

static void host_wait_over(struct host_peer *peer)
{
	switch (peer->wait) {
	case WAIT_DOOR:
		host_peer_error(peer, TCHAT_ERR_NO_ANSWER, 0);
		host_reap(peer->host);
		break;
	case WAIT_HANDSHAKE:
		host_peer_error(peer, TCHAT_ERR_TOO_SLOW, 0);
		host_reap(peer->host);
		break;
	case WAIT_SILENCE:
		host_peer_wait(peer, WAIT_PONG);
		host_ping(peer);
		break;
	case WAIT_PONG:
		/* Who is not read from because of its backlog cannot be heard; it is judged by its progress. */
		if (!host_peer_wants_input(peer)) {
			host_peer_wait(peer, WAIT_SILENCE);
			break;
		}
		host_peer_error(peer, TCHAT_ERR_TOO_SLOW, 0);
		host_reap(peer->host);
		break;
	default:
		host_peer_close(peer, peer->close_code, HOST_DROP);
		host_peer_wait(peer, WAIT_CLOSING);
		break;
	}
}

void host_tick(struct host *host, tchat_time now)
{
	host_enter(host, now);
	for (int i = 0; i < WAITS; i++) {
		struct host_peer *peer;
		while ((peer = TAILQ_FIRST(&host->waits[i])) != NULL && peer->since + host->wait_length[i] <= host->now)
			host_wait_over(peer);
	}
	struct host_peer *peer;
	while ((peer = TAILQ_FIRST(&host->stalled)) != NULL &&
	       peer->stalled_since + host->limits.stalled <= host->now) {
		TAILQ_REMOVE(&host->stalled, peer, by_stalled);
		peer->stalled = false;
		host_peer_close(peer, TCHAT_ERR_TOO_SLOW, HOST_DROP);
	}
	host_users_tick(host);
	host_registry_tick(host);
	host_bookmarks_tick(host);
	host_rules_tick(host);
	host_throttle_tick(host);
	host_flush(host, now);
}

bool host_wants_end(const struct host *host)
{
	return host->wants_end;
}

void host_shutdown(struct host *host, uint32_t retry_ms, tchat_time now)
{
	host_enter(host, now);
	host_bookmarks_write(host);
	host_flush(host, now);
	host->closing = true;
	struct message message = { .type = WIRE_GOAWAY };
	message.goaway.code = -TCHAT_ERR_SHUTDOWN;
	message.goaway.retry_ms = retry_ms;
	struct host_peer *peer;
	TAILQ_FOREACH(peer, &host->peers, by_host) {
		if (peer->closing != HOST_OPEN)
			continue;
		if (peer->state == WIRE_NEW) {
			host_peer_error(peer, TCHAT_ERR_SHUTDOWN, 0);
			continue;
		}
		host_queue_message(peer, &message);
		host_peer_close(peer, TCHAT_ERR_SHUTDOWN, HOST_FLUSH);
	}
	host_leave(host);
}
