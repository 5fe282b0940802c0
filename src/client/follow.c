/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cursor of a room: which message was given out last, and how the next ones are got: live, or by pages. */
#include "client/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Greater seqs than any room will have are a lie; so sums do not overflow. */
static const uint64_t SEQ_MAX = UINT64_MAX / 4;

/* Messages of a direct room that somebody else opened: so many at most are fetched at first. */
enum { UNASKED_HISTORY = 256 };

static int follow_live(struct session *session, struct room *room)
{
	room->state = ROOM_LIVE;
	struct draft draft = draft_of(SESSION_ROOM_READY, room);
	marks_live(session, room);
	int err = session_tell(session, &draft);
	if (err == 0)
		err = own_live(session, room);
	return err == 0 && room->members <= SESSION_ROSTER_MAX ? roster_ask(session, room, 0) : err;
}

static int follow_ask_page(struct session *session, struct room *room)
{
	struct request *request = request_add(session, REQUEST_CATCH_UP, room->handle, true);
	if (request == NULL)
		return session_fail(session, TCHAT_ERR_FULL, 0);
	room->state = ROOM_PAGING;
	room->waiting = request->id;
	struct message message = { .type = WIRE_HISTORY,
		                   .history = { .request = request->id,
		                                .room = room->id,
		                                .from = room->seq + 1,
		                                .limit = PAGE_LIMIT,
		                                .flags = HISTORY_FORWARD | HISTORY_ATTACH } };
	return session_must_send(session, &message);
}

/* Everything before first is gone: the cursor moves up to it, and the user is told how much was missed. */
static int follow_skip(struct session *session, struct room *room, uint64_t first)
{
	struct draft draft = draft_of(SESSION_GAP, room);
	draft.event.seq = room->seq + 1;
	draft.event.count = first - room->seq - 1;
	int err = session_tell(session, &draft);
	if (err != 0) /* without memory to tell it, it did not happen; the next connection is told */
		return err;
	own_skipped(session, room, first);
	room->seq = first - 1;
	room->cursor_id = false;
	stored_cursor(session, room);
	return 0;
}

/* Another history than the one that was followed: all of it is news. */
static int follow_afresh(struct session *session, struct room *room, uint64_t epoch, uint64_t first)
{
	struct draft draft = draft_of(SESSION_RESTARTED, room);
	int err = session_tell(session, &draft);
	if (err != 0)
		return err;
	own_afresh(session, room, first);
	if (room->row != NULL)
		room->row->epoch = 0; /* its messages go, also when the host did not notice what befell it */
	marks_afresh(room);
	room->restarts++;
	room->epoch = epoch;
	room->seq = first - 1;
	room->cursor_id = false;
	room->replay_to = 0;
	stored_cursor(session, room);
	return follow_ask_page(session, room);
}

/* The very first messages of a room for this session. */
static int follow_begin(struct session *session, struct room *room, const struct wire_joined *joined)
{
	uint64_t last = joined->last, want = session->config.history, from = last + 1;
	if (!room->asked)
		want = UNASKED_HISTORY;
	from = want >= from ? 1 : from - want;
	if (room->since != 0)
		from = room->since > last + 1 ? last + 1 : room->since;
	if (from < joined->first)
		from = joined->first;
	room->cursor = true;
	room->cursor_id = false;
	room->epoch = joined->epoch;
	room->seq = from - 1;
	room->replay_to = last;
	own_skipped(session, room, from); /* whether they are in this history will not be seen */
	stored_cursor(session, room);
	if ((joined->flags & JOIN_LIVE) != 0)
		return follow_live(session, room);
	return follow_ask_page(session, room);
}

static int follow_resume(struct session *session, struct room *room, const struct wire_joined *joined)
{
	/* A host that is behind is asked all the same, with the cursor's id: so it hears of it. */
	if (joined->epoch != room->epoch || (joined->last < room->seq && !room->cursor_id))
		return follow_afresh(session, room, joined->epoch, joined->first);
	if (!room->cursor_id) {
		int err = joined->first > room->seq + 1 ? follow_skip(session, room, joined->first) : 0;
		return err == 0 ? follow_ask_page(session, room) : err;
	}
	struct request *request = request_add(session, REQUEST_RESUME, room->handle, true);
	if (request == NULL)
		return session_fail(session, TCHAT_ERR_FULL, 0);
	room->state = ROOM_RESUMING;
	room->waiting = request->id;
	struct message message = { .type = WIRE_RESUME,
		                   .resume = { .request = request->id,
		                               .room = room->id,
		                               .epoch = room->epoch,
		                               .seq = room->seq,
		                               .id = room->id_at } };
	return session_must_send(session, &message);
}

