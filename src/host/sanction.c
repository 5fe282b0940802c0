/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Acts that last: who moderates, is muted, banned, called into a private room; nicks that nobody may take. */
#include "host/rule.h"

#include "host/door.h"
#include "host/internal.h"

#include "base/errors.h"

#include <stdlib.h>
#include <string.h>

/* Whom an act is about. */
struct target {
	struct subject subject;
	const struct account *account; /* NULL: a guest, a key or an address */
	bool owner;
	char nick[TEXT_NAME_BYTES + 1]; /* "" for keys and addresses */
	char address[RANGE_TEXT];
	struct trust_pin pin;
};

/* What the action does to which kind of rule. */
static const struct action {
	uint8_t kind; /* 0: none of these */
	bool drops;
	uint8_t rank; /* the least that may */
} actions[] = {
	[MODERATE_OP] = { RULE_MODERATOR, false, RANK_ROOM_OWNER },
	[MODERATE_DEOP] = { RULE_MODERATOR, true, RANK_ROOM_OWNER },
	[MODERATE_MUTE] = { RULE_MUTED, false, RANK_MODERATOR },
	[MODERATE_UNMUTE] = { RULE_MUTED, true, RANK_MODERATOR },
	[MODERATE_BAN] = { RULE_BANNED, false, RANK_MODERATOR },
	[MODERATE_UNBAN] = { RULE_BANNED, true, RANK_MODERATOR },
	[MODERATE_CALL] = { RULE_CALLED, false, RANK_MODERATOR },
	[MODERATE_UNCALL] = { RULE_CALLED, true, RANK_MODERATOR },
};

/* --- Whom */

/* Somebody with this nick, here or not. */
static int target_person(struct host *host, const struct nick *nick, struct target *target)
{
	const struct user *user = host_user_by_nick(host, nick->key);
	const struct account_name *name = user == NULL && host->secure ? host_name_find(host, nick) : NULL;
	if (user == NULL && name == NULL)
		return TCHAT_ERR_NO_USER;
	const char *shown = user != NULL ? user->nick.shown : name->shown;
	memcpy(target->nick, shown, strlen(shown) + 1);
	target->account = user != NULL ? user->account : name->account;
	target->owner = user != NULL ? user->owner : name->account->owner;
	target->subject = user != NULL ? host_subject_user(user) : host_subject_account(name->account);
	return 0;
}

/* Nobody has that nick any more, but something was decided about who had it. */
static int target_past(struct host *host, const struct nick *nick, uint8_t kind, uint64_t room, struct target *target)
{
	const struct rule *rule;
	TAILQ_FOREACH(rule, &host->rule_list, by_id) {
		struct nick then;
		if (rule->kind != kind || rule->room != room || rule->nick[0] == '\0' ||
		    host_nick_read(host, wire_text(rule->nick), &then) != 0 || strcmp(then.key, nick->key) != 0)
			continue;
		target->subject = rule->subject;
		memcpy(target->nick, rule->nick, sizeof target->nick);
		return 0;
	}
	return TCHAT_ERR_NO_USER;
}

static int target_key(struct host *host, struct wire_bytes key, struct target *target)
{
	if (key.length != sizeof target->pin)
		return TCHAT_ERR_NO_KEY;
	memcpy(&target->pin, key.data, sizeof target->pin);
	target->subject = host_subject(SUBJECT_KEY, &target->pin, sizeof target->pin);
	const struct account *account = host_account_by_pin(host, &target->pin);
	target->owner = account != NULL && account->owner;
	return 0;
}

static int target_address(struct wire_bytes address, struct target *target)
{
	if (!wire_copy(target->address, sizeof target->address, address) ||
	    !host_subject_range(&target->subject, target->address))
		return TCHAT_ERR_BAD_NAME;
	host_subject_text(&target->subject, target->address);
	return 0;
}

