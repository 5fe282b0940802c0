/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is there: rosters in pages, and telling others of changes, in rooms small enough for that. */
#include "host/internal.h"

#include "base/errors.h"
#include "base/utf8.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

void host_member_message(struct message *message, const struct room *room, struct user *user, uint8_t change)
{
	const struct membership *membership = room == NULL ? NULL : host_member_find(user, room->id);
	memset(message, 0, sizeof *message);
	message->type = WIRE_MEMBER;
	message->member.room = room == NULL ? 0 : room->id;
	message->member.user = user->id;
	message->member.change = change;
	message->member.role = membership == NULL ? user->role : membership->role;
	message->member.away = user->away;
	message->member.nick = wire_text(user->nick.shown);
}

/* One frame as a block to share, or NULL when memory is out: then nobody is told, which a roster asked for anew
 * makes good. */
static struct block *message_block(struct host *host, const struct message *message)
{
	buffer_truncate(&host->scratch, 0);
	if (message_encode(&host->scratch, message) != 0)
		return NULL;
	size_t length = buffer_length(&host->scratch);
	struct block *block = block_new(length);
	if (block == NULL)
		return NULL;
	memcpy(block->bytes, buffer_data(&host->scratch), length);
	block->length = (uint32_t)length;
	host_block_publish(host, block);
	return block;
}

enum { TELL_COST = 32 }; /* of looking at one more seat, in bytes */

/* Whoever is too far behind for this is told so, and will ask for pages and the roster. */
static void seat_tell(const struct seat_entry *entry, struct block *block)
{
	struct host_peer *peer = entry->peer;
	peer->host->told += block->length + TELL_COST;
	if (peer->queued + block->length <= host_queue_limit(peer->host))
		host_queue_span(peer, block, 0, block->length);
	else if (host_seat_is_live(entry->seat))
		host_seat_gap(entry->seat, entry->seat->room->head + 1);
}

void host_member_tell(struct host *host, struct room *room, const struct message *member,
                      const struct host_peer *except)
{
	if (room->member_count > host->limits.fan_out || room->seat_count == 0)
		return;
	struct block *block = message_block(host, member);
	if (block == NULL)
		return;
	/* Downwards: a seat that loses its liveness changes places with one that was met. */
	for (uint32_t i = room->seat_count; i-- > 0;)
		if (room->seats[i].peer != except)
			seat_tell(&room->seats[i], block);
	host_block_give(host, block);
}

void host_neighbours_tell(struct host *host, struct user *user, const struct message *message, bool droppable,
                          const struct host_peer *except)
{
	struct block *block = message_block(host, message);
	if (block == NULL)
		return;
	host->mark++;
	struct host_peer *peer;
	TAILQ_FOREACH(peer, &user->peers, by_user) {
		peer->mark = host->mark;
		if (peer != except)
			host_queue_span(peer, block, 0, block->length);
	}
	for (uint32_t m = 0; m < user->membership_count; m++) {
		struct room *room = user->memberships[m]->room;
		if (room->member_count > host->limits.fan_out)
			continue;
		for (uint32_t i = room->seat_count; i-- > 0;) {
			struct seat_entry *entry = &room->seats[i];
			if (entry->peer->mark == host->mark)
				continue;
			entry->peer->mark = host->mark;
			if (!droppable || entry->peer->queued <= host->limits.queue_soft)
				seat_tell(entry, block);
		}
	}
	host_block_give(host, block);
}

void host_names(struct host_peer *peer, const struct wire_names *names)
{
	struct host *host = peer->host;
	const struct membership *membership = host_member_find(peer->user, names->room);
	if (membership == NULL || membership->closed) {
		int err = host_room_by_id(host, names->room) == NULL ? TCHAT_ERR_NO_ROOM : TCHAT_ERR_NOT_MEMBER;
		host_answer_error(peer, names->request, err, WIRE_NAMES);
		return;
	}
	const struct room *room = membership->room;
	uint32_t at = host_member_after(room, names->after);
	uint32_t limit = names->limit > PAGE_LIMIT ? PAGE_LIMIT : names->limit;
	uint32_t left = room->member_count - at;
	uint32_t count = left < limit ? left : limit;
	struct buffer records;
	buffer_init(&records, WIRE_LIMIT);
	int err = 0;
	for (uint32_t i = 0; i < count && err == 0; i++) {
		struct message member;
		host_member_message(&member, room, room->members[at + i]->user, MEMBER_PRESENT);
		err = message_encode(&records, &member);
	}
	struct message message = { .type = WIRE_USERS };
	message.users.request = names->request;
	message.users.room = room->id;
	message.users.total = room->member_count;
	message.users.flags = left > count ? PAGE_MORE : 0;
	message.users.records = (struct wire_bytes){ buffer_data(&records), buffer_length(&records) };
	if (err == 0)
		host_queue_message(peer, &message);
	else
		host_peer_close(peer, err, HOST_DROP);
	buffer_free(&records);
}

void host_presence(struct host_peer *peer, const struct wire_presence *presence)
{
	struct message message = { .type = WIRE_PRESENCE };
	peer->user->away = presence->away != 0;
	message.presence.user = peer->user->id;
	message.presence.away = peer->user->away;
	if (peer->user->role != ROLE_MUTED && presence->reason.length <= REASON_BYTES &&
	    utf8_valid((const char *)presence->reason.data, presence->reason.length))
		message.presence.reason = presence->reason;
	free(peer->user->away_reason); /* for WHOIS; without memory there is none */
	peer->user->away_reason = message.presence.reason.length == 0 ? NULL :
	                          strndup((const char *)message.presence.reason.data, message.presence.reason.length);
	host_neighbours_tell(peer->host, peer->user, &message, true, peer);
}
