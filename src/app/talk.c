/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The common start and end of the faces, and failures put into words. */
#include "app/talk.h"

#include "app/exit_status.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/text.h"
#include "system/signals.h"

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

int talk_open(struct talk *talk, const struct options *options, struct talk_place *place, uint32_t history)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	*talk = (struct talk){ .options = options, .place = place };
	struct session_config config = {
		.environment = &environment_system,
		.software = PACKAGE_NAME " " PACKAGE_VERSION,
		.nick = talk_nick(options, place),
		.history = history,
	};
	talk->signals = signals_open(numbers, sizeof numbers / sizeof numbers[0]);
	talk->loop = loop_new(0);
	if (talk->loop != NULL)
		talk->resolver = resolver_new(talk->loop);
	talk->session = session_new(&config);
	if (talk->signals >= 0 && talk->loop != NULL && talk->resolver != NULL && talk->session != NULL) {
		talk->signal_watch =
			loop_watch_add(talk->loop, talk->signals, LOOP_READ, 0, talk_on_signal, talk);
		if (talk->signal_watch != NULL)
			return 0;
	}
	say("%s", tchat_err_text(TCHAT_ERR_MEMORY));
	return EXIT_STATUS_SYSTEM;
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
	talk->link = link_new(&talk->handlers);
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
	session_free(talk->session);
	resolver_free(talk->resolver);
	loop_free(talk->loop);
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
		return session_pending(talk->session) > 0 ? EXIT_STATUS_UNACKNOWLEDGED : EXIT_STATUS_OK;
	case TCHAT_ERR_KICKED:
	case TCHAT_ERR_FENCED:
	case TCHAT_ERR_HOST_FULL:
	case TCHAT_ERR_NOT_ALLOWED:
		return EXIT_STATUS_REFUSED;
	case TCHAT_ERR_BAD_FRAME:
	case TCHAT_ERR_FRAME_TOO_LARGE:
	case TCHAT_ERR_UNKNOWN_TYPE:
	case TCHAT_ERR_UNKNOWN_TAG:
	case TCHAT_ERR_WRONG_STATE:
	case TCHAT_ERR_BAD_MAGIC:
	case TCHAT_ERR_VERSION:
		return EXIT_STATUS_PROTOCOL;
	default:
		return EXIT_STATUS_UNAVAILABLE;
	}
}

void talk_explain(const struct talk *talk, int code, char *text, size_t size)
{
	char where[ADDRESS_TEXT];
	address_format(&talk->place->address, where, sizeof where);
	const char *node = talk->place->address.node;
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
