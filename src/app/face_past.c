/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages come oldest message first. They go in front of what is known, behind the stretch, or become a new stretch. A seq
 * without a row of its own, an edit's for example, is covered by the page that it came in: so each end of a stretch
 * knows up to which seq it reaches. */
#include "app/face_past.h"

#include "app/face_changes.h"

enum {
	STRETCH_KEEP = 4000,
	STRETCH_START = 1000, /* of the newest ones, when the reader's place is taken out of them */
};

struct message_list *face_list(const struct face_room *room)
{
	return room->far.pane != NULL ? room->far.list : room->list;
}

struct message_pane *face_pane(const struct face_room *room)
{
	return room->far.pane != NULL ? room->far.pane : room->pane;
}

bool face_at_end(const struct face_room *room)
{
	return room->far.pane == NULL && message_pane_at_end(room->pane);
}

static void far_close(struct face_room *room)
{
	message_pane_free(room->far.pane);
	message_list_free(room->far.list);
	room->far = (struct face_far){ .pane = NULL };
	if (room->asks != FACE_ASKS_OLDER)
		room->asks = FACE_ASKS_NOTHING;
	room->jump_short = false;
}

void face_go_end(struct face_room *room)
{
	far_close(room);
	message_pane_end(room->pane);
}

void face_past_forget(struct face_room *room)
{
	far_close(room);
	room->asks = FACE_ASKS_NOTHING;
	room->older = (struct face_older){ .before = 0 };
	message_list_free(room->page);
	room->page = NULL;
}

/* The lowest seq in a list, 0: none has one. */
static uint64_t first_seq(const struct message_list *list)
{
	uint64_t seq = 0;
	for (uint64_t serial = message_list_first(list); seq == 0 && serial < message_list_end(list); serial++)
		seq = message_list_get(list, serial)->seq;
	return seq;
}

static uint64_t last_seq(const struct message_list *list)
{
	uint64_t seq = 0;
	for (uint64_t serial = message_list_end(list); seq == 0 && serial-- > message_list_first(list);)
		seq = message_list_get(list, serial)->seq;
	return seq;
}

/* The seq that the page before the list ends with; 0: the newest page. */
static uint64_t before_of(const struct message_list *list, const struct face_older *older)
{
	return older->before != 0 && older->at == message_list_first(list) ? older->before : first_seq(list);
}

static bool is_complete(const struct face_room *room, const struct message_list *list, const struct face_older *older)
{
	if (list == room->list && room->restarted != 0 && message_list_first(list) <= room->restarted)
		return true; /* what is before belongs to no history any more */
	return before_of(list, older) == 1 || (older->complete && older->at == message_list_first(list));
}

/* --- Asking */

static int ask(struct face_room *room, struct session *session, enum face_asks what, uint64_t before, uint32_t count)
{
	int err = session_history(session, room->handle, before, count, room->asked + 1);
	if (err != 0)
		return err;
	room->asked++;
	room->asks = what;
	room->asked_before = before;
	message_list_free(room->page);
	room->page = message_list_new(FACE_PAGE, FACE_PAGE);
	return 0;
}

/* Opens an empty stretch. */
static bool far_open(struct face_room *room)
{
	struct message_list *list = message_list_new(STRETCH_KEEP, STRETCH_KEEP);
	struct message_pane *pane = list != NULL ? message_pane_new(list) : NULL;
	if (pane == NULL) {
		message_list_free(list);
		return false;
	}
	far_close(room);
	room->far.list = list;
	room->far.pane = pane;
	message_pane_copy_looks(pane, room->pane);
	message_pane_set_past(pane);
	return true;
}

