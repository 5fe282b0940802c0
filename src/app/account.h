/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of this account: the user's, and those of its hosts. Made when they are first needed. */
#ifndef TCHAT_APP_ACCOUNT_H
#define TCHAT_APP_ACCOUNT_H

#include "app/options.h"
#include "base/paths.h"
#include "trust/identity.h"

#include <stddef.h>

enum { ACCOUNT_TEXT = 1024 };

/* Who the user is. Without a home, or where no key can be written, it lives as long as the program, and why says so; else
 * why is "". 0 with *identity to be freed; or an enum exit_status with one line in why. */
int account_user(struct trust_identity **identity, char why[ACCOUNT_TEXT]);

/* Who the host is that options ask for: its key lies with its history, in folder. "": none is kept; then it is the same host
 * again at the same address, and a new one at a port that the system chooses. The same returns. */
int account_host(const struct options *options, const char *folder, struct trust_identity **identity,
                 char why[ACCOUNT_TEXT]);

/* The path of a host's key in its folder: 0 or TCHAT_ERR_TOO_LONG. */
int account_host_path(const char *folder, char path[PATHS_MAX]);

/* Why the key at path cannot be used, after an error of trust_identity_open() or its kin: an enum exit_status with one line
 * in why. */
int account_explain(int err, const char *path, char why[ACCOUNT_TEXT]);

#endif
