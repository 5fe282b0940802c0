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

static int post_check(const struct session *session, const struct outbox_post *post)
{
	if (post->length > session->text_limit || (post->kind == KIND_TOPIC && post->length > TOPIC_BYTES))
		return TCHAT_ERR_TOO_LONG;
	if (post->length > 0 && (memchr(post->text, 0, post->length) != NULL || !utf8_valid(post->text, post->length)))
		return TCHAT_ERR_BAD_TEXT;
	if (strlen(post->ref) > SESSION_REF_MAX)
		return TCHAT_ERR_TOO_LONG;
	return change_check(post);
}

int64_t session_post(struct session *session, uint32_t handle, uint8_t kind, const char *text, size_t length,
                     const char *ref)
{
	return session_post_about(session, handle, kind, text, length, 0, 0, ref);
}

int64_t session_post_about(struct session *session, uint32_t handle, uint8_t kind, const char *text, size_t length,
                           uint64_t target, uint64_t reply, const char *ref)
{
	struct room *room = room_by_handle(session, handle);
	if (room == NULL || room->state == ROOM_GONE || room->state == ROOM_PARTING)
		return TCHAT_ERR_NOT_FOUND;
	if (session->leaving)
		return TCHAT_ERR_LEAVING;
	struct outbox *outbox = session->outbox;
	struct outbox_post post = { .counter = outbox->next(outbox),
		                    .room = room->handle,
		                    .kind = kind,
		                    .direct = room->direct,
		                    .name = room->name,
		                    .text = text,
		                    .length = length,
		                    .ref = ref == NULL ? "" : ref,
		                    .target = target,
		                    .reply = reply };
	int err = post_check(session, &post);
	if (err == 0)
		err = outbox->add(outbox, &post);
	if (err != 0)
		return err;
	room->pending++;
	session->pending++;
	posts_stored(session);
	posts_pump(session);
	return (int64_t)post.counter;
}

int post_tell_nack(struct session *session, const struct outbox_post *post, int code)
{
	struct draft draft = draft_of(SESSION_NACK, room_by_handle(session, post->room));
	draft.event.counter = post->counter;
	draft.event.code = code;
	draft.event.kind = post->kind;
	draft.event.target = post->target;
	draft.event.reply = post->reply;
	draft.ref = wire_text(post->ref);
	draft.text = (struct wire_bytes){ (const uint8_t *)post->text, post->length };
	return session_tell(session, &draft);
}

static int tell_pending(struct session *session, const struct outbox_post *post, bool again)
{
	struct draft draft = draft_of(SESSION_PENDING, room_by_handle(session, post->room));
	draft.event.counter = post->counter;
	draft.event.kind = post->kind;
	draft.event.target = post->target;
	draft.event.reply = post->reply;
	draft.event.again = again;
	draft.ref = wire_text(post->ref);
	draft.text = (struct wire_bytes){ (const uint8_t *)post->text, post->length };
	return session_tell(session, &draft);
}

static size_t post_size(const struct outbox_post *post)
{
	return POST_OVERHEAD + (post->cancelled ? 0 : post->length);
}

/* Whether it has to be awaited that the room's history tells whether it arrived. */
static bool may_be_there(const struct session *session, const struct room *room, uint64_t counter)
{
	return session->former_device != 0 && counter <= session->former_sent && room->state < ROOM_LIVE;
}

/* Encodes one post: 0, TCHAT_ERR_AGAIN while its room is being joined, or why the output takes no more. */
static int post_send(struct session *session, const struct outbox_post *post)
{
	const struct room *room = room_by_handle(session, post->room);
	bool is_void = post->cancelled;
	if (room != NULL && may_be_there(session, room, post->counter))
		return TCHAT_ERR_AGAIN;
	if (!is_void && room != NULL && (room->state == ROOM_WANTED || room->state == ROOM_JOINING))
		return TCHAT_ERR_AGAIN;
	/* A room that is gone still has its number, under which the host knows what it decided of an earlier try. */
	uint64_t id = room != NULL && room->id_life == session->life ? room->id : 0;
	bool fits = post->length + (post->target != 0 || post->reply != 0 ? POST_TLV : 0) <= session->frame_limit - MSG_BODY;
	uint8_t target[8], reply[8];
	struct message message = { .type = WIRE_POST,
		                   .post = { .room = fits || is_void ? id : 0,
		                             .id = { session->device, post->counter + session->counter_offset },
		                             .kind = is_void ? KIND_VOID : post->kind,
		                             .body = { (const uint8_t *)post->text, fits && !is_void ? post->length : 0 },
		                             .target = seq_field(target, is_void ? 0 : post->target),
		                             .reply = seq_field(reply, is_void ? 0 : post->reply) } };
	return session_send(session, &message);
}