/* Takes the reader's place, near the oldest of many messages, out of them: they need not be kept for it. */
static void detach(struct face_room *room)
{
	struct message_place place = message_pane_place(room->pane);
	uint64_t first = message_list_first(room->list), end = message_list_end(room->list);
	uint64_t last = place.serial + STRETCH_START < end ? place.serial + STRETCH_START : end;
	if (place.at_end || !far_open(room))
		return;
	for (uint64_t serial = first; serial < last; serial++) {
		const struct shown_message *message = message_list_get(room->list, serial);
		uint64_t copy = message_list_append(room->far.list, message);
		if (serial == place.serial)
			place.serial = copy;
	}
	room->far.next = last_seq(room->far.list) + 1;
	room->far.older = room->older;
	room->far.older.at = room->older.at == first ? message_list_first(room->far.list) : 0;
	message_pane_go(room->far.pane, &place);
	message_pane_end(room->pane);
	message_list_trim(room->list);
}

void face_past_came(struct face_room *room)
{
	if (room->far.pane == NULL && message_list_count(room->list) + FACE_PAGE >= FACE_MESSAGES_MOST)
		detach(room);
}

static void want_newer(struct face_room *room, struct session *session)
{
	uint32_t count = room->far.newer > 0 ? room->far.newer : FACE_PAGE;
	if (message_pane_shows_end(room->far.pane))
		ask(room, session, FACE_ASKS_FAR_NEWER, room->far.next + count, count);
}

void face_past_want(struct face_room *room, struct session *session)
{
	if (room->handle == 0 || room->asks != FACE_ASKS_NOTHING)
		return;
	if (room->jump_short) {
		room->jump_short = false;
		room->jump_bare = ask(room, session, FACE_ASKS_JUMP, room->jump + 1, FACE_PAGE) == 0;
		return;
	}
	bool wants = message_pane_wants_history(face_pane(room));
	if (room->far.pane == NULL && wants && !is_complete(room, room->list, &room->older))
		face_past_came(room); /* no place for one more page */
	if (room->far.pane == NULL) {
		if (wants && !is_complete(room, room->list, &room->older))
			ask(room, session, FACE_ASKS_OLDER, before_of(room->list, &room->older), FACE_PAGE);
	} else if (wants && !is_complete(room, room->far.list, &room->far.older)) {
		ask(room, session, FACE_ASKS_FAR_OLDER, before_of(room->far.list, &room->far.older), FACE_PAGE);
	} else {
		want_newer(room, session);
	}
}

/* Selects the message in what is shown, or the next one. */
static void select_seq(struct face_room *room, uint64_t seq)
{
	struct message_list *list = face_list(room);
	uint64_t found = 0;
	for (uint64_t serial = message_list_end(list); serial-- > message_list_first(list);) {
		const struct shown_message *message = message_list_get(list, serial);
		if (message->seq >= seq)
			found = serial;
		else if (message->seq != 0)
			break;
	}
	message_pane_select(face_pane(room), found != 0 ? found : message_list_end(list) - 1);
}

int face_past_jump(struct face_room *room, struct session *session, uint64_t seq)
{
	uint64_t newest = first_seq(room->list);
	if (room->far.pane != NULL && message_list_find_seq(room->far.list, seq) != 0) {
		select_seq(room, seq);
		return 0;
	}
	if (newest != 0 && newest <= seq) {
		far_close(room);
		select_seq(room, seq);
		return 0;
	}
	int err = ask(room, session, FACE_ASKS_JUMP, seq + FACE_PAGE / 2, FACE_PAGE);
	if (err != 0)
		return err;
	room->jump = seq;
	room->jump_short = room->jump_bare = false;
	return 1;
}

/* --- Answers */

static bool is_answer(const struct face_room *room, const struct session_event *event)
{
	return room->asks != FACE_ASKS_NOTHING && event->asked == room->asked;
}

void face_past_take(struct face_room *room, const struct session_event *event, const struct shown_message *message)
{
	if (is_answer(room, event) && room->page != NULL)
		message_list_append(room->page, message);
}