/* The room that the JOIN named turned out to be one that we are in already, under a newer name of it. */
static int follow_alias(struct session *session, struct room *room, struct room *known)
{
	known->pending += room->pending;
	room->pending = 0;
	room->alias = known->handle;
	room->state = ROOM_GONE;
	room_rename(known, wire_text(room->name));
	struct draft draft = draft_of(SESSION_ROOM_JOINED, known);
	draft.event.own = draft.event.again = true;
	draft.event.count = known->members;
	draft.event.seq = known->seq;
	draft.text = wire_text(known->topic);
	return session_tell(session, &draft);
}

static int follow_entered(struct session *session, struct room *room, const struct wire_joined *joined)
{
	room->id = joined->room;
	room->id_life = session->life;
	room->members = joined->members;
	room->read_told = 0;
	wire_copy(room->topic, sizeof room->topic, wire_cut(joined->topic, TOPIC_MAX));
	/* The other one of a direct room may be forgotten by now; then it keeps the name it has. */
	if (joined->name.length > 0 ? room_rename(room, joined->name) != 0 : !room->direct)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_JOINED);
	struct draft draft = draft_of(SESSION_ROOM_JOINED, room);
	draft.event.own = room->asked;
	draft.event.again = room->was_joined;
	draft.event.count = joined->members;
	draft.event.seq = joined->last;
	draft.text = wire_text(room->topic);
	if (room->cursor && !room->was_joined) /* known from an earlier life */
		room->replay_to = joined->last;
	int err = session_tell(session, &draft);
	if (err != 0)
		return err;
	room->was_joined = true;
	if (room->cursor)
		stored_cursor(session, room);
	return room->cursor ? follow_resume(session, room, joined) : follow_begin(session, room, joined);
}

/* A direct room that somebody opened with us. */
static int follow_unasked(struct session *session, const struct wire_joined *joined)
{
	char name[NAME_SIZE];
	if (!wire_copy(name, sizeof name, joined->name))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_JOINED);
	if (name[0] == '\0')
		snprintf(name, sizeof name, "room-%" PRIu64, joined->room);
	struct room *room = room_by_id(session, joined->room);
	if (joined->kind != ROOM_DIRECT || (room != NULL && room->state != ROOM_GONE))
		return 0;
	int err = room != NULL ? 0 : room_take(session, name, true, &room);
	if (err == TCHAT_ERR_TOO_MANY_ROOMS || err == TCHAT_ERR_BAD_NAME)
		return 0;
	if (err != 0)
		return session_fail(session, err, 0);
	/* Our own JOIN of it is under way; its answer counts. */
	if (room->state != ROOM_GONE)
		return 0;
	room->asked = false;
	stored_restore(session, room);
	room->tail = false; /* it is joined already */
	if (request_waits(session, REQUEST_CATCH_UP, room->handle)) { /* see room_join() */
		room->state = ROOM_WANTED;
		return 0;
	}
	return follow_entered(session, room, joined);
}

int follow_joined(struct session *session, const struct wire_joined *joined)
{
	struct request request;
	if (joined->room == 0 || joined->last >= SEQ_MAX || joined->first == 0 || joined->first > joined->last + 1 ||
	    joined->kind > ROOM_DIRECT)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_JOINED);
	if (joined->request == 0)
		return follow_unasked(session, joined);
	if (!request_take(session, joined->request, &request) ||
	    request.kind != (joined->kind == ROOM_DIRECT ? REQUEST_DIRECT : REQUEST_JOIN))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_JOINED);
	struct room *room = room_by_handle(session, request.room);
	if (room == NULL || room->state != ROOM_JOINING || room->waiting != request.id)
		return 0;
	if ((joined->flags & JOIN_LIVE) != 0 && !room_wants_live(session, room))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_JOINED);
	/* The nick is another person's by now: what waits for the first must not go to the second. */
	if (room->direct && room->id_life == session->life && room->id != joined->room)
		return room_join_refused(session, &request, TCHAT_ERR_NO_USER);
	if (room->closed && joined->kind != ROOM_PRIVATE)
		return room_join_refused(session, &request, TCHAT_ERR_NAME_TAKEN);
	room->closed = joined->kind == ROOM_PRIVATE;
	struct room *known = room_by_id(session, joined->room);
	if (known != NULL && known != room && known->state >= ROOM_RESUMING && known->state <= ROOM_LIVE)
		return follow_alias(session, room, known);
	return follow_entered(session, room, joined);
}

