/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the session keeps beyond its own end: posts of an earlier life are taken up again, cursors and messages are handed
 * to the store. */
#include "client/internal.h"

#include <string.h>

_Static_assert(TEXT_NAME_BYTES + 1 <= CLIENT_NAME_SIZE, "a room's name fits into its row");

/* --- Rooms */

void stored_restore(struct session *session, struct room *room)
{
	struct client_store *store = session->store;
	if (store == NULL)
		return;
	room->row = store->operations->row(store, room->direct, room->fold, room->name);
	if (room->row != NULL && room->row->read > room->read)
		room->read = room->row->read;
	own_open(session, room);
	if (room->row == NULL || room->row->epoch == 0 || room->since != 0)
		return;
	room->cursor = true;
	room->cursor_id = room->row->has_id;
	room->epoch = room->row->epoch;
	room->seq = room->row->seq;
	room->id_at = room->row->id;
	room->tail = session->config.history > 0;
}

void stored_cursor(struct session *session, const struct room *room)
{
	struct client_row *row = room->row;
	if (row == NULL)
		return;
	if (row->epoch != room->epoch)
		session->store->operations->forget(session->store, row);
	row->room = room->id;
	row->epoch = room->epoch;
	row->seq = room->seq;
	row->has_id = room->cursor_id;
	row->id = room->id_at;
	strcpy(row->name, room->name);
	strcpy(row->fold, room->fold);
	session->store->operations->keep(session->store, row);
}

void stored_parted(struct session *session, const struct room *room)
{
	if (room->row == NULL)
		return;
	room->row->epoch = 0;
	session->store->operations->keep(session->store, room->row);
}

void stored_message(struct session *session, const struct room *room, const struct wire_msg *msg)
{
	struct client_row *row = room->row;
	struct buffer record;
	if (row == NULL)
		return;
	row->seq = msg->seq;
	row->has_id = true;
	row->id = msg->id;
	buffer_init(&record, FRAME_MAXIMUM);
	if (message_encode(&record, &(struct message){ .type = WIRE_MSG, .msg = *msg }) == 0)
		session->store->operations->message(session->store, row, msg->time, seq_of(msg->target),
		                                    buffer_data(&record), buffer_length(&record));
	buffer_free(&record);
}

void session_stored(struct session *session, tchat_time now)
{
	session->now = now;
	if (session->store == NULL)
		return;
	stored_reads_done(session);
	posts_stored(session);
	posts_pump(session);
	session_leave_when_done(session);
}

/* --- The beginning */

/* Posts of an earlier life: their rooms are joined. What they may go to is only the room that they were meant for. */
static void take_up(struct session *session)
{
	struct outbox *outbox = session->outbox;
	struct outbox_post post;
	struct room *room;
	for (uint64_t counter = outbox->lowest(outbox); counter < outbox->next(outbox); counter++) {
		if (outbox->get(outbox, counter, &post) != 0)
			continue;
		if (own_has(session, counter)) { /* that much of its acceptance was stored */
			outbox->settle(outbox, counter);
			continue;
		}
		session->pending++;
		session->cancelled += post.cancelled;
		if (post.cancelled || room_take(session, post.name, post.direct, &room) != 0)
			continue;
		if (room->state == ROOM_GONE)
			room_want(session, room, 0);
		if (room->direct && room->row != NULL && room->row->room != 0 && session->life != 0 && room->id_life == 0) {
			room->id = room->row->room;
			room->id_life = session->life;
		}
		room->pending++;
		outbox->place(outbox, counter, room->handle);
	}
}

/* What was posted before there was a store goes into it, behind what is there. */
static void move_posts(struct session *session, struct outbox *from, struct outbox *to)
{
	struct outbox_post post;
	for (uint64_t counter = from->lowest(from); counter < from->next(from); counter++) {
		if (from->get(from, counter, &post) != 0)
			continue;
		struct room *room = room_by_handle(session, post.room);
		post.counter = to->next(to);
		int err = post.cancelled ? TCHAT_ERR_CANCELLED : to->add(to, &post);
		if (err == 0 && room != NULL)
			room->pending++;
		session->pending += err == 0;
		if (err == 0)
			continue;
		post_tell_nack(session, &post, err);
	}
}

static void take_store(struct session *session, struct client_store *store)
{
	struct outbox *before = session->outbox, *outbox = store->outbox;
	bool same_host = session->life == 0 || memcmp(session->host, store->host, WIRE_KEY_SIZE) == 0;
	session->store = store;
	session->outbox = outbox;
	session->outbox_own = false;
	memcpy(session->salt, store->salt, WIRE_KEY_SIZE);
	session->device = store->device;
	/* The host's numbers of rooms hold as long as it says to be the same. */
	if (session->life == 0 && store->device != 0) {
		memcpy(session->host, store->host, WIRE_KEY_SIZE);
		session->life = 1;
	}
	session->next_send = session->first_counter = outbox->lowest(outbox);
	session->highest_sent = outbox->next(outbox) - 1; /* for all that is known */
	session->shown = session->next_send - 1;
	session->pending = session->cancelled = session->void_count = 0;
	own_load(session);
	for (size_t i = 0; i < session->room_count; i++) {
		struct room *room = session->rooms[i];
		room->pending = 0;
		if (room->state == ROOM_WANTED && !room->was_joined)
			stored_restore(session, room);
		if (room->tail)
			stored_tail(session, room);
	}
	take_up(session);
	if (!same_host)
		for (size_t i = 0; i < session->room_count; i++)
			session->rooms[i]->id_life = 0;
	move_posts(session, before, outbox);
	before->free(before);
}

void session_store(struct session *session, struct client_store *store, tchat_time now)
{
	session->now = now;
	if (!session->store_awaited)
		return;
	session->store_awaited = false;
	if (store != NULL)
		take_store(session, store);
	posts_stored(session);
	if (session->link == LINK_STORE)
		handshake_auth(session);
}

void session_unstored(struct session *session, int code, const char *reason, tchat_time now)
{
	session->now = now;
	if (code == session->unstored)
		return;
	session->unstored = code;
	struct draft draft = { .event = { .type = SESSION_UNSTORED, .code = code }, .text = wire_text(reason) };
	session_tell(session, &draft);
	session_store(session, NULL, now);
}
