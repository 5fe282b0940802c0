/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host's files call of one another. Names of the wire's types stand for their frames. */
#ifndef TCHAT_HOST_INTERNAL_H
#define TCHAT_HOST_INTERNAL_H

#include "host/types.h"

struct account;
struct account_name;
struct act;

/* --- queue.c: a peer's output. What cannot be queued for lack of memory drops the peer; a closing peer takes
 * nothing. */
void host_queue_init(struct host_peer *peer);
void host_queue_free(struct host_peer *peer);
bool host_queue_span(struct host_peer *peer, struct block *block, uint32_t offset, uint32_t length);
/* size bytes to fill in at once, or NULL. */
uint8_t *host_queue_own(struct host_peer *peer, uint32_t size);
void host_queue_message(struct host_peer *peer, const struct message *message);
void host_dirty(struct host_peer *peer);
/* Counts a block as waiting output; host_block_give() undoes that with the last reference. */
void host_block_publish(struct host *host, struct block *block);
void host_block_give(struct host *host, struct block *block);
/* The most bytes that may wait for one peer just now. */
size_t host_queue_limit(const struct host *host);

/* --- peer.c: life and input of a peer. */
void host_peer_wait(struct host_peer *peer, enum host_wait wait);
/* The peer broke a rule of a frame of this type: ERROR, flush, close. */
void host_peer_error(struct host_peer *peer, int err, uint8_t type);
void host_peer_close(struct host_peer *peer, int err, enum host_closing closing);
/* Answers a request with an error. */
void host_answer_error(struct host_peer *peer, uint32_t request, int err, uint8_t type);
void host_answer_done(struct host_peer *peer, uint32_t request, const char *nick);
void host_peer_reference_give(struct host_peer *peer);
void host_peer_resume(struct host_peer *peer);
bool host_peer_resume_all(struct host *host);
/* --- throttle.c: how much a user may say. */
/* The peer's user has sent a frame of this length. */
void host_throttle_charge(struct host_peer *peer, size_t length);
/* Whether it has to wait; host_throttle() then makes it. */
bool host_throttle_waits(const struct host_peer *peer);
void host_throttle(struct host_peer *peer);
void host_throttle_tick(struct host *host);
/* Nobody has said anything yet, as it were. */
void host_throttle_reset(struct host *host);
void host_reap(struct host *host);

/* --- crowd.c: how many connections there may be. */
/* Counts one more of this account (NULL: a guest) and device: 0, TCHAT_ERR_TOO_MANY_CONNECTIONS or TCHAT_ERR_MEMORY. */
int host_crowd_enter(struct host_peer *peer, const struct account *account, uint64_t device);
/* Nothing if it was not counted. */
void host_crowd_leave(struct host_peer *peer);

/* --- host.c: requests to the store. */
struct pending *host_pending_new(struct host *host, struct host_peer *peer, enum store_type store, uint8_t type,
                                 uint32_t request);
void host_pending_send(struct host *host, struct pending *pending);
void host_enter(struct host *host, tchat_time now);
void host_leave(struct host *host);

/* --- handshake.c */
void host_hello(struct host_peer *peer, const struct wire_hello *hello);
void host_auth(struct host_peer *peer, const struct wire_auth *auth);
void host_auth_completed(struct host *host, struct pending *pending);

/* --- status.c */
void host_status(struct host_peer *peer, const struct wire_status *status);
void host_backup_completed(struct host *host, struct pending *pending);

/* --- identity.c */
void host_identity_take(struct host *host, const struct store_identity *identity);
uint64_t host_identity_device(const struct host *host, const uint8_t salt[WIRE_KEY_SIZE], bool owner);
/* Who a user is for longer than its id lives: a guest is its device, an owner is its wish. */
uint64_t host_identity_user(uint64_t device, bool owner, const char *wish);

/* --- nick.c */
/* The wish, or with a number behind it, whatever the user or account may have; false when there is none. */
bool host_nick_give(struct host *host, const struct nick *wish, const struct user *self, const struct account *account,
                    struct nick *nick);

/* Of what it is compared by, never mind how it is shown. */
uint64_t host_nick_hash(const struct nick *nick);

/* --- user.c */
/* The name of who asked for it is kept, or not. */
void host_nick_kept(struct host *host, struct pending *pending);
/* Reads a nick: 0, TCHAT_ERR_BAD_NAME or TCHAT_ERR_MEMORY. */
int host_nick_read(struct host *host, struct wire_bytes text, struct nick *nick);
/* The one that somebody wishes for who comes in: nick is as it was when the field is absent, and "guest" for what is no
 * nick. 0 or TCHAT_ERR_MEMORY. */
int host_nick_wish(struct host *host, struct wire_bytes text, struct nick *nick);
struct user *host_user_by_nick(struct host *host, const char *key);
struct user *host_user_by_id(struct host *host, uint32_t id);
struct device *host_device_find(struct host *host, uint64_t id);
/* The user and device of who authenticated, made where necessary: 0, TCHAT_ERR_MEMORY. With an account, wish is the
 * name of it that was chosen; TCHAT_ERR_NAME_TAKEN if it is not its own any more. */
int host_user_enter(struct host_peer *peer, uint64_t device, const struct nick *wish, struct account *account);
/* The user of a name whose account is not here under it: made, without a connection; NULL when memory is out. */
struct user *host_user_absent(struct host *host, const struct account_name *name);
int host_user_rename(struct host *host, struct user *user, const struct nick *nick);
/* The peer is not of its user any more. */
void host_user_leave(struct host_peer *peer);
void host_user_forget(struct host *host, struct user *user);
void host_users_tick(struct host *host);
void host_nick(struct host_peer *peer, const struct wire_nick *nick);