int follow_resumed(struct session *session, const struct wire_resumed *resumed)
{
	struct request request;
	if (!request_take(session, resumed->request, &request) || request.kind != REQUEST_RESUME || resumed->first == 0 ||
	    resumed->last >= SEQ_MAX || resumed->first > resumed->last + 1)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_RESUMED);
	struct room *room = room_by_handle(session, request.room);
	if (room == NULL || room->state != ROOM_RESUMING || room->waiting != request.id)
		return 0;
	bool same = resumed->epoch == room->epoch && resumed->last >= room->seq;
	if (resumed->status == RESUME_OTHER_EPOCH)
		return follow_afresh(session, room, resumed->epoch, resumed->first);
	if (resumed->status == RESUME_OK && same && resumed->first <= room->seq + 1)
		return follow_ask_page(session, room);
	if (resumed->status != RESUME_GAP || !same || resumed->first <= room->seq + 1)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_RESUMED);
	int err = follow_skip(session, room, resumed->first);
	return err == 0 ? follow_ask_page(session, room) : err;
}

struct draft draft_of_message(const struct session *session, const struct room *room, enum session_event_type type,
                              const struct wire_msg *msg)
{
	struct draft draft = draft_of(type, room);
	draft.event.seq = msg->seq;
	draft.event.time = msg->time;
	draft.event.id = msg->id;
	draft.event.user = msg->sender;
	draft.event.kind = msg->kind;
	draft.event.own = msg->sender == session->user;
	draft.event.replay = type != SESSION_MESSAGE || msg->seq <= room->replay_to;
	draft.nick = wire_cut(msg->nick, TEXT_NAME_BYTES);
	draft.event.target = seq_of(msg->target);
	draft.event.reply = seq_of(msg->reply);
	draft.event.blank = (msg->flags & MSG_BLANK) != 0;
	if (!draft.event.blank) /* else it is blanks, as long as it was */
		draft.text = msg->body;
	return draft;
}

int follow_deliver(struct session *session, struct room *room, const struct wire_msg *msg, struct wire_bytes ref)
{
	struct draft draft = draft_of_message(session, room, SESSION_MESSAGE, msg);
	struct outbox_post post;
	draft.event.counter = own_counter(session, &msg->id);
	if (draft.event.counter != 0 && ref.data == NULL &&
	    session->outbox->get(session->outbox, draft.event.counter, &post) == 0)
		ref = wire_text(post.ref);
	draft.ref = ref;
	int err = session_tell(session, &draft);
	if (err == 0)
		err = posts_found(session, msg);
	if (err != 0)
		return err;
	room->seq = msg->seq;
	room->id_at = msg->id;
	room->cursor_id = true;
	own_seen(session, room, msg);
	if (msg->kind == KIND_DELETE)
		own_deleted(session, room, seq_of(msg->target));
	stored_message(session, room, msg);
	if (msg->kind != KIND_TOPIC || msg->seq <= room->replay_to)
		return 0;
	wire_copy(room->topic, sizeof room->topic, wire_cut(msg->body, TOPIC_MAX));
	struct draft topic = draft_of(SESSION_TOPIC, room);
	topic.nick = draft.nick;
	topic.event.user = msg->sender;
	topic.text = wire_text(room->topic);
	return session_tell(session, &topic);
}

static bool is_out(const struct room *room)
{
	return room->state == ROOM_GONE || room->state == ROOM_PARTING || room->state == ROOM_WANTED ||
	       room->state == ROOM_JOINING;
}

/* Before JOINED, what comes is of an earlier stay, which another connection of ours may have ended; then the room may have
 * nothing but the number of that stay. */
static bool is_of_earlier_stay(const struct session *session, const struct room *room, uint64_t id)
{
	if (room != NULL)
		return is_out(room);
	for (size_t i = 0; i < session->room_count; i++)
		if (session->rooms[i]->id == id && is_out(session->rooms[i]))
			return true;
	return false;
}