static int target_read(struct host *host, const struct wire_moderate *moderate, const struct action *action,
                       const struct room *room, struct target *target)
{
	struct nick nick;
	bool bans = action->kind == RULE_BANNED && room == NULL;
	*target = (struct target){ 0 };
	if (bans && moderate->address.data != NULL)
		return target_address(moderate->address, target);
	if (bans && moderate->key.data != NULL)
		return target_key(host, moderate->key, target);
	if (host_nick_read(host, moderate->nick, &nick) != 0)
		return TCHAT_ERR_NO_USER;
	int err = target_person(host, &nick, target);
	uint64_t where = room == NULL ? 0 : room->id;
	bool decided = err == 0 && host_rule_find(host, &target->subject, (enum wire_rule_kind)action->kind, where) != NULL;
	if (action->drops && !decided && target_past(host, &nick, action->kind, where, target) == 0)
		return 0;
	return err;
}

/* --- Whether it may */

static int sanction_refusal(const struct host_peer *peer, const struct action *action, const struct room *room,
                            const struct target *target)
{
	struct host *host = peer->host;
	enum rank own = host_user_rank(host, peer->user, room);
	if (own < action->rank || (target->subject.type == SUBJECT_ADDRESS && own < RANK_OWNER))
		return TCHAT_ERR_NOT_ALLOWED;
	if (action->kind == RULE_CALLED && (room == NULL || !room->is_private))
		return TCHAT_ERR_NOT_ALLOWED;
	if (action->kind == RULE_CALLED && !action->drops)
		return 0;
	enum rank other = host_rank(host, &target->subject, target->owner, room);
	/* A key is its account's. */
	if (target->subject.type == SUBJECT_KEY) {
		const struct account *account = host_account_by_pin(host, &target->pin);
		struct subject subject = account == NULL ? target->subject : host_subject_account(account);
		other = host_rank(host, &subject, target->owner, room);
	}
	return other >= own ? TCHAT_ERR_NOT_ALLOWED : 0;
}

/* --- What follows */

static void member_put_out(struct host *host, struct user *user, const struct room *room, const struct rule *rule)
{
	struct membership *membership = host_member_find(user, room->id);
	uint8_t change = rule != NULL ? MEMBER_BANNED : MEMBER_KICKED;
	if (membership != NULL)
		host_member_leave(host, membership, NULL, change, rule == NULL ? NULL : rule->reason,
		                  rule == NULL ? NULL : rule->by);
}

/* Tells its rooms before the connections go. */
static void user_expel(struct host *host, struct user *user, const struct rule *rule)
{
	for (uint32_t i = user->membership_count; i-- > 0;)
		if (user->memberships[i]->room->kind != ROOM_DIRECT)
			host_member_leave(host, user->memberships[i], NULL, MEMBER_BANNED, rule->reason, rule->by);
}

/* Whoever is here, or on its way in, and may not be any more. */
static void ban_enforce(struct host *host, const struct rule *rule)
{
	struct user *user = NULL;
	while ((user = host_subject_next(host, &rule->subject, user)) != NULL)
		user_expel(host, user, rule);
	struct host_peer *peer;
	TAILQ_FOREACH(peer, &host->peers, by_host) {
		const struct account *account = peer->keyed ? host_account_by_pin(host, &peer->pin) : NULL;
		struct subject subject = { 0 };
		if (peer->closing != HOST_OPEN || peer->state == WIRE_NEW)
			continue;
		if (account != NULL)
			subject = host_subject_account(account);
		else if (peer->user != NULL)
			subject = host_subject_user(peer->user);
		bool owner = peer->owner || (account != NULL && account->owner);
		if (host_ban(host, peer, subject.type == 0 ? NULL : &subject, owner) != 0)
			host_peer_error(peer, TCHAT_ERR_BANNED, 0);
	}
}

static void sanction_enforce(struct host *host, const struct rule *rule, struct room *room)
{
	struct user *user = NULL;
	struct host_peer *peer;
	if (rule->kind == RULE_BANNED && room == NULL) {
		ban_enforce(host, rule);
		return;
	}
	while ((user = host_subject_next(host, &rule->subject, user)) != NULL) {
		if (rule->kind == RULE_BANNED)
			member_put_out(host, user, room, rule);
		if (rule->kind == RULE_CALLED)
			TAILQ_FOREACH(peer, &user->peers, by_user)
				host_called_tell(peer, rule);
	}
}

