/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store: edits, deletions and reactions, and searching, which both back ends do alike. */
#include "config.h"

#include "back-ends.h"

/* One post of kind that changes target; how it came out. */
static struct store_post change(struct store *store, uint64_t room, uint64_t device, uint64_t counter, int kind,
                                const char *text, uint64_t target, uint32_t author)
{
	struct round *r = round_new(room, 0);
	struct store_post *p = round_add(r, 0, device, counter, kind, text, 0);
	p->target = target;
	p->author = author;
	p->blanks = kind == KIND_DELETE;
	run(store, &r->batch.request, 0);
	struct store_post result = *p;
	round_free(r);
	return result;
}

static void expect_changed(const struct store_post *post, int refusal)
{
	assert_int_equal(post->outcome, refusal == 0 ? STORE_ACCEPTED : STORE_REFUSED);
	assert_int_equal(post->code, -refusal);
}

static struct store_read read_changes(struct store *store, uint64_t room, uint64_t from, uint32_t limit, uint32_t bytes)
{
	struct store_read read = { .request = { .type = STORE_READ }, .room = room, .from = from, .limit = limit,
		                   .max_bytes = 1 << 16, .forward = true, .changes_bytes = bytes };
	run(store, &read.request, 0);
	return read;
}

/* The frames in it (NULL: none) are those of these seqs, in this order. */
static void expect_seqs(const struct block *frames, const uint64_t *seqs, size_t count)
{
	size_t at = 0, i = 0;
	while (frames != NULL && at < frames->length) {
		struct frame frame;
		int size = frame_peek(&frame, frames->bytes + at, frames->length - at, WIRE_LIMIT);
		assert_true(size > 0 && i < count);
		assert_int_equal(wire_get(frame.payload + MSG_SEQ, 8), seqs[i++]);
		at += (size_t)size;
	}
	assert_int_equal(i, count);
}

/* The changes are those of these seqs, in this order. */
static void expect_changes(struct store_read read, const uint64_t *seqs, size_t count)
{
	expect_seqs(read.changes, seqs, count);
	block_give(read.records);
	block_give(read.changes);
}

static void who_may_change_what_is_kept(void **state)
{
	struct store *store = store_new(state, 0);
	uint64_t room = open_room(store, "a", true, 0).id, other = open_room(store, "b", true, 0).id;
	open_device(store, 7, 1);
	open_device(store, 8, 1);
	post(store, room, 7, 1, "first");
	post(store, room, 8, 1, "second");
	post(store, other, 8, 2, "elsewhere");
	struct store_post p = change(store, room, 7, 2, KIND_EDIT, "mine", 1, 7);
	expect_changed(&p, 0);
	p = change(store, room, 7, 3, KIND_EDIT, "yours", 2, 7);
	expect_changed(&p, TCHAT_ERR_NOT_ALLOWED);
	p = change(store, room, 7, 3, KIND_EDIT, "yours", 2, 7);
	expect_changed(&p, TCHAT_ERR_NOT_ALLOWED);
	p = change(store, room, 7, 4, KIND_REACTION, "+1", 2, 0);
	expect_changed(&p, 0);
	p = change(store, room, 7, 5, KIND_REACTION, "+1", 9, 0);
	expect_changed(&p, TCHAT_ERR_NO_MESSAGE);
	p = change(store, room, 7, 6, KIND_EDIT, "an edit", 3, 7); /* is no text itself */
	expect_changed(&p, TCHAT_ERR_NO_MESSAGE);
	p = change(store, other, 7, 7, KIND_EDIT, "x", 2, 7);
	expect_changed(&p, TCHAT_ERR_NO_MESSAGE);
	/* In another life of the host, its user has another number. */
	p = change(store, room, 7, 8, KIND_EDIT, "mine again", 1, 99);
	expect_changed(&p, 0);
	assert_true(p.own);
	p = change(store, room, 8, 3, KIND_DELETE, "", 1, 0);
	expect_changed(&p, 0);
	assert_false(p.own);
	store_end(state, store);
}

static void a_page_carries_what_changed_its_messages_later(void **state)
{
	struct store *store = store_new(state, 0);
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	uint64_t counter = 0;
	for (int i = 0; i < 10; i++)
		post(store, room, 7, ++counter, "0123456789");
	static const uint64_t targets[] = { 2, 5, 2, 9, 4 }; /* seqs 11 to 15 */
	for (int i = 0; i < 5; i++)
		change(store, room, 7, ++counter, KIND_EDIT, "new", targets[i], 7);
	expect_changes(read_changes(store, room, 1, 4, 1 << 12), (uint64_t[]){ 15, 13, 11 }, 3);
	expect_changes(read_changes(store, room, 5, 1, 1 << 12), (uint64_t[]){ 12 }, 1);
	expect_changes(read_changes(store, room, 6, 3, 1 << 12), NULL, 0);
	expect_changes(read_changes(store, room, 1, 12, 1 << 12), (uint64_t[]){ 15, 14, 13 }, 3);
	expect_changes(read_changes(store, room, 1, 4, 2 * (RECORD + 3)), (uint64_t[]){ 15, 13 }, 2);
	expect_changes(read_changes(store, room, 1, 4, 0), NULL, 0);
	store_end(state, store);
}

