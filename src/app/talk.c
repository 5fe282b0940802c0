/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The common start and end of the faces, and failures put into words. */
#include "app/talk.h"

#include "app/account.h"
#include "app/exit_status.h"
#include "app/guard.h"
#include "app/reach.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/wipe.h"
#include "system/signals.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --nick, else tchatrc's, else $USER, else the account's name. NULL: the host chooses, which on a host of one's own
 * gives back the name that its owner has there. */
static const char *talk_nick(const struct options *options, const struct talk_place *place)
{
	if (options->source[SETTING_NICK] < FROM_COMMAND_LINE && place->address.kind == ADDRESS_UNIX && place->pair == NULL)
		return NULL;
	const char *nick = options->nick != NULL ? options->nick : getenv("USER");
	if (nick != NULL && nick[0] != '\0')
		return nick;
	const struct passwd *account = getpwuid(geteuid());
	return account != NULL ? account->pw_name : NULL;
}

const char *talk_room(const struct options *options, const struct talk_place *place)
{
	bool link = place->address.room[0] != '\0' && options->source[SETTING_ROOM] < FROM_COMMAND_LINE;
	return link ? place->address.room : options->room;
}

static void talk_on_signal(void *arg, unsigned events)
{
	struct talk *talk = arg;
	for (int number; (number = signals_take(talk->signals)) != 0;)
		talk->signal(talk->handlers.arg, number);
}

/* Our key (lasts: beyond the end of the program), and what is known of the host's: 0, or an enum exit_status after a
 * line on stderr. */
static int talk_open_keys(struct talk *talk, bool asks, bool *lasts)
{
	const struct options *options = talk->options;
	char why[ACCOUNT_TEXT], path[PATHS_MAX];
	if (options->insecure)
		return 0;
	enum options_trust policy = asks ? TRUST_ASK : TRUST_PINNED;
	if (options->trust >= 0)
		policy = (enum options_trust)options->trust;
	int status = account_user(&talk->identity, why);
	if (why[0] != '\0')
		say("%s", why);
	*lasts = why[0] == '\0';
	if (status != 0)
		return status;
	int err = host_trust_new(&talk->place->address, policy, &talk->trust, path, sizeof path);
	int number = errno;
	if (err == 0)
		return 0;
	if (err == TCHAT_ERR_PERMISSION)
		say(_("%1$s: others may read or write this file or its folder, or it is not yours; chmod 600 '%1$s', and 700 for "
		      "the folder"), path);
	else
		say("%s: %s", path, err == TCHAT_ERR_SYSTEM ? strerror(number) : tchat_err_text(err));
	return err == TCHAT_ERR_MEMORY || err == TCHAT_ERR_SYSTEM ? EXIT_STATUS_SYSTEM : EXIT_STATUS_CONFIG;
}

/* Where posts and cursors are kept; the host's key may be known before there is a connection. */
static bool talk_open_kept(struct talk *talk, bool lasts, const char *nick)
{
	const struct talk_place *place = talk->place;
	talk->kept = kept_new(talk->loop, talk->session, lasts, nick);
	if (talk->kept == NULL)
		return false;
	const struct trust_pin *pin = talk->trust != NULL ? host_trust_expected(talk->trust) : NULL;
	if (place->pair != NULL)
		pin = place->has_pin ? &place->pin : NULL;
	if (pin != NULL)
		kept_expect(talk->kept, pin);
	return true;
}

int talk_open(struct talk *talk, const struct options *options, struct talk_place *place, uint32_t history, bool asks)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	*talk = (struct talk){ .options = options, .place = place, .has_token = place->address.has_token };
	bool lasts = true, keeps = options->mode != MODE_PING;
	const char *nick = talk_nick(options, place); /* which may take a look at the system's accounts */
	if (place->listening_count > 0 || place->address.kind == ADDRESS_UNIX)
		reach_look(&place->own);
	int status = guard_face(options, place);
	if (status == 0)
		status = talk_open_keys(talk, asks, &lasts);
	if (status != 0)
		return status;
	struct session_config config = {
		.environment = &environment_system,
		.stored = keeps,
		.software = PACKAGE_NAME " " PACKAGE_VERSION,
		.nick = nick,
		.history = history,
		.token = talk->has_token ? place->address.token : NULL,
	};
	talk->signals = signals_open(numbers, sizeof numbers / sizeof numbers[0]);
	talk->loop = loop_new(0);
	if (talk->loop != NULL)
		talk->resolver = resolver_new(talk->loop, place->names);
	talk->session = session_new(&config);
	wipe(place->address.token, sizeof place->address.token);
	place->address.has_token = false;
	if (talk->signals >= 0 && talk->loop != NULL && talk->resolver != NULL && talk->session != NULL) {
		talk->signal_watch =
			loop_watch_add(talk->loop, talk->signals, LOOP_READ, 0, talk_on_signal, talk);
		if (talk->signal_watch != NULL && (!keeps || talk_open_kept(talk, lasts, nick)))
			return 0;
	}
	say("%s", tchat_err_text(TCHAT_ERR_MEMORY));
	return EXIT_STATUS_SYSTEM;
}