static int rule_say(struct host *host, struct rule *rule, const struct target *target, const struct host_peer *peer,
                    const struct wire_moderate *moderate, const char *reason)
{
	char *copy = reason == NULL ? NULL : strdup(reason);
	if (reason != NULL && copy == NULL)
		return TCHAT_ERR_MEMORY;
	free(rule->reason);
	rule->reason = copy;
	memcpy(rule->nick, target->nick, sizeof rule->nick);
	memcpy(rule->by, peer->user->nick.shown, sizeof rule->by);
	rule->since = host->environment->wall(host->environment->arg);
	rule->expires = 0;
	if (moderate->seconds != 0 && (rule->kind == RULE_MUTED || rule->kind == RULE_BANNED))
		rule->expires = rule->since + moderate->seconds * UINT64_C(1000000);
	host_rules_timed(host, rule->expires);
	return 0;
}

static void sanction_log(struct host_peer *peer, const struct wire_moderate *moderate, const struct room *room,
                         const struct target *target, const char *reason)
{
	bool has_key = target->subject.type == SUBJECT_KEY;
	host_act(peer->host, &(struct act){ .action = moderate->action, .room = room, .nick = target->nick, .reason = reason,
	                                    .address = target->address, .by = peer->user->nick.shown,
	                                    .key = has_key ? &target->pin : NULL, .seconds = moderate->seconds });
}

static int sanction_put(struct host_peer *peer, const struct wire_moderate *moderate, struct room *room,
                        const struct target *target, uint8_t kind, const char *reason)
{
	struct host *host = peer->host;
	struct rule *rule;
	uint64_t where = room == NULL ? 0 : room->id;
	bool fresh = host_rule_find(host, &target->subject, (enum wire_rule_kind)kind, where) == NULL;
	int err = host_rule_add(host, &target->subject, kind, where, &rule);
	if (err != 0)
		return err;
	err = rule_say(host, rule, target, peer, moderate, reason);
	if (err != 0 && fresh)
		host_rule_free(host, rule);
	if (err != 0)
		return err;
	host_moderate_keep(peer, moderate, NULL, host_record_rule(host, peer, rule));
	sanction_log(peer, moderate, room, target, reason);
	host_roles_refresh(host, &target->subject, rule->reason, rule->by);
	sanction_enforce(host, rule, room);
	return 0;
}

static int sanction_drop(struct host_peer *peer, const struct wire_moderate *moderate, struct room *room,
                         const struct target *target, uint8_t kind, const char *reason)
{
	struct host *host = peer->host;
	struct rule *rule = host_rule_find(host, &target->subject, (enum wire_rule_kind)kind, room == NULL ? 0 : room->id);
	if (rule == NULL)
		return TCHAT_ERR_NO_RULE;
	host_moderate_keep(peer, moderate, NULL, host_record_rule_gone(host, peer, rule->id));
	host_rule_free(host, rule);
	sanction_log(peer, moderate, room, target, reason);
	host_roles_refresh(host, &target->subject, reason, peer->user->nick.shown);
	struct user *user = NULL;
	while (kind == RULE_CALLED && (user = host_subject_next(host, &target->subject, user)) != NULL)
		if (host_room_refusal(host, user, room) != 0)
			member_put_out(host, user, room, NULL);
	return 0;
}

int host_sanction(struct host_peer *peer, const struct wire_moderate *moderate, const char *reason)
{
	struct host *host = peer->host;
	const struct action *action = &actions[moderate->action];
	struct room *room = moderate->room == 0 ? NULL : host_room_by_id(host, moderate->room);
	struct target target;
	if (moderate->room != 0 && (room == NULL || room->kind == ROOM_DIRECT))
		return TCHAT_ERR_NO_ROOM;
	/* The lobby stands for the whole host. */
	if (room != NULL && host_room_is_lobby(room))
		room = NULL;
	if (host_user_rank(host, peer->user, room) < action->rank)
		return TCHAT_ERR_NOT_ALLOWED;
	int err = target_read(host, moderate, action, room, &target);
	if (err == 0)
		err = sanction_refusal(peer, action, room, &target);
	if (err != 0)
		return err;
	return action->drops ? sanction_drop(peer, moderate, room, &target, action->kind, reason) :
	                       sanction_put(peer, moderate, room, &target, action->kind, reason);
}

