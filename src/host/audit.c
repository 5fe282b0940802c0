/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of what moderators did: each act a record that never changes, the oldest forgotten first. */
#include "host/rule.h"

#include "host/door.h"
#include "host/internal.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

/* As it is kept, and as it is told. */
struct act_kept {
	uint64_t number, room;
	size_t length;
	TAILQ_ENTRY(act_kept) by_number;
	uint8_t frame[];
};

static struct act_kept *act_find(struct host *host, uint64_t number)
{
	struct act_kept *act;
	TAILQ_FOREACH_REVERSE(act, &host->acts, act_list, by_number)
		if (act->number <= number)
			break;
	return act != NULL && act->number == number ? act : NULL;
}

static void act_free(struct host *host, struct act_kept *act)
{
	TAILQ_REMOVE(&host->acts, act, by_number);
	host->act_count--;
	free(act);
}

void host_acts_free(struct host *host)
{
	while (!TAILQ_EMPTY(&host->acts))
		act_free(host, TAILQ_FIRST(&host->acts));
}

/* Records come in the order of their numbers, or nearly so. */
static int act_add(struct host *host, uint64_t number, uint64_t room, const void *frame, size_t length)
{
	struct act_kept *act = malloc(sizeof *act + length), *before = TAILQ_LAST(&host->acts, act_list);
	if (act == NULL)
		return TCHAT_ERR_MEMORY;
	act->number = number;
	act->room = room;
	act->length = length;
	memcpy(act->frame, frame, length);
	while (before != NULL && before->number > number)
		before = TAILQ_PREV(before, act_list, by_number);
	if (before == NULL)
		TAILQ_INSERT_HEAD(&host->acts, act, by_number);
	else
		TAILQ_INSERT_AFTER(&host->acts, before, act, by_number);
	host->act_count++;
	if (host->last_act < number)
		host->last_act = number;
	return 0;
}

/* --- Records */

struct pending *host_record_act(struct host *host, uint64_t number)
{
	struct pending *pending = host_pending_new(host, NULL, STORE_RECORD, 0, 0);
	if (pending == NULL)
		return NULL;
	struct store_record *record = &pending->store.record;
	const struct act_kept *act = act_find(host, number);
	record->kind = HOST_RECORD_ACT;
	record->key_length = 8;
	wire_set(record->key, 8, number);
	if (act == NULL)
		return pending; /* deletes it */
	pending->blob = malloc(act->length);
	if (pending->blob != NULL)
		memcpy(pending->blob, act->frame, act->length);
	record->value = pending->blob != NULL ? (const void *)pending->blob : "";
	record->length = pending->blob != NULL ? (uint32_t)act->length : STORE_RECORD_MOST + 1;
	return pending;
}

int host_act_load(struct host *host, uint64_t number, const uint8_t *bytes, size_t length)
{
	struct frame frame;
	struct message message;
	int size = frame_peek(&frame, bytes, length, WIRE_LIMIT);
	if (size <= 0 || (size_t)size != length || frame.type != WIRE_ACT ||
	    message_decode(&message, frame.type, frame.payload, frame.length) != 0 || message.act.number != number)
		return TCHAT_ERR_SYNTAX;
	return act_add(host, number, message.act.room, bytes, length);
}

static struct wire_bytes text_or_none(const char *text)
{
	return wire_text(text == NULL || text[0] == '\0' ? NULL : text);
}

/* An act that memory or the disk has no place for is done all the same. */
void host_act(struct host *host, const struct act *act)
{
	struct message message = { .type = WIRE_ACT };
	struct wire_act *wire = &message.act;
	wire->number = host->last_act + 1;
	wire->time = host->environment->wall(host->environment->arg);
	wire->room = act->room == NULL ? 0 : act->room->id;
	wire->action = act->action;
	wire->seconds = act->seconds;
	wire->nick = text_or_none(act->nick);
	wire->reason = text_or_none(act->reason);
	wire->address = text_or_none(act->address);
	wire->by = text_or_none(act->by);
	wire->name = text_or_none(act->room == NULL ? NULL : act->room->name);
	if (act->key != NULL)
		wire->key = (struct wire_bytes){ act->key->bytes, sizeof act->key->bytes };
	buffer_truncate(&host->scratch, 0);
	if (message_encode(&host->scratch, &message) != 0 ||
	    act_add(host, wire->number, wire->room, buffer_data(&host->scratch), buffer_length(&host->scratch)) != 0) {
		host_event_error(host, HOST_EVENT_STORE, TCHAT_ERR_MEMORY);
		return;
	}
	host_keep(host, host_record_act(host, wire->number));
	while (host->act_count > ACTS) {
		uint64_t oldest = TAILQ_FIRST(&host->acts)->number;
		act_free(host, TAILQ_FIRST(&host->acts));
		host_keep(host, host_record_act(host, oldest));
	}
	host_event_act(host, act);
}