int follow_msg(struct session *session, const struct wire_msg *msg)
{
	struct room *room = room_by_id(session, msg->room);
	if (is_of_earlier_stay(session, room, msg->room))
		return 0;
	/* Never skipped: a connection on which a message is missing is given up, and the next one fetches it. */
	if (room == NULL || room->state != ROOM_LIVE || msg->seq != room->seq + 1)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_MSG);
	return follow_deliver(session, room, msg, (struct wire_bytes){ NULL, 0 });
}

int follow_gap(struct session *session, const struct wire_gap *gap)
{
	struct room *room = room_by_id(session, gap->room);
	if (is_of_earlier_stay(session, room, gap->room))
		return 0;
	if (room == NULL || room->state != ROOM_LIVE || gap->from != room->seq + 1)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_GAP);
	return follow_ask_page(session, room);
}

int page_next(struct wire_bytes *records, struct message *message)
{
	struct frame frame;
	if (records->length == 0)
		return 0;
	int size = frame_peek(&frame, records->data, records->length, FRAME_MAXIMUM);
	if (size <= 0 || frame.type != WIRE_MSG ||
	    message_decode(message, frame.type, frame.payload, frame.length) != 0)
		return TCHAT_ERR_BAD_FRAME;
	records->data += size;
	records->length -= (size_t)size;
	return 1;
}

static int page_past(struct session *session, struct room *room, const struct wire_page *page,
                     const struct request *request)
{
	struct wire_bytes records = page->records;
	struct message record;
	uint64_t first = 0, last = 0;
	int more;
	while ((more = page_next(&records, &record)) > 0) {
		if (record.msg.room != page->room || record.msg.seq == 0 || (last != 0 && record.msg.seq != last + 1))
			return TCHAT_ERR_BAD_FRAME;
		first = first == 0 ? record.msg.seq : first;
		last = record.msg.seq;
		struct draft draft = draft_of_message(session, room, SESSION_PAST, &record.msg);
		draft.event.asked = request->asked;
		int err = session_tell(session, &draft);
		if (err != 0)
			return err;
	}
	if (more < 0 || (page->flags & PAGE_LIVE) != 0)
		return TCHAT_ERR_BAD_FRAME;
	int err = changes_tell(session, room, page, request);
	if (err != 0)
		return err;
	struct draft end = draft_of(SESSION_PAST_END, room);
	end.event.asked = request->asked;
	end.event.seq = first;
	end.event.more = (page->flags & PAGE_MORE) != 0;
	return session_tell(session, &end);
}

static int page_catch_up(struct session *session, struct room *room, const struct wire_page *page)
{
	struct wire_bytes records = page->records;
	struct message record;
	uint64_t before = room->seq;
	int err, more;
	if (page->floor >= SEQ_MAX)
		return TCHAT_ERR_BAD_FRAME;
	if (page->floor > room->seq + 1 && (err = follow_skip(session, room, page->floor)) != 0)
		return err;
	while ((more = page_next(&records, &record)) > 0) {
		if (record.msg.room != room->id || record.msg.seq != room->seq + 1)
			return TCHAT_ERR_BAD_FRAME;
		err = follow_deliver(session, room, &record.msg, (struct wire_bytes){ NULL, 0 });
		if (err != 0)
			return err;
	}
	if (more < 0)
		return TCHAT_ERR_BAD_FRAME;
	if ((page->flags & PAGE_LIVE) != 0)
		return follow_live(session, room);
	/* Neither at the head nor any further: it would be asked for ever. */
	if ((page->flags & PAGE_MORE) == 0 || room->seq == before)
		return TCHAT_ERR_BAD_FRAME;
	return follow_ask_page(session, room);
}

int follow_page(struct session *session, const struct wire_page *page)
{
	struct request request;
	if (!request_take(session, page->request, &request) ||
	    (request.kind != REQUEST_CATCH_UP && request.kind != REQUEST_HISTORY && request.kind != REQUEST_SEARCH))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_PAGE);
	struct room *room = room_by_handle(session, request.room);
	/* The answer to an earlier stay, which a new one may have waited for. */
	if (room == NULL ||
	    (request.kind == REQUEST_CATCH_UP && (room->state != ROOM_PAGING || room->waiting != request.id)))
		return rooms_join_all(session);
	if (page->room != room->id)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_PAGE);
	int err = request.kind == REQUEST_HISTORY ? page_past(session, room, page, &request) :
	          request.kind == REQUEST_SEARCH  ? found_page(session, room, page, &request) :
	                                            page_catch_up(session, room, page);
	return err == 0 ? 0 : session_fail(session, err, WIRE_PAGE);
}
