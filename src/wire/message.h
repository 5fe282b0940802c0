/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frames' payloads as structs: encoder, decoder, legality. tchat-protocol(7) is the standard. */
#ifndef TCHAT_WIRE_MESSAGE_H
#define TCHAT_WIRE_MESSAGE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_MAGIC = 0x54434854, /* "TCHT" */
	WIRE_VERSION = 1,
	WIRE_LIMIT_BEFORE_AUTH = 4096,
	WIRE_LIMIT = 65536,
	WIRE_TEXT_LIMIT = 16384, /* bytes of one message's body */
	WIRE_KEY_SIZE = 16,
	WIRE_PIN_SIZE = 32,   /* of a user's key, and of what names an invitation */
	WIRE_PROOF_SIZE = 96, /* of AUTH */
	WIRE_REACTION_LIMIT = 64, /* bytes of a reaction's body */
	WIRE_KEYS_MOST = 16,  /* of one account */
};

enum wire_role { ROLE_MEMBER = 0, ROLE_MUTED = 1, ROLE_MODERATOR = 2, ROLE_OWNER = 3 };
enum wire_room_kind { ROOM_PUBLIC = 0, ROOM_PRIVATE = 1, ROOM_DIRECT = 2 };
enum wire_message_kind {
	KIND_VOID = 0, /* of a POST: nothing, in the place of what was taken back */
	KIND_TEXT = 1, KIND_ACTION = 2, KIND_TOPIC = 3,
	KIND_EDIT = 4, KIND_DELETE = 5, KIND_REACTION = 6, /* of the message that the field target names */
};
enum wire_member_change { MEMBER_PRESENT = 0, MEMBER_JOINED = 1, MEMBER_LEFT = 2, MEMBER_RENAMED = 3, MEMBER_KICKED = 4,
	MEMBER_BANNED = 5, MEMBER_ROLE = 6 };
enum wire_moderation { MODERATE_KICK = 1, MODERATE_END = 2 /* the host ends; room 0, as in all that follow */,
	MODERATE_ADMIT = 3, MODERATE_REFUSE = 4, MODERATE_REVOKE = 5 /* an invitation */, MODERATE_DROP_KEY = 6,
	MODERATE_RELEASE = 7 /* a nick */, MODERATE_OP = 8, MODERATE_DEOP = 9, MODERATE_MUTE = 10, MODERATE_UNMUTE = 11,
	MODERATE_BAN = 12, MODERATE_UNBAN = 13, MODERATE_CALL = 14 /* into a private room */, MODERATE_UNCALL = 15,
	MODERATE_RESERVE = 16 /* a nick */,
	/* These are told of in ACT only. */
	MODERATE_INVITE = 32 /* a link was made */, MODERATE_DELETE = 33 /* another's message */,
	MODERATE_PRIVATE = 34 /* a private room was made */ };
enum wire_rule_kind { RULE_MODERATOR = 1, RULE_OWNER = 2 /* of a private room */, RULE_MUTED = 3, RULE_BANNED = 4,
	RULE_CALLED = 5 /* may come into a private room */, RULE_RESERVED = 6 /* a nick */ };
enum wire_door_change { DOOR_WAITS = 1, DOOR_LEFT = 2 /* went away, is remembered */, DOOR_ADMITTED = 3, DOOR_REFUSED = 4 };
enum wire_invite_kind { INVITE_HOST = 1, INVITE_DEVICE = 2 /* another one of the user who made it */ };
enum wire_status_action { STATUS_TELL = 0, STATUS_BACKUP = 1 };
enum wire_resume_status { RESUME_OK = 0, RESUME_GAP = 1, RESUME_OTHER_EPOCH = 2 };

enum { JOIN_LIVE = 1 };                       /* JOIN.flags, JOINED.flags: live messages follow from last + 1 */
enum { HISTORY_FORWARD = 1, HISTORY_ATTACH = 2 }; /* HISTORY.flags */
enum { PAGE_MORE = 1, PAGE_LIVE = 2 };        /* PAGE.flags; USERS.flags has PAGE_MORE */
enum { MSG_BLANK = 1 };                       /* MSG.flags: deleted; the body's bytes are blanks */
enum { ACK_DUPLICATE = 1 };                   /* ACK.flags */
enum { NACK_PERMANENT = 1 };                  /* NACK.flags */
enum { PROFILE_HERE = 1, PROFILE_AWAY = 2 };  /* PROFILE.flags */