/* The page goes in front. A stretch keeps its length. */
static void put_before(struct face_room *room, struct message_list *list, struct face_older *older,
                         const struct session_event *event)
{
	size_t count = message_list_count(room->page);
	if (list == room->far.list && message_list_count(list) + count > STRETCH_KEEP) {
		message_list_drop_newest(list, count);
		room->far.next = last_seq(list) + 1;
		room->far.newer = 0;
	}
	for (uint64_t serial = message_list_end(room->page); serial > message_list_first(room->page); serial--)
		message_list_prepend(list, message_list_get(room->page, serial - 1));
	*older = (struct face_older){ .before = event->seq, .at = message_list_first(list), .complete = !event->more };
}

/* The page goes behind the stretch, which does not move on the screen. False: it has to be a shorter one. */
static bool put_behind(struct face_room *room, const struct session_event *event, uint64_t until)
{
	if (event->seq > room->far.next && event->more) { /* long messages: it does not reach down to the stretch */
		room->far.newer = (uint32_t)(event->seq > room->asked_before ? 1 : (room->asked_before - event->seq) / 2 + 1);
		return false;
	}
	message_pane_hold(room->far.pane);
	for (uint64_t serial = message_list_first(room->page); serial < message_list_end(room->page); serial++) {
		const struct shown_message *message = message_list_get(room->page, serial);
		if (message->seq >= room->far.next && message->seq < until)
			message_list_append(room->far.list, message);
	}
	room->far.next = room->asked_before;
	return true;
}

/* The stretch reaches the newest messages: they are one again. */
static void join(struct face_room *room)
{
	struct message_list *far = room->far.list;
	message_pane_hold(room->far.pane); /* its end is not the end any more */
	struct message_place place = message_pane_place(room->far.pane);
	uint64_t selected = message_pane_selected(room->far.pane), end = message_list_end(far);
	message_pane_end(room->pane);
	if (message_list_count(room->list) + message_list_count(far) > FACE_MESSAGES_MOST)
		message_list_trim(room->list);
	uint64_t first = message_list_first(room->list);
	for (uint64_t serial = end; serial > message_list_first(far); serial--)
		message_list_prepend(room->list, message_list_get(far, serial - 1));
	room->older = room->far.older;
	room->older.at = room->far.older.at == message_list_first(far) ? message_list_first(room->list) : 0;
	place.serial = first - (end - place.serial);
	message_pane_copy_looks(room->pane, room->far.pane);
	far_close(room);
	message_pane_go(room->pane, &place);
	message_pane_mark(room->pane, selected != 0 ? first - (end - selected) : 0);
}

void face_past_end(struct face_room *room, const struct session_event *event, uint64_t head)
{
	if (!is_answer(room, event))
		return;
	enum face_asks asks = room->asks;
	uint64_t newest = first_seq(room->list), until = newest != 0 ? newest : head + 1;
	bool context = false;
	room->asks = FACE_ASKS_NOTHING;
	if (room->page == NULL)
		return;
	if (asks == FACE_ASKS_OLDER)
		put_before(room, room->list, &room->older, event);
	else if (asks == FACE_ASKS_FAR_OLDER)
		put_before(room, room->far.list, &room->far.older, event);
	else if (asks == FACE_ASKS_FAR_NEWER)
		context = put_behind(room, event, until) && room->jump_bare;
	else if (event->seq > room->jump && event->more) /* long messages: with fewer newer ones it is there */
		room->jump_short = true;
	else if (message_list_count(room->page) > 0 && far_open(room)) {
		room->far.older = (struct face_older){ .before = event->seq, .at = message_list_end(room->far.list),
			                               .complete = !event->more };
		room->far.next = event->seq;
		put_behind(room, event, until);
	}
	uint64_t last = last_seq(room->page);
	message_list_free(room->page);
	room->page = NULL;
	face_requote(room, event->seq, last);
	if ((asks == FACE_ASKS_JUMP && !room->jump_short) || context)
		select_seq(room, room->jump);
	room->jump_bare = room->jump_bare && !context;
	if (room->far.pane != NULL && room->far.next >= until)
		join(room);
}

void face_past_error(struct face_room *room, const struct session_event *event)
{
	if (!is_answer(room, event))
		return;
	room->asks = FACE_ASKS_NOTHING;
	message_list_free(room->page);
	room->page = NULL;
}
