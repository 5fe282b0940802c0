/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings shown and changed by who uses them. */
#include "app/set.h"

#include "app/config.h"
#include "base/errors.h"
#include "base/intl.h"

#include <stdio.h>
#include <string.h>

/* "theme = light (default: dark)" */
static void tell(struct front *front, enum setting setting)
{
	const struct setting_row *row = setting_row(setting);
	enum options_source source = (enum options_source)front->options->source[setting];
	char value[SETTING_MAX + 1];
	setting_format(front->options, setting, value, sizeof value);
	const char *standard = row->standard != NULL ? row->standard : "";
	bool said = source == FROM_COMMAND_LINE;
	if (value[0] == '\0')
		front_say(front, _("%s is not set"), row->name);
	else if (strcmp(value, standard) != 0 && standard[0] != '\0')
		front_say(front, said ? _("%s = %s (command line; default: %s)") : _("%s = %s (default: %s)"), row->name, value,
		          standard);
	else if (said || source == FROM_DEFAULT)
		front_say(front, said ? _("%s = %s (command line)") : _("%s = %s (default)"), row->name, value);
	else
		front_say(front, "%s = %s", row->name, value);
}

/* The values that it may have. */
static void tell_values(struct front *front, const struct setting_row *row)
{
	if (row->words != NULL)
		front_say(front, _("Values: %s"), row->words);
	front_say(front, "%s", _(row->help));
}

static int find(struct front *front, const char *key)
{
	int setting = setting_find(key, strlen(key));
	if (setting >= 0)
		return setting;
	int meant = setting_nearest(key, strlen(key));
	if (meant >= 0)
		front_say(front, _("unknown key '%s'; did you mean '%s'?"), key, setting_row((enum setting)meant)->name);
	else
		front_say(front, _("unknown key '%s'; /set lists them"), key);
	return TCHAT_ERR_NOT_FOUND;
}

/* What the session does about it; the face does the rest. */
static void apply(struct front *front, enum setting setting)
{
	if (setting == SETTING_NICK && front->options->nick != NULL && session_ready(front->session) &&
	    session_nick(front->session, front->options->nick) < 0)
		front_say(front, "%s", _("the new name counts from the next start on"));
	if (setting_row(setting)->scope == SCOPE_START)
		front_say(front, "%s", _("This counts from the next start on."));
	if (front->class->changed != NULL)
		front->class->changed(front, setting);
}

static int change(struct front *front, enum setting setting, const char *value)
{
	char reason[CONFIG_REASON];
	int err = config_set(front->options->config, setting, value, reason);
	if (err == TCHAT_ERR_ARGUMENT) {
		front_say(front, "%s: %s", setting_row(setting)->name, reason);
		return err;
	}
	tell(front, setting);
	if (err != 0)
		front_say(front, _("This holds until you leave; it could not be kept in %s"), reason);
	apply(front, setting);
	return err;
}

int set_command(struct front *front, const char *key, const char *value)
{
	if (front->options->config == NULL) {
		front_say(front, "%s", tchat_err_text(TCHAT_ERR_MEMORY));
		return TCHAT_ERR_MEMORY;
	}
	if (key[0] == '\0') {
		const char *path = config_path(front->options->config);
		for (int i = 0; i < SETTINGS; i++)
			tell(front, (enum setting)i);
		if (path != NULL)
			front_say(front, _("They are kept in %s"), path);
		return 0;
	}
	bool back = key[0] == '-';
	int setting = find(front, key + back);
	if (setting < 0)
		return setting;
	if (back && value != NULL) {
		front_say(front, _("/set -%s takes no value"), key + 1);
		return TCHAT_ERR_ARGUMENT;
	}
	if (back || value != NULL)
		return change(front, (enum setting)setting, value);
	tell(front, (enum setting)setting);
	tell_values(front, setting_row((enum setting)setting));
	return 0;
}