/* The counter of a cancelled post has to reach the host all the same, and the host may have decided it before; but not
 * if it was never sent. 0, or TCHAT_ERR_AGAIN. */
static int void_tell(struct session *session, uint64_t counter)
{
	struct outbox *outbox = session->outbox;
	struct outbox_post post;
	if (outbox->get(outbox, counter, &post) != 0)
		return 0;
	if (!outbox->is_safe(outbox, counter))
		return TCHAT_ERR_AGAIN;
	if (counter > session->highest_sent) {
		struct room *room = room_by_handle(session, post.room);
		if (post_tell_nack(session, &post, TCHAT_ERR_CANCELLED) != 0)
			return TCHAT_ERR_AGAIN;
		if (room != NULL)
			room->pending--;
		outbox->place(outbox, counter, 0);
		return 0;
	}
	/* What is sent again, from the lowest on, comes to it anyway. */
	return session->link == LINK_READY && counter < session->next_send ? post_send(session, &post) : 0;
}

static void posts_void(struct session *session)
{
	size_t kept = 0;
	for (size_t i = 0; i < session->void_count; i++)
		if (void_tell(session, session->voids[i]) != 0)
			session->voids[kept++] = session->voids[i];
	session->void_count = kept;
}

void posts_stored(struct session *session)
{
	struct outbox *outbox = session->outbox;
	struct outbox_post post;
	if (session->store_awaited)
		return;
	for (uint64_t safe = outbox->safe(outbox); session->shown < safe;) {
		session->shown++;
		if (outbox->get(outbox, session->shown, &post) != 0 || post.cancelled)
			continue;
		/* That its room was not to be had is known meanwhile: the host's refusal tells of it. */
		const struct room *room = room_by_handle(session, post.room);
		if (room == NULL || room->state != ROOM_GONE)
			tell_pending(session, &post, session->shown <= session->highest_sent);
	}
	posts_void(session);
}

uint64_t session_newest_pending(const struct session *session, const char *ref)
{
	struct outbox *outbox = session->outbox;
	struct outbox_post post;
	for (uint64_t counter = outbox->next(outbox); counter > outbox->lowest(outbox); counter--) {
		if (outbox->get(outbox, counter - 1, &post) == 0 && !post.cancelled &&
		    (ref == NULL || strcmp(post.ref, ref) == 0))
			return counter - 1;
	}
	return 0;
}

bool session_was_sent(const struct session *session, uint64_t counter)
{
	return counter <= session->highest_sent;
}

int session_cancel(struct session *session, uint64_t counter)
{
	struct outbox_post post;
	if (session->outbox->get(session->outbox, counter, &post) != 0 || post.cancelled)
		return TCHAT_ERR_NOT_FOUND;
	if (session->void_count == VOIDS_MAX)
		return TCHAT_ERR_FULL;
	if (counter < session->next_send && session->flight_bytes >= post.length)
		session->flight_bytes -= post.length;
	int err = session->outbox->cancel(session->outbox, counter);
	if (err != 0)
		return err;
	session->cancelled++;
	session->voids[session->void_count++] = counter;
	posts_stored(session);
	posts_pump(session);
	return 0;
}

/* Posts that are sent and not known to be decided: the host decides in order, so counters are enough. */
static uint64_t posts_in_flight(const struct session *session)
{
	uint64_t sent = session->next_send - 1;
	return sent > session->mark ? sent - session->mark : 0;
}

/* The host remembers what it decided of so many posts: nothing beyond is sent before it is stored that the first of
 * them are settled, for else our next life might ask for an answer that nobody knows. */
static bool is_remembered(const struct session *session)
{
	return session->unstored != 0 ||
	       session->next_send < session->outbox->settled(session->outbox) + session->config.flight_posts;
}