void host_acts_deleted(struct host *host, const struct round *round, const struct round_part *part)
{
	for (uint32_t i = part->first; i != UINT32_MAX; i = round->posts[i].next) {
		const struct store_post *post = &round->batch.posts[i];
		const struct user *by = round->posts[i].peer->user;
		if (post->outcome != STORE_ACCEPTED || !post->blanks || by == NULL || post->own || post->author == by->id)
			continue;
		const struct user *author = host_user_by_id(host, post->author);
		host_act(host, &(struct act){ .action = MODERATE_DELETE, .room = part->room, .by = by->nick.shown,
		                              .nick = author == NULL ? NULL : author->nick.shown });
	}
}

/* --- AUDIT */

/* What only owners are told goes. */
static int act_put(struct buffer *records, const struct act_kept *act, bool owner)
{
	struct frame frame;
	struct message message;
	if (owner)
		return buffer_put(records, act->frame, act->length);
	if (frame_peek(&frame, act->frame, act->length, WIRE_LIMIT) <= 0 ||
	    message_decode(&message, frame.type, frame.payload, frame.length) != 0)
		return TCHAT_ERR_SYNTAX;
	message.act.address = message.act.key = (struct wire_bytes){ 0 };
	return message_encode(records, &message);
}

struct audit_page {
	const struct act_kept *first; /* the oldest that fits */
	bool more;
};

static bool act_is_for(struct host *host, const struct user *user, const struct act_kept *act, uint64_t room, uint64_t from)
{
	return (from == 0 || act->number < from) && (room == 0 || act->room == room) && !host_room_hides(host, user, act->room);
}

/* The newest ones below from that fit into a page. */
static struct audit_page audit_page(struct host *host, const struct user *user, uint64_t room, uint64_t from,
                                    uint32_t limit)
{
	struct audit_page page = { 0 };
	size_t bytes = 0;
	uint32_t count = 0;
	const struct act_kept *act;
	TAILQ_FOREACH_REVERSE(act, &host->acts, act_list, by_number) {
		if (!act_is_for(host, user, act, room, from))
			continue;
		bytes += act->length;
		if (++count > limit || bytes > PAGE_RECORDS) {
			page.more = true;
			break;
		}
		page.first = act;
	}
	return page;
}

void host_audit(struct host_peer *peer, const struct wire_audit *wire)
{
	struct host *host = peer->host;
	struct room *room = wire->room == 0 ? NULL : host_room_by_id(host, wire->room);
	int err = wire->room != 0 && room == NULL ? TCHAT_ERR_NO_ROOM : 0;
	/* The lobby stands for the whole host. */
	if (room != NULL && host_room_is_lobby(room))
		room = NULL;
	uint64_t where = room == NULL ? 0 : room->id;
	if (err == 0 && host_user_rank(host, peer->user, room) < RANK_MODERATOR)
		err = TCHAT_ERR_NOT_ALLOWED;
	if (err != 0) {
		host_answer_error(peer, wire->request, err, WIRE_AUDIT);
		return;
	}
	uint32_t limit = wire->limit > PAGE_LIMIT ? PAGE_LIMIT : wire->limit;
	struct audit_page page = audit_page(host, peer->user, where, wire->from, limit);
	struct message message = { .type = WIRE_AUDITED };
	struct buffer records;
	buffer_init(&records, WIRE_LIMIT);
	const struct act_kept *act;
	for (act = page.first; act != NULL && err == 0; act = TAILQ_NEXT(act, by_number))
		if (act_is_for(host, peer->user, act, where, wire->from))
			err = act_put(&records, act, peer->owner);
	message.audited.request = wire->request;
	message.audited.flags = page.more ? PAGE_MORE : 0;
	message.audited.next = page.first == NULL ? 0 : page.first->number;
	message.audited.records = (struct wire_bytes){ buffer_data(&records), buffer_length(&records) };
	if (err == 0)
		host_queue_message(peer, &message);
	else
		host_peer_close(peer, err, HOST_DROP);
	buffer_free(&records);
}
