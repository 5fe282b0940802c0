/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What owners may do to others. */
#include "host/internal.h"

#include "base/errors.h"
#include "base/utf8.h"

static int moderate_kick(struct host_peer *peer, const struct wire_moderate *moderate, const char *reason)
{
	struct host *host = peer->host;
	struct nick nick;
	struct room *room = host_room_by_id(host, moderate->room);
	if (room == NULL)
		return TCHAT_ERR_NO_ROOM;
	struct user *user = NULL;
	if (host_nick_read(host, moderate->nick, &nick) == 0)
		user = host_user_by_nick(host, nick.key);
	struct membership *membership = user == NULL ? NULL : host_member_find(user, room->id);
	if (membership == NULL)
		return TCHAT_ERR_NO_USER;
	if (user->owner || room->kind == ROOM_DIRECT)
		return TCHAT_ERR_NOT_ALLOWED;
	host_event(host, HOST_EVENT_KICKED, user, room, reason, 0);
	bool lobby = host_room_is_lobby(room);
	host_member_leave(host, membership, NULL, MEMBER_KICKED, reason, peer->user->nick.shown);
	if (!lobby)
		return 0;
	struct device *device;
	TAILQ_FOREACH(device, &user->devices, by_user) {
		device->banned = host->now + host->limits.ban;
		if (device->peer != NULL)
			host_peer_error(device->peer, TCHAT_ERR_KICKED, 0);
	}
	return 0;
}

void host_moderate(struct host_peer *peer, const struct wire_moderate *moderate)
{
	char reason[REASON_BYTES + 1];
	int err = TCHAT_ERR_NOT_ALLOWED;
	if (!peer->owner)
		goto out;
	if (moderate->action == MODERATE_END && moderate->room == 0) {
		peer->host->wants_end = true;
		err = 0;
	}
	if (moderate->action != MODERATE_KICK)
		goto out;
	err = TCHAT_ERR_BAD_TEXT;
	if (!wire_copy(reason, sizeof reason, moderate->reason) ||
	    !utf8_valid((const char *)moderate->reason.data, moderate->reason.length))
		goto out;
	err = moderate_kick(peer, moderate, moderate->reason.data == NULL ? NULL : reason);
out:
	if (err == 0)
		host_answer_done(peer, moderate->request, NULL);
	else
		host_answer_error(peer, moderate->request, err, WIRE_MODERATE);
}
