/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the session keeps beyond its own end: posts of an earlier life are taken up again, cursors and messages are handed
 * to the store, and what was read before is shown from there. */
#include "client/internal.h"

#include <stdlib.h>
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
		session->store->operations->message(session->store, row, msg->time, buffer_data(&record),
		                                    buffer_length(&record));
	buffer_free(&record);
}

/* --- Reading what was read */

static int read_begin(struct session *session, struct room *room, uint64_t before, uint32_t count, bool tail,
                      uint32_t asked)
{
	struct stored_read *read = calloc(1, sizeof *read);
	if (read == NULL)
		return TCHAT_ERR_MEMORY;
	read->read = (struct client_read){ .row = room->row->row, .before = before, .limit = count };
	read->room = room->handle;
	read->tail = tail;
	read->asked = asked;
	read->next = session->reads;
	session->reads = read;
	session->store->operations->read(session->store, &read->read);
	return 0;
}

void stored_tail(struct session *session, struct room *room)
{
	if (room->tail_asked)
		return;
	uint32_t count = session->config.history < PAGE_LIMIT ? session->config.history : PAGE_LIMIT;
	room->tail_asked = read_begin(session, room, room->seq + 1, count, true, 0) == 0;
	room->tail = room->tail_asked; /* without memory, without that */
}

int stored_history(struct session *session, struct room *room, uint64_t before, uint32_t count, uint32_t asked)
{
	if (room->row == NULL)
		return TCHAT_ERR_AGAIN;
	return read_begin(session, room, before, count, false, asked);
}

static uint64_t read_tell(struct session *session, const struct room *room, const struct stored_read *read)
{
	struct wire_bytes records = { buffer_data(&read->read.records), buffer_length(&read->read.records) };
	struct message record;
	uint64_t first = 0;
	while (read->read.error == 0 && page_next(&records, &record) > 0) {
		struct draft draft =
			draft_of_message(session, room, read->tail ? SESSION_MESSAGE : SESSION_PAST, &record.msg);
		draft.event.replay = true;
		draft.event.asked = read->asked;
		draft.event.own = draft.event.own || (record.msg.id.device == session->device && session->device != 0);
		draft.event.counter = own_counter(session, &record.msg.id);
		first = first == 0 ? record.msg.seq : first;
		if (session_tell(session, &draft) != 0)
			break;
	}
	return first;
}

static void read_done(struct session *session, struct stored_read *read)
{
	struct room *room = room_by_handle(session, read->room);
	if (room == NULL || (read->tail && !room->tail))
		return;
	uint64_t first = read_tell(session, room, read);
	if (read->tail) {
		room->tail = room->tail_asked = false;
		if (room->state == ROOM_WANTED && room_join(session, room) != 0)
			session_fail(session, TCHAT_ERR_FULL, 0);
		return;
	}
	struct draft end = draft_of(SESSION_PAST_END, room);
	end.event.seq = first;
	end.event.more = read->read.more;
	end.event.asked = read->asked;
	session_tell(session, &end);
}

void session_stored(struct session *session, tchat_time now)
{
	struct client_read *done;
	session->now = now;
	if (session->store == NULL)
		return;
	while ((done = session->store->operations->completed(session->store)) != NULL) {
		struct stored_read *read = (struct stored_read *)done, **at = &session->reads;
		while (*at != read)
			at = &(*at)->next;
		*at = read->next;
		read_done(session, read);
		buffer_free(&read->read.records);
		free(read);
	}
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
	session->pending = session->void_count = 0;
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

void stored_free(struct session *session)
{
	/* The store still has them: it was freed before, or the session's owner frees it now. */
	for (struct stored_read *read = session->reads, *next; read != NULL; read = next) {
		next = read->next;
		buffer_free(&read->read.records);
		free(read);
	}
}