/* --- Reserved nicks */

int host_reserve(struct host_peer *peer, const struct wire_moderate *moderate)
{
	struct host *host = peer->host;
	struct nick nick;
	struct account_name *name;
	struct rule *rule;
	if (!peer->owner)
		return TCHAT_ERR_NOT_ALLOWED;
	int err = host_nick_read(host, moderate->nick, &nick);
	if (err != 0)
		return err;
	struct subject subject = host_subject(SUBJECT_NICK, nick.key, strlen(nick.key));
	if (host_is_ruled(host, &subject))
		return TCHAT_ERR_NAME_TAKEN;
	err = host_name_reserve(host, &nick, &name);
	if (err != 0)
		return err;
	err = host_rule_add(host, &subject, RULE_RESERVED, 0, &rule);
	if (err != 0) {
		host_name_release(host, name);
		return err;
	}
	rule->name = name;
	memcpy(rule->nick, nick.shown, sizeof rule->nick);
	memcpy(rule->by, peer->user->nick.shown, sizeof rule->by);
	host_moderate_keep(peer, moderate, NULL, host_record_rule(host, peer, rule));
	host_act(host, &(struct act){ .action = MODERATE_RESERVE, .nick = nick.shown, .by = peer->user->nick.shown });
	return 0;
}

int host_unreserve(struct host_peer *peer, const struct wire_moderate *moderate, const struct nick *nick)
{
	struct host *host = peer->host;
	struct subject subject = host_subject(SUBJECT_NICK, nick->key, strlen(nick->key));
	struct rule *rule = host_rule_find(host, &subject, RULE_RESERVED, 0);
	if (rule == NULL)
		return TCHAT_ERR_NO_USER;
	if (!peer->owner)
		return TCHAT_ERR_NOT_ALLOWED;
	host_moderate_keep(peer, moderate, NULL, host_record_rule_gone(host, peer, rule->id));
	host_rule_free(host, rule);
	host_act(host, &(struct act){ .action = MODERATE_RELEASE, .nick = nick->shown, .by = peer->user->nick.shown });
	return 0;
}

/* --- Private rooms */

void host_uncall(struct host *host, const struct user *user, const struct room *room)
{
	struct subject subject = host_subject_user(user);
	struct rule *rule = host_rule_find(host, &subject, RULE_CALLED, room->id);
	if (rule == NULL)
		return;
	host_keep(host, host_record_rule_gone(host, NULL, rule->id));
	host_rule_free(host, rule);
}

bool host_room_was_closed(struct host *host, uint64_t room)
{
	struct subject subject = host_subject_room(room);
	return host_is_ruled(host, &subject);
}

int host_room_close(struct host_peer *peer, struct room *room)
{
	struct host *host = peer->host;
	struct subject own = host_subject_user(peer->user);
	struct rule *closed, *owner;
	struct subject subject = host_subject_room(room->id);
	int err = host_rule_add(host, &own, RULE_OWNER, room->id, &owner);
	if (err != 0)
		return err;
	err = host_rule_add(host, &subject, RULE_PRIVATE, room->id, &closed);
	if (err != 0) {
		host_rule_free(host, owner);
		return err;
	}
	memcpy(closed->nick, room->name, strnlen(room->name, sizeof closed->nick - 1));
	memcpy(owner->nick, peer->user->nick.shown, sizeof owner->nick);
	host_keep(host, host_record_rule(host, NULL, closed));
	host_keep(host, host_record_rule(host, NULL, owner));
	room->is_private = true;
	host_act(host, &(struct act){ .action = MODERATE_PRIVATE, .room = room, .by = peer->user->nick.shown });
	return 0;
}
