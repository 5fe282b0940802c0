/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client session tells its face: one plain struct for all events. */
#ifndef TCHAT_CLIENT_EVENT_H
#define TCHAT_CLIENT_EVENT_H

#include "base/clock.h"
#include "wire/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Behind each type: the fields that hold. "room" means room, name and direct. What is not listed is zero. */
enum session_event_type {
	SESSION_NOTHING,      /* the queue is empty */
	SESSION_CONNECTED,    /* host, user, nick (given), own_wish (false: another one than wished), role, text: motd,
	                       * other: the host's software, restarted: another host life than before, name: whose
	                       * account it is, by its first nick ("": nobody's) */
	SESSION_DISCONNECTED, /* code: why; final: there will be no retry, else retry_at */
	SESSION_GOAWAY,       /* code, retry_at as a duration, text: reason; the connection goes soon */
	SESSION_ROOM_JOINED,  /* room, closed, count: members, text: topic, seq: head; again: after a reconnect; own: it was
	                       * asked for */
	SESSION_ROOM_PARTED,  /* room; code: why it is gone (0: asked for) */
	SESSION_ROOM_READY,   /* room; history and what was missed came; from here on everything is live */
	SESSION_MESSAGE,      /* room, seq, time, id, user, nick, kind, text, target, reply, blank, replay, own; counter
	                       * and ref when posted by this session. In seq order, each once: dense, unless GAP or
	                       * RESTARTED comes before */
	SESSION_PAST,         /* as MESSAGE, and asked; answers session_history() */
	SESSION_CHANGE,       /* as PAST, behind these: an edit, a deletion or a reaction that came later than they, of one
	                       * of them; newest first */
	SESSION_PAST_END,     /* room, asked; seq: what to give as before next; more: there is more before it */
	SESSION_FOUND,        /* as PAST; answers session_search(), newest first */
	SESSION_FOUND_END,    /* as PAST_END */
	SESSION_PENDING,      /* room, counter, kind, text, target, reply, ref, again (it was posted in an earlier life): the post is
	                       * stored in the outbox, and goes out as soon as it can */
	SESSION_ACK,          /* room, counter, ref, seq, time, id, kind, duplicate. Its MESSAGE comes in its place */
	SESSION_NACK,         /* room, counter, ref, code, kind, text, target: refused for good, or cancelled; without PENDING
	                       * before, it could not be taken over into the store */
	SESSION_HELD,         /* code: the host keeps no messages for now, posts wait in the outbox; 0: it does again */
	SESSION_READ,         /* room, seq: another connection of this user has read up to there, or one had before */
	SESSION_GAP,          /* room, count: so many messages are no longer kept, from seq on */
	SESSION_RESTARTED,    /* room: the host's history is another one; messages start afresh */
	SESSION_LOST,         /* room, counter, kind, text, time: a message of ours that the host had accepted and has no
	                       * more; session_repost() posts it again */
	SESSION_JOINED,       /* room, user, nick, role */
	SESSION_LEFT,         /* room, user, nick, text: reason */
	SESSION_RENAMED,      /* user, nick: new one, other: old one or "", own */
	SESSION_KICKED,       /* room, user, nick, other: by whom, text: reason, code: KICKED or ROOM_BANNED, own: us; then
	                       * ROOM_PARTED follows */
	SESSION_AWAY,         /* user, nick, away, text: reason */
	SESSION_TOPIC,        /* room, text: topic, nick: who set it; behind a MESSAGE of kind topic that is no replay */
	SESSION_ROSTER,       /* room, count: the roster is complete, unless count > 256: then there is none. A direct room
	                       * may have another name now */
	SESSION_NAME,         /* room, user, nick, role, away: one line of the answer to session_names() */
	SESSION_NAMES_END,    /* room, count: all members */
	SESSION_NICK,         /* nick: session_nick() was done */
	SESSION_DONE,         /* room, request, kind, nick, keys (one or none): another request was done, as it was asked */
	SESSION_ERROR,        /* request, code, room, asked, nick and keys if any: a request was refused or got no answer */
	SESSION_PONG,         /* rtt, text: payload (not UTF-8: as sent); answers session_ping() */
	SESSION_LAG,          /* rtt: of a keep-alive */
	SESSION_UNSTORED,     /* code, text: why nothing can be stored here; code 0: it can again */
	SESSION_HOST,         /* host, keys (its pin; none: not encrypted): a store is awaited, see session_store() */
	SESSION_WAITING,      /* at the door: the host's owner was asked; count: of its connections that were told */
	SESSION_DOOR,         /* for owners: kind (enum wire_door_change), nick, text: from where, keys: one */
	SESSION_INVITATION,   /* kind (enum wire_invite_kind), count: uses left, time: when it ends (0: never), name: the
	                       * room or "", other: who made it, keys: one, its public half. One line of an answer */
	SESSION_INVITATIONS,  /* the end of the answer to session_invitations(); count */
	SESSION_ROLE,         /* room (0: the whole host, then own), user, nick, role: the new one, other: by whom or "",
	                       * text: reason, own */
	SESSION_CALLED,       /* name: of a private room that we may join, other: who says so */
	SESSION_RULE,         /* room, kind (enum wire_rule_kind), nick, ref: the address or "", keys (one or none), time: since
	                       * when, expires (0: never), other: by whom, text: reason; one line of an answer */
	SESSION_RULES_END,    /* room, count: the end of the answer to session_rules() */
	SESSION_ACT,          /* kind (enum wire_moderation), seq: its number, time, name: of the room or "", nick, ref: the
	                       * address, keys, other: by whom, text: reason, count: seconds, asked; rising numbers */
	SESSION_AUDIT_END,    /* room, asked; seq: what to give as before next; more: there are older ones */
	SESSION_VALUE,        /* request (STATUS or BACKUP), name: a word, seq: used, count: most or 0, text; one line of an
	                       * answer */
	SESSION_REPORT_END,   /* request, count: of values; the end of the answer */
	SESSION_PROFILE,      /* user, nick, role, here, away, text: reason, time: since when the nick is this user's,
	                       * seen: when last, keys, other: the address or ""; answers session_whois() */
};

