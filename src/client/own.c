/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own messages that the host accepted: when its history turns out to be another one, those that it has no more are
 * offered for posting again. The newest are remembered. */
#include "client/internal.h"

#include <stdlib.h>
#include <string.h>

/* What is said of its place does not hold any more, or does. */
static void own_set_sure(struct session *session, struct own *own, bool sure)
{
	session->own_unsure += own->sure && !sure;
	session->own_unsure -= !own->sure && sure;
	own->sure = sure;
}

static void own_keep(struct session *session, const struct own *own)
{
	if (session->store != NULL && own->kept.row != 0)
		session->store->operations->own(session->store, &own->kept);
}

static void own_remove(struct session *session, size_t index)
{
	struct own *own = &session->own[index];
	own_set_sure(session, own, true);
	if (session->store != NULL)
		session->store->operations->disown(session->store, own->kept.counter);
	session->own_bytes -= own->kept.length;
	free(own->text);
	session->own_count--;
	memmove(own, own + 1, (session->own_count - index) * sizeof *own);
}

/* Adds behind the others; when memory is out, it is not remembered. */
static struct own *own_add(struct session *session, const struct client_own *kept)
{
	if (session->own == NULL)
		session->own = calloc(OWN_MAX, sizeof *session->own);
	while (session->own_count > 0 &&
	       (session->own_count == OWN_MAX || session->own_bytes + kept->length > OWN_BYTES))
		own_remove(session, 0);
	char *text = session->own != NULL ? malloc(kept->length + 1) : NULL;
	if (text == NULL)
		return NULL;
	if (kept->length > 0)
		memcpy(text, kept->text, kept->length);
	text[kept->length] = '\0';
	struct own *own = &session->own[session->own_count++];
	*own = (struct own){ .kept = *kept };
	own->kept.text = own->text = text;
	session->own_bytes += kept->length;
	session->own_unsure++;
	return own;
}

void own_load(struct session *session)
{
	for (size_t i = 0; i < session->store->own_count; i++)
		own_add(session, &session->store->own[i]);
}

void own_open(struct session *session, const struct room *room)
{
	const struct client_row *row = room->row;
	for (size_t i = 0; row != NULL && i < session->own_count; i++) {
		struct own *own = &session->own[i];
		if (own->kept.row != row->row)
			continue;
		own->room = room->handle;
		own->lost = false;
		own_set_sure(session, own, own->kept.epoch != 0 && own->kept.epoch == row->epoch && own->kept.seq <= row->seq);
	}
}

static struct own *own_find(const struct session *session, uint64_t counter)
{
	for (size_t i = session->own_count; i > 0; i--)
		if (session->own[i - 1].kept.counter == counter)
			return &session->own[i - 1];
	return NULL;
}

bool own_has(const struct session *session, uint64_t counter)
{
	return own_find(session, counter) != NULL;
}

uint64_t own_counter(const struct session *session, const struct message_id *id)
{
	uint64_t counter = id->counter - session->counter_offset;
	bool ours = session->device != 0 && (id->device == session->device || id->device == session->former_device);
	return ours && counter >= session->first_counter ? counter : 0;
}

void own_accepted(struct session *session, const struct room *room, const struct outbox_post *post,
                  const struct wire_ack *ack)
{
	/* A change names its message by seq, which means nothing in another history. */
	if (room == NULL || !room->cursor || post->kind == KIND_VOID || post->target != 0 || own_find(session, post->counter) != NULL)
		return;
	const struct client_own kept = { .counter = post->counter,
		                         .row = room->row != NULL ? room->row->row : 0,
		                         .kind = post->kind,
		                         .epoch = room->epoch,
		                         .seq = ack->seq,
		                         .time = ack->time,
		                         .text = post->text,
		                         .length = post->length };
	struct own *own = own_add(session, &kept);
	if (own == NULL)
		return;
	own->room = room->handle;
	own_set_sure(session, own, room->state == ROOM_LIVE && ack->seq <= room->seq);
	own_keep(session, own);
}

