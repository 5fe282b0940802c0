/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where keys are, and what to do when one cannot be had. */
#include "app/account.h"

#include "app/data_place.h"
#include "app/exit_status.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/paths.h"
#include "store/folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int account_explain(int err, const char *path, char why[ACCOUNT_TEXT])
{
	int number = errno;
	switch (err) {
	case TCHAT_ERR_PERMISSION:
		snprintf(why, ACCOUNT_TEXT,
		         _("%1$s: others may read this key or its folder, or it is not yours; once you are sure that nobody did: "
		           "chmod 600 '%1$s', and 700 for the folder"), path);
		break;
	case TCHAT_ERR_SYNTAX:
		snprintf(why, ACCOUNT_TEXT, _("%s: this is no key of tchat's; move it away, and a new one is made"), path);
		break;
	case TCHAT_ERR_SYSTEM:
		snprintf(why, ACCOUNT_TEXT, "%s: %s", path, strerror(number));
		return EXIT_STATUS_SYSTEM;
	default:
		snprintf(why, ACCOUNT_TEXT, "%s: %s", path, tchat_err_text(err));
		return EXIT_STATUS_SYSTEM;
	}
	return EXIT_STATUS_CONFIG;
}

static int in_memory(struct trust_identity **identity, char why[ACCOUNT_TEXT])
{
	*identity = trust_identity_new();
	if (*identity != NULL)
		return 0;
	snprintf(why, ACCOUNT_TEXT, "%s", tchat_err_text(TCHAT_ERR_MEMORY));
	return EXIT_STATUS_SYSTEM;
}

/* A key in tchat's own folder; in memory where there is no home. */
static int in_data(const char *name, struct trust_identity **identity, char why[ACCOUNT_TEXT])
{
	char path[PATHS_MAX] = "";
	why[0] = '\0';
	int err = paths_make(PATHS_DATA, name, path);
	if (err == TCHAT_ERR_NOT_FOUND) {
		int status = in_memory(identity, why);
		if (status == 0)
			snprintf(why, ACCOUNT_TEXT, "%s",
			         _("there is no home: the key, and what is not sent yet, last until the end of this program"));
		return status;
	}
	if (err == 0)
		err = trust_identity_open(path, identity);
	int number = errno;
	if (err == TCHAT_ERR_SYSTEM && paths_is_missing(path)) {
		int status = in_memory(identity, why);
		if (status == 0)
			snprintf(why, ACCOUNT_TEXT,
			         _("%s: %s. The key, and what is not sent yet, last until the end of this program"), path,
			         strerror(number));
		return status;
	}
	return err == 0 ? 0 : account_explain(err, path, why);
}

int account_user(struct trust_identity **identity, char why[ACCOUNT_TEXT])
{
	return in_data("user.pem", identity, why);
}

int account_host_path(const char *folder, char path[PATHS_MAX])
{
	return snprintf(path, PATHS_MAX, "%s/host.pem", folder) < PATHS_MAX ? 0 : TCHAT_ERR_TOO_LONG;
}

int account_host(const struct options *options, const char *folder, struct trust_identity **identity,
                 char why[ACCOUNT_TEXT])
{
	char place[PATHS_MAX], path[PATHS_MAX] = "";
	int err = 0;
	why[0] = '\0';
	if (folder[0] == '\0') /* nothing is kept there, but the host is the same one again */
		err = data_place(options->hosts[0], place);
	else if (snprintf(place, sizeof place, "%s", folder) >= (int)sizeof place)
		err = TCHAT_ERR_TOO_LONG;
	/* Where no history can be kept, people can talk all the same. */
	if (folder[0] == '\0' && err != TCHAT_ERR_PERMISSION && (err != 0 || place[0] == '\0'))
		return in_memory(identity, why);
	if (err == 0)
		err = account_host_path(place, path);
	if (err == 0)
		err = folder_make(place);
	if (err == 0)
		err = trust_identity_open(path, identity);
	return err == 0 ? 0 : account_explain(err, path, why);
}