/* --- room.c: rooms, memberships, seats */
struct room *host_room_by_id(struct host *host, uint64_t id);
struct room *host_room_by_key(struct host *host, uint8_t kind, const char *key);
/* The room that the store answered with; NULL when memory is out or there are too many (*err says which). */
struct room *host_room_adopt(struct host *host, const struct store_room *answer, int *err);
void host_room_free(struct host *host, struct room *room);
bool host_room_is_lobby(const struct room *room);
void host_room_unuse(struct host *host, struct room *room);
struct membership *host_member_find(struct user *user, uint64_t room);
struct membership *host_member_add(struct host *host, struct room *room, struct user *user);
void host_member_remove(struct host *host, struct membership *membership);
/* Index of the first member whose user id is above after. */
uint32_t host_member_after(const struct room *room, uint32_t after);
struct seat *host_seat_find(struct host_peer *peer, const struct room *room);
struct seat *host_seat_get(struct host_peer *peer, struct room *room);
void host_seat_live(struct seat *seat, bool live);
bool host_seat_is_live(const struct seat *seat);
void host_seat_free(struct seat *seat);

/* --- join.c */
void host_join(struct host_peer *peer, const struct wire_join *join);
void host_join_completed(struct host *host, struct pending *pending);
void host_part(struct host_peer *peer, const struct wire_part *part);
void host_joined(struct host_peer *peer, struct room *room, uint32_t request, uint8_t flags);
/* A direct room of the user's was opened by somebody, or has news: tells its connections, or the next one. */
void host_direct_tell(struct host *host, struct membership *membership, struct host_peer *except);
/* Takes the user out of the room; change and the rest as in MEMBER. */
void host_member_leave(struct host *host, struct membership *membership, struct host_peer *except, uint8_t change,
                       const char *reason, const char *by);

/* The other user of a direct room, or NULL when that one is forgotten. */
const struct user *host_direct_other(const struct room *room, const struct user *user);
/* Who came in is told of its direct rooms with something unread, those of an earlier life of the host too. */
void host_unread_tell(struct host_peer *peer);

/* --- bookmark.c */
/* NULL: there are none. */
struct bookmarks *host_bookmarks_of(struct host *host, struct user *user);
const struct bookmark *host_bookmark_find(struct host *host, struct user *user, uint64_t room);
/* The user is in the room from now on. */
void host_bookmark_enter(struct host *host, struct user *user, const struct room *room);
void host_bookmark_direct(struct host *host, struct user *user, const struct room *room, const struct user *other);
/* The lowest seq that the user may read, as far as it is kept. */
uint64_t host_bookmark_least(struct host *host, struct user *user, const struct room *room);
bool host_bookmark_unread(struct host *host, struct user *user, const struct room *room);
/* It has read up to seq; false: that is nothing new. */
bool host_bookmark_read(struct host *host, struct user *user, const struct room *room, uint64_t seq);
/* The user is forgotten; its bookmarks are not, if they are kept. */
void host_bookmark_forget(struct host *host, struct user *user);
void host_mark(struct host_peer *peer, const struct wire_mark *mark);
/* Tells a connection what its user has read, if anything. */
void host_mark_tell(struct host_peer *peer, const struct room *room);
tchat_time host_bookmarks_deadline(const struct host *host);
void host_bookmarks_tick(struct host *host);
/* Writes all that changed, now. */
void host_bookmarks_write(struct host *host);
void host_bookmarks_free(struct host *host);

/* --- roster.c */
void host_names(struct host_peer *peer, const struct wire_names *names);
void host_presence(struct host_peer *peer, const struct wire_presence *presence);
/* Tells those in the room, if it is small enough, of a change; except may be NULL. */
void host_member_tell(struct host *host, struct room *room, const struct message *member,
                      const struct host_peer *except);
/* Tells all who share a small room with the user, once each, and the user's own connections. */
void host_neighbours_tell(struct host *host, struct user *user, const struct message *message, bool droppable,
                          const struct host_peer *except);
void host_member_message(struct message *message, const struct room *room, struct user *user, uint8_t change);

/* --- moderate.c, history.c */
void host_moderate(struct host_peer *peer, const struct wire_moderate *moderate);
void host_rules(struct host_peer *peer, const struct wire_rules *rules);
void host_audit(struct host_peer *peer, const struct wire_audit *audit);
void host_history(struct host_peer *peer, const struct wire_history *history);
void host_search(struct host_peer *peer, const struct wire_search *search);
void host_resume(struct host_peer *peer, const struct wire_resume *resume);
/* True: the request is to be submitted again. */
bool host_read_completed(struct host *host, struct pending *pending);

/* --- gather.c, fanout.c */
/* Takes a POST's payload: 0, or what is wrong with the frame. */
int host_post(struct host_peer *peer, const uint8_t *payload, size_t length);
/* Whether there was enough work for one round. */
bool host_round_is_full(const struct host *host);
void host_round_submit(struct host *host);
void host_round_completed(struct host *host);
void host_round_clear(struct host *host, struct round *round);
/* Stops live sending to the seat: from is the first seq that is not sent. */
void host_seat_gap(struct seat *seat, uint64_t from);
void host_nack(struct host_peer *peer, struct message_id id, uint64_t room, int code, bool permanent);

/* --- event.c */
void host_event(struct host *host, enum host_event_type type, const struct user *user, const struct room *room,
                const char *text, int code);
void host_event_act(struct host *host, const struct act *act);
/* The same of somebody who is no user. */
void host_event_named(struct host *host, enum host_event_type type, const char *nick, const char *room,
                      const char *text, int code);
void host_event_error(struct host *host, enum host_event_type type, int code);

#endif
