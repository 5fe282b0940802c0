/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The messages of one room that are kept in memory, oldest first. Each has a serial that never changes while
 * it is kept: appending counts up, prepending counts down. Texts are cleaned (text_clean()) on their way in. */
#ifndef TCHAT_UI_MESSAGE_LIST_H
#define TCHAT_UI_MESSAGE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_kind {
	MESSAGE_TEXT,
	MESSAGE_ACTION, /* * ann waves */
	MESSAGE_SYSTEM, /* tchat's own words; no nick */
	MESSAGE_ERROR,  /* the same, and something failed */
	MESSAGE_JOIN,   /* text is the whole line, as for the next two */
	MESSAGE_LEAVE,
	MESSAGE_TOPIC,
};

enum message_state {
	MESSAGE_ACCEPTED,
	MESSAGE_PENDING, /* own, not yet acknowledged by the host */
	MESSAGE_FAILED,  /* own, refused */
};

struct shown_message {
	uint64_t serial;  /* set by the list; never 0 */
	uint64_t seq;     /* the host's number, 0 when it has none yet */
	uint64_t token;   /* the caller's own handle for it, to find it again; 0: none */
	uint64_t wall;    /* microseconds since 1970 UTC */
	uint32_t change;  /* set by the list: another number, another content */
	uint8_t kind;     /* enum message_kind */
	uint8_t state;    /* enum message_state */
	bool own;
	bool mention;     /* it names the reader */
	bool deleted;     /* it was: text says so */
	bool framed;      /* set by the list: text has quote and note around it */
	size_t nick_length, text_length;
	const char *nick; /* both NUL-terminated inside the list */
	const char *text; /* may hold LF */
	/* A line above the text that quotes what it answers, and a remark behind it; lengths 0: none. In the list they
	 * are parts of the text, with the LF or blank between. */
	size_t quote_length, note_length;
	const char *quote, *note;
	uint64_t reply;   /* the seq of what it answers; 0: nothing */
};

struct message_list;

/* Longest nick and text kept, in bytes after cleaning; the rest is cut. */
#define MESSAGE_NICK_MAX 256
#define MESSAGE_TEXT_MAX (64 * 1024)
#define MESSAGE_FRAME_MAX 1024 /* quote, and note */

/* An empty list. Appending evicts the oldest beyond keep messages, except those from the pin on, which may stay until
 * there are maximum. NULL when memory is out. */
struct message_list *message_list_new(size_t keep, size_t maximum);
void message_list_free(struct message_list *list);

/* Copies a message to the end; serial and change are ignored. Returns its serial, 0 when memory is out. O(1). */
uint64_t message_list_append(struct message_list *list, const struct shown_message *message);

/* The same, but before the pending messages at the end, whose serials go up by one: their place in the order is
 * behind everything that the host has accepted. */
uint64_t message_list_append_ordered(struct message_list *list, const struct shown_message *message);

/* Copies an older message to the front: its serial; 0 when memory is out or maximum messages are kept. */
uint64_t message_list_prepend(struct message_list *list, const struct shown_message *message);

/* Forgets the oldest beyond keep, whatever is pinned; the newest ones, whose serials will be given again. */
void message_list_trim(struct message_list *list);
void message_list_drop_newest(struct message_list *list, size_t count);

/* Forgets one: false when it is not kept. The serials of those behind it go down by one. */
bool message_list_remove(struct message_list *list, uint64_t serial);

/* Forgets all messages and the unread mark. Serials go on counting. */
void message_list_clear(struct message_list *list);

/* Serials kept are first..end - 1; equal when the list is empty. */
uint64_t message_list_first(const struct message_list *list);
uint64_t message_list_end(const struct message_list *list);
size_t message_list_count(const struct message_list *list);

/* A message, NULL when it is not kept (any more). Valid until it is evicted or changed. */
const struct shown_message *message_list_get(const struct message_list *list, uint64_t serial);

/* The serial of the newest message with this token or seq (not 0), or 0. Seqs rise; what stands before a lower one is not
 * looked at. */
uint64_t message_list_find_token(const struct message_list *list, uint64_t token);
uint64_t message_list_find_seq(const struct message_list *list, uint64_t seq);

/* Changes: false when the message is not kept, or (text) memory is out. seq 0 leaves seq as it is. */
bool message_list_set_state(struct message_list *list, uint64_t serial, enum message_state state, uint64_t seq);
bool message_list_set_text(struct message_list *list, uint64_t serial, const char *text, size_t length);

/* Another quote and remark; NULL: the same as before, "": none. False as above. */
bool message_list_set_frame(struct message_list *list, uint64_t serial, const char *quote, const char *note);
bool message_list_set_deleted(struct message_list *list, uint64_t serial, const char *text);

/* What was said, without quote and remark. */
const char *message_body(const struct shown_message *message, size_t *length);

/* The first unread message: a line is drawn above it. 0 (the start): none. Evicted: the oldest kept. */
void message_list_set_unread(struct message_list *list, uint64_t serial);
uint64_t message_list_unread(const struct message_list *list);

/* What somebody looks at: eviction goes no further while there is room. 0: nothing. */
void message_list_pin(struct message_list *list, uint64_t serial);

#endif
