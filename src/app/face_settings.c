/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What settings do to the full screen. */
#include "app/face.h"

#include "app/config.h"
#include "base/intl.h"
#include "ui/term_curses.h"

#include <stdio.h>
#include <string.h>

void face_start_settings(struct face *face)
{
	const struct options *options = face->talk.options;
	face->show_rooms = (enum screen_side)options->rooms_pane;
	face->show_members = (enum screen_side)options->members_pane;
	const struct config *config = options->config;
	for (size_t i = 0; config != NULL && config_problem(config, i) != NULL; i++)
		face_notice(face, MESSAGE_ERROR, config_problem(config, i));
}

void face_setting(struct face *face, enum setting setting)
{
	const struct options *options = face->talk.options;
	switch (setting) {
	case SETTING_THEME:
		terminal_set_theme(face->terminal, (enum theme)options->theme);
		if (options_no_colour())
			face_notice(face, MESSAGE_SYSTEM, _("NO_COLOR is set: there are no colours, whatever the theme"));
		break;
	case SETTING_ROOMS_PANE:
		face->show_rooms = (enum screen_side)options->rooms_pane;
		break;
	case SETTING_MEMBERS_PANE:
		face->show_members = (enum screen_side)options->members_pane;
		break;
	case SETTING_MOUSE:
		term_curses_set_mouse(face->terminal, options->mouse);
		break;
	case SETTING_NOTIFY:
		term_curses_set_notify(face->terminal, options->notify);
		break;
	case SETTING_CLIPBOARD:
		term_curses_set_clipboard(face->terminal, options->clipboard);
		break;
	case SETTING_TITLE:
		term_curses_set_title_on(face->terminal, options->title);
		face->title[0] = '\0';
		break;
	default: /* looked up where it is used */
		break;
	}
	face_changed(face, true);
}

void face_show_title(struct face *face, const struct status_view *status)
{
	char title[sizeof face->title];
	if (!face->talk.options->title)
		return;
	if (status->mentions > 0)
		/* TRANSLATORS: a window's title; how often the own name was said */
		snprintf(title, sizeof title, _("tchat (%u!)"), status->mentions);
	else if (status->rooms_unread > 0)
		/* TRANSLATORS: a window's title; how many rooms have something unread */
		snprintf(title, sizeof title, _("tchat (%u)"), status->rooms_unread);
	else
		snprintf(title, sizeof title, "tchat");
	if (strcmp(title, face->title) == 0)
		return;
	memcpy(face->title, title, sizeof title);
	terminal_set_title(face->terminal, title);
}

void face_call_user(struct face *face)
{
	if (face->talk.options->bell)
		terminal_bell(face->terminal);
	if (face->focus <= 0)
		terminal_notify(face->terminal, face->question == ASK_DOOR ? _("tchat: somebody knocks") :
		                                                             _("tchat: somebody said your name"));
}