/* What an ERROR or DONE answers. */
enum session_request {
	REQUEST_NONE,
	REQUEST_JOIN,
	REQUEST_DIRECT,
	REQUEST_PART,
	REQUEST_RESUME,
	REQUEST_CATCH_UP,
	REQUEST_HISTORY,
	REQUEST_SEARCH,
	REQUEST_ROSTER,
	REQUEST_NAMES,
	REQUEST_NICK,
	REQUEST_KICK,
	REQUEST_END,
	REQUEST_ADMIT,
	REQUEST_REFUSE,
	REQUEST_INVITE,
	REQUEST_INVITATIONS,
	REQUEST_REVOKE,
	REQUEST_DROP_KEY,
	REQUEST_RELEASE,
	REQUEST_WHOIS,
	REQUEST_MODERATE,
	REQUEST_RULES,
	REQUEST_AUDIT,
	REQUEST_STATUS,
	REQUEST_BACKUP,
};

/* All strings are valid UTF-8 without NUL inside (the payload of a PONG apart), NUL-terminated, never NULL, and not
 * yet cleaned for showing. They live until the next session_next_event() of the session. */
struct session_event {
	enum session_event_type type;
	enum session_request request;
	int code;           /* enum tchat_err, or 0 */
	uint32_t room;      /* the session's handle of the room; 0: none */
	uint32_t user;
	uint8_t role;       /* enum wire_role */
	uint8_t kind;       /* enum wire_message_kind; in some, another enum */
	bool direct : 1;    /* the room is a direct one; name is the other's nick */
	bool closed : 1;    /* the room is private */
	bool own : 1;
	bool replay : 1;    /* it was there already when this session joined the room first */
	bool duplicate : 1;
	bool final : 1;
	bool away : 1;
	bool more : 1;
	bool again : 1;
	bool own_wish : 1;
	bool restarted : 1;
	bool here : 1;
	bool blank : 1;     /* deleted: there is no text any more */
	uint32_t asked;     /* the number that was given with the request */
	uint64_t target;    /* the seq of the message that this one changes; 0: none */
	uint64_t reply;     /* the seq of the message that this one answers; 0: none */
	uint64_t seq;
	uint64_t time;      /* wall clock, µs since 1970 */
	struct message_id id;
	uint64_t counter;   /* of a post of this session, or one that had no answer when it began; else 0 */
	uint64_t count;
	uint64_t seen;      /* wall clock */
	uint64_t expires;   /* wall clock */
	tchat_time retry_at;
	tchat_time rtt;
	uint8_t host[WIRE_KEY_SIZE];
	const char *name;   /* of the room, without # */
	const char *nick;
	const char *other;
	const char *ref;
	const char *text;
	size_t length;      /* of text */
	const uint8_t *keys; /* pins, or public halves of invitations: WIRE_PIN_SIZE bytes each */
	size_t key_count;
};

#endif