static void expect_text(struct store *store, uint64_t room, uint64_t seq, const char *text, uint8_t flags)
{
	struct store_read read = read_room(store, room, seq, 1, 1 << 16, true);
	assert_int_equal(read.first, seq);
	const uint8_t *payload = read.records->bytes + FRAME_HEADER;
	assert_int_equal(payload[MSG_FLAGS], flags);
	assert_int_equal(wire_get(payload + MSG_BODY_LENGTH, 4), strlen(text));
	assert_memory_equal(payload + MSG_BODY, text, strlen(text));
	block_give(read.records);
}

static void a_deleted_text_is_gone_with_its_edits(void **state)
{
	struct store *store = store_new(state, 0);
	uint64_t room = open_room(store, "a", true, 0).id;
	open_device(store, 7, 1);
	post(store, room, 7, 1, "a secret");
	post(store, room, 7, 2, "no secret");
	change(store, room, 7, 3, KIND_EDIT, "the secret", 1, 7);
	change(store, room, 7, 4, KIND_REACTION, "oh", 1, 0);
	change(store, room, 7, 5, KIND_EDIT, "nothing", 2, 7);
	struct store_post p = change(store, room, 7, 6, KIND_DELETE, "", 1, 7);
	expect_changed(&p, 0);
	expect_text(store, room, 1, "        ", MSG_BLANK);
	expect_text(store, room, 2, "no secret", 0);
	expect_text(store, room, 3, "          ", MSG_BLANK);
	expect_text(store, room, 4, "oh", 0);
	expect_text(store, room, 5, "nothing", 0);
	p = change(store, room, 7, 7, KIND_EDIT, "again", 1, 7);
	expect_changed(&p, TCHAT_ERR_NO_MESSAGE);
	/* Its hash stays: the first post, repeated, is the same one. */
	assert_int_equal(post_at(store, room, 7, 1, "a secret", 12345, 0).outcome, STORE_DUPLICATE);
	store_end(state, store);
}

/* The hits are those of these seqs, in this order. */
static struct store_read search(struct store *store, uint64_t room, uint64_t from, const char *text, uint32_t limit,
                                const uint64_t *seqs, size_t count)
{
	struct store_read read = { .request = { .type = STORE_READ }, .room = room, .from = from, .limit = limit,
		                   .max_bytes = 1 << 16, .text_length = (uint16_t)strlen(text) };
	memcpy(read.text, text, strlen(text));
	run(store, &read.request, 0);
	expect_seqs(read.records, seqs, count);
	block_give(read.records);
	return read;
}

static void texts_are_found_newest_first(void **state)
{
	struct store *store = store_new(state, 0);
	uint64_t room = open_room(store, "a", true, 0).id, other = open_room(store, "b", true, 0).id;
	open_device(store, 7, 1);
	static const char *const texts[] = { "The Answer", "nothing", "an answer, an answer", "\u7530\u4e2d\u3055\u3093",
		                             "STRASSE und Stra\u00dfe", "the ANSWER" };
	uint64_t counter = 0;
	for (int i = 0; i < 6; i++)
		post(store, room, 7, ++counter, texts[i]);
	post(store, other, 7, ++counter, "the answer");
	change(store, room, 7, ++counter, KIND_EDIT, "the answer is 42", 2, 7); /* 7 */
	change(store, room, 7, ++counter, KIND_REACTION, "answer", 1, 0);       /* 8 */
	search(store, room, 0, "answer", 10, (uint64_t[]){ 7, 6, 3, 1 }, 4);
	search(store, room, 0, "nothing", 10, NULL, 0); /* it says something else now */
	search(store, room, 6, "answer", 10, (uint64_t[]){ 3, 1 }, 2);
	search(store, room, 0, "\u4e2d", 10, (uint64_t[]){ 4 }, 1);
	search(store, room, 0, "strasse", 10, (uint64_t[]){ 5 }, 1);
	search(store, room, 0, "the answer i", 10, (uint64_t[]){ 7 }, 1);
	struct store_read read = search(store, room, 0, "answer", 2, (uint64_t[]){ 7, 6 }, 2);
	assert_true(read.more);
	read = search(store, room, read.first, "answer", 2, (uint64_t[]){ 3, 1 }, 2);
	assert_false(read.more);
	assert_int_equal(read.first, 1);
	change(store, room, 7, ++counter, KIND_DELETE, "", 3, 7);
	search(store, room, 0, "answer", 10, (uint64_t[]){ 7, 6, 1 }, 3);
	assert_false(search(store, room, 0, "no such text", 10, NULL, 0).more);
	store_end(state, store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(who_may_change_what_is_kept)
		BOTH(a_page_carries_what_changed_its_messages_later)
		BOTH(a_deleted_text_is_gone_with_its_edits)
		BOTH(texts_are_found_newest_first)
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
