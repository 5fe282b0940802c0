/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Posts: into the outbox, from there to the host in the order of their counters, again until there is an answer. */
#include "client/internal.h"

#include "base/utf8.h"

#include <string.h>

enum {
	TOPIC_BYTES = 400,
	RESEND_FIRST_MS = 100, /* doubled for each rewind that brought nothing */
	RESEND_MAX_MS = 6400,
	RETRY_MAX_MS = 60000,
};

static int post_check(const struct session *session, uint8_t kind, const char *text, size_t length)
{
	if (kind != KIND_TEXT && kind != KIND_ACTION && kind != KIND_TOPIC)
		return TCHAT_ERR_BAD_KIND;
	if (length > session->text_limit || (kind == KIND_TOPIC && length > TOPIC_BYTES))
		return TCHAT_ERR_TOO_LONG;
	if (length > 0 && (memchr(text, 0, length) != NULL || !utf8_valid(text, length)))
		return TCHAT_ERR_BAD_TEXT;
	return 0;
}

int64_t session_post(struct session *session, uint32_t handle, uint8_t kind, const char *text, size_t length,
                     const char *ref)
{
	struct room *room = room_by_handle(session, handle);
	if (room == NULL || room->state == ROOM_GONE || room->state == ROOM_PARTING)
		return TCHAT_ERR_NOT_FOUND;
	if (session->leaving)
		return TCHAT_ERR_LEAVING;
	int err = post_check(session, kind, text, length);
	if (err == 0 && ref != NULL && strlen(ref) > SESSION_REF_MAX)
		err = TCHAT_ERR_TOO_LONG;
	if (err != 0)
		return err;
	struct outbox *outbox = session->outbox;
	struct outbox_post post = { .counter = outbox->next(outbox),
		                    .room = room->handle,
		                    .kind = kind,
		                    .text = text,
		                    .length = length,
		                    .ref = ref == NULL ? "" : ref };
	err = outbox->add(outbox, &post);
	if (err != 0)
		return err;
	room->pending++;
	session->pending++;
	struct draft draft = draft_of(SESSION_PENDING, room);
	draft.event.counter = post.counter;
	draft.event.kind = kind;
	draft.ref = wire_text(post.ref);
	draft.text = (struct wire_bytes){ (const uint8_t *)text, length };
	session_tell(session, &draft);
	posts_pump(session);
	return (int64_t)post.counter;
}

static int tell_nack(struct session *session, const struct outbox_post *post, int code)
{
	struct draft draft = draft_of(SESSION_NACK, room_by_handle(session, post->room));
	draft.event.counter = post->counter;
	draft.event.code = code;
	draft.event.kind = post->kind;
	draft.ref = wire_text(post->ref);
	draft.text = (struct wire_bytes){ (const uint8_t *)post->text, post->length };
	return session_tell(session, &draft);
}

/* The counter has to reach the host all the same: it goes to a room that is none, and is refused. */
int session_cancel(struct session *session, uint64_t counter)
{
	struct outbox_post post;
	if (session->outbox->get(session->outbox, counter, &post) != 0 || post.room == 0)
		return TCHAT_ERR_NOT_FOUND;
	if (counter <= session->highest_sent)
		return TCHAT_ERR_AGAIN;
	struct room *room = room_by_handle(session, post.room);
	if (room != NULL)
		room->pending--;
	tell_nack(session, &post, TCHAT_ERR_CANCELLED);
	session->outbox->cancel(session->outbox, counter);
	posts_pump(session);
	return 0;
}

/* Encodes one post: 0, TCHAT_ERR_AGAIN while its room is being joined, or why the output takes no more. */
static int post_send(struct session *session, const struct outbox_post *post)
{
	const struct room *room = room_by_handle(session, post->room);
	if (room != NULL && (room->state == ROOM_WANTED || room->state == ROOM_JOINING))
		return TCHAT_ERR_AGAIN;
	/* A room that is gone still has its number, under which the host knows what it decided of an earlier try. */
	uint64_t id = room != NULL && room->id_life == session->life ? room->id : 0;
	bool fits = post->length <= session->frame_limit - MSG_BODY;
	struct message message = { .type = WIRE_POST,
		                   .post = { .room = fits ? id : 0,
		                             .id = { session->device, post->counter + session->counter_offset },
		                             .kind = post->kind,
		                             .body = { (const uint8_t *)post->text, fits ? post->length : 0 } } };
	return session_send(session, &message);
}

/* Posts that are sent and not known to be decided: the host decides in order, so counters are enough. */
static uint64_t posts_in_flight(const struct session *session)
{
	uint64_t sent = session->next_send - 1;
	return sent > session->mark ? sent - session->mark : 0;
}

void posts_pump(struct session *session)
{
	struct outbox *outbox = session->outbox;
	if (session->link != LINK_READY || session->resend_at != 0)
		return;
	uint64_t safe = outbox->safe(outbox);
	size_t window = session->config.flight_posts;
	for (; session->next_send <= safe && posts_in_flight(session) < window; session->next_send++) {
		struct outbox_post post;
		if (outbox->get(outbox, session->next_send, &post) != 0) {
			if (session->next_send <= session->mark)
				continue;
			/* Settled with a host that forgot it: this one still waits for the counter, and refuses this. */
			post = (struct outbox_post){ .counter = session->next_send, .kind = KIND_TEXT };
		}
		size_t size = post.length + POST_OVERHEAD;
		if (session->flight_bytes > 0 && session->flight_bytes + size > session->config.flight_bytes)
			return;
		if (post_send(session, &post) != 0)
			return;
		if (post.text != NULL)
			session->flight_bytes += size;
		if (session->next_send > session->highest_sent)
			session->highest_sent = session->next_send;
	}
}