void own_seen(struct session *session, const struct room *room, const struct wire_msg *msg)
{
	bool ours = msg->id.device == session->device;
	uint64_t counter = msg->id.counter - session->counter_offset;
	for (size_t i = 0; session->own_unsure > 0 && i < session->own_count; i++) {
		struct own *own = &session->own[i];
		if (own->sure || own->room != room->handle)
			continue;
		if (ours && own->kept.counter == counter) {
			bool moved = own->kept.epoch != room->epoch || own->kept.seq != msg->seq;
			own->kept.epoch = room->epoch;
			own->kept.seq = msg->seq;
			own_set_sure(session, own, true);
			if (moved)
				own_keep(session, own);
		} else if (own->kept.epoch == room->epoch && own->kept.seq == msg->seq) {
			own->kept.epoch = 0; /* another one is in its place */
			own_keep(session, own);
		}
	}
}

void own_forget(struct session *session)
{
	while (session->own_count > 0)
		own_remove(session, session->own_count - 1);
}

void own_deleted(struct session *session, const struct room *room, uint64_t seq)
{
	for (size_t i = 0; i < session->own_count; i++)
		if (session->own[i].room == room->handle && session->own[i].kept.seq == seq &&
		    session->own[i].kept.epoch == room->epoch) {
			own_remove(session, i);
			return;
		}
}

void own_afresh(struct session *session, const struct room *room, uint64_t first)
{
	for (size_t i = session->own_count; i > 0; i--) {
		struct own *own = &session->own[i - 1];
		if (own->room != room->handle)
			continue;
		if (own->kept.seq < first) { /* not kept any longer, as other old ones */
			own_remove(session, i - 1);
			continue;
		}
		own->kept.epoch = 0;
		own->lost = false;
		own_set_sure(session, own, false);
		own_keep(session, own);
	}
}

void own_skipped(struct session *session, const struct room *room, uint64_t first)
{
	for (size_t i = session->own_count; session->own_unsure > 0 && i > 0; i--) {
		const struct own *own = &session->own[i - 1];
		if (!own->sure && own->room == room->handle && own->kept.epoch != room->epoch && own->kept.seq < first)
			own_remove(session, i - 1);
	}
}

void own_rolled_back(struct session *session, uint64_t mark)
{
	for (size_t i = 0; i < session->own_count; i++) {
		struct own *own = &session->own[i];
		if (own->kept.counter <= mark)
			continue;
		own->kept.epoch = 0;
		own_set_sure(session, own, false);
		own_keep(session, own);
	}
}

int own_live(struct session *session, const struct room *room)
{
	int err = 0;
	for (size_t i = 0; err == 0 && session->own_unsure > 0 && i < session->own_count; i++) {
		struct own *own = &session->own[i];
		if (own->sure || own->lost || own->room != room->handle)
			continue;
		/* In this history, but not shown: it fell into a gap. */
		if (own->kept.epoch == room->epoch && own->kept.seq <= room->seq) {
			own_set_sure(session, own, true);
			continue;
		}
		own->lost = true;
		struct draft draft = draft_of(SESSION_LOST, room);
		draft.event.counter = own->kept.counter;
		draft.event.kind = own->kept.kind;
		draft.event.time = own->kept.time;
		draft.text = (struct wire_bytes){ (const uint8_t *)own->kept.text, own->kept.length };
		err = session_tell(session, &draft);
	}
	return err;
}

/* Posts again, and forgets, what is lost; counter 0: all of it. */
static int own_settle(struct session *session, uint64_t counter, bool post)
{
	int count = 0;
	for (size_t i = 0; i < session->own_count;) {
		struct own *own = &session->own[i];
		if (!own->lost || (counter != 0 && own->kept.counter != counter)) {
			i++;
			continue;
		}
		int64_t posted = post ? session_post(session, own->room, own->kept.kind, own->kept.text, own->kept.length, NULL)
		                      : 0;
		if (posted < 0)
			return count > 0 ? count : (int)posted;
		own_remove(session, i);
		count++;
	}
	return count > 0 ? count : TCHAT_ERR_NOT_FOUND;
}

int session_repost(struct session *session, uint64_t counter)
{
	return own_settle(session, counter, true);
}

int session_forget_lost(struct session *session, uint64_t counter)
{
	return own_settle(session, counter, false);
}

void own_free(struct session *session)
{
	for (size_t i = 0; i < session->own_count; i++)
		free(session->own[i].text);
	free(session->own);
}