void posts_pump(struct session *session)
{
	struct outbox *outbox = session->outbox;
	if (session->link != LINK_READY || session->resend_at != 0)
		return;
	if (session->void_count > 0)
		posts_void(session);
	uint64_t safe = outbox->safe(outbox);
	size_t window = session->config.flight_posts;
	for (; session->next_send <= safe && posts_in_flight(session) < window && is_remembered(session);
	     session->next_send++) {
		struct outbox_post post;
		if (outbox->get(outbox, session->next_send, &post) != 0) {
			if (session->next_send <= session->mark)
				continue;
			/* Settled with a host that forgot it: this one still waits for the counter, and refuses this. */
			post = (struct outbox_post){ .counter = session->next_send, .kind = KIND_TEXT };
		}
		/* That it was taken back is said only when it can no more be forgotten. */
		if (post.name != NULL && !outbox->is_safe(outbox, post.counter))
			return;
		size_t size = post_size(&post);
		if (session->flight_bytes > 0 && session->flight_bytes + size > session->config.flight_bytes)
			return;
		if (post_send(session, &post) != 0)
			return;
		if (post.name != NULL)
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
	session->cancelled -= post->cancelled;
	size_t size = post_size(post);
	if (post->counter < session->next_send && session->flight_bytes >= size)
		session->flight_bytes -= size;
	session->outbox->settle(session->outbox, post->counter);
}

/* Without memory to tell it, the post stays, and is sent and answered once more. */
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
	return session_tell(session, &draft);
}

/* Here others see the message. The post is settled whatever comes of this: the host has it. */
static int ack_deliver(struct session *session, const struct outbox_post *post, const struct wire_ack *ack)
{
	if ((ack->flags & ACK_DUPLICATE) != 0)
		return 0;
	/* Its place is in the room as it is followed now: the one that it was posted to may have been left meanwhile. */
	struct room *place = room_by_id(session, ack->room);
	if (place == NULL || place->state != ROOM_LIVE || ack->seq <= place->seq)
		return 0;
	if (ack->seq != place->seq + 1)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_ACK);
	uint8_t target[8], reply[8];
	const struct wire_msg msg = { .room = ack->room,
		                      .seq = ack->seq,
		                      .time = ack->time,
		                      .id = ack->id,
		                      .sender = session->user,
		                      .kind = post->kind,
		                      .body = { (const uint8_t *)post->text, post->length },
		                      .nick = wire_text(session->nick),
		                      .target = seq_field(target, post->target),
		                      .reply = seq_field(reply, post->reply) };
	return follow_deliver(session, place, &msg, wire_text(post->ref));
}

int posts_found(struct session *session, const struct wire_msg *msg)
{
	struct outbox_post post;
	uint64_t counter = msg->id.counter - session->counter_offset;
	if (session->former_device == 0 || msg->id.device != session->former_device || counter > session->former_sent ||
	    session->outbox->get(session->outbox, counter, &post) != 0)
		return 0;
	const struct wire_ack ack = { .id = msg->id, .seq = msg->seq, .time = msg->time, .flags = ACK_DUPLICATE };
	int err = ack_tell(session, room_by_handle(session, post.room), &post, &ack);
	if (err == 0)
		post_settle(session, &post);
	return err;
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

/* The post will never be, for this reason: it is told, and settled. */
static int post_refused(struct session *session, const struct outbox_post *post, int code)
{
	int err = post->room == 0 ? 0 : post_tell_nack(session, post, code);
	if (err != 0)
		return err;
	post_settle(session, post);
	return posts_held(session, 0);
}

int posts_ack(struct session *session, const struct wire_ack *ack)
{
	struct outbox_post post;
	uint64_t counter;
	bool duplicate = (ack->flags & ACK_DUPLICATE) != 0;
	/* The answer to a void that went to no room has none. */
	if (!post_counter(session, &ack->id, &counter) || ack->seq == 0 || (ack->room == 0 && !duplicate))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_ACK);
	post_decided(session, counter);
	if (session->outbox->get(session->outbox, counter, &post) != 0) {
		/* Settled before. If it stands for a message here, its text has to be fetched. */
		const struct room *room = room_by_id(session, ack->room);
		if (!duplicate && room != NULL && room->state == ROOM_LIVE && ack->seq > room->seq)
			return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_ACK);
		return 0;
	}
	/* Taken back before it was sent, as void_tell() said: a former life could not store that it had used the number. */
	if (post.cancelled && post.room == 0 && post.kind != KIND_VOID)
		return post_refused(session, &post, TCHAT_ERR_CANCELLED);
	const struct room *room = room_by_handle(session, post.room), *place = room_by_id(session, ack->room);
	/* A former life could not store that it had used the number, for another room: the answer is that one's. */
	if (duplicate && place != NULL && room != NULL && room->alias == 0 && room->id_life == session->life &&
	    room->id != ack->room)
		return post_refused(session, &post, post.cancelled ? TCHAT_ERR_CANCELLED : TCHAT_ERR_CLONED_DEVICE);
	own_accepted(session, place != NULL ? place : room, &post, ack);
	int err = ack_tell(session, room, &post, ack);
	if (err != 0)
		return err;
	err = ack_deliver(session, &post, ack);
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
	return post_refused(session, &post, -(int)nack->code);
}