static void talk_event(void *arg, const struct session_event *event)
{
	struct talk *talk = arg;
	const struct talk_place *place = talk->place;
	char where[ADDRESS_TEXT] = "";
	if (event->type != SESSION_HOST) {
		talk->handlers.event(talk->handlers.arg, event);
		return;
	}
	if (place->address.kind == ADDRESS_TCP)
		address_format(&place->address, where, sizeof where);
	kept_event(talk->kept, event, place->owns_host && place->has_pin ? &place->pin : NULL, where);
}

static int talk_check(void *arg, const struct trust_pin *pin, const struct trust_pin *former)
{
	struct talk *talk = arg;
	int err = host_trust_check(talk->trust, pin, former);
	talk->is_other = err == 0 && talk->kept != NULL && !kept_check(talk->kept, pin, former);
	return talk->is_other ? TCHAT_ERR_HOST_CHANGED : err;
}

static void talk_settled(void *arg)
{
	struct talk *talk = arg;
	if (talk->handlers.settled != NULL)
		talk->handlers.settled(talk->handlers.arg);
}

int talk_start(struct talk *talk)
{
	struct address *address = &talk->place->address;
	talk->handlers.loop = talk->loop;
	talk->handlers.resolver = talk->resolver;
	talk->handlers.session = talk->session;
	if (address->kind == ADDRESS_UNIX)
		talk->handlers.target.path = address->path;
	else
		talk->handlers.target = (struct link_target){ .node = address->node, .service = address->service };
	talk->handlers.identity = talk->identity;
	talk->handlers.check = talk_check;
	talk->handlers.check_arg = talk;
	struct link_config config = talk->handlers;
	config.event = talk_event;
	config.settled = talk_settled;
	config.arg = talk;
	talk->link = link_new(&config);
	if (talk->link == NULL)
		return TCHAT_ERR_MEMORY;
	if (talk->place->pair == NULL)
		return 0;
	struct stream *pair = talk->place->pair;
	talk->place->pair = NULL;
	return link_attach(talk->link, pair);
}

void talk_free(struct talk *talk)
{
	link_free(talk->link);
	kept_free(talk->kept);
	session_free(talk->session);
	resolver_free(talk->resolver);
	loop_free(talk->loop);
	host_trust_free(talk->trust);
	trust_identity_free(talk->identity);
	signals_close();
}

bool talk_others_are_here(const struct talk *talk)
{
	uint32_t own = session_own_user(talk->session);
	struct session_room room;
	struct session_member member;
	for (size_t i = 0; session_room_at(talk->session, i, &room); i++) {
		if (room.members > SESSION_ROSTER_MAX || (!room.roster && room.members > 1 && !room.direct))
			return true;
		for (size_t k = 0; session_member_at(talk->session, room.room, k, &member); k++)
			if (member.user != own && !room.direct)
				return true;
	}
	return false;
}

int talk_status(const struct talk *talk, int code)
{
	switch (code) {
	case 0:
	case TCHAT_ERR_LEAVING:
		return session_sending(talk->session) > 0 ? EXIT_STATUS_UNACKNOWLEDGED : EXIT_STATUS_OK;
	case TCHAT_ERR_KICKED:
	case TCHAT_ERR_BANNED:
	case TCHAT_ERR_FENCED:
	case TCHAT_ERR_HOST_FULL:
	case TCHAT_ERR_NOT_ALLOWED:
	case TCHAT_ERR_NOT_INVITED:
	case TCHAT_ERR_DOOR_REFUSED:
	case TCHAT_ERR_DOOR_FULL:
	case TCHAT_ERR_BAD_PROOF:
	case TCHAT_ERR_KEY_DROPPED:
	case TCHAT_ERR_KEY_TAKEN:
	case TCHAT_ERR_TOO_MANY_KEYS:
	case TCHAT_ERR_HOST_NEW:
	case TCHAT_ERR_HOST_CHANGED:
		return EXIT_STATUS_REFUSED;
	case TCHAT_ERR_BAD_FRAME:
	case TCHAT_ERR_FRAME_TOO_LARGE:
	case TCHAT_ERR_UNKNOWN_TYPE:
	case TCHAT_ERR_UNKNOWN_TAG:
	case TCHAT_ERR_WRONG_STATE:
	case TCHAT_ERR_BAD_MAGIC:
	case TCHAT_ERR_VERSION:
	case TCHAT_ERR_PLAIN:
	case TCHAT_ERR_TLS:
	case TCHAT_ERR_NEEDS_TLS:
		return EXIT_STATUS_PROTOCOL;
	default:
		return EXIT_STATUS_UNAVAILABLE;
	}
}

