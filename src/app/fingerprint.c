/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is printed is all public. */
#include "app/fingerprint.h"

#include "app/account.h"
#include "app/data_place.h"
#include "app/exit_status.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/paths.h"
#include "wire/address.h"

#include <stdio.h>
#include <string.h>

static int print(const struct trust_identity *identity)
{
	char fingerprint[TRUST_FINGERPRINT], words[TRUST_WORDS];
	trust_fingerprint(trust_identity_pin(identity), fingerprint);
	trust_words(trust_identity_pin(identity), words);
	printf("%s\n%s\n", fingerprint, words);
	return fflush(stdout) == 0 ? EXIT_STATUS_OK : EXIT_STATUS_SYSTEM;
}

static int of_user(void)
{
	struct trust_identity *identity;
	char why[ACCOUNT_TEXT];
	int status = account_user(&identity, why);
	if (status == 0 && why[0] != '\0') {
		trust_identity_free(identity);
		status = EXIT_STATUS_UNAVAILABLE; /* of a key that ends with this program nobody needs the words */
	}
	if (status != 0) {
		say("%s", why);
		return status;
	}
	status = print(identity);
	trust_identity_free(identity);
	return status;
}

/* The path of a host's key. */
static int find_host(const struct options *options, char path[PATHS_MAX])
{
	char folder[PATHS_MAX];
	int err = 0;
	if (options->data == NULL)
		err = data_place(ADDRESS_PORT, folder);
	else if (snprintf(folder, sizeof folder, "%s", options->data) >= (int)sizeof folder)
		err = TCHAT_ERR_TOO_LONG;
	if (err == 0)
		err = account_host_path(folder, path);
	if (err == 0)
		return 0;
	if (err == TCHAT_ERR_NOT_FOUND)
		say("%s", _("there is no home to look for the host in; use --data"));
	else
		say("--data: %s", tchat_err_text(err));
	return EXIT_STATUS_USAGE;
}

static int fail(int err, const char *path)
{
	char why[ACCOUNT_TEXT];
	if (err == TCHAT_ERR_NOT_FOUND) {
		say(_("%s: there is no key; a host makes one when it first starts"), path);
		return EXIT_STATUS_UNAVAILABLE;
	}
	int status = account_explain(err, path, why);
	say("%s", why);
	return status;
}

static int of_host(const char *path)
{
	struct trust_identity *identity;
	int err = trust_identity_read(path, &identity);
	if (err != 0)
		return fail(err, path);
	int status = print(identity);
	trust_identity_free(identity);
	return status;
}

int mode_fingerprint(const struct options *options)
{
	char path[PATHS_MAX];
	if (options->data == NULL)
		return of_user();
	int status = find_host(options, path);
	return status != 0 ? status : of_host(path);
}

int mode_rotate_key(const struct options *options)
{
	char path[PATHS_MAX];
	int status = find_host(options, path);
	if (status != 0)
		return status;
	int err = trust_identity_rotate(path);
	if (err != 0)
		return fail(err, path);
	printf(_("%s: there is a new key; the former one is in %s.old\n"
	         "The host shows it from its next start on. Who knows the former key takes the new one without a question.\n"),
	       path, path);
	return of_host(path);
}