void posts_rewind(struct session *session)
{
	uint64_t lowest = session->outbox->lowest(session->outbox);
	session->next_send = lowest < session->mark + 1 ? lowest : session->mark + 1;
	session->flight_bytes = 0;
	session->resend_at = 0;
}

/* The outbox's counter of an id of the host's, which has to be one that was sent. */
static bool post_counter(const struct session *session, const struct message_id *id, uint64_t *counter)
{
	*counter = id->counter - session->counter_offset;
	return id->device == session->device && id->counter > session->counter_offset &&
	       *counter <= session->highest_sent;
}

/* The host decided this counter, and so all below. */
static void post_decided(struct session *session, uint64_t counter)
{
	if (counter > session->mark)
		session->mark = counter;
	session->resends = 0;
}

static void post_settle(struct session *session, const struct outbox_post *post)
{
	struct room *room = room_by_handle(session, post->room);
	if (room != NULL)
		room->pending--;
	session->pending--;
	size_t size = post->length + POST_OVERHEAD;
	if (post->counter < session->next_send && session->flight_bytes >= size)
		session->flight_bytes -= size;
	session->outbox->settle(session->outbox, post->counter);
}

/* The post is settled whatever comes of this: the host has it. */
static int ack_tell(struct session *session, const struct room *room, const struct outbox_post *post,
                    const struct wire_ack *ack)
{
	struct draft draft = draft_of(SESSION_ACK, room);
	draft.event.counter = post->counter;
	draft.event.seq = ack->seq;
	draft.event.time = ack->time;
	draft.event.id = ack->id;
	draft.event.kind = post->kind;
	draft.event.duplicate = (ack->flags & ACK_DUPLICATE) != 0;
	draft.ref = wire_text(post->ref);
	int err = session_tell(session, &draft);
	if (err != 0 || draft.event.duplicate)
		return err;
	/* Its place is in the room as it is followed now: the one that it was posted to may have been left meanwhile. */
	struct room *place = room_by_id(session, ack->room);
	if (place == NULL || place->state != ROOM_LIVE || ack->seq <= place->seq)
		return 0;
	if (ack->seq != place->seq + 1)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_ACK);
	/* Here others see the message. */
	const struct wire_msg msg = { .room = ack->room,
		                      .seq = ack->seq,
		                      .time = ack->time,
		                      .id = ack->id,
		                      .sender = session->user,
		                      .kind = post->kind,
		                      .body = { (const uint8_t *)post->text, post->length },
		                      .nick = wire_text(session->nick) };
	return follow_deliver(session, place, &msg, draft.ref);
}

/* Whether the host keeps messages; told when it changes. */
static int posts_held(struct session *session, int code)
{
	if (session->held == (code != 0))
		return 0;
	session->held = code != 0;
	struct draft draft = { .event = { .type = SESSION_HELD, .code = code } };
	return session_tell(session, &draft);
}

int posts_ack(struct session *session, const struct wire_ack *ack)
{
	struct outbox_post post;
	uint64_t counter;
	if (!post_counter(session, &ack->id, &counter) || ack->seq == 0 || ack->room == 0)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_ACK);
	post_decided(session, counter);
	if (session->outbox->get(session->outbox, counter, &post) != 0) {
		/* Settled before. If it stands for a message here, its text has to be fetched. */
		const struct room *room = room_by_id(session, ack->room);
		if ((ack->flags & ACK_DUPLICATE) == 0 && room != NULL && room->state == ROOM_LIVE && ack->seq > room->seq)
			return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_ACK);
		return 0;
	}
	int err = ack_tell(session, room_by_handle(session, post.room), &post, ack);
	post_settle(session, &post);
	return err == 0 ? posts_held(session, 0) : err;
}

/* Back to the lowest post without an answer, after a wait: the host's, and one that grows when nothing came of it. */
static void posts_later(struct session *session, uint32_t retry_ms)
{
	uint64_t wait = retry_ms < RETRY_MAX_MS ? retry_ms : RETRY_MAX_MS;
	if (session->resends > 0) {
		uint64_t least = RESEND_MAX_MS;
		if (session->resends <= 6)
			least = (uint64_t)RESEND_FIRST_MS << (session->resends - 1);
		wait = wait > least ? wait : least;
	}
	posts_rewind(session);
	session->resends++;
	session->resend_at = wait == 0 ? 0 : session->now + TCHAT_MS(wait);
}

int posts_nack(struct session *session, const struct wire_nack *nack)
{
	struct outbox_post post;
	uint64_t counter;
	if (!post_counter(session, &nack->id, &counter) || nack->code == 0)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_NACK);
	if ((nack->flags & NACK_PERMANENT) == 0) {
		/* One rewind answers all the refusals of what was under way. */
		if (counter < session->next_send)
			posts_later(session, nack->retry_ms);
		return nack->code == -TCHAT_ERR_DISK_FULL ? posts_held(session, TCHAT_ERR_DISK_FULL) : 0;
	}
	post_decided(session, counter);
	if (session->outbox->get(session->outbox, counter, &post) != 0)
		return 0;
	int err = post.room == 0 ? 0 : tell_nack(session, &post, -(int)nack->code);
	post_settle(session, &post);
	return err == 0 ? posts_held(session, 0) : err;
}