void talk_connected(struct talk *talk)
{
	const struct trust_pin *pin = link_host_pin(talk->link);
	talk->has_token = false;
	if (pin == NULL)
		return;
	talk->place->has_pin = true;
	talk->place->pin = *pin;
}

void talk_forget_link(struct talk_place *place)
{
	wipe(place->token, sizeof place->token);
	place->has_token = false;
}

bool talk_asks(const struct talk *talk, int code)
{
	return code == TCHAT_ERR_HOST_NEW && talk->trust != NULL && host_trust_asks(talk->trust);
}

void talk_question(const struct talk *talk, char text[TALK_TEXT])
{
	char words[TRUST_WORDS], fingerprint[TRUST_FINGERPRINT], where[ADDRESS_TEXT];
	const struct trust_pin *pin = host_trust_seen(talk->trust);
	address_format(&talk->place->address, where, sizeof where);
	trust_words(pin, words);
	trust_fingerprint(pin, fingerprint);
	snprintf(text, TALK_TEXT,
	         _("The host at %1$s is new to you. Its key:\n\n%2$s\n%3$s\n\n"
	           "The screen of the host's owner shows the same words, unless somebody is in between."),
	         where, words, fingerprint);
}

void talk_waiting(const struct talk *talk, const struct session_event *event, char text[TALK_TEXT])
{
	char where[ADDRESS_TEXT], words[TRUST_WORDS];
	address_format(&talk->place->address, where, sizeof where);
	trust_words(trust_identity_pin(talk->identity), words);
	const char *ended = talk->has_token ? _("The invitation of your link is used up or out of date. ") : "";
	if (event->count > 0)
		snprintf(text, TALK_TEXT, _("%1$sYou are at the door of %2$s; its owner was asked to let you in. The words of your "
		                            "key: %3$s"), ended, where, words);
	else
		snprintf(text, TALK_TEXT, _("%1$sYou are at the door of %2$s; its owner is not there now and is asked on coming "
		                            "back. The words of your key: %3$s"), ended, where, words);
}

