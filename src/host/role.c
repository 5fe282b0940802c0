/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rules make of users: who may do what in which room, who has to stay outside, and who is told. */
#include "host/rule.h"

#include "host/internal.h"

#include "base/errors.h"

#include <string.h>

enum rank host_rank(struct host *host, const struct subject *subject, bool owner, const struct room *room)
{
	if (owner)
		return RANK_OWNER;
	if (!host_is_ruled(host, subject))
		return RANK_MEMBER;
	if (room != NULL && host_rule_find(host, subject, RULE_OWNER, room->id) != NULL)
		return RANK_ROOM_OWNER;
	if (room != NULL && host_rule_find(host, subject, RULE_MODERATOR, room->id) != NULL)
		return RANK_MODERATOR;
	/* Who moderates the host does so in the rooms that it may enter. */
	bool enters = room == NULL || !room->is_private || host_rule_find(host, subject, RULE_CALLED, room->id) != NULL;
	return enters && host_rule_find(host, subject, RULE_MODERATOR, 0) != NULL ? RANK_MODERATOR : RANK_MEMBER;
}

static bool is_muted(struct host *host, const struct subject *subject, const struct room *room)
{
	return host_rule_find(host, subject, RULE_MUTED, 0) != NULL ||
	       (room != NULL && host_rule_find(host, subject, RULE_MUTED, room->id) != NULL);
}

/* Who is muted does not moderate. */
enum rank host_user_rank(struct host *host, const struct user *user, const struct room *room)
{
	struct subject subject = host_subject_user(user);
	enum rank rank = host_rank(host, &subject, user->owner, room);
	return rank == RANK_MODERATOR && is_muted(host, &subject, room) ? RANK_MEMBER : rank;
}

uint8_t host_role(struct host *host, const struct user *user, const struct room *room)
{
	if (user->owner)
		return ROLE_OWNER;
	struct subject subject = host_subject_user(user);
	if (!host_is_ruled(host, &subject))
		return ROLE_MEMBER;
	enum rank rank = host_rank(host, &subject, false, room);
	if (rank == RANK_ROOM_OWNER)
		return ROLE_OWNER;
	if (is_muted(host, &subject, room))
		return ROLE_MUTED;
	return rank == RANK_MODERATOR ? ROLE_MODERATOR : ROLE_MEMBER;
}

int host_ban(struct host *host, const struct host_peer *peer, const struct subject *subject, bool owner)
{
	struct subject other;
	if (owner || TAILQ_EMPTY(&host->rule_list))
		return 0;
	if (subject != NULL && host_rule_find(host, subject, RULE_BANNED, 0) != NULL)
		return TCHAT_ERR_BANNED;
	if (peer->keyed) {
		other = host_subject(SUBJECT_KEY, &peer->pin, sizeof peer->pin);
		if (host_rule_find(host, &other, RULE_BANNED, 0) != NULL)
			return TCHAT_ERR_BANNED;
	}
	return host_rule_of_address(host, peer->address) != NULL ? TCHAT_ERR_BANNED : 0;
}

int host_room_refusal(struct host *host, const struct user *user, const struct room *room)
{
	if (room->kind == ROOM_DIRECT || user->owner)
		return 0;
	struct subject subject = host_subject_user(user);
	enum rank rank = host_rank(host, &subject, false, room);
	if (host_rule_find(host, &subject, RULE_BANNED, room->id) != NULL)
		return TCHAT_ERR_ROOM_BANNED;
	if (room->is_private && rank < RANK_MODERATOR && host_rule_find(host, &subject, RULE_CALLED, room->id) == NULL)
		return TCHAT_ERR_ROOM_PRIVATE;
	return 0;
}

bool host_room_hides(struct host *host, const struct user *user, uint64_t room)
{
	static const enum wire_rule_kind kinds[] = { RULE_CALLED, RULE_OWNER, RULE_MODERATOR };
	if (room == 0 || user->owner || !host_room_was_closed(host, room))
		return false;
	struct subject subject = host_subject_user(user);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (host_rule_find(host, &subject, kinds[i], room) != NULL)
			return false;
	return true;
}

struct user *host_subject_next(struct host *host, const struct subject *subject, const struct user *user)
{
	struct user *next = NULL;
	if (subject->type == SUBJECT_ACCOUNT) {
		const struct account *account = host_account_by_id(host, (uint32_t)wire_get(subject->bytes, 4));
		return account == NULL ? NULL : user == NULL ? TAILQ_FIRST(&account->users) : TAILQ_NEXT(user, by_account);
	}
	if (subject->type != SUBJECT_GUEST)
		return NULL;
	for (next = user == NULL ? host->users_by_id : user->by_id.next; next != NULL; next = next->by_id.next)
		if (next->account == NULL && next->self == wire_get(subject->bytes, 8))
			break;
	return next;
}

/* One is told of one's own role in any room. */
static void role_tell(struct host *host, struct membership *membership, const char *reason, const char *by)
{
	struct room *room = membership->room;
	struct user *user = membership->user;
	struct message message;
	struct host_peer *peer;
	host_member_message(&message, room, user, MEMBER_ROLE);
	message.member.reason = wire_text(reason);
	message.member.by = wire_text(by);
	host_member_tell(host, room, &message, NULL);
	if (room->member_count <= host->limits.fan_out)
		return;
	TAILQ_FOREACH(peer, &user->peers, by_user)
		if (host_seat_find(peer, room) != NULL)
			host_queue_message(peer, &message);
}

static void user_refresh(struct host *host, struct user *user, const char *reason, const char *by)
{
	uint8_t role = host_role(host, user, NULL);
	if (role != user->role) {
		struct message message;
		struct host_peer *peer;
		user->role = role;
		host_member_message(&message, NULL, user, MEMBER_ROLE);
		message.member.reason = wire_text(reason);
		message.member.by = wire_text(by);
		TAILQ_FOREACH(peer, &user->peers, by_user)
			host_queue_message(peer, &message);
	}
	for (uint32_t i = 0; i < user->membership_count; i++) {
		struct membership *membership = user->memberships[i];
		role = host_role(host, user, membership->room);
		if (role == membership->role)
			continue;
		membership->role = role;
		if (membership->room->kind != ROOM_DIRECT)
			role_tell(host, membership, reason, by);
	}
}

void host_roles_refresh(struct host *host, const struct subject *subject, const char *reason, const char *by)
{
	struct user *user = NULL;
	while ((user = host_subject_next(host, subject, user)) != NULL)
		user_refresh(host, user, reason, by);
}

/* --- Coming in */

void host_called_tell(struct host_peer *peer, const struct rule *rule)
{
	struct message message = { .type = WIRE_CALLED };
	message.called.room = rule->room;
	/* The rule that makes the room private has its name. */
	struct subject room = host_subject_room(rule->room);
	const struct rule *named = host_rule_find(peer->host, &room, (enum wire_rule_kind)RULE_PRIVATE, rule->room);
	if (named == NULL)
		return;
	message.called.name = wire_text(named->nick);
	message.called.by = wire_text(rule->by[0] == '\0' ? NULL : rule->by);
	host_queue_message(peer, &message);
}

void host_role_enter(struct host_peer *peer)
{
	struct host *host = peer->host;
	struct user *user = peer->user;
	user_refresh(host, user, NULL, NULL);
	struct subject subject = host_subject_user(user);
	if (!host_is_ruled(host, &subject))
		return;
	const struct rule *rule;
	TAILQ_FOREACH(rule, &host->rule_list, by_id)
		if (rule->kind == RULE_CALLED && host_subject_is(&rule->subject, &subject))
			host_called_tell(peer, rule);
}
