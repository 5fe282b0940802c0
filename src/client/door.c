/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may come in: waiting at a host's door, what its owners hear of others there, invitations, keys and their nicks. */
#include "client/internal.h"

#include "base/utf8.h"

#include <string.h>

int door_knock(struct session *session, const struct wire_knock *knock)
{
	session->link = LINK_DOOR;
	struct draft draft = { .event = { .type = SESSION_WAITING, .count = knock->owners } };
	return session_tell(session, &draft);
}

int door_told(struct session *session, const struct wire_door *door)
{
	if (door->key.length != WIRE_PIN_SIZE || door->nick.length >= NAME_SIZE)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_DOOR);
	struct draft draft = { .event = { .type = SESSION_DOOR, .kind = door->change },
		               .nick = door->nick,
		               .text = wire_cut(door->reason, REASON_MAX),
		               .keys = door->key };
	return session_tell(session, &draft);
}

/* The next record of an answer: 1, 0 at the end, or TCHAT_ERR_BAD_FRAME. */
static int invited_next(struct wire_bytes *records, struct message *message)
{
	struct frame frame;
	if (records->length == 0)
		return 0;
	int size = frame_peek(&frame, records->data, records->length, FRAME_MAXIMUM);
	if (size <= 0 || frame.type != WIRE_INVITATION ||
	    message_decode(message, frame.type, frame.payload, frame.length) != 0)
		return TCHAT_ERR_BAD_FRAME;
	records->data += size;
	records->length -= (size_t)size;
	return 1;
}

int door_invited(struct session *session, const struct wire_invited *invited)
{
	struct request request;
	if (!request_take(session, invited->request, &request) || request.kind != REQUEST_INVITATIONS)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_INVITED);
	struct wire_bytes records = invited->records;
	struct message message;
	struct draft end = { .event = { .type = SESSION_INVITATIONS } };
	int err = 0, more;
	while (err == 0 && (more = invited_next(&records, &message)) != 0) {
		const struct wire_invitation *one = &message.invitation;
		if (more < 0 || one->key.length != WIRE_PIN_SIZE || one->room.length >= NAME_SIZE ||
		    one->by.length >= NAME_SIZE)
			return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_INVITED);
		struct draft draft = { .event = { .type = SESSION_INVITATION,
			                          .kind = one->kind,
			                          .count = one->uses,
			                          .time = one->expires },
			               .name = one->room,
			               .other = one->by,
			               .keys = one->key };
		err = session_tell(session, &draft);
		end.event.count++;
	}
	return err == 0 ? session_tell(session, &end) : err;
}

int door_profile(struct session *session, const struct wire_profile *profile)
{
	struct request request;
	if (!request_take(session, profile->request, &request) || request.kind != REQUEST_WHOIS ||
	    profile->nick.length >= NAME_SIZE || profile->keys.length % WIRE_PIN_SIZE != 0 ||
	    profile->keys.length > WIRE_PIN_SIZE * WIRE_KEYS_MOST)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_PROFILE);
	struct draft draft = { .event = { .type = SESSION_PROFILE,
		                          .user = profile->user,
		                          .role = profile->role,
		                          .here = (profile->flags & PROFILE_HERE) != 0,
		                          .away = (profile->flags & PROFILE_AWAY) != 0,
		                          .time = profile->since,
		                          .seen = profile->seen },
		               .nick = profile->nick,
		               .other = wire_cut(profile->address, REASON_MAX),
		               .text = wire_cut(profile->reason, REASON_MAX),
		               .keys = profile->keys };
	return session_tell(session, &draft);
}

/* --- Requests */

/* A new request: 0, or why there is none. */
static int request_new(struct session *session, enum session_request kind, const char *nick, const uint8_t *key,
                       struct request **added)
{
	if (session->link != LINK_READY)
		return TCHAT_ERR_AGAIN;
	if (nick != NULL && (nick[0] == '\0' || strlen(nick) >= NAME_SIZE || !utf8_valid(nick, strlen(nick))))
		return TCHAT_ERR_BAD_NAME;
	struct request *request = request_add(session, kind, 0, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	if (nick != NULL)
		strcpy(request->nick, nick);
	request->has_key = key != NULL;
	if (key != NULL)
		memcpy(request->key, key, sizeof request->key);
	*added = request;
	return 0;
}

/* MODERATE with a key or a nick, for the host as a whole. */
static int moderate(struct session *session, enum session_request kind, enum wire_moderation action, const char *nick,
                    const uint8_t *key)
{
	struct request *request;
	int err = request_new(session, kind, nick, key, &request);
	if (err != 0)
		return err;
	struct message message = { .type = WIRE_MODERATE,
		                   .moderate = { .request = request->id, .action = (uint8_t)action } };
	message.moderate.nick = wire_text(nick);
	if (key != NULL)
		message.moderate.key = (struct wire_bytes){ request->key, sizeof request->key };
	return request_send(session, &message);
}

int session_door(struct session *session, const uint8_t *pin, bool admit)
{
	return moderate(session, admit ? REQUEST_ADMIT : REQUEST_REFUSE, admit ? MODERATE_ADMIT : MODERATE_REFUSE, NULL,
	                pin);
}

int session_revoke(struct session *session, const uint8_t *key)
{
	return moderate(session, REQUEST_REVOKE, MODERATE_REVOKE, NULL, key);
}

int session_drop_key(struct session *session, const uint8_t *pin)
{
	return moderate(session, REQUEST_DROP_KEY, MODERATE_DROP_KEY, NULL, pin);
}

int session_release(struct session *session, const char *nick)
{
	return moderate(session, REQUEST_RELEASE, MODERATE_RELEASE, nick, NULL);
}

int session_whois(struct session *session, const char *nick)
{
	struct request *request;
	int err = request_new(session, REQUEST_WHOIS, nick, NULL, &request);
	if (err != 0)
		return err;
	return request_send(session, &(struct message){ .type = WIRE_WHOIS,
	                                                .whois = { .request = request->id, .nick = wire_text(nick) } });
}

int session_invite(struct session *session, enum wire_invite_kind kind, uint32_t uses, uint32_t seconds, const char *room,
                   const uint8_t *key)
{
	struct request *request;
	if (uses > UINT16_MAX)
		return TCHAT_ERR_ARGUMENT;
	if (room != NULL && (strlen(room) >= NAME_SIZE || !utf8_valid(room, strlen(room))))
		return TCHAT_ERR_BAD_NAME;
	int err = request_new(session, REQUEST_INVITE, NULL, key, &request);
	if (err != 0)
		return err;
	struct message message = { .type = WIRE_INVITE,
		                   .invite = { .request = request->id,
		                               .kind = (uint8_t)kind,
		                               .uses = (uint16_t)uses,
		                               .seconds = seconds,
		                               .key = { request->key, sizeof request->key } } };
	if (room != NULL && room[0] != '\0')
		message.invite.room = wire_text(room[0] == '#' ? room + 1 : room);
	return request_send(session, &message);
}

int session_invitations(struct session *session)
{
	struct request *request;
	int err = request_new(session, REQUEST_INVITATIONS, NULL, NULL, &request);
	if (err != 0)
		return err;
	return request_send(session, &(struct message){ .type = WIRE_INVITATIONS,
	                                                .invitations = { .request = request->id } });
}