/* Failures that have to do with keys and doors. False: it is none. */
static bool explain_trust(const struct talk *talk, int code, const char *where, char *text, size_t size)
{
	char words[TRUST_WORDS] = "";
	const char *path = talk->trust != NULL ? host_trust_path(talk->trust) : "";
	if (talk->trust != NULL && host_trust_seen(talk->trust) != NULL)
		trust_words(host_trust_seen(talk->trust), words);
	switch (code) {
	case TCHAT_ERR_HOST_NEW:
		snprintf(text, size, _("%1$s is not a host that you know; join it once on a terminal, or by a link, or with "
		                       "--trust=new if its key is %2$s"), where, words);
		return true;
	case TCHAT_ERR_HOST_CHANGED:
		if (talk->is_other)
			snprintf(text, size, _("the host at %1$s is another one than at the start of this program (%2$s), and is told "
			                       "nothing that was meant for that one; start again to join it"), where, words);
		else if (talk->place->address.has_pin)
			snprintf(text, size, _("the host at %1$s has another key than the link says (%2$s): somebody may be in "
			                       "between, or the host was set up anew. Nothing was sent. Ask for a new link"),
			         where, words);
		else
			snprintf(text, size, _("the host at %1$s has another key than before (%2$s): somebody may be in between, or "
			                       "the host was set up anew. Nothing was sent. If its owner confirms the new words, "
			                       "take the line with %3$s out of %4$s"),
			         where, words, host_trust_name(talk->trust), path);
		return true;
	case TCHAT_ERR_NOT_INVITED:
		if (talk->has_token)
			snprintf(text, size, _("the invitation of the link is used up or out of date, and %s lets in only who is "
			                       "invited; ask its owner for a new link"), where);
		else
			snprintf(text, size, _("%s lets in only who is invited; ask its owner for a link"), where);
		return true;
	case TCHAT_ERR_DOOR_REFUSED:
		snprintf(text, size, _("the owner of %s did not let you in; for a day, only they or a link from there can change that"), where);
		return true;
	case TCHAT_ERR_BANNED:
		snprintf(text, size, _("you are banned from %s; its owner or a moderator can change that"), where);
		return true;
	case TCHAT_ERR_DOOR_FULL:
		snprintf(text, size, _("too many wait at the door of %s; try later, or ask its owner for a link"), where);
		return true;
	case TCHAT_ERR_BAD_PROOF:
		snprintf(text, size, _("the invitation to %s is used up, too old or was taken back; ask for a new link"), where);
		return true;
	case TCHAT_ERR_KEY_DROPPED:
		snprintf(text, size, _("your key was taken off its account on %s; ask for a link to come in again"), where);
		return true;
	case TCHAT_ERR_PLAIN:
		if (talk->trust != NULL && host_trust_expects_key(talk->trust))
			snprintf(text, size, _("what answers on %s is not encrypted, and the host there was: somebody may be in "
			                       "between. Nothing was sent"), where);
		else
			snprintf(text, size, _("what answers on %s is not encrypted; tchat joins it only with --insecure"), where);
		return true;
	case TCHAT_ERR_NEEDS_TLS:
		snprintf(text, size, _("%s is encrypted; join it without --insecure"), where);
		return true;
	case TCHAT_ERR_TLS:
		snprintf(text, size, _("no encrypted connection with %s came about; is it a tchat host?"), where);
		return true;
	default:
		return false;
	}
}

const char *talk_member(const char *nick, uint8_t role, bool away, char *text, size_t size)
{
	switch (role) {
	case ROLE_OWNER: snprintf(text, size, away ? _("%s (owner, away)") : _("%s (owner)"), nick); break;
	case ROLE_MODERATOR: snprintf(text, size, away ? _("%s (moderator, away)") : _("%s (moderator)"), nick); break;
	case ROLE_MUTED: snprintf(text, size, away ? _("%s (muted, away)") : _("%s (muted)"), nick); break;
	default: snprintf(text, size, away ? _("%s (away)") : "%s", nick); break;
	}
	return text;
}

void talk_explain(const struct talk *talk, int code, char *text, size_t size)
{
	char where[ADDRESS_TEXT];
	address_format(&talk->place->address, where, sizeof where);
	const char *node = talk->place->address.node;
	if (explain_trust(talk, code, where, text, size))
		return;
	switch (code) {
	case TCHAT_ERR_NAME_UNKNOWN:
		snprintf(text, size, _("the name '%s' is not known; check the spelling, or use an IP address"), node);
		break;
	case TCHAT_ERR_NAME_AGAIN:
		snprintf(text, size, _("the name '%s' cannot be looked up now; is the network up?"), node);
		break;
	case TCHAT_ERR_REFUSED:
		snprintf(text, size, _("nobody listens on %s; is the host running, and is the port right?"), where);
		break;
	case TCHAT_ERR_NOT_FOUND:
		snprintf(text, size, _("there is no socket %s; is the host running?"), where);
		break;
	case TCHAT_ERR_UNREACHABLE:
		snprintf(text, size, _("%s cannot be reached; is the network or VPN up?"), where);
		break;
	case TCHAT_ERR_TIMED_OUT:
		snprintf(text, size, _("%s does not answer; a firewall may be in the way"), where);
		break;
	case TCHAT_ERR_ARGUMENT:
		if (talk->place->address.kind == ADDRESS_UNIX)
			snprintf(text, size, _("%s: the path is too long for a socket"), where);
		else
			snprintf(text, size, _("%s: the service '%s' is not known; use a port number"), where,
			         talk->place->address.service);
		break;
	case TCHAT_ERR_PERMISSION:
		snprintf(text, size, _("%s: permission denied"), where);
		break;
	case TCHAT_ERR_BAD_MAGIC:
	case TCHAT_ERR_BAD_FRAME:
		snprintf(text, size, _("what answers on %s is not a tchat host"), where);
		break;
	default:
		snprintf(text, size, "%s: %s", where, tchat_err_text(code));
	}
}