/* A run of bytes inside a payload, not owned; data is NULL when the field is absent. */
struct wire_bytes {
	const uint8_t *data;
	size_t length;
};

/* Names a message for ever: whose device, and the how-manieth post of it. */
struct message_id {
	uint64_t device;
	uint64_t counter;
};

enum message_type {
#define BEGIN(symbol, name, code, sender, states) WIRE_##symbol = (code),
#include "wire/messages.def"
};

#define BEGIN(symbol, name, code, sender, states) struct wire_##name {
#define U8(name) uint8_t name;
#define U16(name) uint16_t name;
#define U32(name) uint32_t name;
#define U64(name) uint64_t name;
#define ID(name) struct message_id name;
#define KEY(name) uint8_t name[WIRE_KEY_SIZE];
#define BODY(name, shown) struct wire_bytes name;
#define REST(name) struct wire_bytes name;
#define TLV_TEXT(tag, name) struct wire_bytes name;
#define TAIL(name) struct wire_bytes name;
#define END(symbol, name) };
#include "wire/messages.def"

/* One frame's payload; type says which member of the union holds. */
struct message {
	enum message_type type;
	union {
#define END(symbol, name) struct wire_##name name;
#include "wire/messages.def"
	};
};

/* POST and MSG share one layout; these are its offsets in the payload, for filling it in place. */
enum { MSG_ROOM = 0, MSG_SEQ = 8, MSG_TIME = 16, MSG_DEVICE = 24, MSG_COUNTER = 32, MSG_SENDER = 40, MSG_KIND = 44,
       MSG_FLAGS = 45, MSG_BODY_LENGTH = 48, MSG_BODY = 52 };

enum wire_side { WIRE_CLIENT = 1, WIRE_HOST = 2 };
enum wire_state { WIRE_NEW = 1, WIRE_GREETED = 2, WIRE_READY = 4 };

/* Appends the whole frame, header and payload, to out.
 * 0, TCHAT_ERR_FULL, TCHAT_ERR_MEMORY or TCHAT_ERR_TOO_LONG (a text over 65535 bytes); out is unchanged then. */
int message_encode(struct buffer *out, const struct message *message);

/* Reads a payload; fields of message point into it. Absent TLVs have data NULL. Unknown odd tags are skipped.
 * 0, TCHAT_ERR_UNKNOWN_TYPE, TCHAT_ERR_UNKNOWN_TAG (even) or TCHAT_ERR_BAD_FRAME. */
int message_decode(struct message *message, uint8_t type, const uint8_t *payload, size_t length);

/* Whether side may send this type in this state: 0, TCHAT_ERR_WRONG_STATE, or TCHAT_ERR_UNKNOWN_TYPE for a type
 * that is not in the table. */
int message_legal(uint8_t type, enum wire_side side, enum wire_state state);

/* The frame's name as in messages.def ("HELLO"), or NULL when the type is unknown. Static. */
const char *message_name(uint8_t type);

/* Appends one frame as a person reads it: its name, then its fields, nested records indented on lines of their
 * own; every byte of it printable. 0 or TCHAT_ERR_FULL, TCHAT_ERR_MEMORY. */
int message_print(struct buffer *out, uint8_t type, const uint8_t *payload, size_t length);

/* A NUL-terminated string as bytes; NULL gives the absent field. */
struct wire_bytes wire_text(const char *text);

/* Copies bytes to a NUL-terminated string of at most size - 1 bytes. False when they did not fit or hold a NUL;
 * to is "" then. */
bool wire_copy(char *to, size_t size, struct wire_bytes from);

static inline uint64_t wire_get(const uint8_t *at, int bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

static inline void wire_set(uint8_t *at, int bytes, uint64_t value)
{
	for (int i = bytes - 1; i >= 0; i--, value >>= 8)
		at[i] = (uint8_t)value;
}

#endif
